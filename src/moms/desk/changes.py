"""Open a change set, edit in it, re-base it, abandon it: each step one revision and one line of the journal.

What it does to the grid, the rules and the book is seen by `branching`, and done by `merging`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from moms.desk.change_set import (
    LANDING,
    MOST_EDITS,
    Became,
    ChangeSet,
    Edit,
    NotADraft,
    NotAnEdit,
    Step,
    Table,
    Verb,
    check_words,
    person_of,
    rebuilt,
    span_of,
    stepped,
    written_edits,
)
from moms.desk.drafted import COLUMNS as FIELDS
from moms.desk.drafted import drafted, field_of
from moms.desk.landed import at_instant, numbers_of, ours, world_with
from moms.desk.ports import Event, NotYours, StaleRevision
from moms.grid.overlay import RATINGS, check_value, identity_of, value_of
from moms.outages import OVER
from moms.outages.guards import NotYourRole
from moms.values import OPERATOR, SYSTEM, Role, canonical, digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from moms.desk.landed import Files
    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.values import Actor

DRAFTERS = frozenset({Role.ENGINEER, Role.PLANNER, Role.ADMINISTRATOR, Role.SYSTEM})
"""Who of the operator drafts what becomes of equipment and rules."""
OWNERS = frozenset({Role.OWNER, Role.AGENT})
"""Who drafts for an owner: its own outages."""
LONGEST_SOURCE = 300


class OtherKey(NotAnEdit):
    """The key was used for another step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What change sets rest on: the book, the world as the files have it, and the files themselves."""

    book: Book
    base: World
    files: Files


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One edit as a person asks for it."""

    table: Table
    row: str
    column: str
    value: object
    source: str = ""
    valid_from: str = ""
    valid_to: str = ""


def set_id(actor: Actor, key: str) -> str:
    """Give the id of what an actor opens under a key of its own: the same key gives the same."""
    return f"CS-{digest([actor.organisation, actor.role.value, actor.name, key])[:12]}"


def open_set(*, ground: Ground, actor: Actor, now: datetime, key: str, title: str, reason: str) -> ChangeSet:
    """Open a change set on main as it is; under the same key it is opened once.

    Raises:
        NotYourRole, ReasonMissing, NotAnEdit. OtherKey: the key opened one of another title.
    """
    check_drafter(actor)
    check_words(reason=reason, title=title)
    name = set_id(actor, key)
    with ground.book.as_(SYSTEM) as page:
        base = page.landed()
    told = {
        "id": name, "organisation": actor.organisation, "title": title.strip(), "grid": ground.base.grid.name,
        "rule_book": ground.base.rules.id, "base": base,
    }  # fmt: skip
    with ground.book.as_(actor) as page:
        there = next((s for s in page.change_sets() if s.id == name), None)
        if there is not None:
            return _same(there, title)
        return write(page, ground, None, step_of(Verb.OPEN, actor, now, key, told), actor=actor, reason=reason)


def edit(
    *, ground: Ground, actor: Actor, now: datetime, name: str, revision: int, key: str, reason: str,
    wanted: Sequence[Wanted] = (), drop: Sequence[tuple[str, str, str]] = (),
) -> ChangeSet:  # fmt: skip
    """Put edits in a change set, each in the place of an older one of the same cell, and take others out.

    Raises:
        NoSuchChangeSet, NotADraft, NotYours, NotYourRole, StaleRevision, ReasonMissing.
        NotAnEdit, and what the grid, the rule book, the request or the lifecycle says against an edit.
    """
    check_words(reason=reason)
    if not wanted and not drop:
        raise NotAnEdit("nothing is edited", field="edits", fix="give an edit, or a cell to drop")
    landings = all_landed(ground)
    with ground.book.as_(actor) as page:
        there, again = current(page, name, actor=actor, revision=revision, key=key)
        if again:
            return there
        fresh = [_edit(page, ground, landings, one, there, actor=actor, now=now, reason=reason) for one in wanted]
        step = step_of(Verb.EDIT, actor, now, key, {"edits": written_edits(fresh), "dropped": [list(c) for c in drop]})
        after = stepped(there, step)
        _check_drop(there, drop)
        if len(after.edits) > MOST_EDITS:
            fix = f"split it: {MOST_EDITS} at most"
            raise NotAnEdit(f"{len(after.edits)} edits in one change set", field="edits", fix=fix)
        branch_world(ground, landings, after, now=now)
        drafted(page, after, actor=actor, now=now)
        return write(page, ground, there, step, actor=actor, reason=reason)


def abandon(
    *, ground: Ground, actor: Actor, now: datetime, name: str, revision: int, key: str, reason: str
) -> ChangeSet:
    """End a change set without anything of it: nothing is left of it but its own record.

    Raises:
        NoSuchChangeSet, NotADraft, NotYours, NotYourRole, StaleRevision, ReasonMissing.
    """
    check_words(reason=reason)
    with ground.book.as_(actor) as page:
        there, again = current(page, name, actor=actor, revision=revision, key=key)
        if again:
            return there
        return write(page, ground, there, step_of(Verb.ABANDON, actor, now, key, {}), actor=actor, reason=reason)


