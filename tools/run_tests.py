#!/usr/bin/env python3
"""Run what `./moms test` runs: style, types, the order of the rooms, every test; say what was counted.

./moms test                the whole of it, as CI does
./moms test -k name        only these tests (anything else is handed to pytest)
./moms test --long         the long tests, resumable; what they counted is added to docs/measured/long.json
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MEASURED = ROOT / "docs" / "measured" / "long.json"
NO_TESTS_FOUND = 5  # pytest's exit code for an empty selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What pytest says it ran."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def line(self) -> str:
        """One line, for people and for whoever reads the log of a CI."""
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def main(words: list[str]) -> int:
    """Run the checks and the tests and give the exit code: 0 all well, 1 something failed."""
    if "-h" in words or "--help" in words:
        print(__doc__)
        return 0
    if "--long" in words:
        return run_long([word for word in words if word != "--long"])
    failed = [] if words else [name for name, command in checks() if not passes(name, command)]
    counts = run_pytest([*spread(words), *words])
    if counts.failed:
        failed.append("tests")
    if not counts.passed + counts.failed:
        failed.append("no test ran")
    print(f"failed: {', '.join(failed)}" if failed else "all well")
    print(counts.line)
    return 1 if failed else 0


def checks() -> list[tuple[str, list[str]]]:
    """Name what is checked before any test runs."""
    return [
        ("ruff check", [str(BIN / "ruff"), "check"]),
        ("ruff format", [str(BIN / "ruff"), "format", "--check"]),
        ("mypy", [str(BIN / "mypy")]),
        ("lint-imports", [str(BIN / "lint-imports"), "--no-logo"]),
        ("pages", [sys.executable, str(ROOT / "hatch_build.py"), "check"]),
    ]


def passes(name: str, command: list[str]) -> bool:
    """Run one check; its output is shown only where it fails."""
    start = time.perf_counter()
    answer = subprocess.run(
        command, cwd=ROOT, env=environment(), text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    last = answer.stdout.strip().splitlines()[-1:] or [""]
    good = answer.returncode == 0
    print(f"{'ok  ' if good else 'FAIL'} {name} ({time.perf_counter() - start:.1f} s): {last[0]}", flush=True)
    if not good:
        print(answer.stdout, flush=True)
    return good


def environment() -> dict[str, str]:
    """Give the environment of every check: one thread in each numerical library, unless told otherwise."""
    return {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}


def spread(words: list[str]) -> list[str]:
    """Spread a whole run over two processes, a file to a process; a selection stays in one."""
    whole = not words and (os.cpu_count() or 1) > 1
    return ["-n", "2", "--dist", "loadfile"] if whole else []


def run_pytest(options: list[str], **env: str) -> Counts:
    """Run pytest and give what it counted; an error outside any test counts as a failure."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        slowest = ["--durations=15", "--durations-min=5"]
        command = [sys.executable, "-m", "pytest", "-rs", *slowest, f"--junit-xml={report}", *options]
        code = subprocess.run(command, cwd=ROOT, env=environment() | env, check=False).returncode
        counts = counted(report) if report.is_file() else Counts()
    if code not in {0, NO_TESTS_FOUND} and not counts.failed:
        return Counts(passed=counts.passed, failed=1, skipped=counts.skipped)
    return counts


def counted(report: Path) -> Counts:
    """Read the counts from a JUnit report."""
    suites = ET.parse(report).getroot().iter("testsuite")  # noqa: S314 - written by pytest a moment ago
    total = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for suite in suites:
        total = {key: value + int(suite.get(key, "0")) for key, value in total.items()}
    failed = total["failures"] + total["errors"]
    return Counts(passed=max(0, total["tests"] - failed - total["skipped"]), failed=failed, skipped=total["skipped"])


# ---------------------------------------------------------------- long tests
def run_long(words: list[str]) -> int:
    """Run the long tests of this commit with the next seed, going on where an earlier run stopped.

    Each test that passes is written down at once, with commit, seed and the cases it counted, so an
    interrupted run loses only the test it was in. Only what is written down may be claimed.
    """
    commit = this_commit()
    seed = next_seed(commit, long_tests(words))
    print(f"long tests of {commit}, seed {seed}; results go to {MEASURED.relative_to(ROOT)}", flush=True)
    counts = run_pytest(
        ["-m", "long", "-p", "no:xdist", *words],
        MOMS_LONG_FILE=str(MEASURED),
        MOMS_LONG_COMMIT=commit,
        MOMS_LONG_SEED=str(seed),
    )
    for test, cases in sorted(totals(rows()).items()):
        print(f"  {cases:>12,} cases so far  {test}")
    print(counts.line)
    return 0 if counts.passed and not counts.failed else 1


def this_commit() -> str:
    """Name the commit, with `+` where the work tree differs from it outside docs/measured."""
    commit = git("rev-parse", "--short=12", "HEAD")
    changed = git("status", "--porcelain", "--", ".", ":!docs/measured")
    return f"{commit}+" if changed else commit


def git(*words: str) -> str:
    """Give what git answers."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def long_tests(words: list[str]) -> set[str]:
    """List the ids of the long tests that these words select."""
    command = [sys.executable, "-m", "pytest", "-m", "long", "-p", "no:randomly", "--collect-only", "-qq", *words]
    answer = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False).stdout
    return {line.strip() for line in answer.splitlines() if "::" in line}


def next_seed(commit: str, tests: set[str]) -> int:
    """Give the first seed with which not all of these tests have passed at this commit."""
    # A changed work tree ("+") is another one each time: nothing of it counts as done.
    done = {(row["test"], row["seed"]) for row in rows() if row["commit"] == commit and not commit.endswith("+")}
    seed = 0
    while tests and all((test, seed) in done for test in tests):
        seed += 1
    return seed


def rows() -> list[dict[str, object]]:
    """Read what has been written down so far."""
    return json.loads(MEASURED.read_text()) if MEASURED.is_file() else []


def totals(measured: list[dict[str, object]]) -> dict[str, int]:
    """Add up the cases of each test, over commits and seeds."""
    total: dict[str, int] = {}
    for row in measured:
        total[str(row["test"])] = total.get(str(row["test"]), 0) + int(str(row["cases"]))
    return total


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
