"""Who reads the review with a keyboard, a magnifier, a screen reader or without motion reads all of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from metrics import open_workspace
from tests.browser import a_shop, chromium, served, visited
from tests.serving import serving
from tests.test_browser import NAMELESS, PAGES
from tests.test_login import secrets
from tests.test_week_in_browser import the_week_before

MAGNIFIED = (320, 256)  # 1,280 by 1,024 at 400%.
ANSWER = "The road in front of the shop was closed."
# Beside those of test_browser: who sits there, dialogs, states and failures.
STATES = [
    "/?as=ada",
    "/?view=week&as=dee",
    "/?view=changes&as=dee",
    "/?present=1&as=dee",
    "/metric?metric=visits&as=ada",
    "/owners?as=ada",
    "/?week=nonsense&deck=nope",
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A week with exceptions, built and in owner review, so that owners are asked for answers."""
    folder = the_week_before(tmp_path_factory.mktemp("week") / "shop")
    workspace = open_workspace(folder)
    workspace.load(by="test")
    week = workspace.default_week()
    for state in ("built", "owner_review"):
        workspace.loop.move(state, by="dee", week_ending=week)
    workspace.loop.saying.look(*workspace.definitions.metrics, by="ada", week_ending=week)
    return folder


@pytest.fixture(scope="module")
def address(shop: Path) -> Iterator[str]:
    with served(shop) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def serious(page: Page) -> list[str]:
    found = Axe().run(page, context={"exclude": NAMELESS}).response["violations"]
    return [
        f"{one['id']}: {one['help']} {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", STATES)
