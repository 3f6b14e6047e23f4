"""Decks to their readers: each once, as they may see it, over real mail and HTTP servers on this machine."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from metrics import notify, open_workspace
from metrics.cli import app
from metrics.errors import NotifyError, UnknownNameError
from metrics.notify import Message, Patience, Rules, mailed_one, posted_one
from metrics.notify.places import refusal
from metrics.notify.trying import retry_after
from metrics.reviews.deliveries import Address, Delivery, addressed, obstacle
from metrics.workspace.sending import Sending
from tests.mondays import HERE, SEND, SLY, Mailbox, Receiver, a_certificate, a_company, channel, mail_server
from tests.test_loop import WEEK

QUICK = Patience(tries=3, first=0.01, longest=2.0, answer=1.0)
RAVI = Message("ravi@example.com", "Ravi Menon", "The week", "In words", "<p>In words</p>", id="abc")
SECRET = "hunter2-and-more"
ROOT = Path(__file__).resolve().parents[1]
WBR = str(Path(sys.executable).with_name("wbr"))


# --- where a message may go -------------------------------------------------------------------

# fmt: off
PLACES = [
    # an address                                        plain, why not                 as an inner host, why not
    ("this machine",                 "127.0.0.1",             "this machine",       ""),
    ("anywhere on this machine",     "127.9.9.9",             "this machine",       ""),
    ("this machine, IPv6",           "::1",                   "this machine",       ""),
    ("this machine, inside IPv6",    "::ffff:127.0.0.1",      "this machine",       ""),
    ("an office",                    "10.1.2.3",              "inner network",      ""),
    ("another office",               "172.16.0.9",            "inner network",      ""),
    ("a home",                       "192.168.1.1",           "inner network",      ""),
    ("behind a provider",            "100.64.0.1",            "inner network",      ""),
    ("an office, IPv6",              "fd00:ec2::254",         "inner network",      ""),
    ("an office, through NAT64",     "64:ff9b::a01:203",      "inner network",      ""),
    ("an office, through 6to4",      "2002:a01:203::1",       "inner network",      ""),
    ("a cloud machine's secrets",    "169.254.169.254",       "link-local",         "link-local"),
    ("the same, inside IPv6",        "::ffff:169.254.169.254", "link-local",        "link-local"),
    ("a neighbour, IPv6",            "fe80::1%eth0",          "link-local",         "link-local"),
    ("nowhere",                      "0.0.0.0",               "no server's",        "no server's"),
    ("everybody",                    "224.0.0.1",             "no server's",        "no server's"),
    ("the internet",                 "93.184.216.34",         "",                   ""),
    ("the internet, IPv6",           "2606:2800:220:1::1",    "",                   ""),
]
# fmt: on


@pytest.mark.parametrize("address, plain, inner", [p[1:] for p in PLACES], ids=[p[0] for p in PLACES])
def test_an_address_is_spoken_to_only_where_it_may_be(address, plain, inner):
    for told, expected in ((refusal(address), plain), (refusal(address, inner=True), inner)):
        assert expected in told if expected else told == ""


@pytest.mark.parametrize(
    "url, rules, words",
    [
        (
            "https://localhost/x",
            Rules(["localhost"]),
            r"localhost leads to .*this machine.*inner_hosts: localhost:443",
        ),
        ("https://127.0.0.1/x", Rules(["127.0.0.1"]), "this machine"),
        ("https://2130706433/x", Rules(["2130706433"]), "leads to 127.0.0.1"),
        ("https://[::1]/x", Rules(["::1"]), "this machine"),
        ("https://10.0.0.7/x", Rules(["10.0.0.7"]), "inner network"),
        ("https://169.254.169.254/latest", Rules([], ["169.254.169.254:443"]), "link-local"),
        ("https://localhost:8443/x", Rules([], ["localhost:9999"]), "at other ports than 8443"),
        ("https://localhost:9999/x", Rules(["localhost"], ["localhost:1"]), "this machine"),
        ("https://hooks.slack.com.evil.example/x", Rules(["hooks.slack.com"]), "not among the hosts"),
        (
            "https://hooks.slack.com@127.0.0.1/x",
            Rules(["hooks.slack.com"]),
            "127.0.0.1 is not among the hosts",
        ),
        ("file:///etc/passwd", Rules(["localhost"]), "is needed"),
    ],
)
def test_a_name_that_leads_inside_is_refused_and_nothing_is_sent(url, rules, words):
    with pytest.raises(NotifyError, match=words):
        posted_one({}, url, rules, QUICK)


def test_the_address_that_was_judged_is_the_one_spoken_to(monkeypatch):
    """A name that leads elsewhere at the second look changes nothing: the first look's address is used."""
    import socket

    receiver = Receiver()
    with channel(receiver) as port:
        true, looks = socket.getaddrinfo, []

        def moving(host, *more, **most):
            if host != "moving.example":
                assert host == HERE, f"{host} was looked up behind the judge's back"
                return true(host, *more, **most)
            looks.append(host)
            return true(HERE, *more, **most)

        monkeypatch.setattr(socket, "getaddrinfo", moving)
        rules = Rules([], [f"moving.example:{port}"])
        outcome = posted_one({"text": "x"}, f"http://moving.example:{port}/hook", rules, QUICK)
    assert (outcome.state, receiver.headers[0]["Host"]) == ("delivered", f"moving.example:{port}")
    assert len(looks) == 2  # Once before anything is noted, once for the try itself.


