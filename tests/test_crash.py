"""Killed, full, read-only, cut off, set back: nothing told is lost, nothing half is seen, words say what to do.

The long runs are tests/torture/kill_decisions.py, kill_loads.py, kill_journal.py and beside.py.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from metrics import open_workspace
from metrics.cli import app
from metrics.errors import JournalError, MetricsError, StoreError
from metrics.export import json as json_form
from metrics.store import Store
from metrics.store.generations import SCHEMA
from metrics.workspace import Workspace
from metrics.workspace.backup import backup, restore
from metrics.workspace.doctor import troubles
from tests.browser import LAST_WEEK, ROOT, a_shop, started
from tests.disks import Disk, disk
from tests.test_pages import markup, trouble
from tests.torture import kill_decisions
from tests.visitor import Visitor

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
PEOPLE = "people:\n  dee: {name: Dee Ray, roles: [deck_owner, analyst]}\n"


def a_company(folder: Path, *, loaded: bool = True) -> Path:
    """The shop, with somebody who may publish and load."""
    made = a_shop(folder, loaded=False)
    declared = made / "workspace.yaml"
    declared.write_text(declared.read_text().replace("people:\n", PEOPLE, 1))
    if loaded:
        open_workspace(made).load(by="dee")
    return made


def told(shop: Path, number: int) -> None:
    """The shop's file, with another number of visits on its last day."""
    lines = (shop / "shop.csv").read_text().splitlines()
    cells = lines[-1].split(",")
    (shop / "shop.csv").write_text(
        "\n".join([*lines[:-1], ",".join([cells[0], str(number), *cells[2:]])]) + "\n"
    )


def visits(shop: Path) -> float:
    """Visits of the last day, as a new process would read them."""
    return float(open_workspace(shop).history("visits", "day")["value"].iloc[-1])


def wrong(shop: Path) -> set[str]:
    return {each.code for each in troubles(shop, datetime.now(UTC)) if each.level == "wrong"}


def deck_bytes(shop: Path) -> bytes:
    return json.dumps(json_form.as_json(open_workspace(shop).deck()), sort_keys=True).encode()


@pytest.fixture
def small(tmp_path) -> Iterator[Disk]:
    with disk(tmp_path / "disk", 40) as made:
        yield made


# --- killed --------------------------------------------------------------------------------------


def test_who_is_killed_while_deciding_or_loading_loses_nothing(tmp_path):
    folder = kill_decisions.a_company(tmp_path / "shop")
    assert kill_decisions.tortured(folder, 5, random.Random(3)) == []


def test_a_log_left_by_a_killed_process_is_read(tmp_path):
    shop = a_company(tmp_path / "shop", loaded=False)
    if (child := os.fork()) == 0:
        journal = open_workspace(shop).journal
        for n in range(5):
            journal.append("note.told", "visits", {"n": n}, author="ada", at=NOON)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert (shop / "journal.sqlite-wal").stat().st_size > 0
    house = open_workspace(shop)
    assert [f.body["n"] for f in house.journal.facts()] == [0, 1, 2, 3, 4]
    assert house.journal.verify().ok


# --- a disk that takes nothing -------------------------------------------------------------------


def asked_without_end(house: Workspace) -> None:
    """Questions until one is refused."""
    for _ in range(400):
        house.loop.saying.ask("visits", "why " * 200, by="dee")


def let_go() -> None:
    """Close the journals of this process: a disk on which a file is open for writing cannot be made read-only."""
    if os.fork() == 0:
        os._exit(0)
    os.wait()


def test_a_full_disk_refuses_in_words_and_loses_nothing(small):
    shop = a_company(small.folder / "shop")
    house = open_workspace(shop)
    house.loop.saying.answer("visits", "routine", "it rained", by="ada")
    told(shop, 500)
    before, facts = visits(shop), len(house.journal.facts())
    small.fill(left=60_000)
    with pytest.raises(StoreError, match="Free space on that disk"):
        house.load(by="dee")
    with pytest.raises(MetricsError, match=r"Free space|has space|disk is full"):
        house.loop.publish(by="dee", despite="the test goes on")
    with pytest.raises(JournalError, match=r"Nothing was written|has space"):
        asked_without_end(house)
    assert wrong(shop) == {"disk_full"}
    assert visits(shop) == before
    small.free()
    house.load(by="dee")
    house.loop.publish(by="dee", despite="the test goes on")
    assert (visits(shop), wrong(shop)) == (500, set())
    assert len(house.journal.facts()) > facts
    assert house.loop.audit()[0].ok
    assert sorted(p.name for p in (shop / "store").glob("*.part*")) == []


