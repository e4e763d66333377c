"""The bundled grid is what its page says: whole, balanced, secure at its peak hour, rated, labelled."""

from __future__ import annotations

import hashlib
import time
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from moms.exchange.gridfile import NoSuchGrid, bundled, load_bundled
from moms.grid import BranchKind, Flag, Grid, RatingSource, Season

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def miso() -> Grid:
    return load_bundled("miso")


@pytest.fixture(scope="module")
def flows(miso: Grid) -> np.ndarray:
    """DC flows of the case, worked here from the tables alone."""
    lines, buses, units, dc = miso.network.branches, miso.network.buses, miso.network.units, miso.network.dclines
    n, m = len(buses), len(lines)
    injection = -buses.load_mw
    np.add.at(injection, units.bus, units.p_mw)
    np.add.at(injection, dc.from_bus, -dc.p_mw)
    np.add.at(injection, dc.to_bus, dc.p_mw - dc.loss_mw)
    rows = np.arange(m)
    ends = sp.csr_matrix(
        (np.r_[np.ones(m), -np.ones(m)], (np.r_[rows, rows], np.r_[lines.from_bus, lines.to_bus])), shape=(m, n)
    )
    b = 1.0 / (lines.x * lines.tap)
    matrix = (ends.T @ sp.diags(b) @ ends).tocsc()[1:, 1:]
    angle = np.zeros(n)
    angle[1:] = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(injection[1:])
    return b * (ends @ angle)


def test_it_is_bundled_small_and_known_by_its_fingerprint(miso: Grid) -> None:
    path = resources.files("moms") / "data" / "grids" / "miso.momsgrid"
    content = path.read_bytes()
    assert "miso" in bundled()
    assert miso.digest == hashlib.sha256(content).hexdigest()
    assert len(content) < 16_000_000
    with pytest.raises(NoSuchGrid, match="miso"):
        load_bundled("atlantis")


def test_it_loads_in_under_a_second_of_processor_time() -> None:
    start = time.process_time()
    load_bundled("miso")
    assert time.process_time() - start < 1.0


def test_it_says_where_it_comes_from_and_what_is_synthetic(miso: Grid) -> None:
    assert miso.licence == "CC-BY 4.0"
    assert "Texas A&M" in miso.source
    assert "powersimdata 0.5.5" in miso.source
    assert "Changed" in miso.source
    assert sum("synthetic" in note for note in miso.notes) >= 3
    assert miso.register is not None
    assert all(owner.endswith("(synthetic)") for owner in miso.register.owners)


def test_the_page_is_of_this_file_and_carries_the_agreement_with_the_full_model(miso: Grid) -> None:
    page = (ROOT / "docs" / "miso-grid.md").read_text(encoding="utf-8")
    assert page.count(miso.digest) == 2
    assert "200 drawn contingencies" in page


def test_the_footprint_has_its_buses_and_its_load(miso: Grid) -> None:
    buses = miso.network.buses
    assert int((buses.zone >= 0).sum()) == 19_533
    assert float(buses.load_mw[buses.zone >= 0].sum()) == pytest.approx(123_512.42, abs=0.01)
    assert miso.zones is not None
    assert set(buses.zone.tolist()) == set(range(-1, 10))
    assert set(miso.zones.region) == {"North", "Central", "South"} == set(miso.zones.region_import_limit_mw)


def test_load_plant_and_the_outside_balance(miso: Grid) -> None:
    net = miso.network
    surplus = net.units.p_mw.sum() - net.buses.load_mw.sum() - net.dclines.loss_mw.sum()
    assert abs(surplus) < 1e-6
    assert -net.buses.load_mw[net.buses.zone < 0].sum() == pytest.approx(miso.zones.firm_import_mw.sum(), abs=1.0)


