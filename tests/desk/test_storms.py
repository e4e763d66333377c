"""Storm forecasts: kept and found again; what they threaten in the asked window and in others; who sees which lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.desk import settle, submit
from moms.desk.on_the_map import LEAST, MOST_LINES, storm_layer
from moms.desk.ports import NotYours
from moms.desk.storms import MOST_VALUES, NotAStorm, Storm, keep_storm, newest_storm, risk_of
from moms.desk.while_out import Studied, consequences, taken_in, taken_on, threats
from moms.gis import all_of, features_of, seen_by
from moms.outages import State, Status
from moms.risk import Damage, Weather
from moms.values import SYSTEM, Actor, Role, Window
from tests.decide.builders import a_crossing, a_cut_off, a_security
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask, placed

if TYPE_CHECKING:
    from moms.store.book import PostgresBook

HOUR = timedelta(hours=1)
WORLD = placed(a_world())
RIVAL = Actor(name="gil", organisation="GO-1", role=Role.OWNER)


def a_storm(*, begins=START, hours: int = 12, gust: float = 45.0, issued=NOW, damage=(), **more) -> Storm:
    """A gale over the whole of the invented grid that grows hour by hour."""
    latitude, longitude = (m.ravel() for m in np.meshgrid(np.arange(37.0, 46.0), np.arange(-94.0, -87.0)))
    table = np.tile(np.linspace(gust / 2, gust, hours), (len(latitude), 1))
    zero = np.zeros_like(table)
    weather = Weather(
        issued=issued, source="gale.csv", hour=tuple(begins + k * HOUR for k in range(hours)), latitude=latitude,
        longitude=longitude, gust_ms=table, ice_mm=zero, flashes_km2=zero, temperature_c=zero + 15.0,
        humidity_percent=zero + 100.0, flood_m=zero,
    )  # fmt: skip
    return Storm(weather=replace(weather, **more), damage=damage)


def kept(book: PostgresBook, storm: Storm, *, actor=ENGINEER, now=NOW, **more) -> Storm:
    return keep_storm(book=book, actor=actor, now=now, storm=storm, **more)


def test_what_is_kept_is_found_again_by_value_with_its_name_and_for_the_operator_alone(book):
    storm = kept(book, a_storm(damage=(Damage(gust_ms=40.0, structures=100, failed=3),)))
    with book.as_(SYSTEM) as page:
        again = newest_storm(page)
    assert again is not None
    assert again.id == storm.id
    assert again.damage == storm.damage
    assert again.weather.gust_ms == pytest.approx(storm.weather.gust_ms, abs=1e-7)
    assert again.weather.hour == storm.weather.hour
    with book.as_(OWNER) as page:
        assert newest_storm(page) is None
    with pytest.raises(NotYours):
        kept(book, a_storm(issued=NOW + HOUR), actor=OWNER, now=NOW + HOUR)


def test_only_a_newer_storm_of_bounded_size_with_hours_in_a_row_is_kept(book):
    kept(book, a_storm())
    for bad, field in (
        (a_storm(issued=NOW - HOUR), "issued"),
        (a_storm(issued=NOW + HOUR, hour=tuple(START + k * 2 * HOUR for k in range(12))), "hour"),
        (a_storm(issued=NOW + HOUR, hours=MOST_VALUES // 63 + 1), "storm"),
    ):
        with pytest.raises(NotAStorm) as refused:
            kept(book, bad, now=NOW + 2 * HOUR)
        assert refused.value.field == field
        assert refused.value.fix
    later = kept(book, a_storm(issued=NOW + 100 * DAY), now=NOW + HOUR)
    assert later.weather.issued == NOW + HOUR  # nobody issues a forecast later than now


def test_a_drill_is_moved_and_says_so(book):
    moved = kept(book, a_storm(), begins=START + 3 * DAY + HOUR / 3)
    assert moved.span.start == START + 3 * DAY
    assert moved.weather.source.endswith("a drill")


def test_the_chance_over_some_hours_is_that_of_failing_in_one_of_them_having_stood():
    risk = risk_of(grid=WORLD.grid, storm=a_storm())
    assert taken_on(risk, [2, 3, 4]) == pytest.approx(taken_in(risk, 2, 5))
    failed = np.concatenate([np.zeros((len(risk.by_hour), 1)), risk.by_hour], axis=1)
    some = [1, 6, 7]
    by_hand = sum(failed[:, h + 1] - failed[:, h] for h in some) / (1 - failed[:, 1])
    assert taken_on(risk, some) == pytest.approx(by_hand)
    few = risk_of(grid=WORLD.grid, storm=a_storm(), rows=risk.lines.row[:3].tolist())
    assert np.array_equal(few.by_hour, risk.by_hour[:3])
    assert risk_of(grid=WORLD.grid, storm=a_storm(), rows=[]).by_hour.shape == (0, 12)


def studied(start, *, hours=6, crossings=(), cut_off=(), asset="branch:3") -> Studied:
    window = Window(start=start, end=start + hours * HOUR)
    return Studied(request=ask(asset, start=start, days=hours / 24), window=window,
                   security=a_security(crossings=crossings, cut_off=cut_off))  # fmt: skip


def test_windows_are_ranked_by_chance_times_what_the_loss_would_do():
    """Against the sum worked by hand from the storm's own chances."""
    storm = a_storm()
    risk = risk_of(grid=WORLD.grid, storm=storm)
    rows = {int(row): k for k, row in enumerate(risk.lines.row)}
    one = next(c for c in WORLD.contingencies if len(c.branches) == 1 and c.branches[0] in rows)
    hit = {"crossings": (a_crossing(contingency=one.id, flow_mw=130.0, limit_mw=100.0),),
           "cut_off": (a_cut_off(contingency=one.id, load_mw=20.0),)}  # fmt: skip
    late, early, clean, beyond = (
        studied(START + 6 * HOUR, **hit), studied(START, **hit), studied(START + 6 * HOUR),
        studied(START + 2 * DAY, **hit),
    )  # fmt: skip
    found = threats(world=WORLD, storm=storm, studied=(late, early, clean, beyond))
    chance = taken_in(risk, 6, 12)[rows[one.branches[0]]]
    assert consequences(late.security) == {one.id: pytest.approx(50.0)}
    assert found[0].expected_mw == pytest.approx(50.0 * chance, abs=1e-3)
    assert found[0].expected_mw > found[1].expected_mw > 0
    assert [f.rank for f in found] == [3, 2, 1, None]
    assert (found[2].expected_mw, found[2].worst) == (0.0, None)
    # Beyond the forecast nothing is known: no number, and no rank.
    assert (found[3].expected_mw, found[3].hours, found[3].hours_of) == (None, 0, 6)
    assert found[0].worst == one.id
    assert not found[0].calibrated


