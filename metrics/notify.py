"""Telling people what they owe: mail and webhooks, to allowed hosts only.

Secrets come from the environment and are handed in; nothing here reads it. A message goes to a host
that the workspace allows, or it goes nowhere.

Source: platform.md section 4.
"""

import smtplib
import ssl
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from metrics.errors import NotifyError

PATIENCE = 20.0  # Seconds for one server.
PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is told.

    Attributes:
        to: Address; empty for a webhook without a person.
        name: Of the person.
        subject: One line.
        text: Plain words.
    """

    to: str
    name: str
    subject: str
    text: str


def checked_host(url: str, allowed: Collection[str], schemes: Collection[str]) -> str:
    """The host of an address that may be spoken to.

    Raises:
        NotifyError: It is no such address, or its host is not among those allowed.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # A port that is no number is told here.
    except ValueError as error:
        raise NotifyError(f"The address cannot be read ({error}). Write it as {_like(schemes)}.") from error
    if parts.scheme not in schemes or not host:
        raise NotifyError(f"An address like {_like(schemes)} is needed; the scheme here is {parts.scheme!r}.")
    if host.lower() not in {h.lower() for h in allowed}:
        known = ", ".join(sorted(allowed)) or "none"
        raise NotifyError(
            f"{host} is not among the hosts that may be told (notify.allowed_hosts: {known}). "
            "Nothing was sent."
        )
    return host


def _like(schemes: Collection[str]) -> str:
    return "smtp://user:password@host:587" if "smtp" in schemes else "https://host/path"


def mailed(messages: Sequence[Message], url: str, sender: str, allowed: Collection[str]) -> tuple[str, ...]:
    """Send mail, one message a person, over one connection.

    Args:
        messages: Those without an address are left out.
        url: `smtp://user:password@host:587` (upgraded to TLS where the server offers it, and always before
            a password is sent) or `smtps://…`.
        sender: Address it comes from.
        allowed: Hosts that may be spoken to.

    Returns:
        The addresses that the server took.

    Raises:
        NotifyError: The host is not allowed, or the server cannot be reached or refuses; the message says
            who was told before.
    """
    host = checked_host(url, allowed, PORTS)
    parts = urlsplit(url)
    sent: list[str] = []
    try:
        with _connection(parts.scheme, host, parts.port) as server:
            if parts.scheme == "smtp":
                server.ehlo()
                if server.has_extn("starttls"):
                    server.starttls(context=ssl.create_default_context())
                    server.ehlo()
                elif parts.password:
                    raise NotifyError(f"{host} offers no TLS, so the password is not sent. Use smtps://.")
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            for message in messages:
                if message.to:
                    server.send_message(_mail(message, sender))
                    sent.append(message.to)
    except (smtplib.SMTPException, OSError) as error:
        told = f" {len(sent)} were told before: {', '.join(sent)}." if sent else " Nobody was told."
        raise NotifyError(f"{host} did not take the mail: {error}.{told}") from error
    return tuple(sent)


def _connection(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port or PORTS[scheme], timeout=PATIENCE, context=context)
    return smtplib.SMTP(host, port or PORTS[scheme], timeout=PATIENCE)


def _mail(message: Message, sender: str) -> EmailMessage:
    """A plain mail; the policy of EmailMessage refuses headers with line breaks."""
    mail = EmailMessage()
    try:
        mail["From"] = sender
        mail["To"] = Address(_one_line(message.name), addr_spec=message.to)
        mail["Subject"] = _one_line(message.subject)
    except ValueError as error:
        raise NotifyError(f"{message.to!r} cannot be written to: {error}.") from error
    mail.set_content(message.text)
    return mail


def _one_line(words: str) -> str:
    return " ".join(words.split())


def posted(messages: Sequence[Message], url: str, allowed: Collection[str]) -> int:
    """Post to a webhook, one message a person, in the form that chat services take: `{"text": …}`.

    Redirects are not followed: they could lead to a host that is not allowed.

    Returns:
        How many were taken.

    Raises:
        NotifyError: The host is not allowed, cannot be reached, or refuses.
    """
    host = checked_host(url, allowed, ("https", "http"))
    taken = 0
    try:
        with httpx.Client(timeout=PATIENCE, follow_redirects=False, trust_env=False) as client:
            for message in messages:
                body: dict[str, Any] = {"text": f"{message.subject}\n{message.text}"}
                answer = client.post(url, json=body)
                if not answer.is_success:
                    raise NotifyError(
                        f"{host} answered {answer.status_code} after {taken} messages were taken."
                    )
                taken += 1
    except httpx.HTTPError as error:
        raise NotifyError(f"{host} cannot be told ({error}); {taken} messages were taken before.") from error
    return taken
