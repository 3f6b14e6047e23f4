"""Days to periods: the one place where observations become the values of metrics.

A metric is a function from days to periods. Weeks, months, quarters and years are each rolled up
from days, never from each other; a ratio is total ÷ total. One statement serves every metric and
every window of a deck.

Source: analytics.md section 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial, reduce
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from metrics.definitions import (
    Difference,
    Folded,
    Growth,
    Measure,
    Metric,
    MissingDays,
    Operand,
    Percentile,
    Product,
    Quotient,
    Ratio,
    Sum,
)
from metrics.periods import Calendar, Period
from metrics.rollup.components import (
    COMPLETE,
    IMMATURE,
    MISSING,
    PARTIAL,
    UNDEFINED,
    Catalogue,
    Codes,
    Floats,
    Folds,
    Ints,
    components,
    each_day,
    folds,
)
from metrics.rollup.reading import Readable, Reading, Stored, reading_of
from metrics.rollup.targets import adds_up, targets
from metrics.rollup.windows import Window, distinct

__all__ = [
    "COMPLETE",
    "IMMATURE",
    "MISSING",
    "PARTIAL",
    "STATES",
    "UNDEFINED",
    "Readable",
    "Reading",
    "Rollup",
    "State",
    "Stored",
    "Window",
    "adds_up",
    "days_of",
    "reading_of",
    "rollup",
    "series_read",
]

State = Literal["complete", "immature", "partial", "undefined", "missing"]
STATES: tuple[State, ...] = ("complete", "immature", "partial", "undefined", "missing")  # Words of the codes.


@dataclass(frozen=True, slots=True)
class Rollup:
    """Every metric over every window; arrays are (metrics, windows).

    Attributes:
        row: Metric id to its row.
        windows: The windows asked for, one a column.
        amount: In the metric's own unit; NaN where there is no value.
        state: Codes; `STATES` has the words. Immature amounts are known but will still move.
        present: Days (weeks, months for coarser series) present; of a ratio, the smaller of its two.
        expected: How many make the window complete; 0 where the series' grain cannot answer.
        incomplete: Where a partial window's hollow point lies; NaN otherwise.
        target: What was promised; NaN where nothing was.
        unknown: Names of series that metrics read and the store does not hold.
        coarse: Metric id to `week` or `month`, for metrics whose series are not daily.
    """

    row: Mapping[str, int]
    windows: tuple[Window, ...]
    amount: Floats
    state: Codes
    present: Ints
    expected: Ints
    incomplete: Floats
    target: Floats
    unknown: tuple[str, ...]
    coarse: Mapping[str, str]


def rollup(
    readable: Readable,
    metrics: Sequence[Metric],
    windows: Sequence[Window],
    calendar: Calendar,
    *,
    newest: date,
    missing_days: MissingDays = "strict",
    target_tables: Mapping[str, str] | None = None,
) -> Rollup:
    """The value of every metric over every window.

    Args:
        readable: The reading of a store, or a DuckDB connection that holds `series`, `observed` and
            `sampled`, as known at some time.
        metrics: Every metric wanted and every operand of one, operands before what they make.
        windows: The windows; none but those of the future may reach past `newest`.
        calendar: The company's.
        newest: Last day of the week reviewed; ages for maturity count from it.
        missing_days: `strict`: a period with a missing day has no value. `lenient`: it has the value of
            the days it has, and stays `partial`.
        target_tables: Metric id to the stored series of its dated targets.

    Returns:
        One row per metric. Unit: the metric's own; a fraction is 0.05.
    """
    by_id = {m.id: m for m in metrics}
    reading = reading_of(readable)
    catalogue = Catalogue(reading)
    known = [w for w in windows if not w.future]
    lengths = {None, *(_rolling(m.measure) for m in metrics)}
    periods = distinct(_rolled(w.period, k, calendar) for k in sorted(lengths, key=str) for w in known)
    parts = {m.id: components(m.measure) for m in metrics}
    wanted = dict.fromkeys(c for of_one in parts.values() for c in of_one)
    place = {component: i for i, component in enumerate(wanted)}
    columns = {
        k: np.array([-1 if w.future else periods[_rolled(w.period, k, calendar)] for w in windows])
        for k in lengths
    }
    asked = np.zeros((len(wanted), len(periods)), bool)
    for metric in metrics:
        of_metric = columns[_rolling(metric.measure)]
        for component in parts[metric.id]:
            asked[place[component], of_metric[of_metric >= 0]] = True
    folded = folds(
        reading,
        catalogue,
        list(wanted),
        list(periods),
        calendar,
        lenient=missing_days == "lenient",
        asked=asked,
    )
    promised = targets(reading, catalogue, by_id, windows, calendar, target_tables or {})

    shape = len(metrics), len(windows)
    answer = Rollup(
        row={m.id: i for i, m in enumerate(metrics)},
        windows=tuple(windows),
        amount=np.full(shape, np.nan),
        state=np.full(shape, MISSING, np.uint8),
        present=np.zeros(shape, np.int32),
        expected=np.zeros(shape, np.int32),
        incomplete=np.full(shape, np.nan),
        target=np.full(shape, np.nan),
        unknown=tuple(sorted({c.series for c in wanted if c.series not in catalogue})),
        coarse={
            m.id: grain
            for m in metrics
            for c in parts[m.id][:1]
            if (grain := catalogue.grain(c.series)) in ("week", "month") and grain is not None
        },
    )
    for name, values in promised.items():
        answer.target[answer.row[name]] = values
    future = np.array([w.future for w in windows])
    aged = np.array([(newest - w.period.last).days for w in windows])

    def keep(alike: Sequence[Metric], value: _Value) -> None:
        rows = [answer.row[m.id] for m in alike]
        amount, state, present, expected, incomplete = value
        scale = np.array([m.scale for m in alike])[:, None]
        weeks = np.array([m.matures_after_weeks or np.nan for m in alike])[:, None]
        state = np.where((state == COMPLETE) & (aged < 7 * weeks), IMMATURE, state)
        answer.amount[rows] = np.where(future, np.nan, amount * scale)
        answer.state[rows] = np.where(future, MISSING, state)
        answer.present[rows], answer.expected[rows] = present, expected
        answer.incomplete[rows] = np.where(future, np.nan, incomplete * scale)

    # What reads series is computed for all alike at once; what reads metrics, one after the other.
    groups: dict[tuple[int, int | None], list[Metric]] = {}
    for metric in metrics:
        if of_one := parts[metric.id]:
            groups.setdefault((len(of_one), _rolling(metric.measure)), []).append(metric)
    for (_, weeks), alike in groups.items():
        told = [
            _component(folded, np.array(rows), columns[weeks])
            for rows in zip(*([place[c] for c in parts[m.id]] for m in alike), strict=True)
        ]
        keep(alike, told[0] if len(told) == 1 else _divided(*told))
    for metric in metrics:
        if isinstance(metric.measure, _OfMetrics):
            keep([metric], _computed(metric.measure, answer))
    return answer


_Value = tuple[Floats, Codes, Ints, Ints, Floats]  # amount, state, present, expected, incomplete
_OfMetrics = Growth | Sum | Difference | Product | Quotient


def _rolling(measure: Measure) -> int | None:
    return measure.rolling_weeks if isinstance(measure, Ratio | Percentile | Folded) else None


def _rolled(period: Period, weeks: int | None, calendar: Calendar) -> Period:
    """The days a rolling measure reads for a week: those of the weeks up to it. Other periods stand."""
    if weeks is None or period != calendar.week_of(period.last):
        return period
    return Period(period.first - timedelta(weeks=weeks - 1), period.last)


def _computed(measure: _OfMetrics, answer: Rollup) -> _Value:
    """The value of a metric that is computed from others, which the answer holds already."""
    match measure:
        case Growth(of=of):
            return _growth(_operand(of, answer), answer.windows)
        case Quotient(of=of):
            return reduce(_divided, (_operand(o, answer) for o in of))
        case Sum(of=of) | Difference(of=of) | Product(of=of):
            return reduce(partial(_joined, measure), (_operand(o, answer) for o in of))


def _component(folded: Folds, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> _Value:
    """The values of some components, one a row, over windows."""
    at = np.ix_(rows, columns)
    return folded.value[at], folded.state[at], folded.present[at], folded.expected[at], folded.incomplete[at]


def _operand(operand: Operand, answer: Rollup) -> _Value:
    if isinstance(operand, str):
        row = answer.row[operand]
        return (
            answer.amount[row],
            answer.state[row],
            answer.present[row],
            answer.expected[row],
            answer.incomplete[row],
        )
    row = answer.row[operand.target_of]
    promise = answer.target[row]
    state = np.where(np.isnan(promise), MISSING, COMPLETE).astype(np.uint8)
    # A promise is neither observed nor incomplete: the days of the other operand count.
    return promise, state, answer.expected[row], answer.expected[row], promise


def _joined(measure: Sum | Difference | Product, one: _Value, other: _Value) -> _Value:
    work = {"sum": np.add, "difference": np.subtract, "product": np.multiply}[measure.how]
    return _together(one, other, work(one[0], other[0]), work(_best(one), _best(other)))


def _divided(over: _Value, under: _Value) -> _Value:
    """Total ÷ total; a denominator of zero makes the value undefined, not infinite and not zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        amount, incomplete = over[0] / under[0], _best(over) / _best(under)
    joined = _together(over, under, amount, np.where(np.isfinite(incomplete), incomplete, np.nan))
    nothing = ~np.isnan(over[0]) & (under[0] == 0)
    return (
        np.where(nothing, np.nan, joined[0]),
        np.where(nothing, UNDEFINED, joined[1]).astype(np.uint8),
        *joined[2:],
    )


