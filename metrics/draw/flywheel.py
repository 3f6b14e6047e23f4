"""The flywheel: where everything lies, and the picture as Vega-Lite.

The main loop lies on a ring with the hub in its middle; what feeds the loop from aside lies in the
corners. Inputs stand outside in two columns, outputs inside in two. Links are drawn by grade.

Source: wbr-method.md section 10.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import altair as alt

from metrics import text
from metrics.draw import style
from metrics.draw.explore import named_as_one
from metrics.wheel import NodeState, Spoke, Spot, Wheel

Point = tuple[float, float]

WIDTH = 1352.0
LEAST_HEIGHT = 720.0
ROW = 44.0  # Between two inputs of a column; labels have two lines.
RING = 312.0, 236.0
NODE = 74.0, 25.0  # Half of a node's width and height.
INNER = 154.0  # From the middle to the middle of a column of outputs.
OUTER = 448.0  # From the middle to where the labels of inputs begin.
SPOT = 72.0  # Half of the width of an output's box.
STEPS = 20  # Points of a curve.
LETTERS = 20  # Of a line of an output's label.

GRADES = {
    "definition": "arithmetic",
    "stated": "stated only",
    "found": "found, not tested",
    "passed": "stated first, then passed",
    "followed": "a logged step was followed",
    "randomised": "randomised test",
    "inconclusive": "cannot be told yet",
    "broken": "contradicted or decayed",
}
COLOURS = {"definition": "before", "broken": "attention", "inconclusive": "target"}
ALIGN: dict[int, Literal["left", "center", "right"]] = {-1: "right", 0: "center", 1: "left"}
SOLID = [1.0, 0.0]
DASHES: dict[str, list[float]] = {
    "stated": [1.5, 3.5],
    "found": [5, 4],
    "inconclusive": [1.5, 3.5],
    "broken": [10, 7],
}
WIDTHS = {"passed": 1.8, "followed": 2.8, "randomised": 3.8, "definition": 3.2}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node or a metric lies: the middle of a node or output, the inner end of an input's label."""

    x: float
    y: float
    side: int  # -1 left, 1 right, 0 in the middle


@dataclass(frozen=True, slots=True)
class Laid:
    """A flywheel with a place for everything.

    Attributes:
        width, height: Pixels.
        nodes: Places by node id.
        spots: Places by metric id.
        edges: Curves between nodes, trimmed at their boxes, in the order of the wheel's edges.
        spokes: Curves between metrics, in the order of the wheel's links.
    """

    width: float
    height: float
    nodes: Mapping[str, Place]
    spots: Mapping[str, Place]
    edges: tuple[tuple[Point, ...], ...]
    spokes: tuple[tuple[Point, ...], ...]


def laid(wheel: Wheel, spread: Point = (1.0, 1.0)) -> Laid:
    """A place for every node, metric and curve.

    Args:
        wheel: What the picture shows.
        spread: How far nodes lie from the middle, across and up, against a picture that fills a page.
    """
    outer, inner = _columns(wheel)
    rows = max((len(column) for column in outer.values()), default=0)
    height = max(LEAST_HEIGHT, 70 + ROW * rows)
    middle = WIDTH / 2, height / 2 + 26
    nodes = _nodes(wheel, middle)
    spots = {}
    for side, column in outer.items():
        for place, metric in enumerate(column):
            y = (
                height / 2
                + 6
                + (place - (len(column) - 1) / 2) * min(ROW * 1.5, (height - 60) / max(len(column), 1))
            )
            spots[metric] = Place(middle[0] + side * OUTER, y, side)
    for side, column in inner.items():
        for place, metric in enumerate(column):
            y = middle[1] + (place - (len(column) - 1) / 2) * min(56, 340 / max(len(column), 1))
            spots[metric] = Place(middle[0] + side * INNER, y, side)
    inside = {s.metric for s in wheel.spots if s.inside}
    spokes = tuple(
        _spoke(spots[s.driver], spots[s.driven], s.driver in inside, s.driven in inside) for s in wheel.spokes
    )
    curves = [(start, end, _edge(start, end, nodes, wheel, middle)) for start, end in wheel.edges]

    def drawn(x: float, y: float) -> Point:
        return middle[0] + (x - middle[0]) * spread[0], middle[1] + (y - middle[1]) * spread[1]

    nodes = {node: Place(*drawn(at.x, at.y), at.side) for node, at in nodes.items()}
    edges = tuple(
        _outside([drawn(*point) for point in curve], nodes[start], nodes[end]) for start, end, curve in curves
    )
    return Laid(WIDTH, height, nodes, spots, edges, spokes)


