"""Stores on other engines: the same answers as the store of one machine, whole loads or none."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from metrics import ingest, open_workspace
from metrics.demo import living
from metrics.demo import wrenfield as demo
from metrics.engines import ClickHouse, EngineStore, PostgreSQL
from metrics.errors import StoreError
from metrics.ingest.readings import Reject
from metrics.rollup import reading_of
from metrics.store import Store
from metrics.workspace import Workspace
from tests.postgres import cluster
from tests.test_store import DE, MONDAY, TUESDAY, US, Told, a_source, at, orders, waits

MADE = ("store", "journal.sqlite*", "published", "prepared", "*.csv", "*.parquet")
ENGINES = ("postgresql", "clickhouse")
EVER = (date(2025, 12, 1), date(2026, 3, 1))


@pytest.fixture(scope="module")
def server() -> Iterator[object]:
    with cluster() as running:
        yield running


@pytest.fixture(scope="module")
def fresh(server):
    """Makes an empty store on an engine, as often as it is asked."""
    numbers = count()
    with TemporaryDirectory() as folder:

        def made(engine: str) -> EngineStore:
            number = next(numbers)
            if engine == "postgresql":
                url = server.url(f"s{number}")
                return EngineStore(PostgreSQL(lambda: url))
            return EngineStore(ClickHouse(lambda: f"chdb:///c{number}", Path(folder)))

        yield made


@pytest.fixture(params=ENGINES)
def store(request, fresh) -> EngineStore:
    return fresh(request.param)


def values(store: Store | EngineStore, as_of=None) -> dict[tuple[str, date], float]:
    """What is known of every series and day; a series of samples by their median and how many there are."""
    found: dict[tuple[str, date], float] = {}
    with store.reading(as_of) as opened:
        reading = reading_of(opened)
        stored = reading.series()
        if not stored:
            return {}
        ids = np.array([number for number, *_ in stored])
        places = np.arange(len(ids))
        names = [f"{name} {sorted(segments.items())}" for _, name, _, segments in stored]
        part = {"component": places, "series_id": ids, "alone": np.ones(len(ids), bool)}
        reading.give("part", {**part, "fold": np.array(["total"] * len(ids), object)})
        told_days = reading.each_day(*EVER)
        for place, day, value in zip(*(told_days[c] for c in ("component", "day", "value")), strict=True):
            found[names[place], day.astype("M8[D]").astype(date)] = value
        days = np.arange(np.datetime64(EVER[0]), np.datetime64(EVER[1]) + 1)
        numbers = np.arange(len(days))
        reading.give("day_stretch", {"day": days.astype("M8[us]"), "stretch": numbers})
        reading.give("stretch_window", {"stretch": numbers, "place": numbers})
        samples = reading.samples(0.4, *EVER)
        for place, day, value in zip(*(samples[c] for c in ("component", "place", "value")), strict=True):
            found[f"{names[place]} p40", days[day].astype(date)] = value
    return found


# --- the same answers ---------------------------------------------------------------------------

SEEN = st.one_of(st.none(), st.integers(0, 9))
VALUES = st.tuples(st.sampled_from(["orders", "visits"]), st.integers(0, 1), st.integers(0, 2), SEEN)
SAMPLES = st.lists(st.integers(0, 3), min_size=1, max_size=3)
STEP = st.one_of(
    st.lists(VALUES, min_size=1, max_size=4).map(lambda rows: ("values", rows)),
    SAMPLES.map(lambda bag: ("samples", bag)),
    st.integers(1, 6).map(lambda number: ("undo", number)),
)
HISTORY = st.lists(st.tuples(st.integers(0, 2), STEP), min_size=2, max_size=6)


EQUAL_AGAIN = [  # Wait, then a step. Which load the value of day 0 goes back to is what is asked.
    (1, ("values", [("visits", 0, 1, None)])),
    (0, ("values", [("orders", 0, 2, 9)])),
    (0, ("undo", 1)),
    (0, ("values", [("orders", 0, 2, 1)])),  # Earlier than what it equals.
    (1, ("samples", [1, 3])),
    (0, ("samples", [3, 3])),
    (0, ("samples", [1, 3])),
    (0, ("undo", 6)),
]


@given(HISTORY)
@example(EQUAL_AGAIN)
@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_history_of_loads_and_undos_answers_as_the_store_of_one_machine_does(fresh, history):
    """Clocks may stand still, dates may lie in the future, an undo may meet a load that is built upon."""
    with TemporaryDirectory() as folder:
        stores = [Store(Path(folder)), *(fresh(engine) for engine in ENGINES)]
        clock = 1.0
        for wait, (kind, what) in history:
            clock += wait
            reports = [_step(store, kind, what, clock) for store in stores]
            assert reports[1:] == reports[:1] * 2
        for moment in (0, 2, 5, 9, None):
            as_of = None if moment is None else at(moment)
            expected, *others = [values(store, as_of) for store in stores]
            for other in others:
                assert other.keys() == expected.keys()
                assert list(other.values()) == pytest.approx([expected[key] for key in other])
        _same_frames(*stores)


def _step(store, kind, what, clock):
    try:
        if kind == "undo":
            report = store.undo(what, at(clock), by="ana")
        elif kind == "samples":
            report = store.add([waits(*what)], at(clock))
        else:
            rows = {(name, day, clock if seen is None else seen): (v, seen) for name, day, v, seen in what}
            told_rows = [
                Told(n, MONDAY + timedelta(days=d), v, seen) for (n, d, _), (v, seen) in rows.items()
            ]
            report = store.add([a_source(*told_rows)], at(clock))
    except StoreError as error:
        return str(error)
    return report.load, report.sources, report.undoes


def _same_frames(expected, *others):
    wanted = [
        ("loads", {}),
        ("sources", {}),
        ("sources", {"until": MONDAY}),
        ("restatements", {}),
        ("restatements", {"names": ["orders"], "since": at(3)}),
        ("provenance", {}),
        ("provenance", {"names": ["visits"]}),
        ("coverage", {}),
        ("coverage", {"names": ["wait", "orders"]}),
        ("file_load", {"source": "web", "file": "web.csv"}),
        ("observations", {"name": "orders", "first": None, "last": None, "where": {}, "size": 9}),
    ]
    for method, arguments in wanted:
        told_here = getattr(expected, method)(**arguments)
        for other in others:
            _same(getattr(other, method)(**arguments), told_here)


def _same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found.columns) == list(expected.columns)
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True), expected.reset_index(drop=True), check_dtype=False, rtol=1e-12
    )


def test_segments_are_series_of_their_own(store, tmp_path):
    here = Store(tmp_path)
    source = a_source(
        *(Told("orders", day, v, segments=s) for day in (MONDAY, TUESDAY) for v, s in ((1, US), (2, DE))),
        Told("orders", MONDAY, 4),
    )
    for each in (here, store):
        each.add([source], at(1))
    assert values(store) == values(here)
    assert len(values(store)) == 5
    page = {"name": "orders", "first": MONDAY, "last": TUESDAY, "where": {"country": "US"}, "size": 5}
    _same(store.observations(**page), here.observations(**page))
    _same(store.coverage(), here.coverage())


def test_refused_cells_are_noted_whatever_they_hold(store, tmp_path):
    here = Store(tmp_path)
    cells = [
        Reject("web.csv", n, "visits", cell, "is no number") for n, cell in enumerate(("'; --", "%s", "é\\"))
    ]
    for each in (here, store):
        each.add([a_source(Told("orders", MONDAY, 1), rejects=cells)], at(1), by="o'brien")
    _same(store.rejects(1), here.rejects(1))
    assert store.loads()["by"].tolist() == ["o'brien"]


def test_a_series_may_change_its_grain_only_while_nothing_of_it_stands(store):
    store.add([a_source(Told("orders", MONDAY, 1))], at(1))
    later = a_source(Told("orders", MONDAY + timedelta(days=70), 2), grain="week")
    with pytest.raises(StoreError, match="stored as values by day"):
        store.add([later], at(2))
    store.undo(1, at(3))
    store.add([later], at(4))
    with store.reading() as reading:
        assert [grain for _, _, grain, _ in reading.series()] == ["week"]


# --- whole loads or none ------------------------------------------------------------------------


def test_loading_twice_keeps_nothing_new(store):
    assert store.version == ""
    store.add([orders(1, 2, 3)], at(1))
    version = store.version
    report = store.add([orders(1, 2, 3)], at(2))
    assert (report.load, report.version, store.version) == (None, version, version)
    assert len(store.loads()) == 1


class Killed(BaseException):
    """A process that is gone."""


def test_a_load_that_was_killed_before_its_last_row_is_seen_by_nobody(store, monkeypatch):
    store.add([orders(1, 2)], at(1))
    before, version = values(store), store.version
    _die_before_the_last_row(store, monkeypatch)
    with pytest.raises(Killed):
        store.add([orders(9, 9, 9), waits(4)], at(2))
    monkeypatch.undo()
    assert (values(store), store.version, len(store.loads())) == (before, version, 1)
    assert len(store.coverage()) == 1
    report = store.add([orders(1, 7), waits(5)], at(3))
    assert [(s.source, s.kept, s.restated) for s in report.sources] == [("web", 0, 1), ("calls", 1, 0)]
    assert sorted(values(store).values()) == [1, 5, 7]
    store.undo(report.load, at(4))
    assert values(store) == before


def _die_before_the_last_row(store, monkeypatch):
    """The engine itself loses its client: rows written until then stay, where it keeps them at once."""
    import metrics.engines.drivers as drivers

    for session in (drivers._Adbc, drivers._Chdb):
        put = session.put

        def dying(self, table, rows, *, temporary=False, put=put):
            if table == "load":
                raise Killed
            put(self, table, rows, temporary=temporary)

        monkeypatch.setattr(session, "put", dying)


KILLED = """
import sys, os, signal
sys.path.insert(0, {root!r})
from pathlib import Path
from metrics.engines import ClickHouse, EngineStore, PostgreSQL
import metrics.engines.drivers as drivers
from tests.test_store import at, orders
url = {url!r}
engine = PostgreSQL(lambda: url) if url.startswith("postgres") else ClickHouse(lambda: url, Path("/"))
for session in (drivers._Adbc, drivers._Chdb):
    put = session.put
    def dying(self, table, rows, *, temporary=False, put=put):
        if table == "load":
            os.kill(os.getpid(), signal.SIGKILL)
        put(self, table, rows, temporary=temporary)
    session.put = dying
