"""Who is let in before anything else looks at a request: known hosts, own pages, no side doors."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from metrics.ui.asgi.asked import from_this_machine, place, refuse
from metrics.ui.asgi.settings import Settings, own_names

ALWAYS = ("127.0.0.1", "::1", "localhost")  # No other site's name can become one of these.
# Streamlit answers these to anybody; numbers about the server are for those who run it.
SHUT = ("/_stcore/metrics", "/_stcore/agent")


def host_name(host: str) -> str | None:
    """The name in a Host header, in lower case, without port and brackets; None if it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # Refuses what is no number.
    except ValueError:
        return None
    strange = parts.username is not None or parts.password is not None
    if strange or parts.path or parts.query or parts.fragment or not parts.hostname:
        return None
    return parts.hostname.rstrip(".")


def known(name: str, hosts: tuple[str, ...]) -> bool:
    """Whether the server answers to a name.

    Where no names were told, an address in figures is answered: a foreign page can give its own name
    our address, but it cannot make a browser send our address as the name.
    """
    if name in ALWAYS:
        return True
    for told in hosts:
        if told == "*" or name == told or (told.startswith("*.") and name.endswith(told[1:])):
            return True
    return not hosts and (name in own_names() or _in_figures(name))


def _in_figures(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class Hosts:
    """Refuses requests for a name that is not the server's, with 400."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._hosts = Settings.read().hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).getlist("host")
        name = host_name(told[0]) if len(told) == 1 else None
        if name is None or not known(name, self._hosts):
            await refuse(
                scope,
                receive,
                send,
                400,
                "This server does not answer to that name",
                f"It was called {name!r}. Whoever runs it can allow the name: wbr serve --host-name {name}"
                if name
                else "The request named no host.",
            )
            return
        await self._app(scope, receive, send)


class Origins:
    """Refuses what another site's page asks for in a person's name, with 403: sockets, uploads, posts.

    Streamlit by itself would accept any port of this machine, and look up its own public address at a
    foreign server to find out who else it is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
                await refuse(
                    scope,
                    receive,
                    send,
                    403,
                    "Another site's page may not do this",
                    "Open the review at its own address. Behind a proxy, pass on the Host header as it came.",
                )
                return
        await self._app(scope, receive, send)


class SideDoors:
    """Hides from other machines what Streamlit shows to anybody: its own metrics, its agents' door."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer that there is nothing."""
        ours = scope["type"] in ("http", "websocket")
        if ours and place(scope).startswith(SHUT) and not from_this_machine(scope):
            await refuse(scope, receive, send, 404, "There is nothing here", "Open the review instead.")
            return
        await self._app(scope, receive, send)
