"""Links as records: what people believe drives what, since when, and what they did to find out.

The definitions state links; the journal states, restates and retires them, and keeps planned and
logged steps and results of randomised tests. A link's stated date decides which weeks may count as
test data, so restating one starts its test anew.

Source: wbr-method.md section 10.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from metrics.definitions import Definitions, Link
from metrics.errors import DecisionError, UnknownNameError, hint
from metrics.reviews.duties import checked
from metrics.reviews.statement import Statement, day_of, declared, of_family, said
from metrics.reviews.told import Told

BETWEEN = ">"  # Between driver and driven in a subject.
ACTS = ("edit_link", "test_link", "define", "propose_version")
SMALLEST_R = 0.15  # Of a link that says nothing else; as in the definitions.
LONGEST_LAG = 52


@dataclass(frozen=True, slots=True)
class Step:
    """A step that somebody plans or made in a driver.

    Attributes:
        day: When it is planned, or was made.
        text: What is done.
        expected: By when the driven metric should follow; None of a logged step.
        by: Who said so.
        logged: It was made.
        fact: Its number in the journal.
    """

    day: date
    text: str
    expected: date | None
    by: str
    logged: bool
    fact: int


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of a randomised test, as a person entered it.

    Attributes:
        day: When it ended.
        moved: Whether the driven metric moved as the link says.
        effect, low, high: In the unit named; None where not told.
        unit: `pp per 1 pp`, in the words of whoever ran it.
        because: How it was run.
        by: Who entered it.
        fact: Its number in the journal.
    """

    day: date
    moved: bool
    effect: float | None
    low: float | None
    high: float | None
    unit: str
    because: str
    by: str
    fact: int


@dataclass(frozen=True, slots=True)
class Version:
    """How a link was stated at one time.

    Attributes:
        link: The claim.
        since: When it was stated; None if nobody said.
        by: Who.
        found: It came from the search, so it was seen before it was stated.
        because: Why it was stated so; empty for the definitions.
    """

    link: Link
    since: date | None
    by: str
    found: bool
    because: str


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """A link with all that people said of it.

    Attributes:
        link: The claim as it stands, or stood last.
        versions: Every way it was stated, oldest first.
        retired: When it was retired; None while it stands.
        because: Why it was retired.
        found: The standing version came from the search.
        steps: Planned and logged steps, oldest first.
        trials: Randomised tests, oldest first.
        tested: Days on which somebody noted a test.
        fact: Newest fact about it; 0 if the journal says nothing.
    """

    link: Link
    versions: tuple[Version, ...]
    retired: date | None = None
    because: str = ""
    found: bool = False
    steps: tuple[Step, ...] = ()
    trials: tuple[Trial, ...] = ()
    tested: tuple[date, ...] = ()
    fact: int = 0

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return subject(self.link.driver, self.link.driven)


def subject(driver: str, driven: str) -> str:
    """The subject of what is said of one link."""
    return f"{driver}{BETWEEN}{driven}"


def records(
    definitions: Definitions, facts: Iterable[Told], on: date | None = None
) -> tuple[LinkRecord, ...]:
    """Every link ever stated, in the order of the file, then of the journal.

    Args:
        definitions: Of the workspace.
        facts: The journal's, oldest first.
        on: Only what was said up to this day; by default all.
    """
    found: dict[str, LinkRecord] = {}
    for link in definitions.links:
        if on is not None and link.stated is not None and link.stated > on:
            continue
        version = Version(link, link.stated, link.by or "", False, "")
        found[subject(link.driver, link.driven)] = LinkRecord(link, (version,))
    for fact in of_family(facts, "link"):
        if on is not None and fact.at.date() > on:
            continue
        driver, _, driven = fact.subject.partition(BETWEEN)
        if driver in definitions.metrics and driven in definitions.metrics:
            known = _told(found.get(fact.subject), fact, driver, driven)
            if known is not None:
                found[fact.subject] = replace(known, fact=fact.number)
    return tuple(found.values())


def _told(known: LinkRecord | None, fact: Told, driver: str, driven: str) -> LinkRecord | None:
    if fact.kind in ("link.stated", "link.restated"):
        version = _version(fact, driver, driven)
        if known is None:
            return LinkRecord(version.link, (version,), found=version.found)
        return replace(
            known,
            link=version.link,
            versions=(*known.versions, version),
            retired=None,
            because="",
            found=version.found,
        )
    if known is None:
        return None
    body = fact.body
    match fact.kind:
        case "link.retired":
            return replace(known, retired=fact.at.date(), because=fact.because)
        case "link.planned" | "link.stepped":
            step = Step(
                day_of(body, "on") or fact.at.date(),
                str(body.get("step", "")),
                day_of(body, "expected"),
                fact.author,
                fact.kind == "link.stepped",
                fact.number,
            )
            return replace(known, steps=(*known.steps, step))
        case "link.randomised":
            trial = Trial(
                day_of(body, "on") or fact.at.date(),
                bool(body["moved"]),
                body.get("effect"),
                body.get("low"),
                body.get("high"),
                str(body.get("unit", "")),
                fact.because,
                fact.author,
                fact.number,
            )
            return replace(known, trials=(*known.trials, trial))
        case "link.tested":
            return replace(known, tested=(*known.tested, fact.at.date()))
        case _:
            return known


