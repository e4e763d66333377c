"""`moms shift`: the sheet is shown, given with notes, and taken by somebody else."""

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


def answer(capsys, outage, *words, who="roy", role="control_room"):
    now = instant_text(outage.window.end + timedelta(hours=1))
    code = main(["shift", *words, "--as", who, "--role", role, "--now", now])
    return code, capsys.readouterr()


def test_a_shift_is_given_with_notes_and_taken_by_somebody_else(capsys, late):
    code, said = answer(capsys, late)
    assert (code, late.id in said.out, "late back" in said.out) == (0, True, True)
    assert answer(capsys, late, "take")[0] == 2  # nobody has given one
    first = json.loads(answer(capsys, late, "give", "--notes", "mind the ice", "--key", "k", "--json")[1].out)
    assert json.loads(answer(capsys, late, "give", "--notes", "mind the ice", "--key", "k", "--json")[1].out) == first
    code, said = answer(capsys, late)
    assert (code, "not taken yet" in said.out, "mind the ice" in said.out) == (1, True, True)
    assert answer(capsys, late, "take")[0] == 2  # one's own
    code, said = answer(capsys, late, "take", who="nora")
    assert (code, "taken by nora" in said.out) == (0, True)
    assert answer(capsys, late, who="aud", role="auditor")[0] == 0
    assert answer(capsys, late, "give", who="aud", role="auditor")[0] == 2
