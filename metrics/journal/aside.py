"""A journal of SQLite read through a copy: where its own folder cannot be written to, or must not be touched.

In WAL mode SQLite writes beside the file even to read it. On a read-only or full disk that fails, though all
facts are there; so file and log are copied to the folder for temporary files, and read there.
"""

import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

from metrics.errors import JournalError

TRIES = 40  # Of a copy during which somebody wrote.
_LOG = "-wal"

Stamp = tuple[tuple[int, ...], ...]


def stamp(path: Path) -> Stamp:
    """Changes with everything that is written to a journal's file or its log."""
    return tuple(
        (about.st_ino, about.st_size, about.st_mtime_ns)
        for each in (path, path.with_name(f"{path.name}{_LOG}"))
        if each.exists() and (about := each.stat())
    )


def copied(path: Path, into: Path) -> Path:
    """Copy file and log as they stand together into a folder; return the copy's path.

    Raises:
        JournalError: Somebody wrote all the time.
        OSError: A file cannot be read, or the folder not be written to.
    """
    for _ in range(TRIES):
        before = stamp(path)
        for name in (path.name, f"{path.name}{_LOG}"):
            (into / name).unlink(missing_ok=True)
            if path.with_name(name).exists():
                shutil.copyfile(path.with_name(name), into / name)
        if stamp(path) == before:
            return into / path.name
        time.sleep(0.05)
    raise JournalError(f"{path} is being written to all the time: no copy of it can be read. Try again.")


@cache
def folder(process: int) -> tempfile.TemporaryDirectory[str]:
    """This process's own folder for copies."""
    return tempfile.TemporaryDirectory(prefix=f"sixtwelve-journal-{process}-")
