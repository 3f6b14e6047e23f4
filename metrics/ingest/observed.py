"""The observations of all files of a source: joined, in order, as one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metrics.ingest.cells import EPOCH, Floats, Mask
from metrics.ingest.gather import BLANK, Codes, Gathered, Meaning
from metrics.ingest.readings import SCHEMA
from metrics.ingest.repeats import keys
from metrics.ingest.tables import Ints

Number = TypeVar("Number", np.int32, np.int64, np.float64)


@dataclass(frozen=True, slots=True)
class Observed:
    """The observations as they came. All arrays are equally long.

    Attributes:
        series_names: Sorted.
        series: Place in `series_names`.
        segment_names: JSON, sorted.
        segments: Place in `segment_names`; None if the source has no segments.
        day: Days since 1970-01-01.
        value: Finite numbers.
        observed_at: Microseconds since 1970, or `BLANK`; None if the source tells none.
        row: Place in its file's table.
        ends: Where each file's observations end.
    """

    series_names: list[str]
    series: Codes
    segment_names: list[str]
    segments: Codes | None
    day: Codes
    value: Floats
    observed_at: Ints | None
    row: Ints
    ends: Ints

    @property
    def key(self) -> Ints:
        """One whole number for series, segments, day and moment, in their order."""
        parts = (self.series, self.segments, self.day, self.observed_at)
        return keys([part for part in parts if part is not None])

    def file(self, place: int) -> int:
        """Which file an observation is from."""
        return int(np.searchsorted(self.ends, place, side="right"))

    def date(self, place: int) -> date:
        """The day of an observation."""
        return date.fromordinal(int(self.day[place]) + EPOCH)

    def table(self, order: Ints | None, refused: Mask | None, files: Sequence[str]) -> pa.Table:
        """The observations in order, without the refused ones, as `Readings` describes them."""
        if order is not None and refused is not None:
            order = order[~refused[order]]
        count = len(self.value) if order is None else len(order)
        segments = np.zeros(count, dtype=np.int32) if self.segments is None else _taken(self.segments, order)
        sizes = np.diff(self.ends, prepend=0)
        file = _taken(np.repeat(np.arange(len(files), dtype=np.int32), sizes), order)
        if self.observed_at is None:
            observed_at = pa.nulls(count, pa.timestamp("us"))
        else:
            moments = _taken(self.observed_at, order)
            observed_at = pa.array(moments, pa.int64(), mask=moments == BLANK).cast(pa.timestamp("us"))
        arrays: list[pa.Array] = [
            pa.DictionaryArray.from_arrays(
                _taken(self.series, order), pa.array(self.series_names, pa.string())
            ),
            pa.DictionaryArray.from_arrays(segments, pa.array(self.segment_names, pa.string())),
            pa.array(_taken(self.day, order), pa.int32()).cast(pa.date32()),
            pa.array(_taken(self.value, order), pa.float64()),
            observed_at,
            pa.DictionaryArray.from_arrays(file, pa.array(list(files), pa.string())),
        ]
        return pa.Table.from_arrays(arrays, schema=SCHEMA)


def observed(gathered: Sequence[Gathered], meaning: Meaning) -> Observed:
    """What all files say, joined. Takes the parts away from `gathered`, which halves the memory."""
    ends = np.cumsum([sum(map(len, one.value)) for one in gathered], dtype=np.int64)
    series_names, series = _by_name(
        list(meaning.series.names), _joined([one.series for one in gathered], np.int32)
    )
    segment_names, segments = meaning.segments_as_json(), None
    if meaning.segment_words:
        segment_names, segments = _by_name(
            segment_names, _joined([one.segments for one in gathered], np.int32)
        )
    moments = [one.observed_at for one in gathered]
    return Observed(
        series_names=series_names,
        series=series,
        segment_names=segment_names,
        segments=segments,
        day=_joined([one.day for one in gathered], np.int32),
        value=_joined([one.value for one in gathered], np.float64),
        observed_at=_joined(moments, np.int64) if any(moments) else None,
        row=_joined([one.row for one in gathered], np.int64),
        ends=ends,
    )


def _joined(parts: Sequence[list[npt.NDArray[Number]]], kind: type[Number]) -> npt.NDArray[Number]:
    arrays: list[npt.NDArray[Number]] = [array for part in parts for array in part]
    for part in parts:
        part.clear()
    return np.concatenate([*arrays, np.empty(0, dtype=kind)])


def _by_name(names: Sequence[str], codes: Codes) -> tuple[list[str], Codes]:
    """The names that occur, sorted, and the codes in their terms."""
    occurs = np.bincount(codes, minlength=len(names)) > 0
    order = sorted(np.flatnonzero(occurs).tolist(), key=names.__getitem__)
    place = np.zeros(max(len(names), 1), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return [names[code] for code in order], place[codes]


def _taken(array: npt.NDArray[Number], order: Ints | None) -> npt.NDArray[Number]:
    return array if order is None else array[order]
