"""One day of one topology, every branch asked at once: who could be out, proven against each next loss.

A cell is one asset j out on top of what is out already. It is clean when in all H hours no flow before
or after any contingency c is caused by j (semantics 1.3, 1.4), after contingencies held against the
watched share of rate B as well (1.7). With f^c = f + L_mc f_c, the flow without j (LODF L), it is

    f^jc_m = f^c_m + K (f_j + L_jc f_c),        K = (L_mj + L_mc L_cj) / (1 - L_jc L_cj),

and one symmetric matrix phi = A B^-1 A' gives all L_mk = b_m phi_mk / (1 - b_k phi_kk). What j moves is
held against the room mu(c, m) = min_h of what m may still move once c is lost, the worsened threshold
where it is over already. With F = max_h |f| and G_jc = (F_j + |L_jc| F_c) / |1 - L_jc L_cj|

    |f^jc_m - f^c_m| <= G_jc |L_mj| + G_jc |L_cj| |L_mc|,

so that a triple is clean if the first term is within 1 - theta of mu and the second within theta of it.
Three walks over sorted lists name every triple that breaks one of these: A, by m, over those c that
leave it less room than j's far flow g_j = 1.05 F_j + 1 MW takes; B, by c, over those m that j moves by
what it sends over c; C, by j, where c sends j more than g_j. What they name is computed exactly, hour by
hour, so every cell ends as proof; only work depends on theta and g. Sizes |L| are taken everywhere, so
negative reactances need nothing of their own.

A unit trip or the loss of a bridge moves MW at a bus, and those who pick up are the same with and
without j: f^kj_m = f^k_m + L_mj f^k_j. They join A and C as further c, without the second term.

Two branches that cut the island only together have no K. They are found by labels of the cycle space and
held by what each pair cuts off (cut_pairs.py, together.py), losses of several branches by several.py. What is
held against less than everything is open, never clean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from moms.powerflow import elimination_order
from moms.powerflow.islands import sums_below
from moms.powerflow.mutual import cycle_labels, mutual_angles, mutual_order
from moms.study import _board
from moms.study._board import CLEAN, LOSS, OVER, SINGULAR, TIGHT, Cells, Day, Injected
from moms.study.cut_pairs import hold_pairs
from moms.study.listed import listed
from moms.study.plan import plan
from moms.study.screen import PickUps, watched
from moms.study.series import GENERAL, HANGING, sort_out
from moms.study.several import hold_several
from moms.study.slices import Out
from moms.study.state import stand
from moms.study.together import Pair
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from moms.grid import BoolArray, Contingency, FloatArray, IntArray
    from moms.study._kernels import WatchArrays
    from moms.study.plan import Plan
    from moms.study.slices import Slice, StudyRules
    from moms.study.state import Case
    from moms.study.together import Held

CUTS_OFF, OUT, OPEN = 3, 4, 5
"""The asset itself cuts a part off; nothing of it is in service; the board cannot say."""
STANDINGS = {
    CLEAN: "clean",
    TIGHT: "tight",
    OVER: "over",
    CUTS_OFF: "cuts off",
    OUT: "out",
    OPEN: "open",
}
BEFORE, NONE = -1, -2
"""In place of a contingency: before any; no witness."""
SOURCES = 256
"""Columns solved together: moves memory, not results."""


class NotOneTopology(Refused):
    """A board was asked of hours or lists that differ with and without the request."""


class LabelsDisagree(Refused):
    """Cycle labels call two branches a cut pair, the factors do not."""


class Witness(NamedTuple):
    """What proves that an asset is not clean: rows of branches, BEFORE or NONE in `next`; (a,) each."""

    next: IntArray
    """Branch whose loss is the contingency; BEFORE too where `loss` tells it."""
    loss: IntArray
    """Place in the list of any other loss, -1 for none."""
    element: IntArray
    hour: IntArray
    """Place in the slice's hours."""


