"""One segment of the business as a deck of its own: `country: US`, `device: phone`.

A slice is the same workspace with one more condition on everything that is counted, so its numbers come
from days like all others, and the slices of a dimension add up to the whole. What is not told by that
segment is left out and named. Targets, goals and what people said speak of the whole, so a slice has none.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from metrics.definitions import (
    Definitions,
    Folded,
    Metric,
    Percentile,
    Ratio,
    operands,
    series_of,
    target_operands,
)
from metrics.errors import UnknownNameError, hint
from metrics.registry import Registry
from metrics.reviews.access import Hidden, without

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

SEGMENTS_AT_MOST = 500  # Of one dimension; more are customers or items, and no decks.


@dataclass(frozen=True, slots=True)
class Slice:
    """What a slice holds.

    Attributes:
        where: Dimension to segment.
        left_out: Ids of metrics that are not told by it, in the order of the file.
    """

    where: Mapping[str, str]
    left_out: tuple[str, ...]

    @property
    def words(self) -> str:
        """Of the segments: `US`, `US, phone`."""
        return ", ".join(segment or "(blank)" for segment in self.where.values())


def dimensions(house: "Workspace") -> dict[str, tuple[str, ...]]:
    """By what the metrics of a workspace are told, and the segments of each in alphabetical order.

    A dimension of more than 500 segments is left out: those are customers or items.
    """
    found: dict[str, set[str]] = {}
    for each in house.carried.values():
        for dimension, segments in each.items():
            found.setdefault(dimension, set()).update(segments)
    return {d: tuple(sorted(s)) for d, s in sorted(found.items()) if 1 < len(s) <= SEGMENTS_AT_MOST}


def cut(house: "Workspace", where: Mapping[str, str]) -> tuple[Registry, Slice]:
    """The registry of a slice, and what it holds.

    Args:
        house: The workspace, or a reader's view of it.
        where: Dimension to segment; every condition counts.

    Raises:
        UnknownNameError: No metric is told by that dimension, or none by that segment of it.
    """
    carried = house.carried
    refuse_unknown(carried, where)
    definitions = house.registry.definitions
    kept: dict[str, Metric] = {}
    for name in house.registry.order:
        made = _sliced(definitions.metrics[name], kept, carried, where)
        if made is not None:
            kept[name] = made
    left_out = tuple(m for m in definitions.metrics if m not in kept)
    told = Slice(dict(where), left_out)
    cut_down = without(definitions, Hidden(frozenset(left_out)))
    registry = replace(
        house.registry,
        definitions=_with(cut_down, kept, told),
        order=tuple(m for m in house.registry.order if m in kept),
    )
    return registry, told


def _with(definitions: Definitions, kept: Mapping[str, Metric], told: Slice) -> Definitions:
    return definitions.model_copy(
        update={
            "metrics": {m: kept[m] for m in definitions.metrics},
            "targets": {},
            "goals": (),
            "nodes": (),
            "decks": {
                name: deck.model_copy(update={"title": f"{deck.title} · {told.words}"})
                for name, deck in definitions.decks.items()
            },
        }
    )


def _sliced(
    metric: Metric,
    kept: Mapping[str, Metric],
    carried: Mapping[str, Mapping[str, set[str]]],
    where: Mapping[str, str],
) -> Metric | None:
    """A metric of one segment; None if it is not told by it."""
    measure = metric.measure
    plain = {"target": None, "second_measure": None, "customers": None}
    if isinstance(measure, Folded | Ratio | Percentile):
        if any(measure.where.get(d, s) != s for d, s in where.items()):
            return None  # It is about another segment already.
        told = [carried.get(series, {}) for series in series_of(measure)]
        if not all(d in of_one for of_one in told for d in where):
            return None
        more = measure.model_copy(update={"where": {**measure.where, **where}})
        return metric.model_copy(update={**plain, "measure": more})
    of = tuple(operands(measure))
    if not of or any(o not in kept for o in of) or any(target_operands(measure)):
        return None
    return metric.model_copy(update=plain)


def refuse_unknown(
    carried: Mapping[str, Mapping[str, set[str]]], where: Mapping[str, str], told: str = "No metric is told"
) -> None:
    """Refuse a dimension that no series carries, or a segment that none has.

    Args:
        carried: Of each series its dimensions and their segments; see `of_coverage`.
        where: A segment by dimension.
        told: How a sentence begins that ends with the unknown dimension.

    Raises:
        UnknownNameError: One is not known; it names the nearest.
    """
    for dimension, segment in where.items():
        known = {d for each in carried.values() for d in each}
        if dimension not in known:
            raise UnknownNameError(f"{told} by {dimension!r}. {hint(dimension, sorted(known))}")
        segments = {s for each in carried.values() for s in each.get(dimension, ())}
        if segment not in segments:
            raise UnknownNameError(
                f"{segment!r} is not among the segments of {dimension}. {hint(segment, sorted(segments))}"
            )


def carried(house: "Workspace") -> dict[str, dict[str, set[str]]]:
    """Of each series that metrics read, its dimensions and their segments of which something stands.

    A house of the past offers what stands no more as well: the store does not tell what stood when.
    """
    if not house.version:
        return {}
    series = [s for m in house.registry.definitions.metrics.values() for s in series_of(m.measure)]
    told = house.store.coverage(list(dict.fromkeys(series)))
    if house.past is None:  # What stood then may stand no more.
        told = told[told["days"] > 0]  # What a load brought that was undone has no value, and is no segment.
    return of_coverage(told)


def of_coverage(told: pd.DataFrame) -> dict[str, dict[str, set[str]]]:
    """Of each series its dimensions and their segments, from rows of `Store.coverage`."""
    found: dict[str, dict[str, set[str]]] = {}
    for name, segments in zip(told["series"], told["segments"], strict=True):
        of_one = found.setdefault(str(name), {})
        for dimension, segment in json.loads(segments).items():
            of_one.setdefault(dimension, set()).add(segment)
    return found
