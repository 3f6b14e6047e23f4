"""A journal looked at from outside, for who asks what is wrong: of SQLite's file a copy is read."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from metrics.errors import JournalError
from metrics.health import Trouble
from metrics.journal import Journal, aside
from metrics.journal.database import MIGRATIONS, Database

AHEAD = timedelta(minutes=5)  # Clocks of machines differ by less.
RESTORE = "Keep a copy of it, then restore a backup: `wbr restore FILE --replace`."


def troubles(url: str, now: datetime, noted: str = "") -> Iterator[Trouble]:
    """What is wrong with a journal; a SQLite file that is not there is no trouble here.

    Args:
        url: Of its database.
        now: An aware time; a fact after it came from a clock that was ahead.
        noted: A version that was noted elsewhere, to find a shortened chain.
    """
    try:
        database = Database(url, patience=2.0)
    except JournalError as error:
        yield Trouble("journal_address", "wrong", str(error), "Set $WBR_JOURNAL right.")
        return
    if database.file is None:
        try:
            yield from _schema(database.place, database.schema_there())
            yield from _chain(Journal(url, patience=2.0), now, noted)
        except JournalError as error:
            yield Trouble("journal_unreachable", "wrong", str(error), "Start it, or set $WBR_JOURNAL right.")
        return
    yield from _file(database.file, now, noted)


def _file(path: Path, now: datetime, noted: str) -> Iterator[Trouble]:
    log = path.with_name(f"{path.name}-wal")
    if (part := path.with_name(f"{path.name}.part")).exists():
        what = f"{part} was left by a process that was killed while it made the journal."
        yield Trouble(
            "journal_leftover", "note", what, "Nothing: the next one to decide something removes it."
        )
    for kept in sorted(path.parent.glob(f"{path.name}.schema-[0-9]*")):
        what, do = f"{kept} is the journal before its schema changed.", "Remove it: it holds whom you erase."
        yield Trouble("journal_kept", "note", what, do)
    if not path.exists():
        if log.exists():
            what = f"{path} is gone, but {log.name} is still there."
            yield Trouble(
                "journal_lost", "wrong", what, f"Put the file back; or move that one away. {RESTORE}"
            )
        return
    if path.stat().st_size == 0:
        yield Trouble("journal_damaged", "wrong", f"{path} is empty: its facts are lost.", RESTORE)
        return
    try:
        with tempfile.TemporaryDirectory(prefix="sixtwelve-doctor-") as work:
            copy = aside.copied(path, Path(work))
            with closing(sqlite3.connect(copy)) as connection:
                ill = connection.execute("PRAGMA integrity_check").fetchone()[0]
                if ill != "ok":
                    yield Trouble(
                        "journal_damaged", "wrong", f"{path} is damaged ({ill.strip()[:200]}).", RESTORE
                    )
                    return
                version = connection.execute("SELECT version FROM journal_schema").fetchone()
            found = tuple(_schema(str(path), version[0] if version else None))
            yield from found
            if not any(each.level == "wrong" for each in found):
                yield from _chain(Journal(f"sqlite:///{copy}"), now, noted)
    except sqlite3.Error as error:
        if "no such table" in str(error):
            yield Trouble("journal_damaged", "wrong", f"{path} is not a journal ({error}).", RESTORE)
        else:
            yield Trouble("journal_damaged", "wrong", f"{path} is damaged ({error}).", RESTORE)
    except (JournalError, OSError) as error:
        yield Trouble("journal_damaged", "wrong", f"{path} cannot be read ({error}).", RESTORE)
    if not os.statvfs(path.parent).f_flag & os.ST_RDONLY and not os.access(path, os.W_OK):
        what = f"{path} may not be written by this user."
        yield Trouble("rights", "wrong", what, "Give this user the right to write the file and its folder.")


def _schema(place: str, version: object) -> Iterator[Trouble]:
    known = len(MIGRATIONS)
    if not isinstance(version, int):
        yield Trouble("journal_damaged", "wrong", f"{place} does not say which schema it has.", RESTORE)
    elif version > known:
        newer = f"schema {version}; this one knows {known}"
        what = f"{place} was written by a newer version of this program ({newer})."
        yield Trouble("journal_newer", "wrong", what, "Update the program.")
    elif version < known:
        what = f"{place} has schema {version}; this program writes {known}."
        do = "Nothing: the next use brings it up to date, and keeps a copy beside it first."
        yield Trouble("journal_older", "note", what, do)


def _chain(journal: Journal, now: datetime, noted: str) -> Iterator[Trouble]:
    audit = journal.verify(noted)
    if not audit.ok:
        yield Trouble(
            "journal_chain", "wrong", audit.sentence, "`wbr audit` says the same; ask who could write to it."
        )
        return
    ahead = journal.facts(since=now.astimezone(UTC) + AHEAD)
    if ahead:
        last = ahead[-1]
        yield Trouble(
            "clock_back",
            "wrong",
            f"{len(ahead)} of the journal's facts are still to come, the last of {last.at:%Y-%m-%d %H:%M} "
            f"UTC (fact {last.number}): the clock was set back, or was ahead then.",
            "Set the machine's clock right. The facts stay in their order, whatever their times say.",
        )
