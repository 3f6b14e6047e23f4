"""Links asked of a workspace: from its files to the answer of the command line."""

import json
from dataclasses import fields
from datetime import date, timedelta

import numpy as np
import pytest

from metrics import open_workspace
from metrics.definitions import Link
from metrics.errors import CalendarError, UnknownNameError
from metrics.workspace.evidence import correlations_form, correlations_words, links_words
from tests.test_cli import wbr

WEEKS = 130
LAST = date(2026, 5, 9)
DAYS = [LAST - timedelta(weeks=back) for back in reversed(range(WEEKS))]

YAML = """
company: {name: A company, time_zone: UTC, now: 2026-05-11T07:00}
require_owner: false
sources:
  weekly:
    csv: weekly.csv
    grain: week
    date: {column: week}
    series: {speed: speed, buyers: buyers, visits: visits, stock: stock, late: late, calls: calls}
metrics:
  page_speed: {name: Page speed, kind: input, unit: seconds, better: down, measure: {how: mean, series: speed}}
  conversion: {name: Conversion, kind: output, unit: fraction, better: up, measure: {how: ratio, numerator: buyers, denominator: visits}}
  orders: {name: Orders, kind: output, unit: count, better: up, measure: {how: total, series: buyers}}
  visits: {name: Visits, kind: output, unit: count, better: up, measure: {how: total, series: visits}}
  sellers: {name: Sellers, kind: output, unit: count, better: up, stock: true, measure: {how: latest, series: stock}}
  returns: {name: Returns, kind: output, unit: number, better: down, matures_after_weeks: 5, measure: {how: mean, series: late}}
  calls: {name: Calls, kind: context, unit: number, better: none, measure: {how: mean, series: calls}}
definitions:
  - {metric: orders, equals: {product: [visits, conversion]}}
events:
  - {name: Peak, kind: recurring, week_endings: [2023-11-25, 2024-11-30, 2025-11-29]}
  - {name: New way to call, kind: definition_change, week_endings: [2025-12-06], scope: [calls]}
links:
  - {driver: page_speed, driven: conversion, sign: "-", lag_weeks: [1, 3], because: "people leave", stated: 2023-01-01}
  - {driver: page_speed, driven: calls, sign: "+", lag_weeks: [0, 2], because: "people ask", stated: 2023-01-01}
  - {driver: visits, driven: orders, sign: "+", lag_weeks: [0, 0], because: "arithmetic"}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Speed moves conversion two weeks later, and the weekly change of sellers one week later."""
    rng = np.random.default_rng(12)
    where = tmp_path_factory.mktemp("links")
    (where / "workspace.yaml").write_text(YAML, encoding="utf-8")
    speed = 2 + 0.2 * rng.normal(size=WEEKS)
    conversion = 0.05 - 0.01 * (np.roll(speed, 2) - 2) + 0.001 * rng.normal(size=WEEKS)
    visits = np.round(100_000 * np.exp(0.1 * rng.normal(size=WEEKS)))
    buyers = np.round(visits * conversion)
    stock = np.round(5_000 + np.cumsum(20 - 60 * (np.roll(speed, 1) - 2) + 8 * rng.normal(size=WEEKS)))
    late, calls = 3 + 0.3 * rng.normal(size=WEEKS), 70 + rng.normal(size=WEEKS)
    rows = ["week,speed,buyers,visits,stock,late,calls"]
    for n, day in enumerate(DAYS):
        rows.append(
            f"{day},{speed[n]:.6f},{buyers[n]:.0f},{visits[n]:.0f},{stock[n]:.0f},{late[n]:.4f},{calls[n]:.4f}"
        )
    (where / "weekly.csv").write_text("\n".join(rows), encoding="utf-8")
    open_workspace(where).load(by="test")
    return where


@pytest.fixture(scope="module")
def evidence(folder):
    return open_workspace(folder).evidence


def test_the_engine_is_told_of_weeks_as_the_deck_has_them(evidence):
    panel = evidence.panel()
    told = {s.metric: s for s in panel.series}
    assert panel.week_endings[-1] == LAST
    assert {m: s.scale for m, s in told.items()} == {
        "page_speed": "as_is", "conversion": "as_is", "orders": "log", "visits": "log", "sellers": "change",
        "returns": "as_is", "calls": "as_is",
    }  # fmt: skip
    assert np.isnan(told["returns"].values[-5:]).all()  # Still maturing.
    assert np.isfinite(told["returns"].values[:-5]).all()
    assert told["calls"].starts == date(2025, 12, 6)
    assert [o.name for o in told["calls"].occasions] == ["Peak"]


def test_the_scan_finds_what_was_planted_and_nothing_arithmetic(evidence):
    found = evidence.correlations()
    listed = {(r.driver, r.driven, r.verdict, r.lag_weeks) for r in found.listed()}
    assert {("page_speed", "conversion", "leads", 2), ("page_speed", "sellers", "leads", 1)} <= listed
    assert not {(d, o) for d, o, *_ in listed} & {
        ("visits", "orders"),
        ("conversion", "orders"),
        ("visits", "conversion"),
    }
    assert (
        found.of("page_speed", "conversion").effect.low
        < -1.0
        < found.of("page_speed", "conversion").effect.high
    )
    assert found.of("page_speed", "conversion").effect.unit == "pp per +1 second"
    assert found.of("page_speed", "sellers").effect.unit == "units a week per +1 second"
    assert [(x.metric, x.reason) for x in found.left_out] == [("calls", "definition_break")]


