"""Login with an identity provider, in a real browser; and every way to be let in without one."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Browser, BrowserContext, Page
from streamlit.testing.v1 import AppTest

from metrics import open_workspace
from metrics.errors import MetricsError
from metrics.ui import door
from tests.browser import DEFINITIONS, ROOT, a_shop, chromium
from tests.serving import Server, _wait, free_port, serving

PAGES = ("", "metric", "goals", "owners", "flywheel", "correlations", "sources", "people")
CONTENT = ("Corner Shop", "Visits", "Revenue", "Week 18", "Ada Moss")
PEOPLE = """
people:
  ada: {name: Ada Moss, roles: [owner], email: ada@shop.example}
  ben: {name: Ben Roe, roles: [owner], email: ben@shop.example}
  cy: {name: Cy Dale, roles: [analyst], email: cy@shop.example}
  dee: {name: Dee Poe, roles: [deck_owner], email: dee@shop.example}
login: {groups: {wbr-programme: [deck_owner]}}
"""
USERS = [
    User(sub="a", claims={"email": "ada@shop.example", "name": "Ada M", "groups": []}),
    User(sub="b", claims={"email": "BEN@shop.example", "name": "Ben R", "groups": ["wbr-programme"]}),
    User(sub="d", claims={"email": "dee@shop.example", "name": "Dee P"}),
    User(sub="x", claims={"email": "x@else.example", "name": "A Stranger"}),
    User(sub="u", claims={"email": "ada@shop.example", "email_verified": False}),
]


def a_guarded_shop(folder: Path) -> Path:
    """The shop with a login, and its revenue confidential."""
    a_shop(folder)
    old = DEFINITIONS[DEFINITIONS.index("people:") : DEFINITIONS.index("sources:")]
    text = DEFINITIONS.replace(old, PEOPLE).replace("name: Revenue,", "name: Revenue, confidential: true,")
    (folder / "workspace.yaml").write_text(text, encoding="utf-8")
    return folder


def secrets(folder: Path, provider: int, address: str) -> Path:
    """The file that whoever runs the server writes; docs/login.md has the same."""
    path = folder / "secrets.toml"
    path.write_text(
        f"""[auth]
redirect_uri = "{address}/oauth2callback"
cookie_secret = "{"c" * 40}"
client_id = "sixtwelve"
client_secret = "s3cret"
server_metadata_url = "http://localhost:{provider}/.well-known/openid-configuration"
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_guarded_shop(tmp_path_factory.mktemp("guarded") / "shop")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def server(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    scratch, port = tmp_path_factory.mktemp("secrets"), free_port()
    with run_server_in_thread(user_claims=USERS) as provider:
        file = secrets(scratch, provider.server_port, f"http://127.0.0.1:{port}")
        command = ["serve", "-w", str(shop), "--port", str(port), "--login", str(file)]
        with (scratch / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "metrics.cli", *command],
                cwd=scratch,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )
            server = Server(port, process, scratch / "log")
            try:
                _wait(server, ())
                yield server
            finally:
                process.terminate()
                process.wait(20)


@contextmanager
def someone(browser: Browser) -> Iterator[Page]:
    """A browser of its own, with no cookie."""
    context: BrowserContext = browser.new_context()
    context.set_default_timeout(40_000)
    try:
        yield context.new_page()
    finally:
        context.close()


def log_in(page: Page, server: Server, who: str, at: str = "") -> None:
    page.goto(server.address)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name=who, exact=True).click()
    page.wait_for_selector(".w-deck, .wu-door, .wu-trouble", state="attached")
    if at:
        page.goto(f"{server.address}/{at}")


def text(page: Page) -> str:
    return str(
        page.evaluate(
            "document.body.innerText + [...document.querySelectorAll('*')]"
            ".filter(e => e.shadowRoot).map(e => e.shadowRoot.textContent).join(' ')"
        )
    )


# --- before login ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_without_login_no_page_shows_anything(browser, server, path):
    """The first of these is the first request of a fresh process."""
    with someone(browser) as page:
        page.goto(f"{server.address}/{path}?as=ada&metric=orders")
        page.wait_for_selector(".wu-door")
        shown = text(page)
        assert "Log in to read the review" in shown
        assert not [word for word in CONTENT if word in shown]
        assert page.get_by_role("link", name="Owners").count() == 0


