"""The files that lie beside a wbr-app configuration: its CSV and its annotations."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from metrics.errors import DefinitionError, SourceError
from metrics.ingest.files import source_files

LARGEST = 2_000_000  # Bytes. A longer configuration was not written by a person.


def configuration(path: Path) -> str:
    """The text of a configuration.

    Raises:
        DefinitionError: It is missing, too large, or no UTF-8 text.
    """
    if not path.is_file():
        raise DefinitionError(f"{path} is not there. Name a wbr-app YAML file.")
    if path.stat().st_size > LARGEST:
        raise DefinitionError(f"{path} is larger than {LARGEST:,} bytes. Is it the configuration?")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DefinitionError(f"{path} is not UTF-8 text. Save it as UTF-8.") from error


def table(path: Path) -> tuple[tuple[str, ...], Iterator[Sequence[str]]]:
    """The header of a CSV and its rows, read as they are asked for; cells are judged at the load."""
    if not path.is_file():
        raise SourceError(f"{path} is not there. Name the CSV that the configuration reads.")
    rows = _rows(path)
    try:
        header = next(rows)
    except StopIteration:
        raise SourceError(f"{path} is empty. It needs a header and a row a day.") from None
    return tuple(header), rows


def _rows(path: Path) -> Iterator[Sequence[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.reader(file)
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} cannot be read as a CSV: {error}. Save it as UTF-8 CSV.") from error


def annotations(names: Sequence[str], folder: Path) -> dict[str, list[Mapping[str, str]]]:
    """The rows of the annotation files that lie in the configuration's own folder; others are not opened."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for name in names:
        try:
            (path,) = source_files(name, folder)
        except (SourceError, ValueError):
            continue  # `convert` says that it was not brought along.
        header, rows = table(path)
        found[name] = [dict(zip(header, row, strict=False)) for row in rows]
    return found
