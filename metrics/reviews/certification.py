"""Certification: finance vouches for one value of one definition in one week.

A certificate names the value and the definition by fingerprints, so it falls off by itself when
either changes. A second measurement that lies further apart than its tolerance disputes a value
whatever anybody says.

Source: wbr-method.md sections 5 and 8.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from json import dumps
from typing import Any, Literal

from metrics.definitions import Definitions, operands, target_operands
from metrics.errors import DecisionError, NotAllowedError
from metrics.reviews.duties import checked
from metrics.reviews.statement import Statement, about, declared, metric_and_week, named, of_family, said
from metrics.reviews.told import Told

CertificationState = Literal["certified", "disputed", "uncertified"]
PERIOD_STATES = {
    "partial": "days are missing",
    "missing": "there is no value",
    "undefined": "it is divided by zero",
    "immature": "it will still move",
}
DIGITS = ".10g"  # The last bits of a sum depend on the order in which threads add it up.


@dataclass(frozen=True, slots=True)
class Value:
    """What there is to certify: one metric in one week.

    Attributes:
        metric: Its id.
        week_ending: The week.
        amount: In the metric's unit; None if there is none.
        state: `complete`, `immature`, `partial`, `undefined` or `missing`.
        definition: Fingerprint of how it is computed.
        second: What the second measurement says; None if there is none.
        tolerance: Share by which the two may differ; None without a second measurement.
        monthly: Told once a month, so the week has no value of its own.
    """

    metric: str
    week_ending: date
    amount: float | None
    state: str
    definition: str
    second: float | None = None
    tolerance: float | None = None
    monthly: bool = False

    @property
    def fingerprint(self) -> str:
        """Of the value itself."""
        amount = "none" if self.amount is None else format(self.amount, DIGITS)
        return f"{self.state}:{amount}"

    @property
    def apart(self) -> float | None:
        """Share by which the second measurement differs, if that is more than its tolerance."""
        if self.amount is None or self.second is None or self.tolerance is None:
            return None
        base = max(abs(self.second), abs(self.amount))
        share = abs(self.amount - self.second) / base if base else 0.0
        return share if share > self.tolerance else None

    @property
    def obstacle(self) -> str:
        """Why it cannot be certified, in words; empty if it can."""
        if self.monthly:
            return "it is told once a month"
        if self.state != "complete":
            return PERIOD_STATES.get(self.state, self.state)
        if (share := self.apart) is not None:
            return (
                f"the second measurement differs by {share * 100:.1f}%, more than the "
                f"{(self.tolerance or 0) * 100:g}% allowed"
            )
        return ""


@dataclass(frozen=True, slots=True)
class Certification:
    """What is vouched for.

    Attributes:
        metric: Its id.
        week_ending: The week.
        state: `certified`, `disputed` or `uncertified`.
        by: Who decided; empty where nobody did.
        at: When.
        because: Why it is disputed or uncertified.
        fallen: `definition` or `number` if a certificate or dispute fell off because that changed.
        decided: Somebody decided, or the numbers did: nothing is owed.
        fact: Newest fact about it.
    """

    metric: str
    week_ending: date
    state: CertificationState
    by: str = ""
    at: datetime | None = None
    because: str = ""
    fallen: Literal["definition", "number"] | None = None
    decided: bool = False
    fact: int = 0


def definition_fingerprint(definitions: Definitions, metric: str) -> str:
    """What changes when a metric is counted differently; not when it is renamed or gets another owner."""
    wanted, asked = {}, [metric]
    while asked:
        name = asked.pop()
        if name in wanted:
            continue
        known = definitions.metrics[name]
        wanted[name] = {
            "unit": known.unit,
            "scale": known.scale,
            "measure": known.measure.model_dump(mode="json"),
        }
        asked += operands(known.measure)
        for target in target_operands(known.measure):
            goal = definitions.metrics[target].target
            wanted[f"target of {target}"] = goal.model_dump(mode="json") if goal else {}
    rules = definitions.calendar.model_dump(mode="json", exclude={"week_number", "months_axis"})
    told = [metric, wanted, rules, definitions.missing_days]
    return sha256(dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def certifications(facts: Iterable[Told], values: Sequence[Value]) -> dict[str, Certification]:
    """How each value stands, by metric.

    Args:
        facts: The journal's, oldest first.
        values: Of one week, as they are now.
    """
    wanted = {about(v.metric, v.week_ending): v for v in values}
    newest: dict[str, Told] = {}
    for fact in of_family(facts, "certification"):
        if fact.subject in wanted:
            newest[fact.subject] = fact
    return {v.metric: _stands(v, newest.get(subject)) for subject, v in wanted.items()}


def _stands(value: Value, told: Told | None) -> Certification:
    number = told.number if told else 0
    metric, week = value.metric, value.week_ending
    if value.apart is not None:
        return Certification(
            metric, week, "disputed", because=_sentence(value.obstacle), decided=True, fact=number
        )
    if told is None:
        blocked = bool(value.obstacle)
        return Certification(metric, week, "uncertified", because=_sentence(value.obstacle), decided=blocked)
    fallen: Literal["definition", "number"] | None = None
    if told.body.get("definition") != value.definition:
        fallen = "definition"
    elif told.body.get("value") != value.fingerprint:
        fallen = "number"
    if fallen:
        was = {"certification.given": "It was certified", "certification.disputed": "It was disputed"}.get(
            told.kind, "It was left uncertified"
        )
        why = f"{was} on {told.at:%Y-%m-%d}; the {fallen} has changed since."
        return Certification(
            metric, week, "uncertified", told.author, told.at, why, fallen, bool(value.obstacle), number
        )
    state: CertificationState = "uncertified"
    if told.kind == "certification.given":
        state = "certified"
    elif told.kind == "certification.disputed":
        state = "disputed"
    return Certification(metric, week, state, told.author, told.at, told.because, None, True, number)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


# --- decisions -------------------------------------------------------------------------------


def certified(
    definitions: Definitions,
    value: Value,
    *,
    by: str,
    speakers: Sequence[str],
    known: Certification,
    because: str = "",
) -> Statement:
    """A value certified.

    Args:
        definitions: Of the workspace.
        value: As it is now.
        by: Who certifies: finance, and not for a metric of their own.
        speakers: Owner and deputy of the metric.
        known: How it stands.
        because: What was checked; may be empty.

    Raises:
        DecisionError: The value cannot be certified.
        NotAllowedError: The author may not certify, or owns the metric.
    """
    _may_judge(definitions, value, "certify", by, speakers)
    if value.obstacle:
        name = declared(definitions, value.metric).name
        raise DecisionError(
            f"{name} cannot be certified for the week ending {value.week_ending}: {value.obstacle}."
        )
    return _statement("certification.given", value, because.strip(), known)


def disputed(
    definitions: Definitions, value: Value, because: str, *, by: str, known: Certification
) -> Statement:
    """A value disputed, with a reason.

    Raises:
        DecisionError: There is no reason.
        NotAllowedError: The author may not dispute.
    """
    checked(definitions, by, "dispute")
    declared(definitions, value.metric)
    reason = said(because, "the reason", why="A number is disputed with a reason.")
    return _statement("certification.disputed", value, reason, known)


def withheld(
    definitions: Definitions, value: Value, because: str, *, by: str, known: Certification
) -> Statement:
    """A value stamped uncertified on purpose, with a reason.

    Raises:
        DecisionError: There is no reason.
        NotAllowedError: The author may not certify.
    """
    checked(definitions, by, "certify")
    declared(definitions, value.metric)
    reason = said(because, "the reason", why="Say why it stays uncertified.")
    return _statement("certification.withheld", value, reason, known)


def _may_judge(definitions: Definitions, value: Value, act: str, by: str, speakers: Sequence[str]) -> None:
    checked(definitions, by, act)
    if definitions.people and by in speakers:
        name = declared(definitions, value.metric).name
        raise NotAllowedError(
            f"{named(definitions, by)} speaks for {name} and cannot certify it: finance has no stake but "
            "accuracy. Ask somebody else in finance."
        )


def _statement(kind: str, value: Value, because: str, known: Certification) -> Statement:
    body: dict[str, Any] = {
        "definition": value.definition,
        "value": value.fingerprint,
        "amount": value.amount,
    }
    return Statement(kind, about(value.metric, value.week_ending), body, because, known.fact)


def certified_weeks(facts: Iterable[Told], metric: str) -> tuple[date, ...]:
    """The weeks for which a metric has a certificate in the journal, whether it still holds or not."""
    newest = {f.subject: f for f in of_family(facts, "certification")}
    found = (metric_and_week(s) for s, f in newest.items() if f.kind == "certification.given")
    return tuple(sorted(pair[1] for pair in found if pair is not None and pair[0] == metric))
