"""Season plans that a worker makes: asked for, watched, stopped, explained, compared, written and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.wiring.office.core import Core

if TYPE_CHECKING:
    from moms.desk.planning import Planning, Wanted


class Plannings(Core):
    """Season plans that a worker makes."""

    def start_planning(self, *, key: str, wanted: Wanted, reason: str) -> Planning:
        """Ask for a plan, which a worker makes."""
        from moms.desk.planning import start

        return start(book=self.book, actor=self.settings.actor, now=self.settings.now, key=key, wanted=wanted,
                     reason=reason)  # fmt: skip

    def stop_planning(self, planning: str, *, revision: int, reason: str) -> Planning:
        """Stop a planning; the best plan so far stands."""
        from moms.desk.planning import stop

        return stop(book=self.book, actor=self.settings.actor, now=self.settings.now, planning=planning,
                    revision=revision, reason=reason)  # fmt: skip

    def plannings(self) -> list[dict[str, object]]:
        """Give the plannings this actor may see, newest first."""
        from moms.desk.planning_book import listed

        return listed(book=self.book, actor=self.settings.actor)

    def planning(self, planning: str) -> dict[str, object]:
        """Give one planning with its rounds and the best plan, as far as it is this actor's to see."""
        from moms.desk.planning_book import seen

        duty = None if self.duty is None else self.duty(planning)
        return seen(book=self.book, world=self.world, actor=self.settings.actor, planning=planning, duty=duty)

    def explain_planning(self, planning: str, outage: str) -> dict[str, object]:
        """Say of one request of a plan why it is where it is, and what other dates would take."""
        from moms.desk.planning_book import explained

        return explained(book=self.book, actor=self.settings.actor, planning=planning, outage=outage)

    def compare_plannings(self, before: str, after: str) -> dict[str, object]:
        """Say what two plans place differently."""
        from moms.desk.planning_book import diff

        return diff(book=self.book, actor=self.settings.actor, before=before, after=after)

    def write_planning(self, planning: str, *, revision: int) -> Planning:
        """Write a plan into the book as one."""
        from moms.desk.planning_book import write

        return write(**self._acting(), planning=planning, revision=revision)

    def propose_planning(self, planning: str, *, revision: int) -> Planning:
        """Show a plan to the owners it concerns; nothing moves."""
        from moms.desk.planning_book import propose

        return propose(**self._acting(), planning=planning, revision=revision)

    def take_planning_back(self, planning: str, *, revision: int, reason: str) -> Planning:
        """Take a written plan back as one."""
        from moms.desk.planning_book import back

        return back(**self._acting(), planning=planning, revision=revision, reason=reason)
