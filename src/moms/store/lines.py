"""A search of the journal as a query. Row-level security sees to it that nobody finds another's lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, Text, any_, cast, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from moms.store import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select

    from moms.desk.ports import LineSearch

_C = tables.journal.c
_BODY = cast(_C.body, JSONB)


def _instant(name: str) -> ColumnElement[Any]:
    # Written without seconds where there are none: as text, instants do not sort.
    return cast(_BODY[name].astext, DateTime(timezone=True))


WRITTEN = _instant("written_at")
_CHAIN = _C.organisation.collate("C")
ORDER = (WRITTEN.desc(), _CHAIN.desc(), _C.seq.desc())


def lines_matching(search: LineSearch) -> Select[Any]:
    """Write a search of the journal as a query."""
    query = select(tables.journal).order_by(*ORDER).limit(search.limit)
    for clause in _clauses(search):
        query = query.where(clause)
    return query


def bodies_of(outage_ids: Sequence[str], *, verb: str) -> Select[Any]:
    """Write the query for the lines of outages whose verb begins like this, in the order of their chains.

    The verb is looked for as canonical JSON writes it, which costs no parsing; a text that only quotes it is
    found too, and told apart by who reads the line.
    """
    named = _C.body.contains(f'"verb":"{verb}', autoescape=True)
    query = select(_C.body).where(_C.outage_id == any_(literal(list(outage_ids), ARRAY(Text))), named)
    return query.order_by(_C.organisation, _C.seq)


def _clauses(search: LineSearch) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if search.organisation is not None:
        found.append(_C.organisation == search.organisation)
    if search.subject is not None:
        found.append(_C.outage_id.startswith(search.subject, autoescape=True))
    if search.verb is not None:
        found.append(_BODY["verb"].astext.startswith(search.verb, autoescape=True))
    if search.actor is not None:
        names = (_BODY[part]["name"].astext for part in ("actor", "asked_by", "written_by"))
        found.append(or_(*(name == search.actor for name in names)))
    if search.span is not None:
        when = func.coalesce(_instant("at"), WRITTEN)
        found += [when >= search.span.start, when < search.span.end]
    if search.text:
        found.append(or_(*(c.icontains(search.text, autoescape=True) for c in (_C.body, _C.outage_id))))
    if search.before is not None:
        found.append(tuple_(WRITTEN, _CHAIN, _C.seq) < search.before)
    return found
