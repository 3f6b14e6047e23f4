"""Topics parked outside the meeting, executives' questions on a chart, and annotations.

Source: wbr-method.md sections 2 and 4.1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from metrics.definitions import Definitions
from metrics.errors import DecisionError, NotAllowedError
from metrics.reviews.duties import checked, speaks
from metrics.reviews.statement import SHORT, Statement, declared, named, of_family, optional, said
from metrics.reviews.told import Told

TOPIC, QUESTION, ANNOTATION = "topic:", "question:", "annotation:"


@dataclass(frozen=True, slots=True)
class Topic:
    """Strategy, project news, a quarrel: parked, to be talked about elsewhere.

    Attributes:
        id: Its own name.
        text: What it is.
        where: Where it will be talked about, or with whom.
        week_ending: The week in whose meeting it came up.
        by: Who parked it.
        at: When.
        outcome: What came of it; empty while it is open.
        closed: When it was closed.
        fact: Newest fact about it.
    """

    id: str
    text: str
    where: str
    week_ending: date
    by: str
    at: datetime
    outcome: str = ""
    closed: datetime | None = None
    fact: int = 0

    def age(self, day: date) -> int:
        """Days since it was parked."""
        return (day - self.at.date()).days


@dataclass(frozen=True, slots=True)
class Question:
    """An executive's question put on a chart and answered in writing.

    Attributes:
        id: Its own name.
        metric: Id of the chart's metric.
        week_ending: The week asked about.
        text: The question.
        by: Who asked.
        at: When.
        answer: The owner's; empty while it is owed.
        answered_by: Who answered.
        answered: When.
        fact: Newest fact about it.
    """

    id: str
    metric: str
    week_ending: date
    text: str
    by: str
    at: datetime
    answer: str = ""
    answered_by: str = ""
    answered: datetime | None = None
    fact: int = 0


@dataclass(frozen=True, slots=True)
class Remark:
    """A dated remark on a metric, kept for ever.

    Attributes:
        id: Its own name.
        metric: Id of the metric.
        day: When it happened.
        text: What happened.
        by: Who wrote it.
        at: When it was written.
        fact: Newest fact about it.
    """

    id: str
    metric: str
    day: date
    text: str
    by: str
    at: datetime
    fact: int = 0


def topics(facts: Iterable[Told]) -> tuple[Topic, ...]:
    """Every parked topic as it stands, oldest first."""
    found: dict[str, Topic] = {}
    for fact in of_family(facts, "topic"):
        if fact.kind == "topic.parked":
            found[fact.subject] = Topic(
                fact.subject.removeprefix(TOPIC),
                fact.body["text"],
                fact.body.get("where", ""),
                date.fromisoformat(fact.body["week_ending"]),
                fact.author,
                fact.at,
                fact=fact.number,
            )
        elif fact.kind == "topic.closed" and fact.subject in found:
            known = found[fact.subject]
            found[fact.subject] = replace(known, outcome=fact.because, closed=fact.at, fact=fact.number)
    return tuple(found.values())


def questions(facts: Iterable[Told]) -> tuple[Question, ...]:
    """Every question as it stands, oldest first."""
    found: dict[str, Question] = {}
    for fact in of_family(facts, "question"):
        body = fact.body
        if fact.kind == "question.asked":
            found[fact.subject] = Question(
                fact.subject.removeprefix(QUESTION),
                body["metric"],
                date.fromisoformat(body["week_ending"]),
                body["text"],
                fact.author,
                fact.at,
                fact=fact.number,
            )
        elif fact.kind == "question.answered" and fact.subject in found:
            found[fact.subject] = replace(
                found[fact.subject],
                answer=body["text"],
                answered_by=fact.author,
                answered=fact.at,
                fact=fact.number,
            )
    return tuple(found.values())


def remarks(facts: Iterable[Told]) -> tuple[Remark, ...]:
    """The annotations that stand, by the day they speak of."""
    found: dict[str, Remark] = {}
    for fact in of_family(facts, "annotation"):
        if fact.kind == "annotation.added":
            body = fact.body
            found[fact.subject] = Remark(
                fact.subject.removeprefix(ANNOTATION),
                body["metric"],
                date.fromisoformat(body["day"]),
                body["text"],
                fact.author,
                fact.at,
                fact.number,
            )
        elif fact.kind == "annotation.withdrawn":
            found.pop(fact.subject, None)
    return tuple(sorted(found.values(), key=lambda r: (r.day, r.fact)))


# --- decisions -------------------------------------------------------------------------------


def parked(
    definitions: Definitions, name: str, text: str, week_ending: date, *, by: str, where: str = ""
) -> Statement:
    """A topic moved to a list outside the meeting.

    Raises:
        DecisionError: Nothing is said.
        NotAllowedError: The author may not park topics.
    """
    checked(definitions, by, "park")
    body = {
        "text": said(text, "the topic"),
        "where": optional(where, "where it will be talked about", SHORT),
        "week_ending": week_ending.isoformat(),
    }
    return Statement("topic.parked", TOPIC + name, body, expects=0)


def topic_closed(definitions: Definitions, topic: Topic, outcome: str, *, by: str) -> Statement:
    """What came of a parked topic."""
    checked(definitions, by, "park")
    if topic.closed is not None:
        raise DecisionError(f"This topic was closed on {topic.closed:%Y-%m-%d}: {topic.outcome}")
    words = said(outcome, "the outcome", why="A parked topic is not forgotten: say what came of it.")
    return Statement("topic.closed", TOPIC + topic.id, {}, words, topic.fact)


def asked(
    definitions: Definitions, name: str, metric: str, week_ending: date, text: str, *, by: str
) -> Statement:
    """A question put on a chart.

    Raises:
        DecisionError: Nothing is asked.
        NotAllowedError: The author only listens.
        UnknownNameError: No such metric.
    """
    checked(definitions, by, "ask_a_question")
    declared(definitions, metric)
    body = {
        "metric": metric,
        "week_ending": week_ending.isoformat(),
        "text": said(text, "the question", 1_000),
    }
    return Statement("question.asked", QUESTION + name, body, expects=0)


def replied(
    definitions: Definitions, question: Question, text: str, *, by: str, speakers: Sequence[str]
) -> Statement:
    """The owner's written answer to a question; it may be written anew."""
    speaks(definitions, by, question.metric, speakers, "answer the question")
    body = {"text": said(text, "the answer")}
    return Statement("question.answered", QUESTION + question.id, body, expects=question.fact)


