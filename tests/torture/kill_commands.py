"""Kill the commands that change a workspace, or leave it: nothing told may be lost, nothing be half there.

Each kind of command is killed at a random moment of the time that it takes, most of them where it matters: a
message is on its way, a restore changes places. Every process is a fork of one that opens nothing.

- send: nobody gets a message twice; what was under way is told as unclear, sent again when asked, and nothing
  is lost in silence;
- undo, compact: the store is as before or as after, in both series, and goes on from there;
- backup: the file is not there, or whole; the next one removes what was left;
- restore: the folder is as before or as after; else `wbr doctor` says so, what stood there is kept, and
  restoring again mends it. Into a new folder, over one that stands, and with a journal in PostgreSQL;
- prepare: done again it is ready, and the deck is the one of a run that nobody killed.

    python tests/torture/kill_commands.py              60 kills of each kind
    python tests/torture/kill_commands.py --kills 5 --only send

Prints counts; exits with 1 if anything was lost, torn or sent twice.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from metrics import open_workspace
from metrics.cli import app
from metrics.export import json as json_form
from metrics.workspace import Workspace
from metrics.workspace.backup import backup, restore
from metrics.workspace.doctor import troubles
from metrics.workspace.sending import Sending
from tests.browser import LAST_WEEK
from tests.mondays import HERE, Mailbox, Receiver, channel, mail_server
from tests.mondays import a_company as a_sending_company
from tests.postgres import AbsentError, cluster
from tests.torture.kill_decisions import BASES, a_company, tell

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
BY = "dee"


# --- processes ------------------------------------------------------------------------------------


def done(work: Callable[[], Any]) -> Any:
    """What work returns, done by a process of its own; it must be JSON.

    Raises:
        RuntimeError: It did not come back; with its words.
    """
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        try:
            said: Any = {"told": work()}
        except BaseException:  # noqa: BLE001 - whatever it was must be told before the process ends
            said = {"broken": traceback.format_exc()}
        with os.fdopen(into, "w") as pipe:
            json.dump(said, pipe)
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as pipe:
        said = json.load(pipe)
    os.waitpid(child, 0)
    if "broken" in said:
        raise RuntimeError(said["broken"])
    return said["told"]


def killed(work: Callable[[], Any], wait: Callable[[], None]) -> bool:
    """Kill a process that does work once the wait is over; return whether it had come back before."""
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        code = 3
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it was must be told before the process ends
            traceback.print_exc()
        finally:
            os._exit(code)
    wait()
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("It ended by itself, and not well; its words are above.")
    return os.WIFEXITED(status)


def until(seen: Callable[[], object], most: float) -> None:
    """Wait until something is seen, or for some seconds."""
    end = time.monotonic() + most
    while time.monotonic() < end and not seen():
        time.sleep(0.0005)


# --- what a new process sees ----------------------------------------------------------------------


def numbers(house: Workspace) -> list[int]:
    """The numbers that the last week tells, over both series: one if all is whole, none before a load."""
    if not house.version:
        return []
    days = [house.history(m, "day", until=LAST_WEEK)["value"].tail(7) - base for m, base in BASES.items()]
    return sorted({int(n) for told in days for n in told})


def ills(folder: Path, now: datetime, journal: str = "") -> list[str]:
    """Codes of what `wbr doctor` finds wrong."""
    return sorted(each.code for each in troubles(folder, now, journal=journal) if each.level == "wrong")


def loaded(folder: Path, number: int, clock: Callable[[], datetime] | None = None) -> int:
    """Tell a number and load it; the load's own number."""
    tell(folder, number)
    house = Workspace(folder, clock) if clock else open_workspace(folder)
    return int(house.load(by=BY).load or 0)


def deck_of(folder: Path) -> str:
    """A hash of the deck as other programs get it."""
    told = json.dumps(json_form.as_json(open_workspace(folder).deck()), sort_keys=True)
    return sha256(told.encode()).hexdigest()


# --- the kinds ------------------------------------------------------------------------------------


class Kind(ABC):
    """One kind of command. A turn is: make ready, kill `act`, look, go on to the end, look again.

    Attributes:
        took: Seconds that the act takes.
        counts: What was met, for the report.
    """

    name = ""

    def __init__(self, place: Path, chance: random.Random) -> None:
        self.place, self.chance = place, chance
        self.took = 0.0
        self.counts: Counter[str] = Counter()
        place.mkdir()

    def ready(self, turn: int) -> None:  # noqa: B027 - most acts need nothing
        """Make what the act needs."""

    @abstractmethod
    def act(self) -> Any:
        """What is killed."""

    def wait(self) -> None:
        """Until it is killed."""
        time.sleep(self.chance.uniform(0, self.took * 1.1))

    @abstractmethod
    def wrong(self, came_back: bool) -> Iterator[str]:
        """What is not as it must be after a kill, in words; the work is finished on the way."""


