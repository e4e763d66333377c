"""The twenty invariants of the Ledgered Draft, each under its name."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.ledger import Need, Queued, batch, draft, first_fault, may_start, post, replayed, served_as, worse_off
from moms.ledger import events as ev
from moms.ledger.asks import OwnedAsset, need_weights
from moms.ledger.enter import booking_of, entered
from moms.ledger.prices import with_notice
from moms.ledger.season import close, decay, incomes
from moms.values import canonical
from tests.ledger.builders import AT, DAYS, EVIDENCE, RULES, Headroom, a_booking, a_ledger, an_ask, seasons, terms

WEIGHTS = {"a": 3, "b": 1, "c": 0}


def lead():
    return st.integers(0, 200)


@st.composite
def bookings(draw):
    return a_booking(
        request=f"r{draw(st.integers(0, 5))}",
        owner=draw(st.sampled_from("abc")),
        size_kw=draw(st.integers(0, 10_000)),
        days=draw(st.integers(1, 30)),
        price_milli=draw(st.integers(0, 10**6)),
    )


@st.composite
def lives(draw):
    """Events in any order, sensible or not: the ledger must balance whatever is posted."""
    one, other = draw(bookings()), draw(bookings())
    moved = replace(one, start=5, price_milli=other.price_milli)
    days = draw(lead())
    return draw(
        st.sampled_from(
            [
                ev.book(one),
                ev.used(one),
                ev.cancel(one, lead_days=days, reused_permille=draw(st.integers(0, 1000)), rules=RULES),
                ev.no_show(one, rules=RULES),
                ev.recalled(one, lead_days=days, rules=RULES),
                ev.move_accepted(one, moved, lead_days=days, rules=RULES),
                ev.early_return(one, spared_milli=other.price_milli, notice_h=draw(st.integers(0, 48)), rules=RULES),
                ev.overrun(one, days_over=draw(st.integers(0, 9)), over_milli=77, safety_evidence=None, rules=RULES),
                ev.duration_score(one, actual_h=draw(st.integers(0, 99)), p50_h=50, p90_h=70),
                ev.claim(one, evidence=EVIDENCE, rules=RULES),
                ev.claim_settled(one, verified=draw(st.booleans()), rules=RULES),
            ]
        )
    )


@given(st.lists(lives(), max_size=12), st.integers(0, 10**6))
def test_zero_sum(life, charge):
    ledger = a_ledger()
    for event in life:
        ledger = post(ledger, event, at=AT)
        assert ledger.total_milli == 0
    ledger = post(ledger, close(ledger, weights=WEIGHTS), at=AT)
    assert ledger.total_milli == 0
    ledger = post(ledger, decay(ledger, weights=WEIGHTS, season_charge_milli=charge, rules=RULES), at=AT)
    assert ledger.total_milli == 0
    assert all(type(one) is int for one in ledger.balance_milli.values())


class Remembers(Headroom):
    """A hall that keeps every question it was asked, with its answer."""

    answers: dict = {}  # noqa: RUF012 - shared on purpose: two drafts ask one memory

    def blocked(self, taken, request, start):
        answer = super().blocked(taken, request, start)
        assert all(type(one) is int for one in taken.values())
        assert self.answers.setdefault((frozenset(taken.items()), request, start), answer) == answer
        return answer


@given(seasons(), st.randoms(use_true_random=False))
def test_feasibility_ignores_ledger(season, rng):
    """Shuffle the balances: turns may change, but no answer about what fits, and no plan exceeds a limit."""
    asks, hall, given_terms = season
    Remembers.answers = {}
    balances = list(given_terms.opening_milli.values())
    rng.shuffle(balances)
    shuffled = dict(zip(given_terms.opening_milli, balances, strict=True))
    for opening in (given_terms.opening_milli, shuffled, dict.fromkeys(shuffled, -(10**9))):
        plan = draft(asks, hall=Remembers(hall.asks, hall.kw), terms=replace(given_terms, opening_milli=opening))
        assert all(out <= most for out, most in zip(hall.load(plan.starts), hall.kw, strict=True))


def test_feasibility_cannot_reach_a_balance():
    """The rooms below the ledger do not import it, and the hall's one question carries starts alone."""
    import inspect

    from moms.ledger.draft import Hall

    assert list(inspect.signature(Hall.blocked).parameters) == ["self", "taken", "request", "start"]