def annotated(
    definitions: Definitions,
    name: str,
    metric: str,
    day: date | None,
    text: str,
    *,
    by: str,
    today: date,
) -> Statement:
    """A dated remark on a metric.

    Raises:
        DecisionError: No day, a day to come, or nothing is said.
        NotAllowedError: The author may not annotate.
        UnknownNameError: No such metric.
    """
    checked(definitions, by, "add_annotation", "define")
    declared(definitions, metric)
    if day is None:
        raise DecisionError("An annotation needs the day on which it happened.")
    if day > today:
        raise DecisionError(f"{day} is to come. An annotation says what happened.")
    body = {"metric": metric, "day": day.isoformat(), "text": said(text, "what happened", SHORT)}
    return Statement("annotation.added", ANNOTATION + name, body, expects=0)


def annotation_withdrawn(definitions: Definitions, remark: Remark, because: str, *, by: str) -> Statement:
    """An annotation taken back by who wrote it, with a reason; the journal keeps it."""
    checked(definitions, by, "add_annotation", "define")
    if definitions.people and by != remark.by:
        raise NotAllowedError(
            f"The annotation is {named(definitions, remark.by)}'s. Only they take it back; add another one."
        )
    reason = said(because, "the reason", why="An annotation is not taken back without a reason.")
    return Statement("annotation.withdrawn", ANNOTATION + remark.id, {}, reason, remark.fact)
