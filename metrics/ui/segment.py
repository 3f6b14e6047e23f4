"""The review of one segment: `?where=country:US`, chosen beside the deck, read and never decided in."""

from dataclasses import replace

import streamlit as st

from metrics.errors import MetricsError
from metrics.ui import state, words
from metrics.ui.frame import Page
from metrics.ui.opened import Opened

ALL = "All segments"


def segment(page: Page) -> Page | None:
    """The page as one segment alone, if the address asks for one; a segment that is none is told."""
    asked = st.query_params.get("where")
    if not asked:
        return None
    dimension, _, name = asked.partition(":")
    try:
        sliced = page.workspace.sliced({dimension[: state.LONGEST]: name[:200]})
    except MetricsError as error:
        st.info(words.plain(f"{error} Showing all segments."))
        return None
    if page.deck_name not in sliced.definitions.decks:
        st.info(words.plain(f"Nothing in this deck is told by {dimension}. Showing all segments."))
        return None
    kept = Opened(sliced, f"{page.house.fingerprint}\nwhere {asked}")
    return replace(page, house=kept)


def segment_picker(page: Page) -> None:
    """A list of segments to look at alone; nothing where nothing is told by segments."""
    choices = [f"{d}:{s}" for d, segments in page.workspace.dimensions().items() for s in segments]
    if not choices:
        return
    asked = st.query_params.get("where")
    st.session_state["segment"] = asked if asked in choices else ALL
    st.selectbox(
        "Segment",
        [ALL, *choices],
        format_func=_words,
        key="segment",
        label_visibility="collapsed",
        on_change=_chosen,
        width=200,
    )


def left_out(page: Page, part: Page) -> str:
    """What a segment's deck lacks, in a sentence."""
    told = part.workspace.slice
    if told is None:
        return ""
    metrics, deck = page.workspace.definitions.metrics, page.deck()
    names = [metrics[m].name for m in told.left_out if m in deck.metrics and m in metrics]
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    out = f" Not told by it, and left out: {shown}." if names else ""
    return f"{told.words} alone: without targets, answers and promises, which speak of the whole.{out}"


def _words(choice: str) -> str:
    dimension, _, name = choice.partition(":")
    return choice if choice == ALL else f"{dimension.replace('_', ' ').capitalize()}: {name or '(blank)'}"


def _chosen() -> None:
    chosen = st.session_state["segment"]
    if chosen == ALL:
        st.query_params.pop("where", None)
    else:
        state.put(where=chosen)
