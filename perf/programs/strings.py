"""Text handling: word splitting, a Caesar cipher, run-length coding, palindromes, formatted lines."""

SCALE = 140

TEXT = (
    "A compiler reads a program in one language and writes it in another. Nobody thanks it for that, "
    "but everybody notices when it is slow. Level, radar and rotor read the same from both ends; "
    "noon does too. The rest of this paragraph is here to be split, joined, coded and counted.\n"
) * 12


def caesar(text, shift):
    letters = []
    for char in text:
        if "a" <= char <= "z":
            letters.append(chr((ord(char) - 97 + shift) % 26 + 97))
        elif "A" <= char <= "Z":
            letters.append(chr((ord(char) - 65 + shift) % 26 + 65))
        else:
            letters.append(char)
    return "".join(letters)


def run_lengths(text):
    coded = ""
    previous = ""
    count = 0
    for char in text:
        if char == previous:
            count += 1
        else:
            if count:
                coded += previous if count == 1 else f"{previous}{count}"
            previous = char
            count = 1
    return coded + previous


def palindromes(words):
    found = []
    for word in words:
        word = word.strip(".,;").lower()
        if len(word) > 2 and word == word[::-1]:
            found.append(word)
    return found


def wrap(words, width):
    lines = []
    line = ""
    for word in words:
        if line and len(line) + 1 + len(word) > width:
            lines.append(line.ljust(width) + "|")
            line = word
        elif line:
            line += " " + word
        else:
            line = word
    lines.append(line.ljust(width) + "|")
    return lines


def run(scale):
    checksum = 0
    for turn in range(scale):
        coded = caesar(TEXT, turn % 25 + 1)
        plain = caesar(coded, 26 - (turn % 25 + 1))
        if plain != TEXT:
            raise AssertionError("cipher does not turn back")
        words = plain.split()
        checksum += len(run_lengths(plain)) + len(palindromes(words))
        for number, line in enumerate(wrap(words, 40)):
            checksum += len("%3d: %s" % (number, line)) + line.count("e") + line.startswith("the")
    return checksum
