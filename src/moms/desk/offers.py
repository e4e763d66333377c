"""Offers to move what waits or stands: made, answered, and done only when all agreed and the study allows it.

Nothing moves without the word of its owner. When the last one agrees, MOMS studies the windows on the book of
that instant, as it would decide a request, and writes the moves of all outages in one transaction or none.
Each deed is a line in the operator's register, and one in the journal of each owner that tells of its own
outage alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moms.desk.moving import Moved, check_movable, done, enough, studied
from moms.desk.offer import (
    Became,
    Kind,
    Leg,
    NoSuchOffer,
    NotAnOffer,
    NotOpen,
    Offer,
    agreed,
    check_party,
    check_reason,
    check_until,
    countered,
    document,
    ended,
    leg,
    party_of,
    read_offer,
    sealed_but,
    sees,
    started,
)
from moms.desk.operate import recheck
from moms.desk.ports import BookMoved, NotYours, StaleRevision
from moms.desk.submit import event
from moms.outages import Category
from moms.records.notices import Telling
from moms.values import OPERATOR, SYSTEM, Refused, Window, digest, instant_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.values import Actor

OFFERS = "offers"
"""The register of what became of offers: each entry is the whole offer after one deed."""
WAITS = timedelta(days=7)
"""How long an offer waits if nobody says otherwise, and the start lies farther."""
TRIES = 3


class NotGranted(Refused):
    """Windows that a decision made now would not grant: nobody is asked to agree to them."""


def all_offers(page: Page) -> dict[str, Offer]:
    """Give every offer as it stands, by id in the order they were made; none to who may not see the register."""
    entries: Sequence[Mapping[str, Any]] = page.entries(OFFERS)
    return {str(entry["offer"]): read_offer(entry["after"]) for entry in entries}


def offers(*, book: Book, actor: Actor) -> tuple[Offer, ...]:
    """Give the offers that an actor is a party to, or all for the operator's people, newest first."""
    with book.as_(SYSTEM) as page:
        found = all_offers(page)
    return tuple(one for one in reversed(found.values()) if sees(one, actor))


def offer_id(actor: Actor, key: str) -> str:
    """Give the id of what an actor offers under a key of its own: the same key gives the same."""
    return f"OF-{digest([actor.organisation, actor.role.value, actor.name, key])[:12]}"


def find(page: Page, offer: str, actor: Actor) -> Offer:
    """Give one offer.

    Raises:
        NoSuchOffer: none of that id that this actor may know of.
    """
    found = all_offers(page).get(offer)
    if found is None or not sees(found, actor):
        raise NoSuchOffer(f"there is no offer {offer!r}", field="offer", fix="list them with: moms plan offers")
    return found


def offer_move(
    *, book: Book, world: World, actor: Actor, now: datetime, offer: str, outage: str, start: datetime,
    until: datetime | None, reason: str, plan: str = "",
) -> Offer:  # fmt: skip
    """Offer an owner another start for one outage, as the operator; it is studied before it is offered.

    Raises:
        NotYours: an owner moves its own by a change. NotAnOffer, NotGranted: nothing was offered.
    """
    _operators(actor)
    check_reason(reason)
    with book.as_(SYSTEM) as page:
        there = page.outage(outage)
    legs = (leg(there, started(there.asked.window, start)),)
    return _make(book, world, actor, now, _fresh(offer, Kind.MOVE, legs, actor, now, until, reason, plan=plan))


def offer_swap(
    *, book: Book, world: World, actor: Actor, now: datetime, offer: str, outage: str, other: str = "",
    asks: str = "", until: datetime | None, reason: str,
) -> Offer:  # fmt: skip
    """Offer that two outages take each other's start.

    The operator names both (`other`). An owner names its own and whom it asks (`asks`), who answers with an outage
    of its own: so nobody tells of an outage that is not its own. Generators are confidential between owners
    (semantics 9): only the operator brings them together.

    Raises:
        NotYours: another owner's outage. NotAnOffer, NotGranted: nothing was offered.
    """
    party = party_of(actor)
    check_reason(reason)
    if party == OPERATOR:
        return _swap_of_both(book, world, actor, now, offer, outage, other, until, reason)
    with book.as_(actor) as page:
        mine = page.outage(outage)
    owners = world.grid.register.owners if world.grid.register else ()
    if asks not in owners or asks == party:
        raise NotAnOffer(f"{asks or 'nobody'} is no other owner", field="asks", fix="name the owner you ask")
    _transmission(leg(mine, None))
    wanted = _fresh(offer, Kind.SWAP, (leg(mine, None),), actor, now, until, reason, asks=asks)
    return _make(book, world, actor, now, wanted)


