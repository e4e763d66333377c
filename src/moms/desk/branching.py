"""The world as a change set has it, to look at: previews, studies, a trial on what was decided; what was known when.

Nothing here is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moms.desk.answer import Answer
from moms.desk.branch import BranchBook
from moms.desk.change_set import Edit, NotAnEdit, Table
from moms.desk.changes import all_landed, branch_world, main_value, main_world
from moms.desk.drafted import checked, drafted
from moms.desk.landed import numbers_of, ours, world_with
from moms.desk.ports import NotYours, Search
from moms.desk.settle import decide
from moms.desk.submit import preview as filed_as
from moms.desk.supposed import Supposed
from moms.desk.what_if import NothingDecided, may_ask, record_of, what_if, what_if_as
from moms.grid.overlay import COLUMNS, identity_of
from moms.outages import State
from moms.outages.document import to_document
from moms.outages.lifecycle import Verb, move
from moms.values import SYSTEM, Refused, Window, parse, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from moms.desk.change_set import ChangeSet
    from moms.desk.changes import Ground
    from moms.desk.what_if import WhatIf
    from moms.desk.world import World
    from moms.outages import Outage, Request
    from moms.values import Actor

MOST_TRIED = 1000


class NotATrial(Refused):
    """A trial that cannot be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A change set, and the book and the world as it has them."""

    change_set: ChangeSet
    book: Any
    """`desk.ports.Book`, as far as it is read."""
    world: World
    outages: Mapping[str, Outage]


def branch_of(*, ground: Ground, actor: Actor, now: datetime, name: str) -> Branch:
    """Give the world as of a change set; of the outages that it does not edit, the book as it is now.

    Raises:
        NoSuchChangeSet. Refused: it cannot be put together (its own diff says why).
    """
    landings = all_landed(ground)
    with ground.book.as_(actor) as page:
        there = page.change_set(name)
        world = branch_world(ground, landings, there, now=now)
        found = drafted(page, there, actor=actor, now=now) if there.draft else {}
        after = {row: _entered(one.after, now=now) for row, one in checked(page, world, found, now=now).items()}
    return Branch(change_set=there, book=BranchBook(ground.book, after), world=world, outages=after)


def preview(
    *, ground: Ground, actor: Actor, now: datetime, name: str, request: Request | None = None
) -> tuple[Answer, ...]:
    """Give what would be decided in the world of a change set: of a request nobody has filed, or of what it edits.

    Raises:
        NoSuchChangeSet. NotAnEdit: it edits no outage, and no request is given.
    """
    branch = branch_of(ground=ground, actor=actor, now=now, name=name)
    if request is not None:
        return (_unfiled(branch, request, actor=actor, now=now),)
    if not branch.outages:
        fix = "give a request to look at in its world"
        raise NotAnEdit(f"change set {name} edits no outage that waits", field="request", fix=fix)
    return tuple(_previewed(branch, one, actor=actor, now=now) for one in branch.outages.values())


def study(*, ground: Ground, actor: Actor, now: datetime, name: str, outage: Outage | str) -> WhatIf:
    """Study an outage of the book, or a drafted one, in the world of a change set (`what_if`).

    Raises:
        NoSuchChangeSet. NotYours: not an engineer or planner of the operator.
    """
    may_ask(actor)
    branch = branch_of(ground=ground, actor=actor, now=now, name=name)
    return what_if(book=branch.book, world=branch.world, actor=actor, now=now, supposed=Supposed(), outage=outage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One decided request: what was said then, what main would say, and what the change set would."""

    outage: str
    reference: str
    organisation: str
    recorded: str
    """What MOMS decided, other windows included."""
    main: str
    draft: str
    """Both on the book as it was decided, the asked window alone."""
    rules: tuple[str, ...]
    """Rules whose verdict differs between the two."""

    @property
    def changes(self) -> bool:
        """Whether the answer would be another."""
        return self.main != self.draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A change set tried on what was decided; the answers that change first."""

    change_set: str
    rows: tuple[Tried, ...]
    left: int
    """Decided requests of the span that were not tried: more than asked for."""
    unsaid: tuple[tuple[str, str], ...]
    """Those that could not be studied as they were decided, and why."""


def trial(
    *, ground: Ground, actor: Actor, now: datetime, name: str, span: Window, most: int = 100,
    tick: Callable[[int], None] = lambda _more: None,
) -> Trial:  # fmt: skip
    """Try a change set on the requests that MOMS decided in a span: the same studies, under main and under it.

    Raises:
        NoSuchChangeSet. NotYours: only the operator's people see it: outages of all owners are in it.
        NotATrial: no request, or too many, are to be tried.
    """
    if not actor.sees_all:
        raise NotYours("a trial shows the outages of all owners", field="role", fix="ask the operator")
    if not 1 <= most <= MOST_TRIED:
        raise NotATrial(f"{most} requests to try", field="most", fix=f"give 1 to {MOST_TRIED}")
    landings = all_landed(ground)
    with ground.book.as_(actor) as page:
        there = page.change_set(name)
    worlds = main_world(ground, landings, now=now), branch_world(ground, landings, there, now=now)
    found = _decided_in(ground, span)
    rows, unsaid = list[Tried](), list[tuple[str, str]]()
    for outage, record in found[:most]:
        try:
            rows.append(_tried(ground, outage, record, worlds, now=now))
        except (NothingDecided, Refused) as why:
            unsaid.append((outage.id, why.says))
        tick(1)
    in_order = sorted(rows, key=lambda r: (not r.changes, r.outage))
    return Trial(change_set=name, rows=tuple(in_order), left=max(0, len(found) - most), unsaid=tuple(unsaid))


def world_known(*, ground: Ground, at: datetime) -> World:
    """Give the world as it was known at an instant of the desk's clock: what had landed by then."""
    sets = ours(all_landed(ground), ground.base, known_at=at)
    return world_with(ground.base, sets, files=ground.files, now=at, landed=0)


