"""The end of a season: its charges are shared out by need, balances fade, and what stands beyond the cap is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.ledger.accounts import POOL, SEASON, Event, Posting, debt_account, moved, owner_account
from moms.values import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.ledger.accounts import Ledger
    from moms.ledger.rules import LedgerRules


def to_share_milli(ledger: Ledger) -> int:
    """Give T: the season account less open claims and bookings that are not settled yet."""
    return max(ledger.balance_milli.get(SEASON, 0) - sum(ledger.held_milli.values()), 0)


def incomes(total_milli: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Share an amount by need, each share rounded down.

    >>> incomes(100, {"a": 1, "b": 2})
    {'a': 33, 'b': 66}
    """
    whole = sum(weights.values())
    return {owner: total_milli * weights[owner] // whole if whole else 0 for owner in sorted(weights)}


def close(ledger: Ledger, *, weights: Mapping[str, int]) -> Event:
    """Share the season's charges out by need; what rounding leaves goes to the pool. Income pays debt first."""
    total = to_share_milli(ledger)
    income = incomes(total, weights)
    postings = [Posting(debit=SEASON, credit=owner_account(o), amount_milli=m) for o, m in income.items() if m]
    left = total - sum(income.values())
    if left:
        postings.append(Posting(debit=SEASON, credit=POOL, amount_milli=left))
    postings += _paying_debt(ledger, income)
    return Event(name="season_close", postings=tuple(postings), inputs=digest((total, dict(weights))))


def _paying_debt(ledger: Ledger, income: Mapping[str, int]) -> list[Posting]:
    found = []
    for owner, amount in income.items():
        owed = -ledger.balance_milli.get(debt_account(owner), 0)
        paid = min(owed, amount)
        if paid > 0:
            found.append(Posting(debit=owner_account(owner), credit=debt_account(owner), amount_milli=paid))
    return found


def cap_milli(total_milli: int, *, weight: int, whole: int, rules: LedgerRules) -> int:
    """Give the largest balance of an owner: its share of a mean season's charges."""
    return total_milli * weight * rules.cap_permille // (whole * 1000) if whole else 0


def decay(ledger: Ledger, *, weights: Mapping[str, int], season_charge_milli: int, rules: LedgerRules) -> Event:
    """Let balances fade towards zero; above the cap goes to the pool, below it becomes debt and stays owed."""
    whole = sum(weights.values())
    postings: list[Posting] = []
    for owner in sorted(weights):
        cap = cap_milli(season_charge_milli, weight=weights[owner], whole=whole, rules=rules)
        postings += _faded(owner, ledger.of(owner), cap=cap, rules=rules)
    return Event(name="decay", postings=tuple(postings), inputs=digest((season_charge_milli, dict(weights))))


def _faded(owner: str, balance: int, *, cap: int, rules: LedgerRules) -> list[Posting]:
    account = owner_account(owner)
    if balance >= 0:
        gone = balance - min(balance * rules.carry_permille // 1000, cap)
        return [Posting(debit=account, credit=POOL, amount_milli=gone)] if gone else []
    owed = -balance
    # Debt beyond the cap is set apart before the rest fades: a penalty is not forgiven by being large.
    beyond = max(owed - cap, 0)
    faded = (owed - beyond) - (owed - beyond) * rules.carry_permille // 1000
    found = []
    if beyond:
        found.append(Posting(debit=debt_account(owner), credit=account, amount_milli=beyond))
    if faded:
        found.append(Posting(debit=POOL, credit=account, amount_milli=faded))
    return found


def after(ledger: Ledger, event: Event) -> dict[str, int]:
    """Give the balances an event would leave, without posting it: what an owner is shown beforehand."""
    return moved(ledger.balance_milli, event.postings)
