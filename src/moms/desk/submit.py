"""File a request: check it, stamp it, put it in the book."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.desk.answer import Answer, outage_id
from moms.desk.ports import Event, Search
from moms.outages import State
from moms.outages.check import check
from moms.outages.document import request_document, to_document
from moms.outages.lifecycle import Verb, begin, move
from moms.outages.rules.reach import reach_of
from moms.values import SYSTEM, Actor, Level, Refused, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.outages import Outage, Request
    from moms.outages.rules.reach import Reach
    from moms.values import Finding


class AlreadyFiled(Refused):
    """The same reference with another content: a change, not a submission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A request on its way: in the book and waiting, or returned."""

    outage: Outage | None
    findings: tuple[Finding, ...]
    again: bool = False

    def returned(self) -> Answer:
        """Give the answer to one who gets the request back."""
        return Answer(outage=None, findings=self.findings, written=False)


def submit(
    *,
    book: Book,
    world: World,
    actor: Actor,
    now: datetime,
    request: Request,
    say: Callable[[Filed], None] = lambda _: None,
) -> Filed:
    """File a request, or say all that is wrong with it; what is returned leaves nothing in the book.

    Filed again with the same content it gives what is there. `say` is told what was filed before the transaction ends.

    Raises:
        AlreadyFiled: the owner's reference is taken by another content.
    """
    with book.as_(actor) as page:
        found = _file(page, world=world, actor=actor, now=now, request=request)
        if found.outage is not None and not found.again:
            say(found)
        return found


def submit_all(
    *, book: Book, world: World, actor: Actor, now: datetime, requests: Sequence[Request]
) -> tuple[Filed, ...]:
    """File requests in one transaction, all or none: where one is returned, none is in the book, and all say why.

    Raises:
        AlreadyFiled: as `submit`, of one of them; its field names which.
    """
    found: list[Filed] = []
    try:
        with book.as_(actor) as page:
            for number, request in enumerate(requests):
                with of_item("requests", number):
                    found.append(_file(page, world=world, actor=actor, now=now, request=request))
            _all_or_none(found)
    except _NoneFiledError:
        pass
    return tuple(found)


def _all_or_none(found: Sequence[Filed]) -> None:
    if any(one.outage is None for one in found):
        raise _NoneFiledError


class _NoneFiledError(Exception):
    """One of several was returned: what was written of the others goes too."""


@contextmanager
def of_item(field: str, number: int) -> Iterator[None]:
    """Let a refusal inside say which of several it is about."""
    try:
        yield
    except Refused as refusal:
        refusal.field = ".".join(filter(None, (field, str(number), refusal.field)))
        raise


def _file(page: Page, *, world: World, actor: Actor, now: datetime, request: Request) -> Filed:
    there = already(page, request)
    if there is not None:
        return Filed(outage=there, findings=there.findings, again=True)
    outage, findings = filed(page, world=world, actor=actor, now=now, request=request)
    if outage is None:
        return Filed(outage=None, findings=findings)
    entered = replace(outage, state=State.SUBMITTED if outage.state == State.VALIDATED else outage.state, revision=1)
    page.add(entered, event(entered, actor=actor, now=now, verb=Verb.SUBMIT, world=world))
    if outage.state == State.VALIDATED:
        page.revise(outage, event(outage, actor=SYSTEM, now=now, verb=Verb.VALIDATE, world=world, before=entered))
    return Filed(outage=outage, findings=findings)


def preview(*, book: Book, world: World, actor: Actor, now: datetime, request: Request) -> Filed:
    """Give what `submit` would file, and write nothing."""
    with book.as_(actor) as page:
        there = already(page, request)
        if there is not None:
            return Filed(outage=there, findings=there.findings, again=True)
        outage, findings = filed(page, world=world, actor=actor, now=now, request=request)
        return Filed(outage=outage, findings=findings)


def already(page: Page, request: Request) -> Outage | None:
    """Give the outage that this reference already names.

    Raises:
        AlreadyFiled: it was filed with another content.
    """
    found = page.find(Search(organisation=request.organisation, external_id=request.external_id))
    if not found:
        return None
    there = found[0]
    first = page.history(there.id)[0].after["request"]
    if request_document(request) in (first, request_document(there.request)):
        return there
    raise AlreadyFiled(
        f"{request.organisation} has filed {request.external_id!r} before, with another content, as {there.id}",
        field="external_id",
        fix=f"use `moms change {there.id}`, or another reference",
    )


def filed(
    page: Page, *, world: World, actor: Actor, now: datetime, request: Request
) -> tuple[Outage | None, tuple[Finding, ...]]:
    """Give the outage as it would stand after the entry rules, or None and the findings that return it."""
    begun = begin(request, outage_id=outage_id(request.organisation, request.external_id), actor=actor, now=now)
    findings = entry_findings(page, world=world, now=now, outage=begun, actor=actor)
    if any(f.level == Level.BLOCK for f in findings):
        return None, findings
    begun = replace(begun, findings=findings)
    if begun.state == State.SUBMITTED:
        begun = move(begun, verb=Verb.VALIDATE, actor=SYSTEM, now=now)
    return begun, findings


def entry_findings(
    page: Page, *, world: World, now: datetime, outage: Outage, actor: Actor | None = None
) -> tuple[Finding, ...]:
    """Run the entry rules on a request, as of `now`, against what the book holds that matters to them.

    Without an actor it is checked as its own organisation would file it.
    """
    request = outage.request
    others = {o.id: o for search in _searches(reach_of(request, grid=world.grid)) for o in page.find(search)}
    return check(
        request,
        grid=world.grid,
        book=tuple(others[k] for k in sorted(others)),
        rule_book=world.rules.entry,
        now=now,
        actor=actor or Actor(name=outage.requester, organisation=request.organisation, role=Role.OWNER),
        outage_id=outage.id,
    )


def _searches(reach: Reach) -> Iterator[Search]:
    """Ask the book for what the entry rules look at: what a filing costs does not grow with the book."""
    yield Search(assets=reach.same)
    if reach.units:
        yield Search(assets=reach.units, window=reach.window)
    if reach.restoration:
        yield Search(window=reach.window, holding=True)
    if reach.group is not None:
        yield Search(group=reach.group)
    for reference in reach.after:
        yield Search(organisation=reach.organisation, external_id=reference)


def event(
    outage: Outage,
    *,
    actor: Actor,
    now: datetime,
    verb: str,
    world: World,
    reason: str = "",
    before: Outage | None = None,
    asked_by: Actor | None = None,
) -> Event:
    """Make the journal's line of one step."""
    return Event(
        at=now,
        actor=actor,
        verb=str(verb),
        outage_id=outage.id,
        reason=reason,
        rule_book=world.rules.name,
        before=None if before is None else to_document(before),
        after=to_document(outage),
        asked_by=asked_by,
        areas=world.areas(outage.request),
        plan=world.rules.notices.told,
    )
