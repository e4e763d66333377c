"""A season's problem as JSON: days and starts count from 1 in the file (`moms plan season`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.exchange.planfile import a_list, a_text, an_object, bad, load, number, only, part, whole_number
from moms.schedule.season import AtMost, Before, Bundle, Conflict, Job, NotAProblem, Problem, Resource, Zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MOST_DAYS = 1200
JOB_KNOWN = {"id", "owner", "zone", "class", "size_mw", "days", "earliest_day", "latest_day", "preferred_day",
             "days_by_start", "uses", "risk", "blackout_days", "must", "approved_day", "consents"}  # fmt: skip
KNOWN = {"name", "days", "requests", "zones", "resources", "before", "at_most", "bundles", "conflicts",
         "blackout_days", "freeze_before_day", "scenarios"}  # fmt: skip
NEEDS = {"P1": 1, "P2": 2, "P3": 3}


def read_season(path: Path) -> Problem:
    """Read a problem (.json, .gz, .xz).

    Raises:
        UnreadableProblem: naming the field.
        NotAProblem: a season that contradicts itself, naming the field.
    """
    whole = load(path)
    only(whole, KNOWN, at="")
    days = whole_number(part(whole, "days"), at="days", least=1, most=MOST_DAYS)

    def rows(name: str, read: Callable[[Mapping[str, Any], str, int], Any]) -> tuple[Any, ...]:
        listed = a_list(whole.get(name) or [], at=name)
        return tuple(read(an_object(one, at=f"{name}[{k}]"), f"{name}[{k}]", days) for k, one in enumerate(listed))

    freeze = whole.get("freeze_before_day")
    given: dict[str, Any] = {
        "days": days,
        "jobs": rows("requests", _job),
        "zones": rows("zones", _zone),
        "resources": rows("resources", _resource),
        "before": rows("before", _before),
        "at_most": rows("at_most", _at_most),
        "bundles": rows("bundles", _bundle),
        "conflicts": rows("conflicts", _conflict),
        "blackout": _some_days(whole.get("blackout_days"), at="blackout_days", days=days),
        "freeze_before": 0 if freeze is None else _day(freeze, at="freeze_before_day", days=days + 1),
        "scenarios": whole_number(whole.get("scenarios") or 0, at="scenarios", least=0, most=10_000),
    }
    try:
        return Problem(**given)
    except NotAProblem as no:
        raise NotAProblem(no.says, field=_as_in_file(no.field or ""), fix=no.fix) from no


def _as_in_file(field: str) -> str:
    """Give the file's name of a field of the problem."""
    name = field.replace("jobs[", "requests[")
    return f"{name}_day" if name.endswith((".earliest", ".approved")) else name


def _day(value: object, *, at: str, days: int) -> int:
    """Give a day, counted from 0."""
    return whole_number(value, at=at, least=1, most=days) - 1


def _some_days(value: object, *, at: str, days: int) -> tuple[int, ...]:
    return tuple(_day(one, at=f"{at}[{k}]", days=days) for k, one in enumerate(a_list(value or [], at=at)))


def _by_day(value: object, *, at: str, days: int) -> tuple[float, ...]:
    """Give one number a day, from a list or from one number for all."""
    if not isinstance(value, list):
        return (number(value, at=at),) * days
    return tuple(number(one, at=f"{at}[{k}]") for k, one in enumerate(a_list(value, at=at, length=days)))


def _text(row: Mapping[str, Any], name: str, at: str) -> str:
    return a_text(part(row, name, at=at), at=f"{at}.{name}")


def _yes(row: Mapping[str, Any], name: str, at: str) -> bool:
    value = row.get(name)
    return bool(value) if value is None or isinstance(value, bool) else bad("is not true or false", at=f"{at}.{name}",
                                                                            fix="give true or false")  # fmt: skip


