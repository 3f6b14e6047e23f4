"""What made up a change: exact contributions of segments or factors between any two periods.

Each contribution is the change averaged over every order in which the segments or factors could have
changed (Shapley's value, in closed form), so the contributions sum to the change and no order is
preferred. It is arithmetic, not cause.

Missing is not absent: a segment without a single day in a period is absent, and is given as 0; a segment
whose value is not known is NaN or None, and then nothing is split (`incomplete`).

Source: analytics.md, section 5.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, fsum, isfinite, isnan
from typing import Literal, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from metrics.errors import DefinitionError

Values = NDArray[np.float64]
Operation = Literal["sum", "difference", "product", "quotient"]
Kind = Literal["additive", "ratio", "sum", "difference", "product", "quotient"]
State = Literal["ok", "nothing_to_split", "undefined", "refused", "incomplete"]

UNALLOCATED = "unallocated"
RED_LINE = 3.0  # σ; a segment on the line is not beyond it.
FACTORS_AT_MOST = 8  # 2⁸ combinations of before and after; a longer product is no explanation.
SAME = 1e-12  # Share of the scale below which a change is rounding.
ADDS_UP = 1e-9  # Share of the scale up to which segments are taken to add up to their total.
TOP = 3  # Segments by whose share a dimension is ranked.


class Contribution(NamedTuple):
    """What one segment or factor added to the change, in units of the metric.

    A named tuple, because of all immutable values it is the quickest to make.

    Attributes:
        segment: Its name; `unallocated` for what no segment accounts for.
        before: Its own value in the first period; None where it has none (a ratio's segment without
            denominator).
        after: The same for the second period.
        rate: For a ratio, the part that comes from its own rate; None for every other kind.
        mix: For a ratio, the part that comes from its share of the denominator; None for every other kind.
        total: All it added.
        share_of_change: `total` ÷ change, 0.5 meaning half; may be negative or above 1. None if nothing
            changed in all.
        own_z: Surprise of its own newest value, in σ, as told by the caller; None if not judged.
        greyed: True if `own_z` is inside ±3: ordinary variation explains it.
        weight_before: For a ratio, its share of all denominators in the first period; otherwise None.
        weight_after: The same for the second period.
        growth: For additive segments, points of growth: `total` ÷ the whole before, 0.02 meaning 2 points;
            None for other kinds, or if the whole was 0.
    """

    segment: str
    before: float | None
    after: float | None
    rate: float | None
    mix: float | None
    total: float
    share_of_change: float | None
    own_z: float | None = None
    greyed: bool = False
    weight_before: float | None = None
    weight_after: float | None = None
    growth: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """What contributions are made of: one array per attribute, None where the kind has none.

    With `divisors`, `before` and `after` are divided by them, and they are the weights.
    """

    names: Sequence[str]
    before: Values
    after: Values
    totals: Values
    shares: Values | None
    own_z: Mapping[str, float] | None
    divisors: tuple[Values, Values] | None = None
    rates: Values | None = None
    mixes: Values | None = None
    weights_before: Values | None = None
    weights_after: Values | None = None
    growths: Values | None = None

    def contributions(self) -> tuple[Contribution, ...]:
        count, under = len(self.names), self.divisors
        surprises = [self.own_z.get(name) for name in self.names] if self.own_z else [None] * count
        judged = [None if z is None or isnan(z) else z for z in surprises]
        return tuple(
            map(
                Contribution,
                self.names,
                self.before.tolist() if under is None else _rates(self.before, under[0]),
                self.after.tolist() if under is None else _rates(self.after, under[1]),
                _listed(self.rates, count),
                _listed(self.mixes, count),
                self.totals.tolist(),
                _listed(self.shares, count),
                judged,
                [z is not None and abs(z) <= RED_LINE for z in judged],
                _listed(self.weights_before, count),
                _listed(self.weights_after, count),
                _listed(self.growths, count),
            )
        )


class Contributions(Sequence[Contribution]):
    """The contributions of one change, made when they are first looked at.

    Who ranks metrics or dimensions looks at few of them.
    """

    __slots__ = ("_columns", "_made")

    def __init__(self, columns: _Columns) -> None:
        self._columns = columns
        self._made: tuple[Contribution, ...] | None = None

    @property
    def _all(self) -> tuple[Contribution, ...]:
        if self._made is None:
            self._made = self._columns.contributions()
        return self._made

    def __len__(self) -> int:
        return len(self._columns.names)

    def __iter__(self) -> Iterator[Contribution]:
        return iter(self._all)

    @overload
    def __getitem__(self, place: int) -> Contribution: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Contribution, ...]: ...
    def __getitem__(self, place: int | slice) -> Contribution | tuple[Contribution, ...]:
        return self._all[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all)

    def __repr__(self) -> str:
        return repr(self._all)


@dataclass(frozen=True, slots=True)
class Attribution:
    """A change and what made it up.

    Attributes:
        kind: How the parts make the whole.
        before: The metric in the first period; None if unknown or undefined.
        after: The same for the second period.
        change: `after` − `before`; None if either is None.
        contributions: In the order the parts were given, `unallocated` last; empty unless `state` is `ok`.
        residual: `change` − Σ `total`: rounding only, within 1e-12 of the scale of the parts. 0 if not split.
        state: `ok`; `nothing_to_split`: fewer than two segments; `undefined`: the denominators add up to 0,
            or a divisor is 0; `refused`: a denominator or divisor is negative; `incomplete`: a value is not
            known, so that the contributions could not sum to the change.
        because: Names of the parts that led to a state other than `ok`; empty if no single one did.
    """

    kind: Kind
    before: float | None
    after: float | None
    change: float | None
    contributions: Sequence[Contribution]
    residual: float
    state: State
    because: tuple[str, ...] = ()

    @property
    def rate(self) -> float | None:
        """All that came from rates; None unless a ratio was split."""
        return _sum_of(c.rate for c in self.contributions)

    @property
    def mix(self) -> float | None:
        """All that came from mix; None unless a ratio was split."""
        return _sum_of(c.mix for c in self.contributions)


@dataclass(frozen=True, slots=True)
class Sums:
    """Numerators and denominators of one period, one of each per segment.

    Attributes:
        numerators: 0 where the segment is absent; NaN or None where it is not known.
        denominators: The same.
        of_all: Numerator and denominator of the whole, if known apart from the segments. What the segments
            leave over becomes the row `unallocated`.
    """

    numerators: Sequence[float | None]
    denominators: Sequence[float | None]
    of_all: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class RatioParts:
    """Contributions to changes of many ratios at once; arrays of (…, segments) and (…)."""

    rate: Values
    mix: Values
    total: Values
    before: Values
    after: Values


@dataclass(frozen=True, slots=True)
class Ranked:
    """A dimension and how well a few of its segments tell the change.

    Attributes:
        dimension: Its name.
        top: Its segments with the largest contributions, largest first; at most three, never `unallocated`.
        share_of_top: Their part of Σ |contribution|, 0 to 1; None if it was not split or nothing moved.
    """

    dimension: str
    top: tuple[str, ...]
    share_of_top: float | None


# --- arrays ----------------------------------------------------------------------------------


def ratio_parts(
    numerators_before: Values,
    denominators_before: Values,
    numerators_after: Values,
    denominators_after: Values,
) -> RatioParts:
    """Return rate, mix and total of each segment of one or many ratios ΣN ÷ ΣD.

    A segment absent in one period (D = 0) takes the rate it has in the other, so it is pure mix. A
    numerator without denominator is counted as mix too, so that the sum stays exact.

    Args:
        numerators_before: Shape (…, segments); 0 where absent. NaN gives NaN for the whole ratio.
        denominators_before: The same, not negative.
        numerators_after: The same for the second period.
        denominators_after: The same, not negative.

    Returns:
        Contributions in units of the ratio: Σ total = after − before. NaN for ratios whose denominators
        add up to 0 in a period.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        whole_before = denominators_before.sum(axis=-1, keepdims=True)
        whole_after = denominators_after.sum(axis=-1, keepdims=True)
        before = numerators_before.sum(axis=-1, keepdims=True) / whole_before
        after = numerators_after.sum(axis=-1, keepdims=True) / whole_after
        weights = 0.5 * (denominators_before / whole_before + denominators_after / whole_after)
        in_both = (denominators_before != 0) & (denominators_after != 0)
        moved = numerators_after / denominators_after - numerators_before / denominators_before
        rate = np.where(in_both, weights * moved, 0.0)
        heavier = denominators_after / whole_after - denominators_before / whole_before
        carried = numerators_after / whole_after - numerators_before / whole_before
        # ½(w₀+w₁)(r₁−r₀) + (½(r₀+r₁) − R̄)(w₁−w₀) is Δ(wr) − R̄·Δw, which needs no segment's rate.
        total = carried - 0.5 * (before + after) * heavier
        unknown = np.isnan(before + after) | np.isinf(before + after)
    return RatioParts(
        rate=np.where(unknown, np.nan, rate),
        mix=np.where(unknown, np.nan, total - rate),
        total=np.where(unknown, np.nan, total),
        before=before[..., 0],
        after=after[..., 0],
    )


