"""The shell script `./moms`, on Pythons that only pretend: what it says, installs, repairs and leaves alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "cat", "sha256sum", "cksum", "rm", "mkdir", "sed", "readlink", "find", "sort", "touch", "sleep", "cp")
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-test.lock", "pyproject.toml")

SAYS = "#!/bin/sh\necho {answer}\n"
PRETENDS = """#!/bin/sh
# Answers the question for its version, makes a .venv of shell scripts, notes each pip call; the rest is real Python's.
case "$1 $2" in
  *ensurepip*) echo found 3 11 whole ;;
  -V*) echo Python 3.11.99 ;;
  "-m venv")
    echo venv >>"$NOTES"
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    printf '#!/bin/sh\\necho "ran in $PWD:" "$@"\\n' >"$3/bin/moms" ;;
  "-m pip")
    echo "$*" >>"$NOTES"
    sleep "${SLOW:-0}"
    if [ -n "$FAIL" ]; then echo "no index can be reached"; exit 1; fi
    for file in "${0%/*}/moms"; do [ ! -f "$file" ] || chmod +x "$file"; done ;;
  *tools/run_tests.py*) echo "tests: $*" ;;
  *) exec REAL "$@" ;;
esac
"""


class Desk:
    """A checkout in a folder with spaces in its name, and a PATH with nothing but what the test puts there."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my checkout"
        self.bin = folder / "bin"
        self.notes_file = folder / "notes"
        self.root.mkdir()
        self.bin.mkdir()
        shutil.copy(ROOT / "moms", self.root / "moms")
        for name in LOCKS:
            (self.root / name).write_text(f"# {name}\n")
        for name in (*TOOLS, "chmod"):
            found = shutil.which(name)
            if found:
                (self.bin / name).symlink_to(found)

    def program(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(text.replace("REAL", sys.executable))
        path.chmod(0o755)

    def python(self, name: str = "python3") -> None:
        self.program(name, PRETENDS)

    def start(self, *words: str, script: Path | None = None, cwd: Path | None = None, **env: str):
        return subprocess.run(
            ["/bin/sh", str(script or self.root / "moms"), *words],
            cwd=cwd or self.root,
            env=self.env(**env),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def env(self, **more: str) -> dict[str, str]:
        return {"PATH": str(self.bin), "NOTES": str(self.notes_file), "HOME": str(self.bin), **more}

    @property
    def notes(self) -> list[str]:
        return self.notes_file.read_text().splitlines() if self.notes_file.is_file() else []


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def one_sentence(answer: subprocess.CompletedProcess[str]) -> str:
    assert answer.returncode == 3
    assert answer.stdout == ""
    lines = answer.stderr.splitlines()
    assert len(lines) == 1, answer.stderr
    return lines[0]


def test_a_python_too_old_is_told_with_the_remedy(desk: Desk):
    desk.program("python3", SAYS.format(answer="found 3 10 whole"))
    says = one_sentence(desk.start("--version"))
    assert says.startswith("moms: Python 3.10 is too old, MOMS needs 3.11 or newer: install Python 3.11 to 3.14")


def test_a_python_too_new_for_the_locks_is_told_with_the_remedy(desk: Desk):
    desk.program("python3", SAYS.format(answer="found 3 15 whole"))
    assert "Python 3.15 is newer than the locked packages support" in one_sentence(desk.start("--version"))


def test_no_python_at_all_is_told_with_the_remedy(desk: Desk):
    desk.program("apt-get", "#!/bin/sh\n")
    says = one_sentence(desk.start("--version"))
    assert "no Python found" in says
    assert "apt install python3 python3-venv" in says


def test_a_missing_venv_module_is_told_with_the_exact_package(desk: Desk):
    desk.program("python3", SAYS.format(answer="found 3 11 bare"))
    desk.program("apt-get", "#!/bin/sh\n")
    assert "run 'apt install python3.11-venv' (as root)" in one_sentence(desk.start("--version"))


def test_a_missing_venv_module_without_apt_names_the_modules(desk: Desk):
    desk.program("python3", SAYS.format(answer="found 3 12 bare"))
    assert "install its modules venv and ensurepip" in one_sentence(desk.start("--version"))
    assert not (desk.root / ".venv").exists()


def test_names_that_lead_nowhere_and_old_pythons_are_passed_over(desk: Desk):
    desk.program("python3", SAYS.format(answer="found 3 9 whole"))
    desk.program("python3.12", "#!/bin/sh\necho 'version 3.12 is not set' >&2\nexit 127\n")
    desk.python("python3.11")
    assert desk.start("--version").returncode == 0


def test_the_first_start_installs_by_hash_and_the_second_does_nothing(desk: Desk):
    desk.python()
    first = desk.start("show", "A 1")
    assert first.stdout == f"ran in {desk.root}: show A 1\n"
    venv, locked, itself = desk.notes
    assert venv == "venv"
    assert "--require-hashes" in locked
    assert "requirements.lock" in locked
    assert "requirements-build.lock" in locked
    assert "requirements-test.lock" not in locked
    assert "--no-index --no-deps --no-build-isolation --editable" in itself
    second = desk.start("show")
    assert second.stderr == ""
    assert len(desk.notes) == 3


def test_a_changed_lock_is_installed_over_the_old_one(desk: Desk):
    desk.python()
    desk.start()
    (desk.root / "requirements.lock").write_text("# other\n")
    assert desk.start().returncode == 0
    assert desk.notes.count("venv") == 1
    assert len(desk.notes) == 5


@pytest.mark.parametrize("change", ["web/app.ts", "pyproject.toml"])
def test_what_the_install_is_made_from_counts_in_the_stamp(desk: Desk, change: str):
    desk.python()
    desk.start()
    path = desk.root / change
    path.parent.mkdir(exist_ok=True)
    path.write_text("something else\n")
    desk.start()
    assert len(desk.notes) == 5


def test_testing_brings_the_test_lock_once(desk: Desk):
    desk.python()
    desk.start()
    answer = desk.start("test", "-k", "two words")
    assert answer.stdout.endswith("tools/run_tests.py -k two words\n")
    assert "requirements-test.lock" in desk.notes[3]
    before = len(desk.notes)
    desk.start("test")
    desk.start("show")
    assert len(desk.notes) == before


def test_an_install_that_failed_says_so_and_is_made_anew(desk: Desk):
    desk.python()
    broken = desk.start("show", FAIL="yes")
    assert broken.returncode == 3
    assert "no index can be reached" in broken.stderr
    assert broken.stderr.splitlines()[-1].startswith("moms: installing failed")
    assert desk.start("show").returncode == 0
    assert desk.notes.count("venv") == 2


def test_an_update_that_failed_leaves_the_old_install_for_a_retry(desk: Desk):
    desk.python()
    desk.start()
    (desk.root / "requirements.lock").write_text("# other\n")
    assert desk.start("show", FAIL="yes").returncode == 3
    assert desk.start("show").returncode == 0
    assert desk.notes.count("venv") == 1


def test_an_install_that_was_killed_is_thrown_away(desk: Desk):
    desk.python()
    with subprocess.Popen(
        ["/bin/sh", str(desk.root / "moms"), "show"],
        cwd=desk.root,
        env=desk.env(SLOW="30"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as start:
        wait_for(lambda: len(desk.notes) >= 2)
        os.killpg(start.pid, 9)
    assert (desk.root / ".venv" / "unfinished").is_file()
    assert desk.start("show").returncode == 0
    assert desk.notes.count("venv") == 2
    assert not (desk.root / ".venv" / "unfinished").exists()


def test_of_two_first_starts_at_once_one_installs_and_both_run(desk: Desk):
    desk.python()
    starts = [
        subprocess.Popen(
            ["/bin/sh", str(desk.root / "moms"), "show"],
            cwd=desk.root,
            env=desk.env(SLOW="0.5"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [start.communicate(timeout=60) for start in starts]
    assert [start.returncode for start in starts] == [0, 0]
    assert all(out.startswith("ran in") for out, _ in answers)
    assert desk.notes.count("venv") == 1
    assert len(desk.notes) == 3


def test_it_runs_through_links_and_from_any_folder(desk: Desk, tmp_path: Path):
    desk.python()
    (tmp_path / "there").symlink_to(desk.root / "moms")
    (tmp_path / "here").symlink_to("there")
    answer = desk.start("list", script=tmp_path / "here", cwd=tmp_path)
    assert answer.stdout == f"ran in {tmp_path}: list\n"
    assert (desk.root / ".venv").is_dir()


def test_a_checkout_that_moved_is_installed_anew(desk: Desk):
    desk.python()
    desk.start()
    desk.root = desk.root.rename(desk.root.with_name("moved"))
    assert desk.start().returncode == 0
    assert desk.notes.count("venv") == 2


def test_half_a_checkout_is_told_what_is_missing(desk: Desk):
    (desk.root / "requirements.lock").unlink()
    assert "requirements.lock is missing" in one_sentence(desk.start())


def wait_for(true: object) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    pytest.fail("it did not come to that in 30 s")
