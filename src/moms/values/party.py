"""Who acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may be to an outage (domain roles; `glossary.md`)."""

    OWNER = "owner"
    AGENT = "agent"
    SYSTEM = "system"
    ENGINEER = "engineer"
    CONTROL_ROOM = "control_room"
    FIELD = "field"
    PLANNER = "planner"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    PUBLIC = "public"


OPERATOR = "operator"
"""The organisation that runs MOMS."""
SEES_ALL = frozenset({Role.SYSTEM, Role.ENGINEER, Role.CONTROL_ROOM, Role.PLANNER, Role.AUDITOR, Role.ADMINISTRATOR})
"""Roles that see every row, at the operator; at an owner they see what an owner sees."""
LOOKS_ONLY = frozenset({Role.AUDITOR, Role.PUBLIC})


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person or a machine, the organisation it acts for, and in which role."""

    name: str
    organisation: str
    role: Role

    @property
    def sees_all(self) -> bool:
        """Whether this is one of the operator's own people, who see every owner's outages (semantics 9).

        >>> Actor(name="x", organisation="LAKES", role=Role.ENGINEER).sees_all
        False
        """
        return self.organisation == OPERATOR and self.role in SEES_ALL

    @property
    def looks_only(self) -> bool:
        """Whether this role changes nothing."""
        return self.role in LOOKS_ONLY

    def __str__(self) -> str:
        return f"{self.name} ({self.role}, {self.organisation})"


SYSTEM = Actor(name="moms", organisation=OPERATOR, role=Role.SYSTEM)
"""MOMS itself, acting for the operator."""
