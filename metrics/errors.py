"""Every error this package raises on purpose.

MetricsError
├── DefinitionError          a workspace file asks for something impossible
│   └── UnknownNameError     a name that no definition declares
├── SourceError              a source file cannot be read as observations
├── StoreError               the store is missing, damaged, or another process is writing to it
├── JournalError             the journal cannot be read or written, or a fact cannot be taken as it is
│   └── ConflictError        somebody changed the same thing first
├── DecisionError            a decision lacks what it must say
│   └── NotAllowedError      somebody may not do it
├── NotifyError              mail or a webhook cannot be sent, or may not be
└── CalendarError            a date that cannot end a week, or a calendar that cannot exist

A message says, in this order: what is wrong, where it was found, and what to do about it.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class MetricsError(Exception):
    """Any failure this package foresaw; its text is written for the person who meets it."""


class DefinitionError(MetricsError):
    """A workspace file asks for something impossible."""


class UnknownNameError(DefinitionError):
    """A name that no definition declares."""


class SourceError(MetricsError):
    """A source file cannot be read as observations."""


class StoreError(MetricsError):
    """The store is missing, damaged, or another process is writing to it."""


class JournalError(MetricsError):
    """The journal cannot be read or written, or a fact cannot be taken as it is."""


class ConflictError(JournalError):
    """Somebody changed the same thing first.

    Attributes:
        newest: The fact that came first (a `metrics.journal.Fact`), for the one who is told of it.
    """

    def __init__(self, message: str, newest: Any = None) -> None:
        super().__init__(message)
        self.newest = newest


class DecisionError(MetricsError):
    """A decision lacks what it must say, or comes at the wrong time."""


class NotAllowedError(DecisionError):
    """Somebody may not do it; the message says who may."""


class NotifyError(MetricsError):
    """Mail or a webhook cannot be sent, or its host is not allowed."""


class CalendarError(MetricsError):
    """A date that cannot end a week, or a calendar that cannot exist."""


def hint(name: str, known: Iterable[str]) -> str:
    """Return the likely meaning of a misspelt `name`, or the names to choose from."""
    names = sorted(known)
    folded = {each.casefold(): each for each in reversed(names)}
    if near := get_close_matches(name, names, n=1):
        return f"Did you mean {near[0]!r}?"
    if near := get_close_matches(name.casefold(), folded, n=1):  # `us` for `US`.
        return f"Did you mean {folded[near[0]]!r}?"
    if not names:
        return "None is declared."
    shown = ", ".join(names[:12])
    return f"Declared: {shown}{', …' if len(names) > 12 else ''}."


def counted(number: int, thing: str) -> str:
    """`1 metric`, `52 metrics`, `2,350 rows`."""
    return f"{number:,} {thing if number == 1 else _plural(thing)}"


def _plural(thing: str) -> str:
    if thing == "context":
        return thing
    head, _, tail = thing.partition(" of ")  # A piece of advice, two pieces of advice.
    many = f"{head[:-1]}ies" if head.endswith("y") and head[-2] not in "aeiou" else f"{head}s"
    return f"{many} of {tail}" if tail else many
