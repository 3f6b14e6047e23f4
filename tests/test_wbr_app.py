"""A wbr-app configuration becomes a workspace: what is carried over, and what is told instead."""

import csv
import os
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from metrics import registry
from metrics.definitions import Definitions
from metrics.errors import DefinitionError, SourceError
from metrics.ingest import wbr_app
from metrics.ingest.naming import scalar, slug, unique_ids
from metrics.ingest.wbr_app.written import condition

SHARED = Path(os.environ.get("SIXTWELVE_SHARED", Path(__file__).parents[1].parent / "shared"))
DECKS = SHARED / "vectors" / "deck"

SETUP = "setup: {week_ending: 26-SEP-2026, week_number: 39, title: The week}"
COLUMNS = ["Date", "Orders", "Orders__Target", "Visits", "Stock", "Country", "Channel"]


def a_config(metrics: str, deck: str = "[]", setup: str = SETUP, rest: str = "") -> str:
    return f"{setup}\n{rest}\nmetrics: {{{metrics}}}\ndeck: {deck}\n"


def definitions(converted: wbr_app.Converted) -> Definitions:
    """The workspace as its files say it, checked as a whole."""
    return registry.parse(
        {name: text for name, text in converted.files.items() if name.endswith(".yaml")}
    ).definitions


def converted(metrics: str, deck: str = "[]", **more: Any) -> tuple[Definitions, tuple[str, ...]]:
    result = wbr_app.convert(a_config(metrics, deck, **more), COLUMNS, "shop.csv")
    return definitions(result), result.not_carried


ORDERS = "Orders: {column: Orders, aggf: sum}"
VISITS = "Visits: {column: Visits, aggf: sum}"


def a_chart(metrics: str, more: str = "") -> str:
    return f"[{{block: {{ui_type: 6_12Graph, title: Chart{more}, metrics: {{{metrics}}}}}}}]"


# --- the vectors ----------------------------------------------------------------------------


