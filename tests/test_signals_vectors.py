"""The classic chart, its rules and its relatives, held against the published examples, all of them."""

import json
from functools import partial

import numpy as np
import pytest

from metrics.signals import EIGHT_IN_A_ROW, THREE_OF_FOUR, closing, closing_any, painted, xmr
from metrics.signals.classic import crossings_min, half_average_trend, longest_run_max, runs, seasonal_factors
from metrics.signals.model import remembering_limits
from metrics.signals.rules import (
    BEYOND,
    NELSON,
    NHS,
    WESTERN_ELECTRIC,
    Avoiding,
    Climb,
    Hugging,
    Rule,
    Zigzag,
)
from tests.conftest import shared_folder

pytestmark = pytest.mark.filterwarnings("error")

# The names that the vectors give to rules.
RULES = {
    "beyond_3_sigma": BEYOND,
    "three_of_four_beyond_1.5": THREE_OF_FOUR,
    "run_8": EIGHT_IN_A_ROW,
    "two_of_three_beyond_2": Rule(2, 3, 2.0),
    "four_of_five_beyond_1": Rule(4, 5, 1.0),
    "run_7": Rule(7, 7, 0.0),
    "run_9": Rule(9, 9, 0.0),
    "trend_6": Climb(6),
    "trend_7": Climb(7),
    "alternating_14": Zigzag(14),
    "within_1_for_15": Hugging(15, 1.0),
    "outside_1_for_8": Avoiding(8, 1.0),
}
FLAGS = {
    **{f"{name}_closing": partial(closing, rule) for name, rule in RULES.items()},
    "run8_closing": partial(closing, EIGHT_IN_A_ROW),
    "run8_painted": partial(painted, EIGHT_IN_A_ROW),
    "three_of_four_painted": partial(painted, THREE_OF_FOUR),
    "nhs_two_of_three_closing": partial(closing, Rule(2, 3, 2.0)),
    "nhs_any_closing": partial(closing_any, NHS),
    "western_electric_any_closing": partial(closing_any, WESTERN_ELECTRIC),
    "nelson_1_to_5_closing": partial(closing_any, NELSON[:5]),
}
LINES = {
    "cl": "centre",
    "mr": "moving_range",
    "sigma": "sigma",
    "unpl": "high",
    "lnpl": "low",
    "url": "range_high",
    "upper_half": "half_high",
    "lower_half": "half_low",
}
FILES, ANSWERS = 25, 164  # None may be left out without notice.


