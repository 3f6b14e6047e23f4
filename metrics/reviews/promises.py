"""What page 0 asks of this week: the promises of the weeks before, and what is still open.

Source: wbr-method.md section 7, "Page 0", and sections 4.2, 4.3 and 11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from metrics.reviews.actions import Action, Effect
from metrics.reviews.andon import AndonMark
from metrics.reviews.answers import Answer
from metrics.reviews.certification import Certification
from metrics.reviews.corrections import Correction
from metrics.reviews.stories import DefinitionReview
from metrics.reviews.topics import Question, Topic


@dataclass(frozen=True, slots=True)
class Carried:
    """An action carried to this week.

    Attributes:
        action: As it stands.
        age: Days since it was recorded.
        late: Open past its date.
        effect: Whether its expected effect came; None while that is not due.
    """

    action: Action
    age: int
    late: bool
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class PromisesOfTheWeek:
    """What the room is asked first.

    Attributes:
        week_ending: The week reviewed.
        day: The day it is asked.
        actions: Open ones, oldest first, and those closed since the last review.
        worked: Actions of earlier weeks whose effect could be told since the last review.
        analysing: Answers of earlier weeks that are still owed, by date.
        uncertified: Values of this week that are disputed or uncertified, in the deck's order.
        corrections: Open correction cards, oldest first.
        reviews: Open definition reviews: stories that disagree with numbers.
        marks: Andon marks that stand.
        topics: Parked topics that are open.
        questions: Questions without an answer.
        despite: What was missing when the deck was moved on all the same, in words.
    """

    week_ending: date
    day: date
    actions: tuple[Carried, ...] = ()
    worked: tuple[Carried, ...] = ()
    analysing: tuple[Answer, ...] = ()
    uncertified: tuple[Certification, ...] = ()
    corrections: tuple[Correction, ...] = ()
    reviews: tuple[DefinitionReview, ...] = ()
    marks: tuple[AndonMark, ...] = ()
    topics: tuple[Topic, ...] = ()
    questions: tuple[Question, ...] = ()
    despite: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing is asked."""
        return not any(
            (
                self.actions, self.worked, self.analysing, self.uncertified, self.corrections,
                self.reviews, self.marks, self.topics, self.questions, self.despite,
            )
        )  # fmt: skip


def promises(
    week_ending: date,
    day: date,
    *,
    actions: Sequence[Action] = (),
    effects: Mapping[str, Effect] | None = None,
    answers: Sequence[Answer] = (),
    certifications: Sequence[Certification] = (),
    corrections: Sequence[Correction] = (),
    reviews: Sequence[DefinitionReview] = (),
    marks: Sequence[AndonMark] = (),
    topics: Sequence[Topic] = (),
    questions: Sequence[Question] = (),
    despite: Sequence[str] = (),
) -> PromisesOfTheWeek:
    """What is asked of one week on one day.

    Args:
        week_ending: The week reviewed.
        day: The day it is asked.
        actions: All actions; those recorded for later weeks are left out.
        effects: Action id to whether its effect came.
        answers: All answers as they stand.
        certifications: How this week's values stand, in the deck's order.
        corrections: All correction cards.
        reviews: All definition reviews.
        marks: All Andon marks.
        topics: All parked topics.
        questions: All questions.
        despite: What was missing when the deck was moved on all the same.
    """
    known = effects or {}
    review_before = week_ending - timedelta(days=7) + timedelta(days=1)
    earlier = [a for a in actions if a.week_ending < week_ending]
    carried, worked = [], []
    for action in sorted(earlier, key=lambda a: (a.opened, a.id)):
        told = known.get(action.id)
        judged = told if told is not None and told.state != "not_due" else None
        each = Carried(action, action.age(day), action.late(day), judged)
        if action.closed is None or action.closed.date() >= review_before:
            carried.append(each)
        elif judged is not None and action.effect_by > week_ending - timedelta(days=7):
            worked.append(each)
    owed = [a for a in answers if a.week_ending < week_ending and not a.final]
    return PromisesOfTheWeek(
        week_ending=week_ending,
        day=day,
        actions=tuple(carried),
        worked=tuple(worked),
        analysing=tuple(sorted(owed, key=lambda a: (a.due or a.week_ending, a.metric))),
        uncertified=tuple(c for c in certifications if c.state != "certified"),
        corrections=tuple(c for c in corrections if c.closed is None and c.week_ending <= week_ending),
        reviews=tuple(r for r in reviews if r.closed is None and r.story.week_ending <= week_ending),
        marks=tuple(m for m in marks if m.lifted is None),
        topics=tuple(t for t in topics if t.closed is None and t.week_ending < week_ending),
        questions=tuple(q for q in questions if q.answered is None and q.week_ending <= week_ending),
        despite=tuple(despite),
    )
