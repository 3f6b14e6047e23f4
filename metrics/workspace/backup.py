"""Series, journal, published decks and definitions in one file, and back.

The journal is copied first, fact by fact in one snapshot, because a journal of SQLite may not be copied as a
file while it is used. All that its facts name was written before them and is never changed: the files of
published decks, and the generation of the store they came from or a later one. So what is read after the
journal holds at least what the journal speaks of, whoever works meanwhile. The generation is kept by a name
of its own until it is in the file, so that loads may go on.
"""

import errno
import fcntl
import json
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from metrics.errors import StoreError
from metrics.journal import Journal
from metrics.store import Store

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

MANIFEST = "backup.json"
LAST = ".last-backup.json"  # Beside the journal: when and where the last one was written.
SCHEMA = "sixtwelve.backup/1"
MOST_TOLD = 64_000_000  # Bytes of the list of files: half a million of them.
GENERATION = re.compile(r"wbr-\d{1,12}\.duckdb")
BLOCK = 1 << 20  # Bytes read at a time: a store may be larger than the memory.
JOURNAL, STORE, PUBLISHED = "journal.sqlite", "store", "published"
PARTS = (
    STORE,
    PUBLISHED,
    JOURNAL,
    f"{JOURNAL}-wal",
    f"{JOURNAL}-shm",
    "prepared",
)  # What a restore replaces.
DEFINITIONS = (".yaml", ".yml")
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_DRAFT = ".backup-part"  # Ends the name of a backup that is being written.
_RESTORING = ".restoring-"  # Begins the name of the folder that a restore unpacks into.


