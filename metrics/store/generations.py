"""The files of a store: published generations that never change, and one writer at a time.

    CURRENT               one line: the name of the current generation
    wbr-000012.duckdb     a generation; a new one always has a new name, because a process that has
                          the old name open would go on seeing the old data
    wbr-000013.duckdb.part  the draft of a writer at work, removed with its `.wal` by the next one
    wbr-000012.duckdb.damaged  a generation that could not be read when somebody went back before it;
                          and `.wal.damaged`, a log that stood beside it, which no generation has
    LOCK                  locked by the writer; says who it is

Source: DESIGN.md, section 6, "Series live in DuckDB as generations".
"""

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TypeVar

import duckdb

from metrics.errors import StoreError
from metrics.store.statements import sql

Done = TypeVar("Done")
Work = Callable[[duckdb.DuckDBPyConnection], tuple[Done, bool]]
"""Writes into a draft; returns its result, and whether there is anything to publish."""

KEEP = 3  # The current one and two to fall back on, also for a reader that is about to open one.
WRITER_MEMORY = "1200MB"  # Leaves room for the caller's own table below 2 GB.
READER_MEMORY = "1GB"
SPILL = "8GB"  # DuckDB's own limit is 90% of the disk; a bad plan once left 23 GB.
DAMAGE = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.SerializationException)

# One thread at a time: who meets an instance that another thread is just making finds it without the
# functions that hand it a table of Python's ("pandas_scan does not exist").
_OPENING = Lock()

SCHEMA = 2  # How many `store_migration_*.sql` there are.
_TABLES = {"series", "load", "batch", "observation", "observation_history"}  # Of every store there ever was.

_NAME = re.compile(r"wbr-(\d{6,9})\.duckdb")
_CLOSED_IN = {
    "enable_external_access": "false",
    "allow_community_extensions": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "max_temp_directory_size": SPILL,
}


@dataclass(frozen=True, slots=True)
class Stepped:
    """A store that went back to an older generation.

    Attributes:
        version: The new current generation.
        copied: The one it is a copy of.
        aside: What could not be read, under its new name.
        written: When those were written, in seconds since 1970.
    """

    version: str
    copied: str
    aside: tuple[str, ...]
    written: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WayBack:
    """What going back would do.

    Attributes:
        copied: The generation that would be the store again.
        newest: Number, time (UTC, without its zone) and author of the newest load in it; None if it has none.
        lost: The generations that would be set aside.
        written: When those were written, in seconds since 1970.
    """

    copied: str
    newest: tuple[int, datetime, str] | None
    lost: tuple[str, ...]
    written: tuple[float, ...]


_WRITING = {
    **_CLOSED_IN,
    "storage_compatibility_version": "v1.5.0",  # So that every DuckDB from 1.5 on can read it.
    "memory_limit": WRITER_MEMORY,
}
_COPIED = (
    "series", "load_source", "load_file", "reject", "batch",
    "observation", "observation_history", "sample", "sample_history",
)  # fmt: skip


