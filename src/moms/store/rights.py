"""What is in each column and who may do what with it: the list that CI compares with the database.

A table or column that is not listed here turns CI red, and so does a right that a role has and that
is not listed. The list is written by hand, not made from the migrations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from moms.values import LOOKS_ONLY, OPERATOR, SEES_ALL, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.values import Actor

PUBLIC, INTERNAL, RESTRICTED, CONFIDENTIAL = "public", "internal", "restricted", "confidential"
SECRET = "secret"  # noqa: S105 - the name of a class
"""Public: any known actor. Internal: how the store works. Restricted: the row's organisation and the
operator. Confidential: as restricted, and never shown between owners (semantics 9). Secret: nobody's to
read; the program compares with it."""

COLUMNS: dict[str, dict[str, str]] = {
    "book": {"organisation": PUBLIC, "classification": PUBLIC, "revision": PUBLIC},
    "lifecycle_move": {
        "organisation": PUBLIC,
        "classification": PUBLIC,
        "revision": PUBLIC,
        "from_state": PUBLIC,
        "to_state": PUBLIC,
    },
    "outage": {
        "id": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": RESTRICTED,
        "external_id": RESTRICTED,
        "category": RESTRICTED,
        "kind": RESTRICTED,
        "state": RESTRICTED,
        "status": RESTRICTED,
        "during": CONFIDENTIAL,
        "assets": CONFIDENTIAL,
        "holds": RESTRICTED,
        "pending": RESTRICTED,
        "blocks": INTERNAL,
        "words": CONFIDENTIAL,
        "document": CONFIDENTIAL,
        "in_group": CONFIDENTIAL,
    },
    "outage_equipment": {
        "outage_id": RESTRICTED,
        "asset": CONFIDENTIAL,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": RESTRICTED,
        "during": CONFIDENTIAL,
        "blocks": INTERNAL,
    },
    "outage_history": {
        "outage_id": RESTRICTED,
        "revision": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "state": RESTRICTED,
        "status": RESTRICTED,
        "during": CONFIDENTIAL,
        "document": CONFIDENTIAL,
        "actor": RESTRICTED,
        "known_from": RESTRICTED,
    },
    "decision": {
        "id": RESTRICTED,
        "outage_id": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "record": CONFIDENTIAL,
    },
    "journal": {
        "organisation": RESTRICTED,
        "seq": INTERNAL,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "previous": INTERNAL,
        "hash": INTERNAL,
        "outage_id": RESTRICTED,
        "outage_revision": RESTRICTED,
        "body": CONFIDENTIAL,
    },
    "journal_origin": {
        "organisation": CONFIDENTIAL,
        "seq": CONFIDENTIAL,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "door": CONFIDENTIAL,
        "address": CONFIDENTIAL,
        "credential": CONFIDENTIAL,
        "salt": SECRET,
    },
    "journal_head": {
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "hash": INTERNAL,
    },
    "journal_anchor": {
        "seq": INTERNAL,
        "organisation": INTERNAL,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "at": INTERNAL,
        "heads": INTERNAL,
        "previous": INTERNAL,
        "hash": INTERNAL,
    },
    "person": {
        "name": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "role": RESTRICTED,
        "password": SECRET,
        "disabled": RESTRICTED,
        "made_at": RESTRICTED,
    },
    "identity": {
        "id": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "kind": RESTRICTED,
        "issuer": RESTRICTED,
        "subject": RESTRICTED,
        "print": RESTRICTED,
        "person": RESTRICTED,
        "scopes": RESTRICTED,
        "made_at": RESTRICTED,
        "ends_at": RESTRICTED,
        "ended": RESTRICTED,
    },
    "credential": {
        "hash": SECRET,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "kind": RESTRICTED,
        "person": RESTRICTED,
        "label": RESTRICTED,
        "scopes": RESTRICTED,
        "made_at": RESTRICTED,
        "seen_at": RESTRICTED,
        "ends_at": RESTRICTED,
        "ended": RESTRICTED,
    },
    "kept_answer": {
        "principal": RESTRICTED,
        "key": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "asked": INTERNAL,
        "made_at": INTERNAL,
        "leased_until": INTERNAL,
        "answer": CONFIDENTIAL,
        "marks": RESTRICTED,
    },
    "work": {
        "name": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "task": RESTRICTED,
        "subject": RESTRICTED,
        "cause": RESTRICTED,
        "urgency": INTERNAL,
        "due_at": RESTRICTED,
        "made_at": INTERNAL,
        "free_from": INTERNAL,
        "became": RESTRICTED,
        "tries": INTERNAL,
        "holder": INTERNAL,
        "says": CONFIDENTIAL,
        "ended_at": INTERNAL,
        "took_s": INTERNAL,
    },
    "work_share": {
        "organisation": INTERNAL,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "start_s": INTERNAL,
        "finish_s": INTERNAL,
    },
    "calendar_day": {
        "day": INTERNAL,
        "part": INTERNAL,
        "organisation": INTERNAL,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "mark": INTERNAL,
        "parts": INTERNAL,
        "body": RESTRICTED,
        "book_version": INTERNAL,
        "computed_at": INTERNAL,
    },
    "change_set": {
        "id": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": RESTRICTED,
        "became": RESTRICTED,
        "landing": RESTRICTED,
        "document": CONFIDENTIAL,
    },
    "subscription": {
        "id": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "person": RESTRICTED,
        "role": RESTRICTED,
        "channel": RESTRICTED,
        "target": RESTRICTED,
        "secret": SECRET,
        "owners": RESTRICTED,
        "assets": RESTRICTED,
        "verbs": RESTRICTED,
        "severity": RESTRICTED,
        "daily": RESTRICTED,
        "sees_all": INTERNAL,
        "made_at": RESTRICTED,
        "ended": RESTRICTED,
        "areas": RESTRICTED,
    },
    "notice": {
        "id": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "subscription": RESTRICTED,
        "person": RESTRICTED,
        "role": RESTRICTED,
        "channel": RESTRICTED,
        "target": RESTRICTED,
        "severity": RESTRICTED,
        "chain": INTERNAL,
        "seq": INTERNAL,
        "outage_id": RESTRICTED,
        "body": CONFIDENTIAL,
        "made_at": RESTRICTED,
        "state": RESTRICTED,
        "done_at": RESTRICTED,
        "done_by": RESTRICTED,
        "due_at": INTERNAL,
        "leased_until": INTERNAL,
        "tries": RESTRICTED,
        "answer": RESTRICTED,
        "ends_at": RESTRICTED,
        "matter": INTERNAL,
    },
    "attachment": {
        "id": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "outage_id": RESTRICTED,
        "name": CONFIDENTIAL,
        "kind": RESTRICTED,
        "size": RESTRICTED,
        "sha256": RESTRICTED,
        "added_by": RESTRICTED,
        "added_role": RESTRICTED,
        "added_at": RESTRICTED,
        "state": RESTRICTED,
        "says": RESTRICTED,
        "looked_at": RESTRICTED,
        "body": CONFIDENTIAL,
    },
    "saved_view": {
        "id": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": RESTRICTED,
        "person": RESTRICTED,
        "name": CONFIDENTIAL,
        "shared": RESTRICTED,
        "filters": CONFIDENTIAL,
        "sort": RESTRICTED,
        "columns": RESTRICTED,
        "made_at": RESTRICTED,
        "ended": RESTRICTED,
    },
    "passkey": {
        "id": RESTRICTED,
        "organisation": RESTRICTED,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "person": RESTRICTED,
        "label": RESTRICTED,
        "public_key": RESTRICTED,
        "counter": INTERNAL,
        "made_at": RESTRICTED,
        "seen_at": RESTRICTED,
        "ended": RESTRICTED,
    },
    "challenge_key": {
        "organisation": INTERNAL,
        "classification": INTERNAL,
        "revision": INTERNAL,
        "value": SECRET,
    },
}

SEALED = frozenset({
    "person", "identity", "credential", "kept_answer", "work", "work_share", "calendar_day", "subscription", "notice",
    "passkey", "challenge_key", "saved_view",
})  # fmt: skip
"""Tables that only the system and the operator's administrator see, and the reader role not at all."""

