"""Will it really happen: the trained model, its test on what came later, and its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.risk.calibration import Calibration, Observed, calibration, observed_over_expected
from moms.risk.conformal import widening_by_class
from moms.risk.duration import Durations, fit_durations
from moms.risk.hazards import Hazards, fit_hazards
from moms.risk.history import CAUSES, CLASSES, GOES, RECALL

if TYPE_CHECKING:
    from moms.grid import FloatArray
    from moms.risk.history import History

TRAIN, TUNE = 0.6, 0.2
"""Shares of a history in order of time: to learn from, and to widen intervals by. The rest is the hold-out."""
MISS = 0.2
"""Intervals of hours run from P10 to P90."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CertaintyModel:
    """What has been learnt."""

    hazards: Hazards
    durations: Durations
    widening: dict[str, float]
    """By class, in logarithms of hours over planned hours."""

    def interval_h(self, history: History) -> tuple[FloatArray, FloatArray]:
        """Give conformal bounds of the hours each outage takes."""
        wide = np.array([self.widening.get(one, 0.0) for one in CLASSES])[history.kind]
        low, high = (
            self.durations.quantile_h(planned_h=history.planned_h, kind=history.kind, owner=history.owner, share=share)
            for share in (MISS / 2, 1 - MISS / 2)
        )
        return low * np.exp(-wide), high * np.exp(wide)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What the model is worth on outages filed after all that it has seen."""

    trained_on: int
    tuned_on: int
    held_out: int
    held_out_ran: int
    source: str
    goes: Calibration
    causes: dict[str, Observed]
    """Observed and expected on the hold-out, recall among them."""
    over_p50: float
    """Share of those that ran longer than P50, and P90."""
    over_p90: float
    coverage: float
    """Of the conformal interval that is to miss one in five."""

    @property
    def may_be_published(self) -> bool:
        """Whether probabilities may be shown as numbers: the whole, and each cause by itself."""
        return self.goes.may_be_published and all(one.fits for one in self.causes.values())


def train(*, history: History, source: str, rng: np.random.Generator) -> tuple[CertaintyModel, ModelCard]:
    """Learn from the first part of a history, widen on the next, and test on the last.

    Raises:
        TooLittleHistory: a part is too small to learn from.
    """
    first, second = int(TRAIN * len(history)), int((TRAIN + TUNE) * len(history))
    learn, tune, later = (
        history.part(slice(0, first)),
        history.part(slice(first, second)),
        history.part(slice(second, None)),
    )
    hazards, durations = fit_hazards(learn), fit_durations(learn)
    model = CertaintyModel(hazards=hazards, durations=durations, widening=_widening(durations, tune))
    return model, card(model=model, later=later, trained_on=first, tuned_on=second - first, source=source, rng=rng)


def _widening(durations: Durations, tune: History) -> dict[str, float]:
    ran = tune.part((tune.outcome == GOES) & ~tune.running)
    low, high = (
        np.log(
            durations.quantile_h(planned_h=ran.planned_h, kind=ran.kind, owner=ran.owner, share=share) / ran.planned_h
        )
        for share in (MISS / 2, 1 - MISS / 2)
    )
    return widening_by_class(
        low=low, high=high, came=np.log(ran.actual_h / ran.planned_h), kind=[CLASSES[k] for k in ran.kind], miss=MISS
    )


def card(
    *, model: CertaintyModel, later: History, trained_on: int, tuned_on: int, source: str, rng: np.random.Generator
) -> ModelCard:
    """Judge a model by outages that it has not seen."""
    chance = model.hazards.outcomes(later)
    ran = later.part((later.outcome == GOES) & ~later.running)
    over = [
        float((ran.actual_h > model.durations.quantile_h(
            planned_h=ran.planned_h, kind=ran.kind, owner=ran.owner, share=share)).mean())
        for share in (0.5, 0.9)
    ]  # fmt: skip
    low, high = model.interval_h(ran)
    return ModelCard(
        trained_on=trained_on,
        tuned_on=tuned_on,
        held_out=len(later),
        held_out_ran=len(ran),
        source=source,
        goes=calibration(forecast=np.clip(chance[:, GOES], 0, 1), came=later.outcome == GOES, rng=rng),
        causes={
            name: observed_over_expected(forecast=chance[:, k], came=later.outcome == k)
            for k, name in ((*enumerate(CAUSES, start=1), (RECALL, "recall")))
        },
        over_p50=over[0],
        over_p90=over[1],
        coverage=float(((low <= ran.actual_h) & (ran.actual_h <= high)).mean()),
    )
