"""Links as a graph: which drivers moved behind an exception, and which exceptions are one story.

Only declared links and declared arithmetic count; nothing is searched for here.

Source: wbr-method.md sections 6 and 10; demo-wrenfield.md section 5, S1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from metrics.definitions import Definitions, Difference, Growth, Product, Quotient, Sum
from metrics.history import Signal, Verdicts

Sign = Literal["+", "-"]


@dataclass(frozen=True, slots=True)
class Pull:
    """One metric pulls another: a stated link, or arithmetic.

    Attributes:
        driver: Id of the metric that pulls.
        driven: Id of the metric pulled.
        sign: Whether they move together or apart.
        lags: Weeks after which the effect shows, first to last.
        because: The mechanism; empty for arithmetic.
    """

    driver: str
    driven: str
    sign: Sign
    lags: tuple[int, int]
    because: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A driver that moved at the right time and in the right direction.

    Attributes:
        pull: What binds the two.
        lag: Weeks before the driven metric's week.
        signal: What the engine said of the driver in that week.
    """

    pull: Pull
    lag: int
    signal: Signal


@dataclass(frozen=True, slots=True)
class Group:
    """Exceptions that are told once.

    Attributes:
        lead: The exception the story starts from.
        others: The exceptions that follow from it by declared links, most urgent first.
        behind: Drivers of any of them that moved too and are no exceptions of this week. They are named
            so that nobody takes the lead for the whole cause.
    """

    lead: Signal
    others: tuple[Signal, ...]
    behind: tuple[Moved, ...]


def pulls(definitions: Definitions) -> tuple[Pull, ...]:
    """Every stated link, every declared identity, and what derived metrics are computed from."""
    return (
        *(Pull(k.driver, k.driven, k.sign, k.lag_weeks, k.because) for k in definitions.links),
        *_identities(definitions),
        *_derived(definitions),
    )


def _identities(definitions: Definitions) -> Iterator[Pull]:
    for identity in definitions.definitions:
        for how, operands in identity.equals.items():
            for place, operand in enumerate(operands):
                apart = place > 0 and how in ("difference", "quotient")
                yield Pull(operand, identity.metric, "-" if apart else "+", (0, 0))


def _derived(definitions: Definitions) -> Iterator[Pull]:
    for metric in definitions.metrics.values():
        match metric.measure:
            case Growth(of=of):
                yield Pull(of, metric.id, "+", (0, 0))
            case Sum(of=many) | Product(of=many):
                yield from (Pull(o, metric.id, "+", (0, 0)) for o in many if isinstance(o, str))
            case Difference(of=many) | Quotient(of=many):
                for place, operand in enumerate(many):
                    if isinstance(operand, str):
                        yield Pull(operand, metric.id, "-" if place else "+", (0, 0))


def direction(signal: Signal) -> Literal["above", "below"] | None:
    """The side on which a marked week lies."""
    return signal.reasons[0].direction if signal.reasons else None


def moved_behind(
    metric: str, week_ending: date, verdicts: Verdicts, known: Sequence[Pull]
) -> tuple[Moved, ...]:
    """The direct drivers of a marked metric that were marked at the right lag and to the right side.

    Most urgent first. Empty if the metric itself is not marked that week.
    """
    here = verdicts.at(metric, week_ending)
    if here is None or (side := direction(here)) is None:
        return ()
    found = []
    for pull in known:
        if pull.driven != metric:
            continue
        for lag in range(pull.lags[0], pull.lags[1] + 1):
            there = verdicts.at(pull.driver, week_ending - timedelta(weeks=lag))
            if there is None or not there.marked:
                continue
            if (direction(there) == side) == (pull.sign == "+"):
                found.append(Moved(pull, lag, there))
                break
    return tuple(sorted(found, key=lambda m: -m.signal.urgency))


def groups(week_ending: date, verdicts: Verdicts, known: Sequence[Pull]) -> tuple[Group, ...]:
    """The week's exceptions, those bound by declared links told together; most urgent group first.

    The lead of a group is an input among the exceptions that no other exception of the group pulls; if
    there is none, the exception that pulls most of the others.
    """
    exceptions = {s.metric: s for s in verdicts.week(week_ending) if s.tier == "exception"}
    behind = {m: moved_behind(m, week_ending, verdicts, known) for m in exceptions}
    pulled_by = {
        m: {b.pull.driver for b in moved if b.lag == 0 and b.pull.driver in exceptions}
        for m, moved in behind.items()
    }
    found = []
    for members in _connected(pulled_by):
        ordered = sorted((exceptions[m] for m in members), key=lambda s: (-s.urgency, s.metric))
        roots = [s for s in ordered if not pulled_by[s.metric]]
        inputs = [s for s in roots if verdicts.told.metrics[s.metric].kind == "input"]
        lead = (inputs or roots or ordered)[0]
        also: dict[str, Moved] = {}
        for member in ordered:
            for moved in behind[member.metric]:
                if moved.pull.driver not in exceptions or moved.lag:
                    also.setdefault(moved.pull.driver, moved)
        others = tuple(s for s in ordered if s is not lead)
        found.append(Group(lead, others, tuple(also.values())))
    return tuple(sorted(found, key=lambda g: -max(s.urgency for s in (g.lead, *g.others))))


def _connected(neighbours: dict[str, set[str]]) -> list[set[str]]:
    """The sets of names that hang together."""
    both: dict[str, set[str]] = {name: set(others) for name, others in neighbours.items()}
    for name, others in neighbours.items():
        for other in others:
            both[other].add(name)
    sets, seen = [], set[str]()
    for name in both:
        if name in seen:
            continue
        together, asked = set[str](), [name]
        while asked:
            each = asked.pop()
            if each not in together:
                together.add(each)
                asked += both[each] - together
        seen |= together
        sets.append(together)
    return sets
