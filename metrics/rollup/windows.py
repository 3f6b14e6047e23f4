"""The windows of a deck: the periods asked for, and which is compared with which.

Source: analytics.md section 1, rules 4 to 7.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from metrics.periods import Calendar, Period

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One period of a deck.

    Attributes:
        period: Its days.
        year_earlier: Place, in the same sequence, of the window it is compared with.
        future: Only targets can be known of it; no observation is read.
    """

    period: Period
    year_earlier: int | None = None
    future: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """How many observations make a window complete, by the grain of a series; 0: it cannot be told.

    A weekly series answers only for windows made of whole weeks, a monthly one only for whole months.
    """

    day: int
    week: int
    month: int


def expectation(period: Period, calendar: Calendar) -> Expectation:
    """The observations that a complete period has, at each grain."""
    whole_weeks = (
        calendar.week_of(period.first).first == period.first
        and calendar.week_of(period.last).last == period.last
    )
    return Expectation(period.days, period.days // 7 if whole_weeks else 0, _months(period, calendar))


def _months(period: Period, calendar: Calendar) -> int:
    """How many whole fiscal months make up the period; 0 if they do not."""
    count, first = 0, period.first
    while first <= period.last:
        month = calendar.month_of(first)
        if month.first != first or month.last > period.last:
            return 0
        count, first = count + 1, month.last + DAY
    return count


@dataclass(frozen=True, slots=True)
class Stretches:
    """Periods cut at all their edges.

    Attributes:
        days: The days of each stretch.
        spans: For each period its first stretch and the one after its last.
    """

    days: tuple[Period, ...]
    spans: tuple[tuple[int, int], ...]


def stretches(periods: Sequence[Period]) -> Stretches:
    """Cut the periods at one another's edges, so that each day belongs to one stretch at most."""
    opened = Counter(p.first for p in periods)
    closed = Counter(p.last + DAY for p in periods)
    pieces: list[Period] = []
    holders = 0
    for start, following in pairwise(sorted({*opened, *closed})):
        holders += opened[start] - closed[start]
        if holders:
            pieces.append(Period(start, following - DAY))
    first = {piece.first: i for i, piece in enumerate(pieces)}
    past = {piece.last: i + 1 for i, piece in enumerate(pieces)}
    return Stretches(tuple(pieces), tuple((first[p.first], past[p.last]) for p in periods))


def distinct(periods: Iterable[Period]) -> dict[Period, int]:
    """Each period once, with its place."""
    return {period: place for place, period in enumerate(dict.fromkeys(periods))}
