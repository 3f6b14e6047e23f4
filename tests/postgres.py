"""A real PostgreSQL of its own: a cluster in a temporary folder, on a free port of the loopback, gone afterwards."""

import os
import pwd
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

STARTS = 30.0  # Seconds a cluster has to start on a busy machine.


class AbsentError(Exception):
    """There is no PostgreSQL to start."""


@dataclass(frozen=True)
class Cluster:
    """A running server.

    Attributes:
        port: On 127.0.0.1.
        password: Of the user `journal`, who owns the server.
        folder: Where it keeps its data.
    """

    port: int
    password: str
    folder: Path

    def url(self, schema: str = "public") -> str:
        """The address of a journal in a schema of its own; the schema is made if it is not there."""
        with psycopg.connect(self.plain, autocommit=True) as connection:
            connection.execute(
                psycopg.sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(psycopg.sql.Identifier(schema))
            )
        return f"{self.plain.replace('postgresql:', 'postgresql+psycopg:')}?options=-csearch_path%3D{schema}"

    @property
    def plain(self) -> str:
        """The address as `psycopg` itself takes it."""
        return f"postgresql://journal:{self.password}@127.0.0.1:{self.port}/postgres"


def programs() -> Path:
    """The folder of `initdb` and `postgres`: `$POSTGRES_BIN`, that of the path, or the newest of Debian's."""
    named = os.environ.get("POSTGRES_BIN")
    found = shutil.which("initdb")
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True
    )
    for folder in [Path(named)] if named else [*([Path(found).resolve().parent] if found else []), *debian]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise AbsentError("No PostgreSQL is found: run `sh tests/postgres.sh`, or set POSTGRES_BIN.")


@contextmanager
def cluster(*, safe: bool = False) -> Iterator[Cluster]:
    """Start a cluster; stop and remove it afterwards.

    Args:
        safe: Write to the disk as a real server does; else as fast as it goes.
    """
    home = programs()
    folder = Path(tempfile.mkdtemp(prefix="journal-postgres-"))
    password = secrets.token_hex(16)
    user = _user()
    try:
        (folder / "password").write_text(password, encoding="ascii")
        if user:
            for path in (folder, folder / "password"):
                os.chown(path, user["user"], user["group"])
        _run(
            f"{home}/initdb -D {folder}/data -U journal -A scram-sha-256 --pwfile {folder}/password "
            "-E UTF8 --locale=C --no-sync",
            user,
        )
        for last in (False, False, True):
            try:
                server, port = _started(home, folder, user, safe=safe)
                break
            except TimeoutError:  # Somebody else took the port in between.
                if last:
                    raise
        try:
            yield Cluster(port, password, folder / "data")
        finally:
            server.send_signal(signal.SIGINT if safe else signal.SIGQUIT)  # Fast, or at once.
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(home, folder, user, *, safe):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quick = "" if safe else "-c fsync=off -c full_page_writes=off"
    # If this process is killed, the server shall not stay.
    tied = "setpriv --pdeathsig INT" if shutil.which("setpriv") else ""
    command = (
        f"{tied} {home}/postgres -D {folder}/data -h 127.0.0.1 -p {port} -k {folder} "
        f"-c max_connections=60 -c shared_buffers=32MB {quick}"
    )
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(shlex.split(command), stdout=log, stderr=log, cwd=folder, **user)
    until = time.monotonic() + STARTS
    while time.monotonic() < until and server.poll() is None:
        lines = (folder / "data" / "postmaster.pid").read_text().split("\n") if _ready(folder) else []
        if len(lines) > 7 and lines[7].strip() == "ready":
            return server, port
        time.sleep(0.05)
    server.kill()
    server.wait()
    raise TimeoutError((folder / "log").read_text())


def _ready(folder):
    return (folder / "data" / "postmaster.pid").exists()


def _run(command, user):
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, cwd="/", **user)
    if done.returncode:
        raise RuntimeError(f"{command} failed: {done.stdout}{done.stderr}")


def _user():
    """Whom the server runs as: it refuses root."""
    if os.getuid():
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise AbsentError("PostgreSQL refuses root, and there is no user postgres or nobody.")
