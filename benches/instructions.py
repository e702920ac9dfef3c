#!/usr/bin/env python3
"""Counts the instructions of each event with valgrind's callgrind, which does not depend on the load of
the machine, and compares them with `instructions.txt`. Fails if a figure has grown by more than 3 %. If
one has shrunk by more than 3 %, suggests an update of the file, so that the next change is compared with
the better figure. Needs a processor with AVX2, because valgrind emulates only features of the processor.

    benches/instructions.py            compare
    benches/instructions.py --write    update the file
"""

import pathlib
import sys
import tempfile

from callgrind import HERE, build, callgrind, fail, run, total

FILE = HERE / "instructions.txt"
TOLERANCE = 0.03

CORPORA = "llm anthropic tiny telemetry multiline large crlf keepalive utf8".split()
CORPORA += "hono starlette retry".split()
PASSES = (
    [f"decode {corpus} 65536" for corpus in CORPORA]
    + [f"decode {corpus} event" for corpus in CORPORA]
    + [f"decode {corpus} 64" for corpus in "telemetry llm retry starlette hono multiline".split()]
    + ["decode telemetry 1", "decode llm 1"]
    + [f"encode {corpus}" for corpus in ("tiny", "telemetry", "llm", "multiline", "large")]
)


def count(program, arguments):
    """Instructions per event."""
    with tempfile.TemporaryDirectory() as directory:
        report = pathlib.Path(directory) / "report"
        # Counts `measured` and its callees. It is generic, so its symbol name has a suffix.
        events = callgrind(report, ["--toggle-collect=pass::measured*"], program, *arguments.split())
        instructions = total(report.read_text())
    if instructions == 0:
        fail(f"callgrind did not see `measured` in {program} {arguments}")
    return instructions / int(events)


def tools():
    """The versions of the tools that the figures depend on."""
    return [run("rustc", "--version").strip(), run("valgrind", "--version").strip()]


def write(figures):
    lines = ["# Instructions per event; written by benches/instructions.py --write"]
    lines += [f"# {tool}" for tool in tools()]
    lines += [f"{name:<24} {figure:>9.1f}" for name, figure in figures.items()]
    FILE.write_text("\n".join(lines) + "\n")


def read():
    lines = FILE.read_text().splitlines()
    recorded = [line[2:] for line in lines if line.startswith("# ")][1:]
    rows = (line.rsplit(maxsplit=1) for line in lines if not line.startswith("#"))
    return recorded, {name: float(figure) for name, figure in rows}


def compare(figures):
    recorded, before = read()
    if before.keys() != figures.keys():
        fail("instructions.txt has other passes; update it with --write")
    changed = []
    for name, figure in figures.items():
        change = figure / before[name] - 1
        changed += [change] if abs(change) > TOLERANCE else []
        mark = "  <--" if abs(change) > TOLERANCE else ""
        print(f"{name:<24} {before[name]:>9.1f} {figure:>9.1f} {change:>+7.1%}{mark}")
    if not changed:
        return
    if recorded != tools():
        print(f"recorded with {', '.join(recorded)}; this is {', '.join(tools())}")
    if min(changed) < 0:
        print("instructions.py: fewer instructions per event; update the file with --write")
    if max(changed) > 0:
        fail("more instructions per event; if there is a good reason, state it in the commit and update the file with"
             " --write")


def main():
    if sys.argv[1:] not in ([], ["--write"]):
        sys.exit(__doc__)
    program = build("pass")
    figures = {name: count(program, name) for name in PASSES}
    if sys.argv[1:]:
        write(figures)
    else:
        compare(figures)


main()
