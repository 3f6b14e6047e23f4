"""Erasing a person: nothing of them is left where this program writes, and forgery still shows."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metrics import open_workspace
from metrics.cli import app
from metrics.definitions import Definitions
from metrics.errors import DecisionError, NotAllowedError
from metrics.journal import Journal
from metrics.journal.values import seal
from metrics.reviews.erasure import Erased, erasing, words_of
from tests.browser import LAST_WEEK, a_shop

NOW = datetime(2026, 5, 5, 7, tzinfo=UTC)
PEOPLE = (
    "people:\n  dee: {name: Dee Ray, roles: [deck_owner, analyst]}\n"
    '  zoe.q: {name: "Zoë O\'Quinn", email: zoe@shop.example, roles: [deck_owner, owner]}\n'
)
HERS = (
    'It "rained" <all> week & I was ill',
    "ok",
    "Umbrellas wanted: sell umbrellas",
    "Why do we count rain twice?",
)
THEIRS = "Ask zoe.q or Zoë O'Quinn (zoe@shop.example), not Zoey."


@pytest.fixture
def shop(tmp_path) -> Path:
    folder = a_shop(tmp_path / "shop", loaded=False)
    declared = folder / "workspace.yaml"
    text = declared.read_text().replace("people:\n", PEOPLE, 1)
    declared.write_text(text.replace("kind: input, owner: ada", "kind: input, owner: zoe.q"))
    house = open_workspace(folder)
    house.load(by="dee")
    house.store.rename("dee", "zoe.q")  # As it was before she gave up loading for owning.
    saying = house.loop.saying
    saying.answer("visits", "routine", HERS[0], by="zoe.q", more=HERS[1])
    saying.annotate("visits", LAST_WEEK, HERS[2], by="zoe.q")
    saying.ask("visits", HERS[3], by="zoe.q")
    saying.ask("orders", THEIRS, by="dee")
    house.loop.publish(by="zoe.q", because="Zoë wants it out", despite="I say so myself")
    (folder / "prepared").mkdir(exist_ok=True)
    (folder / "prepared" / "deck.html").write_text("by zoe.q")
    house.journal.save_draft("zoe.q", "answer:visits", "half a thought of mine", NOW)
    house.journal.save_draft("dee", "answer:orders", "see what Zoë O'Quinn says", NOW)
    return folder


def everything(folder: Path) -> str:
    """All bytes under a folder that this program wrote, as text."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.suffix not in (".yaml", ".csv")]
    return "\n".join(p.read_bytes().decode("utf-8", "replace") for p in files)


def test_nothing_of_a_person_is_left_and_all_still_verifies(shop):
    before = open_workspace(shop)
    version, deck = before.journal.version, before.deck().week_ending
    assert "zoe.q" in everything(shop)
    told = before.erasing.erase("zoe.q", by="dee", because="Zoë O'Quinn asked for it", also=["Zoë"])
    left = everything(shop)
    gone = (
        "zoe.q",
        "Zoë O",
        "zoe@shop",
        "Zoë",
        "rained",
        "Umbrellas",
        "umbrellas",
        "count rain",
        "half a thought",
        "I say so",
    )
    assert [word for word in gone if word.lower() in left.lower()] == []
    house = open_workspace(shop)
    audit, broken = house.loop.audit(version)
    assert (audit.ok, broken, audit.erased) == (True, (), told.facts)
    assert "that they were erased" in audit.sentence
    texts = [str(f.body.get("text")) for f in house.journal.facts() if "text" in f.body]
    silence = f"[words of {told.token}, erased]"
    assert f"Ask {told.token} or {told.token} ({told.token}), not Zoey." in texts
    assert texts.count(silence) == 3
    assert [d.text for d in house.journal.drafts("dee")] == [f"see what {told.token} says"]
    assert set(house.loads()["by"]) == {told.token}
    edition = house.loop.publishing.edition(deck)
    assert (edition.by, told.editions) == (told.token, 1)
    assert house.loop.publishing.values(edition)["week_ending"] == deck.isoformat()
    assert told.token.encode() in house.loop.publishing.file(edition, "week.json")
    assert [p.name for p in (shop / "published").iterdir()] == [edition.folder]
    assert told.left == ("workspace.yaml, line 6, 14",)


def test_a_dashboard_that_was_open_forgets_too(shop):
    house = open_workspace(shop)
    assert any(f.author == "zoe.q" for f in house.loop.chronicle.facts())
    shown = [(b.metric, b.title) for b in house.deck().blocks]
    open_workspace(shop).erasing.erase("zoe.q", by="dee")
    assert [f for f in house.loop.chronicle.facts() if "zoe.q" in str(f)] == []
    assert [(b.metric, b.title) for b in house.deck().blocks] == shown


