"""Notices: what is told to whom. A happening meets the subscriptions, and each that it meets gives one notice.

The id of a notice is made of the line of the journal it tells of and of the subscription, and of nothing else:
whoever gets it twice can see that it is the same one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from moms.outages import Kind
from moms.outages.lifecycle import Verb
from moms.records.told import ESCALATE, RANK, SILENT, NoticeRules, Severity, Side, severity_of_word
from moms.values import OPERATOR, Role, instant_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from moms.outages import Outage
    from moms.records.told import PlanRow
    from moms.values import Actor


class Channel(StrEnum):
    """By which way a notice goes."""

    INBOX = "inbox"
    MAIL = "mail"
    WEBHOOK = "webhook"
    SMS = "sms"
    """A short text to a telephone, by a gateway."""


class State(StrEnum):
    """Where a notice stands."""

    OPEN = "open"
    """In the inbox: nobody has acknowledged it. Elsewhere: still to be sent."""
    ACKNOWLEDGED = "acknowledged"
    SENT = "sent"
    DEAD = "dead"
    """Tried as often as it may be; a person can send it again."""
    STOPPED = "stopped"
    """Acknowledged elsewhere, or no longer so, before it was sent."""


AN_ID = re.compile(r"OTG-[A-Z2-7]{8}")
"""The id of an outage, wherever it stands in a text."""
SEALED = "another outage"
"""What is said instead to who may not know which."""
TEXT_LASTS = timedelta(hours=4)
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
    areas: tuple[str, ...] | None = None
    """Zones and regions of the equipment; None where they are not known."""
    plan: tuple[PlanRow, ...] = NoticeRules().told
    """Who is told of it without having asked."""
    until: datetime | None = None
    """From when on it is of no use to anybody; None: never."""
    next: Next | None = None
    """Of what was told to somebody before, and not acknowledged."""

    @property
    def word(self) -> str:
        """What was done, without who did it: `refer` of the journal's `decide:refer`, `deny` of its `settle:deny`."""
        return self.verb.rpartition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """Who is told next, of which line of the journal, and how much that asked for."""

    role: Role
    severity: Severity
    matter: str
    """The line, and whose silence it is; see `matter_of`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is told of a line of the journal that changes no outage."""

    outage: Outage
    word: str
    reason: str
    until: datetime | None = None
    """From when on it is of no use to anybody; None: never."""
    next: Next | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A line of the journal of which one side was told, and which nobody there has acknowledged."""

    chain: str
    sequence: int
    side: Side
    severity: Severity
    outage_id: str
    word: str
    at: datetime
    """When it happened."""

    @property
    def matter(self) -> str:
        """Name it, with whose silence it is."""
        return matter_of(self.side, chain=self.chain, sequence=self.sequence)


def matter_of(side: Side, *, chain: str, sequence: int) -> str:
    """Name a line of the journal and the side that has to acknowledge it.

    >>> matter_of(Side.OWNER, chain="TO-1", sequence=7)
    'owner:7:TO-1'
    """
    return f"{side}:{sequence}:{chain}"


def side_of(organisation: str) -> Side:
    """Give the side on which an organisation's people are."""
    return Side.OPERATOR if organisation == OPERATOR else Side.OWNER


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
    areas: tuple[str, ...] = ()
    """Zones or regions; what lies in an unknown one is told too."""
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
    lasts: timedelta | None = None
    """For how long from its happening on it is of use; None: for good."""
    matter: str = ""
    """Of what nobody had acknowledged; empty where it is the first word of it."""

    def is_for(self, actor: Actor) -> bool:
        """Tell whether this stands in an actor's inbox."""
        mine = self.person == actor.name or (self.role != "" and self.role == actor.role)
        return self.organisation == actor.organisation and mine


def plan_of(happening: Happening) -> tuple[Subscription, ...]:
    """Give what everybody is told of a happening without having asked for it.

    What goes on to who is next is for that role at the operator alone.
    """
    owner, step = happening.outage.request.organisation, happening.next
    if step is not None:
        name = f"plan:next:{step.role}"
        return (Subscription(id=name, organisation=OPERATOR, role=step.role, sees_all=True),)
    return tuple(
        Subscription(
            id=f"plan:{row.name}", organisation=OPERATOR if row.side == Side.OPERATOR else owner, role=row.role,
            verbs=row.words, severity=row.severity, sees_all=row.side == Side.OPERATOR,
        )
        for row in happening.plan
    )  # fmt: skip


def severity_of(happening: Happening) -> Severity:
    """Give how much it asks for: a forced outage is urgent whatever is done to it first."""
    if happening.next is not None:
        return happening.next.severity
    if happening.word == Verb.SUBMIT and happening.outage.request.kind == Kind.FORCED:
        return Severity.URGENT
    return severity_of_word(happening.word)


def meets(subscription: Subscription, happening: Happening) -> bool:
    """Tell whether a subscription asks for it, and whoever it is for may see it (semantics 9).

    Nobody is told what they did themselves: a role of an organisation not what any of its own people did in it.
    """
    return (
        happening.word not in SILENT
        and covers(subscription, outage=happening.outage, areas=happening.areas)
        and (subscription.sees_all or happening.word != ESCALATE)
        and RANK[severity_of(happening)] >= RANK[subscription.severity]
        and (not subscription.verbs or happening.word in subscription.verbs)
        and not _own_deed(subscription, happening.actor)
    )


def covers(subscription: Subscription, *, outage: Outage, areas: tuple[str, ...] | None) -> bool:
    """Tell whether a subscription is about an outage that lies in these areas, and whoever it is for may see it."""
    owner = outage.request.organisation
    return (
        (subscription.sees_all or subscription.organisation == owner)
        and (not subscription.owners or owner in subscription.owners)
        and (not subscription.areas or areas is None or not set(subscription.areas).isdisjoint(areas))
        and (not subscription.assets or not set(subscription.assets).isdisjoint(outage.request.assets))
    )


def notices_of(happening: Happening, subscriptions: Iterable[Subscription]) -> tuple[Notice, ...]:
    """Give the notices of a happening, those of the plan among them, by id."""
    asked = (*plan_of(happening), *subscriptions)
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
        lasts=_lasts(subscription, happening),
        matter="" if happening.next is None else happening.next.matter,
    )


def _lasts(subscription: Subscription, happening: Happening) -> timedelta | None:
    """Give for how long it is of use; a text that comes hours late wakes somebody for nothing."""
    whole = None if happening.until is None else happening.until - happening.at
    if subscription.channel != Channel.SMS:
        return whole
    return TEXT_LASTS if whole is None else min(whole, TEXT_LASTS)


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
        "areas": None if happening.areas is None else list(happening.areas),
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