def _version(fact: Told, driver: str, driven: str) -> Version:
    body = fact.body
    link = Link(
        driver=driver,
        driven=driven,
        sign=body["sign"],
        lag_weeks=tuple(body["lag_weeks"]),
        because=str(body["mechanism"]),
        stated=fact.at.date(),
        by=fact.author,
        smallest_r_that_matters=float(body.get("smallest_r", SMALLEST_R)),
    )
    return Version(link, fact.at.date(), fact.author, bool(body.get("found")), fact.because)


def standing(told: Sequence[LinkRecord]) -> tuple[Link, ...]:
    """The links that are believed."""
    return tuple(record.link for record in told if record.retired is None)


# --- decisions --------------------------------------------------------------------------------


def stated(
    definitions: Definitions,
    known: LinkRecord | None,
    driver: str,
    driven: str,
    *,
    sign: str,
    lags: tuple[int, int],
    mechanism: str,
    by: str,
    apart: str = "",
    smallest_r: float = SMALLEST_R,
    found: bool = False,
    because: str = "",
    seen: int | None = None,
) -> Statement:
    """A link stated, or stated anew.

    Args:
        definitions: Of the workspace.
        known: What is known of this pair; None if it was never stated.
        driver: The metric that moves.
        driven: The metric that follows.
        sign: `+` or `-`.
        lags: Weeks after which the effect shows, first to last.
        mechanism: Why, in one sentence.
        by: Who states it.
        apart: Why this pair is arithmetic, in words; such a link is never stated.
        smallest_r: The smallest correlation that would matter.
        found: It came from the search.
        because: Why it is stated anew; needed for that.
        seen: Newest fact about it that the author saw.

    Raises:
        DecisionError: The pair is arithmetic, the lags or the sign are none, or a word is missing.
        NotAllowedError: The author may not.
        UnknownNameError: No such metric.
    """
    checked(definitions, by, *ACTS)
    here, there = declared(definitions, driver), declared(definitions, driven)
    if driver == driven:
        raise DecisionError(f"{here.name} cannot drive itself. Name two metrics.")
    if apart:
        raise DecisionError(f"{here.name} and {there.name} are no hypothesis: {apart}")
    if sign not in ("+", "-"):
        raise DecisionError(f"{sign!r} is no sign. `+`: they move together; `-`: apart.")
    first, last = lags
    if not 0 <= first <= last <= LONGEST_LAG:
        raise DecisionError(
            f"Lags {first} to {last} are none: 0 to {LONGEST_LAG} weeks, the first not after the last."
        )
    if not 0 < smallest_r < 1:
        raise DecisionError(f"The smallest r that matters is {smallest_r}; it lies between 0 and 1.")
    why = said(mechanism, "the mechanism", why="Say in one sentence why it would be so.")
    body = {
        "sign": sign,
        "lag_weeks": [first, last],
        "mechanism": why,
        "smallest_r": smallest_r,
        "found": found,
    }
    again = known is not None and known.retired is None
    reason = (
        said(because, "the reason", why="Say why it is stated anew; its test starts anew, too.")
        if again
        else because.strip()
    )
    expects = (known.fact if known else 0) if seen is None else seen
    return Statement(
        "link.restated" if again else "link.stated", subject(driver, driven), body, reason, expects
    )


def retirement(
    definitions: Definitions, record: LinkRecord, because: str, *, by: str, seen: int | None = None
) -> Statement:
    """A link that is believed no more; its record stays."""
    checked(definitions, by, *ACTS)
    if record.retired is not None:
        raise DecisionError(f"This link was retired on {record.retired} already.")
    reason = said(because, "the reason", why="Say what changed your mind.")
    return Statement("link.retired", record.subject, {}, reason, record.fact if seen is None else seen)


