"""One week of a small company in a real browser: four people from the load to the closing, and what they
promised on page 0 of the week after."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from metrics import open_workspace
from tests.browser import DAYS, DEFINITIONS, FIRST, a_shop, served, visited

WEEK_BEFORE, WEEK, NEXT_WEEK = date(2026, 4, 25), date(2026, 5, 2), date(2026, 5, 9)
pytestmark = pytest.mark.usefixtures("patience")
MONDAY, NEXT_MONDAY = "now: 2026-05-05T07:00", "now: 2026-05-12T07:00"
PEOPLE = """people:
  ada: {name: Ada Moss, roles: [owner]}
  dee: {name: Dee Ray, roles: [deck_owner, analyst]}
  fin: {name: Fin Lund, roles: [finance]}
  eve: {name: Eve Orr, roles: [executive]}
"""
ANSWER = "The road in front of the shop was closed from Monday to Saturday."
ACTION = "Put a sign at the detour"
QUESTION = "Did those who could not come order by telephone?"
TOPIC = "A second door at the back"


def the_week_before(folder: Path) -> Path:
    """The shop with four people, loaded up to the week before; the file of the week lies ready beside it."""
    a_shop(folder, loaded=False)
    told = DEFINITIONS.replace("owner: ben", "owner: ada")
    told = PEOPLE.join((told.partition("people:")[0], "sources:" + told.partition("sources:")[2]))
    told = told.replace("links:\n", "links:\n" + LINK, 1)
    (folder / "workspace.yaml").write_text(told, encoding="utf-8")
    chance, lines = random.Random(3), ["day,visits,orders,revenue"]
    for n in range(DAYS):
        closed = 0.6 if n >= DAYS - 7 else 1.0
        visits = round((100 + n % 7 * 10) * chance.uniform(0.95, 1.05) * closed)
        orders = round(visits * 0.2 * chance.uniform(0.95, 1.05))
        lines.append(f"{FIRST + timedelta(days=n)},{visits},{orders},{orders * 31.5}")
    (folder / "shop.csv").write_text("\n".join(lines[:-7]) + "\n", encoding="utf-8")
    open_workspace(folder).load(by="test")
    (folder / "shop.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


LINK = (
    '  - {driver: visits, driven: revenue, sign: "+", lag_weeks: [0, 1], because: "who comes in may pay"}\n'
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return the_week_before(tmp_path_factory.mktemp("week") / "shop")


@pytest.fixture(scope="module")
def address(shop: Path) -> Iterator[str]:
    with served(shop) as found:
        yield found


def test_four_people_play_a_week_and_the_next_page_0_keeps_their_promises(browser, address, shop):
    @contextmanager
    def at(path: str, person: str) -> Iterator[Page]:
        """A new tab of one person, who sees no error of the browser's."""
        with visited(browser, f"{address}{path}{'&' if '?' in path else '?'}as={person}") as visit:
            visit.page.context.set_default_timeout(30_000)
            yield visit.page
            assert visit.complaints == []
            assert visit.abroad == []

    # Load and build: the deck owner.
    with at("/?view=week", "dee") as page:
        stands(page, "Open")
        expect(page.get_by_text("Load shop: its numbers end on 2026-04-25")).to_be_visible()
    with at("/sources", "dee") as page:
        page.get_by_role("button", name="Load all sources").click()
        expect(page.locator(".wu-note")).to_contain_text("Load 2")
    with at("/?view=week", "dee") as page:
        page.get_by_role("button", name="Built: the numbers are in").click()
        stands(page, "Built")
        page.get_by_role("button", name="Open the owner review").click()
        stands(page, "In owner review")

    # Look and answer: the owner.
    with at("/owners", "ada") as page:
        page.get_by_role("button", name="I have looked at all 4").click()
        expect(page.get_by_role("button", name="All seen this week")).to_be_disabled()
    with at("/metric?metric=visits", "ada") as page:
        page.get_by_text("Explained", exact=True).click()
        write(page, "On the chart", ANSWER)
        page.get_by_role("button", name="Answer", exact=True).click()
        expect(page.locator(".w-facts").filter(has_text=ANSWER)).to_be_visible()

    # Certify: finance, who may not publish.
    with at("/?view=week", "fin") as page:
        page.get_by_role("button", name="Certify all (4 metrics)").click()
        expect(page.get_by_text("4 of 4 values are certified")).to_be_visible()
        page.get_by_role("button", name="Certified", exact=True).click()
        stands(page, "Certified")
        page.get_by_role("button", name="Publish the deck").click()
        expect(page.get_by_test_id("stAlert")).to_contain_text("Fin Lund may not publish a deck")

    # Publish: the deck owner.
    with at("/?view=week", "dee") as page:
        page.get_by_role("button", name="Publish the deck").click()
        stands(page, "Published")

    # Hold: the executive asks, the deck owner presents and records.
    with at("/metric?metric=orders", "eve") as page:
        page.get_by_text("Ask a question").click()
        write(page, "Question to the owner", QUESTION)
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(page.get_by_text("Question from Eve Orr")).to_be_visible()
    with at("/?present=1", "dee") as page:
        stage = page.locator(".p-stage")
        expect(stage).to_be_visible()
        while stage.locator(".p-title").inner_text() != "The door":
            page.keyboard.press("ArrowRight")
        page.keyboard.press("r")
        for name in ("Ada Moss", "Dee Ray", "Eve Orr"):
            stage.get_by_role("checkbox", name=name).check()
        record(page, "attendance")
        page.keyboard.press("t")
        stage.locator("[name=text]").fill(ACTION)
        stage.locator("[name=due]").fill("2026-05-08")
        stage.locator("[name=effect_by]").fill("2026-06-06")
        record(page, "action")
        page.keyboard.press("p")
        stage.locator("[name=text]").fill(TOPIC)
        record(page, "park it")
        page.keyboard.press("Escape")
        expect(page.locator(".p-stage")).to_have_count(0)
    with at("/?view=week", "dee") as page:
        page.get_by_role("button", name="Held: answers and actions are recorded").click()
        stands(page, "Held")
        page.get_by_role("button", name="Close the week").click()
        stands(page, "Closed")

    # A week later.
    declared = shop / "workspace.yaml"
    declared.write_text(declared.read_text().replace(MONDAY, NEXT_MONDAY), encoding="utf-8")
    with at("/", "dee") as page:
        asked = page.locator(".w-asked")
        for words in (ACTION, QUESTION, TOPIC):
            expect(asked).to_contain_text(words)
    with at("/?view=week", "dee") as page:
        expect(page.locator("h1")).to_contain_text("9 May 2026: open")
        page.get_by_role("tab", name="Promises").click()
        actions = page.get_by_role("row").filter(has_text=ACTION)
        for words in ("Ada Moss", "late"):
            expect(actions).to_contain_text(words)
        for words in (QUESTION, TOPIC):
            expect(page.get_by_role("listitem").filter(has_text=words)).to_be_visible()

    loop = open_workspace(shop).loop
    audit, broken = loop.audit()
    assert (audit.ok, broken) == (True, ())
    assert loop.progress(WEEK).state == "closed"
    assert loop.saying.attended(WEEK) == ("ada", "dee", "eve")
    assert [(c.action.text, c.action.owner, c.late) for c in loop.promises(NEXT_WEEK).actions] == [
        (ACTION, "ada", True)
    ]
    authors = {f.kind: f.author for f in open_workspace(shop).journal.facts()}
    assert {kind: authors[kind] for kind in sorted(authors)} == {
        "access.refused": "fin",
        "action.recorded": "dee",
        "answer.given": "ada",
        "certification.given": "fin",
        "look.seen": "ada",
        "meeting.attended": "dee",
        "question.asked": "eve",
        "topic.parked": "dee",
        "week.moved": "dee",
        "week.published": "dee",
    }


