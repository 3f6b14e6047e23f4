"""What changed in a deck since its last edition, or since the week before."""

from html import escape

from metrics.text import counted
from metrics.ui import markup
from metrics.ui.frame import Page
from metrics.workspace.changing import KINDS, Difference

MOST = 60  # Of one kind; the rest is counted.


def changes(page: Page) -> str:
    """The view as markup of the sheet."""
    told = page.workspace.loop.compared(page.week, page.deck_name)
    count = counted(len(told.differences), "difference") if told.differences else "no difference"
    parts = [f'<div class="w-title"><h1>What changed</h1><p>since {escape(told.words)}: {count}</p></div>']
    for kind, title in KINDS.items():
        if many := told.of(kind):
            items = [_item(page, d) for d in many[:MOST]]
            if len(many) > MOST:
                items.append(escape(f"and {len(many) - MOST} more: wbr changes lists all"))
            parts.append(markup.block(title, markup.points(items)))
    if not told.differences:
        parts.append(
            markup.block("Nothing changed", "", "Blocks, definitions, numbers and words are the same.")
        )
    return "".join(parts)


def _item(page: Page, difference: Difference) -> str:
    """A sentence; the name of a metric in it opens the metric."""
    known = page.workspace.definitions.metrics.get(difference.metric or "")
    said = escape(difference.text)
    if known is None:
        return said
    return said.replace(escape(known.name), markup.metric_link(known.id, known.name), 1)
