"""`wbr doctor`: every fault is told with what to do, and nothing is changed by looking."""

import json
import re
import shlex
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from metrics import open_workspace
from metrics.cli import app
from metrics.workspace.backup import LAST, backup
from metrics.workspace.doctor import glance, troubles
from tests.browser import a_shop

NOW = datetime(2026, 5, 5, 7, tzinfo=UTC)
PEOPLE = "people:\n  dee: {name: Dee Ray, roles: [deck_owner, analyst]}\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A shop with two generations, some facts, a published deck and a backup."""
    folder = a_shop(tmp_path_factory.mktemp("doctor") / "shop", loaded=False)
    declared = folder / "workspace.yaml"
    declared.write_text(declared.read_text().replace("people:\n", PEOPLE, 1))
    house = open_workspace(folder)
    house.load(by="dee")
    source = folder / "shop.csv"
    source.write_text(source.read_text().replace("2026-05-02,", "2026-05-02,1", 1))
    house.load(by="dee")
    house.loop.saying.answer("visits", "routine", "it rained", by="ada")
    house.loop.publish(by="dee", despite="the test goes on")
    backup(house, folder.parent / "shop.zip")
    return folder


@pytest.fixture
def shop(model, tmp_path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "shop"))


def generation(shop: Path) -> Path:
    return shop / "store" / (shop / "store" / "CURRENT").read_text().strip()


def by_hand(shop: Path, *statements: str) -> None:
    with closing(sqlite3.connect(shop / "journal.sqlite", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER IF EXISTS journal_fact_no_update")
        for statement in statements:
            connection.execute(statement)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def cut(path: Path, share: float) -> None:
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * share))


def stamped(path: Path, version: int) -> None:
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute("UPDATE store_schema SET version = $v", {"v": version})


def edition(shop: Path) -> Path:
    return next(p for p in (shop / "published").iterdir() if not p.name.startswith("."))


def ahead(shop: Path) -> None:
    house = open_workspace(shop)
    house.journal.append("note.told", "visits", {}, author="ada", at=datetime(2036, 1, 1, tzinfo=UTC))
    house.journal._database._close()  # Else its log is tidied away whenever the object is collected.


def without_journal(shop: Path) -> None:
    for path in shop.glob("journal.sqlite*"):
        path.unlink()


def killed_backup(shop: Path) -> None:
    """A draft beside the last backup."""
    told = json.loads((shop / LAST).read_text())
    (shop / LAST).write_text(json.dumps({**told, "file": str(shop.parent / "shop.zip")}))
    (shop.parent / "shop.zip").touch()
    (shop.parent / ".shop.zip.1.backup-part").touch()


def forged(shop: Path) -> None:
    shutil.copytree(edition(shop), shop / "published" / "company-2026-04-25-1-0123abcd")


