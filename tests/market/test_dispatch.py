from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moms.adequacy import MarginRules, margin
from moms.grid import shape_columns
from moms.market import DispatchRules, NoHours, dispatch
from moms.powerflow import DcFactor

from .worlds import hours, world

SEEDS = st.integers(0, 400)


def out_of(grid, count, *units):
    out = np.zeros((len(grid.network.units), count), dtype=bool)
    out[list(units)] = True
    return out


def at_its_own_load(grid):
    """Give the world with shapes that repeat its data: load 1, weather at what the units give."""
    units, shapes = grid.network.units, grid.shapes
    zone = grid.network.buses.zone[units.bus]
    p = np.where(np.isin(units.fuel, ("wind", "solar")), 0.5 * units.p_max_mw, units.p_mw)
    dc = grid.network.dclines
    follows = ~np.isin(units.fuel, ("wind", "solar", "nuclear")) & (zone >= 0) & (p > 0)
    buses = grid.network.buses
    need = buses.load_mw.sum() + buses.shunt_mw.sum() + dc.loss_mw.sum()
    p[follows] *= (need - p[~follows].sum()) / p[follows].sum()
    flat = np.ones_like(shapes.load)
    network = replace(
        grid.network, units=replace(units, p_mw=p, p_max_mw=np.maximum(units.p_max_mw, p), p_min_mw=0.3 * p)
    )
    return replace(grid, network=network, shapes=replace(shapes, load=flat, wind=0.5 * flat, solar=0.5 * flat))


@given(SEEDS, st.booleans(), st.lists(st.integers(0, 29), max_size=8))
@example(201, False, [])  # a sub-region that takes in more than it may, and generates nothing in the data
@settings(max_examples=60, deadline=None)
def test_every_hour_balances_with_nothing_left_to_the_slack(seed, loose, units):
    grid = world(seed=seed, loose=loose)
    made = dispatch(grid=grid, starts=hours(30), units_out=out_of(grid, 30, *units))
    assert np.abs(made.hours.injection_mw(grid.network).sum(axis=0)).max() < 1e-6
    DcFactor.of(grid.network).flows(made.hours.injection_mw(grid.network))  # refuses what does not balance


@given(SEEDS, st.booleans(), st.lists(st.integers(0, 29), max_size=12), st.floats(0, 200))
@settings(max_examples=60, deadline=None)
def test_units_stay_within_what_they_have_and_units_out_give_nothing(seed, loose, units, derate):
    grid = world(seed=seed, loose=loose)
    table = grid.network.units
    derates = np.full((len(table), 30), derate)
    made = dispatch(grid=grid, starts=hours(30), units_out=out_of(grid, 30, *units), derate_mw=derates)
    inside = grid.network.buses.zone[table.bus] >= 0
    room = np.maximum(table.p_max_mw - derate, 0.0)[:, None]
    assert (made.hours.unit_mw[units] == 0).all()
    assert (made.hours.unit_mw >= -1e-9).all()
    assert (made.hours.unit_mw[inside] <= room[inside] + 1e-9).all()


@given(SEEDS, st.lists(st.integers(0, 29), max_size=8))
@settings(max_examples=60, deadline=None)
def test_zones_keep_their_limits(seed, units):
    grid = world(seed=seed)
    grid = replace(grid, zones=replace(grid.zones, region_import_limit_mw={}))
    count = 30
    made = dispatch(grid=grid, starts=hours(count), units_out=out_of(grid, count, *units))
    network, zone = grid.network, grid.network.buses.zone
    in_data = -network.buses.load_mw - network.buses.shunt_mw
    np.add.at(in_data, network.units.bus, network.units.p_mw)
    np.add.at(in_data, network.dclines.from_bus, -network.dclines.p_mw)
    np.add.at(in_data, network.dclines.to_bus, network.dclines.p_mw - network.dclines.loss_mw)
    shape = grid.shapes.load[:, shape_columns(shapes=grid.shapes, starts=hours(count))]
    injection = made.hours.injection_mw(network)
    for z in range(3):
        sends, sent_in_data = injection[zone == z].sum(axis=0), in_data[zone == z].sum() * shape[z]
        assert (-sends <= np.maximum(250.0, -sent_in_data) + 1e-6).all()
        assert (sends <= np.maximum(250.0, sent_in_data) + 1e-6).all()


