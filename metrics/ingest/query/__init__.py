"""A query run in the user's own database; its rows, put down as a file, are read like any file's."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as arrow_parquet

from metrics.errors import SourceError
from metrics.ingest.files import source_files
from metrics.ingest.query.address import ENGINES, Address, address
from metrics.ingest.query.drivers import OverTimeError, batches
from metrics.ingest.query.midnight import Clock, Origin, origin, remark
from metrics.ingest.query.multiplied import reach, refuse_multiplied, remarks
from metrics.ingest.query.statement import asks_for, checked, filled

__all__ = [
    "ENGINES",
    "Address",
    "Fetched",
    "Query",
    "address",
    "checked",
    "fetched",
    "filled",
    "reach",
    "refuse_multiplied",
    "remarks",
]

MOST_ROWS = 1_000_000  # Where nothing was loaded before.
TIMES = 10  # More than so many times the rows of the last load is a mistake in the query.
SEVERAL = 1_000  # A source that was this small may grow as it likes.
LAST_WRITTEN = 99_991_231  # The largest number that is a day in figures, 20260509.
ASIDE = 10.0  # Seconds at most for what is only asked to say more.


@dataclass(frozen=True, slots=True)
class Query:
    """How a source's query is run.

    Attributes:
        address: Where.
        since: First day asked for, `:from`.
        until: Last day asked for, `:to`.
        zone: The company's time zone: whose midnight parts the days.
        seconds: After which it is stopped.
        rows: More than these are refused.
    """

    address: Address
    since: date
    until: date
    zone: str
    seconds: float
    rows: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """The rows of a query.

    Attributes:
        path: Of the Parquet file that holds them.
        notices: A sentence each on what was assumed.
    """

    path: Path
    notices: tuple[str, ...] = ()


def most_rows(limit: int | None, before: int) -> int:
    """How many rows a query may return: as declared, else ten times what came before.

    Args:
        limit: What the source declares.
        before: Rows of its last load; where everything is asked for, at least the values that stand.
    """
    if limit is not None:
        return limit
    return max(before, SEVERAL) * TIMES if before else MOST_ROWS


@contextmanager
def fetched(
    name: str,
    path: str,
    day: str,
    root: Path,
    query: Query,
    progress: Callable[[str, float], None] | None = None,
) -> Iterator[Fetched]:
    """Run a source's query; give its rows as a Parquet file that is gone afterwards.

    Args:
        name: Of the source.
        path: Of the query's file, relative to the workspace.
        day: Column that holds the day: a moment in it is taken where the company is.
        root: The workspace's folder.
        query: How it is run.
        progress: Told how many rows came.

    Raises:
        SourceError: The text is not one SELECT; the database cannot be reached or refuses; the query
            takes too long, or returns too many rows. No message holds the address.
    """
    (file,) = source_files(path, root)
    text = _text(file, path)
    dialect = query.address.engine.dialect
    whole = checked(text, path, dialect)
    sql = filled(whole, path, dialect, query.since, query.until)
    with tempfile.TemporaryDirectory(prefix="wbr-") as folder:
        found = Path(folder) / "rows.parquet"
        clock = Clock(query.zone)
        _written(name, path, sql, day, root, query, found, progress, clock)
        yield Fetched(found, _assumed(path, sql, day, root, query, clock))


def _assumed(path: str, sql: str, day: str, root: Path, query: Query, clock: Clock) -> tuple[str, ...]:
    """What was assumed about the midnight that parts the days, if it may be wrong."""
    dialect = query.address.engine.dialect
    of = None if clock.moments and not clock.midnight else origin(sql, day, dialect)
    said = remark(path, dialect, clock, of, _kind(of, root, query))
    return (said,) if said else ()


def _kind(of: Origin | None, root: Path, query: Query) -> str:
    """The type of the column that the days come from, in the database's words; empty if it is not told."""
    if of is None or not of.asks:
        return ""
    seconds = min(query.seconds, ASIDE)
    with suppress(Exception):  # Whatever a driver raises: the rows are there, only a remark is lacking.
        for batch in batches(query.address, of.asks, seconds=seconds, zone=query.zone, root=root):
            return str(batch.column(0)[0])
    return ""


