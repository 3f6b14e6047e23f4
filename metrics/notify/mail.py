"""Messages by SMTP: one connection a message, and what came of it told exactly."""

import re
import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from urllib.parse import unquote, urlsplit

from metrics.errors import NotifyError
from metrics.notify.places import SMTP_PORTS, Place, Rules, place
from metrics.notify.trying import Outcome, Patience, Tried, tried

TAKEN = 250
GO_ON = 354


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is told.

    Attributes:
        to: Address; empty for a webhook without a person.
        name: Of the person.
        subject: One line.
        text: Plain words.
        html: The same with type; empty for a plain mail.
        files: What is attached.
        id: Left part of its Message-ID. The same delivery has the same, so that a mailbox that gets it
            twice shows it once. Empty for one that need not be known again.
    """

    to: str
    name: str
    subject: str
    text: str
    html: str = ""
    files: tuple[Attachment, ...] = ()
    id: str = ""


def mailed(messages: Sequence[Message], url: str, sender: str, rules: Rules) -> tuple[str, ...]:
    """Send mail, one message a person.

    Args:
        messages: Those without an address are left out.
        url: `smtp://user:password@host:587` or `smtps://…`; see `mailed_one`.
        sender: Address it comes from.
        rules: Who may be spoken to.

    Returns:
        The addresses that the server took.

    Raises:
        NotifyError: The host is not allowed, or the server cannot be reached or refuses; the message says
            who was told before.
    """
    place(url, rules, SMTP_PORTS)
    sent: list[str] = []
    for message in messages:
        if not message.to:
            continue
        outcome = mailed_one(message, url, sender, rules, Patience(tries=1))
        if outcome.state != "delivered":
            told = f" {len(sent)} were told before: {', '.join(sent)}." if sent else " Nobody was told."
            host = urlsplit(url).hostname
            raise NotifyError(f"{host} did not take the mail to {message.to}: {outcome.told}.{told}")
        sent.append(message.to)
    return tuple(sent)


def mailed_one(
    message: Message, url: str, sender: str, rules: Rules, patience: Patience | None = None
) -> Outcome:
    """Send one mail, and say what came of it.

    Args:
        message: To somebody with an address.
        url: `smtp://user:password@host:587` or `smtps://…`. The first is upgraded to TLS before anything is
            told; only a server that the workspace names as an inner one may lack it, and even that gets no
            password then.
        sender: Address it comes from.
        rules: Who may be spoken to.
        patience: How often and how long.

    Raises:
        NotifyError: The host is not allowed, or somebody's address cannot be written. Nothing was sent.
    """
    mail = _mail(message, sender)
    place(url, rules, SMTP_PORTS)  # So that what can never be sent is told at once, before anything is.
    waits = patience or Patience()
    parts = urlsplit(url)
    secrets = {parts.password or "", unquote(parts.password or "")}
    return tried(lambda: _asked(mail, message.to, sender, url, rules, waits), waits, secrets)


class _Plain(smtplib.SMTP):
    """SMTP to an address that was judged; `_get_socket` is where smtplib lets others connect."""

    def __init__(self, where: Place, patience: float) -> None:
        self._where = where
        super().__init__(where.host, where.port, timeout=patience)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 - judged before
        return self._where.connected(timeout)


class _Wrapped(_Plain):
    """The same, in TLS from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        raw = super()._get_socket(host, port, timeout)
        return ssl.create_default_context().wrap_socket(raw, server_hostname=self._where.host)


def _asked(mail: EmailMessage, to: str, sender: str, url: str, rules: Rules, waits: Patience) -> Tried:
    """Ask the server once."""
    where = place(url, rules, SMTP_PORTS)
    if isinstance(where, str):
        return Tried("again", where)
    parts = urlsplit(url)
    try:
        server = (_Wrapped if parts.scheme == "smtps" else _Plain)(where, waits.answer)
    except smtplib.SMTPConnectError as error:
        return _said(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return _not_taken(error)
    try:
        return _handed_over(server, mail, to, sender, url, where)
    except smtplib.SMTPResponseException as error:
        return _said(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return _not_taken(error)
    finally:
        server.close()


def _handed_over(
    server: smtplib.SMTP, mail: EmailMessage, to: str, sender: str, url: str, where: Place
) -> Tried:
    """Say hello, go into TLS, log in, hand the mail over."""
    parts = urlsplit(url)
    server.ehlo_or_helo_if_needed()
    if parts.scheme == "smtp":
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        elif parts.password:
            return Tried("refused", f"{where.host} offers no TLS, so the password is not sent. Use smtps://")
        elif not where.inner:
            return Tried("refused", f"{where.host} offers no TLS, so nothing is sent to it. Use smtps://")
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    wide = not (to.isascii() and sender.isascii())
    if wide and not server.has_extn("smtputf8"):
        return Tried("refused", f"{where.host} takes no addresses with letters beyond ASCII")
    told = mail.as_bytes(policy=SMTPUTF8 if wide else SMTP)
    options = ["SMTPUTF8", "BODY=8BITMIME"] if wide else []
    if server.has_extn("size"):
        options.append(f"SIZE={len(told)}")  # So that a server says at once that it takes none so large.
    for code, said in (
        server.mail(sender, options),
        server.rcpt(to),
    ):
        if code not in (TAKEN, 251):
            return _said(code, said)
    code, said = server.docmd("DATA")
    if code != GO_ON:
        return _said(code, said)
    server.send(re.sub(rb"(?m)^\.", b"..", told).rstrip(b"\r\n") + b"\r\n.\r\n")
    # From here on the server has the whole mail: silence does not mean that it did not take it.
    try:
        code, said = server.getreply()
    except (smtplib.SMTPException, OSError) as error:
        return Tried("unclear", f"{where.host} has the mail and did not say that it took it ({_why(error)})")
    if 400 <= code < 600:
        return _said(code, said)
    if code != TAKEN:
        return Tried("unclear", f"{where.host} has the mail and answered {code}, which means nothing")
    with suppress(smtplib.SMTPException, OSError):
        server.quit()  # It took the mail; how it says goodbye is its own affair.
    return Tried("taken")


def _said(code: int, words: bytes | str) -> Tried:
    """What a refusal means: 4xx is for now, 5xx is for good (RFC 5321, section 4.2.1)."""
    told = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return Tried("again" if code < 500 else "refused", f"it answered {code} {told}")


def _not_taken(error: Exception) -> Tried:
    """A failure before the server had the whole mail."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Tried("refused", f"its certificate does not hold ({error.verify_message})")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Tried("refused", _why(error))
    return Tried("again", _why(error))


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return str(error) or type(error).__name__


def _mail(message: Message, sender: str) -> EmailMessage:
    """A mail; the policy of EmailMessage refuses headers with line breaks."""
    mail = EmailMessage()
    try:
        mail["From"] = sender
        mail["To"] = Address(_one_line(message.name), addr_spec=message.to)
        mail["Subject"] = _one_line(message.subject)
    except ValueError as error:
        raise NotifyError(f"{message.to!r} cannot be written to: {error}.") from error
    if message.id:
        mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2] or 'localhost'}>"
        mail["Auto-Submitted"] = "auto-generated"  # So that no holiday notice comes back (RFC 3834).
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    for file in message.files:
        kind, _, subtype = file.mime.partition("/")
        charset = {"charset": "utf-8"} if kind == "text" else {}
        mail.add_attachment(
            file.data, maintype=kind, subtype=subtype, filename=_one_line(file.name), params=charset
        )
    return mail


def _one_line(words: str) -> str:
    return " ".join(words.split())
