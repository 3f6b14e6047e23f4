"""Workspace files become checked definitions, or one error that tells every mistake with its line."""

import os
import textwrap
import time
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from metrics import registry
from metrics.definitions import InputMetric
from metrics.errors import DefinitionError
from metrics.periods import Calendar
from metrics.registry import Finding, Mistake

SHARED = Path(os.environ.get("SIXTWELVE_SHARED", Path(__file__).parents[2] / "shared"))
EXAMPLE = SHARED / "example.yaml"
NAMED_FILES = ("targets/orders.csv", "tables/basket.csv", "tables/bottom_ten.csv", "revenue.sql")

BASE = """\
company: {name: Example}
people: {ana: {name: Ana, roles: [owner]}, yuki: {name: Yuki, roles: [analyst]}}
sources:
  web: {csv: web.csv, date: {column: day}, series: {visits: Visits, orders: Orders, stock: Stock}}
  waits: {csv: waits.csv, date: {column: day}, samples: {wait: seconds}}
metrics:
  orders: {name: Orders, kind: output, owner: ana, unit: count, better: up, measure: {how: total, series: orders}}
  visits: {name: Visits, kind: output, owner: ana, unit: count, better: up, measure: {how: total, series: visits}}
"""
BELOW = BASE.count("\n") + 1  # The line on which a text put below the base begins.


def metric(metric_id: str, /, **fields: str) -> str:
    """One more metric in one line, right in all that `fields` does not say."""
    usual = {
        "name": "One more", "kind": "output", "owner": "ana", "unit": "count", "better": "up",
        "measure": "{how: total, series: orders}",
    }  # fmt: skip
    body = ", ".join(f"{key}: {value}" for key, value in {**usual, **fields}.items())
    return f"  {metric_id}: {{{body}}}"


def told(*texts: str) -> list[str]:
    """What is wrong with files of these texts, without the count; the first is called a.yaml."""
    files = {f"{letter}.yaml": text for letter, text in zip("abcdef", texts, strict=False)}
    with pytest.raises(DefinitionError) as refused:
        registry.parse(files)
    count, *mistakes = str(refused.value).split("\n- ")
    assert count == f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''} in the definitions:"
    return mistakes


def at(line: int, place: str, message: str) -> str:
    return f"a.yaml, line {line}, {place}: {message}" if place else f"a.yaml, line {line}: {message}"


