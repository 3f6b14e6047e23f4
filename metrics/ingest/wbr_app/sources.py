"""Where the numbers of a wbr-app configuration come from, and which of its metrics can be read."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from metrics.errors import SourceError, hint
from metrics.ingest.naming import scalar, slug, unique_ids
from metrics.ingest.wbr_app import written as wbr
from metrics.ingest.wbr_app.written import Computed, Folded, shown

DAY_COLUMN = "Date"  # wbr-app demands this name.
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})")


@dataclass(frozen=True)
class Source:
    """One source of the workspace.

    Attributes:
        id: Name in the workspace.
        prefix: Under which the configuration names its columns; empty for a CSV given directly.
        place: The YAML line that says where rows come from.
        day: Its date column.
        header: Its columns; None if they are not known.
        day_format: How days are written, where that has to be said.
        segments: Columns that tell the rows of one day apart.
    """

    id: str
    prefix: str
    place: str
    day: str = DAY_COLUMN
    header: tuple[str, ...] | None = None
    day_format: str | None = None
    segments: tuple[str, ...] = ()

    def column(self, stated: str) -> str | None:
        """The column of this source that the configuration means; None if it has none."""
        if self.prefix and not stated.startswith(f"{self.prefix}."):
            return None
        tail = stated.removeprefix(f"{self.prefix}.") if self.prefix else stated
        if self.header is None or tail in self.header:
            return tail
        # Columns of a query carry its name in front; a CSV with the same columns may not.
        loose = {tail.strip().lower(), tail.rpartition(".")[2].strip().lower()}
        near = {column for column in self.header if column.strip().lower() in loose}
        return near.pop() if len(near) == 1 else None


@dataclass(frozen=True)
class Origin:
    """All sources, and what comes with them: files of SQL, and connection to its variable."""

    sources: tuple[Source, ...]
    csv_name: str | None = None
    queries: dict[str, str] = field(default_factory=dict)
    connections: dict[str, str] = field(default_factory=dict)


def origin_of(
    config: wbr.Config, header: Sequence[str] | None, csv_name: str | None, told: wbr.Told
) -> Origin:
    """The sources of the workspace: the CSV given, else those the configuration itself names.

    Raises:
        SourceError: The CSV has no `Date` column.
    """
    given = header is not None or csv_name is not None
    if not given and config.data:
        return _declared(config.data, told)
    if not given:
        told.tell(
            1,
            "config",
            "names no source and no CSV was given. Put the CSV into the workspace as data.csv, then load.",
        )
    for feed in config.data:
        told.tell(
            feed.line, f"data_sources.{feed.name}",
            "was left out, because the CSV given takes its place (as it does in wbr-app). Import without a "
            "CSV to keep it.",
        )  # fmt: skip
    file = _file_name(csv_name)
    known = None if header is None else tuple(column.removeprefix("\ufeff").strip() for column in header)
    day = DAY_COLUMN
    if known is not None:
        days = [column for column in known if column == DAY_COLUMN] or [
            column for column in known if column.lower() == DAY_COLUMN.lower()
        ]
        if not days:
            raise SourceError(
                f"{file} has no column {DAY_COLUMN!r}. Its columns: {', '.join(known[:12])}. "
                "wbr-app needs one day a row under that name; rename the column that holds the day."
            )
        day = days[0]
    name = slug(PurePosixPath(file).stem)
    return Origin((Source(name, "", f"csv: {scalar(file)}", day, known),), file)


def _file_name(csv_name: str | None) -> str:
    """The last part of a path, in characters that no file system and no glob reads in its own way."""
    last = re.split(r"[/\\]", csv_name or "")[-1]
    return re.sub(r"[^\w.-]+", "_", last, flags=re.ASCII).lstrip("._-") or "data.csv"


def _declared(feeds: Sequence[wbr.Feed], told: wbr.Told) -> Origin:
    """The queries and CSVs that the configuration itself names, as sources."""
    ids = unique_ids(feed.name for feed in feeds)
    connections = unique_ids(feed.connection for feed in feeds if feed.connection is not None)
    sources: list[Source] = []
    queries: dict[str, str] = {}
    for feed in feeds:
        name = ids[feed.name]
        if feed.connection is not None:
            queries[f"{name}.sql"] = f"{feed.text}\n"
            place = f"sql: {name}.sql\n    connection: {connections[feed.connection]}"
            told.tell(
                feed.line, f"data_sources.{feed.name}",
                f"the query is kept as {name}.sql; the address of {shown(feed.connection)} is not, because "
                f"secrets stay out of files. Set {connections[feed.connection].upper()}_URL before loading.",
            )  # fmt: skip
        else:
            file = f"data/{_file_name(feed.text)}"
            place = f"csv: {scalar(file)}"
            told.tell(
                feed.line, f"csv_files.{feed.name}", f"copy {shown(feed.text)} to {file} before loading."
            )
        sources.append(Source(name, feed.name, place))
    return Origin(tuple(sources), None, queries, {c: f"{c.upper()}_URL" for c in connections.values()})


def readable(
    metrics: Mapping[str, wbr.Metric], sources: Sequence[Source], told: wbr.Told
) -> dict[str, wbr.Metric]:
    """The metrics whose columns are there, told as the source writes them. Computed metrics pass."""
    kept: dict[str, wbr.Metric] = {}
    for name, metric in metrics.items():
        stated = metric.measure
        if not isinstance(stated, Folded):
            kept[name] = metric
            continue
        found = _found(stated, sources)
        if isinstance(found, str):
            told.tell(metric.line, f"metrics.{name}", f"was left out: {found}")
        else:
            kept[name] = replace(metric, measure=found)
    return kept


def _found(stated: Folded, sources: Sequence[Source]) -> Folded | str:
    """`stated` with its source and that source's own column names, or why it cannot be read."""
    source = next((s for s in sources if s.column(stated.column) is not None), None)
    if source is None:
        columns = next((s.header for s in sources if s.header), ())
        return f"no source has a column {shown(stated.column)}. {hint(stated.column, columns)}"
    column = source.column(stated.column) or stated.column
    where: list[tuple[str, str]] = []
    for asked, value in stated.where:
        # A filter names the column of its own query without the query's name, or with it.
        segment = source.column(asked) or source.column(f"{source.prefix}.{asked}")
        if segment is None:
            return f"its filter asks for the column {shown(asked)}. {hint(asked, source.header or ())}"
        where.append((segment, value))
    used = [column, *(segment for segment, _ in where)]
    if source.day in used:
        return f"{shown(source.day)} holds the day, not a value."
    for each in used:
        if source.header and source.header.count(each) > 1:
            return f"the CSV has several columns called {shown(each)}. Rename them and import again."
    return Folded(column, stated.how, tuple(where), source.id)


