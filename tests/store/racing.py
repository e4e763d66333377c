"""A process of its own that tries to put an outage in the book; started by the tests."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace

from sqlalchemy import URL, create_engine

from moms.desk.ports import BookMoved, EquipmentTaken
from moms.store.book import PostgresBook
from moms.values import SYSTEM
from tests.postgres import an_event, an_outage


def main() -> None:
    """Try each round once, both processes at the same instant, and print what came of it."""
    url, me, rounds, start, how = json.loads(os.environ["RACE"])
    book = PostgresBook(create_engine(URL.create(**url)))
    for n in range(rounds):
        window = an_outage(n + 1).window
        outage = replace(an_outage(n + 1, id=f"{me}-{n}", external_id=f"{me}-{n}", window=window))
        with book.as_(SYSTEM) as page:
            seen = page.version()
        time.sleep(max(0.0, start + n * 0.05 - time.time()))  # noqa: TID251 - all processes start at one instant
        try:
            with book.as_(SYSTEM) as page:
                if how == "hold":
                    page.hold(seen)
                page.add(outage, an_event(outage))
            said = "won"
        except EquipmentTaken:
            said = "taken"
        except BookMoved:
            said = "moved"
        sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
