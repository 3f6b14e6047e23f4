"""Words from outside stay words on every page, large uploads are refused, corrections are seen at once."""

import csv
import re
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.uploaded_file_manager import UploadedFile

from metrics import open_workspace
from metrics.ui import loading
from tests.browser import DEFINITIONS, FIRST, a_shop, visited
from tests.serving import Server, serving
from tests.test_browser import PAGES
from tests.visitor import Visitor

TAG = "<img src=x onerror=window.hit=1><script>window.hit=1</script>"
BEACON = "![x](http://beacon.example/a.png) [y](javascript:window.hit=1) [z](data:text/html,<script>window.hit=1</script>)"
WORDS = f"{TAG} {BEACON} {{{{7*7}}}} ${{7*7}}"


def quoted(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop whose names, meanings, beliefs, goals, titles and decisions try to be more than words."""
    folder = a_shop(tmp_path_factory.mktemp("hostile"), loaded=False)
    text = DEFINITIONS.replace("people:\n", "people:\n  cat: {name: Cat Hill, roles: [analyst]}\n", 1)
    for old in ("Ada Moss", "Visits", "People who came in", "who comes in may buy", "put the sign out", "Corner Shop",
                "Weekly review", "The door", "The week,", "what I came for was there"):  # fmt: skip
        comma = "," if old.endswith(",") else ""
        plain = old.removesuffix(",")
        for written in (f'"{plain}"{comma}', f"{plain}{comma}"):
            if written in text:
                text = text.replace(written, quoted(f"{plain} {WORDS}") + comma)
                break
        else:
            raise AssertionError(f"The shop has no {old!r} any more")
    (folder / "workspace.yaml").write_text(text, encoding="utf-8")
    workspace = open_workspace(folder)
    workspace.load(by="test")
    week = workspace.default_week()
    workspace.limits.declare_divider("orders", week - timedelta(weeks=8), WORDS, "cat")
    return folder


@pytest.fixture(scope="module")
def server(hostile: Path) -> Iterator[Server]:
    with serving(hostile) as found:
        yield found


@pytest.mark.parametrize("path", [*PAGES, "/metric?metric=visits", "/metric?metric=orders", "/?present=1&as=ada", "/owners?as=ada", "/?view=changes"])  # fmt: skip
def test_words_from_outside_run_nothing_and_fetch_nothing(browser, server, path):
    with visited(browser, server.address + path) as visit:
        visit.page.wait_for_timeout(600)
        assert visit.page.evaluate("window.hit") is None
        assert visit.abroad == []
        assert [one for one in visit.complaints if "beacon.example" in one or "refused" in one.lower()] == []
        inert = """() => { const found = []; const walk = root => { for (const e of root.querySelectorAll("*")) {
            for (const a of ["href", "src", "action", "formaction", "data"]) { const v = e.getAttribute(a) || "";
              if (/^\\s*(javascript|data:text)/i.test(v) || v.includes("beacon.example")) found.push(e.outerHTML.slice(0, 200)); }
            if ([...e.attributes].some(a => /^on/i.test(a.name))) found.push(e.outerHTML.slice(0, 200));
            if (e.shadowRoot) walk(e.shadowRoot); } }; walk(document); return found; }"""
        assert visit.page.evaluate(inert) == []


def test_an_upload_beyond_the_limit_is_refused(server):
    cookie = server.ask("/_stcore/health").headers["set-cookie"].split(";")[0]
    token = cookie.partition("=")[2]
    with server.socket() as line:
        asked = BackMsg()
        asked.rerun_script.query_string = ""
        line.send(asked.SerializeToString())
        while True:
            told = ForwardMsg.FromString(bytes(line.recv(30)))
            if told.WhichOneof("type") == "new_session":
                break
        path = f"/_stcore/upload_file/{told.new_session.initialize.session_id}/a-file"
        start = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
        headers = {"Cookie": cookie, "X-Xsrftoken": token, "Content-Type": "multipart/form-data; boundary=x"}
        small = server.ask(path, headers, "PUT", start + b"1,2\r\n--x--\r\n")
        assert small.status == 204
        large = server.ask(path, headers, "PUT", start + b"1" * 26 * 1024 * 1024 + b"\r\n--x--\r\n")
        assert large.status == 413


# --- a correction is seen at once ------------------------------------------------------------

LARGE = """
company: {name: Large, currency: USD, time_zone: UTC, now: 2026-05-05T07:00}
calendar: {week_ends_on: saturday}
people: {ada: {name: Ada Moss, roles: [owner]}}
sources:
  shops: {csv: shops.csv, date: {column: day}, series_column: series, value_column: value, segments: [shop]}
metrics:
  orders: {name: Orders, kind: output, owner: ada, unit: count, better: up, measure: {how: total, series: orders}}
decks:
  company: {title: Review, sections: [{title: All, blocks: [orders]}]}
"""
DAYS, SHOPS = 430, 150  # 64,500 rows: Streamlit's cache looks at a sample of those beyond 50,000.


def rows(corrected: int) -> list[tuple[str, str, str, int]]:
    return [
        (
            str(FIRST + timedelta(days=n + 53)),
            "orders",
            f"s{shop}",
            corrected if (n, shop) == (DAYS - 1, 77) else 1,
        )
        for n in range(DAYS)
        for shop in range(SHOPS)
    ]


def write(folder: Path, corrected: int) -> None:
    with (folder / "shops.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["day", "series", "shop", "value"])
        table.writerows(rows(corrected))


def test_one_corrected_cell_of_many_is_seen_at_once_while_loads_and_pages_go_on(tmp_path):
    (tmp_path / "workspace.yaml").write_text(LARGE, encoding="utf-8")
    write(tmp_path, 1)
    workspace = open_workspace(tmp_path)
    workspace.load(by="test")
    last = FIRST + timedelta(days=DAYS + 52)
    week = workspace.calendar.week(last).last
    assert week == date(2026, 5, 2)
    whole = 7 * SHOPS
    with serving(tmp_path) as server, Visitor(server.address, query=f"week={week}") as visit:
        assert f"{whole:,}" in visit.text
        for n in range(1, 6):
            write(tmp_path, 1 + n * 100)
            workspace.load(by="test")
            visit.run()
            assert f"{whole + n * 100:,}" in visit.text
            assert visit.broken == []
        # Loads and clicks at the same time: no lock, no half week, and the last number in the end.
        loads = threading.Thread(
            target=lambda: [(write(tmp_path, 1000 + n), workspace.load(by="test")) for n in range(5)]
        )
        loads.start()
        while loads.is_alive():
            visit.run()
            assert visit.broken == []
            assert not re.search(r"\block(ed)?\b", visit.text.lower())
        loads.join()
        visit.run()
        assert f"{whole + 1003:,}" in visit.text


@pytest.mark.parametrize(
    "given, name",
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\temp\\a.csv", "a.csv"),
        ("a\x00b\n\x1b[31m.csv", "ab[31m.csv"),
        ("..", "upload"),
        ("", "upload"),
        ("\ud800.csv", ".csv"),
        ("é" * 400 + ".csv", "é" * 98 + ".csv"),
    ],
)
def test_an_uploads_name_is_a_name_and_nothing_else(given: str, name: str) -> None:
    file = cast(UploadedFile, SimpleNamespace(name=given, getbuffer=lambda: b"day,x\n"))
    with loading.saved(file) as path:
        assert path.name == name
        assert path.read_bytes() == b"day,x\n"
    assert not path.parent.exists()
