"""Wrenfield's people at work: the journal of a demo in the middle of its week.

The week before (W-1) was built, looked at, answered, certified, published, held and closed; the newest
one (W0) is in owner review on Monday morning. What they did earlier is told as far as page 0 or the
history of a metric needs it. Every act goes through the package's own rules, by a person who may, at a
time that never changes: the same numbers give the same facts.

Source: demo-wrenfield.md sections 2, 5 and 7.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from metrics import open_workspace
from metrics.reviews.week_states import WeekState, unanswered

W0, W1 = date(2026, 5, 9), date(2026, 5, 2)
PLANNED = datetime(2026, 1, 5, 14, tzinfo=UTC)  # The plan of the year was loaded on its first Monday.
PLANNER = "priya.raman"  # Owns the deck, and certifies.
AWAY, DEPUTY = "kate.brandt", "omar.haddad"
AWAY_FROM, AWAY_UNTIL = date(2026, 5, 9), date(2026, 5, 16)
ABSENT = ("leo.marchetti",)  # From the meeting of W-1.
EARLY = ("06:10", "06:20", "06:35", "06:50")  # On the Monday of W0, when the demo stands at seven.

Progress = Callable[[str, float], None]
_time = datetime.fromisoformat  # Without a zone: `Loop.at` gives it the company's.


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the owner said to an exception of W-1; `inputs` only of an output."""

    kind: str
    text: str
    due: date | None = None
    inputs: tuple[str, ...] = ()


ANSWERS: Mapping[str, _Answer] = {
    "recordable_injuries": _Answer(
        "still_analysing",
        "Cut hands at the packing line. We go through each with the shift leads before we name a cause.",
        date(2026, 5, 11),
    ),
}
NOT_YET = _Answer("still_analysing", "Seen this morning; the cause is not known yet.", date(2026, 5, 11))


def live(folder: Path, *, journal: str = "", progress: Progress | None = None) -> int:
    """Write what Wrenfield's people did, into an empty journal, and publish W-1.

    Args:
        folder: The demo workspace, loaded.
        journal: Address of the journal's database; by default the file in the folder.
        progress: Told what is being done, and which share of it is done.

    Returns:
        How many facts the journal holds.

    Raises:
        DecisionError: The definitions or the numbers are others than the demo's, and a rule refuses an act.
        ConflictError: Somebody else writes into the same journal.
    """
    told = progress or (lambda *_: None)
    play = _Play(folder, journal)
    for done, (what, act) in enumerate(play.acts):
        told(what, done / len(play.acts))
        act()
    told("done", 1.0)
    return play.facts


