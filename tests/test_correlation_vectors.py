"""The conformance vectors of correlation, each answered by the engine itself."""

import json
from datetime import date, timedelta

import numpy as np
import pytest

from metrics.correlation import Occasion, Panel, Recipe, Series, link_tests, scan
from metrics.correlation.prepared import prepared
from metrics.correlation.strength import at_lags, chance, effective_weeks, false_discovery
from metrics.definitions import Link
from tests.conftest import shared_folder

FOLDER = shared_folder() / "vectors" / "corr"
SCALE = {"none": "as_is", "log": "log", "difference": "change"}
RAW_LAGS = tuple(range(-6, 13))


def vectors(*kinds: str) -> list:
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return [pytest.param(v, id=v["name"]) for v in found if v["kind"] in kinds]


def week_endings(given: dict, count: int) -> tuple[date, ...]:
    """The vector's dates; else weeks of which the first is in the week of the year that it names."""
    if "dates" in given:
        return tuple(date.fromisoformat(day) for day in given["dates"])
    first = date(2021, 1, 4) + timedelta(weeks=given.get("week_of_year", [0])[0])
    return tuple(first + timedelta(weeks=n) for n in range(count))


def occasions(given: dict, endings: tuple[date, ...]) -> tuple[Occasion, ...]:
    weeks = given.get("week_of_year", [])
    return tuple(
        Occasion(
            f"week {event}", tuple(end for end, week in zip(endings, weeks, strict=True) if week == event)
        )
        for event in given.get("event_weeks", [])
    )


def a_panel(given: dict, columns: dict) -> Panel:
    endings = week_endings(given, len(next(iter(columns.values()))))
    known = occasions(given, endings)
    return Panel(
        endings,
        tuple(
            Series(name, np.array(v, dtype=float), SCALE[given["transform"]], occasions=known)
            for name, v in columns.items()
        ),
        calendar_known=given.get("events") != "detect",
    )


def a_recipe(given: dict) -> Recipe:
    return Recipe(
        trend=given["trend"],
        harmonics=given["harmonics"],
        memory=given["ar_max"],
        lags=tuple(given["lags"]),
        rate=given.get("bh_q", 0.10),
        factors=given.get("panel_factors", 0),
        run_from=20,
    )


def answered(given: dict) -> dict:
    """A pair, in the neutral form of the vectors."""
    panel = a_panel(given, {"x": given["x"], "y": given["y"]})
    recipe = a_recipe(given)
    ready = prepared(panel, recipe)
    lags = tuple(range(recipe.lags[0], recipe.lags[1] + 1))
    r, n = at_lags(ready.surprise[:, :1], ready.surprise[:, 1:], lags)
    p = chance(r, n - ready.rank.max() - 1.0)[:, 0, 0]
    r = r[:, 0, 0]
    clear = [lag for lag, q in zip(lags, false_discovery(p), strict=True) if q <= recipe.rate]
    ahead = [k for k, lag in enumerate(lags) if lag >= 0]
    best = int(np.argmin(p))
    transformed = np.log if given["transform"] == "log" else np.asarray
    columns = [transformed(np.array(given[name], dtype=float))[:, None] for name in "xy"]
    raw, _ = at_lags(*columns, RAW_LAGS)
    return {
        "peak_lag": lags[best],
        "sign": int(np.sign(r[best])),
        "first_significant_lag": min(clear, default=None),
        "ccf_raw": {str(lag): value for lag, value in zip(RAW_LAGS, raw[:, 0, 0], strict=True)},
        "abs_r_at_peak": abs(float(r[best])),
        "raw_max_abs_r_lags_0_12": float(np.abs(raw[6:]).max()),
        "bonferroni_p": min(1.0, len(ahead) * float(p[ahead].min())),
    }


@pytest.mark.parametrize("vector", vectors("corr.pair", "corr.null_pair"))
def test_a_pair_peaks_where_it_should_and_nowhere_if_it_is_none(vector):
    found = answered(vector["input"])
    for key, wanted in vector["expected"].items():
        if key == "relation":
            assert (found["bonferroni_p"] < 0.05) is wanted
        elif isinstance(wanted, dict | float):
            assert found[key] == pytest.approx(wanted, abs=vector["tolerance"]), key
        else:
            assert found[key] == wanted, key
    for key, (low, high) in vector.get("bounds", {}).items():
        assert low <= found[key] <= high, key


UNCLEAR = [
    vector
    for vector in vectors("corr.null_pair", "corr.pair")
    if vector.values[0]["kind"] == "corr.null_pair" or vector.id == "insurance_tv_advert_quotes"
]


@pytest.mark.parametrize("vector", UNCLEAR)
def test_a_claim_on_a_pair_that_is_none_or_short_is_insufficient(vector):
    short = vector["name"] == "insurance_tv_advert_quotes"
    claim = Link(driver="x", driven="y", sign="+", lag_weeks=(1, 6), because="it was said")
    (test,) = link_tests(
        a_panel(vector["input"], {"x": vector["input"]["x"], "y": vector["input"]["y"]}), [claim]
    )
    assert (test.state, test.reason) == ("insufficient", "too_short" if short else "not_clear")


@pytest.mark.parametrize("vector", vectors("corr.panel"))
def test_a_panel_gives_exactly_the_planted_links(vector):
    given = vector["input"]
    columns = {f"x{i}": row for i, row in enumerate(given["X"])}
    columns |= {f"y{j}": row for j, row in enumerate(given["Y"])}
    found = scan(
        a_panel(given, columns),
        drivers=[name for name in columns if name.startswith("x")],
        driven=[name for name in columns if name.startswith("y")],
        recipe=a_recipe(given),
    )
    listed = sorted(
        (int(row.driver[1:]), int(row.driven[1:]), row.lag_weeks, int(np.sign(row.r)))
        for row in found.rows
        if row.verdict in ("leads", "together")
    )
    assert listed == [(k["i"], k["j"], k["lag"], k["sign"]) for k in vector["expected"]["links"]]


@pytest.mark.parametrize("vector", vectors("corr.fdr"))
def test_the_false_discovery_rate_by_hand(vector):
    adjusted = false_discovery(np.array(vector["input"]["p"]))
    assert adjusted == pytest.approx(vector["expected"]["BH_adjusted"], abs=vector["tolerance"])
    assert np.flatnonzero(adjusted <= 0.10).tolist() == vector["expected"]["BH_q10"]
    assert np.flatnonzero(adjusted <= 0.05).tolist() == vector["expected"]["BH_q05"]
    count = len(adjusted)
    any_dependence = adjusted * (1 / np.arange(1, count + 1)).sum()
    assert np.flatnonzero(any_dependence <= 0.10).tolist() == vector["expected"]["BY_q10"]


@pytest.mark.parametrize("vector", vectors("corr.effective_n"))
def test_how_many_independent_weeks_a_series_with_memory_is_worth(vector):
    found = [effective_weeks(c["N"], c["phi_x"], c["phi_y"]) for c in vector["input"]["cases"]]
    assert found == pytest.approx(vector["expected"]["n_eff"], abs=vector["tolerance"])


def test_no_vector_is_left_out(shared):
    kinds = ("corr.pair", "corr.null_pair", "corr.panel", "corr.fdr", "corr.effective_n")
    assert len(vectors(*kinds)) == len(list((shared / "vectors" / "corr").glob("*.json"))) == 11
