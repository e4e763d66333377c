"""Every check of a network finds what it is for, names row and line, and passes a sound network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from moms.grid.check import REFERENCES, RULES, SHOWN, Origin, check
from moms.values import Level
from tests.grid.networks import a_network

RING = [(0, 1), (1, 2), (2, 0)]
ORIGIN = Origin(
    line={"bus": np.array([11, 12, 13]), "branch": np.array([21, 22, 23]), "gen": np.array([31])},
    number={"branch.to_bus": np.array([2, 77, 1])},
)


def _found(**changes: Any):
    made: dict[str, Any] = {"buses": 3, "ends": RING, "load": [0, 5, 5], **changes}
    return check(a_network(**made), origin=ORIGIN)


def test_a_sound_network_has_no_finding():
    assert _found() == ()


CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "GRID-1": ({"buses_number": [1, 2, 2]}, "bus:2", "line 13: bus 2 stands twice"),
    "GRID-2": ({"branches_to_bus": [1, -1, 0]}, "branch:2 to_bus", "line 22: branch:2 is at bus 77"),
    "GRID-3": ({"branches_x": [0.1, np.nan, 0.1]}, "branch:2 x", "line 22: branch:2 x is nan"),
    "GRID-4": ({"branches_x": [0.1, 0.1, 0.0]}, "branch:3 x", "line 23: branch:3 has zero reactance"),
    "GRID-5": ({"out": [0, 1]}, "bus:2", "line 12: an island of 1 buses from bus 2 on has 5 MW load, 0 units"),
    "GRID-6": ({"slack": []}, "bus", "no bus is the slack"),
    "GRID-7": ({"slack": [0, 2]}, "bus:3", "line 13: bus 3 is a second slack"),
    "GRID-8": ({"branches_rate_c_mw": [120, -1, 120]}, "branch:2 rate_c_mw", "line 22: branch:2 rate_c_mw is -1"),
    "GRID-9": ({"branches_rate_b_mw": [110, 110, 90]}, "branch:3", "line 23: branch:3 ratings fall: A 100, B 90"),
    "GRID-10": ({"units_p_min_mw": [30.0]}, "gen:1 p_min_mw", "line 31: gen:1 Pmin 30 is above Pmax 20"),
    "GRID-11": ({"units_in_service": [False]}, "gen", "no unit is in service"),
    "GRID-12": ({"base_mva": 0}, "baseMVA", "the system base is 0 MVA"),
    "GRID-13": ({"isolated": [1], "load": [0, 0, 5]}, "branch:1", "line 21: branch:1 is in service at an isolated bus"),
    "GRID-14": ({"branches_to_bus": [1, 1, 0]}, "branch:2", "line 22: branch:2 begins and ends at bus 2"),
    "GRID-15": ({"buses_kind": [3, 1, 9]}, "bus:3 kind", "line 13: bus 3 has type 9"),
    "GRID-16": ({"branches_tap": [1, 0, 1]}, "branch:2 tap", "line 22: branch:2 the tap ratio is 0"),
    "GRID-17": ({"units_p_mw": [25.0]}, "gen:1", "line 31: gen:1 its dispatch 25 MW lies outside 0 to 20 MW"),
    "GRID-18": (
        {
            "dclines_from_bus": np.array([0]),
            "dclines_to_bus": np.array([1]),
            "dclines_p_mw": np.array([-50.0]),
            "dclines_loss_mw": np.array([-2.0]),
            "dclines_in_service": np.array([True]),
        },
        "dcline:1 loss_mw",
        "dcline:1 its loss is -2 MW at -50 MW",
    ),
    "GRID-19": ({"out": [0, 1], "load": [0, 0, 5]}, "bus:2", "line 12: bus 2 and what hangs on it hold no load"),
}
FLAGS = {"GRID-9", "GRID-17", "GRID-19"}


@pytest.mark.parametrize("rule", sorted(CASES))
def test_each_rule_finds_what_it_is_for(rule):
    changes, field, says = CASES[rule]
    finding = next(f for f in _found(**changes) if f.rule == rule)
    assert finding.field == field
    assert finding.says.startswith(says)
    assert finding.level is (Level.FLAG if rule in FLAGS else Level.BLOCK)


def test_there_is_a_case_for_every_rule():
    assert len(CASES) == len({*REFERENCES, *RULES}) == 19


def test_a_second_slack_in_another_island_is_sound():
    assert _found(buses=3, ends=[(0, 1), (1, 0)], slack=[0, 2], branches_rate_a_mw=[1.0, 1.0]) == ()


def test_an_isolated_bus_by_itself_is_sound():
    assert _found(ends=[(0, 1), (1, 0), (0, 1)], isolated=[2], load=[0, 5, 0]) == ()


def test_zero_reactance_out_of_service_is_sound():
    assert _found(branches_x=[0.1, 0.1, 0.0], out=[2]) == ()


def test_a_rule_names_so_many_rows_and_counts_the_rest():
    n = SHOWN + 10
    network = a_network(buses=n, ends=[(k, (k + 1) % n) for k in range(n)], branches_x=np.zeros(n))
    found = [f for f in check(network) if f.rule == "GRID-4"]
    assert len(found) == SHOWN + 1
    assert found[-1].says == "and 10 more rows like these"
    assert found[0].says == "branch:1 has zero reactance and is in service"
