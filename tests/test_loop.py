"""The weekly loop on a real workspace: a store, a journal and published files."""

import json
import os
import pickle
import random
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from typer.testing import CliRunner

from metrics import open_workspace
from metrics.cli import app
from metrics.errors import ConflictError, DecisionError, NotAllowedError, StoreError, UnknownNameError

ROOT = Path(__file__).resolve().parents[1]
FIRST = date(2025, 11, 9)  # A Sunday.
WEEK = date(2026, 5, 9)
LAST_WEEK = date(2026, 5, 2)

YAML = """
company: {name: Acme, time_zone: America/New_York, now: 2026-05-11T09:00}
people:
  dov: {name: Dov Stern, roles: [owner]}
  olga: {name: Olga Lind, roles: [owner]}
  kate: {name: Kate Brandt, roles: [owner]}
  priya: {name: Priya Raman, roles: [deck_owner]}
  fin: {name: Fin Lind, roles: [finance]}
  june: {name: June Abara, roles: [customer_service]}
  ines: {name: Ines Okafor, roles: [executive]}
  yuki: {name: Yuki Mori, roles: [analyst]}
sources:
  shop: {csv: shop.csv, date: {column: day}, series: {failed: failed, tried: tried, orders: orders, visits: visits}}
  bank: {csv: bank.csv, date: {column: day}, series: {bank_orders: orders}}
metrics:
  failed_checkouts:
    {name: Failed checkouts, kind: input, owner: dov, unit: fraction, better: down,
     measure: {how: ratio, numerator: failed, denominator: tried}}
  conversion:
    {name: Conversion, kind: output, owner: olga, unit: fraction, better: up,
     measure: {how: ratio, numerator: orders, denominator: visits}}
  orders:
    {name: Orders, kind: output, owner: olga, unit: count, better: up, measure: {how: total, series: orders},
     second_measure: {measure: {how: total, series: bank_orders}, tolerance: 0.02}}
  visits: {name: Visits, kind: context, owner: null, unit: count, better: none, measure: {how: total, series: visits}}
links:
  - {driver: failed_checkouts, driven: conversion, sign: "-", lag_weeks: [0, 0], because: "an attempt that fails is lost"}
nodes:
  - {id: growth, name: Growth, metrics: [orders, conversion], hub: true}
  - {id: experience, name: Experience, metrics: [failed_checkouts, visits]}
decks:
  company:
    title: Weekly review
    sections:
      - {title: Checkout, blocks: [failed_checkouts, visits]}
      - {title: Results, blocks: [conversion, orders]}
"""


def rows(spike=True, orders_on=None, until=WEEK):
    """Days of the shop; failures leap in the last week, and orders fall with them."""
    dice = random.Random(7)
    lines, bank = ["day,failed,tried,orders,visits"], ["day,orders"]
    day = FIRST
    while day <= until:
        last = spike and day > LAST_WEEK
        tried, visits = 1000 + dice.randrange(60), 5000 + dice.randrange(300)
        failed = round(tried * (0.05 if last else 0.01 + dice.random() * 0.002))
        orders = round(visits * (0.020 if last else 0.030 + dice.random() * 0.002))
        orders = (orders_on or {}).get(day, orders)
        lines.append(f"{day},{failed},{tried},{orders},{visits}")
        bank.append(f"{day},{orders}")
        day += timedelta(days=1)
    return "\n".join(lines) + "\n", "\n".join(bank) + "\n"


def write(folder, **more):
    shop, bank = rows(**more)
    (folder / "shop.csv").write_text(shop)
    (folder / "bank.csv").write_text(bank)


@pytest.fixture
def acme(tmp_path):
    (tmp_path / "acme.yaml").write_text(YAML)
    write(tmp_path)
    workspace = open_workspace(tmp_path)
    workspace.load()
    return workspace


def refusal(error, act, *words, **more):
    """What an act says when it is refused with an error."""
    with pytest.raises(error) as refused:
        act(*words, **more)
    return str(refused.value)