def vectors() -> list[dict]:
    paths = sorted((shared_folder() / "vectors" / "xmr").glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


# --- one answer for each key that a vector expects ----------------------------------------------


def chart_of(told: dict, series: list | None = None, **other):
    names = ("baseline", "centre", "moving_range", "screen", "limit_factor", "range_factor", "d2")
    return xmr(series or told["series"], **{name: told[name] for name in names if name in told}, **other)


def outside(values, low: float, high: float) -> list[int]:
    return np.flatnonzero((values < low) | (values > high)).tolist()


def limits(told: dict, asked: dict) -> dict:
    chart = chart_of(told)
    found = runs(told["series"], chart.centre)
    other = {
        "beyond_limits": outside(chart.values, chart.low, told["locked_upper_limit"])
        if "locked_upper_limit" in told
        else list(chart.beyond),
        "mr_beyond": list(chart.range_beyond),
        "moving_ranges": [None if np.isnan(v) else v for v in chart.moving_ranges.tolist()],
        "anhoej": {
            "longest_run": found.longest,
            "longest_run_max": found.longest_max,
            "crossings": found.crossings,
            "crossings_min": found.crossings_min,
            "signal": found.signal,
            "n_useful": found.useful,
        },
    }
    lines = {key: getattr(chart, name) for key, name in LINES.items()}
    flags = {key: flag(chart.z) for key, flag in FLAGS.items()}
    return {key: {**other, **lines, **flags}[key] for key in asked}


def two_groups(told: dict, asked: dict) -> dict:
    a, b = (chart_of(told, told[name]) for name in ("series_a", "series_b"))
    lines = {
        name: {key: getattr(chart, LINES[key]) for key in asked[name]} for name, chart in (("a", a), ("b", b))
    }
    return {
        **lines,
        "a_beyond_b_limits": outside(a.values, b.low, b.high),
        "b_beyond_a_limits": outside(b.values, a.low, a.high),
    }


def screening(told: dict, asked: dict) -> dict:
    charts = {name: chart_of(told, screen=name == "screened") for name in ("screened", "unscreened")}
    beyond = {chart.beyond for chart in charts.values()}
    assert len(beyond) == 1
    return {
        **{name: {key: getattr(c, LINES[key]) for key in asked[name]} for name, c in charts.items()},
        "beyond_limits": list(*beyond),
    }


def trended(told: dict, asked: dict) -> dict:
    names = ("baseline", "moving_range", "limit_factor")
    found = half_average_trend(told["series"], **{name: told[name] for name in names})
    answers = {name: getattr(found, name) for name in ("slope", "half_width")}
    answers |= {name: getattr(found, name) for name in ("first_half_mean", "second_half_mean")}
    answers["line_at_index"] = [[place, found.at(place)] for place, _ in asked.get("line_at_index", ())]
    answers["beyond_limits"] = list(found.beyond)
    return {key: answers[key] for key in asked}


def remembering(told: dict, asked: dict) -> dict:
    first, end = told["baseline"]
    got = remembering_limits(np.array(told["series"][first:end]), told["d2"])
    naive = xmr(told["series"], baseline=(first, end), limit_factor=told["limit_factor"])
    names = {"cl": "centre", "mr": "moving_range", "unpl": "high", "lnpl": "low"}
    answers = {key: got[names.get(key, key)] for key in asked if not key.endswith("naive")}
    return {**answers, "unpl_naive": naive.high, "lnpl_naive": naive.low}


def seasonal(told: dict, _: dict) -> dict:
    found = seasonal_factors(told["series"], told["period"])
    return {
        "overall_mean": found.overall_mean,
        "factors": found.factors.tolist(),
        "deseasonalised": found.deseasonalised.tolist(),
    }


def rules(told: dict, asked: dict) -> dict:
    cases = {str(case["id"]): case for case in told["cases"]}
    ways = {"closing": closing, "painted": painted}
    return {
        name: {key: way(RULES[cases[key]["rule"]], cases[key]["z"]) for key in asked[name]}
        for name, way in ways.items()
    }


def anhoej(told: dict, _: dict) -> dict:
    return {
        "longest_run_max": [longest_run_max(n) for n in told["n"]],
        "crossings_min": [crossings_min(n) for n in told["n"]],
    }


KINDS = {
    "xmr.limits": limits,
    "xmr.two_groups": two_groups,
    "xmr.screening": screening,
    "xmr.half_average_trend": trended,
    "xmr.ar1_limits": remembering,
    "xmr.seasonal_factors": seasonal,
    "xmr.rules": rules,
    "xmr.anhoej": anhoej,
}


# --- held against the vectors -------------------------------------------------------------------


def leaves(value, path: str = "") -> dict:
    """What is compared, by its place; lists of places (flags) stay whole, for they must agree exactly."""
    if isinstance(value, dict):
        return {k: v for key, each in value.items() for k, v in leaves(each, f"{path}.{key}").items()}
    return {path.lstrip("."): value}


@pytest.mark.parametrize(
    "vector", [pytest.param(v, id=v["name"]) for v in vectors()] or [pytest.param(None, id="absent")]
)
def test_a_published_example(shared, vector):
    got = leaves(KINDS[vector["kind"]](vector["input"], vector["expected"]))
    want = leaves(vector["expected"])
    assert got.keys() == want.keys()
    for key, expected in want.items():
        if isinstance(got[key], list) and all(isinstance(each, int) for each in got[key]):
            assert got[key] == expected, key
        elif key == "line_at_index":
            assert np.array(got[key]) == pytest.approx(np.array(expected), abs=vector["tolerance"])
        else:
            assert got[key] == pytest.approx(expected, abs=vector["tolerance"]), key


def test_no_example_and_no_answer_is_left_out(shared):
    found = vectors()
    assert (len(found), sum(len(leaves(v["expected"])) for v in found)) == (FILES, ANSWERS)
    assert {v["kind"] for v in found} == set(KINDS)
    assert not any("bounds" in v for v in found)


# --- what no published example says -------------------------------------------------------------

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "centre", "want"),
    [
        pytest.param([], 0.0, (0, 0, 0, 0, 0, False), id="no value"),
        pytest.param([1.0, 1.0], 1.0, (0, 0, 0, 0, 0, False), id="all on the line"),
        pytest.param(
            [1, NAN, 2, 0, 1, -1], 0.0, (4, 3, 5, 1, 0, False), id="gaps and the line break nothing"
        ),
        pytest.param([1.0] * 12, 0.0, (12, 12, 7, 0, 3, True), id="never across"),
    ],
)
def test_runs(values, centre, want):
    found = runs(values, centre)
    assert (
        found.useful,
        found.longest,
        found.longest_max,
        found.crossings,
        found.crossings_min,
        found.signal,
    ) == want


def test_of_an_odd_number_the_middle_one_is_in_no_half_of_a_trend():
    found = half_average_trend([1, 2, 99, 4, None], baseline=(0, 5))
    assert (found.first_half_mean, found.second_half_mean) == (1.5, 4.0)
    assert found.slope == pytest.approx(2.5 / 2.5)
    assert found.at(3) == pytest.approx(4)
    assert np.isnan(half_average_trend([1.0]).half_width)


def test_a_season_without_a_level_has_no_factors():
    assert np.isnan(seasonal_factors([1, -1, 1, -1], 2).factors).all()
    assert np.isnan(seasonal_factors([], 2).factors).all()
    one = seasonal_factors([0, 4, 0, None], 2)
    assert np.isnan(one.deseasonalised).tolist() == [True, False, True, True]
