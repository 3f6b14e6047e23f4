"""Whether inputs move outputs: the scan of all pairs, the stated links, one pair in depth."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from metrics import history
from metrics.correlation import (
    Correlations,
    Depth,
    Excluded,
    Joint,
    LinkTest,
    Occasion,
    Panel,
    Row,
    Series,
    apart,
    link_tests,
    pair_in_depth,
    scan,
    sentence,
    shared_series,
    together,
)
from metrics.correlation.words import number
from metrics.definitions import Definitions, Link, Metric
from metrics.history import History
from metrics.rollup import IMMATURE, PARTIAL
from metrics.workspace.kept_scan import KeptScans, scanner

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

REMEMBERED = 12  # Answers of each kind kept in memory.

Answer = TypeVar("Answer")
Pair = tuple[str, str]


class Evidence:
    """Whether inputs move outputs, remembered by the version of the numbers.

    Weeks with a missing day and weeks still maturing count as missing; a stock is looked at by its weekly
    change; nothing before a change of definition counts.
    """

    def __init__(self, house: "Workspace") -> None:
        self._house = house
        self._kept = KeptScans(house.folder)
        self._known: OrderedDict[tuple[object, ...], object] = OrderedDict()
        self._one_at_a_time = RLock()  # An answer asks for others.

    def correlations(self, output: str | None = None, until: date | None = None) -> Correlations:
        """The scan of all ordered pairs of metrics.

        Args:
            output: Keep only the rows in which this metric is driven. The tests, and with them q, stay those
                of the whole scan: choosing what to look at afterwards does not make luck rarer.
            until: Last day of the newest week used; by default the week to open.

        Raises:
            CalendarError: `until` ends no week.
            UnknownNameError: No such metric.
            StoreError: The store cannot be read.
        """
        week = self._week(until)
        found = self._remembered(("scan", week), lambda: self._scan(week))
        if output is None:
            return found
        self._house.metric(output)
        return found.of_driven(output)

    def links(self, until: date | None = None, stated: Sequence[Link] | None = None) -> tuple[LinkTest, ...]:
        """The stated links and what the data say of each, in the order stated.

        Args:
            until: Last day of the newest week used; by default the week to open.
            stated: Links in place of those the YAML declares, for instance with those people stated since.
        """
        week = self._week(until)
        claims = self._house.definitions.links if stated is None else tuple(stated)
        return self._remembered(
            ("links", week, claims),
            lambda: link_tests(
                self.panel(week), claims, apart=self.apart, found=self.correlations(until=week)
            ),
        )

    def joint(self, output: str, until: date | None = None, stated: Sequence[Link] | None = None) -> Joint:
        """All stated drivers of one metric in one model.

        Args:
            output: The metric explained.
            until: Last day of the newest week used; by default the week to open.
            stated: As for `links`.
        """
        self._house.metric(output)
        week = self._week(until)
        claims = self._house.definitions.links if stated is None else tuple(stated)
        return self._remembered(
            ("joint", week, claims, output),
            lambda: together(
                self.panel(week), claims, output, tests=self.links(week, claims), apart=self.apart
            ),
        )

    def pair(
        self,
        driver: str,
        driven: str,
        until: date | None = None,
        lag: int | None = None,
        stated: Sequence[Link] | None = None,
    ) -> Depth:
        """One pair in depth.

        Args:
            driver: The metric that may come first.
            driven: The metric that may follow.
            until: Last day of the newest week used; by default the week to open.
            lag: Weeks between them; by default the scan's, else that of the stated link, else the strongest.
            stated: As for `links`.
        """
        for name in (driver, driven):
            self._house.metric(name)
        week = self._week(until)
        claims = self._house.definitions.links if stated is None else tuple(stated)
        return self._remembered(
            ("pair", week, claims, driver, driven, lag),
            lambda: pair_in_depth(
                self.panel(week),
                driver,
                driven,
                lag=lag,
                found=self.correlations(until=week),
                links=claims,
                apart=self.apart,
            ),
        )

    def panel(self, until: date | None = None) -> Panel:
        """Every metric's weeks as the engine is told of them, side by side."""
        week = self._week(until)
        return self._remembered(("panel", week), lambda: self._panel(week))

    @cached_property
    def apart(self) -> dict[Pair, Excluded]:
        """Pairs that are arithmetic of each other: never scored, never offered."""
        return {
            pair: replace(one, through="") if one.through in self._house.hidden.metrics else one
            for pair, one in apart(self._house.whole.definitions).items()
            if self._seen(*pair)
        }

    def _seen(self, *metrics: str) -> bool:
        """Whether the reader sees all of some metrics."""
        return not self._house.hidden.metrics.intersection(metrics)

    # --- how it is made ------------------------------------------------------------------------

    def _week(self, until: date | None) -> date:
        return self._house.calendar.week(until or self._house.default_week()).last

    def _remembered(self, asked: tuple[object, ...], make: Callable[[], Answer]) -> Answer:
        """An answer made once per version of the numbers, however many people ask at the same time."""
        key = (self._house.version, *asked)
        with self._one_at_a_time:
            if key in self._known:
                answer: Answer = self._known[key]  # type: ignore[assignment]  # A kind of key holds one type.
                return answer
            made = make()
            self._known[key] = made
            same_kind = [each for each in self._known if each[1] == asked[0]]
            for old in same_kind[:-REMEMBERED]:
                del self._known[old]
            return made

    def _scan(self, week: date) -> Correlations:
        told = shared_series(self._house.whole.definitions)
        shared = {pair: series for pair, series in told.items() if self._seen(*pair)}
        house = self._house
        key = "\n".join((house.whole.judging.state, house.hidden.key, week.isoformat(), scanner()))
        kept = self._kept.read(key)
        if kept is not None:
            return kept
        found = scan(self.panel(week), apart=self.apart, shared=shared)
        if house.version:
            self._kept.write(key, found)
        return found

    def _panel(self, week: date) -> Panel:
        house = self._house
        if house.whole is not house:
            whole = house.whole.evidence.panel(week)
            return replace(whole, series=tuple(s for s in whole.series if self._seen(s.metric)))
        metrics = [house.definitions.metrics[name] for name in house.registry.order]
        first = house.first_day()
        with house.store.reading() as connection:
            told = history.history(
                connection,
                metrics,
                week if first is None else min(first, week),
                week,
                house.calendar,
                missing_days=house.definitions.missing_days,
                target_tables=house.target_tables,
            )
        series = tuple(self._series(told, metric) for metric in house.definitions.metrics.values())
        return Panel(told.weeks, series, calendar_known=bool(house.definitions.events))

    def _series(self, told: History, metric: Metric) -> Series:
        house = self._house
        values, states = told.values(metric.id), told.states(metric.id)
        settled = np.isfinite(values) & (states != PARTIAL) & (states != IMMATURE)
        happened = history.happenings(house.registry, metric.id)
        starts = [week for each in happened if each.kind == "definition_change" for week in each.week_endings]
        if metric.supersedes and metric.supersedes.start:
            starts.append(house.calendar.week_of(metric.supersedes.start).last)
        return Series(
            metric.id,
            np.where(settled, values, np.nan),
            scale="change"
            if metric.stock
            else "log"
            if metric.unit in history.RATIO_SCALE_UNITS
            else "as_is",
            unit=metric.unit,
            kind=metric.kind,
            occasions=tuple(
                Occasion(each.name, each.week_endings)
                for each in happened
                if each.kind != "definition_change"
            ),
            starts=max((s for s in starts if s <= told.weeks[-1]), default=None),
            no_weeks=told.rolled.coarse.get(metric.id) == "month",
        )


