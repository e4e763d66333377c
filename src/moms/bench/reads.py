"""How soon the first page of a long list is there, whatever it is filtered by.

The book is filled by SQL past the program: a list reads rows, whoever wrote them.
"""

from __future__ import annotations

import http.client
import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import psycopg

from moms.bench.crash import GRID
from moms.bench.intake import percentile
from moms.bench.own_home import own_home
from moms.bench.rows import Row
from moms.bench.served import running, token_of
from moms.outages import Category, Contact, Kind, Nature, Outage, Request, State, Status
from moms.store.embedded import ADMIN, DATABASE
from moms.store.place import open_place
from moms.store.rows import outage_row
from moms.values import SYSTEM, Role, Window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.store.place import Place

MANY, FEW = 100_000, 2_000
TRIES, FEW_TRIES = 40, 3
GOAL_MS = 150.0
BEGIN = datetime(2027, 3, 1, 12, tzinfo=UTC)
OWNER = "owner-7"
FILTERS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("none", {}),
    ("what is active, one in a thousand", {"state": "active"}),
    ("what nothing is", {"state": "expired"}),
    ("what waits", {"pending": "true"}),
    ("denied", {"status": "denied"}),
    ("an owner", {"owner": "owner-33"}),
    ("an owner's denied", {"owner": "owner-33", "status": "denied"}),
    ("equipment", {"asset": "branch:77"}),
    ("a reference", {"text": "EXT-4242"}),
    ("a word of all", {"text": "replace"}),
    ("a word of none", {"text": "zzqq"}),
    ("two letters of none", {"text": "qz"}),
    ("three days", {"from": "2027-04-01", "to": "2027-04-04"}),
    ("two years, active", {"from": "2027-01-01", "to": "2028-12-31", "state": "active"}),
    ("an outage", {"id": "O-0000077"}),
)


def rows(*, quick: bool) -> list[Row]:
    """Measure on a home of its own, which is removed afterwards."""
    many, tries = (FEW, FEW_TRIES) if quick else (MANY, TRIES)
    with own_home() as home:
        (home / "small.m").write_text(GRID, encoding="utf-8")
        own = {"MOMS_HOME": str(home), "MOMS_GRID": str(home / "small.m"), "MOMS_RULE_BOOK": "miso-demo-1"}
        env = {name: value for name, value in os.environ.items() if not name.startswith("MOMS_")} | own
        with open_place(env=env) as place:
            with _admin(place) as admin:
                fill(admin, many)
            tokens = {
                "operator": token_of(place, name="eve", organisation=SYSTEM.organisation, role=Role.ENGINEER),
                "owner": token_of(place, name="ann", organisation=OWNER, role=Role.OWNER),
            }
            with running(env) as (port, _):
                found = {
                    (who, name): _first_page(port, token, words, tries)
                    for who, token in tokens.items()
                    for name, words in FILTERS
                }
    return [_row(who, {name: took for (one, name), took in found.items() if one == who}, many) for who in tokens]


def _row(who: str, found: Mapping[str, list[float]], many: int) -> Row:
    """Tell of one reader the filter that takes longest, and the rest in words."""
    late = {name: percentile(took, 0.95) for name, took in found.items()}
    worst = max(late, key=lambda name: late[name])
    told = "; ".join(f"{name} {ms:.0f} ms" for name, ms in sorted(late.items(), key=lambda one: -one[1]))
    what = f"first page of {many:,} outages for the {who}, the slowest filter ({worst}), 95 of 100 within; all: {told}"
    return Row(id=f"reads.p95.{who}", what=what, value=late[worst], unit="ms", goal=GOAL_MS, clock="wall",
               spread=(min(late.values()), max(max(took) for took in found.values())),
               runs=sum(len(took) for took in found.values()))  # fmt: skip


def _first_page(port: int, token: str, words: Mapping[str, str], tries: int) -> list[float]:
    """Ask for it again and again, and give how long each took, in ms."""
    line, took = http.client.HTTPConnection("127.0.0.1", port, timeout=60), list[float]()
    for _ in range(tries + 2):
        begun = time.perf_counter()
        line.request("GET", f"/api/v1/outages?{urlencode(words)}", headers={"Authorization": f"Bearer {token}"})
        answer = line.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{dict(words)}: {answer.status} {body[:200]!r}")
        took.append(1000.0 * (time.perf_counter() - begun))
    line.close()
    return took[2:]  # the first two warm


def _admin(place: Place) -> psycopg.Connection[tuple[object, ...]]:
    """Log in as the superuser of the book's own server."""
    assert place.embedded is not None  # noqa: S101 - no server is named here
    address = place.embedded.start()
    return psycopg.connect(
        host=address.socket_folder, port=address.port, user=ADMIN, password=address.passwords[ADMIN],
        dbname=DATABASE, autocommit=True,
    )  # fmt: skip


def outage(number: int) -> Outage:
    """Give one of the book's outages: two years of them, of forty owners, on two thousand lines."""
    state, status = _mode(number)
    start = BEGIN + timedelta(minutes=number * 10)
    window = Window(start=start, end=start + timedelta(hours=4 + number % 60))
    request = Request(
        external_id=f"EXT-{number}", organisation=f"owner-{number % 40}", category=Category.TRANSMISSION,
        kind=Kind.PLANNED, nature=Nature.LINE_MAINTENANCE, assets=(f"branch:{1 + number * 7 % 2000}",), window=window,
        recall_h=4.0, emergency_return_h=2.0, description=f"Replace insulators, crew {number % 97}",
        contacts=(Contact(name="Duty desk", phone="+1 317 555 0100"),),
    )  # fmt: skip
    return Outage(id=f"O-{number:07d}", request=request, state=state, status=status, window=window,
                  stamp=BEGIN, filed_at=BEGIN, requester="ann")  # fmt: skip


def _mode(number: int) -> tuple[State, Status]:
    if number % 1000 == 999:
        return State.ACTIVE, Status.APPROVED
    kind = number % 20
    if kind < 11:
        return State.CLOSED, Status.APPROVED
    if kind < 17:
        return State.DECIDED, Status.APPROVED
    return ((State.DECIDED, Status.DENIED), (State.VALIDATED, Status.NONE), (State.CANCELLED, Status.NONE))[kind - 17]


def fill(admin: psycopg.Connection[tuple[object, ...]], many: int) -> None:
    """Put so many outages into a book as the superuser, past the triggers that keep their history."""
    columns = list(outage_row(outage(1)))
    with admin.transaction(), admin.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        with cursor.copy(f"COPY moms.outage ({', '.join(columns)}) FROM STDIN") as rows:
            for number in range(many):
                rows.write_row([_as_sql(value) for value in outage_row(outage(number)).values()])
        cursor.execute(
            "INSERT INTO moms.outage_equipment"
            " (outage_id, asset, organisation, classification, revision, during, blocks)"
            " SELECT id, unnest(assets), organisation, classification, revision, during, false FROM moms.outage"
        )
    admin.execute("ANALYZE moms.outage, moms.outage_equipment")


def _as_sql(value: object) -> object:
    during = getattr(value, "bounds", None)
    if during is None:
        return value
    return f"[{value.lower.isoformat()},{value.upper.isoformat()})"  # type: ignore[attr-defined]  # a range
