"""What is posted when: each event of an outage's life in credits (models 2.5 as corrected by semantics 8).

All functions are pure: from a booking and the rules to an event. Nobody's balance is an argument, but where
the event is about the balance itself (`season.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from moms.ledger.accounts import POOL, SEASON, Event, Posting, owner_account
from moms.ledger.rules import LedgerRules, part
from moms.values import Refused, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A place in the season that was paid for."""

    request: str
    owner: str
    size_kw: int
    start: int
    days: int
    price_milli: int


class ClaimedWithoutEvidence(Refused):
    """A claim of a deadline that names no document."""


class NotMoved(Refused):
    """A move that is not one: another request's booking, or another owner's."""


def _event(name: str, booking: Booking, *postings: Posting, settles: bool = False) -> Event:
    return Event(
        name=name,
        request=booking.request,
        postings=tuple(one for one in postings if one.amount_milli),
        settles=settles,
        inputs=digest(booking),
    )


def _pays(booking: Booking, to: str, amount_milli: int) -> Posting:
    return Posting(debit=owner_account(booking.owner), credit=to, amount_milli=amount_milli)


def _gets(booking: Booking, of: str, amount_milli: int) -> Posting:
    return Posting(debit=of, credit=owner_account(booking.owner), amount_milli=amount_milli)


def book(booking: Booking) -> Event:
    """Pay for a place: the price waits in the season account."""
    return _event("book", booking, _pays(booking, SEASON, booking.price_milli))


def used(booking: Booking) -> Event:
    """Settle a place that was used: its price is the season's to share out."""
    return _event("used", booking, settles=True)


def forfeit_milli(booking: Booking, *, lead_days: int, reused_permille: int, rules: LedgerRules) -> int:
    """Give what cancelling costs: less with notice, and less for what others can still use of it."""
    lost = part(booking.price_milli, rules.forfeit_permille(lead_days))
    return part(lost, 1000 - reused_permille)


def cancel(booking: Booking, *, lead_days: int, reused_permille: int, rules: LedgerRules) -> Event:
    """Give a place back; `reused_permille` is the share of its MW-days that others booked by its planned end."""
    lost = forfeit_milli(booking, lead_days=lead_days, reused_permille=reused_permille, rules=rules)
    back = _gets(booking, SEASON, booking.price_milli - lost)
    return _event("cancel", booking, back, Posting(debit=SEASON, credit=POOL, amount_milli=lost), settles=True)


def taken_back(booking: Booking) -> Event:
    """Undo a booking whole: the operator took its plan back before anything of it was granted."""
    return _event("taken_back", booking, _gets(booking, SEASON, booking.price_milli), settles=True)


def no_show(booking: Booking, *, rules: LedgerRules) -> Event:
    """Settle a place that stood empty though nobody gave it back."""
    more = part(booking.price_milli, rules.no_show_permille) - booking.price_milli
    kept = Posting(debit=SEASON, credit=POOL, amount_milli=booking.price_milli)
    return _event("no_show", booking, kept, _pays(booking, POOL, more), settles=True)


def recalled(booking: Booking, *, lead_days: int, rules: LedgerRules) -> Event:
    """Pay an owner whose outage the operator called off or back; the place counts as used (semantics 8)."""
    extra = rules.recall_times * part(booking.price_milli, rules.forfeit_permille(lead_days))
    back = _gets(booking, SEASON, booking.price_milli)
    return _event("recall", booking, back, _gets(booking, POOL, extra), settles=True)


def move_accepted(booking: Booking, moved: Booking, *, lead_days: int, rules: LedgerRules) -> Event:
    """Move a place because the operator asked: never dearer than before, and paid for; stamp and exemption stay.

    Raises:
        NotMoved: the two bookings are not of one request and owner, or the price is not the lesser of the two.
    """
    if (booking.request, booking.owner) != (moved.request, moved.owner):
        raise NotMoved(
            f"{moved.request} of {moved.owner} is not {booking.request} of {booking.owner}",
            field="request",
            fix="move a booking of the same request",
        )
    price = min(booking.price_milli, moved.price_milli)
    paid = part(booking.price_milli, rules.forfeit_permille(lead_days))
    return _event(
        "move_accepted",
        moved,
        _gets(booking, SEASON, booking.price_milli),
        _pays(moved, SEASON, price),
        _gets(moved, POOL, paid),
    )