def test_hours_in_which_the_work_is_back_do_not_count():
    storm = a_storm(hours=24)
    whole, nights = (studied(START, hours=48) for _ in range(2))
    from moms.outages import Recurrence

    back = replace(nights.request, recurrence=Recurrence(start="00:00", end="04:00", zone="EST"))
    found = threats(world=WORLD, storm=storm, studied=(whole, replace(nights, request=back)))
    assert (found[0].hours, found[0].hours_of) == (24, 48)
    assert (found[1].hours, found[1].hours_of) == (4, 8)


def test_a_grid_without_places_has_no_threats_and_still_decides(book):
    assert threats(world=a_world(), storm=a_storm(), studied=(studied(START),)) == (None,)
    assert threats(world=WORLD, storm=a_storm(), studied=(studied(START + 9 * DAY),)) == (None,)  # nothing reached
    kept(book, a_storm())
    outage, answer = decided(book, world=a_world())
    assert answer.record["evidence"]["storm"] is None
    assert outage.holds


def decided(book, *, world=WORLD, asset="branch:3", **how):
    filed = submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=ask(asset, **how))
    assert filed.outage is not None, filed.findings
    answer = settle.decide(book=book, world=world, now=NOW, outage_id=filed.outage.id, asked_by=SYSTEM)
    return answer.outage, answer


def test_a_decision_shows_what_the_storm_threatens_and_is_the_same_without_it(book):
    _, before = decided(book, asset="branch:5")
    kept(book, a_storm())
    outage, answer = decided(book)
    found = answer.record["evidence"]["storm"]
    assert before.record["evidence"]["storm"] is None
    assert (found["hours"], found["hours_of"], found["rank"], found["calibrated"]) == (12, 24, 1, False)
    assert found["expected_mw"] >= 0.0
    assert outage.status in {Status.APPROVED, Status.APPROVED_WITH_CONDITIONS}
    assert outage.state == State.DECIDED


