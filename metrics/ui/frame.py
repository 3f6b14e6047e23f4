"""The frame of every page: navigation, the open workspace, the week, and mistakes told in words."""

import logging
from dataclasses import dataclass
from datetime import date
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Literal, NoReturn
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st
from streamlit.navigation.page import Page as Destination

from metrics import text
from metrics.deck import Deck
from metrics.errors import DefinitionError, JournalError, MetricsError, NotAllowedError, StoreError
from metrics.reviews.duties import checked
from metrics.shipped import shipped
from metrics.ui import door, logs, measures, state, words
from metrics.ui.door import Visitor
from metrics.ui.ills import ills
from metrics.ui.opened import Opened, opened
from metrics.workspace import Workspace

PERSON = "kept_person"  # Who sits here: the key of metrics/ui/who.py.
REFUSED = "refused page"
KEPT_WEEK = "kept_week"  # The week a person chose, kept while they walk from page to page.
KEPT_DECK = "kept_deck"  # The same of the deck.


@dataclass(frozen=True, slots=True)
class Page:
    """What a page is given.

    Attributes:
        house: The open workspace.
        week: Last day of the week asked for, checked.
        deck_name: Id of the deck asked for, checked; None if none is declared.
        visitor: Who is here.
        place: Title of the page.
    """

    house: Opened
    week: date
    deck_name: str | None
    visitor: Visitor
    place: str

    @property
    def workspace(self) -> Workspace:
        """The open workspace, as the visitor may see it."""
        return self.house.workspace

    @property
    def empty(self) -> bool:
        """Whether nothing was loaded yet."""
        return not self.workspace.version

    def deck(self) -> Deck:
        """The deck of the week asked for."""
        return self.workspace.deck(self.week, deck=self.deck_name)


def main() -> None:
    """Run one page for one session. Every request passes here, whatever its address."""
    st.set_page_config(page_title="Sixtwelve", page_icon=str(_own("icon.svg")), layout="wide")
    st.html(_own("page.css"))
    chosen = st.navigation(list(destinations().values()), position="top" if door.let_in() else "hidden")
    with measures.run(chosen.url_path or "review") as seconds:
        try:
            chosen.run()
        except (MetricsError, OSError) as error:
            trouble(error)
    logs.told(
        "run",
        request=st.context.headers.get("X-Request-ID"),
        page=chosen.url_path or "review",
        ms=round(seconds() * 1000, 1),
        person=st.session_state.get(PERSON),
    )


def destinations() -> dict[str, Destination]:
    """The pages by name, by absolute path, so that nothing else finds them."""
    pages = shipped("pages")
    return {
        "review": st.Page(pages / "review.py", title="Review", url_path="review", default=True),
        "metric": st.Page(pages / "metric.py", title="Metric", url_path="metric"),
        "goals": st.Page(pages / "goals.py", title="Goals", url_path="goals"),
        "owners": st.Page(pages / "owners.py", title="Owners", url_path="owners"),
        "flywheel": st.Page(pages / "flywheel.py", title="Flywheel", url_path="flywheel"),
        "correlations": st.Page(pages / "correlations.py", title="Correlations", url_path="correlations"),
        "sources": st.Page(pages / "sources.py", title="Sources", url_path="sources"),
        "people": st.Page(pages / "people.py", title="People", url_path="people", visibility="hidden"),
    }


def page(title: str, right: str | None = None) -> Page:
    """The first line of every page: asks who is here, opens the workspace for them and reads the address.

    Whoever may not come in, and a workspace that cannot be opened, are told so in words, and the page ends.

    Args:
        title: Of the page.
        right: What whoever opens it must be allowed to do; by default everybody who is let in may.
    """
    door.knock()
    ills()
    try:
        house = opened()
        here = door.visitor(house.workspace)
        if right is not None:
            _allowed(house, here, title, right)
        asked = _asked(seen(house, here), here, title)
    except (MetricsError, OSError) as error:
        trouble(error)
        st.stop()
    st.set_page_config(page_title=f"{title} · {house.workspace.definitions.company.name}")
    return asked


def seen(house: Opened, here: Visitor) -> Opened:
    """The workspace as a visitor may see it; where no people are declared, who is at the machine sees all."""
    if here.person == door.ANYBODY and not house.workspace.definitions.people:
        return house
    view = house.workspace.seen_by(here.person)
    return Opened(view, f"{house.fingerprint}\n{view.hidden.key}") if view.hidden else house


