"""The margin as it is posted: what an outage takes of it, what is kept, who sees it, and what cannot be posted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from moms.adequacy import NoScenarios, OutlookRules, Taken, outlook
from moms.cli.posting import show
from moms.desk.forecast import keep
from moms.desk.ports import NotYours
from moms.desk.posting import MARGIN, NotAPosting, age_h, document, keep_posting, post, posted, span_of
from moms.values import MARKET, SYSTEM, market_day_of, plain
from tests.desk.test_forecast import an_issue
from tests.desk.test_nightly import grant, with_level
from tests.desk.test_nightly import world as a_world_with_margin
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, ask

if TYPE_CHECKING:
    from moms.desk.world import World
    from moms.store.book import PostgresBook

world = a_world_with_margin
UNIT = 4


def told(book: PostgresBook, world: World, *, now=NOW, months: int = 1) -> dict[str, Any]:
    found = plain(document(post(book=book, world=world, now=now, months=months)))
    assert isinstance(found, dict)
    return found


def of(found: dict[str, Any], place: str = "footprint") -> dict[str, Any]:
    return next(one for one in found["places"] if one["place"] == place)


def test_what_is_posted_is_the_room_that_is_left_with_the_units_of_the_book_out(book, world):
    free = told(book, world)
    request = ask(f"gen:{UNIT}", days=3.0)
    grant(book, world, request)
    with_it = told(book, world)
    hours = span_of(now=NOW, months=1).clock_hours()
    rules = OutlookRules(margin=world.rules.margin)
    for found, taken in ((free, ()), (with_it, (Taken(unit=UNIT - 1, window=request.window),))):
        whole = outlook(grid=world.grid, starts=hours, taken=taken, rules=rules)
        for place in found["places"]:
            rooms = [room for room in whole.rooms if room.place == place["place"]]
            least = np.min([room.margin_mw for room in rooms], axis=0)
            assert place["margin_mw"] == np.floor(least).astype(int).tolist()
    first = (market_day_of(START) - market_day_of(NOW)).days
    before, after = (np.array(of(one)["margin_mw"]) for one in (free, with_it))
    assert (after[first : first + 3] < before[first : first + 3]).all()
    assert (after[first + 7 :] <= before[first + 7 :]).all()
    assert of(free)["limit_mw"] == of(with_it)["limit_mw"]
    assert with_it["book_version"] > free["book_version"]


def test_each_week_names_its_least_day_with_rising_bands(book, world):
    found = told(book, world)
    for place in found["places"]:
        margin, start = place["margin_mw"], date.fromisoformat(found["first"])
        assert len(margin) == len(place["limit_mw"]) == len(place["method"]) == found["days"]
        assert len(place["weeks"]) == -(-found["days"] // 7)
        for k, week in enumerate(place["weeks"]):
            day = (date.fromisoformat(week["day"]) - start).days
            assert margin[day] == min(margin[7 * k : 7 * k + 7])
            assert week["p10_mw"] <= week["p50_mw"] <= week["p90_mw"]
        assert place["short_days"] == sum(mw < 0 for mw in margin)


def test_postings_are_kept_one_after_another_and_the_newest_is_found(book, world):
    first = post(book=book, world=world, now=NOW, months=1)
    keep_posting(book=book, actor=ENGINEER, posting=first)
    later = replace(first, at=NOW + DAY)
    keep_posting(book=book, actor=SYSTEM, posting=later)
    with book.as_(SYSTEM) as page:
        found = posted(page)
        assert len(page.entries(MARGIN)) == 2
    assert found is not None
    assert found["places"] == plain(document(first))["places"]
    assert age_h(found, now=NOW + DAY + timedelta(hours=5)) == pytest.approx(5.0)
    with book.as_(OWNER) as page:
        assert posted(page) is None


def test_only_the_operator_posts(book, world):
    posting = post(book=book, world=world, now=NOW, months=1)
    with pytest.raises(NotYours):
        keep_posting(book=book, actor=OWNER, posting=posting)
    with book.as_(SYSTEM) as page:
        assert posted(page) is None


def test_a_posting_names_the_forecast_and_the_rule_book_it_rests_on(book, world):
    assert told(book, world)["forecast"] is None
    key = keep(book=book, world=world, actor=ENGINEER, now=NOW, issue=an_issue())
    found = told(book, world)
    assert found["forecast"] == key
    assert found["rule_book"] == world.rules.name


@pytest.mark.parametrize("months", [0, -1, 37])
def test_months_that_cannot_be_posted_are_refused(months):
    with pytest.raises(NotAPosting):
        span_of(now=NOW, months=months)


@pytest.mark.parametrize(
    ("today", "months", "last"),
    [(date(2027, 1, 31), 1, date(2027, 2, 28)), (date(2027, 12, 5), 24, date(2029, 12, 5)),
     (date(2028, 2, 29), 12, date(2029, 2, 28)), (date(2027, 3, 14), 1, date(2027, 4, 14))],
)  # fmt: skip
def test_months_end_on_the_same_day_at_most_the_28th_through_leap_years_and_clock_changes(today, months, last):
    now = NOW.astimezone(MARKET).replace(year=today.year, month=today.month, day=today.day, hour=12)
    span = span_of(now=now, months=months)
    assert (market_day_of(span.start), market_day_of(span.end)) == (today, last)
    assert span.hours == 24 * (last - today).days


def test_a_grid_without_zones_posts_nothing(book, world):
    with pytest.raises(NoScenarios):
        post(book=book, world=replace(world, grid=replace(world.grid, zones=None)), now=NOW, months=1)


def test_people_see_a_line_a_place_or_that_there_is_none(book, world, capsys):
    show(None)
    assert "No margin has been posted yet" in capsys.readouterr().out
    found = told(book, with_level(world, 0.0))
    show({**found, "age_h": 7.2})
    text = capsys.readouterr().out
    assert "7 h ago" in text
    assert "footprint" in text
    assert f"{min(of(found)['margin_mw']):,}" in text
