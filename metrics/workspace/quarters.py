"""The quarterly metric review: reading and writing it."""

from collections.abc import Mapping

from metrics.journal import Fact
from metrics.reviews import quarterly as rules
from metrics.reviews.quarterly import QuarterlyReview
from metrics.workspace.chronicle import Chronicle


class Quarters:
    """Owners' reviews, quarter by quarter."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle

    @property
    def now(self) -> str:
        """The quarter of today."""
        return rules.quarter_of(self._chronicle.today)

    def review(self, person: str, quarter: str | None = None) -> QuarterlyReview:
        """One owner's review; without an answer where nothing was written."""
        wanted = quarter or self.now
        known = self._chronicle.made("quarterly", rules.reviews)
        return known.get(rules.subject(person, wanted), QuarterlyReview(person, wanted, {}))

    def before(self, person: str) -> tuple[QuarterlyReview, ...]:
        """An owner's reviews of earlier quarters, newest first."""
        known = self._chronicle.made("quarterly", rules.reviews).values()
        mine = [r for r in known if r.person == person and r.quarter < self.now]
        return tuple(sorted(mine, key=lambda r: r.quarter, reverse=True))

    def answer(self, answers: Mapping[str, str], *, by: str, seen: int | None = None) -> Fact:
        """Write the own review of this quarter; what was answered and is left out now stays."""
        known = self.review(by)
        together = {**known.answers, **{q: a for q, a in answers.items() if a.strip()}}
        statement = rules.answered(self._chronicle.house.definitions, known, together, by=by, seen=seen)
        return self._chronicle.say(statement, by=by)[0]
