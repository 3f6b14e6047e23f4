"""Sources that are queries: which texts are run, where, for which days, and what is said when it goes wrong."""

import os
import signal
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet
import pytest

from metrics.errors import SourceError
from metrics.ingest.query import ENGINES, address, checked, filled
from metrics.workspace import Workspace
from tests.postgres import cluster

NOW = datetime(2026, 5, 11, 7, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 1), date(2026, 5, 9)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
QUERY = "select day, series, value, country from facts where day between :from and :to"

WORKSPACE = """
company: {{name: Northwind, currency: USD, time_zone: America/New_York}}
calendar: {{week_ends_on: saturday}}
people:
  mia: {{name: Mia, email: mia@example.com, roles: [owner]}}
connections:
  warehouse: {{url_env: WAREHOUSE_URL, time_limit_seconds: {seconds}}}
sources:
  revenue: {{sql: revenue.sql, connection: warehouse, date: {{column: day}}, series_column: series,
            value_column: value, segments: [country]{more}}}
metrics:
  orders: {{name: Orders, kind: output, owner: mia, unit: count, measure: {{how: total, series: orders}}, better: up}}
decks:
  company: {{title: Weekly business review, sections: [{{title: Demand, blocks: [orders]}}]}}
"""


def house(folder, url, query=QUERY, *, more="", seconds=20, now=NOW):
    (folder / "wbr.yaml").write_text(WORKSPACE.format(more=more, seconds=seconds))
    (folder / "revenue.sql").write_text(query)
    environment = {"WAREHOUSE_URL": url} if url else {}
    return Workspace(folder, clock=lambda: now, environment=environment)


def rows(days=DAYS, factor=1.0):
    return [(d, "orders", factor * (100 + n), c) for n, d in enumerate(days) for c in ("US", "CA")]


def weekly(workspace):
    """The last week of orders, which every engine must tell alike."""
    return workspace.history("orders")["value"].iloc[-1]


EXPECTED = sum(2 * (100 + n) for n, d in enumerate(DAYS) if d > LAST - timedelta(days=7))


# --- the text -----------------------------------------------------------------------------------------

GOOD = [
    ("duckdb", "select 1 as a"),
    ("duckdb", "-- what was sold\nselect day, sum(x) as x from t group by 1;"),
    ("duckdb", "with a as (select * from t) select * from a union all select * from b"),
    ("postgres", "select day, x::numeric from t where s = ';drop table t' and day >= :from"),
    ("mysql", "select `day`, x from t where name like '50%'"),
    ("clickhouse", "select toDate(at) as day, count() as x from t group by day settings max_threads = 1"),
    ("bigquery", "select day, x from `project.data.t` where day between :from and :to"),
    ("snowflake", "select day, v:from.x::float as x from t where day < :to"),
    ("redshift", "select day, x from t where day >= dateadd(day, -3, :from)"),
    ("athena", "select day, x from t where day >= :from"),
    ("trino", "select day, x from catalog.s.t where day >= :from"),
    ("databricks", "select day, x from main.s.t where day >= :from"),
]


@pytest.mark.parametrize("dialect, text", GOOD, ids=[d + str(n) for n, (d, _) in enumerate(GOOD)])
def test_one_select_is_run_as_it_stands(dialect, text):
    whole = checked(text, "q.sql", dialect)
    assert whole == text.rstrip(";").replace("-- what was sold", " " * 16)  # A comment does not travel.
    told = filled(whole, "q.sql", dialect, FIRST, LAST)
    assert told.count("CAST('2026-") == sum(whole.count(p) for p in (" :from", " :to"))


