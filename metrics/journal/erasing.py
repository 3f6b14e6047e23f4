"""Taking a person out of facts that stay in the chain, and telling later that nothing else was changed.

A fact that was touched keeps its hash and its place: the chain does not break. It no longer yields that hash
itself; a later fact of kind `person.erased` holds the hash of what stands there now, and the token that takes
the person's place. Such a fact is in the chain like any other. So a fact that was changed without one shows,
and so does one that was changed again after it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Table, delete, insert, select, update

from metrics.journal.values import Draft, Stored, seal

KIND = "person.erased"


@dataclass
class Vouched:
    """What the records of a journal say of facts that were touched.

    Attributes:
        hashes: By number: the hash of what stands there now, the token in it, and the record's own number.
            Of several the last one counts.
    """

    hashes: dict[int, tuple[str, str, int]] = field(default_factory=dict)

    @property
    def by(self) -> str:
        """The numbers of the records, in words."""
        return ", ".join(str(n) for n in sorted({number for _, _, number in self.hashes.values()}))

    def holds(self, number: int, parts: Stored, previous: str) -> bool:
        """Whether a later record says that a fact stands as it does, with the token in it."""
        told, token, record = self.hashes.get(number, ("", "", 0))
        return (
            record > number
            and told == seal(number, parts, previous)
            and any(token in part for part in (parts[1], parts[3], parts[4], parts[5]))
        )


def vouched(connection: Connection, facts: Table) -> Vouched:
    """What the records say; one that cannot be read says nothing, and the chain then breaks at it."""
    found = Vouched()
    asked = select(facts.c.number, facts.c.subject, facts.c.body).where(facts.c.kind == KIND)
    for row in connection.execute(asked.order_by(facts.c.number)):
        try:
            told = json.loads(row.body)["facts"]
            found.hashes |= {
                int(n): (str(hashed), str(row.subject), row.number) for n, hashed in told.items()
            }
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def erased(connection: Connection, facts: Table, redacted: Callable[[Stored], Stored]) -> Mapping[int, str]:
    """Write what is left of each fact over it; return the new hashes by number."""
    touched: dict[int, str] = {}
    rows = connection.execute(select(facts).order_by(facts.c.number)).all()
    for row in rows:
        before: Stored = (row.at, row.author, row.kind, row.subject, row.body, row.because)
        after = redacted(before)
        if after == before:
            continue
        names = ("at", "author", "kind", "subject", "body", "because")
        change = update(facts).where(facts.c.number == row.number)
        connection.execute(change.values(**dict(zip(names, after, strict=True)), salt=""))
        touched[row.number] = seal(row.number, after, row.previous)
    return touched


def drafts(connection: Connection, table: Table, of_drafts: Callable[[Draft], Draft | None]) -> None:
    """Take the person out of what people are typing."""
    for row in connection.execute(select(table)).all():
        before = Draft(row.author, row.subject, row.text, datetime.fromisoformat(row.at))
        after = of_drafts(before)
        if after == before:
            continue
        connection.execute(
            delete(table).where(table.c.author == before.author, table.c.subject == before.subject)
        )
        if after is not None:
            new = {"author": after.author, "subject": after.subject, "text": after.text, "at": row.at}
            connection.execute(insert(table), [new])
