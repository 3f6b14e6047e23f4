from dataclasses import replace
from datetime import date

import pytest

from metrics import text
from metrics.deck import Row
from metrics.six_twelve import Change
from tests.drawn import a_chart, a_line

# fmt: off
VALUES = [
    # it shows that …                              value           unit            exact          full
    ("money is read in millions", 12_961_204.0, "currency", "$12.96M", "$12,961,204"),
    ("small money keeps its cents",                6.5,            "currency",     "$6.50",       "$6.50"),
    ("a loss carries a minus sign", -1_200_000.0, "currency", "−$1.20M", "−$1,200,000"),
    ("a count is exact below ten thousand",        2350.0,         "count",        "2,350",       "2,350"),
    ("a larger count has four digits at most", 6_970_123.0, "count", "6.97M", "6,970,123"),
    ("rounding does not end in 1000K",             999_960.0,      "count",        "1.00M",       "999,960"),
    ("a fraction is a percent",                    0.02713,        "fraction",     "2.71%",       "2.713%"),
    ("a share loses a digit",                      0.9463,         "fraction",     "94.6%",       "94.63%"),
    ("a share near all of it keeps two",           0.9993,         "fraction",     "99.93%",      "99.93%"),
    ("all of it is 100%",                          1.0,            "fraction",     "100.0%",      "100.00%"),
    ("a tiny share keeps three digits", 0.00000123, "fraction", "0.000123%", "0.000123%"),
    ("a number is plain",                          4.312,          "number",       "4.31",        "4.312"),
    ("a score keeps its decimals",                 4.0,            "score",        "4.00",        "4"),
    ("days are named", 3.384, "days", "3.38 days", "3.384 days"),
    ("hours are short",                            21.43,          "hours",        "21.4 h",      "21.43 h"),
    ("seconds are short",                          96.0,           "seconds",      "96 s",        "96 s"),
    ("milliseconds are short", 2350.4, "milliseconds", "2,350 ms", "2,350.4 ms"),
    ("zero is a value",                            0.0,            "count",        "0",           "0"),
    ("minus zero is zero",                         -0.0,           "fraction",     "0.00%",       "0.000%"),
    ("a tenth of a cent keeps three digits", -0.001, "currency", "−$0.00100", "−$0.00100"),
    ("unknown is a dash",                          None,           "currency",     "—",           "—"),
    ("what is not a number is a dash",             float("nan"),   "count",        "—",           "—"),
    ("trillions have a letter", 1.2e12, "number", "1.20T", "1,200,000,000,000"),
    ("a millionth has a power",                    1.2e-6,         "number",       "1.2e−6",      "1.2e−6"),
]
# fmt: on


@pytest.mark.parametrize("value, unit, exact, full", [c[1:] for c in VALUES], ids=[c[0] for c in VALUES])
def test_values(value, unit, exact, full):
    assert (text.exact(value, unit), text.full(value, unit)) == (exact, full)


# fmt: off
CURRENCIES = [("USD", "$5.20M"), ("EUR", "€5.20M"), ("GBP", "£5.20M"), ("JPY", "¥5.20M"), ("CHF", "CHF\u00a05.20M")]
# fmt: on


@pytest.mark.parametrize("currency, expected", CURRENCIES, ids=[c[0] for c in CURRENCIES])
def test_a_currency_has_its_sign_or_its_code(currency, expected):
    assert text.exact(5_200_000.0, "currency", currency) == expected


# fmt: off
CHANGES = [
    # it shows that …                            change                                                 unit         expected
    ("a rise has a plus", Change(0.02293, "percent"), "count", "+2.3%"),
    ("a fall has a minus sign", Change(-0.0712, "percent"), "count", "−7.1%"),
    ("no move has no sign", Change(0.0, "percent"), "count", "0.0%"),
    ("what rounds to no move has no sign", Change(-0.0004, "percent"), "count", "0.0%"),
    ("a large change has no decimals", Change(1.234, "percent"), "count", "+123%"),
    ("a rate moves in basis points", Change(-38.2, "bps"), "fraction", "−38 bps"),
    ("a rate that stands still", Change(-0.2, "bps"), "fraction", "0 bps"),
    ("unknown is a dash", Change(None, "percent"), "count", "—"),
    ("from a base of zero there is no percent", Change(None, "percent", None, "undefined", 5.0), "count", "from 0"),
    ("from a loss the difference is told", Change(-2.0, "percent", None, "negative_base", 1.2e6), "currency", "+$1.20M"),
]
# fmt: on


