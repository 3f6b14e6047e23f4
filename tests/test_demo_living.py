"""Wrenfield in the middle of its week: what its people did, and what page 0 asks them now."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from metrics import open_workspace
from metrics.cli import app
from metrics.demo import living

W0, W1, W3 = date(2026, 5, 9), date(2026, 5, 2), date(2026, 4, 18)
NEW_YORK = ZoneInfo("America/New_York")
KATES = ("dock_to_stock", "same_day_shipping", "pick_errors", "units_per_labour_hour", "recordable_injuries")


def wbr(*words):
    """Run a command that must work."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("living") / "wrenfield"
    wbr("demo", found, "--no-serve")
    return found


@pytest.fixture(scope="module")
def workspace(folder):
    return open_workspace(folder)


@pytest.fixture(scope="module")
def loop(workspace):
    return workspace.loop


def test_page_0_asks_the_promises_of_the_weeks_before(loop):
    asked = loop.promises(W0)
    assert [
        (c.action.metric, c.action.owner, c.action.state, c.action.due, c.late, c.age, c.action.on_time())
        for c in asked.actions
    ] == [
        ("forecast_accuracy", "ravi.menon", "open", date(2026, 5, 6), True, 19, None),
        ("payment_authorisation", "nina.falk", "done", date(2026, 5, 8), False, 5, True),
    ]
    assert [(c.action.metric, c.action.owner, c.action.state, c.effect.state) for c in asked.worked] == [
        ("phone_wait_p90", "june.abara", "done", "did_not_come")
    ]
    assert [(a.metric, a.by, a.due) for a in asked.analysing] == [
        ("recordable_injuries", "kate.brandt", date(2026, 5, 11))
    ]
    assert [(r.metric, r.story.by, r.age(loop.today)) for r in asked.reviews] == [
        ("days_to_refund", "june.abara", 0)
    ]
    assert [(c.metric, c.week_ending, c.due, c.age(loop.today), c.missing) for c in asked.corrections] == [
        ("phone_wait_p90", W3, date(2026, 5, 13), 19, ("the root cause",))
    ]
    assert [(t.text, t.where) for t in asked.topics] == [
        ("Should sellers pay for returns of wrong detail pages?", "Seller terms, 14 May")
    ]
    assert [c.metric for c in asked.uncertified if c.state == "disputed"] == ["detail_page_views"]
    assert (asked.marks, asked.questions, asked.despite) == ((), (), ())


def test_an_action_of_december_brought_what_it_should(loop):
    told = {a.metric: loop.saying.effect(a).state for a in loop.saying.actions()}
    assert told == {
        "same_day_shipping": "came",
        "phone_wait_p90": "did_not_come",
        "forecast_accuracy": "not_due",
        "payment_authorisation": "not_due",
    }


def test_the_week_before_is_closed_and_this_one_is_with_its_owners(loop):
    before, now = loop.progress(W1), loop.progress(W0)
    assert (before.state, before.by, before.since, before.despite) == (
        "closed",
        "priya.raman",
        datetime(2026, 5, 6, 16, tzinfo=NEW_YORK),
        {},
    )
    assert (now.state, now.next, now.despite) == ("owner_review", "certified", {})
    assert {look.by for look in loop.saying.looks(W0)} == {
        "omar.haddad",
        "june.abara",
        "ravi.menon",
        "tomas.lind",
    }
    assert {(a.metric, a.kind, a.by, a.due) for a in loop.saying.answers(W0)} == {
        ("late_orders", "still_analysing", "omar.haddad", date(2026, 5, 12)),
        ("views_in_stock", "explained", "ravi.menon", None),
    }
    owed = [o for o in loop.missing(W0) if o.kind == "answer"]
    assert [(o.metric, o.who) for o in owed] == [("failed_checkouts", ("dov.stern",))]


def test_the_meeting_of_the_week_before_was_held(loop, workspace):
    people = set(workspace.definitions.people)
    assert set(loop.saying.attended(W1)) == people - {"leo.marchetti"}
    [question] = loop.saying.questions(W1)
    assert (question.metric, question.by, question.answered_by) == (
        "detail_page_views",
        "ines.okafor",
        "amara.diallo",
    )
    assert [(s.metrics, s.mark, s.week_ending) for s in loop.saying.stories()] == [
        (("phone_wait_answered",), "disagrees", date(2025, 8, 23)),
        (("customer_promise_met",), "agrees", W1),
        (("days_to_refund",), "disagrees", W0),
        (("wrong_detail_pages",), "agrees", W0),
    ]


def test_finance_vouched_for_what_it_could(loop):
    stands = loop.certifying.certifications(W1)
    others = {m: c.state for m in loop.metrics_of() if (c := stands[m]).state != "certified"}
    assert others == {
        "detail_page_views": "disputed",
        "return_rate": "uncertified",
        "repeat_within_60_days": "uncertified",
        "free_cash_flow": "uncertified",
    }
    assert all(stands[m].decided for m in loop.metrics_of())


