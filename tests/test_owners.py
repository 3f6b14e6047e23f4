"""Exactly one owner at any date, or nobody."""

from datetime import date, timedelta

import pytest

from metrics.errors import DecisionError, NotAllowedError, UnknownNameError
from metrics.owners import (
    Coverage,
    Owners,
    Planned,
    Spread,
    acceptance,
    assignment,
    deputising,
    leaving,
    metrics_of_section,
    preview,
    with_owners,
)
from tests.loops import TODAY, Book, company

ACME = company()
NEXT_WEEK = TODAY + timedelta(days=7)


def owners(book=None, definitions=ACME):
    return Owners(definitions, book.facts if book else ())


def given(*moves):
    """A book in which metrics went over: (metric, person, first day, day told)."""
    book = Book()
    for metric, person, start, told in moves:
        statement = assignment(
            owners(book), ACME, metric, person, by="priya", today=told, because="he knows it", start=start
        )
        book.say(statement, "priya", told)
    return book


def test_before_anybody_decides_the_definitions_propose():
    told = owners().at("errors", TODAY)
    assert (told.owner, told.standing, told.since, told.differs) == ("dov", "proposed", None, False)
    assert owners().at("orphan", TODAY).standing == "nobody"
    assert owners().without(TODAY) == ("orphan",)


def test_a_hand_over_counts_from_its_day_and_waits_for_the_yes():
    book = given(("errors", "kate", NEXT_WEEK, TODAY))
    before, after = (owners(book).at("errors", day) for day in (TODAY, NEXT_WEEK))
    assert (before.owner, before.standing, before.coming) == ("dov", "proposed", ("kate", NEXT_WEEK))
    assert (after.owner, after.standing, after.since, after.differs) == ("kate", "waiting", NEXT_WEEK, True)
    book.say(acceptance(owners(book), ACME, "errors", by="kate", today=TODAY), "kate")
    assert owners(book).at("errors", NEXT_WEEK).standing == "accepted"


def test_every_day_has_exactly_one_owner_or_nobody():
    days = [date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)]
    book = given(*(("errors", p, d, d) for p, d in zip(("kate", "olga", "dov"), days, strict=True)))
    told = owners(book)
    stretches = told.stretches("errors")
    assert [(s.owner, s.first, s.last) for s in stretches] == [
        ("dov", None, date(2026, 2, 28)),
        ("kate", date(2026, 3, 1), date(2026, 3, 31)),
        ("olga", date(2026, 4, 1), date(2026, 4, 30)),
        ("dov", date(2026, 5, 1), None),
    ]
    for day in (date(2026, 2, 1) + timedelta(days=n) for n in range(120)):
        holding = [s for s in stretches if (s.first or day) <= day <= (s.last or day)]
        assert [s.owner for s in holding] == [told.at("errors", day).owner]


def test_a_later_word_takes_the_place_of_what_was_planned():
    book = given(("errors", "kate", NEXT_WEEK, TODAY), ("errors", "olga", TODAY, TODAY))
    assert [(s.owner, s.first) for s in owners(book).stretches("errors")] == [("dov", None), ("olga", TODAY)]


def test_two_words_for_one_day_leave_the_later_one():
    book = given(("errors", "kate", TODAY, TODAY), ("errors", "olga", TODAY, TODAY))
    assert [(s.owner, s.first, s.last) for s in owners(book).stretches("errors")] == [
        ("dov", None, TODAY - timedelta(days=1)),
        ("olga", TODAY, None),
    ]


def test_who_gives_a_metric_to_themselves_has_accepted():
    book = Book()
    told = assignment(owners(), ACME, "orphan", "dov", by="priya", today=TODAY, because="mine now")
    book.say(told, "dov")
    assert owners(book).at("orphan", TODAY).standing == "accepted"


def test_the_statement_says_who_from_when_and_what_was_seen():
    told = assignment(owners(), ACME, "errors", "kate", by="priya", today=TODAY, because=" she built it ")
    assert (told.kind, told.subject, told.because, told.expects) == (
        "owner.assigned", "errors", "she built it", 0,
    )  # fmt: skip
    assert told.body == {"person": "kate", "from": "2026-05-11", "before": "dov"}


