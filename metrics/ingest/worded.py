"""A small file of words and numbers, CSV or Excel, as rows of text with their lines: what people import."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa

from metrics.definitions import Grain
from metrics.errors import SourceError
from metrics.ingest.cells import Fault, Signs, day, number_fault, numbers
from metrics.ingest.csv import CsvTable
from metrics.ingest.excel import ExcelTable
from metrics.ingest.tables import Column, position, shown

EXCEL = (".xlsx", ".xls", ".ods", ".xlsm")
MOST = 50_000  # Rows; more is a source, not something people import by hand.
PLAIN = Signs(".", "")


@dataclass(frozen=True, slots=True)
class WordedRow:
    """One row.

    Attributes:
        line: Where it stands in the file.
        cells: By column, without outer spaces; a number as it is written, a date as 2026-05-09.
    """

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Worded:
    """A file read.

    Attributes:
        name: Of the file.
        line_word: What a line is called: `line`, or `row` of a sheet.
        header: Its columns.
        rows: Those that are not blank.
    """

    name: str
    line_word: str
    header: tuple[str, ...]
    rows: tuple[WordedRow, ...]

    def place(self, row: WordedRow, column: str) -> str:
        """Where a cell is, in words: `plan.csv, line 4, column value: '1,O00'`."""
        cell = row.cells.get(column, "")
        return f"{self.name}, {self.line_word} {row.line}, column {column}: {shown(cell)}"


def worded(path: Path, needed: Sequence[str]) -> Worded:
    """Read a file whose columns are named in its first row.

    Args:
        path: CSV (commas or semicolons), or a workbook whose first sheet is read.
        needed: Columns that must be there.

    Raises:
        SourceError: It is missing, no CSV or workbook, too long, lacks a column, or a row does not fit.
    """
    if not path.is_file():
        raise SourceError(f"{path} is not there. Name a file that exists.")
    excel = path.suffix.lower() in EXCEL
    table = ExcelTable(path, path.name, None) if excel else _csv(path)
    for column in needed:
        position(column, table.header, path.name)
    told = _of_sheet(table) if isinstance(table, ExcelTable) else _of_csv(table)
    rows = tuple(
        WordedRow(line, dict(zip(table.header, (cell.strip() for cell in cells), strict=False)))
        for line, cells in told
        if any(cell.strip() for cell in cells)
    )
    if len(rows) > MOST:
        raise SourceError(f"{path.name} has more than {MOST:,} rows. Declare it as a source instead.")
    if not rows:
        raise SourceError(f"{path.name} has no row under its header. Nothing was imported.")
    return Worded(path.name, table.line_word, table.header, rows)


def _csv(path: Path) -> CsvTable:
    table = CsvTable(path, path.name, ",")
    semicolons = len(table.header) == 1 and ";" in table.header[0]
    return CsvTable(path, path.name, ";") if semicolons else table


def _of_csv(table: CsvTable) -> Iterator[tuple[int, list[str]]]:
    for line, record in table.records():
        cells, fault = table.shaped(record)
        if fault is not None:
            raise SourceError(f"{table.name}, line {line}: the row {fault}.")
        yield line, cells


def _of_sheet(table: ExcelTable) -> Iterator[tuple[int, list[str]]]:
    [attempt] = table.attempts(range(len(table.header)), ())
    for batch in attempt():
        columns = [_texts(batch.columns[place]) for place in range(len(table.header))]
        yield from zip(
            batch.rows.tolist(), (list(cells) for cells in zip(*columns, strict=True)), strict=True
        )


def _texts(column: Column) -> list[str]:
    """The cells of a typed column as text."""
    found = [""] * len(column)
    if column.text is not None:
        found = [cell or "" for cell in column.text.to_pylist()]
    if column.numbers is not None:
        for place, number in enumerate(column.numbers.to_pylist()):
            if number is not None:
                found[place] = f"{number:.15g}"
    if column.moments is not None:
        for place, moment in enumerate(column.moments.to_pylist()):
            if moment is not None:
                found[place] = moment.date().isoformat()
    return found


def a_number(cell: str) -> Decimal | Fault:
    """The number that a cell says, exactly; or why it says none."""
    if not cell:
        return Fault("is empty: write a number")
    if numbers(pa.array([cell]), PLAIN)[1][0]:
        return number_fault(cell, PLAIN)
    try:
        told = Decimal(cell)
        return told if told.is_finite() else Fault("is not a finite number: write a number")
    except InvalidOperation:  # Written with a sign of a currency or of percent.
        return Decimal(repr(float(numbers(pa.array([cell]), PLAIN)[0][0])))


def a_day(cell: str, grain: Grain = "day") -> date | Fault:
    """The day that a cell names; of a month without a day its 15th."""
    return day(cell, None, grain) if cell else Fault("is empty: write a date")
