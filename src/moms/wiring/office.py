"""An open office: the book, the grid and the rules of one installation, and every use case on them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moms.desk.answer import Answer
from moms.desk.ports import NoSuchOutage, Search
from moms.outages.document import request_from, to_document
from moms.outages.lifecycle import Verb
from moms.store.calendar import PostgresDays
from moms.store.place import open_place
from moms.values import HOUR, SYSTEM, Refused, Remembered, Window, parse_instant
from moms.wiring.settings import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from moms.adequacy import Taken
    from moms.decide import Forecast
    from moms.desk.accept import Wrote
    from moms.desk.bookings import Account, Settled
    from moms.desk.calendar import AvailabilityCalendar
    from moms.desk.catalogue import Catalogue
    from moms.desk.kept_days import KeptDays
    from moms.desk.keys import Mark
    from moms.desk.measures import Measure
    from moms.desk.nightly import Night
    from moms.desk.offer import Offer
    from moms.desk.plan import SeasonPlan
    from moms.desk.ports import Book, Event, LineSearch, Told
    from moms.desk.posting import Posting
    from moms.desk.repair import Repair
    from moms.desk.restudy import Restudied
    from moms.desk.shadow import Agreement
    from moms.desk.supposed import Supposed
    from moms.desk.timeline import Timeline
    from moms.desk.windows import Calendar
    from moms.desk.world import World
    from moms.gis import Features, Seen
    from moms.grid import Network
    from moms.outages import Outage, Request
    from moms.records.journal import Line
    from moms.risk import StormRisk, WhileOut
    from moms.values import Finding
    from moms.wiring.settings import Settings

MAPS: Remembered[Features | None] = Remembered()
"""The map of a grid, made once a process."""


A_PIECE = 2000
"""So many lines of the journal are read at once."""


class NoCase(Refused):
    """No case to save."""


class NotARequest(Refused):
    """A file that holds no request."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        first = findings[0]
        more = f" (and {len(findings) - 1} more faults)" if len(findings) > 1 else ""
        super().__init__(first.says + more, field=first.field, fix=first.fix)
        self.findings = findings


@contextlib.contextmanager
def open_office(chosen: Settings, *, env: Mapping[str, str] | None = None) -> Iterator[Office]:
    """Open the database of this installation and give its office; closed at the end."""
    with open_place(env=os.environ if env is None else env) as place:
        yield Office(settings=chosen, book=place.book, days=PostgresDays(place.engine))


