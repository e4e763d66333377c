"""The documents say what the code does."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from moms.cli.table import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {contract["name"]: contract for contract in CONFIG["tool"]["importlinter"]["contracts"]}
LAYERS = CONTRACTS["Rooms point one way"]["layers"]
README = (ROOT / "README.md").read_text()


def rows_of(text: str, *, columns: int) -> list[list[str]]:
    """Give the rows of every table with that many columns, without heads and rules."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if len(row) == columns and not set(row[0]) <= set("-: ")]


def contract_rooms() -> list[tuple[str, str, str]]:
    """Give row, room and whether it is there, as the contract has them."""
    return [
        (str(number), room.strip().strip("()"), "not yet" if "(" in room else "yes")
        for number, layer in enumerate(LAYERS, start=1)
        for room in layer.split("|")
    ]


def tracked() -> list[Path]:
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in answer.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_room_table_is_the_contract():
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = [(row[0], row[1].strip("`"), row[3]) for row in rows_of(text, columns=4)[1:]]
    assert table == contract_rooms()


def test_rooms_that_are_there_exist_and_the_others_do_not():
    for _, room, there in contract_rooms():
        assert (find_spec(f"moms.{room}") is not None) == (there == "yes"), room


def test_the_thinking_rooms_are_all_those_from_desk_down():
    rooms = [room for _, room, there in contract_rooms() if there == "yes"]
    thinking = CONTRACTS["Thinking rooms touch no outside world"]["source_modules"]
    assert {f"moms.{room}" for room in rooms[rooms.index("desk") :]} == set(thinking)


def test_every_room_opens_with_one_sentence():
    for _, room, there in contract_rooms():
        if there == "yes":
            first = (ROOT / "src" / "moms" / room / "__init__.py").read_text().splitlines()[0]
            assert re.fullmatch(r'"""[A-Z].{15,}[.?!]("""|)', first), f"{room}: {first}"


def test_agents_md_has_the_import_line():
    line = " > ".join(layer.replace("(", "").replace(")", "") for layer in LAYERS)
    assert line in (ROOT / "AGENTS.md").read_text()


def test_the_readme_opens_with_both_commands():
    first = README.split("```")[1]
    assert "./moms demo" in first
    assert "./moms test" in first


def test_the_status_table_has_every_capability_and_no_other_word():
    rows = rows_of(README, columns=4)[1:]
    assert [row[0] for row in rows] == [str(number) for number in range(1, 31)]
    assert {row[2] for row in rows} <= {"works", "partly", "not yet"}
    for number, _, state, there in rows:
        assert (there == "") == (state == "not yet"), f"row {number} has to say what there is, and only then"


def test_every_command_is_documented():
    lines = [line for line in (ROOT / "docs" / "commands.md").read_text().splitlines() if line.startswith("## ")]
    headings = re.findall(r"`(?:\./)?moms ([a-z]+)", "\n".join(lines))
    assert set(headings) == {command.verb for command in COMMANDS} | {"test"}


def test_the_glossary_is_in_order():
    words = re.findall(r"^\*\*(.+?)\.\*\*", (ROOT / "docs" / "glossary.md").read_text(), flags=re.MULTILINE)
    assert words == sorted(words, key=lambda word: word.lower().replace("-", " "))
    assert len(words) == len(set(words))


def test_every_decision_has_its_five_parts():
    numbers = []
    for path in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        text = path.read_text()
        numbers.append(int(path.name[:4]))
        assert text.startswith(f"# {path.name[:4]}. ")
        parts = re.findall(r"^## (\w+)$", text, flags=re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences", "Alternatives", "References"], path.name
    assert numbers == sorted(set(numbers))  # given out before they are merged, so that one may come late


def test_documents_link_to_what_exists():
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_requirements_and_project_ask_for_the_same():
    lines = (ROOT / "requirements.in").read_text().splitlines()
    asked = [line.split("#")[0].strip() for line in lines]
    assert sorted(line for line in asked if line) == sorted(CONFIG["project"]["dependencies"])


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-build.lock", "requirements-test.lock"])
def test_locks_are_pinned_hashed_and_name_no_host(name: str):
    text = (ROOT / name).read_text()
    assert not re.search(r"://|index|find-links|file:| @ |^\s*-(?!-hash)", text, flags=re.MULTILINE)
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 3
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[\w.]+( ; .+)? \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry[:80]


def test_locks_agree_with_one_another():
    pins: dict[str, set[str]] = {}
    for name in ("requirements.lock", "requirements-build.lock", "requirements-test.lock"):
        for package, version in re.findall(r"^([a-z0-9-]+)==([\w.]+)", (ROOT / name).read_text(), flags=re.MULTILINE):
            pins.setdefault(package, set()).add(version)
    assert not {package: versions for package, versions in pins.items() if len(versions) > 1}


def test_nothing_names_the_machine_it_was_written_on():
    # Spelled so that this file does not name them itself.
    words = [
        "/w" + "ork/",
        "/t" + "mp/wt",
        "/t" + "mp/mv",
        "/ro" + "ot/",
        "py" + "pi.org",
        "python" + "hosted",
        "regis" + "try.npm",
        "deb." + "debian",
    ]
    named = re.compile("|".join(re.escape(word) for word in words))
    for path in tracked():
        try:
            found = named.search(path.read_text())
        except UnicodeDecodeError:
            continue
        assert found is None, f"{path.relative_to(ROOT)} names {found.group(0)}"
