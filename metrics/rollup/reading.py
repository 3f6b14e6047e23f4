"""What a roll-up asks of a store, whichever engine holds it; DuckDB is the first that answers."""

from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files
from typing import Any, Literal, Protocol

import duckdb
import numpy as np
from numpy.typing import NDArray

from metrics.definitions import Grain

Fold = Literal["total", "latest", "first", "mean", "min", "max", "percentile"]
Columns = Mapping[str, NDArray[Any]]
Given = Literal["part", "day_stretch", "stretch_window"]
Stored = tuple[int, str, Grain, Mapping[str, str]]  # Id, name, how often it is told, segments.


class Reading(Protocol):
    """One look at a store, as known at some time: all that a roll-up needs.

    Three small tables are handed over first, each replacing the one before: `part` (component, series_id,
    fold, alone: whether the component has no other series), `day_stretch` (day, stretch) and
    `stretch_window` (stretch, place). What is asked then answers in columns of one length; a missing number
    is NaN, and a component, stretch or window without a value has no row.
    """

    def series(self) -> Sequence[Stored]:
        """Every stored series, by its id."""

    def give(self, table: Given, columns: Columns) -> None:
        """Hand a table over."""

    def stretches(self, fold: Fold, first: date, last: date) -> Columns:
        """Component, stretch, days and value: `part`'s components of one fold, over the stretches."""

    def samples(self, at: float, first: date, last: date) -> Columns:
        """Component, place, value and days: a percentile, 0 to 1, of the samples of each window."""

    def each_day(self, first: date, last: date) -> Columns:
        """Component, day (datetime64) and value."""


Readable = Reading | duckdb.DuckDBPyConnection
"""A reading, or a DuckDB connection that holds `series`, `observed` and `sampled`."""


def reading_of(readable: Readable) -> Reading:
    """The reading itself, or that of a DuckDB connection."""
    return Embedded(readable) if isinstance(readable, duckdb.DuckDBPyConnection) else readable


class Embedded:
    """The reading of a DuckDB connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def series(self) -> Sequence[Stored]:
        """See `Reading`."""
        rows = self._connection.execute(
            "SELECT series_id, name, grain, segments FROM series ORDER BY series_id"
        )
        return [(number, name, grain, segments or {}) for number, name, grain, segments in rows.fetchall()]

    def give(self, table: Given, columns: Columns) -> None:
        """See `Reading`."""
        _temporary(self._connection, table, columns)
        if table == "part":
            self._connection.execute(statement("rollup_days"))

    def stretches(self, fold: Fold, first: date, last: date) -> Columns:
        """See `Reading`."""
        return self._asked("rollup_stretches", first=first, last=last, fold=fold)

    def samples(self, at: float, first: date, last: date) -> Columns:
        """See `Reading`."""
        return self._asked("rollup_samples", first=first, last=last, at=at)

    def each_day(self, first: date, last: date) -> Columns:
        """See `Reading`."""
        return self._asked("rollup_each_day", first=first, last=last)

    def _asked(self, name: str, **parameters: object) -> Columns:
        return _arrays(self._connection.execute(statement(name), parameters))


def statement(name: str) -> str:
    """The text of one SQL file of this package."""
    return files("metrics.sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def _arrays(result: duckdb.DuckDBPyConnection) -> dict[str, NDArray[Any]]:
    """The columns of a result; a missing number is NaN."""
    return {
        name: column.filled(np.nan) if isinstance(column, np.ma.MaskedArray) else np.asarray(column)
        for name, column in result.fetchnumpy().items()
    }


def _temporary(connection: duckdb.DuckDBPyConnection, name: str, columns: Columns) -> None:
    """Make a temporary table from arrays; the names are this module's own."""
    kinds = {
        "component": "INTEGER",
        "series_id": "INTEGER",
        "fold": "VARCHAR",
        "alone": "BOOLEAN",
        "day": "DATE",
        "stretch": "INTEGER",
        "place": "INTEGER",
    }
    listed = ", ".join(f"CAST({c} AS {kinds[c]}) AS {c}" for c in columns)
    connection.register("given", dict(columns))
    # The name and the columns are identifiers of this module; every value is in the arrays.
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {listed} FROM given")
    connection.unregister("given")