def test_a_sub_region_keeps_its_limit_when_the_others_have_less_to_do():
    met = 0
    for seed in range(12):
        grid = at_its_own_load(world(seed=seed, loose=True))
        zone, load = grid.network.buses.zone, np.ones_like(grid.shapes.load)
        load[-1] = 0.2  # the outside world takes (or gives) less than in the data

        def takes(limit, grid=grid, zone=zone, load=load):
            shapes = replace(grid.shapes, load=load)
            zones = replace(grid.zones, region_import_limit_mw={"South": limit, "Midwest": 1e9})
            made = dispatch(grid=replace(grid, shapes=shapes, zones=zones), starts=hours(1)).hours
            return -made.injection_mw(grid.network)[zone == 2].sum()

        in_data = -dispatch(grid=grid, starts=hours(1)).hours.injection_mw(grid.network)[zone == 2].sum()
        free = takes(1e9)
        if free > max(in_data, 0.0) + 5.0:
            met += 1
            assert takes(max(in_data, 0.0) + 2.0) <= max(in_data, 0.0) + 2.0 + 1e-6
    assert met > 1


def test_at_the_datas_own_load_the_dispatch_is_the_datas():
    for seed in range(5):
        grid = at_its_own_load(world(seed=seed, loose=True))
        made = dispatch(grid=grid, starts=hours(3))
        assert made.hours.unit_mw == pytest.approx(np.repeat(grid.network.units.p_mw[:, None], 3, axis=1), abs=1e-6)
        assert made.hours.load_mw == pytest.approx(np.repeat(grid.network.buses.load_mw[:, None], 3, axis=1))
        assert made.moved_mw == pytest.approx(0.0, abs=1e-6)


def test_a_unit_out_is_replaced_in_its_zone_by_the_cheapest_room_and_nothing_else_moves():
    grid = at_its_own_load(world(seed=2, loose=True, units=60))
    units, zone = grid.network.units, grid.network.buses.zone[grid.network.units.bus]
    lost = int(np.flatnonzero((zone == 1) & (units.p_mw > 20) & (units.fuel == "coal"))[0])
    before = dispatch(grid=grid, starts=hours(1)).hours.unit_mw[:, 0]
    after = dispatch(grid=grid, starts=hours(1), units_out=out_of(grid, 1, lost)).hours.unit_mw[:, 0]
    moved = after - before
    assert (moved[zone != 1] == 0).all()
    assert moved.sum() == pytest.approx(0.0, abs=1e-9)
    raised = np.flatnonzero(moved > 1e-9)
    price = units.cost_c1 + units.cost_c2 * (units.p_mw + units.p_max_mw) + 1e6 * units.emergency_only
    able = (zone == 1) & ~np.isin(units.fuel, ("wind", "solar")) & (units.p_max_mw - before > 1e-9)
    able[lost] = False
    dearest = raised[np.argmax(price[raised])]
    full = able & (price < price[dearest])
    assert after[full] == pytest.approx(units.p_max_mw[full])
    assert set(raised) <= set(np.flatnonzero(able & (price <= price[dearest])))


