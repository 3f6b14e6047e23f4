"""Which windows one week's deck asks for.

Source: analytics.md section 1, rules 4 to 7.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from metrics.definitions import MonthsAxis
from metrics.periods import Calendar, Period, Span, Twin
from metrics.rollup import Window
from metrics.six_twelve.values import Axis

SPANS: tuple[Span, ...] = ("month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class Frame:
    """The windows of one week's deck and their places in the roll-up.

    Attributes:
        calendar: The company's.
        ending: Last day of the week reviewed.
        windows: Everything the roll-up is asked for.
        weeks: Places of the six weeks, oldest first.
        week_before: Place of the week before the first of them.
        twins: What each of the six weeks is compared with.
        months: Places of the twelve months, for each axis.
        months_year_earlier: Places of the whole months a year before, for each axis.
        month_before: Place of the month before the first of them, for each axis.
        month_periods: The whole months, for labels.
        to_date: Places of month, quarter and year to date.
    """

    calendar: Calendar
    ending: date
    windows: tuple[Window, ...]
    weeks: tuple[int, ...]
    week_before: int
    twins: tuple[Twin, ...]
    months: Mapping[MonthsAxis, tuple[int, ...]]
    months_year_earlier: Mapping[MonthsAxis, tuple[int, ...]]
    month_before: Mapping[MonthsAxis, int]
    month_periods: Mapping[MonthsAxis, tuple[Period, ...]]
    to_date: tuple[int, int, int]

    def axis(self, kind: MonthsAxis) -> Axis:
        """The labels of a chart."""
        endings = tuple(self.windows[i].period.last for i in self.weeks)
        months = self.month_periods[kind]
        return Axis(
            weeks=tuple(self.calendar.week_label(d) for d in endings),
            months=tuple(self.calendar.month_label(m) for m in months),
            week_endings=endings,
            month_ends=tuple(m.last for m in months),
            kind=kind,
        )


class _Windows:
    """Collects windows, each with its year-earlier one."""

    def __init__(self, generations: int) -> None:
        self.all: list[Window] = []
        self._generations = generations

    def add(self, period: Period, earlier: Callable[[Period], Period] | None, *, future: bool = False) -> int:
        """Place of the window; its twins are added too, as many generations back as asked for."""
        return self._add(period, earlier, self._generations, future)

    def _add(
        self, period: Period, earlier: Callable[[Period], Period] | None, generations: int, future: bool
    ) -> int:
        twin = None
        if earlier is not None and generations > 0:
            twin = self._add(earlier(period), earlier, generations - 1, future=False)
        self.all.append(Window(period, twin, future))
        return len(self.all) - 1

    def twin(self, place: int) -> int:
        """Place of the window that one is compared with."""
        twin = self.all[place].year_earlier
        assert twin is not None  # Asked only of windows added with a twin.
        return twin


def frame(calendar: Calendar, ending: date, kinds: Collection[MonthsAxis], *, growth: bool = False) -> Frame:
    """The windows of the week that ends on `ending`.

    Args:
        calendar: The company's.
        ending: Last day of a week; else CalendarError.
        kinds: The axes that charts of the deck use.
        growth: Some metric is a growth on the year, so that the year-earlier windows need theirs.

    Source: analytics.md section 1, rules 4 to 7.
    """
    collected = _Windows(2 if growth else 1)
    before, *six = calendar.trailing_weeks(ending, 7)
    twins = tuple(calendar.week_year_earlier(w) for w in six)
    earlier_week = _earlier_week(calendar)
    weeks = tuple(collected.add(w, earlier_week) for w in six)
    week_before = collected.add(before, earlier_week)

    months: dict[MonthsAxis, tuple[int, ...]] = {}
    months_year_earlier: dict[MonthsAxis, tuple[int, ...]] = {}
    month_before: dict[MonthsAxis, int] = {}
    month_periods: dict[MonthsAxis, tuple[Period, ...]] = {}
    for kind in sorted(set(kinds)):
        whole = calendar.year_months(ending) if kind == "fiscal_year" else calendar.complete_months(ending)
        places, earlier = [], []
        for month in whole:
            if month.last <= ending:
                place = collected.add(month, calendar.month_year_earlier)
                places.append(place)
                earlier.append(collected.twin(place))
                continue
            begun = month.first <= ending
            period = Period(month.first, ending) if begun else month
            places.append(collected.add(period, None, future=not begun))
            earlier.append(collected.add(calendar.month_year_earlier(month), calendar.month_year_earlier))
        months[kind], months_year_earlier[kind] = tuple(places), tuple(earlier)
        month_before[kind] = collected.add(calendar.month_before(whole[0]), calendar.month_year_earlier)
        month_periods[kind] = whole
    to_date = tuple(
        collected.add(calendar.to_date(ending, span), _earlier_to_date(calendar, span)) for span in SPANS
    )
    return Frame(
        calendar,
        ending,
        tuple(collected.all),
        weeks,
        week_before,
        twins,
        months,
        months_year_earlier,
        month_before,
        month_periods,
        (to_date[0], to_date[1], to_date[2]),
    )


def _earlier_week(calendar: Calendar) -> Callable[[Period], Period]:
    return lambda week: calendar.week_year_earlier(week).period


def _earlier_to_date(calendar: Calendar, span: Span) -> Callable[[Period], Period]:
    return lambda period: calendar.to_date_year_earlier(period.last, span)