def incremental(path: str, root: Path, dialect: str) -> bool:
    """Whether a query mentions `:from`, so that it can be asked for new days only."""
    (file,) = source_files(path, root)
    return "from" in asks_for(_text(file, path), path, dialect)


def _text(file: Path, path: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8. Save it as UTF-8 and load again.") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error


def _written(
    name: str,
    path: str,
    sql: str,
    day: str,
    root: Path,
    query: Query,
    into: Path,
    progress: Callable[[str, float], None] | None,
    clock: Clock,
) -> None:
    """Write the rows as they come, so that memory does not grow with them."""
    writer: arrow_parquet.ParquetWriter | None = None
    count, began = 0, monotonic()
    try:
        for batch in batches(query.address, sql, seconds=query.seconds, zone=query.zone, root=root):
            count += batch.num_rows
            if count > query.rows:
                raise SourceError(
                    f"{name}: {path} returned more than {query.rows:,} rows, and was stopped. If that is "
                    "right, declare `most_rows` on the source; else look for a join that multiplies rows."
                )
            table = _plain(pa.Table.from_batches([batch]), day, query.zone, path, clock)
            if writer is None:
                writer = arrow_parquet.ParquetWriter(into, table.schema)
            writer.write_table(_as(table, writer.schema))
            if progress:
                progress(f"{path}: {count:,} rows", 0.5)
            if monotonic() - began > query.seconds:
                raise OverTimeError
        if writer is None:
            raise SourceError(f"{name}: {path} returned no row from {query.since} to {query.until}.")
    except OverTimeError as error:
        raise SourceError(
            f"{name}: {path} was stopped after {query.seconds:g} s. Ask for fewer days with :from and :to, "
            "or raise `time_limit_seconds` of its connection."
        ) from error
    except SourceError:
        raise
    except Exception as error:  # Every driver has errors of its own; all are told alike.
        raise SourceError(f"{name}: {_told(path, error, query.address)}") from error
    finally:
        if writer is not None:
            writer.close()


def _told(path: str, error: Exception, where: Address) -> str:
    """A driver's error in one line, without secrets."""
    said = " ".join(where.scrubbed(str(getattr(error, "orig", None) or error)).split())
    said = said.partition(" Query was: ")[0].rstrip(".")  # ADBC repeats the whole query, which has a file.
    return f"{path} failed at {where.shown}: {said[:600]}. The numbers loaded before are as they were."


def _plain(table: pa.Table, day: str, zone: str, path: str, clock: Clock) -> pa.Table:
    """Types that Parquet and the reader of files know; a moment in the day's column becomes its day there."""
    columns = []
    for field, column in zip(table.schema, table.columns, strict=True):
        kind = column.type
        if isinstance(kind, pa.BaseExtensionType):
            column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
            kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
            kind = column.type
        if field.name == day:
            clock.look(column)
            _refuse_seconds(column, day, zone, path)
        if field.name == day and pa.types.is_timestamp(kind) and kind.tz:
            column = pc.local_timestamp(column.cast(pa.timestamp("us", zone)))
        elif pa.types.is_decimal(kind) or pa.types.is_float16(kind):
            column = column.cast(pa.float64())
        elif pa.types.is_null(kind):
            column = column.cast(pa.string())
        elif pa.types.is_union(kind):  # ClickHouse, where the parts of a UNION ALL differ.
            kinds = " and ".join(str(each.type) for each in kind if not pa.types.is_null(each.type))
            raise SourceError(
                f"{path}: column {field.name!r} comes in several types, {kinds}. Cast it to one in every "
                "part of the query, like cast(count(*) as double precision)."
            )
        columns.append(column)
    return pa.table(columns, names=table.schema.names)


def _refuse_seconds(column: pa.ChunkedArray, day: str, zone: str, path: str) -> None:
    """Refuse ClickHouse's DateTime in the day's column: it comes as a count of seconds, without its zone."""
    if pa.types.is_uint32(column.type) and (first := pc.max(column).as_py()) and first > LAST_WRITTEN:
        raise SourceError(
            f"{path}: column {day!r} comes as seconds since 1970, as {first}: ClickHouse hands a DateTime "
            f"over so. Make it a day in the query, where the company is: toDate({day}, '{zone}')."
        )


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A later batch as the first one was: a driver that guesses types may guess anew."""
    return table if table.schema.equals(schema) else table.cast(schema)
