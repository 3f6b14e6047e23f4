"""Kill a server in the middle of a push: its batch is whole or absent, and sent again it is there once.

Two servers show one workspace. A program pushes a batch, whose number every value tells, under a key of its
own, to one of them, every third time to both at once; the one is killed with SIGKILL at a random moment. After it

- a new process sees the batch before, or this one, on every day of every segment: no half batch; an answer that
  had come holds;
- `wbr doctor` finds nothing wrong;
- the same push sent again, to the server that lives, is answered with one load, whoever brought it in; other
  values under its key are refused;
- the number of loads has grown by one.

Then four clients push at the same moment under one key, two to each server: one load, which one of them is told
as new and all as theirs; and if two batches share the key, one of them, and a clear 409 for the other.

    python tests/torture/kill_pushes.py               40 kills, 30 rounds of four at once
    python tests/torture/kill_pushes.py --kills 5 --rounds 4

Prints counts; exits with 1 if anything was lost, torn or brought in twice.
"""

import argparse
import http.client
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from metrics import open_workspace
from tests.programs import a_spoken_to_shop, bearing
from tests.serving import Server, serving
from tests.torture.kill_commands import done, ills

FIRST, DAYS, SEGMENTS = date(2025, 3, 1), 250, ("play", "apple")
ADDRESS = "/api/v1/observations"
UNREACHED = 0  # Stands for the status where no answer came.
Told = tuple[int, dict[str, Any]]


def batch(number: int) -> bytes:
    """A push of which every value tells the number."""
    days = [(FIRST + timedelta(days=n)).isoformat() for n in range(DAYS)]
    values = [
        {"series": "installs", "day": day, "value": number, "segments": {"store": segment}}
        for day in days
        for segment in SEGMENTS
    ]
    return json.dumps({"source": "app", "observations": values}).encode()


def push(server: Server, token: Mapping[str, str], number: int, key: str) -> Told:
    """Push a batch; the status and the answer, or `UNREACHED`. Asked too often, it waits and asks again."""
    headers = {**token, "Content-Type": "application/json", "Idempotency-Key": key}
    while True:
        try:
            got = server.ask(ADDRESS, headers, "POST", batch(number))
            told = got.json()
        except (OSError, ValueError, http.client.HTTPException):
            return UNREACHED, {}
        if got.status != HTTPStatus.TOO_MANY_REQUESTS:
            return got.status, told
        time.sleep(1.0)


class Shop:
    """A workspace behind two servers."""

    def __init__(self, folder: Path, held: ExitStack) -> None:
        self.folder, self.held = folder, held
        self.token: dict[str, str] = done(lambda: bearing(a_spoken_to_shop(folder), "yuki", "push:app"))
        self.servers = [held.enter_context(serving(folder)) for _ in range(2)]

    def again(self, place: int) -> None:
        """Start a server in the place of one that was killed."""
        self.servers[place].process.wait()
        self.servers[place] = self.held.enter_context(serving(self.folder))

    def seen(self) -> tuple[list[int], int, int, list[str]]:
        """The numbers of all values, how many values, how many loads, and what the doctor finds wrong."""

        def look() -> list[Any]:
            house = open_workspace(self.folder)
            last = FIRST + timedelta(days=DAYS)
            told = house.store.observations("installs", first=FIRST, last=last, where={}, size=2 * DAYS + 1)
            numbers = sorted({int(value) for value in told["value"]})
            return [numbers, len(told), len(house.loads()), ills(self.folder, datetime.now(UTC))]

        numbers, count, loads, amiss = done(look)
        return numbers, count, loads, amiss


