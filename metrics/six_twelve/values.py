"""What a 6-12 chart shows, as plain values.

Nothing here draws. Values are in the metric's own unit; None is unknown and never stands for zero.

Source: wbr-method.md section 2.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from metrics.definitions import Compare, MonthsAxis, Unit
from metrics.rollup import State

Role = Literal["primary", "secondary", "target"]


@dataclass(frozen=True, slots=True)
class Axis:
    """The 18 places of a chart, oldest first; a blank place stands between weeks and months.

    Attributes:
        weeks: Six labels: `wk 38`.
        months: Twelve labels: `Sep`.
        week_endings: Last day of each week.
        month_ends: Last day of each month, whole months.
        kind: The complete months, or those of the fiscal year.
    """

    weeks: tuple[str, ...]
    months: tuple[str, ...]
    week_endings: tuple[date, ...]
    month_ends: tuple[date, ...]
    kind: MonthsAxis


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart (or the markers of its target). All tuples are 6 or 12 long, oldest first.

    Attributes:
        metric: Id of the metric.
        name: Its name on the slide.
        role: Which line of the chart.
        unit: What a value counts.
        weeks: Value per week; None where the week is incomplete, missing or undefined.
        weeks_year_earlier: The same for the weeks each is compared with.
        months: Value per month.
        months_year_earlier: The same calendar month a year before.
        weeks_state: Why a week has its value or none. `immature` weeks have a value that will move.
        months_state: The same for months.
        weeks_days: (days present, days expected) of each week.
        months_days: The same for months.
        compared_with: Last day of the week each week is compared with.
        paired_by: Name of the event that chose that week; None for the plain week 364 days before.
        break_week: First place measured by this definition, if an older one ends within the weeks.
        break_month: The same for the months.
        weeks_incomplete: Sum or level of the days present of a partial week, for a hollow point;
            None for every other state. Never enters a comparison.
    """

    metric: str
    name: str
    role: Role
    unit: Unit
    weeks: tuple[float | None, ...]
    weeks_year_earlier: tuple[float | None, ...]
    months: tuple[float | None, ...]
    months_year_earlier: tuple[float | None, ...]
    weeks_state: tuple[State, ...]
    months_state: tuple[State, ...]
    weeks_days: tuple[tuple[int, int], ...]
    months_days: tuple[tuple[int, int], ...]
    compared_with: tuple[date, ...]
    paired_by: tuple[str | None, ...]
    break_week: int | None = None
    break_month: int | None = None
    weeks_incomplete: tuple[float | None, ...] = (None,) * 6


@dataclass(frozen=True, slots=True)
class Change:
    """How far a value is from the one it is compared with.

    Attributes:
        amount: Relative change (0.07 = +7%) or a difference in basis points; None if either
            side is unknown, or the base is zero.
        unit: Which of the two.
        good: True if the move is in the metric's better direction; None if it has none or no move.
        note: `undefined` if the base is zero; `negative_base` if it is below zero, so that
            screens show `difference` instead.
        difference: In the metric's unit; None if either side is unknown.
    """

    amount: float | None
    unit: Compare
    good: bool | None = None
    note: Literal["undefined", "negative_base"] | None = None
    difference: float | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """The box score: last week · WOW · YOY · MTD · YOY · QTD · YOY · YTD · YOY · against target."""

    metric: str
    name: str
    unit: Unit
    last_week: float | None
    wow: Change
    yoy: Change
    mtd: float | None
    mtd_yoy: Change
    qtd: float | None
    qtd_yoy: Change
    ytd: float | None
    ytd_yoy: Change
    vs_target: Change


@dataclass(frozen=True, slots=True)
class Annotation:
    """A dated remark, numbered at its point and listed under the chart.

    Attributes:
        number: 1, 2, … within the chart.
        day: When it happened.
        week: Place 0 to 5 among the weeks, or None.
        month: Place 0 to 11 among the months, or None.
        text: What happened.
    """

    number: int
    day: date
    week: int | None
    month: int | None
    text: str


@dataclass(frozen=True, slots=True)
class SixTwelve:
    """Everything one 6-12 chart shows.

    Attributes:
        axis: The 18 places.
        lines: Primary first, then secondary, then target; at most three.
        box: One row per primary and secondary line.
        two_axes: Weeks on the left scale, months on the right, because the largest month exceeds
            three times the largest week. Otherwise one scale for both.
        annotations: Dated remarks that fall into the chart.
        stamps: Short words the chart carries: incomplete, immature, disputed, learning, new definition.
        notes: Sentences under the chart: "weekly series: has no months".
    """

    axis: Axis
    lines: tuple[Line, ...]
    box: tuple[Box, ...]
    two_axes: bool
    annotations: tuple[Annotation, ...] = ()
    stamps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
