"""How often somebody may ask: buckets that fill with time, kept in this process."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from moms.portal.errors import TooMany

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 20_000
"""Buckets kept; the one not used for longest is full again anyway, and goes."""


class Buckets:
    """One bucket for each name."""

    def __init__(self, *, per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._burst, self._clock = per_s, burst, clock
        self._kept: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def take(self, name: object) -> None:
        """Take one.

        Raises:
            TooMany: there is none left.
        """
        now = self._clock()
        left, at = self._kept.pop(name, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_s)
        if left < 1.0:
            self._kept[name] = (left, now)
            raise TooMany("too many requests", wait_s=(1.0 - left) / self._per_s)
        self._kept[name] = (left - 1.0, now)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def give_back(self, name: object) -> None:
        """Put one back: what it was taken for turned out to be welcome."""
        left, at = self._kept.get(name, (self._burst, self._clock()))
        self._kept[name] = (min(self._burst, left + 1.0), at)
