"""Several decks on one store: page 0 of a team, publishing together, readers; and decks of past moments."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from metrics import open_workspace
from metrics.errors import DecisionError, JournalError
from tests.browser import DEFINITIONS, a_shop

WEEK = date(2026, 5, 2)
UTC = ZoneInfo("UTC")
PEOPLE = """people:
  ada: {name: Ada Moss, roles: [owner]}
  ben: {name: Ben Roe, roles: [owner]}
  dee: {name: Dee Ray, roles: [deck_owner]}
  fin: {name: Fin Lund, roles: [finance]}
  ann: {name: Ann Lys, roles: [analyst]}
"""
DOOR = """  door:
    title: At the door
    team: Door
    readers: [ada, deck_owner]
    questions_order: [targets, customers, business]
    sections:
      - {title: Who comes in, blocks: [visits, conversion]}
"""


def the_shop(folder: Path, team: str = DOOR, **also: str) -> Path:
    a_shop(folder, loaded=False)
    cut = DEFINITIONS.index("people:"), DEFINITIONS.index("sources:")
    told = DEFINITIONS[: cut[0]] + PEOPLE + DEFINITIONS[cut[1] :] + team
    for old, new in also.items():
        told = told.replace(old, new)
    (folder / "workspace.yaml").write_text(told, encoding="utf-8")
    open_workspace(folder).load(by="test")
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return the_shop(tmp_path / "shop")


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 5, day, hour, tzinfo=UTC)


# --- page 0 of a team -------------------------------------------------------------------------


def test_a_team_s_page_0_speaks_of_its_metrics_in_its_own_order(shop):
    workspace = open_workspace(shop)
    team, company = workspace.deck(deck="door"), workspace.deck(deck="company")
    assert [a.topic for a in team.answers] == ["targets", "customers", "business"]
    assert "Revenue" in company.answers[1].text
    assert "Revenue" not in " ".join(a.text for a in team.answers)
    assert (team.wheel, [b.metric for b in team.blocks]) == (None, ["visits", "conversion"])


def test_one_metric_has_one_owner_and_the_same_value_in_every_deck(shop):
    workspace = open_workspace(shop)
    first, second = (
        next(b for b in workspace.deck(deck=d).blocks if b.metric == "visits") for d in ("company", "door")
    )
    assert (first.owner, first.chart.box) == (second.owner, second.chart.box)


def test_notices_of_a_team_are_about_its_metrics(tmp_path):
    folder = the_shop(
        tmp_path / "shop", **{"name: Revenue, kind: output, owner: ben": "name: Revenue, kind: output"}
    )
    workspace = open_workspace(folder)
    lines = (folder / "shop.csv").read_text(encoding="utf-8").splitlines()
    day, visits, orders, revenue = lines[-2].split(",")
    lines[-2] = f"{day},{visits},{int(orders) + 5},{revenue}"
    (folder / "shop.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    workspace.load(by="test")
    told = {d: {n.kind: n.text for n in workspace.deck(deck=d).notices} for d in ("company", "door")}
    assert "Revenue" in told["company"]["no_owner"]
    assert "no_owner" not in told["door"]
    assert "Orders" in told["company"]["restated"]
    assert "Conversion" in told["door"]["restated"]
    assert "Orders" not in told["door"]["restated"]


def test_what_page_0_asks_of_a_team_are_its_own_promises(shop):
    loop = open_workspace(shop).loop.at(at(5, 7))
    for metric, person in (("visits", "ada"), ("orders", "ben")):
        loop.saying.record_action(
            metric, f"Look after {metric}", by="dee", owner=person, due=date(2026, 5, 20), direction="up",
            effect_by=date(2026, 6, 6), week_ending=date(2026, 4, 25),
        )  # fmt: skip
    loop.saying.park("A second door", by="dee", week_ending=date(2026, 4, 25))
    loop.saying.ask("orders", "Why so many?", by="ben", week_ending=WEEK)
    asked = {d: open_workspace(shop).loop.promises(WEEK, d) for d in ("company", "door")}
    assert {c.action.metric for c in asked["company"].actions} == {"visits", "orders"}
    assert [c.action.metric for c in asked["door"].actions] == ["visits"]
    assert (len(asked["company"].topics), asked["door"].topics) == (1, ())
    assert (len(asked["company"].questions), asked["door"].questions) == (1, ())
    told = {o.metric for o in open_workspace(shop).loop.owed(WEEK, "door")}
    assert told <= {None, "visits", "conversion"}


# --- publishing together ----------------------------------------------------------------------


def test_the_teams_decks_are_frozen_with_the_company_s_in_one_moment(shop):
    workspace = open_workspace(shop)
    edition = workspace.loop.publish(by="dee", despite="a test")
    told = workspace.loop.publishing.editions(WEEK)
    assert (edition.deck, [(e.deck, e.number, e.at) for e in told]) == (
        "company",
        [("company", 1, edition.at), ("door", 1, edition.at)],
    )
    for each in told:
        frozen = workspace.loop.publishing.deck(each)
        assert (frozen.name, frozen.state) == (each.deck, "published")
        assert workspace.exporting.exported(WEEK, "html", each.deck, edition="newest").data
    assert workspace.loop.progress(WEEK, "door").state == "published"
    assert workspace.loop.audit()[1] == ()


def test_what_the_gates_of_a_team_want_stops_the_company_s_deck_too(shop):
    loop = open_workspace(shop).loop
    with pytest.raises(DecisionError, match="missing"):
        loop.publish(by="dee")
    assert loop.publishing.editions() == ()


def test_a_team_publishes_by_itself_and_is_not_frozen_twice(shop):
    loop = open_workspace(shop).loop
    loop.publish(by="dee", deck="door", despite="early")
    assert [e.deck for e in loop.publishing.editions(WEEK)] == ["door"]
    loop.publish(by="dee", despite="the rest")
    assert [(e.deck, e.number) for e in loop.publishing.editions(WEEK)] == [("door", 1), ("company", 1)]
    loop.publish(by="dee", because="a wrong word")
    assert [(e.deck, e.number) for e in loop.publishing.editions(WEEK)][2:] == [("company", 2)]


def test_decks_without_a_team_stay_alone(tmp_path):
    folder = the_shop(tmp_path / "shop", team=DOOR.replace("    team: Door\n", ""))
    loop = open_workspace(folder).loop
    loop.publish(by="dee", despite="a test")
    assert [e.deck for e in loop.publishing.editions(WEEK)] == ["company"]


def test_who_is_no_reader_of_a_deck_does_not_find_it(shop):
    workspace = open_workspace(shop)
    seen = {
        person: tuple(workspace.seen_by(person).definitions.decks) for person in ("ada", "ben", "dee", None)
    }
    assert seen == {
        "ada": ("company", "door"),
        "ben": ("company",),
        "dee": ("company", "door"),
        None: ("company",),
    }


# --- a deck of a past moment ------------------------------------------------------------------


def test_a_past_moment_has_the_words_of_then_and_none_of_later(shop):
    workspace = open_workspace(shop)
    workspace.loop.at(at(4, 9)).saying.answer("visits", "explained", "A fair.", by="ada", week_ending=WEEK)
    workspace.loop.at(at(4, 18)).saying.answer("visits", "explained", "No, rain.", by="ada", week_ending=WEEK)
    workspace.loop.at(at(4, 10)).saying.annotate("orders", date(2026, 4, 28), "New till", by="ben")
    workspace.loop.at(at(4, 20)).owning.assign(
        "orders", "ada", "Ben is away", by="dee", start=date(2026, 5, 5)
    )

    def told(moment: datetime | None) -> tuple[str, int, str | None]:
        deck = workspace.deck(WEEK, as_of=moment)
        visits, orders = (next(b for b in deck.blocks if b.metric == m) for m in ("visits", "orders"))
        answer = visits.said.answer if visits.said else ""
        return answer.partition(": ")[2], len(orders.chart.annotations), orders.owner

    assert told(at(4, 8)) == ("", 0, "Ben Roe")
    assert told(at(4, 9)) == ("A fair.", 0, "Ben Roe")
    assert told(at(4, 12)) == ("A fair.", 1, "Ben Roe")
    assert told(at(5, 6)) == ("No, rain.", 1, "Ada Moss")
    assert told(None) == ("No, rain.", 1, "Ada Moss")


def test_a_past_moment_learns_of_what_is_told_late_about_it(shop):
    workspace = open_workspace(shop)
    assert workspace.deck(WEEK, as_of=at(4, 12)).blocks[0].said is None
    workspace.loop.at(at(4, 9)).saying.answer("visits", "explained", "A fair.", by="ada", week_ending=WEEK)
    assert workspace.deck(WEEK, as_of=at(4, 12)).blocks[0].said.answer.endswith("A fair.")


def test_nothing_can_be_said_in_the_past_and_its_clock_stands(shop):
    past = open_workspace(shop).as_it_stood(at(4, 12))
    assert past.now() == at(4, 12)
    with pytest.raises(JournalError, match="as it stood on 2026-05-04"):
        past.loop.saying.answer("visits", "explained", "Too late.", by="ada", week_ending=WEEK)
    assert open_workspace(shop).journal.version == ""


def test_dividers_and_the_state_of_the_week_are_those_of_then(shop):
    workspace = open_workspace(shop)
    workspace.loop.at(at(4, 9)).move("built", by="dee", week_ending=WEEK, despite="a test")
    assert workspace.deck(WEEK, as_of=at(4, 8)).state == ""
    assert workspace.deck(WEEK, as_of=at(4, 10)).state == "built"
    workspace.limits.exclude("visits", date(2026, 4, 25), "A fair in front of the shop", "ann")
    assert workspace.decisions()["visits"].excluded == (date(2026, 4, 25),)
    assert workspace.as_it_stood(at(4, 10)).decisions() == {}
