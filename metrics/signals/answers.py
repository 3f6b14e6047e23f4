"""What the judged weeks mean in the metric's own unit, and whether a new level has come to stay.

Source: analytics.md section 2, steps 7 and 8, "Lock".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, Literal, get_args

import numpy as np

from metrics.signals.model import Fit
from metrics.signals.rules import BEYOND
from metrics.signals.stretches import Calendar, Stretch, offset, states_told
from metrics.signals.values import (
    SCALES,
    STATES,
    Direction,
    DividerProposal,
    Floats,
    Judged,
    Lock,
    Model,
    Places,
    Reason,
    Scale,
    Tier,
    Weekly,
)
from metrics.signals.weeks import CODE, FIRM, Locked, Panel, Verdicts

TIERS: Final[tuple[Tier, ...]] = get_args(Tier)
TIER: Final[dict[Tier, int]] = {tier: code for code, tier in enumerate(TIERS)}
_TIERS, _STATES = np.array(TIERS, dtype=object), np.array(STATES, dtype=object)

Because = Literal["eight_in_a_row", "two_exceptions"]

LARGEST_EXPONENT: Final = 700.0  # e to a larger one is no longer a number.
NEW_LEVEL_WEEKS: Final = 8  # Weeks of a new level before anybody may declare it.
STILL_THERE: Final = 7 / 8  # Share of its weeks, and of the newest eight, that must lie on its side.


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
        return weekly.week_endings[int(self.stretch.weeks[point - self.offset])]


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
    value = np.asarray(weekly.values, dtype=float)
    compared = value.copy()
    expected, low, high, z = (np.full(count, np.nan) for _ in range(4))
    n, lock = np.zeros(count, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    basis = np.full(count, -1, dtype=np.int8)
    told = states_told(weekly)
    state = np.where(told >= 0, told, CODE["too_short"]).astype(np.int8)
    beyond, sustained = np.zeros(count, bool), np.zeros(count, bool)
    reasons: list[tuple[Reason, ...]] = [()] * count
    favourable: list[bool | None] = [None] * count
    locks: list[Lock] = []
    newest: Heard | None = None

    for part in sorted(parts, key=lambda each: (each.stretch.first, each.stretch.scale)):
        stretch, found, row = part.stretch, part.verdicts, part.row
        basis[stretch.speaks] = SCALES.index(stretch.scale)
        if stretch.scale == "pooled":
            state[stretch.speaks & (told < 0)] = CODE["pooled"]
        if count and stretch.speaks[-1]:
            newest = part
        here = np.flatnonzero(stretch.speaks[stretch.weeks])
        if not len(here):
            continue
        weeks, there = stretch.weeks[here], here + part.offset
        middle, reach = found.expected[row, there], BEYOND.line * found.error[row, there]
        expected[weeks] = in_unit(middle, stretch.scale)
        low[weeks] = in_unit(middle - reach, stretch.scale)
        high[weeks] = in_unit(middle + reach, stretch.scale)
        z[weeks] = found.z[row, there]
        n[weeks], state[weeks] = found.counted[row, there], found.state[row, there]
        if stretch.scale == "pooled":
            compared[weeks] = stretch.y[here]
        beyond[weeks] = found.beyond[row, there] != 0
        sustained[weeks] = (found.leaning[row, there] >= 0) | (found.running[row, there] >= 0)
        for week in weeks[beyond[weeks] | sustained[weeks]].tolist():
            point = part.offset + int(np.searchsorted(stretch.weeks, week))
            reasons[week] = _reasons(part, weekly, point)
            favourable[week] = _favourable(reasons[week], weekly.better)
        lock[weeks] = _numbered(part, weekly, there, locks)

    tier = np.select(
        [~FIRM[state], beyond, sustained],
        [TIER["cannot_judge"], TIER["exception"], TIER["watch"]],
        TIER["none"],
    )
    return Judged(
        metric=weekly.metric,
        week_endings=weekly.week_endings,
        value=value,
        compared=compared,
        expected=expected,
        low=low,
        high=high,
        z=z,
        tier=tuple(_TIERS[tier].tolist()),
        state=tuple(_STATES[state].tolist()),
        reasons=tuple(reasons),
        favourable=tuple(favourable),
        n=n,
        lock=lock,
        basis=basis,
        locks=tuple(locks),
        model=None if newest is None else _newest_model(newest),
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


def _favourable(reasons: tuple[Reason, ...], better: str) -> bool | None:
    if better not in {"up", "down"}:
        return None
    return (reasons[0].direction == "above") == (better == "up")


def _reasons(part: Heard, weekly: Weekly, point: int) -> tuple[Reason, ...]:
    """Why a point is marked, the strongest first."""
    found, row = part.verdicts, part.row
    side: Direction = "above" if found.z[row, point] > 0 else "below"
    told: list[Reason] = []
    if found.beyond[row, point]:
        told.append(
            Reason("above_range" if side == "above" else "below_range", side, part.ending(weekly, point))
        )
    if (first := int(found.leaning[row, point])) >= 0:
        told.append(Reason("three_of_four", side, part.ending(weekly, first)))
    if (first := int(found.running[row, point])) >= 0:
        told.append(Reason("eight_in_a_row", side, part.ending(weekly, first)))
    return tuple(told)


# --- models and locks --------------------------------------------------------------------------


def model(fit: Fit, row: int, scale: Scale, calendar: Calendar) -> Model:
    """One metric's model in words and numbers."""
    told = fit.in_rows[row]
    known = fit.known[row].tolist() if told.events else ()
    return Model(
        trend=told.trend,
        harmonics=told.harmonics,
        events=tuple(name for (name, _), there in zip(calendar, known, strict=False) if there),
        phi=told.phi,
        wandering=told.wandering,
        sigma=told.sigma,
        log=scale == "log",
        n=told.n,
        columns=told.p,
    )


