"""Will we make the goal? By hand where it can be, on made series where it cannot."""

import math
import resource
import subprocess
import sys
import textwrap
import warnings
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from benchmarks.pacing import COVERS, MEAN, MEMBERS, accuracy, amounts, demo
from metrics.errors import DefinitionError
from metrics.pacing import EventMark, Fallback, Standing, chance, landing, members, pace, paces, range80, span
from metrics.periods import Period

ERRORS = (-0.08, -0.05, -0.03, -0.01, 0.0, 0.02, 0.04, 0.07)
SATURDAY = date(2026, 5, 9)
REST = Period(date(2026, 5, 10), date(2026, 8, 8))  # The 13 weeks after it.
AROUND = Period(date(2026, 4, 26), date(2026, 5, 23))  # Two weeks past, two ahead.


def weeks(count, *, level=100.0, noise=0.03, seed=5):
    rng = np.random.default_rng(seed)
    return tuple((level * np.exp(rng.normal(0, noise, count))).tolist())


def a_goal(values=None, **more):
    told = {"week_ending": SATURDAY, "period": REST, "way": "total", "target": 1300.0, "better": "up"}
    return Standing(weeks(120) if values is None else values, **(told | more))


# --- the arithmetic of a landing --------------------------------------------------------------


def test_the_range_by_hand():
    low, high = range80(900, 400, ERRORS)
    assert (round(low, 2), round(high, 2)) == (1269.25, 1333.31)


# fmt: off
CHANCES = [
    # it shows that …                              target  better  chance       state
    ("seven of eight errors reach it",             1270,   "up",   7.5 / 9,     "on_track"),
    ("two of eight reach it",                      1310,   "up",   2.5 / 9,     "at_risk"),
    ("none reaches it, and it is not impossible",  1330,   "up",   0.5 / 9,     "off_track"),
    ("all reach it, and it is not certain",        1000,   "up",   8.5 / 9,     "on_track"),
    ("a ceiling is reached from below",            1270,   "down", 1.5 / 9,     "off_track"),
    ("a landing on the target reaches it",         1300,   "up",   4.5 / 9,     "at_risk"),
    ("from either side",                           1300,   "down", 5.5 / 9,     "at_risk"),
]
# fmt: on


@pytest.mark.parametrize(
    ("target", "better", "expected", "state"), [c[1:] for c in CHANCES], ids=[c[0] for c in CHANCES]
)
def test_chance(target, better, expected, state):
    assert chance(900, 400, ERRORS, target, better) == pytest.approx(expected)
    assert landing.judged(expected) == state


def test_the_chances_of_the_method_are_printed_as_they_are():
    assert [round(chance(900, 400, ERRORS, t, "up"), 3) for t in (1270, 1310, 1330)] == [0.833, 0.278, 0.056]


@pytest.mark.parametrize(("count", "place"), [(5, 5), (6, 6), (7, 7), (8, 8), (9, 8), (14, 12)])
def test_the_half_width_is_an_order_statistic(count, place):
    erred = [n / 100 for n in range(1, count + 1)]
    assert range80(0, 100, erred)[1] == pytest.approx(100 * math.exp(place / 100))


def test_fewer_than_five_backtests_give_neither_range_nor_chance():
    assert range80(900, 400, ERRORS[:4]) is None
    assert chance(900, 400, ERRORS[:4], 1270, "up") is None


def test_differences_stand_in_for_logarithms():
    assert range80(10, -5, (-3, -2, 1, 2, 1), in_logs=False) == (2, 8)
    assert chance(10, -5, (-3, -2, 1, 2, 1), 6, "up", in_logs=False) == 3.5 / 6
    assert landing.errors([5, -2], [3, 1], in_logs=False) == (2, -3)


# --- the period in weeks ----------------------------------------------------------------------