def test_a_week_from_load_to_closed(acme):
    loop = acme.loop
    assert loop.progress().state == "open"
    assert loop.metrics_of() == ("failed_checkouts", "conversion", "orders")  # Nobody owns the visits.
    exceptions = {e.metric for e in loop.as_it_is().exceptions}
    assert exceptions == {"failed_checkouts", "conversion", "orders"}
    loop.move("built", by="yuki")
    loop.move("owner_review", by="priya")
    assert [loop.in_words(o) for o in loop.missing()] == [
        "Look at Failed checkouts (Dov Stern)",
        "Look at Conversion (Olga Lind)",
        "Look at Orders (Olga Lind)",
        "Answer the exception on Failed checkouts (Dov Stern)",
        "Answer the exception on Orders (Olga Lind)",
        "Certify or dispute Failed checkouts (Fin Lind)",
        "Certify or dispute Conversion (Fin Lind)",
        "Certify or dispute Orders (Fin Lind)",
    ]
    loop.saying.look("failed_checkouts", by="dov")
    loop.saying.look("conversion", "orders", by="olga")
    loop.saying.answer("failed_checkouts", "explained", "A release broke the gateway", by="dov")
    loop.saying.answer(
        "orders", "still_analysing", "How much of it is the release", by="olga", due=WEEK + timedelta(days=9)
    )
    facts, left = loop.certifying.certify_all(loop.metrics_of(), by="fin", but=["orders"])
    assert (len(facts), left) == (2, {"orders": "left out"})
    assert "Certify or dispute Orders (Fin Lind)" in refusal(DecisionError, loop.move, "certified", by="fin")
    loop.certifying.dispute("orders", "the bank counts returns", by="fin")
    loop.move("certified", by="fin")
    edition = loop.publish(by="priya")
    assert (edition.number, edition.missing, loop.progress().state) == (1, (), "published")
    loop.saying.record_action(
        "failed_checkouts", "Test each release on the gateway", by="priya", owner="dov",
        due=WEEK + timedelta(days=6), direction="down", effect_by=WEEK + timedelta(days=28),
    )  # fmt: skip
    loop.saying.park("Another payment provider?", by="priya", where="the board")
    loop.move("held", by="priya")
    loop.move("closed", by="priya")
    assert loop.state_in_words() == "The week ending 2026-05-09 is closed, since Mon 11 May 09:00."


def test_next_weeks_page_0_asks(acme):
    loop = acme.loop
    reviewed_week = loop.at(datetime(2026, 5, 4, 9))
    reviewed_week.saying.record_action(
        "failed_checkouts", "Test each release", by="priya", owner="dov", due=date(2026, 5, 8),
        direction="down", effect_by=date(2026, 5, 23), week_ending=LAST_WEEK,
    )  # fmt: skip
    reviewed_week.saying.answer(
        "orders", "still_analysing", "the bank", by="olga", due=date(2026, 5, 11), week_ending=LAST_WEEK
    )
    loop.saying.tell_story(
        "I paid twice", by="june", day=date(2026, 5, 8), metrics=["failed_checkouts"], mark="disagrees"
    )
    told = loop.promises()
    assert [(c.action.text, c.age, c.late) for c in told.actions] == [("Test each release", 7, True)]
    assert [(a.metric, a.due) for a in told.analysing] == [("orders", date(2026, 5, 11))]
    assert [r.metric for r in told.reviews] == ["failed_checkouts"]
    assert [c.metric for c in told.uncertified] == ["failed_checkouts", "conversion", "orders"]
    words = [o.what for o in loop.reminders()["dov"]]
    assert "Action on Failed checkouts: Test each release (due 2026-05-08, 3 days late)" in words
    assert "Review the definition of Failed checkouts: a story disagrees" in words
    assert [o.what for o in loop.reminders()["priya"]] == ["Assign an owner to Visits"]


def test_a_second_measurement_disputes_by_itself(acme):
    _, bank = rows()
    (acme.folder / "bank.csv").write_text(bank.replace("\n2026-05-08,", "\n2026-05-08,9"))
    acme.load()
    told = acme.loop.certifying.certifications(WEEK)["orders"]
    assert (told.state, told.by, told.decided) == ("disputed", "", True)
    assert "second measurement differs" in refusal(
        DecisionError, acme.loop.certifying.certify, ["orders"], by="fin"
    )


def test_a_certificate_falls_off_when_the_number_is_restated(acme):
    acme.loop.certifying.certify(["failed_checkouts", "orders"], by="fin")
    assert acme.loop.certifying.certifications(WEEK)["orders"].state == "certified"
    write(acme.folder, orders_on={WEEK: 1})
    acme.load()
    told = acme.loop.certifying.certifications(WEEK)
    assert (told["orders"].state, told["orders"].fallen) == ("uncertified", "number")
    assert told["failed_checkouts"].state == "certified"


