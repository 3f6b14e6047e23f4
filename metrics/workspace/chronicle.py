"""The journal as the loop reads it: facts in the company's time, read once, and the way to add to them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from metrics.journal import Fact, New
from metrics.reviews.statement import Statement

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

Made = TypeVar("Made")


class Chronicle:
    """What people decided in one workspace.

    Facts are kept in memory and only new ones are fetched. Their times are in the company's zone, so that
    the day of a fact is the company's day.

    Args:
        house: The workspace.
        clock: The moment, in the company's zone; by default the workspace's own.
    """

    def __init__(self, house: "Workspace", clock: Callable[[], datetime] | None = None) -> None:
        self.house = house
        self._clock = clock or house.now
        self._version = ""
        self._facts: tuple[Fact, ...] = ()
        self._made: dict[str, tuple[tuple[Any, ...], Any]] = {}
        self._lock = Lock()

    @property
    def now(self) -> datetime:
        """The moment, in the company's zone."""
        return self._clock()

    @property
    def today(self) -> date:
        """The day, where the company is."""
        return self.now.date()

    @property
    def version(self) -> str:
        """Of the journal."""
        return self.house.journal.version

    def facts(self) -> tuple[Fact, ...]:
        """Every fact, oldest first."""
        with self._lock:
            version = self.house.journal.version
            if version != self._version:
                known = self._facts
                self._facts = self._newer(version)
                self._version = version
                if self.house.past is None and any(
                    f.kind.startswith("role.") for f in self._facts[len(known) :]
                ):
                    self.house.notice_roles()
            return self._facts

    def _newer(self, version: str) -> tuple[Fact, ...]:
        zone = ZoneInfo(self.house.definitions.company.time_zone)
        end = int(version.partition("-")[0] or 0)
        kept = self._facts
        if kept:
            last = self.house.journal.facts(after=kept[-1].number - 1, limit=1)
            if end < kept[-1].number or not last or last[0].hash != kept[-1].hash:
                kept = ()  # Restored from a backup: what was read is of another chain.
        after = kept[-1].number if kept else 0
        fresh = self.house.journal.facts(after=after)
        if kept and any(f.kind == "person.erased" for f in fresh):
            kept, fresh = (), self.house.journal.facts()  # What was read before names them still.
        return kept + tuple(replace(f, at=f.at.astimezone(zone)) for f in fresh)

    def made(self, name: str, make: Callable[[tuple[Fact, ...]], Made], *also: object) -> Made:
        """Something made from the facts, remembered until a new one is there or `also` changes."""
        facts = self.facts()
        key = (facts[-1].hash if facts else "", *also)
        known = self._made.get(name)
        if known is None or known[0] != key:
            known = self._made[name] = key, make(facts)
        made: Made = known[1]
        return made

    def say(self, *statements: Statement, by: str) -> tuple[Fact, ...]:
        """Add facts, all or nothing; return them once they are kept.

        Raises:
            ConflictError: Somebody decided about the same thing first; the message says what.
            JournalError: The journal cannot be written.
        """
        told = [New(s.kind, s.subject, s.body, s.because, s.expects) for s in statements]
        return self.house.journal.append_all(told, author=by, at=self.now.astimezone(UTC))

    def name(self, *parts: object) -> str:
        """A name of its own for a new thing: the same for the same words at the same place of the journal."""
        told = "\n".join(map(str, (self.version.partition("-")[0], *parts)))
        return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:10]
