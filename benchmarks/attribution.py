"""Exact contributions of 500 metrics × 50 segments: one array, and one metric after the other.

Run: `python benchmarks/attribution.py [METRICS] [SEGMENTS]`. Needs no store; the values are made here.
"""

import sys
from collections.abc import Callable
from time import process_time

import numpy as np

from metrics.attribution import Attribution, Sums, factor_parts, ratio, ratio_parts

GOAL = 0.1  # seconds for 500 × 50


def main(metrics: int = 500, segments: int = 50) -> None:
    rng = np.random.default_rng(1)
    d0 = rng.gamma(2, 500, (metrics, segments))
    d1 = d0 * rng.lognormal(0.03, 0.2, (metrics, segments))
    n0, n1 = d0 * rng.beta(3, 97, (metrics, segments)), d1 * rng.beta(3, 97, (metrics, segments))
    names = [f"segment {n}" for n in range(segments)]
    rows = [list(zip(*(x[m].tolist() for x in (n0, d0, n1, d1)), strict=True)) for m in range(metrics)]
    columns = [tuple(zip(*row, strict=True)) for row in rows]

    def split() -> list[Attribution]:
        return [ratio(names, Sums(a, b), Sums(c, d)) for a, b, c, d in columns]

    before, after = rng.gamma(2, 5, (2, metrics, 4))

    for what, work in (
        ("as one array", lambda: ratio_parts(n0, d0, n1, d1)),
        ("one by one, as values", split),
        ("one by one, each segment described", lambda: [list(s.contributions) for s in split()]),
        ("products of four", lambda: factor_parts("product", before, after)),
    ):
        taken = min(seconds(work) for _ in range(5))
        told = f"{taken * 1e3:.1f} ms; {taken / GOAL:.2f} of the time allowed"
        print(f"{metrics} metrics × {segments} segments, {what}: {told}")
    parts = ratio_parts(n0, d0, n1, d1)
    worst = float(np.abs(parts.total.sum(axis=1) - (parts.after - parts.before)).max())
    print(f"largest residual: {worst:.1e}")


def seconds(work: Callable[[], object]) -> float:
    """Time of the processor, which others on the machine do not stretch; best of five is reported."""
    started = process_time()
    work()
    return process_time() - started


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
