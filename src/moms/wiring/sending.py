"""Join the outbox with mail, webhooks and texts, send what is due once, or again and again beside a server."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from typing import TYPE_CHECKING

from moms.desk.sending import send_due
from moms.exchange.mail import mail_of
from moms.exchange.texts import texts_of
from moms.exchange.webhooks import Webhooks
from moms.records.notices import Channel
from moms.store.outgoing import PostgresOutgoing
from moms.wiring.people import read_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moms.desk.sending import Carrier, Sent
    from moms.store.place import Place

LOG = logging.getLogger("moms.sending")


def carriers_of(env: Mapping[str, str]) -> dict[Channel, Carrier]:
    """Give the carriers that the settings name: webhooks always, mail and texts where there is a server for them.

    Raises:
        NotAMailServer, NotAGateway: a setting of it cannot be. Refused: its secret cannot be read.
    """
    hosts, to = (_hosts(env.get(name, "")) for name in ("MOMS_WEBHOOK_HOSTS", "MOMS_WEBHOOK_TO"))
    hooks = Webhooks(clock=time.time, allowed=hosts, to=None if to == {"any"} else to)
    found: dict[Channel, Carrier] = {Channel.WEBHOOK: hooks}
    if env.get("MOMS_SMTP_URL"):
        found[Channel.MAIL] = mail_of(env["MOMS_SMTP_URL"], sender=env.get("MOMS_MAIL_FROM", "moms@localhost"))
    if env.get("MOMS_SMS_URL"):
        file = env.get("MOMS_SMS_TOKEN_FILE")
        token = read_secret(file, field="MOMS_SMS_TOKEN_FILE") if file else None
        found[Channel.SMS] = texts_of(env["MOMS_SMS_URL"], token=token, clock=time.time)
    return found


def _hosts(said: str) -> frozenset[str]:
    return frozenset(part.lower() for part in said.replace(",", " ").split())


def send_once(place: Place, env: Mapping[str, str]) -> tuple[Sent, dict[str, int]]:
    """Send what is due; give what was done, and how many notices wait by channel."""
    outgoing = PostgresOutgoing(place.engine)
    done = send_due(outgoing=outgoing, carriers=carriers_of(env), jitter=random.SystemRandom().random)
    return done, dict(outgoing.waiting())


@contextlib.contextmanager
def sending(place: Place, env: Mapping[str, str], *, every_s: float) -> Iterator[None]:
    """Send what is due every so many seconds while inside, on a thread; 0: never."""
    carriers, over = carriers_of(env), threading.Event()

    def work() -> None:
        outgoing, jitter = PostgresOutgoing(place.engine), random.SystemRandom().random
        while not over.wait(every_s):
            try:
                send_due(outgoing=outgoing, carriers=carriers, jitter=jitter, stop=over.is_set)
            except Exception:
                LOG.exception("sending failed; it is tried again")

    thread = threading.Thread(target=work, name="sending", daemon=True)
    if every_s:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if every_s:
            thread.join(5.0)  # a letter in hand is left to its lease: nothing is lost by not waiting longer
