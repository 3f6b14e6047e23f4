"""Which metrics move before which, over all pairs and lags, with one share of luck for the whole list.

Source: analytics.md section 3, steps 5 to 9; demo-wrenfield.md section 4.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # It ships no types.

from metrics.correlation.effects import SPREAD_LAGS, effect_at, spread_effect
from metrics.correlation.prepared import (
    DROPPED,
    LOADED,
    Common,
    Prepared,
    common_movements,
    prepared,
    without,
)
from metrics.correlation.strength import (
    Counts,
    at_lags,
    chance,
    crowding,
    detectable_r,
    false_discovery,
    share_of_luck,
    t_of,
)
from metrics.correlation.values import (
    LISTED_FROM,
    RECIPE,
    Correlations,
    Effect,
    Excluded,
    Flags,
    Floats,
    Panel,
    Places,
    Recipe,
    Row,
    Strengths,
    Verdict,
)

LISTED: Final = frozenset({"leads", "together", "output_leads"})
SAME: Final = 0.999  # |r| of surprises in the same week from which two series are one.


@dataclass(frozen=True, eq=False)
class Looked:
    """All pairs at all lags, before anything is said of them.

    Attributes:
        lags: L, ascending.
        r, p: L × d × o.
        n: L × d × o, common weeks at each lag.
        allowed: d × o, pairs that are tested and listed.
        short: d × o, pairs that are run but have too few weeks.
        excluded: Pairs that are arithmetic.
        adjusted: Adjusted p of the tests: L₊ × d × o for lags ≥ 0; NaN where not tested.
        threshold_p: Largest accepted p.
        best: d × o, place in `lags` of the strongest.
    """

    lags: tuple[int, ...]
    r: Floats
    p: Floats
    n: Counts
    allowed: Flags
    short: Flags
    excluded: tuple[Excluded, ...]
    adjusted: Floats
    tested: Floats
    threshold_p: float
    best: Places


def scan(
    panel: Panel,
    *,
    drivers: Collection[str] | None = None,
    driven: Collection[str] | None = None,
    apart: Mapping[tuple[str, str], Excluded] | None = None,
    shared: Mapping[tuple[str, str], tuple[str, ...]] | None = None,
    recipe: Recipe = RECIPE,
) -> Correlations:
    """Every ordered pair of metrics, looked at over all lags.

    Args:
        panel: The metrics, side by side.
        drivers: Ids of those that may come first; by default all.
        driven: Ids of those that may follow; by default all.
        apart: Pairs that are arithmetic, by (driver, driven); they are never offered.
        shared: Stored series that two metrics are both computed from, for the row's remark.
        recipe: The constants.
    """
    with threadpool_limits(1):  # Two threads on a busy machine of two cores take longer than one.
        ready = prepared(panel, recipe)
        movements = common_movements(ready.surprise, recipe.factors)
        broad = tuple(m for m in movements if m.broad)
        narrow = tuple(m for m in movements if not m.broad)
        clean = without(ready.surprise, broad)
        first = _places(ready, drivers)
        then = _places(ready, driven)
        looked = _looked(ready, clean, first, then, len(broad), apart or {}, recipe)
        rows = _rows(ready, clean, looked, first, then, narrow, len(broad), shared or {})
    names = [s.metric for s in ready.panel.series]
    return Correlations(
        until=panel.week_endings[-1] if panel.week_endings else None,
        weeks=len(panel.week_endings),
        tests=len(looked.tested),
        threshold_p=looked.threshold_p,
        rows=rows,
        left_out=ready.left_out,
        excluded=looked.excluded,
        factors_removed=len(broad),
        calendar_used=ready.calendar_used,
        rate=recipe.rate,
        strengths=Strengths(
            tuple(names[i] for i in first),
            tuple(names[j] for j in then),
            looked.lags,
            looked.r,
            looked.p,
            looked.allowed,
        ),
    )


def _places(ready: Prepared, wanted: Collection[str] | None) -> list[int]:
    return [n for n, s in enumerate(ready.panel.series) if wanted is None or s.metric in wanted]


def _looked(
    ready: Prepared,
    clean: Floats,
    first: Sequence[int],
    then: Sequence[int],
    factors: int,
    apart: Mapping[tuple[str, str], Excluded],
    recipe: Recipe,
) -> Looked:
    lags = tuple(range(recipe.lags[0], recipe.lags[1] + 1))
    ahead = slice(lags.index(0), None)
    r, n = at_lags(clean[:, first], clean[:, then], lags)
    columns = np.maximum(ready.rank[first][:, None], ready.rank[then])
    crowded = crowding(clean, lags)[:, None, None]
    df = n / crowded - columns - factors - 1
    p = chance(r, df)
    common = n[lags.index(0)] + DROPPED
    known, excluded = _apart(ready, first, then, apart)
    there = ~known & np.isfinite(r[lags.index(0)])
    allowed = there & (common >= LISTED_FROM)
    tested = p[ahead][:, allowed].ravel()
    adjusted = np.full(p[ahead].shape, np.nan)
    adjusted[:, allowed] = false_discovery(tested).reshape(len(lags[ahead]), -1)
    accepted = tested[adjusted[:, allowed].ravel() <= recipe.rate]
    best = np.argmax(np.abs(np.nan_to_num(t_of(r, df))), axis=0)
    return Looked(
        lags, r, p, n, allowed, there & ~allowed, excluded, adjusted, tested,
        float(accepted.max()) if len(accepted) else 0.0, best,
    )  # fmt: skip


def _apart(
    ready: Prepared, first: Sequence[int], then: Sequence[int], apart: Mapping[tuple[str, str], Excluded]
) -> tuple[Flags, tuple[Excluded, ...]]:
    """Pairs that are not offered: the metric itself, declared arithmetic, and two series that are one."""
    names = [s.metric for s in ready.panel.series]
    same, _ = at_lags(ready.surprise[:, first], ready.surprise[:, then], (0,))
    one = np.abs(np.nan_to_num(same[0])) >= SAME
    known = np.zeros(one.shape, bool)
    excluded = []
    row = {names[i]: a for a, i in enumerate(first)}
    column = {names[j]: b for b, j in enumerate(then)}
    for (driver, driven), why in apart.items():
        if driver in row and driven in column:
            known[row[driver], column[driven]] = True
            excluded.append(why)
    for a, b in np.argwhere(one & ~known):
        if first[a] != then[b]:
            excluded.append(Excluded(names[first[a]], names[then[b]], "identical"))
    itself = np.array(first)[:, None] == np.array(then) if first and then else np.zeros(one.shape, bool)
    return known | one | itself, tuple(sorted(excluded, key=lambda e: (e.driver, e.driven)))


# --- rows --------------------------------------------------------------------------------------


def _rows(
    ready: Prepared,
    clean: Floats,
    looked: Looked,
    first: Sequence[int],
    then: Sequence[int],
    narrow: tuple[Common, ...],
    factors: int,
    shared: Mapping[tuple[str, str], tuple[str, ...]],
) -> tuple[Row, ...]:
    names = [s.metric for s in ready.panel.series]
    a, b = np.nonzero(looked.allowed | looked.short)
    i, j = np.array(first, dtype=np.intp)[a], np.array(then, dtype=np.intp)[b]
    place = looked.best[a, b]
    lag = np.array(looked.lags)[place]
    r, p = looked.r[place, a, b], looked.p[place, a, b]
    q = share_of_luck(p, looked.tested)
    stands = _as_they_stand(ready)
    before = _at_own_lag(ready.surprise[:, first], ready.surprise[:, then], (a, b), lag)
    raw = _at_own_lag(stands[:, first], stands[:, then], (a, b), lag)
    weeks = looked.n[looked.lags.index(0), a, b] + DROPPED
    limit = 0.05 / max(len(looked.tested), 1)
    weakest = {int(n): detectable_r(limit, int(n)) for n in np.unique(weeks)}
    verdicts = [
        _verdict(lag_k, p_k, looked.threshold_p, short=short)
        for lag_k, p_k, short in zip(lag.tolist(), p.tolist(), looked.short[a, b].tolist(), strict=True)
    ]
    listed = np.array([k for k, verdict in enumerate(verdicts) if verdict in LISTED], dtype=np.intp)
    sharing = _common_with(
        ready, clean, narrow, (i[listed], j[listed]), lag[listed], np.sign(r[listed]), looked, factors
    )
    common = dict(zip(listed.tolist(), sharing, strict=True))
    effects = {
        k: _effect(ready, looked, (int(a[k]), int(b[k])), (int(i[k]), int(j[k])), int(lag[k])) for k in common
    }
    columns = (i, j, lag, r, before, raw, p, q, weeks)
    rows = []
    for k, (i_k, j_k, lag_k, r_k, before_k, raw_k, p_k, q_k, n_k) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        pair = names[i_k], names[j_k]
        rows.append(
            Row(
                *pair,
                verdict=verdicts[k],
                lag_weeks=lag_k,
                r=r_k,
                r_before_factors=before_k,
                r_raw=raw_k if isfinite(raw_k) else None,
                p=p_k,
                q=None if verdicts[k] == "insufficient" else q_k,
                n=n_k,
                detectable_r=weakest[n_k],
                effect=effects.get(k),
                common_with=common.get(k, ()),
                shared_series=shared.get(pair, ()),
            )
        )
    return tuple(sorted(rows, key=lambda w: (w.q is None, w.q or 0.0, w.p, w.driver, w.driven)))


def _verdict(lag: int, p: float, threshold: float, *, short: bool) -> Verdict:
    if short:
        return "insufficient"
    if p > threshold:
        return "none"
    return "leads" if lag > 0 else "together" if lag == 0 else "output_leads"


def _at_own_lag(drivers: Floats, driven: Floats, pairs: tuple[Places, Places], lag: Places) -> Floats:
    """Correlation of each pair at a lag of its own."""
    found = np.full(len(lag), np.nan)
    for each in np.unique(lag):
        these = np.flatnonzero(lag == each)
        r, _ = at_lags(drivers, driven, (int(each),))
        found[these] = r[0][pairs[0][these], pairs[1][these]]
    return found


def _as_they_stand(ready: Prepared) -> Floats:
    """The numbers as a naive reader would take them, T × m."""
    columns = [s.values for s in ready.panel.series]
    return np.column_stack(columns) if columns else np.empty((len(ready.scaled), 0))


def _effect(
    ready: Prepared, looked: Looked, at: tuple[int, int], pair: tuple[int, int], lag: int
) -> Effect | None:
    """The effect at the pair's lag; summed over lags 0 to 8 if it shows at several of them.

    None if the levels go the other way than the surprises: then neither is to be told as an effect.
    """
    if lag < 0:
        return None
    ahead = [n for n, each in enumerate(looked.lags) if SPREAD_LAGS[0] <= each <= SPREAD_LAGS[1]]
    r, p = looked.r[ahead, at[0], at[1]], looked.p[ahead, at[0], at[1]]
    here = looked.r[looked.lags.index(lag), at[0], at[1]]
    several = int(((p <= looked.threshold_p) & (r * here > 0)).sum()) > 1
    if several and lag <= SPREAD_LAGS[1]:
        whole = spread_effect(ready, *pair)
        if whole is not None and whole.amount * here > 0:
            return whole
    single = effect_at(ready, *pair, lag)
    return single if single is not None and single.amount * here > 0 else None


def _common_with(
    ready: Prepared,
    clean: Floats,
    narrow: tuple[Common, ...],
    pairs: tuple[Places, Places],
    lag: Places,
    sign: Floats,
    looked: Looked,
    factors: int,
) -> list[tuple[str, ...]]:
    """Per listed pair, the other metrics of a movement without which it would not be listed."""
    names = [s.metric for s in ready.panel.series]
    found: list[list[str]] = [[] for _ in lag]
    for movement in narrow:
        rest = without(clean, (movement,))
        each, which = np.unique(lag, return_inverse=True)
        crowded = crowding(rest, tuple(each.tolist()))[which]
        r = np.nan_to_num(_at_own_lag(rest, rest, pairs, lag))
        r = np.where(r * sign > 0, r, 0.0)  # Turned round, it is another link.
        _, n = at_lags(rest, rest, (0,))
        columns = np.maximum(ready.rank[pairs[0]], ready.rank[pairs[1]])
        df = (n[0][pairs] - np.abs(lag)) / crowded - columns - factors - 2
        sharing = [names[k] for k in np.argsort(-np.abs(movement.loads)) if abs(movement.loads[k]) > LOADED]
        for k in np.flatnonzero(chance(r, df) > looked.threshold_p):
            itself = names[pairs[0][k]], names[pairs[1][k]]
            found[k] += [name for name in sharing if name not in itself]
    return [tuple(dict.fromkeys(each)) for each in found]
