"""Outages as a change set has them: the request with some fields changed, through the same door as any change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from moms.desk.assess import as_asked
from moms.desk.branch import BranchPage
from moms.desk.change_set import NotAnEdit, Table
from moms.desk.granted import granting
from moms.desk.submit import entry_findings
from moms.outages.change import IDENTITY
from moms.outages.change import change as changed_by
from moms.outages.document import REQUEST, request_document, request_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from moms.desk.change_set import ChangeSet, Edit
    from moms.desk.ports import Page
    from moms.desk.world import World
    from moms.outages import Outage, Request
    from moms.outages.change import Changed
    from moms.values import Actor

COLUMNS = (
    "start", "end",
    *(f.name for f in REQUEST.fields if f.name not in {*IDENTITY, "window", "assumed", "discovered_at", "zone"}),
)  # fmt: skip
"""What of a request a change set changes; `start` and `end` are its window's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """One outage of the book as a change set has it."""

    before: Outage
    changed: Changed

    @property
    def after(self) -> Outage:
        """The outage a revision later."""
        return self.changed.outage


def field_of(request: Request, column: str) -> object:
    """Give one column of a request, in JSON's kinds."""
    found = request_document(request)
    if column in {"start", "end"}:
        window: Mapping[str, object] = found["window"]  # type: ignore[assignment]  # as a request is written
        return window[column]
    return found.get(column)


def drafted(page: Page, there: ChangeSet, *, actor: Actor, now: datetime) -> dict[str, Drafted]:
    """Give the outages that a change set edits, by id, as they would be written; nothing is.

    Raises:
        NotAnEdit: what is asked is no request. NoSuchOutage, and what the lifecycle says against a change.
    """
    by_row: dict[str, list[Edit]] = {}
    for one in there.of(Table.OUTAGE):
        by_row.setdefault(one.row, []).append(one)
    found = {}
    for row in sorted(by_row):
        before = page.outage(row)
        request = _edited(before, by_row[row], now=now)
        found[row] = Drafted(before=before, changed=changed_by(before, request, now=now, actor=actor))
    return found


def checked(page: Page, world: World, found: Mapping[str, Drafted], *, now: datetime) -> dict[str, Drafted]:
    """Give the same with what the entry rules say of each among all the others as they would be."""
    branch: Any = BranchPage(page, {row: one.after for row, one in found.items()})
    return {row: _checked(branch, page, world, one, now=now) for row, one in found.items()}


def _checked(branch: Page, page: Page, world: World, one: Drafted, *, now: datetime) -> Drafted:
    after = one.after
    # What asks for nothing anew is held against the rules as of its stamp, as in any change: no comment comes too late.
    as_of = now if one.changed.needs_decision else (after.wish or after).stamp
    after = replace(after, findings=entry_findings(branch, world=world, now=as_of, outage=as_asked(after)))
    if one.changed.withdraws:
        after = replace(after, decision_id=granting(page, after))
    return replace(one, changed=replace(one.changed, outage=after))


def _edited(before: Outage, edits: Iterable[Edit], *, now: datetime) -> Request:
    document = {name: value for name, value in request_document(before.asked).items() if value not in (None, [])}
    window = dict(document["window"])  # type: ignore[call-overload]  # as a request is written
    for one in edits:
        if one.column in {"start", "end"}:
            window[one.column] = one.value
        else:
            document[one.column] = one.value
    found = request_from({**document, "window": window}, now=now)
    if isinstance(found, list):
        first = found[0]
        raise NotAnEdit(f"{before.id}: {first.says}", field=first.field, fix=first.fix or "give another value")
    return found


__all__ = ["COLUMNS", "Drafted", "checked", "drafted", "field_of"]
