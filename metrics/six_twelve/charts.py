"""The charts of one week, made from its roll-up.

Source: wbr-method.md section 2; analytics.md section 1, rules 8 to 13.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from metrics.definitions import Compare, Metric, MonthsAxis
from metrics.periods import Period
from metrics.rollup import IMMATURE, PARTIAL, STATES, Rollup, State, adds_up
from metrics.six_twelve.frame import Frame
from metrics.six_twelve.values import Annotation, Box, Change, Line, Role, SixTwelve

_Values = tuple[float | None, ...]
_Place = tuple[date, int | None, int | None, str]  # Of a remark: day, week, month and what happened.
_T = TypeVar("_T")


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


_UNKNOWN: Mapping[Compare, Change] = {"percent": Change(None, "percent"), "bps": Change(None, "bps")}


class _Half:
    """The weeks of all charts, or their months: the roll-up's columns as Python values, row by row.

    With `settled`, immature amounts are unknown.
    """

    def __init__(
        self,
        rolled: Rollup,
        places: Sequence[int],
        earlier: Sequence[int],
        whole: Sequence[Period] | None = None,
        *,
        settled: bool = False,
    ) -> None:
        at, before = list(places), list(earlier)
        windows = rolled.windows
        self.periods = [windows[i].period for i in at]
        self._before = [windows[i].period for i in before]
        self._rolled, self._at = rolled, at
        amount = np.where(rolled.state == IMMATURE, np.nan, rolled.amount) if settled else rolled.amount
        self._amount = _plain(amount[:, at])
        self._earlier = _plain(amount[:, before])
        state = rolled.state[:, at]
        if whole is not None:  # A month that is not over is partial, however complete its days so far.
            unfinished = np.array([p != w for p, w in zip(self.periods, whole, strict=True)])
            state = np.where(unfinished & (state <= IMMATURE), PARTIAL, state)
        days = np.stack([rolled.present[:, at], rolled.expected[:, at]], axis=-1)
        self.states = _shared(state, _words)
        self.days = _shared(days, _pairs)

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
        self._remarks = {kind: _placed(remarks, frame, kind) for kind in frame.months}
        self._state: list[bytes] = [codes.tobytes() for codes in rolled.state]  # Indexed, a byte is an int.
        self._promised = np.any(~np.isnan(rolled.target), axis=1)
        self._axes = {kind: frame.axis(kind) for kind in frame.months}
        self._compared_with = tuple(t.period.last for t in frame.twins)
        self._paired_by = tuple(t.event for t in frame.twins)
        last, to_date = frame.weeks[-1], frame.to_date
        self._weeks = _Half(rolled, frame.weeks, self._earlier(frame.weeks))
        self._months = {
            kind: _Half(rolled, places, frame.months_year_earlier[kind], frame.month_periods[kind])
            for kind, places in frame.months.items()
        }
        # The five comparisons of a box score: on the week before, then four on the year.
        bases = (frame.weeks[-2], *self._earlier((last, *to_date)))
        self._compared = _Half(rolled, (last, last, *to_date), bases, settled=True)
        self._last_target = _plain(rolled.target[:, [last]])

    def _earlier(self, places: Sequence[int]) -> list[int]:
        """Places of the windows that weeks and parts of a year to date are compared with: all have one."""
        earlier = (self.year_earlier(place) for place in places)
        return [place for place in earlier if place is not None]

    # One value

    def value(self, metric: str, place: int) -> float | None:
        """The metric's value over one window, if it has a settled one."""
        immature = self._state[self.rolled.row[metric]][place] == IMMATURE
        return None if immature else self.amount(metric, place)

    def amount(self, metric: str, place: int) -> float | None:
        """The metric's value over one window as it is drawn: immature ones too."""
        return _known(self.rolled.amount[self.rolled.row[metric], place])

    def state(self, metric: str, place: int) -> State:
        """Why a window has its value or none."""
        return STATES[self._state[self.rolled.row[metric]][place]]

    def days(self, metric: str, place: int) -> tuple[int, int]:
        """Observations present and expected."""
        row = self.rolled.row[metric]
        return int(self.rolled.present[row, place]), int(self.rolled.expected[row, place])

    def target(self, metric: str, place: int) -> float | None:
        """What was promised for one window."""
        return _known(self.rolled.target[self.rolled.row[metric], place])

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
        row = self.rolled.row[metric]
        now, (promised,) = self._compared.amounts(row, average=False), self._last_target[row]
        return change(now[0], promised, self.metrics[metric])

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
        if self._promised[self.rolled.row[promised]]:
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
        row, definition = self.rolled.row[metric], self.metrics[metric]
        now = self._compared.amounts(row, average=False)
        bases = self._compared.earlier_amounts(row, average=False, metric=definition)
        wow, yoy, mtd, qtd, ytd = (change(n, b, definition) for n, b in zip(now, bases, strict=True))
        return Box(
            metric=metric,
            name=definition.name,
            unit=definition.unit,
            last_week=now[0],
            wow=wow,
            yoy=yoy,
            mtd=now[2],
            mtd_yoy=mtd,
            qtd=now[3],
            qtd_yoy=qtd,
            ytd=now[4],
            ytd_yoy=ytd,
            vs_target=self.against_target(metric),
        )

    def _annotations(self, metric: str, kind: MonthsAxis) -> tuple[Annotation, ...]:
        found = [place for metrics, place in self._remarks[kind] if not metrics or metric in metrics]
        return tuple(Annotation(number, *place) for number, place in enumerate(found, start=1))

    def _notes(self, metric: str, daily_average: bool) -> tuple[str, ...]:
        notes = []
        if (grain := self.rolled.coarse.get(metric)) == "week" and self.frame.calendar.pattern == "calendar":
            notes.append("Told once a week: it has no months.")
        elif grain == "month":
            notes.append("Told once a month: it has no weeks.")
        if daily_average and adds_up(self.metrics[metric], self.metrics):
            notes.append("Average day of each week and month.")
        return tuple(notes)


