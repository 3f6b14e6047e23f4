"""Publish = freeze: an edition is a folder of files that nothing changes, and a fact with their hashes.

    published/company-2026-05-09-1-3f9a2c41/
        deck.json          every value, in the form other programs read
        deck.html          the deck as it is shown and printed
        whole.json         the deck's value, of which every other form is made
        week.json          answers, certifications, actions, stories, limits: what people said of it
        definitions.json   what was declared

The files are written under another name, synced and renamed; the fact comes last. A process killed
before the fact leaves a folder that nothing names: no half publication.

Source: wbr-method.md section 3; DESIGN.md section 6.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from time import time
from typing import Any, TypeVar

import pandas as pd

from metrics.deck import CellUnit, Deck
from metrics.errors import StoreError, UnknownNameError
from metrics.export import html
from metrics.export import json as json_form
from metrics.journal import Audit
from metrics.reviews.certification import definition_fingerprint
from metrics.reviews.editions import Edition, deck_subject, editions, may_publish, publication
from metrics.reviews.statement import newest_number
from metrics.text import counted
from metrics.workspace.chronicle import Chronicle
from metrics.workspace.thawing import thawed

FOLDER = "published"
_DRAFT = ".part-"
_DRAFTS_AFTER = 3_600  # Seconds after which what a killed process left is removed.
_NAME = re.compile(r"[a-z][a-z0-9_]*-\d{4}-\d{2}-\d{2}-\d+-[0-9a-f]{8}")
_FILES = ("deck.json", "deck.html", "whole.json", "week.json", "definitions.json")


@dataclass(frozen=True, slots=True)
class Changed:
    """A cell of a frozen deck that would be another one today.

    Attributes:
        number: Of the block.
        title: Of the block.
        metric: Id of the metric; empty in plain tables.
        label: Which cell: `week ending 2026-05-02`, `Apr 2026`, `box: wow`.
        unit: Of the values: the metric's own, or `percent` and `bps` for changes.
        old: As frozen; None for none.
        new: As it is now; None for none.
        why: Why they differ, in words.
    """

    number: int
    title: str
    metric: str
    label: str
    unit: CellUnit | None
    old: float | str | None
    new: float | str | None
    why: str


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A deck that is about to be frozen.

    Attributes:
        deck: As it is to stay.
        week: What people said of it; see `Loop.said`.
        missing: What the gates still wanted, in words.
        seen: Newest fact about the week's deck that the author saw; None takes the newest there is.
    """

    deck: Deck
    week: Mapping[str, Any] = field(hash=False)
    missing: Sequence[str] = ()
    seen: int | None = None


_Place = TypeVar("_Place")