def factor_parts(operation: Operation, before: Values, after: Values) -> Values:
    """Return what each factor added to the change of one or many results of `operation`.

    The general Shapley sum over all 2^k mixtures of before and after.

    Args:
        operation: How the factors make the result; difference and quotient take the first minus, or
            divided by, all the rest.
        before: Shape (…, factors).
        after: The same.

    Returns:
        Contributions, shape (…, factors), in units of the result. NaN or infinite where a divisor is 0.
    """
    count = before.shape[-1]
    if operation in ("sum", "difference"):
        signs = np.full(count, 1.0 if operation == "sum" else -1.0)
        signs[0] = 1.0
        moved: Values = (after - before) * signs
        return moved
    results = {
        changed: _result(operation, np.where([n in changed for n in range(count)], after, before))
        for size in range(count + 1)
        for changed in map(frozenset, combinations(range(count), size))
    }
    parts = np.zeros_like(before)
    for changed, result in results.items():
        for factor in set(range(count)) - changed:
            likely = 1 / (count * comb(count - 1, len(changed)))  # Share of the orders that pass here.
            parts[..., factor] += likely * (results[changed | {factor}] - result)
    return parts


# --- one change ------------------------------------------------------------------------------


def additive(
    segments: Sequence[str],
    before: Sequence[float | None],
    after: Sequence[float | None],
    *,
    of_all: tuple[float, float] | None = None,
    own_z: Mapping[str, float] | None = None,
) -> Attribution:
    """Return what each segment added to the change of a total.

    Args:
        segments: Their names, each once.
        before: Value of each in the first period, complete windows only; 0 if absent, NaN or None if unknown.
        after: The same for the second period.
        of_all: The total before and after, if it is known apart from the segments; what they leave
            over becomes the row `unallocated`.
        own_z: Surprise of each segment in σ, for those that were judged.

    Raises:
        DefinitionError: A segment is named twice, or the values are not one per segment.
    """
    x0, x1 = _values(segments, before), _values(segments, after)
    unknown = _named(segments, ~np.isfinite(x0 + x1))
    if unknown or not _known(of_all):
        return _unsplit("additive", None, None, "incomplete", unknown)
    names = list(segments)
    left = (_left(x0, of_all and of_all[0]), _left(x1, of_all and of_all[1]))
    if any(left):
        names, x0, x1 = [*names, UNALLOCATED], np.append(x0, left[0]), np.append(x1, left[1])
    whole = fsum(x0), fsum(x1)
    if len(segments) < 2:
        return _unsplit("additive", *whole, "nothing_to_split")
    return _split(
        "additive",
        names,
        *whole,
        x1 - x0,
        scale=float(np.abs([x0, x1]).sum()),
        own_z=own_z,
        values=(x0, x1),
    )


