"""The moving expected range: the steps of the recipe, states, locks, and bad input."""

from dataclasses import astuple, replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.portfolio import ENDINGS, scores, world
from metrics.errors import SourceError
from metrics.signals import (
    EIGHT_IN_A_ROW,
    THREE_OF_FOUR,
    Happening,
    Weekly,
    closing,
    expected_by_chance,
    judge,
    judge_all,
    xmr,
)
from metrics.signals.model import carried, design, fit, ladder, phi_estimate, sigma_estimate
from metrics.signals.weeks import next_lock

pytestmark = pytest.mark.filterwarnings("error")

FIRST = date(2023, 5, 6)
NAN = float("nan")


def weeks(count: int) -> tuple[date, ...]:
    return tuple(FIRST + timedelta(weeks=n) for n in range(count))


def a_metric(values, **told) -> Weekly:
    return Weekly("orders", weeks(len(values)), np.asarray(values, dtype=float), **told)


def noise(
    count: int, seed: int = 1, level: float = 100.0, sigma: float = 2.0, memory: float = 0.0
) -> np.ndarray:
    shocks = np.random.default_rng(seed).normal(0, sigma, count)
    off = shocks.copy()
    for n in range(1, count):
        off[n] = memory * off[n - 1] + shocks[n]
    return level + off


# --- the steps ---------------------------------------------------------------------------------


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


def test_sigma_from_the_mean_moving_range():
    assert sigma_estimate(one(2), one(52), one(1)) == pytest.approx(1.789713, abs=1e-6)


def test_what_is_carried_of_an_incident_is_capped():
    expected = 100 + carried(one(120 - 100), one(0.5), one(2))
    assert (expected, expected - 6, expected + 6) == (
        pytest.approx(102.8868, abs=1e-4),
        pytest.approx(96.8868, abs=1e-4),
        pytest.approx(108.8868, abs=1e-4),
    )


@pytest.mark.parametrize(
    ("r1", "n", "p", "phi"),
    [
        pytest.param(0.622338, 52, 1, 0.695033, id="memory is corrected for the bias of short series"),
        pytest.param(0.20, 52, 1, 0.0, id="what may be chance is no memory"),
        pytest.param(0.99, 52, 1, 0.95, id="memory is cut at 0.95"),
        pytest.param(-0.5, 52, 1, 0.0, id="a level has no negative memory"),
    ],
)
def test_memory(r1, n, p, phi):
    assert phi_estimate(one(r1), one(n), one(p)) == pytest.approx(phi, abs=1e-6)


@pytest.mark.parametrize(
    ("told", "rungs"),
    [
        pytest.param({"trend": False, "season": False, "events": True}, 1, id="events wait for two years"),
        pytest.param({"trend": True, "season": False, "events": True}, 2, id="half a year allows a trend"),
        pytest.param({"trend": True, "season": True, "events": False}, 5, id="two years allow the season"),
        pytest.param({"trend": True, "season": True, "events": True}, 10, id="and events"),
    ],
)
def test_the_ladder(told, rungs):
    assert len(set(ladder(**told))) == rungs


def test_the_fit_is_that_of_generalised_least_squares():
    rng = np.random.default_rng(3)
    y, phi_free = noise(120, 3, memory=0.5) + 0.1 * np.arange(120), rng.random(120) > 0.05
    columns = design(np.zeros((120, 0), bool), np.zeros((120, 0), bool))
    found = fit(y[None, :], phi_free[None, :], columns, season=False)
    assert found.trend[0]
    x, phi = columns.level[:, :2], found.phi[0]
    rows, values = [], []
    for t in np.flatnonzero(phi_free):  # Across a gap a stretch begins anew.
        before = t > 0 and phi_free[t - 1]
        rows.append(x[t] - phi * x[t - 1] if before else np.sqrt(1 - phi**2) * x[t])
        values.append(y[t] - phi * y[t - 1] if before else np.sqrt(1 - phi**2) * y[t])
    beta, *_ = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)
    assert found.beta[0, :2] == pytest.approx(beta, rel=1e-7)
    inverse = np.linalg.pinv(np.array(rows).T @ np.array(rows))
    assert found.inverse[0, :2, :2] == pytest.approx(inverse, rel=1e-7)


