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
from metrics.ingest.readings import KEPT
from metrics.ingest.tables import Attempt, Batch, Column, Ints, UnfitError, checked_header, cut, shown

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
        records = self._records()
        if (head := next(records, None)) is None:
            raise SourceError(f"{name} is empty. Export it again, with the columns' names in the first row.")
        self.header = checked_header(head.cells, name)
        self.lines_of_header = head.last_line
        # Many programs end each row with a delimiter, but not the header.
        row = next(records, None)
        spare = [] if row is None else row.cells[len(self.header) :]
        self._width = len(self.header) + (0 if any(map(str.strip, spare)) else len(spare))

    def attempts(self, columns: Sequence[int], values: Collection[int]) -> tuple[Attempt, ...]:
        """Numbers read straight away; else as text; else record by record."""
        careful = partial(self._careful, columns)
        if not self._facts.plain:
            return (careful,)
        as_text = partial(self._quick, columns, frozenset())
        if not values:
            return as_text, careful
        return partial(self._quick, columns, frozenset(values)), as_text, careful

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
        for row, line in enumerate(self._first_lines()):
            if row in wanted:
                lines[row] = line
            if row >= last:
                break
        return lines

    def _first_lines(self) -> Iterator[int]:
        """The line of each row after the header."""
        if self._facts.quotes or not self._facts.plain:
            yield from (line for line, _ in self.records())
            return
        # Without quotation marks a row is a line, and need not be taken apart.
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if number > self.lines_of_header and line.strip(b"\r\n"):
                    yield number

    def _quick(self, columns: Sequence[int], numbers: frozenset[int]) -> Iterator[Batch]:
        names = [str(place) for place in range(self._width)]
        spare = range(len(self.header), self._width)
        types = {
            names[p]: pa.float64() if p in numbers else _REPEATING if numbers else pa.string()
            for p in (*columns, *spare)
        }
        misfits = _Misfits(self)
        try:
            with pa.OSFile(str(self.path)) as file:
                reader = arrow_csv.open_csv(
                    file,
                    read_options=arrow_csv.ReadOptions(
                        block_size=BLOCK,
                        column_names=names,
                        skip_rows=self.lines_of_header,
                        use_threads=bool(numbers),  # Only without them are rows that do not fit numbered.
                    ),
                    parse_options=arrow_csv.ParseOptions(
                        delimiter=self.delimiter,
                        newlines_in_values=self._facts.quotes,
                        invalid_row_handler=None if numbers else misfits,
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
                        misfits.check()
                        for place in spare:
                            _unused(batch.column(names[place]))
                        rows = misfits.others(first, batch.num_rows)
                        first = int(rows[-1]) + 1 if len(rows) else first
                        cells = {place: _column(batch.column(names[place])) for place in columns}
                        yield Batch(rows, cells, done=done)
                misfits.check()
                if misfits.told:
                    yield self._batch(columns, [[] for _ in columns], misfits.told, [])
        except pa.ArrowInvalid as error:
            if "Empty CSV file" not in str(error):
                raise UnfitError(str(error)) from error

    def _careful(self, columns: Sequence[int]) -> Iterator[Batch]:
        cells: list[list[str | None]] = [[] for _ in columns]
        misfits = _Misfits(self)
        rows: list[int] = []
        for row, (_, record) in enumerate(self.records()):
            record, fault = self.shaped(record)
            if fault is not None:
                misfits.add(row, record, fault)
                misfits.check()
                continue
            rows.append(row)
            for kept, place in zip(cells, columns, strict=True):
                kept.append(record[place] or None)
            if len(rows) == ROWS:
                yield self._batch(columns, cells, (), rows)
                cells, rows = [[] for _ in columns], []
        yield self._batch(columns, cells, misfits.told, rows)

    def _batch(
        self,
        columns: Sequence[int],
        cells: Sequence[list[str | None]],
        misshapen: Sequence[tuple[int, str, str]],
        rows: Sequence[int],
    ) -> Batch:
        arrays = (Column(text=pa.array(column, pa.string())) for column in cells)
        return Batch(
            np.array(rows, dtype=np.int64), dict(zip(columns, arrays, strict=True)), misshapen, done=self.size
        )

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
        cells = "1 cell" if len(record) == 1 else f"{len(record)} cells"
        mend = "add or remove a delimiter, or put quotation marks around the cell that holds one"
        if wide == 1:
            mend = "remove what stands above the row of the columns' names"
        return record, Fault(f"has {cells}, {more} than the {wide} of the header: {mend}")

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


class _Misfits:
    """Rows that do not fit the header, as the quick reader meets them or the careful one adds them."""

    def __init__(self, table: CsvTable) -> None:
        self.told: list[tuple[int, str, str]] = []
        self._table = table
        self._rows: list[int] = []
        self._unfit = self._many = False

    def __call__(self, row: arrow_csv.InvalidRow) -> str:
        """Keep the quick reader going. Called on its own thread, so that nothing may be raised here."""
        if row.number is None:
            self._unfit = True
            return "skip"
        place = row.number - 1 - self._table.lines_of_header
        if '"' in row.text:
            record = next(csv.reader([row.text], delimiter=self._table.delimiter), [])
        else:
            record = row.text.split(self._table.delimiter)  # Many times as fast.
        record, fault = self._table.shaped(record)
        self._rows.append(place)
        if fault is not None:
            self.add(place, record, fault)
        elif any(map(str.strip, record)):
            self._unfit = True  # A good row of another length: only the careful reader can take it.
        return "skip"

    def add(self, row: int, record: Sequence[str], fault: str) -> None:
        """Remember a row; beyond `KEPT` of them the file is refused as a whole, by `check`."""
        if len(self.told) < KEPT:
            self.told.append((row, cut(self._table.delimiter.join(record[:20])), fault))
        else:
            self._many = True

    def check(self) -> None:
        """Stop reading if it cannot go on.

        Raises:
            UnfitError: Only the careful reader can read this file.
            SourceError: Too many rows do not fit for the rest to be trusted.
        """
        if self._unfit:
            raise UnfitError("a row has another length and yet fits")
        if self._many:
            row, text, fault = self.told[0]
            raise SourceError(
                f"{self._table.name}: more than {KEPT:,} rows do not fit the header. The first, on line "
                f"{self._table.lines([row])[row]}, is {shown(text)} and {fault}."
            )

    def others(self, first: int, count: int) -> Ints:
        """The places of the next `count` rows that fit, from `first` on."""
        misfits = np.array([row for row in self._rows if row >= first], dtype=np.int64)
        rows = np.arange(first, first + count + len(misfits), dtype=np.int64)
        return np.setdiff1d(rows, misfits, assume_unique=True)[:count] if len(misfits) else rows


def _unused(array: pa.Array) -> None:
    """Make sure that cells beyond the header are blank."""
    if array.null_count < len(array) and any(text and text.strip() for text in array.unique().to_pylist()):
        raise UnfitError("cells beyond the header")


def _column(array: pa.Array) -> Column:
    if not pa.types.is_floating(array.type):
        return Column(text=array)
    if np.isinf(array.to_numpy(zero_copy_only=False)).any():
        raise UnfitError("a number is infinite, and its text would be lost")
    return Column(numbers=array)