# fmt: off
IN_ONE_DEFINITION = [
    # it shows that …                       below the base                                     place                      message
    ("an unknown key is guessed at",
     metric("more", onwer="ana"),                      "metrics.more.onwer",      "unknown key 'onwer'. Did you mean 'owner'?"),
    ("an unknown section is guessed at",
     "poeple: {}",                                     "poeple",                  "unknown key 'poeple'. Did you mean 'people'?"),
    ("a key inside a measure is guessed at",
     metric("more", measure="{how: total, series: orders, were: {}}"), "metrics.more.measure.were",
     "unknown key 'were'. Did you mean 'where'?"),
    ("a word is one of a few",
     metric("more", unit="percent"),                   "metrics.more.unit",
     "'percent' is not one of count, currency, fraction, number, days, hours, seconds, milliseconds, score."),
    ("a near word is guessed at",
     metric("more", better="upp"),                     "metrics.more.better",     "'upp' is not one of up, down, band, none. Did you mean 'up'?"),
    ("a word left out is told with its choices",
     "  more: {name: M, kind: output, unit: count, measure: {how: total, series: orders}}", "metrics.more",
     "needs `better`: one of up, down, band, none."),
    ("a field left out is told at its parent",
     metric("more", measure="{how: total}"),           "metrics.more.measure",    "needs `series`."),
    ("a kind of metric is one of three",
     metric("more", kind="inputt"),                    "metrics.more.kind",       "'inputt' is not one of input, output, context. Did you mean 'input'?"),
    ("a metric needs a kind",
     "  more: {name: More}",                           "metrics.more",            "needs `kind`: one of input, output, context."),
    ("a measure is one of fourteen",
     metric("more", measure="{how: sun, of: [orders, visits]}"), "metrics.more.measure.how",
     "'sun' is not one of total, latest, mean, min, max, first, ratio, percentile, growth, sum, difference, "
     "product, quotient. Did you mean 'sum'?"),
    ("an id is snake_case",
     metric("Fast-Track"),                             "metrics.Fast-Track",
     "'Fast-Track' is not an id: it is snake_case, lower-case letters, digits and `_`, a letter first. Write 'fast_track'."),
    ("the key is the id",
     metric("more", id="other"),                       "metrics.more.id",         "the key 'more' is the metric's id. Remove `id`."),
    ("a number is no text",
     metric("more", name="5"),                         "metrics.more.name",       "5 stands where a text is needed. Put it in quotes."),
    ("a text is no number",
     metric("more", weight="1'000"),                   "metrics.more.weight",
     '"1\'000" is not a number. Write it as 1234.5, without separators or signs.'),
    ("a number has limits",
     metric("more", weight="-1"),                      "metrics.more.weight",     "-1 must be above 0."),
    ("an infinite target is refused",
     metric("more", target="{style: floor, value: 1e999}"), "metrics.more.target.value", "inf is not a finite number."),
    ("a date is written year first",
     metric("more", target="{style: step, value: 3, from: 25/12/2026}"), "metrics.more.target.from",
     "'25/12/2026' is not a date. Write it as 2026-05-09, year first."),
    ("a rule of a definition is told as it stands",
     metric("more", target="{style: band, low: 5, high: 4}"), "metrics.more.target", "`low` must lie below `high`."),
    ("a text is no map",
     "  more: orders",                                 "metrics.more",            "this name takes a map of fields. Write `more: {field: value}`, or indented lines."),
    ("an empty definition is told",
     "  more:",                                        "metrics.more",            "nothing stands under this name. Write `more: {field: value}`, or indented lines."),
    ("a list is no map",
     "connections: [warehouse]",                       "connections",             "a list stands where a map is needed. Write `{key: value}`, or indented lines of `key: value`."),
    ("a map is no list",
     "links: {driver: orders}",                        "links",                   "a map stands where a list is needed. Write `[one, two]`, or a line with `- ` for each."),
    ("an operand is an id or a target",
     metric("more", measure="{how: sum, of: [orders, {target: orders}]}"), "metrics.more.measure.of.1",
     "needs `target_of`."),
    ("a block is one of seven",
     "decks: {d: {title: D, sections: [{title: S, blocks: [{cart: {primary: orders}}]}]}}", "decks.d.sections.0.blocks.0",
     "a block is a metric's id, or one of chart, weeks_table, months_table, table, exceptions, story."),
    ("a key of a block is guessed at",
     "decks: {d: {title: D, sections: [{title: S, blocks: [{chart: {primary: orders, secundary: visits}}]}]}}",
     "decks.d.sections.0.blocks.0.chart.secundary",    "unknown key 'secundary'. Did you mean 'secondary'?"),
]
BETWEEN_DEFINITIONS = [
    ("an owner is a person",
     metric("more", owner="anna"),                     "metrics.more.owner",      "'anna' is not among people. Did you mean 'ana'?"),
    ("an analyst owns no metric",
     metric("more", owner="yuki"),                     "metrics.more.owner",
     "yuki is an analyst, and an analyst prepares a metric and never owns it. Name the person of the business who explains it."),
    ("who orders an action is a person",
     metric("more", kind="input", controllable="{action: act, by: bob, within_days: 3}"), "metrics.more.controllable.by",
     "'bob' is not among people. Declared: ana, yuki."),
    ("a guardrail is a metric",
     metric("more", guardrails="[order]"),             "metrics.more.guardrails.0", "'order' is not among metrics. Did you mean 'orders'?"),
    ("a metric does not guard itself",
     metric("more", guardrails="[more]"),              "metrics.more.guardrails.0", "a metric cannot guard itself. Name another."),
    ("what is superseded is a metric",
     metric("more", supersedes="{metric: visit, because: b}"), "metrics.more.supersedes.metric",
     "'visit' is not among metrics. Did you mean 'visits'?"),
    ("an operand is a metric",
     metric("more", measure="{how: product, of: [orders, visit]}"), "metrics.more.measure.of.1",
     "'visit' is not among metrics. Did you mean 'visits'?"),
    ("growth is of a metric",
     metric("more", measure="{how: growth, of: order}"), "metrics.more.measure.of", "'order' is not among metrics. Did you mean 'orders'?"),
    ("a target of a metric without one is refused",
     metric("more", measure="{how: difference, of: [orders, {target_of: visits}]}"), "metrics.more.measure.of.1.target_of",
     "'visits' has no target. Give it one, under the metric or under `targets`."),
    ("a target's line on a chart needs a target",
     "decks: {d: {title: D, sections: [{title: S, blocks: [{chart: {primary: orders, target: orders}}]}]}}",
     "decks.d.sections.0.blocks.0.chart.target",       "'orders' has no target. Give it one, under the metric or under `targets`."),
    ("unlike units are not added",
     metric("more", unit="currency") + "\n" + metric("score", unit="score", measure="{how: sum, of: [orders, more]}"),
     "metrics.score.measure.of",
     "a sum of unlike units (orders in count, more in currency). Adding them makes a composite score, whose weights "
     "are argued about and whose trend means nothing. Show the metrics side by side."),
    ("a formula that comes back is told with its path",
     "\n".join(metric(a, measure=f"{{how: sum, of: [orders, {b}]}}") for a, b in ("bc", "ca", "ab")),
     "metrics.b.measure.of",
     "computed from itself: b -> c -> a -> b. Compute one of these from stored series."),
    ("growth of itself comes back too",
     metric("more", measure="{how: growth, of: more}"), "metrics.more.measure.of",
     "computed from itself: more -> more. Compute one of these from stored series."),
    ("a percentile reads samples",
     metric("more", measure="{how: percentile, samples: waits, at: 0.9}"), "metrics.more.measure.samples",
     "'waits' is not among the `samples` of any source. Did you mean 'wait'?"),
    ("samples are read by percentiles only",
     metric("more", measure="{how: total, series: wait}"), "metrics.more.measure.series",
     "'wait' holds samples, which only a percentile reads. Use `how: percentile`."),
    ("a series no source can hold is told",
     metric("more", measure="{how: ratio, numerator: order, denominator: visits}"), "metrics.more.measure.numerator",
     "no source has a series 'order'. Did you mean 'orders'?"),
    ("a segment no source can hold is told",
     metric("more", measure="{how: total, series: orders, where: {country: NO}}"), "metrics.more.measure.where.country",
     "no source has a segment 'country'. None is declared."),
    ("a link's driver is a metric",
     "links: [{driver: visit, driven: orders, sign: +, lag_weeks: [0, 2], because: b}]", "links.0.driver",
     "'visit' is not among metrics. Did you mean 'visits'?"),
    ("a metric does not drive itself",
     "links: [{driver: visits, driven: visits, sign: -, lag_weeks: [0, 2], because: b}]", "links.0.driven",
     "'visits' cannot drive itself. Name another metric."),
    ("an edge joins nodes",
     "nodes: [{id: growth, name: Growth}]\nedges: [{from: growth, to: grwth}]", "edges.0.to",
     "'grwth' is not among nodes. Did you mean 'growth'?"),
    ("a node is declared once",
     "nodes: [{id: growth, name: Growth}, {id: growth, name: More}]", "nodes.1.id",
     "the node 'growth' is already declared as nodes.0. Keep one of the two."),
    ("a goal is on a metric",
     "goals: [{name: G, metric: order, period: {year: 2026}, value: 1, owner: ana}]", "goals.0.metric",
     "'order' is not among metrics. Did you mean 'orders'?"),
    ("an event concerns metrics",
     "events: [{name: E, kind: one_off, dates: [2026-02-25], scope: [order]}]", "events.0.scope.0",
     "'order' is not among metrics. Did you mean 'orders'?"),
    ("an event's week ending ends a week",
     "events: [{name: E, kind: one_off, week_endings: [2026-02-25]}]", "events.0.week_endings.0",
     "2026-02-25 is a Wednesday, and weeks end on Saturday. Use 2026-02-21 or 2026-02-28."),
    ("the numbered week ends as all do",
     "calendar: {week_ends_on: sunday, week_number: {week_ending: 2026-05-09, number: 19}}", "calendar.week_number.week_ending",
     "2026-05-09 is a Saturday, and weeks end on Sunday. Use 2026-05-03 or 2026-05-10."),
    ("a year has four digits",
     metric("more", target="{style: plan, year: 26, total: 5}"), "metrics.more.target.year",
     "the year 26 is too far away. Write a year with four digits."),
    ("a block of a deck shows metrics",
     "decks: {d: {title: D, sections: [{title: S, blocks: [order]}]}}", "decks.d.sections.0.blocks.0",
     "'order' is not among metrics. Did you mean 'orders'?"),
    ("a row of a table shows a metric",
     "decks: {d: {title: D, sections: [{title: S, blocks: [{weeks_table: [{header: H, metric: order}]}]}]}}",
     "decks.d.sections.0.blocks.0.weeks_table.0.metric", "'order' is not among metrics. Did you mean 'orders'?"),
    ("a number belongs to one block",
     "decks: {d: {title: D, sections: [{title: S, blocks: [{chart: {primary: orders}, number: 4}, {story: any, number: 4}]}]}}",
     "decks.d.sections.0.blocks.1.number",             "decks.d.sections.0.blocks.0 has the number 4 already. Give this block a free one."),
    ("a section's node is declared",
     "decks: {d: {title: D, sections: [{title: S, node: growth, blocks: [orders]}]}}", "decks.d.sections.0.node",
     "'growth' is not among nodes. None is declared."),
    ("readers have roles",
     "decks: {d: {title: D, readers: [executives, ana], sections: [{title: S, blocks: [orders]}]}}", "decks.d.readers.0",
     "'executives' is not among roles. Did you mean 'executive'?"),
    ("a target has a metric",
     "targets: {order: {csv: t.csv, date: {column: d}, value_column: v, set_by: ana, because: b}}", "targets.order",
     "'order' is not among metrics. Did you mean 'orders'?"),
    ("a target is set once",
     metric("more", target="{style: floor, value: 3}")
     + "\ntargets: {more: {csv: t.csv, date: {column: d}, value_column: v, set_by: ana, because: b}}", "targets.more",
     "'more' has a target of its own already (metrics.more.target). Keep one of the two."),
    ("a path stays in the workspace",
     "targets: {orders: {csv: ../../etc/passwd, date: {column: d}, value_column: v, set_by: ana, because: b}}", "targets.orders.csv",
     "'../../etc/passwd' leads out of the workspace. Copy the file into it and write the path from there."),
    ("an address is no path",
     'decks: {d: {title: D, sections: [{title: S, blocks: [{table: {csv: "https://example.com/t.csv"}}]}]}}',
     "decks.d.sections.0.blocks.0.table.csv",
     "'https://example.com/t.csv' is an address, and only files of the workspace are read. Save the file there."),
]
# fmt: on


