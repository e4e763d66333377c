"""The golden matrix over HTTP: every role asks every way for its own and for another's, and writes to both.

The cells are those of `tests/store/rights.csv`. What the interface never shows of a table (secrets, kept answers,
anchors) is looked for in every answer.
"""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from moms.desk import identities, people
from moms.desk.people import NotAPerson, Person, Scope
from moms.portal.certificates import fit
from moms.store.acting import act_as
from moms.values import SYSTEM, Role
from tests.portal.authorities import made
from tests.portal.conftest import ADMIN, PEOPLE, START, a_request, filed, key

CELLS = Path(__file__).parents[1] / "store" / "rights.csv"
FILED_BY = {"TO-1": "ann", "TO-2": "bob", "operator": "eve"}
SHOWN = {
    ("outage", "id"): lambda found, _: found["outage"]["id"],
    ("outage", "external_id"): lambda found, _: found["outage"]["request"]["external_id"],
    ("outage", "words"): lambda _, mark: f"described {mark}",
    ("outage", "document"): lambda _, mark: f"contact {mark}",
    ("outage_history", "document"): lambda _, mark: f"contact {mark}",
    ("decision", "id"): lambda found, _: found["decision"]["id"],
    ("decision", "record"): lambda found, _: found["decision"]["id"],
    ("journal", "body"): lambda _, mark: f"reason {mark}",
    ("attachment", "name"): lambda _, mark: f"plan {mark}.txt",
    ("attachment", "body"): lambda _, mark: f"ground {mark} first",
}
"""Columns that the interface shows, and a word by which each is told from all others."""


@cache
def word(table: str, column: str, role: str) -> str:
    """Give a cell of the matrix."""
    with CELLS.open(newline="") as file:
        [row] = [r for r in csv.DictReader(file) if (r["table"], r["column"]) == (table, column)]
    return row[role]


def allowed(name: str, letter: str, table: str, column: str, organisation: str) -> bool:
    """Tell whether somebody may, by the matrix."""
    own, role = PEOPLE[name]
    found = word(table, column, role)
    return letter.upper() in found or (letter in found and own == organisation)


@pytest.fixture(scope="module")
def three(running):
    """Give, by organisation, an outage with a word of its own in every part, whole as the auditor sees it."""
    running.at(START)
    found = {}
    for organisation, name in FILED_BY.items():
        client, mark = running.as_(name), f"quagga-{organisation}"
        contact = [{"name": f"contact {mark}", "phone": "+1 555 0100"}]
        outage = filed(
            client, organisation=organisation, external_id=f"reference {mark}", description=f"described {mark}",
            contacts=contact,
        )  # fmt: skip
        at = {**key(), "If-Match": f'"{outage["revision"]}"'}
        wish = {k: v for k, v in outage["request"].items() if v not in (None, [])} | {"location": "north"}
        done = client.post(
            f"/outages/{outage['id']}/change", json={"request": wish, "reason": f"reason {mark}"}, headers=at
        )
        assert done.status_code == 200, done.text
        added = client.post(
            f"/outages/{outage['id']}/files", params={"name": f"plan {mark}.txt"}, content=f"ground {mark} first",
            headers={**key(), "Content-Type": "text/plain"},
        )  # fmt: skip
        assert added.status_code == 200, added.text
        found[organisation] = (running.as_("aud").get(f"/outages/{outage['id']}").json(), mark)
    return found


def asked(client, whole) -> str:
    """Ask in every way for one outage; give all that was said."""
    outage, request = whole["outage"], whole["outage"]["request"]
    filters: tuple[dict[str, object], ...] = (
        {"owner": request["organisation"], "state": outage["state"], "status": outage["status"], "pending": True},
        {"asset": request["assets"][0], "from": request["window"]["start"], "to": request["window"]["end"]},
        {"text": request["external_id"]},
        {"text": request["description"]},
    )
    said = [client.get("/outages", params={"limit": 1000, **params}).text for params in filters]
    said.append(client.get("/map/outages", params={"at": request["window"]["start"]}).text)
    studies = client.get(f"/outages/{outage['id']}/studies")
    said.append(studies.text if studies.status_code == 200 else "")
    for way in ("one-line", "record.pdf"):
        found = client.get(f"/outages/{outage['id']}/{way}")
        said.append(found.text if found.status_code == 200 else found.text.replace(outage["id"], "what was asked"))
    listed = client.get(f"/outages/{outage['id']}/files")
    said.append(listed.text.replace(outage["id"], "what was asked"))
    there = [file["id"] for file in listed.json().get("items", [])]
    said += [client.get(f"/outages/{outage['id']}/files/{one}").text for one in there]
    said.append(client.post("/what-if", json={"outage": outage["id"]}, headers=key()).text)
    for name in (outage["id"], request["external_id"]):
        found = client.get(f"/outages/{name}")
        said.append(found.text if found.status_code == 200 else found.text.replace(name, "what was asked"))
    return "\n".join(said)


