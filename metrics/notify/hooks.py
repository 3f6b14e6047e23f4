"""Messages by HTTP, to the webhooks of chat services and of other programs."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from metrics.errors import NotifyError
from metrics.notify.mail import Message
from metrics.notify.places import HTTP_PORTS, Rules, place
from metrics.notify.trying import Outcome, Patience, Tried, retry_after, tried

LATER = {408, 425, 429}  # Refusals that are for now; as all of 500 and more are.


def posted(messages: Sequence[Message], url: str, rules: Rules) -> int:
    """Post to a webhook, one message a person, in the form that chat services take: `{"text": …}`.

    Returns:
        How many were taken.

    Raises:
        NotifyError: The host is not allowed, cannot be reached, or refuses.
    """
    place(url, rules, HTTP_PORTS)
    for taken, message in enumerate(messages):
        body = {"text": f"{message.subject}\n{message.text}"}
        outcome = posted_one(body, url, rules, Patience(tries=1))
        if outcome.state != "delivered":
            raise NotifyError(
                f"{urlsplit(url).hostname} was not told: {outcome.told}. {taken} messages were taken before."
            )
    return len(messages)


def posted_one(
    body: Mapping[str, Any], url: str, rules: Rules, patience: Patience | None = None, key: str = ""
) -> Outcome:
    """Post one message to a webhook, and say what came of it.

    Redirects are not followed: they could lead to a host that is not allowed.

    Args:
        body: JSON.
        url: `https://host/path`; `http://` only to a server that the workspace names as an inner one.
        rules: Who may be spoken to.
        patience: How often and how long.
        key: Of the delivery: the same for each try, so that a receiver can take it once.

    Raises:
        NotifyError: The host is not allowed. Nothing was sent.
    """
    place(url, rules, HTTP_PORTS)
    waits = patience or Patience()
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    secrets = {url, path if len(path) > 1 else "", parts.password or "", parts.query}
    return tried(lambda: _asked(body, url, rules, waits, key), waits, secrets)


def _asked(body: Mapping[str, Any], url: str, rules: Rules, waits: Patience, key: str) -> Tried:
    """Ask once, at the first address that answers."""
    where = place(url, rules, HTTP_PORTS)
    if isinstance(where, str):
        return Tried("again", where)
    if urlsplit(url).scheme == "http" and not where.inner:
        return Tried("refused", f"{where.host} would be told without TLS. Use https://")
    # By an address that was judged; the name goes into the header and is what the certificate is held to.
    target = httpx.URL(url)
    headers = {"Host": target.netloc.decode("ascii")}
    if key:
        headers["Idempotency-Key"] = key
    told = Tried("again", f"{where.host} cannot be reached")
    with httpx.Client(timeout=waits.answer, follow_redirects=False, trust_env=False) as client:
        for address in where.addresses:
            try:
                with client.stream(
                    "POST",
                    target.copy_with(host=address),
                    json=body,
                    headers=headers,
                    extensions={"sni_hostname": where.host},
                ) as answer:
                    return _meaning(answer.status_code, answer.headers.get("Retry-After"))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if "CERTIFICATE_VERIFY_FAILED" in str(error):
                    return Tried("refused", f"the certificate of {where.host} does not hold")
                told = Tried("again", f"{where.host} cannot be reached ({_why(error)})")
            except (httpx.WriteError, httpx.WriteTimeout) as error:
                return Tried("again", f"{where.host} hung up before it had the message ({_why(error)})")
            except httpx.HTTPError as error:
                return Tried("unclear", f"{where.host} has the message and did not answer ({_why(error)})")
    return told


def _meaning(code: int, wait: str | None) -> Tried:
    if 200 <= code < 300:
        return Tried("taken")
    if 300 <= code < 400:
        return Tried("refused", f"it answered {code} and leads elsewhere, which is not followed")
    if code >= 500 or code in LATER:
        return Tried("again", f"it answered {code}", retry_after(wait))
    return Tried("refused", f"it answered {code}")


def _why(error: Exception) -> str:
    return "not in time" if isinstance(error, httpx.TimeoutException) else str(error) or type(error).__name__
