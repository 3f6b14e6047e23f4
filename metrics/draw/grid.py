"""The deck as HTML: page 0, then sections of cards and tables, for the page and for the file.

Every word from outside is escaped here; nothing in a deck is trusted as markup. The result reads
without script; `grid.js` adds tooltips, keys, search and jumps.

Source: wbr-method.md sections 2, 3, 6 and 7.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Literal

from metrics import text
from metrics.deck import Answer, Block, Case, Deck, Marked, Notice, Row, Section, Table
from metrics.draw import said, six_twelve
from metrics.draw.labels import FONT_SIZE, width
from metrics.history import Signal
from metrics.six_twelve import Annotation, Box

Twins = Literal["static", "on_demand"]

NOTICE_WORDS = {
    "late": "Late",
    "incomplete": "Incomplete",
    "no_data": "No data",
    "no_owner": "No owner",
    "disputed": "Disputed",
    "restated": "Restated",
    "unplaced": "In no deck",
}
ONE_LINE = 440.0  # pixels: from this width on a box score stands on one line, as deck.css says
HEADER_SIZE, CELL_SIZE, CELL_GAP = 10.5, 11.0, 5.0  # pixels, as in deck.css
EXPECTED = ("immature", "learning", "new definition")  # stamps that need no answer
RINGS_SAY: dict[six_twelve.Ring, str] = {
    "alarm": "exception",
    "good": "favourable exception",
    "watch": "watch",
}
ALONE = "On their own"  # Exceptions that no declared link binds to another one.
RANGE = re.compile(r"\S+–\S+")
PREPARATION = (
    "A view to prepare with, the most urgent first. The meeting reads the whole deck: the routine charts "
    "teach what normal looks like."
)
OUT_OF_REACH = text.against_target(inside=True, met=False)  # Said on the card; softer ones on its reading.
UNSTAMPED = ("event_week", "too_short", "constant")  # Not judged, and neither stamp nor point shows it.
LEFT = ' class="w-left"'
FLOOR_NOTE = "Scales do not start at 0"
NOTHING_LATE = "Nothing: every metric has its week."
HALVES_NOTE = "left: six weeks, right: twelve months"


def page(deck: Deck, twins: Twins = "static") -> str:
    """The whole deck: page 0, legend and all sections.

    Args:
        deck: What to show.
        twins: `static` writes every chart's table into the page; `on_demand` leaves it to
            `grid.js`, which builds it from the chart when it is opened.
    """
    return f"{front(deck)}{legend(judged=has_signals(deck))}{body(deck, twins)}"


def preparation(deck: Deck, twins: Twins = "static") -> str:
    """Exceptions only, the most urgent first: what somebody prepares with, never what the room reads.

    Exceptions with one cause stand together; watches and metrics not judged are listed.

    Args:
        deck: What to show.
        twins: As for `page`.
    """
    blocks = {block.number: block for block in deck.blocks}
    cases, place = [], 0
    for alone, some in groupby(deck.cases, key=lambda case: not case.others):
        for together in ([*some],) if alone else ([case] for case in some):
            place += 1
            cases.append(_together(together, place, blocks, deck.currency, twins))
    return (
        '<header class="w-front w-preparation">'
        f'<p class="w-company">{escape(deck.company)}: {escape(deck.title)}</p><h1>Exceptions only</h1>'
        f'<p class="w-week">{escape(text.deck_week(deck))} · '
        f"{text.chance(len(deck.exceptions), deck.by_chance[0])}</p>"
        f'<p class="w-words">{PREPARATION}</p></header>{legend(judged=has_signals(deck))}{"".join(cases)}'
        f"{_all_of(deck.watches, text.chance_of_watches(len(deck.watches), deck.by_chance[1]))}"
        f"{_all_of(deck.unjudged, text.counted(len(deck.unjudged), 'metric') + ' not judged')}"
    )


def _together(
    cases: Sequence[Case], place: int, blocks: Mapping[int, Block], currency: str, twins: Twins
) -> str:
    """One case with several exceptions, or several that stand alone: what is said of it, then the cards."""
    shown = dict.fromkeys(one.number for case in cases for one in case.members if one.number is not None)
    cards = "".join(block_html(blocks[number], currency, twins) for number in shown)
    title, words = ALONE, ""
    if cases[0].others:
        title = f"{escape(cases[0].lead.name)}, with {len(cases[0].others)} more"
        words = f'<div class="w-words">{_behind(cases[0])}</div>'
    return (
        f'<section class="w-section" id="c{place}" style="--n:{max(len(shown), 1)}" '
        f'aria-labelledby="hc{place}"><h2 id="hc{place}">{title}</h2>{words}'
        f'<div class="w-grid">{cards}</div></section>'
    )


def _all_of(found: Sequence[Block], title: str) -> str:
    """Blocks as a list of sentences; each name opens its metric."""
    if not found:
        return ""
    items = "".join(
        f"<li>{_glyph(block.signal) if block.signal else ''}<span>{_opening(block.metric, block.title)} "
        f'<span class="w-told">{_whole(block.told)}</span></span></li>'
        for block in found
    )
    return f'<section class="w-list"><h2>{title}</h2><ul class="w-with">{items}</ul></section>'


def _opening(metric: str | None, name: str) -> str:
    """A name that opens its metric where the page can do so."""
    if metric is None:
        return escape(name)
    return f'<button type="button" class="w-link" data-metric="{escape(metric)}">{escape(name)}</button>'


def body(deck: Deck, twins: Twins = "static") -> str:
    """The sections of a deck in reading order."""
    return "".join(_section(section, n, deck.currency, twins) for n, section in enumerate(deck.sections, 1))


def anchor(block: Block) -> str:
    """Id of a block's element: stable for the life of the deck."""
    return f"b{block.number}"


