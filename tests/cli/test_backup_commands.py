"""`moms backup` and `moms restore`: from one home into another, and nothing over a book."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from moms.cli import main
from moms.outages import State, Status
from moms.store.place import open_place
from moms.values import SYSTEM
from tests.postgres import an_event, an_outage


def test_a_book_goes_from_one_home_to_another_and_over_none(tmp_path, monkeypatch, capsys):
    first, second, file = tmp_path / "first", tmp_path / "second", tmp_path / "book.zip"
    monkeypatch.delenv("MOMS_DATABASE_URL", raising=False)
    outage = an_outage(state=State.SUBMITTED, status=Status.NONE)
    monkeypatch.setenv("MOMS_HOME", str(first))
    with open_place(env={"MOMS_HOME": str(first)}) as place:  # open throughout: no command starts the server anew
        with place.book.as_(SYSTEM) as page:
            page.add(outage, an_event(outage))
        assert main(["backup", str(file)]) == 0
        assert "1 outages, 1 lines" in capsys.readouterr().out
        assert main(["backup", str(file)]) == 2
        assert "not there yet" in capsys.readouterr().err
        assert main(["restore", str(file)]) == 2
        assert "fresh MOMS_HOME" in capsys.readouterr().err
    monkeypatch.setenv("MOMS_HOME", str(second))
    with open_place(env={"MOMS_HOME": str(second)}):
        assert main(["restore", str(tmp_path / "none.zip")]) == 2
        assert "no whole backup" in capsys.readouterr().err
        assert main(["restore", str(file), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["rows"]["outage"] == 1
        assert main(["verify"]) == 0
        assert (second / "anchors.jsonl").read_text() == (first / "anchors.jsonl").read_text()
        assert main(["show", outage.id, "--json"]) == 0


def test_a_private_server_comes_back_to_an_instant_and_a_named_one_is_left_to_its_own(monkeypatch, capsys):
    monkeypatch.delenv("MOMS_DATABASE_URL", raising=False)
    with tempfile.TemporaryDirectory(prefix="moms-point-", ignore_cleanup_errors=True) as folder:
        there = Path(folder)
        there.chmod(0o777)
        monkeypatch.setenv("MOMS_HOME", str(there / "first"))
        monkeypatch.setenv("MOMS_WAL_ARCHIVE", str(there / "log"))
        outage = an_outage(state=State.SUBMITTED, status=Status.NONE)
        with open_place(env={"MOMS_HOME": str(there / "first"), "MOMS_WAL_ARCHIVE": str(there / "log")}) as place:
            with place.book.as_(SYSTEM) as page:
                page.add(outage, an_event(outage))
            assert main(["backup", "--base", str(there / "base"), "--json"]) == 0
            taken = json.loads(capsys.readouterr().out)["taken_at"]
        monkeypatch.setenv("MOMS_HOME", str(there / "second"))
        assert main(["restore", str(there / "base"), "--to", "yesterday"]) == 2
        assert "--to" in capsys.readouterr().err
        assert main(["restore", str(there / "base"), "--to", "2020-01-01T00:00Z"]) == 2
        assert taken[:10] in capsys.readouterr().err
        assert main(["restore", str(there / "base"), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["outages"] == 1
        assert main(["show", outage.id, "--json"]) == 0
        capsys.readouterr()
        monkeypatch.setenv("MOMS_DATABASE_URL", "postgresql://moms@127.0.0.1:1/moms")
        assert main(["restore", str(there / "base")]) == 2
        assert "a named server" in capsys.readouterr().err
        assert main(["restore", str(there / "base.zip"), "--to", taken]) == 2
        assert "base backup" in capsys.readouterr().err
