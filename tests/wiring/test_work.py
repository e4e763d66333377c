"""A worker's studies run in a process that can be stopped; and workers that are killed lose nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from moms.desk import planning, settle
from moms.desk.duties import Duty, Task, duties, of_planning
from moms.desk.operate import step
from moms.desk.origin import FROM_WHERE
from moms.desk.ports import NotYours, Search
from moms.desk.timely import MOVED_ON
from moms.desk.work import Became, GaveWay, Held, LostDuty, NoSuchDuty, told
from moms.exchange.rulebook import open_rule_book
from moms.flow.worker import StudyFailedError
from moms.outages.lifecycle import Verb
from moms.store.acting import act_as
from moms.store.place import Place, open_place
from moms.store.work import PostgresWork, freer, stopper
from moms.values import SYSTEM, Refused
from moms.wiring import work
from moms.wiring.settings import Settings
from moms.wiring.work import StudyProcess
from tests.desk.test_plan import FIRST, LAST, file, wish
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world
from tests.exchange.casefiles import FIVE_BUSES
from tests.flow.workers import ADVISING, LAX, a_worker, filed

LEASE = timedelta(minutes=1)
PATIENCE = 600
SPRING = planning.wanted_of(first=str(FIRST), last=str(LAST), work=50)
RESTUDY = Duty(task=Task.RESTUDY, subject="x", organisation="TO-1", at=NOW, cause="c")


@pytest.fixture
def study(book, tmp_path):
    chosen = Settings(home=Path(tmp_path), actor=ENGINEER, now=NOW, simulated=True, grid="", rule_book="", fixed=True)
    place = Place(home=Path(tmp_path), engine=book.engine, book=book)
    found = StudyProcess(place=place, base=LAX, chosen=chosen)
    yield found
    found.close()


def held(book):
    listed = PostgresWork(book.engine)
    listed.enter([RESTUDY], now=NOW)
    return listed.take(holder="me", now=NOW, lease=LEASE)


def for_ever(*_):
    time.sleep(600)


def until(found, seconds=20.0):
    """Wait for what comes of a study."""
    for _ in range(int(seconds)):
        said = found.wait(1.0)
        if said is not None:
            return said
    pytest.fail("no answer")


def test_a_study_is_made_in_a_process_of_its_own_one_after_another(study, book, monkeypatch):
    monkeypatch.setattr(work, "_by_task", lambda _mine, one, _now: f"{one.duty.name} in {os.getpid()} at {os.nice(0)}")
    one = held(book)
    pids = set()
    for _ in range(2):
        study.begin(one, now=NOW)
        name, _, rest = until(study).partition(" in ")
        pid, _, nice = rest.partition(" at ")
        assert name == RESTUDY.name
        assert int(nice) == min(os.nice(0) + work.BESIDE_PEOPLE, 19), "it gives way to servers on the same machine"
        pids.add(int(pid))
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_what_its_process_writes_says_that_a_worker_asked(study, book, monkeypatch):
    monkeypatch.setattr(work, "_by_task", lambda _mine, _one, _now: repr(FROM_WHERE.get()))
    study.begin(held(book), now=NOW)
    assert "Door.WORKER" in until(study)


def test_a_nights_margin_is_posted_and_a_grid_without_zones_says_why_not(study, book):
    listed = PostgresWork(book.engine)
    bare = replace(LAX, grid=replace(LAX.grid, zones=None))
    cases = (("2027-02-01", NOW, bare, "not told: the grid has no zones"),
             ("2027-02-02", NOW + DAY, a_world(), "posted for"),
             ("2027-02-03", NOW + 3 * DAY, a_world(), "not posted: its day is over"))  # fmt: skip
    for day, now, world, says in cases:
        night = Duty(task=Task.MARGIN, subject=day, organisation=SYSTEM.organisation, at=NOW, cause="night")
        listed.enter([night], now=NOW)
        one = listed.take(holder="me", now=NOW, lease=LEASE)
        assert work._by_task(replace(study, base=world), one, now).startswith(says)
    with book.as_(SYSTEM) as page:
        assert [entry["days"] for entry in page.entries("margin")] == [731]  # 24 months of 2027 and 2028


def test_days_of_the_calendar_are_duties_until_they_are_kept_as_the_book_is(study, book):
    listed, ahead = PostgresWork(book.engine), work.days_ahead(study.place, lambda: LAX, 2)
    assert work.days_ahead(study.place, lambda: LAX, 0)(NOW) == ()
    first, second = ahead(NOW)
    assert (first.task, first.subject) == (Task.CALENDAR, "2027-02-01")
    assert second.subject == "2027-02-02"
    assert work.Lookout(book, listed, lambda: LAX.rules.clock, more=lambda _: (first,))(NOW) >= 1
    one = Held(duty=first, fence=1)
    study.begin(one, now=NOW)
    assert "branches asked about, and kept" in until(study, PATIENCE)
    assert ahead(NOW) == (second,)
    study.begin(one, now=NOW)
    assert until(study, PATIENCE) == MOVED_ON
    soon = filed(book, "soon", asset="branch:20", start=NOW + timedelta(hours=6), decided=False)
    assert [duty.subject for duty in ahead(NOW + timedelta(minutes=1))] == ["2027-02-01", "2027-02-02"]
    then = NOW + timedelta(minutes=1)
    again = ahead(then)[0]
    assert again.name != first.name, "what it would rest on is another"
    study.begin(Held(duty=again, fence=1), now=then)
    assert "branches asked about, and kept" in until(study, PATIENCE)
    step(book=book, world=LAX, actor=OWNER, now=then, outage_id=soon, verb=Verb.CANCEL, reason="rain")
    back = ahead(then)[0]
    assert back.subject == "2027-02-01"
    assert back.name not in {first.name, again.name}, "it rests on what it did at first, and is to be done again"


def test_a_plan_is_made_in_the_process_and_lets_a_decision_that_is_due_go_first(study, book, database):
    world = a_world(slack=0.8, clock=LAX.rules.clock)
    file(book, world, *(wish(f"branch:{k}") for k in (2, 7, 15)))
    for outage in pending(book):  # nothing but the plan is due: they have been looked at and wait for a person
        settle.decide(book=book, world=replace(world, rules=ADVISING.rules), now=NOW, outage_id=outage, asked_by=SYSTEM)
    asked = planning.start(book=book, actor=ENGINEER, now=NOW, key="k", wanted=SPRING, reason="the spring")
    planner = replace(study, base=world)
    with a_worker(database, world=world, now=NOW) as worker, contextlib.closing(planner):
        worker.needs = replace(worker.needs, study=planner)
        filed(book, "late", asset="branch:30", decided=False)
        one = Held(duty=of_planning(asked), fence=1)
        planner.begin(one, now=NOW)
        with pytest.raises(GaveWay):
            until(planner, PATIENCE)
        assert worker.run().failed == 0
    said = {name: says for what, name, says in worker.said if what == "done"}
    assert said[of_planning(asked).name] == "the whole of it is secure"
    names = [name for name in worker.done() if name.startswith(("decide:", "plan:"))]
    assert names[-1] == of_planning(asked).name, "the decision went first"
    assert any(name.startswith("decide:") for name in names)
    with book.as_(SYSTEM) as page:
        found = planning.find(page, asked.id)
    assert (found.became, found.ended_by.split()[0]) == (planning.Became.ENDED, "moms")
    row = PostgresWork(book.engine).of(Task.PLAN, asked.id)
    assert (row.became, row.tries) == (Became.DONE, 1)


def pending(book):
    with book.as_(SYSTEM) as page:
        return [o.id for o in page.find(Search(pending=True))]


def test_a_study_that_a_person_stops_ends_at_once_and_is_never_made(study, book, database, monkeypatch):
    monkeypatch.setattr(work, "_by_task", for_ever)
    pids = []

    said = list[tuple[str, str]]()

    def stop_it(what, name, _says):
        said.append((what, name))

    with a_worker(database, now=NOW) as worker:
        worker.needs.work.enter([RESTUDY], now=NOW)
        wait = study.wait

        def wait_and_stop(_seconds):
            pids.append(study._process.pid)
            os.kill(pids[0], 0)
            assert wait(0.2) is None
            if len(pids) == 1:
                told(book.marking(stopper(RESTUDY.name)), actor=ENGINEER, now=NOW, name=RESTUDY.name,
                     verb="duty.stop", reason="wrong grid")  # fmt: skip

        monkeypatch.setattr(StudyProcess, "wait", lambda _self, seconds: wait_and_stop(seconds))
        worker.needs = replace(worker.needs, study=study, look=lambda _now: 0, tell=stop_it)
        assert worker.run().lost == 1
        assert said == [("lost", RESTUDY.name)]
        with pytest.raises(ProcessLookupError):
            os.kill(pids[0], 0)
        (row,) = worker.needs.work.rows(became=tuple(Became), limit=10)
        assert row.became == Became.STOPPED
        assert worker.run().done == 0
        assert worker.needs.work.enter([RESTUDY], now=NOW) == 0


def test_a_study_that_takes_its_process_with_it_is_a_failure_that_says_so(study, book, monkeypatch):
    monkeypatch.setattr(work, "_by_task", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    study.begin(held(book), now=NOW)
    with pytest.raises(StudyFailedError, match="ended with -9"):
        until(study)
    monkeypatch.setattr(work, "_by_task", lambda *_: "fine")
    study.begin(held(book) or None, now=NOW)
    assert until(study) == "fine"


def test_what_goes_wrong_in_the_process_is_told_by_its_kind(study, book, monkeypatch):
    def wrong(_mine, _held, now):
        raise {NOW: LostDuty("x"), NOW + DAY: RuntimeError("y")}[now]

    monkeypatch.setattr(work, "_by_task", wrong)
    one = held(book)
    for now, kind in ((NOW, LostDuty), (NOW + DAY, StudyFailedError)):
        study.begin(one, now=now)
        with pytest.raises(kind):
            until(study)


def test_a_study_that_takes_too_long_is_stopped_and_counts_as_a_failure(study, book, database, monkeypatch):
    monkeypatch.setattr(work, "_by_task", for_ever)
    with a_worker(database, now=NOW) as worker:
        worker.needs.work.enter([RESTUDY], now=NOW)
        worker.needs = replace(worker.needs, study=study, look=lambda _now: 0, limit_s=0.0)
        assert worker.run().failed == 1
        assert study._process is None
        (row,) = worker.needs.work.rows(became=(Became.OPEN,), limit=10)
        assert "not done after" in row.says
        assert row.tries == 1


def test_only_the_operator_stops_or_frees_a_duty_and_says_why(book):
    listed = PostgresWork(book.engine)
    listed.enter([RESTUDY], now=NOW)
    words = {"now": NOW, "name": RESTUDY.name, "verb": "duty.stop"}
    with pytest.raises(NotYours):
        told(book.marking(stopper(RESTUDY.name)), actor=OWNER, reason="mine", **words)
    with pytest.raises(Refused, match="no reason"):
        told(book.marking(stopper(RESTUDY.name)), actor=ENGINEER, reason=" ", **words)
    with pytest.raises(NoSuchDuty):
        told(book.marking(freer(RESTUDY.name)), actor=ENGINEER, reason="again", **words)
    assert [row.became for row in listed.rows(became=tuple(Became), limit=9)] == [Became.OPEN]


# ------------------------------------------------------------ real processes, really killed


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return with_a_grid(tmp_path_factory.mktemp("home"))


@pytest.fixture
def own_home(tmp_path):
    """A home nobody else uses: a duty stopped in it stands in no other test's way."""
    return with_a_grid(tmp_path)


