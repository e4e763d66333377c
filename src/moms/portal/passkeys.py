"""What is asked of an authenticator, and whether what it answers holds (WebAuthn, level 2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from moms.desk.passkeys import Made, NotAPasskey, Signed, handle_of, not_right

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.desk.people import Passkey, Person

LASTS_S = 300
"""How long somebody may take with the authenticator."""
NONCE, TIME, MAC = 16, 8, 32
BROKEN = (WebAuthnException, ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError)
"""What reading bytes of strangers raises: whatever it is, the passkey does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the browser is: passkeys are bound to a name, and what they sign says the origin."""

    host: str
    origin: str

    def check(self) -> None:
        """See that passkeys can be bound to this name.

        Raises:
            NotAPasskey: it is an address of numbers.
        """
        try:
            ipaddress.ip_address(self.host.strip("[]"))
        except ValueError:
            return
        fix = "open this service by its name: on this machine, http://localhost with the same port"
        raise NotAPasskey("passkeys are bound to a name, and this is an address", field="Host", fix=fix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenges:
    """Makes what is to be signed, and knows it again: nothing of it is kept before a session begins by it."""

    key: bytes

    def make(self, purpose: str, *, nonce: bytes, now_s: float) -> bytes:
        """Give a challenge for one purpose."""
        head = nonce[:NONCE].ljust(NONCE, b"\0") + int(now_s).to_bytes(TIME, "big")
        return head + self._mark(purpose, head)

    def holds(self, challenge: bytes, purpose: str, *, now_s: float) -> bool:
        """Tell whether this installation has given it, for this purpose, a short while ago."""
        head, mark = challenge[: NONCE + TIME], challenge[NONCE + TIME :]
        age = now_s - int.from_bytes(head[NONCE:], "big")
        return len(mark) == MAC and hmac.compare_digest(mark, self._mark(purpose, head)) and -60 <= age <= LASTS_S

    def _mark(self, purpose: str, head: bytes) -> bytes:
        return hmac.new(self.key, purpose.encode() + b"\0" + head, hashlib.sha256).digest()


SIGN_IN = "sign in"


def purpose_of(session: str) -> str:
    """Name the purpose of adding a passkey in one session."""
    return f"add in {session}"


def to_sign_in(challenge: bytes, *, place: Place) -> dict[str, object]:
    """Give what a browser asks its authenticators: whoever they know here, verified by PIN or body.

    Raises:
        NotAPasskey: as `Place.check`.
    """
    place.check()
    asked = generate_authentication_options(
        rp_id=place.host, challenge=challenge, timeout=LASTS_S * 1000,
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return _plain(options_to_json(asked))


def to_add(challenge: bytes, *, place: Place, person: Person, there: Sequence[Passkey]) -> dict[str, object]:
    """Give what a browser asks an authenticator: a key that it finds again by itself, verified by PIN or body.

    Raises:
        NotAPasskey: as `Place.check`.
    """
    place.check()
    asked = generate_registration_options(
        rp_id=place.host, rp_name="MOMS", user_name=person.name, user_id=handle_of(person), challenge=challenge,
        timeout=LASTS_S * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=_bytes(one.id)) for one in there],
    )  # fmt: skip
    return _plain(options_to_json(asked))


def added(
    credential: Mapping[str, object], *, challenges: Challenges, purpose: str, place: Place, now_s: float
) -> Made:
    """Check what an authenticator made.

    Raises:
        NotAPasskey: any of it does not hold.
    """
    place.check()
    try:
        challenge = _challenge(credential)
        if not challenges.holds(challenge, purpose, now_s=now_s):
            raise ValueError
        found = verify_registration_response(
            credential=dict(credential), expected_challenge=challenge, expected_rp_id=place.host,
            expected_origin=place.origin, require_user_verification=True,
        )  # fmt: skip
    except BROKEN as why:
        fix = "begin again: ask for what is to be signed, and let the browser make the passkey"
        raise NotAPasskey("this passkey does not hold here", field="credential", fix=fix) from why
    return Made(id=_text(found.credential_id), public_key=_text(found.credential_public_key), counter=found.sign_count)


def signed(
    credential: Mapping[str, object],
    *,
    challenges: Challenges,
    place: Place,
    passkey: Passkey,
    person: Person,
    now_s: float,
) -> Signed:
    """Check what a passkey signed.

    Raises:
        NotSignedIn: any of it does not hold; the sentence never says what.
    """
    try:
        challenge = _challenge(credential)
        if not challenges.holds(challenge, SIGN_IN, now_s=now_s):
            raise ValueError
        handle = credential["response"].get("userHandle")  # type: ignore[attr-defined]  # else it is refused below
        if handle and not hmac.compare_digest(_bytes(handle), handle_of(person)):
            raise ValueError
        found = verify_authentication_response(
            credential=dict(credential), expected_challenge=challenge, expected_rp_id=place.host,
            expected_origin=place.origin, credential_public_key=_bytes(passkey.public_key),
            credential_current_sign_count=passkey.counter, require_user_verification=True,
        )  # fmt: skip
    except BROKEN as why:
        raise not_right() from why
    return Signed(id=passkey.id, counter=found.new_sign_count, challenge=challenge)


def _challenge(credential: Mapping[str, object]) -> bytes:
    """Read what was signed from what the browser says of it; the signature covers that."""
    response = credential["response"]
    said = json.loads(_bytes(response["clientDataJSON"]))  # type: ignore[index]  # a stranger's: see BROKEN
    return _bytes(said["challenge"])


def _plain(text: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(text)
    return found


def _bytes(text: object) -> bytes:
    said = str(text)
    return base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
