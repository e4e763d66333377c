"""Many deeds asked for at once: each stands or falls by itself, and says what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from moms.outages.guards import ReasonMissing
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST = 200
"""Items that are taken at once."""
SETTLES = ("approve", "deny", "accept", "accept-not-exempt")


class NotABatch(Refused):
    """What holds no items, too many, or one that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One outage of several, at the revision that was read, and what is to become of it."""

    outage: str
    revision: int | None
    """None: whatever it is now."""
    reason: str
    outcome: str = ""
    conditions: tuple[str, ...] = ()


def read_items(documents: Sequence[object], *, reason: str = "", settles: bool = False) -> tuple[Item, ...]:
    """Read items from JSON's kinds; `reason` stands for those that give none of their own.

    Raises:
        NotABatch: which item is wrong, in which field.
    """
    check_many(documents)
    return tuple(_item(one, number, reason=reason, settles=settles) for number, one in enumerate(documents))


def check_many(items: Sequence[object], *, field: str = "items") -> None:
    """See that there are items, and not too many.

    Raises:
        NotABatch: there are not.
    """
    if not items:
        raise NotABatch("nothing is named", field=field, fix="give at least one item")
    if len(items) > MOST:
        raise NotABatch(f"{len(items)} items at once", field=field, fix=f"give at most {MOST}, the others next")


def reason_of(own: str, common: str) -> str:
    """Give why one item is done: its own reason, else the one that stands for all.

    Raises:
        ReasonMissing: neither says anything.
    """
    found = own if own.strip() else common
    if not found.strip():
        raise ReasonMissing("no reason is given", field="reason", fix="say why, for the record: here or for all items")
    return found


def _item(document: object, number: int, *, reason: str, settles: bool) -> Item:
    at = f"items.{number}"
    if not isinstance(document, dict):
        raise NotABatch("an item is an object", field=at, fix='write {"outage": "OTG-...", "reason": "..."}')
    known = {"outage", "revision", "reason"} | ({"outcome", "conditions"} if settles else set())
    strangers = sorted(set(document) - known)
    if strangers:
        raise NotABatch(f"{strangers[0]!r} is no field", field=f"{at}.{strangers[0]}", fix=", ".join(sorted(known)))
    revision, outcome = document.get("revision"), _text(document, "outcome", at)
    if revision is not None and (isinstance(revision, bool) or not isinstance(revision, int) or revision < 1):
        raise NotABatch("that is no revision", field=f"{at}.revision", fix="give the number that `moms show` gives")
    if settles and outcome not in SETTLES:
        raise NotABatch(f"{outcome!r} is no answer", field=f"{at}.outcome", fix=f"one of {', '.join(SETTLES)}")
    conditions = document.get("conditions", [])
    if not isinstance(conditions, list) or not all(isinstance(one, str) for one in conditions):
        raise NotABatch("conditions are a list of sentences", field=f"{at}.conditions", fix='["..."]')
    outage = _text(document, "outage", at)
    if not outage:
        raise NotABatch("no outage is named", field=f"{at}.outage", fix="give its id, as `moms list` shows it")
    return Item(
        outage=outage, revision=revision, reason=_text(document, "reason", at) or reason, outcome=outcome,
        conditions=tuple(cast("list[str]", conditions)),
    )  # fmt: skip


def _text(document: Mapping[str, Any], name: str, at: str) -> str:
    found = document.get(name, "")
    if not isinstance(found, str):
        raise NotABatch("that is no text", field=f"{at}.{name}", fix="give it in quotes")
    return found
