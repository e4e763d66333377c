"""Texts to telephones (SMS): what is due to one number in one short text, handed to a gateway over HTTP.

A text crosses networks that nobody guards and stands on a locked screen: it says that something waits, how urgent it
is and under which number, and no equipment, owner, place, date or reason. The gateway is asked by one POST of JSON
(`to`, `text`, `id`) with a bearer token; a service that wants other words needs a small relay.
"""

from __future__ import annotations

import http.client
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from moms.desk.sending import Answered
from moms.exchange.mail import name_of
from moms.exchange.provider import is_safe
from moms.exchange.webhooks import NotReachedError, Webhooks
from moms.records.told import ESCALATE, RANK
from moms.values import Refused, canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.desk.sending import Letter
    from moms.records.notices import Notice

MOST_CHARACTERS = 160
"""Of one text, all of them in the GSM alphabet: it is not cut in two on its way."""
NEVER = frozenset({400, 404, 410, 422})
"""Answers by which a gateway says that it will not take this text, however often it is asked."""


class NotAGateway(Refused):
    """A setting of the gateway that cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The carrier of texts (`desk.sending.Carrier`)."""

    gateway: str
    web: Webhooks
    token: str | None = field(default=None, repr=False)

    def __call__(self, letter: Letter) -> Answered:
        """Hand one text over; the same notices have the same id, by which a gateway knows what it has had."""
        name = name_of(letter.notices)
        body = canonical({"to": letter.target, "text": text_of(letter.notices), "id": name})
        headers = {"Content-Type": "application/json", "User-Agent": "moms", "Idempotency-Key": name}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            status = self.web.post(self.gateway, body, headers)
        except (NotReachedError, OSError, http.client.HTTPException, UnicodeError) as why:
            return Answered(sent=False, says=f"{type(why).__name__}: {why}")
        return Answered(sent=200 <= status < 300, says=f"gateway: HTTP {status}", final=status in NEVER)


def texts_of(gateway: str, *, token: str | None, clock: Callable[[], float]) -> Texts:
    """Give the carrier to a gateway, which may be within the installation's own network.

    Raises:
        NotAGateway: it is no address, or would be asked without TLS beyond this machine.
    """
    parts = urlsplit(gateway)
    fix = "write https://gateway.example/texts, or http:// for one on this machine"
    if not parts.hostname or not is_safe(gateway):
        raise NotAGateway("this is no address of a gateway that is reached safely", field="MOMS_SMS_URL", fix=fix)
    return Texts(gateway=gateway, token=token, web=Webhooks(clock=clock, allowed=frozenset({parts.hostname})))


def text_of(notices: tuple[Notice, ...]) -> str:
    """Write what waits: of one what was done and its number, of several how many and how urgent they are.

    No word in it is anybody's own: all are of lists of this program.
    """
    worst = max((n.severity for n in notices), key=RANK.__getitem__)
    if len(notices) == 1:
        [one] = notices
        done = str(one.body["verb"]).replace("_", " ")
        again = " Nobody has acknowledged it." if one.body["verb"] == ESCALATE else ""
        return f"MOMS {worst}: {done}, outage {one.outage_id}.{again} See your inbox. Notice {one.id[:8]}"
    counted = Counter(n.severity for n in notices)
    said = ", ".join(f"{counted[s]} {s}" for s in sorted(counted, key=RANK.__getitem__, reverse=True))
    return f"MOMS {worst}: {len(notices)} notices wait ({said}). See your inbox. First {notices[0].id[:8]}"
