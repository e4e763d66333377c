"""Operate an outage: start, end, recall, cancel, extend, change, take or decline what was offered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.decide import Outcome, ac_dirt, settle
from moms.desk.answer import Answer
from moms.desk.assess import as_asked, assess
from moms.desk.granted import conditions, granting
from moms.desk.opportunity import NEVER, Opportunity, opportunity
from moms.desk.ports import Search
from moms.desk.record import make_record
from moms.desk.settle import decide, still_so
from moms.desk.situation import read
from moms.desk.submit import entry_findings, event
from moms.outages import Category, Recurrence, State, Status
from moms.outages.change import change as changed_by
from moms.outages.guards import NotAllowedNow, TooEarly
from moms.outages.lifecycle import Verb, move
from moms.values import SYSTEM, Refused, Window, digest, many, parse_instant, plain

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from moms.decide import Evidence
    from moms.desk.assess import Assessed
    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.outages import Outage, Request
    from moms.values import Actor


class NoSuchOffer(Refused):
    """A window that was not offered, or not under that number."""


def step(
    *,
    book: Book,
    world: World,
    actor: Actor,
    now: datetime,
    outage_id: str,
    verb: Verb,
    reason: str = "",
    at: datetime | None = None,
) -> Answer:
    """Take one step of the lifecycle that needs no study, and study again what leaned on the outage.

    An end that the control room reports is confirmed with it; of what its owner reported back it is the confirmation.

    Raises:
        Refused: a guard of the lifecycle.
    """
    come = opportunity(book=book, world=world, now=at or now, outage_id=outage_id) if verb == Verb.START else NEVER
    with book.as_(actor) as page:
        page.hold(page.version())
        before = page.outage(outage_id)
        taken = _fitting(before, verb, actor=actor)
        after = _step(
            page,
            before,
            verb=taken,
            actor=actor,
            now=now,
            reason=reason,
            at=at,
            world=world,
            come=come,
        )
        if taken == Verb.END and actor.role in _CONFIRMS:
            after = _step(page, after, verb=Verb.CONFIRM_END, actor=actor, now=now, reason=reason, at=at, world=world)
    shaken = recheck(book=book, world=world, now=now, moved=after) if verb in {Verb.CANCEL, Verb.END} else Shaken()
    return Answer(outage=after, says=shaken.says or come.says)


_CONFIRMS = frozenset({"control_room", "system"})


def _fitting(outage: Outage, verb: Verb, *, actor: Actor) -> Verb:
    """Give the row that fits: what nobody has decided is withdrawn, what is reported back already is confirmed."""
    if verb == Verb.END and outage.state == State.PENDING_COMPLETE and actor.role in _CONFIRMS:
        return Verb.CONFIRM_END
    undecided = outage.state in {State.DRAFT, State.SUBMITTED, State.VALIDATED, State.IN_STUDY, State.NEGOTIATING}
    return Verb.WITHDRAW if verb == Verb.CANCEL and undecided and not outage.holds else verb


def _step(
    page: Page,
    before: Outage,
    *,
    verb: Verb,
    actor: Actor,
    now: datetime,
    reason: str,
    at: datetime | None,
    world: World,
    come: Opportunity = NEVER,
) -> Outage:
    released = actor.name if actor.role in _CONFIRMS else None
    after = move(
        before,
        verb=verb,
        actor=actor,
        now=now,
        reason=reason,
        at=at,
        released_by=released,
        trigger_off=come.unit_off,
        study_valid=come.study_holds,
    )
    page.revise(after, event(after, actor=actor, now=now, verb=verb, world=world, reason=reason, before=before))
    return after


def expire(*, book: Book, world: World, now: datetime) -> tuple[str, ...]:
    """Let lapse what was granted and can no longer be done; give the ids. A timer calls it, as often as it likes."""
    with book.as_(SYSTEM) as page:
        found = page.find(Search(holding=True, states=("decided", "opportunity_waiting")))
        return tuple(o.id for o in found if _ran_out(page, o, verb=Verb.EXPIRE, now=now, world=world))


def run_out(
    *, book: Book, world: World, now: datetime, outage_id: str, verb: Verb, wait: timedelta | None = None
) -> bool:
    """Let one outage expire or close whose time has come; False where it has not, or the outage has moved on."""
    with book.as_(SYSTEM) as page:
        return _ran_out(page, page.outage(outage_id), verb=verb, now=now, world=world, wait=wait)


def _ran_out(
    page: Page, outage: Outage, *, verb: Verb, now: datetime, world: World, wait: timedelta | None = None
) -> bool:
    try:
        after = move(outage, verb=verb, actor=SYSTEM, now=now, wait=wait)
    except (TooEarly, NotAllowedNow):
        return False  # it can still start, or a risk to it is being settled
    page.revise(after, event(after, actor=SYSTEM, now=now, verb=verb, world=world, before=outage))
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaken:
    """The outages that leaned on one which moved, and are no longer clean without it."""

    at_risk: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    """Those under way: the control room's to recall."""

    @property
    def says(self) -> str:
        """Give it as a sentence, empty where there is none."""
        waiting = f"{many(len(self.at_risk), 'outage')} leaned on it, now at risk: {', '.join(self.at_risk)}"
        running = f"under way and no longer clean without it: {', '.join(self.running)}"
        return "; ".join(([waiting] if self.at_risk else []) + ([running] if self.running else []))


