"""Weeks judged one after the other, each as it looked when it was the newest.

The loop below goes forward only: what it says of a week can depend on nothing that came later. It carries
many metrics at once; they share a calendar, and each has its own baseline.

Source: analytics.md section 2, table of states, "Lock", "Poor input".
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from metrics.signals.model import WEEKS_FOR_SEASON, Design, Fit, InForce, fit
from metrics.signals.rules import BEYOND, EIGHT_IN_A_ROW, THREE_OF_FOUR, Memory
from metrics.signals.values import JUDGED, STATES, Flags, Floats, Places, State

Codes = NDArray[np.int8]

CODE: Final[dict[State, int]] = {state: code for code, state in enumerate(STATES)}
FIRM: Final = np.array([state in JUDGED for state in STATES])

TRIAL_FROM, PROVISIONAL_FROM, NORMAL_FROM = 6, 12, 26  # Weeks of baseline.
FIRST_LOCKS: Final = (26, 52, 104)  # Weeks of baseline: level; a year; season.
LOCK_EVERY: Final = 13  # Weeks of baseline, after the last of them: a quarter.
LEFT_OUT: Final = 8  # Newest weeks that no lock takes in: a drift must not widen the limits that show it.
TOO_MANY_GAPS: Final = 0.10  # Share of the baseline's weeks.


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


class _Walk:
    """The state of the loop between two weeks."""

    def __init__(self, panel: Panel) -> None:
        rows, _ = panel.y.shape
        self.panel = panel
        self.found = Verdicts.none(*panel.y.shape)
        self.model = InForce.none(rows, panel.columns.level.shape[1])
        self.memory = Memory(rows)
        self.total = np.cumsum(panel.counts, axis=1)  # Weeks that count, up to and with each.
        self.known = np.zeros((rows, panel.holidays.shape[1]), bool)  # Events with an estimate.
        self.baseline = np.zeros(rows, dtype=np.int64)
        self.gappy = np.zeros(rows, bool)
        self.locked = np.zeros(rows, bool)
        self.locks = np.zeros(rows, dtype=np.int64)
        self.due = np.full(rows, FIRST_LOCKS[0])
        self.waited = np.zeros(rows, dtype=np.int64)
        self.open = np.zeros(
            rows, bool
        )  # Whether the newest judged week is one of eight or more on one side.
        self.last, self.before_last, self.unsure = (
            np.full(rows, np.nan),
            np.full(rows, np.nan),
            np.zeros(rows),
        )

    # Baselines

    def counted(self, end: int, since: Places) -> NDArray[np.int64]:
        """Weeks that count in [since, end), row by row."""
        rows = np.arange(len(self.total))
        upto = self.total[:, end - 1] if end > 0 else np.zeros(len(rows), dtype=np.int64)
        return np.maximum(upto - np.where(since > 0, self.total[rows, since - 1], 0), 0)

    def begin(self) -> None:
        """A divider: the level is learned anew, what else was learned stays."""
        self.locked[:], self.due[:], self.waited[:] = False, FIRST_LOCKS[0], 0
        self.memory.forget(np.ones(len(self.locked), bool))
        self.open[:] = False

    def learn(self, week: int) -> None:
        """Fit the baselines that are due before `week` is judged."""
        since = np.maximum(self.panel.first, self.panel.level_since[week])
        active = (self.panel.first <= week) & (week < self.panel.end)
        settled = week - self.panel.left_out
        ripe = active & (self.counted(settled, since) >= self.due) if settled > 0 else np.zeros_like(active)
        # The first locks wait for no run: each can learn what the one before could not (a trend, a year, the
        # season), and a metric with a season would else stay in a run that only the next lock can end.
        locking = ripe & ~(self.open & (self.due > FIRST_LOCKS[-1]))
        self.waited[ripe & ~locking] += 1
        growing = active & ~self.locked & ~locking & (self.counted(week, since) >= TRIAL_FROM)
        for rows, end in ((locking, settled), (growing, week)):
            long = self.counted(end, self.panel.first) >= WEEKS_FOR_SEASON
            for season in (False, True):
                chosen = np.flatnonzero(rows & (long == season))
                if len(chosen):
                    self.take(chosen, end, week, season, since, lock=rows is locking)

    def take(self, rows: Places, end: int, week: int, season: bool, since: Places, *, lock: bool) -> None:
        """Fit some rows on [their first week, `end`) and put the models in force."""
        panel = self.panel
        weeks = np.arange(end)
        used = panel.counts[rows, :end] & (weeks >= panel.first[rows, None])
        if not season:  # Without an effect of its own, a holiday says nothing about ordinary weeks.
            used &= ~panel.holidays[:end].any(axis=1)
        found = fit(panel.y[rows, :end], used, panel.columns, season=season)
        self.model.take(rows, found)
        self.known[rows] = found.known if season else False
        self.baseline[rows] = self.counted(end, since)[rows]
        absent = (panel.told[rows, :end] == CODE["missing"]) | (
            panel.told[rows, :end] == CODE["incomplete_week"]
        )
        inside = weeks >= np.maximum(panel.first, since)[rows, None]
        self.gappy[rows] = (absent & inside).sum(axis=1) > TOO_MANY_GAPS * inside.sum(axis=1)
        for at, row in enumerate(rows):
            self.found.newest[row] = (found, at, end)
            if lock:
                self.found.locks[row].append(
                    Locked(
                        int(panel.first[row]),
                        end,
                        week - 1,
                        int(self.baseline[row]),
                        int(self.waited[row]),
                        found,
                        at,
                    )
                )
                self.due[row] = next_lock(int(self.baseline[row]))
        if lock:
            self.locked[rows], self.waited[rows] = True, 0
            self.locks[rows] += 1

    # One week

    def open_with(self, week: int) -> None:
        """The first week: nothing is expected of it."""
        nothing = np.full(len(self.locked), np.nan)
        self.found.state[:, week] = self.states(week)
        self.remember(week, nothing, nothing, self.found.state[:, week])

    def judge(self, week: int) -> None:
        """Hold the values of `week` against what was expected of them."""
        panel, found = self.panel, self.found
        forecast = self.model.forecast(week, panel.columns, self.last, self.before_last, self.unsure)
        state = self.states(week)
        ranged = ~np.isin(
            state, (CODE["too_short"], CODE["event_week"], CODE["constant"], CODE["before_start"])
        )
        ranged &= np.isfinite(forecast.expected) & (forecast.error > 0)
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
        found.lock[:, week] = np.where(ranged & self.locked, self.locks - 1, -1)
        self.mark(week, surprise, judged)
        self.remember(week, forecast.expected, forecast.error, state)

    def states(self, week: int) -> Codes:
        """How firm the judgement of each row can be, or why there is none."""
        panel = self.panel
        since = np.maximum(panel.first, panel.level_since[week])
        enough = (self.counted(week, since) >= TRIAL_FROM) & ~np.isnan(self.model.sigma)
        weeks = self.baseline
        firm = np.select(
            [~enough, self.model.sigma == 0, (weeks < PROVISIONAL_FROM) | self.gappy, weeks < NORMAL_FROM],
            [CODE["too_short"], CODE["constant"], CODE["trial"], CODE["provisional"]],
            CODE["normal"],
        ).astype(np.int8)
        here = panel.holidays[week]
        unknown = (here & ~self.known).any(axis=1)
        firm[unknown & (firm != CODE["too_short"])] = CODE["event_week"]
        told = panel.told[:, week]
        return np.where(told >= 0, told, firm)

    def mark(self, week: int, z: Floats, judged: Flags) -> None:
        """Apply the rules; in trial only the first."""
        found, panel = self.found, self.panel
        found.beyond[:, week] = np.where(
            judged & (np.abs(np.nan_to_num(z)) > BEYOND.line), np.sign(np.nan_to_num(z)), 0
        )
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
            walk.begin()
        if week == 0:
            walk.open_with(0)
            continue
        walk.learn(week)
        walk.judge(week)
    return walk.found
