"""What people said, on the deck: stamps and answers at the charts, promises and the flywheel on page 0.

Source: wbr-method.md sections 3, 5 and 7.
"""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from metrics.deck import Asked, Deck, Said
from metrics.draw.flywheel import NODE, Laid, laid, state_words
from metrics.draw.six_twelve import Palette
from metrics.draw.style import flywheel_css
from metrics.wheel import NodeState, Wheel

KINDS = {
    "action": "Actions",
    "effect": "What actions brought",
    "analysis": "Still analysing",
    "review": "Stories that disagree",
    "andon": "Do not trust",
    "correction": "Corrections",
    "question": "Questions",
    "uncertified": "Not certified",
    "parked": "Parked",
    "despite": "Moved on despite",
}
CLOSE = 0.7, 0.47  # On paper the nodes stand close together, so that their words are large enough to read.


def answer(said: Said | None) -> str:
    """What stands under a chart: the answer, remarks, stories; empty where nothing was said."""
    if said is None:
        return ""
    parts = ""
    if said.answer:
        kind, _, rest = said.answer.partition(": ")
        parts += (
            f'<p class="w-reply"><b>{escape(kind)}:</b> {escape(rest)} <span>{escape(said.by)}</span></p>'
        )
    parts += "".join(f'<p class="w-note">{escape(remark)}</p>' for remark in said.remarks)
    parts += "".join(f'<blockquote class="w-story">{escape(story)}</blockquote>' for story in said.stories)
    return parts


# --- page 0 -----------------------------------------------------------------------------------


def promises(deck: Deck) -> str:
    """What the room is asked first; empty where nobody works through the week."""
    if not deck.asked and not deck.state:
        return ""
    items = "".join(
        f"<dt>{KINDS.get(kind, kind)}</dt>" + "".join(f"<dd>{_asked(one)}</dd>" for one in same)
        for kind, same in groupby(deck.asked, key=lambda one: one.kind)
    )
    state = f'<span class="w-state">The week is {escape(deck.state)}.</span>' if deck.state else ""
    told = f"<dl>{items}</dl>" if items else "<p>Nothing is open from the weeks before.</p>"
    return f'<section class="w-asked"><h2>Promises and open points {state}</h2>{told}</section>'


def is_late(one: Asked) -> bool:
    """Whether it is told as late: only what somebody promised can be."""
    return one.late and one.kind in ("action", "analysis", "correction")


def _asked(one: Asked) -> str:
    late = '<span class="w-loud">late</span> ' if is_late(one) else ""
    return f"{late}{escape(one.text)}"


def changes(sentences: Sequence[str]) -> str:
    """What changed in the deck since the one before; empty where nothing did."""
    if not sentences:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<section class="w-changed"><h2>Changed in this deck</h2><ul>{items}</ul></section>'


def flywheel(wheel: Wheel | None) -> str:
    """The flywheel with this week's state of each node, small; empty where there is none."""
    if wheel is None or not wheel.nodes:
        return ""
    return f'<section class="w-wheel"><h2>Flywheel</h2>{flywheel_svg(wheel)}</section>'


def flywheel_words(wheel: Wheel) -> str:
    """The flywheel's text alternative: the state of each node."""
    return "; ".join(f"{node.name}: {state_words(node)}" for node in wheel.nodes)


def flywheel_svg(wheel: Wheel, palette: Palette = "variables") -> str:
    """The small flywheel: nodes and edges, no links.

    Args:
        wheel: With at least one node.
        palette: `variables` leaves colours to the page's stylesheet; `paper` carries its own.
    """
    bare = Wheel(wheel.nodes, wheel.edges, (), ())
    where = laid(bare, CLOSE if palette == "paper" else (1.0, 1.0))
    xs = [x for p in where.nodes.values() for x in (p.x - NODE[0], p.x + NODE[0])]
    ys = [y for p in where.nodes.values() for y in (p.y - NODE[1], p.y + NODE[1])]
    xs += [x for curve in where.edges for x, _ in curve]
    ys += [y for curve in where.edges for _, y in curve]
    left, right, top, bottom = min(xs) - 8, max(xs) + 8, min(ys) - 8, max(ys) + 8
    edges = "".join(_edge(curve) for curve in where.edges if len(curve) > 1)
    nodes = "".join(_node(node, where) for node in wheel.nodes)
    alone = palette == "paper"
    space = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
    rules = f"<style>{flywheel_css()}</style>" if alone else ""
    return (
        f'<svg{space} class="w-fly" role="img" aria-label="{escape(flywheel_words(wheel))}" '
        f'viewBox="{left:.0f} {top:.0f} {right - left:.0f} {bottom - top:.0f}">{rules}{edges}{nodes}</svg>'
    )


def _edge(curve: Sequence[tuple[float, float]]) -> str:
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in curve)
    (x0, y0), (x1, y1) = curve[-2:]
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 0.1)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    head = (
        f"M{x1 + 7 * ux:.1f} {y1 + 7 * uy:.1f}L{x1 - 5 * ux - 6 * uy:.1f} {y1 - 5 * uy + 6 * ux:.1f}"
        f"L{x1 - 5 * ux + 6 * uy:.1f} {y1 - 5 * uy - 6 * ux:.1f}Z"
    )
    return f'<path class="edge" d="{path}"/><path class="head" d="{head}"/>'


def _node(node: NodeState, where: Laid) -> str:
    at = where.nodes[node.id]
    loud = " loud" if node.exceptions else ""
    (width, height), left, top = NODE, at.x - NODE[0], at.y - NODE[1]
    box = f'x="{left:.1f}" y="{top:.1f}" width="{2 * width:.0f}" height="{2 * height:.0f}" rx="9"'
    return (
        f'<g class="node{loud}"><rect {box}/>'
        f'<text class="name" x="{at.x:.1f}" y="{at.y - 4:.1f}">{escape(node.name)}</text>'
        f'<text class="state" x="{at.x:.1f}" y="{at.y + 13:.1f}">{escape(state_words(node))}</text></g>'
    )
