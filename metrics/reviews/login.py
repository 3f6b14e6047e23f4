"""Who somebody is, by what their identity provider says of them, and until when that holds.

What the provider says (its *claims*) is signed; what of it counts is decided here, on every run.

Source: platform.md section 1, "Login".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from metrics.definitions import Definitions, Login
from metrics.errors import NotAllowedError
from metrics.reviews.duties import checked
from metrics.reviews.roles import PERSON, RIGHT
from metrics.reviews.statement import Statement, said, somebody
from metrics.reviews.told import Told

ENDED: Final = "session.ended"
REFUSED: Final = "access.refused"
EVERYBODY: Final = "*"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who logged in.

    Attributes:
        person: Handle; None for somebody who is none of `people`: a reader, or refused.
        name: As the provider says it.
        roles: Of the groups that the provider names.
        refused: Why they are not let in, in a sentence; empty if they are.
    """

    person: str | None
    name: str
    roles: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """The roles that a login brought by groups.

    Attributes:
        roles: Names of roles.
        since: When the person logged in, in seconds of the epoch.
        until: When that ends.
    """

    roles: tuple[str, ...]
    since: float
    until: float


def identified(definitions: Definitions, claims: Mapping[str, Any]) -> Identity:
    """Who somebody is whom the provider vouches for.

    An e-mail address that the provider says is not verified is nobody's: anybody can write one down.
    """
    login = definitions.login or Login()
    told = str(claims.get(login.claim) or "").strip()
    name = str(claims.get("name") or told or "somebody")
    mail = login.claim == "email"
    if mail and claims.get("email_verified") in (False, "false"):
        return Identity(None, name, refused=f"Your provider says that the address {told} is not verified.")
    person = next((h for h, p in definitions.people.items() if told and p.login == told), None)
    if person is None and mail and told:
        same = [h for h, p in definitions.people.items() if p.email and p.email.casefold() == told.casefold()]
        person = same[0] if len(same) == 1 else None
    if person is None:
        if login.unknown == "read":
            return Identity(None, name)
        return Identity(None, name, refused=f"{told or name} is nobody of this review.")
    return Identity(person, name, tuple(_roles(login, claims)))


def _roles(login: Login, claims: Mapping[str, Any]) -> Iterable[str]:
    groups = claims.get(login.groups_claim)
    named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list | tuple) else []
    found: dict[str, None] = {}
    for group in named:
        found |= dict.fromkeys(login.groups.get(str(group), ()))
    return found


def holds(claims: Mapping[str, Any], now: datetime, ended: datetime | None) -> str:
    """Why a login holds no more, in a sentence; empty while it does.

    Args:
        claims: What the provider said when they logged in.
        now: The moment, aware.
        ended: Since when everything earlier is logged out; None if nothing was.
    """
    until, since = _number(claims.get("exp")), _number(claims.get("iat"))
    if until is None or since is None:
        return "Your provider does not say until when the login holds."
    if now.timestamp() >= until:
        return "Your login has expired."
    if ended is not None and since <= ended.timestamp():
        return "You were logged out everywhere."
    return ""


def span(claims: Mapping[str, Any]) -> tuple[float, float]:
    """From when to when a login holds that holds, in seconds of the epoch."""
    since, until = _number(claims.get("iat")), _number(claims.get("exp"))
    return since or 0.0, until or 0.0


def _number(told: Any) -> float | None:
    return float(told) if isinstance(told, int | float) and not isinstance(told, bool) else None


def ended(facts: Iterable[Told]) -> dict[str, datetime]:
    """Since when which person's logins are ended, by handle; `*` for everybody's."""
    return {f.subject.removeprefix(PERSON): f.at for f in facts if f.kind == ENDED}


def ending(definitions: Definitions, person: str, *, by: str, because: str) -> Statement:
    """Log a person out everywhere: oneself, or another one by whoever grants roles; `*` is everybody.

    Raises:
        NotAllowedError: The author is neither.
        UnknownNameError: There is no such person.
        DecisionError: No reason is given.
    """
    whom = person if person == EVERYBODY else somebody(definitions, person, "who is logged out")
    if whom != by:
        checked(definitions, by, RIGHT)
    return Statement(ENDED, f"{PERSON}{whom}", {}, said(because, "the reason", why="Say why."))


def refusal(what: str, where: str, error: NotAllowedError) -> Statement:
    """What somebody tried who may not, for the journal."""
    return Statement(REFUSED, f"page:{where}", {"what": what[:200]}, str(error)[:1_000])
