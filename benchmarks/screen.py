"""A deck of 500 charts on screen: the real dashboard in headless Chromium, beside Altair's charts.

python benchmarks/screen.py [--charts 500] [--rounds 3] [--port 8631]

A workspace of 500 metrics with three years of days is made and served in a process of its own. Times are
the browser's: from the start of navigation, or from the key or click, to the first frame after the charts
are there. `cold` weeks are built for the first time, `warm` ones were shown before. The other side is what
one writes first with Streamlit: one `st.altair_chart` a metric from values at hand, 50 on a page and
multiplied. It gains by that, because 500 of them overrun Streamlit's queue of messages. An empty Streamlit
page, with the same settings, is what no way can go below. CPU is the server's, as Linux counts it.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import which

import numpy as np
import pyarrow as pa
from playwright.sync_api import Browser, Page, sync_playwright

from metrics import text
from metrics.ingest import Readings
from metrics.store import Store

ROOT = Path(__file__).resolve().parents[1]
ENDING = date(2026, 5, 9)
YEARS = 3
A_SECTION = 10  # charts
NAIVE = 50
GOALS = {"all": 2.5, "cold": 1.5, "warm": 0.5}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SELECTORS = {"ours": ".w-card svg[role=img]", "altair": "[data-testid=stVegaLiteChart] svg", "empty": "h1"}

# Notes, frame by frame, when the first and when the last chart was drawn. The dashboard's charts stand in a
# shadow root; a frame counts once the next one begins.
WATCH = """
(() => {
  const roots = [document];
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    roots.push(root);
    return root;
  };
  const all = (what) => roots.filter((r) => r === document || r.host.isConnected)
    .flatMap((r) => [...r.querySelectorAll(what)]);
  window.bench = { pressed: 0, all };
  for (const type of ["keydown", "mousedown"])
    addEventListener(type, () => { window.bench.pressed = performance.now(); }, { capture: true });
  window.bench.drawn = (what, count, week) => new Promise((done) => {
    let first = 0;
    const look = () => requestAnimationFrame(() => {
      const now = all(what).length;
      const there = !week || all(".w-week").some((e) => e.textContent.includes(week));
      if (there && now && !first) first = performance.now();
      if (there && now >= count)
        requestAnimationFrame(() => done([first, performance.now(), window.bench.pressed]));
      else look();
    });
    look();
  });
})();
"""

NAIVE_SCRIPT = """
import altair as alt
import pandas as pd
import streamlit as st


def half(rows, places):
    shown = rows[rows.half == places]
    line = alt.Chart(shown).mark_line().encode(
        x="place:O",
        y=alt.Y("value:Q", scale=alt.Scale(zero=False)),
        color="series:N",
        tooltip=["series", "value"],
    )
    words = alt.Chart(shown[shown.series == "this year"]).mark_text(dy=-8)
    return line + words.encode(x="place:O", y="value:Q", text="value:Q")


st.title("Deck")
for number in range(int(st.query_params.get("charts", 0))):
    rows = pd.DataFrame(
        [
            (half, place, series, 100 + number + (place * 7 + number) % 5 - lower)
            for half, places in (("weeks", 6), ("months", 12))
            for series, lower in (("this year", 0), ("year earlier", 4))
            for place in range(places)
        ],
        columns=["half", "place", "series", "value"],
    )
    st.altair_chart(half(rows, "weeks") | half(rows, "months"), key=f"chart {number}")