BAD = [
    ("duckdb", "select 1; select 2", "line 1: a second statement begins here"),
    ("duckdb", "select 1;\n\ndrop table t", "line 3: a second statement begins here"),
    ("duckdb", "copy t to 'x.csv'", "line 1: this is no SELECT"),
    ("duckdb", "attach 'x.db'", "line 1: this is no SELECT"),
    ("duckdb", "install httpfs", "line 1: this is no SELECT"),
    ("duckdb", "set threads = 8", "line 1: this is no SELECT"),
    ("duckdb", "pragma version", "line 1: this is no SELECT"),
    ("duckdb", "select *\nfrom read_csv('/etc/passwd')", "line 2: read_csv reaches past the tables"),
    ("duckdb", "select *\nfrom read_text('/etc/passwd')", "line 2: read_text reaches past the tables"),
    ("duckdb", "select *\nfrom '/etc/passwd'", "line 2: '/etc/passwd' is a file and no table"),
    ("duckdb", "select * from 'a.parquet'", "line 1: 'a.parquet' is a file and no table"),
    ("duckdb", "select getenv('HOME')", "line 1: getenv reaches past the tables"),
    (
        "postgres",
        "with gone as (delete from t returning *) select * from gone",
        "DELETE is not part of a query",
    ),
    ("postgres", "select * into u from t", "INTO is not part of a query"),
    ("postgres", "select * from t for update", "LOCK is not part of a query"),
    ("postgres", "select pg_read_file('/etc/passwd')", "pg_read_file reaches past the tables"),
    ("postgres", "select pg_sleep(100)", "pg_sleep reaches past the tables"),
    ("mysql", "select load_file('/etc/passwd')", "load_file reaches past the tables"),
    ("clickhouse", "select * from url('http://127.0.0.1/', CSV)", "url reaches past the tables"),
    ("clickhouse", "select * from file('/etc/passwd', CSV)", "file reaches past the tables"),
    ("clickhouse", "select * from fileCluster('x', '/etc/passwd')", "fileCluster reaches past the tables"),
    ("clickhouse", "select * from icebergLocal('/etc')", "icebergLocal reaches past the tables"),
    ("clickhouse", "select * from dictionary('x')", "dictionary reaches past the tables"),
    ("postgres", """select u&"pg_re\\0061d_file"('/etc/passwd')""", "a name is spelt with U&"),
    ("postgres", """select pg_catalog . "pg_ls_logdir" ()""", "pg_ls_logdir reaches past the tables"),
    ("postgres", "select pg_reload_conf()", "pg_reload_conf reaches past the tables"),
    ("postgres", "select * from ts_stat('select 1')", "ts_stat reaches past the tables"),
    ("postgres", "select table_to_xml('t', true, true, '')", "table_to_xml reaches past the tables"),
    ("postgres", "select lo_from_bytea(0, 'x')", "lo_from_bytea reaches past the tables"),
    ("duckdb", "select * from query('select 1')", "query reaches past the tables"),
    ("duckdb", "", "q.sql is empty"),
    ("duckdb", "-- nothing", "q.sql holds comments only"),
    ("duckdb", "select from where (", "cannot be understood as duckdb SQL"),
    ("duckdb", "select " + "(" * 5000 + "1" + ")" * 5000, "nested too deeply"),
    ("duckdb", "select '" + "x" * 200_001 + "'", "longer than 200,000 characters"),
]


@pytest.mark.parametrize("dialect, text, words", BAD, ids=[words[:40] for _, _, words in BAD])
def test_anything_else_is_refused_with_its_line(dialect, text, words):
    with pytest.raises(SourceError) as refusal:
        checked(text, "q.sql", dialect)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    "dialect, text, runs",
    [
        ("mysql", "select 1 /*! , load_file('/etc/passwd') */", "select 1"),
        ("mysql", "select 1 /*M!100100 , load_file('/x') */ as é", "select 1 as é"),
        ("mysql", "select 1 /* /* */ , load_file('/x') -- */\n*/", "select 1"),
        ("postgres", "select '😀' -- ' , pg_read_file('/x')\n from t", "select '😀' from t"),
        ("postgres", "select $a$-- x$a$, e'\\'' /* /* */ , 2 */", "select $a$-- x$a$, e'\\''"),
    ],
)
def test_what_one_database_takes_for_a_comment_and_another_runs_is_not_sent(dialect, text, runs):
    try:
        told = checked(text, "q.sql", dialect)
    except SourceError:
        return  # As well: that database has no such comment.
    assert " ".join(told.split()) == runs


def test_days_are_put_in_outside_of_texts_and_comments_only():
    text = "select day, ':from' as x -- :to\nfrom t where day>=:from and day < date_add(:TO, 1)"
    assert filled(text, "q.sql", "duckdb", FIRST, LAST) == (
        "select day, ':from' as x -- :to\n"
        "from t where day>=CAST('2026-03-01' AS DATE) and day < date_add(CAST('2026-05-09' AS DATE), 1)"
    )


