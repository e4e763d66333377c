"""A new version of the pages takes the place of the old one on a phone, whole and at once."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace

import pytest
import uvicorn
from fastapi import FastAPI

from moms.portal.pages import DIST, read_pages, serve_pages
from tests.browser.conftest import Site

REGISTER = """async () => {
  const policy = trustedTypes.createPolicy("moms-worker", { createScriptURL: (path) => path });
  await navigator.serviceWorker.register(policy.createScriptURL("/field-worker.js"), { scope: "/field" });
  await navigator.serviceWorker.ready;
}"""
KEPT = "async () => (await caches.keys()).filter((name) => name.startsWith('moms-field-'))"


@pytest.fixture
def pages(must_have):
    """Serve the built pages, which the test may change meanwhile."""
    must_have((DIST / "index.html").is_file(), "the pages (.venv/bin/python hatch_build.py)")
    found, app = dict(read_pages()), FastAPI()
    serve_pages(app, found)
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{door.getsockname()[1]}", found
        server.should_exit = True
        thread.join(20)


def changed(file, old, new):
    assert old in file.body
    return replace(file, body=file.body.replace(old, new), packed=None, tag=file.tag[:-2] + 'z"')


def until(page, ask, wanted):
    for _ in range(300):
        found = page.evaluate(ask)
        if wanted(found):
            return found
        page.wait_for_timeout(100)
    raise AssertionError(found)


def test_a_new_version_takes_the_place_of_the_old_whole(pages, browser):
    address, there = pages
    site = Site(base=address, browser=browser)
    page = site.open("/field", width=390, height=844)
    page.evaluate(REGISTER)
    [first] = until(page, KEPT, lambda names: len(names) == 1)
    page.context.set_offline(True)
    page.reload()
    assert page.locator("meta[name=generation]").count() == 0
    assert page.locator("script[src^='/assets/']").count() == 1
    page.context.set_offline(False)

    mark = first.removeprefix("moms-field-").encode()
    there["index.html"] = changed(there["index.html"], b"<head>", b'<head><meta name="generation" content="two">')
    there["field-worker.js"] = changed(there["field-worker.js"], mark, b"f" * 16)
    page.evaluate("async () => { await (await navigator.serviceWorker.getRegistration('/field')).update() }")
    assert until(page, KEPT, lambda names: names != [first] and len(names) == 1) == ["moms-field-" + "f" * 16]
    page.context.set_offline(True)
    page.reload()
    assert page.locator("meta[name=generation]").get_attribute("content") == "two"
    assert page.get_by_role("main").count() == 1
    site.contexts[0].close()
    assert not site.faults


def test_a_worker_whose_files_do_not_all_come_leaves_the_old_one_in_place(pages, browser):
    address, there = pages
    site = Site(base=address, browser=browser)
    page = site.open("/field", width=390, height=844)
    page.evaluate(REGISTER)
    [first] = until(page, KEPT, lambda names: len(names) == 1)
    mark = first.removeprefix("moms-field-").encode()
    there["field-worker.js"] = changed(there["field-worker.js"], mark, b"e" * 16)
    del there["favicon.svg"]  # half a release
    page.evaluate(
        "async () => (await navigator.serviceWorker.getRegistration('/field')).update().then(() => 0, () => 0)"
    )
    until(page, "async () => (await navigator.serviceWorker.getRegistration('/field')).installing === null", bool)
    page.context.set_offline(True)
    page.reload()
    assert page.locator("script[src^='/assets/']").count() == 1
    assert first in page.evaluate(KEPT)
    site.contexts[0].close()
