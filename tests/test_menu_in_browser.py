"""The menu of files, the image of one chart, the deck picker and the imports, in a real browser."""

import json
import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from metrics import open_workspace
from metrics.export import FORMATS
from metrics.ui.download import NAMES
from tests.browser import served, visited
from tests.test_several_decks import the_shop

WEEK = date(2026, 5, 2)
pytestmark = pytest.mark.usefixtures("patience")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, whose decks of the week are published; then a number of it was corrected."""
    open_to_all = {"    readers: [ada, deck_owner]\n": ""}
    folder = the_shop(tmp_path_factory.mktemp("menu") / "shop", **open_to_all)
    open_workspace(folder).loop.publish(by="dee", despite="a test")
    told = (folder / "shop.csv").read_text(encoding="utf-8").splitlines()
    day, visits, orders, revenue = told[-1].split(",")
    told[-1] = f"{day},{visits},{int(orders) + 7},{revenue}"
    (folder / "shop.csv").write_text("\n".join(told) + "\n", encoding="utf-8")
    open_workspace(folder).load(by="test")
    return folder


@pytest.fixture(scope="module")
def address(shop: Path) -> Iterator[str]:
    with served(shop) as found:
        yield found


def saved(page: Page, name: str) -> tuple[str, bytes]:
    """A file that a button hands over: its name and its bytes."""
    with page.expect_download(timeout=30_000) as download:
        page.get_by_role("button", name=name, exact=True).first.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_every_form_is_made_when_asked_for_and_saved(browser, address, shop):
    with visited(browser, f"{address}/review") as visit:
        page = visit.page
        page.get_by_text("As published").click()  # Off: as it is now.
        page.get_by_role("button", name="Download", exact=True).press("Enter")
        expect(page.get_by_text("the deck as it is now")).to_be_visible()
        offered = [NAMES[form][0] for form in NAMES if form in FORMATS]
        for name in offered:
            expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
        name, data = saved(page, "JSON")
        assert (name, json.loads(data)["deck"]) == ("company-2026-05-02.json", "company")
        expect(page.get_by_text("company-2026-05-02.json is saved")).to_be_visible()
        name, data = saved(page, "Workbook")
        assert (name, ZipFile(BytesIO(data)).testzip()) == ("company-2026-05-02.xlsx", None)
        again = saved(page, "Workbook")  # Asked for again, it is handed over again.
        assert again == (name, data)
        name, data = saved(page, "HTML")
        assert data == open_workspace(shop).exporting.exported(WEEK, "html").data
        assert (visit.complaints, visit.abroad) == ([], [])


def test_a_published_deck_is_saved_as_it_was_frozen(browser, address, shop):
    publishing = open_workspace(shop).loop.publishing
    with visited(browser, f"{address}/review?deck=door") as visit:
        page = visit.page
        page.get_by_role("button", name="Download", exact=True).click()
        expect(page.get_by_text("edition 1, as it was published")).to_be_visible()
        name, data = saved(page, "HTML")
        assert name == "door-2026-05-02-edition-1.html"
        assert data == publishing.document(publishing.edition(WEEK, "door"))


def test_a_form_that_cannot_be_made_is_told_in_words(browser, address, shop):
    file = next((shop / "published").glob("door-*")) / "deck.html"
    kept = file.read_bytes()
    with visited(browser, f"{address}/review?deck=door") as visit:
        page = visit.page
        page.get_by_role("button", name="Download", exact=True).click()
        expect(page.get_by_text("edition 1, as it was published")).to_be_visible()
        try:
            file.write_bytes(kept.replace(b"Visits", b"Guests"))
            page.get_by_role("button", name="HTML", exact=True).click()
            expect(page.get_by_text("its hash is another one").first).to_be_visible()
        finally:
            file.write_bytes(kept)


@pytest.mark.parametrize(("size", "theme"), [((1440, 900), "light"), ((390, 844), "dark")])
def test_one_chart_is_taken_away_by_keys_in_the_colours_of_the_page(browser, address, size, theme):
    with visited(browser, f"{address}/review", size=size, theme=theme) as visit:
        page = visit.page
        menu = page.locator("summary[aria-label='Image of 1 Visits']")
        menu.focus()
        page.keyboard.press("Enter")
        name, data = saved(page, "Download SVG")
        assert name == "visits.svg"
        drawn = ElementTree.fromstring(data.decode())
        look = " ".join(part.get("style") or "" for part in drawn.iter())
        assert "var(" not in look
        ground = drawn[0].get("style") or ""
        assert ("255, 255, 255" in ground or "#fff" in ground) == (theme == "light")
        assert "1 Visits" in [part.text for part in drawn.iter() if part.tag.endswith("text")]
        assert not [part for part in drawn.iter() if part.tag.endswith("script")]
        name, data = saved(page, "Download PNG")
        assert (name, data[:8]) == ("visits.png", b"\x89PNG\r\n\x1a\n")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        page.get_by_role("button", name="Copy image").click()
        expect(page.get_by_text("Copied.")).to_be_visible()
        kinds = page.evaluate("navigator.clipboard.read().then((all) => all.flatMap((one) => one.types))")
        assert kinds == ["image/png"]
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size[0]
        assert visit.complaints == []


def test_a_chart_s_table_and_its_image_are_two_things(browser, address):
    with visited(browser, f"{address}/review") as visit:
        card = visit.page.locator("article[data-metric='visits']")
        card.locator("summary", has_text="Image").click()
        expect(card.get_by_role("button", name="Download PNG")).to_be_visible()
        expect(card.locator(".w-take table")).to_have_count(0)
        assert "metric" not in visit.page.url  # A click into the card opens the metric; this one did not.


def test_the_metric_s_page_has_the_image_too(browser, address):
    with visited(browser, f"{address}/metric?metric=orders") as visit:
        visit.page.locator("summary", has_text="Image").first.click()
        assert saved(visit.page, "Download SVG")[0] == "Orders.svg"


def test_the_deck_is_chosen_and_kept_from_page_to_page(browser, address):
    with visited(browser, f"{address}/review") as visit:
        page = visit.page
        page.get_by_role("combobox", name="Deck").click()
        page.get_by_role("option", name="At the door").click()
        expect(page.locator(".w-deck h1").first).to_contain_text("At the door")
        expect(page.get_by_text("Revenue")).to_have_count(0)
        page.get_by_role("link", name="Goals").first.click()
        expect(page.locator(".w-deck h1, h1").first).to_be_visible()
        page.get_by_role("link", name="Review").first.click()
        expect(page.locator(".w-deck h1").first).to_contain_text("At the door")


def test_what_changed_is_a_view_whose_names_open_the_metric(browser, address):
    with visited(browser, f"{address}/review?view=changes") as visit:
        page = visit.page
        expect(page.get_by_text("since edition 1 of the week ending 2 May")).to_be_visible()
        expect(page.get_by_text("restated").first).to_be_visible()
        page.locator(".w-points .w-link", has_text="Orders").first.click()
        expect(page).to_have_url(re.compile(r"/metric\?.*metric=orders"))


def test_a_plan_is_imported_on_the_sources_page(browser, address, shop):
    with visited(browser, f"{address}/sources?as=fin") as visit:
        page = visit.page
        page.get_by_text("Import targets or annotations").click()
        page.get_by_label("Why these are the targets").fill("the budget of April")
        page.get_by_label("Why these are the targets").press("Tab")
        file = {"name": "plan.csv", "mimeType": "text/csv"}
        upload = page.locator("[data-testid=stFileUploaderDropzoneInput]").last
        upload.set_input_files({**file, "buffer": b"metric,month,value\nordrs,2026-06,1\n"})
        expect(page.get_by_text("'ordrs' is no metric").first).to_be_visible()
        upload.set_input_files({**file, "buffer": b"metric,month,value\norders,2026-06,900\n"})
        expect(page.get_by_text("Orders: 30 days, 30 new, 0 changed.")).to_be_visible()
        page.get_by_role("button", name="Import it").click()
        expect(page.get_by_text("Imported.").first).to_be_visible()
        assert (shop / "targets" / "orders.csv").is_file()
