"""The portal's pages: files built from `web/`, read once, sent as they are."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from moms.portal.errors import problem

if TYPE_CHECKING:
    from collections.abc import Mapping

DIST = Path(__file__).parent / "dist"
START = "index.html"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html moms-worker"
)
"""Nothing from elsewhere, nothing inline, no text that becomes code."""
NOT_BUILT = (
    "The pages are not built here. In a checkout run\n\n    .venv/bin/python hatch_build.py\n\n"
    "(npm has to reach its registry once), then start `moms serve` again.\n"
    "The interface for programs works without them: see /openapi.json.\n"
)
KINDS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8", ".svg": "image/svg+xml",
         ".webmanifest": "application/manifest+json"}  # fmt: skip
SMALL = 512
"""Bytes under which packing is not worth it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file as it goes out, plain and packed."""

    body: bytes
    packed: bytes | None
    kind: str
    tag: str
    lasting: bool
    """Whether its name changes with its content, so that it may be kept for ever."""


def read_pages(folder: Path = DIST) -> Mapping[str, File]:
    """Read the built pages, by path below the folder; nothing where they are not built."""
    if not (folder / START).is_file():
        return {}
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): _read(path, path.relative_to(folder)) for path in paths}


def marked(pages: Mapping[str, File], marks: Mapping[str, str]) -> Mapping[str, File]:
    """Give the pages with marks of the installation in the start page, so that no other has to ask."""
    if START not in pages or not marks:
        return pages
    said = "".join(f'<meta name="{name}" content="{escape(value)}">' for name, value in marks.items())
    body = pages[START].body.replace(b"<head>", b"<head>" + said.encode(), 1)
    return {**pages, START: _file(body, kind=pages[START].kind, lasting=False)}


def _read(path: Path, inside: Path) -> File:
    body = path.read_bytes()
    kind = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _file(body, kind=kind, lasting=inside.parts[0] == "assets")


def _file(body: bytes, *, kind: str, lasting: bool) -> File:
    packed = gzip.compress(body, 9, mtime=0) if len(body) > SMALL and not kind.startswith("image/png") else None
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return File(body=body, packed=packed, kind=kind, tag=tag, lasting=lasting)


def serve_pages(app: FastAPI, pages: Mapping[str, File]) -> None:
    """Send the pages; any other address that a browser opens is a screen of theirs. Added last: `/api` stays itself."""

    @app.get("/{path:path}", include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        if path.split("/", maxsplit=1)[0] == "api":
            return problem(404, "there is no such route", kind="Http", fix="see /openapi.json")
        if found := pages.get(path):
            return send(request, found)
        if "text/html" not in request.headers.get("accept", ""):
            return problem(404, "there is no such file", kind="Http", fix="see /openapi.json")
        if not pages:
            return PlainTextResponse(NOT_BUILT, 503)
        return send(request, pages[START])


def send(request: Request, file: File) -> Response:
    """Send one file, packed where the browser takes it, or say that it has it already."""
    keep = "public, max-age=31536000, immutable" if file.lasting else "no-cache"
    headers = {"ETag": file.tag, "Cache-Control": keep, "Content-Security-Policy": POLICY, "Vary": "Accept-Encoding"}
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, 200, {**headers, "Content-Encoding": "gzip"}, file.kind)
    return Response(file.body, 200, headers, file.kind)
