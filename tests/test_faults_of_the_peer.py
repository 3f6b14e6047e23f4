"""Each fault found in the closest open-source peer has a test that shows it is not here.

The table of analytics.md, "Faults of the open-source peer", row by row. Rows that another file proves
cell by cell are named there: fiscal axes (test_six_twelve), row order (test_conformance_deck).
"""

from datetime import date, timedelta
from textwrap import dedent

import pytest

from metrics import open_workspace
from metrics.errors import DefinitionError, SourceError
from metrics.export.html import document
from metrics.export.json import as_json
from metrics.ingest import wbr_app
from metrics.text import change as spoken

FIRST = date(2023, 1, 1)
DEFINITIONS = """
company: {name: Test, time_zone: UTC}
require_owner: false
calendar: {week_ends_on: saturday}
sources: {s: {csv: s.csv, date: {column: day}, series: {a: a, b: b, c: c}}}
metrics:
  a: {name: A, kind: output, owner: null, unit: count, better: up, measure: {how: total, series: a}}
  b: {name: B, kind: output, owner: null, unit: count, better: up, measure: {how: total, series: b}}
  rate: {name: Rate, kind: output, owner: null, unit: fraction, better: up, measure: {how: ratio, numerator: b, denominator: a}}
decks: {d: {title: D, sections: [{title: S, blocks: [BLOCKS]}]}}
"""


def a_workspace(folder, blocks="a", days=900, rows=None, **changes):
    """A workspace with three daily series: a rises by one a day, b is 10, c is 1."""
    text = DEFINITIONS.replace("BLOCKS", blocks)
    for old, new in changes.items():
        text = text.replace(old.replace("_", " "), new)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "w.yaml").write_text(text, encoding="utf-8")
    lines = rows or [f"{FIRST + timedelta(days=n)},{100 + n},10,1" for n in range(days)]
    (folder / "s.csv").write_text("\n".join(["day,a,b,c", *lines]) + "\n", encoding="utf-8")
    workspace = open_workspace(folder)
    workspace.load()
    return workspace


def block(workspace, week, number=0):
    return [b for b in as_json(workspace.deck(week))["blocks"] if b["kind"] != "section"][number]


def month_total(year, month):
    days = [d for n in range(900) if ((d := FIRST + timedelta(days=n)).year, d.month) == (year, month)]
    return sum(100 + (d - FIRST).days for d in days)


def test_a_table_of_months_on_a_fiscal_axis_shows_months_chosen_by_date(tmp_path):
    table = "{months_table: [{header: A, metric: a}, {header: MOM, metric: a, show: mom}], months_axis: fiscal_year}"
    shown = block(a_workspace(tmp_path, table), date(2024, 6, 15))
    assert shown["columns"] == [
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "May",
        "Jun",
        "Jul",
        "Aug",
        "Sep",
        "Oct",
        "Nov",
        "Dec",
    ]
    values = shown["rows"][0]["values"]
    assert values[:5] == [month_total(2024, m) for m in range(1, 6)]
    assert values[5] == sum(100 + (date(2024, 6, d) - FIRST).days for d in range(1, 16))
    assert values[6:] == [None] * 6


def test_a_comparison_is_applied_once(tmp_path):
    box = block(a_workspace(tmp_path), date(2024, 6, 15))["box"][0]
    now = sum(100 + (date(2024, 6, 9) - FIRST).days + n for n in range(7))
    before = sum(100 + (date(2024, 6, 2) - FIRST).days + n for n in range(7))
    assert box["wow"] == pytest.approx(now / before - 1)
    deck = a_workspace(tmp_path / "again").deck(date(2024, 6, 15))
    assert spoken(deck.blocks[0].chart.box[0].wow, "count") == f"+{(now / before - 1) * 100:.1f}%"


# W ends a 30-day month; W is 28 February after a leap year; W ends February in a leap year.
MONTH_ENDS = [("sunday", date(2024, 6, 30)), ("friday", date(2025, 2, 28)), ("thursday", date(2024, 2, 29))]


