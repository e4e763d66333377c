"""`moms backup` and `moms restore`: from one home into another, and nothing over a book."""

from __future__ import annotations

import json

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
