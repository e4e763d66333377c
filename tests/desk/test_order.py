"""Work that waits for other work: the plan brings it after, and leaves out what waits for nothing that can come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from moms.desk import settle
from moms.desk.accept import accept
from moms.desk.order import _in_rings, in_turn, ordered
from moms.desk.rounds import read_season
from moms.desk.wishes import season_of
from moms.outages.lifecycle import Verb, move
from moms.schedule.season import Before
from moms.values import SYSTEM, Window
from tests.desk.test_group import at
from tests.desk.test_kinds import filed
from tests.desk.test_plan import FIRST, LAST, file, planned, wish
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from moms.desk.plan import Place, SeasonPlan
    from moms.desk.wishes import Season
    from moms.desk.world import World
    from moms.store.book import PostgresBook

HOUR = timedelta(hours=1)


def places_of(plan: SeasonPlan) -> dict[str, Place]:
    return {p.outage.asked.external_id: p for p in plan.places}


def read(book: PostgresBook, world: World) -> Season:
    _, pending, holding = read_season(book, FIRST, LAST)
    return season_of(world, pending=pending, holding=holding, first=FIRST, last=LAST, now=NOW + HOUR)


def test_a_plan_brings_work_after_what_it_waits_for_though_it_was_filed_first(book: PostgresBook) -> None:
    """Both wish for the same day, and the one that has to wait has the earlier stamp."""
    world = a_world(slack=2.0)
    late = replace(wish("branch:7"), external_id="late", after=("early",))
    early = replace(wish("branch:20"), external_id="early")
    done = file(book, world, late, early)
    assert [f.rule for f in at(book, done[0].id).findings] == ["ORDER-2"], "nothing of that reference was filed yet"
    plan = planned(book, world)
    assert plan.secure
    found = places_of(plan)
    assert found["early"].moved_days == 0
    assert found["late"].moved_days == 1
    assert "starts before" in found["late"].says
    wrote = accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY, plan=plan)
    assert wrote.kept == ()
    after = at(book, found["late"].outage.id)
    assert after.asked.window.start >= at(book, found["early"].outage.id).asked.window.end
    assert after.findings == (), "where it was moved to, nothing stands against it any more"


def test_a_decision_before_what_it_waits_for_ends_goes_to_a_person(book: PostgresBook) -> None:
    world = a_world(slack=4.0)
    early, late = file(
        book, world, replace(ask("branch:20"), external_id="early"),
        replace(ask("branch:7"), external_id="late", after=("early",)),
    )  # fmt: skip
    answer = settle.decide(book=book, world=world, now=NOW + DAY, outage_id=late.id, asked_by=SYSTEM)
    assert answer.record["outcome"] == "refer"
    assert "it waits for early" in answer.record["says"]
    free = settle.decide(book=book, world=world, now=NOW + DAY, outage_id=early.id, asked_by=SYSTEM)
    assert free.record["outcome"] == "approve"


def test_work_may_begin_on_the_day_on_which_what_it_waits_for_ends_by_their_hours(book: PostgresBook) -> None:
    world = a_world(slack=4.0)
    morning = replace(wish("branch:20"), window=Window(start=START + 8 * HOUR, end=START + 12 * HOUR))
    noon = replace(wish("branch:7"), window=Window(start=START + 12 * HOUR, end=START + 16 * HOUR))
    file(book, world, replace(morning, external_id="a"), replace(noon, external_id="b", after=("a",)))
    (one,) = read(book, world).problem.before
    assert one.lag_days == -1
    assert {p.moved_days for p in planned(book, world).places} == {0}


def test_work_that_waits_for_what_stands_starts_after_it(book: PostgresBook) -> None:
    world = a_world(slack=4.0)
    (stands,) = file(book, world, replace(ask("branch:20", days=2), external_id="stands"))
    settle.decide(book=book, world=world, now=NOW + HOUR, outage_id=stands.id, asked_by=SYSTEM)
    assert at(book, stands.id).holds
    (late,) = file(book, world, replace(wish("branch:7", either=3), external_id="late", after=("stands",)))
    job = read(book, world).problem.job[late.id]
    assert job.only == (4, 5), "the days after it, as far as the owner accepts them and they lie in the season"
    assert places_of(planned(book, world))["late"].moved_days == 2


def test_what_waits_for_nothing_that_can_come_is_left_out_and_so_is_what_waits_for_it(book: PostgresBook) -> None:
    world = a_world(slack=4.0)
    gone, *_ = file(
        book, world, replace(ask("branch:20"), external_id="gone"),
        replace(wish("branch:7"), external_id="b", after=("gone",)),
        replace(wish("branch:12"), external_id="c", after=("b",), group="bay 1"),
        replace(wish("branch:45"), external_id="d", group="bay 1"),
        replace(wish("branch:27"), external_id="e", after=("never",)),
        replace(wish("branch:36"), external_id="free"),
        replace(wish("branch:42"), external_id="far", window=Window(start=START + 40 * DAY, end=START + 41 * DAY),
                earliest_start=None, latest_end=None),
        replace(wish("branch:15"), external_id="g", after=("far",)),
    )  # fmt: skip
    with book.as_(OWNER) as page:
        from moms.desk.submit import event

        before = page.outage(gone.id)
        after = move(before, verb=Verb.WITHDRAW, actor=OWNER, now=NOW + HOUR)
        page.revise(
            after, event(after, actor=OWNER, now=NOW + HOUR, verb=Verb.WITHDRAW, world=world, reason="x", before=before)
        )
    plan = planned(book, world)
    assert set(places_of(plan)) == {"free"}
    left = {at(book, name).asked.external_id: why for name, why in plan.left_out}
    assert "it waits for gone, which is withdrawn" in left["b"]
    assert left["c"] == "it waits for b, which is not planned"
    assert "another outage of its group" in left["d"]
    assert left["e"] == "it waits for never, and no outage of that reference is filed"
    assert left["g"] == "it waits for far, which is not planned"


def test_a_ring_of_three_is_left_out_and_stops_nobody_else() -> None:
    three = [filed(replace(ask(f"branch:{k}"), external_id=f"r{k}", after=(f"r{k % 3 + 1}",))) for k in (1, 2, 3)]
    three = [replace(o, id=f"OTG-{k}") for k, o in enumerate(three)]
    four = replace(filed(replace(ask("branch:4"), external_id="r4")), id="OTG-9")
    found = ordered([*three, four], ())
    assert set(found.left) == {o.id for o in three}


def test_an_owner_names_its_own_outages_only() -> None:
    mine = filed(replace(ask("branch:1"), external_id="a", after=("b",)))
    other = replace(filed(replace(ask("branch:2"), external_id="b", organisation="TO-2")), id="OTG-X")
    found = ordered([mine, other], ())
    assert found.before == ()
    assert "no outage of that reference is filed" in found.left[mine.id]


pairs = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=8)


@given(pairs)
def test_rings_are_those_that_no_order_can_serve(rows: list[tuple[str, str]]) -> None:
    """Beside it: names are taken away whose predecessors are gone, until none can be; who is left hangs on a ring."""
    before = [Before(first=a, then=b) for a, b in rows]
    rings = _in_rings(before)
    loose = [b for b in before if not {b.first, b.then} & rings]
    left, gone = set("abcdef"), set[str]()
    while ready := {n for n in left if all(b.first in gone for b in loose if b.then == n)}:
        left -= ready
        gone |= ready
    assert not left, "without the rings everything has its turn"
    for name in rings:  # each is on a ring: without it, fewer are
        assert name not in _in_rings([b for b in before if name not in {b.first, b.then}])
        assert any(b.first == name for b in before)
    order = in_turn("fedcba", loose)
    assert sorted(order) == list("abcdef")
    assert all(order.index(b.first) < order.index(b.then) for b in loose)
