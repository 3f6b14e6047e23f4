"""Correlations at many lags at once, and the chance of each.

Exact Pearson on the overlap, one matrix product per lag where no week is missing.

Source: analytics.md section 3, steps 5 to 7.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from metrics.correlation.chances import below, normal
from metrics.correlation.values import Floats

Counts = NDArray[np.int64]

ENOUGH_TO_TELL: Final = 10  # Series.


def at_lags(drivers: Floats, driven: Floats, lags: Sequence[int]) -> tuple[Floats, Counts]:
    """Correlation of x(t − lag) with y(t) on the weeks both have.

    Args:
        drivers: T × d; NaN is no value.
        driven: T × o.
        lags: Weeks from driver to driven; negative if the driven one is first.

    Returns:
        r, lags × d × o, NaN where fewer than three weeks are common or one does not vary; and the number of
        common weeks, in the same shape.
    """
    weeks = len(drivers)
    r = np.full((len(lags), drivers.shape[1], driven.shape[1]), np.nan)
    n = np.zeros(r.shape, dtype=np.int64)
    for place, lag in enumerate(lags):
        if abs(lag) >= weeks:
            continue
        x = drivers[: weeks - lag] if lag >= 0 else drivers[-lag:]
        y = driven[lag:] if lag >= 0 else driven[: weeks + lag]
        r[place], n[place] = _overlapping(x, y)
    return r, n


def _overlapping(x: Floats, y: Floats) -> tuple[Floats, Counts]:
    here, there = np.isfinite(x), np.isfinite(y)
    rows = here.all(axis=1) & there.all(axis=1)
    if (rows | ~(here.any(axis=1) & there.any(axis=1))).all():  # No week is missing for some pairs only.
        x, y = x[rows], y[rows]
        count = len(x)
        if count < 3:
            return np.full((x.shape[1], y.shape[1]), np.nan), np.full((x.shape[1], y.shape[1]), count)
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
        length = np.linalg.norm(x, axis=0)[:, None] * np.linalg.norm(y, axis=0)
        return _ratio(x.T @ y, length), np.full(length.shape, count)
    a, b = here.astype(float), there.astype(float)
    x, y = np.where(here, x, 0.0), np.where(there, y, 0.0)
    count = a.T @ b
    safe = np.maximum(count, 1.0)
    sum_x, sum_y = x.T @ b, a.T @ y
    spread_x = (x * x).T @ b - sum_x**2 / safe
    spread_y = a.T @ (y * y) - sum_y**2 / safe
    together = x.T @ y - sum_x * sum_y / safe
    length = np.sqrt(np.maximum(spread_x, 0.0) * np.maximum(spread_y, 0.0))
    r = _ratio(together, length)
    return np.where(count >= 3, r, np.nan), np.rint(count).astype(np.int64)


def _ratio(together: Floats, length: Floats) -> Floats:
    r = np.divide(together, length, out=np.full(length.shape, np.nan), where=length > 1e-12)
    return np.asarray(np.clip(r, -1.0, 1.0))


def crowding(surprise: Floats, lags: Sequence[int]) -> Floats:
    """How many times fewer weeks there really are, because surprises of all series crowd into some.

    Where restless months or one bad week hit everything, two unrelated series are large in the same weeks,
    and chance alone correlates them more than independent weeks would. The factor is the mean over pairs of
    series of Σ x²y² · n ÷ (Σ x² · Σ y²), which is 1 for weeks of one spread; it divides the weeks that count.

    Args:
        surprise: T × m, spread 1; NaN is no value.
        lags: Weeks between the two.

    Returns:
        One factor per lag, at least 1; 1 throughout for a panel of fewer than ten series, which cannot tell.
    """
    weeks, count = surprise.shape
    factors = np.ones(len(lags))
    if count < ENOUGH_TO_TELL:
        return factors
    energy = np.where(np.isfinite(surprise), np.square(surprise), 0.0)
    if not energy.any(axis=1).all():  # The first weeks, mostly, have no surprise at all.
        busy = np.flatnonzero(energy.any(axis=1))
        energy = energy[busy[0] : busy[-1] + 1] if len(busy) else energy[:0]
        weeks = len(energy)
    of_week = energy.sum(axis=1)
    for place, lag in enumerate(lags):
        step = abs(lag)
        first, then = energy[: weeks - step], energy[step:]
        if len(first) < 2:
            continue
        both = of_week[: weeks - step] @ of_week[step:] - np.einsum("tm,tm", first, then)
        apart = first.sum() * then.sum() - first.sum(axis=0) @ then.sum(axis=0)
        factors[place] = max(1.0, float(both * len(first) / apart)) if apart > 0 else 1.0
    return factors


def t_of(r: Floats, df: Floats) -> Floats:
    """Student's t of a correlation; NaN without degrees of freedom."""
    room = np.maximum(1.0 - np.square(r), np.finfo(float).eps)
    return np.where(df >= 1, r * np.sqrt(np.maximum(df, 1) / room), np.nan)


def chance(r: Floats, df: Floats) -> Floats:
    """Two-sided p of a correlation with `df` degrees of freedom; 1 where there is none."""
    p = 2.0 * below(-np.abs(t_of(r, df)), np.maximum(df, 1))
    return np.where(np.isfinite(p), p, 1.0)


def false_discovery(p: Floats) -> Floats:
    """Benjamini and Hochberg's adjusted p, in the order given."""
    count = len(p)
    if count == 0:
        return p
    order = np.argsort(p)
    ranked = p[order] * count / np.arange(1, count + 1)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return adjusted


def share_of_luck(p: Floats, tested: Floats) -> Floats:
    """What the adjusted p of further values would be, judged by the p's that were tested."""
    ordered = np.sort(tested)
    count = len(ordered)
    if count == 0:
        return np.ones_like(p)
    adjusted = np.minimum.accumulate((ordered * count / np.arange(1, count + 1))[::-1])[::-1]
    rank = np.searchsorted(ordered, p, side="right")
    at_its_rank = p * count / np.maximum(rank, 1)
    later = np.where(rank < count, adjusted[np.minimum(rank, count - 1)], 1.0)
    return np.minimum(np.minimum(at_its_rank, later), 1.0)


def detectable_r(alpha: float, weeks: float) -> float:
    """The smallest true r that `weeks` show 8 times in 10 at level `alpha`."""
    return float((normal(1 - alpha / 2) + 0.84) / np.sqrt(weeks))


def effective_weeks(weeks: int, memory_x: float, memory_y: float) -> float:
    """How many independent weeks two series with first-order memory are worth.

    Source: Bartlett; Pyper & Peterman (1998).
    """
    product = memory_x * memory_y
    return weeks * (1 - product) / (1 + product)