@given(seasons(), st.randoms(use_true_random=False))
def test_replay_bitwise(season, rng):
    asks, hall, given_terms = season
    first = draft(asks, hall=hall, terms=given_terms)
    other_order = list(asks)
    rng.shuffle(other_order)
    assert canonical(draft(other_order, hall=hall, terms=given_terms)) == canonical(first)
    ledger = entered(a_ledger(), first, asks=hall.asks, rules=RULES.fingerprint, at=AT)
    assert canonical(replayed(ledger)) == canonical(ledger)


@given(st.lists(lives(), min_size=2, max_size=6), st.data())
def test_chain_tamper_detected(life, data):
    ledger = a_ledger()
    for event in life:
        ledger = post(ledger, event, at=AT)
    entries = list(ledger.entries)
    assert first_fault(entries) is None
    k = data.draw(st.integers(0, len(entries) - 2))
    changed = replace(entries[k], event=replace(entries[k].event, name="other"))
    assert first_fault([*entries[:k], changed, *entries[k + 1 :]]) == k + 1
    assert first_fault([*entries[:k], *entries[k + 1 :]]) == k + 1
    assert first_fault([*entries[:k], entries[k + 1], entries[k], *entries[k + 2 :]]) == k + 1
    assert first_fault([*entries, entries[-1]]) == len(entries) + 1


def order_of(ask, given_terms):
    """The order in which an ask's starts are tried, from the rule's words."""
    price = given_terms.prices.price
    open_ = [s for s in ask.starts if None not in price[s : s + ask.days]]
    wanted = [s for s in ask.preferences if s in open_]
    rest = [s for s in open_ if s not in ask.preferences]
    rest.sort(key=lambda s: (sum(price[s : s + ask.days]), abs(s - ask.preferences[0]), s))
    return wanted + rest


@given(seasons())
def test_sequence_respect(season):
    asks, hall, given_terms = season
    taken: dict[str, int] = {}
    for turn in draft(asks, hall=hall, terms=given_terms).turns:
        fits = [
            s for s in order_of(hall.asks[turn.request], given_terms) if hall.blocked(taken, turn.request, s) is None
        ]
        assert turn.start == (fits[0] if fits else None)
        if turn.start is not None:
            taken[turn.request] = turn.start


@given(seasons())
def test_no_justified_envy(season):
    """At each turn the one who picks has the least key of all who still want something of that class."""
    asks, hall, given_terms = season
    result = draft(asks, hall=hall, terms=given_terms)
    charged: dict[str, int] = {}
    left = {a.id: a for a in asks}
    for turn in result.turns:
        here = {a.owner for a in left.values() if served_as(a, rules=RULES) is turn.need}
        keys = {o: own_key(o, charged, given_terms) for o in here}
        assert keys[turn.owner] == min(keys.values())
        mine = [a for a in left.values() if a.owner == turn.owner and served_as(a, rules=RULES) is turn.need]
        assert turn.request == min(mine, key=lambda a: (a.rank, a.id)).id
        charged[turn.owner] = charged.get(turn.owner, 0) + turn.price_milli
        del left[turn.request]


def own_key(owner, charged, given_terms):
    weight = given_terms.weights[owner]
    if not weight:
        return (1, Fraction(0), given_terms.lot(owner))
    return (0, Fraction(charged.get(owner, 0) - given_terms.opening_milli[owner], weight), given_terms.lot(owner))


@given(seasons())
def test_non_wasteful(season):
    asks, hall, given_terms = season
    result = draft(asks, hall=hall, terms=given_terms)
    for name in result.waiting:
        assert all(hall.blocked(result.starts, name, s) for s in order_of(hall.asks[name], given_terms))


class NeedsCompany:
    """A hall that is not monotone: the second request fits only beside the first."""

    def blocked(self, taken, request, _start):
        return None if request == "z" or "z" in taken else "insecure alone"


def test_non_wasteful_where_security_is_not_monotone():
    asks = [an_ask("y", "a", need=Need.DUE), an_ask("z", "b", need=Need.FREE)]
    result = draft(asks, hall=NeedsCompany(), terms=terms({"a": 1, "b": 1}))
    assert result.starts == {"z": 0, "y": 0}
    assert result.waiting == ()