# fmt: off
REFUSED = [
    # it refuses …                                 metric        to      by       more                          error               says
    ("an analyst as owner",                        "errors",     "yuki", "priya", {},                           NotAllowedError,    "Yuki Mori is an analyst and cannot own Failed checkouts"),
    ("somebody who only listens",                  "errors",     "lis",  "priya", {},                           NotAllowedError,    "Lis Ten only listens"),
    ("a stranger",                                 "errors",     "kat",  "priya", {},                           UnknownNameError,   "Did you mean 'kate'?"),
    ("a metric that is not there",                 "erors",      "kate", "priya", {},                           UnknownNameError,   "Did you mean 'errors'?"),
    ("a silent hand-over",                         "errors",     "kate", "priya", {"because": "  "},            DecisionError,      "not handed over silently"),
    ("a retired metric",                           "old_errors", "kate", "priya", {},                           DecisionError,      "Errors, old count is retired"),
    ("another owner's hand",                       "errors",     "kate", "kate",  {},                           NotAllowedError,    "Kate Brandt does not own Failed checkouts"),
    ("an analyst's hand",                          "errors",     "kate", "yuki",  {},                           NotAllowedError,    "Yuki Mori may not assign an owner"),
    ("finance's hand",                             "errors",     "kate", "fin",   {},                           NotAllowedError,    "Fin Lind may not assign an owner"),
    ("an executive's hand",                        "errors",     "kate", "ines",  {},                           NotAllowedError,    "Ines Okafor may not assign an owner"),
    ("a listener's hand",                          "errors",     "kate", "lis",   {},                           NotAllowedError,    "Lis Ten may not assign an owner"),
    ("nobody's hand",                              "errors",     "kate", " ",     {},                           NotAllowedError,    "Say who you are first"),
]
# fmt: on


