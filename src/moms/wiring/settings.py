"""Who acts, when, on which grid and in which home: read from flags and the environment, once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from moms.values import Actor, Refused, Role
from moms.wiring.clock import read_clock, set_demo_clock, ticks

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OPERATOR", "Settings", "UnclearSetting", "home", "set_demo_clock", "settings"]
OPERATOR = "operator"
"""The organisation that runs MOMS; it sees the whole book."""


class UnclearSetting(Refused):
    """A flag or variable that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one run of a command is told from outside."""

    home: Path
    actor: Actor
    now: datetime
    simulated: bool
    """Whether `now` is not the wall clock: the demo's clock, MOMS_NOW or --now."""
    grid: str
    rule_book: str
    fixed: bool = False
    """Whether `now` was given for this run, and stays."""


def settings(
    *,
    user: str | None = None,
    organisation: str | None = None,
    role: str | None = None,
    now: str | None = None,
    grid: str | None = None,
    rule_book: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Put together flags, environment and defaults; flags win.

    Raises:
        UnclearSetting: a role or an instant that cannot be read.
    """
    where = home(environ)
    instant, simulated = _now(now or environ.get("MOMS_NOW"), where)
    organisation = organisation or environ.get("MOMS_ORG") or OPERATOR
    default_role = Role.ENGINEER if organisation == OPERATOR else Role.OWNER
    return Settings(
        home=where,
        actor=Actor(
            name=user or environ.get("MOMS_USER") or _login(environ),
            organisation=organisation,
            role=_role(role or environ.get("MOMS_ROLE") or default_role),
        ),
        now=instant,
        simulated=simulated,
        grid=grid or environ.get("MOMS_GRID") or "miso",
        rule_book=rule_book or environ.get("MOMS_RULE_BOOK") or "miso-demo-1",
        fixed=bool(now or environ.get("MOMS_NOW")),
    )


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the folder in which MOMS keeps its data: MOMS_HOME, else ~/.local/share/moms."""
    named = environ.get("MOMS_HOME")
    return Path(named) if named else Path.home() / ".local" / "share" / "moms"


def _login(environ: Mapping[str, str]) -> str:
    return environ.get("USER") or environ.get("LOGNAME") or "somebody"


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise UnclearSetting(f"{text!r} is no role", field="role", fix=f"one of {', '.join(sorted(Role))}") from None


def _now(text: str | None, where: Path) -> tuple[datetime, bool]:
    if text is None:
        clock = read_clock(where)
        if clock is None:
            return datetime.now(UTC).replace(microsecond=0), False
        return clock.reading(ticks()), True
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise UnclearSetting(f"{text!r} is no instant with an offset", field="now", fix="write 2026-12-01T10:00-05:00")
    return instant.astimezone(UTC), True