@pytest.mark.parametrize(
    ("below", "place", "message"),
    [case[1:] for case in IN_ONE_DEFINITION + BETWEEN_DEFINITIONS],
    ids=[case[0] for case in IN_ONE_DEFINITION + BETWEEN_DEFINITIONS],
)
def test_a_mistake_has_its_line_and_its_remedy(below, place, message):
    mistakes = [mistake.split(": ", 1) for mistake in told(BASE + below + "\n")]
    assert [message] == [text for where, text in mistakes if where.endswith(f", {place}")]


# fmt: off
WHOLE = [
    # it shows that …                     texts                                                        what is told
    ("a line is that of the key",
     [BASE + "goals:\n- name: G\n  metric: orders\n  period: {year: 2026}\n  value: 3\n  owner: bob\n"],
     [at(BELOW + 5, "goals.0.owner", "'bob' is not among people. Declared: ana, yuki.")]),
    ("what is wrong in a definition and between them is told together, and a name that is wrong in itself still counts",
     [BASE + "\n".join([
         metric("more", unit="pct", guardrails="[orders]"),
         metric("growth", measure="{how: growth, of: more}", owner="bob"),
         "links:",
         "- {driver: visits, driven: more, sign: +, lag_weeks: [0, x], because: b}",
         "- {driver: visit, driven: more, sign: +, lag_weeks: [0, 1], because: b}"])],
     [at(BELOW, "metrics.more.unit",
         "'pct' is not one of count, currency, fraction, number, days, hours, seconds, milliseconds, score."),
      at(BELOW + 1, "metrics.growth.owner", "'bob' is not among people. Declared: ana, yuki."),
      at(BELOW + 3, "links.0.lag_weeks.1", "'x' is not a whole number."),
      at(BELOW + 4, "links.1.driver", "'visit' is not among metrics. Did you mean 'visits'?")]),
    ("a section misspelt does not make every name in it unknown",
     [BASE.replace("people:", "poeple:")],
     [at(2, "poeple", "unknown key 'poeple'. Did you mean 'people'?")]),
    ("a file that cannot be read leaves names for later, and the others are still checked",
     [BASE.replace("owner: ana", "owner: bob, wieght: 2", 1), "people: {bob: {name: Bob}\n"],
     [at(7, "metrics.orders.wieght", "unknown key 'wieght'. Did you mean 'weight'?"),
      "b.yaml, line 2: the bracket opened in line 1 is not closed before this, or a comma is missing."]),
    ("a metric in two files is told with both places",
     [BASE, "\nmetrics:\n" + metric("orders")],
     ["b.yaml, line 3, metrics.orders: 'metrics.orders' is already in a.yaml, line 7. Keep one of the two."]),
    ("a field of the company stands in one file",
     [BASE, "company: {currency: EUR, name: Other}"],
     ["b.yaml, line 1, company.name: 'company.name' is already in a.yaml, line 1. Keep one of the two."]),
    ("a single value stands in one file",
     [BASE + "require_owner: true", "require_owner: false"],
     [f"b.yaml, line 1, require_owner: 'require_owner' is already in a.yaml, line {BELOW}. Keep one of the two."]),
    ("a key stands once in a file",
     [BASE + "  orders: {name: Again}"],
     [at(BELOW, "", "the key 'orders' is already in line 7. Keep one of the two.")]),
    ("an unknown time zone is guessed at",
     ["company: {name: X, time_zone: America/NewYork}"],
     [at(1, "company.time_zone", "'America/NewYork' is not a time zone. Did you mean 'America/New_York'?")]),
    ("an empty file declares no company",
     ["# nothing yet\n"],
     [at(1, "", "needs `company`, whose review this is. Write `company: {name: …}`.")]),
]
# fmt: on


