"""Ejection chains, compiled: whoever waits is put where the least that is hard to place elsewhere has to go for it.

Every limit is a row: so much of it is there each day, and each job takes so much of it while it is out. Zones,
resources, exclusions and conflict sets are all of that kind. What the search means is written in chains.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow._jit import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from moms.grid import FloatArray, IntArray

HAIR = 1e-6
MOST_OUT = 6
"""Jobs that may have to go for one."""
NOWHERE = -1


class Rows(NamedTuple):
    """A season as rows: jobs with their starts, and the rows each takes from, both ways round."""

    starts: IntArray
    lengths: IntArray
    starts_at: IntArray
    row: IntArray
    amount: FloatArray
    row_at: IntArray
    member: IntArray
    share: FloatArray
    """What each member takes of the row: `amount`, listed by row."""
    member_at: IntArray
    weight: FloatArray
    """What a job counts for without a place."""
    fixed: npt.NDArray[np.bool_]


@compiled
def load_of(data: Rows, job: int, first: int, days: int, sign: float, left: FloatArray) -> None:  # noqa: PLR0917 - compiled
    """Take what a job uses off what is left on its days, or with sign -1 give it back."""
    for k in range(data.row_at[job], data.row_at[job + 1]):
        for day in range(first, first + days):
            left[data.row[k], day] -= sign * data.amount[k]


@compiled
def cheapest(  # noqa: PLR0917 - compiled code takes no keywords
    data: Rows,
    row: int,
    day: int,
    short: float,
    first: IntArray,
    days: IntArray,
    price: FloatArray,
    out: IntArray,
    count: int,
) -> int:
    """Give the job on a row and day whose going costs least for what it frees, of those that may go; -1: none."""
    best, worth = NOWHERE, np.inf
    for k in range(data.member_at[row], data.member_at[row + 1]):
        job = data.member[k]
        if data.fixed[job] or first[job] < 0 or not first[job] <= day < first[job] + days[job]:
            continue
        gone = False
        for e in range(count):
            gone = gone or out[e] == job
        value = price[job] / min(data.share[k], short)
        if not gone and value < worth:
            best, worth = job, value
    return best


@compiled
def freed(data: Rows, row: int, day: int, first: IntArray, days: IntArray, out: IntArray, count: int) -> float:  # noqa: PLR0917 - compiled
    """Give what the jobs that would go free of a row on a day."""
    total = 0.0
    for e in range(count):
        job = out[e]
        if first[job] <= day < first[job] + days[job]:
            for k in range(data.row_at[job], data.row_at[job + 1]):
                if data.row[k] == row:
                    total += data.amount[k]
    return total


@compiled
def price_of(  # noqa: PLR0917 - compiled code takes no keywords
    data: Rows,
    job: int,
    at: int,
    left: FloatArray,
    first: IntArray,
    days: IntArray,
    price: FloatArray,
    most: float,
    out: IntArray,
) -> tuple[float, int]:
    """Give what must go so that a job can be at one of its starts, and the sum of its prices; inf: not below `most`."""
    total, count = 0.0, 0
    start, length = data.starts[at], data.lengths[at]
    for k in range(data.row_at[job], data.row_at[job + 1]):
        row, amount = data.row[k], data.amount[k]
        for day in range(start, start + length):
            short = amount - left[row, day]
            if short <= HAIR:
                continue
            short -= freed(data, row, day, first, days, out, count)
            while short > HAIR:
                other = cheapest(data, row, day, short, first, days, price, out, count)
                if other == NOWHERE or count == MOST_OUT:
                    return np.inf, 0
                out[count] = other
                count += 1
                total += price[other]
                if total >= most:
                    return np.inf, 0
                for m in range(data.row_at[other], data.row_at[other + 1]):
                    if data.row[m] == row:
                        short -= data.amount[m]
    return total, count


@compiled
def shaken(  # noqa: PLR0917 - compiled code takes no keywords
    data: Rows,
    which: float,
    where: float,
    left: FloatArray,
    first: IntArray,
    days: IntArray,
    price: FloatArray,
    out: IntArray,
) -> None:
    """Move one job to another start that is free: nobody loses by it, and the chains do not go in circles."""
    job = int(which * len(first))
    begin, end = data.starts_at[job], data.starts_at[job + 1]
    if data.fixed[job] or first[job] < 0 or begin == end:
        return
    s = begin + int(where * (end - begin))
    load_of(data, job, first[job], days[job], -1.0, left)
    if price_of(data, job, s, left, first, days, price, 0.0, out)[0] == 0.0:
        first[job], days[job] = data.starts[s], data.lengths[s]
    load_of(data, job, first[job], days[job], 1.0, left)


@compiled
def chains(  # noqa: PLR0917 - compiled code takes no keywords
    data: Rows, first: IntArray, days: IntArray, left: FloatArray, price: FloatArray, draws: FloatArray
) -> tuple[IntArray, float]:
    """Place those who wait, one a draw; give the starts under which least weight was without a place, and that weight.

    `first` is -1 for whoever waits; `price` is what makes a job stay, and grows for whoever found no free place.
    """
    waiting = np.array([j for j in range(len(first)) if first[j] < 0 and not data.fixed[j]])
    line = np.full(len(first), NOWHERE)
    count = len(waiting)
    line[:count] = waiting
    lost = 0.0
    for j in range(len(first)):
        if first[j] < 0:
            lost += data.weight[j]
    best, least = first.copy(), lost
    out, chosen = np.zeros(MOST_OUT, np.int64), np.zeros(MOST_OUT, np.int64)
    for move in range(len(draws)):
        draw = draws[move, 0]
        if count == 0:
            break
        pick = min(int(draw * count), count - 1)
        job = line[pick]
        cheap, at, go = np.inf, NOWHERE, 0
        begin, end = data.starts_at[job], data.starts_at[job + 1]
        turn = int((draw * count - pick) * (end - begin))
        for k in range(end - begin):
            s = begin + (k + turn) % (end - begin)
            value, number = price_of(data, job, s, left, first, days, price, cheap, out)
            if value < cheap:
                cheap, at, go = value, s, number
                chosen[:number] = out[:number]
                if value == 0.0:
                    break
        if cheap > 0.0:
            price[job] += data.weight[job]
        if at == NOWHERE:
            continue
        count -= 1
        line[pick] = line[count]
        for e in range(go):
            other = chosen[e]
            load_of(data, other, first[other], days[other], -1.0, left)
            first[other] = NOWHERE
            line[count] = other
            count += 1
            lost += data.weight[other]
        first[job], days[job] = data.starts[at], data.lengths[at]
        load_of(data, job, first[job], days[job], 1.0, left)
        lost -= data.weight[job]
        if lost < least - HAIR * least:
            best, least = first.copy(), lost
        for s in range(1, draws.shape[1], 2):
            shaken(data, draws[move, s], draws[move, s + 1], left, first, days, price, out)
    return best, least
