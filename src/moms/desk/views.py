"""Saved views: how somebody looks at a list, under a name. A view holds words to look by and nothing that is found.

Who opens a shared view asks the list with its words and own rights: it shows what that person may see, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from moms.desk.ports import Event, NotYours
from moms.outages import State, Status
from moms.values import Refused, digest, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from moms.values import Actor

MOST = 100
"""Views that one person may hold."""
LONGEST_NAME, LONGEST_WORD, MOST_WORDS = 80, 200, 50
SORTS = ("start", "latest", "turn")
COLUMNS = ("window", "standing", "next", "owner", "kind", "filed")
"""What the list may show beside the equipment, in the order in which it shows it."""
SHOWS = ("all", "turn", "operator", "granted", "refused", "over")
WORDS = frozenset({"text", "owner", "from", "to"})
LISTS = frozenset({"asset", "state", "status"})
KNOWN = {"state": frozenset(State), "status": frozenset(Status)}


class NoSuchView(Refused):
    """No view of that id that this actor may see."""


class NotAView(Refused):
    """A view that cannot be."""


class NameTaken(Refused):
    """One's own view of that name is there already."""


class ViewChanged(Refused):
    """The view has changed since it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Filters, order and columns under a name."""

    id: str
    organisation: str
    person: str
    name: str
    shared: bool
    """Whether all of its organisation see it; nobody but its person changes it."""
    filters: Mapping[str, Any]
    """By the names that the list is asked with, and `show`, which part of it."""
    sort: str
    columns: tuple[str, ...]
    made_at: datetime
    revision: int = 1
    ended: bool = False


class ViewsPage(Protocol):
    """One transaction on the views."""

    def views(self, organisation: str) -> Sequence[View]:
        """Give those of an organisation that nobody has ended, by name; nobody adds to them until the end."""
        ...

    def view(self, view_id: str) -> View | None:
        """Give one, ended or not, or None; nobody changes it until the end."""
        ...

    def add(self, view: View, event: Event) -> None:
        """Enter a view."""
        ...

    def revise(self, view: View, event: Event) -> None:
        """Write a later revision."""
        ...


class Views(Protocol):
    """The views."""

    def as_(self, actor: Actor) -> AbstractContextManager[ViewsPage]:
        """Open one transaction."""
        ...


def seen(*, views: Views, actor: Actor) -> tuple[View, ...]:
    """Give the views that an actor may open: its own first, then those shared in its organisation, by name."""
    with views.as_(actor) as page:
        found = [one for one in page.views(actor.organisation) if one.shared or one.person == actor.name]
    return tuple(sorted(found, key=lambda one: (one.person != actor.name, one.name, one.person)))


def save(
    *, views: Views, actor: Actor, now: datetime, key: str, name: str, filters: Mapping[str, Any], sort: str,
    columns: Sequence[str], shared: bool = False,
) -> View:  # fmt: skip
    """Save a view under a name of one's own; the same key and view give what is there.

    Raises:
        NotAView: a word that the list does not know, or too many views. NameTaken: there is another of that name.
        NotYours: a role that only looks.
    """
    view = View(
        id=digest((actor.organisation, actor.role.value, actor.name, "view", key))[:16],
        organisation=actor.organisation, person=actor.name, name=name.strip(), shared=shared, filters=dict(filters),
        sort=sort, columns=tuple(columns), made_at=now,
    )  # fmt: skip
    _check(view, actor)
    with views.as_(actor) as page:
        there = page.view(view.id)
        if there is not None:
            if replace(there, made_at=view.made_at) != view:
                raise NotAView("this key was used for another view", field="Idempotency-Key", fix="use a fresh key")
            return there
        mine = [one for one in page.views(actor.organisation) if one.person == actor.name]
        if len(mine) >= MOST:
            raise NotAView(f"there are {len(mine)} already", field="name", fix="end one first")
        _check_name(view, mine)
        page.add(view, _event("view.save", view, actor=actor, now=now))
    return view


