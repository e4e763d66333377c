"""A season plan that a worker makes: rounds kept, stopped, resumed, written and taken back as one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.adequacy import RatesIssue
from moms.desk import planning, planning_book, submit
from moms.desk.accept import NoSuchPlan, NotSecure, opening
from moms.desk.duties import Task, duties
from moms.desk.plan import plan_season
from moms.desk.planning import (
    Became,
    NoPlanYet,
    NoSuchPlanning,
    NotAPlanning,
    PlanningEnded,
    PlanningUnderWay,
    wanted_of,
)
from moms.desk.planning_book import PlanIsOld
from moms.desk.planning_document import read
from moms.desk.planning_work import WeeksKnown, advance
from moms.desk.ports import NoSuchOutage, NotYours, StaleRevision
from moms.desk.proposal import PROPOSALS, propose
from moms.desk.rates import keep_rates
from moms.desk.wishes import season_of
from moms.desk.work import GaveWay
from moms.outages.guards import ReasonMissing
from moms.schedule._mip import Budget
from moms.schedule.season import Conflict, breaks
from moms.values import SYSTEM, Actor, Role, plain
from tests.desk.test_offers import shared
from tests.desk.test_plan import FIRST, LAST, file, wish
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, a_world, ask

if TYPE_CHECKING:
    from moms.desk.planning import Planning
    from moms.outages import Outage
    from moms.store.book import PostgresBook

LATER = NOW + timedelta(hours=1)
WEEK = wanted_of(first=str(FIRST), last=str(LAST), work=50)
OTHER = Actor(name="bob", organisation="TO-2", role=Role.OWNER)
OWNS = {2: OWNER, 15: OTHER}
NOBODY = Actor(name="aud", organisation="operator", role=Role.AUDITOR)
PLANNER = Actor(name="pat", organisation="operator", role=Role.PLANNER)


def asked(book, *, wanted=WEEK, key="k", actor=ENGINEER) -> Planning:
    return planning.start(book=book, actor=actor, now=LATER, key=key, wanted=wanted, reason="the spring")


def made(book, world, there, *, known=None, **more) -> str:
    return advance(book=book, world=world, now=LATER, planning=there.id, known=known or WeeksKnown(), **more)


def entries(book, there):
    with book.as_(SYSTEM) as page:
        return planning.rounds_of(page, there.id)


def now_of(book, there) -> Planning:
    with book.as_(SYSTEM) as page:
        return planning.find(page, there.id)


def seen(book, world, there, actor=ENGINEER):
    return planning_book.seen(book=book, world=world, actor=actor, planning=there.id)


def write(book, world, there, *, revision=None, actor=ENGINEER):
    return planning_book.write(book=book, world=world, actor=actor, now=LATER, planning=there.id,
                               revision=revision or now_of(book, there).revision)  # fmt: skip


def back(book, world, there, *, revision=None, reason="a mistake"):
    return planning_book.back(book=book, world=world, actor=ENGINEER, now=LATER, planning=there.id, reason=reason,
                              revision=revision or now_of(book, there).revision)  # fmt: skip


def written_lines(book):
    with book.as_(SYSTEM) as page:
        return sum(page.heads().values())


def clash(book, *, either=2, branches=(2, 7, 15, 27, 45)):
    """File wishes that cannot all stand on one day."""
    world = a_world(slack=0.8)
    return world, file(book, world, *(wish(f"branch:{k}", either=either) for k in branches))


def direct(book, world, *, wanted=WEEK):
    """Give the plan that the command line makes of the same, in one go."""
    with book.as_(SYSTEM) as page:
        balances = opening(page, world)
    return plan_season(book=book, world=world, now=LATER, first=wanted.first, last=wanted.last, opening=balances,
                       budget=Budget(nodes=wanted.work), rounds=wanted.rounds)  # fmt: skip


def test_a_plan_made_round_by_round_is_the_plan_made_in_one_go_and_each_round_is_kept(book: PostgresBook) -> None:
    world, _ = clash(book)
    there = asked(book)
    assert made(book, world, there) == "the whole of it is secure"
    whole, rounds = direct(book, world), [e for e in entries(book, there) if e["round"] is not None]
    assert whole.rounds > 1, "or this shows nothing"
    assert [e["round"] for e in rounds] == list(range(1, whole.rounds + 1))
    assert [e["secure"] for e in rounds] == [False] * (whole.rounds - 1) + [True]
    found = now_of(book, there)
    assert (found.became, found.plan) == (Became.ENDED, whole.id)
    best = seen(book, world, there)["plan"]
    assert best["id"] == whole.id
    assert {p["outage"]: p["start"] for p in best["places"]} == {p.outage.id: p.start for p in whole.places}
    assert plain(best["levels"]) == plain([{**_level(v)} for v in whole.levels])


def _level(level):
    gap = 0.0 if level.proved else None if level.bound is None else (level.value - level.bound) / abs(level.value)
    return {"name": level.name, "unit": level.unit, "value": level.value, "bound": level.bound,
            "proved": level.proved, "gap": gap}  # fmt: skip


def test_a_plan_is_read_back_as_it_was_made(book: PostgresBook) -> None:
    world, _ = clash(book)
    there = asked(book)
    made(book, world, there)
    whole = direct(book, world)
    with book.as_(SYSTEM) as page:
        found = read(planning.best_of(entries(book, there)), outage=page.outage, book_version=whole.book_version)
    same = replace(found, drafted=whole.drafted)
    assert plain(same) == plain(whole)
    assert found.drafted.seed == whole.drafted.seed
    assert (found.secure, found.cuts) == (whole.secure, whole.cuts)
    exact = [[replace(p, burden=round(p.burden, 9)) for p in one.places] for one in (found, whole)]
    assert exact[0] == exact[1]


def test_it_gives_way_between_weeks_and_goes_on_without_studying_them_again(book: PostgresBook) -> None:
    world, _ = clash(book)
    there, known = asked(book), WeeksKnown()
    turns = []
    for _ in range(60):
        before = len(known.weeks)
        try:
            says = made(book, world, there, known=known, urgent=lambda: True)
        except GaveWay:
            turns.append(len(known.weeks) - before)
            continue
        break
    assert says == "the whole of it is secure"
    assert len(turns) > 1
    assert set(turns) == {1}, "where something is always urgent it studies one week each turn, and none twice"
    assert now_of(book, there).plan == direct(book, world).id


def test_whoever_goes_on_after_a_death_begins_where_the_rounds_that_are_kept_end(book: PostgresBook) -> None:
    world, _ = clash(book)
    there = asked(book)

    def dies():
        if len(entries(book, there)) >= 1:
            raise SystemExit
        return False

    with pytest.raises(SystemExit):
        made(book, world, there, urgent=dies)
    kept = entries(book, there)
    assert len(kept) == 1
    with pytest.raises(PlanningUnderWay):
        write(book, world, there)
    assert seen(book, world, there)["plan"]["id"] == kept[0]["id"], "the best so far can be looked at"
    assert made(book, world, there) == "the whole of it is secure"
    assert [e["round"] for e in entries(book, there)].count(1) == 1
    assert now_of(book, there).plan == direct(book, world).id
    before = written_lines(book)
    made(book, world, there)
    assert written_lines(book) == before, "made again it writes nothing"


def test_stopped_by_a_person_the_best_so_far_stands_and_is_explained(book: PostgresBook) -> None:
    world, _ = clash(book)
    there = asked(book)

    def stops():
        if len(entries(book, there)) == 1:
            planning.stop(book=book, actor=PLANNER, now=LATER, planning=there.id, revision=1, reason="enough")
        return False

    assert made(book, world, there, urgent=stops) == "it has stopped: enough"
    found = now_of(book, there)
    assert (found.became, found.ended_by, found.revision) == (Became.STOPPED, str(PLANNER), 2)
    best = seen(book, world, there)["plan"]
    assert best["id"] == found.plan
    assert not best["secure"]
    assert all(row["week_earlier"] is not None for row in best["places"])
    with pytest.raises(NotSecure):
        write(book, world, there)
    with pytest.raises(PlanningEnded):
        planning.stop(book=book, actor=ENGINEER, now=LATER, planning=there.id, revision=2, reason="again")


def test_each_step_is_one_entry_and_taken_again_none(book: PostgresBook) -> None:
    world, _ = clash(book, branches=(2, 7))
    before = written_lines(book)
    there = asked(book)
    assert written_lines(book) == before + 1
    assert asked(book) == there
    assert written_lines(book) == before + 1
    made(book, world, there)

    def register(name):
        with book.as_(SYSTEM) as page:
            return len(page.entries(name))

    planning_book.propose(book=book, world=world, actor=ENGINEER, now=LATER, planning=there.id, revision=2)
    planning_book.propose(book=book, world=world, actor=ENGINEER, now=LATER, planning=there.id, revision=2)
    assert register(PROPOSALS) == 1
    first = write(book, world, there, revision=2)
    lines = written_lines(book)
    assert (register("plans"), first.revision) == (1, 3)
    assert write(book, world, there, revision=2) == first
    gone = back(book, world, there, revision=3)
    assert (register("plans"), gone.revision) == (2, 4)
    lines = written_lines(book)
    assert back(book, world, there, revision=3) == gone
    assert written_lines(book) == lines


def test_written_as_one_and_taken_back_as_one(book: PostgresBook) -> None:
    world, filed = clash(book)
    there = asked(book)
    made(book, world, there)
    best = seen(book, world, there)["plan"]
    wrote = write(book, world, there)
    placed = {p["outage"]: p["planned"]["start"] for p in best["places"] if p["planned"]}
    assert {r["outage"] for r in wrote.written["rows"]} == set(placed)
    with book.as_(SYSTEM) as page:
        assert {o.id: plain(page.outage(o.id).asked.window.start) for o in filed} == placed
    after = seen(book, world, there)
    assert set(after["in_the_book"]["moved"]) == {p["outage"] for p in best["places"] if p["moved_days"]}
    assert after["in_the_book"]["taken_back"] is None
    back(book, world, there)
    with book.as_(SYSTEM) as page:
        assert all(page.outage(o.id).asked.window == o.asked.window for o in filed)
    assert seen(book, world, there)["in_the_book"]["taken_back"]["reason"] == "a mistake"
    with pytest.raises(NoSuchPlan):
        back(book, world, there)


def test_a_plan_holds_while_what_it_rests_on_does_and_not_a_change_longer(book: PostgresBook) -> None:
    world, filed = clash(book, branches=(2, 7))
    there = asked(book)
    made(book, world, there)
    far = ask("branch:30", start=NOW + 200 * DAY)
    submit.submit(book=book, world=world, actor=OWNER, now=LATER, request=far)
    with book.as_(SYSTEM) as page:
        version = page.version()
    assert version != seen(book, world, there)["plan"]["book_version"], "the book has gone on"
    assert seen(book, world, there)["as_planned"]
    file(book, world, wish("branch:15"))
    assert not seen(book, world, there)["as_planned"]
    with pytest.raises(PlanIsOld):
        write(book, world, there)
    with book.as_(SYSTEM) as page:
        assert all(page.outage(o.id).asked.window == o.asked.window for o in filed)


def test_outage_rates_that_are_kept_anew_make_a_plan_old(book: PostgresBook) -> None:
    world, _ = clash(book, branches=(2, 7))
    there = asked(book)
    made(book, world, there)
    assert seen(book, world, there)["as_planned"]
    units = tuple(f"gen:{k + 1}" for k in range(len(world.grid.network.units)))
    issue = RatesIssue(issued=LATER, source="a test", unit=units, outage_rate=np.full(len(units), 0.25))
    keep_rates(book=book, world=world, actor=ENGINEER, now=LATER, issue=issue)
    with pytest.raises(PlanIsOld):
        write(book, world, there)


def test_work_that_waits_for_other_work_is_not_moved_before_it_by_a_week_earlier(book: PostgresBook) -> None:
    world = a_world(slack=2.0)
    early = replace(wish("branch:2", either=0), external_id="early")
    late = replace(wish("branch:7", either=9), external_id="late", after=("early",))
    _, waits = file(book, world, early, late)
    there = asked(book, wanted=wanted_of(first="2027-02-02", last="2027-02-21", work=100))
    made(book, world, there)
    why = planning_book.explained(book=book, actor=ENGINEER, planning=there.id, outage=waits.id)
    assert why["row"]["moved_days"] > 0, "it was asked for the same day"
    assert not why["week_earlier"]["possible"]
    assert "finds no place there" in why["week_earlier"]["says"]


def test_a_book_that_goes_on_while_it_is_planned_is_planned_as_it_then_is(book: PostgresBook) -> None:
    world, _ = clash(book, branches=(2, 7))
    there = asked(book)
    came: list[Outage] = []

    def comes():
        if not came:
            came.extend(file(book, world, wish("branch:15")))
        return False

    assert made(book, world, there, urgent=comes) == "the whole of it is secure"
    best = seen(book, world, there)
    assert came[0].id in {p["outage"] for p in best["plan"]["places"]}
    assert best["as_planned"]
    write(book, world, there)


def test_a_week_earlier_moves_as_few_as_any_choice_of_starts_would(book: PostgresBook) -> None:
    world, filed = clash(book, either=8, branches=(2, 7, 15))
    wanted = wanted_of(first="2027-02-02", last="2027-02-21", work=400)
    there = asked(book, wanted=wanted)
    made(book, world, there)
    best = seen(book, world, there)["plan"]
    season = season_of(world, pending=filed, holding=(), first=wanted.first, last=wanted.last, now=LATER)
    plan = {p["outage"]: p["start"] for p in best["places"]}
    sets = tuple(
        Conflict(jobs=tuple(c["requests"]), first_day=c["first_day"], end_day=c["end_day"]) for c in best["cuts"]
    )
    problem, tried = replace(season.problem, conflicts=sets), 0
    for row in best["places"]:
        name, answer = row["outage"], row["week_earlier"]
        others = [n for n in plan if n != name]
        fewest = None
        for starts in product(*((*problem.starts[n],) for n in others)):
            choice = {name: plan[name] - 7, **dict(zip(others, starts, strict=True))}
            if not breaks(problem, choice):
                many = sum(choice[n] != plan[n] for n in others)
                fewest = many if fewest is None else min(fewest, many)
        assert answer["possible"] == (fewest is not None), name
        if fewest is not None:
            tried += 1
            assert answer["fewest"]
            assert len(answer["moves"]) == fewest
    assert tried


def test_what_binds_and_who_gave_way_is_explained_and_an_owner_reads_of_its_own_alone(book: PostgresBook) -> None:
    world = shared(slack=0.8)
    mine, theirs = (
        submit.submit(book=book, world=world, actor=who, now=NOW, request=request).outage
        for who, request in ((one, wish(f"branch:{k}", organisation=one.organisation)) for k, one in OWNS.items())
    )
    file(book, world, wish("branch:7"))
    there = asked(book)
    made(book, world, there)
    moved = next(p for p in seen(book, world, there)["plan"]["places"] if p["moved_days"])
    why = planning_book.explained(book=book, actor=ENGINEER, planning=there.id, outage=moved["outage"])
    assert why["binding"]
    assert all(moved["outage"] in one["outages"] for one in why["binding"])
    for other in why["in_the_way"]:
        whole = planning_book.explained(book=book, actor=ENGINEER, planning=there.id, outage=other["outage"])
        assert moved["outage"] in {row["outage"] for row in whole["displaced"]}
    for owner in (OWNER, OTHER):
        with pytest.raises(NoSuchPlanning):
            planning_book.seen(book=book, world=world, actor=owner, planning=there.id)
    assert planning_book.listed(book=book, actor=OWNER) == []
    planning_book.propose(book=book, world=world, actor=ENGINEER, now=LATER, planning=there.id, revision=2)
    assert [row["id"] for row in planning_book.listed(book=book, actor=OWNER)] == [there.id]
    own = planning_book.seen(book=book, world=world, actor=OTHER, planning=there.id)
    assert {row["outage"] for row in own["plan"]["places"]} == {theirs.id}
    assert (own["rounds_done"], own["plan"]["levels"], own["reason"]) == ([], [], "")
    assert {s["owner"] for fair in own["plan"]["fairness"].values() for s in fair["shares"]} == {"TO-2"}
    told = planning_book.explained(book=book, actor=OTHER, planning=there.id, outage=theirs.id)
    assert "MW left" not in json.dumps(plain(told))
    assert not any(row["owner"] for row in told["in_the_way"] if row["outage"] != theirs.id)
    with pytest.raises(NoSuchOutage):
        planning_book.explained(book=book, actor=OTHER, planning=there.id, outage=mine.id)


def test_two_plans_are_compared_by_dates(book: PostgresBook) -> None:
    world, _ = clash(book, branches=(2, 7))
    one = asked(book)
    made(book, world, one)
    file(book, world, wish("branch:15"))
    other = asked(book, key="k2", wanted=wanted_of(first="2027-02-05", last="2027-02-15", work=50))
    made(book, world, other)
    found = planning_book.diff(book=book, actor=NOBODY, before=one.id, after=other.id)
    was, now = ({p["outage"]: p["planned"] for p in seen(book, world, x)["plan"]["places"]} for x in (one, other))
    assert {r["outage"] for r in found["moved"]} == {n for n in was if was[n] != now[n]}
    assert found["same"] == sum(was[n] == now[n] for n in was)
    assert {r["outage"] for r in found["only_in_one"]} == set(now) - set(was)
    same = planning_book.diff(book=book, actor=ENGINEER, before=one.id, after=one.id)
    assert (same["moved"], same["only_in_one"]) == ([], [])
    assert all(row["before"] == row["after"] for row in same["levels"])


def test_a_plan_that_is_asked_for_is_due_until_it_has_ended(book: PostgresBook) -> None:
    world, _ = clash(book, branches=(2,))
    there = asked(book)

    def due():
        with book.as_(SYSTEM) as page:
            return [d for d in duties(page, rules=world.rules.clock, now=LATER) if d.task == Task.PLAN]

    assert [(d.subject, d.organisation, d.at) for d in due()] == [(there.id, "operator", LATER)]
    made(book, world, there)
    assert due() == []


def test_what_cannot_be_planned_says_so_with_the_field(book: PostgresBook) -> None:
    world, _ = clash(book, branches=(2,))
    for words, field in (
        ({"first": "soon", "last": "2027-02-14"}, "from"), ({"first": "2027-02-08", "last": "x"}, "to"),
        ({"first": "2027-02-08", "last": "2027-02-07"}, "to"), ({"first": "2027-02-08", "last": "2029-02-07"}, "to"),
        ({"first": "2027-02-08", "last": "2027-02-09", "rounds": 0}, "rounds"),
        ({"first": "2027-02-08", "last": "2027-02-09", "work": 10**9}, "work"),
        ({"first": "2027-02-08", "last": "2027-02-09", "flex_days": -1}, "flex"),
    ):  # fmt: skip
        with pytest.raises(NotAPlanning) as why:
            wanted_of(**words)
        assert why.value.field == field
    with pytest.raises(ReasonMissing):
        planning.start(book=book, actor=ENGINEER, now=LATER, key="k", wanted=WEEK, reason="  ")
    for who in (OWNER, NOBODY):
        with pytest.raises(NotYours):
            asked(book, actor=who)
    there = asked(book, actor=PLANNER)
    with pytest.raises(PlanningUnderWay):
        asked(book, key="another")
    with pytest.raises(NotAPlanning):
        asked(book, actor=PLANNER, wanted=replace(WEEK, rounds=3))
    with pytest.raises(NoPlanYet):
        write(book, world, there)
    with pytest.raises(StaleRevision):
        planning.stop(book=book, actor=ENGINEER, now=LATER, planning=there.id, revision=7, reason="x")
    with pytest.raises(NoSuchPlanning):
        planning.stop(book=book, actor=ENGINEER, now=LATER, planning="SP-X", revision=1, reason="x")
    with pytest.raises(NotYours):
        write(book, world, there, actor=PLANNER)


def test_a_grid_on_which_nothing_can_be_planned_ends_it_with_the_reason(book: PostgresBook) -> None:
    world, _ = clash(book, branches=(2,))
    there = asked(book)
    bare = replace(world, grid=replace(world.grid, zones=None))
    assert made(book, bare, there).startswith("no plan: ")
    found = now_of(book, there)
    assert (found.became, found.plan) == (Became.FAILED, "")
    assert found.said


def test_a_plan_of_the_command_line_and_of_the_service_are_the_same_proposal(book: PostgresBook) -> None:
    world, _ = clash(book, branches=(2, 7))
    there = asked(book)
    made(book, world, there)
    whole = direct(book, world)
    propose(book=book, actor=ENGINEER, now=LATER, plan=whole)
    planning_book.propose(book=book, world=world, actor=ENGINEER, now=LATER, planning=there.id, revision=2)
    with book.as_(SYSTEM) as page:
        assert len(page.entries(PROPOSALS)) == 1, "it is there already"
