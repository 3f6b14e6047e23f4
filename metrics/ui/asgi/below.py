"""Own addresses below a base path: Streamlit puts its own there and leaves ours where they were."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from metrics.ui.asgi.asked import base, place


class BelowBase:
    """Lets a request for one of our own addresses below `server.baseUrlPath` find it."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, shortened if it is for us."""
        if base() and scope["type"] in ("http", "websocket"):
            shorter = {**scope, "path": place(scope), "raw_path": place(scope).encode()}
            if any(route.matches(shorter)[0] is not Match.NONE for route in self._routes):
                scope = shorter
        await self._app(scope, receive, send)
