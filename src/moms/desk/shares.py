"""Whose turn it is: the work of many organisations in fair shares, whatever each of them has waiting.

Start-time fair queueing (Goyal, Vin and Cheng 1996): each turn carries a start and a finish in seconds of
work; who has the least start is served next, so that between two organisations which both wait all the
while, what they were served differs by no more than their two longest turns. Who was idle starts with
the others and has saved nothing up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What an organisation has had: where its last turn started, and where it finished, in seconds of work."""

    organisation: str
    start_s: float = 0.0
    finish_s: float = 0.0


def now_of(shares: Iterable[Share]) -> float:
    """Give how far the work has come: the start of the turn that began last."""
    return max((share.start_s for share in shares), default=0.0)


def turn(shares: Iterable[Share], *, waiting: frozenset[str]) -> str | None:
    """Give the organisation whose turn is next among those that wait; None where nobody waits.

    >>> turn(
    ...     [Share(organisation="a", start_s=4, finish_s=9), Share(organisation="b", finish_s=2)],
    ...     waiting=frozenset("ab"),
    ... )
    'b'
    """
    known = {share.organisation: share for share in shares}
    now = now_of(known.values())
    starts = {name: max(now, known[name].finish_s) if name in known else now for name in waiting}
    return min(starts, key=lambda name: (starts[name], name)) if starts else None


def begun(share: Share, *, now_s: float, expected_s: float) -> Share:
    """Give a share as it is when a turn begins that is expected to take so long."""
    start = max(now_s, share.finish_s)
    return replace(share, start_s=start, finish_s=start + expected_s)


def corrected(share: Share, *, expected_s: float, took_s: float) -> Share:
    """Give a share once it is known what a turn took."""
    return replace(share, finish_s=max(share.start_s, share.finish_s + took_s - expected_s))
