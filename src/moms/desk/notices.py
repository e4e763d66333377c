"""Notices at the desk: ask to be told, read the inbox, acknowledge.

What is told is written with each deed by the store, in its transaction; nothing here has to remember it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from moms.desk.ports import Event, NotYours
from moms.records.notices import Channel, State
from moms.records.told import WORDS, Severity
from moms.values import Refused, digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from moms.records.notices import Notice, Subscription
    from moms.values import Actor

MOST = 100
"""Subscriptions that one person or role may hold."""
SECRET_CHARACTERS = 32
"""The least length of a webhook's secret."""
MAIL = r"[^\s@<>,;:\"\\]{1,64}@[A-Za-z0-9.-]{1,190}"


class NoSuchNotice(Refused):
    """No notice of that id in this actor's inbox."""


class NoSuchSubscription(Refused):
    """No subscription of that id that this actor holds."""


class NotASubscription(Refused):
    """A subscription that cannot be."""


class AskedOtherwise(Refused):
    """The same key was used to ask for something else."""


class NotDead(Refused):
    """A notice that is not dead, so that sending it again would double it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A subscription as it is kept."""

    subscription: Subscription
    secret: str | None
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A notice with what has become of it."""

    notice: Notice
    state: State
    made_at: datetime
    done_at: datetime | None
    done_by: str | None
    tries: int
    answer: str
    """What the last try to send it was answered."""
    ends_at: datetime | None = None
    """From when on it is of no use; None: never. By the database's clock."""


class NoticesPage(Protocol):
    """One transaction on the notices."""

    def inbox(self, actor: Actor, *, open_only: bool, before: str | None, limit: int) -> Sequence[Kept]:
        """Give what stands in an actor's inbox, newest first, from after `before` (a notice's id) on."""
        ...

    def outgoing(self, actor: Actor, *, dead_only: bool, before: str | None, limit: int) -> Sequence[Kept]:
        """Give what is or was to be sent to an actor by mail or webhook, newest first, as `inbox`."""
        ...

    def open_of(self, actor: Actor, outage_id: str) -> Sequence[Kept]:
        """Give what stands open in an actor's inbox of one outage, newest first."""
        ...

    def hold(self, notice_id: str) -> Kept | None:
        """Give a notice, or None; nobody changes it until the end."""
        ...

    def acknowledge(self, kept: Kept, event: Event) -> None:
        """Write that it was acknowledged, and stop what its addressee would still be sent of the same."""
        ...

    def again(self, kept: Kept, event: Event) -> None:
        """Let a dead notice be sent as if it never had been tried."""
        ...

    def subscription(self, subscription_id: str) -> Held | None:
        """Give one by its id, whoever holds it and whether or not it has ended, or None."""
        ...

    def subscriptions(self, organisation: str) -> Sequence[Subscription]:
        """Give those of an organisation that nobody has ended."""
        ...

    def follow(self, subscription: Subscription, *, secret: str | None, event: Event) -> None:
        """Enter a subscription."""
        ...

    def unfollow(self, subscription_id: str, event: Event) -> None:
        """End a subscription."""
        ...


class Notices(Protocol):
    """The notices."""

    def as_(self, actor: Actor) -> AbstractContextManager[NoticesPage]:
        """Open one transaction; what it writes into the journal is this actor's."""
        ...


def inbox(
    *, notices: Notices, actor: Actor, open_only: bool = False, before: str | None = None, limit: int = 100
) -> Sequence[Kept]:
    """Give what somebody is told, newest first.

    Raises:
        NoSuchNotice: `before` is not in this inbox.
    """
    with notices.as_(actor) as page:
        _check_mark(page, actor, before)
        return page.inbox(actor, open_only=open_only, before=before, limit=limit)


def outgoing(
    *, notices: Notices, actor: Actor, dead_only: bool = False, before: str | None = None, limit: int = 100
) -> Sequence[Kept]:
    """Give what is or was to be sent to somebody by mail or webhook, newest first.

    Raises:
        NoSuchNotice: `before` is not this actor's.
    """
    with notices.as_(actor) as page:
        _check_mark(page, actor, before)
        return page.outgoing(actor, dead_only=dead_only, before=before, limit=limit)


