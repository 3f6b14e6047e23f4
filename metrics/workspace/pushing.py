"""What programs push: checked as a file is, loaded as a file is, and answered the same when sent again."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from threading import Lock
from typing import TYPE_CHECKING, Final

from metrics import ingest
from metrics.definitions import PushSource
from metrics.errors import ConflictError, StoreError, UnknownNameError, hint
from metrics.ingest import Pushed, Refusal
from metrics.reviews import rights
from metrics.workspace.shelf import FOLDER

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

LOCK: Final = "push.lock"


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a push.

    Attributes:
        load: Number of the load, for `wbr undo`; None if nothing was new.
        version: Of the store that holds the values.
        rows: Values pushed.
        kept: Values that were not known.
        unchanged: Values that were known.
        restated: Values that took the place of others.
        replayed: The same push had come before under the same key; nothing was done again.
    """

    load: int | None
    version: str
    rows: int
    kept: int
    unchanged: int
    restated: int
    replayed: bool = False


class Pushing:
    """The sources that programs tell."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
        self._one_in_this_process = Lock()

    def refusals(self, name: str, values: Sequence[Pushed], *, by: str) -> tuple[Refusal, ...]:
        """Everything wrong with a push; nothing if it can be loaded.

        Args:
            name: The source; UnknownNameError if it is none that can be pushed to.
            values: What is told.
            by: Handle of the person in whose name; no series that they may not see is named to them.
        """
        source, named = self._source(name, by)
        return ingest.refusals(source, values, self._house.calendar, named)

    def _source(self, name: str, by: str) -> tuple[PushSource, tuple[str, ...]]:
        """A source that can be pushed to, and those of its series that may be named to a person."""
        source = self._house.definitions.sources.get(name)
        seen = self._house.seen_by(by).definitions.sources
        if not isinstance(source, PushSource):
            known = [n for n, s in seen.items() if isinstance(s, PushSource)]
            raise UnknownNameError(f"{name!r} is no source that can be pushed to. {hint(name, known)}")
        shown = seen.get(name)
        return source, shown.series if isinstance(shown, PushSource) else ()

    def push(self, name: str, values: Sequence[Pushed], *, by: str, key: str = "") -> Received:
        """Load what was pushed, all or nothing.

        Args:
            name: The source.
            values: What is told.
            by: Handle of the person in whose name; needs the right to load.
            key: Name of this push of the source, in the program's own words; a second one of the same key
                and values is answered as the first was, also if other values came in between.

        Raises:
            NotAllowedError, UnknownNameError: The person may not load; there is no such source.
            SourceError: A value is refused; see `refusals`.
            ConflictError: The key was used for other values, or its load was taken back.
            StoreError: The store cannot be written.
        """
        house = self._house
        source, named = self._source(name, by)
        house.notice_roles()  # Those granted or taken away in the journal count at once.
        rights.checked(house.definitions, by, "load")
        called = f"pushed{f', key {key}' if key else ''}"  # Who pushed stands with the load alone.
        told = ingest.pushed(name, source, values, house.calendar, called=called, named=named)
        with self._one_at_a_time():
            if key and (known := self._known(name, called, told.files[0].sha256, key)):
                return known
            report = house.store.add([told], house.now().astimezone(UTC), by=by)
        (of_source,) = report.sources
        return Received(
            report.load,
            report.version,
            of_source.rows,
            of_source.kept,
            of_source.unchanged,
            of_source.restated,
        )

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Be alone with the keys, in all processes: two of one key must not both find nothing."""
        folder = self._house.folder / FOLDER
        with self._one_in_this_process:
            try:
                folder.mkdir(exist_ok=True)
                handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError as error:
                raise StoreError(
                    f"{folder} cannot be written to ({error.strerror}). Nothing was loaded. Give this "
                    "user the right to, or free space."
                ) from error
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)  # And with it the lock, however this process ends.

    def _known(self, name: str, called: str, sha256: str, key: str) -> Received | None:
        """The answer to a push that came before; None if none of this key did."""
        found = self._house.store.file_load(name, called).to_dict("records")
        if not found:
            return None
        (row,) = found
        if row["sha256"] != sha256:
            raise ConflictError(
                f"The key {key!r} was used for other values, in load {row['load']}. Nothing was loaded. "
                "Give each push a key of its own."
            )
        if row["undone"]:
            raise ConflictError(
                f"The push of the key {key!r} was load {row['load']}, and that was taken back. Nothing was "
                "loaded. To tell the values again, use another key."
            )
        numbers = {n: int(row[n]) for n in ("kept", "unchanged", "restated")}
        return Received(
            int(row["load"]), self._house.version, int(row["rows_read"]), **numbers, replayed=True
        )
