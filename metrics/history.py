"""Every metric's weeks, and what the signal engine is told about them.

Weeks come from the roll-up; events, dividers and excluded points from people. Here they meet, and
the engine's answer for one week becomes a `Signal`.

Source: analytics.md section 2; wbr-method.md section 6.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from metrics.definitions import Growth, Metric, MissingDays
from metrics.periods import Calendar
from metrics.registry import Registry
from metrics.rollup import IMMATURE, PARTIAL, Readable, Rollup, Window, rollup
from metrics.signals import Happening, Judged, Reason, State, Tier, Weekly

RATIO_SCALE_UNITS = frozenset({"count", "currency"})  # Volumes and amounts: a change is a ratio.


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people decided about one metric's limits.

    Attributes:
        dividers: First week endings of declared new levels.
        excluded: Week endings taken out of the limits.
    """

    dividers: tuple[date, ...] = ()
    excluded: tuple[date, ...] = ()


@dataclass(frozen=True, eq=False)
class History:
    """The weeks of many metrics, oldest first.

    Attributes:
        weeks: Last day of each week, seven days apart.
        metrics: The metrics by id.
        rolled: Their values; the first `len(weeks)` windows are the weeks.
    """

    weeks: tuple[date, ...]
    metrics: Mapping[str, Metric]
    rolled: Rollup

    def values(self, metric: str) -> NDArray[np.float64]:
        """One value per week in the metric's unit; NaN where there is none."""
        return self.rolled.amount[self.rolled.row[metric], : len(self.weeks)]

    def states(self, metric: str) -> NDArray[np.uint8]:
        """One code per week; `rollup.STATES` has the words."""
        return self.rolled.state[self.rolled.row[metric], : len(self.weeks)]

    def targets(self, metric: str) -> NDArray[np.float64]:
        """What was promised for each week; NaN where nothing was."""
        return self.rolled.target[self.rolled.row[metric], : len(self.weeks)]


