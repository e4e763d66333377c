"""Notices: what is told to whom. A happening meets the subscriptions, and each that it meets gives one notice.

The id of a notice is made of the line of the journal it tells of and of the subscription, and of nothing else:
whoever gets it twice can see that it is the same one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from moms.outages import Kind
from moms.outages.lifecycle import Verb
from moms.records.field import LATE_WORD, LOOK_WORD
from moms.values import OPERATOR, Role, instant_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from moms.outages import Outage
    from moms.values import Actor


class Severity(StrEnum):
    """How much a notice asks of whoever gets it."""

    INFO = "info"
    ACTION = "action"
    """Somebody has to answer."""
    URGENT = "urgent"
    """Somebody has to act now."""


class Channel(StrEnum):
    """By which way a notice goes."""

    INBOX = "inbox"
    MAIL = "mail"
    WEBHOOK = "webhook"


class State(StrEnum):
    """Where a notice stands."""

    OPEN = "open"
    """In the inbox: nobody has acknowledged it. Elsewhere: still to be sent."""
    ACKNOWLEDGED = "acknowledged"
    SENT = "sent"
    DEAD = "dead"
    """Tried as often as it may be; a person can send it again."""
    STOPPED = "stopped"
    """Acknowledged elsewhere before it was sent."""


AN_ID = re.compile(r"OTG-[A-Z2-7]{8}")
"""The id of an outage, wherever it stands in a text."""
SEALED = "another outage"
"""What is said instead to who may not know which."""
OUTCOMES = frozenset({"counter", "accept"})
"""Outcomes of a decision that have no step of their own name; those that have one are named like it."""
RANK = {Severity.INFO: 0, Severity.ACTION: 1, Severity.URGENT: 2}
OFFERS = frozenset({"offer_made", "offer_countered", "offer_agreed", "offer_declined", "offer_withdrawn",
                    "offer_lapsed", "offer_done", "offer_fell_through"})  # fmt: skip
"""What is told of offers to move an outage, to the owner of each outage in them."""
SILENT = frozenset({Verb.VALIDATE, Verb.STUDY})
"""Steps of the machinery, which nobody is told."""
ACTION = frozenset(
    {
        "counter",
        "offer_made",
        "offer_countered",
        Verb.RETURN,
        Verb.REFER,
        Verb.NEGOTIATE,
        Verb.RENEGOTIATE,
        Verb.DENY,
        Verb.REFUSE_CHANGE,
        Verb.DELAY,
        Verb.EXPIRE,
        LATE_WORD,
        LOOK_WORD,
    }
)
URGENT = frozenset({Verb.RECALL, Verb.REVOKE, Verb.PUT_AT_RISK, Verb.EXTEND_FORCED})
FIELD = frozenset({LATE_WORD, LOOK_WORD})
"""Told of entries from the field: a crew will be late, or what it reports does not fit."""
WORDS = frozenset({*Verb, *OUTCOMES, *OFFERS, *FIELD, "decline"}) - SILENT
"""All that is told of."""
OWNERS = frozenset({Role.OWNER, Role.AGENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One revision of one outage, with the line of the journal that tells of it."""

    chain: str
    """The organisation in whose chain the line stands, which is the outage's."""
    sequence: int
    at: datetime
    verb: str
    actor: Actor
    asked_by: Actor | None
    reason: str
    outage: Outage

    @property
    def word(self) -> str:
        """What was done, without who did it: `refer` of the journal's `decide:refer`, `deny` of its `settle:deny`."""
        return self.verb.rpartition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is told of a line of the journal that changes no outage."""

    outage: Outage
    word: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Who wants to be told of what, and how. An empty tuple asks for any.

    It is a person's (`person`) or everybody's in a role (`role`); of the two, one is empty.
    """

    id: str
    organisation: str
    person: str = ""
    role: str = ""
    channel: Channel = Channel.INBOX
    target: str = ""
    """An address of mail or of a web server; empty for the inbox."""
    owners: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    severity: Severity = Severity.INFO
    """The least that is told."""
    daily: bool = False
    """Mail once a day of all that is not urgent, instead of at once."""
    sees_all: bool = False
    """Whether whoever it is for sees every owner's outages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing told to one addressee by one channel."""

    id: str
    subscription: str
    organisation: str
    person: str
    role: str
    channel: Channel
    target: str
    severity: Severity
    chain: str
    sequence: int
    outage_id: str
    body: dict[str, object]

    def is_for(self, actor: Actor) -> bool:
        """Tell whether this stands in an actor's inbox."""
        mine = self.person == actor.name or (self.role != "" and self.role == actor.role)
        return self.organisation == actor.organisation and mine