def test_life_goes_on_after_it_and_a_second_person_may_follow(shop):
    house = open_workspace(shop)
    first = house.erasing.erase("zoe.q", by="dee")
    house.loop.saying.ask("orders", "And now?", by="dee")
    second = house.erasing.erase("dee", by="dee")
    audit, broken = open_workspace(shop).loop.audit()
    assert (audit.ok, broken) == (True, ())
    assert first.token != second.token
    assert [f.author for f in house.journal.facts(kind="person")] == [second.token] * len(
        house.journal.facts(kind="person")
    )


def by_hand(shop: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(shop / "journal.sqlite", isolation_level=None)) as connection:
        (guard,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'journal_fact_no_update'"
        ).fetchone()
        connection.execute("DROP TRIGGER journal_fact_no_update")
        connection.execute(statement, values)
        connection.execute(guard)


# fmt: off
FORGERIES = [
    # what somebody with the database at hand does                     statement
    ("changes a fact that was never erased",                           "UPDATE journal_fact SET because = 'forged' WHERE author = 'dee' AND kind = 'question.asked'"),
    ("changes a fact after it was erased",                             "UPDATE journal_fact SET body = replace(body, 'erased]', 'forged]') WHERE kind = 'answer.given'"),
    ("changes a fact and takes its salt, as if it had been erased",    "UPDATE journal_fact SET because = 'forged', salt = '' WHERE author = 'dee' AND kind = 'question.asked'"),
    ("changes the record of the erasure",                              "UPDATE journal_fact SET body = replace(body, '\"1\":', '\"99\":') WHERE kind = 'person.erased'"),
    ("gives an erased fact a salt",                                    "UPDATE journal_fact SET salt = 'ab' WHERE kind = 'answer.given'"),
]
# fmt: on


@pytest.mark.parametrize("statement", [f[1] for f in FORGERIES], ids=[f[0] for f in FORGERIES])
def test_forgery_shows_after_an_erasure(shop, statement):
    open_workspace(shop).erasing.erase("zoe.q", by="dee")
    assert open_workspace(shop).journal.verify().ok
    by_hand(shop, statement)
    audit = open_workspace(shop).journal.verify()
    assert (audit.ok, audit.first_broken is not None) == (False, True)


def test_a_forged_record_must_name_itself_in_what_it_covers(shop):
    """Whoever can write to the database can add a record, but not hide that an erasure stands there."""
    house = open_workspace(shop)
    fact = house.journal.facts(kind="question")[-1]
    parts = (fact.at.astimezone(UTC).isoformat(timespec="microseconds"), fact.author, fact.kind, fact.subject,
             '{"metric":"orders","text":"forged"}', fact.because)  # fmt: skip
    by_hand(shop, "UPDATE journal_fact SET body = ?, salt = '' WHERE number = ?", parts[4], fact.number)
    hashes = {str(fact.number): seal(fact.number, parts, fact.previous)}
    house.journal.append("person.erased", "person-0", {"facts": hashes, "editions": {}}, author="dee", at=NOW)
    audit = open_workspace(shop).journal.verify()
    assert (audit.ok, audit.first_broken) == (False, fact.number)


def test_an_edition_changed_after_an_erasure_shows(shop):
    house = open_workspace(shop)
    house.erasing.erase("zoe.q", by="dee")
    edition = house.loop.publishing.editions()[0]
    path = shop / "published" / edition.folder / "deck.html"
    path.write_text(path.read_text() + " ")
    _, broken = open_workspace(shop).loop.audit()
    assert len(broken) == 1


def test_interrupted_before_old_folders_went_it_is_finished_by_doing_it_again(shop):
    house = open_workspace(shop)
    old = house.loop.publishing.editions()[0].folder
    house.erasing.erase("zoe.q", by="dee")
    assert not (shop / "published" / old).exists()
    (shop / "published" / old).mkdir()
    (shop / "published" / old / "deck.html").write_text("zoe.q")
    open_workspace(shop).erasing.erase("zoe.q", by="dee")
    assert not (shop / "published" / old).exists()


def definitions(**more: object) -> Definitions:
    return Definitions.model_validate(
        {
            "company": {"name": "Shop", "currency": "USD", "time_zone": "UTC"},
            "people": {
                "dee": {"name": "Dee", "roles": ["deck_owner"]},
                "ben": {"name": "Ben", "roles": ["owner"]},
            },
            **more,
        }
    )


