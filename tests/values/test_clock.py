"""The market clock and local time; the table is worked by hand, both clock-change days of 2027."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.values import (
    AmbiguousTime,
    HourEnding,
    NonexistentTime,
    NoSuchZone,
    NotAnInstant,
    NoZone,
    OffsetContradictsZone,
    Refused,
    Window,
    daily,
    hour_beginning,
    hour_ending,
    local_day,
    market_day,
    market_day_of,
    market_hours,
    parse_instant,
    shown,
    zone_of,
)

CHICAGO, NEW_YORK = "America/Chicago", "America/New_York"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", [CHICAGO, NEW_YORK])
def test_a_local_time_that_the_clocks_jump_over_is_refused(zone: str) -> None:
    with pytest.raises(NonexistentTime, match="does not exist"):
        parse_instant("2027-03-14T02:30", zone=zone)


@pytest.mark.parametrize(
    ("text", "zone", "fold", "expected", "market", "hour"),
    [
        ("2027-03-14T01:30", CHICAGO, None, "2027-03-14T07:30", "2027-03-14 02:30 EST", 3),
        ("2027-03-14T03:30", CHICAGO, None, "2027-03-14T08:30", "2027-03-14 03:30 EST", 4),
        ("2027-11-07T01:30", CHICAGO, "first", "2027-11-07T06:30", "2027-11-07 01:30 EST", 2),
        ("2027-11-07T01:30", CHICAGO, "second", "2027-11-07T07:30", "2027-11-07 02:30 EST", 3),
        ("2027-11-07T01:30", NEW_YORK, "first", "2027-11-07T05:30", "2027-11-07 00:30 EST", 1),
        ("2027-11-07T01:30", NEW_YORK, "second", "2027-11-07T06:30", "2027-11-07 01:30 EST", 2),
        ("2027-11-07T01:30-05:00", None, None, "2027-11-07T06:30", "2027-11-07 01:30 EST", 2),
        ("2028-02-29T23:45", "EST", None, "2028-03-01T04:45", "2028-02-29 23:45 EST", 24),
        ("2027-12-31T23:30", "EST", None, "2028-01-01T04:30", "2027-12-31 23:30 EST", 24),
        ("2028-01-01T00:00", "EST", None, "2028-01-01T05:00", "2028-01-01 00:00 EST", 1),
    ],
)
def test_a_time_is_read_as_worked_by_hand(  # noqa: PLR0917 - the columns of the table
    text: str, zone: str | None, fold: str | None, expected: str, market: str, hour: int
) -> None:
    instant = parse_instant(text, zone=zone, fold=fold)
    assert instant == utc(expected)
    assert shown(instant) == market
    assert hour_beginning(instant).hour == hour


def test_an_ambiguous_time_is_refused_and_both_readings_are_named() -> None:
    with pytest.raises(AmbiguousTime) as refused:
        parse_instant("2027-11-07T01:30", zone=CHICAGO)
    assert "2027-11-07T06:30Z" in str(refused.value)
    assert "2027-11-07T07:30Z" in str(refused.value)


def test_a_time_with_neither_offset_nor_zone_is_refused() -> None:
    with pytest.raises(NoZone):
        parse_instant("2027-07-01T00:00")


@pytest.mark.parametrize(
    ("start", "end", "hours", "first", "last"),
    [
        ("2027-03-13T18:00", "2027-03-15T06:00", 35, "2027-03-14T00:00", "2027-03-15T11:00"),
        ("2027-11-06T18:00", "2027-11-08T06:00", 37, "2027-11-06T23:00", "2027-11-08T12:00"),
    ],
)
def test_an_outage_across_a_clock_change_lasts_its_true_hours(
    start: str, end: str, hours: int, first: str, last: str
) -> None:
    window = Window(start=parse_instant(start, zone=CHICAGO), end=parse_instant(end, zone=CHICAGO))
    assert (window.hours, window.start, window.end) == (hours, utc(first), utc(last))


def test_daily_work_keeps_its_local_hours_across_the_clock_change() -> None:
    days = daily(
        start="08:00",
        end="16:00",
        zone=CHICAGO,
        within=Window(
            start=parse_instant("2027-03-13T00:00", zone=CHICAGO), end=parse_instant("2027-03-16T00:00", zone=CHICAGO)
        ),
    )
    assert [(day.start, day.end) for day in days] == [
        (utc("2027-03-13T14:00"), utc("2027-03-13T22:00")),
        (utc("2027-03-14T13:00"), utc("2027-03-14T21:00")),
        (utc("2027-03-15T13:00"), utc("2027-03-15T21:00")),
    ]
    assert sum(day.hours for day in days) == 24
    assert [[one.hour for one in market_hours(day)] for day in days] == [
        list(range(10, 18)),
        list(range(9, 17)),
        list(range(9, 17)),
    ]


def test_touching_windows_do_not_overlap() -> None:
    first = Window(start=utc("2027-03-01T00:00"), end=utc("2027-03-01T01:00"))
    assert not first.overlaps(first.moved(timedelta(hours=1)))


def test_five_oclock_utc_closes_hour_24_of_the_market_day_before() -> None:
    assert hour_ending(utc("2027-03-01T05:00")) == HourEnding(day=date(2027, 2, 28), hour=24)
    assert hour_ending(utc("2027-03-01T05:00:01")) == HourEnding(day=date(2027, 3, 1), hour=1)
    assert hour_beginning(utc("2027-03-01T05:00")) == HourEnding(day=date(2027, 3, 1), hour=1)


@pytest.mark.parametrize("day", [date(2027, 3, 14), date(2027, 11, 7), date(2028, 2, 29), date(2027, 12, 31)])
def test_every_market_day_has_24_hours(day: date) -> None:
    window = market_day(day)
    assert window.hours == 24
    assert window.start.hour == 5
    assert [one.window for one in market_hours(window)] == [
        Window(start=start, end=start + timedelta(hours=1)) for start in window.clock_hours()
    ]
    assert market_day_of(window.start) == day
    assert market_day_of(window.end) == day + timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2027, 3, 14), CHICAGO, 23),
        (date(2027, 11, 7), NEW_YORK, 25),
        (date(2027, 3, 14), "EST", 24),
        (date(2025, 3, 9), "America/Havana", 23),  # midnight itself is jumped over
        (date(2027, 7, 1), CHICAGO, 24),
    ],
)
def test_a_local_day_has_the_hours_its_clock_shows(day: date, zone: str, hours: int) -> None:
    assert local_day(day, zone=zone).hours == hours


@pytest.mark.parametrize("zone", ["EST", NEW_YORK, CHICAGO, "UTC"])
@pytest.mark.parametrize("day", ["2027-03-14", "2027-11-07", "2026-03-08", "2026-11-01"])
def test_every_quarter_hour_of_a_clock_change_day_comes_back_as_the_same_instant(day: str, zone: str) -> None:
    where = zone_of(zone)
    first = utc(f"{day}T00:00") - timedelta(hours=6)
    seen: dict[str, list[datetime]] = {}
    for quarter in range(42 * 4):
        instant = first + quarter * timedelta(minutes=15)
        local = instant.astimezone(where)
        assert parse_instant(local.isoformat(timespec="minutes")) == instant
        assert parse_instant(local.isoformat(timespec="minutes").replace("+00:00", "Z"), zone=zone) == instant
        seen.setdefault(f"{local:%Y-%m-%dT%H:%M}", []).append(instant)
    for wall, instants in seen.items():
        if len(instants) == 2:
            with pytest.raises(AmbiguousTime):
                parse_instant(wall, zone=zone)
        readings = [parse_instant(wall, zone=zone, fold=fold) for fold in ("first", "second")]
        assert readings == [instants[0], instants[-1]]


@pytest.mark.parametrize("zone", [NEW_YORK, CHICAGO])
def test_exactly_the_quarter_hours_the_clock_never_shows_are_refused(zone: str) -> None:
    where = zone_of(zone)
    shown_walls = {
        (utc("2027-03-14T00:00") + k * timedelta(minutes=15)).astimezone(where).strftime("%Y-%m-%dT%H:%M")
        for k in range(48 * 4)
    }
    refused = set()
    for k in range(24 * 4):
        wall = (datetime(2027, 3, 14) + k * timedelta(minutes=15)).strftime("%Y-%m-%dT%H:%M")  # noqa: DTZ001 - a wall clock
        try:
            parse_instant(wall, zone=zone)
        except NonexistentTime:
            refused.add(wall)
    assert refused == {f"2027-03-14T02:{minute:02}" for minute in (0, 15, 30, 45)}
    assert not refused & shown_walls


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2027-02-29T00:00Z",
        "2027-13-01T00:00Z",
        "2027-03-01",
        "2027-03-01T24:00Z",
        "2027-03-01T08:60Z",
        "20270301T0800Z",
        "2027-W09-1T08:00Z",
        "2027-03-01T08Z",
        "2027-03-01T08:00+15:00",
        "2027-03-01T08:00-05:75",
        "0001-01-01T00:00Z",
        "2027-03-01T08:00Z ",
        "٢٠٢٧-03-01T08:00Z",
    ],
)
def test_a_text_that_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(NotAnInstant):
        parse_instant(text, zone="UTC")


def test_a_zone_that_does_not_exist_is_refused() -> None:
    for name in ("Mars/Base", "../../etc/passwd", "", "america/chicago", "zones"):
        with pytest.raises(NoSuchZone):
            parse_instant("2027-03-01T08:00", zone=name)


def test_an_offset_that_the_named_zone_does_not_have_is_refused() -> None:
    assert parse_instant("2027-07-01T08:00-05:00", zone=CHICAGO) == utc("2027-07-01T13:00")
    with pytest.raises(OffsetContradictsZone):
        parse_instant("2027-07-01T08:00-06:00", zone=CHICAGO)


def test_a_refusal_names_the_field_and_the_fix() -> None:
    with pytest.raises(Refused) as refused:
        parse_instant("2027-07-01T00:00", field="window.start")
    assert refused.value.field == "window.start"
    assert refused.value.fix


def test_night_work_belongs_to_the_day_it_starts_on_and_is_cut_to_the_window() -> None:
    within = Window(
        start=parse_instant("2027-05-03T00:00", zone=CHICAGO), end=parse_instant("2027-05-05T00:00", zone=CHICAGO)
    )
    nights = daily(start="22:00", end="05:00", zone=CHICAGO, days=(1,), within=within)
    assert [(night.start, night.end) for night in nights] == [(utc("2027-05-04T03:00"), utc("2027-05-04T10:00"))]
    every = daily(start="22:00", end="05:00", zone=CHICAGO, within=within)
    assert [night.hours for night in every] == [5, 7, 2]


def test_daily_work_at_a_time_a_day_does_not_have_is_refused_only_if_that_day_is_in_the_window() -> None:
    def nights(first: str, last: str) -> int:
        within = Window(start=parse_instant(first, zone=CHICAGO), end=parse_instant(last, zone=CHICAGO))
        return len(daily(start="02:30", end="05:00", zone=CHICAGO, within=within))

    assert nights("2027-03-11T00:00", "2027-03-14T00:00") == 3
    assert nights("2027-03-15T00:00", "2027-03-18T00:00") == 3
    with pytest.raises(NonexistentTime):
        nights("2027-03-13T00:00", "2027-03-16T00:00")


@given(
    instant=st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    zone=st.sampled_from(["EST", NEW_YORK, CHICAGO, "UTC", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_what_any_clock_shows_with_its_offset_is_the_instant_again(instant: datetime, zone: str) -> None:
    assert parse_instant(instant.astimezone(zone_of(zone)).isoformat(), zone=zone) == instant


@given(instant=st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_an_instant_closes_the_hour_it_lies_in_or_ends(instant: datetime) -> None:
    closed, begun = hour_ending(instant).window, hour_beginning(instant).window
    assert closed.start < instant <= closed.end
    assert begun.start <= instant < begun.end
