"""Kill people in the middle of deciding and loading: nothing told may be lost, nothing be half there.

A process opens a small workspace and, act after act, loads a file that tells the act's number in the last
week, assigns an owner, answers for a metric, certifies four values at once and publishes the deck, each
through the rules of the package. It says the number of an act before it begins and once it has come back. It
is killed inside an act of the kind wanted, at a random moment of the time that such an act takes. After a kill

- a new process sees the last load that had come back, or the one that was killed, in both series: no half week;
- `wbr doctor` finds nothing wrong but a folder that a killed publication left;
- the journal's chain verifies against a version noted before the kill;
- every act that had come back is there, whole; at most the one that was killed may be there, too;
- every edition that the journal names has its files with the hashes noted there, and every other
  folder beside them is a whole one or a draft that nothing names.

    python tests/torture/kill_decisions.py              500 kills
    python tests/torture/kill_decisions.py --kills 20

Prints counts; exits with 1 if anything was lost, torn or changed.
"""

import argparse
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from metrics import open_workspace
from metrics.journal import Fact
from metrics.workspace import Workspace
from metrics.workspace.doctor import troubles
from metrics.workspace.loop import Loop
from tests.browser import a_shop

KINDS = ("publish", "assign", "answer", "certify", "load")  # The kind of act n is KINDS[n % 5].
METRICS = ("visits", "conversion", "orders", "revenue")
FACTS = {"publish": 1, "assign": 1, "answer": 1, "certify": len(METRICS)}  # A load tells no fact.
PEOPLE = """people:
  dee: {name: Dee Ray, roles: [deck_owner, analyst]}
  fin: {name: Fin Lund, roles: [finance]}
"""
BASES = {"visits": 1000, "orders": 500}  # What each series tells in the last week beside the number.
NUMBER = re.compile(r"act (\d+)")
PATIENCE = 60.0  # Seconds for a writer to open the workspace and come to its act.


def a_company(folder: Path) -> Path:
    """The shop, with people who may do all of it, and its first load."""
    a_shop(folder, loaded=False)
    declared = folder / "workspace.yaml"
    declared.write_text(declared.read_text().replace("people:\n", PEOPLE, 1))
    if os.fork() == 0:  # In a process of its own, so that this one never opens the store before it forks.
        tell(folder, 0)
        open_workspace(folder).load(by="dee")
        os._exit(0)
    os.wait()
    return folder


def tell(folder: Path, number: int) -> None:
    """The shop's file, telling a number in both series on each day of the last week."""
    source = folder / "shop.csv"
    lines = source.read_text().splitlines()
    week = [f"{line.split(',')[0]},{1000 + number},{500 + number},10" for line in lines[-7:]]
    part = source.with_suffix(".part")  # So that a kill leaves a whole file: the file is not what is tried.
    part.write_text("\n".join([*lines[:-7], *week]) + "\n")
    part.replace(source)


def act(house: Workspace, number: int) -> None:
    """One decision, with its number in its words; or one load, with its number in the file."""
    loop = house.loop
    words = f"act {number}"
    owner = loop.owning.of("visits").owner
    match KINDS[number % len(KINDS)]:
        case "load":
            tell(house.folder, number)
            house.load(by="dee")
        case "assign":
            loop.owning.assign("visits", "ben" if owner == "ada" else "ada", words, by="dee")
        case "answer":
            loop.saying.answer("visits", "routine", words, by=owner or "")
        case "certify":
            loop.certifying.certify(METRICS, by="fin", because=words)
        case _:
            loop.publish(by="dee", because=words, despite="the test goes on")


def number_of(fact: Fact) -> int:
    """The number of the act that a fact belongs to."""
    found = NUMBER.search(f"{fact.because} {fact.body.get('text', '')}")
    return int(found[1]) if found else 0


class Writer:
    """A forked process that decides until it is killed."""

    def __init__(self, folder: Path, first: int) -> None:
        out, into = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(out)
            try:
                house, number = open_workspace(folder), first
                while True:
                    os.write(into, f"begin {number}\n".encode())
                    act(house, number)
                    os.write(into, f"done {number}\n".encode())
                    number += 1
            except BaseException:  # noqa: BLE001 - whatever it was must be told before the process ends
                os.write(into, f"broken {traceback.format_exc()!r}\n".encode())
            finally:
                os._exit(1)
        os.close(into)
        self._out = os.fdopen(out, "rb")
        self.done: list[int] = []
        self.broken = ""

    def until(self, kind: str, took: dict[str, float]) -> None:
        """Wait until it begins an act of a kind; note how long the acts before took."""
        begun, end = time.monotonic(), time.monotonic() + PATIENCE
        while line := self._out.readline().decode():
            self._heard(line)
            word, _, told = line.strip().partition(" ")
            if word == "broken" or time.monotonic() > end:
                return
            if word == "done":
                doing = KINDS[int(told) % len(KINDS)]
                took[doing] = 0.5 * took[doing] + 0.5 * (time.monotonic() - begun)
            elif KINDS[int(told) % len(KINDS)] == kind:
                return
            begun = time.monotonic()

    def killed(self) -> None:
        """Kill it and hear the rest of what it said."""
        os.kill(self.process, signal.SIGKILL)
        for line in self._out.read().decode().split("\n")[:-1]:
            self._heard(line)
        self._out.close()
        os.waitpid(self.process, 0)

    def _heard(self, line: str) -> None:
        word, _, told = line.strip().partition(" ")
        if word == "done":
            self.done.append(int(told))
        elif word == "broken":
            self.broken = told


