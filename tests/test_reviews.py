"""What people say in a week: each refused in words when it is incomplete, each read back as it stands."""

from datetime import date, timedelta

import pytest

from metrics.errors import DecisionError, NotAllowedError, UnknownNameError
from metrics.reviews import actions, andon, answers, corrections, stories, topics
from metrics.reviews.answers import answer, inputs_of, look, watch_decision
from tests.loops import LAST_WEEK, TODAY, WEEK, Book, company

ACME = company()
SOON, LATER = TODAY + timedelta(days=7), TODAY + timedelta(days=28)


def refusal(error, act, *words, **more):
    """What an act says when it is refused with an error."""
    with pytest.raises(error) as refused:
        act(*words, **more)
    return str(refused.value)


# --- answers ---------------------------------------------------------------------------------


def answered(kind, text="A release broke the gateway", by="dov", metric="errors", **more):
    speakers = more.pop("speakers", {"errors": ("dov",), "conversion": ("olga",)}[metric])
    return answer(ACME, metric, WEEK, kind, text, by=by, speakers=speakers, today=TODAY, **more)


# fmt: off
LEGAL = [
    # it is legal to say …            kind              more
    ("routine, with the reason",      "routine",        {}),
    ("explained, with the cause",     "explained",      {"more": "The gateway's new library"}),
    ("not known yet, with a date",    "still_analysing", {"due": SOON}),
    ("known, no action, and whose",   "known_cause",    {"decided_by": "ines"}),
]
# fmt: on


@pytest.mark.parametrize(("kind", "more"), [c[1:] for c in LEGAL], ids=[c[0] for c in LEGAL])
def test_the_four_legal_answers(kind, more):
    book = Book()
    book.say(answered(kind, **more), "dov")
    (told,) = answers.answers(book.facts)
    assert (told.metric, told.week_ending, told.kind, told.text, told.by) == (
        "errors", WEEK, kind, "A release broke the gateway", "dov",
    )  # fmt: skip
    assert (told.due, told.decided_by, told.more) == (
        more.get("due"), more.get("decided_by"), more.get("more", ""),
    )  # fmt: skip
    assert told.final == (kind != "still_analysing")


# fmt: off
ILLEGAL = [
    # it refuses …                        what                                                                       error             says
    ("a free green",                      {"kind": "green"},                                                         DecisionError,    "'green' is no answer. There are four"),
    ("routine without a reason",          {"kind": "routine", "text": " "},                                          DecisionError,    "Why the mark is no news is missing"),
    ("a text too long for a chart",       {"kind": "explained", "text": "x" * 201},                                  DecisionError,    "201 characters; 200 are allowed"),
    ("analysing without a date",          {"kind": "still_analysing"},                                               DecisionError,    "still analysing needs a date"),
    ("a date that is past",               {"kind": "still_analysing", "due": TODAY},                                 DecisionError,    "which is past"),
    ("a date on an explanation",          {"kind": "explained", "due": SOON},                                        DecisionError,    "takes no date"),
    ("a known cause that nobody decided", {"kind": "known_cause"},                                                   DecisionError,    "Who decided that nothing is done is missing"),
    ("a decider who is not there",        {"kind": "known_cause", "decided_by": "inez"},                             UnknownNameError, "Did you mean 'ines'?"),
    ("the deck owner's explanation",      {"kind": "explained", "by": "priya"},                                      NotAllowedError,  "Priya Raman does not own Failed checkouts"),
    ("finance's explanation",             {"kind": "explained", "by": "fin"},                                        NotAllowedError,  "only Dov Stern can"),
    ("an answer for nobody's metric",     {"kind": "explained", "speakers": ()},                                     NotAllowedError,  "Assign an owner first"),
    ("nobody's answer",                   {"kind": "explained", "by": ""},                                           NotAllowedError,  "Say who you are first"),
    ("a debate of an output",             {"kind": "explained", "metric": "conversion", "by": "olga"},               DecisionError,    "Open its inputs and say which one it follows: Failed checkouts"),
    ("an input that does not move it",    {"kind": "explained", "metric": "conversion", "by": "olga", "inputs": ["speed"]}, UnknownNameError, "'speed' is no input that moves Conversion"),
]
# fmt: on


