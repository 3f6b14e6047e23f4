"""One deck, many forms: the numbers are the same in each, and no word of anybody becomes more than a word.

Source: platform.md section 4, rows 11 to 13; wbr-method.md section 2.
"""

import csv
import io
import json
import math
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from shutil import copytree, ignore_patterns

import openpyxl
import pandas as pd
import pptx
import pytest
from axe_playwright_python.sync_playwright import Axe

from metrics import open_workspace, text
from metrics.deck import (
    ActionItem,
    Answer,
    Asked,
    Block,
    Case,
    Deck,
    Marked,
    Notice,
    Reply,
    Row,
    Said,
    Section,
    StatedLink,
    Table,
)
from metrics.export import FORMATS, Setting
from metrics.export import csv as csv_form
from metrics.export import formats as number_formats
from metrics.export.csv import BOX
from metrics.shipped import shipped
from metrics.six_twelve import Annotation, Change
from metrics.ui import owning
from metrics.wheel import NodeState, Wheel
from tests.browser import LAST_WEEK, a_shop
from tests.drawn import AXIS, WEEK, a_block, a_box, a_chart, a_deck, a_line, a_target
from tests.test_html import Page
from tests.test_marks import a_signal

# --- the demo deck in each form ------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Deck:
    """The demo company's deck, with the lists that files carry."""
    from metrics.demo import wrenfield
    from metrics.workspace.recording import recorded

    folder = tmp_path_factory.mktemp("formats") / "wrenfield"
    copytree(
        shipped("data") / "wrenfield",
        folder,
        ignore=ignore_patterns("store", "journal.sqlite*", "published", "prepared"),
    )
    wrenfield.build(folder)
    workspace = open_workspace(folder)
    workspace.load(by="test")
    return recorded(workspace, workspace.deck())


@pytest.fixture(scope="module")
def files(demo) -> dict[str, bytes]:
    return {name: FORMATS[name].make(demo, Setting()) for name in ("json", "csv", "xlsx", "pptx", "html")}


Numbers = dict[tuple[object, ...], float]


def truth(deck: Deck) -> Numbers:
    """Every known number of the deck's charts and tables: block, metric, what, place."""
    found: dict[tuple[object, ...], float | None] = {}
    for block in deck.blocks:
        if block.chart is not None:
            for line in block.chart.lines:
                what = "target" if line.role == "target" else "value"
                for n, day in enumerate(block.chart.axis.week_endings):
                    found[block.number, line.metric, what, "week", day] = line.weeks[n]
                    if what == "value":
                        found[block.number, line.metric, "earlier", "week", day] = line.weeks_year_earlier[n]
                for n, day in enumerate(block.chart.axis.month_ends):
                    found[block.number, line.metric, what, "month", day] = line.months[n]
                    if what == "value":
                        found[block.number, line.metric, "earlier", "month", day] = line.months_year_earlier[
                            n
                        ]
            for box in block.chart.box:
                for name in BOX:
                    cell = getattr(box, name)
                    amount = cell.amount if isinstance(cell, Change) else cell
                    found[block.number, box.metric, "box", name] = amount
        for place, row in enumerate(block.table.rows if block.table else ()):
            for n, value in enumerate(row.values):
                if not isinstance(value, str):
                    found[block.number, "cell", place, n] = value
    return {key: value for key, value in found.items() if value is not None}


def in_json(told: bytes) -> Numbers:
    found = {}
    for block in json.loads(told)["blocks"]:
        number = block["number"]
        for line in block.get("series", ()):
            what = "target" if line["role"] == "target" else "value"
            for part, ends in (("week", "week_endings"), ("month", "month_ends")):
                days = [date.fromisoformat(d) for d in block["axis"][ends]]
                for n, day in enumerate(days):
                    found[number, line["metric"], what, part, day] = line[f"{part}s"][n]
                    if what == "value":
                        found[number, line["metric"], "earlier", part, day] = line[f"{part}s_year_earlier"][n]
        for box in block.get("box", ()):
            for name in BOX:
                found[number, box["metric"], "box", name] = box[name]
        for place, row in enumerate(block.get("rows", ())):
            for n, value in enumerate(row["values"]):
                if not isinstance(value, str):
                    found[number, "cell", place, n] = value
    return {key: value for key, value in found.items() if value is not None}


