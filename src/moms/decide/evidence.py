"""What a decision rests on, condensed from the studies: plain values that a record can keep."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A limit that the request makes exceeded, or worse (semantics 1.4), at its worst hour."""

    contingency: str | None
    """None before any contingency."""
    element: str
    hour: str
    flow_mw: float
    limit_mw: float
    percent: float
    base_mw: float
    without_mw: float | None
    caused: str
    """`new` or `worse`."""
    hours: int
    """In how many of the hours studied."""

    @property
    def over_mw(self) -> float:
        """How far above the limit."""
        return abs(self.flow_mw) - self.limit_mw

    @property
    def name(self) -> str:
        """Name the pair for a rule row."""
        return (
            f"{self.element} after {self.contingency}" if self.contingency else f"{self.element} before any contingency"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOff:
    """A contingency that splits the grid only because of the request, at its worst hour."""

    contingency: str | None
    """None where the request itself cuts it off."""
    load_mw: float
    generation_mw: float
    buses: tuple[str, ...]
    units: tuple[str, ...]
    hours: int
    critical_load: bool
    clean_after: bool
    """Whether the flows after it were checked and are within limits."""
    zone_largest_mw: float | None
    """The largest single unit of the zone: what generation may be lost; None where unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcCrossing:
    """A voltage or a loading in MVA beyond its limit because of the request, at its worst hour (semantics 1.4)."""

    contingency: str | None
    """None before any contingency."""
    element: str
    quantity: str
    """`loading_mva`, `low_voltage_pu`, `high_voltage_pu`, `voltage_deviation_pu`."""
    base_kv: float | None
    """Of the bus; None where it is not known, and for branches."""
    hour: str
    value: float
    limit: float
    without: float | None
    """The same without the request; None where it is dark or has no solution then."""
    caused: str
    """`new` or `worse`."""
    hours: int
    """In how many of the hours verified."""

    @property
    def beyond(self) -> float:
        """By how much it is beyond the limit, as a share of it."""
        return abs(self.value - self.limit) / self.limit if self.limit else abs(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsolved:
    """A state without an AC solution."""

    contingency: str | None
    hour: str
    why: str
    without_why: str | None
    """Why it has none without the request either; None if it has one."""
    caused: str
    case: dict[str, object] | None = None
    """How the state differs from the grid: what is needed to study it again. Kept of the first one caused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLimit:
    """A bus that stops holding its voltage because of the request, before any contingency."""

    element: str
    base_kv: float | None
    hour: str
    volt_pu: float
    set_pu: float
    mvar: float
    """What its units give: their limit."""
    without_mvar: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Voltage:
    """One AC verification of the request, condensed (semantics 1.7)."""

    status: str
    """`clean`, `violations`, `not converged` or `not available`."""
    why: str
    """What stood against it; empty when clean."""
    crossings: tuple[AcCrossing, ...] = ()
    """The worst of them; `found` counts all."""
    found: int = 0
    unsolved: tuple[Unsolved, ...] = ()
    at_limit: tuple[AtLimit, ...] = ()
    old: int = 0
    """Values beyond their limit that the request does not cause, an hour on average."""
    contingencies: int = 0
    """That took anything in at least one hour."""
    in_full: int = 0
    """Solved in full, over all hours; the others settled near the base state with no limit near."""
    hours: tuple[str, ...] = ()
    """Which hours were verified, and why these."""
    points: int = 0
    """Operating points of the whole study, of which the hours are some."""
    shed_mw: float = 0.0
    """The most load shed after a loss for want of headroom."""
    unbanded: int = 0
    """Energised buses without a voltage band: nothing is granted with any."""
    unrated: int = 0
    untouched: int = 0
    """Not looked at, over all hours: they and the request exchange too little, or there were more than the most."""
    left_out: int = 0
    """Of these, those that exchange enough and were beyond the most that is looked at."""
    layer: str = ""
    """Digest of the AC layer, where the grid has one."""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """One study of the request, condensed."""

    book: str
    """`book` (all that stands), `queue` (and what waits before it), or `alone` (no other outage)."""
    crossings: tuple[Crossing, ...]
    tight: tuple[Crossing, ...]
    """Caused at the tight share of rate B though not over it."""
    cut_off: tuple[CutOff, ...]
    self_cut: CutOff | None
    old: int
    """Pairs over their limit that the request does not cause, a point on average."""
    contingencies: int
    monitored: int
    unrated: int
    synthetic: int
    points: int
    """Operating points studied."""
    slices: int
    shortfall_mw: float
    """The most that headroom could not pick up after a trip, beyond what it could not without the request."""
    skipped: tuple[str, ...]
    digest: str
    voltage: Voltage | None = None
    """AC verification of the same study; None where none was run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One unit moved in a remedy."""

    unit: str
    mw: float
    """The largest change over the hours; up is positive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What a redispatch can do about the crossings (semantics 2.1)."""

    possible: bool
    verified: bool
    """The whole study was repeated with it and is clean."""
    moves: tuple[Move, ...] = ()
    mw: float = 0.0
    """Largest total moved up in one hour."""
    cost_per_h: float = 0.0
    """Largest cost in one hour."""
    cost: float = 0.0
    """Over all hours."""
    hours: int = 0
    left_mw: float = 0.0
    """What it leaves above the limits where it is not possible."""
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginDay:
    """One row of the margin on one market day, before and with the request, MW."""

    day: str
    row: str
    without_mw: float
    with_mw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Adequacy:
    """The maintenance margin around the request (semantics 5.1)."""

    removed_mw: float
    """Expected capacity the request takes away at its worst hour."""
    least: MarginDay | None
    """The least row with the request."""
    hurt: tuple[MarginDay, ...]
    """Rows below zero with the request that it makes lower."""
    unknown: tuple[str, ...]
    """What the grid does not say, so that a margin cannot be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The newest forecast issue when a decision was made."""

    id: str
    source: str
    issued: str
    until: str
    """The end of its last hour."""
    age_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesSeen:
    """The newest issue of outage rates when a decision was made."""

    id: str
    source: str
    issued: str
    units: int
    age_d: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """A probability, how far it can be trusted, what it means and where it comes from."""

    what: str
    """as approved, starts, back in time, called back."""
    band: str
    """very low, low, some or high: of what should not happen (semantics 5.3)."""
    says: str
    """What it means, in a sentence without a full stop."""
    source: str
    value: float | None = None
    """None where only the band may be shown."""
    low: float | None = None
    """95 % bounds."""
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """How certain it is that the outage goes as it is approved (semantics 5.3). It decides nothing."""

    firmness: str
    """The highest level of the ladder it may have: requested (none), tentative, firm, guaranteed."""
    firmness_says: str
    next_level_needs: tuple[str, ...]
    """What keeps it from the next level."""
    chances: tuple[Chance, ...]
    causes: dict[str, float] = field(default_factory=dict)
    """Why it might not go ahead, by cause; empty where nothing was learnt or may be published."""
    low_h: float | None = None
    """P10 and P90 of the hours it will take."""
    high_h: float | None = None
    recall_without: float | None = None
    """The probability that margin runs short in the same places and days without the request."""
    unknown: tuple[str, ...] = ()
    """What could not be said, and why."""
    versions: dict[str, str] = field(default_factory=dict)
    """What it was computed with: model, scenarios, seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StormThreat:
    """What a storm threatens while the outage is out: the chance of each next loss times what it would do (models 3.9).

    It decides nothing. What a loss would do counts only where it does so because of the outage.
    """

    storm: str
    source: str
    issued: str
    calibrated: bool
    """Whether damage counts stand behind the chances; otherwise they rank and are no more."""
    hours: int
    """How many hours of the window the forecast reaches; of the others it says nothing."""
    hours_of: int
    """Hours of the window."""
    expected_mw: float | None
    """MW expected to be overloaded or cut off, in the window's worst hour; None: the forecast does not reach it."""
    worst: str | None
    """The contingency that adds most; None where none adds anything."""
    rank: int | None = None
    """Among the asked window and the other dates that the forecast reaches, 1 for the least; equals share one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallRank:
    """How likely want of capacity calls the outage back in one of the windows that were studied, and the rank of that.

    It decides nothing, and of recall for the network it says nothing.
    """

    chance: Chance
    rank: int | None = None
    """Among the asked window and the other dates, 1 for the least likely; equals share one. None: only bands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LessOne:
    """The study of the request beside a conflict set without one of its members: no limit is exceeded."""

    outage: str
    """The member that stays in service."""
    studied: str
    """Digest of that study."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictSet:
    """Outages with all of which out the request exceeds a limit, and with any one in service none (semantics 6).

    It holds for the hours of the request, with nothing else out and before any redispatch.
    """

    outages: tuple[str, ...]
    """By id; empty where the request exceeds a limit with nothing else out."""
    crossing: Crossing
    """The worst of what it exceeds beside them."""
    studied: str
    """Digest of the study."""
    less_one: tuple[LessOne, ...] = ()
    """One for each member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts:
    """What of the book stands in the way of a request that exceeds a limit."""

    sets: tuple[ConflictSet, ...]
    """No two with a member in common."""
    says: str
    """What the request would be with them out of the way, or why no set is cited."""
    rest: str | None = None
    """Digest of the study beside the rest of the book, which exceeds no limit; None where it was not reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that one decision rests on. A part that was not run is None, and says why in `missing`."""

    security: Security | None
    queue: Security | None = None
    """The same study with the earlier-queued pending requests also out; None where there are none."""
    alone: Security | None = None
    """The same study with no other outage; None where no other outage overlaps."""
    relies_on: tuple[str, ...] = ()
    """Outages without which the answer would be different."""
    remedy: Remedy | None = None
    adequacy: Adequacy | None = None
    conflicts: Conflicts | None = None
    """What stands in the way, where a limit exceeded decides; None otherwise."""
    certainty: Certainty | None = None
    """None where no answer grants anything, or nothing was studied."""
    storm: StormThreat | None = None
    """None where no storm forecast kept reaches these dates or the others, or nothing was studied."""
    recall: RecallRank | None = None
    """Beside other dates that are offered; None where there are none, or the outage takes no capacity away."""
    forecast: Forecast | None = None
    """None where no forecast issue is kept."""
    rates: RatesSeen | None = None
    """None where no issue of outage rates is kept: those that the grid came with count."""
    begins_in_days: float | None = None
    missing: tuple[str, ...] = ()
    base_kv: float | None = None
    is_line: bool = True
    reactive: bool = False
    ac_needed: bool = False
    """Whether the rule book wants it verified by AC."""
    lead_days: float = 0.0
    overlapping: tuple[str, ...] = ()
    earlier_pending: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    """Outages of its group that were studied with it as one."""
    group_leans: tuple[str, ...] = ()
    """Those of them without which the rest would cause more."""
    group_waits: tuple[str, ...] = ()
    """What keeps its group from being granted as a whole."""
    elsewhere: tuple[str, ...] = field(default=())
    """Starts inside the owner's own limits that were looked at, and why each failed."""
