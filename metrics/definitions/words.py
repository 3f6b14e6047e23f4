"""The words that definitions are made of: names, units, weekdays, and the frozen value itself."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
Handle = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Amount = Annotated[float, Field(allow_inf_nan=False)]
Words = dict[Name, Text]

Kind = Literal["input", "output", "context"]
Unit = Literal["count", "currency", "fraction", "number", "days", "hours", "seconds", "milliseconds", "score"]
Better = Literal["up", "down", "band", "none"]
Compare = Literal["percent", "bps"]
Grain = Literal["day", "week", "month"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Month = Literal[
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
Pattern = Literal["calendar", "4-4-5", "4-5-4", "5-4-4"]
MonthsAxis = Literal["trailing_twelve_months", "fiscal_year"]
MissingDays = Literal["strict", "lenient"]
MetricState = Literal[
    "proposed", "defined", "measured", "analysed", "improving", "in_control", "questioned", "retired"
]


class Definition(BaseModel):
    """A value that cannot change and takes no field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
