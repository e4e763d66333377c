"""Studies kept while the process lives: who files what was just previewed does not wait for the same study again.

A study is found again by the content of all that it rests on, never by who asked or under which id: the grid, the
rules, the contingencies, its operating points, and what is out at each. So an answer from here is the answer that
studying once more would give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from moms.values import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.desk.points import Stretch
    from moms.desk.world import World
    from moms.outages import Outage, Request

V = TypeVar("V")

MOST = 128
"""Studies kept of one world; a decision makes one to eight, with other windows some tens."""
ROWS_MOST = 1 << 17
"""A study with larger tables is not kept: more than ten megabytes."""


class KeptStudies(Generic[V]):
    """Studies by the fingerprint of what they rest on; what was asked for longest ago goes first.

    Each step on the dictionary is whole by itself, so threads may share one: who loses a race studies once more.
    """

    def __init__(self, most: int = MOST) -> None:
        self._found: dict[str, V] = {}
        self._most = most

    def get(self, key: str | None) -> V | None:
        """Give what is kept under a fingerprint."""
        found = None if key is None else self._found.pop(key, None)
        if key is not None and found is not None:
            self._found[key] = found
        return found

    def put(self, key: str | None, study: V) -> None:
        """Keep a study, if it has a fingerprint."""
        if key is None:
            return
        self._found[key] = study
        for oldest in list(self._found)[: -self._most]:
            self._found.pop(oldest, None)


def fingerprint(
    world: World, parts: Sequence[Stretch], *, book: str, said: Sequence[str], tight_share: float
) -> str | None:
    """Give the fingerprint of a study, None where it must not be kept.

    Of what is asked for only what it does to the grid counts: its id, dates of filing and contacts move no flow. A
    request that names equipment which is not there is spoken of by its id.
    """
    if any(world.unknown(o.request) for part in parts for o in part.asked):
        return None
    rows = [
        (part.points, str(part.season), [_out(o.request) for o in part.asked], [_named(o) for o in part.out])
        for part in parts
    ]
    return digest([book, list(said), tight_share, rows])


def _named(outage: Outage) -> tuple[str, object]:
    return outage.id, _out(outage.request)


def _out(request: Request) -> tuple[object, ...]:
    """Give all that a request does to the grid in the hours it is out."""
    return request.assets, request.takes_out, request.derate_to_mw, request.switch
