"""A store on Sail and on Apache Spark, each behind its own Spark Connect server: the same answers, whole loads."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from threading import Thread

import pytest

from metrics import open_workspace
from metrics.engines import EngineStore, Spark
from metrics.errors import StoreError
from metrics.store import Store
from tests.test_conformance_deck import SCENARIOS
from tests.test_engines import BARE, _same_frames, _step, the_same_deck, values, wrenfield
from tests.test_engines_deck import every_cell
from tests.test_store import at, orders, waits

__all__ = ["wrenfield"]

ROOT = Path(__file__).resolve().parents[2]
STARTS = 180.0  # Seconds.
SERVERS = ("sail", "spark")
QUICK = {  # One small machine: a statement on a few rows takes a tenth of a second, not seconds.
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.connect.grpc.binding.address": "127.0.0.1",
}


class Server:
    """A Spark Connect server whose tables lie in a folder, on a free port of the loopback."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        self._numbers = count()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.running = subprocess.Popen(
                self._command(), cwd=self.folder, stdout=log, stderr=log, env=self._environment()
            )
        until = time.monotonic() + STARTS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                said = (self.folder / "log").read_text()[-2000:]
                assert self.running.poll() is None, said
                assert time.monotonic() < until, said
                time.sleep(0.2)

    def _command(self) -> list[str]:
        if self.kind == "sail":
            sail = shutil.which("sail", path=str(Path(sys.executable).parent))
            assert sail, "Sail is not there. Run: make engines"
            return [sail, "spark", "server", "--port", str(self.port)]
        settings = [f"--conf={k}={v}" for k, v in QUICK.items()]
        return [
            f"{self._environment()['SPARK_HOME']}/bin/spark-submit", "--master", "local[2]", "--driver-memory", "2g",
            "--driver-java-options", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", *settings,
            f"--conf=spark.connect.grpc.binding.port={self.port}",
            "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal",
        ]  # fmt: skip

    def _environment(self) -> dict[str, str]:
        if self.kind == "sail":
            return dict(os.environ)
        installed = Path(os.environ.get("SPARK_SERVER", Path(sys.executable).parent.parent / "spark"))
        found = sorted(installed.glob("lib/python*/site-packages/pyspark/bin/spark-submit"))
        assert found, "Apache Spark is not there. Run: make engines"
        return {**os.environ, "SPARK_HOME": str(found[0].parents[1]), "SPARK_LOCAL_IP": "127.0.0.1"}

    def stop(self, how: int = signal.SIGTERM) -> None:
        self.running.send_signal(how)
        try:
            self.running.wait(30)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait(30)

    def url(self) -> str:
        """Of an empty database, as often as it is asked."""
        name = f"d{next(self._numbers)}"
        return f"sc://127.0.0.1:{self.port}/;database={name};location={self.folder}/{name}"


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """Each is started when the first test asks for it, and gone with the last."""
    running: dict[str, Server] = {}

    def asked(kind: str) -> Server:
        if kind not in running:
            running[kind] = Server(kind, tmp_path_factory.mktemp(kind))
        return running[kind]

    yield asked
    for each in running.values():
        each.stop()


@pytest.fixture(params=SERVERS)
def server(request, servers) -> Server:
    return servers(request.param)


def stored(url: str, **settings: float) -> EngineStore:
    return EngineStore(Spark(lambda: url, **settings))


# --- the same answers ---------------------------------------------------------------------------