def change(
    *, views: Views, actor: Actor, now: datetime, view_id: str, revision: int, name: str, filters: Mapping[str, Any],
    sort: str, columns: Sequence[str], shared: bool,
) -> View:  # fmt: skip
    """Give one's own view another name, other words, order or columns, or share it or no longer.

    Raises:
        NoSuchView: none that this actor holds. ViewChanged: it is at another revision. As `save` besides.
    """
    with views.as_(actor) as page:
        there = _own(page, actor, view_id, revision)
        after = replace(
            there, name=name.strip(), shared=shared, filters=dict(filters), sort=sort, columns=tuple(columns),
            revision=there.revision + 1,
        )  # fmt: skip
        _check(after, actor)
        _check_name(after, page.views(actor.organisation))
        page.revise(after, _event("view.change", after, actor=actor, now=now))
    return after


def end(*, views: Views, actor: Actor, now: datetime, view_id: str, revision: int) -> None:
    """End one's own view.

    Raises:
        NoSuchView, ViewChanged, NotYours: as `change`.
    """
    with views.as_(actor) as page:
        there = _own(page, actor, view_id, revision)
        after = replace(there, ended=True, revision=there.revision + 1)
        page.revise(after, _event("view.end", after, actor=actor, now=now))


def view_document(view: View, actor: Actor) -> dict[str, object]:
    """Write a view for who may open it."""
    return {
        "id": view.id, "name": view.name, "person": view.person, "yours": view.person == actor.name,
        "shared": view.shared, "filters": dict(view.filters), "sort": view.sort, "columns": list(view.columns),
        "revision": view.revision,
    }  # fmt: skip


def _own(page: ViewsPage, actor: Actor, view_id: str, revision: int) -> View:
    there = page.view(view_id)
    mine = there is not None and (there.organisation, there.person) == (actor.organisation, actor.name)
    if there is None or not mine or there.ended:
        raise NoSuchView(f"you hold no view {view_id!r}", field="view", fix="list them; another's is that person's")
    _check_role(actor)
    if there.revision != revision:
        says = f"the view is at revision {there.revision}, not {revision}"
        raise ViewChanged(says, field="If-Match", fix="read it again")
    return there


def _check_role(actor: Actor) -> None:
    if actor.looks_only:
        raise NotYours(f"{actor.role} may not write this", field="role", fix="act in a role that may")


def _check(view: View, actor: Actor) -> None:
    """See that a view can be: every word is one that the list knows, so that none is left out in silence."""
    _check_role(actor)
    if not 0 < len(view.name) <= LONGEST_NAME or not view.name.isprintable():
        raise NotAView("that is no name", field="name", fix=f"write 1 to {LONGEST_NAME} characters on one line")
    if view.sort not in SORTS:
        raise NotAView(f"{view.sort!r} is no order", field="sort", fix=f"one of {', '.join(SORTS)}")
    for one in view.columns:
        if one not in COLUMNS or view.columns.count(one) > 1:
            raise NotAView(f"{one!r} is no column, or stands twice", field="columns", fix=", ".join(COLUMNS))
    for name, value in view.filters.items():
        _check_filter(name, value)


def _check_filter(name: str, value: object) -> None:
    at = f"filters.{name}"
    if name == "pending" and isinstance(value, bool):
        return
    if name == "show" and value in SHOWS:
        return
    if name in WORDS and isinstance(value, str) and len(value) <= LONGEST_WORD and "\0" not in value:
        if name in {"from", "to"}:
            parse_instant(f"{value}T00:00-05:00" if len(value) == len("2027-03-01") else value, field=at)
        return
    if name in LISTS and isinstance(value, list) and len(value) <= MOST_WORDS:
        for one in value:
            known = isinstance(one, str) and one in KNOWN.get(name, {one})
            if not known or len(one) > LONGEST_WORD or "\0" in one:
                raise NotAView(f"{one!r} is none", field=at, fix=", ".join(sorted(KNOWN.get(name, ("an id",)))))
        return
    raise NotAView(f"the list has no such filter {name!r}, or it is of another kind", field=at, fix="see docs/api.md")


def _check_name(view: View, there: Sequence[View]) -> None:
    if any(one.person == view.person and one.name == view.name and one.id != view.id for one in there):
        raise NameTaken(f"you have a view {view.name!r} already", field="name", fix="choose another name, or end it")


def _event(verb: str, view: View, *, actor: Actor, now: datetime) -> Event:
    after = {"view": view.id, "name": view.name, "shared": view.shared, "of": view.organisation}
    return Event(at=now, actor=actor, verb=verb, outage_id="", reason="", rule_book="", before=None, after=after)