def world_of_decision(*, ground: Ground, outage_id: str) -> World | None:
    """Give the world that MOMS decided an outage in; None where it decided nothing.

    Raises:
        NoSuchOutage: none of that id.
    """
    with ground.book.as_(SYSTEM) as page:
        record = record_of(page, page.outage(outage_id))
    return None if record is None else world_known(ground=ground, at=_at(record))


def known(
    *, ground: Ground, actor: Actor, table: Table, row: str, known_at: datetime, instant: datetime
) -> dict[str, object]:
    """Give what was known at an instant of the desk's clock about another one: as known at T, for instant V.

    Raises:
        NoSuchElement, NoSuchOutage. NotYours: rules and equipment are the operator's to look back on.
    """
    head: dict[str, object] = {"table": table.value, "row": row, "known_at": known_at, "for": instant}
    if table == Table.OUTAGE:
        with ground.book.as_(actor) as page:
            found = page.known(row, known_at)
        out = found is not None and found.holds and found.window.start <= instant < found.window.end
        return {**head, "out": out, "revision": None if found is None else found.revision,
                "values": None if found is None else to_document(found)}  # fmt: skip
    if not actor.sees_all:
        raise NotYours(f"what became of {table} is the operator's to see", field="table", fix="ask the operator")
    sets = ours(all_landed(ground), ground.base, known_at=known_at)
    values, by = _equipment(ground, sets, row, instant) if table == Table.ASSET else _numbers(ground, sets, row)
    return {**head, "values": values, "changed_by": by}


def _equipment(
    ground: Ground, sets: Sequence[ChangeSet], row: str, instant: datetime
) -> tuple[dict[str, object], dict[str, str]]:
    identity_of(ground.base.grid, row)
    values: dict[str, object] = {}
    for column in COLUMNS.get(parse(row)[0], ()):
        values[column] = main_value(ground, sets, _probe(Table.ASSET, row, column, instant), instant=instant)
    by = {e.column: s.id for s in sets for e in s.of(Table.ASSET) if e.row == row and e.holds_at(instant)}
    return values, by


