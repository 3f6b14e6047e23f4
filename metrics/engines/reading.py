"""A reading of a store on another engine: the roll-up runs there, and only its results come over."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from metrics.engines.drivers import Engine, Session
from metrics.engines.statements import TEMPORARY, told
from metrics.rollup.reading import Columns, Fold, Given, Stored

EPOCH = date(1970, 1, 1)
_KINDS: Mapping[str, pa.DataType] = {"fold": pa.string(), "alone": pa.bool_()}


def number_of(day: date | None) -> int | None:
    """A day as the engine keeps it."""
    return None if day is None else (day - EPOCH).days


class Asking:
    """One task's questions to an engine, of the loads that were whole when it began.

    Args:
        engine: Which one.
        session: The line to it.
        newest: The newest load that counts.
    """

    def __init__(self, engine: Engine, session: Session, newest: int) -> None:
        self.newest = newest
        self._engine = engine
        self._session = session
        self._names: dict[str, str] = {}
        self._made = 0

    @property
    def dialect(self) -> str:
        """Of the engine, for statements that each has of its own."""
        return self._engine.dialect

    def asked(self, statement: str, table: str = "", **values: object) -> pa.Table:
        """The rows of a statement."""
        return self._session.asked(self._told(statement, table, **values))

    def made(self, statement: str, name: str, **values: object) -> str:
        """Run a statement that makes a temporary table; return what the engine calls it now."""
        called = self._renamed(name)
        self._session.done(self._told(statement, "", **values))
        return called

    def _renamed(self, name: str) -> str:
        """What the engine calls a temporary table from now on; the one before is dropped."""
        if (before := self._names.get(name)) is not None:
            self._session.dropped(before)
        self._made += 1
        # One of this module's names, so that no table of the user's is meant.
        self._names[name] = f"wbr_{name}_{id(self):x}_{self._made}"
        return self._names[name]

    def given(self, name: str, columns: Columns) -> None:
        """Hand a small table over."""
        if name not in TEMPORARY:
            raise KeyError(name)
        called = self._renamed(name)
        rows = {key: pa.array(column, _KINDS.get(key, pa.int32())) for key, column in columns.items()}
        self._session.given(called, self._told(f"given_{name}", ""), pa.table(rows))

    def kept(self, statement: str, **values: object) -> None:
        """Keep the rows of a statement in a temporary table of its name, for those that read it."""
        self._session.settle(self.made(statement, statement, **values))

    def counted(self, as_of: int | None) -> None:
        """Say what counts at a time: microseconds since 1970, or None for all that is known."""
        self.kept("counted", as_of=as_of)

    def _told(self, statement: str, table: str, **values: object) -> str:
        return told(statement, self._engine.dialect, self._names, table, **{"newest": self.newest, **values})


class EngineReading:
    """The reading of an engine; see `metrics.rollup.reading.Reading`.

    Args:
        asking: The task it belongs to, told what counts.
        series: The series, as the engine has them.
    """

    def __init__(self, asking: Asking, series: pa.Table) -> None:
        self._asking = asking
        self._series: tuple[Stored, ...] = tuple(
            (each["series_id"], each["name"], each["grain"], json.loads(each["segments"]))
            for each in series.to_pylist()
        )
        self._kept: dict[str, tuple[date, date]] = {}

    def series(self) -> Sequence[Stored]:
        """See `Reading`."""
        return self._series

    def give(self, table: Given, columns: Columns) -> None:
        """See `Reading`."""
        days = {"day": columns["day"].astype("M8[D]").astype(np.int32)} if "day" in columns else {}
        self._asking.given(table, {**columns, **days})
        if table == "part":
            ids = np.unique(columns["series_id"])
            self._asking.given("chosen", {"series_id": ids, "place": np.arange(len(ids))})
            self._kept.clear()

    def stretches(self, fold: Fold, first: date, last: date) -> Columns:
        """See `Reading`."""
        self._keep("component_day", first, last)
        statement = "ends" if fold in ("first", "latest") else "stretches"
        return self._asked(statement, ("stretch", "days"), fold=fold)

    def samples(self, at: float, first: date, last: date) -> Columns:
        """See `Reading`."""
        self._keep("stood", first, last)
        return self._asked(f"samples_{self._asking.dialect}", ("place", "days"), at=at)

    def each_day(self, first: date, last: date) -> Columns:
        """See `Reading`."""
        self._keep("component_day", first, last)
        found = dict(self._asked("each_day", ("day",)))
        return {**found, "day": found["day"].astype("M8[D]")}

    def _keep(self, statement: str, first: date, last: date) -> None:
        """What several answers start from is put together once, for the parts and days they ask for."""
        if self._kept.get(statement) != (first, last):
            self._asking.kept(statement, first=number_of(first), last=number_of(last))
            self._kept[statement] = first, last

    def _asked(self, statement: str, numbers: Sequence[str], **values: object) -> Columns:
        found = self._asking.asked(statement, "", **values)
        kinds: Mapping[str, Any] = dict.fromkeys(("component", *numbers), np.int64)
        return {
            name: found[name].to_numpy().astype(kinds.get(name, np.float64)) for name in found.column_names
        }


class EmptyReading:
    """The reading of a store into which nothing was loaded yet."""

    def series(self) -> Sequence[Stored]:
        """See `Reading`."""
        return ()

    def give(self, table: Given, columns: Columns) -> None:
        """See `Reading`."""

    def stretches(self, fold: Fold, first: date, last: date) -> Columns:  # noqa: ARG002  (one shape for all)
        """See `Reading`."""
        return _none("stretch", "days")

    def samples(self, at: float, first: date, last: date) -> Columns:  # noqa: ARG002  (one shape for all)
        """See `Reading`."""
        return _none("place", "days")

    def each_day(self, first: date, last: date) -> Columns:  # noqa: ARG002  (one shape for all)
        """See `Reading`."""
        return {**_none(), "day": np.empty(0, "M8[D]")}


def _none(*numbers: str) -> Columns:
    return {"value": np.empty(0), **{name: np.empty(0, np.int64) for name in ("component", *numbers)}}
