"""Under which decision an outage stands: the last that granted it, whatever has been refused since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.outages.lifecycle import Verb

if TYPE_CHECKING:
    from moms.desk.ports import Page
    from moms.outages import Outage

_BY_PERSON = (Verb.APPROVE, Verb.APPROVE_WITH_CONDITIONS, Verb.ACCEPT_EXEMPT, Verb.ACCEPT_NOT_EXEMPT)
GRANTING = frozenset({"decide:approve", "decide:accept", "decline", *(f"settle:{verb}" for verb in _BY_PERSON)})
"""Lines of the journal by which an outage came to stand."""


def granting(page: Page, outage: Outage) -> str | None:
    """Give the id of the decision under which an outage stands; a later one may have refused its change."""
    for line in reversed(page.history(outage.id)):
        found = line.after.get("decision_id")
        if line.verb in GRANTING and found is not None:
            return str(found)
    return outage.decision_id


def conditions(page: Page, outage: Outage) -> list[dict[str, object]]:
    """Give the conditions under which an outage stands, as its record has them."""
    key = granting(page, outage)
    found = page.decision(key).get("conditions") if key else None
    return found if isinstance(found, list) else []
