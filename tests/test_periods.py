"""The calendar, by cases a person can check against a wall calendar."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from metrics.errors import CalendarError
from metrics.periods import Calendar, Period, Twin


def on(text: str) -> date:
    return datetime.strptime(text, "%d %b %Y").date()


def days(text: str) -> Period:
    first, last = text.split(" … ")
    return Period(on(first), on(last))


def company(ending: str, fiscal_year_ends: int = 12, **more) -> tuple[Calendar, date]:
    """A calendar whose weeks end on the weekday of `ending`."""
    day = on(ending)
    return Calendar(week_ends_on=day.weekday(), fiscal_year_ends=fiscal_year_ends, **more), day


def tabled(names: str, cases: list[tuple]) -> pytest.MarkDecorator:
    """The first column of a case is the sentence it shows."""
    return pytest.mark.parametrize(names, [case[1:] for case in cases], ids=[case[0] for case in cases])


# fmt: off
TO_DATE = [
    # it shows that …                        W              F   of         from … to                       a year earlier
    ("a quarter starts on a fiscal month",   "25 Sep 2021", 5,  "quarter", "1 Sep 2021 … 25 Sep 2021",     "1 Sep 2020 … 25 Sep 2020"),
    ("a year starts after month F",          "25 Sep 2021", 5,  "year",    "1 Jun 2021 … 25 Sep 2021",     "1 Jun 2020 … 25 Sep 2020"),
    ("a quarter crosses New Year",           "20 Jan 2024", 11, "quarter", "1 Dec 2023 … 20 Jan 2024",     "1 Dec 2022 … 20 Jan 2023"),
    ("a year crosses New Year",              "20 Jan 2024", 11, "year",    "1 Dec 2023 … 20 Jan 2024",     "1 Dec 2022 … 20 Jan 2023"),
    ("a quarter starts after February",      "15 Mar 2025", 2,  "quarter", "1 Mar 2025 … 15 Mar 2025",     "1 Mar 2024 … 15 Mar 2024"),
    ("a year starts after February",         "15 Mar 2025", 2,  "year",    "1 Mar 2025 … 15 Mar 2025",     "1 Mar 2024 … 15 Mar 2024"),
    ("29 February meets the 28th",           "29 Feb 2024", 12, "month",   "1 Feb 2024 … 29 Feb 2024",     "1 Feb 2023 … 28 Feb 2023"),
    ("28 February meets the 28th",           "28 Feb 2025", 12, "month",   "1 Feb 2025 … 28 Feb 2025",     "1 Feb 2024 … 28 Feb 2024"),
    ("a new year is nine days old",          "9 Jan 2021",  12, "year",    "1 Jan 2021 … 9 Jan 2021",      "1 Jan 2020 … 9 Jan 2020"),
]
# fmt: on


@tabled("ending, fiscal_year_ends, of, expected, year_earlier", TO_DATE)
def test_to_date(ending, fiscal_year_ends, of, expected, year_earlier):
    calendar, day = company(ending, fiscal_year_ends)
    assert calendar.to_date(day, of) == days(expected)
    assert calendar.to_date_year_earlier(day, of) == days(year_earlier)


# fmt: off
WEEKS = [
    # it shows that …                        W              from … to                       364 days earlier
    ("a Saturday meets a Saturday",          "9 May 2026",  "3 May 2026 … 9 May 2026",      "4 May 2025 … 10 May 2025"),
    ("a leap day does not move weekdays",    "29 Feb 2024", "23 Feb 2024 … 29 Feb 2024",    "24 Feb 2023 … 2 Mar 2023"),
    ("a week crosses New Year",              "2 Jan 2021",  "27 Dec 2020 … 2 Jan 2021",     "29 Dec 2019 … 4 Jan 2020"),
]
# fmt: on


@tabled("ending, expected, year_earlier", WEEKS)
def test_week(ending, expected, year_earlier):
    calendar, day = company(ending)
    assert calendar.week(day) == days(expected)
    assert {calendar.week_of(day - timedelta(days=back)) for back in range(7)} == {days(expected)}
    assert calendar.week_year_earlier(calendar.week(day)) == Twin(days(year_earlier))


def test_trailing_weeks_are_six_and_the_oldest_comes_first():
    calendar, day = company("25 Sep 2021")
    assert calendar.trailing_weeks(day) == (
        days("15 Aug 2021 … 21 Aug 2021"),
        days("22 Aug 2021 … 28 Aug 2021"),
        days("29 Aug 2021 … 4 Sep 2021"),
        days("5 Sep 2021 … 11 Sep 2021"),
        days("12 Sep 2021 … 18 Sep 2021"),
        days("19 Sep 2021 … 25 Sep 2021"),
    )


# fmt: off
MONTHS = [
    # it shows that …                               W              the last complete month         a year earlier
    ("a month in progress does not count",          "25 Sep 2021", "1 Aug 2021 … 31 Aug 2021",     "1 Aug 2020 … 31 Aug 2020"),
    ("a month that ends with the week counts",      "30 Apr 2022", "1 Apr 2022 … 30 Apr 2022",     "1 Apr 2021 … 30 Apr 2021"),
    ("February meets a longer February",            "28 Feb 2025", "1 Feb 2025 … 28 Feb 2025",     "1 Feb 2024 … 29 Feb 2024"),
    ("28 February does not end a leap February",    "28 Feb 2024", "1 Jan 2024 … 31 Jan 2024",     "1 Jan 2023 … 31 Jan 2023"),
    ("January follows December",                    "9 Jan 2021",  "1 Dec 2020 … 31 Dec 2020",     "1 Dec 2019 … 31 Dec 2019"),
]
# fmt: on


@tabled("ending, expected, year_earlier", MONTHS)
def test_complete_months(ending, expected, year_earlier):
    calendar, day = company(ending)
    months = calendar.complete_months(day)
    assert len(months) == 12
    assert months[-1] == days(expected)
    assert calendar.month_year_earlier(months[-1]) == days(year_earlier)


def test_the_month_before_a_long_month_is_the_short_one():
    calendar = Calendar()
    assert calendar.month_before(days("1 Mar 2024 … 31 Mar 2024")) == days("1 Feb 2024 … 29 Feb 2024")
    assert calendar.month_before(days("1 Mar 2024 … 9 Mar 2024")) == days("1 Feb 2024 … 29 Feb 2024")


# fmt: off
FOUR_FOUR_FIVE = [
    # it shows that …                              day            ends F, rule, pattern     month                          quarter                        year
    ("Apple's 2023 had 53 weeks",                  "30 Sep 2023", (9, "last", "4-4-5"),     "20 Aug 2023 … 30 Sep 2023",   "25 Jun 2023 … 30 Sep 2023",   "25 Sep 2022 … 30 Sep 2023"),
    ("Apple's 2024 had 52 weeks",                  "28 Sep 2024", (9, "last", "4-4-5"),     "25 Aug 2024 … 28 Sep 2024",   "30 Jun 2024 … 28 Sep 2024",   "1 Oct 2023 … 28 Sep 2024"),
    ("retail's 2023 had 53 weeks",                 "3 Feb 2024",  (1, "nearest", "4-5-4"),  "31 Dec 2023 … 3 Feb 2024",    "29 Oct 2023 … 3 Feb 2024",    "29 Jan 2023 … 3 Feb 2024"),
    ("retail's 2024 began on 4 February",          "4 Feb 2024",  (1, "nearest", "4-5-4"),  "4 Feb 2024 … 2 Mar 2024",     "4 Feb 2024 … 4 May 2024",     "4 Feb 2024 … 1 Feb 2025"),
    ("the long month comes first in 5-4-4",        "9 May 2026",  (12, "last", "5-4-4"),    "3 May 2026 … 30 May 2026",    "29 Mar 2026 … 27 Jun 2026",   "28 Dec 2025 … 26 Dec 2026"),
    ("a year may end in the next January",         "2 Jan 2027",  (12, "nearest", "4-4-5"), "29 Nov 2026 … 2 Jan 2027",    "4 Oct 2026 … 2 Jan 2027",     "4 Jan 2026 … 2 Jan 2027"),
]
# fmt: on


@tabled("day, rules, month, quarter, year", FOUR_FOUR_FIVE)
def test_months_of_weeks(day, rules, month, quarter, year):
    fiscal_year_ends, year_end, pattern = rules
    calendar = Calendar(fiscal_year_ends=fiscal_year_ends, year_end=year_end, pattern=pattern)
    assert calendar.month_of(on(day)) == days(month)
    assert calendar.quarter_of(on(day)) == days(quarter)
    assert calendar.year_of(on(day)) == days(year)


# fmt: off
WEEKS_TO_DATE = [
    # it shows that …                          W              of         from … to                       a year earlier
    ("as many days into the same month",       "10 Aug 2024", "month",   "28 Jul 2024 … 10 Aug 2024",    "23 Jul 2023 … 5 Aug 2023"),
    ("as many days into the same year",        "10 Aug 2024", "year",    "1 Oct 2023 … 10 Aug 2024",     "25 Sep 2022 … 5 Aug 2023"),
    ("a 53rd week meets no day: month",        "30 Sep 2023", "month",   "20 Aug 2023 … 30 Sep 2023",    "21 Aug 2022 … 24 Sep 2022"),
    ("a 53rd week meets no day: quarter",      "30 Sep 2023", "quarter", "25 Jun 2023 … 30 Sep 2023",    "26 Jun 2022 … 24 Sep 2022"),
    ("a 53rd week meets no day: year",         "30 Sep 2023", "year",    "25 Sep 2022 … 30 Sep 2023",    "26 Sep 2021 … 24 Sep 2022"),
    ("a full year leaves out last year's 53rd", "28 Sep 2024", "year",   "1 Oct 2023 … 28 Sep 2024",     "25 Sep 2022 … 23 Sep 2023"),
]
# fmt: on


@tabled("ending, of, expected, year_earlier", WEEKS_TO_DATE)
def test_to_date_in_months_of_weeks(ending, of, expected, year_earlier):
    calendar, day = company(ending, 9, pattern="4-4-5")
    assert calendar.to_date(day, of) == days(expected)
    assert calendar.to_date_year_earlier(day, of) == days(year_earlier)


def test_a_month_of_weeks_meets_the_same_month_of_the_fiscal_year_before():
    calendar = Calendar(fiscal_year_ends=9, pattern="4-4-5")
    long_september = calendar.month_of(on("30 Sep 2023"))
    assert calendar.month_year_earlier(long_september) == days("21 Aug 2022 … 24 Sep 2022")
    assert [calendar.month_label(month) for month in calendar.year_months(on("30 Sep 2023"))] == [
        "Oct", "Nov", "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
    ]  # fmt: skip


# fmt: off
NUMBERS = [
    # it shows that …                                 calendar                                                         W              labels
    ("week 1 holds 1 January",                        {},                                                              "9 May 2026",  "14 15 16 17 18 19"),
    ("a week that ends in January is its week 1",     {},                                                              "9 Jan 2021",  "49 50 51 52 1 2"),
    ("a calendar year may touch 53 weeks",            {},                                                              "7 Jan 2023",  "49 50 51 52 53 1"),
    ("week 1 holds the first fiscal day",             {"fiscal_year_ends": 5},                                         "12 Jun 2021", "49 50 51 52 1 2"),
    ("the 53rd week of a 4-4-5 year says so",         {"fiscal_year_ends": 9, "pattern": "4-4-5"},                     "7 Oct 2023",  "49 50 51 52 53 1"),
    ("numbers count down from the given one",         {"week_number": (on("25 Sep 2021"), 38)},                        "25 Sep 2021", "33 34 35 36 37 38"),
    ("numbers wrap to 52",                            {"week_number": (on("9 Jan 2021"), 1)},                          "9 Jan 2021",  "48 49 50 51 52 1"),
    ("numbers count up from the given one",           {"week_number": (on("9 Jan 2021"), 1)},                          "8 Jan 2022",  "48 49 50 51 52 1"),
    ("numbers wrap to 53 where drift has made a week", {"week_number": (on("9 Jan 2021"), 1)},                         "4 Jan 2025",  "48 49 50 51 52 53"),
    ("a numbered year may start before New Year",     {"week_number": (on("9 Jan 2021"), 1)},                          "6 Jan 2024",  "48 49 50 51 52 1"),
    ("a given 53 is kept",                            {"week_number": (on("2 Jan 2021"), 53)},                         "9 Jan 2021",  "49 50 51 52 53 1"),
    ("a numbered year may start on 29 February",      {"week_ends_on": 2, "week_number": (on("6 Mar 2024"), 1)},       "5 Mar 2025",  "48 49 50 51 52 1"),
    ("a week before New Year may precede week 1",     {"week_number": (on("6 Jan 2018"), 1)},                          "1 Jan 2028",  "47 48 49 50 51 52"),
]
# fmt: on


@tabled("rules, ending, expected", NUMBERS)
def test_week_labels(rules, ending, expected):
    calendar, day = Calendar(**rules), on(ending)
    labels = [calendar.week_label(week.last) for week in calendar.trailing_weeks(day)]
    assert labels == [f"wk {number}" for number in expected.split()]


EASTER = ("Easter", "30 Mar 2024, 19 Apr 2025, 4 Apr 2026")

# fmt: off
TWINS = [
    # it shows that …
    #   events and the days they fell on
    #   a week, the week it is compared with, and why
    ("Easter meets Easter, and the weeks change places",
        [EASTER],
        ["28 Mar 2026 meets 29 Mar 2025",
         "4 Apr 2026 meets 19 Apr 2025 for Easter",
         "11 Apr 2026 meets 12 Apr 2025",
         "18 Apr 2026 meets 5 Apr 2025 for Easter",
         "25 Apr 2026 meets 26 Apr 2025"]),
    ("each year has its own exchange",
        [EASTER],
        ["29 Mar 2025 meets 20 Apr 2024 for Easter",
         "5 Apr 2025 meets 6 Apr 2024",
         "19 Apr 2025 meets 30 Mar 2024 for Easter"]),
    ("any day of the week will do",
        [("Easter", "20 Apr 2025, 5 Apr 2026")],
        ["11 Apr 2026 meets 26 Apr 2025 for Easter",
         "25 Apr 2026 meets 12 Apr 2025 for Easter"]),
    ("an event that meets itself marks nothing",
        [("Black Friday", "29 Nov 2024, 28 Nov 2025")],
        ["29 Nov 2025 meets 30 Nov 2024"]),
    ("an event missing a year before changes nothing",
        [("Fair", "6 Apr 2024, 4 Apr 2026")],
        ["4 Apr 2026 meets 5 Apr 2025"]),
    ("an event that has not come yet changes nothing",
        [("Easter", "30 Mar 2024, 19 Apr 2025")],
        ["4 Apr 2026 meets 5 Apr 2025",
         "18 Apr 2026 meets 19 Apr 2025"]),
    ("two events each have their exchange",
        [EASTER, ("Fair", "14 Jun 2025, 20 Jun 2026")],
        ["4 Apr 2026 meets 19 Apr 2025 for Easter",
         "18 Apr 2026 meets 5 Apr 2025 for Easter",
         "13 Jun 2026 meets 21 Jun 2025 for Fair",
         "20 Jun 2026 meets 14 Jun 2025 for Fair"]),
    ("two events that swapped weeks need no third",
        [("Fair", "5 Apr 2025, 18 Apr 2026"), ("Sale", "19 Apr 2025, 4 Apr 2026")],
        ["4 Apr 2026 meets 19 Apr 2025 for Sale",
         "11 Apr 2026 meets 12 Apr 2025",
         "18 Apr 2026 meets 5 Apr 2025 for Fair"]),
    ("an exchange is handed on if that week is also taken",
        [("Fair", "19 Apr 2025, 4 Apr 2026"), ("Sale", "5 Apr 2025, 25 Apr 2026")],
        ["4 Apr 2026 meets 19 Apr 2025 for Fair",
         "18 Apr 2026 meets 26 Apr 2025 for Fair",
         "25 Apr 2026 meets 5 Apr 2025 for Sale"]),
    ("a week that two events want goes with the one named first",
        [EASTER, ("Fair", "12 Apr 2025, 4 Apr 2026")],
        ["4 Apr 2026 meets 19 Apr 2025 for Easter",
         "11 Apr 2026 meets 12 Apr 2025",
         "18 Apr 2026 meets 5 Apr 2025 for Easter"]),
    ("an event that meets itself keeps its week from one named later",
        [("Fair", "5 Apr 2025, 4 Apr 2026"), ("Sale", "19 Apr 2025, 4 Apr 2026")],
        ["4 Apr 2026 meets 5 Apr 2025",
         "18 Apr 2026 meets 19 Apr 2025"]),
    ("a second occurrence in a year stays alone",
        [("Sale", "12 Jul 2025, 4 Jul 2026, 10 Oct 2026")],
        ["4 Jul 2026 meets 12 Jul 2025 for Sale",
         "11 Jul 2026 meets 5 Jul 2025 for Sale",
         "10 Oct 2026 meets 11 Oct 2025"]),
    ("an event more than half a year away is another one",
        [("Sale", "1 Feb 2025, 10 Oct 2026")],
        ["10 Oct 2026 meets 11 Oct 2025"]),
    ("of two occurrences in a year the nearer meets last year's",
        [("Sale", "12 Jul 2025, 14 Mar 2026, 4 Jul 2026")],
        ["14 Mar 2026 meets 15 Mar 2025",
         "4 Jul 2026 meets 12 Jul 2025 for Sale"]),
    ("an event of several weeks meets week by week",
        [("Ramadan", "8 Mar 2025, 15 Mar 2025, 21 Feb 2026, 28 Feb 2026")],
        ["21 Feb 2026 meets 8 Mar 2025 for Ramadan",
         "28 Feb 2026 meets 15 Mar 2025 for Ramadan",
         "7 Mar 2026 meets 22 Feb 2025 for Ramadan",
         "14 Mar 2026 meets 1 Mar 2025 for Ramadan"]),
    ("an event told in two parts is one event",
        [("Easter", "19 Apr 2025"), ("Easter", "4 Apr 2026")],
        ["4 Apr 2026 meets 19 Apr 2025 for Easter"]),
]
# fmt: on


@tabled("events, expected", TWINS)
def test_paired_events(events, expected):
    calendar = Calendar(paired=tuple((name, tuple(map(on, days.split(", ")))) for name, days in events))
    for sentence in expected:
        week, _, twin = sentence.partition(" meets ")
        ending, _, event = twin.partition(" for ")
        found = calendar.week_year_earlier(calendar.week(on(week)))
        assert found == Twin(calendar.week(on(ending)), event or None), sentence


def test_calendars_are_equal_by_value():
    one = Calendar(paired=(("Easter", (on("20 Apr 2025"), on("5 Apr 2026"))),))
    other = Calendar(paired=(("Easter", (on("11 Apr 2026"), on("26 Apr 2025"))),))
    assert one == other
    assert hash(one) == hash(other)


NEW_YORK, TOKYO = "America/New_York", "Asia/Tokyo"

# fmt: off
NOW = [
    # it shows that …                                     now                                          zone       the newest week
    ("a week is past when its last day is",               datetime(2026, 5, 10, 4, 0, tzinfo=UTC),     NEW_YORK,  "3 May 2026 … 9 May 2026"),
    ("one minute earlier it is not",                      datetime(2026, 5, 10, 3, 59, tzinfo=UTC),    NEW_YORK,  "26 Apr 2026 … 2 May 2026"),
    ("the company's zone decides, not the clock's",       datetime(2026, 5, 9, 15, 0, tzinfo=UTC),     TOKYO,     "3 May 2026 … 9 May 2026"),
    ("a Monday sees the week that just ended",            datetime(2026, 5, 11, 11, 0, tzinfo=UTC),    NEW_YORK,  "3 May 2026 … 9 May 2026"),
    ("winter time ends at another hour",                  datetime(2026, 1, 11, 4, 59, tzinfo=UTC),    NEW_YORK,  "28 Dec 2025 … 3 Jan 2026"),
    ("an offset will do for a zone",                      datetime(2026, 5, 10, 0, 0, tzinfo=timezone(timedelta(hours=-4))), NEW_YORK, "3 May 2026 … 9 May 2026"),
]
# fmt: on


@tabled("now, zone, expected", NOW)
def test_latest_week(now, zone, expected):
    assert Calendar().latest_week(now, zone) == days(expected)


# fmt: off
REFUSED = [
    # it shows that …                       what is asked                                                    what is said
    ("a wrong weekday names the right days", lambda: Calendar().week(on("8 May 2026")),                      "2026-05-08 is a Friday, and weeks end on Saturday. Use 2026-05-02 or 2026-05-09."),
    ("trailing weeks refuse it too",        lambda: Calendar().trailing_weeks(on("10 May 2026")),            "2026-05-10 is a Sunday, and weeks end on Saturday. Use 2026-05-09 or 2026-05-16."),
    ("labels refuse it too",                lambda: Calendar(6).week_label(on("9 May 2026")),                "2026-05-09 is a Saturday, and weeks end on Sunday. Use 2026-05-03 or 2026-05-10."),
    ("a year of two digits",                lambda: Calendar().trailing_weeks(date(26, 5, 9)),               "0026-05-09 is too far away to end a week. Write the year with four digits."),
    ("an eighth weekday",                   lambda: Calendar(week_ends_on=7),                                "A week cannot end on weekday 7. Monday is 0, Sunday 6."),
    ("a thirteenth month",                  lambda: Calendar(fiscal_year_ends=13),                           "A fiscal year cannot end in month 13. Use 1 to 12."),
    ("an unknown pattern",                  lambda: Calendar(pattern="445"),                                 "'445' is no pattern of months. Did you mean '4-4-5'?"),
    ("an unknown end of the year",          lambda: Calendar(year_end="first"),                              "'first' is no end of a year. Use 'last' or 'nearest'."),
    ("a number for a day that ends no week", lambda: Calendar(week_number=(on("8 May 2026"), 19)),           "2026-05-08 is a Friday, and weeks end on Saturday. Use 2026-05-02 or 2026-05-09."),
    ("a 54th week",                         lambda: Calendar(week_number=(on("9 May 2026"), 54)),            "The week ending 2026-05-09 cannot have the number 54. Use 1 to 53."),
    ("a clock without a zone",              lambda: Calendar().latest_week(datetime(2026, 5, 11), NEW_YORK), "2026-05-11 00:00:00 could be any of a day's hours. Give it with its time zone."),
    ("an unknown zone",                     lambda: Calendar().latest_week(datetime.now(UTC), "Mars/Base"),  "'Mars/Base' is not a time zone. Use an IANA name, for example 'America/New_York'."),
    ("a folder of zones",                   lambda: Calendar().latest_week(datetime.now(UTC), "America"),    "'America' is not a time zone. Use an IANA name, for example 'America/New_York'."),
    ("a path for a zone",                   lambda: Calendar().latest_week(datetime.now(UTC), "../etc"),     "'../etc' is not a time zone. Use an IANA name, for example 'America/New_York'."),
    ("a period that ends before it starts", lambda: Period(on("2 May 2026"), on("1 May 2026")),              "A period cannot end on 2026-05-01, before its first day 2026-05-02."),
    ("a time of day",                       lambda: Calendar().week(datetime(2026, 5, 9)),                   "A period is made of whole days, and 2026-05-03 00:00:00 to 2026-05-09 00:00:00 has a time of day. Give dates without a time."),
]
# fmt: on


@tabled("ask, said", REFUSED)
def test_refusals_say_what_to_do(ask, said):
    with pytest.raises(CalendarError) as refusal:
        ask()
    assert str(refusal.value) == said


def test_a_period_counts_and_holds_both_its_ends():
    week = days("3 May 2026 … 9 May 2026")
    assert week.days == 7
    assert [day in week for day in map(on, ["2 May 2026", "3 May 2026", "9 May 2026", "10 May 2026"])] == [
        False,
        True,
        True,
        False,
    ]
    assert Period(week.first, week.first).days == 1


@pytest.mark.parametrize("scenario", range(1, 6))
def test_labels_of_the_conformance_decks(shared, scenario):
    vector = json.loads(
        (shared / f"vectors/deck/scenario_{scenario}/expected.json").read_text(encoding="utf-8")
    )
    setup = vector["setup"]
    day = datetime.strptime(setup["week_ending"], "%d-%b-%Y").date()
    fiscal_year_ends = datetime.strptime(setup.get("fiscal_year_end_month", "DEC"), "%b").month
    calendar = Calendar(fiscal_year_ends=fiscal_year_ends, week_number=(day, setup["week_number"]))
    weeks = [calendar.week_label(week.last) for week in calendar.trailing_weeks(day)]
    months = {
        "trailing_twelve_months": calendar.complete_months(day),
        "fiscal_year": calendar.year_months(day),
    }
    axes = {name: weeks + [calendar.month_label(month) for month in shown] for name, shown in months.items()}
    expected = [test for test in vector["tests"] if "x_axis" in test["expect"]]
    assert expected
    for test in expected:
        assert axes[test["x_axis_monthly_display"]] == test["expect"]["x_axis"], test["block_title"]
