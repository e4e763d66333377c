"""The demo from its beginning again: what is in the book is kept in a backup, and the book it began with comes back.

Only a home that the demo itself began has the mark of one (`mark`), and only such a home is ever begun again. A
replay that died on its way is finished by the next start of the demo.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms import __version__
from moms.desk.ports import Search
from moms.store.afresh import afresh
from moms.store.audit import now
from moms.store.backup import back_up
from moms.store.place import open_place, restore_into
from moms.values import SYSTEM, Refused
from moms.wiring.clock import set_demo_clock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from moms.store.place import Place

FOLDER = "demo"
MARK, START, UNDER_WAY = "began.json", "start.zip", "replay-under-way.json"


class NotADemo(Refused):
    """A home that the demo did not begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoHome:
    """The files of the demo in a home."""

    home: Path

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.home / FOLDER

    @property
    def is_demos(self) -> bool:
        """Whether the demo began this home's book."""
        return (self.folder / MARK).is_file()

    @property
    def start(self) -> Path:
        """The book as its pages were first served."""
        return self.folder / START

    @property
    def under_way(self) -> bool:
        """Whether a replay was begun and not finished."""
        return self.is_demos and (self.folder / UNDER_WAY).is_file()

    def mark(self, clock: datetime) -> None:
        """Mark a home whose book the demo has just begun."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(self.folder / MARK, {"clock": clock.isoformat()})

    def why_not(self, env: Mapping[str, str]) -> str:
        """Give why it cannot be begun again; empty where it can."""
        if env.get("MOMS_DATABASE_URL"):
            return "this demo's database is a named server, which is never emptied"
        if not self.is_demos:
            return "the book of this home was not begun by this demo, and is left as it is"
        return "" if self.start.is_file() else "the book that it began with was not kept"


def keep_start(place: Place, there: DemoHome) -> None:
    """Keep the book as the demo begins with it, once, in a home that is the demo's."""
    if there.is_demos and not there.start.is_file():
        back_up(place.engine, there.start, at=now(), version=__version__)


def begin_again(there: DemoHome, *, env: Mapping[str, str], clock: datetime) -> Path | None:
    """Begin again, or finish what was begun; give the file in which all that had been entered is kept.

    Raises:
        NotADemo: the home is not the demo's to empty, or its beginning was not kept.
    """
    if why := there.why_not(env):
        raise NotADemo(why, field="MOMS_HOME", fix="name a fresh folder for the demo")
    kept = _keep(there, env)
    _write(there.folder / UNDER_WAY, {"kept": None if kept is None else kept.name})
    afresh(env=env)
    with open_place(env=env) as place:
        restore_into(place, there.start, env=env)
    set_demo_clock(there.home, clock)
    (there.folder / UNDER_WAY).unlink()
    return kept


def _keep(there: DemoHome, env: Mapping[str, str]) -> Path | None:
    """Back up what is in the book, if anything is."""
    file = there.folder / f"kept-{now():%Y%m%dT%H%M%S%f}Z.zip"
    with open_place(env=env) as place:
        with place.book.as_(SYSTEM) as page:
            if not page.find(Search(limit=1)):
                return None
        with contextlib.suppress(Refused):
            place.anchor()
        back_up(place.engine, file, at=now(), version=__version__)
    return file


def _write(file: Path, document: Mapping[str, object]) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(document), encoding="utf-8")
    fresh.replace(file)
