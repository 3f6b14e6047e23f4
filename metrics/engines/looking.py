"""A store on an engine looked at from outside, for who asks what is wrong: nothing is changed."""

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta

from metrics.engines.reading import Asking
from metrics.health import Trouble
from metrics.store.looking import clock_back

TABLES: Mapping[str, Sequence[str]] = {
    "series": ("series_id", "name", "grain", "segments", "kind", "load"),
    "load": ("load", "loaded_at", "loaded_by", "what", "undoes"),
    "load_source": ("load", "source", "rows_read", "kept", "unchanged", "restated", "refused", "first_day"),
    "load_file": ("load", "source", "file", "sha256", "rows_read"),
    "reject": ("load", "source", "file", "line", "column_name", "cell", "reason"),
    "batch": ("batch", "load", "source", "file", "known_at", "dated"),
    "telling": ("series_id", "day", "value", "batch"),
    "sample_telling": ("series_id", "day", "value", "batch"),
}


def lacking(table: str, held: Set[str], engine: str) -> Iterator[Trouble]:
    """That a table or some of its columns, which a load made, are not there any more.

    Args:
        table: One of `TABLES`.
        held: The columns it has; none if it cannot be read.
        engine: What people call it.
    """
    lost = [column for column in TABLES[table] if column not in held]
    if lost:
        which = f"{', '.join(lost)} of the table {table}" if held else f"the table {table}"
        what = f"The store on {engine} has lost {which}: it was changed by hand or by another program."
        do = f"Restore it with the own tools of {engine}; or empty it and load all sources again: `wbr load`."
        yield Trouble("store_damaged", "wrong", what, do)


def left(asking: Asking, now: datetime) -> Iterator[Trouble]:
    """What killed loads left, and a newest load from a time that is still to come."""
    lost = asking.asked("lost")["load"].to_pylist()
    if lost:
        numbers = ", ".join(map(str, lost))
        what = f"Load {numbers} took its number and never told its last row: it was killed, or runs now."
        do = "Nothing: nobody reads what it left, and the next load passes it by. Load again: `wbr load`."
        yield Trouble("store_leftover", "note", what, do)
    for load in asking.asked("loads").to_pylist():
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=load["loaded_at"])
        if load["load"] == asking.newest:
            yield from clock_back(load["load"], at, now)
