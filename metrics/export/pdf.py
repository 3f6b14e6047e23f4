"""The deck as a PDF for the desk: page 0, then two by two charts a page, from the drawing on the screen.

Typst sets it (`deck.typ` beside this file). Every word goes there as data and never as its source, so that
nothing in a deck is markup. The file is PDF/UA-1: tagged, with a text alternative for each chart, and its
fonts inside. The same deck gives the same bytes.

Source: wbr-method.md section 2, row Page; DESIGN.md section 6.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import lru_cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import typst

from metrics import text
from metrics.deck import Asked, Block, Case, Deck, Marked, Row, Section, Table
from metrics.draw import grid, said, six_twelve, style
from metrics.draw.labels import FONT_SIZE, width
from metrics.export import Setting
from metrics.export.typeface import FAMILY, Typeface, breakable, told, typeface
from metrics.history import Signal
from metrics.six_twelve import Box, SixTwelve

Words = dict[str, Any]  # What `deck.typ` reads.

SOURCE = Path(str(files("metrics.export").joinpath("deck.typ")))
LONG_NAME = 70  # Characters of a name in the line at the top of a page.
CARD = 436.0  # Units of the drawing; a card is as wide, so that one unit is 0.85 points on A4.
CELL, GAP = 9.8, 6.0  # Size of a figure in the box score and the least gap beside it, in those units.
MUCH = 1_100  # Characters under a chart from which it may go on on the next page.
PAPERS = {"a4": "a4", "letter": "us-letter"}
DRAWN = {"a4": 96, "letter": 100}  # Per cent of the card's width: A4 is wide and low, and holds two rows so.
MOST_COLUMNS = 14  # Of a table; twelve months fit.
SHORT = 24  # Rows of a table that stay on one page.


def document(deck: Deck, setting: Setting | None = None) -> bytes:
    """The whole file.

    Args:
        deck: What to print.
        setting: Size of the pages, what the deck is worth, as each page says it, and fonts beside the
            bundled typeface.

    Raises:
        SourceError: A file of the fonts' folder is no font that can be read.
    """
    wanted = setting or Setting()
    face = typeface(wanted.fonts)
    words = _deck(deck, wanted)
    lost: dict[str, None] = {}
    printed = _printed(words, face, lost)
    printed["lost"] = face.without(told(list(lost)))
    return typst.compile(
        str(SOURCE),
        root=str(SOURCE.parent),
        font_paths=fonts_of(face),
        sys_inputs={"deck": json.dumps(printed, ensure_ascii=False), "families": "\n".join(_families(face))},
        format="pdf",
        pdf_standards=["ua-1"],
        timestamp=_moment(deck),
    )


def _moment(deck: Deck) -> datetime:
    """The moment the file says it was made at: the deck's own, so that equal decks are equal files."""
    known = deck.as_of or datetime.combine(deck.week_ending, time(23, 59, 59), UTC)
    return known.astimezone(UTC).replace(microsecond=0)


@lru_cache(maxsize=8)
def fonts_of(face: Typeface) -> typst.Fonts:
    """What Typst sets type with: the typeface's files, never the machine's own."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(f) for f in face.folders]
    )


@lru_cache(maxsize=8)
def _families(face: Typeface) -> tuple[str, ...]:
    """The families of a company's own fonts."""
    return tuple(name for name in sorted(fonts_of(face).families()) if name != FAMILY)


def _printed(value: Any, face: Typeface, lost: dict[str, None]) -> Any:
    """All words as the typeface can show them; `lost` takes what it cannot."""
    if isinstance(value, str):
        lost |= dict.fromkeys(face.missing(value))
        shown = face.without(value)
        return shown if shown.startswith("<svg") else breakable(shown)
    if isinstance(value, dict):
        return {key: _printed(each, face, lost) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_printed(each, face, lost) for each in value]
    return value


# --- the deck in words ------------------------------------------------------------------------


