"""The deck on paper: what it says, that it is for everybody, and that no word of it is ever source."""

import hashlib
import re
import shutil
import subprocess
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metrics import open_workspace, text
from metrics.cli import app
from metrics.deck import Asked, Block, Notice, Row, Said, Section, Table
from metrics.draw import six_twelve
from metrics.errors import SourceError
from metrics.export import Fonts, Setting, images, pdf
from metrics.export.typeface import BUNDLED, SQUARE, breakable, told, typeface
from metrics.six_twelve import Annotation
from tests.absent import absent
from tests.drawn import WEEK, a_block, a_chart, a_deck, a_line

W0, W1 = date(2026, 5, 9), date(2026, 5, 2)
SOURCE = '#read("deck.typ") *b* $x^2$ `r` <b1> @b1 \\u{41} // c /* d */ [e] {f} #panic() = G'
XSS = '<script>alert(1)</script>"onload=\'x\' ]]> & <a href="javascript:alert(2)">'
LINKS = "https://beacon.example/a.png ![x](http://beacon.example) mailto:a@b.example data:text/html,x"


def run(*words, given=None):
    done = subprocess.run([str(w) for w in words], input=given, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What poppler's programs say of a PDF."""
    folder = tmp_path_factory.mktemp("pdf")

    def told_by(data, program="pdftotext", *options):
        path = folder / f"{hashlib.sha256(data).hexdigest()[:12]}.pdf"
        path.write_bytes(data)
        return run(program, *options, path, *(["-"] if program == "pdftotext" else []))

    return told_by


def words(read, data):
    """The text without line breaks, and without the places where a long word may break."""
    return " ".join(read(data).replace("\u200b", "").split())


def packed(data):
    """The PDF with its compressed parts opened, to look for what stands in no text."""
    parts = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            parts.append(stream)
    return data + b"".join(parts)


def not_in(held, words):
    """Whether some words are in no string of a PDF, as it writes them."""
    return words.encode("utf-16-be").hex().upper().encode() not in held and words.encode() not in held


# --- the demo's deck --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("paper") / "wrenfield"
    done = CliRunner().invoke(app, ["demo", str(found), "--no-serve"])
    assert done.exit_code == 0, done.output
    return found


@pytest.fixture(scope="module")
def house(folder):
    return open_workspace(folder)


@pytest.fixture(scope="module")
def deck(house):
    return house.deck(W0)


@pytest.fixture(scope="module")
def made(house):
    return house.exporting.exported(W0, "pdf").data


def test_every_number_of_every_block_is_there(read, deck, made):
    found = words(read, made)
    lacking = []
    for block in deck.blocks:
        said = [block.title, *([block.told] if block.signal is not None and block.signal.marked else [])]
        if block.chart is not None:
            said += [cell for box in block.chart.box for cell in text.box_cells(box, deck.currency)]
            for line in block.chart.lines[:1]:
                if any(v is not None for v in line.weeks):
                    said += text.distinct_labels(line.weeks, line.unit, deck.currency)
            said += [note.text for note in block.chart.annotations]
        if block.table is not None:
            said += [row.header for row in block.table.rows]
            said += [
                text.cell(row, n, deck.currency) for row in block.table.rows for n in range(len(row.values))
            ]
        if block.said is not None:
            said += [block.said.answer.partition(": ")[2], *block.said.remarks, *block.said.stories]
        lacking += [(block.number, each) for each in said if " ".join(each.split()) not in found]
    assert lacking == []


def test_page_0_comes_first_and_says_what_the_screen_says(read, deck, made):
    first = " ".join(read(made, "pdftotext", "-f", "1", "-l", "2").split())
    said = [answer.text for answer in deck.answers] + [one.text for one in deck.asked]
    said += [notice.text for notice in deck.notices] + list(deck.changed)
    said += [one.told for case in deck.cases for one in case.members]
    said += [node.name for node in deck.wheel.nodes] + [section.title for section in deck.sections]
    assert [each for each in said if " ".join(each.split()) not in first] == []


def test_every_page_says_whose_it_is_which_week_how_far_and_what_it_is_worth(read, deck, made):
    pages = read(made).split("\f")[:-1]
    for number, page in enumerate(pages, 1):
        assert f"page {number} of {len(pages)}" in page
        assert f"Wrenfield · Weekly business review · {text.deck_week(deck)}" in page
        assert "Draft: the week is in owner review" in page
        assert "Scales do not start at 0" in page
    assert 15 <= len(pages) <= 20  # 51 charts by four, page 0, tables, and the ends of sections.


@pytest.mark.parametrize("charts", [1, 4, 5, 9])
def test_the_pages_of_a_small_deck_are_counted_too(read, charts):
    """Page 0 of a team's deck leaves room below it: the break after it moved what was asked for its page."""
    blocks = tuple(a_block(number=n, metric=f"m{n}") for n in range(1, charts + 1))
    pages = read(pdf.document(a_deck(*blocks))).split("\f")[:-1]
    assert len(pages) == 1 + -(-charts // 4)
    for number, page in enumerate(pages, 1):
        assert f"page {number} of {len(pages)}" in page


def test_it_is_for_everybody(read, deck, made):
    told_of = read(made, "pdfinfo")
    assert re.search(r"Tagged:\s+yes", told_of)
    assert re.search(r"Page size:.*A4", told_of)
    assert re.search(r"Title:\s+Wrenfield · Weekly business review", told_of)
    assert "<pdfuaid:part>1</pdfuaid:part>" in read(made, "pdfinfo", "-meta")
    tree = read(made, "pdfinfo", "-struct")
    assert tree.count("Figure") >= len([b for b in deck.blocks if b.chart])
    assert re.search(r'H1 "Weekly business review"|H1 \(block\)', tree)
    assert tree.count("H2") >= len(deck.sections)
    assert "Table" in tree


def test_the_text_alternatives_are_the_screens(deck, made):
    held = packed(made)
    for block in deck.blocks:
        if block.chart is not None:
            alt = text.summary(block.chart, deck.currency, block.signal, block.told)
            assert not not_in(held, alt), block.title


def test_every_section_and_chart_has_a_bookmark(deck, made):
    held = packed(made)
    titles = [deck.title, *(s.title for s in deck.sections)]
    titles += [f"{b.number} {b.title}" for b in deck.blocks if b.chart]
    assert [t for t in titles if not_in(held, t)] == []
    assert b"/Outlines" in held


def test_its_fonts_are_inside_and_are_the_bundled_ones(read, made):
    rows = read(made, "pdffonts").splitlines()[2:]
    assert {re.sub(r"^[A-Z]{6}\+", "", row.split()[0]) for row in rows} == {
        "LiberationSans",
        "LiberationSans-Bold",
    }
    assert all(row.split()[-5:-2] == ["yes", "yes", "yes"] for row in rows)


def test_a_published_week_gives_the_same_bytes_each_time(folder, read):
    paths = []
    for n in (1, 2):
        shutil.rmtree(folder / "prepared", ignore_errors=True)  # What is kept is not what is made.
        paths.append(folder.parent / f"{n}.pdf")
        words_given = ("deck", "--week", W1, "--edition", "newest", "--format", "pdf", "-o", paths[-1])
        done = CliRunner().invoke(app, [*map(str, words_given), "--workspace", str(folder)])
        assert done.exit_code == 0, done.output
    one, two = (path.read_bytes() for path in paths)
    assert one == two
    assert "Edition 1, published on" in words(read, one)
    assert "Draft" not in words(read, one)


def test_a_past_moment_is_told_as_such(read):
    moment = datetime(2026, 5, 5, 12, 0, 0, 999, tzinfo=UTC)
    made = pdf.document(a_deck(as_of=moment), Setting("letter", "As known on Tue 5 May 2026"))
    assert "ending Saturday 9 May 2026 · as known on Tue 5 May 2026" in words(read, made)
    assert "letter" in read(made, "pdfinfo")


def test_a_chart_is_a_picture_of_its_own(house):
    drawn = house.exporting.picture("conversion", W0, "svg")
    assert drawn.mime == "image/svg+xml"
    assert "var(--" not in drawn.data.decode()
    assert "2.75%" in drawn.data.decode()
    dots = house.exporting.picture("detail_page_views", W0)
    assert dots.data.startswith(b"\x89PNG")
    assert dots.name == "detail_page_views-2026-05-09.png"
    assert b"disputed" in house.exporting.picture("detail_page_views", W0, "svg").data


# --- decks of a few words ---------------------------------------------------------------------


def everywhere(word):
    """A deck in which every word that comes from somebody is this one."""
    table = Table((word,), (Row(word, word, "text", (word,)), Row(word, None, None, (None,))), word)
    chart = a_chart(
        a_line(name=word, paired_by=(word,) * 6),
        annotations=(Annotation(1, WEEK, 5, None, word),),
        stamps=(word,),
        notes=(word,),
    )
    said = Said((word,), f"Explained: {word}", word, (word,), (word,))
    blocks = (
        a_block(1, chart, title=word, metric=word, code=word, owner=word, meaning=word, told=word, said=said),
        Block(2, "table", word, meaning=word, table=table),
        Block(3, "story", word, meaning=word),
        Block(4, "section", word),
        a_block(5),
    )
    return a_deck(
        *blocks,
        company=word,
        title=word,
        week_label=word,
        notices=(Notice("late", word),),
        sections=(Section(word, blocks),),
        asked=(Asked("action", word, late=True),),
        state=word,
        changed=(word,),
    )


@pytest.mark.parametrize("word", [SOURCE, XSS, LINKS], ids=["Typst's own marks", "HTML", "links"])
def test_words_from_outside_are_text_everywhere(read, word):
    made = pdf.document(everywhere(word), Setting(standing=word))
    plain = " ".join(word.split())
    assert re.sub(r"\s", "", words(read, made)).count(re.sub(r"\s", "", plain)) >= 20
    held = packed(made)
    assert b"/URI" not in held
    assert b"/JavaScript" not in held


# fmt: off
LOST = [
    # it prints …                        given                 shown             told
    ("what it has",                      "Ünï – “é” − 3,5 €",  "Ünï – “é” − 3,5 €", []),
    ("a square for what it lacks",       "a中b",               f"a{SQUARE}b",      ["中"]),
    ("one square for a joined picture",  "👩\u200d👧",          SQUARE * 2,         ["👩", "👧"]),
    ("a space for what breaks lines",    "a\nb\x00c\u2028d",   "a b c d",          []),
    ("a square for half a character",    "a\ud800",            f"a{SQUARE}",       ["\ud800"]),
    ("no order turned round",            "a\u202eb",           "ab",               []),
    ("rupees in letters",                "₹12",                "Rs12",             []),
]
# fmt: on


@pytest.mark.parametrize("given, shown, missing", [c[1:] for c in LOST], ids=[c[0] for c in LOST])
def test_what_the_typeface_lacks_is_a_square(given, shown, missing):
    face = typeface()
    assert (face.without(given), face.missing(given)) == (shown, missing)


def test_what_could_not_be_printed_is_told(read):
    made = pdf.document(everywhere("日本 👩‍🚀 عربي"))
    assert "characters could not be printed and are shown as □: U+65E5" in words(read, made)
    assert told([]) == ""
    assert told(["中"]).startswith("1 character could not be printed and is shown as □: U+4E2D")


def test_a_font_of_the_companys_own_prints_what_the_bundled_one_lacks(tmp_path, read):
    """The face of the machine stands for any: only a font with more characters will do."""
    found = [
        Path(p) for p in run("fc-list", ":lang=ar", "file").replace(":", "").split() if p.endswith(".ttf")
    ]
    if not found:
        absent("This machine has no Arabic font.")
    shutil.copy(found[0], tmp_path / "more.ttf")
    made = pdf.document(a_deck(a_block(title="عربي")), Setting(fonts=Fonts(tmp_path, "1")))
    assert "could not be printed" not in words(read, made)
    assert len(read(made, "pdffonts").splitlines()) > 4
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    with pytest.raises(SourceError, match=r"broken\.ttf is no font"):
        pdf.document(a_deck(), Setting(fonts=Fonts(tmp_path, "2")))


LONG = "W" * 200
STORY = "All is well and long. " * 300

# fmt: off
SIZES = [
    # it holds …                            deck                                                            pages
    ("no section",                          lambda: a_deck(sections=()),                                    (1, 1)),
    ("one chart",                           lambda: a_deck(),                                               (2, 2)),
    ("two by two charts a page",            lambda: a_deck(*(a_block(n) for n in range(1, 41))),            (11, 11)),
    ("a number twice",                      lambda: a_deck(a_block(1), a_block(1)),                         (2, 2)),
    ("a name of 200 letters",               lambda: everywhere(LONG),                                       (3, 9)),
    ("a name of 200 characters",            lambda: everywhere("Long name " * 20),                          (3, 6)),
    ("an answer longer than a page",        lambda: a_deck(a_block(said=Said(answer=f"Explained: {STORY}", by="Lee"))), (3, 4)),
    ("a story longer than a page",          lambda: a_deck(Block(1, "story", "Told", meaning=STORY * 2)),   (3, 4)),
    ("a table of 300 rows",                 lambda: a_deck(Block(1, "table", "Rows", table=Table(("A",), tuple(Row(f"r{n}", None, "count", (1.0,)) for n in range(300))))), (8, 11)),
    ("a table of 40 columns",               lambda: a_deck(Block(1, "table", "Columns", table=Table(tuple(f"C{n}" for n in range(40)), (Row("r", None, "count", (1.0,) * 40),)))), (2, 2)),
    ("a table of nothing",                  lambda: a_deck(Block(1, "table", "Nothing", table=Table((), ()))), (2, 2)),
]
# fmt: on


@pytest.mark.parametrize("made, pages", [c[1:] for c in SIZES], ids=[c[0] for c in SIZES])
@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_a_deck_of_any_size_is_set(read, made, pages, paper):
    count = int(re.search(r"Pages:\s+(\d+)", read(pdf.document(made(), Setting(paper)), "pdfinfo"))[1])
    assert pages[0] <= count <= pages[1]


def test_a_table_of_many_columns_keeps_each_of_them(read):
    rows = (Row("First", None, "count", tuple(float(n) for n in range(1000, 1040))),)
    made = pdf.document(a_deck(Block(1, "table", "T", table=Table(tuple(f"C{n}" for n in range(40)), rows))))
    found = words(read, made)
    assert all(f"C{n}" in found and f"{1000 + n:,}" in found for n in range(40))
    assert found.count("First") == 3


def test_a_scale_that_starts_at_0_is_not_said_not_to(read):
    zero = a_chart(a_line(weeks=(0.0, 10, 20, 30, 5, 10), months=tuple(float(n) for n in range(12)),
                          weeks_year_earlier=(None,) * 6, months_year_earlier=(None,) * 12))  # fmt: skip
    assert six_twelve.from_zero(zero)
    assert not six_twelve.from_zero(
        a_chart(
            a_line(
                weeks=(400.0, 401, 402, 403, 404, 405), months=(400.0,) * 12, weeks_year_earlier=(400.0,) * 6
            )
        )
    )
    assert "do not start at 0" not in words(read, pdf.document(a_deck(a_block(chart=zero))))


def test_long_words_may_break_and_short_ones_stay():
    assert breakable("Conversion of the week") == "Conversion of the week"
    assert max(map(len, breakable(LONG).split("\u200b"))) <= 30
    assert breakable(LONG).replace("\u200b", "") == LONG


def test_a_picture_takes_any_word_as_text():
    drawn = images.svg(images.Picture(a_chart(), XSS, SOURCE))
    assert "<script" not in drawn
    assert images.png(images.Picture(a_chart(), f"{XSS} 中", SOURCE)).startswith(b"\x89PNG")


def test_the_bundled_fonts_come_with_their_licence():
    names = {path.name for path in BUNDLED.iterdir()}
    assert names == {"LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "OFL.txt"}
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) < 1_000_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (BUNDLED / "OFL.txt").read_text(encoding="utf-8")


def test_equal_decks_are_equal_files():
    assert pdf.document(a_deck()) == pdf.document(replace(a_deck()))
