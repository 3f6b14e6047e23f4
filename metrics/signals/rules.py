"""When a week is a signal: how many of the last weeks lie beyond a line on one side.

One form says all the rules that the engine uses; the published rule sets need four more. Inequalities are
strict: a value on a line is not beyond it, and one on the centre line breaks a run. The newest week must take
part, so that a rule speaks of news.

Source: analytics.md section 2, step 8; Western Electric 1956; Nelson 1984; Wheeler; NHS, *Making Data Count*.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from metrics.signals.values import Flags, Floats, Places


class Pattern(Protocol):
    """A rule on the last `of` weeks."""

    @property
    def of(self) -> int:
        """Weeks that it looks at."""
        ...

    def complete(self, z: Floats) -> Flags:
        """The weeks at which it is complete and which take part themselves.

        Args:
            z: Deviations in sigma, oldest first; NaN takes part in nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """`count` of the last `of` weeks beyond `line` sigma on one side, the newest among them."""

    count: int
    of: int
    line: float

    def complete(self, z: Floats) -> Flags:
        """As `Pattern`."""
        found = np.zeros(len(z), bool)
        for side in (1.0, -1.0):
            beyond = side * z > self.line
            found |= beyond & _recent(beyond, self.count, self.of)
        return found


@dataclass(frozen=True, slots=True)
class Climb:
    """`of` weeks in a row, each above the one before, or each below it. It raises no alert in the engine."""

    of: int

    def complete(self, z: Floats) -> Flags:
        """As `Pattern`."""
        steps = np.diff(z, prepend=np.nan)
        return _recent(steps > 0, self.of - 1) | _recent(steps < 0, self.of - 1)


@dataclass(frozen=True, slots=True)
class Zigzag:
    """`of` weeks in a row that go up and down in turn."""

    of: int

    def complete(self, z: Floats) -> Flags:
        """As `Pattern`."""
        turns = np.diff(np.sign(np.diff(z, prepend=np.nan)), prepend=np.nan)
        return _recent(np.abs(turns) == 2, self.of - 2)


@dataclass(frozen=True, slots=True)
class Hugging:
    """`of` weeks in a row within `line` sigma of the centre line, on either side."""

    of: int
    line: float

    def complete(self, z: Floats) -> Flags:
        """As `Pattern`."""
        return _recent(np.abs(z) < self.line, self.of)


@dataclass(frozen=True, slots=True)
class Avoiding:
    """`of` weeks in a row beyond `line` sigma, on either side."""

    of: int
    line: float

    def complete(self, z: Floats) -> Flags:
        """As `Pattern`."""
        return _recent(np.abs(z) > self.line, self.of)


BEYOND: Final = Rule(1, 1, 3.0)  # The exception: 1 stable week in 370.
THREE_OF_FOUR: Final = Rule(3, 4, 1.5)  # Watch: a strong lean.
EIGHT_IN_A_ROW: Final = Rule(8, 8, 0.0)  # Watch: a weak lean that stays.
SUSTAINED: Final = (THREE_OF_FOUR, EIGHT_IN_A_ROW)

# Published rule sets, to read other charts by. None of them judges a week here.
WHEELER: Final[tuple[Pattern, ...]] = (BEYOND, *SUSTAINED)
WESTERN_ELECTRIC: Final[tuple[Pattern, ...]] = (BEYOND, Rule(2, 3, 2.0), Rule(4, 5, 1.0), EIGHT_IN_A_ROW)
NELSON: Final[tuple[Pattern, ...]] = (
    BEYOND,
    Rule(9, 9, 0.0),
    Climb(6),
    Zigzag(14),
    Rule(2, 3, 2.0),
    Rule(4, 5, 1.0),
    Hugging(15, 1.0),
    Avoiding(8, 1.0),
)  # In Nelson's order, so that his tests 1 to 5 are NELSON[:5].
NHS: Final[tuple[Pattern, ...]] = (BEYOND, Rule(7, 7, 0.0), Climb(7), Rule(2, 3, 2.0))


def closing(rule: Pattern, z: Sequence[float] | Floats) -> list[int]:
    """Places at which the rule is complete and which take part themselves: what an alert needs.

    Args:
        rule: The rule.
        z: Deviations in sigma, oldest first; NaN takes part in nothing.
    """
    return np.flatnonzero(rule.complete(np.asarray(z, dtype=float))).tolist()


def closing_any(rules: Sequence[Pattern], z: Sequence[float] | Floats) -> list[int]:
    """Places at which any rule of a set is complete.

    Args:
        rules: The set.
        z: Deviations in sigma, oldest first; NaN takes part in nothing.
    """
    return sorted({place for rule in rules for place in closing(rule, z)})


def painted(rule: Pattern, z: Sequence[float] | Floats) -> list[int]:
    """All places of the windows that a closing place ends: what a chart colours."""
    return sorted({place for end in closing(rule, z) for place in range(max(0, end - rule.of + 1), end + 1)})


def _recent(there: Flags, count: int, of: int | None = None) -> Flags:
    """Whether at least `count` of the last `of` places up to each are there; by default all of them."""
    of = of or count
    upto: Places = np.concatenate((np.zeros(of, dtype=np.intp), np.cumsum(there)))
    enough: Flags = upto[of:] - upto[: len(there)] >= count
    return enough


class Memory:
    """The last eight judged weeks of many metrics at once.

    A week that was not judged is passed over: it neither takes part in a run nor breaks one.

    Attributes:
        z: rows × 8, the newest last; NaN where fewer were judged.
        weeks: The place of each; −1 where there is none.
        side: Of the run that the newest belongs to: 1 above, −1 below, 0 for none.
        since: The place of that run's first week; −1 where there is none.
    """

    def __init__(self, rows: int) -> None:
        self.z: Floats = np.full((rows, EIGHT_IN_A_ROW.of), np.nan)
        self.weeks: Places = np.full((rows, EIGHT_IN_A_ROW.of), -1, dtype=np.intp)
        self.side: Floats = np.zeros(rows)
        self.since: Places = np.full(rows, -1, dtype=np.intp)

    def add(self, week: int, z: Floats, judged: Flags) -> None:
        """Remember a week of the metrics that were judged in it."""
        self.z[judged] = np.column_stack((self.z[judged, 1:], z[judged]))
        self.weeks[judged, :-1] = self.weeks[judged, 1:]
        self.weeks[judged, -1] = week
        side = np.where(judged, (z > 0).astype(float) - (z < 0), self.side)
        self.since[judged & (side != self.side)] = week
        self.side = side

    def forget(self, rows: Flags) -> None:
        """Begin anew: nothing before a divider counts."""
        self.z[rows], self.weeks[rows], self.side[rows], self.since[rows] = np.nan, -1, 0.0, -1

    def complete(self, rule: Rule) -> tuple[Flags, Places]:
        """Whether each metric's newest judged week completes the rule, and the first week that takes part.

        Of a run, that is the week it began, however long ago.
        """
        z, weeks = self.z[:, -rule.of :], self.weeks[:, -rule.of :]
        newest_above = self.z[:, -1:] > 0
        beyond = np.where(newest_above, z, -z) > rule.line
        done = beyond[:, -1] & (beyond.sum(axis=1) >= rule.count)
        first = self.since if rule.count == rule.of else weeks[np.arange(len(weeks)), beyond.argmax(axis=1)]
        return done, np.where(done, first, -1)
