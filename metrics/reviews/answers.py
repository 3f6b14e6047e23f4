"""What owners say of their metrics in a week: looked, watch promoted or dismissed, the four answers.

There is no free "green": to an exception an owner gives one of four answers, each with what it needs.
Outputs are reported, not debated: an exception on an output is answered through its inputs.

Source: wbr-method.md sections 4.1, 4.2 and 6.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from metrics.definitions import Definitions, operands
from metrics.errors import DecisionError, UnknownNameError, hint
from metrics.reviews.duties import speaks
from metrics.reviews.statement import (
    SHORT,
    Statement,
    about,
    day_of,
    declared,
    listed,
    metric_and_week,
    of_family,
    optional,
    said,
    somebody,
)
from metrics.reviews.told import Told

AnswerKind = Literal["routine", "explained", "still_analysing", "known_cause"]

NEEDS: dict[str, str] = {
    "routine": "why the mark is no news",
    "explained": "the cause",
    "still_analysing": "what is being looked at",
    "known_cause": "the cause",
}
WORDS: dict[str, str] = {
    "routine": "Routine",
    "explained": "Explained",
    "still_analysing": "Still analysing",
    "known_cause": "Known cause, no action",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an owner said to a mark, as it stands.

    Attributes:
        metric: Its id.
        week_ending: The week answered for.
        kind: One of the four.
        text: At most 200 characters, on the chart.
        more: The rest, behind it.
        due: When a `still_analysing` answer is promised.
        decided_by: Who decided that a known cause needs no action.
        inputs: Of an output: the inputs it is answered through.
        by: Who said it.
        at: When.
        fact: Its number in the journal.
    """

    metric: str
    week_ending: date
    kind: AnswerKind
    text: str
    more: str
    due: date | None
    decided_by: str | None
    inputs: tuple[str, ...]
    by: str
    at: datetime
    fact: int

    @property
    def final(self) -> bool:
        """Nothing is promised for later."""
        return self.kind != "still_analysing"


@dataclass(frozen=True, slots=True)
class WatchDecision:
    """What an owner made of a watch: `promoted` to an exception of the room, or `dismissed`."""

    metric: str
    week_ending: date
    outcome: Literal["promoted", "dismissed"]
    because: str
    by: str
    at: datetime
    fact: int


@dataclass(frozen=True, slots=True)
class Look:
    """An owner has looked at a metric's week."""

    metric: str
    week_ending: date
    by: str
    at: datetime


def answers(facts: Iterable[Told]) -> tuple[Answer, ...]:
    """The answers as they stand, oldest first; a later one takes the place of an earlier one."""
    newest: dict[str, Told] = {}
    for fact in of_family(facts, "answer"):
        newest.pop(fact.subject, None)
        if fact.kind == "answer.given":
            newest[fact.subject] = fact
    found = []
    for fact in newest.values():
        if (subject := metric_and_week(fact.subject)) is None:
            continue
        body = fact.body
        found.append(
            Answer(
                metric=subject[0],
                week_ending=subject[1],
                kind=body["answer"],
                text=body["text"],
                more=body.get("more", ""),
                due=day_of(body, "due"),
                decided_by=body.get("decided_by"),
                inputs=tuple(body.get("inputs", ())),
                by=fact.author,
                at=fact.at,
                fact=fact.number,
            )
        )
    return tuple(found)


def watch_decisions(facts: Iterable[Told]) -> tuple[WatchDecision, ...]:
    """What owners made of watches, as it stands."""
    newest = {f.subject: f for f in of_family(facts, "watch")}
    found = []
    for fact in newest.values():
        subject = metric_and_week(fact.subject)
        if subject is None or fact.kind not in ("watch.promoted", "watch.dismissed"):
            continue
        outcome: Literal["promoted", "dismissed"] = (
            "promoted" if fact.kind == "watch.promoted" else "dismissed"
        )
        found.append(WatchDecision(*subject, outcome, fact.because, fact.author, fact.at, fact.number))
    return tuple(found)


def looks(facts: Iterable[Told]) -> tuple[Look, ...]:
    """Who has looked at which metric's week, the first look of each person."""
    found: dict[tuple[str, str], Look] = {}
    for fact in of_family(facts, "look"):
        if (subject := metric_and_week(fact.subject)) is not None:
            found.setdefault((fact.subject, fact.author), Look(*subject, fact.author, fact.at))
    return tuple(found.values())


def days_seen(facts: Iterable[Told], person: str) -> int:
    """On how many days a person looked at an own metric. Shown to that person alone."""
    return len({f.at.date() for f in of_family(facts, "look") if f.author == person})