def in_csv(told: bytes, deck: Deck) -> Numbers:
    targets = {
        (b.number, line.metric): next((x.metric for x in b.chart.lines if x.role == "target"), "")
        for b in deck.blocks
        if b.chart
        for line in b.chart.lines
    }
    found: Numbers = {}
    cells: dict[str, list[int]] = {}
    for row in csv.DictReader(io.StringIO(told.decode())):
        number = int(row["block"]) if row["block"] else None
        if row["what"] in ("week", "month"):
            day = date.fromisoformat(row["ending"])
            for column, what in (("value", "value"), ("year_earlier", "earlier"), ("target", "target")):
                metric = targets[number, row["metric"]] if what == "target" else row["metric"]
                if row[column]:
                    found[number, metric, what, row["what"], day] = float(row[column])
        elif row["what"] == "box" and row["value"]:
            found[number, row["metric"], "box", row["label"]] = float(row["value"])
        elif row["what"] == "cell":
            columns = next(b.table.columns for b in deck.blocks if b.number == number)
            seen = cells.setdefault(str(number), [0])
            place, n = divmod(seen[0], len(columns))
            seen[0] += 1
            if row["value"]:
                found[number, "cell", place, n] = float(row["value"])
    return found


def in_xlsx(told: bytes) -> Numbers:
    book = openpyxl.load_workbook(io.BytesIO(told))
    found: Numbers = {}
    for name, what in (("Values", "value"), ("Targets", "target"), ("Year earlier", "earlier")):
        head, *rows = book[name].iter_rows(values_only=True)
        for row in rows:
            for column, value in zip(head[6:], row[6:], strict=True):
                part, _, day = str(column).partition(" to ")
                if value is not None:
                    key = int(row[0]), row[2], what, part.lower(), date.fromisoformat(day)
                    assert isinstance(value, int | float), (name, row[1], value)
                    found[key] = value
    for row in book["Box scores"].iter_rows(min_row=2, values_only=True):
        for name, value in zip(BOX, row[6:], strict=True):
            if value is not None:
                found[int(row[0]), row[2], "box", name] = value
    for sheet in book:
        if number := re.match(r"(\d+) ", sheet.title):
            for place, row in enumerate(sheet.iter_rows(min_row=2, values_only=True)):
                for n, value in enumerate(row[1:]):
                    if isinstance(value, int | float):
                        found[int(number[1]), "cell", place, n] = value
    return found


def charts(told: bytes):
    """The native charts by the number of their block."""
    for slide in pptx.Presentation(io.BytesIO(told)).slides:
        for shape in slide.shapes:
            if shape.has_chart:
                yield int(shape.name.split()[0]), shape


def in_pptx(told: bytes, deck: Deck) -> Numbers:
    """What the native charts hold; box scores and tables are compared as they are worded."""
    found: dict[tuple[object, ...], float | None] = {}
    blocks = {b.number: b for b in deck.blocks}
    for number, shape in charts(told):
        chart = blocks[number].chart
        lines = {line.role: line for line in chart.lines}
        days = [*chart.axis.week_endings, None, *chart.axis.month_ends]
        for plot in shape.chart.plots:
            for series in plot.series:
                kind = series.name.removesuffix(", weeks").removesuffix(", months")
                line, what = lines["primary"], "value"
                if kind == "Year earlier":
                    what = "earlier"
                elif kind == "Target":
                    line, what = lines["target"], "target"
                elif "secondary" in lines and kind == lines["secondary"].name:
                    line = lines["secondary"]
                elif kind != lines["primary"].name:
                    continue  # the expected range and the mark of the last week
                for n, (day, value) in enumerate(zip(days, series.values, strict=True)):
                    if value is not None:
                        assert day is not None, "nothing stands between weeks and months"
                        found[number, line.metric, what, "week" if n < 6 else "month", day] = value
    return {key: value for key, value in found.items() if value is not None}


def different(told: Numbers, expected: Numbers) -> list[object]:
    keys = sorted(told.keys() ^ expected.keys(), key=str)
    return keys[:10] + [
        (k, told[k], v)
        for k, v in expected.items()
        if k in told and not math.isclose(told[k], v, rel_tol=1e-12)
    ]


def test_every_number_of_the_demo_is_in_the_json(demo, files):
    assert len(truth(demo)) > 3_000
    assert different(in_json(files["json"]), truth(demo)) == []


def test_every_number_of_the_demo_is_in_the_csv(demo, files):
    assert different(in_csv(files["csv"], demo), truth(demo)) == []


def test_every_number_of_the_demo_is_a_number_in_the_workbook(demo, files):
    assert different(in_xlsx(files["xlsx"]), truth(demo)) == []