# fmt: off
FAULTS: list[tuple[str, Callable[[Path], object], str, str, str]] = [
    # the fault                               how it is made                                                        code                  level    what to do
    ("CURRENT is gone",                       lambda s: (s / "store" / "CURRENT").unlink(),                         "store_pointer",      "wrong", "wbr step-back"),
    ("CURRENT is torn",                       lambda s: (s / "store" / "CURRENT").write_bytes(b"wbr-0\xff"),        "store_pointer",      "wrong", "wbr step-back"),
    ("CURRENT points nowhere",                lambda s: (s / "store" / "CURRENT").write_text("wbr-000099.duckdb\n"), "store_pointer",     "wrong", "wbr step-back"),
    ("CURRENT is empty",                      lambda s: (s / "store" / "CURRENT").write_text(""),                   "store_pointer",      "wrong", "wbr step-back"),
    ("the store is gone",                     lambda s: shutil.rmtree(s / "store"),                                 "store_lost",         "wrong", "wbr restore"),
    ("the newest generation is cut off",      lambda s: cut(generation(s), 0.4),                                    "store_damaged",      "wrong", "wbr step-back"),
    ("an older generation is cut off",        lambda s: cut(s / "store" / "wbr-000001.duckdb", 0.4),                "store_older_damaged", "note", "no way back"),
    ("a later program wrote the store",       lambda s: stamped(generation(s), 99),                                 "store_newer",        "wrong", "Update the program"),
    ("a killed load left its draft",          lambda s: (s / "store" / "wbr-000003.duckdb.part").touch(),           "store_leftover",     "note",  "wbr load"),
    ("a log stands beside a generation",      lambda s: generation(s).with_suffix(".duckdb.wal").write_bytes(b"x"), "store_wal",          "wrong", "move it away"),
    ("a fact was changed",                    lambda s: by_hand(s, "UPDATE journal_fact SET because = 'x' WHERE number = 1"), "journal_chain", "wrong", "wbr audit"),
    ("the journal is cut off",                lambda s: cut(s / "journal.sqlite", 0.4),                             "journal_damaged",    "wrong", "wbr restore"),
    ("the journal is empty",                  lambda s: (s / "journal.sqlite").write_bytes(b""),                    "journal_damaged",    "wrong", "wbr restore"),
    ("the journal is another file",           lambda s: (s / "journal.sqlite").write_text("no database at all"),    "journal_damaged",    "wrong", "wbr restore"),
    ("the journal is lost",                   without_journal,                                                      "journal_lost",       "wrong", "wbr restore"),
    ("a later program wrote the journal",     lambda s: by_hand(s, "UPDATE journal_schema SET version = 99"),       "journal_newer",      "wrong", "Update the program"),
    ("the clock was set back",                ahead,                                                                "clock_back",         "wrong", "clock right"),
    ("a published file was changed",          lambda s: (edition(s) / "deck.html").write_text("other"),             "edition_changed",    "wrong", "wbr restore"),
    ("a published file is gone",              lambda s: (edition(s) / "week.json").unlink(),                        "edition_changed",    "wrong", "wbr restore"),
    ("a published folder is half deleted",    lambda s: [p.unlink() for p in sorted(edition(s).iterdir())[1:]],     "edition_changed",    "wrong", "unzip -o FILE 'published/company-2026-05-02-1-"),
    ("the published folders are gone",        lambda s: shutil.rmtree(s / "published"),                             "edition_changed",    "wrong", "wbr restore"),
    ("a folder was forged",                   forged,                                                               "edition_unknown",    "wrong", "remove it"),
    ("a stray file lies among them",          lambda s: (s / "published" / "notes.txt").write_text("x"),            "edition_unknown",    "wrong", "remove it"),
    ("definitions do not parse",              lambda s: (s / "more.yaml").write_text("metrics: ["),                 "definitions",        "wrong", "wbr check"),
    ("a source is late",                      lambda s: (s / "late.yaml").write_text("sources:\n  second: {csv: second.csv, date: {column: day}, series: {more: more}}\n"), "source_never_loaded", "note", "wbr load second"),
    ("no backup was ever taken",              lambda s: (s / LAST).unlink(),                                        "backup_none",        "note",  "wbr backup"),
    ("the last backup is old",                lambda s: (s / LAST).write_text(json.dumps({"made_at": "2026-01-01T00:00:00+00:00", "file": "x.zip"})), "backup_old", "note", "wbr backup"),
    ("a backup was killed",                   killed_backup,                                                        "backup_leftover",    "note",  "next backup"),
    ("a restore was interrupted",             lambda s: (s / ".restoring-abc").mkdir(),                             "restore_leftover",   "wrong", "--replace"),
]
# fmt: on


def looked(shop: Path) -> dict[str, tuple[str, str]]:
    house_now = datetime.now(UTC)
    return {each.code: (each.level, f"{each.what} {each.do}") for each in troubles(shop, house_now)}