def vector(number: int) -> tuple[Definitions, wbr_app.Converted]:
    folder = DECKS / f"scenario_{number}"
    with (folder / "data.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    result = wbr_app.convert((folder / "config.yaml").read_text("utf-8"), header, "data.csv", rows=rows)
    return definitions(result), result


@pytest.mark.parametrize("number", range(1, 6))
def test_a_vector_loses_nothing_and_keeps_every_chart_in_order(number):
    config = YAML(typ="safe").load((DECKS / f"scenario_{number}" / "config.yaml").read_text("utf-8"))
    defined, result = vector(number)
    assert result.not_carried == ()
    assert result.csv_name == "data.csv"
    assert sorted(defined.metrics) == sorted(slug(name) for name in config["metrics"])
    stated = [
        (*(slug(name) for name in item["block"]["metrics"]), item["block"]["x_axis_monthly_display"])
        for item in config["deck"]
    ]
    shown = [
        (block.chart.primary, block.months_axis or defined.calendar.months_axis)
        for block in defined.decks["company"].sections[0].blocks
    ]
    assert shown == stated


# fmt: off
CALENDARS = [
    (1, "saturday", "december", "2021-09-25", 38),
    (2, "saturday", "december", "2021-01-09", 1),
    (3, "saturday", "may",      "2021-09-25", 38),
    (4, "saturday", "december", "2022-04-30", 16),
    (5, "saturday", "february", "2022-04-30", 16),
]
# fmt: on


@pytest.mark.parametrize("number, weekday, month, ending, week", CALENDARS)
def test_a_vector_keeps_its_calendar(number, weekday, month, ending, week):
    rules = vector(number)[0].calendar
    anchor = rules.week_number
    assert (rules.week_ends_on, rules.fiscal_year_ends) == (weekday, month)
    assert (str(anchor.week_ending), anchor.number) == (ending, week)


def test_the_clock_is_never_frozen_but_the_week_is_remembered():
    defined, result = vector(1)
    assert defined.company.now is None
    assert "wbr deck --week 2021-09-25" in result.files["workspace.yaml"]


def test_filters_become_segments_that_tell_the_rows_of_a_day_apart():
    defined, _ = vector(4)
    assert defined.sources["data"].segments == ("latency_country",)
    assert defined.metrics["test_filter_metric_uk"].measure.where == {"latency_country": "UK"}
    assert defined.metrics["test_max_metric"].measure.where == {}


# --- one construct at a time -----------------------------------------------------------------

# fmt: off
MEASURES = [
    # it shows that …                     metrics                                                        id          measure
    ("sum is a total",                    ORDERS,                                                        "orders",   {"how": "total", "series": "orders"}),
    ("last is the latest",                "Stock: {column: Stock, aggf: last}",                          "stock",    {"how": "latest", "series": "stock"}),
    ("first stays first",                 "Stock: {column: Stock, aggf: first}",                         "stock",    {"how": "first", "series": "stock"}),
    ("mean stays mean",                   "Stock: {column: Stock, aggf: mean}",                          "stock",    {"how": "mean", "series": "stock"}),
    ("max stays max",                     "Stock: {column: Stock, aggf: max}",                           "stock",    {"how": "max", "series": "stock"}),
    ("min stays min",                     "Stock: {column: Stock, aggf: min}",                           "stock",    {"how": "min", "series": "stock"}),
    ("a filter is data",                  "DE: {filter: {base_column: Orders, query: \"Country == 'DE'\"}, aggf: sum}", "de", {"how": "total", "series": "orders", "where": {"Country": "DE"}}),
    ("a filter may start from a metric",  "Sold: {column: Orders, aggf: sum}, DE: {filter: {base_column: Sold, query: \"Country == 'DE'\"}, aggf: sum}", "de", {"how": "total", "series": "orders", "where": {"Country": "DE"}}),
    ("operands may come later",           f"CR: {{function: {{divide: [{{metric: {{name: Orders}}}}, {{metric: {{name: Visits}}}}]}}}}, {ORDERS}, {VISITS}", "cr", {"how": "quotient", "of": ("orders", "visits")}),
    ("all operands are kept",             f"S: {{function: {{sum: [{{metric: {{name: Orders}}}}, {{metric: {{name: Visits}}}}, {{metric: {{name: Orders}}}}]}}}}, {ORDERS}, {VISITS}", "s", {"how": "sum", "of": ("orders", "visits", "orders")}),
    ("a column inside is a part",         f"S: {{function: {{sum: [{{metric: {{name: Orders}}}}, {{column: {{name: Visits, aggf: sum}}}}]}}}}, {ORDERS}", "s", {"how": "sum", "of": ("orders", "s_part_2")}),
    ("a function inside is a part",       f"S: {{function: {{divide: [{{function: {{difference: [{{metric: {{name: Orders}}}}, {{metric: {{name: Visits}}}}]}}}}, {{metric: {{name: Visits}}}}]}}}}, {ORDERS}, {VISITS}", "s_part_1", {"how": "difference", "of": ("orders", "visits")}),
    ("a query's prefix may be absent",    "Orders: {column: main.Orders, aggf: sum}",                    "orders",   {"how": "total", "series": "orders"}),
    ("a plan is a target, as an operand", f"{ORDERS}, Orders Target: {{column: Orders__Target, aggf: sum}}, V: {{function: {{difference: [{{metric: {{name: Orders}}}}, {{metric: {{name: Orders Target}}}}]}}}}", "v", {"how": "difference", "of": ("orders", {"target_of": "orders"})}),
]
# fmt: on


@pytest.mark.parametrize("metrics, name, measure", [c[1:] for c in MEASURES], ids=[c[0] for c in MEASURES])
def test_measure(metrics, name, measure):
    defined, told = converted(metrics)
    assert defined.metrics[name].measure.model_dump(exclude_unset=True) == measure
    assert told == ()


# fmt: off
UNITS = [
    # it shows that …                         metric                                       chart                                              unit        compare
    ("counts add up",                         ORDERS,                                      "[]",                                              "count",    None),
    ("a percent scale shows fractions",       "Orders: {column: Orders, aggf: mean}",      a_chart("Orders: {}", ', y_scaling: "##.1%"'),     "fraction", "percent"),
    ("basis points compare fractions",        "Orders: {column: Orders, aggf: mean, metric_comparison_method: bps}", "[]",                    "fraction", "bps"),
    ("an older key says bps too",             "Orders: {column: Orders, aggf: mean, box_total_scaling: bps}", "[]",                           "fraction", "bps"),
    ("millions say nothing of the unit",      ORDERS,                                      a_chart("Orders: {}", ', y_scaling: "##.2MM"'),    "count",    None),
    ("a dollar scale shows amounts",          ORDERS,                                      a_chart("Orders: {}", ', y_scaling: "$##KK"'),     "currency", None),
    ("a mean is a number",                    "Orders: {column: Orders, aggf: mean}",      "[]",                                              "number",   None),
]
# fmt: on


@pytest.mark.parametrize("metric, deck, unit, compare", [c[1:] for c in UNITS], ids=[c[0] for c in UNITS])
def test_unit(metric, deck, unit, compare):
    orders = converted(metric, deck)[0].metrics["orders"]
    assert (orders.unit, orders.compare) == (unit, compare)


def test_a_euro_sign_decides_the_currency_and_no_sign_is_told():
    euros, silent = converted(ORDERS, a_chart("Orders: {}", ', y_scaling: "€##"'))
    dollars, told = converted("Revenue: {column: Orders, aggf: sum}")
    assert (euros.company.currency, silent) == ("EUR", ())
    assert dollars.company.currency == "USD"
    assert told == (
        "Line 1, config: wbr-app knows no currency; USD is assumed for Revenue. Change company.currency in "
        "workspace.yaml if that is wrong.",
    )


TARGET = f"{ORDERS}, Orders Target: {{column: Orders__Target, aggf: sum}}"

# fmt: off
CHARTS = [
    # it shows that …                            metrics               chart                                                    primary   secondary  target
    ("one line is primary",                      ORDERS,               "Orders: {line_style: primary}",                         "orders", None,      None),
    ("the second line is secondary",             f"{ORDERS}, {VISITS}", "Orders: {}, Visits: {}",                               "orders", "visits",  None),
    ("line_style decides, not the order",        f"{ORDERS}, {VISITS}", "Visits: {line_style: secondary}, Orders: {}",          "orders", "visits",  None),
    ("a plan is drawn as the target",            TARGET,               "Orders: {}, Orders Target: {line_style: target}",       "orders", None,      "orders"),
    ("the name alone makes it the target",       TARGET,               "Orders Target: {}, Orders: {}",                         "orders", None,      "orders"),
    ("the chart alone makes it the target",      f"{ORDERS}, Plan: {{column: Visits, aggf: sum}}", "Orders: {}, Plan: {line_style: target}", "orders", None, "orders"),
    ("a plan drawn alone is a line",             TARGET,               "Orders Target: {}",                                     "orders_target", None, None),
    ("growth on the year is a metric",           ORDERS,               "OrdersYOY: {graph_prior_year_flag: true}",              "orders_yoy", None,  None),
]
# fmt: on


@pytest.mark.parametrize(
    "metrics, chart, lines", [(*c[1:3], list(c[3:])) for c in CHARTS], ids=[c[0] for c in CHARTS]
)
def test_chart(metrics, chart, lines):
    defined, told = converted(metrics, a_chart(chart))
    (block,) = defined.decks["company"].sections[0].blocks
    assert [block.chart.primary, block.chart.secondary, block.chart.target] == lines
    assert told == ()


def test_a_plan_becomes_the_target_of_its_metric_and_is_no_metric_itself():
    defined, _ = converted(TARGET)
    assert sorted(defined.metrics) == ["orders"]
    assert defined.metrics["orders"].target.model_dump() == {"style": "series", "series": "orders_target"}
    assert defined.sources["shop"].series == {"orders": "Orders", "orders_target": "Orders__Target"}


def test_a_plan_folded_otherwise_stays_a_metric_and_is_told():
    metrics = f"{ORDERS}, Orders Target: {{column: Orders__Target, aggf: last}}"
    defined, told = converted(metrics, a_chart("Orders: {}, Orders Target: {line_style: target}"))
    (block,) = defined.decks["company"].sections[0].blocks
    assert (block.chart.primary, block.chart.secondary) == ("orders", "orders_target")
    assert defined.metrics["orders"].target is None
    assert told == (
        "Line 4, deck chart 'Chart': 'Orders Target' is drawn as a line, not as a target: a target is a column "
        "without filter, folded as its metric is, and this one is not so for 'Orders'.",
    )


def test_a_fourth_line_moves_to_a_chart_of_its_own_and_is_told():
    metrics = f"{ORDERS}, {VISITS}, Stock: {{column: Stock, aggf: last}}"
    defined, told = converted(metrics, a_chart("Orders: {}, Visits: {}, Stock: {}"))
    blocks = defined.decks["company"].sections[0].blocks
    assert [(b.chart.primary, b.chart.secondary, b.title) for b in blocks] == [
        ("orders", "visits", "Chart"),
        ("stock", None, "Chart (2)"),
    ]
    assert told == (
        "Line 4, deck chart 'Chart': has 3 lines; a chart holds two and a target. The others follow in charts of "
        "their own, so the numbers of later blocks move.",
    )


def test_a_legend_is_the_name_only_where_no_other_metric_has_it():
    chart = "Orders: {legend_name: All orders}"
    same = "Orders: {legend_name: Both}, Visits: {legend_name: Both}"
    both = f"{ORDERS}, {VISITS}"
    assert converted(ORDERS, a_chart(chart))[0].metrics["orders"].name == "All orders"
    assert [m.name for m in converted(both, a_chart(same))[0].metrics.values()] == ["Orders", "Visits"]


def test_tables_keep_headings_comparisons_and_targets():
    rows = (
        "[{row: {header: Orders}}, {row: {header: Actual, metric: Orders}}, {row: {header: Plan, metric: Orders "
        "Target}}, {row: {header: YOY, metric: OrdersYOY}}, {row: {header: WOW, metric: OrdersWOW}}]"
    )
    deck = (
        f"[{{block: {{ui_type: 6_WeeksTable, title: By week, rows: {rows}}}}}, {{block: {{ui_type: 12_MonthsTable, "
        "x_axis_monthly_display: fiscal_year, rows: [{row: {header: MOM, metric: OrdersMOM}}]}}]"
    )
    defined, told = converted(TARGET, deck)
    weeks, months = defined.decks["company"].sections[0].blocks
    assert [row.model_dump(exclude_unset=True) for row in weeks.weeks_table] == [
        {"header": "Orders"},
        {"header": "Actual", "metric": "orders"},
        {"header": "Plan", "target_of": "orders"},
        {"header": "YOY", "metric": "orders", "show": "yoy"},
        {"header": "WOW", "metric": "orders", "show": "wow"},
    ]
    assert [row.model_dump(exclude_unset=True) for row in months.months_table] == [
        {"header": "MOM", "metric": "orders", "show": "mom"}
    ]
    assert (weeks.title, months.months_axis, told) == ("By week", "fiscal_year", ())


def test_sections_start_where_they_stand():
    deck = (
        "[{block: {ui_type: 6_12Graph, metrics: {Orders: {}}}}, {block: {ui_type: section, title: Later}}, "
        "{block: {ui_type: section, title: Last}}, {block: {ui_type: 6_12Graph, metrics: {Orders: {}}}}]"
    )
    sections = converted(ORDERS, deck)[0].decks["company"].sections
    assert [(s.title, len(s.blocks)) for s in sections] == [("The week", 1), ("Later", 0), ("Last", 1)]


def test_numbering_week_day_and_axis_come_from_the_setup():
    setup = (
        "setup: {week_ending: 27-SEP-2026, block_starting_number: 9, fiscal_year_end_month: jun, "
        "x_axis_monthly_display: fiscal_year}"
    )
    defined, told = converted(ORDERS, setup=setup)
    rules = defined.calendar
    assert (rules.week_ends_on, rules.fiscal_year_ends, rules.months_axis) == (
        "sunday",
        "june",
        "fiscal_year",
    )
    assert rules.week_number is None
    assert defined.decks["company"].first_number == 9
    assert told == ()


def test_annotations_become_events_and_one_remark_on_two_metrics_is_one_event():
    rest = (
        "annotations: [events.csv, {Date: 12-SEP-2026, MetricName: Orders, EventDescription: TV advert}, "
        "{date: 2026-09-12, metric: VisitsYOY, comment: TV advert}]"
    )
    file = {"events.csv": [{"Date": "2026-09-19", "MetricName": "Orders", "EventDescription": "Outage: 2 h"}]}
    text = a_config(f"{ORDERS}, {VISITS}", rest=rest)
    result = wbr_app.convert(text, COLUMNS, "shop.csv", annotations=file)
    assert wbr_app.annotation_files(text) == ("events.csv",)
    assert [(e.name, str(e.dates[0]), e.scope, e.because) for e in definitions(result).events] == [
        ("TV advert", "2026-09-12", ("orders", "visits"), "TV advert"),
        ("Outage: 2 h", "2026-09-19", ("orders",), "Outage: 2 h"),
    ]
    assert {event.kind for event in definitions(result).events} == {"one_off"}
    assert result.not_carried == ()


# --- sources ------------------------------------------------------------------------------------


def test_the_csv_is_wide_with_its_own_date_column_and_thousands():
    source = converted(ORDERS)[0].sources["shop"]
    assert source.model_dump(exclude_unset=True) == {
        "csv": "shop.csv",
        "date": {"column": "Date"},
        "thousands": ",",
        "series": {"orders": "Orders"},
    }


# fmt: off
ROWS = [
    # it shows that …                                rows                                           format      segments
    ("dates with a month's name need no format",     [["25-Sep-2026", "1", "DE"]],                  None,       ()),
    ("slashes are read month first",                 [["09/05/2026", "1", "DE"]],                   "%m/%d/%Y", ()),
    ("unless a day above twelve comes first",        [["05/09/2026", "1", "x"], ["25/09/2026", "1", "x"]], "%d/%m/%Y", ()),
    ("a column that tells rows apart is a segment",  [["2026-09-25", "1", "DE"], ["2026-09-25", "2", "US"]], None, ("Country",)),
]
# fmt: on


@pytest.mark.parametrize("rows, written, segments", [c[1:] for c in ROWS], ids=[c[0] for c in ROWS])
def test_rows_of_the_csv(rows, written, segments):
    result = wbr_app.convert(a_config(ORDERS), ["Date", "Orders", "Country"], "shop.csv", rows=rows)
    source = definitions(result).sources["shop"]
    assert (source.date.format, source.segments) == (written, segments)
    assert result.not_carried == ()


def test_repeated_days_that_nothing_tells_apart_are_told():
    rows = [["2026-09-25", "1"], ["2026-09-25", "2"]]
    result = wbr_app.convert(a_config(ORDERS), ["Date", "Orders"], "shop.csv", rows=rows)
    assert result.not_carried == (
        "Line 1, csv: the day '2026-09-25' occurs on several rows and no column tells them apart, so loading will "
        "refuse them. Add them up in the file, or add a column that names what each row is about and list it under "
        "`segments` in workspace.yaml.",
    )


def test_queries_are_kept_as_sql_and_their_address_stays_outside():
    rest = "data_sources: {Prod DB: {main: {query: SELECT 1}}, csv_files: {extra: {url_or_path: ./in/extra.csv}}}"
    metrics = "Orders: {column: main.Orders, aggf: sum}, Visits: {column: extra.Visits, aggf: sum}"
    result = wbr_app.convert(a_config(metrics, rest=rest))
    defined = definitions(result)
    assert result.files["main.sql"] == "SELECT 1\n"
    assert result.csv_name is None
    assert defined.connections["prod_db"].url_env == "PROD_DB_URL"
    assert (defined.sources["main"].sql, defined.sources["main"].connection) == ("main.sql", "prod_db")
    assert defined.sources["main"].series == {"main_orders": "Orders"}
    assert (defined.sources["extra"].csv, defined.sources["extra"].series) == (
        "data/extra.csv",
        {"extra_visits": "Visits"},
    )
    assert result.not_carried == (
        "Line 2, csv_files.extra: copy './in/extra.csv' to data/extra.csv before loading.",
        "Line 2, data_sources.main: the query is kept as main.sql; the address of 'Prod DB' is not, because "
        "secrets stay out of files. Set PROD_DB_URL before loading.",
    )


def test_a_csv_takes_the_place_of_declared_sources_as_in_wbr_app():
    rest = "data_sources: {Prod: {main: {query: SELECT 1}}}"
    defined, told = converted("Orders: {column: main.Orders, aggf: sum}", rest=rest)
    assert list(defined.sources) == ["shop"]
    assert told == (
        "Line 2, data_sources.main: was left out, because the CSV given takes its place (as it does in wbr-app). "
        "Import without a CSV to keep it.",
    )


@pytest.mark.parametrize(
    "given, kept",
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\my [week].csv", "my_week_.csv"),
        (".hidden.csv", "hidden.csv"),
        ("*", "data.csv"),
        ("größe.csv", "gr_e.csv"),
        (None, "data.csv"),
    ],
)
def test_the_csv_is_copied_under_a_harmless_name(given, kept):
    assert wbr_app.convert(a_config(ORDERS), COLUMNS, given).csv_name == kept