def killed(shop: Shop, kills: int, chance: random.Random, pool: ThreadPoolExecutor) -> list[str]:
    """Kill a server in the middle of a push, again and again; return what went wrong."""
    begun, counts = time.monotonic(), Counter[str]()
    push(shop.servers[0], shop.token, 1, "warm")
    first = time.monotonic()
    status, answer = push(shop.servers[0], shop.token, 2, "first")
    took = time.monotonic() - first
    if status != HTTPStatus.CREATED:
        return [f"the first push: {status} {answer}"]
    before = 2
    for turn in range(kills):
        number, key, place = before + 1, f"key-{turn}", turn % 2
        victim, other = shop.servers[place], shop.servers[1 - place]
        loads = shop.seen()[2]
        both = turn % 3 == 2
        on_their_way = [
            pool.submit(push, server, shop.token, number, key)
            for server in ([victim, other] if both else [victim])
        ]
        time.sleep(chance.uniform(0, took * 1.2))
        victim.process.kill()
        answers = [each.result() for each in on_their_way]
        numbers, count, _, amiss = shop.seen()
        come = [status for status, _ in answers if status != UNREACHED]
        counts[f"{'both' if both else 'one'}: {'whole' if numbers == [number] else 'absent'}"] += 1
        counts["answers that had come"] += bool(answers[0][0])
        if count != DAYS * len(SEGMENTS) or numbers not in ([before], [number]) or amiss:
            return [f"turn {turn}: {count} values tell {numbers} instead of {before} or {number}; {amiss}"]
        if come and numbers != [number]:
            return [f"turn {turn}: it was answered {answers}, but {numbers} is told"]
        status, answer = push(other, shop.token, number, key)
        told = {a["load"] for s, a in [*answers, (status, answer)] if s != UNREACHED}
        replayed = numbers == [number]
        if status != (HTTPStatus.OK if replayed else HTTPStatus.CREATED) or answer["replayed"] != replayed:
            return [f"turn {turn}: sent again, it is answered {status} {answer}"]
        refused, words = push(other, shop.token, number + 1_000_000, key)
        if refused != HTTPStatus.CONFLICT or "other values" not in words["detail"]:
            return [f"turn {turn}: other values under the key are answered {refused} {words}"]
        if (after := shop.seen()) != ([number], DAYS * len(SEGMENTS), loads + 1, []) or len(told) != 1:
            return [f"turn {turn}: in the end {after} after {loads} loads; told as {told}"]
        before = number
        shop.again(place)
    met = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    print(
        f"push: {kills} kills, a push takes {took * 1000:.0f} ms; {met}; 0 wrong, "
        f"{time.monotonic() - begun:.0f} s",
        flush=True,
    )
    return []


def together(shop: Shop, rounds: int, pool: ThreadPoolExecutor) -> Iterator[str]:
    """Four clients under one key at once, in turn with one batch and with two; what went wrong."""
    begun, refused = time.monotonic(), 0
    for turn in range(rounds):
        loads, key, apart = shop.seen()[2], f"together-{turn}", turn % 2
        numbers = [10_000_000 + 2 * turn + (n // 2 if apart else 0) for n in range(4)]
        tries = [
            pool.submit(push, shop.servers[n % 2], shop.token, number, key)
            for n, number in enumerate(numbers)
        ]
        answers = [each.result() for each in tries]
        kept, _, now, _ = shop.seen()
        taken = [told for status, told in answers if status in (HTTPStatus.OK, HTTPStatus.CREATED)]
        conflicts = [told for status, told in answers if status == HTTPStatus.CONFLICT]
        refused += len(conflicts)
        created = [status for status, _ in answers].count(HTTPStatus.CREATED)
        if (
            (now, created, len({told["load"] for told in taken})) != (loads + 1, 1, 1)
            or len(taken) != numbers.count(kept[0])
            or len(taken) + len(conflicts) != len(numbers)
            or any("other values" not in told["detail"] for told in conflicts)
        ):
            yield f"together, round {turn}: {answers}, {now - loads} loads, {kept} is kept"
            return
    print(
        f"together: {rounds} rounds of 4 under one key on 2 servers, one load each, {refused} refused with "
        f"409; 0 wrong, {time.monotonic() - begun:.0f} s"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=9)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as found, ExitStack() as held, ThreadPoolExecutor(4) as pool:
        shop = Shop(Path(found) / "shop", held)
        wrong = killed(shop, asked.kills, random.Random(asked.seed), pool)
        wrong = wrong or list(together(shop, asked.rounds, pool))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
