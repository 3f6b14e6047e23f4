"""The journal's database: SQLite in WAL mode or PostgreSQL, one task at a time, its errors in our words.

A writing task holds the chain's end alone: in SQLite by BEGIN IMMEDIATE, in PostgreSQL by an advisory
lock. Who finds it held waits and tries again; a lock refuses nobody before `PATIENCE` is over.

Connections stay open between tasks (SQLite syncs five times more whenever the last one closes), but
serve one file and one process only: see `_opened` and `_close_all`.

A new file is completed under another name and then given its own: whoever finds `journal.sqlite` empty
or without its tables therefore knows that it was damaged, and does not take a lost journal for a new one.
"""

import fcntl
import os
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from metrics.errors import JournalError
from metrics.journal import aside
from metrics.journal.watching import Seen, Watch

Result = TypeVar("Result")
Task = Callable[[Connection], Result]

PATIENCE = (
    60.0  # Seconds a writer waits for others. Among 8 that never pause, 0.3 s at most; 3 s on a busy machine.
)
BUSY = 0.05  # Seconds SQLite itself waits: its own pauses grow, so that one writer would be left behind.
CONNECTING = 10  # Seconds PostgreSQL has to answer.

_POOL: Any = {"pool_size": 5, "max_overflow": 20, "pool_timeout": PATIENCE}  # Connections of a process.
_SQL = Path(__file__).parent.parent / "sql"
# A writer that hangs lets go of the lock; a commit that came back is on the disk.
_LOCK = text(
    "SELECT set_config('lock_timeout', :waits, true),"
    " set_config('idle_in_transaction_session_timeout', :waits, true),"
    " set_config('synchronous_commit', 'on', true),"
    " pg_advisory_xact_lock(hashtextextended('sixtwelve journal ' || current_schema(), 0))"
)
_GUARDS = {
    "sqlite": {"journal_fact_no_update", "journal_fact_no_delete", "journal_fact_in_order"},
    "postgresql": {"journal_fact_no_change", "journal_fact_no_truncate", "journal_fact_in_order"},
}
_RESTORE = "Keep a copy of it and restore a backup: `wbr restore FILE`."


def _first_schema(connection: Connection) -> None:
    _run(connection, "schema")


def _salted(connection: Connection) -> None:
    _run(connection, "salt")


def _run(connection: Connection, name: str) -> None:
    script = (_SQL / f"journal_{name}_{connection.dialect.name}.sql").read_text(encoding="utf-8")
    for statement in script.split("\n\n"):
        if any(told and not told.startswith("--") for told in statement.splitlines()):
            connection.exec_driver_sql(statement)


MIGRATIONS: tuple[Task[None], ...] = (_first_schema, _salted)
"""Each step takes a journal from the schema before it to the next; a new one is added at the end."""