# --- one mail ---------------------------------------------------------------------------------

# fmt: off
MAILS = [
    # the server …                              does                               so it is      tries  mails
    ("takes it",                                [],                                "delivered",  1,     1),
    ("is busy once",                            ["451 later"],                     "delivered",  2,     1),
    ("is busy for ever",                        ["451 a", "451 b", "451 c"],       "failed",     3,     0),
    ("does not want it",                        ["554 spam"],                      "refused",    1,     0),
    ("hangs up before it has it",               ["early"],                         "delivered",  2,     1),
    ("hangs up when it has it",                 ["die"],                           "unclear",    1,     1),
    ("says nothing when it has it",             ["hang"],                          "unclear",    1,     0),
]
# fmt: on


@pytest.mark.parametrize("script, state, tries, mails", [m[1:] for m in MAILS], ids=[m[0] for m in MAILS])
def test_a_mail_is_tried_until_it_is_known(script, state, tries, mails):
    box = Mailbox(script)
    with mail_server(box) as port:
        outcome = mailed_one(
            RAVI, f"smtp://{HERE}:{port}", "wbr@example.com", Rules([], [f"{HERE}:{port}"]), QUICK
        )
    assert (outcome.state, outcome.tries, len(box.mails)) == (state, tries, mails)
    assert bool(outcome.told) == (state != "delivered")


def test_a_server_that_is_not_there_has_certainly_not_taken_it():
    outcome = mailed_one(RAVI, f"smtp://{HERE}:1", "wbr@example.com", Rules([], [f"{HERE}:1"]), QUICK)
    assert (outcome.state, outcome.tries) == ("failed", 3)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_password_goes_through_tls_to_a_server_with_the_right_name(scheme, tmp_path, monkeypatch):
    context, trusted = a_certificate(tmp_path)
    box = Mailbox()
    with mail_server(box, tls=context, wrapped=scheme == "smtps", password=SECRET) as port:
        rules = Rules([], [f"localhost:{port}", f"{HERE}:{port}"])

        def sent(password, host="localhost"):
            url = f"{scheme}://wbr:{password}@{host}:{port}"
            return mailed_one(RAVI, url, "wbr@example.com", rules, QUICK)

        untrusted = sent(SECRET)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert sent(SECRET).state == "delivered"
        wrong, other = sent("x" * 20), sent(SECRET, HERE)
    assert (untrusted.state, wrong.state, other.state, len(box.mails)) == ("refused",) * 3 + (1,)
    assert "certificate" in untrusted.told
    assert "certificate" in other.told
    assert wrong.told.startswith("it answered 535")
    assert not any(SECRET in each.told or "x" * 20 in each.told for each in (untrusted, wrong, other))


