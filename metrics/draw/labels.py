"""Where the values of a line are printed: beside their points, off the line and off each other.

The choice is made for a whole half of a chart at once (the cheapest path through the candidates
of neighbouring points), so it is the same on every machine.

Source: wbr-method.md section 2, row Values on the line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

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
# a line, where it runs, whether labels are its own
Chain = tuple[Candidate, "Chain | None"]  # the last label of a path, and those before it
Path = tuple[float, Rectangle, Rectangle, Chain | None]  # cost so far, the last two rectangles, all labels
NOWHERE: Rectangle = (-1e9, -1e9, -1e9, -1e9)


@lru_cache(maxsize=8192)
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
    """A value to print: its place in the half, the height of its point, and whether it must show.

    `air` is how much farther from the point it stands, because a mark surrounds the point.
    """

    place: int
    height: float
    words: str
    must: bool
    air: float = 0.0


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
    lines = [ground.line, *(line for line in ground.others if any(line))]
    near = [_near(mark, ground, lines) for mark in marks]
    best = [min(candidates, key=_price) for candidates in near]
    choices = []
    for n, (mark, candidates) in enumerate(zip(marks, near, strict=True)):
        if not mark.must:
            choices.append([c for c in candidates if c[0] < NOT_SHOWN])
            continue
        box = best[n][3]
        met = any(overlap(box, other[3]) for other in (*best[max(n - 1, 0) : n], *best[n + 1 : n + 2]))
        if met or best[n][0] > CLEAN:
            candidates = sorted(candidates + _around(mark, ground, lines, candidates), key=_price)[:MOST]
        choices.append(candidates)
    cost, labels = _cheapest(marks, choices)
    if cost < COLLISION and not _met(labels):
        return labels
    choices = [
        [*candidates, *_around(mark, ground, lines, candidates), *_far(mark, ground, lines)]
        for mark, candidates in zip(marks, near, strict=True)
    ]
    cost, labels = _cheapest(marks, choices)
    return labels if cost < COLLISION and not _met(labels) else _cheapest(marks, choices, exact=True)[1]


def _met(labels: Sequence[Label]) -> bool:
    """Whether two labels three places apart meet: both stand beside their points, towards each other."""
    return any(overlap(one.box, other.box) for one, other in zip(labels, labels[3:], strict=False))


def _cheapest(
    marks: Sequence[Mark], choices: Sequence[list[Candidate]], *, exact: bool = False
) -> tuple[float, tuple[Label, ...]]:
    """The cheapest way through the candidates, and its cost; a label seldom meets any but the two before it.

    Args:
        marks: What is printed, oldest first.
        choices: Candidates of each.
        exact: Keep a way for each pair of last labels, and look at the three before. It takes far longer, and
            finds the few ways out that the quick search passes by.
    """
    best: list[Path] = [(0.0, NOWHERE, NOWHERE, None)]
    for mark, candidates in zip(marks, choices, strict=True):
        grown: list[Path] = []
        if not mark.must:
            cost, one, two, chain = min(best, key=_cost)
            grown.append((cost + NOT_SHOWN, one, two, chain))
        for candidate in candidates:
            box = candidate[3]
            left, top, right, bottom = box[0] - LEAST_AIR, box[1] - 1, box[2] + LEAST_AIR, box[3] + 1
            least, kept = 1e9, best[0]
            pairs: dict[tuple[Rectangle, Rectangle], Path] = {}
            for path in best:
                spent, one, two, _ = path
                if one[2] > left and one[0] < right and one[1] < bottom and top < one[3]:
                    spent += COLLISION
                if two[2] > left and two[0] < right and two[1] < bottom and top < two[3]:
                    spent += COLLISION
                if spent < least:
                    least, kept = spent, path
                if exact:
                    third = _third(path[3])
                    if third[2] > left and third[0] < right and third[1] < bottom and top < third[3]:
                        spent += COLLISION
                    if (one, two) not in pairs or spent < pairs[one, two][0]:
                        pairs[one, two] = (spent, *path[1:])
            if exact:
                grown += [
                    (spent + candidate[0], box, one, (candidate, chain))
                    for spent, one, _, chain in pairs.values()
                ]
                continue
            grown.append((least + candidate[0], box, kept[1], (candidate, kept[3])))
        best = grown
    cost, _, _, chain = min(best, key=_cost)
    labels: list[Label] = []
    while chain is not None:
        (_, x, y, box, mark), chain = chain
        labels.append(Label(mark.place, x, y, mark.words, box))
    return cost, tuple(reversed(labels))


def _third(chain: Chain | None) -> Rectangle:
    """The rectangle of the last label but two."""
    for _ in range(2):
        chain = chain[1] if chain else None
    return chain[0][3] if chain else NOWHERE


def _cost(path: Path) -> float:
    return path[0]


def _price(candidate: Candidate) -> float:
    return candidate[0]


def _centre(mark: Mark, ground: Ground) -> float:
    """The middle of a label: its place's, but for the outer ones, which keep within the half."""
    middle, final = ground.left + mark.place * ground.pitch, len(ground.line) - 1
    if 0 < mark.place < final:
        return middle
    half = width(mark.words) / 2
    return min(
        max(middle, ground.left - ground.overhang[0] + half),
        ground.left + final * ground.pitch + ground.overhang[1] - half,
    )


def _leaning(before: float, y: float, after: float) -> tuple[float, float]:
    """What it costs to stand above and below: a peak is labelled above, a dip below."""
    peak = (y <= before) + (y <= after)  # drawn downwards: a smaller height is a higher point
    return (0.0, 1.6) if peak == 2 else (1.6, 0.0) if peak == 0 else (0.4, 0.6)


