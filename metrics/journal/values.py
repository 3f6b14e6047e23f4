"""What a journal holds: facts, sealed in a chain, and drafts that are not facts yet."""

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeAlias

from metrics.errors import JournalError

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

# Characters, save for the body: bytes. A frozen deck goes into a file of its own, its hash into a body.
LINE_LIMIT = {"kind": 80, "author": 200, "subject": 400}
BECAUSE_LIMIT = 4_000
BODY_LIMIT = 256 * 1024
DRAFT_LIMIT = 100_000
DEPTH_LIMIT = 32
WHOLE_LIMIT = 2**53 - 1  # Beyond it a browser reads another number than was written.

_KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


@dataclass(frozen=True)
class New:
    """A fact to be told.

    Attributes:
        kind: What sort of decision, family first: `"owner.assigned"`, `"goal.status"`.
        subject: What it is about: a metric's id, `"deck:company:2026-05-09"`.
        body: What was decided. Names and texts; numbers finite; no dates but as text.
        because: Why, in the author's words; `""` if nothing was said.
        expects: Number of the newest fact the author had seen of this family and subject, 0 if
            there was none; any later number the author had seen in the journal does too. If a
            newer one is there, the append is refused. None does not ask.
    """

    kind: str
    subject: str
    body: Mapping[str, JSON]
    because: str = ""
    expects: int | None = None


@dataclass(frozen=True)
class Fact:
    """One thing somebody decided, as it stands in the journal for good.

    Attributes:
        number: Place in the chain: 1, 2, 3 … without a gap.
        at: When, aware, in UTC.
        author: Who.
        kind: What sort of decision, family first.
        subject: What it is about.
        body: What was decided; read from JSON, so sequences are lists. Not to be changed.
        because: Why; `""` if nothing was said.
        hash: SHA-256 in hex of the JSON list `[number, at, author, kind, subject, body, because,
            previous, salt]` as it is stored, without spaces, in UTF-8; `at` is ISO 8601 with
            microseconds and `+00:00`, `body` is a text: JSON with sorted keys and without spaces. The
            salt is by chance; facts told before there were salts have none, and their list ends earlier.
        previous: Hash of the fact before; `""` for the first.
    """

    number: int
    at: datetime
    author: str
    kind: str
    subject: str
    body: Mapping[str, JSON] = field(hash=False)
    because: str
    hash: str
    previous: str


@dataclass(frozen=True)
class Draft:
    """What a person is typing: not said yet, changed in place, and no part of the chain.

    Attributes:
        author: Who types.
        subject: What about.
        text: What is typed so far.
        at: When it was last saved, aware, in UTC.
    """

    author: str
    subject: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Audit:
    """Whether the chain holds.

    Attributes:
        ok: True if every fact is as it was told and none is missing, and the database still
            refuses to change one.
        facts: How many facts the journal holds.
        first_broken: Number of the first fact that is missing or not as it was told; None if none is.
        sentence: The same in words, with what to do.
        erased: Facts from which a person was erased, each vouched for by a later fact that says so.
        version: Of the journal if the chain holds, else `""`. Noted elsewhere and handed to a later
            audit, it also shows a chain that was shortened or made anew.
    """

    ok: bool
    facts: int
    first_broken: int | None
    sentence: str
    version: str
    erased: int = 0


Stored: TypeAlias = tuple[str, str, str, str, str, str]
"""at, author, kind, subject, body and because, as the database keeps them."""


def stored(new: New, author: str, at: datetime) -> Stored:
    """A new fact as texts to store.

    Raises:
        JournalError: A part of it cannot be kept as it is; the sentence says which and why.
    """
    checked_line("author", author)
    checked_line("kind", new.kind)
    checked_line("subject", new.subject)
    if not _KIND.fullmatch(new.kind):
        raise JournalError(
            f"kind: {new.kind!r} is not made of words in small letters, and dots, like 'owner.assigned'."
        )
    checked_text("because", new.because, BECAUSE_LIMIT)
    if not isinstance(new.body, Mapping):
        raise JournalError(f"body: {type(new.body).__name__} is not a mapping of names to values.")
    body = canonical(_plain(new.body, "body", 0))
    if (size := len(body.encode())) > BODY_LIMIT:
        raise JournalError(
            f"body: {size:,} bytes are more than the {BODY_LIMIT:,} a fact may hold. Put the long part into "
            "a file, and its name and hash into the fact."
        )
    return moment(at, "at"), author, new.kind, new.subject, body, new.because