"""


# --- the workspace ---------------------------------------------------------------------------


def workspace(folder: Path, charts: int) -> None:
    """Definitions of so many metrics in sections of ten, and a store that holds their days."""
    (folder / "bench.yaml").write_text(definitions(charts), encoding="utf-8")
    days = np.arange(np.datetime64(ENDING) - YEARS * 366, np.datetime64(ENDING) + 1)
    rows = charts * len(days)
    same = pa.array(np.zeros(rows, np.int32))
    season = 1 + 0.15 * np.sin(np.arange(len(days)) / 58)
    values = np.random.default_rng(1).gamma(25, 4, (charts, len(days))) * season
    table = pa.table(
        {
            "series": pa.DictionaryArray.from_arrays(
                pa.array(np.repeat(np.arange(charts, dtype=np.int32), len(days))),
                pa.array([f"s{i}" for i in range(charts)]),
            ),
            "segments": pa.DictionaryArray.from_arrays(same, pa.array(["{}"])),
            "day": pa.array(np.tile(days, charts)),
            "value": pa.array(values.ravel().round(2)),
            "observed_at": pa.nulls(rows, pa.timestamp("us")),
            "file": pa.DictionaryArray.from_arrays(same, pa.array(["made"])),
        }
    )
    made = Readings("bench", "day", "values", table, rows, 0, (), ())
    Store(folder / "store").add([made], datetime.now(UTC) - timedelta(days=1))


def definitions(charts: int) -> str:
    """Four totals, then a ratio, and so on; every metric has an owner and a target."""
    lines = [
        f"company: {{name: Bench, now: {ENDING + timedelta(days=2)}T07:00}}",
        "people: {ada: {name: Ada Moss, roles: [owner]}}",
        "sources: {bench: {csv: bench.csv, date: {column: day}, series_column: series, value_column: value}}",
        "metrics:",
    ]
    for i in range(charts):
        ratio = f"{{how: ratio, numerator: s{i}, denominator: s{(i + 1) % charts}}}"
        total = f"{{how: total, series: s{i}}}"
        fields = f"name: Metric number {i}, kind: output, owner: ada, unit: number, better: up"
        target = "target: {style: floor, value: 1}, " if i % 5 == 0 else ""
        lines.append(f"  m{i}: {{{fields}, {target}measure: {total if i % 5 else ratio}}}")
    lines.append("decks:\n  all:\n    title: All\n    sections:")
    for first in range(0, charts, A_SECTION):
        blocks = ", ".join(f"m{i}" for i in range(first, min(first + A_SECTION, charts)))
        lines.append(f"      - {{title: Section {first // A_SECTION + 1}, blocks: [{blocks}]}}")
    return "\n".join(lines) + "\n"


# --- servers ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """A server in its own process."""

    address: str
    process: "subprocess.Popen[bytes]"

    def cpu(self) -> float:
        """Seconds of processor it has used so far, all threads."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(command: Sequence[str], folder: Path, port: int) -> Iterator[Server]:
    """Start a server, wait until it is well, and end it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    place = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=folder, env=place, stderr=subprocess.DEVNULL)
    server = Server(f"http://127.0.0.1:{port}", process)
    try:
        end = time.monotonic() + 180
        while not _well(server):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"The server did not start: {' '.join(command)}")
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(20)


def _well(server: Server) -> bool:
    try:
        with urllib.request.urlopen(f"{server.address}/_stcore/health", timeout=1) as answer:
            return bool(answer.read() == b"ok")
    except OSError:
        return False


def dashboard(folder: Path, port: int) -> list[str]:
    return [sys.executable, "-c", f"from metrics import ui; ui.serve({str(folder)!r}, port={port})"]


def naive(folder: Path, port: int) -> list[str]:
    (folder / "naive.py").write_text(NAIVE_SCRIPT, encoding="utf-8")
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.enableWebsocketCompression": "true",
        "browser.gatherUsageStats": "false",
    }
    told = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", "naive.py", *told]


# --- what the browser saw ----------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """Seconds to the first chart and to all of them, and the server's seconds of processor meanwhile."""

    first: float
    all: float
    cpu: float


def visit(page: Page, server: Server, path: str, way: str, count: int) -> Seen:
    """Open an address and wait for its charts."""
    before = server.cpu()
    page.goto("about:blank")
    page.goto(server.address + path, wait_until="commit")
    first, last, _ = page.evaluate("([w, n]) => bench.drawn(w, n)", [SELECTORS[way], count])
    page.wait_for_timeout(500)
    return Seen(first / 1e3, last / 1e3, server.cpu() - before)


def by_key(page: Page, server: Server, key: str, to: date, count: int) -> Seen:
    """Go a week on or back by its key."""
    return _changed(page, server, to, count, lambda: page.keyboard.press(key))


def by_picker(page: Page, server: Server, to: date, count: int) -> Seen:
    """Choose a week from the list; timed from the click on it."""
    page.get_by_role("combobox", name="Week").first.fill(text.day(to))
    option = page.get_by_role("option")
    option.first.wait_for()
    seen = _changed(page, server, to, count, option.first.click)
    page.locator("body").press("Escape")
    return seen