class Tied:
    """A hall in which two are placed together or not at all, and little room for anybody else."""

    def __init__(self, asks, kw):
        self.hall, self.pair = Headroom({a.id: a for a in asks}, kw), ("g1", "g2")

    def blocked(self, taken, request, start):
        both = dict.fromkeys(self.pair, start) if request in self.pair else {request: start}
        held = {**taken, **({n: taken[p] for p in self.pair if p in taken for n in self.pair})}
        return next((w for n in both if n not in held and (w := self.hall.blocked(held, n, both[n]))), None)


def test_a_group_takes_all_its_turns_at_once_and_is_charged_for_each():
    """Else a group would be a way of picking twice before the others pick once."""
    grouped = [an_ask(f"g{k}", "a", rank=k, days=1, group="bay 7", flex=(1,)) for k in (1, 2)]
    asks = [*grouped, an_ask("a3", "a", rank=3, days=1, flex=(1,)), an_ask("b1", "b", days=1, flex=(1,))]
    order = {"a": "0", "b": "1"}
    given = terms({"a": 1, "b": 1}, lot=lambda name: order.get(name, name))
    result = draft(asks, hall=Tied(asks, (200, 100, *[0] * (DAYS - 2))), terms=given)
    assert [t.request for t in result.turns] == ["g1", "g2", "b1", "a3"]
    assert result.starts == {"g1": 0, "g2": 0, "b1": 1}
    alone = draft([replace(a, group=None) for a in asks], hall=Tied(asks, (200, 100, *[0] * (DAYS - 2))), terms=given)
    assert [t.request for t in alone.turns][:2] == ["g1", "b1"]


@given(seasons(), st.data())
def test_groups_leave_the_draft_what_it_is(season, data):
    """With groups: one turn each but for the sweep, each pick the first that fits, nothing wasted, no limit passed."""
    asks, hall, given_terms = season
    asks = [replace(a, group=data.draw(st.sampled_from([None, "g", "h"]))) for a in asks]
    hall = Headroom({a.id: a for a in asks}, hall.kw)
    result = draft(asks, hall=hall, terms=given_terms)
    taken: dict[str, int] = {}
    for turn in result.turns:
        fits = [
            s for s in order_of(hall.asks[turn.request], given_terms) if hall.blocked(taken, turn.request, s) is None
        ]
        assert turn.start == (fits[0] if fits else None)
        if turn.start is not None:
            taken[turn.request] = turn.start
            assert all(out <= most for out, most in zip(hall.load(taken), hall.kw, strict=True))
    assert {t.request for t in result.turns} == {a.id for a in asks}
    placed = [t.request for t in result.turns if t.start is not None]
    assert len(placed) == len(set(placed)) == len(result.starts)
    for name in result.waiting:
        assert all(hall.blocked(result.starts, name, s) for s in order_of(hall.asks[name], given_terms))
    shuffled = data.draw(st.permutations(asks))
    assert canonical(draft(shuffled, hall=hall, terms=given_terms)) == canonical(result)


def test_every_invariant_of_the_design_is_here_under_its_name():
    root = Path(__file__).resolve().parents[2]
    told = re.findall(r"I(\d+) `(\w+)`", (root / "docs" / "formulations" / "ledger.md").read_text(encoding="utf-8"))
    assert [int(number) for number, _ in told] == list(range(1, 21))
    assert [name for _, name in told if f"test_{name}" not in globals()] == []


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=6), st.integers(1, 6), st.integers(0, 30))
def test_split_invariance(sizes, days, notice):
    prices = terms({}, prices=(1, 2, 4, 8, 1, 2)).prices
    whole = prices.of(size_kw=sum(sizes), start=0, days=days)
    assert whole == sum(prices.of(size_kw=s, start=0, days=days) for s in sizes)
    assert whole == sum(prices.of(size_kw=sum(sizes), start=d, days=1) for d in range(days))
    surcharged = with_notice(whole, lead_days=notice, rules=RULES)
    parts = [with_notice(prices.of(size_kw=s, start=0, days=days), lead_days=notice, rules=RULES) for s in sizes]
    assert surcharged <= sum(parts) < surcharged + len(sizes)  # rounding up: splitting never gains


@given(st.integers(0, 10**9), st.lists(st.integers(0, 1000), min_size=1, max_size=5), st.integers(0, 1000))
def test_sybil_invariance(total, parts, others):
    merged = incomes(total, {"a": sum(parts), "z": others})["a"]
    split = incomes(total, {**{f"a{k}": p for k, p in enumerate(parts)}, "z": others})
    gained = sum(v for k, v in split.items() if k != "z")
    assert merged - len(parts) < gained <= merged


