"""Small seasons: owners, asks, a hall with headroom by day, and the terms of a draft."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import strategies as st

from moms.ledger import Ask, Booking, Kind, LedgerRules, Need, PriceList, Terms, empty
from moms.ledger.seal import lots

RULES = LedgerRules()
AT = datetime(2027, 1, 1, tzinfo=UTC)
EVIDENCE = "ab" * 32
DAYS = 12


@dataclass
class Headroom:
    """A hall whose only limit is headroom by day, written plainly: an oracle and a stand-in for the planner."""

    asks: dict[str, Ask]
    kw: tuple[int, ...]
    asked: list[str] = field(default_factory=list)

    def load(self, taken):
        out = [0] * len(self.kw)
        for name, start in taken.items():
            for day in range(start, start + self.asks[name].days):
                out[day] += self.asks[name].size_kw
        return out

    def blocked(self, taken, request, start):
        self.asked.append(request)
        ask, out = self.asks[request], self.load(taken)
        for day in range(start, start + ask.days):
            if out[day] + ask.size_kw > self.kw[day]:
                return f"headroom on day {day}"
        return None


def an_ask(name="r1", owner="a", **changes):
    given = {"rank": 1, "need": Need.DUE, "size_kw": 100, "days": 2, "preferences": (0,), "flex": (), **changes}
    if given["need"] is Need.DEADLINE:
        given.setdefault("evidence", EVIDENCE)
    return Ask(id=name, owner=owner, **given)


def terms(weights, *, opening=None, prices=(1,) * DAYS, seed="s", lot=None):
    return Terms(
        prices=PriceList(price=prices, rules_version=RULES.version),
        weights=weights,
        opening_milli=opening or {},
        lot=lot or lots(seed),
        rules=RULES,
    )


def a_ledger():
    return empty(kind=Kind.GENERATION, rules=RULES.fingerprint)


def a_booking(**changes):
    given = {"request": "r1", "owner": "a", "size_kw": 100, "start": 0, "days": 2, "price_milli": 1001, **changes}
    return Booking(**given)


@st.composite
def seasons(draw, *, least=1):
    """A season of up to ten asks of up to four owners on twelve days."""
    owners = draw(st.integers(1, 4))
    count = draw(st.integers(least, 10))
    asks = []
    for k in range(count):
        days = draw(st.integers(1, 3))
        start = st.integers(0, DAYS - days)
        asks.append(
            an_ask(
                f"r{k}",
                f"o{draw(st.integers(0, owners - 1))}",
                rank=draw(st.integers(1, 3)),
                need=draw(st.sampled_from(list(Need))),
                size_kw=draw(st.integers(1, 5)),
                days=days,
                preferences=tuple(draw(st.lists(start, min_size=1, max_size=3, unique=True))),
                flex=tuple(draw(st.lists(start, max_size=4, unique=True))),
            )
        )
    weights = {f"o{k}": draw(st.integers(0, 5)) for k in range(owners)}
    opening = {f"o{k}": draw(st.integers(-50, 50)) for k in range(owners)}
    prices = tuple(draw(st.sampled_from([1, 2, 4, 8, None])) for _ in range(DAYS))
    hall = Headroom({a.id: a for a in asks}, tuple(draw(st.integers(0, 9)) for _ in range(DAYS)))
    return asks, hall, terms(weights, opening=opening, prices=prices, seed=draw(st.text(max_size=3)))