# --- page 0 -----------------------------------------------------------------------------------


def front(deck: Deck) -> str:
    """Page 0: whose deck and which week, three answers, exceptions, what is missing or late, contents."""
    known = f" · as known on {text.day(deck.as_of.date())}" if deck.as_of else ""
    return (
        '<header class="w-front">'
        f'<p class="w-company">{escape(deck.company)}</p><h1>{escape(deck.title)}</h1>'
        f'<p class="w-week">{escape(text.deck_week(deck))}{known}</p>'
        f"{_answers(deck.answers)}{_opening_page(deck)}"
        f'<div class="w-lists"><div>{_notices(deck.notices)}{said.changes(deck.changed)}</div>'
        f"{_contents(deck)}</div></header>"
    )


def _opening_page(deck: Deck) -> str:
    """What the meeting opens with: promises of the weeks before, exceptions; beside them the flywheel."""
    wheel, told = said.flywheel(deck.wheel), said.promises(deck) + _signals(deck)
    if not wheel:
        return f'<div class="w-opening">{told}</div>' if told else ""
    return f'<div class="w-opening w-beside"><div>{told}</div>{wheel}</div>'


def _answers(answers: Sequence[Answer]) -> str:
    if not answers:
        return ""
    items = "".join(
        f'<div class="w-answer"><dt>{escape(answer.question)}</dt><dd>{escape(answer.text)}</dd></div>'
        for answer in answers
    )
    return f'<dl class="w-answers">{items}</dl>'


def _signals(deck: Deck) -> str:
    """How many exceptions, and how many chance alone brings; each case told once; the watches by name."""
    if not has_signals(deck):
        return ""
    count = text.chance(len(deck.exceptions), deck.by_chance[0])
    cases = "".join(map(_case, deck.cases))
    listed = f'<ol class="w-cases">{cases}</ol>' if cases else ""
    return (
        '<section class="w-signals" aria-labelledby="w-signals">'
        f'<h2 id="w-signals">{count}</h2>{listed}{_watches(deck)}{_unjudged(deck)}</section>'
    )


def has_signals(deck: Deck) -> bool:
    """Whether the signal engine was asked at all."""
    return any(block.signal is not None for block in deck.blocks)


def _case(case: Case) -> str:
    """One case: the exception it starts from, those that follow, what moved behind them."""
    with_it = "".join(f"<li>{_marked(each)}</li>" for each in case.others)
    others = f'<ul class="w-with">{with_it}</ul>' if with_it else ""
    return f'<li class="w-case"><p class="w-first">{_marked(case.lead)}</p>{others}{_behind(case)}</li>'


