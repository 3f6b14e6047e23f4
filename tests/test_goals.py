"""Goals in a workspace: where they stand, what is proposed, what finance sets, and what cannot be said."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics import open_workspace
from metrics.definitions import Definitions, GoalPeriod
from metrics.errors import ConflictError, DecisionError, MetricsError, NotAllowedError, UnknownNameError
from metrics.periods import Period
from metrics.reviews import goals as rules
from metrics.reviews.goals import Kept, PlanChange, StatusSet
from metrics.workspace import Workspace, goal_words
from metrics.workspace.goals import FILE, FOLDER, Track
from tests.browser import ROOT

FIRST = date(2024, 1, 7)  # A Sunday; weeks end on Saturday.
WEEKS = 122
WEEK = date(2026, 5, 9)
DEFINITIONS = """
company: {name: Corner Shop, currency: USD, time_zone: UTC, now: 2026-05-11T07:00}
calendar: {week_ends_on: saturday}
people:
  fin: {name: Fay Finance, roles: [finance]}
  fox: {name: Fox Finance, roles: [finance]}
  own: {name: Olga Owner, roles: [owner]}
  exe: {name: Eve Executive, roles: [executive]}
sources:
  shop: {csv: shop.csv, date: {column: day}, series: {orders: orders, visits: visits, stock: stock, young: young}}
  cash: {csv: cash.csv, date: {column: day}, grain: month, series: {cash: cash}}
  later: {csv: later.csv, date: {column: day}, series: {nothing: nothing}}
metrics:
  orders: {name: Orders, kind: output, owner: own, unit: count, better: up, measure: {how: total, series: orders}}
  conversion:
    {name: Conversion, kind: output, owner: own, unit: fraction, better: up,
     measure: {how: ratio, numerator: orders, denominator: visits}}
  ripe:
    {name: Ripe conversion, kind: output, owner: own, unit: fraction, better: up, matures_after_weeks: 5,
     measure: {how: ratio, numerator: orders, denominator: visits}}
  stock: {name: Stock, kind: output, owner: own, unit: count, better: down, measure: {how: latest, series: stock}}
  young: {name: Young, kind: output, owner: own, unit: count, better: up, measure: {how: total, series: young}}
  cash: {name: Cash, kind: output, owner: own, unit: currency, better: up, measure: {how: total, series: cash}}
  nothing: {name: Nothing, kind: output, owner: own, unit: count, better: up, measure: {how: total, series: nothing}}
  old:
    {name: Old orders, kind: output, owner: own, unit: count, better: up, state: retired,
     measure: {how: total, series: orders}}
  even: {name: Even, kind: output, owner: own, unit: count, better: none, measure: {how: total, series: orders}}
