#!/usr/bin/env python3
"""Checks that time is linear in the input: counts the instructions of each case of `src/bin/linear.rs` at
two lengths with valgrind's callgrind, and fails if 16 times the input takes more than 20 times as many.
Quadratic code takes 256 times as many. Counts do not depend on the load of the machine.

    benches/linear.py              all cases
    benches/linear.py --list       all cases, with their figures
"""

import pathlib
import re
import sys
import tempfile

from callgrind import build, callgrind, fail, total

SIZES = 8 * 1024, 128 * 1024
MOST = 20


def count(program, size):
    """The instructions of each case."""
    with tempfile.TemporaryDirectory() as directory:
        report = pathlib.Path(directory) / "report"
        # A dump has the instructions since the last dump, and the name of the function that triggered it. Valgrind 3.19
        # does not accept two options for one function.
        options = "--dump-after=linear::begin*", "--dump-after=linear::measured*"
        names = callgrind(report, options, program, str(size)).splitlines()
        figures = []
        for number in range(1, 2 * len(names) + 1):
            text = report.with_name(f"report.{number}").read_text()
            cause = re.search(r"^desc: Trigger: --dump-after=linear::(\w+)", text, re.MULTILINE)
            if cause is None or cause[1] != ("measured", "begin")[number % 2]:
                fail(f"dump {number} has another cause than the end of a case")
            if cause[1] == "measured":
                figures.append(total(text))
        if report.with_name(f"report.{2 * len(names) + 2}").exists():
            fail("there are more calls of `measured` than names")
    if len(set(names)) != len(names):
        fail("two cases have the same name")
    return dict(zip(names, figures))


def main():
    if sys.argv[1:] not in ([], ["--list"]):
        sys.exit(__doc__)
    program = build("linear")
    small, large = (count(program, size) for size in SIZES)
    if small.keys() != large.keys():
        fail("the cases depend on the length of the input")
    # No case takes fewer instructions, unless it was not counted.
    uncounted = [name for name in small if small[name] < SIZES[0] / 64]
    if uncounted:
        fail(f"callgrind did not see the work of {uncounted}")
    ratios = {name: large[name] / small[name] for name in small}
    failed = {name: ratio for name, ratio in ratios.items() if ratio > MOST}
    for name, ratio in ratios.items():
        if sys.argv[1:] or name in failed:
            print(f"{ratio:6.1f} {small[name]:>10} {large[name]:>12}  {name}")
    print(f"{len(ratios)} cases; at most {max(ratios.values()):.1f} times as much for 16 times the input")
    if failed:
        fail(f"{len(failed)} cases take more than {MOST} times as much")


main()
