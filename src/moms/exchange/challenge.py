"""Instances and solutions of the ROADEF/EURO challenge 2020, in the challenge's own formats."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from moms.exchange.planfile import a_list, an_object, bad, load, number, part, whole_number, write_whole
from moms.schedule.challenge.problem import Challenge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from moms.grid import BoolArray, FloatArray, IntArray

MOST_PERIODS, MOST_SCENARIOS = 5000, 100_000


def read_challenge(path: Path) -> Challenge:
    """Read an instance (.json, .gz, .xz).

    Raises:
        UnreadableProblem: naming the field that is missing or wrong.
    """
    whole = load(path)
    periods = whole_number(part(whole, "T"), at="T", least=1, most=MOST_PERIODS)
    counts = [
        whole_number(one, at=f"Scenarios_number[{k}]", least=1, most=MOST_SCENARIOS)
        for k, one in enumerate(a_list(part(whole, "Scenarios_number"), at="Scenarios_number", length=periods))
    ]
    alpha = number(part(whole, "Alpha"), at="Alpha", least=0, most=1)
    tau = number(part(whole, "Quantile"), at="Quantile", least=0, most=1)
    if tau == 0:
        bad("is 0, and no quantile is below the least scenario", at="Quantile", fix="give a number above 0")
    resources, upper, lower = _resources(whole, periods)
    rows = an_object(part(whole, "Interventions"), at="Interventions")
    if not rows:
        bad("is empty", at="Interventions", fix="give at least one intervention")
    read = _Reader(periods=periods, counts=counts, resources=resources, alpha=alpha)
    for name, row in rows.items():
        read.intervention(name, an_object(row, at=f"Interventions.{name}"))
    season_names, season = _seasons(whole, periods)
    return Challenge(
        names=tuple(rows), resources=resources, alpha=alpha, tau=tau, cum=read.cum,
        rank=np.array([math.ceil(tau * s) - 1 for s in counts]), upper=upper, lower=lower,
        exclusion=_exclusions(whole, tuple(rows), season_names), season=season, **read.arrays(),
    )  # fmt: skip


def _resources(whole: Mapping[str, Any], periods: int) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    rows = an_object(part(whole, "Resources"), at="Resources")
    bounds = {}
    for word in ("max", "min"):
        table = []
        for name, row in rows.items():
            at = f"Resources.{name}"
            listed = a_list(part(an_object(row, at=at), word, at=at), at=f"{at}.{word}", length=periods)
            table.append([number(one, at=f"{at}.{word}[{t}]") for t, one in enumerate(listed)])
        bounds[word] = np.array(table, dtype=float).reshape(len(rows), periods)
    for r, t in np.argwhere(bounds["min"] > bounds["max"]):
        name = list(rows)[r]
        bad(f"is above max in period {t + 1}", at=f"Resources.{name}.min[{t}]", fix="no plan can keep both")
    return tuple(rows), bounds["max"], bounds["min"]


def _seasons(whole: Mapping[str, Any], periods: int) -> tuple[tuple[str, ...], BoolArray]:
    rows = an_object(whole.get("Seasons") or {}, at="Seasons")
    season = np.zeros((len(rows), periods), dtype=bool)
    for k, (name, listed) in enumerate(rows.items()):
        for n, one in enumerate(a_list(listed, at=f"Seasons.{name}")):
            season[k, whole_number(one, at=f"Seasons.{name}[{n}]", least=1, most=periods) - 1] = True
    return tuple(rows), season


def _exclusions(whole: Mapping[str, Any], names: tuple[str, ...], seasons: tuple[str, ...]) -> IntArray:
    place = {name: k for k, name in enumerate(names)}
    which = {name: k for k, name in enumerate(seasons)}
    found = []
    for name, row in an_object(whole.get("Exclusions") or {}, at="Exclusions").items():
        at = f"Exclusions.{name}"
        a, b, season = a_list(row, at=at, length=3)
        for k, one in enumerate((a, b)):
            if not isinstance(one, str) or one not in place:
                bad(f"is {one!r}, which is no intervention", at=f"{at}[{k}]", fix="name one of Interventions")
        if not isinstance(season, str) or season not in which:
            bad(f"is {season!r}, which is no season", at=f"{at}[2]", fix="name one of Seasons")
        if a == b:
            bad(f"excludes {a} from itself", at=at, fix="name two interventions")
        found.append((place[a], place[b], which[season]))
    return np.array(found, dtype=np.int64).reshape(-1, 3)


class _Reader:
    """Gathers interventions into the flat arrays of a Challenge."""

    def __init__(self, *, periods: int, counts: list[int], resources: tuple[str, ...], alpha: float) -> None:
        self.periods, self.resources, self.alpha = periods, resources, alpha
        self.cum = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self.starts: list[int] = []
        self.rows: dict[str, list[IntArray | FloatArray]] = {"length": [], "risk_at": [], "work_at": [], "cost": []}
        self.risk: list[FloatArray] = []
        self.work: list[FloatArray] = []
        self.sizes = [0, 0]

    def intervention(self, name: str, row: Mapping[str, Any]) -> None:
        """Take one intervention in."""
        at = f"Interventions.{name}"
        last = whole_number(part(row, "tmax", at=at), at=f"{at}.tmax", least=1)
        delta = a_list(part(row, "Delta", at=at), at=f"{at}.Delta")
        starts = min(last, self.periods, len(delta))
        risk = an_object(part(row, "risk", at=at), at=f"{at}.risk")
        load_ = an_object(row.get("workload") or {}, at=f"{at}.workload")
        for r in load_:
            if r not in self.resources:
                bad("is no resource", at=f"{at}.workload.{r}", fix="name one of Resources")
        line = {k: np.zeros(self.periods, dtype=float if k == "cost" else np.int64) for k in self.rows}
        for s in range(starts):
            d = whole_number(delta[s], at=f"{at}.Delta[{s}]", least=1)
            if s + d > self.periods:
                continue
            line["length"][s], line["risk_at"][s], line["work_at"][s] = d, *self.sizes
            line["cost"][s] = self._risks(risk, s, d, at=f"{at}.risk")
            self._works(load_, s, d, at=f"{at}.workload")
        if not line["length"].any():
            bad(f"has no start that ends within {self.periods} periods", at=f"{at}.Delta", fix="shorten it")
        self.starts.append(starts)
        for k, values in line.items():
            self.rows[k].append(values)

    def _risks(self, risk: Mapping[str, Any], s: int, d: int, *, at: str) -> float:
        """Keep the risks of a start; give alpha times what it adds to the mean."""
        key, mean = str(s + 1), 0.0
        for t in range(s, s + d):
            count = int(self.cum[t + 1] - self.cum[t])
            by_start = an_object(part(risk, str(t + 1), at=at), at=f"{at}.{t + 1}")
            where = f"{at}.{t + 1}.{key}"
            listed = a_list(part(by_start, key, at=f"{at}.{t + 1}"), at=where, length=count)
            values = _floats(listed, at=where)
            self.risk.append(values)
            self.sizes[0] += count
            mean += float(values.mean())
        return self.alpha * mean / self.periods

    def _works(self, load_: Mapping[str, Any], s: int, d: int, *, at: str) -> None:
        block = np.zeros((len(self.resources), d))
        for name, by_period in load_.items():
            r = self.resources.index(name)
            table = an_object(by_period, at=f"{at}.{name}")
            for age in range(d):
                row = table.get(str(s + age + 1))
                value = None if row is None else an_object(row, at=f"{at}.{name}.{s + age + 1}").get(str(s + 1))
                if value is not None:
                    block[r, age] = number(value, at=f"{at}.{name}.{s + age + 1}.{s + 1}")
        self.work.append(block.ravel())
        self.sizes[1] += block.size

    def arrays(self) -> dict[str, Any]:
        """Give what was gathered."""
        return {
            "starts": np.array(self.starts, dtype=np.int64),
            "risk": np.concatenate(self.risk),
            "work": np.concatenate(self.work),
            **{k: np.array(rows) for k, rows in self.rows.items()},
        }


def _floats(listed: list[Any], *, at: str) -> FloatArray:
    """Give a list of risks as an array, quickly where all is well."""
    try:
        values = np.array(listed, dtype=float)
    except (TypeError, ValueError):
        values = np.array([np.nan])
    if values.shape != (len(listed),) or not np.isfinite(values).all() or any(isinstance(v, bool) for v in listed):
        for k, one in enumerate(listed):
            number(one, at=f"{at}[{k}]")
    return values


def write_solution(path: Path, *, names: tuple[str, ...], plan: IntArray) -> None:
    """Write one line an intervention, name and start from 1; whoever reads meanwhile sees the old or the new whole."""
    text = "".join(f"{name} {start + 1}\n" for name, start in zip(names, plan, strict=True))
    write_whole(path, text.encode())