def ratio(
    segments: Sequence[str], before: Sums, after: Sums, *, own_z: Mapping[str, float] | None = None
) -> Attribution:
    """Return what each segment added to the change of ΣN ÷ ΣD, by its rate and by its weight.

    Args:
        segments: Their names, each once.
        before: Numerators and denominators of the first period, complete windows only.
        after: The same for the second period.
        own_z: Surprise of each segment in σ, for those that were judged.

    Raises:
        DefinitionError: A segment is named twice, or the values are not one per segment.
    """
    n0, d0 = _values(segments, before.numerators), _values(segments, before.denominators)
    n1, d1 = _values(segments, after.numerators), _values(segments, after.denominators)
    unknown = _named(segments, ~np.isfinite(n0 + d0 + n1 + d1))
    if unknown or not (_known(before.of_all) and _known(after.of_all)):
        return _unsplit("ratio", None, None, "incomplete", unknown)
    if negative := _named(segments, (d0 < 0) | (d1 < 0)):
        return _unsplit("ratio", None, None, "refused", negative)
    names = list(segments)
    left_before = _left(n0, before.of_all and before.of_all[0]), _left(d0, before.of_all and before.of_all[1])
    left_after = _left(n1, after.of_all and after.of_all[0]), _left(d1, after.of_all and after.of_all[1])
    if any((*left_before, *left_after)):
        names.append(UNALLOCATED)
        n0, d0 = np.append(n0, left_before[0]), np.append(d0, left_before[1])
        n1, d1 = np.append(n1, left_after[0]), np.append(d1, left_after[1])
    whole = _ratio(fsum(n0), fsum(d0)), _ratio(fsum(n1), fsum(d1))
    if fsum(d0) < 0 or fsum(d1) < 0:
        return _unsplit("ratio", None, None, "refused", (UNALLOCATED,))
    if len(segments) < 2:
        return _unsplit("ratio", *whole, "nothing_to_split")
    if whole[0] is None or whole[1] is None:
        return _unsplit("ratio", *whole, "undefined")
    parts = ratio_parts(n0, d0, n1, d1)
    return _split(
        "ratio",
        names,
        whole[0],
        whole[1],
        parts.total,
        scale=float(np.abs(n0).sum() / d0.sum() + np.abs(n1).sum() / d1.sum()),
        own_z=own_z,
        values=(n0, n1),
        divisors=(d0, d1),
        parts=parts,
    )


