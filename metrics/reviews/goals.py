"""The status of a goal, as finance sets it, and its plan, as it was changed: rules, not storage.

The product proposes a status, finance decides, and both are kept: each decision holds what was proposed
when it was taken. A plan changes only with a reason and somebody else's approval.

Source: wbr-method.md sections 8 and 10.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Literal, get_args

from metrics.definitions import Definitions, Goal
from metrics.errors import DecisionError, NotAllowedError, UnknownNameError, hint
from metrics.reviews.rights import checked
from metrics.reviews.told import Told

Status = Literal["green", "yellow", "red"]
STATUSES: tuple[Status, ...] = get_args(Status)

FAMILY = "goal"
STATUS_SET = "goal.status"
PLAN_CHANGED = "goal.plan"
APPROVES = "executive"  # The role that accepts or refuses a goal, where some person has it.


@dataclass(frozen=True, slots=True)
class StatusSet:
    """A status that somebody set.

    Attributes:
        goal: Its name.
        status: What was decided.
        proposed: What the product proposed at that moment; None if nothing.
        week_ending: Last day of the week it was decided for.
        because: Why.
        by: Handle of who decided.
        at: When.
        number: Place in the journal.
    """

    goal: str
    status: Status
    proposed: Status | None
    week_ending: date
    because: str
    by: str
    at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A goal's value that was changed.

    Attributes:
        goal: Its name.
        value: The new value, in the metric's unit.
        was: The value before.
        because: Why.
        approver: Handle of who approved it.
        by: Handle of who changed it.
        at: When.
        number: Place in the journal.
    """

    goal: str
    value: float
    was: float
    because: str
    approver: str
    by: str
    at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Kept:
    """All that was decided about one goal, oldest first."""

    statuses: tuple[StatusSet, ...] = ()
    plans: tuple[PlanChange, ...] = ()

    @property
    def newest(self) -> int:
        """Number of the newest fact; 0 if there is none. Whoever decides next says that they saw it."""
        return max([0, *(s.number for s in self.statuses), *(p.number for p in self.plans)])

    def status(self, on: date | None = None) -> StatusSet | None:
        """The status that stands, or stood for weeks up to a day; None if none was set."""
        known = [s for s in self.statuses if on is None or s.week_ending <= on]
        return max(known, key=lambda s: (s.week_ending, s.number), default=None)

    def value(self, declared: float) -> float:
        """The plan that stands: the last change, or what the files declare."""
        return self.plans[-1].value if self.plans else declared


NOTHING = Kept()


def replayed(facts: Iterable[Told]) -> dict[str, Kept]:
    """What was decided, by goal, from facts in their order; facts of other kinds are passed over."""
    statuses: dict[str, list[StatusSet]] = {}
    plans: dict[str, list[PlanChange]] = {}
    for fact in facts:
        match fact.kind:
            case "goal.status":
                statuses.setdefault(fact.subject, []).append(_status(fact))
            case "goal.plan":
                plans.setdefault(fact.subject, []).append(_plan(fact))
    return {
        goal: Kept(tuple(statuses.get(goal, ())), tuple(plans.get(goal, ())))
        for goal in dict.fromkeys((*statuses, *plans))
    }


def named(definitions: Definitions, name: str) -> Goal:
    """A declared goal; UnknownNameError with a hint if there is none of that name."""
    found = next((goal for goal in definitions.goals if goal.name == name), None)
    if found is None:
        known = [goal.name for goal in definitions.goals]
        raise UnknownNameError(f"{name!r} is not among goals. {hint(name, known)}")
    return found


def status_body(
    definitions: Definitions,
    name: str,
    status: str,
    *,
    because: str,
    by: str,
    week_ending: date,
    proposed: Status | None,
) -> Mapping[str, str | None]:
    """What is written when a status is set.

    Raises:
        NotAllowedError: The person may not set it.
        UnknownNameError: No such goal or person.
        DecisionError: No such status, or no reason.
    """
    named(definitions, name)
    checked(definitions, by, "set_goal_status")
    if status not in STATUSES:
        raise DecisionError(f"{status!r} is no status of a goal. Choose green, yellow or red.")
    if not because.strip():
        raise DecisionError(
            f"Why is “{name}” {status}? A status needs a reason, so that it can be read a quarter later."
        )
    return {"status": status, "proposed": proposed, "week_ending": week_ending.isoformat()}


def plan_body(
    definitions: Definitions,
    name: str,
    value: float,
    *,
    was: float,
    because: str,
    by: str,
    approver: str,
) -> Mapping[str, float | str]:
    """What is written when a goal's value is changed.

    Raises:
        NotAllowedError: The person may not change it, or the approver may not approve it.
        UnknownNameError: No such goal or person.
        DecisionError: No reason, no approver, the same value, or no number.
    """
    named(definitions, name)
    checked(definitions, by, "set_target")
    if not isfinite(value):
        raise DecisionError(f"{value} is not a value a goal can have. Give a number in the metric's unit.")
    if value == was:
        raise DecisionError(f"“{name}” stands at this value already. Nothing was changed.")
    if not because.strip():
        raise DecisionError(f"Why does the plan of “{name}” change? A plan changes only with a reason.")
    _approved(definitions, by, approver.strip())
    return {"value": value, "was": was, "approver": approver.strip()}


def approvers(definitions: Definitions, by: str | None = None) -> tuple[str, ...]:
    """Handles of those who may approve a change of plan that `by` makes."""
    people = definitions.people
    executives = [handle for handle, person in people.items() if APPROVES in person.roles]
    return tuple(handle for handle in (executives or people) if handle != by)


def _approved(definitions: Definitions, by: str, approver: str) -> None:
    if not approver:
        raise DecisionError("Who approved it? A plan changes only with somebody's approval: name them.")
    if approver == by:
        raise NotAllowedError("Nobody approves their own change of plan. Name somebody else.")
    if not definitions.people:
        return
    if approver not in definitions.people:
        raise UnknownNameError(f"{approver!r} is not among people. {hint(approver, definitions.people)}")
    if approver not in (allowed := approvers(definitions, by)):
        names = ", ".join(definitions.people[handle].name for handle in allowed) or "nobody"
        raise NotAllowedError(
            f"{definitions.people[approver].name} may not approve a change of plan: that is for executives. "
            f"Ask one of them: {names}."
        )


def _status(fact: Told) -> StatusSet:
    body = fact.body
    return StatusSet(
        fact.subject,
        body["status"],
        body.get("proposed"),
        date.fromisoformat(body["week_ending"]),
        fact.because,
        fact.author,
        fact.at,
        fact.number,
    )


def _plan(fact: Told) -> PlanChange:
    body = fact.body
    return PlanChange(
        fact.subject,
        float(body["value"]),
        float(body["was"]),
        fact.because,
        str(body["approver"]),
        fact.author,
        fact.at,
        fact.number,
    )
