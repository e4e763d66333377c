"""How likely it is that an outage would be called back: in its window, or for every start of a year at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta

from moms.adequacy.chain import generator
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from moms.adequacy.scenarios import Scenarios, Single
    from moms.grid import FloatArray

CONFIDENCE = 0.95
RESAMPLES = 1000
BOOTSTRAP = 0xB007
FEWEST_YEARS = 20
"""Under so many weather years a probability is shown as a band, not as a number (semantics 5.3)."""
BANDS = ((0.002, "very low"), (0.02, "low"), (0.10, "some"), (1.0, "high"))
"""Upper bounds of the bands: those of the firmness ladder (models 3.5)."""
SHARES = (0.5, 0.1, 0.01)


class NotRecallRules(Refused):
    """Rules from which no probability of recall follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallRules:
    """What a rule book says of computing the probability of recall."""

    level_mw: float = 0.0
    """The margin after reserve below which outages are called back."""
    scenarios: int = 2000
    weather_years: int = 40
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            NotRecallRules: fewer than two weather years, fewer scenarios than years, or a seed below 0.
        """
        if self.weather_years < 2:
            raise NotRecallRules(f"{self.weather_years} weather years", field="weather_years", fix="give 30 or more")
        if self.scenarios < self.weather_years:
            raise NotRecallRules(f"{self.scenarios} scenarios of {self.weather_years} weather years",
                                 field="scenarios", fix="give as many as years, or more")  # fmt: skip
        if self.seed < 0:
            raise NotRecallRules(f"seed {self.seed}", field="seed", fix="give a whole number from 0")


def band(high: float) -> str:
    """Name a probability coarsely, by its upper bound.

    >>> band(0.0004), band(0.02), band(0.3)
    ('very low', 'low', 'high')
    """
    return next(name for most, name in BANDS if high <= most)


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
    places = _counting(scenarios, (zone,))
    if not 1 <= days <= len(scenarios.day) or not places:
        nothing = np.zeros((int(scenarios.year.max()) + 1, 0))
        return RecallOdds(days=days, probability=nothing[0], by_year=nothing, scenarios=len(scenarios.year))
    needed = running_mw + np.float32(level_mw)
    order = np.argsort(scenarios.year, kind="stable")
    short = scenarios.margin_mw[places[0]] < needed
    for p in places[1:]:
        short |= scenarios.margin_mw[p] < needed
    return _odds(short, scenarios, order, days)


def _counting(scenarios: Scenarios, zones: Sequence[int]) -> list[int]:
    """Give the places that count any of these zones."""
    return [p for p, inside in enumerate(scenarios.zones) if set(zones) & set(inside)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRecall:
    """The probability that an outage is called back in its window, and how much margin there is in it."""

    probability: float
    low: float
    """95 % bounds: the wider of the binomial one and that of drawing weather years again."""
    high: float
    scenarios: int
    weather_years: int
    least_mw: dict[float, float]
    """By share: the quantile of the window's least margin, in any place that counts, over scenarios."""
    place: str
    """The place that is tightest in most scenarios."""


def window_recall(*, scenarios: Scenarios, zones: Sequence[int], level_mw: float, seed: int) -> WindowRecall:
    """Give how likely an outage that is in these scenarios is called back on any of their days.

    It is called back in a scenario if on any day, in any place that counts one of its zones, the margin is
    below `level_mw`. The days of one scenario belong together, so no probabilities of days are multiplied
    or added, and the quantiles are those of the least margin, not the least of daily quantiles.

    Raises:
        NotRecallRules: no place counts these zones.
    """
    places = _counting(scenarios, zones)
    if not places:
        raise NotRecallRules("no place of the margin counts these units", field="zones", fix="give a grid with zones")
    by_place = scenarios.margin_mw[places].min(axis=1)
    least = by_place.min(axis=0)
    short = least < np.float32(level_mw)
    sizes = np.bincount(scenarios.year)
    by_year = np.bincount(scenarios.year, weights=short) / sizes
    odds = RecallOdds(
        days=len(scenarios.day), probability=np.array([short.mean()]), by_year=by_year[:, None], scenarios=len(short)
    )
    low, high = odds.interval(seed=seed)
    tightest = np.bincount(by_place.argmin(axis=0), minlength=len(places))
    return WindowRecall(
        probability=float(odds.probability[0]),
        low=float(low[0]),
        high=float(high[0]),
        scenarios=len(short),
        weather_years=len(sizes),
        least_mw={share: float(np.quantile(least, share)) for share in SHARES},
        place=scenarios.place[places[int(tightest.argmax())]],
    )


def short_share(*, scenarios: Scenarios, zones: Sequence[int], level_mw: float) -> float:
    """Give in which share of the scenarios margin runs short where these zones count: `window_recall`, unbounded.

    Raises:
        NotRecallRules: no place counts these zones.
    """
    places = _counting(scenarios, zones)
    if not places:
        raise NotRecallRules("no place of the margin counts these units", field="zones", fix="give a grid with zones")
    least = scenarios.margin_mw[places].min(axis=(0, 1))
    return float((least < np.float32(level_mw)).mean())


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