def test_owners_a_deputy_a_hand_over_and_two_metrics_of_nobody(loop):
    owners = loop.owning.owners()
    assert owners.without(loop.today) == ("basket_against_rivals", "payouts_on_time")
    deputies = {o.metric: (o.deputy, o.deputy_until) for o in owners.all(loop.today) if o.deputy}
    assert deputies == {m: ("omar.haddad", date(2026, 5, 16)) for m in KATES}
    waiting = [(o.metric, o.owner, o.proposed) for o in owners.all(loop.today) if o.standing == "waiting"]
    assert waiting == [("plus_sign_ups", "sam.osei", "leo.marchetti")]


def test_the_published_deck_is_the_same_for_ever(folder, tmp_path):
    fresh = open_workspace(folder)
    publishing = fresh.loop.publishing
    edition, *teams = publishing.editions()
    told = publishing.document(edition)
    assert (edition.week_ending, edition.number, edition.by, edition.missing) == (W1, 1, "priya.raman", ())
    assert sha256(told).hexdigest() == edition.files["deck.html"]
    assert [(e.deck, e.at) for e in teams] == [("fulfilment", edition.at), ("marketing", edition.at)]
    for name in ("one.html", "two.html"):
        written = tmp_path / name
        wbr("published", "--workspace", folder, "--week", W1, "--output", written)
        assert written.read_bytes() == told


def test_the_published_deck_carries_what_had_been_said_by_then_and_nothing_of_later(loop, workspace):
    frozen = loop.publishing.deck(loop.publishing.edition(W1))
    answers = {b.metric: b.said.answer for b in frozen.blocks if b.said and b.said.answer}
    assert answers["recordable_injuries"].startswith("Still analysing: Cut hands at the packing line.")
    assert frozen.state == "published"
    assert frozen.wheel is not None
    [page_views] = [b for b in frozen.blocks if b.metric == "detail_page_views"]
    assert page_views.said.stamps == ("disputed",)
    assert not [r for r in page_views.said.remarks if "asks:" in r]  # The question came in the meeting.
    today = next(b for b in workspace.deck(W1).blocks if b.metric == "detail_page_views")
    assert [r for r in today.said.remarks if "asks:" in r]


def test_a_published_deck_keeps_the_owner_who_spoke_for_it(loop, workspace):
    edition = loop.publishing.edition(W1)
    frozen = next(b for b in loop.publishing.values(edition)["blocks"] if b["metric"] == "plus_sign_ups")
    today = next(b for b in workspace.deck(W1).blocks if b.metric == "plus_sign_ups")
    assert (frozen["owner"], today.owner) == ("Leo Marchetti", "Sam Osei")


def test_what_came_later_shows_cell_by_cell_and_changes_nothing(loop):
    changed = loop.changes(W1)
    whys = {(c.metric, c.why) for c in changed}
    assert whys == {
        ("return_rate", "it has matured"),
        ("repeat_within_60_days", "it has matured"),
        ("free_cash_flow", "a day it is made from was told later, or the calendar was changed"),
    }
    newest = next(c for c in changed if (c.metric, c.label) == ("return_rate", f"week ending {W1}"))
    assert (newest.old, newest.new) == (pytest.approx(0.00889, abs=1e-5), pytest.approx(0.02162, abs=1e-5))


def test_the_restated_sales_of_april_are_noted(workspace):
    told = workspace.restatements("gmv")
    late = told[told["day"].astype("datetime64[ns]").dt.year == 2026]
    days = sorted(late["day"].astype("datetime64[ns]").dt.date.unique())
    assert days == [W3 - timedelta(days=2), W3 - timedelta(days=1), W3]
    assert (late["old"] < late["new"]).all()


def test_the_chain_verifies_and_nothing_is_told_out_of_turn(workspace, loop):
    audit, broken = loop.audit()
    assert (audit.ok, broken) == (True, ())
    facts = workspace.journal.facts()
    assert [f.at for f in facts] == sorted(f.at for f in facts)
    assert facts[-1].at <= workspace.now()


def test_the_same_numbers_give_the_same_facts(folder, tmp_path, workspace):
    url = f"sqlite:///{tmp_path}/again.sqlite"
    living.live(folder, journal=url)
    again, first = open_workspace(folder, journal=url).journal.facts(), workspace.journal.facts()
    assert [unsealed(f) for f in again] == [unsealed(f) for f in first]


def unsealed(fact):
    """A fact without what its salt decides: its hashes, and those of others that it names."""
    body = {k: v for k, v in fact.body.items() if k not in ("journal", "folder", "files")}
    return replace(fact, hash="", previous="", body=body)


def test_a_demo_that_lives_already_is_left_alone(folder, workspace):
    before = workspace.journal.version
    wbr("demo", folder, "--no-serve")
    assert open_workspace(folder).journal.version == before
