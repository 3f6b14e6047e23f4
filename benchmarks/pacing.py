"""Are forecasts of 13-week totals any good, and how long do 500 with backtests take?

python benchmarks/pacing.py [--metrics 50] [--seeds 3] [--series 100] [--processes 2] [--skip-accuracy]

Accuracy: the newest 13 weeks are cut off, forecast and compared, on the demo's truth (other seeds than the
demo's own) and on amounts made here: 120 to 260 weeks with memory 0 to 0.7, noise 2 to 10%, growth of −10 to
25% a year, a level that wanders, and for half of them a season. Printed are the mean absolute error of
the total, in percent of it, of each member and of their combination; by how much the mean of three is better,
with two standard errors of that difference; and how often the 80% range covers what came. The third table
takes the amounts of `benchmarks/portfolio.py`, whose season repeats without ever changing: there the season
alone is the truth, and what is averaged with it makes it worse.

Time: on a busy machine it is measured on fewer metrics and told for 500.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.portfolio import world
from metrics.demo import truth
from metrics.pacing import Pace, Standing, paces
from metrics.periods import Period

WEEKS = 13
LAST = date(2026, 5, 9)
ALLOWED = 180.0  # seconds for 500 metrics on two processes
FIRST_SEED = 9001  # Of draws that were not looked at while the recipe was written.
COVERS = (0.75, 0.92)
MEMBERS = ("damped_trend", "seasonal", "last_year")
MEAN = "mean of three"

Series = NDArray[np.float64]


def amounts(seed: int, count: int) -> Iterator[Series]:
    """Amounts of a business, one per week: trend, season, memory and a level that wanders."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        weeks = int(rng.integers(120, 261))
        time_ = np.arange(weeks)
        noise, memory = rng.uniform(0.02, 0.10), rng.uniform(0, 0.7)
        shocks = rng.normal(0, noise * np.sqrt(1 - memory**2), weeks)
        carried = np.zeros(weeks)
        for week in range(weeks):
            carried[week] = shocks[week] + (memory * carried[week - 1] if week else 0.0)
        level = np.log(1 + rng.uniform(-0.10, 0.25)) / 52 * time_ + np.cumsum(rng.normal(0, 0.004, weeks))
        if number % 2:
            phase, height = rng.uniform(0, 2 * np.pi, 2), rng.uniform(0.03, 0.20)
            level += height * np.sin(2 * np.pi * time_ / 52.1775 + phase[0])
            level += height / 3 * np.sin(4 * np.pi * time_ / 52.1775 + phase[1])
        yield rng.lognormal(8, 2) * np.exp(level + carried)


def demo(seeds: Sequence[int]) -> Iterator[Series]:
    """Every series of the demo's truth, for each seed."""
    for seed in seeds:
        yield from truth.simulate(seed).values()


def cut(series: Series) -> tuple[Standing, float]:
    """A goal on the total of the newest 13 weeks, as it stood before them, and what came."""
    ends = LAST - timedelta(weeks=WEEKS)
    period = Period(ends + timedelta(days=1), LAST)
    return Standing(tuple(series[:-WEEKS].tolist()), ends, period, "total"), float(series[-WEEKS:].sum())


@dataclass(frozen=True)
class Accuracy:
    """Percent errors of the total, one per series, by who made it; and how often the range held it."""

    missed: dict[str, Series]
    covered: float

    @property
    def errors(self) -> dict[str, float]:
        """The errors on average."""
        return {who: float(each.mean()) for who, each in self.missed.items()}

    def gain(self, member: str) -> tuple[float, float]:
        """By how many points the mean of three is better than a member, and two standard errors of it."""
        gained = self.missed[member] - self.missed[MEAN]
        return float(gained.mean()), 2 * float(gained.std(ddof=1)) / len(gained) ** 0.5


def accuracy(series: Sequence[Series], *, processes: int = 1) -> Accuracy:
    """Compare what was forecast with what came; only series on which all members were combined count."""
    cuts = [cut(each) for each in series]
    found = paces([standing for standing, _ in cuts], processes=processes)
    all_three = [(p, came) for p, (_, came) in zip(found, cuts, strict=True) if len(p.members) == 3]
    missed: dict[str, list[float]] = {}
    for made, came in all_three:
        mean = sum(m.forecast_rest for m in made.members) / 3
        told = {m.name: m.forecast_rest for m in made.members} | {MEAN: mean}
        for who, forecast in (told | {"as combined": _total(made)}).items():
            missed.setdefault(who, []).append(abs(forecast / came - 1) * 100)
    held = [
        p.low80 <= came <= p.high80 for p, came in all_three if p.low80 is not None and p.high80 is not None
    ]
    return Accuracy({who: np.array(each) for who, each in missed.items()}, float(np.mean(held)))


def _total(made: Pace) -> float:
    assert made.total is not None
    return made.total


def report(what: str, measured: Accuracy) -> None:
    print(f"{what}, {len(measured.missed[MEAN])} series: error of the 13-week total")
    for who, error in sorted(measured.errors.items(), key=lambda item: item[1]):
        gained, unsure = measured.gain(who)
        told = f"; the mean of three is {gained:+.2f} points better, ± {unsure:.2f}" if who in MEMBERS else ""
        print(f"  {who:14} {error:5.2f}%{told}")
    low, high = COVERS
    print(f"  80% range covers {measured.covered:.2f} (asked: {low} to {high})")


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--metrics", type=int, default=50)
    ask.add_argument("--seeds", type=int, default=3)
    ask.add_argument("--series", type=int, default=100)
    ask.add_argument("--processes", type=int, default=2)
    ask.add_argument("--skip-accuracy", action="store_true")
    asked = ask.parse_args()
    standings = [cut(series)[0] for series in amounts(1, asked.metrics)]
    started = time.perf_counter()
    paces(standings[:16], processes=asked.processes)
    few = time.perf_counter() - started
    started = time.perf_counter()
    paces(standings, processes=asked.processes)
    taken = time.perf_counter() - started
    # Starting the processes costs the same for 16 as for all, so it is not multiplied.
    each = (
        max(taken - few, 0.0) / max(len(standings) - 16, 1) if len(standings) > 16 else taken / len(standings)
    )
    told = taken + each * (500 - len(standings))
    print(
        f"{len(standings)} metrics with backtests in {asked.processes} processes: {taken:.1f} s, "
        f"{each:.3f} s for one more; 500 would take {told:.0f} s, {told / ALLOWED:.2f} of the time allowed"
    )
    if not asked.skip_accuracy:
        seeds = range(FIRST_SEED, FIRST_SEED + asked.seeds)
        report("The demo's truth", accuracy(list(demo(seeds)), processes=asked.processes))
        made = list(amounts(FIRST_SEED, asked.series))
        report("Amounts made here", accuracy(made, processes=asked.processes))
        signals = list(world(FIRST_SEED, asked.series, changed=False).values)
        report("The world of the signals, unchanged", accuracy(signals, processes=asked.processes))


if __name__ == "__main__":
    main()