def rebased_edits(page: Page, ground: Ground, landings: Sequence[ChangeSet], there: ChangeSet) -> list[Edit]:
    """Give the edits as they rest on main as it is now."""
    sets, base = ours(landings, ground.base), newest(landings)
    fresh = []
    for one in there.edits:
        if one.table == Table.OUTAGE:
            outage = page.outage(one.row)
            fresh.append(replace(one, was=field_of(outage.asked, one.column), base=outage.revision))
        else:
            was = main_value(ground, sets, one, instant=one.valid_from or one.at)
            fresh.append(replace(one, was=was, base=base))
    return fresh


def sets_of(*, book: Book, actor: Actor) -> Sequence[ChangeSet]:
    """Give the change sets that an actor may see, newest first."""
    with book.as_(actor) as page:
        return page.change_sets()


def as_of_revision(*, book: Book, actor: Actor, name: str, revision: int | None = None) -> ChangeSet:
    """Give a change set, or one of its revisions as its steps in the journal make it.

    Raises:
        NoSuchChangeSet: none of that id that this actor may see. NotADraft: no such revision.
    """
    with book.as_(actor) as page:
        there = page.change_set(name)
        if revision is None or revision == there.revision:
            return there
        steps = page.steps(name)
    found = rebuilt(steps[: max(revision, 0)])
    if found is None or found.revision != revision:
        says = f"change set {name} has {there.revision} revisions, no {revision}"
        raise NotADraft(says, field="revision", fix=f"give 1 to {there.revision}")
    return found


def all_landed(ground: Ground) -> Sequence[ChangeSet]:
    """Give all that has landed, for every grid and rule book, in order."""
    with ground.book.as_(SYSTEM) as page:
        return page.change_sets(landed_after=0)


def main_world(ground: Ground, landings: Sequence[ChangeSet], *, now: datetime) -> World:
    """Give the world as it is: the files, and all that has landed."""
    sets = ours(landings, ground.base)
    return world_with(ground.base, sets, files=ground.files, now=now, landed=newest(landings))


def branch_world(ground: Ground, landings: Sequence[ChangeSet], there: ChangeSet, *, now: datetime) -> World:
    """Give the world as a change set sees it: what had landed when it was opened or re-based, and its own edits.

    Raises:
        OtherGrid: it was drafted on other equipment. Refused: numbers that the rule book cannot have.
    """
    sets = [s for s in ours(landings, ground.base) if (s.landing or 0) <= there.base]
    return world_with(ground.base, sets, files=ground.files, now=now, draft=about(there, ground))


def about(there: ChangeSet, ground: Ground) -> ChangeSet:
    """Give a change set, if it is about this grid and rule book.

    Raises:
        NotAnEdit: it is not.
    """
    for what, mine, theirs in (
        ("grid", ground.base.grid.name, there.grid), ("rule book", ground.base.rules.id, there.rule_book),
    ):  # fmt: skip
        if mine != theirs and there.of(*LANDING):
            says = f"change set {there.id} is about the {what} {theirs}, not {mine}"
            raise NotAnEdit(says, field=what.replace(" ", "_"), fix=f"look at it with the {what} it was opened on")
    return there


def main_value(ground: Ground, sets: Sequence[ChangeSet], edit: Edit, *, instant: datetime) -> object:
    """Give what main says of an edit's cell at an instant."""
    if edit.table == Table.RULES:
        turned = numbers_of(sets).get((edit.row, edit.column))
        written = ground.files.number(edit.row, edit.column)
        return turned.value if turned else None if written is None else written["value"]
    landed = [e for s in sets for e in s.of(Table.ASSET) if e.cell == edit.cell]
    return at_instant(value_of(ground.base.grid, edit.row, edit.column), landed, instant)


def current(page: Page, name: str, *, actor: Actor, revision: int, key: str) -> tuple[ChangeSet, bool]:
    """Give a change set that this actor may take a step of, and whether the step is done under this key already.

    Raises:
        NoSuchChangeSet, NotADraft, NotYours, NotYourRole, StaleRevision.
    """
    there = page.change_set(name)
    if there.organisation != actor.organisation:
        raise NotYours(f"change set {name} is {there.organisation}'s", field="change_set", fix="open one of your own")
    check_drafter(actor)
    if there.revision == revision + 1 and there.key == hashed(actor, key):
        return there, True
    if there.revision != revision:
        says = f"change set {name} is at revision {there.revision}, not {revision}"
        raise StaleRevision(says, field="If-Match", fix="read it again")
    if not there.draft:
        raise NotADraft(f"change set {name} is {there.became}", field="change_set", fix="open another")
    return there, False


def write(page: Page, ground: Ground, before: ChangeSet | None, step: Step, *, actor: Actor, reason: str) -> ChangeSet:
    """Write a step, and give what it makes."""
    after = stepped(before, step)
    page.write_change_set(
        after, step,
        event=Event(at=step.at, actor=actor, verb=f"change_set.{step.verb}", outage_id="", reason=reason,
                    rule_book=ground.base.rules.name, before=None, after={}),
    )  # fmt: skip
    return after


