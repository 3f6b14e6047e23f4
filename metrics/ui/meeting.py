"""The meeting: presenter mode over a week's deck, and what the room says put on record."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from metrics import text
from metrics.deck import Deck
from metrics.errors import MetricsError
from metrics.ui import markup, state, who
from metrics.ui.frame import Page
from metrics.ui.one_metric import facts_of
from metrics.ui.opened import deck_html
from metrics.ui.present import Stage, stage

ANSWERED = "answered_notes"


def presenting() -> bool:
    """Whether the address asks for presenter mode."""
    return st.query_params.get("present") == "1"


def start() -> None:
    """Go to presenter mode."""
    state.put(present="1")


def meeting(page: Page, deck: Deck) -> None:
    """Presenter mode of one deck; notes are recorded as they come."""
    answered: dict[str, str] = st.session_state.setdefault(ANSWERED, {})
    said, leave = stage(_shown(page, deck), answered)
    if leave:
        st.query_params.pop("present", None)
        st.rerun()
    if said and str(said.get("id", "")) not in answered:
        answered[str(said.get("id", ""))] = _recorded(page, deck, said)
        st.rerun()


def _shown(page: Page, deck: Deck) -> Stage:
    definitions = page.workspace.definitions
    shown = dict.fromkeys(b.metric for b in deck.blocks if b.metric)
    return Stage(
        html=deck_html(page.house, deck),
        place={
            "company": deck.company,
            "week": text.deck_week(deck),
            "key": f"{deck.company} {deck.name} {deck.week_ending}",
        },
        people=tuple((handle, person.name) for handle, person in definitions.people.items()),
        metrics={m: definitions.metrics[m].name for m in shown},
        definitions={m: markup.facts(facts_of(definitions.metrics[m], definitions)) for m in shown},
        speaks=True if who.chosen(page) else who.NOBODY,
    )


def _recorded(page: Page, deck: Deck, said: Mapping[str, Any]) -> str:
    """Put one note on record; empty if it is, else why not."""
    try:
        page.workspace.loop.note(deck, said, by=who.chosen(page) or "")
    except MetricsError as error:
        return str(error)
    return ""
