"""A store on an existing engine: the same series by vintage, in the tables of PostgreSQL or ClickHouse.

Rows are only ever added. A telling is one value of one series and day, in a *batch* that says when it was
known and which load told it. A load exists when its row in `load` is written, last of all: readers see all of
a load or nothing of it, and one that was killed leaves rows that nobody reads and the next load passes by. An
undo is a row of `load` too. What stands at a time is the telling of the latest vintage by then whose load
counts then; the rule is that of `metrics.store`, and `engine_counted.sql` holds it for every engine.

Roll-ups run where the rows are. A load is compared here, by the rules of the store of one machine, with
what the engine holds of the series and days it tells: reloading everything brings everything over once.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from metrics.engines.drafts import SMALL, TELLINGS, drafted, hold, latest, put, written
from metrics.engines.drivers import ClickHouse, Engine, PostgreSQL, Session
from metrics.engines.looking import TABLES, lacking, left
from metrics.engines.reading import EPOCH, Asking, EmptyReading, EngineReading, number_of
from metrics.engines.spark import Spark
from metrics.engines.statements import text
from metrics.errors import StoreError
from metrics.health import Trouble
from metrics.rollup import Reading
from metrics.store import LoadReport, Progress, Readings, Stepped, canonical, framed, silent, utc
from metrics.store.statements import sql
from metrics.store.vintages import loaded, undone

__all__ = ["ClickHouse", "Engine", "EngineStore", "PostgreSQL", "Spark"]

FIRST, LAST = -(2**31), 2**31 - 1  # Of the days that an engine can hold.


class EngineStore:
    """The series of one workspace, in an engine; the same methods as `metrics.store.Store`.

    Args:
        engine: Where the tables are; they are made by the first load.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._as_of: datetime | None = None

    @property
    def engine(self) -> str:
        """What people call it."""
        return self._engine.name

    def as_it_stood(self, at: datetime) -> "EngineStore":
        """This store, whose readings show what was known at a moment unless they are asked for another."""
        past = copy(self)
        past._as_of = at
        return past

    @property
    def version(self) -> str:
        """The newest load, as `load-000012`; `""` before the first: the key of all that is read from it."""
        with self._engine.session() as session:
            newest = self._newest(session)
        return _version(newest)

    @contextmanager
    def reading(self, as_of: datetime | None = None) -> Iterator[Reading]:
        """Look at what was whole when this was called, however long it takes.

        Args:
            as_of: Show what was known at this time; None shows all that is known now, or of a store as it
                stood at a moment what was known then.

        Raises:
            StoreError: The engine cannot be reached or refuses, or `as_of` has no time zone.
        """
        known = as_of or self._as_of
        moment = None if known is None else _micros(utc(known, "as_of"))
        with self._engine.session() as session:
            asking = self._asking(session)
            if asking is None:
                yield EmptyReading()
                return
            asking.counted(moment)
            yield EngineReading(asking, latest(asking.asked("small", "series")))

    def add(
        self,
        readings: Sequence[Readings],
        loaded_at: datetime,
        *,
        by: str = "",
        progress: Progress | None = None,
    ) -> LoadReport:
        """Load what was read of one or several sources, all or nothing; see `Store.add`.

        Raises:
            StoreError: As `Store.add`; the engine cannot be reached or refuses.
        """
        at, tell = utc(loaded_at, "loaded_at"), progress or silent
        with self._engine.session(writes=True) as session:
            asking = self._writing(session)
            facts = _facts(asking)
            with drafted(facts, _claimed(asking)) as draft:
                tell("asking the engine", 0.0)
                asking.given("asked", _span(readings, facts["series"]))
                for table, name in TELLINGS.items():
                    put(draft, table, asking.asked("told", name))
                report, changed = loaded(draft, readings, at, by, tell)
                if changed and report.load is not None:
                    _write(session, asking.newest, draft, report.load, facts["series"])
            version = _version(report.load if changed and report.load else asking.newest)
        tell("done", 1.0)
        return LoadReport(report.load, report.sources, version)

    def undo(self, load: int, undone_at: datetime, *, by: str = "") -> LoadReport:
        """Take a load back; see `Store.undo`.

        Raises:
            StoreError: As `Store.undo`; the engine cannot be reached or refuses.
        """
        at = utc(undone_at, "undone_at")
        with self._engine.session(writes=True) as session:
            asking = self._writing(session)
            facts = _facts(asking)
            with drafted(facts, _claimed(asking)) as draft:
                for table, name in TELLINGS.items():
                    reach = asking.asked("reach", name, load=load)
                    asking.given("asked", {each: reach[each].to_numpy() for each in reach.column_names})
                    put(draft, table, asking.asked("told", name))
                report, _ = undone(draft, load, at, by)
                number = report.load
                assert number is not None
                _write(session, asking.newest, draft, number, facts["series"])
        return LoadReport(number, report.sources, _version(number), report.undoes)

    def rename(self, before: str, after: str) -> int:
        """Give the loads of somebody another name; return how many there were."""
        with self._engine.session(writes=True) as session:
            asking = self._writing(session)
            found = int(asking.asked("loads")["loaded_by"].to_pylist().count(before))
            if found:
                self._engine.rename(session, before, after)
        return found

    def step_back(self, *, by: str = "") -> Stepped:  # noqa: ARG002  (the shape of `Store.step_back`)
        """Refused: there are no generations."""
        raise StoreError(f"A store on {self.engine} has no generations. Use the database's own recovery.")

    def compact(self, since: datetime, compacted_at: datetime, *, by: str = "") -> int:  # noqa: ARG002  (the shape of `Store`)
        """Refused: every telling is kept."""
        raise StoreError(self.cannot_forget)

    @property
    def cannot_forget(self) -> str:
        """Why it cannot be compacted."""
        return f"A store on {self.engine} cannot forget: it keeps every value that was ever told."

    def troubles(self, now: datetime) -> tuple[Trouble, ...]:
        """Whether it can be reached, has the tables and holds what killed loads left; nothing is changed."""
        try:
            with self._engine.session() as session:
                newest = self._newest(session)
        except StoreError as error:
            do = "Start it, or set its address right."
            return (Trouble("store_unreachable", "wrong", str(error), do),)
        if not newest:
            do = "Load the sources: `wbr load`."
            return (Trouble("store_empty", "note", "Nothing was loaded yet.", do),)
        lost = [trouble for table in TABLES for trouble in lacking(table, self._columns(table), self.engine)]
        if lost:
            return tuple(lost)
        with self._engine.session() as session:
            return tuple(left(Asking(self._engine, session, newest), now))

    def horizon(self) -> datetime | None:
        """None: it knows what was known since ever."""
        return None

    def sizes(self) -> dict[str, int]:
        """Bytes that the tables take, under the newest load; empty where the engine does not tell."""
        with self._engine.session() as session:
            newest = self._newest(session)
            size = self._engine.size(session) if newest else None
        return {} if size is None else {_version(newest): size}

    def loads(self) -> pd.DataFrame:
        """Every load and undo, newest first; see `Store.loads`."""
        return self._drafted("loads")

    def rejects(self, load: int) -> pd.DataFrame:
        """Cells that a load refused and left out; see `Store.rejects`."""
        return self._drafted("rejects", load=load)

    def file_load(self, source: str, file: str) -> pd.DataFrame:
        """The newest load that read a file of a name for a source; see `Store.file_load`."""
        return self._drafted("file_load", source=source, file=file)

    def restatements(self, names: Sequence[str] | None = None, since: datetime | None = None) -> pd.DataFrame:
        """Values that were told differently later, latest change last; see `Store.restatements`."""
        moment = None if since is None else utc(since, "since")
        listed = None if names is None else list(names)
        with self._engine.session() as session, self._draft(session) as (draft, asking):
            if asking is not None:
                asking.given("chosen", _chosen(latest(asking.asked("small", "series")), names))
                put(draft, "observation", asking.asked("changed"))
            return _frame(draft, "restatements", names=listed, since=moment)

    def sources(self, until: date | None = None) -> pd.DataFrame:
        """Each source as its last load left it; see `Store.sources`."""
        with self._engine.session() as session, self._draft(session) as (draft, asking):
            if asking is not None:
                held = self._held(asking, latest(asking.asked("small", "series")), None, until)
                day = held["until_day"].fillna(held["last_day"])
                rows = {"series_id": held["series_id"], "day": day.astype("int32"), "batch": held["batch"]}
                hold(draft, pa.table({k: pa.array(v.to_numpy(), pa.int32()) for k, v in rows.items()}))
            return _frame(draft, "sources", until=until)

    def provenance(self, names: Sequence[str] | None = None) -> pd.DataFrame:
        """Where the current values of series came from; see `Store.provenance`."""
        columns = ["series", "source", "file", "load", "loaded_at", "first_day", "last_day", "rows"]
        with self._engine.session() as session:
            asking = self._asking(session)
            if asking is None:
                return pd.DataFrame(columns=columns)
            series = latest(asking.asked("small", "series"))
            held = self._held(asking, series, names)
            batch, load = asking.asked("small", "batch").to_pandas(), asking.asked("loads").to_pandas()
        found = (
            held.merge(series.to_pandas()[["series_id", "name"]], on="series_id")
            .merge(batch[["batch", "load", "source", "file"]], on="batch")
            .merge(load[["load", "loaded_at"]], on="load")
            .rename(columns={"name": "series"})
        )
        found = found.groupby(["series", "source", "file", "load", "loaded_at"], as_index=False).agg(
            first_day=("first_day", "min"), last_day=("last_day", "max"), rows=("n", "sum")
        )
        found["loaded_at"] = found["loaded_at"].astype("datetime64[us]")
        return _dated(found).sort_values(["series", "first_day", "load", "source", "file"], ignore_index=True)

    def coverage(self, names: Sequence[str] | None = None) -> pd.DataFrame:
        """How far the current values of series reach; see `Store.coverage`."""
        columns = ["series", "segments", "grain", "kind", "first_day", "last_day", "days", "rows"]
        with self._engine.session() as session:
            asking = self._asking(session)
            if asking is None:
                return pd.DataFrame(columns=columns)
            series = latest(asking.asked("small", "series"))
            held = self._held(asking, series, names)
        sums = held.groupby("series_id", as_index=False).agg(
            first_day=("first_day", "min"),
            last_day=("last_day", "max"),
            days=("days", "sum"),
            rows=("n", "sum"),
        )
        told = series.to_pandas()
        if names is not None:
            told = told[told["name"].isin(list(names))]
        found = told.merge(sums, on="series_id", how="left").rename(columns={"name": "series"})
        for count in ("days", "rows"):
            found[count] = found[count].fillna(0).astype("int64")
        found["order"] = [tuple(sorted(json.loads(each).items())) for each in found["segments"]]
        found = _dated(found).sort_values(["series", "order"], ignore_index=True)
        return found[columns]

    def observations(
        self,
        name: str,
        *,
        first: date | None,
        last: date | None,
        where: Mapping[str, str],
        size: int,
        offset: int = 0,
        as_of: datetime | None = None,
    ) -> pd.DataFrame:
        """A page of the stored values of one series; see `Store.observations`."""
        known = as_of or self._as_of
        with self._engine.session() as session:
            asking = self._asking(session)
            if asking is None:
                return pd.DataFrame(columns=["day", "segments", "value"])
            asking.counted(None if known is None else _micros(utc(known, "as_of")))
            reading = EngineReading(asking, latest(asking.asked("small", "series")))
            mine = {
                number: segments
                for number, called, _, segments in reading.series()
                if called == name and all(segments.get(key) == value for key, value in where.items())
            }
            order = sorted(mine, key=lambda n: ", ".join(f"{k}={v}" for k, v in mine[n].items()) + "}")
            asking.given("chosen", {"series_id": np.array(order), "place": np.arange(len(order))})
            found = asking.asked(
                "page", first=number_of(first), last=number_of(last), size=size, skipped=offset
            ).to_pandas()
        found["segments"] = [canonical(tuple(mine[n].items())) for n in found["series_id"]]
        return _dated(found)[["day", "segments", "value"]]

    def _columns(self, table: str) -> frozenset[str]:
        """Those of a table; none if it cannot be read. In a session of its own, which a refusal ends."""
        try:
            with self._engine.session() as session:
                return frozenset(Asking(self._engine, session, 0).asked("columns", table).column_names)
        except StoreError:  # Told by who asks.
            return frozenset()

    # --- how it is asked ---------------------------------------------------------------------

    def _newest(self, session: Session) -> int:
        """The newest load that is whole; 0 before the first."""
        if not self._engine.exists(session):
            return 0
        return int(Asking(self._engine, session, 0).asked("newest")["newest"][0].as_py())

    def _asking(self, session: Session) -> Asking | None:
        """A task's questions; None if nothing was loaded yet."""
        newest = self._newest(session)
        return Asking(self._engine, session, newest) if newest else None

    def _writing(self, session: Session) -> Asking:
        """The questions of a task that writes."""
        return Asking(self._engine, session, self._newest(session))

    def _held(
        self, asking: Asking, series: pa.Table, names: Sequence[str] | None, until: date | None = None
    ) -> pd.DataFrame:
        asking.counted(None)
        asking.given("chosen", _chosen(series, names))
        asking.kept("stood", first=FIRST, last=LAST)
        again = asking.asked("again")  # Few: a load drops what is known.
        asking.given("asked", _days(again))
        held: pd.DataFrame = asking.asked("held", until=number_of(until)).to_pandas()
        if again.num_rows:
            with drafted(_facts(asking)) as draft:
                for table, name in TELLINGS.items():
                    put(draft, table, asking.asked("told", name))
                others = draft.execute(text("draft_stands"), {"until": number_of(until)}).df()
            held = pd.concat([held, others], ignore_index=True)
        return held

    @contextmanager
    def _draft(self, session: Session) -> Iterator[tuple[duckdb.DuckDBPyConnection, Asking | None]]:
        asking = self._asking(session)
        if asking is None:
            with duckdb.connect() as empty:
                empty.execute(sql("schema"))
                yield empty, None
            return
        with drafted(_facts(asking)) as draft:
            yield draft, asking

    def _drafted(self, statement: str, **parameters: object) -> pd.DataFrame:
        with self._engine.session() as session, self._draft(session) as (draft, _):
            return _frame(draft, statement, **parameters)


