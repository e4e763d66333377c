"""Frequency and duration with maintenance, areas and uncertain load, against the chain of all states of the fleet."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.linalg import expm

from moms.adequacy import Away, NotAFleet, System, Unit, followed, system_loss
from moms.bench.rts79 import FLEET as RTS
from moms.bench.rts79 import REPAIR_H, hourly_mw

HOURS, YEARS = 48, 40_000


def unit(name: str, capacity: float, rate: float, repair: float, area: str = "") -> Unit:
    return Unit(name=name, capacity_mw=capacity, outage_rate=rate, mttr_h=repair, area=area)


FLEET = (unit("a", 60.0, 0.10, 8.0), unit("b", 60.0, 0.05, 30.0), unit("c", 35.0, 0.2, 5.0))
AWAY = (Away(unit=1, first=10, stop=20), Away(unit=0, first=30, stop=41, derate_mw=25.0))


def load() -> np.ndarray:
    return 75.0 + 25.0 * np.sin(np.arange(HOURS) * 2 * np.pi / 24)


def system(load_mw, *, units=FLEET, away=AWAY, area=("all",), **more) -> System:
    table = np.asarray(load_mw, dtype=float).reshape(len(area), -1)
    day = np.arange(table.shape[1]) // 24
    return System(units=units, area=area, load_mw=table, day=day, away=away, **more)


def left_mw(units, away, hour) -> np.ndarray:
    left = np.array([u.capacity_mw for u in units])
    for one in away:
        if one.first <= hour < one.stop:
            left[one.unit] -= left[one.unit] if one.derate_mw is None else one.derate_mw
    return left


def by_the_chain(units, away, loads, step_h=1.0) -> tuple[float, float]:
    """Expected hours and beginnings of loss from the joint chain of all states, looked at every step."""
    states = np.array(list(product((0, 1), repeat=len(units))))
    q, repair = np.array([u.outage_rate for u in units]), np.array([u.mttr_h for u in units])
    rates = np.zeros((len(states), len(states)))
    for i, here in enumerate(states):
        for k in range(len(units)):
            there = here.copy()
            there[k] = 1 - here[k]
            j = int(np.flatnonzero((states == there).all(axis=1))[0])
            rates[i, j] = 1 / repair[k] if here[k] else q[k] / (1 - q[k]) / repair[k]
        rates[i, i] = -rates[i].sum()
    move = expm(rates * step_h)
    p = np.where(states == 1, q, 1 - q).prod(axis=1)
    lost = np.array([((1 - states) @ left_mw(units, away, int(t * step_h)) < mw) for t, mw in enumerate(loads)])
    hours = float((lost * p).sum()) * step_h
    begins = sum(float(((p * ~lost[t]) @ move)[lost[t + 1]].sum()) for t in range(len(loads) - 1))
    return hours, begins


def near(found: tuple[float, float], wanted: float) -> bool:
    """Within four and a half standard errors: one wrong alarm in 150,000."""
    return abs(found[0] - wanted) <= 4.5 * found[1] + 1e-12


@pytest.mark.parametrize("step_h", [1.0, 0.25])
def test_frequency_and_hours_under_maintenance_are_those_of_the_chain(step_h):
    (found,) = followed(system=system(load()), years=YEARS, seed=5, step_h=step_h)
    hours, begins = by_the_chain(FLEET, AWAY, np.repeat(load(), round(1 / step_h)), step_h)
    assert hours > 1.0
    assert begins > 0.2
    assert near(found.lole_h, hours)
    assert near(found.lolf, begins)
    exact = system_loss(system=system(load())).together
    assert exact.lole_h == pytest.approx(hours, rel=1e-9)
    assert exact.losses > begins  # looked at now and then, what came and went between two looks is missed
    assert near(found.eue_mwh, exact.eue_mwh)


def test_maintenance_makes_losses_and_what_is_left_of_a_derated_unit_fails_with_it():
    without = followed(system=system(load(), away=()), years=2000, seed=5)[0]
    with_it = followed(system=system(load()), years=2000, seed=5)[0]
    assert (with_it.hours >= without.hours).all()  # the same paths of units
    assert with_it.lole_h[0] > 1.2 * without.lole_h[0]
    for wholly in (Away(unit=0, first=0, stop=HOURS), Away(unit=0, first=0, stop=HOURS, derate_mw=60.0)):
        gone = followed(system=system(load(), away=(wholly,)), years=2000, seed=5)[0]
        assert np.array_equal(gone.hours, followed(system=system(load(), away=(Away(unit=0, first=0, stop=HOURS),)),
                                                   years=2000, seed=5)[0].hours)  # fmt: skip


def test_uncertain_load_and_areas_agree_with_the_exact_tables():
    units = (unit("a1", 60.0, 0.1, 8.0, "A"), unit("a2", 50.0, 0.1, 12.0, "A"), unit("b1", 80.0, 0.1, 6.0, "B"),
             unit("b2", 70.0, 0.05, 9.0, "B"))  # fmt: skip
    loads = np.stack([0.7 * load(), 0.9 * load()])
    whole = system(loads, units=units, away=(Away(unit=3, first=5, stop=25),), area=("A", "B"),
                   import_limit_mw={"A": 30.0}, uncertainty_percent=4.0)  # fmt: skip
    found = {(one.place, one.how): one for one in followed(system=whole, years=YEARS, seed=9)}
    exact = system_loss(system=whole)
    assert set(found) == {("", "together"), ("A", "alone"), ("A", "spared"), ("B", "alone")}
    pairs = [(found["", "together"], exact.together), (found["A", "alone"], exact.areas[0].alone),
             (found["A", "spared"], exact.areas[0].spared), (found["B", "alone"], exact.areas[1].alone)]  # fmt: skip
    for one, other in pairs:
        assert other.lole_h > 0.05
        assert near(one.lole_h, other.lole_h)
        assert near(one.eue_mwh, other.eue_mwh)


def test_lengths_are_counted_loss_by_loss():
    """A unit that fails once in the hours seen: each loss is one of its outages, cut where the year ends."""
    alone = unit("a", 50.0, 0.3, 6.0)
    (found,) = followed(system=system(np.full(200, 40.0), units=(alone,), away=()), years=4000, seed=3)
    whole = found.lengths
    assert whole[0] == 0
    assert 0.9 < whole.sum() / found.losses.sum() <= 1.0
    mends = 1 - float(expm(np.array([[-1 / 6.0, 1 / 6.0], [0.3 / 0.7 / 6.0, -0.3 / 0.7 / 6.0]]))[0, 0])
    share = 1 - (1 - mends) ** np.arange(len(whole))
    gap = np.abs(np.cumsum(whole) / whole.sum() - share)[:10]
    assert gap.max() < 0.02 + 2.0 / np.sqrt(whole.sum())
    assert found.length_h(0.5) <= found.length_h(0.9)
    assert found.lold_h == pytest.approx(found.hours.sum() / found.losses.sum())


def test_rts79_has_its_published_frequency_and_duration():
    """Literature (recalled): LOLF about 1.9 a year and 4.9 h a loss; looked at on the hour a little fewer."""
    units = tuple(unit(str(k), c, q, REPAIR_H[c]) for k, (c, q) in enumerate(RTS))
    whole = system(hourly_mw(), units=units, away=())
    (found,) = followed(system=whole, years=1000, seed=11)
    exact = system_loss(system=whole).together
    assert near(found.lole_h, exact.lole_h)
    assert found.lolf[0] == pytest.approx(1.9, abs=4.5 * found.lolf[1] + 0.05)
    assert found.lold_h == pytest.approx(4.9, rel=0.1)


def test_the_same_seed_gives_the_same_years_and_another_others():
    one, again, other = (followed(system=system(load()), years=300, seed=s)[0] for s in (1, 1, 2))
    assert np.array_equal(one.hours, again.hours)
    assert not np.array_equal(one.hours, other.hours)
    more = followed(system=system(load()), years=600, seed=1)[0]
    assert np.array_equal(more.hours[:300], one.hours)


def test_units_that_always_and_never_fail_and_no_units_at_all():
    sure = (Unit(name="up", capacity_mw=50.0, outage_rate=0.0), Unit(name="down", capacity_mw=50.0, outage_rate=1.0))
    (found,) = followed(system=system(np.array([40.0, 60.0, 40.0, 60.0]), units=sure, away=()), years=2, seed=1)
    assert found.hours.tolist() == [2.0, 2.0]
    assert found.losses.tolist() == [2, 2]
    assert found.energy_mwh.tolist() == [20.0, 20.0]
    (empty,) = followed(system=system(np.array([1.0, 0.0]), units=(), away=()), years=2, seed=1)
    assert empty.hours.tolist() == [1.0, 1.0]
    assert empty.lold_h is None
    assert empty.length_h(0.5) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [({"years": 1}, "simulate"), ({"years": 10**6}, "simulate"), ({"step_h": 0.3}, "step"), ({"step_h": 2.0}, "step"),
     ({"step_h": 0.0}, "step")],
)  # fmt: skip
def test_years_and_steps_that_cannot_be_are_refused(change, field):
    with pytest.raises(NotAFleet) as refused:
        followed(**({"system": system(load()), "years": 10, "seed": 1} | change))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("bad", "field"),
    [(Unit(name="x", capacity_mw=10.0, outage_rate=0.1), "mttr_h"),
     (Unit(name="x", capacity_mw=10.0, outage_rate=0.1, mttr_h=5.0, partial=((5.0, 0.1),)), "states")],
)  # fmt: skip
def test_a_unit_whose_path_is_not_known_is_refused(bad, field):
    with pytest.raises(NotAFleet) as refused:
        followed(system=system(load(), units=(bad,), away=()), years=10, seed=1)
    assert refused.value.field == field
