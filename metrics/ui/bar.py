"""The bar over a page: which week, which deck, the deck as a file."""

from datetime import date, timedelta
from functools import partial
from html import escape

import streamlit as st

from metrics import text
from metrics.deck import Deck
from metrics.ui import state, who, words
from metrics.ui.frame import KEPT_WEEK, Page
from metrics.ui.opened import View, deck_file

WEEK = timedelta(weeks=1)
VIEWS: dict[View, str] = {"deck": "Deck", "exceptions": "Exceptions only", "week": "The week"}


def bar(page: Page, deck: Deck | None = None) -> None:
    """Previous week, week, next week; with a deck also which one, and the deck as a file; who is here."""
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
        if deck is not None:
            _decks(page, deck)
            st.download_button(
                "HTML deck",
                data=partial(deck_file, page.house, page.week, deck.name),
                file_name=f"{deck.name}-{page.week}.html",
                mime="text/html",
                icon=":material/download:",
                help="One file: opens offline, prints four charts a page",
                on_click="ignore",
                type="tertiary",
                key="file",
            )
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
    """What the address asks for: the whole deck, `?view=exceptions` to prepare with, `?view=week`."""
    asked = st.query_params.get("view")
    return "exceptions" if asked == "exceptions" else "week" if asked == "week" else "deck"


def views(told: str, *, published: bool) -> bool:
    """The ways to look at a week: the deck, its exceptions, the work on it; and presenter mode.

    Args:
        told: Where the week stands, in a line beside them.
        published: The deck was frozen, so that it can be seen as it was and as it would be now.

    Returns:
        Whether the frozen deck is wanted.
    """
    st.session_state["view"] = view()
    with st.container(key="views", horizontal=True, vertical_alignment="center", gap="medium"):
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
            published
            and view() == "deck"
            and st.toggle(
                "As published", value=True, key="frozen", help="Off: as the numbers and words are now"
            )
        )
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
    _go(st.session_state["week"])


def _other_deck() -> None:
    state.put(deck=st.session_state["deck"])


def _go(week: date) -> None:
    st.session_state[KEPT_WEEK] = week
    state.put(week=week.isoformat())
