"""What is not as planned: which of several ways comes first, and what is as it should be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from moms.outages import OVER, Kind, State, Status
from moms.records.room import NAMES, PRIORITY, What, abnormal
from tests.postgres import an_outage

OUT = an_outage(state=State.ACTIVE, status=Status.APPROVED)
BEFORE, AFTER = OUT.window.end - timedelta(minutes=1), OUT.window.end + timedelta(minutes=1)
FAILED = replace(OUT, request=replace(OUT.request, kind=Kind.FORCED))


@pytest.mark.parametrize(
    ("outage", "now", "what"),
    [
        (OUT, BEFORE, None),
        (OUT, OUT.window.end, None),  # half-open: at its end it is not late yet
        (OUT, AFTER, What.LATE),
        (FAILED, BEFORE, What.FORCED),
        (FAILED, AFTER, What.LATE),
        (replace(OUT, request=replace(OUT.request, kind=Kind.EMERGENCY)), BEFORE, What.FORCED),
        (replace(OUT, status=Status.RECALLED), BEFORE, What.RECALLED),
        (replace(OUT, status=Status.RECALLED), AFTER, What.RECALLED),
        (replace(OUT, state=State.DECIDED, status=Status.AT_RISK), BEFORE, What.RISK),
        (replace(OUT, state=State.DECIDED), AFTER, None),
        (replace(OUT, state=State.PENDING_COMPLETE), AFTER, None),
    ],
)
def test_the_way_that_comes_first(outage, now, what):
    assert abnormal(outage, now=now) == what


@pytest.mark.parametrize("state", sorted(OVER))
def test_what_is_over_is_never_an_alarm(state):
    for status in Status:
        assert abnormal(replace(FAILED, state=state, status=status), now=AFTER) is None


def test_each_way_has_a_name_and_a_priority():
    assert set(NAMES) == set(PRIORITY) == set(What)
