"""How an outage moves: every transition as one row of one table (architecture decision 8, domain 3.2, semantics 3).

State is where the machinery stands; status is what has been decided. A change that waits for its
decision leaves the status, and the window that stands, as they are: nobody loses an approval by asking.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from moms.outages import guards as g
from moms.outages.guards import Guard, NotAllowedNow, NotYourRole, Step
from moms.outages.outage import STANDING, Added, Outage, State, Status, Wish
from moms.outages.stamp import Restamped, restamp
from moms.values import Role, Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from moms.outages.request import Recurrence, Request
    from moms.values import Actor


class Verb(StrEnum):
    """What is done to an outage."""

    SUBMIT = "submit"
    RETURN = "return"
    VALIDATE = "validate"
    STUDY = "study"
    REFER = "refer"
    NEGOTIATE = "negotiate"
    TAKE_OFFER = "take_offer"
    PRE_APPROVE = "pre_approve"
    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions"
    ACCEPT_EXEMPT = "accept_exempt"
    ACCEPT_NOT_EXEMPT = "accept_not_exempt"
    DENY = "deny"
    REFUSE_CHANGE = "refuse_change"
    PUT_AT_RISK = "put_at_risk"
    CLEAR_RISK = "clear_risk"
    REVOKE = "revoke"
    DELAY = "delay"
    RENEGOTIATE = "renegotiate"
    AMEND = "amend"
    CHANGE = "change"
    WITHDRAW_CHANGE = "withdraw_change"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    AWAIT_OPPORTUNITY = "await_opportunity"
    START = "start"
    EXPIRE = "expire"
    EXTEND = "extend"
    EXTEND_FORCED = "extend_forced"
    RECALL = "recall"
    END = "end"
    CONFIRM_END = "confirm_end"
    CLOSE = "close"
    CORRECT = "correct"


OWNERS = frozenset({Role.OWNER, Role.AGENT})
SITE = OWNERS | {Role.FIELD}
DESK = frozenset({Role.SYSTEM, Role.ENGINEER})
ROOM = frozenset({Role.CONTROL_ROOM})
WATCH = ROOM | {Role.SYSTEM}
SYSTEM_ONLY = frozenset({Role.SYSTEM})

REVIEW = frozenset({State.VALIDATED, State.IN_STUDY})
OPEN = frozenset({State.SUBMITTED, State.VALIDATED, State.IN_STUDY, State.NEGOTIATING})
UNDECIDED = frozenset({Status.NONE, Status.REVOKED})
GRANTED = STANDING - {Status.RECALLED}
READY = frozenset(
    {Status.APPROVED, Status.APPROVED_WITH_CONDITIONS, Status.ACCEPTED_EXEMPT, Status.ACCEPTED_NOT_EXEMPT}
)
ANY = frozenset(Status)
VERDICT = (g.not_the_requester, g.authorised, g.has_decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One transition: from any of `states` and `statuses`, by any of `who`, if every guard holds."""

    verb: Verb
    states: frozenset[State]
    statuses: frozenset[Status]
    to_state: State | None
    """None keeps the state."""
    to_status: Status | None
    """None keeps the status."""
    who: frozenset[Role]
    guards: tuple[Guard, ...]
    source: str

    @property
    def ends(self) -> frozenset[Status | None]:
        """The statuses it may lead to; None is the one it came from."""
        if self.verb == Verb.CLEAR_RISK:
            return GRANTED - {Status.AT_RISK}
        return frozenset({self.to_status})


def _row(  # noqa: PLR0917 - read as the columns of the table
    verb: Verb,
    states: State | frozenset[State],
    statuses: Status | frozenset[Status],
    to_state: State | None,
    to_status: Status | None,
    who: frozenset[Role],
    guards: tuple[Guard, ...] = (),
    source: str = "domain 3.2",
) -> Row:
    return Row(
        verb=verb,
        states=frozenset({states}) if isinstance(states, State) else states,
        statuses=frozenset({statuses}) if isinstance(statuses, Status) else statuses,
        to_state=to_state,
        to_status=to_status,
        who=who,
        guards=(g.own, *guards),
        source=source,
    )


