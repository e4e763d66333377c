"""Passwords hashed by argon2id, secrets drawn from the system's randomness, and who else vouches for people."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from moms.desk.people import TOKEN_MARK
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.desk.people import Hasher
    from moms.portal.needs import Provider

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


@cache
def hasher() -> Hasher:
    """Give the hasher of passwords; a process makes it once, for nobody's password costs as much as any."""
    return Argon2()


def new_secret() -> str:
    """Draw 256 bits that name a session."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """Draw a token's secret, with the mark that scanners know."""
    return TOKEN_MARK + new_secret()


class NoSecret(Refused):
    """A file that should hold a secret and does not, or that others may read."""


def provider_of(env: Mapping[str, str], *, base: str) -> Provider | None:
    """Give the provider of single sign-on that the environment names, None where it names none.

    `base` is the address under which browsers reach us; they are sent back to its `/signed-in`.

    Raises:
        NotAProvider: settings by which none can be asked. NoSecret: as `read_secret`.
    """
    if not env.get("MOMS_OIDC_ISSUER"):
        return None
    from moms.exchange.provider import Provider as OpenId

    file = env.get("MOMS_OIDC_SECRET_FILE")
    return OpenId(
        issuer=env["MOMS_OIDC_ISSUER"],
        client=env.get("MOMS_OIDC_CLIENT", ""),
        secret=read_secret(file, field="MOMS_OIDC_SECRET_FILE") if file else None,
        back=f"{base.rstrip('/')}/signed-in",
        name=env.get("MOMS_OIDC_NAME") or "single sign-on",
        strengths=tuple(env.get("MOMS_OIDC_ACR", "").split()),
    )


def read_secret(file: str, *, field: str) -> str:
    """Read a secret from a file that nobody but its owner and group can read.

    Raises:
        NoSecret: it cannot be read, is empty, or everybody may read it.
    """
    path = Path(file)
    try:
        open_to_all = path.stat().st_mode & 0o007
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as why:
        raise NoSecret(f"{file}: {type(why).__name__}", field=field, fix="name a file with the secret in it") from why
    if open_to_all:
        raise NoSecret(f"everybody may read {file}", field=field, fix=f"chmod o= {file}")
    if not found:
        raise NoSecret(f"{file} is empty", field=field, fix="name a file with the secret in it")
    return found
