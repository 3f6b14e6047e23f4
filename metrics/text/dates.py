"""Days, weeks and months as people say them."""

from datetime import date, timedelta
from functools import lru_cache

from metrics.deck import Deck

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONG_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@lru_cache(maxsize=4096)
def day(when: date) -> str:
    """`Sat 9 May 2026`."""
    return f"{WEEKDAYS[when.weekday()]} {when.day} {MONTHS[when.month - 1]} {when.year}"


def long_day(when: date) -> str:
    """`Saturday 9 May 2026`."""
    return f"{LONG_WEEKDAYS[when.weekday()]} {when.day} {LONG_MONTHS[when.month - 1]} {when.year}"


def week_ending(when: date) -> str:
    """`week ending 9 May`."""
    return f"week ending {when.day} {MONTHS[when.month - 1]}"


@lru_cache(maxsize=4096)
def month(last_day: date, label: str) -> str:
    """`April 2026`; a month of whole weeks also names its last day."""
    if (last_day + timedelta(days=1)).day == 1:
        return f"{LONG_MONTHS[last_day.month - 1]} {last_day.year}"
    return f"{label}, month ending {day(last_day)}"


def deck_week(deck: Deck) -> str:
    """`Week 19, ending Saturday 9 May 2026`."""
    return f"{long_week(deck.week_label)}, ending {long_day(deck.week_ending)}"


def long_week(label: str) -> str:
    """`wk 19` as `Week 19`."""
    number = label.removeprefix("wk").strip()
    return f"Week {number}" if number else label
