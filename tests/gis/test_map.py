"""The map has each branch once, and an owner's map says nothing of what is another's and below the backbone."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.exchange.gridfile import load_bundled
from moms.gis import BACKBONE_KV, all_of, document_of, features_of, packed, seen_by, trace, unpacked
from moms.grid import BranchKind
from moms.values import canonical
from tests.desk.worlds import a_world, placed

LEVELS = np.array([69.0, 138.0, 230.0, 345.0])


def a_map(seed: int, *, stations: int = 7):
    """Give a grid with random places, voltages, kinds and owners."""
    rng = np.random.default_rng(seed)
    grid = placed(a_world(seed=seed % 5)).grid
    net, register, old = grid.network, grid.register, grid.stations
    n, m, g = len(net.buses), len(net.branches), len(net.units)
    assert register is not None
    assert old is not None
    kinds = rng.choice([BranchKind.LINE, BranchKind.TRANSFORMER, BranchKind.EQUIVALENT], m, p=[0.7, 0.2, 0.1])
    network = replace(
        net,
        buses=replace(net.buses, station=rng.integers(0, stations, n), base_kv=rng.choice(LEVELS, n)),
        branches=replace(net.branches, kind=kinds),
    )
    table = replace(
        old, **{name: getattr(old, name)[:stations] for name in ("name", "latitude", "longitude", "layout")}
    )
    owned = replace(
        register, owners=("TO-1", "GO-1", "TO-2"), branch_owner=rng.integers(-1, 3, m), unit_owner=rng.integers(0, 3, g)
    )
    return replace(grid, network=network, stations=table, register=owned)


def read(document, part, name):
    """Read a column by hand, byte by byte, not with the code that is tested."""
    column = document[part][name]
    raw, width = base64.b64decode(column["data"]), int(column["type"][1:]) // 8
    numbers = [
        int.from_bytes(raw[k : k + width], "little", signed=column["type"][0] == "i") for k in range(0, len(raw), width)
    ]
    return np.cumsum(numbers).tolist() if column["delta"] else numbers


@given(st.lists(st.integers(-(2**31) + 1, 2**31 - 1)), st.booleans())
def test_a_column_reads_back_as_it_was(numbers, delta):
    values = np.array(numbers, np.int64)
    try:
        column = packed(values, delta=delta)
    except ValueError:
        assert delta
        assert np.abs(np.diff(values, prepend=0)).max() >= 2**31
        return
    assert unpacked(column).tolist() == numbers
    assert read({"x": {"y": column}}, "x", "y") == numbers


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_each_branch_is_on_the_line_of_its_ends_and_voltage_or_at_its_place_and_equivalents_nowhere(seed):
    grid = a_map(seed)
    features = features_of(grid)
    assert features is not None
    document, lines, buses = document_of(all_of(features)), grid.network.branches, grid.network.buses
    wanted: dict[tuple[float, ...], list[int]] = {}
    inside: dict[int, int] = {}
    for row in range(len(lines)):
        if lines.kind[row] == BranchKind.EQUIVALENT:
            continue
        a, b = int(lines.from_bus[row]), int(lines.to_bus[row])
        ends = tuple(sorted((int(buses.station[a]), int(buses.station[b]))))
        if ends[0] == ends[1]:
            inside[row] = ends[0]
        else:
            wanted.setdefault((*ends, max(buses.base_kv[a], buses.base_kv[b])), []).append(row)
    levels = document["kv"]
    first = read(document, "lines", "from")
    keys = zip(first, read(document, "lines", "to"), read(document, "lines", "kv"), strict=True)
    found, branches = {}, iter(read(document, "lines", "branches"))
    for (a, step, level), count in zip(keys, read(document, "lines", "count"), strict=True):
        found[a, a + step, levels[level]] = [next(branches) for _ in range(count)]
    assert found == wanted
    pairs = zip(read(document, "inside", "row"), read(document, "inside", "place"), strict=True)
    assert dict(pairs) == inside
    units = zip(read(document, "units", "row"), read(document, "units", "place"), strict=True)
    assert dict(units) == dict(enumerate(buses.station[grid.network.units.bus].tolist()))


@given(st.integers(0, 10_000), st.sampled_from(["TO-1", "GO-1", "TO-2", "nobody"]))
@settings(max_examples=60, deadline=None)
def test_an_owner_sees_its_own_in_full_and_nothing_else_by_name_or_to_the_metre(seed, owner):
    grid = a_map(seed)
    features = features_of(grid)
    assert features is not None
    assert grid.register is not None
    document = document_of(seen_by(features, grid, owner))
    number = grid.register.owners.index(owner) if owner in grid.register.owners else 99
    own = np.flatnonzero((grid.register.branch_owner == number) & (grid.network.branches.kind != BranchKind.EQUIVALENT))
    told = {*read(document, "lines", "branches"), *read(document, "inside", "row")}
    assert told == set(own.tolist())
    assert set(read(document, "units", "row")) == set(np.flatnonzero(grid.register.unit_owner == number).tolist())
    lines, station = grid.network.branches, grid.network.buses.station
    near = {int(station[ends[k]]) for k in own for ends in (lines.from_bus, lines.to_bus)}
    near |= {int(station[grid.network.units.bus[k]]) for k in read(document, "units", "row")}
    assert grid.stations is not None
    assert {name for name in document["places"]["name"] if name} == {str(grid.stations.name[k]) for k in near}
    for k, whole in enumerate(read(document, "places", "own")):
        if not whole:
            assert read(document, "places", "longitude")[k] % 1000 == 0
            assert read(document, "places", "latitude")[k] % 1000 == 0
    for level, mine in zip(read(document, "lines", "kv"), read(document, "lines", "own"), strict=True):
        assert mine or document["kv"][level] >= BACKBONE_KV


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_what_is_anothers_and_below_the_backbone_changes_no_byte_of_an_owners_map(seed):
    grid = a_map(seed)
    lines, buses, register = grid.network.branches, grid.network.buses, grid.register
    assert register is not None
    kv = np.maximum(buses.base_kv[lines.from_bus], buses.base_kv[lines.to_bus])
    hidden = (register.branch_owner != 0) & (kv < BACKBONE_KV)
    less = replace(lines, kind=np.where(hidden, BranchKind.EQUIVALENT, lines.kind))
    other = replace(grid, network=replace(grid.network, branches=less))
    maps = []
    for one in (grid, other):
        features = features_of(one)
        assert features is not None
        maps.append(canonical(document_of(seen_by(features, one, "TO-1"))))
    assert maps[0] == maps[1]


def test_elements_are_found_where_they_are():
    grid = a_map(3)
    features = features_of(grid)
    assert features is not None
    network = grid.network
    drawn = np.flatnonzero(features.line_of >= 0)[0]
    at = trace(features, grid, (f"branch:{drawn + 1}", "gen:1", f"bus:{network.buses.number[2]}"))
    whole = network.branches.equipment == network.branches.equipment[drawn]
    assert set(at.lines) == set(features.line_of[whole].tolist()) - {-1}
    assert {int(network.buses.station[network.units.bus[0]]), int(network.buses.station[2])} <= set(at.places)
    unseen = seen_by(features, grid, "nobody").features
    assert trace(unseen, grid, (f"branch:{drawn + 1}", "gen:1")).places == ()
    assert trace(unseen, grid, (f"branch:{drawn + 1}", "gen:1")).lines == ()


def test_a_grid_without_stations_has_no_map():
    assert features_of(a_world().grid) is None


def test_the_bundled_grid_is_on_the_map_whole_and_small():
    grid = load_bundled("miso")
    features = features_of(grid)
    assert features is not None
    real = int(np.sum(grid.network.branches.kind != BranchKind.EQUIVALENT))
    assert np.sum(features.line_of >= 0) + np.sum(features.inside >= 0) == real == 28_396
    assert len(canonical(document_of(all_of(features)))) < 700_000
    assert document_of(all_of(features))["bounds"] == pytest.approx([-107.4, 25.7, -68.7, 49.0], abs=0.1)
