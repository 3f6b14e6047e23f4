"""What drove a change: the segments and factors of a metric between any two periods.

A segment is read like the metric itself, from its days, with one more condition on its series; so what
the segments add up to is what the metric shows. A day on which a segment has no row counted as nothing
in the metric, and counts as nothing here; a day that the whole metric misses leaves nothing to split. A
combination of dimensions is split into the cells that are told: `US × phone`.

Source: analytics.md section 5.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from metrics import attribution, history
from metrics.attribution import Attribution, Operation, Ranked, Sums
from metrics.definitions import (
    Difference,
    Latest,
    Metric,
    Product,
    Quotient,
    Ratio,
    Sum,
    TargetOf,
    Total,
    series_of,
)
from metrics.errors import UnknownNameError, hint
from metrics.history import Decisions
from metrics.periods import Period
from metrics.rollup import Readable, Rollup, Stored, Window, reading_of, rollup
from metrics.signals import Weekly, judge_all
from metrics.workspace.segments import SMALL

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

FACTORS = "factors"  # The name of the split by what a metric is computed from.
CROSSED = " × "  # Between the dimensions of a combination, and between the segments of its cells.
FACTORS_AT_MOST = 4  # A product of more is no explanation.
SEGMENTS_AT_MOST = 500  # Of one dimension; more are customers or items, not segments.
JUDGED_AT_MOST = 60  # Segments of a dimension whose own weeks are judged: those that added most.
REMEMBERED = 64

Floats = NDArray[np.float64]
Cells = Mapping[str, Mapping[str, str]]
"""What each part of a split is called, and the conditions that make it: dimension to segment."""
WhyNot = Literal["no_segments", "not_a_sum", "too_many", "no_value", "no_data", "new_definition"]
Span = Literal["week", "month", "quarter", "year"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two periods that are often compared.

    Attributes:
        name: `week_before`, `week_year_earlier`, `month_before`, `month_year_earlier`,
            `quarter_year_earlier`, `year_year_earlier`.
        before: The earlier period.
        after: The later one.
        event: The event that re-paired a week with one of the year before; None otherwise.
    """

    name: str
    before: Period
    after: Period
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """A change, split one way.

    Attributes:
        by: The dimension, several joined by ` × `, or `factors`.
        made: The contributions; `made.contributions` may be many.
        names: Of factors, the metrics' names in place of their ids.
        small: Parts of which fewer than 30 were counted in either period (of a ratio, in its denominator):
            their change says little.
    """

    by: str
    made: Attribution
    names: Mapping[str, str]
    small: frozenset[str] = frozenset()

    @property
    def of_factors(self) -> bool:
        """Whether the parts are what the metric is computed from."""
        return self.by == FACTORS


@dataclass(frozen=True, slots=True)
class Change:
    """A metric's change between two periods and what made it up.

    Attributes:
        metric: The metric.
        before: The earlier period.
        after: The later one.
        from_value: The metric in the earlier period, in its unit; None if it has no value there.
        to_value: The same in the later one.
        splits: Every way it could be split, the one that few parts tell best first.
        ranked: The same order, with the largest parts of each.
        why_not: Why it was not split at all; None if it was. `no_segments`: its series carry none, and it is
            computed from nothing else. `not_a_sum`: a percentile, a mean, a largest or smallest day or a
            growth has no parts that add up. `too_many`: a dimension has more than 500 segments.
            `no_value`: one of the periods has no value. `new_definition`: a break lies between them.
            `no_data`: the store holds nothing of it.
        judged_week: Last day of the newest week by which segments were judged; None if none was.
    """

    metric: Metric
    before: Period
    after: Period
    from_value: float | None
    to_value: float | None
    splits: tuple[Split, ...]
    ranked: tuple[Ranked, ...]
    why_not: WhyNot | None
    judged_week: date | None = None

    @property
    def amount(self) -> float | None:
        """How much it changed, in its unit; None if a side has no value."""
        if self.from_value is None or self.to_value is None:
            return None
        return self.to_value - self.from_value

    def split(self, by: str) -> Split | None:
        """The split by one dimension; None if there is no such one."""
        return next((s for s in self.splits if s.by == by), None)


