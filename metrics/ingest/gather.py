"""The rows of one table as numbers: what each cell says, and which are refused."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from re import fullmatch

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metrics.definitions import Grain
from metrics.ingest import cells
from metrics.ingest.cells import EPOCH, YEARS, Fault, Signs
from metrics.ingest.naming import slug
from metrics.ingest.readings import KEPT
from metrics.ingest.tables import Batch, Column, Ints, cut
from metrics.periods import Calendar

Codes = npt.NDArray[np.int32]

BLANK = np.iinfo(np.int64).min  # Stands for a blank cell among whole numbers; also numpy's "no time".
WRONG = BLANK + 1  # Stands for a refused cell.
LONGEST_SEGMENT = 200  # Characters.
REMEMBERED = 1 << 20  # Texts whose meaning is remembered; moments may all differ.

NO_DATE = Fault("is blank in a row that has values: fill in the day")
NO_SERIES = Fault("is blank in a row that has a value: name the series")

_FIRST_DAY = date(YEARS.start, 1, 1).toordinal() - EPOCH
_LAST_DAY = date(YEARS.stop, 1, 1).toordinal() - EPOCH - 1


@dataclass(frozen=True, slots=True)
class Place:
    """A column that the source names.

    Attributes:
        column: Position in the header.
        name: In the header.
    """

    column: int
    name: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a source are in one file.

    Attributes:
        day: The date's.
        values: Those that hold numbers.
        series: Of each of `values`, the series; None in a long file.
        series_column: The column that names the series, in a long file.
        segments: Of each segment, its column.
        observed_at: The column of the moment the value was known.
    """

    day: Place
    values: tuple[Place, ...]
    series: tuple[str, ...] | None
    series_column: Place | None
    segments: Mapping[str, Place]
    observed_at: Place | None

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of all columns that are read, each once."""
        several = [self.day, *self.values, self.series_column, *self.segments.values(), self.observed_at]
        return tuple(dict.fromkeys(place.column for place in several if place is not None))


@dataclass(frozen=True, slots=True)
class Found:
    """A refused cell, by its place in the table."""

    row: int
    column: Place | None
    cell: str
    reason: str


@dataclass(slots=True)
class Gathered:
    """What one file says.

    Attributes:
        series: Code of each observation's series; likewise the next four.
        segments: Code of its segments.
        day: Days since 1970-01-01; the last day of the week or month.
        value: The number.
        observed_at: Microseconds since 1970, `BLANK` if not told; empty if the source tells none.
        row: Its row in the table.
        rows: Rows that are not blank.
        refused: Refused cells in all.
        found: The first `KEPT` of them.
    """

    series: list[Codes] = field(default_factory=list)
    segments: list[Codes] = field(default_factory=list)
    day: list[Codes] = field(default_factory=list)
    value: list[cells.Floats] = field(default_factory=list)
    observed_at: list[Ints] = field(default_factory=list)
    row: list[Ints] = field(default_factory=list)
    rows: int = 0
    refused: int = 0
    found: list[Found] = field(default_factory=list)


class Words:
    """What each different text of a column means, worked out once.

    Args:
        meaning: A text's whole number, or what is wrong with it.
    """

    def __init__(self, meaning: Callable[[str], int | Fault]) -> None:
        self._meaning = meaning
        self._known: dict[str, int] = {}

    def __call__(self, text: pa.Array) -> Ints:
        """The number of each text; `BLANK` where there is none, `WRONG` where it is refused."""
        if not pa.types.is_dictionary(text.type):
            text = text.dictionary_encode()
        numbers = [self._number(word) for word in text.dictionary.to_pylist()]
        # One more, for the cells that are null: their index is set to it.
        table = np.array([*numbers, BLANK], dtype=np.int64)
        places = text.indices.fill_null(len(numbers)).to_numpy(zero_copy_only=False)
        found: Ints = table[places]
        return found

    def fault(self, text: str) -> Fault:
        """Why a text is refused."""
        meaning = self._meaning(text.strip())
        return meaning if isinstance(meaning, Fault) else Fault("cannot be read: correct it")

    def _number(self, text: str) -> int:
        word = text.strip()
        if not word:
            return BLANK
        known = self._known.get(word)
        if known is None:
            meaning = self._meaning(word)
            known = WRONG if isinstance(meaning, Fault) else meaning
            if len(self._known) == REMEMBERED:
                self._known.clear()
            self._known[word] = known
        return known


class Codebook:
    """Names met in the cells, numbered in the order they are met."""

    def __init__(self, fault: Callable[[str], Fault | None]) -> None:
        self.names: dict[str, int] = {}
        self._fault = fault

    def __call__(self, name: str) -> int | Fault:
        """The number of a name, or what is wrong with it."""
        if (known := self.names.get(name)) is not None:
            return known
        return self._fault(name) or self.names.setdefault(name, len(self.names))


def series_fault(name: str) -> Fault | None:
    """Why a series cannot have this name."""
    if fullmatch(r"[a-z][a-z0-9_]{0,79}", name):
        return None
    return Fault(f"is not the id of a series: write it in snake_case, as {slug(name)!r}")


def segment_fault(name: str) -> Fault | None:
    """Why a segment cannot have this name."""
    if len(name) > LONGEST_SEGMENT:
        return Fault(f"is longer than {LONGEST_SEGMENT} characters: shorten the segment's name")
    if not name.isprintable():
        return Fault("has line breaks or control characters: a quotation mark may be missing, or remove them")
    return None


class Meaning:
    """What the cells of one source mean, over all its files.

    Args:
        grain: What one value stands for.
        calendar: Which weeks and months there are.
        date_format: As the source declares it.
        signs: How it writes numbers.
        series: Names of the series, if the source declares them.
        segments: Names of the segments.
    """

    def __init__(
        self,
        *,
        grain: Grain,
        calendar: Calendar,
        date_format: str | None,
        signs: Signs,
        series: Iterable[str] = (),
        segments: Sequence[str] = (),
    ) -> None:
        self.grain = grain
        self.calendar = calendar
        self.signs = signs
        self.series = Codebook(series_fault)
        for name in series:
            self.series(name)
        self.segment_words = {name: Codebook(segment_fault) for name in segments}
        self.segment_sets: dict[tuple[str, ...], int] = {}
        self._days = Words(lambda text: _day_number(cells.day(text, date_format, grain)))
        self._moments = Words(lambda text: _microseconds(cells.moment(text, date_format)))
        self._series = Words(self.series)
        self._segments = {name: Words(book) for name, book in self.segment_words.items()}
        self._period_ends: dict[int, int] = {}

    def add(self, batch: Batch, layout: Layout, into: Gathered) -> None:
        """Add a batch of rows to what its file says."""
        count = len(batch.rows)
        refusals = _Refusals(batch)
        values, refused_values = self._values(batch, layout)  # One row per column of values.
        blank = np.isnan(values) & ~refused_values
        # Rows that tell a value; in the others a note under the table is no mistake.
        bears: cells.Mask = np.logical_not(blank.all(axis=0))

        good = bears.copy()
        day = self._day_of(batch.columns[layout.day.column])
        good &= refusals.of(day, bears, layout.day, self._days.fault, NO_DATE)
        observed = None
        if layout.observed_at is not None:
            observed = self._observed(batch.columns[layout.observed_at.column])
            good &= refusals.of(observed, bears, layout.observed_at, self._moments.fault, None)
        named = None
        if layout.series_column is not None:
            named = self._series(as_text(batch.columns[layout.series_column.column]))
            good &= refusals.of(named, bears, layout.series_column, self._series.fault, NO_SERIES)
        segments = None
        if layout.segments:
            segments = np.zeros(count, dtype=np.int32)
            good &= self._segment_codes(batch, layout, bears, refusals, segments)
        for place, row in zip(layout.values, refused_values, strict=True):
            refusals.numbers(row, place, self.signs)

        kept = good & ~np.isnan(values)
        which, row = np.nonzero(kept)
        into.value.append(values[kept])
        into.row.append(batch.rows[row])
        into.day.append(day.astype(np.int32, casting="unsafe")[row])
        if named is not None:
            into.series.append(named.astype(np.int32, casting="unsafe")[row])
        else:
            codes = np.array([self.series.names[name] for name in layout.series or ()], dtype=np.int32)
            into.series.append(codes[which])
        if segments is not None:
            into.segments.append(segments[row])
        if observed is not None:
            into.observed_at.append(observed[row])
        into.rows += count + len(batch.misshapen)
        into.refused += refusals.count
        into.found.extend(refusals.found(KEPT - len(into.found)))

    def segments_as_json(self) -> list[str]:
        """The segments of each code, as JSON with sorted keys."""
        keys = list(self.segment_words)
        if not keys:
            return ["{}"]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return [
            json.dumps({keys[i]: words[i] for i in order}, ensure_ascii=False) for words in self.segment_sets
        ]

    def _values(self, batch: Batch, layout: Layout) -> tuple[cells.Floats, cells.Mask]:
        """Numbers and refusals of all value columns, one row per column."""
        columns = [batch.columns[place.column] for place in layout.values]
        shape = len(columns), len(batch.rows)
        values = np.full(shape, np.nan)
        refused = np.zeros(shape, dtype=bool)
        texts = [i for i, column in enumerate(columns) if column.text is not None]
        if texts:
            # All columns at once: thousands of short ones would each pay the price of a call.
            text = pa.concat_arrays([_string(columns[i].text) for i in texts])
            flat, flat_refused = cells.numbers(text, self.signs)
            values[texts] = flat.reshape(len(texts), -1)
            refused[texts] = flat_refused.reshape(len(texts), -1)
        for i, column in enumerate(columns):
            if column.numbers is not None:
                number = column.numbers.to_numpy(zero_copy_only=False)
                infinite = np.isinf(number)
                refused[i] |= infinite
                values[i] = np.where(np.isnan(number) | infinite, values[i], number + 0.0)
            if column.moments is not None:
                refused[i] |= column.moments.is_valid().to_numpy(zero_copy_only=False)
        return values, refused

    def _day_of(self, column: Column) -> Ints:
        days = self._days(_untimed(column))
        if column.moments is not None:
            moments = pc.local_timestamp(column.moments) if column.moments.type.tz else column.moments
            told = moments.to_numpy(zero_copy_only=False).astype("datetime64[D]").astype(np.int64)
            there = told != BLANK
            within = (told >= _FIRST_DAY) & (told <= _LAST_DAY)
            days = np.where(there, np.where(within, told, WRONG), days)
        if self.grain != "day":
            known, places = np.unique(days, return_inverse=True)
            days = np.array([self._period_end(int(day)) for day in known], dtype=np.int64)[places]
        return days

    def _period_end(self, day: int) -> int:
        if day in (BLANK, WRONG):
            return day
        if day not in self._period_ends:
            told = date.fromordinal(day + EPOCH)
            of = self.calendar.week_of if self.grain == "week" else self.calendar.month_of
            self._period_ends[day] = of(told).last.toordinal() - EPOCH
        return self._period_ends[day]

    def _observed(self, column: Column) -> Ints:
        moments = self._moments(_untimed(column))
        if column.moments is not None:
            utc = pc.cast(column.moments, pa.timestamp("us"))
            told = utc.to_numpy(zero_copy_only=False).astype("datetime64[us]").astype(np.int64)
            moments = np.where(told != BLANK, told, moments)
        return moments

    def _segment_codes(
        self, batch: Batch, layout: Layout, bears: cells.Mask, refusals: "_Refusals", into: Codes
    ) -> cells.Mask:
        """Write each row's code into `into`; say which rows are good."""
        good = np.ones(len(batch.rows), dtype=bool)
        columns = []
        for name, place in layout.segments.items():
            codes = self._segments[name](as_text(batch.columns[place.column]))
            good &= refusals.of(codes, bears, place, self._segments[name].fault, None)
            columns.append(codes)
        sets, places = np.unique(np.stack(columns), axis=1, return_inverse=True)
        words = [list(book.names) for book in self.segment_words.values()]
        codes = np.empty(sets.shape[1], dtype=np.int32)
        for i, parts in enumerate(sets.T.tolist()):
            # A blank cell is a segment without a name.
            named = tuple("" if part < 0 else words[k][part] for k, part in enumerate(parts))
            codes[i] = self.segment_sets.setdefault(named, len(self.segment_sets))
        into[:] = codes[places.reshape(-1)]
        return good


