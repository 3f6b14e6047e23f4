"""The bar over a page: which week; over the review also which deck, how it is looked at, and its files."""

from datetime import date, timedelta
from functools import partial
from html import escape

import streamlit as st

from metrics import text
from metrics.deck import Deck
from metrics.ui import state, who, words
from metrics.ui.download import downloads
from metrics.ui.frame import KEPT_DECK, KEPT_WEEK, Page
from metrics.ui.opened import View
from metrics.ui.segment import segment_picker

WEEK = timedelta(weeks=1)
VIEWS: dict[View, str] = {
    "deck": "Deck",
    "exceptions": "Exceptions only",
    "changes": "What changed",
    "week": "The week",
}


def bar(page: Page) -> None:
    """Previous week, week, next week; who is here."""
    who.first_start(page)
    weeks = page.workspace.weeks()
    with st.container(key="bar", horizontal=True, vertical_alignment="center", gap="small"):
        _step("Week before", ":material/chevron_left:", page.week - WEEK, weeks)
        st.session_state["week"] = page.week
        st.selectbox(
            "Week",
            weeks[::-1],
            format_func=partial(_week_words, page),
            key="week",
            label_visibility="collapsed",
            on_change=_chosen,
            width=232,
        )
        _step("Week after", ":material/chevron_right:", page.week + WEEK, weeks)
        who.picker(page)


def step(page: Page, by: int | None) -> None:
    """Go `by` weeks on or back, as `]` and `[` ask, if there is such a week."""
    if by and (wanted := page.week + by * WEEK) in page.workspace.weeks():
        _go(wanted)
        st.rerun()


def _step(name: str, icon: str, to: date, weeks: tuple[date, ...]) -> None:
    st.button(
        name,
        icon=icon,
        help=name,
        on_click=_go,
        args=(to,),
        disabled=to not in weeks,
        type="tertiary",
        key=f"step {name}",
    )


def _week_words(page: Page, week: date) -> str:
    label = text.long_week(page.workspace.calendar.week_label(week))
    return f"{label} · {words.day(week)}"


def _decks(page: Page, deck: Deck) -> None:
    outlines = page.workspace.definitions.decks
    if len(outlines) < 2:
        return
    st.session_state["deck"] = deck.name
    st.selectbox(
        "Deck",
        list(outlines),
        format_func=lambda name: outlines[name].title,
        key="deck",
        label_visibility="collapsed",
        on_change=_other_deck,
        width=240,
    )


def view() -> View:
    """What the address asks for: the whole deck, `?view=exceptions` to prepare with, `?view=changes` …"""
    asked = st.query_params.get("view")
    return next((known for known in VIEWS if known == asked), "deck")


def part_view() -> View:
    """The same of one segment alone, of which only the deck and its exceptions are looked at."""
    return "exceptions" if view() == "exceptions" else "deck"


def views(page: Page, deck: Deck, told: str, part: Page | None = None) -> bool:
    """Which deck, the ways to look at its week, presenter mode, and the deck as a file.

    A deck that was frozen can be seen as it was and as it would be now.

    Args:
        page: The page.
        deck: The week's deck as it is now.
        told: Where the week stands, in a line beside them.
        part: The page as one segment alone, if that is looked at: its files are then those of the segment.

    Returns:
        Whether the frozen deck is wanted.
    """
    st.session_state["view"] = view()
    editions = page.workspace.loop.publishing.editions(deck.week_ending, deck.name)
    with st.container(key="views", horizontal=True, vertical_alignment="center", gap="medium"):
        _decks(page, deck)
        segment_picker(page)
        st.segmented_control(
            "View",
            list(VIEWS),
            format_func=VIEWS.__getitem__,
            key="view",
            label_visibility="collapsed",
            on_change=_other_view,
        )
        st.button("Present", icon=":material/slideshow:", type="tertiary", key="present", on_click=_present)
        frozen = (
            bool(editions)
            and part is None
            and view() == "deck"
            and st.toggle(
                "As published", value=True, key="frozen", help="Off: as the numbers and words are now"
            )
        )
        downloads(part or page, deck.name, deck.week_ending, editions[-1].number if frozen else None)
        st.html(f'<p class="wu-hint">{escape(told)}</p>', width="content")
    return frozen


def _other_view() -> None:
    chosen = st.session_state["view"]
    if chosen in (None, "deck"):
        st.query_params.pop("view", None)
    else:
        state.put(view=chosen)


def _present() -> None:
    state.put(present="1")


def _chosen() -> None:
    if isinstance(week := st.session_state["week"], date):  # A made-up message may hold anything.
        _go(week)


def _other_deck() -> None:
    st.session_state[KEPT_DECK] = st.session_state["deck"]
    state.put(deck=st.session_state["deck"])


def _go(week: date) -> None:
    st.session_state[KEPT_WEEK] = week
    state.put(week=week.isoformat())
