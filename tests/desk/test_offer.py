"""What may follow what in an offer: held against a plain re-telling of who agreed to which windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from moms.desk.offer import (
    Became,
    Kind,
    Leg,
    NotOpen,
    Offer,
    agreed,
    countered,
    document,
    ended,
    read_offer,
    shown_to,
    started,
)
from moms.values import Actor, Refused, Role, Window
from tests.desk.worlds import DAY, NOW, START

PARTIES = ("operator", "TO-1", "TO-2", "TO-3")
DAY_ONE = Window(start=START, end=START + DAY)


def a_leg(owner: str, *, by: float | None = 2) -> Leg:
    after = None if by is None else started(DAY_ONE, START + by * DAY)
    return Leg(outage=f"OTG-{owner}", organisation=owner, category="transmission", reference=f"ref {owner}",
               assets=(f"line of {owner}",), before=DAY_ONE, after=after, says=f"said to {owner}")  # fmt: skip


def an_offer(*owners: str, maker: str = "operator", **changes: object) -> Offer:
    kind = Kind.MOVE if len(owners) == 1 else Kind.SWAP
    base = Offer(id="OF-1", kind=kind, legs=tuple(a_leg(o) for o in owners), maker=maker, asks="", agreed=(maker,),
                 made_at=NOW, until=NOW + DAY, became=Became.OFFERED, reason="r", plan="")  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]  # tests name fields


DEEDS = st.lists(
    st.tuples(st.sampled_from(("agree", "counter", "decline", "lapse")), st.sampled_from(PARTIES), st.integers(1, 9)),
    max_size=12,
)


@settings(deadline=None)
@given(DEEDS, st.sampled_from((("TO-1",), ("TO-1", "TO-2"))))
def test_no_sequence_of_deeds_completes_an_offer_without_every_owners_word_on_its_last_windows(deeds, owners):
    offer = an_offer(*owners)
    word = {"operator": tuple(one.after for one in offer.legs)}
    for verb, party, days in deeds:
        try:
            if verb == "agree":
                offer = agreed(offer, party)
                word[party] = tuple(one.after for one in offer.legs)
            elif verb == "counter":
                legs = tuple(replace(one, after=started(one.before, START + days * DAY)) for one in offer.legs)
                offer = countered(offer, party, legs=legs, reason="other days")
                word[party] = tuple(one.after for one in offer.legs)
            else:
                offer = ended(offer, Became.DECLINED if verb == "decline" else Became.LAPSED, said="over")
        except Refused:
            continue
        now = tuple(one.after for one in offer.legs)
        if offer.open and not offer.waits_for:
            assert all(word.get(p) == now for p in ("operator", *owners)), "each agreed to these very windows"
            return
    assert offer.waits_for or not offer.open


@settings(deadline=None)
@given(DEEDS)
def test_what_is_settled_stays_settled(deeds):
    offer = ended(an_offer("TO-1"), Became.DECLINED, said="no")
    for verb, party, _ in deeds:
        with pytest.raises(NotOpen):
            if verb == "agree":
                agreed(offer, party)
            elif verb == "counter":
                countered(offer, party, legs=offer.legs, reason="x")
            else:
                ended(offer, Became.LAPSED, said="x")


def test_a_stranger_can_agree_to_nothing():
    with pytest.raises(NotOpen):
        agreed(an_offer("TO-1"), "TO-3")


@pytest.mark.parametrize(
    "offer", [an_offer("TO-1"), an_offer("TO-1", maker="TO-1", asks="TO-2", legs=(a_leg("TO-1", by=None),))]
)
def test_an_offer_is_read_back_as_it_was_written(offer):
    assert read_offer(document(offer)) == offer


@settings(deadline=None)
@given(st.sampled_from(("operator", "TO-1")), st.sampled_from(tuple(Role)))
def test_an_owner_is_shown_nothing_of_the_other_outage_but_its_dates(maker, role):
    offer = an_offer("TO-1", "TO-2", maker=maker)
    if role in {Role.SYSTEM, Role.PUBLIC}:
        return
    seen = shown_to(offer, Actor(name="bob", organisation="TO-2", role=role))
    other = next(row for row in seen["legs"] if row["outage"] != "OTG-TO-2")
    told = str({k: v for k, v in other.items() if k not in {"before", "after", "organisation"}})
    assert "TO-1" not in told
    assert other["before"] is not None
    if maker == "operator":
        assert "TO-1" not in str(seen)


def test_the_longest_wait_is_thirty_days():
    from moms.desk.offer import NotAnOffer, check_until

    far = (replace(a_leg("TO-1"), before=DAY_ONE.moved(90 * DAY), after=DAY_ONE.moved(99 * DAY)),)
    check_until(NOW + 30 * DAY, now=NOW, legs=far)
    with pytest.raises(NotAnOffer):
        check_until(NOW + 30 * DAY + timedelta(minutes=1), now=NOW, legs=far)
