"""What the pages ask of the service is what its description has: addresses, methods, words of the query, bodies."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

SOURCES = Path(__file__).resolve().parents[2] / "web" / "src"
ASKED = re.compile(r"\bask(?:<[^()]*?>)?\(\s*([`\"])(/.*?)\1\s*(?:,\s*(\{.*?\}))?\s*\)(?:[;,).\]]|\s*$)", re.MULTILINE)
ONLY_OF_A_DEMO = "/demo"
FEWEST = 45


@pytest.fixture(scope="module")
def described(running):
    return httpx.get(f"{running.base}/openapi.json").json()


def asked():
    """Give file, address with a star for each part that varies, words of its query, method, and words of its body."""
    for path in sorted(SOURCES.rglob("*")):
        if path.suffix not in {".ts", ".svelte"} or path.name == "api.ts":
            continue
        for found in ASKED.finditer(path.read_text(encoding="utf-8")):
            address, how = found[2], found[3] or ""
            if not address.startswith(ONLY_OF_A_DEMO):
                method = re.search(r'method: "(\w+)"', how)
                yield path.name, _way(address), _query(address), method[1] if method else "GET", _body(how)


def _way(address: str) -> str:
    bare = re.split(r"\?|\$\{(?:query|filter|words|preview)\b", address)[0]
    return re.sub(r"\$\{[^}]*\}", "*", bare)


def _query(address: str) -> set[str]:
    plain = set(re.findall(r"[?&](\w+)=", re.sub(r"\$\{query\(.*\)\}", "", address)))
    made = re.search(r"query\(\{(.*?)\}\)", address)
    return plain | (_names(made[1]) if made else set())


def _body(how: str) -> set[str]:
    made = re.search(r"body: \{(.*?)\}", how)
    return _names(made[1]) if made else set()


def _names(inside: str) -> set[str]:
    """Give the names of an object that is written out; what is spread into it is not known here."""
    flat = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|`[^`]*`|\"[^\"]*\"", "", inside)
    parts = (part.strip() for part in flat.split(","))
    return {part.partition(":")[0].strip() for part in parts if part and not part.startswith("...")}


def fits(way: str, pattern: str) -> bool:
    """Tell whether an address with stars can be a route: a star stands for one part, given or chosen."""
    ours, theirs = way.strip("/").split("/"), pattern.removeprefix("/api/v1").strip("/").split("/")
    return len(ours) == len(theirs) and all(
        a in {b, "*"} or (b.startswith("{") and "*" in a) for a, b in zip(ours, theirs, strict=True)
    )


def test_every_address_the_pages_ask_is_one_with_these_words(described):
    seen = 0
    for file, way, words, method, body in asked():
        there = [ways[method.lower()] for path, ways in described["paths"].items()
                 if fits(way, path) and method.lower() in ways]  # fmt: skip
        assert there, f"{file} asks {method} {way}, which is not described"
        known = {one["name"] for operation in there for one in operation.get("parameters", [])}
        assert words <= known, f"{file} asks {method} {way} with {sorted(words - known)}"
        assert body <= set().union(*(_fields(described, one) for one in there)), f"{file} sends {method} {way}"
        seen += 1
    assert seen >= FEWEST, "the search finds what the pages ask"


def _fields(described, operation) -> set[str]:
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return set(schema.get("properties", {}))
