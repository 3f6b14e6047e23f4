"""The store: what is known now and at any past time, undone loads, and writers that die."""

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.errors import StoreError
from metrics.ingest.readings import SCHEMA, FileRead, Readings, Reject
from metrics.store import LoadReport, Store
from metrics.store.statements import sql
from metrics.store.vintages import loaded, undone, views

NOBODY = 65534  # The user without rights, on every Unix.

MONDAY, TUESDAY, SUNDAY = date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 4)
US, DE = json.dumps({"country": "US"}), json.dumps({"country": "DE"})


def at(day: float) -> datetime:
    """A moment: so many days after the first of February 2026."""
    return datetime(2026, 2, 1, tzinfo=UTC) + timedelta(days=day)


@dataclass(frozen=True)
class Told:
    """One row of a source; `seen` is the day its value was observed at, None the time of the load."""

    series: str
    day: date
    value: float
    seen: float | None = None
    segments: str = "{}"
    file: str = "web.csv"


def a_source(
    *rows: Told, name: str = "web", kind: str = "values", grain: str = "day", rejects: Sequence[Reject] = ()
) -> Readings:
    """What was read of one source."""
    columns = {
        "series": [row.series for row in rows],
        "segments": [row.segments for row in rows],
        "day": [row.day for row in rows],
        "value": [float(row.value) for row in rows],
        "observed_at": [None if row.seen is None else at(row.seen).replace(tzinfo=None) for row in rows],
        "file": [row.file for row in rows],
    }
    arrays = [
        pa.array(columns[field.name], pa.string()).dictionary_encode()
        if pa.types.is_dictionary(field.type)
        else pa.array(columns[field.name], field.type)
        for field in SCHEMA
    ]
    files = tuple(FileRead(file, "0" * 64, len(rows)) for file in sorted({row.file for row in rows}))
    table = pa.table(dict(zip(SCHEMA.names, arrays, strict=True)))
    return Readings(name, grain, kind, table, len(rows), len(rejects), tuple(rejects), files)


def orders(*values: float | None, seen: float | None = None) -> Readings:
    """A source that tells `orders` from Monday on; None is a day it leaves out."""
    days = [MONDAY + timedelta(days=n) for n in range(len(values))]
    return a_source(*(Told("orders", d, v, seen) for d, v in zip(days, values, strict=True) if v is not None))


def known(store: Store, as_of: datetime | None = None, series: str = "orders") -> dict[date, float]:
    with store.reading(as_of) as connection:
        found = connection.execute(
            "SELECT day, value FROM observed JOIN series USING (series_id) WHERE name = $name ORDER BY day",
            {"name": series},
        ).fetchall()
    assert len(found) == len(dict(found))
    return dict(found)


def bags(store: Store, as_of: datetime | None = None) -> list[float]:
    with store.reading(as_of) as connection:
        return [
            value for (value,) in connection.execute("SELECT value FROM sampled ORDER BY value").fetchall()
        ]


def counts(report: LoadReport) -> tuple[int, int, int]:
    """Kept, unchanged, restated of the only source."""
    (source,) = report.sources
    return source.kept, source.unchanged, source.restated


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


# --- what a load keeps ----------------------------------------------------------------------


def test_before_the_first_load_everything_is_empty(store, folder):
    assert store.version == ""
    assert known(store) == {}
    assert known(store, at(0)) == {}
    frames = store.loads(), store.sources(), store.restatements(), store.provenance(), store.coverage()
    assert [len(frame) for frame in frames] == [0, 0, 0, 0, 0]
    assert not folder.exists()


# fmt: off
LOADS = [
    # it shows that …                          first load            second load           counts     known
    ("the same file again is nothing new",     orders(1, 2),         orders(1, 2),         (0, 2, 0), [1, 2]),
    ("a new day is kept",                      orders(1),            orders(1, 2),         (1, 1, 0), [1, 2]),
    ("a different value restates",             orders(1, 2),         orders(1, 3),         (0, 1, 1), [1, 3]),
    ("zero is a value",                        orders(1, 2),         orders(1, 0),         (0, 1, 1), [1, 0]),
    ("a row that disappears stays",            orders(1, 2),         orders(1, None),      (0, 1, 0), [1, 2]),
    ("the same vintage again is nothing new",  orders(1, 2, seen=0), orders(1, 2, seen=0), (0, 2, 0), [1, 2]),
    ("a younger vintage restates",             orders(1, seen=0),    orders(2, seen=1),    (0, 0, 1), [2]),
    ("an older vintage goes below",            orders(1, seen=1),    orders(2, seen=0),    (1, 0, 0), [1]),
    ("of one vintage the later load is right", orders(1, seen=0),    orders(2, seen=0),    (0, 0, 1), [2]),
    ("a younger vintage may confirm",          orders(1, seen=0),    orders(1, seen=1),    (0, 1, 0), [1]),
]
# fmt: on


