"""The case without the request, asked only about what was found with it.

Most of what a study finds is nothing, or little: to sort all contingencies a second time, for a case in
which hardly any is looked at, costs as much as with the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.study.compound import cut_off_by as cut_off_by_several
from moms.study.plan import cut_off_by
from moms.study.screen import PickUps, Screen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moms.grid import BoolArray, Contingency, FloatArray, IntArray
    from moms.study.plan import Islanding
    from moms.study.screen import Found
    from moms.study.slices import Out
    from moms.study.state import Case


@dataclass(slots=True, kw_only=True, eq=False)
class Normal:
    """One case and its contingencies, sorted as far as they are asked for."""

    case: Case
    contingencies: tuple[Contingency, ...]
    own: Out
    """What the request itself takes out."""
    screen: Screen | None = None
    """All of them sorted, if somebody has that: it answers then."""
    picked: PickUps | None = None

    def whole(self) -> Screen:
        """Give all contingencies sorted."""
        if self.screen is None:
            self.screen = Screen.of(self.case, self.contingencies, own=self.own, picked=self._picked())
        return self.screen

    def cut_off_by(self, some: BoolArray) -> Islanding:
        """Tell what contingencies cut off, at least of `some`, (c,)."""
        if self.screen is not None:
            return self.screen.plan.islanding
        found, several = cut_off_by(self.case, self.contingencies, some)
        for k, branches, _ in several:
            one = cut_off_by_several(self.case, branches)
            if one is not None:
                found.others[k] = one
        return found

    def shortfall(self, places: Iterable[int]) -> dict[int, FloatArray]:
        """Tell what headroom cannot make up for after contingencies, at least after these, (H,) MW where some is."""
        if self.screen is not None:
            return self.screen.plan.shortfall
        some = np.fromiter(places, np.int64)
        return self._of(some, np.empty(0, np.int64)).plan.shortfall if len(some) else {}

    def flows(self, found: Found, rows: IntArray) -> tuple[FloatArray, BoolArray, set[int]]:
        """Give flows at (contingency, branch row, hour), whether there is one, and which have no reliable answer."""
        screen = self.screen
        if screen is None:
            watched = np.unique(rows)
            screen = self._of(np.unique(found.contingency), watched[self.case.factor.live[watched]])
        flow, alive = screen.flows(found._replace(place=screen.place_of(rows)))
        return flow, alive, screen.unsolved

    def _of(self, places: IntArray, rows: IntArray) -> Screen:
        only = np.zeros(len(self.contingencies), np.bool_)
        only[places] = True
        return Screen.of(self.case, self.contingencies, own=self.own, only=only, rows=rows, picked=self._picked())

    def _picked(self) -> PickUps:
        if self.picked is None:
            self.picked = PickUps.of(self.case)
        return self.picked
