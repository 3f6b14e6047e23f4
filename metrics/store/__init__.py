"""Metric series in DuckDB, by vintage: what is known now, and what was known at any past time.

A store is a folder of *generations*. A load copies the current one, writes into the copy,
checkpoints, closes and syncs it, gives it a new name and repoints `CURRENT` in one atomic step.
A published generation never changes, so readers need no lock and never see half a load; only
writers wait for each other. A process killed at any moment leaves the last published generation.

**Vintages.** A value's vintage is the time its source says it was observed at, else the time of the
load. What was known at T is, of each series and day, the value of the latest vintage not after T;
of two tellings of one vintage, the later load's. The order in which vintages are loaded does not
matter. A load keeps only what is not known yet; one that brings nothing new writes nothing and
makes no generation. A row that disappears from a file is not deleted: what a file leaves out, it
does not deny. To take values back, undo their load.

**Undo.** The values of an undone load stay in history and are current no more; where a later load
told another value, that one stays. Asked about a time in between: a value dated by its load was
known from the load to the undo, because the store did say so then; a value dated by its source was
never known, because its date does not say when the mistake was believed.

**Samples.** A vintage tells the whole bag of samples of a series and day; it replaces the bag known
before if it differs.

Local disks only: locks and renames are not safe on shared folders.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from threading import Timer

import duckdb
import pandas as pd

from metrics.errors import StoreError
from metrics.health import Trouble
from metrics.store import looking
from metrics.store.generations import READER_MEMORY, SPILL, Generations, Stepped, WayBack, is_damage
from metrics.store.reports import (
    FileRead,
    FirstSeen,
    LoadReport,
    Progress,
    Readings,
    Reject,
    SourceReport,
    silent,
)
from metrics.store.statements import sql
from metrics.store.vintages import compacted, horizon, loaded, undone, views

__all__ = [
    "FileRead",
    "FirstSeen",
    "LoadReport",
    "Progress",
    "Readings",
    "Reject",
    "SourceReport",
    "Stepped",
    "Store",
    "WayBack",
    "canonical",
    "framed",
    "silent",
    "utc",
]

PATIENCE = 60.0  # Seconds a writer waits for another; 9.1 million rows take a tenth of that.
QUERY_LIMIT = 300.0  # Seconds after which a reading is stopped: a query that would never finish.


class Store:
    """The series of one workspace, in a folder of generations.

    Making one opens nothing; every method opens the store for its own task. Times in its tables are
    datetime64 without a zone, in UTC; days are datetime64; empty cells are NaT, NaN or NA.

    Args:
        folder: Where the generations are; made by the first load.
        patience: Seconds to wait for another writer.
        query_limit: Seconds after which the query of a reading is stopped.
    """

    def __init__(self, folder: Path, *, patience: float = PATIENCE, query_limit: float = QUERY_LIMIT) -> None:
        self._folder = Path(folder)
        self._generations = Generations(self._folder, patience)
        self._query_limit = query_limit
        self._as_of: datetime | None = None

    def as_it_stood(self, at: datetime) -> "Store":
        """This store, whose readings show what was known at a moment unless they are asked for another."""
        past = copy(self)
        past._as_of = at
        return past

    @property
    def version(self) -> str:
        """The current generation's name, `""` before the first load: the key of all that is read from it.

        Raises:
            StoreError: `CURRENT` is gone or names no generation.
        """
        return self._generations.current

    @contextmanager
    def reading(self, as_of: datetime | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the current generation read-only for one task, and close it afterwards.

        Relations inside: `series(series_id INTEGER, name VARCHAR, grain VARCHAR, segments
        MAP(VARCHAR, VARCHAR), kind VARCHAR)`; `observed(series_id INTEGER, day DATE, value DOUBLE)`
        with at most one row per series and day; `sampled`, the same with a row per sample. Missing
        days have no row. Before the first load all are empty. Temporary tables may be made.

        Files, extensions and settings are out of reach of any SQL that runs here. The connection
        belongs to one thread.

        Args:
            as_of: Show what was known at this time; None shows all that is known now, or of a store as it
                stood at a moment what was known then.

        Raises:
            StoreError: The generation is missing or damaged, the query took too long or needed too
                much memory, or `as_of` has no time zone.
        """
        known = as_of or self._as_of
        moment = None if known is None else utc(known, "as_of")
        name, connection = self._generations.opened()
        timer = Timer(self._query_limit, connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            views(connection, moment)
            yield connection
        except duckdb.InterruptException as error:
            raise StoreError(
                f"The query was stopped after {self._query_limit:.0f} s. Ask for fewer metrics or less time."
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise StoreError(
                f"The query needs more than {READER_MEMORY} of memory and {SPILL} "
                f"in {tempfile.gettempdir()}. Ask for fewer metrics or less time, or free space there."
            ) from error
        except duckdb.Error as error:
            if is_damage(error):
                raise self._generations.damaged(name, error) from error
            raise
        finally:
            timer.cancel()
            connection.close()

    def add(
        self,
        readings: Sequence[Readings],
        loaded_at: datetime,
        *,
        by: str = "",
        progress: Progress | None = None,
    ) -> LoadReport:
        """Load what was read of one or several sources, all or nothing.

        Loading twice keeps nothing new and leaves `version` as it is. Cells that the reader refused
        are noted with the load; a load that brings nothing new is noted only if it refused other
        cells than its sources' last loads did.

        Args:
            readings: What was read, one a source.
            loaded_at: The time of the load; the vintage of values that carry none.
            by: Who loads, for the list of loads.
            progress: Told of each step.

        Raises:
            StoreError: Another process writes for too long; the folder cannot be written to; the
                disk is full; the generation is damaged; two values for one series, day and vintage;
                a series that is stored in another grain or kind; `loaded_at` has no time zone.
        """
        at, told = utc(loaded_at, "loaded_at"), progress or silent
        version, report = self._generations.written(lambda draft: loaded(draft, readings, at, by, told), by)
        told("done", 1.0)
        return LoadReport(report.load, report.sources, version)

    def undo(self, load: int, undone_at: datetime, *, by: str = "") -> LoadReport:
        """Take a load back: its values stay in history, the current ones are those before it.

        Values of later loads stay. The module's text says what is then known of times in between.

        Args:
            load: The load's number.
            undone_at: The time of the undo.
            by: Who undoes.

        Raises:
            StoreError: No such load, or it is undone already, or it is itself an undo; or the
                store cannot be written, as for `add`.
        """
        at = utc(undone_at, "undone_at")
        version, report = self._generations.written(lambda draft: undone(draft, load, at, by), by)
        return LoadReport(report.load, report.sources, version, report.undoes)

    def step_back(self, *, by: str = "") -> Stepped:
        """Make the newest generation that is whole the current one, in place of one that is not.

        The loads that came after it are lost; loading again brings back all that the sources still tell.

        Raises:
            StoreError: The current generation is whole, or none is, or the folder cannot be written to.
        """
        return self._generations.step_back(by)

    def way_back(self) -> WayBack:
        """What `step_back` would do now; nothing is changed.

        Raises:
            StoreError: The current generation is whole, or none is.
        """
        return self._generations.way_back()

    def rename(self, before: str, after: str) -> int:
        """Give the loads of somebody another name; return how many there were.

        Older generations hold the old name. They are removed, so that only backups can bring it back.

        Raises:
            StoreError: The store cannot be written, as for `add`.
        """
        return self._generations.renamed(before, after)

    def troubles(self, now: datetime) -> tuple[Trouble, ...]:
        """What is wrong with the files of this store; every block is read, nothing is changed."""
        return tuple(looking.troubles(self._folder, self._generations, now))

    @property
    def cannot_forget(self) -> str:
        """Why it cannot be compacted; `""`, because it can."""
        return ""

    def compact(self, since: datetime, compacted_at: datetime, *, by: str = "") -> int:
        """Forget what stood no more at a time, and give the room back; loads before it cannot be undone.

        What is known now, and what was known at that time or later, stays as it is; an earlier time can
        be asked for no more. The two generations before stay until the next loads replace them.

        Args:
            since: The time, aware.
            compacted_at: The time of the compaction.
            by: Who does it.

        Returns:
            How many tellings were forgotten; 0 leaves the store as it is.

        Raises:
            StoreError: The store cannot be written, as for `add`; a time has no time zone; nothing was
                ever loaded.
        """
        first, at = utc(since, "since"), utc(compacted_at, "compacted_at")
        if not self.version:
            raise StoreError("Nothing was loaded yet, so there is nothing to forget.")
        return self._generations.rewritten(lambda draft: compacted(draft, first, at, by), by)[1]

    def horizon(self) -> datetime | None:
        """Since when the store knows what was known, in UTC; None if since ever."""
        with self.reading() as connection:
            since = horizon(connection)
        return None if since is None else since.replace(tzinfo=UTC)

    def sizes(self) -> dict[str, int]:
        """Bytes of each generation on the disk, oldest first."""
        return self._generations.sizes()

    def loads(self) -> pd.DataFrame:
        """Every load and undo, newest first.

        Returns:
            One row each, with columns `load` (int), `loaded_at` (UTC), `by`, `what` (`load` or
            `undo`), `undoes` (the load an undo took back, or null), `sources` (names, separated by
            commas), `rows`, `kept`, `unchanged`, `restated`, `refused` (int), `undone_at` (UTC or
            null) and `undone_by` (the undo, or null).
        """
        return self._frame("loads")

    def sources(self, until: date | None = None) -> pd.DataFrame:
        """Each source as its last load left it; a load that was undone does not count.

        Args:
            until: Days after it do not count for `last_day`: a plan, or a day that was mistyped, says
                nothing about how fresh a source is.

        Returns:
            One row a source, by name, with columns `source`, `load` (the last that brought
            something), `loaded_at` (UTC), `last_day` (the latest with a current value of this
            source, not after `until`, or null), `series` (int: with current values), `rows`, `refused`,
            `files` (int, of that load).
        """
        return self._frame("sources", until=until)

    def restatements(self, names: Sequence[str] | None = None, since: datetime | None = None) -> pd.DataFrame:
        """Values that were told differently later, latest change last. Bags of samples are not listed.

        Args:
            names: Series; None for all.
            since: Only changes known at this time or later.

        Returns:
            One row a change, with columns `series`, `segments` (JSON), `day`, `old`, `new` (float;
            NaN where nothing stood), `old_known_at`, `new_known_at` (UTC), `load` (that brought the
            change: a load or an undo), `source`, `undone` (bool: that load was taken back later, or
            the change is such a taking back).
        """
        moment = None if since is None else utc(since, "since")
        return self._frame("restatements", names=_listed(names), since=moment)

    def rejects(self, load: int) -> pd.DataFrame:
        """Cells that a load refused and left out.

        Returns:
            One row a cell, with columns `source`, `file`, `line` (int, from 1), `column`, `cell`
            and `reason`.
        """
        return self._frame("rejects", load=load)

    def provenance(self, names: Sequence[str] | None = None) -> pd.DataFrame:
        """Where the current values of series came from.

        Returns:
            One row per series and origin, with columns `series`, `source`, `file`, `load`,
            `loaded_at` (UTC), `first_day`, `last_day` and `rows` (int: values or samples).
        """
        return self._frame("provenance", names=_listed(names))

    def file_load(self, source: str, file: str) -> pd.DataFrame:
        """The newest load that read a file of a name for a source.

        Returns:
            At most one row, with columns `load`, `sha256`, `rows_read`, `kept`, `unchanged`, `restated`
            (int) and `undone` (bool).
        """
        return self._frame("file_load", source=source, file=file)

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
        """A page of the stored values of one series; samples have none.

        Args:
            name: Of the series.
            first: Oldest day wanted; None for all.
            last: Newest day wanted; None for all.
            where: Only these segments.
            size: At most so many rows.
            offset: After so many.
            as_of: What was known at this time; None is all that is known now.

        Returns:
            Rows by day and segments, with columns `day`, `segments` (JSON) and `value` (float).
        """
        return self._frame(
            "observations",
            as_of,
            name=name,
            first=first,
            last=last,
            where=dict(where),
            size=size,
            offset=offset,
        )

    def coverage(self, names: Sequence[str] | None = None) -> pd.DataFrame:
        """How far the current values of series reach.

        Returns:
            One row per series and combination of segments, with columns `series`, `segments`
            (JSON), `grain`, `kind`, `first_day`, `last_day` (null if it has no value), `days` (int:
            days with a value) and `rows` (int: values or samples).
        """
        return self._frame("coverage", names=_listed(names))

    def _frame(self, statement: str, as_of: datetime | None = None, /, **parameters: object) -> pd.DataFrame:
        with self.reading(as_of) as connection:
            return framed(connection.execute(sql(statement), parameters or None).df())


def framed(frame: pd.DataFrame) -> pd.DataFrame:
    """A statement's rows as the store hands them out: whole numbers stay whole, segments are JSON."""
    for column in frame.columns.intersection(["undoes", "undone_by"]):
        frame[column] = frame[column].astype("Int64")
    if "segments" in frame:
        frame["segments"] = [canonical(tuple(segments.items())) for segments in frame["segments"]]
    return frame


@lru_cache(maxsize=4096)
def canonical(segments: tuple[tuple[str, str], ...]) -> str:
    """Return segments as JSON with sorted keys; kept, because a table repeats the same few."""
    return json.dumps(dict(segments), sort_keys=True, ensure_ascii=False)


def utc(moment: datetime, name: str) -> datetime:
    """Return a time as the store keeps it: in UTC, without its zone."""
    if moment.utcoffset() is None:
        raise StoreError(
            f"{name} is {moment.isoformat()}, without a time zone. Give it the company's, or UTC."
        )
    return moment.astimezone(UTC).replace(tzinfo=None)


def _listed(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)
