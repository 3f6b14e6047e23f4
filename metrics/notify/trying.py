"""One delivery: tried until a server took it, refused it, or cannot be known to have taken it.

A server that is not there, is busy or hangs up before it has the whole message has certainly not taken it:
it is asked again, with longer and longer pauses. One that hangs up *after* it has the whole message may have
taken it. To ask again could deliver twice, so such a delivery is told as unclear and left to people.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

from metrics.errors import NotifyError

SHOWN = 200  # Characters of what a server says.


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        tries: How often it is asked at most.
        first: Seconds before the second time; twice as long before each further one.
        longest: Seconds waited at most, whatever the server asks for.
        answer: Seconds for one answer.
    """

    tries: int = 4
    first: float = 1.0
    longest: float = 60.0
    answer: float = 20.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of asking once.

    Attributes:
        what: `taken`; `again`: certainly not taken, and another time it may be; `refused`: certainly not
            taken, and never will be; `unclear`.
        told: Why, in words without a full stop; empty if it was taken.
        wait: Seconds that the server asks to wait.
    """

    what: Literal["taken", "again", "refused", "unclear"]
    told: str = ""
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one delivery.

    Attributes:
        state: `delivered`; `failed`: certainly not; `refused`: certainly not, and the same again would fare
            no better; `unclear`: nobody here can know.
        told: Why, in words; empty if delivered.
        tries: How often the server was asked.
    """

    state: Literal["delivered", "failed", "refused", "unclear"]
    told: str
    tries: int


def tried(ask: Callable[[], Tried], patience: Patience, secrets: Collection[str] = ()) -> Outcome:
    """Ask until it is known.

    Args:
        ask: Asks once.
        patience: How often and how long.
        secrets: What must not stand in any word of the outcome.
    """
    pause = patience.first
    told = Tried("again", "it was not tried")
    for number in range(1, patience.tries + 1):
        try:
            told = ask()
        except NotifyError as error:  # Where it leads may have changed since the last time.
            return Outcome("refused", without(str(error), secrets), number)
        if told.what != "again":
            break
        if number == patience.tries:
            break
        if (told.wait or 0) > patience.longest:
            words = f"{told.told}; it asks to wait {told.wait:,.0f} s"
            return Outcome("failed", without(words, secrets), number)
        time.sleep(max(min(pause, patience.longest), told.wait or 0.0))
        pause *= 2
    states = {"taken": "delivered", "again": "failed", "refused": "refused", "unclear": "unclear"}
    state: Literal["delivered", "failed", "refused", "unclear"] = states[told.what]  # type: ignore[assignment]  # Of the table above.
    return Outcome(state, without(told.told, secrets), number)


def without(words: str, secrets: Collection[str]) -> str:
    """Words without any secret, on one line, not longer than a log's."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        words = words.replace(secret, "…")
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def retry_after(header: str | None) -> float | None:
    """Seconds that a `Retry-After` asks to wait; None if it asks for nothing that can be read."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(parsedate_to_datetime(header).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError):
        return None
