"""What the demo company's planted events must look like, on its standard seed.

The truth's weekly table is judged with the events that the workspace declares; a past week is judged with the
data cut there. No constant of the engine was chosen to make a row pass: a row that it misses is named with
its z. Source: demo-wrenfield.md section 5, "Acceptance tests: signal engine".
"""

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from metrics import registry
from metrics.demo import truth
from metrics.signals import Happening, Judged, Weekly, judge

pytestmark = pytest.mark.filterwarnings("error")

FOLDER = Path(__file__).resolve().parents[1] / "data" / "wrenfield"
COLUMN = {
    "failed_checkouts": "checkout_error_pct",
    "payment_authorisation": "auth_rate_pct",
    "conversion": "conversion_pct",
    "orders": "orders",
    "gmv": "gmv",
    "sessions": "sessions",
    "dock_to_stock": "dock_to_stock_h",
    "fast_track_in_stock": "fast_track_pct",
    "phone_wait_p90": "phone_wait_p90_s",
    "post_delivery_satisfaction": "csat",
    "same_day_shipping": "same_day_ship_pct",
    "return_rate": "return_rate_pct",
    "repeat_within_60_days": "repeat_60d_pct",
    "detail_page_views": "detail_page_views",
}
VOLUMES = {"count", "currency"}  # Units of amounts that are judged as ratios.
MARKED = {"exception", "watch"}


@cache
def company() -> registry.Registry:
    return registry.read(FOLDER)


@cache
def table() -> truth.Table:
    drawn = truth.simulate()
    # At W-10 the visitors of S11 come and do not buy: conversion follows from the days.
    drawn["conversion_pct"][truth.at(-10)] = (
        100 * drawn["orders"][truth.at(-10)] / drawn["sessions"][truth.at(-10)]
    )
    return drawn


def ending(week: int) -> date:
    return truth.WEEK_ENDINGS[truth.at(week)]


def happenings(metric: str) -> tuple[Happening, ...]:
    calendar = company().calendar
    return tuple(
        Happening(e.name, e.kind, (*e.week_endings, *(calendar.week_of(day).last for day in e.dates)))
        for e in company().definitions.events
        if not e.scope or metric in e.scope
    )


def weekly(metric: str, **told) -> Weekly:
    definition = company().definitions.metrics[metric]
    values = table()[COLUMN[metric]]
    return Weekly(
        metric,
        tuple(truth.WEEK_ENDINGS),
        told.pop("values", values),
        log=definition.unit in VOLUMES,
        better=definition.better,
        happenings=happenings(metric),
        **told,
    )


@cache
def judged(metric: str, week: int) -> Judged:
    """A metric as the deck of one week would judge it."""
    return judge(weekly(metric), until=ending(week))


def case(week: int, metric: str, tiers: set[str], story: str, missed: str = "") -> pytest.param:
    """A row; one that the engine misses says with which z and why."""
    marks = (pytest.mark.xfail(strict=True, reason=missed),) if missed else ()
    return pytest.param(week, metric, tiers, id=f"W{week} {metric} {story}", marks=marks)


EXCEPTION, QUIET = {"exception"}, {"none"}
NO_EXCEPTION = {"none", "watch", "cannot_judge"}


