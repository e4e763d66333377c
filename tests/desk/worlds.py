"""An invented world with a register and a rule book, small enough to study in a blink."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from moms.adequacy import MarginRules
from moms.desk.rulebook import RuleBook
from moms.desk.world import World
from moms.grid import Grid, Register, Stations
from moms.market import DispatchRules, RedispatchRules
from moms.outages import Category, Contact, Kind, Nature, Request
from moms.outages.policy import EntryRules, Lead
from moms.study import StudyRules, contingencies_of
from moms.values import Actor, Role, Window
from tests.decide.builders import RULES
from tests.market.worlds import world as market_world

NOW = datetime(2027, 2, 1, 15, tzinfo=UTC)
START = datetime(2027, 2, 10, 5, tzinfo=UTC)
DAY = timedelta(days=1)
OWNER = Actor(name="ann", organisation="TO-1", role=Role.OWNER)
ENGINEER = Actor(name="eve", organisation="operator", role=Role.ENGINEER)

ENTRY = EntryRules(
    version="test",
    lead=Lead(long_days=90, standard_days=14, short_days=3),
    notices=(),
    exempt_days=120,
    horizon_days=1100,
    grain_min=15,
    longest=(),
    blackouts=(),
    peaks=(),
    recall_needed=(),
    contact_needed=(),
    most_spans=400,
    resubmit_days=14,
    split_gap_h=48,
    split_limits_h=(120.0,),
    group_gap_h=24,
    report_within_min=60,
)
BOOK = RuleBook(
    id="test",
    version=1,
    valid_from=date(2026, 1, 1),
    operator="operator",
    entry=ENTRY,
    study=StudyRules(),
    margin=MarginRules(),
    dispatch=DispatchRules(),
    redispatch=RedispatchRules(),
    decision=replace(RULES, search_days=5),
)


def a_grid(*, seed: int = 0, slack: float = 2.0) -> Grid:
    """Give a grid whose branches carry `slack` times what any single loss of the base point brings."""
    grid = market_world(seed=seed, loose=True)
    lines = grid.network.branches
    m, g = len(lines), len(grid.network.units)
    rate = np.full(m, 150.0) * slack
    network = replace(grid.network, branches=replace(lines, rate_a_mw=rate, rate_b_mw=rate * 1.1, rate_c_mw=rate * 1.2))
    return replace(
        grid,
        network=network,
        digest="0" * 64,
        register=Register(
            owners=("TO-1", "GO-1"),
            branch_owner=np.zeros(m, np.int64),
            unit_owner=np.ones(g, np.int64),
            branch_name=np.array([f"line {k + 1}" for k in range(m)]),
            unit_name=np.array([f"unit {k + 1}" for k in range(g)]),
            branch_flags=np.zeros(m, np.int64),
            unit_flags=np.zeros(g, np.int64),
            sole_outlet=np.full(g, -1),
            critical_load=np.zeros(len(network.buses), np.bool_),
        ),
    )


def a_world(*, seed: int = 0, slack: float = 2.0, **rules: object) -> World:
    """Give the world of such a grid; keywords replace parts of the rule book."""
    grid = a_grid(seed=seed, slack=slack)
    book = replace(BOOK, **rules)  # type: ignore[arg-type]  # tests name parts
    return World(
        grid=grid, rules=book, versions={"moms": "test"}, contingencies=contingencies_of(grid, which="equipment")
    )


def placed(world: World) -> World:
    """Give the same world with two buses to a station and a place for each, in rows of four from the south-west."""
    grid, names = world.grid, ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel")
    buses = grid.network.buses
    count = (len(buses) + 1) // 2
    k = np.arange(count)
    stations = Stations(
        name=np.array([f"{names[i % len(names)]} {i + 1}" for i in range(count)]),
        latitude=38.0 + (k // 4) * 1.2 + 0.1 * (k % 2),
        longitude=-93.0 + (k % 4) * 1.5,
        layout=np.array(["ring"] * count),
    )
    network = replace(grid.network, buses=replace(buses, station=np.arange(len(buses)) // 2))
    return replace(world, grid=replace(grid, network=network, stations=stations))


def ask(asset: str = "branch:3", *, days: float = 1.0, start: datetime = START, **changes: object) -> Request:
    """Give a request that no entry rule minds."""
    generation = asset.startswith("gen:")
    base = Request(
        external_id=f"{asset} {start:%Y%m%d%H}",
        organisation="GO-1" if generation else "TO-1",
        category=Category.GENERATION if generation else Category.TRANSMISSION,
        kind=Kind.PLANNED,
        nature=Nature.OVERHAUL if generation else Nature.LINE_MAINTENANCE,
        assets=(asset,),
        window=Window(start=start, end=start + days * DAY),
        recall_h=4.0,
        emergency_return_h=2.0,
        contacts=(Contact(name="ann", phone="+1 555 0100"),),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # tests name fields
