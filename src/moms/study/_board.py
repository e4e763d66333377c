"""The board's inner loops, compiled. What they compute, and why no triple is missed, is written in board.py.

Names: j a branch asked to be out, c the next one lost, m a monitored one; all are places among the
branches that cut nothing off by themselves (`Day`). `stays` is 1 / (1 - y_kk). No fastmath: limits may be
infinite, and inner loops are written so that they need none (a comparison with "not a number" is False,
which is what a pair that cuts the grid shall give).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow._jit import compiled
from moms.study.screen import EDGE_MW

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray

CLEAN, TIGHT, OVER = range(3)
"""Nothing caused; caused above the watched share of a limit only; caused above a limit."""
SECOND_SHARE = 0.2
"""Share of the room given to the bound's second term; moves work, not results."""
FAR, FAR_MW = 1.05, 1.0
"""A j's far flow: how much more of it than its own a loss elsewhere may leave it, before the pair counts as near."""
GUARD = 1.0 - 1e-9
"""Bounds are tightened by this, more than rounding can loosen them."""
LANES = 64
LOSS = -3
"""In place of c: LOSS - k for the loss at place k of the list."""
SINGULAR = 1e-9
"""A branch or pair that leaves less than this share of a transfer elsewhere cuts the island or has no factor."""
SMALL = 1e-12
NO_FACTOR_MW = 1e12
"""A loss that may send more than this over a branch has a factor that rounding has eaten."""


class Day(NamedTuple):
    """One topology at H operating points: its k branches that cut nothing off by themselves."""

    phi: FloatArray
    """(k, k) angle across one per MW along the other."""
    b: FloatArray
    stays: FloatArray
    flow: FloatArray
    """(k, H) MW before anything is lost."""
    most: FloatArray
    """(k,) max over hours of |flow|."""
    group: IntArray
    """(k,) equal for branches that cut the island together."""
    is_next: FloatArray
    """(k,) 1 where the loss of this one is a contingency, else 0."""
    limit_a: FloatArray
    """(k,) infinite where not monitored."""
    watch: FloatArray
    limit: FloatArray
    worse_share: float


class Injected(NamedTuple):
    """Contingencies that move MW at one bus and remove nothing that matters: unit trips and bridges, (i,)."""

    moved: FloatArray
    """(k, s) MW on a branch per MW that appears at one of some buses, less the reference pick-up."""
    column: IntArray
    """(i,) which bus that is."""
    alpha: FloatArray
    """(i, H) MW that appear."""
    largest: FloatArray
    gamma_up: FloatArray
    """(i, H) MW picked up; down likewise."""
    gamma_down: FloatArray
    picked: FloatArray
    """(i,) max over hours of |gamma_up| + |gamma_down|."""
    part_from: IntArray
    """The part it cuts off, as in plan.Singles."""
    part_to: IntArray
    part_is_rest: BoolArray
    up: FloatArray
    """(k, H) MW on a branch per MW picked up, less the reference; down likewise."""
    down: FloatArray
    stray: FloatArray
    """(k,) how far the pick-up of any hour strays from the reference, MW per MW."""
    from_enter: IntArray
    """(k,) places of a branch's ends in the walk."""
    to_enter: IntArray


class Cells(NamedTuple):
    """What is known of each j, (k,), filled in."""

    active: BoolArray
    level: IntArray
    next: IntArray
    """The witness: place of c (k and more: an injected one; LOSS and less), -1 before any, -2 for none; of m; and
    the hour."""
    element: IntArray
    hour: IntArray
    unsolved: BoolArray
    """A pair with this j has no reliable factor, though the graph does not say that it cuts."""
    work: IntArray
    """Counts: rows held exactly before a contingency, pairs with an exact room, triples of A, B and C, held exactly."""


@compiled
def caused(flow: float, without: float, watch: float, limit: float, worse: float) -> int:
    """Tell what a flow above a watched share or a limit has to do with j (semantics 1.4, 1.7)."""
    size, before = abs(flow), abs(without)
    grown = size - before >= worse - EDGE_MW
    if size > limit + EDGE_MW and (before <= limit + EDGE_MW or grown):
        return OVER
    if size > watch + EDGE_MW and (before <= watch + EDGE_MW or grown):
        return TIGHT
    return CLEAN


