"""The journal: one chain of lines per organisation, each bound to the line before it by its hash.

A line's hash is the SHA-256 of everything in the line and of the hash before it, so that a line can
neither be changed, nor taken out, nor put elsewhere without every later hash of its chain changing.
An anchor binds the heads of all chains together at one instant; a copy of the anchors kept outside
the database shows a tail that was cut off or rewritten (`verify`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.values import Actor, Refused, Role, canonical, instant_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

GENESIS = "0" * 64
"""What the first line of a chain names as its predecessor."""
EVENT, DECISION, ENTRY = "event", "decision", "entry"
REGISTER = "register:"
"""Before the name of a register, where other lines name an outage: no outage has such an id."""
PERSON, CREDENTIAL = "person:", "credential:"
"""Likewise before the name of a person, and of a session or token; these lines have revisions as outages' have."""
IDENTITY = "identity:"
"""Likewise before the id of an identity: a certificate tied to another person unseen would act as that person."""
SUBSCRIPTION = "subscription:"
"""Likewise before the id of a subscription: a target changed unseen would send what is told elsewhere."""
CHANGE_SET = "change_set:"
"""Likewise before the id of a change set: a rating changed unseen would approve what it should not."""

PASSKEY = "passkey:"
"""Likewise before the id of a passkey: a key of one's own put beside a person's name would act as that person."""
ORIGIN = "origin"
"""In the body of a line, the hash of the row that says from where it was asked for; absent where none does."""
VIEW = "view:"
"""Likewise before the id of a saved view: words changed unseen would hide from somebody what waits."""
FILE_REVISION = "file_revision"
"""In an event of an outage, which revision of which file it tells of, as `ID@N`; `print` is that row's fingerprint."""


class NotALine(Refused):
    """A text that cannot stand in the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the journal; every field but `hash` goes into the hash.

    `sequence` counts from 1 in its organisation's chain. `outage_revision` is the revision of the
    outage that this line tells of, None where the line changes no outage. `body` is canonical JSON.
    """

    organisation: str
    sequence: int
    previous: str
    classification: str
    revision: int
    outage_id: str
    outage_revision: int | None
    body: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last line of one chain: how many lines there are and the hash of the last."""

    organisation: str
    count: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """All heads at one instant, bound to the anchor before."""

    sequence: int
    at: str
    heads: tuple[Head, ...]
    previous: str
    hash: str


def link(
    head: Head, *, classification: str, outage_id: str, outage_revision: int | None, body: Mapping[str, object]
) -> Line:
    """Give the line that follows a head.

    Raises:
        NotALine: an organisation or id with a line break in it, which would make two lines look alike.
    """
    for name, text in (
        ("organisation", head.organisation),
        ("outage_id", outage_id),
        ("classification", classification),
    ):
        if "\n" in text:
            raise NotALine(f"{name} has a line break in it", field=name, fix="give it without")
    line = Line(
        organisation=head.organisation,
        sequence=head.count + 1,
        previous=head.hash,
        classification=classification,
        revision=1,
        outage_id=outage_id,
        outage_revision=outage_revision,
        body=canonical(body).decode(),
        hash="",
    )
    return replace(line, hash=hash_of(line))


def hash_of(line: Line) -> str:
    """Give the hash that a line must have."""
    revision = "" if line.outage_revision is None else str(line.outage_revision)
    head = (line.previous, line.organisation, str(line.sequence), line.classification, str(line.revision))
    return _sha("\n".join((*head, line.outage_id, revision, line.body)))


def after(line: Line) -> Head:
    """Give the head of the chain that ends with this line."""
    return Head(organisation=line.organisation, count=line.sequence, hash=line.hash)


def anchor(heads: Iterable[Head], *, last: Anchor | None, at: datetime) -> Anchor:
    """Bind all heads at an instant to the anchor before."""
    ordered = tuple(sorted(heads, key=lambda h: h.organisation))
    found = Anchor(
        sequence=last.sequence + 1 if last else 1,
        at=instant_text(at),
        heads=ordered,
        previous=last.hash if last else GENESIS,
        hash="",
    )
    return replace(found, hash=anchor_hash(found))


def anchor_hash(value: Anchor) -> str:
    """Give the hash that an anchor must have."""
    return _sha("\n".join((value.previous, str(value.sequence), value.at, heads_text(value.heads))))


def heads_text(heads: Iterable[Head]) -> str:
    """Write heads as canonical JSON: a list of organisation, count, hash."""
    return canonical([[h.organisation, h.count, h.hash] for h in heads]).decode()


def heads_of(text: str) -> tuple[Head, ...]:
    """Read what `heads_text` wrote."""
    return tuple(Head(organisation=str(o), count=int(n), hash=str(h)) for o, n, h in json.loads(text))


def anchor_text(value: Anchor, *, signature: str | None = None) -> str:
    """Write an anchor as one line of canonical JSON, for a file outside the database."""
    return canonical(
        {
            **({} if signature is None else {"signature": signature}),
            "sequence": value.sequence,
            "at": value.at,
            "heads": json.loads(heads_text(value.heads)),
            "previous": value.previous,
            "hash": value.hash,
        }
    ).decode()


def anchor_of(text: str) -> Anchor:
    """Read what `anchor_text` wrote.

    Raises:
        NotALine: the text is no anchor.
    """
    try:
        found = json.loads(text)
        return Anchor(
            sequence=int(found["sequence"]),
            at=str(found["at"]),
            heads=heads_of(json.dumps(found["heads"])),
            previous=str(found["previous"]),
            hash=str(found["hash"]),
        )
    except (ValueError, KeyError, TypeError) as why:
        raise NotALine("this is not an anchor", field="anchors", fix="give a file that MOMS wrote") from why


def actor_body(actor: Actor) -> dict[str, object]:
    """Write who acted, for a body."""
    return {"name": actor.name, "organisation": actor.organisation, "role": actor.role.value}


def actor_of(body: Mapping[str, object]) -> Actor:
    """Read what `actor_body` wrote."""
    return Actor(name=str(body["name"]), organisation=str(body["organisation"]), role=Role(str(body["role"])))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