# --- for other programs ---------------------------------------------------------------------------


def row_form(row: Row) -> dict[str, object]:
    """One pair of the scan, for JSON."""
    effect = row.effect
    return {
        "driver": row.driver,
        "driven": row.driven,
        "lag_weeks": row.lag_weeks,
        "r": row.r,
        "r_before_factors": row.r_before_factors,
        "r_raw": row.r_raw,
        "p": row.p,
        "q": row.q,
        "verdict": row.verdict,
        "n": row.n,
        "detectable_r": row.detectable_r,
        "effect": effect.amount if effect else None,
        "effect_low": effect.low if effect else None,
        "effect_high": effect.high if effect else None,
        "effect_unit": effect.unit if effect else None,
        "effect_lags": list(effect.lags) if effect else None,
        "common_with": list(row.common_with),
        "shared_series": list(row.shared_series),
    }


def correlations_form(found: Correlations) -> dict[str, object]:
    """The scan, for JSON."""
    return {
        "schema": "sixtwelve.correlations/1",
        "until": found.until.isoformat() if found.until else None,
        "weeks": found.weeks,
        "tests": found.tests,
        "rate": found.rate,
        "factors_removed": found.factors_removed,
        "calendar_used": found.calendar_used,
        "rows": [row_form(row) for row in found.rows],
        "left_out": [
            {"metric": left.metric, "reason": left.reason, "weeks": left.weeks, "missing": left.missing}
            for left in found.left_out
        ],
        "excluded": [
            {"driver": e.driver, "driven": e.driven, "reason": e.reason, "through": e.through}
            for e in found.excluded
        ],
    }


