"""Units with states in between, followed and by the table, against the chain of all states of the fleet."""

from __future__ import annotations

from functools import reduce
from itertools import product

import numpy as np
import pytest
from scipy.linalg import expm

from moms.adequacy import Away, NotAFleet, System, Unit, followed, outage_frequency, remove_unit, simulate, system_loss
from moms.adequacy.chain import draws, state_path
from moms.adequacy.system import table_of_units

HOURS, YEARS = 48, 30_000
FLEET = (
    Unit(name="three", capacity_mw=60.0, outage_rate=0.08, mttr_h=9.0, partial=((20.0, 0.15), (40.0, 0.05)),
         stay_h=(6.0, 12.0)),
    Unit(name="derated", capacity_mw=50.0, outage_rate=0.0, partial=((30.0, 0.2),), stay_h=(4.0,)),
    Unit(name="plain", capacity_mw=40.0, outage_rate=0.1, mttr_h=7.0),
)  # fmt: skip
AWAY = (Away(unit=0, first=10, stop=22, derate_mw=30.0), Away(unit=2, first=30, stop=40))


def states_of(unit: Unit) -> list[tuple[float, float, float]]:
    """MW out, probability and departures an hour back to whole, the whole unit first."""
    others = [(mw, p, 1.0 / stay) for (mw, p), stay in zip(unit.partial, unit.stay_h, strict=True)]
    others += [(unit.capacity_mw, unit.outage_rate, 1.0 / unit.mttr_h)] if unit.outage_rate else []
    return [(0.0, 1.0 - sum(p for _, p, _ in others), 0.0), *others]


def rates_of(unit: Unit) -> np.ndarray:
    """What is left of each state an hour; in the long run as much comes as goes."""
    states = states_of(unit)
    q = np.zeros((len(states), len(states)))
    for k, (_, p, back) in enumerate(states[1:], start=1):
        q[0, k], q[k, 0] = p * back / states[0][1], back
    return q - np.diag(q.sum(axis=1))


def joint(units):
    """Rates between all states of the fleet together, their probabilities, and what each unit lacks in them."""

    def beside(a, b):
        return np.kron(a, np.eye(len(b))) + np.kron(np.eye(len(a)), b)

    rates = reduce(beside, [rates_of(u) for u in units])
    p = reduce(np.kron, [np.array([s[1] for s in states_of(u)]) for u in units])
    lacks = np.array(list(product(*[[s[0] for s in states_of(u)] for u in units])))
    assert np.abs(p @ rates).max() < 1e-12
    return rates, p, lacks


def load() -> np.ndarray:
    return 95.0 + 30.0 * np.sin(np.arange(HOURS) * 2 * np.pi / 24)


