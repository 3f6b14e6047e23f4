"""Targets: what somebody promised, told for any window.

Every style becomes a value per day first. For a metric whose days add up, a target speaks of a
week unless it is a plan: it is divided by seven and added up over the days of the window. For
any other metric the target of a window is the one in force on its last day; planned days of a
level told per day are averaged, as the level itself is.

Source: wbr-method.md section 2, "Target" and "Target styles".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from metrics.definitions import (
    BandTarget,
    CeilingTarget,
    Difference,
    FloorTarget,
    LinearTarget,
    Mean,
    Metric,
    PlanTarget,
    SeriesTarget,
    StepTarget,
    Sum,
    Total,
)
from metrics.periods import Calendar, Period
from metrics.rollup.components import Catalogue, Component, components, each_day
from metrics.rollup.reading import Reading
from metrics.rollup.windows import Window

Floats = NDArray[np.float64]
YEAR_OF_WEEKS = timedelta(weeks=52)  # A day's shape is taken from the same weekday a year before.


def adds_up(metric: Metric, metrics: Mapping[str, Metric]) -> bool:
    """True if the days of a metric add up to its weeks: a total, or a sum or difference of totals."""
    match metric.measure:
        case Total():
            return True
        case Sum(of=of) | Difference(of=of):
            return all(adds_up(metrics[o if isinstance(o, str) else o.target_of], metrics) for o in of)
        case _:
            return False


@dataclass(frozen=True, slots=True)
class _Days:
    """A run of days and where each lies in it."""

    span: Period

    def place(self, day: date) -> int:
        return (day - self.span.first).days

    def all(self) -> list[date]:
        return [self.span.first + timedelta(days=n) for n in range(self.span.days)]


def targets(
    reading: Reading,
    catalogue: Catalogue,
    metrics: Mapping[str, Metric],
    windows: Sequence[Window],
    calendar: Calendar,
    tables: Mapping[str, str],
) -> dict[str, Floats]:
    """The target of every metric that has one, over every window.

    Args:
        reading: Of the store, as known at some time.
        catalogue: The series of that reading.
        metrics: All metrics by id.
        windows: The windows; those of the future too, because a promise may lie ahead.
        calendar: Places weekly rows and fiscal years.
        tables: Metric id to the stored weekly series that holds its dated targets.

    Returns:
        One array per metric, one value per window, in the metric's unit; NaN where nothing was promised
        for some day of it.
    """
    first = min(w.period.first for w in windows)
    days = _Days(Period(first, max(w.period.last for w in windows)))
    daily: dict[str, Floats] = {}
    daily |= _from_tables(reading, catalogue, metrics, days, calendar, tables)
    daily |= _from_series(reading, catalogue, metrics, days)
    daily |= _from_plans(reading, catalogue, metrics, days, calendar)
    for name, metric in metrics.items():
        match metric.target:
            case None | PlanTarget() | SeriesTarget():
                continue
            case style:
                level = _level(style, days)
                daily[name] = level / 7 if adds_up(metric, metrics) else level

    last = np.array([days.place(w.period.last) for w in windows])
    start = np.array([days.place(w.period.first) for w in windows])
    answer: dict[str, Floats] = {}
    for name, per_day in daily.items():
        if adds_up(metrics[name], metrics):
            known = np.concatenate([[0], np.cumsum(~np.isnan(per_day))])
            added = np.concatenate([[0.0], np.cumsum(np.nan_to_num(per_day))])
            whole = known[last + 1] - known[start] == last + 1 - start
            answer[name] = np.where(whole, added[last + 1] - added[start], np.nan)
        elif isinstance(metrics[name].target, SeriesTarget) and isinstance(metrics[name].measure, Mean):
            answer[name] = np.array([per_day[a : b + 1].mean() for a, b in zip(start, last, strict=True)])
        else:
            answer[name] = per_day[last]
    return answer


def _level(
    style: LinearTarget | StepTarget | FloorTarget | CeilingTarget | BandTarget, days: _Days
) -> Floats:
    """The promised level of each day; NaN before it is in force."""
    level = np.full(days.span.days, np.nan)
    match style:
        case LinearTarget(start=start, end=end):
            length = (end.date - start.date).days
            for place, day in enumerate(days.all()):
                if start.date <= day <= end.date:
                    part = (day - start.date).days / length if length else 1.0
                    level[place] = start.value + (end.value - start.value) * part
        case BandTarget(low=low, high=high, value=value):
            middle = value if low is None or high is None else (low + high) / 2
            level[_from(style.start, days) :] = np.nan if middle is None else middle
        case StepTarget() | FloorTarget() | CeilingTarget():
            level[_from(style.start, days) :] = style.value
    return level


def _from(start: date | None, days: _Days) -> int:
    return 0 if start is None else min(max(days.place(start), 0), days.span.days)


def _from_tables(
    reading: Reading,
    catalogue: Catalogue,
    metrics: Mapping[str, Metric],
    days: _Days,
    calendar: Calendar,
    tables: Mapping[str, str],
) -> dict[str, Floats]:
    """Weekly rows: every day of a week carries its week's row. Daily rows: each day its own."""
    known = {name: series for name, series in tables.items() if series in catalogue and name in metrics}
    if not known:
        return {}
    whole = Period(days.span.first, calendar.week_of(days.span.last).last)
    rows = each_day(reading, catalogue, [Component("latest", s) for s in known.values()], whole)
    ends = np.array([(calendar.week_of(d).last - whole.first).days for d in days.all()])
    answer: dict[str, Floats] = {}
    for name, row in zip(known, rows, strict=True):
        if catalogue.grain(known[name]) == "day":
            answer[name] = row[: days.span.days]
        else:
            answer[name] = row[ends] / 7 if adds_up(metrics[name], metrics) else row[ends]
    return answer


