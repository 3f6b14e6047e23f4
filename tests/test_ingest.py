"""CSV sources: which cells are read, which are refused, and with what words."""

import hashlib
from datetime import date, datetime
from pathlib import Path

import pytest

from metrics.definitions import DateColumn, LongSource, SampleSource, WideSource
from metrics.errors import SourceError
from metrics.ingest import FileRead, Reject, read, sheet
from metrics.periods import Calendar

CALENDAR = Calendar()
MAY = "2026-05-0"


def wide(columns="x", **settings):
    day = DateColumn(column="day", format=settings.pop("format", None))
    series = {name: name for name in columns.split()}
    return WideSource(csv=settings.pop("csv", "a.csv"), date=day, series=series, **settings)


def long(**settings):
    day = DateColumn(column="day")
    return LongSource(csv="a.csv", date=day, series_column="series", value_column="value", **settings)


def samples(**settings):
    return SampleSource(csv="a.csv", date=DateColumn(column="day"), samples={"wait": "seconds"}, **settings)


def reading(folder, text, source=None, name="a.csv", **settings):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read("web", source or wide(), folder, calendar=settings.pop("calendar", CALENDAR), **settings)


def observations(readings):
    """Each as `series day value`, the segments in front if there are any."""
    told = []
    for row in readings.table.to_pylist():
        segments = "" if row["segments"] == "{}" else f"{row['segments']} "
        told.append(f"{segments}{row['series']} {row['day']} {row['value']:.15g}")
    return told


# --- numbers ----------------------------------------------------------------------------------

POINT = {}
US = {"thousands": ","}
GERMAN = {"decimal": ",", "thousands": "."}
FRENCH = {"decimal": ",", "thousands": " "}
SWISS = {"thousands": "'"}

NUMBERS = [
    # it shows that …                                 signs    cell                    value
    ("a number is read",                              POINT,   "12.5",                 12.5),
    ("zero is a value, not a gap",                    POINT,   "0",                    0.0),
    ("minus zero is zero",                            POINT,   "-0.0",                 0.0),
    ("outer spaces do not count",                     POINT,   "  7 ",                 7.0),
    ("a typographer's minus is a minus",              POINT,   "−7",                   -7.0),
    ("a plus may be written",                         POINT,   "+7",                   7.0),
    ("a power of ten is read",                        POINT,   "1.2E+05",              120000.0),
    ("a percent is a fraction, to the last digit",    POINT,   "5.3%",                 0.053),
    ("a percent may stand apart",                     POINT,   "-12 %",                -0.12),
    ("an accountant's brackets are a minus",          US,      "(1,234)",              -1234.0),
    ("a dollar sign does not count",                  US,      "$1,234.50",            1234.5),
    ("a minus may stand before the currency",         US,      "-$3",                  -3.0),
    ("a minus may stand after the currency",          US,      "$-3",                  -3.0),
    ("a currency may stand behind",                   GERMAN,  "1.234,50 €",           1234.5),
    ("a currency may be a code",                      POINT,   "USD 12",               12.0),
    ("pounds in brackets are negative",               POINT,   "(£5)",                 -5.0),
    ("declared thousands are read",                   US,      "1,234,567.8",          1234567.8),
    ("thousands may be left out",                     US,      "1234",                 1234.0),
    ("lakhs and crores are read",                     US,      "12,34,567",            1234567.0),
    ("German numbers are read",                       GERMAN,  "1.234,5",              1234.5),
    ("a German point parts thousands",                GERMAN,  "1.234",                1234.0),
    ("French numbers are read, with any space",       FRENCH,  "1\u202f234\u00a0567,5", 1234567.5),
    ("Swiss numbers are read, with any apostrophe",   SWISS,   "1’234.5",              1234.5),
    ("a blank cell is missing",                       POINT,   "",                     None),
    ("a cell of spaces is missing",                   POINT,   "   ",                  None),
    ("NA is missing",                                 POINT,   "NA",                   None),
    ("n/a is missing",                                POINT,   "n/a",                  None),
    ("NaN is missing",                                POINT,   "NaN",                  None),
    ("null is missing",                               POINT,   "null",                 None),
    ("None is missing",                               POINT,   "None",                 None),
    ("a dash alone is missing",                       POINT,   "-",                    None),
    ("a long dash alone is missing",                  POINT,   "—",                    None),
]  # fmt: skip


@pytest.mark.parametrize("signs, cell, value", [c[1:] for c in NUMBERS], ids=[c[0] for c in NUMBERS])
def test_a_number(tmp_path, signs, cell, value):
    found = reading(tmp_path, f'day;x\n{MAY}9;"{cell}"\n', wide(delimiter=";", **signs))
    assert [row["value"] for row in found.table.to_pylist()] == ([] if value is None else [value])
    assert found.refused == 0


WORDS = "is not a number: write a number, or leave the cell empty if the value is not known"
UNDECLARED = "has signs that the source does not declare: declare {}, or write the number plainly"
INFINITE = "is not a finite number: leave the cell empty if the value is not known"

