"""A dbt project becomes a workspace: what is carried over counts as dbt would, what is not is told."""

import json
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from typer.testing import CliRunner

from metrics.cli import app
from metrics.errors import SourceError
from metrics.ingest import dbt
from metrics.ingest.dbt.range import between
from metrics.ingest.query import checked, filled
from metrics.workspace import Workspace

TODAY = date(2026, 5, 11)


def measure(name, agg, expr=None, **more):
    return {"name": name, "agg": agg, "expr": expr or name, "agg_time_dimension": "ordered_at", **more}


def metric(name, kind, params, where=None, **more):
    held = {"where_filters": [{"where_sql_template": where}]} if where else None
    return {"name": name, "type": kind, "type_params": params, "filter": held, "description": "", **more}


def simple(name, of, where=None, **more):
    return metric(name, "simple", {"measure": {"name": of, "filter": None}}, where, **more)


SEMANTIC = {
    "semantic_models": [
        {
            "name": "orders",
            "node_relation": {"relation_name": '"shop"."main"."orders"'},
            "defaults": {"agg_time_dimension": "ordered_at"},
            "entities": [{"name": "order_id", "type": "primary"}, {"name": "customer", "type": "foreign"}],
            "dimensions": [
                {"name": "ordered_at", "type": "time", "expr": "ordered_at"},
                {"name": "is_food_order", "type": "categorical", "expr": None},
                {"name": "country", "type": "categorical", "expr": "upper(country)"},
            ],
            "measures": [
                measure("order_total", "sum"),
                measure("order_count", "sum", "1"),
                measure("food_orders", "sum_boolean", "is_food_order"),
                measure("order_cost", "sum"),
                measure("largest_order", "max", "order_total"),
                measure("average_order", "average", "order_total"),
                measure("customers", "count_distinct", "customer_id"),
                measure("median_order", "median", "order_total"),
            ],
        },
        {
            "name": "stock",
            "node_relation": {"alias": "stock", "schema_name": "main", "database": "shop"},
            "entities": [{"name": "item", "type": "primary"}],
            "dimensions": [{"name": "counted_on", "type": "time"}],
            "measures": [
                {
                    "name": "on_hand",
                    "agg": "sum",
                    "agg_time_dimension": "counted_on",
                    "non_additive_dimension": {"name": "counted_on", "window_choice": "max"},
                }
            ],
        },
    ],
    "metrics": [
        simple("revenue", "order_total", label="Revenue", config={"meta": {"owner": "ada@jaffle.example"}}),
        simple("orders", "order_count"),
        simple("food_orders", "food_orders"),
        simple("large_orders", "order_count", "{{ Dimension('order_id__country') }} = 'CA'"),
        simple("largest_order", "largest_order"),
        simple("average_order_value", "average_order"),
        simple("stock_on_hand", "on_hand"),
        metric("cost", "simple", {"measure": {"name": "order_cost"}}),
        metric("profit", "derived", {"expr": "revenue - cost", "metrics": [{"name": "revenue"}, {"name": "cost"}]}),
        metric(
            "food_share", "ratio", {"numerator": {"name": "food_orders"}, "denominator": {"name": "orders"}}
        ),
        metric(
            "cumulative_revenue", "cumulative",
            {"measure": {"name": "order_total"}, "cumulative_type_params": {"window": {"count": 28, "granularity": "day"}}},
        ),
        # What has no counterpart.
        simple("buyers", "customers"),
        simple("median_order", "median_order"),
        simple("new_customer_orders", "order_count", "{{ Dimension('customer__customer_type') }} = 'new'"),
        metric("all_time", "cumulative", {"measure": {"name": "order_total"}}),
        metric(
            "growth", "derived",
            {"expr": "(now - before) / before", "metrics": [
                {"name": "revenue", "alias": "now"},
                {"name": "revenue", "alias": "before", "offset_window": {"count": 1, "granularity": "month"}}]},
        ),
        metric("mixed", "derived", {"expr": "revenue - cost * 2", "metrics": [{"name": "revenue"}, {"name": "cost"}]}),
        metric("per_buyer", "derived", {"expr": "revenue / buyers", "metrics": [{"name": "revenue"}, {"name": "buyers"}]}),
        metric("bought", "conversion", {"conversion_type_params": {}}),
        metric("itself", "derived", {"expr": "itself - cost", "metrics": [{"name": "itself"}, {"name": "cost"}]}),
    ],
    "project_configuration": {},
}  # fmt: skip
MANIFEST = {
    "metadata": {"project_name": "jaffle_shop", "adapter_type": "duckdb"},
    "groups": {"group.jaffle_shop.ops": {"name": "ops", "owner": {"name": "Olu Ops", "email": "olu@jaffle.example"}}},
    "metrics": {"metric.jaffle_shop.orders": {"name": "orders", "group": "ops"}},
}  # fmt: skip
CARRIED = (
    "revenue", "orders", "food_orders", "large_orders", "largest_order", "average_order_value", "stock_on_hand",
    "cost", "profit", "food_share", "cumulative_revenue",
)  # fmt: skip


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "target"
    folder.mkdir()
    (folder / "semantic_manifest.json").write_text(json.dumps(SEMANTIC))
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    return folder


