"""What is supposed otherwise in a what-if, and the book and the limits as they are then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from moms.desk.assess import as_asked
from moms.desk.situation import spans
from moms.desk.windows import unfiled
from moms.values import Refused, Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.desk.ports import Page
    from moms.desk.situation import Situation
    from moms.desk.world import World
    from moms.outages import Outage

AFTER = {
    "A": "rate A: nothing above the normal rating",
    "B": "rate B, as the rule book has it",
    "C": "rate C: the ceiling",
}
"""The limits that may hold after a contingency (semantics 1.3)."""
MOST = 50
"""Outages left out, and outages added."""


class NotAround(Refused):
    """An outage is to be left out that is not out there, or to be added that is."""


class NotALimit(Refused):
    """No limit of that name holds after a contingency."""


class TooManySupposed(Refused):
    """More outages are left out or added than one what-if takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedOutage:
    """Equipment that is supposed to be out besides, as nobody has filed it."""

    assets: tuple[str, ...]
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """What is otherwise than in the book. All left out: the study of the decision."""

    without: tuple[str, ...] = ()
    """Outages that are not out, by id: of the book, of what waits before, or of the group."""
    beside: tuple[str, ...] = ()
    """Filed outages that are out besides, as they are asked for, by id."""
    added: tuple[AddedOutage, ...] = ()
    window: Window | None = None
    """Other dates; None: those asked for."""
    redispatch: bool = True
    """Whether units may be moved to take flow off a branch."""
    after: str = "B"
    """Which rating holds after a contingency: A, B or C."""
    as_decided: bool = False
    """On the book as it was when MOMS decided, and at that instant."""

    @property
    def nothing(self) -> bool:
        """Whether nothing is otherwise than in the book as it is."""
        return self == Supposed()


def changed_book(
    page: Page, world: World, there: Situation, supposed: Supposed, *, now: datetime
) -> tuple[Situation, tuple[str, ...]]:
    """Give the situation as supposed, and what is to be said about it.

    Raises:
        NoSuchOutage: an id that is not in the book. NotAround: one that changes nothing.
        TooManySupposed: more than `MOST` of them. NoSuchElement: equipment that the grid does not have.
    """
    if max(len(supposed.without), len(supposed.beside) + len(supposed.added)) > MOST:
        raise TooManySupposed("too many outages are supposed", field="without", fix=f"give {MOST} at most")
    _refuse_strangers(page, there, supposed.without)
    gone = set(supposed.without)
    more = [_filed(page, there, name) for name in supposed.beside]
    more += [_invented(world, one, number, now=now) for number, one in enumerate(supposed.added, start=1)]
    taken = {o.id for o in more}
    holding = [o for o in (*there.holding, *more) if o.id not in gone]
    changed = replace(
        there,
        holding=tuple(sorted(holding, key=lambda o: o.id)),
        queue=tuple(o for o in there.queue if o.id not in gone | taken),
        group=tuple(o for o in there.group if o.id not in gone | taken),
    )
    return changed, _said(there, more, now=now)


def changed_limits(world: World, after: str) -> World:
    """Give the world in which another rating holds after a contingency.

    Raises:
        NotALimit: not A, B or C.
    """
    if after not in AFTER:
        raise NotALimit(f"{after!r} is no rating", field="after", fix="say A, B or C")
    if after == "B":
        return world
    lines = world.grid.network.branches
    limit = lines.rate_a_mw if after == "A" else np.maximum(lines.rate_c_mw, lines.rate_b_mw)
    network = world.grid.network.with_ratings(a=lines.rate_a_mw, b=limit, c=lines.rate_c_mw)
    return replace(world, grid=replace(world.grid, network=network))


def _refuse_strangers(page: Page, there: Situation, without: Sequence[str]) -> None:
    around = {o.id for o in (*there.holding, *there.queue, *there.group)}
    for name in without:
        if name not in around:
            page.outage(name)
            fix = "leave out one of: " + (", ".join(sorted(around)) or "none is out or waits around it")
            raise NotAround(f"{name} is not out around it, nor does it wait before it", field="without", fix=fix)


def _filed(page: Page, there: Situation, name: str) -> Outage:
    found = as_asked(page.outage(name))
    if name == there.outage.id or name in {o.id for o in there.holding}:
        raise NotAround(f"{name} is out there already", field="beside", fix="leave it out of the list")
    if not found.request.takes_out:
        raise NotAround(f"{name} takes nothing out of service", field="beside", fix="leave it out of the list")
    return found


def _invented(world: World, one: AddedOutage, number: int, *, now: datetime) -> Outage:
    if not one.assets:
        raise Refused("an added outage names no equipment", field="added", fix="name it, as branch:12")
    for asset in one.assets:
        world.grid.row(asset)
    return replace(unfiled(world, one.assets, window=one.window, now=now), id=f"added:{number}")


def _said(there: Situation, more: Sequence[Outage], *, now: datetime) -> tuple[str, ...]:
    window = there.outage.window
    apart = [o.id for o in more if not any(s.overlaps(window) for s in spans(o, now=now, until=window.end))]
    return tuple(f"{name} is not out in these hours: adding it changes nothing" for name in apart)