def test_a_password_is_not_sent_without_tls_and_a_public_host_gets_nothing_without_it():
    box = Mailbox()
    with mail_server(box) as port:
        rules = Rules([], [f"{HERE}:{port}"])
        told = mailed_one(RAVI, f"smtp://wbr:{SECRET}@{HERE}:{port}", "wbr@example.com", rules, QUICK)
    assert (told.state, told.told) == (
        "refused",
        f"{HERE} offers no TLS, so the password is not sent. Use smtps://",
    )
    assert box.seen == []


def test_a_mail_has_both_forms_and_its_files_and_the_same_id_each_time():
    box = Mailbox()
    file = notify.Attachment("deck.pdf", "application/pdf", b"%PDF\n.\n..\r\nend")
    mail = Message(
        "ravi@example.com", "Ravi", "W\r\nBcc: all@example.com", ".\n.x\n", "<p>x</p>", (file,), "abc"
    )
    with mail_server(box) as port:
        for _ in range(2):
            mailed_one(mail, f"smtp://{HERE}:{port}", "wbr@example.com", Rules([], [f"{HERE}:{port}"]), QUICK)
    first, second = box.mails
    assert (first["Bcc"], first["Subject"]) == (None, "W Bcc: all@example.com")
    assert first["Message-ID"] == second["Message-ID"] == "<abc@example.com>"
    assert first.get_body(("plain",)).get_content().splitlines()[:2] == [".", ".x"]
    assert first.get_body(("html",)).get_content().strip() == "<p>x</p>"
    (attached,) = first.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("deck.pdf", file.data)


# --- one message to a channel -----------------------------------------------------------------

# fmt: off
HOOKS = [
    # the receiver …                     does                                            so it is     requests
    ("takes it",                         [],                                             "delivered",  1),
    ("takes it later",                   [202],                                          "delivered",  1),
    ("asks for a moment",                [(429, {"Retry-After": "1"})],                  "delivered",  2),
    ("asks for an hour",                 [(429, {"Retry-After": "3600"})],               "failed",     1),
    ("fails once",                       [500],                                          "delivered",  2),
    ("fails for ever",                   [500, 502, 503],                                "failed",     3),
    ("does not want it",                 [404],                                          "refused",    1),
    ("leads to where it may not go",     [(302, {"Location": "http://169.254.169.254/"})], "refused",  1),
    ("leads to itself",                  [(307, {"Location": "/again"})],                "refused",    1),
    ("is too slow",                      [1.6],                                          "unclear",    1),
    ("hangs up when it has it",          ["die"],                                        "unclear",    1),
]
# fmt: on


@pytest.mark.parametrize("script, state, requests", [h[1:] for h in HOOKS], ids=[h[0] for h in HOOKS])
def test_a_channel_is_told_until_it_is_known(script, state, requests):
    receiver = Receiver(script)
    with channel(receiver) as port:
        url = f"http://{HERE}:{port}/hook/{SECRET}?token={SECRET}"
        outcome = posted_one({"text": "x"}, url, Rules([], [f"{HERE}:{port}"]), QUICK, "abc")
    assert (outcome.state, receiver.bodies) == (state, [{"text": "x"}] * requests)
    assert {h["Idempotency-Key"] for h in receiver.headers} == {"abc"}
    assert SECRET not in outcome.told


def test_a_receiver_is_asked_again_when_it_says_and_not_before():
    receiver = Receiver([(429, {"Retry-After": "1"})])
    with channel(receiver) as port:
        posted_one({}, f"http://{HERE}:{port}/", Rules([], [f"{HERE}:{port}"]), QUICK)
    first, second = receiver.times
    assert second - first >= 1.0


def test_a_receiver_that_is_not_there_is_asked_again_and_an_inner_one_only_may_lack_tls():
    gone = posted_one({}, f"http://{HERE}:1/", Rules([], [f"{HERE}:1"]), QUICK)
    assert (gone.state, gone.tries) == ("failed", 3)
    plain = posted_one({}, "http://93.184.216.34/", Rules(["93.184.216.34"]), QUICK)
    assert (plain.state, plain.told) == ("refused", "93.184.216.34 would be told without TLS. Use https://")