def recheck(*, book: Book, world: World, now: datetime, moved: Outage) -> Shaken:
    """Study again each standing outage whose answer leaned on this one; those no longer clean are at risk.

    One that is under way is named and noted, and stays as it is: whether it is recalled is the control
    room's to say. One that is at risk already has been told. So it may be done again, where a machine died over it.
    """
    with book.as_(SYSTEM) as page:
        near = page.find(Search(window=moved.window, holding=True))
        leaning = [o for o in near if o.id != moved.id and o.status != Status.AT_RISK and _leans_on(page, o, moved.id)]
    at_risk, running = list[str](), list[str]()
    for outage in leaning:
        with book.as_(SYSTEM) as page:
            situation = read(page, outage, window=outage.window, now=now)
        found = assess(world=world, situation=situation, window=outage.window, now=now).evidence
        if still_clean(found):
            continue
        reason = f"{moved.id}, on which its approval leaned, has moved"
        if _noted_as_running(book, world, outage.id, now=now, reason=reason):
            running.append(outage.id)
        elif put_at_risk(book=book, world=world, now=now, outage_id=outage.id, reason=reason):
            at_risk.append(outage.id)
    return Shaken(at_risk=tuple(at_risk), running=tuple(running))


def _noted_as_running(book: Book, world: World, outage_id: str, *, now: datetime, reason: str) -> bool:
    """Note an outage that is under way in the journal, and tell whether it is."""
    with book.as_(SYSTEM) as page:
        found = page.outage(outage_id)
        running = found.state in {State.ACTIVE, State.PENDING_COMPLETE}
        if running:
            page.note(event(found, actor=SYSTEM, now=now, verb="leant_on_moved", world=world, reason=reason))
    return running


def still_clean(evidence: Evidence) -> bool:
    """Tell whether nothing is exceeded or cut off, by AC too where that is needed; what was not run is not clean."""
    found = evidence.security
    if found is None or found.crossings or found.cut_off:
        return False
    return not evidence.ac_needed or (found.voltage is not None and not ac_dirt(found))


def put_at_risk(*, book: Book, world: World, now: datetime, outage_id: str, reason: str) -> bool:
    """Say of a granted outage that it may not go ahead; False where it has moved on and no longer can be.

    Raises:
        ReasonMissing: no reason.
    """
    with book.as_(SYSTEM) as page:
        before = page.outage(outage_id)
        try:
            _step(page, before, verb=Verb.PUT_AT_RISK, actor=SYSTEM, now=now, reason=reason, at=None, world=world)
        except NotAllowedNow:
            return False
    return True


def _leans_on(page: Page, outage: Outage, other: str) -> bool:
    found = [c["data"] for c in conditions(page, outage) if c["kind"] == "relies_on"]
    return any(isinstance(data, dict) and other in data["outages"] for data in found)


