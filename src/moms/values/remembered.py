"""Remember what was made of a few large values, so that asking again costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

V = TypeVar("V")
MOST = 4
"""A study has one grid, and its contingencies with and without the request."""


class Remembered(Generic[V]):
    """What was made of the last few values, found again by identity: they are frozen, so it stays true.

    It holds the values, so that no other can get their place in memory. A thread that loses a race
    makes the same thing once more.

    >>> lengths, words = Remembered(), ("over", "under")
    >>> lengths.of(words, make=lambda: [len(w) for w in words])
    [4, 5]
    >>> lengths.of(words, make=lambda: 1 / 0)
    [4, 5]
    """

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: dict[tuple[int, ...], tuple[tuple[object, ...], V]] = {}

    def of(self, *things: object, make: Callable[[], V]) -> V:
        """Give what is kept of these very objects, in this order, or make it."""
        key = tuple(id(thing) for thing in things)
        found = self._made.get(key)
        if found is not None:
            if next(reversed(self._made)) != key:  # what is asked for stays, whatever passes by
                self._made = {k: v for k, v in self._made.items() if k != key} | {key: found}
            return found[1]
        made = make()
        kept = list(self._made.items())[1 - MOST :]
        self._made = dict([*kept, (key, (things, made))])
        return made
