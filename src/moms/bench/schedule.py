"""The figures of the planner: maintenance, the public challenge, the draft against first come."""

from __future__ import annotations

import csv
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from moms.bench import gms_cpsat, gms_peers
from moms.bench.cpsat import there
from moms.bench.rows import Row
from moms.bench.schedule_data import rts79, twenty_one
from moms.bench.season_rows import season_rows
from moms.exchange.challenge import read_challenge
from moms.ledger.simulation import simulate
from moms.schedule._mip import Budget
from moms.schedule.challenge import solve
from moms.schedule.gms import largest_level, least_squares

if TYPE_CHECKING:
    from moms.schedule.challenge import Challenge, Outcome

INSTANCES = "MOMS_BENCH_ROADEF"
"""Names the folder with the challenge's instances and best_known.csv."""
MISS = 1e-6
"""Relative distance to a best known value that counts as reaching it."""


def rows(*, home: Path, quick: bool) -> list[Row]:
    """Measure them; `quick` is one seed and a tenth of the work."""
    del home  # needs no book
    return [
        *maintenance(quick=quick),
        *challenge(quick=quick),
        *fairness(quick=quick),
        *season_rows(quick=quick),
    ]


def maintenance(*, quick: bool) -> list[Row]:
    """Levels of RTS-79 proved, squares of the 21-unit system."""
    found = []
    for name, where_out_only, goal_s in (("max-min", False, 1.0), ("water-filling", True, 10.0)):
        before = time.process_time()
        level = largest_level(rts79(), where_out_only=where_out_only, budget=Budget(seconds=30.0))
        spent = time.process_time() - before
        value = level.value if level is not None and level.proved else None
        found.append(Row(id=f"schedule.gms.{name}", what=f"RTS-79 {name} reserve, proved", value=value, unit="MW",
                         goal=555.0 if not where_out_only else None, direction="max", runs=1,
                         why=None if value is not None else "not proved"))  # fmt: skip
        found.append(Row(id=f"schedule.gms.{name}.time", what="the same: time of the proof", value=spent, unit="s",
                         goal=goal_s, runs=1))  # fmt: skip
    found += _max_min_peers(seconds=10.0)
    rounds, seeds = (20, 1) if quick else (150, 5)
    values = [_squares(seed, rounds) for seed in range(seeds)]
    values.sort()
    found.append(Row(id="schedule.gms.21", what=f"21-unit system, sum of squared reserves, {rounds} rounds",
                     value=values[len(values) // 2], unit="MW^2", spread=(values[0], values[-1]), goal=13_669_295.0,
                     runs=seeds))  # fmt: skip
    peer, why = _squares_peer(seconds=6.0 if quick else 60.0)
    found.append(Row(id="schedule.gms.21.cpsat", what="the same; peer CP-SAT alone on one thread",
                     value=values[len(values) // 2] if peer is not None else None, unit="MW^2", peer=peer, why=why,
                     runs=seeds))  # fmt: skip
    return found


def _max_min_peers(*, seconds: float) -> list[Row]:
    """Give what HiGHS and CP-SAT make of the same level by themselves, and their CPU."""
    fleet = rts79()
    alone, spent = gms_peers.highs_max_min(fleet, seconds=seconds)
    rows = [
        Row(id="schedule.gms.max-min.highs", what="the same by HiGHS alone, the level as a column", value=alone,
            unit="MW", direction="max", runs=1, why=None if alone is not None else "HiGHS alone found no plan"),
        Row(id="schedule.gms.max-min.highs.time", what="the same: its time", value=spent, unit="s", runs=1),
    ]  # fmt: skip
    level, used, why = None, None, "ortools is not installed"
    if there():
        plan, used = gms_cpsat.cp_sat(fleet, objective="max-min", seconds=seconds)
        level = None if plan is None else gms_peers.least_reserve(fleet, plan)
        why = "CP-SAT found no plan"
    return [
        *rows,
        Row(id="schedule.gms.max-min.cpsat", what="the same by CP-SAT alone on one thread", value=level, unit="MW",
            direction="max", runs=1, why=None if level is not None else why),
        Row(id="schedule.gms.max-min.cpsat.time", what="the same: its time, starting up included", value=used, unit="s",
            runs=1, why=None if used is not None else why),
    ]  # fmt: skip


def _squares_peer(*, seconds: float) -> tuple[float | None, str | None]:
    if not there():
        return None, "ortools is not installed"
    plan, _ = gms_cpsat.cp_sat(twenty_one(), objective="squares", seconds=seconds)
    return (None, "CP-SAT found no plan") if plan is None else (gms_peers.squares(twenty_one(), plan), None)


def _squares(seed: int, rounds: int) -> float:
    rng = np.random.default_rng(seed)
    best = least_squares(twenty_one(), budget=Budget(nodes=1), rng=rng, moves=300_000, rounds=rounds)
    return best.value if best is not None else float("inf")


def challenge(*, quick: bool) -> list[Row]:
    """Every instance of the folder, against its best known value: relative distance, gap to the own bound, time."""
    folder = os.environ.get(INSTANCES)
    table = Path(folder or ".") / "best_known.csv"
    if folder is None or not table.exists():
        return [Row(id="schedule.roadef", what="ROADEF/EURO 2020: relative distance to best known", value=None,
                    unit="", goal=MISS, why=f"{INSTANCES} names no folder with best_known.csv")]  # fmt: skip
    with table.open() as file:
        known = [(r["instance"], float(r["best_known"]), r["kind"], r["status"]) for r in csv.DictReader(file)]
    return [row for one in known for row in _instance(Path(folder), one, quick=quick)]


def _instance(folder: Path, known: tuple[str, float, str, str], *, quick: bool) -> list[Row]:
    name, best, kind, status = known
    problem = read_challenge(folder / f"{name}.json.xz")
    generated = kind == "generated"
    seconds = (12.0 if generated else 6.0) if quick else (120.0 if generated else 60.0)
    seeds = 1 if quick else (3 if generated else 5)
    runs = [_run(problem, seed=seed, seconds=seconds) for seed in range(seeds)]
    far = sorted(one.value.objective / best - 1 if not one.value.broken else float("inf") for one, _ in runs)
    middle = far[len(far) // 2]
    gaps = [_gap(one) for one, _ in runs]
    seen = [gap for gap in gaps if gap is not None]
    row, than = f"schedule.roadef.{name}", "reference" if generated else "best known"
    planted = "planted" in status  # its reference only shows that there is a plan
    return [
        Row(id=row, what=f"{name}, {seconds:g} s: relative distance to the {than}",
            value=middle if np.isfinite(middle) else None, unit="", runs=seeds,
            spread=(far[0], far[-1]) if np.isfinite(far[-1]) else None,
            goal=None if planted else 0.0 if generated else MISS,
            why=None if np.isfinite(middle) else "no feasible plan was found"),
        Row(id=f"{row}.gap", what="the same: gap to the own bound, worst seed", value=max(seen, default=None),
            unit="", runs=seeds, why=None if seen else "no bound"),
        Row(id=f"{row}.time", what="the same: time until stopped or proved", value=max(s for _, s in runs), unit="s",
            runs=seeds, clock="wall"),
    ]  # fmt: skip


def _run(problem: Challenge, *, seed: int, seconds: float) -> tuple[Outcome, float]:
    began = time.perf_counter()

    def left() -> float:
        return seconds - (time.perf_counter() - began)

    found = solve(problem, seed=seed, go_on=lambda _: left() > 0, tell=lambda _: None, seconds_left=left)
    return found, time.perf_counter() - began


def _gap(found: Outcome) -> float | None:
    if found.bound is None or not found.value.objective:
        return None
    return max(found.value.objective - found.bound, 0.0) / abs(found.value.objective)


def fairness(*, quick: bool) -> list[Row]:
    """Burdens by draft, with those by first come beside them."""
    seasons = 2 if quick else 12
    found = simulate(seasons=seasons, rng=np.random.default_rng(0), nodes=20 if quick else 200, tick=lambda _: None)
    arm = {one.name: one for one in found.arms}
    draft, queue = arm["draft improved"], arm["first come"]
    return [
        Row(id="schedule.draft.worst", what="burden of the worst owner by draft; goal: that by first come",
            value=draft.worst_burden, unit="", goal=queue.worst_burden, peer=queue.worst_burden, runs=seasons),
        Row(id="schedule.draft.mean", what="mean burden by draft; goal: that by first come", value=draft.mean_burden,
            unit="", goal=queue.mean_burden, peer=queue.mean_burden, runs=seasons),
    ]  # fmt: skip
