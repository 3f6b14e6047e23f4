"""The life of an input metric: its states, the gates between them, and the eight tests of controllable.

What can be measured is measured; what only a person knows is asked.

Source: wbr-method.md section 9.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from metrics.definitions import Definitions, InputMetric, Metric, MetricState, Quotient, Ratio
from metrics.errors import DecisionError
from metrics.reviews.duties import checked
from metrics.reviews.statement import Statement, declared, listed, of_family, said
from metrics.reviews.told import Told

STATES: tuple[MetricState, ...] = get_args(MetricState)
LADDER: tuple[MetricState, ...] = STATES[: STATES.index("in_control") + 1]
ALLOWED: dict[MetricState, str] = {
    "proposed": "Not in a deck",
    "defined": "Appendix",
    "measured": 'In the deck, grey, "learning"; no target',
    "analysed": "Limits; a target may be proposed",
    "improving": "Everything",
    "in_control": "Shown, no air time; candidate for automation",
    "questioned": "Stamped; a decision is due",
    "retired": "Kept with all history",
}
WEEKS_TO_MEASURE, POINTS_TO_ANALYSE, WEEKS_IN_CONTROL = 6, 12, 26
WITHIN_DAYS = 14  # An input moves within about two weeks.
EXPLAINED_WITHIN = timedelta(weeks=2)
EXPLAINED_SHARE = 0.5  # Of past shifts, for the seventh test; a judgement of our own.


@dataclass(frozen=True, slots=True)
class Measured:
    """What the product measures about a metric for its gates.

    Attributes:
        weeks: Complete weeks it has.
        points: Weeks in its baseline.
        limits: It has an expected range.
        link_tests: How many of its links were tested.
        causes: Known causes: events and annotations that concern it.
        actions: Open actions on it.
        predictable: Weeks in a row without an exception, up to the newest.
        on_target: Weeks in a row on target, up to the newest.
        doubts: Why it may be questioned: link decayed, story disagrees, audit fails.
    """

    weeks: int = 0
    points: int = 0
    limits: bool = False
    link_tests: int = 0
    causes: int = 0
    actions: int = 0
    predictable: int = 0
    on_target: int = 0
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """Where a metric stands in its life.

    Attributes:
        metric: Its id.
        state: Of the journal, else of the definition; None if neither says.
        since: When it came there; None for the definition's.
        by: Who moved it.
        because: Why.
        successor: Of a retired one.
        fact: Newest fact about it.
    """

    metric: str
    state: MetricState | None
    since: datetime | None = None
    by: str = ""
    because: str = ""
    successor: str | None = None
    fact: int = 0


def lives(definitions: Definitions, facts: Iterable[Told]) -> dict[str, Life]:
    """Where every metric stands."""
    found = {m.id: Life(m.id, m.state) for m in definitions.metrics.values()}
    for fact in of_family(facts, "life"):
        if fact.kind == "life.moved" and fact.subject in found:
            found[fact.subject] = Life(
                fact.subject,
                fact.body["to"],
                fact.at,
                fact.author,
                fact.because,
                fact.body.get("successor"),
                fact.number,
            )
    return found


def life_gate(definitions: Definitions, metric: str, to: MetricState, measured: Measured) -> tuple[str, ...]:
    """What a metric lacks to enter a state, in words; nothing if the gate is open."""
    known = declared(definitions, metric)
    match to:
        case "proposed":
            return _proposal_lacks(definitions, known)
        case "defined":
            return _definition_lacks(known)
        case "measured":
            wants = {
                f"{WEEKS_TO_MEASURE} weeks of data (it has {measured.weeks})": measured.weeks
                >= WEEKS_TO_MEASURE,
                "a second measurement": known.second_measure is not None,
            }
        case "analysed":
            wants = {
                f"{POINTS_TO_ANALYSE} points (it has {measured.points})": measured.points
                >= POINTS_TO_ANALYSE,
                "an expected range": measured.limits,
                "known causes: an event or an annotation": measured.causes > 0,
                "a first link test": measured.link_tests > 0,
            }
        case "improving":
            wants = {
                "an agreed target": known.target is not None or metric in definitions.targets,
                "an open action": measured.actions > 0,
            }
        case "in_control":
            wants = {
                f"{WEEKS_IN_CONTROL} predictable weeks (it has {measured.predictable})": measured.predictable
                >= WEEKS_IN_CONTROL,
                f"{WEEKS_IN_CONTROL} weeks on target (it has {measured.on_target})": measured.on_target
                >= WEEKS_IN_CONTROL,
            }
        case _:
            return ()
    return tuple(words for words, there in wants.items() if not there)


def _proposal_lacks(definitions: Definitions, metric: Metric) -> tuple[str, ...]:
    """One sentence: if the owner does the action, it moves within days and an output follows in weeks."""
    moves = metric.controllable if isinstance(metric, InputMetric) else None
    wants = {
        "an owner": metric.owner is not None,
        "the action that moves it, who orders it and within how many days": moves is not None,
        "a link to what it moves, with sign and weeks": bool(_outputs(definitions, metric.id)),
    }
    return tuple(words for words, there in wants.items() if not there)


def proposal(definitions: Definitions, metric: str) -> str | None:
    """The sentence of a proposal; None while a part of it is missing."""
    known = declared(definitions, metric)
    if (
        _proposal_lacks(definitions, known)
        or not isinstance(known, InputMetric)
        or known.controllable is None
    ):
        return None
    person = definitions.people.get(known.controllable.by)
    link = _outputs(definitions, metric)[0]
    weeks = f"{link[1]} to {link[2]}" if link[1] != link[2] else f"{link[2]}"
    return (
        f"If {person.name if person else known.controllable.by} orders to {known.controllable.action}, "
        f"{known.name} moves within {known.controllable.within_days} days, and "
        f"{definitions.metrics[link[0]].name} follows within {weeks} weeks."
    )


def _outputs(definitions: Definitions, metric: str) -> list[tuple[str, int, int]]:
    """What a metric is stated to move: driven, first and last lag."""
    return [(k.driven, *k.lag_weeks) for k in definitions.links if k.driver == metric]


def _definition_lacks(metric: Metric) -> tuple[str, ...]:
    wants = {
        "what it counts, at which time and without which cases (`meaning`)": metric.meaning is not None,
        "an owner": metric.owner is not None,
        "how it could be gamed": metric.gaming is not None,
        "a guardrail": bool(metric.guardrails),
    }
    return tuple(words for words, there in wants.items() if not there)


def moved(
    definitions: Definitions,
    life: Life,
    to: str,
    because: str,
    measured: Measured,
    *,
    by: str,
    successor: str | None = None,
    gamed: bool = False,
) -> Statement:
    """A metric moved to another state of its life.

    Args:
        definitions: Of the workspace.
        life: Where it stands.
        to: The state wanted: the next of the ladder, an earlier one, `questioned` or `retired`.
        because: The reason.
        measured: What the product measures about it.
        by: Who moves it.
        successor: What follows a retired metric; empty text says that nothing does.
        gamed: It is questioned because somebody games it, which no measurement shows.

    Raises:
        DecisionError: The gate is closed, and the message says what is missing; or it skips a state.
        NotAllowedError: The author may not.
    """
    checked(definitions, by, "move_a_metric", "define", "propose_version")
    name = declared(definitions, life.metric).name
    if to not in STATES:
        raise DecisionError(f"{to!r} is no state of a metric. One of: {', '.join(STATES)}.")
    state = next(s for s in STATES if s == to)
    if state == life.state:
        raise DecisionError(f"{name} is {_spoken(state)} already.")
    reason = said(because, "the reason")
    body: dict[str, str] = {"to": state}
    if state == "retired":
        if successor is None:
            raise DecisionError(f"{name} is retired with a successor. Name it, or say that there is none.")
        if successor:
            declared(definitions, successor)
            body["successor"] = successor
    elif state == "questioned":
        if not measured.doubts and not gamed:
            raise DecisionError(
                f"{name} is questioned when its link decayed, a story disagrees, an audit fails or it is "
                "gamed. None of these is known; say that it is gamed, or tell the story."
            )
    else:
        _one_step(name, life, state)
        if missing := life_gate(definitions, life.metric, state, measured):
            raise DecisionError(f"{name} cannot be {_spoken(state)} yet: it lacks {listed(missing)}.")
    return Statement("life.moved", life.metric, body, reason, life.fact)


def _one_step(name: str, life: Life, state: MetricState) -> None:
    """Refuse to skip a step of define, measure, analyse, improve, control."""
    if life.state is None or life.state not in LADDER:
        return  # Not placed yet, questioned or retired: it goes to where its gates let it.
    here, there = LADDER.index(life.state), LADDER.index(state)
    if there > here + 1:
        raise DecisionError(
            f"{name} is {_spoken(life.state)}; next it can be {_spoken(LADDER[here + 1])}. Whoever skips "
            "a step chases noise."
        )


def _spoken(state: MetricState) -> str:
    return state.replace("_", " ")


# --- controllable ----------------------------------------------------------------------------

TESTS: dict[int, str] = {
    1: "Which action moves it, and who can order it without another team's approval?",
    2: "Would it move within about two weeks?",
    3: "Does doing it right help a customer, or a stated internal user?",
    4: "Can it go down, has it a denominator, and is it not cumulative?",
    5: "How would one cheat it, and which guardrail would show that?",
    6: "Which output is it expected to move, with which sign and lag?",
    7: "Do its past shifts line up with logged actions?",
    8: "Is it something that somebody controls, and not context?",
}
MEASURED_TEST = 7


@dataclass(frozen=True, slots=True)
class ControllableTest:
    """One of the eight tests.

    Attributes:
        number: 1 to 8.
        question: In words.
        state: `passed`, `failed`, or `open` where nobody knows yet.
        told: What speaks for it: from the definition, a person, or the numbers.
        by: Who answered; empty for the definition and the numbers.
    """

    number: int
    question: str
    state: Literal["passed", "failed", "open"]
    told: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person said to one test."""

    passed: bool
    text: str
    by: str