# fmt: off
SPANS = [
    # it shows that …                                       first              last               way        weights ahead                        past  left
    ("whole weeks count whole",                             (2026, 5, 10),     (2026, 5, 23),     "total",   (1, 1),                              0,    2),
    ("a week cut at the end counts by its days",            (2026, 4, 26),     (2026, 5, 20),     "total",   (1, 4 / 7),                          2,    11 / 7),
    ("a week cut at the start too",                         (2026, 5, 1),      (2026, 5, 16),     "total",   (1,),                                9 / 7, 1),
    ("weeks before the period are not in it",               (2026, 5, 20),     (2026, 5, 30),     "total",   (0, 4 / 7, 1),                       0,    11 / 7),
    ("a period that is over has nothing ahead",             (2026, 4, 1),      (2026, 4, 30),     "total",   (),                                  30 / 7, 0),
    ("it may end on the newest day",                        (2026, 5, 3),      (2026, 5, 9),      "total",   (),                                  1,    0),
    ("an average weighs each day alike",                    (2026, 4, 26),     (2026, 5, 23),     "average", (1 / 4, 1 / 4),                      2,    2),
    ("a level is that of the last week",                    (2026, 4, 26),     (2026, 5, 23),     "level",   (0, 1),                              2,    2),
    ("the last week that ends within the period",           (2026, 4, 26),     (2026, 5, 20),     "level",   (1,),                                2,    11 / 7),
    ("or the only week there is",                           (2026, 5, 17),     (2026, 5, 20),     "level",   (0, 1),                              0,    4 / 7),
]
# fmt: on


@pytest.mark.parametrize(
    ("first", "last", "way", "ahead", "past", "left"), [c[1:] for c in SPANS], ids=[c[0] for c in SPANS]
)
def test_span(first, last, way, ahead, past, left):
    found = span.span(a_goal(period=Period(date(*first), date(*last)), way=way))
    assert found.ahead == pytest.approx(ahead)
    assert (found.weeks_past, found.weeks_left) == pytest.approx((past, left))


@pytest.mark.parametrize("way", ["total", "average", "level"])
def test_a_fiscal_year_is_told_in_full(way):
    year = Period(date(2026, 3, 1), date(2027, 2, 28))
    found = span.span(a_goal(period=year, way=way, closing_weeks=4))
    assert (found.weeks_past + found.weeks_left) * 7 == pytest.approx(year.days)
    whole = sum(found.ahead) + sum(found.past.values())
    assert whole == pytest.approx({"total": year.days / 7, "average": 1.0, "level": 1.0}[way])


def test_a_level_without_weeks_is_refused():
    with pytest.raises(DefinitionError, match="at least one week"):
        a_goal(way="level", closing_weeks=0)


# --- the members ------------------------------------------------------------------------------


def test_last_year_flat_and_the_last_eight_weeks_higher():
    history = np.r_[np.full(112, 100.0), np.full(8, 110.0)]
    assert members.path("last_year", history, 13) == pytest.approx([110.0] * 13)


def test_last_year_repeats_its_own_shape():
    season = 100 + np.arange(52.0)
    history = np.r_[season, 1.2 * season]
    assert members.path("last_year", history, 4) == pytest.approx(1.2 * 1.2 * season[:4])


def test_beyond_a_year_the_growth_comes_once_more():
    history = np.r_[np.full(112, 100.0), np.full(8, 110.0)]
    assert members.path("last_year", history, 60)[[0, 51, 52]] == pytest.approx([110, 121, 121])


def test_where_a_ratio_has_no_meaning_last_year_moves_by_the_difference():
    history = np.r_[np.full(112, -10.0), np.full(8, 5.0)]
    assert members.path("last_year", history, 3) == pytest.approx([5.0] * 3)


@pytest.mark.parametrize("name", ["damped_trend", "seasonal", "last_year", "recent_level"])
def test_what_never_moves_stays(name):
    assert members.path(name, np.full(120, 7.0), 3).tolist() == [7, 7, 7]


