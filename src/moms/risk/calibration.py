"""Whether probabilities mean what they say: Brier and its parts, reliability, ECE, Spiegelhalter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2, norm

from moms.values import Refused

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray

BINS = 10
ECE_MOST, Z_MOST = 0.05, 1.96
"""A probability is published only while both hold; otherwise a band is shown (models 3.7)."""
CONFIDENCE = 0.95
CAUSE_CONFIDENCE = 0.99
"""Of the bounds of a cause by itself: there are five, and all of them are to hold at once."""


class NoOutcomes(Refused):
    """Forecasts that cannot be judged: none, or of unequal number, or no probabilities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One bar of a reliability diagram."""

    forecasts: int
    mean_forecast: float
    share: float
    """Of the outcomes that came."""
    low: float
    """Wilson bounds of the share."""
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What a set of forecasts and outcomes shows."""

    count: int
    brier: float
    reliability: float
    """Of Murphy's parts on ten bins; smaller is better."""
    resolution: float
    uncertainty: float
    within: float
    """What binning leaves over: brier = reliability - resolution + uncertainty + within."""
    ece: float
    ece_expected: float
    """Mean ECE of outcomes drawn from the forecasts themselves: what perfect calibration would show."""
    spiegelhalter_z: float
    log_score: float
    bins: tuple[Bin, ...]

    @property
    def may_be_published(self) -> bool:
        """Whether probabilities may be shown as numbers."""
        return may_be_published(ece=self.ece, z=self.spiegelhalter_z)


def may_be_published(*, ece: float, z: float) -> bool:
    """Tell whether probabilities with this ECE and this z of Spiegelhalter may be shown as numbers."""
    return ece <= ECE_MOST and abs(z) < Z_MOST


def calibration(*, forecast: FloatArray, came: BoolArray, rng: np.random.Generator, redraws: int = 200) -> Calibration:
    """Judge forecasts by their outcomes; `rng` draws outcomes anew for the ECE to be expected.

    Raises:
        NoOutcomes: there are none, they differ in number, or a forecast is no probability.
    """
    p, y = np.asarray(forecast, dtype=np.float64), np.asarray(came, dtype=np.float64)
    if p.shape != y.shape or not p.size or not ((p >= 0) & (p <= 1)).all():
        raise NoOutcomes(
            f"{p.size} forecasts for {y.size} outcomes", field="forecast", fix="give one in [0, 1] for each"
        )
    place = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    count = np.bincount(place, minlength=BINS)
    full = count > 0
    mean_p, share = (np.bincount(place, weights=v, minlength=BINS)[full] / count[full] for v in (p, y))
    weight, base = count[full] / p.size, y.mean()
    reliability, resolution = float(weight @ (mean_p - share) ** 2), float(weight @ (share - base) ** 2)
    brier, uncertainty = float(((p - y) ** 2).mean()), float(base * (1 - base))
    redrawn = rng.random((redraws, p.size)) < p
    return Calibration(
        count=p.size,
        brier=brier,
        reliability=reliability,
        resolution=resolution,
        uncertainty=uncertainty,
        within=brier - reliability + resolution - uncertainty,
        ece=_ece(place, p, y[None, :])[0],
        ece_expected=float(np.mean(_ece(place, p, redrawn))),
        spiegelhalter_z=spiegelhalter(p, y),
        log_score=float(-np.log(np.clip(np.where(y > 0, p, 1 - p), 1e-300, None)).mean()),
        bins=tuple(
            Bin(forecasts=int(n), mean_forecast=float(m), share=float(s), low=low, high=high)
            for n, m, s, (low, high) in zip(
                count[full], mean_p, share, (wilson(float(s), int(n)) for n, s in zip(count[full], share, strict=True)),
                strict=True,
            )
        ),
    )  # fmt: skip


def tenth(p: float) -> int:
    """Give in which of the ten bins a probability lies."""
    return min(int(p * BINS), BINS - 1)


def _ece(place: np.ndarray, p: FloatArray, outcomes: np.ndarray) -> list[float]:
    """Give the ECE of each row of outcomes."""
    member = np.zeros((BINS, p.size))
    member[place, np.arange(p.size)] = 1.0
    gaps = np.abs((outcomes - p) @ member.T) / p.size
    return [float(one) for one in gaps.sum(axis=1)]


def spiegelhalter(p: FloatArray, y: FloatArray) -> float:
    """Give Spiegelhalter's z: normal if the forecasts are right (Statistics in Medicine 5, 1986). 0 if all are sure."""
    spread = float(((1 - 2 * p) ** 2 * p * (1 - p)).sum())
    return float(((y - p) * (1 - 2 * p)).sum()) / math.sqrt(spread) if spread > 0 else 0.0


def wilson(share: float, count: int) -> tuple[float, float]:
    """Give Wilson's bounds of a share."""
    z = float(norm.ppf(0.5 + CONFIDENCE / 2))
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """How often something came against how often it was expected: the measure for rare causes."""

    observed: int
    expected: float
    low: float
    """Exact 99 % bounds of the mean that the observed count is compatible with."""
    high: float

    @property
    def fits(self) -> bool:
        """Whether what was expected lies inside the bounds. ECE is blind near zero; this is not."""
        return self.low <= self.expected <= self.high


def observed_over_expected(*, forecast: FloatArray, came: BoolArray) -> Observed:
    """Compare a count with the sum of its forecasts, by Garwood's exact Poisson bounds."""
    count, tail = int(np.sum(came)), (1 - CAUSE_CONFIDENCE) / 2
    low = float(chi2.ppf(tail, 2 * count) / 2) if count else 0.0
    return Observed(
        observed=count,
        expected=math.fsum(forecast),
        low=low,
        high=float(chi2.ppf(1 - tail, 2 * count + 2) / 2),
    )


def isotonic(*, forecast: FloatArray, came: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Give the rising step function that fits outcomes best: forecasts, and what each became."""
    # Pool adjacent violators: neighbours that fall are merged until none does.
    order = np.argsort(forecast, kind="stable")
    blocks: list[list[float]] = []
    for value in np.asarray(came, dtype=np.float64)[order]:
        blocks.append([float(value), 1.0])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (a, m), (b, n) = blocks[-2], blocks[-1]
            blocks[-2:] = [[(a * m + b * n) / (m + n), m + n]]
    fitted = np.concatenate([np.full(int(n), mean) for mean, n in blocks])
    return np.asarray(forecast, dtype=np.float64)[order], fitted
