"""Tried against a running server as an attacker who has the source would. SECURITY.md names these tests."""

import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from metrics import open_workspace
from tests.browser import a_shop
from tests.serving import Server, serving
from tests.visitor import Visitor

SECRET = "0pen-Sesame-5723"
SESSIONS = 12


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def server(shop: Path) -> Iterator[Server]:
    """A server with a name, few sessions, a log in JSON and secrets in its settings."""
    settings = {"WBR_LOG": "json", "WBR_SESSIONS": str(SESSIONS), "WBR_METRICS_TOKEN": SECRET}
    with serving(shop, "--host-name", "review.example.com", environment=settings) as found:
        yield found


# --- names and origins -----------------------------------------------------------------------

# fmt: off
HOSTS = [
    ("this machine's address",      "127.0.0.1:8501",         200),
    ("this machine's name",         "localhost",              200),
    ("the name it was given",       "review.example.com",     200),
    ("in capitals, with a dot",     "Review.Example.COM.:80", 200),
    ("another name",                "evil.example",           400),
    ("a name that ends alike",      "xreview.example.com",    400),
    ("a name below",                "a.review.example.com",   400),
    ("a name in front",             "review.example.com@evil.example", 400),
    ("another address in figures",  "10.1.2.3",               400),
    ("a port that is none",         "review.example.com:http", 400),
    ("a path",                      "review.example.com/x",   400),
    ("nothing",                     "",                       400),
]
ORIGINS = [
    ("its own page",                       "http://127.0.0.1:{port}", 101),
    ("a program, which sends none",        None,                      101),
    ("another site's page",                "https://evil.example",    403),
    ("another server of this machine",     "http://127.0.0.1:1",      403),
    ("another name of this machine",       "http://localhost:{port}", 403),
    ("a page from a file or a sandbox",    "null",                    403),
]
# fmt: on


@pytest.mark.parametrize("host, status", [c[1:] for c in HOSTS], ids=[c[0] for c in HOSTS])
def test_a_server_answers_to_its_own_names(server, host, status):
    answer = server.ask("/", {"Host": host, "Accept": "text/html"})
    assert answer.status == status
    assert (b"does not answer to that name" in answer.body) == (status == 400)


def test_a_wrong_name_is_shown_as_text(server):
    answer = server.ask("/", {"Host": "<script>alert(1)</script>", "Accept": "text/html"})
    assert answer.status == 400
    assert b"<script>alert" not in answer.body


def test_a_socket_for_another_name_does_not_open(server):
    with pytest.raises(InvalidStatus) as refused:
        server.socket(Host="evil.example").close()
    assert refused.value.response.status_code == 400


@pytest.mark.parametrize("origin, status", [c[1:] for c in ORIGINS], ids=[c[0] for c in ORIGINS])
def test_only_its_own_pages_open_a_socket(server, origin, status):
    told = {"Origin": origin.format(port=server.port)} if origin else {}
    try:
        server.socket(**told).close()
        got = 101
    except InvalidStatus as refused:
        got = refused.response.status_code
    assert got == status


def test_another_sites_page_may_not_post(server):
    told = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    assert server.ask("/_stcore/upload_file/a/b", told, "PUT", b"x").status == 403
    assert server.ask("/api/v1/decks", told, "POST", b"{}").status == 403


def test_a_garbage_frame_closes_its_own_socket_and_no_other(server):
    with Visitor(server.address) as other:
        for frame in (b"\xff" * 400, b"\x00", "text"):
            with server.socket() as line:
                line.send(frame)
                assert isinstance(_end(line), ConnectionClosed)
        other.go("view=exceptions")
        assert other.broken == []
    assert server.ask("/healthz").status == 200


def _end(line: ClientConnection) -> Exception:
    """What ends a socket, after all it still says."""
    while True:
        try:
            line.recv(10)
        except (ConnectionClosed, TimeoutError) as error:
            return error


# --- uploads and bodies ----------------------------------------------------------------------


def test_an_upload_without_the_token_of_its_page_is_refused(server):
    told = {"Content-Type": "multipart/form-data; boundary=x"}
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\n1\r\n--x--\r\n'
    assert server.ask("/_stcore/upload_file/a/b", told, "PUT", body).status == 403
    assert (
        server.ask(
            "/_stcore/upload_file/a/b", told | {"Cookie": "_streamlit_xsrf=2|a|b|1"}, "PUT", body
        ).status
        == 403
    )
    assert server.ask("/_stcore/upload_file/a/b", None, "DELETE").status == 403