class Publishing:
    """Freezes decks and opens them again."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        self._house = chronicle.house

    @property
    def folder(self) -> Path:
        """Where the editions are."""
        return self._house.folder / FOLDER

    # --- what was published ------------------------------------------------------------------

    def editions(self, week_ending: date | None = None, deck: str | None = None) -> tuple[Edition, ...]:
        """Everything published, or one week's, or one deck's; oldest first."""
        found = self._chronicle.made("editions", editions)
        return tuple(e for e in found if week_ending in (None, e.week_ending) and deck in (None, e.deck))

    def edition(self, week_ending: date, deck: str | None = None, number: int | None = None) -> Edition:
        """One edition, by default the newest of a week.

        Raises:
            UnknownNameError: Nothing of that week was published.
        """
        name = deck or self._first_deck()
        known = self.editions(week_ending, name)
        found = next((e for e in reversed(known) if number in (None, e.number)), None)
        if found is None:
            which = f"edition {number} of " if number is not None else ""
            raise UnknownNameError(
                f"There is no {which}{name} for the week ending {week_ending}. "
                f"Published are: {self._published(name)}."
            )
        return found

    def _published(self, deck: str) -> str:
        weeks = dict.fromkeys(e.week_ending.isoformat() for e in self.editions(deck=deck))
        return ", ".join(list(weeks)[-8:]) or "none yet"

    def document(self, edition: Edition) -> bytes:
        """The frozen HTML: the same bytes for ever. For whom some of it is hidden, drawn without that.

        Raises:
            StoreError: The file is gone or was changed.
        """
        if self._house.hidden.metrics:
            return html.document(self.deck(edition)).encode()
        return self._bytes(edition, "deck.html")

    def values(self, edition: Edition) -> dict[str, Any]:
        """The frozen values: `sixtwelve.deck/1`."""
        told: dict[str, Any] = self._seen(edition, "deck.json")
        return told

    def document_of_values(self, edition: Edition) -> bytes:
        """The frozen JSON: the same bytes for ever, or what its reader sees of it.

        Raises:
            StoreError: The file is gone or was changed.
        """
        if self._house.hidden.metrics:
            return _json(self.values(edition))
        return self._bytes(edition, "deck.json")

    def deck(self, edition: Edition) -> Deck:
        """The frozen deck as the value it was, of which every form can be made.

        Raises:
            StoreError: The file is gone or was changed, or was not kept yet when the deck was published.
        """
        if "whole.json" not in edition.files:
            raise StoreError(
                f"Edition {edition.number} of {edition.deck} for the week ending {edition.week_ending} was "
                "published when only its HTML and JSON were kept. Choose html or json, or publish another "
                "edition."
            )
        return thawed(self._seen(edition, "whole.json"))

    def declared(self, edition: Edition) -> dict[str, Any]:
        """What was declared when it was published."""
        told: dict[str, Any] = self._seen(edition, "definitions.json")
        return told

    def week(self, edition: Edition) -> dict[str, Any]:
        """What people had said of it: answers, certifications, actions, stories, limits."""
        told: dict[str, Any] = self._seen(edition, "week.json")
        return told

    def _seen(self, edition: Edition, name: str) -> Any:
        """What the reader may see of a frozen JSON file."""
        told = json.loads(self._bytes(edition, name))
        return self._house.sieve.value(told) if self._house.hidden.metrics else told

    def verify(self, edition: Edition) -> None:
        """Hold every file of an edition against the hashes in the journal.

        Raises:
            StoreError: One is gone or was changed; the message names it.
        """
        for name in edition.files:
            self._bytes(edition, name)

    def file(self, edition: Edition, name: str) -> bytes:
        """A file of an edition, held against its hash.

        Raises:
            StoreError: It is gone or was changed.
        """
        return self._bytes(edition, name)

    def rewritten(self, edition: Edition, files: Mapping[str, bytes]) -> tuple[str, dict[str, str]]:
        """Write other files for an edition, beside it; return the name of their folder, and their hashes.

        Nothing names them until a fact does; see `erasing`.
        """
        hashes = {name: sha256(told).hexdigest() for name, told in files.items()}
        name = f"{edition.folder.rpartition('-')[0]}-{_whole(hashes)[:8]}"
        self._written(name, files)
        return name, hashes

    def _bytes(self, edition: Edition, name: str) -> bytes:
        if not _NAME.fullmatch(edition.folder) or name not in _FILES:
            raise StoreError(f"{edition.folder}/{name} is no file of an edition. The journal was changed.")
        path = self.folder / edition.folder / name
        try:
            told = path.read_bytes()
        except OSError as error:
            raise StoreError(
                f"{path} cannot be read ({error.strerror}). Restore it from a backup: wbr restore FILE."
            ) from error
        if sha256(told).hexdigest() != edition.files.get(name):
            raise StoreError(
                f"{path} is not as it was published by {edition.by} on {edition.at:%Y-%m-%d}: its hash is "
                "another one. Restore it from a backup."
            )
        return told

    # --- publishing --------------------------------------------------------------------------

    def publish(
        self,
        deck: Deck,
        week: Mapping[str, Any],
        *,
        by: str,
        because: str = "",
        missing: Sequence[str] = (),
        seen: int | None = None,
    ) -> Edition:
        """Freeze a deck. `Loop.publish` holds the gates; this writes.

        Args:
            deck: As it is to stay.
            week: What people said of it; see `Loop.said`.
            by: Who publishes.
            because: Why, for a second edition.
            missing: What the gates still wanted, in words.
            seen: Newest fact about the week's deck that the author saw.

        Raises:
            NotAllowedError: The author may not publish.
            DecisionError: Another edition without a reason.
            ConflictError: Somebody moved or published the week meanwhile; nothing is published.
            StoreError: The folder cannot be written to.
        """
        return self.publish_together([Unpublished(deck, week, missing, seen)], by=by, because=because)[0]

    def publish_together(
        self, many: Sequence[Unpublished], *, by: str, because: str = ""
    ) -> tuple[Edition, ...]:
        """Freeze several decks in one moment, all or none; raises as `publish` does."""
        told = [self._frozen(each, by, because) for each in many]
        for edition, files, _ in told:
            self._written(edition.folder, files)
        facts = self._chronicle.say(*(publication(e, expects) for e, _, expects in told), by=by)
        return tuple(
            replace(edition, at=fact.at.astimezone(edition.at.tzinfo))
            for (edition, _, _), fact in zip(told, facts, strict=True)
        )

    def _frozen(self, ready: Unpublished, by: str, because: str) -> tuple[Edition, dict[str, bytes], int]:
        """An edition, its files, and the newest fact about its week that the author saw."""
        deck, definitions = ready.deck, self._house.definitions
        known = self.editions(deck.week_ending, deck.name)
        number, reason = may_publish(definitions, known, by=by, because=because)
        subject = deck_subject(deck.name, deck.week_ending)
        newest = newest_number(self._chronicle.facts(), "week", subject)
        expects = newest if ready.seen is None else ready.seen
        declared = definitions.model_dump(mode="json")
        files = {
            "deck.json": _json(json_form.as_json(deck)),
            "deck.html": html.document(deck).encode(),
            "whole.json": _json(plain(deck)),
            "week.json": _json(plain({**ready.week, **self._made_from(deck)})),
            "definitions.json": _json(declared),
        }
        hashes = {name: sha256(told).hexdigest() for name, told in files.items()}
        name = f"{deck.name}-{deck.week_ending.isoformat()}-{number}-{_whole(hashes)[:8]}"
        edition = Edition(
            deck=deck.name,
            week_ending=deck.week_ending,
            number=number,
            by=by,
            at=self._chronicle.now,
            because=reason,
            folder=name,
            files=hashes,
            store=deck.version,
            journal=self._chronicle.version,
            definitions=hashes["definitions.json"],
            missing=tuple(ready.missing),
        )
        return edition, files, expects

    def may_publish(self, week_ending: date, deck: str, *, by: str, because: str) -> None:
        """Refuse who may not publish, and another edition without a reason; errors as for `publish`."""
        may_publish(self._house.definitions, self.editions(week_ending, deck), by=by, because=because)

    def audited(self, noted: str = "") -> tuple[Audit, tuple[str, ...]]:
        """The journal held against its chain, and every edition against its hashes."""
        known = self.editions()
        noted = noted or (known[-1].journal if known else "")
        broken = []
        for edition in known:
            try:
                self.verify(edition)
            except StoreError as error:
                broken.append(str(error))
        broken += self._orphaned()
        return self._house.journal.verify(noted), tuple(broken)

    def _orphaned(self) -> list[str]:
        """Told where decks were published and the journal knows nothing at all: it was lost.

        Where it knows something, a folder that it does not know is what an interrupted publication left.
        """
        if self._chronicle.facts() or not self.folder.is_dir():
            return []
        there = [p for p in self.folder.iterdir() if p.is_dir() and _NAME.fullmatch(p.name)]
        if not there:
            return []
        return [
            f"{self.folder} holds published decks ({len(there)}), but the journal is empty: it was lost. "
            "Restore a backup: wbr restore FILE."
        ]

    def _made_from(self, deck: Deck) -> dict[str, Any]:
        """What a deck was made from: limits, how each metric was counted, and the newest load."""
        shown = {b.metric for b in deck.blocks if b.metric}
        shown |= {line.metric for b in deck.blocks if b.chart for line in b.chart.lines}
        known = self._house.definitions
        return {
            "limits": {b.signal.metric: b.signal for b in deck.blocks if b.signal is not None},
            "metrics": {m: definition_fingerprint(known, m) for m in sorted(shown) if m in known.metrics},
            "load": max((int(n) for n in self._house.loads()["load"]), default=0),
        }

    def _written(self, name: str, files: Mapping[str, bytes]) -> None:
        """Write an edition's files where nothing sees them, then give the folder its name in one step."""
        final = self.folder / name
        draft = self.folder / f"{_DRAFT}{name}-{token_hex(4)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._remove_drafts()
            if final.is_dir():
                return  # A process killed before its fact left the same files: the name holds their hash.
            draft.mkdir()
            for file, told in files.items():
                with (draft / file).open("wb") as handle:
                    handle.write(told)
                    handle.flush()
                    os.fsync(handle.fileno())
            _sync(draft)
            try:
                draft.rename(final)
            except OSError:
                if not final.is_dir():
                    raise
                shutil.rmtree(draft)  # Another process was first with the very same files.
            _sync(self.folder)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise StoreError(
                f"The deck cannot be published in {self.folder}: {error.strerror}. Nothing was published. "
                "Free space or mend the folder's rights, then publish again."
            ) from error

    def _remove_drafts(self) -> None:
        for left in self.folder.glob(f"{_DRAFT}*"):
            with suppress(OSError):  # Another process removed it first; a draft is read by nobody.
                if time() - left.stat().st_mtime > _DRAFTS_AFTER:
                    shutil.rmtree(left)

    # --- what changed since ------------------------------------------------------------------

    def changes(self, edition: Edition, deck: Deck) -> tuple[Changed, ...]:
        """What a frozen deck would show otherwise today, cell by cell, in the deck's order.

        Args:
            edition: The frozen one.
            deck: The same week's deck as it is now.

        Raises:
            StoreError: A file of the edition is gone or was changed.
        """
        return self._differing(edition, _cells(self.values(edition)), _cells(json_form.as_json(deck)))

    def restated(self, edition: Edition, deck: Deck) -> tuple[Changed, ...]:
        """Numbers that a frozen deck told and the same or a later week's deck tells otherwise.

        Of an earlier week: its complete weeks and months only, because others were not told for good.

        Args:
            edition: The frozen one, of an earlier week or the same.
            deck: The later week's deck as it is now.

        Raises:
            StoreError: A file of the edition is gone or was changed.
        """
        # By metric and place alone: each number once, whichever charts show it under whatever title.
        new = {(c.metric, c.label): c for c in _cells(json_form.as_json(deck)).values()}
        then = {(c.metric, c.label): c for c in _cells(self.values(edition)).values()}
        same = edition.week_ending == deck.week_ending
        old = {k: cell for k, cell in then.items() if k in new and (same or cell.state == "complete")}
        return self._differing(edition, old, {key: new[key] for key in old})

    def _differing(
        self, edition: Edition, old: "Mapping[_Place, _Cell]", new: "Mapping[_Place, _Cell]"
    ) -> tuple[Changed, ...]:
        told = self.week(edition)
        found = []
        for key in dict.fromkeys([*old, *new]):
            before, after = old.get(key), new.get(key)
            if before is not None and after is not None and _same(before.value, after.value):
                continue
            here = before or after
            assert here is not None  # The key came from one of the two.
            why = self._why(told, here, before is None, after is None)
            found.append(
                Changed(
                    here.number,
                    here.title,
                    here.metric,
                    here.label,
                    here.unit,
                    before.value if before else None,
                    after.value if after else None,
                    why,
                )
            )
        return tuple(found)

    def _why(self, told: Mapping[str, Any], cell: "_Cell", added: bool, removed: bool) -> str:
        """Why a cell is another one now, as far as it can be told."""
        if added:
            return "it is new in the deck"
        if removed:
            return "it is no more in the deck"
        known = self._house.definitions.metrics.get(cell.metric)
        if known is None:
            return "the table was changed"
        counted_as = told.get("metrics", {}).get(cell.metric)
        if counted_as and counted_as != definition_fingerprint(self._house.definitions, cell.metric):
            return "the definition was changed"
        if restated := self._restated(int(told["load"]), cell):
            return restated
        if cell.state == "immature":
            return "it has matured"
        if cell.label.startswith("target"):
            return "the target was changed"
        return "a day it is made from was told later, or the calendar was changed"

    def _restated(self, load: int, cell: "_Cell") -> str:
        """The corrections behind a cell that came with later loads, in words; empty if there are none."""
        table = self._house.restatements(cell.metric)
        if table.empty:
            return ""
        days = pd.to_datetime(table["day"])
        here = (days >= pd.Timestamp(cell.first)) & (days <= pd.Timestamp(cell.last))
        kept = table[(table["load"] > load) & here]
        if kept.empty:
            return ""
        loads = sorted({int(n) for n in kept["load"]})
        sources = sorted(set(kept["source"].astype(str)))
        first, last = days[kept.index].min().date(), days[kept.index].max().date()
        span = f"{first}" if first == last else f"{first} to {last}"
        return (
            f"{counted(len(kept), 'value')} of {', '.join(sources)} restated ({span}), "
            f"load {', '.join(map(str, loads))}"
        )

    def _first_deck(self) -> str:
        decks = self._house.definitions.decks
        if not decks:
            raise UnknownNameError("No deck is declared. Add `decks:` to a YAML file of the workspace.")
        return next(iter(decks))


