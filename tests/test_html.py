import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from metrics.deck import Answer, Notice, Row, Section, Table
from metrics.draw import grid
from metrics.export import html
from metrics.six_twelve import Annotation, Change
from tests.drawn import WEEK, a_block, a_chart, a_deck, a_line, a_target

BAD = "<script>alert(1)</script>\"onload='x' ]]> & javascript:alert(2)"
VOID = {"meta", "input", "br"}


class Page(HTMLParser):
    """Elements with their attributes, all text, and what was left open."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.words, self.open = [], [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self.open and self.open[-1] != tag and self.open[-1] in {"td", "th", "tr"}:
            self.open.pop()  # cells and rows of the twins end by themselves
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in {"script", "style"}:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def everywhere_bad():
    table = Table((BAD,), (Row(BAD, BAD, "text", (BAD,)), Row(BAD, None, None, (None,))), BAD)
    chart = a_chart(
        a_line(name=BAD, paired_by=(BAD,) * 6),
        annotations=(Annotation(1, WEEK, 5, None, BAD),),
        stamps=(BAD,),
        notes=(BAD,),
    )
    blocks = (
        a_block(1, chart, title=BAD, metric=BAD, code=BAD, owner=BAD, meaning=BAD),
        replace(a_block(2), kind="table", title=BAD, chart=None, table=table),
        replace(a_block(3), kind="story", title=BAD, chart=None, meaning=BAD),
        replace(a_block(4), kind="section", title=BAD, chart=None),
    )
    return a_deck(
        *blocks,
        company=BAD,
        title=BAD,
        week_label=BAD,
        answers=(Answer("customers", BAD, BAD),),
        notices=(Notice("late", BAD),),
        sections=(Section(BAD, blocks),),
    )


def test_words_from_outside_are_text_everywhere():
    page = Page(html.document(everywhere_bad()))
    scripts = [a for tag, a in page.elements if tag == "script"]
    assert scripts == [{"type": "module"}]
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]
    assert not [a for _, a in page.elements if str(a.get("href", "")).startswith("javascript")]
    assert page.text.count("<script>alert(1)</script>") > 15
    assert not page.open


def test_the_line_at_the_foot_of_a_page_cannot_end_the_stylesheet():
    source = html.document(a_deck(company='x";}</style><script>alert(1)</script>'))
    assert Page(source).elements.count(("style", {})) == 1
    assert "</style><script>alert" not in source


def test_nothing_leaves_the_file():
    source = html.document(a_deck())
    page = Page(source)
    assert not [a for _, a in page.elements if {"src", "srcset", "poster", "data"} & set(a)]
    assert all(a["href"].startswith("#") for _, a in page.elements if "href" in a)
    assert "url(" not in source
    assert "@import" not in source


def test_the_policy_allows_the_own_script_alone():
    source = html.document(a_deck())
    policy = next(a["content"] for t, a in Page(source).elements if a.get("http-equiv"))
    script = re.search(r'<script type="module">(.*)</script>', source, re.S).group(1)
    own = b64encode(sha256(script.encode()).digest()).decode()
    assert (
        policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{own}'; img-src data:"
    )


def test_page_0_tells_company_week_answers_and_what_is_missing():
    words = Page(grid.front(a_deck())).text
    assert words == (
        "Wrenfield Weekly business review Week 19, ending Saturday 9 May 2026 "
        "What did our customers experience? 94.2% of orders kept their promise. "
        "Missing or late Late Phone wait has no data. No owner Pay-outs have no owner. "
        "Contents Results 1"
    )


def test_a_week_with_nothing_missing_says_so():
    assert "Nothing: every metric has its week." in grid.front(a_deck(notices=()))


def test_a_card_carries_number_title_code_kind_owner_and_stamps():
    words = Page(grid.card(a_block(7, a_chart(stamps=("incomplete",))), "USD")).text
    assert words.startswith("7 Orders L01 output · Dana Reyes incomplete Orders ")
    assert "no owner" in Page(grid.card(a_block(owner=None), "USD")).text


def test_every_chart_has_a_text_alternative_and_a_table():
    page = Page(grid.card(a_block(), "USD"))
    picture = next(a for t, a in page.elements if t == "svg")
    assert (picture["role"], picture["aria-labelledby"]) == ("img", "b1-t b1-d")
    assert {a["id"] for t, a in page.elements if t in ("title", "desc") and "id" in a} == {"b1-t", "b1-d"}
    assert sum(t == "tr" for t, _ in page.elements) == 1 + 6 + 12


def test_the_page_leaves_the_tables_to_its_script_when_asked():
    assert "<table" not in grid.card(a_block(), "USD", twins="on_demand")


def test_the_box_score_has_ten_cells_in_the_order_of_the_method():
    chart = a_chart(a_line(), a_target())
    box = replace(
        chart.box[0],
        wow=Change(0.023, "percent", True),
        yoy=Change(-0.07, "percent", False),
        vs_target=Change(0.1, "percent", True),
    )
    source = grid.card(a_block(chart=replace(chart, box=(box,))), "USD", twins="on_demand")
    cells = re.findall(r"<dt>([^<]*)</dt><dd[^>]*>([^<]*)</dd>", source)
    assert cells == [
        ("LastWk", "140"), ("WOW", "+2.3%"), ("YOY", "−7.0%"), ("MTD", "—"), ("YOY", "—"), ("QTD", "—"),
        ("YOY", "—"), ("YTD", "—"), ("YOY", "—"), ("vs target", "+10.0%"),
    ]  # fmt: skip


def test_a_secondary_line_has_its_own_row_with_its_name():
    second = a_line(metric="growth", name="Growth on the year", role="secondary", unit="fraction")
    source = grid.card(a_block(chart=a_chart(a_line(), second)), "USD", twins="on_demand")
    assert source.count("<dl") == 2
    assert source.index("Growth on the year</p>") > source.index("<dl")


def test_tables_are_tables_with_scopes_and_reasons():
    table = Table(
        ("wk 18", "wk 19", "WOW"),
        (
            Row("Results", None, None, (None, None, None)),
            Row("Orders", "orders", "count", (1200.0, None, None), ("complete", "partial", "complete")),
            Row("variance", "orders", "percent", (0.05, None, -0.1)),
        ),
        "Metric",
    )
    source = grid.table_html(table, "Six weeks", "USD")
    page = Page(source)
    assert [a.get("scope") for t, a in page.elements if t == "th"] == ["col"] * 4 + ["rowgroup", "row", "row"]
    assert page.text == "Metric wk 18 wk 19 WOW Results Orders 1,200 — — variance +5.0% — −10.0%"
    assert 'title="incomplete">—' in source


def test_ids_are_unique_and_links_lead_somewhere():
    deck = a_deck(sections=(Section("A", (a_block(1), a_block(2))), Section("B", (a_block(3),))))
    page = Page(html.document(deck))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for _, a in page.elements if "href" in a} <= set(ids)


@pytest.mark.parametrize("charts, most", [(20, 12_000)])
def test_a_chart_stays_small(charts, most):
    blocks = tuple(a_block(n, a_chart(a_line(), a_target(), two_axes=True)) for n in range(1, charts + 1))
    more = len(grid.body(a_deck(*blocks)).encode()) - len(grid.body(a_deck()).encode())
    assert more / (charts - 1) < most


# --- in a browser -----------------------------------------------------------------------------

PRINTED = {"width": 1010, "height": 760}  # a landscape Letter page between its margins, in CSS pixels
NINE_POINTS = 12.0  # CSS pixels


@pytest.fixture
def opened(browser, tmp_path):
    """A file of eight charts and a table, in a page of its own; fails if it asks for anything or complains."""
    blocks = [a_block(n, a_chart(a_line(), a_target(), two_axes=n % 2 == 0)) for n in range(1, 9)]
    blocks[2] = a_block(
        3, owner="Sam Field", title="Phone wait of all callers, the longest tenth, in the evening"
    )
    file = tmp_path / "deck.html"
    file.write_text(html.document(a_deck(*blocks)), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    heard = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url))
    page.goto(file.as_uri())
    yield page
    page.close()
    assert heard == [file.as_uri()]


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_four_charts_print_on_a_landscape_page(opened, paper):
    printed = opened.pdf(format=paper, landscape=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1 + 2


def test_print_has_nine_points_or_more(opened):
    opened.emulate_media(media="print")
    opened.set_viewport_size(PRINTED)
    sizes = opened.evaluate(
        """() => [...document.querySelectorAll("main *")].filter(e =>
             e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
             && !e.closest("title,desc")).map(e => {
               const svg = e.closest("svg"), scale = svg ? svg.getBoundingClientRect().width / 436 : 1;
               return Math.round(parseFloat(getComputedStyle(e).fontSize) * scale * 10) / 10; })"""
    )
    assert min(sizes) >= NINE_POINTS


def test_print_is_light_even_where_the_screen_is_dark(opened):
    opened.emulate_media(color_scheme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert opened.evaluate(ground) == "rgb(18, 22, 28)"
    opened.emulate_media(color_scheme="dark", media="print")
    assert opened.evaluate(ground) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("width, columns", [(390, 1), (900, 2), (1440, 3), (1920, 4)])
def test_cards_stand_in_columns_and_nothing_is_wider_than_the_screen(opened, width, columns):
    opened.set_viewport_size({"width": width, "height": 900})
    found = opened.evaluate(
        """() => ({columns: getComputedStyle(document.querySelector(".w-grid")).gridTemplateColumns.split(" ").length,
             wide: document.documentElement.scrollWidth,
             out: [...document.querySelectorAll(".w-card .w-612 text, .w-box dd, .w-box dt")].filter(e => {
               const r = e.getBoundingClientRect(), c = e.closest(".w-card").getBoundingClientRect();
               return r.left < c.left - 1 || r.right > c.right + 1; }).map(e => e.textContent)})"""
    )
    assert found == {"columns": columns, "wide": width, "out": []}


def test_keys_read_a_chart_and_go_from_chart_to_chart(opened):
    tip = opened.locator(".w-tip")
    opened.keyboard.press("j")
    assert tip.inner_text().startswith("Week 19, ending Sat 9 May 2026")
    opened.keyboard.press("ArrowLeft")
    assert tip.inner_text().startswith("Week 18, ending Sat 2 May 2026")
    opened.keyboard.press("Home")
    assert tip.inner_text().startswith("Week 14")
    opened.keyboard.press("End")
    assert tip.inner_text().startswith("April 2026")
    opened.keyboard.press("Escape")
    assert tip.is_hidden()
    for key, card in (("j", "b2"), ("j", "b3"), ("k", "b2")):
        opened.keyboard.press(key)
        assert opened.evaluate("document.activeElement.closest('.w-card').id") == card


def test_pointing_at_a_place_tells_its_reading(opened):
    opened.locator("#b1 .slot").nth(3).hover()
    assert opened.locator(".w-tip").inner_text().split("\n") == [
        "Week 17, ending Sat 25 Apr 2026", "Value", "150", "Year earlier", "105",
        "Compared with", "week ending Sat 26 Apr 2025", "Target", "125",
    ]  # fmt: skip


def test_search_leaves_what_was_asked_for(opened):
    opened.keyboard.press("/")
    opened.keyboard.type("phone sam")
    assert opened.locator(".w-card:visible").count() == 1
    assert opened.locator(".w-bar [role=status]").inner_text() == "1 found"
    opened.locator(".w-bar input").fill("")
    assert opened.locator(".w-card:visible").count() == 8
