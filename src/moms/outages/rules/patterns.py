"""Ways round the rules: flagged for a person, never decided upon (domain 1.4, 1.9)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from moms.outages.outage import State, Status
from moms.outages.rules.rule import Ask, Rule, Said, rule
from moms.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.values import Window

REFUSED = frozenset({Status.DENIED, Status.REVOKED})
DROPPED = frozenset({State.WITHDRAWN, State.CANCELLED})


@rule(
    id="PATTERN-1",
    level=Level.FLAG,
    source="domain 1.4 (CAISO BPM PRR 1122 [S])",
    test="test_a_denied_outage_that_comes_back_as_forced_is_flagged",
)
def denied_then_forced(ask: Ask) -> Iterator[Said]:
    """Flag a forced or emergency report on equipment whose planned outage was just refused or dropped."""
    if not ask.request.urgent_report:
        return
    near = timedelta(days=ask.rules.resubmit_days)
    start = ask.request.window.start
    for other in ask.rivals:
        planned = not other.request.urgent_report
        close = other.window.start - near <= start <= other.window.end + near
        if planned and close and (other.status in REFUSED or other.state in DROPPED):
            became = other.status if other.status in REFUSED else other.state
            yield Said(
                says=f"{ask.called(other)} on the same equipment was {became}, for dates close to these",
                field="kind",
                fix="the operator may ask for the report of the failure",
            )


@rule(
    id="PATTERN-2",
    level=Level.FLAG,
    source="domain 1.9; rule book (split limits)",
    test="test_one_long_outage_split_into_short_ones_is_flagged",
)
def split(ask: Ask) -> Iterator[Said]:
    """Flag outages of one equipment, end to end, that together pass a limit each alone keeps."""
    if ask.request.urgent_report or not ask.request.exclusive:
        return
    run = _run(ask)
    alone, together = ask.request.window.hours, sum(one.hours for one in run)
    for limit in ask.rules.split_limits_h:
        if len(run) > 1 and max(alone, *(one.hours for one in run)) <= limit < together:
            yield Said(
                says=f"{len(run)} outages of the same equipment in a row: {together:g} h in all, over {limit:g} h",
                field="window",
                fix="ask for one outage of the whole length",
            )


def _run(ask: Ask) -> list[Window]:
    """Give the windows of the chain this request lies in, each near the next."""
    gap = timedelta(hours=ask.rules.split_gap_h)
    live = (one for one in ask.rivals if (one.holds or one.pending) and one.request.exclusive)
    same = (one.window for one in live if one.request.organisation == ask.request.organisation)
    windows = sorted({*same, ask.request.window})
    chains = [[windows[0]]]
    for before, after in pairwise(windows):
        if after.start - before.end > gap:
            chains.append([])
        chains[-1].append(after)
    return next(chain for chain in chains if ask.request.window in chain)


@rule(
    id="PATTERN-3",
    level=Level.FLAG,
    source="domain 0.9, 1.1 (forced within 60 min [S])",
    test="test_a_late_forced_report_is_flagged",
)
def reported_in_time(ask: Ask) -> Iterator[Said]:
    """Flag a forced report that came later than the rule book wants."""
    if not ask.request.urgent_report:
        return
    known = ask.request.discovered_at or ask.request.window.start
    late_min = (ask.now - known) / timedelta(minutes=1)
    if late_min > ask.rules.report_within_min:
        yield Said(
            says=f"reported {late_min:.0f} min after it was found, more than {ask.rules.report_within_min:g}",
            field="discovered_at",
            fix="report at once; what is not known yet can follow",
        )


@rule(
    id="PATTERN-4",
    level=Level.BLOCK,
    source="domain 2 (discovery time)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def found_before_told(ask: Ask) -> Iterator[Said]:
    """Refuse a discovery that lies ahead."""
    if ask.request.discovered_at is not None and ask.request.discovered_at > ask.now:
        yield Said(says="it is found in the future", field="discovered_at", fix="give the time it was found")


RULES: tuple[Rule, ...] = (denied_then_forced, split, reported_in_time, found_before_told)
