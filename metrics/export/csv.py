"""A deck as one long CSV file: a row a value, so that any program can read, filter and join all of it.

`what` says which kind of row it is:

    week, month      a value of a chart's line; beside it year earlier, target and state
    box              a cell of a box score; changes are fractions, or basis points, as `unit` says
    range            what the signal engine expects of the week: `value`, `expected`, `low`, `high`, `z`
    cell             a cell of a table
    answer, notice, asked, changed, exception, said, story      words of page 0 and of the charts
    owner_answer, action, link                                  what people answered, promised, believe

Values are in the metric's own unit, with a point; an empty cell is unknown and never stands for zero.
The file is UTF-8 without a mark. Words that a spreadsheet would take for a formula begin with `'`.

Source: platform.md section 4, rows 11 to 13.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from re import compile as pattern
from typing import Any

from metrics.deck import Block, Deck
from metrics.export.formats import printable
from metrics.history import Signal
from metrics.six_twelve import Box, Line, SixTwelve

COLUMNS = (
    "what",
    "section",
    "block",
    "title",
    "metric",
    "name",
    "role",
    "owner",
    "unit",
    "label",
    "ending",
    "value",
    "state",
    "days",
    "days_expected",
    "year_earlier",
    "compared_with",
    "paired_by",
    "target",
    "words",
)
BOX = ("last_week", "wow", "yoy", "mtd", "mtd_yoy", "qtd", "qtd_yoy", "ytd", "ytd_yoy", "vs_target")
_FORMULA = pattern(r"\s*[=+\-@\t\r\n＝＋－＠]")  # Also the wide forms of the signs, which some programs fold.
_NUMBER = pattern(r"[+-]?\d+(\.\d+)?")

Told = dict[str, Any]


def document(deck: Deck) -> str:
    """The whole file; the same deck always gives the same."""
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows(deck):
        writer.writerow({column: _cell(value) for column, value in row.items()})
    return out.getvalue()


def inert(words: str) -> str:
    """Words that no spreadsheet takes for a formula; a plain number stays as it is."""
    return f"'{words}" if _FORMULA.match(words) and not _NUMBER.fullmatch(words) else words


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    return inert(printable(value)) if isinstance(value, str) else str(value)


def rows(deck: Deck) -> Iterator[Told]:
    """The file's rows, page 0 first, then the blocks in reading order, then what people said."""
    yield from _front(deck)
    for section in deck.sections:
        for block in section.blocks:
            if block.kind != "section":
                for row in _block(block):
                    yield {"section": section.title, **row}
    yield from _records(deck)


def _front(deck: Deck) -> Iterator[Told]:
    deck_words = f"{deck.company}: {deck.title}"
    yield {
        "what": "deck",
        "title": deck_words,
        "label": deck.week_label,
        "ending": deck.week_ending,
        "state": deck.state,
        "unit": deck.currency,
        "words": deck.as_of.isoformat() if deck.as_of else "",
    }
    for answer in deck.answers:
        yield {"what": "answer", "label": answer.topic, "title": answer.question, "words": answer.text}
    for notice in deck.notices:
        yield {"what": "notice", "label": notice.kind, "words": notice.text}
    for one in deck.asked:
        late = "late" if one.late else ""
        yield {"what": "asked", "label": one.kind, "metric": one.metric, "state": late, "words": one.text}
    for words in deck.changed:
        yield {"what": "changed", "words": words}
    for case in deck.cases:
        for marked in case.members:
            yield {
                "what": "exception",
                "block": marked.number,
                "metric": marked.metric,
                "name": marked.name,
                "label": case.lead.name,
                "ending": marked.signal.week_ending,
                "words": marked.told,
            }


