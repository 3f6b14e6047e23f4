"""From metrics to panels of stretches, and from verdicts back to metrics.

A stretch is what one set of limits can speak about: a metric on one scale, with one definition. Most metrics
are one stretch. A change of definition begins another; a value that is not positive moves a metric judged by
ratios to its raw scale from that week on; a metric that counts few events is judged four weeks at a time.

Source: analytics.md section 2, step 1; "Shared input: the event calendar".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from metrics.signals.model import design
from metrics.signals.values import WEEK, Flags, Floats, Places, Scale, Weekly
from metrics.signals.weeks import CODE, LEFT_OUT, Codes, Panel

Entry = TypeVar("Entry", np.float64, np.bool_, np.int8, np.intp)
Calendar = tuple[tuple[str, tuple[date, ...]], ...]

SMALL_COUNT: Final = 5.0  # Mean a week below which single weeks are too coarse to judge.
POOL: Final = 4  # Weeks judged together.
RECENT: Final = 52  # Weeks whose mean says whether counts are small now.


@dataclass(frozen=True, eq=False)
class Stretch:
    """Part of a metric on one scale.

    Attributes:
        metric: Place of the metric in the caller's order.
        scale: How values are judged.
        first, end: Half-open range of the metric's weeks.
        speaks: Of all weeks of the metric, those for which this stretch gives the verdict.
        y: Values in the scale, NaN for none. As long as the points: weeks, or where pooled fours of weeks.
        counts, told, in_runs: As in `Panel`, one per point.
        weeks: Place in the metric of each point's last week.
        begins: Ending of the first point's last week; `spacing` weeks to the next.
        spacing: Weeks per point.
        calendar, dividers: What its panel must share.
    """

    metric: int
    scale: Scale
    first: int
    end: int
    speaks: Flags
    y: Floats
    counts: Flags
    told: Codes
    in_runs: Flags
    weeks: Places
    begins: date
    spacing: int
    calendar: Calendar
    dividers: tuple[date, ...]


def stretches(place: int, weekly: Weekly) -> Iterator[Stretch]:
    """The stretches of one metric.

    Args:
        place: The metric's place in the caller's order.
        weekly: The metric.
    """
    told = states_told(weekly)
    usable = told < 0
    ordinary = usable & ~_named(weekly, _one_offs(weekly))
    values = np.asarray(weekly.values, dtype=float)
    for first, end in _definitions(weekly):
        inside = np.zeros(len(values), bool)
        inside[first:end] = True
        pooled = _small_counts(weekly, values, usable & inside, first)
        bad = np.flatnonzero(inside & usable & ~(values > 0)) if weekly.log else np.empty(0, dtype=np.intp)
        breaks = int(bad[0]) if len(bad) else end
        before = np.arange(len(values)) < breaks
        whole = Stretch(
            metric=place,
            scale="raw",
            first=first,
            end=end,
            speaks=inside & ~pooled,
            y=np.where(usable & inside, values, np.nan),
            counts=ordinary & inside,
            told=told,
            in_runs=ordinary & inside,
            weeks=np.arange(len(values)),
            begins=weekly.week_endings[0],
            spacing=1,
            calendar=_calendar(weekly),
            dividers=tuple(sorted(set(weekly.dividers))),
        )
        if weekly.log and breaks > first:
            ratios = np.log(np.where(before & usable & inside, values, 1.0))
            yield replace(
                whole,
                scale="log",
                end=breaks,
                speaks=whole.speaks & before,
                y=np.where(before & usable & inside, ratios, np.nan),
                counts=whole.counts & before,
                in_runs=whole.in_runs & before,
            )
        rest = whole.speaks & ~before if weekly.log else whole.speaks
        if rest.any():
            yield replace(whole, speaks=rest)
        if pooled.any():
            yield _in_fours(replace(whole, speaks=pooled))


def states_told(weekly: Weekly) -> Codes:
    """Code of the state that each week has before any judgement; −1 where it is to be judged."""
    none = np.zeros(len(weekly.values), bool)
    immature = none if weekly.immature is None else weekly.immature
    incomplete = none if weekly.incomplete is None else weekly.incomplete
    starts = weekly.starts
    early = none if starts is None else np.array([week < starts for week in weekly.week_endings], bool)
    cases = (("before_start", early), ("incomplete_week", incomplete), ("missing", np.isnan(weekly.values)))
    told = np.where(immature, CODE["immature"], -1)
    for state, there in reversed(cases):
        told = np.where(there, CODE[state], told)
    return told.astype(np.int8)


def _named(weekly: Weekly, endings: frozenset[date]) -> Flags:
    if not endings:
        return np.zeros(len(weekly.week_endings), bool)
    return np.array([week in endings for week in weekly.week_endings], bool)


def _one_offs(weekly: Weekly) -> frozenset[date]:
    """Weeks with a cause of their own: declared as events, or excluded by a person."""
    declared = (week for h in weekly.happenings if h.kind == "one_off" for week in h.week_endings)
    return frozenset((*declared, *weekly.excluded))


def _definitions(weekly: Weekly) -> list[tuple[int, int]]:
    """Half-open ranges of weeks with one definition."""
    changes = {week for h in weekly.happenings if h.kind == "definition_change" for week in h.week_endings}
    if weekly.starts is not None:
        changes.add(weekly.starts)
    weeks = weekly.week_endings
    cuts = sorted({sum(week < change for week in weeks) for change in changes} - {0, len(weeks)})
    ends = [*cuts, len(weeks)]
    return [(a, b) for a, b in zip([0, *cuts], ends, strict=True) if b > a]


def _calendar(weekly: Weekly) -> Calendar:
    """Recurring events and their weeks, each name once."""
    weeks: dict[str, set[date]] = {}
    for happening in weekly.happenings:
        if happening.kind == "recurring":
            weeks.setdefault(happening.name, set()).update(happening.week_endings)
    return tuple(sorted((name, tuple(sorted(days))) for name, days in weeks.items()))


def _small_counts(weekly: Weekly, values: Floats, usable: Flags, first: int) -> Flags:
    """Weeks at which the metric, as then known, counted fewer than five events a week."""
    if not weekly.count:
        return np.zeros(len(values), bool)
    amount = np.concatenate(([0.0], np.cumsum(np.where(usable, values, 0.0))))
    weeks = np.concatenate(([0], np.cumsum(usable)))
    now = np.arange(1, len(values) + 1)
    then = np.maximum(now - RECENT, first)
    counted = weeks[now] - weeks[np.minimum(then, now)]
    mean = (amount[now] - amount[np.minimum(then, now)]) / np.maximum(counted, 1)
    small: Flags = (now - first >= POOL) & (counted > 0) & (mean < SMALL_COUNT)
    return small


def _in_fours(whole: Stretch) -> Stretch:
    """The stretch with the mean of four weeks as one point, from its first week on."""
    points = (whole.end - whole.first) // POOL
    within = slice(whole.first, whole.first + points * POOL)

    def fours(column: NDArray[Entry]) -> NDArray[Entry]:
        return column[within].reshape(points, POOL)

    def whole_fours(column: Flags) -> Flags:
        return np.asarray(fours(column).sum(axis=1) == POOL)

    told = fours(whole.told).max(axis=1)  # One week without a value leaves the four without one.
    return replace(
        whole,
        scale="pooled",
        y=fours(whole.y).mean(axis=1),
        counts=whole_fours(whole.counts),
        told=told.astype(np.int8),
        in_runs=whole_fours(whole.in_runs),
        weeks=fours(whole.weeks)[:, -1],
        begins=whole.begins + (whole.first + POOL - 1) * WEEK,
        spacing=POOL,
        first=0,
        end=points,
    )


# --- panels ----------------------------------------------------------------------------------


def panels(found: Sequence[Stretch]) -> Iterator[tuple[Panel, list[Stretch]]]:
    """Panels of stretches that share calendar, dividers and rhythm, each with its stretches in order."""
    groups: dict[tuple[object, ...], list[Stretch]] = {}
    for stretch in found:
        rhythm = stretch.begins.toordinal() % (7 * stretch.spacing)
        groups.setdefault((stretch.calendar, stretch.dividers, stretch.spacing, rhythm), []).append(stretch)
    for together in groups.values():
        yield _panel(together), together


def _panel(together: Sequence[Stretch]) -> Panel:
    spacing = together[0].spacing
    begins = min(stretch.begins for stretch in together)
    offsets = [offset(stretch, begins) for stretch in together]
    points = max(at + len(stretch.y) for at, stretch in zip(offsets, together, strict=True))
    shape = (len(together), points)
    y, told = np.full(shape, np.nan), np.full(shape, CODE["missing"], dtype=np.int8)
    counts, in_runs = np.zeros(shape, bool), np.zeros(shape, bool)
    for row, (at, stretch) in enumerate(zip(offsets, together, strict=True)):
        span = slice(at, at + len(stretch.y))
        y[row, span], told[row, span] = stretch.y, stretch.told
        counts[row, span], in_runs[row, span] = stretch.counts, stretch.in_runs
    endings = [begins + n * spacing * WEEK for n in range(points)]
    holidays = np.column_stack(
        [np.zeros((points, 0), bool), *(_falls(weeks, endings, spacing) for _, weeks in together[0].calendar)]
    )
    # A four of weeks belongs to the new level once all of it does.
    starts = [ending - (spacing - 1) * WEEK for ending in endings]
    steps = np.array([[start >= divider for divider in together[0].dividers] for start in starts], bool)
    since = np.full(points, -1, dtype=np.intp)
    for column in steps.T:
        if column.any():
            since = np.where(column, column.argmax(), since)
    first = np.array([at + _first_value(s) for at, s in zip(offsets, together, strict=True)], dtype=np.intp)
    end = np.array([at + s.end for at, s in zip(offsets, together, strict=True)], dtype=np.intp)
    return Panel(
        y=y,
        counts=counts,
        told=told,
        in_runs=in_runs,
        first=np.minimum(first, end),
        end=end,
        columns=design(holidays, steps.reshape(points, -1), spacing),
        holidays=holidays,
        level_since=since,
        left_out=LEFT_OUT // spacing,
    )


def offset(stretch: Stretch, begins: date) -> int:
    """Points between the panel's first and the stretch's first."""
    return (stretch.begins - begins).days // (7 * stretch.spacing)


def _falls(weeks: tuple[date, ...], endings: Sequence[date], spacing: int) -> Flags:
    """The points that hold one of the weeks."""
    days = {week + back * WEEK for week in weeks for back in range(spacing)}
    return np.array([ending in days for ending in endings], bool)


def _first_value(stretch: Stretch) -> int:
    """The first point with a value, from which gaps are counted."""
    there = np.flatnonzero(~np.isnan(stretch.y))
    return int(there[0]) if len(there) else stretch.end