NO_NUMBERS = [
    # it shows that …                                    signs    cell         reason
    ("text is refused",                                  POINT,   "twelve",    WORDS),
    ("a number with words is refused",                   POINT,   "12 pcs",    WORDS),
    ("an unknown code is no currency",                   POINT,   "SKU 12",    WORDS),
    ("an underscore is refused",                         POINT,   "1_000",     WORDS),
    ("two numbers are refused",                          POINT,   "1-2",       WORDS),
    ("a bracket left open is refused",                   POINT,   "(12",       WORDS),
    ("a minus in brackets is refused",                   POINT,   "(-12)",     WORDS),
    ("two signs are refused",                            POINT,   "--1",       WORDS),
    ("hexadecimal is refused",                           POINT,   "0x1F",      WORDS),
    ("infinity is refused",                              POINT,   "inf",       INFINITE),
    ("minus infinity is refused",                        POINT,   "-Infinity", INFINITE),
    ("a number beyond all bounds is refused",            POINT,   "1e999",     INFINITE),
    ("an undeclared comma is refused with both ways",    POINT,   "1,234",     UNDECLARED.format('`thousands: ","` or `decimal: ","`')),
    ("a decimal comma is refused with the way",          POINT,   "1,5",       UNDECLARED.format('`decimal: ","`')),
    ("a German number is refused with the way",          POINT,   "1.234,5",   UNDECLARED.format('`decimal: ",", thousands: "."`')),
    ("a French number is refused with the way",          POINT,   "1 234,5",   UNDECLARED.format('`decimal: ",", thousands: " "`')),
    ("a Swiss number is refused with the way",           POINT,   "1'234",     UNDECLARED.format('`thousands: "\'"`')),
    ("a wrong group of thousands is refused",            US,      "1,5",       UNDECLARED.format('`decimal: ",", thousands: ""`')),
    ("a formula's error is refused",                     POINT,   "#DIV/0!",   "is a spreadsheet's error: mend the formula, or leave the cell empty if the value is not known"),
    ("a column too narrow is refused",                   POINT,   "#####",     "is a number hidden by a column too narrow: widen the column before exporting"),
]  # fmt: skip


@pytest.mark.parametrize("signs, cell, reason", [c[1:] for c in NO_NUMBERS], ids=[c[0] for c in NO_NUMBERS])
def test_no_number(tmp_path, signs, cell, reason):
    text = f'day;x\n{MAY}8;1\n{MAY}9;"{cell}"\n'
    found = reading(tmp_path, text, wide(delimiter=";", **signs), keep_good=True)
    assert found.rejects == (Reject("a.csv", 3, "x", cell, reason),)
    assert observations(found) == ["x 2026-05-08 1"]


# --- days -------------------------------------------------------------------------------------

DAYS = [
    # it shows that …                                   cell                           settings                          day
    ("an ISO date is read",                             "2026-05-09",                  {},                               date(2026, 5, 9)),
    ("a leap day is read",                              "2024-02-29",                  {},                               date(2024, 2, 29)),
    ("a time of day is cut off",                        "2026-05-09 23:59:59.5",       {},                               date(2026, 5, 9)),
    ("a zone is cut off, the day as written is kept",   "2026-05-09T23:30:00-07:00",   {},                               date(2026, 5, 9)),
    ("so is UTC's letter",                              "2026-05-09T00:00:00Z",        {},                               date(2026, 5, 9)),
    ("the year may come first with slashes",            "2021/09/25",                  {},                               date(2021, 9, 25)),
    ("eight digits are a date",                         "20210925",                    {},                               date(2021, 9, 25)),
    ("a month's name in capitals is read",              "25-SEP-2021",                 {},                               date(2021, 9, 25)),
    ("a month's name with spaces is read",              "25 Sep 2021",                 {},                               date(2021, 9, 25)),
    ("Sept is September",                               "1 Sept. 2021",                {},                               date(2021, 9, 1)),
    ("the month may come first",                        '"Sep 25, 2021"',              {},                               date(2021, 9, 25)),
    ("the month may be whole",                          '"September 25th, 2021"',      {},                               date(2021, 9, 25)),
    ("a weekday may stand in front",                    '"Sun, 05-Jan-2020"',          {},                               date(2020, 1, 5)),
    ("a declared format is used",                       "03/04/2026",                  {"format": "%d/%m/%Y"},           date(2026, 4, 3)),
    ("the other one too",                               "03/04/2026",                  {"format": "%m/%d/%Y"},           date(2026, 3, 4)),
    ("a time behind a declared format is cut off",      "03/04/2026 13:45",            {"format": "%m/%d/%Y"},           date(2026, 3, 4)),
    ("two digits of a year need a format",              "25-Sep-21",                   {"format": "%d-%b-%y"},           date(2021, 9, 25)),
    ("a month is its last day",                         "2026-04",                     {"grain": "month"},               date(2026, 4, 30)),
    ("a month with a name is its last day",             "Apr 2026",                    {"grain": "month"},               date(2026, 4, 30)),
    ("six digits are a month",                          "202604",                      {"grain": "month"},               date(2026, 4, 30)),
    ("a month in a declared format is its last day",    "04.2026",                     {"grain": "month", "format": "%m.%Y"}, date(2026, 4, 30)),
    ("any day of a month is its last",                  "2024-02-10",                  {"grain": "month"},               date(2024, 2, 29)),
    ("a week's first day is its last",                  "2026-05-03",                  {"grain": "week"},                date(2026, 5, 9)),
    ("a day within a week is its last",                 "2026-05-06",                  {"grain": "week"},                date(2026, 5, 9)),
    ("a week's last day is itself",                     "2026-05-09",                  {"grain": "week"},                date(2026, 5, 9)),
]  # fmt: skip


