"""A store looked at from outside, for who asks what is wrong: nothing is changed, nothing waited for."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from metrics.errors import StoreError
from metrics.health import Trouble
from metrics.store.generations import SCHEMA, Generations, reader, schema
from metrics.store.statements import sql

AHEAD = timedelta(minutes=5)  # Clocks of machines differ by less.
BACK = (
    "Go back to the newest generation that is whole: `wbr step-back`, which says what it holds and asks; "
    "or restore a backup: `wbr restore FILE --replace`."
)


def troubles(folder: Path, generations: Generations, now: datetime) -> Iterator[Trouble]:
    """What is wrong with a store.

    Args:
        folder: Where its generations are.
        generations: The same.
        now: An aware time; a load after it came from a clock that was ahead.
    """
    if not folder.exists():
        yield Trouble("store_empty", "note", "Nothing was loaded yet.", "Load the sources: `wbr load`.")
        return
    if not folder.is_dir():
        yield Trouble("store_damaged", "wrong", f"{folder} is no folder.", "Move it away, then `wbr load`.")
        return
    writer = _writer(folder)
    yield from _leftovers(folder, writer)
    try:
        current = generations.current
    except StoreError as error:
        yield Trouble("store_pointer", "wrong", str(error).partition(". ")[0] + ".", BACK)
        return
    if not current:
        yield Trouble("store_empty", "note", "Nothing was loaded yet.", "Load the sources: `wbr load`.")
        return
    names = sorted(p.name for p in folder.glob("wbr-*.duckdb"))
    for name in names:
        ill = generations.ills(name)
        if ill and name == current:
            do = (
                BACK
                if any(other < name and not generations.ills(other) for other in names)
                else ("Restore a backup: `wbr restore FILE --replace`.")
            )
            if newer := "newer version" in ill:
                do = "Update the program."
            code = "store_newer" if newer else "store_damaged"
            yield Trouble(
                code, "wrong", f"{folder / name}, the current generation, cannot be read: {ill}.", do
            )
        elif ill:
            what = f"{folder / name}, an older generation, cannot be read: {ill}."
            yield Trouble(
                "store_older_damaged", "note", what, "It is no way back any more; nothing else needs it."
            )
    if current not in names:
        what = f"{folder / 'CURRENT'} names {current}, which is not there."
        yield Trouble(
            "store_pointer", "wrong", what, BACK if names else "Restore a backup: `wbr restore FILE`."
        )
        return
    yield from _inside(folder / current, now)


def _inside(path: Path, now: datetime) -> Iterator[Trouble]:
    """What a whole generation says of itself."""
    with suppress(duckdb.Error):  # A generation that cannot be read was told by whoever called.
        connection = reader(path)
        try:
            version = schema(connection)
            row = connection.execute(sql("newest_load")).fetchone()
        finally:
            connection.close()
        if version < SCHEMA:
            what = f"{path} has schema {version}; this program writes {SCHEMA}."
            yield Trouble("store_older", "note", what, "Nothing: the next load brings it up to date.")
        if row and row[1] is not None:
            yield from clock_back(row[0], row[1].replace(tzinfo=UTC), now)


def clock_back(load: int, loaded_at: datetime, now: datetime) -> Iterator[Trouble]:
    """That the newest load is of a time, aware, which is still to come; nothing if it is not."""
    if loaded_at > now + AHEAD:
        yield Trouble(
            "clock_back",
            "wrong",
            f"Load {load} is of {loaded_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, which is still to come: the "
            "clock was set back, or was ahead then.",
            "Set the machine's clock right. What is loaded before that time has come counts as older "
            f"than load {load}: take that one back (`wbr undo {load}`) and load again.",
        )


def _writer(folder: Path) -> str:
    """Who writes now, as LOCK says; `""` if nobody."""
    try:
        handle = os.open(folder / "LOCK", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(handle, 200, 0).decode("utf-8", "replace").strip("\0 \n") or "another process"
    except OSError:
        return ""
    finally:
        os.close(handle)  # Lets go of the lock, too.
    return ""


def _leftovers(folder: Path, writer: str) -> Iterator[Trouble]:
    """What a killed writer left, and what somebody set aside."""
    drafts = sorted(p.name for p in folder.iterdir() if p.name.endswith((".part", ".part.wal")))
    if writer:
        yield Trouble(
            "store_busy", "note", f"{folder} is being written to by {writer}.", "Wait until it is done."
        )
    elif drafts:
        what = f"{folder} holds {', '.join(drafts)}: a load was killed before it was published."
        yield Trouble(
            "store_leftover", "note", what, "Nothing: the next load removes it. Load again: `wbr load`."
        )
    yield from logs(folder)
    for path in sorted(folder.glob("*.damaged")):
        what = f"{path} was set aside when somebody went back before it."
        yield Trouble("store_aside", "note", what, "Remove it once nobody wants to look at it any more.")


def logs(folder: Path) -> Iterator[Trouble]:
    """Logs beside published generations: who reads one with its log may read other numbers."""
    for path in sorted(folder.glob("wbr-*.duckdb.wal")):
        what = f"{path} stands beside a published generation, which never has one."
        yield Trouble(
            "store_wal", "wrong", what, "Ask who opened that file with another program, and move it away."
        )
