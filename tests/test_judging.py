"""Verdicts of a workspace: what its deck says of them, and how they are kept for the next process."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from math import isnan

import numpy as np
import pytest

from metrics import open_workspace, text
from metrics.draw import grid
from metrics.signals import Judged
from metrics.workspace import prepared, shelf
from metrics.workspace.judging import earlier

FIRST = date(2025, 1, 5)  # A Sunday; weeks end on Saturday.
WEEKS = 69
LAST = FIRST + timedelta(weeks=WEEKS, days=-1)
DEFINITIONS = """
company: {{name: Corner Shop, currency: USD, time_zone: UTC, now: 2026-05-05T07:00}}
calendar: {{week_ends_on: saturday}}
require_owner: false
events:
  - {{name: Street fair, kind: recurring, week_endings: [{fair}], scope: [visits]}}
sources:
  shop: {{csv: shop.csv, date: {{column: day}}, series: {{visits: visits, orders: orders, news: news}}}}
metrics:
  visits: {{name: Visits, kind: input, unit: count, better: up, measure: {{how: total, series: visits}}}}
  conversion:
    {{name: Conversion, kind: output, unit: fraction, better: up,
     measure: {{how: ratio, numerator: orders, denominator: visits}}, target: {{style: floor, value: 0.9}}}}
  orders: {{name: Orders, kind: output, unit: count, better: up, measure: {{how: total, series: orders}}}}
  news: {{name: News, kind: context, unit: count, better: none, measure: {{how: total, series: news}}}}
  kept:
    {{name: Orders kept, kind: output, unit: fraction, better: up, matures_after_weeks: 3,
     measure: {{how: ratio, numerator: orders, denominator: visits}}}}
definitions: [{{metric: orders, equals: {{product: [visits, conversion]}}}}]
decks:
  company:
    title: Weekly review
    sections:
      - {{title: The shop, blocks: [visits, conversion, orders, news, kept]}}
