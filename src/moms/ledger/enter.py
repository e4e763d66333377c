"""From the turns of a draft to entries of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.ledger.accounts import post
from moms.ledger.events import Booking, book
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from moms.ledger.accounts import Ledger
    from moms.ledger.asks import Ask
    from moms.ledger.draft import Draft, Turn


class OtherRules(Refused):
    """Entries under other rules than the ledger's."""


def booking_of(turn: Turn, asks: Mapping[str, Ask]) -> Booking | None:
    """Give the booking a turn made; None where it made none."""
    if turn.start is None:
        return None
    ask = asks[turn.request]
    return Booking(request=ask.id, owner=ask.owner, size_kw=ask.size_kw, start=turn.start, days=ask.days,
                   price_milli=turn.price_milli)  # fmt: skip


def entered(ledger: Ledger, draft: Draft, *, asks: Mapping[str, Ask], rules: str, at: datetime) -> Ledger:
    """Give the ledger with one entry for each place the draft gave, in the order of the turns.

    Raises:
        OtherRules: the draft ran under rules that are not the ledger's.
    """
    if rules != ledger.rules:
        raise OtherRules("the draft ran under other rules than the ledger", field="rules", fix="close the season first")
    for turn in draft.turns:
        booking = booking_of(turn, asks)
        if booking is not None:
            ledger = post(ledger, book(booking), at=at)
    return ledger
