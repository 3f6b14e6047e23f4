"""Deck values of 500 metrics x 3 years and 5,000 x 5 years, beside a loop over metrics in pandas.

python benchmarks/deck.py [--quick]

The loop does only the sums of a deck's 46 windows, without states, coverage, targets or box score.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from metrics import registry, week
from metrics.six_twelve import frame
from metrics.store import Store

ENDING = date(2026, 5, 9)


@dataclass(frozen=True)
class Made:
    """Readings made in memory, in the shape the store takes."""

    table: pa.Table
    rows: int
    source: str = "bench"
    grain: str = "day"
    kind: str = "values"
    refused: int = 0
    rejects: tuple[()] = ()
    files: tuple[()] = ()


def readings(series: int, years: int) -> Made:
    days = np.arange(np.datetime64(ENDING) - years * 366, np.datetime64(ENDING) + 1)
    rows = series * len(days)
    values = np.random.default_rng(1).gamma(5, 20, rows).round(2)
    names = pa.DictionaryArray.from_arrays(
        pa.array(np.repeat(np.arange(series, dtype=np.int32), len(days))),
        pa.array([f"s{i}" for i in range(series)]),
    )
    same = pa.array(np.zeros(rows, np.int32))
    return Made(
        pa.table(
            {
                "series": names,
                "segments": pa.DictionaryArray.from_arrays(same, pa.array(["{}"])),
                "day": pa.array(np.tile(days, series)),
                "value": pa.array(values),
                "observed_at": pa.nulls(rows, pa.timestamp("us")),
                "file": pa.DictionaryArray.from_arrays(same, pa.array(["made"])),
            }
        ),
        rows,
    )


def definitions(metrics: int) -> registry.Registry:
    lines = [
        "company: {name: Bench}",
        "require_owner: false",
        "sources: {s: {csv: s.csv, date: {column: day}, series_column: series, value_column: value}}",
        "metrics:",
    ]
    for i in range(metrics):
        measure = (
            f"{{how: ratio, numerator: s{i}, denominator: s{(i + 1) % metrics}}}"
            if i % 5 == 0
            else f"{{how: total, series: s{i}}}"
        )
        fields = f"name: Metric {i}, kind: output, owner: null, unit: number, better: up"
        lines.append(f"  m{i}: {{{fields}, measure: {measure}}}")
    blocks = ", ".join(f"m{i}" for i in range(metrics))
    lines.append(f"decks: {{all: {{title: All, sections: [{{title: All, blocks: [{blocks}]}}]}}}}")
    return registry.parse({"bench.yaml": "\n".join(lines)})


def loop(store: Store, known: registry.Registry, metrics: int) -> float:
    """Seconds of the naive way: one filter and 46 sums a metric."""
    windows = [w.period for w in frame(known.calendar, ENDING, {"trailing_twelve_months"}).windows]
    with store.reading() as connection:
        table = connection.execute("SELECT series_id, day, value FROM observed").df()
    started = time.perf_counter()
    for number in range(metrics):
        mine = table[table["series_id"] == number + 1].set_index("day")["value"].sort_index()
        for window in windows:
            mine.loc[pd.Timestamp(window.first) : pd.Timestamp(window.last)].sum()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="500 metrics only")
    quick = parser.parse_args().quick
    for metrics, years, goal in ((500, 3, 0.25), (5000, 5, 1.5))[: 1 if quick else 2]:
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder) / "store")
            store.add([readings(metrics, years)], datetime.now(UTC) - timedelta(days=1))
            known = definitions(metrics)
            times, work = [], []
            for _ in range(5):
                started, busy = time.perf_counter(), time.process_time()
                with store.reading() as connection:
                    deck = week.build(known, week.Known(connection, store.version), ENDING)
                times.append(time.perf_counter() - started)
                work.append(time.process_time() - busy)
            assert len(deck.blocks) == metrics
            naive = loop(store, known, min(metrics, 500)) * metrics / min(metrics, 500)
            line = f"{metrics:>5} metrics x {years} years: deck {min(times):.3f} s"
            line += f" (median {sorted(times)[2]:.3f}; CPU {min(work):.3f}); goal {goal} s"
            print(f"{line}; pandas loop {naive:.1f} s, {naive / min(times):.0f} times as long")


if __name__ == "__main__":
    main()
