"""The recruiting template: cohorts by week of application, ratios of sums, young weeks that still move."""

import csv
from datetime import date, timedelta
from shutil import copytree, ignore_patterns

import pytest

from metrics import open_workspace
from metrics.demo import recruiting
from metrics.shipped import shipped

TEMPLATE = shipped("data") / "recruiting"
WEEK = date(2026, 5, 9)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recruiting") / "recruiting"
    copytree(TEMPLATE, folder, ignore=ignore_patterns("store", "journal.sqlite*", "published", "prepared"))
    found = open_workspace(folder)
    found.load(by="test")
    return found


@pytest.fixture(scope="module")
def lines(workspace):
    deck = workspace.deck(WEEK)
    return {
        line.metric: line for b in deck.blocks if b.chart for line in b.chart.lines if line.role != "target"
    }


def days(name: str) -> dict[date, dict[str, int]]:
    with (TEMPLATE / name).open(encoding="utf-8") as file:
        return {
            date.fromisoformat(row["day"]): {k: int(v) for k, v in row.items() if k != "day"}
            for row in csv.DictReader(file)
        }


def test_the_files_are_those_of_the_seed():
    for name, told in recruiting.files().items():
        assert (TEMPLATE / name).read_text(encoding="utf-8") == told, name


def test_the_template_has_no_mistakes_and_every_metric_an_owner(workspace):
    assert [m.id for m in workspace.definitions.metrics.values() if m.owner is None] == []
    codes = {finding.code for finding in workspace.findings()}
    assert "guardrails" not in {code.split(".")[-1] for code in codes}, codes
    assert workspace.deck(WEEK).notices == ()


STAGES = [
    # it shows that a stage is the sum of its people ÷ the sum of those before, and how long it takes
    ("screen_rate",     "screened", "applied",  2),
    ("loop_rate",       "looped",   "screened", 6),
    ("offer_rate",      "offered",  "looped",   7),
    ("acceptance_rate", "accepted", "offered",  9),
]  # fmt: skip


@pytest.mark.parametrize(("metric", "over", "under", "weeks"), STAGES, ids=[c[0] for c in STAGES])
def test_a_stage_is_a_ratio_of_sums_and_young_weeks_are_immature(lines, metric, over, under, weeks):
    told, line = days("funnel.csv"), lines[metric]
    for place, (value, state) in enumerate(zip(line.weeks, line.weeks_state, strict=True)):
        end = WEEK - timedelta(weeks=5 - place)
        week = [told[end - timedelta(days=n)] for n in range(7)]
        above, below = sum(d[over] for d in week), sum(d[under] for d in week)
        assert value == (pytest.approx(above / below) if below else None)
        age = 5 - place
        assert state == ("undefined" if not below else "immature" if age < weeks else "complete"), (
            end,
            state,
        )


def test_nobody_is_counted_in_a_stage_before_the_one_ahead_of_it():
    for day, row in days("funnel.csv").items():
        counts = [row[stage] for stage in recruiting.FUNNEL]
        assert counts == sorted(counts, reverse=True), day


def test_both_files_tell_of_the_same_people():
    funnel, work = days("funnel.csv"), days("work.csv")
    assert sum(r["applied"] for r in funnel.values()) == sum(r["applications"] for r in work.values())
    assert sum(r["looped"] for r in funnel.values()) == sum(r["loops"] for r in work.values())
    assert sum(r["accepted"] for r in funnel.values()) == sum(r["hires"] for r in work.values())


def test_the_deck_finds_what_was_planted(workspace):
    tiers = {s.metric: s.tier for s in workspace.signals(WEEK)}
    assert tiers["feedback_in_time"] == "exception"
    assert tiers["loops_in_week"] in ("exception", "watch")
    assert tiers["screen_rate"] == "cannot_judge"
    assert [m for m, tier in tiers.items() if tier == "exception"] == ["feedback_in_time"]


def test_what_is_asked_and_believed_can_be_tested(workspace):
    links = {(b.record.link.driver, b.record.link.driven): b for b in workspace.beliefs.beliefs(WEEK)}
    assert links["messages_sent", "applications"].grade == 2
    assert all(b.words for b in links.values())
