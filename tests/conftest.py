"""What many tests share: the conformance vectors, a browser, a connection that holds a few series."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chromium

ROOT = Path(__file__).resolve().parents[1]


def shared_folder() -> Path:
    """The folder of conformance vectors: `$SIXTWELVE_SHARED`, else `../shared`."""
    return Path(os.environ.get("SIXTWELVE_SHARED") or ROOT.parent / "shared")


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder()
    if not (folder / "vectors").is_dir():
        sentence = (
            "The conformance vectors are absent: set SIXTWELVE_SHARED to the folder that holds vectors/."
        )
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def patience() -> Iterator[None]:
    """Wait for what must come: a busy machine takes its time."""
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


def a_connection(
    series: Mapping[str, Sequence[float | None]],
    first: date,
    *,
    grain: Mapping[str, str] | None = None,
    segments: Mapping[str, Mapping[str, str]] | None = None,
    samples: Mapping[str, Mapping[date, Sequence[float]]] | None = None,
) -> duckdb.DuckDBPyConnection:
    """A connection in which each series has one value a day from `first` on; None is a missing day.

    A series named `orders@US` is the segment of `orders` that `segments["orders@US"]` says.
    """
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE series (series_id INTEGER, name VARCHAR, grain VARCHAR,"
        " segments MAP(VARCHAR, VARCHAR), kind VARCHAR)"
    )
    connection.execute("CREATE TABLE observed (series_id INTEGER, day DATE, value DOUBLE)")
    connection.execute("CREATE TABLE sampled (series_id INTEGER, day DATE, value DOUBLE)")
    for number, (name, values) in enumerate(series.items()):
        connection.execute(
            "INSERT INTO series VALUES (?, ?, ?, ?, 'values')",
            [
                number,
                name.split("@")[0],
                (grain or {}).get(name, "day"),
                dict((segments or {}).get(name, {})),
            ],
        )
        days = [first + timedelta(days=n) for n, v in enumerate(values) if v is not None]
        kept = [float(v) for v in values if v is not None]
        connection.execute(
            "INSERT INTO observed SELECT ?, unnest(?::DATE[]), unnest(?::DOUBLE[])", [number, days, kept]
        )
    for number, (name, by_day) in enumerate((samples or {}).items(), start=len(series)):
        connection.execute("INSERT INTO series VALUES (?, ?, 'day', MAP {}, 'samples')", [number, name])
        for day, values in by_day.items():
            connection.execute(
                "INSERT INTO sampled SELECT ?, ?, unnest(?::DOUBLE[])", [number, day, list(values)]
            )
    return connection
