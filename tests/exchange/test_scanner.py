"""ClamAV's protocol, spoken to a small server and, where it is installed, to clamd itself."""

from __future__ import annotations

import shutil
import subprocess
import time
from datetime import timedelta

import pytest

from moms.desk.files import ScannerDown, Unwanted
from moms.exchange.scanner import Clamd, NotAScanner, scanner_of
from tests.scanners import BAD, NOON, scanning


def now():
    return NOON


@pytest.mark.parametrize("unix", [False, True])
def test_a_file_goes_over_whole_and_the_verdict_comes_back(unix):
    with scanning(unix=unix) as server:
        scanner = scanner_of({"MOMS_SCANNER": server.setting}, clock=now)
        body = bytes(range(256)) * 1000  # more than one piece
        assert scanner.look(body).clean
        assert server.seen == [body]
        found = scanner.look(body + BAD)
        assert not found.clean
        assert found.says.startswith("Eicar-Test-Signature (ClamAV 1.4.0, list 27000 of ")


@pytest.mark.parametrize("mode", ["silent", "nonsense", "closes", "old", "listless"])
def test_whatever_is_no_clear_verdict_is_none(mode):
    with scanning() as server:
        server.mode = mode
        host, _, port = server.setting.removeprefix("clamd:").partition(":")
        scanner = Clamd(address=(host, int(port)), oldest=timedelta(days=7), clock=now, patience_s=0.3)
        with pytest.raises(ScannerDown) as down:
            scanner.look(b"x")
        assert down.value.field == "MOMS_SCANNER"


def test_a_scanner_that_is_not_there_gives_no_verdict(tmp_path):
    for setting in (f"clamd:{tmp_path}/none", "clamd:127.0.0.1:1"):
        with pytest.raises(ScannerDown):
            scanner_of({"MOMS_SCANNER": setting}, clock=now).look(b"x")


def test_a_setting_says_what_it_is():
    assert scanner_of({}, clock=now) is None
    assert isinstance(scanner_of({"MOMS_SCANNER": "none"}, clock=now), Unwanted)
    wrong = ("clamd", "yes", "clamd:127.0.0.1:99999", "clamd:10.0.0.5:3310", "clamd:scanner.example:3310")
    for env in (
        *({"MOMS_SCANNER": one} for one in wrong),
        {"MOMS_SCANNER": "clamd:/x", "MOMS_SCANNER_DAYS": "soon"},
        {"MOMS_SCANNER": "clamd:/x", "MOMS_SCANNER_DAYS": "0"},
    ):
        with pytest.raises(NotAScanner) as refused:
            scanner_of(env, clock=now)
        assert refused.value.field.startswith("MOMS_SCANNER")


@pytest.fixture
def clamd(tmp_path, must_have):
    """Start clamd with a list of one signature: the public ones are not to be had everywhere."""
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")
    must_have(program is not None, "clamd (apt-get install clamav-daemon)")
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "own.ndb").write_text(f"Test.Eicar:0:*:{BAD.hex()}\n")
    (tmp_path / "conf").write_text(
        f"LocalSocket {tmp_path}/s\nDatabaseDirectory {tmp_path}/db\nForeground yes\nTemporaryDirectory {tmp_path}\n"
    )
    process = subprocess.Popen(
        [str(program), "-c", str(tmp_path / "conf")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        for _ in range(200):
            if (tmp_path / "s").exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        assert (tmp_path / "s").exists(), process.stdout.read()
        yield f"clamd:{tmp_path}/s"
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_clamd_itself_is_understood_and_without_a_dated_list_it_is_not_believed(clamd, monkeypatch):
    scanner = scanner_of({"MOMS_SCANNER": clamd}, clock=now)
    with pytest.raises(ScannerDown, match="names no list"):
        scanner.look(b"harmless")  # one list of one's own has no date: that is no up-to-date scanner
    monkeypatch.setattr(Clamd, "_current", lambda _: "clamd with a list of its own")
    assert scanner.look(b"harmless" * 20_000).clean
    found = scanner.look(b"before " * 20_000 + BAD + b" after")
    assert not found.clean
    assert found.says.startswith("Test.Eicar")
