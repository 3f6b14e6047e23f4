"""What people say in a week: answers, actions, stories, marks, corrections, topics, questions, annotations.

Every act checks the rules of `metrics.reviews`, writes one fact and returns it.
"""

from collections.abc import Sequence
from datetime import date

from metrics.definitions import Definitions
from metrics.errors import DecisionError, UnknownNameError, hint
from metrics.journal import Fact
from metrics.reviews import actions, andon, answers, attendance, corrections, stories, topics
from metrics.reviews.actions import Action, Effect
from metrics.reviews.andon import AndonMark
from metrics.reviews.answers import Answer, Look, WatchDecision
from metrics.reviews.corrections import Correction
from metrics.reviews.duties import checked
from metrics.reviews.statement import Statement, about, declared, newest_number, said
from metrics.reviews.stories import DefinitionReview, Story
from metrics.reviews.topics import Question, Remark, Topic
from metrics.workspace.chronicle import Chronicle
from metrics.workspace.owning import Owning


class Saying:
    """Reads what people said, and says more."""

    def __init__(self, chronicle: Chronicle, owning: Owning) -> None:
        self._chronicle = chronicle
        self._owning = owning

    @property
    def _definitions(self) -> Definitions:
        """With today's owners and the links that are believed."""
        return self._chronicle.house.loop.definitions

    def _say(self, statement: Statement, by: str) -> Fact:
        return self._chronicle.say(statement, by=by)[0]

    def _week(self, week_ending: date | None) -> date:
        house = self._chronicle.house
        return house.calendar.week(week_ending).last if week_ending else house.default_week()

    # --- answers -----------------------------------------------------------------------------

    def answers(self, week_ending: date | None = None) -> tuple[Answer, ...]:
        """The answers as they stand, of one week or of all."""
        found = self._chronicle.made("answers", answers.answers)
        return tuple(a for a in found if week_ending in (None, a.week_ending))

    def watches(self, week_ending: date | None = None) -> tuple[WatchDecision, ...]:
        """What owners made of watches."""
        found = self._chronicle.made("watches", answers.watch_decisions)
        return tuple(w for w in found if week_ending in (None, w.week_ending))

    def looks(self, week_ending: date | None = None) -> tuple[Look, ...]:
        """Who has looked at which metric's week."""
        found = self._chronicle.made("looks", answers.looks)
        return tuple(k for k in found if week_ending in (None, k.week_ending))

    def days_seen(self, person: str) -> int:
        """On how many days a person looked; for that person alone."""
        return answers.days_seen(self._chronicle.facts(), person)

    def answer(
        self,
        metric: str,
        kind: str,
        text: str,
        *,
        by: str,
        week_ending: date | None = None,
        more: str = "",
        due: date | None = None,
        decided_by: str | None = None,
        inputs: Sequence[str] = (),
        seen: int | None = None,
    ) -> Fact:
        """Answer a mark; see `reviews.answers.answer`. Without `seen`, an answer given meanwhile stays
        on record and the newer one stands.
        """
        week = self._week(week_ending)
        known = declared(self._definitions, metric)
        if known.retired:
            raise DecisionError(f"{known.name} is retired: nothing is asked of it.")
        if week > self._chronicle.house.default_week():
            raise DecisionError(f"The week ending {week} is not over yet: there is nothing to answer for.")
        statement = answers.answer(
            self._definitions,
            metric,
            week,
            kind,
            text,
            by=by,
            speakers=self._speakers(metric),
            today=self._chronicle.today,
            more=more,
            due=due,
            decided_by=decided_by,
            inputs=inputs,
            seen=self._newest("answer", about(metric, week)) if seen is None else seen,
        )
        return self._say(statement, by)

    def watch(
        self,
        metric: str,
        outcome: str,
        because: str,
        *,
        by: str,
        week_ending: date | None = None,
        seen: int | None = None,
    ) -> Fact:
        """Promote or dismiss a watch."""
        week = self._week(week_ending)
        statement = answers.watch_decision(
            self._definitions,
            metric,
            week,
            outcome,
            because,
            by=by,
            speakers=self._speakers(metric),
            seen=self._newest("watch", about(metric, week)) if seen is None else seen,
        )
        return self._say(statement, by)

    def look(self, *metrics: str, by: str, week_ending: date | None = None) -> tuple[Fact, ...]:
        """One click for one metric, or for several."""
        week = self._week(week_ending)
        told = [answers.look(self._definitions, m, week, by=by, speakers=self._speakers(m)) for m in metrics]
        return self._chronicle.say(*told, by=by)

    def explain_absence(self, metric: str, because: str, *, by: str, week_ending: date | None = None) -> Fact:
        """Say why a metric has no value in a week; its owner, or the deck owner."""
        declared(self._definitions, metric)
        if by not in self._speakers(metric):
            checked(self._definitions, by, "move_week", "load")
        reason = said(because, "the reason", why="Say why there is no value.")
        return self._say(
            Statement("absence.explained", about(metric, self._week(week_ending)), {}, reason), by
        )

    # --- actions -----------------------------------------------------------------------------

    def actions(self) -> tuple[Action, ...]:
        """Every action as it stands, oldest first."""
        return self._chronicle.made("actions", actions.actions)

    def action(self, name: str) -> Action:
        """One action; UnknownNameError if there is none."""
        known = {a.id: a for a in self.actions()}
        if name not in known:
            raise UnknownNameError(f"{name!r} is no action. {hint(name, known)}")
        return known[name]

    def effect(self, action: Action) -> Effect:
        """Whether the expected effect of an action came."""
        house = self._chronicle.house
        if action.state != "done":
            return actions.effect(action, (), self._chronicle.today)
        told = house.verdicts().told
        values = told.values(action.effect_metric)
        weeks = [(w, float(v) if v == v else None) for w, v in zip(told.weeks, values, strict=True)]
        return actions.effect(action, weeks, self._chronicle.today)

    def record_action(
        self,
        metric: str,
        text: str,
        *,
        by: str,
        owner: str | None,
        due: date | None,
        direction: str | None,
        effect_by: date | None,
        effect_metric: str | None = None,
        week_ending: date | None = None,
        dissent: str = "",
    ) -> Fact:
        """Record an action; see `reviews.actions.recording`."""
        statement = actions.recording(
            self._definitions,
            self._chronicle.name("action", metric, text, owner, by),
            text=text,
            metric=metric,
            owner=owner,
            due=due,
            direction=direction,
            effect_by=effect_by,
            week_ending=self._week(week_ending),
            by=by,
            today=self._chronicle.today,
            effect_metric=effect_metric,
            dissent=dissent,
        )
        return self._say(statement, by)

    def finish_action(self, name: str, result: str, *, by: str) -> Fact:
        """Close an action with its result."""
        return self._say(actions.done(self._definitions, self.action(name), result, by=by), by)

    def drop_action(self, name: str, because: str, *, by: str) -> Fact:
        """Give an action up, with a reason."""
        return self._say(actions.dropped(self._definitions, self.action(name), because, by=by), by)

    def move_action(self, name: str, due: date | None, because: str, *, by: str) -> Fact:
        """Give an action another due date, with a reason."""
        today = self._chronicle.today
        statement = actions.moved(self._definitions, self.action(name), due, because, by=by, today=today)
        return self._say(statement, by)

    # --- stories and marks -------------------------------------------------------------------

    def stories(self, week_ending: date | None = None) -> tuple[Story, ...]:
        """The stories as they stand, of one week or of all."""
        found = self._chronicle.made("stories", stories.stories)
        return tuple(s for s in found if week_ending in (None, s.week_ending))

    def definition_reviews(self) -> tuple[DefinitionReview, ...]:
        """Every definition review that a story opened."""
        return self._chronicle.made("reviews", stories.definition_reviews)

    def tell_story(
        self,
        text: str,
        *,
        by: str,
        day: date,
        metrics: Sequence[str],
        mark: str,
        product: str = "",
        week_ending: date | None = None,
        again: str | None = None,
    ) -> Fact:
        """Tell a customer's story, or tell one's own anew (`again` names it)."""
        known = {s.id: s for s in self.stories()}
        if again is not None and again not in known:
            raise UnknownNameError(f"{again!r} is no story. {hint(again, known)}")
        statement = stories.telling(
            self._definitions,
            again or self._chronicle.name("story", text, by),
            text=text,
            day=day,
            metrics=metrics,
            mark=mark,
            week_ending=self._week(week_ending),
            by=by,
            today=self._chronicle.today,
            product=product,
            before=known[again] if again else None,
        )
        return self._say(statement, by)

    def withdraw_story(self, name: str, because: str, *, by: str) -> Fact:
        """Take one's own story back."""
        known = {s.id: s for s in self.stories()}
        if name not in known:
            raise UnknownNameError(f"{name!r} is no story. {hint(name, known)}")
        return self._say(stories.withdrawal(self._definitions, known[name], because, by=by), by)

    def close_review(self, story: str, metric: str, outcome: str, because: str, *, by: str) -> Fact:
        """Close a definition review with what came of it."""
        known = {(r.story.id, r.metric): r for r in self.definition_reviews()}
        if (story, metric) not in known:
            raise UnknownNameError(f"No definition review of {metric!r} was opened by story {story!r}.")
        statement = stories.review_closed(
            self._definitions,
            known[story, metric],
            outcome,
            because,
            by=by,
            speakers=self._speakers(metric),
        )
        return self._say(statement, by)

    def marks(self) -> dict[str, AndonMark]:
        """The Andon marks that stand, by place."""
        return self._chronicle.made("marks", andon.standing)

    def all_marks(self) -> tuple[AndonMark, ...]:
        """Every Andon mark ever raised."""
        return self._chronicle.made("all marks", andon.marks)

    def raise_mark(self, place: str, text: str, *, by: str) -> Fact:
        """Say "do not trust" of `metric:ID` or `page:DECK:SECTION`."""
        newest = {m.place: m for m in self.all_marks()}
        return self._say(andon.raised(self._definitions, place, text, by=by, known=newest.get(place)), by)

    def answer_mark(self, place: str, text: str, *, by: str) -> Fact:
        """The owner's answer to a mark."""
        mark = self._mark(place)
        speakers = self._speakers(mark.metric) if mark.metric else self._speakers_of_page(place)
        return self._say(andon.answered(self._definitions, mark, text, by=by, speakers=speakers), by)

    def lift_mark(self, place: str, because: str, *, by: str) -> Fact:
        """Lift a mark that is answered."""
        return self._say(andon.lifted(self._definitions, self._mark(place), because, by=by), by)

    def _mark(self, place: str) -> AndonMark:
        known = self.marks()
        if place not in known:
            raise UnknownNameError(f"No Andon mark stands on {place!r}. {hint(place, known)}")
        return known[place]

    def _speakers_of_page(self, place: str) -> tuple[str, ...]:
        deck, _, title = place.removeprefix(andon.PAGE).partition(":")
        metrics = self._owning.of_section(title, deck)
        return tuple(dict.fromkeys(s for m in metrics for s in self._speakers(m)))

    # --- corrections -------------------------------------------------------------------------

    def corrections(self) -> tuple[Correction, ...]:
        """Every correction card as it stands."""
        return self._chronicle.made("corrections", corrections.corrections)

    def correction(self, metric: str, week_ending: date) -> Correction:
        """One card; UnknownNameError if none was opened."""
        found = next((c for c in self.corrections() if c.subject == about(metric, week_ending)), None)
        if found is None:
            name = declared(self._definitions, metric).name
            raise UnknownNameError(f"{name} has no correction card for the week ending {week_ending}.")
        return found

    def open_correction(
        self, metric: str, due: date | None, *, by: str, week_ending: date | None = None
    ) -> Fact:
        """Open a correction card on an exception."""
        week = self._week(week_ending)
        known = next((c for c in self.corrections() if c.subject == about(metric, week)), None)
        statement = corrections.opening(
            self._definitions, metric, week, due, by=by, today=self._chronicle.today, known=known
        )
        return self._say(statement, by)

    def write_correction(
        self,
        metric: str,
        week_ending: date,
        *,
        by: str,
        timeline: str = "",
        customers_hit: str = "",
        whys: Sequence[str] = (),
        root_cause: str = "",
        actions: Sequence[str] = (),
        could_have_been_tracked: str = "",
        seen: int | None = None,
    ) -> Fact:
        """Write what is known so far."""
        for each in actions:
            self.action(each)
        statement = corrections.writing(
            self._definitions,
            self.correction(metric, week_ending),
            by=by,
            timeline=timeline,
            customers_hit=customers_hit,
            whys=whys,
            root_cause=root_cause,
            actions=actions,
            could_have_been_tracked=could_have_been_tracked,
            seen=seen,
        )
        return self._say(statement, by)

    def close_correction(self, metric: str, week_ending: date, *, by: str) -> Fact:
        """Close a card that is whole."""
        card = self.correction(metric, week_ending)
        return self._say(corrections.closing(self._definitions, card, by=by), by)

    # --- topics, questions, annotations --------------------------------------------------------

    def topics(self) -> tuple[Topic, ...]:
        """Every parked topic as it stands."""
        return self._chronicle.made("topics", topics.topics)

    def park(self, text: str, *, by: str, where: str = "", week_ending: date | None = None) -> Fact:
        """Move a topic to the list outside the meeting."""
        name = self._chronicle.name("topic", text, by)
        week = self._week(week_ending)
        return self._say(topics.parked(self._definitions, name, text, week, by=by, where=where), by)

    def close_topic(self, name: str, outcome: str, *, by: str) -> Fact:
        """Say what came of a parked topic."""
        known = {t.id: t for t in self.topics()}
        if name not in known:
            raise UnknownNameError(f"{name!r} is no parked topic. {hint(name, known)}")
        return self._say(topics.topic_closed(self._definitions, known[name], outcome, by=by), by)

    def questions(self, week_ending: date | None = None) -> tuple[Question, ...]:
        """The questions put on charts, of one week or of all."""
        found = self._chronicle.made("questions", topics.questions)
        return tuple(q for q in found if week_ending in (None, q.week_ending))

    def ask(self, metric: str, text: str, *, by: str, week_ending: date | None = None) -> Fact:
        """Put a question on a chart."""
        name = self._chronicle.name("question", metric, text, by)
        return self._say(
            topics.asked(self._definitions, name, metric, self._week(week_ending), text, by=by), by
        )

    def reply(self, question: str, text: str, *, by: str) -> Fact:
        """Answer a question in writing."""
        known = {q.id: q for q in self.questions()}
        if question not in known:
            raise UnknownNameError(f"{question!r} is no question. {hint(question, known)}")
        asked = known[question]
        statement = topics.replied(
            self._definitions, asked, text, by=by, speakers=self._speakers(asked.metric)
        )
        return self._say(statement, by)

    def annotations(self, metric: str | None = None) -> tuple[Remark, ...]:
        """The annotations that stand, of one metric or of all."""
        found = self._chronicle.made("annotations", topics.remarks)
        return tuple(r for r in found if metric in (None, r.metric))

    def annotate(self, metric: str, day: date | None, text: str, *, by: str) -> Fact:
        """Put a dated remark on a metric."""
        name = self._chronicle.name("annotation", metric, day, text, by)
        today = self._chronicle.today
        return self._say(topics.annotated(self._definitions, name, metric, day, text, by=by, today=today), by)

    def withdraw_annotation(self, name: str, because: str, *, by: str) -> Fact:
        """Take one's own annotation back."""
        known = {r.id: r for r in self.annotations()}
        if name not in known:
            raise UnknownNameError(f"{name!r} is no annotation. {hint(name, known)}")
        return self._say(topics.annotation_withdrawn(self._definitions, known[name], because, by=by), by)

    # --- the meeting -------------------------------------------------------------------------

    def attended(self, week_ending: date | None = None) -> tuple[str, ...]:
        """Who was in the meeting of a week."""
        return attendance.attended(self._chronicle.facts(), self._week(week_ending))

    def attend(self, people: Sequence[str], *, by: str, week_ending: date | None = None) -> Fact:
        """Write down who is in the meeting."""
        week = self._week(week_ending)
        return self._say(attendance.attendance(self._definitions, people, week, by=by), by)

    # --- shared ------------------------------------------------------------------------------

    def _speakers(self, metric: str) -> tuple[str, ...]:
        declared(self._definitions, metric)
        return self._owning.speakers(metric)

    def _newest(self, family: str, subject: str) -> int:
        return newest_number(self._chronicle.facts(), family, subject)
