"""What a load and its undo change in a store: tellings in the order of their vintages.

Most loads only put younger values on top of what is known, and that is done in bulk. Series and
days that are told something older than what is known, or several vintages at once, are put in
order anew from all that was ever told of them (`store_stood.sql` holds the rule); so is what an
undo touches. Both ways end in the same rows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metrics.errors import StoreError
from metrics.store.reports import FirstSeen, LoadReport, Progress, Readings, SourceReport
from metrics.store.statements import Table, one, rows, sql

_TABLES: dict[str, Table] = {"values": "observation", "samples": "sample"}
_Segments = tuple[tuple[str, str], ...]
_EXAMPLES = 5


@dataclass(frozen=True)
class _Coded:
    """What was read of one source, with numbers for names.

    Attributes:
        table: `series_id`, `day`, `value`, `origin`; a row a value.
        origins: The file and the time observed (None: when loaded) that `origin` counts from 0.
        series: How many series it tells of.
        first_seen: Segments that no load told before.
    """

    table: pa.Table
    origins: tuple[tuple[str, datetime | None], ...]
    series: int
    first_seen: tuple[FirstSeen, ...] = ()


def views(connection: duckdb.DuckDBPyConnection, as_of: datetime | None) -> None:
    """Make the views `observed` and `sampled`, as known at `as_of` (UTC, without zone) or now."""
    if as_of is None:
        connection.execute(sql("view_now"))
        return
    if (since := horizon(connection)) is not None and as_of < since:
        raise StoreError(
            f"What was known on {as_of:%Y-%m-%d %H:%M} UTC was forgotten: this store was compacted and knows "
            f"since {since:%Y-%m-%d %H:%M} UTC. Ask for a later time; published decks are as they were."
        )
    ((last_known, first_unknown),) = cast(list[tuple[int, int | None]], rows(connection, "cut", as_of=as_of))
    if first_unknown is None:
        connection.execute(sql("view_now"))
    elif last_known < first_unknown:
        connection.execute("SET VARIABLE last_batch = $last", {"last": last_known})
        connection.execute(sql("view_cut"))
    else:
        rows(connection, "known", as_of=as_of)
        connection.execute(sql("view_known"))


def horizon(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """Since when the store knows what was known (UTC, without zone); None if since ever."""
    if "horizon" not in {str(name) for (name,) in rows(connection, "tables")}:
        return None  # Written before stores could forget.
    ((since,),) = cast(list[tuple[datetime | None]], rows(connection, "horizon"))
    return since


def compacted(
    connection: duckdb.DuckDBPyConnection, since: datetime, compacted_at: datetime, by: str
) -> tuple[int, bool]:
    """Forget what stood no more at `since`; return how many tellings, and whether there were any."""
    before = one(connection, "tellings", int)
    for table in _TABLES.values():
        rows(connection, "compact", table, since=since)
    gone = before - one(connection, "tellings", int)
    if gone:
        rows(connection, "compacted", since=since, compacted_at=compacted_at, compacted_by=by, tellings=gone)
    return gone, gone > 0


def loaded(
    connection: duckdb.DuckDBPyConnection,
    readings: Sequence[Readings],
    loaded_at: datetime,
    by: str,
    progress: Progress,
) -> tuple[LoadReport, bool]:
    """Write what was read; return the report, and whether anything changed.

    Raises:
        StoreError: Two values for one series, day and vintage; a series stored in another grain or
            kind; a value that is missing or not finite.
    """
    load = one(connection, "next_load", int)
    rows(connection, "note_load", load=load, loaded_at=loaded_at, by=by, what="load", undoes=None)
    progress("finding the series", 0.05)
    coded = _coded(connection, readings)
    told = {number: part.table.num_rows for number, part in enumerate(coded)}
    counts: dict[int, tuple[int, int]] = {}
    fresh = 0
    for kind, table in _TABLES.items():
        chosen = [number for number, reading in enumerate(readings) if reading.kind == kind]
        if not chosen:
            continue
        progress(f"comparing the {kind}", 0.2 if kind == "values" else 0.7)
        reading, origin = _joined(readings, coded, chosen)
        connection.register("reading", reading)
        connection.register("origin", origin)
        rows(connection, "told_batch", loaded_at=loaded_at)
        rows(connection, "note_batch", load=load)
        rows(connection, f"told_{table}")
        if table == "sample":
            told |= dict(cast(list[tuple[int, int]], rows(connection, "told_counted")))
        repeated = _repeated(reading) if table == "observation" else True
        if repeated:
            _refuse_conflict(connection)
        if count := _compared(connection, table, repeated):
            progress(f"writing the {kind}", 0.5 if kind == "values" else 0.8)
            counts |= _put(connection, table)
            fresh += count
        # Only an identifier of the statement's own kind differs; nothing comes from outside.
        connection.execute(sql(f"drop_told_{table}"))
        connection.execute(sql("drop_work"))
        connection.unregister("reading")
        connection.unregister("origin")
    reports = tuple(
        _report(reading, coded[number], told[number], *counts.get(number, (0, 0)))
        for number, reading in enumerate(readings)
    )
    rows(connection, "unused_batch", load=load)
    changed = _noted(connection, load, readings, reports, fresh > 0)
    progress("publishing", 0.9)
    return LoadReport(load if changed else None, reports), changed


def undone(
    connection: duckdb.DuckDBPyConnection, load: int, undone_at: datetime, by: str
) -> tuple[LoadReport, bool]:
    """Take a load back; return the report, and that the store changed.

    Raises:
        StoreError: No such load, or it is undone already, or it is itself an undo.
    """
    _refuse_undo(connection, load)
    before = cast(
        list[tuple[str, int, int, int, date | None, date | None, int]],
        rows(connection, "load_sources", load=load),
    )
    undo = one(connection, "next_load", int)
    rows(connection, "note_load", load=undo, loaded_at=undone_at, by=by, what="undo", undoes=load)
    rows(connection, "mark_undone", load=load, undo=undo, undone_at=undone_at)
    undo_batch = one(connection, "note_undo_batch", int, undo=undo, undone_at=undone_at)
    changed: dict[str, int] = {}
    for table in _TABLES.values():
        rows(connection, "undo_affected", table, load=load)
        rows(connection, "undo_mine", table, load=load)
        rows(connection, "undo_alone", table)
        rows(connection, "undo_leave", table, undo_batch=undo_batch, undone_at=undone_at)
        rows(connection, "undo_left", table)
        if one(connection, "affected_counted", int):
            rows(connection, "telling", table)
            put_in_order(connection, table)
        for source, count in cast(list[tuple[str, int]], rows(connection, "undo_counted", table)):
            changed[source] = changed.get(source, 0) + count
        connection.execute(sql("drop_work"))
    reports = tuple(
        SourceReport(
            source=source,
            kept=0,
            unchanged=max(kept + restated - changed.get(source, 0), 0),
            restated=changed.get(source, 0),
            refused=0,
            rows=0,
            files=files,
            series=series,
            first_day=first_day,
            last_day=last_day,
        )
        for source, kept, restated, series, first_day, last_day, files in before
    )
    _note_sources(connection, undo, reports)
    return LoadReport(undo, reports, undoes=load), True


def _refuse_undo(connection: duckdb.DuckDBPyConnection, load: int) -> None:
    found = cast(list[tuple[str, datetime | None, int | None]], rows(connection, "load", load=load))
    able = [str(number) for (number,) in rows(connection, "load_numbers")]
    choice = f"Can be undone, newest first: {', '.join(able)}." if able else "No load can be undone."
    if not found:
        raise StoreError(f"There is no load {load}. {choice}")
    ((what, undone_at, undone_by),) = found
    if what == "undo":
        raise StoreError(f"Load {load} is itself an undo. To have the values back, load their file again.")
    if undone_at is not None:
        raise StoreError(
            f"Load {load} was already undone, on {undone_at:%Y-%m-%d %H:%M} UTC by load {undone_by}. {choice}"
        )
    ((since,),) = cast(list[tuple[datetime | None]], rows(connection, "forgotten", load=load))
    if since is not None:
        raise StoreError(
            f"Load {load} cannot be undone: what stood before it was forgotten, as the store was compacted "
            f"to {since:%Y-%m-%d}. Load the right numbers over it."
        )


def _coded(connection: duckdb.DuckDBPyConnection, readings: Sequence[Readings]) -> list[_Coded]:
    """Return what was read with the store's numbers for its series, after noting the new ones."""
    known: dict[tuple[str, _Segments], int] = {}
    shape: dict[str, tuple[str, str]] = {}
    for series_id, name, segments, grain, kind in cast(
        list[tuple[int, str, dict[str, str], str, str]], rows(connection, "series")
    ):
        known[name, tuple(sorted(segments.items()))] = series_id
        shape[name] = (grain, kind)
    before = frozenset(shape)
    new: list[tuple[int, str, str, _Segments, str]] = []
    coded = []
    for reading in readings:
        table = reading.table
        _refuse_unfinished(reading)
        names_at, names = _indexed(table["series"])
        segments_at, segment_texts = _indexed(table["segments"])
        segments_of = [_segments(text, reading.source) for text in segment_texts]
        codes = names_at.astype(np.int64) * max(len(segments_of), 1) + segments_at
        pairs = pa.array(codes).dictionary_encode()
        ids = []
        unseen: dict[str, list[_Segments]] = {}
        for code in pairs.dictionary.to_pylist():
            name, segments = names[code // len(segments_of)], segments_of[code % len(segments_of)]
            _refuse_other_shape(connection, name, reading, shape)
            if (name, segments) not in known:
                known[name, segments] = len(known) + 1
                new.append((known[name, segments], name, reading.grain, segments, reading.kind))
                if name in before:
                    unseen.setdefault(name, []).append(segments)
            ids.append(known[name, segments])
        origin, origins = _origins(table)
        columns = {
            "series_id": np.array(ids, np.int32)[pairs.indices.to_numpy()],
            "day": table["day"].cast(pa.date32()),
            "value": table["value"].cast(pa.float64()),
            "origin": origin,
        }
        coded.append(_Coded(pa.table(columns), origins, len(set(ids)), _first_seen(unseen)))
    if new:
        series_ids, new_names, grains, new_segments, kinds = zip(*new, strict=True)
        connection.register(
            "new_series",
            pa.table(
                {
                    "series_id": pa.array(series_ids, pa.int32()),
                    "name": pa.array(new_names, pa.string()),
                    "grain": pa.array(grains, pa.string()),
                    "segments": pa.array(new_segments, pa.map_(pa.string(), pa.string())),
                    "kind": pa.array(kinds, pa.string()),
                }
            ),
        )
        rows(connection, "note_series")
        connection.unregister("new_series")
    return coded


def _first_seen(unseen: dict[str, list[_Segments]]) -> tuple[FirstSeen, ...]:
    """What was not known of series that were, with a few examples each."""
    return tuple(
        FirstSeen(
            name,
            len(found),
            tuple(json.dumps(dict(each), ensure_ascii=False) for each in sorted(found)[:_EXAMPLES]),
        )
        for name, found in sorted(unseen.items())
    )


def _refuse_unfinished(reading: Readings) -> None:
    value = reading.table["value"]
    if value.null_count or not pc.all(pc.is_finite(value), min_count=0).as_py():
        raise StoreError(
            f"Source {reading.source!r} holds a value that is missing or not finite. "
            "Leave such a day out, or mend it in the file; a missing day needs no row."
        )


def _refuse_other_shape(
    connection: duckdb.DuckDBPyConnection, name: str, reading: Readings, shape: dict[str, tuple[str, str]]
) -> None:
    """Refuse a series in another grain or kind than it is stored in, unless nothing of it stands."""
    mine = (reading.grain, reading.kind)
    stored = shape.setdefault(name, mine)
    if stored == mine:
        return
    if one(connection, "has_values", bool, name=name):
        raise StoreError(
            f"Series {name!r} of source {reading.source!r} is stored as {stored[1]} by {stored[0]}; "
            f"this load tells {mine[1]} by {mine[0]}. Give it another series name, or undo the loads that "
            "told it (`wbr undo LOAD`)."
        )
    rows(connection, "regrain", name=name, grain=reading.grain, kind=reading.kind)
    shape[name] = mine


def _indexed(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Return a text column as positions in a list of its texts."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries()
    if column.null_count:
        raise StoreError("A row has no series, no segments or no file. Read the source again.")
    if not column.num_chunks:
        return np.empty(0, np.int32), []
    at = np.concatenate([chunk.indices.to_numpy(zero_copy_only=False) for chunk in column.chunks])
    return at.astype(np.int32, copy=False), column.chunk(0).dictionary.to_pylist()


def _segments(text: str, source: str) -> _Segments:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise StoreError(f"Source {source!r} has segments {text!r}, which is no JSON object. Read it again.")
    return tuple(sorted((str(name), str(value)) for name, value in found.items()))


def _origins(
    table: pa.Table,
) -> tuple[npt.NDArray[np.int32], tuple[tuple[str, datetime | None], ...]]:
    """Return each row's place in a list of files and times observed, and that list."""
    files_at, files = _indexed(table["file"])
    moment = table["observed_at"].cast(pa.timestamp("us"))
    if moment.null_count == table.num_rows:
        return files_at, tuple((file, None) for file in files)
    moments = moment.combine_chunks().dictionary_encode(null_encoding="encode")
    times = moments.dictionary.to_pylist()
    codes = files_at.astype(np.int64) * len(times) + moments.indices.to_numpy()
    pairs = pa.array(codes).dictionary_encode()
    origins = tuple((files[c // len(times)], times[c % len(times)]) for c in pairs.dictionary.to_pylist())
    return pairs.indices.to_numpy(), origins


def _joined(
    readings: Sequence[Readings], coded: Sequence[_Coded], chosen: Sequence[int]
) -> tuple[pa.Table, pa.Table]:
    """Return the rows of several sources as one, and a row for each origin of them all."""
    tables, origins = [], list[tuple[int, str, str, datetime | None]]()
    for number in chosen:
        table = coded[number].table
        at = table["origin"].to_numpy().astype(np.int32, copy=False) + np.int32(len(origins))
        tables.append(table.set_column(3, "origin", pa.array(at, pa.int32())))
        origins += [(number, readings[number].source, *origin) for origin in coded[number].origins]
    numbers, sources, files, moments = zip(*origins, strict=True) if origins else ((), (), (), ())
    return pa.concat_tables(tables), pa.table(
        {
            "origin": pa.array(range(len(origins)), pa.int32()),
            "source_no": pa.array(numbers, pa.int32()),
            "source": pa.array(sources, pa.string()),
            "file": pa.array(files, pa.string()),
            "observed_at": pa.array(moments, pa.timestamp("us")),
        }
    )


def _repeated(reading: pa.Table) -> bool:
    """Whether a series and day occurs more than once. Sorting one integer a row beats a GROUP BY sixfold."""
    keys = reading["series_id"].to_numpy().astype(np.int64) << 32
    keys += reading["day"].cast(pa.int32()).to_numpy()
    if (keys[1:] > keys[:-1]).all():
        return False
    keys.sort()
    return bool((keys[1:] == keys[:-1]).any())


def _refuse_conflict(connection: duckdb.DuckDBPyConnection) -> None:
    found = cast(list[tuple[str, dict[str, str], date, str, str, str, str]], rows(connection, "conflict"))
    if found:
        told = "".join(
            f"\n- {name}{' ' + json.dumps(segments, sort_keys=True) if segments else ''}, {day}: "
            f"{one_value} ({here}) and {other} ({there})"
            for name, segments, day, one_value, other, here, there in found
        )
        raise StoreError(
            f"One load tells two values for one series, day and vintage:{told}\n"
            "Nothing was loaded. Leave one of the two in the files, or give them their times of observation."
        )


def _compared(connection: duckdb.DuckDBPyConnection, table: Table, repeated: bool) -> int:
    """Find what is not known yet and what of it must be put in order anew; return how much is fresh."""
    rows(connection, "fresh", table)
    rows(connection, "forget_known", table)
    rows(connection, "affected_late", table)
    if repeated:
        rows(connection, "affected_often")
    return one(connection, "fresh_counted", int)


def _put(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[int, tuple[int, int]]:
    """Write what is fresh; return by source number how many values are kept and how many restated."""
    counts: dict[int, tuple[int, int]] = {}
    if one(connection, "affected_counted", int):
        rows(connection, "telling", table)
        rows(connection, "telling_fresh")
        rows(connection, "fresh_plain")
        put_in_order(connection, table)
        counts |= _counts(connection, "counted_ordered")
    for statement in ("supersede", "make_way", "append"):
        rows(connection, statement, table)
    for source_no, (kept, restated) in _counts(connection, "counted").items():
        before = counts.get(source_no, (0, 0))
        counts[source_no] = (before[0] + kept, before[1] + restated)
    return counts


def _counts(connection: duckdb.DuckDBPyConnection, statement: str) -> dict[int, tuple[int, int]]:
    found = cast(list[tuple[int, int, int]], rows(connection, statement))
    return {source_no: (kept, restated) for source_no, kept, restated in found}


def put_in_order(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Write the affected series and days anew, in the order of their vintages."""
    for statement in (
        "stood", "run", "restored_batch", "stretch",
        "clear_current", "clear_history", "write_current", "write_history",
    ):  # fmt: skip
        rows(connection, statement, table)


def _report(reading: Readings, coded: _Coded, told: int, kept: int, restated: int) -> SourceReport:
    days = pc.min_max(coded.table["day"]).as_py()
    return SourceReport(
        source=reading.source,
        kept=kept,
        unchanged=told - kept - restated,
        restated=restated,
        refused=reading.refused,
        rows=reading.rows,
        files=len(reading.files),
        series=coded.series,
        first_day=days["min"],
        last_day=days["max"],
        first_seen=coded.first_seen,
    )


def _noted(
    connection: duckdb.DuckDBPyConnection,
    load: int,
    readings: Sequence[Readings],
    reports: Sequence[SourceReport],
    fresh: bool,
) -> bool:
    """Note a load that brought something, or refused other cells than its sources' last loads did."""
    connection.register("refused", _refused(load, readings))
    connection.register("files", _files(load, readings))
    connection.register("counted", _counted(load, reports))
    changed = fresh or not one(connection, "same_rejects", bool)
    if changed:
        for statement in ("note_source", "note_file", "note_reject"):
            rows(connection, statement)
    for name in ("refused", "files", "counted"):
        connection.unregister(name)
    return changed


def _note_sources(connection: duckdb.DuckDBPyConnection, load: int, reports: Sequence[SourceReport]) -> None:
    connection.register("counted", _counted(load, reports))
    rows(connection, "note_source")
    connection.unregister("counted")


def _counted(load: int, reports: Sequence[SourceReport]) -> pa.Table:
    def counts(name: str) -> pa.Array:
        return pa.array([getattr(report, name) for report in reports], pa.int64())

    return pa.table(
        {
            "load": pa.array([load] * len(reports), pa.int32()),
            "source": pa.array([report.source for report in reports], pa.string()),
            "rows_read": counts("rows"),
            "kept": counts("kept"),
            "unchanged": counts("unchanged"),
            "restated": counts("restated"),
            "refused": counts("refused"),
            "series_count": counts("series"),
            "first_day": pa.array([report.first_day for report in reports], pa.date32()),
            "last_day": pa.array([report.last_day for report in reports], pa.date32()),
        }
    )


def _files(load: int, readings: Sequence[Readings]) -> pa.Table:
    files = [(reading.source, file) for reading in readings for file in reading.files]
    return pa.table(
        {
            "load": pa.array([load] * len(files), pa.int32()),
            "source": pa.array([source for source, _ in files], pa.string()),
            "file": pa.array([file.name for _, file in files], pa.string()),
            "sha256": pa.array([file.sha256 for _, file in files], pa.string()),
            "rows_read": pa.array([file.rows for _, file in files], pa.int64()),
        }
    )


def _refused(load: int, readings: Sequence[Readings]) -> pa.Table:
    cells = [(reading.source, cell) for reading in readings for cell in reading.rejects]
    return pa.table(
        {
            "load": pa.array([load] * len(cells), pa.int32()),
            "source": pa.array([source for source, _ in cells], pa.string()),
            "file": pa.array([cell.file for _, cell in cells], pa.string()),
            "line": pa.array([cell.line for _, cell in cells], pa.int64()),
            "column_name": pa.array([cell.column for _, cell in cells], pa.string()),
            "cell": pa.array([cell.cell for _, cell in cells], pa.string()),
            "reason": pa.array([cell.reason for _, cell in cells], pa.string()),
        }
    )