def _deck(deck: Deck, setting: Setting) -> Words:
    shown = {block.number for block in deck.blocks if block.kind != "section"}
    wheel = deck.wheel if deck.wheel is not None and deck.wheel.nodes else None
    free = set(shown)
    sections = [_section(section, n, deck.currency, free) for n, section in enumerate(deck.sections, 1)]
    week = text.deck_week(deck)
    return {
        "paper": PAPERS[setting.paper],
        "drawn": DRAWN[setting.paper],
        "family": FAMILY,
        "colours": dict(style.LIGHT),
        "company": deck.company,
        "title": deck.title,
        "week": week,
        "name": _short(f"{deck.company}: {deck.title}"),
        "running": f"{_short(deck.company)} · {_short(deck.title)} · {week}",
        "known": f"as known on {text.day(deck.as_of.date())}" if deck.as_of else "",
        "standing": setting.standing,
        "answers": [{"question": a.question, "text": a.text} for a in deck.answers],
        "asked": _asked(deck),
        "signals": _signals(deck, shown),
        "wheel": {"svg": said.flywheel_svg(wheel, "paper"), "alt": said.flywheel_words(wheel)}
        if wheel
        else None,
        "notices": [[kind, [notice.text for notice in same]] for kind, same in grid.ranked(deck.notices)],
        "nothing_late": grid.NOTHING_LATE,
        "changed": list(deck.changed),
        "contents": [
            {"title": section.title, "span": grid.span(section), "to": f"s{n}"}
            for n, section in enumerate(deck.sections, 1)
        ],
        "keys": [{"svg": _key(drawn), "words": words} for drawn, words in grid.keys(grid.has_signals(deck))],
        "halves": grid.HALVES_NOTE,
        "floor": ""
        if all(six_twelve.from_zero(b.chart) for b in deck.blocks if b.chart)
        else grid.FLOOR_NOTE,
        "glyphs": {kind: _glyph(kind) for kind in six_twelve.RINGS},
        "second_key": _key('<path class="second" d="M1 6H23"/>'),
        "sections": sections,
    }


def _short(name: str) -> str:
    """A name in one line."""
    return name if len(name) <= LONG_NAME else f"{name[: LONG_NAME - 1].rstrip()}…"


def _alone(view: str, drawn: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="w-612" viewBox="{view}">'
        f"<style>{style.paper_css()}</style>{drawn}</svg>"
    )


def _key(drawn: str) -> str:
    return _alone("0 0 24 12", drawn)


def _glyph(kind: six_twelve.Ring) -> str:
    mark = f'<path class="{kind}" d="M8 8{six_twelve.RINGS[kind]}"/><path class="dots" d="M8 8h.01"/>'
    return _alone("0 0 16 16", mark)


# --- page 0 -----------------------------------------------------------------------------------


def _asked(deck: Deck) -> Words | None:
    if not deck.asked and not deck.state:
        return None
    groups = [
        {"kind": said.KINDS.get(kind, kind), "items": [_promise(one) for one in same]}
        for kind, same in groupby(deck.asked, key=lambda one: one.kind)
    ]
    return {"state": f"The week is {deck.state}." if deck.state else "", "groups": groups}


def _promise(one: Asked) -> Words:
    return {"late": said.is_late(one), "text": one.text}


def _signals(deck: Deck, shown: set[int]) -> Words | None:
    if not grid.has_signals(deck):
        return None
    watches = [
        {"number": str(b.number), "name": b.title, "to": f"b{b.number}", "text": ""} for b in deck.watches
    ]
    return {
        "heading": text.chance(len(deck.exceptions), deck.by_chance[0]),
        "cases": [_case(case, shown) for case in deck.cases],
        "watched": text.chance_of_watches(len(deck.watches), deck.by_chance[1]),
        "watches": watches,
        "unjudged": list(grid.unjudged(deck)),
    }


def _case(case: Case, shown: set[int]) -> Words:
    behind = ""
    if case.behind:
        behind = f"Behind {'them' if case.others else 'it'}: {'; '.join(one.told for one in case.behind)}."
    return {
        "lead": _marked(case.lead, shown),
        "others": [_marked(one, shown) for one in case.others],
        "behind": behind,
        "caution": case.caution,
    }


def _marked(one: Marked, shown: set[int]) -> Words:
    there = one.number is not None and one.number in shown
    return {
        "number": str(one.number) if one.number is not None else "",
        "name": one.name,
        "to": f"b{one.number}" if there else "",
        "text": one.told,
        **_mark(one.signal),
    }


def _mark(signal: Signal | None) -> Words:
    """The mark of a signal as it is drawn, and its words; both empty without one."""
    kind = grid.ring(signal) if signal is not None else None
    return {"glyph": kind or "", "mark": text.mark(signal) if signal is not None and kind else ""}


# --- sections ---------------------------------------------------------------------------------


def _section(section: Section, number: int, currency: str, free: set[int]) -> Words:
    return {
        "title": section.title,
        "to": f"s{number}",
        "blocks": list(_blocks(section.blocks, currency, free)),
    }


def _blocks(blocks: Sequence[Block], currency: str, free: set[int]) -> Iterator[Words]:
    """The blocks in order; links lead to the first block of a number, which takes it out of `free`."""
    level = 3
    for block in blocks:
        if block.kind == "section":
            level = 4
            yield {"kind": "section", "title": block.title}
            continue
        to = f"b{block.number}" if block.number in free else ""
        free.discard(block.number)
        yield {**_block(block, currency), "level": level, "to": to}


