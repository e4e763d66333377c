"""Intervals that cover as often as they say, whatever the model: split conformal, and adaptive under drift."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import BoolArray, FloatArray

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


RECENT = 500
"""Of so many outcomes, the newest, the widening is taken: what came before a change should not weigh for ever."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """Intervals that were corrected outcome by outcome, each judged before it was learnt from."""

    missed: BoolArray
    """(n,) in order of time."""
    widening: float
    """What to add at both ends from now on."""
    aim: float
    """The share of misses aimed at by now; far below the wanted one where the model has gone wrong."""


def followed(*, before: FloatArray, scores: FloatArray, miss: float) -> Followed:
    """Follow outcomes in order of time, so that the wanted share is missed though things drift.

    A score is how far an outcome lay outside its interval, max(low - y, y - high). `before` are those that
    intervals were widened by at first. Whatever comes, of n outcomes a share of the wanted one give or
    take (1 + 0.01) / (0.01 n) is missed (Gibbs and Candes 2021, proposition 4.1), but where the interval
    would have to be wider than everything seen.

    Raises:
        TooFewOutcomes: nothing came before.
    """
    if not len(before):
        raise TooFewOutcomes("no outcome before", field="outcomes", fix=f"give {math.ceil(1 / miss) - 1} or more")
    state, seen = Adaptive(wanted=miss, aim=miss), before[-RECENT:].tolist()
    missed = np.zeros(len(scores), dtype=np.bool_)
    for k, score in enumerate(scores.tolist()):
        missed[k] = score > _at(seen, state.aim)
        state = state.after(missed=bool(missed[k]))
        seen = [*seen[-(RECENT - 1) :], score]
    return Followed(missed=missed, widening=_at(seen, state.aim), aim=state.aim)


def _at(seen: Sequence[float], aim: float) -> float:
    """Give the widening of which such a share of what was seen lies beyond; at most all of it."""
    rank = min(max(math.ceil((len(seen) + 1) * (1.0 - aim)), 1), len(seen))
    return float(np.partition(np.array(seen), rank - 1)[rank - 1])
