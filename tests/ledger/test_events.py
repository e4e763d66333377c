"""What each event moves, by hand, and what the seal and the detectors show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.ledger import Need, first_fault, post, served_as
from moms.ledger import events as ev
from moms.ledger.accounts import POOL, SEASON, NotAPosting, Posting, debt_account
from moms.ledger.detect import Filed, class_inflation, denied_then_forced, hoarding, split
from moms.ledger.draft import AskedTwice, draft
from moms.ledger.prices import ClosedDay, OutsideSeason, PriceList
from moms.ledger.rules import Forfeit, LedgerRules, NotARuleSet
from moms.ledger.seal import PromiseBroken, leaf, promise, proof, proves, root, seed
from moms.ledger.season import close, decay
from tests.ledger.builders import AT, RULES, Headroom, a_booking, a_ledger, an_ask, terms

BOOKING = a_booking(price_milli=1000)


def after(*events):
    ledger = a_ledger()
    for event in events:
        ledger = post(ledger, event, at=AT)
    return ledger


def balances(ledger):
    return ledger.of("a"), ledger.balance_milli.get(SEASON, 0), ledger.balance_milli.get(POOL, 0)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (ev.cancel(BOOKING, lead_days=130, reused_permille=0, rules=RULES), (0, 0, 0)),
        (ev.cancel(BOOKING, lead_days=45, reused_permille=0, rules=RULES), (-500, 0, 500)),
        (ev.cancel(BOOKING, lead_days=3, reused_permille=400, rules=RULES), (-600, 0, 600)),
        (ev.no_show(BOOKING, rules=RULES), (-1500, 0, 1500)),
        (ev.recalled(BOOKING, lead_days=45, rules=RULES), (1000, 0, -1000)),
        (ev.recalled(BOOKING, lead_days=200, rules=RULES), (0, 0, 0)),
        (ev.used(BOOKING), (-1000, 1000, 0)),
        (ev.early_return(BOOKING, spared_milli=400, notice_h=24, rules=RULES), (-800, 800, 0)),
        (ev.early_return(BOOKING, spared_milli=400, notice_h=23, rules=RULES), (-1000, 1000, 0)),
        (ev.overrun(BOOKING, days_over=2, over_milli=70, safety_evidence=None, rules=RULES), (-1140, 1000, 140)),
        (ev.overrun(BOOKING, days_over=1, over_milli=70, safety_evidence=None, rules=RULES), (-1000, 1000, 0)),
        (ev.overrun(BOOKING, days_over=2, over_milli=70, safety_evidence="order 7", rules=RULES), (-1000, 1000, 0)),
    ],
)
def test_each_event_moves_what_the_rules_say(event, expected):
    assert balances(after(ev.book(BOOKING), event)) == expected


@pytest.mark.parametrize(("price", "expected"), [(300, (200, 300, -500)), (4000, (-500, 1000, -500))])
def test_a_move_the_operator_asked_for_is_paid_for_and_never_dearer(price, expected):
    moved = replace(BOOKING, start=9, price_milli=price)
    ledger = after(ev.book(BOOKING), ev.move_accepted(BOOKING, moved, lead_days=45, rules=RULES))
    assert balances(ledger) == expected
    assert ledger.held_milli == {"r1": min(price, 1000)}
    with pytest.raises(ev.NotMoved):
        ev.move_accepted(BOOKING, replace(moved, owner="b"), lead_days=45, rules=RULES)


@pytest.mark.parametrize(("verified", "expected"), [(True, (-1000, 1000, 0)), (False, (-3000, 1000, 2000))])
def test_a_rejected_claim_costs_its_bond_twice(verified, expected):
    claimed = ev.claim(BOOKING, evidence="ab" * 32, rules=RULES)
    ledger = after(ev.book(BOOKING), claimed, ev.claim_settled(BOOKING, verified=verified, rules=RULES))
    assert balances(ledger) == expected


def test_the_close_leaves_open_bookings_and_claims_alone():
    other = a_booking(request="r2", owner="b", price_milli=600)
    ledger = after(ev.book(BOOKING), ev.used(BOOKING), ev.book(other))
    ledger = post(ledger, close(ledger, weights={"a": 1, "b": 2}), at=AT)
    assert (ledger.of("a"), ledger.of("b")) == (-1000 + 333, -600 + 666)
    assert (ledger.balance_milli[SEASON], ledger.balance_milli[POOL]) == (600, 1)


def test_what_stands_beyond_the_cap_is_kept_as_debt_and_paid_from_income():
    ledger = after(ev.book(BOOKING), ev.no_show(BOOKING, rules=RULES))  # a owes 1500
    ledger = post(ledger, decay(ledger, weights={"a": 1, "b": 1}, season_charge_milli=800, rules=RULES), at=AT)
    assert ledger.balance_milli[debt_account("a")] == -1100  # beyond the cap of 400, not forgiven
    assert ledger.of("a") == -200  # the rest fades by half
    other = a_booking(request="r2", owner="b", price_milli=2000)
    for event in (ev.book(other), ev.used(other)):
        ledger = post(ledger, event, at=AT)
    ledger = post(ledger, close(ledger, weights={"a": 1, "b": 1}), at=AT)
    assert ledger.balance_milli[debt_account("a")] == -100
    assert ledger.of("a") == -200 + 1000 - 1000
    assert ledger.total_milli == 0


def test_a_balance_above_the_cap_goes_to_the_pool():
    ledger = after(ev.book(BOOKING), ev.recalled(BOOKING, lead_days=1, rules=RULES))
    ledger = post(ledger, decay(ledger, weights={"a": 1, "b": 1}, season_charge_milli=800, rules=RULES), at=AT)
    assert ledger.of("a") == 400  # half of 2000 is above the cap


def test_a_posting_is_a_whole_amount_between_two_accounts():
    for amount in (-1, 1.0, True):
        with pytest.raises(NotAPosting):
            Posting(debit="a", credit="b", amount_milli=amount)
    with pytest.raises(NotAPosting):
        Posting(debit="a", credit="a", amount_milli=1)


def test_rules_under_which_late_is_cheaper_are_refused():
    with pytest.raises(NotARuleSet, match="forfeits"):
        LedgerRules(forfeits=(Forfeit(least_lead_days=30, permille=500), Forfeit(least_lead_days=0, permille=400)))
    with pytest.raises(NotARuleSet, match="no-show"):
        LedgerRules(no_show_permille=900)


def test_days_without_a_price_cannot_be_bought():
    prices = PriceList(price=(1, None, 2), rules_version="1")
    assert prices.of(size_kw=10, start=2, days=1) == 20
    with pytest.raises(ClosedDay):
        prices.of(size_kw=10, start=0, days=2)
    with pytest.raises(OutsideSeason):
        prices.of(size_kw=10, start=2, days=2)


def test_waiting_raises_the_class_and_nothing_else_does():
    ask = an_ask(need=Need.FREE)
    served = [served_as(replace(ask, unserved_seasons=n), rules=RULES) for n in range(6)]
    assert served == [Need.FREE, Need.FREE, Need.DUE, Need.DUE, Need.DEADLINE, Need.DEADLINE]


def test_the_least_used_for_its_need_picks_first():
    """B has as much to do as a and owes credits; c has nothing to do: a, b, c, whatever the names."""
    asks = [an_ask(f"r{o}", o, days=1) for o in "abc"]
    hall = Headroom({a.id: a for a in asks}, (300,) * 12)
    turns = draft(asks, hall=hall, terms=terms({"a": 2, "b": 2, "c": 0}, opening={"b": -500, "c": 10**6})).turns
    assert [t.owner for t in turns] == ["a", "b", "c"]
    assert [t.key for t in turns] == ["0", "250", "last"]


def test_an_id_asked_for_twice_is_refused():
    with pytest.raises(AskedTwice):
        draft([an_ask(), an_ask()], hall=Headroom({}, (1,)), terms=terms({"a": 1}))


@given(st.lists(st.text(max_size=4), min_size=1, max_size=9, unique=True), st.data())
def test_an_owner_can_show_that_its_ask_is_under_the_root(salts, data):
    leaves = [leaf(an_ask(), salt=one) for one in salts]
    top, mine = root(leaves), data.draw(st.sampled_from(leaves))
    assert root(leaves[::-1]) == top
    assert proves(proof(leaves, mine), mine, of=top)
    foreign = leaf(an_ask("other"), salt="")
    assert not proves(proof(leaves, mine), foreign, of=top)
    assert root([*leaves, foreign]) != top


def test_the_seed_is_of_the_promised_number_and_of_what_was_asked():
    promised = promise("n")
    assert seed(gate_root="x", nonce="n", promised=promised) != seed(gate_root="y", nonce="n", promised=promised)
    with pytest.raises(PromiseBroken):
        seed(gate_root="x", nonce="m", promised=promised)


def test_a_changed_hash_shows():
    entries = list(after(ev.book(BOOKING), ev.used(BOOKING)).entries)
    assert first_fault([replace(entries[0], hash="0" * 64), entries[1]]) == 1
    assert first_fault([entries[0], replace(entries[1], previous="0" * 64)]) == 2


def filed(request, **changes):
    given = {"owner": "a", "asset": "gen:1", "work_order": "w", "start": 0, "end": 5, "firm": False, **changes}
    return Filed(request=request, **given)


def test_hoarding_is_more_than_one_firm_and_two_tentative():
    places = [filed("r1", firm=True), filed("r2"), filed("r3")]
    assert hoarding(places, rules=RULES) == ()
    assert hoarding([*places, filed("r4", live=False)], rules=RULES) == ()
    assert hoarding([*places, filed("r4")], rules=RULES)[0].requests == ("r1", "r2", "r3", "r4")


def test_a_job_in_pieces_is_seen():
    assert split([filed("r1"), filed("r2", start=6, end=9)])[0].requests == ("r1", "r2")
    assert split([filed("r1"), filed("r2", start=60, end=63), filed("r3", start=6, end=9, work_order="v")]) == ()


def test_denied_work_that_comes_back_as_forced_is_seen():
    was, now = filed("r1", denied=True), filed("r2", forced=True, start=20, end=22)
    assert denied_then_forced([was, now])[0].requests == ("r1", "r2")
    assert denied_then_forced([was, replace(now, start=99)]) == ()
    assert denied_then_forced([was, replace(now, asset="gen:2")]) == ()


def test_who_claims_more_deadlines_than_peers_is_seen_and_an_honest_owner_is_not():
    honest = {f"o{k}": (3, 30) for k in range(6)}
    assert class_inflation(honest) == ()
    assert [s.owner for s in class_inflation({**honest, "liar": (20, 30)})] == ["liar"]
