"""How likely it is that an outage would be called back, for every start of a year at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta

from moms.adequacy.chain import generator

if TYPE_CHECKING:
    import numpy.typing as npt

    from moms.adequacy.scenarios import Scenarios, Single
    from moms.grid import FloatArray

CONFIDENCE = 0.95
RESAMPLES = 1000
BOOTSTRAP = 0xB007
FEWEST_YEARS = 20
"""Under so many weather years a probability is shown as a band, not as a number (semantics 5.3)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecallOdds:
    """The probability of recall for every start day from which the window fits."""

    days: int
    probability: FloatArray
    """(D - days + 1,)."""
    by_year: FloatArray
    """(Y, D - days + 1) the same within each weather year."""
    scenarios: int

    def interval(self, *, seed: int) -> tuple[FloatArray, FloatArray]:
        """Give 95 % bounds: the wider of the binomial one and that of drawing weather years again (semantics 5.3)."""
        low, high = clopper_pearson(np.round(self.probability * self.scenarios), self.scenarios)
        again_low, again_high = _bootstrap(self.by_year, seed)
        return np.minimum(low, again_low), np.maximum(high, again_high)


def recall_odds(*, scenarios: Scenarios, zone: int, running_mw: Single, days: int, level_mw: float = 0.0) -> RecallOdds:
    """Give the probability that a unit of a zone, out for so many days, would be called back, for all starts.

    It is called back in a scenario if on any of its days, in any place that its zone counts in, the
    margin less what it has running there (never its full capacity: that would count its own failures
    twice) is below `level_mw` (models 3.3). One bit a scenario and day; windows by doubling.
    """
    places = [p for p, zones in enumerate(scenarios.zones) if zone in zones]
    if not 1 <= days <= len(scenarios.day) or not places:
        nothing = np.zeros((int(scenarios.year.max()) + 1, 0))
        return RecallOdds(days=days, probability=nothing[0], by_year=nothing, scenarios=len(scenarios.year))
    needed = running_mw + np.float32(level_mw)
    order = np.argsort(scenarios.year, kind="stable")
    short = scenarios.margin_mw[places[0]] < needed
    for p in places[1:]:
        short |= scenarios.margin_mw[p] < needed
    return _odds(short, scenarios, order, days)


def _odds(short: npt.NDArray[np.bool_], scenarios: Scenarios, order: npt.NDArray[np.int64], days: int) -> RecallOdds:
    hit = _within(np.packbits(short, axis=1), days)
    bits = np.unpackbits(hit, axis=1, count=short.shape[1])
    sizes = np.bincount(scenarios.year)
    edges = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    counts = np.add.reduceat(bits[:, order], edges, axis=1, dtype=np.int32)
    return RecallOdds(
        days=days,
        probability=counts.sum(axis=1) / len(scenarios.year),
        by_year=(counts / sizes).T,
        scenarios=len(scenarios.year),
    )


def _within(bits: npt.NDArray[np.uint8], days: int) -> npt.NDArray[np.uint8]:
    """Give for each start whether a bit is set on any day of its window: windows of 1, 2, 4 ... days, then joined."""
    size, found = 1, bits
    while 2 * size <= days:
        found = found[:-size] | found[size:]
        size *= 2
    rest = days - size
    return found[: len(found) - rest] | found[rest:] if rest else found


def clopper_pearson(hits: FloatArray, trials: int) -> tuple[FloatArray, FloatArray]:
    """Give the exact binomial bounds of a probability."""
    tail = (1.0 - CONFIDENCE) / 2.0
    hits = np.asarray(hits, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        low = np.where(hits > 0, beta.ppf(tail, hits, trials - hits + 1), 0.0)
        high = np.where(hits < trials, beta.ppf(1.0 - tail, hits + 1, trials - hits), 1.0)
    return low, high


def _bootstrap(by_year: FloatArray, seed: int) -> tuple[FloatArray, FloatArray]:
    """Give the bounds of the mean over years when the years are drawn again."""
    rng = generator(seed=seed, key=BOOTSTRAP)
    drawn = rng.multinomial(len(by_year), np.full(len(by_year), 1.0 / len(by_year)), size=RESAMPLES)
    means = drawn @ by_year / len(by_year)
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(means, (tail, 1.0 - tail), axis=0)
    return low, high
