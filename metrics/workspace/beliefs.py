"""What the company believes drives what: links as they stand, their grades, the flywheel of a week."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metrics.correlation import LinkTest
from metrics.correlation.words import sentence
from metrics.definitions import Link
from metrics.journal import Fact
from metrics.reviews import links as rules
from metrics.reviews.links import Followed, LinkRecord, Step
from metrics.reviews.statement import Statement
from metrics.wheel import Feed, Look, Tier, Wheel, feeding, wheel

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

ON_TEST: Mapping[int, Look] = {0: "stated", 1: "found", 2: "passed", 3: "followed", 4: "randomised"}


@dataclass(frozen=True, slots=True)
class Belief:
    """A link, and everything that speaks for or against it.

    Attributes:
        record: What people said of it.
        test: What the data say; None if nothing is loaded.
        grade: 0 to 4; None where it cannot be told or is contradicted.
        look: How it is drawn.
        steps: Each logged step with what came of it.
        words: The evidence in a sentence.
    """

    record: LinkRecord
    test: LinkTest | None
    grade: int | None
    look: Look
    steps: tuple[tuple[Step, Followed], ...]
    words: str


@dataclass(frozen=True, slots=True)
class Health:
    """How a quarter went for the practice of testing beliefs.

    Attributes:
        quarter: `2026 Q2`, of the calendar year.
        stated: Links stated or stated anew.
        tested: Tests noted, steps logged and randomised tests entered.
        promoted: Links whose best evidence of the quarter is a step or a randomised test that came.
        retired: Links retired.
        inputs_retired: Input metrics retired.
    """

    quarter: str
    stated: int
    tested: int
    promoted: int
    retired: int
    inputs_retired: int


class Beliefs:
    """Reads, states, restates and retires links."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house

    # --- reading -----------------------------------------------------------------------------

    def records(self, on: date | None = None) -> tuple[LinkRecord, ...]:
        """Every link ever stated, as people spoke of it up to a day."""
        definitions, chronicle = self._house.definitions, self._house.loop.chronicle
        return chronicle.made("links", lambda facts: rules.records(definitions, facts, on), on)

    def standing(self) -> tuple[Link, ...]:
        """The links that are believed now."""
        return rules.standing(self.records())

    def beliefs(self, until: date | None = None) -> tuple[Belief, ...]:
        """The links that are believed, each with its evidence up to a week."""
        house = self._house
        told = [r for r in self.records() if r.retired is None]
        if not house.version:
            return tuple(Belief(r, None, 0, "stated", (), "Nothing is loaded yet.") for r in told)
        tests = house.evidence.links(until, tuple(r.link for r in told))
        names = {m.id: m.name for m in house.definitions.metrics.values()}
        return tuple(self._belief(r, t, names, until) for r, t in zip(told, tests, strict=True))

    def _belief(
        self, record: LinkRecord, test: LinkTest, names: Mapping[str, str], until: date | None
    ) -> Belief:
        steps = tuple((s, self._followed(s, record.link, until)) for s in record.steps if s.logged)
        words = sentence(test, names)
        if test.state == "definition":
            return Belief(record, test, None, "definition", steps, words)
        trial = record.trials[-1] if record.trials else None
        if trial is not None:
            words = f"{_trial_words(trial.moved, trial.day)} {words}"
            return Belief(
                record,
                test,
                4 if trial.moved else None,
                "randomised" if trial.moved else "broken",
                steps,
                words,
            )
        if test.state == "contradicted" or (test.decay is not None and test.decay.state == "decayed"):
            return Belief(record, test, None, "broken", steps, words)
        if any(came == "followed" for _, came in steps):
            return Belief(record, test, 3, "followed", steps, words)
        grade = 1 if record.found and test.grade else test.grade or 0
        if record.found and not grade:
            return Belief(record, test, 1, "found", steps, words)
        if test.state == "insufficient":
            return Belief(
                record, test, 0, "inconclusive" if test.detectable_r is not None else "stated", steps, words
            )
        return Belief(record, test, grade, ON_TEST[grade], steps, words)

    def _followed(self, step: Step, link: Link, until: date | None) -> Followed:
        verdicts = self._house.judging.marks(until or self._house.default_week())
        driver, driven = verdicts.judged.get(link.driver), verdicts.judged.get(link.driven)
        if driver is None or driven is None:
            return "too_early"

        def known(z: NDArray[np.float64]) -> list[float | None]:
            return [x if x == x else None for x in z.tolist()]

        return rules.followed(step.day, link, verdicts.told.weeks, known(driver.z), known(driven.z))

    def belief(self, driver: str, driven: str, until: date | None = None) -> Belief:
        """One link; UnknownNameError if it is not believed."""
        rules.record_of(self.records(), driver, driven)
        found = next(
            (
                b
                for b in self.beliefs(until)
                if (b.record.link.driver, b.record.link.driven) == (driver, driven)
            ),
            None,
        )
        if found is None:
            record = rules.record_of(self.records(), driver, driven)
            return Belief(record, None, None, "broken", (), f"Retired on {record.retired}: {record.because}")
        return found

    def wheel(self, week_ending: date | None = None, *, graded: bool = True) -> Wheel:
        """The flywheel with the state of one week.

        Args:
            week_ending: The week; by default the one to open.
            graded: With the grade of each link, which all pairs are looked at for; else all are `stated`.
        """
        house = self._house
        week = house.calendar.week(week_ending).last if week_ending else house.default_week()
        tiers: dict[str, Tier] = {}
        if house.version:
            tiers = {s.metric: s.tier for s in house.judging.marks(week).week(week)}
        beliefs = self.beliefs(week) if graded else ()
        looks = {(b.record.link.driver, b.record.link.driven): b.look for b in beliefs}
        return wheel(house.definitions, self.standing(), tiers, looks)

    def feeding(self, metric: str, week_ending: date | None = None) -> tuple[Feed, ...]:
        """Every way by which something reaches a metric, with summed lags."""
        self._house.metric(metric)
        return feeding(metric, self.wheel(week_ending).spokes)

    def health(self) -> tuple[Health, ...]:
        """The practice quarter by quarter, newest first; quarters in which nothing was said are left out."""
        counts: dict[str, Counter[str]] = {}
        for fact in self._house.loop.chronicle.facts():
            quarter = f"{fact.at.year} Q{(fact.at.month + 2) // 3}"
            if sort := _sort_of(fact):
                counts.setdefault(quarter, Counter())[sort] += 1
        for link in self._house.definitions.links:
            if link.stated is not None:
                quarter = f"{link.stated.year} Q{(link.stated.month + 2) // 3}"
                counts.setdefault(quarter, Counter())["stated"] += 1
        return tuple(
            Health(
                quarter,
                told["stated"],
                told["tested"] + told["promoted"],
                told["promoted"],
                told["retired"],
                told["inputs_retired"],
            )
            for quarter, told in sorted(counts.items(), reverse=True)
        )

    # --- deciding ----------------------------------------------------------------------------

    def _say(self, statement: Statement, by: str) -> Fact:
        return self._house.loop.chronicle.say(statement, by=by)[0]

    def state(
        self,
        driver: str,
        driven: str,
        *,
        sign: str,
        lags: tuple[int, int],
        mechanism: str,
        by: str,
        found: bool = False,
        because: str = "",
        smallest_r: float = rules.SMALLEST_R,
        seen: int | None = None,
    ) -> Fact:
        """State a link, or state it anew; see `reviews.links.stated`."""
        definitions = self._house.definitions
        known = next((r for r in self.records() if r.subject == rules.subject(driver, driven)), None)
        names = {m.id: m.name for m in definitions.metrics.values()}
        arithmetic = self._house.evidence.apart.get((driver, driven))
        statement = rules.stated(
            definitions,
            known,
            driver,
            driven,
            sign=sign,
            lags=lags,
            mechanism=mechanism,
            by=by,
            apart=sentence(arithmetic, names) if arithmetic else "",
            smallest_r=smallest_r,
            found=found,
            because=because,
            seen=seen,
        )
        return self._say(statement, by)

    def retire(self, driver: str, driven: str, because: str, *, by: str, seen: int | None = None) -> Fact:
        """Believe a link no more; its record stays."""
        record = rules.record_of(self.records(), driver, driven)
        return self._say(rules.retirement(self._house.definitions, record, because, by=by, seen=seen), by)

    def plan_step(
        self, driver: str, driven: str, step: str, *, on: date | None, expected: date | None, by: str
    ) -> Fact:
        """Plan an experiment: a step in the driver, and the day by which the driven metric should follow."""
        record, today = rules.record_of(self.records(), driver, driven), self._house.loop.today
        statement = rules.planning(self._house.definitions, record, step, on, expected, by=by, today=today)
        return self._say(statement, by)

    def log_step(self, driver: str, driven: str, step: str, *, on: date | None, by: str) -> Fact:
        """Log a step in the driver that was made."""
        record, today = rules.record_of(self.records(), driver, driven), self._house.loop.today
        return self._say(rules.logging(self._house.definitions, record, step, on, by=by, today=today), by)

    def enter_trial(
        self,
        driver: str,
        driven: str,
        *,
        moved: bool,
        on: date | None,
        how: str,
        by: str,
        effect: float | None = None,
        low: float | None = None,
        high: float | None = None,
        unit: str = "",
    ) -> Fact:
        """Enter the result of a randomised test; see `reviews.links.randomised`."""
        statement = rules.randomised(
            self._house.definitions,
            rules.record_of(self.records(), driver, driven),
            moved=moved,
            on=on,
            how=how,
            by=by,
            today=self._house.loop.today,
            effect=effect,
            low=low,
            high=high,
            unit=unit,
        )
        return self._say(statement, by)


def _sort_of(fact: Fact) -> str:
    match fact.kind:
        case "link.stated" | "link.restated":
            return "stated"
        case "link.tested" | "link.stepped":
            return "tested"
        case "link.randomised":
            return "promoted" if fact.body.get("moved") else "tested"
        case "link.retired":
            return "retired"
        case "life.moved":
            return "inputs_retired" if fact.body.get("to") == "retired" else ""
        case _:
            return ""


def _trial_words(moved: bool, day: date) -> str:
    return f"A randomised test that ended on {day} {'moved' if moved else 'did not move'} it."
