"""The last plan as a proposal: kept for those it concerns, shown to each as far as it is theirs.

A proposal moves nothing and books nothing. What it would move waits for the word of its owners (`offers`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.desk.accept import as_document, ledger_of, may_write
from moms.desk.offers import all_offers
from moms.desk.ports import Search
from moms.ledger import Kind
from moms.values import SYSTEM, instant_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from moms.desk.plan import Place, SeasonPlan
    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.values import Actor

PROPOSALS = "proposals"
"""The register of plans that were shown to their owners and not written."""
MOST_CLASHES = 200
"""So many waiting or denied requests are looked through for sets that stand in their way."""


def propose(*, book: Book, actor: Actor, now: datetime, plan: SeasonPlan) -> str:
    """Keep a plan as the newest proposal and give its name; nothing moves.

    Raises:
        NotYours: only the operator's engineers do.
    """
    may_write(actor)
    entry = {
        "plan": plan.id, "at": now, "by": str(actor), "first": plan.first, "days": plan.days,
        "book_version": plan.book_version, "secure": plan.secure, "points": plan.found.points,
        "places": [_place(p) for p in plan.places], "cuts": [_cut(plan, c) for c in plan.cuts],
        "insecure": plan.found.insecure, "fairness": plan.fairness,
        "proved": bool(plan.levels) and all(level.proved for level in plan.levels),
    }  # fmt: skip
    with book.as_(actor) as page:
        page.enter(PROPOSALS, as_document(entry))
    return plan.id


def _place(place: Place) -> dict[str, object]:
    asked = place.outage.asked
    return {
        "outage": place.outage.id, "reference": asked.external_id, "owner": asked.organisation, "assets": asked.assets,
        "category": asked.category, "asked": asked.window, "planned": place.window, "moved_days": place.moved_days,
        "owner_accepts": place.accepted, "says": place.says, "price_milli": place.price_milli,
        "burden": place.burden, "in_the_way": place.in_the_way, "displaced": place.displaced,
    }  # fmt: skip


def _cut(plan: SeasonPlan, cut: Any) -> dict[str, object]:  # noqa: ANN401 - a Cut, whose module imports much
    return {"name": cut.name, "outages": cut.requests, "day": cut.seen[0].day, "says": cut.seen[0].says,
            "minimal": cut.seen[0].minimal, "plan": plan.id}  # fmt: skip


def plan_shown(*, book: Book, world: World, actor: Actor, now: datetime) -> dict[str, object]:
    """Give the last proposal, the clashes and the credits, as far as they are an actor's to see (semantics 9).

    Ids of others' outages are still in it: the portal seals them as in every answer.
    """
    del now
    with book.as_(SYSTEM) as page:
        kept: Sequence[Mapping[str, Any]] = page.entries(PROPOSALS, last=1)
        version, offers = page.version(), all_offers(page)
        balances = [_credits(page, world, kind, actor) for kind in Kind]
    with book.as_(actor) as page:
        clashes = list(_clashes(page))
    open_for = {leg.outage: o.id for o in offers.values() if o.open for leg in o.legs}
    plan = None if not kept else _shown(kept[0], actor, version=version, open_for=open_for)
    if plan is not None and kept:
        mine = {str(row["outage"]) for row in plan["places"]}
        cuts = [_of_plan(c) for c in kept[0]["cuts"] if actor.sees_all or mine & set(c["outages"])]
        clashes = [*cuts, *clashes]
    owners = world.grid.register.owners if world.grid.register else ()
    others = [name for name in owners if name != actor.organisation]
    return {"plan": plan, "clashes": clashes, "credits": balances, "owners": others}


def _shown(kept: Mapping[str, Any], actor: Actor, *, version: int, open_for: Mapping[str, str]) -> dict[str, Any]:
    mine = [row for row in kept["places"] if actor.sees_all or row["owner"] == actor.organisation]
    fair = {kind: _fair(found, actor) for kind, found in kept["fairness"].items()}
    return {
        "id": kept["plan"], "at": kept["at"], "first": kept["first"], "days": kept["days"], "secure": kept["secure"],
        "points": kept["points"], "proved": kept["proved"], "of_this_book": kept["book_version"] == version,
        "requests": len(kept["places"]), "fairness": {k: v for k, v in fair.items() if v is not None},
        "places": [{**row, "offer": open_for.get(row["outage"])} for row in mine],
    }  # fmt: skip


def _fair(found: Mapping[str, Any], actor: Actor) -> dict[str, object] | None:
    """Give the fairness of a ledger: an owner its own line, and of the others what stands for all of them."""
    shares = [s for s in found["shares"] if actor.sees_all or s["owner"] == actor.organisation]
    if not shares:
        return None
    if not actor.sees_all:  # whom it envies names others and what they got
        shares = [{k: v for k, v in s.items() if k != "envies"} | {"envies_many": len(s["envies"])} for s in shares]
    return {"shares": shares, "mean_burden": found["mean_burden"], "worst_burden": found["worst_burden"],
            "jain": found["jain"]}  # fmt: skip


def _of_plan(cut: Mapping[str, Any]) -> dict[str, object]:
    found = "secure without any one of them" if cut["minimal"] else "seen beside other hours of its week only"
    return {"of": None, "outages": cut["outages"], "says": f"{cut['says']}; {found}", "day": cut["day"],
            "studied": cut["plan"], "from": "plan"}  # fmt: skip


def _clashes(page: Page) -> Iterator[dict[str, object]]:
    """Give the sets that stand in the way of what waits or was denied, as the decisions on it cite them."""
    waiting = page.find(Search(pending=True, limit=MOST_CLASHES))
    denied = page.find(Search(statuses=("denied",), states=("decided",), limit=MOST_CLASHES))
    for outage in (*waiting, *denied):
        yield from _cited(page, outage)


def _cited(page: Page, outage: Outage) -> Iterator[dict[str, object]]:
    record: Mapping[str, Any] = page.decision(outage.decision_id) if outage.decision_id else {}
    found = (record.get("evidence") or {}).get("conflicts") or {}
    for one in found.get("sets", ()):
        worst = one["crossing"]
        after = f" after {worst['contingency']}" if worst["contingency"] else ""
        says = f"{worst['element']}{after} at {worst['percent']:.1f} % ({worst['hour']})"
        day = instant_text(outage.asked.window.start)
        yield {"of": outage.id, "outages": [outage.id, *one["outages"]], "says": says, "day": day,
               "studied": one["studied"], "from": "decision"}  # fmt: skip


def _credits(page: Page, world: World, kind: Kind, actor: Actor) -> dict[str, object]:
    """Give a ledger's balances: an owner its own, and what its open bookings hold."""
    ledger = ledger_of(page, world, kind)
    found = {a.partition(":")[2]: m for a, m in sorted(ledger.balance_milli.items()) if a.startswith("owner:")}
    if not actor.sees_all:
        found = {actor.organisation: found.get(actor.organisation, 0)} if actor.organisation in found else {}
    return {"ledger": str(kind), "balances_milli": found}
