"""Kill people in the middle of deciding: nothing that was decided may be lost, nothing be half published.

A process opens a small workspace and, act after act, assigns an owner, answers for a metric, certifies
four values at once and publishes the deck, each through the rules of the package. It says the number of
an act before it begins and once it has come back. It is killed inside an act of the kind wanted, at a
random moment of the time that such an act takes. After a kill

- the journal's chain verifies against a version noted before the kill;
- every act that had come back is there, whole; at most the one that was killed may be there, too;
- every edition that the journal names has its four files with the hashes noted there, and every other
  folder beside them is a whole one or a draft that nothing names.

    python tests/torture/kill_decisions.py              200 kills
    python tests/torture/kill_decisions.py --kills 20

Prints counts; exits with 1 if anything was lost, torn or changed.
"""

import argparse
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
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from metrics import open_workspace
from metrics.journal import Fact
from metrics.workspace.loop import Loop
from tests.browser import a_shop

KINDS = ("publish", "assign", "answer", "certify")  # The kind of act n is KINDS[n % 4].
METRICS = ("visits", "conversion", "orders", "revenue")
FACTS = {"publish": 1, "assign": 1, "answer": 1, "certify": len(METRICS)}
PEOPLE = """people:
  dee: {name: Dee Ray, roles: [deck_owner]}
  fin: {name: Fin Lund, roles: [finance]}
"""
NUMBER = re.compile(r"act (\d+)")
PATIENCE = 60.0  # Seconds for a writer to open the workspace and come to its act.


def act(loop: Loop, number: int) -> None:
    """One decision, with its number in its words."""
    words = f"act {number}"
    owner = loop.owning.of("visits").owner
    match KINDS[number % len(KINDS)]:
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
                loop, number = open_workspace(folder).loop, first
                while True:
                    os.write(into, f"begin {number}\n".encode())
                    act(loop, number)
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


def checked(loop: Loop, last_done: int, noted: str) -> Iterator[str]:
    """What is wrong after a kill, in words."""
    audit, broken = loop.audit(noted)
    if not audit.ok:
        yield audit.sentence
    yield from broken
    found = Counter(map(number_of, loop.chronicle.facts()))
    last = max(found, default=0)
    whole = {number: FACTS[KINDS[number % len(KINDS)]] for number in range(1, last + 1)}
    if found != whole:
        yield f"lost or half there: {sorted(set(whole.items()) ^ set(found.items()))[:5]}"
    if not last_done <= last <= last_done + 1:
        yield f"act {last_done} had come back, but the journal ends with {last}"
    folder = loop.publishing.folder
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not place.name.startswith(".part-") and not is_whole(place):
            yield f"{place.name} is half an edition"


def is_whole(place: Path) -> bool:
    """Whether an edition's folder holds the files that its own name was made from."""
    hashes = {file.name: sha256(file.read_bytes()).hexdigest() for file in place.iterdir()}
    told = "".join(f"{name}:{value}\n" for name, value in sorted(hashes.items()))
    return place.name.endswith(sha256(told.encode()).hexdigest()[:8]) and len(hashes) == 4


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
        last = max(map(number_of, loop.chronicle.facts()), default=0)
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
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as found:
        folder = a_shop(Path(found) / "shop", loaded=False)
        declared = folder / "workspace.yaml"
        declared.write_text(declared.read_text().replace("people:\n", PEOPLE, 1))
        if os.fork() == 0:  # In a process of its own, so that this one never opens the store before it forks.
            open_workspace(folder).load(by="test")
            os._exit(0)
        os.wait()
        wrong = tortured(folder, asked.kills, random.Random(asked.seed))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
