"""How a column of numbers is probably meant, from its name and its values.

Every guess can be wrong, so each carries its reason, which the draft writes beside it. Only the
unit and the way days are folded are guessed; no value is ever changed by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from metrics.definitions import Better, Unit
from metrics.ingest.naming import better, is_money, words

Fold = Literal["total", "mean", "latest"]

_KEYS = {
    "id", "key", "code", "year", "yr", "quarter", "month", "mnth", "week", "weekday", "weekno", "dow", "hour",
    "hr", "zip", "zipcode", "postcode", "lat", "latitude", "lon", "lng", "longitude", "instant", "index",
    "row", "season",
}  # fmt: skip
_FLAGS = {"is", "has", "flag", "holiday", "workingday", "weekend"}
_RATES = {
    "rate", "ratio", "share", "pct", "percent", "percentage", "ctr", "fraction", "utilization", "utilisation",
    "growth",
}  # fmt: skip
_PERCENTS = {"pct", "percent", "percentage"}
_LEVELS = {
    "avg", "average", "mean", "median", "price", "temperature", "temp", "atemp", "score", "rating", "stars",
    "nps", "csat", "level", "humidity", "hum", "windspeed", "wind", "speed", "pressure", "latency", "age",
    "active", "dau", "wau", "mau", "concurrent", "p50", "p90", "p95", "p99",
}  # fmt: skip
_STOCKS = {
    "stock", "balance", "inventory", "headcount", "employees", "outstanding", "backlog", "cumulative", "cum",
    "arr", "mrr",
}  # fmt: skip
_FLOWS = {"new", "added", "lost", "gained", "signups", "churned", "sold"}
_SCORES = {"score", "rating", "stars", "nps", "csat"}
_TIMES: dict[str, Unit] = {
    "seconds": "seconds", "secs": "seconds", "sec": "seconds", "ms": "milliseconds", "millis": "milliseconds",
    "milliseconds": "milliseconds", "hours": "hours", "hrs": "hours", "days": "days",
}  # fmt: skip
_EVENTS = (
    "orders",
    "bookings",
    "purchases",
    "conversions",
    "signups",
    "clicks",
    "returns",
    "defects",
    "errors",
)
_CHANCES = ("sessions", "visits", "visitors", "users", "impressions", "views", "orders", "units", "requests")


@dataclass(frozen=True)
class Seen:
    """What is known of a column or series of numbers.

    Attributes:
        name: Column or series, as the file writes it.
        low: Smallest value; None if that is not known.
        high: Largest value; likewise.
        whole: Are all values whole numbers?
        percent: Are values written with a percent sign? They are read as fractions.
    """

    name: str
    low: float | None
    high: float | None
    whole: bool
    percent: bool = False

    def within(self, low: float, high: float) -> bool:
        """Do all values lie in this range, as far as is known?"""
        return self.low is not None and self.high is not None and low <= self.low and self.high <= high


@dataclass(frozen=True)
class Guess:
    """A proposal for one metric.

    Attributes:
        how: How days become a period.
        unit: What a value counts.
        better: The direction that is good news.
        because: Why, as a comment; empty for what needs no reason.
        scale: 0.01 where the column counts percent.
    """

    how: Fold
    unit: Unit
    better: Better
    because: str = ""
    scale: float = 1.0


def guess(seen: Seen) -> Guess:
    """The way a column is probably meant: a flow adds up, a level is averaged, a stock is read at the end."""
    said = set(words(seen.name))
    good = better(seen.name)
    if rate := _rate(seen, said):
        return rate
    if unit := next((_TIMES[word] for word in words(seen.name)[::-1] if word in _TIMES), None):
        if unit == "hours" and not said & _LEVELS:
            return Guess("total", unit, good, "hours add up; `mean` if it is a level")
        return Guess("mean", unit, good, "a duration told per day: the mean of the days")
    amount: Unit | None = "currency" if is_money(seen.name) else None
    if said & _STOCKS and not said & _FLOWS:
        return Guess("latest", amount or _plain(seen), good, "a stock: the last day stands for the period")
    if said & _LEVELS:
        unit = "score" if said & _SCORES else amount or "number"
        return Guess("mean", unit, good, "a level: days do not add up, so they are averaged")
    return Guess("total", amount or _plain(seen), good)


def _rate(seen: Seen, said: set[str]) -> Guess | None:
    """A share, told as a fraction or in percent; None if it is none."""
    remedy = "total ÷ total (how: ratio) is better, once numerator and denominator are columns"
    within = seen.within(0, 1) and not (seen.whole and not said & _RATES)
    if seen.percent or (within and not said & _LEVELS and not is_money(seen.name)):
        return Guess("mean", "fraction", better(seen.name), f"a mean of daily rates; {remedy}")
    if not said & _RATES:
        return None
    if said & _PERCENTS and seen.within(-100, 100):
        return Guess("mean", "fraction", better(seen.name), f"the column counts percent; {remedy}", 0.01)
    known = "a rate, but not between 0 and 1" if seen.low is not None else "a rate; a fraction if 0.05 is 5%"
    return Guess("mean", "number", better(seen.name), f"{known}; {remedy}")


def _plain(seen: Seen) -> Unit:
    return "count" if seen.whole else "number"


def is_measure(seen: Seen) -> bool:
    """Is it something to watch? Numbers that only name a row, a day or a place are not."""
    parts = words(seen.name)
    if parts[-1] in _KEYS or parts == ("n",):
        return False
    return not (seen.whole and seen.within(0, 1) and not _FLAGS.isdisjoint(parts))


def target_base(name: str, names: Sequence[str]) -> str | None:
    """The column whose target `name` holds, as `Orders__Target` or `orders plan` says it; None if none."""
    parts = words(name)
    if parts[-1] not in ("target", "plan", "budget", "goal") or len(parts) < 2:
        return None
    return next((other for other in names if words(other) == parts[:-1]), None)


def ratio(names: Sequence[str]) -> tuple[str, str] | None:
    """A numerator and a denominator among the columns, as an example; None if names suggest none."""
    for event in _EVENTS:
        for chance in _CHANCES:
            over = next((name for name in names if event in words(name)), None)
            under = next((name for name in names if chance in words(name) and name != over), None)
            if over is not None and under is not None:
                return over, under
    return None
