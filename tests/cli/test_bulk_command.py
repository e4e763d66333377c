"""`moms bulk`: many at once from a file, each with an outcome of its own; or all of them or none."""

from __future__ import annotations

import json

import pytest

from moms.cli import main
from moms.exchange.many import values_of
from moms.exchange.requests import UnreadableFile
from tests.exchange.casefiles import FIVE_BUSES
from tests.portal.conftest import a_request

NOW = ["--now", "2027-02-01T15:00Z"]
ANN = ["--as", "ann", "--org", "TO-1", "--role", "owner", *NOW]
EVE = ["--as", "eve", "--role", "engineer", *NOW]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    where = tmp_path_factory.mktemp("home")
    (where / "case1.m").write_text(FIVE_BUSES)
    return where


@pytest.fixture(autouse=True)
def installed(home, monkeypatch):
    monkeypatch.setenv("MOMS_HOME", str(home))
    monkeypatch.setenv("MOMS_GRID", "case1")
    monkeypatch.delenv("MOMS_DATABASE_URL", raising=False)
    if not (home / "grids").exists():
        assert main(["grid", "import", str(home / "case1.m")]) == 0


@pytest.fixture
def asked(tmp_path, capsys):
    """Give what runs the command on documents: as an array, or one a line."""

    def run(deed, documents, *words, lines=False):
        file = tmp_path / "many.json"
        file.write_text("\n".join(map(json.dumps, documents)) if lines else json.dumps(documents))
        capsys.readouterr()
        code = main(["bulk", deed, str(file), "--json", *words])
        said = capsys.readouterr()
        return code, json.loads(said.out), said.err

    return run


def there(capsys, name, *who):
    capsys.readouterr()
    main(["list", "--json", *who])
    found = json.loads(capsys.readouterr().out)
    return [one for one in found if one["request"]["external_id"] == name]


@pytest.mark.parametrize("lines", [False, True])
def test_many_are_filed_decided_taken_back_each_by_itself(asked, capsys, lines):
    good, bad, other = a_request(), a_request(assets=["branch:99"]), a_request()
    code, found, _ = asked("submit", [good, bad, other, {"external_id": 7}], *ANN, lines=lines)
    assert (code, found["done"], found["refused"]) == (1, 2, 2)
    assert [row["outcome"] for row in found["items"]] == ["filed", "returned", "filed", "refused"]
    assert (found["items"][1]["field"], found["items"][3]["field"]) == ("assets", "external_id")
    one, two = found["items"][0]["says"], found["items"][2]["says"]
    for name in (one, two):
        assert main(["decide", name, *EVE]) == 1  # referred
    items = [{"outage": one, "outcome": "approve", "reason": "looked at"}, {"outage": two, "outcome": "deny"}]
    code, found, _ = asked("settle", items, *EVE, lines=lines)
    assert (code, [row["outcome"] for row in found["items"]]) == (1, ["done", "refused"])
    assert found["items"][1]["field"] == "reason"
    back = [{"outage": one, "revision": 1}, {"outage": one}, {"outage": two}, {"outage": "OTG-ZZZZZZZZ"}]
    code, found, _ = asked("cancel", back, "--reason", "no crew", *ANN, lines=lines)
    assert [row["outcome"] for row in found["items"]] == ["refused", "done", "done", "refused"]
    assert [one["state"] for one in there(capsys, good["external_id"], *ANN)] == ["cancelled"]


def test_together_all_or_none(asked, capsys):
    good, bad = a_request(), a_request(assets=["branch:99"])
    code, found, _ = asked("submit", [good, bad], "--together", *ANN)
    assert (code, [row["outcome"] for row in found["items"]]) == (1, ["not filed", "returned"])
    assert there(capsys, good["external_id"], *ANN) == []
    code, found, _ = asked("submit", [good, a_request()], "--together", *ANN)
    assert (code, found["done"]) == (0, 2)
    assert len(there(capsys, good["external_id"], *ANN)) == 1


def test_notices_are_acknowledged_by_their_ids(asked, capsys):
    one = a_request()
    asked("submit", [one], *ANN)
    outage = there(capsys, one["external_id"], *ANN)[0]["id"]
    code, _, said = asked("settle", [{"outage": outage, "outcome": "approve", "reason": "looked at"}], *EVE)
    assert code == 0, said
    main(["notices", "--open", "--json", *ANN])
    ids = [row["id"] for row in json.loads(capsys.readouterr().out)]
    code, found, _ = asked("ack", [*ids, "none"], *ANN)
    assert (code, found["done"], found["refused"]) == (1, len(ids), 1)
    assert ids


@pytest.mark.parametrize(
    ("deed", "documents", "field"),
    [
        ("settle", [{"outage": "OTG-AAAAAAAA", "outcome": "yes"}], "items.0.outcome"),
        ("cancel", [{"outage": "OTG-AAAAAAAA"}, {"outage": "OTG-AAAAAAAA", "why": "x"}], "items.1.why"),
        ("cancel", [], "items"),
        ("cancel", ["OTG-AAAAAAAA"], "items.0"),
        ("cancel", [{"outage": "OTG-AAAAAAAA", "revision": True}], "items.0.revision"),
        ("cancel", [{"outage": "OTG-AAAAAAAA"}] * 201, "items"),
    ],
)
def test_a_file_that_is_no_batch_is_refused_before_anything_is_done(asked, deed, documents, field):
    code, found, _ = asked(deed, documents, "--reason", "x", *EVE)
    assert (code, found["error"]["field"]) == (2, field)


def test_a_line_that_is_no_json_is_named():
    with pytest.raises(UnreadableFile, match="line 3"):
        values_of('{"a": 1}\n\n{"a": }\n', name="a")