class Undo(Kind):
    """Loads and takes back, again and again: the series tell 0, or the number of the load."""

    name = "undo"

    def __init__(self, place: Path, chance: random.Random) -> None:
        super().__init__(place, chance)
        self.folder = a_company(place / "shop")

    def ready(self, turn: int) -> None:
        self.number = turn + 1
        self.load = done(lambda: loaded(self.folder, self.number))

    def act(self) -> None:
        open_workspace(self.folder).undo(self.load, by=BY)

    def seen(self) -> list[Any]:
        house = open_workspace(self.folder)
        told = house.loads().set_index("load")
        return [
            numbers(house),
            bool(told["undone_by"].notna()[self.load]),
            ills(self.folder, datetime.now(UTC)),
        ]

    def wrong(self, came_back: bool) -> Iterator[str]:
        told, undone, amiss = done(self.seen)
        self.counts["undone" if undone else "not undone"] += 1
        if told != [0 if undone else self.number] or amiss or (came_back and not undone):
            yield f"load {self.load} {'is' if undone else 'is not'} taken back, but {told} is told; {amiss}"
        if not undone:
            done(self.act)
        if done(self.seen) != [[0], True, []]:
            yield f"after the undo that came back: {done(self.seen)}"


class Compact(Kind):
    """Each day tells another number, and what stood before the day is forgotten."""

    name = "compact"

    def __init__(self, place: Path, chance: random.Random) -> None:
        super().__init__(place, chance)
        self.folder, self.day, self.horizon = a_company(place / "shop"), NOON, ""
        declared = self.folder / "workspace.yaml"
        declared.write_text(declared.read_text().replace(", now: 2026-05-05T07:00", ""))

    def ready(self, turn: int) -> None:
        self.number, self.day = turn + 1, NOON + timedelta(days=turn + 1)
        done(lambda: loaded(self.folder, self.number, lambda: self.day))

    def act(self) -> int:
        house = Workspace(self.folder, lambda: self.day + timedelta(days=1))
        return house.rooms.compact((self.day + timedelta(days=1)).date(), by=BY)

    def seen(self) -> list[Any]:
        now = self.day + timedelta(days=1)
        house = Workspace(self.folder, lambda: now)
        then = numbers(house.as_it_stood(now))
        return [numbers(house), then, len(house.loads()), str(house.store.horizon()), ills(self.folder, now)]

    def wrong(self, came_back: bool) -> Iterator[str]:
        told, then, loads, horizon, amiss = done(self.seen)
        new = str(datetime.combine((self.day + timedelta(days=1)).date(), datetime.min.time(), UTC))
        self.counts["forgotten" if horizon != self.horizon else "as before"] += 1
        if (told, then, loads, amiss) != ([self.number], [self.number], self.number + 1, []):
            yield f"load {self.number}: {told}, {then} stood then, {loads} loads; {amiss}"
        if came_back and horizon == self.horizon:
            yield f"it came back, but the store still knows since {horizon}"
        done(self.act)
        if done(self.act):
            yield "compacting again forgets more"
        self.horizon = done(self.seen)[3]
        if datetime.fromisoformat(self.horizon).astimezone(UTC) != datetime.fromisoformat(new):
            yield f"compacted since {new}, but the store knows since {self.horizon}"


def grown(folder: Path, number: int) -> str:
    """Load a number, decide something and publish; return the journal's version."""
    loaded(folder, number)
    loop = open_workspace(folder).loop
    loop.saying.answer("visits", "routine", f"It was {number}", by="ada")
    loop.publish(by=BY, because=f"The {number}th", despite="the test goes on")
    return loop.chronicle.version