@pytest.mark.parametrize(("texts", "mistakes"), [c[1:] for c in WHOLE], ids=[c[0] for c in WHOLE])
def test_all_mistakes_of_all_files_are_told_at_once(texts, mistakes):
    assert told(*texts) == mistakes


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{this}: &{this} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, this in zip("abcdefghij", "bcdefghijk", strict=True)
)
# fmt: off
HOSTILE = [
    # it shows that …                              text                               what is told
    ("an alias bomb is refused",                   BOMB,                              at(4, "", "with `*c`, aliases repeat more than 10,000 values. Write them out.")),
    ("an alias inside itself is refused",          "a: &a [1, *a]",                   at(1, "", "`*a` repeats a value inside itself, without end. Write it out.")),
    ("an alias of nothing is refused",             "a: 1\nb: *x",                     at(2, "", "`*x` repeats nothing: no `&x` stands above it.")),
    ("a tag is refused",                           BASE + "links: !!python/object/apply:os.system [ls]",
     at(BELOW, "", "the tag !!python/object/apply:os.system is refused: definitions are plain data. Remove it.")),
    ("a tag of one's own is refused",              BASE + "links: !mine []",          at(BELOW, "", "the tag !mine is refused: definitions are plain data. Remove it.")),
    ("a tab is named",                             "company:\n\tname: X",             at(2, "", "a tab indents this line, and YAML takes only spaces. Replace the tab by spaces.")),
    ("a byte order mark is named",                 "\ufeff" + BASE,                   at(1, "", "this line starts with a byte order mark (BOM). Save the file as UTF-8 without it.")),
    ("a character of no script is named",          "company: {name: X}\n# \x00",      at(2, "", "the character U+0000 cannot be printed. Remove it.")),
    ("depth has an end",                           "[" * 100_000,                     at(1, "", "more than 20 levels lie inside each other. Definitions need nine.")),
    ("depth by indentation has an end too",        "\n".join(" " * n + "a:" for n in range(200)), at(21, "", "more than 20 levels lie inside each other. Definitions need nine.")),
    ("size has an end",                            "#" * 50_000_000,
     at(1, "", "this file is larger than 2 MB, which no definitions are. Keep data in CSV, Excel or Parquet and name the file under `sources`.")),
    ("a list is no workspace",                     "- company",                       at(1, "", "a definition file is a map of `company:`, `metrics:` and so on.")),
    ("a second document is refused",               "company: {name: X}\n---\na: 1",   at(2, "", "a second document starts here. Remove the line `---`.")),
    ("a quote is closed",                          "company: {name: 'X}\n",           at(2, "", "the quote opened in line 1 is not closed. Close it.")),
    ("a colon in a text needs quotes",             "company:\n  name: X: Y",          at(2, "", "this line has a second `: `, or is indented too far. Put text that holds `: ` in quotes.")),
    ("a sign that means something needs quotes",   "company:\n  name: @X",            at(2, "", "a value cannot start with '@'. Put it in quotes.")),
    ("indentation is told",                        "company:\n  name: X\n currency: EUR", at(3, "", "this line is not indented like the lines it belongs to. Align it with them.")),
    ("a key is a word",                            "company: {[1, 2]: X}",            at(1, "", "a key is a word, not a map, a list or an alias. Put it in quotes.")),
    ("a formula in a circle is told",              BASE + metric("more", measure="{how: growth, of: more}"),
     at(BELOW, "metrics.more.measure.of", "computed from itself: more -> more. Compute one of these from stored series.")),
]
# fmt: on