@compiled
def room(without: float, watch: float, limit: float, worse: float) -> float:
    """Give the least change of a flow that could be caused by j, MW."""
    before = abs(without)
    if before <= watch + EDGE_MW:
        return watch + EDGE_MW - before
    left = worse - EDGE_MW
    if before <= limit + EDGE_MW:
        left = min(left, limit + EDGE_MW - before)
    return max(left, 0.0)


@compiled
def after_next(j: int, c: int, m: int, day: Day) -> tuple[int, int]:
    """Give the highest level that j out and c lost cause on m, and the hour of the largest flow at it."""
    b, stays, phi, flow = day.b, day.stays, day.phi, day.flow
    mj, mc = b[m] * stays[j] * phi[m, j], b[m] * stays[c] * phi[m, c]
    cj, jc = b[c] * stays[j] * phi[c, j], b[j] * stays[c] * phi[j, c]
    moved = (mj + mc * cj) / (1.0 - jc * cj)
    level, hour, largest = CLEAN, -1, 0.0
    for h in range(flow.shape[1]):
        without = flow[m, h] + mc * flow[c, h]
        after = without + moved * (flow[j, h] + jc * flow[c, h])
        here = caused(after, without, day.watch[m], day.limit[m], day.worse_share * day.limit[m])
        if here > level or (here == level and level > CLEAN and abs(after) > largest):
            level, hour, largest = here, h, abs(after)
    return level, hour


@compiled
def before_next(j: int, m: int, day: Day) -> tuple[int, int]:
    """Give the level that j out causes on m before any contingency, and the hour of the largest flow at it."""
    mj = day.b[m] * day.stays[j] * day.phi[m, j]
    limit = day.limit_a[m]
    level, hour, largest = CLEAN, -1, 0.0
    for h in range(day.flow.shape[1]):
        without = day.flow[m, h]
        after = without + mj * day.flow[j, h]
        if caused(after, without, limit, limit, day.worse_share * limit) > CLEAN and abs(after) > largest:
            level, hour, largest = OVER, h, abs(after)
    return level, hour


@compiled
def _in_part(branch: int, i: int, injected: Injected) -> bool:
    """Tell whether a branch lies in the part that i cuts off."""
    first, last = injected.part_from[i], injected.part_to[i]
    if first == last:
        return False
    below_from: bool = first <= injected.from_enter[branch] < last
    below_to: bool = first <= injected.to_enter[branch] < last
    if injected.part_is_rest[i]:
        return not below_from and not below_to
    return below_from and below_to


@compiled
def _flow_after(branch: int, i: int, h: int, day: Day, injected: Injected) -> float:
    flow: float = day.flow[branch, h] + injected.moved[branch, injected.column[i]] * injected.alpha[i, h]
    flow += injected.gamma_up[i, h] * injected.up[branch, h] + injected.gamma_down[i, h] * injected.down[branch, h]
    return flow


@compiled
def after_injected(j: int, i: int, m: int, day: Day, injected: Injected) -> tuple[int, int]:
    """Give the highest level that j out causes on m after an injected contingency, and the hour of the largest flow.

    What picks up is the same with and without j, so j moves what it carries after i by its own factors.
    """
    level, hour, largest = CLEAN, -1, 0.0
    if _in_part(j, i, injected) or _in_part(m, i, injected):
        return level, hour
    factor = day.b[m] * day.stays[j] * day.phi[m, j]
    for h in range(day.flow.shape[1]):
        without = _flow_after(m, i, h, day, injected)
        after = without + factor * _flow_after(j, i, h, day, injected)
        here = caused(after, without, day.watch[m], day.limit[m], day.worse_share * day.limit[m])
        if here > level or (here == level and level > CLEAN and abs(after) > largest):
            level, hour, largest = here, h, abs(after)
    return level, hour


@compiled
def note(j: int, level: int, c: int, m: int, hour: int, cells: Cells) -> None:  # noqa: PLR0917
    """Note a level with its witness where it is worse than what is known."""
    if level > cells.level[j]:
        cells.level[j], cells.next[j], cells.element[j], cells.hour[j] = level, c, m, hour


