"""One segment as a deck of its own, and a metric by segments: cells, rest and whole add up."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from metrics.cli import app
from metrics.errors import UnknownNameError
from metrics.workspace import Workspace
from metrics.workspace.drivers import parts_of

WEEK = date(2026, 5, 9)
NOW = datetime(2026, 5, 11, 7, tzinfo=UTC)
DEFINITIONS = """
company: {name: Northwind, currency: USD, time_zone: UTC}
calendar: {week_ends_on: saturday}
people:
  mia: {name: Mia, email: mia@example.com, roles: [owner]}
  leo: {name: Leo, email: leo@example.com, roles: []}
sources:
  shop: {csv: shop.csv, date: {column: day}, series_column: series, value_column: value, segments: [country, device]}
  plain: {csv: plain.csv, date: {column: day}, series: {headcount: headcount}}
metrics:
  sessions: {name: Sessions, kind: output, owner: mia, unit: count, better: up, measure: {how: total, series: sessions}}
  orders: {name: Orders, kind: output, owner: mia, unit: count, better: up, measure: {how: total, series: orders},
           target: {style: floor, value: 10}}
  conversion: {name: Conversion, kind: output, owner: mia, unit: fraction, better: up,
               measure: {how: ratio, numerator: orders, denominator: sessions}}
  us_orders: {name: Orders in the US, kind: output, owner: mia, unit: count, better: up,
              measure: {how: total, series: orders, where: {country: US}}}
  per_head: {name: Orders per head, kind: output, owner: mia, unit: number, better: up,
             measure: {how: quotient, of: [orders, headcount]}}
  both: {name: Both, kind: output, owner: mia, unit: count, better: up, measure: {how: sum, of: [orders, sessions]}}
  headcount: {name: Headcount, kind: context, owner: mia, unit: count, better: none,
              measure: {how: latest, series: headcount}}
  secret: {name: Secret orders, kind: output, owner: mia, unit: count, better: up, confidential: true,
           measure: {how: total, series: orders}}
decks:
  company:
    title: Weekly business review
    sections: [{title: Demand, blocks: [sessions, orders, conversion, us_orders, per_head, both, headcount, secret]}]
