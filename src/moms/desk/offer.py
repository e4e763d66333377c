"""An offer to move outages: who would move where, who has agreed, and by when the rest must answer.

Plain values. What an offer does to the book is in `offers`; here is what may follow what. Consent is to the
very windows an offer names: where those change, everybody is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from moms.desk.ports import NotYours
from moms.outages.guards import NotYourRole, ReasonMissing
from moms.records.notices import AN_ID, SEALED
from moms.values import OPERATOR, Actor, Refused, Role, Window, parse_instant, plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from moms.outages import Outage

LONGEST = timedelta(days=30)
"""How long an offer may wait for its answers."""
OWNERS = frozenset({Role.OWNER, Role.AGENT})
PLANNERS = frozenset({Role.ENGINEER, Role.PLANNER, Role.SYSTEM})
"""Who speaks for the operator: an offer decides nothing."""


class NoSuchOffer(Refused):
    """No offer of that id that this actor is a party to."""


class NotOpen(Refused):
    """The offer has been settled already, or it is not this party's turn."""


class NotAnOffer(Refused):
    """An offer that cannot be made."""


class Kind(StrEnum):
    """What an offer would do."""

    MOVE = "move"
    SWAP = "swap"
    """Two outages take each other's start, both or neither."""


class Became(StrEnum):
    """Where an offer stands."""

    OFFERED = "offered"
    COUNTERED = "countered"
    """Somebody named other windows, or the outage it would give in a swap: the others are asked again."""
    ACCEPTED = "accepted"
    """Everybody agreed, the study of that instant allowed it, and it has been done."""
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    FELL_THROUGH = "fell_through"
    """Everybody agreed, and on the book of that instant it could not be done: nothing moved."""


