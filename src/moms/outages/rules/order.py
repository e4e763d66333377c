"""Does work that waits for other work come after it? (models 1.1, precedence). Only one's own outages are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.outages.outage import State
from moms.outages.rules.rule import Ask, Rule, Said, rule
from moms.values import Level, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.outages.outage import Outage

DONE = frozenset({State.COMPLETED, State.CLOSED})


def waited_for(ask: Ask) -> dict[str, Outage]:
    """Give the outages of the book that a request waits for, by their owner's reference."""
    mine = (one for one in ask.book if one.request.organisation == ask.request.organisation)
    return {one.request.external_id: one for one in mine if one.request.external_id in ask.request.after}


@rule(
    id="ORDER-1",
    level=Level.BLOCK,
    source="models 1.1 (precedence)",
    test="test_work_that_waits_for_itself_is_refused",
)
def of_others(ask: Ask) -> Iterator[Said]:
    """Require that no outage waits for itself, nor for one that waits for it."""
    mine = ask.request.external_id
    if mine in ask.request.after:
        yield Said(says="it waits for itself", field="after", fix="leave its own reference out")
    for reference, other in waited_for(ask).items():
        if mine in other.asked.after and reference != mine and (other.pending or other.holds):
            says = f"it waits for {reference}, which waits for it"
            yield Said(says=says, field="after", fix="leave one of the two out")


@rule(
    id="ORDER-2",
    level=Level.REFER,
    source="models 1.1 (precedence)",
    test="test_work_that_waits_for_what_is_not_there_is_referred",
)
def of_what_is_there(ask: Ask) -> Iterator[Said]:
    """Refer work that waits for an outage that is not filed, or will not take place."""
    there = waited_for(ask)
    for reference in ask.request.after:
        if reference == ask.request.external_id:
            continue  # ORDER-1 has said so
        other = there.get(reference)
        if other is None:
            says = f"it waits for {reference}, and no outage of that reference is filed"
            yield Said(says=says, field="after", fix="file it first, or leave it out")
        elif not (other.pending or other.holds or other.state in DONE):
            says = f"it waits for {reference}, which is {other.state}, {other.status}"
            yield Said(says=says, field="after", fix="say whether the work goes on without it, and leave it out")


@rule(
    id="ORDER-3",
    level=Level.REFER,
    source="models 1.1 (precedence)",
    test="test_work_asked_for_before_what_it_waits_for_ends_is_referred",
)
def after_its_end(ask: Ask) -> Iterator[Said]:
    """Refer work that is asked for before the end of what it waits for: a season plan may bring it after that."""
    for reference, other in waited_for(ask).items():
        end = other.asked.window.end if other.pending else other.window.end
        if (other.pending or other.holds) and ask.request.window.start < end:
            says = f"it waits for {reference}, which ends {shown(end)}, after its own start"
            yield Said(says=says, field="window", fix=f"start from {shown(end)} on, or move {reference}")


RULES: tuple[Rule, ...] = (of_others, of_what_is_there, after_its_end)
