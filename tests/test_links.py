"""Links as records: stated before tested, stated anew, tested by a step, retired."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from metrics.definitions import Definitions
from metrics.errors import DecisionError, NotAllowedError, UnknownNameError
from metrics.reviews.links import (
    followed,
    logging,
    planning,
    randomised,
    record_of,
    records,
    retirement,
    standing,
    stated,
)
from metrics.reviews.statement import Statement

MEASURE = {"how": "total", "series": "x"}
METRICS = {
    "stock": {"kind": "input", "name": "In stock", "unit": "fraction", "better": "up", "measure": MEASURE},
    "price": {"kind": "input", "name": "Price", "unit": "number", "better": "down", "measure": MEASURE},
    "sales": {"kind": "output", "name": "Sales", "unit": "count", "better": "up", "measure": MEASURE},
}
DEFINITIONS = Definitions.model_validate(
    {
        "company": {"name": "Acme", "currency": "USD", "time_zone": "UTC"},
        "people": {
            "yuki": {"name": "Yuki Mori", "roles": ["analyst"]},
            "ines": {"name": "Ines Okafor", "roles": ["executive"]},
        },
        "sources": {"s": {"csv": "s.csv", "date": {"column": "d"}, "series": {"x": "x"}}},
        "metrics": METRICS,
        "links": [
            {
                "driver": "stock",
                "driven": "sales",
                "sign": "+",
                "lag_weeks": [0, 2],
                "because": "what is not there is not bought",
                "stated": "2024-01-08",
            }
        ],
    }
)
TODAY = date(2026, 5, 11)
WHAT: dict[str, Any] = {"sign": "-", "lags": (1, 3), "mechanism": "dearer sells less", "by": "yuki"}


def told(number: int, statement: Statement, at: date = TODAY, by: str = "yuki") -> SimpleNamespace:
    """A fact as the journal keeps it."""
    moment = datetime(at.year, at.month, at.day, 9, tzinfo=UTC)
    parts = {k: getattr(statement, k) for k in ("kind", "subject", "body", "because")}
    return SimpleNamespace(number=number, at=moment, author=by, **parts)


def test_a_link_of_the_definitions_stands_until_the_journal_says_otherwise():
    (record,) = records(DEFINITIONS, [])
    assert (record.link.driver, record.link.driven, record.retired, record.fact) == (
        "stock",
        "sales",
        None,
        0,
    )
    gone = told(1, retirement(DEFINITIONS, record, "two years without a sign", by="yuki"))
    (after,) = records(DEFINITIONS, [gone])
    assert (after.retired, after.because, standing([after])) == (TODAY, "two years without a sign", ())
    assert standing(records(DEFINITIONS, [gone], on=TODAY - timedelta(days=1))) == (record.link,)


def test_a_link_stated_anew_counts_from_that_day_and_keeps_what_was_said_before():
    first = told(1, stated(DEFINITIONS, None, "price", "sales", **WHAT), date(2026, 1, 5))
    known = record_of(records(DEFINITIONS, [first]), "price", "sales")
    again = stated(DEFINITIONS, known, "price", "sales", **{**WHAT, "lags": (0, 1)}, because="it is faster")
    assert (again.kind, again.expects) == ("link.restated", 1)
    record = record_of(records(DEFINITIONS, [first, told(2, again)]), "price", "sales")
    assert [v.link.lag_weeks for v in record.versions] == [(1, 3), (0, 1)]
    assert (record.link.stated, record.link.lag_weeks, record.fact) == (TODAY, (0, 1), 2)
    assert record_of(
        records(DEFINITIONS, [first, told(2, again)], on=date(2026, 2, 1)), "price", "sales"
    ).link.lag_weeks == (1, 3)


def test_steps_and_trials_are_kept_beside_the_link():
    (record,) = records(DEFINITIONS, [])
    plan = planning(
        DEFINITIONS, record, "safety stock up", date(2026, 6, 1), date(2026, 7, 1), by="yuki", today=TODAY
    )
    step = logging(DEFINITIONS, record, "safety stock up", date(2026, 5, 4), by="yuki", today=TODAY)
    trial = randomised(
        DEFINITIONS,
        record,
        moved=True,
        on=date(2026, 5, 1),
        how="half the items",
        by="yuki",
        today=TODAY,
        effect=0.4,
        low=0.1,
        high=0.7,
        unit="% per 1 pp",
    )
    (after,) = records(DEFINITIONS, [told(1, plan), told(2, step), told(3, trial)])
    assert [(s.day, s.logged, s.expected) for s in after.steps] == [
        (date(2026, 6, 1), False, date(2026, 7, 1)),
        (date(2026, 5, 4), True, None),
    ]
    assert [(t.moved, t.effect, t.unit, t.because) for t in after.trials] == [
        (True, 0.4, "% per 1 pp", "half the items")
    ]


REFUSED: list[tuple[Mapping[str, Any], type[Exception], str]] = [
    ({"by": "ines"}, NotAllowedError, "Ines Okafor may not state or retire a link"),
    ({"sign": "up"}, DecisionError, "'up' is no sign"),
    ({"lags": (3, 1)}, DecisionError, "Lags 3 to 1 are none"),
    ({"lags": (0, 60)}, DecisionError, "Lags 0 to 60 are none"),
    ({"mechanism": " "}, DecisionError, "The mechanism is missing"),
    (
        {"apart": "Sales is price times volume."},
        DecisionError,
        "are no hypothesis: Sales is price times volume.",
    ),
    ({"smallest_r": 1.5}, DecisionError, "The smallest r that matters is 1.5"),
]


@pytest.mark.parametrize("other, error, words", REFUSED)
def test_a_claim_that_is_none_is_refused(other, error, words):
    with pytest.raises(error) as refused:
        stated(DEFINITIONS, None, "price", "sales", **{**WHAT, **other})
    assert words in str(refused.value)


def test_what_is_not_there_or_drives_itself_is_refused():
    with pytest.raises(UnknownNameError, match=r"'prize' is not among metrics. Did you mean 'price'"):
        stated(DEFINITIONS, None, "prize", "sales", **WHAT)
    with pytest.raises(DecisionError, match="Sales cannot drive itself"):
        stated(DEFINITIONS, None, "sales", "sales", **WHAT)
    with pytest.raises(UnknownNameError, match="No link price>sales was stated"):
        record_of(records(DEFINITIONS, []), "price", "sales")


@pytest.mark.parametrize(
    "days, words",
    [
        ((None, date(2026, 7, 1)), "needs its day"),
        ((date(2026, 5, 1), date(2026, 7, 1)), "log the step instead"),
        ((date(2026, 7, 1), date(2026, 6, 1)), "Swap them"),
    ],
)
def test_a_plan_needs_days_that_make_sense(days, words):
    (record,) = records(DEFINITIONS, [])
    with pytest.raises(DecisionError, match=words):
        planning(DEFINITIONS, record, "safety stock up", *days, by="yuki", today=TODAY)


@pytest.mark.parametrize(
    "effect, words",
    [
        ((0.4, None, None), "95% interval"),
        ((0.4, 0.5, 0.7), "95% interval"),
        ((0.4, -0.1, 0.9), "holds zero"),
    ],
)
def test_a_trial_says_what_it_shows(effect, words):
    (record,) = records(DEFINITIONS, [])
    amount, low, high = effect
    with pytest.raises(DecisionError, match=words):
        randomised(
            DEFINITIONS,
            record,
            moved=True,
            on=TODAY,
            how="split",
            by="yuki",
            today=TODAY,
            effect=amount,
            low=low,
            high=high,
        )


WEEKS = [date(2026, 1, 3) + timedelta(weeks=n) for n in range(30)]
FLAT = [(-1.0) ** n * 0.5 for n in range(30)]
UP = FLAT[:16] + [2.0] * 14
LATE = FLAT[:18] + [2.0] * 12
DOWN = [-x for x in LATE]


@pytest.mark.parametrize(
    "driver, driven, came",
    [
        (UP, LATE, "followed"),
        (UP, DOWN, "not_followed"),
        (UP, FLAT, "not_followed"),
        (FLAT, LATE, "driver_did_not_move"),
        (UP[:18], LATE[:18], "too_early"),
    ],
)
def test_a_logged_step_is_followed_at_the_links_lags_or_not(driver, driven, came):
    link = DEFINITIONS.links[0]
    weeks = WEEKS[: len(driver)]
    assert followed(WEEKS[16] - timedelta(days=3), link, weeks, driver, driven) == came


def test_a_step_after_the_newest_week_is_too_early():
    assert followed(WEEKS[-1] + timedelta(days=1), DEFINITIONS.links[0], WEEKS, UP, LATE) == "too_early"
