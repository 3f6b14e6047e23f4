"""The charts of one week, made from its roll-up.

Source: wbr-method.md section 2; analytics.md section 1, rules 8 to 13.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from metrics.definitions import Metric, MonthsAxis
from metrics.periods import Period
from metrics.rollup import IMMATURE, PARTIAL, STATES, Rollup, State, adds_up
from metrics.six_twelve.frame import Frame
from metrics.six_twelve.values import Annotation, Box, Change, Line, Role, SixTwelve

_Values = tuple[float | None, ...]
_WORDS = np.array(STATES, dtype=object)


@dataclass(frozen=True, slots=True)
class Remark:
    """A dated remark before it has a place on a chart.

    Attributes:
        day: When it happened.
        text: What happened.
        metrics: Ids it concerns; empty means all.
    """

    day: date
    text: str
    metrics: tuple[str, ...] = ()


class _Half:
    """The weeks of all charts, or their months: the roll-up's columns as Python values, row by row."""

    def __init__(
        self,
        rolled: Rollup,
        places: Sequence[int],
        earlier: Sequence[int],
        whole: Sequence[Period] | None = None,
    ) -> None:
        at, before = list(places), list(earlier)
        windows = rolled.windows
        self.periods = [windows[i].period for i in at]
        self._before = [windows[i].period for i in before]
        self._rolled, self._at = rolled, at
        self._amount = _plain(rolled.amount[:, at])
        self._earlier = _plain(rolled.amount[:, before])
        state = rolled.state[:, at]
        if whole is not None:  # A month that is not over is partial, however complete its days so far.
            unfinished = np.array([p != w for p, w in zip(self.periods, whole, strict=True)])
            state = np.where(unfinished & (state <= IMMATURE), PARTIAL, state)
        self.states: list[tuple[State, ...]] = [tuple(r) for r in _WORDS[state].tolist()]
        present, expected = rolled.present[:, at].tolist(), rolled.expected[:, at].tolist()
        self.days: list[tuple[tuple[int, int], ...]] = [
            tuple(zip(p, e, strict=True)) for p, e in zip(present, expected, strict=True)
        ]

    def amounts(self, row: int, average: bool) -> _Values:
        """Values as drawn; of the average day if asked for."""
        return _averaged(self._amount[row], self.periods) if average else self._amount[row]

    def earlier_amounts(self, row: int, average: bool, metric: Metric) -> _Values:
        """Values a year earlier; none across a change of definition."""
        values = _averaged(self._earlier[row], self._before) if average else self._earlier[row]
        if metric.supersedes is None:
            return values
        pairs = zip(values, self._before, self.periods, strict=True)
        return tuple(None if _breaks(metric, before, now) else v for v, before, now in pairs)

    def targets(self, row: int, average: bool) -> _Values:
        """What was promised."""
        (values,) = _plain(self._rolled.target[row : row + 1, self._at])
        return _averaged(values, self.periods) if average else values

    def hollow(self, row: int, average: bool) -> _Values:
        """Where the points of partial periods lie."""
        if "partial" not in self.states[row]:
            return (None,) * len(self._at)
        (values,) = _plain(self._rolled.incomplete[row : row + 1, self._at])
        return _averaged(values, self.periods) if average else values


