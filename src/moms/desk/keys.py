"""Answers kept under a caller's own key, so that asking twice does it once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What is there under a key: the fingerprint of what was asked, and the answer once there is one."""

    asked: str
    answer: dict[str, object] | None


class Keys(Protocol):
    """The answers kept, each under a principal and the key it chose."""

    def claim(self, *, principal: str, key: str, organisation: str, asked: str, lease: timedelta) -> KeptAnswer | None:
        """Take a key: None where it is this caller's now, else what is there."""
        ...

    def keep(self, *, principal: str, key: str, answer: dict[str, object]) -> None:
        """Keep the answer."""
        ...

    def let_go(self, *, principal: str, key: str) -> None:
        """Give a key back without an answer."""
        ...

    def forget(self) -> int:
        """Forget what is older than thirty days."""
        ...