def computable(metrics: dict[str, wbr.Metric], told: wbr.Told) -> dict[str, wbr.Metric]:
    """The metrics whose operands all exist, in whatever order they are written; a cycle is a mistake."""
    kept = dict(metrics)
    while lost := {
        name: missing
        for name, metric in kept.items()
        if (missing := next((o for o in operands_of(metric) if o not in kept), None)) is not None
    }:
        for name, missing in lost.items():
            told.tell(
                kept[name].line, f"metrics.{name}",
                f"was left out, because {shown(missing)} is not among the metrics carried over.",
            )  # fmt: skip
        kept = {name: metric for name, metric in kept.items() if name not in lost}
    if circle := _circle(kept):
        told.mistake(
            kept[circle[0]].line, f"metrics.{circle[0]}", f"is computed from itself: {' → '.join(circle)}."
        )
        told.stop_on_mistakes()
    return kept


def operands_of(metric: wbr.Metric) -> tuple[str, ...]:
    """The metrics it is computed from; none for a column."""
    return metric.measure.of if isinstance(metric.measure, Computed) else ()


def _circle(metrics: Mapping[str, wbr.Metric]) -> tuple[str, ...] | None:
    """The first circle of metrics computed from each other, its first name repeated at the end."""
    done: set[str] = set()
    for start in metrics:
        path: list[str] = []
        ahead: list[Iterator[str]] = [iter((start,))]
        while ahead:
            name = next(ahead[-1], None)
            if name is None:
                ahead.pop()
                done.update(path[-1:])
                del path[-1:]
            elif name in path:
                return (*path[path.index(name) :], name)
            elif name not in done:
                path.append(name)
                ahead.append(iter(operands_of(metrics[name])))
    return None


def told_apart(
    sources: Sequence[Source],
    metrics: Mapping[str, wbr.Metric],
    rows: Sequence[Sequence[str]],
    told: wbr.Told,
) -> tuple[Source, ...]:
    """The sources with the columns that tell the rows of one day apart, and how the day is written."""
    result: list[Source] = []
    for source in sources:
        folded = [m.measure for m in metrics.values() if isinstance(m.measure, Folded)]
        segments = tuple(dict.fromkeys(c for f in folded if f.source == source.id for c, _ in f.where))
        source = replace(source, segments=segments)
        if source.header is not None and rows:
            values = {f.column for f in folded}
            source = _examined(source, values, rows, told)
        result.append(source)
    return tuple(result)


def _examined(source: Source, values: set[str], rows: Sequence[Sequence[str]], told: wbr.Told) -> Source:
    header = source.header or ()
    at = header.index(source.day)
    whole = [row for row in rows if len(row) == len(header) and row[at].strip()]
    source = replace(source, day_format=_slashed(row[at].strip() for row in whole))

    def repeated(segments: Sequence[str]) -> str | None:
        places = [at, *(header.index(segment) for segment in segments)]
        seen = Counter(tuple(row[place].strip() for place in places) for row in whole)
        return next((key[0] for key, times in seen.items() if times > 1), None)

    day = repeated(source.segments)
    if day is None:
        return source
    for column in header:
        if column in (source.day, *source.segments, *values) or header.count(column) > 1:
            continue
        if repeated((*source.segments, column)) is None:
            return replace(source, segments=(*source.segments, column))
    told.tell(
        1, "csv",
        f"the day {shown(day)} occurs on several rows and no column tells them apart, so loading will refuse "
        "them. Add them up in the file, or add a column that names what each row is about and list it under "
        "`segments` in workspace.yaml.",
    )  # fmt: skip
    return source


def _slashed(days: Iterable[str]) -> str | None:
    """The format of days with slashes; wbr-app reads the month first where both readings are possible."""
    parts = [_SLASHED.fullmatch(day) for day in days]
    found = [part for part in parts if part is not None]
    if not found or len(found) < len(parts):
        return None
    year = "%Y" if len(found[0][3]) == 4 else "%y"
    day_first = any(int(part[1]) > 12 for part in found)
    return f"%d/%m/{year}" if day_first else f"%m/%d/{year}"
