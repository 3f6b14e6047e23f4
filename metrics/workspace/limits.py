"""Dividers and exclusions: what people decide about the limits of a metric, and what its chart shows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from metrics import history
from metrics.deck import Block, Section
from metrics.definitions import Metric
from metrics.errors import DecisionError
from metrics.history import Decisions, Verdicts
from metrics.reviews import limits as rules
from metrics.reviews import rights
from metrics.reviews.limits import Act, Decision, Weeks
from metrics.reviews.statement import Statement
from metrics.signals import Happening, Judged, judge, xmr
from metrics.week.marks import marked, sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics.history import Signal
    from metrics.signals import DividerProposal
    from metrics.workspace.house import Workspace

OUT_OF_LIMITS = ("missing", "before_start", "incomplete_week", "immature")  # States without a final value.
FAMILIES = ("divider", "exclusion")
COLUMNS = ("day", "value", "expected", "low", "high", "z", "tier", "state", "favourable", "left_out", "event")
CLASSIC = (
    "day", "value", "moving_range", "centre", "low", "high", "range_high", "beyond", "range_beyond", "level",
)  # fmt: skip


class Limits:
    """Declares and ends dividers and exclusions, each with a cause, an author and a date."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
        self._replayed: tuple[str, tuple[Decision, ...]] | None = None

    @property
    def version(self) -> str:
        """Changes with every divider and exclusion declared or ended; empty if there never was one.

        The hash tells two journals apart that count alike: verdicts are kept on the disk under this.
        """
        journal = self._house.whole.journal
        newest = [fact for kind in FAMILIES for fact in journal.facts(kind=kind, last=1)]
        last = max(newest, key=lambda fact: fact.number, default=None)
        return f"{last.number}-{last.hash}" if last else ""

    # --- what was decided --------------------------------------------------------------------

    def decisions(self) -> dict[str, Decisions]:
        """Dividers and excluded points by metric, as they stand."""
        found: dict[str, tuple[set[date], set[date]]] = {}
        for one in self._all():
            if one.stands:
                dividers, excluded = found.setdefault(one.metric, (set(), set()))
                # If weeks end on another day now, the week that holds the old ending is meant.
                week = self._house.calendar.week_of(one.week_ending).last
                (dividers if one.act == "divider" else excluded).add(week)
        return {m: Decisions(tuple(sorted(d)), tuple(sorted(e))) for m, (d, e) in found.items()}

    def standing(self, metric: str) -> tuple[Decision, ...]:
        """Every divider and exclusion of a metric with cause, author and date, newest week first.

        Those that were ended are among them: nothing is deleted. `Decision.stands` tells them apart.
        """
        self._house.metric(metric)
        found = (one for one in self._all() if one.metric == metric)
        return tuple(sorted(found, key=lambda one: (one.week_ending, one.number), reverse=True))

    def proposals(self, metric: str, week_ending: date | None = None) -> "tuple[DividerProposal, ...]":
        """Evidence for a new level at a week, if there is any; a person decides and names the cause."""
        judged = self._house.verdicts(week_ending).judged.get(self._house.metric(metric).id)
        return () if judged is None or judged.proposal is None else (judged.proposal,)

    def _all(self) -> tuple[Decision, ...]:
        version = self.version
        if self._replayed is None or self._replayed[0] != version:
            journal = self._house.journal
            facts = [fact for kind in FAMILIES for fact in journal.facts(kind=kind)]
            facts.sort(key=lambda fact: fact.number)
            self._replayed = version, rules.decisions(facts)
        return self._replayed[1]

    # --- deciding ----------------------------------------------------------------------------

    def declare_divider(self, metric: str, week_ending: date, cause: str, by: str) -> Decision:
        """Declare that a new level begins with a week; limits are learned anew from there.

        Raises:
            NotAllowedError, UnknownNameError: The author may not.
            CalendarError, DecisionError: As for `reviews.limits.divider`.
            ConflictError: Somebody else decided about the same week meanwhile.
        """
        return self._declare("divider", rules.divider, metric, week_ending, cause, by)

    def exclude(self, metric: str, week_ending: date, cause: str, by: str) -> Decision:
        """Take a week with a known cause out of the limits; raises as `declare_divider` does."""
        return self._declare("exclusion", rules.exclusion, metric, week_ending, cause, by)

    def end_divider(
        self, metric: str, week_ending: date, because: str, by: str, *, seen: int | None = None
    ) -> Decision:
        """End a divider: the levels before and after it are one again. It stays on record.

        Args:
            metric: Id of the metric.
            week_ending: The week it was declared for.
            because: Why it ends.
            by: Handle of who ends it.
            seen: Number of the decision that the author looked at; if a newer fact is there, they are told.

        Raises:
            NotAllowedError, UnknownNameError: The author may not.
            DecisionError: No reason is given, or no such divider stands.
            ConflictError: Somebody else decided about it meanwhile.
        """
        return self._end("divider", metric, week_ending, because, by, seen)

    def readmit(
        self, metric: str, week_ending: date, because: str, by: str, *, seen: int | None = None
    ) -> Decision:
        """Take a week back into the limits; arguments and errors as for `end_divider`."""
        return self._end("exclusion", metric, week_ending, because, by, seen)

    def _declare(
        self,
        act: Act,
        rule: "Callable[..., Statement]",
        metric: str,
        week_ending: date,
        cause: str,
        by: str,
    ) -> Decision:
        house = self._house
        house.notice_roles()
        rights.checked(house.definitions, by, rules.RIGHT)
        verdicts = house.verdicts()
        weeks = self._weeks(verdicts, metric)
        told = self.standing(metric)
        statement = rule(
            weeks, week_ending, cause, told, house.calendar, house.definitions,
            expects=self._newest(act, metric, week_ending),
        )  # fmt: skip
        decided = self.decisions().get(metric, Decisions())
        wider = (
            replace(decided, dividers=(*decided.dividers, week_ending))
            if act == "divider"
            else replace(decided, excluded=(*decided.excluded, week_ending))
        )
        newest = verdicts.told.weeks[-1]
        old = verdicts.at(metric, newest)
        new = self._with(verdicts, metric, wider)
        body = {side: _span(found) for side, found in (("old", old), ("new", new)) if found is not None}
        return self._told(replace(statement, body=body), by)

    def _end(
        self, act: Act, metric: str, week_ending: date, because: str, by: str, seen: int | None
    ) -> Decision:
        house = self._house
        house.notice_roles()
        rights.checked(house.definitions, by, rules.RIGHT)
        expects = self._newest(act, metric, week_ending) if seen is None else seen
        told = sorted(self.standing(metric), key=lambda one: one.number)
        statement = rules.ended(act, metric, week_ending, because, told, house.definitions, expects=expects)
        return self._told(statement, by)

    def _told(self, statement: Statement, by: str) -> Decision:
        """Write a statement into the journal; the decision as it stands now."""
        house = self._house
        fact = house.journal.append(
            statement.kind,
            statement.subject,
            statement.body,
            author=by,
            at=house.now().astimezone(UTC),
            because=statement.because,
            expects=statement.expects,
        )
        return next(
            one for one in self._all()
            if fact.number in (one.number, one.ended.number if one.ended else None)
        )  # fmt: skip

    def _newest(self, act: Act, metric: str, week_ending: date) -> int:
        """Number of the newest fact about a week's divider or exclusion; 0 if there is none."""
        found = [
            one.ended.number if one.ended else one.number
            for one in self._all()
            if (one.act, one.metric, one.week_ending) == (act, metric, week_ending)
        ]
        return max(found, default=0)

    def _weeks(self, verdicts: Verdicts, metric: str) -> Weeks:
        """What the rules must know of a metric's weeks.

        Raises:
            DecisionError: The metric is not judged by the week.
        """
        house = self._house
        definition = house.metric(metric)
        judged = verdicts.judged.get(metric)
        if judged is None:
            why = "is retired" if definition.retired else "is told by the month"
            raise DecisionError(f"{definition.name} {why}, so it has no weekly limits to change.")
        return Weeks(
            metric,
            definition.name,
            judged.week_endings,
            [state not in OUT_OF_LIMITS for state in judged.state],
            self._one_offs(metric),
        )

    def _one_offs(self, metric: str) -> dict[date, str]:
        happened = history.happenings(self._house.registry, metric)
        return {week: h.name for h in happened if h.kind == "one_off" for week in h.week_endings}

    def _with(self, verdicts: Verdicts, metric: str, decided: Decisions) -> "Signal | None":
        """The verdict on the newest week, had people decided this."""
        (weekly,) = history.weeklies(verdicts.told, self._house.registry, [metric], {metric: decided})
        return Verdicts(verdicts.told, [judge(weekly)]).at(metric, verdicts.told.weeks[-1])

    # --- what a page shows -------------------------------------------------------------------

    def block(self, metric: str, week_ending: date | None = None) -> Block:
        """A metric's chart alone, with what the engine says of the week; in a deck or not."""
        house = self._house
        chosen = week_ending or house.default_week()
        definition = house.metric(metric)
        plain = Block(1, "six_twelve", definition.name, metric, chart=house.chart(metric, chosen))
        (section,) = marked((Section("", (plain,)),), house.verdicts(chosen), house.registry, chosen)
        return section.blocks[0]

    def told(self, metric: str, week_ending: date | None = None) -> "tuple[tuple[Signal, str], ...]":
        """The verdict on each week of a metric and its sentence, oldest first; none if it is not judged."""
        house = self._house
        verdicts = house.verdicts(week_ending)
        if house.metric(metric).id not in verdicts.judged:
            return ()
        found = (verdicts.at(metric, week) for week in verdicts.judged[metric].week_endings)
        return tuple((one, sentence(one, verdicts, house.registry)) for one in found if one is not None)

    def happened(self, metric: str) -> tuple[Happening, ...]:
        """The events declared in the definitions that change the limits of a metric."""
        found = history.happenings(self._house.registry, self._house.metric(metric).id)
        return tuple(one for one in found if one.kind != "recurring")

    def weeks(self, metric: str, week_ending: date | None = None) -> pd.DataFrame:
        """Every week of a metric with its expected range, oldest first.

        Args:
            metric: Its id.
            week_ending: The newest week; by default the one to open.

        Returns:
            Columns `day` (datetime64, the week's last day), `value`, `expected`, `low`, `high` (the
            metric's unit; of a stock its level), `z` (sigma), `tier`, `state`, `favourable` (True, False or
            None), `left_out` (why a person or an event keeps the week out of the limits, else empty) and
            `event` (names of the events of the week, else empty). Where few events are counted there is one
            row for four weeks, with their mean. No rows if the metric is not judged.
        """
        house = self._house
        verdicts = house.verdicts(week_ending)
        judged = verdicts.judged.get(house.metric(metric).id)
        if judged is None:
            return pd.DataFrame(columns=list(COLUMNS))
        definition = verdicts.told.metrics[metric]
        base = _base(verdicts, definition)
        out = dict(self._one_offs(metric))
        out |= {o.week_ending: o.because for o in self.standing(metric) if o.act == "exclusion" and o.stands}
        events: dict[date, list[str]] = {}
        for happening in history.happenings(house.registry, metric):
            for week in happening.week_endings:
                events.setdefault(week, []).append(happening.name)
        table = pd.DataFrame(
            {
                "day": pd.to_datetime(list(judged.week_endings)),
                "value": np.where(np.isfinite(judged.compared), judged.compared, np.nan) + base,
                "expected": judged.expected + base,
                "low": judged.low + base,
                "high": judged.high + base,
                "z": judged.z,
                "tier": list(judged.tier),
                "state": list(judged.state),
                "favourable": pd.Series(list(judged.favourable), dtype=object),
                "left_out": [out.get(week, "") for week in judged.week_endings],
                "event": [", ".join(events.get(week, ())) for week in judged.week_endings],
            },
            columns=list(COLUMNS),
        )
        return table[table["state"] != "pooled"].reset_index(drop=True)

    def classic(self, metric: str, week_ending: date | None = None) -> pd.DataFrame:
        """The classic chart of individual values and moving ranges, one pair of limits per level.

        Limits come from the weeks that count, up to the end of the newest lock of the level, or from all of
        them where there is no lock yet: what the expected range of a constant model is learned from.

        Args:
            metric: Its id.
            week_ending: The newest week; by default the one to open.

        Returns:
            One row per week, oldest first: `day` (datetime64), `value` (of a stock the change on the week
            before), `moving_range` (from the week before, never across a divider), `centre`, `low`, `high`,
            `range_high`, `beyond` and `range_beyond` (bool), `level` (0 for the first). NaN where there is
            none. No rows if the metric is not judged.
        """
        house = self._house
        judged = house.verdicts(week_ending).judged.get(house.metric(metric).id)
        if judged is None:
            return pd.DataFrame(columns=list(CLASSIC))
        decided = self.decisions().get(metric, Decisions())
        changes = {
            week
            for h in history.happenings(house.registry, metric)
            if h.kind == "definition_change"
            for week in h.week_endings
        }
        out = {*decided.excluded, *self._one_offs(metric)}
        weeks = judged.week_endings
        starts = {sum(week < cut for week in weeks) for cut in (*decided.dividers, *changes)}
        cuts = sorted({0, len(weeks), *starts})
        levels = [
            _classic(judged, first, end, out).assign(level=n) for n, (first, end) in enumerate(pairwise(cuts))
        ]
        table = pd.concat(levels, ignore_index=True) if levels else pd.DataFrame(columns=list(CLASSIC))
        table.insert(0, "day", pd.to_datetime(list(weeks)))
        return table[list(CLASSIC)]


