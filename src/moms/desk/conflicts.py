"""Which outages of the book stand in the way of a request: sets studied whole, and less any one member (semantics 6).

A set is looked for at the operating point where a limit is exceeded the most, and then studied over all hours of
the request: with it out the request makes a limit exceeded, with any one of its members in service it makes none.
Only such a set is cited. It holds for those hours and for nothing else being out, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.decide import Conflicts, ConflictSet, LessOne
from moms.desk.needed import needed
from moms.desk.points import points_of, stretches
from moms.desk.security import over, secure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from moms.decide import Crossing, Evidence, Security
    from moms.desk.points import Stretch
    from moms.desk.world import World
    from moms.outages import Outage

MOST = 3
"""Sets cited: an owner who is told of three has read enough."""
LARGEST = 6
"""Members of a set: each costs a study of all hours."""


def conflicts_of(
    world: World, outage: Outage, holding: Sequence[Outage], evidence: Evidence, *, now: datetime
) -> Conflicts | None:
    """Give the sets of outages that stand in the way of a request, as asked; None where no limit is exceeded.

    No two sets have a member in common. Where all are found, what is left of the book when they are out of the
    way is studied too.
    """
    found = evidence.security
    if found is None or not found.crossings:
        return None
    if evidence.alone is None:
        return Conflicts(sets=(), says="nothing else is out: the request exceeds a limit by itself")
    if evidence.alone.crossings:
        by_itself = ConflictSet(outages=(), crossing=_worst(evidence.alone), studied=evidence.alone.digest)
        return Conflicts(sets=(by_itself,), says="the request exceeds a limit by itself, whatever else is out")
    known = {frozenset(): evidence.alone, frozenset(o.id for o in holding): found}
    return _Search(world=world, outage=outage, now=now, known=known).among(tuple(holding), found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """Looks for sets around one request that exceeds no limit with nothing else out."""

    world: World
    outage: Outage
    now: datetime
    known: dict[frozenset[str], Security]
    """Studies of the request over all its hours, by what else was out."""

    def among(self, rest: tuple[Outage, ...], found: Security) -> Conflicts:
        """Find set after set, until the request exceeds no limit on the rest of the book."""
        sets: list[ConflictSet] = []
        while found.crossings:
            if len(sets) == MOST:
                return Conflicts(
                    sets=tuple(sets), says=f"with {_all_of(sets)} out of the way a limit is still exceeded"
                )
            one, why = self._one_set(rest, _worst(found))
            if one is None:
                return Conflicts(sets=tuple(sets), says=why)
            sets.append(one)
            rest = tuple(o for o in rest if o.id not in one.outages)
            found = self._beside(rest)
        says = f"with {_all_of(sets)} out of the way the request exceeds no limit"
        return Conflicts(sets=tuple(sets), says=says, rest=found.digest)

    def _one_set(self, rest: tuple[Outage, ...], worst: Crossing) -> tuple[ConflictSet | None, str]:
        """Find one set and certify it, or say why none is cited."""
        there = self._there(rest, worst.hour)
        says = self._at(there, there.out)
        if not says:
            return None, f"which outages stand in the way is not shown: {worst.hour} by itself exceeds no limit"
        kept, _ = needed(there.out, says, trouble=lambda some: self._at(there, some))
        return self._certified(kept)

    def _certified(self, kept: tuple[Outage, ...]) -> tuple[ConflictSet | None, str]:
        """Study a set over all hours of the request, and less any one member; a smaller one where that is enough."""
        if len(kept) > LARGEST:
            return None, f"which outages stand in the way is not shown: {len(kept)} are needed for it"
        found = self._beside(kept)
        if not found.crossings:
            return None, "which outages stand in the way is not shown: over all hours those found exceed no limit"
        less = {o.id: self._beside(tuple(m for m in kept if m.id != o.id)) for o in kept}
        more = next((name for name, one in less.items() if one.crossings), None)
        if more is None:
            return _cited(kept, found, less), ""
        return self._certified(tuple(o for o in kept if o.id != more))

    def _beside(self, some: tuple[Outage, ...]) -> Security:
        """Study the request over all its hours with these out and nothing else."""
        key = frozenset(o.id for o in some)
        if key not in self.known:
            self.known[key] = secure(
                self.world, self.outage, some, book="some of the book", window=self.outage.window, now=self.now
            ).security
        return self.known[key]

    def _at(self, there: Stretch, some: Sequence[Outage]) -> str:
        """Say which limit the request exceeds the most there with these out; empty for none."""
        found = over(self.world, (replace(there, out=tuple(some)),), book="some of the book").security
        return _worst(found).name if found.crossings else ""

    def _there(self, rest: tuple[Outage, ...], label: str) -> Stretch:
        """Give the operating point of that label, with what is out at it."""
        points, _ = points_of(self.world, (self.outage,), now=self.now)
        parts = stretches(points=points, asked=(self.outage,), others=rest, now=self.now)
        return next(replace(p, points=(point,)) for p in parts for point in p.points if point.label == label)


def _worst(found: Security) -> Crossing:
    return max(found.crossings, key=lambda c: (c.percent, c.contingency or "", c.element))


def _cited(members: Sequence[Outage], found: Security, less: Mapping[str, Security]) -> ConflictSet:
    return ConflictSet(
        outages=tuple(o.id for o in members),
        crossing=_worst(found),
        studied=found.digest,
        less_one=tuple(LessOne(outage=name, studied=one.digest) for name, one in less.items()),
    )


def _named(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _all_of(sets: Sequence[ConflictSet]) -> str:
    return _named(name for one in sets for name in one.outages)
