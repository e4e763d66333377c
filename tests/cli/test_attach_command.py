"""`moms attach`: added, listed, got, and looked at once the scanner is back."""

from __future__ import annotations

import json

import pytest

from moms.cli import main
from moms.outages import State, Status
from moms.store.place import open_place
from moms.values import SYSTEM
from tests.desk.test_files import GOOD
from tests.exchange.casefiles import FIVE_BUSES
from tests.postgres import an_event, an_outage
from tests.scanners import scanning

WHO = ["--as", "ann", "--org", "owner-a"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Give a home with one outage in its book."""
    where, filed = tmp_path_factory.mktemp("home"), an_outage(state=State.SUBMITTED, status=Status.NONE)
    with open_place(env={"MOMS_HOME": str(where)}) as opened, opened.book.as_(SYSTEM) as page:
        page.add(filed, an_event(filed))
    return where


@pytest.fixture(autouse=True)
def scanner(home, monkeypatch):
    with scanning() as found:
        monkeypatch.setenv("MOMS_HOME", str(home))
        monkeypatch.setenv("MOMS_SCANNER", found.setting)
        monkeypatch.setenv("MOMS_SCANNER_DAYS", "3650")
        monkeypatch.delenv("MOMS_DATABASE_URL", raising=False)
        yield found


def answer(capsys, *words):
    code = main(["attach", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_file_goes_in_is_listed_and_comes_out_as_it_was(capsys, tmp_path):
    (tmp_path / "statement.pdf").write_bytes(GOOD["statement.pdf"])
    code, [file] = answer(capsys, "add", "O-0001", str(tmp_path / "statement.pdf"), *WHO)
    assert (code, file["state"], file["kind"]) == (0, "clean", "application/pdf")
    code, listed = answer(capsys, "list", "O-0001", *WHO)
    assert code == 0
    assert file in listed
    code, got = answer(capsys, "get", "O-0001", file["id"], "--out", str(tmp_path / "out.pdf"), *WHO)
    assert (code, got["sha256"]) == (0, file["sha256"])
    assert (tmp_path / "out.pdf").read_bytes() == GOOD["statement.pdf"]
    code, error = answer(capsys, "get", "O-0001", file["id"], "--out", str(tmp_path / "out.pdf"), *WHO)
    assert (code, error["error"]["field"]) == (2, "--out")


def test_while_the_scanner_is_silent_a_file_waits_and_scan_has_it_looked_at(capsys, tmp_path, scanner):
    (tmp_path / "notes.txt").write_text("ground first\n")
    scanner.mode = "closes"
    code, [file] = answer(capsys, "add", "O-0001", str(tmp_path / "notes.txt"), *WHO)
    assert (code, file["state"]) == (1, "held")
    code, error = answer(capsys, "get", "O-0001", file["id"], *WHO)
    assert (code, error["error"]["says"]) == (2, "nothing has looked at this file yet")
    scanner.mode = "up"
    code, [looked] = answer(capsys, "scan")
    assert (code, looked["id"], looked["state"]) == (0, file["id"], "clean")


def test_a_worker_has_looked_at_what_is_held_too(capsys, tmp_path, scanner, monkeypatch):
    (tmp_path / "case1.m").write_text(FIVE_BUSES)
    (tmp_path / "sketch.txt").write_text("north bay first\n")
    scanner.mode = "closes"
    _, [file] = answer(capsys, "add", "O-0001", str(tmp_path / "sketch.txt"), *WHO)
    assert file["state"] == "held"
    work = ["worker", "--once", "--json", "--grid", str(tmp_path / "case1.m"), "--now", "2027-01-01T00:00Z"]
    assert main(work) in {0, 1}
    capsys.readouterr()
    states = {one["id"]: one["state"] for one in answer(capsys, "list", "O-0001", *WHO)[1]}
    assert states[file["id"]] == "held", "a scanner that does not answer stops no worker"
    scanner.mode = "up"
    assert main(work) in {0, 1}
    capsys.readouterr()
    states = {one["id"]: one["state"] for one in answer(capsys, "list", "O-0001", *WHO)[1]}
    assert states[file["id"]] == "clean"


def test_wrong_use_says_the_field(capsys, tmp_path, monkeypatch):
    for words, field in ((["list"], "ID"), (["add", "O-0001"], "FILE"), (["add", "O-0001", str(tmp_path)], "FILE")):
        code, error = answer(capsys, *words, *WHO)
        assert (code, error["error"]["field"]) == (2, field)
    monkeypatch.delenv("MOMS_SCANNER")
    (tmp_path / "notes.txt").write_text("x")
    code, error = answer(capsys, "add", "O-0001", str(tmp_path / "notes.txt"), *WHO)
    assert (code, error["error"]["field"]) == (2, "MOMS_SCANNER")