def test_a_full_disk_has_no_half_backup_and_is_not_restored_to(small, tmp_path):
    shop = a_company(small.folder / "shop")
    backup(open_workspace(shop), tmp_path / "shop.zip")
    told(shop, 500)
    open_workspace(shop).load(by="dee")
    small.fill(left=4_096)
    with pytest.raises(StoreError, match=r"No space left on device\)\. Nothing is left of it"):
        backup(open_workspace(shop), small.folder / "more.zip")
    with pytest.raises(StoreError, match=r"shop has room for 0\.0\. Free space there.*nothing was changed"):
        restore(tmp_path / "shop.zip", shop, NOON, replace=True)
    assert sorted(path.name for path in small.folder.iterdir()) == ["ballast", "shop"]
    assert (visits(shop), list(shop.glob("*restor*"))) == (500, [])
    small.free()
    restore(tmp_path / "shop.zip", shop, NOON, replace=True)
    assert (visits(shop) == 500, wrong(shop)) == (False, set())


def test_a_read_only_disk_shows_everything_and_takes_nothing(small):
    shop = a_company(small.folder / "shop")
    house = open_workspace(shop)
    house.loop.saying.answer("visits", "routine", "it rained", by="ada")
    facts, deck = house.journal.facts(), deck_bytes(shop)
    let_go()
    small.may_be_written(False)
    fresh = open_workspace(shop)
    assert fresh.journal.facts() == facts
    assert deck_bytes(shop) == deck
    for act in (
        lambda: fresh.load(by="dee"),
        lambda: fresh.loop.saying.answer("visits", "routine", "again", by="ada"),
        lambda: fresh.loop.publish(by="dee", despite="the test goes on"),
        lambda: fresh.journal.save_draft("ada", "visits", "typed", NOON),
        lambda: backup(fresh, shop / "backup.zip"),
    ):
        with pytest.raises(MetricsError, match=r"Read-only file system|Give this user the right"):
            act()
    assert wrong(shop) == {"disk_read_only"}
    small.may_be_written(True)
    fresh.loop.saying.answer("visits", "routine", "again", by="ada")
    assert len(open_workspace(shop).journal.facts()) == len(facts) + 1


# --- the dashboard over all of that --------------------------------------------------------------


def banner(tab: Visitor) -> str:
    """What the page says is wrong; the deck's own words left out."""
    found = [
        said for said in tab.said if said.startswith(('<div class="wu-banner', '<div class="wu-trouble'))
    ]
    return re.sub(r"<[^>]+>", "", " ".join(found))


