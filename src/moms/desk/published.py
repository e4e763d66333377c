"""The rules as everybody may read them: what each asks, and every number of the book in force with its source."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from moms.decide.register import RULES
from moms.outages.guards import GUARDS
from moms.outages.rules import ALL
from moms.outages.rules.reading import READINGS
from moms.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from moms.desk.rulebook import RuleBook


class Ruled(Protocol):
    """What a rule shows of itself."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def asks(self) -> str:
        """What it asks, one sentence."""
        ...

    @property
    def source(self) -> str:
        """Where it comes from."""
        ...

    @property
    def test(self) -> str:
        """The test that holds it: path::name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Rules of one kind."""

    title: str
    says: str
    rules: Sequence[Ruled]


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(
        title="Reading a request",
        says="Found while a document is read; all of them block, and all are given at once.",
        rules=READINGS,
    ),
    Chapter(
        title="Entry",
        says=(
            "Asked of every request before anybody studies it. `block`: it is returned. `refer`: a person decides. "
            "`flag`: noted. The rule book may set another level. Nothing blocks a forced or emergency report: "
            "what would, refers."
        ),
        rules=ALL,
    ),
    Chapter(
        title="Decision",
        says=(
            "The rows of a decision's table. Something missing refers whatever else is found; then a violated limit "
            "denies (transmission), counters, or moves (generation); then what is unsure refers; conditions come last."
        ),
        rules=RULES,
    ),
    Chapter(
        title="Lifecycle",
        says="Must hold before an outage moves on; each has one refusal of its own.",
        rules=GUARDS,
    ),
)
"""All rules there are. A room with rules of its own adds a chapter."""


class Trust(StrEnum):
    """How far the source of a number has been looked at."""

    RECALLED = "recalled"
    """From memory; to be verified before anybody leans on it."""
    SOURCED = "sourced"
    """Read in the document that is named."""
    CHOSEN = "chosen"
    """This project's own choice, or its design's."""
    UNSAID = "unsaid"
    """The rule book says nothing: the program's own default holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookNumber:
    """One number (or list, or word) of a rule book: where it stands, what it is, where it comes from."""

    path: str
    value: object
    source: str | None
    trust: Trust


def rule_texts() -> list[dict[str, object]]:
    """Give every rule by chapter, as documents: id, what it asks, level, source, test."""
    return [{"title": c.title, "says": c.says, "rules": [_text(r) for r in c.rules]} for c in CHAPTERS]


def book_document(book: RuleBook) -> dict[str, object]:
    """Give a rule book as a document: its head, and all its numbers by section."""
    return {
        "id": book.id,
        "version": book.version,
        "valid_from": book.valid_from,
        "operator": book.operator,
        "numbers": list(numbers(book)),
    }


def numbers(book: RuleBook) -> Iterator[BookNumber]:
    """Give every number of a rule book, in the order of its sections; those it leaves to the program too."""
    for section in SECTIONS:
        part = getattr(book, section)
        for one in fields(part):
            yield _number(book, f"{section}.{one.name}", getattr(part, one.name))
    for name in sorted(book.template):
        yield _number(book, f"template.{name}", book.template[name])


SECTIONS = (
    "entry", "study", "ac", "margin", "dispatch", "redispatch", "decision", "recall", "ladder", "ledger", "clock",
    "notices",
)  # fmt: skip
"""The parts of a rule book that hold numbers, in the order they are read."""
_TAG = re.compile(r"\[([SMI])\]")


def trust_of(source: str | None) -> Trust:
    """Tell how far a source has been looked at, by its tags; the weakest one counts.

    >>> trust_of("ERCOT 60 min [S]; MISO as soon as practicable [M]").value
    'recalled'
    >>> trust_of("semantics 1.4").value
    'chosen'
    """
    if source is None:
        return Trust.UNSAID
    tags = set(_TAG.findall(source))
    if "M" in tags or "recalled" in source.lower():
        return Trust.RECALLED
    return Trust.SOURCED if tags == {"S"} else Trust.CHOSEN


def _number(book: RuleBook, path: str, value: object) -> BookNumber:
    source = book.sources.get(path)
    inside = _sources_in(plain(value))
    return BookNumber(path=path, value=plain(value), source=source, trust=_weakest(trust_of(source), inside))


def _weakest(own: Trust, inside: list[str]) -> Trust:
    """Give the trust of a list by the weakest of its rows that name a source of their own."""
    return Trust.RECALLED if any(trust_of(one) == Trust.RECALLED for one in inside) else own


def _sources_in(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["source"]] if isinstance(value.get("source"), str) else []
        return own + [found for part in value.values() for found in _sources_in(part)]
    return [found for part in value for found in _sources_in(part)] if isinstance(value, list) else []


def _text(rule: Ruled) -> dict[str, object]:
    return {
        "id": rule.id,
        "asks": rule.asks,
        "level": getattr(rule, "level", "block"),
        "source": rule.source,
        "test": rule.test,
    }
