"""How each engine is spoken to: one session a task, Arrow both ways."""

import atexit
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from metrics.engines.statements import schema, text, told
from metrics.errors import StoreError
from metrics.ingest.query.drivers import ONE_CHDB

PATIENCE = 15  # Seconds to reach a server.
MANY = 10_000  # Rows after which a table is worth a look.
QUERY_LIMIT = 300  # Seconds after which a statement is stopped; `engine_settings_postgres.sql` has it, too.


class Session(Protocol):
    """One task's line to an engine.

    What it was told to keep is there for others when the task ends well; temporary tables are its own.
    """

    def asked(self, sql: str) -> pa.Table:
        """The rows of a SELECT."""

    def done(self, sql: str) -> None:
        """Run a statement without rows."""

    def put(self, table: str, rows: pa.Table, *, temporary: bool = False) -> None:
        """Add rows to a table, which may be one that this task made; columns by their names."""

    def settle(self, table: str) -> None:
        """Let the engine look at a table that was filled, so that it plans well."""

    def given(self, table: str, made: str, rows: pa.Table) -> None:
        """Keep rows in a temporary table; `made` is the statement that makes it, for who needs one."""

    def dropped(self, table: str) -> None:
        """Drop a temporary table."""

    def claim(self, load: int, batch: int, newest: int) -> None:
        """Say, before any row, which numbers a load upon the newest takes.

        Raises:
            StoreError: Another load took them.
        """

    def confirm(self, load: int, newest: int) -> None:
        """Make sure, before its last row, that a load is the only one upon the newest.

        Raises:
            StoreError: Another load was earlier.
        """


class Alone:
    """The part of a `Session` that is simple where tables can be temporary and one that writes is alone."""

    def given(self: Session, table: str, made: str, rows: pa.Table) -> None:
        """See `Session`."""
        self.done(made)
        self.put(table, rows, temporary=True)

    def dropped(self: Session, table: str) -> None:
        """See `Session`."""
        self.done(f"DROP TABLE {table}")

    def claim(self, load: int, batch: int, newest: int) -> None:
        """Nothing: the numbers are told while nobody else writes."""

    def confirm(self, load: int, newest: int) -> None:
        """Nothing: nobody else writes."""


class Engine(Protocol):
    """A database that can hold a store."""

    @property
    def name(self) -> str:
        """As people call it."""

    @property
    def dialect(self) -> str:
        """As SQLGlot names it."""

    def session(self, *, writes: bool = False) -> Any:
        """A context manager of a `Session`. One that writes makes the tables.

        It is the only one to write, or its `claim` and `confirm` tell it from others.

        Raises:
            StoreError: It cannot be reached, or refuses a statement.
        """

    def exists(self, session: Any) -> bool:
        """Whether the tables are there; the session is one of this engine's own."""

    def size(self, session: Session) -> int | None:
        """Bytes that the tables take; None where it does not tell."""

    def rename(self, session: Any, before: str, after: str) -> None:
        """Give the loads of somebody another name; the session is one of this engine's own."""


