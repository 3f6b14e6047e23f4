"""Goals: where each stands, where it is likely to land, and the status finance set beside the proposal.

A forecast depends on its `Standing` alone, so it is kept under a hash of it: a load, a correction or a
change of plan that touches the metric asks for a new forecast, and nothing else does. `wbr prepare` makes
them at night; a page makes what is missing.

Source: analytics.md section 6; wbr-method.md section 10.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from metrics import history
from metrics.definitions import Goal, GoalPeriod, Latest, Metric, Product
from metrics.errors import ConflictError
from metrics.history import History
from metrics.journal import Fact
from metrics.pacing import EventMark, Fallback, Member, Pace, Standing, paces
from metrics.periods import Period
from metrics.reviews import goals as rules
from metrics.reviews.goals import Kept, Status
from metrics.rollup import COMPLETE, Rollup, Window, adds_up, rollup
from metrics.signals import Happening
from metrics.workspace.once import Once

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

Progress = Callable[[str, float], None]
Floats = NDArray[np.float64]
Why = Literal["no_data", "retired", "told_monthly", "before_history"]
Question = tuple[str, str, date, tuple[str, ...]]
Shape = Literal["plan", "last_year", "even"]

FOLDER = "prepared"
FILE = "forecasts.json"
RECIPE = 1  # Of the forecasts kept; one more whenever `pacing` answers something else for a standing.
KEPT = 2000  # Forecasts in the file, the newest ones: several weeks of 500 goals.
REMEMBERED = 12
YEAR = timedelta(weeks=52)
WHOLE_PLAN = 0.005  # Share by which dated targets may miss the goal and still be taken as its plan.


@dataclass(frozen=True, slots=True)
class Course:
    """A goal's way through its period, for its chart; one entry per week, or per day of the plan.

    Attributes:
        weeks: Last days of the weeks of the period (or months), or of the half year before a goal on a week.
        actual: Of a total what has come by then, otherwise the week's value; NaN where unknown.
        plan: What the plan asks for by then; NaN without a plan.
        forecast: What is expected by then; NaN for weeks that are past.
    """

    weeks: tuple[date, ...]
    actual: tuple[float, ...]
    plan: tuple[float, ...]
    forecast: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """One goal, as it stands in one week.

    Attributes:
        goal: What was declared.
        metric: The metric it is on.
        period: Its days.
        week_ending: Last day of the week asked about.
        newest: Last day of the newest week used: of a metric that matures, the newest mature one.
        value: The plan in force, in the metric's unit: the last change of it, or what was declared.
        pace: Where it stands and lands; None if `why` says that there is nothing to judge.
        why: `retired`: the metric was. `no_data`: no number of it was loaded. `told_monthly`: there are no
            weeks of it to forecast from. `before_history`: the period was over before the first number.
        to_date: The period's own value so far, also where there is no pace; None if it has none.
        plan_to_date: What the plan asks for by `newest`; None without one.
        shape: How the plan is spread: by the metric's dated targets, by last year, or evenly.
        plan_total: What the dated targets add up to where they differ from the goal; None otherwise.
        year_earlier: The same part of the year before; None if it has no value.
        course: For the chart; None without weeks.
        kept: The statuses set and the changes of plan.
        months_left: Of a metric told once a month, how many are still to come; 0 for others. Its course has
            months in place of weeks.
    """

    goal: Goal
    metric: Metric
    period: Period
    week_ending: date
    newest: date
    value: float
    pace: Pace | None
    why: Why | None
    to_date: float | None
    plan_to_date: float | None
    shape: Shape | None
    plan_total: float | None
    year_earlier: float | None
    course: Course | None
    kept: Kept
    months_left: int = 0

    @property
    def proposed(self) -> Status | None:
        """What the product proposes; None where there is nothing to judge by."""
        return self.pace.proposed if self.pace else None

    @property
    def status(self) -> Status | None:
        """What finance set for this week or an earlier one; None if it has not."""
        told = self.kept.status(self.week_ending)
        return told.status if told else None

    @property
    def latest(self) -> float | None:
        """The value of the newest week, or of a total what has come; None without one."""
        known = [v for v in self.course.actual if isfinite(v)] if self.course else []
        return known[-1] if known else None

    @property
    def over(self) -> bool:
        """Whether its period has ended."""
        return self.period.last <= self.week_ending

    @property
    def met(self) -> bool | None:
        """Whether it was met; None before its end, or where that is unknown."""
        state = self.pace.state if self.pace else None
        return None if state not in ("met", "missed") else state == "met"


@dataclass(frozen=True, slots=True)
class Score:
    """How many goals that were due in a quarter were met.

    Attributes:
        quarter: The fiscal quarter.
        met: Goals met.
        due: Goals whose period ended in it, as far as they could be judged.
        unknown: Those that could not.
    """

    quarter: Period
    met: int
    due: int
    unknown: int

    @property
    def share(self) -> float | None:
        """Part of those due that was met; None if none was due."""
        return self.met / self.due if self.due else None


class Goals:
    """Goals, their pace and their status."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
        self._known: dict[str, Pace] = {}
        self._once = Once()
        self._tracked: OrderedDict[tuple[str, str, date, str | None], tuple[Track, ...]] = OrderedDict()
        self._asked: tuple[Question, tuple[_Told, dict[int, Standing]]] | None = None
        self._read: tuple[int, int] | None = None

    # --- what people decide ------------------------------------------------------------------

    def kept(self) -> dict[str, Kept]:
        """All that was decided, by goal."""
        return rules.replayed(self._house.journal.facts(kind=rules.FAMILY))

    def set_status(
        self,
        goal: str,
        status: str,
        *,
        because: str,
        by: str,
        week_ending: date | None = None,
        expects: int | None = None,
    ) -> Fact:
        """Set the status of a goal, beside what the product proposes.

        Args:
            goal: Its name.
            status: green, yellow or red.
            because: Why.
            by: Handle of who sets it.
            week_ending: The week it is set for; by default the one to open.
            expects: Number of the newest decision on this goal that the author has seen.

        Raises:
            NotAllowedError, DecisionError, UnknownNameError: See `reviews.goals.status_body`.
            ConflictError: Somebody else decided on it meanwhile; the message says who and what.
        """
        house = self._house
        week = week_ending or house.default_week()
        house.calendar.week(week)
        rules.status_body(
            house.definitions, goal, status, because=because, by=by, week_ending=week, proposed=None
        )  # Refused before anything is forecast.
        track = next((t for t in self.tracks(week, only=goal)), None)
        body = rules.status_body(
            house.definitions,
            goal,
            status,
            because=because,
            by=by,
            week_ending=week,
            proposed=track.proposed if track else None,
        )
        return self._append(rules.STATUS_SET, goal, body, because=because, by=by, expects=expects)

    def change_plan(
        self, goal: str, value: float, *, because: str, by: str, approver: str, expects: int | None = None
    ) -> Fact:
        """Change a goal's value, with a reason and somebody else's approval.

        Raises:
            NotAllowedError, DecisionError, UnknownNameError: See `reviews.goals.plan_body`.
            ConflictError: Somebody else decided on it meanwhile.
        """
        definitions = self._house.definitions
        declared = rules.named(definitions, goal)
        was = self.kept().get(goal, rules.NOTHING).value(declared.value)
        body = rules.plan_body(definitions, goal, value, was=was, because=because, by=by, approver=approver)
        return self._append(rules.PLAN_CHANGED, goal, body, because=because, by=by, expects=expects)

    def _append(
        self, kind: str, goal: str, body: Mapping[str, Any], *, because: str, by: str, expects: int | None
    ) -> Fact:
        house = self._house
        try:
            return house.journal.append(
                kind, goal, body, author=by, at=house.now(), because=because.strip(), expects=expects
            )
        except ConflictError as error:
            newest = error.newest
            people = house.definitions.people
            who = people[newest.author].name if newest.author in people else newest.author
            did = (
                f"set it to {newest.body['status']}"
                if newest.kind == rules.STATUS_SET
                else "changed its plan"
            )
            raise ConflictError(
                f"{who} {did} while you were deciding: “{newest.because}”. Nothing of yours was written; "
                "look at it and decide again.",
                newest,
            ) from error

    # --- where they stand --------------------------------------------------------------------

    def tracks(
        self, week_ending: date | None = None, *, only: str | None = None, progress: Progress | None = None
    ) -> tuple[Track, ...]:
        """Every goal as it stands in a week, in the order declared.

        Forecasts that are not kept yet are made here, in this process.

        Args:
            week_ending: Last day of the week; by default the one to open.
            only: The name of one goal.
            progress: Told what is done and the share done, 0 to 1.

        Raises:
            CalendarError: `week_ending` ends no week.
        """
        house = self._house
        week = week_ending or house.default_week()
        house.calendar.week(week)
        key = house.version, house.decisions_version, week, only

        def make() -> tuple[Track, ...]:
            goals = [g for g in house.definitions.goals if only in (None, g.name)]
            while len(self._tracked) >= REMEMBERED:
                self._tracked.popitem(last=False)
            return self._tracks(week, goals, processes=1, progress=progress)

        return self._once.made(self._tracked, key, make)

    def missing(self, week_ending: date | None = None) -> int:
        """How many forecasts a page of this week still has to make."""
        house = self._house
        week = week_ending or house.default_week()
        if (house.version, house.decisions_version, week, None) in self._tracked:
            return 0
        _, standings = self._standings(week, house.definitions.goals)
        self._reread()
        return sum(_key(standing) not in self._known for standing in standings.values())

    def prepare(self, progress: Progress | None = None, *, processes: int = 2) -> int:
        """Make and keep the forecasts of every goal for the week to open; return how many were made.

        Args:
            progress: Told what is done and the share done, 0 to 1.
            processes: How many to use at most.
        """
        week = self._house.default_week()
        missing = self.missing(week)
        self._tracks(week, self._house.definitions.goals, processes=processes, progress=progress)
        return missing

    def scores(self, tracks: Sequence[Track]) -> tuple[Score, ...]:
        """How many of the goals that are over were met, by the quarter they were due in, oldest first."""
        quarters: dict[Period, list[bool | None]] = {}
        for track in sorted(tracks, key=lambda t: t.period.last):
            if track.over:
                quarter = self._house.calendar.quarter_of(track.period.last)
                quarters.setdefault(quarter, []).append(track.met)
        return tuple(
            Score(
                quarter,
                sum(m is True for m in each),
                sum(m is not None for m in each),
                sum(m is None for m in each),
            )
            for quarter, each in quarters.items()
        )

    def period(self, asked: GoalPeriod) -> Period:
        """The days of a goal's period; a year is named by the calendar year in which it ends."""
        calendar = self._house.calendar
        if asked.week_ending is not None:
            return calendar.week_of(asked.week_ending)
        year = asked.year or 0  # A goal without a week has a year.
        ends = calendar.fiscal_year_ends
        whole = calendar.year_of(date(year, ends, 15))  # A year of weeks may end some days off its month.
        months = calendar.year_months(whole.first)
        if asked.quarter is not None:
            first = 3 * (asked.quarter - 1)
            return Period(months[first].first, months[first + 2].last)
        if asked.month is not None:
            return months[(asked.month - ends - 1) % 12]
        return whole

    # --- how it is put together --------------------------------------------------------------

    def _tracks(
        self, week: date, goals: Sequence[Goal], *, processes: int, progress: Progress | None
    ) -> tuple[Track, ...]:
        told, standings = self._standings(week, goals)
        self._reread()
        keys = {place: _key(standing) for place, standing in standings.items()}
        known = self._known
        missing = {key: standings[place] for place, key in keys.items() if key not in known}
        if missing:
            if progress:
                progress("forecasting", 0.0)
            made = paces(list(missing.values()), processes=processes, progress=progress)
            new = dict(zip(missing, made, strict=True))
            known = {**known, **new}
            self._known = _newest({**self._known, **new})
            self._write(new)
        return tuple(
            told.track(goal, known[keys[place]] if place in keys else None)
            for place, goal in enumerate(goals)
        )

    def _standings(self, week: date, goals: Sequence[Goal]) -> tuple["_Told", dict[int, Standing]]:
        """What is known of each goal, and what its forecast depends on, where there can be one."""
        key = self._house.version, self._house.decisions_version, week, tuple(goal.name for goal in goals)
        asked = self._asked  # Another session may ask something else meanwhile.
        if asked is not None and asked[0] == key:
            return asked[1]
        told = _Told(self._house, week, goals, self.period, self.kept())
        found: dict[int, Standing] = {}
        for place, goal in enumerate(goals):
            standing = told.standing(goal)
            if isinstance(standing, Standing):
                found[place] = standing
        self._asked = key, (told, found)
        return told, found

    # --- on disk -----------------------------------------------------------------------------

    @property
    def _file(self) -> Path:
        return self._house.folder / FOLDER / FILE

    def _reread(self) -> None:
        """Take in what other processes kept since it was last read."""
        try:
            stat = self._file.stat()
        except OSError:
            return
        mark = stat.st_mtime_ns, stat.st_size
        if mark != self._read:
            self._read = mark
            self._known = _newest(_kept_in(self._file) | self._known)

    def _write(self, made: Mapping[str, Pace]) -> None:
        """Add forecasts to the file: whole or not at all; a folder that cannot be written is no failure."""
        newest = _newest({**_kept_in(self._file), **made})
        document = {"recipe": RECIPE, "paces": {key: _form(pace) for key, pace in newest.items()}}
        with suppress(OSError):  # What was made is in memory; the next process makes it again.
            self._file.parent.mkdir(exist_ok=True)
            part = self._file.with_suffix(f".{uuid4().hex}.part")
            try:
                part.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
                part.replace(self._file)
            finally:
                part.unlink(missing_ok=True)