@compiled
def _hold(j: int, c: int, m: int, day: Day, injected: Injected, cells: Cells) -> None:  # noqa: PLR0917
    """Hold one triple exactly and note it where it is worse than what is known; c -1 is before any contingency."""
    if c < 0:
        cells.work[0] += 1
        level, hour = before_next(j, m, day)
    elif c >= len(day.b):
        cells.work[5] += 1
        level, hour = after_injected(j, c - len(day.b), m, day, injected)
    else:
        cells.work[5] += 1
        level, hour = after_next(j, c, m, day)
    note(j, level, c, m, hour, cells)


@compiled
def try_known(day: Day, injected: Injected, cells: Cells, known_next: IntArray, known_element: IntArray) -> None:
    """Hold for each j the triple that proved it on another day; -2 for none."""
    for j in range(len(day.b)):
        c, m = known_next[j], known_element[j]
        if not cells.active[j] or c < -1 or m in (j, c):
            continue
        after = c >= len(day.b) or (c >= 0 and c != j and day.group[c] != day.group[j] and day.is_next[c] > 0.0)
        if c < 0 or after:
            _hold(j, c, m, day, injected, cells)


@compiled
def weigh(row: FloatArray, weight: FloatArray, own: int, out: FloatArray) -> float:
    """Fill `out` with |row| times weight, 0 at `own`, and give its largest entry."""
    top = np.zeros(LANES)
    count = len(row)
    for k in range(count):
        out[k] = abs(row[k]) * weight[k]
    out[own] = 0.0
    whole = count - count % LANES
    for at in range(0, whole, LANES):
        for i in range(LANES):
            top[i] = max(top[i], out[at + i])
    for k in range(whole, count):
        top[0] = max(top[0], out[k])
    return float(top.max())


@compiled
def hold_before(day: Day, injected: Injected, cells: Cells) -> None:
    """Hold all j against rate A before any contingency."""
    k, hours = day.flow.shape
    reach, weight = np.empty(k), np.zeros(k)
    for j in range(k):
        if cells.active[j] and cells.level[j] < OVER:
            weight[j] = abs(day.stays[j]) * day.most[j]
    for m in range(k):
        limit = day.limit_a[m]
        if not np.isfinite(limit):
            continue
        least = np.inf
        for h in range(hours):
            least = min(least, room(day.flow[m, h], limit, limit, day.worse_share * limit))
        need = least / abs(day.b[m]) * GUARD
        if weigh(day.phi[m], weight, m, reach) < need:
            continue
        for j in range(k):
            if weight[j] > 0.0 and reach[j] >= need and j != m:
                _hold(j, -1, m, day, injected, cells)
                if cells.level[j] == OVER:
                    weight[j] = 0.0


@compiled
def _amplified(j: int, day: Day, out: FloatArray) -> None:
    """Fill `out`, (k,), with G_jc: the most that j may carry once c is lost, over 1 - L_jc L_cj.

    Where j and c cut the island together it is 0 over 0 or huge, and set to 0: such pairs have no factor.
    """
    row, b, stays, most, group, is_next = day.phi[j], day.b, day.stays, day.most, day.group, day.is_next
    bj, hj, own, mine = b[j], stays[j], most[j], group[j]
    for c in range(len(row)):
        x = row[c]
        there, back = b[c] * hj * x, bj * stays[c] * x
        grown = (own + abs(back) * most[c]) * is_next[c] / abs(1.0 - there * back)
        out[c] = grown if group[c] != mine else 0.0


@compiled
def _most_after(j: int, i: int, day: Day, injected: Injected) -> float:
    """Bound what j may carry in any hour after an injected contingency, MW."""
    moved: float = (
        abs(injected.moved[j, injected.column[i]]) * injected.largest[i] + injected.stray[j] * injected.picked[i]
    )
    return float(day.most[j] + moved)


