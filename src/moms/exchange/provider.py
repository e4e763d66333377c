"""OpenID Connect: a provider vouches for who signs in (code flow with PKCE, RFC 7636, 9207, 9700; OIDC Core 1.0).

What the browser's secret is made into (state, nonce, verifier) is kept nowhere: whoever comes back has to hold the
secret. Of what the provider says nothing is believed before signature, issuer, audience, nonce and times are checked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from moms.desk.identities import LONGEST, ProviderDown, Vouched
from moms.desk.people import ABSOLUTE, NotSignedIn
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from http.client import HTTPResponse

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures by a key that only the provider has: never `none`, and never one made with a secret that is shared."""
SKEW_S = 60
"""How far the provider's clock may be from ours."""
MOST_BYTES = 262_144
MOST_KEYS = 64
KEPT = timedelta(minutes=10)
"""How long what the provider published is used without asking again."""
LOOK_AGAIN = timedelta(seconds=30)
"""A key that we do not know makes us ask again, and not more often than this: anybody can name a key."""
TIMEOUT_S = 5.0
NEVER = datetime.min.replace(tzinfo=UTC)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class NotAProvider(Refused):
    """Settings by which no provider can be asked."""


@dataclass(slots=True, kw_only=True)
class Provider:
    """One provider of single sign-on (`portal.needs.Provider`)."""

    issuer: str
    client: str
    secret: str | None
    """What we show the provider; None for a client without one, which PKCE protects alone."""
    back: str
    """The address that the provider sends browsers back to, exactly."""
    name: str
    """What people call it."""
    strengths: tuple[str, ...] = ()
    """How the person has to have shown who it is, in the provider's words (`acr`), one of these; none: any way."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    timeout_s: float = TIMEOUT_S
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    _about: dict[str, Any] | None = None
    _about_at: datetime = NEVER
    _keys: KeySet | None = None
    _keys_at: datetime = NEVER
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        parts = urlsplit(self.issuer)
        if not is_safe(self.issuer) or parts.query or parts.fragment or len(self.issuer) > LONGEST:
            fix = "write it as the provider publishes it, https://login.example"
            raise NotAProvider(f"{self.issuer[:80]!r} is no issuer", field="MOMS_OIDC_ISSUER", fix=fix)
        if not self.client:
            raise NotAProvider("no client is named", field="MOMS_OIDC_CLIENT", fix="set it to what the provider gave")

    def begin(self, secret: str, *, fresh: bool) -> str:
        """Give the address to which a browser that holds this secret goes; `fresh`: the provider has to ask again.

        Raises:
            ProviderDown: as `finish`.
        """
        asked = {
            "response_type": "code",
            "scope": "openid",
            "client_id": self.client,
            "redirect_uri": self.back,
            "state": made(secret, "state"),
            "nonce": made(secret, "nonce"),
            "code_challenge": _challenge(made(secret, "verifier")),
            "code_challenge_method": "S256",
            # With max_age a provider has to say when it saw the person; without, it need not.
            "max_age": "0" if fresh else str(int(ABSOLUTE.total_seconds())),
            **({"prompt": "login"} if fresh else {}),
            **({"acr_values": " ".join(self.strengths)} if self.strengths else {}),
        }
        there = str(self._published()["authorization_endpoint"])
        return f"{there}{'&' if urlsplit(there).query else '?'}{urlencode(asked)}"

    def finish(self, secret: str, *, code: str, state: str, issuer: str | None) -> Vouched:
        """Give for whom the provider vouches to the browser that holds this secret.

        Raises:
            NotSignedIn: anything that was sent back or signed is not as it has to be.
            ProviderDown: the provider does not answer.
        """
        about = self._published()
        if not hmac.compare_digest(state.encode(), made(secret, "state").encode()):
            raise not_as_asked("state")
        if issuer is None and about.get("authorization_response_iss_parameter_supported") is True:
            raise not_as_asked("iss")
        if issuer is not None and issuer != self.issuer:
            raise not_as_asked("iss")
        found = self._exchanged(str(about["token_endpoint"]), code=code, verifier=made(secret, "verifier"))
        claims = self._claims(found)
        # A provider may give less than was asked for, and says so.
        if self.strengths and claims.get("acr") not in self.strengths:
            raise not_as_asked("acr")
        return vouched(claims, issuer=self.issuer, client=self.client, nonce=made(secret, "nonce"), now=self.clock())

    def _exchanged(self, there: str, *, code: str, verifier: str) -> str:
        """Exchange a code for the token that says who it is."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": verifier,
            "client_id": self.client,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self.secret is not None:
            both = f"{quote(self.client, safe='')}:{quote(self.secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(both.encode()).decode()}"
            del form["client_id"]
        token = self._ask(there, body=urlencode(form).encode(), headers=headers).get("id_token")
        if not isinstance(token, str):
            raise not_as_asked("id_token")
        return token

    def _claims(self, token: str) -> Mapping[str, object]:
        """Give what a token says, once its signature is the provider's; a key we do not know is looked for once."""
        try:
            return _signed(token, self._published_keys())
        except (JoseError, ValueError):
            if self.clock() - self._keys_at < LOOK_AGAIN:
                raise not_as_asked("signature") from None
        try:
            return _signed(token, self._published_keys(anew=True))
        except (JoseError, ValueError):
            raise not_as_asked("signature") from None

    def _published(self) -> dict[str, Any]:
        with self._lock:
            if self._about is None or self.clock() - self._about_at > KEPT:
                found = self._ask(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self.issuer:
                    raise _down("it publishes another issuer than the one that is configured")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    if not is_safe(found.get(name)):
                        raise _down(f"its {name} is no address with TLS")
                self._about, self._about_at = found, self.clock()
            return self._about

    def _published_keys(self, *, anew: bool = False) -> KeySet:
        there = str(self._published()["jwks_uri"])
        with self._lock:
            if self._keys is None or anew or self.clock() - self._keys_at > KEPT:
                self._keys = keys_of(self._ask(there))
                self._keys_at = self.clock()
            return self._keys

    def _ask(
        self, there: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Ask the provider and give the JSON object it answers, of bounded size, without following anywhere."""
        asked = urllib.request.Request(there, body, {"Accept": "application/json", **(headers or {})})  # noqa: S310 - is_safe
        opener = urllib.request.build_opener(_Stays(), urllib.request.HTTPSHandler(context=self.context))
        try:
            with opener.open(asked, timeout=self.timeout_s) as answer:
                return _object(_within(answer, seconds=2 * self.timeout_s))
        except urllib.error.HTTPError as why:
            why.close()
            if body is not None and 400 <= why.code < 500:
                raise not_as_asked("code") from None
            raise _down(f"it answers {why.code}") from None
        except (OSError, ValueError) as why:
            raise _down(type(why).__name__) from why


class _Stays(urllib.request.HTTPRedirectHandler):
    """Follows nowhere: what was configured is what is asked."""

    def redirect_request(self, *_: object) -> None:
        """Refuse."""


def made(secret: str, what: str) -> str:
    """Make one of the words of a way through the provider from the browser's secret: 256 bits that tell of no other."""
    found = hmac.new(secret.encode(), f"oidc {what}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode()


def is_safe(there: object) -> bool:
    """Tell whether an address has TLS, or does not leave this machine.

    >>> [is_safe(a) for a in ("https://a.example/b", "http://127.0.0.1:9/x", "http://a.example", "file:///etc/x", 7)]
    [True, True, False, False, False]
    """
    if not isinstance(there, str):
        return False
    try:
        parts = urlsplit(there)
        return (
            bool(parts.hostname)
            and not parts.username
            and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
        )
    except ValueError:
        return False


def keys_of(published: Mapping[str, object]) -> KeySet:
    """Give the provider's public keys; a kind that we do not know is passed over.

    Raises:
        ProviderDown: none is there, or too many.
    """
    keys = published.get("keys")
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise _down("it publishes no keys")
    found = [one for key in keys if isinstance(key, dict) for one in _key(key)]
    if not found:
        raise _down("it publishes no key that we can use")
    return KeySet(found)


def _key(published: dict[str, Any]) -> list[Any]:
    if published.get("kty") not in {"RSA", "EC", "OKP"} or published.get("use", "sig") != "sig":
        return []
    try:
        return list(KeySet.import_key_set({"keys": [published]}).keys)
    except (JoseError, ValueError, TypeError, KeyError):
        return []


def vouched(claims: Mapping[str, object], *, issuer: str, client: str, nonce: str, now: datetime) -> Vouched:
    """Check what a signed token says (OIDC Core 3.1.3.7), and give for whom it vouches.

    Raises:
        NotSignedIn: one of its claims is not as it has to be; the sentence names which.
    """
    here = now.timestamp()
    audience = claims.get("aud")
    many = audience if isinstance(audience, list) else [audience]
    said = claims.get("nonce")
    subject = claims.get("sub")
    times = {name: _number(claims.get(name)) for name in ("exp", "iat", "auth_time", "nbf")}
    expires, issued, seen, begins = (times[name] for name in ("exp", "iat", "auth_time", "nbf"))
    good = {
        "iss": claims.get("iss") == issuer,
        "aud": client in many and all(isinstance(one, str) for one in many),
        "azp": claims.get("azp") == client if len(many) > 1 or "azp" in claims else True,
        "nonce": isinstance(said, str) and hmac.compare_digest(said.encode(), nonce.encode()),
        "sub": isinstance(subject, str) and 0 < len(subject) <= LONGEST and subject.isprintable(),
        "exp": expires is not None and here < expires + SKEW_S,
        "iat": issued is not None and here - 600.0 - SKEW_S <= issued <= here + SKEW_S,
        "nbf": "nbf" not in claims or (begins is not None and begins <= here + SKEW_S),
        "auth_time": seen is not None and here - ABSOLUTE.total_seconds() - SKEW_S <= seen <= here + SKEW_S,
    }
    wrong = next((name for name, holds in good.items() if not holds), None)
    if wrong is not None or seen is None:
        raise not_as_asked(wrong or "auth_time")
    return Vouched(issuer=issuer, subject=str(subject), at=datetime.fromtimestamp(seen, UTC))


def _number(value: object) -> float | None:
    """Give a time as a number of seconds that can be an instant, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e11:
        return None
    return float(value)


def _signed(token: str, keys: KeySet) -> Mapping[str, object]:
    return jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _within(answer: HTTPResponse, *, seconds: float) -> bytes:
    """Read an answer of bounded size in bounded time: one that drips never runs into a timeout of its own."""
    body, end = b"", time.monotonic() + seconds
    while chunk := answer.read1(65_536):
        body += chunk
        if len(body) > MOST_BYTES:
            raise _down("its answer is too big")
        if time.monotonic() > end:
            raise _down("it does not end its answer in time")
    return body


def _object(body: bytes) -> dict[str, Any]:
    found = json.loads(body)
    if not isinstance(found, dict):
        raise _down("its answer is no object")
    return found


def _down(why: str) -> ProviderDown:
    return ProviderDown(f"single sign-on does not work: {why}", fix="try again shortly, or tell an administrator")


def not_as_asked(what: str) -> NotSignedIn:
    """Say that something which came back is not as it has to be."""
    return NotSignedIn(f"the provider's answer does not hold ({what})", field=what, fix="begin the sign-in again")
