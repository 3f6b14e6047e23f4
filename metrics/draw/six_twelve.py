"""The 6-12 chart as SVG: one pure function from its values to a string.

Six weeks left, twelve months right, a blank between them that no line crosses. Straight segments;
year earlier thin and pale behind; targets as markers only; incomplete points hollow, immature
ones half filled with a dotted way to them; every week's value printed. Last week's expected range
stands behind its point; a diamond surrounds the point of an exception, a circle that of a favourable
one, a thin circle that of a watch.

Source: wbr-method.md sections 2 and 6; DESIGN.md section 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape
from typing import Literal

from metrics import text
from metrics.draw.labels import GAP, LEVEL, Ground, Label, Mark, Rectangle, placed, spot, width
from metrics.draw.scale import INTERVALS, Scale, scale
from metrics.draw.style import rules_for
from metrics.history import Signal
from metrics.six_twelve import Line, SixTwelve, State

Palette = Literal["variables", "paper"]
Name = Literal["weeks", "months"]
Ring = Literal["alarm", "good", "watch"]  # exception, favourable exception, watch
HALVES: tuple[Name, ...] = ("weeks", "months")

# Print decides the proportions: two charts beside each other on a landscape page are 132 mm wide
# on Letter, where 10.5 units are 9 points, and twelve names of months need 20 units each.
WIDTH, HEIGHT = 436.0, 176.0
TOP, BOTTOM = 19.0, 142.0  # the highest and the lowest tick
NAMES = 166.0  # baseline of the names of weeks and months
FLOOR = 156.0  # lowest edge of a label
LEFT_EDGE, RIGHT_EDGE = 39.0, 400.0
WEEKS_LEFT, WEEKS_PITCH = 48.0, 18.2
MONTHS_LEFT, MONTHS_PITCH = 167.0, 20.4
OVERHANG = (12.0, 12.0)
XS = {
    "weeks": tuple(f"{WEEKS_LEFT + place * WEEKS_PITCH:.4g}" for place in range(6)),
    "months": tuple(f"{MONTHS_LEFT + place * MONTHS_PITCH:.4g}" for place in range(12)),
}
PAIR = "h12m-2.5 -2.5l2.5 2.5l-2.5 2.5m-7 -5l-2.5 2.5l2.5 2.5"  # two arrow heads on a line
RINGS: dict[Ring, str] = {  # Outlines about a point, from its middle.
    "alarm": "m-7.2 0l7.2 -7.2l7.2 7.2l-7.2 7.2z",
    "good": "m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0",
    "watch": "m-5.4 0a5.4 5.4 0 1 0 10.8 0a5.4 5.4 0 1 0-10.8 0",
}
AIR: dict[Ring, float] = {"alarm": 3.4, "good": 2.6, "watch": 1.8}  # What a ring adds to the way to a label.
REACH = 7.2
BAND = 9.0  # Width of the expected range.
BETWEEN = (WEEKS_LEFT + 5 * WEEKS_PITCH + MONTHS_LEFT) / 2


@dataclass(frozen=True, slots=True)
class Half:
    """One half of a chart, in heights: what its lines, markers and labels are drawn from.

    All tuples are one per place, None where there is nothing. `line` holds what is joined;
    `hollow` the points of incomplete periods. `expected` is the range of the last place, its upper
    end first; `ring` the mark of its point.
    """

    name: Name
    left: float
    pitch: float
    line: tuple[float | None, ...]
    states: tuple[State, ...]
    hollow: tuple[float | None, ...]
    before: tuple[float | None, ...]
    target: tuple[float | None, ...]
    second: tuple[float | None, ...]
    breaks: int | None
    expected: tuple[float, float] | None = None
    ring: Ring | None = None

    def x(self, place: int) -> float:
        """Middle of a place."""
        return self.left + place * self.pitch


def svg(
    chart: SixTwelve,
    *,
    key: str,
    currency: str = "USD",
    palette: Palette = "variables",
    places: Sequence[text.Place] | None = None,
    signal: Signal | None = None,
    told: str = "",
) -> str:
    """The chart as one `<svg>`.

    Args:
        chart: What it shows.
        key: Makes the ids of title and description unique on a page; letters, digits, `-`.
        currency: ISO code of amounts.
        palette: `variables` leaves colours to the page's stylesheet; `paper` carries its own.
        places: `text.places(chart, currency, signal, told)`, if the caller has them already; empty for a
            drawing that nobody points at.
        signal: What the engine says of the primary line's last week.
        told: The same in a sentence.
    """
    lines = {line.role: line for line in chart.lines}
    primary, second, target = lines["primary"], lines.get("secondary"), lines.get("target")
    filled = _told(primary)
    two = chart.two_axes and len(filled) == 2
    scales = _scales(chart, filled, two)
    apart = None
    if second is not None and second.unit != primary.unit:
        apart = scale((*second.weeks, *second.months), second.unit)
    halves = tuple(
        _half(name, primary, second, target if name in filled else None, scales[name], apart)
        for name in HALVES
    )
    if signal is not None:
        halves = (_judged(halves[0], signal, primary, scales["weeks"]), *halves[1:])
    rulings, walls = _rulings(scales, primary, two, currency)
    parts = [
        _head(primary, key, text.summary(chart, currency, signal, told), two, palette),
        rulings,
        _names(chart.axis.weeks, chart.axis.months),
        _pairs(primary.paired_by),
    ]
    printed: list[str] = []
    noted: list[str] = []
    for half in halves:
        parts.append(_drawn(half))
        values = primary.weeks if half.name == "weeks" else primary.months
        found = placed(_marks(half, values, primary, currency), _ground(half, walls))
        printed += _printed(found, half)
        taken = [label.box for label in found] + _about(half)
        if second is not None:
            printed += _last_of_second(second, half, currency, taken)
        if half.breaks is not None:
            noted.append(_broken(half, taken))
        noted += _notes(chart, half, taken)
    parts.append(f'<g class="labels">{"".join(printed)}</g>')
    if noted:
        parts.append(f'<g class="notes">{"".join(noted)}</g>')
    pointed = text.places(chart, currency, signal, told) if places is None else places
    if pointed:
        parts.append(_slots(pointed))
    parts.append("</svg>")
    if palette == "paper":
        parts.insert(1, f"<style>{rules_for(''.join(parts))}</style>")
    return "".join(parts)


def from_zero(chart: SixTwelve) -> bool:
    """Whether every scale that is written beside the chart starts at 0."""
    told = _told(chart.lines[0])
    return all(s.ticks[0] == 0 for s in _scales(chart, told, chart.two_axes and len(told) == 2).values())


# --- what is drawn from -----------------------------------------------------------------------


def _told(primary: Line) -> tuple[Name, ...]:
    """The halves in which the metric has any value; a monthly series has no weeks, only their targets."""
    weeks = (*primary.weeks, *primary.weeks_year_earlier, *primary.weeks_incomplete)
    months = (*primary.months, *primary.months_year_earlier)
    values = {"weeks": weeks, "months": months}
    return tuple(name for name in HALVES if any(v is not None for v in values[name]))


def _scales(chart: SixTwelve, told: Sequence[Name], two: bool) -> dict[Name, Scale]:
    primary = chart.lines[0]
    weeks: list[float | None] = [*primary.weeks_year_earlier]
    months: list[float | None] = [*primary.months_year_earlier]
    for line in chart.lines:
        if line.unit == primary.unit or line.role == "target":
            weeks += line.weeks
            months += line.months
    if two:
        return {"weeks": scale(weeks, primary.unit), "months": scale(months, primary.unit)}
    one = scale([*(weeks if "weeks" in told else ()), *(months if "months" in told else ())], primary.unit)
    return {"weeks": one, "months": one}


def _half(
    name: Name,
    primary: Line,
    second: Line | None,
    target: Line | None,
    own: Scale,
    apart: Scale | None,
) -> Half:
    weeks = name == "weeks"

    def heights(values: Sequence[float | None], by: Scale = own) -> tuple[float | None, ...]:
        low, per_unit = by.ticks[0], (BOTTOM - TOP) / (by.ticks[-1] - by.ticks[0])
        return tuple([None if v is None else BOTTOM - (v - low) * per_unit for v in values])

    nothing = (None,) * (6 if weeks else 12)
    states = primary.weeks_state if weeks else primary.months_state
    all_of = heights(primary.weeks if weeks else primary.months)
    unfinished = [why == "partial" for why in states]
    hollow = tuple(y if part else None for y, part in zip(all_of, unfinished, strict=True))
    if weeks:
        so_far = heights(primary.weeks_incomplete)
        # A sum of few days may lie far below all else: it stands on the floor and does not bend the scale.
        hollow = tuple(
            y if y is not None else None if s is None else min(max(s, TOP), BOTTOM + 4)
            for y, s in zip(hollow, so_far, strict=True)
        )
    return Half(
        name=name,
        left=WEEKS_LEFT if weeks else MONTHS_LEFT,
        pitch=WEEKS_PITCH if weeks else MONTHS_PITCH,
        line=tuple(None if part else y for y, part in zip(all_of, unfinished, strict=True)),
        states=states,
        hollow=hollow,
        before=heights(primary.weeks_year_earlier if weeks else primary.months_year_earlier),
        target=heights(target.weeks if weeks else target.months) if target else nothing,
        second=heights(second.weeks if weeks else second.months, apart or own) if second else nothing,
        breaks=primary.break_week if weeks else primary.break_month,
    )


def _judged(half: Half, signal: Signal, primary: Line, own: Scale) -> Half:
    """The weeks with the last one's expected range, cut where the chart ends, and its mark."""
    value, last = primary.weeks[-1], half.line[-1]
    if last is None or value is None:
        return half
    expected = None
    if signal.low is not None and signal.high is not None and signal.tier != "cannot_judge":
        share = value / signal.value if signal.value else 1.0  # Below 1 where the chart shows average days.
        low, per_unit = own.ticks[0], (BOTTOM - TOP) / (own.ticks[-1] - own.ticks[0])
        top, bottom = (BOTTOM - (end * share - low) * per_unit for end in (signal.high, signal.low))
        if top < BOTTOM and bottom > TOP:
            expected = max(top, TOP - 6), min(bottom, BOTTOM)
    ring: Ring | None = None
    if signal.tier == "exception":
        ring = "good" if signal.favourable else "alarm"
    elif signal.tier == "watch":
        ring = "watch"
    return replace(half, expected=expected, ring=ring)


