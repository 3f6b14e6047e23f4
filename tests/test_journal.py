"""The journal: what people decided stays as they said it, in SQLite and in PostgreSQL alike."""

import hashlib
import json
import os
import pickle
import resource
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from metrics.errors import ConflictError, JournalError
from metrics.journal import BECAUSE_LIMIT, BODY_LIMIT, DRAFT_LIMIT, Audit, Draft, Fact, Journal, New
from metrics.journal.database import MIGRATIONS, _sqlite, _transaction, migrated
from metrics.journal.values import seal
from tests.postgres import AbsentError, Cluster, cluster

NOON = datetime(2026, 5, 11, 12, tzinfo=UTC)
MOMENT = "2026-05-11T12:00:00.000000+00:00"
NUMBERS = count()
ONE_JOURNAL = settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    try:
        with cluster() as running:
            yield running
    except AbsentError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, file) -> str:
    """The address of a journal that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{file}"
    return request.getfixturevalue("server").url(f"journal_{next(NUMBERS)}")


@pytest.fixture
def journal(url) -> Journal:
    return Journal(url)


Hand = Callable[..., list[tuple]]


@contextmanager
def a_hand(url: str) -> Iterator[Hand]:
    """Runs statements in the database itself, past the journal; gives the rows of each."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as lite:
            lite.text_factory = bytes
            yield lambda statement, *values: lite.execute(statement, values).fetchall()
        return
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as server:

        def run(statement: str, *values: object) -> list[tuple]:
            cursor = server.execute(statement.replace("?", "%s"), values or None)
            return cursor.fetchall() if cursor.description else []

        yield run


def done_by_hand(url: str, statement: str, *values: object) -> list[tuple]:
    with a_hand(url) as hand:
        return hand(statement, *values)