def everything(shop: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file of a folder: its time, its rights and its content."""
    return {
        str(p.relative_to(shop)): (
            p.stat().st_mtime_ns,
            p.stat().st_mode,
            p.read_bytes() if p.is_file() else b"",
        )
        for p in sorted(shop.rglob("*"))
    }


def test_a_healthy_workspace_has_nothing_wrong_and_is_not_touched(shop):
    before = everything(shop)
    assert [each for each in troubles(shop, datetime.now(UTC)) if each.level == "wrong"] == []
    assert everything(shop) == before


@pytest.mark.parametrize(
    ("fault", "code", "level", "do"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_a_fault_is_told_with_what_to_do_and_nothing_is_changed(shop, fault, code, level, do):
    fault(shop)
    before = everything(shop)
    told = looked(shop)
    assert code in told, told
    assert (told[code][0], do in told[code][1]) == (level, True), told[code]
    assert everything(shop) == before


def test_a_leftover_log_of_the_journal_stays_and_its_facts_count(shop):
    """A process that is killed leaves its facts in the log; looking must not tidy it away."""
    house = open_workspace(shop)
    with closing(sqlite3.connect(shop / "journal.sqlite")) as held:
        held.execute("SELECT count(*) FROM journal_fact").fetchone()
        house.journal.append("note.told", "visits", {}, author="ada", at=NOW)
        for name in ("journal.sqlite", "journal.sqlite-wal"):
            shutil.copy(shop / name, shop.parent / name)
    house.journal._database._close()
    for path in shop.glob("journal.sqlite*"):
        path.unlink()
    for name in ("journal.sqlite", "journal.sqlite-wal"):
        shutil.move(shop.parent / name, shop / name)
    before = everything(shop)
    assert (shop / "journal.sqlite-wal").stat().st_size > 0
    assert [each for each in troubles(shop, datetime.now(UTC)) if each.level == "wrong"] == []
    assert everything(shop) == before
    assert open_workspace(shop).journal.facts(kind="note")


def test_the_command_ends_with_one_if_something_is_wrong_and_prints_one_document(shop):
    run = CliRunner()
    good = run.invoke(app, ["doctor", "-w", str(shop), "--format", "json"])
    assert (good.exit_code, json.loads(good.stdout)["wrong"]) == (0, 0)
    cut(generation(shop), 0.3)
    bad = run.invoke(app, ["doctor", "-w", str(shop), "--format", "json"])
    told = json.loads(bad.stdout)
    assert (bad.exit_code, told["wrong"]) == (1, 1)
    assert set(told["troubles"][0]) == {"code", "level", "what", "do"}
    words = run.invoke(app, ["doctor", "-w", str(shop)])
    assert (words.exit_code, "wrong: " in words.stdout, "Traceback" in words.output) == (1, True, False)
    nowhere = run.invoke(app, ["doctor", "-w", str(shop / "nowhere")])
    assert (nowhere.exit_code, "is not there" in nowhere.stdout) == (1, True)


def test_going_back_takes_the_generation_before_and_loading_brings_the_rest(shop):
    before = open_workspace(shop).deck()
    cut(generation(shop), 0.5)
    run = CliRunner()
    refused = run.invoke(app, ["step-back", "-w", str(shop)], input="n\n")
    assert refused.exit_code == 1
    asked = refused.stderr
    assert "wbr-000001.duckdb will be the store again. The newest load in it is 1, of 2026-" in asked
    assert "Set aside: wbr-000002.duckdb (written 20" in asked
    assert "What was loaded or undone there after load 1 is lost" in asked
    went = run.invoke(app, ["step-back", "-w", str(shop), "--by", "ada", "--yes"])
    assert went.exit_code == 0, went.output
    assert "wbr-000001.duckdb is the store again, as wbr-000003.duckdb" in went.stdout
    assert "The newest load in it is 1" in went.stdout
    assert "wbr-000002.duckdb.damaged" in went.stdout
    house = open_workspace(shop)
    assert len(house.loads()) == 1
    house.load(by="dee")
    again = house.deck()
    assert [b.chart for b in again.blocks] == [b.chart for b in before.blocks]
    whole = run.invoke(app, ["step-back", "-w", str(shop), "--yes"])
    assert isinstance(whole.exception, Exception)
    assert "is whole: there is nothing to go back from" in str(whole.exception)


def test_a_late_source_is_a_note(shop):
    later = NOW + timedelta(days=30)
    declared = shop / "workspace.yaml"
    declared.write_text(declared.read_text().replace("2026-05-05T07:00", f"{later:%Y-%m-%dT%H:%M}"))
    told = looked(shop)
    assert told["source_late"][0] == "note"
    assert "its numbers end on 2026-05-02" in told["source_late"][1]


def test_a_connection_without_an_address_is_a_note(shop):
    (shop / "more.yaml").write_text("connections: {lake: {url_env: WBR_NOWHERE}}\n")
    assert looked(shop)["connection_unset"] == (
        "note",
        "Connection lake: $WBR_NOWHERE is not set. Put the address of the database there, like "
        "postgresql://user:password@host/database. It is needed where `wbr load` runs, and only there.",
    )


def test_a_store_in_an_engine_is_asked_and_not_looked_for_in_the_folder(shop):
    (shop / "engine.yaml").write_text("store: {engine: postgresql, url_env: WBR_NOWHERE}\n")
    told = looked(shop)
    assert told["store_unreachable"] == (
        "wrong",
        "store: $WBR_NOWHERE is not set. Put the address of the store there, like "
        "postgresql://user:password@host/database. Start it, or set its address right.",
    )
    assert [each.code for each in glance(shop, engine="postgresql")] == []
    shutil.rmtree(shop / "store")
    assert "store_lost" not in looked(shop)
    assert [each.code for each in glance(shop)] == ["store_lost"]


def test_what_doctor_says_of_a_published_folder_mends_it(shop):
    whole, file = everything(edition(shop)), json.loads((shop / LAST).read_text())["file"]
    shutil.rmtree(edition(shop))
    command = re.search("`(unzip .*?)`", looked(shop)["edition_changed"][1])
    words = shlex.split(str(command and command[1]).replace("FILE", file))
    with zipfile.ZipFile(file) as archive:  # As `unzip` does, which not every machine has.
        archive.extractall(words[5], [name for name in archive.namelist() if fnmatch(name, words[3])])
    assert "edition_changed" not in looked(shop)
    assert {name: told[2] for name, told in everything(edition(shop)).items()} == {
        name: told[2] for name, told in whole.items()
    }


# Of the faults above, those that a command mends, by what the doctor names first.
MENDED = [
    f
    for f in FAULTS
    if f[3] == "wrong" and f[4].startswith(("wbr step-back", "wbr restore", "move it", "unzip"))
]


@pytest.mark.parametrize("fault", [f[1] for f in MENDED], ids=[f[0] for f in MENDED])
def test_what_the_doctor_names_mends_it(shop, fault):
    file = json.loads((shop / LAST).read_text())["file"]
    before = open_workspace(shop)
    charts, facts = [b.chart for b in before.deck().blocks], before.journal.facts()
    before.journal._database._close()
    fault(shop)
    run = CliRunner()
    if "step-back" in "".join(do for _, do in looked(shop).values()):
        back = run.invoke(app, ["step-back", "-w", str(shop), "--by", "ada", "--yes"])
        assert back.exit_code == 0, back.output
        open_workspace(shop).load(by="dee")
    else:
        back = run.invoke(app, ["restore", file, "-w", str(shop), "--replace"])
        assert back.exit_code == 0, back.output
    assert [each for each in troubles(shop, datetime.now(UTC)) if each.level == "wrong"] == []
    mended = open_workspace(shop)
    assert [b.chart for b in mended.deck().blocks] == charts
    assert mended.journal.facts() == facts