def test_columns_that_cannot_be_told_apart_share_their_effect():
    holiday = np.zeros((120, 2), bool)
    holiday[[10, 62, 114]] = True  # Two names for one week.
    y = noise(120) + 40 * holiday[:, 0]
    found = fit(y[None, :], np.ones((1, 120), bool), design(holiday, np.zeros((120, 0), bool)), season=True)
    assert found.events[0]
    assert found.beta[0, 8:10] == pytest.approx([20, 20], abs=1.5)


def test_both_charts_agree_where_there_is_no_shape_and_no_memory():
    for seed in range(40):
        values = noise(61, seed)
        judged = judge(a_metric(values))
        model = judged.locks[-1].model
        if (model.shape, model.phi, model.wandering, judged.locks[-1].n) == ("constant", 0.0, False, 52):
            chart = xmr(values, baseline=(0, 52), screen=True)
            assert judged.high[-1] - judged.low[-1] == pytest.approx(chart.high - chart.low, rel=0.025)
            assert judged.expected[-1] == pytest.approx(chart.centre)
            return
    pytest.fail("No series of 40 had a constant shape.")


# --- states ------------------------------------------------------------------------------------

HOLIDAY = Happening("Feast", "recurring", (weeks(200)[20], weeks(200)[72], weeks(200)[124], weeks(200)[150]))


@pytest.mark.parametrize(
    ("told", "week", "state", "tier"),
    [
        pytest.param({}, 5, "too_short", "cannot_judge", id="five weeks before it are too few"),
        pytest.param({}, 6, "trial", "none", id="six are a trial"),
        pytest.param({}, 11, "trial", "none", id="eleven too"),
        pytest.param({}, 12, "provisional", "none", id="twelve are provisional"),
        pytest.param({}, 26, "normal", "none", id="half a year is normal"),
        pytest.param(
            {"happenings": (HOLIDAY,)},
            72,
            "event_week",
            "cannot_judge",
            id="a feast without two years before it cannot be judged",
        ),
        pytest.param({"happenings": (HOLIDAY,)}, 124, "normal", "none", id="with two years it can"),
        pytest.param(
            {"happenings": (Happening("New feast", "recurring", (weeks(200)[150],)),)},
            150,
            "event_week",
            "cannot_judge",
            id="a feast never seen before cannot be judged",
        ),
        pytest.param(
            {"incomplete": np.arange(156) == 155},
            155,
            "incomplete_week",
            "cannot_judge",
            id="an incomplete week is not judged",
        ),
        pytest.param(
            {"immature": np.arange(156) > 150}, 153, "immature", "cannot_judge", id="nor is an immature one"
        ),
        pytest.param(
            {"starts": weeks(200)[100]},
            99,
            "before_start",
            "cannot_judge",
            id="nothing counts before a definition starts",
        ),
        pytest.param(
            {"starts": weeks(200)[100]}, 103, "too_short", "cannot_judge", id="and it starts from nothing"
        ),
        pytest.param(
            {"happenings": (Happening("Recount", "definition_change", (weeks(200)[100],)),)},
            103,
            "too_short",
            "cannot_judge",
            id="likewise after a change of definition",
        ),
        pytest.param(
            {"happenings": (Happening("Recount", "definition_change", (weeks(200)[100],)),)},
            99,
            "normal",
            "none",
            id="the weeks before it keep their own limits",
        ),
        pytest.param(
            {"dividers": (weeks(200)[100],)}, 103, "too_short", "cannot_judge", id="a divider begins a level"
        ),
        pytest.param({"dividers": (weeks(200)[100],)}, 107, "trial", "none", id="which is on trial first"),
    ],
)
def test_state_of_a_week(told, week, state, tier):
    values = 100 + np.tile([1.0, -1.0, 0.5, -0.5, 0.2, -0.7], 26)
    judged = judge(a_metric(values, **told))
    assert (judged.state[week], judged.tier[week]) == (state, tier)


def test_an_incomplete_week_still_has_a_range():
    judged = judge(a_metric(noise(60), incomplete=np.arange(60) == 59))
    assert np.isfinite([judged.low[-1], judged.high[-1]]).all()
    assert np.isnan(judged.z[-1])


def test_in_trial_only_the_first_rule_speaks():
    values = np.concatenate((noise(6, 2), np.full(5, 103.5)))
    assert set(judge(a_metric(values)).tier[6:]) <= {"none", "exception"}


def test_more_than_a_tenth_of_gaps_is_a_trial():
    values = noise(80)
    values[10:30:2] = NAN
    assert judge(a_metric(values)).state[-1] == "trial"


