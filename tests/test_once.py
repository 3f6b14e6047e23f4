"""What many ask for at the same moment is made once, and what is of an earlier load is let go."""

import gc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest

from metrics import open_workspace
from metrics.ui.opened import Opened, deck_html
from metrics.workspace.once import Once
from tests.browser import LAST_WEEK, a_shop

MANY = 8


def test_what_many_ask_for_at_once_is_made_once():
    once, known, made, together = Once(), {}, [], Barrier(MANY)

    def make() -> object:
        made.append("deck")
        return object()

    def asks(_: int) -> object:
        together.wait()
        return once.made(known, "week", make)

    with ThreadPoolExecutor(MANY) as people:
        answers = list(people.map(asks, range(MANY)))
    assert made == ["deck"]
    assert all(answer is known["week"] for answer in answers)


def test_one_thing_does_not_wait_for_another():
    once, known, done = Once(), {}, Event()

    def slow() -> str:
        assert done.wait(30)
        return "slow"

    with ThreadPoolExecutor(1) as people:
        waiting = people.submit(once.made, known, "a", slow)
        assert once.made(known, "b", lambda: "quick") == "quick"
        done.set()
        assert waiting.result() == "slow"
    assert known == {"a": "slow", "b": "quick"}


def test_what_could_not_be_made_is_tried_again():
    once, known = Once(), {}

    def fails() -> str:
        raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="the disk is full"):
        once.made(known, "week", fails)
    assert once.made(known, "week", lambda: "deck") == "deck"


def test_what_is_of_an_earlier_load_is_let_go(tmp_path):
    house = open_workspace(a_shop(tmp_path / "shop"))
    old = [house.deck(LAST_WEEK - timedelta(weeks=1)), house.verdicts(LAST_WEEK)]
    source = tmp_path / "shop" / "shop.csv"
    source.write_text(source.read_text().rpartition(",")[0] + ",1\n")
    house.load(by="test")
    house.deck(LAST_WEEK)
    assert [held for each in old for held in gc.get_referrers(each) if held is not old] == []


def test_what_was_said_while_a_deck_was_on_its_way_is_drawn_at_the_next_click(tmp_path):
    folder = a_shop(tmp_path / "shop")
    house, other = open_workspace(folder), open_workspace(folder)  # Another process.
    before = house.deck()
    due = other.default_week() + timedelta(days=14)
    other.loop.saying.answer("orders", "still_analysing", "Said meanwhile.", by="ben", due=due)
    page = Opened(house, "the files")
    assert "Said meanwhile." not in deck_html(page, before)
    assert "Said meanwhile." in deck_html(page, house.deck())


def test_a_deck_claims_no_load_that_came_while_it_was_made(tmp_path, monkeypatch):
    folder = a_shop(tmp_path / "shop")
    house, source, first = open_workspace(folder), folder / "shop.csv", open_workspace(folder).version
    reading = house.judging.marks

    def marks(*asked):
        told = reading(*asked)
        source.write_text(source.read_text().rpartition(",")[0] + ",1\n")
        open_workspace(folder).load(by="another process")
        return told

    monkeypatch.setattr(house.judging, "marks", marks)
    assert house.deck(LAST_WEEK).version == first
    assert house.version != first
