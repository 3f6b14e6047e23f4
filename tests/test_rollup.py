"""Days to periods: each sentence of the method's arithmetic, then brute force."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.definitions import Metric, OutputMetric
from metrics.periods import Calendar, Period
from metrics.rollup import STATES, Window, rollup
from tests.conftest import a_connection

SUNDAY = date(2026, 5, 3)
WEEK = Period(SUNDAY, SUNDAY + timedelta(days=6))
CALENDAR = Calendar()
DAYS = [1, 2, 3, 4, 5, 6, 7]
NAN = math.nan


def a_metric(measure: dict[str, object], **fields: object) -> Metric:
    return OutputMetric.model_validate(
        {"id": "m", "name": "M", "unit": "number", "better": "up", "measure": measure, **fields}
    )


def one_week(measure, missing_days="strict", **series):
    """The week's value and state of one metric, from seven days of each series."""
    named = {name.replace("_at_", "@"): values for name, values in series.items()}
    segments = {name: {"country": name.split("@")[1]} for name in named if "@" in name}
    connection = a_connection(named, SUNDAY, segments=segments)
    rolled = rollup(
        connection, [a_metric(measure)], [Window(WEEK)], CALENDAR, newest=WEEK.last, missing_days=missing_days
    )
    present, expected = int(rolled.present[0, 0]), int(rolled.expected[0, 0])
    return rolled.amount[0, 0], STATES[rolled.state[0, 0]], present, expected


TOTAL = {"how": "total", "series": "a"}
LATEST = {"how": "latest", "series": "a"}
FIRST = {"how": "first", "series": "a"}
MEAN = {"how": "mean", "series": "a"}
RATIO = {"how": "ratio", "numerator": "a", "denominator": "b"}
HOLE = [1, 2, None, 4, 5, 6, 7]
US = {"how": "total", "series": "a", "where": {"country": "US"}}

# fmt: off
CASES = [
    # it shows that …                                  measure  policy     series                              value   state        present
    ("days add up",                                    TOTAL,   "strict",  {"a": DAYS},                        28.0,   "complete",  7),
    ("zero is a value, not a gap",                     TOTAL,   "strict",  {"a": [0] * 7},                     0.0,    "complete",  7),
    ("a missing day hides the week",                   TOTAL,   "strict",  {"a": HOLE},                        NAN,    "partial",   6),
    ("lenient adds the days present",                  TOTAL,   "lenient", {"a": HOLE},                        25.0,   "partial",   6),
    ("no day at all is missing, not zero",             TOTAL,   "strict",  {"a": [None] * 7},                  NAN,    "missing",   0),
    ("lenient does not make nothing of a sum zero",    TOTAL,   "lenient", {"a": [None] * 7},                  NAN,    "missing",   0),
    ("the last day present stands for a stock",        LATEST,  "strict",  {"a": [1, 2, 3, 4, 5, None, None]}, 5.0,    "complete",  5),
    ("the first day present opens it",                 FIRST,   "strict",  {"a": [None, 2, 3, 4, 5, 6, 7]},    2.0,    "complete",  6),
    ("a level is averaged over days",                  MEAN,    "strict",  {"a": DAYS},                        4.0,    "complete",  7),
    ("a level with a hole has no average",             MEAN,    "strict",  {"a": HOLE},                        NAN,    "partial",   6),
    ("lenient averages the days present",              MEAN,    "lenient", {"a": HOLE},                        25 / 6, "partial",   6),
    ("a ratio weighs days by their volume",            RATIO,   "strict",  {"a": DAYS, "b": [10] * 6 + [80]},  0.2,    "complete",  7),
    ("a ratio with an incomplete side has no value",   RATIO,   "strict",  {"a": HOLE, "b": [10] * 7},         NAN,    "partial",   6),
    ("a ratio over zero is undefined",                 RATIO,   "strict",  {"a": DAYS, "b": [0] * 7},          NAN,    "undefined", 7),
    ("zero over something is zero",                    RATIO,   "strict",  {"a": [0] * 7, "b": DAYS},          0.0,    "complete",  7),
    ("segments add up to their total",                 TOTAL,   "strict",  {"a_at_US": DAYS, "a_at_UK": DAYS}, 56.0,   "complete",  7),
    ("a filter keeps one segment",                     US,      "strict",  {"a_at_US": DAYS, "a_at_UK": [9] * 7}, 28.0, "complete", 7),
    ("one segment's day keeps a day present",          TOTAL,   "strict",  {"a_at_US": DAYS, "a_at_UK": HOLE}, 53.0,   "complete",  7),
    ("rows of a level's day are averaged first",       MEAN,    "strict",  {"a_at_US": [2] * 7, "a_at_UK": [4] * 7}, 3.0, "complete", 7),
    ("the smallest day",                               {"how": "min", "series": "a"}, "strict", {"a": [3, 1, 2, 4, 5, 6, 7]}, 1.0, "complete", 7),
    ("the largest day",                                {"how": "max", "series": "a"}, "strict", {"a": [3, 9, 2, 4, 5, 6, 7]}, 9.0, "complete", 7),
    ("a series nobody loaded is missing",              TOTAL,   "strict",  {"b": DAYS},                        NAN,    "missing",   0),
]
# fmt: on