def test_every_chart_of_the_demo_is_native_and_holds_its_numbers(demo, files):
    told = in_pptx(files["pptx"], demo)
    expected = {
        key: value
        for key, value in truth(demo).items()
        if key[2] in ("value", "earlier", "target") and not (key[2] == "earlier" and is_second(demo, key))
    }
    # The targets of weeks that the metric is never told for are left out, as on the screen.
    months_only = {b.number for b in demo.blocks if b.chart and not any(b.chart.lines[0].weeks)}
    expected = {k: v for k, v in expected.items() if not (k[0] in months_only and k[3] == "week")}
    assert {number for number, _ in charts(files["pptx"])} == {b.number for b in demo.blocks if b.chart}
    assert different(told, expected) == []


def is_second(deck: Deck, key) -> bool:
    block = next(b for b in deck.blocks if b.number == key[0])
    return any(line.role == "secondary" and line.metric == key[1] for line in block.chart.lines)


def test_every_number_of_the_demo_is_readable_in_the_html(demo, files):
    told = Page(files["html"].decode()).text
    for block in demo.blocks:
        if block.chart is None:
            continue
        line = block.chart.lines[0]
        for value in (*line.weeks, *line.weeks_year_earlier, *line.months, *line.months_year_earlier):
            if value is not None:
                assert text.full(value, line.unit, demo.currency) in told, (block.title, value)
        for box in block.chart.box:
            for words in text.box_cells(box, demo.currency):
                assert words in told, (block.title, words)


def test_box_scores_and_tables_read_the_same_on_slides_and_in_html(demo, files):
    worded: dict[int, list[list[str]]] = {}
    for slide in pptx.Presentation(io.BytesIO(files["pptx"])).slides:
        for shape in slide.shapes:
            if shape.has_table:
                rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
                worded.setdefault(int(shape.name.split()[0]), []).append(rows)
    for block in demo.blocks:
        (rows,) = worded[block.number]
        if block.chart is not None:
            for told, box in zip(rows[1:], block.chart.box, strict=True):
                assert tuple(told[-10:]) == text.box_cells(box, demo.currency), block.title
        if block.table is not None and block.kind != "exceptions":
            for told, row in zip(rows[1:], block.table.rows, strict=True):
                empty = row.unit is None
                cells = ["" if empty else text.cell(row, n, demo.currency) for n in range(len(row.values))]
                assert told[1:] == (cells or [""] * len(block.table.columns)), (block.title, row.header)


def test_the_same_deck_gives_the_same_bytes_in_every_form(demo, files):
    for name, told in files.items():
        assert FORMATS[name].make(demo, Setting()) == told, name


def test_a_published_week_gives_the_same_workbook_and_slides_after_the_deck_has_moved_on(tmp_path):
    folder = a_shop(tmp_path / "shop")
    definitions = folder / "workspace.yaml"
    told = definitions.read_text(encoding="utf-8").replace(
        "name: Ada Moss, roles: [owner]}",
        "name: Ada Moss, roles: [owner, deck_owner]}\n  yuki: {name: Yuki Mori, roles: [analyst]}",
    )
    definitions.write_text(told, encoding="utf-8")
    workspace = open_workspace(folder)
    workspace.loop.publish(by="ada", week_ending=LAST_WEEK, despite="a test")
    made = {
        name: workspace.exporting.exported(LAST_WEEK, name, edition="newest").data
        for name in ("xlsx", "pptx", "csv")
    }
    values = (folder / "shop.csv").read_text().replace(",100,", ",999,")
    (folder / "shop.csv").write_text(values, encoding="utf-8")
    workspace.load(by="yuki")
    again = open_workspace(folder)
    for name, told in made.items():
        assert again.exporting.exported(LAST_WEEK, name, edition="newest").data == told, name
        assert again.exporting.exported(LAST_WEEK, name).data != told, name


# --- slides --------------------------------------------------------------------------------------


def test_four_charts_a_slide_each_with_a_text_alternative_a_number_and_notes(demo, files):
    show = pptx.Presentation(io.BytesIO(files["pptx"]))
    assert (show.slide_width, show.slide_height) == (12191695, 6858000)
    blocks = {b.number: b for b in demo.blocks}
    for n, slide in enumerate(show.slides, 1):
        assert slide.shapes.title.text.strip(), f"slide {n} has no title"
        shown = [shape for shape in slide.shapes if shape.has_chart]
        assert len(shown) <= 4
        fields = [x for x in slide.shapes._spTree.iter() if x.tag.endswith("}fld")]
        assert len(fields) == (0 if n == 1 else 1)
        for shape in shown:
            block = blocks[int(shape.name.split()[0])]
            told = text.summary(block.chart, demo.currency, block.signal, block.told)
            assert shape._element.nvGraphicFramePr.cNvPr.get("descr") == told
            notes = slide.notes_slide.notes_text_frame.text
            assert f"{block.number} {block.title}. Owner: {block.owner}." in notes