OUTSIDE = {"migration": "one technical row, the step the database is at; written by the owner only"}
"""Tables that need not be like the others, each with the reason."""

INSERTS = frozenset(
    {"outage", "decision", "journal", "journal_anchor", "journal_origin", "attachment", "change_set", *SEALED}
) - {"challenge_key"}
"""Where the app role may add rows. It may delete nowhere."""

UPDATES: dict[str, frozenset[str]] = {
    "book": frozenset({"revision"}),
    "outage": frozenset(COLUMNS["outage"]) - {"id", "organisation", "external_id"},
    "change_set": frozenset({"revision", "became", "landing", "document"}),
    "person": frozenset({"revision", "password", "disabled"}),
    "identity": frozenset({"revision", "ended"}),
    "credential": frozenset({"revision", "seen_at", "ended"}),
    "kept_answer": frozenset({"revision", "leased_until", "answer", "marks"}),
    "work": frozenset({"revision", "free_from", "became", "tries", "holder", "says", "ended_at", "took_s"}),
    "work_share": frozenset({"revision", "start_s", "finish_s"}),
    "calendar_day": frozenset({"revision", "mark", "parts", "body", "book_version", "computed_at"}),
    "subscription": frozenset({"revision", "ended"}),
    "saved_view": frozenset({"revision", "name", "shared", "filters", "sort", "columns", "ended"}),
    "attachment": frozenset({"revision", "state", "says", "looked_at", "body"}),
    "passkey": frozenset({"revision", "counter", "seen_at", "ended"}),
    "notice": frozenset({"revision", "state", "done_at", "done_by", "due_at", "leased_until", "tries", "answer"}),
}
"""Which columns the app role may change. The reader role may read, and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who may do what with which column of whose row, as data. The database says the same by grants and policies."""

    columns: Mapping[str, frozenset[str]]
    inserts: frozenset[str] = INSERTS
    updates: Mapping[str, frozenset[str]] = field(default_factory=lambda: UPDATES)
    sealed: frozenset[str] = SEALED
    keepers: frozenset[Role] = frozenset({Role.SYSTEM, Role.ADMINISTRATOR})
    """Who sees and writes what is sealed, at the operator."""
    anchored: frozenset[str] = frozenset({"journal_anchor"})
    """What is of all organisations together: for who sees all, and written by MOMS alone."""
    judged: frozenset[str] = frozenset({"attachment"})
    """What MOMS alone changes, whoever has added it: what was found in a file."""
    judges: frozenset[Role] = frozenset({Role.SYSTEM})
    traces: frozenset[str] = frozenset({"journal_origin"})
    """What tells of who asked more than who it was: for auditors, though others write it."""
    auditors: frozenset[Role] = frozenset({Role.SYSTEM, Role.ADMINISTRATOR, Role.AUDITOR})
    sees_all: frozenset[Role] = SEES_ALL
    looks_only: frozenset[Role] = LOOKS_ONLY
    everybodys: frozenset[str] = frozenset({"book"})
    """What every change turns, whoever makes it."""


