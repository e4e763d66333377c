"""Files at an outage: taken in by a list of kinds, held until something has looked at them, given out as they are.

What is taken says what it is three times, by its name, by the kind it is sent as and by its first and last bytes, and
all three have to agree. Nothing that holds other files is taken. A file that nothing has looked at is given to nobody;
where a scanner is silent it stays held. The content lies beside the outage in the book, its hash in the journal.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from moms.desk.ports import Event, NotYours
from moms.records.journal import FILE_REVISION
from moms.values import SYSTEM, Actor, Refused, Role, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from moms.outages import Outage

MOST_BYTES = 8 * 1024 * 1024
MOST_FILES = 40
MOST_BYTES_EACH = 64 * 1024 * 1024
"""Of all files of one outage together."""
LONGEST_NAME = 120
MOST_PIXELS = 60_000_000
"""A picture that is small as a file and huge once unpacked would stop whoever opens it."""
PREFIX = "file:"
"""Before what happened to a file, as a verb of the journal."""
ADDERS = frozenset({Role.OWNER, Role.AGENT, Role.FIELD, Role.ENGINEER, Role.CONTROL_ROOM, Role.PLANNER})


class NotAFile(Refused):
    """A file that is not taken, and why."""


class TooManyFiles(Refused):
    """An outage that has as many files as one may have."""


class NoSuchFile(Refused):
    """No file of that id at this outage that this actor may see."""


class NotLookedAt(Refused):
    """A file that nothing has looked at yet: it is given to nobody."""


class Infected(Refused):
    """A file in which something was found; its content is gone."""


class NoScanner(Refused):
    """An installation that names no scanner, and has not said that it wants none."""


class ScannerDown(Refused):
    """The scanner does not answer, or with something that is no verdict."""


class KeyUsed(Refused):
    """The same key with another file."""


class State(StrEnum):
    """What is known of a file."""

    HELD = "held"
    """Nothing has looked at it."""
    UNSCANNED = "unscanned"
    """Nothing looks here: the installation has said that it wants no scanner."""
    CLEAN = "clean"
    INFECTED = "infected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a scanner found."""

    clean: bool
    says: str
    """The scanner and its list, and what it found where it found something."""


class Scanner(Protocol):
    """Looks into files."""

    def look(self, body: bytes) -> Verdict | None:
        """Give what was found; None where the installation wants no scanner.

        Raises:
            ScannerDown: no verdict could be had.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file at an outage, without its content."""

    id: str
    outage_id: str
    organisation: str
    name: str
    kind: str
    size: int
    sha256: str
    added_by: str
    added_role: str
    added_at: datetime
    state: State
    says: str = ""
    looked_at: datetime | None = None
    revision: int = 1


class FilesPage(Protocol):
    """One transaction on the files of outages."""

    def outage(self, outage_id: str, *, hold: bool = False) -> Outage:
        """Give an outage; with `hold` no file comes to it until the end but by this page.

        Raises:
            NoSuchOutage: none of that id, or not this actor's to see.
        """
        ...

    def of(self, outage_id: str) -> Sequence[File]:
        """Give the files of an outage, oldest first."""
        ...

    def file(self, file_id: str) -> File | None:
        """Give one file, or None where there is none that this actor may see."""
        ...

    def body(self, file_id: str) -> bytes:
        """Give the content of a file."""
        ...

    def waiting(self, *, unscanned: bool, most: int) -> Sequence[File]:
        """Give files that nothing has looked at, oldest first."""
        ...

    def add(self, file: File, body: bytes, event: Event) -> None:
        """Enter a file, with its line in the journal of the outage."""
        ...

    def judge(self, file: File, event: Event) -> None:
        """Write what was found; the content of an infected file goes.

        Raises:
            NoSuchFile: somebody has written another revision meanwhile.
        """
        ...


class Files(Protocol):
    """The files of outages."""

    def as_(self, actor: Actor) -> AbstractContextManager[FilesPage]:
        """Open one transaction as this actor: committed at the end, rolled back on any exception."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of file that is taken."""

    media: str
    endings: tuple[str, ...]
    fits: Callable[[bytes], str | None]
    """Says what is wrong with the bytes, None where they are of this kind."""