@dataclass(frozen=True, slots=True)
class _Parts:
    """How a metric is made of series: total(s) that add up over segments.

    Attributes:
        over: The series that is told, or the numerator.
        under: The denominator; None for a total.
        fold: How days become a period.
        where: Conditions of the metric itself.
        rolling: Weeks of which a week is the sum; None for one.
    """

    over: str
    under: str | None
    fold: Literal["total", "latest"]
    where: Mapping[str, str]
    rolling: int | None

    @property
    def series(self) -> tuple[str, ...]:
        return (self.over,) if self.under is None else (self.over, self.under)


class Drivers:
    """What drove a change."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
        self._judged: OrderedDict[
            tuple[str, str, str, date, tuple[tuple[str, str], ...]],
            tuple[tuple[tuple[str, str], Floats], ...],
        ] = OrderedDict()
        self._changes: OrderedDict[tuple[str, str, str, Period, Period, str | None], Change] = OrderedDict()

    def dimensions(self, metric: str) -> tuple[str, ...]:
        """By what a metric can be split: its factors, if it has some, then the segments of its series."""
        house = self._house
        definition = house.metric(metric)
        if not house.version:
            return ()
        with house.store.reading() as connection:
            found = self._segments(connection, definition)
        return (*([FACTORS] if self._factors(definition) else []), *found)

    def comparisons(self, week_ending: date) -> tuple[Comparison, ...]:
        """The usual pairs of periods, seen from a week: the week, the newest whole month, and to date."""
        calendar = self._house.calendar
        week = calendar.week(week_ending)
        twin = calendar.week_year_earlier(week)
        month = calendar.complete_months(week_ending, 1)[0]
        spans: tuple[Literal["quarter", "year"], ...] = ("quarter", "year")
        return (
            Comparison("week_before", calendar.week(week_ending - timedelta(weeks=1)), week),
            Comparison("week_year_earlier", twin.period, week, twin.event),
            Comparison("month_before", calendar.month_before(month), month),
            Comparison("month_year_earlier", calendar.month_year_earlier(month), month),
            *(
                Comparison(
                    f"{span}_year_earlier",
                    calendar.to_date_year_earlier(week_ending, span),
                    calendar.to_date(week_ending, span),
                )
                for span in spans
            ),
        )

    def period(self, day: date, span: Span = "week") -> Period:
        """The whole week, month, quarter or year that holds a day."""
        calendar = self._house.calendar
        of = {
            "week": calendar.week_of,
            "month": calendar.month_of,
            "quarter": calendar.quarter_of,
            "year": calendar.year_of,
        }
        return of[span](day)

    def change(self, metric: str, before: Period, after: Period, by: str | None = None) -> Change:
        """What made up the change of a metric between two periods.

        Args:
            metric: Its id.
            before: The period to start from.
            after: The period to end with.
            by: Only this dimension (or `factors`), or a combination, `country × device`; by default every
                one alone, ranked.

        Raises:
            UnknownNameError: No such metric, or it cannot be split by that.
        """
        house = self._house
        key = house.version, house.limits_version, metric, before, after, by
        found = self._changes.get(key)
        if found is None:
            found = self._changes[key] = self._change(house.metric(metric), before, after, by)
            while len(self._changes) > REMEMBERED:
                self._changes.popitem(last=False)
        return found

    # --- how it is split ---------------------------------------------------------------------

    def _change(self, metric: Metric, before: Period, after: Period, by: str | None) -> Change:
        house = self._house
        if not house.version:
            return Change(metric, before, after, None, None, (), (), "no_data")
        with house.store.reading() as connection:
            segments = self._segments(connection, metric)
            combined = (by or "").split(CROSSED)
            for name in [] if by is None else combined:
                known = tuple(segments) if len(combined) > 1 else self._known(metric, segments)
                if name not in known:
                    raise UnknownNameError(f"{metric.id} cannot be split by {name!r}. {hint(name, known)}")
            cells = self._cells(connection, metric, segments, by)
            rolled = self._rolled(connection, house.with_operands(metric), before, after)
            values = _values(rolled, metric.id)
            splits: list[Split] = []
            why_not: WhyNot | None = None
            if self._broken(metric, before, after):
                return Change(metric, before, after, *values, (), (), "new_definition")
            complete = None not in values
            if complete and (operation := self._factors(metric)) and by in (None, FACTORS):
                splits.append(self._by_factors(connection, metric, operation, before, after, values))
            too_many = {d for d, parts in cells.items() if len(parts) > SEGMENTS_AT_MOST}
            judged_week = None
            if complete:
                some = {d: parts for d, parts in cells.items() if d not in too_many}
                found, judged_week = self._by_segments(connection, metric, some, before, after)
                splits += found
            if not splits:
                why_not = self._why_not(metric, rolled, values, too_many)
        ranked = attribution.ranked({s.by: s.made for s in splits})
        order = [r.dimension for r in ranked]
        return Change(
            metric,
            before,
            after,
            *values,
            tuple(sorted(splits, key=lambda s: order.index(s.by))),
            ranked,
            why_not,
            judged_week,
        )

    def _known(self, metric: Metric, segments: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        return (*([FACTORS] if self._factors(metric) else []), *segments)

    def _broken(self, metric: Metric, before: Period, after: Period) -> bool:
        """Whether a new way to count began after the first day compared."""
        house = self._house
        before_it = house.whole.metric(metric.id).supersedes
        starts = [before_it.start] if before_it and before_it.start else []
        for happening in history.happenings(house.registry, metric.id):
            if happening.kind == "definition_change":
                starts += [house.calendar.week(week).first for week in happening.week_endings]
        first, last = min(before.first, after.first), max(before.last, after.last)
        return any(first < start <= last for start in starts)

    def _why_not(
        self,
        metric: Metric,
        rolled: Rollup,
        values: tuple[float | None, float | None],
        too_many: set[str],
    ) -> WhyNot:
        stored = {s for m in self._house.with_operands(metric) for s in series_of(m.measure)}
        if stored and stored <= set(rolled.unknown):
            return "no_data"
        if too_many:
            return "too_many"
        if _parts(metric) is None and not self._factors(metric):
            return "not_a_sum"
        return "no_segments" if None not in values else "no_value"

    def _rolled(
        self, connection: Readable, metrics: Sequence[Metric], before: Period, after: Period
    ) -> Rollup:
        """The metrics in the two periods, as the whole company's policy has them."""
        house = self._house
        windows: list[Window] = []
        twins: list[Window] = []
        for period in (before, after):  # A growth needs the year earlier.
            twin = self._year_earlier(period)
            windows.append(Window(period, None if twin is None else 2 + len(twins)))
            twins += [] if twin is None else [Window(twin)]
        return rollup(
            connection,
            metrics,
            [*windows, *twins],
            house.calendar,
            newest=max(before.last, after.last),
            missing_days=house.definitions.missing_days,
            target_tables=house.target_tables,
        )

    def _year_earlier(self, period: Period) -> Period | None:
        """What a week, a month, or a quarter or year to date is compared with; None for other periods."""
        calendar = self._house.calendar
        if calendar.week_of(period.last) == period:
            return calendar.week_year_earlier(period).period
        if calendar.month_of(period.last) == period:
            return calendar.month_year_earlier(period)
        spans: tuple[Literal["month", "quarter", "year"], ...] = ("month", "quarter", "year")
        of = next((span for span in spans if calendar.to_date(period.last, span) == period), None)
        return None if of is None else calendar.to_date_year_earlier(period.last, of)

    # --- factors -----------------------------------------------------------------------------

    def _factors(self, metric: Metric) -> tuple[Operation, tuple[str | TargetOf, ...]] | None:
        """How a metric is computed from others: by its measure, or by a declared identity.

        A product whose factor is itself a declared product is opened, up to four factors.
        """
        found = self._operation(metric)
        if found is None:
            return None
        operation, of = found
        if operation != "product":
            return (operation, of) if len(of) <= FACTORS_AT_MOST else None
        opened: list[str | TargetOf] = list(of)
        for place, factor in enumerate(tuple(of)):
            inner = self._operation(self._house.metric(factor)) if isinstance(factor, str) else None
            if inner and inner[0] == "product" and metric.id not in inner[1]:
                longer = [*opened[:place], *inner[1], *opened[place + 1 :]]
                if len(longer) <= FACTORS_AT_MOST and len(set(map(str, longer))) == len(longer):
                    opened = longer
                    break  # Places have moved; one level is what a person still follows.
        return (operation, tuple(opened)) if len(opened) <= FACTORS_AT_MOST else None

    def _operation(self, metric: Metric) -> tuple[Operation, tuple[str | TargetOf, ...]] | None:
        match metric.measure:
            case Sum(how=how, of=of) | Difference(how=how, of=of):
                return how, of
            case Product(how=how, of=of) | Quotient(how=how, of=of):
                return how, of
        for identity in self._house.definitions.definitions:
            if identity.metric == metric.id:
                ((operation, of_metrics),) = identity.equals.items()
                return operation, of_metrics
        return None

    def _by_factors(
        self,
        connection: Readable,
        metric: Metric,
        factored: tuple[Operation, tuple[str | TargetOf, ...]],
        before: Period,
        after: Period,
        values: tuple[float | None, float | None],
    ) -> Split:
        house = self._house
        operation, of = factored
        wanted: dict[str, Metric] = {}
        for factor in of:
            name = factor if isinstance(factor, str) else factor.target_of
            wanted |= {m.id: m for m in house.with_operands(house.metric(name))}
        ordered = house.ordered(wanted)
        rolled = self._rolled(connection, ordered, before, after)
        ids: list[str] = []
        names: dict[str, str] = {}
        sides: tuple[list[float | None], list[float | None]] = ([], [])
        for factor in of:
            if isinstance(factor, str):
                ids.append(factor)
                names[factor] = house.definitions.metrics[factor].name
                pair = _values(rolled, factor)
            else:
                ids.append(f"target of {factor.target_of}")
                names[ids[-1]] = f"Target of {house.definitions.metrics[factor.target_of].name}"
                promised = rolled.target[rolled.row[factor.target_of], :2]
                pair = _number(promised[0]), _number(promised[1])
            sides[0].append(pair[0])
            sides[1].append(pair[1])
        scale = metric.scale
        whole = None if None in values else (values[0] / scale, values[1] / scale)  # type: ignore[operator]  # not None
        made = attribution.factors(operation, ids, *sides, of_all=whole, own_z=self._own_z_of(ids, after))
        return Split(FACTORS, made, names)

    def _own_z_of(self, metrics: Sequence[str], after: Period) -> dict[str, float]:
        """The surprise of metrics in the later period, as their own verdicts have it."""
        verdicts = self._house.verdicts()  # The newest week's: later weeks change no earlier verdict.
        found = {}
        for metric in metrics:
            judged = verdicts.judged.get(metric)
            if judged is not None:
                weeks = [w for w in judged.week_endings if after.first <= w <= after.last]
                surprises = [float(judged.z[judged.at(w)]) for w in weeks]
                if (z := surprise(np.array(surprises))) is not None:
                    found[metric] = z
        return found

    # --- segments ----------------------------------------------------------------------------

    def _stored(self, connection: Readable) -> list[Stored]:
        """The stored series, without segments that only an undone load told."""
        stored = reading_of(connection).series()
        if self._house.past is not None:
            return list(stored)  # What stood then may stand no more.
        standing = self._house.carried
        return [
            each
            for each in stored
            if all(s in standing.get(each[1], {}).get(d, ()) for d, s in each[3].items())
        ]

    def _segments(self, connection: Readable, metric: Metric) -> dict[str, tuple[str, ...]]:
        """The dimensions that every series of a metric carries, each with its segments in order.

        A dimension that the metric itself is held to by `where` is no dimension of it.
        """
        parts = _parts(metric)
        if parts is None:
            return {}
        held = parts.where
        stored = self._stored(connection)
        by_series = [_carried(stored, name, held) for name in parts.series]
        shared = [d for d in by_series[0] if all(d in other for other in by_series[1:]) and d not in held]
        found = {d: tuple(sorted(set().union(*(carried[d] for carried in by_series)))) for d in shared}
        return {d: names for d, names in found.items() if len(names) > 1}

    def _cells(
        self, connection: Readable, metric: Metric, segments: Mapping[str, Sequence[str]], by: str | None
    ) -> dict[str, Cells]:
        """The parts of each way to split: of every dimension, of one, or those a combination is told by."""
        combined = (by or "").split(CROSSED)
        parts = _parts(metric)
        if len(combined) < 2 or parts is None:
            return {d: {s: {d: s} for s in names} for d, names in segments.items() if by in (None, d)}
        found = {
            tuple(carried[d] for d in combined)
            for _, name, _, carried in self._stored(connection)
            if name in parts.series
            and all(d in carried for d in combined)
            and all(carried.get(d) == s for d, s in parts.where.items())
        }
        return {
            CROSSED.join(combined): {
                CROSSED.join(each): dict(zip(combined, each, strict=True)) for each in sorted(found)
            }
        }

    def _by_segments(
        self,
        connection: Readable,
        metric: Metric,
        cells: Mapping[str, Cells],
        before: Period,
        after: Period,
    ) -> tuple[list[Split], date | None]:
        parts = _parts(metric)
        if parts is None or not cells:
            return [], None
        house = self._house
        listed = list(cells.values())
        sums = [_sum_metric(metric, parts, name, {}, f"whole_{n}") for n, name in enumerate(parts.series)]
        sums += [
            _sum_metric(metric, parts, name, where, f"part_{d}_{s}_{n}")
            for d, segments in enumerate(listed)
            for s, where in enumerate(segments.values())
            for n, name in enumerate(parts.series)
        ]
        rolled = rollup(
            connection,
            sums,
            [Window(before), Window(after)],
            house.calendar,
            newest=max(before.last, after.last),
            missing_days="lenient",  # The whole is complete; what a segment lacks, the whole lacks as well.
        )

        def side(d: int, n: int, when: int) -> list[float]:
            rows = [rolled.row[f"part_{d}_{s}_{n}"] for s in range(len(listed[d]))]
            return [float(v) if np.isfinite(v) else 0.0 for v in rolled.amount[rows, when]]

        whole = [
            [float(rolled.amount[rolled.row[f"whole_{n}"], w]) for n in range(len(parts.series))]
            for w in (0, 1)
        ]
        made: dict[str, Attribution] = {}
        small: dict[str, frozenset[str]] = {}
        for d, (dimension, named) in enumerate(cells.items()):
            segments = list(named)
            n0, n1 = side(d, 0, 0), side(d, 0, 1)
            if metric.unit == "count" or parts.under is not None:
                last = len(parts.series) - 1
                counted = zip(segments, side(d, last, 0), side(d, last, 1), strict=True)
                small[dimension] = frozenset(s for s, *both in counted if min(both) < SMALL)
            if parts.under is None:
                made[dimension] = attribution.additive(segments, n0, n1, of_all=(whole[0][0], whole[1][0]))
            else:
                made[dimension] = attribution.ratio(
                    segments,
                    Sums(n0, side(d, 1, 0), (whole[0][0], whole[0][1])),
                    Sums(n1, side(d, 1, 1), (whole[1][0], whole[1][1])),
                )
        surprises, judged_week = self._own_z(connection, metric, parts, made, cells, after)
        return [
            Split(d, _with_z(m, surprises.get(d, {})), {}, small.get(d, frozenset())) for d, m in made.items()
        ], judged_week

    def _own_z(
        self,
        connection: Readable,
        metric: Metric,
        parts: _Parts,
        made: Mapping[str, Attribution],
        cells: Mapping[str, Cells],
        after: Period,
    ) -> tuple[dict[str, dict[str, float]], date | None]:
        """How surprising the later period of each segment was; of a ratio, that of its rate or of its weight.

        Whole weeks within the period are judged; see `surprise` for how several make one.
        """
        house = self._house
        newest = house.calendar.week_of(after.last).last
        if newest > after.last:
            newest -= timedelta(weeks=1)
        first = house.first_day()
        told = tuple((d, segment) for d, split in made.items() for segment in _largest(split))
        if newest < after.first or first is None or not told:
            return {}, None
        key = house.version, house.limits_version, metric.id, newest, told
        surprises = self._judged.get(key)
        if surprises is None:
            surprises = self._judged[key] = self._judge(
                connection, metric, parts, told, cells, min(first, newest), newest
            )
            while len(self._judged) > REMEMBERED:
                self._judged.popitem(last=False)
        weeks = 1 + (newest - house.calendar.week_of(after.first).last).days // 7
        if house.calendar.week_of(after.first).first < after.first:
            weeks -= 1
        found: dict[str, dict[str, float]] = {}
        for (dimension, segment), each in surprises:
            z = surprise(each[-weeks:])
            known = found.setdefault(dimension, {})
            if z is not None and abs(z) >= abs(known.get(segment, 0.0)):
                known[segment] = z
        return found, newest if any(found.values()) else None

    def _judge(
        self,
        connection: Readable,
        metric: Metric,
        parts: _Parts,
        told: Sequence[tuple[str, str]],
        cells: Mapping[str, Cells],
        first: date,
        newest: date,
    ) -> tuple[tuple[tuple[str, str], Floats], ...]:
        """The surprise of every week of each segment; of a ratio twice, its rate's and its weight's."""
        house = self._house
        wholes = [_sum_metric(metric, parts, name, {}, f"whole_{n}") for n, name in enumerate(parts.series)]
        sums = [
            _sum_metric(metric, parts, name, cells[dimension][segment], f"part_{s}_{n}")
            for s, (dimension, segment) in enumerate(told)
            for n, name in enumerate(parts.series)
        ]
        weeks = history.history(
            connection,
            [*sums, *wholes],
            first,
            newest,
            house.calendar,
            missing_days=house.definitions.missing_days,
        )
        decided = {wholes[0].id: house.decisions().get(metric.id, Decisions())}
        (pattern,) = history.weeklies(weeks, house.registry, [wholes[0].id], decided)
        pattern = replace(pattern, happenings=history.happenings(house.registry, metric.id))
        judging: list[Weekly] = []
        of: list[tuple[str, str]] = []
        for s, segment in enumerate(told):
            over = weeks.values(f"part_{s}_0")
            if parts.under is None:
                values = np.concatenate([[np.nan], np.diff(over)]) if metric.stock else over
                judging.append(_weekly(pattern, segment[1], values, log=pattern.log))
                of.append(segment)
                continue
            under, all_under = weeks.values(f"part_{s}_1"), weeks.values("whole_1")
            with np.errstate(divide="ignore", invalid="ignore"):
                judging += [
                    _weekly(pattern, segment[1], over / under, log=False),
                    _weekly(pattern, segment[1], under / all_under, log=False),
                ]
            of += [segment, segment]
        return tuple((s, judged.z) for s, judged in zip(of, judge_all(judging), strict=True))