EngineStore(engine).add([orders(9, 9, 9)], at(2))
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_process_that_is_killed_in_a_load_leaves_what_was_known(engine, server, tmp_path):
    url = server.url("killed") if engine == "postgresql" else f"chdb:///{tmp_path}/killed"
    kind = PostgreSQL(lambda: url) if engine == "postgresql" else ClickHouse(lambda: url, Path("/"))
    store = EngineStore(kind)
    store.add([orders(1, 2)], at(1))
    root = str(Path(__file__).resolve().parents[1])
    code = KILLED.format(root=root, url=url)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ}, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (sorted(values(store).values()), store.version) == ([1, 2], "load-000001")
    store.add([orders(1, 2, 3)], at(3))
    assert sorted(values(store).values()) == [1, 2, 3]


def test_a_reading_sees_no_load_that_comes_while_it_lasts(server):
    url = server.url("meanwhile")
    store = EngineStore(PostgreSQL(lambda: url))
    store.add([orders(1)], at(1))
    with store.reading() as reading:
        store.add([orders(5)], at(2))
        part = {"component": [0], "series_id": [1], "fold": ["total"], "alone": [True]}
        reading.give("part", {key: np.array(column) for key, column in part.items()})
        assert reading.each_day(*EVER)["value"].tolist() == [1]
    assert list(values(store).values()) == [5]