def change(
    *,
    book: Book,
    world: World,
    actor: Actor,
    now: datetime,
    outage_id: str,
    request: Request,
    reason: str,
    preview: bool = False,
) -> Answer:
    """Change a request; where its hours, equipment or work change it is decided again.

    The answer says whether the queue stamp and the exemption are kept, before anything is written
    when `preview`.
    """
    with book.as_(actor) as page:
        before = page.outage(outage_id)
        changed = changed_by(before, request, now=now, actor=actor)
        after = changed.outage
        # What asks for nothing anew is held against the rules as of its stamp: no comment comes too late.
        as_of = now if changed.needs_decision else (after.wish or after).stamp
        findings = entry_findings(page, world=world, now=as_of, outage=as_asked(after))
        after = replace(after, findings=findings)
        if changed.withdraws:
            after = replace(after, decision_id=granting(page, after))
        blocks = tuple(f for f in findings if f.level == "block")
        if blocks:
            return Answer(outage=None, findings=findings, written=False, says=" ".join(changed.says))
        if not preview:
            page.revise(
                after, event(after, actor=actor, now=now, verb=Verb.CHANGE, world=world, reason=reason, before=before)
            )
    if not changed.needs_decision:
        return Answer(outage=after, findings=findings, written=not preview, says=" ".join(changed.says))
    if preview:
        answer = decide(
            book=book,
            world=world,
            now=now,
            outage_id=outage_id,
            asked_by=actor,
            preview=True,
            unfiled=_validated(after, now),
        )
        return replace(answer, says=" ".join(changed.says))
    validated(book, world, after, now=now)
    found = decide(book=book, world=world, now=now, outage_id=outage_id, asked_by=actor)
    return replace(found, says=" ".join(changed.says))


def _validated(outage: Outage, now: datetime) -> Outage:
    return move(outage, verb=Verb.VALIDATE, actor=SYSTEM, now=now) if outage.state == State.SUBMITTED else outage


def validated(book: Book, world: World, outage: Outage, *, now: datetime) -> None:
    """Write that a changed request has passed the entry rules; one that was not changed stays as it is."""
    with book.as_(SYSTEM) as page:
        after = _validated(outage, now)
        if after is not outage:
            page.revise(after, event(after, actor=SYSTEM, now=now, verb=Verb.VALIDATE, world=world, before=outage))


def take(
    *,
    book: Book,
    world: World,
    actor: Actor,
    now: datetime,
    outage_id: str,
    number: int,
    reason: str,
    preview: bool = False,
) -> Answer:
    """Take window `number` (from 1) of those the last decision offered: the stamp is kept, and it is studied again.

    Raises:
        NoSuchOffer: nothing was offered under that number.
    """
    with book.as_(actor) as page:
        before = page.outage(outage_id)
        window, recurrence = _offered(page, before, number)
        if before.state == State.DECIDED:  # denied: the owner asks again for the offered dates, with a new stamp
            raise NoSuchOffer(
                f"{outage_id} was denied; its windows are free but not held",
                field="take",
                fix="submit a new request for that window",
            )
        after = move(
            before, verb=Verb.TAKE_OFFER, actor=actor, now=now, reason=reason, window=window, recurrence=recurrence
        )
        if not preview:
            page.revise(
                after,
                event(after, actor=actor, now=now, verb=Verb.TAKE_OFFER, world=world, reason=reason, before=before),
            )
    unfiled = after if preview else None
    return decide(
        book=book, world=world, now=now, outage_id=outage_id, asked_by=actor, preview=preview, unfiled=unfiled
    )


def _offered(page: Page, outage: Outage, number: int) -> tuple[Window, Recurrence | None]:
    record = page.decision(outage.decision_id) if outage.decision_id else {}
    rows = record.get("alternatives")
    offers = rows if isinstance(rows, list) else []
    if not 1 <= number <= len(offers):
        raise NoSuchOffer(
            f"{outage.id} was offered {len(offers)} windows, not number {number}",
            field="take",
            fix=f"`moms show {outage.id}` lists them",
        )
    window, back = offers[number - 1]["window"], offers[number - 1].get("recurrence")
    return (
        Window(start=parse_instant(window["start"]), end=parse_instant(window["end"])),
        Recurrence(**{**back, "days": tuple(back["days"])}) if back else None,
    )


def decline(
    *, book: Book, world: World, actor: Actor, now: datetime, outage_id: str, reason: str, preview: bool = False
) -> Answer:
    """Decline what was offered: a generator is accepted without exemption (semantics 2.4), a line is denied."""
    with book.as_(actor) as page:
        page.hold(page.version())
        before = page.outage(outage_id)
        by: dict[str, object] = {"declined_by": {"name": actor.name, "organisation": actor.organisation}}
        after, record = _without_offer(page, before, why=f"were declined ({reason})", by=by, now=now)
        if not preview:
            page.revise(
                after, event(after, actor=actor, now=now, verb="decline", world=world, reason=reason, before=before)
            )
            page.keep_decision(str(record["id"]), outage_id, record)
    return Answer(outage=after, record=record, written=not preview)