def test_no_shape_leaves_its_slide(files):
    stays_inside(files["pptx"])


def stays_inside(told: bytes) -> None:
    show = pptx.Presentation(io.BytesIO(told))
    for n, slide in enumerate(show.slides, 1):
        for shape in slide.shapes:
            assert shape.left >= 0, (n, shape.name)
            assert shape.top >= 0, (n, shape.name)
            assert shape.left + shape.width <= show.slide_width, (n, shape.name)
            assert shape.top + shape.height <= show.slide_height, (n, shape.name)


def test_a_file_of_slides_holds_each_part_once_and_no_time(files):
    with zipfile.ZipFile(io.BytesIO(files["pptx"])) as told:
        names = told.namelist()
        assert len(names) == len(set(names))
        assert {entry.date_time for entry in told.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "2000-01-01" in told.read("docProps/core.xml").decode()


def one_chart(deck: Deck):
    ((_, shape),) = charts(FORMATS["pptx"].make(deck, Setting()))
    return shape.chart


def drawn(chart) -> dict[str, tuple[float | None, ...]]:
    return {s.name: tuple(s.values) for plot in chart.plots for s in plot.series}


def test_a_missing_week_is_a_gap_and_never_zero():
    line = a_line(weeks=(100.0, None, 110.0, 150.0, None, 140.0), weeks_state=("complete", "missing") * 3)
    chart = one_chart(a_deck(a_block(1, a_chart(line))))
    assert drawn(chart)["Orders"][:6] == (100.0, None, 110.0, 150.0, None, 140.0)
    assert chart._chartSpace.xpath("//c:dispBlanksAs/@val") == ["gap"]


def test_weeks_and_months_of_their_own_scales_stand_on_two_axes():
    chart = one_chart(a_deck(a_block(1, a_chart(a_line(), a_target(), two_axes=True))))
    assert len(chart.plots) == 2
    weeks, months = ({s.name for s in plot.series} for plot in chart.plots)
    assert weeks == {"Year earlier, weeks", "Target, weeks", "Orders, weeks"}
    assert months == {"Year earlier, months", "Target, months", "Orders, months"}
    assert chart._chartSpace.xpath("//c:valAx[c:crosses/@val='max']/c:delete/@val") == ["0"]


def test_a_second_line_of_another_unit_has_the_axis_on_the_right():
    second = a_line(name="Wait", metric="wait", role="secondary", unit="seconds", weeks=(1.0,) * 6)
    chart = one_chart(a_deck(a_block(1, a_chart(a_line(), second))))
    assert [s.name for s in chart.plots[1].series] == ["Wait"]


FLOORS = [
    # it shows that …                                        weeks                          said
    ("a scale that leaves 0 out says so",                    (100.0, 130.0, 110.0) * 2,     True),
    ("a scale that starts at 0 is not said not to",          (0.0, 130.0, 410.0) * 2,       False),
]  # fmt: skip


@pytest.mark.parametrize(("weeks", "said"), [c[1:] for c in FLOORS], ids=[c[0] for c in FLOORS])
def test_the_foot_of_a_slide_of_charts(weeks, said):
    line = a_line(weeks=weeks, months=weeks * 2, weeks_year_earlier=weeks, months_year_earlier=weeks * 2)
    told = FORMATS["pptx"].make(a_deck(a_block(1, a_chart(line))), Setting())
    slide = pptx.Presentation(io.BytesIO(told)).slides[-1]
    key = next(s.text_frame.text for s in slide.shapes if s.name == "Key")
    assert ("scales do not start at 0" in key) == said


def test_a_third_scale_is_told_instead_of_drawn_wrong():
    second = a_line(name="Wait", metric="wait", role="secondary", unit="seconds", weeks=(1.0,) * 6)
    told = FORMATS["pptx"].make(a_deck(a_block(1, a_chart(a_line(), second, two_axes=True))), Setting())
    ((_, shape),) = charts(told)
    assert "Wait" not in drawn(shape.chart)
    book = openpyxl.load_workbook(io.BytesIO(shape.chart.part.chart_workbook.xlsx_part.blob))
    assert "Wait" in [cell.value for cell in book.active[1]]
    slide = pptx.Presentation(io.BytesIO(told)).slides[-1]
    assert "Wait has a third scale and is not drawn" in " ".join(
        s.text for s in slide.shapes if s.has_text_frame
    )


def test_the_data_sheet_of_a_chart_says_what_the_chart_says():
    ((_, shape),) = charts(FORMATS["pptx"].make(a_deck(a_block(1, a_chart(a_line(), a_target()))), Setting()))
    sheet = openpyxl.load_workbook(io.BytesIO(shape.chart.part.chart_workbook.xlsx_part.blob)).active
    columns = {column[0].value: [cell.value for cell in column[1:]] for column in sheet.iter_cols(min_col=2)}
    assert {k: tuple(v) for k, v in columns.items()} == drawn(shape.chart)
    assert [cell.value for cell in sheet["A"]][1:] == [*AXIS.weeks, None, *AXIS.months]


def test_an_exception_has_a_mark_behind_its_point_and_its_expected_range():
    line = a_line(metric="conversion", unit="fraction", weeks=(0.03, 0.03, 0.03, 0.03, 0.03, 0.0271))
    deck = a_deck(a_block(1, a_chart(line), signal=a_signal(), told="Lower than expected"))
    chart = one_chart(deck)
    assert drawn(chart)["Exception"] == (*(None,) * 5, 0.0271, *(None,) * 13)
    above, below = chart._chartSpace.xpath("//c:errBars//c:v")
    expected = drawn(chart)["Expected"][5]
    assert expected + float(above.text) == pytest.approx(0.0302)
    assert expected - float(below.text) == pytest.approx(0.0285)


def test_a_long_table_goes_on_with_its_header_on_the_next_slide():
    rows = tuple(Row(f"Row {n}", None, "number", (float(n),)) for n in range(60))
    block = Block(1, "table", "Long", table=Table(("Value",), rows, "Item"))
    show = pptx.Presentation(io.BytesIO(FORMATS["pptx"].make(a_deck(block), Setting())))
    tables = [s.table for slide in show.slides for s in slide.shapes if s.has_table]
    assert len(tables) > 2
    assert all(t.cell(0, 0).text == "Item" for t in tables)
    told = [row.cells[0].text for t in tables for row in list(t.rows)[1:]]
    assert told == [row.header for row in rows]


NOTHING = a_line(
    weeks=(None,) * 6, months=(None,) * 12, weeks_year_earlier=(None,) * 6, months_year_earlier=(None,) * 12,
    weeks_state=("missing",) * 6, months_state=("missing",) * 12,
)  # fmt: skip
ODD = [
    # it shows that a file can be made of …            a deck
    ("no section",                                     a_deck(sections=())),
    ("a section without blocks",                       a_deck(sections=(Section("Empty", ()),))),
    ("a table without columns and rows",               a_deck(Block(1, "table", "E", table=Table((), ())))),
    ("a chart without any value",                      a_deck(a_block(1, a_chart(NOTHING)))),
    ("two scales without any value",                   a_deck(a_block(1, a_chart(NOTHING, two_axes=True)))),
    ("what is no number",                              a_deck(a_block(1, a_chart(a_line(
                                                           weeks=(math.inf, math.nan, 1.0, 1.0, 1.0, math.inf)))))),
    ("amounts below zero in a currency without sign",  a_deck(a_block(1, a_chart(a_line(
                                                           unit="currency", weeks=(-5e6, -1.0, 0.0, 2.0, -3e9, 1e-9)))),
                                                           currency="CHF")),
    ("names longer than a slide",                      a_deck(*(a_block(n, title="word " * 80, owner="name " * 40)
                                                           for n in range(1, 6)), company="firm " * 60)),
    ("other scripts",                                  a_deck(a_block(1, title="مؤشر 日本語 🚀"))),
    ("a story of many slides",                         a_deck(Block(1, "story", "S", meaning="word " * 4_000))),
]  # fmt: skip


@pytest.mark.parametrize("deck", [c[1] for c in ODD], ids=[c[0] for c in ODD])
def test_odd_decks_become_files(deck):
    stays_inside(FORMATS["pptx"].make(deck, Setting()))
    openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].make(deck, Setting())))
    assert csv_form.document(deck).startswith("what,section,block")