def _behind(case: Case) -> str:
    """What moved behind a case, and what is not claimed of it."""
    whose = "them" if case.others else "it"
    drivers = _drivers(case.behind)
    behind = f'<p class="w-behind">Behind {whose}: {drivers}.</p>' if case.behind else ""
    return behind + (f'<p class="w-caution">{escape(case.caution)}</p>' if case.caution else "")


def _marked(one: Marked) -> str:
    """A metric by number and name, linked to its block, and what is said of it."""
    return f'{_glyph(one.signal)}<span>{_named(one)} <span class="w-told">{_whole(one.told)}</span></span>'


def _named(one: Marked) -> str:
    if one.number is None:
        return f"<b>{escape(one.name)}</b>"
    number = f'<span class="w-number">{one.number}</span>'
    return f'<a href="#b{one.number}">{number} <b>{escape(one.name)}</b></a>'


def _whole(words: str) -> str:
    """Words in which no line breaks inside a range."""
    return RANGE.sub(r'<span class="w-whole">\g<0></span>', escape(words))


def _drivers(drivers: Sequence[Marked]) -> str:
    """What moved behind a mark; each name leads to its block, and where that is not shown to its metric."""
    return "; ".join(map(_driver, drivers))


def _driver(one: Marked) -> str:
    if not one.told.startswith(one.name):
        return escape(one.told)
    rest = escape(one.told.removeprefix(one.name))
    if one.number is None:
        return escape(one.told)
    hook = f'href="#b{one.number}" data-metric="{escape(one.metric)}"'
    return f"<a {hook}>{escape(one.name)}</a>{rest}"


def _glyph(signal: Signal) -> str:
    """The mark as on the chart, with its words for those who do not see it."""
    kind = ring(signal)
    if kind is None:
        return ""
    return (
        '<svg class="w-612 w-glyph" viewBox="0 0 16 16" aria-hidden="true">'
        f'<path class="{kind}" d="M8 8{six_twelve.RINGS[kind]}"/><path class="dots" d="M8 8h.01"/></svg>'
        f'<span class="w-unseen">{text.mark(signal)}:</span>'
    )


def ring(signal: Signal) -> six_twelve.Ring | None:
    """The mark of a signal, as it is drawn; None without one."""
    match signal.tier:
        case "exception":
            return "good" if signal.favourable else "alarm"
        case "watch":
            return "watch"
        case _:
            return None


def _watches(deck: Deck) -> str:
    """The watches in one line: they are for their owners, whose sentences stand at the charts."""
    if not deck.watches:
        return ""
    names = " · ".join(
        f'<a href="#{anchor(block)}"><span class="w-number">{block.number}</span> {escape(block.title)}</a>'
        for block in deck.watches
    )
    said = text.chance_of_watches(len(deck.watches), deck.by_chance[1])
    return f'<p class="w-watches"><span>{said}:</span> {names}</p>'


def _unjudged(deck: Deck) -> str:
    return "".join(f'<p class="w-watches w-calm">{escape(words)}</p>' for words in unjudged(deck))


def unjudged(deck: Deck) -> tuple[str, ...]:
    """How many metrics cannot be judged yet, a sentence a reason, where no stamp says so."""
    reasons = Counter(b.told for b in deck.unjudged if b.signal and b.signal.state in UNSTAMPED)
    return tuple(
        f"{text.counted(count, 'metric')} {reason[:1].lower() + reason[1:]}."
        for reason, count in reasons.most_common()
    )


def _notices(notices: Sequence[Notice]) -> str:
    heading = '<section class="w-notices"><h2>Missing or late</h2>'
    if not notices:
        return f"{heading}<p>{NOTHING_LATE}</p></section>"
    groups = "".join(
        f"<dt>{kind}</dt>" + "".join(f"<dd>{escape(notice.text)}</dd>" for notice in same)
        for kind, same in ranked(notices)
    )
    return f"{heading}<dl>{groups}</dl></section>"


def ranked(notices: Sequence[Notice]) -> Iterator[tuple[str, list[Notice]]]:
    """What is missing or late by kind, in words, the kind that matters most first."""
    order = list(NOTICE_WORDS)
    for kind, same in groupby(sorted(notices, key=lambda n: order.index(n.kind)), key=lambda n: n.kind):
        yield NOTICE_WORDS[kind], list(same)


