"""One metric by the segments of one or several dimensions, in one week: cells that add up to the whole.

Each cell is read from days like the metric itself. The largest are told, the others are one row, `rest`, and
both together are the whole: of a ratio, numerators and denominators add up and are divided last.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metrics.definitions import Latest, Metric, Ratio, Total
from metrics.errors import UnknownNameError, hint
from metrics.rollup import Window, rollup

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

SMALL = 30  # Fewer counted in a week say little: their rate jumps by chance.
MOST_CELLS = 20_000  # More combinations than these are customers or items.

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cell:
    """One row of the table; amounts are in the metric's unit, None where unknown.

    Attributes:
        where: Dimension to segment; empty for the rest and the whole.
        week: The metric in the week.
        before: In the week before.
        year_earlier: In the week compared with, a year earlier.
        share: Of what is counted: of a total its part of the whole, of a ratio its denominator's; a fraction.
        counted: What the share is of, in the week.
        small: Fewer than 30 were counted in the week.
    """

    where: tuple[tuple[str, str], ...]
    week: float | None
    before: float | None
    year_earlier: float | None
    share: float | None
    counted: float | None
    small: bool


@dataclass(frozen=True, slots=True)
class Segmented:
    """A metric by segments.

    Attributes:
        metric: Its definition.
        week_ending: Last day of the week.
        by: The dimensions.
        cells: The largest, largest first.
        rest: All others together; None if there is none.
        others: How many the rest holds.
        whole: The metric itself.
    """

    metric: Metric
    week_ending: date
    by: tuple[str, ...]
    cells: tuple[Cell, ...]
    rest: Cell | None
    others: int
    whole: Cell


def segmented(
    house: "Workspace", metric: str, by: Sequence[str], week_ending: date, top: int = 10
) -> Segmented:
    """A metric's week by the segments of some dimensions.

    Args:
        house: The workspace, a reader's view, or a slice.
        metric: Id of a total, a level of the last day or a ratio.
        by: Dimensions; several make a cell of each combination that is told.
        week_ending: Last day of the week.
        top: How many cells are told; the others are the rest.

    Raises:
        UnknownNameError: No such metric; it is not told by those dimensions; or it has no parts that add up.
    """
    definition = house.metric(metric)
    measure = definition.measure
    if not isinstance(measure, Total | Latest | Ratio):
        raise UnknownNameError(
            f"{metric} has no segments that add up to it: only totals, last days and ratios do. "
            "Ask for what it is computed from."
        )
    read = (measure.numerator, measure.denominator) if isinstance(measure, Ratio) else (measure.series,)
    wheres = _combinations(house, metric, read, measure.where, by)
    week = house.calendar.week(week_ending)
    before = house.calendar.week(week_ending - timedelta(weeks=1))
    periods = (week, before, house.calendar.week_year_earlier(week).period)
    parts = [
        _part(definition, series, f"{place}:{n}", where)
        for place, series in enumerate(read)
        for n, where in enumerate([{}, *map(dict, wheres)])
    ]
    with house.store.reading() as connection:
        rolled = rollup(
            connection, [*parts], [Window(p) for p in periods], house.calendar,
            newest=week_ending, missing_days="lenient",
        )  # fmt: skip
        whole = rollup(
            connection, [definition], [Window(p) for p in periods], house.calendar,
            newest=week_ending, missing_days=house.definitions.missing_days,
        )  # fmt: skip
    told = np.array([rolled.amount[rolled.row[p.id]] for p in parts]).reshape(len(read), -1, len(periods))
    known = np.isfinite(whole.amount[0])  # Where the metric has no value, its cells have none.
    sums = np.where(known, np.nan_to_num(told), np.nan)
    return _table(definition, week_ending, tuple(by), wheres, sums, top)


def _part(metric: Metric, series: str, name: str, where: Mapping[str, str]) -> Metric:
    """What is added up: one series of the metric, in one cell."""
    measure = metric.measure
    held = {**getattr(measure, "where", {}), **where}
    rolling = getattr(measure, "rolling_weeks", None)
    kind = Latest if isinstance(measure, Latest) else Total
    plain = {"scale": 1.0, "target": None, "matures_after_weeks": None}
    added = kind(series=series, where=held, rolling_weeks=rolling)
    return metric.model_copy(update={"id": f"part {name}", "measure": added, **plain})


def _combinations(
    house: "Workspace", metric: str, read: Sequence[str], held: Mapping[str, str], by: Sequence[str]
) -> list[tuple[tuple[str, str], ...]]:
    told = house.store.coverage(list(read))
    told = told[told["days"] > 0]  # What a load brought that was undone has no value, and is no cell.
    found: dict[str, list[dict[str, str]]] = {series: [] for series in read}
    for name, segments in zip(told["series"], told["segments"], strict=True):
        carried = json.loads(segments)
        if all(carried.get(d) == s for d, s in held.items()):
            found[str(name)].append(carried)
    known = sorted(set.intersection(*({d for c in many for d in c} for many in found.values())) - set(held))
    for dimension in by:
        if dimension in held:
            others = f" Left to split by: {', '.join(known)}." if known else ""
            raise UnknownNameError(
                f"{dimension} is held at {held[dimension]!r}, so {metric} has one cell of it.{others}"
            )
        if dimension not in known:
            told_by = f"{metric} is not told by {dimension!r}."
            raise UnknownNameError(f"{told_by} {hint(dimension, known) if known else 'It has no segments.'}")
    wheres = {
        tuple((d, carried[d]) for d in by)
        for many in found.values()
        for carried in many
        if all(d in carried for d in by)
    }
    if len(wheres) > MOST_CELLS:
        raise UnknownNameError(
            f"{metric} has {len(wheres):,} cells by {', '.join(by)}; {MOST_CELLS:,} are the most. "
            "Take fewer dimensions."
        )
    return sorted(wheres)


def _table(
    metric: Metric,
    week_ending: date,
    by: tuple[str, ...],
    wheres: list[tuple[tuple[str, str], ...]],
    sums: Floats,
    top: int,
) -> Segmented:
    """Cells, rest and whole from sums of (series, whole and cells, week, week before, year earlier)."""
    counted = sums[-1, :, 0]  # Of a ratio the denominator.
    size = np.nan_to_num(np.abs(counted[1:]))
    order = np.argsort(-size, kind="stable")
    shown, others = order[:top], order[top:]

    def cell(where: tuple[tuple[str, str], ...], of: Floats) -> Cell:
        amount = of[0] * metric.scale
        if len(of) == 2:
            with np.errstate(divide="ignore", invalid="ignore"):
                amount = np.where(of[1] == 0, np.nan, of[0] / of[1]) * metric.scale
        whole, mine = counted[0], of[-1, 0]
        share = float(mine / whole) if np.isfinite(whole) and whole and np.isfinite(mine) else None
        counts = metric.unit == "count" or len(of) == 2
        week, before, earlier = (float(a) if np.isfinite(a) else None for a in amount)
        return Cell(
            where, week, before, earlier, share,
            float(mine) if np.isfinite(mine) else None,
            bool(counts and np.isfinite(mine) and mine < SMALL),
        )  # fmt: skip

    rest = None
    if len(others):
        rest = cell((), sums[:, 0] - sums[:, 1 + shown].sum(axis=1))
    return Segmented(
        metric,
        week_ending,
        by,
        tuple(cell(wheres[n], sums[:, 1 + n]) for n in shown),
        rest,
        len(others),
        cell((), sums[:, 0]),
    )
