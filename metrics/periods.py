"""The calendar: which whole days make a week, month, quarter and year, and what each is compared with.

Everything is a function of days. Weeks end on one weekday for the whole company. A fiscal year is twelve
months, either calendar months or the whole weeks of a 4-4-5 pattern, and quarters and years are made of
those months. A period is compared with its twin a year earlier: a week with the week 364 days before, so
that a Saturday meets a Saturday, and a month with the same month.

Nothing here reads a clock; `latest_week` is told what time it is.

Source: METHOD.md, "The calendar".
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Literal, assert_never, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from metrics.errors import CalendarError, hint

Pattern = Literal["calendar", "4-4-5", "4-5-4", "5-4-4"]
YearEnd = Literal["last", "nearest"]
Span = Literal["month", "quarter", "year"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
YEAR_OF_WEEKS = timedelta(weeks=52)  # 364 days, so that a Saturday meets a Saturday.
HALF_A_WEEK = timedelta(days=3)  # No week starts further than this from the day it is nearest to.
HALF_A_YEAR = timedelta(weeks=26)  # An event that moved further is not last year's, but another one.
YEARS = range(1000, 9001)  # Catches a year typed with two digits; `date` itself ends at 1 and 9999.


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Whole days, both ends included. Periods sort by their first day.

    Attributes:
        first: First day.
        last: Last day; a week, month or year is named by it or by its place in the fiscal year.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if isinstance(self.first, datetime) or isinstance(self.last, datetime):
            raise CalendarError(
                f"A period is made of whole days, and {self.first} to {self.last} has a time of day. "
                "Give dates without a time."
            )
        if self.last < self.first:
            raise CalendarError(f"A period cannot end on {self.last}, before its first day {self.first}.")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def days(self) -> int:
        """The number of days, at least one."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Twin:
    """The period that a period is compared with.

    Attributes:
        period: The period a year earlier.
        event: Name of the event that re-paired the week; None if it is the plain week 364 days before.
    """

    period: Period
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """One company's weeks and fiscal months, quarters and years.

    Attributes:
        week_ends_on: Weekday on which weeks end, as `date.weekday()` counts: Monday is 0, Saturday 5.
        fiscal_year_ends: Month in which the fiscal year ends, 1 to 12.
        pattern: `"calendar"` for calendar months; `"4-4-5"` and its sisters for months of whole weeks, in
            which the 53rd week of a long year joins the last month.
        year_end: Which week-ending weekday closes a year of weeks: the `"last"` in the month, or the one
            `"nearest"` to the month's end. Calendar months do not ask.
        week_number: A week ending and the number printed for it; the others are counted from there. None:
            week 1 is the week that holds the first day of the fiscal year. Numbers never select data.
        paired: Events whose weeks are compared with each other though they moved, with the days they fell
            on. Any day of a week will do; it is kept as the week's last. Where two events ask for the same
            week, the one named first has it.

    Raises:
        CalendarError: A weekday, month, pattern or week number that no calendar has.
    """

    week_ends_on: int = 5
    fiscal_year_ends: int = 12
    pattern: Pattern = "calendar"
    year_end: YearEnd = "last"
    week_number: tuple[date, int] | None = None
    paired: tuple[tuple[str, tuple[date, ...]], ...] = ()

    def __post_init__(self) -> None:
        if self.week_ends_on not in range(7):
            raise CalendarError(f"A week cannot end on weekday {self.week_ends_on}. Monday is 0, Sunday 6.")
        if self.fiscal_year_ends not in range(1, 13):
            raise CalendarError(f"A fiscal year cannot end in month {self.fiscal_year_ends}. Use 1 to 12.")
        if self.pattern not in (patterns := get_args(Pattern)):
            raise CalendarError(f"{self.pattern!r} is no pattern of months. {hint(self.pattern, patterns)}")
        if self.year_end not in get_args(YearEnd):
            raise CalendarError(f"{self.year_end!r} is no end of a year. Use 'last' or 'nearest'.")
        if self.week_number is not None:
            ending, number = self.week_number
            self.week(ending)  # Refuses a day that ends no week.
            if number not in range(1, 54):
                raise CalendarError(f"The week ending {ending} cannot have the number {number}. Use 1 to 53.")
        weeks: dict[str, set[date]] = {}
        for event, days in self.paired:
            weeks.setdefault(event, set()).update(self.week_of(day).last for day in days)
        object.__setattr__(self, "paired", tuple((event, tuple(sorted(weeks[event]))) for event in weeks))

    # Weeks

    def week(self, ending: date) -> Period:
        """The week that ends on `ending`.

        Raises:
            CalendarError: `ending` is not the weekday on which weeks end; the message names the ends of the
                weeks before and around it.
        """
        if ending.year not in YEARS:
            raise CalendarError(f"{ending} is too far away to end a week. Write the year with four digits.")
        week = self.week_of(ending)
        if week.last != ending:
            raise CalendarError(
                f"{ending} is a {WEEKDAYS[ending.weekday()]}, and weeks end on "
                f"{WEEKDAYS[self.week_ends_on]}. Use {week.last - WEEK} or {week.last}."
            )
        return week

    def week_of(self, day: date) -> Period:
        """The week that holds `day`."""
        last = day + timedelta(days=(self.week_ends_on - day.weekday()) % 7)
        return Period(last - WEEK + DAY, last)

    def trailing_weeks(self, ending: date, count: int = 6) -> tuple[Period, ...]:
        """The `count` weeks up to the one that ends on `ending`, oldest first."""
        latest = self.week(ending)  # First, so that a wrong day is refused by the name the caller gave it.
        return tuple(self.week(latest.last - back * WEEK) for back in reversed(range(count)))

    def latest_week(self, now: datetime, time_zone: str) -> Period:
        """The newest week that is wholly past at the moment `now` where the company is.

        Args:
            now: The moment, with its own time zone.
            time_zone: The company's, by its IANA name: `"America/New_York"`.

        Raises:
            CalendarError: `now` has no time zone, or `time_zone` is not the name of one.
        """
        if now.utcoffset() is None:
            raise CalendarError(f"{now} could be any of a day's hours. Give it with its time zone.")
        try:
            zone = ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # Unknown, malformed, a folder.
            raise CalendarError(
                f"{time_zone!r} is not a time zone. Use an IANA name, for example 'America/New_York'."
            ) from error
        return self.week(self.week_of(now.astimezone(zone).date()).last - WEEK)

    def week_year_earlier(self, week: Period) -> Twin:
        """The week that `week` is compared with: 364 days before, unless a paired event says otherwise.

        The week of this year's event meets the week of last year's. The week whose plain twin that was gets
        the plain twin of the event's week in exchange, and both say which event it was. So no week of last
        year is used twice or left out, however many events move at once. An event that is not on record a
        year before, or that meets itself anyway, changes nothing.
        """
        plain = Twin(self.week(self.week(week.last).last - YEAR_OF_WEEKS))
        if (exchange := _exchanges(self.paired).get(week.last)) is None:
            return plain
        ending, event = exchange
        return Twin(self.week(ending), event)

    def week_label(self, ending: date) -> str:
        """What is printed under the week that ends on `ending`: `"wk 38"`."""
        week = self.week(ending)
        return f"wk {(week.last - self._numbered_from(week)).days // 7 + 1}"

    def _numbered_from(self, week: Period) -> date:
        """The day from which the number of `week` counts.

        A numbered year starts with the week start nearest to the anniversary of the anchor year's, and so
        has 52 or 53 weeks.
        """
        if self.week_number is None:
            return self.year_of(week.last).first
        ending, number = self.week_number
        start = ending + DAY - number * WEEK
        if number == 53:
            start += HALF_A_WEEK  # Only a year that begins this late has 53 weeks.
        years = (week.first.year - start.year + ahead for ahead in (1, 0, -1))
        starts = (self._nearest_week(_anniversary(start, year)).first for year in years)
        return next(start for start in starts if start <= week.first)

    def _nearest_week(self, day: date) -> Period:
        """The week whose first day is nearest to `day`."""
        return self.week_of(day + HALF_A_WEEK)

    # Fiscal months, quarters and years

    def month_of(self, day: date) -> Period:
        """The whole fiscal month that holds `day`."""
        year, place = self._place(day)
        return self._months(year)[place]

    def quarter_of(self, day: date) -> Period:
        """The whole fiscal quarter that holds `day`: three months."""
        year, place = self._place(day)
        first = place - place % 3
        months = self._months(year)[first : first + 3]
        return Period(months[0].first, months[-1].last)

    def year_of(self, day: date) -> Period:
        """The whole fiscal year that holds `day`."""
        year = self._year(day)
        return Period(self._opening(year), self._opening(year + 1) - DAY)

    def month_before(self, month: Period) -> Period:
        """The whole fiscal month before the one in which `month` starts."""
        return self.month_of(self.month_of(month.first).first - DAY)

    def month_year_earlier(self, month: Period) -> Period:
        """The same month of the fiscal year before, whole, for the month in which `month` starts."""
        year, place = self._place(month.first)
        return self._months(year - 1)[place]

    def complete_months(self, ending: date, count: int = 12) -> tuple[Period, ...]:
        """The newest `count` months that are over at the end of `ending`, oldest first."""
        month = self.month_of(ending)
        if month.last != ending:
            month = self.month_before(month)
        months = []
        for _ in range(count):
            months.append(month)
            month = self.month_before(month)
        return tuple(reversed(months))

    def year_months(self, ending: date) -> tuple[Period, ...]:
        """The twelve months of the fiscal year that holds `ending`, whole, those to come included."""
        return self._months(self._year(ending))

    def month_label(self, month: Period) -> str:
        """What is printed under `month`: `"Sep"`; a month of weeks is named for the one it mostly covers."""
        _, place = self._place(month.first)
        return MONTHS[(self.fiscal_year_ends + place) % 12]

    def to_date(self, ending: date, of: Span) -> Period:
        """The part up to `ending` of the month, quarter or year that holds it."""
        return Period(self._whole(ending, of).first, ending)

    def to_date_year_earlier(self, ending: date, of: Span) -> Period:
        """What `to_date` is compared with.

        With calendar months it ends on the same date a year earlier, 29 February becoming the 28th, and
        starts where that date's month, quarter or year does. With months of weeks it is the same number of
        days from the start of the same period of the fiscal year before, but never past that period's end:
        a 53rd week has no day to meet.
        """
        if self.pattern == "calendar":
            return self.to_date(_anniversary(ending, -1), of)
        now = self.to_date(ending, of)
        whole = self._whole(self.month_year_earlier(now).first, of)
        return Period(whole.first, min(whole.first + (now.last - now.first), whole.last))

    def _whole(self, day: date, of: Span) -> Period:
        match of:
            case "month":
                return self.month_of(day)
            case "quarter":
                return self.quarter_of(day)
            case "year":
                return self.year_of(day)
            case _:
                assert_never(of)

    def _opening(self, year: int) -> date:
        """The first day of the fiscal year that opens about the start of a month of `year`."""
        first = date(year, self.fiscal_year_ends % 12 + 1, 1)
        if self.pattern == "calendar":
            return first
        return (self.week_of(first) if self.year_end == "last" else self._nearest_week(first)).first

    def _year(self, day: date) -> int:
        """The fiscal year that holds `day`, as `_opening` counts."""
        # A year of weeks may open in the last days of the calendar year before.
        return next(year for year in (day.year + 1, day.year, day.year - 1) if self._opening(year) <= day)

    def _months(self, year: int) -> tuple[Period, ...]:
        """The twelve months of a fiscal year."""
        if self.pattern == "calendar":
            numbers = range(self.fiscal_year_ends % 12, self.fiscal_year_ends % 12 + 12)
            firsts = [date(year + number // 12, number % 12 + 1, 1) for number in numbers]
        else:
            weeks = [int(count) for count in self.pattern.split("-")] * 4
            opening = self._opening(year)
            firsts = [opening + before * WEEK for before in accumulate(weeks[:-1], initial=0)]
        firsts.append(self._opening(year + 1))
        return tuple(Period(first, following - DAY) for first, following in pairwise(firsts))

    def _place(self, day: date) -> tuple[int, int]:
        """The fiscal year that holds `day`, and which of its months does, the first being 0."""
        year = self._year(day)
        return year, next(place for place, month in enumerate(self._months(year)) if day in month)


def _anniversary(day: date, years: int) -> date:
    """The same date `years` later; 29 February becomes the 28th where there is none."""
    year = day.year + years
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))


