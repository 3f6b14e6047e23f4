"""The flywheel as a picture holds it: nodes with this week's state, metrics, links by grade.

The picture shows the state of nodes and the grade of links, never a correlation.

Source: wbr-method.md section 10.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from metrics.definitions import Definitions, Link

Look = Literal[
    "definition",  # arithmetic, never scored
    "stated",  # grade 0
    "found",  # grade 1: by searching many pairs
    "passed",  # grade 2: stated first, then passed on later data
    "followed",  # grade 3: a logged step in the driver was followed
    "randomised",  # grade 4
    "inconclusive",  # tested; too few weeks or too small an effect to say
    "broken",  # contradicted or decayed
]
Tier = Literal["exception", "watch", "none", "cannot_judge"]
DEEPEST = 8  # Links in a row that are followed.


@dataclass(frozen=True, slots=True)
class NodeState:
    """A theme of the flywheel in one week.

    Attributes:
        id: As declared.
        name: As declared.
        hub: Whether it stands in the centre.
        metrics: Ids of its metrics, retired ones left out.
        exceptions: Those that are exceptions this week.
        watches: Those that are watches.
        unjudged: Those that cannot be judged.
    """

    id: str
    name: str
    hub: bool
    metrics: tuple[str, ...]
    exceptions: tuple[str, ...]
    watches: tuple[str, ...]
    unjudged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A metric in the picture: inputs and context outside, outputs inside."""

    metric: str
    name: str
    inside: bool
    node: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Spoke:
    """A link in the picture.

    Attributes:
        driver: Id of the metric that moves.
        driven: Id of the metric that follows.
        sign: Together or apart.
        lags: Weeks after which the effect shows, first to last.
        look: How it is drawn.
        because: The mechanism; empty for arithmetic.
    """

    driver: str
    driven: str
    sign: Literal["+", "-"]
    lags: tuple[int, int]
    look: Look
    because: str


@dataclass(frozen=True, slots=True)
class Wheel:
    """Everything the picture shows."""

    nodes: tuple[NodeState, ...]
    edges: tuple[tuple[str, str], ...]
    spots: tuple[Spot, ...]
    spokes: tuple[Spoke, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """A way by which one metric reaches another.

    Attributes:
        path: Metric ids from the first driver to the last metric driven.
        sign: Whether the ends move together or apart.
        lags: Weeks from end to end, first to last: the sums of the links' lags.
    """

    path: tuple[str, ...]
    sign: Literal["+", "-"]
    lags: tuple[int, int]


def wheel(
    definitions: Definitions,
    links: Sequence[Link],
    tiers: Mapping[str, Tier],
    looks: Mapping[tuple[str, str], Look],
) -> Wheel:
    """The picture of one week.

    Args:
        definitions: Nodes, edges, metrics and arithmetic.
        links: The stated links as they stand.
        tiers: What the signal engine says of each metric this week; a metric left out was not judged.
        looks: Driver and driven to how their link is drawn; `stated` where there is none.
    """
    living = {m.id: m for m in definitions.metrics.values() if not m.retired}
    home = {m: node.name for node in definitions.nodes for m in node.metrics}

    def having(metrics: Sequence[str], tier: Tier) -> tuple[str, ...]:
        return tuple(m for m in metrics if tiers.get(m) == tier)

    nodes = []
    for node in definitions.nodes:
        own = tuple(m for m in node.metrics if m in living)
        nodes.append(
            NodeState(
                node.id,
                node.name,
                node.hub,
                own,
                having(own, "exception"),
                having(own, "watch"),
                having(own, "cannot_judge"),
            )
        )
    spokes = [
        Spoke(k.driver, k.driven, k.sign, k.lag_weeks, looks.get((k.driver, k.driven), "stated"), k.because)
        for k in links
    ]
    spokes += _arithmetic(definitions)
    spokes = [s for s in spokes if s.driver in living and s.driven in living]
    shown = dict.fromkeys(m for s in spokes for m in (s.driver, s.driven))
    spots = tuple(
        Spot(m, living[m].name, living[m].kind == "output", home.get(m, ""), tiers.get(m, "none"))
        for m in shown
    )
    return Wheel(tuple(nodes), tuple((e.start, e.end) for e in definitions.edges), spots, tuple(spokes))


def _arithmetic(definitions: Definitions) -> Iterator[Spoke]:
    for identity in definitions.definitions:
        for how, operands in identity.equals.items():
            for place, operand in enumerate(operands):
                apart = place > 0 and how in ("difference", "quotient")
                yield Spoke(operand, identity.metric, "-" if apart else "+", (0, 0), "definition", "")


def feeding(metric: str, spokes: Sequence[Spoke]) -> tuple[Feed, ...]:
    """Every way by which something reaches a metric, shortest first; loops are walked once.

    Args:
        metric: Id of the metric fed.
        spokes: Links and arithmetic; broken links lead nowhere.
    """
    into: dict[str, list[Spoke]] = {}
    for spoke in spokes:
        if spoke.look != "broken":
            into.setdefault(spoke.driven, []).append(spoke)
    found = list(_feeds(Feed((metric,), "+", (0, 0)), into))
    return tuple(sorted(found, key=lambda f: (len(f.path), f.lags, f.path)))


def _feeds(known: Feed, into: Mapping[str, Sequence[Spoke]]) -> Iterator[Feed]:
    if len(known.path) > DEEPEST:
        return
    for spoke in into.get(known.path[0], ()):
        if spoke.driver in known.path:
            continue
        longer = Feed(
            (spoke.driver, *known.path),
            "+" if spoke.sign == known.sign else "-",
            (spoke.lags[0] + known.lags[0], spoke.lags[1] + known.lags[1]),
        )
        yield longer
        yield from _feeds(longer, into)
