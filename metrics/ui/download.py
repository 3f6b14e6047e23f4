"""The menu of files: a week's deck in each form, made when it is asked for and saved by the browser."""

import json
from datetime import date
from importlib.resources import files
from secrets import token_hex
from typing import Final

import streamlit as st

from metrics.errors import MetricsError
from metrics.export import FORMATS, Exported
from metrics.ui import words
from metrics.ui.frame import Page, hint

NAMES: Final = {
    "pdf": ("PDF", "Four charts a page, to print and to read"),
    "pptx": ("Slides", "PowerPoint with charts that can be edited"),
    "xlsx": ("Workbook", "Excel: every value, typed"),
    "html": ("HTML", "One file: opens offline, reads without script"),
    "csv": ("CSV", "Every value, a row each"),
    "json": ("JSON", "All of the deck for other programs"),
}

_saver = st.components.v2.component(
    "sixtwelve_save", js=files("metrics.ui").joinpath("save.js").read_text(encoding="utf-8")
)


def downloads(
    page: Page, deck: str, week_ending: date, edition: int | None = None, *, key: str = "file"
) -> None:
    """A menu with every form of one week's deck.

    A form is made when it is asked for, in a part of the page that runs by itself, and not made again while
    numbers and words stay the same.

    Args:
        page: The page.
        deck: Id of the outline.
        week_ending: The week.
        edition: Number of a published edition; by default the deck as it is now.
        key: Of the menu, one a page.
    """
    with st.popover("Download", icon=":material/download:", type="tertiary", key=key):
        _choices(page, deck, week_ending, edition, key)


@st.fragment
def _choices(page: Page, deck: str, week_ending: date, edition: int | None, key: str) -> None:
    what = "the deck as it is now" if edition is None else f"edition {edition}, as it was published"
    hint(f"{words.day(week_ending)}: {what}")
    asked = None
    for form in (name for name in NAMES if name in FORMATS):
        name, what = NAMES[form]
        if st.button(name, help=what, key=f"{key} {form}", width="stretch"):
            asked = form
    if asked is None:
        return
    name, _ = NAMES[asked]
    try:
        with st.spinner(f"Making {name}"):
            made = page.workspace.exporting.exported(week_ending, asked, deck, edition=edition)
    except MetricsError as error:
        st.error(words.plain(str(error)))
        return
    _save(made, key)


def _save(made: Exported, key: str) -> None:
    """Hand a file over to the browser."""
    about = {"id": token_hex(8), "name": made.name, "mime": made.mime}
    _saver(key=f"{key} saved", data=json.dumps(about).encode() + b"\n" + made.data)
    hint(f"{made.name} is saved ({_size(len(made.data))}).")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(count // 1000, 1)} KB"