class Database:
    """Where a journal is kept. Making one opens nothing.

    Args:
        url: `sqlite:///journal.sqlite` or `postgresql+psycopg://…`.
        patience: Seconds to wait for other writers.

    Raises:
        JournalError: The address names no file and no PostgreSQL.
    """

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        self._url = _address(url)
        self._patience = patience
        self._path = Path(self._url.database or "") if self.dialect == "sqlite" else None
        self._opening = threading.Lock()
        self._engine: Engine | None = None
        self._opened_for: tuple[int, ...] = ()
        self._left: list[Engine] = []
        self._made = False
        self._copy: tuple[aside.Stamp, Database] | None = None
        self._watch = Watch(self._path) if self._path else None
        self._end: tuple[Seen, Any] | None = None
        _DATABASES.add(self)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._url.get_backend_name()

    @property
    def place(self) -> str:
        """The database in a sentence, without its password."""
        return str(self._path) if self._path else f"The journal at {self._url.render_as_string()}"

    @property
    def file(self) -> Path | None:
        """Of SQLite; None for PostgreSQL."""
        return self._path

    def schema_there(self) -> int:
        """The schema that the tables have; nothing is brought up to date by looking.

        Raises:
            JournalError: The database cannot be reached, or its schema is one of a later program.
        """

        def told() -> int:
            with _transaction(self._opened(), writes=False) as connection:
                return self._schema(connection)

        return self._tried(told)

    def read(self, task: Task[Result], empty: Result) -> Result:
        """Return what a task reads in one snapshot, or `empty` if there is no SQLite file yet.

        Raises:
            JournalError: The database cannot be read; nothing was changed.
        """

        def told() -> Result:
            if not self._there():
                return empty
            if self._path and _shut(self._path):
                return self._aside(self._path).read(task, empty)
            try:
                return self._done(task, writes=False)
            except DBAPIError as error:
                if self._path and _no_room_to_read(error):
                    return self._aside(self._path).read(task, empty)
                raise

        return self._tried(told)

    def end(self, task: Task[Result], empty: Result) -> Result:
        """What `read` tells of the chain's end, which a page asks dozens of times.

        It is read anew once somebody has written; where that cannot be told, always.
        """
        # Where SQLite cannot write beside the file, it is not even opened.
        readable = self._path is not None and not _shut(self._path)
        seen = self._watch.look() if self._watch is not None and readable else None
        if seen is None:
            return self.read(task, empty)
        known = self._end
        if known is None or known[0] != seen:
            known = self._end = seen, self.read(task, empty)  # Looked before: what came between is seen next.
        found: Result = known[1]
        return found

    def _aside(self, path: Path) -> "Database":
        """A copy of the file as it is now, to be read where it lies on a disk that takes nothing."""
        with self._opening:
            now = aside.stamp(path)
            if self._copy is None or self._copy[0] != now:
                into = Path(tempfile.mkdtemp(dir=aside.folder(os.getpid()).name))
                copy = Database(f"sqlite:///{aside.copied(path, into)}", self._patience)
                self._copy = now, copy
            return self._copy[1]

    def write(self, task: Task[Result]) -> Result:
        """Run a task alone at the chain's end, all or nothing; return what it returns, once it is kept.

        Raises:
            JournalError: The database cannot be written; nothing was, unless the sentence says so.
        """

        def made() -> Result:
            if self._path and not self._there():
                self._create(self._path)
            return self._done(task, writes=True)

        return self._tried(made)

    def guarded(self, connection: Connection) -> bool:
        """Whether the triggers that keep facts as they are still stand."""
        if self.dialect == "sqlite":
            found = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal_fact'")
            )
        else:
            found = connection.execute(
                text(
                    "SELECT tgname FROM pg_trigger"
                    " WHERE tgrelid = 'journal_fact'::regclass AND tgenabled = 'A'"
                )
            )
        return _GUARDS[self.dialect] <= set(found.scalars())

    def unguarded(self, connection: Connection, work: Callable[[], None]) -> None:
        """Run work that changes facts, with the triggers that refuse it gone until the transaction ends."""
        if self.dialect == "postgresql":
            connection.execute(text("ALTER TABLE journal_fact DISABLE TRIGGER journal_fact_no_change"))
            work()
            connection.execute(text("ALTER TABLE journal_fact ENABLE ALWAYS TRIGGER journal_fact_no_change"))
            return
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # What was there is overwritten.
        found = connection.execute(
            text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'journal_fact_no_update'")
        )
        guard = found.scalar_one()
        connection.execute(text("DROP TRIGGER journal_fact_no_update"))
        work()
        connection.exec_driver_sql(guard)

    def forget_log(self) -> None:
        """Take what SQLite still keeps in its log into the file and empty the log, if nobody reads now."""
        if self._path and self._path.exists():
            # A reader may hold it: then SQLite empties it after a later commit.
            with suppress(sqlite3.Error), closing(sqlite3.connect(self._path, timeout=5)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def take_damaged_text(self, connection: Connection) -> None:
        """Let bytes that are no UTF-8 come out as lone surrogates, for an audit of damaged rows."""
        if isinstance(raw := connection.connection.dbapi_connection, sqlite3.Connection):
            connection.detach()  # Nobody else shall read with it.
            raw.text_factory = lambda told: told.decode("utf-8", "surrogateescape")

    def _there(self) -> bool:
        """Whether there is a database to open: a SQLite file that is missing is not made by reading."""
        if self._path is None:
            return True
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            # The log first: another process may be making both right now.
            if self._path.with_name(f"{self._path.name}-wal").exists() and not self._path.exists():
                raise JournalError(
                    f"{self._path} is gone, but {self._path.name}-wal is still there. Put the file back, or "
                    "move that one away too and restore a backup: `wbr restore FILE`."
                ) from None
            return False
        except OSError as error:
            raise self._told(error) from error
        if size == 0:
            raise JournalError(f"{self._path} is empty: its facts are lost. {_RESTORE}")
        return True

    def _done(self, task: Task[Result], *, writes: bool) -> Result:
        engine = self._opened()
        with _transaction(engine, writes=writes) as connection:
            if writes:
                self._hold(connection)
            if self._schema(connection) == len(MIGRATIONS):
                return task(connection)
        with _transaction(engine, writes=True) as connection:
            self._hold(connection)
            if 0 < (version := self._schema(connection)) < len(MIGRATIONS):
                self._kept(connection, version)
            migrated(connection, version, MIGRATIONS)
        return self._done(task, writes=writes)

    def _kept(self, connection: Connection, version: int) -> None:
        """Keep the journal as it is before its schema changes, beside it, under a name that says so."""
        if self._path is None:
            # The version is a number of this program's own, no identifier from outside.
            connection.execute(
                text(f"CREATE TABLE IF NOT EXISTS journal_fact_{version:d} AS TABLE journal_fact")
            )
            return
        copy = self._path.with_name(f"{self._path.name}.schema-{version}")
        if copy.exists():
            return
        part = copy.with_name(f"{copy.name}.part")
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._path)) as reader, closing(sqlite3.connect(part)) as kept:
            reader.backup(kept)
        _synced(part)
        part.replace(copy)

    def _hold(self, connection: Connection) -> None:
        """Hold the chain's end until the transaction is over; SQLite does so by its BEGIN."""
        if self.dialect == "postgresql":
            waits = f"{self._patience * 1000:.0f}ms"
            connection.execute(_LOCK, {"waits": waits})

    def _schema(self, connection: Connection) -> int:
        """The schema of the tables: how many migrations made them. 0 if PostgreSQL has none yet."""
        if self.dialect == "postgresql" and not self._made:
            if not inspect(connection).has_table("journal_schema"):
                return 0
            self._made = True
        version = connection.execute(text("SELECT version FROM journal_schema")).scalar_one()
        if not isinstance(version, int) or version > len(MIGRATIONS):
            raise JournalError(
                f"{self.place} was written by a newer version of this program (schema {version}; this one "
                f"knows {len(MIGRATIONS)}). Update the program."
            )
        return version

    def _create(self, path: Path) -> None:
        """Make a new SQLite file, complete or not at all, whoever else tries the same."""
        part = path.with_name(f"{path.name}.part")
        try:
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                if self._there():
                    return
                for left in ("", "-wal", "-shm", "-journal"):
                    part.with_name(f"{part.name}{left}").unlink(missing_ok=True)
                part.touch()
                engine = _sqlite(part)
                with _transaction(engine, writes=True) as connection:
                    migrated(connection, 0, MIGRATIONS)
                engine.dispose()  # The last one to close takes the log into the file.
                _synced(part)
                part.replace(path)
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise self._told(error) from error

    def _opened(self) -> Engine:
        """The connections to the database that is there now."""
        file = self._path.stat() if self._path else None
        wanted = (file.st_dev, file.st_ino) if file else ()
        with self._opening:
            if self._engine is None or self._opened_for != wanted:
                if self._engine is not None:
                    # Never closed: SQLite would take away the log of the file that stands there now.
                    self._left.append(self._engine)
                self._engine = _sqlite(self._path) if self._path else self._postgresql()
                self._opened_for = wanted
            return self._engine

    def _close(self) -> None:
        with self._opening:
            if self._engine is not None:
                self._engine.dispose()
        if self._watch is not None:
            self._watch.close()

    def _postgresql(self) -> Engine:
        try:
            return create_engine(
                self._url,
                isolation_level="READ COMMITTED",  # So that who waited for the lock sees what came before.
                pool_pre_ping=True,
                **_POOL,
                # A pooler between may give each transaction another session, which lacks what was prepared.
                connect_args={
                    "connect_timeout": CONNECTING,
                    "client_encoding": "UTF8",
                    "prepare_threshold": None,
                },
            )
        except ModuleNotFoundError as error:
            raise JournalError(
                f"{self.place} needs the package {error.name!r}. Install it: pip install 'psycopg[binary]'."
            ) from error

    def _tried(self, task: Callable[[], Result]) -> Result:
        """Run a task until no other process is in its way."""
        until = time.monotonic() + self._patience
        while True:
            try:
                return task()
            except DBAPIError as error:
                if not _in_the_way(error) or time.monotonic() > until:
                    raise self._told(error) from error
            except PoolTimeout as error:
                raise JournalError(f"{self.place} is used too much at once ({error}). Try again.") from error
            except OSError as error:
                raise self._told(error) from error
            except UnicodeEncodeError as error:
                raise JournalError(
                    f"{self.place} cannot keep this text: {error}. Take those letters out."
                ) from error
            time.sleep(random.uniform(0.001, 0.02))  # At random, so that two who met do not meet again.

    def _told(self, error: Exception) -> JournalError:
        """The error in words: what is wrong, where, and what to do."""
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        if isinstance(cause, OSError):
            return JournalError(
                f"{self.place}: {cause.strerror}. Make sure that the folder is there, that this user may "
                "write in it, and that its disk has space."
            )
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        return JournalError(_sentence(cause, self.place, lost=lost))