goals:
"""
GOALS = {
    "the year": "metric: orders, period: {year: 2026}, value: 38000",
    "too much": "metric: orders, period: {year: 2026}, value: 90000",
    "done": "metric: orders, period: {year: 2026, quarter: 1}, value: 9000",
    "not done": "metric: orders, period: {year: 2026, month: 2}, value: 5000",
    "share": "metric: conversion, period: {year: 2026}, value: 0.09",
    "ripe": "metric: ripe, period: {week_ending: 2026-12-26}, value: 0.2",
    "level": "metric: stock, period: {week_ending: 2026-08-01}, value: 5000",
    "young": "metric: young, period: {year: 2026}, value: 1000",
    "cash": "metric: cash, period: {year: 2026}, value: 2400",
    "empty": "metric: nothing, period: {year: 2026}, value: 10",
    "retired": "metric: old, period: {year: 2026}, value: 10",
    "past": "metric: orders, period: {year: 2019}, value: 10",
    "far": "metric: orders, period: {year: 2031}, value: 10",
    "next": "metric: orders, period: {year: 2027}, value: 38000",
    "zero": "metric: stock, period: {week_ending: 2026-05-16}, value: 0",
    "no side": "metric: even, period: {year: 2026}, value: 38000",
}


def a_workspace(folder: Path, goals: dict[str, str] = GOALS, *, people: bool = True) -> Workspace:
    text = DEFINITIONS
    if not people:
        text = text[: text.index("people:")] + text[text.index("sources:") :].replace("owner: own, ", "")
    lines = [f"  - {{name: {name}, {body}, owner: own}}" for name, body in goals.items()]
    (folder / "workspace.yaml").write_text(text + "\n".join(lines) + "\n", encoding="utf-8")
    told = ["day,orders,visits,stock,young"]
    for n in range(7 * WEEKS):
        orders = 100 + n * 0.01 + (n * 37 % 11 - 5)
        young = 3 if n >= 7 * (WEEKS - 10) else ""
        told.append(f"{FIRST + timedelta(days=n)},{orders:.2f},{1000 + n % 7},{4000 - n},{young}")
    (folder / "shop.csv").write_text("\n".join(told) + "\n", encoding="utf-8")
    months = ["day,cash"] + [f"2026-0{m}-{d},{200 + m}" for m, d in ((1, 31), (2, 28), (3, 31), (4, 30))]
    (folder / "cash.csv").write_text("\n".join(months) + "\n", encoding="utf-8")
    workspace = open_workspace(folder)
    workspace.load(["shop", "cash"], by="test")
    return workspace


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return a_workspace(tmp_path_factory.mktemp("goals"))


@pytest.fixture(scope="module")
def tracks(shop: Workspace) -> dict[str, Track]:
    return {track.goal.name: track for track in shop.goals.tracks()}


@pytest.fixture
def one(tmp_path: Path) -> Workspace:
    """A workspace of a single goal that needs no forecast, to decide on."""
    return a_workspace(tmp_path, {"done": GOALS["done"]})


# --- periods ---------------------------------------------------------------------------------

# fmt: off
PERIODS = [
    # it shows that …                        asked                               period
    ("a year is the fiscal year",            {"year": 2026},                     (date(2026, 1, 1), date(2026, 12, 31))),
    ("a quarter has three months",           {"year": 2026, "quarter": 2},       (date(2026, 4, 1), date(2026, 6, 30))),
    ("a month is itself",                    {"year": 2026, "month": 2},         (date(2026, 2, 1), date(2026, 2, 28))),
    ("a week is named by its last day",      {"week_ending": date(2026, 5, 16)}, (date(2026, 5, 10), date(2026, 5, 16))),
]
# fmt: on


@pytest.mark.parametrize(("asked", "days"), [c[1:] for c in PERIODS], ids=[c[0] for c in PERIODS])
def test_the_period_of_a_goal(shop, asked, days):
    assert shop.goals.period(GoalPeriod(**asked)) == Period(*days)


def test_a_fiscal_year_is_named_by_the_year_in_which_it_ends(tmp_path):
    (tmp_path / "workspace.yaml").write_text(
        "company: {name: Shop}\ncalendar: {fiscal_year_ends: may}\n", encoding="utf-8"
    )
    goals = open_workspace(tmp_path).goals
    assert goals.period(GoalPeriod(year=2026)) == Period(date(2025, 6, 1), date(2026, 5, 31))
    assert goals.period(GoalPeriod(year=2026, quarter=1)) == Period(date(2025, 6, 1), date(2025, 8, 31))
    assert goals.period(GoalPeriod(year=2026, month=12)) == Period(date(2025, 12, 1), date(2025, 12, 31))


# --- where they stand ------------------------------------------------------------------------

# fmt: off
STANDS = [
    # it shows that …                                 goal        way        state           proposed
    ("a likely goal is green",                        "the year", "total",   "on_track",     "green"),
    ("an unlikely one is red",                        "too much", "total",   "off_track",    "red"),
    ("a met goal stays green",                        "done",     "total",   "met",          "green"),
    ("a missed one stays red",                        "not done", "total",   "missed",       "red"),
    ("a rate is averaged over the year",              "share",    "average", "on_track",     "green"),
    ("a stock that is better down is judged below",   "level",    "level",   "on_track",     "green"),
    ("without a better direction nothing is proposed", "no side", "total",   "forecast_only", None),
]
# fmt: on


@pytest.mark.parametrize(
    ("goal", "way", "state", "proposed"), [c[1:] for c in STANDS], ids=[c[0] for c in STANDS]
)
def test_where_a_goal_stands(tracks, goal, way, state, proposed):
    track = tracks[goal]
    assert (track.pace.way, track.pace.state, track.proposed) == (way, state, proposed)


def test_what_has_come_is_rolled_up_from_days(shop, tracks):
    days = shop.history("orders", "day")
    this_year = days[days["day"] >= "2026-01-01"]["value"].sum()
    assert tracks["the year"].to_date == pytest.approx(this_year)
    assert tracks["the year"].course.actual[18] == pytest.approx(this_year)
    assert tracks["the year"].shape == "last_year"


def test_a_landing_is_what_came_and_what_is_to_come(tracks):
    pace = tracks["the year"].pace
    assert pace.total == pytest.approx(pace.actual_to_date + pace.forecast_rest)
    assert pace.low80 < pace.total < pace.high80
    course = tracks["the year"].course
    assert course.forecast[-1] == pytest.approx(pace.total)
    assert course.weeks[-1] == date(2026, 12, 31)


def test_the_change_needed_for_a_goal_on_one_week_is_spread_over_the_weeks_until_it(tracks):
    track = tracks["level"]
    weeks = (date(2026, 8, 1) - WEEK).days // 7
    assert track.pace.required_per_week == pytest.approx((5000 - track.latest) / weeks)


def test_a_metric_that_matures_is_judged_by_its_newest_mature_week(tracks):
    track = tracks["ripe"]
    assert track.newest == WEEK - timedelta(weeks=5)
    assert track.pace.state == "off_track"
    assert "judged by the weeks up to Sat 4 Apr 2026" in " ".join(goal_words.notes(track, "USD"))


# fmt: off
SENTENCES = [
    # it shows that …                                goal        sentence
    ("a short history is told",                      "young",    "No forecast yet: a forecast needs 26 weeks of history."),
    ("months are too seldom",                        "cash",     "Cash is told once a month, too seldom to forecast. $810 so far; each of the 8 months left must bring $199."),
    ("no data is told",                              "empty",    "No number of Nothing is loaded, so there is nothing to judge the goal by."),
    ("a retired metric is told",                     "retired",  "Old orders is retired, so nothing is forecast. Give the goal to the metric that replaced it."),
    ("a goal before the first number cannot be judged", "past",  "The goal was due before the first number of Orders, so nobody can say whether it was met."),
    ("too far ahead is told",                        "far",      "No forecast yet: the period ends more than 104 weeks ahead."),
]
# fmt: on


@pytest.mark.parametrize(("goal", "sentence"), [c[1:] for c in SENTENCES], ids=[c[0] for c in SENTENCES])
def test_what_cannot_be_forecast_gets_a_sentence_and_no_status(tracks, goal, sentence):
    track = tracks[goal]
    said = goal_words.landing(track, "USD")
    assert (said[: len(sentence)], track.proposed) == (sentence, None)
    assert "nothing can be forecast" in goal_words.proposal(track)


def test_a_goal_of_next_year_is_forecast_before_it_begins(tracks):
    track = tracks["next"]
    said = goal_words.landing(track, "USD")
    assert said.startswith("It has not begun; about ")
    assert said.endswith("No chance can be told: the history is too short to test the forecast five times.")


def test_a_goal_of_zero_is_told_in_differences(tracks):
    track = tracks["zero"]
    assert "The goal is zero" in " ".join(goal_words.notes(track, "USD"))
    assert track.proposed == "red"


def test_every_goal_has_every_sentence(shop, tracks):
    for track in tracks.values():
        for told in (
            goal_words.landing(track, "USD"),
            goal_words.against_plan(track, "USD"),
            goal_words.needed(track, "USD"),
            goal_words.proposal(track),
            goal_words.period(track.period, shop.calendar),
            *goal_words.notes(track, "USD"),
            *goal_words.cautions(track),
        ):
            assert "nan" not in told.lower().replace("finance", "")
            assert "None" not in told


def test_goals_that_are_over_are_counted_by_quarter(shop, tracks):
    scores = shop.goals.scores(list(tracks.values()))
    assert [(s.quarter.last, s.met, s.due, s.unknown, s.share) for s in scores] == [
        (date(2019, 12, 31), 0, 0, 1, None),
        (date(2026, 3, 31), 1, 2, 0, 0.5),
    ]
    assert goal_words.score(scores, shop.calendar) == (
        "Q4 2019: 1 goal due that cannot be judged; Q1 2026: 1 of 2 met (50%)."
    )


def test_all_green_means_that_the_bar_was_low(tracks):
    green = [tracks["the year"], tracks["done"]]
    assert goal_words.bar(green).endswith("All are green: the bar may be low.")
    assert goal_words.bar([*green, tracks["too much"]]).endswith("if all are green, the bar was low.")


# --- kept forecasts --------------------------------------------------------------------------


def test_forecasts_are_kept_and_asked_for_again_only_when_their_metric_changes(tmp_path):
    goals = {name: GOALS[name] for name in ("the year", "level")}
    workspace = a_workspace(tmp_path, goals)
    assert workspace.goals.missing() == 2
    assert workspace.goals.prepare() == 2
    assert workspace.goals.prepare() == 0
    first = workspace.goals.tracks()
    again = open_workspace(tmp_path)
    assert again.goals.missing() == 0
    assert [t.pace for t in again.goals.tracks()] == [t.pace for t in first]
    lines = (tmp_path / "shop.csv").read_text(encoding="utf-8").splitlines()
    day, orders, *rest = lines[-1].split(",")
    lines[-1] = ",".join((day, str(float(orders) + 50), *rest))
    (tmp_path / "shop.csv").write_text("\n".join(lines), encoding="utf-8")
    again.load(["shop"], by="test")
    assert again.goals.missing() == 1


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"recipe": 0, "paces": {}}', '{"recipe": 1, "paces": {"a": {}}}']
)
def test_a_damaged_file_of_forecasts_is_made_anew(tmp_path, damage):
    workspace = a_workspace(tmp_path, {"done": GOALS["done"]})
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / FILE).write_text(damage, encoding="utf-8")
    assert workspace.goals.prepare() == 1
    assert len(json.loads((tmp_path / FOLDER / FILE).read_text(encoding="utf-8"))["paces"]) == 1


# --- the page --------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch):
    """Opens the goals page of a workspace through the door."""

    def opened(folder: Path, **address: str) -> AppTest:
        monkeypatch.setenv("WBR_WORKSPACE", str(folder))
        app = AppTest.from_file(str(ROOT / "metrics" / "ui" / "entry.py"), default_timeout=60)
        app.run()
        for name, value in address.items():
            app.query_params[name] = value
        app.switch_page(str(ROOT / "pages" / "goals.py"))
        app.run()
        assert not app.exception
        return app

    return opened


def markup(app: AppTest) -> str:
    return "\n".join(json.loads(one.proto.json)["html"] for one in app.get("bidi_component"))


def test_the_page_shows_every_goal_the_worst_first(opened, shop, tracks):
    shown = markup(opened(shop.folder))
    assert shown.count("<article") == len(tracks)
    assert shown.index("too much</span>") < shown.index("the year</span>")
    assert "90,000" not in shown
    assert "Finance has not set a status." in shown
    assert goal_words.landing(tracks["cash"], "USD") in shown


def test_the_page_of_a_company_without_goals_says_how_to_declare_one(opened, tmp_path):
    assert "No goal is declared." in markup(opened(a_workspace(tmp_path, {}).folder))


def test_finance_sets_a_status_on_the_page_and_everybody_sees_both(opened, one):
    app = opened(one.folder, **{"as": "fin"})
    app.radio(key="status of done").set_value("yellow").run()
    app.text_area(key="draft fin goal status: done").set_value("<b>One</b> customer").run()
    app.button(key="set done").click().run()
    assert not app.exception
    shown = markup(app)
    assert "Yellow, says Fay Finance: &lt;b&gt;One&lt;/b&gt; customer" in shown
    assert "Green is proposed: it was met." in shown
    assert [f.body["status"] for f in one.journal.facts(kind="goal.status")] == ["yellow"]


def test_the_second_of_two_is_told_on_the_page(opened, one):
    app = opened(one.folder, **{"as": "fin"})
    app.text_area(key="draft fin goal status: done").set_value("It was met").run()
    one.goals.set_status("done", "red", because="Returns are not in", by="fox")
    app.button(key="set done").click().run()
    assert any("Fox Finance set it to red" in warning.value for warning in app.warning)
    assert [f.author for f in one.journal.facts(kind="goal.status")] == ["fox"]
    app.button(key="set done").click().run()
    assert [f.author for f in one.journal.facts(kind="goal.status")] == ["fox", "fin"]


@pytest.mark.parametrize(
    ("person", "sentence"),
    [("own", "Olga Owner may not set the status of a goal"), (None, "Say who you are first")],
)
def test_who_may_not_set_a_status_is_told_why(opened, one, person, sentence):
    app = opened(one.folder, **({"as": person} if person else {}))
    assert app.radio(key="status of done").disabled
    assert any(sentence in html.value for html in app.html)


# --- what people decide ----------------------------------------------------------------------


def test_finance_sets_a_status_and_the_proposal_is_kept_beside_it(one):
    one.goals.set_status("done", "yellow", because="One customer made half of it", by="fin")
    (track,) = one.goals.tracks()
    assert (track.status, track.proposed) == ("yellow", "green")
    one.goals.set_status("done", "green", because="Checked", by="fox")
    (track,) = one.goals.tracks()
    assert [(s.status, s.proposed, s.by, s.because) for s in track.kept.statuses] == [
        ("yellow", "green", "fin", "One customer made half of it"),
        ("green", "green", "fox", "Checked"),
    ]


# fmt: off
REFUSED = [
    # it shows that …                             goal    status    because  by     error               sentence
    ("an owner may not set it",                   "done", "green",  "so",    "own", NotAllowedError,    "Olga Owner may not set the status of a goal"),
    ("a stranger may not",                        "done", "green",  "so",    "who", UnknownNameError,   "'who' is not among people"),
    ("nobody may not",                            "done", "green",  "so",    "",    NotAllowedError,    "Say who you are first"),
    ("a reason is asked for",                     "done", "green",  " ",     "fin", DecisionError,      "Why is “done” green?"),
    ("a fourth colour is none",                   "done", "purple", "so",    "fin", DecisionError,      "'purple' is no status of a goal"),
    ("an unknown goal is answered with its neighbour", "dune", "green", "so", "fin", UnknownNameError,  "Did you mean 'done'"),
]
# fmt: on


@pytest.mark.parametrize(
    ("goal", "status", "because", "by", "error", "sentence"),
    [c[1:] for c in REFUSED],
    ids=[c[0] for c in REFUSED],
)
def test_a_status_is_refused_in_words(one, goal, status, because, by, error, sentence):
    with pytest.raises(error, match=None) as told:
        one.goals.set_status(goal, status, because=because, by=by)
    assert sentence in str(told.value)
    assert one.journal.facts() == ()


def test_the_second_of_two_people_is_told_and_nothing_is_lost(one):
    (seen,) = one.goals.tracks()
    one.goals.set_status("done", "red", because="Returns are not in yet", by="fox")
    with pytest.raises(ConflictError, match="Fox Finance set it to red while you were deciding") as told:
        one.goals.set_status("done", "green", because="It was met", by="fin", expects=seen.kept.newest)
    assert "Returns are not in yet" in str(told.value)
    assert [s.status for s in one.goals.tracks()[0].kept.statuses] == ["red"]


def test_a_plan_changes_with_a_reason_and_an_approver(one):
    one.goals.change_plan("done", 12000, because="The second shop opened", by="fin", approver="exe")
    (track,) = one.goals.tracks()
    assert (track.value, track.goal.value, track.pace.state) == (12000.0, 9000.0, "missed")
    assert list(goal_words.notes(track, "USD")) == [
        "The plan was changed from 9,000 to 12.00K: The second shop opened"
    ]


# fmt: off
PLANS = [
    # it shows that …                      value         because by     approver error             sentence
    ("an owner may not change it",         12000.0,      "so",   "own", "exe",   NotAllowedError,  "may not set a target"),
    ("nobody approves their own change",   12000.0,      "so",   "fin", "fin",   NotAllowedError,  "Nobody approves their own change of plan"),
    ("an approver is asked for",           12000.0,      "so",   "fin", "",      DecisionError,    "Who approved it?"),
    ("only an executive approves",         12000.0,      "so",   "fin", "fox",   NotAllowedError,  "that is for executives. Ask one of them: Eve Executive."),
    ("a reason is asked for",              12000.0,      "",     "fin", "exe",   DecisionError,    "A plan changes only with a reason"),
    ("the same value is no change",        9000.0,       "so",   "fin", "exe",   DecisionError,    "stands at this value already"),
    ("infinity is no value",               float("inf"), "so",   "fin", "exe",   DecisionError,    "not a value a goal can have"),
]
# fmt: on


@pytest.mark.parametrize(
    ("value", "because", "by", "approver", "error", "sentence"),
    [c[1:] for c in PLANS],
    ids=[c[0] for c in PLANS],
)
def test_a_change_of_plan_is_refused_in_words(one, value, because, by, approver, error, sentence):
    with pytest.raises(error) as told:
        one.goals.change_plan("done", value, because=because, by=by, approver=approver)
    assert sentence in str(told.value)
    assert one.journal.facts() == ()


def test_where_no_people_are_declared_anybody_decides_and_another_approves():
    definitions = Definitions.model_validate({"company": {"name": "Shop"}, "metrics": {}, "goals": []})
    with pytest.raises(MetricsError, match="is not among goals"):
        rules.named(definitions, "done")
    assert rules.approvers(definitions) == ()


def test_the_status_of_an_earlier_week_is_the_one_that_stood_then():
    def told(week: date, status: rules.Status, number: int) -> StatusSet:
        return StatusSet("g", status, None, week, "so", "fin", datetime(2026, 5, 11, tzinfo=UTC), number)

    kept = Kept((told(date(2026, 5, 2), "red", 1), told(WEEK, "green", 2)))
    assert [s and s.status for s in map(kept.status, (date(2026, 4, 25), date(2026, 5, 2), WEEK, None))] == [
        None, "red", "green", "green",
    ]  # fmt: skip
    assert (kept.newest, Kept().newest) == (2, 0)
    change = PlanChange("g", 12.0, 10.0, "so", "exe", "fin", datetime(2026, 5, 11, tzinfo=UTC), 3)
    assert (Kept(plans=(change,)).value(10.0), Kept().value(10.0)) == (12.0, 10.0)
