"""Buses, DC lines and breakers: studied like anything else, against a dense solution of every case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.desk import settle, submit
from moms.desk.assess import assess
from moms.desk.security import Studied, secure
from moms.desk.situation import Situation
from moms.grid import BranchKind, DcLines
from moms.outages import Nature, Outage, Position, State, Status, Switch
from moms.study import flows_before
from moms.values import SYSTEM, Window
from tests.desk.worlds import NOW, OWNER, a_world, ask
from tests.study.plain import plain_flows

if TYPE_CHECKING:
    from moms.desk.world import World
    from moms.outages import Request
    from moms.store.book import PostgresBook

OPEN = Switch(normal=Position.CLOSED, during=Position.OPEN)


def filed(request: Request) -> Outage:
    return Outage(
        id="OTG-1", request=request, state=State.VALIDATED, status=Status.NONE, window=request.window, stamp=NOW,
        filed_at=NOW,
    )  # fmt: skip


def studied(world: World, request: Request, *others: Outage) -> Studied:
    return secure(world, filed(request), others, book="book", window=request.window, now=NOW)


def missing(world: World, request: Request) -> tuple[str, ...]:
    there = Situation(outage=filed(request), holding=(), queue=(), version=1)
    return assess(world=world, situation=there, window=request.window, now=NOW).evidence.missing


def hours(request: Request, count: int = 3) -> Request:
    start = request.window.start
    return replace(request, window=Window(start=start, end=start + timedelta(hours=count)))


# --- breakers


def ring_at(world: World, bus: int, *, most: int = 4) -> tuple[World, list[int]]:
    """Give the world with a ring of breakers at one bus, and the branches round it."""
    lines = world.grid.network.branches_at(bus).tolist()[:most]
    extras = {
        "breaker_bus": np.full(len(lines), bus),
        "breaker_name": np.array([f"ring breaker {k + 1}" for k in range(len(lines))]),
        "breaker_one": np.array(lines),
        "breaker_other": np.array(lines[1:] + lines[:1]),
    }
    return replace(world, grid=replace(world.grid, extras=extras)), lines


def busy_bus(world: World, count: int = 4) -> int:
    network = world.grid.network
    return next(b for b in range(len(network.buses)) if len(network.branches_at(b)) == count)


def a_switch(asset: str = "breaker:1", **changes: object) -> Request:
    return hours(ask(asset, nature=Nature.BREAKER_MAINTENANCE, switch=OPEN, **changes))


def by_hand(world: World, one: Studied, lines: list[int]) -> set[tuple[str, str]]:
    """Solve every loss of a branch by itself, with and without breaker 1 open; give the pairs it causes."""
    network, found = one.slices[0].network, set()
    limit = network.branches.rate_b_mw
    also = {lines[3]: lines[0], lines[2]: lines[1]}  # the far neighbours of both sides, in a ring of four
    for part in one.slices:
        injection = part.hours.injection_mw(network)
        for k in range(len(network.branches)):
            lost = [k, also[k]] if k in also else [k]
            after, before = (np.abs(plain_flows(network, injection, np.array(r))) for r in (lost, [k]))
            worse = np.where(before > limit[:, None], after - before >= 0.01 * limit[:, None], True)
            rows, _ = np.nonzero((after > limit[:, None] + 1e-6) & worse & (np.arange(len(limit)) != k)[:, None])
            found |= {(f"branch:{k + 1}", f"branch:{row + 1}") for row in rows}
    return found


@pytest.mark.parametrize("slack", [0.45, 0.5])
def test_an_open_breaker_causes_what_a_solution_of_every_case_says(slack: float) -> None:
    world = a_world(slack=slack)
    world, lines = ring_at(world, busy_bus(world))
    one = studied(world, a_switch())
    found = {(c.contingency, c.element) for c in one.security.crossings if str(c.contingency).startswith("branch:")}
    assert found == by_hand(world, one, lines)
    assert found, "the case must say something"
    assert {c for c, _ in found} <= {f"branch:{lines[2] + 1}", f"branch:{lines[3] + 1}"}
    assert any("2 contingencies take more with them" in note for note in one.notes)


def test_a_breaker_that_is_out_already_is_in_both_lists() -> None:
    world = a_world(slack=0.5)
    world, _ = ring_at(world, busy_bus(world))
    other = replace(filed(a_switch()), id="OTG-2", status=Status.APPROVED, state=State.DECIDED)
    assert studied(world, a_switch()).security.crossings
    line = studied(world, hours(ask("branch:1")), other)
    assert line.slices[0].contingencies_without is None
    assert line.slices[0].contingencies != world.contingencies


def test_a_breaker_request_is_decided(book: PostgresBook) -> None:
    world = a_world(slack=3.0)
    world, _ = ring_at(world, busy_bus(world))
    done = submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=a_switch())
    answer = settle.decide(book=book, world=world, now=NOW, outage_id=done.outage.id, asked_by=SYSTEM)
    assert answer.record["outcome"] == "approve", answer.record["says"]
    assert "ring breaker 1 (breaker:1)" in answer.record["says"]


def test_two_breakers_of_a_branch_open_are_that_branch_out() -> None:
    world = a_world()
    world, lines = ring_at(world, busy_bus(world))
    both = replace(a_switch(), assets=("breaker:1", "breaker:2"))
    assert studied(world, both).slices[0].request.branches.tolist() == [lines[1]]


def test_what_is_not_known_about_a_breaker_is_said_and_refers() -> None:
    world = a_world()
    laid, _ = ring_at(world, busy_bus(world))
    assert "layout of its stations" in missing(world, a_switch())[0]
    assert "name it, as breaker:12" in missing(laid, a_switch("branch:3"))[0]
    turned = Switch(normal=Position.OPEN, during=Position.OPEN)
    assert "closed in normal operation" in missing(laid, replace(a_switch(), switch=turned))[0]
    assert "open or closed" in missing(laid, replace(a_switch(), switch=None))[0]


def test_a_ring_that_a_fault_would_split_refers() -> None:
    world = a_world()
    bus = max(range(24), key=lambda b: len(world.grid.network.branches_at(b)))
    world, lines = ring_at(world, bus, most=5)
    assert len(lines) == 5
    (says,) = missing(world, a_switch())
    assert "the bus would be split" in says
    assert f"branch:{lines[3] + 1}" in says


# --- buses


def empty_bus(world: World) -> tuple[World, int]:
    """Give the world with the load and the units of one bus moved to the next, and that bus."""
    network = world.grid.network
    bus = 5
    load, at = network.buses.load_mw.copy(), network.units.bus.copy()
    shunt = network.buses.shunt_mw.copy()
    load[bus + 4] += load[bus]
    load[bus] = shunt[bus] = 0.0
    at[at == bus] = bus + 4
    network = replace(
        network, buses=replace(network.buses, load_mw=load, shunt_mw=shunt), units=replace(network.units, bus=at)
    )
    return replace(world, grid=replace(world.grid, network=network)), bus


def test_a_bus_takes_out_all_that_meets_there() -> None:
    world, bus = empty_bus(a_world())
    rows = world.grid.network.branches_at(bus)
    assert len(rows) >= 2
    whole = studied(world, hours(ask(f"bus:{bus + 1}")))
    one_by_one = studied(world, hours(ask(assets=tuple(f"branch:{k + 1}" for k in rows))))
    assert whole.security.crossings == one_by_one.security.crossings
    for part in whole.slices:
        assert not np.abs(part.hours.injection_mw(part.network)[bus]).any()
        dense = _without_bus(part.network, part.hours.injection_mw(part.network), bus)
        np.testing.assert_allclose(flows_before(part), dense, atol=1e-6)


def _without_bus(network, injection, bus):
    """Solve the network with one bus taken out of it by hand."""
    kind = network.buses.kind.copy()
    kind[bus] = 4
    return plain_flows(replace(network, buses=replace(network.buses, kind=kind)), injection)


def test_the_units_of_a_bus_are_dispatched_away_and_leave_the_margin() -> None:
    world = a_world()
    bus = int(world.grid.network.units.bus[1])
    request = hours(ask(f"bus:{bus + 1}"))
    units = np.flatnonzero(world.grid.network.units.bus == bus)
    assert world.units(request).tolist() == units.tolist()
    one = studied(world, request)
    assert not one.slices[0].hours.unit_mw[units].any()
    assert one.slices[0].hours_without.unit_mw[units].any()
    there = Situation(outage=filed(request), holding=(), queue=(), version=1)
    found = assess(world=world, situation=there, window=request.window, now=NOW).evidence
    counts = world.grid.network.units.p_max_mw[units] * (1 - world.grid.network.units.outage_rate[units])
    assert 0.0 < found.adequacy.removed_mw <= counts.sum() + 1e-6


def test_a_bus_that_serves_load_refers_with_what_goes_dark(book: PostgresBook) -> None:
    world = a_world(slack=4.0)
    done = submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=hours(ask("bus:6")))
    assert done.outage is not None, done.findings
    answer = settle.decide(book=book, world=world, now=NOW, outage_id=done.outage.id, asked_by=SYSTEM)
    assert answer.record["outcome"] == "refer"
    assert answer.record["evidence"]["security"]["self_cut"]["buses"] == ["bus:6"]
    assert "SEC-ISL-1" in answer.record["decisive"]


def test_a_bus_at_the_edge_of_the_model_refers() -> None:
    world, bus = empty_bus(a_world())
    kind = world.grid.network.branches.kind.copy()
    kind[world.grid.network.branches_at(bus)[0]] = BranchKind.EQUIVALENT
    network = replace(world.grid.network, branches=replace(world.grid.network.branches, kind=kind))
    (says,) = missing(replace(world, grid=replace(world.grid, network=network)), hours(ask(f"bus:{bus + 1}")))
    assert "reduced outside world" in says


# --- DC lines


def test_a_dc_line_that_is_out_carries_nothing_and_the_rest_is_dispatched_again() -> None:
    world = a_world()
    network = world.grid.network
    one = studied(world, hours(ask("dcline:1")))
    for part in one.slices:
        assert not part.hours.dcline_mw.any()
        assert (part.hours_without.dcline_mw == network.dclines.p_mw[:, None]).all()
        stopped = replace(
            network, dclines=DcLines(**{n: getattr(network.dclines, n)[:0] for n in network.dclines.__slots__})
        )
        bare = replace(part.hours, dcline_mw=part.hours.dcline_mw[:0])
        injection = bare.injection_mw(stopped)
        assert np.abs(injection.sum(axis=0)).max() < 1e-6, "nothing is left to the slack"
        np.testing.assert_allclose(flows_before(part), plain_flows(network, injection), atol=1e-6)
        dispatch = studied(world, hours(ask("branch:3"))).slices[0].hours
        before = plain_flows(network, dispatch.injection_mw(network))
        without = flows_before(replace(part, hours=part.hours_without))
        np.testing.assert_allclose(without, before, atol=1e-6, err_msg="its loss is load where it arrives")


def test_a_dc_line_of_the_book_is_out_on_both_sides() -> None:
    world = a_world()
    other = replace(filed(hours(ask("dcline:1"))), id="OTG-2", status=Status.APPROVED, state=State.DECIDED)
    part = studied(world, hours(ask("branch:3")), other).slices[0]
    assert part.hours is part.hours_without
    assert not part.hours.dcline_mw.any()
    assert np.abs(part.hours.injection_mw(part.network).sum(axis=0)).max() < 1e-6


def test_a_bus_stops_the_dc_line_that_ends_there() -> None:
    world = a_world()
    bus = int(world.grid.network.dclines.to_bus[0])
    assert world.dclines(ask(f"bus:{bus + 1}")).tolist() == [0]