def _job(row: Mapping[str, Any], at: str, days: int) -> Job:
    only(row, JOB_KNOWN, at=at)
    need = row.get("class", "P2")
    if need not in NEEDS:
        bad(f"is {need!r}", at=f"{at}.class", fix="give P1, P2 or P3")
    earliest = _day(row.get("earliest_day", 1), at=f"{at}.earliest_day", days=days)
    approved = row.get("approved_day")
    return Job(
        id=_text(row, "id", at),
        owner=_text(row, "owner", at),
        zone=_text(row, "zone", at),
        need=NEEDS[need],
        size_mw=number(part(row, "size_mw", at=at), at=f"{at}.size_mw", least=0, most=1e6),
        days=whole_number(part(row, "days", at=at), at=f"{at}.days", least=1, most=days),
        earliest=earliest,
        latest_end=_day(row.get("latest_day", days), at=f"{at}.latest_day", days=days) + 1,
        preferred=_day(row.get("preferred_day", earliest + 1), at=f"{at}.preferred_day", days=days),
        days_by_start=tuple(
            (
                _day(start, at=f"{at}.days_by_start", days=days),
                whole_number(d, at=f"{at}.days_by_start.{start}", least=1),
            )
            for start, d in an_object(row.get("days_by_start") or {}, at=f"{at}.days_by_start").items()
        ),
        uses=tuple(
            (name, number(amount, at=f"{at}.uses.{name}", least=0))
            for name, amount in an_object(row.get("uses") or {}, at=f"{at}.uses").items()
        ),
        risk=tuple(
            number(one, at=f"{at}.risk[{k}]") for k, one in enumerate(a_list(row.get("risk") or [], at=f"{at}.risk"))
        ),
        blackout=_some_days(row.get("blackout_days"), at=f"{at}.blackout_days", days=days),
        must=_yes(row, "must", at),
        approved=None if approved is None else _day(approved, at=f"{at}.approved_day", days=days),
        consents=_yes(row, "consents", at),
    )


def _zone(row: Mapping[str, Any], at: str, days: int) -> Zone:
    only(row, {"id", "within", "headroom_mw"}, at=at)
    within = row.get("within")
    return Zone(id=_text(row, "id", at), within=None if within is None else a_text(within, at=f"{at}.within"),
                headroom_mw=_by_day(part(row, "headroom_mw", at=at), at=f"{at}.headroom_mw", days=days))  # fmt: skip


def _resource(row: Mapping[str, Any], at: str, days: int) -> Resource:
    only(row, {"id", "capacity"}, at=at)
    return Resource(id=_text(row, "id", at), capacity=_by_day(part(row, "capacity", at=at), at=f"{at}.capacity",
                                                              days=days))  # fmt: skip


def _before(row: Mapping[str, Any], at: str, days: int) -> Before:
    only(row, {"first", "then", "lag_days"}, at=at)
    lag = whole_number(row.get("lag_days") or 0, at=f"{at}.lag_days", least=0, most=days)
    return Before(first=_text(row, "first", at), then=_text(row, "then", at), lag_days=lag)


def _names(row: Mapping[str, Any], at: str) -> tuple[str, ...]:
    listed = a_list(part(row, "requests", at=at), at=f"{at}.requests")
    return tuple(a_text(one, at=f"{at}.requests[{k}]") for k, one in enumerate(listed))


def _at_most(row: Mapping[str, Any], at: str, days: int) -> AtMost:
    only(row, {"requests", "most"}, at=at)
    return AtMost(
        jobs=_names(row, at), most=whole_number(row.get("most", 1), at=f"{at}.most", least=0, most=days * 100)
    )


def _bundle(row: Mapping[str, Any], at: str, days: int) -> Bundle:
    only(row, {"first", "second", "offset_days"}, at=at)
    offset = whole_number(row.get("offset_days") or 0, at=f"{at}.offset_days", least=-days, most=days)
    return Bundle(first=_text(row, "first", at), second=_text(row, "second", at), offset_days=offset)


def _conflict(row: Mapping[str, Any], at: str, days: int) -> Conflict:
    only(row, {"requests", "first_day", "last_day"}, at=at)
    return Conflict(
        jobs=_names(row, at),
        first_day=_day(row.get("first_day", 1), at=f"{at}.first_day", days=days),
        end_day=_day(row.get("last_day", days), at=f"{at}.last_day", days=days) + 1,
    )


def read_plan(path: Path) -> dict[str, int]:
    """Read the starts of a plan as `moms plan season --json` prints them; starts count from 0 here.

    Raises:
        UnreadableProblem: naming the field.
    """
    starts = an_object(part(load(path), "starts"), at="starts")
    return {name: whole_number(day, at=f"starts.{name}", least=1, most=MOST_DAYS) - 1 for name, day in starts.items()}