@pytest.mark.parametrize("cell, settings, day", [c[1:] for c in DAYS], ids=[c[0] for c in DAYS])
def test_a_day(tmp_path, cell, settings, day):
    found = reading(tmp_path, f"day,x\n{cell},1\n", wide(**settings))
    assert [row["day"] for row in found.table.to_pylist()] == [day]


FORMAT = "declare the date's `format: "

NO_DAYS = [
    # it shows that …                                  cell              settings                  reason
    ("a date that is two days is refused",             "03/04/2026",     {},                       f'is two days, 3 April and 4 March: {FORMAT}"%d/%m/%Y"` or `"%m/%d/%Y"`'),
    ("so is one with points",                          "03.04.26",       {},                       f'is two days, 3 April and 4 March: {FORMAT}"%d.%m.%y"` or `"%m.%d.%y"`'),
    ("a clear one is not guessed from either",         "25/04/2026",     {},                       'is a date in a format that is not declared: declare `format: "%d/%m/%Y"`'),
    ("nor is the American one",                        "04/25/2026",     {},                       'is a date in a format that is not declared: declare `format: "%m/%d/%Y"`'),
    ("a short year is refused",                        "25-Sep-21",      {},                       f'has a year of two digits: {FORMAT}"%d-%b-%y"`'),
    ("a day that no calendar has is refused",          "2026-02-30",     {},                       "is a day that no calendar has: correct the date"),
    ("a year of long ago is refused",                  "0026-05-09",     {},                       "is a day of the year 26: correct the year"),
    ("a wrong weekday is refused",                     '"Mon, 05-Jan-2020"', {},                   "names a Monday, and 2020-01-05 is a Sunday: correct the date"),
    ("words are refused",                              "yesterday",      {},                       "is not a date: write it like 2026-05-09, or declare its `format`"),
    ("a spreadsheet's count of days is refused",       "45000",          {},                       "is a number, perhaps a spreadsheet's count of days: format the column as a date and export again"),
    ("a month is no day",                              "2026-04",        {},                       "names a month, and the source tells a value per day: declare `grain: month`, or name the day"),
    ("another format than the declared one is refused", "2026-05-09",    {"format": "%d/%m/%Y"},   "is not written in the format '%d/%m/%Y' that the source declares: correct the one or the other"),
    ("a blank day of a value is refused",              "",               {},                       "is blank in a row that has values: fill in the day"),
]  # fmt: skip


@pytest.mark.parametrize("cell, settings, reason", [c[1:] for c in NO_DAYS], ids=[c[0] for c in NO_DAYS])
def test_no_day(tmp_path, cell, settings, reason):
    found = reading(tmp_path, f"day,x\n{cell},1\n", wide(**settings), keep_good=True)
    assert found.rejects == (Reject("a.csv", 2, "day", cell.strip('"'), reason),)
    assert observations(found) == []


def test_a_month_of_weeks_is_the_one_named_for_it(tmp_path):
    weeks = Calendar(pattern="5-4-4")
    may = weeks.month_of(date(2026, 5, 15))
    assert date(2026, 5, 1) not in may
    found = reading(tmp_path, "day,x\n2026-05,1\n", wide(grain="month"), calendar=weeks)
    assert [row["day"] for row in found.table.to_pylist()] == [may.last]


# --- files ------------------------------------------------------------------------------------

GOOD = ["x 2026-05-08 1", "x 2026-05-09 2"]
TWO = "day,x\n2026-05-08,1\n2026-05-09,2\n"

