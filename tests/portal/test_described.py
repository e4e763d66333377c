"""The whole described interface, tried by schemathesis: nothing breaks, whatever is sent."""

from __future__ import annotations

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase

from tests.portal.conftest import key

EXAMPLES = 12
"""For each operation; the figure is bounded so that the whole costs seconds."""
MANY = 400
"""For each operation and caller, under `--long`."""
LEFT_OUT = {"GET /api/v1/events": "a stream has no end to wait for; test_service listens to it"}


def test_nothing_that_is_sent_breaks_it(alone):
    # On a service of its own: what it files and lands is in no other test's way.
    assert_nothing_breaks(alone, caller="eve", examples=EXAMPLES, seed=1, address="127.0.0.8")


@pytest.mark.long
@pytest.mark.parametrize(("number", "caller"), list(enumerate(["eve", "ann", "roy", "pub", None])))
def test_nothing_that_is_sent_breaks_it_whoever_sends_it(alone, number, caller):
    # Failed sign-ins count for the address they come from: a caller of each kind has one of its own.
    assert_nothing_breaks(alone, caller=caller, examples=MANY, seed=100 + number, address=f"127.0.0.{20 + number}")


def assert_nothing_breaks(running, *, caller, examples, seed, address):
    schema = schemathesis.openapi.from_dict(httpx.get(f"{running.base}/openapi.json").json())
    tried = {}
    with httpx.Client(
        base_url=running.base, transport=httpx.HTTPTransport(local_address=address), timeout=60
    ) as client:
        for result in schema.get_all_operations():
            operation = result.ok()
            if operation.label not in LEFT_OUT:
                tried[operation.label] = _try(running, client, operation, caller=caller, examples=examples, seed=seed)
    described = httpx.get(f"{running.base}/openapi.json").json()["paths"]
    all_there_are = {f"{method.upper()} {path}" for path, ways in described.items() for method in ways}
    assert set(tried) == all_there_are - set(LEFT_OUT)
    assert min(tried.values()) > 0, tried
    assert sum(tried.values()) >= examples * 10


def _try(running, client, operation, *, caller, examples, seed) -> int:
    count = 0

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy())
    def one(case):
        nonlocal count
        kwargs = case.as_transport_kwargs(base_url=running.base)
        headers = {str(k): str(v) for k, v in kwargs.get("headers", {}).items()}
        who = {"Authorization": f"Bearer {running.tokens[caller]}"} if caller else {}
        known = {**who, **key(), "If-Match": '"3"'}
        sent = {k: v for k, v in kwargs.items() if k in {"params", "json", "data", "cookies"}}
        body = {"json": sent["json"]} if "json" in sent else {"content": sent["data"]} if "data" in sent else {}
        try:
            found = client.request(kwargs["method"], kwargs["url"], params=sent.get("params"),
                                   headers={**headers, **known}, **body)  # fmt: skip
        except (UnicodeError, httpx.InvalidURL, httpx.LocalProtocolError, TypeError, ValueError):
            return  # no client could send it
        count += 1
        assert found.status_code < 500, (operation.label, sent, found.text)
        if found.status_code >= 400:
            assert found.headers["Content-Type"] == "application/problem+json", (operation.label, sent, found.text)

    one()
    return count


@pytest.mark.parametrize("name", ["extend", "start", "end"])
@pytest.mark.parametrize("instant", ["", "yesterday", "2027-02-30T00:00Z", "1900-01-01T00:00Z", "9999-12-31T23:59Z"])
def test_an_instant_that_cannot_be_is_refused(running, name, instant):
    ann = running.as_("ann")
    report = {"assets": ["branch:1"], "organisation": "TO-1", "external_id": f"{name} at {instant}."}
    found = ann.post("/forced", json=report, headers=key())
    assert found.status_code == 200, found.text
    outage = found.json()["outage"]
    body = {"until": instant, "reason": "x", "forced": True} if name == "extend" else {"at": instant, "reason": "x"}
    at = {**key(), "If-Match": f'"{outage["revision"]}"'}
    done = ann.post(f"/outages/{outage['id']}/{name}", json=body, headers=at)
    assert done.status_code < 500, done.text