def test_when_to_come_back_is_read_in_both_forms():
    assert retry_after("7") == 7.0
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert [retry_after(w) for w in (None, "", "soon", "-1")] == [None] * 4


# --- once is enough: the rules ----------------------------------------------------------------

NOW = datetime(2026, 5, 11, 12, 0, tzinfo=UTC)
TO_RAVI = Address("company", WEEK, 1, "mail", "ravi.menon")

# fmt: off
ONCE = [
    # what became of it     how long ago              again   stands in the way
    ("delivered",  timedelta(days=1),        False,  "delivered on 2026-05-10"),
    ("delivered",  timedelta(days=1),        True,   "delivered on 2026-05-10"),
    ("failed",     timedelta(seconds=1),     False,  ""),
    ("refused",    timedelta(seconds=1),     False,  ""),
    ("begun",      timedelta(minutes=5),     False,  "another run may be at it"),
    ("begun",      timedelta(minutes=5),     True,   "another run may be at it"),
    ("begun",      timedelta(hours=1),       False,  "with --again"),
    ("begun",      timedelta(hours=1),       True,   ""),
    ("unclear",    timedelta(seconds=1),     False,  "with --again"),
    ("unclear",    timedelta(seconds=1),     True,   ""),
]
# fmt: on


@pytest.mark.parametrize("state, ago, again, words", ONCE)
def test_what_was_sent_or_may_have_been_is_not_sent_again(state, ago, again, words):
    known = Delivery(TO_RAVI, state, NOW - ago, "cron", "", 1, "pdf", 7)
    told = obstacle(known, NOW, again=again)
    assert words in told if words else told == ""


def test_a_delivery_is_found_by_its_subject():
    assert addressed(TO_RAVI.subject) == TO_RAVI
    sly = Address("company", WEEK, 0, "webhook", "a:b")
    assert addressed(sly.subject) == sly
    assert [addressed(s) for s in ("deck:company:2026-05-09", "delivery:x", "delivery:a:b:c:d:e")] == [
        None
    ] * 3


# --- a deck to its readers --------------------------------------------------------------------


@pytest.fixture
def acme(tmp_path):
    """A mailbox, a channel, and a company that sends to them."""
    box, receiver = Mailbox(), Receiver()
    with mail_server(box) as mail, channel(receiver) as hook:
        hosts = f'  inner_hosts: ["{HERE}:{mail}", "{HERE}:{hook}"]\n  base_url: https://wbr.acme.example\n'
        a_company(
            tmp_path,
            notify=hosts,
            send="send: {format: html, webhooks: {room: {url_env: ROOM, form: slack, reader: dov},"
            " all: {url_env: ROOM, form: teams}, log: {url_file: log.url, form: plain, reader: kate}}}",
            name=SLY,
        )
        (tmp_path / "log.url").write_text(f"http://{HERE}:{hook}/log/{SECRET}\n")
        environment = {"WBR_SMTP": f"smtp://{HERE}:{mail}", "ROOM": f"http://{HERE}:{hook}/room/{SECRET}"}
        workspace = open_workspace(tmp_path)
        workspace.load()
        yield workspace, environment, box, receiver


def outcomes(workspace, environment, **plan):
    """What a run says of each it sent: whom, state."""
    sending = Sending(workspace, environment, QUICK)
    return [(p.post.address.to, p.state) for p in sending.send(sending.plan(**plan), by="cron")]


def words_of(mail):
    """A mail's plain text, its HTML and its attached file."""
    (file,) = mail.iter_attachments()
    parts = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]
    return [
        *parts,
        file.get_content() if isinstance(file.get_content(), str) else file.get_content().decode(),
    ]


