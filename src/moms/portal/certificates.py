"""X.509 certificates of clients: from our own TLS, or from a proxy that is named and shows a secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from moms.desk.identities import Certificate
from moms.values import Refused

if TYPE_CHECKING:
    from starlette.types import Scope

OURS = "moms.certificate"
"""Where in a request's scope our own TLS leaves the certificate, as DER: no header can set it."""
PEER = "moms.peer"
"""Where in a request's scope the address of the connection itself stays."""
HEADER, SECRET = b"client-cert", b"x-moms-proxy"
MOST = 16_384
SHORTEST_RSA = 2048


class NotACertificate(Refused):
    """A file that is no certificate, or one by which nobody should act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy with TLS whose word about a client's certificate is believed."""

    addresses: frozenset[str]
    secret: str

    def speaks(self, scope: Scope) -> bool:
        """Tell whether a request comes from it: from its address, and with its secret."""
        said = [value for name, value in scope["headers"] if name == SECRET]
        peer = scope.get(PEER) or (scope.get("client") or ("",))[0]
        return (
            plain_address(peer) in {plain_address(one) for one in self.addresses}
            and len(said) == 1
            and hmac.compare_digest(said[0], self.secret.encode())
        )


def shown(scope: Scope, proxy: Proxy | None) -> Certificate | None:
    """Give the certificate whose key the other side has shown to hold, None where there is none."""
    der = scope.get(OURS)
    if der is None and proxy is not None and proxy.speaks(scope):
        said = [value for name, value in scope["headers"] if name == HEADER]
        der = _written(said[0]) if len(said) == 1 and len(said[0]) <= MOST else None
    try:
        return None if der is None else of_der(der)
    except NotACertificate:
        return None


def of_der(der: bytes) -> Certificate:
    """Read a certificate.

    Raises:
        NotACertificate: it is none.
    """
    try:
        return _read(x509.load_der_x509_certificate(der))
    except (ValueError, UnsupportedAlgorithm) as why:
        raise _none() from why


def fit(text: bytes) -> Certificate:
    """Read a certificate (PEM or DER) that is to be enrolled.

    Raises:
        NotACertificate: it is none, is an authority's own, is not for clients, or its key is too weak.
    """
    try:
        found = (x509.load_pem_x509_certificate if b"-----BEGIN" in text else x509.load_der_x509_certificate)(text)
        _check(found)
        return _read(found)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as why:
        raise _none() from why


def _check(found: x509.Certificate) -> None:
    wrong = None
    for extension in found.extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            wrong = "it is an authority's own"
        if isinstance(value, x509.ExtendedKeyUsage) and not {
            ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        } & set(value):  # fmt: skip
            wrong = "it is not for clients"
    key = found.public_key()
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= SHORTEST_RSA) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 256
    )
    if not strong and not isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
        wrong = f"its key is weak: RSA from {SHORTEST_RSA} bits, or an elliptic curve from 256"
    if wrong is not None:
        raise NotACertificate(f"nobody acts by this certificate: {wrong}", field="certificate", fix="have another made")


def _read(found: x509.Certificate) -> Certificate:
    return Certificate(
        issuer=found.issuer.rfc4514_string() or "no name",
        serial=format(found.serial_number, "x"),
        print=hashlib.sha256(found.public_bytes(Encoding.DER)).hexdigest(),
        starts_at=found.not_valid_before_utc,
        ends_at=found.not_valid_after_utc,
    )


def _written(said: bytes) -> bytes | None:
    """Read a header as RFC 9440 has it (base64 of DER between colons), or as nginx writes it (PEM, escaped)."""
    try:
        if said.startswith(b":") and said.endswith(b":") and len(said) > 2:
            return base64.b64decode(said[1:-1], validate=True)
        found = x509.load_pem_x509_certificate(unquote_to_bytes(said))
        return found.public_bytes(Encoding.DER)
    except (ValueError, binascii.Error):
        return None


def plain_address(address: str) -> str:
    """Write an address one way: IPv4 inside IPv6 is IPv4."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    inside = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(inside or found)


def _none() -> NotACertificate:
    fix = "give an X.509 certificate as PEM or DER"
    return NotACertificate("this is no certificate", field="certificate", fix=fix)
