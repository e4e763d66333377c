"""A season plan as it is kept with its planning, read back as it was, and shown to each as far as it is theirs."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from moms.decide import MarginDay
from moms.desk.plan import Place, SeasonPlan
from moms.desk.rounds import Cut
from moms.desk.turns import Drafted
from moms.desk.whole import Found, Insecure
from moms.ledger import Kind
from moms.schedule.season import Level, difference
from moms.values import Window, parse_instant, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from moms.outages import Outage
    from moms.values import Actor

T = TypeVar("T")
OWN_CUTS = ("name", "outages", "day", "says")


def written(plan: SeasonPlan, *, rests_on: str, costs: Mapping[str, object]) -> dict[str, Any]:
    """Write a plan as JSON's kinds, so that it can be read back; `costs` is what other dates would take, by outage."""
    found = {
        "id": plan.id, "first": plan.first, "days": plan.days, "book_version": plan.book_version,
        "rests_on": rests_on, "secure": plan.secure, "rounds": plan.rounds,
        "places": [{**_place(p), **_cost(costs.get(p.outage.id))} for p in plan.places],
        "left_out": [list(row) for row in plan.left_out], "cuts": plan.cuts, "found": plan.found, "hurt": plan.hurt,
        "levels": [level_row(one) for one in plan.levels], "seed": plan.drafted.seed, "fairness": plan.fairness,
    }  # fmt: skip
    document = plain(found)
    assert isinstance(document, dict)  # noqa: S101 - it is written as one
    return document


def _place(place: Place) -> dict[str, object]:
    asked = place.outage.asked
    own = {f.name: getattr(place, f.name) for f in fields(place) if f.name not in {"outage", "window", "accepted"}}
    return {
        **own, "outage": place.outage.id, "revision": place.outage.revision, "reference": asked.external_id,
        "owner": asked.organisation, "assets": asked.assets, "category": asked.category, "asked": asked.window,
        "planned": place.window, "owner_accepts": place.accepted,
    }  # fmt: skip


def _cost(found: object) -> dict[str, object]:
    return {"nearer": None, "week_earlier": None} if found is None else dict(found)  # type: ignore[call-overload]  # as `planning_cost` gives it


def level_row(level: Level) -> dict[str, object]:
    """Write a term with its gap: how far its value may be above the least, as a share of it; None: not known."""
    gap = None if level.bound is None else (level.value - level.bound) / max(abs(level.value), 1e-9)
    return {"name": level.name, "unit": level.unit, "value": level.value, "bound": level.bound,
            "proved": level.proved, "gap": 0.0 if level.proved else None if gap is None else max(gap, 0.0)}  # fmt: skip


def read(document: Mapping[str, Any], *, outage: Callable[[str], Outage], book_version: int) -> SeasonPlan:
    """Read a plan back, on the outages as the book has them at a version."""
    places = tuple(_read_place(row, outage(row["outage"])) for row in document["places"])
    return SeasonPlan(
        id=document["id"], first=date.fromisoformat(document["first"]), days=document["days"],
        book_version=book_version, places=places,
        left_out=tuple((name, why) for name, why in document["left_out"]),
        cuts=tuple(_made(Cut, row, requests=tuple(row["requests"]), seen=tuple(map(_insecure, row["seen"])))
                   for row in document["cuts"]),
        rounds=document["rounds"],
        found=_made(Found, document["found"], insecure=tuple(map(_insecure, document["found"]["insecure"])),
                    missing=tuple(document["found"]["missing"])),
        hurt=tuple(_made(MarginDay, row) for row in document["hurt"]),
        levels=tuple(_made(Level, row) for row in document["levels"]),
        drafted=Drafted(asks=(), drafts={}, prices={}, weights={}, seed=document["seed"], torn=()),
        fairness={Kind(kind): found for kind, found in document["fairness"].items()},
    )  # fmt: skip


def _made(what: type[T], row: Mapping[str, Any], /, **read: object) -> T:
    """Make a value from its row: what is not JSON's kind is given read."""
    names = [f.name for f in fields(what)]  # type: ignore[arg-type]  # a dataclass
    return what(**{name: read[name] if name in read else row[name] for name in names})


def _insecure(row: Mapping[str, Any]) -> Insecure:
    return _made(Insecure, row, outages=tuple(row["outages"]), day=date.fromisoformat(row["day"]))


def _read_place(row: Mapping[str, Any], outage: Outage) -> Place:
    return _made(
        Place, row, outage=outage, window=window_of(row["planned"]), accepted=row["owner_accepts"],
        kind=Kind(row["kind"]), in_the_way=tuple(row["in_the_way"]), displaced=tuple(row["displaced"]),
    )  # fmt: skip


