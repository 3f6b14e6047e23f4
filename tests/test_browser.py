"""The dashboard in a real browser, on a real server."""

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser import LAST_WEEK, a_shop, served, visited

PAGES = [
    "/",
    "/?view=exceptions",
    "/metric",
    "/metric?metric=conversion",
    "/goals",
    "/sources",
    "/owners",
    "/flywheel",
    "/correlations",
    "/?view=week",
]
WEEK_BEFORE = "2026-04-25"
SIZES = [(1440, 900), (1920, 1080), (390, 844)]
NAMELESS = [[".stretch_brush"], [".stretch_brush_bg"]]  # Vega names every mark but those of a brush.
GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 22, 28)"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def address(shop: Path) -> Iterator[str]:
    with served(shop) as found:
        yield found


@pytest.mark.parametrize("path, words", [("/metric", "Metrics"), ("/sources", "Sources")])
def test_the_first_request_to_a_page_in_a_fresh_process_passes_the_door(browser, shop, path, words):
    with served(shop) as fresh, visited(browser, fresh + path) as visit:
        expect(visit.page.locator("h1")).to_have_text(words)
        expect(visit.page.get_by_role("link", name="Review")).to_be_visible()


def test_the_review_shows_every_block_of_the_deck(browser, address):
    with visited(browser, address) as visit:
        expect(visit.page.locator(".w-week")).to_have_text("Week 18, ending Saturday 2 May 2026")
        assert visit.page.locator(".w-card, .w-wide").count() == 5
        assert visit.page.locator(".w-card svg[role=img]").count() == 4
        expect(visit.page.locator("#b2 h3")).to_contain_text("Conversion <b>&")
        assert visit.complaints == []
        assert visit.abroad == []


def test_keys_go_from_week_to_week_and_the_address_follows(browser, address):
    with visited(browser, address) as visit:
        visit.page.keyboard.press("[")
        expect(visit.page.locator(".w-week")).to_have_text("Week 17, ending Saturday 25 April 2026")
        assert f"week={WEEK_BEFORE}" in visit.page.url
        visit.page.keyboard.press("]")
        expect(visit.page.locator(".w-week")).to_have_text("Week 18, ending Saturday 2 May 2026")
        assert f"week={LAST_WEEK}" in visit.page.url
        visit.page.get_by_role("button", name="Week before").click()
        expect(visit.page.locator(".w-week")).to_contain_text("25 April")
        visit.page.go_back()
        expect(visit.page.locator(".w-week")).to_contain_text("2 May")


def test_a_chart_is_read_and_opened_by_keyboard(browser, address):
    with visited(browser, f"{address}/?week={WEEK_BEFORE}") as visit:
        visit.page.keyboard.press("j")
        expect(visit.page.locator(".w-tip")).to_contain_text("Week 17, ending Sat 25 Apr 2026")
        visit.page.keyboard.press("ArrowLeft")
        expect(visit.page.locator(".w-tip")).to_contain_text("Week 16, ending Sat 18 Apr 2026")
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("h1")).to_have_text("Visits")
        assert re.search(rf"/metric\?metric=visits&week={WEEK_BEFORE}$", visit.page.url)


def test_a_click_on_a_card_opens_its_metric_in_the_same_session(browser, address):
    with visited(browser, address) as visit:
        visit.page.locator("#b2 h3").click()
        expect(visit.page.locator("h1")).to_have_text("Conversion <b>&")
        expect(visit.page.locator(".w-facts").first).to_contain_text("Orders ÷ visits, total ÷ total")
        visit.page.wait_for_selector("[data-testid=stVegaLiteChart] svg")
        visit.page.go_back()
        expect(visit.page.locator("h1")).to_have_text("Weekly review")
        assert visit.complaints == []
        assert visit.abroad == []


