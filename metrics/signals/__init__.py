"""Did this number really change, or is it noise?

Each metric gets a moving expected range, learned from a locked baseline; a week is judged by its surprise.
`judge` answers for one metric, `judge_all` for many at once, `xmr` draws the classic chart.

    values      what the engine is told, and what it answers
    stretches   a metric on one scale with one definition; metrics of one calendar side by side
    model       the ladder of shapes, memory, and the expected range of the next week
    weeks       weeks one after the other: locks, states, rules
    rules       when a week is a signal
    answers     back to the metric's unit; proposals of dividers
    xmr         the chart of individual values and moving ranges
    classic     what other control charts draw and ask

Pure: no clock, no file, no database. Source: analytics.md section 2; wbr-method.md section 6.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # It ships no types.

from metrics.signals.answers import Heard, answer, heard
from metrics.signals.rules import BEYOND, EIGHT_IN_A_ROW, THREE_OF_FOUR, Rule, closing, closing_any, painted
from metrics.signals.stretches import panels, stretches
from metrics.signals.values import (
    Direction,
    DividerProposal,
    Happening,
    Judged,
    Lock,
    Model,
    ModelParts,
    Reason,
    State,
    Tier,
    Weekly,
)
from metrics.signals.weeks import verdicts
from metrics.signals.xmr import XmrChart, xmr

__all__ = [
    "BEYOND",
    "EIGHT_IN_A_ROW",
    "THREE_OF_FOUR",
    "Direction",
    "DividerProposal",
    "Happening",
    "Judged",
    "Lock",
    "Model",
    "ModelParts",
    "Reason",
    "Rule",
    "State",
    "Tier",
    "Weekly",
    "XmrChart",
    "closing",
    "closing_any",
    "expected_by_chance",
    "judge",
    "judge_all",
    "painted",
    "xmr",
]

CHANCE_EXCEPTION: Final = 0.005  # Of stable metrics a week; measured, not 1 in 370: limits are estimates.
CHANCE_WATCH: Final = 0.02


def judge(weekly: Weekly, *, until: date | None = None) -> Judged:
    """One metric's weeks, each judged by what was known when it was the newest.

    Args:
        weekly: The metric.
        until: Leave out later weeks. It changes no answer to an earlier one.
    """
    (judged,) = judge_all((weekly,), until=until)
    return judged


def judge_all(
    weeklies: Sequence[Weekly],
    *,
    until: date | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> tuple[Judged, ...]:
    """The weeks of many metrics, in the order given.

    Args:
        weeklies: The metrics; those that share a calendar are judged together, which is much faster.
        until: Leave out later weeks.
        progress: Told now and then what is done and which share of it.
    """
    told = weeklies if until is None else [weekly.until(until) for weekly in weeklies]
    parts: list[list[Heard]] = [[] for _ in told]
    found = [stretch for place, weekly in enumerate(told) for stretch in stretches(place, weekly)]
    done = 0
    # Two threads on matrices this small wait for each other longer than they work.
    with threadpool_limits(1):
        for panel, together in panels(found):
            for part in heard(panel, verdicts(panel), together):
                parts[part.stretch.metric].append(part)
            done += len(together)
            if progress is not None:
                progress("judging", done / len(found))
    return tuple(answer(weekly, heard_of) for weekly, heard_of in zip(told, parts, strict=True))


def expected_by_chance(count: int) -> tuple[float, float]:
    """How many exceptions, and how many watches more, chance alone brings among stable metrics.

    Args:
        count: Metrics judged.
    """
    return CHANCE_EXCEPTION * count, CHANCE_WATCH * count
