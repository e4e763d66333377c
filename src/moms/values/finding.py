"""What a rule has to say about a request or a grid."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding weighs."""

    BLOCK = "block"
    """The thing is returned; it cannot go on."""
    REFER = "refer"
    """A person decides."""
    FLAG = "flag"
    """Noted in the record; changes nothing by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing one rule found.

    `rule` is the id in docs/rules.md, `says` one plain sentence, `field` the input it is about,
    `fix` what would mend it.
    """

    rule: str
    level: Level
    says: str
    field: str | None = None
    fix: str | None = None