@pytest.mark.parametrize(("weekday", "week"), MONTH_ENDS)
def test_the_month_before_and_a_year_before_are_found_by_month(tmp_path, weekday, week):
    table = "{months_table: [{header: A, metric: a}, {header: MOM, metric: a, show: mom}, {header: YOY, metric: a, show: yoy}]}"
    shown = block(a_workspace(tmp_path, table, saturday=weekday), week)
    values, mom, yoy = (row["values"] for row in shown["rows"])
    before = date(week.year, week.month, 1) - timedelta(days=1)
    assert values[-1] == month_total(week.year, week.month)
    assert mom[-1] == pytest.approx(values[-1] / month_total(before.year, before.month) - 1)
    assert yoy[-1] == pytest.approx(values[-1] / month_total(week.year - 1, week.month) - 1)


def test_late_data_leave_their_week_empty_and_page_0_says_so(tmp_path):
    week = date(2024, 6, 15)
    workspace = a_workspace(tmp_path, days=(date(2024, 6, 8) - FIRST).days + 1)
    deck = workspace.deck(week)
    line = deck.blocks[0].chart.lines[0]
    assert line.weeks[-1] is None
    assert line.weeks[-2] is not None
    assert line.weeks_state[-1] == "missing"
    assert [n.text for n in deck.notices if n.kind == "late"] == [
        "Nothing is loaded for the week ending 15 Jun: every chart ends in an empty week."
    ]


def test_zero_missing_and_undefined_are_three_things(tmp_path):
    rows = []
    for n in range(900):
        day = FIRST + timedelta(days=n)
        a = 0 if date(2024, 6, 9) <= day <= date(2024, 6, 15) else 5
        b = "" if day < date(2024, 1, 1) else 0 if day <= date(2024, 6, 8) else 3
        rows.append(f"{day},{a},{b},1")
    deck = as_json(a_workspace(tmp_path, "a, b, rate", rows=rows).deck(date(2024, 6, 15)))
    a, b, rate = (blk for blk in deck["blocks"] if blk["kind"] == "six_twelve")
    assert (a["box"][0]["last_week"], a["box"][0]["wow"]) == (0, -1.0)  # A fall to zero is −100%.
    assert (b["box"][0]["wow"], b["box"][0]["yoy"]) == (None, None)  # From zero; no year earlier.
    assert rate["series"][0]["weeks_state"][-1] == "undefined"
    assert rate["box"][0]["last_week"] is None


def test_a_partial_first_month_is_not_compared_with_a_full_one(tmp_path):
    rows = [f"{FIRST + timedelta(days=n)},1,1,1" for n in range(10, 900)]  # The first month lacks ten days.
    line = block(a_workspace(tmp_path, rows=rows), date(2024, 2, 10))["series"][0]
    assert line["months_year_earlier"][-1] is None
    assert line["months"][-1] == 31


def test_each_row_of_the_box_score_has_its_own_unit(tmp_path):
    box = block(a_workspace(tmp_path, "{chart: {primary: rate, secondary: a}}"), date(2024, 6, 15))["box"]
    assert [(row["metric"], row["change_unit"]) for row in box] == [("rate", "bps"), ("a", "percent")]


def test_a_time_of_day_does_not_drop_the_last_day(tmp_path):
    rows = [f"{FIRST + timedelta(days=n)} 13:45:00,1,1,1" for n in range(900)]
    assert block(a_workspace(tmp_path, rows=rows), date(2024, 6, 15))["box"][0]["last_week"] == 7


REFUSED = [
    ("a decimal comma is not a thousands sign", ['2023-01-01,"1,5",1,1'], "line 2, column 'a'"),
    ("a repeated row is not added up", ["2023-01-01,1,1,1", "2023-01-01,1,1,1"], "line 3"),
    ("text is not a number", ["2023-01-01,many,1,1"], "line 2, column 'a'"),
]