@dataclass(slots=False, kw_only=True)
class Office:
    """The use cases, as one actor at one instant. The grid is read when first needed."""

    settings: Settings
    book: Book
    opened: World | None = None
    """The grid and the rule book, where somebody has read them already."""
    days: KeptDays | None = None
    """Where days of the calendar are kept."""

    @cached_property
    def world(self) -> World:
        """The grid and the rule book."""
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
        return _whole(read_request(Path(file), now=self.settings.now))

    def read(self, document: object) -> Request:
        """Read a request from a document of JSON's kinds.

        Raises:
            NotARequest: everything that is wrong with it.
        """
        return _whole(request_from(document, now=self.settings.now))

    def submit(self, request: Request, *, preview: bool = False) -> Answer:
        """File a request and decide it; filed again it gives the same answer."""
        from moms.desk import settle, submit

        common = {"book": self.book, "world": self.world, "now": self.settings.now}
        file = submit.preview if preview else submit.submit
        filed = file(**common, actor=self.settings.actor, request=request)  # type: ignore[arg-type]  # both take the same
        if filed.outage is None:
            return filed.returned()
        if filed.again and filed.outage.decision_id is not None:
            return self.show_answer(filed.outage, again=True)
        unfiled = filed.outage if preview and not filed.again else None
        return settle.decide(
            book=self.book, world=self.world, now=self.settings.now, outage_id=filed.outage.id,
            asked_by=self.settings.actor, preview=preview, unfiled=unfiled,
        )  # fmt: skip

    def file(self, request: Request) -> Answer:
        """File a request and leave its decision to a worker; filed again it gives what is there."""
        from moms.desk import submit

        filed = submit.submit(
            book=self.book, world=self.world, now=self.settings.now, actor=self.settings.actor, request=request
        )
        if filed.outage is None:
            return filed.returned()
        if filed.again and filed.outage.decision_id is not None:
            return self.show_answer(filed.outage, again=True)
        return Answer(
            outage=filed.outage, findings=filed.findings, written=not filed.again, again=filed.again,
            left_to_worker=True, says="filed; a worker decides it",
        )  # fmt: skip

    def show_answer(self, outage: Outage, *, again: bool = False) -> Answer:
        """Give the stored answer of an outage."""
        with self.book.as_(self.settings.actor) as page:
            record = page.decision(outage.decision_id) if outage.decision_id else None
        return Answer(outage=outage, record=record, findings=outage.findings, written=False, again=again)

    def decide(self, outage_id: str, *, preview: bool = False) -> Answer:
        """Decide what waits."""
        from moms.desk.settle import decide

        return decide(
            book=self.book, world=self.world, now=self.settings.now, outage_id=outage_id,
            asked_by=self.settings.actor, preview=preview,
        )  # fmt: skip

    def resume(self, marks: Sequence[Mark]) -> Answer:
        """Finish what died after it had begun to write."""
        from moms.desk.resume import resume

        return resume(book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, marks=marks)

    def settle(self, outage_id: str, *, outcome: str, reason: str, conditions: tuple[str, ...] = ()) -> Answer:
        """Settle what was referred, as a person."""
        from moms.desk.settle import by_person

        return by_person(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id,
            outcome=outcome, reason=reason, conditions=conditions,
        )  # fmt: skip

    def operate(self, outage_id: str, verb: str, *, reason: str = "", at: str | None = None) -> Answer:
        """Take one step of the lifecycle."""
        from moms.desk.operate import step

        return step(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id,
            verb=Verb(verb), reason=reason, at=parse_instant(at, field="at") if at else None,
        )  # fmt: skip

    def expire(self) -> tuple[str, ...]:
        """Let lapse what can no longer be done."""
        from moms.desk.operate import expire

        return expire(book=self.book, world=self.world, now=self.settings.now)

    def extend(self, outage_id: str, *, until: str, forced: bool, reason: str, preview: bool = False) -> Answer:
        """Ask for a later end."""
        from moms.desk.operate import extend

        return extend(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id,
            until=parse_instant(until, field="until"), forced=forced, reason=reason, preview=preview,
        )  # fmt: skip

    def change(self, outage_id: str, request: Request, *, reason: str, preview: bool = False) -> Answer:
        """Change a request."""
        from moms.desk.operate import change

        return change(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id,
            request=request, reason=reason, preview=preview,
        )  # fmt: skip

    def take(self, outage_id: str, *, number: int, reason: str, preview: bool = False) -> Answer:
        """Take an offered window."""
        from moms.desk.operate import take

        return take(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id,
            number=number, reason=reason, preview=preview,
        )  # fmt: skip

    def decline(self, outage_id: str, *, reason: str, preview: bool = False) -> Answer:
        """Decline what was offered."""
        from moms.desk.operate import decline

        return decline(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id,
            reason=reason, preview=preview,
        )  # fmt: skip

    def forced(
        self,
        *,
        assets: tuple[str, ...],
        organisation: str | None = None,
        since: str | None = None,
        until: str | None = None,
        external_id: str | None = None,
        description: str = "",
    ) -> Answer:
        """Report equipment that is out: acknowledged at once and studied, whatever is missing."""
        document: dict[str, object] = {
            "kind": "forced",
            "assets": list(assets),
            "organisation": organisation or self.world.owner(assets) or self.settings.actor.organisation,
            "category": "generation" if any(a.startswith("gen:") for a in assets) else "transmission",
            "description": description,
        }
        start = parse_instant(since, field="since") if since else self.settings.now
        document["window"] = {"start": start.isoformat(), **({"end": until} if until else {})}
        document["external_id"] = external_id or f"forced {','.join(assets)} {start:%Y-%m-%dT%H:%MZ}"
        found = request_from(document, now=self.settings.now)
        if isinstance(found, list):
            raise NotARequest(tuple(found))
        return self.submit(found)

    def import_requests(
        self, file: str, *, partial: bool, decide: bool, tick: Callable[[int], None] = lambda _more: None
    ) -> dict[str, Any]:
        """File the requests of a table, all or (with `partial`) the good ones; decide each in turn if asked.

        Nothing is filed before every line has been read and has passed the entry rules.
        """
        from moms.desk import submit
        from moms.exchange.requests import read_sheet

        sheet = read_sheet(Path(file), organisation=self._own(), now=self.settings.now)
        common = {"book": self.book, "world": self.world, "now": self.settings.now}
        bad = [_bad(f.line, f.finding) for f in sheet.faults]
        for line in sheet.lines:
            seen = submit.preview(**common, actor=self.settings.actor, request=line.request)  # type: ignore[arg-type]  # as below
            bad += [_bad(line.line, f, line.request.external_id) for f in seen.findings if f.level == "block"]
            tick(1)
        refused = {row["line"] for row in bad}
        rows = list(bad)
        waiting = []  # of groups: decided when all of the table is filed, since they are decided together
        filed = 0
        for line in sheet.lines if partial or not bad else ():
            if line.line in refused:
                continue
            one = submit.submit(**common, actor=self.settings.actor, request=line.request)  # type: ignore[arg-type]  # one mapping for all
            if one.outage is None:  # an earlier line of the table took the equipment
                rows += [_bad(line.line, f, line.request.external_id) for f in one.findings if f.level == "block"]
                refused.add(line.line)
                continue
            filed += 1
            outcome, says = "filed", one.outage.id
            if decide and line.request.group is not None:
                waiting.append((line, one.outage.id))
                continue
            if decide and one.outage.decision_id is None:
                answer = self.decide(one.outage.id)
                outcome, says = str(answer.record["outcome"]), str(answer.record["says"])  # type: ignore[index]  # decided
            rows.append(_done(line.line, outcome, says, line.request.external_id))
            tick(1)
        for line, key in waiting:
            there = self.find(key)
            answer = self.show_answer(there) if there.decision_id else self.decide(key)
            outcome, says = str(answer.record["outcome"]), str(answer.record["says"])  # type: ignore[index]  # decided
            rows.append(_done(line.line, outcome, says, line.request.external_id))
            tick(1)
        return {"rows": sorted(rows, key=lambda r: int(r["line"])), "filed": filed, "refused": len(refused)}

    def shadow(self, file: str, *, tick: Callable[[int], None] = lambda _more: None) -> Agreement:
        """Replay past requests as they were filed, beside what people decided; nothing is written."""
        from dataclasses import replace

        from moms.desk.shadow import Compared, agreement
        from moms.exchange.past import read_past

        rows = []
        for past in read_past(Path(file)):
            at = replace(self, settings=replace(self.settings, now=past.filed_at))
            answer = at.submit(past.request, preview=True)
            record = answer.record
            outcome = "returned" if record is None else str(record["outcome"])
            says = "; ".join(f.says for f in answer.findings) if record is None else str(record["says"])
            rows.append(Compared(reference=past.request.external_id, human=past.human, moms=outcome, says=says))
            tick(1)
        return agreement(rows)

    def _own(self) -> str | None:
        return None if self.settings.actor.organisation == OPERATOR else self.settings.actor.organisation

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
            history = [_line(e) for e in page.history(outage.id)]
            field = of_outage(page, outage)
        return {"outage": to_document(outage), "decision": record, "history": history, "field": field}

    def field_day(self, *, catalogue: Catalogue) -> dict[str, object]:
        """Give a crew's jobs of the day; for the operator those from which something was reported."""
        from moms.desk.field import Places, day

        places = Places(self.world.grid, self._features())
        return day(book=self.book, actor=self.settings.actor, now=self.settings.now, catalogue=catalogue, places=places)

    def field_report(self, documents: Sequence[Mapping[str, object]]) -> tuple[dict[str, object], ...]:
        """Take in what a crew's phone has gathered, each entry once."""
        from moms.desk.field import report_all, taken_document

        done = report_all(book=self.book, actor=self.settings.actor, now=self.settings.now, documents=documents)
        return tuple(taken_document(one) for one in done)

    def field_seen(self, outage_id: str, entries: Sequence[str]) -> dict[str, object]:
        """Say, for the operator, that entries from the field were looked at."""
        from moms.desk.field import field_document, seen

        return field_document(
            seen(book=self.book, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id, entries=entries)
        )

    def room(self) -> dict[str, object]:
        """Give what is not as planned, and who has taken it."""
        from moms.desk.room import alarm_document, alarms

        found = alarms(book=self.book, actor=self.settings.actor, now=self.settings.now)
        return {"now": self.settings.now, "alarms": [alarm_document(one) for one in found]}

    def take_alarm(
        self, outage_id: str, what: str, *, revision: int | None = None, note: str = ""
    ) -> dict[str, object]:
        """Say that somebody has taken an alarm."""
        from moms.desk.room import acknowledge, alarm_document

        return alarm_document(
            acknowledge(
                book=self.book, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id, what=what,
                revision=revision, note=note,
            )
        )  # fmt: skip

    def shift(self, *, hours: int = 12) -> dict[str, object]:
        """Give the sheet of the hours ahead, and the last hand-over."""
        from moms.desk.shift import hand_over_document, last, sheet, sheet_document

        found = sheet(book=self.book, actor=self.settings.actor, now=self.settings.now, hours=hours)
        there = last(book=self.book, actor=self.settings.actor)
        return {**sheet_document(found), **self.room(), "last": hand_over_document(there)}

    def give_shift(self, *, key: str, notes: str = "", hours: int = 12) -> dict[str, object]:
        """Hand the shift over, once under a key."""
        from moms.desk.shift import give, hand_over_document

        done = give(book=self.book, actor=self.settings.actor, now=self.settings.now, key=key, notes=notes, hours=hours)
        return hand_over_document(done) or {}

    def take_shift(self, hand_over: str) -> dict[str, object]:
        """Take the shift that was handed over last."""
        from moms.desk.shift import hand_over_document, take

        done = take(book=self.book, actor=self.settings.actor, now=self.settings.now, hand_over=hand_over)
        return hand_over_document(done) or {}

    def replay(self, outage_id: str) -> dict[str, object]:
        """Compute a decision again from what it rested on; nothing is written."""
        from moms.desk.replay import replay

        return replay(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id
        )

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

    def unsolved(self, name: str) -> tuple[Network, dict[str, Any]]:
        """Give the state without an AC solution that was saved with an outage's decision, and what was said of it.

        Raises:
            NoCase: none was saved, or it is not this actor's to see: it holds what every unit was to give.
        """
        from moms.desk.voltage import again

        if not self.settings.actor.sees_all:
            raise NoCase("a saved case is the operator's to see", field="save-case", fix="ask the outage engineer")
        record: Any = self.show(name)["decision"]
        security = record["evidence"]["security"] if record else None
        voltage = security.get("voltage") if security else None
        for one in voltage["unsolved"] if voltage else ():
            if one["case"] is not None:
                return again(self.world.grid, one["case"]), one
        raise NoCase(f"no state of {name} was left without an AC solution", field="save-case", fix="leave it out")

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
                start=parse_instant(_midnight(since or "1970-01-02"), field="from"),
                end=parse_instant(_midnight(until or "2199-12-31"), field="to"),
            )
        search = Search(
            ids=ids, window=window, assets=assets, organisation=owner, states=states, statuses=statuses, pending=pending or None,
            text=text, after=after, limit=limit,
        )  # fmt: skip
        with self.book.as_(self.settings.actor) as page:
            return [to_document(o) for o in page.find(search)]

    def timeline(self, *, first: str, last: str, catalogue: Catalogue) -> Timeline:
        """Give what is out or asked for from `first` until `last`, as far as this actor may see it."""
        from moms.desk.timeline import timeline

        window = Window(
            start=parse_instant(_midnight(first), field="from"), end=parse_instant(_midnight(last), field="to")
        )
        return timeline(book=self.book, actor=self.settings.actor, catalogue=catalogue, window=window)

    def windows(
        self,
        *,
        assets: tuple[str, ...],
        days: int,
        first: str,
        last: str,
        cores: int = 0,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> tuple[Calendar, float]:
        """Give the calendar of some equipment, and the CPU seconds its helpers took."""
        from moms.desk.windows import windows
        from moms.wiring.pool import mapped

        with mapped(cores=cores, tick=tick) as each:
            found = windows(
                book=self.book, world=self.world, now=self.settings.now, assets=assets, days=days,
                first=_day(first, "from"), last=_day(last, "to"), each=each,
            )  # fmt: skip
        return found, each.cpu_s

    def availability(
        self,
        *,
        assets: tuple[str, ...],
        first: str,
        last: str,
        every: bool = False,
        fresh: bool = False,
        cores: int = 0,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> tuple[AvailabilityCalendar, float]:
        """Give the calendar of many branches, and the CPU seconds its helpers took.

        With `every`, of all equipment of branches, by the network alone; with `fresh` nothing that is kept is used.

        Raises:
            NotYours: only the operator looks at the equipment of all owners at once.
        """
        from moms.desk.accept import operators_only
        from moms.desk.calendar import calendar, on_the_board
        from moms.wiring.pool import mapped

        if every:
            operators_only(self.settings.actor)
            assets = on_the_board(self.world)
        with mapped(cores=cores, tick=tick) as each:
            found = calendar(
                book=self.book, world=self.world, now=self.settings.now, assets=assets, network_only=every,
                first=_day(first, "from"), last=_day(last, "to"), kept=None if fresh else self.days, each=each,
            )  # fmt: skip
        return found, each.cpu_s

    def keep_days(self, *, first: str, last: str, fresh: bool = False) -> Iterator[tuple[date, int]]:
        """Compute the days whose answers are not kept as the book is now (with `fresh`: all), and keep them.

        Gives each day with how many branches were asked about, as it is done.

        Raises:
            NotYours: only the operator. NoSpan: the last day is before the first.
        """
        from moms.desk.accept import operators_only
        from moms.desk.calendar import keep_day, stale_days
        from moms.desk.windows import NoSpan

        operators_only(self.settings.actor)
        begin, end = _day(first, "from"), _day(last, "to")
        if end < begin:
            raise NoSpan(f"no day between {begin} and {end}", field="to", fix="give a later --to")
        kept, now = self._days(), self.settings.now
        days = [begin + timedelta(days=k) for k in range((end - begin).days + 1)]
        if not fresh:
            stale = stale_days(book=self.book, world=self.world, kept=kept, now=now, first=begin, days=len(days))
            days = [one.day for one in stale]
        for day in days:
            yield day, keep_day(book=self.book, world=self.world, kept=kept, now=now, day=day)

    def kept_calendar(self, *, assets: tuple[str, ...], first: str, last: str) -> AvailabilityCalendar:
        """Give the cells of the days that are kept, by the rules of a decision now; nothing is computed.

        Raises:
            NoSpan, NotOnTheBoard: as `calendar`.
        """
        from moms.desk.calendar import calendar

        return calendar(
            book=self.book, world=self.world, now=self.settings.now, assets=assets, first=_day(first, "from"),
            last=_day(last, "to"), kept=self._days(), kept_only=True,
        )  # fmt: skip

    def _days(self) -> KeptDays:
        if self.days is None:
            raise Refused("no days of the calendar are kept here", field="calendar", fix="open the office of a place")
        return self.days

    def plan_book(
        self,
        *,
        first: str,
        last: str,
        flex_days: int = 0,
        rounds: int = 8,
        work: int = 200,
        nonce: str = "",
        cores: int = 0,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> SeasonPlan:
        """Plan what waits between two market days; nothing is written.

        Raises:
            NotYours: only the operator sees a plan: outages of others are in it (semantics 9).
        """
        from moms.desk.accept import opening, operators_only, waited
        from moms.desk.plan import plan_season
        from moms.schedule._mip import Budget
        from moms.wiring.pool import mapped

        operators_only(self.settings.actor)
        with self.book.as_(self.settings.actor) as page:
            balances, waits = opening(page, self.world), waited(page)
        with mapped(cores=cores, tick=tick) as each:
            return plan_season(
                book=self.book, world=self.world, now=self.settings.now, first=_day(first, "from"),
                last=_day(last, "to"), opening=balances, waited=waits, budget=Budget(nodes=work), flex_days=flex_days,
                rounds=rounds, nonce=nonce, each=each,
            )  # fmt: skip

    def accept_plan(self, plan: SeasonPlan) -> Wrote:
        """Write a plan into the book."""
        from moms.desk.accept import accept

        return accept(book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, plan=plan)

    def repair_plan(
        self,
        *,
        first: str,
        last: str,
        flex_days: int = 0,
        rounds: int = 8,
        work: int = 200,
        cores: int = 0,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> Repair:
        """Find the smallest change of what waits between two market days; nothing is written.

        Raises:
            NotYours: as `plan_book`.
        """
        from moms.desk.accept import operators_only
        from moms.desk.repair import repair
        from moms.schedule._mip import Budget
        from moms.wiring.pool import mapped

        operators_only(self.settings.actor)
        with mapped(cores=cores, tick=tick) as each:
            return repair(
                book=self.book, world=self.world, now=self.settings.now, first=_day(first, "from"),
                last=_day(last, "to"), budget=Budget(nodes=work), flex_days=flex_days, rounds=rounds, each=each,
            )  # fmt: skip

    def accept_repair(self, found: Repair) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """Write a repair into the book."""
        from moms.desk.repair import accept_repair

        return accept_repair(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, found=found
        )

    def accounts(self, *, settle: bool = False, close: bool = False) -> tuple[tuple[Account, ...], tuple[Settled, ...]]:
        """Give both ledgers; settle what has ended first, and close the season, if told.

        Raises:
            NotYours: only the operator sees the accounts of all owners.
        """
        from moms.desk.accept import operators_only
        from moms.desk.bookings import accounts, close_season, settle_bookings
        from moms.desk.turns import needs

        operators_only(self.settings.actor)
        common = {"book": self.book, "world": self.world, "actor": self.settings.actor}
        done = settle_bookings(**common, now=self.settings.now) if settle or close else ()  # type: ignore[arg-type]  # one mapping for all
        if close:
            close_season(**common, now=self.settings.now, weights=needs(self.world))  # type: ignore[arg-type]  # as above
        return accounts(**common), done  # type: ignore[arg-type]  # as above

    def propose_plan(self, plan: SeasonPlan) -> str:
        """Keep a plan as a proposal, which its owners see; nothing moves."""
        from moms.desk.proposal import propose

        return propose(book=self.book, actor=self.settings.actor, now=self.settings.now, plan=plan)

    def plan_shown(self) -> dict[str, object]:
        """Give the last proposal, the clashes and the credits, as far as this actor may see them."""
        from moms.desk.proposal import plan_shown

        return plan_shown(book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now)

    def offers(self) -> tuple[Offer, ...]:
        """Give the offers to move outages that this actor may know of, newest first."""
        from moms.desk.offers import offers

        return offers(book=self.book, actor=self.settings.actor)

    def offer(
        self, *, key: str, outage: str, reason: str, start: str = "", other: str = "", asks: str = "",
        until: str = "", plan: str = "",
    ) -> Offer:  # fmt: skip
        """Offer a move (`start`), or a swap with another outage (`other`) or owner (`asks`)."""
        from moms.desk.offers import offer_id, offer_move, offer_swap

        end = parse_instant(until, field="until") if until else None
        name, common = offer_id(self.settings.actor, key), self._acting()
        if start:
            return offer_move(
                **common, offer=name, outage=outage, start=parse_instant(_midnight(start), field="start"), until=end,
                reason=reason, plan=plan,
            )  # fmt: skip
        return offer_swap(**common, offer=name, outage=outage, other=other, asks=asks, until=end, reason=reason)

    def answer_offer(
        self, offer: str, answer: str, *, revision: int, reason: str = "", start: str = "", outage: str = ""
    ) -> Offer:
        """Accept, decline, withdraw or counter an offer as it is at that revision."""
        from moms.desk import offers

        common = {**self._acting(), "offer": offer, "revision": revision, "reason": reason}
        if answer == "counter":
            at = parse_instant(_midnight(start), field="start") if start else None
            return offers.counter(**common, start=at, outage=outage)
        return {"accept": offers.accept, "decline": offers.decline, "withdraw": offers.withdraw}[answer](**common)

    def look_at_offer(self, offer: str) -> Offer:
        """Give an offer with what a decision made now would say of it; nothing is written."""
        from moms.desk.offers import look

        return look(**self._acting(), offer=offer)

    def _acting(self) -> dict[str, Any]:
        return {"book": self.book, "world": self.world, "actor": self.settings.actor, "now": self.settings.now}

    def take_plan_back(self, plan: str, *, reason: str) -> Wrote:
        """Take a written plan back."""
        from moms.desk.accept import take_back

        return take_back(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, plan=plan, reason=reason
        )

    def restudy(
        self,
        *,
        days: int,
        remedies: int,
        why: str = "",
        cores: int = 0,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> tuple[Restudied, tuple[str, ...]]:
        """Study again all granted outages of the days ahead; with a reason, put at risk what does not hold.

        Raises:
            NotYours: only the operator sees it: outages of all owners are in it (semantics 9).
            NotASpan: no day, or too many.
        """
        from moms.desk.accept import operators_only
        from moms.desk.restudy import mark, restudy, span_of
        from moms.wiring.pool import mapped

        operators_only(self.settings.actor)
        common = {"book": self.book, "world": self.world, "now": self.settings.now}
        until = span_of(self.settings.now, days)
        with mapped(cores=cores, tick=tick) as each:
            found = restudy(**common, until=until, remedies=remedies, each=each)  # type: ignore[arg-type]  # one mapping for both
        marked = mark(**common, found=found, why=why) if why else ()  # type: ignore[arg-type]  # as above
        return found, marked

    def what_if(
        self, supposed: Supposed, *, outage: str | None = None, request: Request | None = None
    ) -> dict[str, object]:
        """Study a filed outage, or a request that nobody has filed, on a supposed book; nothing is written.

        Raises:
            NotARequest: a draft that the entry rules return. Refused: as `moms.desk.what_if`.
        """
        from moms.desk.what_if import may_ask, what_if
        from moms.desk.what_if_document import study_document

        may_ask(self.settings.actor)
        about = self._draft(request) if request is not None else self.find(outage or "").id
        found = what_if(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, supposed=supposed,
            outage=about,
        )  # fmt: skip
        return study_document(found)

    def _draft(self, request: Request) -> Outage:
        """Give a request as its owner would file it now."""
        from moms.desk.submit import preview
        from moms.values import Actor, Role

        owner = Actor(name=self.settings.actor.name, organisation=request.organisation, role=Role.OWNER)
        filed = preview(book=self.book, world=self.world, actor=owner, now=self.settings.now, request=request)
        if filed.outage is None:
            raise NotARequest(tuple(f for f in filed.findings if f.level == "block"))
        return filed.outage

    def attach(
        self, outage_id: str, supposed: Supposed, *, study: str, reason: str, revision: int | None = None
    ) -> Answer:
        """Keep a study with its outage, if it still comes out under that name."""
        from moms.desk.attach import attach

        return attach(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id,
            supposed=supposed, study=study, reason=reason, revision=revision,
        )  # fmt: skip

    def studies(self, name: str) -> Sequence[dict[str, object]]:
        """Give the studies attached to an outage, oldest first; an owner sees none (semantics 9)."""
        from moms.desk.attach import attached

        outage = self.find(name)
        with self.book.as_(self.settings.actor) as page:
            return attached(page, outage.id)

    def study(self, name: str, study: str) -> dict[str, object]:
        """Give one attached study whole.

        Raises:
            NoSuchStudy: none of that name, or not this actor's to see.
        """
        from moms.desk.attach import attached_study

        outage = self.find(name)
        with self.book.as_(self.settings.actor) as page:
            return attached_study(page, outage.id, study)

    def calendar(self, *, assets: tuple[str, ...], days: int, first: str, last: str) -> Calendar:
        """Give the calendar of some equipment, in this process alone: a server does not fork."""
        return self.windows(assets=assets, days=days, first=first, last=last, cores=1)[0]

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

    def _seen(self) -> Seen | None:
        from moms.gis import all_of, seen_by

        actor, grid, features = self.settings.actor, self.world.grid, self._features()
        if features is None:
            return None
        return all_of(features) if actor.sees_all else seen_by(features, grid, actor.organisation)

    def _features(self) -> Features | None:
        from moms.gis import features_of

        grid = self.world.grid
        return MAPS.of(grid, make=lambda: features_of(grid))

    def margin(self, window: Window) -> dict[str, object]:
        """Give what the book leaves of capacity by market day and place."""
        from moms.adequacy import margin
        from moms.desk.margin_facts import facts

        grid, rules = self.world.grid, self.world.rules.margin
        return facts(margin(grid=grid, starts=window.clock_hours(), taken=self.taken(window), rules=rules), None)

    def post_margin(
        self, *, months: int = 24, write: bool = False, tick: Callable[[int], None] = lambda _days: None
    ) -> Posting:
        """Compute the maintenance margin as it is posted; with `write` keep it in the operator's register.

        Raises:
            NotYours: only the operator sees it: outages of all owners are in it (semantics 9).
        """
        from moms.desk.posting import keep_posting, operators_margin, post

        operators_margin(self.settings.actor)
        posting = post(book=self.book, world=self.world, now=self.settings.now, months=months, told=tick)
        if write:
            keep_posting(book=self.book, actor=self.settings.actor, posting=posting)
        return posting

    def posted_margin(self) -> dict[str, object] | None:
        """Give the newest posting of the maintenance margin with its age; None where none was kept.

        Raises:
            NotYours: only the operator's people see it, and who sees all.
        """
        from moms.desk.posting import age_h, operators_margin, posted

        if not self.settings.actor.sees_all:
            operators_margin(self.settings.actor)
        with self.book.as_(SYSTEM) as page:
            entry = posted(page)
        return None if entry is None else {**entry, "age_h": round(age_h(entry, now=self.settings.now), 3)}

    def keep_forecast(self, file: Path) -> str:
        """Keep a forecast issue as the newest, and give its id."""
        from moms.desk.forecast import keep
        from moms.exchange.issues import read_issue

        zones = self.world.grid.zones
        issue = read_issue(file, zones=() if zones is None else zones.name)
        return keep(book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, issue=issue)

    def forecast(self) -> Forecast | None:
        """Give the newest forecast issue, as decisions see it."""
        from moms.desk.forecast import newest, seen

        with self.book.as_(SYSTEM) as page:
            return seen(newest(page), now=self.settings.now)

    def firmness(
        self,
        *,
        days: int,
        season: Window | None = None,
        write: bool = False,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> Night:
        """Tell how firm each granted outage is tonight; with `write` keep it, and the scenarios for today's decisions.

        Raises:
            NotYours: only the operator sees it: outages of all owners are in it (semantics 9).
        """
        from moms.desk.nightly import keep_night, operators_night, tell
        from moms.exchange.drawnfile import write_drawn
        from moms.wiring.worlds import SCENARIOS

        operators_night(self.settings.actor)
        world = self.world
        night, drawn = tell(book=self.book, world=world, now=self.settings.now, days=days, season=season, told=tick)
        if write:
            # The register last: a night that is kept has its scenarios, also where a machine dies in between.
            write_drawn(self.settings.home / SCENARIOS, drawn, grid=world.grid.digest)
            keep_night(book=self.book, actor=self.settings.actor, night=night, rule_book=world.rules.name)
        return night

    def while_out(
        self, *, asset: str, storm: str, damage: Path | None, hours: int
    ) -> tuple[tuple[WhileOut, ...], StormRisk]:
        """Rank the windows of a storm by the risk of having an asset out, beside all that holds then."""
        from moms.desk.while_out import ranked_while_out
        from moms.desk.windows import unfiled
        from moms.exchange.storms import read_damage, read_weather
        from moms.risk import lines_of, storm_risk, tower_curve

        world, weather = self.world, read_weather(storm)
        curve = tower_curve(read_damage(damage) if damage else ())
        found = storm_risk(lines=lines_of(world.grid), weather=weather, curve=curve)
        window = Window(start=weather.hour[0], end=weather.hour[-1] + HOUR)
        outage = unfiled(world, (asset,), window=window, now=self.settings.now)
        with self.book.as_(SYSTEM) as page:
            near = page.find(Search(window=window, holding=True))
            late = page.find(Search(holding=True, states=("active", "pending_complete")))
        holding = {o.id: o for o in (*near, *late) if o.request.takes_out}
        rows = ranked_while_out(
            world=world, outage=outage, holding=tuple(holding.values()), storm=found, hours=hours,
            now=self.settings.now,
        )  # fmt: skip
        return rows, found

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

    def taken(self, window: Window) -> tuple[Taken, ...]:
        """Give the units that the book takes out or derates in a window, those cut off included."""
        from moms.desk.margins import booked

        with self.book.as_(SYSTEM) as page:
            near = page.find(Search(window=window, holding=True))
            late = page.find(Search(holding=True, states=("active", "pending_complete")))
        out = {o.id: o for o in (*near, *late) if o.request.takes_out}
        return booked(self.world, [out[k] for k in sorted(out)], now=self.settings.now, until=window.end)


def _whole(found: Request | list[Finding]) -> Request:
    if isinstance(found, list):
        raise NotARequest(tuple(found))
    return found


def _bad(line: int, finding: Finding, reference: str = "") -> dict[str, Any]:
    says = f"{finding.says} ({finding.fix})" if finding.fix else finding.says
    return {"line": line, "external_id": reference, "outcome": "refused", "field": finding.field, "says": says}


def _done(line: int, outcome: str, says: str, reference: str) -> dict[str, Any]:
    return {"line": line, "external_id": reference, "outcome": outcome, "field": None, "says": says}


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text!r} is no day", field=name, fix="write 2027-03-01") from None


def _midnight(text: str) -> str:
    """Read a bare day as its market midnight."""
    return f"{text}T00:00-05:00" if len(text) == len("2027-03-01") else text


def _line(event: Event) -> dict[str, object]:
    return {
        "at": event.at,
        "actor": str(event.actor),
        "asked_by": None if event.asked_by is None else str(event.asked_by),
        "verb": event.verb,
        "reason": event.reason,
        "rule_book": event.rule_book,
        "state": event.after.get("state"),
        "status": event.after.get("status"),
    }