# --- cells -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cell:
    number: int
    title: str
    metric: str
    label: str
    unit: CellUnit | None
    value: float | str | None
    state: str
    first: date
    last: date


_Key = tuple[int, str, str, str]
_VALUES = ("last_week", "mtd", "qtd", "ytd")  # Cells of the box score in the metric's own unit.


def _cells(document: Mapping[str, Any]) -> dict[_Key, _Cell]:
    """Every number a deck shows, by block, metric and place."""
    return {(c.number, c.metric, c.label, c.title): c for b in document["blocks"] for c in _of(document, b)}


def _of(document: Mapping[str, Any], block: Mapping[str, Any]) -> Iterator[_Cell]:
    if block["number"] is None:
        return
    number, title = int(block["number"]), str(block["title"])
    week = date.fromisoformat(document["week_ending"])
    year = week - timedelta(days=400)
    if "series" in block:
        axis = block["axis"]
        weeks = [date.fromisoformat(d) for d in axis["week_endings"]]
        months = [date.fromisoformat(d) for d in axis["month_ends"]]
        for line in block["series"]:
            role = "target " if line["role"] == "target" else ""
            for end, value, state in zip(weeks, line["weeks"], line["weeks_state"], strict=True):
                label = f"{role}week ending {end}"
                first = end - timedelta(days=6)
                yield _Cell(number, title, line["metric"], label, line["unit"], value, state, first, end)
            for end, value, state in zip(months, line["months"], line["months_state"], strict=True):
                label = f"{role}month ending {end}"
                first = end - timedelta(days=42)  # A month of whole weeks has at most 35 days.
                yield _Cell(number, title, line["metric"], label, line["unit"], value, state, first, end)
        units = {line["metric"]: line["unit"] for line in block["series"]}
        for box in block["box"]:
            for name, value in box.items():
                if name not in ("metric", "change_unit"):
                    unit = units.get(box["metric"]) if name in _VALUES else box["change_unit"]
                    label = f"box: {name}"
                    yield _Cell(number, title, box["metric"], label, unit, value, "", year, week)
    for place, row in enumerate(block.get("rows", ())):
        for column, value in zip(block["columns"], row["values"], strict=False):
            label = f"{row['header']}, {column} (row {place + 1})"
            yield _Cell(number, title, row["metric"] or "", label, row["unit"], value, "", year, week)


def _same(a: float | str | None, b: float | str | None) -> bool:
    """Whether two cells say the same; the last bits of a sum depend on the order it is added up in."""
    if isinstance(a, int | float) and isinstance(b, int | float):
        return format(float(a), ".10g") == format(float(b), ".10g")
    return a == b


# --- files -----------------------------------------------------------------------------------


def _json(document: Any) -> bytes:
    """JSON whose bytes depend on nothing but the values."""
    told = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return f"{told}\n".encode()


def plain(value: Any) -> Any:
    """A frozen value as JSON can hold it.

    Raises:
        TypeError: A part of it is of a kind that no value of this package has.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, AbstractSet):
        return sorted(plain(each) for each in value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} is no part of a frozen value.")


def _whole(hashes: Mapping[str, str]) -> str:
    """One hash for all files of an edition, from the hash of each."""
    return sha256("".join(f"{n}:{h}\n" for n, h in sorted(hashes.items())).encode()).hexdigest()


def _sync(folder: Path) -> None:
    """Make a folder's entries durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