@pytest.mark.parametrize("first, second, counted, values", [c[1:] for c in LOADS], ids=[c[0] for c in LOADS])
def test_load(store, first, second, counted, values):
    assert store.add([first], at(10)).load == 1
    report = store.add([second], at(11))
    assert counts(report) == counted
    assert list(known(store).values()) == values


def test_a_load_that_brings_nothing_new_makes_no_generation(store, folder):
    version = store.add([orders(1, 2)], at(10)).version
    before = sorted(path.name for path in folder.iterdir())
    report = store.add([orders(1, 2)], at(11))
    assert (report.load, report.version) == (None, version)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert store.loads()["load"].tolist() == [1]


def test_an_empty_load_is_fine(store):
    assert store.add([], at(0)) == LoadReport(None, (), "")
    (report,) = store.add([a_source()], at(0)).sources
    assert (report.kept, report.series, report.first_day, report.last_day) == (0, 0, None, None)


def test_a_report_counts_every_source(store):
    web = a_source(Told("visits", MONDAY, 5), Told("visits", TUESDAY, 6), Told("carts", MONDAY, 1))
    shop = a_source(
        Told("orders", MONDAY, 2, segments=US), Told("orders", MONDAY, 3, segments=DE), name="shop"
    )
    report = store.add([web, shop], at(10))
    told = [(s.source, s.kept, s.rows, s.files, s.series, s.first_day, s.last_day) for s in report.sources]
    assert told == [("web", 3, 3, 1, 2, MONDAY, TUESDAY), ("shop", 2, 2, 1, 2, MONDAY, MONDAY)]


def test_series_are_told_apart_by_their_segments_in_any_order_of_keys(store):
    one, other = '{"a": "1", "b": "2"}', '{"b": "2", "a": "1"}'
    store.add([a_source(Told("orders", MONDAY, 1, segments=one))], at(0))
    store.add([a_source(Told("orders", TUESDAY, 2, segments=other), Told("orders", MONDAY, 3))], at(1))
    with store.reading() as connection:
        found = connection.execute("SELECT * FROM series ORDER BY series_id").fetchall()
    assert found == [(1, "orders", "day", {"a": "1", "b": "2"}, "values"), (2, "orders", "day", {}, "values")]


# --- what was known at a time ---------------------------------------------------------------


def test_what_was_known_is_told_for_every_past_time(store):
    store.add([orders(1, 2)], at(10))
    store.add([orders(1, 3, 4)], at(20))
    store.add([orders(1, 5, 4)], at(30))
    told = {moment: list(known(store, at(moment)).values()) for moment in (9.9, 10, 19.9, 20, 29.9, 30, 99)}
    assert told == {
        9.9: [],
        10: [1, 2],
        19.9: [1, 2],
        20: [1, 3, 4],
        29.9: [1, 3, 4],
        30: [1, 5, 4],
        99: [1, 5, 4],
    }


def test_a_source_that_dates_its_values_is_believed_about_the_past(store):
    late = a_source(Told("orders", MONDAY, 1, 1), Told("orders", MONDAY, 5, 3), Told("orders", MONDAY, 4, 2))
    assert counts(store.add([late], at(100))) == (1, 0, 2)
    assert [known(store, at(moment)).get(MONDAY) for moment in (0, 1, 2, 3, 100)] == [None, 1, 4, 5, 5]


def test_an_older_vintage_loaded_later_is_put_in_its_place(store):
    store.add([orders(1, seen=1)], at(100))
    store.add([orders(3, seen=3)], at(101))
    store.add([orders(2, seen=2)], at(102))
    assert [known(store, at(moment)).get(MONDAY) for moment in (0, 1, 2, 3)] == [None, 1, 2, 3]


def test_a_confirmed_value_comes_back_after_a_vintage_in_between(store):
    store.add([orders(5, seen=1)], at(100))
    store.add([orders(5, seen=3)], at(101))
    store.add([orders(7, seen=2)], at(102))
    assert [known(store, at(moment)).get(MONDAY) for moment in (1, 2, 3)] == [5, 7, 5]


def test_a_corrected_vintage_may_be_corrected_back(store):
    for load, value in enumerate((5, 7, 5)):
        assert counts(store.add([orders(value, seen=1)], at(100 + load)))[1] == 0
    assert known(store, at(1)) == {MONDAY: 5}
    assert store.add([orders(5, seen=1)], at(200)).load is None


def test_with_a_frozen_clock_the_later_load_is_right(store):
    for value in (5, 7, 5, 5):
        store.add([orders(value)], at(10))
    assert known(store) == known(store, at(10)) == {MONDAY: 5}
    assert store.loads()["load"].tolist() == [3, 2, 1]