def test_what_a_zone_cannot_replace_comes_from_its_sub_region_first():
    grid = at_its_own_load(world(seed=4, loose=True))
    units, zone = grid.network.units, grid.network.buses.zone[grid.network.units.bus]
    region = np.array([*grid.zones.region, ""])[zone]
    gone = np.flatnonzero(zone == 0)
    before = dispatch(grid=grid, starts=hours(1)).hours.unit_mw[:, 0]
    after = dispatch(grid=grid, starts=hours(1), units_out=out_of(grid, 1, *gone)).hours.unit_mw[:, 0]
    room = np.where(np.isin(units.fuel, ("wind", "solar")) | (zone == 0), 0.0, units.p_max_mw - before)
    north = (region == "North") & (zone != 0)
    lost = before[gone].sum()
    assert (after - before)[north].sum() == pytest.approx(min(lost, room[north].sum()))
    assert (after - before)[region == "South"].sum() == pytest.approx(max(0.0, lost - room[north].sum()))


def test_an_import_limit_leaves_a_shortfall_that_is_reported_and_taken_off_the_load():
    grid = at_its_own_load(world(seed=4, loose=True))
    zone = grid.network.buses.zone
    dc = grid.network.dclines
    own = np.flatnonzero(zone[grid.network.units.bus] == 0)
    given = grid.network.units.p_mw[own].sum()
    arrives = (dc.p_mw - dc.loss_mw)[zone[dc.to_bus] == 0].sum()
    takes = (grid.network.buses.load_mw + grid.network.buses.shunt_mw)[zone == 0].sum() - given - arrives
    limit = max(takes, 0.0) + 30.0
    tight = replace(grid, zones=replace(grid.zones, import_limit_mw=np.array([limit, 1e9, 1e9])))
    made = dispatch(grid=tight, starts=hours(1), units_out=out_of(tight, 1, *own))
    assert made.shortfall_mw[0] == pytest.approx(given - (limit - takes))
    served = made.hours.load_mw[zone == 0, 0].sum()
    assert served == pytest.approx(grid.network.buses.load_mw[zone == 0].sum() - made.shortfall_mw[0])
    assert np.abs(made.hours.injection_mw(tight.network).sum()) < 1e-6


def test_a_sub_regions_limit_holds_too():
    grid = at_its_own_load(world(seed=4, loose=True))
    zone = grid.network.buses.zone[grid.network.units.bus]
    south = np.flatnonzero(zone == 2)
    assert grid.zones.region[2] == "South"
    given = grid.network.units.p_mw[south].sum()
    base_takes = (
        (grid.network.buses.load_mw + grid.network.buses.shunt_mw)[grid.network.buses.zone == 2].sum()
        - given
        - (grid.network.dclines.p_mw - grid.network.dclines.loss_mw)[
            grid.network.buses.zone[grid.network.dclines.to_bus] == 2
        ].sum()
    )
    tight = replace(grid, zones=replace(grid.zones, region_import_limit_mw={"South": base_takes + 25.0}))
    made = dispatch(grid=tight, starts=hours(1), units_out=out_of(tight, 1, *south))
    assert made.shortfall_mw[0] == pytest.approx(given - 25.0)


def test_wind_and_solar_give_capacity_times_shape_and_the_others_make_room():
    grid = at_its_own_load(world(seed=1, loose=True))
    calm = replace(grid, shapes=replace(grid.shapes, wind=0.4 * np.ones_like(grid.shapes.wind)))
    made = dispatch(grid=calm, starts=hours(1)).hours.unit_mw[:, 0]
    units, zone = grid.network.units, grid.network.buses.zone[grid.network.units.bus]
    wind = (units.fuel == "wind") & (zone >= 0)
    assert made[wind] == pytest.approx(0.4 * units.p_max_mw[wind])
    follows = (zone >= 0) & ~np.isin(units.fuel, ("wind", "solar"))
    more = 0.1 * units.p_max_mw[wind].sum()
    assert (made - units.p_mw)[follows].sum() == pytest.approx(more)


