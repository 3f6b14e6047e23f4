"""CSV files: a quick reader for those that are as they should be, a careful one for the others.

No type, date or delimiter is ever guessed from the content. Both readers follow RFC 4180: a cell in
quotation marks may hold delimiters, line breaks and doubled quotation marks.
"""

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from metrics.errors import SourceError
from metrics.ingest.cells import Fault
from metrics.ingest.files import text_facts
from metrics.ingest.tables import Attempt, Batch, Column, UnfitError, checked_header

LONGEST_LINE = 4 << 20  # Characters. 10,000 columns fit; a file without line ends does not fill the memory.
BLOCK = 1 << 24  # Bytes the quick reader takes at a time; holds the longest line.
ROWS = 1 << 16  # Rows the careful reader gathers at a time.

_REPEATING = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class _Record:
    """One row as it stands in the file: the lines it covers, counted from 1, and its cells."""

    first_line: int
    last_line: int
    cells: list[str]


class CsvTable:
    """A CSV file, opened.

    Args:
        path: The file.
        name: As messages call it.
        delimiter: One character.

    Raises:
        SourceError: It is empty, no text, or its header cannot be used.
    """

    line_word = "line"

    def __init__(self, path: Path, name: str, delimiter: str) -> None:
        self.path = path
        self.name = name
        self.delimiter = delimiter
        self._facts = text_facts(path, name)
        self.sha256 = self._facts.sha256
        self.size = self._facts.size
        head = next(self._records())
        self.header = checked_header(head.cells, name)
        self._lines_of_header = head.last_line

    def attempts(self, columns: Sequence[int], values: Collection[int]) -> tuple[Attempt, ...]:
        """Numbers read straight away; else as text; else record by record."""
        careful = partial(self._careful, columns)
        if not self._facts.plain:
            return (careful,)
        as_text = partial(self._quick, columns, frozenset())
        return (
            (partial(self._quick, columns, frozenset(values)), as_text, careful)
            if values
            else (as_text, careful)
        )

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """The line and the cells of each row after the header."""
        records = self._records()
        next(records)
        return ((record.first_line, record.cells) for record in records)

    def lines(self, rows: Collection[int]) -> Mapping[int, int]:
        """The line on which each row starts."""
        wanted = set(rows)
        last = max(wanted, default=-1)
        lines: dict[int, int] = {}
        for row, (line, _) in enumerate(self.records()):
            if row in wanted:
                lines[row] = line
            if row >= last:
                break
        return lines

    def _quick(self, columns: Sequence[int], numbers: frozenset[int]) -> Iterator[Batch]:
        names = [str(place) for place in range(len(self.header))]
        types = {
            names[p]: pa.float64() if p in numbers else _REPEATING if numbers else pa.string()
            for p in columns
        }
        try:
            with pa.OSFile(str(self.path)) as file:
                reader = arrow_csv.open_csv(
                    file,
                    read_options=arrow_csv.ReadOptions(
                        block_size=BLOCK, column_names=names, skip_rows=self._lines_of_header
                    ),
                    parse_options=arrow_csv.ParseOptions(
                        delimiter=self.delimiter, newlines_in_values=self._facts.quotes
                    ),
                    convert_options=arrow_csv.ConvertOptions(
                        include_columns=list(types),
                        column_types=types,
                        null_values=[""],
                        strings_can_be_null=True,
                    ),
                )
                first = 0
                # The next block is parsed while this one is worked on.
                with ThreadPoolExecutor(1) as ahead:
                    coming = ahead.submit(next, reader, None)
                    while (batch := coming.result()) is not None:
                        done = min(file.tell(), self.size)
                        coming = ahead.submit(next, reader, None)
                        rows = np.arange(first, first + batch.num_rows, dtype=np.int64)
                        first += batch.num_rows
                        cells = {place: _column(batch.column(i)) for i, place in enumerate(columns)}
                        yield Batch(rows, cells, done=done)
        except pa.ArrowInvalid as error:
            if "Empty CSV file" not in str(error):
                raise UnfitError(str(error)) from error

    def _careful(self, columns: Sequence[int]) -> Iterator[Batch]:
        cells: list[list[str | None]] = [[] for _ in columns]
        misshapen: list[tuple[int, str, str]] = []
        first = 0
        row = -1
        for row, (_, record) in enumerate(self.records()):
            record, fault = self.shaped(record)
            if fault is not None:
                misshapen.append((row, self.delimiter.join(record[:20]), fault))
                record = [""] * len(self.header)
            for kept, place in zip(cells, columns, strict=True):
                kept.append(record[place] or None)
            if row - first + 1 == ROWS:
                yield self._batch(columns, cells, misshapen, first)
                first, cells, misshapen = row + 1, [[] for _ in columns], []
        if row >= first:
            yield self._batch(columns, cells, misshapen, first)

    def _batch(
        self,
        columns: Sequence[int],
        cells: Sequence[list[str | None]],
        misshapen: Sequence[tuple[int, str, str]],
        first: int,
    ) -> Batch:
        rows = np.arange(first, first + len(cells[0]), dtype=np.int64)
        arrays = (Column(text=pa.array(column, pa.string())) for column in cells)
        return Batch(rows, dict(zip(columns, arrays, strict=True)), misshapen)

    def shaped(self, record: list[str]) -> tuple[list[str], Fault | None]:
        """A record made as long as the header, and what is wrong if more than blank ends differ."""
        wide = len(self.header)
        if len(record) > wide and not any(map(str.strip, record[wide:])):
            return record[:wide], None
        if len(record) < wide and (not any(self.header[len(record) :]) or not any(map(str.strip, record))):
            return record + [""] * (wide - len(record)), None
        if len(record) == wide:
            return record, None
        more = "more" if len(record) > wide else "fewer"
        return record, Fault(
            f"has {len(record)} cells, {more} than the {wide} of the header: "
            "add or remove a delimiter, or put quotation marks around the cell that holds one"
        )

    def _records(self) -> Iterator[_Record]:
        """All rows that are not empty, the header first.

        Raises:
            SourceError: A quotation mark is never closed, a line has no end, or a letter is broken.
        """
        before = 0
        try:
            with self.path.open(encoding=self._facts.encoding, newline="") as file:
                reader = csv.reader(self._lines(file), delimiter=self.delimiter, strict=True)
                for record in reader:
                    if record:
                        yield _Record(before + 1, reader.line_num, record)
                    before = reader.line_num
        except csv.Error as error:
            raise SourceError(
                f"{self.name}, in the row that starts on line {before + 1}: {error}. "
                "Close or double the quotation mark there, and load again."
            ) from error
        except UnicodeError as error:
            raise SourceError(
                f"{self.name}, after line {before}: broken text. Save it as 'CSV UTF-8' and load again."
            ) from error

    def _lines(self, file: TextIO) -> Iterator[str]:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise SourceError(
                    f"{self.name}, line {number}: longer than {LONGEST_LINE:,} characters. "
                    "Its line ends were lost; export it again."
                )
            if "\0" in line:
                raise SourceError(
                    f"{self.name}, line {number}: a NUL character. Export it again as 'CSV UTF-8'."
                )
            yield line


def _column(array: pa.Array) -> Column:
    if not pa.types.is_floating(array.type):
        return Column(text=array)
    if np.isinf(array.to_numpy(zero_copy_only=False)).any():
        raise UnfitError("a number is infinite, and its text would be lost")
    return Column(numbers=array)
