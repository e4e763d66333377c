"""The season plan of what waits, its repair, its accounts, and offers to move or swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.values import parse_instant
from moms.wiring.office.core import Core
from moms.wiring.office.words import day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.desk.accept import Wrote
    from moms.desk.bookings import Account, Settled
    from moms.desk.fit import Fitting
    from moms.desk.gaming import Case
    from moms.desk.offer import Offer
    from moms.desk.plan import SeasonPlan
    from moms.desk.repair import Repair
    from moms.desk.rounds import SoFar


class Plans(Core):
    """The season plan of what waits, its repair, its accounts, and offers to move or swap."""

    def plan_book(
        self,
        *,
        first: str,
        last: str,
        flex_days: int = 0,
        rounds: int = 8,
        work: int = 200,
        nonce: str = "",
        cores: int = 0,
        tick: Callable[[int], None] = lambda _more: None,
        keep: Callable[[SoFar], None] = lambda _plan: None,
    ) -> SeasonPlan:
        """Plan what waits between two market days; nothing is written. `keep` gets the plan of each round at once.

        Raises:
            NotYours: only the operator sees a plan: outages of others are in it (semantics 9).
        """
        from moms.desk.accept import opening, operators_only, waited
        from moms.desk.plan import plan_season
        from moms.schedule._mip import Budget
        from moms.wiring.pool import mapped

        operators_only(self.settings.actor)
        with self.book.as_(self.settings.actor) as page:
            balances, waits = opening(page, self.world), waited(page)
        with mapped(cores=cores, tick=tick) as each:
            return plan_season(
                book=self.book, world=self.world, now=self.settings.now, first=day_of(first, "from"),
                last=day_of(last, "to"), opening=balances, waited=waits, budget=Budget(nodes=work), flex_days=flex_days,
                rounds=rounds, nonce=nonce, each=each, keep=keep,
            )  # fmt: skip

    def accept_plan(self, plan: SeasonPlan) -> Wrote:
        """Write a plan into the book."""
        from moms.desk.accept import accept

        return accept(book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, plan=plan)

    def repair_plan(
        self,
        *,
        first: str,
        last: str,
        flex_days: int = 0,
        rounds: int = 8,
        work: int = 200,
        cores: int = 0,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> Repair:
        """Find the smallest change of what waits between two market days; nothing is written.

        Raises:
            NotYours: as `plan_book`.
        """
        from moms.desk.accept import operators_only
        from moms.desk.repair import repair
        from moms.schedule._mip import Budget
        from moms.wiring.pool import mapped

        operators_only(self.settings.actor)
        with mapped(cores=cores, tick=tick) as each:
            return repair(
                book=self.book, world=self.world, now=self.settings.now, first=day_of(first, "from"),
                last=day_of(last, "to"), budget=Budget(nodes=work), flex_days=flex_days, rounds=rounds, each=each,
            )  # fmt: skip

    def fit_in(
        self,
        outage_id: str,
        *,
        first: str,
        last: str,
        flex_days: int = 0,
        rounds: int = 0,
        work: int = 20,
        cores: int = 0,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> Fitting:
        """Find room for a request that waits with the fewest others moved; nothing is written.

        Raises:
            NotYours: as `plan_book`.
        """
        from moms.desk.accept import operators_only
        from moms.desk.fit import fit
        from moms.schedule._mip import Budget
        from moms.wiring.pool import mapped

        operators_only(self.settings.actor)
        with mapped(cores=cores, tick=tick) as each:
            return fit(
                book=self.book, world=self.world, now=self.settings.now, outage_id=outage_id,
                first=day_of(first, "from"), last=day_of(last, "to"), budget=Budget(nodes=work), flex_days=flex_days,
                rounds=rounds, each=each,
            )  # fmt: skip

    def accept_repair(self, found: Repair) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """Write a repair into the book."""
        from moms.desk.repair import accept_repair

        return accept_repair(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, found=found
        )

    def take_plan_back(self, plan: str, *, reason: str) -> Wrote:
        """Take a written plan back."""
        from moms.desk.accept import take_back

        return take_back(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, plan=plan, reason=reason
        )

    def accounts(self, *, settle: bool = False, close: bool = False) -> tuple[tuple[Account, ...], tuple[Settled, ...]]:
        """Give both ledgers; settle what has ended first, and close the season, if told.

        Raises:
            NotYours: only the operator sees the accounts of all owners.
        """
        from moms.desk.accept import operators_only
        from moms.desk.bookings import accounts, close_season, settle_bookings
        from moms.desk.turns import needs

        operators_only(self.settings.actor)
        common = {"book": self.book, "world": self.world, "actor": self.settings.actor}
        done = settle_bookings(**common, now=self.settings.now) if settle or close else ()  # type: ignore[arg-type]  # one mapping for all
        if close:
            close_season(**common, now=self.settings.now, weights=needs(self.world))  # type: ignore[arg-type]  # as above
        return accounts(**common), done  # type: ignore[arg-type]  # as above

    def suspicions(self, *, first: str, last: str) -> tuple[Case, ...]:
        """Give what looks like gaming between two market days, those nobody has looked at first.

        Raises:
            NotYours: only the operator sees the outages of all owners.
        """
        from moms.desk.gaming import cases

        return cases(
            book=self.book, world=self.world, actor=self.settings.actor, first=day_of(first, "from"),
            last=day_of(last, "to"),
        )  # fmt: skip

    def look_at(self, case: str, *, note: str, first: str, last: str) -> Case:
        """Keep that somebody has looked at a suspicion, and what it was.

        Raises:
            NotYours: only the operator's engineers.
        """
        from moms.desk.gaming import look_at

        return look_at(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now,
            first=day_of(first, "from"), last=day_of(last, "to"), case=case, note=note,
        )  # fmt: skip

    def propose_plan(self, plan: SeasonPlan) -> str:
        """Keep a plan as a proposal, which its owners see; nothing moves."""
        from moms.desk.proposal import propose

        return propose(book=self.book, actor=self.settings.actor, now=self.settings.now, plan=plan)

    def plan_shown(self) -> dict[str, object]:
        """Give the last proposal, the clashes and the credits, as far as this actor may see them."""
        from moms.desk.proposal import plan_shown

        return plan_shown(book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now)

    def offers(self) -> tuple[Offer, ...]:
        """Give the offers to move outages that this actor may know of, newest first."""
        from moms.desk.offers import offers

        return offers(book=self.book, actor=self.settings.actor)

    def offer(
        self, *, key: str, outage: str, reason: str, start: str = "", other: str = "", asks: str = "",
        until: str = "", plan: str = "",
    ) -> Offer:  # fmt: skip
        """Offer a move (`start`), or a swap with another outage (`other`) or owner (`asks`)."""
        from moms.desk.offers import offer_id, offer_move, offer_swap

        end = parse_instant(until, field="until") if until else None
        name, common = offer_id(self.settings.actor, key), self._acting()
        if start:
            return offer_move(
                **common, offer=name, outage=outage, start=parse_instant(midnight(start), field="start"), until=end,
                reason=reason, plan=plan,
            )  # fmt: skip
        return offer_swap(**common, offer=name, outage=outage, other=other, asks=asks, until=end, reason=reason)

    def answer_offer(
        self, offer: str, answer: str, *, revision: int, reason: str = "", start: str = "", outage: str = ""
    ) -> Offer:
        """Accept, decline, withdraw or counter an offer as it is at that revision."""
        from moms.desk import offers

        common = {**self._acting(), "offer": offer, "revision": revision, "reason": reason}
        if answer == "counter":
            at = parse_instant(midnight(start), field="start") if start else None
            return offers.counter(**common, start=at, outage=outage)
        return {"accept": offers.accept, "decline": offers.decline, "withdraw": offers.withdraw}[answer](**common)

    def look_at_offer(self, offer: str) -> Offer:
        """Give an offer with what a decision made now would say of it; nothing is written."""
        from moms.desk.offers import look

        return look(**self._acting(), offer=offer)
