"""Compiled: Philox 4x32-10, tables of eight days at once, and the paths of units that are drawn from them.

Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011; Vose, A linear algorithm for
generating random numbers with a given distribution, IEEE Trans. Software Eng. 17(9), 1991.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow._jit import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from moms.grid import FloatArray, IntArray

    Bytes = npt.NDArray[np.uint8]
    Numbers = npt.NDArray[np.uint32]

DAYS = 8
"""Days of a block: one bit each, so that a byte is a path through it."""
PATHS = 1 << DAYS
WORDS = 4
"""Numbers of 32 bits that one value of the counter gives."""
REST = 1 << 24
"""What the lower 24 bits of a number may be, beside the eight that choose a place."""
UP, DOWN, FIRST = 0, 1, 2
"""What is known of the day before a block; before the first block only how it is in the long run."""


@compiled
def philox(  # noqa: PLR0917 - compiled functions take no keywords
    c0: int, c1: int, c2: int, c3: int, k0: int, k1: int
) -> tuple[np.uint32, np.uint32, np.uint32, np.uint32]:
    """Give the four numbers of 32 bits that belong to a counter and a key."""
    half = np.uint64(32)
    a, b, c, d = np.uint32(c0), np.uint32(c1), np.uint32(c2), np.uint32(c3)
    p, q = np.uint32(k0), np.uint32(k1)
    for _ in range(10):
        one, other = np.uint64(0xD2511F53) * np.uint64(a), np.uint64(0xCD9E8D57) * np.uint64(c)
        a, b = np.uint32(other >> half) ^ b ^ p, np.uint32(other)
        c, d = np.uint32(one >> half) ^ d ^ q, np.uint32(one)
        p, q = np.uint32(p + np.uint32(0x9E3779B9)), np.uint32(q + np.uint32(0xBB67AE85))
    return a, b, c, d


@compiled
def paths_of(down_before: float, fails: FloatArray, mends: FloatArray) -> FloatArray:
    """Give the probability of every path through a block, bit j set where the unit is down on its day j."""
    chance = np.empty(PATHS)
    chance[0], chance[1] = 1.0 - down_before, down_before  # as if the day before were a bit of its own
    size = 2
    found = np.empty(2 * PATHS)
    found[0], found[1] = chance[0], chance[1]
    for day in range(DAYS):
        was = size >> 1
        for path in range(size - 1, -1, -1):
            leaves = mends[day] if path & was else fails[day]
            stays = found[path] * (1.0 - leaves)
            goes = found[path] * leaves
            is_down = path & was
            found[path | size] = stays if is_down else goes
            found[path] = goes if is_down else stays
        size <<= 1
    for path in range(PATHS):
        chance[path] = found[2 * path] + found[2 * path + 1]
    return chance


@compiled
def alias(chance: FloatArray, share: FloatArray, other: Bytes) -> None:
    """Fill in Vose's table: place k is taken with probability `share[k]`, else `other[k]`."""
    small, large = np.empty(PATHS, dtype=np.int64), np.empty(PATHS, dtype=np.int64)
    few, many = 0, 0
    for path in range(PATHS):
        share[path], other[path] = chance[path] * PATHS, path
        if share[path] < 1.0:
            small[few], few = path, few + 1
        else:
            large[many], many = path, many + 1
    while few and many:
        few -= 1
        less, more = small[few], large[many - 1]
        other[less] = more
        share[more] -= 1.0 - share[less]
        if share[more] < 1.0:
            many -= 1
            small[few], few = more, few + 1
    # What is left over is one but for rounding.
    for k in range(few):
        share[small[k]] = 1.0
    for k in range(many):
        share[large[k]] = 1.0


@compiled
def _tables(first_down: FloatArray, fails: FloatArray, mends: FloatArray) -> tuple[Numbers, Bytes]:
    """Give the tables of each weather after a day up, a day down and no day known, one after the other."""
    cut, other = np.empty(len(fails) * 3 * PATHS, dtype=np.uint32), np.empty(len(fails) * 3 * PATHS, dtype=np.uint8)
    share, alike = np.empty(PATHS), np.empty(PATHS, dtype=np.uint8)
    for r in range(len(fails)):
        for before in range(3):
            known = first_down[r] if before == FIRST else float(before)
            alias(paths_of(known, fails[r], mends[r]), share, alike)
            for path in range(PATHS):
                at = (3 * r + before) * PATHS + path
                cut[at], other[at] = np.uint32(np.ceil(share[path] * REST)), alike[path]
    return cut, other


@compiled
def take_down(  # noqa: PLR0917 - as above
    seed: IntArray,
    units: IntArray,
    row: IntArray,
    first_down: FloatArray,
    fails: FloatArray,
    mends: FloatArray,
    mw: FloatArray,
    out_mw: FloatArray,
) -> None:
    """Add to `out_mw` (B, S, 8) what units that fail alike lack on the days on which they are down.

    `seed` is its two halves of 32 bits. `row` (B, S) says which weather each scenario has in each block, of
    those in `first_down` (R,), `fails` and `mends` (R, 8): the chance to be down in the long run, to fail and to
    be mended from the day before to each day. `mw` (n, B, 8) is what each of the `units` (n,) could give.
    """
    blocks, scenarios = row.shape
    cut, other = _tables(first_down, fails, mends)
    lacks = np.empty((PATHS, DAYS))
    number = np.empty(scenarios + WORDS, dtype=np.uint32)
    table, taken = np.empty(scenarios, dtype=np.uint32), np.empty(scenarios, dtype=np.uint8)
    for k in range(len(units)):
        table[:] = FIRST * PATHS
        for b in range(blocks):
            for path in range(PATHS):
                for day in range(DAYS):
                    lacks[path, day] = mw[k, b, day] * ((path >> day) & 1)
            for s in range(0, scenarios, WORDS):
                number[s], number[s + 1], number[s + 2], number[s + 3] = philox(
                    s // WORDS, units[k], b, 0, seed[0], seed[1]
                )
            for s in range(scenarios):
                # The upper eight bits choose a place, the others whether its own path or the other is taken.
                place = np.uint32(number[s] >> np.uint32(24))
                at = np.uint32(row[b, s]) * np.uint32(3 * PATHS) + table[s] + place
                path_taken = place if (number[s] & np.uint32(REST - 1)) < cut[at] else np.uint32(other[at])
                table[s] = (path_taken >> np.uint32(DAYS - 1)) * np.uint32(PATHS)
                taken[s] = path_taken
            for s in range(scenarios):
                if taken[s]:
                    for day in range(DAYS):
                        out_mw[b, s, day] += lacks[taken[s], day]