SLOWING = (
    "growth slows down (S12), a straight line from the first 104 weeks runs above it, the run below that line is "
    "open from July 2025 on and postpones the next lock until W-10"
)
MUST = [
    case(0, "failed_checkouts", EXCEPTION, "S1"),
    case(0, "conversion", EXCEPTION, "S1"),
    case(0, "orders", EXCEPTION, "S1"),
    case(0, "gmv", EXCEPTION, "S1"),
    case(0, "dock_to_stock", MARKED, "S2"),
    case(0, "phone_wait_p90", MARKED, "S3"),
    case(
        0,
        "post_delivery_satisfaction",
        MARKED,
        "S3",
        "z -1.1, after -2.7, -0.0, -1.9: two of four beyond 1.5",
    ),
    case(0, "fast_track_in_stock", MARKED, "through L9"),
    case(-3, "phone_wait_p90", EXCEPTION, "S3"),
    case(-3, "post_delivery_satisfaction", EXCEPTION, "S3", "z -2.7"),
    case(-4, "sessions", QUIET, "S6"),
    case(-4, "gmv", QUIET, "S6"),
    *(
        case(week, metric, NO_EXCEPTION, "S5")
        for week in (-5, -3)
        for metric in ("sessions", "orders", "gmv")
    ),
    case(-10, "sessions", EXCEPTION, "S11", f"z +2.7: {SLOWING}"),
    case(-9, "sessions", NO_EXCEPTION, "S11", f"z -3.9, the same without the mention: {SLOWING}"),
]


@pytest.mark.parametrize(("week", "metric", "tiers"), MUST)
def test_what_a_week_must_show(week, metric, tiers):
    one = judged(metric, week)
    assert one.week_endings[-1] == ending(week)
    assert one.tier[-1] in tiers, f"z {one.z[-1]:+.1f}, {one.reasons[-1]}"


def test_the_mention_on_television_is_on_the_good_side_and_conversion_falls_with_it():
    sessions, conversion = judged("sessions", -10), judged("conversion", -10)
    assert sessions.z[-1] > 0
    assert (conversion.tier[-1], conversion.reasons[-1][0].direction) == ("exception", "below")


def test_the_week_after_the_mention_does_not_answer_it():
    quiet = table()["sessions"].copy()
    quiet[truth.at(-10)] /= 1.16
    without = judge(weekly("sessions", values=quiet))
    with_it = judge(weekly("sessions"))
    assert with_it.z[truth.at(-9) :] == pytest.approx(without.z[truth.at(-9) :])


@pytest.mark.xfail(
    strict=True, reason="marked at W-12 alone; z from W-19 on: 1.7 -0.3 0.5 0.6 2.6 1.3 1.7 2.8"
)
def test_same_day_shipping_is_marked_until_its_new_level_is_declared():
    marked = [week for week in range(-19, -11) if judged("same_day_shipping", week).tier[-1] in MARKED]
    z = [round(float(judged("same_day_shipping", week).z[-1]), 1) for week in range(-19, -11)]
    assert len(marked) >= 2, f"z from W-19 on: {z}"


def test_a_divider_ends_the_marks_of_same_day_shipping():
    one = judge(weekly("same_day_shipping", dividers=(ending(truth.SAME_DAY_STEP_WEEK),)))
    assert set(one.tier[truth.at(-14) :]) <= {"none"}


def test_authorisation_is_never_marked_however_far_below_its_floor():
    one = judge(weekly("payment_authorisation"))
    assert set(one.tier[truth.at(-20) :]) == {"none"}
    assert (one.high[-53:] < 96.5).all()


def test_unsettled_weeks_of_the_newest_deck_are_stamped_and_not_judged():
    ages = truth.WEEKS - 1 - np.arange(truth.WEEKS)
    cases = {
        "detail_page_views": ({"incomplete": ages == 2}, "incomplete_week", -2),
        "return_rate": ({"immature": ages < 5}, "immature", 0),
        "repeat_within_60_days": ({"immature": ages < 9}, "immature", -8),
    }
    for metric, (told, state, week) in cases.items():
        one = judge(weekly(metric, **told))
        assert (one.state[truth.at(week)], one.tier[truth.at(week)]) == (state, "cannot_judge"), metric


def test_the_wait_of_all_callers_is_judged_from_its_definition_on():
    one = judge(weekly("phone_wait_p90"))
    assert [one.state[truth.at(week)] for week in (-31, -30, -25)] == ["normal", "too_short", "too_short"]
    assert one.n[-1] == 30  # All weeks since, feasts included.