def again(*, notices: Notices, actor: Actor, now: datetime, notice_id: str) -> Kept:
    """Let a dead notice be sent again, under the id it always had.

    Raises:
        NoSuchNotice: not this actor's. NotDead: it is still tried, or was sent. NotYours: a role that only looks.
    """
    with notices.as_(actor) as page:
        kept = page.hold(notice_id)
        if kept is None or kept.notice.channel == Channel.INBOX or not kept.notice.is_for(actor):
            raise _unknown(notice_id)
        if kept.state != State.DEAD:
            raise NotDead(f"notice {notice_id} is {kept.state}", field="notice", fix="only what is dead is sent again")
        facts = {"notice": notice_id, "target": kept.notice.target}
        page.again(kept, _event("send_again", actor=actor, now=now, outage_id=kept.notice.outage_id, **facts))
        return page.hold(notice_id) or kept


def acknowledge(*, notices: Notices, actor: Actor, now: datetime, notice_id: str) -> Kept:
    """Say that a notice was read; said again, nothing more is written.

    Raises:
        NoSuchNotice: not in this actor's inbox. NotYours: a role that only looks.
    """
    with notices.as_(actor) as page:
        kept = page.hold(notice_id)
        if kept is None or kept.notice.channel != Channel.INBOX or not kept.notice.is_for(actor):
            raise _unknown(notice_id)
        if kept.done_at is None:
            facts = {"notice": notice_id, "told_of": kept.notice.body["verb"]}
            page.acknowledge(
                kept, _event("acknowledge", actor=actor, now=now, outage_id=kept.notice.outage_id, **facts)
            )
            kept = page.hold(notice_id) or kept
    return kept


def acknowledge_all(
    *, notices: Notices, actor: Actor, now: datetime, outage_id: str, words: frozenset[str]
) -> tuple[Kept, ...]:
    """Acknowledge what an actor was told of an outage in these words; none open, nothing is written.

    Raises:
        NotYours: a role that only looks.
    """
    with notices.as_(actor) as page:
        there = [one.notice.id for one in page.open_of(actor, outage_id) if one.notice.body["verb"] in words]
    return tuple(acknowledge(notices=notices, actor=actor, now=now, notice_id=name) for name in there)


def follow(
    *, notices: Notices, actor: Actor, now: datetime, subscription: Subscription, secret: str | None = None,
    known: Sequence[str] = (),
) -> None:  # fmt: skip
    """Ask to be told; asked again under the same id, nothing more is written. `known` are the areas of the grid.

    Raises:
        NotASubscription: as `check`, too many, or of an area that is none. NotYours: a role that only looks.
        AskedOtherwise: the id stands for something else, or has been ended.
    """
    check(subscription, actor=actor, secret=secret)
    strange = sorted(set(subscription.areas) - set(known))
    if strange:
        fix = f"one of {', '.join(known)}" if known else "leave it out: this grid has no zones"
        raise NotASubscription(f"{strange[0]!r} is no zone or region of the grid", field="area", fix=fix)
    with notices.as_(actor) as page:
        there = page.subscription(subscription.id)
        if there is not None:
            _check_same(there, Held(subscription=subscription, secret=secret, ended=False))
            return
        held = [s for s in page.subscriptions(actor.organisation) if _whose(s) == _whose(subscription)]
        if len(held) >= MOST:
            raise NotASubscription(f"there are {len(held)} already", field="subscription", fix="end one first")
        facts = {"subscription": subscription.id, "channel": subscription.channel.value, "target": subscription.target}
        page.follow(subscription, secret=secret, event=_event("follow", actor=actor, now=now, **facts))


def subscription_id(actor: Actor, key: str) -> str:
    """Give the id of what an actor asks for under a key of its own: the same key gives the same."""
    parts = (actor.organisation, actor.role.value, actor.name, key)
    return digest(parts)[:24]


def unfollow(*, notices: Notices, actor: Actor, now: datetime, subscription_id: str) -> None:
    """End a subscription; what it has told stays.

    Raises:
        NoSuchSubscription: none of that id that this actor holds.
    """
    if actor.looks_only:
        raise NotYours(f"{actor.role} may not write this", field="role", fix="act in a role that may")
    with notices.as_(actor) as page:
        held = {s.id for s in page.subscriptions(actor.organisation) if holds(s, actor)}
        if subscription_id not in held:
            says = f"there is no subscription {subscription_id!r}"
            raise NoSuchSubscription(says, field="subscription", fix="list them with: moms notices following")
        page.unfollow(subscription_id, _event("unfollow", actor=actor, now=now, subscription=subscription_id))


def following(*, notices: Notices, actor: Actor) -> Sequence[Subscription]:
    """Give what this actor asked for, by itself or in its role."""
    with notices.as_(actor) as page:
        return tuple(s for s in page.subscriptions(actor.organisation) if holds(s, actor))


