"""When a week is a signal: how many of the last weeks lie beyond a line on one side.

One form says all the rules in use. Inequalities are strict: a value on a line is not beyond it, and one on
the centre line breaks a run. The newest week must take part, so that a rule speaks of news.

Source: analytics.md section 2, step 8.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from metrics.signals.values import Flags, Floats, Places


@dataclass(frozen=True, slots=True)
class Rule:
    """`count` of the last `of` weeks beyond `line` sigma on one side, the newest among them."""

    count: int
    of: int
    line: float


BEYOND: Final = Rule(1, 1, 3.0)  # The exception: 1 stable week in 370.
THREE_OF_FOUR: Final = Rule(3, 4, 1.5)  # Watch: a strong lean.
EIGHT_IN_A_ROW: Final = Rule(8, 8, 0.0)  # Watch: a weak lean that stays.
SUSTAINED: Final = (THREE_OF_FOUR, EIGHT_IN_A_ROW)


def closing(rule: Rule, z: Sequence[float] | Floats) -> list[int]:
    """Places at which the rule is complete and which take part themselves: what an alert needs.

    Args:
        rule: The rule.
        z: Deviations in sigma, oldest first; NaN is never beyond a line.
    """
    z = np.asarray(z, dtype=float)
    found = []
    for side in (1.0, -1.0):
        beyond = side * z > rule.line
        ends = np.flatnonzero(beyond).tolist()
        found += [end for end in ends if beyond[_window(rule, end)].sum() >= rule.count]
    return sorted(found)


def painted(rule: Rule, z: Sequence[float] | Floats) -> list[int]:
    """All places of the windows that a closing place ends: what a chart colours."""
    return sorted({place for end in closing(rule, z) for place in range(end + 1)[_window(rule, end)]})


def _window(rule: Rule, end: int) -> slice:
    return slice(max(0, end - rule.of + 1), end + 1)


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
        side = np.where(judged, np.sign(np.nan_to_num(z)), self.side)
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