_DATABASES: WeakSet[Database] = WeakSet()


def _close_all() -> None:
    # SQLite counts its locks in memory: a child that inherits an open file believes that it holds locks
    # which are its parent's, and the others take the log away under it.
    for database in list(_DATABASES):
        database._close()


os.register_at_fork(before=_close_all)


def migrated(connection: Connection, version: int, steps: Sequence[Task[None]]) -> None:
    """Take the tables from schema `version` to the last one of `steps`, and note it."""
    for step in steps[version:]:
        step(connection)
    if version < len(steps):
        connection.execute(text("DELETE FROM journal_schema"))
        connection.execute(
            text("INSERT INTO journal_schema (version) VALUES (:version)"), {"version": len(steps)}
        )


def _address(url: str) -> URL:
    help_ = "Write sqlite:///journal.sqlite or postgresql+psycopg://user@host/database."
    try:
        address = make_url(
            url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres:") else url
        )
    except (ArgumentError, ValueError):
        # Without the text itself: it may hold a password.
        raise JournalError(f"The address of the journal cannot be understood. {help_}") from None
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    if address.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise JournalError(f"A journal cannot be kept in {address.drivername!r}. {help_}")
    if address.get_backend_name() == "sqlite":
        if address.database in {None, "", ":memory:"} or address.query:
            raise JournalError(f"A journal needs a file, without options: decisions are kept. {help_}")
        address = address.set(database=str(Path(address.database or "").absolute()))
    return address