@pytest.mark.parametrize(("what", "error", "says"), [c[1:] for c in ILLEGAL], ids=[c[0] for c in ILLEGAL])
def test_an_answer_is_refused(what, error, says):
    assert says in refusal(error, answered, **what)


def test_an_output_is_answered_through_its_inputs_or_not_yet():
    through = answered("explained", metric="conversion", by="olga", inputs=["errors"])
    assert through.body["inputs"] == ["errors"]
    assert "inputs" not in answered("still_analysing", metric="conversion", by="olga", due=SOON).body


def test_inputs_behind_an_output_through_links_and_arithmetic():
    more = company(definitions=[{"metric": "weather", "equals": {"product": ["conversion", "speed"]}}])
    assert inputs_of(more, "conversion") == ("errors",)
    assert inputs_of(more, "weather") == ("speed", "errors")


def test_the_deputy_answers_too():
    assert answered("explained", by="kate", speakers=("dov", "kate")).kind == "answer.given"


def test_a_later_answer_takes_the_place_of_an_earlier_one():
    book = Book()
    book.say(answered("still_analysing", due=SOON), "dov")
    book.say(answered("explained"), "dov")
    assert [(a.kind, a.fact) for a in answers.answers(book.facts)] == [("explained", 2)]


def test_a_watch_is_promoted_or_dismissed_with_a_reason():
    def decided(outcome, because, by="dov"):
        return watch_decision(ACME, "errors", WEEK, outcome, because, by=by, speakers=("dov",))

    book = Book()
    book.say(decided("dismissed", "one large customer"), "dov")
    book.say(decided("promoted", "it goes on"), "dov")
    told = answers.watch_decisions(book.facts)
    assert [(w.outcome, w.because) for w in told] == [("promoted", "it goes on")]
    assert "promoted or dismissed with a reason" in refusal(DecisionError, decided, "dismissed", "")
    assert "promoted or dismissed" in refusal(DecisionError, decided, "ignored", "x")
    assert "does not own" in refusal(NotAllowedError, decided, "dismissed", "x", by="kate")


def test_seen_is_one_click_of_the_owner_and_counted_for_them_alone():
    book = Book()
    for back in (1, 0, 0):
        seen = look(ACME, "errors", WEEK, by="dov", speakers=("dov",))
        book.say(seen, "dov", TODAY - timedelta(days=back))
    assert [(k.metric, k.by) for k in answers.looks(book.facts)] == [("errors", "dov")]
    assert answers.days_seen(book.facts, "dov") == 2
    assert "does not own" in refusal(NotAllowedError, look, ACME, "errors", WEEK, by="fin", speakers=("dov",))


# --- actions ---------------------------------------------------------------------------------

ACTION = {
    "text": "Roll back the release",
    "metric": "errors",
    "owner": "dov",
    "due": SOON,
    "direction": "down",
    "effect_by": LATER,
    "week_ending": WEEK,
    "by": "priya",
    "today": TODAY,
}


def recorded(**more):
    return actions.recording(ACME, "a1", **{**ACTION, **more})


# fmt: off
NO_ACTION = [
    # it refuses …                      what                                     error             says
    ("no text",                         {"text": ""},                            DecisionError,    "What will be done is missing"),
    ("no owner",                        {"owner": None},                         DecisionError,    "Name one person"),
    ("no date",                         {"due": None},                           DecisionError,    "needs a due date; without one it is not recorded"),
    ("a date that is past",             {"due": WEEK},                           DecisionError,    "is past"),
    ("no direction",                    {"direction": None},                     DecisionError,    "Say which way Failed checkouts should move"),
    ("no date of the effect",           {"effect_by": None},                     DecisionError,    "by when the effect"),
    ("an effect before the action",     {"effect_by": TODAY},                    DecisionError,    "before the action is due"),
    ("an unknown metric",               {"metric": "eror"},                      UnknownNameError, "Did you mean 'errors'?"),
    ("another one's, by an owner",      {"by": "kate"},                          NotAllowedError,  "own actions only"),
    ("an analyst's",                    {"by": "yuki", "owner": "yuki"},         NotAllowedError,  "Yuki Mori may not record an own action"),
    ("a listener's",                    {"by": "lis", "owner": "lis"},           NotAllowedError,  "Lis Ten may not"),
]
# fmt: on


