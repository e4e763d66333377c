"""Holds each answer that a test gets against what the interface says of it; jsonschema judges, which is not ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jsonschema

if TYPE_CHECKING:
    import httpx


@dataclass
class Described:
    """The description of a running service, and which answers were held against it."""

    document: dict[str, Any]
    held: set[str] = field(default_factory=set)

    def check(self, response: httpx.Response) -> None:
        """See that an answer is what was said; a stream, a file and a page are left out."""
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if kind not in {"application/json", "application/problem+json"} or response.status_code in {204, 304}:
            return
        operation = self._operation(response.request.method, response.request.url.path)
        if operation is None:
            return
        response.read()
        answers = operation["responses"]
        said = answers.get(str(response.status_code)) or answers["default"]
        assert kind in said["content"], (operation["operationId"], response.status_code, kind)
        schema = {**said["content"][kind]["schema"], "components": self.document["components"]}
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        wrong = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(response.json())]
        assert not wrong, (operation["operationId"], response.status_code, wrong[:3])
        self.held.add(f"{operation['operationId']} {response.status_code}")

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, ways in self.document["paths"].items():
            if method.lower() in ways and re.fullmatch(re.sub(r"\{[a-z_]+\}", "[^/]+", pattern), path):
                plain = "{" not in pattern or path not in self.document["paths"]
                if plain:
                    found: dict[str, Any] = ways[method.lower()]
                    return found
        return None