@given(bookings(), lead(), st.integers(0, 1000))
def test_book_cancel_nonpositive(booking, days, reused):
    ledger = post(a_ledger(), ev.book(booking), at=AT)
    ledger = post(ledger, ev.cancel(booking, lead_days=days, reused_permille=reused, rules=RULES), at=AT)
    assert ledger.of(booking.owner) <= 0
    assert booking.request not in ledger.held_milli


@given(bookings(), lead(), lead(), st.integers(0, 1000))
def test_cancel_monotone(booking, one, other, reused):
    early, late = max(one, other), min(one, other)
    lost = [ev.forfeit_milli(booking, lead_days=d, reused_permille=reused, rules=RULES) for d in (early, late)]
    assert lost[0] <= lost[1] <= booking.price_milli


@given(bookings(), lead())
def test_recall_never_hurts(booking, days):
    ledger = post(a_ledger(), ev.book(booking), at=AT)
    ledger = post(ledger, ev.recalled(booking, lead_days=days, rules=RULES), at=AT)
    assert ledger.of(booking.owner) >= 0
    if days < 7:
        assert ledger.of(booking.owner) == 2 * booking.price_milli


@given(seasons(), st.randoms(use_true_random=False))
def test_anonymity(season, rng):
    """Owners under other names, with the lots that went with them, get the same places."""
    asks, hall, given_terms = season
    names = sorted(given_terms.weights)
    other = dict(zip(names, rng.sample(names, len(names)), strict=True))
    back = {new: old for old, new in other.items()}
    renamed = [replace(a, owner=other[a.owner]) for a in asks]
    again = replace(
        given_terms,
        weights={other[o]: w for o, w in given_terms.weights.items()},
        opening_milli={other[o]: b for o, b in given_terms.opening_milli.items()},
        lot=lambda name: given_terms.lot(back.get(name, name)),
    )
    assert draft(renamed, hall=hall, terms=again).starts == draft(asks, hall=hall, terms=given_terms).starts


@settings(max_examples=40)
@given(seasons())
def test_pareto_step_no_worse(season):
    """Of all plans made of the starts that the optimiser is given, none serves any request worse."""
    asks, hall, given_terms = season
    result = draft(asks[:5], hall=hall, terms=given_terms)
    allowed = {a.id: may_start(a, drafted=result.starts.get(a.id), prices=given_terms.prices) for a in asks[:5]}
    order = {a.id: order_of(a, given_terms) for a in asks[:5]}
    for starts in product(*(allowed[name] for name in result.starts)):
        plan = dict(zip(result.starts, starts, strict=True))
        assert worse_off(asks[:5], drafted=result.starts, planned=plan, prices=given_terms.prices) == ()
        assert all(order[n].index(plan[n]) <= order[n].index(result.starts[n]) for n in plan)
    for name, start in result.starts.items():
        later = order[name][order[name].index(start) + 1 :]
        without = {k: v for k, v in result.starts.items() if k != name}
        for plan in [without, *({**result.starts, name: s} for s in later)]:
            assert name in worse_off(asks[:5], drafted=result.starts, planned=plan, prices=given_terms.prices)


