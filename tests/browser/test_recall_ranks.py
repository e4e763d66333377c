"""Dates that are offered show how likely want of capacity calls the outage back, and which is the least likely."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from moms.decide import Chance, RecallRank
from moms.values import plain
from tests.browser.asks import ask
from tests.browser.test_screens import sound


def a_rank(times: int, rank: int | None) -> object:
    shown = rank is not None
    return plain(
        RecallRank(
            rank=rank,
            chance=Chance(
                what="called back for capacity", band="some", source="a test",
                says=f"{times} of 1,000 scenarios would call it back for want of capacity",
                value=times / 1000 if shown else None, low=0.01 if shown else None, high=0.3 if shown else None,
            ),
        )
    )  # fmt: skip


def weighed(ranks):
    """Give what the server says, with these ranks at the asked dates and at the others."""

    def through(route) -> None:
        answer = route.fetch()
        body = answer.json()

        def visit(part) -> None:
            if isinstance(part, dict):
                if isinstance(part.get("alternatives"), list) and isinstance(part.get("evidence"), dict):
                    part["evidence"]["recall"] = ranks[0]
                    for one, rank in zip(part["alternatives"], ranks[1:], strict=False):
                        one["recall"] = rank
                for inner in part.values():
                    visit(inner)
            elif isinstance(part, list):
                for inner in part:
                    visit(inner)

        visit(body)
        route.fulfill(response=answer, json=body)

    return through


def test_each_date_carries_its_recall_and_rank_and_a_band_where_no_number_may_be_shown(site):
    page = site.as_("ann", "/ask")
    found = ask(page, asset="branch:19", start="2027-02-10T00:00", end="2027-02-11T00:00")
    others = page.get_by_role("region", name="Other dates").get_by_role("listitem")
    expect(others.first).to_be_visible()
    expect(page.get_by_text("Called back for capacity")).to_have_count(0)  # a line takes no capacity away
    for ranks, asked, first in (
        ([a_rank(216, 2), a_rank(13, 1)], re.compile(r"216 of 1,000 .*95 %: 1\.0 % to 30\.0 %; rank 2"),
         "Called back for capacity: 1.3 %, rank 1"),
        ([a_rank(0, None), a_rank(0, None)], "It ranks the dates and decides nothing",
         "Called back for capacity: some"),
    ):  # fmt: skip
        pattern = re.compile(rf"/api/v1/.*{found}")
        page.route(pattern, weighed(ranks))
        page.reload()
        expect(others.first).to_contain_text(first)
        expect(page.get_by_role("region", name="Other dates")).to_contain_text(asked)
        sound(page)
        page.unroute(pattern)
