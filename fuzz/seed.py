#!/usr/bin/env python3
"""Writes the conformance vectors as seeds to the corpora of the fuzz targets."""

import json
import pathlib

HERE = pathlib.Path(__file__).parent
VECTORS = HERE.parent / "tests" / "conformance"
LONGEST = 300  # bytes; longer streams only slow the fuzzer down


def split(vector):
    lengths = [length for length in vector.get("chunks", []) if length < 256][:255]
    return bytes([len(lengths), *lengths])


# The bytes that a target needs before the stream.
HEADERS = {
    "tokenizer": split,
    "decoder": lambda vector: b"\x40" + split(vector),
    "encoder": lambda vector: b"",
    "x86_64": lambda vector: b"\x07",
}


def main():
    for target, header in HEADERS.items():
        corpus = HERE / "corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        for file in ("public", "disagreements"):
            for number, line in enumerate((VECTORS / f"{file}.jsonl").open()):
                vector = json.loads(line)
                stream = bytes.fromhex(vector.get("input_hex", ""))
                if 0 < len(stream) <= LONGEST:
                    (corpus / f"{file}-{number}").write_bytes(header(vector) + stream)


main()
