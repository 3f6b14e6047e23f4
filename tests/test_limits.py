"""Dividers and exclusions: what may be decided, what stands, and what it does to the limits."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pytest

from metrics import open_workspace
from metrics.definitions import Definitions
from metrics.errors import CalendarError, ConflictError, DecisionError, MetricsError, NotAllowedError
from metrics.history import Decisions
from metrics.periods import Calendar
from metrics.reviews import limits
from metrics.reviews.limits import Ending, Range, Weeks
from tests.odd import an_odd_shop
from tests.test_cli import wbr

WEEK = timedelta(weeks=1)
FIRST = date(2025, 1, 11)  # A Saturday, as weeks end in these tests.
AT = datetime(2026, 5, 11, 11, tzinfo=UTC)
CALENDAR = Calendar()
COMPANY = {"name": "Shop", "currency": "USD", "time_zone": "UTC"}
SHOP = Definitions.model_validate({"company": COMPANY, "people": {"yuki": {"name": "Yuki Mori"}}})


def week(n: int) -> date:
    """Ending of the week `n` after the first."""
    return FIRST + n * WEEK


@dataclass(frozen=True)
class Said:
    """A fact as the journal keeps it."""

    number: int
    kind: str
    subject: str
    because: str = "A new depot opened"
    body: dict[str, Any] = field(default_factory=dict)
    at: datetime = AT
    author: str = "yuki"


def some_weeks(
    count: int = 40, *, without: tuple[int, ...] = (), events: dict[date, str] | None = None
) -> Weeks:
    return Weeks(
        "orders", "Orders", [week(n) for n in range(count)], [n not in without for n in range(count)], events or {}
    )  # fmt: skip


def decided(*facts: tuple[str, int]) -> tuple[limits.Decision, ...]:
    """Decisions from kinds and weeks, in order."""
    return limits.decisions(
        Said(number, kind, f"orders:{week(n)}") for number, (kind, n) in enumerate(facts, start=1)
    )


# --- what stands -------------------------------------------------------------------------------


def test_a_decision_keeps_its_cause_its_author_its_day_and_the_limits_before_and_after():
    (one,) = limits.decisions(
        [
            Said(
                4,
                "divider.declared",
                "orders:2025-03-01",
                body={"old": {"expected": 10.0, "low": 8.0, "high": 12.0}, "new": {"expected": 20.0}},
            ),
            Said(5, "goal.status", "orders:2025-03-01"),
            Said(6, "divider.declared", "no week"),
        ]
    )
    assert one == limits.Decision(
        act="divider",
        metric="orders",
        week_ending=date(2025, 3, 1),
        because="A new depot opened",
        by="yuki",
        at=AT,
        number=4,
        old=Range(10.0, 8.0, 12.0),
        new=Range(20.0, None, None),
    )
    assert one.stands


def test_an_ended_decision_stays_with_who_ended_it_and_may_be_declared_again():
    first, again = decided(("divider.declared", 20), ("divider.ended", 20), ("divider.declared", 20))
    assert first.ended == Ending("yuki", AT, "A new depot opened", 2)
    assert (first.number, first.stands, again.number, again.stands) == (1, False, 3, True)


def test_ending_an_exclusion_leaves_the_divider_of_the_same_week():
    told = decided(("divider.declared", 20), ("exclusion.declared", 20), ("exclusion.ended", 20))
    assert [(one.act, one.stands) for one in told] == [("divider", True), ("exclusion", False)]


# --- what may be decided -----------------------------------------------------------------------


def test_a_divider_is_declared_with_its_cause():
    said = limits.divider(some_weeks(), week(30), "  A new depot opened ", (), CALENDAR, SHOP, expects=3)
    assert (said.kind, said.subject, said.because, said.expects) == (
        "divider.declared",
        f"orders:{week(30)}",
        "A new depot opened",
        3,
    )


# fmt: off
REFUSED = [
    # it shows that …                                       act          week   cause                 so far                                          the refusal says
    ("a divider needs a cause",                             "divider",   20,    "  ",                 (),                                             "The cause is missing. Name what happened"),
    ("a sign is no cause",                                  "divider",   20,    "?!",                 (),                                             "The cause '?!' says nothing. Name what happened"),
    ("the future is not changed in advance",                "divider",   40,    "A new depot opened", (),                                             f"is not over: the newest week of Orders ends on {week(39)}"),
    ("before the first week there is nothing",              "divider",   -1,    "A new depot opened", (),                                             f"Orders has no value before the week ending {week(0)}"),
    ("the first week parts nothing",                        "divider",   0,     "A new depot opened", (),                                             "A divider parts an old level from a new one"),
    ("seven weeks are no level yet",                        "divider",   33,    "A new depot opened", (),                                             "has 7 weeks with a value so far. A new level needs 8"),
    ("a divider stands once",                               "divider",   20,    "A new depot opened", (("divider.declared", 20),),                    "Orders has this divider already"),
    ("the author of the first one is named",                "divider",   20,    "A new depot opened", (("divider.declared", 20),),                    "Yuki Mori declared it on 2026-05-11, because “A new depot opened”"),
    ("a level is not cut short from behind",                "divider",   25,    "A new depot opened", (("divider.declared", 20),),                    "has 5 weeks with a value; a level needs 8"),
    ("a level is not cut short from before",                "divider",   15,    "A new depot opened", (("divider.declared", 20),),                    f"5 weeks with a value until the divider at {week(20)}"),
    ("an exclusion needs a cause",                          "exclusion", 20,    "",                   (),                                             "The cause is missing"),
    ("a week is left out once",                             "exclusion", 20,    "A strike",           (("exclusion.declared", 20),),                  "Orders has this exclusion already"),
    ("limits keep six weeks",                               "exclusion", 39,    "A strike",           (("divider.declared", 32), ("exclusion.declared", 33), ("exclusion.declared", 34)), "5 weeks are left for the limits of Orders at this level"),
]
# fmt: on


@pytest.mark.parametrize(
    ("act", "n", "cause", "told", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_refusal(act, n, cause, told, says):
    rule = {"divider": limits.divider, "exclusion": limits.exclusion}[act]
    with pytest.raises(DecisionError) as refused:
        rule(some_weeks(), week(n), cause, decided(*told), CALENDAR, SHOP)
    assert says in str(refused.value)


def test_what_was_ended_may_be_declared_again():
    told = decided(("divider.declared", 20), ("divider.ended", 20))
    assert limits.divider(some_weeks(), week(20), "A new depot opened", told, CALENDAR, SHOP)


def test_eight_weeks_make_a_level_and_weeks_without_a_value_do_not_count():
    assert limits.divider(some_weeks(), week(32), "A new depot opened", (), CALENDAR, SHOP)
    with pytest.raises(DecisionError, match="7 weeks with a value so far"):
        limits.divider(some_weeks(without=(35,)), week(32), "A new depot opened", (), CALENDAR, SHOP)


def test_a_day_within_a_week_is_refused_by_the_calendar():
    with pytest.raises(CalendarError, match="weeks end on Saturday"):
        limits.divider(some_weeks(), week(20) - timedelta(days=1), "A new depot opened", (), CALENDAR, SHOP)


def test_a_week_without_a_value_or_with_a_declared_event_is_not_left_out_again():
    with pytest.raises(DecisionError, match="no final value"):
        limits.exclusion(some_weeks(without=(20,)), week(20), "A strike", (), CALENDAR, SHOP)
    with pytest.raises(DecisionError, match="the definitions declare Fair for it"):
        limits.exclusion(some_weeks(events={week(20): "Fair"}), week(20), "A strike", (), CALENDAR, SHOP)


def test_ending_needs_a_reason_and_something_that_stands():
    told = decided(("divider.declared", 20), ("divider.declared", 30), ("divider.ended", 30))
    said = limits.ended("divider", "orders", week(20), "The depot closed", told, SHOP, expects=1)
    assert (said.kind, said.because, said.expects) == ("divider.ended", "The depot closed", 1)
    with pytest.raises(DecisionError, match="The reason for ending it is missing"):
        limits.ended("divider", "orders", week(20), "", told, SHOP)
    with pytest.raises(
        DecisionError, match=r"Yuki Mori ended it on 2026-05-11, because “A new depot opened”"
    ):
        limits.ended("divider", "orders", week(30), "The depot closed", told, SHOP)
    with pytest.raises(DecisionError, match=f"These do: {week(20)}"):
        limits.ended("divider", "orders", week(25), "The depot closed", told, SHOP)


# --- in a workspace ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return an_odd_shop(tmp_path_factory.mktemp("odd") / "shop")


@pytest.fixture
def shop(loaded: Path):
    """The odd workspace, without decisions."""
    for left in loaded.glob("journal.sqlite*"):
        left.unlink()
    return open_workspace(loaded)


MOVED = date(2026, 2, 7)  # Where the planted level of `moved` begins.


def test_a_divider_moves_the_limits_and_its_end_moves_them_back(shop):
    (proposal,) = shop.limits.proposals("moved")
    assert (proposal.since, proposal.direction) == (MOVED, "above")
    before = shop.verdicts().at("moved", shop.default_week())
    told = shop.limits.declare_divider("moved", MOVED, "A second shift started", "yuki")
    after = shop.verdicts().at("moved", shop.default_week())
    assert (told.old.low, told.old.high) == (before.low, before.high)
    assert (told.new.low, told.new.high) == (after.low, after.high)
    assert after.low > before.low
    assert (before.tier, after.tier) == ("exception", "none")
    assert shop.limits.proposals("moved") == ()
    assert shop.decisions() == {"moved": Decisions(dividers=(MOVED,))}

    shop.limits.end_divider("moved", MOVED, "The shift was given up", "zoe")
    assert shop.verdicts().at("moved", shop.default_week()) == before
    assert shop.decisions() == {}
    (one,) = shop.limits.standing("moved")
    assert (one.by, one.because, one.ended.by, one.ended.because) == (
        "yuki",
        "A second shift started",
        "zoe",
        "The shift was given up",
    )


def test_nothing_moves_by_itself(shop):
    for metric in shop.verdicts().judged:
        assert shop.limits.standing(metric) == ()
    assert shop.limits.version == ""
    assert not (shop.folder / "journal.sqlite").exists()


def test_an_excluded_outlier_leaves_the_limits_and_stays_in_the_table(shop):
    leap = shop.verdicts().judged["leap"].dwarfing[0]
    shop.limits.exclude("leap", leap, "A test order", "yuki")
    row = shop.limits.weeks("leap").set_index("day").loc[str(leap)]
    assert (row["value"], row["left_out"]) == (pytest.approx(1e12), "A test order")
    newest = shop.verdicts().at("leap", shop.default_week())
    assert newest.state == "normal"
    assert newest.high < 800
    assert shop.limits.readmit("leap", leap, "It was no test", "yuki").stands is False


def test_only_who_has_the_right_decides_and_the_others_learn_who_does(shop):
    with pytest.raises(NotAllowedError, match=r"Ada Moss may not declare a divider .* that is for analyst"):
        shop.limits.declare_divider("moved", MOVED, "A second shift started", "ada")
    with pytest.raises(NotAllowedError, match="Say who you are first"):
        shop.limits.exclude("moved", MOVED, "A second shift started", "")
    assert shop.limits.standing("moved") == ()


@pytest.mark.parametrize(
    ("metric", "says"),
    [("monthly", "is told by the month"), ("gone", "is retired"), ("never", "no week with a value")],
)
def test_a_metric_without_weekly_limits_says_so(shop, metric, says):
    with pytest.raises(DecisionError, match=says):
        shop.limits.declare_divider(metric, MOVED, "A second shift started", "yuki")
    assert shop.limits.proposals(metric) == ()


def test_the_second_of_two_people_is_told_of_the_first(shop):
    told = shop.limits.declare_divider("moved", MOVED, "A second shift started", "yuki")
    other = open_workspace(shop.folder)
    shop.limits.end_divider("moved", MOVED, "The shift was given up", "yuki")
    again = shop.limits.declare_divider("moved", MOVED, "A third shift started", "yuki")
    with pytest.raises(ConflictError, match="yuki was first"):
        other.limits.end_divider("moved", MOVED, "It was a mistake", "zoe", seen=told.number)
    assert again.stands


def test_of_two_who_decide_at_once_one_is_refused(shop):
    ready, said = Barrier(2), []

    def declare(by: str) -> None:
        mine = open_workspace(shop.folder)
        mine.verdicts()
        ready.wait()
        try:
            mine.limits.declare_divider("moved", MOVED, f"{by} knows the cause", by)
            said.append("declared")
        except MetricsError as refused:
            said.append(type(refused).__name__)

    people = [Thread(target=declare, args=(by,)) for by in ("yuki", "zoe")]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert "declared" in said
    assert set(said) <= {"declared", "ConflictError", "DecisionError"}
    assert len(said) == 2
    assert sum(one.stands for one in shop.limits.standing("moved")) == said.count("declared") == 1


# --- the classic chart -------------------------------------------------------------------------


def test_with_a_constant_model_the_classic_chart_is_the_same_picture(shop):
    model = shop.verdicts().judged["steady"].model
    assert (model.shape, model.phi) == ("constant", 0.0)
    ours, classic = shop.limits.weeks("steady").iloc[-1], shop.limits.classic("steady").iloc[-1]
    width = ours["high"] - ours["low"]
    assert classic["centre"] == pytest.approx(ours["expected"], abs=0.005 * width)
    assert classic["high"] - classic["low"] == pytest.approx(width, rel=0.025)
    locked = shop.verdicts().judged["steady"].lock >= 0
    exceptions = shop.limits.weeks("steady")["tier"] == "exception"
    assert (shop.limits.classic("steady")["beyond"] == exceptions)[locked].all()


def test_each_level_has_its_own_classic_limits_and_no_moving_range_crosses_a_divider(shop):
    shop.limits.declare_divider("moved", MOVED, "A second shift started", "yuki")
    table = shop.limits.classic("moved").set_index("day")
    assert table["level"].nunique() == 2
    assert np.isnan(table.loc[str(MOVED), "moving_range"])
    old, new = table.iloc[0], table.iloc[-1]
    assert new["centre"] - old["centre"] == pytest.approx(70, abs=14)
    assert not table["beyond"].any()


def test_three_weeks_have_no_classic_limits(shop):
    assert shop.limits.classic("three")[["low", "high", "range_high"]].isna().all(axis=None)
    assert shop.limits.classic("monthly").empty
    assert shop.limits.weeks("monthly").empty


def test_few_events_are_shown_four_weeks_at_a_time(shop):
    table = shop.limits.weeks("few")
    assert 17 <= len(table) < 30
    assert table["expected"].notna().any()


def test_a_stock_is_shown_with_its_level_in_a_range_of_levels(shop):
    newest = shop.limits.weeks("stock").iloc[-1]
    assert newest["low"] < newest["value"] < newest["high"]
    assert newest["value"] > 1000


# --- the command line --------------------------------------------------------------------------


def test_a_divider_is_declared_and_ended_in_a_terminal(shop):
    day = str(MOVED)
    assert wbr("divider", "moved", cwd=shop.folder) == (0, "moved has no divider.\n", "")
    code, out, err = wbr(
        "divider", "moved", day, "--because", "A second shift", "--by", "yuki", cwd=shop.folder
    )
    assert (code, out, err) == (0, f"{day}  A second shift (yuki, 2026-05-12)\n", "")
    code, out, err = wbr(
        "divider", "moved", day, "--because", "A second shift", "--by", "ada", cwd=shop.folder
    )
    assert (code, out) == (1, "")
    assert "Ada Moss may not declare a divider" in err
    code, out, _ = wbr(
        "divider", "moved", day, "--end", "--because", "It was given up", "--by", "zoe", cwd=shop.folder
    )
    assert (code, out) == (
        0,
        f"{day}  A second shift (yuki, 2026-05-12); ended by zoe on 2026-05-12: It was given up\n",
    )