FILES = [
    # it shows that …                            text
    ("a plain file is read",                     TWO),
    ("a mark of the encoding does not count",    "\ufeff" + TWO),
    ("Windows' line ends are read",              TWO.replace("\n", "\r\n")),
    ("old Macintosh's line ends are read",       TWO.replace("\n", "\r")),
    ("mixed line ends are read",                 "day,x\r\n2026-05-08,1\n2026-05-09,2\r"),
    ("the last line needs no end",               TWO.rstrip()),
    ("empty lines do not count",                 "\n\nday,x\n\n2026-05-08,1\n\n2026-05-09,2\n\n"),
    ("rows of blank cells do not count",         "day,x\n2026-05-08,1\n , \n,\n2026-05-09,2\n"),
    ("UTF-16 with its mark is read",             TWO.encode("utf-16")),
    ("UTF-16 the other way round is read",       b"\xfe\xff" + TWO.encode("utf-16-be")),
    ("cells may be in quotation marks",          '"day","x"\n"2026-05-08","1"\n"2026-05-09","2"\n'),
    ("names may have outer spaces",              " day , x \n2026-05-08,1\n2026-05-09,2\n"),
    ("a delimiter may trail in every row",       "day,x,\n2026-05-08,1,\n2026-05-09,2,\n"),
    ("a delimiter may trail in the rows only",   "day,x\n2026-05-08,1,\n2026-05-09,2,\n"),
    ("a delimiter may trail in the header only", "day,x,\n2026-05-08,1\n2026-05-09,2\n"),
    ("rows may come in any order",               "day,x\n2026-05-09,2\n2026-05-08,1\n"),
    ("columns may come in any order",            "x,day\n1,2026-05-08\n2,2026-05-09\n"),
    ("a header may hold a line break",           'day,"no\nte",x\n2026-05-08,,1\n2026-05-09,,2\n'),
    ("an unread cell may hold a line break",     'day,note,x\n2026-05-08,"a\nb",1\n2026-05-09,"c, ""d""",2\n'),
    ("an unread name may stand twice",           "day,n,n,x\n2026-05-08,,,1\n2026-05-09,,,2\n"),
]  # fmt: skip


@pytest.mark.parametrize("text", [c[1] for c in FILES], ids=[c[0] for c in FILES])
def test_a_file(tmp_path, text):
    assert observations(reading(tmp_path, text)) == GOOD


NO_FILES = [
    # it shows that …                             text                                  what is said
    ("an empty file is refused",                  b"",                                  "a.csv is empty. Export it again, with the columns' names in the first row."),
    ("so is one of line ends",                    b"\xef\xbb\xbf\r\n\n",                "a.csv is empty. Export it again, with the columns' names in the first row."),
    ("a NUL is refused by its line",              b"day,x\n2026-05-08,1\n2026-05-09,\0\n", "a.csv, line 3: a NUL byte. This is no text file, or UTF-16 without its mark. Save it as 'CSV UTF-8' and load again."),
    ("Latin-1 is refused by its line",            b"day,x\n2026-05-08,1\n2026-05-09,\xa35\n", "a.csv, line 3: byte 0xA3 is not UTF-8; any other encoding would be a guess. Save it as 'CSV UTF-8' and load again."),
    ("a letter cut off is refused",               b"day,x\n2026-05-08,\xe2\x82",        "a.csv ends within a letter: it was cut off. Export it again."),
    ("a workbook under a wrong name is refused",  b"PK\x03\x04" + b"x" * 60,            "a.csv is declared as `csv:` but is an Excel workbook or another zip archive. Declare it as `excel:` and load again."),
    ("Parquet under a wrong name is refused",     b"PAR1" + b"x" * 60,                  "a.csv is declared as `csv:` but is a Parquet file. Declare it as `parquet:` and load again."),
    ("a packed file is refused",                  b"\x1f\x8b" + b"x" * 60,              "a.csv is declared as `csv:` but is a gzip archive. Unpack or export it as CSV, Excel or Parquet and load again."),
    ("a web page is refused",                     b"<!DOCTYPE html><table>",            "a.csv is a web page or XML, whatever its name. Export it as CSV or Excel and load again."),
    ("UTF-32 is refused",                         TWO.encode("utf-32"),                 "a.csv is UTF-32. Save it as 'CSV UTF-8' and load again."),
    ("a missing column is refused with a hint",   b"day,xs\n",                          "a.csv has no column 'x'. Did you mean 'xs'?"),
    ("so is one in another case",                 b"Day,x\n",                           "a.csv has no column 'day'. Did you mean 'Day'?"),
    ("else the columns are listed",               b"day,revenue\n",                     "a.csv has no column 'x'. The file has: day, revenue."),
    ("another delimiter is explained",            b"day;x\n1;2\n",                      "a.csv has no column 'day'. Its header is one column with ';' in it: declare `delimiter: ';'`.\na.csv has no column 'x'. Its header is one column with ';' in it: declare `delimiter: ';'`."),
    ("a name that stands twice is refused",       b"day,x,x\n",                         "a.csv: columns 2 and 3 are both named 'x'. Rename one of them in the file, so that the source can tell which it means."),
]  # fmt: skip


@pytest.mark.parametrize("text, said", [c[1:] for c in NO_FILES], ids=[c[0] for c in NO_FILES])
def test_no_file(tmp_path, text, said):
    with pytest.raises(SourceError) as refusal:
        reading(tmp_path, text)
    assert str(refusal.value) == f"web: {said}"


def test_a_quotation_mark_that_is_never_closed_is_refused_by_its_row(tmp_path):
    with pytest.raises(
        SourceError, match=r"row that starts on line 3: unexpected end of data\. Close or double"
    ):
        reading(tmp_path, 'day,x\n2026-05-08,1\n2026-05-09,"2\n2026-05-10,3\n')


def test_a_line_without_end_is_refused_in_little_memory(tmp_path):
    with pytest.raises(SourceError, match="line 1: longer than 4,194,304 characters"):
        reading(tmp_path, b"day,x" + b"y" * (5 << 20))


