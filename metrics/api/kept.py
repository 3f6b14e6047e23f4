"""The workspace as its files are now, opened anew only when they change."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock

from metrics.workspace import Workspace, fingerprint


class Kept:
    """Keeps one workspace open.

    Args:
        folder: Where it is.
        open_: Opens it.
    """

    def __init__(self, folder: Path, open_: Callable[[], Workspace]) -> None:
        self._folder = folder
        self._open = open_
        self._known: tuple[str, Workspace] | None = None
        self._lock = Lock()

    def __call__(self) -> Workspace:
        """The workspace.

        Raises:
            DefinitionError: Its files have mistakes.
        """
        with self._lock:
            files = fingerprint(self._folder)
            if self._known is None or self._known[0] != files:
                self._known = files, self._open()
            return self._known[1]
