"""An authenticator of the tests' own, which signs whatever it is told: honestly, or as a forger would."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ES256 = -7
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def coded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


@dataclass
class Authenticator:
    """One key on one stick (ES256, no attestation)."""

    origin: str
    rp_id: str = "localhost"
    id: bytes = b"credential-of-the-tests-"
    counter: int = 0
    step: int = 1
    """0: an authenticator that does not count."""
    handle: bytes = b""
    flags: int = PRESENT | VERIFIED
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def made(self, options: dict, *, kind: int = ES256, **bent: object) -> dict:
        """Answer `navigator.credentials.create`; `kind` is what the key calls itself (COSE)."""
        self.handle = base64.urlsafe_b64decode(options["user"]["id"] + "==")
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: kind, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        data = self._data(self.flags | ATTESTED) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"], **bent)
        response = {"clientDataJSON": coded(client), "attestationObject": coded(attestation)}
        return {"id": coded(self.id), "rawId": coded(self.id), "type": "public-key", "response": response}

    def signed(self, options: dict, **bent: object) -> dict:
        """Answer `navigator.credentials.get`."""
        self.counter += self.step
        data, client = self._data(self.flags), self._client("webauthn.get", options["challenge"], **bent)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": coded(client), "authenticatorData": coded(data), "signature": coded(signature),
                    "userHandle": coded(self.handle)}  # fmt: skip
        return {"id": coded(self.id), "rawId": coded(self.id), "type": "public-key", "response": response}

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, **bent: object) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **bent}
        return json.dumps(said).encode()
