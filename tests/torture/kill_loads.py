"""Kill writers of a store at random moments, and read it while others write: nothing may be lost or torn.

A writer tells one number on every day of its series, then the next number, and says so each time a
load has come back. So whatever a reader sees must be one single number per writer; it may never
fall; and after a kill it must be the last one that was said, or the one that was being loaded.

    python tests/torture/kill_loads.py          200 kills, then 2 writers of 50 loads each and 3 readers
    python tests/torture/kill_loads.py --kills 10 --loads 4

Prints counts; exits with 1 if anything was lost, torn or went backwards.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[2]))

from metrics.ingest.readings import SCHEMA, FileRead, Readings
from metrics.store import Store

SERIES, DAYS = 20, 250  # 5,000 values: a load takes long enough to be killed in each of its steps.


def readings(writer: str, number: int) -> Readings:
    """All series of a writer, telling `number` on every day."""
    rows = SERIES * DAYS
    names = [f"{writer}_{n:02d}" for n in range(SERIES) for _ in range(DAYS)]
    days = [date(2025, 1, 1) + timedelta(days=n) for _ in range(SERIES) for n in range(DAYS)]
    columns = {
        "series": names,
        "segments": ["{}"] * rows,
        "day": days,
        "value": [float(number)] * rows,
        "observed_at": [None] * rows,
        "file": [f"{writer}.csv"] * rows,
    }
    arrays = [
        pa.array(columns[field.name], pa.string()).dictionary_encode()
        if pa.types.is_dictionary(field.type)
        else pa.array(columns[field.name], field.type)
        for field in SCHEMA
    ]
    table = pa.table(dict(zip(SCHEMA.names, arrays, strict=True)))
    return Readings(writer, "day", "values", table, rows, 0, (), (FileRead(f"{writer}.csv", "0" * 64, rows),))


def numbers(store: Store) -> dict[str, tuple[float, float, int]]:
    """The lowest and highest number of each writer, and how many values."""
    with store.reading() as connection:
        found = connection.execute(
            "SELECT split_part(name, '_', 1), min(value), max(value), count(*) "
            "FROM observed JOIN series USING (series_id) GROUP BY 1"
        ).fetchall()
    return {writer: (low, high, count) for writer, low, high, count in found}


def torn(seen: dict[str, tuple[float, float, int]]) -> bool:
    """Whether a reader met anything but whole loads."""
    return any(low != high or count != SERIES * DAYS for low, high, count in seen.values())


def write(folder: Path, writer: str, numbers: range) -> Iterator[str]:
    """Load one number after the other, and say each one that is loaded."""
    store = Store(folder)
    for number in numbers:
        store.add([readings(writer, number)], datetime.now(UTC), by=writer)
        yield str(number)


def read(folder: Path, stop: Path) -> Iterator[str]:
    """Read until a file appears; say how often, and whether anything was torn or went backwards."""
    store, before, count = Store(folder), dict[str, float](), 0
    while not (stop.exists() and count):
        seen = numbers(store)
        if torn(seen) or any(low < before.get(writer, 0) for writer, (low, _, _) in seen.items()):
            yield f"broken: {seen} after {before}"
            return
        before = {writer: low for writer, (low, _, _) in seen.items()}
        count += 1
    yield str(count)


def look(folder: Path) -> Iterator[str]:
    """Say which number the store holds, or that it is torn."""
    seen = numbers(Store(folder))
    yield (
        f"broken: {seen}" if torn(seen) else str(int(max((high for _, high, _ in seen.values()), default=0)))
    )


class Child:
    """A forked process that says lines. This process opens no database, so forking it is safe."""

    def __init__(self, said: Callable[[], Iterator[str]]) -> None:
        self._out, into = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            code = 1
            try:
                for line in said():
                    os.write(into, f"{line}\n".encode())
                code = 0
            except BaseException:  # noqa: BLE001 - whatever it was must be told before the process ends
                os.write(into, f"broken: {traceback.format_exc()!r}\n".encode())
            finally:
                os._exit(code)
        os.close(into)

    def kill(self) -> None:
        os.kill(self.process, signal.SIGKILL)

    def lines(self) -> list[str]:
        """Wait for its end; return what it said. A line cut by a kill does not count."""
        with os.fdopen(self._out, "rb") as out:
            said = out.read().decode()
        os.waitpid(self.process, 0)
        return said.split("\n")[:-1]


def killed(folder: Path, kills: int, chance: random.Random) -> list[str]:
    """Kill a writer again and again; return what went wrong."""
    begun = time.monotonic()
    wrong = [line for line in Child(lambda: write(folder, "a", range(1, 4))).lines() if not line.isdigit()]
    one_load = (time.monotonic() - begun) / 3
    at, loads, drafts = 3, 0, 0
    for _ in range(kills):
        writer = Child(lambda start=at + 1: write(folder, "a", range(start, sys.maxsize)))
        time.sleep(chance.uniform(0, 3 * one_load))
        writer.kill()
        said = writer.lines()
        wrong += [line for line in said if not line.isdigit()]
        drafts += any(path.suffix == ".part" for path in folder.iterdir())
        last = int(said[-1]) if said and said[-1].isdigit() else at
        (seen,) = Child(lambda: look(folder)).lines()
        if not seen.isdigit():
            return [*wrong, seen]
        if not last <= int(seen) <= last + 1:
            wrong.append(f"said {last}, but the store holds {seen}")
        loads += int(seen) - at
        at = int(seen)
    print(f"{kills} kills, {loads} loads published, {drafts} drafts left behind, {len(wrong)} wrong")
    return wrong


def together(folder: Path, loads: int) -> list[str]:
    """Two writers and three readers at once, until the writers are done; return what went wrong."""
    stop = folder.with_suffix(".stop")
    readers = [Child(lambda: read(folder, stop)) for _ in range(3)]
    writers = [Child(lambda name=name: write(folder, name, range(1, loads + 1))) for name in ("b", "c")]
    said = [line for writer in writers for line in writer.lines()]
    stop.touch()
    told = [line for reader in readers for line in reader.lines()]
    wrong = [line for line in [*said, *told] if not line.isdigit()]
    if len(said) != 2 * loads or len(told) != 3:
        wrong.append(f"a process came to nothing: {said}, {told}")
    (seen,) = Child(lambda: look(folder)).lines()
    if seen != str(loads):
        wrong.append(f"after {loads} loads the store holds {seen}")
    reads = sum(int(line) for line in told if line.isdigit())
    print(f"{len(said)} loads by 2 writers, {reads} reads by 3 readers meanwhile, {len(wrong)} wrong")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--loads", type=int, default=50)
    parser.add_argument("--seed", type=int, default=6)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = killed(Path(folder) / "killed", asked.kills, random.Random(asked.seed))
        wrong += together(Path(folder) / "together", asked.loads)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
