"""Streamlit's one page, told at once where its server is."""

from pathlib import Path

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
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
