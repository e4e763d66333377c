"""The season plan of the book: drafted, improved, studied whole, written and taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.adequacy import Taken, margin
from moms.desk import settle, submit
from moms.desk.accept import BookedAlready, NoSuchPlan, NotSecure, accept, ledger_of, opening, take_back
from moms.desk.plan import plan_season
from moms.desk.ports import BookMoved, NotYours
from moms.desk.rounds import read_season
from moms.desk.security import secure
from moms.desk.whole import whole
from moms.desk.wishes import NotASeason, season_of
from moms.ledger import Kind, Tampered
from moms.outages import Category, State
from moms.outages import Kind as Work
from moms.outages.policy import Blackout
from moms.records.accounts import read_ledger, register_of
from moms.schedule._mip import Budget
from moms.study import some_hours
from moms.values import SYSTEM, Actor, Level, Role, Window
from tests.desk.test_group import by_hand
from tests.desk.worlds import BOOK, DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from moms.desk.plan import SeasonPlan
    from moms.desk.world import World
    from moms.outages import Outage, Request
    from moms.store.book import PostgresBook

FIRST, LAST = date(2027, 2, 8), date(2027, 2, 14)
WORK = Budget(nodes=50)
GENERATION_OWNER = Actor(name="gil", organisation="GO-1", role=Role.OWNER)


def wish(asset: str, *, days: int = 1, either: int = 2, **changes: object) -> Request:
    """Give a request whose owner accepts a start so many days either side."""
    request = ask(asset, days=days, **changes)
    window = request.window
    return replace(request, earliest_start=window.start - either * DAY, latest_end=window.end + either * DAY)


def file(book: PostgresBook, world: World, *requests: Request) -> list[Outage]:
    found = []
    for k, request in enumerate(requests):
        who = GENERATION_OWNER if request.organisation == "GO-1" else OWNER
        at = NOW + timedelta(minutes=k)
        done = submit.submit(book=book, world=world, actor=who, now=at, request=request)
        assert done.outage is not None, done.findings
        found.append(done.outage)
    return found


def planned(book: PostgresBook, world: World, **changes: object) -> SeasonPlan:
    with book.as_(SYSTEM) as page:
        balances = opening(page, world)
    given = {"first": FIRST, "last": LAST, "budget": WORK, **changes}
    return plan_season(book=book, world=world, now=NOW + DAY / 24, opening=balances, **given)


def test_what_is_insecure_together_is_moved_apart_until_the_whole_is_clean(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    filed = file(book, world, *(wish(f"branch:{k}") for k in (2, 7, 15, 27, 45)))
    together = whole(world, planned=filed, holding=(), now=NOW)
    assert not together.secure, "the wishes themselves must not stand together, or this shows nothing"
    plan = planned(book, world)
    assert plan.secure
    assert plan.cuts
    assert len([p for p in plan.places if p.window]) == 5
    moved = [
        replace(p.outage, request=replace(p.outage.request, window=p.window), window=p.window) for p in plan.places
    ]
    first, *rest = moved
    studied = secure(world, first, (), book="again", window=first.window, now=NOW, group=rest)
    assert by_hand(studied.slices) == set(), "solving every case of every hour by itself finds nothing either"


def test_each_cut_is_insecure_and_without_any_member_it_is_not(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    filed = {o.id: o for o in file(book, world, *(wish(f"branch:{k}") for k in (2, 7, 15, 27, 35, 38, 45)))}
    plan = planned(book, world)
    assert len(plan.cuts) > 1
    for cut in plan.cuts:
        some = [filed[name] for name in cut.requests]  # all were asked for the same day, whose hours are alike
        first, *rest = some
        assert by_hand(secure(world, first, (), book="x", window=first.window, now=NOW, group=rest).slices)
        for less in combinations(some, len(some) - 1):
            one, *others = less
            slices = secure(world, one, (), book="x", window=one.window, now=NOW, group=others).slices
            label = cut.seen[0].at
            assert label not in _bad_hours(slices), f"{cut.requests} without one member"


def _bad_hours(slices) -> set[str]:
    """Name the hours in which a solution of every case finds something: each hour by itself."""
    bad = set()
    for part in slices:
        for k, label in enumerate(part.hours.label):
            hours = some_hours(part.hours, np.array([k]))
            if by_hand([replace(part, hours=hours, hours_without=hours)]):
                bad.add(label)
    return bad


def test_no_other_choice_of_starts_places_more(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    file(book, world, *(wish(f"branch:{k}", either=1) for k in (2, 7, 15)))
    plan = planned(book, world)
    season = season_of(
        world, pending=[p.outage for p in plan.places], holding=(), first=FIRST, last=LAST, now=NOW + DAY / 24
    )
    names = [j.id for j in season.problem.jobs]
    best = 0
    for starts in product(*((None, *season.problem.starts[n]) for n in names)):
        chosen = {n: s for n, s in zip(names, starts, strict=True) if s is not None}
        if len(chosen) <= best:
            continue
        outages = []
        for name, start in chosen.items():
            window, outage = season.window(name, start), season.outages[name]
            outages.append(replace(outage, request=replace(outage.request, window=window), window=window))
        best = len(chosen) if whole(world, planned=outages, holding=(), now=NOW + DAY / 24).secure else best
    assert sum(p.window is not None for p in plan.places) == best == 3


def test_an_owner_who_accepts_no_other_dates_is_not_moved(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    fixed, free = file(book, world, ask("branch:2"), wish("branch:7"))
    plan = planned(book, world)
    places = {p.outage.id: p for p in plan.places}
    assert places[fixed.id].moved_days == 0
    assert places[free.id].moved_days != 0
    assert places[free.id].in_the_way == (fixed.id,)
    assert places[fixed.id].displaced == (free.id,)
    assert "may not be out together" in places[free.id].says


def test_a_group_is_moved_as_one_where_only_one_of_it_cannot_stand_where_it_was_asked(book: PostgresBook) -> None:
    """Branches 2 and 7 cannot be out together: whoever of the group could stand there goes along."""
    world = a_world(slack=0.8)
    fixed, *rest = file(book, world, ask("branch:2"), *(wish(f"branch:{k}", group="bay 7") for k in (7, 45)))
    plan = planned(book, world)
    places = {p.outage.id: p for p in plan.places}
    assert plan.secure
    assert places[fixed.id].moved_days == 0
    one, two = (places[o.id] for o in rest)
    assert one.window is not None
    assert one.moved_days == two.moved_days != 0
    assert two.in_the_way == (fixed.id,), "what keeps its companion from there keeps it too"
    assert "with it goes" in two.says


def test_a_group_with_no_place_for_one_of_it_waits_whole(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    _, bound, free = file(
        book, world, ask("branch:2"), ask("branch:7", group="bay 7"), wish("branch:45", group="bay 7")
    )
    places = {p.outage.id: p for p in planned(book, world).places}
    assert places[bound.id].window is None
    assert places[free.id].window is None


def test_a_group_is_written_whole_or_not_at_all(book: PostgresBook) -> None:
    """One of the group would go with the other, but its owner has not said that it accepts those dates."""
    world = a_world(slack=0.8)
    _, loose, bound = file(
        book, world, ask("branch:2"), wish("branch:7", group="bay 7"), ask("branch:45", group="bay 7")
    )
    plan = planned(book, world, flex_days=3)
    places = {p.outage.id: p for p in plan.places}
    assert places[loose.id].moved_days == places[bound.id].moved_days != 0
    assert (places[loose.id].accepted, places[bound.id].accepted) == (True, False)
    kept = dict(accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=plan).kept)
    assert set(kept) == {loose.id, bound.id}
    assert kept[loose.id].startswith(f"{bound.asked.external_id} of its group stays: its owner has not said")
    with book.as_(SYSTEM) as page:
        assert page.outage(loose.id).asked.window == loose.asked.window


def test_a_plan_keeps_out_of_the_blackouts_of_the_rule_book(book: PostgresBook) -> None:
    """Branches 2 and 7 cannot be out together; of the days on which one could be instead, one is open."""
    span = Window(start=START - 3 * DAY, end=START)
    shut = Blackout(name="test week", window=span, categories=(Category.TRANSMISSION,), level=Level.BLOCK, source="x")
    noted = replace(shut, name="noted", window=Window(start=START + DAY, end=START + 2 * DAY), level=Level.FLAG)
    world = a_world(slack=0.8, entry=replace(BOOK.entry, blackouts=(shut, noted)))
    fixed, free = file(book, world, ask("branch:2"), wish("branch:7", either=1))
    plan = planned(book, world)
    places = {p.outage.id: p for p in plan.places}
    assert (places[fixed.id].moved_days, places[free.id].moved_days) == (0, 1), "a blackout that only flags bars nobody"
    assert accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=plan).kept == ()
    whole_week = replace(shut, window=Window(start=START - 3 * DAY, end=START + 4 * DAY))
    closed = replace(world, rules=replace(world.rules, entry=replace(BOOK.entry, blackouts=(whole_week,))))
    _, pending, holding = read_season(book, FIRST, LAST)
    season = season_of(closed, pending=pending, holding=holding, first=FIRST, last=LAST, now=NOW)
    assert {j.only for j in season.problem.jobs} == {()}


def test_supposed_flexibility_is_shown_and_never_written(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    one, two = file(book, world, ask("branch:2"), ask("branch:7"))
    plan = planned(book, world, flex_days=3)
    assert plan.secure
    moved = next(p for p in plan.places if p.moved_days)
    assert not moved.accepted
    wrote = accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=plan)
    assert wrote.moved == ()
    assert [name for name, _ in wrote.kept] == [moved.outage.id]
    with book.as_(SYSTEM) as page:
        assert page.outage(moved.outage.id) == next(o for o in (one, two) if o.id == moved.outage.id)


def test_a_plan_with_no_room_says_who_waits_and_what_is_binding(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    file(book, world, ask("branch:2"), ask("branch:7"))
    plan = planned(book, world)
    waits = next(p for p in plan.places if p.window is None)
    assert plan.secure
    assert "no place" in waits.says
    assert waits.in_the_way


def test_margin_is_never_taken_below_zero_by_a_plan(book: PostgresBook) -> None:
    roomy = a_world(slack=4.0)
    zones, hours = roomy.grid.zones, Window(start=START - 2 * DAY, end=START + 5 * DAY).clock_hours()
    assert zones is not None
    tight, least = roomy, {r.name: m.min() for r, m in _margins(roomy, hours)}
    limits = [float(zones.import_limit_mw[k]) - least[f"zone {n} P90"] + 180.0 for k, n in enumerate(zones.name)]
    tight = replace(roomy, grid=replace(roomy.grid, zones=replace(zones, import_limit_mw=np.array(limits))))
    fuel = roomy.grid.network.units.fuel
    units = [f"gen:{k + 1}" for k in range(len(fuel)) if fuel[k] in {"coal", "ng"}]
    file(book, tight, *(wish(u, either=3) for u in units))
    plan = planned(book, tight)
    assert plan.hurt == ()
    assert any(p.moved_days or p.window is None for p in plan.places), "there was too little room for all on one day"
    placed = [p for p in plan.places if p.window is not None]
    assert len(placed) > len(units) / 2
    taken = [Taken(unit=int(p.outage.request.assets[0][4:]) - 1, window=p.window) for p in placed if p.window]
    assert min(m.min() for _, m in _margins(tight, hours, taken)) >= 0


def _margins(world: World, hours, taken=()):
    found = margin(grid=world.grid, starts=hours, taken=taken, rules=world.rules.margin)
    return zip(found.rows, found.margin_mw, strict=True)


def test_what_is_not_planned_is_named_with_the_reason(book: PostgresBook) -> None:
    world = a_world()
    far = wish("branch:12", start=START + 30 * DAY)
    urgent = ask("branch:14", kind=Work.URGENT)
    names = [o.id for o in file(book, world, wish("branch:3"), urgent, replace(far, earliest_start=START))]
    late = planned(book, world, last=date(2027, 3, 20))
    assert {p.outage.id for p in late.places} == {names[0], names[2]}
    assert dict(late.left_out)[names[1]].startswith("urgent work")
    assert names[2] not in {p.outage.id for p in planned(book, world).places}


def test_equal_inputs_give_the_same_plan(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    file(book, world, *(wish(f"branch:{k}") for k in (2, 7, 15, 27)))
    one, two = planned(book, world), planned(book, world)
    assert one == two
    assert one.id == two.id


def test_a_written_plan_moves_books_and_decides_nothing(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    filed = {o.id: o for o in file(book, world, *(wish(f"branch:{k}") for k in (2, 7, 15)))}
    plan = planned(book, world)
    wrote = accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=plan)
    assert wrote.moved
    with book.as_(SYSTEM) as page:
        for place in plan.places:
            there = page.outage(place.outage.id)
            assert there.pending
            assert there.state == State.VALIDATED
            assert there.asked.window == place.window
            assert there.stamp == filed[there.id].stamp, "a move the operator asked for keeps the stamp"
            assert f"plan {plan.id}" in "".join(e.reason for e in page.history(there.id))
        ledger = ledger_of(page, world, Kind.TRANSMISSION)
        assert ledger.total_milli == 0
        assert ledger.held_milli == {p.outage.id: p.price_milli for p in plan.places}
        assert ledger.of("TO-1") == -sum(p.price_milli for p in plan.places) < 0


def test_a_plan_taken_back_leaves_the_requests_and_balances_as_they_were(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    filed = {o.id: o for o in file(book, world, *(wish(f"branch:{k}") for k in (2, 7, 15)))}
    plan = planned(book, world)
    accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=plan)
    back = take_back(book=book, world=world, actor=ENGINEER, now=NOW + 2 * DAY, plan=plan.id, reason="storm")
    assert back.kept == ()
    with book.as_(SYSTEM) as page:
        for name, before in filed.items():
            now = page.outage(name)
            assert (now.asked.window, now.stamp, now.state) == (before.asked.window, before.stamp, before.state)
        ledger = ledger_of(page, world, Kind.TRANSMISSION)
        assert ledger.of("TO-1") == 0
        assert ledger.held_milli == {}
    with pytest.raises(NoSuchPlan):
        take_back(book=book, world=world, actor=ENGINEER, now=NOW + 2 * DAY, plan=plan.id, reason="storm")
    again = planned(book, world)
    assert {p.outage.id: p.window for p in again.places} == {p.outage.id: p.window for p in plan.places}


def test_what_went_on_since_is_kept_when_a_plan_is_taken_back(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    file(book, world, *(wish(f"branch:{k}") for k in (2, 7)))
    plan = planned(book, world)
    accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=plan)
    first = plan.places[0].outage.id
    answer = settle.decide(book=book, world=world, now=NOW + DAY, outage_id=first, asked_by=SYSTEM)
    assert answer.outage is not None
    assert not answer.outage.pending
    back = take_back(book=book, world=world, actor=ENGINEER, now=NOW + 2 * DAY, plan=plan.id, reason="storm")
    assert [name for name, _ in back.kept] == [first]
    with book.as_(SYSTEM) as page:
        assert set(ledger_of(page, world, Kind.TRANSMISSION).held_milli) == {first}


def test_a_plan_is_written_once_by_an_engineer_on_the_book_it_was_made_for(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    file(book, world, wish("branch:2"), wish("branch:7"))
    plan = planned(book, world)
    for who in (OWNER, replace(ENGINEER, role=Role.AUDITOR), replace(ENGINEER, organisation="TO-1")):
        with pytest.raises(NotYours):
            accept(book=book, world=world, actor=who, now=NOW, plan=plan)
    dirty = replace(plan, found=replace(plan.found, bad_points=1))
    with pytest.raises(NotSecure):
        accept(book=book, world=world, actor=ENGINEER, now=NOW, plan=dirty)
    file(book, world, wish("branch:20"))
    with pytest.raises(BookMoved):
        accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=plan)
    fresh = planned(book, world)
    accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=fresh)
    with pytest.raises(BookedAlready):
        accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=planned(book, world))


def test_an_owner_sees_neither_ledgers_nor_plans(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    file(book, world, wish("branch:2"), wish("branch:7"))
    accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=planned(book, world))
    with book.as_(OWNER) as page:
        assert page.entries(register_of(Kind.TRANSMISSION)) == ()
        assert page.entries("plans") == ()
    with pytest.raises(NotYours), book.as_(OWNER) as page:
        page.enter("plans", {"plan": "P-mine"})


def test_a_changed_entry_of_a_ledger_is_refused(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    file(book, world, wish("branch:2"), wish("branch:7"))
    accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=planned(book, world))
    with book.as_(SYSTEM) as page:
        text = json.dumps(page.entries(register_of(Kind.TRANSMISSION)))
    amount = json.loads(text)[0]["event"]["postings"][0]["amount_milli"]
    changed = json.loads(text.replace(f'"amount_milli": {amount}', f'"amount_milli": {amount - 1}', 1))
    with pytest.raises(Tampered, match="entry 1"):
        read_ledger(changed, kind=Kind.TRANSMISSION, rules="x")


def test_days_out_of_order_and_an_empty_season(book: PostgresBook) -> None:
    world = a_world()
    with pytest.raises(NotASeason, match="days"):
        planned(book, world, first=LAST, last=FIRST)
    empty = planned(book, world)
    assert (empty.places, empty.secure, empty.rounds) == ((), True, 1)
