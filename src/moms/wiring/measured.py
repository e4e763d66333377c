"""The measures of a running service on a port of their own, which this machine alone can reach."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from prometheus_client import start_http_server

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.portal.watch import Measures

LOOPBACK = "127.0.0.1"


class NotAPort(Refused):
    """A port for measures that cannot be had."""


@contextlib.contextmanager
def measured(measures: Measures, *, port: int) -> Iterator[str]:
    """Serve the measures while inside, and give their address. A port of its own: no proxy may lay it open by chance.

    Raises:
        NotAPort: it is taken.
    """
    try:
        server, thread = start_http_server(port, addr=LOOPBACK, registry=measures.registry)
    except OSError as why:
        raise NotAPort(f"port {port}: {why.strerror}", field="--metrics", fix="choose another, or 0 for any") from why
    try:
        yield f"http://{LOOPBACK}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