def test_what_is_known_is_carried_over_and_the_rest_is_told(target):
    made = dbt.drafted(dbt.project(target), "", TODAY)
    assert made.carried == CARRIED
    told = {sentence.split(" ")[0]: sentence for sentence in made.not_carried}
    assert list(told) == [m["name"] for m in SEMANTIC["metrics"] if m["name"] not in CARRIED]
    for name, words in {
        "buyers": "counts distinct things",
        "median_order": "a median cannot be put together from days",
        "new_customer_orders": "filtered by customer__customer_type, which is not in the table of orders",
        "all_time": "runs over all time",
        "growth": "compares with another time",
        "mixed": "one sign between names of metrics",
        "per_buyer": "buyers has no counterpart",
        "bought": "joins two events of one person",
        "itself": "computed from itself",
    }.items():
        assert words in told[name]


def test_every_query_is_one_select_that_only_reads(target):
    made = dbt.drafted(dbt.project(target), "", TODAY)
    queries = {name: text for name, text in made.files.items() if name.endswith(".sql")}
    assert sorted(queries) == ["sql/orders_ordered_at.sql", "sql/stock_counted_on.sql"]
    for dialect in ("duckdb", "postgres", "snowflake", "redshift", "databricks", "trino"):
        for name, text in queries.items():
            assert checked(text, name, dialect)


# fmt: off
RANGES = [
    # it is asked for …                                       adapter       type in the catalog          condition
    ("half-open where it is a moment",                        "duckdb",     "timestamp",                 "ordered_at >= :from and ordered_at < :to + INTERVAL 1 DAY"),
    ("half-open where it is a moment with a zone",            "postgres",   "timestamp with time zone",  "ordered_at >= :from and ordered_at < :to + INTERVAL '1 DAY'"),
    ("half-open where dbt says it is of time",                "postgres",   "",                          "ordered_at >= :from and ordered_at < :to + INTERVAL '1 DAY'"),
    ("as days where it is a day",                             "postgres",   "DATE",                      "ordered_at between :from and :to"),
    ("cast where it is a text",                               "postgres",   "varchar",                   "cast(ordered_at as date) between :from and :to"),
    ("half-open in the words of another database",            "redshift",   "timestamp",                 "ordered_at >= :from and ordered_at < DATEADD(DAY, 1, :to)"),
    ("half-open where moments have the session's zone",       "snowflake",  "TIMESTAMP_NTZ",             "ordered_at >= :from and ordered_at < DATEADD(DAY, 1, :to)"),
    ("cast where each moment has a zone of its own",          "snowflake",  "TIMESTAMP_TZ",              "cast(ordered_at as date) between :from and :to"),
    ("cast where moments compare with no day",                "bigquery",   "TIMESTAMP",                 "cast(ordered_at as date) between :from and :to"),
    ("half-open where they do",                               "bigquery",   "DATETIME",                  "ordered_at >= :from and ordered_at < DATE_ADD(:to, INTERVAL 1 DAY)"),
    ("half-open in ClickHouse",                               "clickhouse", "DateTime('UTC')",           "ordered_at >= :from and ordered_at < DATE_ADD(DAY, 1, :to)"),
    ("cast where the database is not known",                  "",           "timestamp",                 "cast(ordered_at as date) between :from and :to"),
]
# fmt: on


@pytest.mark.parametrize(
    "adapter, kind, condition", [case[1:] for case in RANGES], ids=[f"{c[1]}: {c[0]}" for c in RANGES]
)
def test_days_are_asked_for_so_that_an_index_serves(target, adapter, kind, condition):
    semantic = json.loads((target / "semantic_manifest.json").read_text())
    semantic["semantic_models"][0]["node_relation"] |= {"schema_name": "main", "alias": "orders"}
    (target / "semantic_manifest.json").write_text(json.dumps(semantic))
    manifest = {**MANIFEST, "metadata": {"project_name": "jaffle_shop", "adapter_type": adapter}}
    (target / "manifest.json").write_text(json.dumps(manifest))
    columns = {"ORDERED_AT": {"type": kind}} if kind else {}
    table = {"metadata": {"schema": "MAIN", "name": "ORDERS"}, "columns": columns}
    (target / "catalog.json").write_text(json.dumps({"nodes": {"model.jaffle_shop.orders": table}}))
    text = dbt.drafted(dbt.project(target), "", TODAY).files["sql/orders_ordered_at.sql"]
    assert f"\nwhere {condition}\n" in text
    assert ("-- If ordered_at is a day or a timestamp" in text) == condition.startswith("cast")
    dialect = adapter or "duckdb"
    told = filled(checked(text, "q.sql", dialect), "q.sql", dialect, TODAY, TODAY)
    assert ":from" not in told
    assert ":to" not in told