def window_of(row: Mapping[str, str] | None) -> Window | None:
    """Read a window, or none."""
    return None if row is None else Window(start=parse_instant(row["start"]), end=parse_instant(row["end"]))


def shown(document: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """Give a plan as far as it is an actor's to see: an owner its own requests, and of the others only how many."""
    if actor.sees_all:
        return {**document, "requests": len(document["places"])}
    mine = [row for row in document["places"] if row["owner"] == actor.organisation]
    names = {row["outage"] for row in mine}
    cuts = [row for row in document["cuts"] if names & set(row["requests"])]
    fair = {kind: _own_share(found, actor) for kind, found in document["fairness"].items()}
    return {
        **{name: document[name] for name in ("id", "first", "days", "secure", "rounds")},
        "requests": len(document["places"]), "places": mine,
        "left_out": [row for row in document["left_out"] if row[0] in names],
        "cuts": [{**row, "seen": row["seen"][:1]} for row in cuts], "levels": [], "hurt": [],
        "found": {"insecure": [], "missing": [], "points": document["found"]["points"],
                  "bad_points": document["found"]["bad_points"], "studies": document["found"]["studies"]},
        "fairness": {kind: found for kind, found in fair.items() if found is not None},
    }  # fmt: skip


def _own_share(found: Mapping[str, Any], actor: Actor) -> dict[str, object] | None:
    """Give the fairness of a ledger to an owner: its own line, and of the others what stands for all of them."""
    mine = [{k: v for k, v in s.items() if k != "envies"} for s in found["shares"] if s["owner"] == actor.organisation]
    if not mine:
        return None
    whole = {name: found[name] for name in ("mean_burden", "worst_burden", "jain")}
    return {"shares": mine, "out_of_turn": [], **whole}


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, object]:
    """Say what two plans place differently, what each term is in both, and what each owner bears."""
    rows = {row["outage"]: row for row in (*before["places"], *after["places"])}
    was, now = _by_outage(before), _by_outage(after)
    changes = difference(_starts(before), _starts(after))
    alone = sorted({*was} ^ {*now})
    return {
        "before": _head(before), "after": _head(after),
        "moved": [
            {**{k: rows[d.job][k] for k in ("outage", "reference", "owner", "assets", "asked")},
             "before": was[d.job]["planned"], "after": now[d.job]["planned"],
             "burden_before": was[d.job]["burden"], "burden_after": now[d.job]["burden"], "says": now[d.job]["says"]}
            for d in changes if d.job in was and d.job in now
        ],
        "same": sum(name in now and was[name]["planned"] == now[name]["planned"] for name in was),
        "only_in_one": [{"outage": n, "reference": rows[n]["reference"], "owner": rows[n]["owner"],
                         "assets": rows[n]["assets"], "in": "before" if n in was else "after"} for n in alone],
        "levels": _beside(before["levels"], after["levels"], key="name"),
        "burden": _beside(_shares(before), _shares(after), key="owner"),
    }  # fmt: skip


def _head(document: Mapping[str, Any]) -> dict[str, object]:
    places = document["places"]
    placed = [row for row in places if row["planned"] is not None]
    return {
        **{name: document[name] for name in ("id", "first", "days", "secure")}, "requests": len(places),
        "placed": len(placed), "moved": sum(bool(row["moved_days"]) for row in placed),
    }  # fmt: skip


def _by_outage(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {row["outage"]: row for row in document["places"]}


def _starts(document: Mapping[str, Any]) -> dict[str, int]:
    """Give each start as a number of days that both plans count alike."""
    first = date.fromisoformat(document["first"]).toordinal()
    return {row["outage"]: first + row["start"] for row in document["places"] if row["start"] is not None}


def _shares(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        {"owner": s["owner"] if len(document["fairness"]) == 1 else f"{s['owner']}, {kind}", "value": s["burden"],
         "unit": "share"}
        for kind, found in document["fairness"].items()
        for s in found["shares"]
    ]  # fmt: skip


def _beside(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], *, key: str) -> list[object]:
    was, now = {row[key]: row for row in before}, {row[key]: row for row in after}
    return [
        {key: name, "unit": (now.get(name) or was[name])["unit"], "before": was.get(name, {}).get("value"),
         "after": now.get(name, {}).get("value")}
        for name in dict.fromkeys([*was, *now])
    ]  # fmt: skip


__all__ = ["compared", "level_row", "read", "shown", "window_of", "written"]
