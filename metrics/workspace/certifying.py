"""Certification of a week's values: what there is to certify, how it stands, and deciding it."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from metrics.definitions import ContextMetric, Metric, operands
from metrics.errors import DecisionError
from metrics.journal import Fact
from metrics.reviews import certification as rules
from metrics.reviews.certification import Certification, Value, definition_fingerprint
from metrics.reviews.duties import checked
from metrics.reviews.statement import declared
from metrics.rollup import STATES, Window, rollup
from metrics.workspace.chronicle import Chronicle
from metrics.workspace.once import Once
from metrics.workspace.owning import Owning

SECOND = "{}__second"  # Name of a second measurement while it is rolled up.


class Certifying:
    """Finance vouches for values."""

    def __init__(self, chronicle: Chronicle, owning: Owning) -> None:
        self._chronicle = chronicle
        self._owning = owning
        self._once = Once()
        self._values: dict[tuple[str, date], dict[str, Value]] = {}

    def values(self, week_ending: date) -> dict[str, Value]:
        """What there is to certify in a week, by metric; retired metrics are left out.

        Remembered for a version of the store.
        """
        house = self._chronicle.house
        if house.whole is not house:
            found = house.whole.loop.certifying.values(week_ending)
            return {m: value for m, value in found.items() if m in house.definitions.metrics}
        key = house.version, week_ending

        def make() -> dict[str, Value]:
            for old in [known for known in list(self._values) if known[0] != key[0]]:
                self._values.pop(old, None)
            return self._values_of(week_ending)

        return self._once.made(self._values, key, make)

    def _values_of(self, week_ending: date) -> dict[str, Value]:
        house = self._chronicle.house
        if not house.version:
            return {}
        told = house.judging.marks(week_ending).told
        place = told.weeks.index(week_ending)
        second = self._second(week_ending)
        found = {}
        for metric in house.definitions.metrics.values():
            if metric.retired:
                continue
            amount = float(told.values(metric.id)[place])
            found[metric.id] = Value(
                metric.id,
                week_ending,
                amount if np.isfinite(amount) else None,
                STATES[int(told.states(metric.id)[place])],
                definition_fingerprint(house.definitions, metric.id),
                second.get(metric.id),
                metric.second_measure.tolerance if metric.second_measure else None,
                told.rolled.coarse.get(metric.id) == "month",
            )
        return found

    def _second(self, week_ending: date) -> Mapping[str, float]:
        """What the second measurements say of a week, where they say anything."""
        house = self._chronicle.house
        measured = {m.id: m for m in house.definitions.metrics.values() if m.second_measure and not m.retired}
        if not measured:
            return {}
        seconds = [_as_metric(m) for m in measured.values()]
        behind = {
            o.id: o
            for s in seconds
            for name in operands(s.measure)
            for o in house.with_operands(house.metric(name))
        }
        with house.store.reading() as connection:
            rolled = rollup(
                connection,
                [*behind.values(), *seconds],
                [Window(house.calendar.week(week_ending))],
                house.calendar,
                newest=week_ending,
                missing_days=house.definitions.missing_days,
            )
        amounts = {m: float(rolled.amount[rolled.row[SECOND.format(m)], 0]) for m in measured}
        return {m: a for m, a in amounts.items() if np.isfinite(a)}

    def certifications(self, week_ending: date) -> dict[str, Certification]:
        """How every value of a week stands, by metric."""
        values = self.values(week_ending)
        return rules.certifications(self._chronicle.facts(), list(values.values()))

    def certify(
        self, metrics: Sequence[str], *, by: str, week_ending: date | None = None, because: str = ""
    ) -> tuple[Fact, ...]:
        """Certify values, all or none.

        Raises:
            DecisionError: One of them cannot be certified; nothing was written.
            NotAllowedError: The author may not, or owns one of them.
        """
        week = week_ending or self._chronicle.house.default_week()
        known = self.certifications(week)
        told = [
            rules.certified(
                self._chronicle.house.definitions,
                self._value(m, week),
                by=by,
                speakers=self._owning.speakers(m),
                known=known[m],
                because=because,
            )
            for m in dict.fromkeys(metrics)
        ]
        return self._chronicle.say(*told, by=by)

    def certify_all(
        self,
        metrics: Sequence[str],
        *,
        by: str,
        week_ending: date | None = None,
        but: Sequence[str] = (),
        because: str = "",
    ) -> tuple[tuple[Fact, ...], dict[str, str]]:
        """Certify all values that can be, but some.

        Returns:
            The facts, and of each metric left out why, in words. What is certified already is passed over.

        Raises:
            NotAllowedError: The author may not certify at all.
        """
        week = week_ending or self._chronicle.house.default_week()
        known, definitions = self.certifications(week), self._chronicle.house.definitions
        for metric in but:
            declared(definitions, metric)
        told, left = [], {}
        for metric in dict.fromkeys(metrics):
            stands = known.get(metric)
            if stands is None or stands.state == "certified":
                continue
            if metric in but:
                left[metric] = "left out"
                continue
            try:
                told.append(
                    rules.certified(
                        definitions,
                        self._value(metric, week),
                        by=by,
                        speakers=self._owning.speakers(metric),
                        known=stands,
                        because=because,
                    )
                )
            except DecisionError as error:
                left[metric] = str(error)
        if not told and left:
            checked(definitions, by, "certify")
        return (self._chronicle.say(*told, by=by) if told else ()), left

    def dispute(self, metric: str, because: str, *, by: str, week_ending: date | None = None) -> Fact:
        """Dispute a value, with a reason."""
        week = week_ending or self._chronicle.house.default_week()
        statement = rules.disputed(
            self._chronicle.house.definitions,
            self._value(metric, week),
            because,
            by=by,
            known=self.certifications(week)[metric],
        )
        return self._chronicle.say(statement, by=by)[0]

    def withhold(self, metric: str, because: str, *, by: str, week_ending: date | None = None) -> Fact:
        """Stamp a value uncertified on purpose, with a reason."""
        week = week_ending or self._chronicle.house.default_week()
        statement = rules.withheld(
            self._chronicle.house.definitions,
            self._value(metric, week),
            because,
            by=by,
            known=self.certifications(week)[metric],
        )
        return self._chronicle.say(statement, by=by)[0]

    def _value(self, metric: str, week_ending: date) -> Value:
        name = declared(self._chronicle.house.definitions, metric).name
        found = self.values(week_ending).get(metric)
        if found is None:
            raise DecisionError(
                f"{name} has nothing to certify in the week ending {week_ending}: it is retired, or nothing "
                "is loaded."
            )
        return found


def _as_metric(metric: Metric) -> Metric:
    """The second way to measure a metric, as a metric of its own."""
    assert metric.second_measure is not None  # Those without one are left out before.
    return ContextMetric(
        id=SECOND.format(metric.id),
        name=metric.name,
        unit=metric.unit,
        better="none",
        measure=metric.second_measure.measure,
        scale=metric.scale,
    )
