"""A draft: the part of a store that one task is about, in a DuckDB in memory, where the store's rules run.

So a load on another engine keeps, restates and refuses exactly what it would in the store of one machine.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from metrics.engines.statements import text
from metrics.store import canonical
from metrics.store.statements import Table, rows, sql
from metrics.store.vintages import put_in_order

Facts = Mapping[str, pa.Table]
NOTES = ("load_source", "load_file", "reject")
SMALL = ("series", "batch", *NOTES)
TELLINGS: Mapping[Table, str] = {"observation": "telling", "sample": "sample_telling"}


@contextmanager
def drafted(facts: Facts, claimed: tuple[int, int] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A draft that holds the small tables of a store.

    Args:
        facts: `load` and each of `SMALL`, as the engine has them.
        claimed: The highest load and batch that were ever taken, where the draft shall be written to.
    """
    with duckdb.connect() as draft:
        draft.execute(sql("schema"))
        _add(draft, "load", _timed(facts["load"], "loaded_at"))
        _add(draft, "batch", _timed(facts["batch"], "known_at"))
        _add(draft, "series", _series(facts["series"]))
        for name in NOTES:
            _add(draft, "note", _dated(facts[name]), name)
        if claimed:
            draft.execute(text("draft_claimed_load"), {"load": claimed[0]})
            draft.execute(text("draft_claimed_batch"), {"load": claimed[0], "batch": claimed[1]})
        yield draft


def latest(series: pa.Table) -> pa.Table:
    """Of several rows of one series, that of the latest load."""
    return series.sort_by([("series_id", "ascending"), ("load", "descending")]).take(
        pa.array(_firsts(series["series_id"].combine_chunks().sort()), pa.int64())
    )


def _firsts(ids: pa.Array) -> list[int]:
    listed = ids.to_pylist()
    return [place for place, number in enumerate(listed) if not place or listed[place - 1] != number]


def put(draft: duckdb.DuckDBPyConnection, table: Table, tellings: pa.Table) -> None:
    """Give the draft all that was told of some series and days, in the order of its vintages."""
    if not tellings.num_rows:
        return
    _add(draft, table, _dated(tellings))
    rows(draft, "telling", table)
    put_in_order(draft, table)
    draft.execute(sql("drop_work"))


def hold(draft: duckdb.DuckDBPyConnection, held: pa.Table) -> None:
    """Give the draft a day of each series and batch that stands."""
    _add(draft, "held", _dated(held))


def written(draft: duckdb.DuckDBPyConnection, load: int, before: pa.Table) -> dict[str, pa.Table]:
    """What one load wrote into a draft, by the engine's table, in the order to write it; its row last."""
    found = {"batch": _new(draft, "batch", load)}  # First: it claims the numbers.
    found["series"] = _new_series(draft, load, before)
    for table, name in TELLINGS.items():
        found[name] = _new(draft, table, load)
    found["load_source"] = _new(draft, "load_source", load)
    for name in ("load_file", "reject"):
        found[name] = _new(draft, "note", load, name)
    found["load"] = _new(draft, "load", load)
    return found


def _new(draft: duckdb.DuckDBPyConnection, name: str, load: int, table: str = "") -> pa.Table:
    statement = text(f"draft_new_{name}").replace("{table}", table)
    return draft.sql(statement, params={"load": load}).to_arrow_table()


def _new_series(draft: duckdb.DuckDBPyConnection, load: int, before: pa.Table) -> pa.Table:
    known = {row["series_id"]: (row["grain"], row["kind"]) for row in before.to_pylist()}
    new = [
        (number, name, grain, canonical(tuple(cast(dict[str, str], segments).items())), kind, load)
        for number, name, segments, grain, kind in rows(draft, "series")
        if known.get(number) != (grain, kind)
    ]
    columns = list(zip(*new, strict=True)) or [()] * 6
    kinds = (pa.int32(), pa.string(), pa.string(), pa.string(), pa.string(), pa.int32())
    names = ("series_id", "name", "grain", "segments", "kind", "load")
    return pa.table(
        {name: pa.array(column, of) for name, column, of in zip(names, columns, kinds, strict=True)}
    )


def _add(draft: duckdb.DuckDBPyConnection, statement: str, given: pa.Table, table: str = "") -> None:
    draft.register("given", given)
    draft.execute(text(f"draft_{statement}").replace("{table}", table))
    draft.unregister("given")


def _series(series: pa.Table) -> pa.Table:
    segments = [list(json.loads(each).items()) for each in series["segments"].to_pylist()]
    place = series.column_names.index("segments")
    return series.set_column(place, "segments", pa.array(segments, pa.map_(pa.string(), pa.string())))


def _timed(table: pa.Table, column: str) -> pa.Table:
    place = table.column_names.index(column)
    return table.set_column(place, column, pc.cast(table[column], pa.int64()).cast(pa.timestamp("us")))


def _dated(table: pa.Table) -> pa.Table:
    for place, name in enumerate(table.column_names):
        if name == "day" or name.endswith("_day"):
            table = table.set_column(place, name, table[name].cast(pa.int32()).cast(pa.date32()))
    return table
