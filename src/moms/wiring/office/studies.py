"""Studies beside a decision: of the book again, of a supposed one, of what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.values import Refused
from moms.wiring.office.core import Core

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from moms.desk.answer import Answer
    from moms.desk.restudy import Restudied
    from moms.desk.supposed import Supposed
    from moms.grid import Network
    from moms.outages import Request


class NoCase(Refused):
    """No case to save."""


class Studies(Core):
    """Studies beside a decision: of the book again, of a supposed one, of what was decided."""

    def restudy(
        self,
        *,
        days: int,
        remedies: int,
        why: str = "",
        cores: int = 0,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> tuple[Restudied, tuple[str, ...]]:
        """Study again all granted outages of the days ahead; with a reason, put at risk what does not hold.

        Raises:
            NotYours: only the operator sees it: outages of all owners are in it (semantics 9).
            NotASpan: no day, or too many.
        """
        from moms.desk.accept import operators_only
        from moms.desk.restudy import mark, restudy, span_of
        from moms.wiring.pool import mapped

        operators_only(self.settings.actor)
        common = {"book": self.book, "world": self.world, "now": self.settings.now}
        until = span_of(self.settings.now, days)
        with mapped(cores=cores, tick=tick) as each:
            found = restudy(**common, until=until, remedies=remedies, each=each)  # type: ignore[arg-type]  # one mapping for both
        marked = mark(**common, found=found, why=why) if why else ()  # type: ignore[arg-type]  # as above
        return found, marked

    def what_if(
        self, supposed: Supposed, *, outage: str | None = None, request: Request | None = None
    ) -> dict[str, object]:
        """Study a filed outage, or a request that nobody has filed, on a supposed book; nothing is written.

        Raises:
            NotARequest: a draft that the entry rules return. Refused: as `moms.desk.what_if`.
        """
        from moms.desk.what_if import may_ask, what_if
        from moms.desk.what_if_document import study_document

        may_ask(self.settings.actor)
        about = self.drafted(request, world=self.world) if request is not None else self.find(outage or "").id
        found = what_if(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, supposed=supposed,
            outage=about,
        )  # fmt: skip
        return study_document(found)

    def attach(
        self, outage_id: str, supposed: Supposed, *, study: str, reason: str, revision: int | None = None
    ) -> Answer:
        """Keep a study with its outage, if it still comes out under that name."""
        from moms.desk.attach import attach

        return attach(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id,
            supposed=supposed, study=study, reason=reason, revision=revision,
        )  # fmt: skip

    def studies(self, name: str) -> Sequence[dict[str, object]]:
        """Give the studies attached to an outage, oldest first; an owner sees none (semantics 9)."""
        from moms.desk.attach import attached

        outage = self.find(name)
        with self.book.as_(self.settings.actor) as page:
            return attached(page, outage.id)

    def study(self, name: str, study: str) -> dict[str, object]:
        """Give one attached study whole.

        Raises:
            NoSuchStudy: none of that name, or not this actor's to see.
        """
        from moms.desk.attach import attached_study

        outage = self.find(name)
        with self.book.as_(self.settings.actor) as page:
            return attached_study(page, outage.id, study)

    def replay(self, outage_id: str) -> dict[str, object]:
        """Compute a decision again from what it rested on, ratings and rules of then too; nothing is written."""
        from moms.desk.branching import world_of_decision
        from moms.desk.replay import replay

        then = world_of_decision(ground=self.ground, outage_id=outage_id) or self.world
        return replay(book=self.book, world=then, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id)

    def unsolved(self, name: str) -> tuple[Network, dict[str, Any]]:
        """Give the state without an AC solution that was saved with an outage's decision, and what was said of it.

        Raises:
            NoCase: none was saved, or it is not this actor's to see: it holds what every unit was to give.
        """
        from moms.desk.voltage import again

        if not self.settings.actor.sees_all:
            raise NoCase("a saved case is the operator's to see", field="save-case", fix="ask the outage engineer")
        record: Any = self.show(name)["decision"]
        security = record["evidence"]["security"] if record else None
        voltage = security.get("voltage") if security else None
        for one in voltage["unsolved"] if voltage else ():
            if one["case"] is not None:
                return again(self.world.grid, one["case"]), one
        raise NoCase(f"no state of {name} was left without an AC solution", field="save-case", fix="leave it out")
