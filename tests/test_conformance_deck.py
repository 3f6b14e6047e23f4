"""The deck equals first principles, cell by cell, on the five scenarios of the open-source peer."""

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metrics import open_workspace
from metrics.cli import app
from metrics.export.json import as_json

SCENARIOS = [f"scenario_{n}" for n in range(1, 6)]
COMPARISONS = ("wow", "yoy", "mtd_yoy", "qtd_yoy", "ytd_yoy")
BOX = ("last_week", "wow", "yoy", "mtd", "mtd_yoy", "qtd", "qtd_yoy", "ytd", "ytd_yoy")


def imported(shared: Path, scenario: str, into: Path) -> date:
    """Import one scenario as a user would; the week its configuration names."""
    folder = shared / "vectors" / "deck" / scenario
    told = CliRunner().invoke(
        app, ["import-wbr-app", str(folder / "config.yaml"), str(folder / "data.csv"), "--into", str(into)]
    )
    assert told.exit_code == 0, told.output
    oracle = json.loads((folder / "oracle_strict.json").read_text(encoding="utf-8"))
    return date.fromisoformat(oracle["week_ending"])


def neutral(form: dict) -> list[dict]:
    """A deck's JSON in the form of the oracle: percentages as numbers of percent."""

    def box(row):
        percent = row["change_unit"] == "percent"
        return [row[k] * 100 if k in COMPARISONS and percent and row[k] is not None else row[k] for k in BOX]

    return [
        {
            "title": block["title"],
            "x_axis": [*block["axis"]["weeks"], " ", *block["axis"]["months"]],
            "series": [
                {
                    "cy_6_weeks": line["weeks"],
                    "py_6_weeks": line["weeks_year_earlier"],
                    "cy_monthly": line["months"],
                    "py_monthly": line["months_year_earlier"],
                }
                for line in block["series"]
                if line["role"] != "target"
            ],
            "box_totals": [box(row) for row in block["box"]],
        }
        for block in form["blocks"]
        if block["kind"] == "six_twelve"
    ]


def wanted(oracle: dict) -> list[dict]:
    return [
        {
            "title": block["title"],
            "x_axis": block["x_axis"],
            "series": [
                {k: line.get(k, [None] * n) for k, n in (
                    ("cy_6_weeks", 6), ("py_6_weeks", 6), ("cy_monthly", 12), ("py_monthly", 12)
                )}
                for line in block["series"]
            ],
            "box_totals": [row["values"] for row in block["box_totals"]],
        }
        for block in oracle["blocks"]
    ]  # fmt: skip


def equal(answer, oracle):
    """The same shape, and every number within 1e-9 of its size."""
    if isinstance(oracle, dict):
        return answer.keys() == oracle.keys() and all(equal(answer[k], oracle[k]) for k in oracle)
    if isinstance(oracle, list):
        return len(answer) == len(oracle) and all(map(equal, answer, oracle))
    if isinstance(oracle, float | int) and not isinstance(oracle, bool):
        return answer is not None and abs(answer - oracle) <= 1e-9 * max(1.0, abs(oracle))
    return answer == oracle


@pytest.mark.parametrize("policy", ["strict", "lenient"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_cell_equals_first_principles(shared, tmp_path, scenario, policy):
    week = imported(shared, scenario, tmp_path / "ws")
    if policy == "lenient":
        definitions = tmp_path / "ws" / "workspace.yaml"
        text = definitions.read_text(encoding="utf-8")
        assert "missing_days: strict" in text
        definitions.write_text(
            text.replace("missing_days: strict", "missing_days: lenient"), encoding="utf-8"
        )
    oracle_file = shared / "vectors" / "deck" / scenario / f"oracle_{policy}.json"
    oracle = wanted(json.loads(oracle_file.read_text(encoding="utf-8")))
    answer = neutral(as_json(open_workspace(tmp_path / "ws").deck(week)))
    for ours, theirs in zip(answer, oracle, strict=True):
        for part in theirs:
            assert equal(ours[part], theirs[part]), (ours["title"], part, ours[part], theirs[part])


def test_the_command_prints_the_same_document(shared, tmp_path):
    week = imported(shared, "scenario_3", tmp_path / "ws")
    ran = subprocess.run(
        [sys.executable, "-m", "metrics.cli", "deck", "--week", str(week), "--format", "json"],
        cwd=tmp_path / "ws",
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    assert json.loads(ran.stdout) == as_json(open_workspace(tmp_path / "ws").deck(week))
    box = json.loads(ran.stdout)["blocks"][1]["box"][0]
    assert (box["last_week"], box["ytd"]) == (470759324, 8165267400)
    assert box["wow"] == pytest.approx(0.0229278694379893, rel=1e-9)
    assert box["ytd_yoy"] == pytest.approx(0.2658191843094091, rel=1e-9)


def test_rows_and_columns_in_any_order_give_the_same_deck(shared, tmp_path):
    source = (shared / "vectors" / "deck" / "scenario_4" / "data.csv").read_text(encoding="utf-8")
    header, *rows = source.splitlines()
    config = shared / "vectors" / "deck" / "scenario_4" / "config.yaml"
    decks = []
    for number, lines in enumerate((rows, rows[::-1], rows[1::2] + rows[::2])):
        order = list(range(len(header.split(","))))
        if number == 2:
            order.reverse()
        csv = tmp_path / f"data{number}" / "data.csv"
        csv.parent.mkdir()
        cells = [[line.split(",")[i] for i in order] for line in (header, *lines)]
        csv.write_text("\n".join(",".join(row) for row in cells) + "\n", encoding="utf-8")
        into = tmp_path / f"ws{number}"
        told = CliRunner().invoke(app, ["import-wbr-app", str(config), str(csv), "--into", str(into)])
        assert told.exit_code == 0, told.output
        decks.append(as_json(open_workspace(into).deck(date(2022, 4, 30)))["blocks"])
    assert decks[0] == decks[1] == decks[2]


def test_a_deck_can_be_asked_for_by_its_days_alone(shared, tmp_path):
    """The week is an argument, never part of the definitions."""
    imported(shared, "scenario_1", tmp_path / "ws")
    texts = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "ws").glob("*.yaml"))
    assert not re.search(r"^\s*now:", texts, re.MULTILINE)
