"""Making generation meet load: in the zone first, then the sub-region, then the footprint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.grid import BoolArray, FloatArray, IntArray, Zones

NOTHING_MW = 1e-9
"""Less than this is rounding."""


class CannotBalance(Refused):
    """More is injected than can be turned down: the outside world alone gives more than load takes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Balance:
    """Where the units stand before they are made to meet load. (g, H) or (z, H), MW."""

    unit_mw: FloatArray
    available: FloatArray
    want: FloatArray
    """(z, H) what each zone is to generate."""
    floor: FloatArray
    follows: BoolArray
    """(g,) units that may be moved up and down."""
    held: BoolArray
    """(g,) units that keep their output until nothing else is left."""
    weather: BoolArray
    zone: IntArray
    merit: IntArray
    """(g,) rows, cheapest first."""
    takes: FloatArray
    """(z, H) what each zone takes in when it generates what it is to."""
    import_room: FloatArray
    export_room: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """The units after it."""

    unit_mw: FloatArray
    shortfall: FloatArray
    """(z, H)."""
    spilled: FloatArray
    """(H,)."""


def settle(*, balance: Balance, zones: Zones) -> Settled:
    """Move units until every zone's generation plus what it takes in meets its load.

    Raises:
        CannotBalance: a surplus is left when every unit stands at zero.
    """
    desk = _Desk(balance, zones)
    for zone in range(len(zones.name)):
        desk.share((zone,), desk.everything)
    desk.keep_to_limits()
    for members, area in _places(zones):
        desk.share(members, desk.area_rooms(area))
    desk.turn_down()
    return Settled(unit_mw=desk.unit_mw, shortfall=desk.short, spilled=desk.spilled)


def _places(zones: Zones) -> Iterator[tuple[tuple[int, ...], tuple[str, ...]]]:
    """Give the places wider than a zone, narrow to wide, each with the limited areas inside it."""
    everywhere = tuple(range(len(zones.name)))
    members = {area: zones.area(area) for area in sorted({*zones.region, *zones.region_import_limit_mw})}
    wider = sorted({m for m in members.values() if 1 < len(m) < len(everywhere)}, key=lambda m: (len(m), m))
    for place in (*wider, everywhere):
        inside = (a for a in sorted(zones.region_import_limit_mw) if members[a] and set(members[a]) < set(place))
        yield place, tuple(inside)


