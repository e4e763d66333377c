"""Can it be given back when asked? (domain 2: recall normal and emergency)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.outages.rules.rule import Ask, Rule, Said, rule
from moms.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    id="RETURN-1",
    level=Level.BLOCK,
    source="domain 2 (emergency restoration time > 0)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def takes_time(ask: Ask) -> Iterator[Said]:
    """Require return times above nought."""
    for name, hours in (("recall_h", ask.request.recall_h), ("emergency_return_h", ask.request.emergency_return_h)):
        if hours is not None and hours <= 0:
            yield Said(says=f"{name} is {hours:g} h", field=name, fix="give the hours it really takes")


@rule(
    id="RETURN-2",
    level=Level.BLOCK,
    source="domain 2 (recall normal + emergency)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def emergency_is_no_slower(ask: Ask) -> Iterator[Said]:
    """Require an emergency return no slower than the normal one."""
    normal, emergency = ask.request.recall_h, ask.request.emergency_return_h
    if normal is not None and emergency is not None and emergency > normal:
        yield Said(
            says=f"the emergency return of {emergency:g} h is slower than the recall of {normal:g} h",
            field="emergency_return_h",
            fix=f"give {normal:g} or less",
        )


@rule(
    id="RETURN-3",
    level=Level.FLAG,
    source="domain 2; semantics 2.2",
    test="test_a_recall_longer_than_the_outage_is_flagged",
)
def recall_is_of_use(ask: Ask) -> Iterator[Said]:
    """Flag a recall that takes as long as the outage: it cannot be recalled."""
    hours = ask.request.recall_h
    if hours is not None and hours >= ask.request.window.hours:
        yield Said(
            says=f"a recall of {hours:g} h in an outage of {ask.request.window.hours:g} h is none",
            field="recall_h",
            fix="count on no recall, or give a shorter one",
        )


RULES: tuple[Rule, ...] = (takes_time, emergency_is_no_slower, recall_is_of_use)
