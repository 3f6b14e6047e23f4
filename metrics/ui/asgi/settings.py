"""What whoever runs the server decides about its surroundings, read from the environment when it starts.

`wbr serve` sets the same names from its options, so that `uvicorn dashboard:app` behaves alike.
"""

import os
import socket
from dataclasses import dataclass
from typing import Literal

from metrics.credentials import credential
from metrics.errors import DefinitionError

HOSTS = "WBR_HOSTS"
SESSIONS = "WBR_SESSIONS"
RATE = "WBR_RATE"
LOG = "WBR_LOG"
METRICS_TOKEN = "WBR_METRICS_TOKEN"
TRUSTED_PROXIES = "FORWARDED_ALLOW_IPS"  # uvicorn's own name

SESSIONS_AT_ONCE = 300  # A session of the demo takes 2 MB; a company of 50 opens two pages each, thrice.
REQUESTS_A_SECOND = 200  # A first visit makes 60; a floor of people behind one address opens it together.


@dataclass(frozen=True, slots=True)
class Settings:
    """The surroundings of one server.

    Attributes:
        hosts: Names it answers to, lower case, `*.example.com` for all below; empty stands for this
            machine's name and every address in figures, which nobody can make a browser mistake.
        sessions: Open pages at once; a person beyond is asked to wait.
        rate: Requests a second that one address may make for long.
        metrics_token: Whoever shows it may read `/metrics` from another machine; empty: nobody may.
    """

    hosts: tuple[str, ...] = ()
    sessions: int = SESSIONS_AT_ONCE
    rate: int = REQUESTS_A_SECOND
    metrics_token: str = ""

    @classmethod
    def read(cls) -> "Settings":
        """The settings of the environment.

        Raises:
            DefinitionError: A number is none, or a file of a secret cannot be read.
        """
        named = os.environ.get(HOSTS, "").split(",")
        return cls(
            hosts=tuple(name.strip().lower().rstrip(".") for name in named if name.strip()),
            sessions=_number(SESSIONS, SESSIONS_AT_ONCE),
            rate=_number(RATE, REQUESTS_A_SECOND),
            metrics_token=credential(METRICS_TOKEN, os.environ),
        )


def log_form() -> Literal["json", "text"]:
    """How the log is written: `$WBR_LOG`, by default text that tells what went wrong only.

    Raises:
        DefinitionError: It is neither word.
    """
    told = os.environ.get(LOG) or "text"
    if told not in ("json", "text"):
        raise DefinitionError(
            f"${LOG} is {told!r}. Say json, for every request, or text, for what went wrong."
        )
    return "json" if told == "json" else "text"


def own_names() -> frozenset[str]:
    """Names under which a person on this machine or beside it may reach it without being told so."""
    return frozenset({"localhost", socket.gethostname().lower()})


def _number(name: str, otherwise: int) -> int:
    told = os.environ.get(name, "")
    if not told:
        return otherwise
    if not told.isdecimal() or int(told) < 1:
        raise DefinitionError(f"${name} is {told!r}. Give a whole number from 1 on.")
    return int(told)