@pytest.mark.parametrize(("what", "error", "says"), [c[1:] for c in NO_ACTION], ids=[c[0] for c in NO_ACTION])
def test_an_action_is_refused(what, error, says):
    assert says in refusal(error, recorded, **what)


def test_an_action_ages_is_late_and_closes_with_its_result():
    book = Book()
    book.say(recorded())
    (told,) = actions.actions(book.facts)
    assert (told.id, told.state, told.owner, told.due, told.effect_metric) == (
        "a1", "open", "dov", SOON, "errors",
    )  # fmt: skip
    eight = SOON + timedelta(days=1)
    assert (told.age(eight), told.late(SOON), told.late(eight)) == (8, False, True)
    without = refusal(DecisionError, actions.done, ACME, told, " ", by="dov")
    assert "cannot close without its result" in without
    assert "Dov Stern's" in refusal(NotAllowedError, actions.done, ACME, told, "done", by="kate")
    book.say(actions.moved(ACME, told, LATER, "the vendor is slow", by="dov", today=TODAY), "dov")
    (later,) = actions.actions(book.facts)
    book.say(actions.done(ACME, later, "Rolled back on Tuesday", by="dov"), "dov", SOON)
    (done,) = actions.actions(book.facts)
    assert (done.state, done.result, done.moved, done.on_time()) == (
        "done", "Rolled back on Tuesday", 1, True,
    )  # fmt: skip
    assert "done already" in refusal(DecisionError, actions.dropped, ACME, done, "x", by="priya")


def test_an_owner_records_the_own_action_and_the_deck_owner_any():
    assert recorded(by="dov").kind == "action.recorded"
    assert recorded(by="priya", owner="kate").body["owner"] == "kate"


BEFORE = [0.030, 0.028, 0.031, 0.029, 0.030, 0.031, 0.029, 0.030]
START = date(2026, 3, 7)  # A Saturday.


# fmt: off
EFFECTS = [
    # the effect …                         weeks after                    direction  today               state
    ("came",                               [0.020, 0.019, 0.021],         "down",    LATER,              "came"),
    ("did not come: nothing moved",        [0.030, 0.031, 0.029],         "down",    LATER,              "did_not_come"),
    ("did not come: within chance",        [0.0294, 0.0295, 0.0296],      "down",    LATER,              "did_not_come"),
    ("did not come: the other way",        [0.040, 0.041, 0.039],         "down",    LATER,              "did_not_come"),
    ("cannot be told from one week",       [0.020],                       "down",    LATER,              "cannot_tell"),
    ("cannot be told without values",      [None, None, None],            "down",    LATER,              "cannot_tell"),
    ("is not asked before its date",       [0.020, 0.019, 0.021],         "down",    TODAY,              "not_due"),
    ("up is measured upwards",             [0.040, 0.041, 0.039],         "up",      LATER,              "came"),
]
# fmt: on


@pytest.mark.parametrize(
    ("after", "direction", "today", "state"), [c[1:] for c in EFFECTS], ids=[c[0] for c in EFFECTS]
)
def test_whether_the_effect_came(after, direction, today, state):
    book = Book()
    opened = START + timedelta(weeks=8, days=2)
    told = recorded(direction=direction, today=opened, due=opened, effect_by=LATER)
    book.say(told, day=opened)
    book.say(actions.done(ACME, actions.actions(book.facts)[0], "done", by="dov"), "dov", opened)
    (action,) = actions.actions(book.facts)
    values = [*BEFORE, None, *after]  # The action's own week is neither before nor after.
    weeks = [(START + timedelta(weeks=n), v) for n, v in enumerate(values)]
    assert actions.effect(action, weeks, today).state == state


