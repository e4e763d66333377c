"""Run all entry rules over one request, and give all they find at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from moms.outages.rules import ALL, ask_of
from moms.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from moms.grid import Grid
    from moms.outages.outage import Outage
    from moms.outages.policy import EntryRules
    from moms.outages.request import Request
    from moms.values import Actor, Finding


def check(
    request: Request,
    *,
    grid: Grid,
    book: Iterable[Outage],
    rule_book: EntryRules,
    now: datetime,
    actor: Actor,
    outage_id: str | None = None,
) -> tuple[Finding, ...]:
    """Give all findings of all entry rules, in the order of the rules.

    `book` holds the outages that matter, those within `rules.reach` at least; others change nothing.
    `outage_id` is the outage itself where a change is checked. Forced and emergency reports are
    acknowledged whatever is missing (semantics 2.5): what would block them refers instead.
    """
    ask = ask_of(request, grid=grid, book=book, rules=rule_book, now=now, actor=actor, outage_id=outage_id)
    found = tuple(finding for one in ALL for finding in one.findings(ask))
    if not request.urgent_report:
        return found
    return tuple(replace(one, level=Level.REFER) if one.level == Level.BLOCK else one for one in found)
