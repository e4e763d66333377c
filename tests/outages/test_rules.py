"""The entry rules: every kind of bad request is told what is wrong, in which field, and what would mend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moms.grid import Flag
from moms.outages import Category, Kind, Nature, Outage, Position, Recurrence, Request, State, Status, Switch
from moms.outages.check import check
from moms.outages.rules import ALL
from moms.values import Actor, Finding, Level, Role
from tests.outages.builders import ANN, BOB, DEE, NOW, a_request, a_unit_request, a_window, an_outage, at
from tests.outages.grids import FLAGS, LINES, OUTLET, a_grid, the_rules

GRID, RULES = a_grid(), the_rules()
BLOCK, REFER, FLAG = Level.BLOCK, Level.REFER, Level.FLAG
DAILY = Recurrence(start="08:00", end="16:00", zone="America/Chicago")


def found(request: Request, **world: Any) -> tuple[Finding, ...]:
    actor = DEE if request.organisation == "River Power" else ANN
    usual: dict[str, Any] = {"grid": GRID, "book": (), "rule_book": RULES, "now": NOW, "actor": actor}
    return check(request, **usual | world)


def by(rule: str, findings: tuple[Finding, ...]) -> list[Finding]:
    return [one for one in findings if one.rule == rule]


def standing(request: Request | None = None, **changes: Any) -> Outage:
    return an_outage(
        **{"id": "O-9", "request": request or a_request(), "state": State.DECIDED, "status": Status.APPROVED} | changes
    )


def test_a_good_request_has_no_findings() -> None:
    assert found(a_request()) == ()
    assert found(a_unit_request()) == ()


BAD_REQUESTS: list[tuple[str, Request, dict[str, Any], str, Level, str]] = [
    ("work on units asked of a line", a_request(nature=Nature.TUBE_LEAK), {}, "COMPLETE-1", BLOCK, "nature"),
    ("work on lines asked of a unit", a_unit_request(nature=Nature.LINE_REBUILD), {}, "COMPLETE-1", BLOCK, "nature"),
    ("nobody to call", a_request(contacts=()), {}, "COMPLETE-2", BLOCK, "contacts"),
    ("no recall time", a_request(recall_h=None), {}, "COMPLETE-3", BLOCK, "recall_h"),
    ("no emergency return", a_request(emergency_return_h=None), {}, "COMPLETE-3", BLOCK, "emergency_return_h"),
    ("breaker work without its states", a_request(nature=Nature.BREAKER_REPAIR), {}, "COMPLETE-4", BLOCK, "switch"),
    (
        "a switch that changes nothing",
        a_request(switch=Switch(normal=Position.OPEN, during=Position.OPEN)),
        {},
        "COMPLETE-5",
        BLOCK,
        "switch.during",
    ),
    ("a derate of unsaid size", a_unit_request(kind=Kind.DERATE), {}, "COMPLETE-6", BLOCK, "derate_to_mw"),
    (
        "a derate above capacity",
        a_unit_request(kind=Kind.DERATE, derate_to_mw=200.0),
        {},
        "COMPLETE-7",
        BLOCK,
        "derate_to_mw",
    ),
    (
        "a derate of two units",
        a_unit_request(kind=Kind.DERATE, derate_to_mw=10.0, assets=("gen:1", "gen:5")),
        {},
        "COMPLETE-7",
        BLOCK,
        "derate_to_mw",
    ),
    ("an opportunity with no unit", a_request(kind=Kind.OPPORTUNITY), {}, "COMPLETE-8", BLOCK, "designated_units"),
    (
        "an opportunity started by a line",
        a_request(kind=Kind.OPPORTUNITY, designated_units=("branch:2",)),
        {},
        "COMPLETE-8",
        BLOCK,
        "designated_units",
    ),
    ("work of unknown nature", a_request(nature=Nature.UNKNOWN), {}, "COMPLETE-10", REFER, "nature"),
    (
        "other work, not described",
        a_request(nature=Nature.OTHER, description=" "),
        {},
        "COMPLETE-10",
        REFER,
        "description",
    ),
    ("a line the grid has not", a_request(assets=("branch:99",)), {}, "ASSET-1", BLOCK, "assets"),
    ("a bus the grid has not", a_request(assets=("bus:99",)), {}, "ASSET-1", BLOCK, "assets"),
    (
        "a designated unit the grid has not",
        a_request(kind=Kind.OPPORTUNITY, designated_units=("gen:99",)),
        {},
        "ASSET-1",
        BLOCK,
        "designated_units",
    ),
    (
        "a unit in a transmission request",
        a_request(assets=("branch:1", "gen:1"), organisation="River Power"),
        {},
        "ASSET-2",
        BLOCK,
        "assets",
    ),
    ("a line in a generation request", a_unit_request(assets=("branch:3",)), {}, "ASSET-2", BLOCK, "assets"),
    ("a line that is out in the model", a_request(assets=("branch:4",)), {}, "ASSET-3", BLOCK, "assets"),
    (
        "a new line that is not yet in the model",
        a_request(assets=("branch:4",), nature=Nature.NEW),
        {},
        "ASSET-3",
        REFER,
        "assets",
    ),
    ("a mothballed unit", a_unit_request(assets=("gen:2",)), {}, "ASSET-3", BLOCK, "assets"),
    ("a branch that is no equipment", a_request(assets=("branch:5",)), {}, "ASSET-4", BLOCK, "assets"),
    ("somebody else's line", a_request(assets=("branch:3",)), {}, "ASSET-5", BLOCK, "assets"),
    ("nobody's line", a_request(assets=("branch:6",)), {}, "ASSET-5", REFER, "organisation"),
    ("filed by a stranger", a_request(), {"actor": DEE}, "ASSET-6", BLOCK, "organisation"),
    ("a derate of a line", a_request(kind=Kind.DERATE, derate_to_mw=5.0), {}, "ASSET-7", BLOCK, "kind"),
    ("a start that has passed", a_request(window=a_window("2027-01-04T14:00")), {}, "WINDOW-1", BLOCK, "window.start"),
    ("an end in ten years", a_request(window=a_window("2036-03-01T00:00")), {}, "WINDOW-3", BLOCK, "window.end"),
    (
        "a start before the earliest",
        a_request(earliest_start=at("2027-03-02T00:00")),
        {},
        "WINDOW-4",
        BLOCK,
        "earliest_start",
    ),
    ("an end after the latest", a_request(latest_end=at("2027-03-02T00:00")), {}, "WINDOW-4", BLOCK, "latest_end"),
    (
        "dates in one's own blackout",
        a_request(blackout=(a_window("2027-03-02T00:00", hours=4),)),
        {},
        "WINDOW-5",
        BLOCK,
        "blackout[0]",
    ),
    ("a start at seven past", a_request(window=a_window("2027-03-01T13:07")), {}, "WINDOW-6", FLAG, "window.start"),
    (
        "hotline work of a week",
        a_request(kind=Kind.HOTLINE, window=a_window(hours=168)),
        {},
        "WINDOW-7",
        BLOCK,
        "window.end",
    ),
    ("an outage of three months", a_request(window=a_window(hours=2001)), {}, "WINDOW-7", REFER, "window.end"),
    (
        "a blackout of the operator",
        a_request(assets=("branch:2",), window=a_window("2027-02-02T00:00")),
        {},
        "CALENDAR-1",
        BLOCK,
        "window",
    ),
    ("equipment that is out already", a_request(), {"book": (standing(),)}, "OVERLAP-1", BLOCK, "window"),
    (
        "the other leg of a transformer",
        a_request(assets=("branch:8",)),
        {"book": (standing(a_request(assets=("branch:7",))),)},
        "OVERLAP-1",
        BLOCK,
        "window",
    ),
    (
        "equipment that is asked for already",
        a_request(),
        {"book": (an_outage(id="O-9"),)},
        "OVERLAP-2",
        BLOCK,
        "window",
    ),
    ("a recall of no time", a_request(recall_h=0.0, emergency_return_h=0.0), {}, "RETURN-1", BLOCK, "recall_h"),
    (
        "an emergency slower than a recall",
        a_request(emergency_return_h=9.0),
        {},
        "RETURN-2",
        BLOCK,
        "emergency_return_h",
    ),
    (
        "daily hours that a day does not have",
        a_request(recurrence=replace(DAILY, start="02:30"), window=a_window("2027-03-13T00:00")),
        {},
        "RECUR-1",
        BLOCK,
        "recurrence.start",
    ),
    (
        "daily hours that a day has twice",
        a_request(recurrence=replace(DAILY, end="01:30"), window=a_window("2027-11-05T00:00", hours=96)),
        {},
        "RECUR-1",
        BLOCK,
        "recurrence.end",
    ),
    (
        "work on Sundays in a week without one",
        a_request(recurrence=replace(DAILY, days=(7,)), window=a_window("2027-03-01T13:00")),
        {},
        "RECUR-2",
        BLOCK,
        "recurrence",
    ),
    (
        "work on 200 mornings",
        a_request(recurrence=replace(DAILY, zone="EST"), window=a_window(hours=24 * 200)),
        {},
        "RECUR-2",
        BLOCK,
        "recurrence",
    ),
    (
        "a discovery in the future",
        a_request(discovered_at=NOW + timedelta(days=1)),
        {},
        "PATTERN-4",
        BLOCK,
        "discovered_at",
    ),
]


@pytest.mark.parametrize(
    ("what", "request_", "world", "rule", "level", "field"), BAD_REQUESTS, ids=[row[0] for row in BAD_REQUESTS]
)
def test_a_bad_request_is_told_what_is_wrong(  # noqa: PLR0917 - the columns of the table
    what: str, request_: Request, world: dict[str, Any], rule: str, level: Level, field: str
) -> None:
    said = by(rule, found(request_, **world))
    assert (level, field) in {(one.level, one.field) for one in said}, (what, found(request_, **world))
    assert all(one.says and one.fix for one in said)


@pytest.mark.parametrize(("what", "request_", "world"), [row[:3] for row in BAD_REQUESTS])
def test_nothing_blocks_a_forced_or_emergency_report(what: str, request_: Request, world: dict[str, Any]) -> None:
    for kind in (Kind.FORCED, Kind.EMERGENCY):
        findings = found(replace(request_, kind=kind), **world)
        assert not [one for one in findings if one.level == BLOCK], what


def test_all_that_is_wrong_is_found_at_once() -> None:
    bad = a_request(nature=Nature.TUBE_LEAK, contacts=(), assets=("branch:3", "branch:99"), recall_h=2.0)
    bad = replace(bad, window=a_window("2027-01-01T00:07"))
    rules = {one.rule for one in found(bad)}
    assert {"COMPLETE-1", "COMPLETE-2", "ASSET-1", "ASSET-5", "WINDOW-1", "WINDOW-6", "RETURN-2"} <= rules


def test_the_same_request_gets_the_same_findings() -> None:
    bad = a_request(assets=("branch:3", "branch:99"), contacts=())
    assert found(bad) == found(bad)


def test_a_forced_report_says_what_was_assumed() -> None:
    said = by("COMPLETE-9", found(a_request(kind=Kind.FORCED, assumed=("nature", "window.end"))))
    assert [(one.level, one.field) for one in said] == [(REFER, "nature"), (REFER, "window.end")]


def test_a_forced_report_of_the_future_is_flagged() -> None:
    assert by("WINDOW-2", found(a_request(kind=Kind.FORCED)))[0].level == FLAG
    assert not by("WINDOW-2", found(a_request(kind=Kind.EMERGENCY)))


def test_an_agent_files_for_the_owner_that_lets_it() -> None:
    agent = Actor(name="hal", organisation="Helping Hand", role=Role.AGENT)
    assert found(a_request(), actor=agent) == ()
    assert not by("ASSET-5", found(a_request(organisation="Helping Hand"), actor=agent))
    assert by("ASSET-6", found(a_unit_request(), actor=agent))
    assert found(a_request(), actor=BOB) == ()


def test_a_late_request_is_referred_not_refused() -> None:
    late = a_request(window=a_window("2027-01-15T13:00"))
    said = by("LEAD-1", found(late))
    assert said[0].level == REFER
    assert "short" in said[0].says
    on_time = replace(late, window=a_window("2027-01-18T15:00"))
    assert not by("LEAD-1", found(on_time))
    assert by("LEAD-1", found(replace(on_time, window=a_window("2027-01-18T14:45"))))
    for kind in (Kind.FORCED, Kind.EMERGENCY, Kind.URGENT):
        assert not by("LEAD-1", found(replace(late, kind=kind)))


def test_an_urgent_request_that_could_wait_is_flagged() -> None:
    assert by("LEAD-2", found(a_request(kind=Kind.URGENT)))[0].level == FLAG
    assert not by("LEAD-2", found(a_request(kind=Kind.URGENT, window=a_window("2027-01-06T13:00"))))


def test_a_unit_asked_late_is_told_about_its_exemption() -> None:
    assert by("LEAD-3", found(a_unit_request(window=a_window("2027-04-01T05:00"))))[0].level == FLAG


def test_a_long_outage_in_the_peak_season_is_referred() -> None:
    july = a_request(window=a_window("2027-07-05T13:00", hours=121))
    assert by("CALENDAR-2", found(july))[0].level == REFER
    assert not by("CALENDAR-2", found(replace(july, window=a_window("2027-07-05T13:00", hours=120))))
    assert not by("CALENDAR-2", found(replace(july, window=a_window("2027-09-01T05:00", hours=200))))
    assert by("CALENDAR-2", found(replace(july, window=a_window("2027-09-01T04:45", hours=200))))


def test_a_blackout_is_of_its_zones_only() -> None:
    ice = a_window("2027-02-02T00:00")
    assert not by("CALENDAR-1", found(a_request(assets=("branch:1",), window=ice)))
    assert by("CALENDAR-1", found(a_request(assets=("branch:2",), window=ice)))
    assert by("CALENDAR-1", found(a_request(assets=("branch:1",), window=ice), grid=replace(GRID, zones=None)))


@pytest.mark.parametrize("kind", [Kind.HOTLINE, Kind.INFORMATIONAL])
def test_hotline_and_informational_work_shares_the_equipment(kind: Kind) -> None:
    assert found(a_request(kind=kind), book=(standing(),)) == ()
    assert found(a_request(), book=(standing(a_request(kind=kind)),)) == ()


def test_what_touches_or_is_over_does_not_overlap() -> None:
    after = a_request(window=a_window("2027-03-03T13:00"))
    over = standing(state=State.COMPLETED)
    assert not by("OVERLAP-1", found(after, book=(standing(),)) + found(a_request(), book=(over,)))
    assert not by("OVERLAP-1", found(a_request(), book=(standing(),), outage_id="O-9"))


def test_nights_between_days_do_not_overlap() -> None:
    days = standing(a_request(recurrence=DAILY))
    nights = a_request(recurrence=replace(DAILY, start="18:00", end="06:00"))
    assert not by("OVERLAP-1", found(nights, book=(days,)))
    assert by("OVERLAP-1", found(replace(nights, recurrence=replace(DAILY, start="15:00", end="06:00")), book=(days,)))


def test_another_owners_outage_is_not_named() -> None:
    mine = by("OVERLAP-1", found(a_request(), book=(standing(),)))
    other = standing(a_request(organisation="Helping Hand"))
    theirs = by("OVERLAP-1", found(a_request(), book=(other,)))
    assert "O-9" in mine[0].says
    assert "O-9" not in theirs[0].says


def test_what_is_broken_does_not_come_back_each_day() -> None:
    assert by("RECUR-4", found(a_request(kind=Kind.FORCED, recurrence=DAILY)))[0].level == REFER


def test_daily_hours_that_the_window_cuts_are_flagged() -> None:
    cut = a_request(recurrence=DAILY, window=a_window("2027-03-01T15:00", hours=48))
    assert [one.level for one in by("RECUR-3", found(cut))] == [FLAG, FLAG]
    assert not by("RECUR-3", found(replace(cut, window=a_window("2027-03-01T14:00", hours=56))))


def test_a_recall_longer_than_the_outage_is_flagged() -> None:
    assert by("RETURN-3", found(a_request(recall_h=48.0)))[0].level == FLAG


def test_a_grid_without_a_register_refers_everything() -> None:
    bare = replace(GRID, register=None)
    for request in (a_request(), a_unit_request()):
        findings = found(request, grid=bare)
        assert by("SPECIAL-1", findings)[0].level == REFER
        assert by("ASSET-5", findings)[0].level == REFER


@pytest.mark.parametrize(
    ("asset", "words"),
    [
        *((f"branch:{len(LINES) + k + 1}", flag) for k, flag in enumerate(FLAGS) if flag != Flag.SOLE_OUTLET),
        ("gen:3", Flag.NUCLEAR),
        ("gen:4", Flag.BLACKSTART),
        ("dcline:1", Flag.TIE),
    ],
)
def test_a_special_asset_is_referred_with_its_reason(asset: str, words: Flag) -> None:
    request = (a_unit_request if asset.startswith("gen") else a_request)(assets=(asset,))
    said = [one for one in found(request) if one.rule.startswith("SPECIAL-")]
    assert [one.level for one in said] == [REFER]
    reason = {
        Flag.NUCLEAR: "nuclear",
        Flag.TIE: "tie",
        Flag.BLACKSTART: "blackstart",
        Flag.CRANKING_PATH: "cranking",
        Flag.INTERFACE: "interface",
        Flag.REMEDIAL_ACTION_SCHEME: "remedial",
        Flag.REACTIVE: "voltage",
        Flag.NEIGHBOUR: "another operator",
    }[words]
    assert reason in said[0].says


def test_the_sole_outlet_of_a_unit_is_referred_unless_the_unit_is_out_too() -> None:
    request = a_request(assets=(OUTLET,))
    unit = standing(a_unit_request(assets=("gen:5",), window=a_window("2027-02-28T00:00", hours=240)))
    short = standing(a_unit_request(assets=("gen:5",), window=a_window(hours=24)))
    assert by("SPECIAL-10", found(request))[0].level == REFER
    assert by("SPECIAL-10", found(request, book=(short,)))
    assert not by("SPECIAL-10", found(request, book=(unit,)))


def test_two_parts_of_the_restoration_plan_are_never_out_together() -> None:
    path = a_request(assets=("branch:11",))
    unit = standing(a_unit_request(assets=("gen:4",), window=a_window()))
    assert by("SPECIAL-11", found(path, book=(unit,)))[0].level == BLOCK
    assert not by("SPECIAL-11", found(replace(path, window=a_window("2027-03-10T13:00")), book=(unit,)))


def test_relay_and_telecom_work_is_referred() -> None:
    for nature in (Nature.RELAY, Nature.TELECOM):
        assert by("SPECIAL-12", found(a_request(nature=nature)))[0].level == REFER


def test_a_denied_outage_that_comes_back_as_forced_is_flagged() -> None:
    forced = a_request(kind=Kind.FORCED, window=a_window("2027-01-04T14:30"))
    near = a_request(window=a_window("2027-01-11T13:00"))
    for changes in ({"status": Status.DENIED}, {"state": State.WITHDRAWN, "status": Status.NONE}):
        said = by("PATTERN-1", found(forced, book=(standing(near, **changes),)))
        assert said[0].level == FLAG
    assert not by("PATTERN-1", found(forced, book=(standing(near),)))
    assert not by("PATTERN-1", found(forced, book=(standing(status=Status.DENIED),)))


def test_one_long_outage_split_into_short_ones_is_flagged() -> None:
    first = standing(a_request(window=a_window(hours=72)))
    second = a_request(window=a_window("2027-03-05T00:00", hours=72))
    assert by("PATTERN-2", found(second, book=(first,)))[0].level == FLAG
    assert not by("PATTERN-2", found(replace(second, window=a_window("2027-03-09T00:00", hours=72)), book=(first,)))
    assert not by("PATTERN-2", found(replace(second, window=a_window("2027-03-05T00:00", hours=130)), book=(first,)))


def test_a_late_forced_report_is_flagged() -> None:
    late = a_request(kind=Kind.FORCED, window=a_window("2027-01-04T13:00"))
    assert by("PATTERN-3", found(late))[0].level == FLAG
    assert not by("PATTERN-3", found(replace(late, discovered_at=NOW - timedelta(minutes=60))))


def test_a_bus_carries_the_flags_of_all_that_meets_there() -> None:
    flagged = by("SPECIAL-2", found(a_request(assets=("bus:2",))))
    assert flagged, "a branch at bus 2 or a unit there is nuclear"
    assert flagged[0].level == REFER
    register = a_grid().register
    assert register is not None
    clean = replace(
        a_grid(),
        register=replace(register, branch_flags=np.zeros(16, np.int64), unit_flags=np.zeros(5, np.int64)),
    )
    assert not by("SPECIAL-2", found(a_request(assets=("bus:2",)), grid=clean))


def test_the_owner_of_a_bus_owns_more_than_half_of_what_meets_there() -> None:
    grid = a_grid()
    assert not by("ASSET-5", found(a_request(assets=("bus:2",))))
    assert grid.register is not None
    owner = grid.register.branch_owner.copy()
    owner[grid.network.branches_at(1)] = 1
    theirs = replace(grid, register=replace(grid.register, branch_owner=owner))
    assert by("ASSET-5", found(a_request(assets=("bus:2",)), grid=theirs))[0].level == BLOCK


def test_a_breaker_says_its_states_whatever_the_work() -> None:
    extras = {
        "breaker_bus": np.array([1]),
        "breaker_name": np.array(["ring breaker 1"]),
        "breaker_one": np.array([0]),
        "breaker_other": np.array([1]),
    }
    laid = replace(a_grid(), extras=extras)
    assert by("COMPLETE-4", found(a_request(assets=("breaker:1",)), grid=laid))
    opened = a_request(assets=("breaker:1",), switch=Switch(normal=Position.CLOSED, during=Position.OPEN))
    assert not found(opened, grid=laid)
    assert by("ASSET-1", found(replace(opened, assets=("breaker:2",)), grid=laid))
    assert by("ASSET-1", found(opened)), "a grid that knows no layout has no breakers"


def test_a_group_of_two_organisations_is_referred() -> None:
    mine = a_request(group="bay 7")
    theirs = standing(a_unit_request(group="bay 7"))
    assert by("GROUP-1", found(mine, book=(theirs,)))[0].level == REFER


def test_a_group_whose_outages_lie_far_apart_is_flagged() -> None:
    mine = a_request(group="bay 7")
    far = standing(a_request(group="bay 7", assets=("branch:2",), window=a_window("2027-06-01T00:00")))
    near = replace(far, id="O-8", window=a_window("2027-03-04T00:00"))
    assert by("GROUP-2", found(mine, book=(far,)))[0].level == FLAG
    assert not by("GROUP-2", found(mine, book=(far, near)))


FIRST = "PW-2027-001"


def waits_for(**changes: Any) -> Request:
    """Give a request that starts on 1 March and waits for another of its owner."""
    return a_request(after=(FIRST,), **changes)


def the_first(request: Request | None = None, **changes: Any) -> Outage:
    """Give what it waits for, which ends on 27 February."""
    fine = a_request(external_id=FIRST, assets=("branch:2",), window=a_window("2027-02-25T13:00"))
    return standing(request or fine, **changes)


def test_work_that_waits_for_itself_is_refused() -> None:
    assert by("ORDER-1", found(a_request(after=("PW-2027-017",))))[0].level == BLOCK
    back = replace(the_first().request, after=("PW-2027-017",))
    (one,) = by("ORDER-1", found(waits_for(), book=(the_first(back),)))
    assert (one.field, one.says) == ("after", f"it waits for {FIRST}, which waits for it")
    assert not by("ORDER-1", found(waits_for(), book=(the_first(),)))


def test_work_that_waits_for_what_is_not_there_is_referred() -> None:
    assert by("ORDER-2", found(waits_for()))[0].level == REFER
    (gone,) = by("ORDER-2", found(waits_for(), book=(the_first(state=State.WITHDRAWN, status=Status.NONE),)))
    assert "which is withdrawn" in gone.says
    for there in (the_first(), the_first(state=State.SUBMITTED, status=Status.NONE), the_first(state=State.COMPLETED)):
        assert found(waits_for(), book=(there,)) == ()
    strange = replace(the_first().request, organisation="River Power")
    assert by("ORDER-2", found(waits_for(), book=(the_first(strange),))), "a reference is its owner's own"


def test_work_asked_for_before_what_it_waits_for_ends_is_referred() -> None:
    late = replace(the_first().request, window=a_window("2027-02-28T14:00", hours=24))
    (one,) = by("ORDER-3", found(waits_for(), book=(the_first(late),)))
    assert (one.level, one.field) == (REFER, "window")
    assert one.fix.startswith("start from ")
    exact = replace(late, window=a_window("2027-02-28T13:00", hours=24))
    assert found(waits_for(), book=(the_first(exact),)) == (), "the next may begin when the one before ends"
    assert not by("ORDER-3", found(waits_for(), book=(the_first(late, state=State.COMPLETED),)))


def test_every_rule_has_an_id_of_its_own_and_says_what_it_asks() -> None:
    assert len({one.id for one in ALL}) == len(ALL)
    assert all(one.asks.endswith(".") and one.source for one in ALL)


def test_every_rule_is_seen_to_find_something() -> None:
    seen = {row[3] for row in BAD_REQUESTS} | {f"SPECIAL-{k}" for k in range(2, 10)}
    text = Path(__file__).read_text(encoding="utf-8")
    assert [one.id for one in ALL if one.id not in seen and f'by("{one.id}"' not in text] == []


def test_at_least_twenty_kinds_of_bad_request_are_told_apart() -> None:
    assert len({row[3] for row in BAD_REQUESTS}) >= 20
    assert Category.TRANSMISSION in {row[1].category for row in BAD_REQUESTS}
