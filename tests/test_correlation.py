"""The engine of links: what it prepares, finds, refuses and says."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from metrics.correlation import (
    Decay,
    Excluded,
    LeftOut,
    Occasion,
    Panel,
    Row,
    Series,
    apart,
    link_tests,
    pair_in_depth,
    scan,
    sentence,
    shared_series,
    together,
    what_would_change_our_mind,
)
from metrics.correlation import claims as claims_room
from metrics.correlation.claims import ALPHA, _state
from metrics.correlation.effects import rounded
from metrics.correlation.prepared import common_movements, prepared, week_of_year, without
from metrics.correlation.regression import glsar
from metrics.correlation.strength import (
    at_lags,
    chance,
    crowding,
    detectable_r,
    false_discovery,
    share_of_luck,
)
from metrics.correlation.values import RECIPE
from metrics.correlation.words import number
from metrics.definitions import Definitions, Link
from metrics.errors import SourceError

LAST = date(2026, 5, 9)
NAMES = {"speed": "Page speed", "sales": "Sales", "other": "Other"}


def weeks(count: int) -> tuple[date, ...]:
    return tuple(LAST - timedelta(weeks=back) for back in reversed(range(count)))


def noise(count: int, seed: int, memory: float = 0.4) -> np.ndarray:
    shocks = np.random.default_rng(seed).normal(size=count + 20)
    found = np.zeros(count + 20)
    for t in range(1, count + 20):
        found[t] = memory * found[t - 1] + shocks[t]
    return found[20:]


def a_pair(count: int = 208, lag: int = 3, effect: float = 0.6, seed: int = 1, **of_speed) -> Panel:
    """`sales` follows `speed` after `lag` weeks; `other` follows nothing."""
    speed, rest = noise(count + 12, seed), noise(count + 12, seed + 100)
    sales = rest + effect * np.roll(speed, lag)
    return Panel(
        weeks(count),
        (
            Series("speed", 50 + speed[12:], **of_speed),
            Series("sales", 20 + sales[12:], kind="output"),
            Series("other", 5 + noise(count, seed + 200), kind="context"),
        ),
    )


def a_claim(sign: str = "+", lags: tuple[int, int] = (1, 6), stated: date | None = None, **more) -> Link:
    told = {"driver": "speed", "driven": "sales", "because": "people wait", **more}
    return Link(sign=sign, lag_weeks=lags, stated=stated, **told)


def with_values(panel: Panel, metric: str, values: np.ndarray, **more) -> Panel:
    return replace(
        panel,
        series=tuple(replace(s, values=values, **more) if s.metric == metric else s for s in panel.series),
    )


# --- arithmetic that must agree with its reference --------------------------------------------------


@pytest.mark.parametrize("memory", [0.0, 0.3, 0.7, -0.4])
def test_the_line_with_memory_is_that_of_statsmodels(memory):
    from statsmodels.regression.linear_model import GLSAR

    rng = np.random.default_rng(3)
    x = np.column_stack([rng.normal(size=(150, 2)), np.ones(150), np.linspace(-1, 1, 150)])
    y = x @ [1.0, -2.0, 5.0, 0.3] + noise(150, 4, memory)
    wanted, found = GLSAR(y, x, rho=1).iterative_fit(5), glsar(y, x)
    assert found.coefficients == pytest.approx(wanted.params, abs=1e-10)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(wanted.bse, abs=1e-10)
    first = np.array([1.0, 0, 0, 0])
    assert found.interval(first)[1:] == pytest.approx(wanted.conf_int()[0], abs=1e-10)


def test_intervals_hold_the_truth_about_95_times_in_100():
    inside = 0
    for seed in range(200):
        x = noise(156, 1000 + seed, 0.6)
        y = 0.5 * x + noise(156, 5000 + seed, 0.5)
        low, high = glsar(y, np.column_stack([x, np.ones(156)])).interval(np.array([1.0, 0.0]))[1:]
        inside += low <= 0.5 <= high
    assert 180 <= inside <= 198


def test_memory_does_not_reach_across_missing_weeks():
    y, x = noise(120, 5, 0.5), np.column_stack([noise(120, 6), np.ones(120)])
    kept = np.r_[0:50, 55:120]
    whole, holed = glsar(y, x), glsar(y[kept], x[kept], kept)
    assert holed.coefficients == pytest.approx(whole.coefficients, abs=0.1)
    assert holed.df == whole.df - 6  # Five weeks, and the step over them.


def test_adjusted_chances_are_those_of_scipy():
    from scipy.stats import false_discovery_control, pearsonr, t

    p = np.random.default_rng(8).uniform(size=500) ** 2
    assert false_discovery(p) == pytest.approx(false_discovery_control(p))
    assert share_of_luck(p, p) == pytest.approx(false_discovery(p))
    x, y = noise(60, 1), noise(60, 2)
    r, n = at_lags(x[:, None], y[:, None], (0,))
    wanted = pearsonr(x, y)
    assert (r[0, 0, 0], chance(r, n - 2.0)[0, 0, 0]) == pytest.approx((wanted.statistic, wanted.pvalue))
    assert chance(np.array(0.3), np.array(40.0)) == pytest.approx(
        2 * t.sf(0.3 * np.sqrt(40 / (1 - 0.09)), 40)
    )


def test_correlation_on_the_overlap_is_exact_with_and_without_gaps():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(80, 3)), rng.normal(size=(80, 2))
    for holes in (0.0, 0.1):
        x, y = (np.where(rng.random(v.shape) < holes, np.nan, v) for v in (x, y))
        r, n = at_lags(x, y, range(-4, 13))
        for k, lag in enumerate(range(-4, 13)):
            for i in range(3):
                for j in range(2):
                    a = x[: 80 - lag, i] if lag >= 0 else x[-lag:, i]
                    b = y[lag:, j] if lag >= 0 else y[: 80 + lag, j]
                    both = np.isfinite(a) & np.isfinite(b)
                    assert n[k, i, j] == both.sum()
                    assert r[k, i, j] == pytest.approx(np.corrcoef(a[both], b[both])[0, 1], abs=1e-12)


# fmt: off
STATES = [
    # it shows that …                                    r     df   halves   state            reason
    ("a clear r in both halves supports",               0.25, 190, (1, 1),  "supported",     None),
    ("a clear r in one half only does not",             0.25, 190, (1, -1), "insufficient",  "halves_disagree"),
    ("six lags are paid for",                           0.18, 190, (1, 1),  "insufficient",  "not_clear"),
    ("a clear r to the other side contradicts",        -0.25, 190, (-1, -1), "contradicted", "wrong_direction"),
    ("nothing in many weeks contradicts",               0.02, 190, (1, 1),  "contradicted",  "too_small"),
    ("nothing in fewer weeks is only insufficient",     0.02, 140, (1, 1),  "insufficient",  "not_clear"),
]
# fmt: on


@pytest.mark.parametrize(
    ("r", "df", "halves", "state", "reason"), [c[1:] for c in STATES], ids=[c[0] for c in STATES]
)
def test_states_of_a_claim_over_six_lags(r, df, halves, state, reason):
    p = float(chance(np.array(r), np.array(float(df))))
    bounds = np.tanh(np.arctanh(np.full(6, r)) + claims_room.ONE_SIDED / np.sqrt(df - 1))
    assert _state(r, min(1.0, 6 * p), 1, halves, bounds, 0.15) == (state, reason)


def test_the_numbers_of_the_method_come_out():
    assert float(chance(np.array(0.25), np.array(190.0))) == pytest.approx(0.000470, abs=5e-7)
    assert 6 * float(chance(np.array(0.18), np.array(190.0))) == pytest.approx(0.0749, abs=5e-5)
    assert np.tanh(np.arctanh(0.02) + 1.645 / np.sqrt(189)) == pytest.approx(0.1388, abs=5e-5)
    assert np.tanh(np.arctanh(0.02) + 1.645 / np.sqrt(139)) == pytest.approx(0.1582, abs=5e-5)
    assert detectable_r(ALPHA / 6, 104) == pytest.approx(0.341, abs=5e-4)
    assert detectable_r(ALPHA / 6, 208) == pytest.approx(0.241, abs=5e-4)
    assert detectable_r(ALPHA / 325_000, 208) == pytest.approx(0.42, abs=5e-3)


# --- the scan ------------------------------------------------------------------------------------------


def test_a_link_is_told_with_its_lag_its_effect_and_its_mirror():
    found = scan(a_pair())
    row, mirror = found.of("speed", "sales"), found.of("sales", "speed")
    assert (row.verdict, row.lag_weeks, row.n) == ("leads", 3, 208)
    assert row.effect.low < 0.6 < row.effect.high
    assert row.effect.unit == "units per +1 unit"
    assert (mirror.verdict, mirror.lag_weeks, mirror.effect) == ("output_leads", -3, None)
    assert found.tests == 6 * 13
    assert [r.q for r in found.rows] == sorted(r.q for r in found.rows)
    assert {r.verdict for r in found.rows if "other" in (r.driver, r.driven)} == {"none"}


def test_a_driver_in_the_same_week_is_told_without_direction():
    row = scan(a_pair(lag=0)).of("speed", "sales")
    assert (row.verdict, row.lag_weeks) == ("together", 0)
    assert "which of them moves the other cannot be seen" in sentence(row, NAMES)


def test_an_effect_that_shows_over_several_weeks_is_added_up():
    speed, rest = noise(260, 11, 0.0), noise(260, 12, 0.2)
    sales = rest + 0.5 * np.roll(speed, 2) + 0.5 * np.roll(speed, 3)
    panel = Panel(weeks(240), (Series("speed", speed[20:]), Series("sales", sales[20:])))
    row = scan(panel).of("speed", "sales")
    assert row.effect.lags == (0, 8)
    assert row.effect.low < 1.0 < row.effect.high


def test_events_season_and_trend_alone_are_no_link():
    t = np.arange(208)
    peaks = tuple(w for w in weeks(208) if week_of_year(w) == 46)
    lift = np.isin(weeks(208), peaks) * 12.0
    shared = 0.05 * t + 4 * np.sin(2 * np.pi * t / 52.1775) + lift
    series = tuple(
        Series(name, shared + noise(208, seed), occasions=(Occasion("Peak", peaks),))
        for name, seed in (("speed", 3), ("sales", 4))
    )
    row = scan(Panel(weeks(208), series)).of("speed", "sales")
    assert row.verdict == "none"
    assert scan(Panel(weeks(208), series)).calendar_used == "declared"
    untold = tuple(replace(s, occasions=()) for s in series)
    detected = scan(Panel(weeks(208), untold, calendar_known=False))
    assert (detected.calendar_used, detected.of("speed", "sales").verdict) == ("detected", "none")
    assert scan(Panel(weeks(208), untold)).of("speed", "sales").verdict == "together"  # Nobody said so.


def test_the_order_of_metrics_and_of_looking_changes_nothing():
    panel = a_pair()
    turned = replace(panel, series=panel.series[::-1])
    one, other = scan(panel).rows, scan(turned).rows
    assert [(r.driver, r.driven, r.verdict, r.lag_weeks) for r in one] == [
        (r.driver, r.driven, r.verdict, r.lag_weeks) for r in other
    ]
    assert [r.q for r in one] == pytest.approx([r.q for r in other])


def test_a_year_of_53_weeks_is_a_year_like_any_other():
    """The season is fitted on dates, so a week numbered 53 neither shifts nor repeats anything."""
    endings = tuple(date(2021, 1, 2) + timedelta(weeks=n) for n in range(208))  # 2 Jan 2021 ends week 53.
    told = a_pair()
    assert scan(replace(told, week_endings=endings)).of("speed", "sales").lag_weeks == 3


def test_a_broad_movement_is_taken_out_and_a_narrow_one_is_named():
    rng = np.random.default_rng(5)
    common = rng.normal(size=208)
    broad = Panel(weeks(208), tuple(Series(f"m{n}", rng.normal(size=208) + common) for n in range(20)))
    found = scan(broad)
    assert found.factors_removed == 1
    assert len(list(found.listed())) <= 3
    assert np.median([r.r_before_factors for r in found.rows if r.lag_weeks == 0]) > 0.3
    narrow = Panel(
        weeks(208),
        tuple(Series(f"m{n}", rng.normal(size=208) + (n < 5) * 1.5 * common) for n in range(20)),
    )
    found = scan(narrow)
    row = found.of("m0", "m1")
    assert (found.factors_removed, row.verdict) == (0, "together")
    assert set(row.common_with) >= {"m2", "m3", "m4"}
    assert "They share this movement with" in sentence(row, {})


def test_a_few_series_are_not_turned_against_each_other():
    """Of twelve series half of which are one business, the business is no movement to take out."""
    rng = np.random.default_rng(6)
    business = 2 * rng.normal(size=208)
    series = tuple(Series(f"m{n}", rng.normal(size=208) + (n < 7) * business) for n in range(12))
    found = scan(Panel(weeks(208), series))
    assert found.factors_removed == 0
    inside = [int(row.driver[1:]) < 7 and int(row.driven[1:]) < 7 for row in found.listed()]
    assert sum(inside) == 7 * 6
    assert len(inside) - sum(inside) <= 6  # Luck, and its mirror.


def test_an_effect_is_not_told_where_levels_and_surprises_go_opposite_ways():
    """One storm in which the driver leaps and the driven falls outweighs all other weeks of the levels."""
    panel = a_pair(effect=0.8, lag=0)
    storm = 40.0 * (np.arange(208) == 100)
    speed, sales = panel.series[0].values + storm, panel.series[1].values - storm
    found = scan(with_values(with_values(panel, "speed", speed), "sales", sales))
    row = found.of("speed", "sales")
    assert (row.verdict, row.r > 0.2, row.effect) == ("together", True, None)


def test_what_is_left_without_a_common_movement_has_spread_one():
    surprise = prepared(a_pair(), RECIPE).surprise
    assert common_movements(surprise[:, :1], 3) == ()
    assert without(surprise, ()) is surprise


def test_weeks_that_everything_crowds_into_count_for_less():
    rng = np.random.default_rng(9)
    calm = rng.normal(size=(200, 30))
    restless = calm * np.exp(0.7 * np.sin(np.arange(200) / 24))[:, None]
    assert crowding(calm, (0, 3)) == pytest.approx([1.0, 1.0], abs=0.03)
    assert (crowding(restless, (0, 3)) > 1.5).all()
    assert crowding(restless[:, :9], (0, 3)).tolist() == [1.0, 1.0]


# --- what cannot be used, and the sentence it gets ------------------------------------------------------


def gappy(count: int) -> np.ndarray:
    values = 50 + noise(count, 1)
    values[20:50] = np.nan
    return values


# fmt: off
USELESS = [
    # it shows that …                    the driver                                              reason              the sentence says
    ("too few weeks are told",            {"values": np.r_[np.full(160, np.nan), noise(48, 1)]},  "too_short",        "has 48 weeks; 52 are needed"),
    ("a constant has nothing to follow",  {"values": np.full(208, 7.0)},                          "constant",         "does not vary"),
    ("a straight line neither",           {"values": np.arange(208.0)},                           "constant",         "does not vary beyond season, trend and events"),
    ("gaps are not filled in",            {"values": gappy(208)},                                 "gaps",             "lacks 30 of its weeks"),
    ("a new definition starts anew",      {"values": noise(208, 1), "starts": weeks(208)[-31]},   "definition_break", "is counted anew since the week ending 2025-10-11: 31 weeks"),
    ("months have no weeks",              {"values": np.full(208, np.nan), "no_weeks": True},     "no_weeks",         "told by the month"),
]
# fmt: on


@pytest.mark.parametrize(("speed", "reason", "words"), [c[1:] for c in USELESS], ids=[c[0] for c in USELESS])
def test_a_metric_that_no_test_can_use_is_named(speed, reason, words):
    panel = with_values(a_pair(), "speed", **speed)
    found = scan(panel)
    (left,) = found.left_out
    assert (left.metric, left.reason) == ("speed", reason)
    assert words in sentence(left, NAMES)
    assert found.of("speed", "sales") is None
    (test,) = link_tests(panel, [a_claim()])
    assert (test.state, test.reason, test.left_out) == ("insufficient", reason, left)
    assert words in sentence(test, NAMES)
    deep = pair_in_depth(panel, "speed", "sales")
    assert (deep.left_out, deep.points, deep.effect) == ((left,), (), None)
    assert together(panel, [a_claim()], "sales").explained is None


def test_one_missing_week_is_bridged_and_two_stay_a_gap():
    panel = a_pair()
    values = panel.series[0].values.copy()
    values[[30, 60, 61]] = np.nan
    ready = prepared(with_values(panel, "speed", values), RECIPE)
    assert np.isnan(ready.scaled[:, 0]).nonzero()[0].tolist() == [60, 61]
    assert scan(with_values(panel, "speed", values)).of("speed", "sales").lag_weeks == 3


def test_two_names_for_one_series_are_no_discovery():
    panel = a_pair()
    twin = replace(panel, series=(*panel.series, replace(panel.series[0], metric="twin")))
    found = scan(twin)
    assert found.of("speed", "twin") is None
    assert Excluded("speed", "twin", "identical") in found.excluded
    assert "two names for one series" in sentence(Excluded("speed", "twin", "identical"), NAMES)
    scaled = replace(
        panel,
        series=(
            *panel.series,
            replace(panel.series[0], metric="twin", values=1 - panel.series[0].values / 100),
        ),
    )
    assert Excluded("speed", "twin", "identical") in scan(scaled).excluded


def test_fewer_than_two_years_are_run_and_not_listed():
    row = scan(a_pair(80, effect=2.0)).of("speed", "sales")
    assert (row.verdict, row.q, row.n) == ("insufficient", None, 80)
    assert "80 common weeks of Page speed and Sales are too few" in sentence(row, NAMES)


def test_an_empty_panel_and_one_metric_have_no_rows():
    assert scan(Panel((), ())).rows == ()
    alone = Panel(weeks(208), (Series("speed", noise(208, 1)),))
    assert (scan(alone).rows, scan(alone).tests) == ((), 0)


def test_a_value_no_week_can_have_is_refused_with_its_place():
    values = noise(60, 1)
    values[5] = np.inf
    with pytest.raises(SourceError, match=r"speed, week ending \d{4}-\d\d-\d\d: infinity"):
        Panel(weeks(60), (Series("speed", values),))
    with pytest.raises(SourceError, match="speed has 59 values for 60 weeks"):
        Panel(weeks(60), (Series("speed", values[1:]),))


# --- pairs that are arithmetic ---------------------------------------------------------------------------


def some_definitions() -> Definitions:
    def total(series):
        return {
            "name": series,
            "kind": "output",
            "unit": "count",
            "better": "up",
            "measure": {"how": "total", "series": series},
        }

    def ratio(over, under):
        return {
            "name": over,
            "kind": "output",
            "unit": "fraction",
            "better": "up",
            "measure": {"how": "ratio", "numerator": over, "denominator": under},
        }

    return Definitions.model_validate(
        {
            "company": {"name": "A company"},
            "metrics": {
                "visits": total("visits"),
                "orders": total("orders"),
                "gmv": total("gmv"),
                "conversion": ratio("orders", "visits"),
                "order_value": ratio("gmv", "orders"),
                "cost_per_order": ratio("cost", "orders"),
                "cost": total("cost"),
                "growth": {**total("gmv"), "unit": "fraction", "measure": {"how": "growth", "of": "gmv"}},
                "orders_again": total("orders"),
                "calls": total("calls"),
            },
            "definitions": [
                {"metric": "orders", "equals": {"product": ["visits", "conversion"]}},
                {"metric": "gmv", "equals": {"product": ["orders", "order_value"]}},
            ],
        }
    )  # fmt: skip


# fmt: off
ARITHMETIC = [
    ("a factor of a declared identity",         "visits", "orders",             "definition"),
    ("both factors of one",                     "visits", "conversion",         "definition"),
    ("a factor of a factor",                    "visits", "gmv",                "definition"),
    ("a metric and what it is computed from",   "gmv", "growth",                "definition"),
    ("the same at any depth",                   "conversion", "growth",         "definition"),
    ("a ratio and what stands above its line",  "cost", "cost_per_order",       "same_series"),
    ("two metrics with one measure",            "orders", "orders_again",       "same_series"),
    ("what stands below the line only",         "orders", "cost_per_order",     None),
    ("two unrelated metrics",                   "calls", "orders",              None),
]
# fmt: on


@pytest.mark.parametrize(
    ("one", "other", "reason"), [c[1:] for c in ARITHMETIC], ids=[c[0] for c in ARITHMETIC]
)
def test_which_pairs_are_arithmetic(one, other, reason):
    found = apart(some_definitions())
    for pair in ((one, other), (other, one)):
        assert (found[pair].reason if pair in found else None) == reason
    if reason:
        assert "never scored" in sentence(found[one, other], {})


def test_a_common_series_below_the_line_is_remarked_on():
    shared = shared_series(some_definitions())
    assert shared["orders", "cost_per_order"] == ("orders",)
    assert ("calls", "orders") not in shared
    row = replace(scan(a_pair()).of("speed", "sales"), shared_series=("orders",))
    assert "Both are computed from orders, so part of this may be arithmetic" in sentence(row, NAMES)


# --- one stated link ----------------------------------------------------------------------------------------


def test_a_true_claim_is_supported_in_the_words_of_the_business():
    (test,) = link_tests(a_pair(), [a_claim(stated=weeks(208)[0] - timedelta(days=30))])
    assert (test.state, test.best_lag, test.grade, test.n, test.tests) == ("supported", 3, 2, 208, 6)
    assert test.effect.low < 0.6 < test.effect.high
    assert test.decay.state == "holding"
    assert sentence(test, NAMES).startswith(
        "SUPPORTED (208 weeks, 3 weeks later, same direction in both halves). +0.5 units of Page speed goes with "
    )
    assert "A year in which Page speed moves" in what_would_change_our_mind(test, NAMES)


def test_a_claim_of_the_opposite_is_contradicted():
    (test,) = link_tests(a_pair(), [a_claim("-")])
    assert (test.state, test.reason, test.grade) == ("contradicted", "wrong_direction", 0)
    assert "against the direction that was stated" in sentence(test, NAMES)


def test_a_claim_of_something_is_contradicted_by_long_nothing():
    panel = a_pair(700, effect=0.0)
    (test,) = link_tests(panel, [a_claim(lags=(1, 1), smallest_r_that_matters=0.2)])
    assert (test.state, test.reason) == ("contradicted", "too_small")
    assert "smaller than you said matters (r 0.2)" in sentence(test, NAMES)
    assert all(bound < 0.2 for bound in test.bounds)


def test_only_weeks_after_the_claim_was_stated_count():
    panel = a_pair(effect=1.0)
    late, later, latest = (weeks(208)[-n] for n in (151, 81, 31))
    tests = [link_tests(panel, [a_claim(stated=day)])[0] for day in (late, later, latest)]
    assert [t.n for t in tests] == [150, 80, 30]
    assert [t.tested_from for t in tests] == [day + timedelta(weeks=1) for day in (late, later, latest)]
    assert [(t.state, t.reason, t.so_far) for t in tests] == [
        ("supported", None, None),
        ("insufficient", "too_short", "supported"),
        ("insufficient", "too_short", None),
    ]
    assert "INSUFFICIENT so far (supported): 80 weeks" in sentence(tests[1], NAMES)
    (future,) = link_tests(panel, [a_claim(stated=LAST + timedelta(days=1))])
    assert (future.state, future.n, future.tested_from) == ("insufficient", 0, None)
    assert "there is no week since" in sentence(future, NAMES)
    enough = latest + timedelta(weeks=104)
    assert f"enough from about {enough} on" in sentence(tests[2], NAMES)


def test_a_claim_without_a_date_proves_nothing_about_what_came_first():
    panel = a_pair()
    (test,) = link_tests(panel, [a_claim()], found=scan(panel))
    assert (test.state, test.grade, test.screened) == ("supported", 1, True)
    assert "a screened estimate, likely too large" in sentence(test, NAMES)
    (unseen,) = link_tests(panel, [a_claim()])
    assert (unseen.grade, unseen.screened) == (1, False)


def test_claims_shown_together_share_their_chance():
    panel = a_pair()
    claims = [a_claim(), a_claim(driver="other"), a_claim(driver="sales", driven="other")]
    alone, among = link_tests(panel, claims[:1])[0], link_tests(panel, claims)[0]
    assert (alone.tests, among.tests) == (6, 18)
    assert among.p_adjusted == pytest.approx(3 * alone.p_adjusted, rel=1e-9, abs=0)
    assert among.detectable_r > alone.detectable_r
    assert link_tests(panel, claims[:1], family=3)[0].p_adjusted == among.p_adjusted


def test_arithmetic_is_never_scored_and_does_not_count_among_the_claims():
    panel = a_pair()
    identity = {("other", "sales"): Excluded("other", "sales", "definition", "sales")}
    tests = link_tests(panel, [a_claim(), a_claim(driver="other")], apart=identity)
    assert [(t.state, t.tests, t.grade) for t in tests] == [("supported", 6, 2 - 1), ("definition", 6, None)]
    assert sentence(tests[1], NAMES) == "Sales is computed from Other: arithmetic, never scored."


def test_the_smallest_effect_that_could_have_been_seen_is_told_where_nothing_is():
    (test,) = link_tests(a_pair(120, effect=0.0, seed=7), [a_claim()])
    assert (test.state, test.effect) == ("insufficient", None)
    told = sentence(test, NAMES)
    assert "120 weeks can only reveal r above 0.32, that is " in told
    assert " of Sales for +0.5 units of Page speed" in told
    assert test.detectable_effect == pytest.approx(test.detectable_r, rel=0.4)  # Both have spread about 1.


def test_an_effect_that_ended_is_told_as_decayed():
    count = 208
    speed, rest = noise(count, 1), noise(count, 2)
    works = np.arange(count) < count - 60
    panel = Panel(weeks(count), (Series("speed", speed), Series("sales", rest + 0.8 * works * speed)))
    (test,) = link_tests(panel, [a_claim(lags=(0, 0))])
    assert test.decay.state == "decayed"
    assert test.decay.recent_from == weeks(count)[-52]
    assert "Decayed: since the week ending" in sentence(test, NAMES)
    # Where the driver lies nearly still, an effect that is not seen need not be gone.
    still = np.where(works, speed, 0.4 * speed)
    quiet = Panel(weeks(count), (Series("speed", still), Series("sales", rest + 2.0 * works * still)))
    (test,) = link_tests(quiet, [a_claim(lags=(0, 0))])
    assert (test.decay.state, test.decay.driver_moved < 0.5) == ("cannot_tell", True)


def test_two_drivers_are_told_apart_by_the_joint_model():
    one, noise_two = noise(208, 1), noise(208, 2)
    two = 0.7 * one + 0.7 * noise_two
    sales = noise(208, 3) + one  # `two` only looks like a driver.
    panel = Panel(weeks(208), (Series("speed", one), Series("other", two), Series("sales", sales)))
    model = together(panel, [a_claim(lags=(0, 0)), a_claim(driver="other", lags=(0, 0))], "sales")
    first, second = model.parts
    assert first.effect.low > 0.5
    assert second.effect.low < 0 < second.effect.high
    assert second.alone.low > 0
    assert "With the others held, in 208 weeks: Page speed" in sentence(model, NAMES)


def test_two_hundred_claims_take_about_a_second():
    from time import process_time

    rng = np.random.default_rng(1)
    panel = Panel(weeks(208), tuple(Series(f"m{n}", rng.normal(size=208)) for n in range(60)))
    claims = [a_claim(driver=f"m{n % 40}", driven=f"m{40 + n // 10}") for n in range(200)]
    started = process_time()
    assert len(link_tests(panel, claims)) == 200
    assert process_time() - started < 10  # Generous: a busy machine. benchmarks/correlation.py has the goal.


# --- words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (0.0334, "0.0334"),
        (-2.5, "−2.5"),
        (1234.6, "1,235"),
        (0.0, "0"),
        (0.00001234, "0.0000123"),
        (2.0, "2"),
    ],
)
def test_numbers_as_people_read_them(amount, told):
    assert number(amount) == told


@pytest.mark.parametrize(
    ("amount", "step"), [(0.034, 0.02), (1.9, 1.0), (95.0, 50.0), (0.5, 0.5), (0.0, 1.0)]
)
def test_steps_a_sentence_speaks_of(amount, step):
    assert rounded(amount) == pytest.approx(step)


def test_every_kind_of_answer_has_a_sentence():
    panel = a_pair()
    found = scan(panel)
    for row in found.rows:
        assert sentence(row, NAMES).endswith(".")
    deep = pair_in_depth(panel, "speed", "sales", found=found)
    assert deep.lag_weeks == 3
    assert sentence(deep.bend, NAMES).startswith(("A straight line", "The effect has a threshold"))
    assert sentence(deep.decay, NAMES).startswith("Holding")
    assert (
        sentence(Decay("cannot_tell"), NAMES)
        == "Too few weeks to compare the last year with the years before."
    )
    assert sentence(LeftOut("speed", "constant", 208), {}).startswith("speed does not vary")
    assert isinstance(found.rows[0], Row)