def lapse(*, book: Book, world: World, now: datetime, outage_id: str, made: str) -> Answer | None:
    """Let an offer lapse that its owner neither took nor declined, as if declined; None where it is no longer open.

    `made` is the decision that offered it. A timer calls this, as often as it likes.
    """
    with book.as_(SYSTEM) as page:
        page.hold(page.version())
        before = page.outage(outage_id)
        if before.state != State.NEGOTIATING or before.decision_id != made:
            return None
        after, record = _without_offer(page, before, why="lapsed unanswered", by={"lapsed": True}, now=now)
        line = event(after, actor=SYSTEM, now=now, verb="lapse", world=world, reason=str(record["says"]), before=before)
        page.revise(after, line)
        page.keep_decision(str(record["id"]), outage_id, record)
    return Answer(outage=after, record=record)


def _without_offer(
    page: Page, before: Outage, *, why: str, by: dict[str, object], now: datetime
) -> tuple[Outage, dict[str, object]]:
    """Give an outage as it stands without the dates that were offered, and the record that says so."""
    found = page.decision(before.decision_id) if before.decision_id else {}
    generation = before.request.category == Category.GENERATION
    verb = Verb.ACCEPT_NOT_EXEMPT if generation else Verb.DENY
    says = (
        f"Accepted without exemption: the dates offered {why}."
        if generation
        else f"Denied: the dates offered {why}, and the asked ones exceed a verified limit."
    )
    body = {k: v for k, v in found.items() if k != "id"} | {
        "outcome": "accept" if generation else "deny",
        "status": "accepted_not_exempt" if generation else "denied",
        "says": says,
        "decided_at": now,
        "after": found.get("id"),
        **by,
    }
    record = plain(body)
    if not isinstance(record, dict):
        msg = "a record is a mapping"
        raise TypeError(msg)
    record["id"] = "D-" + digest(record)[:16]
    after = move(before, verb=verb, actor=SYSTEM, now=now, reason=says, decision_id=str(record["id"]), system_may=True)
    return after, record


def extend(
    *,
    book: Book,
    world: World,
    actor: Actor,
    now: datetime,
    outage_id: str,
    until: datetime,
    forced: bool,
    reason: str,
    preview: bool = False,
) -> Answer:
    """Ask for a later end of a running outage: the added hours are studied; a forced one is acknowledged.

    What is not clean and not forced waits for a person, and the outage keeps its end.

    Raises:
        NoSuchOutage: not there, or not this actor's to see.
        NotYourRole, NotYours, NotAllowedNow: the actor may not ask, which is for who may report a forced one.
    """
    with book.as_(actor) as page:
        before = page.outage(outage_id)
    whole = Window(start=before.window.start, end=until)
    move(before, verb=Verb.EXTEND_FORCED, actor=actor, now=now, reason=reason or "asked for", window=whole)
    with book.as_(SYSTEM) as page:
        added = Window(start=before.window.end, end=until)
        asked = replace(before, request=replace(before.request, window=added), window=added)
        situation = read(page, asked, window=added, now=now)
    assessed = assess(world=world, situation=situation, window=added, now=now)
    record, outcome = _extension_record(world, asked, assessed, situation.digest, now=now)
    if outcome not in {Outcome.APPROVE, Outcome.ACCEPT} and not forced:
        return Answer(
            outage=before, record=record, written=False, says="the end stays as it was; an engineer settles it"
        )
    verb = Verb.EXTEND_FORCED if forced else Verb.EXTEND
    who = actor if forced else SYSTEM
    after = move(
        before,
        verb=verb,
        actor=who,
        now=now,
        reason=reason,
        window=whole,
        decision_id=str(record["id"]),
        system_may=True,
    )
    if not preview:
        with book.as_(who) as page:
            page.hold(page.version())
            still_so(page, world)
            page.revise(after, event(after, actor=actor, now=now, verb=verb, world=world, reason=reason, before=before))
            page.keep_decision(str(record["id"]), outage_id, record)
    return Answer(outage=after, record=record, written=not preview)


def _extension_record(
    world: World, asked: Outage, assessed: Assessed, situation_digest: str, *, now: datetime
) -> tuple[dict[str, object], Outcome]:
    settled = settle(
        request=asked.request,
        evidence=assessed.evidence,
        findings=(),
        rules=world.rules.decision,
        windows_left=False,
    )
    record = make_record(
        outage=asked,
        settled=settled,
        evidence=assessed.evidence,
        what=f"{world.name(asked.request)} (added hours)",
        when=world.when(asked.request.window),
        alternatives=(),
        searched="",
        notes=assessed.notes,
        inputs={"request": asked.request, "situation": situation_digest},
        versions={**world.versions, "rule_book": world.rules.name, "grid": world.grid.digest},
        now=now,
    )
    return record, settled.outcome