def test_who_was_second_is_told_and_nothing_is_lost(acme):
    mine, other = acme.loop, open_workspace(acme.folder).loop
    mine.owning.assign("visits", "dov", "he asks for it", by="priya")
    said = refusal(ConflictError, other.owning.assign, "visits", "olga", "she does", by="priya", seen=0)
    assert "priya was first: owner.assigned on visits" in said
    assert other.owning.of("visits").owner == "dov"
    assert mine.metrics_of() == ("failed_checkouts", "visits", "conversion", "orders")
    assert mine.definitions.metrics["visits"].owner == "dov"


def test_a_section_goes_over_all_or_nothing(acme):
    owning = acme.loop.owning
    told = owning.assign_many(owning.of_section("Checkout"), "olga", "one owner of checkout", by="priya")
    assert [f.subject for f in told] == ["failed_checkouts", "visits"]
    nothing = refusal(DecisionError, owning.assign_many, ["orders"], "yuki", "x", by="priya")
    assert "Nothing goes to Yuki Mori:\n- Orders: Yuki Mori is an analyst" in nothing
    owning.leave("olga", date(2026, 5, 11), by="priya")
    assert owning.of_person("olga") == ("failed_checkouts", "conversion", "orders", "visits")
    owning.assign_many(owning.of_person("olga"), "kate", "Olga left", by="priya")
    assert owning.owners().of("kate", acme.loop.today) == (
        "failed_checkouts", "conversion", "orders", "visits",
    )  # fmt: skip


# --- publishing ------------------------------------------------------------------------------


def test_publishing_waits_for_the_gates_and_may_go_on_despite_them(acme):
    loop = acme.loop
    assert "Yuki Mori may not publish a deck" in refusal(NotAllowedError, loop.publish, by="yuki")
    said = refusal(DecisionError, loop.publish, by="priya")
    assert said.startswith("The week ending 2026-05-09 cannot be published yet; 8 things are missing:")
    edition = loop.publish(by="priya", despite="Dov is ill")
    assert (edition.because, len(edition.missing)) == ("Dov is ill", 8)
    assert loop.promises().despite == edition.missing


def test_what_is_published_never_changes(acme):
    loop = acme.loop
    first = loop.publish(by="priya", despite="orders wait")
    frozen = {name: (loop.publishing.folder / first.folder / name).read_bytes() for name in first.files}
    assert loop.changes(WEEK) == ()
    write(acme.folder, orders_on={WEEK: 1})
    acme.load()
    again = open_workspace(acme.folder).loop
    assert again.publishing.document(first) == frozen["deck.html"]
    assert json.loads(frozen["deck.json"])["week_ending"] == "2026-05-09"
    changed = again.changes(WEEK)
    cells = {(c.metric, c.label): c for c in changed}
    orders = cells["orders", "week ending 2026-05-09"]
    saturday = int(rows()[0].splitlines()[-1].split(",")[3])
    assert orders.old - orders.new == saturday - 1
    assert orders.why == "1 value of shop restated (2026-05-09), load 2"
    assert {c.metric for c in changed} == {"orders", "conversion"}
    assert "edition 1" in refusal(DecisionError, again.publish, by="priya")
    second = again.publish(by="priya", because="orders of Saturday were restated")
    assert (second.number, again.publishing.edition(WEEK).number) == (2, 2)
    for name, told in frozen.items():
        assert (loop.publishing.folder / first.folder / name).read_bytes() == told
    assert again.publishing.edition(WEEK, number=1).folder == first.folder
    assert again.audit()[0].ok
    assert again.audit()[1] == ()


def test_a_frozen_deck_holds_what_people_said(acme):
    loop = acme.loop
    loop.saying.answer("failed_checkouts", "explained", "A release broke the gateway", by="dov")
    loop.saying.annotate("failed_checkouts", date(2026, 5, 5), "Release 71", by="dov")
    told = loop.publishing.week(loop.publish(by="priya", despite="a test"))
    assert told["answers"]["failed_checkouts"]["text"] == "A release broke the gateway"
    assert [a["text"] for a in told["annotations"]] == ["Release 71"]
    assert told["owners"]["orders"]["owner"] == "olga"
    assert set(told["limits"]) == {"failed_checkouts", "conversion", "orders"}
    assert told["certifications"]["orders"]["state"] == "uncertified"
    assert b"The week is published" in loop.publishing.document(loop.publishing.edition(WEEK))


