"""`moms ack`: what is not as planned is shown, taken once, and shown with who took it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from moms.cli import main
from moms.outages import State, Status
from moms.store.place import open_place
from moms.values import SYSTEM, instant_text
from tests.postgres import an_event, an_outage


@pytest.fixture
def late(tmp_path, monkeypatch):
    monkeypatch.setenv("MOMS_HOME", str(tmp_path))
    monkeypatch.delenv("MOMS_DATABASE_URL", raising=False)
    filed = an_outage(id="OTG-AAAAAAAA", state=State.ACTIVE, status=Status.APPROVED)
    with open_place(env={"MOMS_HOME": str(tmp_path)}) as opened, opened.book.as_(SYSTEM) as page:
        page.add(filed, an_event(filed))
    return filed


def answer(capsys, outage, *words, role="control_room", hours=1):
    now = instant_text(outage.window.end + timedelta(hours=hours))
    code = main(["ack", *words, "--as", "roy", "--role", role, "--now", now])
    return code, capsys.readouterr()


def test_shown_taken_once_and_shown_with_who_took_it(capsys, late):
    assert answer(capsys, late, hours=-1)[1].out.strip() == "All is as planned."
    code, said = answer(capsys, late)
    assert (code, "nobody" in said.out, "late back" in said.out) == (1, True, True)
    code, said = answer(capsys, late, late.id, "--note", "crew called")
    assert (code, "acknowledged by roy" in said.out, "crew called" in said.out) == (0, True, True)
    first = json.loads(answer(capsys, late, late.id, "--json")[1].out)
    assert first["acknowledged"]["note"] == "crew called"
    code, said = answer(capsys, late, "--json")
    assert (code, json.loads(said.out)) == (0, [first])


def test_what_cannot_be_taken_is_refused_in_one_sentence(capsys, late):
    code, said = answer(capsys, late, late.id, hours=-1)
    assert (code, "as planned" in said.err) == (2, True)
    code, said = answer(capsys, late, late.id, role="planner")
    assert (code, "role" in said.err) == (2, True)
    assert answer(capsys, late, "OTG-ZZZZZZZZ")[0] == 2