@pytest.mark.parametrize("name", ["damped_trend", "seasonal", "last_year"])
def test_neither_unit_nor_level_matters(name):
    history = np.array(weeks(120))
    plain = members.path(name, history, 13)
    assert members.path(name, history * 1e9, 13) == pytest.approx(plain * 1e9, rel=1e-3)
    if name != "last_year":
        assert members.path(name, history + 5000, 13) == pytest.approx(plain + 5000, rel=1e-4)


# --- states -----------------------------------------------------------------------------------

# fmt: off
HISTORIES = [
    # weeks  state            reason            members                                          backtests
    (0,      "not_forecast",  "too_short",      [],                                              0),
    (3,      "not_forecast",  "too_short",      [],                                              0),
    (25,     "not_forecast",  "too_short",      [],                                              0),
    (26,     "forecast_only", "few_backtests",  ["damped_trend"],                                0),
    (62,     "forecast_only", "few_backtests",  ["damped_trend"],                                4),
    (63,     "judged",        None,             ["damped_trend"],                                5),
    (103,    "judged",        None,             ["damped_trend"],                                8),
    (104,    "judged",        None,             ["damped_trend", "seasonal", "last_year"],       8),
    (208,    "judged",        None,             ["damped_trend", "seasonal", "last_year"],       8),
]
# fmt: on


@pytest.mark.parametrize(
    ("count", "state", "reason", "names", "tests"), HISTORIES, ids=[str(c[0]) for c in HISTORIES]
)
def test_what_a_history_allows(count, state, reason, names, tests):
    found = pace(a_goal(weeks(count)))
    judged = found.state in {"on_track", "at_risk", "off_track"}
    assert ("judged" if judged else found.state, found.reason) == (state, reason)
    assert [m.name for m in found.members] == names
    assert len(found.backtest_errors) == len(found.backtest_ape) == tests
    assert (found.p_hit is None) == (found.low80 is None) == (not judged)
    assert (found.proposed is None) == (not judged)
    assert found.required_per_week == pytest.approx(100)
    assert (found.total is None) == (state == "not_forecast")
    assert sum(found.weights.values()) == pytest.approx(1 if names else 0)


def test_before_208_weeks_members_weigh_alike_then_by_their_backtests():
    assert set(pace(a_goal(weeks(207))).weights.values()) == {1 / 3}
    found = pace(a_goal(weeks(208)))
    maes = {m.name: m.backtest_mae for m in found.members}
    wanted = {name: mae**-2 for name, mae in maes.items()}
    assert found.weights == pytest.approx({n: w / sum(wanted.values()) for n, w in wanted.items()})


def test_a_history_that_never_moved_is_sure_of_itself():
    found = pace(a_goal((5.0,) * 220, target=65.0))
    assert (found.total, found.low80, found.high80) == (65, 65, 65)
    assert (found.state, found.proposed) == ("on_track", "green")
    assert found.backtest_ape == (0.0,) * 8


def test_nothing_but_zeros_takes_differences():
    found = pace(a_goal((0.0,) * 120, target=10.0))
    assert (found.total, found.low80, found.high80, found.in_logs) == (0, 0, 0, False)
    assert found.backtest_ape == (None,) * 8
    assert found.state == "off_track"


def test_a_volume_does_not_land_below_what_it_has():
    rare = tuple(np.random.default_rng(2).poisson(0.2, 120).astype(float).tolist())
    found = pace(a_goal(rare, period=AROUND, actual_to_date=7.0, target=8.0))
    assert (found.in_logs, found.low80) == (False, 7)
    assert pace(a_goal(rare, period=AROUND, actual_to_date=7.0, volume=False)).low80 < 7


@pytest.mark.parametrize("count", [90, 150])
def test_a_backtest_is_what_would_have_been_forecast_then(count):
    values = weeks(count)
    then = SATURDAY - timedelta(weeks=13)
    told = pace(a_goal(values[:-13], week_ending=then, period=Period(then + timedelta(days=1), SATURDAY)))
    assert pace(a_goal(values)).backtest_errors[0] == pytest.approx(
        math.log(sum(values[-13:]) / told.forecast_rest)
    )