def test_a_body_beyond_the_limit_is_refused_(server):
    assert server.ask("/healthz", {"Content-Length": str(26 * 1024 * 1024)}, "POST").status == 413


# --- headers ---------------------------------------------------------------------------------

ADDRESSES = ["/", "/metric", "/nowhere", "/static/nothing.js", "/_stcore/health", "/_stcore/host-config", "/media/0.png",
             "/component/x/y", "/healthz", "/metrics", "/review", "/%2e%2e/etc/passwd", "//evil.example", "/_stcore/metrics"]  # fmt: skip


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_answer_has_the_headers(server, path):
    for method in ("GET", "HEAD", "OPTIONS", "POST", "BREW"):
        answer = server.ask(path, {"Host": "review.example.com"}, method)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "connect-src 'self' ws://review.example.com wss://review.example.com;" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert len(answer.headers["x-request-id"]) == 32
        assert "access-control-allow-origin" not in answer.headers
        assert "strict-transport-security" not in answer.headers


def test_refusals_have_the_headers_too(server):
    answer = server.ask("/", {"Host": "evil.example; script-src *"})
    assert answer.status == 400
    assert "script-src *" not in answer.headers["content-security-policy"]


def test_cookies_travel_by_https_only_where_the_proxy_says_https(server):
    plain = server.ask("/_stcore/health")
    secure = server.ask("/_stcore/health", {"X-Forwarded-Proto": "https"})
    cookies = [one for one in (plain.headers.get("set-cookie"), secure.headers.get("set-cookie")) if one]
    assert len(cookies) == 2, "Streamlit sets its XSRF cookie here"
    assert "; secure" not in cookies[0].lower()
    assert all("; secure" in one.lower() for one in cookies[1].splitlines())
    assert secure.headers["strict-transport-security"] == "max-age=31536000"


def test_a_stranger_who_claims_https_or_another_address_is_not_believed(shop):
    with serving(shop, environment={"FORWARDED_ALLOW_IPS": "10.9.9.9", "WBR_LOG": "json"}) as server:
        answer = server.ask(
            "/", {"X-Forwarded-Proto": "https", "X-Forwarded-For": "8.8.8.8", "Accept": "text/html"}
        )
        assert "strict-transport-security" not in answer.headers
        assert [event["address"] for event in server.events("request") if event["path"] == "/"] == [
            "127.0.0.1"
        ]


# --- what is not shown to strangers ----------------------------------------------------------

BEHIND = {"X-Forwarded-For": "203.0.113.9"}


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/agent/mcp"])
def test_streamlits_own_side_doors_are_shut_from_outside(server, path):
    assert server.ask(path, BEHIND).status == 404


def test_measures_are_for_this_machine_or_for_a_token(server):
    assert server.ask("/metrics", BEHIND).status == 401
    assert server.ask("/metrics", BEHIND | {"Authorization": "Bearer wrong"}).status == 401
    assert server.ask("/metrics", BEHIND | {"Authorization": f"Bearer {SECRET}"}).status == 200
    told = server.ask("/metrics").text
    for name in ("sixtwelve_requests_total", "sixtwelve_request_seconds_bucket", "sixtwelve_sessions ",
                 "sixtwelve_store_generation 1.0", "sixtwelve_store_bytes ", "sixtwelve_journal_entries ",
                 "sixtwelve_last_load_age_seconds ", "process_resident_memory_bytes "):  # fmt: skip
        assert name in told


def test_labels_do_not_grow_with_what_strangers_ask(server):
    for n in range(40):
        server.ask(f"/made-up-{n}", method=f"MADE{n}")
    assert "made-up" not in (told := server.ask("/metrics").text)
    assert "MADE" not in told


def test_health_tells_words_and_no_secret(server):
    answer = server.ask("/healthz", BEHIND)
    assert (answer.status, answer.json()["status"]) == (200, "ok")
    assert set(answer.json()) == {"status", "definitions", "store", "journal", "seconds_ago"}


def test_health_sees_a_lost_store_and_a_broken_journal(tmp_path):
    folder = a_shop(tmp_path / "shop")
    with serving(folder, environment={"WBR_LOG": "json"}) as server:
        assert server.ask("/healthz").json()["journal"] == "ok"
        (folder / "journal.sqlite").write_bytes(b"not a database" * 400)
        for generation in (folder / "store").glob("*.duckdb"):
            generation.write_bytes(b"torn")
        time.sleep(2.2)
        answer = server.ask("/healthz")
        assert answer.status == 503
        assert answer.json() | {"seconds_ago": 0} == {
            "status": "trouble",
            "definitions": "ok",
            "store": "unreadable",
            "journal": "unreadable",
            "seconds_ago": 0,
        }
        assert str(folder) not in answer.text
        assert {event["part"] for event in server.events("health")} == {"store", "journal"}


