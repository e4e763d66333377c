"""What `deploy/` starts can be started: its commands are ours, systemd reads its unit, and its settings are known."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from moms.cli.parse import parse

ROOT = Path(__file__).parents[2]
UNIT = (ROOT / "deploy" / "moms.service").read_text()
COMPOSE = (ROOT / "deploy" / "compose.yaml").read_text()


def words_of_the_unit() -> list[str]:
    [line] = re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)
    return shlex.split(line.replace("${MOMS_PUBLIC}", "https://moms.example"))


def services() -> dict[str, dict[str, object]]:
    """Give the services of the compose file, with the variables it asks for filled in."""
    return yaml.safe_load(re.sub(r"\$\{\w+:\?[^}]*\}", "https://moms.example", COMPOSE))["services"]


def test_the_unit_starts_a_command_that_there_is():
    program, *words = words_of_the_unit()
    assert program.endswith("/moms")
    args, module = parse(words)
    assert module is not None
    assert args.public == "https://moms.example"
    assert args.log == "json"


def test_the_containers_start_commands_that_there_are():
    commands = {name: service["command"] for name, service in services().items() if "command" in service}
    assert set(commands) == {"migrate", "server", "worker"}
    for words in commands.values():
        _, module = parse(words)
        assert module is not None


def test_the_containers_are_labelled_as_untested_until_somebody_has_started_them():
    for name in ("compose.yaml", "Dockerfile"):
        assert (ROOT / "deploy" / name).read_text().startswith("# UNTESTED")


def test_no_container_of_ours_has_a_port_open_to_others_or_more_rights_than_it_needs():
    for name, service in services().items():
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))
        if name != "database":
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]


def test_every_setting_that_they_give_is_documented():
    known = (ROOT / "docs" / "commands.md").read_text() + (ROOT / "docs" / "store.md").read_text()
    given = {name for service in services().values() for name in service.get("environment", {}) if "MOMS" in name}
    assert given
    assert not {name for name in given if f"`{name}" not in known}


def test_systemd_reads_the_unit_without_a_complaint(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        assert os.environ.get("CI") != "true", "CI has to have systemd-analyze"
        pytest.skip("there is no systemd-analyze here")
    unit = tmp_path / "moms.service"
    unit.write_text(UNIT.replace("/opt/moms/bin/moms", sys.executable))
    found = subprocess.run([program, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")
    unit.write_text(UNIT.replace("Type=exec", "Type=no-such-type"))
    wrong = subprocess.run([program, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert "no-such-type" in wrong.stderr