def test_each_reader_gets_the_deck_as_they_may_see_it_once(acme):
    workspace, environment, box, receiver = acme
    plan = Sending(workspace, environment).plan()
    assert [(p.address.to, p.obstacle) for p in plan] == [
        ("dov", ""),
        ("kate", ""),
        ("june", "no mail address is declared"),
        ("room", ""),
        ("all", "the deck may not be read by everybody (declare its `reader`)"),
        ("log", ""),
    ]
    assert (box.mails, receiver.bodies, workspace.journal.version) == (
        [],
        [],
        "",
    )  # Nothing left, nothing noted.
    first = outcomes(workspace, environment)
    assert first == [(who, "delivered") for who in ("dov", "kate", "room", "log")]
    assert outcomes(workspace, environment) == []
    assert outcomes(open_workspace(workspace.folder), environment) == []
    assert box.to == ["dov@acme.example", "kate@acme.example"]
    dov, kate = map(words_of, box.mails)
    assert all("Failed checkouts" in part for part in (*dov, *kate))
    assert not any("Orders" in part for part in dov)
    assert all("Orders" in part for part in kate)
    room, log = receiver.bodies
    assert "Orders" not in json.dumps(room)
    assert "Orders" in log["text"]


def test_words_from_outside_are_words_in_every_form(acme):
    workspace, environment, box, _ = acme
    outcomes(workspace, environment, to=["kate"])
    (mail,) = box.mails
    plain, html, _ = words_of(mail)
    assert SLY in plain
    assert "<script" not in html
    assert "http://x.example" not in html.replace("&quot;http://x.example/y&quot;", "")
    assert "<img" not in html
    assert html.count("href=") == 1
    assert 'href="https://wbr.acme.example/?week=2026-05-09&amp;deck=company"' in html
    view = workspace.seen_by("kate")
    from metrics.export.json import as_json

    told = notify.summary(as_json(view.deck()), "As known", "https://wbr.acme.example/")
    slack = json.dumps(notify.blocks(told))
    assert "<!channel>" not in slack
    assert "&lt;!channel&gt;" in slack
    card = notify.adaptive_card(told)["attachments"][0]["content"]
    kinds = {part["type"] for part in card["body"]}
    assert kinds == {"RichTextBlock"}  # Whose words are not read as Markdown.
    assert [a["url"] for a in card["actions"]] == ["https://wbr.acme.example/"]


def test_a_charts_number_does_not_read_as_a_count(acme):
    workspace, environment, box, _ = acme
    outcomes(workspace, environment, to=["dov"])
    plain = words_of(box.mails[0])[0]
    assert "\n- Failed checkouts (chart 1): Higher than expected" in plain
    assert "\n2 exceptions; " in plain


def test_slack_takes_no_more_than_it_takes():
    deck = {
        "company": "Acme", "title": "W" * 300, "week_label": "wk 19", "week_ending": "2026-05-09",
        "answers": [{"question": "How?", "text": "<" * 4000}], "notices": [{"kind": "late", "text": "x"}] * 99,
        "exceptions": [], "groups": [], "blocks": [], "by_chance": {"exceptions": 0.0},
    }  # fmt: skip
    made = notify.blocks(notify.summary(deck, "As known"))["blocks"]
    assert len(made) <= 50
    assert len(made[0]["text"]["text"]) <= 150
    assert all(len(b["text"]["text"]) <= 3000 for b in made if b["type"] == "section")
    assert "and 84 notices more, in the deck" in made[-1]["text"]["text"]


def test_a_published_week_is_sent_as_it_was_frozen_and_each_edition_once(acme):
    workspace, environment, box, _ = acme
    outcomes(workspace, environment, to=["kate"])
    workspace.loop.publish(by="priya", despite="for the test")
    frozen = workspace.loop.publishing.document(workspace.loop.publishing.edition(WEEK)).decode()
    assert outcomes(workspace, environment, to=["kate", "dov"]) == [
        ("dov", "delivered"),
        ("kate", "delivered"),
    ]
    assert outcomes(workspace, environment, to=["kate", "dov"]) == []
    draft, dov, kate = box.mails
    assert "not published" in words_of(draft)[0]
    assert "Edition 1, published on Mon 11 May 2026." in words_of(kate)[0]
    assert words_of(kate)[2].replace("\r\n", "\n") == frozen
    assert not any("Orders" in part for part in words_of(dov))