def test_a_loss_is_no_volume():
    losses = tuple((-np.array(weeks(120))).tolist())
    found = pace(a_goal(losses, volume=False, target=-1400.0))
    assert not found.in_logs
    assert found.low80 < found.total < found.high80 < 0
    assert found.total == pytest.approx(-1300, rel=0.05)
    assert pace(a_goal(losses, volume=True)).total == 0


@pytest.mark.parametrize(
    ("more", "state", "proposed"),
    [
        ({"actual_to_date": 1300.0}, "met", "green"),
        ({"actual_to_date": 1299.0}, "missed", "red"),
        ({"actual_to_date": 1299.0, "better": "down"}, "met", "green"),
        ({"actual_to_date": 1299.0, "target": None}, "forecast_only", None),
    ],
)
def test_a_period_that_is_over_was_met_or_missed(more, state, proposed):
    found = pace(a_goal(**({"period": Period(date(2026, 2, 1), date(2026, 4, 30))} | more)))
    assert (found.state, found.proposed, found.p_hit) == (state, proposed, None)
    assert (found.total, found.required_per_week, found.weeks_left) == (more["actual_to_date"], None, 0)


def test_without_a_target_there_is_a_range_and_no_judgement():
    found = pace(a_goal(target=None))
    assert (found.state, found.reason, found.p_hit, found.required_per_week) == (
        "forecast_only",
        "no_target",
        None,
        None,
    )
    assert found.low80 < found.total < found.high80


def test_without_a_direction_there_is_nothing_to_reach():
    found = pace(a_goal(better=None))
    assert (found.state, found.reason, found.p_hit) == ("forecast_only", "no_direction", None)


def test_a_goal_in_three_years_is_too_far():
    found = pace(a_goal(period=Period(date(2029, 1, 1), date(2029, 12, 31))))
    assert (found.state, found.reason, found.total) == ("not_forecast", "too_far", None)


# --- three ways to read a goal ----------------------------------------------------------------


def test_a_total_is_what_is_known_plus_the_rest():
    found = pace(a_goal(period=AROUND, actual_to_date=210.0, target=420.0))
    assert found.total == pytest.approx(210 + found.forecast_rest)
    assert found.forecast_rest == pytest.approx(sum(found.weeks))
    assert found.required_per_week == pytest.approx(105)
    assert (found.low80, found.high80) == pytest.approx(
        range80(210, found.forecast_rest, found.backtest_errors)
    )
    assert found.forecast_rest == pytest.approx(sum(m.weight * m.forecast_rest for m in found.members))


def test_an_average_weighs_past_and_rest_by_their_days():
    found = pace(a_goal(period=AROUND, way="average", actual_to_date=120.0, target=105.0))
    assert found.actual_to_date == 120
    assert found.forecast_rest == pytest.approx(np.mean(found.weeks))
    assert found.total == pytest.approx(60 + found.forecast_rest / 2)
    assert found.required_per_week == pytest.approx(90)
    assert [m.forecast_rest for m in found.members] == pytest.approx([100] * 3, rel=0.1)


def test_a_level_is_where_it_ends():
    values = weeks(120)
    found = pace(a_goal(values, period=AROUND, way="level", target=104.0))
    assert found.total == found.forecast_rest == pytest.approx(found.weeks[-1])
    assert found.required_per_week == pytest.approx((104 - values[-1]) / 2)


def test_closing_weeks_may_be_partly_known():
    values = weeks(120)
    found = pace(a_goal(values, period=AROUND, way="level", closing_weeks=4))
    assert found.total == pytest.approx((values[-1] + values[-2] + sum(found.weeks)) / 4)
    assert found.forecast_rest == pytest.approx(np.mean(found.weeks))