# --- nodes ------------------------------------------------------------------------------------


def main_loop(wheel: Wheel) -> tuple[str, ...]:
    """The longest way round that does not pass the hub; empty if there is none."""
    ids = [n.id for n in wheel.nodes if not n.hub]
    after: dict[str, list[str]] = {i: [] for i in ids}
    for start, end in wheel.edges:
        if start in after and end in after:
            after[start].append(end)
    best: tuple[str, ...] = ()
    for first in ids:
        best = max((best, *_loops(first, (first,), after)), key=len)
    if not best:
        return ()
    turn = min(range(len(best)), key=lambda i: ids.index(best[i]))
    return best[turn:] + best[:turn]


def _loops(
    first: str, path: tuple[str, ...], after: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, ...]]:
    for following in after[path[-1]]:
        if following == first:
            yield path
        elif following not in path:
            yield from _loops(first, (*path, following), after)


def _ring(wheel: Wheel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The nodes on the ring in their order, and those in the corners."""
    ids = [n.id for n in wheel.nodes if not n.hub]
    loop = main_loop(wheel)
    aside = tuple(i for i in ids if i not in loop)
    if len(loop) < 3 or len(aside) > 4:
        return (*loop, *aside), ()
    return loop, aside


def _nodes(wheel: Wheel, middle: Point) -> dict[str, Place]:
    ring, aside = _ring(wheel)
    places = {n.id: Place(*middle, 0) for n in wheel.nodes if n.hub}
    for place, node in enumerate(ring):
        angle = 2 * math.pi * place / len(ring) - math.pi / 2
        x, y = middle[0] + RING[0] * math.cos(angle), middle[1] + RING[1] * math.sin(angle)
        places[node] = Place(x, y, round(math.cos(angle)))
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    for node, (side, up) in zip(aside, corners, strict=False):
        places[node] = Place(middle[0] + side * 250, middle[1] + up * (RING[1] + 96), side)
    return places


def _edge(start: str, end: str, nodes: Mapping[str, Place], wheel: Wheel, middle: Point) -> Sequence[Point]:
    """A curve between two nodes: along the ring between neighbours, bent round the middle otherwise."""
    ring, aside = _ring(wheel)
    here, there = nodes[start], nodes[end]
    if start in ring and end in ring and (ring.index(start) + 1) % len(ring) == ring.index(end):
        first = 2 * math.pi * ring.index(start) / len(ring) - math.pi / 2
        angles = [first + 2 * math.pi / len(ring) * n / STEPS for n in range(STEPS + 1)]
        curve = [(middle[0] + RING[0] * math.cos(a), middle[1] + RING[1] * math.sin(a)) for a in angles]
    else:
        mid = (here.x + there.x) / 2, (here.y + there.y) / 2
        if start in aside and end in aside:
            bend = mid[0], mid[1] + (-46 if mid[1] < middle[1] else 46)
        elif {start, end} & set(aside) and {start, end} & {n.id for n in wheel.nodes if n.hub}:
            corner = here if start in aside else there
            bend = middle[0] + (corner.x - middle[0]) * 0.16, middle[1] + (corner.y - middle[1]) * 0.58
        else:
            bend = mid[0] + (middle[0] - mid[0]) * 0.35, mid[1] + (middle[1] - mid[1]) * 0.35
        curve = list(_bent((here.x, here.y), bend, bend, (there.x, there.y)))
    return curve


def _outside(curve: Sequence[Point], here: Place, there: Place) -> tuple[Point, ...]:
    """A curve without what lies in or near the boxes at its ends."""

    def clear(point: Point, of: Place, gap: float) -> bool:
        return abs(point[0] - of.x) > NODE[0] + gap or abs(point[1] - of.y) > NODE[1] + gap

    return tuple(p for p in curve if clear(p, here, 5) and clear(p, there, 8))


# --- metrics ----------------------------------------------------------------------------------


def _columns(wheel: Wheel) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """Inputs and outputs, left (-1) and right (1), so that few links cross the middle."""
    inside = [s.metric for s in wheel.spots if s.inside]
    outside = [s.metric for s in wheel.spots if not s.inside]
    drivers: dict[str, list[str]] = {m: [] for m in inside + outside}
    driven: dict[str, list[str]] = {m: [] for m in inside + outside}
    for spoke in wheel.spokes:
        drivers[spoke.driven].append(spoke.driver)
        driven[spoke.driver].append(spoke.driven)
    inner: dict[int, list[str]] = {-1: [], 1: []}
    weight = {-1: 0, 1: 0}
    for metric in sorted(inside, key=lambda m: -len(drivers[m])):
        near = sum(
            1 if d in inner[1] else -1 if d in inner[-1] else 0 for d in drivers[metric] + driven[metric]
        )
        side = (
            near // abs(near)
            if near and abs(weight[1] - weight[-1]) < 4
            else (-1 if weight[-1] <= weight[1] else 1)
        )
        inner[side].append(metric)
        weight[side] += 1 + len(drivers[metric])
    outer: dict[int, list[str]] = {-1: [], 1: []}
    for metric in sorted(outside, key=lambda m: -len([d for d in driven[m] if d in inside])):
        pull = sum(
            1 if d in inner[1] or d in outer[1] else -1 if d in inner[-1] or d in outer[-1] else 0
            for d in driven[metric] + drivers[metric]
        )
        side = -1 if pull < 0 or (pull == 0 and len(outer[-1]) <= len(outer[1])) else 1
        outer[side].append(metric)
    return _untangled(outer, inner, drivers, driven)


def _untangled(
    outer: dict[int, list[str]],
    inner: dict[int, list[str]],
    drivers: Mapping[str, Sequence[str]],
    driven: Mapping[str, Sequence[str]],
) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """The columns in an order in which linked metrics lie at like heights: each by its neighbours' mean."""
    for _ in range(6):
        height = {
            m: (n + 0.5) / len(column)
            for columns in (outer, inner)
            for column in columns.values()
            for n, m in enumerate(column)
        }

        def mean(metric: str, height: Mapping[str, float] = height) -> float:
            near = [height[m] for m in (*drivers[metric], *driven[metric]) if m in height]
            return sum(near) / len(near) if near else 0.5

        inner = {side: sorted(column, key=mean) for side, column in inner.items()}
        outer = {side: sorted(column, key=mean) for side, column in outer.items()}
    return outer, inner


def _spoke(here: Place, there: Place, from_inside: bool, to_inside: bool) -> tuple[Point, ...]:
    """A curve from the driver's edge to the driven metric's edge."""
    start, start_way = _dock(here, there, from_inside)
    end, end_way = _dock(there, here, to_inside)
    reach = max(60.0, abs(end[0] - start[0]) * 0.45)
    if start_way == end_way:  # Within a column: round the outside of it.
        reach = 46.0 + abs(end[1] - start[1]) * 0.16
    return tuple(
        _bent(start, (start[0] + start_way * reach, start[1]), (end[0] + end_way * reach, end[1]), end)
    )


def _dock(of: Place, other: Place, inside: bool) -> tuple[Point, int]:
    """Where a curve meets a metric, and the way it leaves there."""
    if not inside:
        return (of.x - of.side * 6, of.y), -of.side
    way = of.side if other.side == of.side else -of.side
    return (of.x + way * (SPOT + 4), of.y), way


def _bent(a: Point, b: Point, c: Point, d: Point) -> list[Point]:
    """A cubic curve."""
    found = []
    for n in range(STEPS + 1):
        t = n / STEPS
        u = 1 - t
        found.append(
            (
                u**3 * a[0] + 3 * u * u * t * b[0] + 3 * u * t * t * c[0] + t**3 * d[0],
                u**3 * a[1] + 3 * u * u * t * b[1] + 3 * u * t * t * c[1] + t**3 * d[1],
            )
        )
    return found


# --- words ------------------------------------------------------------------------------------


def state_words(node: NodeState) -> str:
    """`1 exception, 2 watches`, `nothing unusual`, `no metric yet`."""
    if not node.metrics:
        return "no metric yet"
    told = [
        text.counted(len(node.exceptions), "exception") if node.exceptions else "",
        f"{len(node.watches)} watch{'es' if len(node.watches) > 1 else ''}" if node.watches else "",
    ]
    return ", ".join(filter(None, told)) or "nothing unusual"


def lag_words(lags: tuple[int, int]) -> str:
    """`0 wk`, `4 wk`, `0–1 wk`."""
    return f"{lags[0]} wk" if lags[0] == lags[1] else f"{lags[0]}–{lags[1]} wk"


def wrapped(name: str, letters: int = LETTERS) -> list[str]:
    """A name on at most two lines."""
    if len(name) <= letters:
        return [name]
    words, first = name.split(), ""
    while words and len(f"{first} {words[0]}".strip()) <= letters:
        first = f"{first} {words.pop(0)}".strip()
    rest = " ".join(words)
    return (
        [first, rest if len(rest) <= letters else f"{rest[: letters - 1].rstrip()}…"]
        if first
        else [name[:letters]]
    )


# --- the picture ------------------------------------------------------------------------------


def picture(wheel: Wheel, *, dark: bool = False) -> dict[str, Any]:
    """The flywheel as Vega-Lite; a click on a node selects it as `node`, on a metric as `metric`.

    Args:
        wheel: What to show.
        dark: For a dark page.
    """
    where = laid(wheel)
    looks = tuple(look for look in GRADES if any(s.look == look for s in wheel.spokes))
    sides = tuple(side for side in (-1, 0, 1) if any(_alignment(s, where) == side for s in wheel.spots))
    drawn: dict[str, Any] = json.loads(_template(where.height, looks, sides, dark))
    drawn["datasets"] = _rows(wheel, where)
    said = "; ".join(f"{node.name}: {state_words(node)}" for node in wheel.nodes)
    return named_as_one(drawn, f"Flywheel. {said}. The table of links below says the rest.")


@cache
def _template(height: float, looks: tuple[str, ...], sides: tuple[int, ...], dark: bool) -> str:
    """The specification without its rows, as JSON: building it takes far longer than filling it."""
    ink = style.DARK if dark else style.LIGHT
    scales = (
        alt.Scale(domain=[0, WIDTH], nice=False, zero=False),
        alt.Scale(domain=[height, 0], nice=False, zero=False),
    )
    layers = [
        *_spoke_layers(scales, looks, ink),
        *_edge_layers(scales, ink),
        *_spot_layers(scales, sides, ink, alt.selection_point(name="metric", fields=["metric"])),
        *_node_layers(scales, ink, alt.selection_point(name="node", fields=["node"])),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH, height=height, background="transparent", padding=0)
    return json.dumps(chart.configure_view(stroke=None).to_dict(validate=False))


def _rows(wheel: Wheel, where: Laid) -> dict[str, list[dict[str, Any]]]:
    """The rows that the template reads, by name."""
    names = {s.metric: s.name for s in wheel.spots}
    rows: dict[str, list[dict[str, Any]]] = {}
    for look in GRADES:
        chosen = [n for n, s in enumerate(wheel.spokes) if s.look == look]
        curves = [where.spokes[n] for n in chosen]
        facts = [_spoke_facts(wheel.spokes[n], names) for n in chosen]
        rows[f"{look}_lines"], rows[f"{look}_heads"] = _lines(curves, facts), _heads(curves, facts)
    rows["lags"] = _apart(
        [
            {"x": curve[3][0], "y": curve[3][1], "lag": lag_words(s.lags)}
            for s, curve in zip(wheel.spokes, where.spokes, strict=True)
            if s.look != "definition"
        ]
    )
    blank: list[dict[str, Any]] = [{} for _ in where.edges]
    rows["edge_lines"], rows["edge_heads"] = _lines(where.edges, blank), _heads(where.edges, blank)
    for side in (-1, 0, 1):
        rows[f"spots{side}"] = [
            _spot_row(s, where.spots[s.metric]) for s in wheel.spots if _alignment(s, where) == side
        ]
    rows["nodes"] = [_node_row(n, where.nodes[n.id]) for n in wheel.nodes]
    return rows


Scales = tuple[alt.Scale, alt.Scale]


def _place(scales: Scales, x: str = "x", y: str = "y") -> dict[str, Any]:
    """Where a mark lies, by the fields that say so."""
    return {
        "x": alt.X(f"{x}:Q", scale=scales[0], axis=None),
        "y": alt.Y(f"{y}:Q", scale=scales[1], axis=None),
    }


def _box(scales: Scales) -> dict[str, Any]:
    return _place(scales, "left", "top") | {"x2": "right:Q", "y2": "bottom:Q"}


def _chart(rows: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(rows))


def _lines(curves: Sequence[Sequence[Point]], told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": n, "step": step, "x": round(x, 1), "y": round(y, 1), **facts}
        for n, (curve, facts) in enumerate(zip(curves, told, strict=True))
        for step, (x, y) in enumerate(curve)
    ]


def _heads(curves: Sequence[Sequence[Point]], told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Arrow heads: the last point of each curve and its direction, clockwise from up."""
    found = []
    for curve, facts in zip(curves, told, strict=True):
        if len(curve) > 1:
            (x0, y0), (x1, y1) = curve[-2:]
            found.append({"x": x1, "y": y1, "angle": math.degrees(math.atan2(x1 - x0, y0 - y1)), **facts})
    return found


def _spoke_layers(scales: Scales, looks: Sequence[str], ink: Mapping[str, str]) -> list[alt.Chart]:
    tips = [alt.Tooltip(f"{field}:N", title=title) for field, title in _TIPS]
    along = {**_place(scales), "detail": "id:N", "order": "step:Q", "tooltip": tips}
    layers = []
    for look in looks:
        colour = ink[COLOURS.get(look, "now")]
        line = _chart(f"{look}_lines").mark_line(
            color=colour,
            strokeWidth=WIDTHS.get(look, 1.4),
            strokeDash=DASHES.get(look, SOLID),
            opacity=0.5 if look == "definition" else 0.8,
        )
        layers.append(line.encode(**along))
        if look == "definition":  # A double line: the page shows through its middle.
            layers.append(
                _chart(f"{look}_lines").mark_line(color=ink["page"], strokeWidth=1.2).encode(**along)
            )
        layers.append(_arrows(f"{look}_heads", colour, 52).encode(**_pointing(scales), tooltip=tips))
    lags = [
        _chart("lags").mark_text(fontSize=10, color=ink["page"], stroke=ink["page"], strokeWidth=4),
        _chart("lags").mark_text(fontSize=10, color=ink["quiet"]),
    ]
    return [*layers, *(lag.encode(**_place(scales), text="lag:N") for lag in lags)]


def _arrows(rows: str, colour: str, size: int) -> alt.Chart:
    made: alt.Chart = _chart(rows).mark_point(
        shape="triangle", filled=True, color=colour, size=size, opacity=0.95
    )
    return made


def _pointing(scales: Scales) -> dict[str, Any]:
    return {**_place(scales), "angle": alt.Angle("angle:Q", scale=None)}


def _apart(lags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Labels that would lie on each other: only the first says its lag; the tooltip says all."""
    kept: list[dict[str, Any]] = []
    for one in lags:
        if all(abs(one["x"] - k["x"]) > 34 or abs(one["y"] - k["y"]) > 11 for k in kept):
            kept.append(one)
    return kept


_TIPS = (("link", "Link"), ("when", "Lag"), ("grade", "Grade"), ("because", "Because"))


def _spoke_facts(spoke: Spoke, names: Mapping[str, str]) -> dict[str, Any]:
    how = "raises" if spoke.sign == "+" else "lowers"
    if spoke.look == "definition":
        how = "is part of"
    return {
        "link": f"{names[spoke.driver]} {how} {names[spoke.driven]}",
        "when": lag_words(spoke.lags),
        "grade": GRADES[spoke.look],
        "because": spoke.because or "arithmetic",
        "driver": spoke.driver,
        "driven": spoke.driven,
    }


def _edge_layers(scales: Scales, ink: Mapping[str, str]) -> list[alt.Chart]:
    line = _chart("edge_lines").mark_line(color=ink["ink"], strokeWidth=2.6)
    return [
        line.encode(**_place(scales), detail="id:N", order="step:Q"),
        _arrows("edge_heads", ink["ink"], 190).encode(**_pointing(scales)),
    ]


def _node_layers(scales: Scales, ink: Mapping[str, str], picked: alt.Parameter) -> list[alt.Chart]:
    tips = [
        alt.Tooltip("name:N", title="Node"),
        alt.Tooltip("state:N", title="This week"),
        alt.Tooltip("of:N", title="Holds"),
    ]

    def loud(otherwise: str) -> Any:
        return alt.condition("datum.loud", alt.value(ink["attention"]), alt.value(ink[otherwise]))

    box = _chart("nodes").mark_rect(cornerRadius=9, fill=ink["page"], cursor="pointer", opacity=1)
    name = _chart("nodes").mark_text(fontSize=12.5, fontWeight=700, dy=-8, color=ink["ink"], cursor="pointer")
    state = _chart("nodes").mark_text(fontSize=11, dy=9, cursor="pointer")
    return [
        box.encode(
            **_box(scales),
            stroke=loud("ink"),
            strokeWidth=alt.condition(picked, alt.value(3.2), alt.value(2), empty=False),
            tooltip=tips,
        ).add_params(picked),
        name.encode(**_place(scales), text="name:N", tooltip=tips),
        state.encode(**_place(scales), text="state:N", tooltip=tips, color=loud("quiet")),
    ]


def _node_row(node: NodeState, at: Place) -> dict[str, Any]:
    return {
        "node": node.id,
        "name": node.name,
        "state": state_words(node),
        "x": at.x,
        "y": at.y,
        "left": at.x - NODE[0],
        "right": at.x + NODE[0],
        "top": at.y - NODE[1],
        "bottom": at.y + NODE[1],
        "loud": bool(node.exceptions),
        "of": text.counted(len(node.metrics), "metric"),
    }


def _spot_layers(
    scales: Scales, sides: Sequence[int], ink: Mapping[str, str], picked: alt.Parameter
) -> list[alt.Chart]:
    tips = [
        alt.Tooltip("name:N", title="Metric"),
        alt.Tooltip("node:N", title="Node"),
        alt.Tooltip("state:N", title="This week"),
    ]
    colour = alt.condition("datum.loud", alt.value(ink["attention"]), alt.value(ink["ink"]))
    layers: list[alt.Chart] = []
    for side in sides:
        align = ALIGN[side]
        if side == 0:
            back = _chart("spots0").mark_rect(fill=ink["raised"], cornerRadius=6, cursor="pointer", opacity=1)
            layers.append(back.encode(**_box(scales), tooltip=tips))
        name = _chart(f"spots{side}").mark_text(
            align=align,
            baseline="middle",
            fontSize=12,
            lineHeight=14,
            lineBreak="\n",
            cursor="pointer",
            fontWeight=600 if side == 0 else 500,
        )
        layers.append(name.encode(**_place(scales), text="words:N", color=colour, tooltip=tips))
        if side:
            under = _chart(f"spots{side}").mark_text(
                align=align, baseline="middle", fontSize=10.5, dy=14, color=ink["quiet"]
            )
            layers.append(under.encode(**_place(scales), text="under:N"))
    if layers:
        layers[-1] = layers[-1].add_params(picked)
    return layers


def _alignment(spot: Spot, where: Laid) -> int:
    return 0 if spot.inside else where.spots[spot.metric].side


def _spot_row(spot: Spot, at: Place) -> dict[str, Any]:
    mark = {"exception": "● ", "watch": "○ "}.get(spot.tier, "")
    lines = wrapped(spot.name) if spot.inside else [spot.name]
    told = {"exception": "exception", "watch": "watch", "cannot_judge": "cannot be judged yet"}.get(
        spot.tier, "nothing unusual"
    )
    return {
        "metric": spot.metric,
        "name": spot.name,
        "words": mark + "\n".join(lines),
        "under": " · ".join(filter(None, (spot.node, told if spot.tier in ("exception", "watch") else ""))),
        "node": spot.node or "none",
        "state": told,
        "loud": spot.tier == "exception",
        "x": at.x,
        "y": at.y - 7 * (len(lines) - 1),
        "left": at.x - SPOT,
        "right": at.x + SPOT,
        "top": at.y - 5 - 8 * len(lines),
        "bottom": at.y + 5 + 8 * len(lines),
    }
