"""Parquet files: typed columns, and columns of text that are read like those of a CSV."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as arrow_parquet

from metrics.errors import SourceError
from metrics.ingest.files import not_a, sha256
from metrics.ingest.tables import Attempt, Batch, Column, checked_header

ROWS = 1 << 18  # Rows taken at a time.


class ParquetTable:
    """A Parquet file, opened.

    Raises:
        SourceError: It is none, is damaged, or two columns have one name.
    """

    line_word = "row"

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        with path.open("rb") as file:
            not_a(form="parquet", name=name, start=file.read(512))
        self.sha256 = sha256(path)
        self.size = path.stat().st_size
        try:
            with arrow_parquet.ParquetFile(path) as file:
                self._schema: pa.Schema = file.schema_arrow
                self._rows: int = file.metadata.num_rows
        except (pa.ArrowException, OSError) as error:
            raise _damaged(name) from error
        self.header = checked_header(self._schema.names, name)

    def attempts(self, columns: Sequence[int], values: Collection[int]) -> tuple[Attempt, ...]:  # noqa: ARG002  (one shape for all tables)
        """One way: each column has one type."""
        return (partial(self._batches, columns),)

    def lines(self, rows: Collection[int]) -> Mapping[int, int]:
        """Rows counted from 1."""
        return {row: row + 1 for row in rows}

    def _batches(self, columns: Sequence[int]) -> Iterator[Batch]:
        names = [self._schema.names[place] for place in columns]
        first = 0
        try:
            with arrow_parquet.ParquetFile(self.path) as file:
                for batch in file.iter_batches(ROWS, columns=list(dict.fromkeys(names))):
                    rows = np.arange(first, first + batch.num_rows, dtype=np.int64)
                    first += batch.num_rows
                    cells = {
                        place: self._column(batch.column(name), name)
                        for place, name in zip(columns, names, strict=True)
                    }
                    yield Batch(rows, cells, done=self.size * first // max(self._rows, 1))
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self.name) from error

    def _column(self, array: pa.Array, name: str) -> Column:
        kind = array.type
        if pa.types.is_dictionary(kind):
            return self._column(array.dictionary_decode(), name)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            return Column(text=pc.cast(array, pa.string()))
        if pa.types.is_boolean(kind):
            return Column(text=pc.cast(array, pa.string()))
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return Column(numbers=pc.cast(array, pa.float64(), safe=False))
        if pa.types.is_date(kind):
            return Column(moments=pc.cast(array, pa.timestamp("us")))
        if pa.types.is_timestamp(kind):
            return Column(moments=pc.cast(array, pa.timestamp("us", kind.tz), safe=False))
        if pa.types.is_null(kind):
            return Column(text=pc.cast(array, pa.string()))
        raise SourceError(
            f"{self.name}, column {name!r}: values of type {kind} are neither numbers, dates nor text. "
            "Export the column as one of these."
        )


def _damaged(name: str) -> SourceError:
    return SourceError(f"{name} is damaged or no Parquet file. Export it again.")