def looked(folder: Path) -> list[str]:
    """What a new process finds: the number of the last load on each day of both series, and what is wrong."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            house = open_workspace(folder)
            days = {m: house.history(m, "day")["value"].tail(7) - base for m, base in BASES.items()}
            numbers = {int(n) for told in days.values() for n in told}
            found = troubles(folder, datetime.now(UTC))
            wrong = [t.what for t in found if t.level == "wrong" and t.code != "edition_unknown"]
            os.write(into, json.dumps([str(n) for n in sorted(numbers)] + wrong).encode())
        except BaseException:  # noqa: BLE001 - whatever it was must be told before the process ends
            os.write(into, json.dumps([traceback.format_exc()]).encode())
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as said:
        told = said.read()
    os.waitpid(child, 0)
    return list(json.loads(told))


def checked(loop: Loop, last_done: int, noted: str) -> Iterator[str]:
    """What is wrong after a kill, in words."""
    audit, broken = loop.audit(noted)
    if not audit.ok:
        yield audit.sentence
    yield from broken
    found = Counter(map(number_of, loop.chronicle.facts()))
    last = max(found, default=0)
    told = [number for number in range(1, max(last, last_done) + 1) if KINDS[number % len(KINDS)] != "load"]
    whole = {number: FACTS[KINDS[number % len(KINDS)]] for number in told}
    if found != whole:
        yield f"lost or half there: {sorted(set(whole.items()) ^ set(found.items()))[:5]}"
    if last > last_done + 1:
        yield f"act {last_done} had come back, but the journal ends with {last}"
    loads = [number for number in range(last_done + 2) if number == 0 or KINDS[number % len(KINDS)] == "load"]
    seen = looked(loop.chronicle.house.folder)
    come_back = max(number for number in loads if number <= last_done)
    if len(seen) != 1 or seen[0] not in {str(come_back), str(loads[-1])}:
        yield f"load {come_back} had come back, but a new process sees {seen}"
    folder = loop.publishing.folder
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not place.name.startswith(".part-") and not is_whole(place):
            yield f"{place.name} is half an edition"


def is_whole(place: Path) -> bool:
    """Whether an edition's folder holds the files that its own name was made from."""
    hashes = {file.name: sha256(file.read_bytes()).hexdigest() for file in place.iterdir()}
    told = "".join(f"{name}:{value}\n" for name, value in sorted(hashes.items()))
    return place.name.endswith(sha256(told.encode()).hexdigest()[:8])


def begun_to_write(folder: Path, most: float) -> None:
    """Wait until a folder is there that was not before: an edition is being written; or for some seconds."""
    before, end = set(folder.glob("*")), time.monotonic() + most
    while time.monotonic() < end and set(folder.glob("*")) <= before:
        time.sleep(0.002)


def tortured(folder: Path, kills: int, chance: random.Random) -> list[str]:
    """Kill a writer again and again; return what went wrong."""
    loop = open_workspace(folder).loop
    took = dict.fromkeys(KINDS, 0.05)
    last, noted, kept, begun = 0, "", 0, time.monotonic()
    for turn in range(kills):
        kind = KINDS[turn % len(KINDS)]
        writer = Writer(folder, last + 1)
        writer.until(kind, took)
        if kind == "publish" and chance.random() < 0.7:
            begun_to_write(loop.publishing.folder, took[kind] * 2)  # Most of publishing is building the deck.
            time.sleep(chance.uniform(0, 0.06))
        else:
            time.sleep(chance.uniform(0, took[kind] * 1.2))
        writer.killed()
        done = writer.done[-1] if writer.done else last
        wrong = [writer.broken] if writer.broken else []
        wrong += checked(loop, done, noted)
        if wrong:
            return wrong
        noted = loop.chronicle.version
        last = max(done, *map(number_of, loop.chronicle.facts()), 0)
        kept += last > done
    named = {edition.folder for edition in loop.publishing.editions()}
    places = {p.name for p in loop.publishing.folder.iterdir()}
    drafts = sum(name.startswith(".part-") for name in places)
    times = ", ".join(f"{kind} {took[kind] * 1000:.0f} ms" for kind in KINDS)
    print(
        f"{kills} kills, {kills // len(KINDS)} of each kind: {last} acts, {len(loop.chronicle.facts())} facts, "
        f"{len(named)} editions; {kept} acts kept though the kill hid it, {drafts} drafts and "
        f"{len(places - named) - drafts} whole folders that nothing names; 0 wrong, "
        f"{time.monotonic() - begun:.0f} s ({times})"
    )
    return []


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as found:
        wrong = tortured(a_company(Path(found) / "shop"), asked.kills, random.Random(asked.seed))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