def step_of(verb: Verb, actor: Actor, now: datetime, key: str, told: Mapping[str, Any]) -> Step:
    """Make a step under a key of its actor."""
    return Step(verb=verb, at=now, by=person_of(actor), key=hashed(actor, key), told=told)


def hashed(actor: Actor, key: str) -> str:
    """Give what is kept of a key: two actors' keys never meet."""
    return digest([actor.organisation, actor.role.value, actor.name, key])[:16]


def drafts(actor: Actor) -> bool:
    """Tell whether this role drafts change sets, for the operator or for an owner."""
    return actor.role in (DRAFTERS if actor.organisation == OPERATOR else OWNERS)


def check_drafter(actor: Actor) -> None:
    """See that this role drafts change sets.

    Raises:
        NotYourRole: it does not.
    """
    if not drafts(actor):
        fix = "let an owner, or an engineer, planner or administrator of the operator, do it"
        raise NotYourRole(f"the role {actor.role} drafts no change sets", field="role", fix=fix)


def _same(there: ChangeSet, title: str) -> ChangeSet:
    if there.title != title.strip():
        raise OtherKey("this key opened another change set", field="Idempotency-Key", fix="use a fresh key")
    return there


def newest(landings: Sequence[ChangeSet]) -> int:
    """Give the number of the newest of some landings, 0 where there are none."""
    return max((s.landing or 0 for s in landings), default=0)


def _check_drop(there: ChangeSet, drop: Sequence[tuple[str, str, str]]) -> None:
    known = {e.cell for e in there.edits}
    for cell in drop:
        if tuple(cell) not in known:
            raise NotAnEdit(f"{' '.join(cell)} is not edited in {there.id}", field="drop", fix="drop what is edited")


def _edit(
    page: Page, ground: Ground, landings: Sequence[ChangeSet], one: Wanted, there: ChangeSet, *, actor: Actor,
    now: datetime, reason: str,
) -> Edit:  # fmt: skip
    if one.table != Table.OUTAGE and actor.organisation != OPERATOR:
        says = f"{one.table} is the operator's to change"
        raise NotYourRole(says, field="table", fix="change your own outages, or ask the operator")
    about(there, ground)
    _check_written(one)
    start, end = span_of(one.valid_from, one.valid_to)
    if (start or end) and not (one.table == Table.ASSET and one.column in RATINGS):
        raise NotAnEdit(f"{one.column} does not hold from one day to another", field="valid_from",
                        fix=f"date ratings ({', '.join(RATINGS)}), and nothing else")  # fmt: skip
    made = Edit(
        table=one.table, row=one.row, column=one.column, value=one.value, was=None, base=newest(landings),
        by=person_of(actor), at=now, reason=reason, source=one.source.strip(), valid_from=start, valid_to=end,
    )  # fmt: skip
    if one.table == Table.OUTAGE:
        return _of_outage(page, made)
    if one.table == Table.RULES and not 0 < len(made.source) <= LONGEST_SOURCE:
        fix = f"say where the number comes from, in up to {LONGEST_SOURCE} characters"
        raise NotAnEdit(f"{one.row}.{one.column} has no source", field="source", fix=fix)
    if one.table == Table.ASSET:
        value = check_value(one.row, one.column, one.value)
        made = replace(made, value=value, identity=identity_of(ground.base.grid, one.row), source="")
        if one.column in {"name", "owner"} and ground.base.grid.register is None:
            raise NotAnEdit("this grid has no register of names and owners", field="column",
                            fix="take a grid that has one")  # fmt: skip
    was = main_value(ground, ours(landings, ground.base), made, instant=start or now)
    return replace(made, was=was)


def _check_written(one: Wanted) -> None:
    """See that the record can hold a value, before anybody asks what it is."""
    try:
        written = canonical([one.row, one.column, one.value, one.source])
    except (ValueError, TypeError, RecursionError):
        written = b"\\u0000"
    if b"\\u0000" in written:
        raise NotAnEdit("a value that no record can hold", field="value", fix="give finite numbers and plain text")


def _of_outage(page: Page, made: Edit) -> Edit:
    outage = page.outage(made.row)
    if made.column not in FIELDS:
        raise NotAnEdit(f"a request has no {made.column!r} that can be changed", field="column",
                        fix=f"one of {', '.join(FIELDS)}")  # fmt: skip
    if outage.state in OVER:
        raise NotAnEdit(f"{outage.id} is {outage.state}", field="row", fix="edit one that is not over")
    return replace(made, was=field_of(outage.asked, made.column), base=outage.revision, source="")


__all__ = [
    "Became", "Ground", "OtherKey", "Wanted", "abandon", "all_landed", "as_of_revision", "branch_world", "current",
    "drafts", "edit", "main_value", "main_world", "newest", "open_set", "rebased_edits", "sets_of", "step_of", "write",
]  # fmt: skip