def test_times_of_any_zone_mean_the_same_moment(store):
    store.add([orders(1)], at(10).astimezone(timezone(timedelta(hours=9))))
    assert known(store, at(10)) == {MONDAY: 1}
    assert store.loads()["loaded_at"].tolist() == [pd.Timestamp(at(10).replace(tzinfo=None))]


Telling = tuple[int, int, int]  # day, vintage, value


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 5), st.integers(0, 2)),
        max_size=8,
        unique_by=lambda t: t[:2],
    ),
    st.data(),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_order_in_which_vintages_are_loaded_does_not_matter(tellings: list[Telling], data: st.DataObject):
    """Any split of any order of dated values, with repetitions, ends in the same answers."""
    shuffled = data.draw(st.permutations(tellings))
    split = data.draw(st.lists(st.integers(0, len(tellings)), max_size=3).map(sorted))
    edges = [0, *split, len(tellings)]
    loads = [shuffled[i:j] for i, j in pairwise(edges)]
    with a_draft() as connection:
        for number, load in enumerate([*loads, shuffled[: len(shuffled) // 2]]):
            rows = [Told("orders", MONDAY + timedelta(days=d), v, seen) for d, seen, v in load]
            loaded(connection, [a_source(*rows)], naive(50 + number), "", silent)
        for moment in range(7):
            expected: dict[date, float] = {}
            for d, seen, v in sorted(tellings, key=lambda t: t[1]):
                if seen <= moment:
                    expected[MONDAY + timedelta(days=d)] = v
            assert answers(connection, moment) == expected


# --- undo -----------------------------------------------------------------------------------


def test_an_undone_load_leaves_what_was_known_before_it(store):
    store.add([orders(1, 2)], at(10))
    store.add([orders(1, 9, 3)], at(20))
    report = store.undo(2, at(30), by="ana")
    assert (report.load, report.undoes, counts(report)) == (3, 2, (0, 0, 2))
    assert known(store) == {MONDAY: 1, TUESDAY: 2}
    assert list(known(store, at(25)).values()) == [1, 9, 3]  # The store did say so then.
    assert list(known(store, at(15)).values()) == [1, 2]
    loads = store.loads()
    assert loads["what"].tolist() == ["undo", "load", "load"]
    assert loads["undone_by"].tolist() == [pd.NA, 3, pd.NA]
    assert loads["by"].tolist() == ["ana", "", ""]


def test_an_undone_value_that_its_source_dated_never_counts(store):
    store.add([orders(1, seen=1)], at(10))
    store.add([orders(9, 9, seen=2)], at(20))
    store.undo(2, at(30))
    assert [known(store, at(moment)) for moment in (1, 2, 25, 40)] == [{MONDAY: 1}] * 4


def test_values_of_later_loads_stay_when_an_earlier_one_is_undone(store):
    store.add([orders(1, 1)], at(10))
    store.add([orders(9, 9)], at(20))
    store.add([orders(9, 3)], at(30))
    report = store.undo(2, at(40))
    assert counts(report) == (0, 1, 1)
    assert list(known(store).values()) == [1, 3]


def test_undone_loads_are_skipped_when_a_later_one_is_undone_too(store):
    for load, value in enumerate((5, 7, 9)):
        store.add([orders(value)], at(10 * (load + 1)))
    store.undo(2, at(40))
    store.undo(3, at(50))
    assert known(store) == {MONDAY: 5}
    store.undo(1, at(60))
    assert known(store) == {}
    assert [known(store, at(moment)).get(MONDAY) for moment in (10, 20, 30, 45, 50, 60)] == [
        5,
        7,
        9,
        9,
        5,
        None,
    ]


def test_a_load_may_be_loaded_again_after_its_undo(store):
    store.add([orders(1)], at(10))
    store.add([orders(9, seen=11)], at(20))
    store.undo(2, at(30))
    assert store.add([orders(1)], at(40)).load is None
    assert counts(store.add([orders(9, seen=11)], at(50))) == (0, 0, 1)
    assert known(store) == {MONDAY: 9}
    assert store.add([orders(9, seen=11)], at(60)).load is None


def test_an_undone_bag_of_samples_gives_way_to_the_one_before(store):
    store.add([waits(1, 2)], at(10))
    store.add([waits(7)], at(20))
    store.undo(2, at(30))
    assert [bags(store, at(moment)) for moment in (10, 20, 30)] == [[1, 2], [7], [1, 2]]


# fmt: off
UNDOES = [
    ("an unknown load",      99, "There is no load 99. Can be undone, newest first: 1."),
    ("a load undone before",  2, "Load 2 was already undone, on 2026-03-03 00:00 UTC by load 3. "
                                 "Can be undone, newest first: 1."),
    ("an undo",               3, "Load 3 is itself an undo. To have the values back, load their file again."),
]
# fmt: on


@pytest.mark.parametrize("load, words", [c[1:] for c in UNDOES], ids=[c[0] for c in UNDOES])
def test_undo_refuses(store, load, words):
    store.add([orders(1)], at(10))
    store.add([orders(2)], at(20))
    version = store.undo(2, at(30)).version
    with pytest.raises(StoreError) as refused:
        store.undo(load, at(40))
    assert str(refused.value) == words
    assert store.version == version


# --- any history of loads and undos against a model that keeps everything -------------------


@contextmanager
def a_draft() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty store in memory, as a writer meets it."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute(sql("schema"))
        yield connection


def naive(day: float) -> datetime:
    return at(day).replace(tzinfo=None)


def silent(step: str, share: float) -> None: ...


def answers(connection: duckdb.DuckDBPyConnection, moment: float | None) -> dict[date, float]:
    """What the store says; each day must come once."""
    cursor = connection.cursor()  # Its temporary views are its own.
    views(cursor, None if moment is None else naive(moment))
    found = cursor.execute("SELECT day, value FROM observed").fetchall()
    cursor.close()
    assert len(found) == len(dict(found))
    return dict(found)


class Model:
    """Every telling in a list, asked by going through it."""

    def __init__(self) -> None:
        self.tellings: list[tuple[float, int, date, float, bool]] = []  # known at, load, day, value, dated
        self.loads: list[int] = []
        self.undone: dict[int, float] = {}

    def value(self, day: date, moment: float) -> float | None:
        standing = [
            t for t in self.tellings
            if t[2] == day and t[0] <= moment
            and (t[1] not in self.undone or (not t[4] and moment < self.undone[t[1]]))
        ]  # fmt: skip
        return max(standing, key=lambda t: t[:2])[3] if standing else None

    def add(self, load: int | None, loaded_at: float, rows: Sequence[Told]) -> None:
        new: list[tuple[float, int, date, float, bool]] = []
        number = load or 0
        for row in rows:
            moment = loaded_at if row.seen is None else row.seen
            if row.seen is None:
                later = [*(t[0] for t in self.tellings), *self.undone.values()]
                same = all(self.value(row.day, m) == row.value for m in [moment, *later] if m >= moment)
            else:
                same = self.value(row.day, moment) == row.value and any(
                    t[0] == moment and t[2] == row.day and t[3] == row.value and t[1] not in self.undone
                    for t in self.tellings
                )
            if not same:
                new.append((moment, number, row.day, row.value, row.seen is not None))
        assert (load is None) == (not new)
        self.tellings += new
        self.loads += [number] if new else []


ROWS = st.lists(
    st.builds(
        Told,
        series=st.just("orders"),
        day=st.sampled_from([MONDAY, TUESDAY]),
        value=st.integers(0, 2).map(float),
        seen=st.one_of(st.none(), st.integers(0, 12).map(float)),
    ),
    min_size=1,
    max_size=4,
)
STEPS = st.lists(st.tuples(st.integers(0, 2), st.one_of(ROWS, st.integers(1, 6))), min_size=2, max_size=7)


@given(STEPS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_history_of_loads_and_undos_answers_as_a_list_of_all_that_was_told(
    steps: list[tuple[int, list[Told] | int]],
):
    """Clocks may stand still, dates may lie in the future, an undo may meet a load that is built upon."""
    model, clock = Model(), 1.0
    with a_draft() as connection:
        for wait, step in steps:
            clock += wait
            if isinstance(step, int):
                able = [load for load in model.loads if load not in model.undone]
                if able:
                    load = able[step % len(able)]
                    undone(connection, load, naive(clock), "")
                    model.undone[load] = clock
                    continue
                step = [Told("orders", MONDAY, step)]
            rows = list({(r.day, clock if r.seen is None else r.seen): r for r in step}.values())
            report, _ = loaded(connection, [a_source(*rows)], naive(clock), "", silent)
            model.add(report.load, clock, rows)
        for moment in [0, 1, 2, 3, 5, 7, 9, 11, 13, 99]:
            expected = {d: v for d in (MONDAY, TUESDAY) if (v := model.value(d, moment)) is not None}
            assert answers(connection, moment) == expected
            assert moment < 99 or answers(connection, None) == expected


# --- samples --------------------------------------------------------------------------------


def waits(*seconds: float, seen: float | None = None) -> Readings:
    return a_source(
        *(Told("wait", MONDAY, s, seen, file="waits.csv") for s in seconds), name="calls", kind="samples"
    )


def test_a_bag_of_samples_is_replaced_whole_if_it_differs(store):
    assert counts(store.add([waits(3, 1, 1)], at(10))) == (1, 0, 0)
    assert store.add([waits(1, 3, 1)], at(20)).load is None
    assert counts(store.add([waits(1, 3)], at(30))) == (0, 0, 1)
    assert [bags(store, at(moment)) for moment in (10, 30)] == [[1, 1, 3], [1, 3]]
    assert bags(store) == [1, 3]


def test_each_vintage_of_samples_is_a_whole_bag(store):
    both = pa.concat_tables([waits(1, 2, seen=1).table, waits(1, 2, 9, seen=2).table])
    store.add([Readings("calls", "day", "samples", both, 5, 0, (), ())], at(10))
    assert [bags(store, at(moment)) for moment in (0, 1, 2)] == [[], [1, 2], [1, 2, 9]]


def test_values_and_samples_load_together(store):
    report = store.add([waits(1, 2), orders(5)], at(10))
    assert [(s.source, s.kept) for s in report.sources] == [("calls", 1), ("web", 1)]
    assert (bags(store), known(store)) == ([1, 2], {MONDAY: 5})


# --- what is refused ------------------------------------------------------------------------


def test_two_values_for_one_day_and_vintage_are_refused_with_their_files(store):
    here, there = Told("orders", MONDAY, 1, file="a.csv"), Told("orders", MONDAY, 2, file="b.csv")
    with pytest.raises(StoreError) as refused:
        store.add([a_source(here, there)], at(10))
    assert "- orders, 2026-01-05: 1.0 (web: a.csv) and 2.0 (web: b.csv)" in str(refused.value)
    assert store.version == ""


def test_the_same_value_twice_counts_once(store):
    assert counts(store.add([a_source(Told("orders", MONDAY, 1), Told("orders", MONDAY, 1))], at(10))) == (
        1,
        1,
        0,
    )
    assert known(store) == {MONDAY: 1}


def test_a_series_keeps_its_grain_and_kind_while_it_has_values(store):
    store.add([orders(1)], at(10))
    weekly = a_source(Told("orders", SUNDAY, 7), grain="week")
    with pytest.raises(StoreError, match=r"stored as values by day; this load tells values by week"):
        store.add([weekly], at(20))
    with pytest.raises(StoreError, match=r"this load tells samples by day"):
        store.add([a_source(Told("orders", MONDAY, 1), kind="samples")], at(20))
    store.undo(1, at(30))
    store.add([weekly], at(40))
    assert store.coverage()[["series", "grain", "kind", "days"]].values.tolist() == [
        ["orders", "week", "values", 1]
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_no_number_is_refused(store, value):
    with pytest.raises(StoreError, match="missing or not finite"):
        store.add([orders(value)], at(10))


def test_a_time_without_a_zone_is_refused(store):
    with pytest.raises(StoreError, match="loaded_at is 2026-02-01T00:00:00, without a time zone"):
        store.add([orders(1)], naive(0))
    with pytest.raises(StoreError, match="as_of"), store.reading(naive(0)):
        pass


# --- tables for pages -----------------------------------------------------------------------


def test_sources_tell_their_last_load_and_last_day(store):
    store.add([orders(1, 2)], at(10))
    store.add([orders(1, 2, 3)], at(20))
    store.add([orders(1, 2, 3, 4)], at(30))
    store.undo(3, at(40))
    assert store.sources().to_dict("records") == [
        {
            "source": "web",
            "load": 2,
            "loaded_at": pd.Timestamp(naive(20)),
            "last_day": pd.Timestamp(MONDAY + timedelta(days=2)),
            "series": 1,
            "rows": 3,
            "refused": 0,
            "files": 1,
        }
    ]


def changes(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    columns = ["day", "old", "new", "load", "undone"]
    return [
        (day.date(), None if pd.isna(old) else old, None if pd.isna(new) else new, load, undone)
        for day, old, new, load, undone in frame[columns].itertuples(index=False)
    ]


def test_restatements_show_old_and_new_and_what_was_undone(store):
    store.add([orders(1, 2)], at(10))
    store.add([orders(9, 2, 3)], at(20))
    store.undo(2, at(30))
    store.add([orders(1, 4)], at(40))
    assert changes(store.restatements()) == [
        (MONDAY, 1, 9, 2, True),
        (MONDAY, 9, 1, 3, True),
        (MONDAY + timedelta(days=2), 3, None, 3, True),
        (TUESDAY, 2, 4, 4, False),
    ]
    assert changes(store.restatements(["orders"], since=at(40))) == [(TUESDAY, 2, 4, 4, False)]
    assert changes(store.restatements(["visits"])) == []


def test_restatements_show_a_dated_value_that_was_undone_and_a_vintage_that_was_corrected(store):
    store.add([orders(1, seen=1)], at(10))
    store.add([orders(9, seen=2)], at(20))
    store.undo(2, at(30))
    store.add([orders(3, seen=1)], at(40))
    assert changes(store.restatements()) == [(MONDAY, 1, 3, 4, False), (MONDAY, 3, 9, 2, True)]


def test_rejects_are_kept_with_their_load(store):
    cell = Reject("web.csv", 3, "orders", "1,2", "is not a number; write 1.2")
    days = Told("orders", MONDAY, 1), Told("orders", TUESDAY, 2)
    assert store.add([a_source(*days, rejects=[cell])], at(10)).sources[0].refused == 1
    assert store.rejects(1).values.tolist() == [
        ["web", "web.csv", 3, "orders", "1,2", "is not a number; write 1.2"]
    ]
    assert store.add([a_source(*days, rejects=[cell])], at(20)).load is None
    other = Reject("web.csv", 4, "orders", "x", "is not a number")
    assert store.add([a_source(*days, rejects=[cell, other])], at(30)).load == 2
    assert store.add([a_source(*days)], at(40)).load == 3
    assert [len(store.rejects(load)) for load in (1, 2, 3)] == [1, 2, 0]


def test_provenance_names_source_file_and_load_of_what_is_current(store):
    store.add([a_source(Told("orders", MONDAY, 1), Told("orders", TUESDAY, 2, file="web2.csv"))], at(10))
    store.add([orders(7)], at(20))
    store.undo(2, at(30))
    store.add([waits(1, 2)], at(40))
    columns = ["series", "source", "file", "load", "loaded_at", "first_day", "last_day", "rows"]
    assert store.provenance()[columns].values.tolist() == [
        [
            "orders",
            "web",
            "web.csv",
            1,
            pd.Timestamp(naive(10)),
            pd.Timestamp(MONDAY),
            pd.Timestamp(MONDAY),
            1,
        ],
        [
            "orders",
            "web",
            "web2.csv",
            1,
            pd.Timestamp(naive(10)),
            pd.Timestamp(TUESDAY),
            pd.Timestamp(TUESDAY),
            1,
        ],
        [
            "wait",
            "calls",
            "waits.csv",
            4,
            pd.Timestamp(naive(40)),
            pd.Timestamp(MONDAY),
            pd.Timestamp(MONDAY),
            2,
        ],
    ]
    assert store.provenance(["wait"])["rows"].tolist() == [2]


def test_coverage_tells_first_and_last_day_of_each_segment(store):
    rows = Told("orders", MONDAY, 1, segments=US), Told("orders", TUESDAY, 1, segments=US)
    store.add([a_source(*rows, Told("visits", TUESDAY, 3))], at(10))
    assert store.coverage().values.tolist() == [
        ["orders", US, "day", "values", pd.Timestamp(MONDAY), pd.Timestamp(TUESDAY), 2, 2],
        ["visits", "{}", "day", "values", pd.Timestamp(TUESDAY), pd.Timestamp(TUESDAY), 1, 1],
    ]
    assert store.coverage(["visits", "nothing"])["series"].tolist() == ["visits"]


# --- a reading ------------------------------------------------------------------------------


def test_filters_reach_the_table_of_current_values(store):
    store.add([orders(1, 2), a_source(Told("visits", MONDAY, 3), name="visits")], at(10))
    with store.reading() as connection:
        ((_, plan),) = connection.execute(
            "EXPLAIN SELECT sum(value) FROM observed WHERE series_id = 1 AND day > DATE '2026-01-05'"
        ).fetchall()
    scan = plan[plan.upper().replace("_", " ").index("SEQ SCAN") :]
    assert "series_id=1" in scan.replace(" ", "")
    assert "FILTER " not in plan.upper()


# fmt: off
ATTACKS = [
    ("read a file",           "SELECT * FROM read_text('/etc/hostname')"),
    ("list a folder",         "SELECT * FROM glob('/*')"),
    ("write a file",          "COPY series TO '/tmp/series.csv'"),
    ("open another database", "ATTACH '/tmp/other.duckdb'"),
    ("change a setting",      "SET memory_limit = '99GB'"),
    ("change the store",      "INSERT INTO observation VALUES (1, DATE '2026-01-01', 1, 1)"),
]
# fmt: on


@pytest.mark.parametrize("statement", [c[1] for c in ATTACKS], ids=[c[0] for c in ATTACKS])
def test_sql_in_a_reading_cannot(store, statement):
    store.add([orders(1)], at(10))
    with store.reading() as connection, pytest.raises(duckdb.Error):
        connection.execute(statement)
    with Store(Path("nowhere")).reading() as connection, pytest.raises(duckdb.Error):
        connection.execute(statement.replace("INSERT INTO observation", "INSERT INTO nothing"))


def test_a_reading_may_make_temporary_tables(store):
    store.add([orders(1, 2)], at(10))
    with store.reading(at(10)) as connection:
        connection.execute("CREATE TEMP TABLE doubled AS SELECT 2 * value AS value FROM observed")
        assert connection.execute("SELECT sum(value) FROM doubled").fetchone() == (6,)


def test_a_query_that_never_ends_is_stopped(folder):
    store = Store(folder, query_limit=0.2)
    with pytest.raises(StoreError, match="stopped after 0 s"), store.reading() as connection:
        connection.execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b")


def test_readings_of_one_process_may_overlap(store):
    store.add([orders(1)], at(10))
    store.add([orders(2)], at(20))
    found: list[dict[date, float]] = []

    def look(moment: int) -> None:
        found.extend(known(store, at(moment)) for _ in range(5))

    with store.reading(at(10)) as outer:
        threads = [threading.Thread(target=look, args=(moment,)) for moment in (10, 20, 10, 20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outer.execute("SELECT value FROM observed").fetchall() == [(1,)]
    assert sorted(values[MONDAY] for values in found) == [1] * 10 + [2] * 10


def test_a_reading_stays_what_it_was_while_loads_go_on_and_old_generations_go(store, folder):
    store.add([orders(1)], at(10))
    with store.reading() as connection:
        for value in range(2, 7):
            store.add([orders(value)], at(10 * value))
        assert not (folder / "wbr-000001.duckdb").exists()
        assert connection.execute("SELECT value FROM observed").fetchall() == [(1,)]
    assert known(store) == {MONDAY: 6}


# --- generations ----------------------------------------------------------------------------


def test_a_day_that_restates_every_series_leaves_the_blocks_of_the_other_days_as_they_are(store, folder):
    def told(days: range, value: float) -> Readings:
        series = np.repeat(np.arange(1000, dtype=np.int32), len(days))
        same = pa.array(np.zeros(len(series), np.int32))
        each = np.tile([np.datetime64(MONDAY) + n for n in days], 1000)
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(series), pa.array([f"s{n}" for n in range(1000)])),
            pa.DictionaryArray.from_arrays(same, pa.array(["{}"])),
            pa.array(each),
            pa.array(np.random.default_rng(1).gamma(5, 20, len(series)).round(2) + value),
            pa.nulls(len(series), pa.timestamp("us")),
            pa.DictionaryArray.from_arrays(same, pa.array(["web.csv"])),
        ]
        table = pa.table(dict(zip(SCHEMA.names, columns, strict=True)))
        return Readings(
            "web", "day", "values", table, len(series), 0, (), (FileRead("web.csv", "0" * 64, 1),)
        )

    store.add([told(range(1500), 0.0)], at(1))
    before = (folder / store.version).stat().st_size
    store.add([told(range(1499, 1500), 1000.0)], at(2))
    assert (folder / store.version).stat().st_size < 1.3 * before  # Written anew, the blocks add a half.


def test_three_generations_are_kept_and_a_name_is_never_used_twice(store, folder):
    for value in range(1, 6):
        store.add([orders(value)], at(10 * value))
    generations = sorted(path.name for path in folder.glob("wbr-*"))
    assert generations == ["wbr-000003.duckdb", "wbr-000004.duckdb", "wbr-000005.duckdb"]
    (folder / "CURRENT").write_text("wbr-000004.duckdb\n")
    assert store.add([orders(9)], at(60)).version == "wbr-000006.duckdb"


def test_what_a_killed_writer_left_is_removed_with_its_log(store, folder):
    store.add([orders(1)], at(10))
    draft = folder / "wbr-000002.duckdb.part"
    shutil.copy(folder / "wbr-000001.duckdb", draft)
    with duckdb.connect(str(draft)) as connection:
        connection.execute("SET debug_skip_checkpoint_on_commit = true")
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("INSERT INTO observation VALUES (1, DATE '2026-01-31', 99, 1)")
    assert draft.with_name("wbr-000002.duckdb.part.wal").exists()
    (folder / "spill").mkdir()
    store.add([orders(2)], at(20))
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["CURRENT", "LOCK", "wbr-000001.duckdb", "wbr-000002.duckdb"]
    assert known(store) == {MONDAY: 2}


def test_the_first_generation_counts_though_its_writer_died_before_it_said_so(store, folder):
    store.add([orders(1)], at(10))
    (folder / "CURRENT").unlink()
    assert known(store) == {MONDAY: 1}
    assert store.add([orders(2)], at(20)).load == 2
    assert known(store) == {MONDAY: 2}
    assert known(store, at(15)) == {MONDAY: 1}


def test_a_second_writer_is_told_who_is_writing(store, folder):
    store.add([orders(1)], at(10))
    hurried = Store(folder, patience=0.1)
    with store._generations._lock("ana"), pytest.raises(StoreError) as refused:
        hurried.add([orders(2)], at(20))
    assert f"is being written to by process {os.getpid()} (ana)" in str(refused.value)
    assert "Wait until it is done and load again" in str(refused.value)
    assert hurried.add([orders(2)], at(20)).load == 2


def damage(path: Path, keep: float) -> None:
    """Cut a file to a share of its size."""
    os.truncate(path, int(path.stat().st_size * keep))


@pytest.mark.parametrize("keep", [0, 0.001, 0.3, 0.7])
def test_a_truncated_generation_is_told_and_the_one_before_it_named(store, folder, keep):
    many = a_source(
        *(Told(f"s{n}", MONDAY + timedelta(days=d), n * d) for n in range(50) for d in range(200))
    )
    store.add([many], at(10))
    store.add([orders(1)], at(20))
    damage(folder / "wbr-000002.duckdb", keep)
    with pytest.raises(StoreError) as refused:
        known(store)
    assert "wbr-000002.duckdb is damaged or cannot be read" in str(refused.value)
    assert "Go back to the one before it: `wbr step-back`" in str(refused.value)
    with pytest.raises(StoreError):
        store.add([orders(2)], at(30))
    (folder / "CURRENT").write_text("wbr-000001.duckdb\n")
    assert store.add([orders(2)], at(30)).load == 2


# fmt: off
POINTERS = [
    ("a generation not there", "wbr-000009.duckdb", "which is not there. Take the newest generation there is: `wbr step-back`"),
    ("another folder",         "../../secret",      "is no generation. Take the newest generation there is: `wbr step-back`"),
    ("nothing",                "",                  "names '', which is no generation."),
]
# fmt: on


@pytest.mark.parametrize("name, words", [c[1:] for c in POINTERS], ids=[c[0] for c in POINTERS])
def test_current_that_names(store, folder, name, words):
    store.add([orders(1)], at(10))
    (folder / "CURRENT").write_text(name)
    for use in (lambda: known(store), lambda: store.add([orders(2)], at(20))):
        with pytest.raises(StoreError) as refused:
            use()
        assert words in str(refused.value)
        assert "wbr restore FILE" in str(refused.value)


def test_a_missing_current_is_told_and_no_new_store_begun(store, folder):
    store.add([orders(1)], at(10))
    store.add([orders(2)], at(20))
    (folder / "CURRENT").unlink()
    for use in (lambda: store.version, lambda: store.add([orders(3)], at(30))):
        with pytest.raises(StoreError, match=r"is missing, .* Take the newest generation"):
            use()


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    store = Store(tmp_path / "file" / "store")
    assert known(store) == {}
    with pytest.raises(StoreError, match=r"cannot be written to \(Not a directory\)"):
        store.add([orders(1)], at(10))


@contextmanager
def without_privileges() -> Iterator[None]:
    """As a user who may not write anywhere: root would be let in whatever a folder's rights say."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_folder_can_be_read_and_says_why_it_cannot_be_loaded():
    # Not in pytest's own folder, whose parents only its owner may enter.
    with TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent) / "store"
        store = Store(folder)
        store.add([orders(1)], at(10))
        folder.chmod(0o555)
        for each in folder.iterdir():
            each.chmod(0o444)
        try:
            with without_privileges():
                assert known(store) == {MONDAY: 1}
                with pytest.raises(StoreError, match="Give this user the right to write there"):
                    store.add([orders(2)], at(20))
        finally:
            folder.chmod(0o755)


def test_a_full_disk_is_told_and_loses_nothing(store, folder):
    store.add([orders(1)], at(10))
    many = a_source(
        *(Told(f"s{n}", MONDAY + timedelta(days=d), n * d / 7) for n in range(100) for d in range(900))
    )
    whole = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, ((folder / "wbr-000001.duckdb").stat().st_size + 50_000, whole[1])
    )
    try:
        with pytest.raises(StoreError, match=r"Nothing was loaded\. Free space on that disk"):
            store.add([many], at(20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, whole)
    assert known(store) == {MONDAY: 1}
    assert sorted(path.name for path in folder.iterdir()) == ["CURRENT", "LOCK", "wbr-000001.duckdb"]
    assert store.add([many], at(30)).load == 2


def test_progress_is_told_from_start_to_end(store):
    steps: list[tuple[str, float]] = []
    store.add([orders(1), waits(1)], at(10), progress=lambda step, share: steps.append((step, share)))
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_no_kill_loses_or_tears_anything_and_writers_and_readers_live_together():
    script = Path(__file__).parent / "torture" / "kill_loads.py"
    ran = subprocess.run(
        [sys.executable, str(script), "--kills", "10", "--loads", "4"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
