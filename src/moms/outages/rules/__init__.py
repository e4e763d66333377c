"""The entry rules: what a request must meet before anybody studies it. One function, one id, one test."""

from moms.outages.rules import (
    calendar,
    completeness,
    equipment,
    group,
    lead_time,
    order,
    overlap,
    patterns,
    recurrence,
    return_times,
    special,
    window,
)
from moms.outages.rules.rule import Ask, Rule, Said, ask_of

ALL: tuple[Rule, ...] = (
    *completeness.RULES,
    *equipment.RULES,
    *window.RULES,
    *lead_time.RULES,
    *calendar.RULES,
    *overlap.RULES,
    *return_times.RULES,
    *recurrence.RULES,
    *special.RULES,
    *patterns.RULES,
    *group.RULES,
    *order.RULES,
)
"""Every entry rule, in the order its findings are shown."""

__all__ = ["ALL", "Ask", "Rule", "Said", "ask_of"]