@pytest.mark.parametrize(
    ("measure", "policy", "series", "value", "state", "present"),
    [c[1:] for c in CASES],
    ids=[c[0] for c in CASES],
)
def test_the_week_of_a_metric(measure, policy, series, value, state, present):
    assert one_week(measure, policy, **series) == (pytest.approx(value, nan_ok=True), state, present, 7)


def derived(measure, policy="strict", **series):
    """A metric computed from `one` (total of a) and `two` (total of b), over one week."""
    connection = a_connection(series, SUNDAY)
    base = [
        OutputMetric.model_validate(
            {
                "id": name,
                "name": name,
                "unit": "number",
                "better": "up",
                "measure": {"how": "total", "series": s},
            }
        )
        for name, s in (("one", "a"), ("two", "b"), ("three", "c"))
    ]
    metrics = [*base, a_metric(measure)]
    rolled = rollup(connection, metrics, [Window(WEEK)], CALENDAR, newest=WEEK.last, missing_days=policy)
    return rolled.amount[3, 0], STATES[rolled.state[3, 0]]


SEVENS = {"a": [4] * 7, "b": [2] * 7, "c": [1] * 7}
# fmt: off
DERIVED = [
    ("a sum takes every operand",             {"how": "sum", "of": ["one", "two", "three"]},        SEVENS,                      49.0,  "complete"),
    ("a difference takes all from the first", {"how": "difference", "of": ["one", "two", "three"]}, SEVENS,                      7.0,   "complete"),
    ("a product takes every operand",         {"how": "product", "of": ["one", "two", "three"]},    SEVENS,                      28 * 14 * 7.0, "complete"),
    ("a quotient divides by one after another", {"how": "quotient", "of": ["one", "two", "three"]}, SEVENS,                      28 / 14 / 7, "complete"),
    ("a quotient over zero is undefined",     {"how": "quotient", "of": ["one", "two"]},            SEVENS | {"b": [0] * 7},     NAN,   "undefined"),
    ("an incomplete operand leaves no value", {"how": "sum", "of": ["one", "two"]},                 SEVENS | {"b": HOLE},        NAN,   "partial"),
    ("a missing operand leaves no value",     {"how": "sum", "of": ["one", "two"]},                 {"a": [4] * 7},              NAN,   "missing"),
]
# fmt: on


@pytest.mark.parametrize(
    ("measure", "series", "value", "state"), [c[1:] for c in DERIVED], ids=[c[0] for c in DERIVED]
)
def test_a_metric_computed_from_metrics(measure, series, value, state):
    assert derived(measure, **series) == (pytest.approx(value, nan_ok=True), state)


def test_growth_is_the_change_on_the_window_compared_with_and_undefined_from_nothing():
    base = OutputMetric.model_validate(
        {"id": "one", "name": "One", "unit": "count", "better": "up", "measure": TOTAL}
    )
    grown = a_metric({"how": "growth", "of": "one"})
    earlier = Period(SUNDAY - timedelta(days=364), WEEK.last - timedelta(days=364))
    for before, value, state in ((2.0, 1.0, "complete"), (0.0, NAN, "undefined"), (None, NAN, "missing")):
        days = [before] * 7 + [None] * 357 + [4.0] * 7
        connection = a_connection({"a": days}, earlier.first)
        windows = [Window(WEEK, 1), Window(earlier)]
        rolled = rollup(connection, [base, grown], windows, CALENDAR, newest=WEEK.last)
        assert (rolled.amount[1, 0], STATES[rolled.state[1, 0]]) == (
            pytest.approx(value, nan_ok=True),
            state,
        )


def test_a_percentile_is_taken_over_all_samples_of_the_week():
    samples = {"w": {SUNDAY + timedelta(days=n): [n * 10.0 + k for k in range(10)] for n in range(7)}}
    connection = a_connection({}, SUNDAY, samples=samples)
    metric = a_metric({"how": "percentile", "samples": "w", "at": 0.9})
    rolled = rollup(connection, [metric], [Window(WEEK)], CALENDAR, newest=WEEK.last)
    assert rolled.amount[0, 0] == pytest.approx(62.1)  # Place 0.9 × 69 among 0 … 69.