# --- the address --------------------------------------------------------------------------------------


def test_an_address_is_never_shown():
    told = address("postgresql://mia:s3cret@db.example:5432/w?sslmode=require", "warehouse")
    assert repr(told) == "Address(postgresql://db.example)"
    assert told.scrubbed(f"no: {told.url} password=s3cret") == "no: postgresql://db.example password=…"
    assert told.scrubbed("could not connect to mysql://a:b@h") == "could not connect to mysql://…@h"


@pytest.mark.parametrize("sign", [*"/?#[]@:%&=;, é", "%2F", "%zz"])
@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "mysql"])
def test_a_password_with_odd_signs_is_not_shown_in_a_drivers_words(tmp_path, scheme, sign):
    url = f"{scheme}://mia:Secr{sign}3tive@127.0.0.1:9/w"
    with pytest.raises(SourceError) as refusal:
        house(tmp_path, url).load()
    told = str(refusal.value)
    assert "127.0.0.1" in told
    assert not any(piece in told for piece in ("Secr", "3tive", "mia"))


@pytest.mark.parametrize(
    "url, words",
    [
        ("nonsense", "begins with no kind of database that is known"),
        ("oracle://a:s3cret@h/x", "begins with no kind of database that is known"),
        (
            "bigquery://project",
            "needs a driver that is not installed. Install it beside Sixtwelve: pip install",
        ),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_it(url, words):
    with pytest.raises(SourceError) as refusal:
        address(url, "warehouse")
    assert words in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


def test_every_engine_has_a_language_that_is_known():
    import sqlglot

    for engine in ENGINES.values():
        assert sqlglot.Dialect.get_or_raise(engine.dialect)


# --- where it runs ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgres():
    with cluster() as found:
        with psycopg.connect(found.plain, autocommit=True) as connection:
            connection.execute(
                "create table facts (day date, series text, value numeric(12,2), country text)"
            )
            connection.cursor().executemany("insert into facts values (%s, %s, %s, %s)", rows())
            connection.execute("create table moments (at timestamptz, value int)")
        yield found


def a_duckdb(folder, table=None):
    with closing(duckdb.connect(str(folder / "w.duckdb"))) as connection:
        connection.execute("create table facts (day date, series text, value double, country text)")
        connection.executemany("insert into facts values (?, ?, ?, ?)", table or rows())
    return "duckdb:///w.duckdb"


def a_folder(folder):
    place = folder / "lake" / "facts"
    table = list(zip(*rows(), strict=True))
    names = ["day", "series", "value", "country"]
    for country in ("US", "CA"):
        (place / f"country={country}").mkdir(parents=True)
        mine = pa.table(table, names=names).filter(pa.array([c == country for c in table[3]]))
        pyarrow.parquet.write_table(mine.drop(["country"]), place / f"country={country}" / "a.parquet")
    return "parquet:///lake"


def a_chdb(folder):
    from chdb.session import Session

    with closing(Session(str(folder / "ch"))) as session:
        session.query("create database w")
        session.query(
            "create table w.facts (day Date, series String, value Float64, country LowCardinality(String))"
            " engine = MergeTree order by day"
        )
        values = ", ".join(f"('{d}', '{s}', {v}, '{c}')" for d, s, v, c in rows())
        session.query(f"insert into w.facts values {values}")
    return "chdb:///ch"


def a_sqlite(folder):
    with closing(sqlite3.connect(folder / "w.sqlite")) as connection:
        connection.execute("create table facts (day text, series text, value real, country text)")
        connection.executemany(
            "insert into facts values (?, ?, ?, ?)", [(d.isoformat(), *rest) for d, *rest in rows()]
        )
        connection.commit()
    return f"sqlite:///{folder / 'w.sqlite'}"


@pytest.mark.parametrize("make", [a_duckdb, a_folder, a_chdb, a_sqlite])
def test_every_embedded_database_tells_the_same_week(tmp_path, make):
    query = QUERY.replace("facts", "w.facts") if make is a_chdb else QUERY
    if make is a_sqlite:
        query = query.replace(":from", "'2026-01-01'").replace(":to", "'2026-12-31'")
    workspace = house(tmp_path, make(tmp_path), query)
    report = workspace.load()
    assert [(s.source, s.kept, s.rows) for s in report.sources] == [("revenue", 140, 140)]
    assert weekly(workspace) == EXPECTED
    assert workspace.load().load is None, "a second load keeps nothing new"


@pytest.mark.parametrize("driver", ["", "+psycopg"])
def test_postgresql_tells_the_same_week(tmp_path, postgres, driver):
    workspace = house(tmp_path, postgres.plain.replace("postgresql:", f"postgresql{driver}:"))
    assert workspace.load().sources[0].kept == 140
    assert weekly(workspace) == EXPECTED


def test_only_new_days_are_asked_for_with_a_look_back(tmp_path):
    url = a_duckdb(tmp_path, rows(DAYS[:-10]))
    workspace = house(tmp_path, url, more=", look_back_days: 5")
    workspace.load()
    assert workspace.querying.query("revenue").since == DAYS[-11] - timedelta(days=5)
    with closing(duckdb.connect(str(tmp_path / "w.duckdb"))) as connection:
        connection.executemany("insert into facts values (?, ?, ?, ?)", rows()[-20:])
        connection.execute(
            "update facts set value = 7 where day = ?", [DAYS[-12]]
        )  # Late, within the look-back.
        connection.execute("update facts set value = 8 where day = ?", [DAYS[0]])  # Long before it.
    told = workspace.load().sources[0]
    assert (told.kept, told.restated, told.rows) == (20, 2, 32)
    assert workspace.load(whole=True).sources[0].restated == 2, "asked for everything, the old day is seen"


def test_asking_for_everything_may_bring_ten_times_what_stands(tmp_path):
    url = a_duckdb(tmp_path, [(d, "orders", 1.0, f"c{n}") for d in DAYS[-10:] for n in range(1_200)])
    workspace = house(tmp_path, url)
    assert workspace.load().sources[0].kept == 12_000
    with closing(duckdb.connect(str(tmp_path / "w.duckdb"))) as connection:
        connection.execute("update facts set value = 2 where country = 'c7'")
    told = workspace.load().sources[0]
    assert (told.rows, told.restated) == (1_200, 1), "the last day alone is asked for again"
    assert workspace.querying.query("revenue").rows == 12_000
    assert workspace.querying.query("revenue", whole=True).rows == 120_000


def test_parts_of_a_query_that_differ_in_type_are_told_by_their_column(tmp_path):
    url = a_chdb(tmp_path)
    query = (
        "select day, series, value, country from w.facts union all "
        "select day, 'times' as series, count(*) as value, country from w.facts group by day, country"
    )
    with pytest.raises(SourceError, match=r"column 'value' comes in several types, double and uint64\. Cast"):
        house(tmp_path, url, query).load()


def test_the_companys_midnight_parts_the_days(tmp_path, postgres):
    with psycopg.connect(postgres.plain, autocommit=True) as connection:
        connection.execute("truncate moments")
        # 3:30 in UTC on the tenth is 23:30 on the ninth in New York, the last day of the week.
        connection.execute(
            "insert into moments values ('2026-05-10 03:30+00', 5), ('2026-05-10 04:30+00', 9)"
        )
    assert days_of_moments(tmp_path, postgres.plain) == MIDNIGHT


MOMENTS = "select at as day, 'orders' as series, value, 'US' as country from moments"
MIDNIGHT = {date(2026, 5, 9): 5, date(2026, 5, 10): 9}


def days_of_moments(folder, url):
    """The days that a table of moments becomes, with their values."""
    workspace = house(folder, url, MOMENTS)
    workspace.load()
    days = workspace.history("orders", "day", date(2026, 5, 16))
    return {d.date(): v for d, v in zip(days["day"], days["value"], strict=True) if v == v}


# fmt: off
CLOCKS = [
    # it is said that …                                        database      query of the day                                              words
    ("a clock without zone is not the company's",              "duckdb",     "cast(bare as date)",                                         "its days come from bare, a timestamp without time zone, and were parted at the midnight written there, as if its clock were that of America/New_York. If its clock is UTC, write cast(bare at time zone 'UTC' as date); if it is the company's, cast(bare at time zone 'America/New_York' as date) says so"),
    ("a timestamp without zone is a day as it is written",     "duckdb",     "bare",                                                       "its days come from bare, a timestamp without time zone"),
    ("a moment is the company's day",                          "duckdb",     "sold",                                                       None),
    ("a moment is cut to the company's day",                   "duckdb",     "cast(sold as date)",                                           None),
    ("a zone that is written is meant",                        "duckdb",     "cast(bare at time zone 'UTC' as date)",                      None),
    ("a day is a day",                                         "duckdb",     "day",                                                        None),
    ("a clock without zone is not the company's",              "postgresql", "bare::date",                                                 "its days come from bare, a timestamp without time zone"),
    ("a moment is cut to the company's day",                   "postgresql", "date_trunc('day', sold)",                                      None),
    ("a zone that is written is meant",                        "postgresql", "(bare at time zone 'UTC')::date",                            None),
    ("a clock of another zone parts the days there",           "chdb",       "toDate(sold)",                                                 "its days come from sold, whose clock is UTC, and were parted at the midnight there, not at that of America/New_York. Write toDate(sold, 'America/New_York')."),
    ("midnight of another zone is no moment",                  "chdb",       "toDateTime64(toStartOfDay(sold), 3, 'UTC')",                   "all its days are midnight in UTC, and were taken as moments"),
    ("a clock without a zone is the company's in ClickHouse",  "chdb",       "toDate(bare)",                                               None),
    ("a zone that is written is meant",                        "chdb",       "toDate(sold, 'America/New_York')",                             None),
]
# fmt: on


def clocks(folder, kind, server):
    """A table of two moments, 23:30 of a Friday and 0:30 of a Sunday in New York, with its columns in the types that databases have."""
    utc = [datetime(2026, 5, 9, 3, 30), datetime(2026, 5, 10, 4, 30)]
    if kind == "chdb":
        from chdb.session import Session

        with closing(Session(str(folder / "ch"))) as session:
            session.query("create database w")
            session.query(
                "create table w.clocks (sold DateTime('UTC'), bare DateTime, value Float64)"
                " engine = MergeTree order by sold"
            )
            told = ", ".join(f"('{at}', '{at}', 5)" for at in utc)
            session.query(f"insert into w.clocks values {told}")
        return "chdb:///ch", "w.clocks"
    create = "create table clocks (sold timestamptz, bare timestamp, day date, value int)"
    told = [(f"{at}+00", at, at.date(), 5) for at in utc]
    if kind == "postgresql":
        with psycopg.connect(server.plain, autocommit=True) as connection:
            connection.execute("drop table if exists clocks")
            connection.execute(create)
            connection.cursor().executemany("insert into clocks values (%s, %s, %s, %s)", told)
        return server.plain, "clocks"
    with closing(duckdb.connect(str(folder / "w.duckdb"))) as connection:
        connection.execute(create)
        connection.executemany("insert into clocks values (?, ?, ?, ?)", told)
    return "duckdb:///w.duckdb", "clocks"


@pytest.mark.parametrize(
    "kind, day, words", [case[1:] for case in CLOCKS], ids=[f"{case[1]}: {case[0]}" for case in CLOCKS]
)
def test_a_midnight_that_may_be_another_is_said_at_load(tmp_path, postgres, kind, day, words):
    url, table = clocks(tmp_path, kind, postgres)
    query = (
        f"with told as (select {day} as day, sum(value) as value from {table} group by 1) "
        "select day, 'orders' as series, value, 'US' as country from told"
    )
    notices = house(tmp_path, url, query).load().notices
    if words is None:
        assert notices == ()
    else:
        (said,) = notices
        assert said.startswith("revenue.sql: ")
        assert words in said


def test_a_count_of_seconds_is_no_day(tmp_path):
    url, table = clocks(tmp_path, "chdb", None)
    query = f"select sold as day, 'orders' as series, value, 'US' as country from {table}"
    with pytest.raises(
        SourceError, match=r"'day' comes as seconds since 1970.*toDate\(day, 'America/New_York'\)"
    ):
        house(tmp_path, url, query).load()


# --- what goes wrong ----------------------------------------------------------------------------------


def loaded(folder, url):
    workspace = house(folder, url)
    workspace.load()
    return workspace.version


@pytest.mark.parametrize(
    "query, words",
    [
        ("select day, series, amount, country from facts", "failed at duckdb://"),
        ("select day, series, value as amount, country from facts", "revenue.sql has no column 'value'"),
        ("select day, series, value, country from gone", "Table with name gone does not exist"),
        ("select day, series, 'x' as value, country from facts", "140 cells are refused"),
        ("select day, series, value, country from facts where false", "revenue.sql returned no row"),
        (
            "select a.day, a.series, a.value, a.country from facts a, facts b",
            "returned more than 10,000 rows",
        ),
        ("select day, series, value, country from facts union all from facts", "repeats orders"),
        ("select 1; drop table facts", "a second statement begins here"),
    ],
)
def test_what_goes_wrong_is_told_and_the_old_numbers_stay(tmp_path, query, words):
    before = loaded(tmp_path, a_duckdb(tmp_path))
    workspace = house(tmp_path, "duckdb:///w.duckdb", query)
    with pytest.raises(SourceError) as refusal:
        workspace.load()
    assert words in str(refusal.value)
    assert workspace.version == before
    assert weekly(workspace) == EXPECTED


# fmt: off
FAULTS = [
    # it shows that …                          query                                                                     what PostgreSQL and MariaDB are told to have said
    ("a column vanished",                      "select day, series, amount as value, country from facts",                ('column "amount" does not exist', "Unknown column 'amount'")),
    ("a column has another name now",          "select day, series, value as amount, country from facts",                ("revenue.sql has no column 'value'",) * 2),
    ("a table is gone",                        "select day, series, value, country from gone",                           ('relation "gone" does not exist', "Table 'w.gone' doesn't exist")),
    ("each row comes ten times",               "select a.day, a.series, a.value + b.n as value, a.country from facts a, " + " union all ".join(f"{'(' * (n == 0)}select {n} as n" for n in range(10)) + ") b", ("repeats orders",) * 2),
    ("ten times the rows come, and more",      "select a.day, a.series, a.value, a.country from facts a, facts b",       ("returned more than 10,000 rows",) * 2),
    ("no row comes",                           "select day, series, value, country from facts where 1 = 0",              ("revenue.sql returned no row",) * 2),
    ("words come instead of numbers",          "select day, series, 'x' as value, country from facts",                   ("140 cells are refused",) * 2),
]
# fmt: on


def refused_with(words, folder, url, query):
    """Load the right query, then another: it is refused in these words, and the numbers are as they were."""
    before = loaded(folder, url)
    workspace = house(folder, url, query)
    with pytest.raises(SourceError) as refusal:
        workspace.load()
    assert words in str(refusal.value)
    assert workspace.version == before
    assert weekly(workspace) == EXPECTED
    return str(refusal.value)


TWICE = "from facts a, (select unnest(range({n})) as n) b"
# fmt: off
MULTIPLIED = [
    # it is …                                                       query                                                                                          refused with                                   or said, as well as how it is taken back
    ("refused where twelve times the segments come",                f"select day, series, value, country || b.n as country {TWICE.format(n=12)}",                    "tells 24 segments of orders on one day, where 2 are known. Nothing was loaded", None),
    ("said where four times the segments come",                     f"select day, series, value, country || b.n as country {TWICE.format(n=4)}",                     None, ("revenue.sql tells 8 segments of orders on one day, where 2 were known: look for a join that multiplies rows.",
                                                                                                                                                                           "8 segments of orders seen for the first time: country=CA0, country=CA1, country=CA2, country=CA3, country=US0 and 3 more.")),
    ("said where one segment is new",                               "select * from facts union all select day, series, 7, 'MX' from facts where country = 'US'",      None, ("1 segment of orders seen for the first time: country=MX.",)),
    ("said where every value comes twelve times",                   f"select day, series, sum(value) as value, country {TWICE.format(n=12)} group by all",            None, ("revenue.sql: all 30 values of orders that were told before come 12 times as large: look for a join that multiplies rows.",)),
    ("nothing where values were corrected",                         "select day, series, value + 7 as value, country from facts",                                     None, ()),
    ("nothing where nothing changed",                               "select * from facts",                                                                            None, ()),
]
# fmt: on


@pytest.mark.parametrize(
    "query, refused, said", [case[1:] for case in MULTIPLIED], ids=[c[0] for c in MULTIPLIED]
)
def test_rows_that_come_several_times_over(tmp_path, query, refused, said):
    before = loaded(tmp_path, a_duckdb(tmp_path))
    workspace = house(tmp_path, "duckdb:///w.duckdb", query)
    if refused is None:
        assert workspace.load(whole=True).notices == said
        return
    with pytest.raises(SourceError, match=refused):
        workspace.load(whole=True)
    assert workspace.version == before
    allowed = house(tmp_path, "duckdb:///w.duckdb", query, more=", most_rows: 10000")
    assert len(allowed.load(whole=True).notices) == 2, "declared, it is loaded, and still said"


def test_the_first_load_of_a_query_says_nothing(tmp_path):
    assert house(tmp_path, a_duckdb(tmp_path)).load().notices == ()


def test_what_a_query_tells_wrong_is_counted_by_its_reason(tmp_path):
    url = a_duckdb(tmp_path)
    query = (
        "select * from facts union all select * from facts where country = 'US'"
        " union all select day, 'Net Sales', value, country from facts where country = 'CA'"
    )
    with pytest.raises(SourceError) as refusal:
        house(tmp_path, url, query).load()
    told = str(refusal.value).splitlines()
    assert [line for line in told if not line.startswith(" ")] == [
        "revenue: 140 cells are refused:",
        "- 70 repeat a day, series and segments that another row tells: group the query by them, such as",
        "- 70 in column 'series', each is not the id of a series, such as",
        "Mend the query and load again. To see all of them: wbr load revenue --keep-good loads the rest, and the "
        "Sources page of wbr serve lists what it refused; wbr undo takes that load back.",
    ]
    assert told[2].startswith("    revenue.sql, row ")
    assert len(told) == 10


@pytest.mark.parametrize("times, refused", [(1, False), (3, True)])
def test_samples_that_all_come_several_times_are_refused(tmp_path, times, refused):
    with closing(duckdb.connect(str(tmp_path / "w.duckdb"))) as connection:
        connection.execute(
            "create table waits as select date '2026-05-01' + (i % 9)::int as day, (i * 7 % 40)::double as wait"
            " from range(900) t(i)"
        )
        connection.execute("insert into waits select day, wait from waits where wait = 7")
    query = f"select day, wait from waits, range({times}) b where day > :from"
    house(tmp_path, "duckdb:///w.duckdb", query)
    told = (tmp_path / "wbr.yaml").read_text()
    columns = told[told.index("series_column") : told.index("}", told.index("series_column"))]
    told = told.replace(columns, "samples: {wait: wait}")
    told = told.replace("{how: total, series: orders}", "{how: percentile, samples: wait, at: 0.9}")
    (tmp_path / "wbr.yaml").write_text(told)
    workspace = Workspace(tmp_path, clock=lambda: NOW, environment={"WAREHOUSE_URL": "duckdb:///w.duckdb"})
    if refused:
        with pytest.raises(SourceError, match=r"every sample of wait comes 3 times\. Nothing was loaded"):
            workspace.load()
    else:
        assert workspace.load().notices == ()


@pytest.mark.parametrize("driver", ["", "+psycopg"])
@pytest.mark.parametrize("query, words", [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_what_goes_wrong_at_postgresql_is_told_and_the_old_numbers_stay(
    tmp_path, postgres, driver, query, words
):
    url = postgres.plain.replace("postgresql:", f"postgresql{driver}:")
    told = refused_with(words[0], tmp_path, url, query)
    assert postgres.password not in told
    assert "Query was" not in told, "the query has a file; it is not told again"


def test_a_query_that_never_ends_is_stopped(tmp_path):
    before = loaded(tmp_path, a_duckdb(tmp_path))
    endless = (
        "with recursive n as (select 1 as i union all select i + 1 from n) select max(i) as value from n"
    )
    workspace = house(tmp_path, "duckdb:///w.duckdb", endless, seconds=1)
    with pytest.raises(SourceError, match=r"revenue\.sql was stopped after 1 s"):
        workspace.load()
    assert workspace.version == before


def test_postgresql_stops_a_query_at_its_limit(tmp_path, postgres):
    endless = "with recursive n as (select 1 as i union all select i from n) select count(*) as value from n"
    for driver in ("", "+psycopg"):
        workspace = house(
            tmp_path, postgres.plain.replace("postgresql:", f"postgresql{driver}:"), endless, seconds=1
        )
        with pytest.raises(SourceError, match=r"revenue\.sql was stopped after 1 s"):
            workspace.load()


@pytest.mark.parametrize("driver", ["", "+psycopg"])
def test_a_wrong_password_is_told_without_the_right_one(tmp_path, postgres, driver):
    url = postgres.plain.replace(postgres.password, "wr0ng-pass").replace(
        "postgresql:", f"postgresql{driver}:"
    )
    with pytest.raises(SourceError) as refusal:
        house(tmp_path, url).load()
    assert "password authentication failed" in str(refusal.value)
    assert "wr0ng-pass" not in str(refusal.value)


@pytest.mark.parametrize("whole", [False, True], ids=["its line is cut", "all of it is killed"])
def test_a_server_that_dies_in_the_middle_leaves_the_old_numbers(tmp_path, whole):
    with cluster() as found:
        with psycopg.connect(found.plain, autocommit=True) as connection:
            connection.execute(
                "create table facts (day date, series text, value numeric(12,2), country text)"
            )
            connection.cursor().executemany("insert into facts values (%s, %s, %s, %s)", rows())
        workspace = house(tmp_path, found.plain)
        workspace.load()
        before = workspace.version
        many = "select day, series, value, country from facts, generate_series(1, 100000) n"
        again = house(tmp_path, found.plain, many, more=", most_rows: 100000000", seconds=300)
        gone = []

        def killed(what, share):
            if "rows" not in what or gone:
                return
            gone.append(what)
            if whole:
                postmaster = int((found.folder / "postmaster.pid").read_text().split("\n")[0])
                os.kill(postmaster, signal.SIGQUIT)  # At once, as `kill` of the machine would.
                return
            with psycopg.connect(found.plain, autocommit=True) as other:
                other.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                    " and query like '%generate_series%'"
                )

        with pytest.raises(SourceError, match=r"failed at postgresql://127\.0\.0\.1"):
            again.load(progress=killed)
    assert again.version == before
    assert weekly(again) == EXPECTED, "no database is needed to read what was loaded"


@pytest.mark.parametrize(
    "url, words",
    [
        ("", r"\$WAREHOUSE_URL is not set"),
        ("duckdb:///gone.duckdb", "There is no DuckDB file at 'gone.duckdb'"),
        ("postgresql://a:s3cret@127.0.0.1:1/x", "failed at postgresql://127.0.0.1"),
        ("mysql://a:s3cret@127.0.0.1:1/x", "failed at mysql://127.0.0.1"),
    ],
)
def test_a_database_that_is_not_there_is_told_in_words(tmp_path, url, words):
    with pytest.raises(SourceError, match=words) as refusal:
        house(tmp_path, url).load()
    assert "s3cret" not in str(refusal.value)


def test_a_query_cannot_write_even_if_its_text_were_let_through(tmp_path, postgres):
    query = "select day, series, value, nextval('seen')::text as country from facts limit 1"
    with psycopg.connect(postgres.plain, autocommit=True) as connection:
        connection.execute("create sequence if not exists seen")
    with pytest.raises(SourceError, match="read-only transaction"):
        house(tmp_path, postgres.plain, query).load()


def test_an_export_given_by_path_stands_in_for_the_query(tmp_path):
    workspace = house(tmp_path, "")
    (tmp_path / "export.csv").write_text("day,series,value,country\n2026-05-09,orders,12,US\n")
    workspace.load(files={"revenue": [tmp_path / "export.csv"]})
    assert (
        weekly(workspace) != weekly(workspace) or workspace.history("orders", "day")["value"].iloc[-1] == 12
    )


def test_a_day_far_ahead_neither_hides_that_a_source_is_late_nor_moves_the_days_asked_for(tmp_path):
    workspace = house(
        tmp_path,
        a_duckdb(tmp_path, [*rows(DAYS[:-8]), (date(2062, 5, 9), "orders", 1.0, "US")]),
        QUERY.replace(":to", "date '2099-01-01'"),
    )
    workspace.load()
    told = workspace.sources().iloc[0]
    assert (told["last_day"], told["days_behind"], told["state"]) == (DAYS[-9], 8, "late")
    assert workspace.querying.query("revenue").since == DAYS[-9]
