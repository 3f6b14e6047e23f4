"""The values of one metric, or of one stored series, day by day or period by period, for other programs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Literal

from metrics.definitions import Folded, Growth, Metric, Percentile, Ratio, series_of
from metrics.errors import DecisionError, UnknownNameError, hint
from metrics.periods import Period
from metrics.rollup import STATES, Window, days_of, rollup
from metrics.workspace.slicing import of_coverage, refuse_unknown

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

Grain = Literal["day", "week", "month", "quarter", "year"]
MOST_PERIODS = 20_000  # Days of 50 years.


@dataclass(frozen=True, slots=True)
class Observation:
    """A value of a period.

    Attributes:
        first: First day.
        last: Last day; of a week the day that names it.
        value: In the metric's own unit; None if there is none.
        state: `complete`, `partial`, `missing`, `undefined` or `immature`; of a stored series `told`.
        target: What was promised for it; None if nothing was.
        segments: Of a stored value.
    """

    first: date
    last: date
    value: float | None
    state: str
    target: float | None
    segments: Mapping[str, str]


class Observing:
    """Reads values as numbers, without a deck around them."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house

    def periods(self, grain: Grain, first: date, last: date) -> tuple[Period, ...]:
        """The periods that end in a stretch of days, oldest first."""
        calendar = self._house.calendar
        ways: dict[str, Callable[[date], Period]] = {
            "day": lambda day: Period(day, day),
            "week": calendar.week_of,
            "month": calendar.month_of,
            "quarter": calendar.quarter_of,
            "year": calendar.year_of,
        }
        of, found, day = ways[grain], list[Period](), first
        while day <= last and len(found) <= MOST_PERIODS:
            period = of(day)
            if period.last <= last:
                found.append(period)
            day = period.last + timedelta(days=1)
        return tuple(found)

    def metric(
        self,
        metric: str,
        grain: Grain,
        periods: tuple[Period, ...],
        *,
        where: Mapping[str, str],
        as_of: datetime | None,
    ) -> tuple[Observation, ...]:
        """The values of a metric over periods, as its charts would show them.

        Args:
            metric: Its id.
            grain: What each of the periods is.
            periods: Oldest first, as `periods` gives them.
            where: Only these segments.
            as_of: What was known at this time; None is all that is known now.

        Raises:
            UnknownNameError: No such metric, or a segment that its series do not carry.
            DecisionError: The metric has no days of its own.
        """
        house = self._house
        definition = house.metric(metric)
        wanted = [_within(each, where) for each in house.with_operands(definition)]
        self._checked(wanted, where)
        if not periods:
            return ()
        newest = house.default_week()
        with house.store.reading(as_of) as connection:
            if grain == "day":
                if not series_of(definition.measure):
                    raise DecisionError(
                        f"{definition.name} is computed from other metrics and has no days of its own. "
                        "Ask for weeks, months, quarters or years."
                    )
                span = Period(periods[0].first, periods[-1].last)
                values, told = days_of(connection, _within(definition, where), span, house.calendar)
                return tuple(
                    Observation(day, day, _known(v), "missing" if v != v else "complete", None, {})
                    for day, v in zip(told, values.tolist(), strict=True)
                )
            windows = self._windows(grain, periods, growth=any(isinstance(m.measure, Growth) for m in wanted))
            rolled = rollup(
                connection,
                wanted,
                windows,
                house.calendar,
                newest=newest,
                missing_days=house.definitions.missing_days,
                target_tables={} if where else house.target_tables,
            )
        row = rolled.row[metric]
        return tuple(
            Observation(
                period.first,
                period.last,
                _known(float(rolled.amount[row, n])),
                STATES[rolled.state[row, n]],
                None if where else _known(float(rolled.target[row, n])),
                {},
            )
            for n, period in enumerate(periods)
        )

    def _windows(self, grain: Grain, periods: tuple[Period, ...], *, growth: bool) -> list[Window]:
        """The periods, each with the one it grew from if some metric is a growth."""
        calendar, count = self._house.calendar, len(periods)
        if not growth:
            return [Window(period) for period in periods]

        def earlier(period: Period) -> Period:
            if grain == "week":
                return calendar.week_year_earlier(period).period
            if grain == "month":
                return calendar.month_year_earlier(period)
            return calendar.to_date_year_earlier(period.last, "quarter" if grain == "quarter" else "year")

        told = [Window(period, count + n) for n, period in enumerate(periods)]
        return told + [Window(earlier(period)) for period in periods]

    def series(
        self,
        name: str,
        *,
        first: date | None,
        last: date | None,
        where: Mapping[str, str],
        size: int,
        offset: int,
        as_of: datetime | None,
    ) -> tuple[Observation, ...]:
        """A page of the stored values of a series, by day and segments.

        Raises:
            UnknownNameError: No metric that may be seen reads such a series.
        """
        seen = {s for m in self._house.definitions.metrics.values() for s in series_of(m.measure)}
        if name not in seen:
            raise UnknownNameError(f"{name!r} is not among series that metrics read. {hint(name, seen)}")
        found = self._house.store.observations(
            name, first=first, last=last, where=where, size=size, offset=offset, as_of=as_of
        )
        return tuple(
            Observation(day.date(), day.date(), float(value), "told", None, json.loads(segments))
            for day, segments, value in zip(found["day"], found["segments"], found["value"], strict=True)
        )

    def _checked(self, wanted: list[Metric], where: Mapping[str, str]) -> None:
        """Refuse a segment that no series behind the metric carries."""
        if not where or not self._house.version:
            return
        told = self._house.store.coverage([s for m in wanted for s in series_of(m.measure)])
        refuse_unknown(of_coverage(told), where, "This metric is not told")


def _within(metric: Metric, where: Mapping[str, str]) -> Metric:
    """A metric of some segments only: one condition more on the series it reads."""
    measure = metric.measure
    if not where or not isinstance(measure, Folded | Ratio | Percentile):
        return metric
    narrowed = measure.model_copy(update={"where": {**measure.where, **where}})
    return metric.model_copy(update={"measure": narrowed})


def _known(value: float) -> float | None:
    return value if isfinite(value) else None