class Charts:
    """Makes the charts of one deck from its roll-up."""

    def __init__(
        self,
        frame: Frame,
        rolled: Rollup,
        metrics: Mapping[str, Metric],
        remarks: Sequence[Remark] = (),
    ) -> None:
        self.frame = frame
        self.rolled = rolled
        self.metrics = metrics
        self.remarks = remarks
        self._amount = _plain(rolled.amount)
        self._target = _plain(rolled.target)
        self._state = rolled.state.tolist()
        self._axes = {kind: frame.axis(kind) for kind in frame.months}
        self._compared_with = tuple(t.period.last for t in frame.twins)
        self._paired_by = tuple(t.event for t in frame.twins)
        earlier_weeks = [self.year_earlier(i) for i in frame.weeks]
        self._weeks = _Half(rolled, frame.weeks, [-1 if i is None else i for i in earlier_weeks])
        self._months = {
            kind: _Half(rolled, places, frame.months_year_earlier[kind], frame.month_periods[kind])
            for kind, places in frame.months.items()
        }

    # One value

    def value(self, metric: str, place: int) -> float | None:
        """The metric's value over one window, if it has a settled one."""
        row = self.rolled.row[metric]
        return None if self._state[row][place] == IMMATURE else self._amount[row][place]

    def amount(self, metric: str, place: int) -> float | None:
        """The metric's value over one window as it is drawn: immature ones too."""
        return self._amount[self.rolled.row[metric]][place]

    def state(self, metric: str, place: int) -> State:
        """Why a window has its value or none."""
        return STATES[int(self._state[self.rolled.row[metric]][place])]

    def days(self, metric: str, place: int) -> tuple[int, int]:
        """Observations present and expected."""
        row = self.rolled.row[metric]
        return int(self.rolled.present[row, place]), int(self.rolled.expected[row, place])

    def target(self, metric: str, place: int) -> float | None:
        """What was promised for one window."""
        return self._target[self.rolled.row[metric]][place]

    def change(self, metric: str, now: int, before: int | None) -> Change:
        """The metric's change from one window to another; none across a change of definition."""
        definition = self.metrics[metric]
        broken = before is not None and _breaks(
            definition, self.frame.windows[before].period, self.frame.windows[now].period
        )
        base = None if before is None or broken else self.value(metric, before)
        return change(self.value(metric, now), base, definition)

    def against_target(self, metric: str) -> Change:
        """Last week against what was promised for it."""
        last = self.frame.weeks[-1]
        return change(self.value(metric, last), self.target(metric, last), self.metrics[metric])

    def year_earlier(self, place: int) -> int | None:
        """Place of the window a window is compared with."""
        return self.frame.windows[place].year_earlier

    # One chart

    def chart(
        self,
        primary: str,
        secondary: str | None = None,
        target: str | None = None,
        *,
        months_axis: MonthsAxis,
        daily_average: bool = False,
    ) -> SixTwelve:
        """The 6-12 chart of a metric.

        Args:
            primary: Id of the metric that the chart is about.
            secondary: Id of a second metric, drawn beside it.
            target: Id of the metric whose target is marked; by default the primary's, if it has one.
            months_axis: Complete months, or those of the fiscal year.
            daily_average: Show days' averages of metrics whose days add up, so that weeks and months share
                one scale.
        """
        lines = [self._line(primary, "primary", months_axis, daily_average)]
        if secondary is not None:
            lines.append(self._line(secondary, "secondary", months_axis, daily_average))
        promised = target or primary
        if any(v is not None for v in self._target[self.rolled.row[promised]]):
            lines.append(self._target_line(promised, months_axis, daily_average))
        shown = tuple(lines)
        return SixTwelve(
            axis=self._axes[months_axis],
            lines=shown,
            box=tuple(self._box(line.metric) for line in shown if line.role != "target"),
            two_axes=_needs_two_axes(shown),
            annotations=self._annotations(primary, months_axis),
            stamps=_stamps(shown[0]),
            notes=self._notes(primary, daily_average),
        )

    def _line(self, metric: str, role: Role, kind: MonthsAxis, daily_average: bool) -> Line:
        frame, row, definition = self.frame, self.rolled.row[metric], self.metrics[metric]
        weeks, months = self._weeks, self._months[kind]
        average = daily_average and adds_up(definition, self.metrics)
        return Line(
            metric=metric,
            name=definition.name,
            role=role,
            unit=definition.unit,
            weeks=weeks.amounts(row, average),
            weeks_year_earlier=weeks.earlier_amounts(row, average, definition),
            months=months.amounts(row, average),
            months_year_earlier=months.earlier_amounts(row, average, definition),
            weeks_state=weeks.states[row],
            months_state=months.states[row],
            weeks_days=weeks.days[row],
            months_days=months.days[row],
            compared_with=self._compared_with,
            paired_by=self._paired_by,
            break_week=_break(definition, weeks.periods),
            break_month=_break(definition, frame.month_periods[kind]),
            weeks_incomplete=weeks.hollow(row, average),
        )

    def _target_line(self, metric: str, kind: MonthsAxis, daily_average: bool) -> Line:
        row, definition = self.rolled.row[metric], self.metrics[metric]
        average = daily_average and adds_up(definition, self.metrics)
        weeks, months = self._weeks.targets(row, average), self._months[kind].targets(row, average)
        return Line(
            metric=metric,
            name=f"{definition.name} target",
            role="target",
            unit=definition.unit,
            weeks=weeks,
            weeks_year_earlier=(None,) * 6,
            months=months,
            months_year_earlier=(None,) * 12,
            weeks_state=tuple("missing" if v is None else "complete" for v in weeks),
            months_state=tuple("missing" if v is None else "complete" for v in months),
            weeks_days=((0, 0),) * 6,
            months_days=((0, 0),) * 12,
            compared_with=self._compared_with,
            paired_by=(None,) * 6,
        )

    def _box(self, metric: str) -> Box:
        frame, definition = self.frame, self.metrics[metric]
        last, before = frame.weeks[-1], frame.weeks[-2]
        month, quarter, year = frame.to_date
        return Box(
            metric=metric,
            name=definition.name,
            unit=definition.unit,
            last_week=self.value(metric, last),
            wow=self.change(metric, last, before),
            yoy=self.change(metric, last, self.year_earlier(last)),
            mtd=self.value(metric, month),
            mtd_yoy=self.change(metric, month, self.year_earlier(month)),
            qtd=self.value(metric, quarter),
            qtd_yoy=self.change(metric, quarter, self.year_earlier(quarter)),
            ytd=self.value(metric, year),
            ytd_yoy=self.change(metric, year, self.year_earlier(year)),
            vs_target=self.against_target(metric),
        )

    def _annotations(self, metric: str, kind: MonthsAxis) -> tuple[Annotation, ...]:
        """The remarks about a metric that fall into its chart; a week shows one before its month does."""
        frame = self.frame
        weeks = [frame.windows[i].period for i in frame.weeks]
        found: list[tuple[date, int | None, int | None, str]] = []
        for remark in self.remarks:
            if remark.metrics and metric not in remark.metrics:
                continue
            week = next((n for n, p in enumerate(weeks) if remark.day in p), None)
            months = frame.month_periods[kind] if week is None else ()
            month = next((n for n, p in enumerate(months) if remark.day in p), None)
            if remark.day <= frame.ending and (week is not None or month is not None):
                found.append((remark.day, week, month, remark.text))
        found.sort(key=lambda each: (each[0], each[3]))
        return tuple(
            Annotation(number, day, week, month, text)
            for number, (day, week, month, text) in enumerate(found, start=1)
        )

    def _notes(self, metric: str, daily_average: bool) -> tuple[str, ...]:
        notes = []
        if (grain := self.rolled.coarse.get(metric)) == "week" and self.frame.calendar.pattern == "calendar":
            notes.append("Told once a week: it has no months.")
        elif grain == "month":
            notes.append("Told once a month: it has no weeks.")
        if daily_average and adds_up(self.metrics[metric], self.metrics):
            notes.append("Average day of each week and month.")
        return tuple(notes)