@compiled
def spread(day: Day, injected: Injected, cells: Cells) -> tuple[FloatArray, FloatArray]:
    """Give max of G_jc over all c (the injected too) for each j, of G_jc |L_cj| over j for each c; (k,) MW."""
    k = len(day.b)
    by_j, by_c, grown = np.zeros(k), np.zeros(k), np.empty(k)
    for j in range(k):
        if not cells.active[j] or cells.level[j] == OVER:
            continue
        _amplified(j, day, grown)
        row, b, hj = day.phi[j], day.b, abs(day.stays[j])
        top = 0.0
        for at in range(0, k, LANES):
            lane = 0.0
            for c in range(at, min(at + LANES, k)):
                moved = grown[c] * abs(b[c]) * hj * abs(row[c])
                by_c[c] = max(by_c[c], moved)
                lane = max(lane, grown[c])
            top = max(top, lane)
        cells.unsolved[j] = cells.unsolved[j] or not top < NO_FACTOR_MW
        for i in range(len(injected.largest)):
            top = max(top, _most_after(j, i, day, injected))
        by_j[j] = top
    return by_j, by_c


class Lists(NamedTuple):
    """Entries (owner, m, ratio) sorted by owner, then falling ratio; those of one stand from begin to begin + 1."""

    begin: IntArray
    element: IntArray
    ratio: FloatArray


@compiled
def _sorted(entries: Lists, count: int, k: int) -> Lists:
    """Sort entries whose owners stand in `begin`."""
    owner, begin = entries.begin, np.zeros(k + 1, np.int64)
    for e in range(count):
        begin[owner[e] + 1] += 1
    for i in range(k):
        begin[i + 1] += begin[i]
    at, element, ratio = begin[:k].copy(), np.empty(count, np.int64), np.empty(count)
    for e in np.argsort(-entries.ratio[:count]):
        place = at[owner[e]]
        element[place], ratio[place] = entries.element[e], entries.ratio[e]
        at[owner[e]] += 1
    return Lists(begin, element, ratio)


class Rooms(NamedTuple):
    """Scratch for one m: the c that leave it too little for some far j, the c and j for the lists; (k,) each."""

    next: IntArray
    left: FloatArray
    effect: FloatArray
    listed_next: IntArray
    next_ratio: FloatArray
    listed_out: IntArray
    out_ratio: FloatArray
    reach: FloatArray


@compiled
def _longer(entries: Lists, at: int, more: int) -> Lists:
    """Give entries with space for `more` after the first `at`."""
    if at + more <= len(entries.ratio):
        return entries
    size = max(2 * len(entries.ratio), at + more)
    begin, element, ratio = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size)
    begin[:at], element[:at], ratio[:at] = entries.begin[:at], entries.element[:at], entries.ratio[:at]
    return Lists(begin, element, ratio)


@compiled
def _put(entries: Lists, at: int, owner: IntArray, ratio: FloatArray, element: int) -> Lists:
    """Write entries of one m from `at` on; `begin` holds their owners until all are sorted."""
    count = len(owner)
    entries = _longer(entries, at, count)
    entries.begin[at : at + count] = owner
    entries.ratio[at : at + count] = ratio
    entries.element[at : at + count] = element
    return entries


@compiled
def _near_block(  # noqa: PLR0917 - compiled code takes no keywords
    day: Day, row: FloatArray, first: int, last: int, least: float, far: float, by_c: FloatArray
) -> bool:
    """Tell whether some c of a block may leave m too little room for a far j, or move m by what j sends over c."""
    near = False
    for c in range(first, last):
        effect = abs(row[c] * day.stays[c]) * day.is_next[c]
        left = least - effect * day.most[c]
        near |= (left <= far) | (left <= effect * by_c[c])
    return near


@compiled
def _exact_room(m: int, c: int, day: Day) -> float:
    limit, left = day.limit[m], np.inf
    factor = day.b[m] * day.stays[c] * day.phi[m, c]
    for h in range(day.flow.shape[1]):
        without = day.flow[m, h] + factor * day.flow[c, h]
        left = min(left, room(without, day.watch[m], limit, day.worse_share * limit))
    return left


@compiled
def _exact_room_injected(m: int, i: int, day: Day, injected: Injected) -> float:
    limit, left = day.limit[m], np.inf
    for h in range(day.flow.shape[1]):
        without = _flow_after(m, i, h, day, injected)
        left = min(left, room(without, day.watch[m], limit, day.worse_share * limit))
    return left


