"""Tokens of programs: making, taking back, and telling whose a secret is.

When a token was last used is no decision, so it stands beside the journal: a file a token in `prepared/`,
whose time is that of the last use, written once a minute at most.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from metrics.errors import UnknownNameError, hint
from metrics.journal import New
from metrics.reviews import tokens as rules
from metrics.reviews.statement import Statement
from metrics.reviews.tokens import Token
from metrics.workspace.chronicle import Chronicle

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

FOLDER = "prepared/tokens"
NOTED_EVERY = 60.0  # Seconds between two notes that a token was used.


class Tokens:
    """The tokens of one workspace. Their times are real, also where a demonstration's clock stands still."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
        self._chronicle = Chronicle(house, house.moment)

    def all(self) -> tuple[Token, ...]:
        """Every token ever made, oldest first."""
        return tuple(self._known().values())

    def _known(self) -> dict[str, Token]:
        return self._chronicle.made("tokens", rules.tokens)

    def token(self, name: str) -> Token:
        """A token by its id; UnknownNameError if there is none."""
        known = self._known()
        if name not in known:
            raise UnknownNameError(f"{name!r} is not among tokens. {hint(name, known)}")
        return known[name]

    def issue(
        self,
        name: str,
        person: str,
        scopes: Sequence[str],
        *,
        by: str,
        expires: datetime | None = None,
    ) -> tuple[Token, str]:
        """Make a token.

        Returns:
            The token, and the secret that its bearer sends. It is kept nowhere, so this is the only time.

        Raises:
            DecisionError, UnknownNameError, NotAllowedError: See `reviews.tokens.issue`.
        """
        if by != person:
            self._house.may(by, "issue_token")  # In one's own name, anybody may.
        self._house.notice_roles()
        made = token_hex(5)
        secret = f"sxt_{made}_{token_hex(32)}"
        told = rules.issue(
            self._house.definitions,
            token=made,
            hashed_secret=rules.hashed(secret),
            name=name,
            person=person,
            scopes=scopes,
            now=self._house.moment(),
            expires=expires,
        )
        self._say(told, by)
        return self.token(made), secret

    def revoke(self, name: str, *, by: str, because: str = "") -> Token:
        """Take a token back, at once and for good.

        Raises:
            UnknownNameError: There is none of this id.
            DecisionError: It was taken back already.
        """
        self._say(rules.revoke(self.token(name), because=because), by)
        return self.token(name)

    def bearer(self, secret: str) -> Token | None:
        """The token that a secret is; None if it lets nobody in."""
        if not rules.WHOLE.fullmatch(secret):
            return None  # Before the journal is asked: anybody can send anything.
        found = rules.named_by(self._known(), secret)
        now = self._house.moment()
        if found is None or found.standing(self._house.definitions, now) != "valid":
            return None
        if self._house.loop.owning.owners().has_left(found.person, now.date()):
            return None
        self._note(found.id, now)
        return found

    def last_used(self, name: str) -> datetime | None:
        """When a token last let somebody in, to the minute, on this machine; None if it never did."""
        try:
            seen = (self._folder / name).stat().st_mtime
        except OSError:
            return None
        return datetime.fromtimestamp(seen, UTC).astimezone(self._house.moment().tzinfo)

    @property
    def _folder(self) -> Path:
        return self._house.folder / FOLDER

    def _note(self, name: str, now: datetime) -> None:
        known, moment = self.last_used(name), now.timestamp()
        if known is not None and moment - known.timestamp() < NOTED_EVERY:
            return
        with suppress(OSError):  # A full or read-only disk shuts nobody out.
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / name).touch()
            os.utime(self._folder / name, (moment, moment))

    def _say(self, told: Statement, by: str) -> None:
        new = New(told.kind, told.subject, told.body, told.because, told.expects)
        self._house.journal.append_all([new], author=by, at=self._house.moment().astimezone(UTC))
