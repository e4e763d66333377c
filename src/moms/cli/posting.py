"""How the maintenance margin that was posted in the night is shown: a line a place, its least day and its bands."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from moms.cli import paper

if TYPE_CHECKING:
    from collections.abc import Mapping


def show(found: Mapping[str, Any] | None) -> None:
    """Print the newest posting, or that there is none."""
    if found is None:
        paper.say("No margin has been posted yet: moms margin --post, or a worker, posts it.", abnormal=True)
        return
    paper.say(f"Posted {found['at']}, {found['age_h']:.0f} h ago, for {found['days']} days from {found['first']}, "
              f"rule book {found['rule_book']}.")  # fmt: skip
    numbers = ["margin MW", "limit MW", "P10 MW", "P50 MW", "P90 MW", "days short"]
    paper.show_table(
        columns=["place", "least day", "binding", *numbers],
        right=numbers,
        rows=[_row(found, p) for p in found["places"]],
    )
    paper.say(f"- bands are of {found['scenarios']:,} scenarios of {found['weather_years']} synthetic weather years")
    for text in (*found["unknown"], *found["notes"]):
        paper.say(f"- {text}")


def _row(found: Mapping[str, Any], place: Mapping[str, Any]) -> list[paper.Cell | str]:
    margin = place["margin_mw"]
    d = margin.index(min(margin))
    week = place["weeks"][d // 7]
    bands = ["" if week[name] is None else f"{week[name]:,}" for name in ("p10_mw", "p50_mw", "p90_mw")]
    return [
        place["place"], str(date.fromisoformat(found["first"]) + timedelta(days=d)),
        place["methods"][place["method"][d]], paper.Cell(text=f"{margin[d]:,}", abnormal=margin[d] < 0),
        f"{place['limit_mw'][d]:,}", *bands, str(place["short_days"]),
    ]  # fmt: skip
