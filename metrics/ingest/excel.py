"""Excel workbooks (xlsx, xls) and OpenDocument sheets: typed cells, rows named as on the sheet.

A workbook is a zip archive from somebody else. Before it is opened, its entries are unpacked once as a
stream, which bounds them and finds two things that the reader would not tell: how large the sheet would
become in memory, and which cells hold an error such as #N/A. In xls files an error reads as a blank cell.
"""

import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from xml.parsers import expat

import numpy as np
import pyarrow as pa
import python_calamine as calamine

from metrics.errors import SourceError, hint
from metrics.ingest.files import not_a, sha256
from metrics.ingest.tables import Attempt, Batch, Column, checked_header

UNPACKED = 300 << 20  # Bytes; a workbook of a million rows and ten columns has about 300 MB of XML.
OLD_WORKBOOK = 100 << 20  # Bytes; xls files are not packed.
AREA = 20_000_000  # Cells between A1 and the last cell: the reader keeps one value for each, filled or not.
ROWS = 1 << 16  # Rows gathered at a time.

Cell = int | float | str | bool | time | date | datetime | timedelta


class ExcelTable:
    """A sheet of a workbook, opened.

    Args:
        path: The file.
        name: As messages call it.
        sheet: Name of the sheet; None for the first.

    Raises:
        SourceError: It is no workbook, is locked, too large or damaged, or has no such sheet.
    """

    line_word = "row"

    def __init__(self, path: Path, name: str, sheet: str | None) -> None:
        self.path = path
        self.name = name
        self.sha256 = sha256(path)
        self.size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(512)
        not_a(form="excel", name=name, start=start)
        facts = _Facts()
        if start.startswith(b"PK"):
            facts = _inspected(path, name, sheet)
        elif self.size > OLD_WORKBOOK:
            raise _too_large(name)
        self._errors = facts.errors
        self._rows = self._opened(sheet)
        self.header, self._first = self._head()

    def attempts(self, columns: Sequence[int], values: Collection[int]) -> tuple[Attempt, ...]:  # noqa: ARG002  (one shape for all tables)
        """One way: each cell has its own type."""
        return (partial(self._batches, columns),)

    def lines(self, rows: Collection[int]) -> Mapping[int, int]:
        """Rows are already those of the sheet."""
        return {row: row for row in rows}

    def _opened(self, sheet: str | None) -> list[list[Cell]]:
        try:
            # By its content: from a path the reader would go by the ending.
            with self.path.open("rb") as file, calamine.load_workbook(file) as book:
                names = book.sheet_names
                if not names:
                    raise SourceError(f"{self.name} has no sheet. Export it again.")
                if sheet is not None and sheet not in names:
                    told = hint(sheet, names).replace("Declared:", "It has:")
                    raise SourceError(f"{self.name} has no sheet {sheet!r}. {told}")
                cells: list[list[Cell]] = book.get_sheet_by_name(sheet or names[0]).to_python(
                    skip_empty_area=False
                )
                return cells
        except calamine.PasswordError as error:
            raise SourceError(f"{self.name} is locked by a password. Save it without one.") from error
        except (calamine.CalamineError, OSError, ValueError) as error:
            raise SourceError(f"{self.name} cannot be read as a workbook: {error}. Save it again.") from error

    def _head(self) -> tuple[tuple[str, ...], int]:
        """The header, and the place of the row after it."""
        for place, cells in enumerate(self._rows):
            if any(cell != "" for cell in cells):
                return checked_header([_words(cell) for cell in cells], self.name), place + 1
        raise SourceError(f"{self.name}: the sheet is empty. Put the columns' names into its first row.")

    def _batches(self, columns: Sequence[int]) -> Iterator[Batch]:
        filled_rows = {row for row, _ in self._errors}
        places = [
            place
            for place in range(self._first, len(self._rows))
            if place in filled_rows or any(cell != "" for cell in self._rows[place])
        ]
        for start in range(0, len(places), ROWS):
            some = places[start : start + ROWS]
            cells = {column: self._column(some, column) for column in columns}
            yield Batch(
                np.array(some, dtype=np.int64) + 1, cells, done=self.size * (start + len(some)) // len(places)
            )

    def _column(self, places: Sequence[int], column: int) -> Column:
        text: list[str | None] = []
        numbers: list[float | None] = []
        moments: list[datetime | None] = []
        for place in places:
            cell = self._rows[place][column]
            error = self._errors.get((place, column))
            words = number = moment = None
            if error is not None:
                words = error
            elif isinstance(cell, str):
                words = cell or None
            elif isinstance(cell, datetime):
                moment = cell
            elif isinstance(cell, date):
                moment = datetime(cell.year, cell.month, cell.day)
            elif isinstance(cell, int | float) and not isinstance(cell, bool):
                number = float(cell)
            else:
                words = _words(cell)
            text.append(words)
            numbers.append(number)
            moments.append(moment)
        return Column(
            text=pa.array(text, pa.string()),
            numbers=pa.array(numbers, pa.float64()),
            moments=pa.array(moments, pa.timestamp("us")),
        )


