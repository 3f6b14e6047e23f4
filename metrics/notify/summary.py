"""A deck in few words: page 0 and the exceptions, for mail and chat.

It is made from the JSON form of a deck, so that a frozen deck is told as it was frozen. Every word of it
comes from outside and is escaped for where it goes: a metric's name is no markup, no mention of everybody
in a channel, no link. Nothing in it is fetched from anywhere.

Source: wbr-method.md section 7; DESIGN.md section 5 for the JSON form.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

from metrics.draw.style import FONT, LIGHT
from metrics.text import chance, counted, long_day, long_week

MOST = 15  # Exceptions, promises and notices told each; the deck has them all.
HEADER = 150  # Characters of a header in Slack.
SECTION = 3000  # Characters of a section in Slack.
CARD = "application/vnd.microsoft.card.adaptive"
NOTICES = {
    "late": "Late",
    "incomplete": "Incomplete",
    "no_data": "No data",
    "no_owner": "No owner",
    "disputed": "Disputed",
    "restated": "Restated",
    "unplaced": "In no deck",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and what stands under it; of `points`, each is a list's entry."""

    heading: str
    text: str = ""
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """A deck in few words.

    Attributes:
        company: Whose it is.
        title: Of the deck.
        week: In words.
        standing: What it is worth: `Edition 1, published on 13 May 2026`.
        parts: The answers of page 0, exceptions, promises, what is missing.
        link: Where the deck is opened; empty if nobody said.
        file: Name of the file that comes with it; empty without one.
    """

    company: str
    title: str
    week: str
    standing: str
    parts: tuple[Part, ...]
    link: str = ""
    file: str = ""

    @property
    def subject(self) -> str:
        """One line: whose, what, which week."""
        return f"{self.company}: {self.title}, {self.week}"

    @property
    def tail(self) -> tuple[str, ...]:
        """What stands below everything."""
        return tuple(words for words in (self.file and f"Attached: {self.file}",) if words)


def summary(deck: Mapping[str, Any], standing: str, link: str = "", file: str = "") -> Summary:
    """A deck in few words.

    Args:
        deck: Its JSON form, `sixtwelve.deck/1`.
        standing: What it is worth, in words without a full stop.
        link: Where it is opened.
        file: Name of the file that comes with it.
    """
    return Summary(
        company=deck["company"],
        title=deck["title"],
        week=f"{long_week(deck['week_label'])}, ending {long_day(date.fromisoformat(deck['week_ending']))}",
        standing=standing,
        parts=tuple(_parts(deck)),
        link=link,
        file=file,
    )


def _parts(deck: Mapping[str, Any]) -> Iterator[Part]:
    for answer in deck["answers"]:
        yield Part(answer["question"], answer["text"])
    if any("signal" in block and block["signal"] for block in deck["blocks"]):
        counts = chance(len(deck["exceptions"]), deck["by_chance"]["exceptions"])
        said = {b["metric"]: b["said"]["answer"] for b in deck["blocks"] if b.get("said")}
        yield Part(counts, points=_few([_told(one, said) for one in _exceptions(deck)], "exception"))
    if asked := [each["text"] for each in deck.get("asked", ())]:
        yield Part("Promised and still open", points=_few(asked, "promise"))
    if notices := [_noticed(each) for each in deck["notices"]]:
        yield Part("What is late, missing or changed", points=_few(notices, "notice"))


def _noticed(notice: Mapping[str, Any]) -> str:
    label = NOTICES.get(notice["kind"], notice["kind"])
    return str(notice["text"]) if notice["text"].startswith(label) else f"{label}: {notice['text']}"


