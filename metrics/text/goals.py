"""Why a goal has no forecast, or no chance, in sentences.

Source: analytics.md section 6.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Fitting takes a second to import, its words do not need it.
    from metrics.pacing.values import Reason

REASONS: "dict[Reason, str]" = {
    "too_short": "No forecast yet: a forecast needs 26 weeks of history.",
    "missing_weeks": "No forecast: more than two weeks are missing, or the newest one is.",
    "no_actual": "No forecast: the period to date has no value, because days of it are missing.",
    "too_far": "No forecast yet: the period ends more than 104 weeks ahead.",
    "no_target": "No chance can be told: the goal names no value to reach.",
    "no_direction": "No chance can be told: the metric does not say whether up or down is better.",
    "few_backtests": "No chance can be told: the history is too short to test the forecast five times.",
}


def pacing_reason(reason: "Reason") -> str:
    """Why a goal has no forecast, or a forecast without a chance."""
    return REASONS[reason]
