"""A store on Spark: tables of a catalog, or of Parquet files in a folder, behind a Spark Connect server.

Such tables have no lock and no transaction: rows can only be added, and what one INSERT adds is seen at once.
So two loads are told apart by what they write down. A load *claims* its numbers in a row of `claim` before it
writes any other; of two that claimed one number neither goes on. Just before its last row, the one in `load`
that makes it exist, it writes that it is *ending*, and looks who else is, upon the same load before: the
later number goes back, the earlier waits until it did. Each writes before it looks, so of two at least one
sees the other, as long as the storage shows a file to everybody once it is written. Rows of a load that went
back or was killed are read by nobody.
"""

import re
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from threading import Timer
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pyarrow as pa

from metrics.engines.drivers import PATIENCE, QUERY_LIMIT, Session
from metrics.engines.statements import schema, told
from metrics.errors import StoreError

ENDING = 600.0  # Seconds after which a load that was about to end is taken for dead.
AT_ONCE = 500_000  # Rows in one message: 12 MB.
KEPT = 1_000_000  # Rows of a view that are computed once and handed back: 28 MB at most.
OWN = ("database", "location")  # Parameters of the address that are this program's, not Spark's.
SPARK_PORT = 15002
_SCHEME = re.compile(r"^\w+:/*|^/+")
_LOST_TASK = re.compile(r"^Job aborted.*?most recent failure: Lost task [^)]*\)( \([^)]*\))?: ")
QUOTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Address:
    """A Spark Connect address, taken apart.

    Attributes:
        server: What Spark's own client is given.
        host: Name of the server.
        port: Where it listens.
        database: Of the catalog; "" for the one that a session begins in.
        location: Folder of the tables, as the server sees it; "" where the catalog knows.
        secrets: What must not be repeated.
    """

    server: str
    host: str
    port: int
    database: str
    location: str
    secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, url: str) -> "Address":
        """Take an address apart.

        Raises:
            StoreError: It is none.
        """
        place, *told_parts = url.strip().split(";")
        pairs = [(part.partition("=")[0].strip(), part.partition("=")[2]) for part in told_parts if part]
        own = {key: unquote(value).rstrip("/") for key, value in pairs if key in OWN}
        database = own.get("database", "")
        if database and not QUOTED.fullmatch(database):
            raise StoreError("The store's address on Spark names a database that is no plain name.")
        try:
            split = urlsplit(place)
            host, port = split.hostname or "", split.port or SPARK_PORT
        except ValueError as error:
            raise StoreError("The store has no address of Spark. It looks like sc://host:15002.") from error
        left = ";".join(f"{key}={value}" for key, value in pairs if key not in OWN)
        server = place.rstrip("/") + (f"/;{left}" if left else "")
        secrets = tuple(text for key, value in pairs if key not in OWN for text in {value, unquote(value)})
        return cls(server, host, port, database, own.get("location", ""), (url.strip(), *secrets))


