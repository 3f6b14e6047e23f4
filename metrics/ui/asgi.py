"""What stands around the dashboard on the network: start-up and the headers of every response.

Source: platform.md section 1, "Baseline config and CSP".
"""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st
from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def _inline_scripts() -> str:
    """Hashes of the scripts that Streamlit's own page holds, so that those and no others run."""
    shell = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    found = re.findall(r"<script>(.*?)</script>", shell, re.DOTALL)
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


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Open the workspace and its newest deck once, so that the first visitor does not wait for it."""
    from metrics.ui.opened import warm  # Here: its caches need the running server.

    await to_thread.run_sync(warm)
    yield


middleware = [Middleware(SecurityHeaders)]


async def _front(request: Request) -> RedirectResponse:
    """The review is the front page, whose address has no name; by its name it is found all the same."""
    asked = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"./{asked}")


routes: list[BaseRoute] = [Route("/review", _front)]
