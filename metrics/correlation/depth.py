"""One pair in depth: all that a page shows of it.

Source: wbr-method.md section 10, "A click shows".
"""

from collections.abc import Mapping, Sequence

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # It ships no types.

from metrics.correlation.claims import lags_added
from metrics.correlation.effects import bend, decay, effect_at, factor, moved, rolling
from metrics.correlation.prepared import Prepared, prepared
from metrics.correlation.strength import at_lags, chance, detectable_r
from metrics.correlation.values import (
    RECIPE,
    Correlations,
    Depth,
    Excluded,
    Floats,
    Line,
    Panel,
    Point,
    Recipe,
    Row,
    Strength,
)
from metrics.definitions import Link

WIDTH = 1.96  # Standard errors of a 95% interval.


def pair_in_depth(
    panel: Panel,
    driver: str,
    driven: str,
    *,
    lag: int | None = None,
    found: Correlations | None = None,
    links: Sequence[Link] = (),
    apart: Mapping[tuple[str, str], Excluded] | None = None,
    recipe: Recipe = RECIPE,
) -> Depth:
    """One pair, drawn at one lag.

    Args:
        panel: The metrics, side by side.
        driver: Id of the one.
        driven: Id of the other.
        lag: Weeks from driver to driven. By default that of the scan if it lists the pair; else the strongest
            within the stated link's window; else the strongest of lags ≥ 0.
        found: The scan of the same weeks.
        links: Stated links, so that the effect's decay is told with the other drivers held.
        apart: Pairs that are arithmetic.
        recipe: The constants.
    """
    row = found.of(driver, driven) if found is not None else None
    excluded = (apart or {}).get((driver, driven))
    with threadpool_limits(1):
        ready = prepared(panel, recipe)
        left_out = tuple(left for left in ready.left_out if left.metric in (driver, driven))
        place = ready.panel.place
        if driver not in place or driven not in place or driver == driven:
            return Depth(driver, driven, lag or 0, row, excluded, left_out)
        one, two = place[driver], place[driven]
        strengths = _strengths(ready, one, two, recipe, found)
        stated = next((k for k in links if (k.driver, k.driven) == (driver, driven)), None)
        chosen = lag if lag is not None else _chosen(row, stated, strengths)
        beside = [
            (place[k.driver], lags_added(k))
            for k in links
            if k.driven == driven and k.driver in place and k.driver not in (driver, driven)
        ]
        points = _points(ready, one, two, chosen)
        return Depth(
            driver,
            driven,
            chosen,
            row,
            excluded,
            left_out,
            strengths=strengths,
            points=points,
            rolling=rolling(ready, one, two, chosen),
            bend=bend(ready, one, two, chosen),
            line=_line(ready, one, two, chosen),
            effect=effect_at(ready, one, two, chosen),
            decay=decay(ready, one, two, chosen, beside=beside),
            detectable_r=detectable_r(0.05, len(points)) if points else None,
        )


def _chosen(row: Row | None, stated: Link | None, strengths: Sequence[Strength]) -> int:
    if row is not None and row.listed:
        return row.lag_weeks
    first, last = (0, len(strengths)) if stated is None else stated.lag_weeks
    open_to = [s for s in strengths if first <= s.lag_weeks <= last]
    return max(open_to, key=lambda s: abs(s.r)).lag_weeks if open_to else first


def _strengths(
    ready: Prepared, driver: int, driven: int, recipe: Recipe, found: Correlations | None
) -> tuple[Strength, ...]:
    """Strength by lag; a strength is clear by the scan's threshold, else by 5% over all lags."""
    lags = tuple(range(recipe.lags[0], recipe.lags[1] + 1))
    found_r, found_n = at_lags(ready.surprise[:, [driver]], ready.surprise[:, [driven]], lags)
    r, n = found_r[:, 0, 0], found_n[:, 0, 0]
    one, two = (ready.panel.series[place].values[:, None] for place in (driver, driven))
    raw, _ = at_lags(one, two, lags)
    df = n / ready.crowded(lags) - max(ready.rank[driver], ready.rank[driven]) - 1
    p = chance(r, df)
    limit = 0.05 / len(lags) if found is None or not found.threshold_p else found.threshold_p
    room = WIDTH / np.sqrt(np.maximum(df - 1, 1))
    shown = []
    for k, lag in enumerate(lags):
        if not np.isfinite(r[k]):
            continue
        angle = np.arctanh(np.clip(r[k], -1 + 1e-12, 1 - 1e-12))
        shown.append(
            Strength(
                lag,
                float(r[k]),
                float(np.tanh(angle - room[k])),
                float(np.tanh(angle + room[k])),
                _known(raw[k, 0, 0]),
                bool(p[k] <= limit),
            )
        )
    return tuple(shown)


def _points(ready: Prepared, driver: int, driven: int, lag: int) -> tuple[Point, ...]:
    one, two = ready.panel.series[driver], ready.panel.series[driven]
    x = moved(ready.surprise[:, driver] * ready.unit_of_surprise[driver] * factor(one), lag)
    y = ready.surprise[:, driven] * ready.unit_of_surprise[driven] * factor(two)
    level = moved(one.values, lag)
    return tuple(
        Point(ready.panel.week_endings[t], _known(level[t]), float(x[t]), float(y[t]))
        for t in np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    )


def _line(ready: Prepared, driver: int, driven: int, lag: int) -> Line:
    """Both without trend, season and events, in σ; the driven one as it was `lag` weeks later."""
    one, two = (ready.residual[:, place] / np.nanstd(ready.residual[:, place]) for place in (driver, driven))
    series = ready.panel.series
    return Line(
        week_endings=ready.panel.week_endings,
        driver=_column(one),
        driven=_column(moved(two, -lag)),
        driver_values=_column(series[driver].values),
        driven_values=_column(moved(series[driven].values, -lag)),
    )


def _column(values: Floats) -> tuple[float | None, ...]:
    return tuple(_known(v) for v in values)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
