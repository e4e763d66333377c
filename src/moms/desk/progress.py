"""How far a decision is, told while it is made: which check is at work, and what each has found.

Whoever is told may raise, and so stop it: nothing has been written by then. What is told is no answer: each part holds
by itself, and the decision weighs them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.values import many

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.decide import Adequacy, Crossing, Remedy, Security

    Tell = Callable[["Progress"], None]

DATES, MARGIN, REDISPATCH, VOLTAGE, WORTH = "dates", "margin", "redispatch", "voltage", "worth"
"""Parts beside the studies, which go by the name of their book."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One part of a decision: at work, or over with what it found."""

    part: str
    over: bool = False
    says: str = ""
    done: int = 0
    of: int = 0
    """How much of the part is done; 0 of 0 where that is not known."""
    worst: Crossing | None = None
    """Of a study that is over: the worst that the request causes."""
    clean: bool | None = None
    """Of a part that is over: whether nothing in it stands against the request; None where that is not its question."""


def untold(_: Progress) -> None:
    """Tell nobody."""


def study_over(found: Security) -> Progress:
    """Say what a study found."""
    hours, next_ = many(found.points, "hour"), many(found.contingencies, "contingency")
    every = f"{hours} against {next_}"
    worst = max(found.crossings, key=lambda c: c.percent, default=None)
    if worst is not None:
        base = worst.contingency is None
        what = "over the limit with everything else in service" if base else "over a limit after a contingency"
        says = f"{every}: {many(len(found.crossings), 'pair')} {what} because of the request"
    elif found.cut_off:
        says = f"{every}: {many(len(found.cut_off), 'contingency')} would cut something off because of the request"
    else:
        says = f"{every}: nothing over its limit because of the request"
    dirty = bool(found.crossings or found.cut_off)
    return Progress(part=found.book, over=True, says=says, worst=worst, clean=not dirty)


def margin_over(found: Adequacy) -> Progress:
    """Say what became of the margin."""
    if found.unknown:
        return Progress(part=MARGIN, over=True, says="not known whole: the grid does not say all it needs", clean=False)
    if found.hurt:
        days = many(len({one.day for one in found.hurt}), "day")
        return Progress(part=MARGIN, over=True, says=f"short on {days} because of the request", clean=False)
    return Progress(part=MARGIN, over=True, says="nowhere short because of the request", clean=True)


def redispatch_over(found: Remedy | None) -> Progress:
    """Say what a redispatch can do."""
    if found is None:
        return Progress(part=REDISPATCH, over=True, says="not needed")
    if found.possible and found.verified:
        return Progress(part=REDISPATCH, over=True, says=f"moving {found.mw:.0f} MW takes it away", clean=True)
    says = "what was found is not verified" if found.possible else "no unit that may be moved takes it away"
    return Progress(part=REDISPATCH, over=True, says=found.says or says, clean=False)


__all__ = [
    "DATES", "MARGIN", "REDISPATCH", "VOLTAGE", "WORTH", "Progress", "margin_over", "redispatch_over", "study_over",
    "untold",
]  # fmt: skip
