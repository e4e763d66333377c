from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from moms.adequacy import MarginRules, OutlookRules, Taken, margin, outlook
from moms.cli.commands.margin import NoSuchPlace, show_ahead
from moms.values import Window

from . import by_hand, five
from .five import DAY, MIDNIGHT, RULES, U1, U2, U3, U4

DAYS = 21
STARTS = tuple(MIDNIGHT + timedelta(hours=h) for h in range(24 * DAYS))
FIVE = OutlookRules(margin=RULES, criterion_d=20.0, step_mw=10.0)
"""Twenty days of loss a year: the five units are no system that anyone would plan."""
CAPACITY = {U1: (200, 0.10), U2: (100, 0.05), U3: (150, 0.02)}


def found(*taken, rules=FIVE, grid=None):
    return outlook(grid=grid or five.grid(), starts=STARTS, taken=taken, rules=rules)


def room(result, name):
    return next(one for one in result.rooms if one.name == name)


def away(unit, first_day, last_day, **more):
    span = Window(start=MIDNIGHT + timedelta(days=first_day), end=MIDNIGHT + timedelta(days=last_day))
    return Taken(unit=unit, window=span, **more)


def test_deterministic_and_network_rooms_are_the_days_margins():
    result, day = found(away(U3, 0, 7)), margin(grid=five.grid(), starts=DAY, rules=RULES)
    assert len(result.day) == DAYS
    for row in day.rows:
        name = "footprint, deterministic" if row.scope == "footprint" else f"{row.scope} {row.place}, network-limited"
        one = room(result, f"{name} {row.load}")
        assert one.limit_mw == pytest.approx(np.full(DAYS, day.of(row=day.rows.index(row), day=0).margin_mw))
        taken = 147.0 if row.zones != (0,) else 0.0
        assert one.margin_mw == pytest.approx(one.limit_mw - np.repeat([taken, 0, 0], 7))


def week_lolp(fleet, peak):
    """Give the expected days of loss of seven equal days, every state tried."""
    return 7 * by_hand.losses([by_hand.two_state(*CAPACITY[u]) for u in fleet], [round(peak, 6)])[0][0]


@pytest.mark.parametrize(("week", "fleet"), [(0, (U1, U2)), (1, (U1, U2, U3)), (2, (U1, U2, U3))])
def test_the_probabilistic_room_is_the_most_load_the_week_can_still_carry(week, fleet):
    result = found(away(U3, 2, 7), away(U3, 0, 3))
    one = room(result, "footprint, probabilistic P50")
    # At 18:00: load 300, wind at P10 4.8, firm imports less exports 5.
    peak = 300.0 - 4.8 - 5.0
    x = float(one.margin_mw[7 * week])
    assert (one.margin_mw[7 * week : 7 * week + 7] == x).all()
    share = 20.0 * 7 / 365
    assert week_lolp(fleet, peak + x) <= share < week_lolp(fleet, peak + x + 0.03)
    limit = float(one.limit_mw[7 * week])
    assert week_lolp((U1, U2, U3), peak + limit) <= share < week_lolp((U1, U2, U3), peak + limit + 0.03)


def test_wind_that_is_taken_comes_off_at_its_p10():
    before, after = (room(found(*t), "zone B, probabilistic P50") for t in ((), (away(U4, 0, 21),)))
    # At 18:00 both load and its P10 are at their extremes.
    assert before.margin_mw - after.margin_mw == pytest.approx(np.full(DAYS, 4.8), abs=0.05)


def test_a_derate_takes_the_top_of_a_unit():
    result = found(away(U1, 0, 21, derate_mw=50.0))
    x = float(room(result, "footprint, probabilistic P50").margin_mw[0])
    laws = [by_hand.two_state(*u) for u in ((150, 0.10), (100, 0.05), (150, 0.02))]
    share = 20.0 * 7 / 365
    for more, held in ((0.0, True), (0.03, False)):
        lolp = by_hand.losses(laws, [round(290.2 + x + more, 6)])[0][0]
        assert (7 * lolp <= share) is held


def test_a_week_over_its_share_is_closed_and_the_year_is_added_up():
    strict = replace(FIVE, criterion_d=0.1)
    result = found(away(U1, 7, 14), rules=strict)
    one = room(result, "footprint, probabilistic P50")
    assert (one.margin_mw[7:14] < 0).all()
    assert result.closed["footprint"] >= 7
    lolp = [by_hand.losses([by_hand.two_state(*CAPACITY[u]) for u in fleet], [290.2])[0][0]
            for fleet in ((U1, U2, U3), (U2, U3), (U1, U2, U3)) for _ in range(7)]  # fmt: skip
    assert result.lole_d["footprint"] == pytest.approx((sum(lolp),), rel=1e-9)


def test_the_smallest_room_binds_and_is_named():
    result = found()
    for d, one in enumerate(result.binding()):
        assert one.margin_mw[d] == min(r.margin_mw[d] for r in result.rooms)
    assert {r.place for r in found().binding(place="B")} == {"B"}


def test_a_last_week_of_some_days_has_their_share_only():
    result = outlook(grid=five.grid(), starts=STARTS[: 24 * 10], taken=(), rules=FIVE)
    one = room(result, "footprint, probabilistic P50")
    # Equal days: the room of three days under three days' share is that of seven under seven's.
    assert one.margin_mw[7:] == pytest.approx(np.full(3, one.margin_mw[0]), abs=0.02)


def test_a_grid_without_zones_has_no_outlook_and_says_so():
    result = found(grid=replace(five.grid(), zones=None))
    assert result.rooms == ()
    assert result.binding() == ()
    assert "no zones" in result.unknown[0]


WINDOW = Window(start=STARTS[0], end=STARTS[-1] + timedelta(hours=1))


def test_the_command_shows_weeks_to_people_and_days_to_machines_and_draws_a_chart(capsys, tmp_path):
    plain = MarginRules(reserve_share=0.06, uncertainty_mw=12.5)
    code = show_ahead(grid=five.grid(), window=WINDOW, taken=(), rules=plain, as_json=False, svg=tmp_path / "m.svg")
    text = capsys.readouterr().out
    assert code == 0
    assert text.startswith("The least margin of 21 days is ")
    assert len([line for line in text.splitlines() if line.startswith("2027-")]) == 3
    root = ET.fromstring((tmp_path / "m.svg").read_text())  # noqa: S314 - drawn a line above
    lines = [e for e in root.iter() if e.tag.endswith("polyline")]
    assert [len(line.get("points").split()) for line in lines] == [21, 21]
    assert show_ahead(grid=five.grid(), window=WINDOW, taken=(), rules=plain, as_json=True) == 0
    answer = json.loads(capsys.readouterr().out)
    least = [min(r["margin_mw"][d] for r in answer["rooms"]) for d in range(21)]
    assert [b["margin_mw"] for b in answer["binding"]] == least


def test_a_chart_of_a_place_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(NoSuchPlace):
        show_ahead(grid=five.grid(), window=WINDOW, taken=(), rules=RULES, as_json=True, svg=tmp_path / "m.svg",
                   place="Nowhere")  # fmt: skip
