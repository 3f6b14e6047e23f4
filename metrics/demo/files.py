"""How the demo's source files are written: the same bytes for the same numbers, on any machine.

Each row carries `known_on`, the day its value became known: the morning after, unless told otherwise.
"""

import csv
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from metrics.demo.days import Days, Levels
from metrics.demo.truth import FIRST_DAY, WEEKS

DAYS = [FIRST_DAY + timedelta(days=i) for i in range(7 * WEEKS)]
NEXT_DAY = timedelta(days=1)
EXCEL_EPOCH = date(1899, 12, 30)
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Cell = str | int | float
Columns = Mapping[str, Days | Levels]
"""Column name to its days, shape (weeks, 7)."""


def written(value: float) -> str:
    """A number as a CSV says it; missing is an empty cell."""
    return "" if np.isnan(value) else f"{value:.12g}"


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a CSV with Unix line ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def write_wide(path: Path, columns: Columns, days: slice = slice(None)) -> None:
    """Write one row a day: `day`, one column per series, `known_on`."""
    told = [[written(v) for v in column.ravel()[days].tolist()] for column in columns.values()]
    rows = zip(
        (d.isoformat() for d in DAYS[days]),
        *told,
        ((d + NEXT_DAY).isoformat() for d in DAYS[days]),
        strict=True,
    )
    write_csv(path, ["day", *columns, "known_on"], rows)


def write_export(path: Path, columns: Columns) -> None:
    """Write the same as an older system exports it: newest first, `09-May-2026`, `1,234.5`."""

    def day(d: date) -> str:
        return f"{d.day:02}-{MONTH_NAMES[d.month - 1]}-{d.year}"

    told = [[f"{v:,.12g}" if isinstance(v, float) else f"{v:,}" for v in c.ravel().tolist()]
            for c in columns.values()]  # fmt: skip
    rows = list(zip(map(day, DAYS), *told, (day(d + NEXT_DAY) for d in DAYS), strict=True))
    write_csv(path, ["Day", *columns, "Known on"], reversed(rows))


def write_samples(path: Path, columns: Mapping[str, NDArray[np.generic]], known_on: Sequence[date],
                  days: Sequence[date]) -> None:  # fmt: skip
    """Write samples as Parquet: `day`, one column per name, `known_on`; the same number each day.

    Args:
        path: File to write.
        columns: Shape (days, samples a day) each.
        known_on: One per day.
        days: The days.
    """
    each = next(iter(columns.values())).shape[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {
            "day": pa.array(np.repeat(np.array(days, dtype="datetime64[D]"), each)),
            **{name: pa.array(values.ravel()) for name, values in columns.items()},
            "known_on": pa.array(np.repeat(np.array(known_on, dtype="datetime64[D]"), each)),
        }
    )
    pq.write_table(table, path, compression="zstd")


# --- a workbook, as finance sends it -------------------------------------------------------

_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/styles.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Target="xl/workbook.xml" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Target="worksheets/sheet1.xml" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>'
        '<Relationship Id="rId2" Target="styles.xml" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/></Relationships>'
    ),
    "xl/styles.xml": (  # Cell style 1 is a date (built-in number format 14).
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        '<borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
    ),
}
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def _cell(value: str | float | date) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, date):
        return f'<c s="1"><v>{(value - EXCEL_EPOCH).days}</v></c>'
    return f"<c><v>{written(value)}</v></c>"


def write_workbook(path: Path, sheet: str, rows: Iterable[Sequence[str | float | date]]) -> None:
    """Write one sheet as XLSX, uncompressed and without a time stamp, so that the bytes never differ."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    data = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
    parts = {
        **_PARTS,
        "xl/workbook.xml": (
            f'<workbook xmlns="{main}" xmlns:r='
            '"http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
            f'<sheets><sheet name="{escape(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{data}</sheetData></worksheet>',
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as book:
        for name, text in parts.items():
            book.writestr(zipfile.ZipInfo(name), _XML + text)