def test_a_story_of_many_slides_keeps_every_word():
    words = [f"w{n}" for n in range(4_000)]
    told = FORMATS["pptx"].make(a_deck(Block(1, "story", "S", meaning=" ".join(words))), Setting())
    slides = pptx.Presentation(io.BytesIO(told)).slides
    shown = "".join(s.text_frame.text for slide in slides for s in slide.shapes if s.name == "1  S")
    assert shown.replace(" ", "") == "".join(words)


def test_a_wide_table_goes_on_to_the_right_and_words_that_are_cut_stand_in_the_notes():
    row = Row("An item", None, "text", (*(f"{n}" for n in range(29)), "a cause " * 60))
    table = Table(tuple(f"Column {n}" for n in range(30)), (row,), "Item")
    told = FORMATS["pptx"].make(a_deck(Block(1, "table", "Wide", table=table)), Setting())
    slides = [s for s in pptx.Presentation(io.BytesIO(told)).slides if any(x.has_table for x in s.shapes)]
    tables = [next(x.table for x in s.shapes if x.has_table) for s in slides]
    assert [t.cell(1, 0).text for t in tables] == ["An item"] * 3
    heads = [cell.text for t in tables for cell in list(t.rows[0].cells)[1:]]
    assert heads == list(table.columns)
    assert ("a cause " * 60).strip() in slides[-1].notes_slide.notes_text_frame.text


