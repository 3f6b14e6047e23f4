"""One stated link: do the data agree?

A claim names sign and lags beforehand, so one test has far more power than a search of all pairs. Only weeks
after the day it was stated count: whoever looked first would find what was seen.

Source: analytics.md section 4; wbr-method.md sections 9 and 10.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # It ships no types.

from metrics.correlation.effects import LAGS_ADDED_AT_MOST, decay, effect_at, factor, joint, moved, units
from metrics.correlation.prepared import Prepared, prepared
from metrics.correlation.strength import at_lags, chance, detectable_r
from metrics.correlation.values import (
    LISTED_FROM,
    RECIPE,
    RUN_FROM,
    Absent,
    Because,
    Correlations,
    Effect,
    Excluded,
    Floats,
    Joint,
    LeftOut,
    LinkTest,
    Panel,
    Recipe,
    State,
)
from metrics.definitions import Link

ALPHA: Final = 0.05
ONE_SIDED: Final = 1.645  # 95% of normal numbers lie below.


def link_tests(
    panel: Panel,
    links: Sequence[Link],
    *,
    apart: Mapping[tuple[str, str], Excluded] | None = None,
    found: Correlations | None = None,
    family: int | None = None,
    recipe: Recipe = RECIPE,
) -> tuple[LinkTest, ...]:
    """What the data say of stated links, in the order given.

    Args:
        panel: The metrics, side by side.
        links: The claims. Those shown together share the 5%: each p is multiplied by the lags of its window
            and by their number.
        apart: Pairs that are arithmetic; they are never scored.
        found: The scan of the same weeks: a claim without a date that it lists was found, not foretold.
        family: Links shown together, if more than these.
        recipe: The constants of the preparation.
    """
    known = apart or {}
    hypotheses = sum((k.driver, k.driven) not in known for k in links)
    count = max(hypotheses if family is None else family, 1)
    with threadpool_limits(1):
        ready = {stated: _since(panel, stated, recipe) for stated in {k.stated for k in links}}
        return tuple(_tested(ready[link.stated], link, links, known, count, found) for link in links)


def _since(panel: Panel, stated: date | None, recipe: Recipe) -> Prepared:
    return prepared(panel if stated is None else panel.after(stated), recipe)


def _tested(
    ready: Prepared,
    link: Link,
    links: Sequence[Link],
    apart: Mapping[tuple[str, str], Excluded],
    family: int,
    found: Correlations | None,
) -> LinkTest:
    lags = range(link.lag_weeks[0], link.lag_weeks[1] + 1)
    first = ready.panel.week_endings[0] if ready.panel.week_endings else None

    def answer(
        state: State, reason: Because | Absent | None, n: int, left: LeftOut | None = None
    ) -> LinkTest:
        return LinkTest(
            link, state, reason, n, len(lags) * family, link.stated is not None, first, left_out=left
        )

    if (link.driver, link.driven) in apart:
        return answer("definition", "definition", 0)
    place = ready.panel.place
    for left in ready.left_out:
        if left.metric in (link.driver, link.driven):
            return answer("insufficient", left.reason, left.weeks, left)
    if link.driver not in place or link.driven not in place:
        return answer("insufficient", "no_weeks", 0)
    driver, driven = place[link.driver], place[link.driven]
    x, y = ready.surprise[:, [driver]], ready.surprise[:, [driven]]
    n = int((np.isfinite(ready.scaled[:, driver]) & np.isfinite(ready.scaled[:, driven])).sum())
    if n < RUN_FROM:
        return answer("insufficient", "too_short", n)
    strengths, counts = at_lags(x, y, tuple(lags))
    r, common = strengths[:, 0, 0], counts[:, 0, 0]
    crowded = ready.crowded(lags)
    df = common / crowded - max(ready.rank[driver], ready.rank[driven]) - 1
    if not np.isfinite(r).any() or df.max() < 2:
        return answer("insufficient", "too_short", n)
    p = chance(r, df)
    best = int(np.argmin(p))
    lag = lags[best]
    adjusted = min(1.0, len(lags) * family * float(p[best]))
    halves = _half_signs(x[:, 0], y[:, 0], lag)
    side = 1 if link.sign == "+" else -1
    bounds = np.tanh(side * np.arctanh(r) + ONE_SIDED / np.sqrt(np.maximum(df - 1, 1)))
    state, why = _state(float(r[best]), adjusted, side, halves, bounds, link.smallest_r_that_matters)
    so_far = state if n < LISTED_FROM else None
    reason: Because | Absent | None = why
    if so_far is not None:
        state, reason = "insufficient", "too_short"
    weakest = detectable_r(ALPHA / (len(lags) * family), n / float(crowded[best]))
    sized = ready.unit_of_surprise[driven] / ready.unit_of_surprise[driver]
    told = factor(ready.panel.series[driven]) / factor(ready.panel.series[driver])
    row = found.of(link.driver, link.driven) if found is not None else None
    return LinkTest(
        link,
        state,
        reason,
        n,
        len(lags) * family,
        link.stated is not None,
        first,
        so_far=so_far,
        best_lag=lag,
        r=float(r[best]),
        p=float(p[best]),
        p_adjusted=adjusted,
        df=float(df[best]),
        half_signs=halves,
        detectable_r=weakest,
        detectable_effect=float(weakest * sized * told),
        units=units(ready, driver, driven),
        bounds=tuple(float(b) for b in bounds),
        effect=_effect(ready, driver, driven, lag, float(r[best])) if p[best] <= ALPHA else None,
        screened=link.stated is None and row is not None and row.listed,
        decay=decay(ready, driver, driven, lag, beside=_beside(ready, link, links), side=side),
    )


def _state(
    r: float, adjusted: float, side: int, halves: tuple[int, int], bounds: Floats, smallest: float
) -> tuple[State, Because | None]:
    if adjusted <= ALPHA and r * side < 0:
        return "contradicted", "wrong_direction"
    if adjusted <= ALPHA and halves == (side, side):
        return "supported", None
    if adjusted > ALPHA and (bounds < smallest).all():
        return "contradicted", "too_small"
    return "insufficient", "halves_disagree" if adjusted <= ALPHA else "not_clear"


def _effect(ready: Prepared, driver: int, driven: int, lag: int, r: float) -> Effect | None:
    """The effect at one lag; None if the levels go the other way than the surprises."""
    found = effect_at(ready, driver, driven, lag)
    return found if found is not None and found.amount * r > 0 else None


def _half_signs(x: Floats, y: Floats, lag: int) -> tuple[int, int]:
    """Sign of the correlation in the first and in the second half of the common weeks."""
    before = moved(x, lag)
    rows = np.flatnonzero(np.isfinite(before) & np.isfinite(y))
    half = len(rows) // 2
    signs = []
    for part in (rows[:half], rows[half:]):
        r, _ = at_lags(before[part][:, None], y[part][:, None], (0,))
        signs.append(int(np.sign(np.nan_to_num(r[0, 0, 0]))))
    return signs[0], signs[1]


def lags_added(link: Link, best: int | None = None) -> tuple[int, ...]:
    """The lags whose effects a joint model adds up: the window, or the clearest lag of a longer one."""
    first, last = link.lag_weeks
    if last - first < LAGS_ADDED_AT_MOST:
        return tuple(range(first, last + 1))
    return (first if best is None else best,)


def _beside(ready: Prepared, link: Link, links: Sequence[Link]) -> list[tuple[int, Sequence[int]]]:
    """The other stated drivers of the same metric that can be used."""
    place = ready.panel.place
    others = {
        k.driver: k for k in links if k.driven == link.driven and k.driver not in (link.driver, link.driven)
    }
    return [(place[name], lags_added(k)) for name, k in others.items() if name in place]


def together(
    panel: Panel,
    links: Sequence[Link],
    driven: str,
    *,
    tests: Sequence[LinkTest] = (),
    apart: Mapping[tuple[str, str], Excluded] | None = None,
    recipe: Recipe = RECIPE,
) -> Joint:
    """All stated drivers of one metric in one model.

    Args:
        panel: The metrics, side by side.
        links: The claims; those on other metrics, and arithmetic, are passed over.
        driven: The metric explained.
        tests: Their tests, for the clearest lag of windows longer than three weeks.
        apart: Pairs that are arithmetic.
        recipe: The constants of the preparation.
    """
    best = {(t.link.driver, t.link.driven): t.best_lag for t in tests}
    chosen = {
        k.driver: lags_added(k, best.get((k.driver, k.driven)))
        for k in links
        if k.driven == driven and (k.driver, k.driven) not in (apart or {})
    }
    with threadpool_limits(1):
        return joint(prepared(panel, recipe), driven, list(chosen.items()))
