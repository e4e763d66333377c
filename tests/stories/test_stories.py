"""Each packaged request still leads to its story; if not, this says what the engine found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from moms.exchange.stories import Story, bundled_stories
from moms.values import Actor, Role, Window, parse_instant
from moms.wiring.office import Office
from moms.wiring.settings import settings
from tests.postgres import book, database, servers

if TYPE_CHECKING:
    from pathlib import Path

    from moms.store.book import PostgresBook

__all__ = ["book", "database", "servers"]

CLOCK = parse_instant("2026-12-01T10:00-05:00")


@pytest.fixture
def office(book: PostgresBook, tmp_path: Path) -> Office:
    chosen = settings(now="2026-12-01T10:00-05:00", environ={"MOMS_HOME": str(tmp_path), "USER": "test"})
    return Office(settings=chosen, book=book)


@pytest.mark.parametrize("story", [pytest.param(s, id=s.name) for s in bundled_stories()])
def test_each_request_leads_to_its_story(office: Office, story: Story) -> None:
    owner = Actor(name=story.requester, organisation=story.request.organisation, role=Role.OWNER)
    desk = replace(office, settings=replace(office.settings, actor=owner))
    answer = desk.submit(story.request)
    record = answer.record
    assert record is not None, [f.says for f in answer.findings]
    found = {"outcome": record["outcome"], "status": record["status"]}
    wanted = {k: story.leads_to[k] for k in found}
    assert found == wanted, f"{story.title}: the engine found: {record['says']}"
    if "condition" in story.leads_to:
        assert story.leads_to["condition"] in [c["kind"] for c in record["conditions"]], record["says"]
    if record["outcome"] in {"deny", "counter"}:
        assert record["binding"], record["says"]
        assert record["searched"], record["says"]
        assert record["alternatives"], record["searched"]
        _is_granted(desk, story, record["alternatives"][0]["window"])
    again = desk.submit(story.request)
    assert again.again
    assert again.record == record


def _is_granted(desk: Office, story: Story, window: dict[str, str]) -> None:
    """What is offered is given when it is asked for."""
    span = Window(start=parse_instant(str(window["start"])), end=parse_instant(str(window["end"])))
    asked = replace(story.request, external_id=f"{story.request.external_id} again", window=span)
    answer = desk.submit(asked, preview=True)
    assert answer.record is not None, [f.says for f in answer.findings]
    assert answer.record["outcome"] in {"approve", "accept"}, answer.record["says"]
