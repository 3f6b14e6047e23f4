"""The company, its calendar, its events and its people."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from metrics.definitions.words import Definition, Month, MonthsAxis, Name, Pattern, Text, Weekday


class Company(Definition):
    """Whose review this is.

    Attributes:
        name: As it stands on every page.
        currency: ISO code of every amount whose unit is `currency`.
        time_zone: IANA name; decides when a week is over.
        now: Freezes the clock, for demonstrations only. Local time of the company.
    """

    name: Text
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    time_zone: str = "UTC"
    now: datetime | None = None


class WeekNumber(Definition):
    """The printed number of one week, from which the others are counted. Labels never select data."""

    week_ending: date
    number: Annotated[int, Field(ge=1, le=53)]


class CalendarRules(Definition):
    """How days fall into weeks, months, quarters and years.

    Attributes:
        week_ends_on: The one weekday on which every week ends.
        fiscal_year_ends: Month in which the fiscal year ends.
        pattern: `calendar` months, or months of whole weeks.
        year_end: For months of whole weeks: the year ends on the last such weekday of its
            month, or on the one nearest the month's end.
        week_number: Anchor of the printed week numbers; else week 1 holds the year's first day.
        months_axis: The twelve months of a chart: the complete ones, or the fiscal year's.
    """

    week_ends_on: Weekday = "saturday"
    fiscal_year_ends: Month = "december"
    pattern: Pattern = "calendar"
    year_end: Literal["last", "nearest"] = "last"
    week_number: WeekNumber | None = None
    months_axis: MonthsAxis = "trailing_twelve_months"


class Event(Definition):
    """Something that happened to the business in a week, or happens every year.

    Attributes:
        name: The same name in another year is the same effect, so moving feasts work.
        kind: `recurring` (holiday, promotion), `one_off` (outage), `definition_change`.
        dates: Days it fell on; each stands for the week that holds it.
        week_endings: The same, told by the weeks' last days.
        scope: Metrics concerned; empty means all.
        pair_weeks: Compare the event's week with the event's week of the year before.
        because: What happened, for the annotation.
    """

    name: Text
    kind: Literal["recurring", "one_off", "definition_change"]
    dates: tuple[date, ...] = ()
    week_endings: tuple[date, ...] = ()
    scope: tuple[Name, ...] = ()
    pair_weeks: bool = False
    because: Text | None = None

    @model_validator(mode="after")
    def _has_a_day(self) -> Self:
        if not self.dates and not self.week_endings:
            raise ValueError("an event needs `dates` or `week_endings`")
        return self


class Person(Definition):
    """Somebody who takes part in the review. The analyst prepares and never owns.

    Attributes:
        name: As it stands on pages.
        email: Where they are told; also who they are when they log in, unless `login` says it.
        login: What the identity provider calls them in the claim that `login:` names.
        roles: What they may do; more may be granted in the journal, or come with a group.
        title: Of their work.
        node: The theme of the flywheel that is theirs.
    """

    name: Text
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    login: Text | None = None
    roles: tuple[Name, ...] = ()
    title: Text | None = None
    node: Name | None = None