def _swap_of_both(  # noqa: PLR0917 - one caller, above
    book: Book, world: World, actor: Actor, now: datetime, offer: str, outage: str, other: str, until: datetime | None,
    reason: str,
) -> Offer:  # fmt: skip
    with book.as_(SYSTEM) as page:
        one, two = page.outage(outage), page.outage(other)
    if one.asked.category != two.asked.category:
        raise NotAnOffer(
            "generation and transmission are kept apart", field="other", fix="swap two outages of one kind"
        )
    legs = _crossed(leg(one, None), leg(two, None))
    return _make(book, world, actor, now, _fresh(offer, Kind.SWAP, legs, actor, now, until, reason))


def _crossed(one: Leg, two: Leg) -> tuple[Leg, Leg]:
    """Give each the other's start, with its own length."""
    if one.outage == two.outage or set(one.assets) & set(two.assets):
        raise NotAnOffer(
            "both are of the same equipment", field="outage", fix="name outages that have no equipment in common"
        )
    return (
        replace(one, after=started(one.before, two.before.start)),
        replace(two, after=started(two.before, one.before.start)),
    )


def _fresh(  # noqa: PLR0917 - the callers are above
    name: str, kind: Kind, legs: tuple[Leg, ...], actor: Actor, now: datetime, until: datetime | None, reason: str,
    *, asks: str = "", plan: str = "",
) -> Offer:  # fmt: skip
    party = party_of(actor)
    first = min(w.start for one in legs for w in (one.before, one.after) if w is not None)
    end = until or min(now + WAITS, now + (first - now) / 2)
    check_until(end, now=now, legs=legs)
    return Offer(id=name, kind=kind, legs=legs, maker=party, asks=asks, agreed=(party,), made_at=now, until=end,
                 became=Became.OFFERED, reason=reason, plan=plan)  # fmt: skip


def _make(book: Book, world: World, actor: Actor, now: datetime, wanted: Offer) -> Offer:
    with book.as_(SYSTEM) as page:
        there = all_offers(page).get(wanted.id)
        if there is not None:
            return there  # asked twice under one key
        _none_open(page, wanted)
        for one in wanted.legs:
            check_movable(page.outage(one.outage), now=now)
    wanted = _granted(book, world, wanted, actor, now=now)
    with book.as_(SYSTEM) as page:
        page.hold(page.version())
        there = all_offers(page).get(wanted.id)
        if there is not None:
            return there
        _none_open(page, wanted)
        _enter(page, world, wanted, "offer_made", wanted.reason, actor=actor, now=now)
    return wanted


def _none_open(page: Page, wanted: Offer) -> None:
    """Refuse a second offer of an outage: an owner answers one question at a time."""
    mine = {one.outage for one in wanted.legs}
    for there in all_offers(page).values():
        if there.open and there.id != wanted.id and mine & {one.outage for one in there.legs}:
            raise NotAnOffer("an offer for this outage is open already", field="outage",
                             fix="let it be answered or withdrawn first")  # fmt: skip


def _granted(book: Book, world: World, wanted: Offer, actor: Actor, *, now: datetime) -> Offer:
    """Study what is definite, as a decision would; give the offer with what the engine said.

    Raises:
        NotGranted: a decision made now would not give these windows.
    """
    if not wanted.definite:
        return wanted
    moved = studied(book=book, world=world, now=now, offer=wanted)
    short = enough(moved)
    if short:
        said = [m.says for m in moved if not m.granted and m.says
                and (actor.sees_all or m.before.asked.organisation == actor.organisation)]  # fmt: skip
        known = {one.outage for one in wanted.legs if one.organisation == actor.organisation}
        whole = "; ".join([short, *said])
        raise NotGranted(
            whole if actor.sees_all else sealed_but(whole, known),
            field="start",
            fix="offer other dates: nobody is asked to agree to what cannot be",
        )
    return _said(wanted, moved)


def _said(offer: Offer, moved: tuple[Moved, ...]) -> Offer:
    says = {one.before.id: one.says for one in moved}
    return replace(offer, legs=tuple(replace(one, says=says.get(one.outage, one.says)) for one in offer.legs))


