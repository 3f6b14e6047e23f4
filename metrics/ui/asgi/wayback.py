"""Who opened a link and was sent to log in comes back to that link, and not to the start page.

Streamlit always ends a login at the start page. On the way out the page that asked is told by the browser
(`Referer`, which other sites' pages cannot send for us); it waits in a cookie of this one login, named after
its `state`, and takes the place of the start page when the provider sends the person back. Only pages of the
dashboard and the words they know in an address are taken, on both ways, so that nobody is led elsewhere.
"""

import re
from typing import Final
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from metrics.shipped import shipped
from metrics.ui.asgi.asked import base, kind, place

COOKIE: Final = "wbr_back_"
PATIENCE: Final = 900  # Seconds that a person may take at the provider.
LONGEST: Final = 1_500  # Characters; a cookie holds 4,096 bytes.
# What pages read of an address. `as` is left out: who somebody is, the provider says.
WORDS: Final = frozenset(
    {"week", "deck", "metric", "view", "where", "present", "goal", "driver", "driven", "found", "about"}
)
_STATE = re.compile(r"[A-Za-z0-9_-]{8,128}")


class WayBack:
    """Keeps where somebody wanted to go while they log in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._pages = {path.stem for path in shipped("pages").glob("*.py")} | {""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; mark the redirect to the provider, and change the one that comes back."""
        if scope["type"] != "http" or kind(scope) != "login":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def led(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (302, 303, 307):
                told = MutableHeaders(scope=message)
                if place(scope) == "/auth/login":
                    self._remember(headers, told)
                elif place(scope) == "/oauth2callback":
                    self._return(scope, headers, told)
            await send(message)

        await self._app(scope, receive, led)

    def _remember(self, asked: Headers, told: MutableHeaders) -> None:
        state = parse_qs(urlsplit(told.get("location", "")).query).get("state", [""])[0]
        try:
            came = urlsplit(asked.get("referer", ""))
        except ValueError:
            return  # `http://[`: anybody can write it, and the login goes on without.
        if came.netloc != asked.get("host") or not _STATE.fullmatch(state):
            return
        if back := self._own(came.path.removeprefix(base()), came.query):
            told.append("Set-Cookie", _cookie(state, quote(back, safe=""), PATIENCE))

    def _return(self, scope: Scope, asked: Headers, told: MutableHeaders) -> None:
        state = parse_qs(scope["query_string"].decode("latin-1")).get("state", [""])[0]
        kept = cookie_parser(asked.get("cookie", "")).get(f"{COOKIE}{state}")
        if kept is None or not _STATE.fullmatch(state):
            return
        told.append("Set-Cookie", _cookie(state, "", 0))
        path, _, query = unquote(kept).partition("?")
        if told.get("location") == f"{base()}/" and (back := self._own(path, query)):
            told["location"] = f"{base()}{back}"

    def _own(self, path: str, query: str) -> str:
        """An address of ours, below the base path, made anew of what is known in it; empty if it is none."""
        page = path.strip("/")
        if page not in self._pages:
            return ""
        kept = [(name, value) for name, value in parse_qsl(query) if name in WORDS]
        found = f"/{page}" + (f"?{urlencode(kept)}" if kept else "")
        return found if found != "/" and len(found) <= LONGEST else ""


def _cookie(state: str, value: str, seconds: int) -> str:
    return f"{COOKIE}{state}={value}; Path={base()}/oauth2callback; Max-Age={seconds}; HttpOnly; SameSite=Lax"
