"""Components: one series folded one way over every window, in one statement for all of them.

A metric is made of one component, or of two if it is a ratio. Here, and nowhere else, days become
the value of a period.

Source: analytics.md section 1, rules 1 to 3.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from typing import Any, Literal

import duckdb
import numpy as np
from numpy.typing import NDArray

from metrics.definitions import (
    Folded,
    Grain,
    Measure,
    Percentile,
    Ratio,
)
from metrics.periods import Calendar, Period
from metrics.rollup.windows import expectation, stretches

Fold = Literal["total", "latest", "first", "mean", "min", "max", "percentile"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Codes = NDArray[np.uint8]

# States as numbers, from best to worst: what is computed from several values has the worst of theirs.
COMPLETE, IMMATURE, PARTIAL, UNDEFINED, MISSING = range(5)

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Component:
    """One series folded one way.

    Attributes:
        fold: How the days of a window become one value.
        series: Name of the stored series; all its segments, less those `where` leaves out.
        where: (segment, value) pairs that a segment must carry.
        at: The percentile, 0 to 1, for that fold.
    """

    fold: Fold
    series: str
    where: tuple[tuple[str, str], ...] = ()
    at: float | None = None


def components(measure: Measure) -> tuple[Component, ...]:
    """What a measure reads: one component, two for a ratio, none if it is computed from other metrics."""
    match measure:
        case Ratio(numerator=over, denominator=under, where=where):
            kept = tuple(sorted(where.items()))
            return Component("total", over, kept), Component("total", under, kept)
        case Percentile(samples=samples, at=at, where=where):
            return (Component("percentile", samples, tuple(sorted(where.items())), at),)
        case _ if isinstance(measure, Folded):
            return (Component(measure.how, measure.series, tuple(sorted(measure.where.items()))),)
        case _:
            return ()


@dataclass(frozen=True, slots=True)
class Folds:
    """The components' values; every array is (components, periods).

    Attributes:
        value: In the series' unit; NaN where there is none.
        present: Observations there are.
        expected: Observations a complete period has; 0 where the grain cannot answer.
        state: One of the codes above.
        incomplete: For a partial period, where its point would lie if the missing days were like the
            others; NaN otherwise. Drawn hollow, never used in arithmetic.
        grain: One per component; None for a series the store does not hold.
    """

    value: Floats
    present: Ints
    expected: Ints
    state: Codes
    incomplete: Floats
    grain: tuple[Grain | None, ...]


def statement(name: str) -> str:
    """The text of one SQL file of this package."""
    return files("metrics.sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")


class Catalogue:
    """The series a store holds, found by name and segment."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._by_name: dict[str, list[tuple[int, Grain, Mapping[str, str]]]] = {}
        rows = connection.execute("SELECT series_id, name, grain, segments FROM series ORDER BY series_id")
        for number, name, grain, segments in rows.fetchall():
            self._by_name.setdefault(name, []).append((number, grain, segments or {}))

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def members(self, component: Component) -> list[int]:
        """Ids of the stored series that feed a component."""
        wanted = component.where
        return [
            number
            for number, _, segments in self._by_name.get(component.series, ())
            if all(segments.get(key) == value for key, value in wanted)
        ]

    def grain(self, name: str) -> Grain | None:
        """How often a series is told; None if the store does not hold it."""
        known = self._by_name.get(name)
        return known[0][1] if known else None


def hand_over(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, wanted: Sequence[Component]
) -> None:
    """Give the connection its `part` table: which stored series feed which component."""
    places: list[int] = []
    numbers: list[int] = []
    folds: list[str] = []
    alone: list[bool] = []
    for place, component in enumerate(wanted):
        members = catalogue.members(component)
        places += [place] * len(members)
        numbers += members
        folds += [component.fold] * len(members)
        alone += [len(members) == 1] * len(members)
    _temporary(connection, "part", component=places, series_id=numbers, fold=folds, alone=alone)


