"""What the signal engine says, in plain sentences: exceptions and watches, why a week cannot be judged,
targets beside limits, what moved behind a mark, and what a model learned.

Source: wbr-method.md section 6; analytics.md section 2, "Sentences".
"""

from collections.abc import Sequence
from datetime import date
from math import ceil, floor

from metrics.definitions import Unit
from metrics.errors import counted
from metrics.flywheel import Moved, direction
from metrics.history import Signal
from metrics.signals import Direction, Model
from metrics.signals.values import STATES, Reason
from metrics.signals.values import State as Judgement
from metrics.signals.weeks import TRIAL_FROM
from metrics.text.amounts import MINUS, exact, full
from metrics.text.dates import MONTHS
from metrics.text.words import listed, sentence

NUMBERS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
LARGEST_WHOLE = 100_000  # From here on the ends of a range of counts are told in thousands.
MOST_EVENTS = 3  # Named in a model's sentence; the others are counted.


# --- values ----------------------------------------------------------------------------------


def span(low: float, high: float, unit: Unit, currency: str = "USD") -> str:
    """A range with its unit told once: `2.85–3.02%`, `$13.43–16.37M`, `−$53.3K to −$27.9K`.

    Of a count it is the whole numbers inside.
    """
    one, other = exact(low, unit, currency), exact(high, unit, currency)
    if unit == "count" and max(abs(low), abs(high)) < LARGEST_WHOLE and ceil(low) <= floor(high):
        one, other = full(ceil(low), unit), full(floor(high), unit)
    if one == other:
        return one
    if MINUS in one or MINUS in other:
        return f"{one} to {other}"
    head, tail = _shared(one, other), _shared(one[::-1], other[::-1])[::-1]
    return f"{one.removesuffix(tail)}–{other.removeprefix(head)}"


def _shared(one: str, other: str) -> str:
    """What both begin with, up to the first figure."""
    end = 0
    while end < min(len(one), len(other)) and one[end] == other[end] and not one[end].isdigit():
        end += 1
    return one[:end]


def short_day(when: date, beside: date) -> str:
    """`21 Mar`, and the year where it is not the one of `beside`."""
    year = "" if when.year == beside.year else f" {when.year}"
    return f"{when.day} {MONTHS[when.month - 1]}{year}"


def number(count: int) -> str:
    """`four`; figures from 13 on."""
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"


# --- the verdict on a week -------------------------------------------------------------------


def mark(signal: Signal) -> str:
    """The mark in a word or two: `Exception, favourable`, `Watch`; empty where there is none."""
    if not signal.marked:
        return ""
    told = {True: ", favourable", False: ", unfavourable", None: ""}[signal.favourable]
    return f"{signal.tier.capitalize()}{told if signal.tier == 'exception' else ''}"


def verdict(
    signal: Signal,
    unit: Unit,
    currency: str = "USD",
    *,
    events: Sequence[str] = (),
    weeks: int | None = None,
) -> str:
    """One week of one metric in a sentence, without its full stop.

    Args:
        signal: What the engine says.
        unit: Of the metric.
        currency: ISO code of amounts.
        events: Names of the recurring events that fall in the week.
        weeks: Weeks with a value before this one, if they are known.
    """
    if signal.tier == "cannot_judge":
        return cannot_judge(signal.state, events=events, weeks=weeks)
    value = exact(signal.value, unit, currency)
    if signal.low is None or signal.high is None:
        return value
    expected = f"{value}, expected {span(signal.low, signal.high, unit, currency)}"
    match signal.tier:
        case "exception":
            told = f"{_compared(signal.reasons[0].direction)} than expected: {expected}"
            run = next((r for r in signal.reasons if r.rule == "eight_in_a_row"), None)
            if run is not None:
                told += f"; {run.direction} for {_since(run, signal.week_ending)}"
        case "watch":
            told = f"{_leaning(signal)}: {expected}"
        case _:
            told = f"As expected: {expected}"
    firm = {
        "trial": f" (on trial: only {counted(signal.n, 'week')} to learn from)",
        "provisional": f" (provisional: {counted(signal.n, 'week')} to learn from)",
    }
    return told + firm.get(signal.state, "")


def _compared(side: Direction) -> str:
    return "Higher" if side == "above" else "Lower"


def _since(run: Reason, week_ending: date) -> str:
    weeks = (week_ending - run.since).days // 7 + 1
    return f"{counted(weeks, 'week')}, since {short_day(run.since, week_ending)}"


def _leaning(signal: Signal) -> str:
    """A watch in words: a long run on one side, a clear lean, or both."""
    rules = {reason.rule: reason for reason in signal.reasons}
    run, lean = rules.get("eight_in_a_row"), rules.get("three_of_four")
    if run is None:
        side = "High" if signal.reasons[0].direction == "above" else "Low"
        return f"{side} in three of the last four weeks"
    told = f"{sentence(run.direction)} expected for {_since(run, signal.week_ending)}"
    return f"{told}, clearly in three of the last four" if lean else told


