"""Effects in natural units, with intervals that memory in the rest does not make too narrow.

Generalised least squares with first-order memory, repeated five times: the GLSAR of statsmodels, whose
numbers these equal (a test holds it), here because weeks may be missing and because importing statsmodels
takes seconds.

Source: analytics.md section 3, step 9.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from metrics.correlation.chances import student
from metrics.correlation.values import Floats, Places

ROUNDS: Final = 5
FEWEST: Final = 5  # Weeks beyond the columns.
SETTLED: Final = 1e-4  # Relative change of every coefficient at which no further round is needed.


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted line.

    Attributes:
        coefficients: One per column.
        covariance: Of the coefficients.
        memory: Share of each week's rest that is carried into the next.
        df: Degrees of freedom.
        ssr: Sum of squares that is left, memory removed.
        weeks: Weeks used.
    """

    coefficients: Floats
    covariance: Floats
    memory: float
    df: int
    ssr: float
    weeks: int

    def interval(self, weights: Floats, level: float = 0.95) -> tuple[float, float, float]:
        """A weighted sum of coefficients, and the ends of its interval."""
        amount = float(weights @ self.coefficients)
        half = student(0.5 + level / 2, self.df) * self.error(weights)
        return amount, amount - half, amount + half

    def error(self, weights: Floats) -> float:
        """Standard error of a weighted sum of coefficients."""
        return float(np.sqrt(np.maximum(weights @ self.covariance @ weights, 0.0)))


def glsar(y: Floats, x: Floats, rows: Places | None = None, rank: int | None = None) -> Fit | None:
    """The line through y, whose rest has first-order memory.

    Args:
        y: One per week used.
        x: Weeks × columns.
        rows: Which weeks these are, ascending; memory does not reach across a gap. None: no gap.
        rank: Of x, where the caller knows it.

    Returns:
        None if fewer than five weeks are left beyond the columns.
    """
    place = np.arange(len(y)) if rows is None else rows
    next_to = np.flatnonzero(np.diff(place) == 1)
    rank = int(np.linalg.matrix_rank(x)) if rank is None else rank
    if len(next_to) - rank < FEWEST:
        return None
    memory = 0.0
    before: Floats | None = None
    for _ in range(ROUNDS - 1):
        solved = _least_squares(*_less_memory(y, x, next_to, memory))
        if before is not None and (np.abs(before - solved) <= SETTLED * np.abs(before)).all():
            break
        memory, before = _memory(y - x @ solved, next_to), solved
    left_y, left_x = _less_memory(y, x, next_to, memory)
    solved = _least_squares(left_y, left_x)
    rest = left_y - left_x @ solved
    df = len(left_y) - rank
    ssr = float(rest @ rest)
    inverse = np.linalg.inv if rank == x.shape[1] else np.linalg.pinv
    covariance = inverse(left_x.T @ left_x) * ssr / df
    return Fit(solved, covariance, memory, df, ssr, len(y))


def _least_squares(y: Floats, x: Floats) -> Floats:
    return np.asarray(np.linalg.lstsq(x, y, rcond=None)[0])


def _less_memory(y: Floats, x: Floats, next_to: Places, memory: float) -> tuple[Floats, Floats]:
    return y[next_to + 1] - memory * y[next_to], x[next_to + 1] - memory * x[next_to]


def _memory(rest: Floats, next_to: Places) -> float:
    """Lag-1 autocorrelation (Yule–Walker, adjusted for the week given up)."""
    rest = rest - rest.mean()
    carried = float((rest[next_to + 1] * rest[next_to]).sum()) / len(next_to)
    return carried / (float(rest @ rest) / len(rest))