def folds(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    wanted: Sequence[Component],
    periods: Sequence[Period],
    calendar: Calendar,
    *,
    lenient: bool,
) -> Folds:
    """Fold every component over every period.

    Args:
        connection: Holds the relations `observed` and `sampled`.
        catalogue: The series of that connection.
        wanted: The components, each once.
        periods: The distinct periods, at least one.
        calendar: Says which periods are whole weeks and months, for coarser series.
        lenient: Let a partial period have the value of the days it has.

    Returns:
        Arrays of one row per component and one column per period. Under the strict policy a period
        with a missing day has no value, except `latest` and `first`, which take the last or first
        day present.
    """
    shape = len(wanted), len(periods)
    cut = stretches(periods)
    by_day = [
        (piece.first + timedelta(days=n), i) for i, piece in enumerate(cut.days) for n in range(piece.days)
    ]
    _temporary(connection, "day_stretch", day=[d for d, _ in by_day], stretch=[i for _, i in by_day])
    _temporary(
        connection, "stretch_window", stretch=[i for i, _ in cut.members], place=[p for _, p in cut.members]
    )
    hand_over(connection, catalogue, wanted)
    limits = {"first": min(p.first for p in periods), "last": max(p.last for p in periods)}

    present = np.zeros(shape, np.int32)
    told = np.full(shape, np.nan)  # Fold of the days present.
    totals = np.array([c.fold == "total" for c in wanted], bool)
    kinds = np.array([c.fold for c in wanted])
    if (kinds != "percentile").any():
        found = _arrays(connection.execute(statement("rollup_days"), limits))
        rows, columns = found["component"], found["place"]
        present[rows, columns] = found["days"]
        days = found["days"].astype(float)
        kind = kinds[rows]
        value = np.select(
            [kind == "total", kind == "mean", kind == "min", kind == "max", kind == "first"],
            [found["total"], found["total"] / days, found["least"], found["most"], found["earliest"]],
            found["latest"],
        )
        told[rows, columns] = value
    for at in sorted({c.at for c in wanted if c.at is not None}):
        sampled = _arrays(connection.execute(statement("rollup_samples"), {**limits, "at": at}))
        mine = np.array([c.at == at for c in wanted])[sampled["component"]]
        rows, columns = sampled["component"][mine], sampled["place"][mine]
        present[rows, columns] = sampled["days"][mine]
        told[rows, columns] = sampled["value"][mine]

    grain = tuple(catalogue.grain(c.series) for c in wanted)
    expected = _expected(grain, periods, calendar)
    any_day = np.array([c.fold in ("latest", "first") for c in wanted], bool)[:, None]
    some = (present > 0) & (expected > 0)
    whole = some & ((present >= expected) | any_day)
    state = np.where(whole, COMPLETE, np.where(some, PARTIAL, MISSING)).astype(np.uint8)
    partial = state == PARTIAL
    with np.errstate(divide="ignore", invalid="ignore"):
        raised = np.where(totals[:, None], told * expected / present, told)
    incomplete = np.where(partial, raised, np.nan)
    value = np.where(whole | (partial & lenient), told, np.nan)
    return Folds(value, present, expected, state, incomplete, grain)


def _expected(grain: Iterable[Grain | None], periods: Sequence[Period], calendar: Calendar) -> Ints:
    """Observations of a complete period, per component and period."""
    each = [expectation(p, calendar) for p in periods]
    rows = {
        "day": np.array([e.day for e in each], np.int32),
        "week": np.array([e.week for e in each], np.int32),
        "month": np.array([e.month for e in each], np.int32),
    }
    return np.array([rows[g or "day"] for g in grain], np.int32).reshape(-1, len(periods))


def each_day(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, wanted: Sequence[Component], span: Period
) -> Floats:
    """The days of some components, (components, days of the span); NaN where a day has no value."""
    hand_over(connection, catalogue, wanted)
    table = np.full((len(wanted), span.days), np.nan)
    limits = {"first": span.first, "last": span.last}
    found = _arrays(connection.execute(statement("rollup_each_day"), limits))
    days = found["day"].astype("datetime64[D]").astype(np.int64) - (span.first - EPOCH).days
    table[found["component"], days] = found["value"]
    return table


def _arrays(result: duckdb.DuckDBPyConnection) -> dict[str, NDArray[Any]]:
    """The columns of a result; a missing number is NaN."""
    return {
        name: column.filled(np.nan) if isinstance(column, np.ma.MaskedArray) else np.asarray(column)
        for name, column in result.fetchnumpy().items()
    }


def _temporary(connection: duckdb.DuckDBPyConnection, name: str, **columns: list[Any]) -> None:
    """Make a temporary table from columns of Python values; the names are this module's own."""
    kinds = {
        "component": "INTEGER",
        "series_id": "INTEGER",
        "fold": "VARCHAR",
        "alone": "BOOLEAN",
        "day": "DATE",
        "stretch": "INTEGER",
        "place": "INTEGER",
    }
    listed = ", ".join(f"CAST(unnest(CAST(${c} AS {kinds[c]}[])) AS {kinds[c]}) AS {c}" for c in columns)
    # The name and the columns are identifiers of this module; every value is bound.
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {listed}", columns)