# --- stories ---------------------------------------------------------------------------------

STORY = {
    "text": "A refund took 16 days",
    "day": TODAY - timedelta(days=3),
    "metrics": ["errors"],
    "mark": "disagrees",
    "week_ending": WEEK,
    "by": "june",
    "today": TODAY,
}


def told_story(**more):
    return stories.telling(ACME, "s1", **{**STORY, **more})


# fmt: off
NO_STORY = [
    # it refuses …               what                             error             says
    ("no text",                  {"text": ""},                    DecisionError,    "The story is missing"),
    ("a day to come",            {"day": SOON},                   DecisionError,    "which is to come"),
    ("no mark",                  {"mark": "maybe"},               DecisionError,    "agrees or disagrees"),
    ("no metric",                {"metrics": []},                 DecisionError,    "Name the metric"),
    ("an unknown metric",        {"metrics": ["eror"]},           UnknownNameError, "Did you mean 'errors'?"),
    ("an owner's story",         {"by": "dov"},                   NotAllowedError,  "Dov Stern may not tell a story: that is for customer service"),
    ("the deck owner's story",   {"by": "priya"},                 NotAllowedError,  "Priya Raman may not tell a story"),
]
# fmt: on


@pytest.mark.parametrize(("what", "error", "says"), [c[1:] for c in NO_STORY], ids=[c[0] for c in NO_STORY])
def test_a_story_is_refused(what, error, says):
    assert says in refusal(error, told_story, **what)


def test_the_wording_of_a_story_is_its_tellers():
    book = Book()
    book.say(told_story(), "june")
    (story,) = stories.stories(book.facts)
    says = refusal(NotAllowedError, told_story, text="It took a while", by="tess", before=story)
    assert "June Abara's, and its wording is theirs" in says
    assert "June Abara's" in refusal(NotAllowedError, stories.withdrawal, ACME, story, "x", by="tess")
    book.say(told_story(text="A refund took 17 days", before=story), "june")
    assert [s.text for s in stories.stories(book.facts)] == ["A refund took 17 days"]
    book.say(stories.withdrawal(ACME, stories.stories(book.facts)[0], "it was ours", by="june"), "june")
    assert stories.stories(book.facts) == ()


def test_a_disagreeing_story_opens_a_review_that_stays_until_closed():
    book = Book()
    book.say(told_story(), "june")
    (review,) = stories.definition_reviews(book.facts)
    assert (review.metric, review.closed, review.age(SOON)) == ("errors", None, 7)

    def closed(outcome="second_measure", because="p95 is shown now", by="dov"):
        return stories.review_closed(ACME, review, outcome, because, by=by, speakers=("dov",))

    assert "Kate Brandt may not define a metric" in refusal(NotAllowedError, closed, by="kate")
    assert "closes no definition review" in refusal(DecisionError, closed, outcome="forget it")
    assert "without saying why" in refusal(DecisionError, closed, because="")
    assert closed(by="yuki").kind == "review.closed"
    book.say(closed(), "dov")
    (after,) = stories.definition_reviews(book.facts)
    assert (after.outcome, after.because, after.by) == ("second_measure", "p95 is shown now", "dov")


def test_an_agreeing_story_opens_nothing():
    book = Book()
    book.say(told_story(mark="agrees"), "june")
    assert stories.definition_reviews(book.facts) == ()


# --- Andon -----------------------------------------------------------------------------------