def test_a_week_is_told_what_and_since_when():
    values = np.concatenate((noise(60, 4), 100 + 2 * np.array([1.9, 2.1, 2.0, 2.2]), [120.0]))
    judged = judge(a_metric(values, better="up"))
    assert judged.tier[-1] == "exception"
    assert [(r.rule, r.direction, r.since) for r in judged.reasons[-1]] == [
        ("above_range", "above", judged.week_endings[-1]),
        ("three_of_four", "above", judged.week_endings[-4]),
    ]
    assert judged.favourable[-1] is True
    assert judge(a_metric(values, better="down")).favourable[-1] is False
    assert judge(a_metric(values, better="band")).favourable[-1] is None
    assert judge(a_metric(values, weight=3.0)).urgency == pytest.approx(3 * abs(judged.z[-1]))


def test_the_loop_applies_the_rules_as_the_vectors_state_them():
    values = noise(150, 5)
    judged = judge(a_metric(values))
    firm = np.array([state in {"normal", "provisional"} for state in judged.state])
    z = judged.z[firm]
    for rule, name in ((THREE_OF_FOUR, "three_of_four"), (EIGHT_IN_A_ROW, "eight_in_a_row")):
        told = [
            any(r.rule == name for r in reasons) for reasons in np.array(judged.reasons, dtype=object)[firm]
        ]
        want = closing(rule, z)
        got = np.flatnonzero(told).tolist()
        assert [n for n in got if n >= 8] == [n for n in want if n >= 8]


def test_chance_is_told_by_the_number_of_metrics():
    assert expected_by_chance(500) == (2.5, 10.0)


# --- locks -------------------------------------------------------------------------------------


def test_a_baseline_is_locked_at_26_52_104_and_then_each_quarter():
    assert [next_lock(n) for n in (0, 26, 52, 104, 116, 117, 130)] == [26, 52, 104, 117, 117, 130, 143]
    judged = judge(a_metric(noise(157, 8)))
    assert [(lock.n, lock.postponed) for lock in judged.locks] == [
        (n, 0) for n in (26, 52, 104, 117, 130, 143)
    ]
    for lock in judged.locks:  # It leaves out the eight newest of the weeks it knew, and judges those after.
        assert (lock.made - lock.last).days == 8 * 7
    assert judged.week_endings[judged.lock.tolist().index(0)] == judged.locks[0].made + timedelta(weeks=1)


def test_a_lock_is_postponed_while_a_run_is_open_and_the_shift_stays_a_signal():
    values = noise(170, 8)
    values[118:] += 6.0  # Three sigma, for good; the next lock would be made in week 124.
    judged = judge(a_metric(values))
    assert [lock.n for lock in judged.locks] == [26, 52, 104]
    assert sum(tier in {"exception", "watch"} for tier in judged.tier[118:]) >= 50
    assert judged.reasons[-1][-1].rule == "eight_in_a_row"


def test_a_divider_begins_a_new_level_and_keeps_what_else_was_learned():
    season = 10 * np.sin(2 * np.pi * np.arange(170) / 52.1775)
    values = noise(170, 8) + season
    values[125:] += 8.0
    told = judge(a_metric(values))
    assert told.proposal is not None
    assert (told.proposal.since, told.proposal.direction) == (weeks(170)[125], "above")
    assert told.proposal.new_level - told.proposal.old_level == pytest.approx(8, abs=1.5)
    assert told.proposal.weeks == 45
    declared = judge(a_metric(values, dividers=(weeks(170)[125],)))
    assert declared.state[140] == "provisional"
    assert set(declared.tier[131:]) <= {"none", "watch"}
    assert declared.model is not None
    assert declared.model.harmonics >= 1
    assert declared.proposal is None


def test_eight_weeks_of_a_new_level_are_needed_for_a_proposal():
    values = noise(157, 8)
    values[-7:] += 8.0
    values[-8] = 99.0
    assert judge(a_metric(values)).proposal is None
    values[-8] = 107.0
    assert judge(a_metric(values)).proposal is not None


