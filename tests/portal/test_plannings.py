"""Season plans over HTTP: who may, once under each key, at the revision that was read, and one entry for each step."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn

from moms.desk import people, submit
from moms.desk.people import Person, Scope
from moms.desk.planning import PLANNINGS
from moms.desk.planning_work import WeeksKnown, advance
from moms.desk.proposal import PROPOSALS
from moms.portal.app import make_app
from moms.portal.needs import Limits
from moms.store.people import PostgresRegister
from moms.store.place import open_place
from moms.values import SYSTEM
from moms.wiring.people import Argon2, new_token
from moms.wiring.serve import LOOPBACK, needs
from moms.wiring.settings import set_demo_clock, settings
from tests.desk.test_offers import OTHER, OWNER, THIRD, shared
from tests.desk.test_plan import wish
from tests.desk.worlds import NOW
from tests.portal.conftest import ADMIN, PEOPLE
from tests.portal.described import Described

WHY = {"reason": "the spring"}
DAYS = {"from": "2027-02-08", "to": "2027-02-14", "work": 50, **WHY}
OWNER_OF = {2: OWNER, 7: OWNER, 15: OTHER, 27: THIRD, 45: THIRD}
_keys = itertools.count()


class Served:
    """A service on a world in which a season can be planned, without a worker: the tests are that."""

    def __init__(self, base, place, world, tokens) -> None:
        self.base, self.place, self.world, self.tokens = base, place, world, tokens
        self.clients: list[httpx.Client] = []
        self.described = Described(httpx.get(f"{base}/openapi.json").json())

    def as_(self, name, *scopes: Scope) -> httpx.Client:
        """Act as somebody, every answer held against what the interface says of it."""
        secret = token(self.place, name, *scopes) if scopes else self.tokens[name]
        found = httpx.Client(base_url=f"{self.base}/api/v1", headers={"Authorization": f"Bearer {secret}"}, timeout=60,
                             event_hooks={"response": [self.described.check]})  # fmt: skip
        self.clients.append(found)
        return found

    def work(self, planning) -> str:
        """Do what a worker does."""
        return advance(book=self.place.book, world=self.world, now=NOW, planning=planning, known=WeeksKnown())

    def entries(self, register) -> list[dict[str, Any]]:
        with self.place.book.as_(SYSTEM) as page:
            return list(page.entries(register))

    def lines(self) -> int:
        with self.place.book.as_(SYSTEM) as page:
            return sum(page.heads().values())


def token(place, name, *scopes):
    secret = new_token()
    people.issue_token(register=PostgresRegister(place.engine), actor=ADMIN, now=datetime.now(UTC), name=name,
                       secret=secret, days=1, scopes=scopes or tuple(Scope))  # fmt: skip
    return secret


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    env = {**{k: v for k, v in os.environ.items() if not k.startswith("MOMS_")}, "MOMS_HOME": str(home)}
    set_demo_clock(home, NOW)
    world = shared(slack=0.8)
    with open_place(env=env) as place, socket.create_server(("127.0.0.1", 0)) as door:
        hashed = Argon2().hash("correct horse battery")
        for name, (organisation, role) in {**PEOPLE, "cat": ("TO-3", PEOPLE["ann"][1])}.items():
            person = Person(name=name, organisation=organisation, role=role, password=hashed, made_at=datetime.now(UTC))
            people.add_person(
                register=PostgresRegister(place.engine), actor=ADMIN, now=datetime.now(UTC), person=person
            )
        given = needs(settings(environ=env), place, hosts=LOOPBACK, secure=False, opened=world,
                      limits=Limits(per_s=500, burst=2000), env={**env, "MOMS_SCANNER": "none"})  # fmt: skip
        server = uvicorn.Server(uvicorn.Config(make_app(given), http="h11", ws="none", log_level="warning",
                                               timeout_graceful_shutdown=1))  # fmt: skip
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.05)
        for k, who in OWNER_OF.items():
            request = wish(f"branch:{k}", organisation=who.organisation)
            found = submit.submit(
                book=place.book, world=world, actor=who, now=NOW - timedelta(hours=1), request=request
            )
            assert found.outage is not None, found.findings
        names = [*PEOPLE, "cat"]
        there = Served(f"http://127.0.0.1:{door.getsockname()[1]}", place, world, {n: token(place, n) for n in names})
        yield there
        for client in there.clients:
            client.close()
        server.should_exit = True
        thread.join(20)


def key():
    return {"Idempotency-Key": f"k{next(_keys)}"}


def at(row):
    return {**key(), "If-Match": f'"{row["revision"]}"'}


def step(client, row, what, **body):
    return client.post(f"/season-plans/{row['id']}/{what}", json=body or None, headers=at(row))


def started(client, **more):
    """Ask for a plan; each has lots of its own, so that no two tests make the same."""
    found = client.post("/season-plans", json={**DAYS, "nonce": f"n{next(_keys)}", **more}, headers=key())
    assert found.status_code == 200, found.text
    return found.json()


@pytest.fixture
def made(served):
    """Give a plan that was asked for and made; what it wrote is taken back, so that the next test may plan."""
    row = started(served.as_("eve"))
    assert served.work(row["id"]) == "the whole of it is secure"
    yield served.as_("eve").get(f"/season-plans/{row['id']}").json()
    there = served.as_("eve").get(f"/season-plans/{row['id']}").json()
    if there["in_the_book"] and not there["in_the_book"]["taken_back"]:
        assert step(served.as_("eve"), there, "back", **WHY).status_code == 200


def stopped(served, row):
    found = step(served.as_("eve"), row, "stop", **WHY)
    assert found.status_code == 200, found.text
    return found.json()


def test_every_step_is_one_entry_of_its_caller_and_the_walk_knows_all_routes(served):
    described = httpx.get(f"{served.base}/openapi.json").json()["paths"]
    posts = {ways["post"]["operationId"] for way, ways in described.items() if "season-plans" in way and "post" in ways}
    eve, before = served.as_("eve"), {name: len(served.entries(name)) for name in (PLANNINGS, PROPOSALS, "plans")}

    def fresh():
        found = {name: served.entries(name)[many:] for name, many in before.items()}
        before.update({name: before[name] + len(rows) for name, rows in found.items()})
        return [(name, row.get("what"), row["by"].split()[0]) for name, rows in found.items() for row in rows]

    row = started(eve)
    assert fresh() == [(PLANNINGS, "asked", "eve")]
    row = stopped(served, row)
    assert fresh() == [(PLANNINGS, "stopped", "eve")]
    row = started(eve)
    served.work(row["id"])
    assert fresh() == [(PLANNINGS, "asked", "eve"), (PLANNINGS, "ended", "moms")]
    row = eve.get(f"/season-plans/{row['id']}").json()
    assert fresh() == [], "looking writes nothing"
    assert step(eve, row, "propose").status_code == 200
    assert fresh() == [(PROPOSALS, None, "eve")]
    done = step(eve, row, "accept")
    assert done.status_code == 200, done.text
    assert fresh() == [("plans", "written", "eve")]
    assert done.headers["ETag"] == f'"{row["revision"] + 1}"'
    assert step(eve, done.json(), "back", **WHY).status_code == 200
    assert fresh() == [("plans", "taken back", "eve")]
    tried = {"startSeasonPlan", "stopSeasonPlan", "proposeSeasonPlan", "acceptSeasonPlan", "takeBackSeasonPlan"}
    assert tried == posts


def test_progress_shows_rounds_with_the_best_so_far_its_bound_and_gap(served, made):
    assert [r["round"] for r in made["rounds_done"]] == list(range(1, len(made["rounds_done"]) + 1))
    assert len(made["rounds_done"]) > 1
    assert made["plan"]["id"] == made["best"]
    for level in made["plan"]["levels"]:
        assert level["proved"] == (level["gap"] == 0.0)
        assert level["bound"] is None or level["bound"] <= level["value"] + 1e-6 * max(1.0, abs(level["value"]))
    assert made["as_planned"]
    listed = served.as_("aud").get("/season-plans").json()["items"]
    assert listed[0]["id"] == made["id"]


def test_one_that_no_worker_has_seen_says_so_and_can_be_stopped(served):
    row = started(served.as_("pat"))
    there = served.as_("eve").get(f"/season-plans/{row['id']}").json()
    assert (there["became"], there["plan"], there["worker"]["state"]) == ("open", None, "unseen")
    second = served.as_("eve").post("/season-plans", json=DAYS, headers=key())
    assert (second.status_code, second.json()["type"]) == (409, "urn:moms:PlanningUnderWay")
    early = step(served.as_("eve"), there, "accept")
    assert (early.status_code, early.json()["type"]) == (409, "urn:moms:NoPlanYet")
    stopped(served, there)
    assert served.work(row["id"]).startswith("it has stopped")


def test_the_same_key_asks_and_accepts_once(served, made):
    eve, word, lines = served.as_("eve"), at(made), served.lines()
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: served.as_("eve").post(f"/season-plans/{made['id']}/accept", headers=word),
                             range(4)))  # fmt: skip
    assert {one.status_code for one in said} <= {200, 409}
    again = eve.post(f"/season-plans/{made['id']}/accept", headers=word)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert len([e for e in served.entries("plans") if e["plan"] == made["best"]]) == 1
    wrote = served.lines()
    assert wrote > lines
    stale = step(eve, made, "back", **WHY)
    assert (stale.status_code, stale.json()["field"]) == (412, "If-Match")
    assert served.lines() == wrote
    word = key()
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: served.as_("eve").post("/season-plans", json=DAYS, headers=word), range(4)))
    rows = {one.json()["id"] for one in said if one.status_code == 200}
    assert len(rows) == 1
    stopped(served, eve.get(f"/season-plans/{rows.pop()}").json())


@pytest.mark.parametrize("name", ["ann", "bob", "age", "fay", "pub", "roy", "aud", "adm", "pat"])
def test_nobody_else_starts_stops_or_writes_a_plan(served, made, name):
    client, lines = served.as_(name), served.lines()
    asks = name == "pat"
    for what, body in (("propose", {}), ("accept", {}), ("back", WHY)):
        assert step(client, made, what, **body).status_code == 403, what
    assert served.lines() == lines
    found = client.post("/season-plans", json=DAYS, headers=key())
    assert found.status_code == (200 if asks else 403)
    if asks:
        assert step(client, found.json(), "stop", **WHY).status_code == 200
    else:
        assert step(client, made, "stop", **WHY).status_code == 403
        assert served.lines() == lines


def test_an_owner_sees_of_a_plan_its_own_requests_once_it_was_told_and_nobody_elses(served, made):
    way = f"/season-plans/{made['id']}"
    by_owner: dict[str, list[dict[str, Any]]] = {}
    for row in made["plan"]["places"]:
        by_owner.setdefault(row["owner"], []).append(row)
    assert served.as_("pub").get(way).status_code == 404
    assert step(served.as_("eve"), made, "propose").status_code == 200
    for name, owner in (("ann", "TO-1"), ("bob", "TO-2"), ("cat", "TO-3")):
        client = served.as_(name)
        text = client.get(way).text + client.get("/season-plans").text
        for row in by_owner[owner]:
            assert row["outage"] in text
            text += client.get(f"{way}/requests/{row['outage']}").text
        for other in [row for who, rows in by_owner.items() if who != owner for row in rows]:
            for word in (other["outage"], other["reference"], f'"{other["owner"]}"'):
                assert word not in text, (name, word)
            assert client.get(f"{way}/requests/{other['outage']}").status_code == 404
        assert "MW left" not in text
        assert client.get(f"{way}/diff", params={"against": made["id"]}).status_code == 404
    assert served.as_("aud").get(f"{way}/diff", params={"against": made["id"]}).json()["moved"] == []


def test_one_request_is_explained(served, made):
    moved = next(p for p in made["plan"]["places"] if p["moved_days"])
    why = served.as_("aud").get(f"/season-plans/{made['id']}/requests/{moved['outage']}").json()
    assert why["row"]["says"] == moved["says"]
    assert why["in_the_way"] or why["binding"]
    assert {"possible", "says", "moves", "burden", "fewest", "window"} <= set(why["week_earlier"])
    assert served.as_("aud").get(f"/season-plans/{made['id']}/requests/OTG-NOBODYXX").status_code == 404


def test_what_is_wrong_is_told_with_its_field(served, made):
    eve = served.as_("eve")
    for body, field in (
        ({**DAYS, "from": "soon"}, "from"), ({**DAYS, "to": "2027-02-07"}, "to"), ({**DAYS, "rounds": 99}, "rounds"),
        ({**DAYS, "work": 0}, "work"), ({**DAYS, "flex": 999}, "flex"), ({**DAYS, "reason": " "}, "reason"),
        ({**DAYS, "more": 1}, "more"),
    ):  # fmt: skip
        found = eve.post("/season-plans", json=body, headers=key())
        assert (found.status_code, found.json()["field"]) == (422, field), found.text
    assert eve.post("/season-plans", json=DAYS).status_code == 400
    assert eve.post(f"/season-plans/{made['id']}/accept", headers=key()).status_code == 428
    assert step(eve, {**made, "revision": 9}, "accept").status_code == 412
    assert step(eve, {**made, "id": "SP-NONE"}, "stop", **WHY).status_code == 404
    assert eve.get("/season-plans/SP-NONE").status_code == 404
    reads = served.as_("eve", Scope.READ)
    assert reads.get("/season-plans").status_code == 200
    assert step(reads, made, "accept").status_code == 403


def test_a_plan_whose_ground_has_gone_is_not_written(served, made):
    request = wish("branch:30", organisation="TO-3")
    found = submit.submit(book=served.place.book, world=served.world, actor=THIRD, now=NOW, request=request)
    assert found.outage is not None
    assert not served.as_("eve").get(f"/season-plans/{made['id']}").json()["as_planned"]
    lines = served.lines()
    refused = step(served.as_("eve"), made, "accept")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:moms:PlanIsOld")
    assert served.lines() == lines
