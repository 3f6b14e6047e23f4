"""The flywheel: which metrics drive which, by how much, and the goals."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, field_validator, model_validator

from metrics.definitions.words import Amount, Definition, Handle, Name, Text


class Identity(Definition):
    """Arithmetic between metrics: never scored, never offered as a discovery."""

    metric: Name
    equals: dict[Literal["sum", "difference", "product", "quotient"], tuple[Name, ...]]

    @field_validator("equals")
    @classmethod
    def _one_operation(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if len(value) != 1:
            raise ValueError("one of sum, difference, product, quotient")
        return value


class Node(Definition):
    """A theme of the flywheel on which metrics hang."""

    id: Name
    name: Text
    metrics: tuple[Name, ...] = ()
    hub: bool = False


class Edge(Definition):
    """One node turns the next."""

    start: Annotated[Name, Field(validation_alias=AliasChoices("from", "start"))]
    end: Annotated[Name, Field(validation_alias=AliasChoices("to", "end"))]


class Link(Definition):
    """A belief: this driver moves that metric, in this direction, after so many weeks."""

    driver: Name
    driven: Name
    sign: Literal["+", "-"]
    lag_weeks: tuple[Annotated[int, Field(ge=0, le=52)], Annotated[int, Field(ge=0, le=52)]]
    because: Text
    stated: date | None = None
    by: Handle | None = None
    smallest_r_that_matters: Annotated[float, Field(gt=0, lt=1)] = 0.15

    @field_validator("lag_weeks")
    @classmethod
    def _in_order(cls, value: tuple[int, int]) -> tuple[int, int]:
        if value[0] > value[1]:
            raise ValueError("the first lag must not exceed the last")
        return value


class GoalPeriod(Definition):
    """When a goal is due: a fiscal year, a quarter or month of it, or the level of one week."""

    year: int | None = None
    quarter: Annotated[int, Field(ge=1, le=4)] | None = None
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    week_ending: date | None = None

    @model_validator(mode="after")
    def _one_period(self) -> Self:
        if (self.year is None) == (self.week_ending is None):
            raise ValueError("a goal's period is a `year` (with a quarter or month), or a `week_ending`")
        return self


class Goal(Definition):
    """A commitment on a metric; the product proposes a status, finance decides it."""

    name: Text
    metric: Name
    period: GoalPeriod
    value: Amount
    owner: Handle