def change(now: float | None, before: float | None, metric: Metric) -> Change:
    """How far a value is from the one it is compared with.

    Percent, or basis points where the metric says so. Either side unknown: no amount. A base of zero:
    undefined, in percent only. A base below zero: the number, noted, because its sign misleads.

    Source: analytics.md section 1, rule 8.
    """
    unit = metric.change_unit
    if now is None or before is None:
        return Change(None, unit)
    difference = now - before
    good = None
    if difference and metric.better in ("up", "down"):
        good = (difference > 0) == (metric.better == "up")
    if unit == "bps":
        return Change(difference * 10_000, unit, good, None, difference)
    if before == 0:
        return Change(None, unit, good, "undefined", difference)
    return Change(now / before - 1, unit, good, "negative_base" if before < 0 else None, difference)


def _plain(table: NDArray[np.float64]) -> list[_Values]:
    """Rows of Python numbers, with None for what is unknown."""
    values = table.astype(object)
    values[np.isnan(table)] = None
    return [tuple(row) for row in values.tolist()]


def _averaged(values: _Values, periods: Sequence[Period]) -> _Values:
    return tuple(None if v is None else v / p.days for v, p in zip(values, periods, strict=True))


def _breaks(metric: Metric, before: Period, now: Period) -> bool:
    """True if the metric began to be counted this way after one period and not after the other."""
    start = metric.supersedes.start if metric.supersedes else None
    return start is not None and before.first < start <= now.last


def _break(metric: Metric, periods: Sequence[Period]) -> int | None:
    """The first place counted this way, if an earlier one was not."""
    start = metric.supersedes.start if metric.supersedes else None
    if start is None or not periods[0].first < start <= periods[-1].last:
        return None
    return next(n for n, p in enumerate(periods) if p.last >= start)


def _needs_two_axes(lines: Sequence[Line]) -> bool:
    weeks = [abs(v) for line in lines for v in line.weeks if v is not None]
    months = [abs(v) for line in lines for v in line.months if v is not None]
    return bool(weeks and months) and max(months) > 3 * max(weeks)


def _stamps(line: Line) -> tuple[str, ...]:
    """Short words the chart carries, from its own points."""
    told = [s for s in line.weeks_state if s != "missing"]
    stamps = []
    if "partial" in line.weeks_state or (line.weeks_state[-1] == "missing" and line.weeks_days[-1][1] > 0):
        stamps.append("incomplete")
    if "immature" in line.weeks_state:
        stamps.append("immature")
    if line.break_week is not None or line.break_month is not None:
        stamps.append("new definition")
    if 0 < len(told) < 6 and line.weeks_state[0] == "missing" and line.months_state[0] == "missing":
        stamps.append("learning")
    return tuple(stamps)
