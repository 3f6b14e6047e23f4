"""How many may come at once: sessions, requests of one address, bytes of one request."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from metrics.ui import measures
from metrics.ui.asgi.asked import address, from_this_machine, kind, refuse, wants_page
from metrics.ui.asgi.settings import Settings

AGAIN = 30  # Seconds until a person who was asked to wait tries again.
BURST = 30  # Seconds' worth of requests that one address may make at once.
STRANGERS = 60  # Refused logins or tokens at once; one more every second. 60 guesses find no token.
REMEMBERED = 10_000  # Addresses; whoever came longest ago is forgotten first.


class Sessions:
    """Refuses the session beyond the limit with 503: its socket, and the page that would open one.

    Streamlit itself counts none: 300 idle sockets were accepted and kept (platform.md, trap 11).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._limit = Settings.read().sessions
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count it while it lasts, or refuse it."""
        socket = scope["type"] == "websocket"
        if self._open >= self._limit and (socket or (wants_page(scope) and kind(scope) == "page")):
            measures.REFUSED.labels("sessions").inc()
            await refuse(
                scope,
                receive,
                send,
                503,
                "Everybody is here already",
                f"As many pages of the review are open as this server keeps at once: {self._limit}. Nothing "
                f"is lost. This page tries again every {AGAIN} s; a tab closed elsewhere makes room.",
                after=AGAIN,
            )
            return
        if not socket:
            await self._app(scope, receive, send)
            return
        self._open += 1
        measures.SESSIONS.set(self._open)
        try:
            await self._app(scope, receive, send)
        finally:
            self._open -= 1
            measures.SESSIONS.set(self._open)


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Buckets:
    """What each address may still do: `burst` at once, `rate` more a second."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._known: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, who: str, cost: float = 1.0) -> float:
        """Take one from what an address has left; seconds until there is one again, 0 if there was.

        Args:
            who: The address. Of IPv6, a subscriber has 2^64: they count as one.
            cost: How much is taken; 0 only asks.
        """
        who, now = _subscriber(who), self._clock()
        bucket = self._known.setdefault(who, _Bucket(self._burst, now))
        self._known.move_to_end(who)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._rate)
        bucket.at = now
        if bucket.left < max(cost, 1.0):
            return (max(cost, 1.0) - bucket.left) / self._rate
        bucket.left -= cost
        return 0.0


def _subscriber(who: str) -> str:
    try:
        found = ip_address(who)
    except ValueError:
        return who
    return str(IPv6Address(int(found) >> 64 << 64)) if isinstance(found, IPv6Address) else who


class Rates:
    """Refuses what one address asks for beyond reason with 429; health is always answered on this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        rate = Settings.read().rate
        self._requests = Buckets(rate, rate * BURST)
        self._strangers = Buckets(1, STRANGERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in ("http", "websocket") or (
            kind(scope) == "health" and from_this_machine(scope)
        ):
            await self._app(scope, receive, send)
            return
        who = address(scope)
        wait = self._requests.wait(who)
        if kind(scope) == "api":
            wait = max(wait, self._strangers.wait(who, cost=0))
        if wait:
            measures.REFUSED.labels("rate").inc()
            after = max(1, round(wait + 0.5))
            await refuse(
                scope,
                receive,
                send,
                429,
                "Too many requests from your address",
                f"Try again in {after} s. A program that reads the review should ask less often.",
                after=after,
            )
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 401:
                self._strangers.wait(who)
            await send(message)

        await self._app(scope, receive, watched)


class Bodies:
    """Refuses a request whose body is larger than an upload may be, with 413, told or counted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http" or kind(scope) == "upload":  # Streamlit counts uploads itself.
            await self._app(scope, receive, send)
            return
        limit = int(config.get_option("server.maxUploadSize")) * 1024 * 1024
        told = Headers(scope=scope).get("content-length", "")
        taken, started = 0, False
        if told.isdecimal() and int(told) > limit:
            await self._too_large(scope, receive, send, limit)
            return

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _TooLargeError
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except _TooLargeError:
            if started:
                raise
            await self._too_large(scope, receive, send, limit)

    async def _too_large(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        measures.REFUSED.labels("size").inc()
        then = f"At most {limit // 1024 // 1024} MB are taken at once. Split it, or load it with `wbr load`."
        await refuse(scope, receive, send, 413, "That is too large", then)


class _TooLargeError(Exception):
    """More bytes came than the limit."""