def look(*, book: Book, world: World, actor: Actor, now: datetime, offer: str) -> Offer:
    """Give an offer with what the engine would say of its windows now; nothing is written.

    Raises:
        NoSuchOffer: as `find`.
    """
    with book.as_(SYSTEM) as page:
        found = find(page, offer, actor)
    if not found.open or not found.definite:
        return found
    moved = studied(book=book, world=world, now=now, offer=found)
    return replace(_said(found, moved), said=enough(moved) or "a decision made now would grant it")


def accept(
    *, book: Book, world: World, actor: Actor, now: datetime, offer: str, revision: int, reason: str = ""
) -> Offer:
    """Agree to an offer as it is; who agrees last has it studied once more and done.

    Raises:
        NoSuchOffer, NotOpen, StaleRevision, NotYourRole: nothing was written.
        BookMoved: the book moved while it was studied, more than once.
    """
    party = party_of(actor)
    for _ in range(TRIES):
        with book.as_(SYSTEM) as page:
            version, before = page.version(), _at(page, offer, actor, revision)
        after = agreed(_in_time(before, now), party)
        moved = () if after.waits_for else studied(book=book, world=world, now=now, offer=after)
        try:
            with book.as_(SYSTEM) as page:
                page.hold(version)
                _at(page, offer, actor, revision)
                found = _agreed(page, world, after, moved, actor=actor, now=now, reason=reason or "agreed")
        except BookMoved:
            continue
        if found.became == Became.ACCEPTED:
            _shake(book, world, moved, now=now)
        return found
    raise BookMoved(f"the book moved {TRIES} times while {offer} was studied", fix="accept it again")


def _shake(book: Book, world: World, moved: tuple[Moved, ...], *, now: datetime) -> None:
    """Study again what leaned on an outage where it was (semantics 1.1)."""
    for one in moved:
        if one.before.holds:
            recheck(book=book, world=world, now=now, moved=one.before)


def _agreed(
    page: Page, world: World, after: Offer, moved: tuple[Moved, ...], *, actor: Actor, now: datetime, reason: str
) -> Offer:
    """Write a word of consent, and, if it was the last, what comes of it."""
    if after.waits_for:
        _enter(page, world, after, "offer_agreed", reason, actor=actor, now=now)
        return after
    short = enough(moved)
    if short:
        fell = ended(_said(after, moved), Became.FELL_THROUGH, said=f"all agreed, but nothing moved: {short}")
        fell = replace(fell, revision=after.revision)
        _enter(page, world, fell, "offer_fell_through", short, actor=actor, now=now)
        return fell
    paid = done(page, world, after, moved, actor=actor, now=now)
    whole = ended(_said(after, moved), Became.ACCEPTED, said=f"all agreed, studied and done{paid}")
    whole = replace(whole, revision=after.revision)
    _enter(page, world, whole, "offer_done", reason, actor=actor, now=now)
    return whole


def counter(
    *, book: Book, world: World, actor: Actor, now: datetime, offer: str, revision: int, reason: str,
    start: datetime | None = None, outage: str = "",
) -> Offer:  # fmt: skip
    """Answer a move with another start, or a swap that asks for one with the outage to give; it is studied first.

    Raises:
        NoSuchOffer, NotOpen, NotAnOffer, NotGranted, StaleRevision: nothing was written.
    """
    party = party_of(actor)
    check_reason(reason)
    with book.as_(SYSTEM) as page:
        before = _in_time(_at(page, offer, actor, revision), now)
    if before.kind == Kind.MOVE and start is not None:
        legs: tuple[Leg, ...] = tuple(replace(one, after=started(one.before, start)) for one in before.legs)
    elif before.asks == party and outage:
        with book.as_(actor) as page:
            given = page.outage(outage)
        check_movable(given, now=now)
        if given.asked.organisation != party:
            raise NotYours("this outage is another owner's", field="outage", fix="give one of your own")
        _transmission(leg(given, None))
        legs = _crossed(before.legs[0], leg(given, None))
    else:
        raise NotAnOffer("nothing to counter with", field="start", fix="name a start for a move, or the outage that"
                         " you would give in a swap that asks for one")  # fmt: skip
    check_until(before.until, now=now, legs=legs)
    after = _granted(book, world, countered(before, party, legs=legs, reason=reason), actor, now=now)
    with book.as_(SYSTEM) as page:
        page.hold(page.version())
        _at(page, offer, actor, revision)
        _none_open(page, after)
        _enter(page, world, after, "offer_countered", reason, actor=actor, now=now)
    return after


