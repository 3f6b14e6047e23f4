"""By how much: effects of a driver in the units people read, over all weeks, by halves, by years, by level.

Source: analytics.md section 3, step 9; wbr-method.md sections 9 and 10.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from metrics.correlation.chances import below
from metrics.correlation.prepared import Prepared, is_log
from metrics.correlation.regression import Fit, glsar
from metrics.correlation.strength import at_lags, chance
from metrics.correlation.values import (
    Bend,
    Decay,
    Effect,
    Flags,
    Floats,
    Joint,
    Lasting,
    Moving,
    Part,
    Places,
    Series,
    Units,
)

SPREAD_LAGS: Final = (0, 8)  # Weeks over which a spread effect is added up.
RECENT: Final = 52  # Weeks: a whole year, so that the season is in it once.
EARLIER_AT_LEAST: Final = 52
EARLIER_LEVEL: Final = 0.99
STILL_MOVES: Final = 0.5  # Share of the driver's earlier spread.
ROLLING, ROLLING_STEP = 52, 4  # Weeks.
BENDS_AT: Final = np.arange(0.2, 0.81, 0.05)  # Shares of the driver's weeks below the level that is tried.
LAGS_ADDED_AT_MOST: Final = 3  # In a joint model; a longer window is stood for by its clearest lag.

WORDS: Final = {  # Of one, of several.
    "fraction": ("pp", "pp"),
    "count": ("unit", "units"),
    "currency": ("of currency", "of currency"),
    "number": ("unit", "units"),
    "days": ("day", "days"),
    "hours": ("hour", "hours"),
    "seconds": ("second", "seconds"),
    "milliseconds": ("ms", "ms"),
    "score": ("point", "points"),
}


def unit_word(series: Series, *, one: bool = False) -> str:
    """How people read a difference of a series: percent where it is judged as a ratio, pp for a fraction."""
    if is_log(series):
        return "%"
    word = WORDS[series.unit][0 if one else 1]
    return f"{word} a week" if series.scale == "change" else word


def factor(series: Series) -> float:
    """One in the scale judged, in the units people read."""
    return 100.0 if is_log(series) or series.unit == "fraction" else 1.0


def units(ready: Prepared, driver: int, driven: int) -> Units:
    """How people read an effect of one series on another."""
    one, two = ready.panel.series[driver], ready.panel.series[driven]
    each = unit_word(one, one=True)
    return Units(
        driven=unit_word(two),
        driver=unit_word(one),
        effect=f"{unit_word(two)} per +1{'' if each == '%' else ' '}{each}",
        step=rounded(float(ready.unit_of_surprise[driver]) * factor(one)),
    )


def rounded(amount: float) -> float:
    """The nearest of 1, 2 and 5 times a power of ten, below or at a positive amount."""
    if amount <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(amount))
    return float(max(step for step in (1.0, 2.0, 5.0) if step * power <= amount * (1 + 1e-9)) * power)


# --- one pair ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Pair:
    """The weeks on which a driven metric and lags of its driver are all known.

    Attributes:
        y: The driven metric; x: weeks × lags of the driver; rest: the columns known in advance.
        rows: Which weeks of the panel these are.
        scale: Units people read per unit of the coefficient.
        units: How people read an effect.
    """

    y: Floats
    x: Floats
    rest: Floats
    rows: Places
    scale: float
    units: Units

    def fit(self, x: Floats | None = None) -> Fit | None:
        """The line on some columns (by default the lags), with what is known in advance beside them."""
        used = self.x if x is None else x
        both = np.column_stack([used, self.rest])
        if len(both) <= both.shape[1] or (rank := _rank_beside(used, self.rest)) is None:
            return None
        return glsar(self.y, both, self.rows, rank)

    def effect(self, fit: Fit, weights: Sequence[float], lags: tuple[int, int], weeks: int) -> Effect:
        """A weighted sum of the first coefficients, in the units people read."""
        whole = np.zeros(len(fit.coefficients))
        whole[: len(weights)] = weights
        amount, low, high = (float(v) * self.scale for v in fit.interval(whole))
        return Effect(amount, low, high, self.units, lags, weeks)


def _rank_beside(used: Floats, rest: Floats) -> int | None:
    """Rank of both together; None if the used columns say nothing beyond the rest."""
    solved, _, rank, _ = np.linalg.lstsq(rest, used, rcond=None)
    own = used - rest @ solved
    size = np.linalg.norm(used, axis=0)
    if (np.linalg.norm(own, axis=0) <= 1e-9 * size).any():
        return None
    if used.shape[1] > 1 and np.linalg.matrix_rank(own / np.linalg.norm(own, axis=0)) < used.shape[1]:
        return None
    return int(rank) + int(used.shape[1])


def _pair(
    ready: Prepared,
    driver: int,
    driven: int,
    lags: Sequence[int],
    beside: Sequence[tuple[int, Sequence[int]]] = (),
) -> _Pair:
    y = ready.scaled[:, driven]
    x = _lagged(ready, [(driver, lags)])
    others = _lagged(ready, beside)
    rows = np.flatnonzero(np.isfinite(y) & np.isfinite(x).all(axis=1) & np.isfinite(others).all(axis=1))
    known = ready.design(driver, driven, *(place for place, _ in beside))[rows]
    rest = np.column_stack([known[:, known.any(axis=0)], others[rows]]) if len(rows) else known
    one, two = ready.panel.series[driver], ready.panel.series[driven]
    return _Pair(y[rows], x[rows], rest, rows, factor(two) / factor(one), units(ready, driver, driven))


def _lagged(ready: Prepared, drivers: Sequence[tuple[int, Sequence[int]]]) -> Floats:
    columns = [moved(ready.scaled[:, place], lag) for place, lags in drivers for lag in lags]
    return np.column_stack(columns) if columns else np.empty((len(ready.scaled), 0))


def moved(values: Floats, lag: int) -> Floats:
    """What a series was `lag` weeks before each week; NaN before its first."""
    found = np.full(len(values), np.nan)
    if lag >= 0:
        found[lag:] = values[: len(values) - lag]
    else:
        found[:lag] = values[-lag:]
    return found


def effect_at(ready: Prepared, driver: int, driven: int, lag: int) -> Effect | None:
    """The effect at one lag; None if the weeks do not suffice."""
    pair = _pair(ready, driver, driven, (lag,))
    fit = pair.fit()
    return None if fit is None else pair.effect(fit, (1.0,), (lag, lag), len(pair.y))


def spread_effect(ready: Prepared, driver: int, driven: int) -> Effect | None:
    """The sum of the effects of lags 0 to 8; None if the weeks do not suffice."""
    lags = range(SPREAD_LAGS[0], SPREAD_LAGS[1] + 1)
    pair = _pair(ready, driver, driven, lags)
    fit = pair.fit()
    return None if fit is None else pair.effect(fit, [1.0] * len(lags), SPREAD_LAGS, len(pair.y))


# --- recent against earlier ----------------------------------------------------------------------


def decay(
    ready: Prepared,
    driver: int,
    driven: int,
    lag: int,
    *,
    beside: Sequence[tuple[int, Sequence[int]]] = (),
    side: int = 0,
) -> Decay:
    """Whether the effect of the last year is still the one of the years before.

    Args:
        ready: The prepared panel.
        driver: Place of the one.
        driven: Place of the other.
        lag: Weeks between them.
        beside: Other drivers of the driven metric, each with its lags: what they explain is no noise.
        side: 1 or −1 if only an effect of this sign was ever claimed.
    """
    pair = _pair(ready, driver, driven, (lag,), beside)
    if not len(pair.rows):
        return Decay("cannot_tell")
    recent: Flags = pair.rows > int(pair.rows[-1]) - RECENT
    if (~recent).sum() < EARLIER_AT_LEAST:
        return Decay("cannot_tell")
    x = pair.x[:, 0]
    # The step lets each part have a level of its own; a trend through both already stands in the columns.
    split = np.column_stack([np.where(recent, 0.0, x), np.where(recent, x, 0.0), recent.astype(float)])
    fit = pair.fit(split)
    moves = moved(ready.residual[:, driver], lag)[pair.rows]
    before = float(np.std(moves[~recent]))
    share = float(np.std(moves[recent])) / before if before > 0 else None
    if fit is None:
        return Decay("cannot_tell", driver_moved=share)
    then = pair.effect(fit, (1.0, 0.0), (lag, lag), int((~recent).sum()))
    now = pair.effect(fit, (0.0, 1.0), (lag, lag), int(recent.sum()))
    since = ready.panel.week_endings[int(pair.rows[recent][0])]
    # Every claim is asked whether it decayed: only an effect that was clear beyond doubt can have been lost.
    once = np.zeros(len(fit.coefficients))
    once[0] = 1.0
    _, low, high = fit.interval(once, EARLIER_LEVEL)
    was = (low > 0 or high < 0) and then.amount * side >= 0
    was = was and _followed(ready, driver, driven, lag, pair.rows[~recent], then.amount)
    return Decay(_lasting(then, now, share or 0.0) if was else "cannot_tell", then, now, since, share)


def _followed(ready: Prepared, driver: int, driven: int, lag: int, rows: Places, amount: float) -> bool:
    """Whether the surprises of some weeks show the effect that their levels show."""
    x, y = moved(ready.surprise[:, driver], lag)[rows], ready.surprise[rows, driven]
    r, n = at_lags(x[:, None], y[:, None], (0,))
    df = (n - max(ready.rank[driver], ready.rank[driven]) - 1).astype(float)
    return bool(chance(r, df)[0, 0, 0] <= 0.05 and r[0, 0, 0] * amount > 0)


def _lasting(then: Effect, now: Effect, moved_by: float) -> Lasting:
    if not now.low <= 0 <= now.high:
        return "holding" if now.amount * then.amount > 0 else "decayed"
    if now.low <= then.amount <= now.high:
        return "no_sign"
    return "decayed" if moved_by >= STILL_MOVES else "cannot_tell"


def rolling(ready: Prepared, driver: int, driven: int, lag: int) -> tuple[Moving, ...]:
    """The effect within each year, moved on by four weeks; the newest year is always one of them.

    Season, events and trend are those of the whole history: a year alone cannot tell them.
    """
    y, x = ready.residual[:, driven], moved(ready.residual[:, driver], lag)
    pair = _pair(ready, driver, driven, (lag,))
    both = np.isfinite(y) & np.isfinite(x)
    ends = np.flatnonzero(both)
    if len(ends) < ROLLING:
        return ()
    found = []
    for last in range(int(ends[-1]), int(ends[0]) + ROLLING - 2, -ROLLING_STEP):
        rows = np.flatnonzero(both[: last + 1])[-ROLLING:]
        if last - rows[0] >= ROLLING + ROLLING_STEP:
            continue  # So many weeks are missing that these are no year.
        fit = glsar(y[rows], np.column_stack([x[rows], np.ones(len(rows))]), rows)
        if fit is not None:
            found.append(
                Moving(ready.panel.week_endings[last], pair.effect(fit, (1.0,), (lag, lag), len(rows)))
            )
    return tuple(reversed(found))


# --- thresholds ----------------------------------------------------------------------------------


def bend(ready: Prepared, driver: int, driven: int, lag: int) -> Bend | None:
    """The level of the driver at which its effect changes most; None if it could not be tried.

    The level with the best fit among thirteen is judged against a straight line; its p is multiplied by
    thirteen.
    """
    pair = _pair(ready, driver, driven, (lag,))
    straight = pair.fit()
    if straight is None:
        return None
    x = pair.x[:, 0]
    best: tuple[float, float, Fit] | None = None
    for level in np.unique(np.quantile(x, BENDS_AT)):
        fit = pair.fit(np.column_stack([np.minimum(x, level), np.maximum(x, level)]))
        if fit is not None:
            weights = np.zeros(len(fit.coefficients))
            weights[:2] = 1.0, -1.0
            t = abs(float(weights @ fit.coefficients)) / max(fit.error(weights), np.finfo(float).tiny)
            if best is None or t > best[0]:
                best = t, float(level), fit
    if best is None:
        return None
    t, level, fit = best
    p = min(1.0, 2 * float(below(-t, fit.df)) * len(BENDS_AT))
    series = ready.panel.series[driver]
    return Bend(
        level=float(np.exp(level)) if is_log(series) else level,
        below=pair.effect(fit, (1.0, 0.0), (lag, lag), int((x <= level).sum())),
        above=pair.effect(fit, (0.0, 1.0), (lag, lag), int((x > level).sum())),
        p=p,
    )


# --- all stated drivers of one metric ---------------------------------------------------------------


def joint(ready: Prepared, driven: str, drivers: Sequence[tuple[str, Sequence[int]]]) -> Joint:
    """All stated drivers of one metric in one model, so that each is told with the others held.

    Args:
        ready: The prepared panel.
        driven: The metric explained.
        drivers: Each driver with the lags whose effects are added up; each driver once.

    Returns:
        No model (`explained` None, no effects) if the driven metric or every driver cannot be used, or if the
        weeks do not suffice.
    """
    place = ready.panel.place
    absent = {left.metric: left for left in ready.left_out}
    usable = [(name, tuple(lags)) for name, lags in drivers if name in place and driven in place]
    nothing = Joint(
        driven,
        tuple(Part(name, None, None, None, absent.get(name) or absent.get(driven)) for name, _ in drivers),
        0, None, None, "as_is",
    )  # fmt: skip
    if not usable:
        return nothing
    target = place[driven]
    two = ready.panel.series[target]
    y = ready.scaled[:, target]
    x = _lagged(ready, [(place[name], lags) for name, lags in usable])
    rows = np.flatnonzero(np.isfinite(y) & np.isfinite(x).all(axis=1))
    rest = ready.design(target, *(place[n] for n, _ in usable))[rows]
    rest = rest[:, rest.any(axis=0)] if len(rows) else rest
    both = np.column_stack([x[rows], rest])
    if len(both) <= both.shape[1] or (rank := _rank_beside(x[rows], rest)) is None:
        return nothing
    fit = glsar(y[rows], both, rows, rank)
    alone = glsar(y[rows], rest, rows)
    if fit is None:
        return nothing
    found: dict[str, Part] = {}
    at = 0
    for name, lags in usable:
        one = ready.panel.series[place[name]]
        pair = _pair(ready, place[name], target, lags)
        weights = np.zeros(len(fit.coefficients))
        weights[at : at + len(lags)] = 1.0
        at += len(lags)
        scale, window = factor(two) / factor(one), (min(lags), max(lags))
        amount, low, high = (v * scale for v in fit.interval(weights))
        by_itself = pair.fit()
        found[name] = Part(
            name,
            Effect(amount, low, high, pair.units, window, len(rows)),
            fit.error(weights) * scale,
            None if by_itself is None else pair.effect(by_itself, [1.0] * len(lags), window, len(pair.y)),
        )
    explained = None if alone is None or alone.ssr <= 0 else max(0.0, 1 - fit.ssr / alone.ssr)
    return Joint(
        driven,
        tuple(found.get(n) or Part(n, None, None, None, absent.get(n)) for n, _ in drivers),
        len(rows),
        explained,
        fit.memory,
        "log" if is_log(two) else two.scale,
    )
