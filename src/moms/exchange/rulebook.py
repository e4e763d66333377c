"""Rule books: JSON files of numbers, each with its source, read whole into the values of the rooms.

The file's sections are the fields of `desk.rulebook.RuleBook`, and each section's fields are those of
its room's own value: a number the room does not know, or one it needs and does not get, is an error
that names its place. Every number is written `{"value": ..., "source": "..."}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from enum import IntEnum, StrEnum
from importlib.resources import files
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from moms.adequacy.margin import MarginRules
from moms.adequacy.recall import RecallRules
from moms.decide.policy import AcNeed, Authority, AuthorityRow, DecisionRules
from moms.desk.clock import AnswerRow, ClockRules
from moms.desk.rulebook import RuleBook
from moms.ledger import LedgerRules
from moms.ledger.rules import Band, Forfeit
from moms.ledger.standards import LineStandard, Standards, UnitStandard
from moms.market.rules import DispatchRules, RedispatchRules
from moms.outages import Category, EntryRules, Kind
from moms.outages.document import REQUEST
from moms.outages.policy import Agency, Blackout, Lead, Longest, Notice, Peak
from moms.records.told import EscalationRow, NoticeRules, PlanRow, Severity, Side
from moms.risk.firmness import LadderRules, Rung, RungRule
from moms.study.ac_rows import AcLimits
from moms.study.slices import StudyRules
from moms.values import Finding, Level, Refused, Role, Window
from moms.values.shape import (
    BAD,
    RANGE,
    TYPE,
    UNKNOWN,
    Choice,
    Field,
    Notes,
    Number,
    Read,
    Record,
    Shape,
    Span,
    Text,
    YesNo,
)
from moms.values.shape import (
    MISSING as MISSING_RULE,
)

HOME = files("moms") / "data" / "rulebooks"
SECTIONS: dict[str, type] = {
    "entry": EntryRules,
    "study": StudyRules,
    "margin": MarginRules,
    "dispatch": DispatchRules,
    "redispatch": RedispatchRules,
    "decision": DecisionRules,
}
SPARE: dict[str, type] = {
    "ac": AcLimits, "ledger": LedgerRules, "recall": RecallRules, "ladder": LadderRules, "clock": ClockRules,
    "notices": NoticeRules,
}  # fmt: skip
"""Sections that a book may leave out."""
_NAMES: dict[str, Any] = {
    one.__name__: one
    for one in (
        AcNeed, Agency, AnswerRow, Authority, AuthorityRow, Band, Blackout, Category, EscalationRow, Forfeit, Kind,
        Lead, Level, LineStandard, Longest, Notice, Peak, PlanRow, Role, Rung, RungRule, Severity, Side, Standards,
        UnitStandard, Window, date,
    )
}  # fmt: skip
_ANYTHING = Number(least=-1e12, most=1e12)
_WHOLE = Number(least=-1e12, most=1e12, whole=True)
_WORDS = Text(most=300)


class NoSuchRuleBook(Refused):
    """No rule book of that name is there, and no file."""


class BadRuleBook(Refused):
    """A rule book that cannot be read; `findings` has all that is wrong."""

    def __init__(self, name: str, findings: tuple[Finding, ...]) -> None:
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(f"rule book {name}: {first.says}{more}", field=first.field, fix=first.fix)
        self.findings = findings


def rule_books() -> tuple[str, ...]:
    """Name the rule books that come with MOMS."""
    return tuple(sorted(one.name.removesuffix(".json") for one in HOME.iterdir() if one.name.endswith(".json")))


def open_rule_book(name: str | Path) -> RuleBook:
    """Give a rule book by its name, `miso-demo-1`, or by the path of its file.

    Raises:
        NoSuchRuleBook: there is none.
        BadRuleBook: it cannot be read; all faults are in it.
    """
    return read_rule_book(rule_document(name), name=str(name))


def rule_document(name: str | Path) -> object:
    """Give the document of a rule book as its file has it.

    Raises:
        NoSuchRuleBook: there is none. BadRuleBook: it is not JSON.
    """
    found = Path(name) if str(name).endswith(".json") else HOME / f"{name}.json"
    if not found.is_file():
        raise NoSuchRuleBook(
            f"there is no rule book {str(name)!r}",
            field="rule_book",
            fix=f"one of {', '.join(rule_books())}, or a file",
        )
    try:
        document: object = json.loads(found.read_text(encoding="utf-8"))
    except ValueError as fault:
        says = f"not JSON: {fault}"
        finding = Finding(rule=TYPE, level=Level.BLOCK, says=says, field="file", fix="check it with a JSON editor")
        raise BadRuleBook(str(name), (finding,)) from None
    return document


def with_numbers(document: object, numbers: Mapping[tuple[str, str], Mapping[str, object]]) -> dict[str, Any]:
    """Give the document of a rule book with other numbers, by section and field; whether they can be, reading tells."""
    made: dict[str, Any] = dict(document) if isinstance(document, Mapping) else {}
    for (section, field), number in numbers.items():
        there = made.get(section)
        made[section] = {**(there if isinstance(there, Mapping) else {}), field: dict(number)}
    return made


def read_rule_book(document: object, *, name: str) -> RuleBook:
    """Give the rule book a document holds.

    Raises:
        BadRuleBook: it cannot be read; all faults are in it.
    """
    notes = Notes()
    sources: dict[str, str] = {}
    parts = _HEAD.read(document, at="", notes=notes)
    if parts is BAD or not isinstance(document, Mapping):
        raise BadRuleBook(name, tuple(notes.found))
    for section, kind in SECTIONS.items():
        parts[section] = _section(kind, document.get(section), at=section, notes=notes, sources=sources)
    for section, kind in SPARE.items():
        there = document.get(section)
        parts[section] = kind() if there is None else _section(kind, there, at=section, notes=notes, sources=sources)
    parts["template"] = _template(document.get("template", {}), notes=notes, sources=sources)
    if notes.found:
        raise BadRuleBook(name, tuple(notes.found))
    return RuleBook(**parts, sources=sources)


class _Day:
    """A date, YYYY-MM-DD."""

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        """Give the date."""
        try:
            return date.fromisoformat(value) if isinstance(value, str) else notes.say(TYPE, at, "no date", "YYYY-MM-DD")
        except ValueError:
            return notes.say(RANGE, at, f"{value!r} is no day of the calendar", "write YYYY-MM-DD")

    def schema(self) -> dict[str, object]:
        """Give the schema."""
        return {"type": "string", "format": "date"}


class _Later:
    """A section that is read by itself."""

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        """Give it as it is, if it is an object."""
        ok = isinstance(value, Mapping)
        return value if ok else notes.say(TYPE, at, f"{at} is no object", "give an object, as { ... }")

    def schema(self) -> dict[str, object]:
        """Give the schema."""
        return {"type": "object"}


_HEAD = Record(
    fields=(
        Field(name="id", shape=Text(), says="the name of the rule book", needed=True),
        Field(name="version", shape=Number(least=1, most=1e6, whole=True), says="its version, from 1", needed=True),
        Field(name="valid_from", shape=_Day(), says="the first day it holds, YYYY-MM-DD", needed=True),
        Field(name="operator", shape=_WORDS, says="whose rules they are", needed=True),
        *(Field(name=one, shape=_Later(), says=f"the numbers of {one}", needed=True) for one in SECTIONS),
        *(Field(name=one, shape=_Later(), says=f"the numbers of {one}") for one in SPARE),
        Field(name="template", shape=_Later(), says="what the calendar asks with"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sourced:
    value: object
    source: str


def _sourced(written: object, *, at: str, notes: Notes) -> _Sourced | None:
    if not isinstance(written, Mapping) or set(written) != {"value", "source"}:
        notes.say(TYPE, at, f"{at} is not a value with its source", 'write {"value": ..., "source": "..."}')
        return None
    source = _WORDS.read(written["source"], at=f"{at}.source", notes=notes)
    return None if source is BAD else _Sourced(value=written["value"], source=source)


def _section(kind: type, written: object, *, at: str, notes: Notes, sources: dict[str, str]) -> Read:
    assert isinstance(written, Mapping)  # noqa: S101 - the head was read
    before, read = len(notes.found), {}
    hints = get_type_hints(kind, localns=_NAMES)
    for name in _named(kind, written, at=at, notes=notes, spare=frozenset({"source"})):
        found = _sourced(written[name], at=f"{at}.{name}", notes=notes)
        if found:
            read[name] = _value(hints[name], found.value, at=f"{at}.{name}", notes=notes)
            sources[f"{at}.{name}"] = found.source
    return _made(kind, read, at=at, notes=notes) if len(notes.found) == before else BAD


def _named(kind: type, written: Mapping[str, object], *, at: str, notes: Notes, spare: frozenset[str]) -> list[str]:
    """Give the fields that are there; note strangers, and those that are needed and not there."""
    known = {one.name: one for one in fields(kind)}
    for name in written:
        if name not in known:
            notes.say(UNKNOWN, f"{at}.{name}", f"there is no number {at}.{name}", f"one of {', '.join(known)}")
    for name, one in known.items():
        has_default = one.default is not MISSING or one.default_factory is not MISSING
        if name not in written and name not in spare and not has_default:
            notes.say(MISSING_RULE, f"{at}.{name}", f"{at}.{name} is missing", "give it, with its source")
    return [name for name in known if name in written]


def _made(kind: type, read: dict[str, Any], *, at: str, notes: Notes) -> Read:
    try:
        return kind(**read)
    except Refused as refused:
        return notes.say(RANGE, f"{at}.{refused.field or ''}".rstrip("."), refused.says, refused.fix or "")


def _value(hint: Any, written: object, *, at: str, notes: Notes) -> Read:  # noqa: ANN401 - a type hint
    """Read one value as its type hint wants it."""
    simple: dict[object, Shape] = {
        bool: YesNo(),
        int: _WHOLE,
        float: _ANYTHING,
        str: _WORDS,
        Window: Span(),
        date: _Day(),
    }
    if hint in simple:
        return simple[hint].read(written, at=at, notes=notes)
    if get_origin(hint) in {Union, UnionType}:
        inner = next(one for one in get_args(hint) if one is not NoneType)
        return None if written is None else _value(inner, written, at=at, notes=notes)
    if get_origin(hint) is tuple:
        if not isinstance(written, list):
            return notes.say(TYPE, at, f"{at} is no list", "give a list, as [ ... ]")
        return tuple(_value(get_args(hint)[0], one, at=f"{at}[{k}]", notes=notes) for k, one in enumerate(written))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Choice(of=hint).read(written, at=at, notes=notes)
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return _rung(hint, written, at=at, notes=notes)
    if is_dataclass(hint) and isinstance(hint, type) and isinstance(written, Mapping):
        return _row(hint, written, at=at, notes=notes)
    return notes.say(TYPE, at, f"{at} is no object", "give an object, as { ... }")


def _rung(steps: type[IntEnum], written: object, *, at: str, notes: Notes) -> Read:
    """Read a step of an order by its name in small letters."""
    known = {one.name.lower(): one for one in steps}
    if isinstance(written, str) and written in known:
        return known[written]
    return notes.say(RANGE, at, f"{written!r} is none", f"one of {', '.join(known)}")


def _row(kind: type, written: Mapping[str, object], *, at: str, notes: Notes) -> Read:
    before, hints = len(notes.found), get_type_hints(kind, localns=_NAMES)
    names = _named(kind, written, at=at, notes=notes, spare=frozenset())
    read = {name: _value(hints[name], written[name], at=f"{at}.{name}", notes=notes) for name in names}
    return _made(kind, read, at=at, notes=notes) if len(notes.found) == before else BAD


def _template(written: object, *, notes: Notes, sources: dict[str, str]) -> dict[str, object]:
    """Read the parts of a request that stand where nobody has filed one."""
    shapes = {one.name: one.shape for one in REQUEST.fields}
    read = {}
    for name, one in written.items() if isinstance(written, Mapping) else ():
        at = f"template.{name}"
        found = _sourced(one, at=at, notes=notes)
        if name not in shapes:
            notes.say(UNKNOWN, at, f"a request has no field {name}", f"one of {', '.join(shapes)}")
        elif found:
            read[name] = shapes[name].read(found.value, at=at, notes=notes)
            sources[at] = found.source
    return read
