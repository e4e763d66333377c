"""The price list: published before anyone books, frozen, and out of reach of anyone's own requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.ledger.rules import LedgerRules, part
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence


class ClosedDay(Refused):
    """A day without any headroom: it has no price, so nothing can be booked on it."""


class OutsideSeason(Refused):
    """A day that the list does not price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """What a MW-day costs on each day of the season, in credits; None: closed."""

    price: tuple[int | None, ...]
    rules_version: str

    def of(self, *, size_kw: int, start: int, days: int) -> int:
        """Give the price in milli-credits of so many kW over so many days.

        A kW at a credit per MW-day is a milli-credit a day, so no rounding is needed, and the price of
        the whole is the sum of the prices of its parts.

        Raises:
            ClosedDay: one of the days is closed.
            OutsideSeason: one of the days is not in the list.
        """
        if start < 0 or days < 1 or start + days > len(self.price):
            raise OutsideSeason(
                f"days {start} to {start + days - 1} are not all in the season of {len(self.price)} days",
                field="start",
                fix="choose days of the season",
            )
        total = 0
        for day in range(start, start + days):
            price = self.price[day]
            if price is None:
                raise ClosedDay(f"day {day} is closed", field="start", fix="choose days that have a price")
            total += price
        return size_kw * total

    def open(self, *, start: int, days: int) -> bool:
        """Tell whether all the days have a price."""
        inside = start >= 0 and start + days <= len(self.price)
        return inside and all(one is not None for one in self.price[start : start + days])


def price_list(*, expected_mw: Sequence[float], headroom_mw: Sequence[float], rules: LedgerRules) -> PriceList:
    """Give the list for a season from what was used of such days in the past and what headroom they have.

    Both are known before the season's requests, so no owner's own requests move its prices.

    >>> price_list(expected_mw=[10, 70, 90, 120, 5], headroom_mw=[100, 100, 100, 100, 0], rules=LedgerRules()).price
    (1, 2, 4, 8, None)
    """
    found: list[int | None] = []
    for expected, headroom in zip(expected_mw, headroom_mw, strict=True):
        if headroom <= 0:
            found.append(None)
            continue
        share = round(1000 * expected / headroom)
        found.append(next(b.price for b in rules.bands if b.below_permille is None or share < b.below_permille))
    return PriceList(price=tuple(found), rules_version=rules.version)


def with_notice(price_milli: int, *, lead_days: int, rules: LedgerRules) -> int:
    """Give the price as it is with so many days of notice: dearer at short notice.

    >>> with_notice(1000, lead_days=3, rules=LedgerRules()), with_notice(1000, lead_days=14, rules=LedgerRules())
    (1500, 1000)
    """
    return part(price_milli, rules.short_notice_permille) if lead_days < rules.short_notice_days else price_milli
