"""Whole decks of stores on other engines: a conformance vector, cell by cell.

All vectors and the demo's deck on each engine are of `make engines`: tests/engines/vectors.py.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from metrics import open_workspace
from metrics.export.json import as_json
from tests.postgres import cluster
from tests.test_conformance_deck import SCENARIOS, equal, imported, neutral, wanted

ENGINES = ("postgresql", "clickhouse")


@pytest.fixture(scope="module")
def server() -> Iterator[object]:
    with cluster() as running:
        yield running


@pytest.mark.parametrize("scenario", SCENARIOS[:1])
@pytest.mark.parametrize("engine", ENGINES)
def test_every_cell_equals_first_principles(shared, server, tmp_path, engine, scenario):
    address = server.url(scenario) if engine == "postgresql" else "chdb:///numbers"
    every_cell(shared, scenario, engine, address, tmp_path / "ws")


def every_cell(shared: Path, scenario: str, engine: str, address: str, folder: Path) -> None:
    """Load a scenario into an engine; both policies for missing days answer as their oracles do."""
    week = imported(shared, scenario, folder)
    rmtree(folder / "store")
    (folder / "store.yaml").write_text(f"store: {{engine: {engine}, url_env: NUMBERS}}\n", encoding="utf-8")
    open_workspace(folder, environment={"NUMBERS": address}).load()
    definitions = folder / "workspace.yaml"
    strict = definitions.read_text(encoding="utf-8")
    assert "missing_days: strict" in strict
    for policy in ("strict", "lenient"):
        definitions.write_text(
            strict.replace("missing_days: strict", f"missing_days: {policy}"), encoding="utf-8"
        )
        file = shared / "vectors" / "deck" / scenario / f"oracle_{policy}.json"
        oracle = wanted(json.loads(file.read_text(encoding="utf-8")))
        answer = neutral(as_json(open_workspace(folder, environment={"NUMBERS": address}).deck(week)))
        for ours, theirs in zip(answer, oracle, strict=True):
            for part in theirs:
                assert equal(ours[part], theirs[part]), (
                    policy,
                    ours["title"],
                    part,
                    ours[part],
                    theirs[part],
                )
    assert not (folder / "store").exists()