# --- the whole deck -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wrenfield() -> Iterator[Path]:
    """The demo company's files and numbers, before its people have said anything."""
    with TemporaryDirectory() as folder:
        built = Path(folder) / "wrenfield"
        copytree(
            Path(__file__).resolve().parents[1] / "data" / "wrenfield", built, ignore=ignore_patterns(*MADE)
        )
        demo.build(built)
        loaded(built)
        yield built


def loaded(folder: Path, **environment: str) -> Workspace:
    """The workspace with its targets, which were known before, and its numbers."""
    house = open_workspace(folder, environment=environment)
    plans = [name for name in house.all_sources if name.startswith("targets:")]
    told = [ingest.read(n, house.source(n), folder, calendar=house.calendar) for n in plans]
    house.store.add(told, living.PLANNED)
    house.load()
    return house


def test_the_whole_demo_deck_is_the_same_to_nine_places(wrenfield, server, tmp_path):
    """On ClickHouse; `test_engines_deck.py` does the same on PostgreSQL."""
    the_whole_demo_deck("clickhouse", wrenfield, server, tmp_path)


def the_whole_demo_deck(engine, wrenfield, server, tmp_path):
    address = server.url("demo") if engine == "postgresql" else "chdb:///numbers"
    the_same_deck(engine, wrenfield, address, tmp_path)