def system(*, away=AWAY, units=FLEET) -> System:
    return System(units=units, area=("all",), load_mw=load()[None], day=np.arange(HOURS) // 24, away=away)


def lost_by_hour(lacks: np.ndarray, away) -> np.ndarray:
    """Whether load is lost, by hour and state: a derate takes the top of a unit off."""
    capacity = np.array([u.capacity_mw for u in FLEET])
    lost = np.zeros((HOURS, len(lacks)), dtype=bool)
    for hour in range(HOURS):
        most = capacity.copy()
        for one in away:
            if one.first <= hour < one.stop:
                most[one.unit] -= capacity[one.unit] if one.derate_mw is None else one.derate_mw
        lost[hour] = np.minimum(capacity - lacks, most).sum(axis=1) < load()[hour] - 1e-9
    return lost


@pytest.mark.parametrize("away", [(), AWAY])
def test_followed_years_have_the_hours_and_the_frequency_of_the_chain(away):
    rates, p, lacks = joint(FLEET)
    lost, move = lost_by_hour(lacks, away), expm(rates)
    hours = float((lost * p).sum())
    begins = sum(float(((p * ~lost[t]) @ move)[lost[t + 1]].sum()) for t in range(HOURS - 1))
    (found,) = followed(system=system(away=away), years=YEARS, seed=8)
    assert hours > 1.0
    assert begins > 0.3
    for (mean, error), wanted in ((found.lole_h, hours), (found.lolf, begins)):
        assert abs(mean - wanted) <= 4.5 * error
    exact = system_loss(system=system(away=away)).together
    assert exact.lole_h == pytest.approx(hours, rel=1e-9)
    assert abs(found.eue_mwh[0] - exact.eue_mwh) <= 4.5 * found.eue_mwh[1]


def test_the_frequency_of_the_table_is_the_flow_between_all_states():
    rates, p, lacks = joint(FLEET)
    out = lacks.sum(axis=1)
    table = table_of_units(FLEET)
    often = outage_frequency(table=table, repair_h=np.array([u.repair_h or 1.0 for u in FLEET]))
    assert often is not None
    for place, level in enumerate(table.out_mw):
        below = out < level - 1e-9
        flow = float((p[below] @ rates[below][:, ~below]).sum())
        assert often[place] == pytest.approx(flow, rel=1e-12, abs=1e-15)
    (loss,) = [system_loss(system=system(away=())).together]
    assert loss.losses is not None
    fewer = remove_unit(table=table, unit=2)
    assert outage_frequency(table=fewer, repair_h=np.array([9.0, 1.0])) is not None


def test_looked_at_often_the_followed_frequency_comes_near_that_of_the_table():
    """Each look misses what came and went between two; twelve an hour miss little."""
    level, hours = np.full(60, 110.0), 60
    found = simulate(units=FLEET, load_mw=np.repeat(level, 12), period=np.zeros(12 * hours, dtype=np.int64),
                     years=4000, seed=2, step_h=1 / 12)  # fmt: skip
    table = table_of_units(FLEET)
    often = outage_frequency(table=table, repair_h=np.array([9.0, 1.0, 7.0]))
    first = int(np.searchsorted(table.out_mw, table.installed_mw - 110.0, side="right"))
    exact = float(often[first]) * (hours - 1 / 12)
    assert found.losses.mean() == pytest.approx(exact, abs=4.5 * found.losses.std() / np.sqrt(4000) + 0.02 * exact)


def test_one_unit_is_in_each_state_as_often_and_as_long_as_it_should_be():
    states = states_of(FLEET[0])
    p, stay = np.array([s[1] for s in states]), np.array([0.0, 6.0, 12.0, 9.0])
    path = state_path(uniform=draws(seed=5, key=1, scenarios=20_000, steps=40), probability=p, stay_h=stay, step_h=1.0)
    for t in (0, 39):
        share = np.bincount(path[t], minlength=4) / 20_000
        assert share == pytest.approx(p, abs=5 * np.sqrt(0.25 / 20_000))
    move = expm(rates_of(FLEET[0]))
    for state in range(4):
        came = path[:-1] == state
        share = np.bincount(path[1:][came], minlength=4) / came.sum()
        assert share == pytest.approx(move[state], abs=6 * np.sqrt(0.25 / came.sum()))


def test_a_state_of_no_probability_changes_nothing():
    plain, more = (Unit(name="x", capacity_mw=60.0, outage_rate=0.1, mttr_h=5.0, partial=part, stay_h=stay)
                   for part, stay in (((), ()), (((20.0, 0.0),), (3.0,))))  # fmt: skip
    found = [followed(system=system(units=(one, *FLEET[1:])), years=500, seed=1)[0] for one in (plain, more)]
    assert np.array_equal(found[0].hours, found[1].hours)


@pytest.mark.parametrize(
    ("unit", "says"),
    [(Unit(name="x", capacity_mw=9.0, outage_rate=0.1, mttr_h=5.0, partial=((5.0, 0.1),)), "how long it stays"),
     (Unit(name="x", capacity_mw=9.0, outage_rate=0.5, mttr_h=5.0, partial=((5.0, 0.5),), stay_h=(2.0,)),
      "never whole")],
)  # fmt: skip
def test_a_unit_of_which_too_little_is_known_is_refused(unit, says):
    with pytest.raises(NotAFleet, match=says) as refused:
        followed(system=system(units=(unit, *FLEET[1:])), years=10, seed=1)
    assert refused.value.field == "states"
