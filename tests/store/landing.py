"""Rows of change sets, written as the desk writes them."""

from __future__ import annotations

from moms.desk.change_set import Step, Verb, stepped
from moms.desk.ports import Event
from moms.values import Actor, Role
from tests.postgres import NOON


def land(book):
    """Land a change set, and leave another a draft."""
    eve = Actor(name="eve", organisation="operator", role=Role.ENGINEER)
    for name, verbs in (("CS-draft", (Verb.OPEN,)), ("CS-landed", (Verb.OPEN, Verb.MERGE))):
        told = {"id": name, "organisation": "operator", "title": name, "grid": "g", "rule_book": "r", "base": 0}
        there = None
        for verb in verbs:
            step = Step(verb=verb, at=NOON, by="eve@operator", key="k", told=told | {"landing": 1})
            there = stepped(there, step)
            event = Event(at=NOON, actor=eve, verb=f"change_set.{verb}", outage_id="", reason="why", rule_book="",
                          before=None, after={})  # fmt: skip
            with book.as_(eve) as page:
                page.write_change_set(there, step, event=event)