# --- crowds ----------------------------------------------------------------------------------


def test_the_session_beyond_the_limit_is_asked_to_wait_and_health_still_answers(server):
    with ExitStack() as crowd:
        for _ in range(SESSIONS):
            crowd.enter_context(server.socket())
        with pytest.raises(InvalidStatus) as refused:
            server.socket().close()
        assert refused.value.response.status_code == 503
        page = server.ask("/", {"Accept": "text/html"})
        assert page.status == 503
        assert page.headers["retry-after"] == "30"
        assert "Everybody is here already" in page.text
        assert '<meta http-equiv="refresh" content="30">' in page.text
        assert server.ask("/healthz").status == 200
        assert f"sixtwelve_sessions {SESSIONS}.0" in server.ask("/metrics").text
    end = time.monotonic() + 10
    while server.ask("/", {"Accept": "text/html"}).status == 503 and time.monotonic() < end:
        time.sleep(0.1)
    assert server.ask("/", {"Accept": "text/html"}).status == 200
    server.socket().close()


def test_three_hundred_sockets_are_kept_no_more_and_health_answers_within_a_second(shop):
    with serving(shop) as server, ExitStack() as crowd:
        with ThreadPoolExecutor(8) as hands:
            for line in hands.map(lambda _: server.socket(), range(300)):
                crowd.enter_context(line)
        with pytest.raises(InvalidStatus) as refused:
            server.socket().close()
        assert refused.value.response.status_code == 503
        begun = time.perf_counter()
        assert server.ask("/healthz").status == 200
        assert time.perf_counter() - begun < 1


def test_one_address_may_not_ask_without_end_and_others_and_health_are_answered(shop):
    with serving(shop, environment={"WBR_RATE": "2"}) as server:
        one = {"X-Forwarded-For": "198.51.100.7"}
        statuses = [server.ask("/static/x", one).status for _ in range(90)]
        assert statuses[:60] == [statuses[0]] * 60
        assert statuses[-1] == 429
        answer = server.ask("/", one | {"Accept": "text/html"})
        assert int(answer.headers["retry-after"]) >= 1
        assert server.ask("/", {"X-Forwarded-For": "198.51.100.8", "Accept": "text/html"}).status == 200
        for _ in range(90):
            assert server.ask("/healthz").status == 200


# --- made-up messages ------------------------------------------------------------------------


def test_a_message_that_no_page_sends_is_one_line_of_the_log_and_ends_no_session(server):
    """What Streamlit itself cannot read, made up with a secret in it; then the same tab goes on."""
    with Visitor(server.address, query="as=ada") as visit:
        before = len(server.events("fault"))
        visit.send("step Week before", json_value=f'{{{{"password={SECRET}')
        (said,) = visit.broken
        assert "This page met a fault" in said
        assert SECRET not in said
        visit.broken.clear()
        visit.go("as=ada&view=exceptions")
        assert visit.broken == []
    (line,) = server.events("A message that no page sends was refused: JSONDecodeError.")
    assert "error" not in line
    assert len(server.events("fault")) == before + 1
    assert "Traceback" not in server.log
    assert SECRET not in server.log


# fmt: off
MADE_UP = [
    # it shows that …                             what is sent
    ("a field of text is sent a number",          {"int_value": 7}),
    ("a button is sent a text",                   {"string_value": "x\x00y"}),
    ("a list is sent bytes",                      {"bytes_value": b"\xff"}),
    ("a switch is sent a document",               {"json_value": '{"a": 1}'}),
    ("a choice is sent what is not offered",      {"int_value": 9_999}),
]
# fmt: on


@pytest.mark.parametrize("sent", [c[1] for c in MADE_UP], ids=[c[0] for c in MADE_UP])
def test_a_value_of_another_kind_decides_nothing_and_leaves_no_traceback(server, shop, sent):
    """At most the one run of the page ends, in words."""
    with Visitor(server.address, "metric", "as=ada&metric=visits") as visit:
        for key in ("answer:visits go", "week", "metric", "who", "look"):
            if visit.has(key):
                visit.send(key, **sent)
                assert "stack" not in "".join(visit.broken)
        visit.broken.clear()
        visit.go("as=ada&metric=orders")
    assert "Traceback" not in server.log
    assert open_workspace(shop).journal.facts() == ()