def test_the_dashboard_says_what_is_wrong_and_shows_what_it_can(small):
    shop = a_company(small.folder / "shop")
    open_workspace(shop).loop.publish(by="dee", despite="the test goes on")
    let_go()
    small.may_be_written(False)
    answer = f"answer:visits:{LAST_WEEK}"
    with started(shop) as (address, _):

        def seen(page: str = "", query: str = "") -> tuple[str, str]:
            with Visitor(address, page, query) as tab:
                assert tab.broken == []
                assert "Traceback" not in tab.text
                return banner(tab), tab.text

        words, page = seen()
        assert "may only be read" in words
        assert "Visits: last week" in page
        with Visitor(address, "metric", "metric=visits&as=ada") as tab:
            tab.type(f"draft ada {answer}", "It rained")
            tab.click(f"{answer} go")
            assert tab.broken == []
            assert re.search("Read-only file system|Give this user the right", tab.text)
        small.may_be_written(True)
        assert seen()[0] == ""
        small.fill(left=20_000)
        words, page = seen()
        assert "is nearly full" in words
        assert "wbr doctor" in words
        assert "Visits: last week" in page
        small.free()
        kept = shop.parent / "kept"
        kept.mkdir()
        for path in shop.glob("journal.sqlite*"):
            shutil.move(path, kept / path.name)
        words, page = seen()
        assert "what people decided was lost" in words
        assert "wbr restore FILE" in words
        assert "Visits: last week" in page
        for path in shop.glob("journal.sqlite*"):
            path.unlink()
        for path in kept.iterdir():
            shutil.move(path, shop / path.name)
        current = shop / "store" / (shop / "store" / "CURRENT").read_text().strip()
        os.truncate(current, current.stat().st_size // 3)
        words, _ = seen(query=f"week={LAST_WEEK - timedelta(days=7)}")
        assert "is damaged or cannot be read" in words
        assert "wbr doctor" in words
        for name in ("metric", "owners", "goals", "sources", "flywheel"):
            assert seen(name)[1]  # From memory where it can; in words where it cannot.


def test_a_damaged_edition_is_told_above_the_deck_as_it_is_now(tmp_path, monkeypatch):
    shop = a_company(tmp_path / "shop")
    loop = open_workspace(shop).loop
    folder = loop.publishing.folder / loop.publish(by="dee", despite="the test goes on").folder
    for path in folder.iterdir():
        path.unlink()
    monkeypatch.setenv("WBR_WORKSPACE", str(shop))
    page = AppTest.from_file(str(ROOT / "metrics" / "ui" / "entry.py"), default_timeout=60).run()
    assert "Visits: last week" in markup(page)
    words = trouble(page)
    assert "The published deck cannot be read" in words
    assert f"{folder / 'deck.html'} cannot be read (No such file or directory)" in words
    assert "Shown is the deck as it is now." in words


# --- cut off -------------------------------------------------------------------------------------


def test_a_damaged_generation_is_never_read_as_other_numbers(tmp_path):
    shop = a_company(tmp_path / "shop")
    generation = shop / "store" / "wbr-000001.duckdb"
    whole, before = generation.read_bytes(), visits(shop)
    chance = random.Random(2)
    for turn in range(20):
        damaged = bytearray(whole)
        if turn % 2:
            del damaged[chance.randrange(len(whole)) :]
        else:
            place = chance.randrange(len(whole) - 512)
            damaged[place : place + 512] = chance.randbytes(512)
        other = tmp_path / f"shop{turn}"
        shutil.copytree(shop, other)
        (other / "store" / "wbr-000001.duckdb").write_bytes(bytes(damaged))
        read: float | str
        try:
            read = visits(other)
        except MetricsError as error:
            read = str(error)
        assert read == before or "wbr restore" in str(read)
        assert wrong(other) <= {"store_damaged"}
        shutil.rmtree(other)


# --- the clock ------------------------------------------------------------------------------------


def test_a_clock_that_jumps_loses_nothing_and_is_told(tmp_path):
    shop = a_company(tmp_path / "shop", loaded=False)
    declared = shop / "workspace.yaml"
    declared.write_text(declared.read_text().replace(", now: 2026-05-05T07:00", ""))
    clock = [NOON + timedelta(days=30)]
    house = Workspace(shop, lambda: clock[0])
    house.load(by="dee")
    house.loop.saying.ask("visits", "Why so many?", by="dee", week_ending=LAST_WEEK)
    clock[0] = NOON  # The clock was a month ahead, and is set right.
    house.loop.saying.ask("visits", "And why so few?", by="dee", week_ending=LAST_WEEK)
    told(shop, 500)
    report = house.load(by="dee")
    assert [f.body["text"] for f in house.journal.facts(kind="question")] == [
        "Why so many?",
        "And why so few?",
    ]
    assert house.journal.verify().ok
    found = [each for each in troubles(shop, clock[0]) if each.code == "clock_back"]
    assert len(found) == 2
    assert "take that one back (`wbr undo 1`)" in " ".join(each.do for each in found)
    # What the text promises: the load of the future is taken back, and the numbers told since are current.
    house.undo(1, by="dee")
    house.load(by="dee")
    assert report.load == 2
    assert visits(shop) == 500


# --- backups --------------------------------------------------------------------------------------


def test_a_backup_taken_while_others_work_is_one_whole(tmp_path):
    shop = a_company(tmp_path / "shop")
    stop = threading.Event()
    broken: list[str] = []

    def working() -> None:
        house, number = open_workspace(shop), 0
        while not stop.is_set():
            number += 1
            try:
                told(shop, 500 + number)
                house.load(by="dee")
                house.loop.publish(by="dee", because=f"act {number}", despite="the test goes on")
            except MetricsError as error:
                broken.append(str(error))

    writer = threading.Thread(target=working)
    writer.start()
    try:
        for number in range(4):
            backup(open_workspace(shop), tmp_path / f"{number}.zip")
    finally:
        stop.set()
        writer.join()
    assert broken == []
    for number in range(4):
        there = tmp_path / f"there{number}"
        restore(tmp_path / f"{number}.zip", there, NOON)
        house = open_workspace(there)
        audit, changed = house.loop.audit()
        assert (audit.ok, changed) == (True, ())
        loads = int(house.loads()["load"].max())
        editions = house.loop.publishing.editions()
        assert all(int(house.loop.publishing.week(e)["load"]) <= loads for e in editions)
        assert wrong(there) <= {"edition_unknown"}  # The one being published; nothing names it yet.


def test_a_backup_comes_back_on_another_machine_to_the_same_bytes(tmp_path):
    shop = a_company(tmp_path / "shop")
    house = open_workspace(shop)
    house.loop.saying.answer("visits", "routine", "it rained", by="ada")
    edition = house.loop.publish(by="dee", despite="the test goes on")
    backup(house, tmp_path / "shop.zip")
    there = tmp_path / "another" / "place"
    program = (
        "from typer.testing import CliRunner; from metrics.cli import app; run = CliRunner(); "
        f"assert run.invoke(app, ['restore', {str(tmp_path / 'shop.zip')!r}, '-w', {str(there)!r}]).exit_code == 0; "
        f"print(run.invoke(app, ['deck', '-w', {str(there)!r}, '--format', 'json']).stdout, end='')"
    )
    empty = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=empty, cwd=tmp_path, capture_output=True, check=True
    )
    here = CliRunner().invoke(app, ["deck", "-w", str(shop), "--format", "json"])
    assert ran.stdout == here.stdout.encode()
    assert len(ran.stdout) > 10_000
    again = open_workspace(there).loop.publishing
    for name, hashed in edition.files.items():
        assert sha256(again.file(edition, name)).hexdigest() == hashed


