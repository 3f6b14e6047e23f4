"""Editions: a deck frozen for good. A second edition needs a reason, and the first one stays.

Source: wbr-method.md section 3, "Publish = freeze".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from metrics.definitions import Definitions
from metrics.errors import DecisionError
from metrics.reviews.duties import checked
from metrics.reviews.statement import Statement, of_family, said
from metrics.reviews.told import Told

DECK = "deck:"


@dataclass(frozen=True, slots=True)
class Edition:
    """One published deck.

    Attributes:
        deck: Id of the outline.
        week_ending: The week.
        number: 1, 2, …
        by: Who published it.
        at: When.
        because: Why there is another edition; empty for the first.
        folder: Name of the folder that holds its files.
        files: Name to SHA-256 in hex.
        store: Version of the store its numbers came from.
        journal: Version of the journal just before; noted here, a shortened journal shows.
        definitions: Fingerprint of what was declared.
        missing: What the gates still wanted, in words.
    """

    deck: str
    week_ending: date
    number: int
    by: str
    at: datetime
    because: str
    folder: str
    files: Mapping[str, str] = field(hash=False)
    store: str
    journal: str
    definitions: str
    missing: tuple[str, ...] = ()


def deck_subject(deck: str, week_ending: date) -> str:
    """What the journal calls one week's deck: `deck:company:2026-05-09`."""
    return f"{DECK}{deck}:{week_ending.isoformat()}"


def deck_and_week(subject: str) -> tuple[str, date] | None:
    """The deck and the week of such a subject; None if it is another one."""
    if not subject.startswith(DECK):
        return None
    deck, _, day = subject.removeprefix(DECK).rpartition(":")
    return deck, date.fromisoformat(day)


def editions(facts: Iterable[Told]) -> tuple[Edition, ...]:
    """Everything that was published, oldest first; written anew where a person was erased from it."""
    told = list(facts)
    found = []
    for fact in of_family(told, "week"):
        subject = deck_and_week(fact.subject)
        if fact.kind != "week.published" or subject is None:
            continue
        body = fact.body
        found.append(
            Edition(
                deck=subject[0],
                week_ending=subject[1],
                number=body["edition"],
                by=fact.author,
                at=fact.at,
                because=fact.because,
                folder=body["folder"],
                files=dict(body["files"]),
                store=body["store"],
                journal=body["journal"],
                definitions=body["definitions"],
                missing=tuple(body.get("missing", ())),
            )
        )
    for fact in told:
        if fact.kind == "person.erased" and fact.body["editions"]:
            anew = fact.body["editions"]
            found = [
                replace(e, folder=anew[e.folder]["folder"], files=dict(anew[e.folder]["files"]))
                if e.folder in anew
                else e
                for e in found
            ]
    return tuple(found)


def may_publish(
    definitions: Definitions, known: Iterable[Edition], *, by: str, because: str
) -> tuple[int, str]:
    """Number of the next edition, and its reason.

    Raises:
        DecisionError: It is a second edition without a reason.
        NotAllowedError: The author may not publish.
    """
    checked(definitions, by, "publish")
    last = max(known, key=lambda e: e.number, default=None)
    if last is None:
        return 1, because.strip()
    if not because.strip():
        raise DecisionError(
            f"The deck was published on {last.at:%Y-%m-%d} (edition {last.number}) and does not change. "
            "Say why there is another edition."
        )
    return last.number + 1, said(because, "the reason")


def publication(edition: Edition, expects: int) -> Statement:
    """The fact of an edition whose files are on the disk."""
    body = {
        "edition": edition.number,
        "folder": edition.folder,
        "files": dict(edition.files),
        "store": edition.store,
        "journal": edition.journal,
        "definitions": edition.definitions,
        "missing": list(edition.missing),
    }
    subject = deck_subject(edition.deck, edition.week_ending)
    return Statement("week.published", subject, body, edition.because, expects)
