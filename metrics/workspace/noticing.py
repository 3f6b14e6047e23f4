"""What a load should make people look at: rows that come several times over, segments never seen before."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from metrics.definitions import PushSource
from metrics.errors import counted
from metrics.ingest import Readings
from metrics.ingest.query import reach, refuse_multiplied, remarks
from metrics.store import FirstSeen, LoadReport

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

LAST_DAYS = 14  # Of those that a query tells again are held against what stands.
VALUES = 5_000  # Of one series at most.
SERIES = 10  # At most: each is a question to the store, on Spark a job.


class Noticing:
    """Holds what a query tells against what stands."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house

    def of_query(self, readings: Readings) -> tuple[str, ...]:
        """Sentences on rows of a `sql` source that may come several times over.

        Raises:
            SourceError: They certainly do, and the source declares no `most_rows`.
        """
        source = self._house.source(readings.source)
        told = reach(readings)
        if isinstance(source, PushSource) or told is None:
            return ()
        names, first, last = told
        standing: dict[str, int] = {}
        before: dict[tuple[str, date, str], float] = {}
        if readings.kind == "values" and self._house.version:
            standing, until = self._standing(names, set(source.segments))
            before = self._before(list(standing), first, min(last, until or first))
        if source.most_rows is None:
            refuse_multiplied(source.path, readings, standing)
        return remarks(source.path, readings, standing, before)

    def _standing(self, names: list[str], dimensions: set[str]) -> tuple[dict[str, int], date | None]:
        """Of each series how many combinations of these dimensions stand, and the last day of them all."""
        found: dict[str, int] = {}
        until: date | None = None
        told = self._house.store.coverage(names)
        for name, segments, last, count in zip(
            told["series"], told["segments"], told["last_day"], told["rows"], strict=True
        ):
            if count and json.loads(segments).keys() == dimensions:
                found[str(name)] = found.get(str(name), 0) + 1
                until = max(until or last.date(), last.date())
        return found, until

    def _before(self, names: list[str], first: date, last: date) -> dict[tuple[str, date, str], float]:
        """Values that stand, of the last days that are told again."""
        found: dict[tuple[str, date, str], float] = {}
        since = max(first, last - timedelta(days=LAST_DAYS))
        for name in names if len(names) <= SERIES else ():
            told = self._house.store.observations(name, first=since, last=last, where={}, size=VALUES)
            for day, segments, value in zip(told["day"], told["segments"], told["value"], strict=True):
                found[name, day.date(), segments] = float(value)
        return found


def first_seen(report: LoadReport) -> Iterator[str]:
    """A sentence on each series of which a load told segments that none told before."""
    for source in report.sources if report.load is not None else ():
        for each in source.first_seen:
            yield _sentence(each)


def _sentence(told: FirstSeen) -> str:
    examples = ", ".join(map(_words, told.examples))
    rest = told.count - len(told.examples)
    more = f" and {rest:,} more" if rest else ""
    return f"{counted(told.count, 'segment')} of {told.series} seen for the first time: {examples}{more}."


def _words(segments: str) -> str:
    found = json.loads(segments)
    parts = [f"{dimension}={segment or '(blank)'}" for dimension, segment in found.items()]
    return "/".join(parts) if parts else "the whole, told without segments"
