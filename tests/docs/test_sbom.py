"""The list of parts holds to its published schema, and has every locked package once."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from tools.make_sbom import ROOT, sbom, text

DOCUMENT = json.loads(text())
VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_it_holds_to_the_schema_and_another_reader_reads_it():
    assert VALIDATOR.validate_str(text()) is None
    read = Bom.from_json(DOCUMENT)
    assert {str(one.purl) for one in read.components} == {one["purl"] for one in DOCUMENT["components"]}
    assert read.metadata.component.name == "moms"


@pytest.mark.parametrize("spoil", [{"bomFormat": "x"}, {"version": "one"}, {"components": [{"name": "x"}]}])
def test_the_schema_would_see_a_fault(spoil):
    assert VALIDATOR.validate_str(json.dumps(DOCUMENT | spoil)) is not None


def test_it_names_every_locked_package_once_with_its_hashes():
    wanted: dict[str, set[str]] = {}
    for path in ROOT.glob("requirements*.lock"):
        at = ""
        for line in path.read_text().splitlines():  # line by line, where the tool takes entry by entry
            if "==" in line:
                name, _, version = line.split(" ")[0].partition("==")
                at = f"pkg:pypi/{name}@{version}"
                wanted.setdefault(at, set())
            elif "--hash=sha256:" in line:
                wanted[at].add(line.strip().removeprefix("--hash=sha256:").removesuffix(" \\"))
    for way, one in json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"].items():
        if way:
            space, _, name = way.split("node_modules/")[-1].rpartition("/")
            purl = PackageURL("npm", space or None, name, one["version"]).to_string()
            wanted[purl] = {base64.b64decode(one["integrity"].removeprefix("sha512-")).hex()}
    assert len(wanted) > 150
    found = {one["purl"]: {h["content"] for h in one["hashes"]} for one in DOCUMENT["components"]}
    assert found == wanted
    assert max(Counter(one["bom-ref"] for one in DOCUMENT["components"]).values()) == 1


def test_what_runs_is_told_from_what_builds_and_tests():
    runs = {line.partition("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}
    required = {one["name"] for one in DOCUMENT["components"] if one.get("scope") == "required"}
    assert required == runs
    assert {one["name"] for one in DOCUMENT["components"] if one.get("scope") == "excluded"} >= {"pytest", "hatchling"}
    (root,) = DOCUMENT["dependencies"]
    assert {PackageURL.from_string(ref).name for ref in root["dependsOn"]} <= runs
    assert root["ref"] == DOCUMENT["metadata"]["component"]["bom-ref"]


def test_the_same_locks_give_the_same_bytes_and_no_host():
    assert text() == text()
    assert sbom()["serialNumber"] == DOCUMENT["serialNumber"]
    assert not re.search(r"https?://", text())


def test_most_of_what_runs_says_its_licence():
    named = [bool(one.get("licenses")) for one in DOCUMENT["components"] if one.get("scope") == "required"]
    assert sum(named) / len(named) > 0.5
