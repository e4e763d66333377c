"""Will it really happen: the trained model, its test on what came later, and its card."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from moms.risk.calibration import Bin, Calibration, Observed, calibration, isotonic, observed_over_expected, tenth
from moms.risk.conformal import followed, widening_by_class
from moms.risk.duration import Durations, booking_share, fit_durations
from moms.risk.hazards import Hazards, fit_hazards
from moms.risk.history import CAUSES, CLASSES, GOES, RECALL, History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import FloatArray
    from moms.risk.conformal import Followed

TRAIN, TUNE = 0.6, 0.2
"""Shares of a history in order of time: to learn from, and to widen intervals by. The rest is the hold-out."""
MISS = 0.2
"""Intervals of hours run from P10 to P90."""
ON_TIME = 1.1
"""An outage is back in time if it takes at most so many times the hours planned (models 3.1)."""
STRAIGHTEN_FROM = 1000
"""So many outcomes are needed before probabilities are made straight by isotonic regression (models 3.7)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CertaintyModel:
    """What has been learnt."""

    hazards: Hazards
    durations: Durations
    widening: dict[str, float]
    """By class, in logarithms of hours over planned hours."""
    owners: tuple[str, ...] = ()
    """The owners learnt from, in the order of their effects; an owner beyond them has none."""
    recalls: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By class: how many were called back, of those that nothing else had stopped."""
    straight: tuple[FloatArray, FloatArray] | None = None
    """Where what was said about going ahead did not come true as often: what was said, and what it becomes."""

    def outcomes(self, history: History) -> FloatArray:
        """Give the probability of each outcome, (n, 6), as it may be said: made straight where that was needed."""
        chance = self.hazards.outcomes(history)
        if self.straight is None:
            return chance
        said = chance[:, GOES]
        goes = np.interp(said, *self.straight)
        rest = np.divide(1.0 - goes, 1.0 - said, out=np.zeros_like(said), where=said < 1.0)
        return np.column_stack([goes, chance[:, 1:] * rest[:, None]])

    def on_time(self, history: History) -> FloatArray:
        """Give the probability that each outage, once begun, is back in time."""
        late = self.durations.overrun(
            booked_h=ON_TIME * history.planned_h, planned_h=history.planned_h, kind=history.kind, owner=history.owner
        )
        in_time: FloatArray = 1.0 - late
        return in_time

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
    simulated: bool
    """Whether the history is made up; then nothing may be promised on it."""
    goes: Calibration
    on_time: Calibration
    """Of those that began: being back within 110 % of the hours planned."""
    straightened: bool
    """Whether the probabilities of going ahead had to be made straight on the middle part."""
    causes: dict[str, Observed]
    """Observed and expected on the hold-out, recall among them."""
    over_p50: float
    """Share of those that ran longer than P50, and P90."""
    over_p90: float
    coverage: float
    """Of the conformal interval that is to miss one in five."""
    coverage_followed: float
    """Of the same where it follows the outcomes, each judged before it is learnt from: it holds under drift."""
    aims: dict[str, float]
    """By class, the share of misses aimed at by the end; far below one in five where the model has gone wrong."""

    @property
    def may_be_published(self) -> bool:
        """Whether probabilities may be shown as numbers: the whole, and each cause by itself."""
        whole = self.goes.may_be_published and self.on_time.may_be_published
        return whole and all(one.fits for one in self.causes.values())


def train(
    *, history: History, source: str, rng: np.random.Generator, owners: tuple[str, ...] = (), simulated: bool = False
) -> tuple[CertaintyModel, ModelCard]:
    """Learn from the first part of a history, widen and straighten on the next, and test on the last.

    `owners` names the owners by their numbers in the history; `simulated` says that nothing of it happened.

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
    model = CertaintyModel(
        hazards=hazards, durations=durations, widening=_widening(durations, tune), owners=owners,
        recalls=_recalls(history.part(slice(None, second))), straight=_straight(hazards, tune, rng),
    )  # fmt: skip
    found = card(
        model=model, later=later, tune=tune, trained_on=first, tuned_on=second - first, source=source, rng=rng,
        simulated=simulated,
    )  # fmt: skip
    # Decisions take the intervals as they are after all that has been seen; the card judged them before.
    after = {one: path.widening for one, path in _followed(durations, tune, later).items()}
    return replace(model, widening=model.widening | after), found


