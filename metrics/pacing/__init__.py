"""Will we make the goal? Actual to date, forecast of the rest, range and chance from backtests.

`pace` answers for one goal, `paces` for many, in several processes. Nothing here reads a clock: the newest
week and the period are told.

Source: analytics.md, section 6.
"""

from metrics.pacing.forecast import pace
from metrics.pacing.landing import chance, range80
from metrics.pacing.many import paces
from metrics.pacing.values import EventMark, Fallback, Member, Pace, Standing

__all__ = [
    "EventMark",
    "Fallback",
    "Member",
    "Pace",
    "Standing",
    "chance",
    "pace",
    "paces",
    "range80",
]