def test_a_frozen_deck_opens_without_its_numbers(acme, tmp_path):
    edition = acme.loop.publish(by="priya", despite="a test")
    told = acme.loop.publishing.document(edition)
    elsewhere = tmp_path / "elsewhere"
    copytree(acme.folder, elsewhere, ignore=ignore_patterns("store", "prepared"))
    fresh = open_workspace(elsewhere).loop.publishing
    assert fresh.document(fresh.edition(WEEK)) == told


def test_a_changed_file_is_found(acme):
    loop = acme.loop
    edition = loop.publish(by="priya", despite="a test")
    path = loop.publishing.folder / edition.folder / "deck.json"
    path.write_text(path.read_text().replace("Orders", "orders"))
    assert "is not as it was published by priya" in refusal(StoreError, loop.publishing.values, edition)
    assert len(loop.audit()[1]) == 1
    path.unlink()
    assert "cannot be read" in refusal(StoreError, loop.publishing.verify, edition)
    assert "Published are: 2026-05-09" in refusal(UnknownNameError, loop.publishing.edition, LAST_WEEK)


def test_equal_values_are_equal_bytes(acme):
    other = open_workspace(acme.folder)
    one, two = ((w.deck(), w.loop.said(WEEK, "company"), w.loop.publishing) for w in (acme, other))
    first = one[2].publish(one[0], one[1], by="priya")
    again = two[2].publish(two[0], two[1], by="priya", because="the same again")
    assert first.files == again.files


def test_two_who_publish_at_once_make_one_first_edition(acme):
    one, two = acme.loop, open_workspace(acme.folder).loop
    seen = two.progress().fact
    one.publish(by="priya", despite="a test")
    said = refusal(ConflictError, two.publish, by="priya", despite="me too", because="me", seen=seen)
    assert "priya was first: week.published" in said
    assert [e.number for e in two.publishing.editions()] == [1]


# --- killed in the middle --------------------------------------------------------------------

# One process that knows the modules and forks a writer for each turn: a fresh interpreter takes seconds.
# It never opens the store itself, because DuckDB's threads do not survive a fork.
DRIVER = """
import os, pickle, random, signal, sys, time
from datetime import date
from pathlib import Path
import metrics.workspace, sqlalchemy.dialects.sqlite
from typer.testing import CliRunner

from metrics import open_workspace
from metrics.cli import app
folder, turns = Path(sys.argv[1]), int(sys.argv[2])
deck, said = pickle.loads((folder / "deck.pickle").read_bytes())
people, dice = ["dov", "kate"], random.Random(11)

def write(turn, out):
    loop = open_workspace(folder).loop
    for place in range(10_000):
        if place == 1:  # From here on everything is warm and a round takes no longer than the wait.
            os.write(out, b"ready\\n")
        why = f"turn {turn}, {place}"
        person = next(p for p in people if p != loop.owning.of("visits").owner)
        told = [loop.owning.assign("visits", person, why, by="priya")]
        told.append(loop.saying.answer("failed_checkouts", "explained", why, by="dov"))
        os.write(out, f"fact {told[-1].number} {told[-1].hash}\\n".encode())
        told.append(loop.certifying.dispute("orders", why, by="fin"))
        os.write(out, f"fact {told[-1].number} {told[-1].hash}\\n".encode())
        edition = loop.publishing.publish(deck, said, by="priya", because=why)
        os.write(out, f"edition {edition.number} {edition.folder}\\n".encode())

for turn in range(turns):
    back, out = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(back)
        try:
            write(turn, out)
        finally:
            os._exit(1)
    os.close(out)
    seen = b""
    while b"ready" not in seen:
        chunk = os.read(back, 4096)
        if not chunk:
            sys.exit(f"the writer ended by itself in turn {turn}: {seen!r}")
        seen += chunk
    time.sleep(dice.random() * 0.4)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(back) as told:
        print(seen.decode() + told.read(), end="", flush=True)
"""


