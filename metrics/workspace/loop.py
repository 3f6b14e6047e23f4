"""The week as people work through it: its state and gates, its promises, who owes what, and publishing.

The parts, each a small class: `owning`, `saying`, `certifying`, `publishing`, `living`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from metrics import flywheel
from metrics.definitions import (
    Definitions,
    MonthsTableBlock,
    WeeksTableBlock,
    metrics_in,
    series_of,
)
from metrics.errors import DecisionError, UnknownNameError, hint
from metrics.journal import Audit, Fact
from metrics.owners import with_owners
from metrics.reviews import links
from metrics.reviews.actions import Effect
from metrics.reviews.andon import PAGE
from metrics.reviews.editions import Edition
from metrics.reviews.promises import PromisesOfTheWeek, promises
from metrics.reviews.statement import metric_and_week, named
from metrics.reviews.week_states import (
    ORDER,
    WORDS,
    Exceptional,
    Owed,
    Progress,
    WeekAsItIs,
    WeekState,
    closed_gate,
    due,
    gate,
    move,
    people_with,
    progress,
    who_owes,
)
from metrics.workspace.certifying import Certifying
from metrics.workspace.changing import Changing, Compared
from metrics.workspace.chronicle import Chronicle
from metrics.workspace.living import Living
from metrics.workspace.owning import Owning
from metrics.workspace.publishing import Changed, Publishing, Unpublished
from metrics.workspace.recording import recorded
from metrics.workspace.saying import Saying
from metrics.workspace.seeing import said_to

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace


class Loop:
    """The weekly loop of one workspace.

    Args:
        house: The workspace.
        moment: The time at which everything happens; by default the workspace's clock.
    """

    def __init__(self, house: "Workspace", moment: datetime | None = None) -> None:
        self._house = house
        self._moment = moment
        self.chronicle = Chronicle(house, (lambda: moment) if moment is not None else None)
        self.owning = Owning(self.chronicle)
        self.saying = Saying(self.chronicle, self.owning)
        self.certifying = Certifying(self.chronicle, self.owning)
        self.publishing = Publishing(self.chronicle)
        self.changing = Changing(house)
        self.living = Living(self.chronicle, self.saying)
        self._live: tuple[str, frozenset[str]] | None = None  # The live sources of a version of the store.

    def at(self, moment: datetime) -> "Loop":
        """The same loop at another time, with the company's zone if `moment` has none: for demonstrations."""
        zone = self._house.now().tzinfo
        aware = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
        return Loop(self._house, aware)

    @property
    def today(self) -> date:
        """The day, where the company is."""
        return self.chronicle.today

    @property
    def definitions(self) -> Definitions:
        """What is declared, with today's owners and the links believed in place of those proposed.

        This is what a deck is built from.
        """
        declared = self._house.definitions
        return self.chronicle.made(
            "definitions",
            lambda facts: with_owners(declared, self.owning.owners(), self.today).model_copy(
                update={"links": links.standing(links.records(declared, facts))}
            ),
            self.today,
        )

    # --- the week ----------------------------------------------------------------------------

    def deck_named(self, deck: str | None = None) -> str:
        """A deck's id, by default the first declared; UnknownNameError if there is none."""
        known = self._house.definitions.decks
        name = deck or next(iter(known), "")
        if not name:
            raise UnknownNameError("No deck is declared. Add `decks:` to a YAML file of the workspace.")
        if name not in known:
            raise UnknownNameError(f"{name!r} is not among decks. {hint(name, known)}")
        return name

    def metrics_of(self, deck: str | None = None) -> tuple[str, ...]:
        """The metrics that a deck's blocks are about, in its order: with an owner if one is required."""
        definitions = self.definitions
        found: dict[str, None] = {}
        for section in definitions.decks[self.deck_named(deck)].sections:
            for block in section.blocks:
                metric = next(iter(metrics_in(block)), None)
                known = definitions.metrics.get(metric or "")
                if known is None or known.retired or isinstance(block, WeeksTableBlock | MonthsTableBlock):
                    continue
                if known.owner is not None or not definitions.require_owner:
                    found[known.id] = None
        return tuple(found)

    def progress(self, week_ending: date | None = None, deck: str | None = None) -> Progress:
        """Where one week's deck stands."""
        return progress(self.chronicle.facts(), self.deck_named(deck), self._week(week_ending))

    def as_it_is(self, week_ending: date | None = None, deck: str | None = None) -> WeekAsItIs:
        """All that the gates of one week's deck look at."""
        week, name = self._week(week_ending), self.deck_named(deck)
        metrics = self.metrics_of(name)
        shown, values = set(metrics), self.certifying.values(week)
        marks = self.saying.marks().values()
        owners, today = self.owning.owners(), self.today
        return WeekAsItIs(
            deck=name,
            week_ending=week,
            metrics=metrics,
            late=tuple(self.late(week)),
            values={m: values[m] for m in metrics if m in values},
            explained=self._explained(week),
            speakers={m: owners.at(m, today).speakers for m in metrics},
            looked={look.metric for look in self.saying.looks(week)},
            exceptions=self._exceptions(week, metrics),
            answers={a.metric: a for a in self.saying.answers(week)},
            certifications=self.certifying.certifications(week),
            actions=tuple(a for a in self.saying.actions() if a.week_ending == week),
            marks=tuple(m for m in marks if m.metric in shown or m.place.startswith(f"{PAGE}{name}:")),
        )

    def missing(
        self, week_ending: date | None = None, deck: str | None = None, to: WeekState | None = None
    ) -> tuple[Owed, ...]:
        """What is missing before a week may reach its next state, or another one."""
        stands = self.progress(week_ending, deck)
        wanted = to or stands.next
        if wanted is None:
            return ()
        return gate(self._house.definitions, self.as_it_is(week_ending, deck), wanted)

    def move(
        self,
        to: str,
        *,
        by: str,
        week_ending: date | None = None,
        deck: str | None = None,
        despite: str = "",
        seen: int | None = None,
    ) -> Fact:
        """Move a week on, or back before it is published; see `reviews.week_states.move`.

        Gates and frozen files are everybody's: whoever sees less moves and publishes all of it.
        """
        if self._house.whole is not self._house:
            with said_to(self._house.sieve):
                return self._everybodys.move(
                    to, by=by, week_ending=week_ending, deck=deck, despite=despite, seen=seen
                )
        stands = self.progress(week_ending, deck)
        statement = move(
            self._house.definitions,
            stands,
            self.as_it_is(week_ending, deck),
            to,
            by=by,
            despite=despite,
            seen=seen,
        )
        return self.chronicle.say(statement, by=by)[0]

    @property
    def _everybodys(self) -> "Loop":
        """The loop of the whole workspace, at the same time."""
        whole = self._house.whole
        return whole.loop if self._moment is None else Loop(whole, self._moment)

    def _week(self, week_ending: date | None) -> date:
        house = self._house
        return house.calendar.week(week_ending).last if week_ending else house.default_week()

    def late(self, week: date) -> Iterator[str]:
        """The sources whose numbers do not reach the week's end, in words."""
        allowed = {"day": 0, "week": 0, "month": 31}
        live = self._live_sources() if self._house.version else frozenset()
        for row in self._house.sources().to_dict("records"):
            name, last = str(row["source"]), row["last_day"]
            if name.startswith("targets:"):
                continue
            source = self._house.definitions.sources[name]
            if row["state"] == "never loaded":
                yield f"Load {name}: it was never loaded"
            elif last is not None and name in live:
                days = source.late_after_days or allowed[source.grain]
                if last < week - timedelta(days=days):
                    yield f"Load {name}: its numbers end on {last}"

    def _live_sources(self) -> frozenset[str]:
        """The sources from which some metric that is not retired has its numbers."""
        version = self._house.version
        if self._live is None or self._live[0] != version:
            metrics = [m for m in self._house.whole.definitions.metrics.values() if not m.retired]
            read = dict.fromkeys(s for m in metrics for s in series_of(m.measure))
            told = self._house.store.provenance(list(read))
            self._live = version, frozenset(str(name) for name in told["source"].unique())
        return self._live[1]

    def _explained(self, week: date) -> frozenset[str]:
        """Metrics without a value for which an event, an annotation or a person gives a reason."""
        calendar, facts = self._house.calendar, self.chronicle.facts()
        events = {
            metric
            for event in self._house.definitions.events
            for metric in event.scope
            if any(calendar.week_of(d).last == week for d in (*event.dates, *event.week_endings))
        }
        remarks = {r.metric for r in self.saying.annotations() if calendar.week_of(r.day).last == week}
        absences = {
            pair[0]
            for f in facts
            if f.kind == "absence.explained" and (pair := metric_and_week(f.subject)) and pair[1] == week
        }
        return frozenset(events | remarks | absences)

    def _exceptions(self, week: date, metrics: Sequence[str]) -> tuple[Exceptional, ...]:
        """The week's exceptions and promoted watches among some metrics, most urgent group first."""
        if not self._house.version:
            return ()
        shown = set(metrics)
        verdicts = self._house.judging.marks(week)
        found: dict[str, Exceptional] = {}
        for group in flywheel.groups(week, verdicts, flywheel.pulls(self.definitions)):
            members = [s.metric for s in (group.lead, *group.others)]
            behind = [moved.pull.driver for moved in group.behind]
            for metric in members:
                if metric in shown:
                    others = dict.fromkeys(m for m in (*members, *behind) if m != metric and m in shown)
                    found[metric] = Exceptional(metric, tuple(others))
        for watch in self.saying.watches(week):
            if watch.outcome == "promoted" and watch.metric in shown:
                found.setdefault(watch.metric, Exceptional(watch.metric))
        return tuple(found.values())

    # --- promises ----------------------------------------------------------------------------

    def promises(self, week_ending: date | None = None, deck: str | None = None) -> PromisesOfTheWeek:
        """What page 0 asks of one week. Reads no deck, so that a deck may be built with it."""
        week, saying = self._week(week_ending), self.saying
        stands, concerns = self.certifying.certifications(week), self._concerns(deck)
        company = self._house.definitions.decks[self.deck_named(deck)].team is None
        return promises(
            week,
            self.today,
            actions=[a for a in saying.actions() if concerns(a.metric)],
            effects=self._effects(),
            answers=[a for a in saying.answers() if concerns(a.metric)],
            certifications=[stands[m] for m in self.metrics_of(deck) if m in stands],
            corrections=[c for c in saying.corrections() if concerns(c.metric)],
            reviews=[r for r in saying.definition_reviews() if concerns(r.metric)],
            marks=[m for m in saying.marks().values() if concerns(m.metric or m.place)],
            topics=saying.topics() if company else (),  # Parked in the company's meeting.
            questions=[q for q in saying.questions() if concerns(q.metric)],
            despite=tuple(m for many in self.progress(week, deck).despite.values() for m in many),
        )

    def _concerns(self, deck: str | None) -> Callable[[str], bool]:
        """Whether a metric, or a page with an Andon mark, concerns a deck: the company's own all of them."""
        name = self.deck_named(deck)
        if self._house.definitions.decks[name].team is None:
            return lambda _: True
        shown = frozenset(self.metrics_of(name))
        return lambda what: what in shown or what.startswith(f"{PAGE}{name}:")

    def _effects(self) -> Mapping[str, Effect]:
        """Whether the effect of each finished action came."""
        if not self._house.version:
            return {}
        return {a.id: self.saying.effect(a) for a in self.saying.actions() if a.state == "done"}

    # --- who owes what -----------------------------------------------------------------------

    def owed(self, week_ending: date | None = None, deck: str | None = None) -> tuple[Owed, ...]:
        """Everything that somebody owes today: what the week's next gate wants, then what was promised."""
        concerns = self._concerns(deck)
        promised = (o for o in self._promised(week_ending) if o.metric is None or concerns(o.metric))
        return (*self.missing(week_ending, deck), *promised)

    def _promised(self, week_ending: date | None) -> Iterator[Owed]:
        definitions, today, week = self._house.definitions, self.today, self._week(week_ending)

        def name(metric: str) -> str:
            return definitions.metrics[metric].name

        for action in self.saying.actions():
            if action.state == "open":
                late = f", {(today - action.due).days} days late" if action.late(today) else ""
                what = f"Action on {name(action.metric)}: {action.text} (due {action.due}{late})"
                yield Owed(what, (action.owner,), "owner", action.metric, action.due, "action")
        for answer in self.saying.answers():
            if not answer.final and answer.week_ending <= week:
                what = f"Say what the analysis of {name(answer.metric)} found (promised for {answer.due})"
                speakers = self.owning.speakers(answer.metric)
                yield Owed(what, speakers, "owner", answer.metric, answer.due, "analysis")
        for card in self.saying.corrections():
            if card.closed is None:
                what = f"Finish the correction card of {name(card.metric)} (due {card.due})"
                yield Owed(what, (card.opened_by,), "owner", card.metric, card.due, "correction")
        for review in self.saying.definition_reviews():
            if review.closed is None:
                what = f"Review the definition of {name(review.metric)}: a story disagrees"
                speakers = self.owning.speakers(review.metric)
                yield Owed(what, speakers, "analyst", review.metric, None, "review")
        for mark in self.saying.marks().values():
            if mark.answered is None and mark.metric is not None:
                what = f"Answer the Andon mark on {name(mark.metric)}: {mark.text}"
                yield Owed(what, self.owning.speakers(mark.metric), "owner", mark.metric, None, "andon")
        for question in self.saying.questions():
            if question.answered is None:
                what = f"Answer {named(definitions, question.by)} on {name(question.metric)}: {question.text}"
                speakers = self.owning.speakers(question.metric)
                yield Owed(what, speakers, "owner", question.metric, None, "question")
        for ownership in self.owning.owners().all(today):
            if ownership.standing == "waiting" and ownership.owner is not None:
                what = f"Accept {name(ownership.metric)}"
                yield Owed(what, (ownership.owner,), "owner", ownership.metric, ownership.since, "accept")
            elif ownership.owner is None and ownership.metric in definitions.placed:
                what = f"Assign an owner to {name(ownership.metric)}"
                yield Owed(what, (), "deck_owner", ownership.metric, None, "assign")

    def reminders(
        self, week_ending: date | None = None, deck: str | None = None
    ) -> dict[str, tuple[Owed, ...]]:
        """What each person owes, by handle in the order of the file; under `""` what has nobody's name.

        Each is told of what they may see; what has nobody's name is told as everybody may see it.
        """
        house, name = self._house, self.deck_named(deck)
        if house.whole is not house or not any(m.confidential for m in house.definitions.metrics.values()):
            return self._owed_by(week_ending, name)
        told = {}
        for person in (*house.definitions.people, ""):
            view = house.seen_by(person or None)
            seen = view.loop._owed_by(week_ending, name) if name in view.definitions.decks else {}
            if person in seen:
                told[person] = seen[person]
        return told

    def _owed_by(self, week_ending: date | None, deck: str) -> dict[str, tuple[Owed, ...]]:
        definitions = self._house.definitions
        found: dict[str, list[Owed]] = {person: [] for person in definitions.people}
        for owed in self.owed(week_ending, deck):
            people = owed.who[:1] or people_with(definitions, owed.role)
            for person in people or ("",):
                found.setdefault(person, []).append(owed)
        return {person: tuple(many) for person, many in found.items() if many}

    def in_words(self, owed: Owed) -> str:
        """One thing owed, with who owes it."""
        return f"{owed.what} ({who_owes(self._house.definitions, owed)})"

    def clock(self, state: WeekState, week_ending: date | None = None) -> datetime:
        """When a week should reach a state."""
        return due(state, self._week(week_ending), self._house.definitions.company.time_zone)

    # --- publishing --------------------------------------------------------------------------

    def publish(
        self,
        *,
        by: str,
        week_ending: date | None = None,
        deck: str | None = None,
        because: str = "",
        despite: str = "",
        seen: int | None = None,
    ) -> Edition:
        """Freeze one week's deck; with the company's own, the decks of its teams in the same moment.

        A team's deck that was published before stays as it was; another edition is of one deck alone.

        Args:
            by: Who publishes.
            week_ending: The week; by default the one to open.
            deck: Id of the outline; by default the first.
            because: Needed for another edition: why.
            despite: Why it is published though a gate is closed; the edition keeps what was missing.
            seen: Newest fact about the week's deck that the author saw.

        Raises:
            NotAllowedError: The author may not publish.
            DecisionError: A gate is closed and nothing says `despite` what; or another edition without a
                reason.
            ConflictError: Somebody was first; nothing was published.
            StoreError: The files cannot be written.
        """
        week, name = self._week(week_ending), self.deck_named(deck)
        if self._house.whole is not self._house:
            with said_to(self._house.sieve):
                return self._everybodys.publish(
                    by=by, week_ending=week, deck=name, because=because, despite=despite, seen=seen
                )
        # The rights and the reason come first, so that nobody is told of gates who may not publish.
        self.publishing.may_publish(week, name, by=by, because=because)
        stands = {each: self.progress(week, each) for each in (name, *self._published_with(name, week))}
        missing = {
            each: () if now.frozen else tuple(self._before_publishing(now, week, each))
            for each, now in stands.items()
        }
        if any(missing.values()) and not despite.strip():
            label = f"The week ending {week}"
            owed = tuple(dict.fromkeys(o for many in missing.values() for o in many))
            raise DecisionError(closed_gate(self._house.definitions, label, "published", owed))
        if seen is not None:
            stands[name] = replace(stands[name], fact=seen)
        ready = [
            replace(
                self.unpublished(week, each), missing=[self.in_words(o) for o in missing[each]], seen=now.fact
            )
            for each, now in stands.items()
        ]
        reason = "; ".join(words for words in (because.strip(), despite.strip()) if words)
        return self.publishing.publish_together(ready, by=by, because=reason)[0]

    def unpublished(self, week_ending: date, deck: str) -> Unpublished:
        """One week's deck as it would be frozen now, with what people said of it."""
        house = self._house
        made = replace(recorded(house, house.deck(week_ending, deck=deck)), state=WORDS["published"])
        return Unpublished(made, self.said(week_ending, deck))

    def _published_with(self, deck: str, week: date) -> Iterator[str]:
        """The decks of teams that are frozen with the company's own, where they were not before."""
        decks = self._house.definitions.decks
        if decks[deck].team is None and not self.publishing.editions(week, deck):
            for name, outline in decks.items():
                if outline.team is not None and not self.publishing.editions(week, name):
                    yield name

    def _before_publishing(self, stands: Progress, week: date, deck: str) -> Iterator[Owed]:
        """What the gates want that the week has not passed yet."""
        definitions, now = self._house.definitions, self.as_it_is(week, deck)
        for state in ORDER[ORDER.index(stands.state) + 1 : ORDER.index("published")]:
            yield from gate(definitions, now, state)

    def said(self, week_ending: date, deck: str) -> dict[str, Any]:
        """What people said of one week's deck, to be frozen with it."""
        now = self.as_it_is(week_ending, deck)
        return {
            "deck": deck,
            "week_ending": week_ending,
            "state": self.progress(week_ending, deck).state,
            "owners": {m: self.owning.of(m) for m in now.metrics},
            "looked": now.looked,
            "exceptions": now.exceptions,
            "answers": now.answers,
            "certifications": {m: c for m, c in now.certifications.items() if m in set(now.metrics)},
            "stories": self.saying.stories(week_ending),
            "marks": now.marks,
            "annotations": tuple(r for r in self.saying.annotations() if r.day <= week_ending),
            "questions": self.saying.questions(week_ending),
            "promises": self.promises(week_ending, deck),
        }

    def changes(
        self, week_ending: date, deck: str | None = None, number: int | None = None
    ) -> tuple[Changed, ...]:
        """What changed since one week's deck was published, cell by cell: old, new, why."""
        edition = self.publishing.edition(week_ending, self.deck_named(deck), number)
        return self.publishing.changes(edition, self._house.deck(week_ending, deck=edition.deck))

    def compared(self, week_ending: date, deck: str | None = None) -> Compared:
        """What changed in one week's deck since its last edition, or since the week before."""
        return self.changing.compared(self._week(week_ending), self.deck_named(deck))

    def audit(self, noted: str = "") -> tuple[Audit, tuple[str, ...]]:
        """Hold the journal against its chain and every edition against its hashes.

        Args:
            noted: A version of the journal from an earlier day; by default the one that the newest
                edition noted.

        Returns:
            What the journal's audit says, and a sentence for each edition that is not as it was published.
        """
        return self.publishing.audited(noted)

    def history(self, words: str, **filters: Any) -> tuple[Fact, ...]:
        """Past facts that hold every word, newest first; see `Journal.search`."""
        return self._house.journal.search(words, **filters)

    def state_in_words(self, week_ending: date | None = None, deck: str | None = None) -> str:
        """Where the week stands, in a sentence."""
        stands = self.progress(week_ending, deck)
        moved = f", since {stands.since:%a %d %b %H:%M}" if stands.since else ""
        return f"The week ending {stands.week_ending} is {WORDS[stands.state]}{moved}."
