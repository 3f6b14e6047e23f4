"""A workspace as one person sees it: what they may not see is not there.

A *view* shares the store and the journal with the whole workspace. Its definitions lack what is hidden; its
numbers are those of the whole, because a hidden metric may be part of one that everybody sees.

Source: platform.md section 4; `reviews.access`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from metrics.definitions import Definitions
from metrics.errors import MetricsError
from metrics.history import History, Verdicts
from metrics.journal import Fact
from metrics.registry import Registry
from metrics.reviews.access import GONE, Hidden, Sieve, hidden, without

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

_THINGS: Final = (
    "action:",
    "question:",
    "story:",
    "topic:",
    "annotation:",
    "review:",
)  # One thing, many facts.
VIEWS: Final = 12  # Kept open: who may not see the same things share one.


class Sift:
    """What somebody sees of the journal's facts.

    Facts about a thing that began with something hidden go with it: that an action was done is not told to
    whom its metric is not.

    Args:
        whole: The whole workspace.
        sieve: What is hidden.
    """

    def __init__(self, whole: "Workspace", sieve: Sieve) -> None:
        self._whole = whole
        self._sieve = sieve
        self._gone: set[str] = set()
        self._read = 0
        self._lock = Lock()

    def __call__(self, fact: Fact) -> Fact | None:
        """The fact as it is seen; None if it is not."""
        if fact.number > self._read:
            self._read_on()
        if fact.subject in self._gone:
            return None
        return self._seen(fact)

    def _read_on(self) -> None:
        with self._lock:
            for fact in self._whole.loop.chronicle.facts():
                if fact.number > self._read:
                    if self._seen(fact) is None and fact.subject.startswith(_THINGS):
                        self._gone.add(fact.subject)
                    self._read = fact.number

    def _seen(self, fact: Fact) -> Fact | None:
        if self._sieve.hides(fact.subject):
            return None
        body = self._sieve.value(fact.body)
        if body is GONE:
            return None
        because = self._sieve.text(fact.because)
        if body == fact.body and because == fact.because:
            return fact
        return replace(fact, body=body, because=because)


def seen_registry(registry: Registry, definitions: Definitions, gone: Hidden) -> Registry:
    """The registry of a reader.

    Args:
        registry: The whole one.
        definitions: Its definitions, with everybody's roles of today.
        gone: What the reader may not see.
    """
    seen = without(definitions, gone)
    unseen = gone.metrics | _series(definitions) - _series(seen)
    decks = {f"decks.{d}" for d in gone.decks}
    return replace(
        registry,
        definitions=seen,
        places={
            place: where
            for place, where in registry.places.items()
            if not unseen.intersection(parts := place.split(".")) and ".".join(parts[:2]) not in decks
        },
        order=tuple(m for m in registry.order if m not in gone.metrics),
    )


def _series(definitions: Definitions) -> frozenset[str]:
    """The ids of the series that sources name."""
    told = (
        getattr(source, field, None)
        for source in definitions.sources.values()
        for field in ("series", "samples")
    )
    return frozenset(name for columns in told if isinstance(columns, Mapping) for name in columns)


def hidden_from(whole: "Workspace", person: str | None) -> Hidden:
    """What a person may not see today."""
    definitions = whole.definitions
    secret = [m.id for m in definitions.metrics.values() if m.confidential]
    speakers: Mapping[str, Sequence[str]] = {}
    if secret and person in definitions.people:
        speakers = {m: whole.loop.owning.speakers(m) for m in secret}
    return hidden(definitions, person, speakers)


def seen_verdicts(verdicts: Verdicts, metrics: Mapping[str, Any]) -> Verdicts:
    """Verdicts of the metrics that a reader sees, as the reader's definitions have them."""
    told = verdicts.told
    rolled = replace(
        told.rolled,
        row={m: place for m, place in told.rolled.row.items() if m in metrics},
        coarse={m: grain for m, grain in told.rolled.coarse.items() if m in metrics},
        unknown=(),
    )
    kept = {m: metrics[m] for m in told.metrics if m in metrics}
    return Verdicts(
        History(told.weeks, kept, rolled), [j for m, j in verdicts.judged.items() if m in metrics]
    )


@contextmanager
def said_to(sieve: Sieve) -> Iterator[None]:
    """Refusals in words that name nothing hidden."""
    try:
        yield
    except MetricsError as error:
        error.args = tuple(sieve.text(a) if isinstance(a, str) else a for a in error.args)
        raise
