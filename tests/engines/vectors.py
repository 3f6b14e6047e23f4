"""Every conformance vector of decks, cell by cell, from a store on PostgreSQL and on ClickHouse, and the demo's deck."""

import pytest

from tests.test_conformance_deck import SCENARIOS
from tests.test_engines import the_whole_demo_deck, wrenfield
from tests.test_engines_deck import ENGINES, every_cell, server

__all__ = ["server", "wrenfield"]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_cell_equals_first_principles(shared, server, tmp_path, engine, scenario):
    address = server.url(scenario) if engine == "postgresql" else "chdb:///numbers"
    every_cell(shared, scenario, engine, address, tmp_path / "ws")


def test_the_whole_demo_deck_is_the_same_on_postgresql(wrenfield, server, tmp_path):
    the_whole_demo_deck("postgresql", wrenfield, server, tmp_path)
