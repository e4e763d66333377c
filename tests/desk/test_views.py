"""Saved views, without a database: what a view may hold, whose it is, and what becomes of it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.desk.ports import NotYours
from moms.desk.views import (
    COLUMNS,
    MOST,
    SORTS,
    NameTaken,
    NoSuchView,
    NotAView,
    ViewChanged,
    change,
    end,
    save,
    seen,
    view_document,
)
from moms.values import Actor, Refused, Role

NOON = datetime(2027, 2, 1, 12, tzinfo=UTC)
ANN = Actor(name="ann", organisation="A", role=Role.OWNER)
AMY = Actor(name="amy", organisation="A", role=Role.AGENT)
BOB = Actor(name="bob", organisation="B", role=Role.OWNER)
PLAIN = {"filters": {"show": "granted"}, "sort": "start", "columns": ("window", "next")}


class Shelf:
    """Views in memory: one transaction at a time."""

    def __init__(self):
        self.rows, self.told = {}, []

    @contextmanager
    def as_(self, _):
        yield self

    def views(self, organisation):
        return [one for one in self.rows.values() if one.organisation == organisation and not one.ended]

    def view(self, view_id):
        return self.rows.get(view_id)

    def add(self, view, event):
        self.revise(view, event)

    def revise(self, view, event):
        self.rows[view.id] = view
        self.told.append(event.verb)


def kept(shelf, actor=ANN, *, key="k", name="spring", **more):
    return save(views=shelf, actor=actor, now=NOON, key=key, name=name, **{**PLAIN, **more})


def test_a_view_is_saved_renamed_shared_and_ended():
    shelf = Shelf()
    view = kept(shelf)
    assert kept(shelf) == view
    by = {"views": shelf, "actor": ANN, "now": NOON, "view_id": view.id}
    after = change(**by, revision=1, name="spring work", shared=True, **PLAIN)
    assert (after.name, after.shared, after.revision) == ("spring work", True, 2)
    with pytest.raises(ViewChanged) as stale:
        change(**by, revision=1, name="x", shared=False, **PLAIN)
    assert stale.value.field == "If-Match"
    end(**by, revision=2)
    assert seen(views=shelf, actor=ANN) == ()
    with pytest.raises(NoSuchView):
        end(**by, revision=3)
    assert shelf.told == ["view.save", "view.change", "view.end"]


def test_one_s_own_stand_first_then_those_shared_in_one_s_organisation_and_no_other():
    shelf = Shelf()
    kept(shelf, AMY, key="1", name="a shared", shared=True)
    kept(shelf, AMY, key="2", name="a private one")
    kept(shelf, BOB, key="3", name="b shared", shared=True)
    kept(shelf, ANN, key="4", name="mine")
    assert [one.name for one in seen(views=shelf, actor=ANN)] == ["mine", "a shared"]
    assert [view_document(one, ANN)["yours"] for one in seen(views=shelf, actor=ANN)] == [True, False]
    assert [one.name for one in seen(views=shelf, actor=BOB)] == ["b shared"]


def test_another_s_view_is_not_there_to_change_shared_or_not():
    shelf = Shelf()
    shared, own = kept(shelf, AMY, key="1", shared=True), kept(shelf, AMY, key="2", name="own")
    for view in (shared, own):
        for actor in (ANN, BOB):
            with pytest.raises(NoSuchView):
                end(views=shelf, actor=actor, now=NOON, view_id=view.id, revision=1)


def test_a_name_is_one_s_own_once_and_free_again_when_its_view_has_ended():
    shelf = Shelf()
    first = kept(shelf)
    with pytest.raises(NameTaken):
        kept(shelf, key="other")
    kept(shelf, AMY, key="other")
    end(views=shelf, actor=ANN, now=NOON, view_id=first.id, revision=1)
    kept(shelf, key="other")


def test_who_only_looks_saves_nothing_and_nobody_more_than_so_many():
    with pytest.raises(NotYours):
        kept(Shelf(), Actor(name="p", organisation="A", role=Role.PUBLIC))
    shelf = Shelf()
    for number in range(MOST):
        kept(shelf, key=str(number), name=str(number))
    with pytest.raises(NotAView, match="100"):
        kept(shelf, key="one more", name="one more")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": " "}, "name"), ({"name": "a\nb"}, "name"), ({"name": "x" * 81}, "name"), ({"sort": "luck"}, "sort"),
        ({"columns": ("window", "window")}, "columns"), ({"columns": ("password",)}, "columns"),
        ({"filters": {"organisation": "B"}}, "filters.organisation"),
        ({"filters": {"state": ["gone"]}}, "filters.state"),
        ({"filters": {"from": "yesterday"}}, "filters.from"), ({"filters": {"text": ["x"]}}, "filters.text"),
        ({"filters": {"asset": ["x"] * 51}}, "filters.asset"), ({"filters": {"show": "mine"}}, "filters.show"),
        ({"filters": {"text": "a\0"}}, "filters.text"), ({"filters": {"pending": "yes"}}, "filters.pending"),
    ],
)  # fmt: skip
def test_what_the_list_does_not_know_is_refused_by_its_field(more, field):
    with pytest.raises(Refused) as why:
        kept(Shelf(), **more)
    assert why.value.field == field


JSONS = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda s: st.lists(s, max_size=3))


@given(filters=st.dictionaries(st.sampled_from(["text", "state", "from", "show", "asset", "x"]), JSONS, max_size=4),
       sort=st.sampled_from([*SORTS, "x"]), columns=st.lists(st.sampled_from([*COLUMNS, "x"]), max_size=4))  # fmt: skip
def test_whatever_is_asked_is_kept_as_it_was_asked_or_refused_with_a_field(filters, sort, columns):
    shelf, fields = Shelf(), []
    try:
        kept(shelf, filters=filters, sort=sort, columns=columns)
    except Refused as refusal:
        fields.append(refusal.field)
    there = [(view.filters, view.sort, list(view.columns)) for view in shelf.rows.values()]
    assert (there, fields) == ([(filters, sort, columns)], []) or (there == [] and all(fields) and fields)
