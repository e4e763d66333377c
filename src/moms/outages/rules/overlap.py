"""Is the equipment already asked for? (MISO: not permitted except hotline and informational, domain 1.3 [S])."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.outages.hours import common
from moms.outages.rules.rule import Ask, Rule, Said, rule, spans_of
from moms.values import Level, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.outages.hours import Spans
    from moms.outages.outage import Outage


@rule(
    id="OVERLAP-1",
    level=Level.BLOCK,
    source="domain 1.3 [S]; architecture decision 3",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def free_of_standing(ask: Ask) -> Iterator[Said]:
    """Require that no other outage stands on the same equipment in the same hours."""
    yield from _clashes(ask, standing=True)


@rule(id="OVERLAP-2", level=Level.BLOCK, source="domain 1.3 [S]", test="test_a_bad_request_is_told_what_is_wrong")
def free_of_pending(ask: Ask) -> Iterator[Said]:
    """Require that no other request waits for the same equipment in the same hours."""
    yield from _clashes(ask, standing=False)


def _clashes(ask: Ask, *, standing: bool) -> Iterator[Said]:
    if not ask.request.exclusive:
        return
    for other in ask.rivals:
        counts = other.holds if standing else other.pending
        if counts and other.request.exclusive:
            shared = common(ask.hours, book_hours(other))
            if shared:
                what = "has" if standing else "asks for"
                yield Said(
                    says=f"{ask.called(other)} {what} the same equipment from {shown(shared[0].start)}",
                    field="window",
                    fix=f"choose hours after {shown(shared[-1].end)}, or change the other one",
                )


def book_hours(outage: Outage) -> Spans:
    """Give the hours an outage of the book takes: the window that stands, daily hours where its work comes back."""
    back = outage.request.recurrence
    if back is None or outage.window != outage.request.window or outage.actual_start is not None:
        return (outage.window,)
    return spans_of(outage.request) or (outage.window,)


RULES: tuple[Rule, ...] = (free_of_standing, free_of_pending)