@pytest.mark.parametrize(("text", "mistake"), [c[1:] for c in HOSTILE], ids=[c[0] for c in HOSTILE])
def test_a_hostile_file_has_one_clear_error_within_a_second(text, mistake):
    began = time.process_time()
    assert told(text) == [mistake]
    assert time.process_time() - began < 1


# --- what is read ----------------------------------------------------------------------------


def test_the_example_is_accepted_as_it_stands(tmp_path):
    (tmp_path / "example.yaml").write_bytes(EXAMPLE.read_bytes())
    for name in NAMED_FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    read = registry.read(tmp_path)
    assert read.folder == tmp_path
    assert read.calendar == Calendar(
        week_number=(date(2026, 5, 9), 19),
        paired=(("Easter", (date(2024, 3, 30), date(2025, 4, 19), date(2026, 4, 4))),),
    )
    lines = EXAMPLE.read_text().splitlines()
    file, line = read.places["metrics.fast_track_in_stock.controllable"]
    assert (file, lines[line - 1].strip()[:13]) == ("example.yaml", "controllable:")
    assert sorted(read.order) == sorted(read.definitions.metrics)
    assert read.order.index("gmv") < read.order.index("gmv_growth")
    metric = read.definitions.metrics["fast_track_in_stock"]
    assert isinstance(metric, InputMetric)
    assert (metric.id, metric.controllable.by) == ("fast_track_in_stock", "ravi.menon")
    assert read.definitions.links[0].sign == "+"