def test_the_expected_range_is_read_by_pointing_and_turns_into_the_classic_chart(browser, address):
    with visited(browser, f"{address}/metric?metric=orders") as visit:
        chart = visit.page.locator(".st-key-signals_chart svg.marks")
        expect(chart).to_contain_text("Surprise: distance from the expected value, in σ")
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box is not None
        visit.page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 100)
        expect(visit.page.locator("#vg-tooltip-element")).to_contain_text("Verdict")
        visit.page.get_by_text("Classic XmR").click()
        expect(chart).to_contain_text("Moving range: distance from the week before", timeout=30_000)
        assert visit.complaints == []
        assert visit.abroad == []


def test_the_search_leaves_the_charts_that_match(browser, address):
    with visited(browser, address) as visit:
        visit.page.keyboard.press("/")
        visit.page.keyboard.type("ben conv")
        expect(visit.page.locator(".w-card:visible, .w-wide:visible")).to_have_count(1)
        visit.page.locator(".w-bar input").fill("")
        expect(visit.page.locator(".w-card:visible, .w-wide:visible")).to_have_count(5)


def test_the_exceptions_alone_are_a_view_to_prepare_with_and_never_the_default(browser, address):
    with visited(browser, address) as visit:
        page = visit.page
        expect(page.get_by_role("heading", name="Weekly review")).to_be_visible()
        page.get_by_role("radio", name="Exceptions only").click()
        expect(page.get_by_role("heading", name="Exceptions only")).to_be_visible()
        expect(page).to_have_url(re.compile(r"view=exceptions"))
        page.get_by_role("radio", name="Deck").click()
        expect(page.get_by_role("heading", name="Weekly review")).to_be_visible()
        assert "view=" not in page.url
        assert visit.complaints == []


def test_help_lists_the_keys(browser, address):
    with visited(browser, address) as visit:
        visit.page.keyboard.press("?")
        expect(visit.page.get_by_role("dialog", name="Keys")).to_contain_text("find a metric")
        visit.page.keyboard.press("Escape")
        expect(visit.page.get_by_role("dialog", name="Keys")).not_to_be_visible()


def test_an_address_that_makes_no_sense_shows_the_newest_week_and_says_so(browser, address):
    with visited(browser, f"{address}/?week=<script>alert(1)</script>&deck=nope") as visit:
        expect(visit.page.locator(".w-week")).to_contain_text("2 May 2026")
        told = visit.page.get_by_test_id("stAlert")
        expect(told.nth(0)).to_contain_text("“<script>alert(1)</script>” is not a date")
        expect(told.nth(1)).to_contain_text("There is no deck “nope”. Declared: company.")
        assert visit.complaints == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_the_window(browser, address, path):
    with visited(browser, address + path, size=SIZES[0]) as visit:
        for width, height in SIZES:
            visit.page.set_viewport_size({"width": width, "height": height})
            visit.page.wait_for_timeout(400)
            wide = visit.page.get_by_test_id("stMain").evaluate("e => e.scrollWidth - e.clientWidth")
            assert wide <= 0, f"{wide} px too wide at {width}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(browser, address, path, theme):
    with visited(browser, address + path, theme=theme) as visit:
        ground = visit.page.locator(".w-theme").first
        expect(ground).to_have_css("background-color", GROUNDS[theme])
        if "metric=" in path:
            visit.page.wait_for_selector("[data-testid=stVegaLiteChart] svg")
        found = Axe().run(visit.page, context={"exclude": NAMELESS}).response["violations"]
        serious = [
            f"{one['id']}: {one['help']} {[node['html'][:160] for node in one['nodes'][:3]]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []


@pytest.mark.parametrize("path", ["/", "/metric", "/_stcore/health", "/nowhere"])
def test_every_response_carries_the_policy(address, path):
    with urllib.request.urlopen(address + path, timeout=10) as answer:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/metric", "/metric?metric=conversion", "/sources"])
def test_the_console_is_silent_and_every_request_is_answered(browser, address, path):
    context = browser.contexts[0] if browser.contexts else browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("response", lambda answer: answer.ok or answer.status < 400 or said.append(answer.url))
    page.goto(address + path)
    page.wait_for_selector(".w-deck > *", timeout=30_000, state="attached")
    if "metric=" in path:
        page.wait_for_selector("[data-testid=stVegaLiteChart] svg")
    page.wait_for_load_state("networkidle")
    page.close()
    assert said == []
