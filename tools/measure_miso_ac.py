"""Measure what AC says on `miso`: its layer against the whole interconnection, and what choosing contingencies misses.

`layer`: at a level of load, branches inside are lost one at a time in the whole interconnection and in the
layer, banks locked in both; half of them are drawn from all that cut nothing off, half from the most loaded.
`choice`: requests are drawn, and of each, contingencies that were not chosen are solved near the base state
with and without it: what they would have added is what choosing misses.

Example:
    python tools/measure_miso_ac.py layer --wheel powersimdata-0.5.5-py3-none-any.whl --level 0.7 --count 100
    python tools/measure_miso_ac.py choice --requests 10 --others 500
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from miso import eastern, source, states
from miso.whole import network_of, whole

from moms.bench.first import _outage
from moms.desk.security import secure
from moms.exchange import gridfile
from moms.exchange.hours import base_point
from moms.grid import BranchKind
from moms.powerflow import DcFactor, elimination_order
from moms.powerflow.ac import HELD, AcRules, AcState, solve_ac
from moms.powerflow.ac_near import NearSolver
from moms.study import Out, Slice
from moms.study.ac_check import _loss_of, _near_values, _not_standing, check_ac
from moms.study.ac_choice import Reach, exchanged, touched
from moms.study.ac_outside import carried
from moms.study.ac_rows import AcLimits, beyond
from moms.study.ac_state import SolvedHour
from moms.study.security import some_hours
from moms.study.state import stand
from moms.values import Window
from moms.wiring.worlds import open_world

if TYPE_CHECKING:
    from moms.grid import Contingency, Grid

MOST_LOADED = 400
AFTER = AcRules(slack_mw=1.0)
PATIENT = AcRules(slack_mw=1.0, patient=True)
VOLTAGES = (60.0, 110.0, 200.0, 300.0, 800.0)


def main() -> None:
    """Measure one of both."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = ask.add_subparsers(dest="what", required=True)
    layer_ = kinds.add_parser("layer")
    layer_.add_argument("--wheel", type=Path, help="the wheel, if it is at hand; else pip fetches it")
    layer_.add_argument("--level", type=float, default=1.0)
    layer_.add_argument("--count", type=int, default=100)
    choice_ = kinds.add_parser("choice")
    choice_.add_argument("--requests", type=int, default=10)
    choice_.add_argument("--others", type=int, default=500)
    for one in (layer_, choice_):
        one.add_argument("--seed", type=int, default=1)
    said = ask.parse_args()
    grid = gridfile.load_bundled("miso")
    if said.what == "layer":
        layer(grid, said)
    else:
        choice(grid, said)


# -- the layer against the whole interconnection ------------------------------------------------------


def layer(grid: Grid, said: argparse.Namespace) -> None:
    """Lose branches in both, and print how far voltages and flows inside differ."""
    e = eastern.eastern(source.read(source.wheel(said.wheel)))
    full = whole(e, network_of(e))
    s = states.setting(e, network=full.network, point=full.point, start=full.state, grid=grid.network)
    one = states.levels(s, (said.level,))[0]
    net, point, state = _locked(s, one)
    world = _world(grid, said.level)
    row = {int(k): i for i, k in enumerate(e.number)}
    at = np.array([row[int(k)] for k in world.case.network.buses.number])
    inside = e.inside[at]
    off = np.abs(np.abs(world.base.v) - np.abs(state.v[at]))[inside]
    print(f"before: voltages inside off by {off.max():.1e} pu at most")
    real = np.flatnonzero(grid.network.branches.kind != BranchKind.EQUIVALENT)
    theirs = _same_branches(e, grid, real, at)
    rows = _drawn(world, grid, real, said)
    found, only = [], 0
    took = [0.0, 0.0]
    for k in rows.tolist():
        began = time.process_time()
        big = _lose(net, point, state, int(theirs[k]))
        took[0] += time.process_time() - began
        began = time.process_time()
        small = _lose(world.net, world.point, world.base, k)
        took[1] += time.process_time() - began
        if not big.converged or not small.converged:
            only += big.converged
            print(f"branch:{k + 1}: whole {big.why or 'solved'}; layer {small.why or 'solved'}", flush=True)
            continue
        flows = net.flows_mva(big.v, lost=theirs[[k]])[0][theirs[real]]
        ours = world.net.flows_mva(small.v, lost=np.array([k]))[0][real]
        ends = grid.network.buses.zone[grid.network.branches.from_bus[real]] >= 0
        rate = grid.network.branches.rate_a_mw[real]
        found.append((
            np.abs(np.abs(big.v[at]) - np.abs(small.v))[inside].max(), np.abs(flows.imag - ours.imag)[ends].max(),
            (np.abs(np.abs(flows) - np.abs(ours)) / rate)[ends].max(),
        ))  # fmt: skip
    print(f"{len(rows)} losses at {said.level:.0%}: {only} solved in the whole model only, {len(found)} compared")
    print(f"CPU a loss: whole {took[0] / len(rows):.2f} s, layer {took[1] / len(rows):.2f} s")
    for unit, column in zip(("pu", "MVAr", "of rate A"), np.array(found).T, strict=True):
        print(f"  50, 90, 99, 100 %: {np.percentile(column, [50, 90, 99, 100])} {unit}")


