"""What changed in a deck since it was published, or since the week before: each thing in a sentence, once."""

import json
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from metrics import open_workspace
from metrics.cli import app
from metrics.workspace.changing import place
from tests.browser import DEFINITIONS, a_shop

WEEK, BEFORE = date(2026, 5, 2), date(2026, 4, 25)
PEOPLE = """people:
  ada: {name: Ada Moss, roles: [owner]}
  ben: {name: Ben Roe, roles: [owner]}
  dee: {name: Dee Ray, roles: [deck_owner]}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The shop, whose deck of the week before is published."""
    folder = a_shop(tmp_path / "shop", loaded=False)
    cut = DEFINITIONS.index("people:"), DEFINITIONS.index("sources:")
    told = DEFINITIONS[: cut[0]] + PEOPLE + DEFINITIONS[cut[1] :]
    (folder / "workspace.yaml").write_text(told, encoding="utf-8")
    open_workspace(folder).load(by="test")
    open_workspace(folder).loop.publish(by="dee", week_ending=BEFORE, despite="a test")
    return folder


def edit(folder: Path, **words: str) -> None:
    """Put new words in place of old ones in the definitions."""
    path = folder / "workspace.yaml"
    told = path.read_text(encoding="utf-8")
    for old, new in words.items():
        assert old in told, old
        told = told.replace(old, new)
    path.write_text(told, encoding="utf-8")


def told(folder: Path, kind: str, week: date = WEEK) -> list[str]:
    return [d.text for d in open_workspace(folder).loop.compared(week).of(kind)]


def test_nothing_changed_is_told_as_nothing(shop):
    compared = open_workspace(shop).loop.compared(BEFORE)
    assert (compared.since, compared.edition, compared.words) == (
        BEFORE, 1, "edition 1 of the week ending 25 Apr",
    )  # fmt: skip
    assert compared.differences == ()


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        ("          - revenue\n", "", ["Renamed: 4 was Revenue and is The week now.", "No more shown: 5 The week."]),
        ("- orders\n", "- {chart: {primary: orders}, title: What was sold}\n", ["Renamed: 3 was Orders and is What was sold now."]),
        ("title: The till", "title: The counter", ["Moved: 3 Orders stood under The till and stands under The counter now."]),
        ("blocks: [visits, conversion]", "blocks: [{chart: {primary: conversion}, number: 2}, {chart: {primary: visits}, number: 1}]", ["stands at another place under The door."]),
        ("          - {title: The week,", "          - {chart: {primary: visits}, title: Again, number: 9}\n          - {title: The week,", ["New: 9 Again, under The till."]),
    ],
)  # fmt: skip
def test_blocks_that_came_went_were_renamed_or_moved(shop, old, new, sentences):
    edit(shop, **{old: new})
    said = told(shop, "blocks")
    for sentence in sentences:
        assert any(sentence in one for one in said), said


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("value: 0.2}", "value: 0.25}", "Conversion <b>&: its target was floor, value 20.0% and is floor, value 25.0% now."),
        ("measure: {how: total, series: revenue}", "measure: {how: latest, series: revenue}", "Revenue: its measure was total, series revenue and is latest, series revenue now."),
        ("unit: count, better: up, measure: {how: total, series: orders}", "unit: count, better: down, measure: {how: total, series: orders}", "Orders: its better direction was up and is down now."),
        ("meaning: People who came in", "meaning: Everybody who came in", "Visits: its meaning changed."),
        (", target: {style: floor, value: 0.2}", "", "Conversion <b>&: its target was floor, value 20.0% and is none now."),
        ("name: Visits, kind: input, owner: ada", "name: Visits, kind: input, owner: ben", "Visits is answered for by Ben Roe instead of Ada Moss."),
    ],
)  # fmt: skip
def test_definitions_say_what_they_were_and_are(shop, old, new, sentence):
    edit(shop, **{old: new})
    assert told(shop, "definitions") == [sentence]


