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


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person or a machine, the organisation it acts for, and in which role."""

    name: str
    organisation: str
    role: Role

    def __str__(self) -> str:
        return f"{self.name} ({self.role}, {self.organisation})"


SYSTEM = Actor(name="moms", organisation="operator", role=Role.SYSTEM)
"""MOMS itself, acting for the operator."""