class Cuts(NamedTuple):
    """What one more loss cuts off once the asset is out, and would not without it, (a,); not told of cells over."""

    loss: IntArray
    """Place in the list of the loss with the most load, then output; -1 where nothing is cut off, not even dead."""
    load_mw: FloatArray
    """The most that any loss cuts off."""
    generation_mw: FloatArray
    critical: BoolArray
    """Some of the load is what the caller calls critical."""
    shortfall_mw: FloatArray
    """The most that headroom cannot pick up after such a loss, beyond what it cannot without the asset out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Board:
    """The cells of one slice, one for each asset asked, (a,)."""

    standing: IntArray
    """CLEAN, TIGHT, OVER, CUTS_OFF, OUT or OPEN. A cell that is not over and was held against less than every
    contingency is OPEN."""
    witness: Witness
    cuts: Cuts
    work: dict[str, int]

    def told(self) -> dict[str, int]:
        """Count the cells by standing."""
        return {name: int((self.standing == code).sum()) for code, name in STANDINGS.items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Losses:
    """What losing each of some sets of branches amounts to, (k,)."""

    branch: IntArray
    """The one branch that does it, -1 where none does."""
    cuts: BoolArray
    """True where it cuts a part off that is not empty."""
    nothing: BoolArray
    """True where nothing of it carries."""


def board(
    one: Slice,
    asked: Sequence[Contingency],
    *,
    rules: StudyRules,
    known: Witness | None = None,
    critical: BoolArray | None = None,
    order: IntArray | None = None,
    buffer: FloatArray | None = None,
) -> Board:
    """Give the cell of every asset asked, on top of what the slice has out.

    `asked` are sets of branches, named as contingencies are. `known` are witnesses of another day, tried
    first. `critical` are buses, (n,), whose load is told apart. `order` is `elimination_order(network)` and
    `buffer` a flat array for the factors, if the caller has them.

    Raises:
        NotOneTopology: the slice holds a request, or hours and lists that change with one.
        Unbalanced, NoReactance: as `study`.
    """
    _refuse(one)
    case = stand(
        one.network,
        hours=one.hours,
        out=one.out,
        order=elimination_order(one.network) if order is None else order,
    )
    wanted, lost = _amounts_to(case, asked), plan(case, one.contingencies, own=Out())
    rows = mutual_order(case.factor, _needed(case, wanted, lost))
    place = np.full(len(one.network.branches), -1, np.int64)
    place[rows] = np.arange(len(rows))
    day = _day(case, rows, nexts=place[lost.singles.branch[lost.singles.is_removal]], rules=rules, buffer=buffer)
    _refuse_labels(day)
    injected, which = _injected(case, rows, lost)
    nexts = _Nexts(rows=rows, place=place, injected=which, contingencies=len(one.contingencies))
    cells = _screened(day, injected, place[wanted.branch[wanted.branch >= 0]], known=nexts.placed(known, wanted))
    several = np.array([k for k, _, _ in lost.compounds], np.int64)
    pairs = hold_several(case, rows, one.contingencies, several, day, cells) + _cut_pairs(day, rows, lost, cells)
    held = hold_pairs(case, rows, day, pairs, one.contingencies, rules, critical)
    cuts = _noted(pairs, held, place, cells)
    return _told(wanted, cells, nexts, cuts, pairs=len(pairs))


def _needed(case: Case, wanted: _Losses, lost: Plan) -> IntArray:
    """Give the branches that are asked, lost or watched and cut nothing off by themselves: the board's rows.

    What is only there to carry flows needs no row.
    """
    lines = case.network.branches
    needed = lines.monitored & (np.isfinite(lines.rate_a_mw) | np.isfinite(lines.rate_b_mw))
    needed[wanted.branch[wanted.branch >= 0]] = True
    needed[lost.singles.branch[lost.singles.is_removal]] = True
    for _, branches, _ in lost.compounds:
        needed[branches] = True
    return np.flatnonzero(needed & case.factor.live & (case.tree.below < 0))


def _cut_pairs(day: Day, rows: IntArray, lost: Plan, cells: Cells) -> list[Pair]:
    """Give the pairs of an asset and the loss of one branch that cut the island only together."""
    removals = np.flatnonzero(lost.singles.is_removal)
    name = dict(zip(lost.singles.branch[removals].tolist(), lost.singles.contingency[removals].tolist(), strict=True))
    by = np.argsort(day.group, kind="stable")
    parts = np.split(by, np.flatnonzero(np.diff(day.group[by])) + 1)
    return [
        Pair(int(rows[j]), name[int(rows[c])])
        for part in parts
        if len(part) > 1
        for j in part[cells.active[part] & (cells.level[part] < OVER)]
        for c in part[day.is_next[part] > 0.0]
        if c != j
    ]


def _noted(pairs: list[Pair], held: Held, place: IntArray, cells: Cells) -> Cuts:
    """Note what pairs cause in the cells, and give what they cut off, by place, (k,)."""
    k = len(cells.level)
    cuts = Cuts(np.full(k, -1, np.int64), np.zeros(k), np.zeros(k), np.zeros(k, np.bool_), np.zeros(k))
    most = np.full((k, 2), -1.0)
    for p, pair in enumerate(pairs):
        j, size = int(place[pair.branch]), (held.load_mw[p], held.generation_mw[p])
        cells.unsolved[j] |= held.unsolved[p]
        if held.level[p] > cells.level[j]:
            cells.level[j], cells.next[j] = held.level[p], LOSS - pair.loss
            cells.element[j], cells.hour[j] = -2 - held.element[p], held.hour[p]
        cuts.critical[j] |= held.critical[p]
        cuts.shortfall_mw[j] = max(cuts.shortfall_mw[j], held.shortfall_mw[p])
        cuts.load_mw[j], cuts.generation_mw[j] = np.maximum((cuts.load_mw[j], cuts.generation_mw[j]), size)
        if held.cuts[p] and size > tuple(most[j]):
            most[j], cuts.loss[j] = size, pair.loss
    return cuts


def _told(wanted: _Losses, cells: Cells, nexts: _Nexts, cuts: Cuts, *, pairs: int) -> Board:
    """Tell the cells by asset, in rows and places of the list."""
    count, rows = len(wanted.branch), nexts.rows
    some = np.flatnonzero(wanted.branch >= 0)
    at = nexts.place[wanted.branch[some]]
    back = np.r_[rows, -1]
    standing = np.full(count, OPEN)
    standing[wanted.cuts], standing[wanted.nothing] = CUTS_OFF, OUT
    standing[some] = np.where(cells.unsolved[at] & (cells.level[at] < OVER), OPEN, cells.level[at])
    first, c, m = len(rows), cells.next[at], cells.element[at]
    lost = np.where((c >= 0) & (c < first), back[np.clip(c, 0, first)], np.where(c == NONE, NONE, BEFORE))
    by_list = np.r_[nexts.injected, -1]
    other = np.where(c <= LOSS, LOSS - c, by_list[np.where(c >= first, c - first, len(by_list) - 1)])
    return Board(
        standing=standing,
        witness=Witness(
            next=_spread(count, some, lost, otherwise=NONE),
            loss=_spread(count, some, other),
            element=_spread(count, some, np.where(m < -1, -2 - m, back[np.maximum(m, -1)])),
            hour=_spread(count, some, cells.hour[at]),
        ),
        cuts=Cuts(
            loss=_spread(count, some, cuts.loss[at]),
            load_mw=_spread(count, some, cuts.load_mw[at], otherwise=0.0),
            generation_mw=_spread(count, some, cuts.generation_mw[at], otherwise=0.0),
            critical=_spread(count, some, cuts.critical[at], otherwise=False),
            shortfall_mw=_spread(count, some, cuts.shortfall_mw[at], otherwise=0.0),
        ),
        work=dict(zip(("before", "rooms", "A", "B", "C", "exact"), cells.work.tolist(), strict=True))
        | {"pairs": pairs},
    )


def _spread(count: int, some: IntArray, values: npt.NDArray[Any], *, otherwise: float = -1) -> npt.NDArray[Any]:
    """Give values at some of `count` places."""
    whole = np.full(count, otherwise, values.dtype)
    whole[some] = values
    return whole


def _refuse(one: Slice) -> None:
    if len(one.request) or one.hours is not one.hours_without or one.contingencies_without is not None:
        raise NotOneTopology(
            "a board adds each asset itself; the slice already holds a request",
            field="slices",
            fix="give the slice of the book alone",
        )


def _amounts_to(case: Case, sets: Sequence[Contingency]) -> _Losses:
    """Tell for each set of branches which one branch its loss amounts to."""
    every = listed(tuple(sets))
    alive = case.factor.live[every.branch]
    at, row = every.branch_at[alive], every.branch[alive]
    count = np.bincount(at, minlength=len(sets))
    has_unit = np.bincount(every.unit_at, minlength=len(sets)) > 0
    branch, cuts = np.full(len(sets), -1, np.int64), np.zeros(len(sets), np.bool_)
    single = (count == 1)[at] & ~has_unit[at]
    branch[at[single]] = row[single]
    several = np.flatnonzero((count > 1) & ~has_unit)
    first = np.cumsum(count) - count
    series = sort_out(case, [row[first[k] : first[k] + count[k]] for k in several.tolist()])
    branch[several] = np.where(series.kind == GENERAL, -1, series.branch)
    cuts[several] = (series.kind != GENERAL) & (series.kind != HANGING)
    bridge = (branch >= 0) & (case.tree.below[branch] >= 0)
    branch[bridge] = -1
    return _Losses(branch=branch, cuts=cuts | bridge, nothing=(count == 0) & ~has_unit)


def _day(case: Case, rows: IntArray, *, nexts: IntArray, rules: StudyRules, buffer: FloatArray | None) -> Day:
    factor, lines = case.factor, case.network.branches
    phi = mutual_angles(factor, rows, into=buffer)
    b = factor.b_mw[rows]
    flow = factor.flows_at(case.theta, rows)
    labels = cycle_labels(factor, case.tree)[rows]
    stays = 1.0 / (1.0 - b * np.diagonal(phi))
    is_next = np.zeros(len(rows))
    is_next[nexts] = 1.0
    limit = np.where(lines.monitored[rows], lines.rate_b_mw[rows], np.inf)
    return Day(
        phi=phi,
        b=b,
        stays=stays,
        flow=flow,
        most=np.abs(flow).max(axis=1),
        group=np.unique(labels, return_inverse=True)[1].astype(np.int64),
        is_next=is_next,
        limit_a=np.where(lines.monitored[rows], lines.rate_a_mw[rows], np.inf),
        watch=rules.watch_share * limit,
        limit=limit,
        worse_share=rules.worsened_share,
    )


def _injected(case: Case, rows: IntArray, lost: Plan) -> tuple[Injected, IntArray]:
    """Give the contingencies that only move MW at a bus, and their places in the list, (i,)."""
    singles = lost.singles
    some = np.flatnonzero(~singles.is_removal)
    watch = watched(case, rows, PickUps.of(case))
    source, column = np.unique(_entries(case)[singles.source[some]], return_inverse=True)
    alpha, gamma_up, gamma_down = singles.alpha[some], singles.gamma_up, singles.gamma_down
    return Injected(
        moved=_moved_by(case, source, watch),
        column=column,
        alpha=alpha,
        largest=np.abs(alpha).max(axis=1, initial=0.0),
        gamma_up=gamma_up,
        gamma_down=gamma_down,
        picked=(np.abs(gamma_up) + np.abs(gamma_down)).max(axis=1, initial=0.0),
        part_from=singles.part_from,
        part_to=singles.part_to,
        part_is_rest=singles.part_is_rest,
        up=watch.up,
        down=watch.down,
        stray=watch.spread,
        from_enter=watch.from_enter,
        to_enter=watch.to_enter,
    ), singles.contingency[some]


def _moved_by(case: Case, source: IntArray, watch: WatchArrays) -> FloatArray:
    """Give the MW on each watched branch per MW at each source, a position, less the reference pick-up, (q, s)."""
    moved = np.empty((len(watch.b_mw), len(source)))
    for at in range(0, len(source), SOURCES):
        some = source[at : at + SOURCES]
        x = case.factor.transfers(some, np.full(len(some), len(case.factor.pivot)))
        across = x[watch.from_position] - x[watch.to_position]
        moved[:, at : at + SOURCES] = watch.b_mw[:, None] * across - watch.reference[:, None]
    return moved


def _entries(case: Case) -> IntArray:
    """Give for each position one that moves the same MW on every branch that is no bridge.

    What hangs by a bridge and holds no loop sends all over that bridge, as the bus at its other end would.
    """
    tree, lines = case.tree, case.network.branches
    loops = np.zeros((len(case.network.buses), 1))
    some = case.factor.live & (tree.below < 0)
    loops[lines.from_bus[some]] = loops[lines.to_bus[some]] = 1.0
    hangs = np.zeros(len(loops), np.bool_)
    hangs[tree.below[tree.below >= 0]] = True
    hangs &= sums_below(tree.walk, tree.parent, loops)[:, 0] == 0.0
    entry = np.arange(len(loops))
    for bus in tree.walk[hangs[tree.walk]].tolist():
        entry[bus] = entry[tree.parent[bus]]
    found = np.arange(len(case.factor.pivot) + 1)
    found[case.factor.position[tree.walk]] = case.factor.position[entry[tree.walk]]
    return found


def _screened(day: Day, injected: Injected, wanted: IntArray, *, known: tuple[IntArray, IntArray] | None) -> Cells:
    k = len(day.b)
    active = np.zeros(k, np.bool_)
    active[wanted] = True
    solved = np.abs(1.0 / day.stays) > SINGULAR
    lost_without_answer = bool(np.any(day.is_next[~solved] > 0.0))
    day = day._replace(is_next=day.is_next * solved)
    cells = Cells(
        active=active & solved,
        level=np.zeros(k, np.int64),
        next=np.full(k, NONE),
        element=np.full(k, -1),
        hour=np.full(k, -1),
        unsolved=~solved | lost_without_answer,
        work=np.zeros(6, np.int64),
    )
    if known is not None:
        _board.try_known(day, injected, cells, *known)
    _board.hold_before(day, injected, cells)
    by_j, by_c = _board.spread(day, injected, cells)
    by_next, by_out, far = _board.far_and_lists(day, injected, cells, by_j, by_c)
    _board.near(day, injected, cells, by_next, by_out, far)
    return cells


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Nexts:
    """Where contingencies stand in the kernels: single branches by place, then the injected ones."""

    rows: IntArray
    place: IntArray
    injected: IntArray
    contingencies: int

    def placed(self, known: Witness | None, wanted: _Losses) -> tuple[IntArray, IntArray] | None:
        """Give the witnesses of another day by place: (k,) c (NONE where it no longer is there) and m."""
        if known is None:
            return None
        c, m = np.full(len(self.rows), NONE), np.full(len(self.rows), -1)
        some = np.flatnonzero((wanted.branch >= 0) & (known.next > NONE) & (known.element >= 0))
        at, element = self.place[wanted.branch[some]], self.place[known.element[some]]
        by_list = np.full(self.contingencies + 1, NONE)
        by_list[self.injected] = len(self.rows) + np.arange(len(self.injected))
        branch = known.next[some]
        lost = np.where(branch >= 0, np.where(self.place[branch] >= 0, self.place[branch], NONE), BEFORE)
        lost = np.where(known.loss[some] >= 0, by_list[known.loss[some]], lost)
        there = (element >= 0) & (lost > NONE)
        c[at[there]], m[at[there]] = lost[there], element[there]
        return c, m


def _refuse_labels(day: Day) -> None:
    """Refuse what labels say and factors do not: the chance is 2^-64 a pair."""
    by = np.argsort(day.group, kind="stable")
    for part in np.split(by, np.flatnonzero(np.diff(day.group[by])) + 1):
        if not len(part):
            continue  # a grid without loops has no rows
        j, c = part[0], part[1:]
        product = day.b[j] * day.stays[j] * day.b[c] * day.stays[c] * day.phi[j, c] ** 2
        if np.any(np.abs(1.0 - product) > SINGULAR):
            raise LabelsDisagree(
                f"branches {j} and {c[0]} have one label and cut nothing", field="branch", fix="report this grid"
            )
