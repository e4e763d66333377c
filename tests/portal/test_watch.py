"""What the running service tells of itself, read by Prometheus' own parser; and a log without secrets."""

from __future__ import annotations

import io
import json
import logging
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from moms.wiring.logs import Lines, Words, trace
from tests.portal.conftest import PEOPLE, a_request, filed, key, password


def measures(running) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Give every sample by name and labels."""
    found = httpx.get(running.metrics)
    assert found.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(found.text)
        for sample in family.samples
    }


def named(name, **labels):
    return name, frozenset(labels.items())


def lines(running) -> list[dict[str, object]]:
    """Give the log; every line of it is JSON."""
    return [json.loads(line) for line in running.log.read_text().splitlines()]


def line_of(running, number: str) -> dict[str, object]:
    """Give the line of one request: it is written after the answer has gone."""
    for _ in range(200):
        found = [line for line in lines(running) if line.get("request") == number and line["logger"] == "moms.access"]
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(number)


def test_each_answer_is_counted_under_its_route_and_nothing_of_a_callers(running):
    rose = named("moms_requests_total", method="GET", route="/api/v1/outages/{outage_id}", status="404")
    before = measures(running).get(rose, 0.0)
    for n in range(3):
        found = running.as_("ann").get(f"/outages/OTG-NOTHERE{n}")
        line_of(running, found.headers["X-Request-Id"])
    after = measures(running)
    assert after[rose] == before + 3
    assert not [labels for _, labels in after if "NOTHERE" in str(labels)]


def test_a_route_or_method_of_ones_own_makes_no_label(running):
    for method, way in (("GET", "/zebra1"), ("BREW", "/zebra2"), ("BREW", "/health")):
        found = httpx.request(method, f"{running.base}{way}")
        line_of(running, found.headers["X-Request-Id"])
    labels = {dict(labels).get(which) for _, labels in measures(running) for which in ("route", "method")}
    assert not {one for one in labels if one and ("zebra" in one or "BREW" in one)}
    assert "other" in labels


def test_measures_name_nobody(running):
    filed(running.as_("ann"))
    found = httpx.get(running.metrics).text
    assert not [name for name in (*PEOPLE, "TO-1", "TO-2", "127.0.0.1", "OTG-") if f'"{name}' in found]


def test_decisions_and_sign_ins_are_counted_by_what_came_of_them(running):
    before = measures(running)
    filed(running.as_("ann"))
    running.as_("ann").post("/outages?preview=true", json=a_request(), headers=key())
    running.signed_in("pat")
    elsewhere = httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.14"))
    with elsewhere:
        elsewhere.put(f"{running.base}/api/v1/session", json={"name": "pat", "password": "not that one at all"})
    after = measures(running)

    def rise(name, **labels):
        at = named(name, **labels)
        return after.get(at, 0.0) - before.get(at, 0.0)

    assert rise("moms_sign_ins_total", outcome="ok") == 1
    assert rise("moms_sign_ins_total", outcome="refused") == 1
    decided = {dict(labels)["outcome"] for name, labels in after if name == "moms_decisions_total"}
    assert sum(rise("moms_decisions_total", outcome=one) for one in decided) == 1


def test_gauges_tell_of_lanes_streams_and_what_waits(running):
    found = measures(running)
    assert found[named("moms_database_answers")] == 1.0
    assert found[named("moms_lane_room", lane="study")] == 17.0
    assert found[named("moms_duty_late_seconds")] >= 0.0
    with running.as_("ann").stream("GET", "/events") as stream:
        assert stream.status_code == 200
        assert measures(running)[named("moms_streams")] >= 1.0


def test_measures_are_for_this_machine_alone_and_not_on_the_services_own_port(running):
    port = urlsplit(running.metrics).port
    with socket.socket() as outside:
        outside.settimeout(5)
        assert outside.connect_ex(("127.0.0.2", port)) != 0  # bound to one address, not to all
    assert httpx.get(f"{running.base}/metrics").status_code == 404
    assert "moms_requests" not in httpx.get(f"{running.base}/metrics", headers={"Accept": "text/html"}).text


def test_a_request_has_one_number_and_its_line_says_who_asked_for_which_outage(running):
    outage = filed(running.as_("ann"))
    found = running.as_("eve").get(f"/outages/{outage['id']}", headers={"X-Request-Id": "of my own"})
    line = line_of(running, found.headers["X-Request-Id"])
    assert found.headers["X-Request-Id"] != "of my own"
    assert (line["who"], line["by"], line["outage"], line["status"]) == ("eve", "token", outage["id"], 200)
    assert line["route"] == "/api/v1/outages/{outage_id}"


def test_no_secret_reaches_the_log_wherever_it_is_sent(running):
    secret, client = "s3cr3t-of-somebody-0123456789", running.as_("ann")
    way, base = f"/outages/{secret}", f"{running.base}/api/v1"
    answers = [
        client.get(way, params={"text": secret}),
        client.get("/outages", params={"cursor": secret, "from": secret}),
        client.post(f"{way}/settle", json={"outcome": "approve", "reason": secret}, headers={**key(), "If-Match": "x"}),
        client.post("/outages", json={secret: secret}, headers={"Idempotency-Key": secret}),
        client.post("/outages", json=a_request(description=secret), headers={"Idempotency-Key": f"{secret}2"}),
        client.post("/outages", content=f'{{"a": {secret}', headers={**key(), "Content-Type": "application/json"}),
        client.request("PUT", "/session", json={"name": secret, "password": [secret]}),
        httpx.get(f"{base}/session", headers={"Authorization": f"Bearer {secret}"}),
        httpx.get(f"{base}/session", headers={"Authorization": secret, "Cookie": f"moms={secret}", secret: secret}),
        httpx.get(f"{running.base}/{secret}?{secret}", headers={"User-Agent": secret, "Referer": f"http://{secret}"}),
        httpx.get(f"{base}/session", headers={"Host": secret}),
        httpx.request(secret.upper().replace("-", ""), f"{base}/session"),
    ]
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.15"), base_url=base) as elsewhere:
        answers.append(elsewhere.put("/session", json={"name": secret, "password": secret * 2}))
    answers.append(running.signed_in("ann").get("/session"))
    assert {answer.status_code // 100 for answer in answers} <= {2, 4}
    for answer in answers:
        if answer.status_code != 400 or "X-Request-Id" in answer.headers:
            line_of(running, answer.headers["X-Request-Id"])
    log = running.log.read_text()
    told = [secret, secret.upper().replace("-", ""), *running.tokens.values(), *(password(name) for name in PEOPLE)]
    assert [one for one in told if one in log] == []
    assert len(log.splitlines()) >= len(answers)


@pytest.mark.parametrize("form", [Lines, Words])
def test_a_trace_says_where_and_never_with_which_values(form):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(form())
    log = logging.Logger("moms.test")  # noqa: LOG001 - of its own: nothing of the process's logging is touched
    log.addHandler(handler)
    try:
        try:
            int("s3cr3t")
        except ValueError as why:
            raise KeyError("s3cr3t too") from why
    except KeyError as bug:
        log.exception("broken")
        said = trace(bug)
    assert "s3cr3t" not in stream.getvalue()
    assert "test_watch.py" in stream.getvalue()
    assert [part for part in said if "Error" in part] == ["builtins.KeyError", "builtins.ValueError"]


def test_a_line_cannot_be_forged_by_a_line_feed():
    record = logging.LogRecord("moms.x", logging.WARNING, "", 0, "of\n2027 forged \x1b[31m\u2028line", (), None)
    assert len(Lines().format(record).splitlines()) == len(Words().format(record).splitlines()) == 1
    assert "\x1b" not in Words().format(record)
