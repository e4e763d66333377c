"""Answers kept under a caller's own key, so that asking twice does it once, even where a machine died in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from moms.values import Actor, Refused, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from moms.desk.answer import Answer


class LostClaim(Refused):
    """Somebody else has gone on with this deed meanwhile: nothing more is written for it here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One revision that a deed has written, kept with its key in the transaction that wrote it."""

    outage_id: str
    revision: int
    verb: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A key that is held for an answer under way, and what was written for it by whoever held it before."""

    principal: str
    key: str
    fence: int
    """Grows with each holder: what an earlier one still tries to write is refused."""
    marks: tuple[Mark, ...] = ()

    @property
    def actor(self) -> Actor:
        """Who the deed is done for."""
        return actor_of(self.principal)


@dataclass(slots=True, kw_only=True)
class Early:
    """An answer that is whole before its deed's only transaction ends: it is kept in that very transaction."""

    written: Callable[[Answer], dict[str, object]]
    """Writes an answer as it is kept."""
    answer: dict[str, object] | None = None
    kept: bool = False
    """Whether the transaction has it: once that is committed, so is the answer."""

    def tell(self, answer: Answer) -> None:
        """Say what the answer will be if the transaction is committed."""
        self.answer = self.written(answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What is there under a key: the fingerprint of what was asked, and the answer once there is one."""

    asked: str
    answer: dict[str, object] | None


class Keys(Protocol):
    """The answers kept, each under a principal and the key it chose."""

    def claim(self, *, principal: str, key: str, organisation: str, asked: str, lease: timedelta) -> Claim | KeptAnswer:
        """Take a key, or give what is there; one whose holder went silent is taken over."""
        ...

    def keep(self, claim: Claim, *, answer: dict[str, object]) -> None:
        """Keep the answer.

        Raises:
            LostClaim: somebody else holds the key.
        """
        ...

    def let_go(self, claim: Claim) -> None:
        """Give a key back without an answer; one that was lost stays with who has it."""
        ...

    def renew(self, claims: Sequence[Claim], *, lease: timedelta) -> None:
        """Say that their holder still works on them."""
        ...

    def stranded(self, *, lease: timedelta) -> Claim | None:
        """Take over a deed that was begun to be written and whose holder went silent; None where there is none."""
        ...

    def forget(self) -> int:
        """Forget what is older than thirty days."""
        ...


def principal_of(actor: Actor) -> str:
    """Give the name under which an actor's keys are its own.

    >>> principal_of(Actor(name="ann", organisation="A/B", role=Role.OWNER))
    'A/B/owner/ann'
    """
    return f"{actor.organisation}/{actor.role}/{actor.name}"


def actor_of(principal: str) -> Actor:
    """Read what `principal_of` wrote: neither a role nor a name has a stroke in it.

    >>> actor_of("A/B/owner/ann").organisation
    'A/B'
    """
    organisation, role, name = principal.rsplit("/", 2)
    return Actor(name=name, organisation=organisation, role=Role(role))
