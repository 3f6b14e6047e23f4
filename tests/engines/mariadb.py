"""A real MariaDB as a source: the same week as every other database, and its own refusals."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pymysql
import pytest

from metrics.errors import SourceError
from metrics.workspace import Workspace
from tests.test_queries import (
    EXPECTED,
    FAULTS,
    MIDNIGHT,
    MOMENTS,
    NOW,
    days_of_moments,
    house,
    refused_with,
    rows,
    weekly,
)

STARTS = 60.0  # Seconds.
PATH = os.environ.get("PATH", "") + ":/usr/sbin"
TABLE = "create table facts (day date, series varchar(20), value decimal(12,2), country char(2))"


@contextmanager
def server(*zones):
    """A server in a temporary folder, on a free port of the loopback, gone afterwards; gives its address.

    Args:
        zones: Time zones that it is taught; out of the box it knows none by name.
    """
    daemon = shutil.which("mariadbd", path=PATH) or shutil.which("mysqld", path=PATH)
    install = shutil.which("mariadb-install-db", path=PATH)
    absent = "MariaDB is not there. `sh tests/mariadb.sh` installs it."
    assert daemon, absent
    assert install, absent
    folder = Path(tempfile.mkdtemp(prefix="mariadb-"))
    password = secrets.token_hex(12)
    user = "mysql" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    shutil.chown(folder, user) if os.getuid() == 0 else None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run(
        [install, "--no-defaults", f"--datadir={folder}/data", f"--user={user}", "--skip-test-db",
         "--auth-root-authentication-method=normal"],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "begin.sql").write_text(
        "create database w;\n"
        f"create user wbr@localhost identified by '{password}';\n"
        "grant all on *.* to wbr@localhost;\n"
    )
    (folder / "begin.sql").chmod(0o644)
    running = subprocess.Popen(
        [daemon, "--no-defaults", f"--datadir={folder}/data", f"--user={user}", f"--port={port}",
         "--bind-address=127.0.0.1", f"--socket={folder}/s", f"--pid-file={folder}/pid",
         f"--init-file={folder}/begin.sql", "--innodb-flush-log-at-trx-commit=0"],
        stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"),
    )  # fmt: skip
    try:
        until = time.monotonic() + STARTS
        while True:
            try:
                pymysql.connect(
                    host="127.0.0.1", port=port, user="wbr", password=password, database="w"
                ).close()
                break
            except pymysql.err.MySQLError:
                assert running.poll() is None, (folder / "log").read_text()[-2000:]
                assert time.monotonic() < until, (folder / "log").read_text()[-2000:]
                time.sleep(0.2)
        for zone in zones:
            told = subprocess.run(
                ["mariadb-tzinfo-to-sql", f"/usr/share/zoneinfo/{zone}", zone],
                check=True,
                capture_output=True,
            )
            subprocess.run(
                ["mariadb", "--no-defaults", f"--socket={folder}/s", "--user=wbr", "mysql"],
                input=told.stdout, env={**os.environ, "MYSQL_PWD": password}, check=True,
            )  # fmt: skip
        yield f"mysql://wbr:{password}@127.0.0.1:{port}/w"
    finally:
        running.terminate()
        running.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def url():
    with server("America/New_York") as address:
        filled(address)
        yield address


def filled(url):
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.executemany("insert into facts values (%s, %s, %s, %s)", rows())
        connection.commit()


def connected(url):
    user, _, place = url.removeprefix("mysql://").rpartition("@")
    name, password = user.split(":")
    host, _, rest = place.partition(":")
    port, _, database = rest.partition("/")
    return pymysql.connect(host=host, port=int(port), user=name, password=password, database=database)


@pytest.mark.parametrize("scheme", ["mysql:", "mysql+pymysql:", "mariadb:"])
def test_it_tells_the_same_week(tmp_path, url, scheme):
    workspace = house(tmp_path, url.replace("mysql:", scheme))
    assert workspace.load().sources[0].kept == 140
    assert weekly(workspace) == EXPECTED
    assert workspace.load().load is None


def test_a_percent_sign_stands_for_itself(tmp_path, url):
    query = (
        "select day, series, value, country from facts where series like 'ord%' and day between :from and :to"
    )
    assert house(tmp_path, url, query).load().sources[0].kept == 140


def test_a_query_is_stopped_at_its_limit(tmp_path, url):
    endless = "select count(*) as value from facts a, facts b, facts c, facts d, facts e"
    with pytest.raises(SourceError, match=r"revenue\.sql was stopped after 1 s"):
        house(tmp_path, url, endless, seconds=1).load()


def test_a_wrong_password_is_told_without_it(tmp_path, url):
    password = url.split(":")[2].split("@")[0]
    with pytest.raises(SourceError, match="Access denied") as refusal:
        house(tmp_path, url.replace(password, "wr0ng-pass")).load()
    assert "wr0ng-pass" not in str(refusal.value)


@pytest.mark.parametrize("query, words", [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_what_goes_wrong_is_told_and_the_old_numbers_stay(tmp_path, url, query, words):
    password = url.split(":")[2].split("@")[0]
    assert password not in refused_with(words[1], tmp_path, url, query)


def moments(url):
    """Two moments on both sides of New York's midnight, which in UTC are of one day."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("create table moments (at timestamp, value int)")
        cursor.execute("set time_zone = '+00:00'")
        cursor.execute("insert into moments values ('2026-05-10 03:30', 5), ('2026-05-10 04:30', 9)")
        connection.commit()


