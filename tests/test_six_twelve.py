"""The 6-12 chart against first principles: every fiscal year end, every month of the week's end, both axes."""

import math
from calendar import monthrange
from datetime import date, timedelta

import pytest

from metrics.definitions import OutputMetric
from metrics.periods import Calendar
from metrics.rollup import rollup
from metrics.six_twelve import Charts, Remark, change, frame
from tests.conftest import a_connection

FIRST = date(2021, 11, 1)
DAYS = [float(100 + (n * 7919) % 97) for n in range(1700)]  # No two neighbouring windows alike.
SATURDAYS = [
    date(2024, m, 1) + timedelta(days=(5 - date(2024, m, 1).weekday()) % 7 + 7) for m in range(1, 13)
]
MONTH_ENDS = [date(2024, 2, 29), date(2024, 8, 31), date(2025, 2, 28), date(2025, 5, 31)]


def a_metric(**fields):
    base = {
        "id": "m",
        "name": "M",
        "unit": "count",
        "better": "up",
        "measure": {"how": "total", "series": "a"},
    }
    return OutputMetric.model_validate(base | fields)


@pytest.fixture(scope="module")
def connection():
    return a_connection({"a": DAYS}, FIRST)


def the_chart(connection, calendar, ending, axis, metric=None, **options):
    chosen = metric or a_metric()
    windows = frame(calendar, ending, {axis})
    rolled = rollup(connection, [chosen], windows.windows, calendar, newest=ending)
    return Charts(windows, rolled, {chosen.id: chosen}, options.pop("remarks", ())).chart(
        chosen.id, months_axis=axis, **options
    )


# --- first principles, written without the package's calendar --------------------------------


def total(first, last):
    start, end = (first - FIRST).days, (last - FIRST).days
    return sum(DAYS[start : end + 1]) if start >= 0 and end < len(DAYS) else None


def month(year, number):
    """Month `number` counted from January of `year`, whichever sign it has."""
    year, number = year + (number - 1) // 12, (number - 1) % 12 + 1
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])


def earlier(day):
    return date(day.year - 1, day.month, min(day.day, monthrange(day.year - 1, day.month)[1]))


def opening(day, year_ends, months):
    """First day of the block of `months` months that holds `day`, counted from the fiscal year's start."""
    since = (day.month - year_ends - 1) % 12
    return month(day.year, day.month - since % months)[0]


def ratio(now, before):
    return None if now is None or not before else now / before - 1


@pytest.mark.parametrize("axis", ["trailing_twelve_months", "fiscal_year"])
@pytest.mark.parametrize("year_ends", range(1, 13))
def test_every_week_of_every_fiscal_year(connection, year_ends, axis):
    calendar = Calendar(fiscal_year_ends=year_ends)
    for ending in [*SATURDAYS, *(d for d in MONTH_ENDS if d.weekday() == 5)]:
        chart = the_chart(connection, calendar, ending, axis)
        line, box = chart.lines[0], chart.box[0]
        ends = [ending - timedelta(days=7 * back) for back in range(5, -1, -1)]
        weeks = [total(e - timedelta(days=6), e) for e in ends]
        before = [total(e - timedelta(days=370), e - timedelta(days=364)) for e in ends]
        assert list(line.weeks) == weeks
        assert list(line.weeks_year_earlier) == before

        complete = 0 if month(ending.year, ending.month)[1] == ending else -1
        if axis == "trailing_twelve_months":
            months = [month(ending.year, ending.month + complete + n) for n in range(-11, 1)]
        else:
            start = opening(ending, year_ends, 12)
            months = [month(start.year, start.month + n) for n in range(12)]
        values = [None if first > ending else total(first, min(last, ending)) for first, last in months]
        assert list(line.months) == values
        assert list(line.months_year_earlier) == [total(*month(f.year - 1, f.month)) for f, _ in months]
        assert list(chart.axis.months) == [f"{f:%b}" for f, _ in months]
        unfinished = [first <= ending < last for first, last in months]
        assert [s == "partial" for s in line.months_state] == unfinished

        for span, now, compared in (
            (1, box.mtd, box.mtd_yoy),
            (3, box.qtd, box.qtd_yoy),
            (12, box.ytd, box.ytd_yoy),
        ):
            then = earlier(ending)
            assert now == total(opening(ending, year_ends, span), ending)
            assert compared.amount == ratio(now, total(opening(then, year_ends, span), then))
        assert box.last_week == weeks[-1]
        assert (box.wow.amount, box.yoy.amount) == (ratio(weeks[-1], weeks[-2]), ratio(weeks[-1], before[-1]))


