"""What a saved case tells of all units is the operator's; others get its fingerprint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from moms.portal.redact import shown
from moms.values import Actor, Role, digest
from tests.desk.worlds import ENGINEER, OWNER

CASE = {"grid": "0" * 64, "branches_out": ["branch:8"], "units_out": [], "gen.p_mw": [450.0, 85.0]}
RECORD = {"evidence": {"security": {"voltage": {"unsolved": [{"contingency": "branch:22", "case": CASE}]}}}}


def case_shown_to(actor: Actor) -> object:
    seen: Any = shown(RECORD, actor=actor, desk=cast("Any", None))  # no id in it: the desk is not asked
    (one,) = seen["evidence"]["security"]["voltage"]["unsolved"]
    assert one["contingency"] == "branch:22"
    return one["case"]


@pytest.mark.parametrize("actor", [OWNER, replace(ENGINEER, role=Role.OWNER)])
def test_an_owner_gets_a_fingerprint_of_a_saved_case(actor: Actor):
    assert case_shown_to(actor) == {"sealed": digest(CASE)}


def test_the_operators_people_and_the_auditor_get_it_whole():
    assert case_shown_to(ENGINEER) == CASE
    assert case_shown_to(replace(ENGINEER, role=Role.AUDITOR)) == CASE