def test_nuclear_holds_its_output_when_load_falls():
    grid = at_its_own_load(world(seed=1, loose=True))
    low = replace(grid, shapes=replace(grid.shapes, load=0.8 * np.ones_like(grid.shapes.load)))
    units, zone = grid.network.units, grid.network.buses.zone[grid.network.units.bus]
    nuclear = (units.fuel == "nuclear") & (zone >= 0)
    made = dispatch(grid=low, starts=hours(1)).hours.unit_mw[nuclear, 0]
    assert made == pytest.approx(units.p_mw[nuclear])
    follows = dispatch(grid=low, starts=hours(1), rules=DispatchRules(steady_fuels=())).hours.unit_mw[nuclear, 0]
    assert follows.sum() < units.p_mw[nuclear].sum() - 1.0


def test_the_exchange_with_the_outside_world_scales_with_its_load():
    grid = at_its_own_load(world(seed=3, loose=True))
    load = np.ones_like(grid.shapes.load)
    load[-1] = 0.5
    half = replace(grid, shapes=replace(grid.shapes, load=load))
    outside = grid.network.buses.zone < 0
    full, less = (dispatch(grid=g, starts=hours(1)).hours.injection_mw(g.network)[outside].sum() for g in (grid, half))
    fixed = -grid.network.buses.shunt_mw[outside].sum() - grid.network.dclines.p_mw.sum()
    assert less - fixed == pytest.approx(0.5 * (full - fixed))


def test_the_same_input_gives_the_same_bytes():
    one, two = (dispatch(grid=world(seed=5), starts=hours(40)).hours for _ in range(2))
    assert one.unit_mw.tobytes() == two.unit_mw.tobytes()
    assert one.load_mw.tobytes() == two.load_mw.tobytes()


def test_an_hour_does_not_depend_on_the_hours_beside_it():
    grid = world(seed=6)
    whole = dispatch(grid=grid, starts=hours(24)).hours
    for k in (0, 7, 23):
        alone = dispatch(grid=grid, starts=hours(24)[k : k + 1]).hours
        assert alone.unit_mw[:, 0] == pytest.approx(whole.unit_mw[:, k], abs=1e-9)


def test_a_load_factor_and_another_hours_weather_make_a_p90_point():
    grid = world(seed=6, loose=True)
    starts = hours(2)
    p90 = dispatch(grid=grid, starts=starts, load_factor=np.array([1.0, 1.06]), weather_at=[starts[0]] * 2).hours
    assert p90.load_mw[:, 1] == pytest.approx(1.06 * p90.load_mw[:, 0])
    assert p90.start == starts


def test_the_margin_and_the_dispatch_of_an_hour_see_the_same_load():
    grid = world(seed=7)
    made = dispatch(grid=grid, starts=hours(24))
    seen = margin(grid=grid, starts=hours(24), rules=MarginRules(loads=("P50",)))
    for z in range(3):
        row = seen.row_named(f"zone Z{z} P50")
        assert seen.load_mw[row] == pytest.approx(made.hours.load_mw[grid.network.buses.zone == z].sum(axis=0))


def test_units_that_give_more_in_the_data_than_their_pmax_are_kept_and_said():
    grid = at_its_own_load(world(seed=1, loose=True))
    units = grid.network.units
    p_max = units.p_max_mw.copy()
    zone = grid.network.buses.zone[units.bus]
    row = int(np.flatnonzero((zone >= 0) & (units.fuel == "coal") & (units.p_mw > 20))[0])
    p_max[row] = units.p_mw[row] - 10.0
    over = replace(grid, network=replace(grid.network, units=replace(units, p_max_mw=p_max)))
    made = dispatch(grid=over, starts=hours(1))
    assert made.hours.unit_mw[row, 0] == pytest.approx(units.p_mw[row])
    assert made.notes[1] == "1 units give 10.0 MW more in the data than their Pmax; kept as given"


def test_a_grid_without_hours_is_refused():
    with pytest.raises(NoHours):
        dispatch(grid=replace(world(), shapes=None), starts=hours(1))
