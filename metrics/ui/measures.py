"""What the server counts about itself, for Prometheus. The only home of prometheus-client.

Label values are few and ours: no address, name or path of a visitor becomes a label.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from metrics.errors import MetricsError

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

REQUESTS = Counter(
    "sixtwelve_requests", "HTTP requests answered.", ["kind", "method", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "sixtwelve_request_seconds",
    "From a request to the end of its answer.",
    ["kind"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
SESSIONS = Gauge("sixtwelve_sessions", "Pages open at the moment.", registry=REGISTRY)
REFUSED = Counter("sixtwelve_refused", "Requests refused by a limit.", ["limit"], registry=REGISTRY)
RUNS = Histogram(
    "sixtwelve_run_seconds",
    "One run of a page, from a click to its last word.",
    ["page"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
TROUBLES = Counter("sixtwelve_troubles", "Failures told to a person on a page.", ["kind"], registry=REGISTRY)
TEXT = CONTENT_TYPE_LATEST


@contextmanager
def run(page: str) -> Iterator[Callable[[], float]]:
    """Time one run of a page, also one that ends early; gives the seconds so far."""
    begun = time.perf_counter()
    try:
        yield lambda: time.perf_counter() - begun
    finally:
        RUNS.labels(page).observe(time.perf_counter() - begun)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a workspace keeps at the moment.

    Attributes:
        generation: Number of the store's generation; 0 before the first load.
        store_bytes: Size of that generation's file.
        journal_entries: Facts in the journal.
        load_age: Seconds since the last load; None before the first.
    """

    generation: int
    store_bytes: int
    journal_entries: int
    load_age: float | None


class _Keeping:
    """Looks at the workspace when Prometheus asks; what cannot be read is absent, not zero."""

    def __init__(self) -> None:
        self.look: Callable[[], Kept] | None = None

    def collect(self) -> Iterator[Metric]:
        if self.look is None:
            return
        with suppress(MetricsError):  # What cannot be read has no measure; /healthz says why.
            kept = self.look()
            yield GaugeMetricFamily(
                "sixtwelve_store_generation", "Number of the store's generation.", kept.generation
            )
            yield GaugeMetricFamily("sixtwelve_store_bytes", "Size of the store's file.", kept.store_bytes)
            yield GaugeMetricFamily(
                "sixtwelve_journal_entries", "Facts in the journal.", kept.journal_entries
            )
            if kept.load_age is not None:
                yield GaugeMetricFamily(
                    "sixtwelve_last_load_age_seconds", "Seconds since the last load.", kept.load_age
                )


_KEEPING = _Keeping()
REGISTRY.register(_KEEPING)


def watch(look: Callable[[], Kept]) -> None:
    """Say how to look at the workspace."""
    _KEEPING.look = look


def told() -> bytes:
    """All of it in Prometheus' text."""
    return generate_latest(REGISTRY)