@compiled
def _rooms(  # noqa: PLR0917 - as above
    m: int,
    most_far: float,
    by_c: FloatArray,
    day: Day,
    injected: Injected,
    cells: Cells,
    scratch: Rooms,
) -> tuple[int, int, float]:
    """Find what room each c leaves m: give how many are too tight for far j, how many are listed, and the least."""
    k, row, bl = len(day.b), day.phi[m], abs(day.b[m])
    least = np.inf
    for h in range(day.flow.shape[1]):
        least = min(least, day.watch[m] + EDGE_MW - abs(day.flow[m, h]))
    tight, listed, smallest = 0, 0, np.inf
    for block in range(0, k, LANES):
        end = min(block + LANES, k)
        looked_at = _near_block(day, row, block, end, least / bl, most_far / bl, by_c)
        for c in range(block, end):
            if c == m or day.is_next[c] == 0.0:
                continue
            effect = bl * abs(row[c] * day.stays[c])
            left, second = least - effect * day.most[c], effect * by_c[c]
            if looked_at and (left <= most_far or left <= second):
                cells.work[1] += 1
                left = _exact_room(m, c, day)
                if left <= most_far:
                    scratch.next[tight], scratch.left[tight], scratch.effect[tight] = c, left, effect
                    tight += 1
                if left <= second:
                    scratch.listed_next[listed], scratch.next_ratio[listed] = c, effect / max(left, SMALL)
                    listed += 1
            smallest = min(smallest, left)
    stray = injected.stray[m]
    for i in range(len(injected.largest)):
        left = least - abs(injected.moved[m, injected.column[i]]) * injected.largest[i] - stray * injected.picked[i]
        if left <= most_far and not _in_part(m, i, injected):
            cells.work[1] += 1
            left = _exact_room_injected(m, i, day, injected)
            if left <= most_far:
                scratch.next[tight], scratch.left[tight], scratch.effect[tight] = k + i, left, 0.0
                tight += 1
        smallest = min(smallest, left)
    return tight, listed, smallest


@compiled
def _far(  # noqa: PLR0917 - as above
    m: int,
    tight: int,
    smallest: float,
    far: FloatArray,
    weight: FloatArray,
    day: Day,
    injected: Injected,
    cells: Cells,
    scratch: Rooms,
) -> int:
    """Hold m's far triples, nearest c first, and list the j that near pairs have to hold against m."""
    bl, first_share = abs(day.b[m]), 1.0 - SECOND_SHARE
    need = first_share * smallest / bl * GUARD
    if weigh(day.phi[m], weight, m, scratch.reach) < need:
        return 0
    by_room, listed = np.argsort(scratch.left[:tight]), 0
    for j in range(len(day.b)):
        if weight[j] == 0.0 or scratch.reach[j] < need or j == m:
            continue
        effect = bl * abs(day.phi[m, j] * day.stays[j])
        scratch.listed_out[listed], scratch.out_ratio[listed] = j, effect / max(smallest, SMALL)
        listed += 1
        most = effect * far[j] / first_share / GUARD
        for q in by_room:
            if scratch.left[q] > most or cells.level[j] == OVER:
                break
            c = scratch.next[q]
            if c >= len(day.b):
                cells.work[2] += 1
                if effect * _most_after(j, c - len(day.b), day, injected) >= scratch.left[q] * GUARD:
                    _hold(j, c, m, day, injected, cells)
            elif day.group[c] != day.group[j]:
                cells.work[2] += 1
                if _may(j, c, effect, scratch.effect[q], scratch.left[q], day):
                    _hold(j, c, m, day, injected, cells)
    return listed


