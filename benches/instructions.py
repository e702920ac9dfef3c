#!/usr/bin/env python3
"""Counts the instructions of each event with valgrind's callgrind, which does not depend on the load of
the machine, and compares them with `instructions.txt`. Fails if a figure has grown by more than 3 %. If
one has shrunk by more than 3 %, suggests an update of the file, so that the next change is compared with
the better figure. Needs a processor with AVX2, because valgrind emulates only features of the processor.

    benches/instructions.py            compare
    benches/instructions.py --write    update the file
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
FILE = HERE / "instructions.txt"
TOLERANCE = 0.03

# Callgrind counts one instruction for each byte of a `rep movsb`, which glibc uses for long copies. This threshold
# makes glibc use its code for short copies.
ENVIRONMENT = os.environ | {"GLIBC_TUNABLES": "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff"}

CORPORA = "llm anthropic tiny telemetry multiline large crlf keepalive utf8".split()
CORPORA += "hono starlette retry".split()
PASSES = (
    [f"decode {corpus} 65536" for corpus in CORPORA]
    + [f"decode {corpus} event" for corpus in CORPORA]
    + [f"decode {corpus} 64" for corpus in "telemetry llm retry starlette hono multiline".split()]
    + ["decode telemetry 1", "decode llm 1"]
    + [f"encode {corpus}" for corpus in ("tiny", "telemetry", "llm", "multiline", "large")]
)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    if done.returncode != 0:
        sys.exit(f"instructions.py: {' '.join(map(str, command))} fails:\n{done.stderr}")
    return done.stdout


def build():
    manifest = HERE / "Cargo.toml"
    output = run("cargo", "build", "--locked", "--profile", "bench", "--bin", "pass", "--manifest-path",
                 manifest, "--message-format", "json")
    return re.search(r'"executable":"([^"]+)"', output)[1]


def count(program, arguments):
    """Instructions per event."""
    with tempfile.TemporaryDirectory() as directory:
        report = pathlib.Path(directory) / "report"
        # Counts `measured` and its callees. It is generic, so its symbol name has a suffix.
        events = run("valgrind", "--tool=callgrind", "--toggle-collect=pass::measured*",
                     f"--callgrind-out-file={report}", program, *arguments.split())
        total = re.search(r"^totals: (\d+)$", report.read_text(), re.MULTILINE)
    instructions = int(total[1]) if total else 0
    if instructions == 0:
        sys.exit(f"instructions.py: callgrind did not see `measured` in {program} {arguments}")
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
        sys.exit("instructions.py: instructions.txt has other passes; update it with --write")
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
        sys.exit("instructions.py: more instructions per event; if there is a good reason, state it in"
                 " the commit and update the file with --write")


def main():
    if shutil.which("valgrind") is None:
        sys.exit("instructions.py: valgrind not found: install Debian's package valgrind")
    program = build()
    figures = {name: count(program, name) for name in PASSES}
    if sys.argv[1:] == ["--write"]:
        write(figures)
    elif not sys.argv[1:]:
        compare(figures)
    else:
        sys.exit(__doc__)


main()
