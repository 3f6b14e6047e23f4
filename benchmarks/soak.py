"""A working day in twenty minutes: people come and go, load, answer, change weeks; does the memory grow?

python benchmarks/soak.py [--minutes 20] [--people 6] [--load-every 20] [--workspace FOLDER]

The demo company is built and served in a process of its own. Each person opens a page as a new visitor, looks
at some weeks, now and then answers, and leaves; the next one comes at once. Meanwhile the numbers are told
differently and loaded by a command of its own, so that every deck has to be built anew. The memory of the
server is noted every five seconds; its slope is that of a straight line through the last two thirds, when
every cache is full.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import linear_regression
from threading import Event, Thread

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.crowd import ANSWERED, SPEAKER, WEEK, Tally, busy, demo, memory, wbr
from tests.browser import started
from tests.visitor import Visitor

PAGES = ("", "", "", "metric", "owners", "goals", "flywheel", "sources")
WEEKS = ("2026-05-09", "2026-05-02", "2026-04-25", "2026-04-18", "2026-04-11", "2026-03-28", "2026-02-07")
METRICS = ("conversion", "sessions", "gmv", "failed_checkouts", "orders")
EVERY = 5.0  # Seconds between two looks at the memory.


def person(address: str, tally: Tally, number: int, stop: Event) -> None:
    """Visits one after the other, until stopped."""
    chance = random.Random(number)
    while not stop.is_set():
        with tally.noting("visitor"):
            visit(address, tally, chance, number)
        stop.wait(chance.uniform(0.1, 1.0))


def visit(address: str, tally: Tally, chance: random.Random, number: int) -> None:
    """One visit: a page, some weeks, perhaps an answer."""
    page = chance.choice(PAGES)
    metric = chance.choice(METRICS)
    query = f"metric={metric}&" if page == "metric" else ""
    with Visitor(address, page, f"{query}week={chance.choice(WEEKS)}") as tab:
        tally.add(f"open {page or 'the deck'}", tab.took)
        for _ in range(chance.randint(0, 3)):
            tab.go(f"{query}week={chance.choice(WEEKS)}")
            tally.add(f"week of {page or 'the deck'}", tab.took)
        tally.wrong += tab.broken
    if chance.random() < 0.15:
        answer = f"answer:{ANSWERED}:{WEEK}"
        with Visitor(address, "metric", f"metric={ANSWERED}&week={WEEK}&as={SPEAKER}") as tab:
            tab.type(f"draft {SPEAKER} {answer}", f"Person {number} at {time.time():.0f}")
            tab.click(f"{answer} go")
            tally.add("answer", tab.took)
            tally.wrong += tab.broken


def restating(folder: Path, tally: Tally, every: float, stop: Event) -> None:
    """The last day of a file is told differently, and loaded, again and again."""
    number = 0
    while not stop.wait(every):
        number += 1
        with tally.noting("load"):
            restated(folder, number)
            tally.add("wbr load", wbr(folder, "load"))


def restated(folder: Path, number: int) -> None:
    """Change the last number of the service's file."""
    source = folder / "series" / "service.csv"
    lines = source.read_text(encoding="utf-8").splitlines()
    cells = lines[-1].split(",")
    place = max(n for n, cell in enumerate(cells) if cell.replace(".", "", 1).isdigit())
    cells[place] = str(round(float(cells[place])) + (1 if number % 2 else -1))
    source.write_text("\n".join([*lines[:-1], ",".join(cells)]) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--load-every", type=float, default=20.0, help="seconds")
    parser.add_argument("--workspace", type=Path, help="the demo, built before; it is written to")
    asked = parser.parse_args()
    tally, stop, held = Tally(), Event(), list[tuple[float, float]]()
    with tempfile.TemporaryDirectory() as made:
        folder = demo(asked.workspace or Path(made) / "wrenfield")
        with started(folder) as (address, process):
            before, begun = memory(process), time.monotonic()
            work = [
                Thread(target=person, args=(address, tally, number, stop)) for number in range(asked.people)
            ]
            work.append(Thread(target=restating, args=(folder, tally, asked.load_every, stop)))
            for each in work:
                each.start()
            while (passed := time.monotonic() - begun) < asked.minutes * 60:
                held.append((passed / 60, memory(process)))
                time.sleep(EVERY)
            stop.set()
            for each in work:
                each.join()
            time.sleep(15)
            after = memory(process)
    late = [one for one in held if one[0] > asked.minutes / 3]
    slope = linear_regression(*zip(*late, strict=True)).slope
    print(f"{asked.minutes:g} minutes, {asked.people} people coming and going; {busy()}")
    print(tally.told())
    shown = held[:: max(len(held) // 12, 1)]
    print("memory, MB: " + ", ".join(f"{at:.0f}′ {size:.0f}" for at, size in shown))
    print(
        f"{before:.0f} MB before, {max(size for _, size in held):.0f} at most, {after:.0f} after; "
        f"slope of the last two thirds {slope:+.2f} MB a minute"
    )
    raise SystemExit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
