"""Mail and webhooks, against a real mail server and a real HTTP server on this machine."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler

from metrics.errors import NotifyError
from metrics.notify import Message, Rules, checked_host, mailed, posted

HERE = "127.0.0.1"
RAVI = Message("ravi@example.com", "Ravi Menon", "You owe two answers", "- Answer the exception on In stock")
KATE = Message("kate@example.com", "Kate Brandt", "You owe a look", "- Look at Dock-to-stock time")
NOBODY = Message("", "Nobody in particular", "Owed", "- Load web")


class Inbox(Handler):
    def __init__(self) -> None:
        super().__init__()
        self.mails = []

    def handle_message(self, message):
        self.mails.append(message)


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, str, Rules]]:
    inbox = Inbox()
    with socket.create_server((HERE, 0)) as free:
        port = free.getsockname()[1]
    server = Controller(inbox, hostname=HERE, port=port)
    server.start()
    yield inbox, f"smtp://{HERE}:{port}", Rules(inner=[f"{HERE}:{port}"])
    server.stop()


@pytest.fixture
def hook() -> Iterator[tuple[list, str, Rules]]:
    told = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append(body)
            code = {"/refuse": 500, "/elsewhere": 302}.get(self.path, 200)
            self.send_response(code)
            if code == 302:
                self.send_header("Location", "/hook")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer((HERE, 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told, f"http://{HERE}:{server.server_port}", Rules(inner=[f"{HERE}:{server.server_port}"])
    server.shutdown()
    server.server_close()


def test_each_person_gets_one_mail_and_who_has_no_address_none(inbox):
    box, url, rules = inbox
    assert mailed([RAVI, NOBODY, KATE], url, "wbr@example.com", rules) == (
        "ravi@example.com",
        "kate@example.com",
    )
    assert [(m["To"], m["Subject"], m.get_payload().strip()) for m in box.mails] == [
        ("Ravi Menon <ravi@example.com>", "You owe two answers", "- Answer the exception on In stock"),
        ("Kate Brandt <kate@example.com>", "You owe a look", "- Look at Dock-to-stock time"),
    ]


def test_a_subject_cannot_bring_a_header_of_its_own(inbox):
    box, url, rules = inbox
    sly = Message("ravi@example.com", "Ravi\r\nBcc: all@example.com", "One\r\nBcc: all@example.com", "Text")
    mailed([sly], url, "wbr@example.com", rules)
    (mail,) = box.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "One Bcc: all@example.com"


def test_a_webhook_gets_one_message_a_person(hook):
    told, url, rules = hook
    assert posted([RAVI, KATE], f"{url}/hook", rules) == 2
    assert told == [
        {"text": "You owe two answers\n- Answer the exception on In stock"},
        {"text": "You owe a look\n- Look at Dock-to-stock time"},
    ]


@pytest.mark.parametrize(
    "path, words", [("refuse", r"answered 500\. 0 messages were taken before"), ("elsewhere", "answered 302")]
)
def test_a_webhook_that_refuses_or_leads_elsewhere_is_told(hook, path, words):
    _, url, rules = hook
    with pytest.raises(NotifyError, match=words):
        posted([RAVI], f"{url}/{path}", rules)


@pytest.mark.parametrize(
    "url, allowed, words",
    [
        ("smtp://mail.example.com", [], "mail.example.com is not among the hosts that may be told"),
        ("smtp://mail.example.com", ["example.com"], "is not among the hosts"),
        ("https://mail.example.com", ["mail.example.com"], "this one begins otherwise"),
        ("smtp://mail.example.com:x", ["mail.example.com"], "cannot be read"),
        ("hunter2", ["mail.example.com"], "^(?!.*hunter2).*begins otherwise"),
        ("", ["mail.example.com"], "begins otherwise"),
    ],
)
def test_only_an_allowed_host_is_spoken_to(url, allowed, words):
    with pytest.raises(NotifyError, match=words):
        checked_host(url, Rules(allowed), ("smtp", "smtps"))


def test_a_server_that_is_not_there_is_told_and_a_password_needs_tls(inbox):
    _, url, rules = inbox
    with pytest.raises(NotifyError, match=r"did not take the mail to ravi@example.com: .* Nobody was told"):
        mailed([RAVI], f"smtp://{HERE}:1", "wbr@example.com", Rules(inner=[f"{HERE}:1"]))
    with pytest.raises(NotifyError, match="offers no TLS, so the password is not sent"):
        mailed([RAVI], url.replace("smtp://", "smtp://ravi:secret@"), "wbr@example.com", rules)