def kept_document(kept: Kept) -> dict[str, object]:
    """Write a notice for who may see it: what it tells, how it stands, and how often it was tried."""
    notice = kept.notice
    return {
        "id": notice.id, "subscription": notice.subscription, "person": notice.person, "role": notice.role,
        "channel": notice.channel.value, "target": notice.target, "severity": notice.severity.value,
        "state": kept.state.value, "made_at": kept.made_at, "done_at": kept.done_at, "done_by": kept.done_by,
        "tries": kept.tries, "answer": kept.answer, "ends_at": kept.ends_at, "went_on": notice.matter != "",
        "tells": notice.body,
    }  # fmt: skip


def subscription_document(subscription: Subscription) -> dict[str, object]:
    """Write a subscription for who holds it; its secret is shown to nobody."""
    return {
        "id": subscription.id, "person": subscription.person, "role": subscription.role,
        "channel": subscription.channel.value, "target": subscription.target, "owners": subscription.owners,
        "assets": subscription.assets, "verbs": subscription.verbs, "areas": subscription.areas,
        "severity": subscription.severity.value, "daily": subscription.daily,
    }  # fmt: skip


def holds(subscription: Subscription, actor: Actor) -> bool:
    """Tell whether a subscription is this actor's to see and end."""
    mine = subscription.person == actor.name or (subscription.role != "" and subscription.role == actor.role)
    return subscription.organisation == actor.organisation and mine


def check(subscription: Subscription, *, actor: Actor, secret: str | None) -> None:
    """See that a subscription can be, and is for whoever asks.

    Raises:
        NotASubscription: it cannot. NotYours: a role that only looks.
    """
    if actor.looks_only:
        raise NotYours(f"{actor.role} may not write this", field="role", fix="act in a role that may")
    if not holds(subscription, actor) or subscription.sees_all != actor.sees_all:
        raise NotASubscription("a subscription is for oneself or one's own role", field="role", fix="leave it out")
    unknown = sorted(set(subscription.verbs) - WORDS)
    if unknown:
        raise NotASubscription(f"nothing is told of {unknown[0]!r}", field="verb", fix="see docs/notices.md")
    _check_target(subscription.channel, subscription.target)
    if subscription.channel == Channel.SMS and subscription.severity == Severity.INFO:
        fix = "give action or urgent; what only informs comes by mail"
        raise NotASubscription("a text is for what cannot wait", field="severity", fix=fix)
    if subscription.daily and subscription.channel != Channel.MAIL:
        raise NotASubscription("only mail comes once a day", field="daily", fix="leave it out")
    if subscription.channel == Channel.WEBHOOK and len(secret or "") < SECRET_CHARACTERS:
        fix = f"give {SECRET_CHARACTERS} characters or more"
        raise NotASubscription("a webhook is signed with a secret", field="secret", fix=fix)
    if subscription.channel != Channel.WEBHOOK and secret is not None:
        raise NotASubscription("only a webhook has a secret", field="secret", fix="leave it out")


def _check_target(channel: Channel, target: str) -> None:
    right = {Channel.INBOX: r"", Channel.MAIL: MAIL, Channel.WEBHOOK: r"https?://[^\s/@]+(?:/\S{0,1000})?",
             Channel.SMS: r"\+[1-9][0-9]{6,14}"}  # fmt: skip
    fixes = {
        Channel.INBOX: "leave it out",
        Channel.MAIL: "write ann@example.org",
        Channel.WEBHOOK: "write https://example.org/hook",
        Channel.SMS: "write +13175550100, with the country and without spaces",
    }
    if not re.fullmatch(right[channel], target):
        raise NotASubscription(f"{target!r} is no target for {channel}", field="target", fix=fixes[channel])


def _check_mark(page: NoticesPage, actor: Actor, before: str | None) -> None:
    """See that the notice from which a page goes on is one that the actor may see."""
    found = None if before is None else page.hold(before)
    if before is not None and (found is None or not found.notice.is_for(actor)):
        raise _unknown(before)


def _check_same(there: Held, asked: Held) -> None:
    if there != asked:
        fix = "use a fresh key" if not there.ended else "it has been ended; use a fresh key"
        raise AskedOtherwise("this key was used for another subscription", field="Idempotency-Key", fix=fix)


def _whose(subscription: Subscription) -> tuple[str, str]:
    return subscription.person, subscription.role


def _unknown(notice_id: str) -> NoSuchNotice:
    return NoSuchNotice(f"there is no notice {notice_id!r}", field="notice", fix="list them with: moms notices")


def _event(verb: str, *, actor: Actor, now: datetime, outage_id: str = "", **facts: object) -> Event:
    return Event(
        at=now, actor=actor, verb=verb, outage_id=outage_id, reason="", rule_book="", before=None, after=dict(facts)
    )
