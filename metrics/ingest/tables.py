"""A file as a table of cells, whatever its form: a header, and batches of columns."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metrics.errors import SourceError, hint

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """The cells of one column; each cell is in at most one of the three, in none if it is blank.

    Attributes:
        text: String, or dictionary of string.
        numbers: Float64, for forms that know numbers.
        moments: Timestamp[us], with a zone where the form has one; a date is its midnight without a zone.
    """

    text: pa.Array | None = None
    numbers: pa.Array | None = None
    moments: pa.Array | None = None

    def __len__(self) -> int:
        return next(len(a) for a in (self.text, self.numbers, self.moments) if a is not None)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a table, in order.

    Attributes:
        rows: Where each row is in the table; `Table.lines` turns it into a line of the file. Misshapen
            rows are left out.
        columns: By position in the header.
        misshapen: Rows that do not fit the header: place, text and what is wrong.
        done: Bytes of the file read so far.
    """

    rows: Ints
    columns: Mapping[int, Column]
    misshapen: Sequence[tuple[int, str, str]] = field(default=())
    done: int = 0


Attempt = Callable[[], Iterator[Batch]]


class UnfitError(SourceError):
    """A quick way of reading met something only a more careful one can read. Never leaves this package."""


class Table(Protocol):
    """A file opened for reading.

    Attributes:
        name: Relative to the workspace.
        header: Names of the columns, without outer spaces.
        sha256: Of the file.
        size: In bytes.
        line_word: What a line is called in this form.
    """

    name: str
    header: tuple[str, ...]
    sha256: str
    size: int
    line_word: str

    def attempts(self, columns: Sequence[int], values: Collection[int]) -> tuple[Attempt, ...]:
        """Ways to read the columns, quickest first; each but the last may raise `UnfitError` at any batch.

        Args:
            columns: Positions in the header.
            values: Those of them that hold numbers.
        """
        ...

    def lines(self, rows: Collection[int]) -> Mapping[int, int]:
        """The line on which each row starts."""
        ...


def checked_header(names: Sequence[str], name: str) -> tuple[str, ...]:
    """The header without outer spaces.

    Raises:
        SourceError: No column has a name.
    """
    header = tuple(text.strip() for text in names)
    if not any(header):
        raise SourceError(
            f"{name}: the first row names no column. Put the columns' names into the first row."
        )
    return header


def position(column: str, header: Sequence[str], name: str) -> int:
    """Where a column that the source names stands in the header.

    Raises:
        SourceError: It is not there, or is there twice.
    """
    wanted = column.strip()
    places = [place for place, text in enumerate(header) if text == wanted]
    if len(places) == 1:
        return places[0]
    if places:
        told = " and ".join(str(place + 1) for place in places)
        raise SourceError(
            f"{name}: columns {told} are both named {wanted!r}. "
            "Rename one of them in the file, so that the source can tell which it means."
        )
    by_case = {text.casefold(): text for text in header if text}
    if wanted.casefold() in by_case:
        remedy = f"Did you mean {by_case[wanted.casefold()]!r}?"
    else:
        remedy = hint(wanted, filter(None, header)).replace("Declared:", "The file has:")
    if len(header) == 1:
        for sign in ";\t|,":
            if sign in header[0]:
                remedy = f"Its header is one column with {sign!r} in it: declare `delimiter: {sign!r}`."
    raise SourceError(f"{name} has no column {column!r}. {remedy}")


def shown(cell: str, length: int = 60) -> str:
    """A cell as it can be shown anywhere: in quotes, cut, with everything unprintable escaped."""
    return repr(cut(cell, length))


def cut(cell: str, length: int = 60) -> str:
    """A cell of at most `length` characters, everything unprintable escaped."""
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cell[: length + 1])
    return safe if len(safe) <= length else safe[: length - 1] + "…"
