"""A small company on Monday, and real servers on this machine that take what it sends."""

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.test_loop import YAML, write

HERE = "127.0.0.1"
SEND = "send: {format: html}"
SLY = 'Orders <script>alert(1)</script> <!channel> [now](javascript:alert(1)) <img src="http://x.example/y">'


def a_company(folder, *, send=SEND, notify="", spike=True, name="Orders"):
    """A workspace: dov and kate have mail, orders are confidential to kate, june has no address.

    Args:
        folder: Where.
        send: Of the company's deck.
        notify: Lines of `notify:`, beside the sender.
        spike: Whether the last week is an exception.
        name: Of the metric of orders.
    """
    text = YAML.replace("{name: Dov Stern, roles", "{name: Dov Stern, email: dov@acme.example, roles")
    text = text.replace("{name: Kate Brandt, roles", "{name: Kate Brandt, email: kate@acme.example, roles")
    text = text.replace(
        "{name: Orders, kind: output", f"{{name: {json.dumps(name)}, kind: output, confidential: [kate, olga]"
    )
    text = text.replace(
        "    title: Weekly review\n",
        f"    title: Weekly review\n    readers: [dov, kate, june]\n    {send}\n",
    )
    text += (
        "  shop:\n    title: Shop review\n    team: Shop\n    readers: [kate]\n"
        "    sections: [{title: Checkout, blocks: [failed_checkouts]}]\n"
        f"notify:\n  sender: wbr@acme.example\n{notify}"
    )
    (folder / "acme.yaml").write_text(text, encoding="utf-8")
    write(folder, spike=spike)


# --- mail -------------------------------------------------------------------------------------


class Mailbox:
    """Takes mail, or does what its script says, one entry a mail: a reply, `hang`, `die` or `early`.

    `die` hangs up when the whole mail is there, `early` before any of it is.
    """

    def __init__(self, script=()):
        self.script = list(script)
        self.mails = []
        self.seen = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - its name in aiosmtpd
        self.seen.append(address)
        if self.script and self.script[0] == "early":
            self.script.pop(0)
            server.transport.abort()
            return "421 gone"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - its name in aiosmtpd
        act = self.script.pop(0) if self.script else "250 taken"
        if act == "hang":
            await asyncio.sleep(30)
        if act == "die":
            server.transport.abort()
        if act[:3] in ("250", "die"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return act

    @property
    def to(self):
        """Whom mail came for, in order."""
        return [mail["To"].addresses[0].addr_spec for mail in self.mails]


@contextmanager
def mail_server(mailbox, *, tls=None, wrapped=False, password=""):
    """A mail server; yields its port."""

    def known(server, session, envelope, mechanism, told):
        return AuthResult(success=told.password == password.encode(), handled=False)

    with socket.create_server((HERE, 0)) as free:
        port = free.getsockname()[1]
    more = {"ssl_context": tls} if wrapped else {"tls_context": tls}
    if password:
        more |= {"authenticator": known, "auth_required": True, "auth_require_tls": not wrapped}
    server = Controller(mailbox, hostname=HERE, port=port, **more)
    server.start()
    try:
        yield port
    finally:
        server.stop(no_assert=True)


def a_certificate(folder):
    """A server's TLS context for this machine, and the file that makes others trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "server.pem", folder / "server.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


# --- channels ---------------------------------------------------------------------------------


class Receiver:
    """What a channel was told: bodies, headers and when; and what it answers, one entry a request."""

    def __init__(self, script=()):
        self.script = list(script)
        self.bodies, self.headers, self.times = [], [], []


@contextmanager
def channel(receiver) -> Iterator[int]:
    """An HTTP receiver; yields its port. An entry of the script is a code, a code with headers, or seconds."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self):
            receiver.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            receiver.headers.append(dict(self.headers))
            receiver.times.append(time.monotonic())
            act = receiver.script.pop(0) if receiver.script else 200
            if isinstance(act, float):
                time.sleep(act)
                act = 200
            if act == "die":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self.connection.close()
                return
            code, more = act if isinstance(act, tuple) else (act, {})
            self.send_response(code)
            for header, value in more.items():
                self.send_header(header, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            receiver.bodies.append("followed")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer((HERE, 0), Taker)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
