"""The shipped configuration of nginx and Caddy, run on this machine in front of a real server, by a browser."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from oidc_provider_mock import run_server_in_thread
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser import a_shop, chromium
from tests.serving import ROOT, Server, free_port, serving
from tests.test_login import USERS, a_guarded_shop, secrets

NAME = "review.localhost"  # A browser looks for names below localhost on this machine.
MAIN = """
daemon off;
worker_processes 1;
pid {scratch}/nginx.pid;
error_log {scratch}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {scratch}/body;
    proxy_temp_path {scratch}/proxy;
    fastcgi_temp_path {scratch}/fastcgi;
    uwsgi_temp_path {scratch}/uwsgi;
    scgi_temp_path {scratch}/scgi;
    include {site};
}}
"""
GLOBAL = """{{
	admin off
	http_port {http}
	https_port {https}
	skip_install_trust
	local_certs
	storage file_system {scratch}/caddy
}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    shop = a_shop(tmp_path_factory.mktemp("shop"))
    options = ("--host-name", NAME, "--base-path", "/wbr", "--allow-anonymous-readers")
    with serving(shop, *options, environment={"WBR_LOG": "json"}) as found:
        yield found


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def front(request, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a proxy that runs the shipped file, ports, name and certificate apart."""
    scratch = tmp_path_factory.mktemp(request.param)
    scratch.chmod(0o755)
    runs = {"nginx": _nginx, "caddy": _caddy}[request.param]
    with runs(scratch, server) as found:
        yield found


def _replaced(name: str, changes: dict[str, str]) -> str:
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text, f"{name} has no {old!r} any more"
        text = text.replace(old, new)
    return text


def certified(scratch: Path) -> tuple[Path, Path]:
    """A key, and a certificate of the name that vouches for itself."""
    key, certificate = scratch / "key.pem", scratch / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        f"/CN={NAME}",
    ]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


@contextmanager
def _nginx(scratch: Path, server: Server, https: int | None = None) -> Iterator[str]:
    key, certificate = certified(scratch)
    http, https = free_port(), https or free_port()
    changes = {
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{https} ssl http2;",
        "server_name review.example.com;": f"server_name {NAME};",
        "/etc/ssl/certs/review.example.com.pem": str(certificate),
        "/etc/ssl/private/review.example.com.key": str(key),
        "server 127.0.0.1:8501;": f"server 127.0.0.1:{server.port};",
    }
    (scratch / "site.conf").write_text(_replaced("nginx.conf", changes), encoding="utf-8")
    (scratch / "main.conf").write_text(
        MAIN.format(scratch=scratch, site=scratch / "site.conf"), encoding="utf-8"
    )
    with _running([_program("nginx"), "-c", str(scratch / "main.conf"), "-p", str(scratch)], https):
        yield f"https://{NAME}:{https}"


@contextmanager
def _caddy(scratch: Path, server: Server) -> Iterator[str]:
    http, https = free_port(), free_port()
    text = GLOBAL.format(http=http, https=https, scratch=scratch) + _replaced("Caddyfile", {})
    (scratch / "Caddyfile").write_text(text, encoding="utf-8")
    command = [_program("caddy"), "run", "--config", str(scratch / "Caddyfile"), "--adapter", "caddyfile"]
    told = {"WBR_NAME": f"{NAME}:{https}", "WBR_UPSTREAM": f"127.0.0.1:{server.port}", "HOME": str(scratch)}
    with _running(command, https, **told):
        yield f"https://{NAME}:{https}"


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"{name} is not there: sh tests/proxies.sh"
    return found


@contextmanager
def _running(command: list[str], port: int, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, **environment})
    try:
        end = time.monotonic() + 20
        while True:
            assert process.poll() is None, f"{command[0]} ended"
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < end, f"{command[0]} did not start"
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def tab(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    yield context
    context.close()


def ask(address: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    """One request to the proxy on this machine, by the name in its address; a redirect is not followed."""
    place = urlsplit(address)
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", place.port or 443), 20)
    with anybody.wrap_socket(plain, server_hostname=NAME) as wrapped:
        line = http.client.HTTPConnection(place.netloc)
        line.sock = wrapped
        line.request(
            "GET", f"{place.path}?{place.query}" if place.query else place.path, headers=headers or {}
        )
        answer = line.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()


def test_a_person_walks_through_the_review_behind_a_proxy(tab, front, server):
    page = tab.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda one: (
            wrong.append(one.url)
            if f"//{NAME}:" not in one.url and not one.url.startswith(("data:", "blob:"))
            else None
        ),
    )
    sockets: list[str] = []
    page.on("websocket", lambda one: sockets.append(one.url))
    page.goto(f"{front}/wbr/")
    expect(page.locator(".w-week")).to_have_text("Week 18, ending Saturday 2 May 2026")
    page.keyboard.press("[")
    expect(page.locator(".w-week")).to_have_text("Week 17, ending Saturday 25 April 2026")
    assert page.url.startswith(f"{front}/wbr/?")
    page.get_by_role("link", name="Owners").first.click()
    expect(page.locator("h1")).to_have_text("Owners")
    assert page.url.startswith(f"{front}/wbr/owners")
    page.goto(f"{front}/wbr/metric?metric=orders")
    expect(page.locator("h1")).to_have_text("Orders")
    assert wrong == []
    assert sockets
    assert all(one.startswith(f"wss://{NAME}:") for one in sockets)
    assert all(cookie["secure"] for cookie in tab.cookies())
    assert tab.cookies(), "Streamlit sets its XSRF cookie"


def test_the_right_path_is_answered_and_browsers_are_told_to_keep_to_https(front):
    status, headers, _ = ask(f"{front}/wbr")
    assert (status, headers["location"].removeprefix(front)) == (301, "/wbr/")
    status, headers, _ = ask(f"{front}/wbr/")
    assert status == 200
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert f"wss://{front.removeprefix('https://')};" in headers["content-security-policy"]


def test_the_numbers_of_requests_reach_the_log_and_a_claimed_address_does_not(front, server):
    _, headers, _ = ask(
        f"{front}/wbr/nowhere",
        {"X-Forwarded-For": "8.8.8.8", "Forwarded": "for=8.8.8.8", "X-Request-ID": "claimed-by-a-visitor"},
    )
    number = headers["x-request-id"]
    assert number != "claimed-by-a-visitor"
    end = time.monotonic() + 5
    while (
        not (found := [e for e in server.events("request") if e["request"] == number])
        and time.monotonic() < end
    ):
        time.sleep(0.1)
    assert found[0]["path"] == "/wbr/nowhere"
    assert found[0]["address"] == "127.0.0.1"


def test_own_addresses_are_found_below_the_path_and_private_ones_are_not(front):
    assert ask(f"{front}/wbr/healthz")[0] == 200
    status, headers, _ = ask(f"{front}/wbr/review?week=2026-04-25")
    assert (status, headers["location"]) == (307, "./?week=2026-04-25")
    for private in ("metrics", "_stcore/metrics", "_stcore/agent/mcp"):
        assert ask(f"{front}/wbr/{private}")[0] == 404


def test_another_sites_page_opens_no_socket_through_the_proxy(tab, front):
    page = tab.new_page()
    port = front.rpartition(":")[2]
    page.goto("about:blank")  # Its origin is `null`, as that of a sandboxed frame.
    script = """url => new Promise(done => { const line = new WebSocket(url, ["streamlit"]);
        line.onopen = () => done("open"); line.onerror = () => done("refused"); })"""
    assert page.evaluate(script, f"wss://{NAME}:{port}/wbr/_stcore/stream") == "refused"
    own = tab.new_page()
    own.goto(f"{front}/wbr/healthz")
    assert own.evaluate(script, f"wss://{NAME}:{port}/wbr/_stcore/stream") == "open"


def test_a_person_logs_in_and_out_behind_a_proxy_below_a_path(tab, tmp_path):
    """From a link to that link; the identity stays below the path and travels by HTTPS alone."""
    shop, scratch, https = a_guarded_shop(tmp_path / "shop"), tmp_path / "nginx", free_port()
    scratch.mkdir()
    front = f"https://{NAME}:{https}/wbr"
    with run_server_in_thread(user_claims=USERS) as provider:
        file = secrets(tmp_path, provider.server_port, front)
        options = ("--host-name", NAME, "--base-path", "/wbr", "--login", str(file))
        with serving(shop, *options) as server, _nginx(scratch, server, https):
            page = tab.new_page()
            page.goto(f"{front}/metric?metric=orders&week=2026-04-25")
            page.get_by_role("button", name="Log in").click()
            page.get_by_role("button", name="a", exact=True).click()
            expect(page.locator("h1")).to_have_text("Orders", timeout=30_000)
            assert page.url == f"{front}/metric?metric=orders&week=2026-04-25"
            cookies = {one["name"]: one for one in tab.cookies(front)}
            assert {name: (one["path"], one["secure"], one["httpOnly"]) for name, one in cookies.items()} == {
                "_streamlit_user": ("/wbr", True, True),
                "_streamlit_user_tokens": ("/wbr", True, True),
                "_streamlit_xsrf": ("/", True, False),  # Streamlit's own choice; it says nothing of a person.
            }
            page.get_by_test_id("stPopover").locator("button").first.click()
            page.get_by_role("button", name="Log out", exact=True).click()
            page.get_by_role("button", name="End session").click()  # Out at the provider too.
            page.wait_for_selector("text=Log in to read the review")
            assert page.url == f"{front}/"
            assert [one["name"] for one in tab.cookies(front)] == ["_streamlit_xsrf"]
            page.goto(f"{front}/metric?metric=orders")
            page.wait_for_selector("text=Log in to read the review")