def _pdf(body: bytes) -> str | None:
    if not body.startswith(b"%PDF-1.") and not body.startswith(b"%PDF-2."):
        return "it does not begin as a PDF"
    if b"%%EOF" not in body[-1024:]:
        return "it does not end as a PDF"
    # What is packed into streams is the scanner's to find. A PDF may write a name with its letters escaped.
    bare = re.sub(rb"stream\r?\n.*?endstream", b"", body, flags=re.DOTALL)
    names = re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), bare)
    if re.search(rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|Encrypt)\b", names):
        return "it holds a program, a file, a form or a lock"
    return None


def _png(body: bytes) -> str | None:
    if not body.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"):
        return "it does not begin as a PNG"
    if not body.endswith(b"\x00\x00\x00\x00IEND\xaeB`\x82"):
        return "it does not end as a PNG"
    return _pixels(int.from_bytes(body[16:20], "big"), int.from_bytes(body[20:24], "big"))


def _jpeg(body: bytes) -> str | None:
    if not body.startswith(b"\xff\xd8\xff"):
        return "it does not begin as a JPEG"
    if not body.rstrip(b"\x00").endswith(b"\xff\xd9"):
        return "it does not end as a JPEG"
    at = 2
    while at + 9 < len(body) and body[at] == 0xFF:
        mark = body[at + 1]
        if 0xC0 <= mark <= 0xCF and mark not in {0xC4, 0xC8, 0xCC}:
            return _pixels(int.from_bytes(body[at + 7 : at + 9], "big"), int.from_bytes(body[at + 5 : at + 7], "big"))
        at += 1 if mark == 0xFF else 2 + int.from_bytes(body[at + 2 : at + 4], "big")
    return "it has no picture in it"


def _pixels(width: int, height: int) -> str | None:
    if not width or not height:
        return "it has no picture in it"
    return None if width * height <= MOST_PIXELS else f"it has {width} by {height} points"


def _text(body: bytes) -> str | None:
    try:
        found = body.decode("utf-8")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    odd = next((c for c in found if unicodedata.category(c) == "Cc" and c not in "\t\r\n"), None)
    return None if odd is None else "it has signs in it that are no text"


KINDS = (
    Kind(media="application/pdf", endings=(".pdf",), fits=_pdf),
    Kind(media="image/jpeg", endings=(".jpg", ".jpeg"), fits=_jpeg),
    Kind(media="image/png", endings=(".png",), fits=_png),
    Kind(media="text/plain", endings=(".txt",), fits=_text),
)
"""All that is taken. No archive, so none is ever unpacked; no office document, which is one; no SVG, which runs; no
table, in which a cell may."""


def kind_of(name: str) -> Kind | None:
    """Give the kind that a name's ending stands for, None where nothing of that ending is taken."""
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    return next((kind for kind in KINDS if ending in kind.endings), None)


def checked(name: str, media: str | None, body: bytes) -> tuple[str, str]:
    """Give the name and kind of a file that may be taken.

    Raises:
        NotAFile: its name, its kind, its size or its bytes; the field says which.
    """
    plain = unicodedata.normalize("NFC", name).strip()
    odd = [c for c in plain if unicodedata.category(c)[0] == "C" or c in '/\\:*?"<>|']
    if not 1 <= len(plain) <= LONGEST_NAME or odd or plain.startswith("."):
        fix = f'1 to {LONGEST_NAME} characters, no control signs and none of / \\ : * ? " < > |, no dot first'
        raise NotAFile("this is no name of a file", field="name", fix=fix)
    kind = kind_of(plain)
    if kind is None:
        endings = ", ".join(ending for one in KINDS for ending in one.endings)
        raise NotAFile("files of this kind are not taken", field="name", fix=f"send one of {endings}")
    said = (media or kind.media).partition(";")[0].strip().lower()
    if said not in {kind.media, "application/octet-stream"}:
        raise NotAFile(
            f"the name says {kind.media}, the sender {said[:60]}", field="Content-Type", fix="make them agree"
        )
    if not 0 < len(body) <= MOST_BYTES:
        raise NotAFile(f"the file has {len(body)} bytes", field="file", fix=f"send 1 to {MOST_BYTES} bytes")
    wrong = kind.fits(body)
    if wrong is not None:
        raise NotAFile(
            f"the file is no {kind.media} that is taken: {wrong}", field="file", fix="save it anew and plainly"
        )
    return plain, kind.media


