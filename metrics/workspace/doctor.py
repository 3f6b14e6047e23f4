"""What is wrong with a workspace, and what to do: the whole of it, or what can be seen at a glance.

Nothing is changed, not even by opening: a journal of SQLite is read from a copy, the store read-only. It
works where the workspace cannot be opened at all, because its definitions have mistakes or a file is gone.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from metrics.errors import DefinitionError, JournalError, MetricsError, SourceError, StoreError
from metrics.health import Trouble
from metrics.journal import aside, looking
from metrics.store import Store
from metrics.store.looking import logs
from metrics.text import counted
from metrics.workspace.backup import (
    JOURNAL,
    LAST,
    PUBLISHED,
    STORE,
    left_of_backups,
    left_of_restores,
)
from metrics.workspace.house import Workspace

FREE = 200_000_000  # Bytes below which a disk is nearly full; a load needs the size of the store again.
OLD_BACKUP = timedelta(days=7)
_EDITION = re.compile(r"[a-z][a-z0-9_]*-\d{4}-\d{2}-\d{2}-\d+-[0-9a-f]{8}")
FOLDER = "duckdb"  # The engine whose store is a folder of the workspace.
RESTORE = "Restore a backup: `wbr restore FILE --replace`."


def troubles(folder: Path, now: datetime, *, journal: str = "") -> tuple[Trouble, ...]:
    """All that can be found wrong with a workspace, worst first.

    Args:
        folder: Of the workspace.
        now: The moment, aware.
        journal: Address of the journal's database; by default the file in the folder.
    """
    if not folder.is_dir():
        what = f"{folder} is not there, or no folder."
        return (Trouble("no_workspace", "wrong", what, "Name the workspace: `wbr doctor --workspace DIR`."),)
    found = [*_disk(folder), *_rights(folder)]
    with TemporaryDirectory(prefix="sixtwelve-doctor-") as work:
        house = _opened(folder, now, journal or _copied(folder, Path(work)), found)
        then = max(now, _frozen(house) or now)
        in_store = tuple(_in_store(house, folder, then))
        url = journal or f"sqlite:///{(folder / JOURNAL).resolve()}"
        in_journal = tuple(looking.troubles(url, then))
        found += [*in_store, *in_journal]
        if house and not any(each.level == "wrong" and each.code != "clock_back" for each in in_journal):
            found += _editions(house)
            if not any(each.level == "wrong" and each.code != "clock_back" for each in in_store):
                found += _sources(house)
        found += _connections(house) if house else ()
    found += _restoring(folder)
    found += _backups(folder, now)
    return tuple(sorted(found, key=lambda each: each.level != "wrong"))


def glance(folder: Path, *, journal: str = "", engine: str = FOLDER) -> tuple[Trouble, ...]:
    """What is wrong with disk and files as far as it shows without reading them: for every click.

    Args:
        folder: Of the workspace.
        journal: As for `troubles`.
        engine: Of the store, as the definitions say.
    """
    found = [*_disk(folder), *(each for each in _restoring(folder) if each.level == "wrong")]
    if not journal and not (folder / JOURNAL).exists() and any(_named(folder)):
        found.append(_lost(folder))
    if engine == FOLDER:
        found += [*_without_store(folder), *logs(folder / STORE)]
    return tuple(found)


def _in_store(house: Workspace | None, folder: Path, now: datetime) -> Iterator[Trouble]:
    """What is wrong with the numbers: with the folder's files, or with an engine as far as it answers."""
    if house is None or house.registry.definitions.store.engine == FOLDER:
        lost = tuple(_without_store(folder))
        yield from lost or Store(folder / STORE).troubles(now)
        return
    yield from house.store.troubles(now)


def _without_store(folder: Path) -> Iterator[Trouble]:
    """A store that must have been there and is not: decks were published from its numbers."""
    if not any((folder / STORE).glob("wbr-*.duckdb")) and any(_named(folder)):
        what = f"{folder / STORE} holds no numbers, but decks were published from them: they were lost."
        yield Trouble("store_lost", "wrong", what, f"{RESTORE} Or load all sources again: `wbr load`.")


