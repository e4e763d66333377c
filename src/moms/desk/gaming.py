"""What in the book looks like gaming, for a person to look at: a queue of suspicions, each with its evidence.

A suspicion changes no decision, no turn and no balance. It stays in the queue until somebody of the operator has
looked at it and said what it was; more of the same is a new one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from moms.desk.accept import as_document, may_write, operators_only
from moms.desk.headroom import NotASeason
from moms.desk.ports import Search
from moms.ledger.detect import Filed, Suspicion, class_inflation, denied_then_forced, hoarding, one_hand, split
from moms.outages import Kind, State, Status
from moms.outages.rules.rule import elements_of
from moms.values import Refused, Window, digest, many, market_day, market_day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.values import Actor

LOOKED = "suspicions"
"""The register of suspicions that somebody has looked at."""
GIVEN_UP = frozenset({State.WITHDRAWN, State.CANCELLED, State.EXPIRED})
REFUSED = frozenset({Status.DENIED, Status.REVOKED})
AT_ONCE = frozenset({Kind.URGENT, Kind.EMERGENCY})
"""Kinds that go before others by their owner's own word."""
LONGEST_DAYS = 800


class NoSuchSuspicion(Refused):
    """None of that name is open between these days."""


class NothingSaid(Refused):
    """A suspicion is closed by saying what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One suspicion, and who has looked at it."""

    id: str
    suspicion: Suspicion
    looked_by: str | None = None
    looked_at: str | None = None
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether nobody has looked at it yet."""
        return self.looked_by is None


def cases(*, book: Book, world: World, actor: Actor, first: date, last: date) -> tuple[Case, ...]:
    """Give what looks like gaming between two market days, both included; those nobody has looked at first.

    Raises:
        NotYours: only the operator sees the outages of all owners (semantics 9).
        NotASeason: the days are out of order, or too many.
    """
    operators_only(actor)
    with book.as_(actor) as page:
        return _cases(page, world, first, last)


def look_at(
    *, book: Book, world: World, actor: Actor, now: datetime, first: date, last: date, case: str, note: str
) -> Case:
    """Keep that somebody has looked at a suspicion, and what it was; said again, nothing more is written.

    Raises:
        NotYours: only the operator's engineers.
        NoSuchSuspicion: none of that name between these days.
        NothingSaid: no note.
    """
    may_write(actor)
    if not note.strip():
        raise NothingSaid("nothing is said of it", field="note", fix="say what it was, and what was done")
    with book.as_(actor) as page:
        page.hold(page.version())
        one = next((c for c in _cases(page, world, first, last) if c.id == case), None)
        if one is None:
            raise NoSuchSuspicion(
                f"no suspicion {case!r} between these days", field="looked", fix="give a name that `plan audit` prints"
            )
        if not one.open:
            return one
        seen = one.suspicion
        entry = {"suspicion": case, "by": str(actor), "at": now, "note": note.strip(), "rule": seen.rule,
                 "owner": seen.owner, "outages": seen.requests, "says": seen.says}  # fmt: skip
        page.enter(LOOKED, as_document(entry))
        return next(c for c in _cases(page, world, first, last) if c.id == case)


def _cases(page: Page, world: World, first: date, last: date) -> tuple[Case, ...]:
    if not 1 <= (last - first).days + 1 <= LONGEST_DAYS:
        raise NotASeason(f"{first} to {last}", field="to", fix=f"give 1 to {LONGEST_DAYS} days, in order")
    span = Window(start=market_day(first).start, end=market_day(last).end)
    looked: dict[str, Mapping[str, Any]] = {str(e["suspicion"]): e for e in page.entries(LOOKED)}
    found = []
    for one in suspicions(world, page.find(Search(window=span)), first=first):
        name = f"S-{digest([one.rule, one.owner, sorted(one.requests), one.says])[:12]}"
        seen = looked.get(name)
        if seen is None:
            found.append(Case(id=name, suspicion=one))
        else:
            found.append(
                Case(id=name, suspicion=one, looked_by=seen["by"], looked_at=str(seen["at"]), note=seen["note"])
            )
    return tuple(sorted(found, key=lambda c: (not c.open, c.suspicion.rule, c.suspicion.owner, c.id)))


def suspicions(world: World, outages: Sequence[Outage], *, first: date) -> tuple[Suspicion, ...]:
    """Look through some outages with every detector; what is found of several elements at once is told once."""
    rows = [row for o in outages for row in _filed(world, o, first)]
    each = list({row.request: row for row in rows if row.live or not row.denied}.values())
    # Requests carry no work order: one job asked for several times is the same work of the same length.
    alike = [replace(r, work_order=f"{r.work_order}, {many(r.end - r.start, 'day')}") for r in rows]
    told = [
        *hoarding(alike, rules=world.rules.ledger),
        *split(rows),
        *denied_then_forced(rows),
        *one_hand(each),
        *class_inflation(_at_once(outages), what="files as urgent or emergency"),
    ]
    return tuple({(s.rule, s.owner, frozenset(s.requests)): s for s in told}.values())


def _filed(world: World, outage: Outage, first: date) -> Iterator[Filed]:
    """Give an outage as the detectors see it, once for each thing it takes out; nothing of what was given up."""
    asked = outage.asked if outage.pending else outage.request
    if not asked.takes_out or (outage.state in GIVEN_UP and outage.status not in REFUSED):
        return
    window = asked.window if outage.pending else outage.window
    elements, _ = elements_of(asked.assets, grid=world.grid)
    for kind, row in sorted({one.equipment for one in elements}):
        asset = next(one.asset for one in elements if one.equipment == (kind, row))
        yield Filed(
            request=outage.id, owner=asked.organisation, asset=asset,
            work_order=f"{asked.nature} of {asset}" + (f" in {asked.project}" if asked.project else ""),
            start=(market_day_of(window.start) - first).days, end=(market_day_of(window.end) - first).days + 1,
            firm=outage.holds, forced=asked.urgent_report, denied=outage.status in REFUSED,
            live=(outage.pending or outage.holds) and not asked.urgent_report,
        )  # fmt: skip


def _at_once(outages: Iterable[Outage]) -> dict[str, tuple[int, int]]:
    """Count for each owner what it filed as not to wait, and all it filed; what broke by itself is no claim."""
    found: dict[str, tuple[int, int]] = {}
    for outage in outages:
        request = outage.request
        if request.kind != Kind.FORCED and request.takes_out:
            claimed, filed = found.get(request.organisation, (0, 0))
            found[request.organisation] = (claimed + (request.kind in AT_ONCE), filed + 1)
    return found