class Backup(Kind):
    """Writes one backup beside the other."""

    name = "backup"

    def __init__(self, place: Path, chance: random.Random) -> None:
        super().__init__(place, chance)
        self.folder = a_company(place / "shop")
        self.journal = done(lambda: grown(self.folder, 7))

    def ready(self, turn: int) -> None:
        self.file = self.place / f"{turn}.zip"

    def act(self) -> None:
        backup(open_workspace(self.folder), self.file)

    def back(self) -> list[Any]:
        there = self.place / "there"
        restore(self.file, there, NOON)
        house = open_workspace(there)
        audit, changed = house.loop.audit(self.journal)
        return [numbers(house), house.loop.chronicle.version, audit.ok, list(changed)]

    def wrong(self, came_back: bool) -> Iterator[str]:
        before = sorted(p.name for p in self.place.glob(".*"))
        self.counts["drafts left"] += len(before)
        self.counts["there" if self.file.exists() else "not there"] += 1
        if came_back and not self.file.exists():
            yield f"{self.file.name} came back, but is not there"
        if not self.file.exists():
            done(self.act)
        if left := sorted(p.name for p in self.place.glob(".*")):
            if self.file.exists() and came_back is False and left == before:
                done(lambda: backup(open_workspace(self.folder), self.file.with_suffix(".next.zip")))
            if left := sorted(p.name for p in self.place.glob(".*")):
                yield f"left over: {left}"
        if (told := done(self.back)) != [[7], self.journal, True, []]:
            yield f"{self.file.name} comes back as {told}"
        shutil.rmtree(self.place / "there")
        for file in self.place.glob("*.zip"):
            file.unlink()


class Restore(Kind):
    """Restores 1 over 2, into a new folder, or into one whose journal is in PostgreSQL."""

    name = "restore"

    def __init__(self, place: Path, chance: random.Random) -> None:
        super().__init__(place, chance)
        self.model, self.file = a_company(place / "model"), place / "one.zip"
        self.journals = {"1": done(lambda: grown(self.model, 1))}
        done(lambda: backup(open_workspace(self.model), self.file))
        self.journals["2"] = done(lambda: grown(self.model, 2))
        self.server: Any = None

    def ready(self, turn: int) -> None:
        self.way = ("over", "new", "postgresql" if self.server else "over")[turn % 3]
        self.folder = self.place / f"turn{turn}"
        self.address = self.server.url(f"turn{turn}") if self.way == "postgresql" else ""
        if self.way == "over":
            shutil.copytree(self.model, self.folder)

    def act(self) -> None:
        moment = NOON + timedelta(seconds=self.chance.randrange(3))
        restore(self.file, self.folder, moment, journal=self.address, replace=True)

    def wait(self) -> None:
        if self.way == "over" and self.chance.random() < 0.6:
            until(lambda: any(self.folder.glob("before-restore-*")), self.took * 2)
            time.sleep(self.chance.uniform(0, 0.003))
        elif self.chance.random() < 0.4:
            until(lambda: (self.folder / "published").exists(), self.took * 2)
            time.sleep(self.chance.uniform(0, 0.001))
        else:
            super().wait()

    def seen(self) -> list[Any]:
        if not (self.folder / "workspace.yaml").exists():
            return [[], "", 0, ills(self.folder, datetime.now(UTC), self.address)]
        house = open_workspace(self.folder, journal=self.address)
        audit, changed = house.loop.audit()
        editions = len(house.loop.publishing.editions()) if audit.ok and not changed else -1
        found = ills(self.folder, datetime.now(UTC), self.address)
        return [numbers(house), house.journal.version, editions, found]

    def wrong(self, came_back: bool) -> Iterator[str]:
        told, journal, editions, amiss = self.looked()
        new = [[1], self.journals["1"], 1]
        old: list[Any] = [[2], self.journals["2"], 2] if self.way == "over" else [[], "", 0]
        state = [told, journal, editions]
        mended = {"restore_leftover", "no_workspace"} & set(amiss)
        name = "new" if state == new else "old" if state == old else "between"
        self.counts[f"{self.way}: {name}{', told' if mended else ''}"] += 1
        if (came_back and state != new) or (name == "between" and not mended):
            yield f"{self.way}: {state}, and the doctor says {amiss}"
        if told not in ([], old[0], new[0]):
            yield f"{self.way}: {told} is told"
        done(self.act)
        if self.looked() != [*new, []]:
            yield f"{self.way}, restored again: {self.looked()}"
        if self.way == "over" and not self.kept():
            yield "what stood there is not kept"
        shutil.rmtree(self.folder)

    def looked(self) -> list[Any]:
        """What a new process sees; a journal that cannot be read has no version."""
        try:
            return list(done(self.seen))
        except RuntimeError as error:
            words = str(error).strip().splitlines()[-1]
            return [[], words, -1, done(lambda: ills(self.folder, datetime.now(UTC), self.address))]

    def kept(self) -> bool:
        """Whether store, journal and editions that stood there are all still somewhere."""
        names = {p.name: p for p in self.folder.glob("before-restore-*/*")}
        stores = {p.name for p in self.folder.glob("before-restore-*/store/*.duckdb")}
        editions = {p.name for p in self.folder.glob("before-restore-*/published/*")}
        return (
            "journal.sqlite" in names
            and stores >= {p.name for p in (self.model / "store").glob("*.duckdb")}
            and editions >= {p.name for p in (self.model / "published").iterdir()}
        )