def with_a_grid(found):
    case = found / "case1.m"
    case.write_text(FIVE_BUSES)
    subprocess.run([sys.executable, "-m", "moms", "grid", "import", str(case)], env=env(found), check=True,
                   capture_output=True)  # fmt: skip
    return found


def env(home):
    return {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")} | {"MOMS_HOME": str(home)}


def start(home, now):
    words = ("worker", "--grid", "case1", "--now", now.isoformat(), "--lease", "1", "--poll", "0.2", "--json")
    return subprocess.Popen([sys.executable, "-m", "moms", *words], env=env(home), stdout=subprocess.PIPE, text=True)


def kill_and_come_back(home, prefix, *, rng, kills, many):
    """Kill workers while they work; in the end each duty has been done once."""
    with open_place(env=env(home)) as place:
        for k in range(many):
            filed(place.book, f"{prefix}-{k}", start=START + 3 * k * DAY, asset="branch:5")
        now, listed = START + 3 * many * DAY, PostgresWork(place.engine)
        workers = [start(home, now) for _ in range(2)]
        for _ in range(kills):
            workers[0].stdout.readline()  # it works
            time.sleep(rng.uniform(0.0, 0.3))
            workers[0].send_signal(signal.SIGKILL)
            workers.append(start(home, now))
            over(workers.pop(0))
        for _ in range(PATIENCE):
            if drained(place, now):
                break
            time.sleep(0.2)
        for one in workers:
            one.terminate()
            over(one)
        assert drained(place, now), listed.rows(became=(Became.OPEN, Became.ASIDE), limit=20)
        assert place.verify().whole
        with place.engine.begin() as connection:
            act_as(connection, SYSTEM)
            rows = connection.execute(
                text(
                    "SELECT o.external_id, j.body::json ->> 'verb' FROM moms.journal j"
                    " JOIN moms.outage o ON o.id = j.outage_id WHERE o.external_id LIKE :mine"
                    " AND j.body::json ->> 'verb' IS NOT NULL"
                ),
                {"mine": f"{prefix}-%"},
            ).all()
    found = Counter((ref, verb) for ref, verb in rows)
    assert max(found.values()) == 1, found.most_common(3)
    assert {ref for ref, verb in found if verb == "expire"} == {f"{prefix}-{k}" for k in range(many)}


def drained(place, now):
    listed = PostgresWork(place.engine)
    with place.book.as_(SYSTEM) as page:
        left = {d.name for d in duties(page, rules=open_rule_book("miso-demo-1").clock, now=now) if d.at <= now}
    rows = listed.rows(became=tuple(Became), limit=100_000)
    return left <= {r.duty.name for r in rows if r.became == Became.DONE} and all(r.became == Became.DONE for r in rows)


def over(process):
    process.wait(30)
    process.stdout.close()


def test_workers_that_are_killed_lose_nothing_and_do_nothing_twice(home):
    kill_and_come_back(home, "k", rng=Random(4), kills=2, many=40)


@pytest.mark.long
def test_workers_that_are_killed_at_any_moment_lose_nothing_and_do_nothing_twice(home, long_seed, cases):
    rng = Random(long_seed)
    for k in range(5):
        kill_and_come_back(home, f"l{k}", rng=rng, kills=4, many=40)
        cases.append(4)


def test_a_worker_told_to_stop_gives_back_what_it_holds(home):
    one = start(home, NOW)
    one.stdout.readline()
    one.terminate()
    assert one.wait(30) == 0
    one.stdout.close()


def test_a_worker_beside_a_process_that_has_gone_stops(home):
    words = [sys.executable, "-m", "moms", "worker", "--grid", "case1", "--poll", "0.2", "--beside", "1"]
    done = subprocess.run(words, env=env(home), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_list_is_shown_and_a_duty_is_stopped_by_name(own_home):
    with open_place(env=env(own_home)) as place:
        filed(place.book, "shown", start=START + 400 * DAY, asset="branch:7")
    at = START + 399 * DAY

    def run(*words):
        line = [sys.executable, "-m", "moms", *words, "--now", at.isoformat(), "--json"]
        done = subprocess.run(line, env=env(own_home), capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout)

    _, rows = run("due")
    name = next(row["duty"] for row in rows if row["task"] == "remind_start")
    code, said = run("due", "--stop", name, "--reason", "they know")
    assert code == 2
    assert "no duty" in said["error"]["says"], "nobody has seen it yet"
    with open_place(env=env(own_home)) as place:
        PostgresWork(place.engine).enter(
            [Duty(task=Task.REMIND_START, subject="y", organisation="TO-1", at=at)], now=at
        )
    name = Duty(task=Task.REMIND_START, subject="y", organisation="TO-1", at=at).name
    assert run("due", "--stop", name, "--reason", "they know") == (0, {"duty": name, "became": "stopped"})
    stands = {row["duty"]: row["stands"] for row in run("due", "--all")[1]}
    assert stands[name] == "stopped"
