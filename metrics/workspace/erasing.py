"""Erasing a person: from the journal, from what was published, from the list of loads.

Published decks are frozen so that nobody changes them unseen, not so that nobody may: a person's right to be
forgotten goes before a copy's age. So their files are written anew without the name, under a new name of the
folder, and the fact that says who erased whom holds the new hashes: the audit holds every file against those.
What the company wrote itself, its YAML and its sources, is told and left to it, and so are its backups.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from metrics.journal import Draft, New
from metrics.journal.values import Stored, canonical
from metrics.reviews.erasure import KIND, Erased, erasing, with_words, words_of
from metrics.workspace.backup import LAST
from metrics.workspace.shelf import FOLDER as PREPARED

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

ROUNDS = 5  # Of looking whether somebody published meanwhile.
A_FACT = 2_000  # Hashes in one record: a fact holds 256 KB.
LARGEST = 50_000_000  # Bytes of a file that is searched for what is left.


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done.

    Attributes:
        token: What stands in the person's place.
        facts: How many facts were touched.
        editions: How many published decks were written anew.
        loads: How many loads were theirs.
        left: Where they are named still, as `file, line` or `file`: for the company to decide.
    """

    token: str
    facts: int
    editions: int
    loads: int
    left: tuple[str, ...]


class Erasing:
    """Erases people from one workspace."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house

    def erase(self, person: str, *, by: str, because: str = "", also: Sequence[str] = ()) -> Erasure:
        """Take a person out of all that this program wrote; see the module's text.

        Doing it again, after it was interrupted or when the name came back, takes out what is there then.

        Args:
            person: Their handle.
            by: Who erases, with the right to.
            because: Why; without their name.
            also: What else they are called.

        Raises:
            NotAllowedError: The one who erases may not.
            DecisionError: The handle is also the name of something else.
            JournalError, StoreError: Something cannot be written.
        """
        house = self._house
        who = erasing(house.definitions, person, f"person-{token_hex(4)}", by=by, also=also)
        own = [f for f in house.journal.facts() if f.author == who.handle and f.kind != KIND]
        who = with_words(who, [text for f in own for text in words_of(f.body, f.because)])
        author = who.token if by == who.handle else by
        facts, editions = 0, 0
        for _ in range(ROUNDS):
            moved = dict(self._rewritten(who))
            touched = house.journal.erase(
                lambda parts: _redacted(parts, who),
                lambda draft: _draft(draft, who),
                lambda hashes, moved=moved: _records(who, hashes, moved, who.without(because)),  # type: ignore[misc]  # mypy infers no lambda with a default.
                author=author,
                at=house.now().astimezone(UTC),
            )
            facts, editions = facts + len(touched), editions + len(moved)
            self._forget_folders()
            if not moved and not touched:
                break
        shutil.rmtree(
            house.folder / PREPARED, ignore_errors=True
        )  # Made ahead, with names in it; made again.
        loads = house.store.rename(who.handle, who.token) if house.version else 0  # Last: an engine may not.
        return Erasure(who.token, facts, editions, loads, tuple(self._left(who)))

    def _rewritten(self, who: Erased) -> Iterator[tuple[str, dict[str, Any]]]:
        """Write each edition that names them anew; gives its old folder, and the new one with its hashes."""
        publishing = self._house.loop.publishing
        for edition in publishing.editions():
            before = {name: publishing.file(edition, name) for name in edition.files}
            after = {name: who.file(told.decode()).encode() for name, told in before.items()}
            if after != before:
                folder, hashes = publishing.rewritten(edition, after)
                yield edition.folder, {"folder": folder, "files": hashes}

    def _forget_folders(self) -> None:
        """Remove the folders whose editions were written anew."""
        folder = self._house.loop.publishing.folder
        for fact in self._house.journal.facts(kind=KIND):
            written_anew = fact.body.get("editions")
            for old in written_anew if isinstance(written_anew, Mapping) else ():
                if (folder / old).is_dir() and Path(old).name == old:
                    shutil.rmtree(folder / old)

    def _left(self, who: Erased) -> Iterator[str]:
        """Where the person is named still."""
        folder = self._house.folder
        sought = [re.compile(re.escape(n.encode()), re.IGNORECASE) for n in {who.handle, *who.names}]
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.name == LAST or path.stat().st_size > LARGEST:
                continue
            content = path.read_bytes()
            if not any(each.search(content) for each in sought):
                continue
            name = path.relative_to(folder).as_posix()
            lines = [
                n for n, line in enumerate(content.splitlines(), 1) if any(s.search(line) for s in sought)
            ]
            text = b"\0" not in content[:8192] and len(lines) <= 20
            yield f"{name}, line {', '.join(map(str, lines))}" if text else name


def _redacted(parts: Stored, who: Erased) -> Stored:
    at, author, kind, subject, body, because = parts
    told = who.fact(author, kind, subject, json.loads(body), because)
    return at, told[0], kind, told[1], canonical(told[2]), told[3]


def _draft(draft: Draft, who: Erased) -> Draft | None:
    if draft.author == who.handle:
        return None
    _, subject, _, _ = who.fact(draft.author, "", draft.subject, {}, "")
    return replace(draft, subject=subject, text=who.without(draft.text))


def _records(
    who: Erased, hashes: Mapping[int, str], moved: Mapping[str, Mapping[str, Any]], because: str
) -> list[New]:
    """The facts that say what was touched: nothing of it, only the hashes of what stands there now."""
    numbers = list(hashes)
    pages = [numbers[n : n + A_FACT] for n in range(0, len(numbers), A_FACT)]
    told: list[dict[str, Any]] = [
        {"facts": {str(n): hashes[n] for n in page}, "editions": {}} for page in pages
    ]
    folders = list(moved)
    for n in range(0, len(folders), 200):
        told.append({"facts": {}, "editions": {f: moved[f] for f in folders[n : n + 200]}})
    return [New(KIND, who.token, body, because) for body in told]
