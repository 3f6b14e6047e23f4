"""The classic chart of individual values and moving ranges (XmR), for those who want two flat lines.

Source: analytics.md section 2; Wheeler, *Making Sense of Data*; NIST/SEMATECH e-Handbook 6.3.2.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from metrics.signals.rules import BEYOND
from metrics.signals.values import Floats

Mean = Literal["mean", "median"]

D2: Final = 1.1284  # Mean range of two draws, in sigma.
SCREEN: Final = 3.267  # × mean moving range: ranges this large come from incidents, not from noise.
LIMITS: Final[dict[Mean, float]] = {"mean": 2.660, "median": 3.145}  # × moving range: three sigma.
RANGE_LIMIT: Final[dict[Mean, float]] = {"mean": 3.268, "median": 3.865}  # × moving range.


@dataclass(frozen=True, eq=False)
class XmrChart:
    """A classic chart. Everything is in the metric's unit; NaN is no value.

    Attributes:
        values: As given.
        moving_ranges: Difference from the value before, without sign; NaN first and across gaps.
        centre: The centre line.
        moving_range: The usual moving range.
        sigma: Mean moving range ÷ d2.
        low, high: The natural process limits.
        half_low, half_high: Half-way to them.
        range_high: Upper limit of the moving ranges.
        beyond: Places beyond the limits.
        range_beyond: Places whose moving range is beyond its limit.
        z: Deviations in thirds of the distance to a limit, for the rules; NaN where the range is zero.
    """

    values: Floats
    moving_ranges: Floats
    centre: float
    moving_range: float
    sigma: float
    low: float
    high: float
    half_low: float
    half_high: float
    range_high: float
    beyond: tuple[int, ...]
    range_beyond: tuple[int, ...]
    z: Floats


def xmr(
    values: Sequence[float | None] | Floats,
    *,
    baseline: tuple[int, int] | None = None,
    centre: Mean = "mean",
    moving_range: Mean = "mean",
    screen: bool = False,
    limit_factor: float | None = None,
    range_factor: float | None = None,
    d2: float = D2,
) -> XmrChart:
    """The classic chart of a series.

    Args:
        values: Oldest first; None or NaN is no value.
        baseline: Half-open range of the places that the limits come from; by default all.
        centre: What the centre line is of the baseline.
        moving_range: How the baseline's moving ranges are summed up.
        screen: Drop, once, moving ranges of at least 3.267 times their mean.
        limit_factor: Distance of the limits, × moving range; by default as `moving_range` asks.
        range_factor: Upper limit of moving ranges, × moving range; likewise.
        d2: Mean range of two draws, in sigma.

    Returns:
        A chart; its lines are NaN where the baseline has fewer than two neighbouring values.
    """
    x = numbers(values)
    first, end = baseline or (0, len(x))
    ranges = np.abs(np.diff(x, prepend=np.nan))
    usual = average(screened(ranges[first + 1 : end]) if screen else ranges[first + 1 : end], moving_range)
    middle = average(x[first:end], centre)
    reach = (LIMITS[moving_range] if limit_factor is None else limit_factor) * usual
    range_high = (RANGE_LIMIT[moving_range] if range_factor is None else range_factor) * usual
    z = (x - middle) * BEYOND.line / reach if reach > 0 else np.full(len(x), np.nan)
    return XmrChart(
        values=x,
        moving_ranges=ranges,
        centre=middle,
        moving_range=usual,
        sigma=usual / d2,
        low=middle - reach,
        high=middle + reach,
        half_low=middle - reach / 2,
        half_high=middle + reach / 2,
        range_high=range_high,
        beyond=tuple(np.flatnonzero((x < middle - reach) | (x > middle + reach)).tolist()),
        range_beyond=tuple(np.flatnonzero(ranges > range_high).tolist()),
        z=z,
    )


def screened(ranges: Floats) -> Floats:
    """The moving ranges without those of at least 3.267 times their mean, dropped once; NaN stays out."""
    there = ranges[~np.isnan(ranges)]
    return there[there < SCREEN * there.mean()] if len(there) and there.any() else there


def numbers(values: Sequence[float | None] | Floats) -> Floats:
    """Values as a column, NaN for None."""
    return np.array([np.nan if v is None else v for v in values], dtype=float)


def average(values: Floats, how: Mean) -> float:
    """Mean or median of the values there are; NaN without any."""
    there = values[~np.isnan(values)]
    if not len(there):
        return float("nan")
    return float(np.mean(there) if how == "mean" else np.median(there))