def test_the_days_that_are_asked_for_are_those_of_a_cast():
    day = date(2026, 5, 10)
    with closing(duckdb.connect()) as shop:
        shop.execute("set TimeZone = 'America/New_York'")
        shop.execute(
            "create table t as select sold, sold::timestamp as bare from (select timestamptz '2026-05-08 00:00+00'"
            " + to_minutes(30 * i::int) as sold from range(200) t(i))"
        )
        for column in ("sold", "bare"):
            half_open, _ = between(column, "timestamp", time=True, dialect="duckdb")
            for asked in (half_open, f"cast({column} as date) between :from and :to"):
                query = filled(f"select count(*) from t where {asked}", "q.sql", "duckdb", day, day)
                assert shop.execute(query).fetchall() == [(48,)], query


def test_the_numbers_are_those_of_the_warehouse(target, tmp_path):
    days = [date(2026, 4, 1) + timedelta(days=n) for n in range(39)]  # To Saturday the ninth of May.
    with closing(duckdb.connect(str(tmp_path / "shop.duckdb"))) as shop:
        shop.execute(
            "create table orders (ordered_at timestamp, order_total double, order_cost double,"
            " is_food_order boolean, country varchar, customer_id int)"
        )
        shop.execute("create table stock (counted_on date, on_hand double)")
        for n, day in enumerate(days):
            for k in range(3):
                shop.execute(
                    "insert into orders values (?, ?, ?, ?, ?, ?)",
                    [
                        datetime(day.year, day.month, day.day, 9 + k),
                        10 + n + k,
                        4,
                        k == 0,
                        "ca" if k else "us",
                        k,
                    ],
                )
            shop.execute("insert into stock values (?, ?)", [day, 100 - n])
    folder = tmp_path / "made"
    done = CliRunner().invoke(app, ["init", str(folder), "--from-dbt", str(target)])
    assert done.exit_code == 0, done.output
    assert "11 metrics from dbt" in done.output
    assert "9 could not be carried over" in done.output
    workspace = Workspace(
        folder,
        clock=lambda: datetime(2026, 5, 11, 7, tzinfo=UTC),
        environment={"WAREHOUSE_URL": f"duckdb:////{tmp_path / 'shop.duckdb'}".replace("/////", "////")},
    )
    workspace.load()
    totals = [10 + n + k for n in range(32, 39) for k in range(3)]
    expected = {
        "revenue": sum(totals),
        "orders": 21,
        "food_orders": 7,
        "large_orders": 14,
        "largest_order": max(totals),
        "average_order_value": sum(totals) / 21,
        "stock_on_hand": 100 - 38,
        "cost": 84,
        "profit": sum(totals) - 84,
        "food_share": 7 / 21,
        "cumulative_revenue": sum(10 + n + k for n in range(11, 39) for k in range(3)),
    }
    found = {name: workspace.history(name)["value"].iloc[-1] for name in CARRIED}
    assert found == pytest.approx(expected)
    people = workspace.definitions.people
    assert {h: (p.name, p.email) for h, p in people.items()} == {
        "ada": ("ada", "ada@jaffle.example"),
        "olu": ("Olu Ops", "olu@jaffle.example"),
    }
    metrics = workspace.definitions.metrics
    assert (metrics["revenue"].owner, metrics["orders"].owner, metrics["profit"].owner) == (
        "ada",
        "olu",
        None,
    )


@pytest.mark.parametrize(
    "text, words",
    [
        (None, "holds no semantic_manifest.json"),
        ("{", "is no JSON"),
        ("[]", "not as dbt writes it"),
        ("{}", "has no `metrics` and `semantic_models`"),
        ('{"metrics": [{}], "semantic_models": []}', "not as dbt writes it (KeyError: 'name')"),
        ('{"metrics": [1], "semantic_models": []}', "not as dbt writes it (TypeError"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path, text, words):
    if text is not None:
        (tmp_path / "semantic_manifest.json").write_text(text)
    with pytest.raises(SourceError) as refusal:
        dbt.project(tmp_path)
    assert words in str(refusal.value)


def test_words_of_the_project_cannot_leave_their_place(target, tmp_path):
    sly = json.loads(json.dumps(SEMANTIC))
    sly["metrics"] = [simple("revenue", "order_total", label='R"\n  evil: 1', description="# x\n- y: {a: b}")]
    sly["semantic_models"][0]["measures"][0]["expr"] = "1) as x from orders; drop table orders; --"
    (target / "semantic_manifest.json").write_text(json.dumps(sly))
    made = dbt.drafted(dbt.project(target), "A: b\n#c", TODAY)
    for name, text in made.files.items():
        path = tmp_path / "w" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    workspace = Workspace(tmp_path / "w", clock=lambda: datetime(2026, 5, 11, tzinfo=UTC))
    assert workspace.definitions.metrics["revenue"].name == 'R" evil: 1'
    with pytest.raises(SourceError, match="a second statement begins here"):
        checked(made.files["sql/orders_ordered_at.sql"], "q.sql", "duckdb")
