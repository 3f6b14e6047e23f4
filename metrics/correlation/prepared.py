"""From values to surprises: what is left of a series when everything known in advance is taken out.

Events, season and trend are removed by least squares, outliers pulled in, and each series' own memory
filtered out. Two unrelated series prepared like this are correlated by chance alone.

Source: analytics.md section 3, steps 1 to 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from metrics.correlation.strength import crowding
from metrics.correlation.values import (
    Flags,
    Floats,
    LeftOut,
    Panel,
    Recipe,
    Series,
)

Calendar = Literal["declared", "detected", "none"]

YEAR_DAYS: Final = 365.2425  # 52.1775 weeks.
OUTLIER, LATE_OUTLIER = 4.0, 2.5  # σ, before and after whitening.
NORMAL: Final = 1.4826  # σ of normal numbers ÷ their median absolute value.
DROPPED: Final = 4  # First weeks, whatever the order of the filter: every pair then has the same weeks.
TOO_MANY_GAPS: Final = 0.10
NOTHING: Final = 1e-9  # Share of a series' size below which its variation is rounding.
BUSY: Final = 3.0  # × the median energy: a week of the year in which everything moves.
EDGE_MARGIN: Final = 1.15  # On the Marchenko–Pastur edge, for a panel that is not quite white.
LOADED: Final = 0.3  # |r| from which a series shares a common movement.
BROAD: Final = 0.5  # Share of series that makes a common movement a broad one.
# A movement found in a few series is largely those series: taking it out turns each against the others.
PANEL_AT_LEAST: Final = 20  # Series.


@dataclass(frozen=True, eq=False)
class Prepared:
    """A panel after preparation; T weeks, m usable series.

    Attributes:
        panel: What was told, with the series in use only.
        scaled: T × m, the values in the scale they are judged in; a gap of one week is filled.
        columns: T × C, constant, trend, waves, events.
        uses: m × C, which columns concern which series.
        rank: m, columns in effect removed from each series.
        residual: T × m, without them; outliers pulled in.
        surprise: T × m, whitened, mean 0 and spread 1; NaN where there is none.
        unit_of_surprise: m, one σ of surprise in the scale of `scaled`.
        weeks: m, weeks with a value.
        left_out: Series that no test can use.
        calendar_used: Where the events came from.
    """

    panel: Panel
    scaled: Floats
    columns: Floats
    uses: Flags
    rank: NDArray[np.int64]
    residual: Floats
    surprise: Floats
    unit_of_surprise: Floats
    weeks: NDArray[np.int64]
    left_out: tuple[LeftOut, ...]
    calendar_used: Calendar

    @cached_property
    def _crowded(self) -> dict[int, float]:
        return {}

    def crowded(self, lags: Sequence[int]) -> Floats:
        """By how much fewer weeks count at each lag; see `strength.crowding`."""
        for lag in set(lags) - self._crowded.keys():
            self._crowded[lag] = float(crowding(self.surprise, (lag,))[0])
        return np.array([self._crowded[lag] for lag in lags])

    def design(self, *places: int) -> Floats:
        """The columns that concern any of some series."""
        return self.columns[:, self.uses[list(places)].any(axis=0)]


def prepared(panel: Panel, recipe: Recipe) -> Prepared:
    """Surprises of every series that a test can use."""
    told, scaled, left_out = _usable(panel, recipe.run_from)
    weeks = np.isfinite(scaled).sum(axis=0)
    columns, uses, calendar = _columns(told, scaled, recipe)
    residual, rank = _residual(scaled, columns, uses)
    flat = _flat(scaled, residual)
    if flat.any():
        left_out = (
            *left_out,
            *(LeftOut(told.series[n].metric, "constant", int(weeks[n])) for n in np.flatnonzero(flat)),
        )
        keep = ~flat
        told = Panel(
            told.week_endings,
            tuple(s for s, kept in zip(told.series, keep, strict=True) if kept),
            told.calendar_known,
        )
        scaled, residual, uses = scaled[:, keep], residual[:, keep], uses[keep]
        rank, weeks = rank[keep], weeks[keep]
    residual = pulled_in(residual, OUTLIER)
    white = pulled_in(_whitened(residual, recipe.memory), LATE_OUTLIER)
    surprise, unit = _standard(white)
    return Prepared(told, scaled, columns, uses, rank, residual, surprise, unit, weeks, left_out, calendar)


# --- which series, which weeks ---------------------------------------------------------------


def _usable(panel: Panel, run_from: int) -> tuple[Panel, Floats, tuple[LeftOut, ...]]:
    """The series that can be used, their scaled values T × m, and those that cannot."""
    kept: list[Series] = []
    values: list[Floats] = []
    left_out: list[LeftOut] = []
    for series in panel.series:
        found = _filled(_in_scale(series, panel.week_endings))
        why = _useless(series, found, run_from)
        if why is None:
            kept.append(series)
            values.append(found)
        else:
            left_out.append(why)
    scaled = np.column_stack(values) if values else np.empty((len(panel.week_endings), 0))
    return Panel(panel.week_endings, tuple(kept), panel.calendar_known), scaled, tuple(left_out)


def _in_scale(series: Series, week_endings: tuple[date, ...]) -> Floats:
    values = series.values.astype(float)
    if series.starts is not None:
        values = np.where([week >= series.starts for week in week_endings], values, np.nan)
    if series.scale == "change":
        return np.concatenate([[np.nan], np.diff(values)])
    if is_log(series):
        return np.asarray(np.log(values))
    return values


def is_log(series: Series) -> bool:
    """Whether a series is judged by its logarithm: only if it is positive throughout."""
    return series.scale == "log" and bool((series.values[np.isfinite(series.values)] > 0).all())


def _filled(values: Floats) -> Floats:
    """A gap of one week between two values takes their mean; longer gaps stay."""
    missing = np.isnan(values)
    alone = np.zeros_like(missing)
    alone[1:-1] = missing[1:-1] & ~missing[:-2] & ~missing[2:]
    filled = values.copy()
    at = np.flatnonzero(alone)
    filled[at] = (values[at - 1] + values[at + 1]) / 2
    return filled


def _useless(series: Series, found: Floats, run_from: int) -> LeftOut | None:
    if series.no_weeks:
        return LeftOut(series.metric, "no_weeks", 0)
    there = np.flatnonzero(np.isfinite(found))
    weeks = len(there)
    if weeks < run_from:
        broken = series.starts is not None and np.isfinite(series.values).sum() >= run_from
        return LeftOut(
            series.metric,
            "definition_break" if broken else "too_short",
            weeks,
            since=series.starts if broken else None,
        )
    inside = series.values[there[0] : there[-1] + 1]
    missing = int(np.isnan(inside).sum())
    if missing > TOO_MANY_GAPS * len(inside):
        return LeftOut(series.metric, "gaps", weeks, missing)
    if np.ptp(found[there]) <= NOTHING * np.abs(found[there]).max():
        return LeftOut(series.metric, "constant", weeks)
    return None


# --- step 1: what is known in advance -----------------------------------------------------------


def _columns(panel: Panel, scaled: Floats, recipe: Recipe) -> tuple[Floats, Flags, Calendar]:
    """Columns T × C, which series (m) use which (C), and where the events came from."""
    weeks, count = len(panel.week_endings), len(panel.series)
    days = np.array([week.toordinal() for week in panel.week_endings], dtype=float)
    always = [np.ones(weeks)]
    if recipe.trend and weeks > 1:
        always.append(np.linspace(-1, 1, weeks))
    for wave in range(1, recipe.harmonics + 1):
        angle = 2 * np.pi * wave * days / YEAR_DAYS
        always += [np.cos(angle), np.sin(angle)]
    base = np.column_stack(always)
    used = np.ones((count, base.shape[1]), bool)
    if not panel.calendar_known:
        found = _busy_weeks(panel, scaled, base)
        columns = np.column_stack([base, *found]) if found else base
        return columns, np.ones((count, columns.shape[1]), bool), "detected"
    row = {week: n for n, week in enumerate(panel.week_endings)}
    names = sorted(
        {o.name for s in panel.series for o in s.occasions if any(w in row for w in o.week_endings)}
    )
    if not names:
        return base, used, "none"
    # One name may have other weeks for other metrics; the same name and weeks share a column.
    kinds: dict[tuple[str, tuple[int, ...]], set[int]] = {}
    for n, series in enumerate(panel.series):
        for occasion in series.occasions:
            rows = tuple(sorted(row[w] for w in set(occasion.week_endings) if w in row))
            if rows:
                kinds.setdefault((occasion.name, rows), set()).add(n)
    extra = np.zeros((weeks, len(kinds)))
    concerned = np.zeros((count, len(kinds)), bool)
    for place, ((_, rows), users) in enumerate(sorted(kinds.items(), key=lambda k: k[0])):
        extra[list(rows), place] = 1
        concerned[sorted(users), place] = True
    return np.column_stack([base, extra]), np.column_stack([used, concerned]), "declared"


def week_of_year(week_ending: date) -> int:
    """Which of 53 stretches of seven days of the year holds the middle of the week; never a label."""
    return ((week_ending - timedelta(days=3)).timetuple().tm_yday - 1) // 7


def _busy_weeks(panel: Panel, scaled: Floats, base: Floats) -> list[Floats]:
    """A column for each week of the year whose mean energy is more than three times the median."""
    if scaled.shape[1] == 0:
        return []
    residual, _ = _residual(scaled, base, np.ones((scaled.shape[1], base.shape[1]), bool))
    share = (residual / np.nanstd(residual, axis=0)) ** 2
    told = np.isfinite(share).any(axis=1)  # A week without any value has no energy.
    if not told.any():
        return []
    energy = np.nanmean(share[told], axis=1)
    weeks = np.array([week_of_year(week) for week in panel.week_endings])
    by_week = {int(w): float(np.mean(energy[weeks[told] == w])) for w in np.unique(weeks[told])}
    usual = float(np.median(list(by_week.values())))
    return [(weeks == w).astype(float) for w, e in sorted(by_week.items()) if e > BUSY * usual]


def _residual(scaled: Floats, columns: Floats, uses: Flags) -> tuple[Floats, NDArray[np.int64]]:
    """What the columns leave of each series, and how many of them count."""
    residual = np.full(scaled.shape, np.nan)
    rank = np.zeros(scaled.shape[1], dtype=np.int64)
    there = np.isfinite(scaled)
    alike: dict[bytes, list[int]] = {}
    for n in range(scaled.shape[1]):
        alike.setdefault(there[:, n].tobytes() + uses[n].tobytes(), []).append(n)
    for group in alike.values():
        rows = there[:, group[0]]
        design = columns[rows][:, uses[group[0]]]
        values = scaled[rows][:, group]
        solved, _, order, _ = np.linalg.lstsq(design, values, rcond=None)
        residual[np.ix_(rows, np.array(group))] = values - design @ solved
        rank[group] = order
    return residual, rank


def _flat(scaled: Floats, residual: Floats) -> Flags:
    """Series of which nothing is left once the known is removed."""
    if scaled.shape[1] == 0:
        return np.zeros(0, bool)
    spread = np.nanstd(scaled, axis=0)
    return np.asarray(np.nanstd(residual, axis=0) <= NOTHING * np.where(spread > 0, spread, 1.0))


# --- steps 2 and 3: outliers and memory ---------------------------------------------------------


def pulled_in(values: Floats, sigmas: float) -> Floats:
    """Each series with what lies beyond `sigmas` σ set on that line; σ from the median |value|."""
    if values.shape[1] == 0:
        return values
    sigma = NORMAL * np.nanmedian(np.abs(values), axis=0)
    # More than half of the weeks exactly as expected: the median says nothing of the rest.
    sigma = np.where(sigma > 0, sigma, np.nanstd(values, axis=0))
    return np.clip(values, -sigmas * sigma, sigmas * sigma)


def _whitened(residual: Floats, memory: int) -> Floats:
    """Each series less what its own past foretells: autoregression by Yule–Walker, order by AIC."""
    weeks, count = residual.shape
    there = np.isfinite(residual)
    n = np.maximum(there.sum(axis=0), 1)
    z = np.where(there, residual - np.nanmean(residual, axis=0) if count else residual, 0.0)
    covariance = np.array([(z[k:] * z[: max(weeks - k, 0)]).sum(axis=0) / n for k in range(memory + 1)])
    chosen = _autoregression(covariance, n)
    white = z.copy()
    complete = there.copy()
    for back in range(1, memory + 1):
        part = chosen[back - 1]
        white[back:] -= part * z[:-back]
        needed = part != 0
        complete[back:, needed] &= there[:-back, needed]
    first = np.argmax(there, axis=0) if weeks else np.zeros(count, dtype=np.intp)
    late_enough = np.arange(weeks)[:, None] >= first + DROPPED
    return np.where(complete & late_enough, white, np.nan)


def _autoregression(covariance: Floats, n: NDArray[np.int64]) -> Floats:
    """Coefficients, orders × m, of the order with the smallest AIC; zero beyond it. Levinson's recursion."""
    orders, count = covariance.shape[0] - 1, covariance.shape[1]
    now = np.zeros((orders, count))
    left = covariance[0].copy()
    best, smallest = now.copy(), n * np.log(left)
    for order in range(1, orders + 1):
        ahead = covariance[order] - sum(
            (now[j] * covariance[order - 1 - j] for j in range(order - 1)), np.zeros(count)
        )
        reflection = ahead / left
        before = now.copy()
        now[order - 1] = reflection
        for j in range(order - 1):
            now[j] = before[j] - reflection * before[order - 2 - j]
        left = left * (1 - reflection**2)
        criterion = n * np.log(np.maximum(left, np.finfo(float).tiny)) + 2 * order
        better = criterion < smallest
        best[:, better] = now[:, better]
        smallest = np.where(better, criterion, smallest)
    return best


