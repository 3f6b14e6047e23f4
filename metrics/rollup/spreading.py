"""A plan of a month, spread over its days so that the days add up to the plan exactly.

Source: METHOD.md, "A plan by month".
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from math import isfinite


def spread(plan: Decimal, shape: Sequence[float], decimals: int) -> tuple[Decimal, ...]:
    """A plan over the days of a month, in the shape of other days.

    Each day gets plan × its share of the shape, rounded down to whole steps of `decimals`; the steps left
    over go to the days that lost most by rounding, earlier days first.

    Args:
        plan: Of the month; rounded to `decimals` it stays what it is.
        shape: One value a day, of any unit; see `usable`.
        decimals: Figures after the point that a day may have.

    Returns:
        One value a day; their sum is `plan` to the last figure.

    Raises:
        ValueError: The shape cannot be used.
    """
    if not usable(shape):
        raise ValueError("A shape needs a value ≥ 0 for every day, and a sum above 0.")
    step = Decimal(1).scaleb(-decimals)
    weights = [Decimal(repr(float(value))) for value in shape]
    whole = sum(weights)
    wanted = [plan * weight / whole for weight in weights]
    floors = [(value / step).to_integral_value(ROUND_FLOOR) * step for value in wanted]
    left = int(((plan - sum(floors)) / step).to_integral_value())
    order = sorted(range(len(shape)), key=lambda n: (floors[n] - wanted[n], n))
    for place in order[:left]:
        floors[place] += step
    return tuple(floors)


def usable(shape: Sequence[float]) -> bool:
    """Whether a shape has a value for every day, none below zero, and says something."""
    return bool(shape) and all(isfinite(v) and v >= 0 for v in shape) and sum(shape) > 0