def _contents(deck: Deck) -> str:
    items = "".join(
        f'<li><a href="#s{n}">{escape(section.title)}</a> <span>{span(section)}</span></li>'
        for n, section in enumerate(deck.sections, 1)
    )
    return f'<nav class="w-contents" aria-label="Contents"><h2>Contents</h2><ol>{items}</ol></nav>'


def span(section: Section) -> str:
    """The numbers of a section's blocks, first to last; empty if it has none."""
    numbers = [block.number for block in section.blocks if block.kind != "section"]
    if not numbers:
        return ""
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"


def _keys_of_signals(judged: bool) -> Iterator[tuple[str, str]]:
    if judged:
        yield '<path class="band" d="M8 0h8v12h-8z"/><path class="dots" d="M12 6h.01"/>', "expected range"
        for kind, ring in six_twelve.RINGS.items():
            yield f'<path class="{kind}" d="M12 6{ring}"/><path class="dots" d="M12 6h.01"/>', RINGS_SAY[kind]


def legend(*, judged: bool = False) -> str:
    """What the marks of all charts mean, once for the deck.

    Args:
        judged: The deck carries signals.
    """
    items = "".join(
        f'<li><svg class="w-612 w-key" viewBox="0 0 24 12" aria-hidden="true">{drawn}</svg>{words}</li>'
        for drawn, words in keys(judged)
    )
    return (
        f'<ul class="w-legend" aria-label="Key to the charts">{items}'
        f'<li class="w-scales">{HALVES_NOTE} · {FLOOR_NOTE.lower()}</li></ul>'
    )


def keys(judged: bool) -> tuple[tuple[str, str], ...]:
    """The marks of the charts, each drawn into a box of 24 × 12, and its words."""
    return (
        ('<path class="now" d="M1 6H23"/><path class="dots" d="M12 6h.01"/>', "this year"),
        ('<path class="before" d="M1 6H23"/>', "year earlier"),
        ('<path class="target" d="M12 2.6l3.4 5.8h-6.8z"/>', "target"),
        ('<path class="hollow" d="M9 6a3 3 0 1 0 6 0a3 3 0 1 0-6 0"/>', "incomplete"),
        (
            '<path class="loose" d="M1 6H12"/>'
            '<path class="soft" d="M8.8 6a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0"/>'
            '<path class="moon" d="M12 2.8a3.2 3.2 0 0 0 0 6.4"/>',
            "will still move",
        ),
        (f'<path class="pair" d="M6 6{six_twelve.PAIR}"/>', "paired by an event"),
        *_keys_of_signals(judged),
    )


# --- sections ---------------------------------------------------------------------------------


def _section(section: Section, number: int, currency: str, twins: Twins) -> str:
    charts = sum(block.kind == "six_twelve" for block in section.blocks)
    blocks = "".join(block_html(block, currency, twins) for block in section.blocks)
    return (
        f'<section class="w-section" id="s{number}" style="--n:{max(charts, 1)}" aria-labelledby="h{number}">'
        f'<h2 id="h{number}">{escape(section.title)}</h2><div class="w-grid">{blocks}</div>'
        "</section>"
    )


def block_html(block: Block, currency: str, twins: Twins = "static") -> str:
    """One block as it stands in the grid."""
    if block.kind == "section":
        return f'<h3 class="w-sub">{escape(block.title)}</h3>'
    if block.chart is not None:
        return card(block, currency, twins)
    told = f'<p class="w-words">{escape(block.meaning)}</p>' if block.meaning and block.table is None else ""
    table = table_html(block.table, block.title, currency) if block.table else ""
    return (
        f'<article class="w-wide w-{block.kind}" {_hooks(block)}>{_heading(block, ())}{told}{table}</article>'
    )


