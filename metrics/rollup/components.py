"""Components: one series folded one way over every window, in one statement for all of them.

A metric is made of one component, or of two if it is a ratio. Here, and nowhere else, days become
the value of a period.

Source: analytics.md section 1, rules 1 to 3.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from metrics.definitions import (
    Folded,
    Grain,
    Measure,
    Percentile,
    Ratio,
)
from metrics.periods import Calendar, Period
from metrics.rollup.reading import Columns, Fold, Reading
from metrics.rollup.windows import DAY, Stretches, expectation, stretches

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Codes = NDArray[np.uint8]

# States as numbers, from best to worst: what is computed from several values has the worst of theirs.
COMPLETE, IMMATURE, PARTIAL, UNDEFINED, MISSING = range(5)

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Component:
    """One series folded one way.

    Attributes:
        fold: How the days of a window become one value.
        series: Name of the stored series; all its segments, less those `where` leaves out.
        where: (segment, value) pairs that a segment must carry.
        at: The percentile, 0 to 1, for that fold.
    """

    fold: Fold
    series: str
    where: tuple[tuple[str, str], ...] = ()
    at: float | None = None


def components(measure: Measure) -> tuple[Component, ...]:
    """What a measure reads: one component, two for a ratio, none if it is computed from other metrics."""
    match measure:
        case Ratio(numerator=over, denominator=under, where=where):
            kept = tuple(sorted(where.items()))
            return Component("total", over, kept), Component("total", under, kept)
        case Percentile(samples=samples, at=at, where=where):
            return (Component("percentile", samples, tuple(sorted(where.items())), at),)
        case _ if isinstance(measure, Folded):
            return (Component(measure.how, measure.series, tuple(sorted(measure.where.items()))),)
        case _:
            return ()


@dataclass(frozen=True, slots=True)
class Folds:
    """The components' values; every array is (components, periods).

    Attributes:
        value: In the series' unit; NaN where there is none.
        present: Observations there are.
        expected: Observations a complete period has; 0 where the grain cannot answer.
        state: One of the codes above.
        incomplete: For a partial period, where its point would lie if the missing days were like the
            others; NaN otherwise. Drawn hollow, never used in arithmetic.
        grain: One per component; None for a series the store does not hold.
    """

    value: Floats
    present: Ints
    expected: Ints
    state: Codes
    incomplete: Floats
    grain: tuple[Grain | None, ...]


class Catalogue:
    """The series a store holds, found by name and segment."""

    def __init__(self, reading: Reading) -> None:
        self._by_name: dict[str, list[tuple[int, Grain, Mapping[str, str]]]] = {}
        for number, name, grain, segments in reading.series():
            self._by_name.setdefault(name, []).append((number, grain, segments))

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def members(self, component: Component) -> list[int]:
        """Ids of the stored series that feed a component."""
        wanted = component.where
        return [
            number
            for number, _, segments in self._by_name.get(component.series, ())
            if all(segments.get(key) == value for key, value in wanted)
        ]

    def grain(self, name: str) -> Grain | None:
        """How often a series is told; None if the store does not hold it."""
        known = self._by_name.get(name)
        return known[0][1] if known else None


def hand_over(reading: Reading, catalogue: Catalogue, wanted: Sequence[Component]) -> None:
    """Give the reading its `part` table: which stored series feed which component."""
    members = [catalogue.members(component) for component in wanted]
    counts = np.array([len(of_one) for of_one in members], np.int64)
    reading.give(
        "part",
        {
            "component": np.repeat(np.arange(len(wanted)), counts),
            "series_id": np.array([number for of_one in members for number in of_one], np.int64),
            "fold": np.repeat(np.array([c.fold for c in wanted], object), counts),
            "alone": np.repeat(counts == 1, counts),
        },
    )


def folds(
    reading: Reading,
    catalogue: Catalogue,
    wanted: Sequence[Component],
    periods: Sequence[Period],
    calendar: Calendar,
    *,
    lenient: bool,
    asked: NDArray[np.bool_] | None = None,
) -> Folds:
    """Fold every component over every period.

    Args:
        reading: Of the store, as known at some time.
        catalogue: The series of that reading.
        wanted: The components, each once.
        periods: The distinct periods, at least one.
        calendar: Says which periods are whole weeks and months, for coarser series.
        lenient: Let a partial period have the value of the days it has.
        asked: (components, periods): where a percentile is wanted; None for everywhere. Elsewhere it stays
            missing, because its samples are put in order once for each period that holds them.

    Returns:
        Arrays of one row per component and one column per period. Under the strict policy a period
        with a missing day has no value, except `latest` and `first`, which take the last or first
        day present.
    """
    shape = len(wanted), len(periods)
    cut = stretches(periods)
    days = [np.arange(np.datetime64(piece.first), np.datetime64(piece.last + DAY)) for piece in cut.days]
    reading.give(
        "day_stretch",
        {
            "day": np.concatenate(days).astype("M8[us]"),
            "stretch": np.repeat(np.arange(len(days)), [len(each) for each in days]),
        },
    )
    hand_over(reading, catalogue, wanted)
    first, last = min(p.first for p in periods), max(p.last for p in periods)

    present = np.zeros(shape, np.int32)
    told = np.full(shape, np.nan)  # Fold of the days present.
    kinds = np.array([c.fold for c in wanted], object)
    for fold, across in _ACROSS.items():
        if (mine := kinds == fold).any():
            found = reading.stretches(fold, first, last)
            place = found["stretch"], (np.cumsum(mine) - 1)[found["component"]]
            pieces = np.full((len(days), mine.sum()), np.nan)
            counts = np.zeros(pieces.shape, np.int32)
            pieces[place], counts[place] = found["value"], found["days"]
            told[mine] = np.array([across(pieces[start:past]) for start, past in cut.spans]).T
            present[mine] = np.array([counts[start:past].sum(axis=0) for start, past in cut.spans]).T
    for at in sorted({c.at for c in wanted if c.at is not None}):
        mine = np.array([row for row, c in enumerate(wanted) if c.at == at])
        places = np.arange(len(periods)) if asked is None else np.flatnonzero(asked[mine].any(axis=0))
        sampled = _sampled(reading, catalogue, [wanted[row] for row in mine], at, periods, cut, places)
        place = mine[sampled["component"]], sampled["place"]
        told[place], present[place] = sampled["value"], sampled["days"]

    grain = tuple(catalogue.grain(c.series) for c in wanted)
    expected = _expected(grain, periods, calendar)
    any_day = np.array([c.fold in ("latest", "first") for c in wanted], bool)[:, None]
    some = (present > 0) & (expected > 0)
    whole = some & ((present >= expected) | any_day)
    state = np.where(whole, COMPLETE, np.where(some, PARTIAL, MISSING)).astype(np.uint8)
    partial = state == PARTIAL
    with np.errstate(divide="ignore", invalid="ignore"):
        told[kinds == "mean"] /= present[kinds == "mean"]
        raised = np.where((kinds == "total")[:, None], told * expected / present, told)
    incomplete = np.where(partial, raised, np.nan)
    value = np.where(whole | (partial & lenient), told, np.nan)
    return Folds(value, present, expected, state, incomplete, grain)


def _sampled(
    reading: Reading,
    catalogue: Catalogue,
    wanted: Sequence[Component],
    at: float,
    periods: Sequence[Period],
    cut: Stretches,
    places: NDArray[np.int64],
) -> Columns:
    """One percentile of the samples of some components, in the periods at some places."""
    if not places.size:
        return {name: np.empty(0, np.int64) for name in ("component", "place", "value", "days")}
    hand_over(reading, catalogue, wanted)
    inside = [np.arange(*cut.spans[place]) for place in places]
    reading.give(
        "stretch_window",
        {
            "stretch": np.concatenate(inside),
            "place": np.repeat(places, [len(each) for each in inside]),
        },
    )
    held = [periods[place] for place in places]
    return reading.samples(at, min(p.first for p in held), max(p.last for p in held))


def _expected(grain: Iterable[Grain | None], periods: Sequence[Period], calendar: Calendar) -> Ints:
    """Observations of a complete period, per component and period."""
    each = [expectation(p, calendar) for p in periods]
    answers = {
        "day": np.array([e.day for e in each], np.int32),
        "week": np.array([e.week for e in each], np.int32),
        "month": np.array([e.month for e in each], np.int32),
    }
    return np.array([answers[g or "day"] for g in grain], np.int32).reshape(-1, len(periods))


def each_day(reading: Reading, catalogue: Catalogue, wanted: Sequence[Component], span: Period) -> Floats:
    """The days of some components, (components, days of the span); NaN where a day has no value."""
    hand_over(reading, catalogue, wanted)
    table = np.full((len(wanted), span.days), np.nan)
    found = reading.each_day(span.first, span.last)
    days = found["day"].astype("datetime64[D]").astype(np.int64) - (span.first - EPOCH).days
    table[found["component"], days] = found["value"]
    return table


def _added(pieces: Floats) -> Floats:
    """Sums down the rows; what rounding loses is carried along (Kahan), and what is missing adds nothing."""
    total = np.zeros(pieces.shape[1])
    lost = np.zeros(pieces.shape[1])
    for piece in np.where(np.isnan(pieces), 0.0, pieces):
        term = piece - lost
        longer = total + term
        lost = (longer - total) - term
        total = longer
    return total


def _earliest(pieces: Floats) -> Floats:
    """The first of each column that is there; NaN if none is."""
    there = np.argmax(~np.isnan(pieces), axis=0)
    found: Floats = pieces[there, np.arange(pieces.shape[1])]
    return found


def _latest(pieces: Floats) -> Floats:
    return _earliest(pieces[::-1])


# How the values of stretches, one a row, become those of a window. A mean is divided by its days later.
_ACROSS: Mapping[Fold, Callable[[Floats], Floats]] = {
    "total": _added,
    "mean": _added,
    "min": np.fmin.reduce,
    "max": np.fmax.reduce,
    "first": _earliest,
    "latest": _latest,
}