@dataclass(frozen=True)
class Spark:
    """A database of a Spark Connect server's catalog; Sail is one too.

    Attributes:
        url: Tells `sc://host:port`, with Spark's own parameters and two more behind `/;`: `database=name`,
            and `location=folder`, for a server whose catalog forgets tables.
        ending: Seconds after which a load that was about to end is taken for dead.
    """

    url: Callable[[], str]
    ending: float = ENDING
    name = "Spark"
    dialect = "spark"

    @contextmanager
    def session(self, *, writes: bool = False) -> Iterator[Session]:
        """See `Engine`; several may write, and are told apart when they end."""
        address = Address.of(self.url())
        with self._opened(address) as session:
            if writes and not self.exists(session):
                self._make(session, address)
                self._remembered(address)
            elif writes and address.location:
                _located(session, address)
            yield session

    @contextmanager
    def _opened(self, address: Address) -> Iterator["_Connect"]:
        """A session of its own: each looks anew at which files there are."""
        client, failure = _client()
        _reach(address)
        try:
            spark = client(connection=address.server)
            spark.client.set_retry_policies([])  # Spark's own go on for ten minutes, and nobody is told.
            try:
                session = _Connect(self, address, spark)
                if address.database:
                    _enter(session, address.database, failure)
                if address.location and not self.exists(session):
                    self._make(session, address)
                yield session
            finally:
                spark.stop()
        except failure as error:
            raise _refusal(error, address) from None

    def _make(self, session: Session, address: Address) -> None:
        """Make the tables; in a folder that holds some already, these are they."""
        for statement in schema("spark"):
            if address.location:
                name = statement.split("(")[0].split()[-1]
                place = f"{address.location}/{name}".replace("\\", "\\\\").replace("'", "\\'")
                statement += f" USING parquet LOCATION '{place}'"
            session.done(statement)

    def _remembered(self, address: Address) -> None:
        with self._opened(address) as another:
            if not self.exists(another):
                raise StoreError(
                    "The catalog of this Spark server forgets tables when a session ends. Add the folder to "
                    "keep them in to the address of the store: /;location=s3://bucket/folder."
                )

    def exists(self, session: "_Connect") -> bool:
        """See `Engine`; nobody drops them, so that a session asks until they are there."""
        if not session.made:
            session.made = "load" in session.asked("SHOW TABLES LIKE 'load'")["tableName"].to_pylist()
        return session.made

    def size(self, session: Session) -> None:
        """See `Engine`: Spark does not tell it."""

    def rename(self, session: Session, before: str, after: str) -> None:  # noqa: ARG002  (as `Engine` has it)
        """See `Engine`: files that are only added to keep what they hold."""
        raise StoreError(
            f"A store on Spark cannot change a row: the list of loads names {before} still, beside what was "
            f"changed already. Change `loaded_by` in the table `load` to {after} by other means."
        )


