"""What the signal engine says of every metric, judged once for a state of the numbers."""

from collections import OrderedDict
from datetime import date, datetime
from typing import TYPE_CHECKING

from metrics import history
from metrics.history import Verdicts
from metrics.signals import judge_all

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

REMEMBERED = 24  # Weeks kept in memory.


class Judging:
    """Verdicts, remembered under the store's version and what people decided about limits."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
        self._judged: OrderedDict[tuple[str, str, date, datetime | None], Verdicts] = OrderedDict()

    def verdicts(self, week_ending: date, as_of: datetime | None = None) -> Verdicts:
        """What the engine said of every metric in every week up to one.

        Raises:
            CalendarError: `week_ending` ends no week.
        """
        house = self._house
        house.calendar.week(week_ending)
        key = house.version, house.limits_version, week_ending, as_of
        if key not in self._judged:
            self._judged[key] = self._judge(week_ending, as_of)
            while len(self._judged) > REMEMBERED:
                self._judged.popitem(last=False)
        return self._judged[key]

    def _judge(self, week_ending: date, as_of: datetime | None) -> Verdicts:
        house = self._house
        metrics = [house.definitions.metrics[name] for name in house.registry.order]
        first = house.first_day()
        oldest = week_ending if first is None else min(first, week_ending)
        with house.store.reading(as_of) as connection:
            told = history.history(
                connection,
                metrics,
                oldest,
                week_ending,
                house.calendar,
                missing_days=house.definitions.missing_days,
                target_tables=house.target_tables,
            )
        wanted = [m.id for m in metrics if not m.retired and told.rolled.coarse.get(m.id) != "month"]
        return Verdicts(told, judge_all(history.weeklies(told, house.registry, wanted, house.decisions())))