def backup(house: "Workspace", file: Path) -> dict[str, Any]:
    """Write a workspace into one file; it appears whole or not at all.

    Sources are left out: their values are in the store. The journal is told by its version, so that a
    later audit can be held against it.

    Returns:
        What the file holds: `made_at`, `store`, `journal`, `files` by name with their hashes, and `engine`:
        where the numbers are, if they are not in the file; else `""`.

    Raises:
        StoreError: The file is there already, or cannot be written.
    """
    if file.exists():
        raise StoreError(f"{file} is there already. Name a new file; nothing was written.")
    draft = file.with_name(f".{file.name}.{os.getpid()}{_DRAFT}")
    try:
        for old in left_of_backups(file.parent):
            old.unlink(missing_ok=True)
        draft.touch()
        with _held(draft), tempfile.TemporaryDirectory(prefix="sixtwelve-backup-") as work:
            told = _written(house, draft, Path(work))
            _synced(draft)
            os.link(draft, file)  # Refused if somebody was faster, where a new name would take theirs away.
            draft.unlink()
        _synced(file.parent)
    except FileExistsError as error:
        raise StoreError(f"{file} is there already. Name a new file; nothing was written.") from error
    except OSError as error:
        raise StoreError(
            f"{file} cannot be written ({error.strerror}). Nothing is left of it. Free space there, or name "
            "a file on another disk."
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    _noted(house, file, told)
    return told


def _written(house: "Workspace", draft: Path, work: Path) -> dict[str, Any]:
    """Write the archive, the manifest last: it holds what was really written."""
    copied = work / JOURNAL
    journal = house.journal.version
    house.journal.copied(Journal(f"sqlite:///{copied}"))
    _in_one_file(copied)
    if copied.exists():
        journal = Journal(f"sqlite:///{copied}").version
    names = {p.name: p for p in house.folder.iterdir() if p.suffix in DEFINITIONS and p.is_file()}
    names |= _below(house.folder, PUBLISHED)
    with ExitStack() as held:
        version, generation = _opened(house, held)
        if generation:
            names |= {
                f"{STORE}/{version}": house.folder / STORE / version,
                f"{STORE}/CURRENT": work / "CURRENT",
            }
            names[f"{STORE}/CURRENT"].write_text(f"{version}\n", encoding="utf-8")
        if copied.exists():
            names[JOURNAL] = copied
        hashes = {}
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, path in sorted(names.items()):
                source = generation if generation and name == f"{STORE}/{version}" else path.open("rb")
                with source:
                    hashes[name] = _packed(archive, name, source)
            told = {
                "schema": SCHEMA,
                "made_at": house.moment().isoformat(),
                "store": version,
                "journal": journal,
                "files": hashes,
                "engine": "" if isinstance(house.store, Store) else house.store.engine,
            }
            archive.writestr(MANIFEST, json.dumps(told, indent=1))
    return told


def elsewhere(told: Mapping[str, Any]) -> str:
    """What is to be done about numbers that a backup does not hold; `""` if it holds them.

    Args:
        told: As `backup` and `restore` return it.
    """
    engine = told.get("engine", "")
    if not engine:
        return ""
    how = {
        "PostgreSQL": "pg_dump and pg_restore do, of the schema that its address names",
        "ClickHouse": "copy its folder while no process has it open",
    }.get(engine, "take its tables")
    return (
        f"The numbers are on {engine} and not in this file. Keep them with its own tools ({how}), after each "
        "`wbr backup`; to go back, take a copy that is not older than the file, then ask `wbr doctor`."
    )


def _opened(house: "Workspace", held: ExitStack) -> tuple[str, BinaryIO | None]:
    """The current generation and its open file, which stays readable when a load takes its name away."""
    if not isinstance(house.store, Store):
        return "", None  # An engine's own tools back it up.
    for _ in range(5):
        version = house.version
        if not version:
            return "", None
        try:
            return version, held.enter_context((house.folder / STORE / version).open("rb"))
        except FileNotFoundError:
            continue  # Three loads came while it was looked up; or it is gone for good.
    raise StoreError(
        f"{house.folder / STORE / house.version} is not there. `wbr doctor` says what to do about it."
    )


def _packed(archive: zipfile.ZipFile, name: str, source: BinaryIO) -> str:
    """Put a file into the archive; its hash, of the very bytes that went in."""
    hashed = sha256()
    about = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    about.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(about, "w", force_zip64=True) as target:
        while block := source.read(BLOCK):
            hashed.update(block)
            target.write(block)
    return hashed.hexdigest()


def _noted(house: "Workspace", file: Path, told: Mapping[str, Any]) -> None:
    """Note when and where, for who asks for the age of the last backup; a full disk only costs the note."""
    note = {"made_at": told["made_at"], "file": str(file.resolve()), "journal": told["journal"]}
    draft = house.folder / f"{LAST}.part"
    with suppress(OSError):
        draft.write_text(json.dumps(note), encoding="utf-8")
        draft.replace(house.folder / LAST)


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _in_one_file(database: Path) -> None:
    """Bring what SQLite still keeps in its log into the file itself."""
    if database.exists():
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _below(folder: Path, name: str) -> dict[str, Path]:
    """Files of a folder's part by their names in the backup; drafts of editions are left out."""
    found = sorted((folder / name).rglob("*")) if (folder / name).is_dir() else []
    return {
        p.relative_to(folder).as_posix(): p
        for p in found
        if p.is_file() and not any(part.startswith(".") for part in p.relative_to(folder).parts)
    }


def restore(
    file: Path, folder: Path, now: datetime, *, journal: str = "", replace: bool = False
) -> dict[str, Any]:
    """Put a backup into a folder.

    Every file is held against its hash before anything is moved. What stood there is moved aside, never
    deleted.

    Args:
        file: Written by `backup`.
        folder: A new workspace, or one whose store or journal is damaged.
        now: Names the folder that the old parts are moved to.
        journal: Address of the journal's database, which must be empty; by default the file in the folder.
        replace: Move what stands there aside. Without it a folder that holds a store or a journal is refused.

    Returns:
        What the file holds, and under `aside` where the old parts are, or None.

    Raises:
        StoreError: The file is no backup or is damaged, or the folder holds a workspace's parts.
        JournalError: The database of the journal is not empty or cannot be written.
    """
    standing = [part for part in PARTS if (folder / part).exists()]
    if standing and not replace:
        raise StoreError(
            f"{folder} holds {', '.join(standing)}. Name a new folder, or move them aside with --replace."
        )
    try:
        return _restored(file, folder, now, journal, standing)
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written to ({error.strerror}). The restore is not complete; nothing "
            "that stood there is lost. Mend that, then restore again with --replace."
        ) from error


