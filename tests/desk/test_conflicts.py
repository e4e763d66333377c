"""Conflict sets in a denial: each exceeds a limit, and without any one member it does not; solved case by case."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.desk import settle
from moms.desk.assess import assess
from moms.desk.conflicts import conflicts_of
from moms.desk.security import secure
from moms.desk.situation import Situation
from moms.desk.windows import unfiled
from moms.outages import State, Status
from moms.powerflow import DcFactor
from moms.values import SYSTEM, Window
from tests.desk.test_flow import through
from tests.desk.worlds import DAY, NOW, START, a_world, ask
from tests.study.plain import plain_flows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.decide import Conflicts, Evidence
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.store.book import PostgresBook

SPAN = Window(start=START, end=START + DAY)
WORLDS = [(0, 0.8), (0, 0.9), (1, 0.7), (1, 0.9), (2, 0.8), (2, 0.9)]


def out(world: World, branch: int, **changes: object) -> Outage:
    one = unfiled(world, (f"branch:{branch}",), window=SPAN, now=NOW)
    return replace(one, id=f"O{branch}", **changes)


def evidence_of(world: World, outage: Outage, holding: tuple[Outage, ...]) -> Evidence:
    there = Situation(outage=outage, holding=holding, queue=(), version=1)
    return assess(world=world, situation=there, window=SPAN, now=NOW).evidence


@cache
def seen(seed: int, slack: float) -> tuple[World, list[tuple[Outage, tuple[Outage, ...], Conflicts]]]:
    """Fill a book with up to five outages that exceed nothing, and keep what the others are in conflict with."""
    world = a_world(seed=seed, slack=slack)
    book: tuple[Outage, ...] = ()
    found = []
    for branch in range(1, len(world.grid.network.branches) + 1, 3):
        asked = out(world, branch)
        evidence = evidence_of(world, asked, book)
        if evidence.security is None or evidence.missing or evidence.security.self_cut:
            continue
        if not evidence.security.crossings:
            book = (*book, asked) if len(book) < 5 else book
            continue
        conflicts = conflicts_of(world, asked, book, evidence, now=NOW)
        assert conflicts is not None
        found.append((asked, book, conflicts))
    return world, found


def exceeded(world: World, asked: Outage, others: Sequence[Outage]) -> set[tuple[int, int]]:
    """Solve every loss of one branch that leaves the grid whole, and none (-1), with a dense matrix (semantics 1.4)."""
    pairs = set()
    for part in secure(world, asked, others, book="x", window=SPAN, now=NOW).slices:
        lines, injection = part.network.branches, part.hours.injection_mw(part.network)
        without, gone = part.out.branches, np.r_[part.out.branches, part.request.branches]
        for k in range(-1, len(lines)):
            if k in gone:
                continue
            lost = np.array([k][k < 0 :], np.int64)
            limit = (lines.rate_a_mw if k < 0 else lines.rate_b_mw)[:, None]
            try:
                after = np.abs(plain_flows(part.network, injection, np.r_[gone, lost]))
                before = np.abs(plain_flows(part.network, injection, np.r_[without, lost]))
            except np.linalg.LinAlgError:
                continue  # it cuts something off
            worse = np.where(before > limit, after - before >= 0.01 * limit, True)
            pairs |= {(k, row) for row in np.nonzero((after > limit + 1e-6) & worse)[0].tolist() if row != k}
    return pairs


def beyond_the_oracle(world: World, contingency: str | None) -> bool:
    """Tell whether it is a loss that the dense oracle leaves out: of a unit, or one that may cut something off."""
    lost = {c.id: c for c in world.contingencies}.get(contingency or "")
    return lost is not None and (len(lost.units) > 0 or len(lost.branches) > 1 or bridge(world, lost.branches[0]))


def bridge(world: World, row: int) -> bool:
    return bool(DcFactor.of(world.grid.network).bridges()[row])


@pytest.mark.parametrize(("seed", "slack"), WORLDS)
def test_beside_a_cited_set_a_limit_is_exceeded_and_with_any_member_in_service_none_is(seed: int, slack: float) -> None:
    world, found = seen(seed, slack)
    for asked, book, conflicts in found:
        by_id = {o.id: o for o in book}
        for one in conflicts.sets:
            members = [by_id[name] for name in one.outages]
            assert exceeded(world, asked, members) or beyond_the_oracle(world, one.crossing.contingency)
            assert [row.outage for row in one.less_one] == list(one.outages)
            for gone in members:
                rest = [m for m in members if m is not gone]
                assert not exceeded(world, asked, rest), f"{asked.id}: {one.outages} without {gone.id}"


@pytest.mark.parametrize(("seed", "slack"), WORLDS)
def test_with_all_sets_out_of_the_way_the_request_exceeds_nothing(seed: int, slack: float) -> None:
    world, found = seen(seed, slack)
    for asked, book, conflicts in found:
        gone = {name for one in conflicts.sets for name in one.outages}
        rest = tuple(o for o in book if o.id not in gone)
        again = secure(world, asked, rest, book="x", window=SPAN, now=NOW).security
        assert conflicts.rest in {None, again.digest}
        if conflicts.rest is not None:
            assert not again.crossings
        elif any(not one.outages for one in conflicts.sets):
            assert evidence_of(world, asked, ()).security.crossings
        else:
            assert "is not shown" in conflicts.says or "still exceeded" in conflicts.says or not book


def test_these_worlds_show_requests_in_conflict_with_none_with_one_with_two_and_with_several_sets() -> None:
    rows = [c for at in WORLDS for _, _, c in seen(*at)[1]]
    sizes = {len(one.outages) for c in rows for one in c.sets}
    assert {0, 1, 2} <= sizes
    assert any(len(c.sets) > 1 for c in rows)


def test_only_the_part_inside_the_window_is_put_beside_the_request() -> None:
    """An outage that runs on for a month conflicts in the hours of the request, which are all that is studied."""
    world, found = seen(0, 0.9)
    asked, book, conflicts = next(row for row in found if any(s.outages for s in row[2].sets))
    longer = Window(start=START - 9 * DAY, end=START + 30 * DAY)
    long = tuple(replace(o, window=longer, request=replace(o.request, window=longer)) for o in book)
    again = conflicts_of(world, asked, long, evidence_of(world, asked, long), now=NOW)
    assert again == conflicts


def test_an_outage_that_is_late_is_still_in_the_way() -> None:
    world, found = seen(0, 0.9)
    asked, book, conflicts = next(row for row in found if any(s.outages for s in row[2].sets))
    past = Window(start=NOW - 5 * DAY, end=NOW - DAY)
    late = tuple(
        replace(o, window=past, request=replace(o.request, window=past), actual_start=past.start, state=State.ACTIVE)
        for o in book
    )
    again = conflicts_of(world, asked, late, evidence_of(world, asked, late), now=NOW)
    assert again is not None
    assert [s.outages for s in again.sets] == [s.outages for s in conflicts.sets]


def test_a_denial_cites_what_stands_in_the_way_and_nothing_else_does(book: PostgresBook) -> None:
    world = a_world(seed=1, slack=0.85)
    standing = {k: through(book, world, ask(f"branch:{k}")) for k in (1, 3, 5, 9, 13, 15)}
    assert {a.outage.status for a in standing.values()} <= {Status.APPROVED, Status.APPROVED_WITH_CONDITIONS}
    denied = through(book, world, ask("branch:17"))
    assert denied.record["outcome"] in {"deny", "counter"}
    cited = denied.record["evidence"]["conflicts"]
    assert [sorted(s["outages"]) for s in cited["sets"]] == [sorted(standing[k].outage.id for k in (5, 15))]
    assert cited["sets"][0]["crossing"]["percent"] > 100
    assert standing[1].record["evidence"]["conflicts"] is None
    with book.as_(SYSTEM) as page:
        kept = page.decision(denied.record["id"])
    assert kept["evidence"]["conflicts"] == cited
    assert denied.outage is not None
    again = settle.decide(
        book=book, world=world, now=NOW, outage_id="", asked_by=SYSTEM, preview=True,
        unfiled=replace(denied.outage, id="again", state=State.VALIDATED, status=Status.NONE),
    )  # fmt: skip
    assert again.record["evidence"]["conflicts"] == cited, "the same request on the same book cites the same sets"
