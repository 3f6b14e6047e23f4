"""A real server with its surroundings: settings, a log to read, and requests that a browser would not send."""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers by lower-case name (cookies joined by newlines), body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """`wbr serve` of one workspace, in a process of its own."""

    port: int
    process: "subprocess.Popen[bytes]"
    log_file: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    def events(self, name: str, **having: Any) -> list[dict[str, Any]]:
        """The events of one name with these fields, once there are some: they are written after the answer."""
        end = time.monotonic() + 2
        while True:
            lines = [json.loads(line) for line in self.log.splitlines() if line.endswith("}")]
            found = [line for line in lines if {"event": name, **having}.items() <= line.items()]
            if found or time.monotonic() > end:
                return found
            time.sleep(0.05)

    def ask(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        body: bytes | Iterator[bytes] | None = None,
    ) -> Answer:
        """One request, with the headers exactly as told; `Host` too."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request(method, path, body=body, headers=dict(headers or {}))
            got = line.getresponse()
            told: dict[str, str] = {}
            for name, value in got.getheaders():
                told[name.lower()] = f"{told[name.lower()]}\n{value}" if name.lower() in told else value
            return Answer(got.status, told, got.read())
        finally:
            line.close()

    def socket(self, path: str = "/_stcore/stream", **headers: str) -> ClientConnection:
        """An open socket of the dashboard; `Origin_="..."` is the header Origin."""
        more = {name.rstrip("_").replace("_", "-"): value for name, value in headers.items()}
        address = f"ws://127.0.0.1:{self.port}{path}"
        return connect(address, subprotocols=["streamlit"], additional_headers=more, open_timeout=30)  # type: ignore[list-item]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(
    folder: Path, *options: str, environment: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> Iterator[Server]:
    """Serve a workspace with options of `wbr serve` until the block ends.

    Args:
        folder: The workspace.
        options: As on the command line.
        environment: Added to the process's.
        before: A command that runs the command, such as `unshare`.
    """
    port = free_port()
    command = [*before, sys.executable, "-m", "metrics.cli", "serve", "-w", str(folder), "--port", str(port)]
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*command, *options],
                cwd=scratch,
                env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
                stdout=file,
                stderr=file,
            )
        server = Server(port, process, log)
        try:
            _wait(server, options)
            yield server
        finally:
            process.terminate()
            process.wait(20)


def _wait(server: Server, options: Sequence[str]) -> None:
    told = dict(pairwise(options))
    below = told.get("--base-path", "").rstrip("/")
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise AssertionError(f"The server ended: {server.log}")
        try:
            if server.ask(f"{below}/_stcore/health").body == b"ok":
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"The server did not start: {server.log}")
