"""A wire between browser and service that a test can cut and mend: what a real network does to open connections."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Wire:
    """Hands every connection on to the service; cut, it ends all that are open and takes no other."""

    def __init__(self, base: str) -> None:
        host, port = base.removeprefix("http://").split(":")
        self._to = (host, int(port))
        self._door = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._whole = True
        self.base = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._take, daemon=True).start()

    def __enter__(self) -> Self:
        """Give the wire itself; at the end it is gone."""
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._door.close()

    def cut(self) -> None:
        """End every connection and take no other until it is mended."""
        with self._lock:
            self._whole = False
            ended, self._open = self._open, set()
        for one in ended:
            _end(one)

    def mend(self) -> None:
        """Take connections again."""
        with self._lock:
            self._whole = True

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                with self._lock:
                    if not self._whole:
                        near.close()
                        continue
                    far = socket.create_connection(self._to)
                    self._open |= {near, far}
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _end(sink)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
