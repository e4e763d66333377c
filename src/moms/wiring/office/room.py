"""The crew's phone, the control room and its shift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.wiring.office.core import Core

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.desk.catalogue import Catalogue
    from moms.records.notices import Subscription


class Room(Core):
    """The crew's phone, the control room and its shift."""

    def field_day(self, *, catalogue: Catalogue) -> dict[str, object]:
        """Give a crew's jobs of the day; for the operator those from which something was reported."""
        from moms.desk.field import Places, day

        places = Places(self.world.grid, self._features())
        return day(book=self.book, actor=self.settings.actor, now=self.settings.now, catalogue=catalogue, places=places)

    def field_report(self, documents: Sequence[Mapping[str, object]]) -> tuple[dict[str, object], ...]:
        """Take in what a crew's phone has gathered, each entry once."""
        from moms.desk.field import report_all, taken_document

        done = report_all(book=self.book, actor=self.settings.actor, now=self.settings.now, documents=documents)
        return tuple(taken_document(one) for one in done)

    def field_seen(self, outage_id: str, entries: Sequence[str]) -> dict[str, object]:
        """Say, for the operator, that entries from the field were looked at."""
        from moms.desk.field import field_document, seen

        return field_document(
            seen(book=self.book, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id, entries=entries)
        )

    def room(self) -> dict[str, object]:
        """Give what is not as planned, and who has taken it."""
        from moms.desk.room import alarm_document, alarms

        found = alarms(book=self.book, actor=self.settings.actor, now=self.settings.now)
        return {"now": self.settings.now, "alarms": [alarm_document(one) for one in found]}

    def take_alarm(
        self, outage_id: str, what: str, *, revision: int | None = None, note: str = ""
    ) -> dict[str, object]:
        """Say that somebody has taken an alarm, and with it what one was told of it."""
        from moms.desk.notices import acknowledge_all
        from moms.desk.room import acknowledge, alarm_document
        from moms.records.room import TOLD

        alarm = acknowledge(
            book=self.book, actor=self.settings.actor, now=self.settings.now, outage_id=outage_id, what=what,
            revision=revision, note=note,
        )  # fmt: skip
        if self.notices is not None:
            acknowledge_all(notices=self.notices, actor=self.settings.actor, now=self.settings.now,
                            outage_id=outage_id, words=TOLD[alarm.what])  # fmt: skip
        return alarm_document(alarm)

    def areas(self) -> tuple[str, ...]:
        """Name the zones and regions of the grid."""
        return self.world.all_areas

    def communication(self, name: str) -> dict[str, object]:
        """Give who is told what of an outage and when, with the subscriptions of the reader's own organisation."""
        from moms.desk.communication import communication

        outage, actor = self.find(name), self.settings.actor
        with self.book.as_(actor) as page:
            record = page.decision(outage.decision_id) if outage.decision_id else {}
        following: Sequence[Subscription] = ()
        if self.notices is not None:
            with self.notices.as_(actor) as kept:
                following = kept.subscriptions(actor.organisation)
        return communication(outage, record=record, world=self.world, now=self.settings.now, following=following)

    def shift(self, *, hours: int = 12) -> dict[str, object]:
        """Give the sheet of the hours ahead, and the last hand-over."""
        from moms.desk.shift import hand_over_document, last, sheet, sheet_document

        found = sheet(book=self.book, actor=self.settings.actor, now=self.settings.now, hours=hours)
        there = last(book=self.book, actor=self.settings.actor)
        return {**sheet_document(found), **self.room(), "last": hand_over_document(there)}

    def give_shift(self, *, key: str, notes: str = "", hours: int = 12) -> dict[str, object]:
        """Hand the shift over, once under a key."""
        from moms.desk.shift import give, hand_over_document

        done = give(book=self.book, actor=self.settings.actor, now=self.settings.now, key=key, notes=notes, hours=hours)
        return hand_over_document(done) or {}

    def take_shift(self, hand_over: str) -> dict[str, object]:
        """Take the shift that was handed over last."""
        from moms.desk.shift import hand_over_document, take

        done = take(book=self.book, actor=self.settings.actor, now=self.settings.now, hand_over=hand_over)
        return hand_over_document(done) or {}
