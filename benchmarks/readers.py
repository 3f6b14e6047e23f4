"""Readers of a published deck while two people write: how long the deck takes to come.

python benchmarks/readers.py [--readers 50] [--pause 5] [--seconds 30] [--every 5] [--workspace FOLDER]

The demo company is built and served in a process of its own, its week of 2 May published. Each reader is
what a browser is to the server: a websocket that asks for the page of that week and takes every message
until the server says that the page is whole; then it goes, and comes back after a pause as a new visitor.
Without a pause (`--pause 0`) the server is always full. What a browser draws is not in these times. Two
writers, each a process, answer and ask through the package every few seconds; each of their writes is a
new version of the journal, as in a real meeting. Before and after, the same readers read while nobody
writes. Beside it: the frozen file of the same deck, opened and held against its hash by as many threads
of one process, as an export or a page would.

Readers and writers run on the machine of the server and take its time.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).parents[1]))

from metrics import open_workspace
from metrics.cli import app
from metrics.demo.living import W0, W1
from tests.browser import served

SPEAKER, ANSWERED = "dov.stern", "failed_checkouts"
ASKER, ASKED = "ines.okafor", "conversion"
PATIENCE = 120.0


def opened(address: str, query: str) -> tuple[float, int]:
    """One visit: seconds until the page is whole, and bytes that came."""
    begun, size = time.perf_counter(), 0
    asked = BackMsg()
    asked.rerun_script.query_string = query
    host = address.removeprefix("http://")
    with connect(f"ws://{host}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as line:  # type: ignore[list-item]  # websockets names its own str type
        line.send(asked.SerializeToString())
        while True:
            told = line.recv(PATIENCE)
            size += len(told)
            message = ForwardMsg.FromString(told if isinstance(told, bytes) else told.encode())
            if message.WhichOneof("type") == "script_finished":
                return time.perf_counter() - begun, size


def read(address: str, query: str, readers: int, seconds: float, pause: float) -> list[tuple[float, int]]:
    """The visits of so many readers, each again and again with a pause; they begin one after another."""
    visits: list[tuple[float, int]] = []
    end, lock = time.monotonic() + seconds, Lock()

    def one(place: int) -> None:
        time.sleep(pause * place / readers)
        while time.monotonic() < end:
            visit = opened(address, query)
            with lock:
                visits.append(visit)
            time.sleep(pause)

    with ThreadPoolExecutor(readers) as pool:
        list(pool.map(one, range(readers)))
    return visits


def write(folder: Path, who: int, every: float, into: Connection) -> None:
    """One person at work until stopped; says how many seconds each write took."""
    saying = open_workspace(folder).loop.saying
    number = 0
    while True:
        begun = time.perf_counter()
        if who:
            saying.ask(ASKED, f"Question {number} of the benchmark", by=ASKER, week_ending=W0)
        else:
            saying.answer(ANSWERED, "routine", f"Answer {number}", by=SPEAKER, week_ending=W0)
        into.send(time.perf_counter() - begun)
        number += 1
        time.sleep(every)


@contextmanager
def writers(folder: Path, every: float) -> Iterator[list[float]]:
    """Two processes that write; the list holds the seconds of each write, once they are stopped."""
    new = get_context("spawn")
    ends = [new.Pipe(duplex=False) for _ in range(2)]
    people = [
        new.Process(target=write, args=(folder, who, every, into)) for who, (_, into) in enumerate(ends)
    ]
    took: list[float] = []
    for person, (out, into) in zip(people, ends, strict=True):
        person.start()
        into.close()
        if not out.poll(PATIENCE):
            raise SystemExit("A writer did not come to its first write.")
        took.append(out.recv())
    try:
        yield took
    finally:
        for person, (out, _) in zip(people, ends, strict=True):
            person.kill()
            person.join()
            with suppress(EOFError):  # The other end is closed: all was read.
                while True:
                    took.append(out.recv())


def frozen(folder: Path, readers: int) -> list[float]:
    """Seconds to open the frozen deck anew, by so many threads at once."""
    publishing = open_workspace(folder).loop.publishing

    def one(_: int) -> float:
        begun = time.perf_counter()
        publishing.document(publishing.edition(W1))
        return time.perf_counter() - begun

    with ThreadPoolExecutor(readers) as pool:
        return list(pool.map(one, range(readers * 4)))


def in_words(name: str, seconds: Sequence[float], more: str = "") -> str:
    """Median, 95th percentile and worst, in ms."""
    if not seconds:
        return f"{name:34} none"
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    told = (statistics.median(ordered), p95, ordered[-1])
    return f"{name:34} {'  '.join(f'{s * 1000:8.1f}' for s in told)}  {len(ordered):6}{more}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each round")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between the visits of a reader")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between the writes of a person")
    parser.add_argument("--workspace", type=Path, help="the demo, built before; it is written to")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = asked.workspace or Path(made) / "wrenfield"
        if not folder.exists():
            app(["demo", str(folder), "--no-serve"], standalone_mode=False)
        query = f"week={W1}"
        with served(folder) as address:
            first, size = opened(address, query)
            quiet = read(address, query, asked.readers, asked.seconds, asked.pause)
            with writers(folder, asked.every) as took:
                busy = read(address, query, asked.readers, asked.seconds, asked.pause)
            after = read(address, query, asked.readers, asked.seconds / 3, asked.pause)
        opens = frozen(folder, asked.readers)
        audit, broken = open_workspace(folder).loop.audit()
    print(
        f"{asked.readers} readers with a pause of {asked.pause:g} s, two writers every {asked.every:g} s; "
        f"{size / 1000:.0f} kB a visit"
    )
    print(f"{'':34} {'median':>8}  {'p95':>8}  {'worst':>8}    count, ms")
    print(in_words("first visit of the server", [first]))
    for name, visits, length in (
        ("visits, nobody writes", quiet, asked.seconds),
        ("visits, two people write", busy, asked.seconds),
        ("visits, nobody writes any more", after, asked.seconds / 3),
    ):
        print(in_words(name, [v[0] for v in visits], f"  {len(visits) / length:.1f} visits a second"))
    print(in_words("writes", took))
    print(in_words("frozen file, opened and checked", opens))
    print(f"{audit.sentence} {len(broken)} editions changed.")


if __name__ == "__main__":
    main()