def link_form(test: LinkTest) -> dict[str, object]:
    """One stated link and its evidence, for JSON."""
    effect, decay = test.effect, test.decay
    return {
        "driver": test.link.driver,
        "driven": test.link.driven,
        "sign": test.link.sign,
        "lag_weeks": list(test.link.lag_weeks),
        "stated": test.link.stated.isoformat() if test.link.stated else None,
        "by": test.link.by,
        "because": test.link.because,
        "state": test.state,
        "reason": test.reason,
        "so_far": test.so_far,
        "grade": test.grade,
        "best_lag": test.best_lag,
        "r": test.r,
        "p": test.p,
        "p_adjusted": test.p_adjusted,
        "half_signs": list(test.half_signs) if test.half_signs else None,
        "n": test.n,
        "tested_from": test.tested_from.isoformat() if test.tested_from else None,
        "stated_first": test.stated_first,
        "screened": test.screened,
        "detectable_r": test.detectable_r,
        "detectable_effect": test.detectable_effect,
        "effect": effect.amount if effect else None,
        "effect_low": effect.low if effect else None,
        "effect_high": effect.high if effect else None,
        "effect_unit": test.units.effect if test.units else None,
        "decay": decay.state if decay else None,
    }


# --- for people -----------------------------------------------------------------------------------


def correlations_words(found: Correlations, definitions: Definitions, *, every: bool = False) -> str:
    """The scan as a table and what to make of it.

    Args:
        found: The scan.
        definitions: Of the workspace, for names.
        every: Show also the pairs of which nothing can be said.
    """
    names = {m.id: m.name for m in definitions.metrics.values()}
    rows = [row for row in found.rows if every or row.listed]
    table = [("driver", "driven", "verdict", "weeks later", "r", "raw r", "q", "effect")]
    table += [
        (
            names[row.driver],
            names[row.driven],
            row.verdict.replace("_", " "),
            str(row.lag_weeks),
            f"{row.r:+.2f}",
            "—" if row.r_raw is None else f"{row.r_raw:+.2f}",
            "—" if row.q is None else f"{row.q:.1g}",
            f"{number(row.effect.amount)} {row.effect.unit}".replace(" %", "%") if row.effect else "—",
        )
        for row in rows
    ]
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in table]
    listed = sum(row.listed for row in found.rows)
    lines.append(
        f"{listed} of {len(found.rows)} pairs are listed, {found.tests:,} tests in {found.weeks} weeks up to "
        f"{found.until}; about 1 in {round(1 / found.rate)} of the list may be luck. Association, not proof."
    )
    lines += [sentence(left, names) for left in found.left_out]
    hidden = {frozenset((e.driver, e.driven)) for e in found.excluded}
    if hidden:
        lines.append(f"{len(hidden)} pairs are arithmetic and are never offered.")
    return "\n".join(lines)


def links_words(tests: Sequence[LinkTest], definitions: Definitions) -> str:
    """Each stated link and its evidence, one paragraph a link."""
    names = {m.id: m.name for m in definitions.metrics.values()}
    if not tests:
        return "No link is stated. Declare one under `links:`, before looking."
    lines = [
        f"{names[t.link.driver]} -> {names[t.link.driven]} ({t.link.sign}, weeks {t.link.lag_weeks[0]} to "
        f"{t.link.lag_weeks[1]}): {sentence(t, names)}"
        for t in tests
    ]
    states = [t.state for t in tests]
    counts = [f"{states.count(s)} {s}" for s in ("supported", "contradicted", "insufficient", "definition")]
    lines.append(f"{len(tests)} links: {', '.join(c for c in counts if not c.startswith('0 '))}.")
    return "\n".join(lines)
