"""Intervals that cover as often as they say, whatever the model: split conformal, and adaptive under drift."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import FloatArray

DRIFT_STEP = 0.01


class TooFewOutcomes(Refused):
    """So few outcomes that no interval of the wanted coverage can be promised."""


def widening(*, low: FloatArray, high: FloatArray, came: FloatArray, miss: float) -> float:
    """Give what to add at both ends of intervals so that they miss at most a share `miss` of what comes.

    Split conformalised quantile regression (Romano, Patterson, Candes 2019): with n outcomes that the
    model has not seen, the ceil((n+1)(1-miss))-th smallest of max(low - y, y - high). May be negative.

    Raises:
        TooFewOutcomes: n is too small for that rank.
    """
    scores = np.sort(np.maximum(low - came, came - high))
    rank = math.ceil((len(scores) + 1) * (1.0 - miss))
    if rank > len(scores):
        raise TooFewOutcomes(f"{len(scores)} outcomes", field="outcomes", fix=f"give {math.ceil(1 / miss) - 1} or more")
    return float(scores[rank - 1])


def widening_by_class(
    *, low: FloatArray, high: FloatArray, came: FloatArray, kind: Sequence[str], miss: float
) -> dict[str, float]:
    """Give a widening for each class by itself (Mondrian); a class with too few outcomes takes that of all."""
    kinds = np.array(kind)
    of_all = widening(low=low, high=high, came=came, miss=miss)
    found = {}
    for one in sorted(set(kind)):
        rows = kinds == one
        try:
            found[one] = widening(low=low[rows], high=high[rows], came=came[rows], miss=miss)
        except TooFewOutcomes:
            found[one] = of_all
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptive:
    """The share of misses to aim at next, so that in the long run the wanted share is missed though things drift."""

    wanted: float
    aim: float

    def after(self, *, missed: bool) -> Adaptive:
        """Give the aim after one more outcome (Gibbs and Candes 2021)."""
        aim = self.aim + DRIFT_STEP * (self.wanted - float(missed))
        return Adaptive(wanted=self.wanted, aim=min(max(aim, 0.0), 1.0))
