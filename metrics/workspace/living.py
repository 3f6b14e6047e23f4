"""The life of inputs: where each stands, what its gates measure, and the eight tests of controllable."""

from datetime import date

import numpy as np

from metrics.journal import Fact
from metrics.reviews import life as rules
from metrics.reviews.life import ControllableTest, Life, Measured
from metrics.reviews.statement import declared
from metrics.workspace.chronicle import Chronicle
from metrics.workspace.saying import Saying

SHIFTS = 52  # Newest weeks whose exceptions are the past shifts of a metric.


class Living:
    """Reads and moves metrics through their lives."""

    def __init__(self, chronicle: Chronicle, saying: Saying) -> None:
        self._chronicle = chronicle
        self._saying = saying
        self._house = chronicle.house

    def lives(self) -> dict[str, Life]:
        """Where every metric stands."""
        definitions = self._house.loop.definitions
        return self._chronicle.made("lives", lambda facts: rules.lives(definitions, facts))

    def measured(self, metric: str, week_ending: date | None = None) -> Measured:
        """What the product measures about a metric for its gates.

        Link tests are those that people noted in the journal (`link.tested`, subject `driver>driven`).
        """
        known = declared(self._house.loop.definitions, metric)
        actions = sum(a.state == "open" and a.metric == metric for a in self._saying.actions())
        causes = len(self._logged(metric))
        tests = sum(
            f.kind == "link.tested" and metric in f.subject.split(">") for f in self._chronicle.facts()
        )
        doubts = [
            "a story disagrees"
            for r in self._saying.definition_reviews()
            if r.metric == metric and r.closed is None
        ]
        if not self._house.version:
            return Measured(causes=causes, actions=actions, link_tests=tests, doubts=tuple(doubts))
        verdicts = self._house.judging.marks(week_ending or self._house.default_week())
        told = verdicts.told
        values = told.values(known.id)
        judged = verdicts.judged.get(metric)
        signal = verdicts.at(metric, told.weeks[-1])
        tiers = list(judged.tier) if judged else []
        return Measured(
            weeks=int(np.isfinite(values).sum()),
            points=signal.n if signal else 0,
            limits=bool(signal and signal.low is not None),
            link_tests=tests,
            causes=causes,
            actions=actions,
            predictable=_run([t in ("none", "watch") for t in tiers]),
            on_target=_run(_on_target(values, told.targets(known.id), known.better)),
            doubts=tuple(doubts),
        )

    def gate(self, metric: str, to: str) -> tuple[str, ...]:
        """What a metric lacks to enter a state, in words."""
        state = next((s for s in rules.STATES if s == to), None)
        if state is None:
            return (f"a state that exists: {', '.join(rules.STATES)}",)
        return rules.life_gate(self._house.loop.definitions, metric, state, self.measured(metric))

    def move(
        self,
        metric: str,
        to: str,
        because: str,
        *,
        by: str,
        successor: str | None = None,
        gamed: bool = False,
    ) -> Fact:
        """Move a metric to another state of its life; see `reviews.life.moved`."""
        declared(self._house.loop.definitions, metric)
        statement = rules.moved(
            self._house.loop.definitions,
            self.lives()[metric],
            to,
            because,
            self.measured(metric),
            by=by,
            successor=successor,
            gamed=gamed,
        )
        return self._chronicle.say(statement, by=by)[0]

    def controllable(self, metric: str) -> tuple[ControllableTest, ...]:
        """The eight tests, with the measured one filled in."""
        declared(self._house.loop.definitions, metric)
        answers = rules.replies(self._chronicle.facts(), metric)
        return rules.controllable(
            self._house.loop.definitions, metric, answers, self._shifts(metric), self._logged(metric)
        )

    def reply(self, metric: str, test: int, passed: bool, text: str, *, by: str) -> Fact:
        """A person's answer to one of the tests."""
        statement = rules.replied(self._house.loop.definitions, metric, test, passed, text, by=by)
        return self._chronicle.say(statement, by=by)[0]

    def _shifts(self, metric: str) -> list[date]:
        """Weeks of the past year in which the metric was an exception."""
        if not self._house.version:
            return []
        judged = self._house.verdicts().judged.get(metric)
        if judged is None:
            return []
        weeks = list(zip(judged.week_endings, judged.tier, strict=True))[-SHIFTS:]
        return [week for week, tier in weeks if tier == "exception"]

    def _logged(self, metric: str) -> list[date]:
        """Days of the actions, annotations and events that concern a metric."""
        events = [
            day
            for e in self._house.loop.definitions.events
            if metric in e.scope
            for day in (*e.dates, *e.week_endings)
        ]
        remarks = [r.day for r in self._saying.annotations(metric)]
        done = [
            (a.closed or a.opened).date()
            for a in self._saying.actions()
            if metric in (a.metric, a.effect_metric)
        ]
        return [*events, *remarks, *done]


def _run(flags: list[bool]) -> int:
    """How many at the end are true without a gap."""
    count = 0
    for flag in reversed(flags):
        if not flag:
            break
        count += 1
    return count


def _on_target(values: "np.ndarray", targets: "np.ndarray", better: str) -> list[bool]:
    """Whether each week reached its target; a week without either did not."""
    with np.errstate(invalid="ignore"):
        met = values >= targets if better == "up" else values <= targets
    return [bool(m) for m in met]
