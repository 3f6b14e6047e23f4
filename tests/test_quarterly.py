"""The quarterly metric review: whose it is, what it keeps, what it shows again."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from metrics.definitions import Definitions
from metrics.errors import DecisionError, NotAllowedError
from metrics.reviews.quarterly import (
    QUESTIONS,
    QuarterlyReview,
    answered,
    quarter_before,
    quarter_of,
    reviews,
)

DEFINITIONS = Definitions.model_validate(
    {
        "company": {"name": "Acme", "currency": "USD", "time_zone": "UTC"},
        "people": {
            "ravi": {"name": "Ravi Menon", "roles": ["owner"]},
            "kate": {"name": "Kate Brandt", "roles": ["owner"]},
        },
    }
)
OPEN = QuarterlyReview("ravi", "2026-Q2", {})


@pytest.mark.parametrize(
    "day, quarter, before",
    [
        (date(2026, 1, 1), "2026-Q1", "2025-Q4"),
        (date(2026, 5, 11), "2026-Q2", "2026-Q1"),
        (date(2026, 12, 31), "2026-Q4", "2026-Q3"),
    ],
)
def test_a_day_lies_in_a_quarter(day, quarter, before):
    assert (quarter_of(day), quarter_before(quarter)) == (quarter, before)


def test_an_answer_is_kept_and_the_rest_stays_open():
    statement = answered(DEFINITIONS, OPEN, {"mistakes": " We trusted one supplier. ", "add": ""}, by="ravi")
    at = datetime(2026, 5, 11, tzinfo=UTC)
    fact = SimpleNamespace(
        number=7,
        at=at,
        author="ravi",
        because="",
        **{k: getattr(statement, k) for k in ("kind", "subject", "body")},
    )
    kept = reviews([fact])["ravi:2026-Q2"]
    assert kept.answers == {**dict.fromkeys(QUESTIONS, ""), "mistakes": "We trusted one supplier."}
    assert kept.open == ("inputs", "dependency", "drop", "add")
    assert kept.fact == 7


@pytest.mark.parametrize(
    "answers, by, error, words",
    [
        ({"mistakes": "One."}, "kate", NotAllowedError, "Kate Brandt cannot write the review of Ravi Menon"),
        ({"mistakes": "  "}, "ravi", DecisionError, "Nothing is answered yet"),
        ({"pay": "More."}, "ravi", DecisionError, "'pay' is no question of the review"),
        ({"add": "x" * 2_001}, "ravi", DecisionError, "2,000 are allowed"),
    ],
)
def test_a_refusal_says_why(answers, by, error, words):
    with pytest.raises(error) as refused:
        answered(DEFINITIONS, OPEN, answers, by=by)
    assert words in str(refused.value)