# --- the parts of the above ------------------------------------------------------------------


def _parts(metric: Metric) -> _Parts | None:
    """What a metric adds up from; None where segments do not add up to it."""
    match metric.measure:
        case Ratio(numerator=over, denominator=under, where=where, rolling_weeks=rolling):
            return _Parts(over, under, "total", where, rolling)
        case Total(series=series, where=where, rolling_weeks=rolling):
            return _Parts(series, None, "total", where, rolling)
        case Latest(series=series, where=where, rolling_weeks=rolling):
            return _Parts(series, None, "latest", where, rolling)
        case _:
            return None


def _sum_metric(metric: Metric, parts: _Parts, series: str, segment: Mapping[str, str], id_: str) -> Metric:
    """One series of a metric, or of a segment of it, as a metric of its own.

    The metric's scale is in the numerator alone, so that quotients keep it.
    """
    where = {**parts.where, **segment}
    measure: Total | Latest
    if parts.fold == "latest":
        measure = Latest(series=series, where=where, rolling_weeks=parts.rolling)
    else:
        measure = Total(series=series, where=where, rolling_weeks=parts.rolling)
    scale = metric.scale if series == parts.over else 1.0
    return metric.model_copy(
        update={"id": id_, "measure": measure, "scale": scale, "supersedes": metric.supersedes}
    )


