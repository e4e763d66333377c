"""A grid with other values is the grid that its file with these values would be; what would be wrong is found."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import networkx as nx  # type: ignore[import-untyped]  # it has no stubs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.desk.change_set import Edit, Table
from moms.desk.landed import at_instant, held
from moms.exchange.matpower import parse_case
from moms.grid.overlay import check_value, faults, identity_of, overlaid, value_of
from tests.desk.worlds import a_grid
from tests.exchange.casefiles import FIVE_BUSES

NOW = datetime(2027, 2, 1, tzinfo=UTC)
TABLES = ("buses", "branches", "units", "dclines")


def the_same(one, other) -> None:
    for table in TABLES:
        mine, theirs = getattr(one.network, table), getattr(other.network, table)
        for column in mine.__slots__:
            if column != "rating_source":  # given by hand is data, whatever the file was
                np.testing.assert_array_equal(getattr(mine, column), getattr(theirs, column), err_msg=column)


def test_it_is_the_grid_that_the_file_with_these_values_would_be():
    grid = parse_case(FIVE_BUSES.encode(), name="case1")
    lines = FIVE_BUSES.splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("mpc.branch")) + 1
    parts = lines[at].split()
    parts[5:8] = ["111", "122", "133"]
    lines[at] = "\t".join(parts)
    other = parse_case("\n".join(lines).encode(), name="case1")
    asset = "branch:1"
    found = overlaid(grid, {(asset, "rate_a_mw"): 111.0, (asset, "rate_b_mw"): 122.0, (asset, "rate_c_mw"): 133.0})
    the_same(found, other)
    assert found.digest != grid.digest
    assert overlaid(grid, {}) is grid


def test_every_column_says_what_was_put_there_and_nothing_else_moved():
    grid = a_grid()
    values = {
        ("branch:2", "rate_a_mw"): 200.0, ("branch:2", "in_service"): False, ("branch:2", "name"): "a longer name",
        ("branch:2", "owner"): "NEW-1", ("gen:1", "p_max_mw"): 77.0, ("gen:1", "owner"): "TO-1",
        ("gen:1", "name"): "the unit",
    }  # fmt: skip
    found = overlaid(grid, values)
    for (asset, column), value in values.items():
        assert value_of(found, asset, column) == value
    back = {key: value_of(grid, *key) for key in values}
    the_same(overlaid(found, back), grid)
    assert overlaid(grid, dict(reversed(values.items()))).digest == found.digest


def test_what_has_lost_its_feed_is_what_another_walk_of_the_graph_finds():
    grid = a_grid()
    lines, load = grid.network.branches, grid.network.buses.load_mw
    rows = range(14)
    seen = set()
    for pair in itertools.combinations(rows, 2):
        after = overlaid(grid, {(f"branch:{k + 1}", "in_service"): False for k in pair})
        graph = nx.MultiGraph()
        graph.add_nodes_from(range(len(load)))
        graph.add_edges_from((int(lines.from_bus[k]), int(lines.to_bus[k])) for k in range(len(lines))
                             if lines.in_service[k] and k not in pair)  # fmt: skip
        main = max(nx.connected_components(graph), key=lambda part: float(load[list(part)].sum()))
        dark = any(load[b] > 0 for b in range(len(load)) if b not in main)
        found = {f.rule for f in faults(grid, after, [f"branch:{k + 1}" for k in pair])}
        assert ("CHANGE-3" in found) == dark, pair
        seen.add(dark)
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({("branch:2", "rate_b_mw"): 10.0}, "CHANGE-1"),
        ({("branch:2", "rate_a_mw"): 340.0}, "CHANGE-1"),
        ({("gen:1", "p_max_mw"): -5.0}, "CHANGE-2"),
    ],
)
def test_limits_that_cross_are_found(values, rule):
    grid = a_grid()
    assert [f.rule for f in faults(grid, overlaid(grid, values), [next(iter(values))[0]])] == [rule]


def test_a_branch_without_reactance_is_not_put_in_service():
    grid = a_grid()
    lines = grid.network.branches
    x, up = lines.x.copy(), lines.in_service.copy()
    x[1], up[1] = 0.0, False
    grid = replace(grid, network=replace(grid.network, branches=replace(lines, x=x, in_service=up)))
    found = faults(grid, overlaid(grid, {("branch:2", "in_service"): True}), ["branch:2"])
    assert [f.rule for f in found] == ["CHANGE-4"]


def test_values_are_checked_by_what_they_are():
    assert check_value("branch:1", "rate_a_mw", 12) == 12.0
    assert check_value("gen:1", "p_min_mw", -3) == -3.0
    assert identity_of(a_grid(), "branch:1") != identity_of(a_grid(), "branch:2")


hours = st.integers(-48, 96)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 50), st.none() | hours, st.none() | hours), min_size=1, max_size=5))
def test_a_rating_is_held_at_the_least_of_every_hour_from_now_on(rows):
    edits = [an_edit(float(value), start, end) for value, start, end in rows if None in {start, end} or start < end]
    if not edits:
        return
    base = 30.0
    by_hour = [at_instant(base, edits, NOW + timedelta(hours=h)) for h in range(200)]
    assert held(base, edits, now=NOW) == min(float(str(value)) for value in by_hour)


def an_edit(value: float, start: int | None, end: int | None) -> Edit:
    at = [None if h is None else NOW + timedelta(hours=h) for h in (start, end)]
    return Edit(table=Table.ASSET, row="branch:1", column="rate_b_mw", value=value, was=None, base=0, by="x", at=NOW,
                reason="x", valid_from=at[0], valid_to=at[1])  # fmt: skip
