"""Who asks: from a token, a session or a certificate, never from what the request says about itself."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from moms.desk.identities import whose_certificate
from moms.desk.origin import FROM_WHERE, Door, Origin
from moms.desk.people import NotSignedIn, Scope, Who, whose
from moms.portal.certificates import shown
from moms.portal.errors import ForgedOrigin, OutOfScope
from moms.portal.lanes import Lane
from moms.portal.rates import Buckets
from moms.portal.watch import Measures, name_caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moms.desk.keys import Claim
    from moms.portal.needs import Desk, Needs
    from moms.portal.pulse import Pulse

SAFE = frozenset({"GET", "HEAD"})
CSRF = "X-CSRF-Token"


@dataclass(slots=True)
class Service:
    """What all requests of one process share."""

    needs: Needs
    quick: Lane
    study: Lane
    rates: Buckets
    strangers: Buckets
    """Attempts that failed, by address."""
    sign_ins: Buckets
    pulse: Pulse
    """Who listens to what happens."""
    outside: Lane = field(default_factory=lambda: Lane("outside", threads=2, queue=16))
    """What waits for an answer from elsewhere: it never holds up who waits for the database."""
    measures: Measures = field(default_factory=Measures)
    ahead: Lane = field(default_factory=lambda: Lane("ahead", threads=1, queue=16))
    """Previews that tell how far they are; they give way to the lane of studies."""
    previews: Counter[str] = field(default_factory=Counter)
    """How many of these each person has under way."""
    arriving: int = 0
    """Files that arrive now."""
    claims: dict[tuple[str, str], Claim] = field(default_factory=dict)
    """Keys that this process holds for deeds under way."""

    @contextmanager
    def at_work(self, claim: Claim) -> Iterator[None]:
        """Keep a key's lease alive while inside."""
        name = (claim.principal, claim.key)
        self.claims[name] = claim
        try:
            yield
        finally:
            del self.claims[name]

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; with TLS no other host of the domain can set it."""
        return "__Host-moms" if self.needs.secure else "moms"


def service_of(request: Request) -> Service:
    """Give what all requests share."""
    found: Service = request.app.state.service
    return found


def address_of(request: Request) -> str:
    """Give the address of the connection; what headers say of it is not believed."""
    return request.client.host if request.client else ""


def csrf_of(secret: str) -> str:
    """Give the token that a page has to send with each change: only who holds the cookie's secret can tell it."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


async def caller(request: Request) -> Who:
    """Give who asks.

    Raises:
        NotSignedIn: nobody. TooMany: too often. ForgedOrigin: a change by cookie that no page of ours asked for.
    """
    service = service_of(request)
    try:
        who = await service.quick.run(_asker(request, service))
    except NotSignedIn:
        service.strangers.take(address_of(request))
        raise
    name_caller(request.scope, who)
    FROM_WHERE.set(Origin(door=_door(request, who), address=address_of(request), credential=who.credential.id))
    service.rates.take(who.actor)
    kind = who.credential.kind
    if kind != "token" and request.method not in SAFE:  # a browser sends a certificate by itself, as it does a cookie
        check_origin(request)
        secret = request.cookies.get(service.cookie, "")
        if kind == "session" and not hmac.compare_digest(request.headers.get(CSRF, ""), csrf_of(secret)):
            fix = f"send {CSRF} as GET /api/v1/session gives it"
            raise ForgedOrigin("this change does not prove where it comes from", field=CSRF, fix=fix)
    return who


def _door(request: Request, who: Who) -> Door:
    if request.url.path.startswith("/api/v1/field"):
        return Door.FIELD
    return Door.PORTAL if who.credential.kind == "session" else Door.REST


Caller = Annotated[Who, Depends(caller)]


def check_origin(request: Request) -> None:
    """See that a browser asks from a page of this very site.

    Raises:
        ForgedOrigin: it says that it does not.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    own = f"{'https' if service_of(request).needs.secure else 'http'}://{request.headers['host']}"
    if site not in {"same-origin", "none"} or (origin is not None and origin != own):
        raise ForgedOrigin("this change comes from another site", field="Origin", fix="ask from this site's own pages")


def need(who: Who, scope: Scope) -> None:
    """See that a credential reaches that far.

    Raises:
        OutOfScope: it does not.
    """
    if not who.may(scope):
        raise OutOfScope(f"this token does not reach to {scope}", field="scope", fix="use a token that does")


def desk_of(request: Request, who: Who, *, expected: tuple[str, int] | None = None) -> Desk:
    """Open the desk as who asks."""
    return service_of(request).needs.desk(who.actor, expected=expected)


def _asker(request: Request, service: Service) -> Callable[[], Who]:
    """Give what finds out who asks: by the token that is shown, else by the session, else by the certificate."""
    needs = service.needs
    register, now = needs.register, needs.clock()
    secret, kind = _shown(request, service)
    certificate = None if secret or kind == "token" else shown(request.scope, needs.proxy)
    if certificate is not None:
        return lambda: whose_certificate(register=register, now=now, certificate=certificate)
    return lambda: whose(register=register, now=now, secret=secret, kind=kind)


def _shown(request: Request, service: Service) -> tuple[str, str]:
    said = request.headers.get("Authorization")
    if said is not None:
        scheme, _, secret = said.partition(" ")
        return (secret.strip() if scheme.lower() == "bearer" else ""), "token"
    return request.cookies.get(service.cookie, ""), "session"
