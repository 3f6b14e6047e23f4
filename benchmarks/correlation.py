"""How long the scan of 500 inputs x 50 outputs x 17 lags takes over 208 weeks, on one core.

python benchmarks/correlation.py [INPUTS] [OUTPUTS]

The same correlations are then computed the way people do it in a notebook, a shift and a `corr` per pair
and lag in pandas, for a sample of pairs, and scaled up. Both run with one thread for linear algebra. The
scan's time is everything: preparation, 25,000 pairs at 17 lags, chances, one false discovery rate, rows,
effects of what is listed. Beside it: 200 stated links.
"""

import sys
from datetime import date, timedelta
from time import process_time

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # It ships no types.

from metrics.correlation import Occasion, Panel, Series, link_tests, scan
from metrics.definitions import Link

WEEKS, LAGS = 208, range(-4, 13)
LINKED = 50  # Outputs each follow one input.
SAMPLE = 60  # Pairs of the pandas loop.
GOAL, CLAIMS_GOAL = 1.0, 1.0  # Seconds.
LAST = date(2026, 5, 9)


def a_company(inputs: int, outputs: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Inputs and outputs with memory, season and trend; each output follows one input."""
    rng = np.random.default_rng(41)
    t = np.arange(WEEKS)

    def columns(count: int) -> NDArray[np.float64]:
        shocks = rng.normal(size=(WEEKS, count))
        found = np.zeros_like(shocks)
        memory = rng.uniform(0, 0.7, count)
        for week in range(WEEKS):
            found[week] = shocks[week] + (memory * found[week - 1] if week else 0)
        return found

    x, y = columns(inputs), columns(outputs)
    for j in range(min(outputs, LINKED)):
        y[:, j] += 0.6 * np.roll(x[:, j], int(rng.integers(0, 9)))
    season = np.sin(2 * np.pi * t / 52.1775)[:, None]
    x += season * rng.normal(1, 0.5, inputs) + rng.normal(size=inputs) * (t / WEEKS)[:, None]
    y += season * rng.normal(1, 0.5, outputs) + rng.normal(size=outputs) * (t / WEEKS)[:, None]
    return x, y


def panel_of(x: NDArray[np.float64], y: NDArray[np.float64]) -> Panel:
    endings = tuple(LAST - timedelta(weeks=back) for back in reversed(range(WEEKS)))
    year_ends = Occasion("Year's end", tuple(w for w in endings if w.month == 12 and w.day > 24))
    named = [(f"x{i}", v) for i, v in enumerate(x.T)] + [(f"y{j}", v) for j, v in enumerate(y.T)]
    return Panel(endings, tuple(Series(name, v, occasions=(year_ends,)) for name, v in named))


def timed_scan(panel: Panel) -> tuple[float, int]:
    """Seconds of one core for the whole scan, and how many pairs it lists."""
    inputs = [s.metric for s in panel.series if s.metric.startswith("x")]
    outputs = [s.metric for s in panel.series if s.metric.startswith("y")]
    started = process_time()
    found = scan(panel, drivers=set(inputs), driven=set(outputs))
    return process_time() - started, sum(1 for _ in found.listed())


def timed_loop(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Seconds a pandas loop over all pairs and lags would take, from a sample of pairs."""
    rng = np.random.default_rng(7)
    drivers, driven = pd.DataFrame(x), pd.DataFrame(y)
    started = process_time()
    for i, j in zip(rng.integers(0, x.shape[1], SAMPLE), rng.integers(0, y.shape[1], SAMPLE), strict=True):
        for lag in LAGS:
            drivers[i].shift(lag).corr(driven[j])
    return (process_time() - started) * x.shape[1] * y.shape[1] / SAMPLE


def timed_claims(panel: Panel) -> float:
    claims = [
        Link(driver=f"x{n}", driven=f"y{n % 50}", sign="+", lag_weeks=(1, 6), because="it was said")
        for n in range(200)
    ]
    started = process_time()
    link_tests(panel, claims)
    return process_time() - started


def main() -> int:
    inputs = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    outputs = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    x, y = a_company(inputs, outputs)
    panel = panel_of(x, y)
    with threadpool_limits(1):
        scan(panel_of(x[:, :20], y[:, :5]))  # Imports are not the engine's time.
        runs = [timed_scan(panel) for _ in range(3)]
        took, listed = min(runs)
        loop = timed_loop(x, y)
        print(
            f"{inputs} inputs x {outputs} outputs x {len(LAGS)} lags, {WEEKS} weeks: {took:.2f} s of a core "
            f"(runs: {', '.join(f'{seconds:.2f}' for seconds, _ in runs)}), {listed} pairs listed"
        )
        print(
            f"the same correlations in a pandas loop, from {SAMPLE} pairs: {loop:.0f} s, "
            f"{loop / took:.0f} times as long"
        )
        claims = timed_claims(panel) if inputs >= 200 and outputs >= 50 else 0.0
        print(f"200 stated links over six lags each: {claims:.2f} s")
    return 0 if took < GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
