"""A group: studied as one, decided as one, and granted as a whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from moms.desk import operate, settle, submit
from moms.desk.security import secure
from moms.desk.situation import read
from moms.outages import Nature, State, Status
from moms.outages.lifecycle import Verb
from moms.values import SYSTEM, Window
from tests.desk.test_flow import everything, through
from tests.desk.test_kinds import filed
from tests.desk.worlds import ENGINEER, NOW, OWNER, START, a_world, ask
from tests.study.plain import plain_flows

if TYPE_CHECKING:
    from moms.desk.world import World
    from moms.outages import Outage, Request
    from moms.store.book import PostgresBook

HOUR = timedelta(hours=1)


def member(asset: str, *, first: int = 0, hours: int = 4, **changes: object) -> Request:
    request = ask(asset, group="bay 7", **changes)
    start = START + first * HOUR
    return replace(request, window=Window(start=start, end=start + hours * HOUR))


def put(book: PostgresBook, world: World, request: Request) -> Outage:
    done = submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=request)
    assert done.outage is not None, done.findings
    return done.outage


def at(book: PostgresBook, key: str) -> Outage:
    with book.as_(SYSTEM) as page:
        return page.outage(key)


def test_the_first_of_a_group_waits_for_the_others_and_all_are_decided_together(book: PostgresBook) -> None:
    world = a_world()
    first = through(book, world, member("branch:3"))
    assert first.record["outcome"] == "refer"
    assert "no other outage of the group 'bay 7' is filed" in first.record["says"]
    second = through(book, world, member("branch:12", first=2))
    assert second.record["outcome"] == "approve"
    assert first.outage.id in second.says
    stored = at(book, first.outage.id)
    assert (stored.state, stored.status) == (State.DECIDED, Status.APPROVED)
    with book.as_(SYSTEM) as page:
        records = [page.decision(at(book, k).decision_id) for k in (first.outage.id, second.outage.id)]
        assert [e.verb for e in page.history(first.outage.id)][-1] == "decide:approve"
    assert [r["evidence"]["together"] for r in records] == [[second.outage.id], [first.outage.id]]
    assert records[0]["evidence"]["security"] == records[1]["evidence"]["security"], "one study for both"
    row = next(r for r in records[0]["rules"] if r["rule"] == "DEC-GROUP-1")
    assert second.outage.id in row["says"]


def test_each_is_out_in_its_own_hours_and_no_longer() -> None:
    world = a_world()
    one, two = filed(member("branch:3")), replace(filed(member("branch:12", first=2)), id="OTG-2")
    apart = replace(filed(member("branch:20", first=30)), id="OTG-3")
    found = secure(world, one, (), book="book", window=one.window, now=NOW, group=(two, apart))
    out = {label: tuple(part.request.branches.tolist()) for part in found.slices for label in part.hours.label}
    hour = [(START + k * HOUR).strftime("%Y-%m-%dT%H:%MZ") for k in range(40)]
    expected = {hour[k]: rows for k, rows in enumerate([(2,), (2,), (2, 11), (2, 11), (11,), (11,)])}
    assert out == expected | {hour[30 + k]: (19,) for k in range(4)}


def test_a_group_causes_what_a_solution_of_every_case_says() -> None:
    world = a_world(slack=0.5)
    one, two = filed(member("branch:3")), replace(filed(member("branch:12", first=2)), id="OTG-2")
    found = secure(world, one, (), book="book", window=one.window, now=NOW, group=(two,))
    causes = {
        (c.contingency, c.element)
        for c in found.security.crossings
        if c.contingency is not None and c.contingency.startswith("branch:")
    }
    assert causes == by_hand(found.slices)
    assert causes


def by_hand(slices) -> set[tuple[str, str]]:
    pairs = set()
    for part in slices:
        limit = part.network.branches.rate_b_mw[:, None]
        injection, gone = part.hours.injection_mw(part.network), part.request.branches
        for k in range(len(limit)):
            if k in gone:
                continue
            after = np.abs(plain_flows(part.network, injection, np.append(gone, k)))
            before = np.abs(plain_flows(part.network, injection, np.array([k])))
            worse = np.where(before > limit, after - before >= 0.01 * limit, True)
            rows, _ = np.nonzero((after > limit + 1e-6) & worse)
            pairs |= {(f"branch:{k + 1}", f"branch:{row + 1}") for row in rows if row != k}
    return pairs


def test_where_one_needs_a_person_none_is_granted(book: PostgresBook) -> None:
    world = a_world()
    first = put(book, world, member("branch:3", nature=Nature.RELAY))
    second = through(book, world, member("branch:12"))
    assert second.record["outcome"] == "refer"
    assert second.record["decisive"] == ["DEC-GROUP-1"]
    assert f"{first.id} goes to an engineer (protection" in second.record["says"]
    stored = at(book, first.id)
    assert (stored.state, stored.status) == (State.IN_STUDY, Status.NONE)
    with book.as_(SYSTEM) as page:
        assert page.decision(stored.decision_id)["decisive"] == ["SPECIAL-12"]


def test_a_group_that_together_exceeds_a_limit_is_not_denied_unlooked(book: PostgresBook) -> None:
    world = a_world(slack=0.6)
    put(book, world, member("branch:3"))
    second = through(book, world, member("branch:12"))
    assert second.record["evidence"]["security"]["crossings"]
    assert second.record["outcome"] == "refer"
    assert "other dates for a whole group are not looked for" in second.record["says"]


def test_a_denied_member_is_named_and_the_rest_waits_for_its_owner(book: PostgresBook) -> None:
    world = a_world()
    lone = through(book, world, member("branch:3"))
    settle.by_person(
        book=book, world=world, actor=ENGINEER, now=NOW, outage_id=lone.outage.id, outcome="deny", reason="no spare"
    )
    second = through(book, world, member("branch:12"))
    assert second.record["outcome"] == "refer"
    assert f"{lone.outage.id} of its group was denied" in second.record["says"]


def test_a_withdrawn_member_is_noted_and_the_rest_is_decided(book: PostgresBook) -> None:
    world = a_world()
    gone = put(book, world, member("branch:20"))
    operate.step(book=book, world=world, actor=OWNER, now=NOW, outage_id=gone.id, verb=Verb.CANCEL, reason="no crew")
    put(book, world, member("branch:3"))
    second = through(book, world, member("branch:12"))
    assert second.record["outcome"] == "approve"
    assert f"{gone.id} of its group was withdrawn" in second.record["notes"]


def test_a_later_member_is_studied_with_the_others_standing(book: PostgresBook) -> None:
    world = a_world()
    keys = [put(book, world, member("branch:3")).id, through(book, world, member("branch:12")).outage.id]
    third = through(book, world, member("branch:20"))
    assert third.record["outcome"] == "approve"
    assert third.record["evidence"]["overlapping"] == sorted(keys)
    assert third.record["evidence"]["together"] == []


def test_a_preview_of_a_group_writes_nothing(book: PostgresBook) -> None:
    world = a_world()
    put(book, world, member("branch:3"))
    before = everything(book)
    seen = submit.preview(book=book, world=world, actor=OWNER, now=NOW, request=member("branch:12"))
    found = settle.decide(
        book=book, world=world, now=NOW, outage_id="", asked_by=SYSTEM, preview=True, unfiled=seen.outage
    )
    assert found.record["outcome"] == "approve"
    assert "Decided with it" in found.says
    assert everything(book) == before


def test_a_group_whose_member_moved_meanwhile_is_decided_again(book: PostgresBook) -> None:
    world = a_world()
    first, second = put(book, world, member("branch:3")), put(book, world, member("branch:12"))
    with book.as_(SYSTEM) as page:
        before = read(page, page.outage(second.id), window=second.window, now=NOW)
    operate.step(book=book, world=world, actor=OWNER, now=NOW, outage_id=first.id, verb=Verb.CANCEL, reason="no crew")
    with book.as_(SYSTEM) as page:
        after = read(page, page.outage(second.id), window=second.window, now=NOW)
    assert before.digest != after.digest
    assert [o.id for o in before.group] == [first.id]
    assert after.group == ()


def test_a_group_takes_its_units_from_the_margin_together(book: PostgresBook) -> None:
    world, owner = a_world(), replace(OWNER, organisation="GO-1")
    for asset in ("gen:3", "gen:4"):
        request = replace(ask(asset), group="spring", window=ask().window)
        done = submit.submit(book=book, world=world, actor=owner, now=NOW, request=request)
        assert done.outage is not None, done.findings
    answer = settle.decide(book=book, world=world, now=NOW, outage_id=done.outage.id, asked_by=SYSTEM)
    network = world.grid.network
    units, zone = network.units, network.buses.zone[network.units.bus]
    both = sum(float(units.p_max_mw[k] * (1 - units.outage_rate[k])) for k in (2, 3) if zone[k] >= 0)
    assert both > 0
    assert abs(answer.record["evidence"]["adequacy"]["removed_mw"] - both) < 1e-3