def test_axe_finds_nothing_serious_in_any_state(browser, address, path, theme):
    with visited(browser, address + path, theme=theme) as visit:
        visit.page.wait_for_timeout(500)
        assert serious(visit.page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_help(browser, address, theme):
    with visited(browser, address, theme=theme) as visit:
        visit.page.keyboard.press("?")
        expect(visit.page.get_by_role("dialog")).to_be_visible()
        assert serious(visit.page) == []


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a login, and room for one."""
    folder = tmp_path_factory.mktemp("guarded")
    login = secrets(folder, 9, "http://127.0.0.1:8501")  # Nobody listens there: nobody logs in here.
    with serving(a_shop(folder / "shop"), "--login", str(login), environment={"WBR_SESSIONS": "1"}) as server:
        yield server.address


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_where_one_is_not_let_in(browser, guarded, theme):
    """Before the login, and where everybody is here already; neither is cut on a telephone."""
    context = browser.new_context(color_scheme=theme, viewport={"width": 390, "height": 844})
    door, full = context.new_page(), context.new_page()
    complaints: list[str] = []
    full.on("console", lambda said: complaints.append(said.text) if "503" not in said.text else None)
    full.clock.install()
    for page, words in ((door, "Log in to read the review"), (full, "Everybody is here already")):
        page.goto(guarded)
        expect(page.get_by_role("heading", name=words)).to_be_visible(timeout=60_000)
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    door.close()
    expect(full.get_by_role("heading", name="Everybody is here already")).to_be_visible()
    full.wait_for_function(
        "async () => (await fetch(location.href, {headers: {Accept: 'text/html'}})).ok", polling=200
    )
    full.clock.run_for(30_000)  # It asks every 30 s, and comes in once there is room.
    expect(full.get_by_role("heading", name="Log in to read the review")).to_be_visible(timeout=60_000)
    assert complaints == []
    context.close()


def faulty(line: WebSocketRoute) -> None:
    """Spoil what a page says of its button Week before, so that its next run meets a fault."""
    button: list[str] = []
    server = line.connect_to_server()

    def told(message: str | bytes) -> None:
        found = re.search(rb"\$\$ID-[0-9a-f]+-step Week before", bytes(message))  # type: ignore[arg-type]  # Streamlit speaks bytes.
        if found:
            button[:] = [found[0].decode()]
        line.send(message)

    def said(message: str | bytes) -> None:
        asked = BackMsg.FromString(message)  # type: ignore[arg-type]  # the same
        if button and asked.HasField("rerun_script"):
            asked.rerun_script.widget_states.widgets.add(id=button[0], json_value="{{")
        server.send(asked.SerializeToString())

    server.on_message(told)
    line.on_message(said)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_where_a_page_met_a_fault(browser, address, theme):
    context = browser.new_context(color_scheme=theme, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.route_web_socket("**/_stcore/stream", faulty)
    page.goto(f"{address}/?as=ada")
    page.wait_for_selector(".w-deck > *", timeout=60_000, state="attached")
    page.keyboard.press("]")
    page.keyboard.press("[")
    expect(page.get_by_role("heading", name="This page met a fault")).to_be_visible(timeout=60_000)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_what_is_opened_before_a_decision(browser, address, theme):
    """Why the week moves on though something is missing; a mark on a page of the deck."""
    with visited(browser, f"{address}/?view=week&as=dee", theme=theme) as visit:
        visit.page.get_by_text("Move on all the same").click()
        expect(visit.page.get_by_label("Why", exact=True).first).to_be_visible()
        visit.page.get_by_role("tab", name="Promises").click()
        visit.page.get_by_text("Andon mark on a page of the deck").click()
        expect(visit.page.get_by_role("button", name="Raise the mark")).to_be_visible()
        quiet(visit.page)
        assert serious(visit.page) == []


@pytest.mark.parametrize("path", [*PAGES, *STATES])
def test_nothing_is_cut_or_scrolled_sideways_at_400_percent(browser, address, path):
    with visited(browser, address + path, size=MAGNIFIED) as visit:
        quiet(visit.page)
        wide = visit.page.evaluate(
            """() => { const main = document.querySelector("[data-testid=stMain]");
            return [main.scrollWidth - main.clientWidth, document.documentElement.scrollWidth - innerWidth]; }"""
        )
        assert max(wide) <= 0, f"{path}: {wide} px too wide"


def test_whoever_asks_for_stillness_gets_it(browser, address):
    with visited(browser, f"{address}/metric?metric=orders") as visit:
        visit.page.emulate_media(reduced_motion="reduce")
        quiet(visit.page)  # Streamlit's own sign of a running page turns.
        moving = visit.page.evaluate(
            """() => [...document.querySelectorAll("*")].filter(e => { const s = getComputedStyle(e);
            const long = t => t.split(",").some(x => parseFloat(x) > (x.includes("ms") ? 1 : 0.001));
            return (s.animationName !== "none" && long(s.animationDuration)) || long(s.transitionDuration)
              || s.scrollBehavior === "smooth"; }).map(e => e.outerHTML.slice(0, 120))"""
        )
        assert moving == []


def test_every_chart_says_in_words_its_last_value_its_way_and_its_state(browser, address):
    with visited(browser, address) as visit:
        told = visit.page.locator("svg[role=img]").evaluate_all(
            "all => all.map(e => e.querySelector('desc, title') ? e.textContent : e.getAttribute('aria-label'))"
        )
        assert len(told) == 4
        for one in told:
            assert "last week" in one
            assert "on the week" in one
            assert "Weeks go from" in one
            assert "Months go from" in one
        assert any("Exception" in one for one in told)


def focus(page: Page) -> str:
    """What has the focus, across the edges of components."""
    return str(
        page.evaluate(
            """() => { let e = document.activeElement;
            while (e && e.shadowRoot && e.shadowRoot.activeElement) e = e.shadowRoot.activeElement;
            if (!e) return "";
            const label = e.type === "radio" && e.labels && e.labels.length ? e.labels[0].innerText : "";
            return (label || e.getAttribute("aria-label") || e.innerText || e.value || e.tagName).trim(); }"""
        )
    )


def quiet(page: Page) -> None:
    """Wait until the page has run: a key pressed meanwhile could meet a button that is replaced."""
    page.wait_for_timeout(600)
    page.wait_for_selector(".stApp[data-test-script-state=notRunning]")
    page.wait_for_timeout(600)


def tab_to(page: Page, name: str, key: str = "Tab", most: int = 160) -> None:
    """Press Tab until something of a name has the focus: no mouse can be used."""
    seen = []
    for _ in range(most):
        page.keyboard.press(key)
        seen.append(focus(page))
        if name in seen[-1].splitlines() or seen[-1].startswith(f"{name} ("):
            return
    raise AssertionError(f"{name!r} cannot be reached by Tab; passed: {seen}")


def press(page: Page, name: str) -> None:
    """Press a button by keyboard; other things that say the same words are passed."""
    quiet(page)
    tab_to(page, name)
    while not page.evaluate("document.activeElement.tagName === 'BUTTON'"):
        tab_to(page, name)
    quiet(page)
    page.keyboard.press("Enter")
    quiet(page)


def test_a_whole_review_by_keyboard_alone(browser, address, shop):
    """Open the deck, walk its charts, open one, answer it, go to the next page, freeze the week."""
    expect.set_options(timeout=30_000)
    week = open_workspace(shop).default_week()
    with visited(browser, f"{address}/?as=ada") as visit:
        page = visit.page
        page.keyboard.press("j")
        expect(page.locator(".w-tip")).to_contain_text("Week 18")
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".w-tip")).to_contain_text("Week 17")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Visits")
        quiet(page)
        tab_to(page, "Routine")  # The first of the choices; arrows go from one to the next.
        while "Explained" not in focus(page):
            page.keyboard.press("ArrowDown")
        quiet(page)
        tab_to(page, "On the chart")
        page.keyboard.type(ANSWER)
        tab_to(page, "Behind it")
        quiet(page)
        tab_to(page, "Answer")
        quiet(page)
        page.keyboard.press("Enter")
        expect(page.locator(".w-facts").filter(has_text=ANSWER)).to_be_visible()
        quiet(page)  # What was said is shown by another run.
        tab_to(page, "Owners", "Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Ada Moss")  # Her own page of the owners.
        assert visit.complaints == []
    with visited(browser, f"{address}/?view=week&as=fin") as visit:
        press(visit.page, "Certify all")
        expect(visit.page.get_by_text("4 of 4 values are certified")).to_be_visible()
        press(visit.page, "Certified")
        expect(visit.page.locator(".wv-now b")).to_have_text("Certified")
    with visited(browser, f"{address}/?view=week&as=dee") as visit:
        press(visit.page, "Publish the deck")
        expect(visit.page.locator(".wv-now b")).to_have_text("Published")
    expect.set_options(timeout=5_000)
    assert open_workspace(shop).loop.progress(week).state == "published"
