"""Daily points against a metric's weekly limits, small, for the owner's daily look.

Source: wbr-method.md section 8, "The owner's daily page".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from metrics import text
from metrics.definitions import Unit

WIDTH, HEIGHT = 440.0, 96.0
LEFT, RIGHT, TOP, BOTTOM = 6.0, 54.0, 10.0, 18.0
BIG, SMALL = 2.6, 1.7  # Radius of a point outside and inside its limits.


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one week, as a day meets them: a total's limits divided by seven.

    Attributes:
        first, last: Days of the week.
        low, high: In the unit of a day.
    """

    first: date
    last: date
    low: float
    high: float


def days(
    name: str,
    points: Sequence[tuple[date, float | None]],
    limits: Sequence[Limits],
    unit: Unit,
    currency: str,
) -> str:
    """The chart as SVG.

    Args:
        name: Of the metric, for the text alternative.
        points: Days, oldest first; None where there is no value.
        limits: Weeks with an expected range; others show none.
        unit: Of the values.
        currency: ISO code.

    Returns:
        An SVG element; a sentence in a paragraph if there is no value at all.
    """
    known = [(d, v) for d, v in points if v is not None]
    if not known:
        return '<p class="w-quiet">No daily values in these weeks.</p>'
    values = [v for _, v in known] + [x for one in limits for x in (one.low, one.high)]
    low, high = min(values), max(values)
    if high == low:
        low, high = low - 1, high + 1
    first, last = points[0][0], points[-1][0]
    span = max((last - first).days, 1)

    def x(day: date) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (day - first).days / span

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    half = (WIDTH - LEFT - RIGHT) / span / 2
    bands = "".join(
        f'<rect class="expected" x="{x(max(one.first, first)) - half:.1f}" y="{y(one.high):.1f}" '
        f'width="{x(min(one.last, last)) - x(max(one.first, first)) + 2 * half:.1f}" '
        f'height="{max(y(one.low) - y(one.high), 1):.1f}"/>'
        for one in limits
        if one.last >= first and one.first <= last
    )
    line, before = "", None
    for day, value in points:
        if value is None:
            before = None
            continue
        line += f"{'L' if before else 'M'}{x(day):.1f} {y(value):.1f}"
        before = day
    of = {d: one for one in limits for d, _ in points if one.first <= d <= one.last}
    marks = ""
    outside = 0
    for day, value in known:
        range_ = of.get(day)
        out = range_ is not None and not range_.low <= value <= range_.high
        outside += out
        told = f"{text.day(day)}: {text.exact(value, unit, currency)}"
        marks += (
            f'<circle class="{"out" if out else "day"}" cx="{x(day):.1f}" cy="{y(value):.1f}" '
            f'r="{BIG if out else SMALL}"><title>{escape(told)}</title></circle>'
        )
    day, value = known[-1]
    newest = text.exact(value, unit, currency)
    label = f'<text class="last" x="{x(day) + 7:.1f}" y="{y(value) + 4:.1f}">{escape(newest)}</text>'
    under, right = HEIGHT - 4, WIDTH - RIGHT
    ends = (
        f'<text class="quiet" x="{LEFT}" y="{under}">{escape(text.day(first))}</text>'
        f'<text class="quiet end" x="{right}" y="{under}">{escape(text.day(last))}</text>'
    )
    count = text.counted(len(known), "day")
    said = f"{name}, {count} up to {text.day(day)}: {newest}; {outside} outside the limits"
    return (
        f'<svg class="w-days" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(said)}">'
        f'{bands}<path class="line" d="{line}"/>{marks}{label}{ends}</svg>'
    )
