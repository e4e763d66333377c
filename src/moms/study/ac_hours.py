"""Which hours of a study AC verifies: in each topology the heaviest loaded, and the extremes of load and weather.

All hours are studied by DC. AC costs a thousand times as much an hour, so that it takes the hours in
which voltages are most likely to fail: high where little is loaded, low where much is. What is left
out is said (`Picked.of`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

import numpy as np

from moms.study.security import flows_before, some_hours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import BoolArray, Network
    from moms.study.slices import Slice


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedHour:
    """One hour to verify, and why this one."""

    label: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picked:
    """The slices cut down to the hours to verify; none of them has no hour."""

    slices: tuple[Slice, ...]
    hours: tuple[PickedHour, ...]
    of: int
    """Operating points of the whole study."""


def hours_that_matter(slices: Sequence[Slice], *, nearest: str | None, weather: BoolArray, most: int) -> Picked | None:
    """Give at most `most` hours of these slices, at least one of each; None where there are more slices than that.

    In each slice, in this order: the hour of the largest loading after a contingency that the request
    causes (`nearest`, if the study named one); the most series reactive losses before any contingency,
    sum of x f^2 with the DC flows f; the least load; the most wind and solar (`weather`, (g,)); the most
    load. Slices take turns, so that each has its first hour before any has its second.
    """
    if len(slices) > most:
        return None
    ranked = [_ranked(one, nearest, weather) for one in slices]
    turns = chain.from_iterable(zip_longest(*([(k, *row) for row in rows] for k, rows in enumerate(ranked))))
    kept = [turn for turn in turns if turn is not None][:most]
    cut = []
    for k, one in enumerate(slices):
        places = np.array(sorted(place for at, place, _ in kept if at == k), np.int64)
        before = some_hours(one.hours_without, places)
        after = before if one.hours is one.hours_without else some_hours(one.hours, places)
        cut.append(replace(one, hours=after, hours_without=before))
    hours = tuple(PickedHour(label=slices[k].hours.label[place], why=why) for k, place, why in kept)
    return Picked(slices=tuple(cut), hours=hours, of=sum(len(one.hours) for one in slices))


def _ranked(one: Slice, nearest: str | None, weather: BoolArray) -> list[tuple[int, str]]:
    """Give hours of one slice by place, the most telling first, each once with all that speaks for it."""
    load = one.hours.load_mw.sum(axis=0)
    blown = one.hours.unit_mw[weather].sum(axis=0)
    lost = _reactive_losses(one.network, flows_before(one))
    rows = [(one.hours.label.index(nearest), "the largest loading")] if nearest in one.hours.label else []
    rows += [
        (int(np.argmax(lost)), "the most reactive losses"),
        (int(np.argmin(load)), "the least load"),
        *([(int(np.argmax(blown)), "the most wind and solar")] if blown.max(initial=0.0) > 0.0 else []),
        (int(np.argmax(load)), "the most load"),
    ]
    whys: dict[int, list[str]] = {}
    for place, why in rows:
        whys.setdefault(place, []).append(why)
    return [(place, ", ".join(said)) for place, said in whys.items()]


def _reactive_losses(network: Network, flow_mw: np.ndarray) -> np.ndarray:
    """Give the series reactive losses of DC flows (m, H), by hour, per unit."""
    losses: np.ndarray = np.maximum(network.branches.x, 0.0) @ (flow_mw / network.base_mva) ** 2
    return losses
