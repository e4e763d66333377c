"""Who owes what to the others: the Ledgered Draft, its accounts, prices, turns and waitlist."""

from moms.ledger.accounts import Entry, Event, Ledger, Posting, Tampered, empty, first_fault, post, replayed, restored
from moms.ledger.asks import Ask, OwnedAsset, need_weights, risen, served_as
from moms.ledger.draft import Draft, Hall, Terms, Turn, draft
from moms.ledger.events import Booking
from moms.ledger.improve import may_start, worse_off
from moms.ledger.prices import PriceList, price_list, with_notice
from moms.ledger.rules import NEEDS, Kind, LedgerRules, Need
from moms.ledger.waitlist import Granted, Queued, batch

__all__ = [
    "NEEDS",
    "Ask",
    "Booking",
    "Draft",
    "Entry",
    "Event",
    "Granted",
    "Hall",
    "Kind",
    "Ledger",
    "LedgerRules",
    "Need",
    "OwnedAsset",
    "Posting",
    "PriceList",
    "Queued",
    "Tampered",
    "Terms",
    "Turn",
    "batch",
    "draft",
    "empty",
    "first_fault",
    "may_start",
    "need_weights",
    "post",
    "price_list",
    "replayed",
    "restored",
    "risen",
    "served_as",
    "with_notice",
    "worse_off",
]
