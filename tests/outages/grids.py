"""A grid and a rule book for tests of the entry rules: three buses, one branch and one unit of each special class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from moms.grid import BranchKind, DcLines, Flag, Grid, Register, Zones
from moms.outages import Category, Kind
from moms.outages.policy import Agency, Blackout, EntryRules, Lead, Longest, Notice, Peak
from moms.values import Level, Window
from tests.outages.builders import at
from tests.study.grids import a_network

PLANNED = (Kind.PLANNED, Kind.MAINTENANCE)
BOTH = (Category.TRANSMISSION, Category.GENERATION)
LINES = ("plain", "plain too", "river's", "out", "equivalent", "nobody's", "leg a", "leg b")
FLAGS = (
    Flag.NUCLEAR,
    Flag.TIE,
    Flag.CRANKING_PATH,
    Flag.INTERFACE,
    Flag.REMEDIAL_ACTION_SCHEME,
    Flag.REACTIVE,
    Flag.NEIGHBOUR,
    Flag.SOLE_OUTLET,
)
"""Of branch:9 to branch:16, in order."""
OUTLET = "branch:16"


def a_grid() -> Grid:
    """Give the grid: branches 1 to 16 and a DC line, units 1 to 5 (plain, out, nuclear, blackstart, outlet)."""
    count = len(LINES) + len(FLAGS)
    network = a_network(
        bus=[[k, kind, 100, 0, 0, 0, 1, 1, 0, 345] for k, kind in ((1, 3), (2, 1), (3, 1))],
        gen=[[bus, 100, 0, 9, -9, 1, 100, on, 200, 0] for bus, on in ((1, 1), (1, 0), (2, 1), (2, 1), (3, 1))],
        branch=[[1, 2 + k % 2, 0, 0.1, 0, 100, 110, 120, 0, 0, k != 3] for k in range(count)],
    )
    kinds = np.zeros(count, np.int64)
    kinds[4] = BranchKind.EQUIVALENT
    equipment = np.arange(count)
    equipment[7] = 6
    owner = np.zeros(count, np.int64)
    owner[[2, 5]] = 1, -1
    flags = np.array([0] * len(LINES) + [int(one) for one in FLAGS])
    dcline = DcLines(
        from_bus=np.array([0]),
        to_bus=np.array([1]),
        p_mw=np.array([10.0]),
        loss_mw=np.array([0.0]),
        in_service=np.array([True]),
    )
    buses = replace(network.buses, zone=np.array([0, 0, 1]))
    branches = replace(network.branches, kind=kinds, equipment=equipment)
    return Grid(
        name="small",
        title="Small",
        network=replace(network, buses=buses, branches=branches, dclines=dcline),
        zones=_zones(),
        register=Register(
            owners=("Prairie Wires", "River Power"),
            branch_owner=owner,
            unit_owner=np.ones(5, np.int64),
            branch_name=np.array([f"line {k}" for k in range(count)]),
            unit_name=np.array([f"unit {k}" for k in range(5)]),
            branch_flags=flags,
            unit_flags=np.array([0, 0, Flag.NUCLEAR, Flag.BLACKSTART, 0]),
            sole_outlet=np.array([-1, -1, -1, -1, 15]),
            critical_load=np.zeros(3, np.bool_),
        ),
    )


def _zones() -> Zones:
    none = np.zeros(2)
    return Zones(
        name=("Z1", "Z2"),
        region=("North", "South"),
        import_limit_mw=none,
        export_limit_mw=none,
        firm_import_mw=none,
        firm_export_mw=none,
        region_import_limit_mw={},
    )


def the_rules() -> EntryRules:
    """Give a rule book with round numbers."""
    return EntryRules(
        version="test-1",
        lead=Lead(long_days=120, standard_days=14, short_days=3),
        notices=(Notice(categories=BOTH, kinds=PLANNED, days=14, level=Level.REFER, source="test"),),
        exempt_days=120,
        horizon_days=1000,
        grain_min=15,
        longest=(
            Longest(
                categories=BOTH, kinds=(Kind.HOTLINE, Kind.INFORMATIONAL), hours=100, level=Level.BLOCK, source="test"
            ),
            Longest(categories=BOTH, kinds=PLANNED, hours=2000, level=Level.REFER, source="test"),
        ),
        blackouts=(
            Blackout(
                name="ice week",
                window=Window(start=at("2027-02-01T05:00"), end=at("2027-02-08T05:00")),
                categories=BOTH,
                level=Level.BLOCK,
                source="test",
                zones=("South",),
            ),
        ),
        peaks=(
            Peak(
                name="summer peak", first="06-15", last="08-31", over_h=120, categories=(Category.TRANSMISSION,),
                level=Level.REFER, source="test",
            ),
        ),
        recall_needed=(*PLANNED, Kind.URGENT, Kind.OPPORTUNITY),
        contact_needed=(*PLANNED, Kind.URGENT, Kind.OPPORTUNITY, Kind.DERATE),
        most_spans=100,
        resubmit_days=14,
        split_gap_h=48,
        split_limits_h=(120,),
        group_gap_h=168,
        report_within_min=60,
        agents=(Agency(agent="Helping Hand", owner="Prairie Wires"),),
    )  # fmt: skip
