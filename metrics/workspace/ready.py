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

from metrics.deck import Deck
from metrics.export import Setting
from metrics.workspace.shelf import Shelf, code

KEPT: Final = 400  # Files: a month of weeks in four forms for some decks and some readers.
MOST_BYTES: Final = 512_000_000
DIGEST: Final = 32  # Bytes before the file's own: their SHA-256.
MAKERS: Final = ("export/**/*", "draw/**/*", "text/**/*", "deck.py")
LIBRARIES: Final = ("typst", "python-pptx", "XlsxWriter")


class Ready:
    """The files of one workspace."""

    def __init__(self, folder: Path) -> None:
        self._shelf = Shelf(folder, "deck", kept=KEPT, most_bytes=MOST_BYTES)
        self.made = 0  # How many were made anew.

    def file(self, deck: Deck, setting: Setting, form: str, make: Callable[[Deck, Setting], bytes]) -> bytes:
        """A deck in a form: as it was kept, or made and kept."""
        path = self._shelf.path(f"{form}\n{setting!r}\n{makers()}\n{deck!r}", f".{form}")
        with suppress(OSError):  # It was not made yet, or was forgotten meanwhile.
            held = path.read_bytes()
            if sha256(held[DIGEST:]).digest() == held[:DIGEST]:
                return held[DIGEST:]
        data = make(deck, setting)
        self.made += 1
        self._shelf.put(path, sha256(data).digest(), data)
        return data


@cache
def makers() -> str:
    """Changes with the code and the libraries that make files."""
    return code("\n".join(f"{name} {_release(name)}" for name in LIBRARIES).encode(), MAKERS)


def _release(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:  # Taken along without its notes of installation.
        return ""
