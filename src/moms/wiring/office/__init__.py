"""An open office: the book, the grid and the rules of one installation, and every use case on them."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from moms.store.calendar import PostgresDays
from moms.store.notices import PostgresNotices
from moms.store.place import open_place
from moms.wiring.office.calendars import Calendars
from moms.wiring.office.changes import Changes
from moms.wiring.office.nights import Nights
from moms.wiring.office.plannings import Plannings
from moms.wiring.office.plans import Plans
from moms.wiring.office.requests import Requests
from moms.wiring.office.room import Room
from moms.wiring.office.studies import Studies
from moms.wiring.office.views import Views

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moms.wiring.settings import Settings


class Office(Requests, Plans, Plannings, Calendars, Studies, Room, Nights, Changes, Views):
    """The use cases, as one actor at one instant."""


@contextlib.contextmanager
def open_office(chosen: Settings, *, env: Mapping[str, str] | None = None) -> Iterator[Office]:
    """Open the database of this installation and give its office; closed at the end."""
    with open_place(env=os.environ if env is None else env) as place:
        yield Office(
            settings=chosen, book=place.book, days=PostgresDays(place.engine), notices=PostgresNotices(place.engine)
        )