def decline(*, book: Book, world: World, actor: Actor, now: datetime, offer: str, revision: int, reason: str) -> Offer:
    """Decline an offer: nothing moves, and whoever declines keeps its dates, stamp and exemption.

    Raises:
        NoSuchOffer, NotOpen, StaleRevision, ReasonMissing: nothing was written.
    """
    return _end(book, world, actor, now, offer, revision, reason, became=Became.DECLINED)


def withdraw(*, book: Book, world: World, actor: Actor, now: datetime, offer: str, revision: int, reason: str) -> Offer:
    """Take back an offer one made, or one's own counter to it.

    Raises:
        NotYours: somebody else made it. Otherwise as `decline`.
    """
    return _end(book, world, actor, now, offer, revision, reason, became=Became.WITHDRAWN)


def _end(  # noqa: PLR0917 - two callers, above
    book: Book, world: World, actor: Actor, now: datetime, offer: str, revision: int, reason: str, *, became: Became
) -> Offer:
    party = party_of(actor)
    check_reason(reason)
    with book.as_(SYSTEM) as page:
        page.hold(page.version())
        before = _at(page, offer, actor, revision)
        check_party(before, party)
        if became == Became.WITHDRAWN and party not in before.agreed and party != before.maker:
            raise NotYours(f"offer {offer} is not yours to withdraw", field="offer", fix="decline it")
        after = ended(before, became, said=f"{became}: {reason}")
        _enter(page, world, after, f"offer_{became}", reason, actor=actor, now=now)
    return after


def lapse(*, book: Book, world: World, now: datetime, offer: str) -> Offer | None:
    """Let an offer lapse whose time is over; None where it is settled, or may still be answered.

    Nothing moves: what is granted stands, and what waits is decided at its asked dates in order of stamps.
    A timer calls this, as often as it likes.
    """
    with book.as_(SYSTEM) as page:
        page.hold(page.version())
        before = all_offers(page).get(offer)
        if before is None or not before.open or now < before.until:
            return None
        why = "lapsed unanswered: nothing moves, and what waits is decided at its asked dates in order of stamps"
        after = ended(before, Became.LAPSED, said=why)
        _enter(page, world, after, "offer_lapsed", why, actor=SYSTEM, now=now)
    return after


def _at(page: Page, offer: str, actor: Actor, revision: int) -> Offer:
    found = find(page, offer, actor)
    if found.revision != revision:
        says = f"offer {offer} is at revision {found.revision}, not {revision}"
        raise StaleRevision(says, field="revision", fix="read it again")
    return found


def _in_time(offer: Offer, now: datetime) -> Offer:
    if now >= offer.until:
        raise NotOpen(f"offer {offer.id} was open until {instant_text(offer.until)}", field="offer", fix="ask again")
    return offer


def _operators(actor: Actor) -> None:
    if party_of(actor) != OPERATOR:
        raise NotYours("an owner moves its own outage by a change", field="actor", fix="use `moms change`, or a swap")


def _transmission(one: Leg) -> None:
    """Refuse a generator in a swap that an owner began: its outages are confidential between owners."""
    if one.category != Category.TRANSMISSION:
        raise NotAnOffer("outages of generators are confidential between owners", field="outage",
                         fix="ask the operator to offer the swap")  # fmt: skip


def _enter(page: Page, world: World, offer: Offer, verb: str, reason: str, *, actor: Actor, now: datetime) -> None:
    """Write a deed: whole in the operator's register, and to each owner what is said of its own outage."""
    page.enter(OFFERS, {"offer": offer.id, "verb": verb, "at": instant_text(now), "by": str(actor), "reason": reason,
                        "after": document(offer)})  # fmt: skip
    for one in offer.legs:
        own = actor.organisation in {OPERATOR, one.organisation} or not offer.operators
        outage = page.outage(one.outage)
        line = event(outage, actor=actor if own else SYSTEM, now=now, verb=verb, world=world,
                     reason=f"{offer.id}{_dates(one)}: {reason}")  # fmt: skip
        page.note(replace(line, after={"offer": offer.id, "state": str(outage.state), "status": str(outage.status)}),
                  told=Telling(outage=outage, word=verb, reason=line.reason))  # fmt: skip


def _dates(one: Leg) -> str:
    def span(window: Window) -> str:
        return f"{instant_text(window.start)} to {instant_text(window.end)}"

    return "" if one.after is None else f", from {span(one.before)} to {span(one.after)}"
