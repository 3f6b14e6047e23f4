"""Files of decks kept on disk, so that who asks for one that was made before waits for nothing.

A file's name is a hash of all that it depends on: the deck's value, the setting, the form and the code that
makes it. So it never has to be changed, only forgotten; and who may not see a deck cannot meet its file,
because theirs has another value. What cannot be read, or is not what was written, is made anew.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final
from uuid import uuid4

import metrics
from metrics.deck import Deck
from metrics.export import Setting
from metrics.workspace.prepared import FOLDER, HOUR

KEPT: Final = 400  # Files: a month of weeks in four forms for some decks and some readers.
MOST_BYTES: Final = 512_000_000
DIGEST: Final = 32  # Bytes before the file's own: their SHA-256.
MAKERS: Final = ("export/**/*", "draw/**/*", "text/**/*", "deck.py")
LIBRARIES: Final = ("typst", "python-pptx", "XlsxWriter")


class Ready:
    """The files of one workspace. A folder that cannot be written to costs time and nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self.made = 0  # How many were made anew.

    def file(self, deck: Deck, setting: Setting, form: str, make: Callable[[Deck, Setting], bytes]) -> bytes:
        """A deck in a form: as it was kept, or made and kept."""
        told = f"{form}\n{setting!r}\n{makers()}\n{deck!r}"
        path = self._folder / f"deck-{sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()}.{form}"
        with suppress(OSError):
            held = path.read_bytes()
            if sha256(held[DIGEST:]).digest() == held[:DIGEST]:
                return held[DIGEST:]
        data = make(deck, setting)
        self.made += 1
        with suppress(OSError):
            self._write(path, data)
        return data

    def _write(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(exist_ok=True)
        part = path.with_suffix(f".{uuid4().hex}.part")
        try:
            part.write_bytes(sha256(data).digest() + data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        self._forget(path.stat().st_mtime)

    def _forget(self, now: float) -> None:
        told = [(path, path.stat()) for path in self._folder.glob("deck-*")]
        room = MOST_BYTES
        for place, (path, about) in enumerate(sorted(told, key=lambda each: -each[1].st_mtime_ns)):
            room -= about.st_size
            left = path.suffix == ".part" and about.st_mtime < now - HOUR  # Its writer was killed.
            if left or (place and (place >= KEPT or room < 0)):
                path.unlink(missing_ok=True)


@cache
def makers() -> str:
    """Changes with the code and the libraries that make files."""
    home = Path(metrics.__file__).parent
    found = sha256()
    for path in sorted(path for pattern in MAKERS for path in home.glob(pattern)):
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(path.read_bytes())
    for library in LIBRARIES:
        with suppress(PackageNotFoundError):
            found.update(f"{library} {version(library)}".encode())
    return found.hexdigest()
