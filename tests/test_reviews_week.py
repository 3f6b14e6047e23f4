"""Certification, the states of a week with their gates, editions, promises, and the life of an input."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from metrics.errors import DecisionError, NotAllowedError
from metrics.reviews import actions, certification, life, week_states
from metrics.reviews.andon import AndonMark
from metrics.reviews.answers import Answer, answer, answers
from metrics.reviews.certification import Certification, Value, certifications, definition_fingerprint
from metrics.reviews.corrections import corrections, opening
from metrics.reviews.editions import Edition, editions, may_publish, publication
from metrics.reviews.life import Measured
from metrics.reviews.promises import promises
from metrics.reviews.statement import Statement
from metrics.reviews.stories import definition_reviews, telling
from metrics.reviews.topics import parked, topics
from metrics.reviews.week_states import Exceptional, Progress, WeekAsItIs, gate, move, progress
from tests.loops import LAST_WEEK, TODAY, WEEK, Book, company

ACME = company()
SOON = TODAY + timedelta(days=7)
NOON = datetime(2026, 5, 12, 12, tzinfo=ZoneInfo("America/New_York"))


def refusal(error, act, *words, **more):
    """What an act says when it is refused with an error."""
    with pytest.raises(error) as refused:
        act(*words, **more)
    return str(refused.value)


# --- certification ---------------------------------------------------------------------------


def value(metric="errors", amount=0.011, state="complete", **more):
    return Value(metric, WEEK, amount, state, definition_fingerprint(more.pop("of", ACME), metric), **more)


def standing(book, told):
    return certifications(book.facts, [told])[told.metric]


def vouched(told, by="fin", book=None, speakers=("dov",), because=""):
    return certification.certified(
        ACME, told, by=by, speakers=speakers, known=standing(book or Book(), told), because=because
    )


def test_finance_certifies_one_value_of_one_definition():
    book = Book()
    book.say(vouched(value(), because="agrees with the ledger"), "fin")
    told = standing(book, value())
    assert (told.state, told.by, told.because, told.decided) == (
        "certified", "fin", "agrees with the ledger", True,
    )  # fmt: skip


OTHERWISE = company(missing_days="lenient")
RENAMED = ACME.model_copy(
    update={
        "metrics": {
            **ACME.metrics,
            "errors": ACME.metrics["errors"].model_copy(update={"name": "E", "owner": "kate"}),
        }
    }
)

# fmt: off
FALLS = [
    # a certificate …                           what is there now                     state           fallen        says
    ("stands while nothing changes",            value(),                              "certified",   None,         ""),
    ("does not mind the last bits of a sum",    value(amount=0.011 + 1e-15),          "certified",   None,         ""),
    ("does not mind a name or an owner",        value(of=RENAMED),                    "certified",   None,         ""),
    ("falls off when the number changes",       value(amount=0.012),                  "uncertified", "number",     "the number has changed since"),
    ("falls off when the definition changes",   value(of=OTHERWISE),                  "uncertified", "definition", "the definition has changed since"),
    ("falls off when days go missing",          value(amount=None, state="partial"),  "uncertified", "number",     "the number has changed since"),
    ("yields to a second measurement",          value(second=0.020, tolerance=0.02),  "disputed",    None,         "The second measurement differs by 45.0%, more than the 2% allowed."),
]
# fmt: on


@pytest.mark.parametrize(
    ("now", "state", "fallen", "says"), [c[1:] for c in FALLS], ids=[c[0] for c in FALLS]
)
def test_a_certificate_stands_or_falls(now, state, fallen, says):
    book = Book()
    book.say(vouched(value()), "fin")
    told = standing(book, now)
    assert (told.state, told.fallen) == (state, fallen)
    assert says in told.because


def test_a_dispute_has_a_reason_and_falls_off_like_a_certificate():
    book = Book()
    told = certification.disputed(ACME, value(), "counted twice", by="fin", known=standing(book, value()))
    book.say(told, "fin")
    assert standing(book, value()).state == "disputed"
    assert standing(book, value(amount=0.010)).fallen == "number"
    without = refusal(
        DecisionError, certification.disputed, ACME, value(), "", by="fin", known=standing(book, value())
    )
    assert "disputed with a reason" in without


# fmt: off
UNFIT = [
    # it refuses to certify …         the value                                by      speakers        error             says
    ("a week with a missing day",     value(amount=None, state="partial"),     "fin",  ("dov",),       DecisionError,    "days are missing"),
    ("a week without a value",        value(amount=None, state="missing"),     "fin",  ("dov",),       DecisionError,    "there is no value"),
    ("a value that will move",        value(state="immature"),                 "fin",  ("dov",),       DecisionError,    "it will still move"),
    ("a number of months",            value(amount=None, monthly=True),        "fin",  ("dov",),       DecisionError,    "told once a month"),
    ("against a second measurement",  value(second=0.02, tolerance=0.02),      "fin",  ("dov",),       DecisionError,    "second measurement differs by 45.0%"),
    ("one's own metric",              value(),                                 "olga", ("olga",),      NotAllowedError,  "Olga Lind speaks for Failed checkouts and cannot certify it"),
    ("by its owner",                  value(),                                 "dov",  ("dov",),       NotAllowedError,  "Dov Stern may not certify a value"),
    ("by an analyst",                 value(),                                 "yuki", ("dov",),       NotAllowedError,  "Yuki Mori may not certify a value"),
    ("by the deck owner",             value(),                                 "priya", ("dov",),      NotAllowedError,  "Priya Raman may not certify a value"),
]
# fmt: on


@pytest.mark.parametrize(
    ("told", "by", "speakers", "error", "says"), [c[1:] for c in UNFIT], ids=[c[0] for c in UNFIT]
)
def test_a_certificate_is_refused(told, by, speakers, error, says):
    assert says in refusal(error, vouched, told, by=by, speakers=speakers)


def test_a_second_measurement_within_its_tolerance_disputes_nothing():
    assert value(amount=100.0, second=101.0, tolerance=0.02).apart is None
    assert value(amount=0.0, second=0.0, tolerance=0.02).apart is None
    assert value(amount=100.0, second=105.0, tolerance=0.02).apart == pytest.approx(5 / 105)


# --- the week's states -----------------------------------------------------------------------

ANSWERED = {"errors": Answer("errors", WEEK, "explained", "x", "", None, None, (), "dov", NOON, 1)}
CERTIFIED = {"errors": Certification("errors", WEEK, "certified", "fin", decided=True)}
WHOLE = WeekAsItIs(
    "company",
    WEEK,
    metrics=("errors", "conversion"),
    values={"errors": value(), "conversion": value("conversion", 0.03)},
    speakers={"errors": ("dov",), "conversion": ("olga",)},
    looked={"errors", "conversion"},
    exceptions=(Exceptional("errors", ("conversion",)), Exceptional("conversion", ("errors",))),
    answers=ANSWERED,
    certifications={**CERTIFIED, "conversion": Certification("conversion", WEEK, "disputed", decided=True)},
)


def week(**more):
    return replace(WHOLE, **more)


# fmt: off
GATES = [
    # the gate …                                       to              the week as it is                                                   what is missing, and who owes it
    ("to built: the days are in",                      "built",        week(),                                                             []),
    ("names the source that is late",                  "built",        week(late=("Load shop: its numbers end on 2026-05-07",)),           [("Load shop: its numbers end on 2026-05-07", "Yuki Mori")]),
    ("to review: every metric has a value",            "owner_review", week(),                                                             []),
    ("asks why there is no value",                     "owner_review", week(values={"errors": value(amount=None, state="partial")}),       [("Say why Failed checkouts has no value (days are missing)", "Dov Stern")]),
    ("takes a reason for none",                        "owner_review", week(values={"errors": value(amount=None, state="partial")}, explained={"errors"}), []),
    ("takes a number of months as none",               "owner_review", week(values={"errors": value(amount=None, state="missing", monthly=True)}), []),
    ("to certified: looked, answered, decided",        "certified",    week(),                                                             []),
    ("asks who has not looked",                        "certified",    week(looked={"errors"}),                                            [("Look at Conversion", "Olga Lind")]),
    ("asks for the answer of the input, once",         "certified",    week(answers={}),                                                   [("Answer the exception on Failed checkouts", "Dov Stern")]),
    ("asks an output that stands alone",               "certified",    week(exceptions=(Exceptional("conversion"),), answers={}),          [("Answer the exception on Conversion through its inputs (Failed checkouts, …)", "Olga Lind")]),
    ("takes the answer of a driver behind",            "certified",    week(exceptions=(Exceptional("conversion", ("errors",)),)),         []),
    ("asks finance for what is undecided",             "certified",    week(certifications={"errors": Certification("errors", WEEK, "uncertified")}), [("Certify or dispute Failed checkouts", "Fin Lind or Olga Lind")]),
    ("says which certificate fell",                    "certified",    week(certifications={"errors": Certification("errors", WEEK, "uncertified", because="the number changed", fallen="number")}), [("Certify or dispute Failed checkouts again: the number changed", "Fin Lind or Olga Lind")]),
    ("to closed: a mark is answered",                  "closed",       week(marks=(AndonMark("metric:errors", "half", "june", NOON),)),    [("Answer the Andon mark on Failed checkouts: half", "Dov Stern")]),
]
# fmt: on


@pytest.mark.parametrize(("to", "now", "missing"), [c[1:] for c in GATES], ids=[c[0] for c in GATES])
def test_a_gate_says_what_is_missing_and_who_owes_it(to, now, missing):
    found = gate(ACME, now, to)
    assert [(o.what, week_states.who_owes(ACME, o)) for o in found] == missing


def at(state):
    return Progress("company", WEEK, state)


# fmt: off
MOVES = [
    # it refuses …                                from             to              by       despite   now                   error            says
    ("to skip a state",                           "open",          "certified",    "priya", "",       week(),               DecisionError,   "is open; next it can be built"),
    ("a state that does not exist",               "open",          "done",         "priya", "",       week(),               DecisionError,   "no state of a week"),
    ("to stand still",                            "built",         "built",        "priya", "",       week(),               DecisionError,   "is built already"),
    ("to publish by moving",                      "certified",     "published",    "priya", "",       week(),               DecisionError,   "wbr publish"),
    ("a closed gate",                             "owner_review",  "certified",    "fin",   "",       week(answers={}),     DecisionError,   "1 thing is missing:\n- Answer the exception on Failed checkouts (Dov Stern)"),
    ("a closed gate despite all, to finance",     "owner_review",  "certified",    "fin",   "hurry",  week(answers={}),     NotAllowedError, "Fin Lind may not move the week on"),
    ("an owner",                                  "built",         "owner_review", "dov",   "",       week(),               NotAllowedError, "Dov Stern may not move the week on"),
    ("an analyst beyond the load",                "built",         "owner_review", "yuki",  "",       week(),               NotAllowedError, "Yuki Mori may not move the week on"),
    ("an executive",                              "published",     "held",         "ines",  "",       week(),               NotAllowedError, "Ines Okafor may not move the week on"),
    ("to go back without a reason",               "owner_review",  "open",         "priya", "",       week(),               DecisionError,   "only with a reason"),
    ("to go back from what is published",         "published",     "built",        "priya", "oops",   week(),               DecisionError,   "what is published does not change"),
]
# fmt: on


@pytest.mark.parametrize(
    ("here", "to", "by", "despite", "now", "error", "says"), [c[1:] for c in MOVES], ids=[c[0] for c in MOVES]
)
def test_a_move_is_refused(here, to, by, despite, now, error, says):
    assert says in refusal(error, move, ACME, at(here), now, to, by=by, despite=despite)


def test_a_week_goes_through_its_states_and_keeps_what_was_missing():
    book = Book()

    def go(to, by, now=WHOLE, **more):
        book.say(move(ACME, progress(book.facts, "company", WEEK), now, to, by=by, **more), by)

    go("built", "yuki")
    go("owner_review", "priya")
    go("certified", "priya", week(answers={}), despite="Dov is on a plane")
    told = progress(book.facts, "company", WEEK)
    assert (told.state, told.by, told.despite) == (
        "certified", "priya", {"certified": ("Answer the exception on Failed checkouts (Dov Stern)",)},
    )  # fmt: skip
    book.say(publication(edition(), told.fact))
    assert progress(book.facts, "company", WEEK).state == "published"
    go("held", "priya")
    go("closed", "priya")
    told = progress(book.facts, "company", WEEK)
    assert (told.state, told.next, told.frozen) == ("closed", None, True)
    book.say(publication(edition(number=2, because="a wrong rate"), told.fact))
    assert progress(book.facts, "company", WEEK).state == "closed"  # Another edition opens nothing again.
    assert progress(book.facts, "company", LAST_WEEK) == Progress("company", LAST_WEEK)


def test_clocks_follow_the_company():
    assert week_states.due("built", WEEK, "America/New_York") == datetime(
        2026, 5, 11, 7, tzinfo=ZoneInfo("America/New_York")
    )
    assert week_states.due("published", WEEK, "Asia/Tokyo").time() == time(18)


def test_looks_of_one_person_are_told_in_one_line():
    found = gate(ACME, week(metrics=("errors", "speed", "weather"), looked=set(), speakers={"speed": ("kate",), "weather": ("kate",), "errors": ("dov",)}), "certified")  # fmt: skip
    assert week_states.told_missing(ACME, found) == (
        "- Look at Failed checkouts (Dov Stern)\n- Look at Page load and Weather (Kate Brandt)"
    )


def test_where_nobody_is_declared_nobody_owes():
    alone = company(people={})
    assert gate(alone, week(looked=set(), answers={}, certifications={}), "certified") == ()


# --- editions --------------------------------------------------------------------------------


def edition(number=1, because="", **more):
    told = {
        "by": "priya",
        "at": NOON,
        "folder": f"company-2026-05-09-{number}-00000000",
        "files": {"deck.json": "0"},
    }
    return Edition(
        "company", WEEK, number, because=because, store="s", journal="j", definitions="d", **{**told, **more}
    )


def test_a_second_edition_needs_a_reason_and_the_first_one_stays():
    assert may_publish(ACME, (), by="priya", because="") == (1, "")
    assert "Say why there is another edition" in refusal(
        DecisionError, may_publish, ACME, (edition(),), by="priya", because=" "
    )
    assert may_publish(ACME, (edition(),), by="priya", because="a wrong rate") == (2, "a wrong rate")
    book = Book()
    book.say(publication(edition(), 0))
    book.say(publication(edition(2, "a wrong rate"), 1))
    assert [(e.number, e.because, e.folder) for e in editions(book.facts)] == [
        (1, "", "company-2026-05-09-1-00000000"),
        (2, "a wrong rate", "company-2026-05-09-2-00000000"),
    ]


@pytest.mark.parametrize("person", ["dov", "fin", "yuki", "june", "ines", "lis"])
def test_only_the_deck_owner_publishes(person):
    says = refusal(NotAllowedError, may_publish, ACME, (), by=person, because="")
    assert says.startswith(f"{ACME.people[person].name} may not publish a deck: that is for deck owner")


# --- promises --------------------------------------------------------------------------------


def test_next_weeks_page_0_asks_for_the_promises():
    book = Book()

    def recorded(name, due, day):
        told = actions.recording(
            ACME, name, text=name, metric="errors", owner="dov", due=due, direction="down",
            effect_by=due, week_ending=LAST_WEEK, by="priya", today=day,
        )  # fmt: skip
        book.say(told, day=day)

    last_monday = TODAY - timedelta(days=7)
    recorded("late", WEEK, last_monday)
    recorded("done in time", SOON, last_monday)
    recorded("done long ago", LAST_WEEK, TODAY - timedelta(days=30))
    for name, day in (("done in time", WEEK), ("done long ago", LAST_WEEK - timedelta(days=1))):
        action = next(a for a in actions.actions(book.facts) if a.id == name)
        book.say(actions.done(ACME, action, "it helped", by="dov"), "dov", day)
    analysing = answer(
        ACME, "errors", LAST_WEEK, "still_analysing", "the gateway", by="dov", speakers=("dov",),
        today=last_monday, due=TODAY,
    )  # fmt: skip
    book.say(analysing, "dov", last_monday)
    for metric, ending, kind, more in (
        ("speed", LAST_WEEK, "explained", {}),  # Answered for good,
        ("speed", WEEK, "still_analysing", {"due": SOON}),  # and of this week: neither is asked for.
    ):
        other = answer(ACME, metric, ending, kind, "x", by="kate", speakers=("kate",), today=TODAY, **more)
        book.say(other, "kate")
    book.say(telling(ACME, "s1", text="16 days", day=LAST_WEEK, metrics=["speed"], mark="disagrees", week_ending=WEEK, by="june", today=TODAY), "june")  # fmt: skip
    book.say(opening(ACME, "errors", LAST_WEEK, TODAY, by="dov", today=last_monday), "dov", last_monday)
    book.say(parked(ACME, "t1", "Enter France?", LAST_WEEK, by="priya"), day=last_monday)
    told = promises(
        WEEK,
        TODAY,
        actions=actions.actions(book.facts),
        answers=answers(book.facts),
        certifications=[CERTIFIED["errors"], Certification("conversion", WEEK, "disputed")],
        corrections=corrections(book.facts),
        reviews=definition_reviews(book.facts),
        topics=topics(book.facts),
    )
    assert [(c.action.id, c.action.state, c.age, c.late) for c in told.actions] == [
        ("done in time", "done", 7, False),
        ("late", "open", 7, True),
    ]
    assert [(a.metric, a.due) for a in told.analysing] == [("errors", TODAY)]
    assert [c.metric for c in told.uncertified] == ["conversion"]
    assert [(c.metric, c.age(TODAY)) for c in told.corrections] == [("errors", 7)]
    assert [r.metric for r in told.reviews] == ["speed"]
    assert [t.text for t in told.topics] == ["Enter France?"]
    assert not told.empty
    assert promises(WEEK, TODAY).empty


# --- the life of an input --------------------------------------------------------------------

FULL = Measured(26, 26, True, 1, 1, 1, 26, 26)


# fmt: off
LADDER = [
    # the gate to …                            metric    state         measured                      lacks
    ("proposed is one whole sentence",         "errors", "proposed",   FULL,                         ()),
    ("proposed lacks its parts",               "orphan", "proposed",   FULL,                         ("an owner", "the action that moves it, who orders it and within how many days", "a link to what it moves, with sign and weeks")),
    ("defined is defined",                     "errors", "defined",    FULL,                         ()),
    ("defined lacks its parts",                "speed",  "defined",    FULL,                         ("what it counts, at which time and without which cases (`meaning`)", "how it could be gamed", "a guardrail")),
    ("measured wants weeks and a second way",  "errors", "measured",   replace(FULL, weeks=5),       ("6 weeks of data (it has 5)", "a second measurement")),
    ("analysed wants points, causes, a test",  "errors", "analysed",   Measured(weeks=11, points=11), ("12 points (it has 11)", "an expected range", "known causes: an event or an annotation", "a first link test")),
    ("analysed is open at 12 points",          "errors", "analysed",   replace(FULL, points=12),     ()),
    ("improving wants a target and an action", "errors", "improving",  replace(FULL, actions=0),     ("an agreed target", "an open action")),
    ("in control wants 26 weeks of both",      "errors", "in_control", replace(FULL, predictable=25, on_target=3), ("26 predictable weeks (it has 25)", "26 weeks on target (it has 3)")),
]
# fmt: on


@pytest.mark.parametrize(
    ("metric", "state", "measured", "lacks"), [c[1:] for c in LADDER], ids=[c[0] for c in LADDER]
)
def test_the_gates_of_a_life(metric, state, measured, lacks):
    assert life.life_gate(ACME, metric, state, measured) == lacks


def test_a_proposal_is_told_in_one_sentence():
    assert life.proposal(ACME, "errors") == (
        "If Dov Stern orders to roll back the release, Failed checkouts moves within 1 days, and Conversion "
        "follows within 0 to 2 weeks."
    )
    assert life.proposal(ACME, "speed") is None


# fmt: off
LIVES = [
    # it refuses …                    from          to            by      more                                 error             says
    ("a state that does not exist",   "proposed",   "great",      "dov",  {},                                  DecisionError,    "no state of a metric"),
    ("to skip a step",                "proposed",   "improving",  "dov",  {},                                  DecisionError,    "next it can be defined. Whoever skips a step chases noise."),
    ("a closed gate",                 "defined",    "measured",   "dov",  {},                                  DecisionError,    "it lacks 6 weeks of data (it has 0) and a second measurement"),
    ("a move without a reason",       "proposed",   "defined",    "dov",  {"because": ""},                     DecisionError,    "The reason is missing"),
    ("to retire without successor",   "defined",    "retired",    "dov",  {},                                  DecisionError,    "with a successor"),
    ("a doubt that nothing supports", "defined",    "questioned", "dov",  {},                                  DecisionError,    "None of these is known"),
    ("an executive's move",           "proposed",   "defined",    "ines", {},                                  NotAllowedError,  "Ines Okafor may not move a metric"),
]
# fmt: on


@pytest.mark.parametrize(
    ("here", "to", "by", "more", "error", "says"), [c[1:] for c in LIVES], ids=[c[0] for c in LIVES]
)
def test_a_move_through_life_is_refused(here, to, by, more, error, says):
    told = life.Life("errors", here)
    words = {"because": "it is time", **more}
    assert says in refusal(error, life.moved, ACME, told, to, words["because"], Measured(), by=by)


def test_a_life_is_read_back():
    book = Book()
    here = life.lives(ACME, book.facts)
    assert (here["errors"].state, here["old_errors"].state) == (None, "retired")
    book.say(life.moved(ACME, here["errors"], "defined", "all is said", Measured(), by="dov"), "dov")
    doubted = replace(FULL, doubts=("a story disagrees",))
    told = life.lives(ACME, book.facts)["errors"]
    book.say(life.moved(ACME, told, "questioned", "the story", doubted, by="yuki"), "yuki")
    told = life.lives(ACME, book.facts)["errors"]
    book.say(life.moved(ACME, told, "retired", "speed says more", FULL, by="dov", successor="speed"), "dov")
    told = life.lives(ACME, book.facts)["errors"]
    assert (told.state, told.successor, told.by, told.because) == (
        "retired", "speed", "dov", "speed says more",
    )  # fmt: skip


# fmt: off
TESTS = [
    # test   metric        shifts                        logged                        state     told
    (1,      "errors",     (),                           (),                           "passed", "Dov Stern can: roll back the release"),
    (1,      "speed",      (),                           (),                           "open",   "The definition names no action."),
    (2,      "errors",     (),                           (),                           "passed", "Within 1 days"),
    (3,      "errors",     (),                           (),                           "passed", "I pressed pay and got an error"),
    (4,      "errors",     (),                           (),                           "passed", "It is a share or a level of single cases."),
    (5,      "errors",     (),                           (),                           "passed", "call an error a refusal (guardrail: Page load)"),
    (6,      "errors",     (),                           (),                           "passed", "Conversion (-), after 0 to 2 weeks"),
    (6,      "speed",      (),                           (),                           "failed", "No link is stated."),
    (7,      "errors",     (),                           (),                           "open",   "It has not shifted yet."),
    (7,      "errors",     (WEEK,),                      (WEEK - timedelta(days=14),), "passed", "1 of 1 shifts have an action or annotation near"),
    (7,      "errors",     (WEEK,),                      (WEEK - timedelta(days=15),), "failed", "0 of 1 shifts have an action or annotation near"),
    (8,      "weather",    (),                           (),                           "failed", "It is declared as context."),
]
# fmt: on


@pytest.mark.parametrize(("number", "metric", "shifts", "logged", "state", "told"), TESTS)
def test_the_eight_tests_of_controllable(number, metric, shifts, logged, state, told):
    found = life.controllable(ACME, metric, {}, shifts, logged)[number - 1]
    assert (found.number, found.state, found.told) == (number, state, told)


def test_a_person_answers_all_tests_but_the_measured_one():
    book = Book()
    book.say(life.replied(ACME, "speed", 1, True, "cache the page; Kate orders it", by="kate"), "kate")
    told = life.controllable(ACME, "speed", life.replies(book.facts, "speed"))[0]
    assert (told.state, told.told, told.by) == ("passed", "cache the page; Kate orders it", "kate")
    said = {7: life.Reply(True, "of course", "kate")}
    assert life.controllable(ACME, "speed", said)[6].state == "open"
    assert "is measured" in refusal(DecisionError, life.replied, ACME, "speed", 7, True, "x", by="kate")
    assert "none of them" in refusal(DecisionError, life.replied, ACME, "speed", 9, True, "x", by="kate")


def test_a_count_has_no_denominator():
    counted = company(
        metrics={"orders": {"name": "Orders", "kind": "input", "unit": "count", "better": "up", "measure": {"how": "total", "series": "o"}}},
        links=[], nodes=[], decks={},
    )  # fmt: skip
    assert life.controllable(counted, "orders", {})[3].state == "failed"


def test_a_statement_is_compared_whole():
    assert vouched(value()) == Statement(
        "certification.given",
        "errors:2026-05-09",
        {"definition": definition_fingerprint(ACME, "errors"), "value": "complete:0.011", "amount": 0.011},
        "",
        0,
    )
    assert date(2026, 5, 9) == WEEK
