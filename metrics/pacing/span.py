"""A goal's period in weeks: which part of each week, past or ahead, belongs to it.

Weeks are counted from the newest one known: 0 is that week, 1 the next, −1 the one before. A fiscal year
rarely ends on the last day of a week, so the weeks at its edges count by their days, as if the days of a
week were alike.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from metrics.pacing.values import Standing, Way
from metrics.periods import Period

WEEK = 7  # days


@dataclass(frozen=True, slots=True)
class Span:
    """The period's value as a weighted sum of weeks.

    Attributes:
        past: Weight of each week up to the newest, by its number (0, −1, …).
        ahead: Weight of weeks 1, 2, … as far as the period goes; empty once it is over.
        weeks_past: Days of the period up to the newest week's last day, in weeks.
        weeks_left: Days after it, in weeks.
    """

    past: dict[int, float]
    ahead: tuple[float, ...]
    weeks_past: float
    weeks_left: float


def span(standing: Standing) -> Span:
    """Return the weeks of the goal's period and how each enters its value."""
    days = _days(standing.week_ending, standing.period)
    left = sum(n for week, n in days.items() if week > 0) / WEEK
    past = sum(n for week, n in days.items() if week <= 0) / WEEK
    weights = _weights(standing.way, days, standing.closing_weeks)
    furthest = max(weights)
    return Span(
        past={week: weight for week, weight in weights.items() if week <= 0},
        ahead=tuple(weights.get(week, 0.0) for week in range(1, furthest + 1)),
        weeks_past=past,
        weeks_left=left,
    )


def last_day(week_ending: date, week: int) -> date:
    """Return the last day of a week by its number."""
    return week_ending + timedelta(weeks=week)


def _days(week_ending: date, period: Period) -> dict[int, int]:
    """Return how many days of each week lie in the period."""
    first, last = _number(week_ending, period.first), _number(week_ending, period.last)
    found = {}
    for week in range(first, last + 1):
        ends = last_day(week_ending, week)
        starts = ends - timedelta(days=WEEK - 1)
        found[week] = (min(ends, period.last) - max(starts, period.first)).days + 1
    return found


def _number(week_ending: date, day: date) -> int:
    return -((week_ending - day).days // WEEK)


def _weights(way: Way, days: dict[int, int], closing_weeks: int) -> dict[int, float]:
    match way:
        case "total":
            return {week: n / WEEK for week, n in days.items()}
        case "average":
            whole = sum(days.values())
            return {week: n / whole for week, n in days.items()}
        case "level":
            # The last week may end after the period; then the one before it is the last of the period.
            whole_weeks = [week for week, n in days.items() if n == WEEK or week < max(days)]
            closing = (whole_weeks or list(days))[-closing_weeks:]
            return dict.fromkeys(closing, 1 / len(closing))
