"""What was sent: which deck to whom, and what came of it."""

from html import escape
from zoneinfo import ZoneInfo

from metrics import text
from metrics.reviews.deliveries import WORDS, Delivery
from metrics.ui import markup, words
from metrics.ui.frame import Page
from metrics.workspace.sending import sent

SHOWN = 40  # Deliveries on the page, the newest first.
COLUMNS = ("When", "To", "State", "Deck", "Week", "As")


def deliveries(page: Page) -> str:
    """The delivery log, of the decks that the visitor may read; empty where no deck is sent at all."""
    told = sent(page.workspace)
    if not told:
        declared = [o.title for o in page.workspace.definitions.decks.values() if o.send is not None]
        if not declared:
            return ""
        words_of = f"Nothing was sent yet. {text.listed(declared)} can be: wbr send"
        return markup.block("Deliveries", "", words_of)
    body = "".join(_row(each, page) for each in told[:SHOWN])
    heads = "".join(markup.head(column, left=True) for column in COLUMNS)
    open_ = sum(each.state != "delivered" for each in told)
    note = f"{len(told) - open_:,} delivered" + (f", {open_:,} to look at." if open_ else ".")
    if len(told) > SHOWN:
        note += f" The newest {SHOWN} of {len(told):,} are shown."
    return markup.block("Deliveries", markup.scrolled("Deliveries", heads, body), note)


def _row(each: Delivery, page: Page) -> str:
    address, definitions = each.address, page.workspace.definitions
    person = definitions.people.get(address.to) if address.way == "mail" else None
    edition = f", edition {address.edition}" if address.edition else ", not published"
    to = person.name if person else f"channel {address.to}" if address.way == "webhook" else address.to
    zone = ZoneInfo(definitions.company.time_zone)
    cells = (
        definitions.decks[address.deck].title,
        f"{words.day(address.week_ending)}{edition}",
        each.form,
    )
    return (
        f'<tr><th scope="row"{markup.LEFT}>{escape(words.moment(each.at.astimezone(zone)))}</th>'
        f"{markup.cell(to, left=True)}<td{markup.LEFT}>{_state(each)}</td>"
        + "".join(markup.cell(cell, left=True) for cell in cells)
        + "</tr>"
    )


def _state(each: Delivery) -> str:
    told = WORDS[each.state] + (f": {each.told}" if each.told else "")
    return escape(told) if each.state == "delivered" else f'<span class="w-late">{escape(told)}</span>'