def test_a_process_killed_at_any_moment_loses_nothing_and_publishes_no_half(acme):
    turns = int(os.environ.get("SIXTWELVE_KILLS", "12"))  # 200 in the note of the release.
    loop = acme.loop
    loop.owning.assign("visits", "kate", "to begin with", by="priya")
    (acme.folder / "deck.pickle").write_bytes(pickle.dumps((acme.deck(), loop.said(WEEK, "company"))))
    ran = subprocess.run(
        [sys.executable, "-c", DRIVER, str(acme.folder), str(turns)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    lines = [line.split() for line in ran.stdout.splitlines() if len(line.split()) == 3]
    told = open_workspace(acme.folder).loop
    audit, broken = told.audit()
    assert (audit.ok, broken) == (True, ())
    facts = {f.number: f.hash for f in told.chronicle.facts()}
    assert [n for kind, n, h in lines if kind == "fact" and facts.get(int(n)) != h] == []  # Nothing is lost.
    editions = {e.number: e.folder for e in told.publishing.editions(WEEK)}
    assert list(editions) == list(range(1, len(editions) + 1))
    assert [n for kind, n, folder in lines if kind == "edition" and editions.get(int(n)) != folder] == []
    assert len(lines) > turns, ran.stderr  # The writers did write.
    assert told.publish(by="priya", because="it still works").number == len(editions) + 1


# --- the commands ----------------------------------------------------------------------------


def told_by(acme, *words):
    """What a command prints, or the error it ends with."""
    ran = CliRunner().invoke(app, [*map(str, words), "--workspace", str(acme.folder)])
    return ran.output if ran.exception is None or isinstance(ran.exception, SystemExit) else ran.exception


def test_the_commands_of_the_loop(acme):
    assert told_by(acme, "owners").splitlines() == [
        "failed_checkouts  dov (proposed)",
        "conversion        olga (proposed)",
        "orders            olga (proposed)",
        "visits            nobody",
    ]
    assert told_by(acme, "assign", "visits", "kate", "--because", "she counts", "--by", "priya") == (
        "visits: kate from 2026-05-11.\n"
    )
    refused = told_by(acme, "assign", "visits", "yuki", "--because", "x", "--by", "priya")
    assert isinstance(refused, NotAllowedError)
    told = json.loads(told_by(acme, "owners", "--format", "json"))
    assert told["rows"][3] == {
        "metric": "visits",
        "name": "Visits",
        "owner": "kate",
        "standing": "waiting",
        "since": "2026-05-11",
        "deputy": None,
        "deputy_until": None,
        "proposed": None,
        "coming": None,
        "left": None,
    }
    assert (told["without_owner"], told["differ_from_definitions"]) == ([], ["visits"])
    deputy = ("assign", "orders", "dov", "--deputy", "--until", "2026-05-15", "--by", "olga")
    assert told_by(acme, *deputy) == "dov is deputy for orders from 2026-05-11 until 2026-05-15.\n"
    preview = told_by(acme, "assign", "section:Checkout", "olga", "--preview", "--by", "priya")
    assert preview == "failed_checkouts: dov -> olga\nvisits: kate -> olga\n"
    answer = ("answer", "failed_checkouts", "explained", "A release", "--by", "dov")
    assert told_by(acme, *answer) == "failed_checkouts is answered for the week ending 2026-05-09.\n"
    certified = told_by(acme, "certify", "--but", "orders", "--by", "fin")
    assert certified == "orders: left out\n3 values certified for the week ending 2026-05-09.\n"
    disputed = ("certify", "orders", "--dispute", "--because", "the bank", "--by", "fin")
    assert told_by(acme, *disputed) == "orders is disputed.\n"
    assert told_by(acme, "published") == "Nothing is published yet.\n"
    closed = told_by(acme, "publish", "--by", "priya")
    assert isinstance(closed, DecisionError)
    assert "- Look at Conversion and Orders (Olga Lind)" not in str(closed)  # Orders has a deputy, too.
    made = json.loads(told_by(acme, "publish", "--by", "priya", "--despite", "a test", "--format", "json"))
    assert (made["edition"], made["week_ending"]) == (1, "2026-05-09")
    assert told_by(acme, "published", "--week", "2026-05-09") == (
        "company 2026-05-09 edition 1 is as it was published.\n"
    )
    assert told_by(acme, "published", "--week", "latest", "--changes") == (
        "0 cells changed since edition 1.\n"
    )
    out = acme.folder / "frozen.html"
    told_by(acme, "published", "--week", "latest", "--output", out)
    edition = acme.loop.publishing.edition(WEEK)
    assert out.read_bytes() == acme.loop.publishing.document(edition)
    assert told_by(acme, "audit").startswith("All 8 facts are as they were told.\nVersion: 8-")
    stands = json.loads(told_by(acme, "week", "--format", "json"))
    assert (stands["state"], stands["next"]) == ("published", "held")
    owes = json.loads(told_by(acme, "remind", "--format", "json"))
    assert {p["person"]: [o["what"] for o in p["owes"]] for p in owes["people"]} == {
        "olga": ["Answer the exception on Orders"],
        "kate": ["Accept Visits"],
    }
