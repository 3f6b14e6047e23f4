"""Load 9.1 million daily rows (5,000 series x 5 years) from one long CSV, then load them again.

python benchmarks/load.py [--quick]

Each way runs in a process of its own, so that its peak memory is its own. The other side is what
one writes first: pandas reads the file, and DuckDB inserts it into a table with a key of series and
day. It checks no cell, keeps no history, and a second load of it fails on the key.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

sys.path.insert(0, str(Path(__file__).parents[1]))

from metrics import ingest
from metrics.definitions import LongSource
from metrics.ingest import Readings
from metrics.periods import Calendar
from metrics.store import LoadReport, Store

LOADED_AT = datetime(2026, 5, 11, 6, tzinfo=UTC)
FIRST_DAY = np.datetime64("2021-05-10")
SOURCE = LongSource.model_validate(
    {"csv": "days.csv", "date": {"column": "day"}, "series_column": "series", "value_column": "value"}
)


@dataclass(frozen=True)
class Measured:
    """Seconds of reading and of storing, and what the store reported."""

    reading: float
    storing: float
    report: LoadReport | None = None


def days_in_order(series: int, days: int) -> pa.Table:
    """One row a day and series, day after day, as an export writes them."""
    rows = series * days
    names = pa.array([f"series_{n:05d}" for n in range(series)])
    values = np.random.default_rng(1).gamma(5, 100, rows).round(2)
    return pa.table(
        {
            "day": pa.array(np.repeat(FIRST_DAY + np.arange(days), series)),
            "series": pa.DictionaryArray.from_arrays(np.tile(np.arange(series, dtype=np.int32), days), names),
            "value": values,
        }
    )


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def from_csv(folder: Path, loaded_at: datetime) -> Measured:
    """Our way: read and check the file, keep what differs from what is known."""
    begun = time.perf_counter()
    readings = ingest.read("days", SOURCE, folder, calendar=Calendar())
    read = time.perf_counter()
    report = Store(folder / "store").add([readings], loaded_at)
    return Measured(read - begun, time.perf_counter() - read, report)


def from_arrow(folder: Path, loaded_at: datetime, series: int, days: int) -> Measured:
    """The store's half alone, from a table in memory."""
    table = days_in_order(series, days)
    same = pa.array(np.zeros(table.num_rows, np.int32))
    table = table.append_column("segments", pa.DictionaryArray.from_arrays(same, pa.array(["{}"])))
    table = table.append_column("file", pa.DictionaryArray.from_arrays(same, pa.array(["days.csv"])))
    table = table.append_column("observed_at", pa.nulls(table.num_rows, pa.timestamp("us")))
    readings = Readings("days", "day", "values", table, table.num_rows, 0, (), ())
    reports = []
    storing = timed(lambda: reports.append(Store(folder / "arrow").add([readings], loaded_at)))
    return Measured(0.0, storing, reports[0])


def by_hand(folder: Path) -> Measured:
    """The other side."""
    begun = time.perf_counter()
    frame = pd.read_csv(folder / "days.csv", parse_dates=["day"])
    read = time.perf_counter()
    with duckdb.connect(str(folder / "by_hand.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE day (series VARCHAR, day DATE, value DOUBLE, PRIMARY KEY (series, day))"
        )
        connection.register("frame", frame)
        connection.execute("INSERT INTO day SELECT series, day, value FROM frame")
    return Measured(read - begun, time.perf_counter() - read)


def told(way: str, measured: Measured) -> str:
    # The kernel counts in kilobytes; the peak includes the interpreter and its libraries.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    counts = ""
    if measured.report:
        (source,) = measured.report.sources
        counts = f"   kept {source.kept:,}, unchanged {source.unchanged:,}, restated {source.restated:,}"
    whole = measured.reading + measured.storing
    return (
        f"{way:<34} {measured.reading:6.1f} s reading {measured.storing:6.1f} s storing {whole:6.1f} s "
        f"{peak:5.2f} GB{counts}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the series")
    parser.add_argument("--way", choices=["csv", "again", "arrow", "arrow again", "hand"])
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    series, days = (500 if asked.quick else 5000), 1826
    later = LOADED_AT + timedelta(days=1)
    match asked.way:
        case None:
            with tempfile.TemporaryDirectory() as folder:
                csv.write_csv(days_in_order(series, days), Path(folder) / "days.csv")
                size = (Path(folder) / "days.csv").stat().st_size / 1e6
                print(f"{series * days:,} rows, {size:,.0f} MB of CSV", flush=True)
                quick = ["--quick"] if asked.quick else []
                for way in ("csv", "again", "arrow", "arrow again", "hand"):
                    command = [sys.executable, __file__, "--folder", folder, "--way", way, *quick]
                    subprocess.run(command, check=True)
                stored = max((Path(folder) / "store").glob("wbr-*.duckdb")).stat().st_size / 1e6
                keyed = (Path(folder) / "by_hand.duckdb").stat().st_size / 1e6
                print(f"on disk: {stored:,.0f} MB, by hand {keyed:,.0f} MB")
        case "csv":
            print(told("CSV", from_csv(asked.folder, LOADED_AT)), flush=True)
        case "again":
            print(told("CSV again", from_csv(asked.folder, later)), flush=True)
        case "arrow":
            print(told("table in memory", from_arrow(asked.folder, LOADED_AT, series, days)), flush=True)
        case "arrow again":
            print(told("table in memory again", from_arrow(asked.folder, later, series, days)), flush=True)
        case "hand":
            print(told("pandas and a table with a key", by_hand(asked.folder)), flush=True)


if __name__ == "__main__":
    main()