def unguarded(url: str) -> None:
    """Take away what keeps the database from changing facts."""
    if url.startswith("sqlite"):
        names = done_by_hand(url, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names:
            done_by_hand(url, f"DROP TRIGGER {name.decode()}")
    else:
        done_by_hand(url, "ALTER TABLE journal_fact DISABLE TRIGGER ALL")


def told(journal: Journal) -> dict[str, Fact]:
    """A small story of facts, by a name for each."""
    say = journal.append
    return {
        "ravi": say("owner.assigned", "orders", {"person": "ravi"}, author="dana", at=at(0), because="He knows"),
        "mia": say("owner.assigned", "refunds", {"person": "mia"}, author="dana", at=at(1)),
        "yes": say("owner.accepted", "orders", {}, author="ravi", at=at(2)),
        "odd": say("ownership.noted", "orders", {"text": "not an owner"}, author="lee", at=at(3)),
        "why": say("answer.given", "orders", {"answer": "explained", "cause": "Snow"}, author="ravi", at=at(4)),
        "lee": say("owner.assigned", "orders", {"person": "lee"}, author="dana", at=at(5), because="Ravi left"),
    }  # fmt: skip


# --- telling and reading


def test_a_journal_is_empty_until_something_is_told(journal):
    assert journal.version == ""
    assert (journal.facts(), journal.newest("owner"), journal.search("x"), journal.drafts("dana")) == (
        (),
        {},
        (),
        (),
    )
    assert journal.verify() == Audit(True, 0, None, "The journal is empty.", "")


def test_reading_makes_no_file(file):
    journal = Journal(f"sqlite:///{file}")
    journal.verify()
    journal.drop_draft("dana", "orders")
    assert list(file.parent.iterdir()) == []


def test_a_fact_is_read_as_it_was_told_and_its_hash_can_be_made_again(url, journal):
    first = journal.append("a.b", "orders", {}, author="dana", at=NOON)
    local = datetime(2026, 5, 11, 8, 0, 0, 5, tzinfo=timezone(timedelta(hours=-4)))
    body = {"z": (1, 2.5, None, True), "a": {"é": 'She said "no"\n\\ 中'}}
    fact = journal.append("goal.status", "Umsätze", body, author="Ana María", at=local, because="It's 5%")
    ((salt,),) = done_by_hand(url, "SELECT salt FROM journal_fact WHERE number = 2")
    as_hashed = json.dumps(
        [
            2,
            "2026-05-11T12:00:00.000005+00:00",
            "Ana María",
            "goal.status",
            "Umsätze",
            json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
            "It's 5%",
            first.hash,
            salt.decode() if isinstance(salt, bytes) else salt,
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    assert fact == Fact(
        2,
        local.astimezone(UTC),
        "Ana María",
        "goal.status",
        "Umsätze",
        {"z": [1, 2.5, None, True], "a": {"é": 'She said "no"\n\\ 中'}},
        "It's 5%",
        hashlib.sha256(as_hashed.encode()).hexdigest(),
        first.hash,
    )
    assert (first.number, first.previous) == (1, "")
    assert journal.facts() == (first, fact)
    assert journal.version == f"2-{fact.hash}"


# fmt: off
FILTERS = [
    # it shows that …                                   asked                                      found
    ("everything comes oldest first",                   {},                                        "ravi mia yes odd why lee"),
    ("a kind finds those below it, no longer word",     {"kind": "owner"},                         "ravi mia yes lee"),
    ("a whole kind finds itself",                       {"kind": "owner.assigned"},                "ravi mia lee"),
    ("a kind may end in its dot",                       {"kind": "owner."},                        "ravi mia yes lee"),
    ("signs of LIKE mean themselves",                   {"kind": "owne_"},                         ""),
    ("subject and kind both hold",                      {"kind": "owner", "subject": "orders"},    "ravi yes lee"),
    ("a subject is exact",                              {"subject": "order"},                      ""),
    ("an author is exact",                              {"author": "ravi"},                        "yes why"),
    ("since is included, until is not",                 {"since": at(1), "until": at(3)},          "mia yes"),
    ("times in another zone are the same times",        {"since": at(5).astimezone(timezone(timedelta(hours=9)))}, "lee"),
    ("reading goes on after a number",                  {"after": 4},                              "why lee"),
    ("a limit counts from the oldest",                  {"limit": 2},                              "ravi mia"),
    ("a limit goes on after a number",                  {"limit": 2, "after": 2},                  "yes odd"),
    ("the last ones come oldest first, too",            {"last": 2, "subject": "orders"},          "why lee"),
    ("none is none",                                    {"limit": 0},                              ""),
]  # fmt: skip
# fmt: on


def test_facts_are_found_by_what_is_asked(journal):
    facts = told(journal)
    for sentence, asked, names in FILTERS:
        assert journal.facts(**asked) == tuple(facts[name] for name in names.split()), sentence


def test_the_newest_of_each_subject_is_the_state(journal):
    facts = told(journal)
    assert journal.newest("owner") == {"refunds": facts["mia"], "orders": facts["lee"]}
    assert journal.newest("owner.accepted") == {"orders": facts["yes"]}
    assert journal.newest("owner", "orders") == {"orders": facts["lee"]}
    assert journal.newest("owner", "visits") == {}


# fmt: off
SEARCHES = [
    # it shows that …                                  words               found
    ("case does not matter",                           "SNOW",             [1]),
    ("every word must be there, in any order",         "storm snow",       [1]),
    ("a word found in no fact finds none",             "snow sun",         []),
    ("because is searched",                            "closed",           [2]),
    ("newest come first",                              "road",             [3, 2]),
    ("parts of words count",                           "sno",              [1]),
    ("case does not matter in other scripts",          "ÉCOLE ΣΊΣΥΦΟΣ",    [3]),
    ("ß is found as ss",                               "STRASSE",          [3]),
    ("wide letters are found as narrow ones",          "abc",              [3]),
    ("a percent sign means itself",                    "5%",               [2]),
    ("so does an underscore",                          "a_b",              [3]),
    ("an underscore is no other letter",               "s_ow",             []),
    ("a quote is found",                               '"no"',             [3]),
    ("a backslash is found",                           "c:\\road",         [3]),
    ("names in the body are not searched",             "cause",            []),
    ("texts in lists are",                             "deep",             [3]),
    ("no word finds nothing",                          "  ",               []),
]
# fmt: on


def test_past_answers_are_found_by_their_words(journal):
    say = journal.append
    say("answer.given", "orders", {"cause": "Snow and a storm"}, author="ravi", at=at(0))
    say("answer.given", "orders", {"cause": "5% fewer"}, author="mia", at=at(1), because="Road closed")
    odd = {"cause": ["école ςίσυφος Straße ＡＢＣ a_b", {"n": ['deep "No"', "C:\\road", 7]}]}
    say("answer.seen", "visits", odd, author="mia", at=at(2))
    for sentence, words, numbers in SEARCHES:
        assert [fact.number for fact in journal.search(words)] == numbers, sentence
    assert [fact.number for fact in journal.search("road", kind="answer.given")] == [2]
    assert [fact.number for fact in journal.search("road", subject="visits", author="mia")] == [3]
    assert [fact.number for fact in journal.search("road", until=at(2))] == [2]
    assert [fact.number for fact in journal.search("road", limit=1)] == [3]


def test_the_version_changes_with_every_fact_and_with_no_draft(journal):
    versions = [journal.version]
    for number in range(3):
        journal.append("a", "b", {"n": number}, author="c", at=NOON)
        versions.append(journal.version)
        journal.save_draft("c", "b", str(number), NOON)
        assert journal.version == versions[-1]
    assert len(set(versions)) == 4


def test_the_version_is_that_of_the_last_fact_whoever_told_it(url, journal):
    others = Journal(url), journal.as_it_stood(at(9)), journal.sifted(lambda fact: None)
    for number, teller in enumerate((journal, others[0], journal), start=1):
        fact = teller.append("a", "b", {}, author="c", at=NOON)
        assert [each.version for each in (journal, *others)] == [f"{number}-{fact.hash}"] * 4
    assert in_children([lambda: Journal(url).append("a", "b", {}, author="c", at=NOON) and None]) == [0]
    assert [each.version[:2] for each in (journal, *others)] == ["4-"] * 4


# --- two people


# fmt: off
EXPECTED = [
    # it shows that …                                             kind                subject    expects  told by
    ("who does not ask is not refused",                           "owner.assigned",   "orders",  None,    None),
    ("who has seen the newest is not",                            "owner.assigned",   "orders",  6,       None),
    ("who has seen a later fact of the journal is not",           "owner.assigned",   "refunds", 6,       None),
    ("who has seen an older one is told the newest",              "owner.assigned",   "orders",  3,       "lee"),
    ("who expects none is told of one",                           "owner.assigned",   "refunds", 0,       "mia"),
    ("the family counts, not the very kind",                      "owner.accepted",   "orders",  5,       "lee"),
    ("another family does not",                                   "target.set",       "orders",  0,       None),
    ("a longer word is another family",                           "own.assigned",     "orders",  0,       None),
    ("another subject does not",                                  "owner.assigned",   "visits",  0,       None),
]
# fmt: on


@pytest.mark.parametrize(("kind", "subject", "expects", "first"), [c[1:] for c in EXPECTED], ids=[c[0] for c in EXPECTED])  # fmt: skip
def test_the_second_of_two_people_is_told_what_changed(journal, kind, subject, expects, first):
    facts = told(journal)
    if first is None:
        assert journal.append(kind, subject, {}, author="mia", at=at(9), expects=expects).number == 7
        return
    with pytest.raises(ConflictError) as refused:
        journal.append(kind, subject, {}, author="mia", at=at(9), expects=expects)
    assert refused.value.newest == facts[first]
    assert journal.facts() == tuple(facts.values())


def test_a_conflict_says_who_was_first_with_what_and_why(journal):
    told(journal)
    with pytest.raises(ConflictError) as refused:
        journal.append("owner.assigned", "orders", {"person": "mia"}, author="mia", at=at(9), expects=1)
    assert str(refused.value) == (
        "dana was first: owner.assigned on orders at 2026-05-11 12:05 UTC (fact 6): "
        '{"person":"lee"}, because Ravi left. Nothing of yours was written. Look at it, then decide again.'
    )
    carried = pickle.loads(pickle.dumps(refused.value))
    assert (str(carried), carried.newest) == (str(refused.value), refused.value.newest)


def test_what_was_seen_in_a_journal_that_is_no_more_is_refused(journal):
    told(journal)
    with pytest.raises(JournalError, match=r"after reading fact 9, but the journal ends at 6: .* Read again"):
        journal.append("owner.assigned", "orders", {}, author="mia", at=NOON, expects=9)


def test_facts_told_together_are_kept_together_or_not_at_all(journal):
    told(journal)
    both = [New("deck.published", "deck:1", {}), New("owner.assigned", "orders", {}, expects=1)]
    with pytest.raises(ConflictError):
        journal.append_all(both, author="dana", at=at(9))
    with pytest.raises(JournalError, match="NUL"):
        journal.append_all([both[0], New("a", "b", {"c": "\0"})], author="dana", at=at(9))
    assert len(journal.facts()) == 6
    same = [New("deck.published", "deck:1", {"n": n}, expects=0) for n in range(3)]
    added = journal.append_all(same, author="dana", at=at(9))
    assert [fact.number for fact in added] == [7, 8, 9]
    assert journal.facts(kind="deck") == added
    version = journal.version
    assert journal.append_all([], author="dana", at=at(9)) == ()
    assert journal.version == version


# --- what is refused

DEEP: list = []
for _ in range(40):
    DEEP = [DEEP]

# fmt: off
REFUSED = [
    # it shows that …                   what is wrong                                   words of the sentence
    ("an author is needed",             {"author": ""},                                 "author: it is empty. Say who it is"),
    ("blanks are no author",            {"author": "  "},                               "author: it is empty"),
    ("a subject is needed",             {"subject": ""},                                "subject: it is empty. Say what it is"),
    ("a subject is one line",           {"subject": "a\nb"},                            "control character. Write it on one line"),
    ("so it is with odd line ends",     {"author": "a\u2028b"},                         "control character"),
    ("a name has a length",             {"author": "x" * 201},                          "201 characters are more than 200. Shorten it"),
    ("a kind is words and dots",        {"kind": "Owner assigned"},                     "like 'owner.assigned'"),
    ("a kind ends in a word",           {"kind": "owner."},                             "like 'owner.assigned'"),
    ("NUL is in no text",               {"because": "a\0b"},                            "because: it holds a NUL character. Take it out"),
    ("nor in the body",                 {"body": {"a": ["x", "b\0"]}},                  "body.a[1]: it holds a NUL"),
    ("nor in its names",                {"body": {"a\0": 1}},                           "body, a name: it holds a NUL"),
    ("half a character is none",        {"because": "\ud83d"},                          "half a character"),
    ("a reason has a length",           {"because": "x" * (BECAUSE_LIMIT + 1)},         "4,001 characters are more than 4,000"),
    ("a body has a size, in bytes",     {"body": {"a": "é" * (BODY_LIMIT // 2)}},       "262,152 bytes are more than the 262,144"),
    ("a body is a mapping",             {"body": ["a"]},                                "list is not a mapping"),
    ("names are texts",                 {"body": {1: "a"}},                             "body, a name: int is not a text"),
    ("not a number is no number",       {"body": {"a": float("nan")}},                  "body.a: nan is not a number. Write null"),
    ("nor is what has no end",          {"body": {"a": float("-inf")}},                 "body.a: -inf is not a number"),
    ("large whole numbers lose digits", {"body": {"a": 2**53}},                         "lose digits. Write it as a text"),
    ("a date is written as text",       {"body": {"a": {"b": date(2026, 5, 9)}}},       "body.a.b: date cannot be kept"),
    ("there is an end to depth",        {"body": {"a": DEEP}},                          "nested deeper than 32 levels"),
    ("a time has a zone",               {"at": datetime(2026, 5, 11)},                  "without a time zone"),
]
# fmt: on


@pytest.mark.parametrize(("wrong", "sentence"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_cannot_be_kept_as_it_is_is_refused(file, wrong, sentence):
    journal = Journal(f"sqlite:///{file}")
    right = {"kind": "a.b", "subject": "orders", "body": {}, "author": "dana", "at": NOON, "because": ""}
    with pytest.raises(JournalError) as refused:
        journal.append(**{**right, **wrong})
    assert sentence in str(refused.value)
    assert not file.exists()


def test_the_largest_fact_is_kept(journal):
    largest = New("a" * 80, "主" * 400, {"a": "x" * (BODY_LIMIT - 8)}, "é" * BECAUSE_LIMIT)
    (fact,) = journal.append_all([largest], author="漢" * 200, at=NOON)
    assert journal.facts() == (fact,)
    assert journal.verify().ok


# fmt: off
ADDRESSES = [
    # it shows that …                        address                                 words of the sentence
    ("no address is none",                   "",                                     "cannot be understood"),
    ("memory forgets",                       "sqlite://",                            "needs a file"),
    ("memory forgets, by name",              "sqlite:///:memory:",                   "needs a file"),
    ("a file has no options",                "sqlite:///a.sqlite?mode=memory",       "without options"),
    ("other databases are not known",        "mysql://user:secret@host/db",          "cannot be kept in 'mysql'"),
    ("nor other drivers",                    "postgresql+psycopg2://u:secret@h/db",  "cannot be kept in 'postgresql+psycopg2'"),
    ("a password is not told",               "postgresql://u:secret@h:port/db",      "cannot be understood"),
]
# fmt: on


@pytest.mark.parametrize(("address", "sentence"), [c[1:] for c in ADDRESSES], ids=[c[0] for c in ADDRESSES])
def test_an_address_that_cannot_be_is_refused(address, sentence):
    with pytest.raises(JournalError) as refused:
        Journal(address)
    assert sentence in str(refused.value)
    assert "secret" not in str(refused.value)


def test_short_forms_of_an_address_mean_psycopg(server):
    for short in ("postgres:", "postgresql:"):
        assert Journal(server.plain.replace("postgresql:", short)).facts(limit=0) == ()


# --- drafts


def test_a_draft_outlives_its_journal_and_is_dropped_when_it_is_said(url):
    Journal(url).save_draft("ravi", "answer:orders", "I thi", at(0))
    Journal(url).save_draft("ravi", "answer:orders", "I think it's\n50% 'snow'", at(1))
    Journal(url).save_draft("ravi", "answer:visits", "", at(1))
    Journal(url).save_draft("mia", "answer:orders", "mine", at(1))
    later = Journal(url)
    draft = Draft("ravi", "answer:orders", "I think it's\n50% 'snow'", at(1))
    assert later.draft("ravi", "answer:orders") == draft
    assert later.drafts("ravi") == (draft, Draft("ravi", "answer:visits", "", at(1)))
    assert (later.facts(), later.verify().ok) == ((), True)
    later.drop_draft("ravi", "answer:orders")
    later.drop_draft("ravi", "answer:orders")
    assert later.draft("ravi", "answer:orders") is None
    assert later.draft("mia", "answer:orders") == Draft("mia", "answer:orders", "mine", at(1))


def test_a_draft_that_arrives_late_does_not_undo_a_later_one(journal):
    journal.save_draft("ravi", "a", "second", at(2))
    journal.save_draft("ravi", "a", "first", at(1))
    assert journal.draft("ravi", "a") == Draft("ravi", "a", "second", at(2))


def test_a_draft_has_a_length_an_author_and_no_nul(journal):
    for author, words in (("ravi", "x" * (DRAFT_LIMIT + 1)), ("ravi", "\0"), ("", "x")):
        with pytest.raises(JournalError):
            journal.save_draft(author, "a", words, NOON)


# --- only growing

CHANGES = [
    "UPDATE journal_fact SET because = 'x' WHERE number = 2",
    "UPDATE journal_fact SET hash = hash",
    "DELETE FROM journal_fact WHERE number = 6",
    "INSERT INTO journal_fact SELECT 8, at, author, kind, subject, body, because, hash, hash, salt "
    "FROM journal_fact WHERE number = 6",
    "INSERT INTO journal_fact SELECT 7, at, author, kind, subject, body, because, previous, hash, salt "
    "FROM journal_fact WHERE number = 6",
    "INSERT INTO journal_fact SELECT * FROM journal_fact WHERE number = 2 "
    "ON CONFLICT (number) DO UPDATE SET because = 'x'",
]
CHANGES_OF = {
    "sqlite": ["INSERT OR REPLACE INTO journal_fact SELECT * FROM journal_fact WHERE number = 2"],
    "postgresql": [
        "TRUNCATE journal_fact",
        "SET session_replication_role = replica; DELETE FROM journal_fact",
    ],
}


def test_the_database_itself_refuses_to_change_a_fact(url, journal):
    facts = told(journal)
    for statement in [*CHANGES, *CHANGES_OF[url.split(":")[0].split("+")[0]]]:
        with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="only grows"):
            done_by_hand(url, statement)
    assert journal.facts() == tuple(facts.values())
    assert journal.verify() == Audit(True, 6, None, "All 6 facts are as they were told.", journal.version)


def test_a_change_past_the_guards_shows_at_its_fact(url, journal):
    told(journal)
    version = journal.version
    unguarded(url)
    assert journal.verify() == Audit(
        False,
        6,
        None,
        "All 6 facts are as they were told, but the triggers that refuse changes are gone. Ask who changed "
        "the database; a copy into a new journal has them again.",
        "",
    )
    done_by_hand(url, 'UPDATE journal_fact SET body = \'{"person":"eve"}\' WHERE number = 2')
    assert journal.verify(version) == Audit(
        False,
        6,
        2,
        "Fact 2 is missing or is not as it was told; 6 facts in all. Keep a copy of the database and compare "
        "it with a backup.",
        "",
    )


def remade(url: str, number: int) -> None:
    """Make the hashes of all facts from one on anew, as somebody who knows how would."""
    rows = done_by_hand(url, "SELECT * FROM journal_fact ORDER BY number")
    previous = ""
    for row in rows:
        parts = [part.decode() if isinstance(part, bytes) else part for part in row]
        if parts[0] >= number:
            kept = json.dumps([*parts[:7], previous, parts[9]], ensure_ascii=False, separators=(",", ":"))
            parts[8] = hashlib.sha256(kept.encode()).hexdigest()
            change = "UPDATE journal_fact SET previous = ?, hash = ? WHERE number = ?"
            done_by_hand(url, change, previous, parts[8], parts[0])
        previous = parts[8]


# fmt: off
TAMPERED = [
    # it shows that …                                      change                                                     broken
    ("a fact in the middle is missed",                     "DELETE FROM journal_fact WHERE number = 3",               3),
    ("the first one is missed",                            "DELETE FROM journal_fact WHERE number = 1",               1),
    ("a fact put before the first is seen",                "UPDATE journal_fact SET number = 0 WHERE number = 6",     6),
    ("two that changed places are seen",                   "UPDATE journal_fact SET number = number + 4 WHERE number = 3", 3),
    ("the last ones are missed if a version was noted",    "DELETE FROM journal_fact WHERE number > 4",               None),
]
# fmt: on


@pytest.mark.parametrize(("change", "broken"), [c[1:] for c in TAMPERED], ids=[c[0] for c in TAMPERED])
def test_what_is_missing_or_moved_shows(url, journal, change, broken):
    told(journal)
    version = journal.version
    unguarded(url)
    done_by_hand(url, change)
    audit = journal.verify(version)
    assert (audit.ok, audit.first_broken) == (False, broken)
    assert ("shortened or made anew" in audit.sentence) == (broken is None)


def test_a_chain_made_anew_shows_against_a_noted_version(url, journal):
    told(journal)
    early = journal.version
    journal.append("a", "b", {}, author="c", at=NOON)
    assert journal.verify(early).ok
    unguarded(url)
    done_by_hand(url, "UPDATE journal_fact SET author = 'eve' WHERE number = 2")
    assert journal.verify().first_broken == 2
    remade(url, 2)
    assert (journal.verify().first_broken, "triggers" in journal.verify().sentence) == (None, True)
    assert "made anew" in journal.verify(early).sentence
    assert Journal("sqlite:////nowhere/journal.sqlite").verify(early).ok is False


TEXTS = ["at", "author", "kind", "subject", "body", "because", "previous", "hash"]


@pytest.fixture
def open_journal(url) -> tuple[str, Journal]:
    """A journal whose guards are gone."""
    journal = Journal(url)
    told(journal)
    journal.append("a.b", "Umsätze", {"é": "ü", "n": 1.5}, author="Zoë", at=NOON, because="ß")
    unguarded(url)
    return url, journal


@pytest.fixture
def hand(url) -> Iterator[Hand]:
    with a_hand(url) as hand:
        yield hand


@ONE_JOURNAL
@given(data=st.data())
def test_any_byte_flipped_in_any_field_shows_at_its_fact(open_journal, hand, data):
    url, journal = open_journal
    number = data.draw(st.integers(1, 7))
    column = data.draw(st.sampled_from(["number", *TEXTS]))
    if column == "number":
        flipped = number ^ (1 << data.draw(st.integers(0, 62)))
        assume(not 1 <= flipped <= 7)
        hand("UPDATE journal_fact SET number = ? WHERE number = ?", flipped, number)
        try:
            assert journal.verify().first_broken == number
        finally:
            hand("UPDATE journal_fact SET number = ? WHERE number = ?", number, flipped)
        return
    ((was,),) = hand(f"SELECT {column} FROM journal_fact WHERE number = ?", number)
    whole = was if isinstance(was, bytes) else was.encode()
    assume(whole)
    place = data.draw(st.integers(0, len(whole) - 1))
    now = bytearray(whole)
    now[place] ^= data.draw(st.integers(1, 255))
    change = f"UPDATE journal_fact SET {column} = ? WHERE number = ?"
    if url.startswith("sqlite"):
        change = change.replace("?", "CAST(? AS TEXT)", 1)
        hand(change, bytes(now), number)
    else:
        try:
            hand(change, now.decode(), number)
        except (UnicodeDecodeError, psycopg.DataError):
            assume(False)  # PostgreSQL keeps no such bytes.
    try:
        audit = journal.verify()
        assert (audit.ok, audit.first_broken) == (False, number)
    finally:
        hand(change, whole if url.startswith("sqlite") else was, number)
    assert journal.verify().first_broken is None


def test_a_damaged_fact_is_told_where_it_is_read(open_journal):
    url, journal = open_journal
    for column, value in (("at", "yesterday"), ("body", '{"a":')):
        done_by_hand(url, f"UPDATE journal_fact SET {column} = ? WHERE number = 4", value)
        with pytest.raises(JournalError, match=r"Fact 4 .* `wbr audit` says more"):
            journal.facts()


def test_an_audit_of_bytes_that_are_no_text_leaves_reading_strict(file):
    journal = Journal(f"sqlite:///{file}")
    told(journal)
    unguarded(f"sqlite:///{file}")
    done_by_hand(
        f"sqlite:///{file}", "UPDATE journal_fact SET because = CAST(x'ff' AS TEXT) WHERE number = 2"
    )
    assert journal.verify().first_broken == 2
    with pytest.raises(JournalError, match=r"is damaged .* `wbr audit` says where"):
        journal.facts()


# --- many at once

A_FACT = st.tuples(
    st.sampled_from(["owner.assigned", "answer.given", "goal.status"]),
    st.sampled_from(["orders", "visits", "Umsätze 'n' \\ %"]),
    st.dictionaries(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-(2**53) + 1, 2**53 - 1)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
            max_leaves=4,
        ),
        max_size=3,
    ),
)


@pytest.fixture
def three(url) -> list[Journal]:
    return [Journal(url) for _ in range(3)]


@settings(parent=ONE_JOURNAL, max_examples=15)
@given(turns=st.lists(st.tuples(st.integers(0, 2), st.lists(A_FACT, max_size=3)), max_size=8))
def test_any_order_of_appends_by_several_makes_one_chain(three, turns):
    journals = three
    before = len(journals[0].facts())
    expected = []
    for who, facts in turns:
        added = journals[who].append_all([New(*each) for each in facts], author=f"p{who}", at=at(who))
        expected += [(f"p{who}", *each) for each in facts]
        assert len(added) == len(facts)
    found = journals[0].facts(after=before)
    assert [(f.author, f.kind, f.subject, f.body) for f in found] == expected
    audit = journals[1].verify()
    assert (audit.ok, audit.facts, audit.version) == (True, before + len(expected), journals[2].version)


def in_children(tasks) -> list[int]:
    """Run each task in a forked process; return how they ended: 0 if well."""
    children = []
    for task in tasks:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                task()
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_processes_that_write_at_once_lose_nothing_and_are_not_refused(url):
    journal = Journal(url)
    journal.append("a", "parent", {}, author="parent", at=NOON)  # Its open connection is not the children's.

    def write(who: int) -> None:
        for number in range(20):
            journal.append("seen", f"m{number}", {"who": who, "n": number}, author=f"p{who}", at=NOON)

    assert in_children([lambda who=who: write(who) for who in range(4)]) == [0] * 4
    journal.append("a", "parent", {}, author="parent", at=NOON)
    for who in range(4):
        assert [fact.body["n"] for fact in journal.facts(author=f"p{who}")] == list(range(20))
    assert (journal.verify().ok, journal.verify().facts) == (True, 82)


def test_processes_that_make_the_journal_at_once_make_one(url):
    start = time.monotonic() + 0.2

    def write(who: int) -> None:
        time.sleep(max(0, start - time.monotonic()))
        Journal(url).append("a", "b", {"who": who}, author="c", at=NOON)

    assert in_children([lambda who=who: write(who) for who in range(6)]) == [0] * 6
    assert sorted(fact.body["who"] for fact in Journal(url).facts()) == list(range(6))


def test_of_many_who_expect_the_same_one_comes_first_and_all_others_are_told(url):
    journal = Journal(url)
    journal.append("owner.assigned", "orders", {}, author="dana", at=NOON)
    ends: list[str] = []

    def write(who: int) -> None:
        try:
            journal.append("owner.assigned", "orders", {"who": who}, author=f"p{who}", at=NOON, expects=1)
            ends.append("first")
        except ConflictError as error:
            ends.append(f"told of {error.newest.number}")

    threads = [threading.Thread(target=write, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["first", *["told of 2"] * 7]


def test_a_writer_waits_for_another_and_says_so_in_the_end(url):
    journal = Journal(url, patience=0.3)
    journal.append("a", "b", {}, author="c", at=NOON)
    held, done = threading.Event(), threading.Event()

    def hold(_connection) -> None:
        held.set()
        done.wait(20)

    holder = threading.Thread(target=lambda: Journal(url)._database.write(hold))
    holder.start()
    try:
        assert held.wait(10)
        assert len(journal.facts()) == 1  # Readers do not wait.
        with pytest.raises(JournalError, match=r"held by another process\. Nothing was written"):
            journal.append("a", "b", {}, author="c", at=NOON)
        waiting = threading.Thread(
            target=lambda: Journal(url).append("a", "b", {"n": 2}, author="c", at=NOON), daemon=True
        )
        waiting.start()
    finally:
        done.set()
        holder.join()
    waiting.join(20)
    assert [fact.body for fact in journal.facts()] == [{}, {"n": 2}]


def test_what_came_back_is_on_the_disk(url, journal):
    """SQLite syncs its log at each commit (2 is FULL); PostgreSQL does, whatever its default says."""
    if url.startswith("sqlite"):
        asked = ("PRAGMA synchronous", "PRAGMA journal_mode")
        expected = [2, "wal"]
    else:
        journal = Journal(f"{url}%20-csynchronous_commit%3Doff")
        asked, expected = ("SHOW synchronous_commit",), ["on"]
    found = journal._database.write(lambda c: [c.execute(text(each)).scalar_one() for each in asked])
    assert found == expected


# --- copies


def test_a_copy_is_the_same_chain_in_whatever_database(url, journal, server, tmp_path):
    facts = told(journal)
    journal.save_draft("ravi", "a", "typing", NOON)
    for other in (f"sqlite:///{tmp_path / 'copy.sqlite'}", server.url(f"journal_{next(NUMBERS)}")):
        copy = Journal(other)
        assert journal.copied(copy) == 6
        assert copy.facts() == tuple(facts.values())
        assert copy.drafts("ravi") == journal.drafts("ravi")
        assert copy.verify(journal.version) == journal.verify()
        with pytest.raises(JournalError, match="holds facts already"):
            journal.copied(copy)


def test_a_broken_chain_is_not_copied(open_journal, tmp_path):
    url, journal = open_journal
    done_by_hand(url, "DELETE FROM journal_fact WHERE number = 3")
    copy = Journal(f"sqlite:///{tmp_path / 'copy.sqlite'}")
    with pytest.raises(JournalError, match=r"only grows.*nothing was written"):
        journal.copied(copy)
    assert copy.facts() == ()


# --- older and newer schemas


def test_an_older_journal_takes_the_steps_it_lacks(file):
    journal = Journal(f"sqlite:///{file}")
    told(journal)

    def third(connection) -> None:
        connection.execute(text("ALTER TABLE journal_draft ADD COLUMN colour TEXT"))

    for _ in range(2):  # Once it has them, none is taken again.
        with _transaction(_sqlite(file), writes=True) as connection:
            version = connection.execute(text("SELECT version FROM journal_schema")).scalar_one()
            migrated(connection, version, (*MIGRATIONS, third))
    assert done_by_hand(f"sqlite:///{file}", "SELECT version FROM journal_schema") == [(3,)]


def of_schema_1(file: Path) -> list[Fact]:
    """A journal as the first version of this program wrote it: its own statements, its own hashes."""
    script = (Path(__file__).parent / "older" / "journal_schema_1.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(script)
        connection.commit()
    return [
        Fact(1, NOON, "dana", "owner.assigned", "orders", {"person": "ravi"}, "he knows it", FIRST_HASH, ""),
        Fact(2, NOON, "ravi", "answer.given", "orders", {"text": "a fair"}, "", SECOND_HASH, FIRST_HASH),
    ]


FIRST_HASH = seal(1, (MOMENT, "dana", "owner.assigned", "orders", '{"person":"ravi"}', "he knows it"), "")
SECOND_HASH = seal(2, (MOMENT, "ravi", "answer.given", "orders", '{"text":"a fair"}', ""), FIRST_HASH)


def test_a_journal_of_schema_1_opens_goes_on_and_was_kept_as_it_was(tmp_path):
    file = tmp_path / "journal.sqlite"
    before = of_schema_1(file)
    journal = Journal(f"sqlite:///{file}")
    assert journal.facts() == tuple(before)
    third = journal.append("a.b", "orders", {}, author="dana", at=NOON)
    audit = journal.verify(f"2-{SECOND_HASH}")
    assert (audit.ok, audit.facts, third.previous) == (True, 3, SECOND_HASH)
    kept = tmp_path / "journal.sqlite.schema-1"
    assert done_by_hand(f"sqlite:///{kept}", "SELECT version FROM journal_schema") == [(1,)]
    assert done_by_hand(f"sqlite:///{kept}", "SELECT number, hash FROM journal_fact") == [
        (1, FIRST_HASH.encode()),
        (2, SECOND_HASH.encode()),
    ]


def test_a_journal_without_a_schema_is_told(tmp_path):
    file = tmp_path / "journal.sqlite"
    of_schema_1(file)
    done_by_hand(f"sqlite:///{file}", "DROP TABLE journal_schema")
    with pytest.raises(JournalError, match="not a whole one"):
        Journal(f"sqlite:///{file}").facts()


def test_a_journal_of_a_newer_program_is_left_alone(url, journal):
    told(journal)
    done_by_hand(url, "UPDATE journal_schema SET version = 99")
    for use in (journal.facts, lambda: journal.append("a", "b", {}, author="c", at=NOON)):
        with pytest.raises(JournalError, match=r"newer version of this program \(schema 99; .* Update"):
            use()


# --- faults of the machine


def damaged_in(file: Path, how: str) -> None:
    match how:
        case "empty":
            file.write_bytes(b"")
        case "short":
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        case "noise":
            file.write_bytes(os.urandom(20_000))
        case "torn":
            whole = bytearray(file.read_bytes())
            whole[4096 : len(whole)] = bytes(len(whole) - 4096)
            file.write_bytes(whole)
        case "other":
            file.unlink()
            done_by_hand(f"sqlite:///{file}", "CREATE TABLE recipes (name TEXT)")
        case "gone":
            file.rename(file.with_name("elsewhere"))
            file.with_name(f"{file.name}-wal").write_bytes(b"log")


# fmt: off
DAMAGE = [
    ("empty", "is empty: its facts are lost. Keep a copy of it and restore a backup"),
    ("short", "is damaged"),
    ("noise", "is damaged"),
    ("torn",  "is damaged"),
    ("other", "is not a journal"),
    ("gone",  "journal.sqlite-wal is still there. Put the file back"),
]
# fmt: on


@pytest.mark.parametrize(("how", "sentence"), DAMAGE)
def test_a_damaged_file_is_told_and_not_taken_for_a_new_journal(file, how, sentence):
    journal = Journal(f"sqlite:///{file}")
    assert in_children([lambda: told(Journal(f"sqlite:///{file}")) and None]) == [0]
    done_by_hand(f"sqlite:///{file}", "PRAGMA wal_checkpoint(TRUNCATE)")
    damaged_in(file, how)
    left = sorted(path.name for path in file.parent.iterdir())
    for use in (journal.facts, journal.verify, lambda: journal.append("a", "b", {}, author="c", at=NOON)):
        with pytest.raises(JournalError) as refused:
            use()
        assert sentence in str(refused.value)
        assert str(file) in str(refused.value)
        assert "restore" in str(refused.value)
    assert set(left) <= {path.name for path in file.parent.iterdir()}


def test_a_file_put_in_its_place_is_seen_at_once(file, tmp_path):
    journal, other = Journal(f"sqlite:///{file}"), Journal(f"sqlite:///{tmp_path / 'other.sqlite'}")
    told(journal)
    assert journal.version[:2] == "6-"
    fact = other.append("a", "b", {}, author="c", at=NOON)
    copy = tmp_path / "backup.sqlite"
    other.copied(Journal(f"sqlite:///{copy}"))
    done_by_hand(f"sqlite:///{copy}", "PRAGMA wal_checkpoint(TRUNCATE)")
    for log in ("-wal", "-shm"):
        file.with_name(f"{file.name}{log}").unlink(missing_ok=True)
    copy.rename(file)
    assert journal.version == f"1-{fact.hash}"
    assert journal.facts() == (fact,)


def test_a_file_cut_short_is_told_to_whom_it_was_whole_before(file):
    journal = Journal(f"sqlite:///{file}")
    told(journal)
    done_by_hand(f"sqlite:///{file}", "PRAGMA wal_checkpoint(TRUNCATE)")
    assert journal.version[:2] == "6-"
    file.write_bytes(b"")
    with pytest.raises(JournalError, match="is empty: its facts are lost"):
        _ = journal.version


def test_a_folder_that_is_not_there_is_told(tmp_path):
    journal = Journal(f"sqlite:///{tmp_path / 'none' / 'journal.sqlite'}")
    assert journal.facts() == ()
    with pytest.raises(JournalError, match=r"No such file or directory\. Make sure"):
        journal.append("a", "b", {}, author="c", at=NOON)


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder that this user may only read: as root, who may all, the test goes on as somebody else."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.getuid() == 0
    yield folder
    if is_root:
        os.seteuid(0)
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
        path.unlink()
    folder.rmdir()


def made_read_only(folder: Path) -> None:
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    if os.getuid() == 0:
        os.seteuid(65534)


def test_a_disk_that_may_only_be_read_is_told(nobody):
    made_read_only(nobody)
    with pytest.raises(JournalError, match="this user may write in it"):
        Journal(f"sqlite:///{nobody / 'journal.sqlite'}").append("a", "b", {}, author="c", at=NOON)


def test_a_file_that_may_only_be_read_is_told_and_keeps_its_facts(nobody):
    file = nobody / "journal.sqlite"
    journal = Journal(f"sqlite:///{file}")
    told(journal)
    assert in_children([lambda: None]) == [0]  # A fork closes the file, so that it has no log beside it.
    assert [path.name for path in nobody.iterdir()] == ["journal.sqlite"]
    made_read_only(nobody)
    assert len(journal.facts()) == 6
    with pytest.raises(JournalError, match=r"cannot be opened for writing .* Give this user the right"):
        journal.append("a", "b", {}, author="c", at=NOON)
    if os.getuid() == 0:
        os.seteuid(0)
    nobody.chmod(0o755)
    file.chmod(0o644)
    assert len(journal.facts()) == 6


def test_a_full_disk_is_told_and_loses_nothing(file):
    journal = Journal(f"sqlite:///{file}")
    told(journal)
    whole = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = sum(path.stat().st_size for path in file.parent.iterdir() if path.suffix != ".sqlite-shm")
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50_000, whole[1]))
    try:
        with pytest.raises(JournalError, match=r"disk (is full|refuses).*Nothing was written. Free space"):  # noqa: PT012 - one of many writes meets the end
            for _ in range(20):
                journal.append("a", "b", {"a": "x" * 100_000}, author="c", at=NOON)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, whole)
    assert len(journal.facts(until=at(6), since=at(1))) == 5
    assert journal.verify().ok
    assert journal.append("a", "c", {}, author="c", at=NOON).number == journal.verify().facts


# --- faults of a server


def test_a_server_that_is_not_there_is_told_without_its_password(server):
    away = Journal(server.url().replace(f":{server.port}/", ":1/"))
    wrong = Journal(server.url().replace(server.password, "wrong-password"))
    none = Journal(server.url().replace("/postgres?", "/no_such?"))
    for journal, sentence in ((away, "connection"), (wrong, "authentication"), (none, "does not exist")):
        with pytest.raises(JournalError) as refused:
            journal.facts()
        assert sentence in str(refused.value)
        assert "journal:***@127.0.0.1" in str(refused.value)
        assert server.password not in str(refused.value)
        assert "wrong-password" not in str(refused.value)


def test_a_connection_that_broke_is_made_again(server):
    url = server.url(f"journal_{next(NUMBERS)}")
    journal = Journal(url)
    told(journal)
    done_by_hand(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    )
    assert len(journal.facts()) == 6
    assert journal.append("a", "b", {}, author="c", at=NOON).number == 7


def test_a_server_that_may_only_be_read_is_told(server):
    url = server.url(f"journal_{next(NUMBERS)}")
    told(Journal(url))
    standby = Journal(f"{url}%20-cdefault_transaction_read_only%3Don")
    assert len(standby.facts()) == 6
    with pytest.raises(JournalError, match=r"may not be written .*read-only transaction"):
        standby.append("a", "b", {}, author="c", at=NOON)