def attach(
    *,
    files: Files,
    scanner: Scanner | None,
    actor: Actor,
    now: datetime,
    outage_id: str,
    name: str,
    media: str | None,
    body: bytes,
    key: str,
) -> File:
    """Take in a file, once under its key, and have it looked at; where the scanner is silent it stays held.

    Raises:
        NoScanner: none is named. NotYours: a role that adds none, or another organisation's outage. NoSuchOutage.
        NotAFile, TooManyFiles. KeyUsed: the key was used for another file.
    """
    if scanner is None:
        fix = "the operator sets MOMS_SCANNER to clamd:/run/clamav/clamd.ctl, or to none to take files unscanned"
        raise NoScanner("files are not taken here: no scanner is named", field="MOMS_SCANNER", fix=fix)
    if actor.role not in ADDERS:
        raise NotYours(f"{actor.role} adds no files", field="role", fix="act in a role that may")
    plain, kind = checked(name, media, body)
    wants = scans(scanner)
    with files.as_(actor) as page:
        outage = page.outage(outage_id, hold=True)
        if not actor.sees_all and outage.request.organisation != actor.organisation:
            raise NotYours("this outage is another organisation's", field="outage", fix="name one of your own")
        fresh = File(
            id=file_id(actor, key), outage_id=outage.id, organisation=outage.request.organisation, name=plain,
            kind=kind, size=len(body), sha256=hashlib.sha256(body).hexdigest(), added_by=actor.name,
            added_role=actor.role.value, added_at=now, state=State.HELD if wants else State.UNSCANNED,
        )  # fmt: skip
        there = page.file(fresh.id)
        if there is not None:
            return _same(there, fresh)
        _room(page.of(outage.id), fresh)
        page.add(fresh, body, _event("add", fresh, outage, actor=actor, now=now))
    return _looked_at(files, scanner, fresh, body, now=now, asked_by=actor) if wants else fresh


def of_outage(*, files: Files, actor: Actor, outage_id: str) -> tuple[File, ...]:
    """Give the files of an outage, oldest first.

    Raises:
        NoSuchOutage: not there, or not this actor's to see.
    """
    with files.as_(actor) as page:
        return tuple(page.of(page.outage(outage_id).id))


def read(
    *, files: Files, scanner: Scanner | None, actor: Actor, now: datetime, outage_id: str, file_id: str
) -> tuple[File, bytes]:
    """Give a file with its content; one that is held is looked at first.

    Raises:
        NoSuchOutage, NoSuchFile. Infected: something was found in it. NotLookedAt: nothing can look at it now.
    """
    with files.as_(actor) as page:
        found, body = _found(page, page.outage(outage_id).id, file_id)
    wanted = found.state == State.HELD or (found.state == State.UNSCANNED and scans(scanner))
    if wanted and scanner is not None and scans(scanner):
        found = _looked_at(files, scanner, found, body, now=now, asked_by=actor)
    if found.state == State.INFECTED:
        raise Infected(f"{found.name}: {found.says}", field="file", fix="its content is gone; send a clean one")
    if found.state == State.HELD:
        raise NotLookedAt("nothing has looked at this file yet", field="file", fix="ask again once the scanner answers")
    return found, body


