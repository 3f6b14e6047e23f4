"""The open workspace, shared by all sessions of this process.

A workspace is kept under its folder and the fingerprint of its files, a drawn deck under the
version of the store as well: nothing is keyed on a frame, so a correction is never overlooked.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import streamlit as st

from metrics import open_workspace
from metrics.credentials import credential
from metrics.deck import Deck
from metrics.draw import grid
from metrics.errors import DefinitionError, MetricsError
from metrics.workspace import Workspace, fingerprint

WORKSPACE = "WBR_WORKSPACE"
JOURNAL = "WBR_JOURNAL"
View = Literal["deck", "exceptions", "changes", "week"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A workspace and what its files were when it was opened."""

    workspace: Workspace
    fingerprint: str


def folder() -> Path:
    """The workspace's folder: `$WBR_WORKSPACE`, else the current one.

    Raises:
        DefinitionError: It is no folder, or holds no YAML file.
    """
    named = os.environ.get(WORKSPACE)
    found = Path(named).expanduser() if named else Path.cwd()
    if not found.is_dir():
        raise DefinitionError(f"{found} is not a folder. Set ${WORKSPACE} to a workspace and start again.")
    if not any(found.glob("*.yaml")) and not any(found.glob("*.yml")):
        raise DefinitionError(
            f"{found} is not a workspace: it has no YAML file. Start the dashboard in a workspace, set "
            f"${WORKSPACE}, or make one with `wbr init DIR`."
        )
    return found.resolve()


def opened() -> Opened:
    """The workspace as its files are now.

    Raises:
        DefinitionError: Its files have mistakes; the message lists all of them with their lines.
    """
    where = folder()
    return _opened("\n".join((str(where), credential(JOURNAL, os.environ))), fingerprint(where))


@st.cache_resource(max_entries=4, show_spinner=False)
def _opened(where: str, files: str) -> Opened:
    folder, journal = where.split("\n")
    return Opened(open_workspace(Path(folder), journal=journal, environment=os.environ), files)


def deck_html(house: Opened, deck: Deck, view: View = "deck") -> str:
    """The whole deck as the page shows it, or its exceptions only."""
    parts = (
        house.workspace.folder,
        house.fingerprint,
        deck.version,
        deck.decisions,  # The deck's own: what was said since it was made is not in it.
        deck.name,
        deck.week_ending,
        deck.as_of,
        view,
    )
    return _drawn(
        "\n".join(map(str, parts)), deck, view
    )  # One string, because two tuples can share one hash.


@st.cache_resource(max_entries=24, show_spinner=False)
def _drawn(key: str, _deck: Deck, _view: View) -> str:  # noqa: ARG001 - `key` stands for both
    drawn = grid.preparation if _view == "exceptions" else grid.page
    return drawn(_deck, twins="on_demand")


def frozen_html(house: Opened, week_ending: date, deck: str) -> str | None:
    """The newest published edition of a week's deck, as it was frozen; None if none was published.

    Raises:
        StoreError: Its file is gone or was changed.
    """
    publishing = house.workspace.loop.publishing
    known = publishing.editions(week_ending, deck)
    if not known:
        return None
    if house.workspace.hidden.metrics and "whole.json" not in known[-1].files:
        return None  # Frozen before a value was kept of which less can be shown: the deck as it is now is.
    whole = publishing.document(known[-1]).decode()
    _, _, rest = whole.partition('<main class="w-deck">')
    return rest.partition("</main>")[0]


def warm() -> None:
    """Open the workspace and draw its newest deck; a mistake is left for the page to tell."""
    with suppress(MetricsError):  # The page meets the same mistake and tells it.
        house = opened()
        if house.workspace.version:
            deck_html(house, house.workspace.deck())