def card(block: Block, currency: str, twins: Twins = "static") -> str:
    """A 6-12 chart with number, title, code, owner, stamps, box score, annotations and its table twin.

    Raises:
        ValueError: The block has no chart.
    """
    chart = block.chart
    if chart is None:
        raise ValueError(f"Block {block.number} has no chart; show it with `block_html`.")
    places = text.places(chart, currency, block.signal, _said(block))
    drawn = six_twelve.svg(
        chart, key=anchor(block), currency=currency, places=places, signal=block.signal, told=block.told
    )
    second = next((line.name for line in chart.lines if line.role == "secondary"), None)
    boxes = "".join(_box(box, currency, box.name if n else "") for n, box in enumerate(chart.box))
    if second and len(chart.box) < 2:
        boxes = _second_name(second) + boxes
    notes = "".join(f'<p class="w-note">{escape(note)}</p>' for note in chart.notes)
    twin = _twin(places) if twins == "static" else ""
    return (
        f'<article class="w-card{_loud(block)}" {_hooks(block)}>{_heading(block, chart.stamps)}'
        f'<div class="w-figure">{drawn}</div><div class="w-scores">{boxes}</div>'
        f'<div class="w-foot">{said.answer(block.said)}{_annotations(chart.annotations)}{notes}'
        f'<details class="w-twin"><summary>Table</summary>{twin}</details></div></article>'
    )


def _said(block: Block) -> str:
    """The verdict, and what it means beside the target."""
    return f"{block.told}. {block.on_target}" if block.on_target else block.told


def _loud(block: Block) -> str:
    kind = ring(block.signal) if block.signal is not None else None
    return {"alarm": " w-alarm", "good": " w-alarm w-good"}.get(kind or "", "")


def calm(block: Block) -> str:
    """What is said of a block without a mark; empty where there is nothing to say.

    That the week cannot be judged, where no stamp says so, or that the target is out of reach.
    """
    signal = block.signal
    if signal is not None and signal.state in UNSTAMPED:
        return f"{block.told}."
    return f"Predictable and off target. {OUT_OF_REACH}" if block.on_target == OUT_OF_REACH else ""


def _mark(block: Block) -> str:
    """The mark of a block in words, and what moved behind an exception; quietly what else is to say."""
    signal = block.signal
    if signal is None or not signal.marked:
        words = calm(block)
        return f'<p class="w-mark w-calm">{_whole(words)}</p>' if words else ""
    behind = ""
    if signal.tier == "exception" and block.drivers:
        behind = f'<span class="w-behind">Behind it: {_drivers(block.drivers)}.</span>'
    kind = {"alarm": "w-alarm", "good": "w-good"}.get(ring(signal) or "", "w-watch")
    return (
        f'<p class="w-mark {kind}"><b>{text.mark(signal)}</b> <span>{_whole(block.told)}.</span> {behind}</p>'
    )


def _hooks(block: Block) -> str:
    metric = f' data-metric="{escape(block.metric)}"' if block.metric else ""
    owner = f' data-owner="{escape(block.owner)}"' if block.owner else ""
    tier = f' data-tier="{block.signal.tier}"' if block.signal is not None and block.signal.marked else ""
    return f'id="{anchor(block)}"{metric}{owner}{tier} aria-labelledby="{anchor(block)}-n"'


def _heading(block: Block, stamps: Sequence[str]) -> str:
    code = f'<span class="w-code">{escape(block.code)}</span>' if block.code else ""
    title = f' title="{escape(block.meaning)}"' if block.meaning else ""
    about: list[str] = [block.metric_kind] if block.metric_kind else []
    owner = ""
    if block.owner:
        about.append(block.owner)
    elif block.kind == "six_twelve":
        owner = '<span class="w-none">no owner</span>'
    who = escape(" · ".join(about)) + (" · " if about and owner else "") + owner
    marks = "".join(
        f'<span class="w-stamp{"" if stamp in EXPECTED else " w-loud"}">{escape(stamp)}</span>'
        for stamp in (*stamps, *(block.said.stamps if block.said else ()))
    )
    line = (
        f'<p class="w-about"><span>{who}</span><span class="w-stamps">{marks}</span></p>'
        if who or marks
        else ""
    )
    return (
        f'<header class="w-head"><h3 id="{anchor(block)}-n"{title}>'
        f'<span class="w-number">{block.number}</span>'
        f"<span>{escape(block.title)}</span>{code}</h3>{line}{_mark(block)}</header>"
    )


def _second_name(name: str) -> str:
    return (
        '<p class="w-second"><svg class="w-612 w-key" viewBox="0 0 24 12" aria-hidden="true">'
        f'<path class="second" d="M1 6H23"/></svg>{escape(name)}</p>'
    )


