"""Decisions are timed on the product's own path: written, and after a preview without a second study."""

from __future__ import annotations

from moms.bench import decision, first
from moms.desk import security
from moms.study import study


def test_what_was_previewed_is_filed_without_a_study(monkeypatch):
    made = []

    def counted(**asked):
        made.append(1)
        return study(**asked)

    monkeypatch.setattr(security, "study", counted)
    seen, one = [], decision._one

    def told(*asked, preview, **more):
        before = len(made)
        found = one(*asked, preview=preview, **more)
        seen.append((preview, len(made) > before, found.outcome))
        return found

    monkeypatch.setattr(decision, "_one", told)
    found = {row.id: row for row in decision.rows(quick=True)}
    assert [(preview, studied) for preview, studied, _ in seen] == [(False, True), (True, True), (False, False)]
    assert seen[1][2] == seen[2][2]
    assert set(found) == {"decision.cold", "decision.cold_longest", "decision.filed", "decision.cpu"}
    assert found["decision.filed"].runs == 1
    assert found["decision.cold"].runs == decision.FEW
    assert all(row.value > 0.0 for row in found.values())


def test_each_run_of_the_first_study_studies(monkeypatch, tmp_path):
    made = []

    def counted(**asked):
        made.append(1)
        return study(**asked)

    monkeypatch.setattr(security, "study", counted)
    monkeypatch.setattr(first, "_demo", lambda **_: [])
    found = {row.id: row for row in first.rows(home=tmp_path, quick=True)}
    assert found["first.study"].value > 0.0
    assert len(made) == 2, "once cold and once warm"
