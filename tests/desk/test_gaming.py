"""What looks like gaming in the book: seen with its evidence, looked at by a person, and deciding nothing."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from moms.cli import main
from moms.cli.commands import _plan_audit
from moms.desk import settle
from moms.desk.gaming import NoSuchSuspicion, NothingSaid, cases, look_at, suspicions
from moms.desk.headroom import NotASeason
from moms.desk.ports import NotYours
from moms.outages import Kind, State, Status
from moms.values import SYSTEM, Role, Window
from moms.wiring.office import Office
from moms.wiring.settings import Settings
from tests.desk.test_kinds import filed
from tests.desk.test_plan import file, wish
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from moms.desk.gaming import Case
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.store.book import PostgresBook

FIRST, LAST = date(2027, 2, 1), date(2027, 4, 30)
WHEN = {"first": FIRST, "last": LAST}


def seen(book: PostgresBook, world: World) -> list[Case]:
    return list(cases(book=book, world=world, actor=ENGINEER, **WHEN))


def an_outage(asset: str, day: int, *, days: int = 1, **changes: object) -> Outage:
    status = changes.pop("status", Status.NONE)
    state = changes.pop("state", State.SUBMITTED)
    organisation = str(changes.pop("organisation", "TO-1"))
    name = f"{organisation} {asset} {day}"
    request = ask(asset, organisation=organisation, external_id=name, **changes)
    request = replace(request, window=Window(start=START + day * DAY, end=START + (day + days) * DAY))
    return replace(filed(request), id=name, window=request.window, state=state, status=status)


def rules(world: World, *outages: Outage) -> dict[str, tuple[str, ...]]:
    return {s.rule: s.requests for s in suspicions(world, outages, first=FIRST)}


def test_four_tentative_places_of_one_work_are_hoarding_and_three_are_not() -> None:
    world = a_world()
    four = [an_outage("branch:2", 10 * k) for k in range(4)]
    assert set(rules(world, *four)["LEDGER-HOARD"]) == {o.id for o in four}
    assert rules(world, *four[:2]) == {}
    gone = [replace(o, state=State.WITHDRAWN) for o in four]
    assert rules(world, *gone) == {}, "what was given up holds nothing"


def test_one_work_in_pieces_is_seen_where_the_pieces_nearly_touch() -> None:
    world = a_world()
    pieces = [an_outage("branch:2", 0), an_outage("branch:2", 2)]
    assert set(rules(world, *pieces)["LEDGER-SPLIT"]) == {o.id for o in pieces}
    assert rules(world, pieces[0], an_outage("branch:2", 9)) == {}
    assert rules(world, pieces[0], an_outage("branch:3", 2)) == {}


def test_denied_and_then_forced_is_seen_on_the_same_equipment_only() -> None:
    world = a_world()
    was = an_outage("branch:2", 5, state=State.DECIDED, status=Status.DENIED)
    broke = an_outage("branch:2", 8, kind=Kind.FORCED, state=State.ACTIVE, status=Status.APPROVED)
    assert set(rules(world, was, broke)["LEDGER-FORCED"]) == {was.id, broke.id}
    elsewhere = an_outage("branch:3", 8, kind=Kind.FORCED, state=State.ACTIVE, status=Status.APPROVED)
    assert rules(world, was, elsewhere) == {}


def test_who_calls_nearly_everything_urgent_is_seen_among_peers() -> None:
    world = a_world()
    peers = [
        an_outage(f"branch:{2 + k}", 9 * k + 40 * o, organisation=f"TO-{o}", kind=Kind.PLANNED if k else Kind.URGENT)
        for o in range(4)
        for k in range(8)
    ]
    liar = [an_outage(f"branch:{12 + k}", 9 * k + 3, organisation="TO-9", kind=Kind.URGENT) for k in range(8)]
    found = [s for s in suspicions(world, [*peers, *liar], first=FIRST) if s.rule == "LEDGER-CLASS"]
    assert [(s.owner, s.says.partition(",")[0]) for s in found] == [("TO-9", "files as urgent or emergency 8 of 8")]
    assert not [s for s in suspicions(world, peers, first=FIRST) if s.rule == "LEDGER-CLASS"]


def test_a_suspicion_waits_for_a_person_and_what_that_said_is_kept(book: PostgresBook) -> None:
    world = a_world()
    file(book, world, wish("branch:2"), replace(wish("branch:2", either=0), external_id="again",
         window=Window(start=START + 2 * DAY, end=START + 3 * DAY), earliest_start=None, latest_end=None))  # fmt: skip
    (one,) = seen(book, world)
    assert one.open
    assert one.suspicion.rule == "LEDGER-SPLIT"
    given = {"book": book, "world": world, "now": NOW, "case": one.id, **WHEN}
    for who in (OWNER, replace(ENGINEER, role=Role.AUDITOR)):
        with pytest.raises(NotYours):
            look_at(**given, actor=who, note="x")
    with pytest.raises(NothingSaid):
        look_at(**given, actor=ENGINEER, note="  ")
    with pytest.raises(NoSuchSuspicion):
        look_at(**{**given, "case": "S-0"}, actor=ENGINEER, note="x")
    for _ in range(2):
        looked = look_at(**given, actor=ENGINEER, note="two stages, as their plan says")
        assert (looked.open, looked.note) == (False, "two stages, as their plan says")
    with book.as_(SYSTEM) as page:
        (entry,) = page.entries("suspicions")
    assert entry["outages"] == list(one.suspicion.requests)
    assert [c.open for c in seen(book, world)] == [False]
    third = replace(ask("branch:2"), external_id="third", window=Window(start=START + 4 * DAY, end=START + 5 * DAY))
    file(book, world, third)
    told = [(c.suspicion.rule, c.open) for c in seen(book, world)]
    assert told == [("LEDGER-HOARD", True), ("LEDGER-SPLIT", True), ("LEDGER-SPLIT", False)], "more is a new one"


def test_a_suspicion_changes_no_decision(book: PostgresBook) -> None:
    world = a_world(slack=4.0)
    second = Window(start=START + 2 * DAY, end=START + 3 * DAY)
    one, _ = file(book, world, ask("branch:2"), replace(ask("branch:2"), external_id="again", window=second))
    assert seen(book, world)
    answer = settle.decide(book=book, world=world, now=NOW + DAY, outage_id=one.id, asked_by=SYSTEM)
    assert answer.record["outcome"] == "approve"


def test_only_the_operator_sees_them_and_days_have_to_be_in_order(book: PostgresBook) -> None:
    world = a_world()
    with pytest.raises(NotYours):
        cases(book=book, world=world, actor=OWNER, **WHEN)
    assert cases(book=book, world=world, actor=replace(ENGINEER, role=Role.AUDITOR), **WHEN) == ()
    with pytest.raises(NotASeason):
        cases(book=book, world=world, actor=ENGINEER, first=LAST, last=FIRST)


def test_the_command_shows_them_and_keeps_what_was_said(book, monkeypatch, tmp_path, capsys) -> None:
    world = a_world()
    second = Window(start=START + 2 * DAY, end=START + 3 * DAY)
    file(book, world, ask("branch:2"), replace(ask("branch:2"), external_id="again", window=second))

    @contextlib.contextmanager
    def office(_args):
        chosen = Settings(home=tmp_path, actor=ENGINEER, now=NOW + DAY, simulated=True, grid="x", rule_book="x")
        yield Office(settings=chosen, book=book, opened=world)

    monkeypatch.setattr(_plan_audit, "office", office)
    days = ["plan", "audit", "--from", "2027-02-01", "--to", "2027-04-30"]
    assert main([*days, "--json"]) == 1
    (one,) = json.loads(capsys.readouterr().out)["suspicions"]
    assert one["rule"] == "LEDGER-SPLIT"
    assert main([*days, "--looked", one["id"]]) == 2
    assert "nothing is said of it" in capsys.readouterr().err
    assert main([*days, "--looked", one["id"], "--note", "two stages"]) == 0
    assert "eve@operator" in (shown := capsys.readouterr().out) or "eve" in shown
    assert "two stages" in shown
