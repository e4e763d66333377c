"""The port that the service opens: small answers are not held back."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from moms.wiring.serve import _listening


def test_a_connection_does_not_wait_for_more_before_it_sends():
    found = []

    class Answers(asyncio.Protocol):
        def connection_made(self, transport):
            found.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    async def one_call():
        server = await asyncio.get_running_loop().create_server(Answers, sock=_listening("127.0.0.1", 0))
        _, port = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.read()
        writer.close()
        server.close()

    with ThreadPoolExecutor(1) as beside:  # a test with a browser may have left a loop on this thread
        beside.submit(asyncio.run, one_call()).result()
    assert found[0] != 0
