"""Signals in words, on the deck, and told once."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from metrics import text
from metrics.deck import Case, Marked, Row, Section, Table
from metrics.draw import grid, six_twelve
from metrics.export import html
from metrics.export import json as json_form
from metrics.flywheel import Moved, Pull
from metrics.history import Signal
from metrics.pacing import forecast, landing
from metrics.pacing.values import Reason as PacingReason
from metrics.signals import Model, Reason
from metrics.signals.values import JUDGED, STATES
from tests.drawn import WEEK, a_block, a_chart, a_deck, a_line, a_target


def since(weeks: int) -> date:
    return WEEK - timedelta(weeks=weeks)


def a_signal(**parts) -> Signal:
    """An unfavourable exception: 2.71% where 2.85 to 3.02% was expected."""
    plain = Signal(
        metric="conversion",
        week_ending=WEEK,
        value=0.0271,
        expected=0.0293,
        low=0.0285,
        high=0.0302,
        z=-7.5,
        tier="exception",
        state="normal",
        reasons=(Reason("below_range", "below", WEEK),),
        favourable=False,
        n=143,
        weight=1.0,
    )
    return replace(plain, **parts)


ABOVE = Reason("above_range", "above", WEEK)
LEAN = Reason("three_of_four", "below", since(3))
RUN = Reason("eight_in_a_row", "below", since(7))
LONG = Reason("eight_in_a_row", "above", since(27))
WATCH = {"tier": "watch", "value": 0.685, "low": 0.683, "high": 0.751, "z": -1.9}

# fmt: off
VERDICTS = [
    # it says that …                                   the signal                                                         in words
    ("a week lies below its range",                    a_signal(),                                                        "Lower than expected: 2.71%, expected 2.85–3.02%"),
    ("a week lies above its range",                    a_signal(reasons=(ABOVE,), value=0.031),                           "Higher than expected: 3.10%, expected 2.85–3.02%"),
    ("a run lies behind an exception",                 a_signal(reasons=(a_signal().reasons[0], RUN)),                    "Lower than expected: 2.71%, expected 2.85–3.02%; below for 8 weeks, since 21 Mar"),
    ("three of four weeks lean",                       a_signal(**WATCH, reasons=(LEAN,)),                                "Low in three of the last four weeks: 68.5%, expected 68.3–75.1%"),
    ("a run of a year ago names its year",             a_signal(**WATCH, reasons=(LONG,)),                                "Above expected for 28 weeks, since 1 Nov 2025: 68.5%, expected 68.3–75.1%"),
    ("both patterns at once",                          a_signal(**WATCH, reasons=(LEAN, RUN)),                            "Below expected for 8 weeks, since 21 Mar, clearly in three of the last four: 68.5%, expected 68.3–75.1%"),
    ("an ordinary week is as expected",                a_signal(tier="none", value=0.029, reasons=()),                    "As expected: 2.90%, expected 2.85–3.02%"),
    ("limits are on trial",                            a_signal(state="trial", n=9),                                      "Lower than expected: 2.71%, expected 2.85–3.02% (on trial: only 9 weeks to learn from)"),
    ("limits are provisional",                         a_signal(state="provisional", n=20),                               "Lower than expected: 2.71%, expected 2.85–3.02% (provisional: 20 weeks to learn from)"),
]
STATES_IN_WORDS = [
    # a week in this state …                           events            weeks   in words
    ("event_week",                                     ("Easter",),      160,    "Cannot be judged yet: Easter has not two years of history"),
    ("event_week",                                     ("Easter", "Fair"), 160,  "Cannot be judged yet: Easter and Fair have not two years of history"),
    ("event_week",                                     (),               160,    "Cannot be judged yet: its event has not two years of history"),
    ("too_short",                                      (),               3,      "Cannot be judged yet: only 3 weeks of history before it, 6 needed"),
    ("too_short",                                      (),               0,      "Cannot be judged yet: no history before it, 6 needed"),
    ("too_short",                                      (),               90,     "Cannot be judged yet: fewer than 6 weeks since its level or definition changed"),
    ("constant",                                       (),               90,     "Cannot be judged: it has never varied, or one week dwarfs all others"),
    ("incomplete_week",                                (),               90,     "Cannot be judged: days of the week are missing"),
    ("immature",                                       (),               90,     "Cannot be judged yet: it will still move as late numbers come in"),
    ("missing",                                        (),               90,     "Cannot be judged: it has no value this week"),
    ("before_start",                                   (),               90,     "Cannot be judged: its definition begins later"),
    ("pooled",                                         (),               90,     "Not judged alone: it counts few events, so four weeks are judged together"),
]
RANGES = [
    # it writes a range of …       low        high        unit         in words
    ("shares with one sign",       0.0285,    0.0302,     "fraction",  "2.85–3.02%"),
    ("money in one size",          13.43e6,   16.37e6,    "currency",  "$13.43–16.37M"),
    ("money in two sizes",         950_000,   1.02e6,     "currency",  "$950.0K–1.02M"),
    ("what may fall below zero",   -53_300,   -27_900,    "currency",  "−$53.30K to −$27.90K"),
    ("a sign that changes",        -0.0686,   0.32,       "fraction",  "−6.86% to 32.0%"),
    ("days",                       2.87,      3.84,       "days",      "2.87–3.84 days"),
    ("whole things, inside",       1.08,      21.8,       "count",     "2–21"),
    ("many things",                8712.1,    21311.7,    "count",     "8,713–21,311"),
    ("very many things",           198_214.5, 240_688.3,  "count",     "198.2–240.7K"),
    ("counts closer than one",     7.2,       7.8,        "count",     "7.20–7.80"),
    ("nothing between",            0.5,       0.5,        "fraction",  "50.0%"),
]
TWO_BY_TWO = [
    # target x limits              inside  met    reach  in words
    ("inside and on target",       True,   True,  True,  "Nothing to see here."),
    ("inside and out of reach",    True,   False, False, "The process cannot do this. Change the process."),
    ("inside, reached by luck",    True,   False, True,  "The process cannot do this every week. Change the process."),
    ("outside and on target",      False,  True,  True,  "What changed? Keep it or undo it."),
    ("outside and off target",     False,  False, True,  "What changed? Fix first, then judge the target."),
]
COUNTS = [
    # exceptions   by chance   in words
    (6,            0.26,       "6 exceptions; about 0.3 expected by chance"),
    (1,            0.02,       "1 exception; fewer than 0.1 expected by chance"),
    (0,            2.5,        "No exceptions; about 2.5 expected by chance"),
    (0,            0.0,        "No metric can be judged this week"),
    (40,           12.5,       "40 exceptions; about 12 expected by chance"),
]


def a_model(**parts) -> Model:
    plain = Model(trend=True, harmonics=2, events=("Easter",), phi=0.3, wandering=False, sigma=0.02, log=True, n=143, columns=7)
    return replace(plain, **parts)


MODELS = [
    # the model has …              it                                                      in words
    ("everything",                 a_model(),                                              "Trend, yearly season, Easter; remembers 30% of last week."),
    ("nothing",                    a_model(trend=False, harmonics=0, events=(), phi=0.0),  "Steady level; remembers nothing of last week."),
    ("a level that wanders",       a_model(trend=False, wandering=True, phi=-0.24, events=()), "Wandering level, yearly season; takes back 24% of last week’s change."),
    ("momentum",                   a_model(trend=False, wandering=True, phi=0.1, harmonics=0), "Wandering level, Easter; repeats 10% of last week’s change."),
    ("many events",                a_model(events=("A", "B", "C", "D", "E")),              "Trend, yearly season, A, B, 3 more events; remembers 30% of last week."),
]
# fmt: on


def a_moved(lag: int, **parts) -> Moved:
    pull = Pull("forecast_accuracy", "views_in_stock", "+", (0, 4))
    return Moved(pull, lag, a_signal(metric="forecast_accuracy", week_ending=since(lag), **parts))


DRIVERS = [
    (a_moved(4), "Forecast accuracy fell four weeks ago"),
    (a_moved(0, reasons=(ABOVE,)), "Forecast accuracy rose in the same week"),
    (a_moved(1, tier="watch", reasons=(LEAN,)), "Forecast accuracy was on the low side the week before"),
    (a_moved(14, tier="watch", reasons=(LONG,)), "Forecast accuracy was on the high side 14 weeks ago"),
]


@pytest.mark.parametrize(("signal", "told"), [c[1:] for c in VERDICTS], ids=[c[0] for c in VERDICTS])
def test_a_verdict_is_a_plain_sentence(signal, told):
    assert text.verdict(signal, "fraction") == told


@pytest.mark.parametrize(("state", "events", "weeks", "told"), STATES_IN_WORDS)
def test_a_week_that_cannot_be_judged_says_why(state, events, weeks, told):
    signal = a_signal(tier="cannot_judge", state=state, reasons=())
    assert text.verdict(signal, "fraction", events=events, weeks=weeks) == told


def test_every_state_without_judgement_has_its_sentence():
    assert {case[0] for case in STATES_IN_WORDS} == set(STATES) - JUDGED


@pytest.mark.parametrize(("low", "high", "unit", "told"), [c[1:] for c in RANGES], ids=[c[0] for c in RANGES])
def test_a_range_tells_its_unit_once(low, high, unit, told):
    assert text.span(low, high, unit) == told


@pytest.mark.parametrize(
    ("inside", "met", "reach", "told"), [c[1:] for c in TWO_BY_TWO], ids=[c[0] for c in TWO_BY_TWO]
)
def test_targets_and_limits_are_two_questions(inside, met, reach, told):
    assert text.against_target(inside=inside, met=met, within_reach=reach) == told


@pytest.mark.parametrize(("exceptions", "by_chance", "told"), COUNTS)
def test_the_count_says_what_chance_alone_would_bring(exceptions, by_chance, told):
    assert text.chance(exceptions, by_chance) == told


def test_watches_are_counted_for_their_owners():
    assert [text.chance_of_watches(n, 1.04) for n in (0, 1, 5)] == [
        "No watches; about 1.0 expected by chance",
        "1 watch for its owner; about 1.0 expected by chance",
        "5 watches for their owners; about 1.0 expected by chance",
    ]


@pytest.mark.parametrize(("moved", "told"), DRIVERS)
def test_a_driver_is_told_with_its_lag(moved, told):
    assert text.driver(moved, "Forecast accuracy") == told


@pytest.mark.parametrize(("model", "told"), [c[1:] for c in MODELS], ids=[c[0] for c in MODELS])
def test_a_model_is_one_sentence(model, told):
    assert text.model_sentence(model) == told


def test_each_reason_of_pacing_is_a_sentence_with_its_own_numbers():
    told = {reason: text.pacing_reason(reason) for reason in PacingReason.__args__}
    assert all(words.endswith(".") for words in told.values())
    assert f"{forecast.SHORTEST} weeks" in told["too_short"]
    assert f"{forecast.FURTHEST} weeks" in told["too_far"]
    assert forecast.FILLED_AT_MOST == 2
    assert "more than two weeks" in told["missing_weeks"]
    assert landing.FEWEST == 5
    assert "five times" in told["few_backtests"]


# --- drawn and written -------------------------------------------------------------------------

ORDERS = {"metric": "orders", "value": 140.0, "expected": 118.0, "low": 110.0, "high": 126.0}
MARKS = [
    # the week is …             the signal                                                              ring     word
    ("an exception",            a_signal(**ORDERS),                                                     "alarm", "Exception, unfavourable"),
    ("a favourable exception",  a_signal(**ORDERS, favourable=True),                                    "good",  "Exception, favourable"),
    ("one of neither side",     a_signal(**ORDERS, favourable=None),                                    "alarm", "Exception"),
    ("a watch",                 a_signal(**ORDERS, tier="watch", reasons=(RUN,)),                       "watch", "Watch"),
    ("as expected",             a_signal(**ORDERS, tier="none", reasons=()),                            None,    ""),
    ("not judged",              a_signal(**ORDERS, tier="cannot_judge", state="missing", reasons=()),   None,    ""),
]  # fmt: skip


@pytest.mark.parametrize(("signal", "ring", "word"), [c[1:] for c in MARKS], ids=[c[0] for c in MARKS])
def test_a_mark_has_a_shape_on_the_chart_and_a_word_beside_it(signal, ring, word):
    drawn = six_twelve.svg(a_chart(), key="b1", signal=signal, told="As said")
    rings = {kind for kind in six_twelve.RINGS if f'class="{kind}"' in drawn}
    assert rings == ({ring} if ring else set())
    assert ('class="band"' in drawn) == (signal.tier != "cannot_judge")
    assert text.mark(signal) == word
    card = grid.card(a_block(signal=signal, told="As said"), "USD")
    assert (f"<b>{word}</b> <span>As said.</span>" in card) == bool(word)
    assert ("<desc" in drawn and f"{word}: As said." in drawn) == bool(word)
    assert f"Signal: {word + ': ' if word else ''}As said" in drawn  # The reading of the place.


def test_the_label_of_a_marked_point_keeps_clear_of_its_ring():
    chart = a_chart(a_line(), a_target())
    plain = six_twelve.svg(chart, key="b1")
    ringed = six_twelve.svg(chart, key="b1", signal=a_signal(**ORDERS), told="")
    [before, after] = [
        float(svg.split('class="last"')[0].split('y="')[-1].split('"')[0]) for svg in (plain, ringed)
    ]
    assert before - after == pytest.approx(six_twelve.AIR["alarm"], abs=0.02)


def test_the_expected_range_of_average_days_is_that_of_a_day():
    chart = a_chart(a_line(weeks=tuple(value / 7 for value in a_line().weeks)))
    of_a_day = a_signal(**{name: value if name == "metric" else value / 7 for name, value in ORDERS.items()})
    assert six_twelve.svg(chart, key="b1", signal=a_signal(**ORDERS)) == six_twelve.svg(
        chart, key="b1", signal=of_a_day
    )


def a_case() -> Case:
    lead = Marked(
        "failed",
        "Failed <checkouts>",
        1,
        a_signal(metric="failed", reasons=(ABOVE,)),
        "Higher than expected: 2.90%",
    )
    other = Marked("orders", "Orders", 2, a_signal(**ORDERS), "Lower than expected: 193K")
    behind = Marked(
        "fast", "Fast Track", 3, a_signal(tier="watch"), "Fast Track was on the low side in the same week"
    )
    return Case(lead, (other,), (behind,), text.caution(1, 1))


def a_marked_deck():
    case = a_case()
    blocks = [
        a_block(1, metric="failed", title="Failed <checkouts>", signal=case.lead.signal, told=case.lead.told),
        a_block(2, metric="orders", signal=case.others[0].signal, told=case.others[0].told, drivers=(case.lead,)),
        a_block(3, metric="fast", title="Fast Track", signal=a_signal(metric="fast", tier="watch", reasons=(RUN,)), told="Low for 8 weeks"),
        a_block(
            4,
            metric="auth",
            title="Authorisation",
            signal=a_signal(metric="auth", tier="none", reasons=()),
            told="As expected: 94.1%",
            on_target=text.against_target(inside=True, met=False),
        ),
        a_block(
            5,
            metric="returns",
            title="Returns",
            signal=a_signal(metric="returns", tier="cannot_judge", state="immature", reasons=()),
            told="Cannot be judged yet: it will still move as late numbers come in",
        ),
    ]  # fmt: skip
    return a_deck(*blocks, cases=(case,), by_chance=(0.26, 1.04))


def test_page_0_counts_the_exceptions_and_tells_those_with_one_cause_once():
    front = grid.front(a_marked_deck())
    assert "2 exceptions; about 0.3 expected by chance" in front
    assert front.count('class="w-case"') == 1
    assert '<a href="#b1"><span class="w-number">1</span> <b>Failed &lt;checkouts&gt;</b></a>' in front
    assert '<a href="#b2"><span class="w-number">2</span> <b>Orders</b></a>' in front
    assert 'Behind them: <a href="#b3" data-metric="fast">Fast Track</a> was on the low side' in front
    assert "none of them is claimed to explain all of it" in front
    assert "1 watch for its owner; about 1.0 expected by chance" in front
    assert '<a href="#b3"><span class="w-number">3</span> Fast Track</a>' in front


def test_a_deck_that_was_not_judged_speaks_of_no_exceptions():
    page = grid.page(a_deck())
    assert "by chance" not in page
    assert "expected range" not in page
    assert "w-mark" not in page


def test_a_deck_without_exceptions_says_so():
    quiet = a_deck(
        a_block(signal=a_signal(**ORDERS, tier="none", reasons=()), told="As expected"),
        by_chance=(0.005, 0.02),
    )
    assert "No exceptions; fewer than 0.1 expected by chance" in grid.front(quiet)


def test_a_predictable_miss_is_told_and_is_no_exception():
    deck = a_marked_deck()
    card = grid.card(deck.blocks[3], "USD")
    assert "Predictable and off target. The process cannot do this. Change the process." in card
    assert "Exception" not in card
    assert [block.metric for block in deck.exceptions] == ["failed", "orders"]


@pytest.mark.parametrize("state", ["event_week", "too_short", "constant", "immature", "missing", "pooled"])
def test_a_week_that_cannot_be_judged_says_so_where_no_stamp_does(state):
    signal = a_signal(**ORDERS, tier="cannot_judge", state=state, reasons=())
    card = grid.card(a_block(signal=signal, told="Cannot be judged yet: why"), "USD")
    said = '<p class="w-mark w-calm">Cannot be judged yet: why.</p>' in card
    assert said == (state in {"event_week", "too_short", "constant"})


def test_the_html_deck_carries_marks_and_reads_without_script():
    written = html.document(a_marked_deck())
    body = written.split("<body>")[1].split("<script")[0]
    assert body.count('class="alarm"') >= 4  # Two charts, two on page 0, one in the key.
    assert "Exception, unfavourable" in body
    assert "2 exceptions; about 0.3 expected by chance" in body


def test_the_preparation_view_holds_exceptions_together_and_lists_the_rest():
    view = grid.preparation(a_marked_deck())
    cards = [part.split('"')[0] for part in view.split('<article class="w-card')[1:]]
    assert len(cards) == 2
    assert view.index('id="b1"') < view.index('id="b2"')
    assert 'id="b3"' not in view
    assert "Failed &lt;checkouts&gt;, with 1 more" in view
    assert "Low for 8 weeks" in view
    assert "1 metric not judged" in view
    assert "Cannot be judged yet: it will still move" in view
    assert "The meeting reads the whole deck" in view


def test_the_deck_as_json_has_its_signals():
    form = json_form.as_json(a_marked_deck())
    assert (form["exceptions"], form["watches"]) == (["failed", "orders"], ["fast"])
    assert form["by_chance"] == {"exceptions": 0.26, "watches": 1.04}
    [group] = form["groups"]
    assert (group["lead"]["metric"], [o["metric"] for o in group["others"]], [b["metric"] for b in group["behind"]]) == (
        "failed",
        ["orders"],
        ["fast"],
    )  # fmt: skip
    failed = next(block for block in form["blocks"] if block["metric"] == "failed")
    assert failed["signal"] == {
        "metric": "failed", "week_ending": "2026-05-09", "value": 0.0271, "expected": 0.0293, "low": 0.0285,
        "high": 0.0302, "z": -7.5, "tier": "exception", "reasons": ["above_range"], "n": 143, "state": "normal",
        "direction": "above", "since": {"above_range": "2026-05-09"}, "favourable": False, "weight": 1.0,
        "sentence": "Higher than expected: 2.90%",
    }  # fmt: skip


def test_a_metric_that_only_a_table_shows_is_counted_too():
    row = Row("Orders", "orders", "count", (1.0,), ("complete",), signal=a_signal(**ORDERS), told="Lower")
    table = a_block(7, kind="weeks_table", title="Results", table=Table(("wk 19",), (row,)))
    deck = a_deck(sections=(Section("Results", (replace(table, chart=None),)),))
    assert [block.number for block in deck.exceptions] == [7]
    assert json_form.as_json(deck)["exceptions"] == ["orders"]
    assert "Exception, unfavourable:" in grid.block_html(deck.blocks[0], "USD")
