"""What the engine of links is told, and what it answers.

Every value is frozen. A number that is not known is None (NaN inside arrays), never zero.

Source: analytics.md sections 3 and 4; wbr-method.md section 10.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from metrics.definitions import Kind, Link, Unit
from metrics.errors import SourceError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]

Scale = Literal["as_is", "log", "change"]
Verdict = Literal["leads", "output_leads", "together", "none", "insufficient"]
State = Literal["supported", "contradicted", "insufficient", "definition"]
Because = Literal["wrong_direction", "too_small", "halves_disagree", "not_clear", "definition", "identical"]
Absent = Literal["too_short", "constant", "gaps", "no_weeks", "definition_break"]
Apart = Literal["definition", "same_series", "identical"]
Lasting = Literal["decayed", "holding", "no_sign", "cannot_tell"]

WEEK_DAYS: Final = 7
RUN_FROM, LISTED_FROM, NORMAL_FROM = 52, 104, 156  # Weeks.


# --- what is told ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Occasion:
    """An event in a metric's scope: the same name in another year is the same effect.

    Attributes:
        name: Its name.
        week_endings: Last days of the weeks it falls in.
    """

    name: str
    week_endings: tuple[date, ...]


@dataclass(frozen=True, eq=False)
class Series:
    """One metric's weeks.

    Attributes:
        metric: Its id.
        values: One per week in the metric's unit, oldest first; NaN where there is no settled value.
        scale: `log` for volumes and amounts (a change is a ratio), `change` for stocks (what an input moves
            is the weekly change), else `as_is`. A series that is not positive throughout is never `log`.
        unit: What a value counts.
        kind: Role of the metric.
        occasions: Events in its scope; each name gets an effect of its own.
        starts: First week ending of the definition in force; nothing before it is comparable.
        no_weeks: True if the metric is told by the month, so that it has no weeks.
    """

    metric: str
    values: Floats
    scale: Scale = "as_is"
    unit: Unit = "number"
    kind: Kind = "input"
    occasions: tuple[Occasion, ...] = ()
    starts: date | None = None
    no_weeks: bool = False


@dataclass(frozen=True, eq=False)
class Panel:
    """Metrics side by side over the same weeks.

    Attributes:
        week_endings: Last day of each week, oldest first, seven days apart.
        series: The metrics.
        calendar_known: False if nobody declared events: weeks of the year in which everything moves are then
            found in the data.

    Raises:
        SourceError: A series has another number of values than there are weeks, or a value is infinite.
    """

    week_endings: tuple[date, ...]
    series: tuple[Series, ...]
    calendar_known: bool = True

    def __post_init__(self) -> None:
        for one in self.series:
            if len(one.values) != len(self.week_endings):
                raise SourceError(
                    f"{one.metric} has {len(one.values)} values for {len(self.week_endings)} weeks; give one "
                    "for each week, NaN where there is none."
                )
            if np.isinf(one.values).any():
                week = self.week_endings[int(np.flatnonzero(np.isinf(one.values))[0])]
                raise SourceError(
                    f"{one.metric}, week ending {week}: infinity is not a value a week can have; mend it in "
                    "the source and load again."
                )

    def until(self, week_ending: date) -> "Panel":
        """The same as if `week_ending` were the newest week."""
        return self._cut(slice(0, sum(w <= week_ending for w in self.week_endings)))

    def after(self, day: date) -> "Panel":
        """The weeks wholly after a day: nothing that could have been seen on it."""
        begun = day + timedelta(days=WEEK_DAYS - 1)
        return self._cut(slice(sum(w <= begun for w in self.week_endings), None))

    def _cut(self, rows: slice) -> "Panel":
        kept = tuple(
            Series(s.metric, s.values[rows], s.scale, s.unit, s.kind, s.occasions, s.starts, s.no_weeks)
            for s in self.series
        )
        return Panel(self.week_endings[rows], kept, self.calendar_known)

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Where each metric stands among the series."""
        return {s.metric: n for n, s in enumerate(self.series)}


@dataclass(frozen=True, slots=True)
class Recipe:
    """The constants of the preparation and of the scan.

    Attributes:
        trend: Whether a straight line is removed.
        harmonics: Yearly waves removed.
        memory: Largest order of the autoregression that whitens a series.
        lags: First and last lag looked at; negative ones show whether the driven metric moves first.
        rate: Share of the list that may be luck (false discovery rate).
        factors: Most common movements taken into account.
        run_from: Weeks below which a series is left out.
    """

    trend: bool = True
    harmonics: int = 3
    memory: int = 4
    lags: tuple[int, int] = (-4, 12)
    rate: float = 0.10
    factors: int = 3
    run_from: int = RUN_FROM


