"""What is about to be said: a fact before it is in the journal, and what every fact needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from metrics.definitions import Definitions, Metric
from metrics.errors import DecisionError, UnknownNameError, hint
from metrics.reviews.told import Told

SHORT = 200  # Characters that stand on a chart; the rest lies behind it (wbr-method.md section 3).
LONG = 4_000


@dataclass(frozen=True, slots=True)
class Statement:
    """A fact to be told; `journal.New` has the same parts.

    Attributes:
        kind: What sort of decision, family first: `answer.given`.
        subject: What it is about.
        body: What was decided, as JSON can hold it.
        because: Why, in the author's words.
        expects: Number of the newest fact of this family and subject that the author had seen; 0 if
            there was none. If a newer one is there, the author is told instead of overwriting it.
    """

    kind: str
    subject: str
    body: Mapping[str, Any] = field(hash=False)
    because: str = ""
    expects: int | None = None


def said(words: str | None, what: str, most: int = LONG, *, why: str = "") -> str:
    """What somebody wrote, without blanks at its ends.

    Args:
        words: As typed.
        what: What it is called in a sentence: `the cause`.
        most: Characters allowed.
        why: Said after a refusal of nothing.

    Raises:
        DecisionError: Nothing was written, or too much.
    """
    written = (words or "").strip()
    if not written:
        raise DecisionError(f"{what[0].upper()}{what[1:]} is missing. {why or 'Write it, in a sentence.'}")
    if len(written) > most:
        raise DecisionError(
            f"{what[0].upper()}{what[1:]} has {len(written):,} characters; {most:,} are allowed. Shorten it."
        )
    return written


def optional(words: str | None, what: str, most: int = LONG) -> str:
    """What somebody wrote, or `""`; DecisionError if it is too long."""
    return said(words, what, most) if (words or "").strip() else ""


def about(metric: str, week_ending: date) -> str:
    """The subject of what is said of one metric in one week: `conversion:2026-05-09`."""
    return f"{metric}:{week_ending.isoformat()}"


def metric_and_week(subject: str) -> tuple[str, date] | None:
    """The metric and the week of such a subject; None if it is another kind of subject."""
    metric, mark, day = subject.rpartition(":")
    try:
        return (metric, date.fromisoformat(day)) if mark else None
    except ValueError:
        return None


def day_of(told: Mapping[str, Any], name: str) -> date | None:
    """A day that a fact's body names; None if it names none."""
    value = told.get(name)
    return date.fromisoformat(value) if isinstance(value, str) and value else None


def declared(definitions: Definitions, metric: str) -> Metric:
    """A metric's definition; UnknownNameError with a hint if there is none."""
    if metric not in definitions.metrics:
        raise UnknownNameError(f"{metric!r} is not among metrics. {hint(metric, definitions.metrics)}")
    return definitions.metrics[metric]


def somebody(definitions: Definitions, person: str | None, what: str) -> str:
    """A person's handle.

    Raises:
        DecisionError: Nobody is named.
        UnknownNameError: People are declared, and this is none of them.
    """
    handle = (person or "").strip()
    if not handle:
        raise DecisionError(f"{what[0].upper()}{what[1:]} is missing. Name one person.")
    if definitions.people and handle not in definitions.people:
        raise UnknownNameError(f"{handle!r} is not among people. {hint(handle, definitions.people)}")
    return handle


def named(definitions: Definitions, handle: str | None) -> str:
    """How a person is called in a sentence."""
    if handle is None:
        return "nobody"
    person = definitions.people.get(handle)
    return person.name if person else handle


def listed(items: Iterable[str], last: str = "and") -> str:
    """`a, b and c`; `""` of none."""
    *most, end = list(items) or [""]
    return f"{', '.join(most)} {last} {end}" if most else end


def of_family(facts: Iterable[Told], *families: str) -> list[Told]:
    """The facts of some families, in their order."""
    return [f for f in facts if f.kind.partition(".")[0] in families]


def newest_number(facts: Sequence[Told], family: str, subject: str) -> int:
    """Number of the newest fact of a family about a subject; 0 if there is none."""
    found = (f.number for f in reversed(facts) if f.subject == subject and f.kind.startswith(f"{family}."))
    return next(found, 0)
