"""The classic chart and the rules, held against the published examples."""

import json

import numpy as np
import pytest

from metrics.signals import EIGHT_IN_A_ROW, THREE_OF_FOUR, Rule, closing, painted, xmr
from metrics.signals.model import remembering_limits
from metrics.signals.rules import BEYOND
from tests.conftest import shared_folder

pytestmark = pytest.mark.filterwarnings("error")

# The names that the vectors give to rules; one form says them all, save those on trends and alternation.
RULES = {
    "beyond_3_sigma": BEYOND,
    "three_of_four_beyond_1.5": THREE_OF_FOUR,
    "run_8": EIGHT_IN_A_ROW,
    "two_of_three_beyond_2": Rule(2, 3, 2.0),
    "four_of_five_beyond_1": Rule(4, 5, 1.0),
    "run_7": Rule(7, 7, 0.0),
    "run_9": Rule(9, 9, 0.0),
}
FLAGS = {
    "beyond_3_sigma": BEYOND,
    "run8": EIGHT_IN_A_ROW,
    "three_of_four": THREE_OF_FOUR,
    "two_of_three_beyond_2": RULES["two_of_three_beyond_2"],
    "nhs_two_of_three": RULES["two_of_three_beyond_2"],
    "four_of_five_beyond_1": RULES["four_of_five_beyond_1"],
}
LEFT_OUT = {"anhoej", "nhs_any_closing", "western_electric_any_closing", "nelson_1_to_5_closing"}
KEYS = {
    "cl": "centre",
    "mr": "moving_range",
    "sigma": "sigma",
    "unpl": "high",
    "lnpl": "low",
    "url": "range_high",
    "upper_half": "half_high",
    "lower_half": "half_low",
    "moving_ranges": "moving_ranges",
    "beyond_limits": "beyond",
    "mr_beyond": "range_beyond",
}


def vectors(*kinds: str) -> list[pytest.param]:
    """The vectors of some kinds; one stand-in where the folder is absent, which its test then reports."""
    paths = sorted((shared_folder() / "vectors" / "xmr").glob("*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return [pytest.param(v, id=v["name"]) for v in found if v["kind"] in kinds] or [
        pytest.param(None, id="absent")
    ]


def chart_of(told: dict, series: list | None = None):
    names = ("baseline", "centre", "moving_range", "screen", "limit_factor", "range_factor", "d2")
    return xmr(series or told["series"], **{name: told[name] for name in names if name in told})


def as_told(chart, key: str, told: dict) -> object:
    """A chart's answer to one key of a vector."""
    name, _, way = key.rpartition("_")
    if key == "beyond_limits" and "locked_upper_limit" in told:
        return np.flatnonzero(
            (chart.values > told["locked_upper_limit"]) | (chart.values < chart.low)
        ).tolist()
    if name in FLAGS:
        return (closing if way == "closing" else painted)(FLAGS[name], chart.z)
    answer = getattr(chart, KEYS[key])
    if key == "moving_ranges":
        return [None if np.isnan(v) else v for v in answer.tolist()]
    return list(answer) if isinstance(answer, tuple) else answer


@pytest.mark.parametrize("vector", vectors("xmr.limits"))
def test_limits_and_flags_of_the_classic_chart(shared, vector):
    chart = chart_of(vector["input"])
    asked = {key: want for key, want in vector["expected"].items() if key not in LEFT_OUT}
    for key, want in asked.items():
        got = as_told(chart, key, vector["input"])
        is_flags = isinstance(want, list) and key != "moving_ranges"
        assert got == (want if is_flags else pytest.approx(want, abs=vector["tolerance"])), key
    assert asked or set(vector["expected"]) <= LEFT_OUT


@pytest.mark.parametrize("vector", vectors("xmr.rules"))
def test_flags_of_each_rule(shared, vector):
    cases = {str(case["id"]): case for case in vector["input"]["cases"] if case["rule"] in RULES}
    assert {"0"} <= set(cases)
    for way, name in ((closing, "closing"), (painted, "painted")):
        for key, want in vector["expected"][name].items():
            if key in cases:
                assert way(RULES[cases[key]["rule"]], cases[key]["z"]) == want, (name, key)


@pytest.mark.parametrize("vector", vectors("xmr.two_groups"))
def test_each_group_judged_by_the_limits_of_the_other(shared, vector):
    told, expected = vector["input"], vector["expected"]
    a, b = (chart_of(told, told[name]) for name in ("series_a", "series_b"))
    for chart, want in ((a, expected["a"]), (b, expected["b"])):
        assert {k: as_told(chart, k, told) for k in want} == pytest.approx(want, abs=vector["tolerance"])
    outside = [
        np.flatnonzero((one.values > other.high) | (one.values < other.low))
        for one, other in ((a, b), (b, a))
    ]
    assert [o.tolist() for o in outside] == [expected["a_beyond_b_limits"], expected["b_beyond_a_limits"]]


@pytest.mark.parametrize("vector", vectors("xmr.screening"))
def test_limits_with_and_without_the_ranges_of_an_incident(shared, vector):
    for name, screen in (("screened", True), ("unscreened", False)):
        chart = chart_of({**vector["input"], "screen": screen})
        want = vector["expected"][name]
        assert {k: as_told(chart, k, {}) for k in want} == pytest.approx(want, abs=vector["tolerance"])
        assert list(chart.beyond) == vector["expected"]["beyond_limits"]


@pytest.mark.parametrize("vector", vectors("xmr.ar1_limits"))
def test_limits_that_allow_for_memory(shared, vector):
    told, want = vector["input"], vector["expected"]
    first, end = told["baseline"]
    got = remembering_limits(np.array(told["series"][first:end]), told["d2"])
    naive = xmr(told["series"], baseline=(first, end))
    assert {
        "cl": got["centre"],
        "mr": got["moving_range"],
        "r1": got["r1"],
        "phi": got["phi"],
        "sigma": got["sigma"],
        "unpl": got["high"],
        "lnpl": got["low"],
        "unpl_naive": naive.high,
        "lnpl_naive": naive.low,
    } == pytest.approx(want, abs=vector["tolerance"])
