"""What reading a source gives: observations, and the cells that were refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from metrics.definitions import Grain

SHOWN = 20  # Refused cells told in an error; all of them are counted.
KEPT = 100_000  # Refused cells kept with their place; a file of the wrong kind has millions.

Progress = Callable[[str, float], None]
"""Told the name of the file being read, and how much of the whole source is read, 0 to 1."""

SCHEMA = pa.schema(
    [
        ("series", pa.dictionary(pa.int32(), pa.string())),
        ("segments", pa.dictionary(pa.int32(), pa.string())),
        ("day", pa.date32()),
        ("value", pa.float64()),
        ("observed_at", pa.timestamp("us")),
        ("file", pa.dictionary(pa.int32(), pa.string())),
    ]
)


@dataclass(frozen=True, slots=True)
class Reject:
    """One refused cell.

    Attributes:
        file: Name of the file, relative to the workspace.
        line: Line of the file on which the row starts, counted from 1; in Excel the row's number on the
            sheet, in Parquet the row, counted from 1.
        column: Name in the header; empty if the whole row is refused.
        cell: What stands there, cut to 60 characters, control characters escaped.
        reason: What is wrong, and the remedy.
    """

    file: str
    line: int
    column: str
    cell: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileRead:
    """One file that was read.

    Attributes:
        name: Relative to the workspace.
        sha256: Of its bytes, in hexadecimal.
        rows: Data rows in it.
        unread: Columns that the source does not name.
    """

    name: str
    sha256: str
    rows: int
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Readings:
    """What one source says.

    Attributes:
        source: Name of the source.
        grain: What a `day` stands for: itself, or the week or month whose last day it is.
        kind: `values` are one per key; `samples` may repeat it.
        table: Columns `series` and `segments` (dictionary of string; segments as JSON with sorted keys, `{}`
            if there are none), `day` (date32), `value` (float64, finite), `observed_at` (timestamp[us], UTC;
            null means when it was loaded) and `file` (dictionary of string). Sorted by series, segments, day
            and observed_at, so that the order of rows and columns in the files does not matter. A blank
            cell has no row.
        rows: Data rows read.
        refused: Cells refused in all.
        rejects: The refused cells in order of file and line, `KEPT` of them at most.
        files: The files, in order of their names.
        notices: A sentence each on what was assumed.
    """

    source: str
    grain: Grain
    kind: Literal["values", "samples"]
    table: pa.Table = field(repr=False)
    rows: int
    refused: int
    rejects: tuple[Reject, ...]
    files: tuple[FileRead, ...]
    notices: tuple[str, ...] = ()
