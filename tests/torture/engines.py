"""The whole demo deck from PostgreSQL, number by number: minutes, because of its samples.

python -m pytest tests/torture/engines.py
"""

from tests.test_engines import server, the_whole_demo_deck, wrenfield

__all__ = ["server", "wrenfield"]


def test_the_whole_demo_deck_is_the_same_on_postgresql(wrenfield, server, tmp_path):
    the_whole_demo_deck("postgresql", wrenfield, server, tmp_path)
