"""Do outages that are to be studied together belong together? (domain 2: group)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from moms.outages.rules.rule import Ask, Rule, Said, rule
from moms.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.outages.outage import Outage


def _members(ask: Ask) -> tuple[Outage, ...]:
    if ask.request.group is None:
        return ()
    return tuple(one for one in ask.book if one.request.group == ask.request.group and (one.holds or one.pending))


@rule(
    id="GROUP-1",
    level=Level.REFER,
    source="domain 2 (group); semantics 9",
    test="test_a_group_of_two_organisations_is_referred",
)
def of_one_organisation(ask: Ask) -> Iterator[Said]:
    """Refer a group that spans organisations: they must have agreed."""
    if any(one.request.organisation != ask.request.organisation for one in _members(ask)):
        yield Said(
            says=f"group {ask.request.group} has outages of another organisation",
            field="group",
            fix="an engineer asks both whether they agree",
        )


@rule(
    id="GROUP-2",
    level=Level.FLAG,
    source="domain 2 (studied together)",
    test="test_a_group_whose_outages_lie_far_apart_is_flagged",
)
def near_in_time(ask: Ask) -> Iterator[Said]:
    """Flag a group whose outages lie far apart in time: nothing is studied together."""
    gap = timedelta(hours=ask.rules.group_gap_h)
    mine = [one for one in _members(ask) if one.request.organisation == ask.request.organisation]
    window = ask.request.window
    if mine and all(one.window.start - window.end > gap or window.start - one.window.end > gap for one in mine):
        yield Said(
            says=f"the other outages of group {ask.request.group} lie more than {ask.rules.group_gap_h:g} h away",
            field="group",
            fix="bring them together, or leave the group out",
        )


RULES: tuple[Rule, ...] = (of_one_organisation, near_in_time)
