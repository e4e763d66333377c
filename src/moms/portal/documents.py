"""What the answers are, for the description of the interface: programs are generated from it (docs/api.md).

Each names what a program may rely on. Answers may hold more, and grow: nothing here is closed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from moms.desk.origin import Door
from moms.outages import State, Status
from moms.values import Role

Json = dict[str, Any]
Next = Annotated[str | None, Field(description="the cursor of the next page; null on the last")]
Level = Literal["block", "refer", "flag"]


class Open(BaseModel):
    """An object that may hold more than what is named."""

    model_config = ConfigDict(extra="allow")


class Document(Open):
    """An object; docs/api.md says what is in it."""


class Documents(Open):
    """A list of objects; docs/api.md says what is in them."""

    items: list[Document]


class ProblemFinding(Open):
    """One of several things that are wrong."""

    field: str | None = None
    says: str | None = None


class Problem(Open):
    """Why something was refused (RFC 9457): what is wrong, in which field, and what to do."""

    type: str
    title: str
    status: int
    field: str | None
    fix: str | None
    findings: list[ProblemFinding] = []


class Spanned(Open):
    """From when until when, half-open."""

    start: datetime
    end: datetime


class Finding(Open):
    """One thing that one rule says."""

    rule: str
    level: Level
    says: str
    field: str | None = None
    fix: str | None = None


class Outage(Open):
    """An outage as it stands; `revision` is its ETag, `request` what its owner asked for."""

    id: str
    request: Json
    state: State
    status: Status
    window: Spanned
    stamp: datetime
    filed_at: datetime
    requester: str
    revision: int
    conditions: list[str]
    findings: list[Finding]
    decision_id: str | None
    actual_start: datetime | None
    actual_end: datetime | None


class OutagePage(Open):
    """Outages by id."""

    items: list[Outage]
    next: Next


class Decision(Open):
    """The record of a decision: what came of it, in one sentence, and all that it rests on."""

    id: str
    outcome: str
    says: str


class HistoryLine(Open):
    """What happened to an outage, and who did it."""

    at: datetime
    verb: str
    actor: str
    reason: str


class WholeOutage(Open):
    """An outage with its decision, its history and what was reported from the field."""

    outage: Outage
    decision: Decision | None
    history: list[HistoryLine]


class Grouped(Open):
    """What became of another outage of the same group."""

    outage: str
    outcome: str
    decision: str


class Answer(Open):
    """What a deed at an outage gives back; `outage` is null where the request goes back to its owner."""

    outage: Outage | None
    decision: Decision | None
    findings: list[Finding]
    returned: bool
    written: bool
    filed_before: bool
    says: str
    group: list[Grouped]


class SignedIn(Open):
    """Who one is; `csrf` is what changes by cookie have to carry."""

    name: str
    organisation: str
    role: Role
    csrf: str | None


class SessionLine(Open):
    """Where one is signed in."""

    id: str
    made_at: datetime
    seen_at: datetime
    by: str
    here: bool


class Sessions(Open):
    """One's own sessions."""

    items: list[SessionLine]


class Address(Open):
    """Where a browser goes to sign in."""

    address: str


class PasskeyLine(Open):
    """One of one's passkeys."""

    id: str
    label: str
    made_at: datetime
    seen_at: datetime | None


class Passkeys(Open):
    """One's own passkeys, and whether one of them began this session."""

    items: list[PasskeyLine]
    by_passkey: bool


class Equipment(Open):
    """Equipment by its names."""

    id: str
    name: str
    owner: str | None
    category: Literal["transmission", "generation"]
    detail: str
    area: str


class EquipmentFound(Open):
    """What was found, of how many there are."""

    items: list[Equipment]
    of: int


class LifecycleRow(Open):
    """Which verb leads from which states and statuses, and for whom."""

    verb: str
    states: list[State]
    statuses: list[Status]
    who: list[Role]


class Lifecycle(Open):
    """How an outage moves."""

    rows: list[LifecycleRow]