def _block(block: Block, currency: str) -> Words:
    about = [part for part in (block.metric_kind, block.owner) if part]
    stamps = (*(block.chart.stamps if block.chart else ()), *(block.said.stamps if block.said else ()))
    told_here = block.signal is not None and block.signal.marked
    form: Words = {
        "kind": "chart" if block.chart is not None else "wide",
        "number": str(block.number),
        "title": block.title,
        "code": block.code or "",
        "about": " · ".join(about),
        "unowned": not block.owner and block.kind == "six_twelve",
        "stamps": [{"text": stamp, "loud": stamp not in grid.EXPECTED} for stamp in stamps],
        **_mark(block.signal),
        "told": f"{block.told}." if told_here else grid.calm(block),
        **_said(block),
    }
    if block.chart is not None:
        return {**form, **_chart(block, block.chart, currency)}
    form["meaning"] = block.meaning if block.meaning and block.table is None else ""
    form["tables"] = list(_tables(block.table, currency)) if block.table is not None else []
    return form


def _said(block: Block) -> Words:
    told_by = block.said
    if told_by is None:
        return {"reply": None, "remarks": [], "stories": []}
    kind, _, rest = told_by.answer.partition(": ")
    reply = {"kind": f"{kind}:", "text": rest, "by": told_by.by} if told_by.answer else None
    return {"reply": reply, "remarks": list(told_by.remarks), "stories": list(told_by.stories)}


def _chart(block: Block, chart: SixTwelve, currency: str) -> Words:
    second = next((line.name for line in chart.lines if line.role == "secondary"), None)
    boxes = [_box(box, currency, box.name if n else "") for n, box in enumerate(chart.box)]
    if second and len(boxes) < 2:
        boxes[0]["name"] = second
    notes = [
        {"number": str(note.number), "day": text.day(note.day), "text": note.text}
        for note in chart.annotations
    ]
    drawn = six_twelve.svg(
        chart,
        key=grid.anchor(block),
        currency=currency,
        palette="paper",
        places=(),
        signal=block.signal,
        told=block.told,
    )
    under = sum(len(n["text"]) + 60 for n in notes) + sum(map(len, chart.notes))
    under += sum(map(len, (*block.said.remarks, *block.said.stories, block.said.answer))) if block.said else 0
    return {
        "svg": drawn,
        "alt": text.summary(chart, currency, block.signal, block.told),
        "boxes": boxes,
        "annotations": notes,
        "notes": list(chart.notes),
        "much": under > MUCH,
    }


def _box(box: Box, currency: str, name: str) -> Words:
    cells = text.box_cells(box, currency)
    wide = sum(
        max(width(header), width(words)) * CELL / FONT_SIZE + GAP
        for header, words in zip(text.BOX_HEADERS, cells, strict=True)
    )
    told_as = [[header, words] for header, words in zip(text.BOX_HEADERS, cells, strict=True)]
    return {"name": name, "cells": told_as, "long": wide > CARD}


# --- tables -----------------------------------------------------------------------------------


def _tables(table: Table, currency: str) -> Iterator[Words]:
    """A table, cut into several under each other where it has more columns than a page is wide."""
    for first in range(0, max(len(table.columns), 1), MOST_COLUMNS):
        cut = slice(first, first + MOST_COLUMNS)
        rows = [
            replace(row, values=row.values[cut], states=row.states[cut])
            for row in table.rows
            if first == 0 or row.unit is not None or row.values[cut]
        ]
        yield _table(replace(table, columns=table.columns[cut], rows=tuple(rows)), currency)


def _table(table: Table, currency: str) -> Words:
    worded = [
        any(isinstance(row.values[n], str) for row in table.rows if n < len(row.values))
        for n in range(len(table.columns))
    ]
    return {
        "header": table.header,
        "columns": [{"name": c, "worded": w} for c, w in zip(table.columns, worded, strict=True)],
        "rows": [_row(row, len(worded), currency) for row in table.rows],
        "short": len(table.rows) <= SHORT,
    }


def _row(row: Row, columns: int, currency: str) -> Words:
    kind: Literal["group", "moved", "values"] = "moved" if row.unit in ("percent", "bps") else "values"
    if row.unit is None and not any(value is not None for value in row.values):
        kind = "group"
    cells = []
    for n in range(columns if kind != "group" else 0):
        there = n < len(row.values)
        why = text.state(row.states[n]) if n < len(row.states) else ""
        cells.append(
            {
                "text": text.cell(row, n, currency) if there else "",
                "unsure": bool(there and why and row.values[n] is not None),
            }
        )
    marked = _mark(row.signal if row.signal is not None and row.signal.marked else None)
    return {"kind": kind, "header": row.header, "cells": cells, **marked}