def test_a_table_that_is_not_there_yet_is_asked_for(tmp_path):
    (tmp_path / "example.yaml").write_bytes(EXAMPLE.read_bytes())
    read = registry.read(tmp_path)  # Accepted as it stands: a table may come later than its definition.
    missing = [(found.place, found.message) for found in registry.lint(read) if found.code == "no_file"]
    assert missing == [
        (place, f"there is no file {name!r} in the workspace. Put it there, or mend the path.")
        for place, name in [
            ("targets.orders.csv", "targets/orders.csv"),
            ("decks.company.sections.0.blocks.4.table.csv", "tables/basket.csv"),
            ("decks.company.sections.0.blocks.5.exceptions.csv", "tables/bottom_ten.csv"),
        ]
    ]


def test_files_are_joined_in_the_order_of_their_names(tmp_path):
    (tmp_path / "b.yml").write_text("metrics:\n" + metric("more") + "\nlinks:\ncompany: {currency: EUR}\n")
    (tmp_path / "a.yaml").write_text(BASE + "nodes: [{id: one, name: One}]\n")
    (tmp_path / "c.yaml").write_text("nodes: [{id: two, name: Two}]\n")
    (tmp_path / ".d.yaml").write_text("hidden")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "e.yaml").write_text("not read")
    read = registry.read(tmp_path)
    assert list(read.definitions.metrics) == ["orders", "visits", "more"]
    assert [node.id for node in read.definitions.nodes] == ["one", "two"]
    assert read.definitions.company.currency == "EUR"
    assert read.places["nodes.1.name"] == ("c.yaml", 1)
    assert read.places["metrics.more"] == ("b.yml", 2)


def test_an_anchor_may_be_reused_and_a_field_of_it_replaced():
    text = """\
    company: {name: X}
    metrics:
      one: &usual {name: One, kind: output, unit: count, better: up, measure: {how: total, series: a}}
      two:
        <<: *usual
        name: Two
    """
    read = registry.parse({"a.yaml": textwrap.dedent(text)})
    assert [m.name for m in read.definitions.metrics.values()] == ["One", "Two"]


def test_words_that_other_readers_take_for_more_stay_text():
    measure = "{how: total, series: orders, where: {country: NO, on: yes, at: 2026-05-09}}"
    text = BASE.replace("series: {visits", "segments: [country, on, at], series: {visits")
    read = registry.parse({"a.yaml": text + metric("no", measure=measure)})
    assert read.definitions.metrics["no"].measure.where == {"country": "NO", "on": "yes", "at": "2026-05-09"}


def test_a_metric_comes_after_those_it_is_computed_from():
    chain = "\n".join(metric(f"m{n}", measure=f"{{how: sum, of: [orders, m{n + 1}]}}") for n in range(2000))
    read = registry.parse({"a.yaml": BASE + chain + "\n" + metric("m2000")})
    places = {name: place for place, name in enumerate(read.order)}
    assert all(places[f"m{n}"] > places[f"m{n + 1}"] for n in range(2000))


# fmt: off
FOLDERS = [
    # it shows that …                            files                                   what is told, after the folder
    ("a folder without definitions says how to begin", {"data.csv": b""}, "holds no definitions: no file there ends in .yaml or .yml. Run `wbr init {0}` to begin a workspace."),
    ("a file in another encoding is named by line",    {"a.yaml": b"company: {name: X}\n# caf\xe9\n"}, "a.yaml, line 2: byte 0xe9 is not UTF-8. Save the file as UTF-8."),
    ("a file of a spreadsheet's encoding is named",    {"a.yaml": BASE.encode("utf-16")}, "a.yaml, line 1: this file is saved as UTF-16. Save it as UTF-8."),
    ("a folder is no file",                            {"a.yaml/b": b""}, "a.yaml, line 1: this is not a file that can be read. Remove it or rename it."),
]
# fmt: on


