"""Whether a query's rows come several times over, as from a join that multiplies them.

A key that is told twice is refused while reading. What is looked for here passes there: a join whose other
side is a segment, samples, which have no key, and a sum over rows that came several times.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metrics.errors import SourceError
from metrics.ingest.cells import EPOCH
from metrics.ingest.readings import Readings
from metrics.ingest.repeats import keys

REFUSED = 10  # Times as many segments a day as ever stood are a mistake in the query,
FEWEST = 2  # if so many stood: of one country may become ten.
TOLD = 3  # Times as many are worth a look.
GROUPS = 100  # Of equal samples, before their sizes are a proof.
CELLS = 6  # Told before and now, before a common factor says something,
DIFFERENT = 3  # with so many different values among them.

Keys = tuple[str, date, str]  # Series, day, segments as JSON.


def refuse_multiplied(path: str, readings: Readings, standing: Mapping[str, int]) -> None:
    """Refuse rows that certainly come several times over.

    Args:
        path: Of the query's file.
        readings: What the query said.
        standing: Of each series, how many combinations of the same segments stand.

    Raises:
        SourceError: They do.
    """
    remedy = (
        "Nothing was loaded. Look for a join that multiplies rows. If it is right, declare `most_rows` on "
        f"the source {readings.source} and load again."
    )
    if readings.kind == "samples":
        for series, times in _repeated(readings.table).items():
            raise SourceError(f"{path}: every sample of {series} comes {times} times. {remedy}")
        return
    for series, most in _a_day(readings.table).items():
        stood = standing.get(series, 0)
        if stood >= FEWEST and most >= REFUSED * stood:
            raise SourceError(
                f"{path} tells {most:,} segments of {series} on one day, where {stood:,} are known. {remedy}"
            )


def remarks(
    path: str, readings: Readings, standing: Mapping[str, int], before: Mapping[Keys, float]
) -> tuple[str, ...]:
    """A sentence on each series whose rows may come several times over.

    Args:
        path: Of the query's file.
        readings: What the query said.
        standing: Of each series, how many combinations of the same segments stand.
        before: Values that stand, of days that the query told again.
    """
    if readings.kind == "samples":
        return ()
    told = []
    for series, most in _a_day(readings.table).items():
        stood = standing.get(series, 0)
        if stood and most >= TOLD * stood:
            told.append(
                f"{path} tells {most:,} segments of {series} on one day, where {stood:,} were known: look "
                "for a join that multiplies rows."
            )
    for series, (factor, cells) in _factors(readings.table, before).items():
        told.append(
            f"{path}: all {cells:,} values of {series} that were told before come {factor:,} times as large: "
            "look for a join that multiplies rows."
        )
    return tuple(told)


def reach(readings: Readings) -> tuple[list[str], date, date] | None:
    """The series that are told, and the first and the last day; None if nothing is."""
    if not readings.table.num_rows:
        return None
    days = pc.min_max(readings.table["day"]).as_py()
    return pc.unique(readings.table["series"]).to_pylist(), days["min"], days["max"]


def _codes(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[str]]:
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # Older Arrow keeps an empty column in chunks.
        return np.empty(0, np.int64), []
    return whole.indices.to_numpy(zero_copy_only=False).astype(np.int64), whole.dictionary.to_pylist()


def _days(table: pa.Table) -> npt.NDArray[np.int64]:
    days: npt.NDArray[np.int64] = table["day"].cast(pa.int32()).to_numpy().astype(np.int64)
    return days


def _a_day(table: pa.Table) -> dict[str, int]:
    """Of each series, the most segments told on one day."""
    series, names = _codes(table["series"])
    segments, _ = _codes(table["segments"])
    if not len(series):
        return {}
    days = _days(table)
    # Of each cell once: it is told several times where the source tells when it was observed.
    _, cells = np.unique(keys([series, days, segments]), return_index=True)
    series = series[cells]
    _, places, counts = np.unique(keys([series, days[cells]]), return_index=True, return_counts=True)
    most = np.zeros(len(names), np.int64)
    np.maximum.at(most, series[places], counts)
    return {names[place]: int(count) for place, count in enumerate(most) if count}


def _repeated(table: pa.Table) -> dict[str, int]:
    """Series of which each sample comes so many times, or a multiple of it; the table is in order."""
    series, names = _codes(table["series"])
    if not len(series):
        return {}
    segments, _ = _codes(table["segments"])
    value = table["value"].to_numpy()
    days = _days(table)
    starts = np.ones(len(series), dtype=bool)
    starts[1:] = False
    for part in (series, segments, days, value):
        starts[1:] |= part[1:] != part[:-1]
    places = np.flatnonzero(starts)
    sizes = np.diff(np.append(places, len(series)))
    found = {}
    for code in np.unique(series):
        mine = sizes[series[places] == code]
        times = int(np.gcd.reduce(mine))
        if len(mine) >= GROUPS and times > 1:
            found[names[code]] = times
    return found


def _factors(table: pa.Table, before: Mapping[Keys, float]) -> dict[str, tuple[int, int]]:
    """Series whose values are all the same whole number of times what stood; and how many those are."""
    if not before:
        return {}
    series, names = _codes(table["series"])
    segments, texts = _codes(table["segments"])
    pairs: dict[str, list[tuple[float, float]]] = {}
    for code, day, part, value in zip(
        series.tolist(), _days(table).tolist(), segments.tolist(), table["value"].to_pylist(), strict=True
    ):
        old = before.get((names[code], date.fromordinal(day + EPOCH), texts[part]))
        if old:
            pairs.setdefault(names[code], []).append((old, value))
    return {name: (factor, len(told)) for name, told in pairs.items() if (factor := _factor(told))}


def _factor(told: Sequence[tuple[float, float]]) -> int:
    """The whole number that takes each first value to the second; 0 if there is none above one."""
    if len(told) < CELLS or len({old for old, _ in told}) < DIFFERENT:
        return 0
    factor = round(told[0][1] / told[0][0])
    same = all(abs(new - factor * old) <= 1e-9 * abs(new) for old, new in told)
    return factor if same and factor > 1 else 0