# --- what is known of the goals --------------------------------------------------------------


class _Told:
    """The numbers of some goals in one week, read once for all of them."""

    def __init__(
        self,
        house: "Workspace",
        week: date,
        goals: Sequence[Goal],
        period: Callable[[GoalPeriod], Period],
        kept: Mapping[str, Kept],
    ) -> None:
        self._house = house
        self._week = week
        self._kept = kept
        self._periods = {goal.name: period(goal.period) for goal in goals}
        self._weeks: History | None = None
        self._rolled: Rollup | None = None
        self._place: dict[tuple[date, date], int] = {}
        self._first = house.first_day()
        wanted = {goal.metric for goal in goals}
        if not house.version or self._first is None or not wanted:
            return
        names = {m.id for metric in wanted for m in house.with_operands(house.metric(metric))}
        metrics = house.ordered(names)
        with house.store.reading() as connection:
            self._weeks = history.history(
                connection,
                metrics,
                min(self._first, week),
                week,
                house.calendar,
                missing_days=house.definitions.missing_days,
                target_tables=house.target_tables,
            )
            windows = self._windows()
            self._place = {(w.period.first, w.period.last): n for n, w in enumerate(windows)}
            if windows:
                self._rolled = rollup(
                    connection,
                    metrics,
                    windows,
                    house.calendar,
                    newest=week,
                    missing_days=house.definitions.missing_days,
                    target_tables=house.target_tables,
                )

    def _windows(self) -> list[Window]:
        """To date, by week; the whole for its plan; each week ahead for its plan; the year earlier."""
        found: dict[tuple[date, date], bool] = {}
        calendar = self._house.calendar
        for period in dict.fromkeys(self._periods.values()):
            found.setdefault((period.first, period.last), period.last > self._week)
            week = calendar.week_of(period.first).last
            while week < period.last + timedelta(weeks=1):
                cut = min(week, period.last)
                found.setdefault((period.first, cut), cut > self._week)
                week += timedelta(weeks=1)
            while self._week < week - timedelta(weeks=1) and period.days <= 7:
                week -= timedelta(
                    weeks=1
                )  # Towards a goal on one week: what each week before it is promised.
                found.setdefault((week - timedelta(days=6), week), True)
            month = calendar.month_of(period.first)
            while month.last <= self._week and month.last <= period.last:  # For what is told by the month.
                found.setdefault((period.first, month.last), False)
                month = calendar.month_of(month.last + timedelta(days=1))
        return [Window(Period(first, last), future=future) for (first, last), future in found.items()]

    # --- one goal ----------------------------------------------------------------------------

    def standing(self, goal: Goal) -> Standing | Why:
        """What the goal's forecast depends on, or why there can be none."""
        metric = self._house.metric(goal.metric)
        weeks = self._weeks
        if metric.retired:
            return "retired"
        if weeks is None:
            return "no_data"
        if weeks.rolled.coarse.get(metric.id) == "month":
            return "told_monthly"
        values, newest = self._values(metric, weeks)
        if not np.isfinite(values).any():
            return "no_data"
        period = self._periods[goal.name]
        first = self._house.calendar.week_of(self._first or newest).first
        if period.last < first:
            return "before_history"
        way = self._way(metric, goal)
        return Standing(
            values=tuple(float(v) if isfinite(v) else None for v in values),
            week_ending=newest,
            period=period,
            way=way,
            target=self._value(goal),
            better=metric.better if metric.better in ("up", "down") else None,
            actual_to_date=self._to_date(metric, period, newest) if way != "level" else None,
            volume=bool((values[np.isfinite(values)] >= 0).all()),
            closing_weeks=1,
            events=self._events(metric, newest, period),
        )

    def track(self, goal: Goal, pace: Pace | None) -> Track:
        """The goal as it stands, with its pace if there is one."""
        metric = self._house.metric(goal.metric)
        period = self._periods[goal.name]
        value = self._value(goal)
        standing = self.standing(goal)
        if isinstance(standing, str):
            months = self._monthly(metric, period) if standing == "told_monthly" else None
            known = [v for v in months.actual if isfinite(v)] if months else []
            left = len(months.weeks) - len(known) if months else 0
            return Track(
                goal, metric, period, self._week, self._week, value, None, standing,
                known[-1] if known else None, None, None, None, None, months,
                self._kept.get(goal.name, rules.NOTHING), left,
            )  # fmt: skip
        newest = standing.week_ending
        plan = self._plan(metric, standing, value)
        pace = _within(pace, standing) if pace and metric.unit == "fraction" else pace
        earlier = None
        if standing.way == "total" and period.first <= newest:
            earlier = _shape_of(standing, whole=False)
        return Track(
            goal=goal,
            metric=metric,
            period=period,
            week_ending=self._week,
            newest=newest,
            value=value,
            pace=pace,
            why=None,
            to_date=pace.actual_to_date if pace else None,
            plan_to_date=plan.at(newest) if standing.way == "level" or period.first <= newest else None,
            shape=plan.shape,
            plan_total=plan.total,
            year_earlier=earlier,
            course=_course(standing, pace, plan),
            kept=self._kept.get(goal.name, rules.NOTHING),
        )

    def _value(self, goal: Goal) -> float:
        return self._kept.get(goal.name, rules.NOTHING).value(goal.value)

    def _values(self, metric: Metric, weeks: History) -> tuple[Floats, date]:
        """The weeks of the definition in force, up to the newest that is mature."""
        values = weeks.values(metric.id).copy()
        states = weeks.states(metric.id)
        values[states > COMPLETE] = np.nan
        starts = [metric.supersedes.start] if metric.supersedes and metric.supersedes.start else []
        breaks = [
            h for h in history.happenings(self._house.registry, metric.id) if h.kind == "definition_change"
        ]
        starts += [day for h in breaks for day in h.week_endings if day <= self._week]
        if starts:
            values[[week < max(starts) for week in weeks.weeks]] = np.nan
        kept = max(len(values) - (metric.matures_after_weeks or 0), 1)
        return values[:kept], weeks.weeks[kept - 1]

    def _way(self, metric: Metric, goal: Goal) -> Literal["total", "average", "level"]:
        if goal.period.week_ending is not None or isinstance(metric.measure, Latest):
            return "level"
        metrics = self._house.whole.definitions.metrics
        metric = metrics[metric.id]  # As it is computed, whoever reads it.
        if adds_up(metric, metrics):
            return "total"
        if isinstance(metric.measure, Product):  # Orders times their value adds up, as orders do.
            totals = [isinstance(o, str) and adds_up(metrics[o], metrics) for o in metric.measure.of]
            if sum(totals) == 1:
                return "total"
        return "average"

    def _to_date(self, metric: Metric, period: Period, newest: date) -> float | None:
        if self._rolled is None or period.first > newest:
            return None
        return self._amount(metric, period.first, min(newest, period.last))

    def _amount(self, metric: Metric, first: date, last: date) -> float | None:
        place = self._place.get((first, last))
        if self._rolled is None or place is None:
            return None
        found = float(self._rolled.amount[self._rolled.row[metric.id], place])
        return found if isfinite(found) else None

    def _monthly(self, metric: Metric, period: Period) -> Course | None:
        """Of a metric told once a month, what had come by each month's end; None for a goal on a week."""
        if period.days <= 7:
            return None
        months = self._months(period)
        come = [self._amount(metric, period.first, m.last) if m.last <= self._week else None for m in months]
        none = (float("nan"),) * len(months)
        actual = tuple(float("nan") if v is None else v for v in come)
        return Course(tuple(m.last for m in months), actual, none, none)

    def _months(self, period: Period) -> list[Period]:
        found = [self._house.calendar.month_of(period.first)]
        while found[-1].last < period.last:
            found.append(self._house.calendar.month_of(found[-1].last + timedelta(days=1)))
        return found

    def _events(self, metric: Metric, newest: date, period: Period) -> dict[str, tuple[date, ...]]:
        """The recurring events that concern the weeks ahead, or the same weeks a year before."""
        found: dict[str, tuple[date, ...]] = {}
        told: Sequence[Happening] = history.happenings(self._house.registry, metric.id)
        for happening in told:
            if happening.kind == "recurring":
                near = tuple(d for d in happening.week_endings if newest - YEAR < d <= period.last)
                if near:
                    found[happening.name] = near
        return found

    def _plan(self, metric: Metric, standing: Standing, value: float) -> "_Plan":
        """The plan by week: dated targets where they cover the period, else last year's shape, else even."""
        promised = self._promised(metric)
        if standing.way != "total":
            weeks = {last: v for (first, last), v in promised.items() if (last - first).days == 6}
            if not adds_up(metric, self._house.definitions.metrics):
                weeks = {last: v for (_, last), v in promised.items()}
            flat = value if standing.way == "average" else None
            return _Plan(weeks, "plan" if weeks else None, None, flat)
        period = standing.period
        dated = {last: v for (first, last), v in promised.items() if first == period.first}
        if whole := dated.get(period.last):
            factor = value / whole
            total = whole if abs(factor - 1) > WHOLE_PLAN else None
            return _Plan({day: v * factor for day, v in dated.items()}, "plan", total, None)
        shares, shape = _shares(standing)
        return _Plan({day: share * value for day, share in shares.items()}, shape, None, None)

    def _promised(self, metric: Metric) -> dict[tuple[date, date], float]:
        """The dated targets of a metric, by the first and last day they are for."""
        found: dict[tuple[date, date], float] = {}
        if self._weeks is not None:
            targets = self._weeks.targets(metric.id)
            for week, value in zip(self._weeks.weeks, targets.tolist(), strict=True):
                found[week - timedelta(days=6), week] = value
        if self._rolled is not None:
            row = self._rolled.target[self._rolled.row[metric.id]]
            found |= {span: float(row[place]) for span, place in self._place.items()}
        return {span: value for span, value in found.items() if isfinite(value)}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is asked for by the end of each week.

    Attributes:
        by_day: Last day of a week, or of the period, to the value asked for by then.
        shape: Where it comes from; None if there is no plan.
        total: What the dated targets make of the whole, if not the goal.
        flat: The value asked for all the time, where no week has its own.
    """

    by_day: Mapping[date, float]
    shape: Shape | None
    total: float | None
    flat: float | None

    def at(self, day: date) -> float | None:
        known = [d for d in self.by_day if d <= day]
        return self.by_day[max(known)] if known else self.flat


def _within(pace: Pace, standing: Standing) -> Pace:
    """A share that never was above 1 does not land there."""
    if any(v is not None and v > 1 for v in standing.values):
        return pace
    capped = {
        name: min(value, 1.0)
        for name in ("total", "low80", "high80", "forecast_rest")
        if (value := getattr(pace, name)) is not None
    }
    return replace(pace, **capped, weeks=tuple(min(week, 1.0) for week in pace.weeks))


def _weights(standing: Standing) -> dict[date, float]:
    """Part of each week that lies in the period, by the week's last day."""
    period = standing.period
    offset = (standing.week_ending - period.first).days // 7
    week = standing.week_ending - timedelta(weeks=offset)
    while week - timedelta(days=7) >= period.first:
        week -= timedelta(weeks=1)
    found: dict[date, float] = {}
    while week - timedelta(days=6) <= period.last:
        days = (min(week, period.last) - max(week - timedelta(days=6), period.first)).days + 1
        if days > 0:
            found[week] = days / 7
        week += timedelta(weeks=1)
    return found