"""  # fmt: skip
CELLS = [("US", "phone"), ("US", "desk"), ("CA", "phone"), ("CA", "desk"), ("MX", "phone")]


def house(folder, values=lambda day, cell, series: 100 + 10 * cell + day % 7):
    (folder / "wbr.yaml").write_text(DEFINITIONS)
    days = [WEEK - timedelta(days=n) for n in range(7 * 60)][::-1]
    lines = ["day,series,value,country,device"]
    for n, day in enumerate(days):
        for k, (country, device) in enumerate(CELLS):
            for series in ("sessions", "orders"):
                value = values(n, k, series) * (10 if series == "sessions" else 1)
                lines.append(f"{day},{series},{value},{country},{device}")
    (folder / "shop.csv").write_text("\n".join(lines) + "\n")
    (folder / "plain.csv").write_text("day,headcount\n" + "".join(f"{day},40\n" for day in days))
    workspace = Workspace(folder, clock=lambda: NOW)
    workspace.load()
    return workspace


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return house(tmp_path_factory.mktemp("shop"))


def last(workspace, metric):
    return workspace.history(metric)["value"].iloc[-1]


def test_a_slice_counts_its_segment_alone(shop):
    sliced = shop.sliced({"country": "US"})
    days = range(7 * 59, 7 * 60)
    assert last(sliced, "orders") == sum(100 + 10 * k + n % 7 for n in days for k in (0, 1))
    assert last(sliced, "conversion") == pytest.approx(0.1)
    assert last(sliced, "us_orders") == last(sliced, "orders")
    assert last(sliced, "both") == 11 * last(sliced, "orders")


def test_a_slice_has_no_target_and_names_what_it_leaves_out(shop):
    sliced = shop.sliced({"country": "CA"})
    assert sliced.slice.left_out == ("us_orders", "per_head", "headcount")
    assert sliced.definitions.metrics["orders"].target is None
    deck = sliced.deck(WEEK)
    assert deck.title == "Weekly business review · CA"
    assert [b.title for s in deck.sections for b in s.blocks] == [
        "Sessions",
        "Orders",
        "Conversion",
        "Both",
        "Secret orders",
    ]


def test_the_slices_of_a_dimension_add_up_to_the_whole(shop):
    for dimension, segments in shop.dimensions().items():
        parts = [last(shop.sliced({dimension: s}), "orders") for s in segments]
        assert sum(parts) == last(shop, "orders"), dimension


def test_the_dimensions_are_those_of_the_newest_load_and_of_what_is_seen(tmp_path):
    shop = house(tmp_path)
    assert shop.dimensions() == {"country": ("CA", "MX", "US"), "device": ("desk", "phone")}
    with (tmp_path / "shop.csv").open("a") as file:
        file.write(f"{WEEK},orders,7,PE,phone\n")
    shop.load()
    assert shop.dimensions()["country"] == ("CA", "MX", "PE", "US")
    assert shop.seen_by("leo").carried.keys() == {"sessions", "orders", "headcount"}


def test_a_slice_of_a_slice_is_both_conditions(shop):
    twice = shop.sliced({"country": "US"}).sliced({"device": "desk"})
    once = shop.sliced({"country": "US", "device": "desk"})
    assert last(twice, "orders") == last(once, "orders") == sum(110 + n % 7 for n in range(413, 420))


def test_a_slice_of_a_readers_view_lacks_what_the_reader_may_not_see(shop):
    view = shop.seen_by("leo").sliced({"country": "US"})
    assert "secret" not in view.definitions.metrics
    assert "secret" not in view.slice.left_out
    assert "Secret" not in repr(view.deck(WEEK))
    assert "Secret" not in repr(view.deck(WEEK, NOW))
    assert "Secret" not in repr(view.sliced({"device": "phone"}).deck(WEEK))
    assert view.sieve.text("All is well. Secret orders fell.") == "All is well."
    assert view.as_it_stood(NOW).sieve.names_hidden("Secret orders")


@pytest.mark.parametrize(
    "where, words",
    [
        ({"land": "US"}, "No metric is told by 'land'"),
        ({"countri": "US"}, "Did you mean 'country'?"),
        ({"country": "mx"}, "'mx' is not among the segments of country. Did you mean 'MX'?"),
        ({"device": "Phones"}, "'Phones' is not among the segments of device. Did you mean 'phone'?"),
        ({"country": "DE"}, "'DE' is not among the segments of country. Declared: CA, MX, US."),
    ],
)
def test_a_segment_that_is_none_is_told(shop, where, words):
    with pytest.raises(UnknownNameError) as refusal:
        shop.sliced(where)
    assert words in str(refusal.value)


def test_values_are_not_asked_for_by_a_segment_that_is_none(shop):
    weeks = shop.observing.periods("week", WEEK - timedelta(days=6), WEEK)
    (told,) = shop.observing.metric("orders", "week", weeks, where={"country": "MX"}, as_of=None)
    assert told.value == last(shop.sliced({"country": "MX"}), "orders")
    with pytest.raises(
        UnknownNameError, match=r"'mx' is not among the segments of country\. Did you mean 'MX'\?"
    ):
        shop.observing.metric("orders", "week", weeks, where={"country": "mx"}, as_of=None)


def test_the_largest_cells_the_rest_and_the_whole(shop):
    told = shop.segmented("orders", ["country", "device"], WEEK, top=2)
    assert [dict(c.where) for c in told.cells] == [
        {"country": "MX", "device": "phone"},
        {"country": "CA", "device": "desk"},
    ]
    assert told.others == 3
    assert sum(c.week for c in told.cells) + told.rest.week == told.whole.week == last(shop, "orders")
    assert sum(c.share for c in told.cells) + told.rest.share == pytest.approx(1)


def test_of_a_ratio_the_rest_is_total_over_total(shop):
    told = shop.segmented("conversion", ["device"], WEEK, top=1)
    assert told.whole.week == pytest.approx(last(shop, "conversion"))
    assert told.rest.week == pytest.approx(0.1)
    assert told.cells[0].counted + told.rest.counted == told.whole.counted
    weighed = sum(each.share * each.week for each in (*told.cells, told.rest))
    assert weighed == pytest.approx(told.whole.week), "a share of a ratio is the weight of its rate"


@pytest.mark.parametrize(
    "metric, by, words",
    [
        ("both", ["country"], "has no segments that add up to it"),
        ("orders", ["land"], "orders is not told by 'land'"),
        ("headcount", ["country"], "headcount is not told by 'country'. It has no segments."),
        ("us_orders", ["country"], "country is held at 'US', so us_orders has one cell of it."),
        ("nothing", ["country"], "'nothing' is not among metrics"),
    ],
)
def test_what_cannot_be_told_by_segments_is_told_why(shop, metric, by, words):
    with pytest.raises(UnknownNameError) as refusal:
        shop.segmented(metric, by, WEEK)
    assert words in str(refusal.value)


def test_segments_of_a_load_that_was_undone_are_no_cells(tmp_path):
    shop = house(tmp_path)
    with (tmp_path / "shop.csv").open("a") as file:
        file.write(f"{WEEK},orders,7,US1,phone\n")
    load = shop.load().load
    assert len(shop.segmented("orders", ["country"], WEEK).cells) == 4
    assert "US1" in shop.dimensions()["country"]
    shop.undo(load)
    told = shop.segmented("orders", ["country"], WEEK)
    assert [dict(c.where)["country"] for c in told.cells] == ["CA", "US", "MX"]
    assert shop.dimensions()["country"] == ("CA", "MX", "US")
    with pytest.raises(
        UnknownNameError, match=r"'US1' is not among the segments of country\. Did you mean 'US'"
    ):
        shop.sliced({"country": "US1"})
    (split,) = the_change(shop, "orders", "country").splits
    assert sorted(c.segment for c in split.made.contributions) == ["CA", "MX", "US"]
    (split,) = the_change(shop, "orders", "country × device").splits
    assert "US1 × phone" not in {c.segment for c in split.made.contributions}


def test_what_a_segment_holds_is_not_split_again(shop):
    sliced = shop.sliced({"country": "US"})
    with pytest.raises(UnknownNameError) as refusal:
        sliced.segmented("orders", ["country"], WEEK)
    assert str(refusal.value) == (
        "country is held at 'US', so orders has one cell of it. Left to split by: device."
    )


def test_a_cell_of_few_is_marked(tmp_path):
    few = house(tmp_path, lambda day, cell, series: 0.5 if cell == 4 else 500)
    told = few.segmented("orders", ["country"], WEEK)
    assert {dict(c.where)["country"]: c.small for c in told.cells} == {"US": False, "CA": False, "MX": True}


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 10_000), min_size=5, max_size=5), st.integers(1, 6))
def test_cells_and_rest_always_add_up(tmp_path_factory, sizes, top):
    workspace = house(tmp_path_factory.mktemp("any"), lambda day, cell, series: sizes[cell] + day % 3)
    told = workspace.segmented("orders", ["country", "device"], WEEK, top)
    rest = told.rest.week if told.rest else 0
    assert sum(c.week for c in told.cells) + rest == pytest.approx(told.whole.week)
    assert len(told.cells) + told.others == 5


def test_the_commands_tell_a_segment(shop):
    run = CliRunner().invoke
    folder = ["-w", str(shop.folder)]
    told = run(
        app, ["segments", "orders", "--by", "country", "--week", "2026-05-09", "--format", "json", *folder]
    )
    rows = json.loads(told.stdout)["rows"]
    assert [(r["kind"], r["where"]) for r in rows] == [
        ("cell", {"country": "CA"}),
        ("cell", {"country": "US"}),
        ("cell", {"country": "MX"}),
        ("whole", {}),
    ]
    table = run(app, ["segments", "conversion", "--by", "country", "--week", "2026-05-09", *folder])
    assert table.stdout.splitlines()[-1] == (
        "share: a segment's part of sessions, by which its rate weighs in the whole."
    )
    deck = run(
        app, ["deck", "--where", "country=US", "--where", "device=desk", "--week", "2026-05-09", *folder]
    )
    assert json.loads(deck.stdout)["title"] == "Weekly business review · US, desk"
    assert "2 metrics not told by country, device, and left out." in deck.stderr
    for wrong in (["--where", "country"], ["--where", "country=US", "--where", "country=CA"]):
        assert run(app, ["deck", *wrong, *folder]).exit_code == 2


def test_a_file_of_a_segment_is_named_after_it_and_carries_no_words_of_the_whole(shop):
    made = shop.sliced({"country": "US"}).exporting.exported(WEEK, "json")
    assert made.name == "company-us-2026-05-09.json"
    told = json.loads(made.data)
    assert (told["title"], told["owner_answers"], told["actions"]) == (
        "Weekly business review · US",
        [],
        [],
    )


# --- what drove a change, by several dimensions at once ----------------------------------------------


def uneven(day, cell, series):
    """Cells of very different sizes that move differently from week to week; the last is of few."""
    return 1 if cell == 4 else 100 + 10 * cell + (day // 7) * (cell + 1) * (2 if series == "orders" else 1)


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    return house(tmp_path_factory.mktemp("moving"), uneven)


def the_change(workspace, metric, by=None):
    room = workspace.drivers
    return room.change(metric, room.period(WEEK - timedelta(days=7)), room.period(WEEK), by)


@pytest.mark.parametrize("metric", ["orders", "sessions", "conversion", "us_orders"])
def test_a_change_is_split_by_a_combination_and_every_way_adds_up_to_it(moving, metric):
    whole = the_change(moving, metric)
    by = "device" if metric == "us_orders" else "country × device"
    combined = the_change(moving, metric, by)
    for split in (*whole.splits, *combined.splits):
        assert split.made.residual == pytest.approx(0, abs=1e-9)
        assert sum(c.total for c in split.made.contributions) == pytest.approx(whole.amount, abs=1e-9)
    assert [s.by for s in combined.splits] == [by]


def test_the_cells_of_a_combination_are_those_told_and_a_dimension_is_the_sum_of_its_cells(moving):
    (combined,) = the_change(moving, "orders", "country × device").splits
    cells = {c.segment: c.total for c in combined.made.contributions}
    assert cells == {
        "CA × desk": 56.0, "CA × phone": 42.0, "MX × phone": 0.0, "US × desk": 28.0, "US × phone": 14.0,
    }  # fmt: skip
    for dimension in ("country", "device"):
        (alone,) = the_change(moving, "orders", dimension).splits
        place = ("country", "device").index(dimension)
        assert {c.segment: c.total for c in alone.made.contributions} == {
            segment: sum(total for cell, total in cells.items() if cell.split(" × ")[place] == segment)
            for segment in {cell.split(" × ")[place] for cell in cells}
        }
    assert combined.small == {"MX × phone"}


def test_the_largest_cells_of_a_change_the_rest_and_the_whole(moving):
    (combined,) = the_change(moving, "orders", "country × device").splits
    assert [(c.segment, c.total) for c in parts_of(combined, 2)] == [
        ("CA × desk", 56.0), ("CA × phone", 42.0), ("3 others", 42.0),
    ]  # fmt: skip
    told = CliRunner().invoke(
        app,
        ["drivers", "orders", "--from", "2026-05-02", "--to", "2026-05-09", "--by", "country", "--by", "device",
         "--top", "3", "-w", str(moving.folder)],
    )  # fmt: skip
    assert told.stdout.splitlines()[-4:] == [
        "  CA × desk: +56", "  CA × phone: +42", "  US × desk: +28", "  2 others: +14",
    ]  # fmt: skip
    everything = CliRunner().invoke(
        app,
        ["drivers", "orders", "--from", "2026-05-02", "--to", "2026-05-09", "--by", "country", "--by", "device",
         "-w", str(moving.folder)],
    )  # fmt: skip
    assert everything.stdout.splitlines()[-1] == "  MX × phone (few counted): 0"


@pytest.mark.parametrize("by, words", [
    ("country × colour", "orders cannot be split by 'colour'"),
    ("country × factors", "orders cannot be split by 'factors'"),
])  # fmt: skip
def test_a_combination_that_is_none_is_told(moving, by, words):
    with pytest.raises(UnknownNameError, match=words):
        the_change(moving, "orders", by)