def _sqlite(path: Path) -> Engine:
    def connected() -> sqlite3.Connection:
        # rw: a file that is not there is not made. The transactions are begun below.
        raw = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            raw.execute("PRAGMA trusted_schema = OFF")
            raw.execute("PRAGMA synchronous = FULL")  # WAL alone may lose the last facts with the power.
            if path.suffix == ".part":
                raw.execute("PRAGMA journal_mode = WAL")  # Noted in the file, for every later connection.
        except sqlite3.Error:
            raw.close()
            raise
        return raw

    engine = create_engine("sqlite+pysqlite://", creator=connected, poolclass=QueuePool, **_POOL)
    event.listen(engine, "begin", _begun)
    return engine


@contextmanager
def _transaction(engine: Engine, *, writes: bool) -> Iterator[Connection]:
    with engine.connect().execution_options(journal_writes=writes) as connection, connection.begin():
        yield connection


def _begun(connection: Connection) -> None:
    # IMMEDIATE: a reader that turns writer is refused at once if another wrote meanwhile.
    writes = connection.get_execution_options().get("journal_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _shut(path: Path) -> bool:
    """Whether nothing can be written beside a file, so that SQLite cannot even read it there."""
    return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY) or not os.access(path.parent, os.W_OK)


def _no_room_to_read(error: DBAPIError) -> bool:
    """Whether SQLite could not write what it needs to read."""
    code = getattr(error.orig, "sqlite_errorname", "")
    return code.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR_SHM", "SQLITE_FULL"))


def _in_the_way(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorname", "")
    return code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _sentence(cause: BaseException, place: str, *, lost: bool) -> str:
    said = str(cause).partition("\n")[0][:300]
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
    match code:
        case "SQLITE_BUSY" | "SQLITE_LOCKED" | "55P03":
            return f"{place} is held by another process. Nothing was written. End that one, or try again."
        case "SQLITE_FULL" | "53100":
            return f"{place}: its disk is full. Nothing was written. Free space there and do it again."
        case "25006" | "42501" | "SQLITE_PERM" | "SQLITE_AUTH":
            return f"{place} may not be written ({said}). Give this user the right to, and do it again."
        case "SQLITE_CORRUPT" | "SQLITE_NOTADB" | "XX001" | "XX002":
            return f"{place} is damaged ({said}). {_RESTORE}"
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return (
            f"{place} cannot be opened for writing ({said}). Give this user the right to write the file and "
            "its folder (SQLite needs it to read as well), or take another disk."
        )
    if code.startswith("SQLITE_IOERR"):
        return (
            f"{place}: the disk refuses ({code}). Nothing was written. Free space on it; if it has enough, "
            "it is failing: copy the file to another one."
        )
    if "no such table" in said or "no such column" in said:
        return f"{place} is not a journal, or not a whole one ({said}). {_RESTORE}"
    if "decode" in said:
        return f"{place} is damaged ({said}). `wbr audit` says where. {_RESTORE}"
    if "only grows" in said:
        return f"{said} ({place}; nothing was written.) `wbr audit` says whether the chain holds."
    if lost:
        return (
            f"{place}: the connection broke ({said}). If it broke while a fact was being written, look "
            "whether it is there before you write it again."
        )
    return f"{place} cannot be used ({said}). Make sure that it is there and runs, and try again."


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