def the_same_deck(engine, wrenfield, address, tmp_path):
    """Every number of every chart and table, with its signals; also as it was known three weeks before."""
    here = open_workspace(wrenfield)
    folder = tmp_path / "there"
    copytree(wrenfield, folder, ignore=ignore_patterns("store"))
    (folder / "store.yaml").write_text(f"store: {{engine: {engine}, url_env: NUMBERS}}\n", encoding="utf-8")
    there = loaded(folder, NUMBERS=address)
    assert not (folder / "store").exists()
    ending = here.default_week()
    for as_of in (None, here.now() - timedelta(weeks=3)):
        _close(*(replace(house.deck(ending, as_of=as_of), version="") for house in (here, there)), "deck")
    assert len(there.deck(ending).sections) > 5


def _close(a, b, where):
    """The same value, field by field; numbers to 1e-9 of their size."""
    assert type(a) is type(b), where
    if isinstance(a, float):
        assert a == pytest.approx(b, rel=1e-9, abs=1e-12, nan_ok=True), where
    elif isinstance(a, np.ndarray):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=where) if a.dtype.kind == "f" else (
            np.testing.assert_array_equal(a, b, err_msg=where)
        )
    elif hasattr(a, "__dataclass_fields__"):
        for name in a.__dataclass_fields__:
            _close(getattr(a, name), getattr(b, name), f"{where}.{name}")
    elif isinstance(a, dict):
        assert a.keys() == b.keys(), where
        for key in a:
            _close(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), where
        for place, (one, other) in enumerate(zip(a, b, strict=True)):
            _close(one, other, f"{where}[{place}]")
    else:
        assert a == b, where


BARE = """
company: {{name: Northwind, currency: USD, time_zone: UTC}}
calendar: {{week_ends_on: saturday}}
require_owner: false
store: {{engine: {engine}, url_env: STORE_URL}}
"""


@pytest.mark.parametrize(
    ("engine", "url", "words"),
    [
        (
            "postgresql",
            "",
            r"store: \$STORE_URL is not set\. Put the address of the store there, like postgresql://",
        ),
        ("postgresql", "mysql://a:s3cret@h/x", r"store: \$STORE_URL holds no address of postgresql"),
        (
            "clickhouse",
            "clickhouse://a:s3cret@h/x",
            r"holds no address of clickhouse\. It looks like chdb:///",
        ),
        ("postgresql", "postgresql://a:s3cret@127.0.0.1:1/x", r"."),
    ],
)
def test_a_store_that_is_not_there_is_told_in_words_without_its_address(tmp_path, engine, url, words):
    (tmp_path / "wbr.yaml").write_text(BARE.format(engine=engine))
    with pytest.raises(StoreError, match=words) as refusal:
        _ = open_workspace(tmp_path, environment={"STORE_URL": url} if url else {}).version
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_an_engine_cannot_do_is_told_when_definitions_are_checked(tmp_path, engine):
    (tmp_path / "wbr.yaml").write_text(BARE.format(engine=engine))
    told = [f.message for f in open_workspace(tmp_path).findings() if f.code == "engine_cannot"]
    assert any("wbr compact" in sentence for sentence in told)
    assert any("one process at a time" in sentence for sentence in told) == (engine == "clickhouse")