def _numbers(ground: Ground, sets: Sequence[ChangeSet], row: str) -> tuple[dict[str, object], dict[str, str]]:
    section, _, field = row.partition(".")
    if ground.files.number(section, field) is None and (section, field) not in numbers_of(sets):
        raise NotAnEdit(f"the rule book has no number {row!r}", field="row", fix="write it as decision.search_days")
    turned = numbers_of(sets).get((section, field))
    found = ground.files.number(section, field) or {"value": None, "source": ""}
    value, source = (turned.value, turned.source) if turned else (found["value"], found["source"])
    by = [s.id for s in sets for e in s.of(Table.RULES) if (e.row, e.column) == (section, field)]
    return {"value": value, "source": source}, {field: by[-1]} if by else {}


def _probe(table: Table, row: str, column: str, at: datetime) -> Edit:
    return Edit(table=table, row=row, column=column, value=None, was=None, base=0, by="", at=at, reason="")


def _entered(after: Outage, *, now: datetime) -> Outage:
    """Give a changed outage once it has passed the entry rules, as it would be decided."""
    return move(after, verb=Verb.VALIDATE, actor=SYSTEM, now=now) if after.state == State.SUBMITTED else after


def _previewed(branch: Branch, outage: Outage, *, actor: Actor, now: datetime) -> Answer:
    if any(f.level == "block" for f in outage.findings):
        return Answer(outage=None, findings=outage.findings, written=False)
    if outage.state not in {State.VALIDATED, State.IN_STUDY}:
        return Answer(outage=outage, findings=outage.findings, written=False, says="nothing needs to be decided again")
    return decide(book=branch.book, world=branch.world, now=now, outage_id=outage.id, asked_by=actor, preview=True,
                  unfiled=outage)  # fmt: skip


def _unfiled(branch: Branch, request: Request, *, actor: Actor, now: datetime) -> Answer:
    filed = filed_as(book=branch.book, world=branch.world, actor=actor, now=now, request=request)
    if filed.outage is None:
        return filed.returned()
    return decide(book=branch.book, world=branch.world, now=now, outage_id=filed.outage.id, asked_by=actor,
                  preview=True, unfiled=filed.outage)  # fmt: skip


def _decided_in(ground: Ground, span: Window) -> list[tuple[Outage, Mapping[str, Any]]]:
    """Give what MOMS decided in a span with its record, oldest first; what a person settled counts by MOMS's own."""
    found = []
    with ground.book.as_(SYSTEM) as page:
        for outage in page.find(Search()):
            record = record_of(page, outage) if outage.filed_at < span.end else None
            if record is not None and span.start <= _at(record) < span.end:
                found.append((outage, record))
    return sorted(found, key=lambda one: (_at(one[1]), one[0].id))


def _at(record: Mapping[str, Any]) -> datetime:
    return parse_instant(str(record["decided_at"]))


def _tried(
    ground: Ground, outage: Outage, record: Mapping[str, Any], worlds: tuple[World, World], *, now: datetime
) -> Tried:
    main, draft = (
        what_if_as(book=ground.book, world=world, now=now, supposed=Supposed(as_decided=True), outage=outage.id)
        for world in worlds
    )
    verdicts = [{(c.rule, str(c.verdict)) for c in one.checks} for one in (main, draft)]
    return Tried(
        outage=outage.id, reference=outage.request.external_id, organisation=outage.request.organisation,
        recorded=str(record["outcome"]), main=main.outcome, draft=draft.outcome,
        rules=tuple(sorted({rule for rule, _ in verdicts[0] ^ verdicts[1]})),
    )  # fmt: skip


__all__ = [
    "Branch",
    "NotATrial",
    "Trial",
    "Tried",
    "branch_of",
    "known",
    "preview",
    "study",
    "trial",
    "world_known",
    "world_of_decision",
]