def look_again(
    *, files: Files, scanner: Scanner | None, now: datetime, asked_by: Actor | None = None, most: int = 100
) -> tuple[File, ...]:
    """Have what is held looked at, oldest first; give what became of it. It ends where the scanner is silent."""
    if scanner is None or not scans(scanner):
        return ()
    with files.as_(SYSTEM) as page:
        some = [(one, page.body(one.id)) for one in page.waiting(unscanned=True, most=most)]
    done: list[File] = []
    for one, body in some:
        done.append(_looked_at(files, scanner, one, body, now=now, asked_by=asked_by))
        if done[-1].state == one.state:
            break
    return tuple(done)


def file_id(actor: Actor, key: str) -> str:
    """Give the id of a file that somebody adds under a key of its own."""
    return digest((actor.organisation, actor.role.value, actor.name, "file", key))[:16]


def file_document(file: File) -> dict[str, object]:
    """Write a file for who may see its outage."""
    return {
        "id": file.id, "outage": file.outage_id, "name": file.name, "kind": file.kind, "size": file.size,
        "sha256": file.sha256, "by": file.added_by, "role": file.added_role, "at": file.added_at,
        "state": file.state.value, "says": file.says, "looked_at": file.looked_at,
        "open": file.state in {State.CLEAN, State.UNSCANNED},
    }  # fmt: skip


class Unwanted:
    """The scanner of an installation that wants none (`Scanner`)."""

    def look(self, body: bytes) -> Verdict | None:
        """Give no verdict."""
        del body
        return None


def scans(scanner: Scanner | None) -> bool:
    """Tell whether anything looks into files here."""
    return scanner is not None and not isinstance(scanner, Unwanted)


def _looked_at(
    files: Files, scanner: Scanner, file: File, body: bytes, *, now: datetime, asked_by: Actor | None
) -> File:
    """Have a file looked at and write what was found; it stays as it is where no verdict can be had."""
    try:
        verdict = scanner.look(body)
    except ScannerDown:
        return file
    if verdict is None:
        return file
    with files.as_(SYSTEM) as page:
        outage = page.outage(file.outage_id, hold=True)
        there = page.file(file.id)
        if there is None or there.revision != file.revision:  # somebody else has had it looked at meanwhile
            return there or file
        state = State.CLEAN if verdict.clean else State.INFECTED
        found = replace(file, state=state, says=verdict.says[:200], looked_at=now, revision=file.revision + 1)
        page.judge(found, _event(state.value, found, outage, actor=SYSTEM, now=now, asked_by=asked_by))
    return found


def _found(page: FilesPage, outage_id: str, name: str) -> tuple[File, bytes]:
    found = page.file(name)
    if found is None or found.outage_id != outage_id:
        raise NoSuchFile(f"there is no file {name!r} at {outage_id}", field="file", fix="list those that are")
    return found, page.body(name)


def _same(there: File, fresh: File) -> File:
    if (there.outage_id, there.name, there.sha256) != (fresh.outage_id, fresh.name, fresh.sha256):
        raise KeyUsed("this key was used for another file", field="Idempotency-Key", fix="use a fresh key")
    return there


def _room(there: Sequence[File], fresh: File) -> None:
    if len(there) >= MOST_FILES or sum(f.size for f in there) + fresh.size > MOST_BYTES_EACH:
        says = f"this outage has {len(there)} files, {sum(f.size for f in there)} bytes"
        raise TooManyFiles(says, field="file", fix=f"at most {MOST_FILES} files and {MOST_BYTES_EACH} bytes together")


def _event(
    what: str, file: File, outage: Outage, *, actor: Actor, now: datetime, asked_by: Actor | None = None
) -> Event:
    after: dict[str, object] = {
        "state": outage.state.value, "status": outage.status.value, "file": file.id, "name": file.name,
        "kind": file.kind, "size": file.size, "sha256": file.sha256, "became": file.state.value,
        FILE_REVISION: f"{file.id}@{file.revision}",
    }  # fmt: skip
    reason = f"{file.name}: {file.says}" if file.says else file.name
    return Event(
        at=now, actor=actor, verb=f"{PREFIX}{what}", outage_id=file.outage_id, reason=reason, rule_book="",
        before=None, after=after, asked_by=asked_by,
    )  # fmt: skip
