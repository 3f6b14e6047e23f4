"""Excel, OpenDocument and Parquet sources: typed cells, and files that are not what they say."""

import zipfile
from datetime import UTC, date, datetime, time

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest

from metrics.definitions import DateColumn, LongSource, WideSource
from metrics.errors import SourceError
from metrics.ingest import Reject, read
from metrics.periods import Calendar

CALENDAR = Calendar()
NAME = {"excel": "book.xlsx", "parquet": "file.parquet"}
WORDS = "is not a number: write a number, or leave the cell empty if the value is not known"
FORMULA = "is a spreadsheet's error: mend the formula, or leave the cell empty if the value is not known"


def wide(form, columns="x", **settings):
    day = DateColumn(column="day", format=settings.pop("format", None))
    return WideSource(
        **{form: NAME[form]}, date=day, series={name: name for name in columns.split()}, **settings
    )


def read_here(folder, source, **settings):
    return read("web", source, folder, calendar=CALENDAR, **settings)


def observations(readings):
    return [f"{row['series']} {row['day']} {row['value']:.15g}" for row in readings.table.to_pylist()]


def workbook(folder, *rows, sheets=("Data",), name="book.xlsx"):
    """A workbook whose last sheet holds the rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title in sheets:
        sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
    book.save(folder / name)
    return folder / name


def parquet(folder, **columns):
    pyarrow.parquet.write_table(pa.table(columns), folder / "file.parquet")


# --- Excel ------------------------------------------------------------------------------------

DAY = date(2026, 5, 9)

EXCEL_CELLS = [
    # it shows that …                        day                          value      settings               observations
    ("typed cells are read",                 DAY,                         12.5,      {},                    ["x 2026-05-09 12.5"]),
    ("a whole number is read",               DAY,                         12,        {},                    ["x 2026-05-09 12"]),
    ("zero is a value",                      DAY,                         0,         {},                    ["x 2026-05-09 0"]),
    ("an empty cell is missing",             DAY,                         None,      {},                    []),
    ("a time of day is cut off",             datetime(2026, 5, 9, 23, 5), 1,         {},                    ["x 2026-05-09 1"]),
    ("a date may be text",                   "9-May-2026",                1,         {},                    ["x 2026-05-09 1"]),
    ("a date cell needs no format",          DAY,                         1,         {"format": "%d/%m/%Y"}, ["x 2026-05-09 1"]),
    ("a text date follows the format",       "09/05/2026",                1,         {"format": "%d/%m/%Y"}, ["x 2026-05-09 1"]),
    ("eight digits are a date",              20260509,                    1,         {},                    ["x 2026-05-09 1"]),
    ("a number may be text",                 DAY,                         "1,234",   {"thousands": ","},    ["x 2026-05-09 1234"]),
    ("a typed number needs no signs",        DAY,                         1.234,     {"decimal": ",", "thousands": "."}, ["x 2026-05-09 1.234"]),
    ("a word for missing is missing",        DAY,                         "n/a",     {},                    []),
    ("a month's date cell is its last day",  date(2026, 4, 1),            1,         {"grain": "month"},    ["x 2026-04-30 1"]),
]  # fmt: skip


@pytest.mark.parametrize(
    "day, value, settings, expected", [c[1:] for c in EXCEL_CELLS], ids=[c[0] for c in EXCEL_CELLS]
)
def test_an_excel_cell(tmp_path, day, value, settings, expected):
    workbook(tmp_path, ["day", "x"], [day, value])
    assert observations(read_here(tmp_path, wide("excel", **settings))) == expected


EXCEL_REFUSALS = [
    # it shows that …                     day    value          column  cell          reason
    ("text in a number is refused",       DAY,   "twelve",      "x",    "twelve",     WORDS),
    ("a formula's error is refused",      DAY,   "#N/A",        "x",    "#N/A",       FORMULA),
    ("so is a division by zero",          DAY,   "#DIV/0!",     "x",    "#DIV/0!",    FORMULA),
    ("true is no number",                 DAY,   True,          "x",    "TRUE",       WORDS),
    ("a date is no number",               DAY,   DAY,           "x",    "2026-05-09", WORDS),
    ("a time is no number",               DAY,   time(4, 5),    "x",    "04:05:00",   WORDS),
    ("a bare count of days is no date",   46151, 1,             "day",  "46151",      "is a number, perhaps a spreadsheet's count of days: format the column as a date and export again"),
]  # fmt: skip


@pytest.mark.parametrize(
    "day, value, column, cell, reason", [c[1:] for c in EXCEL_REFUSALS], ids=[c[0] for c in EXCEL_REFUSALS]
)
def test_a_refused_excel_cell(tmp_path, day, value, column, cell, reason):
    workbook(tmp_path, ["day", "x"], [date(2026, 5, 8), 1], [day, value])
    found = read_here(tmp_path, wide("excel"), keep_good=True)
    assert found.rejects == (Reject("book.xlsx", 3, column, cell, reason),)
    assert observations(found) == ["x 2026-05-08 1"]


def test_rows_have_the_numbers_of_the_sheet(tmp_path):
    workbook(tmp_path, [], [None, "day", "x"], [], [None, date(2026, 5, 8), 1], [], [None, DAY, "bad"])
    with pytest.raises(SourceError) as refusal:
        read_here(tmp_path, wide("excel"))
    assert str(refusal.value).splitlines()[1] == f"- book.xlsx, row 6, column 'x': 'bad' {WORDS}."


def test_a_sheet_is_read_by_its_name_or_else_the_first(tmp_path):
    workbook(tmp_path, ["day", "x"], [DAY, 1], sheets=("Notes", "Data"))
    assert observations(read_here(tmp_path, wide("excel", sheet="Data"))) == ["x 2026-05-09 1"]
    with pytest.raises(SourceError, match=r"web: book\.xlsx: the sheet is empty\."):
        read_here(tmp_path, wide("excel"))
    with pytest.raises(SourceError, match=r"book\.xlsx has no sheet 'Dta'\. Did you mean 'Data'\?"):
        read_here(tmp_path, wide("excel", sheet="Dta"))


def test_errors_of_another_sheet_do_not_count(tmp_path):
    path = workbook(tmp_path, ["day", "x"], [DAY, 1], sheets=("Notes", "Data"))
    book = openpyxl.load_workbook(path)
    book["Notes"]["B2"] = book.create_sheet("Later")["B2"] = "#REF!"
    book.save(path)
    assert observations(read_here(tmp_path, wide("excel", sheet="Data"))) == ["x 2026-05-09 1"]


def test_a_long_sheet_may_have_numbers_for_segments(tmp_path):
    workbook(tmp_path, ["day", "series", "value", "shop"], [DAY, "orders", 5, 12], [DAY, "orders", 6, 13.5])
    source = LongSource(
        excel="book.xlsx",
        date=DateColumn(column="day"),
        series_column="series",
        value_column="value",
        segments=["shop"],
    )
    found = read_here(tmp_path, source)
    assert [row["segments"] for row in found.table.to_pylist()] == ['{"shop": "12"}', '{"shop": "13.5"}']


def test_a_repeat_in_excel_is_named_by_its_row(tmp_path):
    workbook(tmp_path, ["day", "x"], [DAY, 1], [DAY, 2])
    found = read_here(tmp_path, wide("excel"), keep_good=True)
    assert found.rejects[0].reason == "repeats x of 2026-05-09, which row 3 tells as 2: keep one of the rows"


ODS = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><office:body><office:spreadsheet>
<table:table table:name="Data">{}</table:table></office:spreadsheet></office:body></office:document-content>"""