def replies(facts: Iterable[Told], metric: str) -> dict[int, Reply]:
    """What people said to the tests of one metric, as it stands."""
    found: dict[int, Reply] = {}
    for fact in of_family(facts, "controllable"):
        if fact.subject == metric:
            body = fact.body
            found[int(body["test"])] = Reply(bool(body["passed"]), body["text"], fact.author)
    return found


def shifts_explained(shifts: Sequence[date], logged: Sequence[date]) -> float | None:
    """The share of past shifts with a logged action or annotation within two weeks; None without shifts."""
    if not shifts:
        return None
    hits = sum(any(abs(day - shift) <= EXPLAINED_WITHIN for day in logged) for shift in shifts)
    return hits / len(shifts)


def controllable(
    definitions: Definitions,
    metric: str,
    answers: Mapping[int, Reply],
    shifts: Sequence[date] = (),
    logged: Sequence[date] = (),
) -> tuple[ControllableTest, ...]:
    """The eight tests of one metric: a person's answer, else what the definition or the numbers say.

    Args:
        definitions: Of the workspace.
        metric: Its id.
        answers: What people said, by number of the test.
        shifts: Week endings of its past exceptions.
        logged: Days of actions and annotations that concern it.
    """
    known = declared(definitions, metric)
    found = []
    for number, question in TESTS.items():
        state, told = _evident(definitions, known, number, shifts, logged)
        answer = answers.get(number) if number != MEASURED_TEST else None
        if answer is not None:
            state, told = ("passed" if answer.passed else "failed"), answer.text
        found.append(ControllableTest(number, question, state, told, answer.by if answer else ""))
    return tuple(found)


