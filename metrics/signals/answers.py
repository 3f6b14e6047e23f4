"""What the judged weeks mean in the metric's own unit, and whether a new level has come to stay.

Source: analytics.md section 2, steps 7 and 8, "Lock".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np

from metrics.signals.judge import Locked, Panel, Verdicts
from metrics.signals.model import CONSTANT, Fit
from metrics.signals.rules import BEYOND, EIGHT_IN_A_ROW
from metrics.signals.stretches import Calendar, Scale, Stretch, offset
from metrics.signals.values import (
    JUDGED,
    STATES,
    Direction,
    DividerProposal,
    Floats,
    Judged,
    Lock,
    Model,
    Places,
    Reason,
    State,
    Tier,
    Weekly,
)

Because = Literal["eight_in_a_row", "two_exceptions"]

LARGEST_EXPONENT: Final = 700.0  # e to a larger one is no longer a number.
NEW_LEVEL_WEEKS: Final = 8  # Weeks of a new level before anybody may declare it.
STILL_THERE: Final = 7  # Of the newest eight, that lie on its side.
LOOKED_BACK: Final = 26  # Weeks in which a new level may have begun; an older one is in the limits by now.


@dataclass(frozen=True, eq=False)
class Heard:
    """A stretch with the verdicts on it.

    Attributes:
        stretch: The stretch.
        panel: The panel it was judged in.
        verdicts: Of the panel.
        row: Its row there.
        offset: Points between the panel's first and the stretch's first.
    """

    stretch: Stretch
    panel: Panel
    verdicts: Verdicts
    row: int
    offset: int

    @property
    def points(self) -> slice:
        """The stretch's points in the panel."""
        return slice(self.offset, self.offset + len(self.stretch.y))

    def ending(self, weekly: Weekly, point: int) -> date:
        """Last day of a point of the panel."""
        return weekly.week_endings[self.stretch.weeks[point - self.offset]]


def heard(panel: Panel, verdicts: Verdicts, together: Sequence[Stretch]) -> list[Heard]:
    """The stretches of a panel, each with its verdicts."""
    begins = min(stretch.begins for stretch in together)
    return [Heard(s, panel, verdicts, row, offset(s, begins)) for row, s in enumerate(together)]


