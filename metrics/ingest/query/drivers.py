"""How each kind of database is asked: read-only, with a time limit, in batches of Arrow where it can.

Every function yields record batches. Whatever a driver raises is left to the caller, who puts it
into words without secrets.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path
from threading import RLock, Timer
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from metrics.errors import SourceError
from metrics.ingest.query.address import Address

ROWS = 50_000  # Rows taken at a time.
PATIENCE = 15  # Seconds to reach a server.
MEMORY = "2GB"

ONE_CHDB = RLock()  # chDB holds one database a process; a store may be in one too.


class OverTimeError(Exception):
    """The query was stopped at its time limit."""


def batches(address: Address, sql: str, *, seconds: float, zone: str, root: Path) -> Iterator[pa.RecordBatch]:
    """The rows of a query.

    Args:
        address: Where it runs.
        sql: One checked SELECT.
        seconds: After which it is stopped.
        zone: Time zone of the session, where the database has one: a moment's day is the company's.
        root: Folder that a relative path of an embedded database starts from.

    Raises:
        OverTimeError: It took too long.
        SourceError: The place that the address names is not there.
    """
    ways: dict[str, Callable[..., Iterator[pa.RecordBatch]]] = {
        "duckdb": _duckdb,
        "parquet": _parquet,
        "chdb": _chdb,
        "adbc": _adbc,
        "sqlalchemy": _sqlalchemy,
    }
    return ways[address.engine.speaks](address, sql, seconds, zone, root)


def _place(address: Address, root: Path, what: str) -> Path:
    """Where an embedded database is: `duckdb:///x.duckdb` beside the YAML, four slashes for a whole path."""
    told = address.rest
    path = (
        root / told.removeprefix("/") if told.startswith("/") and not told.startswith("//") else root / told
    )
    if told.startswith("//"):
        path = Path(told[1:])
    if not path.exists():
        raise SourceError(f"There is no {what} at {path.name!r}. Correct the connection's address.")
    return path.resolve()


def _duckdb(address: Address, sql: str, seconds: float, zone: str, root: Path) -> Iterator[pa.RecordBatch]:
    with closing(duckdb.connect(str(_place(address, root, "DuckDB file")), read_only=True)) as connection:
        yield from _asked(connection, sql, seconds, zone, [])


def _parquet(address: Address, sql: str, seconds: float, zone: str, root: Path) -> Iterator[pa.RecordBatch]:
    """A folder of Parquet files: each file and each folder of files is a table of its name."""
    folder = _place(address, root, "folder of Parquet files")
    with closing(duckdb.connect()) as connection:
        for path in sorted(folder.iterdir()):
            several = path.is_dir() and any(path.rglob("*.parquet"))
            if several or path.suffix == ".parquet":
                files = f"{path.as_posix()}/**/*.parquet" if several else path.as_posix()
                connection.read_parquet(files, hive_partitioning=several).create_view(path.stem)
        yield from _asked(connection, sql, seconds, zone, [str(folder)])


def _asked(
    connection: duckdb.DuckDBPyConnection, sql: str, seconds: float, zone: str, folders: list[str]
) -> Iterator[pa.RecordBatch]:
    """Lock the connection down, then ask."""
    with suppress(duckdb.Error):  # Needs an extension that is part of most builds; UTC is what is left.
        connection.execute("set TimeZone = $zone", {"zone": zone})
    connection.execute("set allowed_directories = $folders", {"folders": folders})
    connection.execute("set enable_external_access = false")
    connection.execute("set allow_community_extensions = false")
    connection.execute("set memory_limit = $most", {"most": MEMORY})
    connection.execute("set threads = 2")
    connection.execute("set lock_configuration = true")
    stopped = Timer(seconds, connection.interrupt)
    stopped.daemon = True
    stopped.start()
    try:
        yield from connection.sql(sql).to_arrow_reader(ROWS)
    except (duckdb.InterruptException, pa.ArrowException) as error:
        if not stopped.is_alive() or "nterrupt" in str(error):
            raise OverTimeError from error
        raise
    finally:
        stopped.cancel()


def _chdb(address: Address, sql: str, seconds: float, zone: str, root: Path) -> Iterator[pa.RecordBatch]:
    session_of: Any = import_module("chdb.session").Session  # Here: 200 MB that only who uses it pays for.

    place = _place(address, root, "chDB folder")
    with ONE_CHDB, closing(session_of(str(place))) as session:
        session.query(f"set session_timezone = '{zone}', max_execution_time = {seconds}, readonly = 1")
        try:
            answer = session.send_query(sql, "Arrow")
            yield from answer.record_batch(rows_per_batch=ROWS)
        except Exception as error:  # chDB has no class for running out of time.
            if "TIMEOUT_EXCEEDED" in str(error):
                raise OverTimeError from error
            raise


def _adbc(address: Address, sql: str, seconds: float, zone: str, root: Path) -> Iterator[pa.RecordBatch]:  # noqa: ARG001  (one shape for all)
    dbapi: Any = import_module(f"{address.engine.module}.dbapi")

    url = address.url
    if address.engine.dialect == "postgres" and "connect_timeout" not in url:
        url += ("&" if "?" in url else "?") + f"connect_timeout={PATIENCE}"
    with closing(dbapi.connect(url)) as connection, closing(connection.cursor()) as cursor:
        for setting in _settings(address, seconds, zone):
            cursor.execute(setting)
        try:
            cursor.execute(sql)
            yield from cursor.fetch_record_batch()
        except Exception as error:  # Each driver of ADBC has errors of its own; only time is told apart.
            if _over_time(error):
                raise OverTimeError from error
            raise


def _settings(address: Address, seconds: float, zone: str) -> tuple[str, ...]:
    """What a session is told first: only read, how long, and where midnight is."""
    match address.engine.dialect:
        case "postgres":
            return (
                "set transaction read only",
                "set default_transaction_read_only = on",
                f"set statement_timeout = {int(seconds * 1000)}",
                f"set time zone '{zone}'",
            )
        case "redshift":
            return (f"set statement_timeout to {int(seconds * 1000)}", f"set timezone to '{zone}'")
        case "snowflake":
            return (
                f"alter session set statement_timeout_in_seconds = {int(seconds)}",
                f"alter session set timezone = '{zone}'",
            )
        case _:
            return ()


def _over_time(error: Exception) -> bool:
    words = str(error).lower()
    return any(
        w in words for w in ("statement timeout", "max_statement_time", "max_execution_time", "timed out")
    )


def _sqlalchemy(
    address: Address,
    sql: str,
    seconds: float,
    zone: str,
    root: Path,  # noqa: ARG001  (one shape for all)
) -> Iterator[pa.RecordBatch]:
    url, arguments = address.url, {}
    if address.engine.dialect == "mysql":
        url = url.replace(address.url.split(":", 1)[0], f"mysql+{address.driver or 'pymysql'}", 1)
        arguments = {"connect_timeout": PATIENCE, "read_timeout": int(seconds) + 5}
    elif address.engine.dialect == "postgres":
        url = url.replace("postgres+", "postgresql+", 1)
        arguments = {"connect_timeout": PATIENCE}
    engine = sa.create_engine(url, connect_args=arguments, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            _prepare(connection, address, seconds, zone)
            stopped, answer = _watch(connection, seconds), None
            try:
                answer = connection.execution_options(stream_results=True).exec_driver_sql(
                    _literal(sql, address)
                )
                names = list(answer.keys())
                for rows in answer.partitions(ROWS):
                    yield _batch(names, rows)
            except Exception as error:  # Each driver has errors of its own; only time is told apart.
                _let_go(answer)
                if _over_time(error) or not stopped.is_alive():
                    raise OverTimeError from error
                raise
            finally:
                stopped.cancel()
    finally:
        engine.dispose()


def _prepare(connection: sa.Connection, address: Address, seconds: float, zone: str) -> None:
    if address.engine.dialect != "mysql":
        for setting in _settings(address, seconds, zone):
            connection.exec_driver_sql(setting)
        return
    connection.exec_driver_sql("set session transaction read only")
    for limit in (f"max_statement_time = {seconds}", f"max_execution_time = {int(seconds * 1000)}"):
        with suppress(sa.exc.DBAPIError):  # MariaDB has the first, MySQL the second.
            connection.exec_driver_sql(f"set session {limit}")
    try:  # UTC needs no tables of time zones.
        connection.exec_driver_sql(f"set session time_zone = '{'+00:00' if zone == 'UTC' else zone}'")
    except sa.exc.DBAPIError as error:
        raise SourceError(
            f"{address.shown} knows no time zone {zone!r}: its moments would be counted into the days of "
            "another midnight. Let its administrator load the tables of time zones: `mariadb-tzinfo-to-sql "
            "/usr/share/zoneinfo | mariadb mysql`, or `mysql_tzinfo_to_sql` of MySQL. The numbers loaded "
            "before are as they were."
        ) from error


def _let_go(answer: Any) -> None:
    """A line that was cut cannot be read to its end, as PyMySQL would on forgetting the cursor."""
    result = getattr(getattr(answer, "cursor", None), "_result", None)
    if result is not None:
        result.unbuffered_active = False


def _watch(connection: sa.Connection, seconds: float) -> Timer:
    """Cut the line a little after the server should have stopped by itself."""

    def cut() -> None:
        with suppress(Exception):  # The thread that waits is told by its own error.
            raw = connection.connection.dbapi_connection
            getattr(raw, "interrupt", getattr(raw, "close", lambda: None))()

    timer = Timer(seconds + 5, cut)
    timer.daemon = True
    timer.start()
    return timer


def _literal(sql: str, address: Address) -> str:
    """A percent sign stands for itself; these drivers would take it for a parameter."""
    return sql.replace("%", "%%") if address.engine.dialect in {"mysql", "postgres", "redshift"} else sql


def _batch(names: list[str], rows: Any) -> pa.RecordBatch:
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(columns, names=names)
