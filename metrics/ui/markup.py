"""Words and tables of the metric and the sources page, as markup of the deck's vocabulary.

Every word from outside is escaped here.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import pandas as pd

LEFT = ' class="w-left"'


def facts(pairs: Iterable[tuple[str, str | None]]) -> str:
    """A list of named facts; those without a value are left out. The values are markup."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in pairs if value)
    return f'<dl class="w-facts">{rows}</dl>'


def metric_link(metric: str, name: str) -> str:
    """A metric's name that opens it."""
    return f'<button type="button" class="w-link" data-metric="{escape(metric)}">{escape(name)}</button>'


def block(title: str, inside: str, note: str = "") -> str:
    """A titled part of a sheet. `inside` is markup, `note` is words."""
    said = f"<p>{escape(note)}</p>" if note else ""
    return f'<section class="w-block"><h2>{escape(title)}</h2>{said}{inside}</section>'


def points(items: Sequence[str]) -> str:
    """A list of sentences, already markup."""
    return f'<ul class="w-points">{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[str] = ()) -> str:
    """A table of words; figures stand right, the first column and those in `left` left."""
    places = [n == 0 or column in left for n, column in enumerate(columns)]
    heads = "".join(head(column, left=words) for column, words in zip(columns, places, strict=True))
    body = "".join(f"<tr>{_cells(row, places)}</tr>" for row in rows)
    return scrolled(title, heads, body)


def scrolled(title: str, heads: str, body: str) -> str:
    """A table of ready header cells and rows, in a part that scrolls by itself where it is too wide."""
    return (
        f'<div class="w-scroll" role="region" tabindex="0" aria-label="{escape(title)}">'
        f'<table class="w-table w-lines"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def head(column: str, *, left: bool = False) -> str:
    """A header cell."""
    return f'<th scope="col"{LEFT if left else ""}>{escape(column)}</th>'


def cell(words: str, *, left: bool = False) -> str:
    """A cell of words."""
    return f"<td{LEFT if left else ''}>{escape(words)}</td>"


def each(frame: pd.DataFrame) -> Iterable[Any]:
    """The rows of a frame with their columns as attributes, whatever their types."""
    return frame.itertuples()


def _cells(row: Sequence[str], places: Sequence[bool]) -> str:
    first, *rest = row
    cells = "".join(cell(words, left=left) for words, left in zip(rest, places[1:], strict=True))
    return f'<th scope="row"{LEFT}>{escape(first)}</th>{cells}'
