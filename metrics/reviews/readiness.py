"""Whether a week is ready to be looked at: what is late, wrong, refused, restated or missing, and which gates
that closes.

Source: wbr-method.md section 3, Monday; section 5.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from metrics.definitions import GATES, Gate
from metrics.errors import UnknownNameError, counted, hint

Kind = Literal["late", "refused", "certified_changed", "no_owner", "not_built", "restated", "missing"]
HEADINGS: Mapping[Kind, str] = {
    "late": "Late",
    "refused": "Refused",
    "certified_changed": "Certified, and changed since",
    "no_owner": "Without an owner",
    "not_built": "Not built",
    "restated": "Restated",
    "missing": "Missing",
}
MOST = 8  # Of a kind on the page, which is read at a glance; the JSON has them all.
NO_GATE = "none"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should know, in words without a full stop."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was done before the people come, and what was found.

    Attributes:
        company: Whose it is.
        week_ending: The week.
        at: When, in the company's zone.
        time_zone: Its name.
        sources: How many there are.
        loaded: How many of them could be read.
        kept: Values that are new.
        restated: Values that were told differently before.
        weeks: How many weeks were judged.
        judged: How many of them anew.
        goals: How many forecasts there are.
        forecasts: How many of them anew.
        links: Stated links that were held against the numbers.
        decks: Decks that were built.
        files: Files that lie ready, by name.
        made: How many of them were made anew.
        gates: Those that count.
        findings: All that was found.
    """

    company: str
    week_ending: date
    at: datetime
    time_zone: str
    sources: int
    loaded: int
    kept: int
    restated: int
    weeks: int
    judged: int
    goals: int
    forecasts: int
    links: int
    decks: tuple[str, ...]
    files: tuple[str, ...]
    made: int
    gates: tuple[Gate, ...]
    findings: tuple[Finding, ...]

    @property
    def closed(self) -> tuple[Gate, ...]:
        """The gates that something was found for."""
        found = {finding.kind for finding in self.findings}
        return tuple(gate for gate in self.gates if gate in found)

    @property
    def ready(self) -> bool:
        """Whether no gate is closed."""
        return not self.closed


def gates(words: Collection[str], declared: Sequence[Gate]) -> tuple[Gate, ...]:
    """The gates that count: those a person named, or `none`, or else those that the workspace declares.

    Raises:
        UnknownNameError: There is no such gate.
    """
    if not words:
        return tuple(declared)
    if set(words) == {NO_GATE}:
        return ()
    for word in words:
        if word not in GATES:
            raise UnknownNameError(f"{word!r} is no gate. {hint(word, [*GATES, NO_GATE])}")
    return tuple(gate for gate in GATES if gate in words)


def page(told: Readiness) -> str:
    """All of it on one page, as plain text."""
    counts = [
        f"{told.loaded} of {counted(told.sources, 'source')} loaded: {told.kept:,} new, "
        f"{told.restated:,} restated",
        f"{counted(told.weeks, 'week')} judged ({told.judged} anew), {counted(told.goals, 'goal')} forecast "
        f"({told.forecasts} anew), {counted(told.links, 'link')} tested",
        f"{counted(len(told.decks), 'deck')} built, {counted(len(told.files), 'file')} ready "
        f"({told.made} anew)",
    ]
    lines = [
        f"{told.company}, week ending {told.week_ending:%a %d %b %Y}",
        f"{told.at:%a %d %b %Y %H:%M} {told.time_zone}",
        "",
        *counts,
    ]
    for kind in get_args(Kind):
        texts = [finding.text for finding in told.findings if finding.kind == kind]
        if not texts:
            continue
        gate = " (gate closed)" if kind in told.closed else ""
        lines += ["", f"{HEADINGS[kind]}: {len(texts)}{gate}"]
        lines += [f"- {_line(text)}" for text in texts[:MOST]]
        if len(texts) > MOST:
            lines.append(f"- and {len(texts) - MOST} more: --format json")
    closed = ", ".join(HEADINGS[gate].lower() for gate in told.closed)
    return "\n".join([*lines, "", f"Not ready: {closed}." if closed else "Ready."])


def _line(text: str) -> str:
    """The first of a finding's lines; what comes after it stands in the JSON."""
    first, *rest = text.splitlines() or [""]
    return f"{first} …" if rest else first