def _recalls(history: History) -> dict[str, tuple[int, int]]:
    """Count recalls by class among the outages that it came to."""
    called = history.outcome == RECALL
    came = called | (history.outcome == GOES)
    return {one: (int((called & (history.kind == k)).sum()), int((came & (history.kind == k)).sum()))
            for k, one in enumerate(CLASSES)}  # fmt: skip


def _straight(hazards: Hazards, tune: History, rng: np.random.Generator) -> tuple[FloatArray, FloatArray] | None:
    """Give what probabilities of going ahead are to become; None where they come true as they are said."""
    said, came = np.clip(hazards.outcomes(tune)[:, GOES], 0.0, 1.0), tune.outcome == GOES
    if len(tune) < STRAIGHTEN_FROM or calibration(forecast=said, came=came, rng=rng, redraws=20).may_be_published:
        return None
    at, fitted = isotonic(forecast=said, came=came)
    # A step keeps its two ends; between steps one goes over into the next.
    edge = np.flatnonzero(np.append(True, np.diff(fitted) != 0) | np.append(np.diff(fitted) != 0, True))
    return at[edge], fitted[edge]


def _widening(durations: Durations, tune: History) -> dict[str, float]:
    ran = _ran(tune)
    low, high, came = _logs(durations, ran)
    return widening_by_class(low=low, high=high, came=came, kind=[CLASSES[k] for k in ran.kind], miss=MISS)


def _ran(history: History) -> History:
    return history.part((history.outcome == GOES) & ~history.running)


def _logs(durations: Durations, ran: History) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give P10 and P90 as they were learnt, and what came, in logarithms of hours over planned hours."""
    low, high = (
        np.log(
            durations.quantile_h(planned_h=ran.planned_h, kind=ran.kind, owner=ran.owner, share=share) / ran.planned_h
        )
        for share in (MISS / 2, 1 - MISS / 2)
    )
    return low, high, np.log(ran.actual_h / ran.planned_h)


def _followed(durations: Durations, tune: History, later: History) -> dict[str, Followed]:
    """Follow the outages held out class by class; a class of which nothing came before is left as it is."""
    scores = []
    for part in (_ran(tune), _ran(later)):
        low, high, came = _logs(durations, part)
        scores.append((part.kind, np.maximum(low - came, came - high)))
    (kinds, before), (after_kinds, after) = scores
    return {
        one: followed(before=before[kinds == k], scores=after[after_kinds == k], miss=MISS)
        for k, one in enumerate(CLASSES)
        if (kinds == k).any()
    }


def card(
    *,
    model: CertaintyModel,
    later: History,
    tune: History,
    trained_on: int,
    tuned_on: int,
    source: str,
    rng: np.random.Generator,
    simulated: bool = False,
) -> ModelCard:
    """Judge a model by outages that it has not seen; those of `tune` it was widened by."""
    paths = _followed(model.durations, tune, later)
    missed = np.concatenate([path.missed for path in paths.values()])
    chance = model.outcomes(later)
    # Of one that still runs it is known that it is late once it has run longer; before that, nothing.
    known = later.part((later.outcome == GOES) & (~later.running | (later.actual_h > ON_TIME * later.planned_h)))
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
        simulated=simulated,
        goes=calibration(forecast=np.clip(chance[:, GOES], 0, 1), came=later.outcome == GOES, rng=rng),
        on_time=calibration(forecast=model.on_time(known), came=known.actual_h <= ON_TIME * known.planned_h, rng=rng),
        straightened=model.straight is not None,
        causes={
            name: observed_over_expected(forecast=chance[:, k], came=later.outcome == k)
            for k, name in ((*enumerate(CAUSES, start=1), (RECALL, "recall")))
        },
        over_p50=over[0],
        over_p90=over[1],
        coverage=float(((low <= ran.actual_h) & (ran.actual_h <= high)).mean()),
        coverage_followed=1.0 - float(missed.mean()),
        aims={one: path.aim for one, path in paths.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One outage that has not happened yet, as a model sees it."""

    lead_days: float
    kind: str
    """One of `CLASSES`."""
    owner: str
    planned_h: float
    moves: int
    winter: bool
    recall: float
    """The probability of recall that was computed for it, 0 where none was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a model says of one case."""

    goes: float
    on_time: float
    causes: dict[str, float]
    low_h: float
    """Hours, P10 and P90 made wide enough on outcomes the model had not seen."""
    high_h: float


