"""Which pairs are arithmetic: computed from each other, and so never scored and never offered.

Source: wbr-method.md section 10 ("Definition"); demo-wrenfield.md section 4, X1 and X2.
"""

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Final

from metrics.correlation.values import Apart, Excluded
from metrics.definitions import Definitions, Metric, Ratio, operands, series_of

ADDED_UP: Final = frozenset({"total", "latest", "mean", "min", "max", "first"})

Pair = tuple[str, str]


def apart(definitions: Definitions) -> dict[Pair, Excluded]:
    """The pairs of metrics that are arithmetic of each other, both ways round.

    Four kinds: two members of one declared identity, taken apart to the last operand (orders = sessions ×
    conversion, GMV = orders × order value: sessions and GMV too); a metric and what it is computed from, at
    any depth; a metric and the ratio that has its very series above the line; two metrics with one measure.
    """
    found: dict[Pair, Excluded] = {}

    def note(one: str, other: str, reason: Apart, through: str) -> None:
        for driver, driven in ((one, other), (other, one)):
            if one != other:
                found.setdefault((driver, driven), Excluded(driver, driven, reason, through))

    for identity in definitions.definitions:
        members = {identity.metric, *_members(definitions, identity.metric, set())}
        for one, other in combinations(sorted(members), 2):
            note(one, other, "definition", identity.metric)
    for metric in definitions.metrics.values():
        for operand in _computed_from(definitions, metric, set()):
            note(operand, metric.id, "definition", metric.id)
    for first, second in combinations(definitions.metrics.values(), 2):
        if series := _contains(first, second) or _contains(second, first):
            note(first.id, second.id, "same_series", series)
    return found


def _members(definitions: Definitions, metric: str, seen: set[str]) -> Iterator[str]:
    """What the identities of a metric hold, and what theirs hold."""
    if metric in seen:
        return
    seen.add(metric)
    for identity in definitions.definitions:
        if identity.metric == metric:
            for named in identity.equals.values():
                for operand in named:
                    yield operand
                    yield from _members(definitions, operand, seen)


def _computed_from(definitions: Definitions, metric: Metric, seen: set[str]) -> Iterator[str]:
    """Everything a metric is computed from, through measures and identities."""
    if metric.id in seen:
        return
    seen.add(metric.id)
    below = [*operands(metric.measure)]
    below += [
        operand
        for identity in definitions.definitions
        if identity.metric == metric.id
        for named in identity.equals.values()
        for operand in named
    ]
    for operand in below:
        yield operand
        yield from _computed_from(definitions, definitions.metrics[operand], seen)


def _contains(one: Metric, other: Metric) -> str | None:
    """The series by which `other` holds `one`; None if it does not."""
    if one.measure == other.measure and series_of(one.measure):
        return series_of(one.measure)[0]
    if one.measure.how in ADDED_UP and isinstance(other.measure, Ratio):
        (series,) = series_of(one.measure)
        return series if other.measure.numerator == series else None
    return None


def shared_series(definitions: Definitions) -> dict[Pair, tuple[str, ...]]:
    """Pairs that read a common stored series without being arithmetic, both ways round.

    Delivery cost per order and orders: part of what they share may come from the common series.
    """
    readers: dict[str, set[str]] = {}
    for metric in definitions.metrics.values():
        for name in {metric.id, *_computed_from(definitions, metric, set())}:
            for series in series_of(definitions.metrics[name].measure):
                readers.setdefault(series, set()).add(metric.id)
    found: dict[Pair, tuple[str, ...]] = {}
    for series, names in sorted(readers.items()):
        for pair in permutations(sorted(names), 2):
            found[pair] = (*found.get(pair, ()), series)
    return found
