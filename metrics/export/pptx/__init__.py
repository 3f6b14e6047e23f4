"""A deck as slides: native charts and tables that people can edit, four charts a slide.

    chart   a 6-12 chart as a native one
    page    words, tables and shapes at a place

Title slide, page 0, the flywheel, then the sections. Owner, answer and everything that is said of a chart
stand in the notes of its slide. The same deck always gives the same file.

Source: wbr-method.md sections 2 and 3.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pptx
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.opc.packuri import PackURI
from pptx.presentation import Presentation
from pptx.slide import Slide
from pptx.util import Inches

from metrics import text
from metrics.deck import Block, Case, Deck, Marked, Row, Section, Table
from metrics.draw import grid
from metrics.draw.flywheel import NODE, laid, state_words
from metrics.draw.said import KINDS
from metrics.draw.six_twelve import from_zero
from metrics.draw.style import LIGHT
from metrics.export.formats import printable
from metrics.export.pptx import page
from metrics.export.pptx.chart import left_out, native
from metrics.export.pptx.page import HIGH, MARGIN, WIDE, Box, Paragraph, Run, Text
from metrics.wheel import Wheel

if TYPE_CHECKING:
    from pptx.chart.data import ChartData
    from pptx.shapes.graphfrm import GraphicFrame

T = TypeVar("T")
MADE = datetime(2000, 1, 1)  # Written into every file, so that equal decks give equal bytes.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
PER_SLIDE = 4
TITLE_ONLY = 5  # Layout of the library's empty presentation.
TOP, FLOOR = 0.78, HIGH - 0.42  # Inches between which a slide's content stands.
INSIDE = WIDE - 2 * MARGIN
ROW = 0.245  # Inches of a table's row.
TABLE_SIZE = 9.5
MOST_COLUMNS = 14  # Twelve months fit; more stand on the next slide.
KEY = (
    ("● ", "now"),
    ("this year   ", "quiet"),
    ("— ", "before"),
    ("year earlier   ", "quiet"),
    ("▲ ", "target"),
    ("target   ", "quiet"),
    ("○ ", "now"),
    ("incomplete, or will still move   ", "quiet"),
    ("◆ ", "attention"),
    ("exception   ", "quiet"),
    ("● ", "good"),
    ("favourable   ", "quiet"),
    ("○ ", "quiet"),
    ("watch   ", "quiet"),
    ("▮ ", "before"),
    ("expected range   ", "quiet"),
    ("left: six weeks, right: twelve months", "quiet"),
)
MARKS = {"alarm": ("◆", "attention"), "good": ("●", "good"), "watch": ("○", "quiet")}


def document(deck: Deck, standing: str = "") -> bytes:
    """The whole file.

    Args:
        deck: What it shows.
        standing: What the deck is worth, in a sentence without a full stop.
    """
    made = _Slides(deck, standing)
    made.build()
    return made.bytes()


class _Names:
    """Names of new parts, counted by their pattern: `/ppt/charts/chart1.xml`."""

    def __init__(self, first: Callable[[str], PackURI]) -> None:
        self._first = first
        self._next: dict[str, int] = {}

    def __call__(self, pattern: str) -> PackURI:
        if pattern not in self._next:  # Parts that the empty presentation has keep their names.
            self._next[pattern] = int(self._first(pattern).idx or 1)
        number = self._next[pattern]
        self._next[pattern] += 1
        return PackURI(pattern % number)


class _Slides:
    """One presentation while it is made."""

    def __init__(self, deck: Deck, standing: str) -> None:
        self.deck = deck
        self.standing = standing
        self.show: Presentation = pptx.Presentation()
        self.show.slide_width, self.show.slide_height = Inches(WIDE), Inches(HIGH)
        self._layout = self.show.slide_layouts[TITLE_ONLY]
        # The library walks all parts to name the next one: 500 charts would take a minute.
        package = self.show.part.package
        package.next_partname = _Names(package.next_partname)  # type: ignore[method-assign, assignment]  # See above.
        self._dress()

    def build(self) -> None:
        """All slides in order."""
        self._title()
        self._answers()
        self._list("Promises and open points", _promises(self.deck))
        self._list("Exceptions and watches", _signals(self.deck))
        if self.deck.wheel is not None and self.deck.wheel.nodes:
            self._flywheel(self.deck.wheel)
        self._list("Missing, late or changed", _notices(self.deck))
        self._list("Contents", _contents(self.deck))
        for section in self.deck.sections:
            self._section(section)

    def bytes(self) -> bytes:
        """The file, with fixed times."""
        facts = self.show.core_properties
        facts.title = _short(f"{self.deck.company}: {self.deck.title}, {text.deck_week(self.deck)}")
        facts.author = facts.last_modified_by = _short(self.deck.company)
        facts.subject, facts.revision = _short(self.standing), 1
        facts.created = facts.modified = MADE
        raw, out = BytesIO(), BytesIO()
        self.show.save(raw)
        with ZipFile(raw) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
            for entry in old.infolist():
                stamped = ZipInfo(entry.filename, ZIP_TIME)
                stamped.compress_type = ZIP_DEFLATED
                new.writestr(stamped, old.read(entry))
        return out.getvalue()

    def _dress(self) -> None:
        """The deck's type and colours as the theme's, so that what people add looks alike."""
        theme = self.show.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
        told = theme.blob.decode()
        told = told.replace('typeface="Calibri"', 'typeface="Arial"')
        accents = ("now", "months", "target", "second", "good", "attention")
        for n, ink in enumerate(accents, 1):
            head, _, rest = told.partition(f"<a:accent{n}>")
            _, _, tail = rest.partition(f"</a:accent{n}>")
            told = f'{head}<a:accent{n}><a:srgbClr val="{LIGHT[ink][1:]}"/></a:accent{n}>{tail}'
        theme._blob = told.encode()  # The library keeps a theme as bytes and offers no way to set them.

    # --- slides --------------------------------------------------------------------------------

    def _slide(self, title: str, aside: str = "", shown: Sequence[Block] = ()) -> Slide:
        """A slide with its title and foot; with the key where charts are shown."""
        slide: Slide = self.show.slides.add_slide(self._layout)
        page.title(slide, title, aside)
        left = tuple(Run(words, 7.5, ink=ink) for words, ink in KEY) if shown else ()
        if any(block.chart and not from_zero(block.chart) for block in shown):
            left += (Run(f" · {grid.FLOOR_NOTE.lower()}", 7.5, ink="quiet"),)
        page.foot(slide, left, f"{self.deck.company} · {self.deck.week_label}")
        return slide

    def _title(self) -> None:
        deck = self.deck
        slide = self.show.slides.add_slide(self._layout)
        shape = slide.shapes.title
        assert shape is not None  # The layout has one.
        shape.left, shape.top, shape.width, shape.height = (
            Inches(1.0),
            Inches(2.5),
            Inches(WIDE - 2.0),
            Inches(1.0),
        )
        page.fill(shape.text_frame, [(Run(deck.title, 40, bold=True),)])
        page.write(slide, Box(1.0, 2.0, WIDE - 2.0, 0.4), [(Run(deck.company, 20, ink="now", bold=True),)])
        known = f"As known on {text.day(deck.as_of.date())}" if deck.as_of else ""
        state = self.standing or (f"The week is {deck.state}" if deck.state else "")
        stamps = [f"{words}." for words in dict.fromkeys((state, known)) if words]
        page.write(
            slide,
            Box(1.0, 3.7, WIDE - 2.0, 1.6),
            [
                (Run(text.deck_week(deck), 20),),
                *((Run(words, 14, ink="quiet"),) for words in stamps),
                (
                    Run(
                        f"Numbers: {deck.version or 'none loaded'} · time zone {deck.time_zone}",
                        11,
                        ink="quiet",
                    ),
                ),
            ],
            after=6,
        )

    def _answers(self) -> None:
        """The three questions and their answers."""
        deck = self.deck
        if not deck.answers:
            return
        slide = self._slide("Page 0: where we stand", text.deck_week(deck))
        wide = (INSIDE - 0.4 * (len(deck.answers) - 1)) / len(deck.answers)
        for n, answer in enumerate(deck.answers):
            x = MARGIN + n * (wide + 0.4)
            page.rule(slide, x, TOP + 0.25, wide)
            told = [(Run(answer.question, 18, bold=True, ink="now"),), (Run(answer.text, 16),)]
            page.write(slide, Box(x, TOP + 0.4, wide, 3.6), told, after=10)
        if _judged(deck):
            counts = text.chance(len(deck.exceptions), deck.by_chance[0])
            watches = text.chance_of_watches(len(deck.watches), deck.by_chance[1])
            below = [(Run(counts, 16, bold=True, ink="attention"),), (Run(f"{watches}.", 13, ink="quiet"),)]
            page.write(slide, Box(MARGIN, 5.6, INSIDE, 1.0), below, after=6)

    def _list(self, title: str, paragraphs: Sequence[Paragraph]) -> None:
        """Paragraphs on as many slides as they need; no slide for none."""
        room, pages, used = FLOOR - TOP, list[list[Paragraph]](), 0.0
        air = 5.0
        for paragraph in (part for whole in paragraphs for part in _parts(whole, room)):
            high = page.height_of(paragraph, INSIDE) + air / page.POINTS
            if not pages or used + high > room:
                pages.append([])
                used = 0.0
            pages[-1].append(paragraph)
            used += high
        for n, told in enumerate(pages, 1):
            aside = f"{n} of {len(pages)}" if len(pages) > 1 else ""
            slide = self._slide(title, aside)
            page.write(slide, Box(MARGIN, TOP, INSIDE, room), told, after=air, name=title)

    def _flywheel(self, wheel: Wheel) -> None:
        """The nodes with this week's state as shapes, the way each turns the next as arrows."""
        bare = Wheel(wheel.nodes, wheel.edges, (), ())
        where = laid(bare)
        places = [*where.nodes.values()]
        points = [point for curve in where.edges for point in curve]
        xs = [x for p in places for x in (p.x - NODE[0], p.x + NODE[0])] + [x for x, _ in points]
        ys = [y for p in places for y in (p.y - NODE[1], p.y + NODE[1])] + [y for _, y in points]
        zoom = min(INSIDE / (max(xs) - min(xs)), (FLOOR - TOP) / (max(ys) - min(ys)), 1 / 82)
        left = (WIDE - (max(xs) - min(xs)) * zoom) / 2 - min(xs) * zoom
        above = TOP - min(ys) * zoom
        slide = self._slide("Flywheel", "each node with what is marked in it this week")
        for curve in where.edges:
            if len(curve) > 1:
                page.arrow(slide, [(left + x * zoom, above + y * zoom) for x, y in curve])
        for one in wheel.nodes:
            at = where.nodes[one.id]
            wide, high = NODE[0] * zoom * 1.08, NODE[1] * zoom * 1.12
            box = Box(left + at.x * zoom - wide, above + at.y * zoom - high, 2 * wide, 2 * high)
            loud = "attention" if one.exceptions else "before"
            size = 11.0 if len(one.name) * 11 * 0.62 < 2 * wide * page.POINTS else 9.5
            words = (
                (Run(one.name, size, bold=True),),
                (Run(state_words(one), 9, ink="attention" if one.exceptions else "quiet"),),
            )
            page.node(slide, box, words, loud)
        said = "; ".join(f"{one.name}: {state_words(one)}" for one in wheel.nodes)
        self._notes(slide, [f"Flywheel. {said}."])

    def _section(self, section: Section) -> None:
        """Runs of charts four to a slide; tables and stories on slides of their own, where they stand."""
        charts: list[Block] = []
        for block in section.blocks:
            if block.chart is not None:
                charts.append(block)
                continue
            self._charts(section.title, charts)
            charts = []
            if block.table is not None:
                self._table(section.title, block, block.table)
            elif block.kind == "story":
                self._list(f"{block.number}  {block.title}", [(Run(block.meaning or "", 14),)])
        self._charts(section.title, charts)

    def _charts(self, title: str, blocks: Sequence[Block]) -> None:
        pages = _cut(blocks, PER_SLIDE)
        for n, four in enumerate(pages, 1):
            slide = self._slide(title, f"{n} of {len(pages)}" if len(pages) > 1 else "", four)
            gap, high = 0.35, (FLOOR - TOP - 0.12) / 2
            wide = (INSIDE - gap) / 2
            for place, block in enumerate(four):
                x, y = MARGIN + place % 2 * (wide + gap), TOP + place // 2 * (high + 0.12)
                self._card(slide, block, Box(x, y, wide, high))
            self._notes(slide, [_notes(block, self.deck.currency) for block in four])

    def _card(self, slide: Slide, block: Block, box: Box) -> None:
        """A chart with its heading, mark, box score and answer."""
        chart = block.chart
        assert chart is not None
        currency = self.deck.currency
        number = f"{block.number}  "
        head = [
            Run(number, 12, ink="quiet"),
            Run(page.fitting(block.title, 12.5, box.width - 1.4), 12, bold=True),
        ]
        if block.code:
            head.append(Run(f"  {block.code}", 9, ink="quiet"))
        stamps = [*chart.stamps, *(block.said.stamps if block.said else ())]
        who = " · ".join(filter(None, (block.metric_kind, block.owner or "no owner")))
        about = [Run(page.fitting(who, 9, box.width / 2), 9, ink="quiet")]
        loud = [s for s in stamps if s not in grid.EXPECTED]
        if stamps:
            ink = "attention" if loud else "quiet"
            words = page.fitting(" · ".join(stamps), 9.5, box.width / 2 - 0.3)
            about.append(Run(f"   {words}", 9, bold=True, ink=ink))
        ring = grid.ring(block.signal) if block.signal is not None else None
        marked: list[Paragraph] = []
        if ring is not None and block.signal is not None:
            glyph, ink = MARKS[ring]
            words = f"{text.mark(block.signal)}: {block.told}."
            marked = [
                (Run(f"{glyph} ", 9, bold=True, ink=ink), Run(page.fitting(words, 9, box.width), 9, ink=ink))
            ]
        above = 0.4 + 0.15 * len(marked)
        heading = [tuple(head), tuple(about), *marked]
        page.write(slide, Box(box.x, box.y, box.width, above), heading, name=f"{number}heading")
        boxes = len(chart.box)
        row = 0.165
        score = row * (1 + boxes)
        said = self._said(block, box.width)
        low = 0.27 if said else 0.0
        figure = Box(box.x, box.y + above, box.width, box.height - above - score - low - 0.03)
        chosen = cast("ChartData", native(chart, currency, block.signal))  # It has what is asked of one.
        x, y, wide, high = (Inches(each) for each in (figure.x, figure.y, figure.width, figure.height))
        made = slide.shapes.add_chart(XL_CHART_TYPE.LINE_MARKERS, x, y, wide, high, chosen)
        frame = cast("GraphicFrame", made)
        frame.name = printable(f"{block.number} {block.title}")
        summary = text.summary(chart, currency, block.signal, block.told)
        frame.element.nvGraphicFramePr.cNvPr.set("descr", printable(summary))
        self._score(slide, block, Box(box.x, figure.y + figure.height + 0.02, box.width, score), row)
        if said:
            page.write(slide, Box(box.x, box.y + box.height - low, box.width, low), [said])

    def _said(self, block: Block, inches: float) -> Paragraph:
        """One thing under the chart: the answer, else what the picture leaves out, else the remarks."""
        chart = block.chart
        assert chart is not None
        parts: list[Run] = []
        if block.said is not None and block.said.answer:
            kind, _, rest = block.said.answer.partition(": ")
            parts = [Run(f"{kind}: ", 8, bold=True), Run(f"{rest} {block.said.by}", 8)]
        else:
            told = [*_incomplete(block), left_out(chart), *chart.notes]
            told += [f"{note.number}: {text.day(note.day)} {note.text}" for note in chart.annotations]
            if block.said is not None:
                told += [*block.said.remarks, *(f"“{story}”" for story in block.said.stories)]
            if words := " ".join(filter(None, told)):
                parts = [Run(words, 8, ink="quiet")]
        if not parts:
            return ()
        used = sum(len(run.words) for run in parts[:-1])
        last = parts[-1]
        cut = page.fitting(" " * used + last.words, last.size, inches, 2)[used:]
        return (*parts[:-1], Run(cut, last.size, last.bold, last.ink))

    def _score(self, slide: Slide, block: Block, box: Box, row: float) -> None:
        chart = block.chart
        assert chart is not None
        two = len(chart.box) > 1
        first = 1.05 if two else 0.0
        heads = [Text(words, ink="quiet") for words in text.BOX_HEADERS]
        rows = [[*([Text("")] if two else []), *heads]]
        for score in chart.box:
            main = score is chart.box[0]
            words = page.fitting(score.name if main else f"╌ {score.name}", 7.5, first)
            name = [Text(words, "left", ink="quiet" if main else "second")] if two else []
            cells = text.box_cells(score, self.deck.currency)
            rows.append(
                [
                    *name,
                    *(
                        Text(words, bold=h in ("LastWk", "MTD", "QTD", "YTD"))
                        for h, words in zip(text.BOX_HEADERS, cells, strict=True)
                    ),
                ]
            )
        each = (box.width - first) / len(text.BOX_HEADERS)
        widths = [*([first] if two else []), *[each] * len(text.BOX_HEADERS)]
        size = 7.0 if two else 8.0
        page.table(slide, box, rows, widths, size=size, row_height=row, name=f"{block.number} box score")

    def _table(self, title: str, block: Block, told: Table) -> None:
        """A table on as many slides as its rows and columns need, each with the headers."""
        room = int((FLOOR - TOP - 0.5) / ROW) - 1
        parts = [
            (columns, rows)
            for columns in _cut(range(len(told.columns)), MOST_COLUMNS) or [()]
            for rows in _cut(told.rows, room) or [()]
        ]
        for n, (columns, rows) in enumerate(parts, 1):
            slide = self._slide(title, f"{n} of {len(parts)}" if len(parts) > 1 else "")
            line = [
                Run(f"{block.number}  ", 12, ink="quiet"),
                Run(page.fitting(block.title, 12, 9.0), 12, bold=True),
            ]
            if block.owner:
                line.append(Run(f"   {page.fitting(block.owner, 9, 2.5)}", 9, ink="quiet"))
            page.write(slide, Box(MARGIN, TOP, INSIDE, 0.3), [tuple(line)])
            cut = self._part(slide, block, told, columns, rows)
            self._notes(slide, ["\n".join([_notes(block, self.deck.currency), *cut])])

    def _part(
        self, slide: Slide, block: Block, told: Table, columns: Sequence[int], rows: Sequence[Row]
    ) -> list[str]:
        """Some columns and rows as a native table; returns the words that had to be cut, whole."""
        worded = [any(_wordy(row.values[n]) for row in told.rows if n < len(row.values)) for n in columns]
        shown = [[_shown(row, n, self.deck.currency) for n in columns] for row in told.rows]
        letters = [
            max([len(told.columns[n]), *(len(cells[place]) for cells in shown)])
            for place, n in enumerate(columns)
        ]
        first = max([len(told.header), *(len(row.header) + 2 for row in told.rows)])
        widths = _widths([first, *letters])
        sides: list[page.Align] = ["left", *("left" if words else "right" for words in worded)]
        heads = (told.header, *(told.columns[n] for n in columns))
        cells = [
            [
                Text(page.fitting(words, TABLE_SIZE, wide), side, bold=True, ink="quiet")
                for words, side, wide in zip(heads, sides, widths, strict=True)
            ]
        ]
        whole = []
        for row in rows:
            ring = grid.ring(row.signal) if row.signal is not None else None
            mark = f" {MARKS[ring][0]}" if ring else ""
            words = [f"{row.header}{mark}", *(_shown(row, n, self.deck.currency) for n in columns)]
            fit = [page.fitting(each, TABLE_SIZE, wide) for each, wide in zip(words, widths, strict=True)]
            whole += [
                f"{row.header}, {head}: {each}"
                for each, short, head in zip(words, fit, heads, strict=True)
                if each != short
            ]
            bold = _bare(row)
            cells.append(
                [
                    Text(each, side, bold and n == 0)
                    for n, (each, side) in enumerate(zip(fit, sides, strict=True))
                ]
            )
        page.table(
            slide,
            Box(MARGIN, TOP + 0.4, INSIDE, 0),
            cells,
            widths,
            size=TABLE_SIZE,
            row_height=ROW,
            name=f"{block.number} {block.title}",
        )
        return whole

    def _notes(self, slide: Slide, told: Iterable[str]) -> None:
        frame = slide.notes_slide.notes_text_frame
        assert frame is not None  # The notes' layout has one.
        frame.text = printable("\n\n".join(told))