def _placed(
    remarks: Sequence[Remark], frame: Frame, kind: MonthsAxis
) -> list[tuple[tuple[str, ...], _Place]]:
    """The remarks that fall into a chart, by day, with the metrics they concern; a week shows one before its
    month does.
    """
    weeks = [frame.windows[i].period for i in frame.weeks]
    found = []
    for remark in remarks:
        week = next((n for n, p in enumerate(weeks) if remark.day in p), None)
        months = frame.month_periods[kind] if week is None else ()
        month = next((n for n, p in enumerate(months) if remark.day in p), None)
        if remark.day <= frame.ending and (week is not None or month is not None):
            found.append((remark.metrics, (remark.day, week, month, remark.text)))
    return sorted(found, key=lambda each: (each[1][0], each[1][3]))


def change(now: float | None, before: float | None, metric: Metric) -> Change:
    """How far a value is from the one it is compared with.

    Percent, or basis points where the metric says so. Either side unknown: no amount. A base of zero:
    undefined, in percent only. A base below zero: the number, noted, because its sign misleads.

    Source: analytics.md section 1, rule 8.
    """
    unit = metric.change_unit
    if now is None or before is None:
        return _UNKNOWN[unit]
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
    each = iter(values.ravel().tolist())
    return list(zip(*[each] * table.shape[1], strict=True))  # Takes a row's length from `each` at a time.


def _known(amount: np.float64) -> float | None:
    return None if np.isnan(amount) else float(amount)


def _words(codes: Sequence[int]) -> tuple[State, ...]:
    return tuple(STATES[code] for code in codes)


def _pairs(days: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((present, expected) for present, expected in days)


def _shared(table: NDArray[Any], value: Callable[[list[Any]], _T]) -> list[_T]:
    """A value per row. Rows that are alike share one: nearly all are."""
    made: dict[bytes, _T] = {}
    keys = [row.tobytes() for row in table]
    for key, row in zip(keys, table, strict=True):
        if key not in made:
            made[key] = value(row.tolist())
    return [made[key] for key in keys]


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