def test_a_header_alone_is_a_file_without_rows(tmp_path):
    found = reading(tmp_path, "day,x")
    assert (observations(found), found.rows, found.refused) == ([], 0, 0)


def test_ten_thousand_columns_are_read(tmp_path):
    names = [f"c{i}" for i in range(10_000)]
    row = ",".join(str(i) for i in range(10_000))
    found = reading(tmp_path, f"day,{','.join(names)}\n{MAY}9,{row}\n", wide("c0 c9999"))
    assert observations(found) == ["c0 2026-05-09 0", "c9999 2026-05-09 9999"]


def test_what_was_read_is_told_with_the_columns_left_unread(tmp_path):
    found = reading(tmp_path, "day,x,note,colour\n2026-05-08,1,a,b\n2026-05-09,2,,\n")
    digest = hashlib.sha256((tmp_path / "a.csv").read_bytes()).hexdigest()
    assert found.files == (FileRead("a.csv", digest, 2, ("note", "colour")),)
    assert (found.source, found.grain, found.kind, found.rows) == ("web", "day", "values", 2)


# --- rows -------------------------------------------------------------------------------------

LINES = [
    # it shows that …                                     text                                                line
    ("the line is the file's",                            "day,x\n2026-05-08,1\n2026-05-09,bad\n",            3),
    ("empty lines are counted",                           "\n\nday,x\n\n2026-05-08,1\n\n\n2026-05-09,bad\n",  8),
    ("breaks in quotation marks are counted",             'day,x,note\n2026-05-08,1,"a\nb\nc"\n2026-05-09,bad,\n', 5),
    ("a row has the line it starts on",                   'day,x,note\n2026-05-08,1,\n2026-05-09,bad,"a\nb"\n', 3),
    ("breaks in the header are counted",                  'day,x,"no\nte"\n2026-05-09,bad,\n',                3),
    ("Windows' line ends are one",                        "day,x\r\n2026-05-08,1\r\n2026-05-09,bad\r\n",      3),
    ("mixed line ends are one each",                      "day,x\r\n2026-05-08,1\r2026-05-09,bad\n",          3),
    ("UTF-16 is counted like others",                     "day,x\n2026-05-09,bad\n".encode("utf-16"),         2),
]  # fmt: skip


@pytest.mark.parametrize("text, line", [c[1:] for c in LINES], ids=[c[0] for c in LINES])
def test_the_line_of_a_refused_cell(tmp_path, text, line):
    found = reading(tmp_path, text, keep_good=True)
    assert [(reject.line, reject.cell) for reject in found.rejects] == [(line, "bad")]


def test_a_row_of_another_length_is_refused_and_the_others_are_read(tmp_path):
    text = "day,x,y\n2026-05-06,1,2\n2026-05-07,1\n2026-05-08,1,2,3\n2026-05-09,5,6\n"
    found = reading(tmp_path, text, wide("x y"), keep_good=True)
    remedy = "add or remove a delimiter, or put quotation marks around the cell that holds one"
    assert found.rejects == (
        Reject("a.csv", 3, "", "2026-05-07,1", f"has 2 cells, fewer than the 3 of the header: {remedy}"),
        Reject("a.csv", 4, "", "2026-05-08,1,2,3", f"has 4 cells, more than the 3 of the header: {remedy}"),
    )
    assert observations(found) == ["x 2026-05-06 1", "x 2026-05-09 5", "y 2026-05-06 2", "y 2026-05-09 6"]


RAGGED = [
    # it shows that …                               text                                                                       lines     observations
    ("an empty line before is counted",             "day,x\n\n2026-05-08\n2026-05-09,2\n",                                     [3],      ["x 2026-05-09 2"]),
    ("empty lines above the header are counted",    "\n\nday,x\n2026-05-08\n2026-05-09,2\n",                                   [4],      ["x 2026-05-09 2"]),
    ("a header of two lines is counted",            'day,x,"n\nn"\n2026-05-08,1\n2026-05-09,2,\n2026-05-10\n',                [3, 5],   ["x 2026-05-09 2"]),
    ("breaks in quotation marks are counted",       'day,x,n\n2026-05-08,1,"a\nb"\n2026-05-09,2,,1\n2026-05-10,bad,"\n"\n',    [4, 5],   ["x 2026-05-08 1"]),
    ("a trailing delimiter does not hide one",      "day,x\n2026-05-08,1,\n2026-05-09,2,3\n",                                 [3],      ["x 2026-05-08 1"]),
    ("a row may lack the delimiter that trails",    "day,x\n2026-05-08,1,\n2026-05-09,2\n",                                   [],       ["x 2026-05-08 1", "x 2026-05-09 2"]),
    ("a row may have one that others lack",         "day,x\n2026-05-08,1\n2026-05-09,2,\nbad\n",                              [4],      ["x 2026-05-08 1", "x 2026-05-09 2"]),
]  # fmt: skip


@pytest.mark.parametrize("text, lines, expected", [c[1:] for c in RAGGED], ids=[c[0] for c in RAGGED])
def test_rows_of_other_lengths(tmp_path, text, lines, expected):
    found = reading(tmp_path, text, keep_good=True)
    assert [reject.line for reject in found.rejects] == lines
    assert (observations(found), found.refused) == (expected, len(lines))


