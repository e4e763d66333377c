"""`moms forecast rates` on the bundled grid: kept whole or not at all, and the margin counts with them from then on."""

from __future__ import annotations

import json

import numpy as np
import pytest

from moms.adequacy.rates import counts
from moms.cli import main
from moms.exchange.grids import open_grid

NOW = "2027-04-01T12:00Z"
ENGINEER = ("--as", "eve", "--role", "engineer", "--now", NOW)


@pytest.fixture(autouse=True, scope="module")
def home(tmp_path_factory):
    """Give one home to all: only one test keeps anything in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOMS_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("MOMS_DATABASE_URL", raising=False)
        yield


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Every unit of the bundled grid that counts, all of them out a tenth of the time."""
    path = tmp_path_factory.mktemp("rates") / "rates.csv"
    rows = np.flatnonzero(counts(open_grid("miso")))
    lines = [f"2027-03-01T00:00-05:00,gen:{row + 1},0.1\n" for row in rows.tolist()]
    path.write_text("issued,unit,outage_rate\n" + "".join(lines))
    return path


def margin(capsys) -> dict:
    assert main(["margin", "--from", "2027-07-14T05:00Z", "--days", "1", "--json", *ENGINEER]) in {0, 1}
    return json.loads(capsys.readouterr().out)


def test_the_margin_counts_with_what_is_kept(capsys, table):
    before = margin(capsys)
    assert main(["forecast", "rates", str(table), *ENGINEER]) == 0
    said = capsys.readouterr().out
    assert "rates.csv: outage rates of 2,183 units" in said
    assert "31.3 days old (at most 400)" in said
    assert margin(capsys) != before
    assert main(["forecast", "rates", str(table), *ENGINEER]) == 2  # no newer than the one kept
    assert "keep newer ones" in capsys.readouterr().err
    assert main(["forecast", "show", "--json", "--as", "eve", "--role", "engineer", "--now", "2028-06-01T12:00Z"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["rates"]["units"], found["rates_fresh"], found["forecast"]) == (2183, False, None)


def test_a_unit_left_out_is_named_and_nothing_is_kept(capsys, table, tmp_path):
    short = tmp_path / "short.csv"
    lines = table.read_text().replace("2027-03-01", "2027-03-02").splitlines(keepends=True)
    short.write_text("".join([lines[0], *lines[2:]]))
    assert main(["forecast", "rates", str(short), "--json", *ENGINEER]) == 2
    found = json.loads(capsys.readouterr().out)["error"]
    assert found["field"] == "unit"
    assert lines[1].split(",")[1] in found["says"]


def test_an_owner_keeps_none(capsys, table):
    assert main(["forecast", "rates", str(table), "--as", "ann", "--role", "owner", "--org", "TO-1", "--now", NOW]) == 2
    assert "the operator keeps them" in capsys.readouterr().err
