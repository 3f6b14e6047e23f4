"""Metrics: controllable inputs, outputs and context."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, StringConstraints

from metrics.definitions.measures import Measure
from metrics.definitions.targets import Target
from metrics.definitions.words import Better, Compare, Definition, Handle, MetricState, Name, Text, Unit


class Controllable(Definition):
    """The action that moves an input, and who can order it without anybody's approval."""

    action: Text
    by: Handle
    within_days: Annotated[int, Field(ge=1)]


class Supersedes(Definition):
    """A new way to count is a new series; this says what it replaces and which loophole it closes."""

    metric: Name
    start: Annotated[date | None, Field(validation_alias=AliasChoices("from", "start"))] = None
    because: Text


class SecondMeasure(Definition):
    """A second way to measure the same thing; further apart than `tolerance` (a share) is disputed."""

    measure: Measure
    tolerance: Annotated[float, Field(gt=0, lt=1)]


class InCustomers(Definition):
    """The rate told in customers: share × the total of a series, or its complement.

    Attributes:
        series: The stored series that counts them.
        words: What happened to them: `visitors left without buying`.
        of: Whether the rate counts them, or those it leaves out.
    """

    series: Name
    words: Text
    of: Literal["share", "complement"] = "share"


class _Metric(Definition):
    """One thing the business watches, and how to read it.

    Attributes:
        id: Name in files, code and links: `conversion`.
        code: A short label of the company's own, shown small: `G04`.
        name: Name on the slide: `Conversion`.
        owner: The one person who explains it in the room; None keeps it out of the deck.
        unit: What a value counts. A `fraction` is kept as 0.05 and shown as 5.0%.
        measure: How the days of a period become one value.
        better: The direction that is good news; decides words and colour, never arithmetic.
        scale: Multiplies the value: 200000 for injuries per 200,000 hours.
        compare: How changes are told; by default basis points for fractions, else percent.
        stock: Judged by its change, not by its level.
        matures_after_weeks: Values younger than this will still move; they are hatched.
        weight: Business weight, for the order of exceptions only.
        confidential: Absent for whoever may not see it. True: its owner and deputy see it, and who has the
            right `read_confidential`. A list: its owner and deputy, and the people and roles listed.
    """

    id: Name
    code: Annotated[str, StringConstraints(max_length=12)] | None = None
    name: Text
    owner: Handle | None = None
    unit: Unit
    better: Better
    measure: Measure
    meaning: Text | None = None
    as_the_customer_meets_it: Text | None = None
    gaming: Text | None = None
    guardrails: tuple[Name, ...] = ()
    supersedes: Supersedes | None = None
    second_measure: SecondMeasure | None = None
    target: Target | None = None
    customers: InCustomers | None = None
    compare: Compare | None = None
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    stock: bool = False
    matures_after_weeks: Annotated[int, Field(ge=1, le=52)] | None = None
    state: MetricState | None = None
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    confidential: bool | tuple[Text, ...] = False

    @property
    def change_unit(self) -> Compare:
        """Basis points for a fraction, else percent, unless declared."""
        return self.compare or ("bps" if self.unit == "fraction" else "percent")

    @property
    def retired(self) -> bool:
        """Kept with all its history, out of every deck."""
        return self.state == "retired"


class InputMetric(_Metric):
    """A team can act on it this week: it has an owner and an action that moves it."""

    kind: Literal["input"] = "input"
    controllable: Controllable | None = None


class OutputMetric(_Metric):
    """It only follows."""

    kind: Literal["output"] = "output"


class ContextMetric(_Metric):
    """Shown to explain; nobody answers for its level."""

    kind: Literal["context"] = "context"


Metric = Annotated[InputMetric | OutputMetric | ContextMetric, Field(discriminator="kind")]