def test_rows_of_other_lengths_are_found_among_many(tmp_path):
    first = date(1970, 1, 1)
    rows = [f"{date.fromordinal(first.toordinal() + n)},{n}" for n in range(20_000)]
    for place in (0, 5_000, 19_999):
        rows[place] = "2026-05-09"
    rows[12_000] = rows[12_000].replace(",", ",bad")
    found = reading(tmp_path, "day,x\n" + "\n".join(rows), keep_good=True)
    assert [reject.line for reject in found.rejects] == [2, 5_002, 12_002, 20_001]
    assert (found.rows, found.table.num_rows) == (20_000, 19_996)


def test_rows_of_other_lengths_are_found_in_every_block_of_a_large_file(tmp_path):
    note = ",".join(["n" * 100_000] * 9)
    rows = [f"2026-05-{day:02},{day},{note}" for day in range(1, 31)]
    for place in (3, 27):
        rows[place] = "2026-05-09"
    rows[28] = f"2026-05-29,bad{',' * 9}"
    found = reading(tmp_path, "day,x,1,2,3,4,5,6,7,8,9\n" + "\n".join(rows), keep_good=True)
    assert [reject.line for reject in found.rejects] == [5, 29, 30]
    assert (found.rows, found.table.num_rows) == (30, 27)


def test_a_file_that_fits_nowhere_is_refused_as_a_whole(tmp_path):
    with pytest.raises(
        SourceError,
        match=r"a\.csv: more than 100,000 rows do not fit the header\. The first, on line 2, is 'a'",
    ):
        reading(tmp_path, "day,x\n" + "a\n" * 100_002, keep_good=True)


def test_a_blank_cell_and_an_absent_row_are_the_same(tmp_path):
    blank = reading(tmp_path, "day,x,y\n2026-05-08,1,\n2026-05-09,,\n", wide("x y"))
    absent = reading(tmp_path, "day,x,y\n2026-05-08,1,\n", wide("x y"))
    assert observations(blank) == observations(absent) == ["x 2026-05-08 1"]


def test_a_note_below_the_table_is_no_mistake_unless_it_has_values(tmp_path):
    found = reading(tmp_path, "day,x\n2026-05-08,1\nSource: finance,\nTotal,1\n", keep_good=True)
    assert [(reject.line, reject.column, reject.cell) for reject in found.rejects] == [(4, "day", "Total")]


def test_all_refused_cells_are_counted_and_the_first_twenty_shown(tmp_path):
    rows = "".join(f"2026-05-{day:02},bad{day},{day}\n" for day in range(1, 31))
    with pytest.raises(SourceError) as refusal:
        reading(tmp_path, f"day,x,y\n{rows}", wide("x y"))
    first, *told, more, last = str(refusal.value).splitlines()
    assert first == "web: 30 cells are refused:"
    assert told == [f"- a.csv, line {n + 1}, column 'x': 'bad{n}' {WORDS}." for n in range(1, 21)]
    assert more == "- … and 10 more"
    assert last == "Mend them and load again, or load the rest with --keep-good."


def test_keeping_the_good_returns_the_rest_and_every_refused_cell(tmp_path):
    rows = "".join(f"2026-05-{day:02},bad{day},{day}\n" for day in range(1, 31))
    found = reading(tmp_path, f"day,x,y\n{rows}", wide("x y"), keep_good=True)
    assert (found.refused, len(found.rejects), found.table.num_rows) == (30, 30, 30)


def test_a_refused_cell_is_cut_and_its_control_characters_escaped(tmp_path):
    found = reading(tmp_path, f'day,x\n{MAY}9,"\x1b[31m{"a" * 100}\n"\n', keep_good=True)
    assert found.rejects[0].cell == "\\x1b[31m" + "a" * 51 + "…"
    assert len(found.rejects[0].cell) == 60


# --- long files, segments, moments ---------------------------------------------------------------


def test_a_long_file_names_its_series_and_segments(tmp_path):
    text = "day,series,value,country,device\n2026-05-09,orders,2,US,app\n2026-05-09,orders,3,UK,\n"
    found = reading(tmp_path, text, long(segments=["device", "country"]))
    assert observations(found) == [
        '{"country": "UK", "device": ""} orders 2026-05-09 3',
        '{"country": "US", "device": "app"} orders 2026-05-09 2',
    ]


def test_a_country_called_na_is_a_country(tmp_path):
    found = reading(
        tmp_path, "day,series,value,country\n2026-05-09,orders,2,NA\n", long(segments=["country"])
    )
    assert observations(found) == ['{"country": "NA"} orders 2026-05-09 2']


def test_a_wide_file_may_have_segments_and_blanks_in_some_of_their_rows(tmp_path):
    text = "day,x,y,country\n2026-05-09,1,10,US\n2026-05-09,,20,UK\n"
    found = reading(tmp_path, text, wide("x y", segments=["country"]))
    assert observations(found) == [
        '{"country": "US"} x 2026-05-09 1',
        '{"country": "UK"} y 2026-05-09 20',
        '{"country": "US"} y 2026-05-09 10',
    ]