def told(*, model: CertaintyModel, case: Case) -> Told:
    """Give what becomes of one outage. An owner that the model does not know has no effect of its own."""
    one = _row(model, case)
    chance = model.outcomes(one)[0]
    low, high = model.interval_h(one)
    return Told(
        goes=float(np.clip(chance[GOES], 0.0, 1.0)),
        on_time=float(model.on_time(one)[0]),
        causes={name: float(chance[k]) for k, name in enumerate(CAUSES, start=1)} | {"recall": float(chance[RECALL])},
        low_h=float(low[0]),
        high_h=float(high[0]),
    )


def hours_to_book(*, model: CertaintyModel, case: Case, late_cost: float, early_cost: float) -> float:
    """Give the hours to book where an hour of coming back late costs that, and an hour too many booked this.

    Raises:
        NotACost: a cost is negative, or both are nothing.
    """
    one, share = _row(model, case), booking_share(late_cost=late_cost, early_cost=early_cost)
    hours = model.durations.quantile_h(planned_h=one.planned_h, kind=one.kind, owner=one.owner, share=share)
    return float(hours[0])


def still_late(*, model: CertaintyModel, case: Case, gone_h: float) -> float:
    """Give the probability that one that has run so many hours, and is not back, comes back too late."""
    one = _row(model, case)
    chance = model.durations.longer(
        than_h=ON_TIME * one.planned_h, gone_h=np.array([gone_h]), planned_h=one.planned_h, kind=one.kind,
        owner=one.owner,
    )  # fmt: skip
    return float(chance[0])


def _row(model: CertaintyModel, case: Case) -> History:
    owner = model.owners.index(case.owner) if case.owner in model.owners else len(model.hazards.owner)
    return History(
        lead_days=np.array([max(case.lead_days, 0.0)]), kind=np.array([CLASSES.index(case.kind)]),
        owner=np.array([owner]), planned_h=np.array([case.planned_h]), moves=np.array([float(case.moves)]),
        winter=np.array([case.winter]), recall=np.array([case.recall]), outcome=np.array([GOES]),
        bucket=np.array([-1]), actual_h=np.zeros(1), running=np.zeros(1, dtype=np.bool_),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learnt:
    """A model as decisions use it: with its version, and what its card lets it say."""

    model: CertaintyModel
    version: str
    source: str
    simulated: bool
    """Whether the history is made up: its numbers are shown as such, and no promise rests on them."""
    goes: tuple[Bin, ...]
    """What came of the outages held out, by tenths of what was said."""
    on_time: tuple[Bin, ...]
    goes_published: bool
    """Whether the probability of going ahead may be shown as a number."""
    on_time_published: bool
    recall_fits: bool
    """Whether as many were called back as had been computed."""


def like(*, bins: Sequence[Bin], said: float) -> Bin | None:
    """Give what came of the held-out outages of which about as much was said; None where there were none."""
    return next((one for one in bins if tenth(one.mean_forecast) == tenth(said)), None)
