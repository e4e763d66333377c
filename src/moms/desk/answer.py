"""What a use case gives back."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.outages.document import to_document
from moms.values import Refused

if TYPE_CHECKING:
    from moms.outages import Outage
    from moms.values import Finding


class NotARequest(Refused):
    """A document that holds no request."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        first = findings[0]
        more = f" (and {len(findings) - 1} more faults)" if len(findings) > 1 else ""
        super().__init__(first.says + more, field=first.field, fix=first.fix)
        self.findings = findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The outage as it now is (or would be), with the decision's record where one was made."""

    outage: Outage | None
    """None where the request was returned and nothing was written."""
    record: dict[str, object] | None = None
    findings: tuple[Finding, ...] = ()
    """Of the entry rules; those that block say why it was returned."""
    written: bool = True
    again: bool = False
    """The same request had been filed before; this is its answer."""
    says: str = ""
    """What else the one who acts should know (queue place, exemption)."""

    left_to_worker: bool = False
    """Filed and not decided: a worker does it."""
    group: tuple[Answer, ...] = ()
    """The answers to the other outages of its group, decided on the same study."""

    @property
    def returned(self) -> bool:
        """Whether the request goes back to its owner."""
        return self.outage is None


def outage_id(organisation: str, external_id: str) -> str:
    """Give the id of the outage that an owner's own reference names: the same reference, the same id.

    Eight letters of the digest's base 32, so that a control room can read them over the telephone.

    >>> outage_id("LAKES", "W-17")
    'OTG-ZLA5EZLR'
    """
    name = f"{organisation}\n{external_id}".encode()
    return "OTG-" + base64.b32encode(hashlib.sha256(name).digest()).decode()[:8]


def answer_document(answer: Answer) -> dict[str, object]:
    """Give an answer as JSON's kinds."""
    return {
        "outage": None if answer.outage is None else to_document(answer.outage),
        "decision": answer.record,
        "findings": answer.findings,
        "returned": answer.returned,
        "written": answer.written,
        "filed_before": answer.again,
        "says": answer.says,
        "group": [
            {"outage": one.outage.id, "outcome": one.record["outcome"], "decision": one.record["id"]}
            for one in answer.group
            if one.outage is not None and one.record is not None
        ],
    }
