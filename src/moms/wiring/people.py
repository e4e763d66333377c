"""Passwords hashed by argon2id, and secrets drawn from the system's randomness."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from moms.desk.people import TOKEN_MARK

if TYPE_CHECKING:
    from moms.desk.people import Hasher

NOBODYS = "nobody has this password, but it takes as long to find that out"


@dataclass(slots=True)
class Argon2:
    """Passwords at OWASP's least cost for argon2id: 19 MiB, two passes, one lane (`desk.people.Hasher`)."""

    _hasher: PasswordHasher = field(
        default_factory=lambda: PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
    )
    _nobodys: str = ""

    def __post_init__(self) -> None:
        self._nobodys = self._hasher.hash(NOBODYS)

    def hash(self, password: str) -> str:
        """Give what to keep of a password."""
        return self._hasher.hash(password)

    def verify(self, kept: str | None, password: str) -> bool:
        """Tell whether it is that password; as slow for nobody's (None)."""
        try:
            self._hasher.verify(kept or self._nobodys, password)
        except VerificationError:
            return False
        return kept is not None


def hasher() -> Hasher:
    """Give the hasher of passwords."""
    return Argon2()


def new_secret() -> str:
    """Draw 256 bits that name a session."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """Draw a token's secret, with the mark that scanners know."""
    return TOKEN_MARK + new_secret()
