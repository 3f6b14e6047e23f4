"""Correction cards: what went wrong, whom it hit, why, and what could have been tracked. No blame.

A root cause found in 24 hours is seldom the root, so a card is due three working days later at the
earliest.

Source: wbr-method.md section 11.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from metrics.definitions import Definitions
from metrics.errors import DecisionError
from metrics.reviews.duties import checked
from metrics.reviews.statement import (
    Statement,
    about,
    day_of,
    declared,
    metric_and_week,
    named,
    of_family,
    optional,
    said,
)
from metrics.reviews.told import Told

WORKING_DAYS = 3  # Before the earliest date a card may be due.
FEWEST_WHYS, MOST_WHYS = 3, 5
PAGES = 6 * 3_000  # Characters of six pages, the most a card may take.


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction card as it stands.

    Attributes:
        metric: Id of the metric whose exception it is about.
        week_ending: The week of the exception.
        due: When it is promised.
        opened: When.
        opened_by: Who opened it.
        timeline: What happened when.
        customers_hit: Whom it hit, and how many.
        whys: Three to five answers to "why?", each to the one before.
        root_cause: What the whys ended in.
        actions: Ids of the actions it led to.
        could_have_been_tracked: What would have shown it earlier; may become a metric.
        written: When it was last written; None while it is only promised.
        closed: When it was closed; None while it is open.
        fact: Newest fact about it.
    """

    metric: str
    week_ending: date
    due: date
    opened: datetime
    opened_by: str
    timeline: str = ""
    customers_hit: str = ""
    whys: tuple[str, ...] = ()
    root_cause: str = ""
    actions: tuple[str, ...] = ()
    could_have_been_tracked: str = ""
    written: datetime | None = None
    closed: datetime | None = None
    fact: int = 0

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return about(self.metric, self.week_ending)

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts that are not written yet, in words."""
        parts = {
            "the timeline": self.timeline,
            "the customers hit": self.customers_hit,
            f"at least {FEWEST_WHYS} whys": len(self.whys) >= FEWEST_WHYS,
            "the root cause": self.root_cause,
            "an action": self.actions,
            "what could have been tracked": self.could_have_been_tracked,
        }
        return tuple(name for name, there in parts.items() if not there)

    def late(self, day: date) -> bool:
        """Open past its date."""
        return self.closed is None and day > self.due

    def age(self, day: date) -> int:
        """Days since it was opened."""
        return (day - self.opened.date()).days


def corrections(facts: Iterable[Told]) -> tuple[Correction, ...]:
    """Every correction card as it stands, oldest first."""
    found: dict[str, Correction] = {}
    for fact in of_family(facts, "correction"):
        subject = metric_and_week(fact.subject)
        known = found.get(fact.subject)
        if fact.kind == "correction.opened" and subject is not None:
            due = day_of(fact.body, "due") or fact.at.date()
            found[fact.subject] = Correction(*subject, due, fact.at, fact.author, fact=fact.number)
        elif known is not None and fact.kind == "correction.written":
            body = fact.body
            found[fact.subject] = replace(
                known,
                timeline=body["timeline"],
                customers_hit=body["customers_hit"],
                whys=tuple(body["whys"]),
                root_cause=body["root_cause"],
                actions=tuple(body["actions"]),
                could_have_been_tracked=body["could_have_been_tracked"],
                written=fact.at,
                fact=fact.number,
            )
        elif known is not None and fact.kind == "correction.closed":
            found[fact.subject] = replace(known, closed=fact.at, fact=fact.number)
    return tuple(found.values())


def earliest_due(opened: date) -> date:
    """The third working day after a day; Saturdays and Sundays do not work."""
    day, left = opened, WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


# --- decisions -------------------------------------------------------------------------------


def opening(
    definitions: Definitions,
    metric: str,
    week_ending: date,
    due: date | None,
    *,
    by: str,
    today: date,
    known: Correction | None = None,
) -> Statement:
    """A card opened on an exception.

    Raises:
        DecisionError: It is open already, or due too early.
        NotAllowedError: The author is neither an owner nor the deck owner.
    """
    name = declared(definitions, metric).name
    checked(definitions, by, "write_a_correction", "record_action")
    if known is not None:
        raise DecisionError(
            f"{name} has a correction card for the week ending {week_ending}, opened by "
            f"{named(definitions, known.opened_by)}. Write that one."
        )
    earliest = earliest_due(today)
    if due is None or due < earliest:
        raise DecisionError(
            f"A correction card opened on {today} is due on {earliest} at the earliest: a root cause found "
            "in 24 hours is seldom the root. Name that day or a later one."
        )
    return Statement("correction.opened", about(metric, week_ending), {"due": due.isoformat()}, expects=0)


def writing(
    definitions: Definitions,
    card: Correction,
    *,
    by: str,
    timeline: str = "",
    customers_hit: str = "",
    whys: Sequence[str] = (),
    root_cause: str = "",
    actions: Sequence[str] = (),
    could_have_been_tracked: str = "",
    seen: int | None = None,
) -> Statement:
    """What is known so far; parts may still be empty.

    Raises:
        DecisionError: The card is closed, has more than five whys or more than six pages.
        NotAllowedError: The author is neither an owner nor the deck owner.
    """
    _still_open(definitions, card)
    checked(definitions, by, "write_a_correction", "record_action")
    asked = [w.strip() for w in whys if w.strip()]
    if len(asked) > MOST_WHYS:
        raise DecisionError(
            f"There are {len(asked)} whys; five are enough. Tell the chain that leads deepest."
        )
    body = {
        "timeline": optional(timeline, "the timeline", PAGES),
        "customers_hit": optional(customers_hit, "the customers hit"),
        "whys": asked,
        "root_cause": optional(root_cause, "the root cause"),
        "actions": list(actions),
        "could_have_been_tracked": optional(could_have_been_tracked, "what could have been tracked"),
    }
    written = sum(len(v) if isinstance(v, str) else sum(map(len, v)) for v in body.values())
    if written > PAGES:
        raise DecisionError(f"The card has {written:,} characters; six pages are {PAGES:,}. Shorten it.")
    expects = card.fact if seen is None else seen
    return Statement("correction.written", card.subject, body, expects=expects)


def closing(definitions: Definitions, card: Correction, *, by: str) -> Statement:
    """A card closed, once every part is there.

    Raises:
        DecisionError: A part is missing, or it is closed already.
        NotAllowedError: The author is neither an owner nor the deck owner.
    """
    _still_open(definitions, card)
    checked(definitions, by, "write_a_correction", "record_action")
    if card.missing:
        raise DecisionError(
            f"The correction card of {declared(definitions, card.metric).name} cannot close: it lacks "
            f"{', '.join(card.missing)}. Write them first."
        )
    return Statement("correction.closed", card.subject, {}, expects=card.fact)


def drafted_metric(card: Correction) -> str | None:
    """The answer to "what could have been tracked?", as the first sentence of a metric to draft."""
    return said(card.could_have_been_tracked, "the answer") if card.could_have_been_tracked else None


def _still_open(definitions: Definitions, card: Correction) -> None:
    if card.closed is not None:
        name = declared(definitions, card.metric).name
        raise DecisionError(f"The correction card of {name} was closed on {card.closed:%Y-%m-%d}.")