def _carried(stored: Sequence[Stored], series: str, held: Mapping[str, str]) -> dict[str, set[str]]:
    """The dimensions of a stored series and their segments, in the order first met."""
    found: dict[str, set[str]] = {}
    for _, name, _, carried in stored:
        if name == series and all(carried.get(key) == value for key, value in held.items()):
            for dimension, segment in carried.items():
                found.setdefault(dimension, set()).add(segment)
    return found


def _weekly(pattern: Weekly, segment: str, values: Floats, *, log: bool) -> Weekly:
    known = np.where(np.isfinite(values), values, np.nan)
    none = np.zeros(len(known), dtype=np.bool_)
    return replace(
        pattern, metric=segment, values=known, incomplete=none, log=log, count=pattern.count and log
    )


def _with_z(made: Attribution, own_z: Mapping[str, float]) -> Attribution:
    """The same contributions with the surprise of each segment."""
    if not own_z:
        return made
    told = tuple(
        c._replace(own_z=z, greyed=abs(z) <= attribution.RED_LINE)
        if (z := own_z.get(c.segment)) is not None
        else c
        for c in made.contributions
    )
    return replace(made, contributions=told)


def surprise(weeks: Floats) -> float | None:
    """The surprise of a period of several weeks: Σz ÷ √n, which is again 1 σ where nothing changed.

    It counts what each week brought that the weeks before did not announce, so that a slow drift adds up
    and a season, which is expected, does not. None if no week was judged.
    """
    known = weeks[np.isfinite(weeks)]
    return float(known.sum() / np.sqrt(len(known))) if len(known) else None


