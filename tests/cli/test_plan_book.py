"""`moms plan book` and `moms plan back`: what a person and a machine are shown, and what is written."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from moms.cli import main
from moms.cli.commands import (
    _plan_accounts,
    _plan_answer,
    _plan_back,
    _plan_book,
    _plan_offer,
    _plan_offers,
    _plan_repair,
)
from moms.cli.timeline import MOST_ROWS, Bar, timeline
from moms.desk.ports import Search
from moms.values import SYSTEM, Actor
from moms.wiring.office import Office
from moms.wiring.settings import Settings
from tests.desk.test_plan import file, wish
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, a_world, ask
from tests.postgres import book, database, servers

__all__ = ["book", "database", "servers"]
DAYS = ["--from", "2027-02-08", "--to", "2027-02-14", "--cores", "1"]


@pytest.fixture
def desk(book, monkeypatch, tmp_path):
    """Give the command line an office of three requests of which two cannot stand together."""
    world = a_world(slack=0.8)
    file(book, world, wish("branch:2"), wish("branch:7"), ask("branch:15", start=ask().window.start + 2 * DAY))
    who: list[Actor] = [ENGINEER]

    @contextlib.contextmanager
    def office(_args):
        chosen = Settings(home=tmp_path, actor=who[0], now=NOW + DAY, simulated=True, grid="x", rule_book="x")
        yield Office(settings=chosen, book=book, opened=world)

    for module in (_plan_accounts, _plan_answer, _plan_back, _plan_book, _plan_offer, _plan_offers, _plan_repair):
        monkeypatch.setattr(module, "office", office)
    return who


def test_a_run_that_ends_in_the_middle_leaves_the_plan_of_its_last_round(desk, monkeypatch, tmp_path):
    """The second round has planned again and is cut off in its study: its plan is there and says so."""
    from moms.desk import rounds

    real, calls = rounds.whole, list[None]()

    def cut_off(*words, **rest):
        calls.append(None)
        if len(calls) == 2:
            raise MemoryError
        return real(*words, **rest)

    out = tmp_path / "so_far.json"
    monkeypatch.setattr(rounds, "whole", cut_off)
    assert main(["plan", "book", *DAYS, "--out", str(out)]) == 3
    left = json.loads(out.read_text())
    assert (left["round"], left["studied"], left["secure"]) == (2, False, None)
    assert len(left["places"]) == 3
    assert [c["name"] for c in left["cuts"]] == ["C1"], "made so that the insecure pair is apart"
    monkeypatch.setattr(rounds, "whole", real)
    assert main(["plan", "book", *DAYS, "--out", str(out)]) == 0
    done = json.loads(out.read_text())
    assert (done["studied"], done["secure"], done["places"]) == (True, True, left["places"])


def test_a_plan_is_shown_with_reasons_and_nothing_is_written(desk, book, capsys):
    assert main(["plan", "book", *DAYS]) == 0
    shown = capsys.readouterr().out
    assert "3 of 3 requests have a place, 1 of them moved; secure as a whole" in shown
    assert "C1: branch:2 2027021005, branch:7 2027021005 are insecure together: branch:" in shown
    assert "may not be out together on 10 Feb (C1)" in shown
    assert "Nothing was written." in shown
    assert "OTG-" not in shown, "people know their own references"
    with book.as_(SYSTEM) as page:
        assert page.entries("plans") == ()


def test_what_is_written_is_taken_back_by_its_name(desk, book, capsys):
    assert main(["plan", "book", *DAYS, "--write", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["written"]["booked"]) == 3
    assert found["plan"]["secure"]
    assert {p["planned"]["start"] for p in found["plan"]["places"]} <= {
        f"2027-02-{day:02d}T05:00Z" for day in range(8, 15)
    }
    assert main(["plan", "back", found["plan"]["id"], "--reason", "storm"]) == 0
    assert "1 moved back, 3 bookings undone" in capsys.readouterr().out
    assert main(["plan", "back", found["plan"]["id"], "--reason", "storm"]) == 2
    assert "no plan" in capsys.readouterr().err


def test_a_repair_says_who_leaves_and_why_and_moves_only_when_told(desk, book, capsys):
    assert main(["plan", "repair", *DAYS]) == 0
    shown = capsys.readouterr().out
    assert "1 of 3 requests leave their dates (no fewer do, relative to the cuts); secure as a whole" in shown
    assert "C1: branch:" in shown
    assert "Nothing was written." in shown
    assert main(["plan", "repair", *DAYS, "--write", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["written"]["moved"] == [found["moves"][0]["outage"]]
    assert main(["plan", "repair", *DAYS]) == 0
    assert "0 of 3 requests leave their dates" in capsys.readouterr().out


def test_the_accounts_are_shown_with_their_sum(desk, book, capsys):
    assert main(["plan", "accounts"]) == 0
    assert "The transmission ledger has no entries." in capsys.readouterr().out
    assert main(["plan", "book", *DAYS, "--write"]) == 0
    shown = capsys.readouterr().out
    assert "Mean burden" in shown
    assert "owner (transmission)" in shown
    assert main(["plan", "accounts", "--settle", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    lines = next(row for row in found["ledgers"] if row["ledger"] == "transmission")
    assert (lines["sum_milli"], lines["entries"], len(lines["open_milli"])) == (0, 3, 3)
    assert lines["balances_milli"]["season"] == sum(lines["open_milli"].values())
    assert found["settled"] == []
    assert main(["plan", "accounts", "--close-season"]) == 0
    assert "all accounts sum to 0 credits" in capsys.readouterr().out


def test_an_owner_is_refused(desk, capsys):
    desk[0] = OWNER
    assert main(["plan", "accounts"]) == 2
    capsys.readouterr()
    assert main(["plan", "book", *DAYS]) == 2
    assert "may not see a plan of all owners" in capsys.readouterr().err


def test_bad_days_are_named(desk, capsys):
    assert main(["plan", "book", "--from", "2027-02-30", "--to", "2027-03-01"]) == 2
    assert "'2027-02-30' is no day" in capsys.readouterr().err
    assert main(["plan", "book", "--from", "2027-03-02", "--to", "2027-03-01"]) == 2
    assert "0 days" in capsys.readouterr().err


def test_the_drawing_says_in_words_what_it_shows(desk, tmp_path, capsys):
    assert main(["plan", "book", *DAYS, "--svg", str(tmp_path / "plan.svg")]) == 0
    capsys.readouterr()
    root = ET.fromstring((tmp_path / "plan.svg").read_text())  # noqa: S314 - our own
    space = {"s": "http://www.w3.org/2000/svg"}
    assert root.get("role") == "list"
    assert "3 requests, 2027-02-08 to 2027-02-14: 1 moved, 0 without a place." in root.find("s:desc", space).text
    labels = [g.get("aria-label") for g in root.findall("s:g", space)]
    assert len(labels) == 3
    assert any("planned" in label and "may not be out together" in label for label in labels)


def test_bars_stand_at_their_days_and_hostile_names_stay_text():
    bars = (
        Bar(name="<a&b>", owner='x"y', asked=(0, 2), planned=(5, 7), says="moved"),
        Bar(name="c", owner="o", asked=(3, 4), planned=None, says="no place"),
    )
    root = ET.fromstring(timeline(bars, first=date(2027, 3, 1), days=10, title="T & <t>"))  # noqa: S314 - our own
    space = {"s": "http://www.w3.org/2000/svg"}
    first, second = root.findall("s:g", space)
    asked, planned = ((float(r.get("x")), float(r.get("width"))) for r in first.findall("s:rect", space))
    per_day = asked[1] / 2
    assert planned[1] == pytest.approx(asked[1], abs=0.2)
    assert planned[0] - asked[0] == pytest.approx(5 * per_day, abs=0.2)
    assert first.get("aria-label") == '<a&b>, x"y: moved'
    assert second.find("s:rect", space).get("stroke-dasharray")


def test_a_large_plan_draws_what_changed_and_says_what_it_leaves_out():
    same = Bar(name="a", owner="o", asked=(0, 1), planned=(0, 1), says="")
    bars = [replace(same, name=f"r{k}") for k in range(MOST_ROWS)] + [replace(same, name="m", planned=(3, 4))]
    drawn = timeline(bars, first=date(2027, 3, 1), days=10, title="T")
    assert drawn.count("<g ") == 1
    assert f"{MOST_ROWS} that stay where they were asked for are not drawn" in drawn


def test_a_plan_is_proposed_a_move_offered_and_done_when_its_owner_agrees(desk, book, capsys):
    assert main(["plan", "book", *DAYS, "--propose"]) == 0
    assert "Proposed:" in capsys.readouterr().out
    asked = ["plan", "offer", "branch:7 2027021005", "--start", "2027-02-12", "--reason", "apart from line 2"]
    assert main([*asked, "--json"]) == 0
    [offer] = json.loads(capsys.readouterr().out)["offers"]
    assert (offer["became"], offer["waits_for"]) == ("offered", ["TO-1"])
    assert main(asked) == 2
    assert "open already" in capsys.readouterr().err
    desk[0] = OWNER
    assert main(["plan", "offers"]) == 0
    assert "branch:7 2027021005" in capsys.readouterr().out
    assert main(["plan", "offers", "--study", offer["id"]]) == 0
    assert "a decision made now would grant it" in capsys.readouterr().out
    assert main(["plan", "decline", offer["id"]]) == 2
    assert "no reason" in capsys.readouterr().err
    assert main(["plan", "accept", offer["id"], "--revision", "9"]) == 2
    assert main(["plan", "accept", offer["id"]]) == 0
    assert "all agreed, studied and done" in capsys.readouterr().out
    with book.as_(SYSTEM) as page:
        [outage] = page.find(Search(external_id="branch:7 2027021005"))
    assert f"{outage.window.start:%Y-%m-%dT%H:%M}" == "2027-02-12T05:00"
    assert outage.decision_id is not None


def test_an_owner_asks_another_for_a_swap_in_the_shell_and_a_stranger_is_none(desk, capsys):
    desk[0] = OWNER
    asked = ["plan", "offer", "branch:7 2027021005", "--reason", "crane", "--ask"]
    assert main([*asked, "NOBODY"]) == 2
    assert "no other owner" in capsys.readouterr().err
    assert main([*asked, "GO-1"]) == 0
    assert "GO-1" in capsys.readouterr().out
    desk[0] = Actor(name="cat", organisation="TO-3", role=OWNER.role)
    assert main(["plan", "offers"]) == 0
    assert "No offers." in capsys.readouterr().out
