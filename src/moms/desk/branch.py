"""The book as it would be with a change set: what it edits is read as edited, all else as it is; nothing is written."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from moms.desk.ports import BookMoved, NotYours
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from moms.desk.ports import Book, Event, Page, Search
    from moms.outages import Outage
    from moms.values import Actor


class OnlyLooked(Refused):
    """A branch is looked at; what it says is written when it lands."""


class BranchBook:
    """A book in which some outages are as a change set has them (`desk.ports.Book`)."""

    def __init__(self, book: Book, outages: Mapping[str, Outage]) -> None:
        self._book, self._outages = book, outages

    @contextmanager
    def as_(self, actor: Actor) -> Iterator[BranchPage]:
        """Open one reading as this actor."""
        with self._book.as_(actor) as page:
            yield BranchPage(page, self._outages)

    def landed(self) -> int:
        """Give the number of the newest landing."""
        return self._book.landed()

    def expecting(self, outage_id: str, revision: int) -> NoReturn:
        """Refuse: nothing is written."""
        raise OnlyLooked(f"{outage_id} at {revision}: a branch is not written to", field="change_set", fix="merge it")


class BranchPage:
    """One reading of it (`desk.ports.Page`); who may not see an outage in the book does not see it here."""

    def __init__(self, page: Page, outages: Mapping[str, Outage]) -> None:
        self._page = page
        self._outages = outages

    def __getattr__(self, name: str) -> object:
        """Give what reads the book and is not changed by a branch."""
        if name in READS:
            return getattr(self._page, name)
        raise OnlyLooked(f"{name}: a branch is not written to", field="change_set", fix="merge it")

    def outage(self, outage_id: str) -> Outage:
        """Give one outage, as the branch has it."""
        found = self._page.outage(outage_id)
        return self._outages.get(outage_id, found)

    def find(self, search: Search) -> Sequence[Outage]:
        """Give the outages that match as the branch has them, by id."""
        there = {o.id: o for o in self._page.find(search) if o.id not in self._outages}
        for one in self._outages.values():
            if matches(one, search) and self._sees(one.id):
                there[one.id] = one
        found = [there[name] for name in sorted(there)]
        return tuple(found if search.limit is None else found[: search.limit])

    def hold(self, version: int) -> None:
        """Refuse: nothing is written, so nothing is held."""
        raise BookMoved(f"a branch is not held at {version}", fix="merge it")

    def note(self, event: Event, **_: object) -> None:
        """Refuse: nothing is written."""
        raise OnlyLooked(f"{event.verb}: a branch is not written to", field="change_set", fix="merge it")

    def _sees(self, outage_id: str) -> bool:
        try:
            self._page.outage(outage_id)
        except (Refused, NotYours):
            return False
        return True


READS = frozenset({
    "as_it_was", "decision", "entries", "heads", "history", "lines", "notes", "told", "unanswered", "version", "landed",
})  # fmt: skip


def matches(outage: Outage, search: Search) -> bool:
    """Tell whether an outage is one that a search gives: the same words as the store's query."""
    request = outage.request
    words = (outage.id, request.external_id, request.description, request.location, request.project, request.group)
    return all((
        search.window is None or outage.window.overlaps(search.window),
        not search.assets or bool(set(search.assets) & set(request.assets)),
        search.organisation is None or request.organisation == search.organisation,
        not search.states or outage.state.value in search.states,
        not search.statuses or outage.status.value in search.statuses,
        search.holding is None or outage.holds == search.holding,
        search.pending is None or outage.pending == search.pending,
        search.external_id is None or request.external_id == search.external_id,
        search.group is None or request.group == search.group,
        not search.text or search.text.casefold() in "\n".join(w for w in words if w).casefold(),
        search.after is None or outage.id > search.after,
    ))  # fmt: skip


__all__ = ["BranchBook", "BranchPage", "OnlyLooked", "matches"]
