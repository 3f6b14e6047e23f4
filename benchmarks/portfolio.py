"""What a meeting would be shown of 500 metrics of which 75 truly changed, by five ways to pick signals.

python benchmarks/portfolio.py [--seeds 4] [--metrics 500] [--first-seed 7001]

The worlds are made here: amounts on a ratio scale over 157 weeks, with memory 0 to 0.7, noise 2 to 10%,
growth of −10 to 25% a year, half of them with a season, most with holidays that move. In the newest week 25
spike by 4 to 6 sigma; 50 have shifted by 2 to 3.5 sigma within the newest 8 weeks. Sigma is the usual
deviation of a metric from its own level. The seeds were not used while the engine was written.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from metrics.signals import EIGHT_IN_A_ROW, THREE_OF_FOUR, Happening, Judged, Weekly, closing, judge_all, xmr

WEEKS = 157
LAST = date(2026, 5, 9)
ENDINGS = tuple(LAST - timedelta(weeks=back) for back in reversed(range(WEEKS)))
SPIKES, SHIFTS = 25, 50
YEAR = 52  # Weeks back to the week that is compared year on year.


@dataclass(frozen=True)
class World:
    """One portfolio: metrics × weeks, and which metrics truly changed."""

    values: NDArray[np.float64]
    spiked: NDArray[np.bool_]
    shifted: NDArray[np.bool_]
    happenings: tuple[Happening, ...]

    def weeklies(self, calendar: bool = True) -> list[Weekly]:
        """The metrics as the engine takes them, with or without the calendar."""
        known = self.happenings if calendar else ()
        return [
            Weekly(f"m{i}", ENDINGS, row, log=True, happenings=known) for i, row in enumerate(self.values)
        ]


def holidays() -> tuple[Happening, ...]:
    """Six recurring events of which two move: each three times, once a year."""
    names = {
        "New year": ((2024, 1, 6), (2025, 1, 4), (2026, 1, 3)),
        "Spring feast": ((2024, 3, 30), (2025, 4, 19), (2026, 4, 4)),
        "Summer sale": ((2023, 7, 8), (2024, 7, 6), (2025, 7, 5)),
        "Harvest": ((2023, 9, 30), (2024, 10, 12), (2025, 10, 4)),
        "Black week": ((2023, 11, 25), (2024, 11, 30), (2025, 11, 29)),
        "Christmas": ((2023, 12, 30), (2024, 12, 28), (2025, 12, 27)),
    }
    return tuple(Happening(n, "recurring", tuple(date(*d) for d in days)) for n, days in names.items())


def world(seed: int, metrics: int = 500, *, changed: bool = True) -> World:
    """One portfolio, drawn from a seed; the share of changed metrics is the same at any size."""
    rng = np.random.default_rng(seed)
    weeks = np.arange(WEEKS)
    memory = rng.uniform(0, 0.7, metrics)
    noise = rng.uniform(0.02, 0.10, metrics)
    shocks = rng.normal(0, 1, (metrics, WEEKS)) * np.sqrt(1 - memory**2)[:, None]
    off = np.zeros((metrics, WEEKS))
    off[:, 0] = rng.normal(0, 1, metrics)
    for week in range(1, WEEKS):
        off[:, week] = memory * off[:, week - 1] + shocks[:, week]
    order = rng.permutation(metrics)
    spiked, shifted = np.zeros(metrics, bool), np.zeros(metrics, bool)
    if changed:
        spikes, shifts = SPIKES * metrics // 500, SHIFTS * metrics // 500
        spiked[order[:spikes]] = True
        shifted[order[spikes : spikes + shifts]] = True
    side = rng.choice((-1.0, 1.0), metrics)
    off[spiked, -1] += (side * rng.uniform(4, 6, metrics))[spiked]
    since = rng.integers(WEEKS - 8, WEEKS, metrics)
    off += (shifted * side * rng.uniform(2, 3.5, metrics))[:, None] * (weeks >= since[:, None])

    growth = np.log1p(rng.uniform(-0.10, 0.25, metrics))[:, None] * weeks / 52.1775
    seasonal = rng.random(metrics) < 0.5
    season = np.zeros((metrics, WEEKS))
    for wave in (1, 2):
        size = rng.uniform(0.05, 0.25, metrics) / wave
        turn = rng.uniform(0, 2 * np.pi, metrics)
        season += size[:, None] * np.sin(2 * np.pi * wave * weeks / 52.1775 + turn[:, None])
    known = holidays()
    lift = np.zeros((metrics, WEEKS))
    for happening in known:
        effect = rng.normal(0, 0.15, metrics) * (rng.random(metrics) < 0.7)
        lift[:, [ENDINGS.index(week) for week in happening.week_endings]] += effect[:, None]
    log = np.log(1000) + growth + seasonal[:, None] * season + lift + noise[:, None] * off
    return World(np.exp(log), spiked, shifted, known)


# --- five ways to pick ------------------------------------------------------------------------


def week_on_week(world: World) -> NDArray[np.bool_]:
    return np.abs(world.values[:, -1] / world.values[:, -2] - 1) > 0.10


def year_on_year(world: World) -> NDArray[np.bool_]:
    return np.abs(world.values[:, -1] / world.values[:, -1 - YEAR] - 1) > 0.10


def plain_xmr(world: World) -> NDArray[np.bool_]:
    """Three rules on limits from all weeks."""

    def flagged(row: NDArray[np.float64]) -> bool:
        chart, last = xmr(row), len(row) - 1
        rules = (closing(rule, chart.z) for rule in (THREE_OF_FOUR, EIGHT_IN_A_ROW))
        return last in chart.beyond or any(last in places for places in rules)

    return np.array([flagged(row) for row in world.values])


def tiers(judged: tuple[Judged, ...], *wanted: str) -> NDArray[np.bool_]:
    return np.array([one.tier[-1] in wanted for one in judged])


@dataclass(frozen=True)
class Score:
    """What one way showed: means over worlds."""

    flagged: float
    false: float
    spikes: float
    shifts: float

    @property
    def precision(self) -> float:
        """Share of what was shown that had truly changed."""
        return 1 - self.false / self.flagged if self.flagged else float("nan")


def score(picks: list[NDArray[np.bool_]], worlds: list[World]) -> Score:
    each = [
        (
            pick.sum(),
            (pick & ~w.spiked & ~w.shifted).sum(),
            pick[w.spiked].mean(),
            pick[w.shifted].mean(),
        )
        for pick, w in zip(picks, worlds, strict=True)
    ]
    return Score(*(float(v) for v in np.mean(each, axis=0)))


def scores(seeds: list[int], metrics: int = 500) -> dict[str, Score]:
    """The table, by the name of each way."""
    worlds = [world(seed, metrics) for seed in seeds]
    ways: dict[str, Callable[[World], NDArray[np.bool_]]] = {
        "week on week beyond 10%": week_on_week,
        "year on year beyond 10%": year_on_year,
        "plain XmR, three rules": plain_xmr,
    }
    found = {name: score([way(w) for w in worlds], worlds) for name, way in ways.items()}
    for told, calendar in (("", True), (", no calendar", False)):
        judged = [judge_all(w.weeklies(calendar)) for w in worlds]
        found[f"exception{told}"] = score([tiers(j, "exception") for j in judged], worlds)
        found[f"exception + watch{told}"] = score([tiers(j, "exception", "watch") for j in judged], worlds)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--metrics", type=int, default=500)
    parser.add_argument("--first-seed", type=int, default=7001)
    told = parser.parse_args()
    seeds = list(range(told.first_seed, told.first_seed + told.seeds))
    print(f"{told.metrics} metrics, {told.seeds} worlds; 15% of the metrics truly changed; newest week")
    print(f"{'shown to the meeting':32}{'flagged':>9}{'false':>8}{'precise':>9}{'spikes':>8}{'shifts':>8}")
    for name, s in scores(seeds, told.metrics).items():
        print(f"{name:32}{s.flagged:9.1f}{s.false:8.1f}{s.precision:9.0%}{s.spikes:8.0%}{s.shifts:8.0%}")


if __name__ == "__main__":
    main()
