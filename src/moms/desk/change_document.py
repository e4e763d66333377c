"""Change sets, what stands against them, and what came of them, as documents for people and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.desk.answer import answer_document
from moms.desk.change_set import document
from moms.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moms.desk.branching import Trial
    from moms.desk.change_set import ChangeSet
    from moms.desk.merging import Diff, Merged
    from moms.values import Finding


def set_document(found: ChangeSet) -> dict[str, Any]:
    """Write a change set."""
    return {name: value for name, value in document(found).items() if name != "key"}


def set_line(found: ChangeSet) -> dict[str, Any]:
    """Write a change set in few words."""
    whole = set_document(found)
    return {**{n: v for n, v in whole.items() if n not in {"edits", "drafters"}}, "edits": len(found.edits)}


def diff_document(found: Diff) -> dict[str, Any]:
    """Write a change set beside main."""
    return {
        "change_set": set_line(found.change_set),
        "main": found.main,
        "rows": [
            {
                "table": one.edit.table.value, "row": one.edit.row, "column": one.edit.column, "was": one.edit.was,
                "main": plain(one.main), "value": one.edit.value, "source": one.edit.source,
                "valid_from": plain(one.edit.valid_from), "valid_to": plain(one.edit.valid_to),
                "clash": None if one.clash is None else one.clash.says,
            }
            for one in found.rows
        ],
        "against": None if found.against is None else finding_rows(found.against),
    }  # fmt: skip


def merged_document(found: Merged) -> dict[str, Any]:
    """Write what came of a landing."""
    count = len(found.restudy)
    says = f"{found.change_set.id} has landed"
    if count:
        says += f"; {count} granted outages rest on what was so before: study them again (moms restudy;"
        says += " a worker does those that begin soon)"
    return {
        "change_set": set_document(found.change_set),
        "answers": [answer_document(one) for one in found.answers],
        "restudy": list(found.restudy),
        "says": says,
    }


def trial_document(found: Trial) -> dict[str, Any]:
    """Write a trial."""
    changed = [one for one in found.rows if one.changes]
    looser = [one for one in changed if one.draft in YES and one.main not in YES]
    return {
        "change_set": found.change_set,
        "counts": {
            "tried": len(found.rows), "changed": len(changed), "granted_now": len(looser), "left": found.left,
            "not_tried": len(found.unsaid),
        },
        "rows": [
            {"outage": one.outage, "reference": one.reference, "organisation": one.organisation,
             "recorded": one.recorded, "main": one.main, "draft": one.draft, "changes": one.changes,
             "rules": list(one.rules)}
            for one in found.rows
        ],
        "not_tried": [{"outage": outage, "says": says} for outage, says in found.unsaid],
    }  # fmt: skip


YES = frozenset({"approve", "accept"})


def finding_rows(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Write findings."""
    return [{"rule": f.rule, "says": f.says, "field": f.field, "fix": f.fix} for f in findings]


__all__ = ["diff_document", "finding_rows", "merged_document", "set_document", "set_line", "trial_document"]
