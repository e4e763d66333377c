"""`moms field`: reported, kept once, shown, looked at."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from moms.cli import main
from moms.outages import State, Status
from moms.store.place import open_place
from moms.values import SYSTEM, instant_text
from tests.exchange.casefiles import FIVE_BUSES
from tests.postgres import an_event, an_outage


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Give a home with a grid and an outage that is out, and that outage."""
    where = tmp_path_factory.mktemp("home")
    (where / "case1.m").write_text(FIVE_BUSES)
    filed = an_outage(state=State.ACTIVE, status=Status.APPROVED)
    with open_place(env={"MOMS_HOME": str(where)}) as opened, opened.book.as_(SYSTEM) as page:
        page.add(filed, an_event(filed))
    return where, filed


@pytest.fixture(autouse=True)
def here(place, monkeypatch):
    monkeypatch.setenv("MOMS_HOME", str(place[0]))
    monkeypatch.delenv("MOMS_DATABASE_URL", raising=False)


def answer(capsys, outage, *words, crew=True):
    now = instant_text(outage.window.start + timedelta(hours=1))
    who = (
        ["--as", "fay", "--org", outage.request.organisation, "--role", "field"] if crew else ["--role", "control_room"]
    )
    code = main(["field", *words, *who, "--now", now])
    return code, capsys.readouterr()


def test_an_entry_is_kept_once_shown_and_looked_at(capsys, place):
    home, outage = place
    case = str(home / "case1.m")
    code, said = answer(capsys, outage, "report", outage.id, "isolated", "--entry", "tapped-once", "--json")
    first = json.loads(said.out)
    assert (code, [look["rule"] for look in first["entry"]["looks"]]) == (1, ["FIELD-ORDER"])
    _, said = answer(capsys, outage, "report", outage.id, "isolated", "--entry", "tapped-once", "--json")
    assert json.loads(said.out) == first
    code, said = answer(capsys, outage, "--grid", case, "--json")
    [job] = json.loads(said.out)
    assert (code, job["outage"], job["to_look"], len(job["entries"])) == (0, outage.id, 1, 1)
    assert outage.id in answer(capsys, outage, "--grid", case, crew=False)[1].out
    assert answer(capsys, outage, "seen", outage.id, "tapped-once", crew=False)[0] == 0
    assert answer(capsys, outage, "seen", outage.id, "tapped-once")[0] == 2
    assert json.loads(answer(capsys, outage, "--grid", case, "--json")[1].out)[0]["to_look"] == 0


def test_what_is_no_entry_is_refused_with_what_to_write(capsys, place):
    _, outage = place
    code, said = answer(capsys, outage, "report", outage.id, "asleep")
    assert code == 2
    assert "arrived, released" in said.err
    assert answer(capsys, outage, "report", outage.id)[0] == 2
    assert answer(capsys, outage, "report", outage.id, "late")[0] == 2
    assert answer(capsys, outage, "report", outage.id, "done", crew=False)[0] == 2
