"""What is written in a declared form is read back to the last digit, in any order of rows and columns."""

import csv
import io
import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metrics.definitions import DateColumn, LongSource, WideSource
from metrics.ingest import read
from metrics.ingest.csv import CsvTable
from metrics.ingest.repeats import keys, ordered, repeats
from metrics.periods import Calendar

SIGNS = st.sampled_from([(".", ""), (".", ","), (",", "."), (",", ""), (",", " "), (".", "'")])
DRESS = st.sampled_from(["{}", " {} ", "${}", "{} €", "USD {}"])
FORMATS = [None, "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%b-%Y", "%d %B %Y", "%Y%m%d", "%d.%m.%y"]
DAYS = st.dates(date(1970, 1, 1), date(2068, 12, 31))
NUMBERS = st.decimals(-(10**12), 10**12, places=3)


def read_text(text, source):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.csv").write_text(text, encoding="utf-8", newline="")
        return read("web", source, Path(folder), calendar=Calendar())


def rendered(records, delimiter, **form):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, **form).writerows(records)
    return out.getvalue()


def written(number, signs):
    decimal, thousands = signs
    return f"{number:,.3f}".replace(",", "_").replace(".", decimal).replace("_", thousands)


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=8), SIGNS, DRESS)
def test_numbers_in_declared_signs_are_read_back(numbers, signs, dress):
    rows = [[date(2026, 1, 1) + timedelta(n), dress.format(written(x, signs))] for n, x in enumerate(numbers)]
    source = WideSource(
        csv="a.csv",
        date=DateColumn(column="day"),
        series={"x": "x"},
        decimal=signs[0],
        thousands=signs[1],
        delimiter=";",
    )
    found = read_text(rendered([["day", "x"], *rows], ";"), source)
    assert found.table["value"].to_pylist() == [float(x) + 0.0 for x in numbers]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.decimals(-1000, 1000, places=2), min_size=1, max_size=8))
def test_percents_are_read_as_the_nearest_fraction(percents):
    rows = [[date(2026, 1, 1) + timedelta(n), f"{x}%"] for n, x in enumerate(percents)]
    source = WideSource(csv="a.csv", date=DateColumn(column="day"), series={"x": "x"})
    found = read_text(rendered([["day", "x"], *rows], ","), source)
    assert found.table["value"].to_pylist() == [float(x / 100) + 0.0 for x in percents]


@settings(max_examples=60, deadline=None)
@given(st.lists(DAYS, min_size=1, max_size=8, unique=True), st.sampled_from(FORMATS))
def test_days_in_a_declared_format_are_read_back(days, format_):
    rows = [[day.strftime(format_) if format_ else day.isoformat(), 1] for day in days]
    source = WideSource(csv="a.csv", date=DateColumn(column="day", format=format_), series={"x": "x"})
    found = read_text(rendered([["day", "x"], *rows], ","), source)
    assert found.table["day"].to_pylist() == sorted(days)


LONG = LongSource(
    csv="a.csv", date=DateColumn(column="day"), series_column="s", value_column="v", segments=["country"]
)
KEYS = st.tuples(
    st.dates(date(2026, 1, 1), date(2026, 1, 9)), st.sampled_from("abc"), st.sampled_from(["US", "UK", ""])
)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(KEYS, st.integers(-99, 99), min_size=1), st.randoms(use_true_random=False))
def test_rows_and_columns_in_any_order_give_the_same_table(told, random):
    header = ["day", "s", "country", "v"]
    records = [[*key, value] for key, value in told.items()]
    first = read_text(rendered([header, *records], ","), LONG).table
    random.shuffle(records)
    order = random.sample(range(4), 4)
    moved = [[record[place] for place in order] for record in [header, *records]]
    assert read_text(rendered(moved, ","), LONG).table.equals(first)
    assert first.num_rows == len(told)


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=6
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
@example([('a"b', "c\nd"), ("\r", "\r\n")], csv.QUOTE_ALL, "\r\n")
def test_the_quick_and_the_careful_reader_read_the_same(records, quoting, end):
    text = rendered([["one", "two"], *records], ",", quoting=quoting, lineterminator=end)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_text(text, encoding="utf-8", newline="")
        table = CsvTable(path, "a.csv", ",")
        careful = table.attempts((0, 1), ())[-1]
        told = []
        for batch in careful():
            told += zip(*(batch.columns[place].text.to_pylist() for place in (0, 1)), strict=True)
        assert told == [(one or None, two or None) for one, two in records]
        if len(attempts := table.attempts((0, 1), ())) == 2:
            quick = []
            for batch in attempts[0]():
                quick += zip(*(batch.columns[place].text.to_pylist() for place in (0, 1)), strict=True)
            assert quick == told


PARTS = st.lists(st.tuples(st.integers(0, 3), st.integers(-(2**62), 2**62), st.integers(0, 3)), max_size=30)


@settings(max_examples=100, deadline=None)
@given(PARTS)
def test_one_number_stands_for_a_key_however_large_its_parts(tuples):
    parts = [np.array([one[place] for one in tuples], dtype=np.int64) for place in range(3)]
    key = keys(parts)
    order = ordered(key)
    places = list(range(len(tuples))) if order is None else order.tolist()
    assert [tuples[place] for place in places] == sorted(tuples)
    if order is not None:
        again = repeats(key, np.zeros(len(tuples)), order)
        assert (0 if again is None else int(again.refused.sum())) == len(tuples) - len(set(tuples))