NOTICES = ("/notices?limit=1000", "/notices/outgoing?limit=1000", "/subscriptions")


PLANS = ("/plan", "/offers", "/season-plans")


def anyway(client) -> str:
    """Give what is told to who asks for nothing in particular, until the stream falls quiet."""
    ways = (
        "/outages?limit=1000",
        "/outages?cursor=x",
        "/session",
        "/timeline?from=2026-01-01&to=2028-06-01",
        "/field",
        "/room",
        "/room/shift",
        "/change-sets",
        *PLANS,
        *NOTICES,
    )
    told = [client.get(way).text for way in ways]
    with suppress(httpx.ReadTimeout), client.stream("GET", "/events", params={"replay": "true"}, timeout=2) as stream:
        told += stream.iter_lines()
    return "\n".join(told)


@pytest.fixture(scope="module")
def tied(running) -> None:
    """Tie a subject of a provider and a certificate to a person: of these nobody is told."""
    by = {"register": running.register, "actor": ADMIN, "now": datetime.now(UTC), "name": "ann"}
    identities.bind(**by, issuer="https://login.example", subject="quagga-subject")
    identities.enrol(**by, certificate=fit(made("quagga").pem), scopes=tuple(Scope))


@pytest.fixture(scope="module")
def said(running, three, tied) -> dict[tuple[str, str], str]:
    """Give all that each person was told when it asked for each of the three."""

    def all_of(name: str) -> dict[tuple[str, str], str]:
        client = running.as_(name)
        always = anyway(client)
        return {(name, at): always + asked(client, whole) for at, (whole, _) in three.items()}

    with ThreadPoolExecutor(len(PEOPLE)) as pool:
        return {place: text for found in pool.map(all_of, PEOPLE) for place, text in found.items()}


@pytest.mark.parametrize("name", PEOPLE)
def test_each_role_is_shown_what_the_matrix_lets_it_read_and_nothing_else(three, said, name):
    for organisation, (whole, mark) in three.items():
        for (table, column), token in SHOWN.items():
            wanted = allowed(name, "r", table, column, organisation)
            assert (token(whole, mark) in said[name, organisation]) == wanted, (name, organisation, table, column)


def test_no_answer_to_anybody_has_a_secret_an_anchor_or_a_kept_key_in_it(running, said):
    with running.place.engine.begin() as connection:
        act_as(connection, SYSTEM)
        queries = (
            "SELECT password FROM moms.person WHERE password IS NOT NULL",
            "SELECT hash FROM moms.credential",
            "SELECT asked FROM moms.kept_answer",
            "SELECT hash FROM moms.journal_head",
            "SELECT subject FROM moms.identity",
            "SELECT print FROM moms.identity WHERE kind = 'certificate'",
            "SELECT value FROM moms.challenge_key",
        )
        secrets = [found for query in queries for found in connection.scalars(text(query))]
    assert len(secrets) > 10
    whole = "\n".join(said.values())
    assert [secret for secret in secrets if secret in whole] == []


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.usefixtures("said")  # before anything is decided anew
def test_each_role_changes_and_adds_for_whom_the_matrix_lets_it_and_for_nobody_else(running, three, name):
    for organisation, (whole, _) in three.items():
        outage = running.as_("aud").get(f"/outages/{whole['outage']['id']}").json()["outage"]
        at = {**key(), "If-Match": f'"{outage["revision"]}"'}
        done = running.as_(name).post(f"/outages/{outage['id']}/decide", json={}, headers=at)
        may = allowed(name, "c", "outage", "document", organisation)
        seen = allowed(name, "r", "outage", "document", organisation)
        assert done.status_code == (200 if may else 403 if seen or name == "pub" else 404), (organisation, done.text)
        added = running.as_(name).post("/outages", json=a_request(organisation=organisation), headers=key())
        lets = allowed(name, "a", "outage", "document", organisation)
        files = lets and name in FILES  # the desk's own rules are narrower than the matrix, and never wider
        assert added.status_code == 200 if files else added.status_code in {403, 422}, (organisation, added.text)


FILES = {"ann", "bob", "age", "fay", "eve", "roy"}
"""An owner's people file, and for them an engineer or the control room; planners and administrators do not."""


def test_a_role_of_the_operator_is_not_given_to_somebody_of_an_owner(running):
    for role in ("engineer", "control_room", "planner", "auditor", "administrator"):
        person = Person(name="stray", organisation="TO-1", role=Role(role), password=None, made_at=START)
        with pytest.raises(NotAPerson):
            people.add_person(register=running.register, actor=ADMIN, now=START, person=person)