def test_a_series_that_is_no_id_is_refused_with_the_id_it_could_have(tmp_path):
    found = reading(
        tmp_path, "day,series,value\n2026-05-09,New Orders,2\n2026-05-09,,3\n", long(), keep_good=True
    )
    assert found.rejects == (
        Reject(
            "a.csv",
            2,
            "series",
            "New Orders",
            "is not the id of a series: write it in snake_case, as 'new_orders'",
        ),
        Reject("a.csv", 3, "series", "", "is blank in a row that has a value: name the series"),
    )


def test_a_segment_with_a_line_break_is_refused(tmp_path):
    text = 'day,series,value,country\n2026-05-09,orders,2,"U\nS"\n'
    found = reading(tmp_path, text, long(segments=["country"]), keep_good=True)
    assert [(reject.cell, reject.reason[:37]) for reject in found.rejects] == [
        ("U\\nS", "has line breaks or control characters")
    ]


MOMENTS = [
    # it shows that …                           cell                           moment
    ("a moment in UTC is kept",                 "2026-05-09T07:30:00Z",        datetime(2026, 5, 9, 7, 30)),
    ("a moment with a zone is turned into UTC", "2026-05-09 07:30:00 -04:00",  datetime(2026, 5, 9, 11, 30)),
    ("a moment without a zone is UTC",          "2026-05-09 07:30",            datetime(2026, 5, 9, 7, 30)),
    ("a day is its first moment",               "9 May 2026",                  datetime(2026, 5, 9)),
    ("a blank one is the load's",               "",                            None),
]  # fmt: skip


@pytest.mark.parametrize("cell, moment", [c[1:] for c in MOMENTS], ids=[c[0] for c in MOMENTS])
def test_when_a_value_was_known(tmp_path, cell, moment):
    found = reading(
        tmp_path, f"day,series,value,seen\n2026-05-08,orders,2,{cell}\n", long(observed_at="seen")
    )
    assert [row["observed_at"] for row in found.table.to_pylist()] == [moment]


def test_two_vintages_of_a_day_are_no_repeat(tmp_path):
    text = "day,series,value,seen\n2026-05-08,orders,3,2026-05-10\n2026-05-08,orders,2,2026-05-09\n"
    found = reading(tmp_path, text, long(observed_at="seen"))
    assert [(row["value"], row["observed_at"].day) for row in found.table.to_pylist()] == [
        (2.0, 9),
        (3.0, 10),
    ]


# --- repeats ------------------------------------------------------------------------------------


def test_a_key_told_twice_is_refused_even_with_the_same_value(tmp_path):
    with pytest.raises(SourceError) as refusal:
        reading(tmp_path, "day,x\n2026-05-08,1\n2026-05-09,2\n2026-05-08,1\n")
    assert str(refusal.value).splitlines()[1] == (
        "- a.csv, line 4, column 'x': '1' repeats x of 2026-05-08, which line 2 tells as 1: keep one of the rows."
    )


def test_of_equal_repeats_the_first_is_good_and_of_different_ones_none(tmp_path):
    text = "day,x\n2026-05-07,1\n2026-05-07,1\n2026-05-07,1\n2026-05-08,1\n2026-05-08,2\n2026-05-09,3\n"
    found = reading(tmp_path, text, keep_good=True)
    assert observations(found) == ["x 2026-05-07 1", "x 2026-05-09 3"]
    assert [reject.line for reject in found.rejects] == [3, 4, 5, 6]
    assert found.refused == 4


def test_two_days_of_one_week_repeat_a_weekly_key(tmp_path):
    found = reading(tmp_path, "day,x\n2026-05-03,1\n2026-05-09,2\n", wide(grain="week"), keep_good=True)
    assert found.rejects[0].reason == (
        "repeats x of the week ending 2026-05-09, which line 3 tells as 2: keep one of the rows"
    )