def test_the_companys_midnight_parts_the_days(tmp_path, url):
    moments(url)
    assert days_of_moments(tmp_path, url) == MIDNIGHT


def test_a_server_that_does_not_know_the_companys_midnight_is_told_and_one_in_utc_needs_no_tables(tmp_path):
    with server() as address:
        moments(address)
        with pytest.raises(SourceError, match=r"knows no time zone 'America/New_York'") as refusal:
            house(tmp_path, address, MOMENTS).load()
        assert address.split(":")[2].split("@")[0] not in str(refusal.value)
        definitions = (tmp_path / "wbr.yaml").read_text().replace("America/New_York", "UTC")
        (tmp_path / "wbr.yaml").write_text(definitions)
        both = MOMENTS.replace(" at ", " date(at) ").replace("value,", "sum(value) as value,") + " group by 1"
        (tmp_path / "revenue.sql").write_text(both)
        workspace = Workspace(tmp_path, clock=lambda: NOW, environment={"WAREHOUSE_URL": address})
        workspace.load()
        days = workspace.history("orders", "day", date(2026, 5, 16))
        assert [v for v in days["value"] if v == v] == [14]  # One day of UTC.


@pytest.mark.parametrize("whole", [False, True], ids=["its line is cut", "all of it is killed"])
def test_a_server_that_dies_in_the_middle_leaves_the_old_numbers(tmp_path, whole):
    with server("America/New_York") as address:
        filled(address)
        workspace = house(tmp_path, address)
        workspace.load()
        before = workspace.version
        many = "select a.day, a.series, a.value, a.country from facts a, facts b, facts c"
        again = house(tmp_path, address, many, more=", most_rows: 100000000", seconds=300)
        gone = []

        def killed(what, share):
            if "rows" not in what or gone:
                return
            gone.append(what)
            with connected(address) as other, other.cursor() as cursor:
                if whole:
                    cursor.execute("select @@pid_file")
                    os.kill(int(Path(cursor.fetchone()[0]).read_text()), signal.SIGKILL)
                    return
                cursor.execute("select id from information_schema.processlist where info like '%facts c%'")
                for (number,) in cursor.fetchall():
                    if number != other.thread_id():
                        cursor.execute(f"kill {number}")

        with pytest.raises(SourceError, match=r"failed at mysql://127\.0\.0\.1"):
            again.load(progress=killed)
        assert again.version == before
        assert weekly(again) == EXPECTED