def inputs_of(definitions: Definitions, output: str) -> tuple[str, ...]:
    """The inputs that move an output, through links and arithmetic, nearest first."""
    drivers: dict[str, list[str]] = {}
    for link in definitions.links:
        drivers.setdefault(link.driven, []).append(link.driver)
    for identity in definitions.definitions:
        for names in identity.equals.values():
            drivers.setdefault(identity.metric, []).extend(names)
    for metric in definitions.metrics.values():
        drivers.setdefault(metric.id, []).extend(operands(metric.measure))
    found: dict[str, None] = {}
    asked, seen = [output], {output}
    while asked:
        for driver in drivers.get(asked.pop(0), []):
            if driver in seen:
                continue
            seen.add(driver)
            asked.append(driver)
            if definitions.metrics[driver].kind == "input" and not definitions.metrics[driver].retired:
                found[driver] = None
    return tuple(found)


# --- decisions -------------------------------------------------------------------------------


def answer(
    definitions: Definitions,
    metric: str,
    week_ending: date,
    kind: str,
    text: str,
    *,
    by: str,
    speakers: Sequence[str],
    today: date,
    more: str = "",
    due: date | None = None,
    decided_by: str | None = None,
    inputs: Sequence[str] = (),
    seen: int | None = None,
) -> Statement:
    """One of the four answers to a mark.

    Args:
        definitions: Of the workspace.
        metric: Its id.
        week_ending: The week answered for.
        kind: `routine`, `explained`, `still_analysing` or `known_cause`.
        text: What stands on the chart: the reason, the cause, or what is being looked at.
        by: Who answers: the owner or the deputy.
        speakers: Owner and deputy of the day.
        today: Where the company is.
        more: What lies behind the chart.
        due: Needed when still analysing: when the answer will be there.
        decided_by: Needed for a known cause without action: who decided.
        inputs: Needed for an output, unless still analysing: the inputs it is answered through.
        seen: Newest fact about it that the author saw; None does not ask.

    Raises:
        DecisionError: Something that this answer needs is missing.
        NotAllowedError: The author does not speak for the metric.
        UnknownNameError: No such metric or person.
    """
    known = declared(definitions, metric)
    speaks(definitions, by, metric, speakers, "answer for it")
    if kind not in NEEDS:
        raise DecisionError(
            f"{kind!r} is no answer. There are four: {listed(WORDS, 'or')}. Not knowing yet is a full answer."
        )
    through: tuple[str, ...] = ()
    if known.kind == "output":
        through = _through(definitions, metric, kind, inputs)
    body: dict[str, object] = {
        "answer": kind,
        "text": said(text, NEEDS[kind], SHORT, why=f"{WORDS[kind]!r} needs it."),
        "more": optional(more, "what lies behind the chart"),
    }
    if kind == "still_analysing":
        if due is None:
            raise DecisionError(
                f"{known.name}: still analysing needs a date. Say when the answer will be there."
            )
        if due <= today:
            raise DecisionError(f"{known.name}: the answer is due on {due}, which is past. Name a later day.")
        body["due"] = due.isoformat()
    elif due is not None:
        raise DecisionError(f"{WORDS[kind]!r} takes no date: it is answered. A date belongs to an action.")
    if kind == "known_cause":
        body["decided_by"] = somebody(definitions, decided_by, "who decided that nothing is done")
    if through:
        body["inputs"] = list(through)
    return Statement("answer.given", about(metric, week_ending), body, expects=seen)


def _through(definitions: Definitions, metric: str, kind: str, inputs: Sequence[str]) -> tuple[str, ...]:
    """The inputs that an output is answered through."""
    name = definitions.metrics[metric].name
    possible = inputs_of(definitions, metric)
    chosen = tuple(dict.fromkeys(inputs))
    for each in chosen:
        if each not in possible:
            raise UnknownNameError(f"{each!r} is no input that moves {name}. {hint(each, possible)}")
    if kind != "still_analysing" and not chosen:
        if not possible:
            return ()  # Nothing is known to move it, so there is nothing to point to.
        raise DecisionError(
            f"{name} is an output: it is reported, not debated. Open its inputs and say which one it "
            f"follows: {listed([definitions.metrics[m].name for m in possible[:8]], 'or')}."
        )
    return chosen


def watch_decision(
    definitions: Definitions,
    metric: str,
    week_ending: date,
    outcome: str,
    because: str,
    *,
    by: str,
    speakers: Sequence[str],
    seen: int | None = None,
) -> Statement:
    """A watch promoted to the room, or dismissed with a reason.

    Raises:
        DecisionError: No reason, or another outcome.
        NotAllowedError: The author does not speak for the metric.
    """
    speaks(definitions, by, metric, speakers, "promote or dismiss its watch")
    if outcome not in ("promoted", "dismissed"):
        raise DecisionError(f"{outcome!r} is nothing that can become of a watch: promoted or dismissed.")
    reason = said(because, "the reason", why="A watch is promoted or dismissed with a reason.")
    return Statement(f"watch.{outcome}", about(metric, week_ending), {}, reason, seen)


def look(
    definitions: Definitions, metric: str, week_ending: date, *, by: str, speakers: Sequence[str]
) -> Statement:
    """One click: seen.

    Raises:
        NotAllowedError: The author does not speak for the metric.
    """
    speaks(definitions, by, metric, speakers, "say that the owner has looked")
    return Statement("look.seen", about(metric, week_ending), {})
