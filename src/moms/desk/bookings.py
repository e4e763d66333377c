"""What became of booked places: each is settled in its ledger by what happened to its outage (semantics 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk.accept import bookings, ledger_of, may_write, post_to
from moms.ledger import Booking, Kind
from moms.ledger.events import cancel, no_show, overrun, recalled, taken_back, used
from moms.ledger.season import close, decay, to_share_milli
from moms.outages import State, Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.ledger import Event as LedgerEvent
    from moms.ledger import Ledger, LedgerRules
    from moms.outages import Outage
    from moms.values import Actor, Window

DAY = timedelta(days=1)
GIVEN_UP = frozenset({State.WITHDRAWN, State.CANCELLED})
OPERATORS_DOING = frozenset({Status.REVOKED, Status.RECALLED, Status.AT_RISK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One booking that is settled now."""

    outage: str
    ledger: Kind
    events: tuple[str, ...]
    """Names of the ledger's events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One ledger as it stands."""

    ledger: Kind
    balances: Mapping[str, int]
    """Every account in milli-credits, those of the season and the pool among them; their sum is 0."""
    open: Mapping[str, int]
    """Bookings that are not settled yet, by outage."""
    entries: int


def accounts(*, book: Book, world: World, actor: Actor) -> tuple[Account, ...]:
    """Give both ledgers as the journal has them.

    Raises:
        Tampered: an entry is not what was written.
    """
    with book.as_(actor) as page:
        return tuple(_account(ledger_of(page, world, kind)) for kind in Kind)


def _account(ledger: Ledger) -> Account:
    balances = dict(sorted(ledger.balance_milli.items()))
    return Account(ledger=ledger.kind, balances=balances, open=dict(ledger.held_milli), entries=len(ledger.entries))


def settle_bookings(*, book: Book, world: World, actor: Actor, now: datetime) -> tuple[Settled, ...]:
    """Settle every booking whose outage has come to an end, one way or another.

    What others could still use of a cancelled place is not counted yet: nothing of it is given back for that.

    Raises:
        NotYours: as for writing a plan.
    """
    may_write(actor)
    found = []
    with book.as_(actor) as page:
        page.hold(page.version())
        places = bookings(page)
        for kind in Kind:
            held = ledger_of(page, world, kind).held_milli
            for name in sorted(held):
                booking, window = places[name]
                rules = world.rules.ledger
                outage = page.outage(name)
                events = became(outage, booking, window, since=_since(page, outage), rules=rules)
                if events:
                    post_to(page, world, kind, events, now=now)
                    found.append(Settled(outage=name, ledger=kind, events=tuple(e.name for e in events)))
    return tuple(found)


def _since(page: Page, outage: Outage) -> datetime | None:
    """Give when an outage came into the state it is in."""
    since = None
    for told in reversed(page.history(outage.id)):
        if told.after.get("state") != str(outage.state):
            break
        since = told.at
    return since


def became(
    outage: Outage, booking: Booking, window: Window, *, since: datetime | None, rules: LedgerRules
) -> tuple[LedgerEvent, ...]:
    """Give the events that settle a booking; none while it is open.

    A place whose owner moved the request keeps its price until the outage ends. `window` is what was booked,
    `since` is when the outage came into its state.
    """
    lead = max((window.start - since) // DAY, 0) if since is not None else 0
    if outage.state == State.DECIDED and outage.status == Status.DENIED:
        return (taken_back(booking),)
    if outage.state in GIVEN_UP:
        if outage.status in OPERATORS_DOING:
            return (recalled(booking, lead_days=lead, rules=rules),)
        return (cancel(booking, lead_days=lead, reused_permille=0, rules=rules),)
    if outage.state == State.EXPIRED:
        return (no_show(booking, rules=rules),)
    if outage.state not in {State.COMPLETED, State.CLOSED}:
        return ()
    if outage.status == Status.RECALLED:
        return (recalled(booking, lead_days=0, rules=rules),)
    over = _days_over(outage)
    late = overrun(booking, days_over=over, over_milli=over * booking.price_milli // booking.days,
                   safety_evidence=None, rules=rules)  # fmt: skip
    return (used(booking), late) if late.postings else (used(booking),)


def _days_over(outage: Outage) -> int:
    """Give the days by which an outage came back after its approved end, a begun one whole."""
    if outage.actual_end is None or outage.actual_end <= outage.window.end:
        return 0
    return -((outage.window.end - outage.actual_end) // DAY)


def close_season(
    *, book: Book, world: World, actor: Actor, now: datetime, weights: Mapping[Kind, Mapping[str, int]]
) -> tuple[Account, ...]:
    """Share out what settled bookings brought in, by need, and let balances fade; open bookings stay.

    Raises:
        NotYours: as for writing a plan.
    """
    may_write(actor)
    with book.as_(actor) as page:
        page.hold(page.version())
        for kind in Kind:
            ledger = ledger_of(page, world, kind)
            total = to_share_milli(ledger)
            if not ledger.entries:
                continue
            post_to(page, world, kind, [close(ledger, weights=weights[kind])], now=now)
            closed = ledger_of(page, world, kind)
            faded = decay(closed, weights=weights[kind], season_charge_milli=total, rules=world.rules.ledger)
            post_to(page, world, kind, [faded], now=now)
        return tuple(_account(ledger_of(page, world, kind)) for kind in Kind)