@pytest.mark.parametrize("change, unit, expected", [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_changes(change, unit, expected):
    assert text.change(change, unit) == expected


# fmt: off
AXES = [
    # it shows that …                          ticks                             unit          expected
    ("one suffix for all", (5e8, 5.4e8, 5.8e8, 6.2e8), "count", ("500M", "540M", "580M", "620M")),
    ("as few decimals as tell them apart", (4e6, 4.5e6, 5e6, 5.5e6), "currency", ("$4.0M", "$4.5M", "$5.0M", "$5.5M")),
    ("percent", (0.035, 0.0375, 0.04, 0.0425), "fraction", ("3.50%", "3.75%", "4.00%", "4.25%")),
    ("all of it needs no decimals", (0.9988, 0.9992, 0.9996, 1.0), "fraction", ("99.88%", "99.92%", "99.96%", "100%")),
    ("thousands stay whole", (2000.0, 2200.0, 2400.0, 2600.0), "milliseconds", ("2,000", "2,200", "2,400", "2,600")),
    ("zero has neither suffix nor decimals", (-1.5e6, 0.0, 1.5e6, 3e6), "currency", ("−$1.5M", "$0", "$1.5M", "$3.0M")),
    ("nothing at all",                         (0.0, 0.0),                       "count",      ("0", "0")),
]
# fmt: on


@pytest.mark.parametrize("ticks, unit, expected", [c[1:] for c in AXES], ids=[c[0] for c in AXES])
def test_axes(ticks, unit, expected):
    assert text.axis(ticks, unit) == expected


# fmt: off
LABELS = [
    # it shows that …                              values                            unit         expected
    ("three digits do", (5.17e6, 5.4e6), "currency", ("$5.17M", "$5.40M")),
    ("a fourth where two would read alike", (190_220.0, 190_430.0), "count", ("190.2K", "190.4K")),
    ("equal values may read alike", (190_000.0, 190_000.0), "count", ("190K", "190K")),
    ("what is unknown has no label", (None, 4.3), "score", ("", "4.30")),
    ("one line has one number of decimals", (21.0, 21.6), "hours", ("21.0", "21.6")),
    ("whole values need none", (96.0, 100.0), "seconds", ("96", "100")),
]
# fmt: on


@pytest.mark.parametrize("values, unit, expected", [c[1:] for c in LABELS], ids=[c[0] for c in LABELS])
def test_labels_of_points(values, unit, expected):
    assert text.distinct_labels(values, unit) == expected


# fmt: off
STATES = [
    ("complete",  (7, 7), ""),
    ("partial",   (5, 7), "incomplete: 5 of 7 days"),
    ("missing",   (0, 7), "no data"),
    ("undefined", (7, 7), "undefined: division by zero"),
    ("immature",  (7, 7), "immature: will still move"),
]
# fmt: on


@pytest.mark.parametrize("state, days, expected", STATES, ids=[s[0] for s in STATES])
def test_states_are_words(state, days, expected):
    assert text.state(state, days) == expected


def test_dates_as_people_read_them():
    saturday = date(2026, 5, 9)
    assert text.day(saturday) == "Sat 9 May 2026"
    assert text.long_day(saturday) == "Saturday 9 May 2026"
    assert text.week_ending(saturday) == "week ending 9 May"
    assert text.long_week("wk 19") == "Week 19"
    assert text.month(date(2026, 4, 30), "Apr") == "April 2026"
    assert text.month(date(2026, 4, 25), "Apr") == "Apr, month ending Sat 25 Apr 2026"


def test_lists_end_in_and():
    assert [text.listed(items) for items in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]


def test_cells_of_tables():
    row = Row("Orders", "orders", "count", (1234.0, None, "see note"))
    assert [text.cell(row, n) for n in range(3)] == ["1,234", "—", "see note"]
    assert text.cell(replace(row, unit="percent", values=(0.0229,)), 0) == "+2.3%"
    assert text.cell(replace(row, unit="bps", values=(-38.0,)), 0) == "−38 bps"
    assert text.cell(replace(row, unit="text", values=(212.0,)), 0) == "212"


def test_a_chart_in_words():
    line = a_line(
        weeks=(100.0, 110.0, 120.0, 130.0, None, 140.0),
        months=tuple(float(400 + 10 * n) for n in range(12)),
        weeks_state=("complete",) * 4 + ("partial", "immature"),
        weeks_days=((7, 7),) * 4 + ((5, 7), (7, 7)),
    )
    chart = a_chart(line)
    box = replace(
        chart.box[0], last_week=140.0, wow=Change(0.05, "percent"), vs_target=Change(-0.1, "percent")
    )
    assert text.summary(replace(chart, box=(box,))) == (
        "Orders: last week 140, +5.0% on the week and −10.0% against target. "
        "Weeks go from 100 to 140. "
        "Months go from 400 in May 2025 to 510 in April 2026; lowest 400 in May 2025, highest 510 in April 2026. "
        "Week ending 2 May: incomplete: 5 of 7 days. Week ending 9 May: immature: will still move."
    )


def test_a_place_tells_which_week_it_is_compared_with():
    line = a_line(paired_by=(None, "Easter", None, None, None, None))
    weeks = text.places(a_chart(line))[:2]
    assert [dict(week.facts)["Compared with"] for week in weeks] == [
        "week ending Sat 5 Apr 2025",
        "Easter, week ending Sat 12 Apr 2025",
    ]


def test_an_incomplete_week_tells_its_days_and_its_sum_so_far():
    line = a_line(
        weeks=(100.0,) * 5 + (None,),
        weeks_state=("complete",) * 5 + ("partial",),
        weeks_days=((7, 7),) * 5 + ((5, 7),),
        weeks_incomplete=(None,) * 5 + (71.0,),
    )
    told = dict(text.places(a_chart(line))[5].facts)
    assert (told["Value"], told["State"]) == ("—", "incomplete: 5 of 7 days")
