"""How long `wbr prepare` takes on 500 metrics: the first time, and again when all is done.

python benchmarks/monday.py [--metrics 500]

Half are inputs, half outputs, with three years of days in one CSV file, ten to a section, 20 goals and 40
stated links. The first run loads, judges six weeks, forecasts, scans all pairs, builds the deck and makes its
files. The other side is what the first visitor would wait for without it: the newest week judged, the deck
built, the goals forecast and the pairs scanned.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from metrics import open_workspace
from metrics.reviews.readiness import Readiness

ENDING = date(2026, 5, 9)
DAYS = 3 * 364
A_SECTION = 10


def workspace(folder: Path, metrics: int) -> None:
    """Write the definitions and the numbers."""
    dice = np.random.default_rng(1)
    names = [f"m{n:03}" for n in range(metrics)]
    levels = dice.lognormal(6, 1, metrics)
    values = levels * dice.lognormal(0, 0.05, (DAYS, metrics))
    first = ENDING - timedelta(days=DAYS - 1)
    lines = [",".join(["day", *names])]
    lines += [
        ",".join([str(first + timedelta(days=n)), *(f"{v:.2f}" for v in row)]) for n, row in enumerate(values)
    ]
    (folder / "days.csv").write_text("\n".join(lines) + "\n")
    half = metrics // 2
    columns = ", ".join(f"{name}: {name}" for name in names)
    sections = [names[n : n + A_SECTION] for n in range(0, metrics, A_SECTION)]
    told = [
        "company: {name: Large, time_zone: America/New_York, now: 2026-05-11T07:00}",
        "people: {ann: {name: Ann Lee, roles: [owner]}}",
        f"sources: {{days: {{csv: days.csv, date: {{column: day}}, series: {{{columns}}}}}}}",
        "metrics:",
        *(
            f"  {name}: {{name: Metric {n}, kind: {'input' if n < half else 'output'}, owner: ann, "
            f"unit: number, better: up, measure: {{how: total, series: {name}}}}}"
            for n, name in enumerate(names)
        ),
        "links:",
        *(
            f"  - {{driver: {names[n]}, driven: {names[half + n]}, sign: +, lag_weeks: [0, 2], because: b}}"
            for n in range(40)
        ),
        "goals:",
        *(
            f"  - {{name: Goal {n}, metric: {names[half + n]}, period: {{year: 2026}}, "
            f"value: {levels[half + n] * 364:.0f}, owner: ann}}"
            for n in range(20)
        ),
        "decks:",
        "  company:",
        "    title: Large review",
        "    sections:",
        *(
            f"      - {{title: Section {n}, blocks: [{', '.join(some)}]}}"
            for n, some in enumerate(sections, 1)
        ),
    ]
    (folder / "large.yaml").write_text("\n".join(told) + "\n")


def timed(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def prepared(folder: Path, steps: bool) -> Readiness:
    """One run in a workspace opened for it, told step by step."""
    step_before, since = "", time.perf_counter()

    def tell(step: str, _: float) -> None:
        nonlocal step_before, since
        kind = " ".join(step.split()[:2])
        if steps and kind != step_before:
            now = time.perf_counter()
            if step_before:
                print(f"  {step_before}: {now - since:.1f} s")
            step_before, since = kind, now

    house = open_workspace(folder)
    with house.preparing.alone(print):
        return house.preparing.prepare(by="bench", gates=(), progress=tell)


def visited(folder: Path) -> None:
    """What the pages of a first visitor ask for."""
    house = open_workspace(folder)
    house.deck()
    house.goals.tracks()
    house.evidence.links()
    house.exporting.exported(None, "pdf")


def main() -> None:
    """Print both sides."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--metrics", type=int, default=500)
    metrics = asked.parse_args().metrics
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace(folder, metrics)
        print(f"{metrics} metrics, {DAYS} days")
        first = timed(lambda: prepared(folder, steps=True))
        again = timed(lambda: prepared(folder, steps=True))
        ready = timed(lambda: visited(folder))
        for kept in (folder / "prepared").iterdir():
            kept.unlink()
        unready = timed(lambda: visited(folder))
    print(f"prepared in {first:.1f} s; again {again:.1f} s, {again / first:.2f} of it")
    print(f"the first visitor: {ready:.1f} s prepared, {unready:.1f} s not; {ready / unready:.2f} of it")


if __name__ == "__main__":
    main()
