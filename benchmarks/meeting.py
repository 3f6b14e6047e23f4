"""A meeting: fifty people open the deck in the same ten seconds, ten of them answer.

python benchmarks/meeting.py [--people 50] [--answering 10] [--within 10] [--workspace FOLDER]

The demo company is built and served in a process of its own. Each person is what a browser is to the server
(see tests/visitor.py): opens the deck at a random moment of the ten seconds, then goes to the week before and
back; those who answer open their metric's page, type, and press the button. All of them answer for the same
metric, so that each is told of the one who was first and presses again, as people do. Last, one more person
clicks while all the others are still connected. What a browser draws is not in these times; the crowd takes
its share of the same processors.

Then as many people do the same on an empty page of Streamlit's own, at the same moments: what is left is what
the platform costs. Seconds of processor are told beside the times, because other work of the machine does not
change them.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.crowd import ANSWERED, SPEAKER, WEEK, Tally, busy, demo, memory, processor
from tests.browser import started, wait_for
from tests.serving import free_port
from tests.visitor import Visitor

BEFORE = "2026-05-02"
PRESSES = 12  # Before somebody gives up answering.


def reader(address: str, tally: Tally, wait: float, stay: Barrier) -> None:
    """Opens the deck, looks at the week before, comes back."""
    time.sleep(wait)
    with tally.noting("reader"), Visitor(address) as tab:
        tally.add("open the deck", tab.took)
        for week, action in ((BEFORE, "week before"), (WEEK, "week again")):
            tab.go(f"week={week}")
            tally.add(action, tab.took)
        checked(tab, tally)
        together(stay)


def speaker(address: str, tally: Tally, number: int, wait: float, stay: Barrier) -> None:
    """Opens the deck, then the metric, and answers."""
    time.sleep(wait)
    answer = f"answer:{ANSWERED}:{WEEK}"
    with tally.noting("speaker"):
        with Visitor(address) as tab:
            tally.add("open the deck", tab.took)
        with Visitor(address, "metric", f"metric={ANSWERED}&week={WEEK}&as={SPEAKER}") as tab:
            tally.add("open the metric", tab.took)
            words = f"Answer of person {number}"
            tab.type(f"draft {SPEAKER} {answer}", words)
            tally.add("type the answer", tab.took)
            for _ in range(PRESSES):
                tab.click(f"{answer} go")
                tally.add("press Answer", tab.took)
                if any(said.startswith("Answered") for said in tab.said):
                    break
                tab.type(f"draft {SPEAKER} {answer}", words)
            else:
                tally.wrong.append(f"person {number} could not answer: {tab.said[-3:]}")
            checked(tab, tally)
            together(stay)


def together(stay: Barrier) -> None:
    """Stay connected until everybody is done, or until somebody failed."""
    with suppress(BrokenBarrierError):  # Somebody failed and says so; nobody waits for them.
        stay.wait()


@contextmanager
def empty(folder: Path) -> Iterator[tuple[str, int]]:
    """A page of Streamlit that shows nothing, served with our settings; its address and its process."""
    (folder / "empty.py").write_text("import streamlit\n", encoding="utf-8")
    port = free_port()
    settings = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.enableWebsocketCompression": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "logger.level": "error",
    }
    command = [sys.executable, "-m", "streamlit", "run", "empty.py"]
    command += [f"--{name}={value}" for name, value in settings.items()]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(20)


def on_nothing(address: str, process: int, tally: Tally, waits: list[float]) -> float:
    """The same people on an empty page; seconds of the server's processor for one run of it."""

    def looks(wait: float) -> None:
        time.sleep(wait)
        with tally.noting("reader of nothing"), Visitor(address) as tab:
            tally.add("open an empty page", tab.took)
            for week in (BEFORE, WEEK):
                tab.go(f"week={week}")
                tally.add("rerun an empty page", tab.took)
            together(stay)

    Visitor(address).__exit__(None, None, None)
    stay, used = Barrier(len(waits), timeout=300), processor(process)
    with ThreadPoolExecutor(len(waits)) as pool:
        list(pool.map(looks, waits))
    return (processor(process) - used) / (3 * len(waits))


def checked(tab: Visitor, tally: Tally) -> None:
    """A page that broke counts as an error."""
    tally.wrong += tab.broken
    if "cannot be" in tab.text or "did not work" in tab.text:
        tally.wrong.append(tab.text[-300:])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--answering", type=int, default=10)
    parser.add_argument("--within", type=float, default=10.0, help="seconds")
    parser.add_argument("--workspace", type=Path, help="the demo, built before; it is written to")
    asked = parser.parse_args()
    chance, tally = random.Random(7), Tally()
    with tempfile.TemporaryDirectory() as made:
        folder = demo(asked.workspace or Path(made) / "wrenfield")
        with started(folder) as (address, process):
            Visitor(address).__exit__(None, None, None)
            before, begun = memory(process), time.perf_counter()
            used, own = processor(process), time.process_time()
            waits = [chance.uniform(0, asked.within) for _ in range(asked.people)]
            stay = Barrier(asked.people + 1, timeout=300)
            with ThreadPoolExecutor(asked.people) as pool:
                for number, wait in enumerate(waits):
                    if number < asked.answering:
                        pool.submit(speaker, address, tally, number, wait, stay)
                    else:
                        pool.submit(reader, address, tally, wait, stay)
                while stay.n_waiting < asked.people and not tally.wrong and time.perf_counter() - begun < 280:
                    time.sleep(0.05)
                whole, crowded = time.perf_counter() - begun, memory(process)
                used, own = processor(process) - used, time.process_time() - own
                with Visitor(address) as last:
                    tally.add("one more opens", last.took)
                    last.go(f"week={BEFORE}")
                    tally.add("one more clicks", last.took)
                if tally.wrong:
                    stay.abort()
                else:
                    together(stay)
            time.sleep(5)
            after = memory(process)
        runs = sum(len(each) for each in tally.seconds.values()) - 2  # Without those of the one more.
        with empty(Path(made)) as (address, process):
            nothing = on_nothing(address, process, tally, waits)
    print(f"{asked.people} people within {asked.within:g} s, {asked.answering} answering; {busy()}")
    print(tally.told())
    print(
        f"all done after {whole:.1f} s; memory of the server {before:.0f} MB before, {crowded:.0f} MB with "
        f"everybody there, {after:.0f} MB when all had gone"
    )
    print(
        f"processor: {used:.1f} s of the server for {runs} runs of a page, {used / runs * 1000:.0f} ms each; "
        f"{own:.1f} s of the crowd; an empty page of Streamlit takes {nothing * 1000:.0f} ms a run"
    )
    raise SystemExit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
