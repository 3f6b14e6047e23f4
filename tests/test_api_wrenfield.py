"""The API beside the real dashboard, on the demo company: its numbers are the deck's, block by block."""

import json
from datetime import date, datetime
from shutil import copytree, ignore_patterns
from zoneinfo import ZoneInfo

import pytest

from metrics import open_workspace
from metrics.demo import wrenfield
from metrics.shipped import shipped
from tests.programs import bearing
from tests.serving import serving

WEEKS = ("2026-05-09", "2026-04-04", "2025-01-04")  # The newest, Easter's, and one at a year's end.


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "wrenfield"
    made = ignore_patterns("store", "journal.sqlite*", "published", "prepared")
    copytree(shipped("data") / "wrenfield", folder, ignore=made)
    wrenfield.build(folder)
    house = open_workspace(folder)
    house.load(by="test")
    return house


@pytest.fixture(scope="module")
def server(house):
    with serving(house.folder, environment={"WBR_LOG": "json"}) as server:
        yield server


@pytest.fixture(scope="module")
def reader(house):
    return bearing(house, "ravi.menon")


@pytest.mark.parametrize("week", WEEKS)
def test_the_deck_over_the_network_is_the_deck(week, house, server, reader):
    told = server.ask(f"/api/v1/deck?week={week}", reader).json()
    del told["stamp"]
    exporting = house.seen_by("ravi.menon").exporting
    last = house.calendar.week_of(date.fromisoformat(week)).last
    assert told == json.loads(exporting.exported(last, "json").data)
    assert len(told["links"]) > 20
    assert sum(block["kind"] == "six_twelve" for block in told["blocks"]) > 20


def test_the_deck_as_it_was_known_is_that_of_the_command_line(house, server, reader):
    moment = datetime(2026, 5, 5, 9, tzinfo=ZoneInfo("America/New_York"))
    told = server.ask("/api/v1/deck?week=2026-05-02&as_of=2026-05-05T09:00", reader).json()
    del told["stamp"]
    exporting = house.seen_by("ravi.menon").exporting
    assert told == json.loads(exporting.exported(date(2026, 5, 2), "json", as_of=moment).data)


def test_every_block_of_the_deck_has_the_numbers_that_are_told_one_by_one(house, server, reader):
    deck = server.ask("/api/v1/deck", reader).json()
    known: dict[tuple[str, str], dict[str, dict[str, float | None]]] = {}

    def told(metric, grain, days, field):
        if (metric, grain) not in known:
            asked = f"/api/v1/observations?metric={metric}&grain={grain}&from=2024-12-01"
            known[metric, grain] = {r["last_day"]: r for r in server.ask(asked, reader).json()["rows"]}
        return [known[metric, grain][day][field] for day in days if day in known[metric, grain]]

    charts = [b for b in deck["blocks"] if b["kind"] == "six_twelve"]
    weeks, months = charts[0]["axis"]["week_endings"], charts[0]["axis"]["month_ends"]
    compared = 0
    for block in charts:
        for line in block["series"]:
            field = "target" if line["role"] == "target" else "value"
            for grain, days in (("week", weeks), ("month", months)):
                mine = told(line["metric"], grain, days, field)
                assert mine == same(line[f"{grain}s"][: len(mine)]), (block["number"], line["metric"], grain)
                compared += len(mine)
    outline = [b for s in house.definitions.decks["company"].sections for b in s.blocks]
    for declared in outline:
        many = getattr(declared, "weeks_table", None) or getattr(declared, "months_table", None)
        if not many:
            continue
        block = next(b for b in deck["blocks"] if b["title"] == declared.title)
        grain, days = ("week", weeks) if hasattr(declared, "weeks_table") else ("month", months)
        for row, of in zip(block["rows"], many, strict=True):
            if of.show == "value" and (of.metric or of.target_of):
                mine = told(of.metric or of.target_of, grain, days, "value" if of.metric else "target")
                assert mine == same(row["values"][: len(mine)]), (block["number"], row["header"])
                compared += len(mine)
    assert compared > 1_000


def same(amounts):
    """Equal to the last bits, which depend on the order in which threads add up."""
    return [None if a is None else pytest.approx(a, rel=1e-9) for a in amounts]


def test_signals_are_those_of_the_deck(server, reader):
    deck = server.ask("/api/v1/deck", reader).json()
    told = {row["metric"]: row for row in server.ask("/api/v1/signals", reader).json()["rows"]}
    shown = [block["signal"] for block in deck["blocks"] if block.get("signal")]
    assert len(shown) > 20
    for signal in shown:
        row = told[signal["metric"]]
        assert {n: row[n] for n in ("value", "expected", "low", "high", "tier")} == {
            n: signal[n] for n in ("value", "expected", "low", "high", "tier")
        }


def test_beside_the_dashboard_a_cookie_alone_lets_nobody_in(server, reader):
    answer = server.ask("/api/v1/deck", {"Cookie": "_streamlit_user=x; _streamlit_xsrf=y"})
    assert (answer.status, answer.json()["status"]) == (401, 401)
    pushed = server.ask(
        "/api/v1/observations",
        {"Cookie": "_streamlit_user=x", "Content-Type": "application/json"},
        "POST",
        b"{}",
    )
    assert pushed.status == 401
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in answer.headers
    foreign = server.ask("/api/v1/deck", {**reader, "Origin": "https://elsewhere.example"})
    assert (foreign.status, "access-control-allow-origin" in foreign.headers) == (403, False)


def test_an_address_that_is_none_is_told_so_and_not_shown_a_page(server, reader):
    answer = server.ask("/api/v1/decks", reader)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert server.ask("/api/v1/openapi.json").json()["openapi"] == "3.1.0"


def test_the_servers_log_names_the_person_and_never_the_token(server, reader):
    server.ask("/api/v1/owners?person=ravi.menon", reader)
    told = server.events("request", path="/api/v1/owners")
    assert told[-1]["person"] == "ravi.menon"
    assert reader["Authorization"].split()[1][:20] not in server.log
