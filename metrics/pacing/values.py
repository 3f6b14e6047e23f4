"""Where a goal stands, and where it is likely to land, as plain values.

Source: analytics.md, section 6; wbr-method.md, section 10, "Goals".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from metrics.errors import DefinitionError
from metrics.periods import Period

Way = Literal["total", "average", "level"]
State = Literal["on_track", "at_risk", "off_track", "met", "missed", "forecast_only", "not_forecast"]
Status = Literal["green", "yellow", "red"]
MemberName = Literal["damped_trend", "seasonal", "last_year", "recent_level"]
Reason = Literal[
    "too_short",
    "missing_weeks",
    "no_actual",
    "too_far",
    "no_target",
    "no_direction",
    "few_backtests",
]

STATUS: Mapping[State, Status] = {
    "on_track": "green",
    "met": "green",
    "at_risk": "yellow",
    "off_track": "red",
    "missed": "red",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a pace depends on: a metric's history, and the goal set on it.

    Attributes:
        values: One per week, oldest first, without gap in time; NaN or None where missing. Weeks before
            the metric began may be left out or missing.
        week_ending: Last day of the newest of `values`: the last complete (and mature) week.
        period: The goal's days.
        way: What the goal's value is compared with at the end.
            `total`: the period's sum. `average`: the period's own ratio or mean, in which each week of the
            rest weighs as much as each week that is past. `level`: the mean of the last `closing_weeks`
            that end within the period (the state at its end).
        target: The goal's value, in units of the metric; None if only the landing is asked for.
        better: Which side of `target` reaches the goal; None if the metric has no direction.
        actual_to_date: The period's own value from its first day to `week_ending`, as rolled up from days;
            None if a day is missing. Not needed before the period begins.
        volume: True if the metric cannot be below 0: forecasts are cut there.
        closing_weeks: Weeks of which a `level` is the mean, at least 1.
        events: Days on which a named event fell or will fall, this year and the year before.
    """

    values: tuple[float | None, ...]
    week_ending: date
    period: Period
    way: Way
    target: float | None = None
    better: Literal["up", "down"] | None = None
    actual_to_date: float | None = None
    volume: bool = True
    closing_weeks: int = 1
    events: Mapping[str, tuple[date, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.closing_weeks < 1:
            raise DefinitionError(
                f"A closing level is the mean of at least one week, not of {self.closing_weeks}. "
                "Give `closing_weeks` as 1 or more."
            )


@dataclass(frozen=True, slots=True)
class Member:
    """One of the forecasts that were combined.

    Attributes:
        name: `damped_trend`: exponential smoothing, its trend dying out; `seasonal`: the same after a yearly
            season of 52 weeks is taken off; `last_year`: last year's weeks times the growth of the last 8;
            `recent_level`: the mean of the last 8 weeks, only where nothing else could be fitted.
        weight: Its part of the combination, 0 to 1; weights add up to 1.
        forecast_rest: What it alone says of the rest, as `Pace.forecast_rest`.
        backtest_mae: Mean absolute error of its backtests, in the same unit; None without backtests.
    """

    name: MemberName
    weight: float
    forecast_rest: float
    backtest_mae: float | None


@dataclass(frozen=True, slots=True)
class Fallback:
    """A forecast that was left out of the combination, and why.

    Attributes:
        member: Which one.
        because: `no_convergence`: its fit did not settle; `no_number`: it gave no finite forecast.
    """

    member: MemberName
    because: Literal["no_convergence", "no_number"]


@dataclass(frozen=True, slots=True)
class EventMark:
    """An event that the weeks still to come have and the same weeks of last year had not, or the reverse.

    Attributes:
        event: Its name.
        day: The day it falls on.
        only: `ahead` if it will fall in the rest of the period, which no forecast knows of; `year_earlier`
            if it fell in the same weeks a year before and will not come, which last year's weeks repeat.
    """

    event: str
    day: date
    only: Literal["ahead", "year_earlier"]


@dataclass(frozen=True, slots=True)
class Pace:
    """Where a goal stands and is likely to land. Values are in units of the metric.

    Attributes:
        way: As asked; says what `total` is.
        state: `on_track` (chance 0.8 or more), `at_risk`, `off_track` (below 0.2); `met` or `missed` once the
            period is over; `forecast_only`: a landing without chance; `not_forecast`.
        reason: Why there is no chance, or no forecast. None for the other states.
            `too_short`: fewer than 26 weeks. `missing_weeks`: more than two weeks are missing, or the newest.
            `no_actual`: the period to date has no value, and its weeks are not all known. `too_far`: the
            period ends more than 104 weeks ahead. `no_target`, `no_direction`: nothing to reach.
            `few_backtests`: fewer than five fit into the history.
        actual_to_date: The period's own value so far; 0 for a total that has not begun.
        to_date_estimated: True if it was added up from weeks, some of them interpolated or cut at the edge
            of the period, because a day is missing.
        forecast_rest: Of a total: what is still to come. Of an average: its mean over the rest. Of a level:
            its mean over those closing weeks that are still to come.
        total: Where the period lands: its total, average or closing level.
        low80: Lower end of the 80% range of `total`, from backtests.
        high80: Upper end.
        p_hit: Chance of reaching the goal, in steps of 1/9: say "about". Its calibration is not measured.
        required_per_week: Of a total: what each week of the rest must bring. Of an average: what each must
            be. Of a level: the change per week from the newest value that leads to the target. For a metric
            that is better down, the most that is allowed. None without target or rest.
        weeks_past: Days of the period up to `week_ending`, in weeks.
        weeks_left: Days after it, in weeks. A week that the period cuts counts by its days, as if they
            were alike.
        weeks: Forecast of each whole week after `week_ending`, up to the period's end.
        members: The forecasts combined; empty if none was made.
        fallbacks: Those left out.
        backtest_errors: One per backtest, newest origin first: ln(actual ÷ forecast) of the rest, or
            actual − forecast where `in_logs` is False.
        backtest_ape: |actual − forecast| ÷ |actual| of the same; None where actual was 0.
        in_logs: False if one of the totals was not positive, so that differences were taken.
        interpolated: Last days of the weeks that were missing and filled in.
        events: What the forecast cannot know.
    """

    way: Way
    state: State
    reason: Reason | None
    actual_to_date: float | None
    to_date_estimated: bool
    forecast_rest: float | None
    total: float | None
    low80: float | None
    high80: float | None
    p_hit: float | None
    required_per_week: float | None
    weeks_past: float
    weeks_left: float
    weeks: tuple[float, ...] = ()
    members: tuple[Member, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    backtest_errors: tuple[float, ...] = ()
    backtest_ape: tuple[float | None, ...] = ()
    in_logs: bool = True
    interpolated: tuple[date, ...] = ()
    events: tuple[EventMark, ...] = ()

    @property
    def proposed(self) -> Status | None:
        """The status proposed to finance; None where there is no chance to judge by."""
        return STATUS.get(self.state)

    @property
    def weights(self) -> dict[MemberName, float]:
        """Part of each member in the combination."""
        return {member.name: member.weight for member in self.members}
