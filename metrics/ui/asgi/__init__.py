"""What stands around the dashboard on the network: start-up, what each request passes, and own addresses.

`middleware` is in the order a request meets it; `routes` are found before Streamlit's own.
"""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route

from metrics import api
from metrics.ui import door, logs, measures
from metrics.ui.asgi.below import BelowBase
from metrics.ui.asgi.crowds import Bodies, Rates, Sessions
from metrics.ui.asgi.doors import Hosts, Origins, SideDoors
from metrics.ui.asgi.headers import SecurityHeaders
from metrics.ui.asgi.health import healthz, kept, prometheus
from metrics.ui.asgi.requests import Requests
from metrics.ui.asgi.settings import log_form
from metrics.ui.asgi.shell import Shell
from metrics.ui.asgi.strangers import Strangers
from metrics.ui.asgi.sweep import Sweep
from metrics.ui.asgi.wayback import WayBack
from metrics.ui.frame import fault
from metrics.workspace import Workspace

__all__ = ["fault", "lifespan", "middleware", "routes"]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Open the workspace and its newest deck once, so that the first visitor does not wait for it."""
    from metrics.ui.opened import warm  # Here: its caches need the running server.

    logs.begin(log_form())
    door.use_secrets()
    door.check()
    measures.watch(kept)
    sweep = Sweep()
    gc.callbacks.append(sweep)
    await to_thread.run_sync(warm)
    yield
    gc.callbacks.remove(sweep)


async def _front(request: Request) -> RedirectResponse:
    """The review is the front page, whose address has no name; by its name it is found all the same."""
    asked = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"./{asked}")


def _house() -> Workspace:
    """The workspace as its files are now, for programs."""
    from metrics.ui.opened import opened  # Here: its caches need the running server.

    return opened().workspace


routes: list[BaseRoute] = [
    Route("/review", _front),
    Mount("/api", api.app(_house)),
    Route("/healthz", healthz),
    Route("/metrics", prometheus),
]

# Named and written down first, refused next for the cheapest reason, looked into last.
middleware = [
    Middleware(Requests),
    Middleware(SecurityHeaders),
    Middleware(Hosts),
    Middleware(Strangers),
    Middleware(Origins),
    Middleware(Rates),
    Middleware(SideDoors),
    Middleware(Sessions),
    Middleware(Bodies),
    Middleware(WayBack),
    Middleware(BelowBase, routes=routes),
    Middleware(Shell),
]