def history(
    connection: Readable,
    metrics: Sequence[Metric],
    first: date,
    last: date,
    calendar: Calendar,
    *,
    missing_days: MissingDays = "strict",
    target_tables: Mapping[str, str] | None = None,
) -> History:
    """The weeks from the one that holds `first` to the one that ends on `last`.

    Args:
        connection: Holds `series`, `observed` and `sampled`, as known at some time.
        metrics: Metrics and all they are computed from, operands first.
        first: A day of the oldest week wanted.
        last: Last day of the newest week; maturity counts from it.
        calendar: The company's.
        missing_days: As for the roll-up.
        target_tables: As for the roll-up.
    """
    oldest = calendar.week_of(first).last
    count = max((last - oldest).days // 7 + 1, 1)
    weeks = calendar.trailing_weeks(last, count)
    windows = [Window(week) for week in weeks]
    if any(isinstance(m.measure, Growth) for m in metrics):
        windows = [Window(week, count + place) for place, week in enumerate(weeks)]
        windows += [Window(calendar.week_year_earlier(week).period) for week in weeks]
    rolled = rollup(
        connection,
        metrics,
        windows,
        calendar,
        newest=last,
        missing_days=missing_days,
        target_tables=target_tables,
    )
    return History(tuple(w.last for w in weeks), {m.id: m for m in metrics}, rolled)


def weeklies(
    told: History, registry: Registry, wanted: Sequence[str], decisions: Mapping[str, Decisions]
) -> tuple[Weekly, ...]:
    """What the engine is told of each metric.

    A stock is judged by its change. A metric told once a month has no weeks and is left as missing.
    """
    return tuple(_weekly(told, registry, told.metrics[m], decisions.get(m, Decisions())) for m in wanted)


def _weekly(told: History, registry: Registry, metric: Metric, decided: Decisions) -> Weekly:
    values, states = told.values(metric.id), told.states(metric.id)
    if metric.stock:
        values = np.concatenate([[np.nan], np.diff(values)])
    start = metric.supersedes.start if metric.supersedes else None
    return Weekly(
        metric=metric.id,
        week_endings=told.weeks,
        values=np.where(np.isfinite(values), values, np.nan),
        incomplete=states == PARTIAL,
        immature=states == IMMATURE,
        log=metric.unit in RATIO_SCALE_UNITS and not metric.stock,
        count=metric.unit == "count" and metric.measure.how == "total",
        better=metric.better,
        weight=metric.weight,
        happenings=happenings(registry, metric.id),
        dividers=decided.dividers,
        excluded=decided.excluded,
        starts=registry.calendar.week_of(start).last if start else None,
    )


def happenings(registry: Registry, metric: str) -> tuple[Happening, ...]:
    """The declared events that concern a metric, by the weeks they fall in."""
    return tuple(
        Happening(
            event.name,
            event.kind,
            tuple(sorted({registry.calendar.week_of(d).last for d in (*event.dates, *event.week_endings)})),
        )
        for event in registry.definitions.events
        if not event.scope or metric in event.scope
    )


# --- the answer for one week -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signal:
    """What the engine says of one metric in one week.

    Attributes:
        metric: Its id.
        week_ending: The week judged.
        value: The week's value in the metric's unit; of a stock its level. None is none.
        expected, low, high: The expected range, in the metric's unit; None where there is none.
        z: Surprise in sigma; None where the week was not judged.
        tier: `exception` for the room, `watch` for the owner, `none`, or `cannot_judge`.
        state: How firm the judgement is, or why there is none.
        reasons: Why the week is marked; otherwise empty.
        favourable: Whether the move is good news; None without a mark or a better direction.
        n: Weeks in the baseline.
        weight: Business weight, for order only.
    """

    metric: str
    week_ending: date
    value: float | None
    expected: float | None
    low: float | None
    high: float | None
    z: float | None
    tier: Tier
    state: State
    reasons: tuple[Reason, ...]
    favourable: bool | None
    n: int
    weight: float

    @property
    def marked(self) -> bool:
        """An exception or a watch."""
        return self.tier in ("exception", "watch")

    @property
    def urgency(self) -> float:
        """What marks are sorted by: |z| times business weight."""
        return abs(self.z or 0.0) * self.weight


def signal(judged: Judged, metric: Metric, told: History, week_ending: date) -> Signal:
    """The verdict on one week; a stock's range is told as levels."""
    place = judged.at(week_ending)
    level = told.values(metric.id)
    base = float(level[place - 1]) if metric.stock and place else 0.0
    return Signal(
        metric=metric.id,
        week_ending=week_ending,
        value=_known(level[place]),
        expected=_known(judged.expected[place] + base),
        low=_known(judged.low[place] + base),
        high=_known(judged.high[place] + base),
        z=_known(judged.z[place]),
        tier=judged.tier[place],
        state=judged.state[place],
        reasons=judged.reasons[place],
        favourable=judged.favourable[place],
        n=int(judged.n[place]),
        weight=metric.weight,
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


class Verdicts:
    """What the engine said of every metric in every week."""

    def __init__(self, told: History, judged: Sequence[Judged]) -> None:
        self.told = told
        self.judged = {each.metric: each for each in judged}
        self._weeks = frozenset(told.weeks)

    def at(self, metric: str, week_ending: date) -> Signal | None:
        """The verdict on a metric in a week; None if there is no such metric or week."""
        judged = self.judged.get(metric)
        if judged is None or week_ending not in self._weeks:
            return None
        return signal(judged, self.told.metrics[metric], self.told, week_ending)

    def week(self, week_ending: date) -> tuple[Signal, ...]:
        """The verdicts of one week, in the order of the metrics; none if it lies outside the history."""
        found = (self.at(metric, week_ending) for metric in self.judged)
        return tuple(each for each in found if each is not None)
