"""What must hold before an outage moves on: one function, one refusal, one id each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.outages.outage import State
from moms.outages.request import Category, Kind
from moms.values import Level, Refused, Role, instant_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from moms.outages.outage import Outage
    from moms.outages.request import Recurrence
    from moms.values import Actor, Window


class NotAllowedNow(Refused):
    """The outage is not where this can be done."""


class NotYourRole(Refused):
    """Somebody else does this."""


class NotYours(Refused):
    """The outage belongs to another organisation, and nobody lets this actor act for it."""


class OwnRequest(Refused):
    """Who asked may not settle."""


class NotAuthorised(Refused):
    """The rule book does not let MOMS decide this by itself."""


class ReasonMissing(Refused):
    """No reason is given, and the record needs one."""


class DecisionMissing(Refused):
    """No record of a decision is given."""


class StillBlocked(Refused):
    """A blocking finding stands against the request."""


class ConditionsMissing(Refused):
    """An approval with conditions that names none."""


class WrongCategory(Refused):
    """A verdict that outages of this kind never get."""


class WindowMissing(Refused):
    """New dates are needed."""


class NotLonger(Refused):
    """An extension that does not end later."""


class TooEarly(Refused):
    """Before its time."""


class TooLate(Refused):
    """After its time."""


class InTheFuture(Refused):
    """A fact that has not happened yet."""


class NotReleased(Refused):
    """The control room has not released the equipment."""


class NoTrigger(Refused):
    """An opportunity that has not come, or whose study no longer holds."""


class NothingWaits(Refused):
    """No change waits that could be withdrawn."""


class StillOut(Refused):
    """The equipment is not back in service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is known about one step. Absent facts never help it through a guard."""

    actor: Actor
    now: datetime
    reason: str | None = None
    decision_id: str | None = None
    conditions: tuple[str, ...] = ()
    window: Window | None = None
    recurrence: Recurrence | None = None
    """The daily hours of an offer, where it has any of its own."""
    at: datetime | None = None
    """When the reported fact happened; now if not said."""
    released_by: str | None = None
    """Who in the control room gave the equipment free."""
    acts_for: frozenset[str] = frozenset()
    """Organisations that let the actor's own act for them."""
    system_may: bool = False
    """Whether the rule book gives MOMS authority to decide this asset class."""
    trigger_off: bool = False
    """Opportunity: whether a designated unit is off."""
    study_valid: bool = False
    wait: timedelta | None = None
    """How long a completed outage stays open for corrections."""

    @property
    def fact_at(self) -> datetime:
        """When the fact happened."""
        return self.at or self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One condition on one step, with its id in docs/rules.md."""

    id: str
    asks: str
    source: str
    test: str
    check: Callable[[Outage, Step], None]
    """Raises the refusal if the condition does not hold."""


def guard(*, id: str, source: str, test: str) -> Callable[[Callable[[Outage, Step], None]], Guard]:  # noqa: A002 - a rule's id is called id
    """Make a guard of a function; the first line of its docstring is what it asks."""

    def made(check: Callable[[Outage, Step], None]) -> Guard:
        asks = (check.__doc__ or "").strip().splitlines()[0]
        return Guard(id=id, asks=asks, source=source, test=f"tests/outages/test_lifecycle.py::{test}", check=check)

    return made


@guard(id="LIFE-1", source="domain 3.2", test="test_an_owner_touches_only_its_own_outages")
def own(outage: Outage, step: Step) -> None:
    """Let an owner, its agent or its crew act only for its own organisation or one that lets it."""
    outside = step.actor.role in {Role.OWNER, Role.AGENT, Role.FIELD}
    whose = outage.request.organisation
    if outside and step.actor.organisation != whose and whose not in step.acts_for:
        raise NotYours(
            f"outage {outage.id} belongs to another organisation than {step.actor.organisation}",
            field="actor",
            fix="ask its owner, or have it name you as its agent",
        )


@guard(
    id="LIFE-2",
    source="semantics 2, MOMS commands: settle is a person, never the requester",
    test="test_who_asked_never_settles",
)
def not_the_requester(outage: Outage, step: Step) -> None:
    """Let nobody settle what they asked for; where it is not known who asked, no person settles."""
    if step.actor.role == Role.SYSTEM:
        return
    if not outage.requester or step.actor.name == outage.requester:
        who = "who asked is not known" if not outage.requester else f"{step.actor.name} asked for it"
        raise OwnRequest(f"outage {outage.id}: {who}", field="actor", fix="let another engineer settle it")


@guard(id="LIFE-3", source="semantics 2.6", test="test_moms_decides_only_where_the_rule_book_gives_it_authority")
def authorised(outage: Outage, step: Step) -> None:
    """Let MOMS itself decide only where the rule book says it may."""
    if step.actor.role == Role.SYSTEM and not step.system_may:
        raise NotAuthorised(
            f"the rule book does not let MOMS decide outage {outage.id}", field="actor", fix="refer it to an engineer"
        )


@guard(id="LIFE-4", source="domain 3.2", test="test_what_needs_a_reason_is_refused_without_one")
def has_reason(outage: Outage, step: Step) -> None:
    """Require a reason."""
    if not (step.reason and step.reason.strip()):
        raise ReasonMissing(f"no reason is given for outage {outage.id}", field="reason", fix="give a reason")


@guard(id="LIFE-5", source="architecture decision 10", test="test_no_verdict_stands_without_its_decision_record")
def has_decision(outage: Outage, step: Step) -> None:
    """Require the decision record of a verdict."""
    if not step.decision_id:
        raise DecisionMissing(
            f"outage {outage.id} has no decision record for this", field="decision_id", fix="decide it first"
        )


@guard(id="LIFE-6", source="domain 3.2", test="test_a_blocking_finding_stops_the_request")
def unblocked(outage: Outage, _step: Step) -> None:
    """Require that no blocking finding stands against the request."""
    stops = [one for one in outage.findings if one.level == Level.BLOCK]
    if stops:
        raise StillBlocked(f"{stops[0].rule}: {stops[0].says}", field=stops[0].field, fix=stops[0].fix)


@guard(id="LIFE-7", source="architecture decision 8", test="test_an_approval_with_conditions_names_them")
def has_conditions(outage: Outage, step: Step) -> None:
    """Require at least one condition of an approval with conditions."""
    if not step.conditions:
        raise ConditionsMissing(f"no condition is named for outage {outage.id}", field="conditions", fix="name them")


@guard(id="LIFE-8", source="semantics 2.4, MISO KA-01500 [S]", test="test_a_generator_is_never_denied")
def deniable(outage: Outage, _step: Step) -> None:
    """Deny transmission only, and never a forced or emergency report."""
    if outage.request.category != Category.TRANSMISSION or outage.request.urgent_report:
        what = "forced and emergency reports" if outage.request.urgent_report else "generator outages"
        raise WrongCategory(f"{what} are never denied", field="verb", fix="accept it, offer other dates, or refer it")


@guard(id="LIFE-9", source="semantics 2.4", test="test_only_generators_are_accepted_with_or_without_exemption")
def acceptable(outage: Outage, _step: Step) -> None:
    """Accept, with or without exemption, generation only."""
    if outage.request.category != Category.GENERATION:
        raise WrongCategory("transmission outages are approved, not accepted", field="verb", fix="approve or deny it")


@guard(id="LIFE-10", source="domain 3.2", test="test_new_dates_are_needed_to_take_an_offer")
def has_window(outage: Outage, step: Step) -> None:
    """Require the new dates."""
    if step.window is None:
        raise WindowMissing(f"no dates are given for outage {outage.id}", field="window", fix="give start and end")


@guard(
    id="LIFE-11",
    source="domain 1.3 (schedule change: planned end only)",
    test="test_an_extension_ends_later_and_starts_the_same",
)
def longer(outage: Outage, step: Step) -> None:
    """Require that an extension keeps the start and ends later."""
    if step.window is None or step.window.start != outage.window.start or step.window.end <= outage.window.end:
        raise NotLonger(
            f"outage {outage.id} now ends {instant_text(outage.window.end)}", field="window.end", fix="give a later end"
        )


@guard(id="LIFE-12", source="domain 3.2", test="test_an_outage_starts_inside_its_window")
def in_window(outage: Outage, step: Step) -> None:
    """Require that the start lies inside the approved window."""
    if step.fact_at < outage.window.start:
        raise TooEarly(
            f"outage {outage.id} is approved from {instant_text(outage.window.start)}",
            field="at",
            fix="ask for a change",
        )
    if step.fact_at >= outage.window.end:
        raise TooLate(
            f"outage {outage.id} was approved until {instant_text(outage.window.end)}", field="at", fix="ask again"
        )


@guard(id="LIFE-13", source="domain 1.4, 3.2 (actuals)", test="test_nothing_is_reported_before_it_happens")
def happened(outage: Outage, step: Step) -> None:
    """Require that what is reported has happened, and that an end comes after its start."""
    if step.fact_at > step.now:
        raise InTheFuture(f"{instant_text(step.fact_at)} is yet to come", field="at", fix="report it when it happens")
    if outage.actual_start is not None and step.fact_at <= outage.actual_start:
        raise TooEarly(
            f"outage {outage.id} started {instant_text(outage.actual_start)}", field="at", fix="give a time after that"
        )


@guard(
    id="LIFE-14",
    source="domain 3.2 (RC final OK same day)",
    test="test_an_owner_starts_only_what_the_control_room_released",
)
def released(outage: Outage, step: Step) -> None:
    """Let an owner or its crew start only what the control room released."""
    if step.actor.role in {Role.OWNER, Role.AGENT, Role.FIELD} and not step.released_by:
        raise NotReleased(
            f"the control room has not released outage {outage.id}", field="released_by", fix="call the control room"
        )


@guard(id="LIFE-15", source="semantics 3", test="test_an_opportunity_starts_when_its_unit_is_off_and_its_study_holds")
def triggered(outage: Outage, step: Step) -> None:
    """Start an opportunity only when a designated unit is off and its study still holds."""
    if outage.request.kind != Kind.OPPORTUNITY and outage.state != State.OPPORTUNITY_WAITING:
        return
    if not (step.trigger_off and step.study_valid):
        says = "its study no longer holds" if step.trigger_off else "none of its units is off"
        raise NoTrigger(f"outage {outage.id}: {says}", field="designated_units", fix="wait, or study it again")


@guard(id="LIFE-16", source="domain 3.2", test="test_an_outage_expires_only_when_it_can_no_longer_be_done")
def past_its_time(outage: Outage, step: Step) -> None:
    """Require that it can no longer be done: the last start that ends in time has passed."""
    latest = outage.request.latest_end
    deadline = latest - outage.request.duration if latest else outage.window.end
    if step.now < max(deadline, outage.window.start):
        raise TooEarly(f"outage {outage.id} can still start", field="now", fix=f"wait until {instant_text(deadline)}")


@guard(
    id="LIFE-17",
    source="semantics 3 (recalled -> negotiate)",
    test="test_a_recalled_outage_is_negotiated_again_once_it_is_back",
)
def back(outage: Outage, _step: Step) -> None:
    """Require that the equipment is back in service."""
    if outage.actual_end is None:
        raise StillOut(f"outage {outage.id} has no reported end", field="at", fix="report its end first")


@guard(id="LIFE-18", source="domain 3.2", test="test_a_completed_outage_closes_after_its_days_of_correction")
def waited(outage: Outage, step: Step) -> None:
    """Require that the days for corrections have passed."""
    if step.wait is None or outage.actual_end is None or step.now < outage.actual_end + step.wait:
        raise TooEarly(f"outage {outage.id} is still open for corrections", field="now", fix="close it later")


@guard(id="LIFE-19", source="semantics 2.5", test="test_only_a_forced_or_emergency_outage_starts_undecided")
def broken(outage: Outage, _step: Step) -> None:
    """Start before anything is decided only what is forced or an emergency."""
    if not outage.request.urgent_report:
        raise NotAllowedNow(
            f"outage {outage.id} is {outage.state}, {outage.status}: it is not approved",
            field="verb",
            fix="decide it first",
        )


@guard(id="LIFE-20", source="domain 1.3", test="test_only_a_change_that_waits_is_withdrawn")
def has_wish(outage: Outage, _step: Step) -> None:
    """Withdraw a change only where one waits."""
    if outage.wish is None:
        raise NothingWaits(f"no change of outage {outage.id} waits", field="verb", fix="nothing is to be done")


GUARDS: tuple[Guard, ...] = (
    own,
    not_the_requester,
    authorised,
    has_reason,
    has_decision,
    unblocked,
    has_conditions,
    deniable,
    acceptable,
    has_window,
    longer,
    in_window,
    happened,
    released,
    triggered,
    past_its_time,
    back,
    waited,
    broken,
    has_wish,
)
