"""Dividers and exclusions: what people decide about the limits of a metric.

A divider begins a new level from which limits are learned anew. An exclusion takes one week out of the
limits; it stays on the chart. Both need a cause that somebody names. Neither is ever deleted: it is
ended, and the ending has an author, a date and a reason of its own.

Source: analytics.md section 2, "Lock"; wbr-method.md section 6.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal

from metrics.definitions import Definitions
from metrics.errors import DecisionError
from metrics.periods import Calendar
from metrics.reviews.statement import Statement, about, metric_and_week, named, said
from metrics.reviews.told import Told

Act = Literal["divider", "exclusion"]

RIGHT: Final = "declare_divider"  # The one right for both.
WEEKS_OF_A_LEVEL: Final = 8  # With a value, before a new level can be told from an incident.
WEEKS_OF_LIMITS: Final = 6  # With a value, without which there are no limits at all.
LETTERS: Final = 3  # Of a cause; "?" and "-" name nothing.
WHY: Final = "Name what happened, so that whoever reads the chart next year understands it."


@dataclass(frozen=True, slots=True)
class Range:
    """An expected value and its limits, in the metric's unit; None where there is none."""

    expected: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Ending:
    """Who ended a decision, when, and why; `number` is the fact's."""

    by: str
    at: datetime
    because: str
    number: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A divider or an exclusion that somebody declared.

    Attributes:
        act: Which of the two.
        metric: Id of the metric.
        week_ending: Of a divider the first week of the new level; of an exclusion the week left out.
        because: The cause, in the author's words.
        by: Handle of the author.
        at: When, aware.
        number: Of the fact.
        old, new: What was expected of the newest week before and after; None if it was not noted.
        ended: Who ended it; None while it stands.
    """

    act: Act
    metric: str
    week_ending: date
    because: str
    by: str
    at: datetime
    number: int
    old: Range | None = None
    new: Range | None = None
    ended: Ending | None = None

    @property
    def stands(self) -> bool:
        """Whether it has not been ended."""
        return self.ended is None


def decisions(facts: Iterable[Told]) -> tuple[Decision, ...]:
    """Every decision that was ever made, in the order of declaration; facts of other kinds are passed over.

    Args:
        facts: Oldest first.
    """
    found: list[Decision] = []
    open_at: dict[tuple[str, str], int] = {}
    for fact in facts:
        act, _, did = fact.kind.partition(".")
        place = metric_and_week(fact.subject)
        if act not in ("divider", "exclusion") or place is None:
            continue
        key = act, fact.subject
        if did == "declared" and key not in open_at:
            open_at[key] = len(found)
            found.append(
                Decision(
                    act="divider" if act == "divider" else "exclusion",
                    metric=place[0],
                    week_ending=place[1],
                    because=fact.because,
                    by=fact.author,
                    at=fact.at,
                    number=fact.number,
                    old=_range(fact.body.get("old")),
                    new=_range(fact.body.get("new")),
                )
            )
        elif did == "ended" and key in open_at:
            n = open_at.pop(key)
            found[n] = replace(found[n], ended=Ending(fact.author, fact.at, fact.because, fact.number))
    return tuple(found)


def _range(told: Any) -> Range | None:
    if not isinstance(told, Mapping):
        return None
    return Range(told.get("expected"), told.get("low"), told.get("high"))


# --- what may be decided -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weeks:
    """What a rule must know of a metric's weeks.

    Attributes:
        metric: Its id.
        name: What it is called.
        endings: Last day of each week, oldest first, the newest last.
        counts: Whether each has a value that can enter limits.
        events: Of the weeks that a declared event takes out of the limits already, its name.
    """

    metric: str
    name: str
    endings: Sequence[date]
    counts: Sequence[bool]
    events: Mapping[date, str]

    def with_value(self, since: date, before: date | None = None) -> int:
        """How many weeks with a value end on `since` or later, and earlier than `before`."""
        return sum(
            there and since <= week and (before is None or week < before)
            for week, there in zip(self.endings, self.counts, strict=True)
        )


def divider(
    weeks: Weeks,
    week_ending: date,
    cause: str,
    told: Sequence[Decision],
    calendar: Calendar,
    definitions: Definitions,
    *,
    expects: int | None = None,
) -> Statement:
    """A new level, declared.

    Args:
        weeks: Of the metric.
        week_ending: Its first week.
        cause: What happened.
        told: All decisions about the metric.
        calendar: Where weeks end.
        definitions: For the names of people.
        expects: As in `Statement`.

    Raises:
        CalendarError: It ends no week.
        DecisionError: No cause is named, the week is not over, lies before the metric's second week, has the
            divider already, or would leave a level of fewer than eight weeks with a value.
    """
    because = _cause(cause, "The cause")
    where = _known(weeks, week_ending, calendar)
    if weeks.with_value(weeks.endings[0], week_ending) == 0:
        raise DecisionError(
            f"{weeks.name} has no value before the {where}. A divider parts an old level from a new one: "
            "choose a later week."
        )
    _not_yet("divider", weeks, week_ending, told, definitions)
    _enough_weeks(weeks, week_ending, told)
    return _declared("divider", weeks, week_ending, because, expects)


def exclusion(
    weeks: Weeks,
    week_ending: date,
    cause: str,
    told: Sequence[Decision],
    calendar: Calendar,
    definitions: Definitions,
    *,
    expects: int | None = None,
) -> Statement:
    """One week, taken out of the limits; arguments as for `divider`.

    Raises:
        CalendarError: It ends no week.
        DecisionError: No cause is named, the week is not over or has no value, is out of the limits already,
            or too few weeks would be left.
    """
    because = _cause(cause, "The cause")
    where = _known(weeks, week_ending, calendar)
    if not weeks.with_value(week_ending, _next(weeks, week_ending)):
        raise DecisionError(
            f"{weeks.name} has no final value in the {where}: there is nothing to take out of the limits."
        )
    if event := weeks.events.get(week_ending):
        raise DecisionError(
            f"The {where} is out of the limits of {weeks.name} already: the definitions declare {event} "
            "for it."
        )
    _not_yet("exclusion", weeks, week_ending, told, definitions)
    first, end = _level(weeks, week_ending, told)
    out = {d.week_ending for d in told if d.act == "exclusion" and d.stands} | set(weeks.events)
    left = weeks.with_value(first, end) - 1 - sum(first <= w and (end is None or w < end) for w in out)
    if left < WEEKS_OF_LIMITS:
        raise DecisionError(
            f"Without the {where}, {left} weeks are left for the limits of {weeks.name} at this level; "
            f"{WEEKS_OF_LIMITS} are needed. Readmit another week first, or leave this one in."
        )
    return _declared("exclusion", weeks, week_ending, because, expects)


def ended(
    act: Act,
    metric: str,
    week_ending: date,
    because: str,
    told: Sequence[Decision],
    definitions: Definitions,
    *,
    expects: int | None = None,
) -> Statement:
    """A decision that stands, ended; it stays on record.

    Args:
        act: Which kind of decision.
        metric: Id of the metric.
        week_ending: The week it was declared for.
        because: Why it ends.
        told: All decisions about the metric.
        definitions: For the names of people.
        expects: As in `Statement`.

    Raises:
        DecisionError: No reason is given, or no such decision stands; the message says who ended it, if it
            ever stood, and else which ones do stand.
    """
    reason = _cause(because, "The reason for ending it")
    of_week = [d for d in told if d.act == act and d.week_ending == week_ending]
    if any(d.stands for d in of_week):
        return Statement(f"{act}.ended", about(metric, week_ending), {}, reason, expects)
    what = f"No {act} of {metric} stands at the week ending {week_ending}"
    if of_week and (end := of_week[-1].ended):
        raise DecisionError(
            f"{what}: {named(definitions, end.by)} ended it on {end.at:%Y-%m-%d}, because “{end.because}”."
        )
    standing = ", ".join(str(d.week_ending) for d in told if d.act == act and d.stands)
    raise DecisionError(f"{what}. " + (f"These do: {standing}." if standing else "None does."))


# --- parts of the rules ------------------------------------------------------------------------


def _cause(words: str, what: str) -> str:
    cause = said(words, what, why=WHY)
    if sum(c.isalpha() for c in cause) < LETTERS:
        raise DecisionError(f"{what} {cause!r} says nothing. {WHY}")
    return cause


def _known(weeks: Weeks, week_ending: date, calendar: Calendar) -> str:
    """The week in words, if it is one of the metric's."""
    calendar.week(week_ending)
    where = f"week ending {week_ending}"
    if not weeks.endings or not any(weeks.counts):
        raise DecisionError(f"{weeks.name} has no week with a value yet, so there are no limits to change.")
    if week_ending > weeks.endings[-1]:
        raise DecisionError(
            f"The {where} is not over: the newest week of {weeks.name} ends on {weeks.endings[-1]}. "
            "Wait for it; limits are not changed in advance."
        )
    first = next(week for week, there in zip(weeks.endings, weeks.counts, strict=True) if there)
    if week_ending < first:
        raise DecisionError(
            f"{weeks.name} has no value before the week ending {first}; the {where} is earlier. "
            "Choose a later week."
        )
    return where


