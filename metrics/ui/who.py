"""Who sits at the dashboard. Whoever decides something says who they are first.

Until a company signs people in, a person picks themselves from the list; the journal records whom.
"""

import streamlit as st

from metrics.ui import state
from metrics.ui.frame import Page

ANYBODY = "dashboard"  # The author where a workspace declares no people.
KEPT = "kept_person"
NOBODY = "Say who you are first: “You are” is at the top of the page."


def chosen(page: Page) -> str | None:
    """Handle of the person who said who they are; None if nobody did."""
    people = page.workspace.definitions.people
    if not people:
        return ANYBODY
    asked = st.query_params.get("as") or st.session_state.get(KEPT)
    if asked not in people:
        return None
    st.session_state[KEPT] = asked
    return str(asked)


def picker(page: Page) -> None:
    """A small button that opens the list of people; its name says who is here."""
    people = page.workspace.definitions.people
    if not people:
        return
    here = chosen(page)
    label = people[here].name if here else "Who are you?"
    with st.popover(label, icon=":material/person:", type="tertiary", key="who"):
        st.session_state["person"] = here
        st.selectbox(
            "You are",
            list(people),
            index=None,
            format_func=lambda handle: people[handle].name,
            key="person",
            placeholder="Choose your name",
            on_change=_said,
            width=240,
        )


def _said() -> None:
    if person := st.session_state["person"]:
        st.session_state[KEPT] = person
        state.put(**{"as": person})
    else:
        st.session_state.pop(KEPT, None)
        st.query_params.pop("as", None)