def _box(box: Box, currency: str, name: str) -> str:
    cells = text.box_cells(box, currency)
    changes = (None, box.wow, box.yoy, None, box.mtd_yoy, None, box.qtd_yoy, None, box.ytd_yoy, box.vs_target)
    wide = CELL_GAP * (len(cells) - 1) + sum(
        max(width(header) * HEADER_SIZE, width(words) * CELL_SIZE) / FONT_SIZE
        for header, words in zip(text.BOX_HEADERS, cells, strict=True)
    )
    parts = []
    for header, words, moved in zip(text.BOX_HEADERS, cells, changes, strict=True):
        said = ""
        if moved is not None and moved.good is not None:
            said = f' title="{"favourable" if moved.good else "unfavourable"}"'
        kind = "" if moved is not None else ' class="w-value"'
        parts.append(f"<div{kind}><dt>{header}</dt><dd{said}>{escape(words)}</dd></div>")
    heading = _second_name(name) if name else ""
    return f'{heading}<dl class="w-box{" w-long" if wide > ONE_LINE else ""}">{"".join(parts)}</dl>'


def _annotations(annotations: Sequence[Annotation]) -> str:
    if not annotations:
        return ""
    items = "".join(
        f'<li value="{note.number}"><span class="w-ring">{note.number}</span>'
        f"<span><time>{text.day(note.day)}</time> {escape(note.text)}</span></li>"
        for note in annotations
    )
    return f'<ol class="w-notes">{items}</ol>'


def _twin(places: Sequence[text.Place]) -> str:
    """The chart as a table: a row per place, a column per thing it says."""
    columns = list(dict.fromkeys(what for place in places for what, _ in place.facts))
    heads = "".join(f"<th>{escape(column)}" for column in columns)
    rows = []
    for place in places:
        told = dict(place.facts)
        cells = "".join(f"<td>{escape(told.get(column, ''), quote=False)}" for column in columns)
        rows.append(f"<tr><th>{place.when}{cells}")
    return f'<div class="w-scroll"><table class="w-table"><tr><th>Period{heads}{"".join(rows)}</table></div>'


# --- tables -----------------------------------------------------------------------------------


def table_html(table: Table, title: str, currency: str) -> str:
    """A table with scoped headers. Figures stand right, words left; unknown is a dash, and says why."""
    worded = [
        any(isinstance(row.values[n], str) for row in table.rows if n < len(row.values))
        for n in range(len(table.columns))
    ]
    heads = "".join(
        f'<th scope="col"{LEFT if words else ""}>{escape(column)}</th>'
        for column, words in zip(table.columns, worded, strict=True)
    )
    rows = "".join(_row(row, worded, currency) for row in table.rows)
    corner = f'<th scope="col" class="w-left">{escape(table.header)}</th>' if table.header else "<td></td>"
    return (
        f'<div class="w-scroll" role="region" tabindex="0" aria-label="{escape(title)}">'
        '<table class="w-table">'
        f"<thead><tr>{corner}{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(row: Row, worded: Sequence[bool], currency: str) -> str:
    hook = f' data-metric="{escape(row.metric)}"' if row.metric else ""
    if row.unit is None and not any(value is not None for value in row.values):
        span = f'scope="rowgroup" colspan="{len(worded) + 1}"'
        return f'<tr class="w-group"><th {span}>{escape(row.header)}</th></tr>'
    cells = []
    for n, words in enumerate(worded):
        if n >= len(row.values):
            cells.append("<td></td>")
            continue
        why = text.state(row.states[n]) if n < len(row.states) else ""
        kind = " w-left" if words else ""
        kind += " w-unsure" if why and row.values[n] is not None else ""
        said = f' title="{why}"' if why else ""
        cells.append(f'<td class="{kind.strip()}"{said}>{escape(text.cell(row, n, currency))}</td>')
    moved = ' class="w-moved"' if row.unit in ("percent", "bps") else ""
    header = escape(row.header)
    if row.signal is not None and row.signal.marked:
        header = f'<span title="{escape(row.told)}">{header} {_glyph(row.signal)}</span>'
    return f'<tr{hook}{moved}><th scope="row" class="w-left">{header}</th>{"".join(cells)}</tr>'
