"""An outage as a row, and a line of the journal as a row."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import Range

from moms.desk.ports import Event
from moms.outages import OVER, STANDING, Category, Kind
from moms.outages.document import to_document
from moms.records.journal import (
    CREDENTIAL,
    DECISION,
    EVENT,
    IDENTITY,
    PASSKEY,
    PERSON,
    SUBSCRIPTION,
    VIEW,
    Line,
    actor_body,
    actor_of,
)
from moms.values import canonical, digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.desk.origin import Origin
    from moms.outages import Outage
    from moms.values import Window

NOT_A_CLAIM = frozenset({Kind.FORCED, Kind.EMERGENCY})
"""What has happened is recorded even where it overlaps; only what is asked for claims its equipment."""


def blocks(outage: Outage) -> bool:
    """Tell whether no other such outage may have its equipment in an overlapping window.

    Standing and exclusive. Forced and emergency reports are never refused (semantics 2.5).
    """
    return (
        outage.request.exclusive
        and outage.request.kind not in NOT_A_CLAIM
        and outage.status in STANDING
        and outage.state not in OVER
    )


def classification(outage: Outage) -> str:
    """Give who may see it: planned generator outages are confidential between owners (semantics 9)."""
    return "confidential" if outage.request.category == Category.GENERATION else "restricted"


def outage_row(outage: Outage) -> dict[str, object]:
    """Write an outage as a row of the table `outage`."""
    request = outage.request
    words = (outage.id, request.external_id, request.description, request.location, request.project, request.group)
    return {
        "id": outage.id,
        "organisation": request.organisation,
        "classification": classification(outage),
        "revision": outage.revision,
        "external_id": request.external_id,
        "category": request.category.value,
        "kind": request.kind.value,
        "state": outage.state.value,
        "status": outage.status.value,
        "during": span(outage.window),
        "assets": list(request.assets),
        "holds": outage.holds,
        "pending": outage.pending,
        "blocks": blocks(outage),
        "words": "\n".join(word for word in words if word),
        "document": canonical(to_document(outage)).decode(),
        "in_group": request.group,
    }


def span(window: Window) -> Range[datetime]:
    """Write a window as a range of PostgreSQL."""
    return Range(window.start, window.end, bounds="[)")


def matters(outage: Outage) -> tuple[object, ...]:
    """Give what of an outage the book's version counts: what is out or pending, where, when, where in the queue."""
    request = outage.request
    if not (outage.holds or outage.pending):
        return ()
    return (
        *(
            outage.holds,
            outage.pending,
            outage.window,
            outage.stamp,
            outage.actual_start,
            outage.actual_end,
            outage.added,
        ),
        *(request.assets, request.kind, request.derate_to_mw, request.switch, request.recurrence, request.group),
    )


def event_body(event: Event, *, revision: int | None, document: str | None) -> dict[str, object]:
    """Write an event as the body of a journal line, with the fingerprint of the outage it left behind."""
    return {
        "line": EVENT,
        "at": event.at,
        "actor": actor_body(event.actor),
        "asked_by": None if event.asked_by is None else actor_body(event.asked_by),
        "verb": event.verb,
        "outage_id": event.outage_id,
        "reason": event.reason,
        "rule_book": event.rule_book,
        "before": event.before,
        "after": event.after,
        "outage_revision": revision,
        "document": document,
    }


def decision_body(*, decision_id: str, outage_id: str, record: str) -> dict[str, object]:
    """Write the keeping of a decision record as the body of a journal line."""
    return {
        "line": DECISION,
        "decision_id": decision_id,
        "outage_id": outage_id,
        "document": record,
    }


def name_of(row: Mapping[str, Any]) -> str:
    """Give the name by which the journal tells of a person, identity, key, session, token, subscription or view.

    A secret's hash is cut to 128 bits: enough to tell two apart, and no whole key of the table.
    """
    if "channel" in row:
        return f"{SUBSCRIPTION}{row['id']}"
    if "filters" in row:
        return f"{VIEW}{row['id']}"
    if "public_key" in row:
        return f"{PASSKEY}{row['id']}"
    if "issuer" in row:
        return f"{IDENTITY}{row['id']}"
    return f"{CREDENTIAL}{row['hash'][:32]}" if "hash" in row else f"{PERSON}{row['name']}"


def print_of(row: Mapping[str, Any]) -> str:
    """Give the fingerprint of such a row, or of a file's: all of it but when it was last used and how often.

    A file's content is in it by its hash alone.
    """
    return digest({column: value for column, value in row.items() if column not in {"seen_at", "counter", "body"}})


def origin_row(origin: Origin | None, *, organisation: str, sequence: int) -> dict[str, Any] | None:
    """Write from where a line was asked, with a salt: nobody may try addresses against the hash in the line."""
    if origin is None:
        return None
    return {
        "organisation": organisation, "seq": sequence, "classification": "confidential", "revision": 1,
        "door": origin.door.value, "address": origin.address[:200], "credential": origin.credential,
        "salt": secrets.token_hex(16),
    }  # fmt: skip


def event_of(body: str) -> Event | None:
    """Read what `event_body` wrote; None for a line that is no event."""
    found = json.loads(body)
    if found["line"] != EVENT:
        return None
    return Event(
        at=datetime.fromisoformat(found["at"]),
        actor=actor_of(found["actor"]),
        verb=found["verb"],
        outage_id=found["outage_id"],
        reason=found["reason"],
        rule_book=found["rule_book"],
        before=found["before"],
        after=found["after"],
        asked_by=actor_of(found["asked_by"]) if found.get("asked_by") else None,
    )


def line_row(line: Line) -> dict[str, object]:
    """Write a line as a row of the table `journal`."""
    return {
        "organisation": line.organisation,
        "seq": line.sequence,
        "classification": line.classification,
        "revision": line.revision,
        "previous": line.previous,
        "hash": line.hash,
        "outage_id": line.outage_id,
        "outage_revision": line.outage_revision,
        "body": line.body,
    }


def line_of(row: Mapping[str, object]) -> Line:
    """Read what `line_row` wrote."""
    fields = dict(row)
    fields["sequence"] = fields.pop("seq")
    return Line(**fields)  # type: ignore[arg-type]  # the columns of the table are the fields of a Line
