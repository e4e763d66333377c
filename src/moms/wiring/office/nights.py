"""What is told of capacity, forecasts and storms: margin, firmness, risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.desk.ports import Search
from moms.values import HOUR, SYSTEM, Window, parse_instant
from moms.wiring.office.core import Core

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from moms.adequacy import Taken
    from moms.decide import Forecast, RatesSeen
    from moms.desk.nightly import Night
    from moms.desk.posting import Posting
    from moms.desk.storms import Storm
    from moms.desk.world import World
    from moms.risk import StormRisk, WhileOut


class Nights(Core):
    """What is told of capacity, forecasts and storms: margin, firmness, risk."""

    def margin(self, window: Window) -> dict[str, object]:
        """Give what the book leaves of capacity by market day and place."""
        from moms.adequacy import margin
        from moms.desk.margin_facts import facts

        grid, rules = self.rated.rated, self.world.rules.margin
        return facts(margin(grid=grid, starts=window.clock_hours(), taken=self.taken(window), rules=rules), None)

    def post_margin(
        self, *, months: int = 24, write: bool = False, tick: Callable[[int], None] = lambda _days: None
    ) -> Posting:
        """Compute the maintenance margin as it is posted; with `write` keep it in the operator's register.

        Raises:
            NotYours: only the operator sees it: outages of all owners are in it (semantics 9).
        """
        from moms.desk.posting import keep_posting, operators_margin, post

        operators_margin(self.settings.actor)
        posting = post(book=self.book, world=self.world, now=self.settings.now, months=months, told=tick)
        if write:
            keep_posting(book=self.book, actor=self.settings.actor, posting=posting)
        return posting

    def posted_margin(self) -> dict[str, object] | None:
        """Give the newest posting of the maintenance margin with its age; None where none was kept.

        Raises:
            NotYours: only the operator's people see it, and who sees all.
        """
        from moms.desk.posting import age_h, operators_margin, posted

        if not self.settings.actor.sees_all:
            operators_margin(self.settings.actor)
        with self.book.as_(SYSTEM) as page:
            entry = posted(page)
        return None if entry is None else {**entry, "age_h": round(age_h(entry, now=self.settings.now), 3)}

    def keep_forecast(self, file: Path) -> str:
        """Keep a forecast issue as the newest, and give its id."""
        from moms.desk.forecast import keep
        from moms.exchange.issues import read_issue

        zones = self.world.grid.zones
        issue = read_issue(file, zones=() if zones is None else zones.name)
        return keep(book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, issue=issue)

    def forecast(self) -> Forecast | None:
        """Give the newest forecast issue, as decisions see it."""
        from moms.desk.forecast import newest, seen

        with self.book.as_(SYSTEM) as page:
            return seen(newest(page), now=self.settings.now)

    def keep_rates(self, file: Path) -> str:
        """Keep outage rates as the newest, and give their id."""
        from moms.desk.rates import keep_rates
        from moms.exchange.issues import read_rates

        issue = read_rates(file)
        return keep_rates(
            book=self.book, world=self.world, actor=self.settings.actor, now=self.settings.now, issue=issue
        )

    def rates(self) -> RatesSeen | None:
        """Give the newest issue of outage rates, as decisions see it."""
        from moms.desk.rates import newest_rates, rates_seen

        with self.book.as_(SYSTEM) as page:
            return rates_seen(newest_rates(page), now=self.settings.now)

    @property
    def rated(self) -> World:
        """The world that counts with the outage rates that are kept."""
        from moms.desk.rates import rated_by

        return rated_by(self.book, self.world)

    def firmness(
        self,
        *,
        days: int,
        season: Window | None = None,
        write: bool = False,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> Night:
        """Tell how firm each granted outage is tonight; with `write` keep it, and the scenarios for today's decisions.

        Raises:
            NotYours: only the operator sees it: outages of all owners are in it (semantics 9).
        """
        from moms.desk.nightly import keep_night, operators_night, tell
        from moms.exchange.drawnfile import write_drawn
        from moms.wiring.worlds import SCENARIOS

        operators_night(self.settings.actor)
        world = self.world
        night, drawn = tell(book=self.book, world=world, now=self.settings.now, days=days, season=season, told=tick)
        if write:
            # The register last: a night that is kept has its scenarios, also where a machine dies in between.
            write_drawn(self.settings.home / SCENARIOS, drawn, grid=world.grid.digest)
            keep_night(book=self.book, actor=self.settings.actor, night=night, rule_book=world.rules.name)
        return night

    def while_out(
        self, *, asset: str, storm: str, damage: Path | None, hours: int
    ) -> tuple[tuple[WhileOut, ...], StormRisk]:
        """Rank the windows of a storm by the risk of having an asset out, beside all that holds then."""
        from moms.desk.while_out import ranked_while_out
        from moms.desk.windows import unfiled
        from moms.exchange.storms import read_damage, read_weather
        from moms.risk import lines_of, storm_risk, tower_curve

        world, weather = self.world, read_weather(storm)
        curve = tower_curve(read_damage(damage) if damage else ())
        found = storm_risk(lines=lines_of(world.grid), weather=weather, curve=curve)
        window = Window(start=weather.hour[0], end=weather.hour[-1] + HOUR)
        outage = unfiled(world, (asset,), window=window, now=self.settings.now)
        with self.book.as_(SYSTEM) as page:
            near = page.find(Search(window=window, holding=True))
            late = page.find(Search(holding=True, states=("active", "pending_complete")))
        holding = {o.id: o for o in (*near, *late) if o.request.takes_out}
        rows = ranked_while_out(
            world=world, outage=outage, holding=tuple(holding.values()), storm=found, hours=hours,
            now=self.settings.now,
        )  # fmt: skip
        return rows, found

    def keep_storm(self, *, storm: str, damage: Path | None, begins: str | None) -> Storm:
        """Keep a storm forecast as the newest, and give it."""
        from moms.desk.storms import Storm, keep_storm
        from moms.exchange.storms import read_damage, read_weather

        given = Storm(weather=read_weather(storm), damage=read_damage(damage) if damage else ())
        when = None if begins is None else parse_instant(begins, field="begins")
        return keep_storm(book=self.book, actor=self.settings.actor, now=self.settings.now, storm=given, begins=when)

    def storm(self) -> Storm | None:
        """Give the newest storm forecast kept."""
        from moms.desk.storms import newest_storm

        with self.book.as_(SYSTEM) as page:
            return newest_storm(page)

    def taken(self, window: Window) -> tuple[Taken, ...]:
        """Give the units that the book takes out or derates in a window, those cut off included."""
        from moms.desk.margins import booked

        with self.book.as_(SYSTEM) as page:
            near = page.find(Search(window=window, holding=True))
            late = page.find(Search(holding=True, states=("active", "pending_complete")))
        out = {o.id: o for o in (*near, *late) if o.request.takes_out}
        return booked(self.world, [out[k] for k in sorted(out)], now=self.settings.now, until=window.end)