def _facts(asking: Asking) -> dict[str, pa.Table]:
    """The small tables; of each series its latest row."""
    facts = {name: asking.asked("small", name) for name in SMALL}
    return {**facts, "series": latest(facts["series"]), "load": asking.asked("loads")}


def _claimed(asking: Asking) -> tuple[int, int]:
    statement = "claimed_spark" if asking.dialect == "spark" else "claimed"
    ((load, batch),) = asking.asked(statement).select(["load", "batch"]).to_pandas().to_numpy().tolist()
    return int(load), int(batch)


def _span(readings: Sequence[Readings], series: pa.Table) -> dict[str, np.ndarray]:
    """Which days of which stored series a load must be compared with.

    A series that is told in another grain or kind than it is stored in is asked for whole: whether that is
    allowed depends on whether anything of it stands.
    """
    asked: list[tuple[int, int | None, int | None]] = []
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in series.to_pylist():
        by_name.setdefault(row["name"], []).append(row)
    for reading in readings:
        table = pa.table({"series": reading.table["series"].cast(pa.string()), "day": reading.table["day"]})
        spans = table.group_by("series").aggregate([("day", "min"), ("day", "max")])
        for span in spans.to_pylist():
            for row in by_name.get(span["series"], ()):
                same = (row["grain"], row["kind"]) == (reading.grain, reading.kind)
                limits = (number_of(span["day_min"]), number_of(span["day_max"])) if same else (FIRST, LAST)
                asked.append((row["series_id"], *limits))
    spanned = (
        pd.DataFrame(asked, columns=["series_id", "first_day", "last_day"])
        .groupby("series_id")
        .agg({"first_day": "min", "last_day": "max"})
    )  # Two sources may tell one series.
    return {
        "series_id": spanned.index.to_numpy(),
        "first_day": spanned["first_day"].to_numpy(),
        "last_day": spanned["last_day"].to_numpy(),
    }


