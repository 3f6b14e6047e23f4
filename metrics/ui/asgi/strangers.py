"""Where nobody logs in, only this machine is answered, however the server was started."""

from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from metrics.ui import door
from metrics.ui.asgi.asked import kind, refuse


class Strangers:
    """Refuses what reaches an address that other machines reach, with 403, in local mode.

    `wbr serve` does not start so; `uvicorn dashboard:app --host 0.0.0.0` tells the program nothing, but each
    connection tells where it came in.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] in ("http", "websocket") and kind(scope) != "health":
            here = scope.get("server")
            if here and _of_others(str(here[0])) and door.mode() == "local":
                await refuse(
                    scope,
                    receive,
                    send,
                    403,
                    "This dashboard answers its own machine only",
                    "Nobody logs in here. Whoever runs it can let people log in: docs/login.md.",
                )
                return
        await self._app(scope, receive, send)


def _of_others(address: str) -> bool:
    """Whether other machines reach an address; a name or a socket's path is none."""
    try:
        return not ip_address(address).is_loopback
    except ValueError:
        return False