def test_a_restated_day_is_told_by_week_and_month_in_the_metric_s_unit(shop):
    lines = (shop / "shop.csv").read_text(encoding="utf-8").splitlines()
    place_of = next(n for n, line in enumerate(lines) if line.startswith("2026-04-20"))
    day, visits, orders, revenue = lines[place_of].split(",")
    lines[place_of] = f"{day},{visits},{int(orders) + 10},{revenue}"
    (shop / "shop.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    open_workspace(shop).load(by="test")
    said = told(shop, "restated")
    [orders_week] = [s for s in said if s.startswith("Orders, week ending Sat 25 Apr 2026")]
    assert ": was 210 and is 220 now (1 value of shop restated (2026-04-20), load 2)." in orders_week
    [share] = [s for s in said if s.startswith("Conversion <b>&, week ending Sat 25 Apr 2026")]
    assert "%" in share
    assert not [s for s in said if "month" in s and "April" in s]  # April was not over when it was published.


def test_answers_given_after_it_was_published_are_told(shop):
    said = open_workspace(shop).loop.at(datetime(2026, 5, 4, 9, tzinfo=ZoneInfo("UTC"))).saying
    said.answer("visits", "explained", "A fair.", by="ada", week_ending=BEFORE)
    assert told(shop, "answers") == ["Visits. Explained: A fair. (Ada Moss)."]


def test_exceptions_that_are_new_and_that_are_over(shop):
    lines = (shop / "shop.csv").read_text(encoding="utf-8").splitlines()
    for n, line in enumerate(lines):
        if line >= "2026-04-26":
            day, visits, orders, revenue = line.split(",")
            if day != "day":
                lines[n] = f"{day},{visits},{orders},{float(revenue) / 4}"
    (shop / "shop.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    workspace = open_workspace(shop)
    workspace.load(by="test")
    new = [s for s in told(shop, "exceptions") if s.startswith("New: Revenue: Lower than expected")]
    assert len(new) == 1
    workspace.loop.publish(by="dee", week_ending=WEEK, despite="a test")
    assert told(shop, "exceptions", WEEK) == []


def test_without_an_edition_the_week_before_is_the_measure(tmp_path):
    folder = a_shop(tmp_path / "shop")
    compared = open_workspace(folder).loop.compared(WEEK)
    assert (compared.since, compared.edition) == (BEFORE, None)
    assert compared.words == "the week ending 25 Apr, as it is now"


def test_the_newest_edition_not_after_the_week_is_compared_with(shop):
    workspace = open_workspace(shop)
    workspace.loop.publish(by="dee", week_ending=WEEK, despite="a test")
    assert [workspace.loop.compared(week).since for week in (WEEK, BEFORE)] == [WEEK, BEFORE]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("week ending 2026-05-02", "week ending Sat 2 May 2026"),
        ("target week ending 2026-05-02", "target week ending Sat 2 May 2026"),
        ("month ending 2026-04-30", "month to Thu 30 Apr 2026"),
        ("box: wow", "week on week"),
        ("Free cash flow, Apr (row 4)", "Free cash flow, Apr (row 4)"),
    ],
)
def test_a_cell_is_named_as_people_say_it(label, words):
    assert place(label) == words


def test_the_commands_say_values_as_people_read_them(shop):
    edit(shop, **{"value: 0.2}": "value: 0.25}"})
    run = CliRunner().invoke
    text = run(app, ["changes", "-w", str(shop)]).output
    assert "since edition 1 of the week ending 25 Apr" in text
    assert "- Conversion <b>&: its target was floor, value 20.0% and is floor, value 25.0% now." in text
    form = json.loads(run(app, ["changes", "-w", str(shop), "--format", "json"]).output)
    assert (form["edition"], form["since"], form["differences"][0]["kind"]) == (
        1,
        "2026-04-25",
        "definitions",
    )
    cells = run(app, ["published", "-w", str(shop), "--week", "2026-04-25", "--changes"]).output
    assert "0.2" not in cells.replace("0.25", "")
    assert "was 20.0% and is 25.0% now" in cells
    assert run(app, ["changes", "-w", str(shop), "--deck", "nope"]).exit_code == 1