def _largest(made: Attribution) -> tuple[str, ...]:
    """The segments that added most, in the order of their names, so that two periods often have the same."""
    named = [c for c in made.contributions if c.segment != attribution.UNALLOCATED]
    most = sorted(named, key=lambda c: -abs(c.total))[:JUDGED_AT_MOST]
    return tuple(sorted(c.segment for c in most))


def _values(rolled: Rollup, metric: str) -> tuple[float | None, float | None]:
    row = rolled.row[metric]
    return _number(rolled.amount[row, 0]), _number(rolled.amount[row, 1])


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def parts_of(split: Split, most: int) -> Iterator[attribution.Contribution]:
    """The parts of a split, the largest contribution first, `unallocated` last; the smaller ones as one.

    Args:
        split: What was split.
        most: Parts to show one by one; what is left is one part named `others`.
    """
    everything = split.made.contributions
    named = sorted(
        (c for c in everything if c.segment != attribution.UNALLOCATED), key=lambda c: -abs(c.total)
    )
    last = [c for c in everything if c.segment == attribution.UNALLOCATED]
    if len(named) <= most + 1:
        yield from (*named, *last)
        return
    yield from named[:most]
    yield _joined(named[most:])
    yield from last


def _joined(rest: Sequence[attribution.Contribution]) -> attribution.Contribution:
    def summed(name: str) -> float | None:
        known = [getattr(c, name) for c in rest if getattr(c, name) is not None]
        return float(np.sum(known)) if known else None

    return attribution.Contribution(
        segment=f"{len(rest)} others",
        before=None,
        after=None,
        rate=summed("rate"),
        mix=summed("mix"),
        total=summed("total") or 0.0,
        share_of_change=summed("share_of_change"),
        greyed=all(c.greyed for c in rest),
        weight_before=summed("weight_before"),
        weight_after=summed("weight_after"),
    )


# --- for other programs ---------------------------------------------------------------------------


def change_form(change: Change) -> dict[str, Any]:
    """A change and its contributions, for other programs."""
    return {
        "metric": change.metric.id,
        "unit": change.metric.unit,
        "before": [change.before.first.isoformat(), change.before.last.isoformat()],
        "after": [change.after.first.isoformat(), change.after.last.isoformat()],
        "from": change.from_value,
        "to": change.to_value,
        "change": change.amount,
        "why_not": change.why_not,
        "splits": [
            {
                "by": split.by,
                "kind": split.made.kind,
                "state": split.made.state,
                "residual": split.made.residual,
                "contributions": [
                    {
                        "part": c.segment,
                        "before": c.before,
                        "after": c.after,
                        "rate": c.rate,
                        "mix": c.mix,
                        "total": c.total,
                        "share_of_change": c.share_of_change,
                        "own_z": c.own_z,
                        "ordinary": c.greyed,
                        "small": c.segment in split.small,
                    }
                    for c in split.made.contributions
                ],
            }
            for split in change.splits
        ],
    }