@pytest.mark.parametrize(
    ("metric", "to", "by", "more", "error", "says"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_an_assignment_is_refused(metric, to, by, more, error, says):
    with pytest.raises(error) as refused:
        assignment(owners(), ACME, metric, to, by=by, today=TODAY, **{"because": "she built it", **more})
    assert says in str(refused.value)


def test_an_owner_hands_the_own_metric_over_with_a_reason():
    told = assignment(owners(), ACME, "errors", "kate", by="dov", today=TODAY, because="I move on")
    assert told.body["person"] == "kate"


def test_the_past_is_not_rewritten():
    book = given(("errors", "kate", TODAY, TODAY))
    with pytest.raises(DecisionError) as refused:
        assignment(
            owners(book), ACME, "errors", "olga", by="priya", today=NEXT_WEEK,
            because="no", start=TODAY - timedelta(days=1),
        )  # fmt: skip
    assert "Kate Brandt has owned Failed checkouts since 2026-05-11" in str(refused.value)


def test_the_same_owner_twice_is_refused():
    book = given(("errors", "kate", TODAY, TODAY))
    with pytest.raises(DecisionError) as refused:
        assignment(owners(book), ACME, "errors", "kate", by="priya", today=TODAY, because="again")
    assert str(refused.value) == "Kate Brandt owns Failed checkouts already, since 2026-05-11."


def test_only_the_new_owner_accepts():
    book = given(("errors", "kate", TODAY, TODAY))
    with pytest.raises(NotAllowedError) as refused:
        acceptance(owners(book), ACME, "errors", by="dov", today=TODAY)
    assert "given to Kate Brandt" in str(refused.value)
    with pytest.raises(DecisionError) as refused:
        acceptance(owners(book), ACME, "speed", by="kate", today=TODAY)
    assert "waits for nobody" in str(refused.value)


def test_a_deputy_speaks_between_two_days():
    book = Book()
    until = TODAY + timedelta(days=4)
    book.say(deputising(owners(), ACME, "errors", "kate", by="dov", today=TODAY, until=until), "dov")
    told = owners(book)
    assert [told.at("errors", d).speakers for d in (TODAY, until, until + timedelta(days=1))] == [
        ("dov", "kate"), ("dov", "kate"), ("dov",),
    ]  # fmt: skip
    assert told.of("kate", TODAY) == ("speed", "weather", "errors")
    book.say(deputising(told, ACME, "errors", None, by="dov", today=TODAY, until=None), "dov")
    assert owners(book).at("errors", TODAY).deputy is None


# fmt: off
NO_DEPUTY = [
    # it refuses …            metric    person  by       first  last   says
    ("no last day",           "errors", "kate", "dov",   0,     None,  "needs a last day"),
    ("days that are swapped", "errors", "kate", "dov",   5,     2,     "Swap them"),
    ("a day that is past",    "errors", "kate", "dov",   -1,    2,     "cannot begin in the past"),
    ("the owner",             "errors", "dov",  "priya", 0,     2,     "cannot be the own deputy"),
    ("an analyst",            "errors", "yuki", "dov",   0,     2,     "an analyst prepares"),
    ("one of no owner",       "orphan", "kate", "priya", 0,     2,     "Assign an owner first"),
    ("another one's word",    "errors", "kate", "kate",  0,     2,     "does not own Failed checkouts"),
    ("an end of nothing",     "errors", None,   "dov",   0,     None,  "no deputy today"),
]
# fmt: on


@pytest.mark.parametrize(
    ("metric", "person", "by", "first", "last", "says"),
    [c[1:] for c in NO_DEPUTY],
    ids=[c[0] for c in NO_DEPUTY],
)
def test_a_deputy_is_refused(metric, person, by, first, last, says):
    until = None if last is None else TODAY + timedelta(days=last)
    start = TODAY + timedelta(days=first)
    with pytest.raises(DecisionError) as refused:
        deputising(owners(), ACME, metric, person, by=by, today=TODAY, until=until, start=start)
    assert says in str(refused.value)


def test_who_left_owns_nothing_and_one_hand_over_takes_all():
    book = Book()
    book.say(leaving(owners(), ACME, "kate", by="priya", on=TODAY))
    told = owners(book)
    assert [(o.metric, o.owner, o.left) for o in told.all(TODAY) if o.left] == [
        ("speed", None, "kate"),
        ("weather", None, "kate"),
    ]
    assert told.at("speed", TODAY - timedelta(days=1)).owner == "kate"
    assert [(s.owner, s.last) for s in told.stretches("speed")] == [("kate", date(2026, 5, 10)), (None, None)]
    with pytest.raises(NotAllowedError) as refused:
        assignment(told, ACME, "errors", "kate", by="priya", today=TODAY, because="x")
    assert "left on 2026-05-11" in str(refused.value)
    book.say(leaving(told, ACME, "kate", by="priya", on=None))
    assert owners(book).at("speed", TODAY).owner == "kate"


def test_a_preview_says_what_would_happen_and_decides_nothing():
    planned = preview(owners(), ACME, ["errors", "old_errors", "speed"], "kate", by="priya", today=TODAY)
    assert planned[0] == Planned("errors", "dov", "kate", "")
    assert "is retired" in planned[1].refused
    assert planned[2] == Planned("speed", "kate", "kate", "")  # Proposed so far; the journal would say so.


def test_differences_between_yaml_and_journal_show():
    book = given(("errors", "kate", TODAY, TODAY), ("speed", "kate", TODAY, TODAY))
    assert [(o.metric, o.proposed, o.owner) for o in owners(book).differences(TODAY)] == [
        ("errors", "dov", "kate")
    ]
    changed = with_owners(ACME, owners(book), TODAY)
    assert (changed.metrics["errors"].owner, changed.metrics["speed"].owner) == ("kate", "kate")
    assert with_owners(ACME, owners(), TODAY) is ACME


def test_coverage_of_nodes_and_load_of_people():
    assert owners().coverage(TODAY) == (
        Coverage("growth", "Growth", ("conversion", "orphan"), ("orphan",)),
        Coverage("experience", "Experience", ("errors", "speed"), ()),
    )
    assert owners().load(TODAY) == {"kate": 2, "dov": 1, "olga": 1}


def test_one_person_over_sections_that_have_nothing_to_do_with_each_other():
    assert owners().unrelated(TODAY) == (Spread("kate", (("Browse",), ("Outside",))),)
    linked = [{"driver": "weather", "driven": "speed", "sign": "+", "lag_weeks": [0, 0], "because": "x"}]
    assert owners(definitions=company(links=linked)).unrelated(TODAY) == ()


def test_a_section_is_a_list_of_metrics():
    assert metrics_of_section(ACME, "Outside") == ("weather", "orphan")
    with pytest.raises(UnknownNameError) as refused:
        metrics_of_section(ACME, "Checkot")
    assert "Did you mean 'Checkout'?" in str(refused.value)


def test_where_no_people_are_declared_anybody_owns_and_assigns():
    alone = company(people={})
    told = assignment(owners(definitions=alone), alone, "errors", "anna", by="me", today=TODAY, because="x")
    assert told.body["person"] == "anna"
