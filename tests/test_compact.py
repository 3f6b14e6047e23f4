"""Forgetting old vintages: what is known since a day stays to the last value, the room comes back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from typer.testing import CliRunner

from metrics.cli import app
from metrics.errors import StoreError
from metrics.workspace import Workspace

WORKSPACE = """
company: {name: Northwind, currency: USD, time_zone: America/New_York}
calendar: {week_ends_on: saturday}
sources: {shop: {csv: shop.csv, date: {column: day}, series: {orders: orders}}}
require_owner: false
metrics:
  orders: {name: Orders, kind: output, owner: null, unit: count, better: up, measure: {how: total, series: orders}}
decks: {company: {title: Review, sections: [{title: Demand, blocks: [orders]}]}}
"""
WEEK = date(2026, 4, 4)
LOADS = [datetime(2026, 4, 6 + 2 * n, 12, tzinfo=UTC) for n in range(6)]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "wbr.yaml").write_text(WORKSPACE)
    days = [WEEK - timedelta(days=n) for n in range(700)]
    for n, moment in enumerate(LOADS):
        (tmp_path / "shop.csv").write_text("day,orders\n" + "".join(f"{d},{100 + n}\n" for d in days))
        Workspace(tmp_path, clock=lambda moment=moment: moment).load()
    return tmp_path


def opened(folder, now=LOADS[-1]):
    return Workspace(folder, clock=lambda: now)


def told(workspace, as_of=None):
    house = workspace if as_of is None else workspace.as_it_stood(as_of)
    return house.history("orders", until=WEEK)["value"].dropna().tolist()


def test_what_was_known_since_stays_and_what_was_known_before_is_told_as_forgotten(folder):
    before = opened(folder)
    moments = [m + timedelta(hours=1) for m in LOADS]
    known = [told(before, m) for m in moments]
    assert len({v[-1] for v in known}) == 6
    assert before.rooms.compact(date(2026, 4, 11)) == 2 * 700
    after = opened(folder)
    assert told(after) == known[-1]
    # On the eleventh the third load stood; the two before it are forgotten.
    assert [told(after, m) for m in moments[3:]] == known[3:]
    assert told(after, datetime(2026, 4, 11, 4, tzinfo=UTC)) == known[2]
    for forgotten in moments[:2]:
        with pytest.raises(
            StoreError, match=r"was forgotten: this store was compacted and knows since 2026-04-11"
        ):
            told(after, forgotten)


def test_loads_from_before_cannot_be_undone_and_later_ones_can(folder):
    workspace = opened(folder)
    workspace.rooms.compact(date(2026, 4, 11))
    with pytest.raises(StoreError, match="Load 3 cannot be undone: what stood before it was forgotten"):
        workspace.undo(3)
    workspace.undo(6)
    assert told(opened(folder))[-1] == 7 * 104


def test_doing_it_again_forgets_nothing_more_and_loading_goes_on(folder):
    opened(folder).rooms.compact(date(2026, 4, 11))
    version = opened(folder).version
    assert opened(folder).rooms.compact(date(2026, 4, 11)) == 0
    assert opened(folder).version == version
    (folder / "shop.csv").write_text("day,orders\n2026-04-04,1\n")
    later = opened(folder, datetime(2026, 5, 1, tzinfo=UTC))
    assert later.load().sources[0].restated == 1
    assert told(later)[-1] == 6 * 105 + 1


def test_a_day_ahead_or_a_store_without_a_load_is_refused(folder, tmp_path_factory):
    with pytest.raises(StoreError, match="2027-01-01 is ahead"):
        opened(folder).rooms.compact(date(2027, 1, 1))
    empty = tmp_path_factory.mktemp("empty")
    (empty / "wbr.yaml").write_text(WORKSPACE)
    with pytest.raises(StoreError, match="Nothing was loaded yet"):
        opened(empty).rooms.compact(date(2026, 4, 1))


@pytest.mark.parametrize("since", ["2027-01-01", "2026-04-11", "soon"])
def test_what_an_engine_cannot_do_is_refused_before_the_day_is_looked_at_and_before_anything_is_asked(
    folder, monkeypatch, since
):
    (folder / "wbr.yaml").write_text(f"{WORKSPACE}store: {{engine: clickhouse, url_env: STORE_URL}}\n")
    monkeypatch.setenv("STORE_URL", "chdb:///numbers")
    done = CliRunner().invoke(app, ["compact", "--since", since, "-w", str(folder)])
    assert isinstance(done.exception, StoreError)
    assert "cannot forget: it keeps every value that was ever told" in str(done.exception)
    assert done.output == ""


def test_a_day_ahead_is_refused_before_anything_is_asked(folder):
    done = CliRunner().invoke(app, ["compact", "--since", "2999-01-01", "-w", str(folder)])
    assert "2999-01-01 is ahead" in str(done.exception)
    assert done.output == ""


def test_the_room_comes_back(folder):
    many = [WEEK - timedelta(days=n) for n in range(3000)]
    for n in range(8):
        (folder / "shop.csv").write_text(
            "day,orders\n" + "".join(f"{d},{n * 7919 % 1009 + d.day}\n" for d in many)
        )
        opened(folder, LOADS[-1] + timedelta(hours=n + 1)).load()
    workspace = opened(folder, datetime(2026, 4, 20, tzinfo=UTC))
    before = workspace.rooms.taken()
    done = CliRunner().invoke(app, ["compact", "--since", "2026-04-18", "--yes", "-w", str(folder)])
    assert done.exit_code == 0, done.output
    after = workspace.rooms.taken()
    assert after.parts["numbers"] < before.parts["numbers"]
    assert after.since == datetime(2026, 4, 18, 4, tzinfo=UTC)
    assert "values forgotten" in done.output
    assert told(workspace) == told(opened(folder))
