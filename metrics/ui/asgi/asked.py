"""What the surroundings know of a request: where it comes from, what it is for, and how it is refused."""

from html import escape
from importlib.resources import files
from ipaddress import ip_address
from typing import Literal

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send
from streamlit import config

Kind = Literal["page", "static", "stream", "media", "upload", "health", "metrics", "api", "login", "core"]
FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("/_stcore/stream", "stream"),
    ("/_stcore/health", "health"),
    ("/_stcore/script-health-check", "health"),
    ("/_stcore/upload_file", "upload"),
    ("/_stcore/", "core"),
    ("/media/", "media"),
    ("/static/", "static"),
    ("/component/", "static"),
    ("/healthz", "health"),
    ("/metrics", "metrics"),
    ("/api", "api"),
    ("/mcp", "api"),
    ("/auth/", "login"),
    ("/oauth2callback", "login"),
)
PAGE = files("metrics.ui").joinpath("refused.html").read_text(encoding="utf-8")


def base() -> str:
    """The path below which the dashboard is served: `""`, or `/wbr`."""
    told = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{told}" if told else ""


def place(scope: Scope) -> str:
    """The path asked for, below the base path."""
    path, below = str(scope["path"]), base()
    return path[len(below) :] or "/" if below and f"{path}/".startswith(f"{below}/") else path


def kind(scope: Scope) -> Kind:
    """What a request is for; one of few words, however many addresses somebody tries."""
    asked = place(scope)
    for beginning, told in _KINDS:
        if asked.startswith(beginning) and (
            beginning.endswith("/") or asked == beginning or asked[len(beginning)] in "/_"
        ):
            return told
    return "page"


def address(scope: Scope) -> str:
    """The address a request comes from; behind a trusted proxy the one that the proxy names."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def from_this_machine(scope: Scope) -> bool:
    """Whether a program of this machine asks for itself, and not a proxy of this machine for somebody."""
    headers = Headers(scope=scope)
    try:
        return ip_address(address(scope)).is_loopback and not any(name in headers for name in FORWARDED)
    except ValueError:
        return False


def wants_page(scope: Scope) -> bool:
    """Whether a person's browser opens a page."""
    return scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", "")


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    title: str,
    then: str,
    *,
    after: int | None = None,
) -> None:
    """Answer with a reason: as a small page for a person, as JSON for a program, before a socket opens.

    Args:
        scope: The request; the three that ASGI hands over.
        receive: As above.
        send: As above.
        status: The HTTP status.
        title: What is the matter, a sentence.
        then: What to do about it, a sentence.
        after: Seconds after which to try again; the page does so by itself.
    """
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": str(after)} if after else {})
    answer: Response
    if wants_page(scope):
        again = f'<meta http-equiv="refresh" content="{after}">' if after else ""
        page = (
            PAGE.replace("{again}", again).replace("{title}", escape(title)).replace("{then}", escape(then))
        )
        answer = HTMLResponse(page, status, headers)
    else:
        answer = JSONResponse({"error": title, "hint": then}, status, headers)
    await answer(scope, receive, send)
