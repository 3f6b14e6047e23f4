"""The states of one week's deck, the gates between them, and who owes what is missing.

A gate is told in words. The deck owner may move on *despite* what is missing, with a reason; the
fact keeps the list, and page 0 shows it.

Source: wbr-method.md section 4.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from metrics.definitions import Definitions
from metrics.errors import DecisionError
from metrics.reviews.actions import Action
from metrics.reviews.andon import AndonMark
from metrics.reviews.answers import Answer, inputs_of
from metrics.reviews.certification import PERIOD_STATES, Certification, Value
from metrics.reviews.duties import checked
from metrics.reviews.editions import deck_subject
from metrics.reviews.statement import Statement, listed, named, said
from metrics.reviews.told import Told

WeekState = Literal["open", "built", "owner_review", "certified", "published", "held", "closed"]
ORDER: tuple[WeekState, ...] = (
    "open", "built", "owner_review", "certified", "published", "held", "closed",
)  # fmt: skip
WORDS: dict[WeekState, str] = {
    "open": "open",
    "built": "built",
    "owner_review": "in owner review",
    "certified": "certified",
    "published": "published",
    "held": "held",
    "closed": "closed",
}
# Days after the week's last day, and the time, at which a state should be reached.
CLOCK: dict[WeekState, tuple[int, time]] = {
    "open": (1, time(20)),
    "built": (2, time(7)),
    "owner_review": (2, time(9)),
    "certified": (3, time(12)),
    "published": (3, time(18)),
    "held": (4, time(12)),
    "closed": (4, time(18)),
}
# Who may move a week into a state: any of these acts.
MOVES: dict[WeekState, tuple[str, ...]] = {
    "built": ("move_week", "load"),
    "owner_review": ("move_week",),
    "certified": ("certify", "move_week"),
    "published": ("publish",),
    "held": ("move_week",),
    "closed": ("move_week",),
}


@dataclass(frozen=True, slots=True)
class Owed:
    """Something a gate, or a promise, still wants.

    Attributes:
        what: In words: `Answer the exception on Failed checkouts`.
        who: Handles; empty if it is owed by whoever has the role.
        role: The role that owes it, where no person is named.
        metric: Id of the metric concerned, if it is one.
        due: When it was, or is, wanted.
        kind: What sort it is: `answer`, `look`, `certify`, `action` …
    """

    what: str
    who: tuple[str, ...] = ()
    role: str = ""
    metric: str | None = None
    due: datetime | date | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Exceptional:
    """One exception of the week, and the exceptions it is told together with.

    Attributes:
        metric: Its id.
        together: Ids of the other exceptions of its group, and of the drivers that moved behind it.
    """

    metric: str
    together: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WeekAsItIs:
    """All that the gates look at.

    Attributes:
        deck: Id of the outline.
        week_ending: The week.
        metrics: The metrics the deck shows, in its order.
        late: What is not loaded yet, one sentence a source.
        values: What there is to certify, by metric.
        explained: Metrics without a value for which there is a reason.
        speakers: Owner and deputy by metric.
        looked: Metrics whose owner or deputy has looked.
        exceptions: The week's exceptions, promoted watches included.
        answers: The answers to this week's marks, by metric.
        certifications: How each value stands.
        actions: Actions recorded for this week.
        marks: Andon marks that stand on these metrics or this deck's pages.
    """

    deck: str
    week_ending: date
    metrics: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)
    explained: AbstractSet[str] = frozenset()
    speakers: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    looked: AbstractSet[str] = frozenset()
    exceptions: tuple[Exceptional, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict, hash=False)
    certifications: Mapping[str, Certification] = field(default_factory=dict, hash=False)
    actions: tuple[Action, ...] = ()
    marks: tuple[AndonMark, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one week's deck stands.

    Attributes:
        deck: Id of the outline.
        week_ending: The week.
        state: Where it stands.
        since: When it came there; None for a week that nobody has moved.
        by: Who moved it.
        despite: What was missing when it was moved on all the same, by state.
        fact: Newest fact about it.
    """

    deck: str
    week_ending: date
    state: WeekState = "open"
    since: datetime | None = None
    by: str = ""
    despite: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    fact: int = 0

    @property
    def next(self) -> WeekState | None:
        """The state after this one; None at the end."""
        place = ORDER.index(self.state) + 1
        return ORDER[place] if place < len(ORDER) else None

    @property
    def frozen(self) -> bool:
        """Published or later."""
        return ORDER.index(self.state) >= ORDER.index("published")