def answer(weekly: Weekly, parts: Sequence[Heard]) -> Judged:
    """One metric's weeks from all its stretches.

    Args:
        weekly: The metric.
        parts: Its stretches, in any order; no two speak of the same week.
    """
    count = len(weekly.values)
    columns = {name: np.full(count, np.nan) for name in ("expected", "low", "high", "z")}
    value = np.asarray(weekly.values, dtype=float)
    compared = value.copy()
    n, lock = np.zeros(count, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    state: list[State] = ["missing"] * count
    reasons: list[tuple[Reason, ...]] = [()] * count
    locks: list[Lock] = []
    newest: Heard | None = None

    for part in sorted(parts, key=lambda each: (each.stretch.first, each.stretch.scale)):
        stretch, verdicts, row, points = part.stretch, part.verdicts, part.row, part.points
        if stretch.scale == "pooled":
            for week in np.flatnonzero(stretch.speaks):
                state[week] = "pooled"
        here = np.flatnonzero(stretch.speaks[stretch.weeks])
        if not len(here):
            continue
        weeks, there = stretch.weeks[here], here + part.offset
        expected, reach = verdicts.expected[row, there], BEYOND.line * verdicts.error[row, there]
        columns["expected"][weeks] = in_unit(expected, stretch.scale)
        columns["low"][weeks] = in_unit(expected - reach, stretch.scale)
        columns["high"][weeks] = in_unit(expected + reach, stretch.scale)
        columns["z"][weeks] = verdicts.z[row, there]
        n[weeks] = verdicts.counted[row, there]
        if stretch.scale == "pooled":
            compared[weeks] = stretch.y[here]
        for week, code in zip(weeks, verdicts.state[row, there], strict=True):
            state[week] = STATES[code]
        marked = (verdicts.beyond[row] != 0) | (verdicts.leaning[row] >= 0) | (verdicts.running[row] >= 0)
        for point in there[marked[there]]:
            reasons[stretch.weeks[point - part.offset]] = _reasons(part, weekly, int(point))
        lock[weeks] = _numbered(part, weekly, there, locks)
        if count and stretch.speaks[count - 1]:
            newest = part
        del points

    tiers = tuple(_tier(s, r) for s, r in zip(state, reasons, strict=True))
    model = None if newest is None else _newest_model(newest)
    return Judged(
        metric=weekly.metric,
        week_endings=weekly.week_endings,
        value=value,
        compared=compared,
        expected=columns["expected"],
        low=columns["low"],
        high=columns["high"],
        z=columns["z"],
        tier=tiers,
        state=tuple(state),
        reasons=tuple(reasons),
        favourable=tuple(_favourable(r, weekly.better) for r in reasons),
        n=n,
        lock=lock,
        locks=tuple(locks),
        model=model,
        proposal=None if newest is None else proposal(newest, weekly),
        scale=_scale(weekly, newest),
        pooled=newest is not None and newest.stretch.scale == "pooled",
        dwarfing=() if newest is None else _dwarfing(newest, weekly),
        weight=weekly.weight,
    )


def in_unit(values: Floats, scale: Scale) -> Floats:
    """Values of a scale in the metric's unit."""
    return np.exp(np.clip(values, -LARGEST_EXPONENT, LARGEST_EXPONENT)) if scale == "log" else values


def _scale(weekly: Weekly, newest: Heard | None) -> Literal["raw", "log", "raw_not_positive"]:
    if not weekly.log:
        return "raw"
    return "log" if newest is None or newest.stretch.scale == "log" else "raw_not_positive"


def _tier(state: State, reasons: tuple[Reason, ...]) -> Tier:
    if state not in JUDGED:
        return "cannot_judge"
    if any(reason.rule in {"above_range", "below_range"} for reason in reasons):
        return "exception"
    return "watch" if reasons else "none"


def _favourable(reasons: tuple[Reason, ...], better: str) -> bool | None:
    if not reasons or better not in {"up", "down"}:
        return None
    return (reasons[0].direction == "above") == (better == "up")


def _reasons(part: Heard, weekly: Weekly, point: int) -> tuple[Reason, ...]:
    """Why a point is marked, the strongest first."""
    found, row = part.verdicts, part.row
    side: Direction = "above" if found.z[row, point] > 0 else "below"
    told: list[Reason] = []
    if found.beyond[row, point]:
        told.append(Reason("above_range" if side == "above" else "below_range", side, part.ending(weekly, point)))
    if (first := int(found.leaning[row, point])) >= 0:
        told.append(Reason("three_of_four", side, part.ending(weekly, first)))
    if (first := int(found.running[row, point])) >= 0:
        told.append(Reason("eight_in_a_row", side, part.ending(weekly, first)))
    return tuple(told)


# --- models and locks --------------------------------------------------------------------------


def model(fit: Fit, row: int, scale: Scale, calendar: Calendar) -> Model:
    """One metric's model in words and numbers."""
    known = fit.known[row] & bool(fit.events[row])
    return Model(
        trend=bool(fit.trend[row]),
        harmonics=int(fit.harmonics[row]),
        events=tuple(name for (name, _), there in zip(calendar, known, strict=True) if there),
        phi=float(fit.phi[row]),
        wandering=bool(fit.wandering[row]),
        sigma=float(fit.sigma[row]),
        log=scale == "log",
        n=int(fit.n[row]),
        columns=int(fit.p[row]),
    )


def _newest_model(part: Heard) -> Model | None:
    fitted = part.verdicts.newest[part.row]
    if fitted is None or np.isnan(fitted[0].sigma[fitted[1]]):
        return None
    return model(fitted[0], fitted[1], part.stretch.scale, part.stretch.calendar)


def _numbered(part: Heard, weekly: Weekly, there: Places, locks: list[Lock]) -> Places:
    """Places in `locks` of the locks that judged some points; locks not yet there are added."""
    used = part.verdicts.lock[part.row, there]
    place = np.full(len(there), -1, dtype=np.intp)
    for number in np.unique(used[used >= 0]):
        made: Locked = part.verdicts.locks[part.row][number]
        here = used == number
        place[here] = len(locks)
        locks.append(
            Lock(
                first=part.ending(weekly, made.first),
                last=part.ending(weekly, made.end - 1),
                made=part.ending(weekly, made.made),
                until=part.ending(weekly, int(there[here].max())),
                n=made.counted,
                postponed=made.postponed,
                model=model(made.fit, made.row, part.stretch.scale, part.stretch.calendar),
            )
        )
    return place


def _dwarfing(part: Heard, weekly: Weekly) -> tuple[date, ...]:
    """Weeks of the newest baseline each of which alone moves its mean by more than one usual deviation."""
    fitted = part.verdicts.newest[part.row]
    if fitted is None:
        return ()
    y = np.where(part.panel.counts[part.row, : fitted[2]], part.panel.y[part.row, : fitted[2]], np.nan)
    there = y[~np.isnan(y)]
    if len(there) < 2:
        return ()
    off = np.abs(y - np.median(there))
    usual = 1.4826 * np.median(off[~np.isnan(off)])  # Sigma, as half of all deviations show it.
    far = np.flatnonzero(np.nan_to_num(off) > len(there) * usual) if usual > 0 else ()
    return tuple(part.ending(weekly, int(point)) for point in far)


# --- dividers ----------------------------------------------------------------------------------


def proposal(part: Heard, weekly: Weekly) -> DividerProposal | None:
    """Evidence for a new level at the newest point, if there is any.

    A run of eight or two exceptions on one side, and eight weeks since, of which the newest still lie there.
    A level that wanders has no new one to propose.
    """
    found, row, panel = part.verdicts, part.row, part.panel
    now = part.points.stop - 1
    fitted = found.newest[row]
    if fitted is None or now < 0 or fitted[0].wandering[fitted[1]] or not fitted[0].sigma[fitted[1]] > 0:
        return None
    fit, at, _ = fitted
    usual = fit.sigma[at] / np.sqrt(1 - fit.phi[at] ** 2)
    level = panel.columns.level[: now + 1] @ fit.beta[at]
    for since, direction, because in _beginnings(part, now):
        side = 1 if direction == "above" else -1
        weeks = since + np.flatnonzero(panel.counts[row, since : now + 1])
        off = side * (panel.y[row, weeks] - level[weeks])
        weeks_of_it = len(weeks) * part.stretch.spacing
        newest = off[-NEW_LEVEL_WEEKS:]
        if weeks_of_it < NEW_LEVEL_WEEKS or (newest > 0).sum() < STILL_THERE * len(newest) / NEW_LEVEL_WEEKS:
            continue
        new = level[now] + side * off.mean()
        reach = BEYOND.line * usual
        ends = np.array([level[now], level[now] - reach, level[now] + reach, new, new - reach, new + reach])
        return DividerProposal(
            part.ending(weekly, since), direction, because, weeks_of_it, *in_unit(ends, part.stretch.scale).tolist()
        )
    return None


def _beginnings(part: Heard, now: int) -> list[tuple[int, Direction, Because]]:
    """Where a new level may have begun, the earliest first: the starts of runs, and first of two exceptions."""
    found, row = part.verdicts, part.row
    earliest = max(
        now - LOOKED_BACK // part.stretch.spacing + 1, int(part.panel.level_since[now]), int(part.panel.first[row])
    )
    starts: list[tuple[int, Direction, Because]] = []
    for point in range(max(earliest, 0), now + 1):
        run = int(found.running[row, point])
        if run >= earliest:
            starts.append((run, "above" if found.z[row, point] > 0 else "below", "eight_in_a_row"))
    beyond = found.beyond[row] * part.panel.in_runs[row]
    signals = [point for point in range(max(earliest, 0), now + 1) if beyond[point]]
    for one, other in zip(signals, signals[1:], strict=False):
        if beyond[one] == beyond[other]:
            starts.append((one, "above" if beyond[one] > 0 else "below", "two_exceptions"))
    return sorted(set(starts))


__all__ = ["CONSTANT", "EIGHT_IN_A_ROW", "Heard", "answer", "heard", "in_unit", "model", "proposal"]
