"""What is in each column and who may do what with it: the list that CI compares with the database.

A table or column that is not listed here turns CI red, and so does a right that a role has and that
is not listed. The list is written by hand, not made from the migrations.
"""

from __future__ import annotations

PUBLIC, INTERNAL, RESTRICTED, CONFIDENTIAL = "public", "internal", "restricted", "confidential"
"""Public: any known actor. Internal: how the store works. Restricted: the row's organisation and the
operator. Confidential: as restricted, and never shown between owners (semantics 9)."""

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
}

OUTSIDE = {"migration": "one technical row, the step the database is at; written by the owner only"}
"""Tables that need not be like the others, each with the reason."""

INSERTS = frozenset({"outage", "decision", "journal", "journal_anchor"})
"""Where the app role may add rows. It may delete nowhere."""

UPDATES: dict[str, frozenset[str]] = {
    "book": frozenset({"revision"}),
    "outage": frozenset(COLUMNS["outage"]) - {"id", "organisation", "external_id"},
}
"""Which columns the app role may change. The reader role may read, and nothing else."""
