"""A backup holds everything, comes back whole, and nothing damaged or strange is restored."""

import json
import shutil
import zipfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from metrics import open_workspace
from metrics.errors import JournalError, StoreError
from metrics.workspace.backup import MANIFEST, SCHEMA, backup, restore
from metrics.workspace.doctor import glance
from tests.absent import absent
from tests.browser import a_shop
from tests.postgres import AbsentError, cluster

NOW = datetime(2026, 5, 11, 7, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = a_shop(tmp_path / "shop")
    workspace = open_workspace(folder)
    workspace.journal.append("note.told", "conversion", {"text": "kept"}, author="ravi", at=NOW)
    return folder


def values(folder: Path) -> list[float]:
    workspace = open_workspace(folder)
    return [float(v) for v in workspace.history("conversion")["value"]]


def test_a_workspace_comes_back_with_its_numbers_and_its_journal(shop, tmp_path):
    told = backup(open_workspace(shop), tmp_path / "shop.zip")
    assert told["journal"] == open_workspace(shop).journal.version
    there = tmp_path / "again"
    assert restore(tmp_path / "shop.zip", there, NOW)["aside"] is None
    assert values(there) == values(shop)
    again = open_workspace(there).journal
    assert (again.version, again.verify().ok) == (told["journal"], True)


def test_a_damaged_store_is_moved_aside_and_replaced_only_when_asked(shop, tmp_path):
    before = values(shop)
    backup(open_workspace(shop), tmp_path / "shop.zip")
    for generation in (shop / "store").glob("wbr-*.duckdb"):
        generation.write_bytes(b"damaged")
    with pytest.raises(StoreError, match="--replace"):
        restore(tmp_path / "shop.zip", shop, NOW)
    told = restore(tmp_path / "shop.zip", shop, NOW, replace=True)
    assert values(shop) == before
    assert [p.name for p in Path(told["aside"]).glob("store/wbr-*")]


def test_a_file_that_is_there_is_not_overwritten(shop, tmp_path):
    (tmp_path / "mine.zip").write_text("mine")
    with pytest.raises(StoreError, match="is there already"):
        backup(open_workspace(shop), tmp_path / "mine.zip")
    assert (tmp_path / "mine.zip").read_text() == "mine"


def changed(file: Path, into: Path, name: str, content: bytes, told: dict) -> Path:
    """The same backup with one file and the manifest changed."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(into, "w") as new:
        for each in old.namelist():
            if each not in (MANIFEST, name):
                new.writestr(each, old.read(each))
        new.writestr(MANIFEST, json.dumps(told))
        new.writestr(name, content)
    return into


def test_nothing_strange_or_damaged_is_restored(shop, tmp_path):
    good = tmp_path / "shop.zip"
    told = backup(open_workspace(shop), good)
    name = next(n for n in told["files"] if n.endswith(".yaml"))
    damaged = changed(good, tmp_path / "damaged.zip", name, b"other", told)
    outside = {**told, "files": {**told["files"], "../evil.yaml": "0" * 64}}
    reaching = changed(good, tmp_path / "outside.zip", "../evil.yaml", b"x", outside)
    other = changed(good, tmp_path / "other.zip", "x", b"x", {"schema": "another/1", "files": {}})
    text = tmp_path / "text.zip"
    text.write_text("no archive")
    for file, words in [
        (damaged, "is damaged"),
        (reaching, "lies outside"),
        (other, "is no backup"),
        (text, "cannot be read as a backup"),
        (tmp_path / "nowhere.zip", "cannot be read as a backup"),
    ]:
        folder = tmp_path / f"into {file.stem}"
        with pytest.raises(StoreError, match=words):
            restore(file, folder, NOW)
        assert [p for p in folder.rglob("*") if p.is_file()] == []
        shutil.rmtree(folder)
    assert not (tmp_path / "evil.yaml").exists()
    assert told["schema"] == SCHEMA


# fmt: off
FORGED = [
    # it shows that …                              what the file says it holds                 what is told
    ("a store outside is none",                    {"store": "../../victim/kept.txt"},         "which is none. It was changed"),
    ("nor is one of another name",                 {"store": "kept.txt"},                      "which is none. It was changed"),
    ("a list is no list of files",                 {"files": ["store/CURRENT"]},               "does not say what it holds"),
    ("what says nothing is no backup",             {"store": None},                            "does not say what it holds"),
    ("an engine is a word",                        {"engine": ["PostgreSQL"]},                 "does not say what it holds"),
    ("a file that it does not hold is missed",     {"files": {"store/wbr-9.duckdb": "0" * 64}}, "cannot be read as a backup"),
    ("a folder is no file",                        {"files": {"": "0" * 64}},                  "cannot be read as a backup"),
]
# fmt: on


@pytest.mark.parametrize(("says", "words"), [c[1:] for c in FORGED], ids=[c[0] for c in FORGED])
def test_a_forged_backup_changes_nothing_anywhere(tmp_path, says, words):
    folder, victim = tmp_path / "there", tmp_path / "victim" / "kept.txt"
    for path in (victim, folder / "store" / "CURRENT"):
        path.parent.mkdir(parents=True)
        path.write_text("kept")
    told = {"schema": SCHEMA, "made_at": "", "store": "", "journal": "", "files": {}, **says}
    with zipfile.ZipFile(tmp_path / "forged.zip", "w") as archive:
        archive.writestr(MANIFEST, json.dumps(told))
    with pytest.raises(StoreError, match=words):
        restore(tmp_path / "forged.zip", folder, NOW, replace=True)
    kept = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert kept == ["forged.zip", "there/store/CURRENT", "victim/kept.txt"]


def test_a_backup_larger_than_the_disk_is_refused_before_anything_is_written(shop, tmp_path, monkeypatch):
    file = tmp_path / "shop.zip"
    backup(open_workspace(shop), file)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**6, 10**6 - 99, 99))
    with pytest.raises(StoreError, match="has room for"):
        restore(file, tmp_path / "there", NOW)
    assert list((tmp_path / "there").iterdir()) == []


def test_a_backup_under_a_password_or_of_endless_brackets_is_told(tmp_path):
    file = tmp_path / "deep.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(MANIFEST, "[" * 1_000_000)
    with pytest.raises(StoreError, match="cannot be read as a backup"):
        restore(file, tmp_path / "there", NOW)
    packed = bytearray(file.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + place] |= 1
    file.write_bytes(bytes(packed))
    with pytest.raises(StoreError, match="cannot be read as a backup"):
        restore(file, tmp_path / "there", NOW)


def test_what_a_killed_backup_or_restore_left_is_removed_by_the_next(shop, tmp_path):
    (tmp_path / ".other.zip.17.backup-part").write_bytes(b"half")
    backup(open_workspace(shop), tmp_path / "shop.zip")
    assert sorted(p.name for p in tmp_path.glob("*.zip*")) == ["shop.zip"]
    assert not (tmp_path / ".other.zip.17.backup-part").exists()
    (shop / ".restoring-killed" / "store").mkdir(parents=True)
    (told,) = glance(shop)
    assert (told.code, told.level, "wbr restore FILE --replace" in told.do) == (
        "restore_leftover",
        "wrong",
        True,
    )
    first = restore(tmp_path / "shop.zip", shop, NOW, replace=True)
    second = restore(tmp_path / "shop.zip", shop, NOW, replace=True)
    assert glance(shop) == ()
    names = [Path(str(each["aside"])).name for each in (first, second)]
    assert names == ["before-restore-20260511-070000", "before-restore-20260511-070000-2"]


def test_a_restore_into_a_database_goes_on_where_a_killed_one_has_copied_the_facts(shop, tmp_path):
    backup(open_workspace(shop), tmp_path / "shop.zip")
    address = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    for name in ("first", "second"):
        restore(tmp_path / "shop.zip", tmp_path / name, NOW, journal=address)
        assert open_workspace(tmp_path / name, journal=address).journal.verify().facts == 1
    open_workspace(shop, journal=address).journal.append("note.told", "orders", {}, author="ravi", at=NOW)
    with pytest.raises(JournalError, match="holds facts already"):
        restore(tmp_path / "shop.zip", tmp_path / "third", NOW, journal=address)
    assert [p.name for p in (tmp_path / "third").iterdir()] == []


def test_every_deck_comes_back_to_the_same_bytes_with_the_journal_in_postgresql(tmp_path):
    with ExitStack() as held:
        try:
            server = held.enter_context(cluster())
        except AbsentError as error:
            absent(str(error))
        here, there = server.url("here"), server.url("there")
        shop = a_shop(tmp_path / "shop", loaded=False)
        (shop / "more.yaml").write_text(
            "people:\n  dee: {name: Dee Ray, roles: [deck_owner, analyst]}\n"
            "decks:\n  till: {title: The till, sections: [{title: Till, blocks: [orders, revenue]}]}\n"
        )
        house = open_workspace(shop, journal=here)
        house.load(by="dee")
        house.loop.saying.answer("visits", "routine", "It <b>rained</b>", by="ada")
        published = house.loop.publish(by="dee", despite="the test goes on")
        backup(house, tmp_path / "shop.zip")
        restore(tmp_path / "shop.zip", tmp_path / "again", NOW, journal=there)
        again = open_workspace(tmp_path / "again", journal=there)
        assert again.loop.audit(house.journal.version)[0].ok
        week = house.default_week()
        for deck in ("company", "till"):
            files = [each.exporting.exported(week, "html", deck).data for each in (house, again)]
            assert files[0] == files[1]
        assert b"It &lt;b&gt;rained" in house.exporting.exported(week, "html", "company").data
        for name in published.files:
            held = [each.loop.publishing.file(published, name) for each in (house, again)]
            assert held[0] == held[1]
        assert not (tmp_path / "again" / "journal.sqlite").exists()