HISTORIES = {  # Wait, then a step: as the random histories of `tests/test_engines.py` write them.
    "a value that is told again, late and with its own date": [
        (0, ("values", [("orders", 0, 1, None), ("visits", 1, 2, 3)])),
        (1, ("values", [("orders", 0, 2, 9), ("orders", 1, 0, None)])),
        (0, ("undo", 1)),
        (2, ("values", [("orders", 0, 0, 1)])),
    ],
    "a bag of samples that is told again and taken back": [
        (1, ("samples", [0, 3, 3])),
        (1, ("values", [("orders", 0, 1, 0)])),
        (1, ("samples", [1])),
        (0, ("undo", 3)),
        (1, ("undo", 3)),
    ],
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_a_history_of_loads_and_undos_answers_as_the_store_of_one_machine_does(server, tmp_path, history):
    here, there = Store(tmp_path), stored(server.url())
    clock = 1.0
    for wait, (kind, what) in history:
        clock += wait
        told_here, told_there = [_step(each, kind, what, clock) for each in (here, there)]
        assert told_there == told_here
    for moment in (0, 2, 5, None):
        as_of = None if moment is None else at(moment)
        expected, found = values(here, as_of), values(there, as_of)
        assert found.keys() == expected.keys()
        assert found == pytest.approx(expected, rel=1e-12)
    _same_frames(here, there)


def test_the_whole_demo_deck_is_the_same_to_nine_places(server, wrenfield, tmp_path):
    the_same_deck("spark", wrenfield, server.url(), tmp_path)


def test_views_of_too_many_rows_to_come_over_stay_views_and_answer_the_same(server, monkeypatch):
    store = stored(server.url())
    store.add([orders(1, 2, 3), waits(4, 6, 9)], at(1))
    store.add([orders(1, 5)], at(2))
    expected = values(store)
    assert {1, 5, 3} < set(expected.values())
    monkeypatch.setattr("metrics.engines.spark.KEPT", 0)
    assert values(store) == expected


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_cell_equals_first_principles(server, shared, scenario, tmp_path):
    every_cell(shared, scenario, "spark", server.url(), tmp_path / "ws")


def test_refused_cells_and_names_keep_quotes_and_backslashes(server):
    store = stored(server.url())
    store.add([orders(1)], at(1), by='o\'brien \\ "x"')
    assert store.loads()["by"].tolist() == ['o\'brien \\ "x"']


# --- whole loads or none ------------------------------------------------------------------------


def test_loading_twice_keeps_nothing_new(server):
    store = stored(server.url())
    assert store.version == ""
    store.add([orders(1, 2, 3)], at(1))
    assert store.add([orders(1, 2, 3)], at(2)).load is None
    assert (store.version, len(store.loads()), store.sizes()) == ("load-000001", 1, {})


KILLED = """
import sys, os, signal
sys.path.insert(0, {root!r})
from metrics.engines import EngineStore, Spark
from metrics.engines.spark import _Connect
from tests.test_store import at, orders
put = _Connect.put
def dying(self, table, rows, *, temporary=False):
    if table == {table!r}:
        os.kill(os.getpid(), signal.SIGKILL)
    put(self, table, rows, temporary=temporary)
_Connect.put = dying
EngineStore(Spark(lambda: {url!r})).add([orders(9, 9, 9)], at(2))
"""


def killed_before(table: str, url: str, folder: Path) -> None:
    file = folder / "killed.py"  # Spark's client takes a program without a file for one of its own tests.
    file.write_text(KILLED.format(root=str(ROOT), url=url, table=table))
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_a_process_that_is_killed_in_a_load_leaves_what_was_known(server, tmp_path):
    url = server.url()
    store = stored(url)
    store.add([orders(1, 2)], at(1))
    killed_before("load_source", url, tmp_path)  # Its values are written.
    assert (sorted(values(store).values()), store.version) == ([1, 2], "load-000001")
    report = store.add([orders(1, 2, 3)], at(3))
    assert (report.load, sorted(values(store).values())) == (3, [1, 2, 3])


def test_one_that_is_killed_at_its_very_end_is_waited_for_and_told(server, tmp_path):
    url = server.url()
    stored(url).add([orders(1, 2)], at(1))
    killed_before("load", url, tmp_path)
    with pytest.raises(StoreError, match=r"one was killed at its very end: run it again in 10 minutes"):
        stored(url).add([orders(1, 2, 3)], at(3))
    patient = stored(url, ending=0.0)
    assert sorted(values(patient).values()) == [1, 2]
    patient.add([orders(1, 2, 3)], at(4))
    assert sorted(values(patient).values()) == [1, 2, 3]


class Meanwhile:
    """Runs something in another load just before a step of this one."""

    def __init__(self, monkeypatch, step: str, what) -> None:
        from metrics.engines.spark import _Connect

        before, done = getattr(_Connect, step), []

        def wrapped(session, *args):
            if not done:
                done.append(True)
                what()
            before(session, *args)

        monkeypatch.setattr(_Connect, step, wrapped)


@pytest.mark.parametrize("step", ["claim", "confirm"])
def test_of_two_loads_at_once_the_one_that_ends_first_stays(server, monkeypatch, step):
    url = server.url()
    store = stored(url)
    store.add([orders(1)], at(1))
    Meanwhile(monkeypatch, step, lambda: stored(url).add([orders(1, 5)], at(2)))
    with pytest.raises(StoreError, match="Another load wrote to the store on Spark at the same time"):
        store.add([orders(1, 7, 7), waits(4)], at(3))
    assert sorted(values(store).values()) == [1, 5]
    assert store.add([orders(1, 7, 7)], at(4)).sources[0].restated == 1
    assert sorted(values(store).values()) == [1, 7, 7]


def test_of_two_that_end_in_one_moment_the_earlier_number_waits_for_the_later_to_go_back(server, monkeypatch):
    url = server.url()
    stored(url).add([orders(1)], at(1))
    told: list[str] = []

    def other():
        try:
            told.append(str(stored(url).add([orders(1, 5)], at(2)).load))
        except StoreError as error:
            told.append(str(error))

    from metrics.engines.spark import _Connect

    step, threads = _Connect._step, []

    def both(session, at_step, load, newest):
        step(session, at_step, load, newest)
        if at_step == "begun" and not threads:
            threads.append(Thread(target=other))
            threads[0].start()
        if at_step == "ending" and load == 2:  # The earlier one looks when the later says that it ends, too.
            until = time.monotonic() + 120
            while not ending and time.monotonic() < until:
                time.sleep(0.05)
        if at_step == "ending" and load == 3:
            ending.append(load)

    ending: list[int] = []
    monkeypatch.setattr(_Connect, "_step", both)
    report = stored(url).add([orders(1, 7)], at(3))
    threads[0].join()
    assert (report.load, len(told)) == (2, 1)
    assert "Another load wrote to the store on Spark at the same time" in told[0]
    assert sorted(values(stored(url)).values()) == [1, 7]


# --- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_that_dies_in_the_middle_of_a_load_leaves_the_old_numbers(kind, tmp_path, monkeypatch):
    from metrics.engines.spark import _Connect

    server = Server(kind, tmp_path)
    try:
        store = stored(server.url())
        store.add([orders(1, 2)], at(1))
        put = _Connect.put

        def dying(session, table, rows, *, temporary=False):
            if table == "load_source":
                server.stop(signal.SIGKILL)
            put(session, table, rows, temporary=temporary)

        monkeypatch.setattr(_Connect, "put", dying)
        with pytest.raises(StoreError, match="the server does not answer any more"):
            store.add([orders(9, 9, 9)], at(2))
        with pytest.raises(StoreError, match=r"cannot be reached: 127\.0\.0\.1:\d+: Connection refused"):
            _ = store.version
        monkeypatch.undo()
        server.start()
        assert (sorted(values(store).values()), store.version) == ([1, 2], "load-000001")
        store.add([orders(1, 2, 3)], at(3))
        assert sorted(values(store).values()) == [1, 2, 3]
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", r"\$STORE_URL is not set\. Put the address of the store there, like sc://host:15002"),
        ("spark://h:7077", r"holds no address of spark\. It looks like sc://host:15002"),
        ("sc://127.0.0.1:1/;token=s3cret", r"cannot be reached: 127\.0\.0\.1:1: Connection refused"),
        ("sc://127.0.0.1:no/;token=s3cret", r"no address of Spark"),
        ("sc://127.0.0.1:1/;database=a b", r"names a database that is no plain name"),
        ("sc://nowhere.invalid/;token=s3cret", r"cannot be reached: nowhere\.invalid:15002"),
    ],
)
def test_a_store_that_is_not_there_is_told_in_words_without_its_secrets(tmp_path, url, words):
    (tmp_path / "wbr.yaml").write_text(BARE.format(engine="spark"))
    with pytest.raises(StoreError, match=words) as refusal:
        _ = open_workspace(tmp_path, environment={"STORE_URL": url} if url else {}).version
    assert "s3cret" not in str(refusal.value)


