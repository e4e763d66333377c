"""Forecast issues: kept, found again, aged; what they change, and what an old one does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.adequacy import ForecastIssue, NotAForecast, RecallRules, weather_years, with_forecast
from moms.desk import settle, submit
from moms.desk.forecast import OldForecast, identity, keep, newest
from moms.desk.ports import NotYours
from moms.exchange._sheet import BadTable
from moms.exchange.issues import COLUMNS, read_issue
from moms.grid import shape_columns
from moms.values import SYSTEM, Window
from tests.desk.test_certain import away, margins, the, told
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from pathlib import Path

    from moms.store.book import PostgresBook

HOURS = 24 * 14


def an_issue(*, load: float = 1.0, issued=NOW, start=NOW, hours: int = HOURS, **more: object) -> ForecastIssue:
    """An issue that says `load` times the load of the case in every hour, and no wind or sun."""
    grid = a_world().grid
    base = np.bincount(grid.network.buses.zone[grid.network.buses.zone >= 0],
                       weights=grid.network.buses.load_mw[grid.network.buses.zone >= 0], minlength=3)  # fmt: skip
    flat = np.tile(base[:, None] * load, hours)
    whole = ForecastIssue(issued=issued, source="f.csv", start=start, zones=grid.zones.name, load_mw=flat,
                          wind=np.zeros_like(flat), solar=np.zeros_like(flat))  # fmt: skip
    return replace(whole, **more)  # type: ignore[arg-type]  # tests name fields


def kept(book: PostgresBook, issue: ForecastIssue, *, now=NOW, actor=ENGINEER) -> str:
    return keep(book=book, world=a_world(), actor=actor, now=now, issue=issue)


def test_the_newest_issue_is_found_again_whole(book: PostgresBook) -> None:
    with book.as_(SYSTEM) as page:
        assert newest(page) is None
    first, second = an_issue(load=0.91), an_issue(load=1.07, issued=NOW + DAY)
    assert kept(book, first) == identity(first)
    kept(book, second, now=NOW + DAY)
    with book.as_(SYSTEM) as page:
        found = newest(page)
        assert identity(found) == identity(second) != identity(first)
        assert (found.issued, found.start, found.end) == (second.issued, second.start, second.end)
        assert found.load_mw == pytest.approx(second.load_mw)


def test_what_is_no_newer_not_issued_yet_or_not_of_this_grid_is_refused(book: PostgresBook) -> None:
    kept(book, an_issue())
    for issue, refused in (
        (an_issue(), OldForecast),
        (an_issue(issued=NOW + DAY), OldForecast),
        (an_issue(issued=NOW + timedelta(seconds=1), hours=24 * 61), OldForecast),
        (an_issue(zones=("Z0", "Z1", "elsewhere")), NotAForecast),
        (an_issue(wind=np.full((3, HOURS), 1.01)), NotAForecast),
        (an_issue(load_mw=np.full((3, HOURS), -1.0)), NotAForecast),
    ):
        with pytest.raises(refused):
            kept(book, issue, now=NOW + timedelta(hours=1))
    with pytest.raises(NotYours):
        kept(book, an_issue(issued=NOW + timedelta(minutes=1)), now=NOW + DAY, actor=OWNER)


def test_the_hours_of_an_issue_are_the_same_in_every_weather_year_and_the_others_are_untouched() -> None:
    grid = a_world().grid
    starts = Window(start=NOW, end=NOW + 20 * DAY).clock_hours()
    columns = shape_columns(shapes=grid.shapes, starts=starts)
    years = weather_years(shapes=grid.shapes, years=30, seed=1, columns=columns)
    found = with_forecast(years=years, issue=an_issue(load=1.5, start=NOW + DAY), starts=starts, grid=grid)
    inside = slice(24, 24 + HOURS)
    assert found.load[:, :, inside] == pytest.approx(1.5)
    assert not found.wind[:, :, inside].any()
    for k in (*range(24), *range(24 + HOURS, 480)):
        assert (found.load[:, :, k] == years.load[:, :, k]).all()
    assert (found.temperature_c == years.temperature_c).all()
    assert with_forecast(years=years, issue=None, starts=starts, grid=grid) is years
    far = an_issue(start=NOW + 300 * DAY)
    assert with_forecast(years=years, issue=far, starts=starts, grid=grid) is years


def test_a_forecast_of_much_load_makes_recall_likelier_and_of_little_less(book: PostgresBook) -> None:
    base = a_world()
    level = float(np.quantile(margins(base, (), days=3).margin_mw[0].min(axis=0), 0.2))
    rules = replace(base.rules, recall=RecallRules(level_mw=level, scenarios=300, weather_years=30))
    world = replace(base, rules=rules)
    chances = []
    for hours, load in enumerate((0.5, 0.7, 0.9)):
        kept(book, an_issue(load=load, issued=NOW + timedelta(hours=hours)), now=NOW + timedelta(hours=hours))
        seen = submit.preview(book=book, world=world, actor=replace(OWNER, organisation="GO-1"), now=NOW + DAY,
                              request=ask("gen:4", days=3.0))  # fmt: skip
        record = settle.decide(book=book, world=world, now=NOW + DAY, outage_id="", asked_by=SYSTEM, preview=True,
                               unfiled=seen.outage).record  # fmt: skip
        found = record["evidence"]["certainty"]
        chances.append(next(c["value"] for c in found["chances"] if c["what"] == "called back for capacity"))
        assert found["versions"]["forecast"].startswith("F-")
        assert record["evidence"]["forecast"]["age_h"] == pytest.approx(24.0 - hours)
    assert chances[0] < chances[1] < chances[2]
    assert "forecast" not in told(world, away()).versions
    assert the(told(world, away()), "called back for capacity").value > chances[0]


def test_an_old_issue_refers_what_begins_soon_and_nothing_else(book: PostgresBook) -> None:
    world = a_world()
    kept(book, an_issue())

    def outcome(hours: float, start=START) -> str:
        now = NOW + timedelta(hours=hours)
        seen = submit.preview(book=book, world=world, actor=OWNER, now=now, request=ask(start=start))
        answer = settle.decide(
            book=book, world=world, now=now, outage_id="", asked_by=SYSTEM, preview=True, unfiled=seen.outage
        )
        return str(answer.record["outcome"])

    assert outcome(36) == "approve"
    assert outcome(37) == "refer"
    assert outcome(37, start=START + 10 * DAY) == "approve"


# ---------------------------------------------------------------- tables
HEAD = ",".join(COLUMNS) + "\n"


def a_table(*, hours: int = 2, zones=("A", "B"), issued: str = "2027-03-01T06:00-05:00") -> list[str]:
    return [
        f"{issued},2027-03-01T{h:02d}:00-05:00,{zone},{100 * h + k},0.25,0.5\n"
        for h in range(hours) for k, zone in enumerate(zones)
    ]  # fmt: skip


def test_a_table_is_read_whatever_the_order_of_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + "".join(reversed(a_table())))
    found = read_issue(path, zones=("A", "B"))
    assert found.load_mw.tolist() == [[0.0, 100.0], [1.0, 101.0]]
    assert (found.wind == 0.25).all()
    assert (found.solar == 0.5).all()
    assert found.end - found.start == timedelta(hours=2)
    assert found.source == "f.csv"


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        (a_table()[:-1], "forecast"),
        ([*a_table()[:-1], a_table()[0]], "forecast line 5, hour"),
        ([a_table()[0].replace(",A,", ",C,"), *a_table()[1:]], "forecast line 2, zone"),
        ([a_table(issued="2027-03-02T06:00-05:00")[0], *a_table()[1:]], "forecast, issued"),
        ([a_table()[0].replace("00:00-05:00,A", "00:30-05:00,A"), *a_table()[1:]], "forecast line 2, hour"),
        ([a_table()[0].replace(",A,0,", ",A,-1,"), *a_table()[1:]], "forecast line 2, load_mw"),
        ([a_table()[0].replace("2027-03-01T00:00-05:00", "then"), *a_table()[1:]], "forecast line 2, hour"),
    ],
)
def test_a_table_that_cannot_be_names_line_and_column(tmp_path: Path, lines: list[str], field: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + "".join(lines))
    with pytest.raises(BadTable) as refused:
        read_issue(path, zones=("A", "B"))
    assert refused.value.field == field
