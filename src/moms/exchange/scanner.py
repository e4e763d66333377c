"""ClamAV's daemon by its own protocol: a file goes over a socket, and a verdict comes back or none counts."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from moms.desk.files import ScannerDown, Unwanted, Verdict
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moms.desk.files import Scanner

CHUNK = 65_536
MOST_SAID = 4_096
HERE = frozenset({"127.0.0.1", "::1", "localhost"})
"""clamd speaks without TLS and asks nobody who it is: it stands on this machine."""
PATIENCE_S = 30.0
"""For each answer and each piece that is handed over."""
DAYS = 7.0
"""How old the daemon's list of signatures may be, where the installation says nothing."""


class NotAScanner(Refused):
    """A setting that names no scanner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clamd:
    """A running clamd (`desk.files.Scanner`); whatever is not a clear verdict is none."""

    address: str | tuple[str, int]
    """A socket's path, or a host and a port."""
    oldest: timedelta
    """How old its list of signatures may be."""
    clock: Callable[[], datetime]
    patience_s: float = PATIENCE_S

    def look(self, body: bytes) -> Verdict:
        """Give what it finds.

        Raises:
            ScannerDown: it does not answer, its list is too old, or what it says is no verdict.
        """
        version = self._current()
        said = self._ask(b"zINSTREAM\0", body)
        found = re.fullmatch(r"stream: (?:(OK)|(.{1,300}) FOUND)", said)
        if found is None:
            raise _down(f"it answered {said[:80]!r}")
        return Verdict(clean=found[1] is not None, says=version if found[1] else f"{found[2]} ({version})")

    def _current(self) -> str:
        """Give the version that the daemon names, with the day of its list; one that names no list has none."""
        said = self._ask(b"zVERSION\0", None)
        engine, _, rest = said.partition("/")
        number, _, day = rest.partition("/")
        try:
            made = datetime.strptime(" ".join(day.split()), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        except ValueError:
            raise _down(f"it names no list of signatures: {said[:80]!r}") from None
        if self.clock() - made > self.oldest:
            raise _down(f"its list of signatures is of {made:%Y-%m-%d}")
        return f"{engine}, list {number} of {made:%Y-%m-%d}"

    def _ask(self, command: bytes, body: bytes | None) -> str:
        try:
            with self._connected() as line:
                line.sendall(command)
                for at in range(0, len(body or b""), CHUNK):
                    piece = (body or b"")[at : at + CHUNK]
                    line.sendall(len(piece).to_bytes(4, "big") + piece)
                if body is not None:
                    line.sendall(bytes(4))
                return _read(line)
        except (OSError, UnicodeDecodeError) as why:
            raise _down(type(why).__name__) from why

    def _connected(self) -> socket.socket:
        if isinstance(self.address, tuple):
            return socket.create_connection(self.address, timeout=self.patience_s)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(self.patience_s)
        try:
            line.connect(self.address)
        except BaseException:
            line.close()
            raise
        return line


def scanner_of(env: Mapping[str, str], *, clock: Callable[[], datetime]) -> Scanner | None:
    """Give the scanner that the environment names; None where it says nothing, and then no file is taken.

    Raises:
        NotAScanner: a setting by which none can be asked.
    """
    named = env.get("MOMS_SCANNER", "").strip()
    if not named:
        return None
    if named == "none":
        return Unwanted()
    days = _days(env.get("MOMS_SCANNER_DAYS", ""))
    path = re.fullmatch(r"clamd:(/[^\0]{1,100})", named)
    place = re.fullmatch(r"clamd:(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", named)
    if path is not None:
        return Clamd(address=path[1], oldest=timedelta(days=days), clock=clock)
    if place is not None and 0 < int(place[2]) < 65536 and place[1].strip("[]") in HERE:
        return Clamd(address=(place[1].strip("[]"), int(place[2])), oldest=timedelta(days=days), clock=clock)
    fix = "write clamd:/run/clamav/clamd.ctl, clamd:127.0.0.1:3310 (of this machine alone), or none"
    raise NotAScanner(f"{named!r} names no scanner", field="MOMS_SCANNER", fix=fix)


def _days(said: str) -> float:
    try:
        found = float(said) if said.strip() else DAYS
    except ValueError:
        found = 0.0
    if not 0.0 < found <= 3650.0:
        raise NotAScanner(f"{said!r} days", field="MOMS_SCANNER_DAYS", fix="give a number of days, such as 7")
    return found


def _read(line: socket.socket) -> str:
    """Read one answer: up to its zero byte, or the end."""
    said = bytearray()
    while len(said) <= MOST_SAID and b"\0" not in said:
        piece = line.recv(MOST_SAID)
        if not piece:
            break
        said += piece
    return bytes(said).partition(b"\0")[0].decode().strip()


def _down(why: str) -> ScannerDown:
    fix = "see that clamd runs, answers at MOMS_SCANNER and has a list of today (freshclam)"
    return ScannerDown(f"the scanner gives no verdict: {why}", field="MOMS_SCANNER", fix=fix)