def progress(facts: Iterable[Told], deck: str, week_ending: date) -> Progress:
    """Where one week's deck stands."""
    subject = deck_subject(deck, week_ending)
    stands = Progress(deck, week_ending)
    for fact in facts:
        if fact.subject != subject or not fact.kind.startswith("week."):
            continue
        state: WeekState = stands.state
        despite = dict(stands.despite)
        if fact.kind == "week.moved":
            state = fact.body["to"]
        elif fact.kind == "week.published" and not stands.frozen:
            state = "published"
        if missing := fact.body.get("missing"):
            despite[state] = tuple(missing)
        if state == stands.state:
            stands = Progress(deck, week_ending, state, stands.since, stands.by, despite, fact.number)
        else:
            stands = Progress(deck, week_ending, state, fact.at, fact.author, despite, fact.number)
    return stands


def due(state: WeekState, week_ending: date, time_zone: str) -> datetime:
    """When a week should reach a state, where the company is."""
    days, clock = CLOCK[state]
    return datetime.combine(week_ending + timedelta(days=days), clock, ZoneInfo(time_zone))


# --- gates -----------------------------------------------------------------------------------


def gate(definitions: Definitions, week: WeekAsItIs, to: WeekState) -> tuple[Owed, ...]:
    """What is missing before a week may reach a state, and who owes it; nothing if the gate is open."""
    wanted = due(to, week.week_ending, definitions.company.time_zone)
    if not definitions.people and to != "built":
        return ()  # Nobody is declared who could owe anything.
    match to:
        case "built":
            return tuple(Owed(late, role="analyst", due=wanted, kind="load") for late in week.late)
        case "owner_review":
            return _without_value(definitions, week, wanted)
        case "certified":
            return (
                *_not_looked(definitions, week, wanted),
                *_not_answered(definitions, week, wanted),
                *_not_certified(definitions, week, wanted),
            )
        case "held" | "closed":
            return (
                *_not_answered(definitions, week, wanted),
                *_marks_without_answer(definitions, week, wanted),
            )
        case _:
            return ()


def _name(definitions: Definitions, metric: str) -> str:
    return definitions.metrics[metric].name


def _without_value(definitions: Definitions, week: WeekAsItIs, wanted: datetime) -> tuple[Owed, ...]:
    found = []
    for metric in week.metrics:
        value = week.values.get(metric)
        if value is None or value.monthly or value.state in ("complete", "immature", "undefined"):
            continue
        if metric not in week.explained:
            why = PERIOD_STATES.get(value.state, value.state)
            what = f"Say why {_name(definitions, metric)} has no value ({why})"
            found.append(Owed(what, week.speakers.get(metric, ()), "deck_owner", metric, wanted, "explain"))
    return tuple(found)


def _not_looked(definitions: Definitions, week: WeekAsItIs, wanted: datetime) -> tuple[Owed, ...]:
    return tuple(
        Owed(
            f"Look at {_name(definitions, m)}",
            week.speakers.get(m, ()),
            "owner",
            m,
            wanted,
            "look",
        )
        for m in week.metrics
        if m not in week.looked
    )


def unanswered(definitions: Definitions, week: WeekAsItIs) -> tuple[Exceptional, ...]:
    """The exceptions that wait for an answer.

    An output waits for none of its own where an input or context metric told together with it is an
    exception, too: that one's answer speaks for the group.
    """
    told = {e.metric for e in week.exceptions}
    found = []
    for exception in week.exceptions:
        if exception.metric in week.answers:
            continue
        if definitions.metrics[exception.metric].kind == "output":
            others = [m for m in exception.together if definitions.metrics[m].kind != "output"]
            if any(m in told or m in week.answers for m in others):
                continue
        found.append(exception)
    return tuple(found)


def _not_answered(definitions: Definitions, week: WeekAsItIs, wanted: datetime) -> tuple[Owed, ...]:
    found = []
    for exception in unanswered(definitions, week):
        metric = exception.metric
        what = f"Answer the exception on {_name(definitions, metric)}"
        if definitions.metrics[metric].kind == "output":
            inputs = [_name(definitions, m) for m in inputs_of(definitions, metric)[:3]]
            what += f" through its inputs ({listed(inputs, 'or')}, …)" if inputs else ""
        found.append(Owed(what, week.speakers.get(metric, ()), "owner", metric, wanted, "answer"))
    return tuple(found)


def _not_certified(definitions: Definitions, week: WeekAsItIs, wanted: datetime) -> tuple[Owed, ...]:
    found = []
    for metric in week.metrics:
        stands = week.certifications.get(metric)
        if stands is None or stands.decided:
            continue
        again = f" again: {stands.because}" if stands.fallen else ""
        what = f"Certify or dispute {_name(definitions, metric)}{again}"
        found.append(Owed(what, (), "finance", metric, wanted, "certify"))
    return tuple(found)


