"""An asset and the loss of one branch that cut a part off only together: all such pairs of a day at once.

Removing branches j and c leaves the main part and a part P; on a depth-first tree P is what lies below
one of them and not below the other, or all the rest. P takes with it what it injects and who picks up in
it, so that A MW appear where c enters the main part and gamma MW are picked up, as after the loss of a
bridge (plan.py). With c kept for the computation, on which nothing then flows, and j removed,

    g_m = f_m + moved_m A + gamma_up psi_up,m + gamma_down psi_down,m,      f^jc_m = g_m + L_mj g_j,

held against f^c_m = f_m + L_mc f_c without the asset (semantics 1.4). What the main part is, is decided
as for every loss (state.main_part). What this does not cover goes to together.py: a loss of several
branches or of units, a DC line with an end in each part, parts of equal load, who cannot pick up all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow.mutual import tree_children
from moms.study import _cut_pairs as kernel
from moms.study._board import CLEAN, SINGULAR
from moms.study.pickup import NEAR_ZERO_MW, Shape, at_buses, share_out
from moms.study.screen import PickUps, watched
from moms.study.series import CLEAR_MW
from moms.study.together import Held, hold, nothing_held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import BoolArray, Contingency, FloatArray, IntArray
    from moms.study._board import Day
    from moms.study.slices import StudyRules
    from moms.study.state import Case
    from moms.study.together import Pair

COLUMNS = 128
"""Columns solved together: moves memory, not results."""


class Between(NamedTuple):
    """What pairs, unordered, cut off together, (u,), (u, H)."""

    start: IntArray
    """(u, 2) spans of the walk; a part is what lies in one of them and not in both,"""
    stop: IntArray
    is_rest: BoolArray
    """or all the rest."""
    plain: BoolArray
    """False where this file does not say what happens."""
    load_mw: FloatArray
    generation_mw: FloatArray
    injection_mw: FloatArray
    up: FloatArray
    """Headroom of those who pick up in the part; and their output."""
    down: FloatArray
    critical: BoolArray


def hold_pairs(  # noqa: PLR0917 - one caller
    case: Case,
    rows: IntArray,
    day: Day,
    pairs: Sequence[Pair],
    losses: tuple[Contingency, ...],
    rules: StudyRules,
    critical: BoolArray | None,
) -> Held:
    """Hold pairs against all limits after the loss; `critical` are buses, (n,)."""
    if not pairs:
        return nothing_held(0)
    place = np.full(len(case.network.branches), -1, np.int64)
    place[rows] = np.arange(len(rows))
    lost = np.array([_only(losses[pair.loss]) for pair in pairs], np.int64)
    asset = np.array([pair.branch for pair in pairs], np.int64)
    some = np.flatnonzero((lost >= 0) & together(day, place[asset], place[np.maximum(lost, 0)]))
    ends, of = np.unique(np.sort(np.c_[place[asset[some]], place[lost[some]]], axis=1), axis=0, return_inverse=True)
    made, plain = nothing_held(len(pairs)), np.zeros(len(pairs), np.bool_)
    if len(some):
        part = parts_between(case, rows[ends], critical)
        joint, plain_ends = _joint(case, rows, ends, part, np.c_[place[asset[some]], of], some)
        plain[some] = plain_ends[of]
        _held(case, rows, day, joint, rules, made)
        _told(made, some[plain[some]], of[plain[some]], part)
    rest = np.flatnonzero(~plain)
    return _merged(made, rest, hold(case, [pairs[p] for p in rest.tolist()], losses, rules=rules, critical=critical))


def together(day: Day, asset: IntArray, lost: IntArray) -> BoolArray:
    """Tell which pairs of places cut a part off together and have a factor each."""
    solved = np.abs(1.0 / day.stays) > SINGULAR
    found: BoolArray = (day.group[asset] == day.group[lost]) & solved[asset] & solved[lost] & (asset != lost)
    return found & (asset >= 0) & (lost >= 0)


def _only(loss: Contingency) -> int:
    """Give the one branch that a contingency loses, -1 where it loses anything else."""
    return loss.branches[0] if len(loss.branches) == 1 and not loss.units else -1


def parts_between(case: Case, ends: IntArray, critical: BoolArray | None) -> Between:
    """Find what each two branches, (u, 2) rows, cut off together and what goes with it."""
    tree, network, weights = case.tree, case.network, case.weights
    child = tree_children(case.factor, tree)[ends]
    inside = child >= 0
    start = np.where(inside, tree.enter[child], 0)
    stop = np.where(inside, tree.leave[child], 0)
    by_bus = [case.load_mw, at_buses(network, case.unit_mw), case.injection_mw, weights.by_bus(Shape.UP, network),
              weights.by_bus(Shape.DOWN, network)]  # fmt: skip
    alone = np.ones(len(network.buses), np.bool_) if critical is None else critical
    ranked = (case.bus_load_mw * case.island)[:, None]
    nowhere = np.zeros(len(ends), np.bool_)
    here = kernel.sums_between(tree.walk, start, stop, nowhere, ranked)[:, 0]
    elsewhere = float(ranked.sum()) - here
    is_rest = here > elsewhere
    amounts = np.ascontiguousarray(np.c_[*by_bus, alone.astype(np.float64)])
    part = kernel.sums_between(tree.walk, start, stop, is_rest, amounts)
    load, generation, injection, up, down = np.split(part[:, :-1], 5, axis=1)
    return Between(
        start=start,
        stop=stop,
        is_rest=is_rest,
        plain=(np.abs(here - elsewhere) > CLEAR_MW) & ~_parts_dcline(case, start, stop),
        load_mw=load,
        generation_mw=generation,
        injection_mw=injection,
        up=up,
        down=down,
        critical=(part[:, -1] > 0.5) & (critical is not None),
    )


def _parts_dcline(case: Case, start: IntArray, stop: IntArray) -> BoolArray:
    """Tell which parts, (u,), hold one end of a running DC line."""
    dc, enter = case.network.dclines, case.tree.enter
    cut = np.zeros(len(start), np.bool_)
    for d in np.flatnonzero(case.dcline_on).tolist():
        held = np.zeros(len(start), np.bool_)
        for end in (enter[dc.from_bus[d]], enter[dc.to_bus[d]]):
            inside = (start <= end) & (end < stop)
            held ^= inside[:, 0] != inside[:, 1]
        cut |= held
    return cut


def _joint(  # noqa: PLR0917 - one caller, a few lines up
    case: Case, rows: IntArray, ends: IntArray, part: Between, asked: IntArray, answer: IntArray
) -> tuple[kernel.Joint, BoolArray]:
    """Work out who picks up for each pair; gives those that are covered in the order of their columns, and which are.

    `asked` are (asset's place, row of `ends`) of the answers wanted, `answer` their places.
    """
    weights = case.weights
    total_up, total_down = weights.total(Shape.UP), weights.total(Shape.DOWN)
    appears, none = -part.injection_mw, np.zeros(part.injection_mw.shape)
    room = {Shape.UP: total_up - part.up, Shape.DOWN: total_down - part.down}
    factors, _ = share_out(appears, room | dict.fromkeys((Shape.SHED, Shape.CURTAIL, Shape.EVEN), none))
    up, down = factors[Shape.UP], factors[Shape.DOWN]
    covered = np.all(np.abs(appears + up * room[Shape.UP] + down * room[Shape.DOWN]) <= NEAR_ZERO_MW, axis=1)
    plain = part.plain & covered
    as_end = np.full((len(ends), 2), -1, np.int64)
    for side in (0, 1):
        mine = asked[:, 0] == ends[asked[:, 1], side]
        as_end[asked[mine, 1], side] = answer[mine]
    enters = case.factor.position[_main_end(case, rows[ends[:, 1]], part)]
    by = np.flatnonzero(plain)
    by = by[np.argsort(enters[by], kind="stable")]
    return kernel.Joint(
        one=ends[by, 0],
        other=ends[by, 1],
        column=enters[by],
        start=part.start[by],
        stop=part.stop[by],
        is_rest=part.is_rest[by],
        alpha=(appears - up * part.up - down * part.down)[by],
        gamma_up=(up * total_up)[by],
        gamma_down=(down * total_down)[by],
        as_one=as_end[by, 0],
        as_other=as_end[by, 1],
    ), plain


def _main_end(case: Case, branch: IntArray, part: Between) -> IntArray:
    """Give the bus where each branch enters the main part, (u,)."""
    lines, enter = case.network.branches, case.tree.enter
    at = enter[lines.from_bus[branch]][:, None]
    inside = (part.start <= at) & (at < part.stop)
    cut: BoolArray = (inside[:, 0] != inside[:, 1]) != part.is_rest
    found: IntArray = np.where(cut, lines.to_bus[branch], lines.from_bus[branch])
    return found


def _held(  # noqa: PLR0917 - as above
    case: Case, rows: IntArray, day: Day, joint: kernel.Joint, rules: StudyRules, made: Held
) -> None:
    """Hold pairs in blocks of columns, and note the worst of each."""
    look, every = _watched(case, rows, day, rules)
    found = kernel.Answers(made.level, np.full(len(made.level), -1), made.hour, np.zeros(len(made.level)))
    ground, (positions, column) = len(case.factor.pivot), np.unique(joint.column, return_inverse=True)
    for at in range(0, len(positions), COLUMNS):
        some = positions[at : at + COLUMNS]
        x = np.ascontiguousarray(case.factor.transfers(some, np.full(len(some), ground)).T)
        here = slice(*np.searchsorted(column, (at, at + COLUMNS)))
        block = {name: part[here] for name, part in joint._asdict().items()}
        kernel.hold_joint(kernel.Joint(**block | {"column": column[here] - at}), x, day, look, found)
    made.element[:] = np.where(found.level > CLEAN, every[found.element], -1)


def _watched(case: Case, rows: IntArray, day: Day, rules: StudyRules) -> tuple[kernel.Watched, IntArray]:
    """Give the day's branches and then the bridges as what is watched, and their rows: bridges carry who picks up."""
    lines = case.network.branches
    bridges = np.flatnonzero(lines.monitored & case.factor.live & (case.tree.below >= 0) & np.isfinite(lines.rate_b_mw))
    every = np.r_[rows, bridges]
    w = watched(case, every, PickUps.of(case))
    limit = np.r_[day.limit, lines.rate_b_mw[bridges]]
    return kernel.Watched(
        from_position=w.from_position,
        to_position=w.to_position,
        from_enter=w.from_enter,
        to_enter=w.to_enter,
        b=w.b_mw,
        base=w.base,
        most=np.abs(w.base).max(axis=1),
        up=w.up,
        down=w.down,
        reference=w.reference,
        stray=w.spread,
        watch=np.r_[day.watch, rules.watch_share * lines.rate_b_mw[bridges]],
        limit=limit,
    ), every


def _told(made: Held, some: IntArray, of: IntArray, part: Between) -> None:
    """Say of pairs what they cut off."""
    made.cuts[some] = True
    made.load_mw[some] = part.load_mw[of].max(axis=1, initial=0.0)
    made.generation_mw[some] = part.generation_mw[of].max(axis=1, initial=0.0)
    made.critical[some] = part.critical[of] & (made.load_mw[some] > 0.0)


def _merged(made: Held, rest: IntArray, others: Held) -> Held:
    for name in Held.__slots__:
        getattr(made, name)[rest] = getattr(others, name)
    return made