def _span(found: "Signal") -> Mapping[str, float | None]:
    """The expected range of a week, as a fact's body keeps it."""
    return {"expected": found.expected, "low": found.low, "high": found.high}


def _base(verdicts: Verdicts, metric: Metric) -> Any:
    """What is added to a judged value to show it: of a stock, judged by its change, the level before."""
    if not metric.stock:
        return 0.0
    level = verdicts.told.values(metric.id)
    return np.concatenate([[np.nan], level[:-1]])


def _classic(judged: Judged, first: int, end: int, out: set[date]) -> pd.DataFrame:
    """The classic chart of one level, [first, end) of the weeks."""
    weeks = judged.week_endings[first:end]
    final = np.array([state not in OUT_OF_LIMITS for state in judged.state[first:end]], dtype=bool)
    value = np.where(final & np.isfinite(judged.value[first:end]), judged.value[first:end], np.nan)
    kept = np.where([week in out for week in weeks], np.nan, value)
    locked = [lock.last for lock in judged.locks if weeks[0] <= lock.last <= weeks[-1]]
    until = sum(week <= max(locked) for week in weeks) if locked else len(weeks)
    enough = np.isfinite(kept[:until]).sum() >= rules.WEEKS_OF_LIMITS
    limits = xmr(kept, baseline=(0, until if enough else 0))
    return pd.DataFrame(
        {
            "value": value,
            "moving_range": limits.moving_ranges,
            "centre": limits.centre,
            "low": limits.low,
            "high": limits.high,
            "range_high": limits.range_high,
            "beyond": (value < limits.low) | (value > limits.high),
            "range_beyond": limits.moving_ranges > limits.range_high,
        }
    )
