"""The two DuckDB versions that are supported read each other's stores; `make test` runs the store's tests on both."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from tests.absent import absent
from tests.serving import ROOT

OLDER = "1.5.6"
[LOCKED] = re.findall(
    r"^duckdb==(\S+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
)
ASKED = "SIXTWELVE_DUCKDB"  # The version that `make test` wants a run of the tests to be on.

DEFINITIONS = """
company: {name: Shop, time_zone: UTC}
people: {ada: {name: Ada, roles: [owner]}}
sources: {shop: {csv: shop.csv, date: {column: day}, series: {orders: orders}}}
metrics:
  orders: {name: Orders, kind: output, owner: ada, unit: number, measure: {how: total, series: orders}, better: up}
decks: {all: {title: All, sections: [{title: All, blocks: [orders]}]}}
"""
AT_WORK = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
import duckdb
from metrics.store import Store
from metrics.workspace import Workspace

folder, what = Path(sys.argv[1]), sys.argv[2]
house = Workspace(folder, clock=lambda: datetime(2026, 2, int(sys.argv[3]), tzinfo=UTC))
if what == "load":
    house.load(by="test")
if what == "undo":
    house.undo(int(sys.argv[4]), by="test")
with Store(folder / "store").reading() as connection:
    found = connection.execute("SELECT day, value FROM observed ORDER BY day").fetchall()
    past = connection.execute("SELECT day, value, superseded_by FROM observation_history ORDER BY ALL").fetchall()
told = [[[day.day, *rest] for day, *rest in rows] for rows in (found, past)]
print(json.dumps([duckdb.__version__, *told]))
"""


def at_work(version: str, folder: Path, *words: str) -> list[object]:
    """Do something with a workspace in a process on one version; the version, what is known, and what was."""
    beside = Path(sys.prefix) / f"duckdb-{OLDER}"
    if version == OLDER and not beside.is_dir():
        absent(f"DuckDB {OLDER} is not installed. `make {beside.relative_to(ROOT)}/.installed` does it.")
    path = [str(ROOT), str(beside)] if version == OLDER else [str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-c", AT_WORK, str(folder), *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout)
    return found


def test_this_run_is_on_the_version_that_was_asked_for():
    assert duckdb.__version__ == os.environ.get(ASKED, LOCKED)


@pytest.mark.parametrize(
    "versions", [(OLDER, LOCKED), (LOCKED, OLDER)], ids=["older first", "newer first"]
)  # fmt: skip
def test_a_store_written_by_one_version_is_read_and_gone_on_with_by_the_other(
    tmp_path: Path, versions: Sequence[str]
):
    first, second = versions

    def told(*orders: int) -> None:
        lines = "".join(f"2026-01-{5 + n:02},{value}\n" for n, value in enumerate(orders))
        (tmp_path / "shop.csv").write_text("day,orders\n" + lines, encoding="utf-8")

    (tmp_path / "wbr.yaml").write_text(DEFINITIONS, encoding="utf-8")
    told(1, 2)
    assert at_work(first, tmp_path, "load", "1") == [first, [[5, 1.0], [6, 2.0]], []]
    told(1, 7, 3)
    known = [[5, 1.0], [6, 7.0], [7, 3.0]]
    assert at_work(second, tmp_path, "load", "2") == [second, known, [[6, 2.0, 2]]]
    assert at_work(first, tmp_path, "read", "3") == [first, known, [[6, 2.0, 2]]]
    undone = at_work(first, tmp_path, "undo", "3", "2")
    assert undone[:2] == [first, [[5, 1.0], [6, 2.0]]]
    assert at_work(second, tmp_path, "read", "4") == [second, *undone[1:]]
