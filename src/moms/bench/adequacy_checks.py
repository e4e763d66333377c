"""Exactness beside what else can say the same: every state of a small system in plain numpy, and another package."""

from __future__ import annotations

import importlib.util
import itertools
import math
import time
import warnings
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy import Away, System, Unit, capacity_outage, loss_of_load, system_loss
from moms.bench.rows import Row
from moms.bench.rts79 import FLEET, hourly_mw

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray

RBTS = ((40, 0.02, 60), *((20, 0.015, 55),) * 4, *((5, 0.01, 45),) * 2, *((40, 0.03, 45),) * 2, (20, 0.025, 45),
        (10, 0.02, 45))  # fmt: skip
"""MW, outage rate and hours of repair: Billinton et al., IEEE Trans. Power Systems 4 (1989); the load has RTS-79's
shape."""
PEAK_MW, WEEKS = 185.0, (49, 52)
TRIALS = 500


def rows(*, quick: bool) -> list[Row]:
    """Compare; `quick` takes one week, and leaves the other package out."""
    return [*_by_all_states(quick=quick), _assetra(quick=quick)]


def _system(*, hours: slice) -> System:
    """Give the Roy Billinton Test System as two areas, with units out and derated through its last weeks."""
    load = hourly_mw()[hours] * PEAK_MW / 2850.0
    units = tuple(
        Unit(name=str(k), capacity_mw=float(mw), outage_rate=q, mttr_h=float(h), area="AB"[k % 2])
        for k, (mw, q, h) in enumerate(RBTS)
    )
    third = len(load) // 3
    away = (Away(unit=8, first=third, stop=2 * third), Away(unit=7, first=third + 30, stop=len(load), derate_mw=15.0))
    return System(units=units, area=("A", "B"), load_mw=np.stack([0.45 * load, 0.55 * load]), away=away,
                  day=np.arange(len(load)) // 24, import_limit_mw={"A": 15.0, "B": 25.0})  # fmt: skip


def _by_all_states(*, quick: bool) -> list[Row]:
    """Hold areas, maintenance, energy and frequency against all 2,048 states, hour by hour."""
    first = (WEEKS[1] - 1 if quick else WEEKS[0]) * 168 - 168
    system = _system(hours=slice(first, WEEKS[1] * 168))
    found = system_loss(system=system)
    pairs = [("together", found.together)]
    pairs += [(f"{area.area} with help", area.spared) for area in found.areas if area.spared is not None]
    worst = [0.0, 0.0, 0.0]
    for (_, loss), said in zip(pairs, _states(system), strict=True):
        told = (loss.lole_h, loss.eue_mwh, loss.losses if loss.losses is not None else math.inf)
        worst = [max(w, abs(a / b - 1.0)) for w, a, b in zip(worst, told, said, strict=True)]
    weeks = len(system.day) // 168
    what = (
        f"RBTS, two areas with limits, {weeks} weeks of maintenance, relative distance from all 2,048 states in numpy: "
    )
    names = (("lolh", "LOLH"), ("eue", "EUE"), ("lolf", "how often load is lost"))
    return [
        Row(id=f"adequacy.rbts_{key}", what=what + name, value=gap, unit="", goal=1e-6, runs=1)
        for (key, name), gap in zip(names, worst, strict=True)
    ]


def _states(system: System) -> list[tuple[float, float, float]]:
    """Give hours, energy and beginnings of loss of all together and of each area with help."""
    down = np.array(list(itertools.product((0, 1), repeat=len(system.units))), dtype=np.bool_)
    q = np.array([u.outage_rate for u in system.units])
    repair = np.array([u.mttr_h or 1.0 for u in system.units])
    p = np.where(down, q, 1.0 - q).prod(axis=1)
    cells = [_short(system, down, place) for place in (None, 0, 1)]
    code = down @ (1 << np.arange(len(q)))
    at = np.empty(len(code), dtype=np.int64)
    at[code] = np.arange(len(code))
    found = []
    for short in cells:
        lost = short > 1e-6
        often = (p[:, None] * (lost & ~np.roll(lost, 1, axis=1))).sum()
        for k in range(len(q)):
            other = at[code ^ (1 << k)]
            rate = np.where(down[:, k], 1.0 / repair[k], q[k] / (1.0 - q[k]) / repair[k])
            often += ((p * rate)[:, None] * (~lost & lost[other])).sum()
        found.append((float((p @ lost).sum()), float((p @ (short * lost)).sum()), float(often)))
    return found


def _short(system: System, down: BoolArray, place: int | None) -> FloatArray:
    """Give what each state lacks in each hour, (2^n, H); below nothing where it has to spare."""
    hours = len(system.day)
    spare = -np.repeat(system.load_mw[:, None, :], len(down), axis=1)
    for k, unit in enumerate(system.units):
        most = np.full(hours, unit.capacity_mw)
        for one in system.away:
            if one.unit == k:
                most[one.first : one.stop] -= unit.capacity_mw if one.derate_mw is None else one.derate_mw
        spare[system.area.index(unit.area)] += np.where(down[:, k, None], 0.0, most[None, :])
    if place is None:
        together: FloatArray = -spare.sum(axis=0)
        return together
    limit = system.import_limit_mw[system.area[place]]
    helped = -spare[place] - np.clip(spare[1 - place], 0.0, limit)
    short: FloatArray = np.where(spare[place] >= 0, -spare[place], helped)
    return short


def _assetra(*, quick: bool) -> Row:
    """Hold RTS-79's hours of loss against trials of assetra, where it is installed (it is no part of MOMS)."""
    what = f"RTS-79, LOLH: standard errors from {TRIALS} trials of assetra, and its time"
    if quick or importlib.util.find_spec("assetra") is None:
        why = "not in --quick" if quick else "assetra is not installed"
        return Row(id="adequacy.rts79_assetra", what=what, value=None, unit="s.e.", why=why)
    began = time.process_time()
    capacity, rate = (np.array([unit[k] for unit in FLEET]) for k in (0, 1))
    ours = loss_of_load(table=capacity_outage(capacity_mw=capacity, outage_rate=rate), load_mw=hourly_mw())[0].sum()
    mine = time.process_time() - began
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hours = _trials()
    took = time.process_time() - began
    error = float(hours.std(ddof=1)) / math.sqrt(len(hours))
    return Row(id="adequacy.rts79_assetra", what=f"{what} ({took:.1f} s beside {1000 * mine:.1f} ms)",
               value=abs(float(hours.mean()) - float(ours)) / error, unit="s.e.", goal=4.5, runs=1)  # fmt: skip


def _trials() -> FloatArray:
    """Give the hours of loss of each trial of the other package."""
    from assetra.simulation import ProbabilisticSimulation  # type: ignore[import-not-found]  # a peer, if it is there
    from assetra.system import EnergySystemBuilder  # type: ignore[import-not-found]
    from assetra.units import DemandUnit, StochasticUnit  # type: ignore[import-not-found]
    from pandas import date_range
    from xarray import DataArray  # type: ignore[import-not-found]

    load = hourly_mw()
    at = date_range("2023-01-01", periods=len(load), freq="h")
    one = DataArray(np.ones(len(load)), dims=["time"], coords={"time": at})
    built = EnergySystemBuilder()
    built.add_unit(DemandUnit(0, one * load))
    for k, (mw, q) in enumerate(FLEET, start=1):
        built.add_unit(StochasticUnit(k, mw, one * mw, one * q))
    run = ProbabilisticSimulation(start_hour=at[0], end_hour=at[-1], trial_size=TRIALS)
    run.assign_energy_system(built.build())
    np.random.seed(2027)  # noqa: NPY002 - the package draws from numpy's own state
    run.run()
    hours: FloatArray = (run.net_hourly_capacity_matrix.values < 0).sum(axis=1).astype(np.float64)
    return hours