class _Idle:
    """Lines to servers that wait for the next task of this process: opening one takes longer than it asks.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: list[tuple[int, str, Any]] = []  # Process, address and line; the latest last.
        atexit.register(self.close)

    @contextmanager
    def line(self, url: str, dbapi: Any, *, last: bool) -> Iterator[Any]:
        """A line in a transaction. It is kept if the task ends well and is not its `last`."""
        connection = self._answering(url, dbapi) or _started(dbapi.connect(url))
        well = False
        try:
            yield connection
            well = True
        finally:
            if well and not last:
                self._keep(url, connection)
            else:
                connection.close()

    def _answering(self, url: str, dbapi: Any) -> Any | None:
        """One that was kept and whose server is still there; None if there is none."""
        while (connection := self._taken(url)) is not None:
            try:
                return _started(connection)
            except dbapi.Error:  # The server was started anew, or has closed it.
                connection.close()
        return None

    def _taken(self, url: str) -> Any | None:
        with self._lock:
            for place in reversed(range(len(self._kept))):
                if self._kept[place][:2] == (os.getpid(), url):
                    return self._kept.pop(place)[2]
        return None

    def _keep(self, url: str, connection: Any) -> None:
        connection.adbc_connection.set_autocommit(True)  # No transaction is left open meanwhile.
        with self._lock:
            self._kept.append((os.getpid(), url, connection))
            gone = self._kept.pop(0) if len(self._kept) > self._most else None
        if gone and gone[0] == os.getpid():
            gone[2].close()

    def close(self) -> None:
        """Close what this process keeps; a line of the process it came from is left alone."""
        with self._lock:
            kept, self._kept = self._kept, []
        for process, _, connection in kept:
            if process == os.getpid():
                connection.close()


def _started(connection: Any) -> Any:
    """The line, in a transaction with its settings, which end with it."""
    connection.adbc_connection.set_autocommit(False)
    with closing(connection.cursor()) as cursor:
        cursor.execute(text("settings_postgres"))
    return connection


IDLE = _Idle(4)


@dataclass(frozen=True)
class PostgreSQL:
    """A schema of a PostgreSQL server: the first of the user's search path.

    Attributes:
        url: Tells `postgresql://user:password@host/database`; `?options=-csearch_path%3Dname` chooses
            the schema.
    """

    url: Callable[[], str]
    name = "PostgreSQL"
    dialect = "postgres"

    @contextmanager
    def session(self, *, writes: bool = False) -> Iterator[Session]:
        """See `Engine`."""
        dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
        url = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", self.url().strip())
        if "connect_timeout" not in url:
            url += ("&" if "?" in url else "?") + f"connect_timeout={PATIENCE}"
        try:
            with IDLE.line(url, dbapi, last=writes) as connection, closing(connection.cursor()) as cursor:
                session = _Adbc(cursor)
                if writes:
                    for statement in () if self.exists(session) else schema("postgresql"):
                        session.done(statement)
                    session.done("LOCK TABLE load IN EXCLUSIVE MODE")  # Readers are not kept waiting.
                yield session
                connection.commit() if writes else connection.rollback()
        except dbapi.Error as error:
            raise _told(self, error, self.url()) from None

    def exists(self, session: Session) -> bool:
        """See `Engine`."""
        return bool(session.asked("SELECT to_regclass('load') IS NOT NULL AS there")["there"][0].as_py())

    def size(self, session: Session) -> int:
        """See `Engine`."""
        found = session.asked(
            "SELECT CAST(pg_total_relation_size('telling') + pg_total_relation_size('sample_telling') "
            "AS BIGINT) AS n"
        )
        return int(found["n"][0].as_py())

    def rename(self, session: "_Adbc", before: str, after: str) -> None:
        """See `Engine`."""
        session.done(told("rename_postgres", "postgres", {}, before=before, after=after))


class _Adbc(Alone):
    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def asked(self, sql: str) -> pa.Table:
        self._cursor.execute(sql)
        return self._cursor.fetch_arrow_table()

    def done(self, sql: str) -> None:
        self._cursor.execute(sql)

    def put(self, table: str, rows: pa.Table, *, temporary: bool = False) -> None:
        if rows.num_rows:
            self._cursor.adbc_ingest(table, _without_nul(rows), mode="append", temporary=temporary)
        if temporary or rows.num_rows > MANY:
            self.settle(table)

    def settle(self, table: str) -> None:
        self._cursor.execute(text("settle_postgres").replace("{table}", table))


def _without_nul(rows: pa.Table) -> pa.Table:
    """The same rows; PostgreSQL keeps no text that holds the character 0."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            rows = rows.set_column(
                place, field.name, pc.replace_substring(rows[field.name], "\x00", "\N{REPLACEMENT CHARACTER}")
            )
    return rows


