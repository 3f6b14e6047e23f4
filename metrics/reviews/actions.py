"""Actions: what somebody promised to do about a metric, by when, and what it should bring.

Without a date an action cannot be recorded, and without its result it cannot close. Weeks later the
numbers say whether the expected effect came.

Source: wbr-method.md section 4.3.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import sqrt
from statistics import fmean
from typing import Literal

from metrics.definitions import Definitions
from metrics.errors import DecisionError, NotAllowedError
from metrics.reviews.duties import checked, may
from metrics.reviews.statement import (
    Statement,
    day_of,
    declared,
    named,
    of_family,
    said,
    somebody,
)
from metrics.reviews.told import Told

EffectState = Literal["not_due", "came", "did_not_come", "cannot_tell"]
PREFIX = "action:"
BASELINE_WEEKS = 12  # Weeks before the action that say what is usual.
FEWEST_BEFORE, FEWEST_AFTER = 6, 2
SIGMAS = 2.0  # A difference of means that chance brings in one case of twenty.
RANGE_TO_SIGMA = 1.128  # Mean moving range of two, in sigma.


@dataclass(frozen=True, slots=True)
class Action:
    """A promise about a metric, as it stands.

    Attributes:
        id: Its own name.
        text: What will be done.
        metric: Id of the metric it is about.
        owner: Who does it.
        due: By when.
        effect_metric: Which metric it should move.
        direction: Which way.
        effect_by: By when that should show.
        week_ending: The week in which it was recorded.
        opened: When.
        recorded_by: Who wrote it down.
        state: `open`, `done`, or `dropped`.
        result: What came of it; empty while open.
        closed: When it was closed.
        moved: How often the due date was moved.
        dissent: What somebody said against it, who acts all the same.
        fact: Newest fact about it.
    """

    id: str
    text: str
    metric: str
    owner: str
    due: date
    effect_metric: str
    direction: Literal["up", "down"]
    effect_by: date
    week_ending: date
    opened: datetime
    recorded_by: str
    state: Literal["open", "done", "dropped"] = "open"
    result: str = ""
    closed: datetime | None = None
    moved: int = 0
    dissent: str = ""
    fact: int = 0

    def late(self, day: date) -> bool:
        """Open past its date."""
        return self.state == "open" and day > self.due

    def age(self, day: date) -> int:
        """Days since it was recorded."""
        return (day - self.opened.date()).days

    def on_time(self) -> bool | None:
        """Whether it was done by its date; None while it is not done."""
        return None if self.state != "done" or self.closed is None else self.closed.date() <= self.due


@dataclass(frozen=True, slots=True)
class Effect:
    """Whether what an action should bring has come.

    Attributes:
        state: `not_due`; `came`; `did_not_come`; `cannot_tell` for want of weeks.
        before: Mean of the weeks before it was recorded; None if there are too few.
        after: Mean of the weeks from its end to the date of the effect.
        margin: How far the means must lie apart to be more than chance.
        sentence: The same in words.
    """

    state: EffectState
    before: float | None
    after: float | None
    margin: float | None
    sentence: str


def actions(facts: Iterable[Told]) -> tuple[Action, ...]:
    """Every action as it stands, oldest first."""
    found: dict[str, Action] = {}
    for fact in of_family(facts, "action"):
        if fact.kind == "action.recorded":
            found[fact.subject] = _recorded(fact)
            continue
        if (known := found.get(fact.subject)) is None:
            continue
        known = replace(known, fact=fact.number)
        match fact.kind:
            case "action.done":
                known = replace(known, state="done", result=fact.body["result"], closed=fact.at)
            case "action.dropped":
                known = replace(known, state="dropped", result=fact.because, closed=fact.at)
            case "action.moved":
                known = replace(known, due=day_of(fact.body, "due") or known.due, moved=known.moved + 1)
            case "action.reopened":
                known = replace(known, state="open", result="", closed=None)
        found[fact.subject] = known
    return tuple(found.values())


def _recorded(fact: Told) -> Action:
    body = fact.body
    return Action(
        id=fact.subject.removeprefix(PREFIX),
        text=body["text"],
        metric=body["metric"],
        owner=body["owner"],
        due=date.fromisoformat(body["due"]),
        effect_metric=body["effect"]["metric"],
        direction=body["effect"]["direction"],
        effect_by=date.fromisoformat(body["effect"]["by"]),
        week_ending=date.fromisoformat(body["week_ending"]),
        opened=fact.at,
        recorded_by=fact.author,
        dissent=body.get("dissent", ""),
        fact=fact.number,
    )


def effect(action: Action, weeks: Sequence[tuple[date, float | None]], today: date) -> Effect:
    """Whether the expected effect of an action that is done has come.

    The mean of the weeks from the action's end to the date of its effect is held against the mean of the
    twelve weeks before it was recorded; they must lie further apart than chance brings, on the
    expected side. Noise is taken from the weeks before, by their mean moving range.

    Args:
        action: The action.
        weeks: Week ending and value of the metric it should move, oldest first; None where there is none.
        today: Where the company is.
    """
    if action.state != "done" or action.closed is None or today < action.effect_by:
        return Effect("not_due", None, None, None, f"The effect is expected by {action.effect_by}.")
    start, end = action.opened.date(), action.closed.date()
    before = [v for w, v in weeks if v is not None and w < start][-BASELINE_WEEKS:]
    after = [v for w, v in weeks if v is not None and w - timedelta(days=6) >= end and w <= action.effect_by]
    if len(before) < FEWEST_BEFORE or len(after) < FEWEST_AFTER:
        few = f"{len(before)} weeks before and {len(after)} after are too few"
        return Effect("cannot_tell", None, None, None, f"Whether the effect came cannot be told: {few}.")
    ranges = [abs(b - a) for a, b in pairwise(before)]
    sigma = fmean(ranges) / RANGE_TO_SIGMA
    margin = SIGMAS * sigma * sqrt(1 / len(before) + 1 / len(after))
    old, new = fmean(before), fmean(after)
    gain = (new - old) if action.direction == "up" else (old - new)
    if gain > margin:
        return Effect("came", old, new, margin, "The expected effect came.")
    moved = "moved the other way" if gain < -margin else "moved no further than chance brings"
    return Effect("did_not_come", old, new, margin, f"The expected effect did not come: the metric {moved}.")


# --- decisions -------------------------------------------------------------------------------


def recording(
    definitions: Definitions,
    name: str,
    *,
    text: str,
    metric: str,
    owner: str | None,
    due: date | None,
    direction: str | None,
    effect_by: date | None,
    week_ending: date,
    by: str,
    today: date,
    effect_metric: str | None = None,
    dissent: str = "",
) -> Statement:
    """A new action.

    Args:
        definitions: Of the workspace.
        name: Its own name, not used before.
        text: What will be done.
        metric: The metric it is about.
        owner: Who does it: one person.
        due: By when.
        direction: `up` or `down`.
        effect_by: By when the effect should show.
        week_ending: The week reviewed.
        by: Who records it: the deck owner, or an owner the own action.
        today: Where the company is.
        effect_metric: Which metric it should move; by default the one it is about.
        dissent: What is said against it, where people disagree and commit.

    Raises:
        DecisionError: No text, owner, date or expected effect; or a date that is past.
        NotAllowedError: The author may not record it.
        UnknownNameError: No such metric or person.
    """
    about = declared(definitions, metric)
    moved = declared(definitions, effect_metric or metric)
    handle = somebody(definitions, owner, "the action's owner")
    if not may(definitions, by, "record_action"):
        checked(definitions, by, "record_an_own_action", "record_action")
        if by != handle:
            raise NotAllowedError(
                f"{named(definitions, by)} may record own actions only, and this one is "
                f"{named(definitions, handle)}'s. Ask the deck owner to record it."
            )
    words = said(text, "what will be done")
    if due is None:
        raise DecisionError(f"An action on {about.name} needs a due date; without one it is not recorded.")
    if due < today:
        raise DecisionError(f"The due date {due} is past. Name {today} or a later day.")
    if direction not in ("up", "down"):
        raise DecisionError(f"Say which way {moved.name} should move: up or down.")
    if effect_by is None:
        raise DecisionError(f"Say by when the effect on {moved.name} should show.")
    if effect_by < due:
        raise DecisionError(
            f"The effect on {moved.name} is expected by {effect_by}, before the action is due on {due}. "
            "Name a later day."
        )
    body = {
        "text": words,
        "metric": metric,
        "owner": handle,
        "due": due.isoformat(),
        "effect": {"metric": moved.id, "direction": direction, "by": effect_by.isoformat()},
        "week_ending": week_ending.isoformat(),
        "dissent": dissent.strip(),
    }
    return Statement("action.recorded", PREFIX + name, body, expects=0)


def done(definitions: Definitions, action: Action, result: str, *, by: str) -> Statement:
    """An action closed with its result.

    Raises:
        DecisionError: No result, or it is closed already.
        NotAllowedError: The author neither owns it nor records actions.
    """
    _open(action)
    _may_change(definitions, action, by)
    words = said(result, "the result", why="An action cannot close without its result.")
    return Statement("action.done", PREFIX + action.id, {"result": words}, expects=action.fact)


def dropped(definitions: Definitions, action: Action, because: str, *, by: str) -> Statement:
    """An action given up, with a reason."""
    _open(action)
    _may_change(definitions, action, by)
    reason = said(because, "the reason", why="An action is not dropped without a reason.")
    return Statement("action.dropped", PREFIX + action.id, {}, reason, action.fact)


def moved(
    definitions: Definitions, action: Action, due: date | None, because: str, *, by: str, today: date
) -> Statement:
    """Another due date, with a reason; the first one stays in the journal."""
    _open(action)
    _may_change(definitions, action, by)
    if due is None or due < today:
        raise DecisionError(f"The new due date must be {today} or later.")
    reason = said(because, "the reason", why="A date is not moved without a reason.")
    return Statement("action.moved", PREFIX + action.id, {"due": due.isoformat()}, reason, action.fact)


def _open(action: Action) -> None:
    if action.state != "open":
        raise DecisionError(f"This action is {action.state} already: {action.result}")


def _may_change(definitions: Definitions, action: Action, by: str) -> None:
    if definitions.people and by == action.owner:
        somebody(definitions, by, "who decides")
        return
    if not may(definitions, by, "record_action"):
        checked(definitions, by, "record_an_own_action", "record_action")
        raise NotAllowedError(
            f"The action is {named(definitions, action.owner)}'s; {named(definitions, by)} cannot change it. "
            "Its owner or the deck owner can."
        )
