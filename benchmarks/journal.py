"""Eight processes that write 500 facts each at once, and reads of the current state meanwhile and after.

python benchmarks/journal.py [--quick]

Every write is made for good (synced to the disk) before the next one of its process. Nothing may be
lost or refused.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from metrics.journal import Journal
from tests.postgres import AbsentError, cluster

NOON = datetime(2026, 5, 11, 12, tzinfo=UTC)
PROCESSES = 8


def write(url: str, who: int, writes: int, into: int) -> None:
    """One process: so many facts; says how long each one took, in ms, or that it was refused."""
    journal = Journal(url)
    for number in range(writes):
        begun = time.perf_counter()
        journal.append(
            "answer.given",
            f"metric_{(who * writes + number) % 500}",
            {"who": who, "n": number, "answer": "explained", "cause": "A truck was late and stock ran out."},
            author=f"person_{who}",
            at=NOON + timedelta(seconds=number),
            because="Asked the carrier",
        )
        os.write(into, f"{(time.perf_counter() - begun) * 1000:.2f}\n".encode())


def started(url: str, who: int, writes: int) -> tuple[int, int]:
    """A forked writer: its process id, and where it speaks."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write(url, who, writes, into)
        except BaseException:  # noqa: BLE001 - whatever it was must be told before the process ends
            os.write(into, f"refused: {traceback.format_exc()!r}\n".encode())
        finally:
            os._exit(0)
    os.close(into)
    return child, out


def ended(child: int) -> bool:
    """Whether a process is done; its lines (500 are 4 KB) find room in the pipe, so it waits for nobody."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def milliseconds(task, times: int = 20) -> str:
    """Median and longest time of a task."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        task()
        took.append((time.perf_counter() - begun) * 1000)
    return f"{statistics.median(took):.1f} ms (longest {max(took):.1f})"


def measured(name: str, url: str, writes: int) -> int:
    """Print what was measured; return how many facts are missing or were refused."""
    begun = time.perf_counter()
    children = [started(url, who, writes) for who in range(PROCESSES)]
    journal, reads = Journal(url), []
    while not all(ended(child) for child, _ in children):
        at = time.perf_counter()
        journal.newest("answer")
        reads.append((time.perf_counter() - at) * 1000)
        time.sleep(0.05)
    seconds = time.perf_counter() - begun
    told = []
    for child, out in children:
        with os.fdopen(out, "rb") as said:
            told += said.read().decode().split("\n")[:-1]
        os.waitpid(child, 0)
    refused = [line for line in told if line.startswith("refused")]
    took = sorted(float(line) for line in told if not line.startswith("refused"))
    kept = {(fact.body["who"], fact.body["n"]) for fact in journal.facts()}
    lost = PROCESSES * writes - len(kept)
    audit = journal.verify()
    print(
        f"{name}: {PROCESSES} processes x {writes} writes in {seconds:.1f} s "
        f"({len(took) / seconds:.0f} a second); {lost} lost, {len(refused)} refused"
    )
    print(
        f"  a write {statistics.median(took):.1f} ms, 99% below {took[int(len(took) * 0.99)]:.0f}, "
        f"longest {took[-1]:.0f}; meanwhile {len(reads)} reads of the state, "
        f"{statistics.median(reads):.1f} ms (longest {max(reads):.0f})"
    )
    print(f"  {audit.sentence}")
    print(
        f"  afterwards: state of 500 {milliseconds(lambda: journal.newest('answer'))}, "
        f"version {milliseconds(lambda: journal.version)}, "
        f"search {milliseconds(lambda: journal.search('truck nowhere'), 5)}, "
        f"audit {milliseconds(journal.verify, 5)}"
    )
    for line in refused:
        print(line, file=sys.stderr)
    return lost + len(refused) + (not audit.ok)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="50 writes a process")
    writes = 50 if parser.parse_args().quick else 500
    with tempfile.TemporaryDirectory() as folder:
        wrong = measured("SQLite", f"sqlite:///{folder}/journal.sqlite", writes)
    try:
        with cluster(safe=True) as server:
            wrong += measured("PostgreSQL", server.url("bench"), writes)
    except AbsentError as error:
        print(f"PostgreSQL was left out: {error}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
