"""Whether somebody wrote into a journal of SQLite, told for a hundredth of what reading it costs."""

import sqlite3
import threading
from pathlib import Path

Seen = tuple[int, ...]


class Watch:
    """Looks at one file with a connection of its own, which never writes.

    SQLite counts for each connection the commits of all others, of other processes too. The file's size and
    time are looked at as well, so that whoever cuts or overwrites it from outside is noticed.

    Args:
        path: Of the database; opened when it is first looked at.

    Source: https://www.sqlite.org/pragma.html#pragma_data_version
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None
        self._file: Seen = ()
        self._left: list[sqlite3.Connection] = []
        self._count = 0  # Of connections.

    def look(self) -> Seen | None:
        """Something that is another one after every change; None where it cannot be told."""
        try:
            about = self._path.stat()
            if about.st_size == 0:
                return None
            file = about.st_dev, about.st_ino
            with self._lock:
                (commits,) = self._opened(file).execute("PRAGMA data_version").fetchone()
                return *file, about.st_size, about.st_mtime_ns, self._count, int(commits)
        except (OSError, sqlite3.Error):
            return None

    def _opened(self, file: Seen) -> sqlite3.Connection:
        if self._open is not None and file == self._file:
            return self._open
        if self._open is not None:
            # Never closed: SQLite would take away the log of the file that stands there now.
            self._left.append(self._open)
        self._open = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw", uri=True, timeout=0, check_same_thread=False
        )
        self._file = file
        self._count += 1  # With a connection SQLite's count begins anew.
        return self._open

    def close(self) -> None:
        """Let go of the file; the next look opens it again."""
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None