def _together(one: _Value, other: _Value, amount: Floats, incomplete: Floats) -> _Value:
    state = np.maximum(one[1], other[1])
    return (
        amount,
        state,
        np.minimum(one[2], other[2]),
        np.maximum(one[3], other[3]),
        np.where(state == PARTIAL, incomplete, np.nan),
    )


def _best(value: _Value) -> Floats:
    """The amount, or where there is none the place of its hollow point."""
    return np.where(np.isnan(value[0]), value[4], value[0])


def _growth(of: _Value, windows: Sequence[Window]) -> _Value:
    """Change on the year-earlier window, as a fraction; a base of zero or less makes it undefined."""
    amount, state, present, expected, _ = of
    twin = np.array([-1 if w.year_earlier is None else w.year_earlier for w in windows])
    has = twin >= 0
    base = np.where(has, amount[twin], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = amount / base - 1
    both = np.where(has, np.maximum(state, state[twin]), MISSING)
    nothing = ~np.isnan(amount) & (base <= 0)
    return (
        np.where(nothing, np.nan, grown),
        np.where(nothing, UNDEFINED, both).astype(np.uint8),
        present,
        expected,
        np.full(len(windows), np.nan),
    )


def days_of(
    readable: Readable, metric: Metric, span: Period, calendar: Calendar
) -> tuple[Floats, tuple[date, ...]]:
    """A metric's value of each single day, for a chart of its history.

    Args:
        readable: The reading of a store, or a DuckDB connection that holds what one does.
        metric: A metric that reads series itself; one computed from others has no days here.
        span: The days wanted.
        calendar: The company's.

    Returns:
        One value per day of the span, NaN where the day has none, and the days.
    """
    days = tuple(span.first + timedelta(days=n) for n in range(span.days))
    parts = components(metric.measure)
    if not parts:
        return np.full(len(days), np.nan), days
    reading = reading_of(readable)
    catalogue = Catalogue(reading)
    if isinstance(metric.measure, Percentile):
        folded = folds(reading, catalogue, parts, [Period(d, d) for d in days], calendar, lenient=False)
        return folded.value[0] * metric.scale, days
    table = each_day(reading, catalogue, parts, span)
    if len(parts) == 1:
        return table[0] * metric.scale, days
    with np.errstate(divide="ignore", invalid="ignore"):
        share = table[0] / table[1]
    return np.where(np.isfinite(share), share, np.nan) * metric.scale, days


def series_read(metrics: Iterable[Metric]) -> tuple[str, ...]:
    """Names of the stored series that metrics read, each once."""
    return tuple(dict.fromkeys(c.series for m in metrics for c in components(m.measure)))