class Generations:
    """The generations in a folder.

    Args:
        folder: Where they are; made by the first writer.
        patience: Seconds a writer waits for another.
    """

    def __init__(self, folder: Path, patience: float) -> None:
        self._folder = folder
        self._patience = patience
        self._known: set[str] = set()  # Generations whose schema this program can read.

    @property
    def current(self) -> str:
        """The name that `CURRENT` holds, `""` before the first load.

        Raises:
            StoreError: `CURRENT` is gone or names no generation.
        """
        pointer = self._folder / "CURRENT"
        try:
            name = pointer.read_text(encoding="ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            names = self._names()
            if len(names) == 1 and _number(names[0]) == 1:
                return names[0]  # It is whole once it has its name, a moment before CURRENT is there.
            if names:
                raise StoreError(
                    f"{pointer} is missing, but there are generations beside it. {self._way_back()}"
                ) from None
            return ""
        except OSError as error:
            raise _unreadable(pointer, error.strerror) from error
        except UnicodeDecodeError as error:
            raise StoreError(f"{pointer} is damaged. {self._way_back()}") from error
        if not _NAME.fullmatch(name):
            raise StoreError(f"{pointer} names {name[:60]!r}, which is no generation. {self._way_back()}")
        return name

    def opened(self) -> tuple[str, duckdb.DuckDBPyConnection]:
        """Return the current generation's name and a locked-down, read-only connection to it.

        Before the first load, that is an empty store in memory.

        Raises:
            StoreError: The generation is missing or damaged.
        """
        name = self.current
        for _ in range(2):
            if not name:
                return "", _empty()
            path = self._folder / name
            if path.exists():
                try:
                    connection = reader(path)
                    if name not in self._known:
                        self._checked(name, connection)
                    return name, connection
                except duckdb.Error as error:
                    if path.exists() and not os.access(path, os.R_OK):
                        raise _unreadable(path, "Permission denied") from error
                    if path.exists():
                        raise self.damaged(name, error) from error
            # Pruned after it was looked up: by now CURRENT names a later one.
            missing, name = name, self.current
            if name == missing:
                break
        raise StoreError(f"{self._folder / 'CURRENT'} names {name}, which is not there. {self._way_back()}")

    def written(self, work: Work[Done], by: str, *, dense: bool = False) -> tuple[str, Done]:
        """Run `work` on a copy of the current generation and publish the copy, if `work` says it changed.

        Args:
            work: What is done in the copy.
            by: Who does it.
            dense: Copy what is left into a file without holes.

        Returns:
            The name of the generation that holds the result, and what `work` returned.

        Raises:
            StoreError: Another process writes for too long, the folder cannot be written to, the
                disk is full, or the generation is missing or damaged. Nothing is published then.
        """
        with self._lock(by):
            current = self.current
            try:
                self._remove_leftovers()
                name = _name(max(self._newest(), _number(current)) + 1 if current else 1)
                draft = self._folder / f"{name}.part"
                try:
                    if current:
                        self._copy(current, draft)
                    done, changed = self._drafted(draft, current, work)
                    if not changed:
                        return current, done
                    if dense:
                        self._filled(draft)
                    self._publish(draft, name)
                finally:
                    self._remove_leftovers()
                self._prune()
            except OSError as error:
                raise StoreError(
                    f"{self._folder} cannot be written to ({error.strerror}). Nothing was loaded. "
                    "Free space on that disk, or give this user the right to write there, and load again."
                ) from error
            return name, done

    def rewritten(self, work: Work[Done], by: str) -> tuple[str, Done]:
        """As `written`, and the new generation takes no more room than what it holds.

        A database file never shrinks: what was removed leaves holes. So all that is left is copied out.
        """
        return self.written(work, by, dense=True)

    def damaged(self, name: str, error: Exception) -> StoreError:
        """Return what to say when a generation cannot be read."""
        before = [older for older in self._names() if _number(older) < _number(name)]
        older = "Go back to the one before it: `wbr step-back`; or restore" if before else "Restore"
        return StoreError(
            f"{self._folder / (name or 'the store')} is damaged or cannot be read ({_reason(error)}). "
            f"{older} a backup: `wbr restore FILE`; then load again. `wbr doctor` says more."
        )

    def step_back(self, by: str) -> "Stepped":
        """Take the newest generation that is whole, if the current one is not, and make it the current one.

        It gets a new name, as every generation does; what could not be read is set aside under its own.

        Raises:
            StoreError: The current generation is whole; none is; or the folder cannot be written to.
        """
        with self._lock(by):
            names, standing, whole = self._to_go_back_to()
            try:
                self._remove_leftovers()
                name = _name(max(map(_number, [*names, standing])) + 1)
                draft = self._folder / f"{name}.part"
                shutil.copyfile(self._folder / whole, draft)
                _sync(draft)
                lost = [n for n in names if _number(n) > _number(whole)]
                modified = [(self._folder / n).stat().st_mtime for n in lost]
                self._publish(draft, name)
                logs = [f"{n}.wal" for n in names if (self._folder / f"{n}.wal").exists()]
                for each in (*lost, *logs):
                    (self._folder / each).rename(self._folder / f"{each}.damaged")
                _sync(self._folder)
            except OSError as error:
                raise StoreError(
                    f"{self._folder} cannot be written to ({error.strerror}). Nothing was changed. "
                    "Free space on that disk, or give this user the right to write there, and do it again."
                ) from error
            return Stepped(name, whole, tuple(f"{n}.damaged" for n in lost), tuple(modified))

    def way_back(self) -> WayBack:
        """What `step_back` would do now; nothing is changed.

        Raises:
            StoreError: The current generation is whole, or none is.
        """
        names, _, whole = self._to_go_back_to()
        lost = tuple(n for n in names if _number(n) > _number(whole))
        with closing(reader(self._folder / whole)) as connection:
            number, at, by = connection.execute(sql("newest_load")).fetchall()[0]
        written = tuple((self._folder / n).stat().st_mtime for n in lost)
        return WayBack(whole, None if number is None else (int(number), at, str(by)), lost, written)

    def _to_go_back_to(self) -> tuple[list[str], str, str]:
        """All generations, the current one (`""` if `CURRENT` names none), and the newest that is whole.

        Raises:
            StoreError: The current generation is whole, or none is.
        """
        names = self._names()
        try:
            standing = self.current
        except StoreError:
            standing = ""
        if standing in names and not self.ills(standing):
            raise StoreError(
                f"{self._folder / standing} is whole: there is nothing to go back from. To take a load "
                "back: `wbr undo LOAD`."
            )
        whole = next((n for n in reversed(names) if n != standing and not self.ills(n)), None)
        if whole is None:
            raise StoreError(
                f"{self._folder} holds no generation that can be read. Restore a backup: "
                "`wbr restore FILE --replace`; or move that folder away and load all sources again."
            )
        return names, standing, whole

    def ills(self, name: str) -> str:
        """What is wrong with a generation, every block of it read; `""` if nothing."""
        path = self._folder / name
        if not path.exists():
            return "it is not there"
        if path.with_name(f"{name}.wal").exists():
            return f"{name}.wal stands beside it, which no published generation has"
        try:
            connection = reader(path)
        except duckdb.Error as error:
            return _reason(error)
        try:
            self._checked(name, connection)
            connection.execute(sql("whole")).fetchall()
        except (duckdb.Error, StoreError) as error:
            return _reason(error)
        finally:
            connection.close()
        return ""

    def _checked(self, name: str, connection: duckdb.DuckDBPyConnection) -> None:
        """Refuse a generation that a later program wrote, and a file that is no store; note the others."""
        try:
            version = schema(connection)
        except BaseException:  # An interrupt too: the caller never gets the connection to close it.
            connection.close()
            raise
        if version > SCHEMA:
            connection.close()
            raise StoreError(
                f"{self._folder / name} was written by a newer version of this program (schema {version}; "
                f"this one knows {SCHEMA}). Update the program."
            )
        self._known.add(name)

    def sizes(self) -> dict[str, int]:
        """Bytes of each generation, oldest first; one that is pruned meanwhile is left out."""
        found = {}
        for name in self._names():
            with suppress(OSError):  # As the docstring says: pruned meanwhile.
                found[name] = (self._folder / name).stat().st_size
        return found

    def _names(self) -> list[str]:
        """Return the generations in the folder, oldest first."""
        try:
            found = [path.name for path in self._folder.iterdir() if _NAME.fullmatch(path.name)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _unreadable(self._folder, error.strerror) from error
        return sorted(found, key=_number)

    def _newest(self) -> int:
        return max(map(_number, self._names()), default=0)

    def _way_back(self) -> str:
        """Return what to do when CURRENT is of no use."""
        names = self._names()
        newest = "Take the newest generation there is: `wbr step-back`; or restore" if names else "Restore"
        return f"{newest} a backup: `wbr restore FILE`. `wbr doctor` says more."

    @contextmanager
    def _lock(self, by: str) -> Iterator[None]:
        """Be the only writer. The lock dies with its process, so none is ever left behind."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._folder / "LOCK", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(
                f"{self._folder} cannot be written to ({error.strerror}). "
                "Give this user the right to write there, or load from the account that owns it."
            ) from error
        try:
            limit = time.monotonic() + self._patience
            while not _locked(handle):
                if time.monotonic() > limit:
                    holder = os.pread(handle, 200, 0).decode("utf-8", "replace").strip("\0 \n")
                    raise StoreError(
                        f"{self._folder} is being written to by {holder or 'another process'}, for more than "
                        f"{self._patience:.0f} s. Wait until it is done and load again; if it hangs, end it."
                    )
                time.sleep(0.02)
            with suppress(OSError):  # The holder's name is a courtesy; a full disk is told further on.
                os.ftruncate(handle, 0)
                os.pwrite(handle, f"process {os.getpid()}{f' ({by})' if by else ''}".encode()[:200], 0)
            yield
        finally:
            os.close(handle)

    def _copy(self, current: str, draft: Path) -> None:
        try:
            shutil.copyfile(self._folder / current, draft)
        except FileNotFoundError:
            raise StoreError(
                f"{self._folder / 'CURRENT'} names {current}, which is not there. {self._way_back()}"
            ) from None

    def _drafted(self, draft: Path, current: str, work: Work[Done]) -> tuple[Done, bool]:
        """Run `work` on the draft; if that changed it, the disk holds all of it afterwards."""
        try:
            connection = _writer(draft)
        except duckdb.Error as error:
            raise (self.damaged(current, error) if current else self._unwritten(error)) from error
        try:
            connection.begin()
            if not current:
                connection.execute(sql("schema"))
            version = schema(connection)
            if version > SCHEMA:
                raise StoreError(
                    f"{self._folder / current} was written by a newer version of this program (schema "
                    f"{version}; this one knows {SCHEMA}). Nothing was loaded. Update the program."
                )
            for step in range(version + 1, SCHEMA + 1):  # The generation before stays: it is the backup.
                connection.execute(sql(f"migration_{step}"))
            done, changed = work(connection)
            if changed:
                connection.commit()
                connection.execute("CHECKPOINT")
        except duckdb.Error as error:
            if is_damage(error) or isinstance(
                error, duckdb.OutOfMemoryException | duckdb.TransactionException
            ):
                raise self._unwritten(error) from error
            raise
        finally:
            connection.close()
        if changed:
            if draft.with_name(f"{draft.name}.wal").exists():
                raise StoreError(f"{draft} could not be completed. Nothing was loaded. Load again.")
            _sync(draft)
        return done, changed

    def _filled(self, draft: Path) -> None:
        """Copy a draft's tables into a file without holes, which takes its place."""
        full = draft.with_name(f"{draft.name}.dense.part")
        try:
            connection = duckdb.connect(
                str(full), config={**_writing(full), "enable_external_access": "true"}
            )
            try:
                held = str(draft).replace("'", "''")  # An identifier of this module: its own draft's path.
                connection.execute(f"ATTACH '{held}' AS held (READ_ONLY)")
                kept = str(connection.execute(sql("own_name")).fetchall()[0][0]).replace('"', '""')
                # Both are identifiers of this module.
                connection.execute(f'COPY FROM DATABASE held TO "{kept}"')
                connection.execute("DETACH held")
                connection.execute("CHECKPOINT")
            finally:
                connection.close()
        except duckdb.Error as error:
            raise self._unwritten(error) from error
        _sync(full)
        full.replace(draft)

    def _unwritten(self, error: Exception) -> StoreError:
        return StoreError(
            f"{self._folder} could not be written ({_reason(error)}). Nothing was loaded. Free space on that "
            "disk and load again; if this comes back, the store is damaged: `wbr restore FILE`."
        )

    def _publish(self, draft: Path, name: str) -> None:
        """Give the draft its name, then point CURRENT at it: who reads CURRENT sees the old or the new."""
        draft.rename(self._folder / name)
        pointer = self._folder / "CURRENT.part"
        pointer.write_text(f"{name}\n", encoding="ascii")
        _sync(pointer)
        _sync(self._folder)
        pointer.replace(self._folder / "CURRENT")
        _sync(self._folder)

    def _remove_leftovers(self) -> None:
        """Remove what a writer left. A draft goes with its `.wal`, or the next draft would replay it."""
        for path in self._folder.iterdir():
            if path.name == "spill":
                shutil.rmtree(path, ignore_errors=True)
            elif path.name.endswith((".part", ".part.wal")):
                path.unlink(missing_ok=True)

    def renamed(self, before: str, after: str) -> int:
        """Write the current generation anew with another name for who loaded; return for how many loads.

        Row by row into a new file, because a changed file keeps what stood there in blocks that are free
        now. The older generations are removed: they hold the old name.

        Raises:
            StoreError: As for `written`.
        """
        with self._lock(""):
            name, reading = self.opened()
            try:
                count = len(reading.execute(sql("loads_by"), {"name": before}).fetchall())
            finally:
                reading.close()
            if not count:
                return 0
            self._remove_leftovers()
            new = _name(max(map(_number, self._names())) + 1)
            draft = self._folder / f"{new}.part"
            try:
                self._rewritten(self._folder / name, draft, before, after)
                _sync(draft)
                self._publish(draft, new)
            except (OSError, duckdb.Error) as error:
                raise self._unwritten(error) from error
            finally:
                self._remove_leftovers()
            self._prune(1)
            return count

    def _rewritten(self, old: Path, draft: Path, before: str, after: str) -> None:
        config = {key: value for key, value in _WRITING.items() if key != "enable_external_access"}
        connection = duckdb.connect(
            str(draft), config={**config, "temp_directory": str(draft.with_name("spill"))}
        )
        try:
            connection.execute(sql("schema"))
            quoted = str(old).replace(
                "'", "''"
            )  # ATTACH takes no bound value; a path of this folder is an identifier.
            connection.execute(f"ATTACH '{quoted}' AS old (READ_ONLY)")
            connection.begin()
            tables = {str(row[0]) for row in connection.execute(sql("tables_of"), {"name": "old"}).fetchall()}
            connection.execute(sql("copy_load"), {"before": before, "after": after})
            if "horizon" in tables:
                connection.execute(sql("copy_horizon"), {"before": before, "after": after})
            for table in _COPIED:
                # An identifier of this module.
                connection.execute(f"INSERT INTO {table} SELECT * FROM old.{table}")
            connection.commit()
            connection.execute("DETACH old")
            connection.execute("CHECKPOINT")
        finally:
            connection.close()

    def _prune(self, keep: int = KEEP) -> None:
        """Remove the oldest generations; a reader that has one open keeps it until it closes."""
        for name in self._names()[:-keep]:
            (self._folder / name).unlink(missing_ok=True)


def is_damage(error: duckdb.Error) -> bool:
    """Whether an error comes from the file or its disk. A wrong checksum has no class of its own."""
    return isinstance(error, DAMAGE) or type(error) is duckdb.Error


def schema(connection: duckdb.DuckDBPyConnection) -> int:
    """How many migrations made a store's tables; 0 for one without a stamp.

    Raises:
        duckdb.SerializationException: The file holds no store.
    """
    tables = {str(row[0]) for row in connection.execute(sql("tables")).fetchall()}
    if not tables >= _TABLES:
        raise duckdb.SerializationException("it holds other tables than a store")
    if "store_schema" not in tables:
        return 0
    row = connection.execute(sql("version")).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def _name(number: int) -> str:
    return f"wbr-{number:06d}.duckdb"


def _number(name: str) -> int:
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else 0


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]


def _unreadable(path: Path, reason: str | None) -> StoreError:
    return StoreError(f"{path} cannot be read ({reason}). Give this user the right to read it.")


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync(path: Path) -> None:
    """Wait until the disk holds a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _writer(path: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), config=_writing(path))


def _writing(path: Path) -> dict[str, str | bool | int | float | list[str]]:
    """How a draft is opened."""
    return {
        **_CLOSED_IN,
        "storage_compatibility_version": "v1.5.0",  # So that every DuckDB from 1.5 on can read it.
        "memory_limit": WRITER_MEMORY,
        "temp_directory": str(path.with_name("spill")),
    }


def reader(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a generation read-only, locked down."""
    # Connections of one process to one file share an instance, which takes only equal settings.
    with _OPENING:
        return duckdb.connect(
            str(path),
            read_only=True,
            config={
                **_CLOSED_IN,
                "memory_limit": READER_MEMORY,
                "temp_directory": str(Path(_spill(os.getpid()).name) / f"{path.stem}-{abs(hash(path))}"),
                "lock_configuration": "true",
            },
        )


def _empty() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:", config={**_CLOSED_IN, "memory_limit": READER_MEMORY, "lock_configuration": "true"}
    )
    connection.execute(sql("schema"))
    return connection


@cache
def _spill(process: int) -> tempfile.TemporaryDirectory[str]:
    """Return this process's own folder for what does not fit into memory: DuckDB 1.5 reuses file names."""
    return tempfile.TemporaryDirectory(prefix=f"sixtwelve-{process}-")
