"""A deck as a workbook: typed cells to calculate with, a sheet a kind of thing; the first says what is where.

Numbers are numbers in the metric's own unit, days are days; an unknown value is an empty cell and never
zero. Every word is written as a string, so nothing in it is ever a formula or a link. The same deck
always gives the same file.

Source: platform.md section 4, rows 11 to 13.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from math import isfinite
from re import compile as pattern

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from metrics import text
from metrics.deck import Block, Deck, Table
from metrics.draw.style import LIGHT
from metrics.export import formats
from metrics.export.csv import BOX
from metrics.six_twelve import Change, Line

MADE = datetime(2000, 1, 1)  # Written into every file, so that equal decks give equal bytes.
LONGEST = 32_767  # Characters of a cell.
WIDEST = 60  # Characters of a column; longer words wrap.
NAME = 31  # Characters of a sheet's name.
NO_NAME = pattern(r"[\[\]:*?/\\]")
BOX_HEADERS = (
    "Last week",
    "WOW",
    "YOY",
    "MTD",
    "MTD YOY",
    "QTD",
    "QTD YOY",
    "YTD",
    "YTD YOY",
    "vs target",
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with the number format it is shown in."""

    value: float | str | date | None
    form: str = ""


Value = Cell | float | str | date | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: what it holds in a sentence, its columns, its rows."""

    name: str
    about: str
    columns: tuple[str | date, ...]
    rows: tuple[tuple[Value, ...], ...]


def document(deck: Deck, standing: str = "") -> bytes:
    """The whole file.

    Args:
        deck: What it holds.
        standing: What the deck is worth, in a sentence without a full stop.
    """
    out = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(out, options)
    title = f"{deck.company}: {deck.title}, {text.deck_week(deck)}"
    book.set_properties({"title": _held(title)[:255], "author": _held(deck.company)[:255], "created": MADE})
    pen = _Pen(book)
    told = tuple(sheets(deck))
    _first(book, pen, deck, standing, told)
    for sheet in told:
        pen.write(book.add_worksheet(sheet.name), sheet)
    book.close()
    return out.getvalue()


def sheets(deck: Deck) -> Iterable[Sheet]:
    """The sheets after the first one."""
    yield _lines(deck, "Values", "Each line of each chart: six weeks, then months.", "value")
    yield _lines(deck, "Targets", "What was promised for the same weeks and months.", "target")
    yield _lines(deck, "Year earlier", "What each week and month is compared with.", "earlier")
    yield _boxes(deck)
    yield _signals(deck)
    yield _states(deck)
    taken = {"about this file"}
    for block in deck.blocks:
        if block.table is not None:
            yield _table(block, block.table, deck.currency, taken)
    yield Sheet(
        "Answers",
        "What owners answered to the marks of the week.",
        ("Metric", "Name", "Answer", "Text", "More", "Due", "Decided by", "Through", "By", "On"),
        tuple(
            (
                r.metric,
                r.name,
                r.kind,
                r.text,
                r.more,
                r.due,
                r.decided_by,
                ", ".join(r.through),
                r.by,
                r.at.date(),
            )
            for r in deck.replies
        ),
    )
    yield Sheet(
        "Actions",
        "Promises that are open, or were closed within the year.",
        (
            "Metric",
            "Name",
            "Action",
            "Owner",
            "Recorded",
            "Due",
            "State",
            "Late",
            "Result",
            "Should move",
            "Effect by",
            "Dissent",
        ),
        tuple(
            (
                a.metric,
                a.name,
                a.text,
                a.owner,
                a.opened,
                a.due,
                a.state,
                "late" if a.late else "",
                a.result,
                a.should_move,
                a.effect_by,
                a.dissent,
            )
            for a in deck.actions
        ),
    )
    yield Sheet(
        "Links",
        "What is believed to drive what, and what the data say of it.",
        (
            "Driver",
            "Driver's name",
            "Driven",
            "Driven's name",
            "Sign",
            "First lag, weeks",
            "Last lag, weeks",
            "Because",
            "Stated",
            "State",
            "Grade",
            "Weeks tested",
            "Evidence",
        ),
        tuple(
            (
                k.driver,
                k.driver_name,
                k.driven,
                k.driven_name,
                "together" if k.sign == "+" else "apart",
                *map(float, k.lag_weeks),
                k.because,
                k.stated,
                k.state,
                k.grade,
                float(k.weeks),
                k.words,
            )
            for k in deck.links
        ),
    )
    yield Sheet(
        "Page 0",
        "The three answers, what is asked, missing or changed.",
        ("Kind", "About", "Text"),
        _front(deck),
    )


def _front(deck: Deck) -> tuple[tuple[Value, ...], ...]:
    return (
        *(("Answer", a.question, a.text) for a in deck.answers),
        *(("Asked", one.kind, one.text) for one in deck.asked),
        *(("Exception", one.name, one.told) for case in deck.cases for one in case.members),
        *(("Notice", n.kind, n.text) for n in deck.notices),
        *(("Changed", "", words) for words in deck.changed),
        *(
            ("Said", f"{b.number} {b.title}", words)
            for b in deck.blocks
            if b.said is not None
            for words in (*b.said.stamps, b.said.answer, *b.said.remarks, *b.said.stories)
            if words
        ),
        *(
            ("Story", f"{b.number} {b.title}", b.meaning)
            for b in deck.blocks
            if b.kind == "story" and b.meaning
        ),
    )


# --- charts ----------------------------------------------------------------------------------

_HEAD = ("Block", "Title", "Metric", "Line", "Owner", "Unit")


def _lines(deck: Deck, name: str, about: str, what: str) -> Sheet:
    """A row a line, a column a week and a month; months that a chart does not show stay empty."""
    charts = [b for b in deck.blocks if b.chart is not None]
    weeks = dict.fromkeys(d for b in charts if b.chart for d in b.chart.axis.week_endings)
    months = sorted({d for b in charts if b.chart for d in b.chart.axis.month_ends})
    rows = []
    for block in charts:
        chart = block.chart
        assert chart is not None
        for line in chart.lines:
            if (line.role == "target") != (what == "target"):
                continue
            by_week, by_month = _values(line, what)
            form = formats.cells(line.unit, deck.currency)
            at = dict(zip(chart.axis.week_endings, by_week, strict=True))
            on = dict(zip(chart.axis.month_ends, by_month, strict=True))
            cells = (*(at.get(d) for d in weeks), *(on.get(d) for d in months))
            rows.append((*_head(block, line), *(Cell(value, form) for value in cells)))
    ends = (*(f"Week to {d}" for d in weeks), *(f"Month to {d}" for d in months))
    return Sheet(name, about, (*_HEAD, *ends), tuple(rows))


def _values(line: Line, what: str) -> tuple[Sequence[float | None], Sequence[float | None]]:
    if what == "earlier":
        return line.weeks_year_earlier, line.months_year_earlier
    return line.weeks, line.months


def _head(block: Block, line: Line) -> tuple[Value, ...]:
    return float(block.number), block.title, line.metric, line.name, block.owner, line.unit


def _boxes(deck: Deck) -> Sheet:
    """The line of numbers under each chart; changes are shares of the base, or basis points."""

    def cell(value: float | Change | None, unit: str) -> Cell:
        if isinstance(value, Change):
            return Cell(value.amount, formats.cells(value.unit, deck.currency))
        return Cell(value, formats.cells(unit, deck.currency))

    rows = tuple(
        (
            float(block.number),
            block.title,
            box.metric,
            box.name,
            block.owner,
            box.unit,
            *(cell(getattr(box, name), box.unit) for name in BOX),
        )
        for block in deck.blocks
        if block.chart is not None
        for box in block.chart.box
    )
    return Sheet("Box scores", "The line of numbers under each chart.", (*_HEAD, *BOX_HEADERS), rows)


def _signals(deck: Deck) -> Sheet:
    columns = (
        "Block",
        "Title",
        "Metric",
        "Owner",
        "Week ending",
        "Verdict",
        "Value",
        "Expected",
        "Low",
        "High",
        "Sigma away",
        "Weeks learned from",
        "Sentence",
        "Beside the target",
    )
    rows = []
    for block in deck.blocks:
        units = {line.metric: line.unit for line in block.chart.lines} if block.chart else {}
        found = [(block.signal, block.told, block.on_target)]
        if block.table is not None:
            found += [(row.signal, row.told, "") for row in block.table.rows]
            # A row that was judged holds values, and so a metric's unit.
            judged = [row for row in block.table.rows if row.metric and row.signal]
            units |= {row.metric: row.unit for row in judged}  # type: ignore[misc]  # See above.
        for signal, told, beside in found:
            if signal is None:
                continue
            form = formats.cells(units.get(signal.metric), deck.currency)
            rows.append(
                (
                    float(block.number),
                    block.title,
                    signal.metric,
                    block.owner,
                    signal.week_ending,
                    text.mark(signal) if signal.marked else signal.tier.replace("_", " "),
                    *(Cell(v, form) for v in (signal.value, signal.expected, signal.low, signal.high)),
                    Cell(signal.z, "0.0"),
                    float(signal.n),
                    told,
                    beside,
                )
            )
    return Sheet("Signals", "What was expected of the week, and what is marked.", columns, tuple(rows))


def _states(deck: Deck) -> Sheet:
    """Why a period has no final value: a row a period that is not complete."""
    rows: list[tuple[Value, ...]] = []
    for block in deck.blocks:
        if block.chart is None:
            continue
        axis = block.chart.axis
        for line in block.chart.lines:
            if line.role == "target":
                continue
            weeks = zip(axis.week_endings, line.weeks_state, line.weeks_days, strict=True)
            months = zip(axis.month_ends, line.months_state, line.months_days, strict=True)
            for period, found in (("week", weeks), ("month", months)):
                rows += [
                    (*_head(block, line), period, end, why, float(days[0]), float(days[1]))
                    for end, why, days in found
                    if why != "complete"
                ]
    columns = (*_HEAD, "Period", "Ending", "State", "Days there", "Days expected")
    return Sheet("States", "Periods without a final value, and why.", columns, tuple(rows))


def _table(block: Block, table: Table, currency: str, taken: set[str]) -> Sheet:
    """A table of the deck, on a sheet of its own."""
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (row.header, *(Cell(value, formats.cells(row.unit, currency)) for value in row.values))
        for row in table.rows
    )
    name = _free(f"{block.number} {block.title}", taken)
    return Sheet(name, f"Table {block.number} of the deck.", (table.header or "Row", *table.columns), rows)


def _free(name: str, taken: set[str]) -> str:
    """A name that a sheet may have and no other one has."""
    short = NO_NAME.sub(" ", formats.printable(name)).strip("' ")[:NAME].strip("' ") or "Table"
    found, again = short, 1
    while found.casefold() in taken or found.casefold() == "history":
        again += 1
        found = f"{short[: NAME - 4]} {again}"
    taken.add(found.casefold())
    return found


def _held(words: str) -> str:
    """Words as a cell can hold them."""
    return formats.printable(words)[:LONGEST]


# --- writing ---------------------------------------------------------------------------------


class _Pen:
    """Writes cells by their type, with the formats of one workbook."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._forms: dict[str, Format] = {}
        self.head = book.add_format(
            {
                "bold": True,
                "bg_color": LIGHT["raised"],
                "bottom": 1,
                "bottom_color": LIGHT["hair"],
                "text_wrap": True,
                "valign": "top",
            }
        )
        self.words = book.add_format({"text_wrap": True, "valign": "top"})
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.bold = book.add_format({"bold": True, "valign": "top"})

    def form(self, pattern: str) -> Format:
        """A number format, made once."""
        if pattern not in self._forms:
            self._forms[pattern] = self._book.add_format({"num_format": pattern, "valign": "top"})
        return self._forms[pattern]

    def write(self, page: Worksheet, sheet: Sheet) -> None:
        """A whole sheet: header, rows, filter, widths."""
        widths = [min(len(str(column)), 12) for column in sheet.columns]
        for n, column in enumerate(sheet.columns):
            page.write_string(0, n, _held(str(column)), self.head)
        for place, row in enumerate(sheet.rows, 1):
            for n, value in enumerate(row):
                widths[n] = max(widths[n], self.cell(page, place, n, value))
        page.freeze_panes(1, 2 if len(sheet.columns) > 4 else 1)
        page.autofilter(0, 0, max(len(sheet.rows), 1), len(sheet.columns) - 1)
        for n, wide in enumerate(widths):
            page.set_column(n, n, min(wide + 2, WIDEST))
        page.set_landscape()
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)

    def cell(self, page: Worksheet, row: int, column: int, told: Value) -> int:
        """One cell; returns how many characters wide it is. An unknown value stays empty."""
        value, form = (told.value, told.form) if isinstance(told, Cell) else (told, "")
        if value is None or value == "":
            return 0
        if isinstance(value, str):
            page.write_string(row, column, _held(value), self.words)
            return max(map(len, value.splitlines()), default=0)
        if isinstance(value, date):
            page.write_datetime(
                row, column, datetime(value.year, value.month, value.day), self.form(formats.DATE)
            )
            return len(formats.DATE)
        if not isfinite(value):
            return 0
        page.write_number(row, column, value, self.form(form or "General"))
        return len(f"{value:,.2f}") if form else 6