def test_a_catalog_that_forgets_is_told_before_anything_is_written(servers):
    server = servers("sail")
    with pytest.raises(StoreError, match=r"forgets tables when a session ends\. Add the folder"):
        stored(f"sc://127.0.0.1:{server.port}").add([orders(1)], at(1))


def test_a_folder_that_a_remembering_catalog_does_not_look_into_is_told(servers):
    server = servers("spark")
    url = server.url()
    stored(url).add([orders(1)], at(1))
    moved = f"{url}-moved"
    with pytest.raises(StoreError, match=rf"keeps the tables of d\d+ in file:{server.folder}/d\d+, not in"):
        stored(moved).add([orders(1, 2)], at(2))
    assert not Path(moved.partition("location=")[2]).exists()
    assert len(stored(url).loads()) == 1


def test_a_folder_that_cannot_be_written_to_is_told_in_one_line(server):
    url = server.url().partition("location=")[0] + "location=/proc/nowhere"
    with pytest.raises(StoreError, match=r"cannot be used: [^\n]{0,200}/proc/nowhere/claim") as refusal:
        stored(url).add([orders(1)], at(1))
    assert "Job aborted" not in str(refusal.value)


def test_a_name_is_not_changed_in_files_that_are_only_added_to(server):
    store = stored(server.url())
    store.add([orders(1)], at(1), by="ana")
    assert store.rename("ben", "person-1") == 0
    with pytest.raises(StoreError, match="the list of loads names ana still"):
        store.rename("ana", "person-1")


def test_what_spark_cannot_do_is_told_when_definitions_are_checked(tmp_path):
    (tmp_path / "wbr.yaml").write_text(BARE.format(engine="spark"))
    told = [f.message for f in open_workspace(tmp_path).findings() if f.code == "engine_cannot"]
    assert [sentence.split(":")[0] for sentence in told] == [
        "A store on spark cannot forget",
        "A store on spark is not in `wbr backup`",
        "A store on spark has no generations",
        "A store on spark cannot lock",
        "A store on spark cannot change a row",
        "A store on spark does not tell how much room it takes.",
    ]