def _words(cell: Cell) -> str:
    """A cell as text, as a sheet would show it: `2026` and not `2026.0`."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _too_large(name: str) -> SourceError:
    return SourceError(
        f"{name} would need too much memory: its cells are too many, or reach too far from the corner. "
        "Delete the empty rows and columns around the data, or export it as CSV."
    )


# --- what is inside the archive ---------------------------------------------------------------


@dataclass(slots=True)
class _Facts:
    """What a sheet's XML tells.

    Attributes:
        rows: Up to the last filled one.
        columns: The same.
        errors: Cells that hold an error, by row and column from 0.
    """

    rows: int = 0
    columns: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


def _inspected(path: Path, name: str, sheet: str | None) -> _Facts:
    """Look into the archive before the reader does.

    Raises:
        SourceError: It is no workbook, damaged or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED:
                raise _too_large(name)
            if "xl/workbook.xml" in entries:
                return _xlsx(archive, name, sheet)
            if "content.xml" in entries:
                return _ods(archive, name, sheet)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as error:
        raise SourceError(f"{name} is a damaged or locked archive: {error}. Save it again.") from error
    except expat.ExpatError as error:
        raise SourceError(f"{name} holds broken XML: {error}. Save it again.") from error
    raise SourceError(
        f"{name} is a zip archive without a workbook in it. Save it as xlsx or export it as CSV."
    )


def _xlsx(archive: zipfile.ZipFile, name: str, sheet: str | None) -> _Facts:
    wanted, targets = _sheet_parts(archive, sheet)
    found = _Facts()
    for entry in archive.infolist():
        part = PurePosixPath(entry.filename)
        if part.parent.name == "worksheets" and part.suffix == ".xml":
            facts = _XlsxSheet().read(archive, entry)
            if facts.rows * facts.columns > AREA:
                raise _too_large(name)
            if wanted is not None and targets.get(wanted) == entry.filename:
                found = facts
        else:
            _drained(archive, entry)
    return found


