"""What the address says: `?week=2026-05-09&deck=company&metric=conversion`.

Anybody can type an address, so every value is checked against what there is; an invalid one falls
back to the default with a notice.
"""

from collections.abc import Collection
from datetime import date

import streamlit as st

from metrics.errors import UnknownNameError, hint
from metrics.ui import words
from metrics.workspace import Workspace

LONGEST = 60  # characters of an invalid value that are repeated


def week(workspace: Workspace, kept: date | None = None) -> tuple[date, str | None]:
    """The week asked for, and the notice if there is no such week.

    Args:
        workspace: Which weeks there are.
        kept: The week this visitor looked at last; taken where the address names none.
    """
    weeks = workspace.weeks()
    default = workspace.default_week()
    asked = _asked("week")
    if asked is None:
        return (kept if kept in weeks else default), None
    try:
        found = date.fromisoformat(asked)
    except ValueError:
        return default, f"“{_short(asked)}” is not a date. Showing the newest week."
    if found in weeks:
        return found, None
    if workspace.calendar.week(weeks[0]).first <= found <= weeks[-1]:
        holds = workspace.calendar.week_of(found).last
        return holds, f"No week ends on {words.day(found)}. Showing the week that holds it."
    return default, f"There is no deck of {words.day(found)}. Showing the newest week."


def deck(workspace: Workspace, kept: str | None = None) -> tuple[str | None, str | None]:
    """Id of the deck asked for, or the first declared; and the notice if there is no such deck.

    Args:
        workspace: Which decks there are.
        kept: The deck this visitor looked at last; taken where the address names none.
    """
    decks = workspace.definitions.decks
    return _one_of("deck", decks, kept if kept in decks else next(iter(decks), None), "deck")


def metric(workspace: Workspace) -> tuple[str | None, str | None]:
    """Id of the metric asked for, or None; and the notice if there is no such metric."""
    return _one_of("metric", workspace.definitions.metrics, None, "metric")


def _one_of(
    name: str, known: Collection[str], default: str | None, what: str
) -> tuple[str | None, str | None]:
    asked = _asked(name)
    if asked is None or asked in known:
        return asked or default, None
    told = UnknownNameError(f"There is no {what} “{_short(asked)}”. {hint(asked[:LONGEST], known)}")
    return default, str(told)


def _asked(name: str) -> str | None:
    return st.query_params.get(name) or None


def _short(value: str) -> str:
    return value if len(value) <= LONGEST else value[:LONGEST] + "…"


def put(**values: str) -> None:
    """Write values into the address; the others stay."""
    st.query_params.update(values)