def plan_of(organisation: str) -> tuple[Subscription, ...]:
    """Give what everybody is told without having asked for it, for an outage of an organisation.

    Its owner hears of every decision and of what others did to it, the engineers of what is referred to them,
    of offers that are countered or come to nothing, and of what is urgent, the control room of what is urgent
    and of what crews report that needs a person.
    """
    desk = {"organisation": OPERATOR, "sees_all": True}
    return (
        *(Subscription(id=f"plan:{role}", organisation=organisation, role=role) for role in sorted(OWNERS)),
        Subscription(id="plan:referred", role=Role.ENGINEER, verbs=(Verb.REFER,), **desk),  # type: ignore[arg-type]  # as above
        Subscription(id="plan:countered", role=Role.ENGINEER, verbs=("offer_countered", "offer_fell_through"), **desk),  # type: ignore[arg-type]  # as above
        Subscription(id="plan:engineer", role=Role.ENGINEER, severity=Severity.URGENT, **desk),  # type: ignore[arg-type]  # as above
        Subscription(id="plan:control_room", role=Role.CONTROL_ROOM, severity=Severity.URGENT, **desk),  # type: ignore[arg-type]  # as above
        Subscription(id="plan:field", role=Role.CONTROL_ROOM, verbs=tuple(sorted(FIELD)), **desk),  # type: ignore[arg-type]  # as above
    )


def severity_of(happening: Happening) -> Severity:
    """Give how much it asks for: a forced outage is urgent whatever is done to it first."""
    if happening.word in URGENT or (happening.word == Verb.SUBMIT and happening.outage.request.kind == Kind.FORCED):
        return Severity.URGENT
    return Severity.ACTION if happening.word in ACTION else Severity.INFO


def meets(subscription: Subscription, happening: Happening) -> bool:
    """Tell whether a subscription asks for it, and whoever it is for may see it (semantics 9).

    Nobody is told what they did themselves: a role of an organisation not what any of its own people did in it.
    """
    owner = happening.outage.request.organisation
    return (
        happening.word not in SILENT
        and (subscription.sees_all or subscription.organisation == owner)
        and RANK[severity_of(happening)] >= RANK[subscription.severity]
        and (not subscription.owners or owner in subscription.owners)
        and (not subscription.verbs or happening.word in subscription.verbs)
        and (not subscription.assets or not set(subscription.assets).isdisjoint(happening.outage.request.assets))
        and not _own_deed(subscription, happening.actor)
    )


def notices_of(happening: Happening, subscriptions: Iterable[Subscription]) -> tuple[Notice, ...]:
    """Give the notices of a happening, those of the plan among them, by id."""
    asked = (*plan_of(happening.outage.request.organisation), *subscriptions)
    found = (notice_of(s, happening) for s in asked if meets(s, happening))
    return tuple(sorted(found, key=lambda n: n.id))


def notice_of(subscription: Subscription, happening: Happening) -> Notice:
    """Give the notice that a subscription gets of a happening."""
    return Notice(
        id=notice_id(chain=happening.chain, sequence=happening.sequence, subscription=subscription),
        subscription=subscription.id,
        organisation=subscription.organisation,
        person=subscription.person,
        role=subscription.role,
        channel=subscription.channel,
        target=subscription.target,
        severity=severity_of(happening),
        chain=happening.chain,
        sequence=happening.sequence,
        outage_id=happening.outage.id,
        body=body_of(happening) if subscription.sees_all else sealed(body_of(happening), but=happening.outage.id),
    )


def notice_id(*, chain: str, sequence: int, subscription: Subscription) -> str:
    """Give the id, 128 bits of a hash: the same line and the same subscription give the same."""
    parts = (chain, str(sequence), subscription.organisation, subscription.id)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def body_of(happening: Happening) -> dict[str, object]:
    """Write what is told: what happened to which outage, who did it, why, and what it is now."""
    outage = happening.outage
    return {
        "says": says(happening),
        "verb": happening.word,
        "at": instant_text(happening.at),
        "by": str(happening.actor),
        "asked_by": None if happening.asked_by is None else str(happening.asked_by),
        "reason": happening.reason,
        "outage": outage.id,
        "revision": outage.revision,
        "reference": outage.request.external_id,
        "owner": outage.request.organisation,
        "assets": list(outage.request.assets),
        "window": {"start": instant_text(outage.window.start), "end": instant_text(outage.window.end)},
        "state": outage.state.value,
        "status": outage.status.value,
    }


def sealed(body: dict[str, object], *, but: str) -> dict[str, object]:
    """Give what is told without the ids of other outages, which may be those of other owners."""

    def without(part: object) -> object:
        return AN_ID.sub(lambda found: found[0] if found[0] == but else SEALED, part) if isinstance(part, str) else part

    return {name: without(part) for name, part in body.items()}


def says(happening: Happening) -> str:
    """Say it in one sentence."""
    outage, verb = happening.outage, happening.word.replace("_", " ")
    why = f": {happening.reason}" if happening.reason else ""
    return f"{outage.request.external_id} ({', '.join(outage.request.assets)}): {verb}{why}"


def _own_deed(subscription: Subscription, actor: Actor) -> bool:
    if actor.organisation != subscription.organisation:
        return False
    return actor.name == subscription.person or (subscription.role in OWNERS and actor.role in OWNERS)