def opendocument(folder, rows):
    with zipfile.ZipFile(folder / "book.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", ODS.format(rows))


TEXT = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
NUMBER = (
    '<table:table-cell office:value-type="float" office:value="5"{}><text:p>5</text:p></table:table-cell>'
)
ERROR = '<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
HEAD = f"<table:table-row>{TEXT.format('day')}{TEXT.format('x')}</table:table-row>"


def test_an_opendocument_sheet_is_read_and_its_errors_refused(tmp_path):
    first = f"<table:table-row>{TEXT.format('2026-05-08')}{NUMBER.format('')}</table:table-row>"
    second = f"<table:table-row>{TEXT.format('2026-05-09')}{ERROR}</table:table-row>"
    rest = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    opendocument(tmp_path, HEAD + first + second + rest)
    found = read_here(tmp_path, wide("excel"), keep_good=True)
    assert observations(found) == ["x 2026-05-08 5"]
    assert found.rejects == (Reject("book.xlsx", 3, "x", "#N/A", FORMULA),)


# --- files that are not what they say ------------------------------------------------------------


def a_far_cell(folder):
    path = workbook(folder, ["day", "x"], [DAY, 1])
    book = openpyxl.load_workbook(path)
    book["Data"]["XFD1048576"] = 1
    book.save(path)