def test_a_csv_without_a_day_is_refused():
    with pytest.raises(SourceError, match=r"shop\.csv has no column 'Date'\. Its columns: Day, Orders\."):
        wbr_app.convert(a_config(ORDERS), ["Day", "Orders"], "shop.csv")


# --- what is not carried over ---------------------------------------------------------------------

HOSTILE = [
    "__import__('os').system('touch hacked')",
    "@pd.io.common.os.system('touch hacked')",
    "Country == @x",
    "Country == 'DE' or True",
    "Country == 'DE'; import os",
    "Country == 'DE' and",
    "Country == 'DE' == 'DE'",
    "(Country == 'DE'",
    "Country in ['DE', 'US']",
    "Country != 'DE'",
    "Orders > 5",
    "Country == 'D\\x45'",
    "Country == 'DE' and Country == 'US'",
    "Country == 1.5",
    "Country.str.len() == 2",
    "",
]


@pytest.mark.parametrize("query", [*HOSTILE, "Country == 'DE' and " * 500, "(" * 5000, "a" * 5000])
def test_a_filter_that_is_not_a_comparison_is_not_read(query):
    assert condition(query) is None


@pytest.mark.parametrize("query", HOSTILE[:-1])
def test_a_filter_that_is_not_a_comparison_is_told_and_never_run(query, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stated = scalar(query)
    metrics = f"{ORDERS}, Bad: {{filter: {{base_column: Orders, query: {stated}}}, aggf: sum}}"
    defined, told = converted(metrics)
    assert list(defined.metrics) == ["orders"]
    assert len(told) == 1
    assert told[0].startswith("Line 3, metrics.Bad.filter.query: ")
    assert told[0].endswith(
        "is not `column == 'value'` (joined by `and`); the metric was left out. Filters are data here and never "
        "run as code: add a column that holds the answer to the source, and filter on its value."
    )
    assert list(tmp_path.iterdir()) == []


# fmt: off
CONDITIONS = [
    ("one value",                   "Country == 'DE'",                                (("Country", "DE"),)),
    ("double quotes",               'Country == "DE"',                                (("Country", "DE"),)),
    ("a whole number is its text",  "Store == 12",                                    (("Store", "12"),)),
    ("a column in backticks",       "`Sales Channel` == 'web'",                       (("Sales Channel", "web"),)),
    ("and",                         "Country == 'DE' and Channel == 'web'",           (("Country", "DE"), ("Channel", "web"))),
    ("brackets and &",              "(Country == 'DE') & (Channel == 'web')",         (("Country", "DE"), ("Channel", "web"))),
    ("words inside a value",        "Country == 'this and that == other'",            (("Country", "this and that == other"),)),
]
# fmt: on


@pytest.mark.parametrize("query, pairs", [c[1:] for c in CONDITIONS], ids=[c[0] for c in CONDITIONS])
def test_a_comparison_is_read(query, pairs):
    assert condition(query) == pairs


# fmt: off
LEFT = [
    # it shows that …                     metrics                                             deck     told
    ("an unknown fold is told",           f"{ORDERS}, M: {{column: Orders, aggf: median}}",   "[]",    ("Line 3, metrics.M.aggf: 'median' is not one of sum, mean, min, max, first, last; the metric was left out. Choose one of sum, mean, min, max, first, last and import again.",)),
    ("a missing column is told",          f"{ORDERS}, M: {{column: Visit, aggf: sum}}",       "[]",    ("Line 3, metrics.M: was left out: no source has a column 'Visit'. Did you mean 'Visits'?",)),
    ("what needs it is told too",         f"{ORDERS}, M: {{column: Visit, aggf: sum}}, N: {{function: {{divide: [{{metric: {{name: M}}}}, {{metric: {{name: Orders}}}}]}}}}", "[]", ("Line 3, metrics.M: was left out: no source has a column 'Visit'. Did you mean 'Visits'?", "Line 3, metrics.N: was left out, because 'M' is not among the metrics carried over.")),
    ("an unknown key is told",            "Orders: {column: Orders, aggf: sum, agg: x}",      "[]",    ("Line 3, metrics.Orders.agg: is unknown and was left out. Did you mean 'aggf'?",)),
    ("a misspelt metric is told",         ORDERS,                                             a_chart("Orders: {}, Ordres: {}"), ("Line 4, deck chart 'Chart': 'Ordres' was left out: it is not among the metrics carried over. Did you mean 'Orders'?",)),
    ("a weekly change is not a line",     ORDERS,                                             a_chart("Orders: {}, OrdersWOW: {}"), ("Line 4, deck chart 'Chart': 'OrdersWOW' was left out: a change on the week or month before is not a line; the box score under 'Orders' tells it.",)),
    ("foreign pages are told",            ORDERS,                                             "[{block: {ui_type: embedded_content, source: 'https://example.com'}}]", ("Line 4, deck.0 (embedded_content): 'https://example.com' was left out: a deck holds no foreign pages, so that it can be frozen and printed. Keep its numbers as a file and show them with a `table` block.",)),
    ("an unknown block is told",          ORDERS,                                             "[{block: {ui_type: 6_12Grap}}]", ("Line 4, deck.0.ui_type: '6_12Grap' is unknown and the block was left out. Did you mean '6_12Graph'?",)),
    ("an unknown scale is told",          ORDERS,                                             a_chart("Orders: {}", ", y_scaling: big"), ("Line 4, y_scaling: 'big' is unknown and was left out.",)),
    ("the day is not a value",            f"{ORDERS}, D: {{column: Date, aggf: last}}",       "[]",    ("Line 3, metrics.D: was left out: 'Date' holds the day, not a value.",)),
]
# fmt: on


@pytest.mark.parametrize("metrics, deck, told", [c[1:] for c in LEFT], ids=[c[0] for c in LEFT])
def test_left_behind(metrics, deck, told):
    defined, sentences = converted(metrics, deck)
    assert "orders" in defined.metrics
    assert sentences == told


def test_a_column_that_occurs_twice_is_told_only_where_a_metric_reads_it():
    header = ["Date", "Orders", "Pct", "Pct"]
    silent = wbr_app.convert(a_config(ORDERS), header, "shop.csv")
    told = wbr_app.convert(a_config(f"{ORDERS}, Pct: {{column: Pct, aggf: mean}}"), header, "shop.csv")
    assert silent.not_carried == ()
    assert told.not_carried == (
        "Line 3, metrics.Pct: was left out: the CSV has several columns called 'Pct'. Rename them and import again.",
    )


# fmt: off
BROKEN = [
    # it shows that …             config                                                     message
    ("broken YAML has a line",    "setup:\n  week_ending: 1\n  - x\n",                       r"not YAML, line 3"),
    ("a repeated name is broken", a_config("A: {column: Orders, aggf: sum}, A: {column: Visits, aggf: sum}"), r"not YAML, line 3: found duplicate key"),
    ("a list is no config",       "- setup\n",                                               r"line 1, has no keys at the top"),
    ("an empty file is no config", "",                                                       r"line 1, has no keys at the top"),
    ("a day must be a day",       a_config(ORDERS, setup="setup: {week_ending: 31-SEP-2026}"), r"line 1, setup\.week_ending: '31-SEP-2026' is not a day"),
    ("a month must be a month",   a_config(ORDERS, setup="setup: {week_ending: 2026-09-26, fiscal_year_end_month: JU}"), r"line 1, setup\.fiscal_year_end_month: 'ju' is not a month"),
    ("a circle prints its path",  a_config(f"{ORDERS}, A: {{function: {{sum: [{{metric: {{name: B}}}}, {{metric: {{name: Orders}}}}]}}}}, B: {{function: {{sum: [{{metric: {{name: A}}}}, {{metric: {{name: Orders}}}}]}}}}"), r"line 3, metrics\.A: is computed from itself: A → B → A\."),
    ("nothing readable is told",  a_config("A: {column: No, aggf: sum}"),                    r"None of the config's metrics can be carried over"),
]
# fmt: on


@pytest.mark.parametrize("text, message", [c[1:] for c in BROKEN], ids=[c[0] for c in BROKEN])
def test_broken_config(text, message):
    with pytest.raises(DefinitionError, match=message):
        wbr_app.convert(text, COLUMNS, "shop.csv")


def test_all_mistakes_are_told_at_once_in_order():
    with pytest.raises(DefinitionError) as raised:
        wbr_app.convert("setup: {week_ending: never}\nmetrics: []\n", COLUMNS, "shop.csv")
    assert str(raised.value) == (
        "The wbr-app config has mistakes (3):"
        "\n- line 1, deck: is missing or not a list of blocks."
        "\n- line 1, setup.week_ending: 'never' is not a day. Write it like 25-SEP-2021."
        "\n- line 2, metrics: is missing or not a mapping. Declare at least one metric."
    )


def test_a_function_that_contains_itself_ends():
    text = (
        f"{SETUP}\nmetrics:\n  Orders: {{column: Orders, aggf: sum}}\n  Loop:\n    function: &f\n"
        "      sum: [{function: *f}, {metric: {name: Orders}}]\ndeck: []\n"
    )
    result = wbr_app.convert(text, COLUMNS, "shop.csv")
    assert list(definitions(result).metrics) == ["orders"]
    assert result.not_carried[0].startswith("Line 6, metrics.Loop.function.sum.0.function")


def test_functions_nested_without_end_are_left_out():
    nested = "{metric: {name: Orders}}"
    for _ in range(30):
        nested = f"{{function: {{sum: [{nested}, {{metric: {{name: Orders}}}}]}}}}"
    defined, told = converted(f"{ORDERS}, Deep: {nested}")
    assert list(defined.metrics) == ["orders"]
    assert len(told) == 1
    assert told[0].endswith("is nested deeper than 20; the metric was left out.")


# --- names ----------------------------------------------------------------------------------------

HOSTILE_NAMES = [
    "a: b", "# no", "- x", "{x}", "yes", "null", "", " pad ", "line\nbreak", 'quo"te', "it's", "@at", "*star",
    "&anchor", "!tag", "%dir", "päge views", "名前", "tab\there", "\x85\x07\ufeff", "2021-09-25", "1e3", "~", "a #b",
    "trailing ", "back\\slash", "😀", "Yes", "0x1F", "=", "<<", "x" * 300, ".inf", "-", "?", "a,b", "[a]",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_NAMES)
def test_a_scalar_reads_back_as_the_same_text_in_block_and_in_brackets(text):
    loaded = YAML(typ="safe").load(
        f"a: {scalar(text)}\nb: {{c: {scalar(text)}, {scalar(text)}: 1, d: [{scalar(text)}]}}\n"
    )
    assert loaded == {"a": text, "b": {"c": text, text: 1, "d": [text]}}


@pytest.mark.parametrize("title", [text for text in HOSTILE_NAMES if text.strip()])
def test_any_title_and_name_survives(title):
    setup = f"setup: {{week_ending: 26-SEP-2026, title: {scalar(title)}}}"
    metrics = f"{ORDERS}, {scalar(title)}: {{column: Visits, aggf: sum}}"
    deck = f"[{{block: {{ui_type: section, title: {scalar(title)}}}}}]"
    defined, _ = converted(metrics, deck, setup=setup)
    assert defined.company.name == title.strip()
    assert {m.name for m in defined.metrics.values()} == {"Orders", title.strip()}


# fmt: off
SLUGS = [
    ("PageViewsFiscal", "page_views_fiscal"), ("DAU", "dau"), ("TotalPMs_TARGET", "total_pms_target"),
    ("Defects/Million", "defects_per_million"), ("404s", "n_404s"), ("Desktop Pct", "desktop_pct"),
    ("Churn %", "churn_pct"), ("Größe", "grosse"), ("名前", "metric"), ("CumulativeMRR", "cumulative_mrr"),
    ("UKSales", "uk_sales"), ("N", "metric_n"), ("null", "metric_null"), ("__x__", "x"), ("A" * 200, "a" * 72),
]
# fmt: on


@pytest.mark.parametrize("name, wanted", SLUGS)
def test_slug(name, wanted):
    assert slug(name) == wanted


def test_ids_are_unique_and_stable():
    assert unique_ids(["a", "A", "a 2", "名", "前"]) == {
        "a": "a", "A": "a_2", "a 2": "a_2_2", "名": "metric", "前": "metric_2",
    }  # fmt: skip
