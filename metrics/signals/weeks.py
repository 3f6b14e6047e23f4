"""Weeks judged one after the other, each as it looked when it was the newest.

The loop below goes forward only: what it says of a week can depend on nothing that came later. It carries
many metrics at once; they share a calendar, and each has its own baseline.

Source: analytics.md section 2, table of states, "Lock", "Poor input".
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from metrics.signals.model import WEEKS_FOR_SEASON, Design, Fit, InForce, fit
from metrics.signals.rules import BEYOND, EIGHT_IN_A_ROW, THREE_OF_FOUR, Memory
from metrics.signals.values import JUDGED, STATES, Flags, Floats, Places, State

Codes = NDArray[np.int8]
Counts = NDArray[np.int64]

CODE: Final[dict[State, int]] = {state: code for code, state in enumerate(STATES)}
FIRM: Final = np.array([state in JUDGED for state in STATES])
RANGED: Final = np.array(
    [state not in {"too_short", "event_week", "constant", "before_start"} for state in STATES]
)

TRIAL_FROM, PROVISIONAL_FROM, NORMAL_FROM = 6, 12, 26  # Weeks of baseline.
FIRST_LOCKS: Final = (26, 52, 104)  # Weeks of baseline: level; a year; season.
LOCK_EVERY: Final = 13  # Weeks of baseline, after the last of them: a quarter.
LEFT_OUT: Final = 8  # Newest weeks that no lock takes in: a drift must not widen the limits that show it.
TOO_MANY_GAPS: Final = 0.10  # Share of the baseline's weeks.
TOGETHER: Final = 1024  # Fits at once: more no longer stay in the processor's cache.


def next_lock(weeks: int) -> int:
    """The smallest number of baseline weeks, above `weeks`, at which limits are locked."""
    for threshold in FIRST_LOCKS:
        if weeks < threshold:
            return threshold
    return FIRST_LOCKS[-1] + ((weeks - FIRST_LOCKS[-1]) // LOCK_EVERY + 1) * LOCK_EVERY


@dataclass(frozen=True, eq=False)
class Panel:
    """R stretches of T weeks with one calendar. A stretch is a metric, or a part of it with one definition.

    Attributes:
        y: R × T, in the scale to be judged; NaN is no value.
        counts: R × T, weeks that may enter limits and memory.
        told: R × T, code of the state that a week has before any judgement; −1 if it is to be judged.
        in_runs: R × T, weeks that may take part in a run: an incident with a known cause does not.
        first, end: Half-open range of each stretch.
        columns: What the stretches share.
        holidays: T × E, the weeks of each recurring event.
        level_since: T, where the newest divider up to each week is; −1 for none.
        left_out: Newest points that no lock takes in.
    """

    y: Floats
    counts: Flags
    told: Codes
    in_runs: Flags
    first: Places
    end: Places
    columns: Design
    holidays: Flags
    level_since: Places
    left_out: int = LEFT_OUT


@dataclass(frozen=True, eq=False)
class Locked:
    """One lock of one stretch, by places: baseline [first, end), made after `made`, `row` of `fit`."""

    first: int
    end: int
    made: int
    counted: int
    postponed: int
    fit: Fit
    row: int


@dataclass(eq=False)
class Verdicts:
    """What the loop found, R × T: NaN, −1 and 0 stand for nothing found.

    Attributes:
        expected, error: In the scale of y; `error` is the standard error of a new value.
        z: Surprise in sigma.
        state: Codes of states.
        beyond: 1 above, −1 below the range.
        leaning, running: First week of three of four, of eight in a row.
        counted: Weeks in the baseline.
        lock: Place in `locks` of the stretch.
        locks: Per stretch, oldest first.
        newest: Per stretch the newest fit, its row in it, and the end of its baseline; None before the first.
    """

    expected: Floats
    error: Floats
    z: Floats
    state: Codes
    beyond: Codes
    leaning: Places
    running: Places
    counted: NDArray[np.int64]
    lock: NDArray[np.int64]
    locks: list[list[Locked]]
    newest: list[tuple[Fit, int, int] | None]

    @classmethod
    def none(cls, rows: int, weeks: int) -> "Verdicts":
        """Nothing found yet."""
        shape = (rows, weeks)
        return cls(
            expected=np.full(shape, np.nan),
            error=np.full(shape, np.nan),
            z=np.full(shape, np.nan),
            state=np.full(shape, CODE["too_short"], dtype=np.int8),
            beyond=np.zeros(shape, dtype=np.int8),
            leaning=np.full(shape, -1, dtype=np.intp),
            running=np.full(shape, -1, dtype=np.intp),
            counted=np.zeros(shape, dtype=np.int64),
            lock=np.full(shape, -1, dtype=np.int64),
            locks=[[] for _ in range(rows)],
            newest=[None] * rows,
        )


class _Tally:
    """How many weeks of each row are there, in a range.

    Attributes:
        upto: (T + 1) × R, weeks before each week.
    """

    def __init__(self, there: Flags) -> None:
        rows, weeks = there.shape
        self.upto: Counts = np.zeros((weeks + 1, rows), dtype=np.int64)
        np.cumsum(there.T, axis=0, out=self.upto[1:])

    def between(self, since: Places, end: int | Places, rows: Places) -> Counts:
        """Weeks in [since, end) of some rows; `end` is one for all or one per row."""
        inside: Counts = np.maximum(self.upto[end, rows] - self.upto[np.maximum(since, 0), rows], 0)
        return inside


class _Fits:
    """Models by row and end of the baseline.

    A fit costs little more for many rows than for one. So those that the calendar of locks is sure to ask for
    are made in advance, whatever their ends; the rest when asked for.
    """

    def __init__(self, panel: Panel, total: _Tally) -> None:
        rows, weeks = panel.y.shape
        self.panel, self.total = panel, total
        self.made: list[tuple[Fit, Fit]] = []  # The second without its inverse, to be kept.
        self.number = np.full((rows, weeks + 1), -1, dtype=np.intp)  # Place in `made` of a row and an end.
        self.at = np.zeros((rows, weeks + 1), dtype=np.intp)  # Row there.

    def make(self, rows: Places, ends: Places) -> None:
        """Fit `rows` on baselines that end at `ends`."""
        new = self.number[rows, ends] < 0
        ends, rows = np.unique(np.column_stack((ends[new], rows[new])), axis=0).T  # By end, each once.
        long = self.total.between(self.panel.first[rows], ends, rows) >= WEEKS_FOR_SEASON
        for season in (False, True):
            some, their = rows[long == season], ends[long == season]
            for start in range(0, len(some), TOGETHER):
                self._make(some[start : start + TOGETHER], their[start : start + TOGETHER], season)

    def _make(self, rows: Places, ends: Places, season: bool) -> None:
        panel, last = self.panel, int(ends.max())
        weeks = np.arange(last)
        used = panel.counts[rows, :last] & (weeks >= panel.first[rows, None]) & (weeks < ends[:, None])
        if not season:  # Without an effect of its own, a holiday says nothing about ordinary weeks.
            used &= ~panel.holidays[:last].any(axis=1)
        found = fit(panel.y[rows, :last], used, panel.columns, season=season)
        if not season:
            found = replace(found, known=np.zeros_like(found.known))
        self.number[rows, ends], self.at[rows, ends] = len(self.made), np.arange(len(rows))
        self.made.append((found, found.without_inverse))

    def of(self, rows: Places, end: int) -> Iterator[tuple[Places, Fit, Fit, Places]]:
        """Some of the rows, their fit with and without its inverse, and their rows in it; until all came."""
        self.make(rows, np.full(len(rows), end))
        numbers = self.number[rows, end]
        for number in np.unique(numbers):
            some = rows[numbers == number]
            yield some, *self.made[number], self.at[some, end]


class _Schedule:
    """When baselines grow, and when they are locked.

    Attributes:
        since: First week of each row's level.
        before: Weeks that count before it.
        locked: Whether a row has a lock in force.
        due: Weeks of baseline that its next lock needs.
        waited: Weeks by which that lock is late.
    """

    def __init__(self, panel: Panel, total: _Tally) -> None:
        rows = len(panel.y)
        self.panel, self.total = panel, total
        self.locked = np.zeros(rows, bool)
        self.due = np.full(rows, FIRST_LOCKS[0])
        self.waited = np.zeros(rows, dtype=np.int64)
        self.begin(0)

    def begin(self, week: int) -> None:
        """The first week, or a divider: the level is learned anew."""
        self.locked[:], self.due[:], self.waited[:] = False, FIRST_LOCKS[0], 0
        self.since: Places = np.maximum(self.panel.first, self.panel.level_since[week])
        self.before = self.total.upto[self.since, np.arange(len(self.since))]

    def counted(self, end: int) -> Counts:
        """Weeks of each row's level that count before `end`."""
        inside: Counts = np.maximum(self.total.upto[max(end, 0)] - self.before, 0)
        return inside

    def asks(self, week: int, run: Flags) -> tuple[Places, Places]:
        """Rows to be locked and rows that grow, before `week` is judged.

        Args:
            week: The week.
            run: Rows in a run that is open.
        """
        panel, settled = self.panel, week - self.panel.left_out
        active = (panel.first <= week) & (week < panel.end)
        ripe = active & (self.counted(settled) >= self.due)
        # The first locks wait for no run: each can learn what the one before could not (a trend, a year, the
        # season), and a metric with a season would else stay in a run that only the next lock can end.
        locking = ripe & ~(run & (self.due > FIRST_LOCKS[-1]))
        self.waited[ripe & ~locking] += 1
        growing = active & ~self.locked & ~locking & (self.counted(week) >= TRIAL_FROM)
        return np.flatnonzero(locking), np.flatnonzero(growing)

    def lock(self, rows: Places, week: int) -> None:
        """The baselines of some rows are locked."""
        baseline = self.counted(week - self.panel.left_out)
        self.due[rows] = [next_lock(weeks) for weeks in baseline[rows].tolist()]
        self.locked[rows], self.waited[rows] = True, 0