OPEN = frozenset({Became.OFFERED, Became.COUNTERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One outage of an offer, from where it is to where it would be."""

    outage: str
    organisation: str
    category: str
    reference: str
    assets: tuple[str, ...]
    before: Window
    after: Window | None
    """None: nobody has said yet (a swap whose other outage is not named)."""
    says: str = ""
    """What the engine last said of it, for its own owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An offer and what has been answered."""

    id: str
    kind: Kind
    legs: tuple[Leg, ...]
    maker: str
    """The organisation that made it."""
    asks: str
    """The organisation that is to name its outage of a swap; empty where every outage is named."""
    agreed: tuple[str, ...]
    """Organisations that have agreed to the windows as they are now."""
    made_at: datetime
    until: datetime
    became: Became
    reason: str
    plan: str
    """The plan it comes from; empty where it comes from none."""
    revision: int = 1
    said: str = ""
    """What came of it, for everybody."""

    @property
    def open(self) -> bool:
        """Whether somebody may still answer."""
        return self.became in OPEN

    @property
    def parties(self) -> frozenset[str]:
        """Whose word it needs."""
        return frozenset({self.maker, *(leg.organisation for leg in self.legs)} | ({self.asks} - {""}))

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Who has still to answer, by name; nobody once it is settled."""
        return tuple(sorted(self.parties - set(self.agreed))) if self.open else ()

    @property
    def operators(self) -> bool:
        """Whether the operator asked for it: then stamps and exemptions stay (semantics 4)."""
        return self.maker == OPERATOR

    @property
    def definite(self) -> bool:
        """Whether every window is named."""
        return all(leg.after is not None for leg in self.legs) and (self.kind == Kind.MOVE or len(self.legs) == 2)

    def leg_of(self, organisation: str) -> Leg | None:
        """Give an organisation's own outage in it."""
        return next((leg for leg in self.legs if leg.organisation == organisation), None)


def party_of(actor: Actor) -> str:
    """Give the organisation that an actor speaks for.

    Raises:
        NotYourRole: the role answers no offers.
    """
    if actor.organisation == OPERATOR and actor.role in PLANNERS:
        return OPERATOR
    if actor.organisation != OPERATOR and actor.role in OWNERS:
        return actor.organisation
    raise NotYourRole(f"the role {actor.role} makes and answers no offers", field="role", fix="let the owner, or an"
                      " engineer or planner of the operator, do it")  # fmt: skip


def sees(offer: Offer, actor: Actor) -> bool:
    """Tell whether an actor may know of an offer: its parties, and the operator's people."""
    return actor.sees_all or (actor.organisation in offer.parties and actor.role != Role.PUBLIC)


def leg(outage: Outage, after: Window | None) -> Leg:
    """Make a leg of an outage as it stands."""
    asked = outage.asked
    return Leg(outage=outage.id, organisation=asked.organisation, category=str(asked.category),
               reference=asked.external_id, assets=asked.assets, before=asked.window, after=after)  # fmt: skip


def started(window: Window, start: datetime) -> Window:
    """Give a window of the same length from another start."""
    return window.moved(start - window.start)


def agreed(offer: Offer, party: str) -> Offer:
    """Give the offer once a party has agreed to it as it is.

    Raises:
        NotOpen: it is settled, or waits for somebody else. NotAnOffer: it is not whole yet.
    """
    _its_turn(offer, party)
    if not offer.definite:
        raise NotAnOffer("it does not say yet which outage you would give", field="outage", fix="answer with an outage")
    return replace(offer, agreed=tuple(sorted({*offer.agreed, party})), revision=offer.revision + 1)


def countered(offer: Offer, party: str, *, legs: tuple[Leg, ...], reason: str) -> Offer:
    """Give the offer with other windows: who named them agrees, everybody else is asked again.

    Raises:
        NotOpen: it is settled, or it is not this party's turn.
    """
    _its_turn(offer, party)
    return replace(offer, legs=legs, asks="", agreed=(party,), became=Became.COUNTERED, reason=reason,
                   revision=offer.revision + 1)  # fmt: skip


def ended(offer: Offer, became: Became, *, said: str) -> Offer:
    """Give the offer settled.

    Raises:
        NotOpen: it is settled already.
    """
    if not offer.open:
        raise NotOpen(f"offer {offer.id} is {offer.became}", field="offer", fix="nothing is left to do")
    return replace(offer, became=became, said=said, revision=offer.revision + 1)


def _its_turn(offer: Offer, party: str) -> None:
    if not offer.open:
        raise NotOpen(f"offer {offer.id} is {offer.became}", field="offer", fix="nothing is left to do")
    if party not in offer.waits_for:
        raise NotOpen(f"offer {offer.id} waits for somebody else", field="offer", fix="withdraw it, or wait")


def check_reason(reason: str) -> None:
    """Require a reason, for the record and for the others.

    Raises:
        ReasonMissing: there is none.
    """
    if not reason.strip():
        raise ReasonMissing("no reason is given", field="reason", fix="say why, for the record and for the others")


def check_party(offer: Offer, party: str) -> None:
    """See that an offer is this party's to answer.

    Raises:
        NotYours: it is not.
    """
    if party not in offer.parties:
        raise NotYours(f"offer {offer.id} is not yours to answer", field="offer", fix="act for one of its parties")


def check_until(until: datetime, *, now: datetime, legs: tuple[Leg, ...]) -> None:
    """See that an offer ends after now, within the longest time, and before anything it moves would begin.

    Raises:
        NotAnOffer: it does not.
    """
    first = min(w.start for leg in legs for w in (leg.before, leg.after) if w is not None)
    if not now < until <= now + LONGEST or until > first:
        latest = min(first, now + LONGEST)
        raise NotAnOffer(
            f"an answer until {until:%Y-%m-%dT%H:%MZ} is not between now and {latest:%Y-%m-%dT%H:%MZ}",
            field="until",
            fix="name an instant before the earliest start, at most 30 days ahead",
        )


def document(offer: Offer) -> dict[str, Any]:
    """Write an offer as JSON's kinds, whole."""
    found = plain(offer)
    if not isinstance(found, dict):
        msg = "an offer is a mapping"
        raise TypeError(msg)
    return found


def read_offer(found: Mapping[str, Any]) -> Offer:
    """Read what `document` wrote."""
    return Offer(
        id=found["id"], kind=Kind(found["kind"]), legs=tuple(_leg(row) for row in found["legs"]), maker=found["maker"],
        asks=found["asks"], agreed=tuple(found["agreed"]), made_at=parse_instant(found["made_at"]),
        until=parse_instant(found["until"]), became=Became(found["became"]), reason=found["reason"],
        plan=found["plan"], revision=found["revision"], said=found["said"],
    )  # fmt: skip


def _leg(row: Mapping[str, Any]) -> Leg:
    after = row["after"]
    return Leg(**{**row, "assets": tuple(row["assets"]), "before": _window(row["before"]),
                  "after": None if after is None else _window(after)})  # fmt: skip


def _window(row: Mapping[str, str]) -> Window:
    return Window(start=parse_instant(row["start"]), end=parse_instant(row["end"]))


def shown_to(offer: Offer, actor: Actor) -> dict[str, Any]:
    """Write an offer as an actor may see it: of another owner's outage the dates, and nothing else (semantics 9)."""
    whole = document(offer)
    may_answer = actor.organisation in offer.waits_for and actor.role in (OWNERS | PLANNERS)
    whole |= {"parties": sorted(offer.parties), "waits_for": list(offer.waits_for), "your_turn": may_answer,
              "yours": actor.organisation == offer.maker}  # fmt: skip
    if actor.sees_all:
        return whole
    known = {actor.organisation, OPERATOR} | ({offer.maker} if offer.maker != OPERATOR else set())
    if not offer.operators:
        known |= offer.parties
    whole["legs"] = [row if row["organisation"] == actor.organisation else _sealed(row, known) for row in whole["legs"]]
    own = {leg.outage for leg in offer.legs if leg.organisation == actor.organisation}
    for row in whole["legs"]:
        row["says"] = sealed_but(row["says"], own)
    for name in ("reason", "said"):
        whole[name] = sealed_but(whole[name], own)
    for name in ("agreed", "parties", "waits_for"):
        whole[name] = [one if one in known else ANOTHER for one in whole[name]]
    return whole


ANOTHER = "another owner"


def sealed_but(text: str, known: set[str]) -> str:
    """Give a text without the ids of outages but the known ones.

    >>> sealed_but("OTG-AAAAAAAA and OTG-BBBBBBBB", {"OTG-AAAAAAAA"})
    'OTG-AAAAAAAA and another outage'
    """
    return AN_ID.sub(lambda found: found[0] if found[0] in known else SEALED, text)


def _sealed(row: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    owner = row["organisation"] if row["organisation"] in known else ANOTHER
    return {"outage": SEALED, "organisation": owner, "category": None, "reference": None, "assets": [],
            "before": row["before"], "after": row["after"], "says": ""}  # fmt: skip
