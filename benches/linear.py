#!/usr/bin/env python3
"""Checks that time is linear in the input: counts the instructions of each case of `src/bin/linear.rs` at
two lengths with valgrind's callgrind, and fails if 16 times the input takes more than 20 times as many.
Quadratic code takes 256 times as many. Counts do not depend on the load of the machine.

    benches/linear.py              all cases
    benches/linear.py --list       all cases, with their figures
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
SIZES = 8 * 1024, 128 * 1024
MOST = 20

# Callgrind counts one instruction for each byte of a `rep movsb` or `rep stosb`, which glibc uses for long copies and
# fills. These thresholds make glibc use its code for short ones.
TUNABLES = "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff:glibc.cpu.x86_rep_stosb_threshold=0x7fffffff"
ENVIRONMENT = os.environ | {"GLIBC_TUNABLES": TUNABLES}


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    if done.returncode != 0:
        sys.exit(f"linear.py: {' '.join(map(str, command))} fails:\n{done.stderr}")
    return done.stdout


def build():
    manifest = HERE / "Cargo.toml"
    output = run("cargo", "build", "--locked", "--profile", "bench", "--bin", "linear", "--manifest-path",
                 manifest, "--message-format", "json")
    return re.findall(r'"executable":"([^"]+)"', output)[-1]


def count(program, size):
    """The instructions of each case."""
    with tempfile.TemporaryDirectory() as directory:
        report = pathlib.Path(directory) / "report"
        # A dump has the instructions since the last dump, and the name of the function that triggered it. Valgrind 3.19
        # does not accept two options for one function.
        names = run("valgrind", "--tool=callgrind", "--dump-after=linear::begin*",
                    "--dump-after=linear::measured*", f"--callgrind-out-file={report}",
                    program, str(size)).splitlines()
        figures = []
        for number in range(1, 2 * len(names) + 1):
            text = report.with_name(f"report.{number}").read_text()
            cause = re.search(r"^desc: Trigger: --dump-after=linear::(\w+)", text, re.MULTILINE)
            if cause is None or cause[1] != ("measured", "begin")[number % 2]:
                sys.exit(f"linear.py: dump {number} has another cause than the end of a case")
            if cause[1] == "measured":
                figures.append(int(re.search(r"^totals: (\d+)$", text, re.MULTILINE)[1]))
        if report.with_name(f"report.{2 * len(names) + 2}").exists():
            sys.exit("linear.py: there are more calls of `measured` than names")
    if len(set(names)) != len(names):
        sys.exit("linear.py: two cases have the same name")
    return dict(zip(names, figures))


def main():
    if sys.argv[1:] not in ([], ["--list"]):
        sys.exit(__doc__)
    if shutil.which("valgrind") is None:
        sys.exit("linear.py: valgrind not found: install Debian's package valgrind")
    program = build()
    small, large = (count(program, size) for size in SIZES)
    if small.keys() != large.keys():
        sys.exit("linear.py: the cases depend on the length of the input")
    ratios = {name: large[name] / small[name] for name in small}
    failed = {name: ratio for name, ratio in ratios.items() if ratio > MOST}
    for name, ratio in ratios.items():
        if sys.argv[1:] or name in failed:
            print(f"{ratio:6.1f} {small[name]:>10} {large[name]:>12}  {name}")
    print(f"{len(ratios)} cases; at most {max(ratios.values()):.1f} times as much for 16 times the input")
    # No case takes fewer instructions, unless it was not counted.
    uncounted = [name for name in small if small[name] < SIZES[0] / 64]
    if uncounted:
        sys.exit(f"linear.py: callgrind did not see the work of {uncounted}")
    if failed:
        sys.exit(f"linear.py: {len(failed)} cases take more than {MOST} times as much")


main()
