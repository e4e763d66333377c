"""What is in each column and who may do what with it: the list that CI compares with the database.

A table or column that is not listed here turns CI red, and so does a right that a role has and that
is not listed. The list is written by hand, not made from the migrations.
"""

from __future__ import annotations

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
}

SEALED = frozenset({"person", "credential", "kept_answer"})
"""Tables that only the system and the operator's administrator see, and the reader role not at all."""

OUTSIDE = {"migration": "one technical row, the step the database is at; written by the owner only"}
"""Tables that need not be like the others, each with the reason."""

INSERTS = frozenset({"outage", "decision", "journal", "journal_anchor", *SEALED})
"""Where the app role may add rows. It may delete nowhere."""

UPDATES: dict[str, frozenset[str]] = {
    "book": frozenset({"revision"}),
    "outage": frozenset(COLUMNS["outage"]) - {"id", "organisation", "external_id"},
    "person": frozenset({"revision", "password", "disabled"}),
    "credential": frozenset({"revision", "seen_at", "ended"}),
    "kept_answer": frozenset({"revision", "leased_until", "answer", "marks"}),
}
"""Which columns the app role may change. The reader role may read, and nothing else."""