@compiled
def far_and_lists(
    day: Day, injected: Injected, cells: Cells, by_j: FloatArray, by_c: FloatArray
) -> tuple[Lists, Lists, FloatArray]:
    """Hold all far triples (A), and list what near pairs have to look at.

    Gives the lists B (by c: m by |L_mc| over the room after c), C (by j: m by |L_mj| over m's least room
    after any c), and the far flows of all j, (k,) MW, 0 for those that need no more.
    """
    k, every = len(day.b), len(day.b) + len(injected.largest)
    far = np.where(cells.active & (cells.level < OVER), FAR * day.most + FAR_MW, 0.0)
    far_weight = far * np.abs(day.stays)
    near_weight = np.where(far > 0.0, np.maximum(by_j, far), 0.0) * np.abs(day.stays)
    by_next = by_out = Lists(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    nexts, outs, second = 0, 0, by_c / SECOND_SHARE / GUARD
    scratch = Rooms(
        next=np.empty(every, np.int64),
        left=np.empty(every),
        effect=np.empty(every),
        listed_next=np.empty(k, np.int64),
        next_ratio=np.empty(k),
        listed_out=np.empty(k, np.int64),
        out_ratio=np.empty(k),
        reach=np.empty(k),
    )
    for m in range(k):
        if not np.isfinite(day.watch[m]):
            continue
        reach = weigh(day.phi[m], far_weight, m, scratch.reach)
        most_far = abs(day.b[m]) * reach / (1.0 - SECOND_SHARE) / GUARD
        tight, listed, smallest = _rooms(m, most_far, second, day, injected, cells, scratch)
        by_next = _put(by_next, nexts, scratch.listed_next[:listed], scratch.next_ratio[:listed], m)
        nexts += listed
        listed = _far(m, tight, smallest, far, near_weight, day, injected, cells, scratch)
        by_out = _put(by_out, outs, scratch.listed_out[:listed], scratch.out_ratio[:listed], m)
        outs += listed
    return _sorted(by_next, nexts, k), _sorted(by_out, outs, k), far


@compiled
def _may(j: int, c: int, mj: float, mc: float, left: float, day: Day) -> bool:  # noqa: PLR0917 - as above
    """Tell whether j out may use up the room that m has left after c; mj and mc are sizes of factors."""
    x = day.phi[j, c]
    cj, jc = day.b[c] * day.stays[j] * x, day.b[j] * day.stays[c] * x
    moved = (mj + mc * abs(cj)) * (day.most[j] + abs(jc) * day.most[c])
    return bool(moved >= left * abs(1.0 - cj * jc) * GUARD)


@compiled
def near(  # noqa: PLR0917 - as above
    day: Day, injected: Injected, cells: Cells, by_next: Lists, by_out: Lists, far: FloatArray
) -> None:
    """Hold the triples of near pairs: those whose c sends much over j, or whose j sends much over c (B and C)."""
    k = len(day.b)
    steepest, grown, score = np.zeros(k), np.empty(k), np.empty(k)
    for c in range(k):
        if by_next.begin[c + 1] > by_next.begin[c]:
            steepest[c] = by_next.ratio[by_next.begin[c]] / SECOND_SHARE
    for j in range(k):
        if far[j] == 0.0 or cells.level[j] == OVER:
            continue
        _amplified(j, day, grown)
        inverse = 1.0 / far[j] if by_out.begin[j + 1] > by_out.begin[j] else 0.0
        row, hj = day.phi[j], abs(day.stays[j])
        for c in range(k):
            score[c] = grown[c] * max(abs(day.b[c] * row[c]) * hj * steepest[c], inverse)
        for c in range(k):
            if score[c] >= GUARD and c != j and cells.level[j] < OVER:
                _moved_by_next(j, c, grown[c] * abs(day.b[c] * row[c]) * hj, by_next, day, injected, cells)
                if grown[c] >= far[j] * GUARD:
                    _moved_by_out(j, c, grown[c], by_out, day, injected, cells)
        for i in range(len(injected.largest)):
            if cells.level[j] == OVER or inverse == 0.0:
                break
            most = _most_after(j, i, day, injected)
            if most >= far[j] * GUARD:
                _moved_by_out(j, k + i, most, by_out, day, injected, cells)


@compiled
def _moved_by_next(j: int, c: int, sent: float, by_next: Lists, day: Day, injected: Injected, cells: Cells) -> None:  # noqa: PLR0917
    for q in range(by_next.begin[c], by_next.begin[c + 1]):
        if by_next.ratio[q] * sent < SECOND_SHARE * GUARD or cells.level[j] == OVER:
            break
        cells.work[3] += 1
        if by_next.element[q] != j:
            _hold(j, c, by_next.element[q], day, injected, cells)


@compiled
def _moved_by_out(j: int, c: int, grown: float, by_out: Lists, day: Day, injected: Injected, cells: Cells) -> None:  # noqa: PLR0917
    for q in range(by_out.begin[j], by_out.begin[j + 1]):
        if by_out.ratio[q] * grown < (1.0 - SECOND_SHARE) * GUARD or cells.level[j] == OVER:
            break
        cells.work[4] += 1
        if by_out.element[q] != c:
            _hold(j, c, by_out.element[q], day, injected, cells)