def _foreseen(panel: Panel, total: _Tally) -> tuple[Places, Places]:
    """Rows and ends of all baselines that will be asked for if no run ever postpones a lock."""
    schedule, never = _Schedule(panel, total), np.zeros(len(panel.y), bool)
    rows: list[Places] = [np.empty(0, dtype=np.intp)]
    ends: list[Places] = [np.empty(0, dtype=np.intp)]
    for week in range(1, panel.y.shape[1]):
        if panel.level_since[week] == week:
            schedule.begin(week)
        locking, growing = schedule.asks(week, never)
        schedule.lock(locking, week)
        for some, end in ((locking, week - panel.left_out), (growing, week)):
            rows.append(some)
            ends.append(np.full(len(some), end, dtype=np.intp))
    return np.concatenate(rows), np.concatenate(ends)


class _Walk:
    """The state of the loop between two weeks."""

    def __init__(self, panel: Panel) -> None:
        rows, _ = panel.y.shape
        self.panel = panel
        self.found = Verdicts.none(*panel.y.shape)
        self.model = InForce.none(rows, panel.columns.level.shape[1])
        self.memory = Memory(rows)
        total = _Tally(panel.counts)
        self.schedule, self.fits = _Schedule(panel, total), _Fits(panel, total)
        self.fits.make(*_foreseen(panel, total))
        self.absent = _Tally(np.isin(panel.told, (CODE["missing"], CODE["incomplete_week"])))
        self.known = np.zeros((rows, panel.holidays.shape[1]), bool)  # Events with an estimate.
        self.baseline = np.zeros(rows, dtype=np.int64)
        self.gappy = np.zeros(rows, bool)
        self.locks = np.zeros(rows, dtype=np.int64)
        # Whether the newest judged week is one of eight or more on one side.
        self.open = np.zeros(rows, bool)
        self.last, self.before_last = np.full(rows, np.nan), np.full(rows, np.nan)
        self.unsure = np.zeros(rows)

    # Baselines

    def begin(self, week: int) -> None:
        """A divider: the level is learned anew, what else was learned stays."""
        self.schedule.begin(week)
        self.memory.forget(np.ones(len(self.open), bool))
        self.open[:] = False

    def learn(self, week: int) -> None:
        """Put the models that are due in force before `week` is judged."""
        locking, growing = self.schedule.asks(week, self.open)
        self.take(growing, week)
        settled = week - self.panel.left_out
        for row, made in self.take(locking, settled):
            postponed = int(self.schedule.waited[row])
            first, n = int(self.panel.first[row]), int(self.baseline[row])
            self.found.locks[row].append(Locked(first, settled, week - 1, n, postponed, *made))
        self.schedule.lock(locking, week)
        self.locks[locking] += 1

    def take(self, rows: Places, end: int) -> list[tuple[int, tuple[Fit, int]]]:
        """Put models of some rows, fitted on what lies before `end`, in force; each row with its model."""
        taken: list[tuple[int, tuple[Fit, int]]] = []
        if not len(rows):
            return taken
        for some, found, kept, at in self.fits.of(rows, end):
            self.model.take(some, found, at)
            self.known[some] = found.known[at]
            taken += [(row, (kept, place)) for row, place in zip(some.tolist(), at.tolist(), strict=True)]
        since = self.schedule.since[rows]
        self.baseline[rows] = self.schedule.counted(end)[rows]
        gaps = self.absent.between(since, end, rows)
        self.gappy[rows] = gaps > TOO_MANY_GAPS * np.maximum(end - since, 0)
        for row, (kept, place) in taken:
            self.found.newest[row] = (kept, place, end)
        return taken

    # One week

    def open_with(self, week: int) -> None:
        """The first week: nothing is expected of it."""
        nothing = np.full(len(self.open), np.nan)
        self.found.state[:, week] = self.states(week)
        self.remember(week, nothing, nothing, self.found.state[:, week])

    def judge(self, week: int) -> None:
        """Hold the values of `week` against what was expected of them."""
        panel, found = self.panel, self.found
        forecast = self.model.forecast(week, panel.columns, self.last, self.before_last, self.unsure)
        state = self.states(week)
        ranged = RANGED[state] & np.isfinite(forecast.expected) & (forecast.error > 0)
        judged = ranged & FIRM[state]
        surprise = np.divide(
            panel.y[:, week] - forecast.expected,
            forecast.error,
            out=np.full(len(state), np.nan),
            where=judged,
        )
        found.expected[ranged, week] = forecast.expected[ranged]
        found.error[ranged, week] = forecast.error[ranged]
        found.z[:, week] = surprise
        found.state[:, week] = state
        found.counted[:, week] = np.where(ranged, self.baseline, 0)
        found.lock[:, week] = np.where(ranged & self.schedule.locked, self.locks - 1, -1)
        self.mark(week, surprise, judged)
        self.remember(week, forecast.expected, forecast.error, state)

    def states(self, week: int) -> Codes:
        """How firm the judgement of each row can be, or why there is none."""
        panel = self.panel
        enough = (self.schedule.counted(week) >= TRIAL_FROM) & ~np.isnan(self.model.sigma)
        weeks = self.baseline
        firm = np.where(weeks < NORMAL_FROM, CODE["provisional"], CODE["normal"])
        firm = np.where((weeks < PROVISIONAL_FROM) | self.gappy, CODE["trial"], firm)
        firm = np.where(self.model.sigma == 0, CODE["constant"], firm)
        firm = np.where(enough, firm, CODE["too_short"])
        here = panel.holidays[week]
        unknown = (here & ~self.known).any(axis=1)
        firm[unknown & (firm != CODE["too_short"])] = CODE["event_week"]
        told = panel.told[:, week]
        return np.where(told >= 0, told, firm).astype(np.int8)

    def mark(self, week: int, z: Floats, judged: Flags) -> None:
        """Apply the rules; in trial only the first."""
        found, panel = self.found, self.panel
        found.beyond[:, week] = np.where(judged & (np.abs(z) > BEYOND.line), np.where(z > 0, 1, -1), 0)
        taking_part = judged & panel.in_runs[:, week]
        self.memory.add(week, z, taking_part)
        all_rules = taking_part & (found.state[:, week] != CODE["trial"])
        for rule, first in ((THREE_OF_FOUR, found.leaning), (EIGHT_IN_A_ROW, found.running)):
            done, since = self.memory.complete(rule)
            first[:, week] = np.where(done & all_rules, since, -1)
        self.open = np.where(judged, found.running[:, week] >= 0, self.open)

    def remember(self, week: int, expected: Floats, error: Floats, state: Codes) -> None:
        """What the next week may look back on: the value, or what was expected where it does not count."""
        counts = self.panel.counts[:, week] & (state != CODE["event_week"])
        replaced = np.where(np.isfinite(expected), expected, self.last)
        self.before_last = self.last
        self.last = np.where(counts, self.panel.y[:, week], replaced)
        self.unsure = np.where(counts | ~np.isfinite(error), 0.0, error**2)


def verdicts(panel: Panel) -> Verdicts:
    """Judge all weeks of a panel."""
    walk = _Walk(panel)
    for week in range(panel.y.shape[1]):
        if panel.level_since[week] == week:
            walk.begin(week)
        if week == 0:
            walk.open_with(0)
            continue
        walk.learn(week)
        walk.judge(week)
    return walk.found
