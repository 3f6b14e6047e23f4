"""What other control charts draw and ask: runs and crossings, a trended centre line, seasonal factors.

For readers who compare a chart here with one from another program. The engine judges no week by them: its
own level has trend, season and memory (`model`).

Source: Anhøj & Olesen 2014 (run length of Schilling 2012, crossings of Chen 2010); Wheeler, *Making Sense of
Data*, section 12.3; the open-source xmrit (seasonal factors).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, log2

import numpy as np

from metrics.signals.values import Floats
from metrics.signals.xmr import LIMITS, Mean, average, numbers

# --- runs and crossings ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Runs:
    """How a series goes about its centre line.

    Attributes:
        useful: Values that are not on the line; the others count on neither side and break nothing.
        longest: Of them, the most in a row on one side.
        longest_max: The longest run that chance explains.
        crossings: How often the series crosses the line.
        crossings_min: The fewest crossings that chance explains.
    """

    useful: int
    longest: int
    longest_max: int
    crossings: int
    crossings_min: int

    @property
    def signal(self) -> bool:
        """Whether a run is too long or crossings are too few."""
        return self.longest > self.longest_max or self.crossings < self.crossings_min


def runs(values: Sequence[float | None] | Floats, centre: float) -> Runs:
    """The runs and crossings of a series.

    Args:
        values: Oldest first; None or NaN is no value and is passed over.
        centre: The centre line.
    """
    off = numbers(values) - centre
    sides = np.sign(off[~np.isnan(off) & (off != 0)])
    ends = np.flatnonzero(np.diff(sides)) + 1
    lengths = np.diff(np.concatenate(([0], ends, [len(sides)])))
    return Runs(
        useful=len(sides),
        longest=int(lengths.max()),
        longest_max=longest_run_max(len(sides)),
        crossings=len(ends),
        crossings_min=crossings_min(len(sides)),
    )


def longest_run_max(useful: int) -> int:
    """The longest run that chance explains among `useful` values: the rounded log₂ n, and three more."""
    return round(log2(useful)) + 3 if useful else 0


def crossings_min(useful: int) -> int:
    """The fewest crossings that chance explains: the lower 5% quantile of Binomial(n − 1, ½)."""
    steps, below, fewest = max(useful - 1, 0), 1, 0
    while 20 * below < 2**steps:  # Whole numbers: no rounding decides.
        fewest += 1
        below += comb(steps, fewest)
    return fewest


# --- a trended centre line ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class HalfAverageTrend:
    """A straight centre line through the means of both halves, with limits beside it. In the metric's unit.

    Attributes:
        slope: Rise from one place to the next.
        first_half_mean, second_half_mean: What it passes through.
        half_width: Distance of the limits.
        line, low, high: One per value, the baseline and what follows it.
        beyond: Places beyond the limits.
    """

    slope: float
    first_half_mean: float
    second_half_mean: float
    half_width: float
    line: Floats
    low: Floats
    high: Floats
    beyond: tuple[int, ...]

    def at(self, place: float) -> float:
        """The line at a place, which may lie between two."""
        return float(self.line[0] + self.slope * place)


def half_average_trend(
    values: Sequence[float | None] | Floats,
    *,
    baseline: tuple[int, int] | None = None,
    moving_range: Mean = "mean",
    limit_factor: float | None = None,
) -> HalfAverageTrend:
    """Wheeler's trended limits.

    Args:
        values: Oldest first; None or NaN is no value.
        baseline: Half-open range of the places that line and limits come from; by default all.
        moving_range: How the baseline's moving ranges are summed up.
        limit_factor: Distance of the limits, × moving range; by default as `moving_range` asks.

    Returns:
        The line; NaN where a half has no value. Of an odd number of places the middle one is in no half.
    """
    x = numbers(values)
    first, end = baseline or (0, len(x))
    half, places = (end - first) // 2, np.where(np.isnan(x), np.nan, np.arange(len(x)))
    halves = (slice(first, first + half), slice(end - half, end))
    means = [average(x[part], "mean") for part in halves]
    middles = [average(places[part], "mean") for part in halves]
    slope = (means[1] - means[0]) / (middles[1] - middles[0])
    line: Floats = means[0] + slope * (np.arange(len(x), dtype=np.float64) - middles[0])
    usual = average(np.abs(np.diff(x[first:end])), moving_range)
    width = (LIMITS[moving_range] if limit_factor is None else limit_factor) * usual
    return HalfAverageTrend(
        slope=slope,
        first_half_mean=means[0],
        second_half_mean=means[1],
        half_width=width,
        line=line,
        low=line - width,
        high=line + width,
        beyond=tuple(np.flatnonzero(np.abs(x - line) > width).tolist()),
    )


# --- seasonal factors --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Seasonal:
    """A series without its season.

    Attributes:
        overall_mean: Of all values, in the metric's unit.
        factors: Of each place in the season, × the overall mean; NaN where it has no value.
        deseasonalised: Each value ÷ its factor, in the metric's unit; NaN where that is undefined.
    """

    overall_mean: float
    factors: Floats
    deseasonalised: Floats


def seasonal_factors(values: Sequence[float | None] | Floats, period: int) -> Seasonal:
    """Multiplicative factors: the mean of each place in the season ÷ the mean of all.

    Args:
        values: Oldest first; None or NaN is no value.
        period: Places in one season.
    """
    x = numbers(values)
    overall = average(x, "mean")
    means = np.array([average(x[place::period], "mean") for place in range(period)])
    factors = means / overall if overall else np.full(period, np.nan)
    each = factors[np.arange(len(x)) % period]
    return Seasonal(
        overall_mean=overall,
        factors=factors,
        deseasonalised=np.divide(x, each, out=np.full(len(x), np.nan), where=each != 0),
    )
