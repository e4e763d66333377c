"""The disk is full at any table, and messages come twice and out of order: nothing is lost, nothing half done."""

from __future__ import annotations

import json
from random import Random

import pytest
from sqlalchemy.exc import DBAPIError

from moms.desk.keys import LostClaim
from moms.store.audit import verify
from tests.desk.worlds import OWNER
from tests.wiring.crashing import DEEDS, LAX, Deed, Fate, lines, name_of, nothing, process, wish
from tests.wiring.test_crashes import come_back, undisturbed

WRITTEN = ("kept_answer", "outage", "outage_history", "journal", "notice", "decision")
FULL = """
CREATE FUNCTION public.no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER a_full_disk BEFORE INSERT OR UPDATE ON moms.{table} FOR EACH ROW EXECUTE FUNCTION public.no_room();
"""
FILE = Deed(name="file", actor=OWNER, ready=nothing, do=lambda desk, _, day: desk.file(wish(day)))


@pytest.mark.parametrize("table", WRITTEN)
@pytest.mark.parametrize("deed", [d for d in DEEDS if d.name in {"submit", "change"}], ids=lambda d: d.name)
def test_where_the_disk_is_full_a_deed_is_not_half_done_and_is_done_once_there_is_room(database, book, deed, table):
    wanted, _ = undisturbed(database, book, deed, 0)
    name = deed.ready(book, 1)
    before = lines(database, 1)
    with database.admin() as admin:
        admin.execute(FULL.format(table=table))
    with process(database, deed.world, now=deed.now(1), fate=Fate()) as one:
        try:
            one.do(deed, name, 1, "k1")
            full = False
        except (DBAPIError, LostClaim):
            full = True
    assert full, "each of these tables is written to"
    half = lines(database, 1)
    assert half == wanted[: len(half)], "what was written is the beginning of the whole"
    assert len(half) >= len(before)
    assert verify(book.engine, outside=()).whole
    with database.admin() as admin:
        admin.execute(f"DROP TRIGGER a_full_disk ON moms.{table}")
    status, body = come_back(database, deed, name, 1, sweep=False)
    assert status == 200, body
    assert lines(database, 1) == wanted
    assert verify(book.engine, outside=()).whole


@pytest.mark.parametrize("table", [t for t in WRITTEN if t not in {"decision", "notice"}])
def test_where_the_disk_is_full_nothing_of_a_filing_is_there_and_the_next_try_files_it(database, book, table):
    with database.admin() as admin:
        admin.execute(FULL.format(table=table))
    with process(database, LAX, now=FILE.now(0), fate=Fate()) as one, pytest.raises(DBAPIError):
        one.do(FILE, name_of(0), 0, "k0", again=True)
    assert lines(database, 0) == []
    with database.admin() as admin:
        admin.execute(f"DROP TRIGGER a_full_disk ON moms.{table}")
        admin.execute("UPDATE moms.kept_answer SET leased_until = made_at")
    with process(database, LAX, now=FILE.now(0), fate=Fate()) as one:
        assert one.do(FILE, name_of(0), 0, "k0", again=True).status == 202
    assert [verb for _, verb, _ in lines(database, 0)] == ["submit", "validate"]


@pytest.mark.parametrize("seed", range(4))
def test_messages_that_come_twice_and_out_of_order_are_each_answered_once_and_alike(database, book, seed):
    """A queue between an owner and MOMS delivers at least once, in any order; each message has its own key."""
    rng = Random(seed)

    def cancel(desk, name, _):
        return desk.operate(name, "cancel", reason="no crew")

    def change(desk, name, day):
        return desk.change(name, wish(day, description="two crews"), reason="crew")

    submit = next(d for d in DEEDS if d.name == "submit")
    kinds = {
        "submit": submit,
        "change": Deed(name="change", actor=OWNER, ready=nothing, do=change),
        "cancel": Deed(name="cancel", actor=OWNER, ready=nothing, do=cancel),
    }
    sent = [(kind, day) for day in range(3) for kind in kinds]
    queue = sent + rng.sample(sent, 6)
    rng.shuffle(queue)
    told: dict[tuple[str, int], tuple[int, str]] = {}
    first: list[tuple[str, int]] = []
    for kind, day in queue:
        with process(database, LAX, now=submit.now(day), fate=Fate()) as one:
            found = one.do(kinds[kind], name_of(day), day, f"{kind}-{day}")
        answer = (found["status"], found["body"]) if isinstance(found, dict) else (found.status, found.body)
        assert told.setdefault((kind, day), answer) == answer, "the same message has the same answer"
        if (kind, day) not in first:
            first.append((kind, day))
    for day in range(3):
        done = [kind for kind, one in first if one == day and told[kind, day][0] == 200]
        verbs = [verb for _, verb, _ in lines(database, day)]
        heads = {"submit": "submit", "change": "change", "cancel": "cancel"}
        assert [v for v in verbs if v in heads.values()] == [heads[kind] for kind in done], (verbs, done)
        refused = [kind for kind, one in first if one == day and told[kind, day][0] != 200]
        assert all("says" in told[kind, day][1] or json.loads(told[kind, day][1])["title"] for kind in refused)
        assert "submit" in done, "an owner's request is never refused for what came before it"
    assert verify(book.engine, outside=()).whole
