"""Presenter mode: the deck page by page over the whole screen, moved by keys.

Everything is sent once; while the meeting runs, only what the room says travels, one note at a time.
A note stays in the browser until it is on record, so a lost connection loses nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import streamlit as st

from metrics.draw import style

MINUTES = 60


@dataclass(frozen=True, slots=True)
class Stage:
    """What presenter mode shows.

    Attributes:
        html: The deck, escaped by whoever made it.
        place: Company, week in words, and the key that notes are kept under in the browser.
        people: Handles and names.
        metrics: Names by id.
        definitions: Markup of the definition card by metric id.
        inputs: Of each output, the inputs it may follow: ids and names.
        speaks: True if this person may record, else why not.
    """

    html: str
    place: Mapping[str, str]
    people: tuple[tuple[str, str], ...]
    metrics: Mapping[str, str]
    definitions: Mapping[str, str]
    inputs: Mapping[str, tuple[tuple[str, str], ...]]
    speaks: bool | str


def _text(name: str) -> str:
    return files("metrics.ui").joinpath(name).read_text(encoding="utf-8")


_mounted = st.components.v2.component(
    "sixtwelve_present",
    html=_text("present.html"),
    css=f"{style.css()}\n{_text('sheet.css')}\n{_text('present.css')}",
    js=f"{style.script()}\n{_text('present.js')}",
)


def stage(shown: Stage, recorded: Mapping[str, str]) -> tuple[Mapping[str, Any] | None, bool]:
    """Show presenter mode.

    Args:
        shown: The deck and its surroundings.
        recorded: Ids of notes answered in this session: empty if recorded, else why refused.

    Returns:
        The note that was just said, as the browser says it, if any; and whether the presenter leaves.
    """
    result = _mounted(
        key="present",
        data={
            "html": shown.html,
            "place": dict(shown.place),
            "minutes": MINUTES,
            "people": [list(person) for person in shown.people],
            "metrics": dict(shown.metrics),
            "definitions": dict(shown.definitions),
            "inputs": {m: [list(one) for one in many] for m, many in shown.inputs.items()},
            "recorded": dict(recorded),
            "speaks": shown.speaks,
        },
        on_said_change=_nothing,
        on_leave_change=_nothing,
    )
    said = result.get("said")
    return (said if isinstance(said, Mapping) else None), bool(result.get("leave"))


def _nothing() -> None:
    """A trigger is read from the result; Streamlit wants a callback to know its name."""