def test_looking_at_one_output_does_not_make_luck_rarer(evidence):
    whole, one = evidence.correlations(), evidence.correlations("conversion")
    assert {r.driven for r in one.rows} == {"conversion"}
    assert (one.tests, one.of("page_speed", "conversion")) == (
        whole.tests,
        whole.of("page_speed", "conversion"),
    )


def test_answers_are_remembered_until_the_numbers_change(evidence):
    assert evidence.correlations() is evidence.correlations()
    assert evidence.links() is evidence.links()
    assert evidence.pair("page_speed", "conversion") is evidence.pair("page_speed", "conversion")


def test_a_scan_lies_ready_for_the_next_process_and_a_damaged_one_is_made_anew(folder, evidence):
    found = evidence.correlations()
    names = sorted(field.name for field in fields(found) if field.name != "strengths")

    def same(other):
        mine, theirs = found.strengths, other.strengths
        assert [getattr(found, n) for n in names] == [getattr(other, n) for n in names]
        assert (mine.drivers, mine.driven, mine.lags) == (theirs.drivers, theirs.driven, theirs.lags)
        for name in ("r", "p", "allowed"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))

    assert any(row.effect for row in found.rows)
    (kept,) = (folder / "prepared").glob("scan-*.npz")
    written = kept.stat().st_mtime_ns
    same(open_workspace(folder).evidence.correlations())
    assert kept.stat().st_mtime_ns == written
    kept.write_bytes(kept.read_bytes()[:-50])
    same(open_workspace(folder).evidence.correlations())
    same(open_workspace(folder).evidence.correlations())
    assert kept.stat().st_mtime_ns > written


def test_an_earlier_week_knows_nothing_of_later_ones(evidence):
    then = DAYS[-20]
    assert evidence.panel(then).week_endings[-1] == then
    assert evidence.correlations(until=then).until == then
    assert evidence.links(then)[0].n == WEEKS - 19


def test_stated_links_are_answered_in_the_order_stated(evidence):
    tests = evidence.links()
    assert [(t.state, t.reason, t.grade) for t in tests] == [
        ("supported", None, 2),
        ("insufficient", "definition_break", 0),
        ("definition", "definition", None),
    ]
    assert tests[0].best_lag == 2
    assert tests[0].tests == 3 * 2  # Arithmetic does not count among the claims.


def test_links_that_people_stated_since_are_tested_on_later_weeks_only(evidence):
    since = Link(
        driver="page_speed", driven="sellers", sign="-", lag_weeks=(0, 2), because="seen", stated=DAYS[-61]
    )
    (test,) = evidence.links(stated=[since])
    assert (test.state, test.reason, test.so_far, test.n) == (
        "insufficient",
        "too_short",
        "supported",
        59,
    )  # The first week has no change.


def test_a_joint_model_and_a_pair_in_depth(evidence):
    model = evidence.joint("conversion")
    assert [p.driver for p in model.parts] == ["page_speed"]
    assert model.explained > 0.5
    deep = evidence.pair("page_speed", "conversion")
    assert (deep.lag_weeks, deep.row.verdict, deep.excluded) == (2, "leads", None)
    assert deep.decay.state == "holding"
    assert evidence.pair("visits", "orders").excluded.reason == "definition"
    assert evidence.pair("page_speed", "conversion", lag=0).lag_weeks == 0


def test_a_wrong_name_or_day_is_told(evidence):
    with pytest.raises(UnknownNameError, match="Did you mean 'conversion'"):
        evidence.correlations("conversions")
    with pytest.raises(UnknownNameError, match="'speed' is not among metrics"):
        evidence.pair("speed", "conversion")
    with pytest.raises(CalendarError):
        evidence.links(date(2026, 5, 8))


def test_what_other_programs_and_people_are_told(evidence, folder):
    definitions = open_workspace(folder).definitions
    told = correlations_form(evidence.correlations())
    assert told["tests"] == 24 * 13  # 6 usable metrics, less 3 arithmetic pairs.
    keys = {
        "driver", "driven", "lag_weeks", "r", "r_raw", "q", "verdict", "n", "effect", "effect_low", "effect_high",
        "effect_unit",
    }  # fmt: skip
    assert keys <= told["rows"][0].keys()
    assert [r["q"] for r in told["rows"]] == sorted(r["q"] for r in told["rows"])
    words = correlations_words(evidence.correlations("conversion"), definitions)
    assert words.splitlines()[0].split()[:3] == ["driver", "driven", "verdict"]
    assert "about 1 in 10 of the list may be luck. Association, not proof." in words
    every = correlations_words(evidence.correlations("conversion"), definitions, every=True)
    assert every.count("\n") > words.count("\n")
    words = links_words(evidence.links(), definitions)
    assert "Page speed -> Conversion (-, weeks 1 to 3): SUPPORTED (130 weeks, 2 weeks later" in words
    assert words.splitlines()[-1] == "3 links: 1 supported, 1 insufficient, 1 definition."
    assert links_words((), definitions).startswith("No link is stated.")


def test_the_commands_print_one_document_or_why_not(folder):
    code, out, err = wbr("correlations", "--until", "2026-04-25", "--format", "json", cwd=folder)
    assert (code, err, json.loads(out)["until"]) == (0, "", "2026-04-25")
    code, out, err = wbr("links", "--format", "json", cwd=folder)
    rows = json.loads(out)["rows"]
    assert (code, err, [r["state"] for r in rows]) == (0, "", ["supported", "insufficient", "definition"])
    code, out, err = wbr("correlations", "--output", "nothing", cwd=folder)
    assert (code, out) == (1, "")
    assert err.startswith("'nothing' is not among metrics.")