def _frozen(house: Workspace | None) -> datetime | None:
    """The moment at which a demonstration's clock stands still, maybe ahead; read without the journal."""
    company = house.registry.definitions.company if house else None
    return company.now.replace(tzinfo=ZoneInfo(company.time_zone)) if company and company.now else None


def _copied(folder: Path, work: Path) -> str:
    """Address of a copy of the folder's journal: opening the file itself would tidy its log away."""
    if (folder / JOURNAL).exists():
        with suppress(JournalError, OSError):  # Told where the journal itself is looked at.
            aside.copied(folder / JOURNAL, work)
    return f"sqlite:///{work / JOURNAL}"


def _disk(folder: Path) -> Iterator[Trouble]:
    about = os.statvfs(folder)
    if about.f_flag & os.ST_RDONLY:
        what = f"The disk of {folder} may only be read: nothing can be loaded or decided, all else works."
        yield Trouble(
            "disk_read_only", "wrong", what, "Make the disk writable, or move the workspace to another one."
        )
        return
    free, size = about.f_bavail * about.f_frsize, _current_size(folder)
    need = max(min(FREE, about.f_blocks * about.f_frsize // 20), 2 * size)
    if free < need:
        left, may = f"{free / 1e6:,.0f}", f"{need / 1e6:,.0f}"
        what = f"The disk of {folder} is nearly full: {left} MB are left, a load may need {may} MB."
        do = "Free space on it. Until then loads and decisions may be refused; nothing that is there is lost."
        yield Trouble("disk_full", "wrong", what, do)


def _current_size(folder: Path) -> int:
    """Bytes of the largest generation: the next load copies the current one."""
    return max((p.stat().st_size for p in (folder / STORE).glob("wbr-*.duckdb")), default=0)


def _rights(folder: Path) -> Iterator[Trouble]:
    """Folders of the workspace that this user may not read or write."""
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return
    for place in (folder, folder / STORE, folder / PUBLISHED):
        if not place.is_dir():
            continue
        for words, mode in (("read", os.R_OK | os.X_OK), ("written to", os.W_OK)):
            if not os.access(place, mode):
                do = "Give this user the right, or work from the account that owns it."
                yield Trouble("rights", "wrong", f"{place} may not be {words} by this user.", do)


def _opened(folder: Path, now: datetime, journal: str, found: list[Trouble]) -> Workspace | None:
    """The workspace, or None if its definitions do not hold; then that is told."""
    try:
        return Workspace(folder, lambda: now, journal=journal, environment=os.environ)
    except DefinitionError as error:
        found.append(
            Trouble("definitions", "wrong", str(error), "Mend the files; `wbr check` tells when all hold.")
        )
    except (MetricsError, OSError) as error:
        found.append(
            Trouble("definitions", "wrong", f"{folder} cannot be opened: {error}", "Mend that first.")
        )
    return None


def _named(folder: Path) -> Iterator[Path]:
    """Folders that have the name of an edition."""
    place = folder / PUBLISHED
    if place.is_dir():
        yield from (p for p in sorted(place.iterdir()) if p.is_dir() and _EDITION.fullmatch(p.name))


def _lost(folder: Path) -> Trouble:
    count = counted(sum(1 for _ in _named(folder)), "published deck")
    what = f"The journal is missing or empty, but {folder / PUBLISHED} holds {count}"
    return Trouble("journal_lost", "wrong", f"{what}: what people decided was lost.", RESTORE)


def _editions(house: Workspace) -> Iterator[Trouble]:
    """Published decks that are not as they were frozen, and folders beside them that nothing names."""
    publishing = house.loop.publishing
    known = publishing.editions()
    for edition in known:
        try:
            publishing.verify(edition)
        except StoreError as error:
            what, _, _ = str(error).partition(" Restore it")
            one = f"`unzip -o FILE 'published/{edition.folder}/*' -d {house.folder}`"
            do = f"Take that folder out of a backup: {one}. {RESTORE[:-1]} takes back all since then, too."
            yield Trouble("edition_changed", "wrong", what, do)
    names = {edition.folder for edition in known}
    if not names and not house.journal.version and any(_named(house.folder)):
        yield _lost(house.folder)
        return
    place = house.folder / PUBLISHED
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        if path.name in names:
            continue
        if path.name.startswith("."):
            what = f"{path} was left by a process that was killed while it published."
            yield Trouble("edition_leftover", "note", what, "Nothing: a later publication removes it.")
            continue
        why = "left by an interrupted publication, or put there" if _whole(path) else "put there"
        what = f"No fact of the journal names {path}: it was {why} by hand. No page shows it."
        yield Trouble("edition_unknown", "wrong", what, f"Find out who made it, then remove it: rm -r {path}")


def _whole(place: Path) -> bool:
    """Whether a folder's name was made from its files, as that of an edition is."""
    if not place.is_dir() or not _EDITION.fullmatch(place.name):
        return False
    hashes = {file.name: sha256(file.read_bytes()).hexdigest() for file in place.iterdir() if file.is_file()}
    told = "".join(f"{name}:{value}\n" for name, value in sorted(hashes.items()))
    return place.name.endswith(sha256(told.encode()).hexdigest()[:8])


def _sources(house: Workspace) -> Iterator[Trouble]:
    for row in house.sources().to_dict("records"):
        if row["state"] == "late":
            what = f"Source {row['source']} is late: its numbers end on {row['last_day']}."
            yield Trouble("source_late", "note", what, f"See why, then load it: `wbr load {row['source']}`.")
        elif row["state"] == "never loaded" and house.version:
            what = f"Source {row['source']} was never loaded."
            yield Trouble("source_never_loaded", "note", what, f"Load it: `wbr load {row['source']}`.")


def _connections(house: Workspace) -> Iterator[Trouble]:
    """Databases of sources that this surrounding has no address of; the nightly load's may have it."""
    for name in house.registry.definitions.connections:
        try:
            house.querying.address(name)
        except SourceError as error:
            do = "It is needed where `wbr load` runs, and only there."
            yield Trouble("connection_unset", "note", str(error), do)


def _restoring(folder: Path) -> Iterator[Trouble]:
    """What a restore left behind."""
    for path in left_of_restores(folder):
        what = f"A restore was interrupted: {path} is left of it, and parts of the workspace may be missing."
        do = f"{RESTORE} What stood here before is in {folder}/before-restore-…, if it was moved already."
        yield Trouble("restore_leftover", "wrong", what, do)
    for path in sorted(folder.glob("before-restore-*")):
        what = f"{path} holds what stood here before a restore."
        yield Trouble("restore_aside", "note", what, "Remove it once nobody wants to look at it any more.")


def _backups(folder: Path, now: datetime) -> Iterator[Trouble]:
    """Whether a backup was ever taken from here, and how long ago."""
    if not (folder / STORE).exists() and not (folder / JOURNAL).exists():
        return
    do = "Take one, and keep it on another machine: `wbr backup FILE`."
    try:
        told = json.loads((folder / LAST).read_text(encoding="utf-8"))
        made, file = datetime.fromisoformat(told["made_at"]), Path(told["file"])
    except FileNotFoundError:
        yield Trouble("backup_none", "note", f"No backup was taken of {folder}.", do)
        return
    except (OSError, ValueError, KeyError, TypeError):
        yield Trouble("backup_none", "note", f"{folder / LAST} cannot be read: no backup is known.", do)
        return
    for path in left_of_backups(file.parent):
        what = f"{path} was left by a backup that was killed."
        yield Trouble("backup_leftover", "note", what, "Nothing: the next backup there removes it.")
    if now - made > OLD_BACKUP:
        days = (now - made).days
        yield Trouble("backup_old", "note", f"The last backup is {counted(days, 'day')} old ({file}).", do)
    elif file.parent.is_dir() and not file.exists():
        yield Trouble("backup_gone", "note", f"The last backup, {file}, is not where it was written.", do)
