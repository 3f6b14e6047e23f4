"""Deciding on a page: who does it, drafts that survive, refusals told in words.

What a person types is kept in the journal's drafts from the moment a field is left, so that it
outlives a reload and a restart of the server; it is dropped once it is said.

A click reaches the server with the page as it was in that tab. It counts once, and only for what was shown.
"""

import time
from collections.abc import Callable, Hashable, Iterable
from datetime import UTC

import streamlit as st

from metrics.errors import ConflictError, MetricsError, NotAllowedError
from metrics.ui import who, words
from metrics.ui.frame import Page

DONE = "done note"
NOT_DONE = "not done note"
SAID = "just said"
AGAIN = 5.0  # Seconds in which the same words on the same subject are a second click, not a second thought.


def act(
    page: Page,
    doing: Callable[[str], object],
    done: str,
    drafts: Iterable[str] = (),
    *,
    forget: Iterable[str] = (),
) -> None:
    """Do something as the person who is here; then show the page anew, with what was done.

    Args:
        page: The page.
        doing: Given the person's handle, decides; its MetricsError is shown in words.
        done: What to say afterwards.
        drafts: Subjects of drafts that are said now.
        forget: Keys of the session that it settles.
    """
    person = who.chosen(page)
    if person is None:
        st.warning(who.nobody(page))
        return
    subjects = list(drafts)
    said = [(subject, st.session_state.get(f"draft {person} {subject}", "")) for subject in subjects]
    try:
        if not _again(said):
            doing(person)
    except ConflictError as error:
        st.warning(_first(page, error))
        return
    except MetricsError as error:
        recorded(page, person, done, error)
        st.error(str(error))
        return
    st.session_state[SAID] = (said, time.monotonic())
    for subject in subjects:
        _drop(page, person, subject)
    for key in forget:
        st.session_state.pop(key, None)
    st.session_state[DONE] = done
    st.rerun()


def _again(said: list[tuple[str, str]]) -> bool:
    """Whether these words were said a moment ago: a double click brings the text of its field twice."""
    before, at = st.session_state.get(SAID, ([], 0.0))
    return said == before and any(typed for _, typed in said) and time.monotonic() - at < AGAIN


def _first(page: Page, error: ConflictError) -> str:
    if error.newest is None or isinstance(error.__cause__, ConflictError):  # Told in words already.
        return f"Somebody was first. {error}"
    by = words.person(error.newest.author, page.workspace.definitions)
    why = f" ({error.newest.because})" if error.newest.because else ""
    return words.plain(
        f"{by} was first, at {words.moment(error.newest.at)}{why}. Nothing of yours was written, and what "
        "you typed is still here. Look at what stands now, then decide again."
    )


def note_click(key: str, shown: Hashable) -> None:
    """For `on_click`: note what was shown where somebody clicked."""
    st.session_state[f"clicked {key}"] = shown


def clicked(key: str, shown: Hashable, otherwise: str) -> bool:
    """Whether somebody clicked on what is still shown.

    Args:
        key: As given to `note_click`.
        shown: What the page shows now.
        otherwise: Told where the click was on a page that showed something else.
    """
    before = st.session_state.pop(f"clicked {key}", None)
    if before is not None and before != shown:
        st.warning(words.plain(otherwise))
    return bool(before == shown)


def recorded(page: Page, person: str, what: str, error: MetricsError) -> None:
    """Put on record that somebody tried what they may not; other failures are not recorded."""
    if isinstance(error, NotAllowedError) and person:
        page.workspace.entering.refused(person, what, page.place, error)


def told() -> None:
    """What was done before this run, and what was not, once."""
    if done := st.session_state.pop(DONE, None):
        st.toast(done, icon=":material/check:")
    if lost := st.session_state.pop(NOT_DONE, None):
        st.toast(words.plain(lost), icon=":material/warning:", duration="long")


def draft(
    page: Page, label: str, subject: str, *, lines: int = 2, most: int = 4_000, holder: str = ""
) -> str:
    """A field of text whose content is kept as a draft of this person.

    Args:
        page: The page.
        label: Over the field.
        subject: What the draft is about; one field a subject.
        lines: Height.
        most: Characters allowed.
        holder: Shown while it is empty.
    """
    person = who.chosen(page) or ""
    key = f"draft {person} {subject}"
    if key not in st.session_state:
        st.session_state[key] = _kept(page, person, subject)
    return str(
        st.text_area(
            label,
            key=key,
            height=26 + 24 * max(lines, 2),
            max_chars=most,
            placeholder=holder or None,
            on_change=_keep,
            args=(page, person, subject, key),
        )
        or ""
    )


def _kept(page: Page, person: str, subject: str) -> str:
    if not person:
        return ""
    try:
        found = page.workspace.journal.draft(person, subject)
    except MetricsError:
        return ""  # The page's own reading of the journal tells what is wrong.
    return found.text if found else ""


def _keep(page: Page, person: str, subject: str, key: str) -> None:
    if not person or key not in st.session_state:
        return  # A second click brought the text of a field that the first one has said.
    workspace = page.workspace
    try:
        # By the real clock: a frozen company's clock would keep only the first version.
        workspace.journal.save_draft(
            person, subject, st.session_state[key], workspace.moment().astimezone(UTC)
        )
    except MetricsError as error:
        st.session_state[NOT_DONE] = f"The draft is not kept: {error}"


def _drop(page: Page, person: str, subject: str) -> None:
    st.session_state.pop(f"draft {person} {subject}", None)
    try:
        page.workspace.journal.drop_draft(person, subject)
    except MetricsError as error:
        st.session_state[NOT_DONE] = f"The draft is still kept: {error}"


def person_list(page: Page, label: str, key: str, *, default: str | None = None) -> str | None:
    """A list of people; None until one is chosen."""
    people = page.workspace.definitions.people
    if not people:
        return st.text_input(label, key=key) or None
    handles = list(people)
    place = handles.index(default) if default in people else None
    chosen: str | None = st.selectbox(
        label, handles, index=place, format_func=lambda h: people[h].name, key=key, placeholder="Choose"
    )
    return chosen
