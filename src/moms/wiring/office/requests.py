"""What is done with one request or many: filed, decided, stepped, changed, brought in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moms.desk.answer import Answer, NotARequest
from moms.outages.document import request_from
from moms.outages.lifecycle import Verb
from moms.values import parse_instant
from moms.wiring.office.core import Core

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from moms.desk.keys import Mark
    from moms.desk.progress import Tell
    from moms.desk.quick import Quick
    from moms.desk.shadow import Agreement
    from moms.desk.submit import Filed
    from moms.outages import Request
    from moms.values import Finding


class Requests(Core):
    """What is done with one request or many: filed, decided, stepped, changed, brought in."""

    def submit(self, request: Request, *, preview: bool = False, tell: Tell | None = None) -> Answer:
        """File a request and decide it; filed again it gives the same answer. `tell` is told how far it is."""
        from moms.desk import settle, submit

        world = self.world if tell is None else replace(self.world, tell=tell)
        common = {"book": self.book, "world": world, "now": self.settings.now}
        file = submit.preview if preview else submit.submit
        filed = file(**common, actor=self.settings.actor, request=request)  # type: ignore[arg-type]  # both take the same
        if filed.outage is None:
            return filed.returned()
        if filed.again and filed.outage.decision_id is not None:
            return self.show_answer(filed.outage, again=True)
        unfiled = filed.outage if preview and not filed.again else None
        return settle.decide(
            book=self.book, world=world, now=self.settings.now, outage_id=filed.outage.id,
            asked_by=self.settings.actor, preview=preview, unfiled=unfiled,
        )  # fmt: skip

    def quick(self, words: Mapping[str, Any], *, starts: bool = False) -> Quick:
        """Say what is known at once of a request as far as it is typed, with other starts where they are asked for.

        Raises:
            NotARequest: what is typed cannot be read. NotAsked: no equipment.
        """
        from moms.desk.quick import draft, quick

        actor, now = self.settings.actor, self.settings.now
        request = draft(words, world=self.world, actor=actor, now=now)
        if isinstance(request, tuple):
            raise NotARequest(request)
        return quick(book=self.book, world=self.world, kept=self.days, actor=actor, now=now, request=request,
                     starts=starts)  # fmt: skip

    def file(self, request: Request) -> Answer:
        """File a request and leave its decision to a worker; filed again it gives what is there."""
        from moms.desk import submit

        filed = submit.submit(
            book=self.book, world=self.world, now=self.settings.now, actor=self.settings.actor, request=request,
            say=lambda found: self.early.tell(_left_to_worker(found)) if self.early is not None else None,
        )  # fmt: skip
        return self._left(filed)

    def file_together(self, requests: Sequence[Request]) -> tuple[Answer, ...]:
        """File requests all or none, in one transaction, and leave their decisions to a worker."""
        from moms.desk import submit

        found = submit.submit_all(
            book=self.book, world=self.world, now=self.settings.now, actor=self.settings.actor, requests=requests
        )
        if any(one.outage is None for one in found):
            return tuple(Answer(outage=None, findings=one.findings, written=False) for one in found)
        return tuple(self._left(one) for one in found)

    def _left(self, filed: Filed) -> Answer:
        if filed.outage is None:
            return filed.returned()
        if filed.again and filed.outage.decision_id is not None:
            return self.show_answer(filed.outage, again=True)
        return _left_to_worker(filed)

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


def _bad(line: int, finding: Finding, reference: str = "") -> dict[str, Any]:
    says = f"{finding.says} ({finding.fix})" if finding.fix else finding.says
    return {"line": line, "external_id": reference, "outcome": "refused", "field": finding.field, "says": says}


def _done(line: int, outcome: str, says: str, reference: str) -> dict[str, Any]:
    return {"line": line, "external_id": reference, "outcome": outcome, "field": None, "says": says}


def _left_to_worker(filed: Filed) -> Answer:
    return Answer(
        outage=filed.outage, findings=filed.findings, written=not filed.again, again=filed.again, left_to_worker=True,
        says="filed; a worker decides it",
    )  # fmt: skip
