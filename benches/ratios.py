#!/usr/bin/env python3
"""Prints what the last `cargo bench` has found as Markdown tables: GiB/s by the fastest of a bench's
samples, because what else runs on the machine only ever adds time, and the ratios to the limits and to
the fastest peer."""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
CORPORA = "llm anthropic tiny telemetry multiline large crlf keepalive utf8".split()
CHUNKS = {"64KiB": "64 KiB", "1460B": "1460 bytes", "64B": "64 bytes"}
DECODING_PEERS = ["sse-core", "sse-stream", "sseer", "eventsource-stream"]
ENCODED = ["tiny", "telemetry", "llm", "multiline", "large"]
ENCODING_PEERS = ["write!", "axum", "sse-stream"]
# A run takes some minutes. Figures that are further apart are of different runs, between which the
# machine may have changed.
ONE_RUN = 60 * 60


def results_directory():
    """Where criterion puts its results: beside the build."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1",
               "--manifest-path", HERE / "Cargo.toml"]
    metadata = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    target = json.loads(metadata)["target_directory"]
    return pathlib.Path(os.environ.get("CRITERION_HOME", pathlib.Path(target, "criterion")))


class Figures:
    def __init__(self, directory):
        self.directory = directory
        self.seconds = {}
        self.bytes = {}
        self.times = []
        for file in directory.glob("*/*/new/benchmark.json"):
            bench = json.loads(file.read_text())
            samples = file.with_name("sample.json")
            name = (bench["group_id"], bench["function_id"])
            sample = json.loads(samples.read_text())
            fastest = min(time / passes for time, passes in zip(sample["times"], sample["iters"]))
            self.seconds[name] = fastest / 1e9
            self.bytes[name] = bench["throughput"]["Bytes"]
            self.times.append(samples.stat().st_mtime)

    def seconds_a_byte(self, group, subject):
        name = (group, subject)
        if name not in self.seconds:
            sys.exit(f"ratios.py: no figure for {group}/{subject} in {self.directory}: run `cargo bench`")
        return self.seconds[name] / self.bytes[name]

    def speed(self, group, subject):
        """In GiB/s."""
        return 1 / self.seconds_a_byte(group, subject) / 2**30

    def fastest(self, group, subjects):
        return max((self.speed(group, subject), subject) for subject in subjects)

    def are_of_one_run(self):
        return max(self.times) - min(self.times) < ONE_RUN


def table(columns, rows):
    print("| " + " | ".join(columns) + " |")
    print("| --- " + "| ---: " * (len(columns) - 1) + "|")
    for row in rows:
        cells = (f"{cell:.2f}" if isinstance(cell, float) else cell for cell in row)
        print("| " + " | ".join(cells) + " |")
    print()


def limit(corpus):
    """What `next` is held against: all of a large event is copied, since it straddles chunks."""
    return "memchr2_iter and memcpy" if corpus == "large" else "memchr2_iter"


def decoding(figures, corpora, chunk, peers):
    for corpus in corpora:
        group = f"decode/{corpus}/{chunk}"
        speeds = [figures.speed(group, subject) for subject in
                  ("tokenizer", "next", "next, data_str", limit(corpus))]
        _, bytes_, text, walk = speeds
        peer, name = figures.fastest(group, peers)
        row = [corpus, *speeds, bytes_ / walk, f"{peer:.2f} ({name})", bytes_ / peer, text / peer]
        if chunk != "64KiB" and corpora == CORPORA:
            row.append(bytes_ / figures.speed(f"decode/{corpus}/64KiB", "next"))
        yield row


def main():
    figures = Figures(results_directory())
    columns = ["GiB/s", "tokenizer", "`next`", "`data_str`", "limit", "`next` / limit",
               "fastest peer", "`next` / peer", "`data_str` / peer"]
    for chunk, title in CHUNKS.items():
        print(f"Decoding, chunks of {title}; the limit is `memchr2_iter`, for `large` and a memcpy:\n")
        of_64_kib = [] if chunk == "64KiB" else ["`next` / 64 KiB"]
        table(columns + of_64_kib, decoding(figures, CORPORA, chunk, DECODING_PEERS))
    print("Decoding, one byte at a time (without eventsource-stream, which takes half a minute for `large`):\n")
    table(columns, decoding(figures, ["llm", "large"], "1B", DECODING_PEERS[:-1]))

    print("Decoding one event, one byte at a time:\n")
    sizes = ["1KiB", "64KiB", "1MiB"]
    costs = [figures.seconds_a_byte("decode/one event/1B", size) * 1e9 for size in sizes]
    table(["event", "ns a byte", "/ least"],
          [[size, cost, cost / min(costs)] for size, cost in zip(sizes, costs)])

    print("Encoding; the limit is `memchr2_iter` over the data and a memcpy of the event:\n")
    rows = []
    for corpus in ENCODED:
        group = f"encode/{corpus}"
        slice_, vector, bound = (figures.speed(group, subject) for subject in
                                 ("encode", "append_to", "memchr2_iter and memcpy"))
        peer, name = figures.fastest(group, ENCODING_PEERS)
        rows.append([corpus, slice_, vector, bound, slice_ / bound, vector / bound,
                     f"{peer:.2f} ({name})", slice_ / peer, vector / peer])
    table(["GiB/s", "`encode`", "`append_to`", "limit", "`encode` / limit", "`append_to` / limit",
           "fastest peer", "`encode` / peer", "`append_to` / peer"], rows)

    if not figures.are_of_one_run():
        sys.exit("ratios.py: these figures are of several runs: remove "
                 f"{figures.directory} and run `cargo bench` once")


main()