@pytest.mark.parametrize(("files", "message"), [c[1:] for c in FOLDERS], ids=[c[0] for c in FOLDERS])
def test_a_folder_that_is_no_workspace(tmp_path, files, message):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DefinitionError) as refused:
        registry.read(tmp_path)
    assert str(refused.value).endswith(message.format(tmp_path))


def test_a_missing_folder_says_how_to_begin(tmp_path):
    with pytest.raises(DefinitionError, match="is not a folder"):
        registry.read(tmp_path / "nowhere")


def test_a_link_out_of_the_folder_is_refused_and_one_inside_is_followed(tmp_path):
    outside, inside = tmp_path / "secret.yaml", tmp_path / "workspace"
    outside.write_text("company: {name: Secret}")
    (inside / "versions").mkdir(parents=True)
    (inside / "versions" / "1.yaml").write_text(BASE)
    (inside / "a.yaml").symlink_to(inside / "versions" / "1.yaml")
    assert registry.mistakes(inside) == ()
    (inside / "b.yaml").symlink_to(outside)
    (inside / "c.yaml").symlink_to(inside / "c.yaml")
    (inside / "t.csv").symlink_to(outside)
    (inside / "d.yaml").write_text(
        "targets: {orders: {csv: t.csv, date: {column: d}, value_column: v, set_by: ana, because: b}}"
    )
    assert registry.mistakes(inside) == (
        Mistake(
            "b.yaml", 1, "", "this is a link to a file outside the workspace. Copy the file here instead."
        ),
        Mistake("c.yaml", 1, "", "this is not a file that can be read. Remove it or rename it."),
    )
    (inside / "b.yaml").unlink()
    (inside / "c.yaml").unlink()
    link = "'t.csv' is a link out of the workspace. Copy the file into it instead."
    assert registry.mistakes(inside) == (Mistake("d.yaml", 1, "targets.orders.csv", link),)


def test_a_file_of_fifty_megabytes_is_not_read(tmp_path):
    with (tmp_path / "a.yaml").open("wb") as stream:
        stream.truncate(50_000_000)
    began = time.process_time()
    with pytest.raises(DefinitionError, match="line 1: this file is larger than 2 MB"):
        registry.read(tmp_path)
    assert time.process_time() - began < 1


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_file_it_is_read_or_told(data):
    lines = EXAMPLE.read_text().splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        begin = data.draw(st.integers(0, len(lines[number])))
        until = data.draw(st.integers(begin, len(lines[number])))
        put = data.draw(
            st.sampled_from(["", "[", "{}", ": ", "- ", "null", "5", "'", "&a", "*a", "<<: ", "~", "-"])
        )
        lines[number] = lines[number][:begin] + put + lines[number][until:]
    try:
        registry.lint(registry.parse({"a.yaml": "\n".join(lines)}))
    except DefinitionError as error:
        assert "a.yaml, line " in str(error)  # noqa: PT017  (either outcome is right)


# --- what is questioned ----------------------------------------------------------------------

