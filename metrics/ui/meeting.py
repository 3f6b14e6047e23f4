"""The meeting: presenter mode over a week's deck, and what the room says put on record."""

from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any

import streamlit as st

from metrics import text
from metrics.deck import Deck
from metrics.errors import MetricsError, StoreError
from metrics.reviews.answers import inputs_of
from metrics.ui import markup, state, who
from metrics.ui.frame import Page, tell
from metrics.ui.one_metric import facts_of
from metrics.ui.opened import View, deck_html, frozen_html
from metrics.ui.present import Stage, stage

ANSWERED = "answered_notes"
STANDING = {"worth": "Is it worth discussing? ", "input": "Is it the right input? "}


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


def review(page: Page, deck: Deck, view: View, *, frozen: bool) -> str:
    """The markup of the review: the frozen edition where one is wanted, else the deck as it is now.

    An edition that cannot be read is told above the deck as it is now.
    """
    kept = None
    try:
        kept = frozen_html(page.house, deck.week_ending, deck.name) if frozen else None
    except StoreError as error:
        then = (
            "Shown is the deck as it is now. <code>wbr doctor</code> says how the published one comes back."
        )
        inside = f"<pre>{escape(str(error))}</pre><p>{then}</p>"
        tell("The published deck cannot be read", inside, role="alert", heading="h2")
    return kept if kept is not None else deck_html(page.house, deck, view)


def _shown(page: Page, deck: Deck) -> Stage:
    definitions = page.workspace.loop.definitions
    shown = dict.fromkeys(b.metric for b in deck.blocks if b.metric)
    return Stage(
        html=frozen_html(page.house, deck.week_ending, deck.name) or deck_html(page.house, deck),
        place={
            "company": deck.company,
            "week": text.deck_week(deck),
            "key": f"{deck.company} {deck.name} {deck.week_ending}",
        },
        people=tuple((handle, person.name) for handle, person in definitions.people.items()),
        metrics={m: definitions.metrics[m].name for m in shown},
        definitions={m: markup.facts(facts_of(definitions.metrics[m], definitions)) for m in shown},
        inputs={
            m: tuple((i, definitions.metrics[i].name) for i in inputs_of(definitions, m))
            for m in shown
            if definitions.metrics[m].kind == "output"
        },
        speaks=True if who.chosen(page) else who.nobody(page),
    )


def _recorded(page: Page, deck: Deck, said: Mapping[str, Any]) -> str:
    """Put one note on record; empty if it is, else why not."""
    saying, week, by = page.workspace.loop.saying, deck.week_ending, who.chosen(page) or ""
    words, metric = str(said.get("text") or ""), str(said.get("metric") or "")
    name = f"{page.workspace.definitions.metrics[metric].name}: " if metric in deck_metrics(deck) else ""
    try:
        match said.get("kind"):
            case "answer":
                saying.answer(
                    metric,
                    str(said.get("answer")),
                    words,
                    by=by,
                    week_ending=week,
                    due=_day(said.get("due")),
                    decided_by=str(said.get("decided_by") or "") or None,
                    inputs=[str(m) for m in said.get("inputs") or ()],
                )
            case "action":
                saying.record_action(
                    metric,
                    words,
                    by=by,
                    owner=str(said.get("owner") or ""),
                    due=_day(said.get("due")),
                    direction=str(said.get("direction") or ""),
                    effect_by=_day(said.get("effect_by")),
                    effect_metric=str(said.get("effect_metric") or metric),
                    week_ending=week,
                )
            case "park":
                saying.park(f"{name}{words}", by=by, week_ending=week)
            case "question" | "worth" | "input" as kind:
                saying.ask(metric, STANDING.get(kind, "") + words, by=by, week_ending=week)
            case "attendance":
                saying.attend([str(person) for person in said.get("people") or ()], by=by, week_ending=week)
            case other:
                return f"{other!r} is nothing that can be recorded here."
    except MetricsError as error:
        return str(error)
    return ""


def deck_metrics(deck: Deck) -> frozenset[str]:
    """The metrics that a deck's blocks are about."""
    return frozenset(b.metric for b in deck.blocks if b.metric)


def _day(words: Any) -> date | None:
    try:
        return date.fromisoformat(str(words)) if words else None
    except ValueError:
        return None