PATTERNS = ["4-4-5", "4-5-4", "5-4-4"]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("axis", ["trailing_twelve_months", "fiscal_year"])
def test_months_of_whole_weeks_build_too(connection, pattern, axis):
    calendar = Calendar(fiscal_year_ends=1, pattern=pattern)
    for ending in SATURDAYS:
        chart = the_chart(connection, calendar, ending, axis)
        for value, end, state in zip(
            chart.lines[0].months, chart.axis.month_ends, chart.lines[0].months_state, strict=True
        ):
            whole = calendar.month_of(end)
            if state == "complete":
                assert value == total(whole.first, whole.last)


# --- changes ---------------------------------------------------------------------------------

# fmt: off
CHANGES = [
    # it shows that …                                fields                  now     before  amount   note             good
    ("a volume changes by percent",                  {},                     107.0,  100.0,  0.07,    None,            True),
    ("less of what should fall is good",             {"better": "down"},     93.0,   100.0,  -0.07,   None,            True),
    ("a fraction changes by basis points",           {"unit": "fraction"},   0.0271, 0.0309, -38.0,   None,            False),
    ("a fraction from zero has a difference",        {"unit": "fraction"},   0.01,   0.0,    100.0,   None,            True),
    ("a definition may ask for percent",             {"unit": "fraction", "compare": "percent"}, 0.03, 0.02, 0.5, None, True),
    ("to zero is minus one hundred percent",         {},                     0.0,    50.0,   -1.0,    None,            False),
    ("from zero is undefined",                       {},                     5.0,    0.0,    None,    "undefined",     True),
    ("from below zero the number misleads",          {},                     5.0,    -10.0,  -1.5,    "negative_base", True),
    ("an unknown side gives nothing",                {},                     None,   100.0,  None,    None,            None),
    ("an unknown base gives nothing",                {},                     100.0,  None,   None,    None,            None),
    ("no move is neither good nor bad",              {},                     100.0,  100.0,  0.0,     None,            None),
    ("a metric without direction is neither",        {"better": "none"},     107.0,  100.0,  0.07,    None,            None),
]
# fmt: on


@pytest.mark.parametrize(
    ("fields", "now", "before", "amount", "note", "good"),
    [c[1:] for c in CHANGES],
    ids=[c[0] for c in CHANGES],
)
def test_a_change(fields, now, before, amount, note, good):
    found = change(now, before, a_metric(**fields))
    assert (found.amount if amount is None else pytest.approx(amount)) == found.amount
    assert (found.amount, found.note, found.good) == (
        amount if amount is None else pytest.approx(amount),
        note,
        good,
    )


# --- what a chart says of itself -------------------------------------------------------------

W = date(2024, 6, 15)


def series_with(hole, length=1700):
    return [None if FIRST + timedelta(days=n) in hole else 10.0 for n in range(length)]


def test_a_hole_in_a_week_and_in_what_is_built_on_it_has_no_value():
    hole = {date(2024, 6, 4), date(2024, 6, 5)}
    chart = the_chart(a_connection({"a": series_with(hole)}, FIRST), Calendar(), W, "trailing_twelve_months")
    line, box = chart.lines[0], chart.box[0]
    assert line.weeks == (70.0, 70.0, 70.0, 70.0, None, 70.0)
    assert line.weeks_state[4] == "partial"
    assert line.weeks_days[4] == (5, 7)
    assert line.weeks_incomplete == (None, None, None, None, pytest.approx(70.0), None)
    assert (box.last_week, box.wow.amount, box.mtd, box.qtd, box.ytd) == (70.0, None, None, None, None)
    assert chart.stamps == ("incomplete",)


def test_immature_points_are_drawn_and_leave_their_cells_empty():
    metric = a_metric(matures_after_weeks=2)
    chart = the_chart(
        a_connection({"a": series_with(())}, FIRST), Calendar(), W, "trailing_twelve_months", metric
    )
    line, box = chart.lines[0], chart.box[0]
    assert line.weeks == (70.0,) * 6
    assert line.weeks_state == ("complete",) * 4 + ("immature",) * 2
    assert (box.last_week, box.wow.amount, box.yoy.amount, box.mtd, box.ytd) == (None,) * 5
    assert chart.stamps == ("immature",)


