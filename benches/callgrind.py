"""Builds a program of this package, and runs it under valgrind's callgrind, for `instructions.py` and `linear.py`.
Counted instructions do not depend on the load of the machine."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent

# Callgrind counts one instruction for each byte of a `rep movsb` or `rep stosb`, which glibc uses for long copies and
# fills. These thresholds make glibc use its code for short ones.
TUNABLES = "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff:glibc.cpu.x86_rep_stosb_threshold=0x7fffffff"
ENVIRONMENT = os.environ | {"GLIBC_TUNABLES": TUNABLES}


def fail(message):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {message}")


def run(*command):
    """Returns the standard output of a command."""
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    if done.returncode != 0:
        fail(f"{' '.join(map(str, command))} fails:\n{done.stderr}")
    return done.stdout


def build(program):
    """Returns the path of the program."""
    if shutil.which("valgrind") is None:
        fail("valgrind not found: install Debian's package valgrind")
    output = run("cargo", "build", "--locked", "--profile", "bench", "--bin", program, "--manifest-path",
                 HERE / "Cargo.toml", "--message-format", "json")
    return re.findall(r'"executable":"([^"]+)"', output)[-1]


def callgrind(report, options, *command):
    """Runs a command, and returns its standard output. Callgrind writes to the file `report`."""
    return run("valgrind", "--tool=callgrind", f"--callgrind-out-file={report}", *options, *command)


def total(report):
    """The instructions that a report of callgrind counts: 0 if it counts none."""
    counted = re.search(r"^totals: (\d+)$", report, re.MULTILINE)
    return int(counted[1]) if counted else 0
