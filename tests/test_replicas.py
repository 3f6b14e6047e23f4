"""Three processes of one workspace on one journal in PostgreSQL, two of them behind the shipped nginx."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from metrics import open_workspace
from tests.browser import DAYS, DEFINITIONS, a_shop
from tests.postgres import cluster
from tests.serving import Server, free_port, serving
from tests.test_proxies import MAIN, NAME, _program, _replaced, _running, ask, certified

ANSWER = "The road in front of the shop was closed from Monday to Saturday."


pytestmark = pytest.mark.usefixtures("patience")


class House:
    """Where everything runs: `desk` is where people write, `two` read behind `front`."""

    def __init__(
        self, folder: Path, journal: str, desk: Server, two: tuple[Server, Server], front: str
    ) -> None:
        self.folder, self.journal, self.desk, self.two, self.front = folder, journal, desk, two, front

    def way_to(self, server: Server) -> str:
        """A cookie's value that the proxy leads to a server."""
        for number in range(64):
            _, headers, _ = ask(f"{self.front}/wbr/nowhere", {"Cookie": f"wbr_way={number}"})
            end = time.monotonic() + 2
            while not (at := [one for one in self.two if headers["x-request-id"] in one.log]):
                assert time.monotonic() < end, "no server logged the request"
                time.sleep(0.02)
            if at == [server]:
                return str(number)
        raise AssertionError("64 numbers lead to one server alone")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = a_shop(tmp_path_factory.mktemp("shop") / "shop", loaded=False)
    told = DEFINITIONS.replace(
        "sources:\n  shop", "  dee: {name: Dee Ray, roles: [deck_owner]}\nsources:\n  shop"
    )
    (folder / "workspace.yaml").write_text(told, encoding="utf-8")
    scratch = tmp_path_factory.mktemp("nginx")
    scratch.chmod(0o755)
    with ExitStack() as open_now:
        journal = open_now.enter_context(cluster()).url()
        open_workspace(folder, journal=journal).load(by="test")
        environment = {"WBR_JOURNAL": journal, "WBR_LOG": "json"}
        options = ("--host-name", NAME, "--base-path", "/wbr", "--allow-anonymous-readers")
        started = [(), options, options]
        desk, *two = [open_now.enter_context(serving(folder, *o, environment=environment)) for o in started]
        http, https = free_port(), free_port()
        key, certificate = certified(scratch)
        changes = {
            "listen 80;": f"listen 127.0.0.1:{http};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{https} ssl http2;",
            "server_name review.example.com;": f"server_name {NAME};",
            "/etc/ssl/certs/review.example.com.pem": str(certificate),
            "/etc/ssl/private/review.example.com.key": str(key),
            "server 127.0.0.1:8501 ": f"server 127.0.0.1:{two[0].port} ",
            "server 127.0.0.1:8502 ": f"server 127.0.0.1:{two[1].port} ",
        }
        (scratch / "site.conf").write_text(_replaced("nginx-replicas.conf", changes), encoding="utf-8")
        main = MAIN.format(scratch=scratch, site=scratch / "site.conf")
        (scratch / "main.conf").write_text(main, encoding="utf-8")
        command = [_program("nginx"), "-c", str(scratch / "main.conf"), "-p", str(scratch)]
        open_now.enter_context(_running(command, https))
        yield House(folder, journal, desk, (two[0], two[1]), f"https://{NAME}:{https}")


def reader(browser: Browser, house: House, server: Server) -> Page:
    """A browser behind the proxy that stays with one server."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(12_000)
    way = house.way_to(server)
    context.add_cookies([{"name": "wbr_way", "value": way, "url": f"{house.front}/wbr/"}])
    return context.new_page()


def test_what_one_process_writes_the_next_click_on_the_others_shows(browser, house):
    first, second = (reader(browser, house, server) for server in house.two)
    for page in (first, second):
        page.goto(f"{house.front}/wbr/metric?metric=visits")
        expect(page.locator("h1")).to_have_text("Visits")
        assert ANSWER not in page.content()

    # Load: at the desk's page.
    shop = house.folder / "shop.csv"
    lines = shop.read_text(encoding="utf-8").splitlines()
    last = lines[DAYS].split(",")
    lines[DAYS] = ",".join((last[0], "987654", *last[2:]))
    shop.write_text("\n".join(lines) + "\n", encoding="utf-8")
    desk = browser.new_page()
    desk.set_default_timeout(12_000)
    desk.goto(f"{house.desk.address}/sources?as=cy")
    desk.get_by_role("button", name="Load all sources").click()
    expect(desk.locator(".wu-note")).to_contain_text("Load 2")
    for page in (first, second):
        page.get_by_role("link", name="Review").first.click()
        expect(page.locator("main.w-deck, .w-deck").first).to_contain_text("988")

    # Answer: the owner, at the desk.
    desk.goto(f"{house.desk.address}/metric?metric=visits&as=ada")
    desk.get_by_text("Explained", exact=True).click()
    desk.get_by_label("On the chart").fill(ANSWER)
    desk.get_by_label("On the chart").blur()
    desk.get_by_role("button", name="Answer", exact=True).click()
    expect(desk.locator(".w-facts").filter(has_text=ANSWER)).to_be_visible()
    for page in (first, second):
        page.goto(f"{house.front}/wbr/metric?metric=visits")
        expect(page.locator(".w-facts").filter(has_text=ANSWER)).to_be_visible()

    # Publish: another process again.
    for page in (first, second):
        page.goto(f"{house.front}/wbr/?view=week")
        expect(page.locator("h1")).to_contain_text("2 May 2026: open")
    open_workspace(house.folder, journal=house.journal).loop.publish(by="dee", despite="a test")
    for page in (first, second):
        page.goto(f"{house.front}/wbr/?view=week")
        expect(page.locator("h1")).to_contain_text("2 May 2026: published")

    # One process is killed: its reader goes on with the other.
    house.two[0].process.kill()
    house.two[0].process.wait(20)
    first.goto(f"{house.front}/wbr/metric?metric=visits")
    expect(first.locator(".w-facts").filter(has_text=ANSWER)).to_be_visible()
    assert ask(f"{house.front}/wbr/healthz")[0] == 200


def test_the_proxy_gives_a_browser_its_number_once(house):
    _, headers, _ = ask(f"{house.front}/wbr/healthz")
    morsel = SimpleCookie(headers["set-cookie"])["wbr_way"]
    assert (morsel["path"], morsel["secure"], morsel["httponly"], morsel["samesite"]) == (
        "/wbr",
        True,
        True,
        "Lax",
    )
    _, headers, _ = ask(f"{house.front}/wbr/healthz", {"Cookie": f"wbr_way={morsel.value}"})
    assert "wbr_way" not in headers.get("set-cookie", "")