def test_other_dates_carry_their_rank_beside_the_asked_one(book):
    """In the asked window the loss of another line would overload a third; the dates that are offered risk less."""
    tight = placed(a_world(slack=0.7))
    kept(book, a_storm(begins=START - 5 * DAY, hours=144))
    filed = submit.submit(book=book, world=tight, actor=OWNER, now=NOW, request=ask("branch:21", recall_h=2.0))
    assert filed.outage is not None, filed.findings
    answer = settle.decide(book=book, world=tight, now=NOW, outage_id=filed.outage.id, asked_by=SYSTEM, preview=True)
    asked, others = answer.record["evidence"]["storm"], [one["storm"] for one in answer.record["alternatives"]]
    assert answer.record["outcome"] == "deny"
    assert len(others) == 2
    assert asked["worst"] in {c["contingency"] for c in answer.record["evidence"]["security"]["crossings"]}
    told = [one["expected_mw"] for one in (asked, *others)]
    assert min(told) < told[0]
    for one in (asked, *others):
        assert (one["hours"], one["hours_of"]) == (24, 24)
        assert one["rank"] == 1 + sum(mw < one["expected_mw"] for mw in told)
    offers = [(one["window"]["start"], one["shift_days"]) for one in answer.record["alternatives"]]
    assert [abs(days) for _, days in offers] == sorted(abs(days) for _, days in offers)  # the nearest stays first


def test_each_of_a_group_is_weighed_in_its_own_window(book):
    kept(book, a_storm(hours=12))
    first, second = (
        submit.submit(book=book, world=WORLD, actor=OWNER, now=NOW, request=one).outage
        for one in (ask("branch:3", group="bay 7"), ask("branch:12", start=START + 6 * HOUR, group="bay 7"))
    )
    answer = settle.decide(book=book, world=WORLD, now=NOW, outage_id=first.id, asked_by=SYSTEM)
    (other,) = answer.group
    assert other.outage.id == second.id
    assert [one.record["evidence"]["storm"]["hours"] for one in (answer, other)] == [12, 6]


def layer(actor, storm=None):
    features = features_of(WORLD.grid)
    assert features is not None
    view = all_of(features) if actor.sees_all else seen_by(features, WORLD.grid, actor.organisation)
    return storm_layer(world=WORLD, storm=storm or a_storm(), actor=actor, features=view.features), view.features


def test_the_map_has_every_threatened_line_hour_by_hour_for_the_operator():
    found, features = layer(ENGINEER)
    risk = risk_of(grid=WORLD.grid, storm=a_storm())
    order = risk.ranked()
    assert [one["asset"] for one in found["lines"]] == [f"branch:{int(risk.lines.row[k]) + 1}" for k in order
                                                       if risk.probability[k] >= LEAST][:MOST_LINES]  # fmt: skip
    first = found["lines"][0]
    assert first["by_hour"] == pytest.approx(risk.by_hour[order[0]], abs=5e-5)
    assert first["line"] == features.line_of[risk.lines.row[order[0]]] >= 0
    assert found["expected_lost"] == pytest.approx(risk.by_hour.sum(axis=0), abs=5e-4)
    assert (found["own_only"], found["calibrated"]) == (False, False)
    assert "UNCALIBRATED" in found["warning"]


def test_an_owner_has_its_own_lines_and_nothing_of_others():
    own, _ = layer(OWNER)
    assert own["own_only"]
    assert {one["asset"] for one in own["lines"]} == {one["asset"] for one in layer(ENGINEER)[0]["lines"]}
    rival, _ = layer(RIVAL)  # it owns units alone
    assert (rival["lines"], rival["lines_seen"]) == ([], 0)
    assert set(rival["expected_lost"]) == {0.0}


def test_with_enough_damage_counts_the_layer_is_calibrated():
    counts = tuple(Damage(gust_ms=30.0 + k, structures=500, failed=k) for k in range(6))
    found, _ = layer(ENGINEER, a_storm(damage=counts))
    assert (found["calibrated"], found["warning"]) == (True, None)
