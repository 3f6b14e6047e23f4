"""The journal: what people decided, who, when and why, in a chain of facts that only grows.

A *fact* says one decision: an owner assigned, an answer given, a deck published. It is never changed
and never removed; a later fact about the same subject takes its place in the reading. Each fact holds
the hash of the one before, so that a change by whoever can write to the database shows; the database
itself refuses it, too. Somebody who makes the whole chain anew is found out by a `version` that was
noted elsewhere, as every published deck does.

*Two people*: an author who saw the state before deciding says what the newest fact was (`expects`);
if another one came first, the second is told which, and nothing is lost.

*Drafts* are what people are typing. They change in place, outlive a reload and a restart, and are no
part of the chain.

SQLite in WAL mode serves one machine with many processes; PostgreSQL several machines. The journal
reads no clock.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from metrics.errors import ConflictError, JournalError
from metrics.journal import erasing
from metrics.journal.database import PATIENCE, Database
from metrics.journal.values import (
    BECAUSE_LIMIT,
    BODY_LIMIT,
    DRAFT_LIMIT,
    JSON,
    Audit,
    Draft,
    Fact,
    New,
    Stored,
    checked_line,
    checked_text,
    fact,
    family,
    folded,
    moment,
    seal,
    shortened,
    stored,
    words_of,
)

__all__ = ["BECAUSE_LIMIT", "BODY_LIMIT", "DRAFT_LIMIT", "JSON", "Audit", "Draft", "Fact", "Journal", "New"]

_FACT = Table(
    "journal_fact",
    MetaData(),
    Column("number", BigInteger, primary_key=True),
    *(
        Column(name, Text)
        for name in ("at", "author", "kind", "subject", "body", "because", "previous", "hash", "salt")
    ),
)
_DRAFT = Table(
    "journal_draft", MetaData(), *(Column(name, Text) for name in ("author", "subject", "text", "at"))
)
_PAGE = 2_000  # Rows fetched at a time when all are read.
_ESCAPED = {'"', "\\", *map(chr, range(32))}  # JSON writes these in another way.
_FOUND = 200  # Facts a search returns unless asked for more.


class Journal:
    """What people decided. Making one opens nothing; every method opens the database for its own task.

    Threads and processes may share a journal. A SQLite file is made by the first append or draft;
    until then the journal is empty.

    Args:
        url: `sqlite:///path/journal.sqlite`, or `postgresql+psycopg://user@host/database`.
        patience: Seconds to wait for other writers.

    Raises:
        JournalError: The address names neither a file nor a PostgreSQL. From every method: the
            database cannot be reached, read or written, or is damaged.
    """

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        self._database = Database(url, patience)
        self._cut: list[ColumnElement[bool]] = []
        self._past = ""
        self._sift: Callable[[Fact], Fact | None] | None = None

    def as_it_stood(self, at: datetime) -> "Journal":
        """This journal as it stood at a moment: facts told later are not there, and nothing can be added.

        Raises:
            JournalError: `at` has no time zone.
        """
        past = copy(self)
        past._past = moment(at, "at")
        past._cut = [_FACT.c.at <= past._past]
        return past

    def sifted(self, sift: Callable[[Fact], Fact | None]) -> "Journal":
        """This journal as somebody reads it who may not see all of it; writing goes on as before.

        Args:
            sift: What that person sees of a fact: all of it, less of it, or None for nothing.
        """
        read = copy(self)
        read._sift = sift
        return read

    def _seen(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        """What is seen of some facts; of `limit` and `last` there may then be fewer."""
        if self._sift is None:
            yield from facts
        else:
            yield from (seen for fact in facts if (seen := self._sift(fact)) is not None)

    @property
    def version(self) -> str:
        """Number and hash of the newest fact, `""` if there is none: the key of all that is read from here.

        Drafts do not change it. Noted elsewhere, it lets `verify` show a chain that was shortened.
        """
        if self._past:
            return _version(*self._database.read(lambda connection: _end(connection, self._cut), (0, "")))
        return _version(*self._database.end(_end, (0, "")))

    def append(
        self,
        kind: str,
        subject: str,
        body: Mapping[str, JSON],
        *,
        author: str,
        at: datetime,
        because: str = "",
        expects: int | None = None,
    ) -> Fact:
        """Add one fact; return it once it is on the disk. The parts are explained at `New` and `Fact`.

        Raises:
            ConflictError: The author expects nothing newer than `expects`, but something is.
            JournalError: A part cannot be kept as it is, `at` has no time zone, or `expects` is
                beyond the journal's end. Nothing was written.
        """
        return self.append_all([New(kind, subject, body, because, expects)], author=author, at=at)[0]

    def append_all(self, facts: Sequence[New], *, author: str, at: datetime) -> tuple[Fact, ...]:
        """Add facts that belong together, in their order, all or nothing; return them once they are kept.

        What each one expects is held against the journal as it was before the first of them.

        Raises:
            ConflictError, JournalError: As for `append`. Nothing was written.
        """
        if self._past:
            raise JournalError(f"This is the journal as it stood on {self._past[:10]}. Nothing was written.")
        told = [stored(new, author, at) for new in facts]
        if not told:
            return ()
        return self._database.write(lambda connection: _appended(connection, facts, told))

    def facts(
        self,
        *,
        kind: str | None = None,
        subject: str | None = None,
        author: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        after: int = 0,
        limit: int | None = None,
        last: int | None = None,
    ) -> tuple[Fact, ...]:
        """Facts, oldest first; all that is given must hold.

        Args:
            kind: This kind and those below it: `"owner"` finds `"owner.assigned"`, not `"ownership"`.
            subject: Exactly this one.
            author: Exactly this one.
            since: Told at this time or later.
            until: Told before this time.
            after: Only facts with a higher number: to go on reading.
            limit: At most so many, from the oldest on.
            last: At most so many, the newest of them.

        Raises:
            JournalError: A time has no zone.
        """
        asked = _asked(kind, subject, author, since, until)
        found = select(_FACT).where(*self._cut, *asked, _FACT.c.number > after)
        if last is not None:
            found = found.order_by(_FACT.c.number.desc()).limit(last)
        else:
            found = found.order_by(_FACT.c.number).limit(limit)
        rows = self._rows(found)
        told = [_fact(row) for row in (reversed(rows) if last is not None else rows)]
        return tuple(self._seen(told if limit is None else told[:limit]))

    def newest(self, kind: str, subject: str | None = None) -> dict[str, Fact]:
        """The newest fact of each subject: the state as it stands.

        Args:
            kind: This kind and those below it; the newest among them counts.
            subject: Only this one; the result is then empty or has one entry.

        Returns:
            Facts by subject, in the order of their numbers.
        """
        asked = (*self._cut, *_asked(kind, subject))
        latest = select(func.max(_FACT.c.number)).where(*asked).group_by(_FACT.c.subject)
        found = select(_FACT).where(_FACT.c.number.in_(latest)).order_by(_FACT.c.number)
        rows = self._rows(found)
        return {told.subject: told for told in self._seen(map(_fact, rows))}

    def search(
        self,
        words: str,
        *,
        kind: str | None = None,
        subject: str | None = None,
        author: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = _FOUND,
    ) -> tuple[Fact, ...]:
        """Facts whose reason, or a text in whose body, holds every word; newest first.

        Case does not matter, in any script; the order of the words and what they are part of does
        not either. Names inside the body are not searched. No word finds nothing. The filters are
        those of `facts`.
        """
        wanted = folded(words).split()
        if not wanted:
            return ()
        plain = [word for word in wanted if not _ESCAPED.intersection(word)]
        asked = _asked(kind, subject, author, since, until)
        found = select(_FACT).where(*self._cut, *asked).order_by(_FACT.c.number.desc())

        def read(connection: Connection) -> tuple[Fact, ...]:
            # In Python: the databases fold other letters than A to Z each in its own way, or not at all.
            kept: list[Fact] = []
            for row in connection.execution_options(yield_per=_PAGE).execute(found):
                if len(kept) == limit:
                    break
                # The JSON as it is rules most out; but for words with what it writes differently.
                raw = folded(f"{row.because}\n{row.body}")
                if not all(word in raw for word in plain):
                    continue
                for told in self._seen([_fact(row)]):
                    said = words_of(told.body, told.because)
                    if all(word in said for word in wanted):
                        kept.append(told)
            return tuple(kept)

        return self._database.read(read, ())

    def verify(self, noted: str = "") -> Audit:
        """Read every fact and hold it against the chain.

        A change of any part of a fact, a missing or an added one shows at its number. That the last
        ones are missing, or that all hashes were made anew, shows only against a version that was
        noted elsewhere.

        Args:
            noted: A `version` of this journal from an earlier day; `""` if there is none at hand.

        Raises:
            JournalError: The database cannot be read at all.
        """
        return self._database.read(
            lambda connection: _audit(connection, self._database, noted),
            _verdict(0, None, (0, ""), noted, None),
        )

    def erase(
        self,
        redacted: Callable[[Stored], Stored],
        of_drafts: Callable[[Draft], Draft | None],
        record: Callable[[Mapping[int, str]], Sequence[New]],
        *,
        author: str,
        at: datetime,
    ) -> tuple[int, ...]:
        """Take a person out of facts and drafts, all or nothing, and put on record which were touched.

        The hash of a fact stays as it was, so that the chain holds and every version noted elsewhere does;
        its salt goes, so that nobody can guess from the hash what it held. What stands there now is vouched
        for by the hashes in the record, which is told at the chain's end in the same step.

        Args:
            redacted: A fact without the person; the same one if it did not name them.
            of_drafts: The same for a draft; None removes it.
            record: The facts to be told, given the new hash of each fact that was touched.
            author: Who erases.
            at: When.

        Returns:
            The numbers of the facts that were touched.
        """

        def done(connection: Connection) -> tuple[int, ...]:
            touched: dict[int, str] = {}
            self._database.unguarded(
                connection, lambda: touched.update(erasing.erased(connection, _FACT, redacted))
            )
            erasing.drafts(connection, _DRAFT, of_drafts)
            if new := record(touched):
                _appended(connection, new, [stored(each, author, at) for each in new])
            return tuple(touched)

        numbers = self._database.write(done)
        self._database.forget_log()
        return numbers

    def save_draft(self, author: str, subject: str, text: str, at: datetime) -> None:
        """Keep what a person is typing; a draft saved at a later time stands.

        Raises:
            JournalError: A part is too long, or `at` has no time zone.
        """
        checked_line("author", author)
        checked_line("subject", subject)
        checked_text("draft", text, DRAFT_LIMIT)
        row = {"author": author, "subject": subject, "text": text, "at": moment(at, "at")}
        put = (sqlite if self._database.dialect == "sqlite" else postgresql).insert(_DRAFT).values(row)
        put = put.on_conflict_do_update(
            index_elements=["author", "subject"],
            set_={"text": put.excluded.text, "at": put.excluded.at},
            where=_DRAFT.c.at <= put.excluded.at,
        )
        self._database.write(lambda connection: connection.execute(put))

    def draft(self, author: str, subject: str) -> Draft | None:
        """What a person was typing about a subject; None if nothing."""
        return next((each for each in self.drafts(author) if each.subject == subject), None)

    def drafts(self, author: str) -> tuple[Draft, ...]:
        """All that a person was typing, by subject."""
        found = select(_DRAFT).where(_DRAFT.c.author == author).order_by(_DRAFT.c.subject)
        rows = self._rows(found)
        return tuple(Draft(row.author, row.subject, row.text, datetime.fromisoformat(row.at)) for row in rows)

    def drop_draft(self, author: str, subject: str) -> None:
        """Forget a draft: it was said, or thrown away. None there is fine."""
        gone = delete(_DRAFT).where(_DRAFT.c.author == author, _DRAFT.c.subject == subject)
        if self.draft(author, subject):
            self._database.write(lambda connection: connection.execute(gone))

    def copied(self, into: "Journal") -> int:
        """Copy every fact as it is, with the drafts, into an empty journal; return how many facts.

        This is the backup (a journal of SQLite may not be copied as a file while it is used) and the
        way from SQLite to PostgreSQL.

        Raises:
            JournalError: The other journal holds facts already, or a fact does not follow the one before.
        """

        def read(connection: Connection) -> int:
            return into._database.write(lambda other: _copied(connection, other, into._database.place))

        return self._database.read(read, 0)

    def _rows(self, found: Select[Any]) -> Sequence[Row[Any]]:
        none: Sequence[Row[Any]] = ()
        return self._database.read(lambda connection: connection.execute(found).all(), none)


def _end(connection: Connection, cut: Sequence[ColumnElement[bool]] = ()) -> tuple[int, str]:
    """Number and hash of the newest fact."""
    found = select(_FACT.c.number, _FACT.c.hash).where(*cut).order_by(_FACT.c.number.desc()).limit(1)
    row = connection.execute(found).first()
    return (row.number, row.hash) if row else (0, "")


def _version(number: int, hashed: str) -> str:
    return f"{number}-{hashed}" if number else ""


def _below(kind: str) -> ColumnElement[bool]:
    """Whether a fact is of a kind or below it. A range, for the index; `/` comes right after `.`."""
    kind = kind.rstrip(".")
    return or_(_FACT.c.kind == kind, and_(_FACT.c.kind > f"{kind}.", _FACT.c.kind < f"{kind}/"))


def _asked(
    kind: str | None,
    subject: str | None,
    author: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[ColumnElement[bool]]:
    asked = []
    if kind is not None:
        asked.append(_below(kind))
    if subject is not None:
        asked.append(_FACT.c.subject == subject)
    if author is not None:
        asked.append(_FACT.c.author == author)
    if since is not None:
        asked.append(_FACT.c.at >= moment(since, "since"))
    if until is not None:
        asked.append(_FACT.c.at < moment(until, "until"))
    return asked


def _fact(row: Row[Any]) -> Fact:
    return fact(row.number, row[1:7], row.previous, row.hash)


def _appended(connection: Connection, facts: Sequence[New], told: Sequence[Stored]) -> tuple[Fact, ...]:
    end, previous = _end(connection)
    for new in facts:
        _expected(connection, new, end)
    rows, added = [], []
    for number, parts in enumerate(told, start=end + 1):
        salt = token_hex(16)
        hashed = seal(number, parts, previous, salt)
        rows.append(dict(zip(_FACT.columns.keys(), (number, *parts, previous, hashed, salt), strict=True)))
        added.append(fact(number, parts, previous, hashed))
        previous = hashed
    connection.execute(insert(_FACT), rows)
    return tuple(added)


def _expected(connection: Connection, new: New, end: int) -> None:
    """Refuse a fact whose author has not seen the newest one of its family and subject."""
    if new.expects is None:
        return
    if new.expects > end:
        raise JournalError(
            f"{new.kind} on {new.subject} was decided after reading fact {new.expects}, but the journal "
            f"ends at {end}: it was restored from a backup. Nothing was written. Read again, then decide."
        )
    found = select(_FACT).where(*_asked(family(new.kind), new.subject), _FACT.c.number > new.expects)
    row = connection.execute(found.order_by(_FACT.c.number.desc()).limit(1)).first()
    if row is None:
        return
    first = _fact(row)
    because = f", because {first.because}" if first.because else ""
    raise ConflictError(
        f"{first.author} was first: {first.kind} on {first.subject} at {first.at:%Y-%m-%d %H:%M} UTC (fact "
        f"{first.number}): {shortened(row.body)}{shortened(because)}. Nothing of yours was written. "
        "Look at it, then decide again.",
        first,
    )


def _audit(connection: Connection, database: Database, noted: str) -> Audit:
    database.take_damaged_text(connection)
    guarded = database.guarded(connection)
    facts = connection.execute(select(func.count()).select_from(_FACT)).scalar_one()
    found = select(_FACT).where(_FACT.c.number >= 1).order_by(_FACT.c.number)
    marked, _, mark = noted.partition("-")
    vouched = erasing.vouched(connection, _FACT)
    number, previous, kept, erased = 0, "", not noted, 0
    for row in connection.execution_options(yield_per=_PAGE).execute(found):
        number += 1
        whole = all(isinstance(part, str) for part in row[1:]) and (row[0], row.previous) == (
            number,
            previous,
        )
        if not whole or row.hash != seal(number, row[1:7], previous, row.salt):
            if not whole or row.salt or not vouched.holds(number, row[1:7], previous):
                return _verdict(facts, number, (0, ""), "", guarded)
            erased += 1
        previous = row.hash
        kept = kept or (str(number) == marked and previous == mark)
    if facts != number:
        return _verdict(facts, number + 1, (0, ""), "", guarded)
    verdict = _verdict(facts, None, (number, previous), "" if kept else noted, guarded)
    if not erased or not verdict.ok:
        return verdict
    who = f"facts {vouched.by} say" if "," in vouched.by else f"fact {vouched.by} says"
    told = f"{verdict.sentence[:-1]}, or as {who} that they were erased: {erased:,}."
    return replace(verdict, sentence=told, erased=erased)


def _verdict(
    facts: int, broken: int | None, end: tuple[int, str], missed: str, guarded: bool | None
) -> Audit:
    """What an audit found, in words.

    Args:
        facts: How many there are.
        broken: The first that is missing or changed.
        end: Number and hash of the last.
        missed: A noted version that the chain does not hold.
        guarded: Whether the database refuses changes; None if there is no database yet.
    """
    way = "Keep a copy of the database and compare it with a backup."
    if broken is not None:
        sentence = f"Fact {broken} is missing or is not as it was told; {facts:,} facts in all. {way}"
    elif missed:
        sentence = (
            f"The {facts:,} facts follow each other, but version {missed} that was noted is not among "
            f"them: the journal was shortened or made anew. {way}"
        )
    elif guarded is False:
        sentence = (
            f"All {facts:,} facts are as they were told, but the triggers that refuse changes are gone. Ask "
            "who changed the database; a copy into a new journal has them again."
        )
    else:
        sentence = f"All {facts:,} facts are as they were told." if facts else "The journal is empty."
    ok = broken is None and not missed and guarded is not False
    return Audit(ok, facts, broken, sentence, _version(*end) if ok else "")


def _copied(connection: Connection, into: Connection, place: str) -> int:
    if _end(into)[0]:
        raise JournalError(f"{place} holds facts already. Copy into an empty journal.")
    number = 0
    for page in (
        connection.execution_options(yield_per=_PAGE)
        .execute(select(_FACT).order_by(_FACT.c.number))
        .partitions()
    ):
        into.execute(insert(_FACT), [dict(row._mapping) for row in page])
        number += len(page)
    drafts = connection.execute(select(_DRAFT)).mappings().all()
    into.execute(delete(_DRAFT))
    if drafts:
        into.execute(insert(_DRAFT), [dict(row) for row in drafts])
    return number