RECIPE: Final = Recipe()


# --- what is left out --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A metric that no test can use, and why.

    Attributes:
        metric: Its id.
        reason: `too_short`, `definition_break` (too short since its definition changed), `constant`,
            `gaps`, or `no_weeks`.
        weeks: Weeks with a value, in the definition in force.
        missing: Weeks without one between its first and its last.
        since: First week of the definition in force, where that is the reason.
    """

    metric: str
    reason: Absent
    weeks: int
    missing: int = 0
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """A pair that is never offered, because one is arithmetic of the other.

    Attributes:
        driver, driven: The two metrics.
        reason: `definition` if a declared definition holds both, `same_series` if both are computed from one
            stored series, `identical` if their surprises are the same in every week.
        through: The definition's metric or the stored series; empty for `identical`.
    """

    driver: str
    driven: str
    reason: Apart
    through: str = ""


# --- the scan ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Units:
    """How people read an effect.

    Attributes:
        driven: Unit of a difference of the driven metric: `pp`, `%`, `points`.
        driver: Of the driver.
        effect: Both: `pp per +1 pp`.
        step: A usual surprise of the driver, rounded, in its unit: what a sentence speaks of.
    """

    driven: str
    driver: str
    effect: str
    step: float


@dataclass(frozen=True, slots=True)
class Effect:
    """By how much the driven metric differs when the driver differs by one.

    Attributes:
        amount: In `unit`.
        low, high: Its 95% interval.
        units: How people read both and what one of the driver is.
        lags: First and last lag of the driver whose effects are added up.
        weeks: Weeks the estimate rests on.
    """

    amount: float
    low: float
    high: float
    units: "Units"
    lags: tuple[int, int]
    weeks: int

    @property
    def unit(self) -> str:
        """As read by people: `pp per +1 pp`, `% per +1 second`."""
        return self.units.effect


@dataclass(frozen=True, slots=True)
class Row:
    """One pair of the scan.

    Attributes:
        driver, driven: The two metrics.
        verdict: `leads` (driver first), `output_leads` (driven first), `together` (same week, direction
            unknown), `none`, or `insufficient` (fewer than 104 common weeks: run, not listed).
        lag_weeks: Weeks from driver to driven at which the link is strongest; negative if the driven one is
            first.
        r: Correlation of the surprises at that lag, −1 to 1.
        r_before_factors: The same before broad common movements were taken out.
        r_raw: Plain correlation of the numbers as they stand, at that lag.
        p: Chance of an r as large without any link, for this one lag.
        q: Share of luck among the pairs that are at least as clear; None for `insufficient`.
        n: Common weeks.
        detectable_r: Smallest r that a scan of this size could have shown, 8 times in 10.
        effect: For listed pairs; None otherwise, where the driven one is first, and where levels and
            surprises go opposite ways.
        common_with: Metrics that share a movement without which this link would not be listed.
        shared_series: Stored series of which both are computed, so that part of r may be arithmetic.
    """

    driver: str
    driven: str
    verdict: Verdict
    lag_weeks: int
    r: float
    r_before_factors: float
    r_raw: float | None
    p: float
    q: float | None
    n: int
    detectable_r: float
    effect: Effect | None = None
    common_with: tuple[str, ...] = ()
    shared_series: tuple[str, ...] = ()

    @property
    def listed(self) -> bool:
        """Whether the list of findings shows it."""
        return self.verdict in ("leads", "together", "output_leads")


@dataclass(frozen=True, eq=False)
class Strengths:
    """Every pair at every lag.

    Attributes:
        drivers, driven: Ids, in the order of the axes.
        lags: Lags, in the order of the first axis.
        r: Lags × drivers × driven; NaN where the two have no common weeks.
        p: The same shape.
        allowed: Drivers × driven: pairs that were tested.
    """

    drivers: tuple[str, ...]
    driven: tuple[str, ...]
    lags: tuple[int, ...]
    r: Floats
    p: Floats
    allowed: Flags


@dataclass(frozen=True, eq=False)
class Correlations:
    """The scan of all pairs.

    Attributes:
        until: Last day of the newest week used; None without any week.
        weeks: Weeks on the calendar.
        tests: Pairs × lags that share the one threshold.
        threshold_p: Largest p that is listed; 0 if nothing is.
        rows: One per pair, sorted by q, then p; pairs without q last.
        left_out: Metrics that no test could use.
        excluded: Pairs that are arithmetic, each once per direction.
        factors_removed: Broad common movements taken out.
        calendar_used: `declared`, `detected` or `none`.
        rate: The false discovery rate.
        strengths: All numbers, for the picture of the whole.
    """

    until: date | None
    weeks: int
    tests: int
    threshold_p: float
    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...]
    excluded: tuple[Excluded, ...]
    factors_removed: int
    calendar_used: Literal["declared", "detected", "none"]
    rate: float
    strengths: Strengths = field(repr=False)

    @cached_property
    def _by_pair(self) -> Mapping[tuple[str, str], Row]:
        return {(row.driver, row.driven): row for row in self.rows}

    def of(self, driver: str, driven: str) -> Row | None:
        """One pair's row; None if it was not tested."""
        return self._by_pair.get((driver, driven))

    def of_driven(self, metric: str) -> "Correlations":
        """The same scan, of which only the rows on one driven metric are kept."""
        return replace(self, rows=tuple(row for row in self.rows if row.driven == metric))

    def listed(self) -> Iterator[Row]:
        """The findings, clearest first."""
        return (row for row in self.rows if row.listed)