def test_an_andon_mark_is_raised_answered_lifted_and_counted():
    book, place = Book(), "metric:errors"

    def mark():
        return andon.standing(book.facts).get(place)

    book.say(andon.raised(ACME, place, "Half the errors are not counted", by="june", known=None), "june")
    assert "marked already" in refusal(DecisionError, andon.raised, ACME, place, "x", by="june", known=mark())
    assert "not answered yet" in refusal(DecisionError, andon.lifted, ACME, mark(), "x", by="june")
    assert "does not own" in refusal(
        NotAllowedError, andon.answered, ACME, mark(), "x", by="kate", speakers=("dov",)
    )
    book.say(andon.answered(ACME, mark(), "We count them from today", by="dov", speakers=("dov",)), "dov")
    assert (mark().answer, mark().answered_by) == ("We count them from today", "dov")
    assert "Dov Stern may not raise an andon mark" in refusal(
        NotAllowedError, andon.lifted, ACME, mark(), "x", by="dov"
    )
    last = mark()
    book.say(andon.lifted(ACME, last, "The count is right", by="june"), "june")
    assert andon.standing(book.facts) == {}
    assert "was lifted" in refusal(
        DecisionError, andon.answered, ACME, andon.marks(book.facts)[0], "x", by="dov", speakers=("dov",)
    )
    again = andon.raised(ACME, place, "Again", by="tess", known=andon.marks(book.facts)[0])
    book.say(again, "tess", SOON)
    assert len(andon.marks(book.facts)) == 2
    assert andon.raised_between(book.facts, TODAY, TODAY) == 1


# fmt: off
NO_MARK = [
    # it refuses …                  place                     by      error             says
    ("an owner's pull",             "metric:errors",          "dov",  NotAllowedError,  "Dov Stern may not raise an andon mark: that is for customer service"),
    ("an unknown metric",           "metric:eror",            "june", UnknownNameError, "Did you mean 'errors'?"),
    ("an unknown page",             "page:company:Checkot",   "june", UnknownNameError, "Did you mean 'Checkout'?"),
    ("an unknown deck",             "page:compan:Checkout",   "june", UnknownNameError, "Did you mean 'company'?"),
    ("sales as a whole",            "sales",                  "june", UnknownNameError, "neither `metric:ID` nor"),
]
# fmt: on


@pytest.mark.parametrize(
    ("place", "by", "error", "says"), [c[1:] for c in NO_MARK], ids=[c[0] for c in NO_MARK]
)
def test_a_mark_is_refused(place, by, error, says):
    assert says in refusal(error, andon.raised, ACME, place, "no", by=by, known=None)


# --- corrections -----------------------------------------------------------------------------

# fmt: off
EARLIEST = [
    # opened on …       earliest
    (date(2026, 5, 11), date(2026, 5, 14)),  # Monday to Thursday
    (date(2026, 5, 13), date(2026, 5, 18)),  # Wednesday over the week-end to Monday
    (date(2026, 5, 15), date(2026, 5, 20)),  # Friday
    (date(2026, 5, 16), date(2026, 5, 20)),  # Saturday
]
# fmt: on


@pytest.mark.parametrize(("opened", "earliest"), EARLIEST)
def test_a_correction_is_due_three_working_days_later_at_the_earliest(opened, earliest):
    assert corrections.earliest_due(opened) == earliest