class Prepare(Kind):
    """Prepares a week whose sources tell another number than the store."""

    name = "prepare"

    def __init__(self, place: Path, chance: random.Random) -> None:
        super().__init__(place, chance)
        self.model = a_company(place / "model")
        with (self.model / "workspace.yaml").open("a") as declared:
            declared.write("prepare: {weeks: 2, formats: [html]}\n")  # So that its steps take alike long.
        tell(self.model, 3)
        self.folder = Path(shutil.copytree(self.model, place / "whole"))
        done(self.act)
        self.deck = done(lambda: deck_of(self.folder))

    def ready(self, turn: int) -> None:
        shutil.rmtree(self.folder)
        self.folder = Path(shutil.copytree(self.model, self.place / f"turn{turn}"))

    def act(self) -> bool:
        house = open_workspace(self.folder)
        with house.preparing.alone(print):
            return house.preparing.prepare(by=BY, gates=("refused", "not_built")).ready

    def seen(self) -> list[Any]:
        return [numbers(open_workspace(self.folder)), ills(self.folder, datetime.now(UTC))]

    def wrong(self, came_back: bool) -> Iterator[str]:
        told, amiss = done(self.seen)
        self.counts["loaded" if told == [3] else "not loaded"] += 1
        self.counts["drafts left"] += sum(1 for _ in (self.folder / "prepared").glob("*.part"))
        if told not in ([0], [3]) or amiss or (came_back and told != [3]):
            yield f"{told} is told; {amiss}"
        if not done(self.act):
            yield "prepared again, it is not ready"
        if done(self.seen) != [[3], []] or done(lambda: deck_of(self.folder)) != self.deck:
            yield f"prepared again, the deck is another; {done(self.seen)}"


# --- sending --------------------------------------------------------------------------------------


class Noting(list[Any]):
    """A list that says what is put into it, to a file."""

    def __init__(self, file: Path, said: Callable[[Any], str]) -> None:
        super().__init__()
        self.file, self.said = file, said

    def append(self, each: Any) -> None:
        with self.file.open("a") as file:
            file.write(f"{self.said(each)}\n")
        super().append(each)


