"""The book read again and again: a revision of an outage and a decision's record never change, so each is read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from moms.desk.branch import matches
from moms.desk.ports import Search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.desk.ports import Page
    from moms.outages import Outage

AT_ONCE = 500


@dataclass(slots=True)
class Known:
    """What one reader of the whole book has read of it."""

    outages: dict[str, Outage] = field(default_factory=dict)
    records: dict[str, dict[str, object]] = field(default_factory=dict)

    def over(self, page: Page) -> KnownPage:
        """Give a page that asks only for what is not known; what nobody asked it for is forgotten at its end."""
        return KnownPage(page, self)


class KnownPage:
    """One reading (`desk.ports.Page`): the same as the page's own, and cheaper the second time."""

    def __init__(self, page: Page, known: Known) -> None:
        self._page, self._known = page, known
        self._asked = Known()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a page can do
        """Give what is read as it is."""
        return getattr(self._page, name)

    @property
    def as_page(self) -> Page:
        """Itself, as what it stands for."""
        return cast("Page", self)

    def find(self, search: Search) -> Sequence[Outage]:
        """Give the outages that match, by id."""
        there = dict(self._page.revisions(search))
        known = {name: self._known.outages.get(name) for name in there}
        found = {name: one for name, one in known.items() if one is not None and one.revision == there[name]}
        fresh = [name for name in there if name not in found]
        for at in range(0, len(fresh), AT_ONCE):
            # A moment later one may have gone on, and match no more.
            read = self._page.find(Search(ids=tuple(fresh[at : at + AT_ONCE])))
            found |= {one.id: one for one in read if matches(one, search)}
        self._asked.outages |= found
        return tuple(found[name] for name in there if name in found)

    def decision(self, decision_id: str) -> dict[str, object]:
        """Give a stored decision record."""
        record = self._known.records.get(decision_id)
        self._asked.records[decision_id] = self._page.decision(decision_id) if record is None else record
        return self._asked.records[decision_id]

    def close(self) -> None:
        """Keep what was asked for, for the next reading, and forget the rest."""
        self._known.outages, self._known.records = self._asked.outages, self._asked.records
