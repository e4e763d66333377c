"""Which branches are one piece of equipment (semantics 1.6)."""

from __future__ import annotations

import numpy as np

from moms.grid import BranchKind
from moms.grid.equipment import equipment, star_buses
from tests.grid.networks import a_network


def _groups(ends, plain, kind=None):
    network = a_network(buses=1 + max(max(e) for e in ends), ends=ends)
    lines = network.branches
    return equipment(
        from_bus=lines.from_bus,
        to_bus=lines.to_bus,
        kind=np.zeros(len(ends), dtype=np.int64) if kind is None else np.array(kind),
        plain_bus=np.array(plain),
    ).tolist()


def test_sections_in_series_through_empty_buses_are_one_equipment():
    assert _groups([(0, 1), (1, 2), (3, 2), (0, 3)], [False, True, True, False]) == [0, 0, 0, 3]


def test_a_bus_with_an_injection_parts_its_branches():
    assert _groups([(0, 1), (1, 2)], [False, False, False]) == [0, 1]


def test_a_third_branch_even_out_of_service_parts_them():
    assert _groups([(0, 1), (1, 2), (1, 3)], [False, True, False, False]) == [0, 1, 2]


def test_two_circuits_to_an_empty_bus_stay_apart():
    assert _groups([(0, 1), (1, 0)], [False, True]) == [0, 1]


def test_the_windings_at_a_star_point_are_one_equipment():
    winding = int(BranchKind.WINDING)
    assert _groups([(0, 3), (1, 3), (3, 2), (0, 1)], [False] * 3 + [True], [winding] * 3 + [0]) == [0, 0, 0, 3]


def test_a_star_point_has_three_transformers_to_three_buses_and_no_injection():
    ends = [(0, 3), (1, 3), (3, 2), (0, 1)]
    transformer = int(BranchKind.TRANSFORMER)
    lines = a_network(buses=4, ends=ends, branches_kind=[transformer] * 3 + [0]).branches
    assert star_buses(lines=lines, plain_bus=np.array([False] * 3 + [True])).tolist() == [False, False, False, True]
    assert not star_buses(lines=lines, plain_bus=np.array([False] * 4)).any()
    one_line = a_network(buses=4, ends=ends, branches_kind=[transformer] * 2 + [0, 0]).branches
    assert not star_buses(lines=one_line, plain_bus=np.array([False] * 3 + [True])).any()
    twice = a_network(buses=4, ends=[(0, 3), (0, 3), (3, 2)], branches_kind=[transformer] * 3).branches
    assert not star_buses(lines=twice, plain_bus=np.array([False] * 3 + [True])).any()