def _about(half: Half) -> list[Rectangle]:
    """What the ring of the last point covers."""
    y = half.line[-1]
    if half.ring is None or y is None:
        return []
    x = half.x(len(half.line) - 1)
    return [(x - REACH, y - REACH, x + REACH, y + REACH)]


def _ground(half: Half, walls: tuple[Rectangle, ...]) -> Ground:
    others = (half.before, half.second)
    return Ground(half.left, half.pitch, half.line, others, half.target, 1.0, FLOOR, OVERHANG, walls)


def _marks(half: Half, values: Sequence[float | None], primary: Line, currency: str) -> list[Mark]:
    told = text.distinct_labels if half.name == "weeks" else text.labels
    words = told(values, primary.unit, currency)
    known = [place for place, y in enumerate(half.line) if y is not None]
    must = set(known)
    if half.name == "months" and known:
        ranked = sorted(known, key=lambda place: values[place] or 0.0)
        must = {known[0], known[-1], ranked[0], ranked[-1]}
    found = []
    for place, y in enumerate(half.line):
        if y is not None:
            air = AIR[half.ring] if half.ring is not None and place == len(half.line) - 1 else 0.0
            found.append(Mark(place, y, words[place], place in must, air))
        elif (point := half.hollow[place]) is not None and half.name == "weeks":
            present, expected = primary.weeks_days[place]
            found.append(Mark(place, point, f"{present}/{expected}", True))
        elif point is not None:
            found.append(Mark(place, point, words[place], True))
    return found


