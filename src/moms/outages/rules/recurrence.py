"""Is work that comes back each day said so that it can be read? (domain 2; architecture decision 9)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from moms.outages.hours import hours_of
from moms.outages.rules.rule import Ask, Rule, Said, rule
from moms.values import Level, Refused, Window, daily, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

TWO_DAYS = timedelta(days=2)


@rule(
    id="RECUR-1", level=Level.BLOCK, source="architecture decision 9", test="test_a_bad_request_is_told_what_is_wrong"
)
def readable(ask: Ask) -> Iterator[Said]:
    """Require daily hours that each day of the window really has, once."""
    try:
        hours_of(ask.request)
    except Refused as refused:
        yield Said(says=refused.says, field=refused.field or "recurrence", fix=refused.fix or "")


@rule(id="RECUR-2", level=Level.BLOCK, source="domain 2 (recurrence)", test="test_a_bad_request_is_told_what_is_wrong")
def comes_at_all(ask: Ask) -> Iterator[Said]:
    """Require that a recurrence comes back at least once in the window, and not too often."""
    if ask.request.recurrence is None or any(readable.find(ask)):
        return
    if not ask.hours:
        yield Said(
            says="the daily hours never fall into the window", field="recurrence", fix="check the days and the window"
        )
    if len(ask.hours) > ask.rules.most_spans:
        yield Said(
            says=f"the work comes back {len(ask.hours)} times",
            field="recurrence",
            fix=f"ask for at most {ask.rules.most_spans} at a time",
        )


@rule(
    id="RECUR-3",
    level=Level.FLAG,
    source="domain 2 (recurrence)",
    test="test_daily_hours_that_the_window_cuts_are_flagged",
)
def not_cut(ask: Ask) -> Iterator[Said]:
    """Flag a window that cuts the first or the last of the daily hours."""
    back, window = ask.request.recurrence, ask.request.window
    if back is None or not ask.hours:
        return
    wide = Window(start=window.start - TWO_DAYS, end=window.end + TWO_DAYS)
    try:
        whole = daily(start=back.start, end=back.end, zone=back.zone, days=back.days, within=wide)
    except Refused:
        return
    for span in whole:
        if span.overlaps(window) and not window.covers(span):
            yield Said(
                says=f"the window cuts the hours from {shown(span.start)} to {shown(span.end)}",
                field="window",
                fix="let the window hold the daily hours whole",
            )


@rule(id="RECUR-4", level=Level.BLOCK, source="domain 2", test="test_what_is_broken_does_not_come_back_each_day")
def no_daily_breakage(ask: Ask) -> Iterator[Said]:
    """Refuse a forced or emergency outage that comes back each day."""
    if ask.request.urgent_report and ask.request.recurrence is not None:
        yield Said(says="what is broken does not come back each evening", field="recurrence", fix="leave it out")


RULES: tuple[Rule, ...] = (readable, comes_at_all, not_cut, no_daily_breakage)
