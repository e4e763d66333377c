"""A provider of single sign-on as a process of its own, for tests: it keeps the rules, and breaks them when asked to.

It signs by `cryptography` alone, so that what it makes and what checks it are not the same library. How one sign-in is
to go wrong stands in the address of its authorisation (`bent`), so that tests do not disturb one another.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT, SECRET = "moms", "a secret & more: 100%"
BACK = "http://127.0.0.1:9/signed-in"
"""An address of coming back that is entered from the start, where nobody listens."""


def b64(what: bytes) -> str:
    return base64.urlsafe_b64encode(what).rstrip(b"=").decode()


def number(n: int) -> str:
    return b64(n.to_bytes((n.bit_length() + 7) // 8, "big"))


class State:
    """What the provider knows."""

    def __init__(self) -> None:
        self.issuer = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.back: set[str] = set()
        self.asked: list[str] = []
        self.published: dict[str, object] = {}
        self.keys: list[tuple[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]] = []
        self.foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.rotate("RS256")

    def rotate(self, kind: str) -> None:
        made = ec.generate_private_key(ec.SECP256R1()) if kind == "ES256" else (
            rsa.generate_private_key(public_exponent=65537, key_size=2048)
        )  # fmt: skip
        self.keys = [(secrets.token_hex(4), made)]

    def jwks(self) -> dict[str, object]:
        return {"keys": [public(kid, key) for kid, key in self.keys] + [{"kty": "oct", "k": b64(b"x" * 32)}]}


def public(kid, key) -> dict[str, str]:
    found = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": number(found.n), "e": number(found.e)}
    x, y = (b64(n.to_bytes(32, "big")) for n in (found.x, found.y))
    return {"kty": "EC", "kid": kid, "use": "sig", "crv": "P-256", "x": x, "y": y}


def signed(state: State, claims: dict[str, object], bent: dict[str, object]) -> str:
    """Sign as the newest key does, or as badly as is asked for."""
    kid, key = state.keys[-1]
    how = str(bent.get("alg") or ("RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"))
    head = {"alg": how, "kid": kid, "typ": "JWT", **dict(bent.get("head") or {})}
    if bent.get("foreign"):
        key = state.foreign
    text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
    if how == "none":
        return f"{text}."
    if how == "HS256":  # the oldest trick: the public key taken for a shared secret
        known = json.dumps(public(kid, key)).encode()
        return f"{text}.{b64(hmac.new(known, text.encode(), hashlib.sha256).digest())}"
    if isinstance(key, rsa.RSAPrivateKey):
        mark = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        r, s = utils.decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        mark = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if bent.get("spoilt"):
        text = text.replace(".", "." + b64(json.dumps({**claims, "sub": "somebody else"}).encode()) + "#", 1)
        text = text.partition("#")[0]
    return f"{text}.{b64(mark)}"


class Handler(BaseHTTPRequestHandler):
    state: State

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def give(self, status: int, body: object, **headers: str) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        kind = "text/html" if isinstance(body, bytes) else "application/json"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.state.asked.append(parts.path)
        if parts.path == "/.well-known/openid-configuration":
            own = self.state.issuer
            self.give(200, {
                "issuer": own, "authorization_endpoint": f"{own}/authorize", "token_endpoint": f"{own}/token",
                "jwks_uri": f"{own}/jwks", "authorization_response_iss_parameter_supported": True,
                **self.state.published,
            })  # fmt: skip
        elif parts.path == "/jwks":
            self.give(200, self.state.jwks())
        elif parts.path == "/asked":
            self.give(200, self.state.asked)
        elif parts.path == "/authorize":
            self.authorize({k: v[0] for k, v in parse_qs(parts.query).items()})
        else:
            self.give(404, {})

    def authorize(self, asked: dict[str, str]) -> None:
        good = (
            asked.get("client_id") == CLIENT
            and asked.get("redirect_uri") in self.state.back
            and asked.get("response_type") == "code"
            and "openid" in asked.get("scope", "").split()
            and asked.get("code_challenge_method") == "S256"
            and len(asked.get("code_challenge", "")) == 43
            and len(asked.get("state", "")) >= 43
            and len(asked.get("nonce", "")) >= 43
        )
        if not good:
            self.give(400, {"error": "invalid_request", "asked": asked})
        elif "login" not in asked:
            here = self.path.replace("&", "&amp;")
            links = "".join(
                f'<li><a href="{here}&amp;login={who}">{who}</a></li>' for who in ("ann-1", "eve-1", "new-1")
            )
            page = f'<!doctype html><html lang="en"><title>Provider</title><h1>Who are you?</h1><ul>{links}</ul></html>'
            self.give(200, page.encode())
        else:
            code = secrets.token_urlsafe(16)
            self.state.codes[code] = asked
            back = {"code": code, "state": asked["state"], "iss": self.state.issuer}
            self.give(302, b"", Location=f"{asked['redirect_uri']}?{urlencode(back)}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/token":
            self.token({k: v[0] for k, v in parse_qs(body).items()})
        elif self.path == "/control":
            said = json.loads(body)
            self.state.back |= set(said.get("back", ()))
            self.state.published.update(said.get("published", {}))
            if "rotate" in said:
                self.state.rotate(said["rotate"])
            self.give(200, {})

    def token(self, form: dict[str, str]) -> None:
        asked = self.state.codes.pop(form.get("code", ""), None)
        basic = "Basic " + base64.b64encode(f"{CLIENT}:a%20secret%20%26%20more%3A%20100%25".encode()).decode()
        verifier = form.get("code_verifier", "")
        good = (
            asked is not None
            and self.headers["Authorization"] == basic
            and form.get("grant_type") == "authorization_code"
            and form.get("redirect_uri") == asked["redirect_uri"]
            and 43 <= len(verifier) <= 128
            and b64(hashlib.sha256(verifier.encode()).digest()) == asked["code_challenge"]
        )
        if not good or asked is None:
            self.give(400, {"error": "invalid_grant"})
            return
        bent = json.loads(asked.get("bent", "{}"))
        now = int(time.time())
        claims = {"iss": self.state.issuer, "aud": CLIENT, "sub": asked["login"], "nonce": asked["nonce"], "iat": now,
                  "exp": now + 300, "auth_time": now - 5, "email": "eve@operator.example"}  # fmt: skip
        for name, change in dict(bent.get("claims") or {}).items():
            if change is None:
                del claims[name]
            else:
                claims[name] = now + change["in"] if isinstance(change, dict) else change
        found = {"access_token": "x", "token_type": "Bearer", "id_token": signed(self.state, claims, bent)}
        if "status" in bent:
            self.give(int(str(bent["status"])), found)
        elif "big" in bent:
            self.give(200, {**found, "more": "x" * 400_000})
        elif "answer" in bent:
            self.give(200, bent["answer"])
        else:
            self.give(200, found)


@contextlib.contextmanager
def a_provider() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a provider; gives its address and its process."""
    process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        tell(address, back=[BACK])
        yield address, process
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()


def tell(address: str, **said: object) -> None:
    """Tell a provider what to do from now on."""
    asked = urllib.request.Request(f"{address}/control", json.dumps(said).encode())  # noqa: S310 - our own
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310 - our own
        assert answer.status == 200


def main() -> None:
    Handler.state = State()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.state.issuer = f"http://127.0.0.1:{server.server_port}"
    print(Handler.state.issuer, flush=True)  # noqa: T201 - whoever started it reads the address
    server.serve_forever()


if __name__ == "__main__":
    main()