# --- the drawing ------------------------------------------------------------------------------


def _head(primary: Line, key: str, summary: str, two: bool, palette: Palette) -> str:
    alone = palette == "paper"
    space = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
    return (
        f'<svg{space} class="w-612{" two" if two else ""}" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-labelledby="{key}-t {key}-d">'
        f'<title id="{key}-t">{escape(primary.name)}</title><desc id="{key}-d">{escape(summary)}</desc>'
    )


def _rulings(
    scales: dict[Name, Scale], primary: Line, two: bool, currency: str
) -> tuple[str, tuple[Rectangle, ...]]:
    """Rulings and labels of the axes, and the rectangles those labels cover."""
    own = scales["weeks"]
    heights = [BOTTOM - (BOTTOM - TOP) * n / INTERVALS for n in range(INTERVALS + 1)]
    spans = ((LEFT_EDGE, BETWEEN - 6), (BETWEEN + 6, RIGHT_EDGE))
    grid = "".join(f"M{a:g} {y:.4g}H{b:g}" for y in heights for a, b in spans)
    left, right = LEFT_EDGE - 5, RIGHT_EDGE + 5
    parts = [f'<path class="grid" d="{grid}"/><g class="left{" ofweeks" if two else ""}">']
    walls: list[Rectangle] = []
    for y, words in zip(heights, text.axis(own.ticks, primary.unit, currency), strict=True):
        parts.append(f'<text x="{left:g}" y="{y + 3.7:.4g}">{words}</text>')
        walls.append((0.0, y - 4, left, y + 4))
    parts.append("</g>")
    if two:
        parts.append('<g class="right ofmonths">')
        for y, words in zip(heights, text.axis(scales["months"].ticks, primary.unit, currency), strict=True):
            parts.append(f'<text x="{right:g}" y="{y + 3.7:.4g}">{words}</text>')
            walls.append((right, y - 4, WIDTH, y + 4))
        parts.append("</g>")
    return "".join(parts), tuple(walls)