# --- one stated link -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decay:
    """Whether a link that was still is.

    Attributes:
        state: `decayed` if the driver still moves, the recent interval holds zero and leaves out the earlier
            effect; `holding` if the recent interval leaves out zero, on the earlier effect's side;
            `no_sign` if neither; `cannot_tell` without a clear earlier effect or enough weeks.
        earlier, recent: The effects; None where there are too few weeks.
        recent_from: First week ending of the recent part.
        driver_moved: Spread of the driver in the recent part as a share of the earlier one.
    """

    state: Lasting
    earlier: Effect | None = None
    recent: Effect | None = None
    recent_from: date | None = None
    driver_moved: float | None = None


@dataclass(frozen=True, slots=True)
class LinkTest:
    """What the data say of one stated link.

    Attributes:
        link: The claim.
        state: `supported`, `contradicted` or `insufficient`; `definition` if the two are arithmetic of each
            other, which is never scored.
        reason: Why it is not supported; None if it is. Also why a metric is of no use (`too_short` …).
        so_far: With 52 to 103 weeks: what would be said if they were enough.
        best_lag: Lag of the claim's window at which p is smallest; None if nothing was computed.
        r: Correlation of the surprises at that lag.
        p: For that lag alone.
        p_adjusted: For all lags of the window and all links tested beside it.
        df: Degrees of freedom at that lag.
        half_signs: Sign of r in the first and in the second half of the weeks.
        detectable_r: Smallest r that these weeks could have shown, 8 times in 10.
        detectable_effect: The same as an effect, in `units`; None if nothing was computed.
        units: Of effects; None if nothing was computed.
        bounds: Per lag of the window, the largest r on the claimed side that the data leave possible.
        n: Common weeks that count as test data.
        tested_from: First week ending that counts: the first after the link was stated.
        stated_first: Whether the claim has a date at all; without one nothing proves that it came first.
        tests: Lags × links that share the 5%.
        effect: With 95% interval; None unless this lag alone is clear (p at most 5%): where the surprises do
            not follow, what the levels share is as likely their slow drift.
        screened: True if the scan found this pair in weeks before or without a statement: the effect is then
            likely too large.
        decay: Recent against earlier effect; None if nothing was computed.
        left_out: The metric that no test could use, if that is why.
    """

    link: Link
    state: State
    reason: Because | Absent | None
    n: int
    tests: int
    stated_first: bool
    tested_from: date | None = None
    so_far: State | None = None
    best_lag: int | None = None
    r: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    df: float | None = None
    half_signs: tuple[int, int] | None = None
    detectable_r: float | None = None
    detectable_effect: float | None = None
    units: Units | None = None
    bounds: tuple[float, ...] = ()
    effect: Effect | None = None
    screened: bool = False
    decay: Decay | None = None
    left_out: LeftOut | None = None

    @property
    def grade(self) -> Literal[0, 1, 2] | None:
        """What the data alone can give: 2 stated first, then passed; 1 passed, not stated first; 0 neither.

        None for arithmetic, which is never scored. Grades 3 and 4 come from logged steps and experiments.
        """
        if self.state == "definition":
            return None
        if self.state != "supported":
            return 0
        return 2 if self.stated_first and not self.screened else 1


