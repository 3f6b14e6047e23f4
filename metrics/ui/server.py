"""`wbr serve`: the dashboard on this machine."""

import errno
import os
import socket
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from runpy import run_path
from typing import Any

from metrics.errors import MetricsError
from metrics.shipped import shipped
from metrics.ui import door
from metrics.ui.asgi.settings import HOSTS, Settings, log_form
from metrics.ui.opened import WORKSPACE

LOOPBACK = "127.0.0.1"


def serve(
    folder: Path | str,
    address: str = LOOPBACK,
    port: int = 8501,
    hosts: Sequence[str] = (),
    base_path: str = "",
    login: Path | str | None = None,
    *,
    anonymous_readers: bool = False,
) -> None:
    """Serve the dashboard of one workspace until stopped.

    Args:
        folder: The workspace.
        address: Where to listen; by default only this machine can reach it.
        port: Where to listen.
        hosts: Names it answers to, `*.example.com` for all below; by default `$WBR_HOSTS`.
        base_path: The path below which a proxy shows it: `/wbr`.
        login: File with the identity provider's secrets: people log in.
        anonymous_readers: Nobody logs in, and strangers may read what is not confidential.

    Raises:
        MetricsError: Strangers would be let in, the port is taken, the address is not this machine's, or a
            setting of the environment is none.
    """
    if login is not None:
        os.environ[door.SECRETS] = str(Path(login).expanduser())
    if anonymous_readers:
        os.environ[door.READERS] = "1"
    door.check_address(address, door.promised())
    _claimable(address, port)
    os.environ[WORKSPACE] = str(Path(folder).resolve())
    if hosts:
        os.environ[HOSTS] = ",".join(hosts)
    Settings.read()  # Here, where a mistake is told in words.
    log_form()
    print(f"Sixtwelve is on http://{address}:{port}  (Ctrl-C stops it)", file=sys.stderr, flush=True)
    entrance = run_path(str(shipped("dashboard.py")), run_name="dashboard")
    settings = dict(_settings()) | {
        "server.address": address,
        "server.port": port,
        "server.baseUrlPath": base_path.strip("/"),
        **(
            {"secrets.files": [str(Path(named).resolve())]} if (named := os.environ.get(door.SECRETS)) else {}
        ),
        "logger.level": "warning",
        "logger.hideWelcomeMessage": True,  # The address is told above, once.
    }
    entrance["app"].run(config=settings)


def _claimable(address: str, port: int) -> None:
    """Refuse in words what the server would refuse with a traceback."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise MetricsError(
                    f"Port {port} on {address} is taken by another program. "
                    f"Stop it, or choose another port: --port {port + 1}."
                ) from error
            if error.errno == errno.EACCES:
                raise MetricsError(f"Port {port} needs special rights. Choose one above 1023.") from error
            raise MetricsError(
                f"{address} is not an address of this machine ({error.strerror}). Use {LOOPBACK}."
            ) from error


def _settings() -> Iterator[tuple[str, Any]]:
    """The shipped settings, flat: wherever the command is started, they hold."""
    with shipped(".streamlit").joinpath("config.toml").open("rb") as file:
        yield from _flat("", tomllib.load(file))


def _flat(place: str, table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(f"{place}{name}.", value)
        else:
            yield f"{place}{name}", value