class _Desk:
    """The state of one settling: who is short, who has too much, and what room is left."""

    def __init__(self, balance: Balance, zones: Zones) -> None:
        self.balance, self.zones = balance, zones
        self.unit_mw = balance.unit_mw.copy()
        count = len(zones.name)
        given = np.zeros_like(balance.want)
        inside = balance.zone >= 0
        np.add.at(given, balance.zone[inside], self.unit_mw[inside])
        self.need = balance.want - given
        self.need[np.abs(self.need) < NOTHING_MW] = 0.0
        self.everything = np.full_like(self.need, np.inf)
        self.import_room, self.export_room = self.everything.copy(), self.everything.copy()
        self.short, self.surplus = np.zeros_like(self.need), np.zeros_like(self.need)
        self.spilled = np.zeros(self.need.shape[1])
        self.rows = {z: balance.merit[(balance.zone[balance.merit] == z)] for z in range(count)}

    def _area_left(self, area: str) -> FloatArray:
        """Give what a limited area may still take in, (H,), all that its zones lack not yet counted."""
        inside, balance = list(self.zones.area(area)), self.balance
        given = np.array([self.unit_mw[self.rows[z]].sum(axis=0) for z in inside])
        settled = balance.takes[inside] + balance.want[inside] - given
        settled += self.surplus[inside] - self.need[inside] - self.short[inside]
        left: FloatArray = np.maximum(self.zones.region_import_limit_mw[area] - settled.sum(axis=0), 0.0)
        return left

    def keep_to_limits(self) -> None:
        """Set aside what a zone may neither take in nor send out."""
        self.import_room, self.export_room = self.balance.import_room.copy(), self.balance.export_room.copy()
        kept = np.clip(self.need, -self.export_room, self.import_room)
        self.short += np.maximum(self.need - kept, 0.0)
        self.surplus += np.maximum(kept - self.need, 0.0)
        self.need = kept

    def area_rooms(self, areas: tuple[str, ...]) -> FloatArray:
        """Set aside what limited areas may not take in; give each zone's room by them."""
        room = self.everything.copy()
        for area in areas:
            inside = list(self.zones.area(area))
            lacking = np.maximum(self.need[inside], 0.0)
            left = self._area_left(area)
            excess = np.maximum(lacking.sum(axis=0) - left, 0.0)
            cut = lacking * _share(excess, lacking.sum(axis=0))
            self.need[inside] -= cut
            self.short[inside] += cut
            left = np.maximum(left - lacking.sum(axis=0), 0.0)
            able = np.minimum(self.import_room[inside], self._above_floor(inside))
            room[inside] = np.minimum(room[inside], able * np.minimum(_share(left, able.sum(axis=0)), 1.0))
        return room

    def _above_floor(self, zones: list[int]) -> FloatArray:
        room = np.maximum(self.unit_mw - self.balance.floor, 0.0) * self.balance.follows[:, None]
        return np.array([room[self.rows[z]].sum(axis=0) for z in zones])

    def share(self, members: tuple[int, ...], lower_room: FloatArray) -> None:
        """Meet need with surplus inside a place, then with its units."""
        zones = list(members)
        lacking, over = np.maximum(self.need[zones], 0.0), np.maximum(-self.need[zones], 0.0)
        both = np.minimum(lacking.sum(axis=0), over.sum(axis=0))
        self._serve(zones, lacking * _share(both, lacking.sum(axis=0)))
        self._send(zones, over * _share(both, over.sum(axis=0)))
        self._raise(zones)
        self._lower(zones, lower_room)

    def _serve(self, zones: list[int], taken: FloatArray) -> None:
        self.need[zones] -= taken
        self.import_room[zones] -= taken

    def _send(self, zones: list[int], sent: FloatArray) -> None:
        self.need[zones] += sent
        self.export_room[zones] -= sent

    def _raise(self, zones: list[int]) -> None:
        """Fill need from the cheapest units with room, no zone sending out more than it may."""
        lacking = np.maximum(self.need[zones], 0.0)
        hours = np.flatnonzero(lacking.sum(axis=0) > NOTHING_MW)
        if not len(hours):
            return
        balance = self.balance
        rows = balance.merit[np.isin(balance.zone[balance.merit], zones) & balance.follows[balance.merit]]
        at = np.ix_(rows, hours)
        room = np.maximum(balance.available[at] - self.unit_mw[at], 0.0)
        for zone in zones if len(zones) > 1 else ():
            own = balance.zone[rows] == zone
            room[own] = _in_order(room[own], np.maximum(self.export_room[zone, hours], 0.0))
        fill = _in_order(room, lacking[:, hours].sum(axis=0))
        self.unit_mw[at] += fill
        if len(zones) > 1:
            for zone in zones:
                self.export_room[zone, hours] -= fill[balance.zone[rows] == zone].sum(axis=0)
        met = _share(fill.sum(axis=0), lacking[:, hours].sum(axis=0))
        taken = np.zeros_like(lacking)
        taken[:, hours] = lacking[:, hours] * np.minimum(met, 1.0)
        self._serve(zones, taken)

    def _lower(self, zones: list[int], lower_room: FloatArray) -> None:
        """Take surplus from units in proportion to their room above their floor."""
        over = np.maximum(-self.need[zones], 0.0)
        hours = np.flatnonzero(over.sum(axis=0) > NOTHING_MW)
        if not len(hours):
            return
        balance = self.balance
        rows = np.concatenate([self.rows[z][balance.follows[self.rows[z]]] for z in zones])
        at = np.ix_(rows, hours)
        room = np.maximum(self.unit_mw[at] - balance.floor[at], 0.0)
        for zone in zones if len(zones) > 1 else ():
            own = balance.zone[rows] == zone
            cap = np.minimum(np.maximum(self.import_room[zone, hours], 0.0), lower_room[zone, hours])
            room[own] *= np.minimum(_share(cap, room[own].sum(axis=0)), 1.0)
        part = np.minimum(_share(over[:, hours].sum(axis=0), room.sum(axis=0)), 1.0)
        self.unit_mw[at] -= room * part
        if len(zones) > 1:
            for zone in zones:
                less = (room * part)[balance.zone[rows] == zone].sum(axis=0)
                self.import_room[zone, hours] -= less
        met = _share((room * part).sum(axis=0), over[:, hours].sum(axis=0))
        sent = np.zeros_like(over)
        sent[:, hours] = over[:, hours] * np.minimum(met, 1.0)
        self._send(zones, sent)

    def turn_down(self) -> None:
        """Place what is left: shortfall is reported, surplus goes below Pmin, is spilled, stops held units."""
        balance = self.balance
        self.short += np.maximum(self.need, 0.0)
        self.short[self.short < NOTHING_MW] = 0.0
        self.surplus += np.maximum(-self.need, 0.0)
        for rows in (balance.follows & ~balance.held, balance.weather, balance.held):
            for zone in np.flatnonzero((self.surplus > NOTHING_MW).any(axis=1)):
                mine = np.flatnonzero(rows & (balance.zone == zone))
                on = np.maximum(self.unit_mw[mine], 0.0)
                part = np.minimum(_share(self.surplus[zone], on.sum(axis=0)), 1.0)
                self.unit_mw[mine] -= on * part
                self.surplus[zone] -= on.sum(axis=0) * part
                if rows is balance.weather:
                    self.spilled += on.sum(axis=0) * part
        if (self.surplus > 1e3 * NOTHING_MW).any():
            raise CannotBalance(
                f"{self.surplus.sum(axis=0).max():.1f} MW too much with every unit at zero",
                field="grid",
                fix="check the outside injections of the grid",
            )


def _in_order(room: FloatArray, demand: FloatArray) -> FloatArray:
    """Fill rooms (k, H) from the first on until the demand (H,) is met."""
    before = np.cumsum(room, axis=0) - room
    filled: FloatArray = np.clip(demand - before, 0.0, room)
    return filled


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    result: FloatArray = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return result