@lru_cache(maxsize=64)
def _exchanges(paired: tuple[tuple[str, tuple[date, ...]], ...]) -> Mapping[date, tuple[date, str]]:
    """The weeks that events re-pair: week ending -> the week ending it is compared with, and the event."""
    holders: dict[date, tuple[date, str]] = {}  # Last year's week -> this year's, and the event both hold.
    fixed: set[date] = set()
    for event, weeks in paired:
        for week, earlier in _recurrences(weeks):
            if week not in fixed and earlier not in holders:
                fixed.add(week)
                holders[earlier] = week, event
    exchanges: dict[date, tuple[date, str]] = {}
    for earlier, (week, event) in holders.items():
        if (displaced := earlier + YEAR_OF_WEEKS) == week:
            continue
        exchanges[week] = earlier, event
        if displaced not in fixed:
            free = earlier
            while free in holders:  # The week given in exchange may itself be another event's.
                free = holders[free][0] - YEAR_OF_WEEKS
            exchanges[displaced] = free, event
    return exchanges


def _recurrences(weeks: tuple[date, ...]) -> Iterator[tuple[date, date]]:
    """Pair each week of one event with its week the year before; an event may last several weeks.

    An occurrence and the one before belong together if each is nearest to the other once 364 days are taken
    off; so a second occurrence within a year, or a year without one, stays alone.
    """
    occurrences: list[list[date]] = []
    for week in weeks:
        if occurrences and week - occurrences[-1][-1] == WEEK:
            occurrences[-1].append(week)
        else:
            occurrences.append([week])
    for this in occurrences:
        plain = this[0] - YEAR_OF_WEEKS
        last = min(occurrences, key=lambda other: abs(other[0] - plain))
        back = min(occurrences, key=lambda other: abs(other[0] - YEAR_OF_WEEKS - last[0]))
        if back is this and abs(last[0] - plain) < HALF_A_YEAR:
            yield from zip(this, last, strict=False)  # Of two unequal lengths, the shorter.