def _locked(s: states.Setting, one: states.Level) -> tuple[object, object, AcState]:
    """Lock the whole interconnection's banks where they stand."""
    bank = np.flatnonzero(s.bank)
    net = one.net.with_shunts(one.net.network, bank, 1j * one.bank_mvar[bank])
    point = replace(one.point, holds=one.point.holds & ~s.bank)
    held = np.flatnonzero(point.holds & (one.state.limited == HELD))
    wide = np.minimum(point.q_max_mvar[held] - point.q_min_mvar[held], 1e9)
    state = replace(one.state, limited=np.where(point.holds, one.state.limited, HELD),
                    reference=int(held[np.argmax(wide)]))  # fmt: skip
    return net, point, state


def _world(grid: Grid, level: float) -> SolvedHour:
    """Solve the grid's case at a level, load and output scaled alike, on its AC layer."""
    hours = base_point(grid).hours
    hours = replace(hours, load_mw=level * hours.load_mw, unit_mw=level * hours.unit_mw)
    one = Slice(network=grid.network, hours=hours, hours_without=hours, out=Out(), request=Out(), contingencies=())
    found = carried(one, grid.ac)
    if isinstance(found, str):
        raise SystemExit(found)
    return _solved(found[0], Out())


def _solved(one: Slice, request: Out, inside: np.ndarray | None = None) -> SolvedHour:
    out = one.out.plus(request)
    case = stand(one.network, hours=one.hours, out=out, order=elimination_order(one.network), inside=inside, lossy=True)
    found = SolvedHour.of(replace(one, request=request), case, 0, out, AcLimits())
    if isinstance(found, str):
        raise SystemExit(f"no state: {found}")
    return found


