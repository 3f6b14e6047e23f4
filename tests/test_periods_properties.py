"""What holds for every calendar and every day, and what another package says about 4-4-5 years."""

from calendar import monthrange
from datetime import date, timedelta
from itertools import pairwise

import fiscal445
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.periods import Calendar, Period

DAY = timedelta(days=1)
PATTERNS = ["calendar", "4-4-5", "4-5-4", "5-4-4"]
SPANS = ["month", "quarter", "year"]
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
CALENDARS = st.builds(
    Calendar,
    week_ends_on=st.integers(0, 6),
    fiscal_year_ends=st.integers(1, 12),
    pattern=st.sampled_from(PATTERNS),
    year_end=st.sampled_from(["last", "nearest"]),
)
OF_WEEKS = CALENDARS.filter(lambda calendar: calendar.pattern != "calendar")

modest = settings(max_examples=60, deadline=None)


def tiles(periods: list[Period], whole: Period) -> bool:
    """Whether `periods` follow one another without gap or overlap from end to end of `whole`."""
    return (
        periods[0].first == whole.first
        and periods[-1].last == whole.last
        and all(after.first == before.last + DAY for before, after in pairwise(periods))
    )


@modest
@given(CALENDARS, DAYS)
def test_every_day_lies_in_one_week_month_quarter_and_year(calendar, day):
    for period_of in (calendar.week_of, calendar.month_of, calendar.quarter_of, calendar.year_of):
        period = period_of(day)
        assert day in period
        assert period_of(period.first) == period_of(period.last) == period
        assert period_of(period.first - DAY).last == period.first - DAY
        assert period_of(period.last + DAY).first == period.last + DAY


@modest
@given(CALENDARS, DAYS)
def test_twelve_months_tile_the_year_and_three_a_quarter(calendar, day):
    year, months = calendar.year_of(day), calendar.year_months(day)
    assert len(months) == 12
    assert tiles(months, year)
    for first in range(0, 12, 3):
        quarter = calendar.quarter_of(months[first].first)
        assert tiles(months[first : first + 3], quarter)
    assert [calendar.month_before(month) for month in months[1:]] == list(months[:-1])
    labels = [calendar.month_label(month) for month in months]
    assert len(set(labels)) == 12
    middles = [month.first + timedelta(days=month.days // 2) for month in months]
    assert labels == [f"{middle:%b}" for middle in middles]


@modest
@given(OF_WEEKS, DAYS)
def test_a_year_of_weeks_has_52_or_53_and_follows_its_pattern(calendar, day):
    year, months = calendar.year_of(day), calendar.year_months(day)
    assert year.days in (52 * 7, 53 * 7)
    pattern = [int(count) for count in calendar.pattern.split("-")] * 4
    pattern[-1] += year.days // 7 - 52
    assert [month.days for month in months] == [7 * count for count in pattern]
    assert calendar.week_of(year.last).last == year.last


@modest
@given(OF_WEEKS, DAYS)
def test_a_year_of_weeks_ends_on_the_last_or_nearest_weekday(calendar, day):
    last = calendar.year_of(day).last
    closes = [
        date(year, calendar.fiscal_year_ends, monthrange(year, calendar.fiscal_year_ends)[1])
        for year in range(last.year - 1, last.year + 2)
    ]
    away = min((last - close for close in closes), key=abs)
    assert last.weekday() == calendar.week_ends_on
    if calendar.year_end == "nearest":
        assert abs(away) <= 3 * DAY
    else:
        assert -6 * DAY <= away <= 0 * DAY


@modest
@given(CALENDARS, DAYS)
def test_a_month_meets_the_same_month_of_the_year_before(calendar, day):
    months = calendar.year_months(day)
    before = calendar.year_months(months[0].first - DAY)
    assert [calendar.month_year_earlier(month) for month in months] == list(before)


@modest
@given(CALENDARS, DAYS, st.sampled_from(SPANS))
def test_to_date_starts_its_period_and_ends_with_the_day(calendar, day, of):
    whole = {"month": calendar.month_of, "quarter": calendar.quarter_of, "year": calendar.year_of}[of]
    now, then = calendar.to_date(day, of), calendar.to_date_year_earlier(day, of)
    assert now == Period(whole(day).first, day)
    assert then.first == whole(then.first).first
    assert then.last in whole(then.first)
    month_now, month_then = calendar.month_of(now.first), calendar.month_of(then.first)
    assert calendar.month_year_earlier(month_now) == month_then
    if calendar.pattern == "calendar":
        assert 0 <= now.days - then.days <= 1 or then.days - now.days == 1  # A leap day on either side.
    else:
        assert then.days == min(now.days, whole(then.first).days)


@modest
@given(CALENDARS, DAYS, st.integers(1, 60))
def test_trailing_weeks_and_complete_months_are_contiguous(calendar, day, count):
    ending = calendar.week_of(day).last
    weeks = calendar.trailing_weeks(ending, count)
    assert [week.days for week in weeks] == [7] * count
    assert tiles(weeks, Period(ending - timedelta(days=7 * count - 1), ending))
    months = calendar.complete_months(ending, count)
    assert len(months) == count
    assert tiles(months, Period(months[0].first, months[-1].last))
    assert months[-1].last <= ending < calendar.month_of(months[-1].last + DAY).last


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["Easter", "Black Friday", "Fair", "Sale"]),
        st.lists(st.dates(date(2021, 1, 1), date(2026, 12, 31)), max_size=9).map(tuple),
    ),
    max_size=4,
).map(tuple)
CROWDED = st.lists(
    st.tuples(
        st.sampled_from("ABCD"),
        st.builds(
            lambda this, last: (date(2025, 4, 5) + this * 7 * DAY, date(2024, 4, 6) + last * 7 * DAY),
            st.integers(0, 4),
            st.integers(0, 4),
        ),
    ),
    max_size=4,
    unique_by=lambda event: event[0],
).map(tuple)