Verdict = tuple[Literal["passed", "failed", "open"], str]


def _evident(
    definitions: Definitions, metric: Metric, number: int, shifts: Sequence[date], logged: Sequence[date]
) -> Verdict:
    moves = metric.controllable if isinstance(metric, InputMetric) else None
    match number:
        case 1:
            if moves is None:
                return "open", "The definition names no action."
            person = definitions.people.get(moves.by)
            return "passed", f"{person.name if person else moves.by} can: {moves.action}"
        case 2:
            if moves is None:
                return "open", "The definition names no number of days."
            passed = moves.within_days <= WITHIN_DAYS
            return ("passed" if passed else "failed"), f"Within {moves.within_days} days"
        case 3:
            words = metric.as_the_customer_meets_it
            return ("passed", words) if words else ("open", "The definition does not say.")
        case 4:
            return _can_go_down(metric)
        case 5:
            if metric.gaming and metric.guardrails:
                names = listed([definitions.metrics[g].name for g in metric.guardrails])
                return "passed", f"{metric.gaming} (guardrail: {names})"
            lacks = "no guardrail is named" if metric.gaming else "the definition does not say"
            return "open", f"{metric.gaming or ''}{'; ' if metric.gaming else ''}{lacks}"
        case 6:
            stated = [k for k in definitions.links if k.driver == metric.id]
            if not stated:
                return "failed", "No link is stated."
            link = stated[0]
            lag = f"{link.lag_weeks[0]} to {link.lag_weeks[1]} weeks"
            return "passed", f"{definitions.metrics[link.driven].name} ({link.sign}), after {lag}"
        case 7:
            share = shifts_explained(shifts, logged)
            if share is None:
                return "open", "It has not shifted yet."
            told = f"{round(share * len(shifts))} of {len(shifts)} shifts have an action or annotation near"
            return ("passed" if share >= EXPLAINED_SHARE else "failed"), told
        case _:
            if metric.kind == "context":
                return "failed", "It is declared as context."
            return ("passed", "It is declared as an input.") if moves else ("open", "Nobody is named.")


def _can_go_down(metric: Metric) -> Verdict:
    if isinstance(metric.measure, Ratio | Quotient) or metric.measure.how in ("percentile", "mean"):
        return "passed", "It is a share or a level of single cases."
    if metric.unit in ("fraction", "days", "hours", "seconds", "milliseconds", "score"):
        return "passed", "It is a level, not a count."
    return "failed", "It is a count or an amount without a denominator."


def replied(
    definitions: Definitions, metric: str, number: int, passed: bool, text: str, *, by: str
) -> Statement:
    """A person's answer to one test; the seventh is measured and takes none.

    Raises:
        DecisionError: There is no such test, it is measured, or nothing is said.
        NotAllowedError: The author may not.
    """
    checked(definitions, by, "move_a_metric", "define", "propose_version")
    declared(definitions, metric)
    if number == MEASURED_TEST:
        raise DecisionError("The seventh test is measured: the shifts that line up with logged actions.")
    if number not in TESTS:
        raise DecisionError(f"There are eight tests; {number} is none of them.")
    body = {"test": number, "passed": passed, "text": said(text, "the answer")}
    return Statement("controllable.answered", metric, body)