def test_a_level_that_has_come_is_read_off():
    values = weeks(120)
    found = pace(a_goal(values, period=Period(date(2026, 5, 3), SATURDAY), way="level", target=90.0))
    assert (found.total, found.state) == (values[-1], "met")


# --- poor input -------------------------------------------------------------------------------


def without(values, *back):
    """Leave out the weeks so many before the newest."""
    gone = {len(values) - 1 - n for n in back}
    return tuple(None if n in gone else v for n, v in enumerate(values))


def ends(*back):
    return tuple(SATURDAY - timedelta(weeks=n) for n in back)


# fmt: off
POOR = [
    # it shows that …                             values                                 more                       state           reason           named
    ("two missing weeks are filled and named",    without(weeks(120), 30, 9),            {},                        "judged",       None,            ends(30, 9)),
    ("three are too many",                        without(weeks(120), 30, 9, 8),         {},                        "not_forecast", "missing_weeks", ()),
    ("the newest cannot be filled",               without(weeks(120), 0),                {},                        "not_forecast", "missing_weeks", ()),
    ("weeks before the metric began are not gaps", (None,) * 60 + weeks(120),            {},                        "judged",       None,            ()),
    ("NaN is missing",                            (*weeks(100), math.nan, *weeks(19)),   {},                        "judged",       None,            ends(19)),
    ("infinity is missing",                       (*weeks(100), math.inf, *weeks(19)),   {},                        "judged",       None,            ends(19)),
    ("a number too large to square is missing",   (*weeks(100), -1e200, *weeks(19)),     {},                        "judged",       None,            ends(19)),
    ("nothing at all is too short",               (None,) * 120,                         {},                        "not_forecast", "too_short",     ()),
    ("a period to date without its weeks has no value", weeks(30), {"period": Period(date(2025, 1, 1), date(2026, 12, 31))}, "not_forecast", "no_actual", ()),
    ("one outlier of a trillion",                 (*weeks(60), 1e12, *weeks(59)),        {},                        "judged",       None,            ()),
]
# fmt: on


@pytest.mark.parametrize(
    ("values", "more", "state", "reason", "named"), [c[1:] for c in POOR], ids=[c[0] for c in POOR]
)
def test_poor_input(values, more, state, reason, named):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pace(a_goal(values, **more))
    judged = found.state in {"on_track", "at_risk", "off_track"}
    assert ("judged" if judged else found.state, found.reason, found.interpolated) == (state, reason, named)


def test_a_filled_week_lies_between_its_neighbours():
    values = weeks(120)
    filled = (*values[:110], (values[109] + values[111]) / 2, *values[111:])
    assert pace(a_goal(without(values, 9))) == replace(pace(a_goal(filled)), interpolated=ends(9))


@pytest.mark.parametrize(("way", "expected"), [("total", 200.0), ("average", 100.0)])
def test_a_period_to_date_with_a_missing_day_is_added_up_from_weeks(way, expected):
    values = without((100.0,) * 120, 1)
    found = pace(a_goal(values, period=AROUND, way=way))
    assert (found.actual_to_date, found.to_date_estimated) == (pytest.approx(expected), True)
    told = pace(a_goal(values, period=AROUND, way=way, actual_to_date=expected))
    assert (told.actual_to_date, told.to_date_estimated) == (expected, False)
    assert told.total == pytest.approx(found.total)


def test_the_rate_needed_is_told_without_a_forecast():
    found = pace(a_goal(weeks(10), period=AROUND, actual_to_date=234.0, target=300.0))
    assert (found.state, found.required_per_week) == ("not_forecast", pytest.approx(33))


def test_a_fit_that_does_not_settle_is_left_out_and_named():
    every_other = tuple(np.tile([99.0, 101.0], 60).tolist())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pace(a_goal(every_other))
    assert found.fallbacks == (Fallback("seasonal", "no_convergence"),)
    assert found.weights == {"damped_trend": 0.5, "last_year": 0.5}
    assert found.total == pytest.approx(1300, rel=0.01)


