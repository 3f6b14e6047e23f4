"""What drove a change, in a workspace: segments read like the metric, factors, sums, words and refusals."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics import open_workspace
from metrics.attribution import Contribution
from metrics.errors import UnknownNameError
from metrics.periods import Period
from metrics.workspace import Workspace, driver_words
from metrics.workspace.drivers import Change, parts_of
from tests.browser import ROOT

FIRST = date(2025, 1, 5)  # A Sunday; weeks end on Saturday.
WEEKS = 70
LAST = FIRST + timedelta(days=7 * WEEKS - 1)  # Saturday 9 May 2026
NOW, BEFORE = LAST, LAST - timedelta(weeks=1)
DEFINITIONS = """
company: {name: Corner Shop, currency: USD, time_zone: UTC, now: 2026-05-11T07:00}
calendar: {week_ends_on: saturday}
sources:
  shop:
    {csv: shop.csv, date: {column: day}, series_column: series, value_column: value, segments: [device, town]}
  waits: {csv: waits.csv, date: {column: day}, samples: {wait: wait}}
metrics:
  visits: {name: Visits, kind: output, unit: count, better: up, measure: {how: total, series: visits}}
  orders: {name: Orders, kind: output, unit: count, better: up, measure: {how: total, series: orders}}
  conversion:
    {name: Conversion, kind: output, unit: fraction, better: up,
     measure: {how: ratio, numerator: orders, denominator: visits}}
  mobile_conversion:
    {name: Mobile conversion, kind: output, unit: fraction, better: up,
     measure: {how: ratio, numerator: orders, denominator: visits, where: {device: mobile}}}
  order_value:
    {name: Order value, kind: output, unit: currency, better: up,
     measure: {how: ratio, numerator: revenue, denominator: orders}}
  revenue: {name: Revenue, kind: output, unit: currency, better: up, measure: {how: total, series: revenue}}
  per_thousand:
    {name: Orders per thousand, kind: output, unit: number, better: up, scale: 1000,
     measure: {how: ratio, numerator: orders, denominator: visits}}
  members: {name: Members, kind: output, unit: count, better: up, stock: true, measure: {how: latest, series: members}}
  parking: {name: Parking, kind: context, unit: count, better: none, measure: {how: total, series: parking}}
  gap: {name: Gap, kind: output, unit: count, better: up, measure: {how: difference, of: [visits, orders]}}
  wait: {name: Wait, kind: context, unit: seconds, better: down, measure: {how: percentile, samples: wait, at: 0.9}}
  growth: {name: Growth, kind: output, unit: fraction, better: up, measure: {how: growth, of: visits}}
  nothing: {name: Nothing, kind: context, unit: count, better: none, measure: {how: total, series: nothing}}
  renamed:
    {name: Renamed, kind: output, unit: count, better: up, measure: {how: total, series: visits},
     supersedes: {metric: parking, from: 2026-05-03, because: counted at the door}}
definitions:
  - {metric: orders, equals: {product: [visits, conversion]}}
  - {metric: revenue, equals: {product: [orders, order_value]}}
