"""A shelf of files in a workspace that only spare time: each can be made anew from what it depends on.

A file's name is a hash of all that it depends on, so it never has to be changed, only forgotten.
"""

from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import uuid4

import metrics

FOLDER: Final = "prepared"
HOUR: Final = 3600.0  # Seconds.


class Shelf:
    """The files of one kind. A folder that cannot be written to costs time and nothing else.

    Args:
        folder: The workspace.
        kind: How their names begin.
        kept: Files, at the most.
        most_bytes: Of all of them together; the newest is kept however large it is.
    """

    def __init__(self, folder: Path, kind: str, *, kept: int, most_bytes: int) -> None:
        self._folder = folder / FOLDER
        self._kind, self._kept, self._most_bytes = kind, kept, most_bytes

    def path(self, key: str, ending: str) -> Path:
        """Where the file of a key is, or would be."""
        hashed = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / f"{self._kind}-{hashed}{ending}"

    def put(self, path: Path, *parts: bytes | memoryview) -> None:
        """Keep a file, whole or not at all; the oldest beyond what is kept are forgotten."""
        with suppress(OSError):  # A full or read-only disk: it is made anew the next time.
            self._folder.mkdir(exist_ok=True)
            draft = path.with_suffix(f".{uuid4().hex}.part")
            try:
                with draft.open("wb") as file:
                    file.writelines(parts)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
            self._forget(path.stat().st_mtime)

    def _forget(self, now: float) -> None:
        told = [(path, path.stat()) for path in self._folder.glob(f"{self._kind}-*")]
        room, place = self._most_bytes, 0
        for path, about in sorted(told, key=lambda each: -each[1].st_mtime_ns):
            if path.suffix == ".part":
                if about.st_mtime < now - HOUR:  # Its writer was killed.
                    path.unlink(missing_ok=True)
                continue
            room -= about.st_size
            if place and (place >= self._kept or room < 0):
                path.unlink(missing_ok=True)
            place += 1


def code(begun: bytes, patterns: Iterable[str]) -> str:
    """A hash of files of the package: it changes with the code that makes what is kept.

    Args:
        begun: What else it depends on.
        patterns: Below the package; folders and compiled code are left out.
    """
    home = Path(metrics.__file__).parent
    found = sha256(begun)
    for path in sorted(path for pattern in patterns for path in home.glob(pattern)):
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(path.read_bytes())
    return found.hexdigest()