def test_what_failed_is_sent_the_next_time_and_what_is_unclear_only_when_asked(acme):
    workspace, environment, box, _ = acme
    box.script = ["554 no", "die"]
    assert outcomes(workspace, environment, to=["dov", "kate"]) == [("dov", "refused"), ("kate", "unclear")]
    assert outcomes(workspace, environment, to=["dov", "kate"]) == [("dov", "delivered")]
    plan = Sending(workspace, environment).plan(to=["kate"])
    assert [(p.obstacle.partition(",")[0], p.wrong) for p in plan] == [("unclear whether delivered", True)]
    assert outcomes(workspace, environment, to=["kate"], again=True) == [("kate", "delivered")]
    first, _, second = box.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_what_is_asked_wrongly_is_told_before_anything_is_sent(acme, tmp_path):
    workspace, environment, box, _ = acme
    for error, words, plan in (
        (UnknownNameError, "'dove' is neither a person nor a channel. Did you mean 'dov'", {"to": ["dove"]}),
        (NotifyError, "olga is no reader of company", {"to": ["olga"]}),
        (NotifyError, "Nothing says how decks.shop is sent", {"deck": "shop"}),
        (UnknownNameError, "'shup' is not among decks", {"deck": "shup"}),
    ):
        with pytest.raises(error, match=words):
            Sending(workspace, environment).plan(**plan)
    assert outcomes(workspace, {}, to=["dov"]) == [("dov", "failed")]
    hosts = {"WBR_SMTP": f"smtp://wbr:{SECRET}@mail.example.com"}
    sending = Sending(workspace, hosts, QUICK)
    (told,) = sending.send(sending.plan(to=["dov"]), by="cron")
    assert "mail.example.com is not among the hosts" in told.told
    (tmp_path / "log.url").write_text(f"two {SECRET} words")
    sending = Sending(workspace, environment, QUICK)
    (told,) = sending.send(sending.plan(to=["log"]), by="cron")
    assert "on one line" in told.told
    assert SECRET not in told.told
    assert (box.mails, workspace.journal.facts(kind="delivery")) == ([], ())


def test_no_secret_is_in_the_journal_the_log_or_an_error(acme):
    workspace, environment, _, receiver = acme
    receiver.script = [404, 500, 500, 500]
    sending = Sending(workspace, environment, QUICK)
    told = [p.told for p in sending.send(sending.plan(to=["room", "log"]), by="cron")]
    assert told == ["it answered 404", "it answered 500"]
    noted = (workspace.folder / "journal.sqlite").read_bytes()
    assert SECRET.encode() not in noted
    assert SECRET not in repr(sending.deliveries())
    assert [d.state for d in sending.deliveries()] == ["failed", "refused"]


def test_a_reader_sees_the_log_of_the_decks_they_may_read(acme):
    workspace, environment, _, _ = acme
    outcomes(workspace, environment, to=["kate"])
    assert outcomes(workspace, environment, deck="shop", to=["kate"]) == [("kate", "delivered")]
    from metrics.workspace.sending import sent

    assert [d.address.deck for d in sent(workspace.seen_by("kate"))] == ["shop", "company"]
    assert [d.address.deck for d in sent(workspace.seen_by("dov"))] == ["company"]
    assert sent(workspace.seen_by(None)) == ()


def test_the_sources_page_shows_what_came_of_each(acme, monkeypatch):
    from tests.test_pages import markup

    workspace, environment, box, _ = acme
    box.script = ["554 <b>no</b>"]
    outcomes(workspace, environment, to=["dov", "kate"])
    monkeypatch.setenv("WBR_WORKSPACE", str(workspace.folder))
    page = AppTest.from_file(str(ROOT / "metrics" / "ui" / "entry.py"), default_timeout=60)
    page.query_params["as"] = "kate"
    page.switch_page(str(ROOT / "pages" / "sources.py"))
    shown = markup(page.run())
    assert "1 delivered, 1 to look at." in shown
    assert "refused: it answered 554 &lt;b&gt;no&lt;/b&gt;" in shown
    assert "Kate Brandt</td>" in shown


# --- as processes -----------------------------------------------------------------------------