def factors(
    operation: Operation,
    names: Sequence[str],
    before: Sequence[float | None],
    after: Sequence[float | None],
    *,
    of_all: tuple[float, float] | None = None,
    own_z: Mapping[str, float] | None = None,
) -> Attribution:
    """Return what each factor added to the change of a derived metric.

    Args:
        operation: How the factors make the metric.
        names: Names of the factors, each once: "visits", "conversion", "order value".
        before: Value of each in the first period; NaN or None if unknown.
        after: The same for the second period.
        of_all: The metric before and after, if it is known apart from the factors; what they leave over
            becomes the row `unallocated`.
        own_z: Surprise of each factor in σ, for those that were judged.

    Raises:
        DefinitionError: A factor is named twice, the values are not one per factor, or there are too many.
    """
    x0, x1 = _values(names, before), _values(names, after)
    if len(names) > FACTORS_AT_MOST:
        raise DefinitionError(
            f"{len(names)} factors ({', '.join(names)}) cannot be told apart; at most {FACTORS_AT_MOST} can. "
            "Define an intermediate metric and split it in its turn."
        )
    if unknown := _named(names, ~np.isfinite(x0 + x1)):
        return _unsplit(operation, None, None, "incomplete", unknown)
    if operation == "quotient":
        divisors = np.arange(len(names)) > 0
        if negative := _named(names, divisors & ((x0 < 0) | (x1 < 0))):
            return _unsplit(operation, None, None, "refused", negative)
        if zero := _named(names, divisors & ((x0 == 0) | (x1 == 0))):
            return _unsplit(operation, None, None, "undefined", zero)
    if len(names) < 2:
        return _unsplit(
            operation, before[0] if names else None, after[0] if names else None, "nothing_to_split"
        )
    if not _known(of_all):
        return _unsplit(operation, None, None, "incomplete")
    made = float(_result(operation, x0)), float(_result(operation, x1))
    parts, named, whole = factor_parts(operation, x0, x1), list(names), made
    if of_all is not None and any(map(_apart, of_all, made)):
        whole, named = of_all, [*names, UNALLOCATED]
        left = of_all[0] - made[0], of_all[1] - made[1]
        parts = np.append(parts, left[1] - left[0])
        x0, x1 = np.append(x0, left[0]), np.append(x1, left[1])
    return _split(
        operation,
        named,
        *whole,
        parts,
        scale=abs(whole[0]) + abs(whole[1]) + float(np.abs(parts).sum()),
        own_z=own_z,
        values=(x0, x1),
    )