@lru_cache(maxsize=64)
def _names(weeks: tuple[str, ...], months: tuple[str, ...]) -> str:
    """The names under the chart, the same for all charts of a deck."""
    numbers = [name.removeprefix("wk").strip() or name for name in weeks]
    parts = [f'<g class="left"><text x="{LEFT_EDGE - 5:g}" y="{NAMES:g}">wk</text></g><g class="names">']
    parts += [
        f'<text x="{WEEKS_LEFT + i * WEEKS_PITCH:.4g}" y="{NAMES:g}">{escape(name)}</text>'
        for i, name in enumerate(numbers)
    ]
    parts += [
        f'<text x="{MONTHS_LEFT + i * MONTHS_PITCH:.4g}" y="{NAMES:g}">{escape(name)}</text>'
        for i, name in enumerate(months)
    ]
    return "".join([*parts, "</g>"])


def _pairs(paired_by: Sequence[str | None]) -> str:
    """A pair of arrows under each week that an event has paired anew."""
    drawn = "".join(
        f"M{WEEKS_LEFT + i * WEEKS_PITCH - 6:.4g} {NAMES + 6:g}{PAIR}"
        for i, event in enumerate(paired_by)
        if event
    )
    return f'<path class="pair" d="{drawn}"/>' if drawn else ""


