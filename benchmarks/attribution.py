"""Exact contributions of 500 metrics × 50 segments: one array, and one metric after the other.

Run: `python benchmarks/attribution.py [METRICS] [SEGMENTS]`. Needs no store; the values are made here.
"""

import sys
from time import perf_counter

import numpy as np

from metrics.attribution import Sums, factor_parts, ratio, ratio_parts

GOAL = 0.1  # seconds for 500 × 50


def main(metrics: int = 500, segments: int = 50) -> None:
    rng = np.random.default_rng(1)
    d0 = rng.gamma(2, 500, (metrics, segments))
    d1 = d0 * rng.lognormal(0.03, 0.2, (metrics, segments))
    n0, n1 = d0 * rng.beta(3, 97, (metrics, segments)), d1 * rng.beta(3, 97, (metrics, segments))
    names = [f"segment {n}" for n in range(segments)]
    rows = [list(zip(*(x[m].tolist() for x in (n0, d0, n1, d1)), strict=True)) for m in range(metrics)]
    columns = [tuple(zip(*row, strict=True)) for row in rows]

    ratio_parts(n0, d0, n1, d1)
    started = perf_counter()
    parts = ratio_parts(n0, d0, n1, d1)
    array = perf_counter() - started
    worst = float(np.abs(parts.total.sum(axis=1) - (parts.after - parts.before)).max())

    started = perf_counter()
    splits = [ratio(names, Sums(a, b), Sums(c, d)) for a, b, c, d in columns]
    loop = perf_counter() - started
    worst = max(worst, *(abs(split.residual) for split in splits))

    before, after = rng.gamma(2, 5, (2, metrics, 4))
    started = perf_counter()
    factor_parts("product", before, after)
    product = perf_counter() - started

    for what, taken in (
        ("as one array", array),
        ("one by one, as values", loop),
        ("products of four", product),
    ):
        told = f"{taken * 1e3:.1f} ms; {taken / GOAL:.2f} of the time allowed"
        print(f"{metrics} metrics × {segments} segments, {what}: {told}")
    print(f"largest residual: {worst:.1e}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
