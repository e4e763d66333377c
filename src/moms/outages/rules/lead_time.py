"""Did it come early enough? Never asked of forced and emergency reports (semantics 2.5)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from moms.outages.policy import LeadClass
from moms.outages.request import Category, Kind
from moms.outages.rules.rule import Ask, Rule, Said, rule
from moms.values import Level, shown

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    id="LEAD-1",
    level=Level.REFER,
    source="rule book (notices); domain 1.1, 1.3",
    test="test_a_late_request_is_referred_not_refused",
)
def in_time(ask: Ask) -> Iterator[Said]:
    """Hold the notice against the rule book's, which says what a late request gets."""
    notice = ask.rules.notice_for(ask.request)
    if notice is None or ask.request.urgent_report:
        return
    due = ask.request.window.start - timedelta(days=notice.days)
    if ask.now > due:
        lead = ask.rules.lead.class_of(start=ask.request.window.start, now=ask.now)
        yield Said(
            says=f"due {shown(due)}, came {shown(ask.now)}: lead-time class {lead}",
            field="window.start",
            fix=f"start at least {notice.days:g} days from now, or say why it cannot wait",
            level=notice.level,
        )


@rule(
    id="LEAD-2",
    level=Level.FLAG,
    source="domain 1.3 (priorities)",
    test="test_an_urgent_request_that_could_wait_is_flagged",
)
def really_urgent(ask: Ask) -> Iterator[Said]:
    """Flag an urgent request that comes with the notice of a planned one."""
    lead = ask.rules.lead.class_of(start=ask.request.window.start, now=ask.now)
    if ask.request.kind == Kind.URGENT and lead in {LeadClass.LONG, LeadClass.STANDARD}:
        yield Said(says=f"urgent, yet of lead-time class {lead}", field="kind", fix="ask for it as planned")


@rule(
    id="LEAD-3",
    level=Level.FLAG,
    source="domain 1.1, 1.3 (120 days [S])",
    test="test_a_unit_asked_late_is_told_about_its_exemption",
)
def exempt_by_time(ask: Ask) -> Iterator[Said]:
    """Tell a generator that its notice is too short for the time exemption."""
    request = ask.request
    ahead = (request.window.start - ask.now) / timedelta(days=1)
    takes = request.category == Category.GENERATION and request.takes_out and not request.urgent_report
    if takes and ahead < ask.rules.exempt_days:
        yield Said(
            says=f"{ahead:.0f} days of notice, fewer than the {ask.rules.exempt_days:g} that exempt it by time",
            field="window.start",
            fix=f"start {shown(ask.now + timedelta(days=ask.rules.exempt_days))} or later for the exemption",
        )


RULES: tuple[Rule, ...] = (in_time, really_urgent, exempt_by_time)