def test_a_correction_card_closes_when_it_is_whole():
    book = Book()

    def opened(due, by="dov", known=None):
        return corrections.opening(ACME, "errors", WEEK, due, by=by, today=TODAY, known=known)

    assert "due on 2026-05-14 at the earliest" in refusal(DecisionError, opened, TODAY + timedelta(days=2))
    assert "Yuki Mori may not write a correction" in refusal(NotAllowedError, opened, SOON, by="yuki")
    book.say(opened(SOON), "dov")
    (card,) = corrections.corrections(book.facts)
    assert "opened by Dov Stern" in refusal(DecisionError, opened, SOON, known=card)
    assert (card.age(SOON), card.late(SOON), card.late(LATER)) == (7, False, True)
    lacks = refusal(DecisionError, corrections.closing, ACME, card, by="dov")
    assert lacks.startswith(
        "The correction card of Failed checkouts cannot close: it lacks the timeline, the customers hit, at "
        "least 3 whys, the root cause, an action, what could have been tracked."
    )
    parts = {
        "timeline": "Tue 9:00 release; Wed 8:00 rolled back",
        "customers_hit": "8,400 attempts",
        "whys": ["the library changed", "nobody read its notes", "no one is asked to"],
        "root_cause": "Libraries are not owned",
        "could_have_been_tracked": "Errors per release",
    }
    six = refusal(DecisionError, corrections.writing, ACME, card, by="dov", whys=list("abcdef"))
    assert "five are enough" in six
    long = refusal(DecisionError, corrections.writing, ACME, card, by="dov", timeline="x" * 18_001)
    assert "18,001 characters" in long
    book.say(corrections.writing(ACME, card, by="dov", actions=["a1"], **parts), "dov")
    (card,) = corrections.corrections(book.facts)
    assert (card.missing, card.customers_hit, len(card.whys)) == ((), "8,400 attempts", 3)
    assert corrections.drafted_metric(card) == "Errors per release"
    book.say(corrections.closing(ACME, card, by="dov"), "dov")
    (card,) = corrections.corrections(book.facts)
    assert "was closed on" in refusal(DecisionError, corrections.closing, ACME, card, by="dov")


# --- topics, questions, annotations ------------------------------------------------------------


def test_a_topic_is_parked_outside_the_meeting_and_not_forgotten():
    book = Book()
    assert "Dov Stern may not park a topic" in refusal(
        NotAllowedError, topics.parked, ACME, "t1", "Enter France?", WEEK, by="dov"
    )
    book.say(topics.parked(ACME, "t1", "Enter France?", WEEK, by="priya", where="the board"))
    (topic,) = topics.topics(book.facts)
    assert (topic.text, topic.where, topic.age(SOON)) == ("Enter France?", "the board", 7)
    assert "not forgotten" in refusal(DecisionError, topics.topic_closed, ACME, topic, "", by="priya")
    book.say(topics.topic_closed(ACME, topic, "Next year", by="priya"))
    assert topics.topics(book.facts)[0].outcome == "Next year"


def test_an_executives_question_is_answered_in_writing_by_the_owner():
    book = Book()
    assert "Lis Ten may not ask a question" in refusal(
        NotAllowedError, topics.asked, ACME, "q1", "errors", WEEK, "Why?", by="lis"
    )
    book.say(topics.asked(ACME, "q1", "errors", WEEK, "Is it the right input?", by="ines"), "ines")
    (asked,) = topics.questions(book.facts)
    assert "does not own" in refusal(
        NotAllowedError, topics.replied, ACME, asked, "Yes", by="ines", speakers=("dov",)
    )
    book.say(topics.replied(ACME, asked, "Yes: it moves conversion", by="dov", speakers=("dov",)), "dov")
    (told,) = topics.questions(book.facts)
    assert (told.answer, told.answered_by) == ("Yes: it moves conversion", "dov")


def test_annotations_are_many_dated_and_kept():
    book = Book()

    def noted(name, day, text, by="dov"):
        return topics.annotated(ACME, name, "errors", day, text, by=by, today=TODAY)

    assert "needs the day" in refusal(DecisionError, noted, "n1", None, "x")
    assert "is to come" in refusal(DecisionError, noted, "n1", SOON, "x")
    assert "may not add an annotation" in refusal(NotAllowedError, noted, "n1", WEEK, "x", by="ines")
    book.say(noted("n1", WEEK, "Release"), "dov")
    book.say(noted("n2", LAST_WEEK, "Sale"), "dov")
    told = topics.remarks(book.facts)
    assert [(r.text, r.day) for r in told] == [("Sale", LAST_WEEK), ("Release", WEEK)]
    assert "Dov Stern's" in refusal(
        NotAllowedError, topics.annotation_withdrawn, ACME, told[0], "x", by="kate"
    )
    book.say(topics.annotation_withdrawn(ACME, told[0], "wrong week", by="dov"), "dov")
    assert [r.text for r in topics.remarks(book.facts)] == ["Release"]
