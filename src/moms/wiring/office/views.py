"""What is looked at: one outage, lists, the timeline, the map, the journal, the rules."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from moms.desk.ports import Search
from moms.outages.document import to_document
from moms.values import SYSTEM, Window, parse_instant
from moms.wiring.office.core import Core
from moms.wiring.office.words import midnight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.desk.catalogue import Catalogue
    from moms.desk.measures import Measure
    from moms.desk.origin import Origin
    from moms.desk.ports import LineSearch, Told
    from moms.desk.timeline import Timeline
    from moms.gis import Seen
    from moms.records.journal import Line


A_PIECE = 2000
"""So many lines of the journal are read at once."""


class Views(Core):
    """What is looked at: one outage, lists, the timeline, the map, the journal, the rules."""

    def one_line(self, outage_id: str) -> dict[str, object] | None:
        """Give the picture of what binds a decision, None where no flow binds it."""
        from moms.desk.one_line import one_line

        outage, actor = self.find(outage_id), self.settings.actor
        if not outage.decision_id:
            return None
        with self.book.as_(actor) as page:
            record = page.decision(outage.decision_id)
        return one_line(record, grid=self.world.grid, actor=actor)

    def paper(self, whole: Mapping[str, Any], *, catalogue: Catalogue) -> bytes:
        """Write an outage, as it is shown to somebody, as a PDF."""
        from moms.exchange.recordpdf import record_pdf

        picture = self.one_line(whole["outage"]["id"])
        record = whole["decision"] or {}
        words = set(re.findall(r"[a-z]+:[0-9]+", json.dumps([record.get("binding"), record.get("evidence")])))
        known = catalogue.named(sorted(words | set(whole["outage"]["request"]["assets"])))
        return record_pdf(whole, picture=picture, names={k.id: k.name for k in known})

    def list(
        self,
        *,
        ids: tuple[str, ...] = (),
        since: str | None = None,
        until: str | None = None,
        assets: tuple[str, ...] = (),
        owner: str | None = None,
        states: tuple[str, ...] = (),
        statuses: tuple[str, ...] = (),
        pending: bool = False,
        text: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[dict[str, object]]:
        """Give the outages that match, by id; at most `limit` of those after `after`."""
        window = None
        if since or until:
            window = Window(
                start=parse_instant(midnight(since or "1970-01-02"), field="from"),
                end=parse_instant(midnight(until or "2199-12-31"), field="to"),
            )
        search = Search(
            ids=ids, window=window, assets=assets, organisation=owner, states=states, statuses=statuses,
            pending=pending or None, text=text, after=after, limit=limit,
        )  # fmt: skip
        with self.book.as_(self.settings.actor) as page:
            return [to_document(o) for o in page.find(search)]

    def timeline(self, *, first: str, last: str, catalogue: Catalogue) -> Timeline:
        """Give what is out or asked for from `first` until `last`, as far as this actor may see it."""
        from moms.desk.timeline import timeline

        window = Window(
            start=parse_instant(midnight(first), field="from"), end=parse_instant(midnight(last), field="to")
        )
        return timeline(book=self.book, actor=self.settings.actor, catalogue=catalogue, window=window)

    def map(self) -> dict[str, object]:
        """Give the map as this actor may see it.

        Raises:
            NoPlaces: the grid does not say where things are.
        """
        from moms.gis import document_of
        from moms.risk import NoPlaces

        seen = self._seen()
        if seen is None:
            fix = "use the lists, or take a grid that names its stations and their places"
            raise NoPlaces(f"{self.world.grid.name} does not say where its stations are", field="grid", fix=fix)
        return document_of(seen)

    def on_the_map(self, at: str) -> dict[str, object]:
        """Give what this actor sees to be out in the hour of an instant, and where on its map."""
        from moms.desk.on_the_map import document_of, shown_at

        seen = self._seen()
        shown = shown_at(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now,
            at=parse_instant(at, field="at"), features=None if seen is None else seen.features,
        )  # fmt: skip
        return document_of(shown)

    def storm_on_the_map(self) -> dict[str, object] | None:
        """Give what the newest storm forecast threatens of this actor's map, hour by hour; None where none is kept.

        Raises:
            NoPlaces: the grid does not say where things are.
        """
        from moms.desk.on_the_map import storm_layer
        from moms.desk.storms import newest_storm
        from moms.risk import NoPlaces

        seen = self._seen()
        if seen is None:
            raise NoPlaces(f"{self.world.grid.name} does not say where its stations are", field="grid",
                           fix="take a grid that names its stations and their places")  # fmt: skip
        with self.book.as_(SYSTEM) as page:
            storm = newest_storm(page)
        if storm is None:
            return None
        return storm_layer(world=self.world, storm=storm, actor=self.settings.actor, features=seen.features)

    def _seen(self) -> Seen | None:
        from moms.gis import all_of, seen_by

        actor, grid, features = self.settings.actor, self.world.grid, self._features()
        if features is None:
            return None
        return all_of(features) if actor.sees_all else seen_by(features, grid, actor.organisation)

    def heads(self) -> Mapping[str, int]:
        """Give how long each chain of the journal is that this actor sees."""
        with self.book.as_(self.settings.actor) as page:
            return page.heads()

    def told(self, after: Mapping[str, int], *, limit: int) -> Sequence[Told]:
        """Give the journal's lines after those."""
        with self.book.as_(self.settings.actor) as page:
            return page.told(after, limit=limit)

    def lines(self, search: LineSearch) -> Sequence[Line]:
        """Give the journal's lines that match and that this actor sees, newest first."""
        with self.book.as_(self.settings.actor) as page:
            return page.lines(search)

    def origins(self, lines: Sequence[Line]) -> Mapping[tuple[str, int], Origin]:
        """Give from where lines were asked, by organisation and sequence, as far as this actor may know it."""
        with self.book.as_(self.settings.actor) as page:
            return page.origins([(line.organisation, line.sequence) for line in lines])

    def measures(self) -> tuple[Measure, ...]:
        """Count how well the desk does, on the part of the journal that this actor sees; all first, then by owner."""
        from moms.desk.measures import Count

        count, after = Count(), dict[str, int]()
        with self.book.as_(self.settings.actor) as page:
            while told := page.told(after, limit=A_PIECE):
                count.hear(told)
                after |= {line.organisation: line.sequence for line in told}
        return count.measures()

    def rules(self) -> dict[str, object]:
        """Give the rule book in force with its numbers, and what each rule asks."""
        from moms.desk.published import book_document, rule_texts

        return {"book": book_document(self.world.rules), "chapters": rule_texts()}