S, T = State, Status
TABLE: tuple[Row, ...] = (
    # asking
    _row(Verb.SUBMIT, S.DRAFT, T.NONE, S.SUBMITTED, None, OWNERS | DESK),
    _row(Verb.RETURN, S.SUBMITTED, T.NONE, S.DRAFT, None, DESK, (g.has_reason,)),
    _row(Verb.VALIDATE, S.SUBMITTED, ANY, S.VALIDATED, None, DESK, (g.unblocked,)),
    _row(
        Verb.WITHDRAW, frozenset({S.DRAFT}) | OPEN, UNDECIDED, S.WITHDRAWN, None, OWNERS, (), "domain 3.2, semantics 3"
    ),
    # studying and talking
    _row(Verb.STUDY, REVIEW, ANY, S.IN_STUDY, None, DESK),
    _row(Verb.REFER, REVIEW, ANY, S.IN_STUDY, None, DESK, (g.has_decision,), "semantics 2"),
    _row(Verb.NEGOTIATE, S.IN_STUDY, ANY, S.NEGOTIATING, None, DESK, VERDICT),
    _row(Verb.TAKE_OFFER, S.NEGOTIATING, ANY, S.IN_STUDY, None, OWNERS, (g.has_window,)),
    # deciding
    _row(Verb.PRE_APPROVE, S.IN_STUDY, UNDECIDED, S.DECIDED, T.PRE_APPROVED, DESK, (*VERDICT, g.unblocked)),
    _row(Verb.APPROVE, REVIEW, ANY, S.DECIDED, T.APPROVED, DESK, (*VERDICT, g.unblocked), "domain 3.2, semantics 3"),
    _row(Verb.APPROVE, S.DECIDED, T.PRE_APPROVED, S.DECIDED, T.APPROVED, DESK, (*VERDICT, g.unblocked)),
    _row(
        Verb.APPROVE_WITH_CONDITIONS, REVIEW, ANY, S.DECIDED, T.APPROVED_WITH_CONDITIONS, DESK,
        (*VERDICT, g.unblocked, g.has_conditions), "architecture decision 8, semantics 2.1",
    ),
    _row(
        Verb.APPROVE_WITH_CONDITIONS, S.DECIDED, T.PRE_APPROVED, S.DECIDED, T.APPROVED_WITH_CONDITIONS, DESK,
        (*VERDICT, g.unblocked, g.has_conditions), "architecture decision 8, semantics 2.1",
    ),
    _row(
        Verb.ACCEPT_EXEMPT, REVIEW, ANY, S.DECIDED, T.ACCEPTED_EXEMPT, DESK,
        (*VERDICT, g.acceptable, g.unblocked), "semantics 2.4",
    ),
    _row(
        Verb.ACCEPT_NOT_EXEMPT, REVIEW | {S.NEGOTIATING}, ANY, S.DECIDED, T.ACCEPTED_NOT_EXEMPT, DESK,
        (*VERDICT, g.acceptable, g.unblocked), "semantics 2.4, 3 (declined or lapsed offer)",
    ),
    _row(
        Verb.DENY, frozenset({S.IN_STUDY, S.NEGOTIATING}), UNDECIDED, S.DECIDED, T.DENIED, DESK,
        (*VERDICT, g.has_reason, g.deniable),
    ),
    _row(
        Verb.REFUSE_CHANGE, OPEN, GRANTED, S.DECIDED, None, DESK,
        (*VERDICT, g.has_reason), "domain 1.3: the old approval stands when its change is refused",
    ),
    # what was granted comes into question
    _row(
        Verb.PUT_AT_RISK, OPEN | {S.DECIDED}, GRANTED - {T.AT_RISK}, None, T.AT_RISK, DESK | ROOM, (g.has_reason,),
        "domain 3.2; what stands can be at risk while its change waits",
    ),
    _row(
        Verb.CLEAR_RISK, frozenset({S.DECIDED, S.NEGOTIATING}), T.AT_RISK, S.DECIDED, T.APPROVED,
        frozenset({Role.ENGINEER}) | ROOM, VERDICT,
    ),
    _row(
        Verb.REVOKE, frozenset({S.DECIDED, S.NEGOTIATING}), T.AT_RISK, S.DECIDED, T.REVOKED,
        frozenset({Role.ENGINEER}) | ROOM, (g.not_the_requester, g.has_reason),
    ),
    _row(
        Verb.DELAY, S.DECIDED, GRANTED, S.NEGOTIATING, T.AT_RISK, ROOM, (g.has_reason,),
        "semantics 2.5: an operating instruction, not a denial",
    ),
    _row(
        Verb.RENEGOTIATE, S.DECIDED, frozenset({T.AT_RISK, T.REVOKED}), S.NEGOTIATING, None, OWNERS | DESK | ROOM, (),
        "semantics 3",
    ),
    _row(
        Verb.RENEGOTIATE, frozenset({S.PENDING_COMPLETE, S.COMPLETED}), T.RECALLED, S.NEGOTIATING, T.NONE,
        OWNERS | DESK | ROOM, (g.back,), "semantics 3",
    ),
    # the owner changes its mind
    _row(Verb.AMEND, frozenset({S.DRAFT, S.DECIDED, S.OPPORTUNITY_WAITING, S.ACTIVE}) | OPEN, ANY - {T.DENIED},
         None, None, OWNERS | DESK, (), "domain 1.3: what changes no hour, equipment or work"),
    _row(Verb.CHANGE, OPEN, ANY, S.SUBMITTED, None, OWNERS | DESK, (), "domain 1.3 (request change)"),
    _row(
        Verb.CHANGE, frozenset({S.DECIDED, S.OPPORTUNITY_WAITING}), GRANTED, S.SUBMITTED, None, OWNERS | DESK, (),
        "domain 1.3 (request change)",
    ),
    _row(
        Verb.WITHDRAW_CHANGE, OPEN, GRANTED, S.DECIDED, None, OWNERS | DESK, (g.has_wish,),
        "domain 1.3; semantics 4: what was granted stands, with the stamp it had",
    ),
    _row(
        Verb.CANCEL, OPEN | {S.DECIDED, S.OPPORTUNITY_WAITING}, GRANTED, S.CANCELLED, None, OWNERS | DESK,
        (g.has_reason,), "domain 1.3, 3.2: acknowledged in the same step",
    ),
    # the work
    _row(Verb.AWAIT_OPPORTUNITY, S.DECIDED, READY, S.OPPORTUNITY_WAITING, None, DESK, (), "semantics 3"),
    _row(
        Verb.START, S.DECIDED, READY, S.ACTIVE, None, SITE | WATCH, (g.released, g.triggered, g.happened, g.in_window),
        "domain 3.2, semantics 3: an opportunity waits for its unit in whatever state",
    ),
    _row(
        Verb.START, S.OPPORTUNITY_WAITING, READY, S.ACTIVE, None, SITE | WATCH,
        (g.released, g.triggered, g.happened, g.in_window), "semantics 3",
    ),
    _row(Verb.START, OPEN, ANY, S.ACTIVE, None, SITE | WATCH, (g.broken, g.happened), "semantics 2.5"),
    _row(
        Verb.EXPIRE, frozenset({S.DECIDED, S.OPPORTUNITY_WAITING}), READY, S.EXPIRED, None, SYSTEM_ONLY,
        (g.past_its_time,), "domain 3.2, semantics 3",
    ),
    _row(Verb.EXTEND, S.ACTIVE, ANY, None, None, DESK | ROOM, (*VERDICT, g.longer), "domain 1.3 (non-forced)"),
    _row(
        Verb.EXTEND_FORCED, S.ACTIVE, ANY, None, None, SITE | DESK | ROOM, (g.has_reason, g.longer),
        "domain 1.3 (forced: acknowledged only)",
    ),
    _row(Verb.RECALL, S.ACTIVE, GRANTED, None, T.RECALLED, ROOM, (g.has_reason,)),
    _row(Verb.END, S.ACTIVE, ANY, S.PENDING_COMPLETE, None, SITE | WATCH, (g.happened,)),
    _row(Verb.CONFIRM_END, S.PENDING_COMPLETE, ANY, S.COMPLETED, None, WATCH),
    _row(Verb.CLOSE, S.COMPLETED, ANY, S.CLOSED, None, SYSTEM_ONLY, (g.waited,)),
    _row(Verb.CORRECT, S.CLOSED, ANY, None, None, frozenset({Role.ADMINISTRATOR}), (g.has_reason,)),
)  # fmt: skip