DECK = "decks: {d: {title: D, sections: [{title: S, blocks: [orders, visits]}]}}\n"
WAITS = next(line for line in BASE.splitlines(keepends=True) if "waits" in line)
QUIET = BASE.replace(", stock: Stock", "").replace(WAITS, "") + DECK
# fmt: off
QUESTIONS = [
    # it shows that …                            text                                              what is questioned
    ("a workspace in order is left alone",       QUIET, []),
    ("an owner is missing",                      QUIET.replace("owner: ana", "owner: null", 1),
     [("no_owner", 6, "metrics.orders.owner", "Orders has no owner to explain it. It stays out of the deck until one is named.")]),
    ("an owner is missing and not required",     QUIET.replace("owner: ana", "owner: null", 1) + "require_owner: false",
     [("no_owner", 6, "metrics.orders.owner", "Orders has no owner to explain it. Name one.")]),
    ("an input lacks what makes it one",         QUIET.replace("kind: output", "kind: input", 1),
     [("no_action", 6, "metrics.orders", "an input needs `controllable`: what action moves it, who orders it, within how many days."),
      ("no_guardrail", 6, "metrics.orders", "an input needs a guardrail, a metric that would suffer if this one were gamed. Name one."),
      ("no_meaning", 6, "metrics.orders", "an input needs `meaning`: one sentence that says what is counted.")]),
    ("a metric is in no deck",                   QUIET.replace("[orders, visits]", "[orders]"),
     [("no_deck", 7, "metrics.visits", "Visits is in no deck. Place it, or retire it.")]),
    ("a retired metric needs no deck and no owner",
     QUIET.replace("[orders, visits]", "[orders]").replace("Visits, kind: output, owner: ana", "Visits, state: retired, kind: output"), []),
    ("a metric is shown too early",              QUIET.replace("name: Visits", "name: Visits, state: proposed"),
     [("too_early", 8, "decks.d.sections.0.blocks.1", "visits is proposed, and a deck shows a metric once it is measured. Take it out.")]),
    ("there is no deck",                         QUIET.replace(DECK, ""),
     [("no_deck", 5, "metrics", "no deck shows these metrics. Declare one under `decks`.")]),
    ("fractions are added",                      QUIET.replace("unit: count", "unit: fraction", 1),
     [("total_of_fraction", 6, "metrics.orders.measure.how", "fractions of days do not add up to the week's. Use `ratio`, total ÷ total.")]),
    ("a share is written as a percentage",
     QUIET.replace("unit: count, better: up, measure: {how: total", "unit: fraction, better: up, target: {style: floor, value: 95}, measure: {how: latest", 1),
     [("percent_as_fraction", 6, "metrics.orders.target.value", "a fraction is kept as 0.95, not 95, and this is 95. Divide it by 100.")]),
    ("a recurring event misses a year",          QUIET + "events: [{name: E, kind: recurring, dates: [2023-04-01, 2025-04-01]}]",
     [("year_without_event", 9, "events.0", "E has no date in 2024. Add it, or comparisons miss it.")]),
    ("a belief has no day",                      QUIET + "links: [{driver: visits, driven: orders, sign: +, lag_weeks: [0, 1], because: b}]",
     [("link_without_date", 9, "links.0", "a belief is tested on what came after it was stated. Add `stated:` with the day.")]),
    ("a node is bare",                           QUIET + "nodes: [{id: growth, name: Growth}]",
     [("node_without_metrics", 9, "nodes.0", "no metric hangs on Growth, so its state cannot be shown. Name at least one.")]),
    ("a goal is on context",
     QUIET.replace("kind: output", "kind: context", 1) + "goals: [{name: G, metric: orders, period: {year: 2026}, value: 1, owner: ana}]",
     [("goal_on_context", 9, "goals.0.metric", "orders is context, and nobody answers for its level. Choose another metric.")]),
    ("a series is read by nobody",               QUIET.replace("orders: Orders}", "orders: Orders, stock: Stock}"),
     [("unread_series", 4, "sources.web.series.stock", "no metric reads the series 'stock'. Measure it, or leave it out.")]),
    ("an output stands before its input",
     QUIET.replace("name: Visits, kind: output", "name: Visits, kind: input, meaning: m, guardrails: [orders], controllable: {action: a, by: ana, within_days: 3}")
     + "links: [{driver: visits, driven: orders, sign: +, lag_weeks: [0, 1], because: b, stated: 2025-01-13}]",
     [("output_before_input", 8, "decks.d.sections.0.blocks.0", "orders comes before visits, which moves it. Put the input first.")]),
    ("one person speaks everywhere",
     QUIET.replace(DECK, "decks: {d: {title: D, sections: [" + ", ".join(f"{{title: S{n}, blocks: [orders, visits]}}" for n in range(4)) + "]}}\n"),
     [("many_sections", 2, "people.ana", "ana owns metrics in 4 sections of d. Share them among more people.")]),
    ("a variance has no target",
     QUIET.replace("blocks: [", "blocks: [{weeks_table: [{header: H, metric: orders, show: variance}]}, "),
     [("no_target_to_vary_from", 8, "decks.d.sections.0.blocks.0.weeks_table.0.show", "orders has no target to vary from, so this row stays empty. Set one.")]),
    ("a right does not exist",                   QUIET + "rights: {owner: [anser], analyst: []}",
     [("unknown_act", 9, "rights.owner.0", "'anser' is no act that needs a right, so this gives none. Did you mean 'answer'?")]),
]
# fmt: on


@pytest.mark.parametrize(("text", "findings"), [c[1:] for c in QUESTIONS], ids=[c[0] for c in QUESTIONS])
def test_what_is_legal_may_still_be_questioned(text, findings):
    expected = tuple(Finding(code, "a.yaml", line, place, message) for code, line, place, message in findings)
    assert registry.lint(registry.parse({"a.yaml": text})) == expected


# --- what an editor knows --------------------------------------------------------------------


def test_the_schema_accepts_the_example_and_explains_fields():
    schema = registry.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    document = YAML(typ="safe", pure=True)
    document.Constructor.add_constructor(
        "tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node)
    )
    example = document.load(EXAMPLE.read_text())
    jsonschema.validate(example, schema)
    scale = schema["$defs"]["InputMetric"]["properties"]["scale"]
    assert scale["description"] == "Multiplies the value: 200000 for injuries per 200,000 hours."
    example["metrics"]["orders"]["onwer"] = "ana"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(example, schema)