@settings(max_examples=100, deadline=None)
@given(EVENTS | CROWDED, st.integers(0, 6))
def test_no_week_of_last_year_is_used_twice_or_left_out(events, week_ends_on):
    calendar = Calendar(week_ends_on=week_ends_on, paired=events)
    ending = calendar.week_of(date(2029, 12, 31)).last
    weeks = calendar.trailing_weeks(ending, 52 * 12)
    twins = [calendar.week_year_earlier(week) for week in weeks]
    plain = [Period(week.first - 364 * DAY, week.last - 364 * DAY) for week in weeks]
    assert sorted(twin.period for twin in twins) == plain
    for twin, unmoved in zip(twins, plain, strict=True):
        assert twin.event is None or twin.event in dict(events)
        assert (twin.period == unmoved) or twin.event is not None


@modest
@given(st.integers(0, 6), DAYS, st.integers(1, 53), st.integers(-600, 600))
def test_week_numbers_run_from_the_given_one_to_52_or_53(week_ends_on, day, number, away):
    anchor = Calendar(week_ends_on).week_of(day).last
    calendar = Calendar(week_ends_on, week_number=(anchor, number))
    assert calendar.week_label(anchor) == f"wk {number}"
    week = anchor + 7 * away * DAY
    now, then = (int(calendar.week_label(ending).removeprefix("wk ")) for ending in (week, week - 7 * DAY))
    assert now == then + 1 or (now == 1 and then in (52, 53))


@pytest.mark.parametrize("ends", range(1, 13))
@pytest.mark.parametrize("month", range(1, 13))
def test_all_fiscal_ends_and_all_months_of_the_week_agree_with_first_principles(ends, month):
    calendar = Calendar(fiscal_year_ends=ends)
    ending = calendar.week_of(date(2024, month, 20)).last
    into_year = (month - ends - 1) % 12  # Whole months since the fiscal year began.
    year, place = divmod(2024 * 12 + month - 1 - into_year, 12)
    assert calendar.to_date(ending, "year") == Period(date(year, place + 1, 1), ending)
    quarter, third = divmod(2024 * 12 + month - 1 - into_year % 3, 12)
    assert calendar.to_date(ending, "quarter") == Period(date(quarter, third + 1, 1), ending)
    assert calendar.to_date(ending, "month") == Period(date(2024, month, 1), ending)
    earlier = ending.replace(year=2023)
    assert calendar.to_date_year_earlier(ending, "year") == Period(date(year - 1, place + 1, 1), earlier)
    quarter_earlier = Period(date(quarter - 1, third + 1, 1), earlier)
    assert calendar.to_date_year_earlier(ending, "quarter") == quarter_earlier
    assert len(calendar.complete_months(ending)) == len(calendar.year_months(ending)) == 12
    assert calendar.complete_months(ending)[-1].last == date(2024, month, 1) - DAY
    assert calendar.year_months(ending)[into_year] == calendar.month_of(ending)


@pytest.mark.parametrize("year_end", ["last", "nearest"])
@pytest.mark.parametrize("ends", range(1, 13))
def test_a_4_4_5_year_agrees_with_fiscal445(ends, year_end):
    for week_ends_on, name in enumerate(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]):
        calendar = Calendar(week_ends_on, ends, "4-4-5", year_end)
        year = calendar.year_of(date(2024, 6, 15))
        table = fiscal445.Calendar(year.first.isoformat(), name).build()
        theirs = [
            (row.week_ending.date(), row.fiscal_month[:3], row.fiscal_week)
            for row in table.iloc[1:53].itertuples()  # It has no 53rd week, but starts anew.
        ]
        weeks = calendar.trailing_weeks(year.first + timedelta(days=52 * 7 - 1), 52)
        months = [calendar.month_of(week.last) for week in weeks]
        ours = [
            (week.last, calendar.month_label(month), (week.last - month.first).days // 7 + 1)
            for week, month in zip(weeks, months, strict=True)
        ]
        assert ours == theirs
