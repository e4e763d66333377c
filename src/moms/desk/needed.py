"""Which of some outages are needed for a trouble: leave them out for as long as the rest still makes it (semantics 6).

A delete filter (Chinneck and Dravnieks 1991) that leaves out halves before single ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Thing = TypeVar("Thing")


def needed(
    some: Sequence[Thing], says: str, *, trouble: Callable[[Sequence[Thing]], str]
) -> tuple[tuple[Thing, ...], str]:
    """Give those of `some`, which make the trouble `says`, without any one of which there is none, and what it is then.

    `trouble` says what some of them make, empty for nothing; it is not asked about none of them.

    >>> needed("abcdefg", "c and f", trouble=lambda rest: "c and f" if {"c", "f"} <= set(rest) else "")
    (('c', 'f'), 'c and f')
    """
    kept = tuple(some)
    size = max(len(kept) // 2, 1)
    while True:
        before, at = len(kept), 0
        while at < len(kept) and len(kept) > 1:
            rest = kept[:at] + kept[at + size :]
            found = trouble(rest) if rest else ""
            if found:
                kept, says = rest, found
            else:
                at += size
        if size == 1 and len(kept) == before:  # security is not monotone: only a pass without a change ends it
            return kept, says
        size = max(size // 2, 1)