def _from_series(
    reading: Reading,
    catalogue: Catalogue,
    metrics: Mapping[str, Metric],
    days: _Days,
) -> dict[str, Floats]:
    """Planned days stored as a series of their own."""
    named = {n: m.target.series for n, m in metrics.items() if isinstance(m.target, SeriesTarget)}
    if not named:
        return {}
    rows = each_day(reading, catalogue, [Component("total", s) for s in named.values()], days.span)
    return dict(zip(named, rows, strict=True))


def _from_plans(
    reading: Reading,
    catalogue: Catalogue,
    metrics: Mapping[str, Metric],
    days: _Days,
    calendar: Calendar,
) -> dict[str, Floats]:
    """A year's total over its days: evenly, or as the days 364 earlier went."""
    plans = {n: m.target for n, m in metrics.items() if isinstance(m.target, PlanTarget)}
    if not plans:
        return {}
    years = {calendar.year_of(d).last.year: calendar.year_of(d) for d in days.all()}
    shaped = {
        name: plan.year
        for name, plan in plans.items()
        if plan.spread == "last_year" and plan.year in years and isinstance(metrics[name].measure, Total)
    }
    shapes: dict[str, Floats] = {}
    for year in sorted(set(shaped.values())):
        names = [name for name, of in shaped.items() if of == year]
        earlier = Period(years[year].first - YEAR_OF_WEEKS, years[year].last - YEAR_OF_WEEKS)
        wanted = [components(metrics[name].measure)[0] for name in names]
        rows = each_day(reading, catalogue, wanted, earlier)
        totals = rows.sum(axis=1, keepdims=True)  # NaN if a day is missing: then no shape is known.
        shapes |= dict(zip(names, rows / np.where(totals == 0, np.nan, totals), strict=True))

    answer: dict[str, Floats] = {}
    for name, plan in plans.items():
        per_day = np.full(days.span.days, np.nan)
        answer[name] = per_day
        if (year_ := years.get(plan.year)) is None:
            continue
        start, end = max(year_.first, days.span.first), min(year_.last, days.span.last)
        inside = slice(days.place(start), days.place(end) + 1)
        if not adds_up(metrics[name], metrics):
            per_day[inside] = plan.total
        elif name in shapes:
            offset = (start - year_.first).days
            per_day[inside] = plan.total * shapes[name][offset : offset + (end - start).days + 1]
        else:
            per_day[inside] = plan.total / year_.days
    return answer