# --- the workbook --------------------------------------------------------------------------------


def test_the_workbook_has_typed_cells_frozen_headers_filters_and_says_what_it_holds(demo, files):
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    names = book.sheetnames
    assert names[:7] == [
        "About this file", "Values", "Targets", "Year earlier", "Box scores", "Signals", "States",
    ]  # fmt: skip
    assert names[-4:] == ["Answers", "Actions", "Links", "Page 0"]
    about = [cell.value for row in book["About this file"].iter_rows() for cell in row if cell.value]
    assert "Wrenfield: Weekly business review" in about
    assert "Week 19, ending Saturday 9 May 2026" in about
    assert set(names[1:]) <= set(about)
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes is not None, sheet.title
        assert sheet.auto_filter.ref is not None, sheet.title
    signal = next(book["Signals"].iter_rows(min_row=2))
    assert isinstance(signal[4].value, datetime)
    conversion = next(r for r in book["Values"].iter_rows(min_row=2) if r[2].value == "conversion")
    assert conversion[6].number_format == "0.00%"
    assert conversion[6].data_type == "n"


FORMS = [
    # it shows that …                                  unit         currency  format
    ("a share is shown in percent",                    "fraction",  "USD",    "0.00%"),
    ("a difference of shares is in basis points",      "bps",       "USD",    '+#,##0" bps";"−"#,##0" bps";0" bps"'),
    ("a count has no decimals",                        "count",     "USD",    "#,##0"),
    ("an amount has the sign of its currency",         "currency",  "EUR",    '"€"#,##0.00;−"€"#,##0.00'),
    ("a duration names its unit",                      "seconds",   "USD",    '#,##0.00" s"'),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "currency", "expected"), [c[1:] for c in FORMS], ids=[c[0] for c in FORMS])
def test_number_formats(unit, currency, expected):
    assert number_formats.cells(unit, currency) == expected


AXES = [
    # it shows that …                       ticks                            unit        format of positive values
    ("millions keep their suffix",          (6e6, 6.6e6, 7.2e6, 7.8e6),      "count",    '#,##0.0,,"M"'),
    ("thousands of dollars",                (4.2e5, 4.8e5, 5.4e5, 6e5),      "currency", '"$"#,##0,"K"'),
    ("shares with one decimal",             (0.915, 0.93, 0.945, 0.96),      "fraction", "0.0%"),
    ("nearly all of them",                  (0.9985, 0.999, 0.9995, 1.0),    "fraction", "0.00%"),
    ("small counts",                        (0.0, 3.0, 6.0, 9.0),            "count",    "#,##0"),
    ("two decimals where ticks need them",  (4.2, 4.26, 4.32, 4.38),         "score",    "#,##0.00"),
]  # fmt: skip


@pytest.mark.parametrize(("ticks", "unit", "expected"), [c[1:] for c in AXES], ids=[c[0] for c in AXES])
def test_an_axis_of_a_slide_reads_like_that_of_the_screen(ticks, unit, expected):
    assert number_formats.axis(ticks, unit, "USD").split(";")[0].replace("#,##0.", "0.") == expected.replace(
        "#,##0.", "0."
    )


# --- words stay words ----------------------------------------------------------------------------