"""


def wobble(day: int, place: int) -> float:
    """A little variation without a season and without chance."""
    return ((day * 37 + place * 101) % 17 - 8) / 400


def rows() -> list[str]:
    """Visits, orders and revenue by device and town; in the last week mobile orders lose a fifth.

    The tablet exists only in the last week; `parking` has no segment, `members` one.
    """
    told = []
    for n in range(7 * WEEKS):
        day = FIRST + timedelta(days=n)
        newest = n >= 7 * (WEEKS - 1)
        for place, (device, town) in enumerate(product(("mobile", "desktop", "tablet"), ("ost", "west"))):
            if device == "tablet" and not newest:
                continue
            visits = round(
                (600 if device == "mobile" else 400 if device == "desktop" else 20) * (1 + wobble(n, place))
            )
            rate = 0.05 * (0.8 if newest and device == "mobile" else 1.0) * (1 + wobble(n, place + 7))
            orders = round(visits * rate, 3)
            for series, value in (("visits", visits), ("orders", orders), ("revenue", orders * 30)):
                told.append(f"{day},{series},{device},{town},{value}")
        told.append(f"{day},parking,,,{50 + n % 5}")
        told.append(f"{day},members,mobile,,{1000 + n}")
        told.append(f"{day},members,desktop,,{2000 + 2 * n}")
    return told


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("drivers")
    (folder / "workspace.yaml").write_text(DEFINITIONS, encoding="utf-8")
    (folder / "shop.csv").write_text("\n".join(["day,series,device,town,value", *rows()]), encoding="utf-8")
    waits = [
        f"{FIRST + timedelta(days=n)},{20 + (n * 7 + k) % 9}" for n in range(7 * WEEKS) for k in range(3)
    ]
    (folder / "waits.csv").write_text("\n".join(["day,wait", *waits]), encoding="utf-8")
    workspace = open_workspace(folder)
    workspace.load(by="test")
    return workspace


@pytest.fixture
def change(shop: Workspace) -> Callable[..., Change]:
    def of(metric: str, before: date = BEFORE, after: date = NOW, by: str | None = None) -> Change:
        return shop.drivers.change(metric, shop.drivers.period(before), shop.drivers.period(after), by)

    return of


def parts(change: Change, by: str) -> dict[str, Contribution]:
    split = change.split(by)
    assert split is not None
    return {c.segment: c for c in split.made.contributions}


# --- what can be split -----------------------------------------------------------------------

# fmt: off
DIMENSIONS = [
    # it shows that …                                            metric               dimensions
    ("a total has the segments of its series",                   "visits",            ("device", "town")),
    ("an identity gives factors besides",                        "orders",            ("factors", "device", "town")),
    ("a rate has what its two series share",                     "conversion",        ("device", "town")),
    ("what the metric is held to is no dimension of it",         "mobile_conversion", ("town",)),
    ("a stock has segments, too",                                "members",           ("device",)),
    ("a derived metric has its operands",                        "gap",               ("factors",)),
    ("a series without segments has none",                       "parking",           ()),
    ("a percentile has none",                                    "wait",              ()),
    ("a growth has none",                                        "growth",            ()),
]
# fmt: on


@pytest.mark.parametrize(("metric", "found"), [c[1:] for c in DIMENSIONS], ids=[c[0] for c in DIMENSIONS])
def test_dimensions(shop, metric, found):
    assert shop.drivers.dimensions(metric) == found


# fmt: off
REFUSALS = [
    # it shows that …                               metric     reason            sentence
    ("no segments and no factors is told",          "parking", "no_segments",    "The series of Parking carry no segments, and it is computed from no other metrics: nothing to split. Declare `segments` at its source, or an identity under `definitions`."),
    ("percentiles do not add up",                   "wait",    "not_a_sum",      "Wait cannot be split: a percentile of the whole is not made of those of its segments."),
    ("growths do not add up",                       "growth",  "not_a_sum",      "Growth cannot be split: a growth of the whole is not made of those of its segments."),
    ("a metric without numbers says so",            "nothing", "no_data",        "No number of Nothing is loaded."),
    ("nothing is compared across a new definition", "renamed", "new_definition", "Renamed was counted in another way in one of the periods, so they cannot be compared."),
]
# fmt: on


@pytest.mark.parametrize(
    ("metric", "reason", "sentence"), [c[1:] for c in REFUSALS], ids=[c[0] for c in REFUSALS]
)
def test_a_refusal_is_a_sentence(change, metric, reason, sentence):
    found = change(metric)
    assert (found.splits, found.why_not) == ((), reason)
    assert driver_words.why_not(found) == sentence


def test_a_period_without_a_value_splits_nothing(change):
    found = change("visits", date(2024, 12, 28), NOW)
    assert (found.splits, found.why_not) == ((), "no_value")
    assert driver_words.headline(found, "USD") == (
        "Visits has no value from Sun 22 Dec 2024 to Sat 28 Dec 2024."
    )


def test_an_unknown_dimension_is_answered_with_its_neighbour(change):
    with pytest.raises(UnknownNameError, match="Did you mean 'device'"):
        change("visits", by="devices")


# --- sums ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "metric", ["visits", "orders", "conversion", "revenue", "per_thousand", "members", "gap"]
)
def test_every_split_of_every_usual_pair_sums_to_the_change(shop, metric):
    split = 0
    for pair in shop.drivers.comparisons(NOW):
        found = shop.drivers.change(metric, pair.before, pair.after)
        for one in found.splits:
            assert one.made.state == "ok"
            total = sum(c.total for c in one.made.contributions)
            scale = sum(abs(c.total) for c in one.made.contributions) + abs(found.from_value)
            assert total * (found.metric.scale if one.of_factors else 1) == pytest.approx(
                found.amount, abs=1e-12 * scale
            )
            split += 1
    assert split >= 4


def test_the_segment_that_moved_is_found_and_the_others_are_ordinary(change):
    found = change("orders")
    told = parts(found, "device")
    assert min(told, key=lambda s: told[s].total) == "mobile"
    assert not told["mobile"].greyed
    assert told["mobile"].own_z < -3
    assert told["desktop"].greyed
    assert found.judged_week == NOW
    assert found.ranked[0].share_of_top == pytest.approx(1.0)


def test_a_new_segment_is_pure_mix_of_a_rate(change):
    tablet = parts(change("conversion"), "device")["tablet"]
    assert (tablet.before, tablet.rate, tablet.weight_before) == (None, 0.0, 0.0)
    assert tablet.mix == tablet.total != 0.0


def test_a_scale_is_in_every_contribution(change):
    plain, scaled = parts(change("conversion"), "device"), parts(change("per_thousand"), "device")
    for segment, part in plain.items():
        assert scaled[segment].total == pytest.approx(1000 * part.total)
        assert scaled[segment].after == pytest.approx(1000 * part.after)


def test_revenue_is_opened_into_three_factors(change):
    found = change("revenue")
    assert set(parts(found, "factors")) == {"visits", "conversion", "order_value"}
    assert parts(found, "factors")["conversion"].share_of_change == pytest.approx(1.0, abs=0.3)


def test_a_difference_takes_its_second_operand_away(change):
    found = change("gap")
    told = parts(found, "factors")
    assert told["orders"].total == pytest.approx(told["orders"].before - told["orders"].after)


def test_months_of_any_two_years_can_be_compared(shop):
    one, other = (
        shop.drivers.period(date(2025, 4, 3), "month"),
        shop.drivers.period(date(2026, 4, 3), "month"),
    )
    assert one == Period(date(2025, 4, 1), date(2025, 4, 30))
    found = shop.drivers.change("visits", one, other, by="town")
    assert [s.by for s in found.splits] == ["town"]
    assert found.amount == pytest.approx(sum(c.total for c in found.splits[0].made.contributions))


def test_the_same_question_is_answered_from_memory(change):
    assert change("visits") is change("visits")


def test_few_parts_are_shown_and_the_rest_is_one(change):
    split = change("visits").split("device")
    assert split is not None
    assert [c.segment for c in parts_of(split, 5)] == sorted(
        parts(change("visits"), "device"), key=lambda s: -abs(parts(change("visits"), "device")[s].total)
    )
    few = list(parts_of(split, 1))
    assert few[-1].segment == "2 others"
    assert sum(c.total for c in few) == pytest.approx(split.made.change)


# --- words -----------------------------------------------------------------------------------


def test_a_rate_that_fell_although_both_rose(tmp_path):
    (tmp_path / "workspace.yaml").write_text(
        """
