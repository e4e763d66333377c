"""A server that speaks clamd's protocol over a real socket, and can fall silent, talk nonsense or grow old."""

from __future__ import annotations

import socket
import struct
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BAD = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The signature that scanners agree to find, in two parts here, so that none finds this file."""

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@dataclass
class Scans:
    """The server: where it is, how it answers, what it was shown."""

    setting: str
    mode: str = "up"
    """up, silent, nonsense, closes, old, listless."""
    day: datetime = NOON
    """Of its list."""
    seen: list[bytes] = field(default_factory=list)

    def answer(self, line: socket.socket) -> None:
        """Answer one command."""
        command = _until_zero(line)
        if self.mode == "silent":
            time.sleep(5.0)
        elif self.mode == "closes":
            return
        elif command == b"zVERSION":
            made = self.day - timedelta(days=30 if self.mode == "old" else 0)
            listed = "" if self.mode == "listless" else f"/27000/{made:%a %b %e %H:%M:%S %Y}"
            line.sendall(f"ClamAV 1.4.0{listed}\0".encode())
        elif command == b"zINSTREAM":
            body = _chunks(line)
            self.seen.append(body)
            said = "Eicar-Test-Signature FOUND" if BAD in body else "OK"
            line.sendall(b"stream: well\0" if self.mode == "nonsense" else f"stream: {said}\0".encode())


def _until_zero(line: socket.socket) -> bytes:
    found = b""
    while not found.endswith(b"\0"):
        piece = line.recv(1)
        if not piece:
            return b""
        found += piece
    return found[:-1]


def _chunks(line: socket.socket) -> bytes:
    body = b""
    while size := struct.unpack("!I", _exactly(line, 4))[0]:
        body += _exactly(line, size)
    return body


def _exactly(line: socket.socket, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        piece = line.recv(count - len(found))
        if not piece:
            raise ConnectionError
        found += piece
    return bytes(found)


@contextmanager
def scanning(*, unix: bool = False, day: datetime = NOON) -> Iterator[Scans]:
    """Run such a server, by a TCP port or by a socket's path."""
    with tempfile.TemporaryDirectory(prefix="scan-") as folder:
        if unix:
            door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            door.bind(f"{folder}/s")
            found = Scans(setting=f"clamd:{folder}/s", day=day)
            Path(folder).chmod(0o755)
        else:
            door = socket.create_server(("127.0.0.1", 0))
            found = Scans(setting=f"clamd:127.0.0.1:{door.getsockname()[1]}", day=day)
        door.listen(16)

        def serve() -> None:
            while True:
                try:
                    line, _ = door.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(line,), daemon=True).start()

        def one(line: socket.socket) -> None:
            with line:
                try:
                    found.answer(line)
                except (ConnectionError, OSError):
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            door.shutdown(socket.SHUT_RDWR)
            door.close()
            thread.join(5)