class About(Open):
    """Which installation this is."""

    now: datetime
    simulated: bool
    grid: str
    notes: list[str]
    rule_book: str
    operator: str
    version: str
    control_phone: str | None


class FromWhere(Open):
    """Through which door, from which address and with which credential something was asked."""

    door: Door
    address: str
    credential: str


class JournalLine(Open):
    """A line of the journal as a row to read."""

    organisation: str
    sequence: int
    kind: str
    subject: str | None
    verb: str
    actor: str | None
    written_at: datetime
    hash: str
    previous: str
    from_where: FromWhere | None


class JournalPage(Open):
    """Lines of the journal, newest first."""

    items: list[JournalLine]
    next: Next


class JournalState(Open):
    """Whether the record is whole."""

    whole: bool
    verdict: Json


class StoredFile(Open):
    """A file at an outage; `open` says whether it can be had."""

    id: str
    outage: str
    name: str
    kind: str
    size: int
    sha256: str
    by: str
    at: datetime
    state: Literal["held", "unscanned", "clean", "infected"]
    open: bool


class StoredFiles(Open):
    """The files of an outage, oldest first."""

    items: list[StoredFile]


class Notice(Open):
    """What somebody is told, and what has become of it."""

    id: str
    channel: str
    severity: str
    state: str
    made_at: datetime
    done_at: datetime | None
    done_by: str | None
    ends_at: datetime | None
    """From when on it is of no use."""
    went_on: bool
    """Whether somebody was told of it before, and nobody acknowledged it."""
    tells: Json


class NoticePage(Open):
    """Notices, newest first."""

    items: list[Notice]
    next: Next


class Subscribed(Open):
    """What somebody asked to be told of."""

    id: str
    person: str
    role: str
    channel: str
    target: str
    owners: list[str]
    assets: list[str]
    verbs: list[str]
    areas: list[str]
    severity: str
    daily: bool


class Subscriptions(Open):
    """What one asked to be told of."""

    items: list[Subscribed]


class Hearer(Open):
    """Whose people, and in which role."""

    organisation: str
    role: str


class ByClock(Open):
    """What is told at an instant, if it is so then."""

    at: datetime
    word: str
    severity: str
    to: list[Hearer]


class Communication(Open):
    """Who is told what of an outage and when."""

    outage: str
    rule_book: str
    areas: list[str] | None
    by_clock: list[ByClock]
    by_deed: list[Json]
    next: list[Json]
    following: list[Json]


class BulkItem(Open):
    """What came of one of several: its own status, with its answer or the problem."""

    number: int
    name: str
    status: int
    answer: Answer | Notice | None
    problem: Problem | None


class Bulk(Open):
    """What came of many, in the order asked."""

    items: list[BulkItem]
    done: int
    refused: int


class SavedView(Open):
    """How somebody looks at the list; `revision` is its ETag."""

    id: str
    name: str
    person: str
    yours: bool
    shared: bool
    filters: Json
    sort: Literal["start", "latest", "turn"]
    columns: list[str]
    revision: int


class SavedViews(Open):
    """The views that one may open: one's own first."""

    items: list[SavedView]


class Offer(Open):
    """An offer to move outages; `revision` is its ETag."""

    id: str
    kind: str
    became: str
    made_at: datetime
    until: datetime
    revision: int
    your_turn: bool


class Offers(Open):
    """Offers, newest first."""

    items: list[Offer]


class SeasonPlanLine(Open):
    """A season plan that was asked for, in few words; `revision` is its ETag."""

    id: str
    by: str
    at: datetime
    became: Literal["open", "ended", "stopped", "failed"]
    said: str
    best: str | None
    revision: int


class SeasonPlans(Open):
    """Season plans that were asked for, newest first."""

    items: list[SeasonPlanLine]


class ChangeSetLine(Open):
    """A change set in few words; `revision` is its ETag."""

    id: str
    title: str
    revision: int


class ChangeSets(Open):
    """Change sets, newest first."""

    items: list[ChangeSetLine]
