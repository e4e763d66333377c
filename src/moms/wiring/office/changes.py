"""Change sets: open, edit, look, re-base, merge, abandon; what was known when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.values import Window, parse_instant
from moms.wiring.office.core import Core
from moms.wiring.office.words import midnight

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from moms.desk.answer import Answer
    from moms.outages import Request


class Changes(Core):
    """Change sets, as documents."""

    def change_sets(self) -> list[dict[str, Any]]:
        """Give the change sets that this actor may see, newest first, in few words."""
        from moms.desk.change_document import set_line
        from moms.desk.changes import sets_of

        return [set_line(one) for one in sets_of(book=self.book, actor=self.settings.actor)]

    def change_set(self, name: str, *, revision: int | None = None) -> dict[str, Any]:
        """Give a change set whole, or one of its revisions."""
        from moms.desk.change_document import set_document
        from moms.desk.changes import as_of_revision

        found = as_of_revision(book=self.book, actor=self.settings.actor, name=name, revision=revision)
        return set_document(found)

    def open_change_set(self, *, key: str, title: str, reason: str) -> dict[str, Any]:
        """Open a change set."""
        from moms.desk.change_document import set_document
        from moms.desk.changes import open_set

        return set_document(open_set(**self._stepping(), key=key, title=title, reason=reason))

    def edit_change_set(
        self, name: str, *, revision: int, key: str, reason: str, edits: Sequence[Mapping[str, Any]] = (),
        drop: Sequence[tuple[str, str, str]] = (),
    ) -> dict[str, Any]:  # fmt: skip
        """Put edits in a change set, and take others out."""
        from moms.desk.change_document import set_document
        from moms.desk.change_set import table_of
        from moms.desk.changes import Wanted, edit

        wanted = [Wanted(**{**one, "table": table_of(one["table"])}) for one in edits]
        found = edit(**self._stepping(), name=name, revision=revision, key=key, reason=reason, wanted=wanted, drop=drop)
        return set_document(found)

    def diff_change_set(self, name: str) -> dict[str, Any]:
        """Give a change set beside main, and what stands against landing it."""
        from moms.desk.change_document import diff_document
        from moms.desk.merging import diff

        return diff_document(diff(**self._stepping(), name=name))

    def rebase_change_set(self, name: str, *, revision: int, key: str, reason: str) -> dict[str, Any]:
        """Let a change set rest on main as it is now."""
        from moms.desk.change_document import set_document
        from moms.desk.merging import rebase

        return set_document(rebase(**self._stepping(), name=name, revision=revision, key=key, reason=reason))

    def merge_change_set(self, name: str, *, revision: int, key: str, reason: str) -> dict[str, Any]:
        """Land a change set whole, and decide what it changed."""
        from moms.desk.change_document import merged_document
        from moms.desk.merging import merge

        found = merge(**self._stepping(), name=name, revision=revision, key=key, reason=reason)
        self.__dict__.pop("world", None)  # what this office asks next is asked of the world with it
        return merged_document(found)

    def abandon_change_set(self, name: str, *, revision: int, key: str, reason: str) -> dict[str, Any]:
        """End a change set without anything of it."""
        from moms.desk.change_document import set_document
        from moms.desk.changes import abandon

        return set_document(abandon(**self._stepping(), name=name, revision=revision, key=key, reason=reason))

    def preview_change_set(self, name: str, *, request: Request | None = None) -> tuple[Answer, ...]:
        """Give what would be decided in its world: of a request, or of the outages it edits; nothing is written."""
        from moms.desk.branching import preview

        return preview(**self._stepping(), name=name, request=request)

    def study_change_set(
        self, name: str, *, outage: str | None = None, request: Request | None = None
    ) -> dict[str, object]:
        """Study an outage or a draft in its world; nothing is written."""
        from moms.desk.branching import branch_of, study
        from moms.desk.what_if import may_ask
        from moms.desk.what_if_document import study_document

        may_ask(self.settings.actor)
        if request is None:
            return study_document(study(**self._stepping(), name=name, outage=self.find(outage or "").id))
        world = branch_of(**self._stepping(), name=name).world
        draft = self.drafted(request, world=world)
        return study_document(study(**self._stepping(), name=name, outage=draft))

    def try_change_set(
        self, name: str, *, first: str, last: str, most: int = 100, tick: Callable[[int], None] = lambda _more: None
    ) -> dict[str, Any]:
        """Try a change set on what was decided from one day until another; nothing is written."""
        from moms.desk.branching import trial
        from moms.desk.change_document import trial_document

        start, end = (parse_instant(midnight(text), field=field) for text, field in ((first, "from"), (last, "to")))
        span = Window(start=start, end=end)
        return trial_document(trial(**self._stepping(), name=name, span=span, most=most, tick=tick))

    def known(self, table: str, row: str, *, at: str | None = None, instant: str | None = None) -> dict[str, object]:
        """Give what was known at an instant (now) of what is so at another (the same)."""
        from moms.desk.branching import known
        from moms.desk.change_set import table_of

        known_at = parse_instant(midnight(at), field="at") if at else self.settings.now
        meant = parse_instant(midnight(instant), field="for") if instant else known_at
        return known(
            ground=self.ground, actor=self.settings.actor, table=table_of(table), row=row, known_at=known_at,
            instant=meant,
        )  # fmt: skip

    def _stepping(self) -> dict[str, Any]:
        return {"ground": self.ground, "actor": self.settings.actor, "now": self.settings.now}