def _first(book: Workbook, pen: _Pen, deck: Deck, standing: str, told: Sequence[Sheet]) -> None:
    """What the file is: company, week, state, stamp, and what each sheet holds."""
    page = book.add_worksheet("About this file")
    page.write_string(0, 0, _held(f"{deck.company}: {deck.title}"), pen.title)
    known = text.day(deck.as_of.date()) if deck.as_of else "all that was known when the file was made"
    facts = (
        ("Week", text.deck_week(deck)),
        ("State", standing or deck.state or "not published"),
        ("As known", known),
        ("Numbers", deck.version),
        ("Currency", deck.currency),
        ("Time zone", deck.time_zone),
    )
    place = 2
    for what, words in facts:
        page.write_string(place, 0, what, pen.bold)
        page.write_string(place, 1, _held(words))
        place += 1
    place += 1
    page.write_string(place, 0, "Sheet", pen.head)
    page.write_string(place, 1, "Holds", pen.head)
    page.write_string(place, 2, "Rows", pen.head)
    for sheet in told:
        place += 1
        page.write_url(
            place, 0, f"internal:'{sheet.name.replace(chr(39), chr(39) * 2)}'!A1", string=sheet.name
        )
        page.write_string(place, 1, sheet.about)
        page.write_number(place, 2, len(sheet.rows))
    for words in (
        "Values are in each metric's own unit: a fraction is 0.05 and shown as 5.00%; changes are shares, or "
        "basis points (bps). An empty cell is unknown and never stands for zero.",
    ):
        place += 2
        page.write_string(place, 0, words)
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 64)
    page.hide_gridlines(2)