def test_a_repeat_in_another_file_is_named_with_it(tmp_path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web/1.csv").write_text("day,x\n2026-05-08,1\n")
    found = reading(
        tmp_path, "day,x\n2026-05-08,9\n", wide(csv="web/*.csv"), name="web/2.csv", keep_good=True
    )
    assert [(reject.file, reject.reason) for reject in found.rejects] == [
        ("web/1.csv", "repeats x of 2026-05-08, which line 2 of web/2.csv tells as 9: keep one of the rows"),
        ("web/2.csv", "repeats x of 2026-05-08, which line 2 of web/1.csv tells as 1: keep one of the rows"),
    ]


def test_repeated_rows_of_a_samples_source_are_the_samples(tmp_path):
    text = "day,seconds\n2026-05-09,7\n2026-05-08,5\n2026-05-08,3\n2026-05-08,5\n"
    found = reading(tmp_path, text, samples())
    assert found.kind == "samples"
    assert observations(found) == [
        "wait 2026-05-08 3",
        "wait 2026-05-08 5",
        "wait 2026-05-08 5",
        "wait 2026-05-09 7",
    ]


def test_the_rows_of_two_countries_are_one_key_if_the_source_does_not_tell_them_apart(tmp_path):
    found = reading(tmp_path, "day,x,country\n2026-05-09,1,US\n2026-05-09,2,UK\n", keep_good=True)
    assert (found.refused, found.table.num_rows) == (2, 0)


# --- where files are ------------------------------------------------------------------------------


def test_files_of_a_glob_are_read_in_order_of_their_names(tmp_path):
    for name, day in [("b", 9), ("a", 8), ("c", 7)]:
        (tmp_path / f"{name}.csv").write_text(f"day,x\n2026-05-0{day},1\n")
    told = []
    found = read(
        "web", wide(csv="*.csv"), tmp_path, calendar=CALENDAR, progress=lambda *one: told.append(one)
    )
    assert [file.name for file in found.files] == ["a.csv", "b.csv", "c.csv"]
    assert [row["file"] for row in found.table.to_pylist()] == ["c.csv", "a.csv", "b.csv"]
    assert told[-1] == ("c.csv", 1.0)


OUTSIDE = "leads out of the workspace. Put the file into the workspace's folder."
PATHS = [
    # it shows that …                        path                    what is said
    ("a path upwards is refused",            "../secret.csv",        f"'../secret.csv' {OUTSIDE}"),
    ("a path down and up again is refused",  "web/../../secret.csv", f"'web/../../secret.csv' {OUTSIDE}"),
    ("an absolute path is refused",          "/etc/passwd",          f"'/etc/passwd' {OUTSIDE}"),
    ("a drive is refused",                   "C:\\secret.csv",       f"'C:\\\\secret.csv' {OUTSIDE}"),
    ("a glob upwards is refused",            "../*.csv",             f"'../*.csv' {OUTSIDE}"),
    ("a link that leads out is refused",     "link.csv",             f"'link.csv' {OUTSIDE}"),
    ("so is one that a glob finds",          "lin*.csv",             f"'link.csv' {OUTSIDE}"),
    ("so is a linked folder",                "folder/secret.csv",    f"'folder/secret.csv' {OUTSIDE}"),
    ("an address is refused",                "https://a.example/b.csv", "https://a.example/b.csv is an address. Fetch the file into the workspace's folder and declare its path."),
    ("a missing file is refused with a hint", "a1.csv",              "No file 'a1.csv' in the workspace. Did you mean 'a.csv'?"),
    ("a glob without a match is refused",    "web/*.csv",            "No file 'web/*.csv' in the workspace. Put the file there, or correct the path in the source."),
]  # fmt: skip


@pytest.mark.parametrize("path, said", [c[1:] for c in PATHS], ids=[c[0] for c in PATHS])
def test_a_path(tmp_path, path, said):
    root = tmp_path / "workspace"
    root.mkdir()
    (tmp_path / "secret.csv").write_text(TWO)
    (root / "link.csv").symlink_to(tmp_path / "secret.csv")
    (root / "folder").symlink_to(tmp_path)
    with pytest.raises(SourceError) as refusal:
        reading(root, TWO, wide(csv=path))
    assert str(refusal.value) == said


def test_a_file_that_somebody_names_may_be_anywhere(tmp_path):
    (tmp_path / "given.csv").write_text(TWO)
    (tmp_path / "workspace").mkdir()
    found = read("web", wide(), tmp_path / "workspace", calendar=CALENDAR, files=[tmp_path / "given.csv"])
    assert (observations(found), found.files[0].name) == (GOOD, "given.csv")


def test_the_mistakes_of_all_files_are_told_at_once(tmp_path):
    (tmp_path / "b.csv").write_text("tag,x\n")
    with pytest.raises(SourceError) as refusal:
        reading(tmp_path, "day,y\n", wide(csv="*.csv"))
    assert str(refusal.value) == (
        "web: a.csv has no column 'x'. The file has: day, y.\n"
        "web: b.csv has no column 'day'. The file has: tag, x."
    )


def test_a_query_needs_somewhere_to_run(tmp_path):
    source = WideSource(sql="q.sql", connection="w", date=DateColumn(column="day"), series={"x": "x"})
    with pytest.raises(SourceError, match=r"web: nothing says where q\.sql runs"):
        read("web", source, tmp_path, calendar=CALENDAR)


# --- plain tables -----------------------------------------------------------------------------------


def test_a_sheet_is_kept_as_it_is(tmp_path):
    (tmp_path / "basket.csv").write_text('item, ours ,theirs\nmilk,"1,09",=1+1\n,,\n')
    assert sheet("basket.csv", tmp_path) == (
        ("item", "ours", "theirs"),
        (("milk", "1,09", "=1+1"), ("", "", "")),
    )


def test_a_sheet_with_a_row_too_long_is_refused(tmp_path):
    (tmp_path / "basket.csv").write_text("item,ours\nmilk,1,09\n")
    with pytest.raises(
        SourceError, match=r"basket\.csv, line 2: the row has 3 cells, more than the 2 of the header"
    ):
        sheet("basket.csv", tmp_path)


def test_a_sheet_outside_is_refused():
    with pytest.raises(SourceError, match="leads out of the workspace"):
        sheet("/etc/passwd", Path())