FIRST: frozenset[State] = frozenset({State.DRAFT, State.SUBMITTED, State.ACTIVE})
"""States in which an outage may enter the book; active only when forced or an emergency."""

STATE_PAIRS: frozenset[tuple[State, State]] = frozenset(
    (one, row.to_state or one) for row in TABLE for one in row.states
)
"""Every (from, to) of states that some row allows, staying included where a row stays."""

MOVES: frozenset[tuple[State, Status, State, Status]] = frozenset(
    (state, status, row.to_state or state, end or status)
    for row in TABLE
    for state in row.states
    for status in row.statuses
    for end in row.ends
) | frozenset(
    # Giving back more than a fifth costs the exemption and needs no decision (semantics 4).
    (state, Status.ACCEPTED_EXEMPT, state, Status.ACCEPTED_NOT_EXEMPT)
    for state in (State.DECIDED, State.OPPORTUNITY_WAITING)
)
"""Every (state, status) -> (state, status) that some row allows."""


def may(outage: Outage, *, role: Role) -> tuple[Verb, ...]:
    """Give what a role may try with an outage as it stands, in the order of the table."""
    return tuple(dict.fromkeys(row.verb for row in _rows_here(outage) if role in row.who))


def _rows_here(outage: Outage) -> tuple[Row, ...]:
    return tuple(row for row in TABLE if outage.state in row.states and outage.status in row.statuses)


