"""Andon marks: customer service says "do not trust" of a metric or a page, and the owner must answer.

Source: wbr-method.md section 11.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from metrics.definitions import Definitions
from metrics.errors import DecisionError, UnknownNameError, hint
from metrics.reviews.duties import checked, speaks
from metrics.reviews.statement import Statement, declared, of_family, said
from metrics.reviews.told import Told

METRIC, PAGE = "metric:", "page:"


@dataclass(frozen=True, slots=True)
class AndonMark:
    """A mark as it stands.

    Attributes:
        place: `metric:conversion`, or `page:company:Checkout`.
        text: What is wrong.
        by: Who raised it.
        at: When.
        answer: The owner's; empty while it is owed.
        answered_by: Who answered.
        answered: When.
        lifted: When it was lifted; None while the chart carries it.
        because: Why it was lifted.
        fact: Newest fact about it.
    """

    place: str
    text: str
    by: str
    at: datetime
    answer: str = ""
    answered_by: str = ""
    answered: datetime | None = None
    lifted: datetime | None = None
    because: str = ""
    fact: int = 0

    @property
    def metric(self) -> str | None:
        """The metric it is on; None for a page."""
        return self.place.removeprefix(METRIC) if self.place.startswith(METRIC) else None

    def age(self, day: date) -> int:
        """Days since it was raised."""
        return (day - self.at.date()).days


def marks(facts: Iterable[Told]) -> tuple[AndonMark, ...]:
    """Every mark ever raised, oldest first; a place can be marked again once its mark is lifted."""
    found: list[AndonMark] = []
    place_of: dict[str, int] = {}
    for fact in of_family(facts, "andon"):
        if fact.kind == "andon.raised":
            place_of[fact.subject] = len(found)
            found.append(AndonMark(fact.subject, fact.body["text"], fact.author, fact.at, fact=fact.number))
            continue
        if (place := place_of.get(fact.subject)) is None:
            continue
        known = replace(found[place], fact=fact.number)
        if fact.kind == "andon.answered":
            known = replace(known, answer=fact.body["text"], answered_by=fact.author, answered=fact.at)
        elif fact.kind == "andon.lifted":
            known = replace(known, lifted=fact.at, because=fact.because)
        found[place] = known
    return tuple(found)


def standing(facts: Iterable[Told]) -> dict[str, AndonMark]:
    """The marks that charts carry, by place."""
    return {m.place: m for m in marks(facts) if m.lifted is None}


def raised_between(facts: Iterable[Told], first: date, last: date) -> int:
    """How many marks were raised from one day to another: marks are counted as a metric."""
    return sum(first <= m.at.date() <= last for m in marks(facts))


# --- decisions -------------------------------------------------------------------------------


def raised(definitions: Definitions, place: str, text: str, *, by: str, known: AndonMark | None) -> Statement:
    """A mark raised.

    Raises:
        DecisionError: It is marked already, or nothing is said.
        NotAllowedError: The author is not in customer service.
        UnknownNameError: No such metric or page.
    """
    checked(definitions, by, "raise_an_andon_mark")
    _there(definitions, place)
    if known is not None and known.lifted is None:
        raise DecisionError(f"{place} is marked already, since {known.at:%Y-%m-%d}: {known.text}")
    words = said(text, "what cannot be trusted")
    return Statement("andon.raised", place, {"text": words}, expects=known.fact if known else 0)


def answered(
    definitions: Definitions, mark: AndonMark, text: str, *, by: str, speakers: Sequence[str]
) -> Statement:
    """The owner's answer; of a page, an owner of one of its metrics answers.

    Raises:
        DecisionError: The mark is lifted, or nothing is said.
        NotAllowedError: The author does not speak for it.
    """
    _carried(mark)
    if mark.metric is not None:
        speaks(definitions, by, mark.metric, speakers, "answer its Andon mark")
    elif definitions.people and by not in speakers:
        checked(definitions, by, "publish")
    words = said(text, "the answer", why="An Andon mark must be answered.")
    return Statement("andon.answered", mark.place, {"text": words}, expects=mark.fact)


def lifted(definitions: Definitions, mark: AndonMark, because: str, *, by: str) -> Statement:
    """A mark lifted by customer service, once it is answered.

    Raises:
        DecisionError: It is lifted already or not answered yet, or there is no reason.
        NotAllowedError: The author is not in customer service.
    """
    checked(definitions, by, "raise_an_andon_mark")
    _carried(mark)
    if mark.answered is None:
        raise DecisionError(f"The mark on {mark.place} is not answered yet. The owner answers first.")
    reason = said(because, "the reason", why="Say why it can be trusted again.")
    return Statement("andon.lifted", mark.place, {}, reason, mark.fact)


def _carried(mark: AndonMark) -> None:
    if mark.lifted is not None:
        raise DecisionError(f"The mark on {mark.place} was lifted on {mark.lifted:%Y-%m-%d}: {mark.because}")


def _there(definitions: Definitions, place: str) -> None:
    if place.startswith(METRIC):
        declared(definitions, place.removeprefix(METRIC))
        return
    deck, _, title = place.removeprefix(PAGE).partition(":")
    if not place.startswith(PAGE) or deck not in definitions.decks:
        raise UnknownNameError(
            f"{place!r} is neither `metric:ID` nor `page:DECK:SECTION`. {hint(deck, definitions.decks)}"
        )
    titles = [s.title for s in definitions.decks[deck].sections]
    if title not in titles:
        raise UnknownNameError(f"{title!r} is no section of {deck}. {hint(title, titles)}")
