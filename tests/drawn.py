"""Charts and decks in few words, for the tests of what is drawn and written."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from metrics.deck import Answer, Block, Deck, Notice, Section
from metrics.six_twelve import Axis, Box, Change, Line, SixTwelve

WEEK = date(2026, 5, 9)
WEEKS = tuple(WEEK - timedelta(weeks=back) for back in range(5, -1, -1))
MONTHS = tuple(date(2025 + (5 + n) // 12, (5 + n) % 12 + 1, 1) - timedelta(days=1) for n in range(12))
NAMES = ("May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar", "Apr")
AXIS = Axis(tuple(f"wk {n}" for n in range(14, 20)), NAMES, WEEKS, MONTHS, "trailing_twelve_months")
UNKNOWN = Change(None, "percent")


def a_line(**parts: Any) -> Line:
    """A complete line of orders, six weeks of 100 to 150 and twelve months of 400 to 510."""
    plain = Line(
        metric="orders",
        name="Orders",
        role="primary",
        unit="count",
        weeks=(100.0, 130.0, 110.0, 150.0, 120.0, 140.0),
        weeks_year_earlier=(90.0, 95.0, 100.0, 105.0, 110.0, 115.0),
        months=tuple(float(400 + 10 * n) for n in range(12)),
        months_year_earlier=tuple(float(360 + 10 * n) for n in range(12)),
        weeks_state=("complete",) * 6,
        months_state=("complete",) * 12,
        weeks_days=((7, 7),) * 6,
        months_days=tuple((end.day, end.day) for end in MONTHS),
        compared_with=tuple(week - timedelta(days=364) for week in WEEKS),
        paired_by=(None,) * 6,
    )
    return replace(plain, **parts)


def a_target(**parts: Any) -> Line:
    plain = a_line(
        metric="orders_target", name="Target", role="target", weeks=(125.0,) * 6, months=(450.0,) * 12
    )
    return replace(plain, **parts)


def a_box(line: Line) -> Box:
    return Box(
        line.metric, line.name, line.unit, line.weeks[-1], UNKNOWN, UNKNOWN, None, UNKNOWN, None, UNKNOWN, None,
        UNKNOWN, UNKNOWN,
    )  # fmt: skip


def a_chart(*lines: Line, **parts: Any) -> SixTwelve:
    shown = lines or (a_line(),)
    boxes = tuple(a_box(line) for line in shown if line.role != "target")
    return replace(SixTwelve(AXIS, shown, boxes, two_axes=False), **parts)


def a_block(number: int = 1, chart: SixTwelve | None = None, **parts: Any) -> Block:
    plain = Block(
        number,
        "six_twelve",
        "Orders",
        "orders",
        "L01",
        "output",
        "Dana Reyes",
        "Orders placed.",
        chart or a_chart(),
    )
    return replace(plain, **parts)


def a_deck(*blocks: Block, **parts: Any) -> Deck:
    plain = Deck(
        "Wrenfield", "USD", "America/New_York", "company", "Weekly business review", WEEK, "wk 19", None, "",
        (Answer("customers", "What did our customers experience?", "94.2% of orders kept their promise."),),
        (Notice("late", "Phone wait has no data."), Notice("no_owner", "Pay-outs have no owner.")),
        (Section("Results", blocks or (a_block(),)),),
    )  # fmt: skip
    return replace(plain, **parts)