ATTACKS = [
    # it shows that …                                a word from outside
    ("markup is text",                               "<script>alert(1)</script>\"onload='x' ]]> &"),
    ("a formula is text",                            "=cmd|'/c calc'!A1"),
    ("a sum is text",                                "+1+1"),
    ("a difference is text",                         "-1+1"),
    ("a call is text",                               "@SUM(1+1)"),
    ("a tab before a formula is text",               "\t=1+1"),
    ("a wide sign of equality is text",              "＝1+1"),
    ("a line break before a formula is text",        "\r\n=1+1"),
    ("a link that runs is text",                     "javascript:alert(1)"),
    ("a link that holds a page is text",             "data:text/html,<script>alert(1)</script>"),
    ("a beacon in Markdown is text",                 "![x](https://evil.example/beacon.png)"),
    ("a web address is text",                        "https://evil.example/"),
    ("a link to another workbook is text",           "external:\\\\evil\\share.xlsx"),
    ("what XML cannot hold is replaced",             "a\x00b\x0bc\ud800"),
    ("a field code is text",                         "{=1+1} %n ‹#›"),
    ("a word longer than a cell is cut",             "x" * 40_000),
]  # fmt: skip


def everywhere(word: str) -> Deck:
    """A deck whose every word is the same one."""
    line = a_line(name=word, paired_by=(word,) * 6)
    chart = a_chart(
        line,
        a_target(name=word),
        annotations=(Annotation(1, WEEK, 5, None, word),),
        stamps=(word,),
        notes=(word,),
    )
    chart = replace(chart, box=(replace(a_box(line), name=word),))
    signal = a_signal(metric="orders", value=140.0, expected=200.0, low=180.0, high=220.0)
    said = Said((word,), f"{word}: {word}", word, (word,), (word,))
    marked = Marked("orders", word, 1, signal, word)
    table = Table((word, word), (Row(word, word, "text", (word, word)), Row(word, None, None, (None,))), word)
    blocks = (
        a_block(1, chart, title=word, code=word, owner=word, meaning=word, signal=signal, told=word, said=said,
                on_target=word, drivers=(marked,)),
        Block(2, "table", word, owner=word, table=table),
        Block(3, "story", word, meaning=word),
        Block(4, "section", word),
    )  # fmt: skip
    return a_deck(
        company=word,
        title=word,
        answers=(Answer("customers", word, word),),
        notices=(Notice("late", word),),
        sections=(Section(word, blocks),),
        asked=(Asked("action", word, "orders", late=True),),
        cases=(Case(marked, (marked,), (marked,), word),),
        changed=(word,),
        state=word,
        wheel=Wheel((NodeState("a", word, True, ("orders",), (), (), ()),), (), (), ()),
        replies=(Reply("orders", word, word, word, word, None, word, (word,), word, datetime(2026, 5, 11, tzinfo=UTC)),),
        actions=(ActionItem("orders", word, word, word, WEEK, WEEK, False, "open", word, word, WEEK, word),),
        links=(StatedLink("orders", word, "orders", word, "+", (0, 1), word, WEEK, "supported", 2, 100, word),),
    )  # fmt: skip


@pytest.mark.parametrize("word", [c[1] for c in ATTACKS], ids=[c[0] for c in ATTACKS])
def test_a_word_stays_a_word_in_a_workbook(word):
    told = FORMATS["xlsx"].make(everywhere(word), Setting(standing=word))
    book = openpyxl.load_workbook(io.BytesIO(told))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    with zipfile.ZipFile(io.BytesIO(told)) as parts:
        sheets = "".join(parts.read(n).decode() for n in parts.namelist() if n.startswith("xl/worksheets/"))
        assert "<f>" not in sheets
        assert "externalLink" not in "".join(parts.namelist())
        assert "TargetMode" not in sheets
        assert not [n for n in parts.namelist() if n.startswith("xl/worksheets/_rels")]
    links = [cell.hyperlink for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert all(link.target is None and link.location for link in links)


@pytest.mark.parametrize("word", [c[1] for c in ATTACKS], ids=[c[0] for c in ATTACKS])
def test_a_word_stays_a_word_in_a_csv(word):
    told = FORMATS["csv"].make(everywhere(word), Setting()).decode()
    rows = list(csv.DictReader(io.StringIO(told, newline="")))
    for row in rows:
        for value in row.values():
            number = re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", value)
            assert number or not re.match(r"\s*[=+\-@\t\r＝＋－＠]", value), value
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize("word", [c[1] for c in ATTACKS], ids=[c[0] for c in ATTACKS])
def test_a_word_stays_a_word_on_slides(word):
    told = FORMATS["pptx"].make(everywhere(word), Setting(standing=word))
    shown = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800]", "\ufffd", word)
    words = []
    for slide in pptx.Presentation(io.BytesIO(told)).slides:
        for shape in slide.shapes:
            words += [shape.text_frame.text] if shape.has_text_frame else []
            words += [c.text for row in shape.table.rows for c in row.cells] if shape.has_table else []
    assert any(shown[:20].strip() in each for each in words)
    with zipfile.ZipFile(io.BytesIO(told)) as parts:
        for name in parts.namelist():
            content = parts.read(name)
            if name.endswith(".rels"):
                assert b'TargetMode="External"' not in content, name
            if name.startswith("ppt/slides/"):
                assert b"hlinkClick" not in content, name
            if name.startswith("ppt/embeddings/"):
                with zipfile.ZipFile(io.BytesIO(content)) as book:
                    assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("word", [c[1] for c in ATTACKS[:-1]], ids=[c[0] for c in ATTACKS[:-1]])