def test_who_may_not_erase_is_refused_and_so_is_a_name_of_two_things():
    with pytest.raises(NotAllowedError, match="may not erase a person: that is for deck owner"):
        erasing(definitions(), "dee", "person-1", by="ben")
    with pytest.raises(DecisionError, match="also the name of a metric, deck, source or role"):
        erasing(definitions(), "deck_owner", "person-1", by="dee")
    with pytest.raises(DecisionError, match="Nobody is named"):
        erasing(definitions(), "  ", "person-1", by="dee")
    assert erasing(definitions(), "ben", "person-1", by="dee", also=["Benny", " "]).names == ("Ben", "Benny")


# fmt: off
TEXTS = [
    # it shows that …                           text                                 what is left
    ("a handle in a sentence goes",             "ask ravi.m.",                       "ask T."),
    ("a name in capitals goes",                 "RAVI MENON knows",                  "T knows"),
    ("an address goes, whole",                  "to ravi@x.example now",             "to T now"),
    ("a longer name stays",                     "ravi.menon2 and Ravi Menons",       "ravi.menon2 and Ravi Menons"),
    ("a longer address stays",                  "not.ravi@x.example",                "not.ravi@x.example"),
    ("nothing of others goes",                  "Nothing to see",                    "Nothing to see"),
]
# fmt: on


@pytest.mark.parametrize(("text", "left"), [t[1:] for t in TEXTS], ids=[t[0] for t in TEXTS])
def test_a_text_without_them(text, left):
    assert Erased("ravi.m", ("Ravi Menon", "ravi@x.example"), "T").without(text) == left


def test_their_own_words_go_and_what_was_decided_stays():
    who = Erased("ravi", ("Ravi",), "T")
    body = {"answer": "known_cause", "text": "ok", "inputs": ["a", "b"], "due": "2026-05-09", "n": 3, "by": "ravi",
            "whys": ["one", "two"], "more": ""}  # fmt: skip
    assert who.fact("ravi", "answer.given", "ravi:2026-05-09", body, "as I said") == (
        "T", "T:2026-05-09",
        {"answer": "known_cause", "text": who.silence, "inputs": ["a", "b"], "due": "2026-05-09", "n": 3, "by": "T",
         "whys": [who.silence, who.silence], "more": ""},
        who.silence,
    )  # fmt: skip
    assert list(words_of(body, "as I said")) == ["as I said", "ok", "one", "two"]


def test_the_command_asks_first_and_says_what_is_left(shop):
    run = CliRunner()
    no = run.invoke(app, ["erase", "zoe.q", "-w", str(shop), "--by", "dee"], input="n\n")
    assert (no.exit_code, "zoe.q" in everything(shop)) == (1, True)
    yes = run.invoke(app, ["erase", "zoe.q", "-w", str(shop), "--by", "dee", "--also", "Zoë"], input="y\n")
    assert yes.exit_code == 0, yes.output
    assert "named still in workspace.yaml, line 6, 14" in yes.output
    assert "Backups taken before" in yes.output


def test_nobody_is_told_to_change_the_journal_by_hand(shop):
    open_workspace(shop).loop.saying.ask("orders", "Is zoe.quinn back?", by="dee")
    told = CliRunner().invoke(app, ["erase", "zoe.q", "-w", str(shop), "--by", "dee", "--yes"])
    assert "named still in journal.sqlite\n" in told.output
    assert "never change it by hand. Run this again with --also" in told.output
    CliRunner().invoke(
        app, ["erase", "zoe.q", "-w", str(shop), "--by", "dee", "--yes", "--also", "zoe.quinn"]
    )
    assert "zoe.q" not in everything(shop)


def test_facts_of_the_first_schema_can_be_erased_too(tmp_path):
    script = (Path(__file__).parent / "older" / "journal_schema_1.sql").read_text(encoding="utf-8")
    shop = a_shop(tmp_path / "shop", loaded=False)
    with closing(sqlite3.connect(shop / "journal.sqlite")) as connection:
        connection.executescript(script)
    declared = shop / "workspace.yaml"
    declared.write_text(declared.read_text().replace("people:\n", PEOPLE, 1))
    open_workspace(shop).erasing.erase("ravi", by="dee")
    journal = Journal(f"sqlite:///{shop / 'journal.sqlite'}")
    assert journal.verify().ok
    assert "ravi" not in str(journal.facts())
