"""A workspace whose numbers are on an engine is looked at, backed up, restored and never stepped back."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

import metrics.engines.drivers as drivers
from metrics import open_workspace
from metrics.cli import app
from metrics.errors import StoreError
from metrics.workspace import doctor
from tests.postgres import cluster
from tests.test_engines import BARE, ENGINES, Killed, _die_before_the_last_row
from tests.test_store import at, orders

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)  # After all that is loaded here.
ONE_SOURCE = """
sources:
  web: {csv: web.csv, date: {column: day, format: "%Y-%m-%d"}, series: {orders: orders}}
metrics:
  orders: {name: Orders, kind: output, unit: count, better: up, measure: {how: total, series: orders}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[object]:
    with cluster() as running:
        yield running


@pytest.fixture(params=ENGINES)
def kept(request, server, tmp_path, monkeypatch) -> Path:
    """A workspace whose numbers are on an engine; nothing was loaded yet."""
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / "wbr.yaml").write_text(BARE.format(engine=request.param) + ONE_SOURCE, encoding="utf-8")
    (folder / "web.csv").write_text("day,orders\n2026-01-05,1\n2026-01-06,2\n", encoding="utf-8")
    address = server.url(tmp_path.name) if request.param == "postgresql" else f"chdb:///{tmp_path}/numbers"
    monkeypatch.setenv("STORE_URL", address)
    return folder


def wbr(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    if isinstance(done.exception, StoreError):
        raise done.exception
    return done.output


def a_store(folder: Path):
    return open_workspace(folder, environment=os.environ).store


def seen(folder: Path, now: datetime = NOW) -> list[tuple[str, str]]:
    """What the doctor finds of the store: the kind of each trouble, and its level."""
    found = doctor.troubles(folder, now)
    return [(each.code, each.level) for each in found if each.code.startswith(("store_", "clock_"))]


def test_the_doctor_looks_at_the_engine(kept, monkeypatch):
    assert seen(kept) == [("store_empty", "note")]
    a_store(kept).add([orders(1, 2)], at(1))
    assert seen(kept) == []
    assert seen(kept, datetime(2020, 1, 1, tzinfo=UTC)) == [("clock_back", "wrong")]
    monkeypatch.setenv("STORE_URL", "")
    assert seen(kept) == [("store_unreachable", "wrong")]
    assert "$STORE_URL is not set" in wbr("doctor", "--workspace", kept)


def test_the_doctor_tells_of_a_load_that_was_killed(kept, monkeypatch):
    store = a_store(kept)
    store.add([orders(1, 2)], at(1))
    with monkeypatch.context() as dying:
        _die_before_the_last_row(store, dying)
        with pytest.raises(Killed):
            store.add([orders(9, 9)], at(2))
    left = [] if store.engine == "PostgreSQL" else [("store_leftover", "note")]  # It takes all of it back.
    assert seen(kept) == left
    store.add([orders(1, 3)], at(3))
    assert seen(kept) == left


def test_the_doctor_tells_of_a_table_that_somebody_changed(kept):
    store = a_store(kept)
    store.add([orders(1, 2)], at(1))
    with store._engine.session(writes=True) as session:
        session.done("ALTER TABLE batch RENAME COLUMN dated TO dates")
    (trouble,) = [each for each in doctor.troubles(kept, NOW) if each.code == "store_damaged"]
    assert trouble.what == (
        f"The store on {store.engine} has lost dated of the table batch: it was changed by hand or by another "
        "program."
    )
    with store._engine.session(writes=True) as session:
        session.done("ALTER TABLE batch RENAME COLUMN dates TO dated")
        session.done("DROP TABLE telling")
    assert seen(kept) == [("store_damaged", "wrong")]


def test_a_backup_and_a_restore_say_where_the_numbers_are(kept, tmp_path):
    store = a_store(kept)
    store.add([orders(1, 2)], at(1))
    file, other = tmp_path / "kept.zip", tmp_path / "other"
    sentence = f"The numbers are on {store.engine} and not in this file. Keep them with its own tools ("
    assert sentence in wbr("backup", file, "--workspace", kept)
    with ZipFile(file) as archive:
        told = json.loads(archive.read("backup.json"))
    assert (told["engine"], told["store"], sorted(told["files"])) == (store.engine, "", ["wbr.yaml"])
    assert sentence in wbr("restore", file, "--workspace", other)
    assert sorted(path.name for path in other.iterdir()) == ["wbr.yaml"]
    assert a_store(other).version == store.version == "load-000001"


def test_there_is_nothing_to_step_back_to(kept):
    with pytest.raises(StoreError, match=r"has no generations\. Use the database's own recovery\."):
        wbr("step-back", "--workspace", kept)
    assert not (kept / "store").exists()


def test_a_line_that_the_server_closed_is_opened_again(server):
    engine = drivers.PostgreSQL(lambda: server.url("closed"))
    with engine.session() as session:
        (mine,) = session.asked("SELECT pg_backend_pid() AS pid")["pid"].to_pylist()
    with engine.session() as session:
        assert session.asked("SELECT pg_backend_pid() AS pid")["pid"].to_pylist() == [mine]
        other = drivers.PostgreSQL(lambda: server.url("another"))
    with other.session() as session:
        session.asked(f"SELECT pg_terminate_backend({mine}) AS gone")
    with engine.session() as session:
        assert session.asked("SELECT pg_backend_pid() AS pid")["pid"].to_pylist() != [mine]
