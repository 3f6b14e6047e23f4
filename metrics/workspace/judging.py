"""What the signal engine says of every metric, judged once for a state of the numbers."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from hashlib import sha256
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np

from metrics import history
from metrics.deck import Marked
from metrics.definitions import operands
from metrics.history import History, Verdicts
from metrics.rollup import COMPLETE, IMMATURE
from metrics.signals import Weekly, expected_by_chance, judge_all
from metrics.signals.values import JUDGED
from metrics.week import sentence
from metrics.workspace.prepared import TABLES, Prepared, engine
from metrics.workspace.seeing import seen_verdicts

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

Progress = Callable[[str, float], None]

REMEMBERED = 24  # Weeks kept in memory.


@dataclass(frozen=True, slots=True)
class WeekJudged:
    """What the engine says of one week.

    Attributes:
        week_ending: The week.
        rows: One per metric, in the order of the file; a metric retired or told monthly is left out.
        by_chance: Exceptions, and watches more, that chance alone brings among the metrics judged.
    """

    week_ending: date
    rows: tuple[Marked, ...]
    by_chance: tuple[float, float]


class Judging:
    """Verdicts, remembered under the store's version and what people decided about limits."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
        self._judged: OrderedDict[str, Verdicts] = OrderedDict()
        self._kept: OrderedDict[int, tuple[Verdicts, Verdicts]] = OrderedDict()  # Of a view.
        self._prepared = Prepared(house.folder)
        self._judging = RLock()  # Whoever asks for the same week meanwhile waits for the one answer.

    def verdicts(self, week_ending: date, as_of: datetime | None = None) -> Verdicts:
        """What the engine said of every metric in every week up to one.

        Raises:
            CalendarError: `week_ending` ends no week.
        """
        self._house.calendar.week(week_ending)
        if self._house.whole is not self._house:
            return self._seen(self._house.whole.judging.verdicts(week_ending, as_of))
        key = self._key(week_ending, as_of)
        with self._judging:
            if key not in self._judged:
                self._remember(key, self._found(key, week_ending, as_of))
            self._judged.move_to_end(key)
            return self._judged[key]

    def _seen(self, verdicts: Verdicts) -> Verdicts:
        """What a reader sees of verdicts, made once for each."""
        with self._judging:
            known = self._kept.get(id(verdicts))
            if known is None or known[0] is not verdicts:
                seen = seen_verdicts(verdicts, self._house.definitions.metrics)
                known = self._kept[id(verdicts)] = verdicts, seen
                while len(self._kept) > REMEMBERED:
                    self._kept.popitem(last=False)
            return known[1]

    def _remember(self, key: str, verdicts: Verdicts) -> None:
        self._judged[key] = verdicts
        version = f"{self._house.version}\n"
        for old in [known for known in self._judged if known != key and not known.startswith(version)]:
            del self._judged[old]  # Of an earlier load: nobody asks for it any more.
        while len(self._judged) > REMEMBERED:
            self._judged.popitem(last=False)

    def marks(self, week_ending: date, as_of: datetime | None = None) -> Verdicts:
        """What the engine said of every metric in every week up to one, as a deck asks it.

        The same verdicts as `verdicts`, which a week before the newest takes from the newest one's judging:
        what a week was told does not change when later weeks come. Left out is what the engine says of a
        newest week alone: proposals, and models of baselines that still grow.

        Raises:
            CalendarError: `week_ending` ends no week.
        """
        if self._house.whole is not self._house:
            return self._seen(self._house.whole.judging.marks(week_ending, as_of))
        newest = self._house.default_week()
        key = self._key(week_ending, as_of)
        if week_ending >= newest or key in self._judged or self._prepared.has(key):
            return self.verdicts(week_ending, as_of)
        self._house.calendar.week(week_ending)
        key += "\nlooked back"
        with self._judging:
            if key not in self._judged:
                found = self._looked_back(self.verdicts(newest, as_of), week_ending)
                if found is None:
                    return self.verdicts(week_ending, as_of)
                self._remember(key, found)
            return self._judged[key]

    def week(self, week_ending: date, as_of: datetime | None = None) -> WeekJudged:
        """What the engine says of one week, in numbers and in sentences."""
        verdicts, metrics = self.verdicts(week_ending, as_of), self._house.definitions.metrics
        rows = tuple(
            Marked(s.metric, metrics[s.metric].name, None, s, sentence(s, verdicts, self._house.registry))
            for s in verdicts.week(week_ending)
        )
        judged = sum(row.signal.state in JUDGED for row in rows)
        return WeekJudged(week_ending, rows, expected_by_chance(judged))

    def prepare(self, weeks: Sequence[date], progress: Progress | None = None) -> int:
        """Judge weeks ahead of the people who will open them.

        Args:
            weeks: Their last days.
            progress: Told what is being done, and which share of it is done.

        Returns:
            How many were not judged before.
        """
        made = 0
        for done, week in enumerate(weeks):
            if progress is not None:
                progress(f"judging the week ending {week}", done / len(weeks))
            made += not self._prepared.has(self._key(week, None))
            self.verdicts(week)
        if progress is not None:
            progress("judged", 1.0)
        return made

    def _key(self, week_ending: date, as_of: datetime | None) -> str:
        """All that the verdicts depend on."""
        house = self._house
        parts = (
            house.version,
            self._store_file,
            house.limits_version,
            self._definitions,
            week_ending.isoformat(),
        )
        known = as_of or house.past
        moment = known.astimezone(UTC).isoformat() if known else ""
        return "\n".join((*parts, moment, engine()))

    @property
    def state(self) -> str:
        """Changes with a load and with what is declared."""
        return "\n".join((self._house.version, self._store_file, self._definitions))

    @property
    def _store_file(self) -> str:
        """When the store's file was made: a store thrown away and loaded anew counts its versions again."""
        path = self._house.folder / "store" / self._house.version
        with suppress(OSError):  # Pruned meanwhile: then nothing that was kept for it is found.
            about = path.stat()
            return f"{about.st_mtime_ns}:{about.st_size}"
        return ""

    @cached_property
    def _definitions(self) -> str:
        return sha256(self._house.registry.definitions.model_dump_json().encode()).hexdigest()

    def _found(self, key: str, week_ending: date, as_of: datetime | None) -> Verdicts:
        kept = self._prepared.read(key, self._house.definitions.metrics)
        if kept is not None:
            return kept
        made = self._judge(week_ending, as_of)
        # A load that came meanwhile is in it, and going back would find it under the name of before.
        if self._house.version and made.judged and key == self._key(week_ending, as_of):
            self._prepared.write(key, made)
        return made

    def _judge(self, week_ending: date, as_of: datetime | None) -> Verdicts:
        house = self._house
        metrics = [house.definitions.metrics[name] for name in house.registry.order]
        first = house.first_day()
        oldest = week_ending if first is None else min(first, week_ending)
        with house.store.reading(as_of) as connection:
            told = history.history(
                connection,
                metrics,
                oldest,
                week_ending,
                house.calendar,
                missing_days=house.definitions.missing_days,
                target_tables=house.target_tables,
            )
        wanted = [m.id for m in metrics if not m.retired and told.rolled.coarse.get(m.id) != "month"]
        return Verdicts(told, judge_all(self._weeklies(told, wanted)))

    def _weeklies(self, told: History, wanted: Sequence[str]) -> tuple[Weekly, ...]:
        return history.weeklies(told, self._house.registry, wanted, self._house.decisions())

    def _looked_back(self, later: Verdicts, week_ending: date) -> Verdicts | None:
        """Verdicts of an earlier week from a later one's judging; None if the numbers must be read again.

        Only metrics that the engine would be told otherwise, because weeks were still immature then, are
        judged again.
        """
        told = earlier(later.told, week_ending)
        if told is None:
            return None
        wanted = list(later.judged)
        before, after = self._weeklies(told, wanted), self._weeklies(later.told, wanted)
        anew = [one for one, other in zip(before, after, strict=True) if not _continued(one, other)]
        judged = {each.metric: each for each in judge_all(anew)}
        return Verdicts(told, [judged.get(m) or later.judged[m].until(week_ending) for m in wanted])


