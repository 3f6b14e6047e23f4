"""Whether the server can do its work, for whoever watches it: `/healthz` and `/metrics`."""

import asyncio
import hmac
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from metrics.errors import MetricsError
from metrics.ui import logs, measures
from metrics.ui.asgi.asked import from_this_machine
from metrics.ui.asgi.settings import Settings

EVERY = 2.0  # Seconds for which a finding is good: a flood of questions costs one look.
PATIENCE = 0.5  # Seconds a question waits for a look that is under way.
STALE = 30.0  # Seconds after which a server that still looks is not well.

Finding = dict[str, str]


def look() -> Finding:
    """Open definitions, store and journal, each a moment; one word for each, and no detail."""
    from metrics.ui.opened import opened  # Here: its caches need the running server.

    found: Finding = {"definitions": "ok", "store": "ok", "journal": "ok"}
    try:
        workspace = opened().workspace
    except MetricsError as error:
        logs.told("health", logging.WARNING, part="definitions", reason=str(error))
        return {"definitions": "mistakes", "store": "unknown", "journal": "unknown"}
    try:
        if workspace.store.version:
            with workspace.store.reading():
                pass
        else:
            found["store"] = "empty"
    except MetricsError as error:
        found["store"] = "unreadable"
        logs.told("health", logging.WARNING, part="store", reason=str(error))
    try:
        _ = workspace.journal.version
    except MetricsError as error:
        found["journal"] = "unreadable"
        logs.told("health", logging.WARNING, part="journal", reason=str(error))
    return found


def kept() -> measures.Kept:
    """What the workspace keeps, for the measures.

    Raises:
        MetricsError: It cannot be read.
    """
    from metrics.ui.opened import opened  # Here: its caches need the running server.

    workspace = opened().workspace
    version = workspace.store.version
    size = 0
    with suppress(OSError):  # Pruned meanwhile.
        size = (workspace.folder / "store" / version).stat().st_size if version else 0
    loads = workspace.store.loads()
    loaded = loads.loc[loads["what"] == "load", "loaded_at"].max() if len(loads) else None
    known = loaded is not None and loaded == loaded
    return measures.Kept(
        generation=int("".join(filter(str.isdigit, version.rpartition(".")[0])) or 0),
        store_bytes=size,
        journal_entries=int(workspace.journal.version.partition("-")[0] or 0),
        load_age=time.time() - loaded.tz_localize("UTC").timestamp()
        if known and loaded is not None
        else None,
    )


class Health:
    """Looks at most every two seconds, in a thread of its own, and answers at once.

    Fifty pages that run at the same time make a look slow; the question is answered with what was found
    last, and how long ago, until that is stale.
    """

    def __init__(
        self, look: Callable[[], Finding] = look, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look, self._clock = look, clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="health")
        self._running: Future[Finding] | None = None
        self._found: tuple[float, Finding] | None = None

    async def answer(self) -> tuple[int, dict[str, object]]:
        """Status and document: 200 if everything can be read, else 503."""
        now = self._clock()
        if self._found is None or now - self._found[0] > EVERY:
            if self._running is None or self._running.done():
                self._running = self._thread.submit(self._looked)
            with suppress(TimeoutError):  # The last finding is told while it is young enough.
                await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._running)), PATIENCE)
        if self._found is None or self._clock() - self._found[0] > STALE:
            return 503, {"status": "busy"}
        at, found = self._found
        well = all(word in ("ok", "empty") for word in found.values())
        age = round(max(0.0, self._clock() - at), 1)
        return 200 if well else 503, {"status": "ok" if well else "trouble", **found, "seconds_ago": age}

    def _looked(self) -> Finding:
        found = self._look()
        self._found = self._clock(), found
        return found


_HEALTH = Health()


async def healthz(_request: Request) -> Response:
    """`/healthz`: store, journal and definitions, in words without details."""
    status, told = await _HEALTH.answer()
    return JSONResponse(told, status, {"Cache-Control": "no-store"})


async def prometheus(request: Request) -> Response:
    """`/metrics`, for this machine, or for whoever shows the token."""
    token = Settings.read().metrics_token
    shown = request.headers.get("authorization", "").removeprefix("Bearer ")
    may = bool(token) and hmac.compare_digest(shown.encode(), token.encode())
    if not may and not from_this_machine(request.scope):
        told = {"error": "The measures are for those who run the server.", "hint": "Show $WBR_METRICS_TOKEN."}
        return JSONResponse(told, 401, {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"})
    return Response(await to_thread.run_sync(measures.told), media_type=measures.TEXT)
