"""A sheet of the deck on a page: charts, cards and tables in one block, few and large messages.

500 Streamlit elements overrun its queue of messages; one block of strings does not. The markup is
made and escaped in `draw.grid` and `ui.markup`; `grid.js` gives it tooltips, keys and search.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from gzip import compress
from importlib.resources import files

import streamlit as st

from metrics.draw import style

LARGE = 200_000  # Characters: from here on it pays to compress markup, once for all visitors.


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked of a sheet in this run.

    Attributes:
        metric: Id of the metric to open, as the browser says: check it.
        step: Weeks to go on (1) or back (-1).
    """

    metric: str | None
    step: int | None


def _text(name: str) -> str:
    return files("metrics.ui").joinpath(name).read_text(encoding="utf-8")


_mounted = st.components.v2.component(
    "sixtwelve_sheet",
    html=_text("sheet.html"),
    css=f"{style.css()}\n{_text('sheet.css')}",
    js=f"{style.script()}\n{_text('take.js')}\n{_text('sheet.js')}",
)


def sheet(markup: str, key: str, *, weeks: bool = False) -> Asked:
    """Show markup of the deck's vocabulary; changed markup replaces the old without a new mount.

    Args:
        markup: Escaped by whoever made it.
        key: Of the block, one a page.
        weeks: Whether `[` and `]` go from week to week here.
    """
    result = _mounted(
        key=key,
        data=_parcel(markup, weeks) if len(markup) >= LARGE else {"html": markup, "steps": weeks},
        on_open_change=_nothing,
        on_step_change=_nothing,
    )
    metric, step = result.get("open"), result.get("step")
    return Asked(
        metric if isinstance(metric, str) else None,
        int(step) if step in (-1, 1) else None,
    )


@lru_cache(maxsize=24)
def _parcel(markup: str, weeks: bool) -> bytes:
    """The content of a large sheet as compressed JSON: Streamlit hashes, copies and sends a sixth of it."""
    content = json.dumps({"html": markup, "steps": weeks}, ensure_ascii=False)
    return compress(content.encode(), compresslevel=3, mtime=0)


def _nothing() -> None:
    """A trigger is read from the result; Streamlit wants a callback to know its name."""