def _block(block: Block) -> Iterator[Told]:
    head: Told = {"block": block.number, "title": block.title}
    if block.chart is not None:
        for row in _chart(block.chart):
            yield {**head, "owner": block.owner, **row}
    elif block.table is not None:
        for place in block.table.rows:
            for n, (label, value) in enumerate(zip(block.table.columns, place.values, strict=False)):
                told = {"words": value} if isinstance(value, str) else {"value": value}
                state = place.states[n] if n < len(place.states) else ""
                yield {
                    **head,
                    "what": "cell",
                    "metric": place.metric,
                    "name": place.header,
                    "unit": place.unit,
                    "label": label,
                    "state": state,
                    **told,
                }
            if place.signal is not None:
                for row in _range(place.signal, place.told):
                    yield {**head, "name": place.header, **row}
    elif block.meaning:
        yield {**head, "what": "story", "words": block.meaning}
    if block.signal is not None:
        for row in _range(block.signal, block.told):
            yield {**head, "name": block.title, "owner": block.owner, **row}
    if block.said is not None:
        told_by = {
            "answer": (block.said.answer,),
            "stamp": block.said.stamps,
            "remark": block.said.remarks,
            "story": block.said.stories,
        }
        for label, words in told_by.items():
            for each in filter(None, words):
                name = block.said.by if label == "answer" else ""
                yield {
                    **head,
                    "what": "said",
                    "metric": block.metric,
                    "label": label,
                    "name": name,
                    "words": each,
                }


def _chart(chart: SixTwelve) -> Iterator[Told]:
    target = next((line for line in chart.lines if line.role == "target"), None)
    for line in chart.lines:
        if line.role == "target":
            continue
        own = target if line.role == "primary" else None
        head: Told = {"metric": line.metric, "name": line.name, "role": line.role, "unit": line.unit}
        for row in _line(chart, line, own):
            yield {**head, **row}
    for box in chart.box:
        yield from _box(box)
    for note in chart.annotations:
        yield {
            "what": "said",
            "metric": chart.lines[0].metric,
            "label": f"note {note.number}",
            "ending": note.day,
            "words": note.text,
        }
    for words in chart.notes:
        yield {"what": "said", "metric": chart.lines[0].metric, "label": "note", "words": words}


def _line(chart: SixTwelve, line: Line, target: Line | None) -> Iterator[Told]:
    for n, ending in enumerate(chart.axis.week_endings):
        yield {
            "what": "week",
            "label": chart.axis.weeks[n],
            "ending": ending,
            "value": line.weeks[n],
            "state": line.weeks_state[n],
            "days": line.weeks_days[n][0],
            "days_expected": line.weeks_days[n][1],
            "year_earlier": line.weeks_year_earlier[n],
            "compared_with": line.compared_with[n],
            "paired_by": line.paired_by[n],
            "target": target.weeks[n] if target else None,
        }
    for n, ending in enumerate(chart.axis.month_ends):
        yield {
            "what": "month",
            "label": chart.axis.months[n],
            "ending": ending,
            "value": line.months[n],
            "state": line.months_state[n],
            "days": line.months_days[n][0],
            "days_expected": line.months_days[n][1],
            "year_earlier": line.months_year_earlier[n],
            "target": target.months[n] if target else None,
        }


def _box(box: Box) -> Iterator[Told]:
    for name in BOX:
        value = getattr(box, name)
        change = not isinstance(value, float | int | None)
        yield {
            "what": "box",
            "metric": box.metric,
            "name": box.name,
            "unit": value.unit if change else box.unit,
            "label": name,
            "value": value.amount if change else value,
        }


def _range(signal: Signal, told: str) -> Iterator[Told]:
    for name in ("value", "expected", "low", "high", "z"):
        yield {
            "what": "range",
            "metric": signal.metric,
            "label": name,
            "ending": signal.week_ending,
            "value": getattr(signal, name),
            "state": signal.tier,
            "words": told,
        }


def _records(deck: Deck) -> Iterator[Told]:
    for reply in deck.replies:
        words = " ".join(filter(None, (reply.text, reply.more)))
        yield {
            "what": "owner_answer",
            "metric": reply.metric,
            "title": reply.name,
            "label": reply.kind,
            "name": reply.by,
            "ending": reply.due,
            "words": words,
        }
    for action in deck.actions:
        words = f"{action.text}: {action.result}" if action.result else action.text
        yield {
            "what": "action",
            "metric": action.metric,
            "title": action.name,
            "owner": action.owner,
            "state": action.state,
            "label": action.should_move,
            "ending": action.due,
            "words": words,
        }
    for link in deck.links:
        lags = "-".join(dict.fromkeys(map(str, link.lag_weeks)))
        yield {
            "what": "link",
            "metric": link.driver,
            "name": link.driver_name,
            "title": link.driven_name,
            "role": link.driven,
            "label": f"lag {lags}",
            "state": link.state,
            "value": link.grade,
            "ending": link.stated,
            "words": f"{link.because}. {link.words}",
        }