def checked_line(name: str, value: str) -> None:
    """Refuse what cannot be a name on one line.

    Raises:
        JournalError: It is empty or too long, or holds a control character.
    """
    checked_text(name, value, LINE_LIMIT[name])
    if not value.strip():
        raise JournalError(f"{name}: it is empty. Say {'who' if name == 'author' else 'what'} it is.")
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in value):
        raise JournalError(f"{name}: {value!r} holds a control character. Write it on one line.")


def checked_text(name: str, value: str, limit: int) -> None:
    """Refuse a text that could not be stored in every database and read back as it was.

    Raises:
        JournalError: It is no text or too long, or holds a NUL or half a character.
    """
    if not isinstance(value, str):
        raise JournalError(f"{name}: {type(value).__name__} is not a text.")
    if len(value) > limit:
        raise JournalError(f"{name}: {len(value):,} characters are more than {limit:,}. Shorten it.")
    if "\0" in value:
        raise JournalError(f"{name}: it holds a NUL character. Take it out.")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise JournalError(f"{name}: it holds half a character (a lone surrogate). Take it out.")


def moment(at: datetime, name: str) -> str:
    """A time as the database keeps it: texts of one length, whose order is that of the times.

    Raises:
        JournalError: It has no time zone.
    """
    if at.utcoffset() is None:
        raise JournalError(f"{name} is {at.isoformat()}, without a time zone. Give it the company's, or UTC.")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(value: JSON) -> str:
    """JSON in the one form that is hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def seal(number: int, parts: Sequence[object], previous: str, salt: str = "") -> str:
    """The hash of a fact; `parts` are those of `Stored`, bytes that are no UTF-8 as lone surrogates."""
    ends = [previous, salt] if salt else [previous]
    told = json.dumps([number, *parts, *ends], ensure_ascii=False, separators=(",", ":"))
    return sha256(told.encode("utf-8", "surrogateescape")).hexdigest()


def fact(number: int, parts: Sequence[str], previous: str, hashed: str) -> Fact:
    """A fact from what is stored of it.

    Raises:
        JournalError: It is damaged.
    """
    at, author, kind, subject, body, because = parts
    try:
        return Fact(
            number,
            datetime.fromisoformat(at),
            author,
            kind,
            subject,
            json.loads(body),
            because,
            hashed,
            previous,
        )
    except (TypeError, ValueError) as error:
        raise JournalError(
            f"Fact {number} of the journal cannot be read ({error}): it is not as it was told. "
            "`wbr audit` says more; restore a backup: `wbr restore FILE`."
        ) from error


def family(kind: str) -> str:
    """The first word of a kind: facts of one family about one subject replace each other."""
    return kind.partition(".")[0]


def words_of(body: JSON, because: str) -> str:
    """All that a fact says in words, ready to be searched: folded, without the names of the body."""
    return folded("\n".join((because, *_texts(body))))


def folded(words: str) -> str:
    """Text without the differences a reader does not mean: small and capital, wide and narrow."""
    return unicodedata.normalize("NFKC", words).casefold()


def shortened(words: str, limit: int = 200) -> str:
    """Words for a sentence, cut where they grow too long."""
    return words if len(words) <= limit else f"{words[:limit]}…"


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, Sequence):
        for each in value:
            yield from _texts(each)


def _plain(value: JSON, place: str, depth: int) -> JSON:
    """The value in plain dicts, lists, texts and numbers; refused with its place if it has another part."""
    if depth > DEPTH_LIMIT:
        raise JournalError(f"{place}: it is nested deeper than {DEPTH_LIMIT} levels. Make it flatter.")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        checked_text(place, value, BODY_LIMIT)
        return value
    if isinstance(value, int):
        if abs(value) > WHOLE_LIMIT:
            raise JournalError(
                f"{place}: whole numbers beyond {WHOLE_LIMIT} lose digits. Write it as a text."
            )
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise JournalError(f"{place}: {value} is not a number. Write null for what is not known.")
        return value
    if isinstance(value, Mapping):
        for key in value:
            checked_text(f"{place}, a name", key, LINE_LIMIT["subject"])
        return {key: _plain(each, f"{place}.{key}", depth + 1) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each, f"{place}[{number}]", depth + 1) for number, each in enumerate(value)]
    raise JournalError(
        f"{place}: {type(value).__name__} cannot be kept. Write a text, a number, true, false, null, a list "
        "or a mapping; a date as text."
    )
