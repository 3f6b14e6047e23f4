"""What people said of a week, laid over its deck: answers, stamps, stories, and what page 0 asks first.

Source: wbr-method.md sections 3, 5, 7 and 11.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from metrics.deck import Asked, Said, Section
from metrics.definitions import Definitions
from metrics.reviews.andon import AndonMark
from metrics.reviews.answers import WORDS as ANSWERS
from metrics.reviews.answers import Answer
from metrics.reviews.certification import Certification
from metrics.reviews.promises import Carried, PromisesOfTheWeek
from metrics.reviews.statement import named
from metrics.reviews.stories import Story
from metrics.reviews.topics import Question
from metrics.text import counted, day

UNCERTIFIED = "uncertified"
DISPUTED = "disputed"
DO_NOT_TRUST = "do not trust"


@dataclass(frozen=True, slots=True)
class Voices:
    """Everything said about one week.

    Attributes:
        answers: Of this week.
        certifications: By metric.
        marks: Andon marks that stand.
        stories: Of this week.
        questions: Of this week.
        promises: What page 0 asks.
        certified: The week has passed its certification, so that a value without one is stamped.
    """

    answers: Sequence[Answer] = ()
    certifications: Mapping[str, Certification] = field(default_factory=dict, hash=False)
    marks: Sequence[AndonMark] = ()
    stories: Sequence[Story] = ()
    questions: Sequence[Question] = ()
    promises: PromisesOfTheWeek | None = None
    certified: bool = False


def said(definitions: Definitions, voices: Voices) -> dict[str, Said]:
    """What stands on each metric's chart; a metric of which nothing was said is left out."""
    answers = {a.metric: a for a in voices.answers}
    marks = {m.metric: m for m in voices.marks if m.metric is not None}
    found = {}
    for metric in definitions.metrics:
        stands, mark = voices.certifications.get(metric), marks.get(metric)
        stamps, remarks = [], []
        if mark is not None:
            stamps.append(DO_NOT_TRUST)
            reply = f" Answer: {mark.answer}" if mark.answer else " The owner has not answered."
            remarks.append(f"{named(definitions, mark.by)}: {mark.text}{reply}")
        if stands is not None and stands.state == "disputed":
            stamps.append(DISPUTED)
            if stands.because:
                remarks.append(f"Disputed: {stands.because}")
        elif stands is not None and stands.state == "uncertified" and voices.certified:
            stamps.append(UNCERTIFIED)
            if stands.because:
                remarks.append(f"Not certified: {stands.because}")
        for question in voices.questions:
            if question.metric == metric:
                reply = f" {question.answer}" if question.answer else " Not answered yet."
                remarks.append(f"{named(definitions, question.by)} asks: {question.text}{reply}")
        stories = tuple(
            f"{s.text}{' It disagrees with the number.' if s.mark == 'disagrees' else ''}"
            for s in voices.stories
            if metric in s.metrics
        )
        answer = answers.get(metric)
        one = Said(
            tuple(stamps),
            _answer(definitions, answer) if answer else "",
            named(definitions, answer.by) if answer else "",
            tuple(remarks),
            stories,
        )
        if one != Said():
            found[metric] = one
    return found


def spoken(sections: Sequence[Section], told: Mapping[str, Said]) -> tuple[Section, ...]:
    """The sections with what was said at each chart."""
    if not told:
        return tuple(sections)
    return tuple(
        replace(
            section,
            blocks=tuple(
                replace(b, said=told.get(b.metric)) if b.metric is not None and b.kind != "section" else b
                for b in section.blocks
            ),
        )
        for section in sections
    )


def _answer(definitions: Definitions, answer: Answer) -> str:
    told = f"{ANSWERS[answer.kind]}: {answer.text}"
    if answer.due is not None:
        told += f" Answer by {day(answer.due)}."
    if answer.decided_by:
        told += f" Decided by {named(definitions, answer.decided_by)}."
    return told


def asked(definitions: Definitions, promises: PromisesOfTheWeek) -> tuple[Asked, ...]:
    """What page 0 asks first, in the order it is asked: last week's promises before all else."""
    return tuple(_asked(definitions, promises))


def _asked(definitions: Definitions, told: PromisesOfTheWeek) -> Iterator[Asked]:
    def name(metric: str) -> str:
        return definitions.metrics[metric].name

    for carried in told.actions:
        yield Asked("action", _action(definitions, carried), carried.action.metric, carried.late)
    for carried in told.worked:
        if carried.effect is not None:
            words = f"{carried.action.text} ({name(carried.action.effect_metric)}): {carried.effect.sentence}"
            yield Asked("effect", words, carried.action.metric)
    for answer in told.analysing:
        late = answer.due is not None and answer.due < told.day
        by = f" by {day(answer.due)}" if answer.due else ""
        words = f"{name(answer.metric)}: {named(definitions, answer.by)} is still analysing, and answers{by}"
        yield Asked("analysis", words, answer.metric, late)
    for review in told.reviews:
        words = f"{name(review.metric)}: “{review.story.text}” {_old(review.age(told.day))}"
        yield Asked("review", words, review.metric)
    for mark in told.marks:
        where = name(mark.metric) if mark.metric else mark.place.partition(":")[2]
        yield Asked("andon", f"{where}: {mark.text} {_old(mark.age(told.day))}", mark.metric, not mark.answer)
    for card in told.corrections:
        words = f"{name(card.metric)}: correction due {day(card.due)} {_old(card.age(told.day))}"
        yield Asked("correction", words, card.metric, card.late(told.day))
    for question in told.questions:
        who = named(definitions, question.by)
        yield Asked("question", f"{name(question.metric)}: {who} asks: {question.text}", question.metric)
    yield from _uncertified(definitions, told.uncertified)
    for topic in told.topics:
        yield Asked("parked", f"{topic.text} {_old(topic.age(told.day))}")
    for words in told.despite:
        yield Asked("despite", words)


def _uncertified(definitions: Definitions, many: Sequence[Certification]) -> Iterator[Asked]:
    """The disputed ones each, with the reason; the others in one line."""
    for one in many:
        if one.state == "disputed":
            words = (
                f"{definitions.metrics[one.metric].name} is disputed: {one.because or 'no reason was given'}"
            )
            yield Asked("uncertified", words, one.metric, True)
    rest = [one for one in many if one.state != "disputed"]
    if rest:
        names = ", ".join(definitions.metrics[one.metric].name for one in rest[:3])
        more = f" and {len(rest) - 3} more" if len(rest) > 3 else ""
        yield Asked("uncertified", f"{counted(len(rest), 'value')} not certified: {names}{more}")


def _action(definitions: Definitions, carried: Carried) -> str:
    action = carried.action
    owner = named(definitions, action.owner)
    if action.state != "open":
        result = f": {action.result}" if action.result else ""
        return f"{action.text} ({owner}): {action.state}{result}"
    moved = f", moved {counted(action.moved, 'time')}" if action.moved else ""
    return f"{action.text} ({owner}, due {day(action.due)}{moved}, {counted(carried.age, 'day')} old)"


def _old(days: int) -> str:
    return f"({counted(days, 'day')} old)"