def _drawn(half: Half) -> str:
    xs = XS[half.name]
    at = [None if y is None else f"{x} {y:.4g}" for x, y in zip(xs, half.line, strict=True)]
    to = list(at)
    if half.name == "months":  # a month to date goes on from the last whole one
        to = [
            f"{x} {y:.4g}" if a is None and y is not None else a
            for a, x, y in zip(at, xs, half.hollow, strict=True)
        ]
    sure: list[str] = []
    loose: list[str] = []
    joined = False
    for place in range(1, len(at)):
        a, b = at[place - 1], to[place]
        if a is None or b is None or place == half.breaks:
            joined = False
        elif "immature" in (half.states[place], half.states[place - 1]) or at[place] is None:
            loose.append(f"M{a}L{b}")
            joined = False
        else:
            sure.append(f"L{b}" if joined else f"M{a}L{b}")
            joined = True
    dots: list[str] = []
    rings: list[str] = []
    moons: list[str] = []
    for place, y in enumerate(half.line):
        if y is None:
            continue
        if half.states[place] == "immature":
            x = half.x(place)
            rings.append(f"M{x - 3.2:.4g} {y:.4g}a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0")
            moons.append(f"M{x:.4g} {y - 3.2:.4g}a3.2 3.2 0 0 0 0 6.4")
        else:
            dots.append(f"M{at[place]}h.01")
    hollow = [
        f"M{half.x(place) - 3:.4g} {y:.4g}a3 3 0 1 0 6 0a3 3 0 1 0-6 0"
        for place, y in enumerate(half.hollow)
        if y is not None
    ]
    nothing = [
        f"M{half.x(place) - 3:.4g} {BOTTOM - 5:g}h6"
        for place, why in enumerate(half.states)
        if why in ("missing", "undefined") and half.name == "weeks"
    ]
    targets = [
        f"M{x} {y - 3.2:.4g}l3.4 5.8h-6.8z" for x, y in zip(xs, half.target, strict=True) if y is not None
    ]
    final = half.x(len(half.line) - 1)
    band = ring = ""
    if half.expected is not None:
        top, bottom = half.expected
        band = f"M{final - BAND / 2:.4g} {top:.4g}h{BAND:g}V{bottom:.4g}h-{BAND:g}z"
    if half.ring is not None:
        ring = f"M{final:.4g} {half.line[-1]:.4g}{RINGS[half.ring]}"
    layers = (
        ("band", [band]),
        ("pair", nothing),
        ("before", [_joined(half.before, half, None)]),
        ("second", [_joined(half.second, half, half.breaks)]),
        ("target", targets),
        ("now", sure),
        ("loose", loose),
        ("dots", dots),
        ("hollow", hollow),
        ("soft", rings),
        ("moon", moons),
        (half.ring or "", [ring]),
    )
    drawn = "".join(f'<path class="{name}" d="{d}"/>' for name, pieces in layers if (d := "".join(pieces)))
    return f'<g class="{half.name}">{drawn}</g>'


def _joined(heights: Sequence[float | None], half: Half, breaks: int | None) -> str:
    """Straight segments through the known points; a lone point is a short dash."""
    parts: list[str] = []
    down = False
    final = len(heights) - 1
    for place, (x, y) in enumerate(zip(XS[half.name], heights, strict=True)):
        if y is None:
            down = False
            continue
        if place == breaks:
            down = False
        if down:
            parts.append(f"L{x} {y:.4g}")
        elif place == final or heights[place + 1] is None:
            parts.append(f"M{half.x(place) - 4:.4g} {y:.4g}h8")
        else:
            parts.append(f"M{x} {y:.4g}")
        down = True
    return "".join(parts)


def _printed(found: Sequence[Label], half: Half) -> list[str]:
    last = max((label.place for label in found), default=-1)
    parts = []
    for label in found:
        unsure = half.line[label.place] is None or half.states[label.place] == "immature"
        kind = ' class="unsure"' if unsure else ' class="last"' if label.place == last else ""
        parts.append(f'<text x="{label.x:.4g}" y="{label.y:.4g}"{kind}>{escape(label.words)}</text>')
    return parts


def _last_of_second(second: Line, half: Half, currency: str, taken: list[Rectangle]) -> list[str]:
    known = [place for place, y in enumerate(half.second) if y is not None]
    if not known:
        return []
    place = known[-1]
    values = second.weeks if half.name == "weeks" else second.months
    words = text.labels((values[place],), second.unit, currency)[0]
    y, wide = half.second[place] or 0.0, width(words)
    x = half.x(place) + (12.0 if half.name == "weeks" else 7.0) - wide / 2
    ways = [
        way
        for way in (y - 9, y + 9, y - 9 - LEVEL, y + 9 + LEVEL, y - 28, y + 28, y - 38, y + 38)
        if 5 < way < FLOOR - 4
    ]
    points = [
        (half.x(near) - 4, height - 4, half.x(near) + 4, height + 4)
        for near, height in enumerate(half.line)
        if height is not None and near >= len(half.line) - 3
    ]
    at, box = spot(x, ways or [y], wide, 8.4, [*taken, *points])
    taken.append(box)
    return [f'<text x="{x:.4g}" y="{at + 3.8:.4g}" class="ofsecond">{escape(words)}</text>']


