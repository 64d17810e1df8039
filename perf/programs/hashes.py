"""Hashes and generators of 32 and 64 bits: FNV-1a, xorshift, Adler, CRC with a table: ints of two digits and more."""

SCALE = 55

DATA = bytes((i * 37 + 11) & 0xFF for i in range(4000))


def fnv1a_64(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value ^= byte
        value = (value * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def fnv1a_32(data):
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def xorshift_32(seed, turns):
    x = seed
    for _ in range(turns):
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
    return x


def xorshift_64(seed, turns):
    x = seed
    i = 0
    while i < turns:
        x ^= (x << 13) & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 7
        x ^= (x << 17) & 0xFFFFFFFFFFFFFFFF
        i += 1
    return x


def adler_32(data):
    a, b = 1, 0
    for byte in data:
        a = (a + byte) % 65521
        b = (b + a) % 65521
    return b << 16 | a


def crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = 0xEDB88320 ^ (n >> 1) if n & 1 else n >> 1
        table.append(n)
    return table


def crc_32(data, table):
    value = 0xFFFFFFFF
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def run(scale):
    table = crc_table()
    results = []
    for turn in range(scale):
        data = DATA[turn % 7 :]
        results.append(
            fnv1a_64(data)
            ^ fnv1a_32(data)
            ^ xorshift_32(turn + 1, 4000)
            ^ xorshift_64(turn + 88172645463325252, 4000)
            ^ adler_32(data)
            ^ crc_32(data, table)
        )
    return results[0], results[-1]
