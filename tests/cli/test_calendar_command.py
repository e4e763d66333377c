from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from moms.cli.commands import calendar as command
from moms.cli.entry import main
from moms.desk.calendar import AssetDay, AssetDays, AvailabilityCalendar, Reckoned
from moms.desk.windows import FREE, NOT, STUDY

FIRST = date(2027, 1, 30)


def a_calendar(*, network_only: bool = False, assets: int = 1, kept: int = 0) -> AvailabilityCalendar:
    states = [(FREE, "", ""), (STUDY, "branch:2 near its limit at 03:00", "pair"), (NOT, "taken", ""),
              (STUDY, "branch:2 near its limit at 04:00", "pair")]  # fmt: skip
    days = tuple(
        AssetDay(day=FIRST + timedelta(days=k), state=state, reason=reason, cause=cause)
        for k, (state, reason, cause) in enumerate(states)
    )
    return AvailabilityCalendar(
        first=FIRST,
        last=FIRST + timedelta(days=3),
        rows=tuple(AssetDays(asset=f"branch:{k + 1}", days=days) for k in range(assets)),
        reckoned=tuple(
            Reckoned(
                day=FIRST + timedelta(days=k), at=datetime(2026, 12, 31, 6, tzinfo=UTC), book_version=6, kept=k < kept
            )
            for k in range(4)
        ),
        book_version=7,
        computed_at=datetime(2027, 1, 1, tzinfo=UTC),
        network_only=network_only,
        contingencies=12,
        points=96,
        notes=(),
    )


def printed(capsys: pytest.CaptureFixture[str], found: AvailabilityCalendar) -> list[str]:
    command._print(found, {"cpu_s": 1.0, "wall_s": 1.0, "points": 96, "contingencies": 12})
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_each_month_is_a_line_with_its_days_in_their_places_and_reasons_are_counted(capsys):
    lines = printed(capsys, a_calendar())
    assert lines[0] == "1 assets, 4 days: 25.0% free ., 50.0% needs a study ?, 25.0% not available x."
    assert f"  Jan 2027 {' ' * 29}.?" in lines
    assert "  Feb 2027 x?" in lines
    assert "  ? 2027-01-31 and 1 more: branch:2 near its limit at 03:00" in lines
    assert "  x 2027-02-01: taken" in lines
    assert not any("network alone" in line for line in lines)


def test_what_only_the_network_says_is_said_and_long_lists_say_that_they_go_on(capsys):
    lines = printed(capsys, a_calendar(network_only=True, assets=50))
    assert "By the network alone: entry rules, flags and margin are not in it." in lines
    assert "and 10 more: --json has them all" in lines


def test_days_that_were_kept_say_since_when(capsys):
    assert "3 of the days were kept, since 2026-12-31 06:00Z at the earliest" in printed(capsys, a_calendar(kept=3))
    assert not any("were kept" in line for line in printed(capsys, a_calendar()))


@pytest.mark.parametrize("words", [["--asset", "branch:1"], ["--all"]])
def test_days_are_kept_for_all_branches_and_no_fewer(words, capsys):
    assert main(["calendar", "--keep", *words, "--from", "2027-01-01", "--to", "2027-01-02"]) == 2
    assert "leave --asset and --all out" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--all", "--asset", "branch:1"]])
def test_either_some_assets_or_all_are_asked_for(words, capsys):
    assert main(["calendar", *words, "--from", "2027-01-01", "--to", "2027-01-02"]) == 2
    assert "give --asset branch:12, or --all" in capsys.readouterr().err