WEEKLY = ("value", "compared", "z", "expected", "low", "high", "n", "lock", "basis")
EXACT = ("metric", "week_endings", "tier", "state", "reasons", "favourable", "scale", "pooled", "weight")


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    cut=st.integers(0, 139),
    gaps=st.sets(st.integers(0, 139), max_size=12),
    log=st.booleans(),
    count=st.booleans(),
)
def test_what_a_week_was_told_never_changes(seed, cut, gaps, log, count):
    """And so one judging serves all weeks: what is cut off it is what was judged when it was the newest."""
    rng = np.random.default_rng(seed)
    values = np.round(
        noise(140, seed, level=rng.choice([3.0, 6.0, 100.0]), sigma=1.0, memory=rng.uniform(0, 0.8)), 2
    )
    values[rng.integers(0, 140)] += rng.choice([0.0, 30.0])
    values[list(gaps)] = NAN
    ending = weeks(140)
    happenings = (
        Happening("Feast", "recurring", (ending[12], ending[64], ending[116])),
        Happening("Outage", "one_off", (ending[rng.integers(0, 140)],)),
        Happening("Recount", "definition_change", (ending[70],) if rng.random() < 0.2 else ()),
    )
    told = {
        "log": log,
        "count": count,
        "better": "up",
        "happenings": happenings,
        "dividers": (ending[90],) if rng.random() < 0.3 else (),
        "immature": np.isin(np.arange(140), rng.integers(0, 140, 2)),
        "incomplete": np.isin(np.arange(140), rng.integers(0, 140, 2)),
    }
    metric = a_metric(values, **told)
    whole, then = judge(metric).until(ending[cut]), judge(metric, until=ending[cut])
    assert then.week_endings == ending[: cut + 1]
    for name in WEEKLY:
        now, before = getattr(whole, name), getattr(then, name)
        assert now == pytest.approx(before, rel=1e-6, abs=1e-6, nan_ok=True), name
    for name in EXACT:
        assert getattr(whole, name) == getattr(then, name), name
    assert [astuple(lock)[:6] for lock in whole.locks] == [astuple(lock)[:6] for lock in then.locks]
    for now, before in zip(
        (lock.model for lock in (*whole.locks, whole)),
        (lock.model for lock in (*then.locks, then)),
        strict=True,
    ):
        if now is not None:  # Of the newest week's model only what a lock judged is kept.
            assert now == replace(before, phi=now.phi, sigma=now.sigma)
            assert (now.phi, now.sigma) == pytest.approx((before.phi, before.sigma), rel=1e-6, nan_ok=True)
    assert (whole.proposal, whole.dwarfing) == ((None, ()) if cut < 139 else (then.proposal, then.dwarfing))


def test_metrics_judged_together_are_judged_as_alone():
    together = world(5, 12).weeklies()
    together[3] = Weekly(
        "late", ENDINGS[40:], together[3].values[40:], log=True, happenings=together[3].happenings
    )
    for alone, judged in zip(together, judge_all(together), strict=True):
        assert judge(alone).z == pytest.approx(judged.z, rel=1e-6, abs=1e-6, nan_ok=True)


# --- incidents ---------------------------------------------------------------------------------


@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_a_declared_incident_is_an_exception_itself_and_leaves_no_trace(memory):
    values = noise(120, 6, memory=memory)
    spiked = values.copy()
    spiked[110] += 60
    ending = weeks(120)[110]
    for told in ({"happenings": (Happening("Outage", "one_off", (ending,)),)}, {"excluded": (ending,)}):
        plain, judged = judge(a_metric(values, **told)), judge(a_metric(spiked, **told))
        assert judged.tier[110] == "exception"
        assert judged.z[111:] == pytest.approx(plain.z[111:])
        assert (judged.low[111:], judged.high[111:]) == (
            pytest.approx(plain.low[111:]),
            pytest.approx(plain.high[111:]),
        )


def test_what_is_remembered_fades_across_a_gap_and_the_range_widens():
    values = noise(125, 7, memory=0.6)
    values[119], values[120] = 104.0, NAN
    judged = judge(a_metric(values))
    phi, (at, after) = judged.locks[-1].model.phi, judged.expected[120:122]
    assert 0 < phi < 1
    assert after == pytest.approx(at + phi * (at - values[119]))
    width = judged.high - judged.low
    assert width[121] == pytest.approx(width[120] * np.sqrt(1 + phi**2), rel=0.01)


def test_what_an_undeclared_incident_leaves_does_not_grow_with_it():
    large, larger = noise(120, 7, memory=0.6), noise(120, 7, memory=0.6)
    large[110] += 60
    larger[110] += 60_000
    one, other = judge(a_metric(large)), judge(a_metric(larger))
    assert one.tier[110:113] == other.tier[110:113] == ("exception", "none", "none")
    assert one.z[111:] == pytest.approx(other.z[111:])