def test_a_word_stays_a_word_in_html(word):
    if "\ud800" in word:
        word = word.replace("\ud800", "")  # Half a character is refused where words come in.
    page = Page(FORMATS["html"].make(everywhere(word), Setting()).decode())
    assert [a for tag, a in page.elements if tag == "script"] == [{"type": "module"}]
    assert not [t for t, _ in page.elements if t in ("img", "iframe", "object", "embed", "base", "form")]
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]
    assert not [a for _, a in page.elements if not a.get("href", "#").startswith("#")]


@pytest.mark.parametrize("word", [c[1] for c in ATTACKS], ids=[c[0] for c in ATTACKS])
def test_a_word_stays_a_word_in_json(word):
    if "\ud800" in word:
        word = word.replace("\ud800", "")
    told = json.loads(FORMATS["json"].make(everywhere(word), Setting()))
    assert told["company"] == told["links"][0]["sentence"] == told["blocks"][1]["said"]["by"] == word


INERT = [
    # it shows that …                      words        written
    ("plain words stay",                   "Orders",    "Orders"),
    ("a number stays a number",            "-7480",     "-7480"),
    ("a formula is quoted",                "=1+1",      "'=1+1"),
    ("a phone number is quoted",           "+1 (555)",  "'+1 (555)"),
    ("a minus sign is no hyphen",          "−3%",       "−3%"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "written"), [c[1:] for c in INERT], ids=[c[0] for c in INERT])
def test_inert(words, written):
    assert csv_form.inert(words) == written


# --- the HTML file in a browser ------------------------------------------------------------------


@pytest.fixture(scope="module")
def html_file(demo, tmp_path_factory):
    """The demo's first and last sections: cards, marks, tables, an exception report, the flywheel."""
    few = replace(demo, sections=(*demo.sections[:1], *demo.sections[5:7], demo.sections[-1]))
    file = tmp_path_factory.mktemp("html") / "deck.html"
    file.write_bytes(FORMATS["html"].make(few, Setting()))
    return file


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_html_file(browser, html_file, theme):
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=theme)
    page.goto(html_file.as_uri())
    page.locator(".w-bar input").wait_for()
    found = Axe().run(page).response["violations"]
    page.close()
    serious = [
        f"{one['id']}: {one['help']} {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_the_html_file_reads_without_a_script(browser, html_file, demo):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(html_file.as_uri())
    told = page.locator("body").inner_text()
    assert demo.answers[0].text in told
    assert text.chance(len(demo.exceptions), demo.by_chance[0]) in told
    chart = next(b for b in demo.blocks if b.chart)
    table = page.locator(f"#b{chart.number} details")
    table.locator("summary").click()
    assert text.full(chart.chart.lines[0].weeks[-1], chart.chart.lines[0].unit) in table.inner_text()
    context.close()


def test_the_html_file_jumps_to_a_section(browser, html_file, demo):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(html_file.as_uri())
    page.get_by_label("Go to a section").select_option(label=demo.sections[-1].title)
    heading = page.locator(".w-section h2", has_text=demo.sections[-1].title)
    page.wait_for_function(
        "e => Math.abs(e.getBoundingClientRect().top) < 120", arg=heading.element_handle(), timeout=5_000
    )
    page.close()


def test_a_name_stays_a_word_in_the_owners_table():
    rows = pd.DataFrame({"id": ["m"], "name": ["=cmd|' /C calc'!A0"], "owner": ["@SUM(1)"], "weeks": [-3]})
    assert owning._as_csv(rows).decode("utf-8-sig").splitlines()[1] == "m,'=cmd|' /C calc'!A0,'@SUM(1),-3"
