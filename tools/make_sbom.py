#!/usr/bin/env python3
"""Write what MOMS is made of as CycloneDX 1.6, from the locks alone: same locks, same bytes.

    python tools/make_sbom.py FILE      or - for stdout

Packages of `requirements.lock` are what runs; those of the other two build and test it (scope `excluded`). Of the
pages' lock some are compiled into the pages and some only compile them: the lock does not tell which. Licences are
those that an installed package of that very version declares. Who needs whom is told for MOMS itself alone.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import uuid
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {"requirements.lock": "required", "requirements-build.lock": "excluded", "requirements-test.lock": "excluded"}
PAGES = "web/package-lock.json"
NAMESPACE = uuid.UUID("6f9b1d5e-6f0e-4a55-8d0e-3f6c0b1a7c11")
"""Of our own: the serial number follows from the content."""


def sbom() -> dict[str, object]:
    """Put it together."""
    found: dict[str, dict[str, object]] = {}
    for lock, scope in LOCKS.items():
        for part in python_parts(lock, scope):
            found.setdefault(str(part["bom-ref"]), part)  # what runs comes first, and stays required
    found |= {str(part["bom-ref"]): part for part in page_parts()}
    parts = [found[ref] for ref in sorted(found)]
    ours = itself()
    rest: dict[str, object] = {
        "metadata": {"component": ours},
        "components": parts,
        "dependencies": [{"ref": ours["bom-ref"], "dependsOn": needed(found)}],
        "compositions": [{"aggregate": "incomplete", "dependencies": [ours["bom-ref"]]}],
    }
    serial = uuid.uuid5(NAMESPACE, json.dumps(rest, sort_keys=True))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}", "version": 1, **rest}


def itself() -> dict[str, object]:
    """Describe MOMS."""
    text = (ROOT / "src" / "moms" / "__init__.py").read_text(encoding="utf-8")
    version = re.findall(r'^__version__ = "(.+)"$', text, flags=re.MULTILINE)[0]
    return {
        "type": "application", "bom-ref": f"pkg:pypi/moms@{version}", "name": "moms", "version": version,
        "purl": f"pkg:pypi/moms@{version}", "licenses": [{"license": {"id": "Apache-2.0"}}],
    }  # fmt: skip


def python_parts(lock: str, scope: str) -> list[dict[str, object]]:
    """Read one lock of Python packages."""
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8").strip())
    return [_python_part(entry, lock, scope) for entry in entries]


def _python_part(entry: str, lock: str, scope: str) -> dict[str, object]:
    head = re.match(r"([a-z0-9-]+)==(\S+)(?: ; (.+?))? \\\n", entry)
    assert head is not None, entry[:80]
    name, version, where = head.groups()
    hashes = re.findall(r"sha256:([0-9a-f]{64})", entry)
    more = [{"name": "moms:where", "value": where}] if where else []
    return {
        "type": "library", "bom-ref": f"pkg:pypi/{name}@{version}", "name": name, "version": version,
        "purl": f"pkg:pypi/{name}@{version}", "scope": scope, **licences(name, version),
        "hashes": [{"alg": "SHA-256", "content": one} for one in hashes],
        "properties": [{"name": "moms:lock", "value": lock}, *more],
    }  # fmt: skip


def licences(name: str, version: str) -> dict[str, object]:
    """Give the licence that an installed package of that version declares as an SPDX expression, or nothing."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return {}
    expression = told.get("License-Expression")
    return {"licenses": [{"expression": expression}]} if expression and told["Version"] == version else {}


def page_parts() -> list[dict[str, object]]:
    """Read the lock of the pages."""
    packages = json.loads((ROOT / PAGES).read_text(encoding="utf-8"))["packages"]
    return [_page_part(path.rpartition("node_modules/")[2], one) for path, one in packages.items() if path]


def _page_part(name: str, one: dict[str, str]) -> dict[str, object]:
    group, _, bare = name.rpartition("/")
    ref = f"pkg:npm/{name.replace('@', '%40')}@{one['version']}"
    algorithm, _, digest = one["integrity"].partition("-")
    assert algorithm == "sha512", name
    return {
        "type": "library", "bom-ref": ref, **({"group": group} if group else {}), "name": bare,
        "version": one["version"], "purl": ref,
        **({"licenses": [{"expression": one["license"]}]} if "license" in one else {}),
        "hashes": [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}],
        "properties": [{"name": "moms:lock", "value": PAGES}],
    }  # fmt: skip


def needed(found: dict[str, dict[str, object]]) -> list[str]:
    """Give what MOMS asks for by itself."""
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    names = {re.split(r"[\[<>=!~; ]", line)[0] for line in lines if line and not line.startswith("#")}
    refs = {ref for ref, part in found.items() if part["name"] in names and ref.startswith("pkg:pypi/")}
    assert len(refs) == len(names), names
    return sorted(refs)


def text() -> str:
    """Give the document as bytes go."""
    return json.dumps(sbom(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "-":
        sys.stdout.write(text())
    else:
        Path(sys.argv[1]).write_text(text(), encoding="utf-8")
