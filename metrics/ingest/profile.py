"""What an unknown file seems to hold, for a first draft of its definitions.

This is the one place that guesses, and every guess is told in `notes`. What cannot be told from the
data, such as whether 03/04 is in March or in April, is asked.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metrics.definitions import Grain
from metrics.errors import SourceError
from metrics.ingest import cells
from metrics.ingest.cells import Decimal, Fault, Signs, Thousands
from metrics.ingest.files import SUFFIXES, Form, text_facts
from metrics.ingest.gather import as_text
from metrics.ingest.reading import opened_table
from metrics.ingest.tables import Column, Table, UnfitError, shown

ROWS = 200_000  # Rows looked at; a draft needs no more.
FEW = 50  # Different texts a column of segments or series has at most.
MOSTLY = 0.9  # Share of a column's filled cells that must be numbers, or dates, for it to be taken as such.

_DAY_FIRST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)((?:[T ].*)?)", re.ASCII)
_SHORT_YEAR = re.compile(r"(\d{1,2})([-/ ])([A-Za-z]{3,9})\2(\d\d)", re.ASCII)
_DATE_NAMES = ("date", "day", "datum", "ds", "week", "month", "period", "time", "timestamp")
_SERIES_NAMES = {
    "series",
    "metric",
    "metrics",
    "kpi",
    "measure",
    "variable",
    "indicator",
    "name",
    "metric_name",
}
_OBSERVED_NAMES = {"observed_at", "seen", "seen_at", "as_of"}


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column.

    Attributes:
        name: In the header.
        kind: What its cells are; `text` if they are neither dates nor numbers.
        filled: Cells that are not blank.
        refused: Filled cells that a source declared so would refuse.
        values: The different texts of a text column, sorted, if they are few; else empty.
        percent: Are its numbers written with a percent sign, and so fractions?
        whole: Are its numbers all whole?
        smallest: Of its numbers; None if there are none.
        largest: Likewise.
    """

    name: str
    kind: Literal["date", "number", "text", "empty"]
    filled: int
    refused: int = 0
    values: tuple[str, ...] = ()
    percent: bool = False
    whole: bool = False
    smallest: float | None = None
    largest: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a file seems to hold.

    Attributes:
        form: What kind of file it is.
        header: Names of its columns.
        sheet: Of a workbook, the one looked at; None for the first.
        delimiter: Of a CSV; a comma for other forms.
        decimal: Decimal sign of its numbers.
        thousands: Sign between thousands; empty if there is none.
        date_column: Name of the column of days.
        date_format: As a source must declare it; None if it need not.
        grain: How far apart the days are.
        shape: `wide` with one column a series, `long` with a column that names the series.
        numbers: Columns of numbers: the series of a wide file, in order.
        series_column: Column that names the series of a long file; None of a wide one.
        value_column: Column of values of a long file; None of a wide one.
        segments: Columns of text with few values, that tell apart the rows of one day.
        observed_at: Column of the moment a value was known; None if there seems to be none.
        unread: Columns that are none of these.
        columns: Each of the header's columns that has a name, in order.
        rows: Data rows looked at, `ROWS` at most.
        first: First day.
        last: Last day.
        repeated: Rows whose key was told before; a source declared so refuses them.
        notes: Every guess, and what to look at, as sentences.
    """

    form: Form
    header: tuple[str, ...]
    sheet: str | None
    delimiter: str
    decimal: Decimal
    thousands: Thousands
    date_column: str
    date_format: str | None
    grain: Grain
    shape: Literal["wide", "long"]
    numbers: tuple[str, ...]
    series_column: str | None
    value_column: str | None
    segments: tuple[str, ...]
    observed_at: str | None
    unread: tuple[str, ...]
    columns: tuple[ColumnProfile, ...]
    rows: int
    first: date
    last: date
    repeated: int
    notes: tuple[str, ...]


def profile(path: Path, *, sheet: str | None = None, date_format: str | None = None) -> Profile:
    """Look at a file and say what it seems to hold.

    Args:
        path: A CSV, Excel or Parquet file, by its ending.
        sheet: Of a workbook; None for the first.
        date_format: How its days are written, if the data cannot tell.

    Raises:
        SourceError: It is no such file, or no column holds days or numbers, or days can be read in two ways.
    """
    form = _form(path)
    notes: list[str] = []
    try:
        delimiter = _delimiter(path, notes) if form == "csv" else ","
        table = opened_table(form, path, path.name, delimiter=delimiter, sheet=sheet)
        columns, rows = _columns(table)
        if twice := sorted({text for text in table.header if text and text not in columns}):
            notes.append(f"Not read, since several columns have the name: {', '.join(twice)}.")
        named = [text for text in table.header if text]
        title = f" Its first row holds {named[0]!r} alone: no names of columns." if len(named) == 1 else ""
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}. Correct its path or its rights."
        ) from error
    if rows == ROWS:
        notes.append(f"Only the first {ROWS:,} rows were looked at.")

    dates = _dates(columns, path.name, date_format, notes, title)
    others = {name: column for name, column in columns.items() if name != dates.column}
    signs = _signs(others, delimiter, notes)
    profiles = [_profiled(name, column, signs) for name, column in others.items()]
    filled = sum(1 for day in dates.days if day is not None)
    profiles.append(ColumnProfile(dates.column, "date", filled + dates.refused, dates.refused))
    profiles.sort(key=lambda one: table.header.index(one.name))
    drafted = Profile(
        form=form,
        header=table.header,
        sheet=sheet,
        delimiter=delimiter,
        decimal=signs.decimal,
        thousands=signs.thousands,
        date_column=dates.column,
        date_format=dates.format,
        grain=_grain(dates, notes),
        shape="wide",
        numbers=tuple(one.name for one in profiles if one.kind == "number"),
        series_column=None,
        value_column=None,
        segments=(),
        observed_at=next((n for n in others if n.lower() in _OBSERVED_NAMES), None),
        unread=(),
        columns=tuple(profiles),
        rows=rows,
        first=min(day for day in dates.days if day is not None),
        last=max(day for day in dates.days if day is not None),
        repeated=0,
        notes=(),
    )
    if not drafted.numbers:
        raise SourceError(f"{path.name} has no column of numbers.{title} Choose a file with daily numbers.")
    return _shaped(drafted, others, dates.days, notes)


def _form(path: Path) -> Form:
    if (form := SUFFIXES.get(path.suffix.lower())) is None:
        known = ", ".join(SUFFIXES)
        raise SourceError(f"{path.name}: its ending tells no form of file. Give it one of {known}.")
    return form


def _delimiter(path: Path, notes: list[str]) -> str:
    """The delimiter that parts the first rows into most columns, equally many in each."""
    facts = text_facts(path, path.name)
    with path.open(encoding=facts.encoding, newline="") as file:
        start = [line for line in (file.readline(1 << 16) for _ in range(50)) if line.strip()]
    best, most = ",", 1
    for sign in (",", ";", "\t", "|"):
        widths = {len(record) for record in csv.reader(start, delimiter=sign) if record}
        if len(widths) == 1 and (width := widths.pop()) > most:
            best, most = sign, width
    if most == 1:
        # Rows of several widths: take the sign of the header, and let the rows be refused by their lines.
        best = max((",", ";", "\t", "|"), key=start[0].count)
    if best != ",":
        notes.append(f"Columns are taken to be parted by {best!r}.")
    return best


def _columns(table: Table) -> tuple[Mapping[str, Column], int]:
    """The named columns, up to `ROWS` rows."""
    places = {
        text: place for place, text in enumerate(table.header) if text and table.header.count(text) == 1
    }
    wanted = tuple(places.values())
    for attempt in table.attempts(wanted, ()):
        try:
            parts: list[Mapping[int, Column]] = []
            rows = 0
            for batch in attempt():
                if batch.misshapen:
                    row, text, fault = batch.misshapen[0]
                    line = table.lines([row])[row]
                    where = f"{table.name}, {table.line_word} {line}"
                    raise SourceError(f"{where}: the row {shown(text)} {fault}.")
                keep = min(len(batch.rows), ROWS - rows)
                parts.append({place: _first(column, keep) for place, column in batch.columns.items()})
                rows += keep
                if rows == ROWS:
                    break
            if not rows:
                raise SourceError(f"{table.name} has columns and no rows. Export it again with its data.")
            return {text: _joined([part[place] for part in parts]) for text, place in places.items()}, rows
        except UnfitError:
            continue
    raise SourceError(f"{table.name} cannot be read. Export it again.")


def _first(column: Column, count: int) -> Column:
    return replace(
        column,
        **{key: array.slice(0, count) for key, array in _arrays(column)},
    )


def _arrays(column: Column) -> Iterator[tuple[str, pa.Array]]:
    for key in ("text", "numbers", "moments"):
        if (array := getattr(column, key)) is not None:
            yield key, array


def _joined(parts: Sequence[Column]) -> Column:
    return Column(**{key: pa.concat_arrays([getattr(p, key) for p in parts]) for key, _ in _arrays(parts[0])})


# --- dates -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Dates:
    """A column read as days; `refused` filled cells are none."""

    column: str
    format: str | None
    days: tuple[date | None, ...]
    refused: int
    monthly: bool


def _dates(
    columns: Mapping[str, Column], name: str, date_format: str | None, notes: list[str], title: str
) -> _Dates:
    """The column of days: one named so before others, else the first that holds any.

    `title` is what to say of the first row if there is none.
    """
    order = sorted(columns, key=lambda text: (not _named(text, _DATE_NAMES), list(columns).index(text)))
    questions: list[str] = []
    for text in order:
        column = columns[text]
        if (
            column.numbers is not None
            and column.numbers.null_count < len(column.numbers)
            and not _named(text, _DATE_NAMES)
        ):
            continue  # Eight digits of an amount are no date.
        words = [word.strip() if word else "" for word in as_text(column).to_pylist()]
        different = {word for word in words if word}
        if not different:
            continue
        chosen = date_format
        if chosen is None:
            chosen = _format(different)
        if chosen is not None and "|" in chosen:
            day_first, month_first = chosen.split("|")
            questions.append(
                f"{name}, column {text!r}: {min(different)!r} can be read day first or month first, "
                f"and no date in the file tells. Say which: the format {day_first} or {month_first}."
            )
            continue
        monthly = all(isinstance(cells.day(word, chosen), Fault) for word in different)
        meaning = {word: cells.day(word, chosen, "month" if monthly else "day") for word in different}
        days = tuple(None if not w or isinstance(d := meaning[w], Fault) else d for w in words)
        refused = sum(1 for w in words if w and isinstance(meaning[w], Fault))
        filled = sum(map(bool, words))
        if filled - refused < MOSTLY * filled:
            continue
        notes.append(f"Column {text!r} is taken for the day{f', written {chosen}' if chosen else ''}.")
        if refused:
            notes.append(f"{refused:,} cells of column {text!r} are no dates and will be refused.")
        return _Dates(text, chosen, days, refused, monthly)
    if questions:
        raise SourceError("\n".join(questions))
    raise SourceError(
        f"{name} has no column of days.{title} "
        "Choose a file with a row a day, or name the days like 2026-05-09."
    )


def _named(text: str, names: Sequence[str]) -> bool:
    return any(part in names for part in re.split(r"[^a-z]+", text.lower()))


def _format(different: set[str]) -> str | None:
    """The format that days need; None if they need none; `a|b` if both are possible."""
    numeric = [match for word in different if (match := _DAY_FIRST.fullmatch(word))]
    if len(numeric) >= MOSTLY * len(different):
        sign = numeric[0][2]
        year = "%Y" if len(numeric[0][4]) == 4 else "%y"
        day_first, month_first = f"%d{sign}%m{sign}{year}", f"%m{sign}%d{sign}{year}"
        over_first = any(int(match[1]) > 12 for match in numeric)
        over_second = any(int(match[3]) > 12 for match in numeric)
        if over_first != over_second:
            return day_first if over_first else month_first
        return f"{day_first}|{month_first}" if not over_first else None
    short = [match for word in different if (match := _SHORT_YEAR.fullmatch(word))]
    if len(short) >= MOSTLY * len(different):
        return f"%d{short[0][2]}%b{short[0][2]}%y"
    return None


def _grain(dates: _Dates, notes: list[str]) -> Grain:
    """How far apart the days are."""
    days = sorted({day for day in dates.days if day is not None})
    gaps = {(b - a).days for a, b in pairwise(days)}
    grain: Grain = "day"
    if dates.monthly or (
        len(days) > 2 and min(gaps) >= 28 and len({(d.year, d.month) for d in days}) == len(days)
    ):
        grain = "month"
    elif len(days) > 2 and min(gaps) >= 7 and all(gap % 7 == 0 for gap in gaps):
        grain = "week"
    if grain != "day":
        notes.append(f"The days are a {grain} apart: taken as one value per {grain}.")
    return grain


# --- numbers ---------------------------------------------------------------------------------


def _signs(columns: Mapping[str, Column], delimiter: str, notes: list[str]) -> Signs:
    """The signs under which most cells of the columns that hold numbers are numbers."""
    texts = [
        text for column in columns.values() if (text := _text(column)) is not None and _looks_numeric(text)
    ]
    if not texts:
        return Signs()
    text = pc.unique(pa.concat_arrays(texts))
    refused = {signs: int(cells.numbers(text, signs)[1].sum()) for signs in cells.CONVENTIONS}
    fewest = min(refused.values())
    fit = [signs for signs in cells.CONVENTIONS if refused[signs] == fewest]
    chosen = fit[0]
    if delimiter == ";" and Signs(",", "") in fit and Signs(".", ",") in fit and Signs(".", "") not in fit:
        chosen = Signs(",", "")  # Where the comma is the decimal sign, the semicolon parts columns.
    if chosen != Signs():
        thousands = f", {chosen.thousands!r} between thousands" if chosen.thousands else ""
        notes.append(f"Numbers are taken to have {chosen.decimal!r} for the decimal sign{thousands}.")
        if Signs(".", ",") in fit and Signs(",", "") in fit:
            notes.append(
                "The comma could mean either in every cell: look at the numbers before trusting them."
            )
        if Signs(",", ".") in fit and Signs(".", "") in fit:
            notes.append(
                "The point could mean either in every cell: look at the numbers before trusting them."
            )
    return chosen


def _text(column: Column) -> pa.Array | None:
    return None if column.text is None else column.text.drop_null()


def _looks_numeric(text: pa.Array) -> bool:
    """Do most filled cells hold digits and few letters?"""
    digits = pc.match_substring_regex(text, r"^[^A-Za-z]*[0-9][^A-Za-z]*(?:[A-Z]{3})?$")
    blank = pc.match_substring_regex(pc.utf8_trim_whitespace(text), cells.BLANK)
    filled = len(text) - (pc.sum(blank).as_py() or 0)
    return filled > 0 and (pc.sum(digits).as_py() or 0) >= MOSTLY * filled


def _profiled(name: str, column: Column, signs: Signs) -> ColumnProfile:
    values, refused = (np.empty(0), np.empty(0, dtype=bool))
    percent = False
    if column.text is not None:
        values, refused = cells.numbers(column.text, signs)
        percent = bool(pc.any(pc.match_substring(column.text, "%")).as_py())
    if column.numbers is not None:
        typed = column.numbers.to_numpy(zero_copy_only=False)
        values = typed if not len(values) else np.where(np.isnan(values), typed, values)
    told = values[np.isfinite(values)] if len(values) else values
    wrong = int(refused.sum())
    filled = len(told) + wrong
    if column.moments is not None:
        filled += len(column.moments) - column.moments.null_count
    if not filled:
        return ColumnProfile(name, "empty", 0)
    if len(told) >= MOSTLY * filled:
        return ColumnProfile(
            name,
            "number",
            filled,
            wrong,
            percent=percent,
            whole=bool((told == np.floor(told)).all()),
            smallest=float(told.min()),
            largest=float(told.max()),
        )
    different = {word.strip() for word in pc.unique(as_text(column)).to_pylist() if word and word.strip()}
    few = tuple(sorted(different)) if len(different) <= FEW else ()
    return ColumnProfile(name, "text", filled, values=few)


# --- shape -----------------------------------------------------------------------------------


def _shaped(
    drafted: Profile, columns: Mapping[str, Column], days: Sequence[date | None], notes: list[str]
) -> Profile:
    """Long or wide, with segments; and how many keys repeat."""
    texts = [one for one in drafted.columns if one.kind == "text" and one.name != drafted.observed_at]
    series = next((one.name for one in texts if one.name.lower() in _SERIES_NAMES), None)
    long = series is not None and len(drafted.numbers) == 1
    segments: list[str] = []
    for one in texts:
        if long and one.name == series:
            continue
        if one.values and _varies(days, columns[one.name]):
            segments.append(one.name)
    unread = [one.name for one in texts if one.name not in segments and not (long and one.name == series)]
    unread += [one.name for one in drafted.columns if one.kind == "empty"]

    if long:
        notes.append(
            f"Column {series!r} is taken to name the series, {drafted.numbers[0]!r} to hold their values."
        )
    key_columns = [*segments, *([series] if long and series is not None else [])]
    if drafted.observed_at is not None:
        key_columns.append(drafted.observed_at)
        notes.append(f"Column {drafted.observed_at!r} is taken for the moment a value was known.")
    repeated = _repeated(days, [columns[name] for name in key_columns])
    if segments:
        notes.append(
            f"Taken for segments, since their few values tell a day's rows apart: {', '.join(segments)}."
        )
    if unread:
        notes.append(
            f"Not read, since they are empty, or text that tells no rows apart: {', '.join(unread)}."
        )
    for one in drafted.columns:
        if one.kind == "number" and one.refused:
            notes.append(f"{one.refused:,} cells of column {one.name!r} are no numbers and will be refused.")
    if repeated:
        notes.append(
            f"{repeated:,} rows tell a day again, with the same segments: they will be refused. "
            "Remove them, or name the column that tells them apart."
        )
    missing = (drafted.last - drafted.first).days + 1 - len(set(filter(None, days)))
    if drafted.grain == "day" and missing:
        notes.append(f"{missing:,} days between the first and the last have no row.")
    return replace(
        drafted,
        shape="long" if long else "wide",
        series_column=series if long else None,
        value_column=drafted.numbers[0] if long else None,
        segments=tuple(segments),
        unread=tuple(unread),
        repeated=repeated,
        notes=tuple(notes),
    )


def _varies(days: Sequence[date | None], column: Column) -> bool:
    """Does a day have different texts?"""
    return len(set(zip(days, as_text(column).to_pylist(), strict=True))) > len(set(days))


def _repeated(days: Sequence[date | None], columns: Sequence[Column]) -> int:
    """Rows whose day and texts were told before."""
    texts = [as_text(column).to_pylist() for column in columns]
    seen: set[tuple[object, ...]] = set()
    repeated = 0
    for key in zip(days, *texts, strict=True):
        if key[0] is not None and key in seen:
            repeated += 1
        seen.add(key)
    return repeated
