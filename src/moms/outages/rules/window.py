"""Are the dates sane? (domain 2; architecture decision 9)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from moms.outages.hours import common
from moms.outages.rules.rule import Ask, Rule, Said, rule
from moms.values import Level, shown

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="WINDOW-1", level=Level.BLOCK, source="domain 2", test="test_a_bad_request_is_told_what_is_wrong")
def ahead(ask: Ask) -> Iterator[Said]:
    """Require that what is planned lies ahead."""
    start = ask.request.window.start
    if not ask.request.urgent_report and start < ask.now:
        yield Said(
            says=f"the start {shown(start)} has passed; it is {shown(ask.now)}",
            field="window.start",
            fix="give a start ahead, or report it as forced if the equipment is out",
        )


@rule(
    id="WINDOW-2",
    level=Level.FLAG,
    source="domain 1.1 (forced: after the fact)",
    test="test_a_forced_report_of_the_future_is_flagged",
)
def broken_already(ask: Ask) -> Iterator[Said]:
    """Flag a forced report whose start lies ahead."""
    if ask.request.kind == "forced" and ask.request.window.start > ask.now:
        yield Said(says="a forced outage is reported before it starts", field="window.start", fix="is it an emergency?")


@rule(
    id="WINDOW-3",
    level=Level.BLOCK,
    source="domain 1.1 (24-month submission [M], planning horizon)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def within_horizon(ask: Ask) -> Iterator[Said]:
    """Require an end within the horizon of the rule book."""
    last = ask.now + timedelta(days=ask.rules.horizon_days)
    if ask.request.window.end > last:
        yield Said(
            says=f"it ends {shown(ask.request.window.end)}, beyond the horizon of {ask.rules.horizon_days:g} days",
            field="window.end",
            fix=f"give an end before {shown(last)}",
        )


@rule(
    id="WINDOW-4",
    level=Level.BLOCK,
    source="domain 2 (earliest start, latest end)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def inside_limits(ask: Ask) -> Iterator[Said]:
    """Require the preferred dates inside the owner's own limits."""
    request = ask.request
    if request.earliest_start is not None and request.window.start < request.earliest_start:
        yield Said(says="the preferred start is before the earliest", field="earliest_start", fix="move one of the two")
    if request.latest_end is not None and request.window.end > request.latest_end:
        yield Said(says="the preferred end is after the latest", field="latest_end", fix="move one of the two")


@rule(
    id="WINDOW-5",
    level=Level.BLOCK,
    source="domain 2 (blackout days of the owner)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def clear_of_own_blackouts(ask: Ask) -> Iterator[Said]:
    """Require preferred dates in which the owner can do the work."""
    for k, span in enumerate(ask.request.blackout):
        if common(ask.hours, (span,)):
            yield Said(
                says=f"the preferred dates fall into your own blackout from {shown(span.start)}",
                field=f"blackout[{k}]",
                fix="move the dates, or the blackout",
            )


@rule(id="WINDOW-6", level=Level.FLAG, source="rule book (grain)", test="test_a_bad_request_is_told_what_is_wrong")
def on_the_grain(ask: Ask) -> Iterator[Said]:
    """Flag a start or an end off the rule book's minutes; studies count whole hours."""
    for name, instant in (("start", ask.request.window.start), ("end", ask.request.window.end)):
        if instant.minute % ask.rules.grain_min or instant.second or instant.microsecond:
            yield Said(
                says=f"the {name} {shown(instant)} is not on {ask.rules.grain_min} minutes; the whole hour is studied",
                field=f"window.{name}",
                fix=f"give a {name} on {ask.rules.grain_min} minutes",
            )


@rule(id="WINDOW-7", level=Level.REFER, source="rule book (longest)", test="test_a_bad_request_is_told_what_is_wrong")
def not_too_long(ask: Ask) -> Iterator[Said]:
    """Hold the length against the rule book's limits, which say what a longer one gets."""
    for limit in ask.rules.longest:
        meant = ask.request.category in limit.categories and ask.request.kind in limit.kinds
        if meant and ask.request.window.hours > limit.hours:
            yield Said(
                says=f"{ask.request.window.hours:g} h is longer than {limit.hours:g} h ({limit.source})",
                field="window.end",
                fix="shorten it, or be ready to say why it takes so long",
                level=limit.level,
            )


RULES: tuple[Rule, ...] = (
    ahead,
    broken_already,
    within_horizon,
    inside_limits,
    clear_of_own_blackouts,
    on_the_grain,
    not_too_long,
)