def _restored(
    file: Path, folder: Path, now: datetime, journal: str, standing: Sequence[str]
) -> dict[str, Any]:
    """Unpack all of it beside, then change places: a few renames, so that a kill hardly meets them.

    The store comes last: a restore that was killed in between shows no numbers, rather than those of another
    day than the decisions beside them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in left_of_restores(folder):
        shutil.rmtree(old)
    with tempfile.TemporaryDirectory(dir=folder, prefix=_RESTORING) as found, _held(Path(found)):
        work = Path(found)
        told = _unpacked(file, work)
        if standing:
            _renumbered(work, folder, told["store"])
        _all_synced(work)
        if journal and JOURNAL in told["files"]:
            _into_database(work / JOURNAL, journal)
        aside = _moved_aside(folder, standing, now) if standing else None
        for name in told["files"]:
            path = folder / name
            if "/" not in name and path.suffix in DEFINITIONS and not path.exists():
                (work / name).rename(path)  # Those that are there stay: people edit them.
        if (work / PUBLISHED).is_dir():
            (work / PUBLISHED).rename(folder / PUBLISHED)  # Refused where somebody published meanwhile.
        if JOURNAL in told["files"] and not journal:
            os.link(work / JOURNAL, folder / JOURNAL)  # Refused where somebody decided meanwhile.
        if (work / STORE).is_dir():
            (work / STORE).rename(folder / STORE)
        _synced(folder)
    return {**told, "aside": str(aside) if aside else None}


def _into_database(copied: Path, journal: str) -> None:
    """Copy the facts, unless a restore that was killed did so already."""
    held, there = Journal(f"sqlite:///{copied}"), Journal(journal)
    if there.version != held.version:
        held.copied(there)


def _moved_aside(folder: Path, standing: Sequence[str], now: datetime) -> Path:
    """Move what stands there into a new folder; return it."""
    name = f"before-restore-{now:%Y%m%d-%H%M%S}"
    taken = sum(1 for _ in folder.glob(f"{name}*"))
    aside = folder / (f"{name}-{taken + 1}" if taken else name)
    aside.mkdir()
    for part in standing:
        (folder / part).rename(aside / part)
    return aside


def left_of_restores(folder: Path) -> list[Path]:
    """What restores that were killed have unpacked into a workspace and not put in place."""
    return [each for each in sorted(folder.glob(f"{_RESTORING}*")) if not _is_held(each)]


def left_of_backups(folder: Path) -> list[Path]:
    """Drafts in a folder of backups that were killed before they had their name."""
    return [each for each in sorted(folder.glob(f".*{_DRAFT}")) if not _is_held(each)]


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a file or a folder locked; the lock goes with the process, however that ends."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_held(path: Path) -> bool:
    """Whether a process is at work on it; one that vanishes meanwhile was finished."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _renumbered(work: Path, folder: Path, version: str) -> None:
    """Give the unpacked generation a number that the folder never had.

    A dashboard that is open remembers what it read under a generation's name, and the backup's name may
    have been given to other numbers since.
    """
    before = work / STORE / version
    if not version or not before.is_file():
        return
    told = [version, *(p.name for p in folder.rglob("wbr-*.duckdb*"))]
    highest = max(int(number) for name in told for number in re.findall(r"wbr-(\d+)\.", name))
    after = before.with_name(f"wbr-{highest + 1:06d}.duckdb")
    before.rename(after)
    (work / STORE / "CURRENT").write_text(f"{after.name}\n", encoding="utf-8")


def _all_synced(folder: Path) -> None:
    """Wait until the disk holds all that a folder holds."""
    for path in [*folder.rglob("*"), folder]:
        _synced(path)


def _manifest(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    """What a backup says it holds; of a file that somebody wrote themselves, nothing is believed.

    Raises:
        StoreError: It is none of ours.
    """
    if archive.getinfo(MANIFEST).file_size > MOST_TOLD:
        raise StoreError(f"{file} is no backup of this product: {MANIFEST} in it is too large.")
    told = json.loads(archive.read(MANIFEST))
    if not isinstance(told, dict) or told.get("schema") != SCHEMA:
        raise StoreError(f"{file} is no backup of this product.")
    files = told.get("files")
    texts = *(told.get(name) for name in ("store", "journal", "made_at")), told.get("engine", "")
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in texts):
        raise StoreError(f"{file} is no whole backup: {MANIFEST} in it does not say what it holds.")
    if told["store"] and not GENERATION.fullmatch(told["store"]):
        raise StoreError(f"{file} names {told['store'][:80]!r} as its store, which is none. It was changed.")
    return told


def _unpacked(file: Path, work: Path) -> dict[str, Any]:
    """The files of a backup, each held against its hash."""
    try:
        with zipfile.ZipFile(file) as archive:
            told = _manifest(archive, file)
            packed_files = [archive.getinfo(name) for name in told["files"]]
            if any(each.compress_type not in _PACKED for each in packed_files):
                raise StoreError(f"{file} is packed as no backup is. It was changed.")
            size = sum(each.file_size for each in packed_files)
            if size > (room := shutil.disk_usage(work).free):
                raise StoreError(
                    f"{file} holds {size / 1e6:,.1f} MB, and {work.parent} has room for {room / 1e6:,.1f}. "
                    "Free space there, or restore into another folder; nothing was changed."
                )
            for name, wanted in told["files"].items():
                path = PurePosixPath(name)
                if path.is_absolute() or ".." in path.parts or "\\" in name:
                    raise StoreError(f"{file} holds a file {name!r} that lies outside. It was changed.")
                target = work / name
                target.parent.mkdir(parents=True, exist_ok=True)
                hashed = sha256()
                with archive.open(name) as packed, target.open("wb") as unpacked:
                    while block := packed.read(BLOCK):
                        hashed.update(block)
                        unpacked.write(block)
                if hashed.hexdigest() != wanted:
                    raise StoreError(f"{file}: {name} is damaged. Take another backup.")
    except (
        OSError,
        KeyError,
        ValueError,
        EOFError,
        RuntimeError,  # A password, or brackets in brackets without end.
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise  # It was to be written; the backup is not to blame.
        raise StoreError(f"{file} cannot be read as a backup ({error}).") from error
    return told