def test_a_login_shows_the_review_and_who_is_here_and_out_is_out(browser, server):
    with someone(browser) as page:
        log_in(page, server, "a")
        page.wait_for_selector(".w-deck > *", state="attached")
        shown = text(page)
        assert "Visits" in shown
        assert "Revenue" not in shown  # Confidential, and Ada does not own it.
        page.get_by_test_id("stPopover").locator("button").first.click()
        page.get_by_role("button", name="Log out", exact=True).click()
        page.wait_for_timeout(1500)
        page.goto(server.address)
        page.wait_for_selector(".wu-door")


def test_a_link_that_was_opened_before_the_login_is_open_after_it(browser, server):
    """In two tabs at once: the newer login counts (Authlib keeps one), and the older tab keeps its link."""
    links = ("metric?metric=orders&week=2026-04-25", "goals?as=dee&week=2026-04-25")
    with someone(browser) as one:
        other = one.context.new_page()
        for page, link in zip((one, other), links, strict=True):
            page.goto(f"{server.address}/{link}")
            page.get_by_role("button", name="Log in").click()
            page.get_by_role("button", name="a", exact=True).wait_for()
        one.get_by_role("button", name="a", exact=True).click()
        one.wait_for_selector("text=Log in to read the review")
        other.get_by_role("button", name="a", exact=True).click()
        other.wait_for_selector("h1:has-text('Goals')")
        assert other.url == f"{server.address}/goals?week=2026-04-25"
        one.reload()
        one.wait_for_selector("h1:has-text('Orders')")
        assert one.url == f"{server.address}/{links[0]}"
        assert [c["name"] for c in one.context.cookies() if c["name"].startswith("wbr_back")] == []


@pytest.mark.parametrize(("who", "words"), [("x", "nobody of this review"), ("u", "not verified")])
def test_whom_the_workspace_does_not_know_is_not_let_in(browser, server, who, words):
    with someone(browser) as page:
        log_in(page, server, who)
        page.wait_for_selector("text=not let in")
        shown = text(page)
        assert words in shown
        assert "Visits" not in shown


def test_the_address_says_nothing_about_who_one_is(browser, server):
    with someone(browser) as page:
        log_in(page, server, "a", "people?as=dee")
        page.wait_for_selector("text=This page is not yours")


def test_a_page_that_is_not_yours_is_refused_and_on_record(browser, server, shop):
    with someone(browser) as page:
        log_in(page, server, "a", "people")
        page.wait_for_selector("text=Ada Moss may not grant or take away a role")
        assert "Dee Poe" not in text(page)
    refused = open_workspace(shop).journal.facts(kind="access.refused", author="ada")
    assert refused[-1].subject == "page:People"


def test_a_group_brings_a_role_and_a_role_taken_away_is_lost_at_the_next_run(browser, server, shop):
    with someone(browser) as page:
        log_in(page, server, "b", "people")  # Of the group wbr-programme.
        page.wait_for_selector("text=Change a role")
    with someone(browser) as page:
        log_in(page, server, "d", "people")
        page.wait_for_selector("text=Change a role")
        house = open_workspace(shop)
        house.entering.revoke("dee", "deck_owner", by=_granter(house), because="moved on")
        page.get_by_role("button", name="Grant it").click()
        page.wait_for_selector("text=This page is not yours")
        house.entering.grant("dee", "deck_owner", by=_granter(house), because="came back")
        page.reload()
        page.wait_for_selector("text=Change a role")


def _granter(house) -> str:
    """Somebody else who may, in this process: Ben, as his group has it."""
    house.belongs("ben", ("deck_owner",))
    return "ben"


def test_logged_out_everywhere_is_out_on_the_other_machine_too(browser, server):
    with someone(browser) as one, someone(browser) as other:
        for page in (one, other):
            log_in(page, server, "a")
            page.wait_for_selector(".w-deck > *", state="attached")
        one.get_by_test_id("stPopover").locator("button").first.click()
        one.wait_for_timeout(1200)  # Claims count whole seconds.
        one.get_by_role("button", name="Log out everywhere").click()
        one.wait_for_timeout(1500)
        other.get_by_role("link", name="Goals").click()
        other.wait_for_selector("text=You were logged out everywhere.")