def test_every_bus_is_connected_and_exactly_one_is_the_slack(miso: Grid) -> None:
    lines, buses = miso.network.branches, miso.network.buses
    up = lines.in_service
    graph = sp.coo_matrix((np.ones(int(up.sum())), (lines.from_bus[up], lines.to_bus[up])), shape=(len(buses),) * 2)
    assert connected_components(graph, directed=False)[0] == 1
    assert int((buses.kind == 3).sum()) == 1


def test_nothing_is_overloaded_at_the_peak_hour_with_nothing_out(miso: Grid, flows: np.ndarray) -> None:
    lines = miso.rated(Season.SUMMER).branches
    over = lines.monitored & (np.abs(flows) > lines.rate_a_mw + 1e-6)
    assert np.flatnonzero(over).tolist() == []


def test_zones_import_and_export_no_more_than_their_limits(miso: Grid) -> None:
    net, zones = miso.network, miso.zones
    assert zones is not None
    count = len(zones.name)
    plant, load = np.zeros(count), np.zeros(count)
    np.add.at(plant, net.buses.zone[net.units.bus], net.units.p_mw)
    inside = net.buses.zone >= 0
    np.add.at(load, net.buses.zone[inside], net.buses.load_mw[inside])
    assert (load - plant <= zones.import_limit_mw + 1e-3).all()
    assert (plant - load <= zones.export_limit_mw + 1e-3).all()
    for name, limit in zones.region_import_limit_mw.items():
        here = np.array(zones.region) == name
        assert (load - plant)[here].sum() <= limit + 1e-3


def test_units_run_within_their_limits_and_the_mothballed_do_not_run(miso: Grid) -> None:
    units = miso.network.units
    up = units.in_service
    assert (units.p_mw[up] <= units.p_max_mw[up] + 1e-6).all()
    assert (units.p_mw[up] >= units.p_min_mw[up] - 1e-6).all()
    assert (units.p_mw[~up] == 0).all()
    assert 0 < int((~up).sum()) < len(units) / 2
    assert not (units.picks_up & ~up).any()
    assert not units.emergency_only[~up].any()


def test_outage_rates_are_those_of_the_class_and_never_the_old_test_system_s(miso: Grid) -> None:
    units, kind = miso.network.units, np.asarray(miso.extras["unit_class"])
    assert units.outage_rate_known.all()
    assert {float(q) for q in units.outage_rate[kind == "nuclear"]} == {0.02}
    assert {float(q) for q in units.outage_rate[kind == "coal"]} == {0.11}
    assert {float(q) for q in units.outage_rate[np.isin(kind, ("wind", "solar"))]} == {0.0}


