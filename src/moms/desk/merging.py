"""Bring a change set together with main: what differs, what clashes, re-base, and the landing itself.

Two are held apart column by column: a column that main has changed since it was drafted, to another value, clashes.
What does not clash is put together, and then all rules are asked of the whole: two change sets that are clean each by
itself can be wrong together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.desk.change_set import LANDING, ChangeSet, Table, Verb, check_words, person_of, written_edits
from moms.desk.changes import (
    Ground,
    about,
    all_landed,
    current,
    drafts,
    main_value,
    main_world,
    newest,
    rebased_edits,
    step_of,
    write,
)
from moms.desk.drafted import Drafted, checked, drafted, field_of
from moms.desk.landed import asset_values_at, ours, turns_of, world_with
from moms.desk.operate import validated
from moms.desk.ports import BookMoved, Search
from moms.desk.settle import decide
from moms.desk.submit import event
from moms.grid.overlay import RATINGS, faults, overlaid
from moms.outages import OVER, State
from moms.outages.guards import NotYourRole
from moms.outages.lifecycle import Verb as Move
from moms.values import OPERATOR, SYSTEM, Finding, Level, Refused, Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from moms.desk.answer import Answer
    from moms.desk.change_set import Edit
    from moms.desk.ports import Page
    from moms.desk.world import World
    from moms.values import Actor

LANDERS = frozenset({Role.ENGINEER, Role.ADMINISTRATOR, Role.SYSTEM})
"""Who of the operator lands what becomes of equipment and rules."""
CLASH, GONE = "MERGE-1", "MERGE-2"
"""Main has another value in the same column; the outage is over."""
NUMBERS, REQUEST = "MERGE-3", "MERGE-4"
"""The rule book cannot have these numbers together; an entry rule returns the request as it would be."""
TRIES = 10
"""Putting it together takes a moment, and of those who land at once one is first each time."""
WAITING = frozenset({State.SUBMITTED, State.VALIDATED, State.IN_STUDY})


class Clashes(Refused):
    """The change set cannot be put together with main; nothing was written. `findings` has all that stands against."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(first.says + more, field=first.field, fix=first.fix)
        self.findings = findings


class NothingInIt(Refused):
    """A change set that changes nothing is not landed."""


class OwnDraft(Refused):
    """Numbers of the rule book need two people: who drafted them never lands them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs:
    """One cell of a change set beside main."""

    edit: Edit
    main: object
    clash: Finding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """A change set beside main as it is now, and what would stand against landing it."""

    change_set: ChangeSet
    main: int
    """The landing that main is at."""
    rows: tuple[Differs, ...]
    against: tuple[Finding, ...] | None
    """None where it was not asked: it has ended, or it is somebody else's to land."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What came of a landing."""

    change_set: ChangeSet
    answers: tuple[Answer, ...]
    """What was decided of the outages that it changed."""
    restudy: tuple[str, ...]
    """Granted outages that are not over, by id: they rest on what was so before, and are to be studied again."""


def diff(*, ground: Ground, actor: Actor, now: datetime, name: str) -> Diff:
    """Give a change set beside main, and all that would stand against landing it now; nothing is written.

    Raises:
        NoSuchChangeSet: none of that id that this actor may see.
    """
    landings = all_landed(ground)
    with ground.book.as_(actor) as page:
        there = page.change_set(name)
        rows = tuple(_differs(page, ground, landings, there, edit) for edit in there.edits)
        mine = there.draft and there.organisation == actor.organisation and drafts(actor)
        against = tuple(_against(page, ground, landings, there, actor=actor, now=now)) if mine else None
    return Diff(change_set=there, main=newest(landings), rows=rows, against=against)


def rebase(
    *, ground: Ground, actor: Actor, now: datetime, name: str, revision: int, key: str, reason: str
) -> ChangeSet:
    """Let a change set rest on main as it is now.

    Raises:
        NoSuchChangeSet, NotADraft, NotYours, NotYourRole, StaleRevision, ReasonMissing.
        Clashes: main has other values in columns of its own; edit these again, or drop them.
    """
    check_words(reason=reason)
    landings = all_landed(ground)
    with ground.book.as_(actor) as page:
        there, again = current(page, name, actor=actor, revision=revision, key=key)
        if again:
            return there
        if clashes := _clashes(page, ground, landings, there):
            raise Clashes(clashes)
        fresh = rebased_edits(page, ground, landings, there)
        told = {"base": newest(landings), "edits": written_edits(fresh)}
        return write(page, ground, there, step_of(Verb.REBASE, actor, now, key, told), actor=actor, reason=reason)