@pytest.mark.parametrize(("rows", "place"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_a_cell_that_misleads_is_refused_with_its_place(tmp_path, rows, place):
    with pytest.raises(SourceError) as refused:
        a_workspace(tmp_path, rows=rows)
    assert place in str(refused.value)


def test_a_second_column_of_the_same_name_is_an_error(tmp_path):
    workspace = a_workspace(tmp_path)
    (tmp_path / "s.csv").write_text("day,a,a,b,c\n2023-01-01,1,2,3,4\n", encoding="utf-8")
    with pytest.raises(SourceError, match="a"):
        workspace.load()


def test_all_mistakes_are_told_at_once_each_with_its_line(tmp_path):
    (tmp_path / "w.yaml").write_text(
        dedent("""\
        company: {name: T, colour: red}
        require_owner: false
        sources: {s: {csv: s.csv, date: {column: day}, series: {a: a}}}
        metrics:
          a: {name: A, kind: output, owner: null, unit: count, better: up, measure: {how: total, series: z}}
          b: {name: B, kind: output, owner: null, unit: count, better: sideways, measure: {how: total, series: a}}
          a: {name: C, kind: output, owner: null, unit: count, better: up, measure: {how: total, series: a}}
        """),
        encoding="utf-8",
    )
    with pytest.raises(DefinitionError) as told:
        open_workspace(tmp_path)
    text = str(told.value)
    assert "line 7" in text  # A name declared twice is an error by itself.
    (tmp_path / "w.yaml").write_text(
        (tmp_path / "w.yaml").read_text(encoding="utf-8").replace("  a: {name: C", "  c: {name: C"),
        encoding="utf-8",
    )
    with pytest.raises(DefinitionError) as told:
        open_workspace(tmp_path)
    text = str(told.value)
    assert all(part in text for part in ("line 1", "colour", "line 5", "'z'", "line 6", "sideways"))


def test_an_operand_may_stand_after_what_is_made_of_it(tmp_path):
    late = "  d: {name: D, kind: output, owner: null, unit: count, better: up, measure: {how: sum, of: [a, b]}}\n  a:"
    workspace = a_workspace(tmp_path, "d", **{"  a:": late})
    assert block(workspace, date(2024, 6, 15))["box"][0]["last_week"] == sum(
        110 + (date(2024, 6, 9) - FIRST).days + n for n in range(7)
    )


def test_filter_text_is_never_executed(tmp_path):
    proof = tmp_path / "executed"
    config = dedent(f"""\
        setup: {{week_ending: 25-SEP-2021, week_number: 38}}
        metrics:
          Kept: {{column: x, aggf: sum}}
          M: {{filter: {{base_column: x, query: "open({str(proof)!r}, 'w') == 1"}}, aggf: sum}}
        deck: []
        """)
    converted = wbr_app.convert(config, ["Date", "x"], "data.csv")
    assert not proof.exists()
    assert any("Line 4" in sentence for sentence in converted.not_carried)


def test_a_title_is_shown_as_text(tmp_path):
    title = "{chart: {primary: a}, title: '<script>alert(1)</script>'}"
    page = document(a_workspace(tmp_path, title).deck(date(2024, 6, 15)))
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "http://127.0.0.1/s.csv"])
def test_a_source_outside_the_workspace_is_refused(tmp_path, path):
    (tmp_path / "secret.csv").write_text("day,a,b,c\n2023-01-01,1,1,1\n", encoding="utf-8")
    with pytest.raises((SourceError, DefinitionError)):
        a_workspace(tmp_path / "ws", **{"s.csv": path})


def test_a_source_behind_a_link_out_of_the_workspace_is_refused(tmp_path):
    (tmp_path / "secret.csv").write_text("day,a,b,c\n2023-01-01,1,1,1\n", encoding="utf-8")
    workspace = a_workspace(tmp_path / "ws")
    (tmp_path / "ws" / "s.csv").unlink()
    (tmp_path / "ws" / "s.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(SourceError):
        workspace.load()
