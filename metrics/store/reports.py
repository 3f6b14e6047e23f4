"""What the store is given, and what it says it did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pyarrow as pa

Progress = Callable[[str, float], None]
"""Told the name of the step that begins and the share of the work done before it, 0 to 1."""


def silent(step: str, share: float) -> None:
    """Tell nobody."""


class FileRead(Protocol):
    """One file that a source was read from: its name, its digest, its data rows."""

    @property
    def name(self) -> str:
        """Relative to the workspace."""

    @property
    def sha256(self) -> str:
        """Of its bytes."""

    @property
    def rows(self) -> int:
        """Data rows in it."""


class Reject(Protocol):
    """One refused cell: where it stands, what it holds, what is wrong with it."""

    @property
    def file(self) -> str:
        """The file's name."""

    @property
    def line(self) -> int:
        """Counted from 1."""

    @property
    def column(self) -> str:
        """The column's name."""

    @property
    def cell(self) -> str:
        """What stands there."""

    @property
    def reason(self) -> str:
        """What is wrong, and the remedy."""


class Readings(Protocol):
    """What was read of one source.

    `table` has the columns `series` and `segments` (text; a JSON object of texts, `{}` if none),
    `day` (date32), `value` (float64, finite, never null), `observed_at` (timestamp, UTC, null =
    when loaded) and `file` (text). `grain` is day, week or month, `kind` is values or samples.
    `rows` counts the data rows read and `refused` the refused cells.
    """

    @property
    def source(self) -> str:
        """The source's name."""

    @property
    def grain(self) -> str:
        """Either day, week or month."""

    @property
    def kind(self) -> str:
        """Either values or samples."""

    @property
    def table(self) -> pa.Table:
        """The observations."""

    @property
    def rows(self) -> int:
        """Data rows in it."""

    @property
    def refused(self) -> int:
        """Refused cells in all."""

    @property
    def rejects(self) -> Sequence[Reject]:
        """The refused cells, as many as were kept."""

    @property
    def files(self) -> Sequence[FileRead]:
        """The files read."""


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """Segments of a series that no load told before.

    Attributes:
        series: The series, which was told before.
        count: How many combinations of segments are new.
        examples: The first of them in order of their names, JSON with sorted keys.
    """

    series: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What became of one source in a load, or in the undo of one.

    For samples, read "a day's bag of samples" where this says "value".

    Attributes:
        source: The source's name.
        kept: Values of days of which nothing was known at their vintage.
        unchanged: Values known already, or repeating what was known. Of an undo: values of the
            load that later loads had replaced, or that stand anyway.
        restated: Values that differ from those known before. Of an undo: values that were current
            and are no more.
        refused: Cells refused by the reader.
        rows: Data rows read.
        files: Files read.
        series: Series told of, counting each combination of segments.
        first_day: First day told of; None if the source had no value.
        last_day: Last day told of.
        first_seen: By series, segments that no load told before; empty of an undo.
    """

    source: str
    kept: int
    unchanged: int
    restated: int
    refused: int
    rows: int
    files: int
    series: int
    first_day: date | None
    last_day: date | None
    first_seen: tuple[FirstSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load, or an undo, did.

    Attributes:
        load: Its number; None if it brought nothing new and so was not noted.
        sources: One report a source: of a load in the order given, of an undo by name.
        version: The generation that holds the result.
        undoes: Of an undo: the load it took back.
        notices: What people should look at, a sentence each: what was assumed, what is new.
    """

    load: int | None
    sources: tuple[SourceReport, ...]
    version: str = ""
    undoes: int | None = None
    notices: tuple[str, ...] = ()