def planning(
    definitions: Definitions,
    record: LinkRecord,
    step: str,
    on: date | None,
    expected: date | None,
    *,
    by: str,
    today: date,
) -> Statement:
    """A step in the driver that is planned, with the day by which the driven metric should follow."""
    checked(definitions, by, *ACTS, "answer")
    text = said(step, "the step", why="Say what will be done to the driver.")
    if on is None or expected is None:
        raise DecisionError("A planned step needs its day, and the day by which the effect should show.")
    if on < today:
        raise DecisionError(f"{on} is past: log the step instead of planning it.")
    if expected < on:
        raise DecisionError(f"The effect is expected on {expected}, before the step on {on}. Swap them.")
    body = {"step": text, "on": on.isoformat(), "expected": expected.isoformat()}
    return Statement("link.planned", record.subject, body)


def logging(
    definitions: Definitions, record: LinkRecord, step: str, on: date | None, *, by: str, today: date
) -> Statement:
    """A step in the driver that was made."""
    checked(definitions, by, *ACTS, "answer")
    text = said(step, "the step", why="Say what was done to the driver.")
    if on is None:
        raise DecisionError("A logged step needs its day.")
    if on > today:
        raise DecisionError(f"{on} lies ahead: plan the step, and log it when it is made.")
    return Statement("link.stepped", record.subject, {"step": text, "on": on.isoformat()})


def randomised(
    definitions: Definitions,
    record: LinkRecord,
    *,
    moved: bool,
    on: date | None,
    how: str,
    by: str,
    today: date,
    effect: float | None = None,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
) -> Statement:
    """The result of a randomised test.

    Raises:
        DecisionError: It does not say when or how; its interval does not hold the effect, or says the
            opposite of `moved`.
        NotAllowedError: The author may not.
    """
    checked(definitions, by, *ACTS)
    reason = said(how, "how it was run", why="Say who was split how, and for how long.")
    if on is None or on > today:
        raise DecisionError("The test needs the day on which it ended, and that is past.")
    if effect is not None and (low is None or high is None or not low <= effect <= high):
        raise DecisionError("An effect comes with its 95% interval, low to high, and lies in it.")
    if effect is not None and low is not None and high is not None and moved and low <= 0 <= high:
        raise DecisionError("The interval holds zero: the test does not show that it moved.")
    body = {
        "moved": moved,
        "on": on.isoformat(),
        "effect": effect,
        "low": low,
        "high": high,
        "unit": unit.strip(),
    }
    return Statement("link.randomised", record.subject, body, reason)


def record_of(told: Sequence[LinkRecord], driver: str, driven: str) -> LinkRecord:
    """One link's record; UnknownNameError with a hint if there is none."""
    wanted = subject(driver, driven)
    found = next((r for r in told if r.subject == wanted), None)
    if found is None:
        raise UnknownNameError(f"No link {wanted} was stated. {hint(wanted, [r.subject for r in told])}")
    return found


# --- was a logged step followed? ----------------------------------------------------------------

BEFORE, AFTER = 12, 6  # Weeks compared.
FEWEST = 4  # After the step, with a value.
CLEAR = 2.0  # Standard errors: chance brings that in one case of twenty.

Followed = Literal["followed", "not_followed", "driver_did_not_move", "too_early"]


def followed(
    step: date,
    link: Link,
    weeks: Sequence[date],
    driver: Sequence[float | None],
    driven: Sequence[float | None],
) -> Followed:
    """Whether the driven metric followed a logged step in its driver, at the link's lags.

    The surprises of the weeks after the step are held against those of twelve weeks before; each has
    σ = 1, so the difference of two means has the standard error √(1/a + 1/b).

    Args:
        step: When it was made.
        link: The claim.
        weeks: Last days of weeks, oldest first.
        driver: Its surprises in σ; None where there is none.
        driven: Likewise.
    """
    after = [n for n, week in enumerate(weeks) if week >= step]
    if not after:
        return "too_early"
    first = after[0]
    moved = _shift(driver, first, 0)
    if moved is None:
        return "too_early"
    if abs(moved) < CLEAR:
        return "driver_did_not_move"
    shifts = [_shift(driven, first, lag) for lag in range(link.lag_weeks[0], link.lag_weeks[1] + 1)]
    known = [shift for shift in shifts if shift is not None]
    if not known:
        return "too_early"
    way = (1 if moved > 0 else -1) * (1 if link.sign == "+" else -1)
    return "followed" if max(way * shift for shift in known) >= CLEAR else "not_followed"


def _shift(surprises: Sequence[float | None], first: int, lag: int) -> float | None:
    """Mean after less mean before, in standard errors; None with too few weeks."""
    start = first + lag
    before = [s for s in surprises[max(first - BEFORE, 0) : first] if s is not None]
    after = [s for s in surprises[start : start + AFTER] if s is not None]
    if len(after) < FEWEST or len(before) < FEWEST:
        return None
    error = (1 / len(after) + 1 / len(before)) ** 0.5
    return (sum(after) / len(after) - sum(before) / len(before)) / float(error)