# --- scales ------------------------------------------------------------------------------------


def test_ratios_are_judged_of_volumes_and_raw_once_a_value_is_not_positive():
    values = np.exp(noise(120, 9, level=5, sigma=0.1))
    judged = judge(a_metric(values, log=True))
    assert (judged.scale, judged.model and judged.model.log) == ("log", True)
    middle = np.sqrt(judged.low[-1] * judged.high[-1])
    assert judged.expected[-1] == pytest.approx(middle)
    values[100] = 0.0
    fallen = judge(a_metric(values, log=True))
    assert fallen.scale == "raw_not_positive"
    assert fallen.tier[100] == "exception"
    assert fallen.z[:100] == pytest.approx(judged.z[:100], nan_ok=True)


def test_small_counts_are_judged_four_weeks_at_a_time():
    values = np.random.default_rng(4).poisson(2, 160).astype(float)
    values[156:160] = 9
    judged = judge(a_metric(values, count=True))
    assert judged.pooled
    assert set(judged.state[100:103]) == {"pooled"} or judged.state.count("pooled") > 100
    assert judged.compared[159] == 9
    assert judged.tier[159] == "exception"
    assert {judged.tier[n] for n in (156, 157, 158)} == {"cannot_judge"}
    assert not judge(a_metric(values + 10, count=True)).pooled


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "told", "state"),
    [
        pytest.param([1.0, 2.0, 3.0], {}, "too_short", id="three points"),
        pytest.param([], {}, None, id="no week at all"),
        pytest.param([0.0] * 60, {}, "constant", id="all zero"),
        pytest.param([0.0] * 60, {"log": True}, "constant", id="all zero where ratios are asked for"),
        pytest.param([0.0] * 60, {"count": True}, "constant", id="all zero counts"),
        pytest.param([7.3] * 60, {}, "constant", id="constant"),
        pytest.param([1e12] * 160, {"log": True}, "constant", id="constant and large"),
        pytest.param([NAN] * 60, {}, "missing", id="all missing"),
        pytest.param([NAN] * 100 + list(noise(57)), {}, "normal", id="a metric that starts mid-year"),
        pytest.param(
            list(noise(157, level=-50)), {"log": True}, "normal", id="negative values where ratios are asked"
        ),
        pytest.param([*noise(80), 1e12, *noise(20)], {}, "normal", id="one outlier of 1e12"),
        pytest.param(
            [*noise(80), 1e12, *noise(76)], {"log": True}, "normal", id="one outlier of 1e12 among ratios"
        ),
        pytest.param(np.arange(157.0), {}, "constant", id="a perfect line"),
        pytest.param([*[5.0] * 100, *[6.0] * 57], {}, None, id="a single step"),
        pytest.param([1e-300, 2e-300] * 60, {"log": True}, "normal", id="values near zero"),
    ],
)
def test_poor_input_gets_an_answer(values, told, state):
    judged = judge(a_metric(values, **told))
    assert len(judged.tier) == len(values)
    if state is not None:
        assert judged.state[-1] == state or (state == "constant" and judged.state[-1] == "pooled")


@pytest.mark.parametrize("told", [{}, {"log": True}, {"count": True}], ids=["raw", "ratios", "counts"])
@pytest.mark.parametrize(
    "values",
    [
        pytest.param([1.0, 2.0, 3.0], id="three points"),
        pytest.param([0.0] * 157, id="all zero"),
        pytest.param([7.0] * 157, id="constant"),
        pytest.param([NAN] * 157, id="all missing"),
        pytest.param([*noise(80), 1e12, *noise(76)], id="one outlier of 1e12"),
        pytest.param([NAN] * 30 + list(noise(127)), id="starts mid-year"),
        pytest.param(list(noise(157, level=-50)), id="negative"),
        pytest.param([*noise(100), -4.0, *noise(56)], id="one negative"),
        pytest.param([3.0] * 150 + [4.0] * 7, id="constant, then another"),
    ],
)
def test_poor_input_with_feasts_levels_and_gaps_gets_an_answer_each_week(values, told):
    ending = weeks(157)
    happenings = (
        Happening("Feast", "recurring", ending[20::52]),
        Happening("Outage", "one_off", (ending[80],)),
        Happening("Recount", "definition_change", (ending[40],)),
    )
    holes = np.isin(np.arange(len(values)), (90, 91, len(values) - 1))
    metric = a_metric(values, happenings=happenings, dividers=(ending[110],), incomplete=holes, **told)
    judged = judge(metric)
    assert len(judged.tier) == len(judged.state) == len(values)
    assert judged.until(ending[1]).week_endings == ending[:2]
    chart = xmr(values)
    assert len(chart.moving_ranges) == len(values)
    parts = judged.model_parts
    assert parts is None or parts.weeks > 0