def _near(mark: Mark, ground: Ground, lines: Sequence[Heights]) -> list[Candidate]:
    """The first candidates: above and below the point; for the outer ones also a little inwards."""
    place, y, centre = mark.place, mark.height, _centre(mark, ground)
    above, below = _leaning(*_beside(place, ground.line, y))
    up, down = y - GAP - mark.air, y + GAP + RISE + mark.air
    tried = [(centre, up, above), (centre, down, below)]
    if ground.walls and place in (0, len(ground.line) - 1):
        inward = centre + (9.0 if place == 0 else -9.0)  # clear of the axis
        tried += [(inward, up, above + 1.2), (inward, down, below + 1.2)]
    return _priced(tried, mark, ground, lines)


def _around(
    mark: Mark, ground: Ground, lines: Sequence[Heights], near: Sequence[Candidate]
) -> list[Candidate]:
    """Further candidates on the clean side of the line, or on both: aside, beside, one line farther."""
    place, y, centre = mark.place, mark.height, _centre(mark, ground)
    before, _, after = _beside(place, ground.line, y)
    above, below = _leaning(before, y, after)
    up, down, wide = y - GAP - mark.air, y + GAP + RISE + mark.air, width(mark.words)
    over, under = near[0][0] <= CLEAN, near[1][0] <= CLEAN
    upward, downward = over or not under, under or not over
    slope = 1.0 if before > after else -1.0  # over a rising line to the left, under it to the right
    aside = slope * min(wide * 0.36, ground.pitch * 0.42)
    tried = []
    if upward:
        tried.append((centre, up - LEVEL, above + 3.0))
    if downward:
        tried.append((centre, down + LEVEL, below + 3.0))
    if 0 < place < len(ground.line) - 1:
        if upward:
            tried += [(centre - aside, up + 0.8, above + 1.0), (centre + aside, up + 0.8, above + 1.2)]
        if downward:
            tried += [(centre + aside, down - 0.8, below + 1.0), (centre - aside, down - 0.8, below + 1.2)]
        if upward and downward and abs(before - y) > STEEP and abs(after - y) > STEEP:
            beyond = slope * (wide / 2 + 1)
            tried += [(centre - beyond, y - 2.0, 1.8), (centre + beyond, y + RISE + 2.0, 1.9)]
    return _priced(tried, mark, ground, lines)


def _far(mark: Mark, ground: Ground, lines: Sequence[Heights]) -> list[Candidate]:
    """Last resorts: one and two lines farther on either side."""
    up, down = mark.height - GAP - mark.air, mark.height + GAP + RISE + mark.air
    centre = _centre(mark, ground)
    tried = [(centre, way, cost) for way, cost in (
        (up - LEVEL, 4.0), (down + LEVEL, 4.0), (up - 2 * LEVEL, 7.0), (down + 2 * LEVEL, 7.0)
    )]  # fmt: skip
    return _priced(tried, mark, ground, lines)


def _priced(
    tried: Sequence[tuple[float, float, float]], mark: Mark, ground: Ground, lines: Sequence[Heights]
) -> list[Candidate]:
    """Candidates from (middle, baseline, own cost): what each covers is added to its cost."""
    place, pitch, marks = mark.place, ground.pitch, ground.marks
    middle, half = ground.left + place * pitch, width(mark.words) / 2
    start, end = ground.left - NEAR_AXIS, ground.left + (len(marks) - 1) * pitch + NEAR_AXIS
    near = [
        (line, line is ground.line, *_beside(place, line, here))
        for line in lines
        if (here := line[place]) is not None
    ]
    nearest = place - 2 if place > 2 else 0
    found: list[Candidate] = []
    for x, baseline, own in tried:
        cost = own
        left, top, right, bottom = x - half, baseline - RISE, x + half, baseline + 0.6
        if top < ground.top or bottom > ground.bottom:
            cost += 25.0
        back, on = middle - left, right - middle
        for line, primary, before, here, after in near:
            if 0 <= back <= pitch and 0 <= on <= pitch:
                if here > bottom and before > bottom and after > bottom:
                    continue
                if here < top and before < top and after < top:
                    continue
                a, b = here + (before - here) * back / pitch, here + (after - here) * on / pitch
                high = (a if a < here else here) if a < b else (b if b < here else here)
                low = (b if b > here else here) if a < b else (a if a > here else here)
            else:
                high, low = _reach(line, place, back, on, pitch)
            if low > top and high < bottom:
                covered = (bottom if bottom < low else low) - (top if top > high else high)
                cost += (2.5 + 0.6 * covered) if primary else 0.5 + 0.1 * covered
        away = ground.left + (nearest - 1) * pitch
        for height in marks[nearest : place + 3]:
            away += pitch
            if height is not None and top - 3 < height < bottom + 3 and left - 3 < away < right + 3:
                cost += 3.0
        box = (left, top, right, bottom)
        if left < start or right > end:
            for wall in ground.walls:
                if overlap(box, wall):
                    cost += 6.0
        found.append((cost, x, baseline, box, mark))
    return found


def _beside(place: int, line: Heights, here: float) -> tuple[float, float, float]:
    """Heights of the place before, of this one and of the one after; a missing one is as high as this."""
    before = line[place - 1] if place else None
    after = line[place + 1] if place + 1 < len(line) else None
    return here if before is None else before, here, here if after is None else after


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
