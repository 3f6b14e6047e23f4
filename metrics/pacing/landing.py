"""The arithmetic of a landing: range, chance and rate needed, from a forecast and its backtests.

With A the part that is known, F the forecast of the rest and e one error per backtest, the period lands at
A + F·exp(e), or at A + F + e where a total was not positive and a logarithm has no meaning.

Source: analytics.md, section 6, steps 3 to 6.
"""

from collections.abc import Sequence
from math import exp, log
from typing import Literal

BACKTESTS = 8
SPACING = 6  # weeks between the origins of two backtests
FEWEST = 5  # Backtests below which there is neither range nor chance.
ON_TRACK, OFF_TRACK = 0.8, 0.2  # Chances from which, and below which.


def errors(actual: Sequence[float], forecast: Sequence[float], *, in_logs: bool) -> tuple[float, ...]:
    """Return one error per backtest: ln(actual ÷ forecast), or actual − forecast."""
    pairs = zip(actual, forecast, strict=True)
    return tuple(log(came / said) if in_logs else came - said for came, said in pairs)


def landed(known: float, rest: float, error: float, *, in_logs: bool) -> float:
    """Return where the period lands if the forecast of the rest errs by `error`."""
    return known + (rest * exp(error) if in_logs else rest + error)


def range80(
    known: float, rest: float, erred: Sequence[float], *, in_logs: bool = True
) -> tuple[float, float] | None:
    """Return both ends of the 80% range, or None with fewer than five backtests.

    Its half width is the ⌈0.8·(B + 1)⌉-th smallest |e|.
    """
    if len(erred) < FEWEST:
        return None
    place = -(-4 * (len(erred) + 1) // 5)  # ⌈0.8·(B + 1)⌉ in whole numbers.
    width = sorted(map(abs, erred))[place - 1]
    return (
        landed(known, rest, -width, in_logs=in_logs),
        landed(known, rest, width, in_logs=in_logs),
    )


def chance(
    known: float,
    rest: float,
    erred: Sequence[float],
    target: float,
    better: Literal["up", "down"],
    *,
    in_logs: bool = True,
) -> float | None:
    """Return the chance of reaching `target`, (k + ½) ÷ (B + 1), or None with fewer than five backtests.

    k counts the backtests whose error would bring the period to the target or to its better side.
    """
    if len(erred) < FEWEST:
        return None
    ends = [landed(known, rest, error, in_logs=in_logs) for error in erred]
    reached = sum(end >= target if better == "up" else end <= target for end in ends)
    return (reached + 0.5) / (len(erred) + 1)


def judged(p_hit: float) -> Literal["on_track", "at_risk", "off_track"]:
    """Return the state of a goal by its chance."""
    if p_hit >= ON_TRACK:
        return "on_track"
    return "off_track" if p_hit < OFF_TRACK else "at_risk"
