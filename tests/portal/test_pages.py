"""The pages as files: what is sent, under which policy, and what is said where they are not built."""

from __future__ import annotations

import asyncio
import gzip
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import FastAPI

from moms.portal.pages import DIST, POLICY, read_pages, serve_pages

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def built(folder):
    """Write what a build writes."""
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>MOMS</title>")
    (folder / "assets" / "index-abc.js").write_text("let a = 1;\n" * 200)
    return folder


class Served:
    """The pages of a folder, asked for without a network."""

    def __init__(self, folder):
        self.app = FastAPI()
        serve_pages(self.app, read_pages(folder))

    def get(self, path, **headers):
        async def ask():
            way = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=way, base_url="http://moms.test") as client:
                return await client.get(path, headers=headers)

        # In a thread of its own: where a browser has been driven before, this one has a loop already.
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(lambda: asyncio.run(ask())).result()


def test_any_screen_is_the_one_page_and_files_are_themselves(tmp_path):
    client = Served(built(tmp_path))
    for path in ("/", "/requests", "/requests/OTG-AAAAAAAA", "/nowhere"):
        found = client.get(path, **BROWSER)
        assert (found.status_code, found.text) == (200, "<!doctype html><title>MOMS</title>")
        assert found.headers["Content-Security-Policy"] == POLICY
        assert found.headers["Cache-Control"] == "no-cache"
    script = client.get("/assets/index-abc.js", **{"Accept-Encoding": "gzip"})
    assert script.headers["Content-Encoding"] == "gzip"
    assert script.text.startswith("let a")
    assert "immutable" in script.headers["Cache-Control"]
    assert client.get("/assets/gone.js").status_code == 404


def test_what_the_browser_has_is_not_sent_again(tmp_path):
    client = Served(built(tmp_path))
    tag = client.get("/", **BROWSER).headers["ETag"]
    assert client.get("/", **BROWSER, **{"If-None-Match": tag}).status_code == 304
    assert client.get("/", **BROWSER, **{"If-None-Match": '"another"'}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/../needs.py", "/..%2f..%2fneeds.py", "/%2e%2e/needs.py", "//etc/passwd", "/assets/../../app.py"]
)
def test_nothing_but_the_pages_can_be_had(tmp_path, path):
    found = Served(built(tmp_path)).get(path)
    assert found.status_code == 404
    assert "import" not in found.text


def test_where_they_are_not_built_it_says_what_to_do_and_the_rest_works(tmp_path):
    client = Served(tmp_path)
    found = client.get("/", **BROWSER)
    assert found.status_code == 503
    assert "hatch_build.py" in found.text
    assert client.get("/api/v1/nothing", **BROWSER).headers["Content-Type"] == "application/problem+json"


def test_what_was_built_is_small_and_names_no_other_place(must_have):
    must_have((DIST / "index.html").is_file(), "the pages (.venv/bin/python hatch_build.py)")
    pages = read_pages()
    start = pages["index.html"].body.decode()
    asked = re.findall(r'(?:src|href)="/([^"]+)"', start)
    assert {path.rsplit(".", 1)[-1] for path in asked} >= {"js", "css"}
    packed = {path: len(gzip.compress(file.body)) for path, file in pages.items()}
    # What a first visit loads; the rest comes when the map, the workbench, the plan or the glossary is opened.
    assert sum(packed[path] for path in ("index.html", *asked)) <= 120_000
    assert sum(packed.values()) <= 500_000
    assert "<style" not in start
    assert start.count("<script") == start.count('<script type="module"') == 1
    assert "://" not in start


def test_the_running_service_sends_them_under_its_wall(running, must_have):
    must_have((DIST / "index.html").is_file(), "the pages (.venv/bin/python hatch_build.py)")
    found = httpx.get(f"{running.base}/requests", headers=BROWSER)
    assert found.status_code == 200
    policies = found.headers.get_list("Content-Security-Policy")
    assert policies == [POLICY]
    assert "unsafe" not in POLICY
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert "script-src" not in httpx.get(f"{running.base}/health").headers["Content-Security-Policy"]


def test_equipment_is_found_by_words_and_named_by_id(running):
    ann = running.as_("ann")
    found = ann.get("/assets", params={"text": "branch line", "limit": 3}).json()
    assert len(found["items"]) == 3
    assert found["of"] > 3
    assert all({"id", "name", "owner", "category", "detail", "area"} == set(one) for one in found["items"])
    named = ann.get("/assets", params={"id": ["branch:2", "branch:999", "gen:1"]}).json()["items"]
    assert [one["id"] for one in named] == ["branch:2", "gen:1"]
    assert named[1]["category"] == "generation"
    assert running.as_().get("/assets").status_code == 401


def test_the_installation_says_what_its_clock_shows(running):
    about = running.as_("ann").get("/about").json()
    assert about["now"] == "2027-02-01T15:00Z"
    assert about["simulated"] is True
    assert about["rule_book"].startswith("miso-demo v")
    assert running.as_().get("/about").status_code == 401