def _write(
    session: Session, newest: int, draft: duckdb.DuckDBPyConnection, load: int, series: pa.Table
) -> None:
    new = written(draft, load, series)
    session.claim(load, max(new["batch"]["batch"].to_pylist(), default=0), newest)
    for table, rows in new.items():
        if table == "load":  # It comes last.
            session.confirm(load, newest)
        session.put(table, rows)


def _days(found: pa.Table) -> dict[str, np.ndarray]:
    """Single days to ask for."""
    day = found["day"].to_numpy()
    return {"series_id": found["series_id"].to_numpy(), "first_day": day, "last_day": day}


def _chosen(series: pa.Table, names: Sequence[str] | None) -> dict[str, np.ndarray]:
    wanted = None if names is None else set(names)
    ids = [row["series_id"] for row in series.to_pylist() if wanted is None or row["name"] in wanted]
    return {"series_id": np.array(ids, np.int32), "place": np.arange(len(ids), dtype=np.int32)}


def _frame(draft: duckdb.DuckDBPyConnection, statement: str, **parameters: object) -> pd.DataFrame:
    return framed(draft.execute(sql(statement), parameters or None).df())


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows, whose days are dates."""
    for name in frame.columns:
        if name == "day" or name.endswith("_day"):
            frame[name] = pd.to_datetime(frame[name], unit="D").astype("datetime64[us]")
    return frame


def _micros(moment: datetime) -> int:
    """A time in UTC as the engine keeps it."""
    return (moment - datetime.combine(EPOCH, datetime.min.time())) // timedelta(microseconds=1)


def _version(load: int) -> str:
    return f"load-{load:06d}" if load else ""
