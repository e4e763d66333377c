"""Work that shares a switching is asked about and put as one: no part of a group has a place that the rest has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.schedule.season.board import Board

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from moms.schedule.season.problem import Job, Problem


class Together:
    """A board on which whoever picks for one of a group picks for all of it."""

    def __init__(self, problem: Problem) -> None:
        self.board = Board(problem)
        self._tied = groups_of(problem)

    def members(self, name: str) -> tuple[str, ...]:
        """Name what goes with a job, itself included, in the order of their days."""
        return tuple(other for other, _ in self.places(name, 0))

    def places(self, name: str, start: int) -> tuple[tuple[str, int], ...]:
        """Give where a job and all that goes with it would be, in the order of their days."""
        tied = self._tied.get(name)
        if tied is None:
            return ((name, start),)
        mine = dict(tied)[name]
        return tuple((other, start + offset - mine) for other, offset in tied)

    def completed(self, taken: Mapping[str, int]) -> Mapping[str, int]:
        """Give what is taken, and what is bound to it at the place that follows."""
        if not self._tied:
            return taken
        return {other: at for name, start in taken.items() for other, at in self.places(name, start)}

    def blocked(self, taken: Mapping[str, int], request: str, start: int) -> str | None:
        """Say what keeps a job, or something that goes with it, from its place beside what is taken; or nothing."""
        whole = self.completed(taken)
        if request in whole:
            at = whole[request]
            return None if at == start else f"its group has it start on day {at + 1}"
        places = self.places(request, start)
        before = dict(whole) if len(places) > 1 else whole
        for name, at in places:
            why = self.board.blocked(whole, name, at)
            if why is not None:
                break
            whole = {**whole, name: at}
        if len(places) > 1:
            self.board.follow(before)  # they were put there to be asked about, no more
        return why if why is None or name == request else f"with it goes {name}: {why}"

    def free(self, name: str, start: int) -> bool:
        """Tell whether a job and all that goes with it may stand there beside what the board holds."""
        return self.blocked(self.board.held, name, start) is None

    def put(self, name: str, start: int) -> None:
        """Place a job and all that goes with it."""
        for other, at in self.places(name, start):
            self.board.put(other, at)

    def take(self, name: str) -> None:
        """Take a job off, and all that goes with it."""
        for other in self.members(name):
            self.board.take(other)


def filled(hall: Together, jobs: Iterable[Job]) -> dict[str, int]:
    """Place some jobs in their order, each nearest to its wish where it fits, and give what the board holds then."""
    waiting, again = list(jobs), True
    while again:  # what waits for other work fits in a later pass
        left = []
        for job in waiting:
            if job.id in hall.board.held:
                continue
            at = next((s for s in by_distance(hall.board.problem.starts[job.id], job.preferred)
                       if hall.free(job.id, s)), None)  # fmt: skip
            if at is None:
                left.append(job)
            else:
                hall.put(job.id, at)
        again, waiting = len(left) < len(waiting), left
    return dict(hall.board.held)


def by_distance(starts: Iterable[int], wish: int) -> list[int]:
    """Order starts by how far they are from a wish."""
    return sorted(starts, key=lambda s: (abs(s - wish), s))


def groups_of(problem: Problem) -> dict[str, tuple[tuple[str, int], ...]]:
    """Give for each bundled job its whole group: (job, days after the first of it), in the order of their days."""
    beside: dict[str, list[tuple[str, int]]] = {}
    for one in problem.bundles:
        beside.setdefault(one.first, []).append((one.second, one.offset_days))
        beside.setdefault(one.second, []).append((one.first, -one.offset_days))
    waits = {b.then for b in problem.before}
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for name in beside:
        if name in found:
            continue
        at, ahead = {name: 0}, [name]
        while ahead:
            here = ahead.pop()
            for other, offset in beside[here]:
                if other not in at:
                    at[other] = at[here] + offset
                    ahead.append(other)
        first = min(at.values())
        # Where the days are equal, what waits for other work comes last, then the order of the names: a plan
        # must not hang on the order of a file.
        rows = sorted((k - first, n in waits, n) for n, k in at.items())
        group = tuple((n, k) for k, _, n in rows)
        found |= dict.fromkeys(at, group)
    return found