# --- words -------------------------------------------------------------------------------------


def _short(words: str) -> str:
    return printable(words)[:255]


def _cut(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _judged(deck: Deck) -> bool:
    return any(block.signal is not None for block in deck.blocks)


def _parts(paragraph: Paragraph, room: float) -> Iterator[Paragraph]:
    """A paragraph in pieces that each fit on a slide; one piece, but for very long ones."""
    if page.height_of(paragraph, INSIDE) <= room * 0.9:
        yield paragraph
        return
    for run in paragraph:
        letters = int(room * 0.9 * page.POINTS / (run.size * page.LINE)) * int(
            INSIDE * page.POINTS / (run.size * page.LETTER)
        )
        for piece in _cut(run.words, letters):
            yield (Run("".join(piece), run.size, run.bold, run.ink),)


def _bare(row: Row) -> bool:
    """A heading among the rows."""
    return row.unit is None and not any(value is not None for value in row.values)


def _shown(row: Row, place: int, currency: str) -> str:
    """A cell as it is read; empty in headings and where a row is short."""
    return text.cell(row, place, currency) if place < len(row.values) and not _bare(row) else ""


def _wordy(value: float | str | None) -> bool:
    return isinstance(value, str) and value.strip("+-−$€£%0123456789.,") != ""


def _widths(letters: Sequence[int]) -> list[float]:
    """Columns as wide as their longest cell, narrower where all would not fit."""
    wide = [(n * TABLE_SIZE * page.LETTER * 1.12) / page.POINTS + 0.15 for n in letters]
    if sum(wide) <= INSIDE:
        return [max(each, 0.6) for each in wide] if sum(max(e, 0.6) for e in wide) <= INSIDE else wide
    fair = INSIDE / len(wide)
    small = sum(each for each in wide if each <= fair)
    large = sum(each for each in wide if each > fair)
    return [each if each <= fair else each * (INSIDE - small) / large for each in wide]


def _incomplete(block: Block) -> Iterator[str]:
    """The weeks of which days are missing, which a native chart shows as a gap."""
    assert block.chart is not None
    line = block.chart.lines[0]
    for label, why, days in zip(block.chart.axis.weeks, line.weeks_state, line.weeks_days, strict=True):
        if why == "partial":
            yield f"{label}: {text.state(why, days)}."


def _promises(deck: Deck) -> list[Paragraph]:
    told: list[Paragraph] = []
    kind = ""
    for one in deck.asked:
        if one.kind != kind:
            kind = one.kind
            told.append((Run(KINDS.get(kind, kind), 14, bold=True, ink="now"),))
        late = (
            (Run("late  ", 13, bold=True, ink="attention"),)
            if one.late and kind in ("action", "analysis")
            else ()
        )
        told.append((*late, Run(one.text, 13)))
    return told


def _signals(deck: Deck) -> list[Paragraph]:
    if not _judged(deck):
        return []
    told: list[Paragraph] = [(Run(text.chance(len(deck.exceptions), deck.by_chance[0]), 14, bold=True),)]
    for case in deck.cases:
        told += _case(case)
    if deck.watches:
        words = text.chance_of_watches(len(deck.watches), deck.by_chance[1])
        told.append((Run(words, 14, bold=True),))
        told += [
            (
                Run("○  ", 12, ink="quiet"),
                Run(f"{b.number} {b.title}: ", 12, bold=True),
                Run(f"{b.told}.", 12),
            )
            for b in deck.watches
        ]
    return [*told, *((Run(words, 12, ink="quiet"),) for words in grid.unjudged(deck))]


def _case(case: Case) -> Iterator[Paragraph]:
    yield _one(case.lead)
    for other in case.others:
        yield (Run("      with it  ", 12, ink="quiet"), *_one(other))
    if case.behind:
        whose = "them" if case.others else "it"
        words = "; ".join(one.told for one in case.behind)
        yield (Run(f"      Behind {whose}: {words}.", 12, ink="quiet"),)
    if case.caution:
        yield (Run(f"      {case.caution}", 11, ink="quiet"),)


def _one(one: Marked) -> Paragraph:
    glyph, ink = MARKS[grid.ring(one.signal) or "watch"]
    number = f"{one.number} " if one.number is not None else ""
    return (
        Run(f"{glyph}  ", 13, ink=ink),
        Run(f"{number}{one.name}: ", 13, bold=True),
        Run(f"{one.told}.", 13),
    )


def _notices(deck: Deck) -> list[Paragraph]:
    told: list[Paragraph] = []
    for kind, same in grid.ranked(deck.notices):
        told.append((Run(kind, 14, bold=True, ink="now"),))
        told += [(Run(notice.text, 13),) for notice in same]
    if not told:
        told.append((Run(grid.NOTHING_LATE, 13),))
    if deck.changed:
        told.append((Run("Changed in this deck", 14, bold=True, ink="now"),))
        told += [(Run(words, 13),) for words in deck.changed]
    return told


def _contents(deck: Deck) -> list[Paragraph]:
    return [
        (Run(section.title, 13), Run(f"   {grid.span(section)}", 11, ink="quiet"))
        for section in deck.sections
    ]


def _notes(block: Block, currency: str) -> str:
    """All that is said of a block, for whoever presents it."""
    head = f"{block.number} {block.title}. Owner: {block.owner or 'nobody'}."
    told = [head]
    if block.chart is not None:
        told.append(text.summary(block.chart, currency, block.signal, block.told))
    if block.on_target:
        told.append(block.on_target)
    if block.drivers:
        told.append(f"Behind it: {'; '.join(one.told for one in block.drivers)}.")
    if block.said is not None:
        if block.said.answer:
            told.append(f"Answer of {block.said.by}: {block.said.answer}")
        told += [
            *block.said.stamps,
            *block.said.remarks,
            *(f"Story: {story}" for story in block.said.stories),
        ]
    elif block.signal is not None and block.signal.tier == "exception":
        told.append("Not answered yet.")
    if block.chart is not None:
        told += [f"Note {n.number}, {text.day(n.day)}: {n.text}" for n in block.chart.annotations]
        told += [*block.chart.notes, *_incomplete(block), left_out(block.chart)]
        line = block.chart.lines[0]
        paired = [
            f"{label} is compared with the week ending {text.day(day)} ({event})."
            for label, event, day in zip(
                block.chart.axis.weeks, line.paired_by, line.compared_with, strict=True
            )
            if event
        ]
        told += paired
    if block.meaning:
        told.append(f"It counts: {block.meaning}")
    return "\n".join(filter(None, told))
