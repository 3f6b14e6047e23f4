"""Read one declared source: every file of it, into one table, or say which cells to mend."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Literal, Self

import numpy as np

from metrics.definitions import FileSource, Grain, LongSource, PushSource, SampleSource, Source, WideSource
from metrics.errors import SourceError
from metrics.ingest.cells import Signs
from metrics.ingest.csv import CsvTable
from metrics.ingest.excel import ExcelTable
from metrics.ingest.files import SUFFIXES, Form, display_name, opened, source_files
from metrics.ingest.gather import Found, Gathered, Layout, Meaning, Place
from metrics.ingest.observed import Observed, observed
from metrics.ingest.parquet import ParquetTable
from metrics.ingest.query import Query, fetched
from metrics.ingest.readings import KEPT, SHOWN, FileRead, Progress, Readings, Reject
from metrics.ingest.repeats import Repeats, ordered, repeats
from metrics.ingest.tables import Table, UnfitError, position
from metrics.periods import Calendar

FEW = 5  # Refused cells of a query that are told one by one; more are told by their reason.
EXAMPLES = 3  # Of each reason.
REPEATS = "repeats "


def read(
    name: str,
    source: Source,
    root: Path,
    *,
    keep_good: bool = False,
    calendar: Calendar,
    files: Sequence[Path] | None = None,
    query: Query | None = None,
    progress: Progress | None = None,
) -> Readings:
    """Return what a source says, or refuse it with every cell that is to be mended.

    A blank cell is a missing value and has no row; so has a cell with NA, N/A, NaN, null, None or a dash
    alone. A value of a weekly or monthly source is put on the last day of the week or month that holds its
    day. A key told twice is refused whether the values agree or not, since an export that was doubled would
    double every total; `samples` are the exception. Columns that the source does not name are left unread.

    Args:
        name: Name of the source.
        source: As the workspace declares it.
        root: The workspace's folder. A declared path that leads out of it is refused.
        keep_good: Return the good cells beside the refused ones. Of a key told twice with one value, the
            first is good; with different values, none is.
        calendar: The company's weeks and months.
        files: Read these files in place of the declared ones, wherever they are: somebody named them.
        query: How the query of a `sql` source is run.
        progress: Told after each batch how far it is.

    Raises:
        SourceError: A file is missing, unreadable or without a column that the source names; or cells are
            refused and `keep_good` is false: all are counted, the first 20 shown.

    Source: METHOD.md, "Reading a file".
    """
    if isinstance(source, PushSource):
        raise SourceError(
            f"{name} is told by a program over the API, and has no file. "
            "Push to it: POST /api/v1/observations with a token of scope "
            f"push:{name}."
        )
    if source.form == "sql" and files is None:
        if query is None:
            raise SourceError(f"{name}: nothing says where {source.path} runs.")
        with fetched(name, source.path, source.date.column, root, query, progress) as rows:
            told = _read(name, source, [(rows.path, source.path)], keep_good, calendar, progress)
            return replace(told, notices=rows.notices)
    paths = tuple(files) if files is not None else source_files(source.path, root)
    named = [(path, display_name(path, root)) for path in paths]
    return _read(name, source, named, keep_good, calendar, progress)


def _read(
    name: str,
    source: FileSource,
    paths: Sequence[tuple[Path, str]],
    keep_good: bool,
    calendar: Calendar,
    progress: Progress | None,
) -> Readings:
    """What files say, each called by its name."""
    total = opened([path for path, _ in paths])
    tables = _tables(name, source, paths)
    meaning = Meaning(
        grain=source.grain,
        calendar=calendar,
        date_format=source.date.format,
        signs=Signs(source.decimal, source.thousands),
        series=sorted(_declared(source)),
        segments=source.segments,
    )
    gathered: list[Gathered] = []
    before = 0
    for table, layout in tables:
        tell = None if progress is None else partial(_told, progress, table.name, before, total)
        # The quick reader of numbers takes a point for the decimal sign.
        numbers = [place.column for place in layout.values] if source.decimal == "." else []
        gathered.append(_gathered(table, layout, meaning, numbers, tell))
        before += table.size
    return _readings(name, source, tables, gathered, meaning, keep_good)


def _told(progress: Progress, name: str, before: int, total: int, done: int) -> None:
    progress(name, min((before + done) / max(total, 1), 1.0))


def opened_table(
    form: Form | Literal["sql"], path: Path, name: str, *, delimiter: str = ",", sheet: str | None = None
) -> Table:
    """A file of a form, opened."""
    match form:
        case "csv":
            return CsvTable(path, name, delimiter)
        case "excel":
            return ExcelTable(path, name, sheet)
        case "parquet":
            return ParquetTable(path, name)
        case "sql":  # The query's rows, or a file given in their place.
            told = SUFFIXES.get(path.suffix.lower())
            if told is None:
                raise SourceError(
                    f"{name} is neither CSV, Excel nor Parquet by its name. Name it accordingly."
                )
            return opened_table(told, path, name, delimiter=delimiter, sheet=sheet)


def _tables(name: str, source: FileSource, paths: Iterable[tuple[Path, str]]) -> list[tuple[Table, Layout]]:
    """All files opened, with the places of the columns in each.

    Raises:
        SourceError: With the mistakes of all files at once.
    """
    tables: list[tuple[Table, Layout]] = []
    mistakes: list[str] = []
    for path, called in paths:
        try:
            table = opened_table(source.form, path, called, delimiter=source.delimiter, sheet=source.sheet)
            tables.append((table, _layout(source, table)))
        except SourceError as error:
            mistakes.append(str(error))
        except OSError as error:
            mistakes.append(f"{called} cannot be read: {error.strerror}.")
    if mistakes:
        raise SourceError("\n".join(f"{name}: {mistake}" for mistake in mistakes))
    return tables


def _declared(source: FileSource) -> dict[str, str]:
    """Series to column, of a source that declares them."""
    match source:
        case WideSource(series=series) | SampleSource(samples=series):
            return series
        case LongSource():
            return {}


def _layout(source: FileSource, table: Table) -> Layout:
    """Where the columns are.

    Raises:
        SourceError: Some are not there; all of them are named.
    """
    mistakes: list[str] = []

    def place(column: str) -> Place:
        try:
            return Place(position(column, table.header, table.name), column)
        except SourceError as error:
            mistakes.append(str(error))
            return Place(0, column)

    day = place(source.date.column)
    if isinstance(source, LongSource):
        values: tuple[Place, ...] = (place(source.value_column),)
        series = None
        series_column = place(source.series_column)
    else:
        declared = _declared(source)
        series = tuple(sorted(declared))
        values = tuple(place(declared[one]) for one in series)
        series_column = None
    layout = Layout(
        day=day,
        values=values,
        series=series,
        series_column=series_column,
        segments={one: place(one) for one in source.segments},
        observed_at=place(source.observed_at) if source.observed_at is not None else None,
    )
    if mistakes:
        raise SourceError("\n".join(mistakes))
    return layout


def _gathered(
    table: Table,
    layout: Layout,
    meaning: Meaning,
    numbers: Collection[int],
    tell: Callable[[int], None] | None,
) -> Gathered:
    """What one file says, by the quickest way of reading that fits it."""
    for attempt in table.attempts(layout.columns, numbers):
        gathered = Gathered()
        try:
            for batch in attempt():
                meaning.add(batch, layout, gathered)
                if tell is not None:
                    tell(batch.done)
        except UnfitError:
            continue
        if tell is not None:
            tell(table.size)
        return gathered
    raise SourceError(f"{table.name} cannot be read. Export it again.")


def _readings(
    name: str,
    source: FileSource,
    tables: Sequence[tuple[Table, Layout]],
    gathered: Sequence[Gathered],
    meaning: Meaning,
    keep_good: bool,
) -> Readings:
    samples = isinstance(source, SampleSource)
    observations = observed(gathered, meaning)
    key = observations.key
    order = ordered(key, observations.value if samples else None)
    again = None if samples or order is None else repeats(key, observations.value, order)
    del key  # The largest array that is not needed any more.

    refused = sum(one.refused for one in gathered)
    found = [(file, cell) for file, one in enumerate(gathered) for cell in one.found][:KEPT]
    repeated = None
    if again is not None:
        refused += int(again.refused.sum())
        repeated = np.zeros(len(observations.value), dtype=bool)
        repeated[again.members[again.refused]] = True
    rejects = _rejects(tables, found, observations, again, source)
    if refused and not keep_good:
        several = source.form == "sql" and len(rejects) > FEW
        raise SourceError((_summary if several else _message)(name, refused, rejects, tables))
    return Readings(
        source=name,
        grain=source.grain,
        kind="samples" if samples else "values",
        table=observations.table(order, repeated, [table.name for table, _ in tables]),
        rows=sum(one.rows for one in gathered),
        refused=refused,
        rejects=rejects,
        files=tuple(
            FileRead(table.name, table.sha256, one.rows, _unread(table, layout))
            for (table, layout), one in zip(tables, gathered, strict=True)
        ),
    )


def _unread(table: Table, layout: Layout) -> tuple[str, ...]:
    read_ = set(layout.columns)
    return tuple(text for place, text in enumerate(table.header) if text and place not in read_)


def _rejects(
    tables: Sequence[tuple[Table, Layout]],
    found: Sequence[tuple[int, Found]],
    observations: Observed,
    again: Repeats | None,
    source: FileSource,
) -> tuple[Reject, ...]:
    """The refused cells with their lines, in order of file and line, `KEPT` at most."""
    groups = [] if again is None else list(again.groups(KEPT - len(found)))
    wanted: list[set[int]] = [set() for _ in tables]
    for file, cell in found:
        wanted[file].add(cell.row)
    for place in (place for members, _ in groups for place in members):
        wanted[observations.file(place)].add(int(observations.row[place]))
    lines = [table.lines(rows) if rows else {} for (table, _), rows in zip(tables, wanted, strict=True)]

    rejects = [
        Reject(
            file=tables[file][0].name,
            line=lines[file].get(cell.row, 0),
            column="" if cell.column is None else cell.column.name,
            cell=cell.cell,
            reason=cell.reason,
        )
        for file, cell in found
    ]
    for members, refused in groups:
        told = [_Told.of(place, observations, tables, lines) for place in members]
        rejects.extend(one.reject(told, source.grain) for one, out in zip(told, refused, strict=True) if out)
    names = {table.name: place for place, (table, _) in enumerate(tables)}
    rejects.sort(key=lambda one: (names[one.file], one.line))
    return tuple(rejects)


@dataclass(frozen=True, slots=True)
class _Told:
    """One of the observations that share a key."""

    file: str
    line: int
    line_word: str
    column: str
    series: str
    segments: str
    day: date
    value: str

    @classmethod
    def of(
        cls,
        place: int,
        observations: Observed,
        tables: Sequence[tuple[Table, Layout]],
        lines: Sequence[Mapping[int, int]],
    ) -> Self:
        """The observation at a place."""
        file = observations.file(place)
        table, layout = tables[file]
        series = observations.series_names[observations.series[place]]
        segments = (
            "" if observations.segments is None else observations.segment_names[observations.segments[place]]
        )
        return cls(
            file=table.name,
            line=lines[file].get(int(observations.row[place]), 0),
            line_word=table.line_word,
            column=layout.values[layout.series.index(series) if layout.series else 0].name,
            series=series,
            segments=segments,
            day=observations.date(place),
            value=f"{observations.value[place]:.15g}",
        )

    def reject(self, told: Sequence[Self], grain: Grain) -> Reject:
        """This one refused, with the others named."""
        others = [
            f"{one.line_word} {one.line}"
            f"{f' of {one.file}' if one.file != self.file else ''} tells as {one.value}"
            for one in told
            if one is not self
        ]
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        period = str(self.day) if grain == "day" else f"the {grain} ending {self.day}"
        of = f"{self.series} {self.segments}" if self.segments else self.series
        return Reject(
            file=self.file,
            line=self.line,
            column=self.column,
            cell=self.value,
            reason=f"{REPEATS}{of} of {period}, which {', '.join(others[:3])}{more}: keep one of the rows",
        )


def _message(
    name: str, refused: int, rejects: Sequence[Reject], tables: Sequence[tuple[Table, Layout]]
) -> str:
    """All refused cells counted, the first of them shown."""
    words = {table.name: table.line_word for table, _ in tables}
    told = [f"- {sentence(reject, words[reject.file])}" for reject in rejects[:SHOWN]]
    if refused > len(told):
        told.append(f"- … and {refused - len(told):,} more")
    cells = "1 cell is refused" if refused == 1 else f"{refused:,} cells are refused"
    listed = "\n".join(told)
    return f"{name}: {cells}:\n{listed}\nMend them and load again, or load the rest with --keep-good."


def _summary(
    name: str, refused: int, rejects: Sequence[Reject], tables: Sequence[tuple[Table, Layout]]
) -> str:
    """Refused cells of a query by reason: it is the query that is mended, and not its rows."""
    words = {table.name: table.line_word for table, _ in tables}
    groups: dict[str, list[Reject]] = {}
    for reject in rejects:
        groups.setdefault(_reason(reject), []).append(reject)
    told = [f"{name}: {refused:,} cells are refused:"]
    for reason, found in sorted(groups.items(), key=lambda one: -len(one[1]))[:SHOWN]:
        told.append(f"- {len(found):,} {reason}, such as")
        told += [f"    {sentence(one, words[one.file])}" for one in found[:EXAMPLES]]
    rest = refused - sum(map(len, sorted(groups.values(), key=len)[-SHOWN:]))
    if rest:
        told.append(f"- … and {rest:,} more")
    return "\n".join(
        [
            *told,
            f"Mend the query and load again. To see all of them: wbr load {name} --keep-good loads the rest, "
            "and the Sources page of wbr serve lists what it refused; wbr undo takes that load back.",
        ]
    )


def _reason(reject: Reject) -> str:
    """Why a cell is refused, without what it says itself and without the remedy."""
    if reject.reason.startswith(REPEATS):
        return "repeat a day, series and segments that another row tells: group the query by them"
    return f"in column '{reject.column}', each {reject.reason.partition(':')[0]}"


def sentence(reject: Reject, line_word: str = "line") -> str:
    """A refused cell in one line: where it is, what stands there, what is wrong and what to do."""
    where = f"{reject.file}, {line_word} {reject.line}"
    if not reject.column:
        return f"{where}: the row '{reject.cell}' {reject.reason}."
    cell = f"'{reject.cell}'" if reject.cell else "the cell"
    return f"{where}, column '{reject.column}': {cell} {reject.reason}."