def test_a_changed_cookie_is_a_stranger(browser, server):
    with someone(browser) as page:
        log_in(page, server, "a")
        page.wait_for_selector(".w-deck > *", state="attached")
        for cookie in page.context.cookies():
            if cookie["name"].startswith("_streamlit_user"):
                assert cookie["httpOnly"]
                value = cookie["value"]
                middle = len(value) // 2
                bad = value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1 :]
                page.context.add_cookies([{**cookie, "value": bad}])
        page.goto(server.address)
        page.wait_for_selector(".wu-door")
        assert "Visits" not in text(page)


def test_programs_bring_tokens_and_no_cookie(server):
    assert server.ask("/api/v1/deck").status == 401


# --- claims and time, without a browser -------------------------------------------------------------


def shown(app: AppTest) -> str:
    """All that a page says."""
    sheets = (json.loads(one.proto.json)["html"] for one in app.get("bidi_component"))
    return "".join([*(one.value for one in app.html if "<style>" not in one.value), *sheets])


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch):
    """A page of a workspace, as a server in some mode shows it to somebody."""

    def opened(
        folder: Path, page: str = "", user: dict[str, object] | None = None, **address: str
    ) -> AppTest:
        monkeypatch.setenv("WBR_WORKSPACE", str(folder))
        app = AppTest.from_file(str(ROOT / "metrics" / "ui" / "entry.py"), default_timeout=30)
        app.user = user or {}
        if page:
            app.run()
            app.switch_page(str(ROOT / "pages" / f"{page}.py"))
        for name, value in address.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return opened


@pytest.fixture
def visited(shop: Path, opened, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The review as a logged-in person meets it, with the provider's claims as told."""
    monkeypatch.setenv(door.SECRETS, str(secrets(tmp_path, 1, "http://127.0.0.1:1")))

    def visited(claims: dict[str, object] | None) -> AppTest:
        return opened(shop, user={"is_logged_in": claims is not None, **(claims or {})})

    return visited


def claims(**more: object) -> dict[str, object]:
    now = datetime.now(UTC).timestamp() + 5
    return {"email": "cy@shop.example", "iat": now, "exp": now + 600, **more}


# fmt: off
MET = [
    # it shows that …                           claims                                   words
    ("a login that holds shows the review",     claims(),                                "Weekly review"),
    ("an expired one asks for another",         claims(exp=1_700_000_000),               "Your login has expired."),
    ("one without an end is none",              claims(exp=None),                        "does not say until when"),
    ("nobody is asked to log in",               None,                                    "Log in to read the review"),
]
# fmt: on


@pytest.mark.parametrize(("told", "words"), [c[1:] for c in MET], ids=[c[0] for c in MET])
def test_what_a_login_is_met_with(visited, told, words):
    said = shown(visited(told))
    assert words in said
    assert ("Visits" in said) is (words == "Weekly review")


def test_a_login_that_ends_while_a_page_is_open_ends_at_the_next_run(visited):
    app = visited(claims())
    assert "Visits" in shown(app)
    app.user = {"is_logged_in": True, **claims(exp=1_700_000_000)}
    app.run()
    assert "Your login has expired." in shown(app)
    assert "Visits" not in shown(app)


# --- how a server may be started --------------------------------------------------------------------


# fmt: off
STARTS = [
    # it shows that …                               options                                                                    refusal
    ("a public address needs a login",              ["--address", "0.0.0.0"],                                                  "Nobody logs in"),
    ("also one in figures of the newer kind",       ["--address", "::"],                                                       "Nobody logs in"),
    ("a file of secrets must be there",             ["--login", "nowhere.toml"],                                               "cannot be read"),
]
# fmt: on


@pytest.mark.parametrize(("options", "words"), [c[1:] for c in STARTS], ids=[c[0] for c in STARTS])
def test_a_server_that_would_let_strangers_in_does_not_start(shop, tmp_path, options, words):
    done = subprocess.run(
        [sys.executable, "-m", "metrics.cli", "serve", "-w", str(shop), "--port", str(free_port()), *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "streamlit", "run", str(ROOT / "dashboard.py"), "--server.address", "0.0.0.0"],
        [
            "-m",
            "streamlit",
            "run",
            str(ROOT / "dashboard.py"),
            "--server.trustedUserHeaders",
            '{"X-User": "email"}',
        ],
        ["-m", "uvicorn", "dashboard:app", "--host", "0.0.0.0"],
    ],
    ids=[
        "streamlit on a public address",
        "streamlit with identity in a header",
        "uvicorn on a public address",
    ],
)
def test_other_ways_to_start_it_are_refused_too(shop, command):
    port = str(free_port())
    option = ["--server.port", port] if "streamlit" in command else ["--port", port]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *command, *option],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "WBR_WORKSPACE": str(shop)},
            stdout=log,
            stderr=log,
        )
        try:
            process.wait(40)
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        said = log.read().decode()
    assert process.returncode != 0
    assert "Nobody logs in" in said or "trustedUserHeaders" in said


