"""How often load begins to be lost under maintenance: against the flows between all states, in exact fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.adequacy import Away, System, Unit, followed, system_loss
from moms.adequacy import begun as at_work
from moms.bench.rts79 import FLEET as RTS
from moms.bench.rts79 import REPAIR_H, hourly_mw

from .by_hand import exactly

HOURS = 6


def states_of(unit: Unit) -> list[tuple[Fraction, Fraction, Fraction]]:
    """MW out, probability, and departures an hour back to whole; the whole unit first."""
    found = [(exactly(mw), exactly(p), 1 / exactly(stay)) for (mw, p), stay in
             zip(unit.partial, unit.stay_h, strict=True)]  # fmt: skip
    back = 1 / exactly(unit.mttr_h) if 0 < unit.outage_rate < 1 else Fraction(0)
    found.append((exactly(unit.capacity_mw), exactly(unit.outage_rate), back))
    return [(Fraction(0), 1 - sum((p for _, p, _ in found), Fraction(0)), Fraction(0)), *found]


def gives(system: System, unit: int, out: Fraction, hour: int) -> Fraction:
    """What a unit gives: maintenance takes its top, so one that lacks less than that lacks nothing more."""
    capacity, lost = exactly(system.units[unit].capacity_mw), Fraction(0)
    for one in system.away:
        if one.unit == unit and one.first <= hour < one.stop:
            lost += capacity if one.derate_mw is None else exactly(one.derate_mw)
    return max(capacity - max(out, lost), Fraction(0))


def lost(system: System, outs, hour: int, place: str, how: str) -> bool:
    """Whether load is lost in one joint state at one hour."""
    spare = {area: -exactly(float(system.load_mw[k, hour])) for k, area in enumerate(system.area)}
    for k, out in enumerate(outs):
        spare[system.units[k].area] += gives(system, k, out, hour)
    if how == "together":
        return sum(spare.values()) < 0
    others = sum(v for area, v in spare.items() if area != place)
    limit = exactly(system.import_limit_mw[place]) if how != "alone" else Fraction(0)
    return spare[place] + (limit if how == "always" else max(min(others, limit), Fraction(0))) < 0


def by_all_states(system: System, place: str, how: str) -> float:
    """Expected beginnings of loss over the hours, taken as a circle."""
    laws = [states_of(u) for u in system.units]
    total = Fraction(0)
    for combination in product(*[range(len(law)) for law in laws]):
        p = Fraction(1)
        for k, s in enumerate(combination):
            p *= laws[k][s][1]
        if p == 0:
            continue
        outs = [laws[k][s][0] for k, s in enumerate(combination)]
        here = [lost(system, outs, hour, place, how) for hour in range(HOURS)]
        for hour in range(HOURS):
            total += p * (here[hour] and not here[hour - 1])
            for k, s in enumerate(combination) if not here[hour] else ():
                whole = laws[k][0][1]
                steps = [(0, laws[k][s][2])] if s else [
                    (j, law[1] * law[2] / whole) for j, law in enumerate(laws[k]) if j
                ]  # fmt: skip
                for j, rate in steps:
                    moved = [*outs[:k], laws[k][j][0], *outs[k + 1 :]]
                    total += p * rate * lost(system, moved, hour, place, how)
    return float(total)


@st.composite
def systems(draw):
    """Two areas of few units, some with a state in between, maintenance and derates that overlap, a limit."""
    units = []
    for area in ("A", "B"):
        for k in range(draw(st.integers(0, 2))):
            capacity, rate = draw(st.integers(0, 40)), draw(st.sampled_from((0.0, 0.05, 0.25, 0.5, 1.0)))
            inner = draw(st.integers(0, 3)) == 0 and capacity > 1 and rate < 1
            units.append(
                Unit(
                    name=f"{area}{k}", capacity_mw=float(capacity), outage_rate=rate, area=area,
                    mttr_h=float(draw(st.integers(1, 50))),
                    partial=((float(draw(st.integers(1, capacity - 1))), 0.125),) if inner else (),
                    stay_h=(float(draw(st.integers(1, 20))),) if inner else (),
                )
            )  # fmt: skip
    rows = st.tuples(st.integers(0, len(units) - 1), st.integers(0, HOURS - 1), st.integers(1, HOURS),
                     st.none() | st.integers(1, 40))  # fmt: skip
    away = draw(st.lists(rows, max_size=3)) if units else []
    load = np.array(draw(st.lists(st.integers(0, 60), min_size=2 * HOURS, max_size=2 * HOURS)), dtype=float)
    return System(
        units=tuple(units), area=("A", "B"), load_mw=load.reshape(2, HOURS), day=np.zeros(HOURS, dtype=np.int64),
        away=tuple(Away(unit=u, first=f, stop=f + n, derate_mw=d and float(d)) for u, f, n, d in away),
        import_limit_mw={"A": float(draw(st.sampled_from((0, 7, 30, 500))))},
    )  # fmt: skip


@given(systems())
@settings(max_examples=60, deadline=None)
def test_losses_begin_as_often_as_load_flows_from_served_to_lost_states(system):
    found = system_loss(system=system)
    places = [(found.together, "", "together")]
    for area in found.areas:
        places += [(one, area.area, how) for one, how in ((area.alone, "alone"), (area.always, "always"),
                                                          (area.spared, "spared")) if one is not None]  # fmt: skip
    assert len(places) == 5
    for one, place, how in places:
        assert one.losses == pytest.approx(by_all_states(system, place, how), rel=1e-10, abs=1e-13)


def unit(name: str, capacity: float, rate: float, repair: float, area: str = "") -> Unit:
    return Unit(name=name, capacity_mw=capacity, outage_rate=rate, mttr_h=repair, area=area)


def test_rts79_under_maintenance_has_the_frequency_of_followed_years():
    """Its two units of 400 MW out one after the other through spring, looked at every quarter of an hour."""
    units = tuple(unit(str(k), c, q, REPAIR_H[c], "all") for k, (c, q) in enumerate(RTS))
    load, first = hourly_mw(), 12 * 168
    away = (Away(unit=30, first=0, stop=600), Away(unit=31, first=700, stop=1300),
            Away(unit=29, first=500, stop=900, derate_mw=150.0))  # fmt: skip
    whole = System(units=units, area=("all",), load_mw=1.1 * load[None, first : first + 1344], away=away,
                   day=np.arange(1344) // 24)  # fmt: skip
    (seen,) = followed(system=whole, years=1500, seed=21, step_h=0.25)
    exact = system_loss(system=whole).together
    assert exact.losses > 0.3
    # Looking every quarter of an hour misses what came and went between two looks: some per cent, never too many.
    assert -4.5 * seen.lolf[1] < exact.losses - seen.lolf[0] < 4.5 * seen.lolf[1] + 0.05 * exact.losses
    without = system_loss(system=System(units=units, area=("all",), load_mw=whole.load_mw, day=whole.day)).together
    assert without.losses < exact.losses


def test_areas_with_help_under_uncertain_load_have_the_frequency_of_followed_years():
    units = (unit("a1", 60.0, 0.1, 8.0, "A"), unit("a2", 50.0, 0.1, 12.0, "A"), unit("b1", 80.0, 0.1, 6.0, "B"),
             unit("b2", 70.0, 0.05, 9.0, "B"))  # fmt: skip
    wave = 75.0 + 25.0 * np.sin(np.arange(48) * 2 * np.pi / 24)
    loads, day = np.stack([0.7 * wave, 0.9 * wave]), np.arange(48) // 24
    whole = System(units=units, area=("A", "B"), load_mw=loads, day=day, import_limit_mw={"A": 30.0},
                   away=(Away(unit=3, first=5, stop=25),), uncertainty_percent=4.0)  # fmt: skip
    years = {(one.place, one.how): one for one in followed(system=whole, years=12_000, seed=9, step_h=0.1)}
    found = system_loss(system=whole)
    pairs = [(years["", "together"], found.together), (years["A", "spared"], found.areas[0].spared)]
    for seen, exact in pairs:
        assert exact.losses > 0.2
        assert -4.5 * seen.lolf[1] < exact.losses - seen.lolf[0] < 4.5 * seen.lolf[1] + 0.05 * exact.losses
        assert exact.hours_a_loss == pytest.approx(exact.lole_h / exact.losses)


def test_where_too_many_units_change_at_once_no_frequency_is_given(monkeypatch):
    monkeypatch.setattr(at_work, "MOST_JOINT", 8)
    units = tuple(unit(str(k), 10.0 + 2**k / 8, 0.1, 5.0, "all") for k in range(4))
    away = tuple(Away(unit=k, first=2, stop=4) for k in range(4))
    loads, day = np.full((1, HOURS), 30.0), np.zeros(HOURS, dtype=np.int64)
    found = system_loss(system=System(units=units, area=("all",), load_mw=loads, day=day, away=away)).together
    assert found.losses is None
    assert found.lole_h > 0
    some = system_loss(system=System(units=units, area=("all",), load_mw=loads, day=day, away=away[:3])).together
    assert some.losses is not None


def test_a_unit_without_a_time_to_repair_leaves_the_frequency_open_only_while_it_is_there():
    units = (unit("a", 50.0, 0.1, 5.0, "all"), Unit(name="b", capacity_mw=50.0, outage_rate=0.1, area="all"))
    loads, day = np.full((1, HOURS), 40.0), np.zeros(HOURS, dtype=np.int64)
    for away, known in (((), False), ((Away(unit=1, first=0, stop=HOURS),), True)):
        found = system_loss(system=System(units=units, area=("all",), load_mw=loads, day=day, away=away)).together
        assert (found.losses is not None) == known