def a_member_of(size):
    """One that is a megabyte, and says to be of another size."""

    def make(folder):
        path = workbook(folder, ["day", "x"], [DAY, 1])
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/more.xml", bytes(1 << 20))
            archive.getinfo("xl/more.xml").file_size = size

    return make


def an_opendocument_bomb(folder):
    wide_cell = NUMBER.format(' table:number-columns-repeated="16384"')
    opendocument(
        folder, f'{HEAD}<table:table-row table:number-rows-repeated="100000">{wide_cell}</table:table-row>'
    )


def entities(folder):
    path = workbook(folder, ["day", "x"], [DAY, 1])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + parts[sheet]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def bytes_of(content):
    return lambda folder: (folder / "book.xlsx").write_bytes(content)


def another_zip(folder):
    with zipfile.ZipFile(folder / "book.xlsx", "w") as archive:
        archive.writestr("a.txt", "a")


LARGE = "book.xlsx would need too much memory: its cells are too many, or reach too far from the corner. Delete the empty rows and columns around the data, or export it as CSV."

NO_WORKBOOKS = [
    # it shows that …                                  the file                          what is said
    ("a cell in the far corner is refused",            a_far_cell,                       LARGE),
    ("a zip bomb is refused",                          a_member_of(301 << 20),           LARGE),
    ("an archive that lies about its size is refused", a_member_of(10),                  "book.xlsx is a damaged or locked archive: "),
    ("a repeated cell of millions is refused",         an_opendocument_bomb,             LARGE),
    ("entities are refused",                           entities,                         "book.xlsx holds broken XML: a document type declaration."),
    ("a CSV under a wrong name is refused",            bytes_of(b"day,x\n"),             "book.xlsx is declared as `excel:` but is something else, perhaps CSV. Declare it as `csv:`, or export it again as Excel."),
    ("Parquet under a wrong name is refused",          bytes_of(b"PAR1xxxx"),            "book.xlsx is declared as `excel:` but is a Parquet file. Declare it as `parquet:` and load again."),
    ("a web page under a wrong name is refused",       bytes_of(b"\n<html><table>"),     "book.xlsx is a web page or XML, whatever its name. Export it as CSV or Excel and load again."),
    ("an archive cut off is refused",                  bytes_of(b"PK\x03\x04" + b"x" * 99), "book.xlsx is a damaged or locked archive: File is not a zip file. Save it again."),
    ("another archive is refused",                     another_zip,                      "book.xlsx is a zip archive without a workbook in it. Save it as xlsx or export it as CSV."),
    ("a broken old workbook is refused",               bytes_of(b"\xd0\xcf\x11\xe0" + bytes(600)), "book.xlsx cannot be read as a workbook: "),
    ("an empty file is refused",                       bytes_of(b""),                    "book.xlsx is declared as `excel:` but is something else"),
]  # fmt: skip


@pytest.mark.parametrize("make, said", [c[1:] for c in NO_WORKBOOKS], ids=[c[0] for c in NO_WORKBOOKS])
def test_no_workbook(tmp_path, make, said):
    make(tmp_path)
    with pytest.raises(SourceError) as refusal:
        read_here(tmp_path, wide("excel"))
    assert str(refusal.value).startswith(f"web: {said}")


# --- Parquet ------------------------------------------------------------------------------------

SECONDS = datetime(2026, 5, 9, 3, tzinfo=UTC)