def test_a_weekly_series_has_weeks_and_no_calendar_months():
    connection = a_connection({"a": [None] * 6 + [5.0] + [None] * 30}, SUNDAY, grain={"a": "week"})
    windows = [Window(WEEK), Window(Period(date(2026, 5, 1), date(2026, 5, 31)))]
    rolled = rollup(connection, [a_metric(TOTAL)], windows, CALENDAR, newest=WEEK.last)
    assert [STATES[s] for s in rolled.state[0]] == ["complete", "missing"]
    assert rolled.coarse == {"m": "week"}
    assert rolled.expected[0].tolist() == [1, 0]


def test_a_monthly_series_has_months_and_no_weeks():
    connection = a_connection({"a": [None] * 28 + [5.0]}, SUNDAY, grain={"a": "month"})
    windows = [Window(WEEK), Window(Period(date(2026, 5, 1), date(2026, 5, 31)))]
    rolled = rollup(connection, [a_metric(TOTAL)], windows, CALENDAR, newest=date(2026, 5, 31))
    assert [STATES[s] for s in rolled.state[0]] == ["missing", "complete"]


def test_young_weeks_are_immature_and_keep_their_value():
    connection = a_connection({"a": [1.0] * 21}, SUNDAY)
    weeks = [
        Window(Period(SUNDAY + timedelta(days=7 * n), SUNDAY + timedelta(days=7 * n + 6))) for n in range(3)
    ]
    metric = a_metric(TOTAL, matures_after_weeks=2)
    rolled = rollup(connection, [metric], weeks, CALENDAR, newest=weeks[-1].period.last)
    assert [STATES[s] for s in rolled.state[0]] == ["complete", "immature", "immature"]
    assert rolled.amount[0].tolist() == [7.0, 7.0, 7.0]


def test_a_hollow_point_lies_where_the_missing_days_would_be_like_the_others():
    rolled = rollup(
        a_connection({"a": HOLE}, SUNDAY), [a_metric(TOTAL)], [Window(WEEK)], CALENDAR, newest=WEEK.last
    )
    assert rolled.incomplete[0, 0] == pytest.approx(25 / 6 * 7)


def test_a_rolling_metric_reads_the_weeks_up_to_its_week():
    connection = a_connection({"a": [1.0] * 14 + [2.0] * 7}, SUNDAY - timedelta(days=14))
    metric = a_metric({**TOTAL, "rolling_weeks": 3})
    rolled = rollup(connection, [metric], [Window(WEEK)], CALENDAR, newest=WEEK.last)
    assert (rolled.amount[0, 0], rolled.expected[0, 0]) == (28.0, 21)


def test_scale_multiplies_the_value():
    connection = a_connection({"a": [1] * 7, "b": [100] * 7}, SUNDAY)
    rolled = rollup(connection, [a_metric(RATIO, scale=200)], [Window(WEEK)], CALENDAR, newest=WEEK.last)
    assert rolled.amount[0, 0] == pytest.approx(2.0)


# --- targets ---------------------------------------------------------------------------------


def target_of(target, measure=TOTAL, period=WEEK, days=None, first=SUNDAY, tables=None, series=None):
    connection = a_connection({"a": days or [None], **(series or {})}, first, grain={"t": "week"})
    metric = a_metric(measure, target=target) if target else a_metric(measure)
    rolled = rollup(
        connection, [metric], [Window(period)], CALENDAR, newest=WEEK.last, target_tables=tables or {}
    )
    return rolled.target[0, 0]


MAY = Period(date(2026, 5, 1), date(2026, 5, 31))
LINE = {
    "style": "linear",
    "from": {"date": date(2026, 5, 3), "value": 0.7},
    "to": {"date": date(2026, 5, 13), "value": 0.8},
}
# fmt: off
TARGETS = [
    ("a floor holds every week",                         {"style": "floor", "value": 5},                   LATEST, WEEK, 5.0),
    ("a weekly level of a total is spread over a month", {"style": "ceiling", "value": 7},                 TOTAL,  MAY,  31.0),
    ("a line is read on the last day",                   LINE,                                             LATEST, WEEK, 0.76),
    ("nothing is promised after a line's end",           LINE,                                             LATEST, MAY,  NAN),
    ("a step is in force from its day on",               {"style": "step", "value": 9, "from": date(2026, 5, 9)}, LATEST, WEEK, 9.0),
    ("a step is not in force before",                    {"style": "step", "value": 9, "from": date(2026, 5, 10)}, LATEST, WEEK, NAN),
    ("a band shows its middle",                          {"style": "band", "low": 4, "high": 6},           LATEST, WEEK, 5.0),
    ("an even plan gives each day its share",            {"style": "plan", "year": 2026, "total": 365},    TOTAL,  WEEK, 7.0),
    ("a plan of another year promises nothing",          {"style": "plan", "year": 2025, "total": 365},    TOTAL,  WEEK, NAN),
]
# fmt: on


