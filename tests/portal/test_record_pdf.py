"""The record over HTTP as a PDF, a picture, and computed again: to each what that one may see."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from tests.portal.conftest import PEOPLE, START, filed


@pytest.fixture(scope="module")
def outage(running):
    running.at(START)
    return filed(running.as_("ann"), organisation="TO-1", external_id="record on paper", description="quoll work")


@pytest.mark.parametrize("name", PEOPLE)
def test_who_sees_the_outage_gets_its_paper_and_nobody_else(running, outage, name):
    own, role = PEOPLE[name]
    sees = own == "operator" or (own == "TO-1" and role != "public")
    client = running.as_(name)
    found = client.get(f"/outages/{outage['id']}/record.pdf")
    assert (found.status_code == 200) == sees, found.text[:200]
    assert (client.get(f"/outages/{outage['id']}/one-line").status_code == 200) == sees
    if sees:
        assert found.headers["Content-Type"] == "application/pdf"
        assert found.content == client.get(f"/outages/{outage['id']}/record.pdf").content
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(found.content)).pages)
        assert "quoll work" in text
        assert outage["id"] in text


def test_an_auditor_replays_a_decision_and_an_owner_does_not(running, outage):
    before = len(running.lines())
    found = running.as_("aud").get(f"/outages/{outage['id']}/replay", timeout=120)
    assert found.status_code == 200, found.text
    body = found.json()
    assert body["same"] is True, body["says"]
    assert body["outcome_now"] == body["outcome_then"]
    assert running.as_("ann").get(f"/outages/{outage['id']}/replay").status_code == 403
    assert running.as_("aud").get("/outages/OTG-ZZZZZZZZ/replay").status_code == 404
    assert len(running.lines()) == before
