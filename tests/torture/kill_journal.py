"""Kill writers of a journal at random moments: nothing that was said may be lost, nothing be half there.

A writer assigns owners, gives answers, certifies, and publishes (five facts that belong together), each
with the number of its act, and says the number once the append has come back. After a kill the chain
must verify; every act up to the last one said must be there, whole; at most one more may be, whole too;
what the journal held before must still be there as it was.

    python tests/torture/kill_journal.py                200 kills on SQLite, 50 on PostgreSQL if it is there
    python tests/torture/kill_journal.py --kills 10

Prints counts; exits with 1 if anything was lost, torn or changed.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from metrics.journal import Journal, New
from tests.postgres import AbsentError, cluster

NOON = datetime(2026, 5, 11, 12, tzinfo=UTC)
TOGETHER = 5  # Facts of a publication.


def act(number: int) -> list[New]:
    """What is told in one append: every fourth act is a publication."""
    body = {"act": number, "text": "x" * (number % 7 * 300)}
    kinds = ["owner.assigned", "answer.given", "certification.given"]
    if number % 4:
        return [New(kinds[number % 4 - 1], f"metric_{number % 50}", body)]
    return [New("deck.published", f"deck:{number}:{part}", body) for part in range(TOGETHER)]


def write(journal: Journal, first: int, said: int) -> None:
    """Act after act until killed; each number is said when its facts are kept."""
    number = first
    if journal.version:
        os.write(said, b"ready\n")
    while True:
        journal.append_all(act(number), author="dana", at=NOON + timedelta(seconds=number))
        os.write(said, f"{number}\n".encode())
        number += 1


class Writer:
    """A forked process that writes. It makes a journal of its own: no connection is carried over."""

    def __init__(self, url: str, first: int) -> None:
        self._out, into = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(self._out)
            try:
                write(Journal(url), first, into)
            except BaseException:  # noqa: BLE001 - whatever it was must be told before the process ends
                os.write(into, f"broken: {traceback.format_exc()!r}\n".encode())
            finally:
                os._exit(1)
        os.close(into)

    def awaited(self) -> None:
        """Wait until it has opened the journal, if one is there."""
        os.read(self._out, len(b"ready\n"))

    def killed(self) -> list[str]:
        """Kill it; return what it said. A line cut by the kill does not count."""
        os.kill(self.process, signal.SIGKILL)
        with os.fdopen(self._out, "rb") as out:
            said = out.read().decode()
        os.waitpid(self.process, 0)
        return [line for line in said.split("\n")[:-1] if line != "ready"]


def checked(journal: Journal, last_said: int, noted: str) -> Iterator[str]:
    """What is wrong after a kill, in words."""
    audit = journal.verify(noted)
    if not audit.ok:
        yield audit.sentence
    found = Counter(fact.body["act"] for fact in journal.facts())
    last = max(found, default=0)
    whole = {number: len(act(number)) for number in range(1, last + 1)}
    if found != whole:
        yield f"lost or half there: {sorted(set(whole.items()) ^ set(found.items()))[:5]}"
    if not last_said <= last <= last_said + 1:
        yield f"said {last_said}, but the journal ends with {last}"


def tortured(name: str, url: str, kills: int, chance: random.Random) -> list[str]:
    """Kill a writer again and again; return what went wrong."""
    wrong: list[str] = []
    journal = Journal(url)
    last, unsaid, at_once, noted, begun = 0, 0, 0, "", time.monotonic()
    span = 0.1  # Seconds until a kill, at most: follows how long an act takes on this machine today.
    for _ in range(kills):
        writer = Writer(url, last + 1)
        if noted and chance.random() < 0.8:
            writer.awaited()  # So that most kills meet a write, and some the opening.
        time.sleep(chance.uniform(0, span))
        said = writer.killed()
        wrong += [line for line in said if not line.isdigit()]
        at_once += not said
        span *= 0.9 if said else 1.2
        told = int(said[-1]) if said and said[-1].isdigit() else last
        wrong += checked(journal, told, noted)
        noted = journal.version
        newest = journal.facts(last=1)
        last = newest[0].body["act"] if newest else 0
        unsaid += last > told
        if wrong:
            break
    facts = len(journal.facts())
    print(
        f"{name}: {kills} kills, {last} acts, {facts} facts, {unsaid} kept but not said any more, "
        f"{at_once} killed before the first, {len(wrong)} wrong, {time.monotonic() - begun:.0f} s"
    )
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=6)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        wrong = tortured("SQLite", f"sqlite:///{folder}/journal.sqlite", asked.kills, chance)
    try:
        with cluster() as server:
            wrong += tortured("PostgreSQL", server.url("killed"), max(1, asked.kills // 4), chance)
    except AbsentError as error:
        print(f"PostgreSQL was left out: {error}")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
