#!/usr/bin/env python3
"""Packs the conformance vectors, which `tests/conformance/README.md` describes, for a program with little memory.

Numbers have four bytes, lowest first. Text has its length before it. A vector is its length in total, its name, the
stream, the number of chunks, for each chunk its length and the number of events after it (2^32 - 1 if unknown), the
number of events, and for each event type, data and last event ID.

    firmware/conformance/pack.py FILE        packs all vectors, and prints how many there are
"""

import json
import pathlib
import struct
import sys

VECTORS = pathlib.Path(__file__).parent.parent.parent / "tests/conformance"
FILES = "public", "disagreements", "large"
UNKNOWN = 2**32 - 1


def number(value):
    return struct.pack("<I", value)


def text(value):
    return number(len(value)) + value


def unroll(runs):
    return b"".join(part.encode() * count for part, count in runs)


def field(event, name, default=""):
    runs = event.get(f"{name}_rle")
    return event.get(name, default).encode() if runs is None else unroll(runs)


def pack(vector):
    if "input_rle" in vector:
        stream = b"".join(bytes.fromhex(part) * count for part, count in vector["input_rle"])
        size = vector["chunk_size"]
        chunks = [size] * (len(stream) // size)
    else:
        stream = bytes.fromhex(vector["input_hex"])
        chunks = vector["chunks"]
    after_chunk = vector.get("after_chunk", [UNKNOWN] * len(chunks))
    assert len(after_chunk) == len(chunks)
    events = [
        text(field(event, "type", "message")) + text(field(event, "data")) + text(field(event, "id"))
        for event in vector["events"]
    ] * vector.get("events_repeat", 1)
    parts = [text(vector["name"].encode()), text(stream), number(len(chunks))]
    parts += [number(length) + number(count) for length, count in zip(chunks, after_chunk)]
    parts += [number(len(events)), *events]
    packed = b"".join(parts)
    return number(4 + len(packed)) + packed


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    total = 0
    with open(sys.argv[1], "wb") as out:
        for name in FILES:
            lines = (VECTORS / f"{name}.jsonl").read_text().splitlines()
            out.writelines(pack(json.loads(line)) for line in lines)
            total += len(lines)
    print(total)


main()
