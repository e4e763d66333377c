"""What a change of a request does, before anything is written (domain 1.3, semantics 2.8 and 4).

Three kinds: a change before the start, a change of the planned end while the work goes on (the verbs
`extend` and `extend_forced`), a cancellation. Here is the first; the others are moves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.outages.hours import hours_of, less, total_h
from moms.outages.lifecycle import Verb, move, wish_of
from moms.outages.outage import State, Status
from moms.outages.request import Kind
from moms.outages.stamp import FREE_SHORTENING, restamp
from moms.values import Refused, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from moms.outages.outage import Outage, Wish
    from moms.outages.request import Request
    from moms.outages.stamp import Restamped
    from moms.values import Actor, Window

IDENTITY = ("external_id", "organisation", "category")
FREE = ("description", "contacts", "location", "project", "earliest_start", "latest_end", "blackout", "after")
"""Fields that change neither hours, equipment nor work: comment, contact, flexibility, order."""


class NotAChange(Refused):
    """What would make it another request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change does."""

    outage: Outage
    """The outage as it would be written, a revision later."""
    keeps_stamp: bool
    keeps_exemption: bool | None
    """None where there is no exemption to keep."""
    needs_decision: bool
    added_hours: tuple[Window, ...]
    """Hours asked for anew, which stand in the queue from now."""
    says: tuple[str, ...]
    """What it does, a sentence each, for the preview."""
    withdraws: bool = False
    """Whether it takes back a change that waited."""


def change(
    outage: Outage,
    new_request: Request,
    *,
    now: datetime,
    actor: Actor,
    asked_by_operator: bool = False,
    acts_for: frozenset[str] = frozenset(),
) -> Changed:
    """Give what a change before the start does to the outage, its place in the queue and its exemption.

    What was granted stays as it is while a change that needs a decision waits for it (`Outage.wish`);
    what only gives hours back is done at once. Asking for what is granted already withdraws a change
    that waits; a comment on a change that waits keeps its place. `asked_by_operator` is for dates the
    operator offered.

    Raises:
        NotAChange: the reference, organisation or category differ, or it becomes a forced report.
        NotAllowedNow, NotYourRole, NotYours: as `lifecycle.move`.
    """
    _same(outage.request, new_request)
    work = _work(outage.request, new_request)
    if outage.wish is not None and not work:
        return _withdrawn(outage, new_request, now=now, actor=actor, acts_for=acts_for)
    if outage.wish is not None and not _work(outage.wish.request, new_request):
        return _reworded(outage, outage.wish, new_request, now=now, actor=actor, acts_for=acts_for)
    if outage.state == State.ACTIVE and work:
        raise NotAChange(
            f"outage {outage.id} is under way: only its end can change", field=min(work), fix="use `moms extend`"
        )
    more = _asks_more(outage.request, new_request, work)
    place = restamp(outage, new_request, now=now, asked_by_operator=asked_by_operator)
    if more:
        place = replace(place, stamp=max(now, outage.stamp), added=(), keeps_stamp=False)
        place = replace(place, stamped_h=total_h(hours_of(new_request)))
    needs = _decides(outage, new_request, work, more=more)
    after = move(outage, verb=Verb.CHANGE if needs else Verb.AMEND, actor=actor, now=now, acts_for=acts_for)
    lost = outage.status == Status.ACCEPTED_EXEMPT and not place.keeps_stamp
    if needs and outage.holds:
        after = replace(after, wish=wish_of(new_request, place))
    else:
        after = replace(
            after,
            request=new_request,
            window=new_request.window if work else outage.window,
            status=Status.ACCEPTED_NOT_EXEMPT if lost else after.status,
            stamp=place.stamp,
            added=place.added,
            stamped_h=place.stamped_h,
        )
    return Changed(
        outage=after,
        keeps_stamp=place.keeps_stamp,
        keeps_exemption=not lost if outage.status == Status.ACCEPTED_EXEMPT else None,
        needs_decision=needs,
        added_hours=place.added_hours,
        says=tuple(_says(outage, place, more=more, needs=needs, lost=lost)),
    )


def _withdrawn(outage: Outage, request: Request, *, now: datetime, actor: Actor, acts_for: frozenset[str]) -> Changed:
    """Take back the change that waits: what was granted stands, with its stamp and exemption (semantics 4)."""
    after = move(outage, verb=Verb.WITHDRAW_CHANGE, actor=actor, now=now, acts_for=acts_for)
    says = [
        f"It withdraws the change that waited; what was approved stands, to {shown(outage.window.end)}.",
        f"It keeps its place in the queue, {shown(outage.stamp)}.",
    ]
    return _kept(outage, replace(after, request=request), says=says, withdraws=True)


def _reworded(
    outage: Outage, wish: Wish, request: Request, *, now: datetime, actor: Actor, acts_for: frozenset[str]
) -> Changed:
    """Comment on the change that waits: it goes on waiting where it stood (semantics 4)."""
    after = move(outage, verb=Verb.AMEND, actor=actor, now=now, acts_for=acts_for)
    says = [
        f"The change that waits keeps its place in the queue, {shown(wish.stamp)}.",
        f"What was approved stands, to {shown(outage.window.end)}, until the change is decided.",
    ]
    return _kept(outage, replace(after, wish=replace(wish, request=request)), says=says, withdraws=False)


def _kept(before: Outage, after: Outage, *, says: list[str], withdraws: bool) -> Changed:
    exempt = before.status == Status.ACCEPTED_EXEMPT
    return Changed(
        outage=after,
        keeps_stamp=True,
        keeps_exemption=True if exempt else None,
        needs_decision=False,
        added_hours=(),
        says=(*says, *(["It keeps its exemption."] if exempt else []), "Nothing needs to be decided again."),
        withdraws=withdraws,
    )


def _same(before: Request, after: Request) -> None:
    for name in IDENTITY:
        if getattr(before, name) != getattr(after, name):
            raise NotAChange(f"another {name} makes it another request", field=name, fix="submit a new request")
    if after.urgent_report and not before.urgent_report:
        raise NotAChange(
            "a planned outage does not become a forced one", field="kind", fix="report what broke with `moms forced`"
        )


def _work(before: Request, after: Request) -> set[str]:
    """Give the fields of hours, equipment and work that differ."""
    return _differences(before, after) - set(FREE)


def _differences(before: Request, after: Request) -> set[str]:
    return {name for name in before.__dataclass_fields__ if getattr(before, name) != getattr(after, name)}


def _asks_more(before: Request, after: Request, work: set[str]) -> set[str]:
    """Give the fields by which more is asked for than before: equipment, megawatts, another kind of outage."""
    more = set()
    if set(after.assets) - set(before.assets):
        more.add("assets")
    left_before, left_after = before.derate_to_mw or 0.0, after.derate_to_mw or 0.0
    if left_after < left_before:
        more.add("derate_to_mw")
    if "kind" in work and after.kind not in {Kind.INFORMATIONAL, Kind.HOTLINE}:
        more.add("kind")
    if "switch" in work and after.takes_out:
        more.add("switch")
    return more


def _decides(outage: Outage, request: Request, work: set[str], *, more: set[str]) -> bool:
    """Tell whether it must be decided (again): all but what is free, and what only gives something back."""
    if outage.state == State.DRAFT or not work:
        return False
    if not outage.holds or outage.state not in {State.DECIDED, State.OPPORTUNITY_WAITING}:
        return True
    gives_back = work <= {"window", "recurrence", "assets", "derate_to_mw"} and not more
    return not gives_back or bool(less(hours_of(request), hours_of(outage.request, window=outage.window)))


def _says(outage: Outage, place: Restamped, *, more: set[str], needs: bool, lost: bool) -> Iterator[str]:
    if place.keeps_stamp:
        yield f"It keeps its place in the queue, {shown(place.stamp)}."
    else:
        why = f"asks for more ({', '.join(sorted(more))})" if more else _why_new(place)
        yield f"It takes a new place in the queue, {shown(place.stamp)}, because it {why}."
    if place.keeps_stamp and place.added_hours:
        hours = total_h(place.added_hours)
        yield f"The {hours:g} added hours stand in the queue from now and get a decision of their own."
    if outage.status == Status.ACCEPTED_EXEMPT:
        yield "It loses its exemption." if lost else "It keeps its exemption for the hours it had."
    if not needs:
        yield "Nothing needs to be decided again."
    elif outage.holds:
        yield f"What was approved stands, to {shown(outage.window.end)}, until the change is decided."


def _why_new(place: Restamped) -> str:
    if place.moved:
        return "moves on its owner's own wish"
    return f"gives up {100 * place.cut_share:.0f} % of its hours, more than {100 * FREE_SHORTENING:.0f} %"
