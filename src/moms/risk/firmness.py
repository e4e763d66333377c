"""The firmness ladder: tentative, firm, guaranteed; who climbs, who falls, and the budget of broken promises."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.grid import FloatArray

FEWEST_YEARS = 20
"""Under so many weather years the upper levels are shown as a band (semantics 5.3)."""


class NotALadder(Refused):
    """Levels that do not follow each other, or a bound that is none."""


class Rung(IntEnum):
    """How much an approval is worth."""

    REQUESTED = 0
    TENTATIVE = 1
    FIRM = 2
    GUARANTEED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RungRule:
    """What a level asks for (models 3.5)."""

    rung: Rung
    most_lead_days: int
    most_recall: float
    """Of the upper end of the 95 % interval of the probability of recall."""
    margin_quantile: float
    """The margin's quantile that may not be below the recall level."""
    needs_clean: bool
    """Whether N-1 must be clean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderRules:
    """The ladder, and how slowly one falls. Defaults are those of models 3.5."""

    rungs: tuple[RungRule, ...] = (
        RungRule(rung=Rung.TENTATIVE, most_lead_days=730, most_recall=0.10, margin_quantile=0.5, needs_clean=False),
        RungRule(rung=Rung.FIRM, most_lead_days=180, most_recall=0.02, margin_quantile=0.1, needs_clean=True),
        RungRule(rung=Rung.GUARANTEED, most_lead_days=14, most_recall=0.002, margin_quantile=0.01, needs_clean=True),
    )
    slack: float = 1.5
    """A bound may be exceeded up to this factor without a fall."""
    runs: int = 3
    """So many nights in a row beyond that, and the outage falls one level."""

    def __post_init__(self) -> None:
        """Refuse a ladder on which nobody could climb as it says.

        Raises:
            NotALadder: a level is missing or out of order, or a share, lead or count is none.
        """
        if [one.rung for one in self.rungs] != [Rung.TENTATIVE, Rung.FIRM, Rung.GUARANTEED]:
            raise NotALadder(
                "the levels are not tentative, firm and guaranteed", field="rungs", fix="give all in order"
            )
        for one in self.rungs:
            if not (0 < one.most_recall <= 1 and 0 < one.margin_quantile < 1 and one.most_lead_days > 0):
                raise NotALadder(f"{one.rung.name.lower()}: {one.most_recall}, {one.margin_quantile}, "
                                 f"{one.most_lead_days} days", field="rungs",
                                 fix="give shares between 0 and 1, and days above 0")  # fmt: skip
        if self.slack < 1 or self.runs < 1:
            raise NotALadder(f"slack {self.slack}, {self.runs} runs", field="slack", fix="give 1 or more of each")

    def of(self, rung: Rung) -> RungRule | None:
        """Give the rule of a level; None for a request, which has none."""
        return next((one for one in self.rungs if one.rung == rung), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of one outage in one night."""

    lead_days: float
    recall_high: float | None
    """Upper end of the 95 % interval of the probability of recall; None where it is not known."""
    margin_mw: Mapping[float, float] | None
    """Quantile of the least margin in the window, by share: 0.5, 0.1, 0.01; None if it takes no capacity away."""
    level_mw: float
    """The margin below which outages are called back."""
    clean: bool | None
    """N-1; None where it was not studied, which is not clean."""
    weather_years: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmness:
    """Where an outage stands on the ladder."""

    rung: Rung = Rung.REQUESTED
    nights_over: int = 0
    """In a row, beyond the slack of its own level."""


def fits(*, standing: Standing, rule: RungRule, slack: float = 1.0) -> tuple[str, ...]:
    """Say what keeps an outage from a level; nothing if it may have it."""
    why = []
    if standing.lead_days > rule.most_lead_days:
        why.append(f"{standing.lead_days:.0f} days ahead, not within {rule.most_lead_days}")
    if standing.recall_high is None:
        why.append("the probability of recall is not known")
    elif standing.recall_high > rule.most_recall * slack:
        why.append(f"recall up to {standing.recall_high:.2%}, not within {rule.most_recall:.2%}")
    if standing.margin_mw is not None:
        why += _margin_of(standing.margin_mw.get(rule.margin_quantile), standing, rule, slack)
    if rule.needs_clean and not standing.clean:
        why.append("N-1 is not clean" if standing.clean is False else "N-1 has not been studied")
    if rule.rung >= Rung.FIRM and standing.weather_years < FEWEST_YEARS:
        why.append(f"{standing.weather_years} weather years, fewer than {FEWEST_YEARS}")
    return tuple(why)


