"""What the signal engine is told about a metric's weeks, and what it answers.

Source: analytics.md section 2; wbr-method.md section 6.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from metrics.errors import SourceError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]

Kind = Literal["recurring", "one_off", "definition_change"]
Better = Literal["up", "down", "band", "none"]
Direction = Literal["above", "below"]
Tier = Literal["exception", "watch", "none", "cannot_judge"]
RuleName = Literal["above_range", "below_range", "three_of_four", "eight_in_a_row"]
State = Literal[
    "normal",
    "provisional",
    "trial",
    "too_short",
    "event_week",
    "constant",
    "incomplete_week",
    "immature",
    "missing",
    "before_start",
    "pooled",
]
Scale = Literal["raw", "log", "pooled"]
STATES: tuple[State, ...] = get_args(State)
SCALES: tuple[Scale, ...] = get_args(Scale)
JUDGED: frozenset[State] = frozenset({"normal", "provisional", "trial"})

WEEK = timedelta(weeks=1)
NOT_WEEKLY: Final = frozenset({"locks", "dwarfing"})  # Of what `Judged` holds in rows, these are no columns.
LARGEST: Final = 1e100  # Of a value; squares of larger ones are no longer numbers.


@dataclass(frozen=True, slots=True)
class Happening:
    """Something known to have happened to a metric.

    Attributes:
        name: The same name in another year is the same effect, so moving feasts work.
        kind: `recurring` weeks come back and get an effect of their own; `one_off` weeks leave the limits;
            from a `definition_change` on, nothing older counts.
        week_endings: Last days of the weeks it falls in; later weeks than the metric's may be named.
    """

    name: str
    kind: Kind
    week_endings: tuple[date, ...]


@dataclass(frozen=True, eq=False)
class Weekly:
    """One metric's weeks, oldest first, without a week left out.

    Attributes:
        metric: The metric's id, for messages.
        week_endings: Last day of each week, seven days apart.
        values: One per week in the metric's unit; NaN is no value.
        incomplete: Weeks with a missing day; shown, not judged, not in limits. None: no such week.
        immature: Weeks whose value still changes as late data come; likewise.
        log: The unit is a positive volume or an amount of money, so changes are judged as ratios.
        count: The values are counts of single events; small ones are pooled over four weeks.
        better: The direction that is good news; decides `favourable`, never what is a signal.
        weight: Weight in the business; decides order, never what is a signal.
        happenings: Those in the metric's scope.
        dividers: First week endings of new levels, each declared by a person.
        excluded: Week endings that a person took out of the limits, with a cause.
        starts: First week ending of the definition in force; nothing before it counts. None: all counts.

    Raises:
        SourceError: A value that is no finite number, a week named twice, left out or out of order, or a
            column of another length. The message names metric, week and value.
    """

    metric: str
    week_endings: tuple[date, ...]
    values: Floats
    incomplete: Flags | None = None
    immature: Flags | None = None
    log: bool = False
    count: bool = False
    better: Better = "none"
    weight: float = 1.0
    happenings: tuple[Happening, ...] = ()
    dividers: tuple[date, ...] = ()
    excluded: tuple[date, ...] = ()
    starts: date | None = None

    def __post_init__(self) -> None:
        weeks = self.week_endings
        for name in ("values", "incomplete", "immature"):
            column = getattr(self, name)
            if column is not None and len(column) != len(weeks):
                raise SourceError(
                    f"{self.metric}: {name} has {len(column)} entries for {len(weeks)} weeks; give one each."
                )
        for place, (before, week) in enumerate(pairwise(weeks), start=1):
            if week - before != WEEK:
                raise SourceError(_wrong_week(self.metric, before, week, self.values[place]))
        for week, value in zip(weeks, self.values, strict=True):
            if not _is_number(value):
                told = repr(value) if isinstance(value, str) else value
                raise SourceError(
                    f"{self.metric}, week ending {week}: {told} is not a number a week can have; "
                    "mend it in the source and load again."
                )
        object.__setattr__(self, "values", np.array(self.values, dtype=float))  # A copy nobody else changes.

    def until(self, week: date) -> "Weekly":
        """The same metric as if `week` were its newest."""
        kept = sum(ending <= week for ending in self.week_endings)
        return Weekly(
            **{
                **{name: getattr(self, name) for name in self.__dataclass_fields__},
                "week_endings": self.week_endings[:kept],
                "values": self.values[:kept],
                "incomplete": None if self.incomplete is None else self.incomplete[:kept],
                "immature": None if self.immature is None else self.immature[:kept],
            }
        )


def _is_number(value: object) -> bool:
    """Whether a value can stand in a week: absent (NaN), or a number whose square is one too."""
    return isinstance(value, int | float | np.integer | np.floating) and not abs(float(value)) > LARGEST


def _wrong_week(metric: str, before: date, week: date, value: object) -> str:
    where = f"{metric}, week ending {week}, value {value}"
    if week == before:
        return f"{where}: this week is already there; keep one value per week."
    if week < before:
        return f"{where}: it comes after the week ending {before}; give weeks oldest first."
    return f"{where}: the week before it ends {before}; name every week, with NaN where there is no value."


# --- answers --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a week is marked.

    Attributes:
        rule: `above_range` or `below_range`: beyond three sigma; `three_of_four` weeks beyond 1.5 sigma on
            one side; `eight_in_a_row` on one side.
        direction: The side.
        since: Ending of the first week that takes part.
    """

    rule: RuleName
    direction: Direction
    since: date


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned from a baseline.

    Attributes:
        trend: Whether the level moves along a line.
        harmonics: Waves of the yearly season, 0 to 3.
        events: Names of recurring events that have an effect of their own.
        phi: Share of a week's surprise that the next week keeps, 0 to 0.95 (−0.95 to 0.95 of the weekly
            change where the level wanders).
        wandering: Each week starts from the one before, not from a level.
        sigma: Usual size of a surprise: in the metric's unit, or where `log` as a share (0.02 is about 2%).
        log: Changes were judged as ratios.
        n: Weeks the model was fitted to.
        columns: Numbers fitted to find the expected value.
    """

    trend: bool
    harmonics: int
    events: tuple[str, ...]
    phi: float
    wandering: bool
    sigma: float
    log: bool
    n: int
    columns: int

    @property
    def shape(self) -> str:
        """The parts of the expected value: `"constant"`, `"trend"`, `"trend+season+events"` …"""
        parts = (("trend", self.trend), ("season", self.harmonics), ("events", self.events))
        return "+".join(name for name, there in parts if there) or "constant"


@dataclass(frozen=True, slots=True)
class Lock:
    """A baseline that stays as it is until the next lock.

    Attributes:
        first, last: Endings of the first and last week of the baseline.
        made: Ending of the newest week known when it was made; it judges the weeks after that.
        until: Ending of the last week it has judged so far.
        n: Weeks with a value in the baseline.
        postponed: Weeks it came later than due, because a run was open.
        model: What was learned.
    """

    first: date
    last: date
    made: date
    until: date
    n: int
    postponed: int
    model: Model


@dataclass(frozen=True, slots=True)
class ModelParts:
    """What a model can be told by: "trend, yearly season, Easter; remembers 30% of last week".

    Attributes:
        trend: Whether the level moves along a line.
        season: Whether it has a yearly season.
        events: Names of recurring events that have an effect of their own.
        remembers: Share of last week's surprise that this week keeps, 0 to 0.95; where `wandering`, of last
            week's change, −0.95 to 0.95.
        wandering: Each week starts from the one before, not from a level.
        ratios: Changes are judged as ratios, not as differences.
        weeks: Weeks with a value in the baseline.
        first, last: Endings of the baseline's first and last week; None while it grows with every week.
        locked: Ending of the newest week known when the baseline was locked; None likewise.
    """

    trend: bool
    season: bool
    events: tuple[str, ...]
    remembers: float
    wandering: bool
    ratios: bool
    weeks: int
    first: date | None
    last: date | None
    locked: date | None


@dataclass(frozen=True, slots=True)
class DividerProposal:
    """Evidence that a new level has come to stay. A person decides, and names the cause.

    Attributes:
        since: Ending of the first week of the new level.
        direction: Where the new level lies.
        because: The rule that the newest weeks fulfil: `eight_in_a_row`, or `two_exceptions` on one side.
        weeks: Weeks of the new level with a value, at least 8.
        old_level, new_level: Expected values of the newest week, in the metric's unit, without memory.
        old_low, old_high, new_low, new_high: Limits about them, in the metric's unit.
    """

    since: date
    direction: Direction
    because: Literal["eight_in_a_row", "two_exceptions"]
    weeks: int
    old_level: float
    old_low: float
    old_high: float
    new_level: float
    new_low: float
    new_high: float


@dataclass(frozen=True, eq=False)
class Judged:
    """A metric's weeks as they were judged when each was the newest.

    All columns are as long as `week_endings`. What a week was told never changes when later weeks come.

    Attributes:
        metric: The metric's id.
        week_endings: Last day of each week.
        value: The weeks' own values, in the metric's unit; NaN is none.
        compared: What was held against the range: the value, or where `pooled` the mean of four weeks.
        expected, low, high: The expected range, in the metric's unit; NaN where there is none. An immature or
            incomplete week has a range and is not judged by it.
        z: Surprise in sigma; NaN where the week was not judged.
        tier: `exception` for the room, `watch` for the owner, `none`, or `cannot_judge`.
        state: How firm the judgement is, or why there is none.
        reasons: Of an exception or a watch; otherwise empty.
        favourable: Whether the move is in the better direction; None without a mark or a better direction.
        n: Weeks with a value in the baseline that judged the week; 0 if there was none.
        lock: Place in `locks` of the lock that judged the week; −1 if the baseline still grew.
        basis: Place in `SCALES` of the scale that the week was judged on; −1 for none.
        locks: Oldest first.
        model: The model in force in the newest week; None if there are too few weeks.
        proposal: Evidence for a divider at the newest week, if there is any.
        scale: `raw`, `log`, or `raw_not_positive`: asked to judge ratios, but a value was not positive.
        pooled: The newest weeks are judged four at a time, because they count few events.
        dwarfing: Endings of weeks in the newest baseline that are so far from all others that they spoil the
            limits; a person should mend or exclude them.
        weight: Weight in the business.
    """

    metric: str
    week_endings: tuple[date, ...]
    value: Floats
    compared: Floats
    expected: Floats
    low: Floats
    high: Floats
    z: Floats
    tier: tuple[Tier, ...]
    state: tuple[State, ...]
    reasons: tuple[tuple[Reason, ...], ...]
    favourable: tuple[bool | None, ...]
    n: NDArray[np.int64]
    lock: NDArray[np.int64]
    basis: NDArray[np.int8]
    locks: tuple[Lock, ...]
    model: Model | None
    proposal: DividerProposal | None
    scale: Literal["raw", "log", "raw_not_positive"]
    pooled: bool
    dwarfing: tuple[date, ...]
    weight: float

    def at(self, week_ending: date) -> int:
        """Place of a week in the columns.

        Raises:
            ValueError: The metric has no such week.
        """
        return self.week_endings.index(week_ending)

    def until(self, week: date) -> "Judged":
        """The same metric as it stood when `week` was its newest: one judging serves every week of a history.

        Columns, locks, scale and pooling are those that `judge(weekly, until=week)` finds, given the same
        values, marks of immature and incomplete weeks, events and decisions. So a week that was immature or
        incomplete then and no longer is stands here as it is judged now, as do the weeks that remember it.
        What speaks of the newest week alone is left out: there is no proposal and nothing dwarfing, and a
        model only where a lock judged `week`.
        """
        kept = sum(ending <= week for ending in self.week_endings)
        if kept == len(self.week_endings):
            return self
        cut: dict[str, Any] = {
            name: column[:kept]
            for name in self.__dataclass_fields__
            if isinstance(column := getattr(self, name), np.ndarray | tuple) and name not in NOT_WEEKLY
        }
        used = self.lock[:kept].tolist()
        last = {number: self.week_endings[at] for at, number in enumerate(used) if number >= 0}
        place = {number: at for at, number in enumerate(sorted(last))}
        cut["lock"] = np.array([place.get(number, -1) for number in used], dtype=self.lock.dtype)
        cut["locks"] = tuple(replace(self.locks[number], until=last[number]) for number in sorted(last))
        basis = int(self.basis[kept - 1]) if kept else -1
        ratios = basis < 0 or SCALES[basis] == "log"
        return replace(
            self,
            **cut,
            model=self.locks[used[-1]].model if kept and used[-1] >= 0 else None,
            proposal=None,
            scale="raw" if self.scale == "raw" else "log" if ratios else "raw_not_positive",
            pooled=basis >= 0 and SCALES[basis] == "pooled",
            dwarfing=(),
        )

    @property
    def lock_in_force(self) -> Lock | None:
        """The lock that judged the newest week with a range; None if its baseline still grew."""
        ranged = np.flatnonzero(np.isfinite(self.expected))
        number = int(self.lock[ranged[-1]]) if len(ranged) else -1
        return self.locks[number] if number >= 0 else None

    @property
    def model_parts(self) -> ModelParts | None:
        """What the model of the newest week can be told by; None if weeks are too few or never vary."""
        if self.model is None or not self.model.sigma > 0:
            return None
        lock = self.lock_in_force
        return ModelParts(
            trend=self.model.trend,
            season=self.model.harmonics > 0,
            events=self.model.events,
            remembers=self.model.phi,
            wandering=self.model.wandering,
            ratios=self.model.log,
            weeks=self.model.n if lock is None else lock.n,
            first=None if lock is None else lock.first,
            last=None if lock is None else lock.last,
            locked=None if lock is None else lock.made,
        )

    @property
    def urgency(self) -> float:
        """What the newest week is sorted by: |z| times business weight; 0 without a judgement."""
        z = self.z[-1] if len(self.z) else np.nan
        return 0.0 if np.isnan(z) else float(abs(z)) * self.weight