def test_nothing_is_compared_across_a_change_of_definition():
    start = date(2024, 5, 19)
    metric = a_metric(supersedes={"metric": "m", "from": start, "because": "hang-ups count too"})
    chart = the_chart(
        a_connection({"a": series_with(())}, FIRST), Calendar(), W, "trailing_twelve_months", metric
    )
    line, box = chart.lines[0], chart.box[0]
    assert line.break_week == 2
    assert line.break_month == 11
    assert line.weeks_year_earlier[:2] == (70.0, 70.0)
    assert line.weeks_year_earlier[2:] == (None,) * 4
    assert (box.yoy.amount, box.ytd_yoy.amount) == (None, None)
    assert box.wow.amount == 0.0
    assert "new definition" in chart.stamps


def test_nothing_after_the_week_is_read():
    full = the_chart(a_connection({"a": DAYS}, FIRST), Calendar(), W, "fiscal_year")
    known = (W - FIRST).days + 1
    cut = the_chart(a_connection({"a": DAYS[:known]}, FIRST), Calendar(), W, "fiscal_year")
    assert full == cut


def test_a_target_may_lie_ahead():
    metric = a_metric(target={"style": "plan", "year": 2024, "total": 366.0})
    chart = the_chart(a_connection({"a": DAYS}, FIRST), Calendar(), W, "fiscal_year", metric)
    target = chart.lines[-1]
    assert target.role == "target"
    assert target.months == pytest.approx((31, 29, 31, 30, 31, 15, 31, 31, 30, 31, 30, 31))
    assert target.weeks == pytest.approx((7.0,) * 6)


def test_a_re_paired_week_says_which_and_why():
    easter = ("Easter", (date(2023, 4, 8), date(2024, 3, 30)))
    calendar = Calendar(paired=(easter,))
    chart = the_chart(a_connection({"a": DAYS}, FIRST), calendar, date(2024, 4, 13), "trailing_twelve_months")
    line = chart.lines[0]
    assert line.paired_by == (None, None, None, "Easter", "Easter", None)
    assert line.compared_with[3] == date(2023, 4, 8)
    assert line.weeks_year_earlier[3] == total(date(2023, 4, 2), date(2023, 4, 8))


def test_two_axes_when_the_largest_month_is_more_than_three_weeks():
    connection = a_connection({"a": DAYS}, FIRST)
    assert the_chart(connection, Calendar(), W, "trailing_twelve_months").two_axes
    level = a_metric(measure={"how": "mean", "series": "a"})
    assert not the_chart(connection, Calendar(), W, "trailing_twelve_months", level).two_axes
    assert not the_chart(connection, Calendar(), W, "trailing_twelve_months", daily_average=True).two_axes


def test_a_daily_average_divides_by_the_days():
    chart = the_chart(
        a_connection({"a": series_with(())}, FIRST),
        Calendar(),
        W,
        "trailing_twelve_months",
        daily_average=True,
    )
    assert set(chart.lines[0].weeks) == set(chart.lines[0].months) == {10.0}


def test_remarks_are_numbered_at_their_points_and_concern_their_metric():
    remarks = [
        Remark(date(2024, 6, 4), "outage"),
        Remark(date(2024, 2, 10), "campaign", ("m",)),
        Remark(date(2024, 2, 10), "elsewhere", ("other",)),
        Remark(date(2024, 6, 20), "still to come"),
        Remark(date(2019, 6, 20), "long ago"),
    ]
    chart = the_chart(
        a_connection({"a": DAYS}, FIRST), Calendar(), W, "trailing_twelve_months", remarks=remarks
    )
    assert [(a.number, a.week, a.month, a.text) for a in chart.annotations] == [
        (1, None, 8, "campaign"),
        (2, 4, None, "outage"),
    ]


def test_an_empty_metric_draws_nothing_and_breaks_nothing():
    chart = the_chart(a_connection({}, FIRST), Calendar(), W, "trailing_twelve_months")
    assert set(chart.lines[0].weeks) == {None}
    assert set(chart.lines[0].weeks_state) == {"missing"}
    assert not any(math.isnan(v) for v in chart.lines[0].weeks if v is not None)