def _margin_of(margin_mw: float | None, standing: Standing, rule: RungRule, slack: float) -> list[str]:
    if margin_mw is None:
        return [f"margin P{rule.margin_quantile * 100:.0f} is not known"]
    if margin_mw < standing.level_mw and slack == 1.0:
        return [f"margin P{rule.margin_quantile * 100:.0f} is {margin_mw:,.0f} MW, below {standing.level_mw:,.0f}"]
    return []


def highest(*, standing: Standing, rules: LadderRules) -> tuple[Rung, tuple[str, ...]]:
    """Give the highest level an outage may have, with every level below it, and what keeps it from the next."""
    rung = Rung.REQUESTED
    for rule in rules.rungs:
        why = fits(standing=standing, rule=rule)
        if why:
            return rung, why
        rung = rule.rung
    return rung, ()


def tonight(*, now: Firmness, standing: Standing, rules: LadderRules) -> tuple[Firmness, tuple[str, ...]]:
    """Give where an outage stands after this night's run, and why it is no higher.

    It climbs one level as soon as it may. It falls one level only when its own bound has been exceeded by
    more than the slack in several runs in a row, so that it does not flutter at a bound; an N-1 that is no
    longer clean is no matter of degree, and counts as exceeded.
    """
    own, above = rules.of(now.rung), rules.of(Rung(min(now.rung + 1, Rung.GUARANTEED)))
    if own is not None and fits(standing=standing, rule=own, slack=rules.slack):
        nights = now.nights_over + 1
        if nights >= rules.runs:
            return Firmness(rung=Rung(now.rung - 1)), fits(standing=standing, rule=own, slack=rules.slack)
        return Firmness(rung=now.rung, nights_over=nights), fits(standing=standing, rule=own)
    if above is None or now.rung == Rung.GUARANTEED:
        return Firmness(rung=now.rung), ()
    why = fits(standing=standing, rule=above)
    return Firmness(rung=now.rung if why else above.rung), why


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The season's budget of recalls of firm outages, and how much of it is used."""

    allowed: float
    recalled: int
    season_gone: float
    """Share of the season that is over, 0 to 1."""
    chance: float
    """Of as many recalls as there were, or more, if the forecasts were right (Poisson-binomial)."""

    @property
    def used(self) -> float:
        """Share of the budget that is used."""
        return self.recalled / self.allowed if self.allowed else (math.inf if self.recalled else 0.0)

    @property
    def alarm(self) -> bool:
        """Whether there were more recalls than the model can explain."""
        return self.chance < 0.05

    @property
    def action(self) -> str:
        """What follows: nothing, a larger buffer, or no more promises (models 3.5)."""
        if self.used > 1.0:
            return "freeze"
        return "raise the buffer" if self.used > 0.5 and self.season_gone < 0.5 else "none"


def budget(*, most_recall: Sequence[float], forecast: FloatArray, recalled: int, season_gone: float) -> Budget:
    """Give the state of the error budget: bounds of the promises made, their forecasts, and the recalls."""
    return Budget(
        allowed=math.fsum(most_recall),
        recalled=recalled,
        season_gone=season_gone,
        chance=at_least(forecast=forecast, count=recalled),
    )


def at_least(*, forecast: FloatArray, count: int) -> float:
    """Give the chance that at least so many of independent events come, exactly (Poisson-binomial)."""
    law = np.ones(1)
    for p in forecast:
        law = np.convolve(law, (1.0 - p, p))
    return float(law[count:].sum()) if count <= len(law) else 0.0