@dataclass(frozen=True)
class ClickHouse:
    """ClickHouse inside this process: a folder of chDB, that one process has open at a time.

    Attributes:
        url: Tells `chdb:///folder`: three slashes begin beside the YAML, four at the root.
        root: The folder of the workspace.
        patience: Seconds to wait for another task of this process.
    """

    url: Callable[[], str]
    root: Path
    patience: float = 60.0
    name = "ClickHouse"
    dialect = "clickhouse"

    @property
    def folder(self) -> Path:
        """Where it is."""
        place = self.url().strip().removeprefix("chdb://")
        return Path(place[1:]) if place.startswith("//") else self.root / place.lstrip("/")

    @contextmanager
    def session(self, *, writes: bool = False) -> Iterator[Session]:
        """See `Engine`."""
        exceptions: Any = import_module("chdb._exceptions")  # Here: 200 MB that only who uses it pays for.
        if not ONE_CHDB.acquire(timeout=self.patience):
            raise StoreError("ClickHouse is busy with another task of this process. Try again in a moment.")
        try:
            with closing(self._opened()) as opened:
                session = _Chdb(opened)
                session.done(
                    f"SET join_use_nulls = 1, max_query_size = 100000000, max_execution_time = {QUERY_LIMIT}"
                )
                if writes and not self.exists(session):
                    for statement in schema("clickhouse"):
                        session.done(statement)
                yield session
        except exceptions.ChdbError as error:
            raise _told(self, error, self.url()) from None
        finally:
            ONE_CHDB.release()

    def _opened(self) -> Any:
        try:
            return import_module("chdb.session").Session(str(self.folder))
        except RuntimeError as error:  # Another process has it, or the folder is not to be written to.
            raise _told(self, error, self.url()) from None

    def exists(self, session: Session) -> bool:
        """See `Engine`."""
        found = session.asked(
            "SELECT count() AS n FROM system.tables WHERE database = currentDatabase() AND name = 'load'"
        )
        return bool(found["n"][0].as_py())

    def size(self, session: Session) -> int:
        """See `Engine`."""
        found = session.asked(
            "SELECT sum(bytes_on_disk) AS n FROM system.parts WHERE active AND database = currentDatabase()"
        )
        return int(found["n"][0].as_py() or 0)

    def rename(self, session: "_Chdb", before: str, after: str) -> None:
        """See `Engine`."""
        session.done(text("rename_clickhouse"), {"before": before, "after": after})


class _Chdb(Alone):
    def __init__(self, session: Any) -> None:
        self._session = session

    def asked(self, sql: str) -> pa.Table:
        return self._session.query(sql, "ArrowTable")

    def settle(self, table: str) -> None:
        """Nothing: it reads a table by its order."""

    def done(self, sql: str, bound: dict[str, object] | None = None) -> None:
        self._session.query(sql, params=bound)

    def put(self, table: str, rows: pa.Table, *, temporary: bool = False) -> None:  # noqa: ARG002  (one shape)
        if not rows.num_rows:
            return
        with tempfile.TemporaryDirectory(prefix="wbr-") as folder:
            path = Path(folder) / "rows.arrow"
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
                writer.write_table(rows)
            source = told("file_clickhouse", "clickhouse", {}, path=str(path))
            # The table and its columns are identifiers of the store's own; every value is in the file.
            self._session.query(f"INSERT INTO {table} ({', '.join(rows.column_names)}) {source}")


def _told(engine: Engine, error: Exception, url: str) -> StoreError:
    """What an engine said, without its address and what stands in it."""
    said = str(error).split("\n", 1)[0]
    for secret in (url, *re.findall(r"//[^:/@]*:([^@]*)@", url)):
        if secret:
            said = said.replace(secret, "…")
    return StoreError(f"The store on {engine.name} cannot be used: {said[:300]}")
