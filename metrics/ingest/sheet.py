"""A small table of words, kept as it is: what decks show as plain tables and exception reports."""

from pathlib import Path

from metrics.errors import SourceError
from metrics.ingest.csv import CsvTable
from metrics.ingest.files import display_name, source_files

MOST = 10_000  # Rows; more is data, not a table that people read.


def sheet(path: str, root: Path) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The columns and the rows of a CSV in the workspace, as text without outer spaces.

    Args:
        path: Relative to the workspace.
        root: The workspace's folder.

    Raises:
        SourceError: It is missing, outside, no CSV, too long, or a row does not fit the header.
    """
    (file, *others) = source_files(path, root)
    if others:
        raise SourceError(f"{path} means several files. Name the one that the table shows.")
    table = CsvTable(file, display_name(file, root), ",")
    rows: list[tuple[str, ...]] = []
    for line, record in table.records():
        cells, fault = table.shaped(record)
        if fault is not None:
            raise SourceError(f"{table.name}, line {line}: the row {fault}.")
        if len(rows) == MOST:
            raise SourceError(f"{table.name} has more than {MOST:,} rows. Keep those that the deck shows.")
        rows.append(tuple(cell.strip() for cell in cells))
    return table.header, tuple(rows)