class SlowMailbox(Mailbox):
    """Takes its time to say that it has a mail."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> Any:  # noqa: N802 - its name in aiosmtpd
        told = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(0.01)
        return told


class Post:
    """Mail server and channel in a process of their own, which note the key of each message they take."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.touch()
        out, into = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            try:
                box, receiver = SlowMailbox(), Receiver()
                box.mails = Noting(file, lambda mail: mail["Message-ID"].strip("<>").partition("@")[0])
                receiver.headers = Noting(file, lambda headers: str(headers["Idempotency-Key"]))
                with mail_server(box) as mail, channel(receiver) as hook:
                    os.write(into, f"{mail} {hook}\n".encode())
                    signal.pause()
            finally:
                os._exit(1)
        os.close(into)
        with os.fdopen(out) as said:
            self.mail, self.hook = map(int, said.readline().split())

    def taken(self) -> list[str]:
        """The keys of all messages so far."""
        return self.file.read_text().split()

    def end(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


class Send(Kind):
    """Sends a deck to two people by mail and to two channels, from a new copy of the workspace each time."""

    name = "send"

    def __init__(self, place: Path, chance: random.Random) -> None:
        super().__init__(place, chance)
        self.post = Post(place / "taken")
        self.environment: Mapping[str, str] = {
            "WBR_SMTP": f"smtp://{HERE}:{self.post.mail}",
            "ROOM": f"http://{HERE}:{self.post.hook}/room",
        }
        os.environ.update(self.environment)
        self.model = place / "model"
        self.model.mkdir()
        hosts = f'"{HERE}:{self.post.mail}", "{HERE}:{self.post.hook}"'
        a_sending_company(
            self.model,
            notify=f"  inner_hosts: [{hosts}]\n",
            send="send: {format: html, webhooks: {room: {url_env: ROOM, form: slack, reader: dov},"
            " log: {url_env: ROOM, form: plain, reader: kate}}}",
        )
        done(lambda: open_workspace(self.model).load().load)
        self.folder, self.before = self.model, 0

    def ready(self, turn: int) -> None:
        self.before = len(self.post.taken())
        self.folder = Path(shutil.copytree(self.model, self.place / f"turn{turn}"))

    def act(self) -> None:
        words = ["send", "--workspace", str(self.folder), "--yes", "--by", "cron"]
        app([*words, *(f"--to={who}" for who in ("dov", "kate", "room", "log"))], standalone_mode=False)

    def wait(self) -> None:
        if self.chance.random() < 0.8:
            first = self.before + self.chance.randrange(4)
            until(lambda: len(self.post.taken()) > first, self.took * 3)
            time.sleep(self.chance.uniform(0, 0.03))
        else:
            super().wait()

    def counted(self) -> Counter[str]:
        """How often each message was taken since the turn began."""
        return Counter(self.post.taken()[self.before :])

    def run(self, *, again: bool = False) -> dict[str, Any]:
        """Send what is to be sent; what stands against each delivery before, and its state after."""
        later = datetime.now(UTC) + timedelta(hours=1)
        house = Workspace(self.folder, lambda: later) if again else open_workspace(self.folder)
        sending = Sending(house, self.environment)
        posts = sending.plan(to=("dov", "kate", "room", "log"), again=again)
        held = {post.address.subject: [post.obstacle, post.wrong] for post in posts}
        for _ in sending.send(posts, by="cron"):
            pass
        states = {each.address.subject: each.state for each in sending.deliveries()}
        return {subject: [*told, states.get(subject)] for subject, told in held.items()}

    def wrong(self, came_back: bool) -> Iterator[str]:
        told = done(self.run)
        taken = self.counted()
        unclear = [subject for subject, (_, _, state) in told.items() if state != "delivered"]
        self.counts["under way"] += len(unclear)
        self.counts["of those, taken"] += sum(taken[_key(subject)] for subject in unclear)
        self.counts["delivered before"] += sum(held.startswith("delivered") for held, _, _ in told.values())
        if len(told) != 4 or len(unclear) > 1 or (came_back and unclear):
            yield f"of {len(told)} deliveries {unclear} are unclear"
        for subject, (held, is_wrong, state) in told.items():
            count = taken[_key(subject)]
            if subject in unclear:
                if state != "begun" or not is_wrong or "another run may be at it" not in held or count > 1:
                    yield f"{subject}: {state}, {held!r}, taken {count} times"
            elif count != 1:
                yield f"{subject}: delivered, taken {count} times"
        after = done(lambda: self.run(again=True))
        now = self.counted()
        for subject, (held, _, state) in after.items():
            key, asked = _key(subject), subject in unclear
            if state != "delivered" or now[key] != taken[key] + asked or (asked and held):
                yield f"{subject}, an hour later: {state}, {held!r}, taken {now[key]} times"
        if set(now) != {_key(subject) for subject in told}:
            yield f"other messages were taken: {now}"
        shutil.rmtree(self.folder)


def _key(subject: str) -> str:
    return sha256(subject.encode()).hexdigest()[:24]


# --- all of them ----------------------------------------------------------------------------------

KINDS: tuple[type[Kind], ...] = (Send, Undo, Compact, Backup, Restore, Prepare)


def tortured(kind: Kind, kills: int) -> list[str]:
    """Kill a command again and again; return what went wrong."""
    begun, came_back = time.monotonic(), 0
    for turn in range(-1, kills):
        kind.ready(turn + 1)
        if turn < 0:  # The first is let go on to its end, to learn how long it takes.
            first = time.monotonic()
            done(kind.act)
            kind.took = time.monotonic() - first
            whole = True
        else:
            whole = killed(kind.act, kind.wait)
            came_back += whole
        if wrong := list(kind.wrong(whole)):
            return [f"{kind.name}, turn {turn}: {each}" for each in wrong]
    met = ", ".join(f"{count} {name}" for name, count in sorted(kind.counts.items()))
    print(
        f"{kind.name}: {kills} kills ({came_back} after its end), an act takes {kind.took * 1000:.0f} ms; "
        f"{met}; 0 wrong, {time.monotonic() - begun:.0f} s",
        flush=True,
    )
    return []


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--only", choices=[kind.name for kind in KINDS])
    parser.add_argument("--seed", type=int, default=8)
    asked = parser.parse_args()
    wrong: list[str] = []
    with ExitStack() as held:
        place = Path(held.enter_context(tempfile.TemporaryDirectory()))
        for make in KINDS:
            if asked.only not in (None, make.name):
                continue
            kind = make(place / make.name, random.Random(asked.seed))
            if isinstance(kind, Send):
                held.callback(kind.post.end)
            if isinstance(kind, Restore):
                try:
                    kind.server = held.enter_context(cluster())
                except AbsentError as error:
                    print(f"PostgreSQL was left out: {error}")
            wrong += tortured(kind, asked.kills)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
