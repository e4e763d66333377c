"""`moms user` and `moms token`: secrets come by stdin and are shown once."""

from __future__ import annotations

import io
import json

import pytest

from moms.cli import main
from tests.portal.authorities import made


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Give a home of this test's own."""
    monkeypatch.setenv("MOMS_HOME", str(tmp_path))
    monkeypatch.delenv("MOMS_DATABASE_URL", raising=False)
    return tmp_path


def test_a_person_is_entered_given_a_token_and_disabled(home, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert main(["user", "add", "ann", "--org", "TO-1", "--role", "owner"]) == 0
    assert main(["user", "add", "feed", "--org", "operator", "--role", "control_room", "--machine"]) == 0
    capsys.readouterr()
    assert main(["token", "issue", "ann", "--scope", "read"]) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("moms_")
    assert main(["token", "list", "--json"]) == 0
    out = capsys.readouterr().out
    assert secret not in out
    [token] = json.loads(out)
    assert (token["person"], token["holds"]) == ("ann", True)
    assert main(["token", "revoke", token["id"]]) == 0
    assert main(["user", "disable", "ann"]) == 0
    capsys.readouterr()
    assert main(["user", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["ann"]["disabled"], rows["ann"]["machine"]) == (True, False)
    assert (rows["feed"]["disabled"], rows["feed"]["machine"]) == (False, True)
    assert main(["verify"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["user", "add", "bob", "--org", "TO-1", "--role", "owner"]) == 2
    assert main(["user", "add", "bob", "--org", "TO-1", "--role", "king"]) == 2
    assert main(["token", "issue", "feed", "--scope", "everything"]) == 2


def test_a_person_is_tied_to_a_provider_and_to_a_certificate_and_either_is_revoked(home, tmp_path, capsys):
    assert main(["user", "add", "ann", "--org", "TO-1", "--role", "owner", "--machine"]) == 0
    file = tmp_path / "client.pem"
    file.write_bytes(made("ann").pem)
    issuer = ["--issuer", "https://login.example"]
    assert main(["people", "bind", "ann", *issuer, "--subject", "a|1"]) == 0
    assert main(["people", "enrol", "ann", str(file), "--scope", "read"]) == 0
    capsys.readouterr()
    for words in (
        ["bind", "ann", *issuer, "--subject", "a|1"],
        ["bind", "bob", *issuer, "--subject", "b"],
        ["bind", "ann", *issuer],
        ["bind", "ann", *issuer, "--subject", "x" * 300],
        ["bind"],
        ["enrol", "ann", str(file), "--scope", "read"],
        ["enrol", "ann", str(file), "--scope", "all"],
        ["enrol", "ann", str(file)],
        ["enrol", "ann"],
        ["enrol", "ann", str(tmp_path / "none")],
        ["enrol", "ann", str(home / "secret")],
        ["revoke", "none"],
    ):
        assert main(["people", *words]) == 2, words
        assert "Traceback" not in capsys.readouterr().err
    assert main(["people", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["kind"], row["subject"] == "a|1", row["ended"]) for row in rows] == [
        ("provider", True, False),
        ("certificate", False, False),
    ]
    for row in rows:
        assert main(["people", "revoke", row["id"]]) == 0
    capsys.readouterr()
    assert main(["people", "list", "--json"]) == 0
    assert [row["ended"] for row in json.loads(capsys.readouterr().out)] == [True, True]
    assert main(["people", "bind", "ann", *issuer, "--subject", "a|1"]) == 0
    assert main(["people", "enrol", "ann", str(file), "--scope", "read"]) == 2
    assert main(["verify"]) == 0