def _standard(white: Floats) -> tuple[Floats, Floats]:
    if white.shape[1] == 0:
        return white, np.empty(0)
    spread = np.nanstd(white, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    return (white - np.nanmean(white, axis=0)) / spread, spread


# --- step 4: common movements --------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Common:
    """One movement that many series share.

    Attributes:
        course: T, its course; length 1, zero where no series has a surprise.
        loads: m, correlation of each series with it.
        broad: Whether at least half of the series share it, in a panel large enough to tell it from them.
    """

    course: Floats
    loads: Floats
    broad: bool


def common_movements(surprise: Floats, most: int) -> tuple[Common, ...]:
    """The movements whose size chance does not explain, largest first, at most `most`."""
    count = surprise.shape[1]
    rows = np.isfinite(surprise).any(axis=1)
    weeks = int(rows.sum())
    if count < 2 or weeks < 2 or most < 1:
        return ()
    w = np.where(np.isfinite(surprise), surprise, 0.0)[rows]
    sizes, vectors = np.linalg.eigh(w @ w.T / weeks if count > weeks else w.T @ w / weeks)
    edge = EDGE_MARGIN * (1 + np.sqrt(count / weeks)) ** 2
    found = []
    for place in np.argsort(sizes)[::-1][:most]:
        if sizes[place] <= edge:
            break
        course = vectors[:, place] if count > weeks else w @ vectors[:, place]
        course = course / np.linalg.norm(course)
        length = np.linalg.norm(w, axis=0)
        loads = course @ w / np.where(length > 0, length, 1.0)
        whole = np.zeros(len(surprise))
        whole[rows] = course
        broad = count >= PANEL_AT_LEAST and (np.abs(loads) > LOADED).mean() >= BROAD
        found.append(Common(whole, loads, bool(broad)))
    return tuple(found)


def without(surprise: Floats, common: tuple[Common, ...]) -> Floats:
    """The surprises less some common movements, spread 1 again."""
    rest = surprise
    for movement in common:
        known = np.where(np.isfinite(rest), rest, 0.0)
        weight = np.where(np.isfinite(rest), movement.course[:, None] ** 2, 0.0).sum(axis=0)
        share = movement.course @ known / np.where(weight > 0, weight, 1.0)
        rest = rest - movement.course[:, None] * share
    return _standard(rest)[0] if common else rest
