"""What every use case of an office stands on: its settings, its book, its grid and rules."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moms.desk.answer import Answer, NotARequest
from moms.desk.ports import NoSuchOutage, Search
from moms.outages.document import request_from, to_document
from moms.values import Remembered
from moms.wiring.office.words import event_line
from moms.wiring.settings import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.desk.changes import Ground
    from moms.desk.kept_days import KeptDays
    from moms.desk.keys import Early
    from moms.desk.notices import Notices
    from moms.desk.ports import Book
    from moms.desk.work import Row
    from moms.desk.world import World
    from moms.gis import Features
    from moms.outages import Outage, Request
    from moms.values import Finding
    from moms.wiring.settings import Settings


MAPS: Remembered[Features | None] = Remembered()
"""The map of a grid, made once a process."""


@dataclass(slots=False, kw_only=True)
class Core:
    """What all use cases have in common: one place, one actor, one instant. The grid is read when first needed."""

    settings: Settings
    book: Book
    opened: World | None = None
    """The grid and the rule book as their files have them, where somebody has read them already."""
    days: KeptDays | None = None
    """Where days of the calendar are kept."""
    early: Early | None = None
    """Told the answer of a deed that has it before its only transaction ends."""
    notices: Notices | None = None
    """Where what somebody was told stands."""
    duty: Callable[[str], Row | None] | None = None
    """Tells what workers have made of a planning."""

    @cached_property
    def world(self) -> World:
        """The grid and the rule book, with all that has landed."""
        from moms.wiring.landed import current

        return current(self.book, self.base, self.settings, now=self.settings.now)

    @cached_property
    def ground(self) -> Ground:
        """What change sets rest on."""
        from moms.wiring.landed import ground_of

        return ground_of(self.book, self.base, self.settings)

    @cached_property
    def base(self) -> World:
        """The grid and the rule book as their files have them."""
        if self.opened is not None:
            return self.opened
        from moms.wiring.worlds import open_world

        return open_world(grid=self.settings.grid, rule_book=self.settings.rule_book, home=self.settings.home)

    def read_request(self, file: str) -> Request:
        """Read a request from a JSON file, `-` for stdin.

        Raises:
            NotARequest: everything that is wrong with it.
            UnreadableFile: not there, or not JSON.
        """
        from moms.exchange.requests import parse_json, read_request

        if file == "-":
            return self.read(parse_json(sys.stdin.read(), name="stdin"))
        return whole(read_request(Path(file), now=self.settings.now))

    def read(self, document: object, *, anew: bool = False) -> Request:
        """Read a request from a document of JSON's kinds; `anew` says that it is to be filed for the first time.

        Raises:
            NotARequest: everything that is wrong with it; of a new one also what the entry rules say of the rest.
        """
        found = request_from(document, now=self.settings.now)
        if isinstance(found, list) and anew:
            from moms.desk.unread import also_against

            actor, now = self.settings.actor, self.settings.now
            found += also_against(document, tuple(found), book=self.book, world=self.world, actor=actor, now=now)
        return whole(found)

    def drafted(self, request: Request, *, world: World) -> Outage:
        """Give a request as its owner would file it now, in a world.

        Raises:
            NotARequest: the entry rules return it.
        """
        from moms.desk.submit import preview
        from moms.values import Actor, Role

        owner = Actor(name=self.settings.actor.name, organisation=request.organisation, role=Role.OWNER)
        filed = preview(book=self.book, world=world, actor=owner, now=self.settings.now, request=request)
        if filed.outage is None:
            raise NotARequest(tuple(f for f in filed.findings if f.level == "block"))
        return filed.outage

    def find(self, name: str) -> Outage:
        """Give an outage by its id, or by its owner's reference.

        Raises:
            NoSuchOutage: none of either, or not this actor's to see.
        """
        with self.book.as_(self.settings.actor) as page:
            try:
                return page.outage(name)
            except NoSuchOutage:
                found = page.find(Search(external_id=name))
                if len(found) != 1:
                    raise
                return found[0]

    def show(self, name: str) -> dict[str, object]:
        """Give one outage whole: document, decision record, history, what was reported from the field."""
        from moms.desk.field import of_outage

        outage = self.find(name)
        with self.book.as_(self.settings.actor) as page:
            record = page.decision(outage.decision_id) if outage.decision_id else None
            history = [event_line(e) for e in page.history(outage.id)]
            field = of_outage(page, outage)
        return {"outage": to_document(outage), "decision": record, "history": history, "field": field}

    def show_answer(self, outage: Outage, *, again: bool = False) -> Answer:
        """Give the stored answer of an outage."""
        with self.book.as_(self.settings.actor) as page:
            record = page.decision(outage.decision_id) if outage.decision_id else None
        return Answer(outage=outage, record=record, findings=outage.findings, written=False, again=again)

    def _own(self) -> str | None:
        return None if self.settings.actor.organisation == OPERATOR else self.settings.actor.organisation

    def _acting(self) -> dict[str, Any]:
        return {"book": self.book, "world": self.world, "actor": self.settings.actor, "now": self.settings.now}

    def _features(self) -> Features | None:
        from moms.gis import features_of

        grid = self.world.grid
        return MAPS.of(grid, make=lambda: features_of(grid))


def whole(found: Request | list[Finding]) -> Request:
    """Give the request that was read.

    Raises:
        NotARequest: everything that was found wrong with it instead.
    """
    if isinstance(found, list):
        raise NotARequest(tuple(found))
    return found
