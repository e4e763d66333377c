"""The ledgers in the journal: each entry is a line of the operator's chain, and is read back whole or not at all."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from moms.ledger import Entry, Event, Kind, Ledger, Posting, restored
from moms.values import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def register_of(kind: Kind) -> str:
    """Name the register in which a ledger's entries stand.

    >>> register_of(Kind.GENERATION)
    'ledger:generation'
    """
    return f"ledger:{kind}"


def written(entry: Entry) -> dict[str, object]:
    """Write an entry as JSON's kinds."""
    found = plain(entry)
    if not isinstance(found, dict):
        msg = "an entry is a mapping"
        raise TypeError(msg)
    return found


def read_ledger(rows: Sequence[Mapping[str, Any]], *, kind: Kind, rules: str) -> Ledger:
    """Read a ledger back from its register; the next entry is made under `rules`.

    Raises:
        Tampered: an entry is not what was written.
    """
    return restored(tuple(_entry(row) for row in rows), kind=kind, rules=rules)


def _entry(row: Mapping[str, Any]) -> Entry:
    event = row["event"]
    postings = tuple(Posting(**one) for one in event["postings"])
    return Entry(
        number=row["number"],
        at=datetime.fromisoformat(row["at"]),
        event=Event(**{**event, "postings": postings}),
        rules=row["rules"],
        previous=row["previous"],
        hash=row["hash"],
    )
