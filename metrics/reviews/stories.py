"""Customers' stories beside the numbers, and the definition reviews that a disagreeing story opens.

The wording is customer service's own: nobody else changes it. A story that disagrees with a number
usually means that the metric measures the wrong thing, so the review stays until it is closed.

Source: wbr-method.md section 11.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from metrics.definitions import Definitions
from metrics.errors import DecisionError, NotAllowedError
from metrics.reviews.duties import checked
from metrics.reviews.statement import Statement, declared, named, of_family, optional, said
from metrics.reviews.told import Told

Mark = Literal["agrees", "disagrees"]
Outcome = Literal["new_version", "second_measure", "other_measure", "definition_stands"]
STORY, REVIEW = "story:", "review:"
OUTCOMES: dict[str, str] = {
    "new_version": "a new version of the metric closes the loophole",
    "second_measure": "a second measure was added",
    "other_measure": "another metric already shows it",
    "definition_stands": "the definition stands, and why",
}


@dataclass(frozen=True, slots=True)
class Story:
    """A customer's story.

    Attributes:
        id: Its own name.
        text: In the words of customer service.
        day: When it happened.
        product: What it was about; may be empty.
        metrics: Ids of the metrics it speaks to.
        mark: Whether it agrees with them.
        week_ending: The week whose deck it stands in.
        by: Who told it.
        at: When.
        fact: Newest fact about it.
    """

    id: str
    text: str
    day: date
    product: str
    metrics: tuple[str, ...]
    mark: Mark
    week_ending: date
    by: str
    at: datetime
    fact: int


@dataclass(frozen=True, slots=True)
class DefinitionReview:
    """A metric whose number a story contradicts.

    Attributes:
        story: The story that opened it.
        metric: Its id.
        opened: When.
        closed: When; None while it is open.
        outcome: What came of it.
        because: Why.
        by: Who closed it.
        fact: Newest fact about it.
    """

    story: Story
    metric: str
    opened: datetime
    closed: datetime | None = None
    outcome: Outcome | None = None
    because: str = ""
    by: str = ""
    fact: int = 0

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return f"{REVIEW}{self.story.id}:{self.metric}"

    def age(self, day: date) -> int:
        """Days since it was opened."""
        return (day - self.opened.date()).days


def stories(facts: Iterable[Told]) -> tuple[Story, ...]:
    """The stories as they stand, oldest first; one taken back is gone."""
    found: dict[str, Story] = {}
    for fact in of_family(facts, "story"):
        if fact.kind == "story.withdrawn":
            found.pop(fact.subject, None)
        elif fact.kind == "story.told":
            body = fact.body
            before = found.get(fact.subject)
            found[fact.subject] = Story(
                id=fact.subject.removeprefix(STORY),
                text=body["text"],
                day=date.fromisoformat(body["day"]),
                product=body.get("product", ""),
                metrics=tuple(body["metrics"]),
                mark=body["mark"],
                week_ending=date.fromisoformat(body["week_ending"]),
                by=fact.author,
                at=before.at if before else fact.at,
                fact=fact.number,
            )
    return tuple(found.values())


def definition_reviews(facts: Iterable[Told]) -> tuple[DefinitionReview, ...]:
    """Every definition review that a disagreeing story opened, oldest first."""
    told = list(facts)
    found = {}
    for story in stories(told):
        if story.mark == "disagrees":
            for metric in story.metrics:
                review = DefinitionReview(story, metric, story.at)
                found[review.subject] = review
    for fact in of_family(told, "review"):
        known = found.get(fact.subject)
        if known is None:
            continue
        if fact.kind == "review.closed":
            found[fact.subject] = replace(
                known,
                closed=fact.at,
                outcome=fact.body["outcome"],
                because=fact.because,
                by=fact.author,
                fact=fact.number,
            )
        elif fact.kind == "review.reopened":
            found[fact.subject] = replace(known, closed=None, outcome=None, fact=fact.number)
    return tuple(found.values())


# --- decisions -------------------------------------------------------------------------------


def telling(
    definitions: Definitions,
    name: str,
    *,
    text: str,
    day: date,
    metrics: Sequence[str],
    mark: str,
    week_ending: date,
    by: str,
    today: date,
    product: str = "",
    before: Story | None = None,
) -> Statement:
    """A story told, or told again by the one who told it.

    Raises:
        DecisionError: No text, no mark, a day to come, or a disagreeing story without a metric.
        NotAllowedError: The author may not, or the story is another one's.
        UnknownNameError: No such metric.
    """
    checked(definitions, by, "tell_a_story")
    if before is not None and before.by != by:
        raise NotAllowedError(
            f"The story is {named(definitions, before.by)}'s, and its wording is theirs. Tell another one."
        )
    words = said(text, "the story")
    if day > today:
        raise DecisionError(f"The story happens on {day}, which is to come. Name the day it happened.")
    about = tuple(dict.fromkeys(metrics))
    for metric in about:
        declared(definitions, metric)
    if mark not in ("agrees", "disagrees"):
        raise DecisionError("Say whether the story agrees or disagrees with the number.")
    if not about:
        raise DecisionError("Name the metric or metrics the story speaks to; it stands beside their charts.")
    body = {
        "text": words,
        "day": day.isoformat(),
        "product": optional(product, "the product", 200),
        "metrics": list(about),
        "mark": mark,
        "week_ending": week_ending.isoformat(),
    }
    return Statement("story.told", STORY + name, body, expects=before.fact if before else 0)


def withdrawal(definitions: Definitions, story: Story, because: str, *, by: str) -> Statement:
    """A story taken back by the one who told it, with a reason."""
    checked(definitions, by, "tell_a_story")
    if by != story.by:
        raise NotAllowedError(f"The story is {named(definitions, story.by)}'s. Only they take it back.")
    reason = said(because, "the reason", why="A story is not taken back without a reason.")
    return Statement("story.withdrawn", STORY + story.id, {}, reason, story.fact)


def review_closed(
    definitions: Definitions,
    review: DefinitionReview,
    outcome: str,
    because: str,
    *,
    by: str,
    speakers: Sequence[str],
) -> Statement:
    """A definition review closed with what came of it.

    Raises:
        DecisionError: It is closed, there is no reason, or no such outcome.
        NotAllowedError: The author neither speaks for the metric nor may define metrics.
    """
    name = declared(definitions, review.metric).name
    if review.closed is not None:
        raise DecisionError(f"The definition review of {name} is closed already: {review.because}")
    if by not in speakers:
        checked(definitions, by, "define")
    if outcome not in OUTCOMES:
        raise DecisionError(f"{outcome!r} closes no definition review. One of: {', '.join(OUTCOMES)}.")
    reason = said(because, "what was found", why="A story that disagrees is not closed without saying why.")
    return Statement("review.closed", review.subject, {"outcome": outcome}, reason, review.fact)
