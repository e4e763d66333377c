"""Replay past requests beside what people decided, and see where the two differ (semantics 2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

YES = frozenset({"approve", "accept"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One past request: what a person decided, and what MOMS would have."""

    reference: str
    human: str
    """approve, deny, counter, accept, refer."""
    moms: str
    says: str

    @property
    def false_approval(self) -> bool:
        """MOMS would have approved what a person did not: the one mistake that must not happen."""
        return self.moms in YES and self.human not in YES

    @property
    def agrees(self) -> bool:
        """Both said yes, or both said no."""
        return (self.moms in YES) == (self.human in YES) and self.moms != "refer"

    @property
    def referred(self) -> bool:
        """MOMS left it to a person."""
        return self.moms == "refer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """All of them, false approvals first."""

    rows: tuple[Compared, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return {
            "requests": len(self.rows),
            "false_approvals": sum(r.false_approval for r in self.rows),
            "agree": sum(r.agrees for r in self.rows),
            "referred": sum(r.referred for r in self.rows),
            "stricter": sum(not r.agrees and not r.false_approval and not r.referred for r in self.rows),
        }


def agreement(rows: Sequence[Compared]) -> Agreement:
    """Put the comparisons in the order a person should read them: false approvals, disagreements, the rest."""
    return Agreement(rows=tuple(sorted(rows, key=lambda r: (not r.false_approval, r.agrees, r.referred, r.reference))))