def _changed(page: Page, server: Server, to: date, count: int, act: Callable[[], None]) -> Seen:
    before = server.cpu()
    week = text.long_day(to)
    page.evaluate("([w, n, s]) => { bench.waits = bench.drawn(w, n, s); }", [SELECTORS["ours"], count, week])
    act()
    first, last, pressed = page.evaluate("() => bench.waits")
    page.wait_for_timeout(300)
    return Seen((first - pressed) / 1e3, (last - pressed) / 1e3, server.cpu() - before)


@contextmanager
def tab(browser: Browser) -> Iterator[Page]:
    """A new visitor with an empty cache."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as visitor:
        page = visitor.new_page()
        page.set_default_timeout(120_000)
        page.add_init_script(WATCH)
        yield page


def told(what: str, seen: Sequence[Seen], goal: float | None = None) -> float:
    """One line of the report; gives the median time to all charts."""
    times = sorted(one.all for one in seen)
    middle = statistics.median(times)
    spread = f"{times[0]:.2f} to {times[-1]:.2f}" if len(times) > 1 else "once"
    wanted = f"; goal {goal} s, {middle / goal:.2f} of it" if goal else ""
    first = statistics.median(one.first for one in seen)
    cpu = statistics.median(one.cpu for one in seen)
    print(f"{what:<34} all {middle:.2f} s ({spread}), first {first:.2f} s, server CPU {cpu:.2f} s{wanted}")
    return middle


# --- the measurements --------------------------------------------------------------------------


def ours(browser: Browser, server: Server, charts: int, rounds: int) -> float:
    """Opens the deck and walks through its weeks; gives the median time to all charts."""
    back = [ENDING - timedelta(weeks=n) for n in range(40)]
    opened, again, cold, warm, picked, picked_warm = [], [], [], [], [], []
    for turn in range(rounds):
        with tab(browser) as page:
            opened.append(visit(page, server, "/", "ours", charts))
            again.append(visit(page, server, "/", "ours", charts))
            new = 3 * turn + 1
            if turn:
                by_picker(page, server, back[new - 1], charts)
            cold += [by_key(page, server, "[", back[new + n], charts) for n in range(2)]
            warm += [by_key(page, server, "]", back[new - n], charts) for n in range(2)]
            picked.append(by_picker(page, server, back[new + 20], charts))
            picked_warm.append(by_picker(page, server, back[new + 1], charts))
    whole = told(f"{charts} charts, a new visitor", opened, GOALS["all"])
    told(f"{charts} charts, come again", again, GOALS["all"])
    told("week by key, cold", cold, GOALS["cold"])
    told("week by key, warm", warm, GOALS["warm"])
    told("week by picker, cold", picked, GOALS["cold"])
    told("week by picker, warm", picked_warm, GOALS["warm"])
    return whole


def others(browser: Browser, server: Server, rounds: int) -> float:
    """Opens an empty page, then Altair's charts; gives the median time to those."""
    empty, charts = [], []
    for _ in range(rounds):
        with tab(browser) as page:
            empty.append(visit(page, server, "/", "empty", 1))
        with tab(browser) as page:
            charts.append(visit(page, server, f"/?charts={NAIVE}", "altair", NAIVE))
    told("an empty Streamlit page", empty)
    return told(f"st.altair_chart x {NAIVE}", charts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--charts", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=8631)
    asked = parser.parse_args()
    found = which(os.environ.get("CHROMIUM", "chromium"))
    if found is None:
        raise SystemExit("Chromium is not there. Install it, or name it in $CHROMIUM.")
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder = Path(made)
        workspace(folder, asked.charts)
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        with served(dashboard(folder, asked.port), folder, asked.port) as server:
            mine = ours(browser, server, asked.charts, asked.rounds)
        with served(naive(folder, asked.port), folder, asked.port) as server:
            theirs = others(browser, server, asked.rounds) / NAIVE * asked.charts
        browser.close()
    print(f"{asked.charts} Altair charts would take {theirs:.0f} s, {theirs / mine:.0f} times as long")


if __name__ == "__main__":
    main()
