"""The door: who is here, and whether they are let in. Asked before a page shows anything.

Three ways to serve, told apart by how the server was started:

*local*: nobody logs in; this machine alone is answered; a person says who they are once, and that is
remembered here for this workspace.
*login*: the company's identity provider says who it is; `[auth]` stands in a file of secrets.
*readers*: strangers may read, said in words (`--allow-anonymous-readers`); nothing can be written.

Source: platform.md section 1, "The door" and "Login".
"""

import json
import os
import sys
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import streamlit as st
from streamlit import config
from streamlit.auth_util import get_secrets_auth_section

from metrics.errors import MetricsError
from metrics.workspace import Workspace

READERS: Final = "WBR_ANONYMOUS_READERS"
SECRETS: Final = "WBR_LOGIN"
KEPT: Final = "kept_person"
ANYBODY: Final = "dashboard"  # The author where a workspace declares no people.
FORWARDED: Final = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded")
Mode = Literal["local", "login", "readers"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is here.

    Attributes:
        mode: How the dashboard is served.
        person: Handle of one of `people`, or `ANYBODY` where none are declared; None for a reader.
        name: As they are called; empty if that is not known.
        claims: What the identity provider said; empty without one.
    """

    mode: Mode
    person: str | None
    name: str = ""
    claims: Mapping[str, Any] | None = None


def mode() -> Mode:
    """How the dashboard is served."""
    if os.environ.get(SECRETS) or get_secrets_auth_section():
        return "login"  # Also where the file that was named can be read no more: then nobody comes in.
    return "readers" if os.environ.get(READERS) == "1" else "local"


# --- before a page -------------------------------------------------------------------------------


def let_in() -> bool:
    """Whether this session may open a page at all, as far as that can be told without the workspace."""
    return _served_rightly() == "" and (mode() != "login" or bool(st.user.get("is_logged_in")))


def knock() -> None:
    """End the page unless whoever is here may come in; said in words, with nothing of the workspace."""
    if wrong := _served_rightly():
        _tell("This dashboard is not open to you", wrong)
    if mode() == "login" and not st.user.get("is_logged_in"):
        login()


def visitor(house: Workspace) -> Visitor:
    """Who is here, in a workspace; the page ends if they may not be."""
    how = mode()
    if how == "login":
        return _logged_in(house)
    if house.definitions.login is not None:
        _tell(
            "This dashboard is not open to you",
            "Its workspace wants people to log in, and the server was started without the provider's "
            "secrets: wbr serve --login FILE. docs/login.md tells how.",
        )
    if how == "readers":
        return Visitor(how, None)
    if not house.definitions.people:
        return Visitor(how, ANYBODY)
    person = _at_this_machine(house)
    return Visitor(how, person, house.definitions.people[person].name if person else "")


def still(house: Workspace, here: Visitor) -> bool:
    """Whether somebody who came in is in still: asked before anything is written."""
    if here.mode != "login":
        return mode() == here.mode
    claims = st.user.to_dict()
    told = bool(claims.get("is_logged_in")) and house.entering.identified(claims).person == here.person
    return told and not house.entering.holds(claims, here.person)


def _served_rightly() -> str:
    """Why nobody is let in, in a sentence: strangers come by a way that only this machine should have."""
    if config.get_option("server.trustedUserHeaders"):
        return (
            "The server takes from a header who somebody is (server.trustedUserHeaders), and whoever reaches "
            "it can write one. Start it without, and let people log in."
        )
    if mode() != "local":
        return ""
    if any(name in st.context.headers for name in FORWARDED):
        return (
            "It is reached through another server, and nobody logs in here. Whoever runs it can let people "
            "log in (docs/login.md), or say: wbr serve --allow-anonymous-readers."
        )
    return ""


# --- log in, log out -------------------------------------------------------------------------------


def login(why: str = "") -> NoReturn:
    """The page of somebody who has not logged in."""
    _tell(
        "Log in to read the review",
        why or "Your company’s sign-in says who you are; no password is kept here.",
        again="Log in again" if why else "Log in",
    )


def _logged_in(house: Workspace) -> Visitor:
    claims = st.user.to_dict()
    told = house.entering.identified(claims)
    st.session_state[KEPT] = told.person  # For the log.
    if why := house.entering.holds(claims, told.person):
        login(why)
    if told.refused:
        _tell(
            "You are logged in, but not let in",
            f"{told.refused} Whoever keeps the workspace can add you to its people.",
            out=True,
        )
    return Visitor("login", told.person, told.name, claims)


def _tell(title: str, then: str, *, again: str = "", out: bool = False) -> NoReturn:
    """Words in place of every page."""
    with st.container(key="door"):
        st.html(f'<div class="wu-door" role="alert"><h1>{escape(title)}</h1><p>{escape(then)}</p></div>')
        if again and st.button(again, type="primary", icon=":material/login:", key="log in"):
            st.login()
        if out and st.button("Log out", icon=":material/logout:", key="log out"):
            st.logout()
    st.stop()


# --- this machine ----------------------------------------------------------------------------------


def _at_this_machine(house: Workspace) -> str | None:
    """Who said who they are: in the address, earlier in this session, or earlier at this machine."""
    people = house.definitions.people
    asked = st.query_params.get("as") or st.session_state.get(KEPT)
    if asked is None:
        asked = remembered(house.folder)
    if asked not in people:
        return None
    st.session_state[KEPT] = asked
    return str(asked)


def _place() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "sixtwelve" / "people.json"


def remembered(folder: Path) -> str | None:
    """Who said they are at this machine in a workspace; None if nobody did."""
    return _known().get(str(folder.resolve()))


def remember(folder: Path, person: str | None) -> None:
    """Keep who is at this machine in a workspace; a folder that cannot be written to forgets."""
    known = {place: who for place, who in _known().items() if Path(place).is_dir()}
    known.pop(str(folder.resolve()), None)
    if person:
        known[str(folder.resolve())] = person
    with suppress(OSError):  # As the docstring says: it forgets.
        _place().parent.mkdir(parents=True, exist_ok=True)
        part = _place().with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(known, indent=1), encoding="utf-8")
        part.replace(_place())


def _known() -> dict[str, str]:
    with suppress(OSError, ValueError):  # Nobody was remembered yet, or somebody wrote into the file.
        told = json.loads(_place().read_text(encoding="utf-8"))
        if isinstance(told, dict):
            return {str(place): str(who) for place, who in told.items()}
    return {}


# --- how the server was started --------------------------------------------------------------------


def check_address(address: str | None, how: Mode) -> None:
    """Refuse to start where strangers would be let in.

    Args:
        address: Where the server listens; None for everywhere.
        how: The dashboard is to be served.

    Raises:
        MetricsError: What to do.
    """
    if how == "local" and not loopback(address):
        raise MetricsError(
            f"Nobody logs in, and {address or 'every address'} can be reached by other machines: all of them "
            "could read everything and decide anything. Let people log in (wbr serve --login FILE; "
            "docs/login.md), or listen on 127.0.0.1, or let strangers read what is not confidential: "
            "--allow-anonymous-readers."
        )


def check() -> None:
    """Refuse to start where strangers would be let in, or could say who they are; in the running process.

    Raises:
        MetricsError: Which of the two, and what to do.
    """
    if config.get_option("server.trustedUserHeaders"):
        raise MetricsError(
            "server.trustedUserHeaders would let whoever reaches this server write in a header who they are. "
            "Take the setting away and let people log in; docs/login.md tells how."
        )
    check_address(listens_on(), mode())


def promised() -> Mode:
    """How the dashboard will be served, as far as files and the environment tell; no setting is read.

    Raises:
        MetricsError: The file of secrets that was named cannot be read, or holds no provider.
    """
    if named := os.environ.get(SECRETS):
        if not _holds_provider(Path(named)):
            raise MetricsError(
                f"{named} names no identity provider: it has no [auth] section. docs/login.md shows one."
            )
        return "login"
    usual = (Path.cwd(), Path.home())
    if any(_holds_provider(p) for at in usual if (p := at / ".streamlit" / "secrets.toml").is_file()):
        return "login"
    return "readers" if os.environ.get(READERS) == "1" else "local"


def _holds_provider(path: Path) -> bool:
    try:
        return bool(tomllib.loads(path.read_text(encoding="utf-8")).get("auth"))
    except OSError as error:
        raise MetricsError(
            f"{path} cannot be read ({error.strerror}). ${SECRETS} names the file with the [auth] section."
        ) from error
    except ValueError as error:
        raise MetricsError(f"{path} is not TOML: {error}. docs/login.md shows such a file.") from error


def listens_on() -> str | None:
    """Where this process listens, as far as its command line and its settings tell."""
    words = sys.argv
    for place, word in enumerate(words):
        if word == "--host" and place + 1 < len(words):
            return words[place + 1]
        if word.startswith("--host="):
            return word.partition("=")[2]
    told = os.environ.get("UVICORN_HOST") or config.get_option("server.address")
    return str(told) if told else None


def loopback(address: str | None) -> bool:
    """Whether an address is this machine's own, that no other machine reaches."""
    if address in (None, ""):
        return False
    if address == "localhost":
        return True
    try:
        return ip_address(str(address).strip("[]")).is_loopback
    except ValueError:
        return False


def use_secrets() -> None:
    """Read who may vouch for people from the file that `$WBR_LOGIN` names.

    Raises:
        MetricsError: It cannot be read, or holds no provider.
    """
    if promised() == "login" and (named := os.environ.get(SECRETS)):
        config.set_option("secrets.files", [str(Path(named).resolve())])
