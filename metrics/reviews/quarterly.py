"""The quarterly metric review of each owner: the book's questions, answered beside the own metrics.

Source: wbr-method.md section 12, "FAQ lists"; Bryar & Carr, "Working Backwards".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from metrics.definitions import Definitions
from metrics.errors import DecisionError, NotAllowedError
from metrics.reviews.statement import Statement, named, of_family, said, somebody
from metrics.reviews.told import Told

QUESTIONS: dict[str, str] = {
    "inputs": "What are the key inputs, and how do you know?",
    "mistakes": "What were the biggest mistakes, and what was learnt?",
    "dependency": "Which dependency do you wish you controlled?",
    "drop": "Which metric should be dropped, and why?",
    "add": "Which metric should be added, and what would it show?",
}
LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class QuarterlyReview:
    """What an owner answered in one quarter, as it stands.

    Attributes:
        person: Handle.
        quarter: `2026-Q2`, of the calendar year.
        answers: Texts by question; those left out are not answered yet.
        at: When it was last written.
        fact: Newest fact about it.
    """

    person: str
    quarter: str
    answers: Mapping[str, str] = field(hash=False)
    at: datetime | None = None
    fact: int = 0

    @property
    def open(self) -> tuple[str, ...]:
        """The questions without an answer."""
        return tuple(q for q in QUESTIONS if not self.answers.get(q))


def quarter_of(day: date) -> str:
    """`2026-Q2`."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def quarter_before(quarter: str) -> str:
    """The quarter before one."""
    year, number = quarter.split("-Q")
    return f"{int(year) - 1}-Q4" if number == "1" else f"{year}-Q{int(number) - 1}"


def subject(person: str, quarter: str) -> str:
    """What the journal calls it."""
    return f"{person}:{quarter}"


def reviews(facts: Iterable[Told]) -> dict[str, QuarterlyReview]:
    """Every review as it stands, by subject."""
    found: dict[str, QuarterlyReview] = {}
    for fact in of_family(facts, "quarterly"):
        person, _, quarter = fact.subject.rpartition(":")
        told = {q: str(fact.body["answers"].get(q, "")) for q in QUESTIONS}
        found[fact.subject] = QuarterlyReview(person, quarter, told, fact.at, fact.number)
    return found


def answered(
    definitions: Definitions,
    known: QuarterlyReview,
    answers: Mapping[str, str],
    *,
    by: str,
    seen: int | None = None,
) -> Statement:
    """What an owner writes; questions may stay open, but not all.

    Raises:
        DecisionError: Nothing is answered, a question does not exist, or an answer is too long.
        NotAllowedError: Somebody else's review.
    """
    handle = somebody(definitions, by, "who answers")
    if handle != known.person:
        raise NotAllowedError(
            f"{named(definitions, handle)} cannot write the review of {named(definitions, known.person)}: "
            "it is theirs."
        )
    if unknown := [q for q in answers if q not in QUESTIONS]:
        raise DecisionError(f"{unknown[0]!r} is no question of the review: {', '.join(QUESTIONS)}.")
    told = {q: said(text, QUESTIONS[q], LONGEST) for q, text in answers.items() if text.strip()}
    if not told:
        raise DecisionError("Nothing is answered yet. Write at least one answer.")
    return Statement(
        "quarterly.answered",
        subject(known.person, known.quarter),
        {"answers": told},
        "",
        known.fact if seen is None else seen,
    )
