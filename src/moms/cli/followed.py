"""How years that were followed hour by hour are shown: how often load is lost, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli import paper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.adequacy import Followed

PLACES = {"together": "all, one copper plate", "alone": "{}, alone", "spared": "{}, with what others spare"}


def show(years: Sequence[Followed], *, seed: int) -> None:
    """Print frequency and duration by place, each mean with its standard error."""
    paper.say(f"Followed through {len(years[0].hours):,} years in steps of {years[0].step_h:g} h, seed {seed}; "
              "mean and standard error a year:")  # fmt: skip
    numbers = ["losses", "LOLH h", "EUE MWh", "h a loss", "half within h", "nine of ten within h"]
    rows = [
        [PLACES[one.how].replace("{}", one.place), *(_mean(pair) for pair in (one.lolf, one.lole_h, one.eue_mwh)),
         *(_hours(h) for h in (one.lold_h, one.length_h(0.5), one.length_h(0.9)))]
        for one in years
    ]  # fmt: skip
    paper.show_table(columns=["place", *numbers], right=numbers, rows=rows)


def _mean(pair: tuple[float, float]) -> str:
    return f"{pair[0]:,.3f} +- {pair[1]:,.3f}"


def _hours(hours: float | None) -> str:
    return "" if hours is None else f"{hours:,.2f}"


def facts(one: Followed) -> dict[str, object]:
    """Give one place for machines."""
    return {
        "place": one.place, "how": one.how, "years": len(one.hours), "step_h": one.step_h,
        "lolf": one.lolf[0], "lolf_error": one.lolf[1], "lole_h": one.lole_h[0], "lole_h_error": one.lole_h[1],
        "eue_mwh": one.eue_mwh[0], "eue_mwh_error": one.eue_mwh[1], "lold_h": one.lold_h,
        "length_h": {"p50": one.length_h(0.5), "p90": one.length_h(0.9)},
    }  # fmt: skip
