"""How long the signals of 500 metrics over 157 weeks take, cold, on one core.

python benchmarks/signals.py [METRICS]

Every week is judged as it was when it was the newest, so this is the whole history and not the newest week
alone. Told apart: a portfolio with one calendar and no gaps; the same with gaps, events in the scope of
single metrics, and declared levels; one metric by itself.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from time import process_time

import numpy as np

from benchmarks.portfolio import ENDINGS, WEEKS, world
from metrics.signals import Happening, Weekly, judge, judge_all

GOAL = 3.0  # Seconds for 500 metrics, tidy or not.


def untidy(weeklies: Sequence[Weekly]) -> list[Weekly]:
    """The same metrics as companies have them."""
    rng = np.random.default_rng(1)
    found = []
    for place, weekly in enumerate(weeklies):
        values = weekly.values.copy()
        if place % 3 == 0:
            values[rng.integers(0, WEEKS, 3)] = np.nan
        happenings, dividers = weekly.happenings, weekly.dividers
        if place % 10 == 0:
            happenings = (*happenings, Happening("Outage", "one_off", (ENDINGS[rng.integers(60, WEEKS)],)))
        if place % 25 == 0:
            dividers = (ENDINGS[100],)
        if place % 50 == 1:
            happenings = (*happenings, Happening("Own sale", "recurring", ENDINGS[10::26]))
        found.append(replace(weekly, values=values, happenings=happenings, dividers=dividers))
    return found


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    weeklies = world(7000, count).weeklies()
    judge_all(weeklies[:3])  # Imports and the library's first call are not the engine's time.
    took = {}
    for name, these in (("one calendar", weeklies), ("untidy", untidy(weeklies))):
        tries = []
        for _ in range(3):  # The quickest: a busy machine makes any of them slower and none faster.
            started = process_time()
            judge_all(these)
            tries.append(process_time() - started)
        took[name] = min(tries)
        print(f"{count} metrics x {WEEKS} weeks, {name}: {took[name]:.2f} s of one core")
    started = process_time()
    for weekly in weeklies[:5]:
        judge(weekly)
    print(f"one metric by itself: {(process_time() - started) / 5 * 1000:.0f} ms")
    return 0 if max(took.values()) < GOAL * count / 500 else 1


if __name__ == "__main__":
    raise SystemExit(main())