POLICY = Policy(columns={table: frozenset(columns) for table, columns in COLUMNS.items()})
Do = Literal["read", "add", "change", "remove"]


def may(
    actor: Actor,
    do: Do,
    table: str,
    column: str,
    *,
    organisation: str,
    classification: str = RESTRICTED,
    policy: Policy = POLICY,
) -> bool:
    """Tell whether an actor may do this with a column of a row of that organisation and classification.

    What is not listed nobody may.
    """
    granted = {
        "read": column in policy.columns.get(table, ()),
        "add": table in policy.inserts and column in policy.columns[table],
        "change": column in policy.updates.get(table, ()),
        "remove": False,
    }
    if not granted[do]:
        return False
    ours = actor.organisation == OPERATOR
    if table in policy.sealed:
        return ours and actor.role in policy.keepers
    if table in policy.traces and do == "read":
        return ours and actor.role in policy.auditors
    everything = ours and actor.role in policy.sees_all
    if table in policy.anchored:
        return everything if do == "read" else everything and actor.role == Role.SYSTEM
    if table in policy.judged and do == "change":
        return ours and actor.role in policy.judges
    own = actor.organisation == organisation and actor.role != Role.PUBLIC
    if do == "read":
        return everything or own or classification == PUBLIC
    return actor.role not in policy.looks_only and (everything or own or table in policy.everybodys)
