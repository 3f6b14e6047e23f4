"""How the days of a period become one value."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from metrics.definitions.words import Definition, Name


class _OfSeries(Definition):
    """A measure that folds one series; `where` keeps the rows of some segments, as data, never as code."""

    series: Name
    where: dict[str, str] = {}
    rolling_weeks: Annotated[int, Field(ge=2, le=13)] | None = None


class Total(_OfSeries):
    """Days add up: orders, revenue."""

    how: Literal["total"] = "total"


class Latest(_OfSeries):
    """The last day stands for the whole period: stock on hand, subscribers."""

    how: Literal["latest"] = "latest"


class Mean(_OfSeries):
    """A level told per day, averaged over the days. Never for a ratio: use `ratio`."""

    how: Literal["mean"] = "mean"


class Minimum(_OfSeries):
    """The smallest day."""

    how: Literal["min"] = "min"


class Maximum(_OfSeries):
    """The largest day."""

    how: Literal["max"] = "max"


class First(_OfSeries):
    """The first day stands for the whole period."""

    how: Literal["first"] = "first"


class Ratio(Definition):
    """Total ÷ total. Never the mean of daily ratios, which would weigh a quiet day like a busy one."""

    how: Literal["ratio"] = "ratio"
    numerator: Name
    denominator: Name
    where: dict[str, str] = {}
    rolling_weeks: Annotated[int, Field(ge=2, le=13)] | None = None


class Percentile(Definition):
    """A percentile of all samples of the period, at 0 to 1."""

    how: Literal["percentile"] = "percentile"
    samples: Name
    at: Annotated[float, Field(gt=0, lt=1)]
    where: dict[str, str] = {}
    rolling_weeks: Annotated[int, Field(ge=2, le=13)] | None = None


class Growth(Definition):
    """Change of another metric on its year-earlier period, as a fraction."""

    how: Literal["growth"] = "growth"
    of: Name


class TargetOf(Definition):
    """The target of a metric, as an operand."""

    target_of: Name


Operand = Name | TargetOf


class Sum(Definition):
    """Metrics of one unit added up."""

    how: Literal["sum"] = "sum"
    of: Annotated[tuple[Operand, ...], Field(min_length=2)]


class Difference(Definition):
    """The first metric minus all the rest."""

    how: Literal["difference"] = "difference"
    of: Annotated[tuple[Operand, ...], Field(min_length=2)]


class Product(Definition):
    """Metrics multiplied."""

    how: Literal["product"] = "product"
    of: Annotated[tuple[Operand, ...], Field(min_length=2)]


class Quotient(Definition):
    """The first metric divided by the next, and so on."""

    how: Literal["quotient"] = "quotient"
    of: Annotated[tuple[Operand, ...], Field(min_length=2)]


class Withheld(Definition):
    """Computed from metrics that the reader may not see. Never declared: it stands in a reader's view."""

    how: Literal["withheld"] = "withheld"


Folded = Total | Latest | Mean | Minimum | Maximum | First
Derived = Sum | Difference | Product | Quotient
Measure = Annotated[
    Total | Latest | Mean | Minimum | Maximum | First | Ratio | Percentile | Growth
    | Sum | Difference | Product | Quotient,
    Field(discriminator="how"),
]  # fmt: skip


def operands(measure: Measure) -> Iterator[str]:
    """The metrics a measure is computed from, targets left out."""
    match measure:
        case Growth(of=of):
            yield of
        case Sum(of=many) | Difference(of=many) | Product(of=many) | Quotient(of=many):
            yield from (o for o in many if isinstance(o, str))


def target_operands(measure: Measure) -> Iterator[str]:
    """The metrics whose targets a measure is computed from."""
    if isinstance(measure, Sum | Difference | Product | Quotient):
        yield from (o.target_of for o in measure.of if isinstance(o, TargetOf))


def series_of(measure: Measure) -> tuple[str, ...]:
    """The stored series a measure reads; none if it is computed from other metrics."""
    match measure:
        case Ratio(numerator=over, denominator=under):
            return over, under
        case Percentile(samples=samples):
            return (samples,)
        case Total() | Latest() | Mean() | Minimum() | Maximum() | First():
            return (measure.series,)
        case _:
            return ()