company: {name: Shop, now: 2025-01-20T07:00}
sources:
  shop: {csv: shop.csv, date: {column: day}, series_column: series, value_column: value, segments: [device]}
metrics:
  conversion:
    {name: Conversion, kind: output, unit: fraction, better: up,
     measure: {how: ratio, numerator: orders, denominator: visits}}
""",
        encoding="utf-8",
    )
    weeks = {"mobile": ((20, 1000), (44, 2000)), "desktop": ((50, 1000), (55, 1000))}
    lines = ["day,series,device,value"]
    for device, week in weeks.items():
        for n in range(14):
            orders, visits = week[n // 7]
            day = FIRST + timedelta(days=n)
            lines += [f"{day},orders,{device},{orders / 7}", f"{day},visits,{device},{visits / 7}"]
    (tmp_path / "shop.csv").write_text("\n".join(lines), encoding="utf-8")
    workspace = open_workspace(tmp_path)
    workspace.load(by="test")
    first, second = date(2025, 1, 11), date(2025, 1, 18)
    found = workspace.drivers.change(
        "conversion", workspace.drivers.period(first), workspace.drivers.period(second)
    )
    assert driver_words.headline(found, "USD") == "Conversion fell 20 bps, from 3.50% to 3.30%."
    story = driver_words.story(found, found.splits[0], "USD")
    assert story.endswith(
        "It fell although both rose: mobile grew from 50% to 67% of the whole (mix −52 bps, rates +32 bps). "
        "Arithmetic, not cause."
    )


# --- the demo --------------------------------------------------------------------------------


def test_the_garden_is_found_in_spring_and_is_no_surprise(tmp_path):
    """S16: the garden category rises every spring; season-adjusted limits stay quiet."""
    from shutil import copyfile

    from metrics.demo import wrenfield

    model = Path(__file__).resolve().parents[1] / "data" / "wrenfield"
    for path in model.glob("*.yaml"):
        copyfile(path, tmp_path / path.name)
    (tmp_path / "series").mkdir()
    wrenfield.traffic(wrenfield.world(wrenfield.SEED), tmp_path / "series")
    workspace = open_workspace(tmp_path)
    workspace.load(["traffic"], by="test")
    february, april = (workspace.drivers.period(date(2026, month, 1), "month") for month in (2, 4))
    found = workspace.drivers.change("sessions", february, april)
    told = {r.dimension: r.top[0] for r in found.ranked}
    assert told["category"] == "garden"
    assert parts(found, "category")["garden"].greyed


# --- the page --------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch):
    """Opens the metric page of a workspace through the door."""

    def opened(folder: Path, metric: str) -> AppTest:
        monkeypatch.setenv("WBR_WORKSPACE", str(folder))
        app = AppTest.from_file(str(ROOT / "metrics" / "ui" / "entry.py"), default_timeout=60)
        app.run()
        app.query_params["metric"] = metric
        app.switch_page(str(ROOT / "pages" / "metric.py"))
        app.run()
        assert not app.exception
        return app

    return opened


def sheet_of_drivers(app: AppTest) -> str:
    sheets = [json.loads(one.proto.json)["html"] for one in app.get("bidi_component")]
    return next((html for html in sheets if 'aria-label="What drove the change"' in html), "")


def test_the_metric_page_draws_what_drove_the_change(opened, shop):
    app = opened(shop.folder, "conversion")
    assert any("Conversion fell" in html.value for html in app.html)
    table = sheet_of_drivers(app)
    assert "By its rate" in table
    assert "outside (" in table


def test_any_two_periods_can_be_compared_on_the_page(opened, shop):
    app = opened(shop.folder, "visits")
    app.selectbox(key="compared").set_value("own").run()
    assert not app.exception
    assert any("Visits" in html.value for html in app.html)
    assert "mobile" in sheet_of_drivers(app)


def test_a_metric_without_parts_says_so_on_the_page(opened, shop):
    app = opened(shop.folder, "parking")
    assert any("carry no segments" in html.value for html in app.html)
    assert sheet_of_drivers(app) == ""