@pytest.mark.parametrize(
    ("target", "measure", "period", "value"), [c[1:] for c in TARGETS], ids=[c[0] for c in TARGETS]
)
def test_a_target_over_a_period(target, measure, period, value):
    assert target_of(target, measure, period) == pytest.approx(value, nan_ok=True)


def test_a_plan_takes_the_shape_of_the_days_364_earlier():
    year = Period(date(2026, 1, 1), date(2026, 12, 31))
    first = year.first - timedelta(days=364)
    days = [1.0] * year.days
    busy = (WEEK.first - timedelta(days=364) - first).days
    days[busy : busy + 7] = [11.0] * 7
    plan = {"style": "plan", "year": 2026, "total": 435, "spread": "last_year"}  # 365 + 70 parts of 1.
    assert target_of(plan, days=days, first=first) == pytest.approx(77.0)
    assert target_of(plan, period=year, days=days, first=first) == pytest.approx(435.0)


def test_a_plan_without_a_whole_last_year_promises_nothing():
    plan = {"style": "plan", "year": 2026, "total": 435, "spread": "last_year"}
    assert math.isnan(target_of(plan, days=[1.0] * 200, first=date(2025, 6, 1)))


def test_a_table_of_weekly_targets_is_spread_over_the_days_of_its_weeks():
    weekly = {"t": [None] * 6 + [70.0] + [None] * 6 + [140.0]}
    table = {"m": "t"}
    both = Period(SUNDAY, SUNDAY + timedelta(days=8))
    assert target_of(None, tables=table, series=weekly) == pytest.approx(70.0)
    assert target_of(None, period=both, tables=table, series=weekly) == pytest.approx(110.0)
    assert target_of(None, measure=LATEST, period=both, tables=table, series=weekly) == pytest.approx(140.0)


def test_cents_add_up_however_the_windows_cut_the_days():
    connection = a_connection({"a": [0.1] * 10}, SUNDAY)
    whole = Period(SUNDAY, SUNDAY + timedelta(days=9))
    days = [Period(SUNDAY + timedelta(days=n), SUNDAY + timedelta(days=n)) for n in range(10)]
    windows = [Window(p) for p in (whole, *days)]
    rolled = rollup(
        connection, [a_metric({"how": "total", "series": "a"})], windows, CALENDAR, newest=whole.last
    )
    assert rolled.amount.tolist() == [[1.0] + [0.1] * 10]


# --- brute force -----------------------------------------------------------------------------

values = st.lists(st.one_of(st.none(), st.integers(-50, 50).map(float)), min_size=40, max_size=40)
periods = st.tuples(st.integers(0, 39), st.integers(0, 39)).map(
    lambda ends: Period(SUNDAY + timedelta(days=min(ends)), SUNDAY + timedelta(days=max(ends)))
)


@settings(max_examples=60, deadline=None)
@given(
    one=values,
    two=values,
    wanted=st.lists(periods, min_size=1, max_size=8),
    missing_days=st.sampled_from(["strict", "lenient"]),
)
def test_every_measure_over_any_windows_equals_the_day_by_day_answer(one, two, wanted, missing_days):
    connection = a_connection({"a": one, "b": two}, SUNDAY)
    hows = ["total", "mean", "min", "max", "latest", "first"]
    metrics = [a_metric({"how": h, "series": "a"}).model_copy(update={"id": h}) for h in hows]
    metrics.append(a_metric(RATIO).model_copy(update={"id": "ratio"}))
    rolled = rollup(
        connection,
        metrics,
        [Window(p) for p in wanted],
        CALENDAR,
        newest=SUNDAY + timedelta(days=39),
        missing_days=missing_days,
    )
    fold = {
        "total": sum,
        "mean": lambda v: sum(v) / len(v),
        "min": min,
        "max": max,
        "latest": lambda v: v[-1],
        "first": lambda v: v[0],
    }

    def answer(how, period, series):
        days = [series[(period.first - SUNDAY).days + n] for n in range(period.days)]
        there = [v for v in days if v is not None]
        if not there or (
            len(there) < len(days) and missing_days == "strict" and how not in ("latest", "first")
        ):
            return NAN
        return fold[how](there)

    for column, period in enumerate(wanted):
        expected = [answer(how, period, one) for how in hows]
        over, under = answer("total", period, one), answer("total", period, two)
        expected.append(over / under if under else NAN)
        assert rolled.amount[:, column].tolist() == pytest.approx(expected, nan_ok=True, abs=1e-12)
