"""`moms restudy`: what a person and a machine are shown, and what is written."""

from __future__ import annotations

import contextlib
import json

import pytest

from moms.cli import main
from moms.cli.commands import restudy as command
from moms.outages import Status
from moms.values import SYSTEM, Actor
from moms.wiring.office import Office
from moms.wiring.settings import Settings
from tests.desk.test_restudy import CLOSE, a_loss_that_hurts, granted, lost
from tests.desk.worlds import DAY, ENGINEER, OWNER, a_world
from tests.postgres import book, database, servers

__all__ = ["book", "database", "servers"]


@pytest.fixture
def desk(book, monkeypatch, tmp_path):
    """Give the command line an office whose book holds granted outages and a branch that failed."""
    world = a_world(slack=0.9)
    those = granted(book, world, *(f"branch:{k}" for k in (2, 7, 15, 27, 45, 33)))
    lost(book, world, a_loss_that_hurts(book, world, those), at=CLOSE)
    who: list[Actor] = [ENGINEER]

    @contextlib.contextmanager
    def office(_args):
        chosen = Settings(home=tmp_path, actor=who[0], now=CLOSE + DAY / 24, simulated=True, grid="x", rule_book="x")
        yield Office(settings=chosen, book=book, opened=world)

    monkeypatch.setattr(command, "office", office)
    return who


def test_what_is_at_risk_is_shown_and_nothing_is_written(desk, capsys):
    assert main(["restudy", "--days", "9", "--cores", "1"]) == 1
    shown = capsys.readouterr().out
    assert "of them at risk" in shown
    assert "beside 1 out now" in shown
    assert "Nothing was written" in shown
    assert "OTG-" not in shown.split("Nothing was written")[0].split("what mends it")[1], "people know their references"


def test_a_machine_is_told_all_and_marks_with_a_reason(desk, book, capsys):
    assert main(["restudy", "--days", "9", "--cores", "1", "--json"]) == 1
    seen = json.loads(capsys.readouterr().out)
    assert seen["put_at_risk"] == []
    assert not seen["secure"]
    assert not seen["stands"]
    assert seen["missing"] == []
    assert all(row["sets"] and row["remedy"]["says"] for row in seen["at_risk"])
    assert main(["restudy", "--days", "9", "--cores", "1", "--json", "--write", "line lost"]) == 1
    done = json.loads(capsys.readouterr().out)["put_at_risk"]
    expected = [r["outage"] for r in seen["at_risk"] if r["remedy"]["outcome"] not in {"approve", "accept"}]
    assert done == expected
    with book.as_(SYSTEM) as page:
        assert all(page.outage(name).status == Status.AT_RISK for name in done)


def test_an_owner_may_not_see_it_and_wrong_days_are_refused(desk, capsys):
    assert main(["restudy", "--days", "0", "--cores", "1"]) == 2
    assert "days" in capsys.readouterr().err
    desk[0] = OWNER
    assert main(["restudy", "--days", "9", "--cores", "1"]) == 2
    assert "may not see" in capsys.readouterr().err