"""


def a_shop(folder, *, fair="2024-05-04", orders_of_last_week=1.0):
    """Five metrics over 69 weeks: steady with small noise, news in the last three weeks only."""
    folder.mkdir()
    (folder / "workspace.yaml").write_text(DEFINITIONS.format(fair=fair), encoding="utf-8")
    noise = np.random.default_rng(7).normal(size=(WEEKS * 7, 2))
    lines = ["day,visits,orders,news"]
    for n in range(WEEKS * 7):
        visits = round(1000 + 10 * noise[n, 0])
        orders = round((200 + 3 * noise[n, 1]) * (orders_of_last_week if n >= (WEEKS - 1) * 7 else 1.0))
        news = "4" if n >= (WEEKS - 3) * 7 else ""
        lines.append(f"{FIRST + timedelta(days=n)},{visits},{orders},{news}")
    (folder / "shop.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    open_workspace(folder).load(by="test")
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return a_shop(tmp_path_factory.mktemp("judged") / "shop", orders_of_last_week=0.7)


def same(one, other):
    """Whether two answers of the engine are equal, column by column; NaN is NaN."""
    for field in fields(Judged):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype, field.name
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), field.name
        else:
            assert a == b or (isinstance(a, float) and isnan(a) and isnan(b)), field.name
    return True


def files(folder):
    return sorted((folder / shelf.FOLDER).glob("signals-*.npz"))


def forgotten(folder):
    for path in files(folder):
        path.unlink()


# --- what the deck says ------------------------------------------------------------------------


def test_an_exception_names_what_moved_behind_it_and_is_told_once(shop):
    deck = open_workspace(shop).deck()
    assert [block.metric for block in deck.exceptions] == ["conversion", "orders"]
    [case] = deck.cases
    assert {one.metric for one in case.members} == {"conversion", "orders"}
    orders = next(block for block in deck.blocks if block.metric == "orders")
    assert [one.told for one in orders.drivers] == ["Conversion fell in the same week"]
    assert orders.told.startswith("Lower than expected: ")
    assert case.caution.startswith("Bound by declared links")
    assert text.chance(len(deck.exceptions), deck.by_chance[0]) in grid.front(deck)


def test_a_metric_that_just_began_says_how_many_weeks_it_needs(shop):
    news = next(block for block in open_workspace(shop).deck().blocks if block.metric == "news")
    assert news.told == "Cannot be judged yet: only 2 weeks of history before it, 6 needed"


def test_a_missed_target_inside_the_range_is_no_exception(tmp_path):
    deck = open_workspace(a_shop(tmp_path / "shop")).deck()
    conversion = next(block for block in deck.blocks if block.metric == "conversion")
    assert (conversion.signal.tier, conversion.on_target) == (
        "none",
        "The process cannot do this. Change the process.",
    )
    assert deck.exceptions == ()


def test_an_event_week_without_two_years_of_history_cannot_be_judged_yet(tmp_path):
    workspace = open_workspace(a_shop(tmp_path / "shop", fair=LAST.isoformat()))
    visits = next(block for block in workspace.deck().blocks if block.metric == "visits")
    assert visits.told == "Cannot be judged yet: Street fair has not two years of history"
    assert visits.metric in [block.metric for block in workspace.deck().unjudged]


def test_an_empty_workspace_has_a_deck_without_marks(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "workspace.yaml").write_text(DEFINITIONS.format(fair="2024-05-04"), encoding="utf-8")
    deck = open_workspace(folder).deck()
    assert (deck.cases, deck.by_chance) == ((), (0.0, 0.0))
    assert files(folder) == []


# --- what is kept ------------------------------------------------------------------------------


def test_a_second_process_reads_what_the_first_one_judged(shop, monkeypatch):
    forgotten(shop)
    first = open_workspace(shop)
    judged = first.verdicts()
    assert len(files(shop)) == 1
    second = open_workspace(shop)
    monkeypatch.setattr(second.judging, "_judge", None)  # Judging again would fail.
    kept = second.verdicts()
    assert list(kept.judged) == list(judged.judged)
    assert all(same(kept.judged[m], judged.judged[m]) for m in judged.judged)
    assert (kept.told.weeks, dict(kept.told.metrics)) == (judged.told.weeks, dict(judged.told.metrics))
    assert kept.told.rolled.windows == judged.told.rolled.windows
    assert np.array_equal(kept.told.rolled.target, judged.told.rolled.target, equal_nan=True)
    assert second.deck() == first.deck()


def cut(path):
    path.write_bytes(path.read_bytes()[:-2000])


def spoiled(path):
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 0xFF
    path.write_bytes(bytes(held))


def emptied(path):
    path.write_bytes(b"")


def of_another_make(path):
    np.savez(path, about=np.frombuffer(b"{}", dtype=np.uint8))


def of_another_question(path):
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    about = arrays["about"].tobytes().replace(b'"key": "', b'"key": "x', 1)
    np.savez(path, **{**arrays, "about": np.frombuffer(about, dtype=np.uint8)})


@pytest.mark.parametrize("harm", [cut, spoiled, emptied, of_another_make, of_another_question])
def test_a_file_that_cannot_be_trusted_is_judged_anew(shop, harm):
    forgotten(shop)
    before = open_workspace(shop).verdicts()
    [path] = files(shop)
    harm(path)
    after = open_workspace(shop).verdicts()
    assert all(same(after.judged[m], before.judged[m]) for m in before.judged)
    assert all(same(open_workspace(shop).verdicts().judged[m], before.judged[m]) for m in before.judged)


def test_whatever_the_answer_depends_on_asks_for_a_new_one(tmp_path, monkeypatch):
    folder = a_shop(tmp_path / "shop")
    asked = [open_workspace(folder).judging._key(LAST, None)]

    def ask(week=LAST, as_of=None):
        asked.append(open_workspace(folder).judging._key(week, as_of))

    ask(week=LAST - timedelta(weeks=1))
    ask(as_of=datetime(2026, 5, 4, tzinfo=UTC))
    definitions = folder / "workspace.yaml"
    definitions.write_text(definitions.read_text().replace("name: News", "name: Bulletins"), encoding="utf-8")
    ask()
    (folder / "shop.csv").write_text((folder / "shop.csv").read_text().replace(",4", ",5"), encoding="utf-8")
    open_workspace(folder).load(by="test")
    ask()
    monkeypatch.setattr("metrics.workspace.judging.engine", lambda: "another")
    ask()
    assert len(set(asked)) == len(asked) == 6


def test_a_store_made_anew_under_the_old_name_is_judged_anew(tmp_path):
    folder = a_shop(tmp_path / "shop")
    before = open_workspace(folder).judging._key(LAST, None)
    for path in (folder / "store").iterdir():
        path.unlink()
    open_workspace(folder).load(by="test")
    assert open_workspace(folder).judging._key(LAST, None) != before


def test_the_oldest_files_are_forgotten(shop, monkeypatch):
    forgotten(shop)
    monkeypatch.setattr(prepared, "KEPT", 3)
    workspace = open_workspace(shop)
    workspace.judging.prepare(workspace.weeks()[-5:])
    assert len(files(shop)) == 3
    newest = open_workspace(shop).judging
    assert newest._prepared.has(newest._key(LAST, None))


def test_preparing_twice_judges_once_and_tells_how_far_it_is(shop):
    forgotten(shop)
    told = []
    weeks = open_workspace(shop).weeks()[-2:]
    assert open_workspace(shop).judging.prepare(weeks, lambda step, share: told.append((step, share))) == 2
    assert told == [
        (f"judging the week ending {weeks[0]}", 0.0),
        (f"judging the week ending {weeks[1]}", 0.5),
        ("judged", 1.0),
    ]
    assert open_workspace(shop).judging.prepare(weeks) == 0


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(shop):
    forgotten(shop)
    (shop / shelf.FOLDER).rmdir()
    (shop / shelf.FOLDER).write_text("in the way", encoding="utf-8")
    try:
        assert open_workspace(shop).deck().exceptions
    finally:
        (shop / shelf.FOLDER).unlink()


def test_a_week_told_in_rows_holds_every_metric_once(shop):
    week = open_workspace(shop).judging.week(LAST)
    assert [row.metric for row in week.rows] == ["visits", "conversion", "orders", "news", "kept"]
    assert week.by_chance == (pytest.approx(0.015), pytest.approx(0.06))
    assert {row.metric: row.signal.tier for row in week.rows}["news"] == "cannot_judge"


def rounded(signal):
    """A verdict without the last digits, in which metrics judged side by side may differ."""
    numbers = {name: getattr(signal, name) for name in ("value", "expected", "low", "high", "z")}
    return replace(signal, **{name: None if v is None else round(v, 9) for name, v in numbers.items()})


@pytest.mark.parametrize("back", [1, 2, 5, 40])
def test_a_week_before_the_newest_is_told_from_the_newest_ones_judging(shop, back, monkeypatch):
    week = LAST - timedelta(weeks=back)
    forgotten(shop)
    fresh = open_workspace(shop).verdicts(week)
    forgotten(shop)
    workspace = open_workspace(shop)
    judged = workspace.verdicts()
    monkeypatch.setattr(workspace.judging, "_judge", None)  # Reading the numbers again would fail.
    looked_back = workspace.judging.marks(week)
    assert list(looked_back.judged) == list(judged.judged)
    for metric in fresh.judged:
        told = [[rounded(v.at(metric, w)) for w in fresh.told.weeks] for v in (looked_back, fresh)]
        assert told[0] == told[1]
    assert looked_back.told.weeks == fresh.told.weeks
    assert looked_back.told.rolled.windows == fresh.told.rolled.windows
    for name in prepared.TABLES:
        one, other = getattr(looked_back.told.rolled, name), getattr(fresh.told.rolled, name)
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), name
    assert looked_back.at("kept", week).state == "immature"


def test_what_is_computed_from_immature_weeks_is_not_told_from_later_ones(tmp_path):
    folder = a_shop(tmp_path / "shop")
    definitions = folder / "workspace.yaml"
    of_kept = "  twice: {name: Twice, kind: output, unit: number, better: up, measure: {how: sum, of: [kept, kept]}}\n"
    definitions.write_text(
        definitions.read_text().replace("definitions: [", of_kept + "definitions: ["), encoding="utf-8"
    )
    workspace = open_workspace(folder)
    week = LAST - timedelta(weeks=1)
    assert earlier(workspace.verdicts().told, week) is None
    assert workspace.judging.marks(week).at("twice", week).state == "immature"
