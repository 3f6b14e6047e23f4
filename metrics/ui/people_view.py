"""Who may do what: the rights table, everybody's roles, granting, taking away, ending logins."""

from html import escape

import streamlit as st

from metrics import text
from metrics.reviews.duties import with_defaults
from metrics.reviews.rights import acts, all_roles, roles_with
from metrics.ui import acting, markup, who
from metrics.ui.frame import Page


def roles(page: Page) -> str:
    """The people with their roles, and which role may do what."""
    definitions = page.workspace.definitions
    granted = with_defaults(definitions)
    declared = page.workspace.registry.definitions.people
    rows = []
    for handle, person in definitions.people.items():
        own = set(declared[handle].roles) if handle in declared else set()
        told = [_word(r) if r in own else f"{_word(r)} (granted)" for r in person.roles]
        rows.append(
            f'<tr><th scope="row"{markup.LEFT}>{escape(person.name)}</th>'
            + markup.cell(handle, left=True)
            + markup.cell(text.listed(told) or "listener", left=True)
            + "</tr>"
        )
    rights = [
        f'<tr><th scope="row"{markup.LEFT}>{escape(words[:1].upper() + words[1:])}</th>'
        + markup.cell(text.listed(_word(r) for r in roles_with(granted, act)) or "nobody", left=True)
        + "</tr>"
        for act, words in acts().items()
    ]
    return (
        "<h2>People</h2>"
        f"<table><thead><tr><th{markup.LEFT}>Name</th><th{markup.LEFT}>Handle</th>"
        f"<th{markup.LEFT}>Roles</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
        "<h2>Rights</h2>"
        f"<table><thead><tr><th{markup.LEFT}>To</th><th{markup.LEFT}>is for</th></tr></thead>"
        f"<tbody>{''.join(rights)}</tbody></table>"
    )


def change_roles(page: Page) -> None:
    """Grant a role, take one away, or log somebody out everywhere."""
    who.picker(page)
    acting.told()
    entering, definitions = page.workspace.entering, page.workspace.definitions
    with st.form("change roles", border=True):
        st.subheader("Change a role", anchor=False)
        person = acting.person_list(page, "Person", "whose role")
        role = st.selectbox(
            "Role", sorted(all_roles(definitions)), index=None, format_func=_word, placeholder="Choose"
        )
        because = st.text_input("Why", max_chars=400)
        with st.container(horizontal=True):
            grant = st.form_submit_button("Grant it", type="primary")
            take = st.form_submit_button("Take it away")
            out = st.form_submit_button("Log the person out everywhere")
    if out and person:
        acting.act(
            page, lambda by: entering.log_out(person, by=by, because=because), "Logged out everywhere."
        )
    elif (grant or take) and person and role:
        decide = entering.grant if grant else entering.revoke
        done = f"{'Granted' if grant else 'Taken away'}: {_word(role)}."
        acting.act(page, lambda by: decide(person, role, by=by, because=because), done)
    elif grant or take or out:
        st.warning("Choose a person and a role.")


def _word(role: str) -> str:
    return role.replace("_", " ")