def test_a_click_counts_once_and_only_for_what_its_page_showed(browser, address, shop):
    """Two tabs that show the same week; and a button that is clicked three times in half a second."""
    journal = open_workspace(shop).journal
    before = len(journal.facts())
    week = f"{address}/?view=week&as=dee&week={WEEK_BEFORE}"
    with visited(browser, week) as one, visited(browser, week) as other:
        for visit in (one, other):
            stands(visit.page, "Open")
        one.page.get_by_role("button", name="Built: the numbers are in").click()
        stands(one.page, "Built")
        other.page.get_by_role("button", name="Built: the numbers are in").click()
        expect(other.page.get_by_test_id("stAlert")).to_contain_text("The week is built already since")
        stands(other.page, "Built")
    with visited(browser, f"{address}/metric?metric=visits&as=dee&week={WEEK_BEFORE}") as visit:
        visit.page.get_by_text("Ask a question").click()
        write(visit.page, "Question to the owner", "Was the door shut?")
        visit.page.get_by_role("button", name="Ask", exact=True).evaluate(
            "e => { e.click(); for (const ms of [150, 400]) setTimeout(() => e.click(), ms); }"
        )
        expect(visit.page.get_by_text("Question from Dee Ray")).to_have_count(1)
        visit.page.wait_for_timeout(1_000)
        visit.page.wait_for_selector(".stApp[data-test-script-state=notRunning]")
        expect(visit.page.locator(".wu-fault")).to_have_count(0)
        for seen in (one, other, visit):
            assert seen.complaints == []
    assert [(fact.kind, fact.author) for fact in journal.facts()[before:]] == [
        ("week.moved", "dee"),
        ("question.asked", "dee"),
    ]


def stands(page: Page, state: str) -> None:
    """Wait until the page says that the week is in a state."""
    expect(page.locator(".wv-now b")).to_have_text(state)


def write(page: Page, label: str, words: str) -> None:
    """Write into a field and leave it, so that the server has it."""
    field = page.get_by_label(label, exact=True)
    field.fill(words)
    field.press("Tab")


def record(page: Page, what: str) -> None:
    """Send the note that is open in presenter mode, and wait until it is on record."""
    page.locator(".p-note").get_by_role("button", name="Record").click()
    expect(page.locator(".p-said")).to_contain_text(f"Recorded: {what}")
