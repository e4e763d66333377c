"""Shapes of JSON documents: each reads a value, with all that is wrong with it, and says itself as JSON Schema.

The same table of fields is therefore the parser and the published schema. Reading never stops at the
first fault: what is wrong is noted as findings (`READ-*` in docs/rules.md), each with the field and the fix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from moms.values.clock import (
    INSTANT_PATTERN,
    AmbiguousTime,
    Fold,
    NonexistentTime,
    NoSuchZone,
    NotAnInstant,
    NoZone,
    OffsetContradictsZone,
    parse_instant,
    zone_of,
)
from moms.values.digest import DECIMALS
from moms.values.finding import Finding, Level
from moms.values.refused import Refused
from moms.values.window import Window

if TYPE_CHECKING:
    from datetime import datetime
    from enum import StrEnum

UNKNOWN, MISSING, TYPE, CHOICE, RANGE, INSTANT, ZONE, GAP, TWICE, ORDER, REPEATED, CONTRADICTS = (
    f"READ-{n}" for n in range(1, 13)
)
_TIMES = {
    NotAnInstant: INSTANT,
    NoZone: ZONE,
    NoSuchZone: ZONE,
    NonexistentTime: GAP,
    AmbiguousTime: TWICE,
    OffsetContradictsZone: CONTRADICTS,
}

_INK, _ANY = r"[^\s\u0000-\u001f\u007f\ud800-\udfff]", r"[^\u0000-\u001f\u007f\ud800-\udfff]"
LINE = f"{_INK}(?:{_ANY}*{_INK})?"
"""One line of text with no space at its ends."""
PROSE = r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff]*"
"""Text of any number of lines that a database can keep."""


Read: TypeAlias = Any
"""What a shape gives: as many kinds of value as a document has; or BAD."""


class _Bad:
    """What a shape gives for a value it could not read."""

    def __repr__(self) -> str:
        return "BAD"


BAD: Final = _Bad()


@dataclass(slots=True)
class Notes:
    """What is found while a document is read, and the zone its local times hang in."""

    zone: str | None = None
    found: list[Finding] = field(default_factory=list)

    def say(self, rule: str, at: str, says: str, fix: str) -> _Bad:
        """Note one fault."""
        self.found.append(Finding(rule=rule, level=Level.BLOCK, says=says, field=at, fix=fix))
        return BAD


class Shape(Protocol):
    """One kind of value in a document."""

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        """Give what the value means, or BAD with the reasons in `notes`."""
        ...

    def schema(self) -> dict[str, object]:
        """Give the JSON Schema (2020-12) of the values that can be read."""
        ...


def _kind(value: object) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return "nothing" if value is None else names.get(type(value), type(value).__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that matches a pattern whole."""

    pattern: str = LINE
    most: int = 200
    wants: str = "text on one line"

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        """Give the text."""
        if not isinstance(value, str):
            return notes.say(TYPE, at, f"{at} is {_kind(value)}, not text", f"give {self.wants}")
        if len(value) > self.most:
            return notes.say(RANGE, at, f"{at} has {len(value)} characters", f"give at most {self.most}")
        if not re.fullmatch(self.pattern, value):
            return notes.say(RANGE, at, f"{at} is {value!r}", f"give {self.wants}")
        return value

    def schema(self) -> dict[str, object]:
        """Give the schema."""
        return {"type": "string", "pattern": f"^(?:{self.pattern})$", "maxLength": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number from `least` to `most`, whole if it must be."""

    least: float = 0
    most: float
    whole: bool = False
    above: bool = False
    """Whether `least` itself is refused."""

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        """Give the number: a float, or an int if whole."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return notes.say(TYPE, at, f"{at} is {_kind(value)}, not a number", f"give {self._wants()}")
        if not self.least <= value <= self.most or (self.above and value == self.least):
            return notes.say(RANGE, at, f"{at} is {value}", f"give {self._wants()}")
        if self.whole and value != int(value):
            return notes.say(RANGE, at, f"{at} is {value}", f"give {self._wants()}")
        return int(value) if self.whole else round(float(value), DECIMALS) + 0.0

    def _wants(self) -> str:
        what = "a whole number" if self.whole else "a number"
        return f"{what} {'above' if self.above else 'from'} {self.least:g} to {self.most:g}"

    def schema(self) -> dict[str, object]:
        """Give the schema."""
        least = {"exclusiveMinimum" if self.above else "minimum": self.least}
        return {"type": "integer" if self.whole else "number", **least, "maximum": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNo:
    """True or false."""

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        """Give the bool."""
        if not isinstance(value, bool):
            return notes.say(TYPE, at, f"{at} is {_kind(value)}", "give true or false")
        return value

    def schema(self) -> dict[str, object]:
        """Give the schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the names of an enumeration."""

    of: type[StrEnum]

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        """Give the member."""
        if not isinstance(value, str):
            return notes.say(TYPE, at, f"{at} is {_kind(value)}, not text", f"give one of {self._names()}")
        try:
            return self.of(value)
        except ValueError:
            near = get_close_matches(value.lower(), [one.value.lower() for one in self.of], n=1)
            meant = next((one.value for one in self.of if near and one.value.lower() == near[0]), None)
            fix = f"did you mean {meant}? One of {self._names()}" if meant else f"give one of {self._names()}"
            return notes.say(CHOICE, at, f"{at} is {value!r}, which is not one of its values", fix)

    def _names(self) -> str:
        return ", ".join(one.value for one in self.of)

    def schema(self) -> dict[str, object]:
        """Give the schema."""
        return {"enum": [one.value for one in self.of]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A moment: text with an offset, or local text with a zone (its own or the document's) and, if needed, which."""

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        """Give the instant in UTC."""
        zone, fold = notes.zone, None
        if isinstance(value, Mapping):
            parts = _LOCAL.read(value, at=at, notes=notes)
            if isinstance(parts, _Bad):
                return BAD
            value, zone, fold = parts["at"], parts.get("zone", zone), parts.get("fold")
        if not isinstance(value, str):
            return notes.say(TYPE, at, f"{at} is {_kind(value)}, not a date and time", "write 2027-03-01T08:00-05:00")
        try:
            return parse_instant(value, zone=zone, fold=fold, field=at)
        except tuple(_TIMES) as refused:
            return notes.say(_TIMES[type(refused)], at, refused.says, refused.fix or "")

    def schema(self) -> dict[str, object]:
        """Give the schema."""
        return {"anyOf": [{"type": "string", "pattern": f"^(?:{INSTANT_PATTERN})$"}, _LOCAL.schema()]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneName:
    """The name of a zone: `EST` for the market clock, or one of the tables."""

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        """Give the name."""
        name = _ZONE_TEXT.read(value, at=at, notes=notes)
        if isinstance(name, _Bad):
            return BAD
        try:
            zone_of(name, field=at)
        except NoSuchZone as refused:
            return notes.say(ZONE, at, refused.says, refused.fix or "")
        return name

    def schema(self) -> dict[str, object]:
        """Give the schema; which zones there are is more than a schema can say."""
        return _ZONE_TEXT.schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A window: an object with a start and an end after it."""

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        """Give the Window."""
        parts = _SPAN.read(value, at=at, notes=notes)
        return BAD if isinstance(parts, _Bad) else window_of(parts["start"], parts["end"], at=at, notes=notes)

    def schema(self) -> dict[str, object]:
        """Give the schema; that the end comes after the start is more than a schema can say."""
        return _SPAN.schema()


def window_of(start: datetime, end: datetime, *, at: str, notes: Notes) -> Read:
    """Give the Window from start to end, or BAD with the reason in `notes`."""
    try:
        return Window(start=start, end=end)
    except Refused as refused:
        return notes.say(ORDER, f"{at}.end", refused.says, refused.fix or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """A list of one shape, read into a tuple; no two alike."""

    of: Shape
    least: int = 0
    most: int = 500

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        """Give the tuple."""
        if not isinstance(value, list | tuple):
            return notes.say(TYPE, at, f"{at} is {_kind(value)}, not a list", "give a list, as [ ... ]")
        if not self.least <= len(value) <= self.most:
            return notes.say(RANGE, at, f"{at} has {len(value)} entries", f"give {self.least} to {self.most}")
        read = [self.of.read(one, at=f"{at}[{k}]", notes=notes) for k, one in enumerate(value)]
        if any(isinstance(one, _Bad) for one in read):
            return BAD
        for k, one in enumerate(read):
            if one in read[:k]:
                return notes.say(REPEATED, f"{at}[{k}]", f"{at} names {value[k]} twice", "name each once")
        return tuple(read)

    def schema(self) -> dict[str, object]:
        """Give the schema."""
        limits = {"minItems": self.least, "maxItems": self.most, "uniqueItems": True}
        return {"type": "array", "items": self.of.schema(), **limits}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an object. An optional one may be left out or null, which mean the same."""

    name: str
    shape: Shape
    says: str
    needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An object with known fields and no others."""

    fields: tuple[Field, ...]

    def read(self, value: object, *, at: str, notes: Notes, needed: frozenset[str] | None = None) -> Read:
        """Give a dict of the fields that are there; `needed` overrides which must be."""
        if not isinstance(value, Mapping):
            return notes.say(
                TYPE, at, f"{at or 'the document'} is {_kind(value)}, not an object", "give an object, as { ... }"
            )
        before = len(notes.found)
        known = {one.name: one for one in self.fields}
        for name in value:
            if name not in known:
                self._unknown(str(name), at=at, notes=notes)
        must = frozenset(one.name for one in self.fields if one.needed) if needed is None else needed
        read: dict[str, object] = {}
        for name, one in known.items():
            where = f"{at}.{name}" if at else name
            given = value.get(name)
            if given is None:
                if name in must:
                    notes.say(MISSING, where, f"{where} is missing", f"give {one.says}")
                continue
            read[name] = one.shape.read(given, at=where, notes=notes)
        return read if len(notes.found) == before else BAD

    def _unknown(self, name: str, *, at: str, notes: Notes) -> None:
        where = f"{at}.{name}" if at else name
        near = get_close_matches(name, [one.name for one in self.fields], n=1)
        fix = (
            f"did you mean {near[0]}?" if near else f"leave it out; there are {', '.join(f.name for f in self.fields)}"
        )
        notes.say(UNKNOWN, where, f"there is no field {where}", fix)

    def schema(self) -> dict[str, object]:
        """Give the schema."""
        must = [one.name for one in self.fields if one.needed]
        return {
            "type": "object",
            "properties": {one.name: self._property(one) for one in self.fields},
            **({"required": must} if must else {}),
            "additionalProperties": False,
        }

    @staticmethod
    def _property(one: Field) -> dict[str, object]:
        inner = one.shape.schema()
        shape = inner if one.needed else {"anyOf": [inner, {"type": "null"}]}
        return {"description": one.says, **shape}


_ZONE_TEXT = Text(pattern=r"[A-Za-z0-9_+/-]+", most=60, wants="EST, UTC, America/Chicago or the like")
_LOCAL = Record(
    fields=(
        Field(
            name="at",
            shape=Text(pattern=INSTANT_PATTERN, most=40, wants="2027-03-14T01:30"),
            says="a date and time, 2027-03-14T01:30",
            needed=True,
        ),
        Field(name="zone", shape=ZoneName(), says="the zone of its clock, as America/Chicago"),
        Field(name="fold", shape=Choice(of=Fold), says="first or second, where the clock shows the time twice"),
    )
)
_SPAN = Record(
    fields=(
        Field(name="start", shape=Instant(), says="when it starts", needed=True),
        Field(name="end", shape=Instant(), says="when it ends", needed=True),
    )
)
