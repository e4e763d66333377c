"""The draft: owners take turns, and whoever has used least for the work it has to do picks next.

The whole of it is a function of the sealed asks, the published prices and weights, the balances at gate
close and the seed. Feasibility is handed in and knows starts only: it cannot see a credit.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from moms.ledger.asks import served_as
from moms.ledger.rules import NEEDS, LedgerRules
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from moms.ledger.asks import Ask
    from moms.ledger.prices import PriceList
    from moms.ledger.rules import Need


class Hall(Protocol):
    """What can stand together: the planner's constraints, as the draft may ask them."""

    def blocked(self, taken: Mapping[str, int], request: str, start: int) -> str | None:
        """Say in a word what keeps a request from starting then beside what is taken; None: nothing does."""
        ...


class AskedTwice(Refused):
    """Two asks under one id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A start that an owner wanted more, and what stood against it."""

    start: int
    blocked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One pick, with all that anyone needs to check it."""

    number: int
    need: Need
    owner: str
    key: str
    """(X - B0) / w as an exact fraction; `last` for an owner without weight."""
    request: str
    tried: tuple[Tried, ...]
    start: int | None
    """None: nothing it would take was possible, and it waits."""
    price_milli: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What came of it."""

    turns: tuple[Turn, ...]
    starts: Mapping[str, int]
    waiting: tuple[str, ...]
    """In the order in which they came away empty: the waitlist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was published or sealed before the draft: the same for all, and fixed while it runs."""

    prices: PriceList
    weights: Mapping[str, int]
    opening_milli: Mapping[str, int]
    """Balances at gate close (B0); they do not change during the draft."""
    lot: Callable[[str], str]
    rules: LedgerRules


Key = tuple[int, Fraction, str]


def turn_key(owner: str, *, charged_milli: int, terms: Terms) -> Key:
    """Give what orders the turns: used so far less balance, by need; no need picks last; ties by lot."""
    weight = terms.weights.get(owner, 0)
    if weight <= 0:
        return (1, Fraction(0), terms.lot(owner))
    return (0, Fraction(charged_milli - terms.opening_milli.get(owner, 0), weight), terms.lot(owner))


def draft(asks: Sequence[Ask], *, hall: Hall, terms: Terms) -> Draft:
    """Run the draft.

    Raises:
        AskedTwice: an id is used twice.
    """
    _each_once(asks)
    state, groups = _State(terms=terms, hall=hall), _groups(asks)
    for need in NEEDS:
        pending = _pending(asks, need, rules=terms.rules)
        while pending:
            owner = min(pending, key=state.key)
            ask = pending[owner].pop(0)
            if not pending[owner]:
                del pending[owner]
            if ask.id in state.asked:
                continue  # its group has picked, and it with it
            if state.turn(need, ask) is not None and ask.group is not None:
                # A group in one turn would be cheap: it takes all of its turns at once, and is charged for each.
                for other in groups[owner, ask.group]:
                    if other.id not in state.asked:
                        state.turn(served_as(other, rules=terms.rules), other)
    state.sweep({one.id: one for one in asks})
    return Draft(turns=tuple(state.turns), starts=state.taken, waiting=tuple(state.waiting))


def _each_once(asks: Sequence[Ask]) -> None:
    seen: set[str] = set()
    for one in asks:
        if one.id in seen:
            raise AskedTwice(f"{one.id} is asked for twice", field="id", fix="give each request an id of its own")
        seen.add(one.id)


def _pending(asks: Sequence[Ask], need: Need, *, rules: LedgerRules) -> dict[str, list[Ask]]:
    found: dict[str, list[Ask]] = {}
    for one in sorted(asks, key=lambda a: (a.owner, a.rank, a.id)):
        if served_as(one, rules=rules) is need:
            found.setdefault(one.owner, []).append(one)
    return found


def _groups(asks: Sequence[Ask]) -> dict[tuple[str, str], list[Ask]]:
    found: dict[tuple[str, str], list[Ask]] = {}
    for one in sorted(asks, key=lambda a: (a.rank, a.id)):
        if one.group is not None:
            found.setdefault((one.owner, one.group), []).append(one)
    return found


def options(ask: Ask, *, prices: PriceList) -> tuple[int, ...]:
    """Give the starts in the order in which they are tried: its own, then the cheapest and nearest of the rest."""
    wanted = [s for s in dict.fromkeys(ask.preferences) if prices.open(start=s, days=ask.days)]
    first = ask.preferences[0]
    rest = [s for s in dict.fromkeys(ask.flex) if s not in ask.preferences and prices.open(start=s, days=ask.days)]
    rest.sort(key=lambda s: (prices.of(size_kw=ask.size_kw, start=s, days=ask.days), abs(s - first), s))
    return (*wanted, *rest)


class _State:
    """The draft as it stands between two turns."""

    def __init__(self, *, terms: Terms, hall: Hall) -> None:
        self.terms, self.hall = terms, hall
        self.taken: dict[str, int] = {}
        self.charged: dict[str, int] = {}
        self.turns: list[Turn] = []
        self.asked: set[str] = set()
        self.waiting: list[str] = []

    def key(self, owner: str) -> Key:
        return turn_key(owner, charged_milli=self.charged.get(owner, 0), terms=self.terms)

    def turn(self, need: Need, ask: Ask) -> int | None:
        self.asked.add(ask.id)
        weightless, share, _ = self.key(ask.owner)
        start, tried = self._first(ask)
        price = self._take(ask, start)
        if start is None:
            self.waiting.append(ask.id)
        self.turns.append(
            Turn(number=len(self.turns) + 1, need=need, owner=ask.owner, key="last" if weightless else str(share),
                 request=ask.id, tried=tried, start=start, price_milli=price)
        )  # fmt: skip
        return start

    def _first(self, ask: Ask) -> tuple[int | None, tuple[Tried, ...]]:
        tried: list[Tried] = []
        for start in options(ask, prices=self.terms.prices):
            why = self.hall.blocked(self.taken, ask.id, start)
            if why is None:
                return start, tuple(tried)
            tried.append(Tried(start=start, blocked_by=why))
        return None, tuple(tried)

    def _take(self, ask: Ask, start: int | None) -> int:
        if start is None:
            return 0
        price = self.terms.prices.of(size_kw=ask.size_kw, start=start, days=ask.days)
        self.taken[ask.id] = start
        self.charged[ask.owner] = self.charged.get(ask.owner, 0) + price
        return price

    def sweep(self, asks: Mapping[str, Ask]) -> None:
        """Offer places again until none of those who wait fits: what security allows is not monotone (semantics 6)."""
        again = True
        while again:
            again = False
            for name in tuple(self.waiting):
                if self._first(asks[name])[0] is not None:
                    self.waiting.remove(name)
                    self.turn(served_as(asks[name], rules=self.terms.rules), asks[name])
                    again = True