def merge(*, ground: Ground, actor: Actor, now: datetime, name: str, revision: int, key: str, reason: str) -> Merged:
    """Land a change set whole, in one transaction, or nothing of it; then decide the requests that it changed.

    Raises:
        NoSuchChangeSet, NotADraft, NotYours, NotYourRole, StaleRevision, ReasonMissing.
        OwnDraft: who lands numbers of the rule book drafted some of them. Clashes: as it says.
        BookMoved: something landed, or the book changed, while the rules were asked.
    """
    check_words(reason=reason)
    for _ in range(TRIES):
        try:
            there, world = _landed(ground, actor, now, name=name, revision=revision, key=key, reason=reason)
            break
        except BookMoved:
            continue
    else:
        raise BookMoved(f"the book moved {TRIES} times while {name} was put together with it", fix="merge it again")
    answers = _decided(ground, world, there, actor=actor, now=now)
    return Merged(change_set=there, answers=answers, restudy=_granted(ground, there, now=now))


def _landed(
    ground: Ground, actor: Actor, now: datetime, *, name: str, revision: int, key: str, reason: str
) -> tuple[ChangeSet, World]:
    """Write the landing, if the book and main are still what the rules were asked of; give the world with it."""
    with ground.book.as_(SYSTEM) as page:
        version, landings = page.version(), page.change_sets(landed_after=0)
    with ground.book.as_(actor) as page:
        there, again = current(page, name, actor=actor, revision=revision, key=key)
        if again:
            return there, main_world(ground, landings, now=now)
        page.hold(version)
        may_land(there, actor)
        if against := tuple(_against(page, ground, landings, there, actor=actor, now=now)):
            raise Clashes(against)
        number = newest(landings) + 1 if there.of(*LANDING) else None
        world = replace(_with(ground, landings, there, now=now), landed=number or newest(landings))
        moved = checked(page, world, drafted(page, there, actor=actor, now=now), now=now)
        step = step_of(Verb.MERGE, actor, now, key, {"landing": number})
        after = write(page, ground, there, step, actor=actor, reason=reason)
        for one in moved.values():
            _revise(page, world, one, actor=actor, now=now, reason=reason)
    return after, world


def may_land(there: ChangeSet, actor: Actor) -> None:
    """See that an actor may land a change set.

    Raises:
        NotYourRole: its role does not land equipment or rules. OwnDraft: it drafted numbers of the rule book.
        NothingInIt: it changes nothing.
    """
    if not there.edits:
        raise NothingInIt(f"change set {there.id} changes nothing", field="change_set", fix="edit it, or abandon it")
    if there.of(*LANDING) and not (actor.organisation == OPERATOR and actor.role in LANDERS):
        fix = "let an engineer or an administrator of the operator land it"
        raise NotYourRole(f"the role {actor.role} lands no equipment or rules", field="role", fix=fix)
    if there.of(Table.RULES) and person_of(actor) in there.drafters:
        says = f"{actor.name} drafted numbers of the rule book in {there.id}"
        raise OwnDraft(says, field="actor", fix="let a second person read and land them")


def _with(ground: Ground, landings: Sequence[ChangeSet], there: ChangeSet, *, now: datetime) -> World:
    """Give the world of main with a change set landed on it."""
    sets = ours(landings, ground.base)
    landed = replace(about(there, ground), landing=newest(landings) + 1, ended_at=now)
    return world_with(ground.base, (*sets, landed), files=ground.files, now=now, landed=newest(landings))


def _differs(page: Page, ground: Ground, landings: Sequence[ChangeSet], there: ChangeSet, edit: Edit) -> Differs:
    if edit.table == Table.OUTAGE:
        main = field_of(page.outage(edit.row).asked, edit.column)
    else:
        main = main_value(ground, ours(landings, ground.base), edit, instant=edit.valid_from or edit.at)
    return Differs(edit=edit, main=main, clash=_clash(page, ours(landings, ground.base), edit) if there.draft else None)


def _clashes(page: Page, ground: Ground, landings: Sequence[ChangeSet], there: ChangeSet) -> tuple[Finding, ...]:
    about(there, ground)
    mine = ours(landings, ground.base)
    return tuple(f for edit in there.edits if (f := _clash(page, mine, edit)) is not None)