PARQUET_COLUMNS = [
    # it shows that …                              day                                                      x                                              settings            observations
    ("typed columns are read",                     pa.array([DAY]),                                         pa.array([12.5]),                              {},                 ["x 2026-05-09 12.5"]),
    ("whole numbers are read",                     pa.array([DAY], pa.date64()),                            pa.array([12], pa.int64()),                    {},                 ["x 2026-05-09 12"]),
    ("decimals are read",                          pa.array([DAY]),                                         pa.array(["1.50"]).cast(pa.decimal128(9, 2)),  {},                 ["x 2026-05-09 1.5"]),
    ("null and NaN are missing",                   pa.array([DAY, DAY]),                                    pa.array([None, float("nan")]),                {},                 []),
    ("text is read like a CSV's",                  pa.array(["9-May-2026"]),                                pa.array(["1,234"]),                           {"thousands": ","}, ["x 2026-05-09 1234"]),
    ("large text too",                             pa.array(["2026-05-09"], pa.large_string()),             pa.array(["5%"], pa.large_string()),           {},                 ["x 2026-05-09 0.05"]),
    ("dictionaries too",                           pa.array(["2026-05-09"]).dictionary_encode(),            pa.array(["5"]).dictionary_encode(),           {},                 ["x 2026-05-09 5"]),
    ("a time of day is cut off",                   pa.array([datetime(2026, 5, 9, 23)], pa.timestamp("ns")), pa.array([1.0]),                              {},                 ["x 2026-05-09 1"]),
    ("a zone's day is the one written there",      pa.array([SECONDS], pa.timestamp("ms", "America/New_York")), pa.array([1.0]),                           {},                 ["x 2026-05-08 1"]),
    ("a day of long ago is refused only then",     pa.array([date(1969, 12, 31)]),                          pa.array([1.0]),                               {},                 ["x 1969-12-31 1"]),
    ("eight digits are a date",                    pa.array([20260509]),                                    pa.array([1.0]),                               {},                 ["x 2026-05-09 1"]),
]  # fmt: skip


@pytest.mark.parametrize(
    "day, x, settings, expected", [c[1:] for c in PARQUET_COLUMNS], ids=[c[0] for c in PARQUET_COLUMNS]
)
def test_a_parquet_column(tmp_path, day, x, settings, expected):
    parquet(tmp_path, day=day, x=x)
    assert observations(read_here(tmp_path, wide("parquet", **settings))) == expected


def test_refused_parquet_cells_are_named_by_their_row(tmp_path):
    days = pa.array([date(2026, 5, 7), date(1750, 1, 1), None, DAY])
    parquet(tmp_path, day=days, x=pa.array([float("inf"), 1.0, 2.0, 3.0]))
    found = read_here(tmp_path, wide("parquet"), keep_good=True)
    assert found.rejects == (
        Reject(
            "file.parquet",
            1,
            "x",
            "inf",
            "is not a finite number: leave the cell empty if the value is not known",
        ),
        Reject("file.parquet", 2, "day", "1750-01-01", "is a day of the year 1750: correct the year"),
        Reject("file.parquet", 3, "day", "", "is blank in a row that has values: fill in the day"),
    )
    assert observations(found) == ["x 2026-05-09 3"]


def test_a_list_in_parquet_is_refused(tmp_path):
    parquet(tmp_path, day=pa.array([DAY]), x=pa.array([[1.0]]))
    with pytest.raises(
        SourceError, match=r"file\.parquet, column 'x': values of type list<.*> are neither numbers"
    ):
        read_here(tmp_path, wide("parquet"))


def test_moments_in_parquet_become_utc(tmp_path):
    parquet(
        tmp_path,
        day=[DAY],
        series=["orders"],
        value=[1],
        seen=pa.array([SECONDS], pa.timestamp("us", "Asia/Tokyo")),
    )
    source = LongSource(
        parquet="file.parquet",
        date=DateColumn(column="day"),
        series_column="series",
        value_column="value",
        observed_at="seen",
    )
    assert read_here(tmp_path, source).table["observed_at"].to_pylist() == [datetime(2026, 5, 9, 3)]


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + bytes(99) + b"PAR1"])
def test_a_damaged_parquet_file_is_refused(tmp_path, content):
    (tmp_path / "file.parquet").write_bytes(content)
    with pytest.raises(
        SourceError, match=r"web: file\.parquet is damaged or no Parquet file\. Export it again\."
    ):
        read_here(tmp_path, wide("parquet"))