def an_open_shop(folder: Path) -> Path:
    """The guarded shop without a login."""
    path = a_guarded_shop(folder) / "workspace.yaml"
    path.write_text(
        "\n".join(line for line in path.read_text("utf-8").splitlines() if not line.startswith("login:")),
        "utf-8",
    )
    return folder


def test_strangers_who_may_read_read_what_is_not_confidential_and_decide_nothing(
    opened, monkeypatch, tmp_path
):
    shop = an_open_shop(tmp_path / "shop")
    monkeypatch.setenv(door.READERS, "1")
    app = opened(shop, **{"as": "dee"})
    assert "Visits" in shown(app)
    assert "Revenue" not in shown(app)
    assert "Who is at this computer?" not in shown(app)
    loading = opened(shop, "sources", **{"as": "cy"})
    assert not [one for one in loading.button if one.key in ("load", "take back")]
    assert "This page is not yours" in shown(opened(shop, "people", **{"as": "dee"}))
    assert open_workspace(shop).journal.facts() == ()


def test_a_person_is_picked_once_at_a_machine_and_can_be_changed(browser, tmp_path):
    shop = a_guarded_shop(tmp_path / "shop")
    text_of = (shop / "workspace.yaml").read_text(encoding="utf-8")
    (shop / "workspace.yaml").write_text(
        text_of.replace("login: {groups: {wbr-programme: [deck_owner]}}\n", "")
    )
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    with serving(shop, environment=state) as server:
        with someone(browser) as page:
            page.goto(server.address)
            page.wait_for_selector("text=Who is at this computer?")
            page.get_by_role("combobox", name="You are").click()
            page.get_by_role("option", name="Ben Roe").click()
            page.wait_for_selector("text=Who is at this computer?", state="detached")
        with someone(browser) as page:  # Another browser, another day.
            page.goto(server.address)
            page.wait_for_selector(".w-deck > *", state="attached")
            assert page.get_by_text("Who is at this computer?").count() == 0
            assert "Revenue" in text(page)  # Ben owns it.
        proxied = {"extra_http_headers": {"X-Forwarded-For": "8.8.8.8"}}
        context = browser.new_context(**proxied)
        page = context.new_page()
        page.goto(server.address)
        page.wait_for_selector("text=reached through another server")
        context.close()
    known = json.loads((tmp_path / "state" / "sixtwelve" / "people.json").read_text(encoding="utf-8"))
    assert known == {str(shop.resolve()): "ben"}


def test_a_workspace_that_wants_a_login_shows_nothing_without(opened, shop):
    said = shown(opened(shop, **{"as": "dee"}))
    assert "wants people to log in" in said
    assert "Visits" not in said


def test_a_role_taken_away_counts_in_the_page_that_is_open(opened, tmp_path):
    shop = an_open_shop(tmp_path / "shop")
    app = opened(shop, "people", **{"as": "dee"})
    assert "People" in shown(app)
    house = open_workspace(shop)
    house.belongs("ben", ("deck_owner",))
    house.entering.revoke("dee", "deck_owner", by="ben", because="moved on")
    app.run()
    assert "This page is not yours" in shown(app)
    assert house.journal.facts(kind="access.refused", author="dee")


# fmt: off
ADDRESSES = [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True), ("localhost", True),
             ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("review.example.com", False), (None, False)]
# fmt: on


@pytest.mark.parametrize(("address", "own"), ADDRESSES)
def test_which_addresses_only_this_machine_reaches(address, own):
    assert door.loopback(address) is own


def test_a_file_without_a_provider_is_told(tmp_path, monkeypatch):
    (tmp_path / "s.toml").write_text("x = 1\n", encoding="utf-8")
    monkeypatch.setenv(door.SECRETS, str(tmp_path / "s.toml"))
    with pytest.raises(MetricsError, match=r"no \[auth\] section"):
        door.promised()
