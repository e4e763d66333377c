"""Where equipment lies, who hears of it by area, and the plan of who is told what and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import pytest

from moms.desk import notices as desk
from moms.desk import settle, submit
from moms.desk.communication import communication
from moms.desk.notices import NotASubscription
from moms.exchange.rulebook import BadRuleBook, read_rule_book, rule_document
from moms.grid import Zones
from moms.records.notices import Channel, Subscription
from moms.records.told import EscalationRow, NoticeRules, PlanRow, Severity, Side
from moms.store.notices import PostgresNotices
from moms.values import SYSTEM, Actor, Role
from tests.desk.worlds import DAY, NOW, OWNER, START, a_world, ask
from tests.postgres import book, database, servers

__all__ = ["book", "database", "servers"]
EVE = Actor(name="eve", organisation="operator", role=Role.ENGINEER)
ESCALATION = (EscalationRow(silent=Side.OPERATOR, severity=Severity.URGENT, after_min=10, role=Role.PLANNER),)


@cache
def zoned():
    """Give a world whose buses lie by turns in three zones of two regions, and one bus outside."""
    world = a_world()
    grid, buses = world.grid, world.grid.network.buses
    nothing = np.zeros(3)
    zones = Zones(name=("Z1", "Z2", "Z3"), region=("North", "North", "South"), import_limit_mw=nothing,
                  export_limit_mw=nothing, firm_import_mw=nothing, firm_export_mw=nothing,
                  region_import_limit_mw={})  # fmt: skip
    where = np.arange(len(buses)) % 3
    where[-1] = -1
    network = replace(grid.network, buses=replace(buses, zone=where))
    return replace(world, grid=replace(grid, network=network, zones=zones))


def test_areas_are_those_of_every_end_of_all_that_goes_out_by_reading_the_grid_row_by_row():
    world = zoned()
    net, zones = world.grid.network, world.grid.zones
    seen = set()
    for number in range(1, len(net.branches) + 1):
        asset = f"branch:{number}"
        if world.unknown(ask(asset)):
            continue
        rows = world.branches(ask(asset))
        ends = {int(net.branches.from_bus[r]) for r in rows} | {int(net.branches.to_bus[r]) for r in rows}
        inside = {int(net.buses.zone[b]) for b in ends} - {-1}
        wanted = sorted({zones.name[z] for z in inside} | {zones.region[z] for z in inside})
        assert list(world.areas(ask(asset)) or ()) == wanted, asset
        seen.add(tuple(wanted))
    assert len(seen) > 2
    assert world.all_areas == ("North", "South", "Z1", "Z2", "Z3")


def bare():
    """Give the same world without zones."""
    return replace(zoned(), grid=replace(zoned().grid, zones=None))


def test_where_the_grid_does_not_say_where_it_lies_nothing_is_said():
    assert bare().areas(ask()) is None
    assert bare().all_areas == ()
    assert zoned().areas(ask("branch:99999")) is None


def follow(database, **changes):
    notices, known = PostgresNotices(database.engine()), zoned().all_areas
    wanted = Subscription(id="s1", organisation="operator", person="eve", sees_all=True, **changes)
    desk.follow(notices=notices, actor=EVE, now=NOW, subscription=wanted, known=known)


def personal(database):
    """Give the outages of which eve was told because she had asked."""
    notices = PostgresNotices(database.engine())
    return [k.notice.body["reference"] for k in desk.inbox(notices=notices, actor=EVE) if k.notice.person == "eve"][
        ::-1
    ]


def filed(book, reference, asset, *, world):
    request = replace(ask(asset), external_id=reference)
    return submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=request).outage


def test_who_asks_by_area_hears_of_what_lies_there_and_of_what_lies_nobody_knows_where(database, book):
    world = zoned()
    of_area = {asset: world.areas(ask(asset)) for asset in ("branch:3", "branch:4", "branch:5", "branch:6")}
    area = "Z3"
    follow(database, areas=(area,), verbs=("submit",))
    for asset in of_area:
        filed(book, asset, asset, world=world)
    filed(book, "nowhere", "branch:7", world=bare())
    wanted = [asset for asset, areas in of_area.items() if area in (areas or ())]
    assert 0 < len(wanted) < 4
    assert personal(database) == [*wanted, "nowhere"]


def test_an_area_that_the_grid_does_not_have_is_refused_with_those_it_has(database):
    with pytest.raises(NotASubscription) as why:
        follow(database, areas=("Z9",))
    assert (why.value.field, "Z1" in (why.value.fix or "")) == ("area", True)


def test_the_plan_of_an_outage_names_each_instant_its_word_and_who_hears_of_it(database, book):
    rules = replace(zoned().rules, notices=NoticeRules(escalation=ESCALATION))
    world = replace(zoned(), rules=rules)
    outage = filed(book, "a", "branch:3", world=world)
    settle.decide(book=book, world=world, now=NOW, outage_id=outage.id, asked_by=SYSTEM)
    with book.as_(SYSTEM) as page:
        outage = page.outage(outage.id)
        record = page.decision(outage.decision_id)
    following = [
        Subscription(id="s1", organisation="operator", person="eve", sees_all=True, channel=Channel.SMS,
                     target="+13175550100", severity=Severity.URGENT),
        Subscription(id="s2", organisation="TO-2", person="bob"),
        Subscription(id="s3", organisation="operator", person="eve", sees_all=True, assets=("branch:9",)),
    ]  # fmt: skip
    found = communication(outage, record=record, world=world, now=NOW, following=following)
    assert [(r["at"], r["word"]) for r in found["by_clock"]] == [
        (START - DAY, "remind_start"), (START, "overdue_start"), (START + DAY, "expire"),
    ]  # fmt: skip
    hears = {r["word"]: {(h["organisation"], h["role"]) for h in r["to"]} for r in found["by_clock"]}
    assert hears["remind_start"] == {("TO-1", "owner"), ("TO-1", "agent")}
    assert found["areas"] == list(world.areas(outage.request))
    assert [(r["after_min"], r["role"], r["silent"]) for r in found["next"]] == [(10, "planner", "operator")]
    assert [(r["person"], r["channel"]) for r in found["following"]] == [("eve", "sms")]
    assert "+1317" not in str(found), "an address stays with who gave it"


def test_who_is_told_is_the_rule_books_and_a_deed_goes_by_the_book_of_its_day(database, book):
    rows = (*NoticeRules().told, PlanRow(name="planner", side=Side.OPERATOR, role=Role.PLANNER, words=("submit",)))
    world = replace(zoned(), rules=replace(zoned().rules, notices=NoticeRules(told=rows)))
    filed(book, "before", "branch:3", world=zoned())
    filed(book, "after", "branch:4", world=world)
    pat = Actor(name="pat", organisation="operator", role=Role.PLANNER)
    found = desk.inbox(notices=PostgresNotices(database.engine()), actor=pat)
    assert [k.notice.body["reference"] for k in found] == ["after"]


def following(**changes):
    return {"silent": "operator", "severity": "urgent", "after_min": 5, "role": "planner", **changes}


def hearing(**changes):
    return {"name": "x", "side": "operator", "role": "engineer", **changes}


@pytest.mark.parametrize(
    ("section", "field"),
    [
        ({"escalation": [following(severity="info")]}, "severity"),
        ({"escalation": [following(after_min=0)]}, "after_min"),
        ({"escalation": [following(silent="owner", role="owner")]}, "role"),
        ({"escalation": [following(silent="nobody")]}, "silent"),
        ({"escalation": [following(), following(after_min=9)]}, "escalation"),
        ({"told": [hearing(words=["sumbit"])]}, "words"),
        ({"told": [hearing(side="owner")]}, "role"),
        ({"told": [hearing(), hearing()]}, "told"),
        ({"told": [hearing(name="a:b")]}, "name"),
    ],
)
def test_a_rule_book_that_would_tell_nobody_or_twice_is_refused_with_the_field(section, field):
    document = dict(rule_document("miso-demo-1"))
    document["notices"] = {name: {"value": value, "source": "test"} for name, value in section.items()}
    with pytest.raises(BadRuleBook) as why:
        read_rule_book(document, name="x")
    assert why.value.field.startswith("notices.")
    assert field in why.value.field


def test_the_bundled_books_name_who_is_next():
    for name in ("miso-demo-1", "miso-1"):
        rows = read_rule_book(rule_document(name), name=name).notices.escalation
        assert {(r.silent, r.severity) for r in rows} >= {
            (Side.OPERATOR, Severity.URGENT), (Side.OPERATOR, Severity.ACTION), (Side.OWNER, Severity.URGENT),
        }  # fmt: skip
        assert timedelta(minutes=max(r.after_min for r in rows)) < timedelta(days=7)