@dataclass(frozen=True, slots=True)
class Part:
    """One driver in a joint model.

    Attributes:
        driver: Its id.
        effect: With the other drivers held; None if it could not enter.
        se: Standard error of `effect.amount`.
        alone: The effect without the other drivers.
        left_out: Why it could not enter.
    """

    driver: str
    effect: Effect | None
    se: float | None
    alone: Effect | None
    left_out: LeftOut | None = None


@dataclass(frozen=True, slots=True)
class Joint:
    """All stated drivers of one metric in one model.

    Attributes:
        driven: The metric explained.
        parts: One per driver, in the order stated.
        weeks: Weeks the model rests on.
        explained: Share of the driven metric's surprises that all drivers together account for, 0 to 1; None
            without a model.
        memory: Share of each week's rest that is carried into the next.
        scale: In which scale the driven metric is modelled.
    """

    driven: str
    parts: tuple[Part, ...]
    weeks: int
    explained: float | None
    memory: float | None
    scale: Scale


# --- the pair in depth ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Strength:
    """How strong a link is at one lag.

    Attributes:
        lag_weeks: Weeks from driver to driven.
        r: Of the surprises.
        low, high: Its 95% interval.
        r_raw: Of the numbers as they stand; None where there are too few.
        clear: Whether p is within the scan's threshold, or 5% over all lags where there is no scan.
    """

    lag_weeks: int
    r: float
    low: float
    high: float
    r_raw: float | None
    clear: bool


@dataclass(frozen=True, slots=True)
class Point:
    """One week in the scatter of surprises.

    Attributes:
        week_ending: The driven metric's week.
        driver_level: What the driver was, `lag` weeks before, in its unit.
        driver_surprise: How far that was from expected, in the units people read.
        driven_surprise: How far the driven metric was from expected, likewise.
    """

    week_ending: date
    driver_level: float | None
    driver_surprise: float
    driven_surprise: float


@dataclass(frozen=True, slots=True)
class Moving:
    """The effect within one stretch of weeks.

    Attributes:
        week_ending: Last week of the stretch.
        effect: Within it.
    """

    week_ending: date
    effect: Effect


@dataclass(frozen=True, slots=True)
class Bend:
    """An effect that acts on one side of a level only, or more strongly there.

    Attributes:
        level: Of the driver, in its unit.
        below, above: Effects on each side.
        p: Chance of so much better a fit than a straight line without any bend, for all levels tried.
        clear: Whether p is at most 5%.
    """

    level: float
    below: Effect
    above: Effect
    p: float

    @property
    def clear(self) -> bool:
        """Whether a straight line is not enough."""
        return self.p <= 0.05


@dataclass(frozen=True, slots=True)
class Line:
    """Both series on one axis, the driven one moved back by the lag.

    Attributes:
        week_endings: The driver's weeks.
        driver: Its values in σ of its own surprises round what was expected; None where there is none.
        driven: The driven metric's, `lag` weeks later.
        driver_values, driven_values: The same as plain values in their units.
    """

    week_endings: tuple[date, ...]
    driver: tuple[float | None, ...]
    driven: tuple[float | None, ...]
    driver_values: tuple[float | None, ...]
    driven_values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Depth:
    """One pair, all that a page shows of it.

    Attributes:
        driver, driven: The two metrics.
        lag_weeks: The lag everything below is drawn at.
        row: What the scan said; None if it did not test the pair.
        excluded: Why the pair is never offered; None if it is.
        left_out: Metrics of the two that no test can use.
        strengths: Strength by lag, negative ones included.
        points: The scatter of surprises.
        rolling: The effect over moving years.
        bend: Whether the effect has a threshold; None if it could not be tried.
        line: Both series.
        effect: Over all weeks, at this lag alone.
        decay: Recent against earlier effect.
        detectable_r: Smallest r that these weeks could have shown at a lag named beforehand.
    """

    driver: str
    driven: str
    lag_weeks: int
    row: Row | None
    excluded: Excluded | None
    left_out: tuple[LeftOut, ...]
    strengths: tuple[Strength, ...] = ()
    points: tuple[Point, ...] = ()
    rolling: tuple[Moving, ...] = ()
    bend: Bend | None = None
    line: Line | None = None
    effect: Effect | None = None
    decay: Decay | None = None
    detectable_r: float | None = None
