"""Every request is named, timed, counted and written down; whatever failed inside is told without details."""

import logging
import re
import time
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from metrics.ui import logs, measures
from metrics.ui.asgi.asked import Kind, address, base, kind, place, refuse

NAME = "X-Request-ID"
NOT_UNDERSTOOD = 1003  # RFC 6455: data of a kind that is not taken.
_SOUND = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}
_QUIET: set[Kind] = {"static", "health", "metrics"}  # Written down only where they fail: 60 a visit.


class Requests:
    """Gives each request its name, `X-Request-ID`, from the proxy's or made here; tells what came of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its name."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).get(NAME, "")
        name = told if _SOUND.fullmatch(told) else uuid4().hex
        lower = NAME.lower().encode()
        headers = [(k, v) for k, v in scope["headers"] if k != lower] + [(lower, name.encode())]
        scope = {**scope, "headers": headers, "state": {**scope.get("state", {}), "request": name}}
        begun, status, begun_to_answer = time.perf_counter(), 0, False

        async def named(message: Message) -> None:
            nonlocal status, begun_to_answer
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                MutableHeaders(scope=message)[NAME] = name
                status, begun_to_answer = message["status"], True
            elif message["type"] == "websocket.accept":
                status, begun_to_answer = 101, True
            elif message["type"] == "websocket.close" and not status:
                status, begun_to_answer = 403, True
            await send(message)

        async def in_bytes() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and message.get("bytes") is None:
                logs.told("A message that no page sends was refused: text.", logging.WARNING, request=name)
                return {"type": "websocket.disconnect", "code": NOT_UNDERSTOOD}
            return message

        try:
            await self._app(scope, in_bytes, named)
        except Exception:  # Whatever it was, it is logged and the visitor gets a page instead of nothing.
            logging.getLogger("sixtwelve.server").exception("request %s failed", name)
            if begun_to_answer:
                raise
            then = f"Tell whoever runs the server this number: {name}"
            await refuse(scope, receive, named, 500, "The server made a mistake", then)
        finally:
            _tell(scope, name, status, time.perf_counter() - begun)


def _tell(scope: Scope, name: str, status: int, seconds: float) -> None:
    what, socket = kind(scope), scope["type"] == "websocket"
    method = "SOCKET" if socket else str(scope["method"])
    measures.REQUESTS.labels(what, method if method in _METHODS or socket else "OTHER", str(status)).inc()
    if not (socket and status == 101):
        measures.SECONDS.labels(what).observe(seconds)
    if what in _QUIET and status < 400:
        return
    logs.told(
        "session" if socket and status == 101 else "request",
        logging.WARNING if status >= 500 or status == 429 else logging.INFO,
        request=name,
        method=method,
        path=f"{base()}{place(scope)}"[:200],  # Without the query: it may hold a login's code.
        status=status,
        ms=round(seconds * 1000, 1),
        address=address(scope),
        person=scope["state"].get("person"),
    )