class _Connect:
    made = False  # Whether the tables were seen.

    def __init__(self, engine: Spark, address: Address, spark: Any) -> None:
        self._engine = engine
        self._address = address
        self._spark = spark
        self._token = uuid4().hex
        self._batch = 0

    def asked(self, sql: str) -> pa.Table:
        with self._limited():
            return self._spark.sql(sql).toArrow()

    def done(self, sql: str) -> None:
        with self._limited():
            self._spark.sql(sql)

    def given(self, table: str, made: str, rows: pa.Table) -> None:  # noqa: ARG002  (others make a table first)
        self._view(table, rows)

    def dropped(self, table: str) -> None:
        self.done(f"DROP VIEW {table}")

    def settle(self, table: str) -> None:
        """A view is computed again by each statement that reads it: its rows take its place, if they are few.

        They come here and go back, because only some servers keep a view's rows themselves, and what
        they keep outlives a session that is killed. Of too many the view stays, so that neither side's
        memory grows with the store.
        """
        rows = self.asked(f"SELECT * FROM {table} LIMIT {KEPT + 1}")  # A name of `Asking`'s.
        if rows.num_rows <= KEPT:
            self._view(table, rows)

    def put(self, table: str, rows: pa.Table, *, temporary: bool = False) -> None:  # noqa: ARG002  (one shape)
        columns = ", ".join(rows.column_names)
        for first in range(0, rows.num_rows, AT_ONCE):
            self._view("wbr_new", rows.slice(first, AT_ONCE))
            # The table and its columns are identifiers of the store's own; every value is in the view.
            self.done(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM wbr_new")

    def claim(self, load: int, batch: int, newest: int) -> None:
        self._batch = batch
        self._step("begun", load, newest)
        if self._anew("claimants_spark", load=load, token=self._token)["load"].to_pylist():
            raise StoreError(_AT_ONCE)

    def confirm(self, load: int, newest: int) -> None:
        self._step("ending", load, newest)
        until = time.monotonic() + PATIENCE
        limit = int(self._engine.ending * 1_000_000)
        while True:
            found = self._anew("rivals_spark", newest=newest, token=self._token, limit=limit)
            rivals = found["load"].to_pylist()
            passed = self._anew("newest")["newest"].to_pylist() != [newest]  # After the rivals: one may end.
            if not passed and not rivals:
                return
            if passed or min(rivals) <= load or time.monotonic() > until:
                self._step("back", load, newest)
                killed = "" if passed else _OR_KILLED.format(self._engine.ending / 60)
                raise StoreError(_AT_ONCE + killed)
            time.sleep(0.2)

    def _step(self, step: str, load: int, newest: int) -> None:
        given = {"load": load, "batch": self._batch, "newest": newest, "token": self._token, "step": step}
        self.done(told("claim_spark", "spark", {}, "", **given))

    def _anew(self, statement: str, **values: object) -> pa.Table:
        """The rows of a statement as the tables are at this moment, and not when this task began."""
        with self._engine._opened(self._address) as session:
            return session.asked(told(statement, "spark", {}, "", **values))

    def _view(self, name: str, rows: pa.Table) -> None:
        if rows.num_rows:
            frame = self._spark.createDataFrame(rows)
        else:  # Spark takes no table without rows.
            one = [pa.nulls(1, kind.type) for kind in rows.schema]
            frame = self._spark.createDataFrame(pa.table(one, names=rows.column_names)).limit(0)
        frame.createOrReplaceTempView(name)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        timer = Timer(QUERY_LIMIT, self._spark.interruptAll)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


_AT_ONCE = (
    "Another load wrote to the store on Spark at the same time. Nothing of this one is there: run it again."
)
_OR_KILLED = " If none is running, one was killed at its very end: run it again in {:.0f} minutes."


def _client() -> tuple[Any, Any]:
    """Spark's session class, and what it raises."""
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        found = import_module("pyspark.sql.connect.session")  # Here: seconds that only who uses it pays for.
        errors = import_module("pyspark.errors.exceptions.base")
        grpc = import_module("grpc")
    except ModuleNotFoundError as error:
        raise StoreError("A store on Spark needs its client: pip install 'sixtwelve[spark]'.") from error
    return found.SparkSession, (errors.PySparkException, grpc.RpcError)


def _reach(address: Address) -> None:
    """Spark's client would try for minutes to reach a server that is not there."""
    try:
        socket.create_connection((address.host, address.port), timeout=PATIENCE).close()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it does not answer"
        raise StoreError(
            f"The store on Spark cannot be reached: {address.host}:{address.port}: {why}. "
            "Start the server, or correct the address."
        ) from None


def _enter(session: Session, database: str, failure: Any) -> None:
    try:
        session.done(f"USE DATABASE {database}")
    except failure:  # It is not there yet, or the server's catalog forgets.
        session.done(f"CREATE DATABASE IF NOT EXISTS {database}")
        session.done(f"USE DATABASE {database}")


def _located(session: Session, address: Address) -> None:
    """A catalog that remembers its tables does not look at the address: what they were made with stands."""
    rows = session.asked("DESCRIBE TABLE EXTENDED load").to_pylist()
    wanted = f"/{_SCHEME.sub('', address.location)}/load"
    for place in (row["data_type"] for row in rows if row["col_name"] == "Location"):
        if not any(spelt.rstrip("/").endswith(wanted) for spelt in (place, unquote(place))):
            raise StoreError(
                f"The catalog of this Spark server keeps the tables of {address.database or 'default'} "
                f"in {place.rpartition('/')[0]}, not in {address.location}. Put that folder, or another "
                "database, into the address of the store; or drop the tables there if nothing was loaded."
            )


def _refusal(error: Exception, address: Address) -> StoreError:
    """What Spark said, without what stands in its address."""
    said = str(error)
    if "UNAVAILABLE" in said:
        said = "the server does not answer any more. Start it, and try again."
    elif "OPERATION_CANCELED" in said or "operation not found" in said:
        said = f"a statement was stopped after {QUERY_LIMIT} s, or by the server."
    said = _LOST_TASK.sub("", said.strip().split("\n", 1)[0])
    for secret in sorted(filter(None, address.secrets), key=len, reverse=True):
        said = said.replace(secret, "…")
    return StoreError(f"The store on Spark cannot be used: {said[:300]}")
