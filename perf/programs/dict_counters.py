"""Counting with dictionaries: letters, words, pairs, an inverted index, a nested histogram."""

from collections import defaultdict

SCALE = 600

WORDS = (
    "the quick brown fox jumps over the lazy dog and the dog sleeps on while the fox runs into the wood "
    "where an owl and a badger watch the moon above the old mill by the river"
).split() * 14


def count_letters(words):
    counts = {}
    for word in words:
        for letter in word:
            counts[letter] = counts.get(letter, 0) + 1
    return counts


def count_pairs(words):
    counts = {}
    previous = None
    for word in words:
        key = (previous, word)
        if key in counts:
            counts[key] += 1
        else:
            counts[key] = 1
        previous = word
    return counts


def invert(words):
    index = defaultdict(list)
    for position, word in enumerate(words):
        index[word].append(position)
    return index


def by_length(words):
    table = {}
    for word in words:
        row = table.setdefault(len(word), {})
        row[word] = row.get(word, 0) + 1
    return table


def run(scale):
    checksum = 0
    for _ in range(scale):
        letters = count_letters(WORDS)
        pairs = count_pairs(WORDS)
        index = invert(WORDS)
        table = by_length(WORDS)
        checksum += sum(letters.values()) + max(pairs.values()) + len(index["the"])
        for length, row in table.items():
            for word, count in row.items():
                checksum += length * count - len(word)
    return checksum