class _Play:
    """The acts in their order; each is a stretch of time."""

    def __init__(self, folder: Path, journal: str) -> None:
        self._house = open_workspace(folder, journal=journal)
        self._at = self._house.loop.at
        self.acts: tuple[tuple[str, Callable[[], None]], ...] = (
            ("what came before", self._before),
            ("the week before: owners look and answer", self._review),
            ("the week before: certified", self._certified),
            ("the week before: published", self._published),
            ("the week before: held", self._held),
            ("this week: in owner review", self._this_week),
        )

    @property
    def facts(self) -> int:
        """How many there are."""
        return int(self._house.journal.version.partition("-")[0] or 0)

    def _before(self) -> None:
        """The story that made a metric, an action that worked, and the phone wait of April."""
        story = self._at(_time("2025-08-25T10:00")).saying.tell_story(
            "On hold for 20 minutes, then gave up. The page says that an average caller waits 52 seconds.",
            by="june.abara",
            day=date(2025, 8, 21),
            metrics=["phone_wait_answered"],
            mark="disagrees",
            week_ending=date(2025, 8, 23),
        )
        self._at(_time("2025-10-13T09:00")).saying.close_review(
            story.subject.removeprefix("story:"),
            "phone_wait_answered",
            "new_version",
            "It averaged the answered calls and left out everybody who had hung up. "
            "The 90th percentile of all callers takes its place; both ran side by side for six weeks.",
            by="yuki.mori",
        )

        wave = self._at(_time("2025-12-10T11:20")).saying.record_action(
            "same_day_shipping",
            "Start a second cut-off wave at 16:00",
            by=PLANNER,
            owner=AWAY,
            due=date(2025, 12, 19),
            direction="up",
            effect_by=date(2026, 1, 31),
            week_ending=date(2025, 12, 6),
        )
        after = self._at(_time("2025-12-15T17:00")).saying
        after.finish_action(_named(wave.subject), "The wave runs at all three sites since Sunday.", by=AWAY)
        after.annotate("same_day_shipping", date(2025, 12, 14), "Second cut-off wave at 16:00", by=AWAY)

        week = date(2026, 4, 18)
        monday = self._at(_time("2026-04-20T09:30")).saying
        wait = "Eleven agents left after Easter and the new class starts in June; evenings are short of six."
        monday.answer("phone_wait_p90", "explained", wait, by="june.abara", week_ending=week)
        monday.answer(
            "post_delivery_satisfaction",
            "explained",
            "It follows the phone wait: who waited more than five minutes gives 3.6 on average.",
            by="june.abara",
            week_ending=week,
            inputs=["phone_wait_p90"],
        )
        meeting = self._at(_time("2026-04-22T10:40")).saying
        shift = meeting.record_action(
            "phone_wait_p90",
            "Move six agents from e-mail to the phone in the evening",
            by=PLANNER,
            owner="june.abara",
            due=date(2026, 4, 24),
            direction="down",
            effect_by=W0,
            week_ending=week,
        )
        meeting.record_action(
            "forecast_accuracy",
            "Correct the garden forecast for May and order again what it leaves short",
            by=PLANNER,
            owner="ravi.menon",
            due=date(2026, 5, 6),
            direction="up",
            effect_metric="views_in_stock",
            effect_by=date(2026, 6, 6),
            week_ending=week,
        )
        self._at(_time("2026-04-22T15:00")).saying.open_correction(
            "phone_wait_p90", date(2026, 5, 13), by="june.abara", week_ending=week
        )
        self._at(_time("2026-04-24T18:00")).saying.finish_action(
            _named(shift.subject), "Six agents work the evening since Thursday.", by="june.abara"
        )
        self._at(_time("2026-04-28T16:00")).saying.write_correction(
            "phone_wait_p90",
            week,
            by="june.abara",
            timeline="6 April: eleven leave. 12 April: evenings are short. 18 April: 300 seconds.",
            customers_hit="About 9,400 callers waited more than five minutes; 2,100 hung up.",
            whys=[
                "Calls waited because the evening had 22 agents and needs 28.",
                "It had 22 because eleven had left and nobody was hired before June.",
                "Nobody was hired because the plan counts heads once a quarter.",
            ],
            actions=[_named(shift.subject)],
            could_have_been_tracked="Agents on the roster of the next four weeks against the calls expected",
        )
        forms = self._at(_time("2026-04-29T10:00")).living
        answers = {
            3: "Whoever sees two-day delivery on a page can have it in two days.",
            5: "Stock near those who look, at any cost: delivery cost per order would show that.",
        }
        for test, words in answers.items():
            forms.reply("fast_track_in_stock", test, True, words, by="ravi.menon")

    def _review(self) -> None:
        """Sunday night and Monday of W-1."""
        self._move(_time("2026-05-03T20:30"), W1, "built")
        self._at(_time("2026-05-04T08:10")).saying.tell_story(
            "A child's bed promised for Tuesday came on Friday. She slept on a mattress on the floor.",
            by="june.abara",
            day=date(2026, 5, 1),
            metrics=["customer_promise_met"],
            mark="agrees",
            product="Child's bed",
            week_ending=W1,
        )
        self._move(_time("2026-05-04T09:00"), W1, "owner_review")
        begin = _time("2026-05-04T09:10")
        for n, person in enumerate(self._house.definitions.people):
            self._look(begin + timedelta(minutes=7 * n), W1, person)
        noon = self._at(_time("2026-05-04T14:00"))
        for metric, words in ANSWERS.items():
            self._answer(metric, words)
        for exception in unanswered(self._house.definitions, noon.as_it_is(W1)):
            self._answer(exception.metric, NOT_YET)
        noon.saying.watch(
            "andon_pulls",
            "dismissed",
            "Each by another person about another thing: a week as it happens to be.",
            by="june.abara",
            week_ending=W1,
        )
        noon.saying.watch(
            "delivery_cost_per_order",
            "dismissed",
            "Fewer orders on the same routes after Easter; no carrier changed a rate.",
            by="omar.haddad",
            week_ending=W1,
        )

    def _certified(self) -> None:
        """Tuesday of W-1: what finance vouches for, and what not."""
        loop = self._at(_time("2026-05-05T10:00"))
        loop.certifying.certify_all(loop.metrics_of(), by=PLANNER, week_ending=W1)
        loop.certifying.dispute(
            "detail_page_views",
            "The independent count is 4% lower since January, twice what is allowed. "
            "It looks as if bots were counted twice.",
            by=PLANNER,
            week_ending=W1,
        )
        self._move(_time("2026-05-05T11:30"), W1, "certified")

    def _published(self) -> None:
        """Tuesday evening: frozen as it was known then, so that what came later shows as a change."""
        loop = self._at(_time("2026-05-05T17:30"))
        then = self._house.as_it_stood(loop.chronicle.now).loop
        ready = [then.unpublished(W1, deck) for deck in self._house.definitions.decks]
        loop.publishing.publish_together(ready, by=PLANNER)

    def _held(self) -> None:
        """Wednesday of W-1 and what followed from it."""
        meeting = self._at(_time("2026-05-06T10:05")).saying
        meeting.attend(
            [p for p in self._house.definitions.people if p not in ABSENT], by=PLANNER, week_ending=W1
        )
        asked = self._at(_time("2026-05-06T10:18")).saying.ask(
            "detail_page_views",
            "Two counts, 4% apart since January. Which one do we believe, and until when do we show both?",
            by="ines.okafor",
            week_ending=W1,
        )
        record = self._at(_time("2026-05-06T10:31")).saying.record_action(
            "payment_authorisation",
            "Ask the two largest card issuers why they refuse second attempts",
            by=PLANNER,
            owner="nina.falk",
            due=date(2026, 5, 8),
            direction="up",
            effect_by=date(2026, 6, 13),
            week_ending=W1,
        )
        self._at(_time("2026-05-06T10:40")).saying.park(
            "Should sellers pay for returns of wrong detail pages?",
            by=PLANNER,
            where="Seller terms, 14 May",
            week_ending=W1,
        )
        self._move(_time("2026-05-06T11:00"), W1, "held")
        self._move(_time("2026-05-06T16:00"), W1, "closed")

        reply = self._at(_time("2026-05-07T09:30")).saying
        reply.reply(
            asked.subject.removeprefix("question:"),
            "The independent one: it drops bots by their network. We show both until the filter is mended, "
            "and I have told finance not to certify ours.",
            by="amara.diallo",
        )
        reply.annotate(
            "detail_page_views",
            date(2026, 1, 25),
            "Bots are counted twice from here on; the independent count is 4% lower",
            by="amara.diallo",
        )
        self._at(_time("2026-05-07T16:20")).saying.finish_action(
            _named(record.subject),
            "Both want the customer's address with the second attempt. Engineering sends it from 18 May.",
            by="nina.falk",
        )
        friday = self._at(_time("2026-05-08T15:00")).owning
        for metric in friday.of_person(AWAY):
            friday.deputise(
                metric, DEPUTY, by=AWAY, start=AWAY_FROM, until=AWAY_UNTIL, because="Away for a week"
            )
        self._at(_time("2026-05-08T16:10")).owning.assign(
            "plus_sign_ups",
            "sam.osei",
            "The membership programme moves to CRM with its team.",
            by="leo.marchetti",
            start=date(2026, 5, 11),
        )

    def _this_week(self) -> None:
        """Sunday night and Monday morning of W0: the first looks and answers."""
        self._move(_time("2026-05-10T20:20"), W0, "built")
        self._move(_time("2026-05-10T20:40"), W0, "owner_review")
        first, service, supply, finance = (_time(f"2026-05-11T{clock}") for clock in EARLY)
        self._look(first, W0, "omar.haddad")
        self._at(first).saying.answer(
            "late_orders",
            "still_analysing",
            "Fewer late parcels than in any spring week. Fewer orders, or the new depot? Known tomorrow.",
            by="omar.haddad",
            week_ending=W0,
            due=date(2026, 5, 12),
        )
        self._look(service, W0, "june.abara")
        told = self._at(service).saying
        told.tell_story(
            "A refund by bank transfer took 16 days. Our page says five.",
            by="june.abara",
            day=date(2026, 5, 8),
            metrics=["days_to_refund"],
            mark="disagrees",
            week_ending=W0,
        )
        told.tell_story(
            "A garden shed came in another size than the page said. It does not fit where the old one stood.",
            by="june.abara",
            day=date(2026, 5, 6),
            metrics=["wrong_detail_pages"],
            mark="agrees",
            product="Garden shed",
            week_ending=W0,
        )
        self._look(supply, W0, "ravi.menon")
        self._at(supply).saying.answer(
            "views_in_stock",
            "explained",
            "Garden furniture ran short: the forecast of four weeks ago missed the warm April.",
            by="ravi.menon",
            week_ending=W0,
            more="The forecast was off most in the week ending 11 April, and what it leaves short is missing "
            "four weeks later. The action to order again is late; the suppliers confirm on Wednesday.",
        )
        self._look(finance, W0, "tomas.lind")

    # --- steps -------------------------------------------------------------------------------

    def _move(self, moment: datetime, week_ending: date, to: WeekState) -> None:
        self._at(moment).move(to, by=PLANNER, week_ending=week_ending)

    def _look(self, moment: datetime, week_ending: date, person: str) -> None:
        """A person looks at all own metrics of the deck."""
        loop = self._at(moment)
        own = set(loop.owning.owners().of(person, loop.today))
        if seen := [m for m in loop.metrics_of() if m in own]:
            loop.saying.look(*seen, by=person, week_ending=week_ending)

    def _answer(self, metric: str, answer: _Answer) -> None:
        """The owner's answer to an exception of W-1, on its Monday."""
        loop = self._at(_time("2026-05-04T13:40"))
        loop.saying.answer(
            metric,
            answer.kind,
            answer.text,
            by=loop.owning.speakers(metric)[0],
            week_ending=W1,
            due=answer.due,
            inputs=answer.inputs,
        )


def _named(subject: str) -> str:
    """The name of an action, from what the journal calls it."""
    return subject.removeprefix("action:")