def _sheet_parts(archive: zipfile.ZipFile, sheet: str | None) -> tuple[str | None, Mapping[str, str]]:
    """The relation of the wanted sheet (None: the first), and the part of the archive behind each."""
    sheets: list[tuple[str, str]] = []
    targets: dict[str, str] = {}

    def book(tag: str, given: Mapping[str, str]) -> None:
        if tag == "sheet":
            relation = next((value for key, value in given.items() if _local(key) == "id"), "")
            sheets.append((given.get("name", ""), relation))

    def relation(tag: str, given: Mapping[str, str]) -> None:
        if tag == "Relationship":
            target = given.get("Target", "")
            targets[given.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

    _walked(archive, archive.getinfo("xl/workbook.xml"), start=book)
    if "xl/_rels/workbook.xml.rels" in archive.namelist():
        _walked(archive, archive.getinfo("xl/_rels/workbook.xml.rels"), start=relation)
    chosen = next((part for label, part in sheets if sheet is None or label == sheet), None)
    return chosen, targets


class _XlsxSheet:
    """Walks a sheet of an xlsx file."""

    def __init__(self) -> None:
        self._facts = _Facts()
        self._row = self._column = -1
        self._error: list[str] | None = None
        self._value = False

    def read(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> _Facts:
        """How far the sheet's cells reach, and which hold errors."""
        _walked(archive, entry, start=self._start, end=self._end, text=self._text)
        return self._facts

    def _start(self, tag: str, given: Mapping[str, str]) -> None:
        if tag == "row":
            number = given.get("r", "")
            self._row = int(number) - 1 if number.isdecimal() else self._row + 1
            self._column = -1
        elif tag == "c":
            self._column += 1
            letters = given.get("r", "").rstrip("0123456789")
            if letters.isalpha() and letters.isascii():
                self._column = _number_of(letters.upper()) - 1
                digits = given["r"][len(letters) :]
                self._row = int(digits) - 1 if digits else self._row
            self._facts.rows = max(self._facts.rows, self._row + 1)
            self._facts.columns = max(self._facts.columns, self._column + 1)
            self._error = [] if given.get("t") == "e" else None
        elif tag == "v":
            self._value = True

    def _text(self, text: str) -> None:
        if self._value and self._error is not None:
            self._error.append(text)

    def _end(self, tag: str) -> None:
        if tag == "v":
            self._value = False
        elif tag == "c" and self._error is not None:
            self._facts.errors[self._row, self._column] = "".join(self._error) or "#N/A"
            self._error = None


def _number_of(letters: str) -> int:
    """The number of a column: A is 1, Z 26, AA 27."""
    number = 0
    for letter in letters[:4]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _ods(archive: zipfile.ZipFile, name: str, sheet: str | None) -> _Facts:
    walk = _OdsSheets(name, sheet)
    for entry in archive.infolist():
        if entry.filename == "content.xml":
            _walked(archive, entry, start=walk.start, end=walk.end)
        else:
            _drained(archive, entry)
    return walk.facts


class _OdsSheets:
    """Walks the sheets of an OpenDocument file, in which rows and cells may be repeated by a number."""

    def __init__(self, name: str, sheet: str | None) -> None:
        self.facts = _Facts()
        self._name = name
        self._sheet = sheet
        self._sheets = 0
        self._wanted = False
        self._row = self._column = self._rows = self._reach = 0
        self._filled = 0
        self._repeat = 1

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        """A sheet, a row or a cell begins."""
        local = {_local(key): value for key, value in given.items()}
        if tag == "table":
            self._wanted = local.get("name") == self._sheet if self._sheet is not None else self._sheets == 0
            self._sheets += 1
            self._row = self._rows = self._reach = 0
        elif tag == "table-row":
            self._repeat = _count(local.get("number-rows-repeated"))
            self._column = self._filled = 0
        elif tag in ("table-cell", "covered-table-cell"):
            times = _count(local.get("number-columns-repeated"))
            if "value-type" in local or "formula" in local:
                if (
                    self._wanted
                    and given.get("calcext:value-type") == "error"
                    and times * self._repeat <= 1000
                ):
                    for row in range(self._row, self._row + self._repeat):
                        for column in range(self._column, self._column + times):
                            self.facts.errors[row, column] = "#N/A"
                self._filled = self._column + times
            self._column += times

    def end(self, tag: str) -> None:
        """A row ends."""
        if tag == "table-row":
            self._row += self._repeat
            if self._filled:
                self._rows = self._row
                self._reach = max(self._reach, self._filled)
                if self._rows * self._reach > AREA:
                    raise _too_large(self._name)


def _count(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else 1


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _drained(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Unpack an entry into nothing: the archive checks its length and sum at the end."""
    with archive.open(entry) as file:
        while file.read(1 << 20):
            pass


def _walked(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Walk an entry's XML as a stream; tags come without their prefix."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.StartElementHandler = lambda tag, given: start(_local(tag), given)
    if end is not None:
        close = end
        parser.EndElementHandler = lambda tag: close(_local(tag))
    if text is not None:
        parser.CharacterDataHandler = text
    with archive.open(entry) as file:
        while block := file.read(1 << 20):
            parser.Parse(block, False)
        parser.Parse(b"", True)


def _no_doctype(*_: object) -> None:
    # Entities declared there could grow without bound; no program writes them into a workbook.
    raise expat.ExpatError("a document type declaration")