def _clash(page: Page, landings: Sequence[ChangeSet], edit: Edit) -> Finding | None:
    if edit.table == Table.OUTAGE:
        return _outage_clash(page, edit)
    for one in landings:
        for theirs in one.edits if (one.landing or 0) > edit.base else ():
            if theirs.meets(edit) and theirs.value != edit.value:
                says = (
                    f"{edit.row} {edit.column} was {edit.was}; {one.id} made it {theirs.value},"
                    f" this would make it {edit.value}"
                )
                return _finding(CLASH, says, edit, "edit it again on what is so now, or drop it")
    return None


def _outage_clash(page: Page, edit: Edit) -> Finding | None:
    there = page.outage(edit.row)
    if there.state in OVER:
        return _finding(GONE, f"{edit.row} is {there.state}", edit, "drop it")
    theirs = field_of(there.asked, edit.column)
    if theirs in (edit.was, edit.value):
        return None
    says = f"{edit.row} {edit.column} was {edit.was}; it is {theirs} by now, this would make it {edit.value}"
    return _finding(CLASH, says, edit, "edit it again on what is so now, or drop it")


def _against(
    page: Page, ground: Ground, landings: Sequence[ChangeSet], there: ChangeSet, *, actor: Actor, now: datetime
) -> Iterator[Finding]:
    """Give all that stands against landing it: what clashes, else what the rules say of the whole."""
    if clashes := _clashes(page, ground, landings, there):
        yield from clashes
        return
    try:
        merged = _with(ground, landings, there, now=now)
    except Refused as why:
        yield Finding(rule=NUMBERS, level=Level.BLOCK, says=why.says, field=why.field, fix=why.fix)
        return
    yield from _grid_faults(ground, landings, there, merged, now=now)
    moved = checked(page, merged, drafted(page, there, actor=actor, now=now), now=now)
    for row, one in moved.items():
        for found in one.after.findings:
            if found.level == Level.BLOCK:
                yield replace(found, rule=f"{REQUEST} {found.rule}", says=f"{row}: {found.says}")


def _grid_faults(
    ground: Ground, landings: Sequence[ChangeSet], there: ChangeSet, merged: World, *, now: datetime
) -> Iterator[Finding]:
    """Ask the rules of equipment as it is held now, and as it is from each date on which something changes."""
    edits = there.of(Table.ASSET)
    if not edits:
        return
    rows, main = [e.row for e in edits], main_world(ground, landings, now=now).grid
    found = dict.fromkeys(faults(main, merged.grid, rows))
    whole = [e for s in ours(landings, ground.base) for e in s.of(Table.ASSET)] + list(edits)
    if any(e.column in RATINGS for e in edits):
        for instant in turns_of(whole, now=now):
            then = overlaid(ground.base.grid, asset_values_at(ground.base.grid, whole, instant=instant))
            found |= dict.fromkeys(faults(main, then, rows))
    yield from found


def _revise(page: Page, world: World, one: Drafted, *, actor: Actor, now: datetime, reason: str) -> None:
    line = event(one.after, actor=actor, now=now, verb=Move.CHANGE, world=world, reason=reason, before=one.before)
    page.revise(one.after, line)


def _decided(ground: Ground, world: World, there: ChangeSet, *, actor: Actor, now: datetime) -> tuple[Answer, ...]:
    """Decide what it changed and waits now: done again after a death, it goes on with what still waits."""
    found = []
    for row in dict.fromkeys(e.row for e in there.of(Table.OUTAGE)):
        with ground.book.as_(SYSTEM) as page:
            outage = page.outage(row)
        if outage.state not in WAITING:
            continue
        validated(ground.book, world, outage, now=now)
        found.append(decide(book=ground.book, world=world, now=now, outage_id=row, asked_by=actor))
    return tuple(found)


def _granted(ground: Ground, there: ChangeSet, *, now: datetime) -> tuple[str, ...]:
    """Give the granted outages that rest on what was so before it landed."""
    if not there.of(*LANDING):
        return ()
    with ground.book.as_(SYSTEM) as page:
        return tuple(o.id for o in page.find(Search(holding=True)) if o.window.end > now and o.request.takes_out)


def _finding(rule: str, says: str, edit: Edit, fix: str) -> Finding:
    return Finding(rule=rule, level=Level.BLOCK, says=says, field=edit.column, fix=fix)


__all__ = ["Clashes", "Diff", "Differs", "Merged", "NothingInIt", "OwnDraft", "diff", "may_land", "merge", "rebase"]
