"""Every conformance vector of decks, cell by cell, from a store on PostgreSQL and on ClickHouse."""

import pytest

from tests.test_conformance_deck import SCENARIOS
from tests.test_engines_deck import ENGINES, every_cell, server

__all__ = ["server"]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_cell_equals_first_principles(shared, server, tmp_path, engine, scenario):
    address = server.url(scenario) if engine == "postgresql" else "chdb:///numbers"
    every_cell(shared, scenario, engine, address, tmp_path / "ws")
