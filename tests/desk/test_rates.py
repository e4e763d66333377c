"""Issues of outage rates: kept, found again, aged; what they change, and what an old or unfitting one does."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.adequacy import NotRates, RatesIssue, RecallRules, margin, rated
from moms.cli.commands.forecast import show
from moms.desk import settle, submit
from moms.desk.called_back import drawn_ahead
from moms.desk.duties import duties
from moms.desk.forecast import keep
from moms.desk.nightly import tell
from moms.desk.ports import NotYours
from moms.desk.posting import document, post
from moms.desk.rates import OldRates, keep_rates, newest_rates, rates_seen, with_rates
from moms.desk.replay import replay
from moms.desk.supposed import Supposed
from moms.desk.what_if import what_if
from moms.exchange._sheet import BadTable
from moms.exchange.drawnfile import read_drawn, write_drawn
from moms.exchange.issues import read_rates
from moms.values import SYSTEM, Window
from tests.desk.test_certain import away, margins, the, told
from tests.desk.test_forecast import an_issue as a_forecast
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from pathlib import Path

    from moms.store.book import PostgresBook

UNIT = 4
GENERATION = replace(OWNER, organisation="GO-1")


def an_issue(rate: float = 0.05, *, issued=NOW, world=None, but: dict[int, float] | None = None) -> RatesIssue:
    """The same rate for every unit, but those of some rows."""
    count = len((world or a_world()).grid.network.units)
    rates = np.full(count, rate)
    for row, other in (but or {}).items():
        rates[row] = other
    return RatesIssue(issued=issued, source="r.csv", unit=tuple(f"gen:{k + 1}" for k in range(count)),
                      outage_rate=rates)  # fmt: skip


def kept(book: PostgresBook, issue: RatesIssue, *, now=NOW, actor=ENGINEER) -> str:
    return keep_rates(book=book, world=a_world(), actor=actor, now=now, issue=issue)


def decided(book, world, *, now=NOW, start=START, asset: str = f"gen:{UNIT}") -> dict:
    actor = GENERATION if asset.startswith("gen:") else OWNER
    seen = submit.preview(book=book, world=world, actor=actor, now=now, request=ask(asset, start=start))
    answer = settle.decide(
        book=book, world=world, now=now, outage_id="", asked_by=SYSTEM, preview=True, unfiled=seen.outage
    )
    assert answer.record is not None
    return answer.record


# ---------------------------------------------------------------- kept
def test_the_newest_issue_is_found_again_whole(book: PostgresBook) -> None:
    with book.as_(SYSTEM) as page:
        assert newest_rates(page) is None
    first, second = an_issue(0.031), an_issue(0.07, issued=NOW + DAY)
    assert kept(book, first) == first.id != second.id
    kept(book, second, now=NOW + DAY)
    with book.as_(SYSTEM) as page:
        found = newest_rates(page)
    assert found is not None
    assert (found.id, found.issued, found.unit, found.source) == (second.id, second.issued, second.unit, "r.csv")
    assert replace(found, id="").id == second.id  # what was written is what its name is the digest of
    assert found.outage_rate == pytest.approx(second.outage_rate)
    seen = rates_seen(found, now=NOW + 3 * DAY)
    assert (seen.id, seen.units, seen.age_d) == (second.id, len(second.unit), 2.0)
    with book.as_(OWNER) as page:
        assert newest_rates(page) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda i: replace(i, id="", unit=i.unit[1:], outage_rate=i.outage_rate[1:]), "unit"),
        (lambda i: replace(i, id="", unit=(*i.unit[:-1], i.unit[0])), "unit"),
        (lambda i: replace(i, id="", unit=(*i.unit[:-1], "gen:9999")), "unit"),
        (lambda i: replace(i, id="", unit=(*i.unit[:-1], "branch:1")), "unit"),
        (lambda i: replace(i, id="", unit=(*i.unit[:-1], "nonsense")), "unit"),
        (lambda i: replace(i, id="", outage_rate=i.outage_rate * 30.0), "outage_rate"),
        (lambda i: replace(i, id="", outage_rate=i.outage_rate * np.nan), "outage_rate"),
        (lambda i: replace(i, id="", outage_rate=-i.outage_rate), "outage_rate"),
        (lambda i: replace(i, id="", issued=NOW + timedelta(seconds=1)), "issued"),
        (lambda i: replace(i, id="", issued=NOW - DAY), "issued"),
    ],
)
def test_what_does_not_fit_names_its_field_and_leaves_nothing(book: PostgresBook, change, field: str) -> None:
    first = an_issue(issued=NOW - DAY)
    kept(book, first, now=NOW - DAY)
    with pytest.raises((NotRates, OldRates)) as refused:
        kept(book, change(an_issue()))
    assert refused.value.field == field
    assert refused.value.fix
    with book.as_(SYSTEM) as page:
        assert newest_rates(page).id == first.id


def test_only_the_operator_keeps_rates(book: PostgresBook) -> None:
    with pytest.raises(NotYours):
        kept(book, an_issue(), actor=OWNER)


def test_a_unit_that_does_not_count_needs_no_rate(book: PostgresBook) -> None:
    """Mothballed, outside, or for emergencies alone (the oil-fired units of the invented world may be)."""
    world = a_world()
    units = world.grid.network.units
    out = np.array(units.in_service)
    out[7] = False
    network = replace(world.grid.network, units=replace(units, in_service=out))
    fewer = replace(world, grid=replace(world.grid, network=network))
    whole = an_issue()
    keep = np.arange(len(whole.unit)) != 7
    issue = RatesIssue(issued=NOW, source="r.csv", unit=tuple(u for k, u in enumerate(whole.unit) if keep[k]),
                       outage_rate=whole.outage_rate[keep])  # fmt: skip
    assert keep_rates(book=book, world=fewer, actor=ENGINEER, now=NOW, issue=issue) == issue.id


# ---------------------------------------------------------------- what they change
def test_the_margin_counts_with_them_unit_by_unit() -> None:
    world = a_world()
    rng = np.random.default_rng(3)
    rates = rng.uniform(0.0, 0.4, len(world.grid.network.units))
    issue = replace(an_issue(), id="", outage_rate=rates)
    starts = Window(start=START, end=START + DAY).clock_hours()
    found = margin(grid=with_rates(world, issue).rated, starts=starts, rules=world.rules.margin)
    units = world.grid.network.units
    by_hand = replace(
        world.grid,
        network=replace(world.grid.network, units=replace(units, outage_rate=rates)),
    )
    assert found.margin_mw == pytest.approx(margin(grid=by_hand, starts=starts, rules=world.rules.margin).margin_mw)
    assert found.margin_mw != pytest.approx(margin(grid=world.grid, starts=starts, rules=world.rules.margin).margin_mw)
    assert with_rates(world, issue).rated is with_rates(world, replace(issue)).rated  # made once, and kept
    assert with_rates(world, None).rated is world.grid
    assert with_rates(world, issue).rated.digest != world.grid.digest


def test_a_decision_counts_with_the_newest_and_names_them(book: PostgresBook) -> None:
    world = a_world()
    before = decided(book, world)
    kept(book, an_issue(0.0, but={UNIT - 1: 0.5}))
    after = decided(book, world)
    half = 0.5 * float(world.grid.network.units.p_max_mw[UNIT - 1])
    assert after["evidence"]["adequacy"]["removed_mw"] == pytest.approx(half, abs=1e-3)
    assert before["evidence"]["adequacy"]["removed_mw"] != pytest.approx(half, abs=1e-3)
    assert before["evidence"]["rates"] is None
    assert after["evidence"]["rates"]["id"] == an_issue(0.0, but={UNIT - 1: 0.5}).id
    assert after["evidence"]["certainty"]["versions"]["outage_rates"] == after["evidence"]["rates"]["id"]
    assert after["versions"]["grid"] == world.grid.digest  # the network is the same, and so is every study
    assert after["inputs"]["situation"] != before["inputs"]["situation"]


def test_units_that_fail_more_make_recall_likelier(book: PostgresBook) -> None:
    world = a_world()
    level = float(np.quantile(margins(world, (), days=1).margin_mw[0].min(axis=0), 0.2))
    world = replace(world, rules=replace(world.rules, recall=RecallRules(level_mw=level, scenarios=300,
                                                                         weather_years=30)))  # fmt: skip
    chances = [
        the(told(with_rates(world, an_issue(rate)), away(days=1.0)), "called back for capacity").value
        for rate in (0.0, 0.08, 0.3)
    ]
    assert chances[0] < chances[1] < chances[2]


def test_old_rates_refer_what_takes_capacity_and_nothing_else(book: PostgresBook) -> None:
    world = a_world()
    kept(book, an_issue())

    def outcome(days: float, asset: str) -> tuple[str, list[str]]:
        now = NOW + days * DAY
        record = decided(book, world, now=now, start=START + days * DAY, asset=asset)
        return record["outcome"], record["decisive"]

    assert outcome(400, "gen:4")[0] == "accept"
    assert outcome(401, "gen:4") == ("refer", ["DEC-RATE-1"])
    assert outcome(401, "branch:3")[0] == "approve"


def test_rates_that_no_longer_fit_the_grid_make_the_margin_unknown_and_approve_nothing(book: PostgresBook) -> None:
    """A unit has come since, by a change set or a new file: the margin of everybody is not known."""
    world = a_world()
    units = world.grid.network.units
    fewer = replace(an_issue(), id="", unit=an_issue().unit[1:], outage_rate=an_issue().outage_rate[1:])
    assert not rated(grid=world.grid, issue=fewer).network.units.outage_rate_known[0]
    assert units.outage_rate_known.all()
    with book.as_(ENGINEER) as page:
        page.enter("outage_rates", {"issued": "2027-01-01T00:00Z", "source": "r.csv", "unit": list(fewer.unit),
                                    "rate": fewer.outage_rate.tolist(), "id": fewer.id})  # fmt: skip
    record = decided(book, world)
    assert record["outcome"] == "refer"
    assert "MAR-1" in record["decisive"]
    assert "no known outage rate" in next(r["says"] for r in record["rules"] if r["rule"] == "MAR-1")


def test_scenarios_of_other_rates_are_not_used_and_survive_their_file(tmp_path: Path) -> None:
    world = a_world()
    world = replace(world, rules=replace(world.rules, recall=RecallRules(scenarios=60, weather_years=30)))
    there = with_rates(world, an_issue(0.2))
    drawn = drawn_ahead(world=there, now=NOW, days=20, holding=())
    write_drawn(tmp_path / "s.npz", drawn, grid=world.grid.digest)
    read = read_drawn(tmp_path / "s.npz", grid=world.grid.digest)
    assert read.rates == drawn.rates == an_issue(0.2).id
    ready = replace(there, drawn=read)
    same, other = told(ready, away(days=1.0)), told(replace(world, drawn=read), away(days=1.0))
    assert "at a lead of 0 days" in same.versions["scenarios"]
    assert "at a lead of 0 days" not in other.versions["scenarios"]


def test_nights_and_postings_count_with_them_and_say_which(book: PostgresBook) -> None:
    world = a_world()
    world = replace(world, rules=replace(world.rules, recall=RecallRules(scenarios=60, weather_years=30)))
    bare = document(post(book=book, world=world, now=NOW, months=1))
    kept(book, an_issue(0.3))
    rich = document(post(book=book, world=world, now=NOW, months=1))
    assert (bare["rates"], rich["rates"]) == (None, an_issue(0.3).id)
    assert min(rich["places"][0]["margin_mw"]) < min(bare["places"][0]["margin_mw"])
    _, drawn = tell(book=book, world=world, now=NOW, days=3)
    assert drawn.rates == an_issue(0.3).id


def test_what_begins_soon_is_studied_again_when_rates_are_issued(book: PostgresBook) -> None:
    world = a_world()
    filed = submit.submit(book=book, world=world, actor=GENERATION, now=NOW, request=ask("gen:4"))
    settle.decide(book=book, world=world, now=NOW, outage_id=filed.outage.id, asked_by=SYSTEM)
    later = NOW + timedelta(hours=2)

    def causes() -> set[str]:
        with book.as_(SYSTEM) as page:
            return {duty.name for duty in duties(page, rules=world.rules.clock, now=later)}

    before = causes()
    kept(book, an_issue(issued=NOW + timedelta(hours=1)), now=later)
    assert any(an_issue(issued=NOW + timedelta(hours=1)).id in name for name in causes() - before)


def test_a_replay_counts_with_the_rates_and_the_forecast_of_then(book: PostgresBook) -> None:
    world = a_world()
    filed = submit.submit(book=book, world=world, actor=GENERATION, now=NOW, request=ask("gen:4"))
    bare = settle.decide(book=book, world=world, now=NOW, outage_id=filed.outage.id, asked_by=SYSTEM).outage
    kept(book, an_issue(0.02))
    keep(book=book, world=world, actor=ENGINEER, now=NOW, issue=a_forecast())
    later = NOW + timedelta(hours=1)
    filed = submit.submit(book=book, world=world, actor=GENERATION, now=later, request=ask("gen:9"))
    rich = settle.decide(book=book, world=world, now=later, outage_id=filed.outage.id, asked_by=SYSTEM).outage
    for day in range(1, 12):  # newer ones, so many that the first lies further back than one look
        kept(book, an_issue(0.4, issued=NOW + day * DAY), now=NOW + day * DAY)
    keep(book=book, world=world, actor=ENGINEER, now=NOW + DAY, issue=a_forecast(issued=NOW + DAY))
    for outage in (bare, rich):
        found = replay(book=book, world=world, actor=ENGINEER, now=NOW + 12 * DAY, outage_id=outage.id)
        assert found["same"], found["says"]
        with book.as_(SYSTEM) as page:
            record = page.decision(outage.decision_id)
        again = what_if(book=book, world=world, actor=ENGINEER, now=NOW + 12 * DAY, outage=outage.id,
                        supposed=Supposed(as_decided=True)).evidence  # fmt: skip
        for part in ("rates", "forecast"):
            then = record["evidence"][part]
            assert (getattr(again, part) and getattr(again, part).id) == (then and then["id"])
        assert again.adequacy.removed_mw == record["evidence"]["adequacy"]["removed_mw"]


def test_a_study_keeps_its_name_while_the_rates_grow_older(book: PostgresBook) -> None:
    world = a_world()
    kept(book, an_issue())
    filed = submit.submit(book=book, world=world, actor=GENERATION, now=NOW, request=ask("gen:4"))
    one, later = (
        what_if(book=book, world=world, actor=ENGINEER, now=now, outage=filed.outage.id, supposed=Supposed())
        for now in (NOW, NOW + timedelta(hours=1))
    )
    assert one.evidence.rates.age_d != later.evidence.rates.age_d
    assert one.id == later.id


# ---------------------------------------------------------------- tables and words
ROWS = ["2027-01-01T00:00-05:00,gen:1,0.05\n", "2027-01-01T00:00-05:00,gen:2,1\n"]


def test_a_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("issued,unit,outage_rate\n" + "".join(ROWS))
    found = read_rates(path)
    assert (found.unit, found.outage_rate.tolist(), found.source) == (("gen:1", "gen:2"), [0.05, 1.0], "r.csv")
    assert f"{found.issued:%Y-%m-%dT%H:%MZ}" == "2027-01-01T05:00Z"


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([ROWS[0], ROWS[1].replace(",1\n", ",5\n")], "rates line 3, outage_rate"),
        ([ROWS[0], ROWS[1].replace(",1\n", ",-0.1\n")], "rates line 3, outage_rate"),
        ([ROWS[0], ROWS[1].replace(",1\n", ",\n")], "rates line 3, outage_rate"),
        ([ROWS[0], ROWS[1].replace("2027-01-01", "2027-01-02")], "rates, issued"),
        ([ROWS[0], ROWS[1].replace("2027-01-01T00:00-05:00", "today")], "rates line 3, issued"),
    ],
)
def test_a_table_that_cannot_be_names_line_and_column(tmp_path: Path, rows: list[str], field: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text("issued,unit,outage_rate\n" + "".join(rows))
    with pytest.raises(BadTable) as refused:
        read_rates(path)
    assert refused.value.field == field
    assert refused.value.fix


def test_people_and_machines_see_which_are_kept_and_whether_they_are_too_old(capsys) -> None:
    rules, fresh = a_world().rules.decision, rates_seen(an_issue(), now=NOW + DAY)
    assert fresh is not None
    assert show(None, fresh, rules=rules, what="rates", as_json=False) == 0
    assert "1.0 days old (at most 400)" in capsys.readouterr().out
    assert show(None, replace(fresh, age_d=401.0), rules=rules, what="rates", as_json=False) == 1
    assert "refers to a person" in capsys.readouterr().out
    assert show(None, None, rules=rules, what="show", as_json=False) == 1
    out = capsys.readouterr().out
    assert "No forecast issue is kept" in out
    assert "No outage rates are kept" in out
    assert show(None, fresh, rules=rules, what="rates", as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rates"]["id"], found["rates_fresh"], found["rates_most_age_d"]) == (an_issue().id, True, 400.0)