def _exceptions(deck: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for group in deck["groups"]:
        yield group["lead"]
        yield from group["others"]


def _told(one: Mapping[str, Any], said: Mapping[str, str]) -> str:
    number = f" (chart {one['number']})" if one["number"] is not None else ""  # In front it reads as a count.
    answer = said.get(one["metric"], "")
    return f"{one['name']}{number}: {one['sentence']}." + (f" Answer: {answer}" if answer else "")


def _few(points: Sequence[str], thing: str) -> tuple[str, ...]:
    more = len(points) - MOST
    return (*points[:MOST], f"and {counted(more, thing)} more, in the deck") if more > 0 else tuple(points)


# --- forms ------------------------------------------------------------------------------------


def in_plain(told: Summary) -> str:
    """As plain text."""
    lines = [f"{told.company}: {told.title}", f"{told.week}. {told.standing}."]
    for part in told.parts:
        lines += ["", part.heading]
        lines += [part.text] if part.text else []
        lines += [f"- {point}" for point in part.points]
    below = [*([f"Open it: {told.link}"] if told.link else []), *told.tail]
    return "\n".join([*lines, *(["", *below] if below else [])]) + "\n"


def html(told: Summary) -> str:
    """As HTML for a mail: styles on the elements, because mail programs drop sheets; nothing is fetched."""
    ink, quiet, hair = LIGHT["ink"], LIGHT["quiet"], LIGHT["hair"]
    font = escape(FONT.replace('"', "'"))
    parts = "".join(_part_html(part, ink) for part in told.parts)
    link = (
        f'<p style="margin:20px 0 0"><a href="{escape(told.link)}" style="display:inline-block;'
        f"padding:9px 16px;background:{LIGHT['now']};color:{LIGHT['page']};text-decoration:none;"
        'border-radius:6px;font-weight:600">Open the deck</a></p>'
        if told.link
        else ""
    )
    tail = "".join(
        f'<p style="margin:14px 0 0;color:{quiet};font-size:13px">{escape(w)}</p>' for w in told.tail
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(told.subject)}</title></head>"
        f'<body style="margin:0;padding:0;background:{LIGHT["page"]}">'
        f'<div style="max-width:640px;margin:0 auto;padding:24px 20px;font-family:{font};font-size:15px;'
        f'line-height:1.45;color:{ink}">'
        f'<p style="margin:0;color:{quiet};font-size:13px">{escape(told.company)}</p>'
        f'<h1 style="margin:2px 0 4px;font-size:22px;line-height:1.2">{escape(told.title)}</h1>'
        f'<p style="margin:0 0 16px;padding:0 0 14px;border-bottom:1px solid {hair};color:{quiet}">'
        f"{escape(told.week)}. {escape(told.standing)}.</p>{parts}{link}{tail}</div></body></html>\n"
    )


def _part_html(part: Part, ink: str) -> str:
    heading = (
        f'<h2 style="margin:16px 0 4px;font-size:15px;line-height:1.3;color:{ink}">'
        f"{escape(part.heading)}</h2>"
    )
    text = f'<p style="margin:0">{escape(part.text)}</p>' if part.text else ""
    items = "".join(f'<li style="margin:0 0 6px">{escape(point)}</li>' for point in part.points)
    return heading + text + (f'<ul style="margin:4px 0 0;padding:0 0 0 20px">{items}</ul>' if items else "")


def plain_json(told: Summary) -> dict[str, Any]:
    """For a receiver that reads `{"text": …}`."""
    return {"text": in_plain(told)}


def blocks(told: Summary) -> dict[str, Any]:
    """Slack's blocks, with the plain text for its notices."""
    found: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": _cut(told.subject, HEADER), "emoji": False},
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": _slack(f"{told.standing}.")}]},
    ]
    for part in told.parts:
        lines = [f"*{_slack(part.heading)}*", *([_slack(part.text)] if part.text else [])]
        lines += [f"• {_slack(point)}" for point in part.points]
        # Whole lines only: a cut inside `&lt;` would be read otherwise.
        while len("\n".join(lines)) > SECTION and len(lines) > 1:
            lines.pop()
        found.append({"type": "section", "text": {"type": "mrkdwn", "text": _cut("\n".join(lines), SECTION)}})
    if told.link:
        found.append(
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "Open the deck"},
                        "url": told.link,
                    }
                ],
            }
        )
    return {"text": _slack(told.subject), "blocks": found}


def _slack(words: str) -> str:
    """Words as Slack shows them: without mentions, links and entities of their own."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def adaptive_card(told: Summary) -> dict[str, Any]:
    """An adaptive card, as a message for a webhook of Teams.

    Its words stand in `TextRun`s: unlike those of a `TextBlock`, they are not read as Markdown.
    """
    body: list[dict[str, Any]] = [
        _run(told.company, isSubtle=True, size="Small"),
        _run(told.title, weight="Bolder", size="Large"),
        _run(f"{told.week}. {told.standing}.", isSubtle=True),
    ]
    for part in told.parts:
        body.append({**_run(part.heading, weight="Bolder"), "spacing": "Medium"})
        body += [{**_run(words), "spacing": "Small"} for words in (part.text, *part.points) if words]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if told.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open the deck", "url": told.link}]
    return {
        "type": "message",
        "attachments": [{"contentType": CARD, "contentUrl": None, "content": card}],
    }


def _run(words: str, **look: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": words, **look}]}
