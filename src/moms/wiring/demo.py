"""The demo: a season book on its own clock, and the four stories taken through it."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk import people
from moms.desk.people import Person
from moms.desk.season import enter
from moms.desk.storms import Storm, keep_storm
from moms.desk.submit import AlreadyFiled
from moms.exchange.stories import bundled_stories
from moms.exchange.storms import SAMPLE, read_weather
from moms.values import SYSTEM, Actor, Refused, Role
from moms.wiring.clock import read_clock, set_demo_clock
from moms.wiring.demo_day import Day
from moms.wiring.office import open_office
from moms.wiring.replay import DemoHome
from moms.wiring.settings import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from moms.desk.answer import Answer
    from moms.desk.people import Register
    from moms.exchange.season import Season
    from moms.exchange.stories import Story
    from moms.wiring.office import Office
    from moms.wiring.settings import Settings

STARTER = "starter"
STORM_AHEAD = timedelta(days=2)
"""When the sample storm begins, after the demo does."""


LINES = "Whimbrel Transmission (synthetic)"
PEOPLE = (
    ("owner", LINES, Role.OWNER, "asks to take lines out"),
    ("plant", "Buckeye Generation (synthetic)", Role.OWNER, "asks to take units out"),
    ("crew", LINES, Role.FIELD, "reports equipment back"),
    ("engineer", OPERATOR, Role.ENGINEER, "settles what MOMS refers"),
    ("control", OPERATOR, Role.CONTROL_ROOM, "runs the day"),
    ("planner", OPERATOR, Role.PLANNER, "looks at the season"),
    ("auditor", OPERATOR, Role.AUDITOR, "examines the record"),
)
"""Who may sign in to the demo, and for what: the owner of a denied story and its crew, a plant, the operator's own."""


FIRST_DAY = Day(
    owner=LINES,
    waits={
        "external_id": "RELAY-7", "category": "transmission", "kind": "maintenance", "nature": "RW",
        "assets": ["branch:4561"], "recall_h": 2, "emergency_return_h": 1,
        "window": {"start": "2027-01-19T08:00-05:00", "end": "2027-01-19T16:00-05:00"},
        "description": "Relay settings of the second set; the first set stays in",
        "contacts": [{"name": "Whimbrel outage desk (made up)", "phone": "+1 555 0142"}],
    },
    moved="S27-0235", to="2027-05-06T07:00-05:00",
    why="your neighbour works at the next station on the 4th; two days later both crews have the crane",
    failed="branch:1669", since="2026-12-01T07:10-05:00", until="2026-12-01T16:00-05:00",
    taps=(("arrived", "2026-12-01T08:05-05:00"), ("released", "2026-12-01T08:40-05:00"),
          ("isolated", "2026-12-01T09:10-05:00")),
    supposes="were the line that failed this morning still out then: looked at before it is settled",
)  # fmt: skip
"""What has happened in the starter before anybody looks: something to settle, to answer, to watch and to report on."""


class StoryChanged(Refused):
    """The book holds another request under a story's reference."""


def load_season(office: Office, season: Season) -> int:
    """Enter a season if it is not there yet, and set the demo's clock; give how many were new.

    A clock that has gone on since is left as it is: it never goes back in a book that knows it.

    Raises:
        NotEmpty: the book holds somebody's own outages, or another season.
    """
    home = office.settings.home
    fresh = enter(book=office.book, entries=season.entries, rule_book=season.rule_book)
    if fresh == len(season.entries):
        storm = Storm(weather=read_weather(SAMPLE))
        keep_storm(book=office.book, actor=SYSTEM, now=season.clock, storm=storm, begins=season.clock + STORM_AHEAD)
        DemoHome(home=home).mark(season.clock)
    clock = read_clock(home)
    if fresh or clock is None or clock.base < season.clock:
        set_demo_clock(home, season.clock)
    return fresh


def tell_stories(office: Office, *, season: Season, preview: bool = False) -> Iterator[tuple[Story, Answer]]:
    """Take each story through: filed and decided as its owner at the demo's instant, or only previewed.

    A story that has been told before gives its stored answer. They are decided side by side, a process
    each on as many cores as there are, and come back in order.
    """
    stories = bundled_stories()
    jobs = [(replace(office.settings, now=season.clock), story, preview) for story in stories]
    cores = min(len(os.sched_getaffinity(0)), len(jobs))
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        yield from zip(stories, pool.imap(_told, jobs), strict=True)


def enter_people(*, register: Register, actor: Actor, now: datetime, kept: str) -> tuple[str, ...]:
    """Let the demo's people sign in with one password, of which `kept` is the hash; give their names.

    Those who are there already get the new one, so that nobody goes on with that of an earlier demo. Who was
    disabled stays so.
    """
    with register.as_(actor) as page:
        there = {person.name: person for person in page.people()}
    done = []
    for name, organisation, role, _ in PEOPLE:
        if name not in there:
            person = Person(name=name, organisation=organisation, role=role, password=kept, made_at=now)
            people.add_person(register=register, actor=actor, now=now, person=person)
        elif there[name].disabled or (there[name].organisation, there[name].role) != (organisation, role):
            continue  # somebody's own: the demo does not touch it
        else:
            people.set_password(register=register, actor=actor, now=now, name=name, kept=kept)
        done.append(name)
    return tuple(done)


def _told(job: tuple[Settings, Story, bool]) -> Answer:
    settings, story, preview = job
    owner = Actor(name=story.requester, organisation=story.request.organisation, role=Role.OWNER)
    with open_office(replace(settings, actor=owner)) as here:
        try:
            return here.submit(story.request, preview=preview)
        except AlreadyFiled as why:
            raise StoryChanged(why.says, field="stories", fix="use a fresh MOMS_HOME for the demo") from why
