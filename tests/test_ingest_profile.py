"""What an unknown file seems to hold: every guess is told, and what cannot be told is asked."""

from datetime import date, timedelta

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest

from metrics.definitions import DateColumn, LongSource, WideSource
from metrics.errors import SourceError
from metrics.ingest import profile, read
from metrics.periods import Calendar

FIRST = date(2026, 4, 20)


def csv_of(folder, header, row, days=30, step=1, name="sales.csv"):
    """A file with a row per day, as `row(day, number)` writes it."""
    rows = [row(FIRST + timedelta(days=n * step), n) for n in range(days)]
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def drafted(found, path):
    """The source that a profile proposes."""
    common = {
        "csv": path.name,
        "date": DateColumn(column=found.date_column, format=found.date_format),
        "decimal": found.decimal,
        "thousands": found.thousands,
        "delimiter": found.delimiter,
        "segments": found.segments,
        "grain": found.grain,
    }
    if found.shape == "long":
        return LongSource(**common, series_column=found.series_column, value_column=found.value_column)
    return WideSource(**common, series={f"s{n}": name for n, name in enumerate(found.numbers)})


def loaded(found, path):
    return read("draft", drafted(found, path), path.parent, calendar=Calendar()).table.num_rows


def test_a_plain_file_needs_no_guess_but_the_day(tmp_path):
    path = csv_of(tmp_path, "day,orders,revenue", lambda day, n: f"{day},{n},{n}.5")
    found = profile(path)
    assert (found.date_column, found.date_format, found.grain, found.shape) == ("day", None, "day", "wide")
    assert (found.numbers, found.rows, found.first, found.last) == (
        ("orders", "revenue"),
        30,
        FIRST,
        date(2026, 5, 19),
    )
    assert [(one.name, one.kind, one.whole, one.largest) for one in found.columns] == [
        ("day", "date", False, None),
        ("orders", "number", True, 29.0),
        ("revenue", "number", False, 29.5),
    ]
    assert found.notes == ("Column 'day' is taken for the day.",)
    assert loaded(found, path) == 60


FORMATS = [
    # it shows that …                       written       format
    ("ISO needs no format",                 "%Y-%m-%d",   None),
    ("a month's name needs no format",      "%d-%b-%Y",   None),
    ("days over twelve tell day first",     "%d/%m/%Y",   "%d/%m/%Y"),
    ("days over twelve tell month first",   "%m/%d/%Y",   "%m/%d/%Y"),
    ("with points too",                     "%d.%m.%Y",   "%d.%m.%Y"),
    ("a short year is found",               "%d-%m-%y",   "%d-%m-%y"),
    ("with a month's name too",             "%d-%b-%y",   "%d-%b-%y"),
]  # fmt: skip


@pytest.mark.parametrize("written, expected", [c[1:] for c in FORMATS], ids=[c[0] for c in FORMATS])
def test_the_format_of_days(tmp_path, written, expected):
    path = csv_of(tmp_path, "Date,orders", lambda day, n: f"{day.strftime(written)},{n}")
    found = profile(path)
    assert (found.date_format, found.first) == (expected, FIRST)
    assert loaded(found, path) == 30


def test_days_that_can_be_read_in_two_ways_are_asked_for(tmp_path):
    path = csv_of(tmp_path, "day,orders", lambda day, n: f"{n % 12 + 1:02}/05/2026,{n}", days=12)
    with pytest.raises(SourceError) as question:
        profile(path)
    assert str(question.value) == (
        "sales.csv, column 'day': '01/05/2026' can be read day first or month first, and no date in the file "
        "tells. Say which: the format %d/%m/%Y or %m/%d/%Y."
    )
    assert profile(path, date_format="%d/%m/%Y").last == date(2026, 5, 12)
    assert profile(path, date_format="%m/%d/%Y").last == date(2026, 12, 5)


SIGNS = [
    # it shows that …                         delimiter  number                       signs
    ("thousands are found",                   ";",       lambda n: f"{n},234.5",      (".", ",")),
    ("a decimal comma is found",              ";",       lambda n: f"{n},5",          (",", "")),
    ("German numbers are found",              ";",       lambda n: f"{n + 1}.234,5",  (",", ".")),
    ("French numbers are found",              "\t",      lambda n: f"{n + 1} 234,5",  (",", " ")),
    ("Swiss numbers are found",               "|",       lambda n: f"{n + 1}'234.5",  (".", "'")),
    ("a currency does not hide them",         ",",       lambda n: f"${n}.5",         (".", "")),
]  # fmt: skip


@pytest.mark.parametrize("delimiter, number, signs", [c[1:] for c in SIGNS], ids=[c[0] for c in SIGNS])
def test_the_signs_of_numbers(tmp_path, delimiter, number, signs):
    path = csv_of(tmp_path, f"day{delimiter}orders", lambda day, n: f"{day}{delimiter}{number(n)}")
    found = profile(path)
    assert (found.delimiter, found.decimal, found.thousands) == (delimiter, *signs)
    assert loaded(found, path) == 30


