"""Accounts and entries: integers in milli-credits, two sides to every posting, each entry chained to the last.

Credits order turns and nothing else. Nothing below this room can see a balance: the contract of the rooms
forbids `schedule`, `study` and `adequacy` to import it, so no credit can enter feasibility.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.values import Refused, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from moms.ledger.rules import Kind

SEASON, POOL = "season", "pool"
GENESIS = "0" * 64
"""What the first entry names as its predecessor."""


def owner_account(owner: str) -> str:
    """Name the account in which an owner's balance stands."""
    return f"owner:{owner}"


def debt_account(owner: str) -> str:
    """Name the account of penalties beyond the cap: kept, and paid off from later income (semantics 8)."""
    return f"debt:{owner}"


class Tampered(Refused):
    """Entries that are not those that were written."""


class NotAPosting(Refused):
    """An amount or an account that cannot stand in a posting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Credits that leave one account for another: both sides are one value, so no posting makes or loses any."""

    debit: str
    """The account they leave."""
    credit: str
    """The account they enter."""
    amount_milli: int

    def __post_init__(self) -> None:
        """Refuse what is not a whole, non-negative amount between two accounts."""
        if type(self.amount_milli) is not int or self.amount_milli < 0:
            raise NotAPosting(
                f"{self.amount_milli!r} is not a whole amount", field="amount_milli", fix="give 0 or more"
            )
        if self.debit == self.credit:
            raise NotAPosting(f"{self.debit} on both sides", field="credit", fix="name two accounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, and what it moves; what `post` makes an entry of."""

    name: str
    postings: tuple[Posting, ...]
    request: str | None = None
    settles: bool = False
    """Whether the request's credits in the season account are now the season's to share out."""
    inputs: str = ""
    """Digest of what the amounts were computed from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger; every field but `hash` goes into the hash."""

    number: int
    at: datetime
    event: Event
    rules: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The accounts as they stand, what is not settled yet, and every entry that led here."""

    kind: Kind
    rules: str
    """Fingerprint of the rules in force."""
    balance_milli: Mapping[str, int]
    held_milli: Mapping[str, int]
    """By request: its credits in the season account that may still go back."""
    entries: tuple[Entry, ...]

    def of(self, owner: str) -> int:
        """Give an owner's balance."""
        return self.balance_milli.get(owner_account(owner), 0)

    @property
    def total_milli(self) -> int:
        """Give the sum of all accounts: 0, whatever happened."""
        return sum(self.balance_milli.values())


def empty(*, kind: Kind, rules: str) -> Ledger:
    """Give a ledger without entries."""
    return Ledger(kind=kind, rules=rules, balance_milli={}, held_milli={}, entries=())


def post(ledger: Ledger, event: Event, *, at: datetime) -> Ledger:
    """Give the ledger with one more entry."""
    balance = moved(ledger.balance_milli, event.postings)
    previous = ledger.entries[-1].hash if ledger.entries else GENESIS
    entry = Entry(number=len(ledger.entries) + 1, at=at, event=event, rules=ledger.rules, previous=previous, hash="")
    entry = replace(entry, hash=hash_of(entry))
    held = _held(ledger.held_milli, event)
    return replace(ledger, balance_milli=balance, held_milli=held, entries=(*ledger.entries, entry))


def moved(balance: Mapping[str, int], postings: Iterable[Posting]) -> dict[str, int]:
    """Give the balances after some postings."""
    after = dict(balance)
    for one in postings:
        after[one.debit] = after.get(one.debit, 0) - one.amount_milli
        after[one.credit] = after.get(one.credit, 0) + one.amount_milli
    return after


def _held(held: Mapping[str, int], event: Event) -> dict[str, int]:
    after = dict(held)
    if event.request is None:
        return after
    change = moved({}, event.postings).get(SEASON, 0)
    now = after.get(event.request, 0) + change
    if event.settles or now == 0:
        after.pop(event.request, None)
    else:
        after[event.request] = now
    return after


def hash_of(entry: Entry) -> str:
    """Give the hash an entry must have."""
    return digest({"number": entry.number, "at": entry.at, "event": entry.event, "rules": entry.rules,
                   "previous": entry.previous})  # fmt: skip


def first_fault(entries: Sequence[Entry]) -> int | None:
    """Give the number of the first entry that was changed, dropped, added or moved; None: the chain holds."""
    previous = GENESIS
    for number, entry in enumerate(entries, start=1):
        if entry.number != number or entry.previous != previous or entry.hash != hash_of(entry):
            return number
        previous = entry.hash
    return None


def replayed(ledger: Ledger) -> Ledger:
    """Give the ledger computed again from its entries alone."""
    again = empty(kind=ledger.kind, rules=ledger.rules)
    for entry in ledger.entries:
        again = post(again, entry.event, at=entry.at)
    return again


def restored(entries: Sequence[Entry], *, kind: Kind, rules: str) -> Ledger:
    """Give the ledger that these entries led to; the next entry is made under `rules`.

    Raises:
        Tampered: an entry was changed, dropped, added or moved.
    """
    fault = first_fault(entries)
    if fault is not None:
        raise Tampered(f"entry {fault} of the {kind} ledger is not what was written", field="ledger",
                       fix="run: moms verify")  # fmt: skip
    balance: dict[str, int] = {}
    held: dict[str, int] = {}
    for entry in entries:
        balance, held = moved(balance, entry.event.postings), _held(held, entry.event)
    return Ledger(kind=kind, rules=rules, balance_milli=balance, held_milli=held, entries=tuple(entries))