def _by_week(standing: Standing) -> dict[date, float]:
    count = len(standing.values)
    return {
        standing.week_ending - timedelta(weeks=count - 1 - n): v
        for n, v in enumerate(standing.values)
        if v is not None
    }


def _shape_of(standing: Standing, *, whole: bool) -> float | None:
    """The same weeks of the year before, added up; None if one has no value."""
    values = _by_week(standing)
    weeks = {w: part for w, part in _weights(standing).items() if whole or w <= standing.week_ending}
    earlier = [values.get(w - YEAR) for w in weeks]
    known = [v for v in earlier if v is not None]
    if len(known) < len(earlier):
        return None
    return float(sum(v * part for v, part in zip(known, weeks.values(), strict=True)))


def _shares(standing: Standing) -> tuple[dict[date, float], Shape]:
    """The share of the whole that should have come by the end of each week."""
    weights = _weights(standing)
    values = _by_week(standing)
    earlier = [values.get(week - YEAR) for week in weights]
    known = [v for v in earlier if v is not None and v >= 0]
    parts = list(weights.values())
    shape: Shape = "even"
    if len(known) == len(weights) and sum(known) > 0:
        parts = [v * part for v, part in zip(known, weights.values(), strict=True)]
        shape = "last_year"
    reached = np.cumsum(parts) / sum(parts)
    days = [min(week, standing.period.last) for week in weights]
    return dict(zip(days, map(float, reached), strict=True)), shape


