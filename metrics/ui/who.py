"""Who sits at the dashboard, at the top of every page. Whoever decides something says who they are first.

Where nobody logs in, a person picks themselves from the list; the journal records whom.
"""

import streamlit as st

from metrics.errors import MetricsError
from metrics.reviews.duties import may
from metrics.ui import door, state, words
from metrics.ui.frame import Page, destinations

ANYBODY = door.ANYBODY
KEPT = door.KEPT
READS_ONLY = "reads only"
NOBODY = "Say who you are first: “You are” is at the top of the page."
MAY_NOT = "You read here and decide nothing: nobody knows who you are."


def chosen(page: Page) -> str | None:
    """Handle of the person who is here; None if nobody said so, or may any more.

    Asked again before anything is written: a login ends and a role is taken away while a page stays open.
    """
    if page.visitor.person is None or not door.still(page.workspace, page.visitor):
        return None
    page.workspace.notice_roles()
    return page.visitor.person


def nobody(page: Page) -> str:
    """Why nobody can decide anything, in words."""
    return NOBODY if page.visitor.mode == "local" else MAY_NOT


def picker(page: Page) -> None:
    """A small button whose name says who is here; it opens the list of people, or the way out."""
    here = page.visitor
    if here.mode == "login":
        _log_out(page)
        return
    people = page.workspace.definitions.people
    if here.mode == "readers" or not people:
        return
    label = words.plain(people[here.person].name) if here.person else "Who are you?"
    with st.popover(label, icon=":material/person:", type="tertiary", key="who"):
        st.session_state["person"] = here.person
        _list(page, "person")
        _to_people(page)


def _to_people(page: Page) -> None:
    """The way to the page of people and roles, for whoever may change them."""
    person = page.visitor.person
    if person is not None and may(page.workspace.definitions, person, "grant_role"):
        st.page_link(destinations()["people"], label="People and roles", icon=":material/group:")


def first_start(page: Page) -> None:
    """The first question at a machine: who is here. Until it is answered, the page is read only."""
    people = page.workspace.definitions.people
    here = page.visitor
    if here.mode != "local" or here.person is not None or not people or st.session_state.get(READS_ONLY):
        return
    with st.container(key="first", horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(
            '<div class="wu-first"><h2>Who is at this computer?</h2>'
            "<p>Your name stands beside what you decide. It is kept on this machine and can be changed at "
            "the top of the page.</p></div>",
            width="stretch",
        )
        _list(page, "first person")
        if st.button("I only read", type="tertiary", key="only read"):
            st.session_state[READS_ONLY] = True
            st.rerun()


def _list(page: Page, key: str) -> None:
    people = page.workspace.definitions.people
    st.selectbox(
        "You are",
        list(people),
        index=None,
        format_func=lambda handle: people[handle].name,
        key=key,
        placeholder="Choose your name",
        on_change=_said,
        args=(page, key),
        width=240,
    )


def _said(page: Page, key: str) -> None:
    person = st.session_state[key]
    door.remember(page.workspace.folder, person)
    if person:
        st.session_state[KEPT] = person
        state.put(**{"as": person})
    else:
        st.session_state.pop(KEPT, None)
        st.query_params.pop("as", None)


def _log_out(page: Page) -> None:
    here = page.visitor
    with st.popover(words.plain(here.name) or "You", icon=":material/person:", type="tertiary", key="who"):
        st.html(f'<p class="wu-hint">{here.person or "You read and decide nothing."}</p>')
        _to_people(page)
        if st.button("Log out", icon=":material/logout:", key="log out"):
            st.logout()
        if here.person and st.button(
            "Log out everywhere", key="log out everywhere", help="On every machine you are logged in"
        ):
            try:
                page.workspace.entering.log_out(
                    here.person, by=here.person, because="Logged out everywhere, by themselves"
                )
            except MetricsError as error:
                st.error(str(error))
                return
            st.logout()