def test_loss_of_load_is_just_under_the_criterion(miso: Grid) -> None:
    net, shapes, zones = miso.network, miso.shapes, miso.zones
    assert shapes is not None
    assert zones is not None
    units, count = net.units, len(zones.name)
    at = net.buses.zone[units.bus]
    load = np.array([net.buses.load_mw[net.buses.zone == z].sum() for z in range(count)])
    need = load[:, None] * shapes.load[:-1]
    for fuel, tenth in (("wind", shapes.wind_p10), ("solar", shapes.solar_p10)):
        installed = np.array([units.p_max_mw[(units.fuel == fuel) & (at == z)].sum() for z in range(count)])
        need = need - installed[:, None] * tenth[:-1]
    hour = (load @ shapes.load[:-1]).reshape(365, 24).argmax(axis=1) + 24 * np.arange(365)
    counted = units.in_service & ~units.emergency_only & ~np.isin(units.fuel, ("wind", "solar"))
    spare = units.p_max_mw[counted].sum() - (need[:, hour].sum(axis=0) - zones.firm_import_mw.sum())
    size = 2**14  # 10 MW steps; by the transform here, by convolution in the tool
    angle = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    table = np.ones(size // 2 + 1, dtype=complex)
    for c, q in zip(units.p_max_mw[counted], units.outage_rate[counted], strict=True):
        low = int(c // 10.0)
        part = c / 10.0 - low
        table *= 1 - q + q * ((1 - part) * angle**low + part * angle ** (low + 1))
    chance = np.fft.irfft(table, size)
    tail = np.cumsum(chance[::-1])[::-1]
    lole = float(tail[np.floor(spare / 10.0).astype(int) + 1].sum())
    assert 0.03 <= lole <= 0.1


def test_ratings_are_complete_ordered_and_say_whether_they_are_synthetic(miso: Grid) -> None:
    lines = miso.network.branches
    real = lines.monitored
    assert np.isfinite(lines.rate_a_mw[real]).all()
    assert (lines.rate_a_mw[real] > 0).all()
    assert (lines.rate_b_mw >= lines.rate_a_mw).all()
    assert (lines.rate_c_mw >= lines.rate_b_mw).all()
    assert set(lines.rating_source[real].tolist()) == {RatingSource.DATA, RatingSource.SYNTHETIC}
    line = real & (lines.kind == BranchKind.LINE)
    equal = (lines.rate_b_mw == lines.rate_a_mw)[line].mean()
    assert 0.28 < equal < 0.39
    assert miso.rating_factor is not None
    assert (miso.rating_factor[Season.WINTER] >= miso.rating_factor[Season.SUMMER]).all()


def test_equivalents_are_neither_monitored_nor_tripped_nor_owned(miso: Grid) -> None:
    lines, register = miso.network.branches, miso.register
    assert register is not None
    made = lines.kind == BranchKind.EQUIVALENT
    outside = miso.network.buses.zone < 0
    assert not lines.monitored[made].any()
    assert not lines.contingency[made].any()
    assert (outside[lines.from_bus] & outside[lines.to_bus])[made].all()
    assert (register.branch_owner[made] == -1).all()
    assert (register.branch_flags[made] == 0).all()


def test_equipment_is_named_by_its_first_branch_and_hangs_together(miso: Grid) -> None:
    lines = miso.network.branches
    head = lines.equipment
    assert (head <= np.arange(len(lines))).all()
    assert (head[head] == head).all()
    several = np.flatnonzero(np.bincount(head) > 1)
    for first in several[::7]:
        rows = np.flatnonzero(head == first)
        ends = np.r_[lines.from_bus[rows], lines.to_bus[rows]]
        names, inverse = np.unique(ends, return_inverse=True)
        graph = sp.coo_matrix(
            (np.ones(len(rows)), (inverse[: len(rows)], inverse[len(rows) :])), shape=(len(names), len(names))
        )
        assert connected_components(graph, directed=False)[0] == 1


def test_flags_follow_their_rules(miso: Grid) -> None:
    net, register, zones = miso.network, miso.register, miso.zones
    assert register is not None
    assert zones is not None
    lines, zone, station = net.branches, net.buses.zone, net.buses.station
    flags, real = register.branch_flags, net.branches.monitored
    f, t = lines.from_bus, lines.to_bus
    assert np.array_equal(flags & Flag.TIE != 0, real & ((zone[f] >= 0) != (zone[t] >= 0)))
    assert np.array_equal(flags & Flag.NEIGHBOUR != 0, real & (zone[f] < 0) & (zone[t] < 0))
    nuclear = np.unique(station[net.units.bus[net.units.fuel == "nuclear"]])
    assert np.array_equal(
        flags & Flag.NUCLEAR != 0, real & (np.isin(station[f], nuclear) | np.isin(station[t], nuclear))
    )
    south = np.array([r == "South" for r in zones.region])
    both = real & (zone[f] >= 0) & (zone[t] >= 0)
    assert np.array_equal(flags & Flag.INTERFACE != 0, both & (south[zone[f]] != south[zone[t]]))
    assert (flags & Flag.REACTIVE == 0).all()
    for flag in (Flag.CRANKING_PATH, Flag.REMEDIAL_ACTION_SCHEME, Flag.SOLE_OUTLET):
        assert (flags & flag != 0).any()
    assert (register.unit_flags & Flag.BLACKSTART != 0).any()


def test_losing_a_sole_outlet_cuts_its_unit_off(miso: Grid) -> None:
    net, register = miso.network, miso.register
    assert register is not None
    lines = net.branches
    has = np.flatnonzero(register.sole_outlet >= 0)
    for unit in has[:: len(has) // 12]:
        left = np.arange(len(lines)) != register.sole_outlet[unit]
        graph = sp.coo_matrix(
            (np.ones(int(left.sum())), (lines.from_bus[left], lines.to_bus[left])), shape=(len(net.buses),) * 2
        )
        _, part = connected_components(graph, directed=False)
        assert part[net.units.bus[unit]] != np.bincount(part).argmax()


def test_transmission_and_generation_have_separate_owners(miso: Grid) -> None:
    register = miso.register
    assert register is not None
    wires, plants = set(register.branch_owner.tolist()) - {-1}, set(register.unit_owner.tolist())
    assert not wires & plants
    assert -1 not in plants
    assert len(wires) + len(plants) == len(register.owners)
    inside = miso.network.buses.zone >= 0
    lines = miso.network.branches
    touches = lines.monitored & (inside[lines.from_bus] | inside[lines.to_bus])
    assert np.array_equal(register.branch_owner >= 0, touches)


def test_names_are_unique(miso: Grid) -> None:
    register, stations = miso.register, miso.stations
    assert register is not None
    assert stations is not None
    real = miso.network.branches.monitored
    for names in (register.branch_name[real], register.unit_name, stations.name):
        assert len(np.unique(names)) == len(names)


def test_the_year_has_its_peak_where_the_case_is_and_its_seasons(miso: Grid) -> None:
    shapes, net = miso.shapes, miso.network
    assert shapes is not None
    assert shapes.load.shape == (11, 8760)
    load = np.array([net.buses.load_mw[net.buses.zone == z].sum() for z in range(10)])
    total = load @ shapes.load[:-1]
    peak = int(total.argmax())
    assert peak == miso.extras["peak_hour"]
    assert (shapes.load[:, peak] == 1.0).all()
    assert 4000 < peak < 6000
    assert 0.40 < total.min() / total.max() < 0.55
    winter = load[7:] @ shapes.load[7:10]
    assert np.r_[winter[:1416], winter[8016:]].max() > 0.85 * winter.max()
    assert 1.0 < shapes.load_p90_factor < 1.1


def test_wind_and_solar_are_shares_and_their_low_tenth_lies_under_the_mean(miso: Grid) -> None:
    shapes = miso.shapes
    assert shapes is not None
    month = np.searchsorted(np.cumsum([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]), np.arange(8760) // 24, "right")
    for values, tenth in ((shapes.wind, shapes.wind_p10), (shapes.solar, shapes.solar_p10)):
        assert values.min() >= 0.0
        assert values.max() <= 1.0
        for k in range(12):
            here = month == k
            assert (tenth[:, here].mean(axis=1) < values[:, here].mean(axis=1)).all()
    night = np.arange(8760) % 24 == 1
    assert shapes.solar[:, night].max() == 0.0
    assert shapes.wind[:, month == 0].mean() > shapes.wind[:, month == 6].mean()


def test_common_towers_carry_two_circuits_of_230_kv_and_up_between_the_same_buses(miso: Grid) -> None:
    net = miso.network
    lines = net.branches
    assert len({c.id for c in miso.contingencies}) == len(miso.contingencies) > 0
    for tower in miso.contingencies:
        first, second = (int(k) - 1 for k in tower.id.removeprefix("tower:").split("+"))
        ends = [{int(lines.from_bus[k]), int(lines.to_bus[k])} for k in (first, second)]
        assert ends[0] == ends[1]
        assert all(net.buses.base_kv[bus] >= 230.0 for bus in ends[0])
        assert {first, second} <= set(tower.branches)