@pytest.mark.parametrize(("count", "instead"), [(40, "recent_level"), (90, "last_year")])
def test_another_member_stands_in_where_none_settles(monkeypatch, count, instead):
    def unsettled(*args, **options):
        warnings.warn("did not converge", ConvergenceWarning, stacklevel=2)
        return fit(*args, **options)

    fit = ETSModel.fit
    monkeypatch.setattr(ETSModel, "fit", unsettled)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pace(a_goal(weeks(count)))
    assert found.weights == {instead: 1.0}
    assert found.fallbacks == (Fallback("damped_trend", "no_convergence"),)
    assert found.total == pytest.approx(1300, rel=0.1)


# --- events -----------------------------------------------------------------------------------

# fmt: off
EVENTS = [
    # it shows that …                              days                                       marks
    ("a feast in both years is known",             ((2025, 6, 10), (2026, 5, 26)),            ()),
    ("a feast that comes is not known",            ((2025, 4, 20), (2026, 5, 26)),            ((date(2026, 5, 26), "ahead"),)),
    ("a feast that will not come is repeated",     ((2025, 6, 10), (2026, 4, 5)),             ((date(2025, 6, 10), "year_earlier"),)),
    ("a feast outside the rest does not matter",   ((2025, 4, 20), (2026, 4, 5)),             ()),
    ("the first day of the rest is in it",         ((2026, 5, 10),),                          ((date(2026, 5, 10), "ahead"),)),
    ("and so is the last day a year before",       ((2025, 8, 9),),                           ((date(2025, 8, 9), "year_earlier"),)),
]
# fmt: on


@pytest.mark.parametrize(("days", "marks"), [c[1:] for c in EVENTS], ids=[c[0] for c in EVENTS])
def test_events(days, marks):
    found = pace(a_goal((100.0,) * 120, events={"Easter": tuple(date(*day) for day in days)}))
    assert found.events == tuple(EventMark("Easter", day, only) for day, only in marks)


# --- many goals -------------------------------------------------------------------------------


def test_the_number_of_processes_changes_nothing():
    standings = [a_goal(weeks(96 + n, seed=n)) for n in range(16)]
    told = []
    alone = paces(standings)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    together = paces(standings, processes=2, progress=lambda step, share: told.append((step, share)))
    assert together == alone
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > before + 0.5  # Others did work.
    assert told == [("forecasting", (n + 1) / 16) for n in range(16)]


def test_no_goal_is_no_work():
    assert paces([], processes=2) == ()


SCRIPT = """
from datetime import date
from metrics.pacing import Standing, paces
from metrics.periods import Period
period = Period(date(2026, 5, 10), date(2026, 8, 8))
print(len(paces([Standing((1.0,) * 120, date(2026, 5, 9), period, "total")] * 16, processes=2)))
"""


def test_a_script_that_cannot_be_spawned_from_is_served_by_one_process(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(textwrap.dedent(SCRIPT))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split()[-1] == "16"


# --- are they any good ------------------------------------------------------------------------


def test_on_the_demo_the_mean_of_three_beats_each_member():
    measured = accuracy(list(demo([9001])), processes=2)
    assert len(measured.missed[MEAN]) == 40
    assert all(measured.errors[MEAN] < measured.errors[name] for name in MEMBERS)
    assert COVERS[0] <= measured.covered <= COVERS[1]


def test_on_made_amounts_no_member_is_surely_better_than_the_mean_of_three():
    """Thirty series cannot tell them apart more finely; `benchmarks/pacing.py` compares on more."""
    measured = accuracy(list(amounts(9001, 30)), processes=2)
    for name in MEMBERS:
        gained, unsure = measured.gain(name)
        assert gained > -unsure, name
    assert COVERS[0] <= measured.covered <= COVERS[1]