def _course(standing: Standing, pace: Pace | None, plan: _Plan) -> Course:
    """The goal's way through its period; a goal on one week is seen with the half year before it."""
    period, newest = standing.period, standing.week_ending
    values = _by_week(standing)
    if standing.way == "total":
        weeks = list(_weights(standing))
        parts = _weights(standing)
    else:
        start = min(period.first, newest - timedelta(weeks=26)) if period.days <= 7 else period.first
        ending = newest + timedelta(days=(start - newest).days // 7 * 7)
        weeks = []
        while ending - timedelta(days=6) <= period.last:
            if ending >= start:
                weeks.append(ending)
            ending += timedelta(weeks=1)
        parts = dict.fromkeys(weeks, 1.0)
    ahead = dict(enumerate(pace.weeks if pace else (), start=1))
    actual: list[float] = []
    forecast: list[float] = []
    come = 0.0
    to_come = pace.actual_to_date if pace and pace.actual_to_date is not None else float("nan")
    for week in weeks:
        number = (week - newest).days // 7
        if standing.way == "total":
            come += values.get(week, float("nan")) * parts[week]
            actual.append(come if number <= 0 else float("nan"))
            if number > 0:
                to_come += ahead.get(number, float("nan")) * parts[week]
            forecast.append(to_come if number >= 0 else float("nan"))
        else:
            actual.append(values.get(week, float("nan")) if number <= 0 else float("nan"))
            said = values.get(week, float("nan")) if number == 0 else ahead.get(number, float("nan"))
            forecast.append(said if number >= 0 else float("nan"))
    if standing.way == "total" and pace and pace.actual_to_date is not None and actual:
        last = max((n for n, v in enumerate(actual) if isfinite(v)), default=None)
        if last is not None:
            actual[last] = pace.actual_to_date  # The period's own value: its first week may be cut.
    return Course(
        tuple(min(w, period.last) if standing.way == "total" else w for w in weeks),
        tuple(actual),
        tuple(told if (told := plan.at(min(w, period.last))) is not None else float("nan") for w in weeks),
        tuple(forecast) if pace and pace.weeks else (float("nan"),) * len(weeks),
    )


# --- kept forecasts --------------------------------------------------------------------------


def _key(standing: Standing) -> str:
    """A hash of all that the forecast depends on."""
    told = json.dumps([RECIPE, asdict(standing)], default=str, sort_keys=True, separators=(",", ":"))
    return sha256(told.encode()).hexdigest()


def _newest(known: Mapping[str, Pace]) -> dict[str, Pace]:
    return dict(list(known.items())[-KEPT:])


def _form(pace: Pace) -> dict[str, Any]:
    return json.loads(json.dumps(asdict(pace), default=str))  # type: ignore[no-any-return]  # an object in, an object out


def _kept_in(file: Path) -> dict[str, Pace]:
    """The forecasts of a file; none of a file that is not there, damaged, or of an older recipe."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["recipe"] != RECIPE:
            return {}
        return {key: _pace(form) for key, form in document["paces"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _pace(form: Mapping[str, Any]) -> Pace:
    parts = dict(form)
    parts["weeks"] = tuple(parts["weeks"])
    parts["members"] = tuple(Member(**m) for m in parts["members"])
    parts["fallbacks"] = tuple(Fallback(**f) for f in parts["fallbacks"])
    parts["backtest_errors"] = tuple(parts["backtest_errors"])
    parts["backtest_ape"] = tuple(parts["backtest_ape"])
    parts["interpolated"] = tuple(date.fromisoformat(d) for d in parts["interpolated"])
    parts["events"] = tuple(
        EventMark(e["event"], date.fromisoformat(e["day"]), e["only"]) for e in parts["events"]
    )
    return Pace(**parts)


# --- for other programs ---------------------------------------------------------------------------


def goal_form(track: Track) -> dict[str, Any]:
    """One goal, for other programs; null is unknown and never stands for zero."""
    pace, set_ = track.pace, track.kept.status(track.week_ending)
    return {
        "goal": track.goal.name,
        "metric": track.metric.id,
        "owner": track.goal.owner,
        "first_day": track.period.first.isoformat(),
        "last_day": track.period.last.isoformat(),
        "week_ending": track.week_ending.isoformat(),
        "unit": track.metric.unit,
        "value": track.value,
        "way": pace.way if pace else None,
        "to_date": track.to_date,
        "latest": track.latest,
        "plan_to_date": track.plan_to_date,
        "required_per_week": pace.required_per_week if pace else None,
        "total": pace.total if pace else None,
        "low80": pace.low80 if pace else None,
        "high80": pace.high80 if pace else None,
        "p_hit": pace.p_hit if pace else None,
        "state": pace.state if pace else "not_forecast",
        "reason": track.why or (pace.reason if pace else None),
        "proposed": track.proposed,
        "status": set_.status if set_ else None,
        "because": set_.because if set_ else None,
        "set_by": set_.by if set_ else None,
    }
