"""Owners: reading who answers for what, and deciding it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from metrics.definitions import Definitions
from metrics.errors import DecisionError
from metrics.journal import Fact
from metrics.owners import (
    Owners,
    Ownership,
    Planned,
    acceptance,
    assignment,
    deputising,
    leaving,
    metrics_of_section,
    preview,
)
from metrics.reviews.statement import named
from metrics.workspace.chronicle import Chronicle


class Owning:
    """Who answers for what."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle

    def owners(self) -> Owners:
        """Who owned what when."""
        definitions = self._chronicle.house.definitions
        return self._chronicle.made("owners", lambda facts: Owners(definitions, facts))

    def of(self, metric: str) -> Ownership:
        """Who answers for a metric today."""
        return self.owners().at(metric, self._chronicle.today)

    def speakers(self, metric: str) -> tuple[str, ...]:
        """Owner and deputy of a metric today."""
        return self.of(metric).speakers

    def assign(
        self,
        metric: str,
        person: str,
        because: str,
        *,
        by: str,
        start: date | None = None,
        seen: int | None = None,
    ) -> Fact:
        """Give a metric to its one owner; see `owners.assignment`."""
        house, today = self._chronicle.house, self._chronicle.today
        statement = assignment(
            self.owners(),
            house.definitions,
            metric,
            person,
            by=by,
            today=today,
            because=because,
            start=start,
            seen=seen,
        )
        return self._chronicle.say(statement, by=by)[0]

    def accept(self, metric: str, *, by: str, seen: int | None = None) -> Fact:
        """The new owner's yes; see `owners.acceptance`."""
        statement = acceptance(
            self.owners(),
            self._chronicle.house.definitions,
            metric,
            by=by,
            today=self._chronicle.today,
            seen=seen,
        )
        return self._chronicle.say(statement, by=by)[0]

    def deputise(
        self,
        metric: str,
        person: str | None,
        *,
        by: str,
        until: date | None = None,
        start: date | None = None,
        because: str = "",
        seen: int | None = None,
    ) -> Fact:
        """Name a deputy, or end one (`person` None); see `owners.deputising`."""
        statement = deputising(
            self.owners(),
            self._chronicle.house.definitions,
            metric,
            person,
            by=by,
            today=self._chronicle.today,
            until=until,
            start=start,
            because=because,
            seen=seen,
        )
        return self._chronicle.say(statement, by=by)[0]

    def leave(self, person: str, on: date | None, *, by: str, because: str = "") -> Fact:
        """Somebody leaves, or (None) came back; see `owners.leaving`."""
        definitions = self._chronicle.house.definitions
        statement = leaving(self.owners(), definitions, person, by=by, on=on, because=because)
        return self._chronicle.say(statement, by=by)[0]

    def preview(
        self, metrics: Sequence[str], person: str, *, by: str, start: date | None = None
    ) -> tuple[Planned, ...]:
        """What giving many metrics to one person would do to each."""
        return preview(
            self.owners(),
            self._chronicle.house.definitions,
            metrics,
            person,
            by=by,
            today=self._chronicle.today,
            start=start,
        )

    def of_section(self, section: str, deck: str | None = None) -> tuple[str, ...]:
        """The metrics of a deck's section."""
        return metrics_of_section(self._chronicle.house.definitions, section, deck)

    def of_person(self, person: str) -> tuple[str, ...]:
        """The metrics of one owner, also of one who has left: what a hand-over of all takes."""
        day = self._chronicle.today
        return tuple(o.metric for o in self.owners().all(day) if person in (o.owner, o.left))

    def assign_many(
        self,
        metrics: Sequence[str],
        person: str,
        because: str,
        *,
        by: str,
        start: date | None = None,
    ) -> tuple[Fact, ...]:
        """Give many metrics to one person, all or nothing; those the preview refuses are left out.

        Raises:
            DecisionError: Not one of them would change.
        """
        owners, definitions = self.owners(), self._chronicle.house.definitions
        today = self._chronicle.today
        planned = preview(
            owners, definitions, metrics, person, by=by, today=today, because=because, start=start
        )
        wanted = [p.metric for p in planned if not p.refused]
        if not wanted:
            why = "\n".join(f"- {definitions.metrics[p.metric].name}: {p.refused}" for p in planned)
            raise DecisionError(
                f"Nothing goes to {named(definitions, person)}:\n{why or '- no metric named'}"
            )
        statements = [
            assignment(owners, definitions, m, person, by=by, today=today, because=because, start=start)
            for m in wanted
        ]
        return self._chronicle.say(*statements, by=by)


# --- for other programs ---------------------------------------------------------------------------


def owners_form(
    definitions: Definitions, told: Owners, rows: Sequence[Ownership], day: date
) -> dict[str, Any]:
    """Who answers for what on a day, for JSON: some rows, and what is not in order."""
    return {
        "day": day.isoformat(),
        "rows": [
            {
                "metric": o.metric,
                "name": definitions.metrics[o.metric].name,
                "owner": o.owner,
                "standing": o.standing,
                "since": o.since.isoformat() if o.since else None,
                "deputy": o.deputy,
                "deputy_until": o.deputy_until.isoformat() if o.deputy_until else None,
                "proposed": o.proposed,
                "coming": {"owner": o.coming[0], "from": o.coming[1].isoformat()} if o.coming else None,
                "left": o.left,
            }
            for o in rows
        ],
        "without_owner": list(told.without(day)),
        "differ_from_definitions": [o.metric for o in told.differences(day)],
        "unrelated_sections": {s.person: [list(g) for g in s.groups] for s in told.unrelated(day)},
        "coverage": [
            {"node": c.node, "metrics": len(c.metrics), "without_owner": list(c.without)}
            for c in told.coverage(day)
        ],
    }
