"""A shop to which programs speak: a source that is pushed, a metric that not everybody may see, tokens."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from metrics import open_workspace
from metrics.workspace import Workspace
from tests.browser import a_shop

MORE = """
people:
  yuki: {name: Yuki Mori, roles: [analyst]}
  pia: {name: Pia Holm, roles: [deck_owner]}
  cora: {name: Cora Fry, roles: [owner]}
sources:
  app: {push: true, series: [installs, crashes], segments: [store]}
  depot: {push: true, series: [pallets, wage_hours], grain: week}
metrics:
  installs: {name: Installs, kind: output, owner: ada, unit: count, better: up,
    measure: {how: total, series: installs}}
  crashes: {name: Crashes, kind: input, owner: ada, unit: count, better: down,
    measure: {how: total, series: crashes}}
  pallets: {name: Pallets, kind: context, owner: ada, unit: count, better: none,
    measure: {how: total, series: pallets}}
  wages: {name: Wages, kind: output, owner: cora, unit: currency, better: none, confidential: true,
    measure: {how: total, series: revenue}, scale: 0.3}
  hours: {name: Paid hours, kind: context, owner: cora, unit: count, better: none, confidential: true,
    measure: {how: total, series: wage_hours}}
decks:
  secret: {title: Wages, readers: [cora], sections: [{title: Pay, blocks: [wages]}]}
"""


def a_spoken_to_shop(folder: Path) -> Workspace:
    """A shop with sources that are pushed, loaded."""
    a_shop(folder, loaded=False)
    (folder / "programs.yaml").write_text(MORE, encoding="utf-8")
    house = open_workspace(folder)
    house.load(by="test")
    return house


def bearing(house: Workspace, person: str, *scopes: str) -> dict[str, str]:
    """The header of a new token."""
    _, secret = house.tokens.issue("test", person, scopes or ("read",), by="test")
    return {"Authorization": f"Bearer {secret}"}


@contextmanager
def listening(app: Starlette, port: int | None = None) -> Iterator[str]:
    """An application on a real server of this machine; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", port or 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