def move(
    outage: Outage,
    *,
    verb: Verb | str,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    decision_id: str | None = None,
    conditions: tuple[str, ...] = (),
    window: Window | None = None,
    recurrence: Recurrence | None = None,
    at: datetime | None = None,
    released_by: str | None = None,
    acts_for: frozenset[str] = frozenset(),
    system_may: bool = False,
    trigger_off: bool = False,
    study_valid: bool = False,
    wait: timedelta | None = None,
) -> Outage:
    """Give the outage after one step, a revision later.

    Raises:
        NotAllowedNow: no row leads from here by this verb.
        NotYourRole: a row does, but others take it.
        Refused: a guard of the row does not hold (`guards.py` has one refusal for each).
    """
    step = Step(
        actor=actor, now=now, reason=reason, decision_id=decision_id, conditions=conditions, window=window, at=at,
        released_by=released_by, acts_for=acts_for, system_may=system_may, trigger_off=trigger_off,
        study_valid=study_valid, wait=wait, recurrence=recurrence,
    )  # fmt: skip
    row = _find(outage, verb=Verb(verb), role=actor.role)
    for one in row.guards:
        one.check(outage, step)
    changes = EFFECTS.get(row.verb, _nothing)(outage, step)
    return replace(
        outage,
        **{
            "state": row.to_state or outage.state,
            "status": row.to_status or outage.status,
            "revision": outage.revision + 1,
            **changes,
        },
    )


def _find(outage: Outage, *, verb: Verb, role: Role) -> Row:
    here = _rows_here(outage)
    rows = [row for row in here if row.verb == verb]
    if not rows:
        can = ", ".join(dict.fromkeys(row.verb for row in here)) or "nothing"
        raise NotAllowedNow(
            f"outage {outage.id} is {outage.state}, {outage.status}: no {verb} from there",
            field="verb",
            fix=f"possible now: {can}",
        )
    for row in rows:
        if role in row.who:
            return row
    who = ", ".join(sorted({one for row in rows for one in row.who}))
    raise NotYourRole(f"{verb} is not for the role {role}", field="actor", fix=f"ask one of: {who}")


def _nothing(_outage: Outage, _step: Step) -> dict[str, Any]:
    return {}


def _granted(outage: Outage, step: Step) -> dict[str, Any]:
    decided: dict[str, Any] = {
        "window": outage.asked.window,
        "decision_id": step.decision_id,
        "conditions": step.conditions,
    }
    decided["granted"] = None
    return decided | (_wish_granted(outage.wish) if outage.wish else {})


def _wish_granted(wish: Wish) -> dict[str, Any]:
    place = {"stamp": wish.stamp, "added": wish.added, "stamped_h": wish.stamped_h}
    return {"request": wish.request, "wish": None} | place


def _wish_refused(_outage: Outage, step: Step) -> dict[str, Any]:
    return {"wish": None, "decision_id": step.decision_id}


def _wish_withdrawn(_outage: Outage, _step: Step) -> dict[str, Any]:
    return {"wish": None}


