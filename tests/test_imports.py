"""Targets, plans by month and annotations from files: what is written, what is refused, and twice is once."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from typer.testing import CliRunner

from metrics import open_workspace
from metrics.cli import app
from metrics.errors import DecisionError, NotAllowedError, SourceError
from metrics.rollup.spreading import spread, usable
from tests.browser import DEFINITIONS, a_shop

PEOPLE = """people:
  ada: {name: Ada Moss, roles: [owner]}
  ben: {name: Ben Roe, roles: [owner]}
  fin: {name: Fin Lund, roles: [finance]}
"""
WHY = "the budget of April"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = a_shop(tmp_path / "shop", loaded=False)
    told = DEFINITIONS.replace(
        DEFINITIONS[DEFINITIONS.index("people:") : DEFINITIONS.index("sources:")], PEOPLE
    )
    (folder / "workspace.yaml").write_text(told, encoding="utf-8")
    open_workspace(folder).load(by="test")
    return folder


def a_file(folder: Path, *lines: str, name: str = "plan.csv") -> Path:
    path = folder.parent / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --- a plan over days -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "shape", "decimals", "days"),
    [
        ("100", [1, 1, 1], 0, ["34", "33", "33"]),  # The step left over goes to the earlier day.
        ("100", [1, 2, 1], 0, ["25", "50", "25"]),
        ("1", [1, 1, 1], 2, ["0.34", "0.33", "0.33"]),
        ("-100", [1, 1, 1], 0, ["-33", "-33", "-34"]),  # A plan below zero is spread like any other.
        ("5", [0, 0, 3], 0, ["0", "0", "5"]),  # The shop was closed on those days.
        ("0", [1, 2], 0, ["0", "0"]),
    ],
)
def test_the_days_of_a_plan_add_up_to_it_exactly(plan, shape, decimals, days):
    made = spread(Decimal(plan), shape, decimals)
    assert sorted(map(str, made)) == sorted(days)
    assert sum(made) == Decimal(plan)


def test_odd_shapes_add_up_too():
    for length in (28, 29, 30, 31, 35):
        shape = [((n * 7919) % 101) / 7 for n in range(length)]
        assert sum(spread(Decimal("1234567.89"), shape, 2)) == Decimal("1234567.89")


@pytest.mark.parametrize("shape", [[], [0, 0], [1, -1, 3], [1, float("nan")], [float("inf"), 1]])
def test_a_shape_that_says_nothing_is_not_used(shape):
    assert not usable(shape)
    with pytest.raises(ValueError, match="shape"):
        spread(Decimal(1), shape, 0)


def test_a_month_is_spread_as_the_same_weekdays_went_a_year_before(shop):
    file = a_file(shop, "metric,month,value", "orders,2026-05,1000", "revenue,May 2026,31500.50")
    made = open_workspace(shop).importing.targets(file, by="fin", because=WHY)
    assert [(m.metric, m.grain, m.rows, m.added, m.changed, m.notes) for m in made] == [
        ("orders", "day", 31, 31, 0, ()),
        ("revenue", "day", 31, 31, 0, ()),
    ]
    days = rows(shop / "targets" / "orders.csv")
    assert sum(Decimal(r["value"]) for r in days) == 1000
    assert {(r["month_plan"], r["spread"]) for r in days} == {("1000", "shape of the year before")}
    assert sum(Decimal(r["value"]) for r in rows(shop / "targets" / "revenue.csv")) == Decimal("31500.50")
    # 1 May 2026 is a Friday; its twin is Friday 2 May 2025.
    told = open_workspace(shop).history("orders", "day").set_index("day")["value"]
    whole = sum(told[f"2025-05-{n:02}"] for n in range(2, 32)) + told["2025-06-01"]
    assert abs(Decimal(days[0]["value"]) - Decimal(1000 * told["2025-05-02"] / whole)) < 1


def test_the_deck_shows_an_imported_plan_by_week_and_by_month(shop):
    file = a_file(
        shop, "metric,month,value", "orders,2026-03,900", "orders,2026-04,1000", "orders,2026-05,1100"
    )
    open_workspace(shop).importing.targets(file, by="fin", because=WHY)
    fresh = open_workspace(shop)
    days = {r["day"]: float(r["value"]) for r in rows(shop / "targets" / "orders.csv")}
    week = sum(days[f"2026-04-{n}"] for n in range(26, 31)) + days["2026-05-01"] + days["2026-05-02"]
    history = fresh.history("orders").set_index("day")["target"]
    assert history["2026-05-02"] == pytest.approx(week)
    chart = next(b.chart for b in fresh.deck(date(2026, 5, 2)).blocks if b.metric == "orders")
    assert chart is not None
    assert chart.box[0].vs_target.amount is not None
    table = fresh.definitions.targets["orders"]
    assert (table.set_by, table.because, table.grain) == ("fin", WHY, "day")


def test_a_month_without_a_year_before_is_spread_evenly_and_it_is_said(shop):
    made = open_workspace(shop).importing.targets(
        a_file(shop, "metric,month,value", "orders,2028-02,290"), by="fin", because=WHY
    )
    assert made[0].notes == (
        "Orders, February 2028: spread evenly; the days of the year before are not all known.",
    )
    assert {r["value"] for r in rows(shop / "targets" / "orders.csv")} == {"10"}


def test_a_level_is_the_same_on_every_day_of_its_month(shop):
    definitions = (shop / "workspace.yaml").read_text(encoding="utf-8")
    (shop / "workspace.yaml").write_text(
        definitions.replace(", target: {style: floor, value: 0.2}", ""), encoding="utf-8"
    )
    file = a_file(shop, "metric,month,value", "conversion,2026-05,21.5%")
    open_workspace(shop).importing.targets(file, by="fin", because=WHY)
    told = {(r["value"], r["spread"]) for r in rows(shop / "targets" / "conversion.csv")}
    assert told == {("0.215", "level: not spread")}


# --- twice is once ----------------------------------------------------------------------------


def test_the_same_file_twice_changes_nothing_and_a_correction_changes_its_rows_alone(shop):
    file = a_file(shop, "metric,week_ending,value", "orders,2026-05-02,180", "orders,2026-05-09,190")
    first = open_workspace(shop).importing.targets(file, by="fin", because=WHY)
    version = open_workspace(shop).version
    again = open_workspace(shop).importing.targets(file, by="fin")
    assert (first[0].added, again[0].added, again[0].changed) == (2, 0, 0)
    assert open_workspace(shop).version == version
    file = a_file(shop, "metric,week_ending,value", "orders,2026-05-09,200")
    assert open_workspace(shop).importing.targets(file, by="fin")[0].changed == 1
    assert [r["value"] for r in rows(shop / "targets" / "orders.csv")] == ["180", "200"]


def test_a_dry_run_writes_nothing(shop):
    file = a_file(shop, "metric,month,value", "orders,2026-05,1000")
    made = open_workspace(shop).importing.targets(file, by="fin", because=WHY, dry=True)
    assert made[0].added == 31
    assert not (shop / "targets").exists()
    assert not (shop / "targets-imported.yaml").exists()


def test_a_workbook_is_read_like_a_csv(shop):
    path = shop.parent / "plan.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["metric", "week_ending", "value"])
    sheet.write_row(1, 0, ["orders"])
    sheet.write_datetime(1, 1, date(2026, 5, 9), book.add_format({"num_format": "dd.mm.yyyy"}))
    sheet.write_number(1, 2, 190.25)
    book.close()
    open_workspace(shop).importing.targets(path, by="fin", because=WHY)
    assert rows(shop / "targets" / "orders.csv") == [{"week_ending": "2026-05-09", "value": "190.25"}]


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "row", "told"),
    [
        ("metric,week_ending,value", "ordrs,2026-05-09,1", "line 2, column metric: 'ordrs' is no metric. Did you mean 'orders'?"),
        ("metric,week_ending,value", "orders,2026-05-08,1", "line 2, column week_ending: '2026-05-08': 2026-05-08 is a Friday"),
        ("metric,week_ending,value", "orders,03/04/2026,1", "column week_ending: '03/04/2026' is two days"),
        ("metric,week_ending,value", "orders,2026-05-09,1O0", "column value: '1O0' is not a number"),
        ("metric,week_ending,value", "orders,2026-05-09,", "column value: '' is empty"),
        ("metric,week_ending,value", "orders,2026-05-09,nan", "column value: 'nan' is not a finite number"),
        ("metric,week_ending,value", "orders,2026-05-09,=1+1", "column value: '=1+1' is not a number"),
        ("metric,month,value", "orders,2026-13,1", "column month: '2026-13' is not a date"),
        ("metric,month,value", "conversion,2026-05,1", "'conversion' has a target of its own already"),
        ("metric,value", "orders,1", "needs one column that says when"),
        ("metric,when,value", "orders,2026-05,1", "needs one column that says when"),
        ("metric,month", "orders,2026-05", "has no column 'value'"),
        ("metric,month,value", "", "has no row under its header"),
        ("metric,month,value", "orders,2026-05,1,2", "line 2: the row has 4 cells"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_told_by_file_line_and_column_and_nothing_is_written(shop, header, row, told):
    file = a_file(shop, header, row)
    with pytest.raises(SourceError) as error:
        open_workspace(shop).importing.targets(file, by="fin", because=WHY)
    assert told in str(error.value)
    assert str(error.value).startswith("plan.csv")
    assert not (shop / "targets").exists()


def test_all_mistakes_are_told_at_once_and_one_week_is_told_once(shop):
    file = a_file(
        shop, "metric,week_ending,value", "x,2026-05-08,y", "orders,2026-05-09,1", "orders,2026-05-09,2"
    )
    with pytest.raises(SourceError) as error:
        open_workspace(shop).importing.targets(file, by="fin", because=WHY)
    assert "line 4, column week_ending: '2026-05-09' was told on line 3 already" in str(error.value)
    assert "4 cells of plan.csv to mend; nothing was imported." in str(error.value)


def test_weeks_and_months_of_one_metric_are_not_mixed(shop):
    weeks = a_file(shop, "metric,week_ending,value", "orders,2026-05-09,1")
    open_workspace(shop).importing.targets(weeks, by="fin", because=WHY)
    with pytest.raises(SourceError, match="orders has targets by week in targets/orders"):
        open_workspace(shop).importing.targets(
            a_file(shop, "metric,month,value", "orders,2026-05,1"), by="fin"
        )


def test_a_file_that_holds_more_than_targets_is_left_alone(shop):
    (shop / "board.csv").write_text("week_ending,orders,visits\n2026-05-09,1,2\n", encoding="utf-8")
    with (shop / "workspace.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "targets:\n  orders: {csv: board.csv, date: {column: week_ending}, value_column: orders, "
            "set_by: fin, because: board}\n"
        )
    with pytest.raises(SourceError, match="holds more than the targets of orders"):
        open_workspace(shop).importing.targets(
            a_file(shop, "metric,week_ending,value", "orders,2026-05-09,3"), by="fin"
        )
    assert "2026-05-09,1,2" in (shop / "board.csv").read_text(encoding="utf-8")


def test_who_may_not_set_a_target_does_not_and_a_target_has_a_reason(shop):
    file = a_file(shop, "metric,month,value", "orders,2026-05,1000")
    with pytest.raises(NotAllowedError, match="Ada Moss may not set a target"):
        open_workspace(shop).importing.targets(file, by="ada", because=WHY)
    with pytest.raises(DecisionError, match="why is this the target"):
        open_workspace(shop).importing.targets(file, by="fin")


# --- annotations ------------------------------------------------------------------------------


def test_annotations_stand_on_their_charts_and_are_added_once(shop):
    file = a_file(
        shop,
        "metric;date;text",
        "orders;2026-04-28;New till",
        "orders;28 Apr 2026;New till",
        "visits;2026-04-29;<b>Road</b> closed",
    )
    workspace = open_workspace(shop)
    assert (dry := workspace.importing.annotations(file, by="ben", dry=True)).added == 2
    assert (dry.known, workspace.journal.version) == (1, "")
    workspace.importing.annotations(file, by="ben")
    assert [(r.metric, r.text, r.by) for r in workspace.loop.saying.annotations()] == [
        ("orders", "New till", "ben"),
        ("visits", "<b>Road</b> closed", "ben"),
    ]
    assert workspace.importing.annotations(file, by="ben").added == 0
    orders = next(b.chart for b in workspace.deck().blocks if b.metric == "orders")
    assert orders is not None
    assert [a.text for a in orders.annotations] == ["New till"]


def test_a_bad_annotation_keeps_all_of_them_out(shop):
    file = a_file(
        shop, "metric,date,text", "orders,2026-04-28,good", "orders,2027-01-01,to come", "x,2026-04-28,y", "orders,2026-04-27,"
    )  # fmt: skip
    workspace = open_workspace(shop)
    with pytest.raises(SourceError) as error:
        workspace.importing.annotations(file, by="ben")
    said = str(error.value)
    assert "line 3, column date: '2027-01-01': 2027-01-01 is to come" in said
    assert "line 4, column metric: 'x' is no metric" in said
    assert "line 5, column text: ''" in said
    assert workspace.loop.saying.annotations() == ()


def test_the_commands_say_what_they_did(shop):
    plan = a_file(shop, "metric,month,value", "orders,2028-02,290")
    place = ["--workspace", str(shop), "--by", "fin"]
    run = CliRunner().invoke
    dry = run(app, ["import-targets", str(plan), *place, "--because", WHY, "--dry-run"])
    assert (dry.exit_code, "29 days, 29 new" in dry.output, "Nothing was written." in dry.output) == (
        0,
        True,
        True,
    )
    done = run(app, ["import-targets", str(plan), *place, "--because", WHY])
    assert "Written to targets/ and loaded." in done.output
    assert "Nothing changed." in run(app, ["import-targets", str(plan), *place]).output
    notes = a_file(shop, "metric,date,text", "orders,2026-04-28,New till", name="notes.csv")
    told = run(
        app, ["import-annotations", str(notes), "--workspace", str(shop), "--by", "ben", "--format", "json"]
    )
    assert '"added": 1' in told.output
