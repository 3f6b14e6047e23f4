"""What stands around the dashboard on the network: start-up and the headers of every response.

Source: platform.md section 1, "Baseline config and CSP".
"""

import gc
import re
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st
from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A page asks for the server below its own address first, and finds it where the address begins only
# after two refusals. It can be told: all pages stand side by side.
WHERE = (
    "(() => { const base = new URL('.', location.href).href; "
    "window.__streamlit = { BACKEND_BASE_URL: base, MAIN_PAGE_BASE_URL: base }; })();"
)
SHELL = (Path(st.__file__).parent / "static" / "index.html").read_bytes()  # Streamlit's one page
TOLD_SHELL = SHELL.replace(b"<head>", f"<head><script>{WHERE}</script>".encode(), 1)
PARTLY = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")  # would hide the shell


def _inline_scripts() -> str:
    """Hashes of the scripts that the shell holds, so that those and no others run."""
    found = re.findall(r"<script>(.*?)</script>", TOLD_SHELL.decode(), re.DOTALL)
    return "".join(f" 'sha256-{b64encode(sha256(one.encode()).digest()).decode()}'" for one in found)


POLICY = (
    "default-src 'self'; "
    f"script-src 'self' 'wasm-unsafe-eval' blob: data:{_inline_scripts()}; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; "
    "font-src 'self' data:; "
    "connect-src 'self' ws: wss:; "
    "worker-src 'self' blob:; "
    "object-src 'none'; "
    "base-uri 'self'; "
    "form-action 'self'; "
    "frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SecurityHeaders:
    """Adds `HEADERS` to every HTTP response, whoever made it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; put the headers on its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, with_headers)


class Shell:
    """Answers with `TOLD_SHELL` where Streamlit answers with its shell."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; where a person opens a page, hold the answer until it is known."""
        if scope["type"] != "http" or b"text/html" not in dict(scope["headers"]).get(b"accept", b""):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = bytearray()

        async def held(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                if Headers(scope=message).get("content-type", "").startswith("text/html"):
                    start = message
                    return
            elif start is not None:
                body.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                if body == SHELL:
                    body[:] = TOLD_SHELL
                    told = MutableHeaders(scope=start)
                    told["content-length"] = str(len(body))
                    for of_the_file in ("etag", "last-modified", "accept-ranges"):
                        del told[of_the_file]
                await send(start)
                message = {**message, "body": bytes(body)}
            await send(message)

        headers = [(name, value) for name, value in scope["headers"] if name not in PARTLY]
        await self._app({**scope, "headers": headers}, receive, held)


class Sweep:
    """Lets the full collections of garbage that Streamlit forces after every run see new objects only.

    Streamlit collects after every click of every visitor, while all others wait. Definitions and
    decks of 500 charts are 300,000 objects that stay: 0.2 s each time, 0.01 s without them. What a
    collection leaves is therefore set aside; once in `every` seconds all of it is looked at again.

    Put it into `gc.callbacks`. Source: streamlit/runtime/scriptrunner/script_runner.py, `gc.collect(2)`.
    """

    def __init__(self, every: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._clock = clock
        self._last = clock()

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        """Before and after each collection."""
        if info["generation"] < 2:
            return
        if phase == "stop":
            gc.freeze()
        elif self._clock() - self._last >= self._every:
            self._last = self._clock()
            gc.unfreeze()


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Open the workspace and its newest deck once, so that the first visitor does not wait for it."""
    from metrics.ui.opened import warm  # Here: its caches need the running server.

    sweep = Sweep()
    gc.callbacks.append(sweep)
    await to_thread.run_sync(warm)
    yield
    gc.callbacks.remove(sweep)


middleware = [Middleware(SecurityHeaders), Middleware(Shell)]


async def _front(request: Request) -> RedirectResponse:
    """The review is the front page, whose address has no name; by its name it is found all the same."""
    asked = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"./{asked}")


routes: list[BaseRoute] = [Route("/review", _front)]