def _newest_model(part: Heard) -> Model | None:
    fitted = part.verdicts.newest[part.row]
    if fitted is None or np.isnan(fitted[0].sigma[fitted[1]]):
        return None
    return model(fitted[0], fitted[1], part.stretch.scale, part.stretch.calendar)


def _numbered(part: Heard, weekly: Weekly, there: Places, locks: list[Lock]) -> Places:
    """Places in `locks` of the locks that judged some points; locks not yet there are added."""
    used = part.verdicts.lock[part.row, there].tolist()
    last = {number: point for number, point in zip(used, there.tolist(), strict=True) if number >= 0}
    place = {-1: -1}
    for number in sorted(last):
        made: Locked = part.verdicts.locks[part.row][number]
        place[number] = len(locks)
        locks.append(
            Lock(
                first=part.ending(weekly, made.first),
                last=part.ending(weekly, made.end - 1),
                made=part.ending(weekly, made.made),
                until=part.ending(weekly, last[number]),
                n=made.counted,
                postponed=made.postponed,
                model=model(made.fit, made.row, part.stretch.scale, part.stretch.calendar),
            )
        )
    return np.array([place[number] for number in used], dtype=np.intp)


def _dwarfing(part: Heard, weekly: Weekly) -> tuple[date, ...]:
    """Weeks of the newest baseline each of which alone moves its mean by more than one usual deviation."""
    fitted = part.verdicts.newest[part.row]
    if fitted is None:
        return ()
    y = np.where(part.panel.counts[part.row, : fitted[2]], part.panel.y[part.row, : fitted[2]], np.nan)
    there = y[~np.isnan(y)]
    if len(there) < 2:
        return ()
    off = np.abs(y - _median(there))
    usual = 1.4826 * _median(off[~np.isnan(off)])  # Sigma, as half of all deviations show it.
    far = np.flatnonzero(off > len(there) * usual) if usual > 0 else ()
    return tuple(part.ending(weekly, int(point)) for point in far)


def _median(values: Floats) -> float:
    """The median of at least one number; NumPy's own takes ten times as long over so few."""
    ordered, n = np.sort(values), len(values)
    return float(ordered[(n - 1) // 2] + ordered[n // 2]) / 2


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
    needed = NEW_LEVEL_WEEKS // part.stretch.spacing
    newest = np.flatnonzero(panel.counts[row, : now + 1])[-needed:]
    above = (panel.y[row, newest] > level[newest]).sum()
    if max(above, len(newest) - above) < STILL_THERE * needed:  # A shorter way to most answers.
        return None
    for since, direction, because in _beginnings(part, now):
        side = 1 if direction == "above" else -1
        weeks = since + np.flatnonzero(panel.counts[row, since : now + 1])
        off = side * (panel.y[row, weeks] - level[weeks])
        weeks_of_it = len(weeks) * part.stretch.spacing
        there = [(some > 0).mean() >= STILL_THERE for some in (off, off[-needed:]) if len(some)]
        if weeks_of_it < NEW_LEVEL_WEEKS or not all(there):
            continue
        new = level[now] + side * off.mean()
        reach = BEYOND.line * usual
        ends = np.array([level[now], level[now] - reach, level[now] + reach, new, new - reach, new + reach])
        return DividerProposal(
            part.ending(weekly, since),
            direction,
            because,
            weeks_of_it,
            *in_unit(ends, part.stretch.scale).tolist(),
        )
    return None


def _beginnings(part: Heard, now: int) -> list[tuple[int, Direction, Because]]:
    """Where a new level may have begun, the earliest first: at a run, or at the first of two exceptions."""
    found, row = part.verdicts, part.row
    earliest = max(0, int(part.panel.level_since[now]), int(part.panel.first[row]))
    run = found.running[row, : now + 1]
    starts: set[tuple[int, Direction, Because]] = {
        (int(run[point]), "above" if found.z[row, point] > 0 else "below", "eight_in_a_row")
        for point in np.flatnonzero(run >= earliest)
    }
    beyond = found.beyond[row, : now + 1] * part.panel.in_runs[row, : now + 1]
    signals = [int(point) for point in np.flatnonzero(beyond) if point >= earliest]
    for one, other in pairwise(signals):
        if beyond[one] == beyond[other]:
            starts.add((one, "above" if beyond[one] > 0 else "below", "two_exceptions"))
    return sorted(starts)