def test_a_restore_in_place_never_reuses_a_name_that_was_given_to_other_numbers(tmp_path):
    shop = a_company(tmp_path / "shop")
    house = open_workspace(shop)
    backup(house, tmp_path / "shop.zip")
    first = visits(shop)
    told(shop, 500)
    house.load(by="dee")
    assert house.history("visits", "day")["value"].iloc[-1] == 500
    restore(tmp_path / "shop.zip", shop, NOON, replace=True)
    assert house.version == "wbr-000003.duckdb"
    assert house.history("visits", "day")["value"].iloc[-1] == first
    told(shop, 600)
    house.load(by="dee")
    assert house.version == "wbr-000004.duckdb"
    assert house.history("visits", "day")["value"].iloc[-1] == 600


# --- older stores ---------------------------------------------------------------------------------


def a_store_without_a_stamp(folder: Path) -> Store:
    return an_older_store(folder, 0)


def an_older_store(folder: Path, schema: int) -> Store:
    folder.mkdir()
    script = (ROOT / "tests" / "older" / f"store_schema_{schema}.sql").read_text()
    connection = duckdb.connect(
        str(folder / "wbr-000001.duckdb"), config={"storage_compatibility_version": "v1.5.0"}
    )
    connection.execute(script)
    connection.close()
    (folder / "CURRENT").write_text("wbr-000001.duckdb\n")
    return Store(folder)


def orders(store: Store) -> list[float]:
    with store.reading() as connection:
        return [row[0] for row in connection.execute("SELECT value FROM observed").fetchall()]


@pytest.mark.parametrize("schema", range(SCHEMA))
def test_a_store_of_every_older_schema_opens_and_is_brought_up_to_date_by_a_change(tmp_path, schema):
    store = an_older_store(tmp_path / "store", schema)
    assert orders(store) == [1.0]
    assert [each.code for each in store.troubles(NOON)] == ["store_older"]
    store.undo(1, NOON, by="dee")
    assert orders(store) == []
    assert store.troubles(NOON) == ()
    kept = Store(tmp_path / "store")
    (tmp_path / "store" / "CURRENT").write_text("wbr-000001.duckdb\n")
    assert orders(kept) == [1.0]  # The generation before is the backup.


def test_a_store_of_a_later_program_is_left_alone(tmp_path):
    store = a_store_without_a_stamp(tmp_path / "store")
    store.undo(1, NOON, by="dee")
    path = tmp_path / "store" / "wbr-000002.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE store_schema SET version = 99")
    before = path.read_bytes()
    for use in (lambda: orders(Store(tmp_path / "store")), lambda: Store(tmp_path / "store").undo(1, NOON)):
        with pytest.raises(StoreError, match=r"newer version of this program .*Update the program"):
            use()
    assert path.read_bytes() == before


# --- many at once ---------------------------------------------------------------------------------


def test_threads_that_open_a_new_generation_at_once_all_read_it(tmp_path):
    shop = a_company(tmp_path / "shop")
    store, failed = Store(shop / "store"), list[str]()
    for _ in range(25):
        together = threading.Barrier(8)

        def one(together: threading.Barrier = together) -> None:
            together.wait()
            try:
                with store.reading() as connection:
                    connection.register("given", pd.DataFrame({"a": [1]}))
                    connection.execute("SELECT * FROM given").fetchall()
            except (duckdb.Error, StoreError) as error:
                failed.append(str(error))

        threads = [threading.Thread(target=one) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert failed == []
