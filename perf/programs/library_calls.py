"""Time spent in C: sorted, regular expressions, json, struct, hashing, bytes. A compiler must not make this slower."""

import hashlib
import json
import re
import struct

SCALE = 100

WORD = re.compile(r"\b([a-z]+)-(\d+)\b")


def run(scale):
    text = " ".join(f"item-{i * 7 % 1000} x{i}" for i in range(2000))
    document = {"rows": [{"id": i, "values": list(range(i % 10)), "name": f"row {i}"} for i in range(300)]}
    checksum = 0
    for turn in range(scale):
        found = WORD.findall(text)
        checksum += len(found) + sum(int(number) for _, number in found)
        checksum += len(json.loads(json.dumps(document))["rows"])
        ordered = sorted(text.split(), key=len)
        checksum += len(ordered[0]) + len(set(ordered))
        packed = struct.pack("<300I", *range(turn, turn + 300))
        checksum += sum(struct.unpack("<300I", packed))
        checksum += int(hashlib.sha256(packed * 20).hexdigest()[:6], 16)
        checksum += len(text.upper().replace("ITEM", "thing").encode()) + text.count("9")
    return checksum
