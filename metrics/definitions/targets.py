"""What a metric should be, and from when."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, model_validator

from metrics.definitions.sources import DateColumn
from metrics.definitions.words import Amount, Definition, Handle, Name, Text


class DatedValue(Definition):
    """A value somebody promised for a day."""

    date: date
    value: Amount


class LinearTarget(Definition):
    """A straight line between two dated values; no target outside them."""

    style: Literal["linear"] = "linear"
    start: Annotated[DatedValue, Field(validation_alias=AliasChoices("from", "start"))]
    end: Annotated[DatedValue, Field(validation_alias=AliasChoices("to", "end"))]


class StepTarget(Definition):
    """A level to be reached, in force from a date on; `by` says when it is due."""

    style: Literal["step"] = "step"
    value: Amount
    start: Annotated[date | None, Field(validation_alias=AliasChoices("from", "start"))] = None
    by: date | None = None


class FloorTarget(Definition):
    """Never below."""

    style: Literal["floor"] = "floor"
    value: Amount
    start: Annotated[date | None, Field(validation_alias=AliasChoices("from", "start"))] = None


class CeilingTarget(Definition):
    """Never above."""

    style: Literal["ceiling"] = "ceiling"
    value: Amount
    start: Annotated[date | None, Field(validation_alias=AliasChoices("from", "start"))] = None


class BandTarget(Definition):
    """Between two levels, or within a share `tolerance` of one; shown as its middle."""

    style: Literal["band"] = "band"
    low: Amount | None = None
    high: Amount | None = None
    value: Amount | None = None
    tolerance: Annotated[float, Field(gt=0, lt=1)] | None = None
    start: Annotated[date | None, Field(validation_alias=AliasChoices("from", "start"))] = None

    @model_validator(mode="after")
    def _two_levels(self) -> Self:
        levels = self.low is not None and self.high is not None
        around = self.value is not None and self.tolerance is not None
        if levels == around:
            raise ValueError("a band has `low` and `high`, or `value` and `tolerance`")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("`low` must lie below `high`")
        return self


class PlanTarget(Definition):
    """A yearly total spread over the days of its fiscal year.

    Attributes:
        year: The calendar year in which the fiscal year ends.
        total: Of the whole year, in the metric's unit.
        spread: `even` over the days, or in the shape of the days 364 earlier.
    """

    style: Literal["plan"] = "plan"
    year: int
    total: Amount
    spread: Literal["even", "last_year"] = "even"


class SeriesTarget(Definition):
    """A stored series of planned days, folded as the metric itself is."""

    style: Literal["series"] = "series"
    series: Name


Target = Annotated[
    LinearTarget | StepTarget | FloorTarget | CeilingTarget | BandTarget | PlanTarget | SeriesTarget,
    Field(discriminator="style"),
]


class TargetTable(Definition):
    """Dated targets of a metric from a file; each row is the target of the week it ends, or of its day.

    Every value needs who and why. A plan by month becomes days by `wbr import-targets`.

    Attributes:
        grain: What a row is the target of. The days of a metric that adds up are added up over a week.
    """

    csv: str
    grain: Literal["day", "week"] = "week"
    date: DateColumn
    value_column: str
    set_by: Handle
    because: Text
