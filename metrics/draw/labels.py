"""Where the values of a line are printed: beside their points, off the line and off each other.

The choice is made for a whole half of a chart at once (the cheapest path through the candidates
of neighbouring points), so it is the same on every machine.

Source: wbr-method.md section 2, row Values on the line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

FONT_SIZE = 10.5
RISE = 7.7  # height of a figure at this size
GAP = 5.2  # from the middle of a point to its label
LEVEL = 9.6  # one line of labels
LEAST_AIR = 3.0  # between two labels on one line
STEEP = 9.0  # from a point to both its neighbours: its label may stand beside it
NOT_SHOWN = 2.0  # what a label is worth that need not show: less than covering the line

# Widths of the figures in Arial, in ems; the other faces of the stack are about as wide.
DIGIT, STOP, SIGN = 0.556, 0.278, 0.584
_LAST = {"%": 0.889, "M": 0.833, "K": 0.667, "B": 0.667, "T": 0.611}

COLLISION = 60.0  # what it costs to print one label over another
NEAR_AXIS = 9.0  # beyond the first or the last place
MOST = 5  # candidates of one label that are worth weighing against its neighbours
CLEAN = 2.4  # a label that costs less covers nothing of its line

Heights = Sequence[float | None]
Rectangle = tuple[float, float, float, float]  # left, top, right, bottom
Candidate = tuple[float, float, float, Rectangle, "Mark"]  # cost, middle, baseline, what it covers, of what
Lane = tuple[
    Heights, list[tuple[float, float] | None], bool
]  # a line, where it runs, whether labels are its own
Look = Literal["nearest", "around", "anywhere"]  # how far from its point a label may be
Path = tuple[float, "Path | None", Candidate | None]  # cost so far, the path before, its last label


def width(words: str) -> float:
    """About how wide a label is, in the units of the drawing."""
    if not words:
        return 0.0
    ems = (
        len(words) * DIGIT
        - (words.count(".") + words.count(",")) * (DIGIT - STOP)
        + _LAST.get(words[-1], DIGIT)
    )
    return FONT_SIZE * (ems - DIGIT)


@dataclass(frozen=True, slots=True)
class Mark:
    """A value to print: its place in the half, the height of its point, and whether it must show."""

    place: int
    height: float
    words: str
    must: bool


@dataclass(frozen=True, slots=True)
class Label:
    """A printed value: the middle of its baseline, and the rectangle it covers."""

    place: int
    x: float
    y: float
    words: str
    box: Rectangle


@dataclass(frozen=True, slots=True)
class Ground:
    """What the labels of one half have to keep clear of. Heights are one per place, None in gaps.

    Attributes:
        left: Middle of the first place.
        pitch: From one place to the next.
        line: The line the labels belong to.
        others: Paler lines, better not covered.
        marks: Target markers.
        top, bottom: Where labels may stand.
        overhang: How far labels may reach beyond the first and the last place.
        walls: Labels of the axes, which those of the outer places may meet.
    """

    left: float
    pitch: float
    line: Heights
    others: tuple[Heights, ...]
    marks: Heights
    top: float
    bottom: float
    overhang: tuple[float, float]
    walls: tuple[Rectangle, ...] = ()


def overlap(a: Rectangle, b: Rectangle) -> bool:
    """Do two rectangles come closer than labels should?"""
    return a[0] < b[2] + LEAST_AIR and b[0] < a[2] + LEAST_AIR and a[1] < b[3] and b[1] < a[3]


def placed(marks: Sequence[Mark], ground: Ground) -> tuple[Label, ...]:
    """The labels of one half, oldest first; those that need not show are left out where they do not fit."""
    labels: tuple[Label, ...] = ()
    looks: tuple[Look, ...] = ("nearest", "around", "anywhere")
    if all(mark.must for mark in marks):
        looks = looks[1:]
    for look in looks:
        cost, labels = _chosen(marks, ground, look)
        if cost < COLLISION:
            break
    return labels


def _chosen(marks: Sequence[Mark], ground: Ground, look: Look) -> tuple[float, tuple[Label, ...]]:
    """The cheapest way through the candidates; a label can only meet the two before it."""
    nobody: Path = (0.0, None, None)
    best = [nobody]
    lanes = [_lane(ground.line, True), *(_lane(line, False) for line in ground.others if any(line))]
    for mark in marks:
        candidates = _candidates(mark, ground, lanes, look)
        grown: list[Path] = []
        if not mark.must:
            candidates = [c for c in candidates if c[0] < NOT_SHOWN]
            without = min(best, key=_cost)
            grown.append((without[0] + NOT_SHOWN, without[1], without[2]))
        kept_of = 99 if look == "anywhere" else MOST if mark.must else 2
        if len(candidates) > kept_of:
            candidates = sorted(candidates, key=_price)[:kept_of]
        for candidate in candidates:
            left, top, right, bottom = candidate[3]
            left, top, right, bottom = left - LEAST_AIR, top - 1, right + LEAST_AIR, bottom + 1
            least, kept = 1e9, nobody
            for path in best:
                spent, earlier = path[0], path
                for _ in (1, 2):
                    if (label := earlier[2]) is None or earlier[1] is None:
                        break
                    other = label[3]
                    if other[2] > left and other[0] < right and other[1] < bottom and top < other[3]:
                        spent += COLLISION
                    earlier = earlier[1]
                if spent < least:
                    least, kept = spent, path
            grown.append((least + candidate[0], kept, candidate))
        best = grown
    end: Path | None = min(best, key=_cost)
    cost = end[0] if end else 0.0
    labels: list[Label] = []
    while end is not None and end[2] is not None:
        _, x, y, box, mark = end[2]
        labels.append(Label(mark.place, x, y, mark.words, box))
        end = end[1]
    return cost, tuple(reversed(labels))


def _cost(path: Path) -> float:
    return path[0]


def _price(candidate: Candidate) -> float:
    return candidate[0]


def _candidates(mark: Mark, ground: Ground, lanes: Sequence[Lane], look: Look) -> list[Candidate]:
    place, y, pitch, line = mark.place, mark.height, ground.pitch, ground.line
    wide = width(mark.words)
    centre = ground.left + place * pitch
    final = len(line) - 1
    outer = place in (0, final)
    if outer:
        centre = max(centre, ground.left - ground.overhang[0] + wide / 2)
        centre = min(centre, ground.left + final * pitch + ground.overhang[1] - wide / 2)
    before, after = _beside(place, line, y)
    peak = (y <= before) + (y <= after)  # drawn downwards: a smaller height is a higher point
    above, below = (0.0, 1.6) if peak == 2 else (1.6, 0.0) if peak == 0 else (0.4, 0.6)
    up, down = y - GAP, y + GAP + RISE
    tried = [(centre, up, above), (centre, down, below)]
    if outer and ground.walls:
        inward = centre + (9.0 if place == 0 else -9.0)  # clear of the axis
        tried += [(inward, up, above + 1.2), (inward, down, below + 1.2)]
    found = _priced(tried, mark, wide, ground, lanes)
    over, under = found[0][0] <= CLEAN, found[1][0] <= CLEAN
    if over and under and look != "anywhere":
        return found
    slope = 1.0 if before > after else -1.0  # over a rising line to the left, under it to the right
    aside = slope * min(wide * 0.36, pitch * 0.42)
    upward, downward = over or not under, under or not over
    tried = []
    if not outer and (look != "nearest" or not (over or under)):
        if upward:
            tried += [(centre - aside, up + 0.8, above + 1.0), (centre + aside, up + 0.8, above + 1.2)]
        if downward:
            tried += [(centre + aside, down - 0.8, below + 1.0), (centre - aside, down - 0.8, below + 1.2)]
        if upward and downward and abs(before - y) > STEEP and abs(after - y) > STEEP:
            beyond = slope * (wide / 2 + 1)
            tried += [(centre - beyond, y - 2.0, 1.8), (centre + beyond, y + RISE + 2.0, 1.9)]
    if look != "nearest" and upward:
        tried.append((centre, up - LEVEL, above + 3.0))
    if look != "nearest" and downward:
        tried.append((centre, down + LEVEL, below + 3.0))
    if look == "anywhere":
        tried += [(centre, up - 2 * LEVEL, above + 6.0), (centre, down + 2 * LEVEL, below + 6.0)]
    return found + _priced(tried, mark, wide, ground, lanes)


def _priced(
    tried: Sequence[tuple[float, float, float]],
    mark: Mark,
    wide: float,
    ground: Ground,
    lanes: Sequence[Lane],
) -> list[Candidate]:
    """Candidates from (middle, baseline, own cost): what each covers is added to its cost."""
    place, pitch = mark.place, ground.pitch
    middle, half = ground.left + place * pitch, wide / 2
    marks = [
        (middle + (near - place) * pitch, height)
        for near, height in enumerate(ground.marks[max(place - 2, 0) : place + 3], max(place - 2, 0))
        if height is not None
    ]
    start, end = ground.left - NEAR_AXIS, ground.left + (len(ground.line) - 1) * pitch + NEAR_AXIS
    found: list[Candidate] = []
    for x, baseline, own in tried:
        cost = own
        left, top, right, bottom = x - half, baseline - RISE, x + half, baseline + 0.6
        if top < ground.top or bottom > ground.bottom:
            cost += 25.0
        for line, swathes, primary in lanes:
            swathe = swathes[place]
            if swathe is None or swathe[0] >= bottom or swathe[1] <= top:
                continue
            high, low = _reach(line, place, middle - left, right - middle, pitch)
            if low > top and high < bottom:
                covered = (bottom if bottom < low else low) - (top if top > high else high)
                cost += (2.5 + 0.6 * covered) if primary else 0.5 + 0.1 * covered
        for away, height in marks:
            if top - 3 < height < bottom + 3 and left - 3 < away < right + 3:
                cost += 3.0
        box = (left, top, right, bottom)
        if left < start or right > end:
            cost += 6.0 * any(overlap(box, wall) for wall in ground.walls)
        found.append((cost, x, baseline, box, mark))
    return found


def _lane(line: Heights, primary: bool) -> Lane:
    """A line with the heights it runs through near each place: as far as a label reaches, or farther."""
    swathes: list[tuple[float, float] | None] = []
    for place, y in enumerate(line):
        if y is None:
            swathes.append(None)
            continue
        near = [h for h in line[max(place - 2, 0) : place + 3] if h is not None]
        swathes.append((min(near), max(near)))
    return line, swathes, primary


def _beside(place: int, line: Heights, own: float) -> tuple[float, float]:
    """Heights of the neighbours; a missing one is as high as the point itself."""
    before = line[place - 1] if place else None
    after = line[place + 1] if place + 1 < len(line) else None
    return (own if before is None else before, own if after is None else after)


def _reach(line: Heights, place: int, back: float, on: float, pitch: float) -> tuple[float, float]:
    """Highest and lowest height of a line from `back` before a known place of it to `on` after it."""
    own = line[place]
    high = low = 0.0 if own is None else own
    for step, rest in ((-1, back), (1, on)):
        here, a = place, high if own is None else own
        while rest > 0 and 0 <= (here := here + step) < len(line):
            b = line[here]
            if b is None:
                break
            end = b if rest >= pitch else a + (b - a) * rest / pitch
            if end < high:
                high = end
            elif end > low:
                low = end
            a = b
            rest -= pitch
    return high, low


def spot(
    x: float, ways: Sequence[float], wide: float, tall: float, taken: Sequence[Rectangle]
) -> tuple[float, Rectangle]:
    """The first of `ways` (heights of a middle) at which a box meets none of `taken`, else the least bad."""
    found: tuple[int, float, Rectangle] | None = None
    for y in ways:
        box = (x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2)
        met = sum(overlap(box, other) for other in taken)
        if found is None or met < found[0]:
            found = (met, y, box)
        if not met:
            break
    if found is None:
        raise ValueError("A spot needs at least one way; pass heights to try.")
    return found[1], found[2]
