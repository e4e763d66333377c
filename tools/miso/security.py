"""The secure dispatch and the transfer limits: linear programs over the reduced grid, rows made as needed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import highspy
import numpy as np
import scipy.sparse as sp

from miso import dc

SENT = 0.01
"""Factors are kept where an outage at rate A moves a branch by this share of its rate B."""
TOLERANCE = 1e-6
ROUNDS = 8
ROWS_A_ROUND = 400
SAFETY = 2e-3
"""Share of a limit left free in the program, for the factors under `SMALL` that it leaves out."""
SMALL = 2e-5
SOFT = 30.0
HARD = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A factored grid with limits, units, and sparse outage factors over monitored branches."""

    net: dc.Dc
    monitored: np.ndarray
    limit_a: np.ndarray
    """(monitored,) MW."""
    limit_b: np.ndarray
    unit_bus: np.ndarray
    groups: list[np.ndarray]
    """Branches lost together, by contingency."""
    pair_row: np.ndarray
    """For each kept factor: the monitored branch (place in `monitored`) ..."""
    pair_group: np.ndarray
    """... the contingency ..."""
    pair_member: np.ndarray
    """... its member ..."""
    pair_factor: np.ndarray
    islanding: np.ndarray
    """Contingencies that cut something off: not in the pairs."""
    rows: dict[int, np.ndarray] = field(default_factory=dict)
    """Transfer factors at the units' buses, by branch, made once."""

    def unit_factors(self, branches: np.ndarray) -> np.ndarray:
        """Give flow per MW of each unit (taken out at bus 0), (k, units)."""
        new = np.array([k for k in np.unique(branches) if int(k) not in self.rows], dtype=np.int64)
        for first in range(0, len(new), dc.BLOCK):
            some = new[first : first + dc.BLOCK]
            for k, factor in zip(some, self.net.ptdf(some), strict=True):
                self.rows[int(k)] = factor[self.unit_bus]
        return np.stack([self.rows[int(k)] for k in branches]) if len(branches) else np.zeros((0, len(self.unit_bus)))

    def after(self, flows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give post-contingency flows of all kept pairs: monitored row, contingency, MW."""
        sent = self.pair_factor * flows[self.pair_member]
        key = self.pair_group.astype(np.int64) * len(self.monitored) + self.pair_row
        starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
        total = np.add.reduceat(sent, starts) if len(starts) else np.zeros(0)
        row, group = self.pair_row[starts], self.pair_group[starts]
        return row, group, flows[self.monitored[row]] + total


def model(
    *, net: dc.Dc, monitored: np.ndarray, a: np.ndarray, b: np.ndarray, unit_bus: np.ndarray, groups: list[np.ndarray]
) -> Model:
    """Compute the outage factors of all contingencies, keeping those that can matter (`SENT`)."""
    is_bridge, _, _ = dc.bridges(n=net.n, f=net.f, t=net.t)
    live = [g[~is_bridge[g]] for g in groups]
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    islanding = np.array([len(g) == 0 for g in live])
    numbers = np.flatnonzero(~islanding)
    limit_b = b[monitored]
    for number, factors, members in dc.outages(net, groups=[live[k] for k in numbers], monitored=monitored):
        if factors is None:
            islanding[numbers[number]] = True
            continue
        away = ~np.isin(monitored, members)
        matters = np.abs(factors) * a[members] > SENT * limit_b[:, None]
        row, member = np.nonzero(matters & away[:, None])
        group = np.full(len(row), numbers[number])
        parts.append((row, group, members[member], factors[row, member]))
    row, group, member, factor = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Model(
        net=net, monitored=monitored, limit_a=a[monitored], limit_b=limit_b, unit_bus=unit_bus, groups=groups,
        pair_row=row, pair_group=group, pair_member=member, pair_factor=factor, islanding=islanding,
    )  # fmt: skip


def with_limits(grid: Model, *, a: np.ndarray, b: np.ndarray) -> Model:
    """Give the same model with other limits of the monitored branches, MW."""
    return replace(grid, limit_a=a, limit_b=b)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violations:
    """How many limits a state exceeds."""

    base: int
    pairs: int
    contingencies: int
    pairs_moved: int
    """Pairs which the contingency moves by more than 3 % of the rating, and over 1.15 rate A."""
    contingencies_moved: int


def violations(grid: Model, flows: np.ndarray) -> Violations:
    """Count base flows over rate A and post-contingency flows over rate B."""
    base = np.abs(flows[grid.monitored])
    row, group, after = grid.after(flows)
    over = np.abs(after) > grid.limit_b[row] + TOLERANCE
    moved = np.abs(after - flows[grid.monitored[row]]) > 0.03 * grid.limit_a[row]
    old = moved & (np.abs(after) > 1.15 * grid.limit_a[row])
    return Violations(
        base=int((base > grid.limit_a + TOLERANCE).sum()),
        pairs=int(over.sum()),
        contingencies=len(np.unique(group[over])),
        pairs_moved=int(old.sum()),
        contingencies_moved=len(np.unique(group[old])),
    )


def room(grid: Model, flows: np.ndarray, transfer: np.ndarray, *, least: float) -> float:
    """Give how many MW of a transfer fit before the first limit, those already exceeded passed over.

    `transfer` are the flows that one MW makes; limits whose flow it moves by less than `least` a MW
    do not count.
    """
    row, _, after = grid.after(flows)
    sent = grid.after(transfer)[2]
    flow = np.r_[flows[grid.monitored], after]
    factor = np.r_[transfer[grid.monitored], sent]
    limit = np.r_[grid.limit_a, grid.limit_b[row]]
    counts = (np.abs(factor) >= least) & (np.abs(flow) <= limit)
    left = (limit - np.sign(factor) * flow)[counts] / np.abs(factor[counts])
    return float(left.min(initial=np.inf))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One limit as a row of the program: monitored branch, contingency (-1: none), limit, hard or soft."""

    line: int
    group: int
    limit: float
    hard: bool


@dataclass(slots=True, kw_only=True)
class Program:
    """A linear program over unit outputs; limits are added as they turn out to be exceeded."""

    grid: Model
    fixed: np.ndarray
    """Flows with all units at zero, their balance taken at bus 0."""
    low: np.ndarray
    high: np.ndarray
    need_mw: float
    start: np.ndarray | None = None
    """Where leaving costs 1 a MW."""
    price: np.ndarray | None = None
    """What a MW of each unit costs."""
    areas: list[tuple[np.ndarray, float, float]] = field(default_factory=list)
    """Units whose total must lie between two bounds, MW."""
    rows: list[Row] = field(default_factory=list)
    seen: set[tuple[int, int, bool]] = field(default_factory=set)

    def solve(self) -> np.ndarray:
        """Solve with the rows there are."""
        h = highspy.Highs()
        h.setOptionValue("output_flag", False)
        h.setOptionValue("threads", 1)
        units = len(self.low)
        matrix, lower, upper = self._limits()
        price = np.array([HARD if r.hard else SOFT for r in self.rows])
        moves = self.start is not None
        base = self.start if self.start is not None else np.zeros(units)
        # columns: up (and down) from the start, then for each row one slack a side
        pick = sp.identity(len(self.rows), format="csc")
        ones = sp.csc_matrix(np.ones((1, units)))
        blank = sp.csc_matrix((1, len(self.rows)))
        parts = [[ones, -ones, blank, blank]] if moves else [[ones, blank, blank]]
        if self.rows:
            rows = sp.csc_matrix(np.where(np.abs(matrix) < SMALL, 0.0, matrix))
            parts.append([rows, -rows, -pick, pick] if moves else [rows, -pick, pick])
        for mask, _, _ in self.areas:
            some = sp.csc_matrix(mask.astype(float)[None, :])
            parts.append([some, -some, blank, blank] if moves else [some, blank, blank])
        whole = sp.bmat(parts, format="csc")
        shift = matrix @ base if len(self.rows) else np.zeros(0)
        cost = self.price if self.price is not None else np.ones(units)
        columns = (
            [(cost, self.low, self.high)]
            if not moves
            else [
                (np.ones(units), np.zeros(units), np.maximum(self.high - base, 0.0)),
                (np.ones(units), np.zeros(units), np.maximum(base - self.low, 0.0)),
            ]
        )
        columns += [(price, np.zeros(len(price)), np.full(len(price), np.inf))] * 2
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = whole.shape[1], whole.shape[0]
        lp.col_cost_ = np.concatenate([c[0] for c in columns])
        lp.col_lower_ = np.concatenate([c[1] for c in columns])
        lp.col_upper_ = np.concatenate([c[2] for c in columns])
        balance = self.need_mw - base.sum()
        had = [float(base[mask].sum()) for mask, _, _ in self.areas]
        lp.row_lower_ = np.r_[balance, lower - shift, [low - p for (_, low, _), p in zip(self.areas, had, strict=True)]]
        lp.row_upper_ = np.r_[
            balance, upper - shift, [high - p for (_, _, high), p in zip(self.areas, had, strict=True)]
        ]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = whole.indptr, whole.indices, whole.data
        h.passModel(lp)
        h.run()
        if h.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            msg = f"the dispatch program ended {h.modelStatusToString(h.getModelStatus())}"
            raise RuntimeError(msg)
        x = np.array(h.getSolution().col_value)
        return base + x[:units] - x[units : 2 * units] if moves else x[:units]

    def _limits(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give each row as factors over the units, with its bounds less the fixed flow."""
        lines = np.array([r.line for r in self.rows], dtype=np.int64)
        factors = self.grid.unit_factors(self.grid.monitored[lines]) if len(lines) else np.zeros((0, len(self.low)))
        fixed = self.fixed[self.grid.monitored[lines]] if len(lines) else np.zeros(0)
        for k, row in enumerate(self.rows):
            if row.group >= 0:
                for member, factor in self._members(row):
                    factors[k] += factor * self.grid.unit_factors(np.array([member]))[0]
                    fixed[k] += factor * self.fixed[member]
        middle = np.median(factors, axis=1) if len(lines) else np.zeros(0)
        factors = factors - middle[:, None]
        fixed = fixed + middle * self.need_mw
        limit = np.array([r.limit for r in self.rows]) * (1.0 - SAFETY)
        return factors, -limit - fixed, limit - fixed

    def _members(self, row: Row) -> list[tuple[int, float]]:
        here = self._slice(row.group)
        match = here.start + np.flatnonzero(self.grid.pair_row[here] == row.line)
        return [(int(self.grid.pair_member[k]), float(self.grid.pair_factor[k])) for k in match]

    def _slice(self, group: int) -> slice:
        first, last = np.searchsorted(self.grid.pair_group, [group, group + 1])
        return slice(int(first), int(last))

    def secure(self, *, base_limit: np.ndarray, pair_floor: np.ndarray | None, n1: bool, hard_n1: bool) -> np.ndarray:
        """Solve again and again, adding the limits that the last answer exceeds, until none is new.

        `base_limit` are the limits before a contingency; `pair_floor`, where given, are flows after
        (one for each kept pair) up to which an exceeding pair is let be.
        """
        for _ in range(ROUNDS):
            output = self.solve()
            flows = self.flows(output)
            if not self._grow(flows, base_limit, pair_floor, n1=n1, hard_n1=hard_n1):
                break
        return output

    def flows(self, output: np.ndarray) -> np.ndarray:
        """Give all branch flows for unit outputs in MW."""
        injection = np.zeros(self.grid.net.n)
        np.add.at(injection, self.grid.unit_bus, output)
        return self.fixed + self.grid.net.flows(injection)

    def _grow(
        self, flows: np.ndarray, base_limit: np.ndarray, floor: np.ndarray | None, *, n1: bool, hard_n1: bool
    ) -> bool:
        grid = self.grid
        found: list[tuple[float, Row]] = []
        here = np.abs(flows[grid.monitored])
        for line in np.flatnonzero(here > base_limit + 1e-3):
            row = Row(line=int(line), group=-1, limit=float(base_limit[line]) - TOLERANCE, hard=True)
            found.append((float(here[line] / base_limit[line]), row))
        if n1:
            lines, groups, after = grid.after(flows)
            limit = grid.limit_b[lines] if floor is None else np.maximum(grid.limit_b[lines], floor)
            for k in np.flatnonzero(np.abs(after) > limit + 1e-3):
                row = Row(line=int(lines[k]), group=int(groups[k]), limit=float(limit[k]) - TOLERANCE, hard=hard_n1)
                found.append((float(abs(after[k]) / limit[k]), row))
        new = [(size, r) for size, r in found if (r.line, r.group, r.hard) not in self.seen]
        new.sort(key=lambda pair: (-pair[0], pair[1].line, pair[1].group))
        for _, row in new[:ROWS_A_ROUND]:
            self.rows.append(row)
            self.seen.add((row.line, row.group, row.hard))
        return bool(new)