def test_a_button_that_is_not_shown_cannot_be_pressed(server, shop):
    """Its name is known to whoever has the source: it is pressed as somebody who may not."""
    with Visitor(server.address, "sources", "as=cy") as allowed:
        button = allowed._id("load")
    with Visitor(server.address, "sources", "as=ada") as visit:
        assert not visit.has("load")
        visit.run(WidgetState(id=button, trigger_value=True))
        assert visit.broken == []
        assert "takes the role analyst" in visit.text
    with Visitor(server.address, query="as=ada&view=week") as visit:
        for key in ("publish", "move", "certify all"):
            if visit.has(key):
                visit.click(key)
                assert visit.broken == []
    house = open_workspace(shop)
    assert house.version == "wbr-000001.duckdb"
    assert [fact.kind for fact in house.journal.facts() if fact.kind != "access.refused"] == []


# --- what is written down --------------------------------------------------------------------


def test_requests_are_written_down_with_their_number_and_without_secrets(server):
    told = {
        "X-Request-ID": "from-the-proxy-17",
        "Authorization": f"Bearer {SECRET}",
        "Cookie": f"_streamlit_user={SECRET}",
        "Accept": "text/html",
    }
    answer = server.ask(f"/oauth2callback?code={SECRET}&state={SECRET}", told)
    assert answer.headers["x-request-id"] == "from-the-proxy-17"
    server.ask(f"/metric?token={SECRET}", told | {"X-Request-ID": "second-request-18"})
    [first] = [e for e in server.events("request") if e["request"] == "from-the-proxy-17"]
    assert first["path"] == "/oauth2callback"
    assert {"time", "level", "method", "status", "ms", "address"} <= set(first)
    assert SECRET not in server.log


def test_a_request_number_that_could_forge_a_line_is_replaced(server):
    for forged in ("short", 'x"}, {"event": "y"', "a" * 65, "spaces are not sound"):
        assert server.ask("/healthz", {"X-Request-ID": forged}).headers["x-request-id"] != forged


def test_a_path_cannot_forge_a_line_of_the_log(server):
    server.ask("/x%0a%7b%22event%22%3a%22forged%22%7d", {"Accept": "text/html"})
    assert server.events("forged") == []


def test_runs_are_written_down_with_the_number_of_their_request(server):
    with Visitor(server.address) as visit:
        assert visit.broken == []
    runs = server.events("run")
    assert runs[-1]["page"] == "review"
    assert runs[-1]["ms"] > 0
    assert len(runs[-1]["request"]) == 32


# --- addresses -------------------------------------------------------------------------------

STRANGE = [
    "week=<script>alert(1)</script>",
    "week=2026-13-99",
    "week=' OR 1=1 --",
    "metric=<img src=x onerror=alert(1)>",
    "metric=orders'; DROP TABLE observation; --",
    "metric=../../etc/passwd",
    "deck=nothing",
    "view=admin",
    "as=<b>root</b>",
    "week=" + "9" * 10_000,
    "q=" + "%00%ff" * 500,
]


@pytest.mark.parametrize("page", ["", "metric", "owners", "goals", "sources", "flywheel", "correlations"])
def test_a_strange_address_gives_the_default_with_a_notice(server, page):
    with Visitor(server.address, page) as visit:
        for query in STRANGE:
            visit.go(quote(query, safe="=&%"))
            assert visit.broken == []
            shown = "\n".join((*visit.markup, *visit.said))
            assert "<script>alert" not in shown
            assert not re.search(r"(?<!\\)<img src=x", shown)  # Markdown shows `\<` as the sign.
            assert "Traceback" not in shown


def test_nothing_outside_the_package_can_be_fetched(server):
    for path in ("/static/../../../../etc/passwd", "/static/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd",
                 "/component/..%2f..%2fetc/passwd", "/app/static/x", "/media/../etc/passwd"):  # fmt: skip
        assert b"root:" not in server.ask(path).body


def test_a_slow_stranger_holds_up_nobody(server):
    with ExitStack() as slow:
        for _ in range(50):
            line = slow.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        assert server.ask("/healthz").status == 200  # While all fifty are still talking.


def test_the_log_is_one_document_a_line(server):
    lines = [line for line in server.log.splitlines()[1:] if line]
    assert len(lines) > 10
    for line in lines:
        assert json.loads(line)["level"] in ("info", "warning", "error")
