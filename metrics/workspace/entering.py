"""Who may come in and what they are: roles, logins, refusals on record."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from metrics.errors import NotAllowedError
from metrics.journal import Fact, New
from metrics.reviews import login, roles
from metrics.reviews.login import Identity
from metrics.reviews.statement import Statement, newest_number

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace


class Entering:
    """Roles and logins of one workspace. By the real clock: a frozen one lets nobody out."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house.whole

    def identified(self, claims: Mapping[str, Any]) -> Identity:
        """Who somebody is, says the provider; the roles of their groups count while the login holds."""
        self._house.notice_roles()
        found = login.identified(self._house.definitions, claims)
        if found.person is not None and not self.holds(claims, found.person):
            self._house.belongs(found.person, found.roles, *login.span(claims))
        return found

    def holds(self, claims: Mapping[str, Any], person: str | None) -> str:
        """Why a login holds no more, in a sentence; empty while it does."""
        ended = self._house.loop.chronicle.made("logins", login.ended)
        times = [t for t in (ended.get(person or ""), ended.get(login.EVERYBODY)) if t is not None]
        return login.holds(claims, self._house.moment(), max(times, default=None))

    def grant(self, person: str, role: str, *, by: str, because: str) -> Fact:
        """Give somebody a role; see `reviews.roles.granting`."""
        return self._decided(roles.granting, person, role, by, because)

    def revoke(self, person: str, role: str, *, by: str, because: str) -> Fact:
        """Take a role away; see `reviews.roles.revoking`."""
        return self._decided(roles.revoking, person, role, by, because)

    def log_out(self, person: str, *, by: str, because: str) -> Fact:
        """Log a person out everywhere; see `reviews.login.ending`."""
        self._house.notice_roles()
        return self._say(login.ending(self._house.definitions, person, by=by, because=because), by)

    def refused(self, person: str, what: str, where: str, error: NotAllowedError) -> Fact:
        """Put on record that somebody tried what they may not."""
        return self._say(login.refusal(what, where, error), person)

    def _decided(self, rule: Any, person: str, role: str, by: str, because: str) -> Fact:
        house = self._house
        house.notice_roles()
        seen = newest_number(house.loop.chronicle.facts(), roles.FAMILY, f"{roles.PERSON}{person}")
        told = self._say(rule(house.definitions, person, role, by=by, because=because, seen=seen), by)
        house.notice_roles()
        return told

    def _say(self, told: Statement, by: str) -> Fact:
        new = New(told.kind, told.subject, told.body, told.because, told.expects)
        at: datetime = self._house.moment().astimezone(UTC)
        return self._house.journal.append_all([new], author=by, at=at)[0]
