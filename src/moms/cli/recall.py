"""How the probability of recall of every start is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy import FEWEST_YEARS, band
from moms.cli import paper

if TYPE_CHECKING:
    from moms.adequacy import RecallOdds, Scenarios
    from moms.grid import FloatArray

BEST = 3
HIGH = 0.10
"""An upper bound over it is shown in red: no level of firmness allows it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Starts:
    """The odds of every start day, with their bounds."""

    unit: str
    odds: RecallOdds
    low: FloatArray
    high: FloatArray
    scenarios: Scenarios
    margin_mw: FloatArray
    """(3, D) P10, P50, P90 of the tightest place of the unit, by day, before the unit is taken."""

    @property
    def years(self) -> int:
        """How many weather years stand behind it."""
        return int(self.scenarios.year.max()) + 1

    def ranked(self) -> list[int]:
        """Give the starts with the least upper bound first, the earliest of equals, a window apart from each other."""
        order = np.lexsort((np.arange(len(self.high)), self.high)).tolist()
        best: list[int] = []
        for start in order:
            if all(abs(start - other) >= self.odds.days for other in best):
                best.append(start)
        return best[:BEST]


def show(found: Starts) -> None:
    """Print the best starts, and every start of a Monday."""
    days = found.scenarios.day
    if not len(found.odds.probability):
        paper.say("No start fits into these days.", abnormal=True)
        return
    best = ", ".join(f"{days[k]} ({_odds(found, k)})" for k in found.ranked())
    paper.say(f"{found.unit} out for {found.odds.days} days is least likely to be called back from {best}.")
    paper.say(f"- {found.odds.scenarios} scenarios of {found.years} synthetic weather years, "
              "seeded; 95 % bounds, the wider of binomial and of drawing years again")  # fmt: skip
    shown = [k for k in range(len(found.odds.probability)) if days[k].weekday() == 0 or k == 0]
    paper.show_table(
        columns=["start", "recall", "bounds", "margin P10", "P50", "P90"],
        right=["recall", "margin P10", "P50", "P90"],
        rows=[_row(found, k) for k in shown],
    )


def _odds(found: Starts, k: int) -> str:
    if found.years < FEWEST_YEARS:
        return band(float(found.high[k]))
    return f"{found.odds.probability[k]:.2%}"


def _row(found: Starts, k: int) -> list[paper.Cell | str]:
    numbers = found.years >= FEWEST_YEARS
    least = found.margin_mw[:, k : k + found.odds.days].min(axis=1)
    return [
        str(found.scenarios.day[k]),
        paper.Cell(text=_odds(found, k), abnormal=bool(found.high[k] > HIGH)),
        f"{found.low[k]:.2%} to {found.high[k]:.2%}" if numbers else "fewer than 20 weather years",
        *(f"{mw:,.0f}" for mw in least.tolist()),
    ]


def document(found: Starts) -> dict[str, object]:
    """Give every start for machines; no numbers from fewer than 20 weather years, only bands."""
    numbers = found.years >= FEWEST_YEARS
    starts = [
        {"start": str(found.scenarios.day[k]), "band": band(float(found.high[k]))}
        | (
            {"probability": float(found.odds.probability[k]), "low": float(found.low[k]), "high": float(found.high[k])}
            if numbers
            else {"probability": None, "low": None, "high": None}
        )
        for k in range(len(found.odds.probability))
    ]
    return {
        "unit": found.unit,
        "days": found.odds.days,
        "scenarios": found.odds.scenarios,
        "weather_years": found.years,
        "seed": found.scenarios.seed,
        "starts": starts,
        "best": [str(found.scenarios.day[k]) for k in found.ranked()],
    }
