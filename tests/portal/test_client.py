"""A client that a public tool writes from the described interface: it is whole, its types hold, and it works.

Nothing of the client is ours: openapi-python-client writes it, mypy reads it, and it speaks to the running server.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.portal.conftest import a_request, key, password

BIN = Path(sys.executable).parent
NAME = "moms_client"
BYTES = "content_type_overrides:\n  application/pdf: application/octet-stream\n"
"""The tool knows one kind of bytes; a PDF is taken as such."""


@pytest.fixture(scope="module")
def written(running, tmp_path_factory):
    """Have the client written from what the server says of itself, and give its folder."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(httpx.get(f"{running.base}/openapi.json").text)
    (folder / "config.yaml").write_text(BYTES)
    done = subprocess.run(
        [str(BIN / "openapi-python-client"), "generate", "--path", "openapi.json", "--meta", "none",
         "--output-path", NAME, "--config", "config.yaml", "--fail-on-warning"],
        cwd=folder, env={"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(folder)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@dataclass
class Written:
    """The client's modules, and those who ask through it."""

    base: str
    tokens: dict[str, str]
    asking: list[Any] = field(default_factory=list)

    def __call__(self, name: str) -> Any:
        """Give one of its modules: `client("api.do.settle")` is that of an operation."""
        return importlib.import_module(f"{NAME}.{name}")

    def as_(self, token: str) -> Any:
        """Give somebody who asks by a token."""
        self.asking.append(self("client").AuthenticatedClient(base_url=self.base, token=self.tokens.get(token, token)))
        return self.asking[-1]

    def nobody(self, **cookies: str) -> Any:
        """Give somebody without a token."""
        self.asking.append(self("client").Client(base_url=self.base, cookies=cookies))
        return self.asking[-1]


@pytest.fixture
def client(running, written):
    """Import the client, and let go of it."""
    sys.path.insert(0, str(written))
    found = Written(running.base, running.tokens)
    try:
        yield found
    finally:
        for one in found.asking:
            one.get_httpx_client().close()
        sys.path.remove(str(written))
        for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
            del sys.modules[name]


def test_every_operation_is_in_it_and_its_types_hold(running, written):
    described = httpx.get(f"{running.base}/openapi.json").json()["paths"]
    operations = [one["operationId"] for ways in described.values() for one in ways.values()]
    there = [path for path in (written / NAME / "api").rglob("*.py") if path.name != "__init__.py"]
    assert len(there) == len(operations) == len(set(operations))
    assert not [path.name for path in there if "-> Response[Any]:" in path.read_text()], "an answer has no name"
    (written / "uses.py").write_text(USES)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", NAME, "uses.py"], cwd=written, capture_output=True, text=True, check=False
    )
    wrong = [line for line in done.stdout.splitlines() if ": error: " in line]
    # The tool's own frame, the same for whatever interface, hands `__exit__` on more loosely than mypy wants.
    assert not [line for line in wrong if not line.startswith(f"{NAME}/client.py")], done.stdout
    assert f"checked {sum(1 for _ in written.rglob('*.py'))} source files" in done.stdout


USES = """
from moms_client import AuthenticatedClient
from moms_client.api.look import list_outages
from moms_client.models import OutagePage


def owners(client: AuthenticatedClient) -> list[str]:
    found = list_outages.sync(client=client, pending=True)
    assert isinstance(found, OutagePage)
    return [one.request.organisation for one in found.items if one.revision > 0 and one.window.start < one.window.end]
"""
"""What a program would write; mypy holds it against the client's types."""


def test_a_request_goes_its_whole_way_through_it(client):
    ann, eve = client.as_("ann"), client.as_("eve")
    models, do, look = client("models"), client("api.do"), client("api.look")
    for name in ("submit", "settle", "cancel"):
        client(f"api.do.{name}")
    for name in ("list_outages", "get_outage"):
        client(f"api.look.{name}")
    whole = models.OutageRequest.from_dict(a_request())
    sent = do.submit.sync_detailed(client=ann, body=whole, idempotency_key=word())
    assert sent.status_code == 200
    assert sent.parsed.decision.outcome == "refer"
    outage, tag = sent.parsed.outage, sent.headers["ETag"]
    assert (outage.state, outage.request.external_id) == (models.State.IN_STUDY, whole.external_id)

    settled = do.settle.sync_detailed(
        outage.id, client=eve, body=models.Settle(outcome=models.SettleOutcome.APPROVE, reason="looked at"),
        idempotency_key=word(), if_match=tag,
    )  # fmt: skip
    assert settled.parsed.outage.status in {models.Status.APPROVED, models.Status.APPROVED_WITH_CONDITIONS}
    read = look.get_outage.sync_detailed(outage.id, client=ann)
    assert read.headers["ETag"] == settled.headers["ETag"] != tag
    assert read.parsed.decision.says
    assert read.parsed.history[0].verb == "submit"

    stale = do.cancel.sync_detailed(
        outage.id, client=ann, body=models.Reason(reason="no crew"), idempotency_key=word(), if_match=tag
    )
    assert isinstance(stale.parsed, models.Problem)
    assert (stale.status_code, stale.parsed.field, bool(stale.parsed.fix)) == (412, "If-Match", True)
    gone = do.cancel.sync_detailed(
        outage.id, client=ann, body=models.Reason(reason="no crew"), idempotency_key=word(),
        if_match=read.headers["ETag"],
    )  # fmt: skip
    assert gone.parsed.outage.state == models.State.CANCELLED


def test_a_walk_by_cursor_gives_each_once(client):
    ann = client.as_("ann")
    models, submit, listed = client("models"), client("api.do.submit"), client("api.look.list_outages")
    word_of_mine = f"by cursor {word()}"
    for _ in range(5):
        asked = models.OutageRequest.from_dict(a_request(description=word_of_mine))
        assert submit.sync(client=ann, body=asked, idempotency_key=word()).written
    whole = [one.id for one in listed.sync(client=ann, text=word_of_mine).items]
    found, cursor = [], None
    while True:
        more: dict[str, str] = {} if cursor is None else {"cursor": cursor}
        page = listed.sync(client=ann, text=word_of_mine, limit=2, **more)
        found += [one.id for one in page.items]
        cursor = page.next_
        if cursor is None:
            break
    assert found == whole
    assert len(set(found)) == 5


def test_what_is_wrong_comes_as_a_problem_with_its_field_or_as_findings(client):
    ann = client.as_("ann")
    models, submit, listed = client("models"), client("api.do.submit"), client("api.look.list_outages")
    bad = submit.sync(client=ann, body=models.OutageRequest.from_dict(a_request(assets=["branch:99"])),
                      idempotency_key=word())  # fmt: skip
    assert isinstance(bad, models.Answer)
    assert bad.returned
    assert bad.outage is None
    assert any(f.level == models.FindingLevel.BLOCK and f.fix for f in bad.findings)
    unknown = submit.sync(client=ann, body=models.OutageRequest.from_dict(a_request() | {"external_id": ""}),
                          idempotency_key=word())  # fmt: skip
    assert isinstance(unknown, models.Problem)
    assert (unknown.status, unknown.field) == (422, "external_id")
    nowhere = listed.sync(client=ann, cursor="!")
    assert (nowhere.status, nowhere.field) == (400, "cursor")
    nobody = listed.sync(client=client.as_("none"))
    assert nobody.status == 401


def test_it_signs_in_with_a_password_too(client):
    models, plain = client("models"), client.nobody()
    found = client("api.session.sign_in").sync_detailed(
        client=plain, body=models.SignIn(name="ann", password=password("ann"))
    )
    assert (found.parsed.organisation, found.parsed.role) == ("TO-1", models.Role.OWNER)
    secret = found.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    assert client("api.session.who_am_i").sync(client=client.nobody(moms=secret)).name == "ann"


def word() -> str:
    return key()["Idempotency-Key"]