def _marks_without_answer(definitions: Definitions, week: WeekAsItIs, wanted: datetime) -> tuple[Owed, ...]:
    return tuple(
        Owed(
            f"Answer the Andon mark on {_name(definitions, m.metric) if m.metric else m.place}: {m.text}",
            week.speakers.get(m.metric, ()) if m.metric else (),
            "owner" if m.metric else "deck_owner",
            m.metric,
            wanted,
            "andon",
        )
        for m in week.marks
        if m.answered is None
    )


def people_with(definitions: Definitions, role: str) -> tuple[str, ...]:
    """Handles of those who have a role."""
    return tuple(h for h, p in definitions.people.items() if role in p.roles)


def who_owes(definitions: Definitions, owed: Owed) -> str:
    """Who owes it, in words: the people named, else those with the role."""
    people = owed.who or people_with(definitions, owed.role)
    return listed([named(definitions, p) for p in people], "or") or owed.role.replace("_", " ") or "nobody"


def told_missing(definitions: Definitions, missing: Sequence[Owed], most: int = 24) -> str:
    """What is missing, one line each with who owes it; looks and certificates of one person in one line."""
    lines: dict[str, list[Owed]] = {}
    for owed in missing:
        together = owed.kind in ("look", "certify")
        lines.setdefault(f"{owed.kind}:{who_owes(definitions, owed)}" if together else owed.what, []).append(
            owed
        )
    told = []
    for many in lines.values():
        first, others = many[0], many[1:]
        names = [definitions.metrics[o.metric].name for o in others if o.metric]
        rest = [*names[:2], *([f"{len(names) - 2} more"] if len(names) > 2 else [])]
        told.append(f"- {listed([first.what, *rest])} ({who_owes(definitions, first)})")
    more = len(told) - most
    return "\n".join([*told[:most], *([f"- and {more} more"] if more > 0 else [])])


# --- decisions -------------------------------------------------------------------------------


def move(
    definitions: Definitions,
    stands: Progress,
    week: WeekAsItIs,
    to: str,
    *,
    by: str,
    despite: str = "",
    seen: int | None = None,
) -> Statement:
    """A week moved on to its next state, or back before it is published.

    Args:
        definitions: Of the workspace.
        stands: Where it stands.
        week: All that the gates look at.
        to: The state wanted; not `published`, which is reached by publishing.
        by: Who moves it.
        despite: Why it moves on though something is missing, or why it goes back.
        seen: Newest fact about it that the author saw.

    Raises:
        DecisionError: The gate is closed, and the message says what is missing and who owes it; or the
            state cannot follow.
        NotAllowedError: The author may not.
    """
    if to not in ORDER:
        raise DecisionError(f"{to!r} is no state of a week. One of: {', '.join(ORDER)}.")
    state: WeekState = ORDER[ORDER.index(to)]
    label = f"The week ending {week.week_ending}"
    expects = stands.fact if seen is None else seen
    subject = deck_subject(stands.deck, stands.week_ending)
    here, there = ORDER.index(stands.state), ORDER.index(state)
    if there < here:
        checked(definitions, by, "move_week")
        if stands.frozen:
            raise DecisionError(
                f"{label} is {WORDS[stands.state]}; what is published does not change. Publish another "
                "edition, with a reason."
            )
        reason = said(despite, "the reason", why=f"{label} goes back to {WORDS[state]} only with a reason.")
        return Statement("week.moved", subject, {"to": state}, reason, expects)
    if there == here:
        raise DecisionError(f"{label} is {WORDS[state]} already.")
    if state == "published":
        raise DecisionError(f"{label} is published by publishing it: wbr publish --week {week.week_ending}.")
    if there > here + 1:
        after = stands.next or state
        raise DecisionError(f"{label} is {WORDS[stands.state]}; next it can be {WORDS[after]}.")
    checked(definitions, by, *MOVES[state])
    missing = gate(definitions, week, state)
    reason = despite.strip()
    if missing and not reason:
        raise DecisionError(closed_gate(definitions, label, state, missing))
    if missing:
        checked(definitions, by, "move_week")
    body = {"to": state, "missing": [f"{o.what} ({who_owes(definitions, o)})" for o in missing]}
    return Statement("week.moved", subject, body, reason, expects)


def closed_gate(definitions: Definitions, label: str, state: WeekState, missing: Sequence[Owed]) -> str:
    """Why a week cannot be moved on, in words."""
    things = "thing is" if len(missing) == 1 else "things are"
    return (
        f"{label} cannot be {WORDS[state]} yet; {len(missing)} {things} missing:\n"
        f"{told_missing(definitions, missing)}\n"
        "Do them, or have the deck owner move on despite them, with a reason."
    )