def cannot_judge(state: Judgement, *, events: Sequence[str] = (), weeks: int | None = None) -> str:
    """Why a week is not judged, without a full stop.

    Args:
        state: The engine's.
        events: Names of the recurring events that fall in the week.
        weeks: Weeks with a value before this one, if they are known.
    """
    match state:
        case "too_short" if weeks is not None and weeks < TRIAL_FROM:
            only = f"only {counted(weeks, 'week')} of history" if weeks else "no history"
            return f"Cannot be judged yet: {only} before it, {TRIAL_FROM} needed"
        case "too_short":
            return (
                f"Cannot be judged yet: fewer than {TRIAL_FROM} weeks since its level or definition changed"
            )
        case "event_week":
            named = f"{listed(events)} have" if len(events) > 1 else f"{(*events, 'its event')[0]} has"
            return f"Cannot be judged yet: {named} not two years of history"
        case "constant":
            return "Cannot be judged: it has never varied, or one week dwarfs all others"
        case "incomplete_week":
            return "Cannot be judged: days of the week are missing"
        case "immature":
            return "Cannot be judged yet: it will still move as late numbers come in"
        case "missing":
            return "Cannot be judged: it has no value this week"
        case "before_start":
            return "Cannot be judged: its definition begins later"
        case "pooled":
            return "Not judged alone: it counts few events, so four weeks are judged together"
        case _:
            raise ValueError(f"A week in state {state!r} is judged. Not judged are the others of {STATES}.")


# --- targets beside limits -------------------------------------------------------------------


def against_target(*, inside: bool, met: bool, within_reach: bool = False) -> str:
    """Target and limits are two questions; this answers both at once. A sentence.

    Args:
        inside: The week lies inside its expected range: it is predictable.
        met: It is on target.
        within_reach: The target lies inside the range, so that some weeks meet it by luck.
    """
    if inside and met:
        return "Nothing to see here."
    if inside and within_reach:
        return "The process cannot do this every week. Change the process."
    if inside:
        return "The process cannot do this. Change the process."
    if met:
        return "What changed? Keep it or undo it."
    return "What changed? Fix first, then judge the target."


# --- what moved behind a mark ----------------------------------------------------------------


def driver(moved: Moved, name: str) -> str:
    """A driver that moved, with its lag: `Forecast accuracy fell four weeks ago`."""
    above = direction(moved.signal) == "above"
    if moved.signal.tier == "exception":
        verb = "rose" if above else "fell"
    else:
        verb = "was on the high side" if above else "was on the low side"
    when = {0: "in the same week", 1: "the week before"}.get(moved.lag, f"{number(moved.lag)} weeks ago")
    return f"{name} {verb} {when}"


def caution(others: int, behind: int) -> str:
    """What a case does not claim; empty for an exception that stands alone.

    Args:
        others: Exceptions that are told under the first.
        behind: Drivers that moved too.
    """
    return (
        "Bound by declared links; none of them is claimed to explain all of it." if others or behind else ""
    )


def chance(exceptions: int, by_chance: float) -> str:
    """`6 exceptions; about 0.3 expected by chance`. By chance none are expected where nothing was judged."""
    if not exceptions and by_chance <= 0:
        return "No metric can be judged this week"
    found = counted(exceptions, "exception") if exceptions else "No exceptions"
    return f"{found}; {_about(by_chance)} expected by chance"


def chance_of_watches(watches: int, by_chance: float) -> str:
    """`5 watches for their owners; about 1.0 expected by chance`."""
    found = {0: "No watches", 1: "1 watch for its owner"}.get(watches, f"{watches} watches for their owners")
    return f"{found}; {_about(by_chance)} expected by chance"


def _about(count: float) -> str:
    if count < 0.05:
        return "fewer than 0.1"
    return f"about {count:.1f}" if count < 9.95 else f"about {count:,.0f}"


# --- what was learned ------------------------------------------------------------------------


def model_sentence(model: Model) -> str:
    """A model in one sentence: `Trend, yearly season, Easter; remembers 30% of last week.`"""
    parts = ["wandering level" if model.wandering else "trend" if model.trend else "steady level"]
    if model.harmonics:
        parts.append("yearly season")
    parts += _events(model.events)
    share = f"{round(abs(model.phi) * 100)}%"
    match model.phi:
        case _ if share == "0%":
            memory = "remembers nothing of last week"
        case phi if model.wandering and phi < 0:
            memory = f"takes back {share} of last week’s change"
        case _ if model.wandering:
            memory = f"repeats {share} of last week’s change"
        case _:
            memory = f"remembers {share} of last week"
    return f"{sentence(', '.join(parts))}; {memory}."


def _events(names: Sequence[str]) -> list[str]:
    if len(names) <= MOST_EVENTS:
        return list(names)
    kept = names[: MOST_EVENTS - 1]
    return [*kept, f"{len(names) - len(kept)} more events"]