@settings(max_examples=40)
@given(st.integers(2, 4), st.data())
def test_bounded_wait(places, data):
    """Where deadlines and those who wait fit into the places together, nobody waits for more than four seasons."""
    waiting = [an_ask(f"old{k}", "z", need=Need.FREE, days=1) for k in range(data.draw(st.integers(0, places // 2)))]
    born = {a.id: 0 for a in waiting}
    for season in range(8):
        hard = data.draw(st.integers(0, places - places // 2))
        fresh = [
            an_ask(f"s{season}n{k}", data.draw(st.sampled_from("abz")), days=1, rank=k,
                   need=Need.DEADLINE if k < hard else data.draw(st.sampled_from([Need.DUE, Need.FREE])))
            for k in range(places)
        ]  # fmt: skip
        born.update({a.id: season for a in fresh})
        asks = [replace(a, unserved_seasons=season - born[a.id]) for a in (*waiting, *fresh)]
        hall = Headroom({a.id: a for a in asks}, (100 * places,) + (0,) * (DAYS - 1))
        result = draft(asks, hall=hall, terms=terms({"a": 9, "b": 9, "z": 1}))
        waiting = [a for a in asks if a.id in result.waiting]
        assert all(season - born[a.id] < 4 for a in waiting)


@given(st.integers(0, 5), st.integers(0, 5), st.sampled_from(["a", "b"]))
def test_released_slot_waitlist_first(early, late, friend):
    """Whoever released the place cannot pass it to a friend who files in the same second, nor to itself."""
    waits, fresh = an_ask("w", "c", days=1), an_ask("f", friend, days=1)
    hall = Headroom({"w": waits, "f": fresh}, (100,) + (0,) * (DAYS - 1))
    queue = [Queued(ask=fresh, batch=min(early, late), waits=False), Queued(ask=waits, batch=late, waits=True)]
    given_terms = terms({"a": 9, "b": 9, "c": 1}, opening={"c": -500})
    got = batch(queue, taken={}, charged_milli={}, hall=hall, terms=given_terms)
    assert [one.request for one in got] == ["w"]


def test_pinball_truthful():
    """Among forecasts of a log-normal duration, the true P50 and P90 cost least (Monte Carlo, 4,000 draws)."""
    rng = random.Random(7)
    actual = [round(240 * rng.lognormvariate(0, 0.3)) for _ in range(4000)]
    ranked = sorted(actual)
    true = {500: ranked[len(ranked) // 2], 900: ranked[int(0.9 * len(ranked))]}
    for tau, quantile in true.items():
        cost = {q: sum(ev.pinball_permille(a, q, tau) for a in actual) for q in range(quantile - 60, quantile + 61, 4)}
        assert abs(min(cost, key=cost.get) - quantile) <= 4
        assert cost[quantile - 60] > cost[quantile] < cost[quantile + 60]
    booking = a_booking(size_kw=1000)
    owed = {
        (p50, p90): sum(
            p.amount_milli
            for a in actual
            for p in ev.duration_score(booking, actual_h=a, p50_h=p50, p90_h=p90).postings
        )
        for p50 in (true[500] - 40, true[500], true[500] + 40)
        for p90 in (true[900] - 40, true[900], true[900] + 40)
    }
    assert min(owed, key=owed.get) == (true[500], true[900])


@given(seasons(), st.data())
def test_extra_acceptable_window_never_unserves(season, data):
    asks, hall, given_terms = season
    before = draft(asks, hall=hall, terms=given_terms)
    k = data.draw(st.integers(0, len(asks) - 1))
    more = replace(asks[k], flex=(*asks[k].flex, data.draw(st.integers(0, DAYS - asks[k].days))))
    changed = [*asks[:k], more, *asks[k + 1 :]]
    after = draft(changed, hall=Headroom({a.id: a for a in changed}, hall.kw), terms=given_terms)
    assert more.id in after.starts or more.id not in before.starts


@given(seasons())
def test_overload_never(season):
    """Out is at most the headroom on every day, after every entry of the ledger."""
    asks, hall, given_terms = season
    result = draft(asks, hall=hall, terms=given_terms)
    ledger = entered(a_ledger(), result, asks=hall.asks, rules=RULES.fingerprint, at=AT)
    made = {b.request: b.start for t in result.turns if (b := booking_of(t, hall.asks))}
    taken = {}
    for entry in ledger.entries:
        taken[entry.event.request] = made[entry.event.request]
        assert all(out <= most for out, most in zip(hall.load(taken), hall.kw, strict=True))
    assert taken == dict(result.starts)


@pytest.mark.parametrize("evidence", [None, "", "ab" * 31, "AB" * 32, "xy" * 32])
def test_class_claim_needs_evidence_hash(evidence):
    with pytest.raises(ev.ClaimedWithoutEvidence, match="r1 claims a deadline"):
        an_ask(need=Need.DEADLINE, evidence=evidence)
    with pytest.raises(ev.ClaimedWithoutEvidence):
        ev.claim(a_booking(), evidence=evidence, rules=RULES)
    assert an_ask(need=Need.DEADLINE, evidence=EVIDENCE).need is Need.DEADLINE


@given(st.lists(st.integers(0, 400), min_size=1, max_size=4), st.integers(0, 1000))
def test_need_comes_from_what_is_owned_and_shrinks_with_what_is_not_used(years, used):
    assets = [OwnedAsset(owner="a", size_kw=100, standard_days_a_year=tuple(years))]
    whole = need_weights(assets, used_permille={}, rules=RULES)["a"]
    assert whole == 100 * sum(years) // len(years)
    assert need_weights(assets, used_permille={"a": used}, rules=RULES)["a"] == whole * min(used, 800) // 800