def started(folder, environment, *words):
    return subprocess.Popen(
        [WBR, "send", "--workspace", str(folder), "--by", "cron", *words],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_runs_at_once_deliver_once(acme):
    workspace, environment, box, receiver = acme
    runs = [started(workspace.folder, environment, "--yes") for _ in range(2)]
    told = [run.communicate(timeout=60) for run in runs]
    assert sorted(box.to) == ["dov@acme.example", "kate@acme.example"], told
    assert len(receiver.bodies) == 2
    code, out, err = commanded(workspace.folder, environment, "send")
    assert (code, err) == (0, "")
    assert out.count(": delivered on ") == 4
    assert out.endswith("Nothing was sent. 0 deliveries would be: wbr send --yes\n")


def test_a_run_that_is_killed_in_the_middle_is_told_and_not_repeated(acme):
    workspace, environment, box, _ = acme
    box.script = ["hang"]
    run = started(workspace.folder, environment, "--yes", "--to", "dov", "--to", "kate")
    until = time.monotonic() + 30
    while box.seen != ["dov@acme.example"] and time.monotonic() < until:
        time.sleep(0.05)
    with suppress(ProcessLookupError):  # It ended by itself; what it left is judged all the same.
        run.send_signal(signal.SIGKILL)
    run.communicate()
    after = open_workspace(workspace.folder)
    assert outcomes(after, environment, to=["dov", "kate"], again=True) == [("kate", "delivered")]
    (plan,) = Sending(after, environment).plan(to=["dov"])
    assert (plan.wrong, "another run may be at it" in plan.obstacle) == (True, True)
    later = type(after)(workspace.folder, lambda: datetime.now(UTC) + timedelta(hours=1))
    (plan,) = Sending(later, environment).plan(to=["dov"])
    assert "begun, and nobody noted what came of it" in plan.obstacle
    assert outcomes(later, environment, to=["dov"], again=True) == [("dov", "delivered")]
    assert box.to == ["kate@acme.example", "dov@acme.example"]


def commanded(folder, environment, command, *words):
    """A command in this process: exit code, what it said, what it complained of."""
    told = CliRunner().invoke(app, [command, "--workspace", str(folder), *words], env=environment)
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
    return told.exit_code, told.stdout, told.stderr


def test_the_command_sends_only_when_told_and_exits_by_what_came_of_it(acme):
    workspace, environment, box, _ = acme
    code, out, err = commanded(workspace.folder, environment, "send", "--to", "dov")
    assert (code, err, box.mails) == (0, "", [])
    assert out == (
        "company 2026-05-09, not published: Dov Stern <dov@acme.example>: would get it (html)\n"
        "Nothing was sent. 1 delivery would be: wbr send --yes\n"
    )
    box.script = ["554 no"]
    sent = ("send", "--to", "dov", "--yes", "--format", "json")
    code, out, _ = commanded(workspace.folder, environment, *sent)
    (post,) = json.loads(out)["posts"]
    assert (code, post["state"], post["told"]) == (1, "refused", "it answered 554 no")
    log = commanded(workspace.folder, environment, "deliveries")[1]
    assert log.endswith("mail to dov (html)  refused: it answered 554 no\n")
    assert commanded(workspace.folder, environment, "send", "--log")[1] == log
    told = json.loads(commanded(workspace.folder, environment, "deliveries", "--format", "json")[1])
    assert [(d["to"], d["state"], d["edition"], d["tries"]) for d in told["deliveries"]] == [
        ("dov", "refused", None, 1)
    ]


def test_a_deck_says_how_it_is_sent_or_is_not_sent(tmp_path):
    from metrics.errors import DefinitionError

    for send, words in (
        ("send: {format: docx}", "docx|format"),
        ("send: {webhooks: {room: {form: slack}}}", "needs `url_env` or `url_file`"),
        ("send: {webhooks: {room: {url: 'https://x'}}}", "url"),
        ("send: {webhooks: {room: {url_env: A, reader: nobody}}}", "'nobody' is not among people"),
    ):
        a_company(tmp_path, send=send)
        with pytest.raises(DefinitionError, match=words):
            open_workspace(tmp_path)
    a_company(tmp_path, send=SEND.replace("html", "html, mail: linked"))
    workspace = open_workspace(tmp_path)
    workspace.load()
    with pytest.raises(NotifyError, match=r"linked.*Declare notify\.base_url"):
        Sending(workspace, {}).plan()
