"""An hour of the book on the map: what is out then, what is asked for, and nothing that is not the caller's to see."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from moms.desk import settle, submit
from moms.desk.on_the_map import document_of, shown_at
from moms.desk.operate import step
from moms.gis import all_of, features_of, seen_by, trace
from moms.outages import Outage, Recurrence
from moms.outages.lifecycle import Verb
from moms.values import SYSTEM, Actor, Role
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask, placed

ROOM = Actor(name="rae", organisation="operator", role=Role.CONTROL_ROOM)
RIVAL = Actor(name="gil", organisation="GO-1", role=Role.OWNER)
HOUR = timedelta(hours=1)
WORLD = placed(a_world())


def granted(book, asset: str, *, actor=OWNER, **how) -> Outage:
    """File a request and decide it."""
    filed = submit.submit(book=book, world=WORLD, actor=actor, now=NOW, request=ask(asset, **how))
    assert filed.outage is not None, filed.findings
    answer = settle.decide(book=book, world=WORLD, now=NOW, outage_id=filed.outage.id, asked_by=SYSTEM)
    assert answer.outage is not None
    assert answer.outage.holds, answer.record
    return answer.outage


def seen(book, at: datetime, *, actor=ENGINEER, now=NOW):
    """Give id to whether it is out."""
    features = features_of(WORLD.grid)
    assert features is not None
    view = all_of(features) if actor.sees_all else seen_by(features, WORLD.grid, actor.organisation)
    found = shown_at(book=book, world=WORLD, actor=actor, now=now, at=at, features=view.features)
    assert found.at.minute == 0
    return {one.outage.id: one for one in found.placed}


def test_an_outage_is_on_the_map_in_each_hour_of_its_window_and_in_no_other(book):
    outage = granted(book, "branch:3")
    whole = outage.window
    for at in (whole.start, whole.start + 90 * timedelta(minutes=1), whole.end - HOUR / 60):
        assert seen(book, at)[outage.id].out
    for at in (whole.start - HOUR / 60, whole.end):
        assert outage.id not in seen(book, at)


def test_work_that_comes_back_each_day_is_out_in_its_hours(book):
    back = Recurrence(start="08:00", end="16:00", zone="EST")
    outage = granted(book, "branch:3", days=3, recurrence=back)
    hours = {k for k in range(72) if outage.id in seen(book, START + k * HOUR)}
    assert hours == {24 * day + hour for day in range(3) for hour in range(8, 16)}


def test_one_that_is_late_is_still_out_and_once_back_it_stays_where_it_was(book):
    outage = granted(book, "branch:3")
    began, due, back = outage.window.start, outage.window.end, outage.window.end + 5 * HOUR
    step(book=book, world=WORLD, actor=ROOM, now=began, outage_id=outage.id, verb=Verb.START, reason="", at=began)
    assert seen(book, due + 3 * HOUR, now=due + 3 * HOUR)[outage.id].out
    step(book=book, world=WORLD, actor=OWNER, now=back, outage_id=outage.id, verb=Verb.END, reason="", at=back)
    step(book=book, world=WORLD, actor=ROOM, now=back, outage_id=outage.id, verb=Verb.CONFIRM_END, reason="", at=None)
    assert seen(book, due + 3 * HOUR, now=back + DAY)[outage.id].out
    assert outage.id not in seen(book, back, now=back + DAY)


def test_what_waits_is_there_and_not_out(book):
    filed = submit.submit(book=book, world=WORLD, actor=OWNER, now=NOW, request=ask("branch:3"))
    assert filed.outage is not None
    assert not seen(book, START)[filed.outage.id].out


def test_an_owner_sees_its_own_alone_and_at_its_own_places(book):
    line, unit = granted(book, "branch:3"), granted(book, "gen:2", actor=RIVAL)
    assert set(seen(book, START)) == {line.id, unit.id}
    assert set(seen(book, START, actor=OWNER)) == {line.id}
    found = seen(book, START, actor=RIVAL)
    assert set(found) == {unit.id}
    features = features_of(WORLD.grid)
    assert features is not None
    own = seen_by(features, WORLD.grid, "GO-1").features
    [place] = found[unit.id].where.places
    assert own.name[place] == WORLD.grid.stations.name[WORLD.grid.network.units.bus[1] // 2]
    assert trace(own, WORLD.grid, ("branch:3",)).lines == ()


def test_what_binds_a_decision_is_told_with_its_place(book):
    tight = placed(a_world(slack=0.8))
    request = replace(ask("branch:19"), earliest_start=None)
    filed = submit.submit(book=book, world=tight, actor=OWNER, now=NOW, request=request)
    assert filed.outage is not None
    answer = settle.decide(book=book, world=tight, now=NOW, outage_id=filed.outage.id, asked_by=SYSTEM)
    assert answer.record is not None
    features = features_of(tight.grid)
    shown = shown_at(book=book, world=tight, actor=ENGINEER, now=NOW, at=START, features=features)
    assert shown.placed == ()  # denied: neither out nor asked for
    filed = submit.submit(book=book, world=tight, actor=OWNER, now=NOW, request=ask("branch:3"))
    assert filed.outage is not None
    answer = settle.decide(book=book, world=tight, now=NOW, outage_id=filed.outage.id, asked_by=SYSTEM)
    assert answer.record is not None
    shown = shown_at(book=book, world=tight, actor=ENGINEER, now=NOW, at=START, features=features)
    row: Any = document_of(shown)["outages"][0]  # type: ignore[index]  # a list
    bound = answer.record["binding"]
    assert row["binding"]["element"] == bound["element"]
    assert features is not None
    assert tuple(row["binding"]["lines"]) == trace(features, tight.grid, (bound["element"],)).lines
    assert row["binding"]["lines"] or row["binding"]["places"]


def test_without_a_map_the_hour_is_told_all_the_same(book):
    outage = granted(book, "branch:3")
    shown = shown_at(book=book, world=WORLD, actor=ENGINEER, now=NOW, at=START, features=None)
    assert [one.outage.id for one in shown.placed] == [outage.id]
    assert shown.placed[0].where.lines == ()
