"""What else stands against a request that cannot be read whole, so that whoever mends it is told everything at once.

The entry rules are asked of what can be read of it. Said is only what they would say of it mended as well, whatever it
is mended to: a rule that rests on what cannot be read stays silent until it can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk.answer import outage_id
from moms.desk.submit import entry_findings
from moms.outages import Category
from moms.outages.check import check
from moms.outages.document import request_from
from moms.outages.lifecycle import begin
from moms.values import ElementKind, Level

if TYPE_CHECKING:
    from datetime import datetime

    from moms.desk.ports import Book
    from moms.desk.world import World
    from moms.outages import Request
    from moms.values import Actor, Finding

WITHOUT_DATES = frozenset({"ASSET", "COMPLETE"})
"""Families of rules that ask nothing of dates, and nothing of what else is in the book."""
WITHOUT_EQUIPMENT = frozenset({"COMPLETE", "RECUR", "RETURN", "WINDOW"})
RESTED_ON = frozenset({"category", "kind", "organisation", "zone"})
"""Where one of these cannot be read, next to nothing can be said of the rest."""
DATES = frozenset({"recurrence", "window"})


def also_against(
    document: object, faults: tuple[Finding, ...], *, book: Book, world: World, actor: Actor, now: datetime
) -> tuple[Finding, ...]:
    """Give what the entry rules block of a new request in which those faults were found while it was read."""
    unread = {re.split(r"[.\[]", f.field, maxsplit=1)[0] for f in faults if f.field}
    if not isinstance(document, Mapping) or unread & RESTED_ON:
        return ()
    request = _as_far_as_read(document, unread, now=now)
    if request is None:
        return ()
    found = (f for f in _found(request, unread, book=book, world=world, actor=actor, now=now) if f.level == Level.BLOCK)
    return tuple(f for f in found if f.field is None or re.split(r"[.\[]", f.field, maxsplit=1)[0] not in unread)


def _as_far_as_read(document: Mapping[str, object], unread: set[str], *, now: datetime) -> Request | None:
    """Give the request with something in the place of what cannot be read."""
    unit = document.get("category") == Category.GENERATION
    start = now + timedelta(days=1)
    stand_in: dict[str, object] = {
        "external_id": "unread", "nature": "OV" if unit else "LM",
        "assets": [f"{ElementKind.GEN if unit else ElementKind.BRANCH}:1"],
        "window": {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()},
    }  # fmt: skip
    given = {name: value for name, value in document.items() if name not in unread}
    found = request_from(given | {name: stand_in[name] for name in unread & stand_in.keys()}, now=now)
    if isinstance(found, list):
        return None
    return replace(found, assets=()) if "assets" in unread else found


def _found(
    request: Request, unread: set[str], *, book: Book, world: World, actor: Actor, now: datetime
) -> tuple[Finding, ...]:
    if not unread & {"assets", *DATES}:
        begun = begin(request, outage_id=outage_id(request.organisation, request.external_id), actor=actor, now=now)
        with book.as_(actor) as page:
            return entry_findings(page, world=world, now=now, outage=begun, actor=actor)
    said = check(request, grid=world.grid, book=(), rule_book=world.rules.entry, now=now, actor=actor)
    kept = [WITHOUT_DATES] * bool(unread & DATES) + [WITHOUT_EQUIPMENT] * ("assets" in unread)
    return tuple(f for f in said if all(f.rule.split("-")[0] in families for families in kept))


__all__ = ["also_against"]
