"""A goal's way through its period as a small SVG: what has come, the plan, and where it may land.

Colours are the deck's: now, target, and the wedge of the 80% range in the ink of now. Text comes ready.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

WIDTH, HEIGHT = 400, 124
LEFT, RIGHT, TOP, BOTTOM = 3, 64, 8, 18
PAD = 0.06  # Share of the range of values left free above and below.


@dataclass(frozen=True, slots=True)
class Landing:
    """All that is drawn.

    Attributes:
        actual: One value per week, NaN where unknown or to come.
        plan: The same of the plan; NaN without one.
        forecast: The same of the forecast, which starts at the newest week known.
        low: Lower end of the 80% range at the period's end; None without one.
        high: Upper end.
        goal: What was promised.
        goal_label: The goal in a few characters.
        first_label: What stands under the first week.
        last_label: What stands under the last one.
        summary: The picture in a sentence, for who cannot see it.
    """

    actual: Sequence[float]
    plan: Sequence[float]
    forecast: Sequence[float]
    low: float | None
    high: float | None
    goal: float
    goal_label: str
    first_label: str
    last_label: str
    summary: str


def svg(drawn: Landing) -> str:
    """The picture; it scales to the width it is given."""
    parts = "".join(_parts(drawn))
    return (
        f'<svg class="w-landing" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(drawn.summary)}">{parts}</svg>'
    )


def _parts(drawn: Landing) -> Iterator[str]:
    known = [v for line in (drawn.actual, drawn.plan, drawn.forecast) for v in line if isfinite(v)]
    known += [v for v in (drawn.low, drawn.high, drawn.goal) if v is not None and isfinite(v)]
    low, high = min(known), max(known)
    spread = (high - low) or abs(high) or 1.0
    low, high = low - PAD * spread, high + PAD * spread
    count = max(len(drawn.actual) - 1, 1)

    def x(place: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * place / count

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    def line(values: Sequence[float], name: str) -> Iterator[str]:
        runs: list[list[str]] = [[]]
        for place, value in enumerate(values):
            if isfinite(value):
                runs[-1].append(f"{x(place):.1f} {y(value):.1f}")
            elif runs[-1]:
                runs.append([])
        path = " ".join(f"M{' L'.join(run)}" for run in runs if len(run) > 1)
        if path:
            yield f'<path class="{name}" d="{path}"/>'

    floor = HEIGHT - BOTTOM + 3
    end = x(count)
    yield f'<path class="floor" d="M{LEFT} {floor} H{end:.1f}"/>'
    starts = [n for n, v in enumerate(drawn.forecast) if isfinite(v)]
    if starts and drawn.low is not None and drawn.high is not None:
        start = f"M{x(starts[0]):.1f} {y(drawn.forecast[starts[0]]):.1f}"
        ends = f"L{end:.1f} {y(drawn.high):.1f} L{end:.1f} {y(drawn.low):.1f}"
        yield f'<path class="wedge" d="{start} {ends} Z"/>'
    yield from line(drawn.plan, "plan")
    yield from line(drawn.forecast, "ahead")
    yield from line(drawn.actual, "now")
    if drawn.low is not None and drawn.high is not None:
        yield f'<path class="range" d="M{end + 4:.1f} {y(drawn.high):.1f} V{y(drawn.low):.1f}"/>'
    goal = y(drawn.goal)
    yield f'<path class="goal" d="M{end + 8:.1f} {goal:.1f} l7 -4 v8 Z"/>'
    yield f'<text class="label" x="{end + 17:.1f}" y="{goal + 3.5:.1f}">{escape(drawn.goal_label)}</text>'
    yield f'<text x="{LEFT}" y="{HEIGHT - 3}">{escape(drawn.first_label)}</text>'
    yield f'<text class="end" x="{end:.1f}" y="{HEIGHT - 3}">{escape(drawn.last_label)}</text>'


LEGEND = (
    ("now", "M1 6 H23", "so far"),
    ("ahead", "M1 6 H23", "forecast"),
    ("wedge", "M1 6 L23 1 V11 Z", "80% range"),
    ("plan", "M1 6 H23", "plan"),
    ("goal", "M8 6 l8 -5 v10 Z", "goal"),
)


def legend() -> str:
    """What each line is, once for all pictures."""
    items = "".join(
        f'<li><svg class="w-landing w-key" viewBox="0 0 24 12" aria-hidden="true">'
        f'<path class="{name}" d="{path}"/></svg>{words}</li>'
        for name, path, words in LEGEND
    )
    return f'<ul class="w-legend">{items}</ul>'
