"""A real server on a free port of this machine, and a browser that notes what it asks for and complains of."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FIRST = date(2025, 1, 5)  # A Sunday; weeks end on Saturday.
DAYS = 7 * 69
START = 180  # Seconds a server has to start, on a machine that does other things too.
LAST_WEEK = date(2026, 5, 2)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

DEFINITIONS = """
company: {name: Corner Shop, currency: USD, time_zone: UTC, now: 2026-05-05T07:00}
calendar: {week_ends_on: saturday}
people:
  ada: {name: Ada Moss, roles: [owner]}
  ben: {name: Ben Roe, roles: [owner]}
  cy: {name: Cy Dale, roles: [analyst]}
sources:
  shop: {csv: shop.csv, date: {column: day}, series: {visits: visits, orders: orders, revenue: revenue}}
metrics:
  visits:
    {name: Visits, kind: input, owner: ada, unit: count, better: up, measure: {how: total, series: visits},
     meaning: People who came in, guardrails: [conversion],
     controllable: {action: put the sign out, by: ada, within_days: 7}}
  conversion:
    {name: "Conversion <b>&", kind: output, owner: ben, unit: fraction, better: up,
     measure: {how: ratio, numerator: orders, denominator: visits}, target: {style: floor, value: 0.2},
     as_the_customer_meets_it: what I came for was there, gaming: count only those who look likely to buy}
  orders: {name: Orders, kind: output, owner: ben, unit: count, better: up, measure: {how: total, series: orders}}
  revenue:
    {name: Revenue, kind: output, owner: ben, unit: currency, better: up,
     measure: {how: total, series: revenue}}
links:
  - {driver: visits, driven: orders, sign: "+", lag_weeks: [0, 1], because: "who comes in may buy"}
goals:
  - {name: "9,000 orders <b>", metric: orders, period: {year: 2026}, value: 9000, owner: ben}
decks:
  company:
    title: Weekly review
    sections:
      - {title: The door, blocks: [visits, conversion]}
      - title: The till
        blocks:
          - orders
          - revenue
          - {title: The week, weeks_table: [{header: Orders, metric: orders}, {header: WOW, metric: orders, show: wow}]}
"""


def a_shop(folder: Path, *, loaded: bool = True) -> Path:
    """A workspace of four metrics with 69 weeks of days."""
    from metrics import open_workspace

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workspace.yaml").write_text(DEFINITIONS, encoding="utf-8")
    lines = ["day,visits,orders,revenue"]
    for n in range(DAYS):
        visits = 100 + n % 7 * 10 + n // 30
        orders = 20 + n % 7 + n // 60
        lines.append(f"{FIRST + timedelta(days=n)},{visits},{orders},{orders * 31.5}")
    (folder / "shop.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if loaded:
        open_workspace(folder).load(by="test")
    return folder


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The dashboard of a workspace in a fresh process; gives its address."""
    with started(folder) as (address, _):
        yield address


@contextmanager
def started(folder: Path) -> Iterator[tuple[str, int]]:
    """The dashboard of a workspace in a fresh process; gives its address, and the number of the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", f"from metrics import ui; ui.serve({str(folder)!r}, port={port})"]
    process = subprocess.Popen(  # Its own folder: the settings must come with the package.
        command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, process)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(20)


def wait_for(address: str, process: "subprocess.Popen[str]") -> None:
    """Wait until a server of Streamlit's answers.

    Raises:
        AssertionError: It ended, or took too long.
    """
    end = time.monotonic() + START
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"The server ended: {process.stderr.read() if process.stderr else ''}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"The server did not start within {START} s.")


@dataclass
class Visit:
    """A page open in a browser, with what went wrong meanwhile.

    Attributes:
        page: Playwright's page.
        complaints: Console errors and uncaught exceptions.
        abroad: Requests that left this machine.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    abroad: list[str] = field(default_factory=list)

    def heard(self, message: ConsoleMessage) -> None:
        # Streamlit asks for its own address below the page's path first; the 404 is its way to find it.
        own = message.location.get("url", "")
        if message.type == "error" and "/_stcore/" not in own:
            self.complaints.append(f"{message.text} ({own})")

    def asked(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
            self.abroad.append(request.url)


@contextmanager
def visited(
    browser: Browser,
    address: str,
    *,
    size: tuple[int, int] = (1440, 900),
    theme: Literal["light", "dark"] = "light",
) -> Iterator[Visit]:
    """A new tab on one address, once the page has drawn something. All tabs share what was fetched."""
    context = browser.contexts[0] if browser.contexts else browser.new_context()
    context.set_default_timeout(15_000)
    visit = Visit(context.new_page())
    visit.page.set_viewport_size({"width": size[0], "height": size[1]})
    visit.page.emulate_media(color_scheme=theme)
    visit.page.on("console", visit.heard)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on("request", visit.asked)
    visit.page.goto(address)
    visit.page.wait_for_selector(".w-deck > *, .wu-trouble", timeout=30_000, state="attached")
    try:
        yield visit
    finally:
        visit.page.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    if path is None:
        raise AssertionError("Chromium is not there. Install it, or name it in $CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
