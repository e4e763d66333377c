"""What the portal needs from outside; `wiring` supplies it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from moms.desk.files import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from moms.desk.answer import Answer
    from moms.desk.catalogue import Catalogue
    from moms.desk.files import File
    from moms.desk.identities import Vouched
    from moms.desk.keys import Claim, Early, Keys, Mark
    from moms.desk.measures import Measure
    from moms.desk.notices import Notices
    from moms.desk.offer import Offer
    from moms.desk.origin import Origin
    from moms.desk.people import Hasher, Register, Who
    from moms.desk.planning import Planning, Wanted
    from moms.desk.ports import LineSearch, Told
    from moms.desk.progress import Tell
    from moms.desk.supposed import Supposed
    from moms.desk.views import Views
    from moms.outages import Outage, Request
    from moms.portal.certificates import Proxy
    from moms.portal.passkeys import Challenges
    from moms.records.journal import Line
    from moms.records.verify import Verdict
    from moms.values import Actor, Window


class Desk(Protocol):
    """The use cases as one actor at one instant: what the command line calls, and nothing else."""

    def read(self, document: object, *, anew: bool = False) -> Request:
        """Read a request, a new one or one that stands in the book."""
        ...

    def submit(self, request: Request, *, preview: bool = False, tell: Tell | None = None) -> Answer:
        """File a request and decide it; `tell` is told how far a preview is, and may raise to stop it."""
        ...

    def quick(self, words: Mapping[str, object], *, starts: bool = False) -> object:
        """Say what is known at once of a request as far as it is typed."""
        ...

    def file(self, request: Request) -> Answer:
        """File a request and leave its decision to a worker."""
        ...

    def file_together(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """File requests all or none, and leave their decisions to a worker."""
        ...

    def decide(self, outage_id: str, *, preview: bool = False) -> Answer:
        """Decide what waits."""
        ...

    def resume(self, marks: Sequence[Mark]) -> Answer:
        """Finish what died after it had begun to write."""
        ...

    def settle(self, outage_id: str, *, outcome: str, reason: str, conditions: tuple[str, ...] = ()) -> Answer:
        """Settle what was referred, as a person."""
        ...

    def operate(self, outage_id: str, verb: str, *, reason: str = "", at: str | None = None) -> Answer:
        """Take one step of the lifecycle."""
        ...

    def extend(self, outage_id: str, *, until: str, forced: bool, reason: str, preview: bool = False) -> Answer:
        """Ask for a later end."""
        ...

    def change(self, outage_id: str, request: Request, *, reason: str, preview: bool = False) -> Answer:
        """Change a request."""
        ...

    def take(self, outage_id: str, *, number: int, reason: str, preview: bool = False) -> Answer:
        """Take an offered window."""
        ...

    def decline(self, outage_id: str, *, reason: str, preview: bool = False) -> Answer:
        """Decline what was offered."""
        ...

    def plan_shown(self) -> dict[str, object]:
        """Give the last proposal, the clashes and the credits."""
        ...

    def start_planning(self, *, key: str, wanted: Wanted, reason: str) -> Planning:
        """Ask for a season plan, which a worker makes."""
        ...

    def stop_planning(self, planning: str, *, revision: int, reason: str) -> Planning:
        """Stop a planning; the best plan so far stands."""
        ...

    def plannings(self) -> Sequence[Mapping[str, object]]:
        """Give the plannings this actor may see, newest first."""
        ...

    def planning(self, planning: str) -> Mapping[str, object]:
        """Give one planning with its rounds and the best plan."""
        ...

    def explain_planning(self, planning: str, outage: str) -> Mapping[str, object]:
        """Say of one request of a plan why it is where it is."""
        ...

    def compare_plannings(self, before: str, after: str) -> Mapping[str, object]:
        """Say what two plans place differently."""
        ...

    def write_planning(self, planning: str, *, revision: int) -> Planning:
        """Write a plan into the book as one."""
        ...

    def propose_planning(self, planning: str, *, revision: int) -> Planning:
        """Show a plan to the owners it concerns."""
        ...

    def take_planning_back(self, planning: str, *, revision: int, reason: str) -> Planning:
        """Take a written plan back as one."""
        ...

    def offers(self) -> Sequence[Offer]:
        """Give the offers to move outages that this actor may know of."""
        ...

    def offer(
        self, *, key: str, outage: str, reason: str, start: str = "", other: str = "", asks: str = "",
        until: str = "", plan: str = "",
    ) -> Offer:  # fmt: skip
        """Offer a move or a swap."""
        ...

    def answer_offer(
        self, offer: str, answer: str, *, revision: int, reason: str = "", start: str = "", outage: str = ""
    ) -> Offer:
        """Accept, decline, withdraw or counter an offer."""
        ...

    def look_at_offer(self, offer: str) -> Offer:
        """Give an offer with what a decision made now would say of it."""
        ...

    def forced(
        self,
        *,
        assets: tuple[str, ...],
        organisation: str | None = None,
        since: str | None = None,
        until: str | None = None,
        external_id: str | None = None,
        description: str = "",
    ) -> Answer:
        """Report equipment that is out."""
        ...

    def find(self, name: str) -> Outage:
        """Give an outage by its id or its owner's reference."""
        ...

    def show(self, name: str) -> dict[str, object]:
        """Give one outage whole."""
        ...

    def list(
        self,
        *,
        ids: tuple[str, ...] = (),
        since: str | None = None,
        until: str | None = None,
        assets: tuple[str, ...] = (),
        owner: str | None = None,
        states: tuple[str, ...] = (),
        statuses: tuple[str, ...] = (),
        pending: bool = False,
        text: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[dict[str, object]]:
        """Give the outages that match."""
        ...

    def timeline(self, *, first: str, last: str, catalogue: Catalogue) -> object:
        """Give what is out or asked for between two days."""
        ...

    def what_if(
        self, supposed: Supposed, *, outage: str | None = None, request: Request | None = None
    ) -> dict[str, object]:
        """Study an outage or a draft on a supposed book."""
        ...

    def attach(
        self, outage_id: str, supposed: Supposed, *, study: str, reason: str, revision: int | None = None
    ) -> Answer:
        """Keep a study with its outage."""
        ...

    def studies(self, name: str) -> Sequence[dict[str, object]]:
        """Give the studies attached to an outage."""
        ...

    def study(self, name: str, study: str) -> dict[str, object]:
        """Give one attached study whole."""
        ...

    def change_sets(self) -> Sequence[dict[str, Any]]:
        """Give the change sets that this actor may see."""
        ...

    def change_set(self, name: str, *, revision: int | None = None) -> dict[str, Any]:
        """Give a change set whole, or one of its revisions."""
        ...

    def open_change_set(self, *, key: str, title: str, reason: str) -> dict[str, Any]:
        """Open a change set."""
        ...

    def edit_change_set(
        self, name: str, *, revision: int, key: str, reason: str, edits: Sequence[Mapping[str, Any]] = (),
        drop: Sequence[tuple[str, str, str]] = (),
    ) -> dict[str, Any]:  # fmt: skip
        """Put edits in a change set, and take others out."""
        ...

    def diff_change_set(self, name: str) -> dict[str, Any]:
        """Give a change set beside main."""
        ...

    def rebase_change_set(self, name: str, *, revision: int, key: str, reason: str) -> dict[str, Any]:
        """Let a change set rest on main as it is now."""
        ...

    def merge_change_set(self, name: str, *, revision: int, key: str, reason: str) -> dict[str, Any]:
        """Land a change set."""
        ...

    def abandon_change_set(self, name: str, *, revision: int, key: str, reason: str) -> dict[str, Any]:
        """End a change set without anything of it."""
        ...

    def preview_change_set(self, name: str, *, request: Request | None = None) -> Sequence[Answer]:
        """Give what would be decided in its world."""
        ...

    def study_change_set(
        self, name: str, *, outage: str | None = None, request: Request | None = None
    ) -> dict[str, object]:
        """Study an outage or a draft in its world."""
        ...

    def try_change_set(self, name: str, *, first: str, last: str, most: int = 100) -> dict[str, Any]:
        """Try a change set on what was decided."""
        ...

    def known(self, table: str, row: str, *, at: str | None = None, instant: str | None = None) -> dict[str, object]:
        """Give what was known at an instant of what is so at another."""
        ...

    def calendar(self, *, assets: tuple[str, ...], days: int, first: str, last: str) -> object:
        """Give the calendar of some equipment."""
        ...

    def kept_calendar(self, *, assets: tuple[str, ...], first: str, last: str) -> object:
        """Give the days of the calendar that are kept; nothing is computed."""
        ...

    def field_day(self, *, catalogue: Catalogue) -> dict[str, object]:
        """Give a crew's jobs of the day."""
        ...

    def field_report(self, documents: Sequence[Mapping[str, object]]) -> Sequence[dict[str, object]]:
        """Take in what a crew's phone has gathered."""
        ...

    def field_seen(self, outage_id: str, entries: Sequence[str]) -> dict[str, object]:
        """Say that entries from the field were looked at."""
        ...

    def room(self) -> dict[str, object]:
        """Give what is not as planned, and who has taken it."""
        ...

    def take_alarm(
        self, outage_id: str, what: str, *, revision: int | None = None, note: str = ""
    ) -> dict[str, object]:
        """Say that somebody has taken an alarm."""
        ...

    def areas(self) -> tuple[str, ...]:
        """Name the zones and regions of the grid."""
        ...

    def communication(self, name: str) -> dict[str, object]:
        """Give who is told what of an outage and when."""
        ...

    def shift(self, *, hours: int = 12) -> dict[str, object]:
        """Give the sheet of the hours ahead, and the last hand-over."""
        ...

    def give_shift(self, *, key: str, notes: str = "", hours: int = 12) -> dict[str, object]:
        """Hand the shift over."""
        ...

    def take_shift(self, hand_over: str) -> dict[str, object]:
        """Take the shift that was handed over."""
        ...

    def replay(self, outage_id: str) -> dict[str, object]:
        """Compute a decision again from what it rested on."""
        ...

    def one_line(self, outage_id: str) -> dict[str, object] | None:
        """Give the picture of what binds a decision."""
        ...

    def paper(self, whole: Mapping[str, object], *, catalogue: Catalogue) -> bytes:
        """Write an outage, as it is shown to somebody, as a PDF."""
        ...

    def map(self) -> dict[str, object]:
        """Give the map as this actor may see it."""
        ...

    def on_the_map(self, at: str) -> dict[str, object]:
        """Give what is out in an hour and where."""
        ...

    def storm_on_the_map(self) -> Mapping[str, object] | None:
        """Give what the newest storm forecast threatens of the map, hour by hour."""
        ...

    def margin(self, window: Window) -> object:
        """Give what is left of capacity by market day and place."""
        ...

    def posted_margin(self) -> Mapping[str, object] | None:
        """Give the newest posting of the maintenance margin, with its age."""
        ...

    def heads(self) -> Mapping[str, int]:
        """Give how long each chain of the journal is that this actor sees."""
        ...

    def told(self, after: Mapping[str, int], *, limit: int) -> Sequence[Told]:
        """Give the journal's lines after those."""
        ...

    def lines(self, search: LineSearch) -> Sequence[Line]:
        """Give the journal's lines that match, newest first."""
        ...

    def origins(self, lines: Sequence[Line]) -> Mapping[tuple[str, int], Origin]:
        """Give from where lines were asked, as far as this actor may know it."""
        ...

    def measures(self) -> Sequence[Measure]:
        """Give how well the desk does: all that this actor sees first, then by organisation."""
        ...

    def rules(self) -> dict[str, object]:
        """Give the rule book in force with its numbers, and what each rule asks."""
        ...


class OpenDesk(Protocol):
    """Opens a desk."""

    def __call__(
        self,
        actor: Actor,
        *,
        expected: tuple[str, int] | None = None,
        claim: Claim | None = None,
        early: Early | None = None,
    ) -> Desk:
        """Give the desk for an actor; with `expected`, a change to that outage holds at that revision only.

        With a `claim`, all that is written is marked under its key, while the key is still its own. `early` is told
        the answer of a deed that has it before its only transaction ends, which then keeps it under the key.
        """
        ...


class Demo(Protocol):
    """What a demo has and no other installation: a clock to run, people to become, a beginning to go back to."""

    def state(self) -> Mapping[str, object]:
        """Give the clock, what comes next, what happened, and who is there."""
        ...

    def sign_in(self, name: str, *, now: datetime, secret: str, old: str | None) -> Who:
        """Begin a session as one of the demo's own people."""
        ...

    def set_speed(self, speed: float) -> None:
        """Let the clock run at another speed, 0 to stop."""
        ...

    def skip_to(self, instant: datetime) -> None:
        """Set the clock forward to the next event."""
        ...

    def replay(self, run: str) -> None:
        """Begin again in a fresh book."""
        ...


class Provider(Protocol):
    """Vouches for who signs in with it: single sign-on."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def begin(self, secret: str, *, fresh: bool) -> str:
        """Give the address to which a browser that holds this secret goes; `fresh`: the person has to be asked."""
        ...

    def finish(self, secret: str, *, code: str, state: str, issuer: str | None) -> Vouched:
        """Give for whom it vouches to the browser that holds this secret."""
        ...


class FileRoom(Protocol):
    """The files of outages."""

    def attach(
        self, actor: Actor, *, outage_id: str, name: str, media: str | None, body: bytes, key: str
    ) -> Mapping[str, object]:
        """Take in a file, once under its key, and have it looked at."""
        ...

    def of(self, actor: Actor, outage_id: str) -> Sequence[Mapping[str, object]]:
        """Give the files of an outage, oldest first."""
        ...

    def read(self, actor: Actor, *, outage_id: str, file_id: str) -> tuple[File, bytes]:
        """Give a file with its content."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much the service takes on."""

    body_bytes: int = 262_144
    json_depth: int = 24
    query_bytes: int = 4_096
    body_s: float = 10.0
    """How long a body may take to arrive."""
    file_bytes: int = MOST_BYTES
    file_s: float = 60.0
    """How long a file may take to arrive."""
    files: int = 8
    """Files that arrive at once in one process."""
    per_s: float = 50.0
    """Requests of one person."""
    burst: int = 200
    sign_in_per_min: float = 10.0
    """From one address, and for one name from one address; a name by itself is never locked."""
    quick: int = 8
    studies: int = 1
    queue: int = 16
    """How many may wait for a study."""
    previews: int = 1
    """Previews that tell how far they are, at once in one process."""
    previews_each: int = 2
    """The same for one person, at work or waiting."""
    streams: int = 1000
    """Streams of events that are open at once in one process."""
    streams_each: int = 64
    """The same for one person."""
    proof_s: float = 900.0
    """How long ago a person may have given the password who decides."""
    passkeys: bool = False
    """Whether the operator's people decide by a passkey, or a provider's word, and by no password alone."""
    lease_s: float = 60.0
    """How long a key is held for an answer under way whose server went silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What waits in the database at one instant."""

    notices: Mapping[str, int]
    """Not sent yet, by channel."""
    duties: Mapping[str, int]
    """By what became of them."""
    late_s: float
    """How long the oldest open duty has been due; 0 where none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Everything the portal is handed."""

    desk: OpenDesk
    register: Register
    notices: Notices
    views: Views
    keys: Keys
    hasher: Hasher
    secret: Callable[[], str]
    clock: Callable[[], datetime]
    ready: Callable[[], None]
    """Raises where the database does not answer."""
    waits: Callable[[], Waits]
    """Raises where the database does not answer."""
    hosts: frozenset[str]
    """Names under which it may be called, without port."""
    secure: bool
    """Whether browsers reach it by TLS."""
    files: FileRoom
    challenges: Challenges
    """What passkeys are asked to sign."""
    request_schema: Mapping[str, object]
    catalogue: Catalogue
    """The equipment by its names."""
    about: Callable[[], Mapping[str, object]]
    """Which installation this is, and what its clock says."""
    verify: Callable[[], Verdict]
    """Whether the record is whole."""
    limits: Limits = field(default_factory=Limits)
    idle: Callable[[], object] | None = None
    """What is done each time no study runs or waits any more."""
    provider: Provider | None = None
    """None: nobody but MOMS vouches for who signs in."""
    proxy: Proxy | None = None
    """None: no header tells of a certificate, or of a caller's address."""
    own_tls: bool = False
    """Whether TLS ends here, and not at a proxy."""
    demo: Demo | None = None
    """None: no demo, and none of its routes."""