def _decided(_outage: Outage, step: Step) -> dict[str, Any]:
    return {"decision_id": step.decision_id}


def _took_offer(outage: Outage, step: Step) -> dict[str, Any]:
    asked = outage.asked
    request = replace(asked, window=step.window or asked.window, recurrence=step.recurrence or asked.recurrence)
    place = restamp(outage, request, now=step.now, asked_by_operator=True)
    if outage.holds:
        return {"wish": wish_of(request, place)}
    return {"request": request, "window": request.window, "added": place.added, "stamped_h": place.stamped_h}


def wish_of(request: Request, place: Restamped) -> Wish:
    """Give a change that waits, with the place in the queue it would have."""
    return Wish(request=request, stamp=place.stamp, added=place.added, stamped_h=place.stamped_h)


def _submitted(outage: Outage, step: Step) -> dict[str, Any]:
    # Neither a draft nor a request that was returned has a place in the queue.
    return {"stamp": max(step.now, outage.stamp), "added": (), "stamped_h": None, "findings": ()}


def _at_risk(outage: Outage, _step: Step) -> dict[str, Any]:
    return {} if outage.status == Status.AT_RISK else {"granted": outage.status}


def _cleared(outage: Outage, step: Step) -> dict[str, Any]:
    return {"status": outage.granted or Status.APPROVED, "granted": None, "decision_id": step.decision_id}


def _started(_outage: Outage, step: Step) -> dict[str, Any]:
    return {"actual_start": step.fact_at}


def _ended(_outage: Outage, step: Step) -> dict[str, Any]:
    return {"actual_end": step.fact_at}


def _extended(outage: Outage, step: Step) -> dict[str, Any]:
    window = step.window or outage.window
    tail = Added(window=Window(start=outage.window.end, end=window.end), stamp=max(step.now, outage.stamp))
    return {
        "window": window,
        "request": replace(outage.request, window=window),
        "added": (*outage.added, tail),
        "decision_id": step.decision_id or outage.decision_id,
    }


def _again(outage: Outage, _step: Step) -> dict[str, Any]:
    return {"actual_start": None, "actual_end": None} if outage.status == Status.RECALLED else {}


EFFECTS: dict[Verb, Callable[[Outage, Step], dict[str, Any]]] = {
    Verb.SUBMIT: _submitted,
    Verb.PUT_AT_RISK: _at_risk,
    Verb.DELAY: _at_risk,
    Verb.PRE_APPROVE: _granted,
    Verb.APPROVE: _granted,
    Verb.APPROVE_WITH_CONDITIONS: _granted,
    Verb.ACCEPT_EXEMPT: _granted,
    Verb.ACCEPT_NOT_EXEMPT: _granted,
    Verb.REFER: _decided,
    Verb.NEGOTIATE: _decided,
    Verb.DENY: _decided,
    Verb.REFUSE_CHANGE: _wish_refused,
    Verb.WITHDRAW_CHANGE: _wish_withdrawn,
    Verb.CLEAR_RISK: _cleared,
    Verb.TAKE_OFFER: _took_offer,
    Verb.START: _started,
    Verb.END: _ended,
    Verb.EXTEND: _extended,
    Verb.EXTEND_FORCED: _extended,
    Verb.RENEGOTIATE: _again,
}


def begin(
    request: Request,
    *,
    outage_id: str,
    actor: Actor,
    now: datetime,
    draft: bool = False,
    acts_for: frozenset[str] = frozenset(),
) -> Outage:
    """Give a new outage: a draft, or submitted and stamped now; a forced one that has begun is active.

    Raises:
        NotYours: the actor's organisation is not the one that asks, nor its agent.
        NotYourRole: the actor only looks.
    """
    if actor.role not in SITE | DESK | ROOM:
        raise NotYourRole(f"the role {actor.role} files no outages", field="actor", fix="let the owner file it")
    out = request.urgent_report and request.window.start <= now
    outage = Outage(
        id=outage_id,
        request=request,
        state=State.ACTIVE if out else State.DRAFT if draft else State.SUBMITTED,
        status=Status.NONE,
        window=request.window,
        stamp=now,
        filed_at=now,
        actual_start=request.window.start if out else None,
        requester=actor.name,
    )
    g.own.check(outage, Step(actor=actor, now=now, acts_for=acts_for))
    return outage
