"""The demo's first morning: deeds by people of the right roles, once, and only while the clock stands there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from moms.desk.field import of_outage
from moms.desk.offers import offers
from moms.desk.ports import Search
from moms.outages import State
from moms.store.notices import PostgresNotices
from moms.values import OPERATOR, SYSTEM, Actor, Role
from moms.wiring.demo import FIRST_DAY
from moms.wiring.demo_day import FAILED, Day, begin_day
from moms.wiring.office import Office
from moms.wiring.settings import settings
from tests.demos import WORLD, a_demo_home, environ
from tests.desk.worlds import NOW

MORNING = Day(
    owner="TO-1",
    waits={
        "external_id": "RELAY-7", "category": "transmission", "kind": "planned", "nature": "RW",
        "assets": ["branch:9"], "recall_h": 2, "emergency_return_h": 1,
        "window": {"start": "2027-03-19T08:00-05:00", "end": "2027-03-19T16:00-05:00"},
        "contacts": [{"name": "desk", "phone": "+1 555 0142"}],
    },
    moved="planned 14", to="2027-03-15T07:00-05:00", why="the crane", failed="branch:20",
    since="2027-02-01T07:10-05:00", until="2027-02-01T16:00-05:00",
    taps=(("arrived", "2027-02-01T08:05-05:00"), ("released", "2027-02-01T08:40-05:00")), supposes="the tree",
)  # fmt: skip


@pytest.fixture
def place(tmp_path):
    with a_demo_home(tmp_path) as found:
        yield found


def office(place):
    actor = Actor(name="root", organisation=OPERATOR, role=Role.ADMINISTRATOR)
    chosen = settings(environ=environ(place.home))
    return Office(settings=type(chosen)(**{**{f: getattr(chosen, f) for f in chosen.__dataclass_fields__},
                  "actor": actor}), book=place.book, opened=WORLD, notices=PostgresNotices(place.engine))  # fmt: skip


def everything(place):
    with place.book.as_(SYSTEM) as page:
        return sum(page.heads().values())


def test_each_screen_has_something_and_it_is_done_once_while_the_clock_stands_there(place):
    here = office(place)
    assert not begin_day(here, MORNING, clock=NOW + timedelta(days=1))
    assert begin_day(here, MORNING, clock=NOW)
    with place.book.as_(SYSTEM) as page:
        [waits] = page.find(Search(external_id="RELAY-7"))
        [failed] = page.find(Search(external_id=FAILED))
        [moved] = page.find(Search(external_id="planned 14"))
        taps = of_outage(page, failed)["entries"]
    assert (waits.state, failed.state) == (State.IN_STUDY, State.ACTIVE)
    assert [(tap["what"], tap["to_look"], tap["delayed"]) for tap in taps] == [
        ("arrived", False, False), ("released", False, False),
    ]  # fmt: skip
    [kept] = here.studies(waits.id)
    assert (kept["reason"], str(kept["by"]).split()[0]) == ("the tree", "engineer")
    whole = here.study(waits.id, str(kept["id"]))
    assert whole["study"] is not None, "it was studied, and is no empty shell"
    assert whole["supposed"]["added"][0]["assets"] == [MORNING.failed]
    [offer] = offers(book=place.book, actor=Actor(name="owner", organisation="TO-1", role=Role.OWNER))
    assert (offer.legs[0].outage, str(offer.became)) == (moved.id, "offered")
    before = everything(place)
    assert not begin_day(here, MORNING, clock=NOW)
    assert everything(place) == before
    assert place.verify().whole


def test_the_bundled_morning_is_of_the_demos_own_owner_and_before_its_clock():
    assert FIRST_DAY.owner == "Whimbrel Transmission (synthetic)"
    assert all(FIRST_DAY.since < at for _, at in FIRST_DAY.taps)
