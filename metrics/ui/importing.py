"""Targets, plans and annotations from a file of this machine: told what would come of it, then imported."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Final

import streamlit as st

from metrics import text
from metrics.errors import MetricsError
from metrics.reviews.duties import may
from metrics.ui import markup
from metrics.ui.acting import act, told
from metrics.ui.frame import Page, hint, tell
from metrics.ui.loading import saved

FORMS: Final = ("csv", "txt", "xlsx", "xls", "ods")
WHAT: Final = {
    "Targets, or a plan by month": "Columns: metric, value, and week_ending or month (2026-05).",
    "Annotations": "Columns: metric, date, text.",
}


def imports(page: Page) -> None:
    """An uploaded file of targets or annotations, for who may set or add them."""
    rights = _rights(page)
    if not rights:
        return
    told()
    with st.expander("Import targets or annotations", icon=":material/flag:"):
        what = st.segmented_control(
            "What the file holds", rights, default=rights[0], key="import what", label_visibility="collapsed"
        )
        kind = what or rights[0]
        hint(WHAT[kind])
        targets = kind != "Annotations"
        because = st.text_input("Why these are the targets", key="import why") if targets else ""
        file = st.file_uploader("File of targets or annotations", type=list(FORMS), key="import file")
        if file is None:
            return
        with saved(file) as path:
            try:
                sentences = _told(page, path, because) if targets else _counted(page, path)
            except MetricsError as error:
                mistakes = f"<pre>{escape(str(error))}</pre>"
                tell("The file cannot be imported", mistakes, role="alert", heading="h2")
                return
            st.html(f'<div class="wu-note">{markup.points([escape(s) for s in sentences])}</div>')
            if st.button("Import it", type="primary", key="import it"):
                importing = page.workspace.importing
                work: Callable[[str], object] = (
                    (lambda by: importing.targets(path, by=by, because=because))
                    if targets
                    else (lambda by: importing.annotations(path, by=by))
                )
                act(page, work, "Imported.")


def _rights(page: Page) -> list[str]:
    person, definitions = page.visitor.person, page.workspace.definitions
    if person is None:
        return []
    may_annotate = any(may(definitions, person, right) for right in ("add_annotation", "define"))
    allowed = (may(definitions, person, "set_target"), may_annotate)
    return [what for what, ok in zip(WHAT, allowed, strict=True) if ok]


def _told(page: Page, path: Path, because: str) -> list[str]:
    """What would come of a file of targets, a sentence each."""
    made = page.workspace.importing.targets(
        path, by=str(page.visitor.person), because=because or "to be said", dry=True
    )
    names = page.workspace.definitions.metrics
    sentences = []
    for one in made:
        count = text.counted(one.rows, one.grain)
        sentences.append(f"{names[one.metric].name}: {count}, {one.added} new, {one.changed} changed.")
        sentences += one.notes
    return sentences


def _counted(page: Page, path: Path) -> list[str]:
    made = page.workspace.importing.annotations(path, by=str(page.visitor.person), dry=True)
    return [f"{text.counted(made.added, 'annotation')} to add, {made.known} known already."]