def early_return(booking: Booking, *, spared_milli: int, notice_h: float, rules: LedgerRules) -> Event:
    """Give back part of the price of days not needed, if that was said in time for others to use them."""
    timely = notice_h >= rules.early_return_notice_h
    spared = min(spared_milli, booking.price_milli) if timely else 0
    back = spared * rules.early_return_permille // 1000  # rounded down: rounding never pays an owner
    return _event("early_return", booking, _gets(booking, SEASON, back))


def overrun(
    booking: Booking, *, days_over: int, over_milli: int, safety_evidence: str | None, rules: LedgerRules
) -> Event:
    """Charge days beyond the booked end and the tolerance; none if safety forced it, with evidence (semantics 8)."""
    allowed = max(booking.days * rules.overrun_tolerance_permille // 1000, rules.overrun_tolerance_days)
    charged = 0 if safety_evidence or days_over <= allowed else rules.overrun_times * over_milli
    return _event("overrun", booking, _pays(booking, POOL, charged))


def pinball_permille(actual_h: int, quantile_h: int, tau_permille: int) -> int:
    """Give the pinball loss in thousandths of an hour; its mean is least at the true quantile.

    >>> pinball_permille(30, 20, 900), pinball_permille(10, 20, 900)
    (9000, 1000)
    """
    over = actual_h - quantile_h
    return tau_permille * over if over >= 0 else (tau_permille - 1000) * over


def duration_score(booking: Booking, *, actual_h: int, p50_h: int, p90_h: int) -> Event:
    """Charge what the owner's own forecast of its duration was off by: the true P50 and P90 cost least.

    One credit per MW-day of loss. The pinball loss is a strictly proper score for quantiles.
    """
    loss = pinball_permille(actual_h, p50_h, 500) + pinball_permille(actual_h, p90_h, 900)
    return _event("duration_score", booking, _pays(booking, POOL, -(-booking.size_kw * loss // (24 * 1000))))


def claim(booking: Booking, *, evidence: str | None, rules: LedgerRules) -> Event:
    """Put up the bond for a claim of a deadline.

    Raises:
        ClaimedWithoutEvidence: no document's hash is given.
    """
    need_evidence(evidence, request=booking.request)
    bond = part(booking.price_milli, rules.bond_permille)
    return Event(name="claim", request=claim_name(booking.request), inputs=digest((booking, evidence)),
                 postings=(_pays(booking, SEASON, bond),))  # fmt: skip


def claim_name(request: str) -> str:
    """Name what holds the bond of a request's claim, apart from its price."""
    return f"claim:{request}"


def claim_settled(booking: Booking, *, verified: bool, rules: LedgerRules) -> Event:
    """Give the bond back, or, where the evidence was rejected, take it and as much again."""
    bond = part(booking.price_milli, rules.bond_permille)
    lost = (Posting(debit=SEASON, credit=POOL, amount_milli=bond), _pays(booking, POOL, bond))
    postings = (_gets(booking, SEASON, bond),) if verified else lost
    name = "claim_verified" if verified else "claim_rejected"
    return Event(name=name, request=claim_name(booking.request), postings=postings, settles=True,
                 inputs=digest((booking, verified)))  # fmt: skip


def need_evidence(evidence: str | None, *, request: str) -> None:
    """Refuse a claim of a deadline that names no document: 64 hex digits, the SHA-256 of it.

    Raises:
        ClaimedWithoutEvidence: there is none, or it is no SHA-256.
    """
    if evidence is None or len(evidence) != 64 or not set(evidence) <= set("0123456789abcdef"):
        raise ClaimedWithoutEvidence(
            f"{request} claims a deadline without the hash of the document that sets it",
            field="evidence",
            fix="give the SHA-256 of the document, or ask as P2",
        )