def earlier(told: History, week_ending: date) -> History | None:
    """The weeks of a history up to one, as they stood when it was the newest.

    None if that cannot be told from the later one: the week lies outside it, or a metric is computed from
    one whose newest weeks were immature.
    """
    maturing = {m.id: m.matures_after_weeks for m in told.metrics.values() if m.matures_after_weeks}
    made_of = {operand for m in told.metrics.values() for operand in operands(m.measure)}
    if week_ending not in told.weeks or made_of & maturing.keys():
        return None
    count, kept = len(told.weeks), told.weeks.index(week_ending) + 1
    rolled, growing = told.rolled, len(told.rolled.windows) > count
    columns = [*range(kept), *(range(count, count + kept) if growing else ())]
    windows = tuple(
        replace(
            window, year_earlier=None if window.year_earlier is None else window.year_earlier - count + kept
        )
        for window in (rolled.windows[at] for at in columns)
    )
    state = rolled.state[:, columns]
    for metric, weeks in maturing.items():
        row = state[rolled.row[metric]]
        young = np.array([(week_ending - w.period.last).days < 7 * weeks for w in windows])
        row[young & (row == COMPLETE)] = IMMATURE
    cut = {name: getattr(rolled, name)[:, columns] for name in TABLES}
    return History(
        told.weeks[:kept], told.metrics, replace(rolled, windows=windows, **{**cut, "state": state})
    )


def _continued(one: Weekly, other: Weekly) -> bool:
    """Whether the weeks of one are the first weeks of the other, told in the same way."""
    kept = len(one.week_endings)
    return all(
        np.array_equal(mine, theirs[:kept], equal_nan=mine.dtype.kind == "f")
        for mine, theirs in (
            (getattr(one, name), getattr(other, name)) for name in ("values", "incomplete", "immature")
        )
    )
