"""The vertical scale of a chart: nice bounds round all values, never forced to zero.

Every scale has four ticks, so that the rulings of neighbouring charts lie on one line.

Source: wbr-method.md section 2, rows Vertical scale and One axis or two.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from metrics.definitions import Unit

INTERVALS = 3
STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
FLAT = 0.04  # half the height given to a line that does not move, as a share of its value


@dataclass(frozen=True, slots=True)
class Scale:
    """Bounds and ticks, in the metric's unit, lowest first."""

    ticks: tuple[float, ...]


def scale(values: Iterable[float | None], unit: Unit) -> Scale:
    """The tightest nice scale that holds all known values; 0 to 3 steps of one if there is none.

    A scale stops at zero if no value is below it, and at 100% if no fraction is above it.
    """
    known = [v for v in values if v is not None and isfinite(v)]
    low, high = (min(known), max(known)) if known else (0.0, 0.03 if unit == "fraction" else 3.0)
    positive, share = low >= 0, unit == "fraction" and high <= 1
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        half = abs(low) * FLAT or (0.01 if unit == "fraction" else 1.0)
        low, high = (low - half, high + half)
        if positive:
            low = max(low, 0.0)
    power = floor(log10((high - low) / INTERVALS))
    while True:
        for mantissa in STEPS:
            step = mantissa * 10.0**power
            if unit == "count" and step != int(step):
                continue  # nobody counts half an order
            first = floor(low / step + 1e-9)
            if (first + INTERVALS) * step < high - 1e-9 * step:
                continue
            spare = first + INTERVALS - ceil(high / step - 1e-9)  # whole steps free above the highest
            first -= spare // 2
            if positive:
                first = max(first, 0)
            if share and (first + INTERVALS) * step > 1 + 1e-9 and ceil(1 / step) * step < 1 + 1e-9:
                first = round(1 / step) - INTERVALS
            return Scale(tuple(round((first + i) * step, 2 - power) for i in range(INTERVALS + 1)))
        power += 1