def ranked(dimensions: Mapping[str, Attribution]) -> tuple[Ranked, ...]:
    """Return the dimensions of one change, the one that few segments explain best first.

    Ties go to the dimension whose largest segment takes more, then by name; those that could not be split
    come last.

    Args:
        dimensions: The same change split by each dimension, by the dimension's name.
    """
    rows = []
    for name, split in dimensions.items():
        everything = fsum(abs(c.total) for c in split.contributions)
        named = [c for c in split.contributions if c.segment != UNALLOCATED]
        top = sorted(named, key=lambda c: (-abs(c.total), c.segment))[:TOP]
        share = fsum(abs(c.total) for c in top) / everything if everything else None
        first = abs(top[0].total) / everything if everything else 0.0
        told = Ranked(name, tuple(c.segment for c in top), share)
        # Rounded, so that two dimensions told in full by three segments tie whatever their last digit.
        rows.append((-1.0 if share is None else round(share, 9), first, told))
    return tuple(told for _, _, told in sorted(rows, key=lambda row: (-row[0], -row[1], row[2].dimension)))


# --- the parts of the above ------------------------------------------------------------------


def _values(names: Sequence[str], values: Sequence[float | None]) -> Values:
    if len(values) != len(names) or len(set(names)) != len(names):
        raise DefinitionError(
            f"A change is split by one value per name, and there are {len(values)} values for "
            f"{len(names)} names ({', '.join(names)}). Give each name once, with one value."
        )
    return np.array(values, dtype=np.float64)  # None becomes NaN.


def _named(names: Sequence[str], which: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(names[n] for n in np.flatnonzero(which).tolist())


def _known(whole: tuple[float, float] | None) -> bool:
    return whole is None or all(map(isfinite, whole))


def _ratio(over: float, under: float) -> float | None:
    return over / under if under else None


def _rates(over: Values, under: Values) -> list[float | None]:
    return [n / d if d else None for n, d in zip(over.tolist(), under.tolist(), strict=True)]


def _left(values: Values, whole: float | None) -> float:
    """Return what the segments leave of the whole; 0 if they add up to it, or it is not told."""
    if whole is None:
        return 0.0
    left = whole - fsum(values)
    return 0.0 if abs(left) <= ADDS_UP * max(abs(whole), float(np.abs(values).sum())) else left


def _apart(whole: float, made: float) -> bool:
    return abs(whole - made) > ADDS_UP * max(abs(whole), abs(made))


def _result(operation: Operation, values: Values) -> Values:
    first, rest = values[..., 0], values[..., 1:]
    match operation:
        case "sum":
            return np.asarray(first + rest.sum(axis=-1))
        case "difference":
            return np.asarray(first - rest.sum(axis=-1))
        case "product":
            return np.asarray(values.prod(axis=-1))
        case "quotient":
            return np.asarray(first / rest.prod(axis=-1))


def _sum_of(parts: Iterable[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return fsum(known) if known else None


def _unsplit(
    kind: Kind, before: float | None, after: float | None, state: State, because: tuple[str, ...] = ()
) -> Attribution:
    change = None if before is None or after is None else after - before
    return Attribution(kind, before, after, change, (), 0.0, state, because)


def _split(
    kind: Kind,
    names: Sequence[str],
    before: float,
    after: float,
    totals: Values,
    *,
    scale: float,
    own_z: Mapping[str, float] | None,
    values: tuple[Values, Values],
    divisors: tuple[Values, Values] | None = None,
    parts: RatioParts | None = None,
) -> Attribution:
    change = after - before
    columns = _Columns(
        names=names,
        before=values[0],
        after=values[1],
        totals=totals,
        shares=totals / change if abs(change) > SAME * scale else None,
        own_z=own_z,
        divisors=divisors,
        rates=parts.rate if parts else None,
        mixes=parts.mix if parts else None,
        weights_before=divisors[0] / divisors[0].sum() if divisors else None,
        weights_after=divisors[1] / divisors[1].sum() if divisors else None,
        growths=totals / before if kind == "additive" and before else None,
    )
    return Attribution(kind, before, after, change, Contributions(columns), change - fsum(totals), "ok")


def _listed(values: Values | None, count: int) -> Sequence[float | None]:
    """A column as Python numbers; nothing but None where there is no such column."""
    return [None] * count if values is None else values.tolist()