class _Refusals:
    """The refused cells of one batch."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._told: list[tuple[Ints, Place, Callable[[str], str]]] = []

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(len(rows) for rows, _, _ in self._told) + len(self._batch.misshapen)

    def of(
        self, codes: Ints, bears: cells.Mask, place: Place, fault: Callable[[str], Fault], none: Fault | None
    ) -> cells.Mask:
        """Refuse the wrong cells of a column, and the blank ones if `none` says why; return the good."""
        wrong = bears & ((codes == WRONG) if none is None else (codes <= WRONG))
        self._add(wrong, place, lambda text: fault(text) if text.strip() or none is None else none)
        return ~wrong

    def numbers(self, refused: cells.Mask, place: Place, signs: Signs) -> None:
        """Refuse cells that are no numbers."""
        self._add(refused, place, lambda text: cells.number_fault(text, signs))

    def found(self, most: int) -> list[Found]:
        """The first `most` in order of rows and columns."""
        misshapen = [Found(row, None, cut(text), fault) for row, text, fault in self._batch.misshapen]
        row = np.concatenate([rows for rows, _, _ in self._told] or [np.empty(0, dtype=np.int64)])
        told = np.repeat(np.arange(len(self._told)), [len(rows) for rows, _, _ in self._told])
        column = np.array([place.column for _, place, _ in self._told], dtype=np.int64)[told]
        reasons: dict[tuple[int, str], str] = {}
        found = misshapen
        for i in np.lexsort((column, row))[:most].tolist():
            _, place, reason = self._told[told[i]]
            text = cell_text(self._batch.columns[place.column], int(row[i]))
            key = int(told[i]), text
            if key not in reasons:
                reasons[key] = reason(text)
            found.append(Found(int(self._batch.rows[row[i]]), place, cut(text), reasons[key]))
        found.sort(key=lambda one: (one.row, one.column.column if one.column else -1))
        return found[:most]

    def _add(self, which: cells.Mask, place: Place, reason: Callable[[str], str]) -> None:
        rows = np.flatnonzero(which)
        if len(rows):
            self._told.append((rows, place, reason))


def _untimed(column: Column) -> pa.Array:
    """The cells that are no moments, as text; the others null."""
    if column.text is None and column.numbers is None:
        return pa.nulls(len(column), pa.string())
    return as_text(Column(text=column.text, numbers=column.numbers))


def as_text(column: Column) -> pa.Array:
    """The cells as text, whatever their type: 12 and not 12.0, days as ISO dates."""
    text = column.text
    for typed in (column.numbers, column.moments):
        if typed is None or typed.null_count == len(typed):
            continue
        coded = typed.dictionary_encode()
        words = pa.array([_word(value) for value in coded.dictionary.to_pylist()], pa.string())
        told = words.take(coded.indices)
        text = told if text is None else pc.coalesce(told, _string(text))
    return pa.nulls(len(column), pa.string()) if text is None else text


def cell_text(column: Column, row: int) -> str:
    """One cell as text, empty if it is blank."""
    for cells_ in (column.text, column.numbers, column.moments):
        if cells_ is not None and (value := cells_[row].as_py()) is not None:
            return _word(value)
    return ""


def _word(value: str | float | datetime) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        midnight = value.time() == time.min
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return value


def _string(text: pa.Array) -> pa.Array:
    return pc.cast(text, pa.string()) if pa.types.is_dictionary(text.type) else text


def _day_number(day: date | Fault) -> int | Fault:
    return day if isinstance(day, Fault) else day.toordinal() - EPOCH


def _microseconds(moment: datetime | Fault) -> int | Fault:
    return (
        moment if isinstance(moment, Fault) else (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    )
