"""What stands around the dashboard: the garbage of every run, crowds, health, and what is written down."""

import asyncio
import gc
import json
import logging
import threading
import weakref
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from metrics.ui import logs
from metrics.ui.asgi.crowds import Bodies, Buckets
from metrics.ui.asgi.health import Health
from metrics.ui.asgi.sweep import Sweep
from metrics.ui.asgi.wayback import WayBack


class Ring:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The clock of a sweep at work; afterwards everything is collected as before."""
    clock = Clock()
    sweep = Sweep(every=60, clock=clock)
    gc.callbacks.append(sweep)
    yield clock
    gc.callbacks.remove(sweep)
    gc.unfreeze()


def test_a_collection_sets_aside_what_stays(clock):
    stays = Ring()
    gc.collect()
    assert gc.get_freeze_count() > 0
    assert not any(one is stays for one in gc.get_objects())


def test_new_garbage_is_found_at_once(clock):
    gc.collect()
    garbage = weakref.ref(Ring())
    gc.collect()
    assert garbage() is None


def test_old_garbage_is_found_after_a_minute(clock):
    old = Ring()
    seen = weakref.ref(old)
    gc.collect()
    del old
    clock.now = 59
    gc.collect()
    assert seen() is not None
    clock.now = 60
    gc.collect()
    assert seen() is None


# --- crowds ----------------------------------------------------------------------------------


def test_an_address_has_its_burst_then_its_rate_and_the_next_one_its_own():
    clock = Clock()
    buckets = Buckets(rate=2, burst=4, clock=clock)
    assert [buckets.wait("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert buckets.wait("b") == 0
    clock.now = 1
    assert [buckets.wait("a") for _ in range(3)] == [0, 0, 0.5]
    clock.now = 1000
    assert [buckets.wait("a") for _ in range(5)][3:] == [0, 0.5]


def test_asking_takes_nothing():
    buckets = Buckets(rate=1, burst=1, clock=Clock())
    assert [buckets.wait("a", cost=0) for _ in range(3)] == [0, 0, 0]
    buckets.wait("a")
    assert buckets.wait("a", cost=0) == 1


def test_the_many_addresses_of_one_subscriber_count_as_one():
    buckets = Buckets(rate=1, burst=2, clock=Clock())
    assert [buckets.wait(f"2001:db8::{n}") for n in range(3)] == [0, 0, 1]
    assert buckets.wait("2001:db8:0:1::1") == 0


def test_strangers_without_end_are_forgotten_and_not_kept():
    buckets = Buckets(rate=1, burst=1, clock=Clock())
    for n in range(10_050):
        buckets.wait(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(buckets._known) == 10_000


@pytest.mark.parametrize("size, status", [(25, 200), (26, 413)])
def test_a_body_is_counted_where_its_size_was_not_told(size, status):
    async def reader(scope, receive, send):
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    parts = iter(
        [
            {"type": "http.request", "body": b"x" * 1024 * 1024, "more_body": n < size}
            for n in range(1, size + 1)
        ]
    )
    sent = []

    async def receive():
        return next(parts)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": "/api/v1/observations", "method": "POST", "headers": []}
    asyncio.run(Bodies(reader)(scope, receive, send))
    assert sent[0]["status"] == status


# --- health ----------------------------------------------------------------------------------

WELL = {"definitions": "ok", "store": "ok", "journal": "ok"}


def test_a_flood_of_questions_costs_one_look():
    looks = []
    clock = Clock()
    health = Health(lambda: looks.append(1) or WELL, clock)

    async def flood():
        return [await health.answer() for _ in range(200)]

    answers = asyncio.run(flood())
    assert len(looks) == 1
    assert answers[-1] == (200, {"status": "ok", **WELL, "seconds_ago": 0.0})
    clock.now = 3
    asyncio.run(flood())
    assert len(looks) == 2


def test_a_slow_look_is_not_waited_for_but_a_stale_finding_is_no_health():
    clock, free = Clock(), threading.Event()
    slow = False

    def look():
        if slow:
            free.wait(20)
        return WELL

    health = Health(look, clock)
    assert asyncio.run(health.answer())[0] == 200
    slow, clock.now = True, 10
    assert asyncio.run(health.answer()) == (200, {"status": "ok", **WELL, "seconds_ago": 10.0})
    assert not free.is_set()  # The slow look goes on.
    clock.now = 31
    assert asyncio.run(health.answer()) == (503, {"status": "busy"})
    free.set()


@pytest.mark.parametrize(
    "finding, status",
    [
        (WELL, 200),
        (WELL | {"store": "empty"}, 200),
        (WELL | {"store": "unreadable"}, 503),
        (WELL | {"journal": "unreadable"}, 503),
    ],
)
def test_what_cannot_be_read_is_no_health(finding, status):
    assert asyncio.run(Health(lambda: finding).answer())[0] == status


# --- what is written down --------------------------------------------------------------------

SECRET = "s3cr3t-Zebra/41+x=="
# fmt: off
SECRETS = [
    ("a password in an address",     f"cannot reach postgresql+psycopg://wbr:{SECRET.replace('/', '')}@db/journal"),
    ("one with odd signs in it",     f"cannot reach postgresql://wbr:{SECRET}@s3cr3t-Zebra?#[@db:5432/journal: no"),
    ("a user in an address",         "see https://s3cr3t-Zebra@host/x"),
    ("a bearer token",               f"header was Bearer {SECRET}"),
    ("a header",                     f"Authorization: Token {SECRET}"),
    ("a header in a dict",           f"{{'authorization': 'Bearer {SECRET}'}}"),
    ("a cookie",                     f"Cookie: _streamlit_user={SECRET}; other={SECRET}"),
    ("a cookie that is set",         f"set-cookie: a={SECRET}; Path=/"),
    ("a password by name",           f"password={SECRET} host=db"),
    ("a password in quotes",         f"connect(password='{SECRET} two words')"),
    ("a setting",                    f"WBR_METRICS_TOKEN={SECRET}"),
    ("a setting in YAML",            f"cookie_secret: {SECRET}"),
    ("JSON",                         f'{{"client_secret": "{SECRET}"}}'),
    ("a login's code",               f"GET /oauth2callback?code={SECRET}&state={SECRET}"),
    ("a token in a query",           f"/api/v1/deck?week=latest&access_token={SECRET}"),
    ("a login's token",              "eyJhbGciOi.s3cr3t-Zebra.c2ln is expired"),
    ("a token of the API",           "no such token: sxt_s3cr3t-Zebra-0123456789"),
]
# fmt: on


@pytest.mark.parametrize("text", [c[1] for c in SECRETS], ids=[c[0] for c in SECRETS])
def test_a_secret_is_taken_out(text):
    told = logs.scrubbed(text)
    assert "s3cr3t" not in told
    assert "Zebra" not in told
    assert "***" in told


def test_what_is_no_secret_stays():
    for text in (
        "/metric?metric=orders&week=2026-05-02",
        "Port 8501 on 127.0.0.1 is taken by another program.",
        "metrics.yaml, line 27, metrics.orders.owner: 'sam' is not among owners.",
        "sqlite:////srv/wbr/journal.sqlite is locked; at 10:42:11 by ada@shop.example",
    ):
        assert logs.scrubbed(text) == text


@pytest.fixture
def written(capsys):
    """Give a form; what was written since is the second part."""
    factory, disabled = logging.getLogRecordFactory(), logging.getLogger("uvicorn.access").disabled
    yield lambda form: (logs.begin(form), capsys)[1]
    logging.setLogRecordFactory(factory)
    logging.getLogger("uvicorn.access").disabled = disabled


def test_others_write_in_our_form_and_without_secrets_also_in_a_traceback(written):
    output = written("json")
    other = logging.getLogger("a.driver")
    other.addHandler(logging.StreamHandler())
    other.handlers[0].setFormatter(logging.Formatter("%(message)s"))
    try:
        raise OSError(f"no route to postgresql://wbr:{'hunter2'}@db")
    except OSError:
        other.warning("failed with password=%s", "hunter2", exc_info=True)
    logs.told("request", path="/x", person=None, status=200)
    lines = [json.loads(line) for line in output.readouterr().err.splitlines()]
    assert lines[0]["event"] == "failed with password=***"
    assert "Traceback" in lines[0]["error"]
    assert "hunter2" not in json.dumps(lines)
    assert lines[1]["path"] == "/x"
    assert "person" not in lines[1]


def test_text_tells_what_went_wrong_only_in_one_line(written):
    output = written("text")
    logs.told("request", path="/x", status=200)
    logs.told("request", logging.WARNING, path="/x\nforged", status=500)
    assert [line.partition(" ")[2] for line in output.readouterr().err.splitlines()] == [
        "warning: request path=/x\ufffdforged status=500"
    ]


# --- back from a login -----------------------------------------------------------------------

STATE = "Xa81kqQ0sLw7"


def a_login(path: str, location: str, query: str = "", **headers: str) -> list[tuple[str, str]]:
    """The location and the cookies that a redirect of the login has in the end."""
    sent: list[tuple[str, str]] = []

    async def provider(scope, receive, send):
        told = [(b"location", location.encode())]
        await send({"type": "http.response.start", "status": 302, "headers": told})

    async def send(message):
        sent.extend((name.decode().lower(), value.decode()) for name, value in message["headers"])

    given = [(name.encode(), value.encode()) for name, value in {"host": "wbr.example", **headers}.items()]
    scope = {"type": "http", "path": path, "query_string": query.encode(), "headers": given}
    asyncio.run(WayBack(provider)(scope, None, send))
    return sent


# fmt: off
WAYS = [
    # it shows that …                             the page that asked                                    comes back to
    ("a metric's page is found again",            "https://wbr.example/metric?metric=orders&week=2026-04-25", "/metric?metric=orders&week=2026-04-25"),
    ("so is the start page in another week",      "https://wbr.example/?week=2026-04-25&view=exceptions",     "/?week=2026-04-25&view=exceptions"),
    ("who somebody is stays behind",              "https://wbr.example/owners?as=dee",                        "/owners"),
    ("words that no page knows stay behind",      "https://wbr.example/metric?next=//evil.example&metric=a",  "/metric?metric=a"),
    ("what is typed stays one value",             "https://wbr.example/metric?metric=a%0d%0aSet-Cookie:%20b", "/metric?metric=a%0D%0ASet-Cookie%3A+b"),
    ("another site's page is none",               "https://evil.example/metric?metric=orders",                "/"),
    ("nor is an address that leads away",         "https://wbr.example//evil.example/",                       "/"),
    ("nor one that is no page",                   "https://wbr.example/auth/logout",                          "/"),
    ("nor one too long to keep",                  f"https://wbr.example/metric?metric={'a' * 2_000}",         "/"),
    ("nor one without an end",                    "https://wbr.example",                                      "/"),
    ("nor one that is no address at all",         "http://[",                                                 "/"),
]
FORGED = [
    ("another site",           "https://evil.example/"),
    ("one without a scheme",   "//evil.example/metric"),
    ("a path that is no page", "/oauth2callback?code=x"),
    ("a line break",           "/metric%0d%0aX-Forged: 1"),
]
# fmt: on


@pytest.mark.parametrize(("came", "back"), [c[1:] for c in WAYS], ids=[c[0] for c in WAYS])
def test_a_login_leads_back_to_the_page_that_asked_for_it(came, back):
    out = a_login("/auth/login", f"https://id.example/authorize?state={STATE}", referer=came)
    cookies = [value for name, value in out if name == "set-cookie"]
    if back == "/":
        assert cookies == []
        return
    (cookie,) = cookies
    kept, *rest = cookie.split("; ")
    assert rest == ["Path=/oauth2callback", "Max-Age=900", "HttpOnly", "SameSite=Lax"]
    assert a_login("/oauth2callback", "/", f"code=c&state={STATE}", cookie=kept) == [
        ("location", back),
        ("set-cookie", f"wbr_back_{STATE}=; Path=/oauth2callback; Max-Age=0; HttpOnly; SameSite=Lax"),
    ]
    assert a_login("/oauth2callback", "/", "code=c&state=another-login", cookie=kept) == [("location", "/")]
    assert a_login("/oauth2callback", "/", "", cookie=kept) == [("location", "/")]  # The end of a log-out.


@pytest.mark.parametrize("kept", [c[1] for c in FORGED], ids=[c[0] for c in FORGED])
def test_a_cookie_that_somebody_wrote_leads_nowhere_else(kept):
    told = a_login(
        "/oauth2callback", "/", f"state={STATE}", cookie=f"wbr_back_{STATE}={quote(kept, safe='')}"
    )
    assert told[0] == ("location", "/")