def still_in(asked: Page) -> None:
    """For a part of a page that runs by itself: run the whole page anew if its visitor is in no more."""
    if not door.still(asked.workspace, asked.visitor):
        st.rerun()


def _allowed(house: Opened, here: Visitor, title: str, right: str) -> None:
    """Refuse a page to whom it is not for, and put on record that they asked."""
    workspace = house.workspace
    if not workspace.definitions.people and here.person is not None:
        return
    try:
        workspace.notice_roles()
        checked(workspace.definitions, here.person or "", right)
    except NotAllowedError as error:
        if here.person is not None and st.session_state.get(REFUSED) != title:
            st.session_state[REFUSED] = title  # Once a visit: not every rerun is a new try.
            workspace.entering.refused(here.person, f"open {title}", title, error)
        tell("This page is not yours", f"<p>{escape(str(error))}</p>", role="alert")
        st.stop()


def _asked(house: Opened, here: Visitor, title: str) -> Page:
    workspace = house.workspace
    week, no_week = workspace.default_week(), None
    if workspace.version:
        week, no_week = state.week(workspace, st.session_state.get(KEPT_WEEK))
        st.session_state[KEPT_WEEK] = week
    deck, no_deck = state.deck(workspace, st.session_state.get(KEPT_DECK))
    st.session_state[KEPT_DECK] = deck
    for notice in filter(None, (no_week, no_deck)):
        st.info(words.plain(notice))
    return Page(house, week, deck, here, title)


def open_metric(asked: Page, metric: str | None) -> None:
    """Go to a metric's page, if the browser named one that exists."""
    if metric in asked.workspace.definitions.metrics:
        where = {"metric": str(metric), "week": asked.week.isoformat()}
        st.switch_page(destinations()["metric"], query_params=where)


def nothing_loaded(asked: Page) -> NoReturn:
    """Say how to load a workspace that holds no number yet, and end the page."""
    company = asked.workspace.definitions.company.name
    count = len(asked.workspace.definitions.sources)
    sources = text.counted(count, "declared source")
    tell(
        f"{company} has no numbers yet",
        f"<p>Load the {sources} with <code>wbr load</code>, or on the Sources page.</p>",
        role="status",
    )
    if st.button("Go to Sources", type="primary"):
        st.switch_page(destinations()["sources"])
    st.stop()


def trouble(error: MetricsError | OSError) -> None:
    """A failure in words, in place of the page."""
    doctor = "<code>wbr doctor</code> says all that is wrong, and what to do."
    match error:
        case DefinitionError():
            title, then = "The definitions need mending", "Mend the files and reload this page."
        case StoreError():
            title, then = "The store cannot be read", f"Nothing was changed. {doctor}"
        case JournalError():
            title, then = "The journal cannot be used", doctor
        case OSError():
            title, then = "A file cannot be read or written", doctor
        case _:
            title, then = "This did not work", ""
    tell(title, f"<pre>{escape(str(error))}</pre><p>{then}</p>", role="alert")


def fault(_error: Exception) -> bool:
    """What nobody foresaw, in words, in place of Streamlit's own; its log has the rest.

    Returns:
        True: nothing more is shown.
    """
    number = st.context.headers.get("X-Request-ID")
    logs.told("fault", logging.ERROR, request=number)
    tell(
        "This page met a fault",
        '<p class="wu-fault">What was said and decided before is kept. Reload the page and look whether your '
        "last click is there before you click again.</p><p>Whoever runs the server finds the fault in its "
        f"log{f': request {escape(number)}' if number else ''}.</p>",
        role="alert",
    )
    return True


def tell(title: str, inside: str, role: str, heading: Literal["h1", "h2"] = "h1") -> None:
    """Words in place of a page (h1), or of a part of it (h2). `inside` is markup."""
    said = f"<{heading}>{escape(title)}</{heading}>{inside}"
    st.html(f'<div class="wu-trouble wu-{heading}" role="{role}">{said}</div>')


def hint(sentence: str) -> None:
    """A quiet sentence; Streamlit's own caption is too faint to read."""
    st.html(f'<p class="wu-hint">{escape(sentence)}</p>', width="content")


def when(moment: pd.Timestamp, page: Page) -> str:
    """A stored UTC time where the company is."""
    if pd.isna(moment):
        return text.UNKNOWN
    zone = ZoneInfo(page.workspace.definitions.company.time_zone)
    aware = moment.tz_localize("UTC") if moment.tzinfo is None else moment
    return words.moment(aware.tz_convert(zone).to_pydatetime())


def _own(name: str) -> Path:
    return Path(str(files("metrics.ui").joinpath(name)))
