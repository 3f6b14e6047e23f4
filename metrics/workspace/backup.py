"""Series, journal, published decks and definitions in one file, and back.

The journal of SQLite may not be copied as a file while it is used, so it is copied fact by fact; the
store's current generation is a file that nobody writes to.
"""

import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from metrics.errors import StoreError
from metrics.journal import Journal

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

MANIFEST = "backup.json"
SCHEMA = "sixtwelve.backup/1"
JOURNAL, STORE, PUBLISHED = "journal.sqlite", "store", "published"
PARTS = (
    STORE,
    PUBLISHED,
    JOURNAL,
    f"{JOURNAL}-wal",
    f"{JOURNAL}-shm",
    "prepared",
)  # What a restore replaces.


def backup(house: "Workspace", file: Path) -> dict[str, Any]:
    """Write a workspace into one file; it appears whole or not at all.

    Sources are left out: their values are in the store. The journal is told by its version, so that a
    later audit can be held against it.

    Returns:
        What the file holds: `made_at`, `store`, `journal`, `files` by name with their hashes.

    Raises:
        StoreError: The file is there already, or cannot be written.
    """
    if file.exists():
        raise StoreError(f"{file} is there already. Name a new file; nothing was written.")
    with tempfile.TemporaryDirectory() as work:
        copied = Path(work) / JOURNAL
        house.journal.copied(Journal(f"sqlite:///{copied}"))
        _in_one_file(copied)
        version = house.version
        names = {p.name: p for p in house.folder.iterdir() if p.suffix in (".yaml", ".yml") and p.is_file()}
        names |= _below(house.folder, PUBLISHED)
        if version:
            current = Path(work) / "CURRENT"
            current.write_text(f"{version}\n", encoding="utf-8")
            names |= {f"{STORE}/{version}": house.folder / STORE / version, f"{STORE}/CURRENT": current}
        if copied.exists():
            names[JOURNAL] = copied
        told = {
            "schema": SCHEMA,
            "made_at": house.moment().isoformat(),
            "store": version,
            "journal": house.journal.version,
            "files": {name: sha256(path.read_bytes()).hexdigest() for name, path in sorted(names.items())},
        }
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.writestr(MANIFEST, json.dumps(told, indent=1))
                for name, path in sorted(names.items()):
                    archive.write(path, name)
            with draft.open("rb") as written:
                os.fsync(written.fileno())
            draft.rename(file)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise StoreError(
                f"{file} cannot be written ({error.strerror}). Nothing is left of it."
            ) from error
    return told


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
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restoring-") as work:
        told = _unpacked(file, Path(work))
        aside = None
        if standing:
            aside = folder / f"before-restore-{now:%Y%m%d-%H%M%S}"
            aside.mkdir()
            for part in standing:
                (folder / part).rename(aside / part)
        for name in told["files"]:
            source, target = Path(work) / name, folder / name
            if name == JOURNAL and journal:
                Journal(f"sqlite:///{source}").copied(Journal(journal))
                continue
            if target.exists() and "/" not in name:  # Definitions that are there stay: people edit them.
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)
    return {**told, "aside": str(aside) if aside else None}


def _unpacked(file: Path, work: Path) -> dict[str, Any]:
    """The files of a backup, each held against its hash."""
    try:
        with zipfile.ZipFile(file) as archive:
            told: dict[str, Any] = json.loads(archive.read(MANIFEST))
            if told.get("schema") != SCHEMA:
                raise StoreError(f"{file} is no backup of this product.")
            for name, wanted in told["files"].items():
                path = PurePosixPath(name)
                if path.is_absolute() or ".." in path.parts or "\\" in name:
                    raise StoreError(f"{file} holds a file {name!r} that lies outside. It was changed.")
                content = archive.read(name)
                if sha256(content).hexdigest() != wanted:
                    raise StoreError(f"{file}: {name} is damaged. Take another backup.")
                target = work / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise StoreError(f"{file} cannot be read as a backup ({error}).") from error
    return told
