"""Load in a loop beside an open dashboard and two people who write: nobody may see a lock or an old number.

The real server shows a small shop. One process changes the file, calls `wbr load` and notes the number that
is published, again and again; two more decide through the package (answers and questions). Visitors keep a
tab open each (see tests/visitor.py), two on the deck and two on the page of a metric, and click all the time.
What a click shows must be

- whole: both series tell the same load's number;
- new: not older than the last load that had come back before the click, nor than the last answer;
- a page: no exception, no banner, no word of a lock.

    python tests/torture/beside.py                  ten minutes
    python tests/torture/beside.py --seconds 20

Prints counts; exits with 1 if anybody saw anything else.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

sys.path.insert(0, str(Path(__file__).parents[2]))

from metrics import open_workspace
from tests.browser import LAST_WEEK, ROOT, a_shop, started
from tests.visitor import Visitor

VISITS, ORDERS = 4_000, 1_000  # Of the last week, plus the number of the load.
SHOWN = {
    "visits": re.compile(r"Visits: last week ([\d,]+)"),
    "orders": re.compile(r"Orders: last week ([\d,]+)"),
}
ANSWER = re.compile(r"Answer number (\d+)")
TROUBLE = re.compile(r"cannot be (?:read|opened|written)|did not work|is held by|being written|need mending")


def told(folder: Path, number: int) -> None:
    """The shop's file, telling a number in the last week."""
    source = folder / "shop.csv"
    lines = source.read_text(encoding="utf-8").splitlines()[:-7]
    for day in range(7):
        visits, orders = (VISITS + number, ORDERS + number) if day == 6 else (0, 0)
        lines.append(f"{LAST_WEEK - timedelta(days=6 - day)},{visits},{orders},{orders * 2}")
    part = source.with_suffix(".part")
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(source)


class Seen:
    """What was done and seen so far; threads share it.

    Attributes:
        loaded: Number of the last load that has come back.
        answered: Number of the last answer that has come back.
        clicks: Seconds that each click took.
        wrong: What nobody should have seen.
    """

    def __init__(self) -> None:
        self.loaded, self.answered, self.questions = 0, 0, 0
        self.clicks: list[float] = []
        self.wrong: list[str] = []


def loading(folder: Path, seen: Seen, stop: Event) -> None:
    """One load after the other, each by a command of its own."""
    while not stop.is_set():
        number = seen.loaded + 1
        told(folder, number)
        ran = subprocess.run(
            [sys.executable, "-m", "metrics.cli", "load"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            seen.wrong.append(f"wbr load: {ran.stderr.strip()}")
            return
        seen.loaded = number


def writing(folder: Path, seen: Seen, stop: Event, kind: str) -> None:
    """One person who decides, again and again."""
    saying = open_workspace(folder).loop.saying
    while not stop.is_set():
        if kind == "answer":
            number = seen.answered + 1
            saying.answer("visits", "routine", f"Answer number {number}", by="ada", week_ending=LAST_WEEK)
            seen.answered = number
        else:
            saying.ask("visits", f"Question {seen.questions}", by="ben", week_ending=LAST_WEEK)
            seen.questions += 1
        stop.wait(2.0)


def looking(address: str, page: str, query: str, seen: Seen, stop: Event) -> None:
    """One open tab, clicked all the time."""
    with Visitor(address, page, query) as tab:
        while not stop.is_set():
            loaded, answered = seen.loaded, seen.answered
            tab.run()
            seen.clicks.append(tab.took)
            seen.wrong += tab.broken
            text = tab.text
            if found := TROUBLE.search(text):
                seen.wrong.append(f"{page or 'review'}: …{text[max(found.start() - 100, 0) :][:300]}")
            shown = {name: int(m[1].replace(",", "")) for name, r in SHOWN.items() if (m := r.search(text))}
            base = {"visits": VISITS, "orders": ORDERS}
            numbers = {shown[name] - base[name] for name in shown}
            if loaded and (len(numbers) != 1 or min(numbers) < loaded):
                seen.wrong.append(f"{page or 'review'}: {shown}, though load {loaded} had come back")
            answers = [int(n) for n in ANSWER.findall(text)]
            if page and answered and max(answers, default=0) < answered:
                seen.wrong.append(f"{page}: answers {answers[-2:]}, though answer {answered} had come back")
            stop.wait(0.2)


def beside(folder: Path, seconds: float) -> Seen:
    """Let all of them work for some seconds; return what was seen."""
    seen, stop = Seen(), Event()

    def watched(work: Callable[..., None], *given: object) -> Thread:
        def run() -> None:
            try:
                work(*given)
            except Exception as error:  # noqa: BLE001 - whatever it was, nobody should have met it
                seen.wrong.append(f"{work.__name__}: {type(error).__name__}: {error}")

        return Thread(target=run)

    with started(folder) as (address, _):
        work = [watched(loading, folder, seen, stop)]
        work += [watched(writing, folder, seen, stop, kind) for kind in ("answer", "ask")]
        metric = "metric=visits&as=ada"
        for page, query in (("", ""), ("", "as=ben"), ("metric", metric), ("metric", metric)):
            work.append(watched(looking, address, page, query, seen, stop))
        for each in work:
            each.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and not seen.wrong:
            time.sleep(0.1)
        stop.set()
        for each in work:
            each.join()
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = a_shop(Path(made) / "shop")
        seen = beside(folder, asked.seconds)
        audit, broken = open_workspace(folder).loop.audit()
    clicks = sorted(seen.clicks) or [0.0]
    print(
        f"{asked.seconds:.0f} s: {seen.loaded} loads, {seen.answered} answers, {seen.questions} questions; "
        f"{len(clicks)} clicks by 4 tabs, half within {clicks[len(clicks) // 2]:.1f} s, 95% within "
        f"{clicks[len(clicks) * 95 // 100]:.1f} s, the slowest {clicks[-1]:.1f} s; {len(seen.wrong)} wrong. "
        f"{audit.sentence} Load of the machine: {os.getloadavg()[1]:.1f} (5 min)."
    )
    for line in (*seen.wrong[:20], *broken):
        print(line, file=sys.stderr)
    return 1 if seen.wrong or broken or not audit.ok else 0


if __name__ == "__main__":
    sys.exit(main())
