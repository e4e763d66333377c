"""The hours a request really asks for, and sums and differences of spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.values import Window, daily

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from moms.outages.request import Request

Spans = tuple[Window, ...]
"""Windows in order that neither overlap nor touch."""


def hours_of(request: Request, *, window: Window | None = None) -> Spans:
    """Give the spans in which the equipment is out: the window, or its daily hours if the work comes back.

    `window` stands for the request's own where another one was approved.

    Raises:
        Refused: the recurrence falls on a local time that a clock jumps over or shows twice.
    """
    whole = window or request.window
    back = request.recurrence
    if back is None:
        return (whole,)
    return merged(daily(start=back.start, end=back.end, zone=back.zone, days=back.days, within=whole))


def merged(spans: Iterable[Window]) -> Spans:
    """Give the spans in order, overlapping and touching ones made one."""
    joined: list[Window] = []
    for one in sorted(spans):
        if joined and one.start <= joined[-1].end:
            joined[-1] = Window(start=joined[-1].start, end=max(joined[-1].end, one.end))
        else:
            joined.append(one)
    return tuple(joined)


def common(first: Iterable[Window], second: Iterable[Window]) -> Spans:
    """Give what lies in both."""
    others = tuple(second)
    shared = (one.common(other) for one in first for other in others)
    return merged(part for part in shared if part is not None)


def less(first: Iterable[Window], second: Iterable[Window]) -> Spans:
    """Give what lies in the first and not in the second."""
    left = merged(first)
    for cut in merged(second):
        left = tuple(part for one in left for part in _cut(one, cut))
    return left


def _cut(one: Window, cut: Window) -> Spans:
    if not one.overlaps(cut):
        return (one,)
    before = (Window(start=one.start, end=cut.start),) if one.start < cut.start else ()
    after = (Window(start=cut.end, end=one.end),) if cut.end < one.end else ()
    return before + after


def moved(spans: Iterable[Window], by: timedelta) -> Spans:
    """Give the same spans later, or earlier if negative."""
    return tuple(one.moved(by) for one in spans)


def total_h(spans: Iterable[Window]) -> float:
    """Give the length of spans that do not overlap, in hours."""
    return sum(one.hours for one in spans)