def _broken(half: Half, taken: list[Rectangle]) -> str:
    """A thin double line before the first place of a new definition, and the words."""
    x = half.x(half.breaks or 0) - half.pitch / 2
    words = "new definition"
    wide = width(words)
    right = half.x(len(half.line) - 1) + 8
    ways = []
    for y in (8.0, BOTTOM - 4, FLOOR - 5):
        if x + 5 + wide < max(right, BETWEEN + 40):
            ways.append((x + 4 + wide / 2, y))
        if x - 5 - wide > (LEFT_EDGE if half.name == "weeks" else BETWEEN - 30):
            ways.append((x - 4 - wide / 2, y))
    middle, y = min(
        ways or [(x + 4 + wide / 2, 8.0)],
        key=lambda way: _met((way[0] - wide / 2, way[1] - 5, way[0] + wide / 2, way[1] + 5), taken),
    )
    taken.append((middle - wide / 2, y - 5, middle + wide / 2, y + 5))
    return (
        f'<path class="break" d="M{x - 1.1:.4g} 3V{BOTTOM + 8:g}M{x + 1.1:.4g} 3V{BOTTOM + 8:g}"/>'
        f'<text x="{middle:.4g}" y="{y + 3.6:.4g}">{words}</text>'
    )


def _met(box: Rectangle, taken: Sequence[Rectangle]) -> int:
    return sum(
        box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in taken
    )


def _notes(chart: SixTwelve, half: Half, taken: list[Rectangle]) -> list[str]:
    """Numbers of the annotations in small rings beside their points."""
    numbers: dict[int, list[int]] = {}
    for note in chart.annotations:
        place = note.week if half.name == "weeks" else note.month
        if place is not None:
            numbers.setdefault(place, []).append(note.number)
    parts = []
    for place, own in numbers.items():
        words = ",".join(map(str, own[:3])) + ("…" if len(own) > 3 else "")
        point = half.line[place] if half.line[place] is not None else half.hollow[place]
        y = BOTTOM - 14 if point is None else point
        wide = max(width(words) + 6.5, 13.0)
        steps = (GAP + 8, -GAP - 8, 22.0, -22.0, 32.0, -32.0, 42.0, -42.0)
        ways = [y + step for step in steps if 8 <= y + step <= FLOOR - 5] or [y]
        x = min(max(half.x(place), wide / 2 + 1), WIDTH - wide / 2 - 1)
        at, box = spot(x, ways, wide, 13.0, taken)
        taken.append(box)
        parts.append(
            f'<rect class="note" x="{x - wide / 2:.4g}" y="{at - 6.5:.4g}" width="{wide:.4g}" height="13" '
            'rx="6.5"/>'
            f'<text x="{x:.4g}" y="{at + 3.7:.4g}">{words}</text>'
        )
    return parts


def _columns() -> tuple[str, ...]:
    places = [(WEEKS_LEFT + i * WEEKS_PITCH, WEEKS_PITCH) for i in range(6)]
    places += [(MONTHS_LEFT + i * MONTHS_PITCH, MONTHS_PITCH) for i in range(12)]
    return tuple(
        f'<rect class="slot" x="{x - pitch / 2:.4g}" y="0" width="{pitch:g}" height="{HEIGHT:g}"><title>'
        for x, pitch in places
    )


COLUMNS = _columns()


def _slots(places: Sequence[text.Place]) -> str:
    """One column per place to point at; its title is the whole reading."""
    parts = []
    for column, place in zip(COLUMNS, places, strict=True):
        told = "\n".join([place.when, *[f"{what}: {reading}" for what, reading in place.facts]])
        parts.append(f"{column}{escape(told, quote=False)}</title></rect>")
    return f'<g class="slots">{"".join(parts)}</g>'
