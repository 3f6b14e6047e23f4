"""How long the pictures of a deck take, and how large they are: 500 charts as SVG, 500 as one HTML file.

Run: `python benchmarks/draw.py [CHARTS]`. Needs no store; the values are made here.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from math import sin
from time import perf_counter
from typing import TypeVar

from metrics.deck import Answer, Block, Deck, Section
from metrics.draw import six_twelve
from metrics.export import html
from metrics.six_twelve import Axis, Box, Change, Line, SixTwelve
from metrics.text import dates

Made = TypeVar("Made")

WEEK = date(2026, 5, 9)
LEVELS = (6.5e6, 12.9e6, 0.0295, 0.9993, 21.4, 190e3, 2350.0, 4.31)
UNITS = ("count", "currency", "fraction", "fraction", "hours", "count", "milliseconds", "score")
GOAL_SVG, GOAL_HTML = 0.5, 1.0  # seconds for 500 charts


def axis() -> Axis:
    weeks = tuple(WEEK - timedelta(weeks=back) for back in range(5, -1, -1))
    firsts = [date(2025 + (4 + i) // 12, (4 + i) % 12 + 1, 1) for i in range(13)]
    ends = tuple(first - timedelta(days=1) for first in firsts[1:])
    names = tuple(dates.MONTHS[end.month - 1] for end in ends)
    return Axis(tuple(f"wk {n}" for n in range(14, 20)), names, weeks, ends, "trailing_twelve_months")


def chart(number: int, places: Axis) -> SixTwelve:
    level, unit = LEVELS[number % 8], UNITS[number % 8]
    months = level * (4.3 if unit in ("count", "currency") else 1.0)
    line = Line(
        metric=f"metric_{number}",
        name=f"Metric {number}",
        role="primary",
        unit=unit,
        weeks=tuple(level * (1 + 0.02 * sin(number + 2 * i)) for i in range(6)),
        weeks_year_earlier=tuple(level * (0.93 + 0.02 * sin(number + i)) for i in range(6)),
        months=tuple(months * (1 + 0.05 * sin(number + 0.7 * i)) for i in range(12)),
        months_year_earlier=tuple(months * (0.93 + 0.05 * sin(number + 0.6 * i)) for i in range(12)),
        weeks_state=("complete",) * 6,
        months_state=("complete",) * 12,
        weeks_days=((7, 7),) * 6,
        months_days=((30, 30),) * 12,
        compared_with=tuple(end - timedelta(days=364) for end in places.week_endings),
        paired_by=(None,) * 6,
    )
    target = replace(
        line,
        name="Target",
        role="target",
        weeks=(level * 1.01,) * 6,
        months=(months * 1.01,) * 12,
    )
    moved = Change(0.023, "percent", True, None, level * 0.023)
    box = Box(
        line.metric, line.name, unit, level, moved, moved, level, moved, level, moved, level, moved, moved
    )
    return SixTwelve(places, (line, target), (box,), two_axes=months > 3 * level)


def deck(charts: list[SixTwelve]) -> Deck:
    blocks = [
        Block(
            n,
            "six_twelve",
            f"Metric number {n}",
            metric=drawn.lines[0].metric,
            metric_kind="input",
            owner="Ravi Menon",
            chart=drawn,
        )
        for n, drawn in enumerate(charts, 1)
    ]
    sections = tuple(
        Section(f"Section {n // 10 + 1}", tuple(blocks[n : n + 10])) for n in range(0, len(blocks), 10)
    )
    answers = (
        Answer("customers", "What did our customers experience?", "94.2% of orders kept their promise."),
    )
    return Deck(
        "Wrenfield",
        "USD",
        "UTC",
        "company",
        "Weekly business review",
        WEEK,
        "wk 19",
        None,
        "",
        answers,
        (),
        sections,
    )


def best_of_five(work: Callable[[], Made]) -> tuple[float, Made]:
    """Least seconds of five runs, and the last result: the machine may be busy with something else."""
    taken = []
    for _ in range(5):
        started = perf_counter()
        made = work()
        taken.append(perf_counter() - started)
    return min(taken), made


def main(count: int = 500) -> None:
    places = axis()
    charts = [chart(n, places) for n in range(count)]
    six_twelve.svg(charts[0], key="warm")
    svg, drawn = best_of_five(lambda: [six_twelve.svg(c, key=f"b{n}") for n, c in enumerate(charts)])
    bytes_of = sum(len(s.encode()) for s in drawn)
    whole = deck(charts)
    file, page = best_of_five(lambda: html.document(whole))
    share = count / 500
    for what, taken, allowed, size in (
        ("to SVG", svg, GOAL_SVG * share, f"{bytes_of / count / 1e3:.1f} KB each"),
        ("as HTML", file, GOAL_HTML * share, f"{len(page.encode()) / 1e6:.2f} MB"),
    ):
        told = f"{taken:.3f} s, {taken / count * 1e3:.2f} ms each, {size}"
        print(f"{count} charts {what}: {told}; {taken / allowed:.2f} of the time allowed")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
