"""Tokens: what lets a program in, in a person's name. The journal holds a hash, never the secret.

A token says `sxt_`, its id, and a secret of 32 random bytes. Whoever reads the journal cannot make one
from it. Its bearer sees what the person sees, and may do what the scopes name and the person may.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Literal

from metrics.definitions import Definitions, PushSource
from metrics.errors import DecisionError, UnknownNameError, hint
from metrics.reviews import rights
from metrics.reviews.statement import SHORT, Statement, of_family, optional, said, somebody
from metrics.reviews.told import Told

READ = "read"
PUSH = "push:"
WHOLE = re.compile(r"sxt_([0-9a-f]{10})_([0-9a-f]{64})")

Standing = Literal["valid", "expired", "revoked", "orphaned"]


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it stands in the journal.

    Attributes:
        id: Its public part.
        name: What it is for, in the words of whoever made it.
        person: Handle of the person in whose name it acts.
        scopes: `read`, and `push:SOURCE` for each source it may push to.
        hashed: SHA-256 of the whole token, in hex.
        by: Who made it.
        at: When.
        expires: When it ends by itself; None for never.
        revoked: When it was taken back; None if it was not.
        revoked_by: Who took it back; empty if nobody did.
        because: Why it was taken back.
        fact: Newest fact about it.
    """

    id: str
    name: str
    person: str
    scopes: tuple[str, ...]
    hashed: str
    by: str
    at: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    revoked_by: str = ""
    because: str = ""
    fact: int = 0

    def may(self, scope: str) -> bool:
        """Whether it carries a scope."""
        return scope in self.scopes

    def standing(self, definitions: Definitions, now: datetime) -> Standing:
        """Whether it lets anybody in; `orphaned` if its person is declared no more."""
        if self.revoked is not None:
            return "revoked"
        if self.expires is not None and self.expires <= now:
            return "expired"
        if definitions.people and self.person not in definitions.people:
            return "orphaned"
        return "valid"


def subject(token: str) -> str:
    """What the journal calls a token."""
    return f"token:{token}"


def hashed(secret: str) -> str:
    """What the journal keeps of a token: 32 random bytes need no slow hash."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def tokens(facts: Iterable[Told]) -> dict[str, Token]:
    """Every token ever made, by id, oldest first."""
    found: dict[str, Token] = {}
    for fact in of_family(facts, "token"):
        name = fact.subject.removeprefix("token:")
        if fact.kind == "token.issued":
            expires = fact.body.get("expires")
            found[name] = Token(
                id=name,
                name=str(fact.body["name"]),
                person=str(fact.body["person"]),
                scopes=tuple(str(scope) for scope in fact.body["scopes"]),
                hashed=str(fact.body["sha256"]),
                by=fact.author,
                at=fact.at,
                expires=datetime.fromisoformat(str(expires)) if expires else None,
                fact=fact.number,
            )
        elif fact.kind == "token.revoked" and name in found:
            found[name] = replace(
                found[name],
                revoked=fact.at,
                revoked_by=fact.author,
                because=fact.because,
                fact=fact.number,
            )
    return found


def issue(
    definitions: Definitions,
    *,
    token: str,
    hashed_secret: str,
    name: str,
    person: str,
    scopes: Iterable[str],
    now: datetime,
    expires: datetime | None,
) -> Statement:
    """A new token.

    Raises:
        DecisionError: It has no name, no scope, or would be over before it begins.
        UnknownNameError: A person, scope or source that is not declared.
        NotAllowedError: A scope lets it push, and its person may not load.
    """
    who = somebody(definitions, person, "the person in whose name the token acts")
    wanted = tuple(dict.fromkeys(scopes))
    if not wanted:
        raise DecisionError("A token needs a scope: `read`, or `push:SOURCE`. Name at least one.")
    for scope in wanted:
        _known(definitions, scope)
    if any(scope.startswith(PUSH) for scope in wanted):
        rights.checked(definitions, who, "load")
    if expires is not None and expires <= now:
        raise DecisionError(f"{expires:%Y-%m-%d %H:%M} is past. Name a later day, or none.")
    body = {
        "name": said(name, "what the token is for", SHORT),
        "person": who,
        "scopes": list(wanted),
        "sha256": hashed_secret,
        "expires": expires.isoformat() if expires else None,
    }
    return Statement("token.issued", subject(token), body, expects=0)


def _known(definitions: Definitions, scope: str) -> None:
    if scope == READ:
        return
    sources = [name for name, s in definitions.sources.items() if isinstance(s, PushSource)]
    if not scope.startswith(PUSH):
        scopes = (READ, *(f"{PUSH}{name}" for name in sources))
        raise UnknownNameError(f"{scope!r} is no scope. {hint(scope, scopes)}")
    if scope.removeprefix(PUSH) not in sources:
        raise UnknownNameError(
            f"{scope.removeprefix(PUSH)!r} is no source that can be pushed to. "
            f"{hint(scope.removeprefix(PUSH), sources)} Such a source says `push: true`."
        )


def revoke(token: Token, *, because: str) -> Statement:
    """Take a token back.

    Raises:
        DecisionError: It was taken back already.
    """
    if token.revoked is not None:
        raise DecisionError(
            f"{token.id} ({token.name}) was revoked by {token.revoked_by} on {token.revoked:%Y-%m-%d}."
        )
    why = optional(because, "the reason")
    return Statement("token.revoked", subject(token.id), {}, because=why, expects=token.fact)


def named_by(known: dict[str, Token], secret: str) -> Token | None:
    """The token that a secret is; None if it is none. The time it takes does not depend on the secret."""
    match = WHOLE.fullmatch(secret)
    token = known.get(match[1]) if match else None
    told = hashed(secret)
    right = compare_digest(told, token.hashed if token else "0" * len(told))
    return token if right else None
