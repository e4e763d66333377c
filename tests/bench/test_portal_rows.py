from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from moms.bench import portal, screens
from moms.bench.screens import SCREENS


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process holds")
def test_a_hundred_streams_are_opened_measured_and_hear():
    rows = {row.id: row for row in portal.streams(quick=True)}
    assert rows["portal.idle"].value > 20.0
    assert rows["portal.streams"].value < rows["portal.idle"].value
    assert rows["portal.streams"].goal is None
    assert rows["portal.heard"].value > 0.0


def test_every_screen_of_the_pages_is_measured():
    source = (Path(__file__).parents[2] / "web" / "src" / "App.svelte").read_text(encoding="utf-8")
    there = set(re.findall(r'here === "(/\w+)"', source)) | {"/requests/{record}"}
    assert {one.path.partition("?")[0] for one in SCREENS} == there
    assert any("wall" in one.path for one in SCREENS)


def test_what_is_typed_is_a_request_of_ten_hours_on_some_day_ahead():
    asked = [screens._typed(["branch:1", "branch:2"], k) for k in range(200)]
    assert len({one["start"] for one in asked}) > 60
    assert all(one["start"][11:16] == "08:00" and one["end"][11:16] == "18:00" for one in asked)
