"""Deliveries: who was sent which deck, and what came of it. Once is enough.

What is about to be sent is noted before, what came of it after. A process that dies between leaves the first
note alone: nobody can know whether the reader has the deck, so it is told and not sent again unless a person
says so. Two processes that begin the same delivery are told apart by the journal: the second one's note is
refused.

Source: wbr-method.md section 3.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, cast

from metrics.reviews.statement import Statement, of_family
from metrics.reviews.told import Told

Way = Literal["mail", "webhook"]
State = Literal["begun", "delivered", "failed", "refused", "unclear"]
FAMILY = "delivery"
SUBJECT = "delivery:"
NOT_PUBLISHED = 0  # Edition of a deck as it stands.
UNDER_WAY = timedelta(minutes=15)  # So long a delivery that was begun may still be under way.
WORDS: Mapping[State, str] = {
    "begun": "begun, and nobody noted what came of it",
    "delivered": "delivered",
    "failed": "not delivered",
    "refused": "refused",
    "unclear": "unclear whether delivered",
}


@dataclass(frozen=True, slots=True)
class Address:
    """One deck to one reader: what may be delivered once.

    Attributes:
        deck: Id of the outline.
        week_ending: The week.
        edition: Of the published deck; 0 for one that is not published.
        way: By mail to a person, or to a channel.
        to: Handle of the person, or name of the channel.
    """

    deck: str
    week_ending: date
    edition: int
    way: Way
    to: str

    @property
    def subject(self) -> str:
        """What the journal calls it: `delivery:company:2026-05-09:1:mail:ravi.menon`."""
        return f"{SUBJECT}{self.deck}:{self.week_ending.isoformat()}:{self.edition}:{self.way}:{self.to}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one delivery.

    Attributes:
        address: What to whom.
        state: `begun` until its outcome is noted; `failed` certainly not delivered, another time may do;
            `refused` certainly not delivered; `unclear` nobody can know.
        at: When the newest of it was noted.
        by: Who sent it.
        told: Why it was not delivered; empty otherwise.
        tries: How often the server was asked.
        form: What was attached: `pdf`; `link`, or the form of a channel.
        fact: Number of its newest fact.
    """

    address: Address
    state: State
    at: datetime
    by: str
    told: str
    tries: int
    form: str
    fact: int


def addressed(subject: str) -> Address | None:
    """The delivery that a subject names; None if it is another kind of subject."""
    if not subject.startswith(SUBJECT):
        return None
    parts = subject.removeprefix(SUBJECT).split(":", 4)
    try:
        deck, week, edition, way, to = parts
        return Address(deck, date.fromisoformat(week), int(edition), cast(Way, way), to)
    except ValueError:
        return None


def deliveries(facts: Iterable[Told]) -> dict[str, Delivery]:
    """Every delivery by subject, the one that was noted last at the end."""
    found: dict[str, Delivery] = {}
    for fact in of_family(facts, FAMILY):
        address = addressed(fact.subject)
        if address is None:
            continue
        body: Mapping[str, Any] = fact.body
        was = found.pop(fact.subject, None)
        state = fact.kind.partition(".")[2]
        found[fact.subject] = Delivery(
            address,
            cast(State, state),
            fact.at,
            fact.author,
            str(body.get("told", "")),
            int(body.get("tries", 0)),
            str(body.get("form", was.form if was else "")),
            fact.number,
        )
    return found


def obstacle(known: Delivery | None, now: datetime, *, again: bool = False) -> str:
    """Why something is not to be sent now, in words; empty if it is.

    Args:
        known: What became of it before.
        now: The moment, aware.
        again: A person says that what is unclear is to be sent again.
    """
    if known is None or known.state in ("failed", "refused"):
        return ""
    noted = f"{known.at.astimezone(now.tzinfo):%Y-%m-%d %H:%M}"
    if known.state == "delivered":
        return f"delivered on {noted}"
    if known.state == "begun" and now - known.at < UNDER_WAY:
        return f"begun on {noted}; another run may be at it"
    if again:
        return ""
    why = f" ({known.told})" if known.told else ""
    return f"{WORDS[known.state]}, on {noted}{why}; ask the reader, or send it again with --again"


def begun(address: Address, known: Delivery | None, form: str) -> Statement:
    """Noted before anything is sent; refused by the journal if somebody else began meanwhile."""
    return Statement(
        f"{FAMILY}.begun", address.subject, {"form": form}, "", known.fact if known is not None else 0
    )


def ended(address: Address, state: State, told: str, tries: int, begun: int) -> Statement:
    """Noted when it is known what came of it.

    Args:
        address: What to whom.
        state: What came of it.
        told: Why, in words without a secret.
        tries: How often the server was asked.
        begun: Number of the fact that began it.
    """
    return Statement(f"{FAMILY}.{state}", address.subject, {"told": told, "tries": tries}, "", begun)