def test_a_model_can_be_told_in_its_parts():
    ending = weeks(170)
    feast = np.isin(np.arange(170), (20, 72, 124))
    values = 0.2 * np.arange(170) + 10 * np.sin(2 * np.pi * np.arange(170) / 52.1775) + 20 * feast
    judged = judge(
        a_metric(
            values + noise(170, 8, memory=0.5), happenings=(Happening("Feast", "recurring", ending[20::52]),)
        )
    )
    parts, lock = judged.model_parts, judged.lock_in_force
    assert parts is not None
    assert lock is not None
    assert (parts.trend, parts.season, parts.events, parts.wandering, parts.ratios) == (
        True,
        True,
        ("Feast",),
        False,
        False,
    )
    assert parts.remembers == pytest.approx(0.5, abs=0.25)
    assert (parts.weeks, parts.first, parts.last, parts.locked) == (lock.n, lock.first, lock.last, lock.made)
    assert judge(a_metric([1.0, 2.0, 3.0])).model_parts is None
    assert judge(a_metric([5.0] * 40)).model_parts is None
    growing = judge(a_metric(noise(20))).model_parts
    assert growing is not None
    assert (growing.weeks, growing.locked, growing.first) == (19, None, None)


def test_an_outlier_that_spoils_the_limits_is_named_and_may_be_excluded():
    values = np.array([*noise(80), 1e12, *noise(76, 2)])
    judged = judge(a_metric(values))
    assert judged.tier[80] == "exception"
    assert judged.dwarfing == (weeks(157)[80],)
    mended = judge(a_metric(values, excluded=judged.dwarfing))
    assert mended.dwarfing == ()
    assert mended.expected[-1] == pytest.approx(100, abs=2)


def test_a_53_week_year_is_only_one_more_week():
    ending = tuple(date(2020, 1, 4) + timedelta(weeks=n) for n in range(157))  # 2020 has 53 Saturdays.
    judged = judge(Weekly("orders", ending, noise(157)))
    assert judged.state[-1] == "normal"


@pytest.mark.parametrize(
    ("ending", "values", "sentence"),
    [
        pytest.param(
            weeks(2),
            [1.0, float("inf")],
            "orders, week ending 2023-05-13: inf is not a number",
            id="infinity",
        ),
        pytest.param(
            weeks(2),
            [1.0, 1e300],
            "ending 2023-05-13: 1e.300 is not a number",
            id="a number too large to square",
        ),
        pytest.param(
            weeks(2), [1.0, "1,2"], "orders, week ending 2023-05-13: '1,2' is not a number", id="text"
        ),
        pytest.param(
            (FIRST, FIRST),
            [1.0, 2.0],
            "week ending 2023-05-06, value 2.0: this week is already there",
            id="a week named twice",
        ),
        pytest.param(
            (FIRST, FIRST + timedelta(14)),
            [1.0, 2.0],
            "the week before it ends 2023-05-06; name every week",
            id="a week left out",
        ),
        pytest.param((FIRST, FIRST - timedelta(7)), [1.0, 2.0], "give weeks oldest first", id="newest first"),
        pytest.param(
            weeks(3), [1.0, 2.0], "orders: values has 2 entries for 3 weeks", id="a column too short"
        ),
    ],
)
def test_input_that_cannot_be_judged_is_refused_by_name(ending, values, sentence):
    with pytest.raises(SourceError, match=sentence.replace("(", r"\(")):
        Weekly("orders", ending, np.array(values, dtype=object))


# --- a portfolio -------------------------------------------------------------------------------


def test_a_portfolio_is_judged_as_precisely_as_promised():
    found = scores([31, 32], 250)
    exception, both = found["exception"], found["exception + watch"]
    assert exception.precision >= 0.85
    assert exception.spikes >= 0.95
    assert exception.false <= 6
    assert both.precision >= 0.70
    assert both.shifts > exception.shifts
