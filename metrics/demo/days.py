"""From weeks to days: numbers that add up again to exactly the week they came from.

A week is a row, its days are columns, Sunday first. Counts are whole numbers; money is whole
cents until it is written. A rate is never split: its denominator is, and its numerator after it.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

from metrics.demo.truth import WEEKS

Weekly = NDArray[np.float64]
"""One value per week, oldest first."""

Days = NDArray[np.int64]
"""Whole numbers, one row per week, one column per day."""

Levels = NDArray[np.float64]
"""Levels or amounts, one row per week, one column per day; NaN is missing."""

WEEKDAY_SHARES = np.array([0.150, 0.152, 0.147, 0.142, 0.139, 0.132, 0.138])


def draws(seed: int, name: str) -> np.random.Generator:
    """Random draws that belong to one name: a series added later changes no other."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def jitter(rng: np.random.Generator, shape: tuple[int, ...], sd: float) -> NDArray[np.float64]:
    """Factors around 1, cut at three `sd` so that none can turn a weight negative."""
    factors: NDArray[np.float64] = 1 + sd * np.clip(rng.normal(0, 1, shape), -3, 3)
    return factors


def weekday_weights(rng: np.random.Generator) -> NDArray[np.float64]:
    """The share of each day in its week, with 2% noise. Shape (weeks, 7)."""
    return WEEKDAY_SHARES * jitter(rng, (WEEKS, 7), 0.02)


def whole(totals: NDArray[np.float64] | Days, weights: NDArray[np.float64] | Days) -> Days:
    """Whole parts of whole totals in proportion to weights: the largest remainders get the rest.

    Args:
        totals: Shape (...); rounded first, and never negative.
        weights: Shape (..., parts), none negative, no row all zero.

    Returns:
        Shape (..., parts); sums over the last axis are `totals` exactly.
    """
    total = np.rint(totals).astype(np.int64)
    exact = total[..., np.newaxis] * (weights / weights.sum(axis=-1, keepdims=True))
    parts: Days = np.floor(exact).astype(np.int64)
    rank = np.argsort(np.argsort(parts - exact, axis=-1, kind="stable"), axis=-1, kind="stable")
    left = total - parts.sum(axis=-1)
    parts += rank < left[..., np.newaxis]
    return parts


def split(rng: np.random.Generator, totals: Weekly | Days) -> Days:
    """A weekly count over the days of its week."""
    return whole(totals, weekday_weights(rng))


def share_of(rng: np.random.Generator, rate: Weekly, days: Days) -> Days:
    """The part of each day's count that makes `rate` of the week's, whole numbers, never above the day.

    The smaller side is the one that varies: 7% of bad days in a rate of 99% would exceed the day.
    """
    if rate.mean() > 0.5:
        return days - share_of(rng, 1 - rate, days)
    return whole(rate * days.sum(axis=1), days * jitter(rng, days.shape, 0.03))


def rate_of(rng: np.random.Generator, rate: Weekly, volume: Weekly) -> tuple[Days, Days]:
    """Numerator and denominator of a rate below 1, near a wanted weekly volume.

    The numerator is rounded first and the denominator made to fit it, so that the week's quotient
    misses the rate by half a unit of the larger of the two, not of the smaller.
    """
    part = np.rint(rate * volume)
    days = split(rng, np.rint(part / rate))
    if rate.mean() > 0.5:
        return days - whole(days.sum(axis=1) - part, days * jitter(rng, days.shape, 0.03)), days
    return whole(part, days * jitter(rng, days.shape, 0.03)), days


def amount_of(rng: np.random.Generator, each: Weekly, days: Days) -> Days:
    """Whole units (cents, seconds, days of waiting) that come to `each` per count of the week."""
    return whole(each * days.sum(axis=1), days * jitter(rng, days.shape, 0.02))


def level(rng: np.random.Generator, week_ends: Weekly, noise: float) -> Levels:
    """Daily levels on the way from one week's end to the next; the last day is the week's value."""
    before = np.concatenate([[2 * week_ends[0] - week_ends[1]], week_ends[:-1]])
    way = np.arange(1, 8) / 7
    days: Levels = before[:, np.newaxis] + (week_ends - before)[:, np.newaxis] * way
    days[:, :6] += rng.normal(0, noise, (WEEKS, 6))
    return days


def samples(
    rng: np.random.Generator, quantile: Weekly, at: float, *, sd: float, per_day: int = 200
) -> NDArray[np.float64]:
    """Samples whose quantile of the week is the given one: log-normal draws, scaled week by week.

    A quantile between two order statistics scales as they do, so scaling is exact.

    Returns:
        Shape (weeks, 7, per_day).
    """
    drawn = np.exp(rng.normal(0, sd, (WEEKS, 7, per_day))) * jitter(rng, (WEEKS, 7, 1), 0.04)
    found = np.quantile(drawn.reshape(WEEKS, -1), at, axis=1)
    return drawn * (quantile / found)[:, np.newaxis, np.newaxis]