def _not_yet(
    act: Act, weeks: Weeks, week_ending: date, told: Sequence[Decision], definitions: Definitions
) -> None:
    for one in told:
        if one.act == act and one.stands and one.week_ending == week_ending:
            raise DecisionError(
                f"{weeks.name} has this {act} already, at the week ending {week_ending}: "
                f"{named(definitions, one.by)} declared it on {one.at:%Y-%m-%d}, because “{one.because}”. "
                "End it first if the cause is another one."
            )


def _enough_weeks(weeks: Weeks, week_ending: date, told: Sequence[Decision]) -> None:
    """Refuse a level too short to learn limits from: the one that begins, or one that would be cut."""
    first, end = _level(weeks, week_ending, told)
    new = weeks.with_value(week_ending, end)
    if new < WEEKS_OF_A_LEVEL:
        until = f"until the divider at {end}" if end else "so far"
        more = WEEKS_OF_A_LEVEL - new
        remedy = (
            f"End that divider first, or choose another week than {week_ending}."
            if end
            else f"Wait for {more} more; until then the weeks stay marked, as they should."
        )
        raise DecisionError(
            f"From the week ending {week_ending} on, {weeks.name} has {new} week{'' if new == 1 else 's'} "
            f"with a value {until}. A new level needs {WEEKS_OF_A_LEVEL} before it can be told from an "
            f"incident. {remedy}"
        )
    old = weeks.with_value(first, week_ending)
    if first in {d.week_ending for d in told if d.act == "divider" and d.stands} and old < WEEKS_OF_A_LEVEL:
        raise DecisionError(
            f"Between the divider at {first} and the week ending {week_ending}, {weeks.name} has {old} "
            f"week{'' if old == 1 else 's'} with a value; a level needs {WEEKS_OF_A_LEVEL}. End that divider "
            "first."
        )


def _level(weeks: Weeks, week_ending: date, told: Sequence[Decision]) -> tuple[date, date | None]:
    """First week of the level that holds a week, and of the level after it, by the dividers that stand."""
    standing = sorted({d.week_ending for d in told if d.act == "divider" and d.stands})
    first = max((d for d in standing if d <= week_ending), default=weeks.endings[0])
    return first, min((d for d in standing if d > week_ending), default=None)


def _next(weeks: Weeks, week_ending: date) -> date | None:
    return next((week for week in weeks.endings if week > week_ending), None)


def _declared(act: Act, weeks: Weeks, week_ending: date, because: str, expects: int | None) -> Statement:
    return Statement(f"{act}.declared", about(weeks.metric, week_ending), {}, because, expects)