def _same_branches(e: eastern.Eastern, grid: Grid, real: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Give the interconnection's row of each branch of the grid: both keep their order."""
    place = np.full(len(e.number), -1)
    ends = np.zeros(len(grid.network.buses), bool)
    ends[: len(at)] = grid.network.buses.zone >= 0
    lines = grid.network.branches
    ends[np.r_[lines.from_bus[real], lines.to_bus[real]]] = True
    place[at[: len(ends)][ends]] = np.flatnonzero(ends)
    rows = np.flatnonzero((place[e.f] >= 0) & (place[e.t] >= 0))
    assert np.array_equal(place[e.f[rows]], lines.from_bus[real])
    found = np.full(len(lines), -1)
    found[real] = rows
    return found


def _drawn(world: SolvedHour, grid: Grid, real: np.ndarray, said: argparse.Namespace) -> np.ndarray:
    lines, zone = grid.network.branches, grid.network.buses.zone
    inside = (zone[lines.from_bus[real]] >= 0) & (zone[lines.to_bus[real]] >= 0)
    rows = real[inside & ~world.bridges[real]]
    flow = np.abs(world.net.flows_mva(world.base.v)[0][rows])
    random = np.random.default_rng(said.seed)
    loaded = rows[np.argsort(-flow)][:MOST_LOADED]
    half = said.count // 2
    return np.r_[random.choice(rows, half, replace=False), random.choice(loaded, half, replace=False)]


def _lose(net: object, point: object, state: AcState, row: int) -> AcState:
    lost = np.array([row])
    found = solve_ac(net, point, start=state, lost=lost, rules=AFTER)
    for rules in (AFTER, PATIENT):
        found = found if found.converged else solve_ac(net, point, start=state.v, lost=lost, rules=rules)
    return found


# -- what choosing contingencies misses --------------------------------------------------------------------


def choice(grid: Grid, said: argparse.Namespace) -> None:
    """Draw requests; of each print what was chosen, what it brings, and what a sample of the others would add."""
    random = np.random.default_rng(said.seed)
    hours = _hours(grid, random, said.requests)
    rows = _requests(grid, random, said.requests)
    total = {"caused": 0, "missed": 0, "looked": 0, "others": 0}
    for one, row in zip(hours, rows.tolist(), strict=True):
        asked = replace(one, request=Out(branches=np.array([row])))
        began = time.process_time()
        found = check_ac(slices=[asked], model=grid.ac)
        took = time.process_time() - began
        caused = [r for r in found.rows if r.caused != "old"]
        missed, looked, open_ = _missed(grid, asked, said.others, random)
        total["caused"] += len(caused)
        total["missed"] += len(missed)
        total["others"] += looked
        total["looked"] += found.counts.contingencies
        kv = grid.network.buses.base_kv[grid.network.branches.from_bus[row]]
        print(
            f"branch:{row + 1} ({kv:.0f} kV) at {one.hours.label[0]}: {found.status}, {found.counts.contingencies} looked "
            f"at, {found.counts.left_out} left out, {len(caused)} caused of {len({r.contingency for r in caused})} "
            f"contingencies; {looked} others: {len(missed)} rows missed, {open_} more did not settle; {took:.1f} s CPU",
            flush=True,
        )
        for name, mva, text in missed[:5]:
            print(f"    missed {name}, {mva:.2f} MVA exchanged: {text}", flush=True)
    print(total)


def _hours(grid: Grid, random: np.random.Generator, count: int) -> list[Slice]:
    """Give studied hours of the year, each with no request, as a desk would study them on an empty book."""
    found: list[Slice] = []
    with tempfile.TemporaryDirectory() as home:
        world = open_world(grid=grid.name, rule_book="miso-1", home=Path(home))
        asked = _outage(1)
        while len(found) < count:
            start = datetime(2027, 1, 4, 13, tzinfo=UTC) + timedelta(days=int(random.integers(0, 360)))
            window = Window(start=start, end=start + timedelta(days=1))
            one = replace(asked, window=window, request=replace(asked.request, window=window))
            slices = secure(world, one, (), book="book", window=window, now=asked.stamp).slices
            some = slices[0]
            place = int(random.integers(0, len(some.hours)))
            hours = some_hours(some.hours, np.array([place]))
            found.append(replace(some, hours=hours, hours_without=hours, request=Out()))
    return found


def _requests(grid: Grid, random: np.random.Generator, count: int) -> np.ndarray:
    """Draw lines and transformers inside that cut nothing off, in turn from each class of voltage."""
    lines, buses = grid.network.branches, grid.network.buses
    able = lines.contingency & (buses.zone[lines.from_bus] >= 0) & (buses.zone[lines.to_bus] >= 0)
    able &= (lines.equipment == np.arange(len(lines))) & ~DcFactor.of(grid.network).bridges()
    kv = buses.base_kv[lines.from_bus]
    bands = list(pairwise(VOLTAGES))
    return np.array([
        random.choice(np.flatnonzero(able & (kv >= bands[k % len(bands)][0]) & (kv < bands[k % len(bands)][1])))
        for k in range(count)
    ])  # fmt: skip


def _missed(
    grid: Grid, asked: Slice, count: int, random: np.random.Generator
) -> tuple[list[tuple[str, float, str]], int, int]:
    """Solve contingencies that were not chosen near the base states, with and without the request.

    Gives what they would have added, how many were compared, and how many did not settle.
    """
    carried_ = carried(asked, grid.ac)
    assert not isinstance(carried_, str)
    one = carried_[0]
    other = _solved(replace(one, request=Out()), Out())
    world = _solved(one, asked.request, inside=other.case.island)
    reach = Reach.of(asked)
    chosen = {c.id for c in touched(world, other, one.contingencies, reach, always=frozenset())[0]}
    rest = [c for c in one.contingencies if c.id not in chosen]
    mva = dict(zip((c.id for c in rest), exchanged(world, other, rest, reach).tolist(), strict=True))
    near = sorted(rest, key=lambda c: -mva[c.id])[: count // 2]
    ids = {c.id for c in near}
    far = [c for c in rest if c.id not in ids]
    sample = near + [far[k] for k in random.choice(len(far), count - len(near), replace=False).tolist()]
    pairs = [(c, _loss_of(world, c), _loss_of(other, c)) for c in sample]
    pairs = [(c, a, b) for c, a, b in pairs if a is not None and b is not None]
    now = NearSolver.of(world.net, world.point, world.base).solve([a for _, a, _ in pairs])
    had = NearSolver.of(other.net, other.point, other.base).solve([b for _, _, b in pairs])
    found, open_ = [], 0
    for (c, a, b), x, y in zip(pairs, now, had, strict=True):
        if not (x.settled and y.settled):
            open_ += 1
            continue
        found += _caused(world, other, _near_values(world, x, a), _near_values(other, y, b), c, mva[c.id])
    return found, len(pairs) - open_, open_


def _caused(
    world: SolvedHour, other: SolvedHour, now: object, had: object, c: Contingency, mva: float
) -> list[tuple[str, float, str]]:
    """Give what the request causes after a contingency, by the rule of `check_ac`."""
    n, share = len(world.case.network.buses), AcLimits().worsened_share
    over, was = beyond(now, world.limit, buses=n), beyond(had, other.limit, buses=n)
    hit = _not_standing(world, over, world.limit, share)
    hit &= (was <= 1e-6) | (over - was >= share * world.limit - 1e-6)
    return [
        (c.id, mva, f"place {k}: {was[k]:.5f} -> {over[k]:.5f} beyond {world.limit[k]:.4f}")
        for k in np.flatnonzero(hit)
    ]


if __name__ == "__main__":
    main()
