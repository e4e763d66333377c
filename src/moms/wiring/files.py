"""The files of one installation: where they are kept, what looks at them, and which clock says when."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from moms.desk import files as desk
from moms.exchange.scanner import scanner_of
from moms.store.files import PostgresFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from moms.desk.files import File, Files, Scanner
    from moms.store.place import Place
    from moms.values import Actor

LOG = logging.getLogger("moms.files")
EVERY_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRoom:
    """The use cases on files (`portal.needs.FileRoom`)."""

    files: Files
    scanner: Scanner | None
    now: Callable[[], datetime]
    """The desk's clock."""

    def attach(
        self, actor: Actor, *, outage_id: str, name: str, media: str | None, body: bytes, key: str
    ) -> dict[str, object]:
        """Take in a file, once under its key."""
        found = desk.attach(
            files=self.files, scanner=self.scanner, actor=actor, now=self.now(), outage_id=outage_id, name=name,
            media=media, body=body, key=key,
        )  # fmt: skip
        return desk.file_document(found)

    def of(self, actor: Actor, outage_id: str) -> list[dict[str, object]]:
        """Give the files of an outage."""
        return [desk.file_document(f) for f in desk.of_outage(files=self.files, actor=actor, outage_id=outage_id)]

    def read(self, actor: Actor, *, outage_id: str, file_id: str) -> tuple[File, bytes]:
        """Give a file with its content."""
        return desk.read(
            files=self.files, scanner=self.scanner, actor=actor, now=self.now(), outage_id=outage_id, file_id=file_id
        )

    def look_again(self, asked_by: Actor | None = None) -> list[dict[str, object]]:
        """Have what is held looked at."""
        done = desk.look_again(files=self.files, scanner=self.scanner, now=self.now(), asked_by=asked_by)
        return [desk.file_document(f) for f in done]


def file_room(place: Place, env: Mapping[str, str], *, now: Callable[[], datetime]) -> FileRoom:
    """Give the files of an open installation.

    Raises:
        NotAScanner: a setting by which no scanner can be asked.
    """
    scanner = scanner_of(env, clock=lambda: datetime.now(UTC))
    return FileRoom(files=PostgresFiles(place.engine), scanner=scanner, now=now)


def look_once(room: FileRoom) -> None:
    """Have what is held looked at, where a scanner is named; what fails is tried again by whoever comes next."""
    if not desk.scans(room.scanner):
        return
    try:
        room.look_again()
    except Exception:
        LOG.exception("files were not looked at; it is tried again")


@contextlib.contextmanager
def looking(room: FileRoom, *, every_s: float = EVERY_S) -> Iterator[None]:
    """Have what is held looked at every so many seconds while inside, on a thread; not where no scanner is named."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(every_s):
            look_once(room)

    if not desk.scans(room.scanner):
        yield
        return
    here = contextvars.copy_context()  # from where it is asked goes along to the thread
    thread = threading.Thread(target=lambda: here.run(work), name="files", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(5.0)  # a file in hand stays held, and is looked at by whoever comes next