def test_a_comma_that_could_be_either_is_said_to_be(tmp_path):
    path = csv_of(tmp_path, "day\torders", lambda day, n: f"{day}\t{n + 1},234")
    assert (
        "The comma could mean either in every cell: look at the numbers before trusting them."
        in profile(path).notes
    )


def test_percents_are_told(tmp_path):
    path = csv_of(tmp_path, "day,rate", lambda day, n: f"{day},{n}%")
    (_, rate) = profile(path).columns
    assert (rate.kind, rate.percent, rate.largest) == ("number", True, 0.29)


GRAINS = [
    # it shows that …              row                                              step  grain
    ("days are daily",             lambda day, n: f"{day},{n}",                     1,    "day"),
    ("weeks are weekly",           lambda day, n: f"{day},{n}",                     7,    "week"),
    ("months are monthly",         lambda day, n: f"{day.replace(day=1)},{n}",      31,   "month"),
    ("months need no day",         lambda day, n: f"{day:%b %Y},{n}",               31,   "month"),
]  # fmt: skip


@pytest.mark.parametrize("row, step, grain", [c[1:] for c in GRAINS], ids=[c[0] for c in GRAINS])
def test_the_grain(tmp_path, row, step, grain):
    path = csv_of(tmp_path, "day,orders", row, days=12, step=step)
    found = profile(path)
    assert found.grain == grain
    assert loaded(found, path) == 12


def test_a_column_that_names_series_makes_a_file_long(tmp_path):
    path = csv_of(tmp_path, "day,metric,value", lambda day, n: f"{day},orders,{n}\n{day},visits,{n}")
    found = profile(path)
    assert (found.shape, found.series_column, found.value_column, found.segments) == (
        "long",
        "metric",
        "value",
        (),
    )
    assert loaded(found, path) == 60


def test_text_that_tells_the_rows_of_a_day_apart_is_a_segment_and_other_text_is_not(tmp_path):
    path = csv_of(
        tmp_path,
        "day,country,weekday,note,orders",
        lambda day, n: f"{day},US,{day:%a},n{n},{n}\n{day},UK,{day:%a},,{n}",
    )
    found = profile(path)
    assert (found.segments, found.unread, found.repeated) == (("country", "note"), ("weekday",), 0)
    assert loaded(found, path) == 60


def test_rows_that_nothing_tells_apart_are_counted(tmp_path):
    path = csv_of(tmp_path, "day,orders", lambda day, n: f"{day},{n}\n{day},{n}")
    found = profile(path)
    assert found.repeated == 30
    assert found.notes[-1].startswith(
        "30 rows tell a day again, with the same segments: they will be refused."
    )


def test_what_will_be_refused_or_is_missing_is_told(tmp_path):
    path = csv_of(tmp_path, "day,orders,n,n", lambda day, n: f"{day},{'x' if n == 3 else n},,", step=2)
    assert profile(path).notes == (
        "Not read, since several columns have the name: n.",
        "Column 'day' is taken for the day.",
        "1 cells of column 'orders' are no numbers and will be refused.",
        "29 days between the first and the last have no row.",
    )


def test_workbooks_and_parquet_are_looked_at_too(tmp_path):
    days = [FIRST + timedelta(days=n) for n in range(5)]
    book = openpyxl.Workbook()
    for row in [("When", "orders", "day"), *((day, n, "mon") for n, day in enumerate(days))]:
        book.active.append(row)
    book.save(tmp_path / "sales.xlsx")
    pyarrow.parquet.write_table(pa.table({"When": days, "orders": range(5)}), tmp_path / "sales.parquet")
    for name in ("sales.xlsx", "sales.parquet"):
        found = profile(tmp_path / name)
        assert (found.date_column, found.numbers, found.first, found.last) == (
            "When",
            ("orders",),
            FIRST,
            days[-1],
        )


REFUSALS = [
    # it shows that …                            name          text                        what is said
    ("an unknown ending is refused",             "sales.doc",  "day,x\n",                  "sales.doc: its ending tells no form of file."),
    ("a file without days is refused",           "sales.csv",  "a,b\nx,1\n",               "sales.csv has no column of days."),
    ("a file without numbers is refused",        "sales.csv",  "day,b\n2026-05-09,x\n",    "sales.csv has no column of numbers."),
    ("a file without rows is refused",           "sales.csv",  "day,b\n",                  "sales.csv has columns and no rows."),
    ("an empty file is refused",                 "sales.csv",  "",                         "sales.csv is empty."),
    ("a ragged row is refused by its line",      "sales.csv",  "day,b\n2026-05-09,1,2\n",  "sales.csv, line 2: the row '2026-05-09,1,2' has 3 cells"),
]  # fmt: skip


@pytest.mark.parametrize("name, text, said", [c[1:] for c in REFUSALS], ids=[c[0] for c in REFUSALS])
def test_a_file_that_cannot_be_drafted(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError) as refusal:
        profile(tmp_path / name)
    assert str(refusal.value).startswith(said)
